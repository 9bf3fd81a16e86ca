"""Published statistics: snapshots that never change."""

import json
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Row, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.schema import statistics


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One publication of a round's table; `body` is the JSON as published."""

    round_id: int
    number: int
    seq: int
    published_ms: int
    digest: str
    body: bytes

    @property
    def true_at(self) -> int:
        """The seq of the state that is published; the publication's own comes later."""
        return int(str(self.content["seq"]))

    @property
    def content(self) -> dict[str, object]:
        """The published table as JSON values."""
        return _content_of(self.body)


@lru_cache(maxsize=4)
def _content_of(body: bytes) -> dict[str, object]:
    """The JSON values of a table, kept while it is asked for: it never changes."""
    content: dict[str, object] = json.loads(body)
    return content


class Listed(NamedTuple):
    """A publication without its body."""

    number: int
    seq: int
    published_ms: int
    digest: str


async def last_number(connection: AsyncConnection, round_id: int) -> int:
    """The number of a round's newest publication; 0 before the first."""
    query = select(func.max(statistics.c.number)).where(statistics.c.round_id == round_id)
    return await connection.scalar(query) or 0


async def newest(connection: AsyncConnection, round_id: int) -> Snapshot | None:
    """A round's newest publication."""
    query = (
        select(statistics)
        .where(statistics.c.round_id == round_id)
        .order_by(statistics.c.number.desc())
        .limit(1)
    )
    row = (await connection.execute(query)).first()
    return None if row is None else _snapshot(row)


async def numbered(connection: AsyncConnection, round_id: int, number: int) -> Snapshot | None:
    """Publication `number` of a round."""
    place = (statistics.c.round_id == round_id, statistics.c.number == number)
    row = (await connection.execute(select(statistics).where(*place))).first()
    return None if row is None else _snapshot(row)


async def listed(
    connection: AsyncConnection, round_id: int, start: int, limit: int
) -> list[Listed]:
    """A page of a round's publications, newest first."""
    columns = (
        statistics.c.number,
        statistics.c.seq,
        statistics.c.published_ms,
        statistics.c.digest,
    )
    query = select(*columns).where(statistics.c.round_id == round_id)
    newest_first = query.order_by(statistics.c.number.desc()).offset(start).limit(limit)
    return [Listed(*row) for row in await connection.execute(newest_first)]


def _snapshot(row: Row[Any]) -> Snapshot:
    return Snapshot(
        row.round_id, row.number, row.seq, row.published_ms, row.digest, zlib.decompress(row.body)
    )


async def add(connection: AsyncConnection, snapshot: Snapshot) -> None:
    """Keep a publication."""
    await connection.execute(
        insert(statistics).values(
            round_id=snapshot.round_id,
            number=snapshot.number,
            seq=snapshot.seq,
            published_ms=snapshot.published_ms,
            digest=snapshot.digest,
            body=zlib.compress(snapshot.body, 6),
        )
    )
