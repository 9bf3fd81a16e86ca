"""What anybody may see: rounds, the plan, and statistics once they are published."""

from collections.abc import Iterable

from ranking.book import Int
from ranking.rules import UnitKey
from ranking.standing import Standings
from service.board import Board, RoundBoard
from service.errors import Refusal
from service.events import from_ms
from service.publishing import Window, publication_times
from service.shapes import (
    PublicationView,
    PublishedRow,
    RoundState,
    RoundView,
    ScheduleView,
    SegmentView,
    StatisticsMajor,
    StatisticsRow,
    StatisticsView,
    UnitRef,
    UnitView,
)
from service.store import publications
from service.store.engine import Engine, reading
from service.store.publications import Snapshot
from service.terms import Major, Unit
from service.views.disclosed import disclosed_rows
from service.views.texts import line_or_none, moment, ratio_text, score_or_none


def round_board(board: Board, code: str) -> RoundBoard:
    """The board of a round.

    Raises:
        Refusal: `not-found`.
    """
    one = board.rounds.get(code)
    if one is None or one.terms.draft:
        raise Refusal("not-found", what=code)
    return one


def state_of(one: RoundBoard) -> RoundState:
    """A round's state by the gates that have passed; without a schedule it only is published."""
    return one.terms.state(one.passed)


def schedule_view(one: RoundBoard) -> ScheduleView | None:
    """A round's gates; None while it has no schedule."""
    calendar = one.terms.calendar
    if calendar is None:
        return None
    schedule = calendar.schedule
    upper: int | None = None
    segments: list[SegmentView] = []
    for segment, gate in zip(schedule.segments, calendar.segments, strict=False):
        segments.append(
            {
                "min_score": score_or_none(segment.min_score),
                "max_score": score_or_none(upper),
                "closes": moment(segment.closes),
                "sealed": gate.name in one.passed,
            }
        )
        upper = segment.min_score
    return {
        "opens": moment(schedule.opens),
        "delete_lock": None if schedule.delete_lock is None else moment(schedule.delete_lock),
        "create_lock": None if schedule.create_lock is None else moment(schedule.create_lock),
        "closes": moment(schedule.closes),
        "statistics_every_s": int(schedule.statistics_every.total_seconds()),
        "segments": segments,
    }


def round_view(board: Board, round_code: str) -> RoundView:
    """A round as the public sees it."""
    one = round_board(board, round_code)
    rules = one.terms.file.rules
    return {
        "code": round_code,
        "name": one.terms.file.name,
        "season": one.terms.season_code,
        "batch": one.terms.batch_name,
        "state": state_of(one),
        "regime": rules.regime,
        "ratio": ratio_text(rules.ratio),
        "majors_per_choice": rules.majors_per_choice,
        "draw_seed": rules.draw_seed,
        "tracks": sorted({u.key.track for u in one.terms.units}),
        "schedule": schedule_view(one),
    }


def round_views(board: Board) -> list[RoundView]:
    """All rounds, the newest to open first."""
    views = [round_view(board, code) for code, one in board.rounds.items() if not one.terms.draft]
    views.sort(
        key=lambda v: (v["schedule"]["opens"] if v["schedule"] else "", v["code"]), reverse=True
    )
    return views


def unit_ref(unit: Unit) -> UnitRef:
    """Which unit is spoken of."""
    return {
        "institution_code": unit.key.institution_code,
        "institution_name": unit.institution_name,
        "track": unit.key.track,
        "plan_nature": unit.key.plan_nature,
    }


def unit_view(one: RoundBoard, unit: Unit) -> UnitView:
    """A unit of the public plan."""
    return {
        **unit_ref(unit),
        "plan": unit.plan,
        "ratio": ratio_text(one.terms.file.rules.ratio_of(unit.key)),
        "majors": [
            {
                "code": m.code,
                "name": m.name,
                "quota": m.quota,
                "tuition": m.tuition,
                "duration": m.duration,
                "notes": m.notes,
            }
            for m in unit.majors
        ],
    }


def unit(board: Board, round_code: str, key: UnitKey) -> UnitView:
    """One unit of the public plan.

    Raises:
        Refusal: `unknown-unit`.
    """
    one = round_board(board, round_code)
    return unit_view(one, one.terms.units[unit_index(one, key)])


def units(
    board: Board, round_code: str, q: str = "", track: str = "", page: tuple[int, int] = (0, 50)
) -> tuple[list[UnitView], int | None]:
    """A page (start, limit) of the units that match, and where the next begins.

    `q` is looked for in the institution's code and name and in the majors' names.
    """
    one = round_board(board, round_code)
    start, limit = page
    found = [unit for unit in one.terms.units if _matches(unit, q.strip().casefold(), track)]
    found.sort(key=lambda unit: unit.key)
    end = start + limit
    views = [unit_view(one, unit) for unit in found[start:end]]
    return views, end if end < len(found) else None


