"""The static files: read once, compressed once, served under an address that names their bytes."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request, Response

STATIC = Path(__file__).resolve().parent.parent / "static"
FOREVER = "public, max-age=31536000, immutable"
COMPRESSED = {".css", ".js", ".svg"}

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file in memory."""

    body: bytes
    zipped: bytes | None
    media_type: str


@cache
def assets() -> dict[str, Asset]:
    """Every static file by its path below `static`."""
    found = {}
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            body = path.read_bytes()
            zipped = gzip.compress(body, 9, mtime=0) if path.suffix in COMPRESSED else None
            kind = "text/javascript" if path.suffix == ".js" else mimetypes.guess_type(path.name)[0]
            found[path.relative_to(STATIC).as_posix()] = Asset(
                body, zipped, kind or "application/octet-stream"
            )
    return found


@cache
def version() -> str:
    """Twelve letters that change when any static file does."""
    digest = hashlib.sha256()
    for name, asset in assets().items():
        digest.update(name.encode() + b"\0" + asset.body)
    return digest.hexdigest()[:12]


def address(name: str) -> str:
    """Where a static file is served; modules find each other beside it."""
    if name not in assets():
        raise KeyError(name)
    return f"/static/{version()}/{name}"


@router.get("/static/{tag}/{name:path}")
async def asset(request: Request, tag: str, name: str) -> Response:
    """One static file; an address of older bytes gets the present ones, uncached."""
    found = assets().get(name)
    if found is None:
        return Response(status_code=404)
    headers = {
        "cache-control": FOREVER if tag == version() else "no-cache",
        "vary": "Accept-Encoding",
    }
    body = found.body
    if found.zipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        body = found.zipped
    return Response(body, media_type=found.media_type, headers=headers)


@router.get("/favicon.ico")
async def favicon(request: Request) -> Response:
    return await asset(request, version(), "icon.svg")
