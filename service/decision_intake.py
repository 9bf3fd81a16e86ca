"""Institutions' decisions taken in: checked against the filing, all or nothing.

An institution decides on those filed to it. It may reject whom the rules placed, for a reason of
the table; it cannot admit whom they did not place. Who is in no file is admitted by score on the
institution's behalf when results are released. RULES.md 5, 7.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from importers.decisions import DecisionRow
from importers.report import Report
from service.events import Event, to_ms
from service.filing import Clock
from service.steps import filed_round, stepped
from service.store import admission, people, rounds
from service.store.admission import OutcomeRow
from service.store.engine import Connection, Engine, forget, writing
from service.terms import Terms


@dataclass(frozen=True, slots=True)
class DecisionsApplied:
    """How many decisions changed something; `undecided` still have none from their institution."""

    changed: int
    undecided: int


class DecisionIntake:
    """The writer of institutions' decisions."""

    def __init__(self, engine: Engine, clock: Clock, announce: Callable[[int], None]) -> None:
        self._engine = engine
        self._clock = clock
        self._announce = announce

    async def apply(
        self,
        round_code: str,
        rows: Sequence[DecisionRow],
        report: Report,
        *,
        dry_run: bool = False,
    ) -> DecisionsApplied | None:
        """Take decisions in; None, with faults in the report, where one goes against the rules.

        Raises:
            Refusal: `not-found`, `not-filed`, `already-released`.
        """
        async with writing(self._engine) as connection:
            applied, events = await put_decisions(
                connection, round_code, rows, report, self._clock()
            )
            if dry_run or not events:
                await forget(connection)
                return applied
            written = await rounds.record(connection, events)
        self._announce(written[-1].seq)
        return applied


async def check_decisions(
    connection: Connection, round_code: str, rows: Sequence[DecisionRow], report: Report
) -> None:
    """Put into the report what goes against the filing.

    Raises:
        Refusal: `not-found`, `not-filed`, `already-released`.
    """
    _, terms = await filed_round(connection, round_code)
    outcomes = await _by_number(connection, terms)
    for row in rows:
        _check(row, outcomes.get(row.candidate_no), report)


async def put_decisions(
    connection: Connection,
    round_code: str,
    rows: Sequence[DecisionRow],
    report: Report,
    now: datetime,
) -> tuple[DecisionsApplied | None, list[Event]]:
    """Write decisions in the caller's transaction: what they change, and what is to be logged.

    None, with faults in the report and nothing written, where one goes against the rules.

    Raises:
        Refusal: `not-found`, `not-filed`, `already-released`.
    """
    _, terms = await filed_round(connection, round_code)
    outcomes = await _by_number(connection, terms)
    for row in rows:
        _check(row, outcomes.get(row.candidate_no), report)
    if not report.accepted:
        return None, []
    changed = [
        replace(
            outcomes[row.candidate_no],
            decision=row.decision,
            decision_reason=row.reason or None,
            decided_ms=to_ms(now),
        )
        for row in rows
        if outcomes[row.candidate_no].decision != row.decision
        or outcomes[row.candidate_no].decision_reason != (row.reason or None)
    ]
    decided = {row.candidate_no for row in rows}
    undecided = sum(
        one.outcome == "admitted" and one.decision is None and number not in decided
        for number, one in outcomes.items()
    )
    applied = DecisionsApplied(len(changed), undecided)
    if not changed:
        return applied, []
    await admission.decide_outcomes(connection, changed)
    body = {
        "digest": report.digest,
        "changed": len(changed),
        "decisions": [[one.candidate_id, one.decision, one.decision_reason] for one in changed],
    }
    return applied, [stepped(terms.round_id, now, "deciding", body)]


async def _by_number(connection: Connection, terms: Terms) -> Mapping[str, OutcomeRow]:
    """Everybody's outcome in a round, by candidate number."""
    roster = await people.read_roster(connection, terms.season_id)
    number = dict(zip(roster.id.tolist(), roster.number, strict=True))
    outcomes = await admission.outcomes_of(connection, terms.round_id)
    return {number[one.candidate_id]: one for one in outcomes}


def _check(row: DecisionRow, outcome: OutcomeRow | None, report: Report) -> None:
    if outcome is None or outcome.outcome == "not_filed":
        message = "was not filed in this round"
    elif row.decision == "admitted" and outcome.outcome == "rejected":
        message = "was not placed in a major by the rules, and cannot be admitted"
    else:
        return
    report.reject(row.line, "candidate_no", row.candidate_no, message)
