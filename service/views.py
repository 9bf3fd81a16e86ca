"""What each audience may see of the board: the same function for page, API, socket and export.

Readers only. Every view carries the seq and the moment it was true at.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from ranking.book import NO_MAJOR, NO_UNIT
from ranking.outlook import OneOutlook, Verdict
from ranking.rules import BASIS_POINTS, UnitKey
from ranking.scores import score_number
from ranking.standing import NO_LINE, Standing, Status
from service.board import Board, RoundBoard
from service.decisions import choice_view
from service.errors import Refusal
from service.publishing import publication_times
from service.receipts import Receipt
from service.shapes import (
    ChoiceView,
    FirstMajor,
    History,
    LockView,
    Me,
    OwnRound,
    ReceiptView,
    RoundState,
    RoundView,
    ScheduleView,
    Score,
    SegmentView,
    StandingView,
    StatisticsRow,
    StatisticsView,
    StatusName,
    UnitRef,
    UnitView,
    VerdictName,
)
from service.store import choices, people, publications
from service.store.engine import Engine, reading
from service.terms import Unit

ZONE = ZoneInfo("Asia/Shanghai")
STATUS: dict[int, StatusName] = {
    Status.INSIDE: "inside",
    Status.STRADDLING: "straddling",
    Status.OUTSIDE_PLAN: "outside_plan",
    Status.OUTSIDE: "outside",
}
VERDICT: dict[int, VerdictName] = {
    Verdict.SAFE: "safe",
    Verdict.OUT: "out",
    Verdict.OPEN: "open",
}
WHAT_IF_LIMIT = 4
"""How many units one what-if may ask for."""


def moment(at: datetime) -> str:
    """A moment as the outside reads it: RFC 3339, in the default zone, to the millisecond."""
    return at.astimezone(ZONE).isoformat(timespec="milliseconds")


def round_board(board: Board, code: str) -> RoundBoard:
    """The board of a round.

    Raises:
        Refusal: `not-found`.
    """
    one = board.rounds.get(code)
    if one is None:
        raise Refusal("not-found", what=code)
    return one


def candidate_round(board: Board, candidate_id: int) -> str | None:
    """The round to show a candidate now: the newest open one, else the newest that has a schedule."""
    mine = [one for one in board.rounds.values() if candidate_id in one.row_by_candidate]
    if not mine:
        return None

    def importance(one: RoundBoard) -> tuple[bool, float]:
        calendar = one.terms.calendar
        running = calendar is not None and calendar.state(one.passed) not in ("published", "closed")
        return running, 0.0 if calendar is None else calendar.schedule.opens.timestamp()

    return max(mine, key=importance).terms.file.code


def standing(board: Board, round_code: str, candidate_id: int) -> StandingView:
    """A candidate's own standing, as of the board's seq."""
    one = round_board(board, round_code)
    row = _row(one, candidate_id)
    unit = int(one.book.unit[row])
    if unit == NO_UNIT:
        return _nowhere(board, one, row)
    return _standing(board, one, row, (unit, int(one.book.first_major[row])), one.own(row))


def what_if(
    board: Board, round_code: str, candidate_id: int, keys: Sequence[UnitKey]
) -> list[StandingView]:
    """The standings one would have in at most four units, from one state, changing nothing.

    The own unit is answered with the first major held; elsewhere no major is supposed.

    Raises:
        Refusal: `unknown-unit`, `wrong-track`, `too-many-units`.
    """
    one = round_board(board, round_code)
    row = _row(one, candidate_id)
    if len(keys) > WHAT_IF_LIMIT:
        raise Refusal("too-many-units", limit=WHAT_IF_LIMIT)
    track = one.book.roll.track[row]
    views = []
    for key in keys:
        unit = _index(one, key)
        if one.book.plan.track[unit] != track:
            raise Refusal("wrong-track", institution_code=key.institution_code, track=key.track)
        own = int(one.book.unit[row]) == unit
        first = int(one.book.first_major[row]) if own else NO_MAJOR
        views.append(_standing(board, one, row, (unit, first), one.supposed(row, unit, first)))
    return views


def own_unit_key(
    board: Board, round_code: str, candidate_id: int, institution: str, nature: str | None
) -> UnitKey:
    """The unit an institution code means to this candidate.

    Raises:
        Refusal: `unknown-unit`, also where only a plan nature tells several apart.
    """
    one = round_board(board, round_code)
    row = _row(one, candidate_id)
    track = one.book.roll.track[row]
    plan = one.book.plan
    fits = [
        key
        for n, key in enumerate(plan.keys)
        if key.institution_code == institution
        and plan.track[n] == track
        and nature in (None, key.plan_nature)
    ]
    plain = [key for key in fits if not key.plan_nature]
    if len(fits) == 1 or plain:
        return (plain or fits)[0]
    raise Refusal("unknown-unit", institution_code=institution)


def _row(one: RoundBoard, candidate_id: int) -> int:
    row = one.row_by_candidate.get(candidate_id)
    if row is None:
        raise Refusal("not-found", what=one.terms.file.code)
    return row


def _index(one: RoundBoard, key: UnitKey) -> int:
    unit = one.terms.unit_by_key.get(key)
    if unit is None:
        raise Refusal("unknown-unit", institution_code=key.institution_code, track=key.track)
    return one.unit_index[unit.id]


def _nowhere(board: Board, one: RoundBoard, row: int) -> StandingView:
    return {
        "round": one.terms.file.code,
        "seq": board.seq,
        "as_of": moment(board.as_of),
        "unit": None,
        "rank": None,
        "rank_last": None,
        "tied": None,
        "applicants": None,
        "plan": None,
        "due": None,
        "line_filing": None,
        "line_plan": None,
        "status": None,
        "first_major": None,
        "first_major_hidden": None,
        "certainty": None,
        "lock": _lock(one, row),
    }


def _standing(
    board: Board,
    one: RoundBoard,
    row: int,
    place: tuple[int, int],
    found: tuple[Standing, OneOutlook],
) -> StandingView:
    (unit_index, major_index), (facts, ahead) = place, found
    unit = one.terms.units[unit_index]
    return {
        "round": one.terms.file.code,
        "seq": board.seq,
        "as_of": moment(board.as_of),
        "unit": unit_ref(unit),
        "rank": facts.rank,
        "rank_last": facts.rank_last,
        "tied": facts.tied,
        "applicants": facts.applicants,
        "plan": facts.plan,
        "due": facts.due,
        "line_filing": _score(facts.line_filing),
        "line_plan": _score(facts.line_plan),
        "status": STATUS[facts.status],
        "first_major": _first_major(one, unit, unit_index, major_index, facts),
        "first_major_hidden": None if facts.inside_line else "outside_line",
        "certainty": {
            "verdict": VERDICT[ahead.verdict],
            "best": ahead.best,
            "worst": ahead.worst,
            "locked_above": ahead.locked_above,
            "open_above": ahead.open_above,
        },
        "lock": _lock(one, row),
    }


def _first_major(
    one: RoundBoard, unit: Unit, unit_index: int, major_index: int, facts: Standing
) -> FirstMajor | None:
    if facts.major_rank is None or facts.major_rank_exam is None:
        return None
    major = unit.majors[major_index - one.book.plan.majors_of(unit_index).start]
    return {
        "code": major.code,
        "name": major.name,
        "quota": major.quota,
        "by_filing": {"rank": facts.major_rank, "tied": facts.major_tied or 0},
        "by_exam": {"rank": facts.major_rank_exam, "tied": facts.major_tied_exam or 0},
    }


def _lock(one: RoundBoard, row: int) -> LockView:
    calendar = one.terms.calendar
    if calendar is None:
        return {"state": "locked", "closes_at": None}
    filing = int(one.book.roll.filing[row])
    return {
        "state": calendar.lock(filing, one.passed),
        "closes_at": moment(calendar.closes_at(filing)),
    }


def _score(milli: int | None) -> Score | None:
    return None if milli is None else score_number(milli)


def unit_ref(unit: Unit) -> UnitRef:
    """Which unit is spoken of."""
    return {
        "institution_code": unit.key.institution_code,
        "institution_name": unit.institution_name,
        "track": unit.key.track,
        "plan_nature": unit.key.plan_nature,
    }


def ratio_text(basis_points: int) -> str:
    """A filing ratio as people write it: 10500 is "105%"."""
    whole, rest = divmod(basis_points, BASIS_POINTS // 100)
    return f"{whole}.{rest:02d}".rstrip("0") + "%" if rest else f"{whole}%"


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


def unit(board: Board, round_code: str, key: UnitKey) -> UnitView:
    """One unit of the public plan.

    Raises:
        Refusal: `unknown-unit`.
    """
    one = round_board(board, round_code)
    return unit_view(one, one.terms.units[_index(one, key)])


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
                "min_score": _score(segment.min_score),
                "max_score": _score(upper),
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


def state_of(one: RoundBoard) -> RoundState:
    """A round's state by the gates that have passed; without a schedule it only is published."""
    calendar = one.terms.calendar
    return "published" if calendar is None else calendar.state(one.passed)


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
        "tracks": sorted({u.key.track for u in one.terms.units}),
        "schedule": schedule_view(one),
    }