def _matches(unit: Unit, q: str, track: str) -> bool:
    if track and unit.key.track != track:
        return False
    return (
        not q
        or unit.key.institution_code.casefold().startswith(q)
        or q in unit.institution_name.casefold()
        or any(q in major.name.casefold() for major in unit.majors)
    )


def unit_index(one: RoundBoard, key: UnitKey) -> int:
    unit = one.terms.unit_by_key.get(key)
    if unit is None:
        raise Refusal("unknown-unit", institution_code=key.institution_code, track=key.track)
    return one.unit_index[unit.id]


def statistics_rows(
    one: RoundBoard, wanted: Iterable[Unit] | None = None, projected: Int | None = None
) -> list[StatisticsRow]:
    """The public table's rows as of the board: all units, or the wanted ones. RULES.md 2.

    projected (k,): the lowest score each major would admit; placing everybody takes longer than a
    tick may, so only a publication has it.
    """
    now = one.computed().standings
    plan = one.book.plan
    rows: list[StatisticsRow] = []
    for unit in one.terms.units if wanted is None else wanted:
        n = one.unit_index[unit.id]
        first = plan.majors_of(n).start
        rows.append(
            {
                **unit_ref(unit),
                "plan": unit.plan,
                "line_plan": line_or_none(int(now.line_plan[n])),
                "ratio": ratio_text(int(plan.ratio[n])),
                "line_filing": line_or_none(int(now.line_filing[n])),
                "due": int(now.due[n]),
                "applicants": int(now.applicants[n]),
                "missing": int(now.missing[n]),
                "majors": [
                    _major_row(m, first + k, now, projected) for k, m in enumerate(unit.majors)
                ],
            }
        )
    return rows


def _major_row(major: Major, index: int, now: Standings, projected: Int | None) -> StatisticsMajor:
    row: StatisticsMajor = {
        "code": major.code,
        "name": major.name,
        "plan": major.quota,
        "first_choice_inside": int(now.major_inside[index]),
        "tuition": major.tuition,
        "notes": major.notes,
    }
    if projected is not None:
        row["projected_lowest"] = line_or_none(int(projected[index]))
    return row


def statistics_now(
    board: Board, round_code: str, number: int, window: Window | None = None
) -> StatisticsView:
    """The table to publish as publication `number`. Not for the outside before that.

    The window must end at the board's seq; None is that of a round nothing has happened in.
    """
    window = window or Window()
    one = round_board(board, round_code)
    times = [] if one.terms.calendar is None else publication_times(one.terms.calendar.schedule)
    following = next((at for at in times if at > board.as_of), None)
    last = None if window.last is None else published_table(window.last)
    return {
        "round": round_code,
        "number": number,
        "seq": board.seq,
        "as_of": moment(board.as_of),
        "since_seq": 0 if last is None else last["seq"],
        "since": None if last is None else last["as_of"],
        "next_at": None if following is None else moment(following),
        "items": disclosed_rows(
            one,
            statistics_rows(one, projected=one.projected()),
            moment(board.as_of),
            last,
            window.moves,
        ),
    }


async def statistics(engine: Engine, board: Board, round_code: str) -> StatisticsView:
    """The public table as of the last publication.

    Raises:
        Refusal: `not-published` before the first one.
    """
    one = round_board(board, round_code)
    async with reading(engine) as connection:
        snapshot = await publications.newest(connection, one.terms.round_id)
    if snapshot is None:
        raise Refusal("not-published", what=round_code)
    return published_table(snapshot)


async def publication(engine: Engine, board: Board, round_code: str, number: int) -> Snapshot:
    """One publication as it was made.

    Raises:
        Refusal: `not-published`.
    """
    one = round_board(board, round_code)
    async with reading(engine) as connection:
        snapshot = await publications.numbered(connection, one.terms.round_id, number)
    if snapshot is None:
        raise Refusal("not-published", what=f"{round_code}/{number}")
    return snapshot


async def publication_list(
    engine: Engine, board: Board, round_code: str, page: tuple[int, int]
) -> tuple[list[PublicationView], int | None]:
    """A page (start, limit) of a round's publications, newest first, and where the next begins."""
    one = round_board(board, round_code)
    start, limit = page
    async with reading(engine) as connection:
        found = await publications.listed(connection, one.terms.round_id, start, limit + 1)
    items: list[PublicationView] = [
        {
            "number": each.number,
            "seq": each.seq,
            "published_at": moment(from_ms(each.published_ms)),
            "digest": each.digest,
        }
        for each in found[:limit]
    ]
    return items, start + limit if len(found) > limit else None


def statistics_row(table: StatisticsView, key: UnitKey) -> PublishedRow | None:
    """A unit's row of a publication; None for a unit that came into the plan afterwards."""
    for row in table["items"]:
        if UnitKey(row["institution_code"], row["track"], row["plan_nature"]) == key:
            return row
    return None


def published_table(snapshot: Snapshot) -> StatisticsView:
    """The table of a publication."""
    return snapshot.content  # type: ignore[return-value]  # written by statistics_now alone
