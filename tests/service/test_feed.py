"""What reaches a board besides the database: doubled, late, lost, foreign or garbage, it ends true."""

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.board import EARLY_LIMIT, Board, RoundBoard
from service.errors import Refusal
from service.events import IMPORTS, Event, Growth
from service.filing import FilingDesk
from service.push import follower
from service.push.follower import Follower
from service.store import log
from service.store.engine import DatabaseFault
from tests.builders import CANDIDATES, OPENS, PLAN, ROUND, House, loaded_sqlite, opened
from tests.service.moves import PLANS, QUICK, bytes_of, moves, round_of

FOREIGN = "of another history"
GARBAGE = st.builds(
    Event,
    st.integers(-2, 20) | st.integers(0, 2**63 - 1),
    st.sampled_from(["choice_filed", "choice_withdrawn", "statistics_published"]),
    st.just(OPENS),
    st.integers(900, 999) | st.none(),
    st.integers(900, 2**40),
    st.integers(900, 999) | st.none(),
    st.integers(900, 999) | st.none(),
)
"""Events that never were, of rounds and people there are none of."""


async def fresh(house: House) -> Board:
    """A board read from the database now."""
    board = Board(house.engine, house.clock)
    await board.catch_up()
    return board


async def same(board: Board, house: House) -> None:
    """A board holds what one read from the database holds."""
    rebuilt = await fresh(house)
    assert (board.seq, board.epoch) == (rebuilt.seq, rebuilt.epoch)
    assert bytes_of(board) == bytes_of(rebuilt)


def commits(events: list[Event], epoch: str, cuts: list[int]) -> list[Growth]:
    """The log cut into commits, some of one event and some of more."""
    found: list[Growth] = []
    while events:
        size = cuts[len(found) % len(cuts)]
        found.append(Growth(epoch, events[:size]))
        events = events[size:]
    return found


@settings(max_examples=15, deadline=None, phases=QUICK)
@given(life=moves(least=4), cuts=st.lists(st.integers(1, 4), min_size=1))
def test_a_fold_from_the_stream_is_the_fold_from_the_database(life, cuts):
    """Without a single look while no import is in the way."""

    async def live() -> None:
        async with opened(f"sqlite+aiosqlite:///{folder}/mingci.db") as house:
            hearing = await fresh(house)
            for move in life:
                await move.play(house)
            news = [event for event in await house.log() if event.seq > hearing.seq]
            for growth in commits(news, hearing.epoch, cuts):
                kinds = {event.kind for event in growth.events if event.seq > hearing.seq}
                carried = msgspec.json.decode(msgspec.json.encode(growth), type=Growth)
                assert carried == growth
                hearing.hear(carried)
                assert hearing.lacks == bool(kinds & IMPORTS)
                if hearing.lacks:
                    await hearing.catch_up()
            await same(hearing, house)

    with TemporaryDirectory() as folder:
        loaded_sqlite(Path(folder))
        asyncio.run(live())


@settings(max_examples=12, deadline=None, phases=QUICK)
@given(life=moves(least=6), data=st.data())
def test_whatever_the_stream_does_to_commits_the_board_ends_the_same(life, data):
    """Doubled, in any order, with some lost, some of another history and some that never were."""

    async def live() -> None:
        async with opened(f"sqlite+aiosqlite:///{folder}/mingci.db") as house:
            hearing = await fresh(house)
            for move in life:
                await move.play(house)
            news = [event for event in await house.log() if event.seq > hearing.seq]
            true = [Growth(hearing.epoch, [event]) for event in news]
            foreign = [Growth(FOREIGN, growth.events) for growth in true]
            false = [Growth(hearing.epoch, [event]) for event in data.draw(st.lists(GARBAGE))]
            for growth in data.draw(st.lists(st.sampled_from([*true, *foreign, *false, None]))):
                if growth is None:
                    await hearing.catch_up()
                else:
                    hearing.hear(growth)
            await hearing.catch_up()
            await same(hearing, house)
            assert not hearing.lacks

    with TemporaryDirectory() as folder:
        loaded_sqlite(Path(folder))
        asyncio.run(live())


