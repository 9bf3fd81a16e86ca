"""Rounds and their plans: terms out, imports in."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection, Table, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from importers.plans import MajorRow
from importers.round_file import RoundFile, read_round
from importers.tables import Source
from ranking.rules import UnitKey
from service.calendar import STEPS, extended
from service.errors import StoreError
from service.events import IMPORTS, STEP_KINDS, Event, from_ms, to_ms
from service.store import control, editions, log
from service.store.bulk import insert_rows
from service.store.engine import read_columns
from service.store.schema import batch, gate, major, round_, season, unit
from service.terms import Major, Terms, Unit


async def revisions(connection: AsyncConnection) -> dict[str, tuple[int, int]]:
    """Every round's code with its row id and revision: cheap to ask before each transaction."""
    return await connection.run_sync(revisions_now)


def revisions_now(connection: Connection) -> dict[str, tuple[int, int]]:
    """The same, on a plain connection."""
    rows = connection.execute(select(round_.c.code, round_.c.id, round_.c.revision))
    return {row.code: (row.id, row.revision) for row in rows}


async def read_terms(connection: AsyncConnection, code: str) -> Terms | None:
    """The terms of the round called `code`; None when there is no such round."""
    query = (
        select(
            round_,
            batch.c.code.label("batch_code"),
            batch.c.name.label("batch_name"),
            season.c.id.label("season_id"),
            season.c.code.label("season_code"),
            season.c.kind.label("season_kind"),
        )
        .join(batch, batch.c.id == round_.c.batch_id)
        .join(season, season.c.id == batch.c.season_id)
        .where(round_.c.code == code)
    )
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    file = parse_stored(row.code, row.file)
    if file.schedule is not None:
        later = await control.extensions_of(connection, row.id)
        file = replace(file, schedule=extended(file.schedule, later))
    return Terms(
        round_id=row.id,
        revision=row.revision,
        season_id=row.season_id,
        season_code=row.season_code,
        season_kind=row.season_kind,
        batch_code=row.batch_code,
        batch_name=row.batch_name,
        file=file,
        units=await _read_units(connection, row.id),
        draft=row.draft,
        paused_at=None if row.paused_ms is None else from_ms(row.paused_ms),
    )


def parse_stored(code: str, text: str) -> RoundFile:
    """The round file kept in the database, through the same reader as an import.

    Raises:
        StoreError: when it no longer reads, which an import should have refused.
    """
    file, report = read_round(Source(f"{code}.toml", text.encode()))
    if file is None:
        raise StoreError(f"the stored round file of {code} does not read: {report.faults[0]}")
    return file


async def _read_units(connection: AsyncConnection, round_id: int) -> tuple[Unit, ...]:
    of_round = select(unit.c.id).where(unit.c.round_id == round_id)
    majors: defaultdict[int, list[Major]] = defaultdict(list)
    columns = (major.c[name] for name in ("unit_id", *Major.__slots__))
    query = select(*columns).where(major.c.unit_id.in_(of_round))
    rows = await read_columns(connection, query.order_by(major.c.unit_id, major.c.position))
    for unit_id, *of_major in zip(*rows, strict=True):
        majors[unit_id].append(Major(*of_major))
    units = await connection.execute(
        select(unit).where(unit.c.round_id == round_id).order_by(unit.c.id)
    )
    return tuple(
        Unit(
            row.id,
            UnitKey(row.institution_code, row.track, row.plan_nature),
            row.institution_name,
            tuple(majors[row.id]),
        )
        for row in units
    )


async def passed_gates(connection: AsyncConnection) -> dict[int, set[str]]:
    """By round id, the names of the gates the log knows as passed."""
    return await connection.run_sync(passed_now)


def passed_now(connection: Connection) -> dict[int, set[str]]:
    """The same, on a plain connection."""
    passed: defaultdict[int, set[str]] = defaultdict(set)
    for row in connection.execute(select(gate.c.round_id, gate.c.name)):
        passed[row.round_id].add(row.name)
    return passed


async def is_closed(connection: AsyncConnection, terms: Terms) -> bool:
    """Whether every segment of a round is sealed in the log."""
    calendar = terms.calendar
    passed = (await passed_gates(connection)).get(terms.round_id, set())
    return calendar is not None and calendar.state(passed) in ("closed", *STEPS)


def record_gates(connection: Connection, gates: Sequence[tuple[int, str, int]]) -> None:
    """Keep (round id, gate name, seq) for good."""
    insert_rows(connection, gate, gates)


