"""What was published of a round: the list of publications, and one unit as of the last."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from ranking.rules import UnitKey
from service import views
from service.errors import Refusal
from web.deps import services
from web.pages import schedules
from web.pages.render import public_page
from web.pages.routing import PageRoute

router = APIRouter(prefix="/rounds/{round_code}", route_class=PageRoute, include_in_schema=False)

PAGE = 100


@router.get("/publications")
async def publications(
    request: Request, round_code: str, after: Annotated[int, Query(ge=0, le=2**31)] = 0
) -> Response:
    """Every publication with its number, time, seq and checksum, newest first."""
    running = services(request)
    chosen = views.round_view(running.board, round_code)
    found, following = await views.publication_list(
        running.engine, running.board, round_code, (after, PAGE)
    )
    return public_page(
        request,
        "publications.html",
        round=chosen,
        publications=found,
        start=after,
        following=following,
        page=PAGE,
        upcoming=schedules.next_publication(chosen, running.clock()),
    )


@router.get("/units/{institution}/{track}")
async def unit(
    request: Request,
    round_code: str,
    institution: str,
    track: str,
    plan_nature: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """One unit as of the last publication: figures, score ladder, moves, majors."""
    running = services(request)
    chosen = views.round_view(running.board, round_code)
    key = UnitKey(institution, track, plan_nature)
    planned = views.unit(running.board, round_code, key)
    try:
        published = await views.statistics(running.engine, running.board, round_code)
    except Refusal as refusal:
        if refusal.code != "not-published":
            raise
        published = None
    return public_page(
        request,
        "unit.html",
        round=chosen,
        unit=planned,
        published=published,
        row=None if published is None else views.statistics_row(published, key),
        upcoming=schedules.next_publication(chosen, running.clock()),
    )
