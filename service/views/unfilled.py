"""Seats left, as published: one snapshot a round, never changed and never added to another."""

from service.board import Board
from service.errors import Refusal
from service.events import from_ms
from service.moments import moment
from service.result_shapes import UnfilledPublication, UnfilledView
from service.store import results
from service.store.engine import Engine, reading
from service.views.public import round_board


async def unfilled(engine: Engine, board: Board, round_code: str) -> UnfilledView:
    """Every major's account of a round.

    Raises:
        Refusal: `not-found` for the round, `not-published`.
    """
    one = round_board(board, round_code)
    async with reading(engine) as connection:
        published = await results.unfilled_of(connection, one.terms.round_id)
    if published is None:
        raise Refusal("not-published", what=round_code)
    return published.content  # type: ignore[return-value]  # written by publish_unfilled alone


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
