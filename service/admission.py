"""Filing and admission of a closed round: a dry run, the filing itself, the independent check.

The outcome is computed by the code of `mingci admit` over the book at the round's last seal. A
filing is applied by two people (`apply_filing` is what their act does) and only as the dry run they
looked at said. Results cannot be released before `check` has recomputed everything from the log by
the offline road and found the same bytes. RULES.md 5.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import cast

import anyio.to_thread
import numpy as np

from importers.admission_csv import (
    TOLD,
    admission_digest,
    admissions_csv,
    told_reasons,
    unfilled_csv,
)
from importers.admission_files import FileRound
from ranking.outcomes import (
    OUTCOME_NAMES,
    ConservationError,
    Outcome,
    Placement,
)
from ranking.properties import PROPERTIES, Published, violations
from ranking.regimes import admit
from service.acts import Act
from service.errors import Refusal
from service.events import Event, from_ms, to_ms
from service.exports import export_until, read_exported
from service.filing import Clock
from service.outcome_lists import admissions_of, unfilled_of
from service.receipts import canonical
from service.rendering import Known, rendered_results
from service.round_inputs import RoundInputs, closed_terms, file_round, read_inputs
from service.steps import code_of, filed_round, stepped
from service.store import admission, people, results, rounds
from service.store.admission import Draft, Filing, OutcomeName, OutcomeRow
from service.store.engine import Connection, Engine, reading, writing
from service.store.people import Roster
from service.terms import Terms


@dataclass(frozen=True, slots=True)
class Decided:
    """A round and what comes of it, with the bytes that the offline command would write."""

    inputs: RoundInputs
    made: FileRound
    placed: Placement
    admissions: bytes
    unfilled: bytes

    @property
    def digest(self) -> str:
        """Of both files together."""
        return admission_digest(self.admissions, self.unfilled)


@dataclass(frozen=True, slots=True)
class DryRun:
    """What filing now would do, and how that differs from the dry run before.

    `gone` and `come` are lines of admissions.csv and unfilled.csv, as they were and as they are.
    """

    number: int
    made_at: datetime
    digest: str
    outcomes: Mapping[str, int]
    seats_left: int
    compared_with: int | None
    gone: tuple[str, ...]
    come: tuple[str, ...]


class Admission:
    """The writer of dry runs and checks."""

    def __init__(self, engine: Engine, clock: Clock, announce: Callable[[int], None]) -> None:
        self._engine = engine
        self._clock = clock
        self._announce = announce

    async def dry_run(self, round_code: str) -> DryRun:
        """Decide a closed round without changing anything but the record of dry runs.

        Raises:
            Refusal: `not-closed`, `already-filed`, `imported-since-close`, `outcome-violates`.
        """
        async with reading(self._engine) as connection:
            inputs = await read_inputs(connection, round_code, self._clock())
            await _refuse_if_filed(connection, inputs.terms)
        decided = await anyio.to_thread.run_sync(decide, inputs)
        async with writing(self._engine) as connection:
            kept = await admission.newest_drafts(connection, inputs.terms.round_id)
            before = kept[0] if kept else None
            now = Draft(
                number=1 if before is None else before.number + 1,
                made_ms=to_ms(self._clock()),
                digest=decided.digest,
                admissions=decided.admissions,
                unfilled=decided.unfilled,
            )
            await admission.add_draft(connection, inputs.terms.round_id, now)
        return await anyio.to_thread.run_sync(compared, now, before)

    async def last_dry_run(self, round_code: str) -> DryRun | None:
        """The newest dry run of a round, beside the one before.

        Raises:
            Refusal: `not-found`.
        """
        async with reading(self._engine) as connection:
            terms = await rounds.read_terms(connection, round_code)
            if terms is None:
                raise Refusal("not-found", what=round_code)
            kept = await admission.newest_drafts(connection, terms.round_id)
        if not kept:
            return None
        return await anyio.to_thread.run_sync(compared, kept[0], kept[1] if len(kept) > 1 else None)

    async def export(self, round_code: str) -> Mapping[str, bytes]:
        """The four files that `mingci admit` recomputes a closed round from.

        Raises:
            Refusal: `not-found`, `not-closed`, `imported-since-close`.
        """
        async with reading(self._engine) as connection:
            terms, seal_seq = await closed_terms(connection, round_code, self._clock())
            return (await export_until(connection, terms, seal_seq)).files

    async def check(self, round_code: str) -> str:
        """Recompute a filed round from the log, offline; the digest both agree on.

        What every candidate will be answered is made here as well, so that a release is one row.

        Raises:
            Refusal: `not-filed`, `already-released`, `check-disagrees`.
        """
        async with reading(self._engine) as connection:
            filed, terms = await filed_round(connection, round_code)
            files = (await export_until(connection, terms, filed.seal_seq)).files
            outcomes = await admission.outcomes_of(connection, terms.round_id)
            roster = await people.read_roster(connection, terms.season_id)
            chosen_ms = await results.choice_times(connection, terms.round_id)
            decided = await admission.logged_decisions(connection, terms.round_id)
        if decided != decisions_of(outcomes):
            raise Refusal("check-disagrees")
        made, again = await anyio.to_thread.run_sync(recompute, files)
        stored = await anyio.to_thread.run_sync(_stored_files, terms, outcomes, roster)
        if again != stored or admission_digest(*again) != filed.digest:
            raise Refusal("check-disagrees")
        known = Known(dict(zip(roster.id.tolist(), roster.number, strict=True)), chosen_ms)
        bodies = await anyio.to_thread.run_sync(
            rendered_results, terms, filed, made, outcomes, known
        )
        digest = await anyio.to_thread.run_sync(outcomes_digest, outcomes)
        async with writing(self._engine) as connection:
            stands = await admission.outcomes_of(connection, terms.round_id)
            if await anyio.to_thread.run_sync(outcomes_digest, stands) != digest:
                raise Refusal("check-disagrees")
            await results.put_bodies(connection, terms.round_id, bodies)
            now = self._clock()
            await admission.set_checked(connection, terms.round_id, digest, to_ms(now))
            checked = Event(0, "filing_checked", now, terms.round_id, body={"digest": filed.digest})
            (written,) = await rounds.record(connection, [checked])
        self._announce(written.seq)
        return filed.digest


async def apply_filing(connection: Connection, act: Act, now: datetime) -> list[Event]:
    """File a closed round: everybody's outcome, one event a unit. What two people's act does.

    `act.body["digest"]` is that of the dry run they looked at.

    Raises:
        Refusal: `not-closed`, `already-filed`, `imported-since-close`, `earlier-round-undecided`,
            `filing-differs`, `outcome-violates`.
    """
    code = await code_of(connection, act)
    inputs = await read_inputs(connection, code, now)
    terms = inputs.terms
    await _refuse_if_filed(connection, terms)
    if await admission.undecided_rounds(connection, terms.season_id):
        raise Refusal("earlier-round-undecided")
    decided = await anyio.to_thread.run_sync(decide, inputs)
    if decided.digest != act.body.get("digest"):
        raise Refusal("filing-differs")
    made = Filing(terms.round_id, inputs.seal_seq, decided.digest, to_ms(now))
    outcomes = await anyio.to_thread.run_sync(outcome_rows, decided)
    await admission.add_filing(connection, made, outcomes)
    body = {"digest": decided.digest, "seal_seq": inputs.seal_seq, **_counts(decided)}
    last = stepped(terms.round_id, now, "filed", body)
    return [*_unit_events(terms, decided, outcomes, now), last]


def decide(inputs: RoundInputs) -> Decided:
    """Everybody's outcome, its conservation and its published properties checked.

    Raises:
        Refusal: `outcome-violates`, naming what does not hold.
    """
    made = file_round(inputs)
    placed = placed_round(made)
    return Decided(inputs, made, placed, *_both_files(made, placed))


def placed_round(made: FileRound) -> Placement:
    """The placement, or the refusal that says what does not hold of it. RULES.md 5.6, P1 … P8."""
    try:
        placed = admit(made.rules.regime, made.plan, made.roll, made.forms, made.terms, made.ties)
    except ConservationError as fault:
        raise Refusal("outcome-violates", property="conservation") from fault
    # P5 … P8 speak of one filing a unit; elsewhere candidates are filed one after the other.
    held = PROPERTIES if made.rules.regime == "dynamic" else PROPERTIES[:4]
    wrong = violations(Published(made.plan, made.roll, made.forms, made.terms, placed), held)
    if wrong:
        raise Refusal("outcome-violates", property=", ".join(wrong))
    return placed


def recompute(files: Mapping[str, bytes]) -> tuple[FileRound, tuple[bytes, bytes]]:
    """Both output files of the offline command on these input files, and the round they make."""
    made = read_exported(files)
    return made, _both_files(made, placed_round(made))


def _stored_files(
    terms: Terms, outcomes: Sequence[OutcomeRow], roster: Roster
) -> tuple[bytes, bytes]:
    return admissions_of(terms, outcomes, roster), unfilled_of(terms, outcomes)


def _both_files(made: FileRound, placed: Placement) -> tuple[bytes, bytes]:
    return b"".join(admissions_csv(made, placed)), b"".join(unfilled_csv(made, placed))


def outcome_rows(decided: Decided) -> list[OutcomeRow]:
    """The placement as rows, by row of the roll."""
    made, placed, terms = decided.made, decided.placed, decided.inputs.terms
    units = [terms.unit_by_key[key] for key in made.units]
    majors = [
        units[unit].major_by_code[row.major_code].id
        for unit, row in zip(made.plan.major_unit.tolist(), made.majors, strict=True)
    ]
    ids = decided.inputs.roster.id[made.roll.ident]
    rows = np.flatnonzero(placed.outcome != Outcome.NONE)
    columns = (
        ids,
        placed.outcome,
        told_reasons(placed),
        placed.unit,
        placed.major,
        placed.major_position,
    )
    return [
        OutcomeRow(
            round_id=terms.round_id,
            candidate_id=candidate_id,
            outcome=cast("OutcomeName", OUTCOME_NAMES[outcome]),
            reason=TOLD[reason],
            unit_id=units[unit].id if unit >= 0 else None,
            major_id=majors[major] if major >= 0 else None,
            position=position if major >= 0 else None,
        )
        for candidate_id, outcome, reason, unit, major, position in zip(
            *(column[rows].tolist() for column in columns), strict=True
        )
    ]


def outcomes_digest(outcomes: Sequence[OutcomeRow]) -> str:
    """SHA-256 of everybody's outcome and decision, in the order of candidates."""
    ordered = sorted(outcomes, key=lambda row: row.candidate_id)
    values = [
        (
            row.candidate_id, row.outcome, row.reason, row.unit_id, row.major_id, row.position,
            row.decision, row.decision_reason,
        )
        for row in ordered
    ]  # fmt: skip
    return sha256(canonical(values)).hexdigest()


