"""What the office has done to rounds: drafts, pauses, segments that close later."""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.events import from_ms, to_ms
from service.store.engine import upsert
from service.store.schema import batch, extension, gate, round_, season


async def extensions_of(connection: AsyncConnection, round_id: int) -> dict[str, datetime]:
    """The later closes that outage extensions gave a round's segments, by gate name."""
    rows = await connection.execute(select(extension).where(extension.c.round_id == round_id))
    return {row.gate: from_ms(row.closes_ms) for row in rows}


async def extend_gate(
    connection: AsyncConnection, round_id: int, name: str, closes: datetime, act_id: int
) -> bool:
    """Let a segment close later; whether it was sealed, and so is open again."""
    later = upsert(connection, extension).values(
        round_id=round_id, gate=name, closes_ms=to_ms(closes), act_id=act_id
    )
    await connection.execute(later)
    seal = delete(gate).where(gate.c.round_id == round_id, gate.c.name == name)
    return (await connection.execute(seal)).rowcount > 0


async def set_draft(connection: AsyncConnection, round_id: int, *, draft: bool) -> None:
    """Keep a round from the public, or let it be seen."""
    await connection.execute(update(round_).where(round_.c.id == round_id).values(draft=draft))


async def set_paused(connection: AsyncConnection, round_id: int, at: datetime | None) -> None:
    """Pause a round since `at`, or let it go on."""
    paused_ms = None if at is None else to_ms(at)
    await connection.execute(
        update(round_).where(round_.c.id == round_id).values(paused_ms=paused_ms)
    )


async def is_public(connection: AsyncConnection, code: str) -> bool:
    """Whether there is a round of this code that is no draft."""
    query = select(round_.c.id).where(round_.c.code == code, round_.c.draft.is_(False))
    return (await connection.scalar(query)) is not None


async def season_is_public(connection: AsyncConnection, code: str) -> bool:
    """Whether any round of this season is no draft."""
    of_season = select(batch.c.id).join(season).where(season.c.code == code)
    query = select(round_.c.id).where(round_.c.batch_id.in_(of_season), round_.c.draft.is_(False))
    query = query.limit(1)
    return (await connection.scalar(query)) is not None
