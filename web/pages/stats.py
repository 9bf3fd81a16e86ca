"""The public table of a round and track, as of its last publication. Nothing newer is reachable."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator, BaseModel, Field

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


def _one_of(known: Mapping[str, object]) -> AfterValidator:
    """An address may be old or mistyped: then the first of the list."""
    return AfterValidator(lambda value: value if value in known else next(iter(known)))


class Look(BaseModel):
    """What of a table is looked at, as the address says it."""

    q: str = ""
    only: Annotated[str, _one_of(KINDS)] = ""
    sort: Annotated[str, _one_of(ORDERS)] = "missing"
    after: int = Field(default=0, ge=0)


@router.get("/stats")
async def index(request: Request) -> Response:
    """Every round's tables, one for each track."""
    board = services(request).board
    return public_page(request, "stats_index.html", rounds=views.round_views(board))


@router.get("/stats/{round_code}/{track}")
async def table(
    request: Request,
    round_code: str,
    track: str,
    look: Annotated[Look, Query()],
) -> Response:
    """One track's table: filtered and sorted here, so it works without JavaScript."""
    running = services(request)
    chosen = views.round_view(running.board, round_code)
    if track not in chosen["tracks"]:
        raise Refusal("not-found", what=track)
    common = {
        "round": chosen,
        "track": track,
        "kinds": KINDS,
        "orders": ORDERS,
        **look.model_dump(),
    }
    try:
        published = await views.statistics(running.engine, running.board, round_code)
    except Refusal as refusal:
        if refusal.code != "not-published":
            raise
        upcoming = schedules.next_publication(chosen, running.clock())
        return public_page(request, "stats_none.html", **common, upcoming=upcoming)
    rows = [row for row in published["items"] if row["track"] == track]
    counts = {name: sum(map(kind.holds, rows)) for name, kind in KINDS.items()}
    shown = [row for row in rows if KINDS[look.only].holds(row) and _fits(row, look.q)]
    shown.sort(
        key=lambda row: (ORDERS[look.sort][1](row), row["institution_code"], row["plan_nature"])
    )
    start = look.after
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
    wanted = q.strip().casefold()
    return (
        row["institution_code"].casefold().startswith(wanted)
        or wanted in row["institution_name"].casefold()
    )
