"""Rounds, the public plan and the public table."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from ranking.rules import UnitKey
from service import views
from service.shapes import CorrectionList, RoundList, StatisticsView, UnitList, UnitView
from web.deps import At
from web.sheets import csv_sheet

router = APIRouter(prefix="/api/v1", tags=["plan"])

Code = Annotated[str, Path(max_length=64, examples=["2026-vocational-1"])]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=12, pattern=r"^\d{1,9}$")]


@router.get("/rounds")
async def rounds(at: At, cursor: Cursor = None, limit: Limit = 50) -> RoundList:
    """All rounds, the newest to open first."""
    start = int(cursor or 0)
    found = views.round_views(at.board)
    more = start + limit < len(found)
    return {"items": found[start : start + limit], "next": str(start + limit) if more else None}


@router.get("/rounds/{round_code}/units")
async def units(
    at: At,
    round_code: Code,
    q: Annotated[str, Query(max_length=64)] = "",
    track: Annotated[str, Query(max_length=32)] = "",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> UnitList:
    """The public plan: units by institution code, or by what is in a name."""
    found, after = views.units(at.board, round_code, q, track, (int(cursor or 0), limit))
    return {"items": found, "next": None if after is None else str(after)}


@router.get("/rounds/{round_code}/units/{institution}/{track}")
async def unit(
    at: At,
    round_code: Code,
    institution: Annotated[str, Path(max_length=32)],
    track: Annotated[str, Path(max_length=32)],
    plan_nature: Annotated[str, Query(max_length=64)] = "",
) -> UnitView:
    """One unit with its majors."""
    return views.unit(at.board, round_code, UnitKey(institution, track, plan_nature))


@router.get("/rounds/{round_code}/statistics")
async def statistics(at: At, round_code: Code) -> StatisticsView:
    """The public table as of the last publication."""
    return await views.statistics(at.engine, at.board, round_code)


@router.get(
    "/rounds/{round_code}/statistics.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def statistics_csv(at: At, round_code: Code) -> Response:
    """The same table as CSV, one row a unit."""
    table = await views.statistics(at.engine, at.board, round_code)
    return Response(statistics_as_csv(table), media_type="text/csv; charset=utf-8")


@router.get(
    "/rounds/{round_code}/statistics/majors.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def statistics_majors_csv(at: At, round_code: Code) -> Response:
    """The same table's majors as CSV, one row a major."""
    table = await views.statistics(at.engine, at.board, round_code)
    return Response(majors_as_csv(table), media_type="text/csv; charset=utf-8")


@router.get("/rounds/{round_code}/corrections")
async def corrections(at: At, round_code: Code) -> CorrectionList:
    """What was changed about the round after it was public: what, why, when."""
    return await views.corrections(at.engine, at.board, round_code)


STATISTICS_COLUMNS = (
    "track",
    "institution_code",
    "institution_name",
    "plan_nature",
    "plan",
    "line_plan",
    "ratio",
    "line_filing",
    "due",
    "applicants",
    "missing",
    "entered",
    "left",
)
LADDER_COLUMNS = (
    "track", "institution_code", "institution_name", "plan_nature", "ladder_as_of", "low", "count",
)  # fmt: skip


UNIT_COLUMNS = ("track", "institution_code", "institution_name", "plan_nature")
MAJOR_COLUMNS = (
    "code",
    "name",
    "plan",
    "projected_lowest",
    "first_choice_inside",
    "tuition",
    "notes",
)


def statistics_as_csv(table: StatisticsView) -> str:
    """A published table's units as CSV."""
    return _csv(table, STATISTICS_COLUMNS, ({**row} for row in table["items"]))


def majors_as_csv(table: StatisticsView) -> str:
    """A published table's majors as CSV: which unit, then the major's own columns as `major_…`."""
    rows = (
        {**row, **{f"major_{name}": {**major}.get(name) for name in MAJOR_COLUMNS}}
        for row in table["items"]
        for major in row["majors"]
    )
    headings = (f"major_{name}" for name in MAJOR_COLUMNS)
    return _csv(table, (*UNIT_COLUMNS, *headings), rows)


def ladders_as_csv(table: StatisticsView) -> str:
    """The score ladders of a published table as CSV, one row a range."""
    rows = [{**row, **step} for row in table["items"] for step in row["ladder"]]
    return _csv(table, LADDER_COLUMNS, rows)


def _csv(
    table: StatisticsView, columns: Sequence[str], rows: Iterable[Mapping[str, object]]
) -> str:
    moment = (table["as_of"], table["seq"])
    lines = ([*moment, *(row[name] for name in columns)] for row in rows)
    return csv_sheet(["as_of", "seq", *columns], lines)