async def filed(house: House, *numbers: str) -> list[Growth]:
    """Commits of choices, one each, the first with the gates before it; no board was told."""
    before = len(await house.log())
    for number in numbers:
        await house.file(number, "5012")
    news = (await house.log())[before:]
    gates = len(news) - len(numbers)
    cut = [news[: gates + 1], *([event] for event in news[gates + 1 :])]
    return [Growth(house.board.epoch, events) for events in cut]


async def database_away(*_: object) -> None:
    """What whoever asks the database is told."""
    raise DatabaseFault("away")


async def test_a_commit_overtaken_by_others_is_waited_for(small: House):
    first, second, third = await filed(small, "101", "102", "103")
    small.board.hear(third)
    small.board.hear(second)
    assert (small.board.lacks, small.board.seq) == (True, first.events[0].seq - 1)
    small.board.hear(first)
    assert not small.board.lacks
    assert small.board.seq == third.events[-1].seq
    await same(small.board, small)


async def test_choices_are_folded_without_asking_the_database(small: House, monkeypatch):
    news = await filed(small, "101", "102")

    monkeypatch.setattr(log, "read_head", database_away)
    for growth in news:
        small.board.hear(growth)
        await small.board.reached(growth.events[-1].seq)
    assert small.standing("102")["rank"] == 2


async def test_a_request_waits_for_a_commit_it_has_overtaken(small: House, monkeypatch):
    first, second, third = await filed(small, "101", "102", "103")
    small.board.hear(second)
    waiting = asyncio.create_task(small.board.reached(second.events[-1].seq))
    with monkeypatch.context() as patch:
        patch.setattr(log, "read_head", database_away)
        patch.setattr("service.board.PATIENCE_S", 3600)
        await asyncio.sleep(0)
        small.board.hear(first)
        await waiting
    assert small.board.seq == second.events[-1].seq
    monkeypatch.setattr("service.board.PATIENCE_S", 0.001)
    (last,) = await filed(small, "104")
    small.board.hear(last)
    await small.board.reached(last.events[-1].seq)
    assert small.board.seq == last.events[-1].seq > third.events[-1].seq


async def test_an_import_waits_for_a_look_and_what_follows_it_for_the_import(small: House):
    (before,) = await filed(small, "101")
    await small.import_plan(PLANS[1])
    (after,) = await filed(small, "102")
    imported = (await small.log())[before.events[-1].seq]
    small.board.hear(Growth(small.board.epoch, [*before.events, imported]))
    small.board.hear(after)
    assert (small.board.lacks, small.board.seq) == (True, before.events[-1].seq)
    async with asyncio.timeout(20):
        await small.board.reached(after.events[-1].seq)
    assert small.board.seq == after.events[-1].seq
    await same(small.board, small)


async def test_a_commit_far_ahead_is_not_kept_and_one_that_never_was_is_forgotten(small: House):
    (true,) = await filed(small, "101")
    event = true.events[-1]
    far = replace(event, seq=event.seq + EARLY_LIMIT)
    near = replace(event, seq=event.seq + 2)
    for made_up in (far, near):
        small.board.hear(Growth(small.board.epoch, [made_up]))
    assert (small.board.lacks, small.board.seq) == (True, true.events[0].seq - 1)
    await small.board.catch_up()
    assert not small.board.lacks
    (next_, last) = await filed(small, "102", "103")
    small.board.hear(next_)
    small.board.hear(last)
    await same(small.board, small)


async def test_the_moment_of_a_heard_commit_is_its_own_but_never_ahead_of_the_clock(small: House):
    small.clock.at("09:00")
    (first,) = await filed(small, "101")
    small.clock.at("08:59")
    small.board.hear(first)
    assert small.board.as_of == small.clock.now
    small.clock.at("09:01")
    (second,) = await filed(small, "102")
    small.clock.at("09:30")
    small.board.hear(second)
    assert small.board.as_of == second.events[-1].at < small.clock.now


