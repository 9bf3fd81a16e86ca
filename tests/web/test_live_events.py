"""Server-sent events: the websocket's messages for who cannot have one; and polling with an ETag."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.builders import ROUND, sqlite_url
from tests.web.servers import Server, listening, message, until

EVENTS = "/api/v1/live/events"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with listening(sqlite_url(tmp_path), heartbeat_s=1) as one:
        yield one


class Stream:
    """An open event stream."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self._lines = answer.aiter_lines()

    async def event(self, kind: str | None = None) -> tuple[str | None, dict[str, Any]]:
        """The next event, or the next of a kind, with its id."""
        known = None
        async with asyncio.timeout(20):
            async for line in self._lines:
                if line.startswith("id: "):
                    known = line.removeprefix("id: ")
                elif line.startswith("data: "):
                    told = json.loads(line.removeprefix("data: "))
                    if kind in (None, told["type"]):
                        return known, told
                    known = None
        raise EOFError


async def opened(stack: AsyncExitStack, server: Server, who: str | None, **more: Any) -> Stream:
    headers = dict(more.pop("headers", {}))
    if who is not None:
        headers["Authorization"] = f"Bearer {await server.token(who)}"
    stream = server.client.stream("GET", EVENTS, headers=headers, **more)
    return Stream(await stack.enter_async_context(stream))


async def test_events_are_the_sockets_messages_with_epoch_and_seq_as_id(server: Server):
    await server.file("102", "5012")
    async with AsyncExitStack() as stack, server.watching("102") as wire:
        stream = await opened(stack, server, "102")
        assert stream.answer.headers["content-type"].startswith("text/event-stream")
        _, welcome = await stream.event()
        assert set(welcome) == set(await message(wire, "welcome"))
        known, first = await stream.event()
        assert known == f"{welcome['epoch']}:{first['seq']}"
        assert first == await message(wire, "standing")
        await server.file("101", "5012")
        known, pushed = await stream.event("standing")
        assert pushed == await message(wire, "standing")
        assert pushed["rank"] == 2
        _, beat = await stream.event("heartbeat")
        assert set(beat) == {"type", "seq", "server_time"}
        stream = await opened(stack, server, "102", headers={"Last-Event-ID": known})
        assert (await stream.event("standing"))[1]["rank"] == 2


async def test_anybody_may_follow_units_as_events(server: Server):
    async with AsyncExitStack() as stack:
        units = {"round": ROUND, "unit": ["5012/理科/", "E87/理科/国家专项"]}
        stream = await opened(stack, server, None, params=units)
        _, told = await stream.event("statistics")
        assert [row["applicants"] for row in told["items"]] == [0, 0]
        await server.file("101", "5012")
        _, told = await stream.event("statistics")
        assert [row["applicants"] for row in told["items"]] == [1, 0]


async def test_streams_and_sockets_count_together(server: Server):
    async with AsyncExitStack() as stack, server.watching("101") as wire:
        await message(wire, "standing")
        streams = [await opened(stack, server, "101") for _ in range(2)]
        for stream in streams:
            await stream.event("standing")
        fourth = await opened(stack, server, "101")
        assert fourth.answer.status_code == 429
        assert server.hub.count == 3
    await until(lambda: server.hub.count == 0)


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({}, 401),
        ({"round": ROUND, "unit": "nope/理科/"}, 422),
        ({"round": "none", "unit": "5012/理科/"}, 404),
        ({"round": ROUND, "unit": ["5012/理科/"] * 9}, 422),
    ],
)
async def test_what_cannot_be_followed_is_a_problem(server: Server, params: Any, status: int):
    answer = await server.client.get(EVENTS, params=params)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_stream_ends_with_its_session_and_with_the_server(tmp_path: Path):
    async with AsyncExitStack() as stack, listening(sqlite_url(tmp_path)) as server:
        mine, other = [await opened(stack, server, number) for number in ("101", "102")]
        await mine.event("standing")
        await other.event("standing")
        await server.app.state.services.accounts.sign_out(server.tokens["101"])
        with pytest.raises(EOFError):
            await mine.event("never")
        server.process.should_exit = True
        with pytest.raises(Exception, match=r"peer closed|incomplete|ended|disconnected"):
            await other.event("never")


async def test_who_polls_is_told_304_until_something_changes(server: Server):
    await server.file("102", "5012")
    first = await server.call("102", "GET", "/standing")
    tag = {"If-None-Match": first.headers["etag"]}
    await server.file("201", "5012", ("05",))
    same = await server.call("102", "GET", "/standing", headers=tag)
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["etag"] == first.headers["etag"]
    await server.file("101", "5012")
    changed = await server.call("102", "GET", "/standing", headers=tag)
    assert (changed.status_code, changed.json()["rank"]) == (200, 2)
    assert changed.headers["etag"] != first.headers["etag"]
