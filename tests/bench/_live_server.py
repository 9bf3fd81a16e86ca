"""A process that pushes: ours as it is served, and those it is compared with.

    python -m tests.bench._live_server KIND CANDIDATES [TICK_MS]
Commands on stdin, an answer in JSON on stdout for each: `push` one message to every socket and tell
what it took; `count` sockets; `memory` in bytes; `cpu` seconds so far.
"""

import asyncio
import gc
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvicorn
import uvloop
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from websockets.asyncio.server import broadcast, serve

from tests.services import free_port
from web.cli.serve import WIRE, server_config

SIZE = 760
"""Bytes of a message of ours."""


@dataclass
class Pusher:
    """What is measured: how many listen, and how all are told something."""

    port: int
    count: Callable[[], int]
    push: Callable[[], Awaitable[None]]
    moves: Sequence[object] = ()


def text_of(n: int, turn: int) -> bytes:
    """A message of the same size as ours, another one for every socket and turn."""
    return b'{"n":%d,"turn":%d,"' % (n, turn) + b"x" * (SIZE - 40) + b'":0}'


async def floor() -> Pusher:
    """A bare protocol that writes bytes which are ready."""
    transports: dict[asyncio.Transport, None] = {}
    turn = 0

    class Bare(asyncio.Protocol):
        def connection_made(self, transport) -> None:
            self.transport = transport

        def data_received(self, _data: bytes) -> None:
            if self.transport not in transports:
                transports[self.transport] = None
                self.transport.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")

        def connection_lost(self, _exc: Exception | None) -> None:
            transports.pop(self.transport, None)

    async def push() -> None:
        nonlocal turn
        turn += 1
        texts = [text_of(n, turn) for n in range(len(transports))]
        frames = [b"\x81\x7e" + len(text).to_bytes(2) + text for text in texts]
        await measured(lambda: write_all(list(transports), frames))

    port = free_port()
    loop = asyncio.get_running_loop()
    _kept.append(await loop.create_server(Bare, "127.0.0.1", port, backlog=4096))
    return Pusher(port, lambda: len(transports), push)


async def write_all(transports, frames) -> None:
    for transport, frame in zip(transports, frames, strict=True):
        transport.write(frame)
    await asyncio.sleep(0)  # uvloop writes when the loop comes round
    await asyncio.sleep(0)


async def websockets_broadcast() -> Pusher:
    """websockets' own way to tell all the same."""
    connections = set()
    turn = 0

    async def stay(connection) -> None:
        connections.add(connection)
        try:
            await connection.wait_closed()
        finally:
            connections.discard(connection)

    async def push() -> None:
        nonlocal turn
        turn += 1
        text = text_of(0, turn).decode()

        async def tell() -> None:
            broadcast(connections, text)
            await asyncio.sleep(0)
            await asyncio.sleep(0)

        await measured(tell)

    port = free_port()
    options = {"compression": None, "ping_interval": None, "backlog": 4096}
    _kept.append(await serve(stay, "127.0.0.1", port, **options))  # type: ignore[arg-type]
    return Pusher(port, lambda: len(connections), push)


async def fastapi_endpoint() -> Pusher:
    """What one writes first: an endpoint with a reader, a connection a task."""
    sockets: dict[WebSocket, None] = {}
    app = FastAPI()
    turn = 0

    @app.websocket("/api/v1/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        sockets[socket] = None
        try:
            while True:
                await socket.receive_text()
        except WebSocketDisconnect:
            sockets.pop(socket, None)

    async def push() -> None:
        nonlocal turn
        turn += 1

        async def tell() -> None:
            for n, socket in enumerate(list(sockets)):
                await socket.send_text(text_of(n, turn).decode())
            await asyncio.sleep(0)

        await measured(tell)

    port = free_port()
    wire = {name: value for name, value in WIRE.items() if name != "http"}
    wire["ws"] = "websockets-sansio"
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", **wire)  # type: ignore[arg-type]
    )
    keep(asyncio.create_task(server.serve()))
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    return Pusher(port, lambda: len(sockets), push)


async def mingci(candidates: int, tick_ms: int | None) -> Pusher:
    """The service on a province where everybody sits in one of two units."""
    from tests.bench._live_round import begun

    house = await begun(candidates, tick_ms)
    hub = house.services.hub

    async def push() -> None:
        house.stir()
        await measured(hub.tick)

    port = free_port()
    server = uvicorn.Server(server_config(house.app, "127.0.0.1", port))
    keep(asyncio.create_task(server.serve()))
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    if tick_ms is None:
        for task in asyncio.all_tasks():
            if task.get_name() == "hub":
                task.cancel()  # passes are asked for one by one
    house.fill()
    return Pusher(port, lambda: hub.count, push, house.moves())


_kept: list[object] = []
_took: dict[str, float] = {}


def keep(task: asyncio.Task[None]) -> None:
    _kept.append(task)


async def measured(act: Callable[[], Awaitable[None]]) -> None:
    """Leave what it took on the wall and of this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    await act()
    _took.update(wall=time.perf_counter() - wall, cpu=time.process_time() - cpu)


def resident() -> int:
    """Bytes of this process in memory, garbage apart."""
    gc.collect()
    pages = Path("/proc/self/statm").read_text(encoding="ascii")
    return int(pages.split()[1]) * resource.getpagesize()


async def main(kind: str, candidates: int, tick_ms: int | None) -> None:
    if kind == "mingci":
        pusher = await mingci(candidates, tick_ms)
    else:
        pusher = await {
            "floor": floor,
            "websockets.broadcast": websockets_broadcast,
            "FastAPI endpoint": fastapi_endpoint,
        }[kind]()
    print(json.dumps(pusher.port), flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        answer: object
        match line.strip():
            case "push":
                await pusher.push()
                answer = dict(_took)
            case "count":
                answer = pusher.count()
            case "memory":
                answer = resident()
            case "movers":
                answer = pusher.moves
            case _:
                answer = time.process_time()
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    tick = int(sys.argv[3]) if len(sys.argv) > 3 else None
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), tick))
