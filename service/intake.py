"""Imports applied: a round file, a plan, candidates. All or nothing, and the same twice is nothing."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from importers.candidates import Candidates
from importers.own_rules import misplaced_rules
from importers.plans import MajorRow, PlanDifference, by_unit, plan_difference, unit_per_major
from importers.round_difference import round_difference
from importers.round_file import RoundFile
from ranking.rules import UnitKey
from service.accounts import initial_secret, new_initial_code
from service.calendar import Calendar
from service.errors import Refusal
from service.events import Event
from service.filing import Clock
from service.round_checks import check_served, check_shared
from service.store import admission, choices, control, log, people, rounds
from service.store.engine import Connection, Engine, forget, pieces, reading, writing
from service.terms import Terms

TOLD_QUOTAS = 200
"""How many changed quotas, and how many changed texts, the log spells out."""

PLAN_TEXTS = ("institution_name", "major_name", "tuition", "duration", "notes")


@dataclass(frozen=True, slots=True)
class PlanApplied:
    """What a plan import changed; `changed` False: the same content was there already."""

    changed: bool
    difference: PlanDifference


@dataclass(frozen=True, slots=True)
class CandidatesApplied:
    """What a candidates import changed, and the codes it made: (candidate number, code)."""

    changed: bool
    people: int
    codes: Sequence[tuple[str, str]]


class Intake:
    """The writer of imports."""

    def __init__(self, engine: Engine, clock: Clock, announce: Callable[[int], None]) -> None:
        self._engine = engine
        self._clock = clock
        self._announce = announce

    async def set_round(
        self, file: RoundFile, text: str, *, draft: bool = False, dry_run: bool = False
    ) -> bool:
        """Create or update season, batch and round; whether anything changed.

        `draft`: a round that is new stays out of the public's sight until it is published.

        Raises:
            Refusal: `round-in-use` when a round that is there would change its season, or lose a
                gate that has passed: a lock never reopens, RULES.md 4; and as `check_served` and
                `check_shared`.
        """
        async with writing(self._engine) as connection:
            events = await put_round(connection, file, text, self._clock(), draft=draft)
            seq = await self._keep(connection, events, dry_run=dry_run)
        self._tell(seq)
        return bool(events)

    async def apply_plan(
        self, round_code: str, rows: Sequence[MajorRow], digest: str, *, dry_run: bool = False
    ) -> PlanApplied:
        """Make a round's plan equal to the file's rows.

        Raises:
            Refusal: `not-found` for the round; `plan-in-use` when a unit or first major that
                somebody holds would go.
        """
        async with writing(self._engine) as connection:
            terms = await rounds.read_terms(connection, round_code)
            if terms is None:
                raise Refusal("not-found", what=round_code)
            difference, events = await put_plan(connection, terms, rows, digest, self._clock())
            seq = await self._keep(connection, events, dry_run=dry_run)
        self._tell(seq)
        return PlanApplied(changed=bool(events), difference=difference)

    async def misplaced_rules(self, round_code: str) -> list[str]:
        """What a round's file says of units or majors that its plan does not have.

        Nothing while there is no plan: file and plan may come in either order, and a plan may change
        while the round is prepared, so an import tells it and `admit` refuses it.
        """
        async with reading(self._engine) as connection:
            terms = await rounds.read_terms(connection, round_code)
        if terms is None or not terms.units:
            return []
        majors = {unit.key: unit.major_by_code for unit in terms.units}
        return [f"the round file's {one}" for one in misplaced_rules(terms.file.rules, majors)]

    async def known_tracks(self, season_code: str) -> set[str]:
        """The tracks a season's candidates can be of; empty while nothing says any."""
        async with reading(self._engine) as connection:
            season_id = await rounds.season_id_of(connection, season_code)
            if season_id is None:
                return set()
            return await rounds.known_tracks(connection, season_id)

    async def apply_candidates(
        self,
        season_code: str,
        rows: Candidates,
        digest: str,
        *,
        must_change_password: bool = True,
        dry_run: bool = False,
    ) -> CandidatesApplied:
        """Add and update a season's candidates; who has no credential gets one.

        Raises:
            Refusal: `not-found` for the season; `track-in-use` when somebody who holds a choice
                would change track under it.
        """
        async with writing(self._engine) as connection:
            codes, events = await put_candidates(
                connection,
                season_code,
                rows,
                digest,
                self._clock(),
                must_change_password=must_change_password,
            )
            seq = await self._keep(connection, events, dry_run=dry_run)
        self._tell(seq)
        count = len(rows.candidate_no)
        return CandidatesApplied(changed=bool(events), people=count, codes=() if dry_run else codes)

    async def _keep(self, connection: Connection, events: Sequence[Event], *, dry_run: bool) -> int:
        """Log what was written, or undo it; the newest seq to announce, 0 where nothing stays."""
        if dry_run:
            await forget(connection)
            return 0
        written = await rounds.record(connection, events)
        return written[-1].seq if written else 0

    def _tell(self, seq: int) -> None:
        if seq:
            self._announce(seq)


