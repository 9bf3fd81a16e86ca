"""Seats left, as published: one snapshot a round, never changed and never added to another."""

import anyio.to_thread

from importers.plans import MajorRow
from service.board import Board
from service.errors import Refusal
from service.events import from_ms
from service.moments import moment
from service.result_shapes import UnfilledPublication, UnfilledRow, UnfilledView
from service.store import results, rounds
from service.store.engine import Engine, reading
from service.views.public import round_board

MOST_READ = 4
"""Accounts kept as read; one of a whole province has 25,000 rows. Readers change nothing in them."""

_read: dict[str, UnfilledView] = {}


async def unfilled(engine: Engine, board: Board, round_code: str) -> UnfilledView:
    """Every major's account of a round.

    Raises:
        Refusal: `not-found` for the round, `not-published`.
    """
    digest = await unfilled_digest(engine, board, round_code)
    if digest in _read:
        return _read[digest]
    async with reading(engine) as connection:
        published = await results.unfilled_of(connection, board.rounds[round_code].terms.round_id)
    if published is None:
        raise Refusal("not-published", what=round_code)
    table = await anyio.to_thread.run_sync(lambda: published.content)
    while len(_read) >= MOST_READ:
        del _read[next(iter(_read))]
    _read[digest] = table  # type: ignore[assignment]  # written by publish_unfilled alone
    return _read[digest]


async def unfilled_digest(engine: Engine, board: Board, round_code: str) -> str:
    """The digest of a round's published account, without reading it.

    Raises:
        Refusal: `not-found` for the round, `not-published`.
    """
    one = round_board(board, round_code)
    async with reading(engine) as connection:
        digest = await results.unfilled_digest(connection, one.terms.round_id)
    if digest is None:
        raise Refusal("not-published", what=round_code)
    return digest


async def unfilled_publications(engine: Engine, board: Board) -> list[UnfilledPublication]:
    """The rounds whose seats left are published, the newest first."""
    async with reading(engine) as connection:
        found = await results.unfilled_moments(connection)
    return [
        {
            "round": code,
            "name": board.rounds[code].terms.file.name,
            "published_at": moment(from_ms(published_ms)),
        }
        for code, published_ms in found
        if code in board.rounds
    ]


async def seats_left(engine: Engine, round_code: str) -> list[MajorRow]:
    """The seats left of a round as published, as rows of a plan; 0 where a major is full.

    Raises:
        Refusal: `not-found` for the round, `not-published`.
    """
    async with reading(engine) as connection:
        known = (await rounds.revisions(connection)).get(round_code)
        if known is None:
            raise Refusal("not-found", what=round_code)
        published = await results.unfilled_of(connection, known[0])
    if published is None:
        raise Refusal("not-published", what=round_code)
    content: UnfilledView = published.content  # type: ignore[assignment]  # as above
    return [as_plan_row(row) for row in content["items"]]


def as_plan_row(row: UnfilledRow) -> MajorRow:
    """A published row as a row of a plan, its quota the seats left."""
    return MajorRow(
        line=0,
        batch="",
        track=row["track"],
        institution_code=row["institution_code"],
        institution_name=row["institution_name"],
        plan_nature=row["plan_nature"],
        major_code=row["major_code"],
        major_name=row["major_name"],
        quota=row["unfilled"],
        tuition=row["tuition"],
        duration=row["duration"],
        notes=row["notes"],
    )
