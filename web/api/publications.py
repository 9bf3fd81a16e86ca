"""Published tables by number: what was published once is the same for ever."""

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from service import views
from service.shapes import PublicationList, StatisticsView
from web.api.rounds import Code, Cursor, Limit, ladders_as_csv, statistics_as_csv
from web.deps import At

router = APIRouter(prefix="/api/v1/rounds/{round_code}/statistics", tags=["plan"])

CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}}
}
FOREVER = "public, max-age=31536000, immutable"

Number = Annotated[int, Path(ge=1, le=2**31 - 1, examples=[1])]


@router.get("/publications")
async def publications(
    at: At, round_code: Code, cursor: Cursor = None, limit: Limit = 50
) -> PublicationList:
    """Every publication of a round's table, newest first, with its time, seq and SHA-256."""
    page = (int(cursor or 0), limit)
    items, after = await views.publication_list(at.engine, at.board, round_code, page)
    return {"items": items, "next": None if after is None else str(after)}


@router.get("/{number}/ladders.csv", response_class=Response, responses=CSV)
async def ladders_csv(request: Request, at: At, round_code: Code, number: Number) -> Response:
    """The score ladders of one publication as CSV, one row a range of at least ten people."""
    snapshot = await views.publication(at.engine, at.board, round_code, number)
    return _csv(request, ladders_as_csv(views.published_table(snapshot)))


@router.get("/{number}.csv", response_class=Response, responses=CSV)
async def publication_csv(request: Request, at: At, round_code: Code, number: Number) -> Response:
    """One publication as CSV, one row a unit."""
    snapshot = await views.publication(at.engine, at.board, round_code, number)
    return _csv(request, statistics_as_csv(views.published_table(snapshot)))


@router.get("/{number}", response_class=Response, responses={200: {"model": StatisticsView}})
async def publication(request: Request, at: At, round_code: Code, number: Number) -> Response:
    """One publication, byte for byte what its SHA-256 was taken of."""
    snapshot = await views.publication(at.engine, at.board, round_code, number)
    return _kept(request, snapshot.body, snapshot.digest, "application/json")


def _csv(request: Request, text: str) -> Response:
    body = text.encode()
    return _kept(request, body, hashlib.sha256(body).hexdigest(), "text/csv; charset=utf-8")


def _kept(request: Request, body: bytes, digest: str, media_type: str) -> Response:
    """An answer that a cache may keep for good, known by its digest."""
    headers = {"etag": f'"{digest}"', "cache-control": FOREVER}
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)
