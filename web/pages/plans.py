"""The public plan: search, and one institution with every major."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from service import views
from service.board import Board
from service.calendar import GOING
from service.errors import Refusal
from service.shapes import RoundView, StatisticsMajor, StatisticsView
from web.deps import Services, services
from web.pages.render import public_page
from web.pages.routing import PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)

PAGE = 50

RoundCode = Annotated[str | None, Query(alias="round")]


def shown_round(board: Board, code: str | None) -> RoundView | None:
    """The round asked for; else one that is going on, else the newest."""
    if code is not None:
        return views.round_view(board, code)
    rounds = views.round_views(board)
    going = [one for one in rounds if one["state"] in GOING]
    return next(iter(going or rounds), None)


@router.get("/plans")
async def plans(
    request: Request,
    q: str = "",
    track: str = "",
    code: RoundCode = None,
    after: int = 0,
) -> Response:
    """Units that match, 50 to a page."""
    board = services(request).board
    chosen = shown_round(board, code)
    if chosen is None:
        return public_page(request, "plans.html", round=None, rounds=[])
    start = max(0, after)
    found, following = views.units(board, chosen["code"], q, track, (start, PAGE))
    return public_page(
        request,
        "plans.html",
        round=chosen,
        rounds=views.round_views(board),
        q=q,
        track=track,
        units=found,
        start=start,
        following=following,
        page=PAGE,
    )


@router.get("/plans/{institution}")
async def institution(
    request: Request,
    institution: str,
    code: RoundCode = None,
) -> Response:
    """Every unit of one institution in a round, with its majors."""
    running = services(request)
    board = running.board
    chosen = shown_round(board, code)
    found = []
    if chosen is not None:
        some, _ = views.units(board, chosen["code"], institution, "", (0, 200))
        found = [unit for unit in some if unit["institution_code"] == institution]
    if chosen is None or not found:
        raise Refusal("not-found", what=institution)
    published = await _published(running, chosen["code"])
    said = {} if published is None else _majors_of(published, institution)
    return public_page(
        request, "institution.html", round=chosen, units=found, published=published, said=said
    )


async def _published(running: Services, round_code: str) -> StatisticsView | None:
    """The round's newest published table; None before the first."""
    try:
        return await views.statistics(running.engine, running.board, round_code)
    except Refusal as refusal:
        if refusal.code != "not-published":
            raise
        return None


def _majors_of(
    published: StatisticsView, institution: str
) -> dict[tuple[str, str, str], StatisticsMajor]:
    """An institution's majors in the public table, by track, plan nature and code."""
    return {
        (row["track"], row["plan_nature"], major["code"]): major
        for row in published["items"]
        if row["institution_code"] == institution
        for major in row["majors"]
    }
