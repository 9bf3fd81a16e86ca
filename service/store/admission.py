"""Filings and their outcomes: what a closed round is decided from, and what became of everybody."""

import json
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.calendar import SEGMENT
from service.events import INPUTS
from service.store.schema import (
    ADMITTED,
    batch,
    choice,
    filing,
    filing_draft,
    gate,
    log,
    outcome,
    round_,
)
from service.terms import Terms

OutcomeName = Literal["admitted", "rejected", "not_filed"]

BATCH = 20_000
"""Rows of one statement's parameters held at a time."""


@dataclass(frozen=True, slots=True)
class HeldForm:
    """A choice as the log has it: majors by their row ids, in order of preference."""

    candidate_id: int
    position: int
    unit_id: int
    majors: tuple[int, ...]
    accepts_adjustment: bool


@dataclass(frozen=True, slots=True)
class Filing:
    """A filing applied. Moments in milliseconds; `released_ms` None: results are not out."""

    round_id: int
    seal_seq: int
    digest: str
    filed_ms: int
    checked_digest: str | None = None
    checked_ms: int | None = None
    released_ms: int | None = None


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """What became of one candidate in a round; `position` 0 is adjusted.

    `decision` is the institution's own; None: none came, and score decides on its behalf.
    """

    round_id: int
    candidate_id: int
    outcome: OutcomeName
    reason: str
    unit_id: int | None
    major_id: int | None
    position: int | None
    decision: str | None = None
    decision_reason: str | None = None
    decided_ms: int | None = None

    @property
    def final(self) -> OutcomeName:
        """The outcome after the institution's decision."""
        return "rejected" if self.decision == "rejected" else self.outcome


@dataclass(frozen=True, slots=True)
class Draft:
    """A dry run kept to be compared with the next."""

    number: int
    made_ms: int
    digest: str
    admissions: bytes
    unfilled: bytes


async def last_seal(connection: AsyncConnection, round_id: int) -> int:
    """The seq of a round's newest seal; 0 before the first."""
    query = select(func.max(gate.c.seq)).where(
        gate.c.round_id == round_id, gate.c.name.startswith(SEGMENT)
    )
    return await connection.scalar(query) or 0


async def imported_after(connection: AsyncConnection, round_id: int, seq: int) -> bool:
    """Whether the round's terms or candidates were imported again after `seq`."""
    query = select(log.c.seq).where(
        log.c.seq > seq, log.c.round_id == round_id, log.c.kind.in_(sorted(INPUTS))
    )
    return (await connection.execute(query.limit(1))).first() is not None


async def held_forms(connection: AsyncConnection, round_id: int) -> list[HeldForm]:
    """What everybody holds, from the choices kept, by candidate."""
    query = (
        select(choice.c.candidate_id, choice.c.unit_id, log.c.body)
        .join(log, log.c.seq == choice.c.seq)
        .where(choice.c.round_id == round_id, choice.c.unit_id.is_not(None))
        .order_by(choice.c.candidate_id)
    )
    return [
        form
        for row in await connection.execute(query)
        for form in _forms(row.candidate_id, row.unit_id, row.body)
    ]


def _forms(candidate_id: int, unit_id: int, body: str) -> list[HeldForm]:
    said = json.loads(body)
    return [
        HeldForm(candidate_id, 1, unit_id, tuple(said["majors"]), bool(said["accepts_adjustment"]))
    ]


async def gone_before(connection: AsyncConnection, terms: Terms) -> set[int]:
    """Who no longer takes part in a round: admitted in another of the season, and released.

    Of a round that was filed: those released before that moment. RULES.md 5.6.
    """
    own = await filing_of(connection, terms.round_id)
    query = (
        select(outcome.c.candidate_id)
        .join(filing, filing.c.round_id == outcome.c.round_id)
        .join(round_, round_.c.id == outcome.c.round_id)
        .join(batch, batch.c.id == round_.c.batch_id)
        .where(
            batch.c.season_id == terms.season_id,
            outcome.c.round_id != terms.round_id,
            filing.c.released_ms.is_not(None),
            ADMITTED,
        )
    )
    if own is not None:
        query = query.where(filing.c.released_ms <= own.filed_ms)
    return set((await connection.scalars(query)).all())


async def undecided_rounds(connection: AsyncConnection, season_id: int) -> list[tuple[int, str]]:
    """The (row id, code) of a season's rounds that are filed and not released."""
    query = (
        select(round_.c.id, round_.c.code)
        .join(batch, batch.c.id == round_.c.batch_id)
        .join(filing, filing.c.round_id == round_.c.id)
        .where(batch.c.season_id == season_id, filing.c.released_ms.is_(None))
        .order_by(round_.c.id)
    )
    return [(row.id, row.code) for row in await connection.execute(query)]


async def released_rounds(connection: AsyncConnection, season_id: int) -> set[int]:
    """The row ids of a season's rounds whose results are out."""
    query = (
        select(round_.c.id)
        .join(batch, batch.c.id == round_.c.batch_id)
        .join(filing, filing.c.round_id == round_.c.id)
        .where(batch.c.season_id == season_id, filing.c.released_ms.is_not(None))
    )
    return set((await connection.scalars(query)).all())


