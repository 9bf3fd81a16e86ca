"""The public table of a round and track, as of its last publication. Nothing newer is reachable."""

from collections.abc import Callable
from typing import Any, NamedTuple

from fastapi import APIRouter, Request, Response

from service import views
from service.errors import Refusal
from service.shapes import StatisticsRow
from web.deps import services
from web.pages import schedules
from web.pages.render import public_page
from web.pages.routing import PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)

PAGE = 100


class Kind(NamedTuple):
    """A group of units one may look at alone."""

    name: str
    holds: Callable[[StatisticsRow], bool]


KINDS = {
    "": Kind("全部院校", lambda _: True),
    "missing": Kind("有缺档", lambda row: row["missing"] > 0),
    "full": Kind("刚满", lambda row: row["missing"] == 0 and row["applicants"] <= row["due"]),
    "over": Kind("超过应投档", lambda row: row["applicants"] > row["due"]),
}

Key = Callable[[StatisticsRow], Any]


def _by_line(row: StatisticsRow) -> float:
    return -1 if row["line_plan"] is None else row["line_plan"]


ORDERS: dict[str, tuple[str, Key]] = {
    "missing": ("缺档从多到少", lambda row: -row["missing"]),
    "code": ("院校代号", lambda row: row["institution_code"]),
    "line_high": ("预计 1:1 线从高到低", lambda row: -_by_line(row)),
    "line_low": ("预计 1:1 线从低到高", _by_line),
    "applicants": ("已报人数从多到少", lambda row: -row["applicants"]),
    "plan": ("计划数从多到少", lambda row: -row["plan"]),
}


@router.get("/stats")
async def index(request: Request) -> Response:
    """Every round's tables, one for each track."""
    board = services(request).board
    return public_page(request, "stats_index.html", rounds=views.round_views(board))


@router.get("/stats/{round}/{track}")
async def table(  # noqa: PLR0913 the parts of the address
    request: Request,
    round: str,  # noqa: A002 the name in the address
    track: str,
    q: str = "",
    only: str = "",
    sort: str = "missing",
    after: int = 0,
) -> Response:
    """One track's table: filtered and sorted here, so it works without JavaScript."""
    running = services(request)
    chosen = views.round_view(running.board, round)
    if track not in chosen["tracks"]:
        raise Refusal("not-found", what=track)
    asked = {
        "q": q.strip(),
        "only": only if only in KINDS else "",
        "sort": sort if sort in ORDERS else "missing",
    }
    common = {"round": chosen, "track": track, "kinds": KINDS, "orders": ORDERS, **asked}
    try:
        published = await views.statistics(running.engine, running.board, round)
    except Refusal as refusal:
        if refusal.code != "not-published":
            raise
        upcoming = schedules.next_publication(chosen, running.clock())
        return public_page(request, "stats_none.html", **common, upcoming=upcoming)
    rows = [row for row in published["items"] if row["track"] == track]
    counts = {name: sum(map(kind.holds, rows)) for name, kind in KINDS.items()}
    shown = [row for row in rows if KINDS[asked["only"]].holds(row) and _fits(row, asked["q"])]
    shown.sort(
        key=lambda row: (ORDERS[asked["sort"]][1](row), row["institution_code"], row["plan_nature"])
    )
    start = max(0, after)
    return public_page(
        request,
        "stats.html",
        **common,
        published=published,
        counts=counts,
        found=len(shown),
        rows=shown[start : start + PAGE],
        start=start,
        page=PAGE,
    )


def _fits(row: StatisticsRow, q: str) -> bool:
    wanted = q.casefold()
    return (
        row["institution_code"].casefold().startswith(wanted)
        or wanted in row["institution_name"].casefold()
    )