async def code_of(connection: AsyncConnection, round_id: int) -> str:
    """The code of a round that is there."""
    query = select(round_.c.code).where(round_.c.id == round_id)
    return str((await connection.execute(query)).scalar_one())


async def season_id_of(connection: AsyncConnection, code: str) -> int | None:
    """The row id of a season."""
    found: int | None = await connection.scalar(select(season.c.id).where(season.c.code == code))
    return found


async def shared_by_others(
    connection: AsyncConnection, file: RoundFile
) -> tuple[set[str], set[str]]:
    """What the other rounds of a file's season and batch go by: season kinds, batch names."""
    query = (
        select(season.c.kind, batch.c.code, batch.c.name)
        .select_from(round_.join(batch).join(season))
        .where(season.c.code == file.season_code, round_.c.code != file.code)
    )
    rows = (await connection.execute(query)).all()
    return {row.kind for row in rows}, {row.name for row in rows if row.code == file.batch_code}


async def put_round(connection: AsyncConnection, file: RoundFile, text: str, revision: int) -> int:
    """Create or replace season, batch and round of a round file; the round's row id."""
    season_id = await _get_or_make(
        connection, season, {"code": file.season_code}, {"kind": file.season_kind}
    )
    batch_id = await _get_or_make(
        connection,
        batch,
        {"season_id": season_id, "code": file.batch_code},
        {"name": file.batch_name},
    )
    return await _get_or_make(
        connection,
        round_,
        {"code": file.code},
        {"batch_id": batch_id, "file": text, "revision": revision},
    )


async def stored_file(connection: AsyncConnection, code: str) -> str | None:
    """The text of a round's file as it was last imported."""
    found: str | None = await connection.scalar(select(round_.c.file).where(round_.c.code == code))
    return found


async def _get_or_make(
    connection: AsyncConnection,
    table: Table,
    key: Mapping[str, object],
    values: Mapping[str, object],
) -> int:
    same = [table.c[name] == value for name, value in key.items()]
    found: int | None = await connection.scalar(select(table.c.id).where(*same))
    if found is not None:
        await connection.execute(update(table).where(table.c.id == found).values(**values))
        return found
    result = await connection.execute(insert(table).values(**key, **values).returning(table.c.id))
    made: int = result.scalar_one()
    return made


async def touch(connection: AsyncConnection, round_id: int, revision: int) -> None:
    """Give a round a new revision, so that every reader takes its terms anew."""
    await connection.execute(
        update(round_).where(round_.c.id == round_id).values(revision=revision)
    )


async def keep_plan_digest(connection: AsyncConnection, round_id: int, digest: str) -> None:
    """Remember the digest of the file that a round's plan is from."""
    await connection.execute(
        update(round_).where(round_.c.id == round_id).values(plan_digest=digest)
    )


async def record(connection: AsyncConnection, events: Sequence[Event]) -> list[Event]:
    """Log `events`; each that changes a round gives it its seq as the newest revision.

    A plan as it is now is kept as the edition of the event that says it was imported, and a step
    after the close is kept among the gates that have passed.
    """
    written = await log.append(connection, events)
    await _keep_steps(connection, [e for e in written if e.kind in STEP_KINDS])
    for event in written:
        if event.kind == "plan_imported" and event.round_id is not None:
            await _keep_edition(connection, event.round_id, event)
    newest = {e.round_id: e.seq for e in written if e.kind in IMPORTS and e.round_id is not None}
    for round_id, seq in newest.items():
        await touch(connection, round_id, seq)
    return written


async def _keep_steps(connection: AsyncConnection, steps: Sequence[Event]) -> None:
    """Steps may come again, as decisions do; the first one counts."""
    if not steps:
        return
    known = await passed_gates(connection)
    new = {
        (event.round_id, name): event.seq
        for event in reversed(steps)
        for name in [str((event.body or {})["gate"])]
        if event.round_id is not None and name not in known.get(event.round_id, ())
    }
    gates = [(round_id, name, seq) for (round_id, name), seq in new.items()]
    await connection.run_sync(record_gates, gates)


async def _keep_edition(connection: AsyncConnection, round_id: int, event: Event) -> None:
    terms = await read_terms(connection, await code_of(connection, round_id))
    if terms is None:
        raise StoreError(f"the plan of round {round_id} was imported, but there is no such round")
    if terms.draft:  # what was not public when it was changed never becomes so
        await editions.forget(connection, round_id)
    await editions.add(connection, round_id, event.seq, to_ms(event.at), as_rows(terms))


