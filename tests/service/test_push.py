"""From the log to the screens: only what changed, only the newest, and what all would see."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from ranking.rules import UnitKey
from service import views
from service.errors import Refusal
from service.push.follower import Follower
from service.push.hub import SOCKETS_PER_CANDIDATE, STALE_AFTER, Hub
from service.store.engine import DatabaseFault, writing
from service.store.schema import head
from tests.builders import PLAN, ROUND, ROUND_FILE, Client, House, loaded_sqlite, opened
from tests.service.moves import NUMBERS, QUICK, moves, round_of

UNIT = UnitKey("5012", "理科", "")
APART = ("seq", "as_of", "type")


def truth(message: dict[str, Any]) -> dict[str, Any]:
    """A message less the moment it was true at."""
    return {name: value for name, value in message.items() if name not in APART}


class Screen:
    """A watcher's client: it applies what it is sent, and reads only now and then."""

    def __init__(self, house: House, number: str | None) -> None:
        self.number = number
        self.hub = house.hub
        watching = {"units": [UNIT]} if number is None else {"candidate_id": house.ids[number]}
        self.client = Client(house.hub, ROUND, **watching)
        self.state: str = views.state_of(round_of(house))
        self.shown: dict[str, Any] = {}

    def read(self) -> None:
        for message in self.client.news():
            if message["type"] == "round":
                self.state = message["state"]
            else:
                self.shown = truth(message)
        self.client.busy()

    def agrees(self, house: House) -> None:
        self.read()
        newcomer = Screen(house, self.number)
        newcomer.read()
        self.hub.leave(newcomer.client.watcher)
        assert self.shown == newcomer.shown
        assert self.state == newcomer.state
        if self.number is not None:
            assert self.shown == truth({**house.standing(self.number)})


@settings(max_examples=20, deadline=None, phases=QUICK)
@given(moves(least=3, most=20), st.data())
def test_a_watcher_sees_exactly_what_a_newcomer_is_given(life, data):
    """From whatever moment one watches, however slowly one reads."""
    joins = data.draw(st.lists(st.integers(0, len(life)), min_size=7, max_size=7), label="joins")
    audience = list(zip((*NUMBERS, None), joins, strict=True))
    reads = data.draw(st.lists(st.booleans(), min_size=7 * len(life), max_size=7 * len(life)))

    async def live() -> None:
        async with opened(f"sqlite+aiosqlite:///{folder}/mingci.db") as house:
            await house.board.catch_up()
            screens: list[Screen] = []
            for n, move in enumerate(life):
                screens += [Screen(house, who) for who, join in audience if join == n]
                await move.play(house)
                for k, screen in enumerate(screens):
                    if reads[7 * n + k]:
                        screen.read()
            screens += [Screen(house, who) for who, join in audience if join == len(life)]
            await house.tick()
            for screen in screens:
                screen.agrees(house)

    with TemporaryDirectory() as folder:
        loaded_sqlite(Path(folder))
        asyncio.run(live())


async def test_a_newcomer_is_welcomed_and_given_the_newest_at_once(small: House):
    welcome, standing = small.watch("101").read()
    assert welcome == {
        "type": "welcome",
        "epoch": small.board.epoch,
        "seq": small.board.seq,
        "server_time": "2026-08-01T08:30:00.000+08:00",
        "heartbeat_s": small.hub.heartbeat_s,
    }
    assert standing == {"type": "standing", **small.standing("101")}


async def test_nothing_is_sent_when_nothing_one_sees_changed(small: House):
    # after the create lock nobody else can come, so that not even certainty changes for 106
    await small.file("106", "00", ("A1",))
    await small.file("101", "5012")
    small.clock.at("10:30")
    await small.desk.pass_gates()
    await small.board.catch_up()
    client = small.watch("106")
    client.read()
    await small.tick()
    assert client.read() == []
    await small.file("101", "5037")
    await small.tick()
    assert client.read() == []


async def test_a_slow_reader_is_left_only_the_newest(small: House):
    client = small.watch("102")
    client.read()
    client.busy()
    for number in ("102", "101", "103"):
        await small.file(number, "5012")
        await small.tick()
    (message,) = [m for m in client.read() if m["type"] == "standing"]
    assert (message["applicants"], message["seq"]) == (3, small.board.seq)


async def test_what_waits_is_sent_in_the_order_in_which_its_kinds_came(small: House):
    client = small.watch("102")
    client.read()
    client.busy()
    mailbox = client.watcher.mailbox
    for kind, n in (("standing", 1), ("heartbeat", 2), ("standing", 3), ("round", 4)):
        mailbox.put(kind, json.dumps({"type": kind, "n": n}).encode())
    assert [message["n"] for message in client.read()] == [3, 2, 4]
    assert client.read() == []