async def put_round(
    connection: Connection, file: RoundFile, text: str, now: datetime, *, draft: bool
) -> list[Event]:
    """Write a round file in the caller's transaction; what is to be logged, nothing if unchanged.

    Raises:
        Refusal: `round-in-use`, `round-closed`; `season-kind-in-use`, `batch-name-in-use`;
            `several-choices-not-served`.
    """
    stored = await rounds.stored_file(connection, file.code)
    if stored == text:
        return []
    check_served(file)
    before = await rounds.read_terms(connection, file.code)
    check_shared(before, file, *await rounds.shared_by_others(connection, file))
    if before is not None:
        _check_kept(before, file, await rounds.passed_gates(connection))
        await _check_not_closed(connection, before)
    head = await log.read_head(connection)
    round_id = await rounds.put_round(connection, file, text, head.seq + 1)
    if before is None:
        await control.set_draft(connection, round_id, draft=draft)
    body: dict[str, object] = {"round": file.code}
    if before is not None and not before.draft and stored is not None:
        body["changes"] = round_difference(rounds.parse_stored(file.code, stored), file)
    return [Event(0, "round_set", now, round_id, body=body)]


async def put_plan(
    connection: Connection, terms: Terms, rows: Sequence[MajorRow], digest: str, now: datetime
) -> tuple[PlanDifference, list[Event]]:
    """Write a plan in the caller's transaction: what differs, and what is to be logged of it.

    Raises:
        Refusal: `plan-in-use`, `round-closed`.
    """
    if terms.season_kind == "adult":
        rows = unit_per_major(rows)
    before = rounds.as_rows(terms)
    difference = plan_difference(before, rows)
    if not difference and _orders(before) == _orders(rows):
        return difference, []
    await _check_not_closed(connection, terms)
    await _check_not_held(connection, terms, difference)
    await rounds.put_plan(connection, terms, rows)
    await rounds.keep_plan_digest(connection, terms.round_id, digest)
    body = {"digest": digest, **_told(difference)}
    return difference, [Event(0, "plan_imported", now, terms.round_id, body=body)]


def _told(difference: PlanDifference) -> dict[str, object]:
    """What the log says of a difference: the counts, and the seats and texts of the first changes."""
    moved = [c for c in difference.changed if c.before.quota != c.after.quota]
    texts = [
        [*c.after.unit, c.after.major_code, name, getattr(c.before, name), getattr(c.after, name)]
        for c in difference.changed
        for name in PLAN_TEXTS
        if getattr(c.before, name) != getattr(c.after, name)
    ]
    return {
        "seats": [difference.seats_before, difference.seats_after],
        "added": len(difference.added),
        "removed": len(difference.removed),
        "changed": len(difference.changed),
        "quotas": [
            [*c.after.unit, c.after.major_code, c.before.quota, c.after.quota]
            for c in moved[:TOLD_QUOTAS]
        ],
        "texts": texts[:TOLD_QUOTAS],
    }


