"""When there is more than can be done: reads are declined before writes.

A page that comes a few seconds later costs nobody anything; a choice that does may. So while the
desk's queue is deep, or this process's loop runs late, what only reads is answered 503 `overloaded`
at once. Choices, signing in and out, and what watches over the service are never declined here.
"""

import asyncio

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import Refusal
from service.filing import FilingDesk
from web.refusals import problem

BEAT_S = 0.1
LATE_S = 0.25
"""A loop that on the whole wakes up so late answers everybody late, choices too."""

MANY = 64
"""So many requests must wait for their answer: a late loop with fewer has nothing to decline."""

DEEP = 0.5
"""How full the desk's queue is when it is deep."""

SPARED = ("/healthz", "/readyz", "/metrics", "/static/")


class Pulse:
    """How late this process's loop runs, and how many wait for an answer to begin."""

    def __init__(self, desk: FilingDesk) -> None:
        self._desk = desk
        self.late_s = 0.0
        self.waiting = 0

    async def run(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + BEAT_S
            await asyncio.sleep(BEAT_S)
            self.felt(loop.time() - due)

    def felt(self, late_s: float) -> None:
        """Take in one measurement; a single hiccup counts little."""
        self.late_s += (late_s - self.late_s) / 4

    @property
    def overloaded(self) -> bool:
        """Whether reads are to be declined now."""
        late = self.late_s > LATE_S and self.waiting > MANY
        return late or self._desk.load > DEEP


class Shedding:
    """ASGI middleware: declines reads while the process is overloaded."""

    def __init__(self, app: ASGIApp, pulse: Pulse) -> None:
        self._app = app
        self._pulse = pulse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self._is_declined(scope):
            answer = problem(Request(scope), Refusal("overloaded", retry_after=3))
            await answer(scope, receive, send)
        else:
            await self._counted(scope, receive, send)

    def _is_declined(self, scope: Scope) -> bool:
        reads = scope["method"] in ("GET", "HEAD")
        return reads and self._pulse.overloaded and not scope["path"].startswith(SPARED)

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Counted while no answer has begun: an open stream of events waits for nothing."""
        waits = 1
        self._pulse.waiting += waits

        async def begun(message: Message) -> None:
            nonlocal waits
            self._pulse.waiting -= waits
            waits = 0
            await send(message)

        try:
            await self._app(scope, receive, begun)
        finally:
            self._pulse.waiting -= waits
