"""Published statistics: snapshots that never change."""

import json
import zlib
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import func, insert, select
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
    def content(self) -> dict[str, object]:
        """The published table as JSON values."""
        return _content_of(self.body)


@lru_cache(maxsize=4)
def _content_of(body: bytes) -> dict[str, object]:
    """The JSON values of a table, kept while it is asked for: it never changes."""
    content: dict[str, object] = json.loads(body)
    return content


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
    if row is None:
        return None
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
