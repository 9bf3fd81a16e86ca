"""Whose sessions live connections stand on, looked after as long as they are connected.

When every connection is dropped in one moment, all come back in the next. `Accounts` looks up those
who ask together in one look, so that a storm is a handful of questions to the database, and nothing
is remembered that a sign-out could make untrue.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from itertools import islice

import structlog

from service.accounts import Accounts, token_digest
from service.errors import Refusal
from service.events import to_ms
from service.push.hub import Hub
from service.store.engine import DatabaseFault, Engine, reading
from service.store.people import SignedIn, alive_sessions

LOOK_EVERY_S = 5.0
"""How long a connection may outlive a session that ended in another worker, or ran out."""

AT_ONCE = 1_000
"""Digests in one statement."""

_log = structlog.get_logger(__name__)


class Sessions:
    """The sessions behind the live connections of one worker."""

    def __init__(
        self, engine: Engine, clock: Callable[[], datetime], accounts: Accounts, hub: Hub
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._accounts = accounts
        self._hub = hub

    async def whose(self, token: str) -> tuple[str, SignedIn]:
        """The digest of a token, and whose session it is.

        Raises:
            Refusal: `not-signed-in`, also before the first change of the password
                (`must-change-password`).
            DatabaseFault: the database does not answer.
        """
        person = await self._accounts.whose(token)
        if person.must_change_password:
            raise Refusal("must-change-password")
        return token_digest(token), person

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
                alive = await alive_sessions(connection, some, to_ms(self._clock()))
            self._hub.sessions_ended(some - alive)