class Gate:
    """Holds up whoever builds a round until a test lets it pass."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.loop = asyncio.get_running_loop()
        self.arrived = asyncio.Event()
        self.open = threading.Event()
        build = RoundBoard.__init__

        def held_up(*arguments) -> None:
            self.loop.call_soon_threadsafe(self.arrived.set)
            assert self.open.wait(30)
            build(*arguments)

        monkeypatch.setattr(RoundBoard, "__init__", held_up)


async def test_a_round_goes_on_being_read_and_folded_while_it_is_built_anew(small, monkeypatch):
    gate = Gate(monkeypatch)
    (before,) = await filed(small, "101")
    await small.import_candidates(CANDIDATES.replace("620", "500"))
    building = asyncio.create_task(small.board.catch_up())
    await gate.arrived.wait()
    small.board.hear(before)
    assert small.standing("101")["rank"] == 1
    assert small.board.seq == before.events[-1].seq
    meanwhile = await filed(small, "102")
    small.board.hear(meanwhile[0])
    waiting = asyncio.create_task(small.board.reached(meanwhile[0].events[-1].seq))
    await asyncio.sleep(0)
    assert not waiting.done()
    version = round_of(small).version
    gate.open.set()
    await building
    await waiting
    assert [small.standing(number)["rank"] for number in ("102", "101")] == [1, 2]
    assert round_of(small).version > version
    monkeypatch.undo()
    await same(small.board, small)


async def test_a_history_that_ends_while_another_is_built_leaves_nothing(small, monkeypatch):
    gate = Gate(monkeypatch)
    (old,) = await filed(small, "101")
    last = old.events[-1]
    small.board.epoch = "before the restore"
    building = asyncio.create_task(small.board.catch_up())
    await gate.arrived.wait()
    never = replace(last, seq=last.seq + 1, candidate_id=small.ids["102"])
    for event in (*old.events, never, replace(never, seq=last.seq + 2)):
        small.board.hear(Growth("before the restore", [event]))
    gate.open.set()
    await building
    monkeypatch.undo()
    await same(small.board, small)


async def test_a_missing_commit_is_looked_up_long_before_the_tick(small: House, monkeypatch):
    monkeypatch.setattr(follower, "PATIENCE_S", 0.001)
    one = Follower(small.board, tick_s=3600)
    following = asyncio.create_task(one.run())
    _, second = await filed(small, "101", "102")
    one.hear(second)
    async with asyncio.timeout(20):
        while small.board.seq < second.events[-1].seq:  # noqa: ASYNC110 a board has nothing to wait on
            await asyncio.sleep(0.001)
    await small.import_plan(PLANS[2])
    one.hear(small.announced[-1])
    async with asyncio.timeout(20):
        while small.board.seq < small.announced[-1]:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    await same(small.board, small)


async def test_what_is_heard_is_shown_while_the_database_is_away(small: House, monkeypatch):
    first, second = await filed(small, "101", "102")

    monkeypatch.setattr(log, "read_head", database_away)
    small.board.hear(second)
    with pytest.raises(DatabaseFault):
        await small.board.catch_up()
    small.board.hear(first)
    assert small.standing("102")["rank"] == 2
    assert small.board.seq == second.events[-1].seq
    assert small.standing("102")["round"] == ROUND
    monkeypatch.undo()
    await small.import_plan(PLAN)
    await same(small.board, small)


async def test_the_desk_tells_its_commits_as_the_log_has_them(small: House):
    told: list[Growth] = []
    await small.desk.close()
    small.desk = FilingDesk(small.engine, small.clock, told.append)
    small.desk.open()
    small.clock.now += timedelta(microseconds=1)
    await asyncio.gather(*(small.file(number, "5012") for number in ("101", "102", "103")))
    await small.withdraw("102")
    small.clock.at("10:31")
    await small.file("101", "5037")
    small.clock.at("11:00:00.000007")
    await small.desk.pass_gates()
    news = [event for event in await small.log() if event.seq > small.board.seq]
    assert {event.kind for event in news} > {"choice_withdrawn", "gate_passed", "segment_sealed"}
    assert [event for growth in told for event in growth.events] == news
    assert {growth.epoch for growth in told} == {small.board.epoch}
    commits_told = len(told)
    with pytest.raises(Refusal):
        await small.file("101", "5012")
    assert len(told) == commits_told