async def unfiled_rounds(connection: AsyncConnection, season_id: int) -> list[int]:
    """The row ids of a season's rounds whose filing has not been applied."""
    query = (
        select(round_.c.id)
        .join(batch, batch.c.id == round_.c.batch_id)
        .outerjoin(filing, filing.c.round_id == round_.c.id)
        .where(batch.c.season_id == season_id, filing.c.round_id.is_(None))
        .order_by(round_.c.id)
    )
    return list((await connection.scalars(query)).all())


async def filing_of(connection: AsyncConnection, round_id: int) -> Filing | None:
    """The filing of a round, once it is applied."""
    row = (await connection.execute(select(filing).where(filing.c.round_id == round_id))).first()
    return None if row is None else Filing(*row)


async def add_filing(
    connection: AsyncConnection, made: Filing, outcomes: Sequence[OutcomeRow]
) -> None:
    """Keep a filing and everybody's outcome."""
    await connection.execute(insert(filing).values(**asdict(made)))
    for start in range(0, len(outcomes), BATCH):
        some = [asdict(row) for row in outcomes[start : start + BATCH]]
        await connection.execute(insert(outcome), some)


async def set_checked(
    connection: AsyncConnection, round_id: int, digest: str, checked_ms: int
) -> None:
    """Keep that the independent check agreed with the outcomes of this digest."""
    await connection.execute(
        update(filing)
        .where(filing.c.round_id == round_id)
        .values(checked_digest=digest, checked_ms=checked_ms)
    )


async def set_released(connection: AsyncConnection, round_id: int, released_ms: int) -> None:
    """Let the results out."""
    await connection.execute(
        update(filing).where(filing.c.round_id == round_id).values(released_ms=released_ms)
    )


async def outcomes_of(connection: AsyncConnection, round_id: int) -> list[OutcomeRow]:
    """Everybody's outcome in a round, by candidate."""
    query = select(outcome).where(outcome.c.round_id == round_id).order_by(outcome.c.candidate_id)
    return [OutcomeRow(*row) for row in await connection.execute(query)]


async def logged_decisions(
    connection: AsyncConnection, round_id: int
) -> dict[int, tuple[str, str | None]]:
    """By candidate, the newest decision of an institution and its reason, as the log has them."""
    query = select(log.c.body).where(log.c.round_id == round_id, log.c.kind == "decisions_imported")
    decided: dict[int, tuple[str, str | None]] = {}
    for body in await connection.scalars(query.order_by(log.c.seq)):
        for candidate_id, decision, reason in json.loads(body)["decisions"]:
            decided[candidate_id] = (decision, reason)
    return decided


async def decide_outcomes(connection: AsyncConnection, rows: Iterable[OutcomeRow]) -> None:
    """Write institutions' decisions, at least one, into outcomes."""
    place = (
        outcome.c.round_id == bindparam("in_round"),
        outcome.c.candidate_id == bindparam("of_candidate"),
    )
    changed = [
        {
            "in_round": row.round_id,
            "of_candidate": row.candidate_id,
            "decision": row.decision,
            "decision_reason": row.decision_reason,
            "decided_ms": row.decided_ms,
        }
        for row in rows
    ]
    await connection.execute(update(outcome).where(*place), changed)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many have each outcome, institutions' decisions counted, and how the decisions stand."""

    outcomes: dict[str, int]
    undecided: int
    last_decided_ms: int


async def tally_of(connection: AsyncConnection, round_id: int) -> Tally:
    """The outcomes of a filed round in numbers."""
    places = (outcome.c.outcome, outcome.c.decision)
    query = select(
        *places, func.count().label("people"), func.max(outcome.c.decided_ms).label("at")
    )
    rows = await connection.execute(query.where(outcome.c.round_id == round_id).group_by(*places))
    counts: Counter[str] = Counter()
    undecided, last = 0, 0
    for row in rows:
        counts["rejected" if row.decision == "rejected" else row.outcome] += row.people
        undecided += row.people if (row.outcome, row.decision) == ("admitted", None) else 0
        last = max(last, row.at or 0)
    return Tally(dict(counts), undecided, last)


async def newest_drafts(connection: AsyncConnection, round_id: int) -> list[Draft]:
    """The dry runs kept of a round, at most two, newest first."""
    query = (
        select(filing_draft)
        .where(filing_draft.c.round_id == round_id)
        .order_by(filing_draft.c.number.desc())
        .limit(2)
    )
    return [
        Draft(
            row.number,
            row.made_ms,
            row.digest,
            zlib.decompress(row.admissions),
            zlib.decompress(row.unfilled),
        )
        for row in await connection.execute(query)
    ]


async def add_draft(connection: AsyncConnection, round_id: int, draft: Draft) -> None:
    """Keep a dry run; of those before, the newest stays."""
    await connection.execute(
        delete(filing_draft).where(
            filing_draft.c.round_id == round_id, filing_draft.c.number < draft.number - 1
        )
    )
    await connection.execute(
        insert(filing_draft).values(
            round_id=round_id,
            number=draft.number,
            made_ms=draft.made_ms,
            digest=draft.digest,
            admissions=zlib.compress(draft.admissions, 6),
            unfilled=zlib.compress(draft.unfilled, 6),
        )
    )
