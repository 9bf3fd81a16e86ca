"""Results as they are answered, who has looked at them, and seats left as published."""

import json
import zlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, exists, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.engine import upsert
from service.store.schema import (
    batch,
    candidate,
    choice,
    filing,
    log,
    result,
    round_,
    secret,
    unfilled,
    viewing,
)

BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a query is checked against, and answered with when it fits."""

    candidate_id: int
    season_id: int
    candidate_no: str
    name: str
    id_number: str


@dataclass(frozen=True, slots=True)
class Publication:
    """The seats left of a round as published; `body` is the JSON."""

    round_id: int
    published_ms: int
    digest: str
    body: bytes

    @property
    def content(self) -> dict[str, object]:
        """The published table as JSON values."""
        content: dict[str, object] = json.loads(self.body)
        return content


async def choice_times(connection: AsyncConnection, round_id: int) -> dict[int, int]:
    """By candidate, when the choice held now was saved, in milliseconds."""
    query = (
        select(choice.c.candidate_id, log.c.at_ms)
        .join(log, log.c.seq == choice.c.seq)
        .where(choice.c.round_id == round_id, choice.c.unit_id.is_not(None))
    )
    return {row.candidate_id: row.at_ms for row in await connection.execute(query)}


async def put_bodies(
    connection: AsyncConnection, round_id: int, bodies: Sequence[tuple[int, bytes]]
) -> None:
    """Keep what everybody of a round will be answered, in the place of what was kept before."""
    await connection.execute(delete(result).where(result.c.round_id == round_id))
    for start in range(0, len(bodies), BATCH):
        rows = [
            {"candidate_id": candidate_id, "round_id": round_id, "body": body}
            for candidate_id, body in bodies[start : start + BATCH]
        ]
        await connection.execute(insert(result), rows)


async def anything_released(connection: AsyncConnection) -> bool:
    """Whether results of any round are out."""
    return bool(await connection.scalar(select(exists().where(filing.c.released_ms.is_not(None)))))


async def claims_on(connection: AsyncConnection, numbers: Collection[str]) -> dict[str, Claimed]:
    """The candidates with these numbers, each of the newest season that has the number.

    A season of which results are out comes before one of which none are.
    """
    released = (
        exists()
        .where(batch.c.season_id == candidate.c.season_id, filing.c.released_ms.is_not(None))
        .where(round_.c.batch_id == batch.c.id, filing.c.round_id == round_.c.id)
    )
    query = (
        select(
            candidate.c.id,
            candidate.c.season_id,
            candidate.c.candidate_no,
            candidate.c.name,
            candidate.c.id_number,
        )
        .where(candidate.c.candidate_no.in_(sorted(numbers)))
        .order_by(released, candidate.c.season_id)
    )
    return {row.candidate_no: Claimed(*row) for row in await connection.execute(query)}


async def released_bodies(
    connection: AsyncConnection, candidate_ids: Collection[int]
) -> dict[int, list[tuple[int, bytes]]]:
    """By candidate, (released in milliseconds, JSON) of each round, the newest first."""
    query = (
        select(result.c.candidate_id, filing.c.released_ms, result.c.body)
        .join(filing, filing.c.round_id == result.c.round_id)
        .where(result.c.candidate_id.in_(sorted(candidate_ids)), filing.c.released_ms.is_not(None))
        .order_by(filing.c.released_ms.desc(), result.c.round_id.desc())
    )
    bodies: defaultdict[int, list[tuple[int, bytes]]] = defaultdict(list)
    for row in await connection.execute(query):
        bodies[row.candidate_id].append((row.released_ms, row.body))
    return bodies


async def released_seasons(connection: AsyncConnection) -> set[int]:
    """The row ids of the seasons of which results of some round are out."""
    query = (
        select(batch.c.season_id)
        .join(round_, round_.c.batch_id == batch.c.id)
        .join(filing, filing.c.round_id == round_.c.id)
        .where(filing.c.released_ms.is_not(None))
        .distinct()
    )
    return set((await connection.scalars(query)).all())


async def add_views(
    connection: AsyncConnection, more: Mapping[int, int], now_ms: int
) -> dict[int, tuple[int, int]]:
    """Add to how often each candidate's result was looked at; (times, last ms) as it was before."""
    query = select(viewing).where(viewing.c.candidate_id.in_(sorted(more)))
    before = {row.candidate_id: (row.times, row.last_ms) for row in await connection.execute(query)}
    rows = [
        {"candidate_id": one, "times": before.get(one, (0, 0))[0] + times, "last_ms": now_ms}
        for one, times in more.items()
    ]
    await connection.execute(upsert(connection, viewing), rows)
    return before


async def add_unfilled(connection: AsyncConnection, made: Publication) -> None:
    """Publish the seats left of a round, once."""
    await connection.execute(
        insert(unfilled).values(
            round_id=made.round_id,
            published_ms=made.published_ms,
            digest=made.digest,
            body=zlib.compress(made.body, 6),
        )
    )


async def unfilled_of(connection: AsyncConnection, round_id: int) -> Publication | None:
    """The seats left of a round, once they are published."""
    row = (
        await connection.execute(select(unfilled).where(unfilled.c.round_id == round_id))
    ).first()
    if row is None:
        return None
    return Publication(row.round_id, row.published_ms, row.digest, zlib.decompress(row.body))


async def unfilled_digest(connection: AsyncConnection, round_id: int) -> str | None:
    """The digest of the seats left of a round, once they are published."""
    found: str | None = await connection.scalar(
        select(unfilled.c.digest).where(unfilled.c.round_id == round_id)
    )
    return found


async def unfilled_moments(connection: AsyncConnection) -> list[tuple[str, int]]:
    """The (round code, published in milliseconds) of all that are published, newest first."""
    query = (
        select(round_.c.code, unfilled.c.published_ms)
        .join(round_, round_.c.id == unfilled.c.round_id)
        .order_by(unfilled.c.published_ms.desc(), unfilled.c.round_id.desc())
    )
    return [(row.code, row.published_ms) for row in await connection.execute(query)]


async def secret_called(connection: AsyncConnection, name: str) -> bytes:
    """A key that every worker shares."""
    query = select(secret.c.value).where(secret.c.name == name)
    return bytes((await connection.execute(query)).scalar_one())
