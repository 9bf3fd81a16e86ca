"""The websocket on a real port. CONTRACT.md 4."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from websockets.exceptions import ConnectionClosed

from service.receipts import canonical
from tests.builders import PLAN, ROUND, ROUND_FILE, Clock, load, sqlite_url
from tests.web.servers import (
    Server,
    close_code,
    listening,
    message,
    say_hello,
    say_watch,
    until,
)
from web import live_session


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with listening(sqlite_url(tmp_path)) as one:
        yield one


async def test_hello_is_welcomed_and_given_the_standing_at_once(server: Server):
    await server.file("101", "5012")
    async with server.watching("101") as socket:
        welcome = await message(socket)
        assert set(welcome) == {"type", "epoch", "seq", "server_time", "heartbeat_s"}
        assert welcome["type"] == "welcome"
        standing = await message(socket)
        assert standing.pop("type") == "standing"
        asked = (await server.call("101", "GET", "/standing")).json()
        assert {**standing, "as_of": ""} == {**asked, "as_of": ""}


async def test_a_change_filed_by_another_arrives_within_a_second(server: Server):
    await server.file("102", "5012")
    async with server.watching("102") as socket:
        assert (await message(socket, "standing"))["rank"] == 1
        filed = (await server.file("101", "5012")).json()["receipt"]
        async with asyncio.timeout(1):
            pushed = await message(socket, "standing")
        assert (pushed["rank"], pushed["tied"], pushed["applicants"]) == (2, 1, 2)
        assert pushed["seq"] >= filed["seq"]


async def test_what_changes_nothing_for_a_watcher_is_not_pushed(server: Server):
    await server.file("102", "5012")
    async with server.watching("102") as socket:
        await message(socket, "standing")
        await server.file("201", "5012", ("05",))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.recv(), 0.2)


async def test_a_client_that_comes_back_is_given_the_newest(server: Server):
    await server.file("102", "5012")
    async with server.watching("102") as socket:
        welcome = await message(socket, "welcome")
    await server.file("101", "5012")
    async with server.socket() as socket:
        resume = {"epoch": welcome["epoch"], "seq": welcome["seq"]}
        await say_hello(socket, await server.token("102"), resume=resume)
        again = await message(socket, "welcome")
        assert again["epoch"] == welcome["epoch"]
        assert again["seq"] > welcome["seq"]
        assert (await message(socket, "standing"))["rank"] == 2


async def test_a_slow_reader_ends_with_the_newest_standing(server: Server):
    await server.file("106", "5012")
    async with server.watching("106") as socket:
        for candidate in ("101", "102", "103", "104", "105"):
            await server.file(candidate, "5012")
        async with asyncio.timeout(2):
            while (await message(socket, "standing"))["rank"] != 6:
                pass


async def test_heartbeats_tell_the_seq_and_the_servers_time(tmp_path: Path):
    async with (
        listening(sqlite_url(tmp_path), heartbeat_s=1) as server,
        server.watching("101") as socket,
    ):
        assert (await message(socket, "welcome"))["heartbeat_s"] == 1
        beat = await message(socket, "heartbeat")
        assert set(beat) == {"type", "seq", "server_time"}


@pytest.mark.parametrize("token", [None, "", "forged", "\N{SNOWMAN}"])
async def test_without_a_session_the_socket_is_closed_4401(server: Server, token: str | None):
    async with server.socket() as socket:
        await say_hello(socket, token)
        assert await close_code(socket) == 4401


async def test_before_the_first_change_of_the_password_the_socket_is_closed_4401(tmp_path: Path):
    url, clock = sqlite_url(tmp_path), Clock()
    await load(url, clock, must_change_password=True)
    async with (
        listening(url, clock, loaded=True) as server,
        server.watching("101") as socket,
    ):
        assert await close_code(socket) == 4401


async def test_the_cookie_of_an_own_page_signs_in_and_of_another_sites_does_not(server: Server):
    cookie = {"Cookie": f"mingci_session={await server.token('101')}"}
    for origin, welcome in [
        (f"http://127.0.0.1:{server.port}", True),
        ("https://evil.test", False),
    ]:
        async with server.socket(additional_headers=cookie, origin=origin) as socket:
            await say_hello(socket, None)
            if welcome:
                assert (await message(socket))["type"] == "welcome"
            else:
                assert await close_code(socket) == 4401


@pytest.mark.parametrize(
    "nonsense", ["", "{", "[]", '"hello"', '{"type":"bye"}', '{"type":"hello","token":7}', "\x00"]
)
async def test_a_first_message_that_is_none_is_closed_4408(server: Server, nonsense: str):
    async with server.socket() as socket:
        await socket.send(nonsense)
        assert await close_code(socket) == 4408


async def test_who_says_no_hello_in_time_is_closed_4408(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    assert live_session.HELLO_WITHIN_S == 5
    monkeypatch.setattr(live_session, "HELLO_WITHIN_S", 0.1)
    async with server.socket() as socket:
        assert await close_code(socket) == 4408


async def test_the_fourth_socket_of_a_candidate_is_closed_4429(server: Server):
    async with AsyncExitStack() as stack:
        for _ in range(3):
            socket = await stack.enter_async_context(server.watching("101"))
            await message(socket, "standing")
        fourth = await stack.enter_async_context(server.watching("101"))
        assert await close_code(fourth) == 4429
        other = await stack.enter_async_context(server.watching("102"))
        await message(other, "standing")
    await until(lambda: server.hub.count == 0)
    async with server.watching("101") as socket:
        await message(socket, "standing")


@pytest.mark.parametrize("greeted", [False, True])
@pytest.mark.parametrize(("said", "code"), [("x" * 4097, 1009), ("名" * 1500, 1009), (b"{}", 1003)])
async def test_too_long_and_binary_messages_are_refused(
    server: Server, said: str | bytes, code: int, *, greeted: bool
):
    async with server.socket() as socket:
        if greeted:
            await say_hello(socket, await server.token("101"))
            await message(socket, "standing")
        await socket.send(said)
        assert await close_code(socket) == code
    await until(lambda: server.hub.count == 0)


async def test_a_client_that_left_is_forgotten(server: Server):
    async with server.watching("101") as socket, server.socket() as public:
        await message(socket, "standing")
        await say_watch(public, "5012/理科/")
        await message(public, "statistics")
        assert server.hub.count == 2
        public.transport.abort()
        await until(lambda: server.hub.count == 1)
    await until(lambda: server.hub.count == 0)


async def test_anybody_may_watch_the_public_figures_of_eight_units(server: Server):
    async with server.socket() as socket:
        await say_watch(socket, "5012/理科/", "E87/理科/国家专项")
        assert (await message(socket))["type"] == "welcome"
        told = await message(socket)
        assert told["type"] == "statistics"
        assert [row["applicants"] for row in told["items"]] == [0, 0]
        await server.file("101", "5012")
        told = await message(socket)
        assert [row["applicants"] for row in told["items"]] == [1, 0]
        assert "101" not in json.dumps(told)


@pytest.mark.parametrize("units", [[], ["5012/理科/"] * 9, ["nope/理科/"], ["///"]])
async def test_a_watch_of_none_of_nine_or_of_unknown_units_is_closed(
    server: Server, units: list[str]
):
    async with server.socket() as socket:
        await say_watch(socket, *units)
        assert await close_code(socket) == 1008


async def test_a_round_without_live_statistics_shows_them_to_nobody(tmp_path: Path):
    url, clock = sqlite_url(tmp_path), Clock()
    await load(url, clock, round_file=ROUND_FILE.replace("live_statistics = true\n", ""))
    async with listening(url, clock, loaded=True) as server, server.socket() as socket:
        await say_watch(socket, "5012/理科/")
        assert await close_code(socket) == 1008


async def test_a_plan_that_loses_a_watched_unit_ends_that_watch_alone(tmp_path: Path):
    url, clock = sqlite_url(tmp_path), Clock()
    async with listening(url, clock) as server, server.watching("101") as own:
        await message(own, "standing")
        async with server.socket() as public:
            await say_watch(public, "00/理科/")
            await message(public, "statistics")
            shorter = "".join(row for row in PLAN.splitlines(keepends=True) if ",00," not in row)
            await load(url, clock, plan=shorter)
            assert await close_code(public) == 1008
        await server.file("101", "5012")
        assert (await message(own, "standing"))["rank"] == 1


async def test_a_gate_that_passes_is_told_and_locks_the_candidate(server: Server):
    await server.file("101", "5012")
    async with server.watching("101") as socket:
        assert (await message(socket, "standing"))["lock"]["state"] == "open"
        server.clock.at("10:30")
        told = await message(socket, "round")
        assert (told["round"], told["state"]) == (ROUND, "create_locked")
        assert (await message(socket, "standing"))["lock"]["state"] == "modify_only"
        server.clock.at("11:00")
        assert (await message(socket, "round"))["state"] == "closing"
        assert (await message(socket, "standing"))["lock"]["state"] == "locked"


async def test_a_shutdown_closes_sockets_1012_after_answering_what_was_asked(tmp_path: Path):
    async with listening(sqlite_url(tmp_path)) as server, server.watching("101") as socket:
        await message(socket, "standing")
        await server.token("102")
        filing = asyncio.create_task(server.file("102", "5012"))
        await asyncio.sleep(0.002)
        server.process.should_exit = True
        assert await close_code(socket) == 1012
        assert (await filing).status_code == 200


PEOPLE = 300
CROWD = "candidate_no,track,exam_score,initial_code\n" + "".join(
    f"{1000 + n},理科,{600 - n // 3},code-{1000 + n}\n" for n in range(PEOPLE)
)


async def test_three_hundred_sockets_each_end_at_their_own_newest_standing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    url, clock = sqlite_url(tmp_path), Clock()
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("nobody")
    monkeypatch.setattr("service.accounts._NOBODY", cheap)  # 300 sign-ins are not the point
    await load(url, clock, candidates=CROWD)
    numbers = [str(1000 + n) for n in range(PEOPLE)]
    newest: dict[str, dict[str, object]] = {}

    async with (
        listening(url, clock, loaded=True, tick_ms=200) as server,
        AsyncExitStack() as stack,
    ):

        async def follow(number: str, socket) -> None:
            try:
                async for frame in socket:
                    told = json.loads(frame)
                    if told.pop("type") == "standing":
                        assert told["seq"] >= newest.get(number, told)["seq"]
                        newest[number] = told
            except ConnectionClosed:
                return

        following = []
        for number in numbers:
            socket = await stack.enter_async_context(server.watching(number))
            following.append(asyncio.create_task(follow(number, socket)))
        await until(lambda: len(newest) == PEOPLE)
        units = [("5012", "01"), ("5037", "01"), ("00", "A1")]
        for version in range(2):
            answers = await asyncio.gather(
                *(
                    server.file(number, unit, (major,), version=version)
                    for n, number in enumerate(numbers)
                    for unit, major in [units[(n + version) % 3]]
                )
            )
            assert {answer.status_code for answer in answers} == {200}
        now = [(await server.call(number, "GET", "/standing")).json() for number in numbers]

        def settled() -> bool:
            return all(
                as_told(newest[number]) == as_told(view)
                for number, view in zip(numbers, now, strict=True)
            )

        await until(settled)
        assert server.hub.count == PEOPLE
    await asyncio.gather(*following)


def as_told(view: dict[str, object]) -> bytes:
    """A standing but for the moment it was told at."""
    return canonical({name: value for name, value in view.items() if name not in ("seq", "as_of")})