def round_views(board: Board) -> list[RoundView]:
    """All rounds, the newest to open first."""
    views = [round_view(board, code) for code in board.rounds]
    views.sort(
        key=lambda v: (v["schedule"]["opens"] if v["schedule"] else "", v["code"]), reverse=True
    )
    return views


def statistics_rows(one: RoundBoard, wanted: Iterable[Unit] | None = None) -> list[StatisticsRow]:
    """The public table's rows as of the board: all units, or the wanted ones. RULES.md 2."""
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
                "line_plan": _line(int(now.line_plan[n])),
                "ratio": ratio_text(int(plan.ratio[n])),
                "line_filing": _line(int(now.line_filing[n])),
                "due": int(now.due[n]),
                "applicants": int(now.applicants[n]),
                "missing": int(now.missing[n]),
                "majors": [
                    {
                        "code": m.code,
                        "name": m.name,
                        "plan": m.quota,
                        "first_choice_inside": int(now.major_inside[first + k]),
                        "tuition": m.tuition,
                        "notes": m.notes,
                    }
                    for k, m in enumerate(unit.majors)
                ],
            }
        )
    return rows


def _line(milli: int) -> Score | None:
    return None if milli == NO_LINE else score_number(milli)


def statistics_now(board: Board, round_code: str, number: int) -> StatisticsView:
    """The table to publish as publication `number`. Not for the outside before that."""
    one = round_board(board, round_code)
    times = [] if one.terms.calendar is None else publication_times(one.terms.calendar.schedule)
    return {
        "round": round_code,
        "number": number,
        "seq": board.seq,
        "as_of": moment(board.as_of),
        "next_at": moment(times[number]) if number < len(times) else None,
        "items": statistics_rows(one),
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
    return snapshot.content  # type: ignore[return-value]  # written by statistics_now alone


async def me(engine: Engine, board: Board, candidate_id: int) -> Me:
    """The signed-in candidate: scores, and the rounds with their gates and own closing time."""
    async with reading(engine) as connection:
        profile = await people.read_profile(connection, candidate_id)
    return {
        "candidate_no": profile.candidate_no,
        "name": profile.name,
        "track": profile.track,
        "exam_score": score_number(profile.exam),
        "bonus": score_number(profile.bonus),
        "filing_score": score_number(profile.exam + profile.bonus),
        "rounds": [
            _own_round(board, one, one.row_by_candidate[candidate_id])
            for one in board.rounds.values()
            if candidate_id in one.row_by_candidate
        ],
    }


def _own_round(board: Board, one: RoundBoard, row: int) -> OwnRound:
    view = round_view(board, one.terms.file.code)
    lock = _lock(one, row)
    return {
        "code": view["code"],
        "name": view["name"],
        "state": view["state"],
        "gates": view["schedule"],
        "closes_at": lock["closes_at"],
        "lock": lock["state"],
    }


async def own_choice(
    engine: Engine, board: Board, round_code: str, candidate_id: int
) -> ChoiceView:
    """The choice a candidate holds, straight from the store."""
    one = round_board(board, round_code)
    place = (one.terms.round_id, candidate_id)
    async with reading(engine) as connection:
        held = (await choices.held_by(connection, [place])).get(place)
        if held is None:
            return choice_view(None)
        kept = (await choices.receipts_at(connection, [held.seq]))[held.seq]
    return choice_view(Receipt.from_json(kept.body))


async def receipt(engine: Engine, candidate_id: int, receipt_id: str) -> Receipt:
    """A candidate's own receipt.

    Raises:
        Refusal: `not-found`, also for another's.
    """
    async with reading(engine) as connection:
        kept = await choices.receipt_called(connection, candidate_id, receipt_id)
    if kept is None:
        raise Refusal("not-found", what="receipt")
    return Receipt.from_json(kept.body)


async def history(engine: Engine, board: Board, round_code: str, candidate_id: int) -> History:
    """Every version of a candidate's choice, oldest first."""
    one = round_board(board, round_code)
    async with reading(engine) as connection:
        kept = await choices.receipts_of(connection, candidate_id, one.terms.round_id)
    items = [(k.device, Receipt.from_json(k.body)) for k in kept]
    return {"items": [{"device": d, "receipt": receipt_view(r)} for d, r in items], "next": None}


def receipt_view(receipt: Receipt) -> ReceiptView:
    """A receipt as the outside reads it."""
    return receipt.as_json()
