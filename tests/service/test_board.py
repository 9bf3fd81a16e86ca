"""The board: the log folded, the same whoever folds it and in whatever steps."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from sqlalchemy import update

from ranking.standing import STATUS_NAMES, standing_of
from service.board import Board
from service.store import log, people
from service.store.engine import writing
from service.store.schema import head
from tests import oracles
from tests.builders import CANDIDATES, PLAN, ROUND, ROUND_FILE, House, loaded_sqlite, opened
from tests.service.moves import PLANS, QUICK, as_people, bytes_of, moves, round_of

SECOND = ROUND_FILE.replace(ROUND, "2026-first-2")


@asynccontextmanager
async def a_house(folder: str):
    async with opened(f"sqlite+aiosqlite:///{folder}/mingci.db") as house:
        await house.board.catch_up()
        yield house


@settings(max_examples=15, deadline=None, phases=QUICK)
@given(life=moves())
def test_a_board_fed_by_the_log_is_the_board_built_from_the_database(life):
    async def live() -> None:
        async with a_house(folder) as house:
            for move in life:
                await move.play(house)
            await house.board.catch_up()
            rebuilt = Board(house.engine, house.clock)
            await rebuilt.catch_up()
            assert (house.board.seq, house.board.epoch) == (rebuilt.seq, rebuilt.epoch)
            assert bytes_of(house.board) == bytes_of(rebuilt)

    with TemporaryDirectory() as folder:
        loaded_sqlite(Path(folder))
        asyncio.run(live())


@settings(max_examples=8, deadline=None, phases=QUICK)
@given(life=moves(least=6))
def test_standings_are_the_naive_definitions(life):
    async def live() -> None:
        async with a_house(folder) as house:
            for move in life:
                await move.play(house)
            await house.board.catch_up()
            one = round_of(house)
            people_, offers = as_people(one)
            for row in range(len(people_)):
                if people_[row].unit is None:
                    continue
                mine = standing_of(one.book, one.computed().standings, row)
                naive = oracles.standing(people_, offers, row)
                assert naive is not None
                assert STATUS_NAMES[mine.status] == naive.status
                for name in set(naive._fields) - {"status"}:
                    assert getattr(mine, name) == getattr(naive, name), name

    with TemporaryDirectory() as folder:
        loaded_sqlite(Path(folder))
        asyncio.run(live())


async def test_whoever_waits_for_a_seq_sees_its_effect(small: House):
    given_ = await small.file("101", "5012")
    assert small.standing("101")["rank"] is None
    await small.board.reached(given_.seq)
    assert small.standing("101")["rank"] == 1
    assert small.board.seq >= given_.seq


async def test_many_who_wait_at_once_are_served_by_few_looks(small: House, monkeypatch):
    looks = []
    catch_up = Board._catch_up

    async def counted(board: Board) -> None:
        looks.append(board.seq)
        await catch_up(board)

    monkeypatch.setattr(Board, "_catch_up", counted)
    given_ = await small.file("101", "5012")
    await asyncio.gather(*(small.board.reached(given_.seq) for _ in range(50)))
    assert len(looks) == 1


async def test_an_import_while_running_reaches_the_board_with_choices_kept(small: House):
    await small.file("101", "5037")
    await small.board.catch_up()
    await small.import_candidates(CANDIDATES + "108,壬,理科,640,0,\n")
    await small.file("108", "5037")
    await small.import_plan(PLANS[1])
    await small.board.catch_up()
    standing = small.standing("101")
    assert (standing["rank"], standing["applicants"], standing["plan"]) == (2, 2, 1)


async def test_a_fold_in_small_steps_is_the_same(small: House, monkeypatch):
    follow = log.follow
    for institution in ("5012", "5037", "00"):
        await small.file("101", institution, ())
        await small.import_plan(PLANS[1] if institution == "5037" else PLAN)
    monkeypatch.setattr(log, "follow", lambda c, after: follow(c, after, limit=2))
    await small.board.catch_up()
    monkeypatch.undo()
    rebuilt = Board(small.engine, small.clock)
    await rebuilt.catch_up()
    assert small.board.seq == rebuilt.seq
    assert bytes_of(small.board) == bytes_of(rebuilt)


async def test_nobody_sees_a_state_under_a_seq_it_was_not_true_at(small: House, monkeypatch):
    """An import touches two rounds; while the second is read, the first is not ahead of the seq."""
    await small.import_round(SECOND)
    await small.board.catch_up()
    before = (small.board.seq, bytes_of(small.board))
    await small.import_candidates(CANDIDATES.replace("620", "500"))
    seen = []
    read = people.read_roster

    async def watched(*asked):
        seen.append((small.board.seq, bytes_of(small.board)))
        return await read(*asked)

    monkeypatch.setattr(people, "read_roster", watched)
    await small.board.catch_up()
    assert seen == [before, before]
    assert bytes_of(small.board) != before[1]


async def new_history(house: House, **values: object) -> None:
    async with writing(house.engine) as connection:
        await connection.execute(update(head).values(**values))


async def test_another_epoch_is_another_history_and_the_board_is_built_anew(small, monkeypatch):
    await small.file("101", "5012")
    await small.board.catch_up()
    await new_history(small, epoch="restored")
    seen = []
    read = people.read_roster

    async def watched(*asked):
        seen.append(sorted(small.board.rounds))
        return await read(*asked)

    monkeypatch.setattr(people, "read_roster", watched)
    version = round_of(small).version
    await small.board.catch_up()
    assert small.board.epoch == "restored"
    assert seen == [[ROUND]]  # readers have a whole board while the new one is built
    assert small.standing("101")["rank"] == 1
    assert round_of(small).version > version


async def test_a_log_that_is_shorter_is_another_history(small: House):
    await small.file("101", "5012")
    await small.board.catch_up()
    seq = small.board.seq
    await new_history(small, seq=seq - 1)
    version = round_of(small).version
    await small.board.catch_up()
    assert small.board.seq == seq - 1
    assert round_of(small).version > version


async def test_the_moment_of_a_board_is_when_it_last_looked_and_never_goes_back(small: House):
    small.clock.at("09:00")
    await small.board.catch_up()
    looked = small.board.as_of
    assert looked == small.clock.now
    small.clock.at("08:59")
    await small.board.catch_up()
    assert small.board.as_of == looked


@pytest.mark.parametrize(
    ("time", "locked_from", "creation_closed"),
    [("10:00", None, False), ("10:30", None, True), ("11:00", 600_000, True)],
)
async def test_gates_that_passed_are_what_certainty_counts(
    small, time, locked_from, creation_closed
):
    small.clock.at(time)
    await small.desk.pass_gates()
    await small.board.catch_up()
    gates = round_of(small).gates
    assert (gates.locked_from, gates.creation_closed) == (locked_from, creation_closed)
