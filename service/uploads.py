"""Files that the office brings: read, checked, shown as a difference, then applied.

Institutions' decisions come here too; nobody sees them before the results are released.

What families do not see yet, an importer applies alone. What is public already is changed by an
act of two people, through the same functions. Files are read in a worker thread.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import anyio.to_thread

from importers.candidates import Candidates, read_candidates
from importers.decisions import DecisionRow, read_decisions
from importers.plans import MajorRow, PlanDifference, read_plan
from importers.report import Report
from importers.round_file import RoundFile, read_round
from importers.tables import Source
from service.decision_intake import check_decisions, put_decisions
from service.errors import Refusal
from service.events import Event
from service.filing import Clock
from service.intake import put_candidates, put_plan, put_round
from service.store import control, rounds, staff, uploads
from service.store.engine import Connection, Engine, forget, reading, take_time, writing
from service.store.staff import Member
from service.store.uploads import Upload, What

__all__ = ["Checked", "Upload", "Uploads", "apply_upload"]

MAX_NAME = 128


@dataclass(frozen=True, slots=True)
class Checked:
    """What applying a file would change, and whether that takes a second person."""

    upload: Upload
    report: Report
    changed: bool
    difference: PlanDifference | None
    public: bool


@dataclass(frozen=True, slots=True)
class _Read:
    """A file that reads: exactly one of the four is there."""

    report: Report
    plan: Sequence[MajorRow] | None = None
    candidates: Candidates | None = None
    round: RoundFile | None = None
    decisions: Sequence[DecisionRow] | None = None


class Uploads:
    """The writer of files brought to the office's desk."""

    def __init__(self, engine: Engine, clock: Clock, announce: Callable[[int], None]) -> None:
        self._engine = engine
        self._clock = clock
        self._announce = announce

    async def bring(
        self, by: Member, what: What, target: str, source: Source
    ) -> tuple[int, Report]:
        """Read a file and keep it, or, with faults in the report, only that it was refused.

        For a round file the target is the code it names itself.

        Raises:
            Refusal: `not-allowed` without the role importer; `not-found` for the round or season.
        """
        async with reading(self._engine) as connection:
            await _must_import(connection, by)
            tracks = await _tracks(connection, what, target)
        read = await _read(what, source, tracks)
        if read.round is not None:
            target = read.round.code
        if read.decisions is not None:
            async with reading(self._engine) as connection:
                await check_decisions(connection, target, read.decisions, read.report)
        faults = len(read.report.faults)
        totals = ", ".join(f"{name} {count}" for name, count in read.report.totals.items())
        new = Upload(
            0,
            what,
            target,
            source.name[:MAX_NAME],
            hashlib.sha256(source.content).hexdigest(),
            "rejected" if faults else "checked",
            f"{faults} faults" if faults else totals,
            by.id,
            self._clock(),
        )
        async with writing(self._engine) as connection:
            upload_id = await uploads.add(connection, new, None if faults else source.content)
        return upload_id, read.report

    async def newest(self, limit: int) -> list[Upload]:
        """The last files that were brought, newest first."""
        async with reading(self._engine) as connection:
            return await uploads.newest(connection, limit)

    async def check(self, upload_id: int) -> Checked:
        """A dry run: what applying the file now would change. Nothing stays.

        Raises:
            Refusal: `not-found`; `upload-gone` when it was applied or given up; and why it cannot
                be applied as things stand.
        """
        upload, read = await self._open(upload_id)
        async with writing(self._engine) as connection:
            public = await _is_public(connection, upload)
            difference, events = await _put(connection, upload, read, self._clock())
            await forget(connection)
        return Checked(upload, read.report, bool(events), difference, public)

    async def apply(self, by: Member, upload_id: int) -> None:
        """Apply a file to what is not public yet, alone.

        Raises:
            Refusal: `not-allowed`; `two-persons-needed` where families see it already; as `check`.
        """
        upload, read = await self._open(upload_id)
        async with writing(self._engine) as connection:
            await _must_import(connection, by)
            if await _is_public(connection, upload):
                raise Refusal("two-persons-needed")
            _, events = await _put(connection, upload, read, self._clock())
            if not events:
                raise Refusal("nothing-changes")
            written = await rounds.record(connection, events)
            await uploads.mark(connection, upload.id, "applied")
        self._announce(written[-1].seq)

    async def _open(self, upload_id: int) -> tuple[Upload, _Read]:
        async with reading(self._engine) as connection:
            upload, content = await _kept(connection, upload_id)
            tracks = await _tracks(connection, upload.what, upload.target)
        return upload, await _read(upload.what, Source(upload.name, content), tracks)


