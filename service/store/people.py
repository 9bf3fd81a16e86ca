"""Candidates, their credentials and sessions."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import cast

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from importers.candidates import OPTIONAL, Candidates
from service.store.engine import pieces, read_columns
from service.store.schema import candidate, credential, season, session


@dataclass(frozen=True, slots=True)
class Person:
    """A candidate as the service needs one to decide: no name, no ID number."""

    id: int
    season_id: int
    candidate_no: str
    track: str
    filing: int
    admitted: bool = False
    """Admitted in a round of the season whose results are out."""


@dataclass(frozen=True, slots=True)
class Roster:
    """A season's candidates as columns, all (n,), in order of id.

    id int32; exam and bonus int32 thousandths; marks: the subjects' scores as stored, in JSON.
    """

    id: NDArray[np.int32]
    number: list[str]
    exam: NDArray[np.int32]
    bonus: NDArray[np.int32]
    track: list[str]
    marks: list[str]

    def subject_names(self) -> list[str]:
        """The subjects anybody has a score in."""
        found = msgspec.json.decode(f"[{','.join(self.marks)}]", type=list[dict[str, int]])
        return sorted(set().union(*found))

    def subjects(self, names: Collection[str]) -> dict[str, NDArray[np.int32]]:
        """By name: (n,) int32 thousandths, 0 where a candidate has no such score."""
        if not names:
            return {}
        fields = {f"mark_{n}": name for n, name in enumerate(names)}
        shape = msgspec.defstruct("Marks", [(f, int, 0) for f in fields], rename=fields, gc=False)
        marks = msgspec.json.decode(f"[{','.join(self.marks)}]", type=list[shape])  # type: ignore[valid-type]
        columns = {name: map(attrgetter(field), marks) for field, name in fields.items()}
        return {n: np.fromiter(column, np.int32, len(marks)) for n, column in columns.items()}

    def without(self, gone: Collection[int]) -> "Roster":
        """The others."""
        if not gone:
            return self
        kept = np.flatnonzero(~np.isin(self.id, list(gone)))
        return Roster(
            self.id[kept],
            [self.number[row] for row in kept],
            self.exam[kept],
            self.bonus[kept],
            [self.track[row] for row in kept],
            [self.marks[row] for row in kept],
        )


async def read_roster(connection: AsyncConnection, season_id: int) -> Roster:
    """Everybody of a season."""
    columns = (
        candidate.c.id,
        candidate.c.candidate_no,
        candidate.c.exam_score,
        candidate.c.bonus,
        candidate.c.track,
        candidate.c.subjects,
    )
    query = select(*columns).where(candidate.c.season_id == season_id).order_by(candidate.c.id)
    ids, numbers, exam, bonus, track, marks = await read_columns(connection, query)
    return Roster(
        np.array(ids, np.int32),
        numbers,
        np.array(exam, np.int32),
        np.array(bonus, np.int32),
        track,
        marks,
    )


@dataclass(frozen=True, slots=True)
class Profile:
    """What a candidate may see of the own record. Scores in thousandths."""

    candidate_id: int
    season_id: int
    candidate_no: str
    name: str
    track: str
    exam: int
    bonus: int


async def read_profile(connection: AsyncConnection, candidate_id: int) -> Profile:
    """The own record of a signed-in candidate."""
    row = (await connection.execute(select(candidate).where(candidate.c.id == candidate_id))).one()
    return Profile(
        row.id, row.season_id, row.candidate_no, row.name, row.track, row.exam_score, row.bonus
    )


@dataclass(frozen=True, slots=True)
class Lock:
    """What a sign-in is checked against."""

    candidate_id: int
    secret: str
    must_change_password: bool


async def find_credential(connection: AsyncConnection, candidate_no: str) -> Lock | None:
    """The credential under a candidate number, of the newest season that has the number."""
    query = (
        select(credential)
        .join(candidate, candidate.c.id == credential.c.candidate_id)
        .where(candidate.c.candidate_no == candidate_no)
        .order_by(candidate.c.season_id.desc())
        .limit(1)
    )
    row = (await connection.execute(query)).first()
    return None if row is None else Lock(row.candidate_id, row.secret, row.must_change_password)


async def credential_of(connection: AsyncConnection, candidate_id: int) -> Lock:
    """The credential of a candidate who is signed in."""
    query = select(credential).where(credential.c.candidate_id == candidate_id)
    row = (await connection.execute(query)).one()
    return Lock(row.candidate_id, row.secret, row.must_change_password)


async def set_password(connection: AsyncConnection, candidate_id: int, secret: str) -> None:
    """Replace the secret and end the duty to change it."""
    await connection.execute(
        update(credential)
        .where(credential.c.candidate_id == candidate_id)
        .values(secret=secret, must_change_password=False)
    )


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose session a token is."""

    candidate_id: int
    candidate_no: str
    track: str
    must_change_password: bool


async def add_session(
    connection: AsyncConnection,
    token_digest: str,
    candidate_id: int,
    span: tuple[int, int],
    device: str,
) -> None:
    """Keep a session; `span` is (created, expires) in milliseconds."""
    await connection.execute(
        insert(session).values(
            token_digest=token_digest,
            candidate_id=candidate_id,
            created_ms=span[0],
            expires_ms=span[1],
            device=device,
        )
    )


