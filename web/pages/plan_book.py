"""The plan book: a track's whole plan to read and to print, with what it corrects in the last."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from service import views
from service.shapes import PlanBook, RoundView
from web import plan_pdf
from web.deps import services
from web.pages.render import PUBLIC, public_page
from web.pages.routing import PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)

FIELDS: Mapping[str, str] = {
    "institution_name": "院校名称",
    "major_name": "专业名称",
    "quota": "计划数",
    "tuition": "学费",
    "duration": "学制",
    "notes": "备注",
}
"""What a correction is of."""


Track = Annotated[str, Query(max_length=32)]
Edition = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


@router.get("/rounds/{round_code}/plan-book")
async def plan_book(
    request: Request, round_code: str, track: Track = "", edition: Edition = None
) -> Response:
    """One track of an edition; without a track the round's first."""
    chosen, book = await _book(request, round_code, track, edition)
    return public_page(
        request,
        "plan_book.html",
        round=chosen,
        book=book,
        fields=FIELDS,
        as_pdf=plan_pdf.is_installed(),
    )


@router.get("/rounds/{round_code}/plan-book.pdf")
async def plan_book_as_pdf(
    request: Request, round_code: str, track: Track = "", edition: Edition = None
) -> Response:
    """The same book as a PDF, where the `pdf` extra is installed."""
    chosen, book = await _book(request, round_code, track, edition)
    title = f"{chosen['name']} · {book['track']} 招生计划"
    body = await plan_pdf.plan_book_pdf(book, title, FIELDS)
    return Response(body, media_type="application/pdf", headers={"cache-control": PUBLIC})


async def _book(
    request: Request, round_code: str, track: str, edition: int | None
) -> tuple[RoundView, PlanBook]:
    running = services(request)
    chosen = views.round_view(running.board, round_code)
    wanted = track or next(iter(chosen["tracks"]), "")
    book = await views.plan_book(running.engine, running.board, round_code, wanted, edition)
    return chosen, book
