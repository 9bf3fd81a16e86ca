"""Whose sessions live connections stand on: asked for many at once, and looked after.

When every connection is dropped in one moment, all come back in the next. Their tokens wait for
each other and are looked up together, so that a storm is a handful of questions to the database,
and nothing is remembered that a sign-out could make untrue.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import TypeAlias

import structlog

from service.accounts import token_digest
from service.errors import Refusal
from service.events import to_ms
from service.push.hub import Hub
from service.store.engine import DatabaseFault, Engine, reading
from service.store.people import SignedIn
from service.store.sessions import alive_of, find_sessions

LOOK_EVERY_S = 5.0
"""How long a connection may outlive a session that ended in another worker, or ran out."""

AT_ONCE = 1_000
"""Digests in one statement."""

Question: TypeAlias = tuple[str, asyncio.Future[SignedIn | None]]

_log = structlog.get_logger(__name__)


class Sessions:
    """The sessions behind the live connections of one worker."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime], hub: Hub) -> None:
        self._engine = engine
        self._clock = clock
        self._hub = hub
        self._asked: list[Question] = []
        self._answering: asyncio.Task[None] | None = None

    async def whose(self, token: str) -> tuple[str, SignedIn]:
        """The digest of a token, and whose session it is.

        Raises:
            Refusal: `not-signed-in`, also before the first change of the password
                (`must-change-password`).
            DatabaseFault: the database does not answer.
        """
        digest = token_digest(token)
        answer: asyncio.Future[SignedIn | None] = asyncio.get_running_loop().create_future()
        self._asked.append((digest, answer))
        if self._answering is None:
            self._answering = asyncio.create_task(self._answer(), name="live-sessions")
        person = await answer
        if person is None:
            raise Refusal("not-signed-in")
        if person.must_change_password:
            raise Refusal("must-change-password")
        return digest, person

    async def _answer(self) -> None:
        """Answer all who wait, and all who came meanwhile, until nobody waits."""
        try:
            while self._asked:
                asked, self._asked = self._asked[:AT_ONCE], self._asked[AT_ONCE:]
                await self._answer_some(asked)
        finally:
            self._answering = None

    async def _answer_some(self, asked: list[Question]) -> None:
        try:
            async with reading(self._engine) as connection:
                wanted = {digest for digest, _ in asked}
                found = await find_sessions(connection, wanted, to_ms(self._clock()))
        except (DatabaseFault, OSError) as fault:
            for _, answer in asked:
                if not answer.done():
                    answer.set_exception(fault)
            return
        for digest, answer in asked:
            if not answer.done():  # who left meanwhile has cancelled the question
                answer.set_result(found.get(digest))

    async def run(self) -> None:
        """Until cancelled, send away whoever's session has ended elsewhere or run out."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.look()
            except (DatabaseFault, OSError) as fault:
                _log.error("sessions_unreachable", fault=type(fault).__name__)

    async def look(self) -> None:
        """Look once at every session a connection stands on."""
        left = iter(self._hub.sessions())
        while some := set(islice(left, AT_ONCE)):
            async with reading(self._engine) as connection:
                alive = await alive_of(connection, some, to_ms(self._clock()))
            self._hub.sessions_ended(some - alive)