async def rounds_of_season(connection: AsyncConnection, season_id: int) -> list[int]:
    """The row ids of a season's rounds."""
    query = select(round_.c.id).join(batch).where(batch.c.season_id == season_id)
    return list((await connection.scalars(query)).all())


async def known_tracks(connection: AsyncConnection, season_id: int) -> set[str]:
    """The tracks a season's plans offer seats in, or its round files name a tie-break order for."""
    of_season = select(round_).join(batch).where(batch.c.season_id == season_id)
    tracks: set[str] = set()
    for row in await connection.execute(of_season):
        tracks |= set(parse_stored(row.code, row.file).rules.tie_break)
        offered = select(unit.c.track).where(unit.c.round_id == row.id).distinct()
        tracks |= set((await connection.scalars(offered)).all())
    return tracks


def as_rows(terms: Terms) -> list[MajorRow]:
    """The stored plan in the shape a plan file has, for the difference with a new one."""
    return [
        MajorRow(
            line=0,
            batch="",
            track=u.key.track,
            institution_code=u.key.institution_code,
            institution_name=u.institution_name,
            plan_nature=u.key.plan_nature,
            major_code=m.code,
            major_name=m.name,
            quota=m.quota,
            tuition=m.tuition,
            duration=m.duration,
            notes=m.notes,
        )
        for u in terms.units
        for m in u.majors
    ]


async def put_plan(connection: AsyncConnection, terms: Terms, rows: Sequence[MajorRow]) -> None:
    """Make the round's plan equal to `rows`, keeping the ids of what stays."""
    wanted: dict[UnitKey, list[MajorRow]] = {}
    for row in rows:
        key = UnitKey(row.institution_code, row.track, row.plan_nature)
        wanted.setdefault(key, []).append(row)
    ids = await _put_units(connection, terms, wanted)
    await _put_majors(connection, terms, wanted, ids)
    gone = [u.id for u in terms.units if u.key not in wanted]
    if gone:
        await connection.execute(delete(unit).where(unit.c.id.in_(gone)))


async def _put_units(
    connection: AsyncConnection, terms: Terms, wanted: Mapping[UnitKey, Sequence[MajorRow]]
) -> dict[UnitKey, int]:
    known = terms.unit_by_key
    fresh = [
        {
            "round_id": terms.round_id,
            "institution_code": key.institution_code,
            "institution_name": rows[0].institution_name,
            "track": key.track,
            "plan_nature": key.plan_nature,
        }
        for key, rows in wanted.items()
        if key not in known
    ]
    if fresh:
        await connection.execute(insert(unit), fresh)
    for key, rows in wanted.items():
        if key in known and known[key].institution_name != rows[0].institution_name:
            renamed = update(unit).where(unit.c.id == known[key].id)
            await connection.execute(renamed.values(institution_name=rows[0].institution_name))
    query = select(unit.c.id, unit.c.institution_code, unit.c.track, unit.c.plan_nature)
    stored = await connection.execute(query.where(unit.c.round_id == terms.round_id))
    return {UnitKey(r.institution_code, r.track, r.plan_nature): r.id for r in stored}


async def _put_majors(
    connection: AsyncConnection,
    terms: Terms,
    wanted: Mapping[UnitKey, Sequence[MajorRow]],
    ids: Mapping[UnitKey, int],
) -> None:
    known = {(u.key, m.code): m for u in terms.units for m in u.majors}
    kept: set[tuple[UnitKey, str]] = set()
    fresh: list[dict[str, object]] = []
    for key, rows in wanted.items():
        stored = terms.unit_by_key[key].majors if key in terms.unit_by_key else ()
        moved = [m.code for m in stored] != [row.major_code for row in rows]
        for position, row in enumerate(rows, 1):
            values: dict[str, object] = {
                "position": position,
                "name": row.major_name,
                "quota": row.quota,
                "tuition": row.tuition,
                "duration": row.duration,
                "notes": row.notes,
            }
            old = known.get((key, row.major_code))
            if old is None:
                fresh.append({"unit_id": ids[key], "code": row.major_code, **values})
            else:
                kept.add((key, row.major_code))
                if moved or (old.name, old.quota, old.tuition, old.duration, old.notes) != (
                    row.major_name,
                    row.quota,
                    row.tuition,
                    row.duration,
                    row.notes,
                ):
                    await connection.execute(
                        update(major).where(major.c.id == old.id).values(**values)
                    )
    gone = [m.id for place, m in known.items() if place not in kept]
    for start in range(0, len(gone), 500):
        await connection.execute(delete(major).where(major.c.id.in_(gone[start : start + 500])))
    if fresh:
        await connection.execute(insert(major), fresh)
