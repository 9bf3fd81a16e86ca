"""Choices, their receipts, and which idempotency key was answered with which."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.engine import upsert
from service.store.schema import answered, candidate, choice, receipt, unit


@dataclass(frozen=True, slots=True)
class Held:
    """The newest version of a candidate's choice in a round; `unit_id` None: withdrawn."""

    round_id: int
    candidate_id: int
    version: int
    unit_id: int | None
    first_major_id: int | None
    seq: int


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


async def held_by(
    connection: AsyncConnection, places: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], Held]:
    """The choices at these (round id, candidate id)."""
    wanted = sorted(set(places))
    where = tuple_(choice.c.round_id, choice.c.candidate_id).in_(wanted)
    rows = await connection.execute(select(choice).where(where))
    return {(r.round_id, r.candidate_id): Held(*r) for r in rows}


async def held_in(connection: AsyncConnection, round_id: int) -> list[tuple[int, int, int | None]]:
    """All choices of a round as (candidate id, unit id, first major id); withdrawn ones left out."""
    query = select(choice.c.candidate_id, choice.c.unit_id, choice.c.first_major_id)
    rows = await connection.execute(
        query.where(choice.c.round_id == round_id, choice.c.unit_id.is_not(None))
    )
    return [(r.candidate_id, r.unit_id, r.first_major_id) for r in rows]


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


async def answers_to(
    connection: AsyncConnection, keys: Collection[tuple[int, str]]
) -> dict[tuple[int, str], Answer]:
    """What these (candidate id, key) were answered with before."""
    if not keys:
        return {}
    where = tuple_(answered.c.candidate_id, answered.c.key).in_(sorted(keys))
    rows = await connection.execute(select(answered).where(where))
    return {(r.candidate_id, r.key): Answer(*r) for r in rows}


async def receipts_at(connection: AsyncConnection, seqs: Collection[int]) -> dict[int, Kept]:
    """The receipts given for these seq."""
    if not seqs:
        return {}
    rows = await connection.execute(select(receipt).where(receipt.c.seq.in_(sorted(set(seqs)))))
    return {r.seq: Kept(*r) for r in rows}


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


async def keep(
    connection: AsyncConnection,
    held: Sequence[Held],
    receipts: Sequence[Kept],
    answers: Sequence[Answer],
) -> None:
    """Write one group's choices, receipts and answered keys: a statement each."""
    if held:
        await connection.execute(upsert(connection, choice), [_columns(h) for h in held])
    if receipts:
        await connection.execute(insert(receipt), [_columns(k) for k in receipts])
    if answers:
        await connection.execute(insert(answered), [_columns(a) for a in answers])


def _columns(row: Held | Kept | Answer) -> dict[str, object]:
    return {name: getattr(row, name) for name in row.__slots__}