def decisions_of(outcomes: Sequence[OutcomeRow]) -> dict[int, tuple[str, str | None]]:
    """By candidate, the institution's decision and its reason, where there is one."""
    return {
        one.candidate_id: (one.decision, one.decision_reason)
        for one in outcomes
        if one.decision is not None
    }


async def _refuse_if_filed(connection: Connection, terms: Terms) -> None:
    if await admission.filing_of(connection, terms.round_id) is not None:
        raise Refusal("already-filed")


def _counts(decided: Decided) -> dict[str, object]:
    numbers = Counter(OUTCOME_NAMES[one] for one in decided.placed.outcome.tolist() if one)
    return {"outcomes": dict(numbers), "seats_left": int(decided.placed.unfilled.sum())}


def _unit_events(
    terms: Terms, decided: Decided, outcomes: Sequence[OutcomeRow], now: datetime
) -> list[Event]:
    """One event a unit: who was filed with what outcome, and every major's account."""
    by_unit: defaultdict[int | None, list[list[object]]] = defaultdict(list)
    for row in outcomes:
        by_unit[row.unit_id].append(
            [row.candidate_id, row.outcome, row.reason, row.major_id, row.position]
        )
    of_major: defaultdict[int, list[list[int]]] = defaultdict(list)
    placed, plan = decided.placed, decided.made.plan
    columns = (plan.major_unit, plan.major_quota, placed.admitted, placed.unfilled)
    rows = zip(decided.made.majors, *(column.tolist() for column in columns), strict=True)
    for major, unit, *figures in rows:
        known = terms.unit_by_key[decided.made.units[unit]]
        of_major[known.id].append([known.major_by_code[major.major_code].id, *figures])
    units: list[int | None] = [unit.id for unit in terms.units]
    if by_unit.get(None):
        units.append(None)
    return [
        Event(
            0,
            "unit_filed",
            now,
            terms.round_id,
            unit_id=unit,
            body={"outcomes": by_unit[unit], "majors": of_major[unit] if unit else []},
        )
        for unit in units
    ]


def compared(now: Draft, before: Draft | None) -> DryRun:
    """A dry run as it is shown."""
    outcomes = csv.DictReader(now.admissions.decode().splitlines())
    unfilled = csv.DictReader(now.unfilled.decode().splitlines())
    old, new = set() if before is None else _lines(before), _lines(now)
    return DryRun(
        number=now.number,
        made_at=from_ms(now.made_ms),
        digest=now.digest,
        outcomes=Counter(row["outcome"] for row in outcomes),
        seats_left=sum(int(row["unfilled"]) for row in unfilled),
        compared_with=None if before is None else before.number,
        gone=tuple(sorted(old - new)) if before is not None else (),
        come=tuple(sorted(new - old)) if before is not None else (),
    )


def _lines(draft: Draft) -> set[str]:
    return {*draft.admissions.decode().splitlines(), *draft.unfilled.decode().splitlines()}
