"""What a candidate may see of the own place, choice and receipts."""

from collections.abc import Sequence

from ranking.book import NO_MAJOR, NO_UNIT
from ranking.outlook import OneOutlook, Verdict
from ranking.rules import UnitKey
from ranking.scores import score_number
from ranking.standing import Standing, Status
from service.board import Board, RoundBoard
from service.calendar import GOING
from service.decisions import choice_view
from service.errors import Refusal
from service.receipts import Receipt
from service.shapes import (
    ChoiceView,
    FirstMajor,
    History,
    LockView,
    Me,
    OwnRound,
    ReceiptView,
    StandingView,
    StatusName,
    VerdictName,
)
from service.store import choices, people
from service.store.engine import Engine, reading
from service.terms import Unit
from service.views.public import round_board, round_view, unit_index, unit_ref
from service.views.texts import moment, score_or_none

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


def candidate_round(board: Board, candidate_id: int) -> str | None:
    """The round to show a candidate now: the newest open one, else the newest that has a schedule."""
    mine = [
        one
        for one in board.rounds.values()
        if candidate_id in one.row_by_candidate and not one.terms.draft
    ]
    if not mine:
        return None

    def importance(one: RoundBoard) -> tuple[bool, float]:
        calendar = one.terms.calendar
        running = one.terms.state(one.passed) in GOING | {"paused"}
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
        unit = unit_index(one, key)
        if one.book.plan.track[unit] != track:
            raise Refusal("wrong-track", institution_code=key.institution_code, track=key.track)
        own = int(one.book.unit[row]) == unit
        first = int(one.book.first_major[row]) if own else NO_MAJOR
        views.append(_standing(board, one, row, (unit, first), one.supposed(row, unit, first)))
    return views


def own_unit_keys(
    board: Board, round_code: str, candidate_id: int, institution: str
) -> list[UnitKey]:
    """The units an institution code means to this candidate: one for each plan nature.

    Raises:
        Refusal: `unknown-unit` when there is none in the own track.
    """
    one = round_board(board, round_code)
    track = one.book.roll.track[_row(one, candidate_id)]
    plan = one.book.plan
    found = [
        key
        for n, key in enumerate(plan.keys)
        if key.institution_code == institution and plan.track[n] == track
    ]
    if not found:
        raise Refusal("unknown-unit", institution_code=institution)
    return sorted(found)


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
            if candidate_id in one.row_by_candidate and not one.terms.draft
        ],
    }


def _own_round(board: Board, one: RoundBoard, row: int) -> OwnRound:
    view = round_view(board, one.terms.file.code)
    lock = lock_view(one, row)
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
    async with reading(engine) as connection:
        held = await choices.held_by(connection, one.terms.round_id, candidate_id)
        if held is None:
            return choice_view(None)
        kept = await choices.receipt_at(connection, held.seq)
    return choice_view(Receipt.from_json(kept.body))


async def receipt(engine: Engine, candidate_id: int, receipt_id: str) -> Receipt:
    """A candidate's own receipt.

    Raises:
        Refusal: `not-found`, also for another's.
    """
    kept = None
    if receipt_id.isprintable():  # PostgreSQL refuses a NUL
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


def _row(one: RoundBoard, candidate_id: int) -> int:
    row = one.row_by_candidate.get(candidate_id)
    if row is None:
        raise Refusal("not-found", what=one.terms.file.code)
    return row


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
        "lock": lock_view(one, row),
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
        "line_filing": score_or_none(facts.line_filing),
        "line_plan": score_or_none(facts.line_plan),
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
        "lock": lock_view(one, row),
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


def lock_view(one: RoundBoard, row: int) -> LockView:
    calendar = one.terms.calendar
    if calendar is None:
        return {"state": "locked", "closes_at": None}
    filing = int(one.book.roll.filing[row])
    return {
        "state": calendar.lock(filing, one.passed),
        "closes_at": moment(calendar.closes_at(filing)),
    }
