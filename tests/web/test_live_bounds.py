"""What bounds a live connection: few words in, nothing piled up, and no longer than its session."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from websockets.frames import Frame, Opcode

from service.store import people
from service.store.engine import DatabaseFault
from tests.builders import ROUND, sqlite_url
from tests.web.servers import Server, close_code, listening, message, say_hello, until
from web import live_protocol, live_session


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with listening(sqlite_url(tmp_path)) as one:
        yield one


@pytest.mark.parametrize("size", [0, 1, 125, 126, 4096, 65_535, 65_536])
def test_a_message_is_framed_as_websockets_would_frame_it(size: int):
    text = b"x" * size
    assert live_protocol.framed(text) == Frame(Opcode.TEXT, text).serialize(mask=False)


@pytest.mark.parametrize("flood", ["messages", "pings"])
async def test_who_says_more_than_five_things_a_second_is_closed_1008(server: Server, flood: str):
    async with server.watching("101") as wire:
        await message(wire, "standing")
        for _ in range(live_protocol.FRAMES_PER_SECOND + 1):
            if flood == "pings":
                _ = await wire.ping()
            else:
                await wire.send("{}")
        assert await close_code(wire) == 1008
    await until(lambda: server.hub.count == 0)


async def test_a_hello_in_pieces_is_one_hello(server: Server):
    hello = json.dumps({"type": "hello", "token": await server.token("101"), "round": ROUND})
    async with server.socket() as wire:
        await wire.send([hello[:20], hello[20:]])
        assert (await message(wire))["type"] == "welcome"


async def test_compression_is_not_agreed_to(server: Server):
    async with server.socket(
        additional_headers={"Sec-WebSocket-Extensions": "permessage-deflate"}
    ) as w:
        assert w.response is not None
        assert "Sec-WebSocket-Extensions" not in w.response.headers


async def test_another_websocket_path_is_refused_by_the_application(server: Server):
    from websockets.asyncio.client import connect
    from websockets.exceptions import InvalidStatus

    with pytest.raises(InvalidStatus) as refused:
        async with connect(f"ws://127.0.0.1:{server.port}/api/v1/other", proxy=None):
            pass
    assert refused.value.response.status_code == 403


async def test_a_database_that_does_not_answer_means_try_later(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    token = await server.token("101")

    def away(*_: object) -> None:
        raise DatabaseFault("away")

    monkeypatch.setattr("service.store.people.find_sessions", away)
    async with server.socket() as wire:
        await say_hello(wire, token)
        assert await close_code(wire) == 1013


async def test_signing_out_closes_the_sockets_of_that_session_alone(server: Server):
    async with server.watching("101") as mine, server.watching("102") as other:
        await message(mine, "standing")
        await message(other, "standing")
        headers = {"Authorization": f"Bearer {server.tokens['101']}"}
        assert (await server.client.delete("/api/v1/sessions", headers=headers)).status_code == 204
        assert await close_code(mine) == 4401
        await server.file("103", "5012")
        assert server.hub.count == 1


async def test_a_changed_password_closes_every_socket_of_the_candidate(server: Server):
    async with server.watching("101") as one, server.watching("101") as two:
        await message(one, "standing")
        await message(two, "standing")
        candidate = next(iter(server.hub._everybody())).candidate_id
        server.app.state.services.accounts.on_end(candidate)
        assert await close_code(one) == await close_code(two) == 4401


async def test_a_session_that_ended_in_another_worker_is_noticed_at_the_next_look(server: Server):
    async with server.watching("101") as mine, server.watching("102") as other:
        await message(mine, "standing")
        await message(other, "standing")
        at = server.app.state.services
        at.accounts.on_end = lambda _ended: None
        await at.accounts.sign_out(server.tokens["101"])
        await at.sessions.look()
        assert await close_code(mine) == 4401
        assert server.hub.count == 1


async def test_who_stops_reading_is_dropped_and_nobody_else_notices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert live_session.DROP_AFTER_S == 5
    monkeypatch.setattr(live_session, "DROP_AFTER_S", 1)
    async with listening(sqlite_url(tmp_path)) as server, server.socket(max_queue=None) as good:
        await say_hello(good, await server.token("101"))
        await server.file("101", "5012")
        await message(good, "standing")
        stuck = await deaf(server, "102")
        await until(lambda: server.hub.count == 2)
        bad = server.hub._everybody()[1].mailbox._sink  # in the order they joined
        assert isinstance(bad, live_protocol.LiveSocket)
        held = 0
        while server.hub.count == 2:
            for watcher in server.hub._everybody():
                watcher.mailbox.put("standing", json.dumps({"type": "x", "x": "y" * 800}).encode())
            held = max(held, bad._transport.get_write_buffer_size())
            await asyncio.sleep(0.001)
        assert held < 64 * 1024 - live_protocol.SEND_BUFFER
        await server.file("106", "5012")
        while (await message(good, "standing"))["rank"] != 1:
            pass
        stuck.close()


async def deaf(server: Server, number: str) -> socket.socket:
    """A socket of a candidate that says hello and never reads, with a small buffer of its own."""
    wire = socket.socket()
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire.setblocking(False)  # noqa: FBT003
    loop = asyncio.get_running_loop()
    await loop.sock_connect(wire, ("127.0.0.1", server.port))
    await loop.sock_sendall(
        wire,
        b"GET /api/v1/live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    )
    hello = json.dumps({"type": "hello", "token": await server.token(number), "round": ROUND})
    await loop.sock_sendall(wire, Frame(Opcode.TEXT, hello.encode()).serialize(mask=True))
    return wire


async def test_a_storm_is_current_again_without_a_question_each(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    numbers = ["101", "102", "103", "104", "105", "106"]
    tokens = [await server.token(number) for number in numbers]
    await server.file("101", "5012")
    questions: list[int] = []
    find = people.find_sessions

    def counted(connection, digests, now_ms):
        questions.append(len(digests))
        return find(connection, digests, now_ms)

    monkeypatch.setattr(people, "find_sessions", counted)
    monkeypatch.setattr("service.push.hub.SOCKETS_PER_CANDIDATE", 100)
    for _ in range(2):
        questions.clear()
        async with AsyncExitStack() as stack:
            wires = [await stack.enter_async_context(server.socket()) for _ in range(200)]
            await asyncio.gather(*(say_hello(wire, tokens[n % 6]) for n, wire in enumerate(wires)))
            told = await asyncio.gather(*(message(wire, "standing") for wire in wires))
            assert {one["rank"] for one in told[::6]} == {1}
            assert server.hub.count == 200
        await until(lambda: server.hub.count == 0)
        assert len(questions) <= 60
