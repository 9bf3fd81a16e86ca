"""The event log: append under the head's lock, follow from any seq."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import msgspec
from sqlalchemy import Connection, Row, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import StoreError
from service.events import CHOICES, Event, Kind, from_ms, to_ms
from service.store.bulk import insert_rows
from service.store.schema import head, log

_HEAD = select(head.c.seq, head.c.epoch).where(head.c.id == 1)
_ADVANCE = update(head).where(head.c.id == 1).values(seq=bindparam("newest"))


@dataclass(frozen=True, slots=True)
class Head:
    """The last seq given out, and the history it belongs to."""

    seq: int
    epoch: str


async def read_head(connection: AsyncConnection) -> Head:
    """Where the log stands in this transaction.

    Raises:
        StoreError: when the database has no head row, so was never migrated.
    """
    return await connection.run_sync(head_now)


def head_now(connection: Connection) -> Head:
    """The same, on a plain connection."""
    row = connection.execute(_HEAD).first()
    if row is None:
        raise StoreError(
            "the database has no head row; run `mingci serve` or `mingci import` first"
        )
    return Head(row.seq, row.epoch)


async def append(connection: AsyncConnection, events: Sequence[Event]) -> list[Event]:
    """Write `events` at the log's end, in order, and return them as a follower will read them.

    The connection must come from `writing`: the head's lock is what makes seq gapless.
    """
    if not events:
        return []
    start = (await read_head(connection)).seq
    kept = [replace(event, at=from_ms(to_ms(event.at))) for event in events]
    return await connection.run_sync(append_after, start, kept)


def append_after(connection: Connection, start: int, events: Sequence[Event]) -> list[Event]:
    """The same on a plain connection, the head read already, moments in whole milliseconds."""
    if not events:
        return []
    numbered = [
        event if event.seq == seq else replace(event, seq=seq)
        for seq, event in enumerate(events, start + 1)
    ]
    insert_rows(connection, log, [_row(event) for event in numbered])
    advance(connection, numbered[-1].seq)
    return numbered


def advance(connection: Connection, seq: int) -> None:
    """Move the head to the last seq given out."""
    connection.execute(_ADVANCE, {"newest": seq})


async def follow(connection: AsyncConnection, after: int, limit: int = 10_000) -> list[Event]:
    """The events with seq > `after`, oldest first, at most `limit`."""
    rows = await connection.execute(
        select(log).where(log.c.seq > after).order_by(log.c.seq).limit(limit)
    )
    return [_event(row) for row in rows]


async def unit_moves(
    connection: AsyncConnection, round_id: int, after: int, until: int
) -> list[tuple[int | None, int | None]]:
    """(unit id before, unit id after) of each choice event with `after` < seq <= `until`, in order.

    Before is what the same candidate held at that moment; None is no choice.
    """
    of_round = (log.c.round_id == round_id, log.c.kind.in_(CHOICES))
    window = (*of_round, log.c.seq > after, log.c.seq <= until)
    movers = select(log.c.candidate_id).where(*window)
    newest = (
        select(func.max(log.c.seq))
        .where(*of_round, log.c.seq <= after, log.c.candidate_id.in_(movers))
        .group_by(log.c.candidate_id)
    )
    columns = select(log.c.candidate_id, log.c.unit_id)
    earlier = await connection.execute(columns.where(log.c.seq.in_(newest)))
    held: dict[int, int | None] = {row.candidate_id: row.unit_id for row in earlier}
    moves = []
    for row in await connection.execute(columns.where(*window).order_by(log.c.seq)):
        moves.append((held.get(row.candidate_id), row.unit_id))
        held[row.candidate_id] = row.unit_id
    return moves


def _event(row: Row[Any]) -> Event:
    return Event(
        row.seq,
        cast("Kind", row.kind),
        from_ms(row.at_ms),
        row.round_id,
        row.candidate_id,
        row.unit_id,
        row.first_major_id,
        None if row.body is None else msgspec.json.decode(row.body),
    )


def _row(event: Event) -> tuple[object, ...]:
    body = None if event.body is None else msgspec.json.encode(event.body).decode()
    place = (event.round_id, event.candidate_id, event.unit_id, event.first_major_id)
    return (event.seq, event.kind, to_ms(event.at), *place, body)
