"""A real server on a free port for tests: uvicorn as `mingci serve` sets it up, and real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2 as httpx
import uvicorn
from websockets.asyncio.client import ClientConnection, connect

from service.push.hub import Hub
from service.settings import Settings
from tests.builders import ROUND, Clock, Running, load
from tests.services import free_port
from web.app import make_app
from web.cli.serve import server_config

TICK_MS = 20
PATIENCE_S = 20


@dataclass(slots=True)
class Server(Running):
    """A service that listens on a port."""

    port: int = 0
    process: uvicorn.Server = field(kw_only=True)

    @property
    def hub(self) -> Hub:
        """Who is watching."""
        hub: Hub = self.app.state.services.hub
        return hub

    def socket(self, **options: Any) -> connect:
        """A websocket that has said nothing yet; use it with `async with`."""
        address = f"ws://127.0.0.1:{self.port}/api/v1/live"
        return connect(address, compression=None, proxy=None, **options)

    @asynccontextmanager
    async def watching(self, candidate_no: str) -> AsyncIterator[ClientConnection]:
        """A candidate's socket that has said hello."""
        async with self.socket() as socket:
            await say_hello(socket, await self.token(candidate_no))
            yield socket


@asynccontextmanager
async def listening(
    url: str, clock: Clock | None = None, **settings: object
) -> AsyncIterator[Server]:
    """Load the small round (unless `loaded`) and serve it on a free port of the loopback."""
    clock = clock or Clock()
    if not settings.pop("loaded", False):
        await load(url, clock)
    settings = {"tick_ms": TICK_MS, **settings}
    app = make_app(Settings(database_url=url, **settings), clock)  # type: ignore[arg-type]
    port = free_port()
    server = uvicorn.Server(server_config(app, "127.0.0.1", port))
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started or serving.done())
    address = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=60) as client:
        try:
            yield Server(app, client, clock, port=port, process=server)
        finally:
            server.should_exit = True
            await serving


async def until(true: Callable[[], bool]) -> None:
    """Return as soon as something holds; a test that waits longer than PATIENCE_S fails."""
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110 it is another program's state
            await asyncio.sleep(0.01)


async def say_hello(socket: ClientConnection, token: str | None, **more: object) -> None:
    """The first message of a candidate."""
    await socket.send(json.dumps({"type": "hello", "token": token, "round": ROUND, **more}))


async def say_watch(socket: ClientConnection, *units: str, round_code: str = ROUND) -> None:
    """The first message of anybody."""
    await socket.send(json.dumps({"type": "watch", "round": round_code, "units": units}))


async def message(socket: ClientConnection, kind: str | None = None) -> dict[str, Any]:
    """The next message, or the next of a kind."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found: dict[str, Any] = json.loads(await socket.recv())
            if kind in (None, found["type"]):
                return found


async def close_code(socket: ClientConnection) -> int | None:
    """The code the server closes with."""
    async with asyncio.timeout(PATIENCE_S):
        await socket.wait_closed()
    return socket.close_code
