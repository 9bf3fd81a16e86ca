"""Everybody's live page: what it was last told, and whether that is what the service says now."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.faults.crowd import Crowd
from tests.faults.processes import PATIENCE_S
from tests.faults.province import ROUND, Province

MOMENT = ("type", "seq", "as_of")
"""What of a standing may differ although nothing has changed."""

DIALS_AT_ONCE = 100


def hello(token: str) -> str:
    """A candidate's first message."""
    return json.dumps({"type": "hello", "token": token, "round": ROUND})


@dataclass
class Screen:
    """One candidate's page, which comes back by itself when its socket is gone."""

    number: str
    token: str
    standing: dict[str, Any] = field(default_factory=dict)
    seq: int = -1
    welcomes: int = 0
    close_code: int | None = None
    socket: ClientConnection | None = None

    async def look(
        self, dial: Callable[[], connect], dialing: asyncio.Semaphore, changed: asyncio.Event
    ) -> None:
        """Watch until cancelled."""
        while True:
            try:
                async with dialing:
                    socket = await dial()
                async with socket:
                    await self._listen(socket, changed)
            except (OSError, ConnectionClosed, InvalidHandshake) as fault:
                if isinstance(fault, ConnectionClosed):
                    self.close_code = None if fault.rcvd is None else fault.rcvd.code
                self.standing = {}
                changed.set()
                await asyncio.sleep(0.1)

    async def _listen(self, socket: ClientConnection, changed: asyncio.Event) -> None:
        self.socket = socket
        await socket.send(hello(self.token))
        while True:
            told: dict[str, Any] = json.loads(await socket.recv())
            if told["type"] == "standing":
                self.standing = told
            self.welcomes += told["type"] == "welcome"
            self.seq = max(self.seq, told.get("seq", -1))
            changed.set()


class Screens:
    """The pages of a crowd at one address."""

    def __init__(self, all_of: list[Screen]) -> None:
        self.all = all_of
        self.changed = asyncio.Event()

    @property
    def gone(self) -> int:
        """How often a page had to come back."""
        return sum(one.welcomes - 1 for one in self.all)

    async def all_current(self, comings: int = 1) -> None:
        """Return when each has been welcomed so often and holds a standing."""
        await self._when(
            lambda: all(one.welcomes >= comings and one.standing for one in self.all),
            "not everybody is back",
        )

    def hang_up(self, some: slice = slice(None)) -> None:
        """Cut every link at once, or some, without a word."""
        for one in self.all[some]:
            if one.socket is not None:
                one.socket.transport.abort()

    async def reach(self, seq: int) -> None:
        """Return when some page has been told of a state that is as new as `seq`."""
        await self._when(lambda: any(one.seq >= seq for one in self.all), f"{seq} never came")

    async def show_what_is(self, crowd: Crowd) -> None:
        """Return when each page shows what the service answers, once nobody files any more."""
        asked = [await crowd.read(one, "/standing") for one in crowd.people]
        now = {one.number: _lasting(a) for one, a in zip(crowd.people, asked, strict=True)}
        await self._when(
            lambda: all(_lasting(one.standing) == now[one.number] for one in self.all),
            "a page shows something else than the service says",
        )

    async def _when(self, true: Any, otherwise: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not true():
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            raise AssertionError(otherwise) from None


def _lasting(standing: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in standing.items() if name not in MOMENT}


@asynccontextmanager
async def watching(
    province: Province, port: int, each: int = 1, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Screens]:
    """`each` pages of every candidate, all of them current."""
    screens = Screens([Screen(*one) for one in province.tokens.items() for _ in range(each)])
    address = f"{'ws' if tls is None else 'wss'}://127.0.0.1:{port}/api/v1/live"
    dialing = asyncio.Semaphore(DIALS_AT_ONCE)

    def dial() -> connect:
        return connect(address, ssl=tls, compression=None, proxy=None, open_timeout=PATIENCE_S)

    tasks = [asyncio.create_task(s.look(dial, dialing, screens.changed)) for s in screens.all]
    try:
        await screens.all_current()
        yield screens
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
