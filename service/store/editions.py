"""Editions of a plan: every import that changed it, kept as it was and never changed."""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from importers.plans import MajorRow, read_plan
from importers.tables import Source
from importers.written import plan_csv
from service.errors import StoreError
from service.store.schema import plan_edition


@dataclass(frozen=True, slots=True)
class Edition:
    """A plan as it was after one import; `seq` is the import's, `digest` of its rows as CSV."""

    round_id: int
    number: int
    seq: int
    imported_ms: int
    digest: str
    rows: tuple[MajorRow, ...]


async def add(
    connection: AsyncConnection,
    round_id: int,
    seq: int,
    imported_ms: int,
    rows: Sequence[MajorRow],
) -> None:
    """Keep the next edition of a round's plan, imported at `seq`."""
    of_round = plan_edition.c.round_id == round_id
    last: int = (
        await connection.scalar(select(func.max(plan_edition.c.number)).where(of_round)) or 0
    )
    body = plan_csv(rows)
    await connection.execute(
        insert(plan_edition).values(
            round_id=round_id,
            number=last + 1,
            seq=seq,
            imported_ms=imported_ms,
            digest=hashlib.sha256(body).hexdigest(),
            body=zlib.compress(body, 6),
        )
    )


async def forget(connection: AsyncConnection, round_id: int) -> None:
    """Drop a round's editions: those of a draft, which nobody outside has seen."""
    await connection.execute(delete(plan_edition).where(plan_edition.c.round_id == round_id))


async def up_to(
    connection: AsyncConnection, round_id: int, number: int | None, count: int
) -> list[Edition]:
    """Edition `number` (None: the newest) and those before it, newest first, at most `count`."""
    query = select(plan_edition).where(plan_edition.c.round_id == round_id)
    if number is not None:
        query = query.where(plan_edition.c.number <= number)
    rows = await connection.execute(query.order_by(plan_edition.c.number.desc()).limit(count))
    return [_edition(row) for row in rows]


async def as_of(connection: AsyncConnection, round_id: int, seq: int) -> Edition | None:
    """The edition that was in force at `seq`; None before the first."""
    place = (plan_edition.c.round_id == round_id, plan_edition.c.seq <= seq)
    query = select(plan_edition).where(*place).order_by(plan_edition.c.number.desc()).limit(1)
    row = (await connection.execute(query)).first()
    return None if row is None else _edition(row)


def _edition(row: Row[Any]) -> Edition:
    majors, report = read_plan(Source("plan.csv", zlib.decompress(row.body)))
    if not report.accepted:
        raise StoreError(f"a stored edition of a plan does not read: {report.faults[0]}")
    return Edition(row.round_id, row.number, row.seq, row.imported_ms, row.digest, majors)
