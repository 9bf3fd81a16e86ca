"""The plan book of a track: as JSON with its errata, and its rows as CSV and XLSX."""

import hashlib
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from service import views
from service.shapes import PlanBook
from web.api.rounds import Code
from web.deps import At
from web.plan_files import plan_book_csv, plan_book_xlsx
from web.sheets import XLSX
from web.workbooks import workbook

router = APIRouter(prefix="/api/v1/rounds/{round_code}", tags=["plan"])

Track = Annotated[str, Query(max_length=32, examples=["理科"])]
Edition = Annotated[int | None, Query(ge=1, le=2**31 - 1)]

CSV_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}}
}
XLSX_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get("/plan-book")
async def plan_book(at: At, round_code: Code, track: Track, edition: Edition = None) -> PlanBook:
    """An edition of a track's whole plan, by default the newest, and what it corrects in the last."""
    return await views.plan_book(at.engine, at.board, round_code, track, edition)


@router.get("/plan-book.csv", response_class=Response, responses=CSV_FILE)
async def plan_book_as_csv(
    request: Request, at: At, round_code: Code, track: Track, edition: Edition = None
) -> Response:
    """The rows of a plan book, one a major, with headings that the importer reads."""
    book = await views.plan_book(at.engine, at.board, round_code, track, edition)
    return _file(request, book, plan_book_csv(book).encode(), "text/csv; charset=utf-8", "csv")


@router.get("/plan-book.xlsx", response_class=Response, responses=XLSX_FILE)
async def plan_book_as_xlsx(
    request: Request, at: At, round_code: Code, track: Track, edition: Edition = None
) -> Response:
    """The same rows as a workbook."""
    book = await views.plan_book(at.engine, at.board, round_code, track, edition)
    key = (round_code, track, book["edition"], book["imported_at"], book["digest"])
    return _file(request, book, await workbook(key, lambda: plan_book_xlsx(book)), XLSX, "xlsx")


def _file(request: Request, book: PlanBook, body: bytes, media_type: str, suffix: str) -> Response:
    """A download with a name, known by its digest."""
    name = quote(f"{book['round']}-{book['track']}-招生计划-{book['edition']}.{suffix}")
    headers = {
        "etag": f'"{hashlib.sha256(body).hexdigest()}"',
        "cache-control": "public, max-age=5",
        "content-disposition": f"attachment; filename*=UTF-8''{name}",
    }
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)