async def put_candidates(
    connection: Connection,
    season_code: str,
    rows: Candidates,
    digest: str,
    now: datetime,
    *,
    must_change_password: bool = True,
) -> tuple[Sequence[tuple[str, str]], list[Event]]:
    """Write candidates in the caller's transaction: the codes made, and what is to be logged.

    Raises:
        Refusal: `not-found`, `track-in-use`, `round-closed`.
    """
    season_id = await rounds.season_id_of(connection, season_code)
    if season_id is None:
        raise Refusal("not-found", what=season_code)
    if await people.candidates_digest(connection, season_id) == digest:
        return (), []
    await _check_none_deciding(connection, season_id)
    ids = await people.put_candidates(connection, season_id, rows, digest)
    astray = await choices.held_across_tracks(connection, season_id)
    if astray:
        raise Refusal("track-in-use", count=astray)
    codes = await _add_credentials(connection, ids, rows, must_change=must_change_password)
    body = {"season": season_code, "people": len(ids)}
    of_season = await rounds.rounds_of_season(connection, season_id)
    return codes, [Event(0, "candidates_imported", now, one, body=body) for one in of_season]


def _orders(rows: Sequence[MajorRow]) -> dict[UnitKey, list[str]]:
    """Each unit's majors in plan order, which decides adjustment. RULES.md 5."""
    return {key: [row.major_code for row in majors] for key, majors in by_unit(rows).items()}


def _check_kept(before: Terms, file: RoundFile, passed: Mapping[int, Collection[str]]) -> None:
    gates = passed.get(before.round_id, ())
    kept = not gates if file.schedule is None else Calendar(file.schedule).keeps(gates)
    if before.season_code != file.season_code or not kept:
        raise Refusal("round-in-use", what=file.code)


async def _check_not_closed(connection: Connection, terms: Terms) -> None:
    """What a round is decided from stands still after its last seal."""
    if await rounds.is_closed(connection, terms):
        raise Refusal("round-closed")


async def _check_none_deciding(connection: Connection, season_id: int) -> None:
    """Scores stand still from a round's last seal until its results are out."""
    released = await admission.released_rounds(connection, season_id)
    for code, (round_id, _) in (await rounds.revisions(connection)).items():
        if round_id in released:
            continue
        terms = await rounds.read_terms(connection, code)
        if terms and terms.season_id == season_id and await rounds.is_closed(connection, terms):
            raise Refusal("round-closed")


async def _check_not_held(connection: Connection, terms: Terms, difference: PlanDifference) -> None:
    """A unit or a first major somebody holds may shrink to 0, but not vanish under them."""
    held = await choices.held_units(connection, terms.round_id)
    held_units, held_majors = {unit for unit, _ in held}, {major for _, major in held}
    gone = Counter(row.unit for row in difference.removed)
    come = {row.unit for row in difference.added}
    for row in difference.removed:
        unit = terms.unit_by_key[row.unit]
        vanishes = gone[row.unit] == len(unit.majors) and row.unit not in come
        if (vanishes and unit.id in held_units) or (
            unit.major_by_code[row.major_code].id in held_majors
        ):
            raise Refusal(
                "plan-in-use",
                institution_code=row.institution_code,
                track=row.track,
                major_code=row.major_code,
            )


async def _add_credentials(
    connection: Connection, ids: Sequence[int], rows: Candidates, *, must_change: bool
) -> list[tuple[str, str]]:
    """Initial codes for who has none: from the file, else made here and returned."""
    missing = await people.missing_credentials(connection, ids)
    made: list[tuple[str, str]] = []
    everybody = zip(ids, rows.candidate_no, rows.initial_code, strict=True)
    for piece in pieces(one for one in everybody if one[0] in missing):
        secrets: list[tuple[int, str]] = []
        for candidate_id, number, given in piece:
            code = given or new_initial_code()
            if not given:
                made.append((number, code))
            secrets.append((candidate_id, initial_secret(code)))
        await people.add_credentials(connection, secrets, must_change=must_change)
    return made