async def apply_upload(
    connection: Connection, upload_id: int, digest: object, now: datetime
) -> list[Event]:
    """Apply a file that two people have agreed on; for the applier of their act.

    Raises:
        Refusal: `not-found`, `upload-gone`, `nothing-changes`, and why it cannot be applied.
    """
    upload, content = await _kept(connection, upload_id)
    if upload.digest != digest:
        raise Refusal("invalid-request")
    tracks = await _tracks(connection, upload.what, upload.target)
    await take_time(connection)
    read = await _read(upload.what, Source(upload.name, content), tracks)
    _, events = await _put(connection, upload, read, now)
    if not events:
        raise Refusal("nothing-changes")
    await uploads.mark(connection, upload.id, "applied")
    return events


async def _kept(connection: Connection, upload_id: int) -> tuple[Upload, bytes]:
    upload = await uploads.read_upload(connection, upload_id)
    if upload is None:
        raise Refusal("not-found", what=str(upload_id))
    content = await uploads.content_of(connection, upload_id)
    if content is None:
        raise Refusal("upload-gone")
    return upload, content


async def _must_import(connection: Connection, by: Member) -> None:
    now = await staff.read_member(connection, by.id)
    if now is None or "importer" not in now.roles:
        raise Refusal("not-allowed")


async def _tracks(connection: Connection, what: What, target: str) -> set[str]:
    """The tracks candidates can be of; that there is a round or season to bring a file to."""
    if what in ("plan", "decisions") and target not in await rounds.revisions(connection):
        raise Refusal("not-found", what=target)
    if what != "candidates":
        return set()
    season_id = await rounds.season_id_of(connection, target)
    if season_id is None:
        raise Refusal("not-found", what=target)
    return await rounds.known_tracks(connection, season_id)


async def _read(what: What, source: Source, tracks: set[str]) -> _Read:
    """The file's content, off the event loop; the report says whether there is any."""
    if what == "plan":
        rows, report = await anyio.to_thread.run_sync(read_plan, source)
        return _Read(report, plan=rows)
    if what == "decisions":
        decisions, report = await anyio.to_thread.run_sync(read_decisions, source)
        return _Read(report, decisions=decisions)
    if what == "candidates":
        read = partial(read_candidates, source, tracks=tracks or None)
        people, report = await anyio.to_thread.run_sync(read)
        return _Read(report, candidates=people)
    file, report = await anyio.to_thread.run_sync(read_round, source)
    return _Read(report, round=file)


async def _put(
    connection: Connection, upload: Upload, read: _Read, now: datetime
) -> tuple[PlanDifference | None, list[Event]]:
    """Write a file's content in this transaction, through the same functions as the commands."""
    if read.round is not None:
        text = (await uploads.content_of(connection, upload.id) or b"").decode("utf-8-sig")
        return None, await put_round(connection, read.round, text, now, draft=True)
    if read.plan is not None:
        terms = await rounds.read_terms(connection, upload.target)
        if terms is None:
            raise Refusal("not-found", what=upload.target)
        return await put_plan(connection, terms, read.plan, read.report.digest, now)
    if read.decisions is not None:
        _, events = await put_decisions(connection, upload.target, read.decisions, read.report, now)
        if not read.report.accepted:
            raise Refusal("file-rejected")
        return None, events
    if read.candidates is None:
        raise AssertionError("a file is a plan, candidates, a round or decisions")
    codes, events = await put_candidates(
        connection, upload.target, read.candidates, read.report.digest, now
    )
    if codes:
        raise Refusal("codes-needed", count=len(codes))
    return None, events


async def _is_public(connection: Connection, upload: Upload) -> bool:
    if upload.what == "decisions":
        return False
    if upload.what == "candidates":
        return await control.season_is_public(connection, upload.target)
    return await control.is_public(connection, upload.target)