def find_sessions(
    connection: Connection, digests: Collection[str], now_ms: int
) -> dict[str, SignedIn]:
    """Whose sessions these are, by the token's digest; unknown ones and those run out are absent."""
    query = (
        select(
            session.c.token_digest,
            candidate.c.id,
            candidate.c.candidate_no,
            candidate.c.track,
            credential.c.must_change_password,
        )
        .join(session, session.c.candidate_id == candidate.c.id)
        .join(credential, credential.c.candidate_id == candidate.c.id)
        .where(session.c.token_digest.in_(digests), session.c.expires_ms > now_ms)
    )
    return {
        row.token_digest: SignedIn(row.id, row.candidate_no, row.track, row.must_change_password)
        for row in connection.execute(query)
    }


async def alive_sessions(
    connection: AsyncConnection, digests: Collection[str], now_ms: int
) -> set[str]:
    """Which of these sessions have neither ended nor run out."""
    query = select(session.c.token_digest).where(
        session.c.token_digest.in_(digests), session.c.expires_ms > now_ms
    )
    return set((await connection.scalars(query)).all())


async def end_session(connection: AsyncConnection, token_digest: str) -> None:
    """Forget one session."""
    await connection.execute(delete(session).where(session.c.token_digest == token_digest))


async def end_sessions_of(connection: AsyncConnection, candidate_id: int) -> None:
    """Forget every session of a candidate."""
    await connection.execute(delete(session).where(session.c.candidate_id == candidate_id))


async def candidates_digest(connection: AsyncConnection, season_id: int) -> str | None:
    """The digest of the candidates file a season was last loaded from."""
    found: str | None = await connection.scalar(
        select(season.c.candidates_digest).where(season.c.id == season_id)
    )
    return found


async def put_candidates(
    connection: AsyncConnection, season_id: int, rows: Candidates, digest: str
) -> list[int]:
    """Add and update a season's candidates; their row ids, aligned with `rows`.

    Nobody is removed: a candidate who is not in the file stays as is, and so does what a column
    that is not in the file would say.
    """
    query = select(candidate.c.candidate_no, candidate.c.id, candidate.c.subjects)
    stored = await connection.execute(query.where(candidate.c.season_id == season_id))
    known: dict[str, tuple[int, str]] = {r.candidate_no: (r.id, r.subjects) for r in stored}
    next_free = 1 + (await connection.scalar(select(func.max(candidate.c.id))) or 0)
    ids: list[int] = []
    for piece in pieces(_values(rows, season_id)):
        fresh: list[dict[str, object]] = []
        changed: list[dict[str, object]] = []
        for values in piece:
            number = cast("str", values["candidate_no"])
            if number in known:
                row_id, subjects = known[number]
                ids.append(row_id)
                changed.append({"b_id": row_id, **_said(values, rows.given, subjects)})
            else:
                ids.append(next_free)
                fresh.append({"id": next_free, **values})
                next_free += 1
        await _write_candidates(connection, fresh, changed)
    await connection.execute(
        update(season).where(season.c.id == season_id).values(candidates_digest=digest)
    )
    return ids


async def _write_candidates(
    connection: AsyncConnection,
    fresh: Sequence[dict[str, object]],
    changed: Sequence[dict[str, object]],
) -> None:
    if fresh:
        await connection.execute(insert(candidate), fresh)
    if changed:
        columns: dict[str, object] = {n: bindparam(n) for n in changed[0] if n != "b_id"}
        replace = update(candidate).where(candidate.c.id == bindparam("b_id")).values(columns)
        await connection.execute(replace, changed)


def _said(values: Mapping[str, object], given: Collection[str], subjects: str) -> dict[str, object]:
    """What a row of a file says of a candidate who is known; `subjects` is what is known of those."""
    said = {name: v for name, v in values.items() if name in given or name not in OPTIONAL}
    if subjects not in ("{}", values["subjects"]):
        merged = {**json.loads(subjects), **json.loads(str(values["subjects"]))}
        said["subjects"] = json.dumps(merged, ensure_ascii=False)
    return said


def _values(rows: Candidates, season_id: int) -> Iterable[dict[str, object]]:
    subjects = [(name, column.tolist()) for name, column in rows.subjects.items()]
    columns = zip(
        rows.candidate_no,
        rows.name,
        rows.track,
        rows.exam.tolist(),
        rows.bonus.tolist(),
        rows.id_number,
        rows.phone,
        strict=True,
    )
    for n, (number, name, track, exam, bonus, id_number, phone) in enumerate(columns):
        yield {
            "season_id": season_id,
            "candidate_no": number,
            "name": name,
            "track": track,
            "exam_score": exam,
            "bonus": bonus,
            "subjects": json.dumps({s: c[n] for s, c in subjects}, ensure_ascii=False),
            "id_number": id_number,
            "phone": phone,
        }


async def missing_credentials(connection: AsyncConnection, ids: Sequence[int]) -> set[int]:
    """Which of these candidates have no credential yet."""
    known = set((await connection.scalars(select(credential.c.candidate_id))).all())
    return set(ids) - known


async def add_credentials(
    connection: AsyncConnection, secrets: Sequence[tuple[int, str]], *, must_change: bool
) -> None:
    """Keep the initial secrets of candidates who have none."""
    if secrets:
        await connection.execute(
            insert(credential),
            [
                {"candidate_id": c, "secret": secret, "must_change_password": must_change}
                for c, secret in secrets
            ],
        )
