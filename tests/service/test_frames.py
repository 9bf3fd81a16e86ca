"""Encoded standings: the same for one as for many, and the same as the view."""

import asyncio
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from service import views
from service.push import frames
from tests.builders import ROUND, House, loaded_sqlite, opened
from tests.service.moves import QUICK, moves, round_of


def everybodys_frames_say_what_the_views_say(house: House, encoder: frames.Encoder) -> None:
    one = encoder.round
    ids = list(one.row_by_candidate)
    rows = [one.row_by_candidate[who] for who in ids]
    head = frames.head("standing", ROUND, house.board.seq, views.moment(house.board.as_of))
    alone = [encoder.one(row) for row in rows]
    assert encoder.many(np.array(rows, np.intp)) == alone
    for who, body in zip(ids, alone, strict=True):
        told = json.loads(frames.message(head, body))
        assert told == {"type": "standing", **views.standing(house.board, ROUND, who)}


@settings(max_examples=8, deadline=None, phases=QUICK)
@given(moves(least=3, most=20))
def test_a_frame_says_what_the_view_says(life):
    """Alone and among many, while one encoder lives on through gates and choices."""

    async def live() -> None:
        async with opened(f"sqlite+aiosqlite:///{folder}/mingci.db") as house:
            await house.board.catch_up()
            encoder = frames.Encoder(round_of(house))
            for move in life:
                await move.play(house)
                await house.board.catch_up()
                if encoder.round is not round_of(house):
                    encoder = frames.Encoder(round_of(house))
                everybodys_frames_say_what_the_views_say(house, encoder)

    with TemporaryDirectory() as folder:
        loaded_sqlite(Path(folder))
        asyncio.run(live())


async def test_nobody_holds_a_choice_and_an_audience_of_nobody(small: House):
    encoder = frames.Encoder(round_of(small))
    everybodys_frames_say_what_the_views_say(small, encoder)
    assert encoder.many(np.array([], np.intp)) == []


@given(st.lists(st.integers(0, 99_999_999), min_size=1))
def test_fields_of_digits_read_as_the_numbers(numbers):
    fields = frames.digits(np.array(numbers, np.int32))
    assert [field.tobytes() for field in fields] == [b"%8d" % number for number in numbers]