async def test_a_gate_that_passes_is_told_with_the_new_lock(small: House):
    await small.desk.pass_gates()
    await small.board.catch_up()
    own, public = small.watch("101"), Client(small.hub, ROUND, units=[UNIT])
    own.read()
    public.read()
    small.clock.at("11:00")
    await small.desk.pass_gates()
    await small.tick()
    round_message = {"type": "round", "round": ROUND, "state": "closing"}
    first, standing = own.read()
    assert first == round_message
    assert standing["lock"]["state"] == "locked"
    assert public.read() == [round_message]


async def test_a_candidate_has_three_connections_and_a_left_one_makes_room(small: House):
    clients = [small.watch("101") for _ in range(SOCKETS_PER_CANDIDATE)]
    with pytest.raises(Refusal) as refusal:
        small.watch("101")
    assert refusal.value.code == "too-many-connections"
    small.watch("102")
    small.hub.leave(clients[0].watcher)
    small.hub.leave(clients[0].watcher)
    small.watch("101")
    with pytest.raises(Refusal):
        small.watch("101")
    assert small.hub.count == SOCKETS_PER_CANDIDATE + 1


async def test_a_worker_that_is_full_says_so(small: House, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("service.push.hub.SOCKETS_PER_WORKER", 1)
    small.watch("101")
    with pytest.raises(Refusal) as refusal:
        small.watch("102")
    assert refusal.value.code == "overloaded"


async def test_public_figures_are_watched_where_the_round_allows_it(small: House):
    client = Client(small.hub, ROUND, units=[UNIT, UnitKey("5037", "理科", "")])
    (message,) = client.news()
    assert message["items"] == views.statistics_rows(round_of(small))[:2]
    with pytest.raises(Refusal) as refusal:
        Client(small.hub, ROUND, units=[UnitKey("9999", "理科", "")])
    assert refusal.value.code == "unknown-unit"
    await small.import_round(ROUND_FILE.replace("live_statistics = true", ""))
    await small.board.catch_up()
    with pytest.raises(Refusal) as refusal:
        Client(small.hub, ROUND, units=[UNIT])
    assert refusal.value.code == "not-published"


async def test_a_round_that_stops_being_live_sends_its_watchers_away(small: House):
    public, own = Client(small.hub, ROUND, units=[UNIT]), small.watch("101")
    await small.import_round(ROUND_FILE.replace("live_statistics = true", ""))
    await small.file("101", "5012")
    await small.tick()
    assert public.ended is not None
    assert public.ended.code == "not-published"
    assert own.read()[-1]["rank"] == 1


async def test_who_watches_a_unit_that_goes_is_sent_away_and_holds_up_nobody(small: House):
    gone, other = Client(small.hub, ROUND, units=[UnitKey("00", "理科", "")]), small.watch("101")
    await small.import_plan("\n".join(x for x in PLAN.splitlines() if "零号" not in x))
    await small.file("101", "5012")
    await small.tick()
    assert gone.ended is not None
    assert gone.ended.code == "unknown-unit"
    assert other.read()[-1]["rank"] == 1
    assert small.hub.count == 1


async def test_another_history_sends_everybody_away_to_begin_anew(small: House):
    client = small.watch("101")
    async with writing(small.engine) as connection:
        await connection.execute(update(head).values(epoch="restored"))
    await small.tick()
    assert client.ended is not None
    assert client.ended.code == "unavailable"
    welcome, standing = small.watch("101").read()
    assert welcome["epoch"] == "restored"
    assert standing["type"] == "standing"


async def test_heartbeats_stop_while_the_board_is_stale(small: House):
    hub = Hub(small.board, small.clock, tick_s=0.001, heartbeat_s=0)
    client = Client(hub, ROUND, candidate_id=small.ids["101"])
    client.read()

    async def beats() -> list[dict[str, Any]]:
        client.busy()
        running = asyncio.create_task(hub.run())
        await asyncio.sleep(0.02)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return client.read()

    (beat,) = await beats()
    assert (beat["type"], beat["seq"]) == ("heartbeat", small.board.seq)
    small.clock.now = small.board.as_of + STALE_AFTER + timedelta(milliseconds=1)
    assert await beats() == []
    await small.board.catch_up()
    assert [m["type"] for m in await beats()] == ["heartbeat"]


async def test_a_follower_survives_a_database_that_is_away_for_a_while(small: House, monkeypatch):
    fault = [DatabaseFault("away")]
    catch_up = small.board.catch_up

    async def sometimes() -> None:
        if fault:
            raise fault.pop()
        await catch_up()

    monkeypatch.setattr(small.board, "catch_up", sometimes)
    following = asyncio.create_task(Follower(small.board, 0.005).run())
    given_ = await small.file("101", "5012")
    async with asyncio.timeout(5):
        while small.board.seq < given_.seq:  # noqa: ASYNC110 a board has nothing to wait on
            await asyncio.sleep(0.005)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert fault == []
