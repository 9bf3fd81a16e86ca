"""Choices, their receipts, and which idempotency key was answered with which."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.engine import read_columns
from service.store.schema import candidate, choice, log, receipt, unit

NO_FIRST_MAJOR = -1
"""In HeldColumns: less than any row id."""


@dataclass(frozen=True, slots=True)
class Held:
    """The newest version of a candidate's choice in a round; `unit_id` None: withdrawn."""

    round_id: int
    candidate_id: int
    version: int
    unit_id: int | None
    first_major_id: int | None
    seq: int


class Listed(NamedTuple):
    """The majors of a choice held, by row id in order of preference, and adjustment or not."""

    candidate_id: int
    majors: tuple[int, ...]
    accepts_adjustment: bool


class _Filed(msgspec.Struct):
    """What is read of a `choice_filed` event's body."""

    majors: tuple[int, ...]
    accepts_adjustment: bool


_decoder = msgspec.json.Decoder(_Filed)


@dataclass(frozen=True, slots=True)
class HeldColumns:
    """A round's choices as columns of row ids, all (n,) int32, in no order."""

    candidate_id: NDArray[np.int32]
    unit_id: NDArray[np.int32]
    first_major_id: NDArray[np.int32]
    """NO_FIRST_MAJOR where the choice lists no major."""

    def without(self, gone: Collection[int]) -> "HeldColumns":
        """The choices of the others."""
        if not gone:
            return self
        kept = ~np.isin(self.candidate_id, list(gone))
        return HeldColumns(self.candidate_id[kept], self.unit_id[kept], self.first_major_id[kept])


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored receipt: its canonical body as answered, and what the fingerprint was made with."""

    seq: int
    id: str
    round_id: int
    candidate_id: int
    body: str
    salt: bytes
    device: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An idempotency key, the digest of the request it came with, and the receipt it got."""

    candidate_id: int
    key: str
    request_digest: str
    receipt_seq: int


async def held_by(connection: AsyncConnection, round_id: int, candidate_id: int) -> Held | None:
    """The choice of one candidate in one round."""
    query = select(choice).where(
        choice.c.round_id == round_id, choice.c.candidate_id == candidate_id
    )
    row = (await connection.execute(query)).first()
    return None if row is None else Held(*row)


async def held_in(connection: AsyncConnection, round_id: int) -> HeldColumns:
    """All choices of a round; withdrawn ones left out."""
    first_major = func.coalesce(choice.c.first_major_id, NO_FIRST_MAJOR)
    query = select(choice.c.candidate_id, choice.c.unit_id, first_major)
    columns = await read_columns(
        connection, query.where(choice.c.round_id == round_id, choice.c.unit_id.is_not(None))
    )
    return HeldColumns(*(np.array(column, np.int32) for column in columns))


async def listed_in(connection: AsyncConnection, round_id: int) -> list[Listed]:
    """What every choice held lists, from the event that filed it; withdrawn ones left out."""
    query = select(choice.c.candidate_id, log.c.body).join(log, log.c.seq == choice.c.seq)
    rows = await connection.execute(
        query.where(choice.c.round_id == round_id, choice.c.unit_id.is_not(None))
    )
    return [
        Listed(candidate_id, said.majors, said.accepts_adjustment)
        for candidate_id, body in rows
        for said in [_decoder.decode(body)]
    ]


async def held_units(connection: AsyncConnection, round_id: int) -> set[tuple[int, int | None]]:
    """The (unit id, first major id) that somebody of a round holds now."""
    query = select(choice.c.unit_id, choice.c.first_major_id).distinct()
    rows = await connection.execute(
        query.where(choice.c.round_id == round_id, choice.c.unit_id.is_not(None))
    )
    return {(r.unit_id, r.first_major_id) for r in rows}


async def held_across_tracks(connection: AsyncConnection, season_id: int) -> int:
    """How many of a season hold a choice in a unit that is not of their own track."""
    query = (
        select(func.count())
        .select_from(choice)
        .join(unit, unit.c.id == choice.c.unit_id)
        .join(candidate, candidate.c.id == choice.c.candidate_id)
        .where(candidate.c.season_id == season_id, candidate.c.track != unit.c.track)
    )
    return await connection.scalar(query) or 0


async def receipt_at(connection: AsyncConnection, seq: int) -> Kept:
    """The receipt given for this seq, which a choice held names."""
    row = (await connection.execute(select(receipt).where(receipt.c.seq == seq))).one()
    return Kept(*row)


async def receipt_called(
    connection: AsyncConnection, candidate_id: int, receipt_id: str
) -> Kept | None:
    """A candidate's own receipt."""
    query = select(receipt).where(
        receipt.c.id == receipt_id, receipt.c.candidate_id == candidate_id
    )
    row = (await connection.execute(query)).first()
    return None if row is None else Kept(*row)


async def receipts_of(connection: AsyncConnection, candidate_id: int, round_id: int) -> list[Kept]:
    """Every receipt of a candidate in a round, oldest first."""
    query = select(receipt).where(
        receipt.c.candidate_id == candidate_id, receipt.c.round_id == round_id
    )
    return [Kept(*r) for r in await connection.execute(query.order_by(receipt.c.seq))]


async def receipts_until(connection: AsyncConnection, round_id: int, seq: int) -> list[str]:
    """The bodies of all receipts a round has given up to `seq`, in order."""
    query = select(receipt.c.body).where(receipt.c.round_id == round_id, receipt.c.seq <= seq)
    return list((await connection.scalars(query.order_by(receipt.c.seq))).all())
