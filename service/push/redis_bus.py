"""Commits from worker to worker, by a Redis stream.

The stream holds what the log holds, for a while: every entry is one commit, its events as in the
log with their epoch and seq. Nothing is kept in Redis that could not be lost. Without it, with its
entries gone, doubled or out of order, followers find the same in the database, a tick later.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TypeAlias, cast

import msgspec
import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from service.events import Growth

STREAM = "mingci:{log}:commits"
FIELD = b"commit"
KEPT = 2_000
"""About how many commits the stream holds: some megabytes, some seconds of the busiest hour. Who
reads later than that asks the database.
"""

PIECE = 64
"""How many commits are written or read at once."""

BLOCK_MS = 1000
SILENT_S = 3.0
"""A Redis that says nothing for so long, not even that there is nothing, is out of reach."""

RETRY_S = 1.0

Entry: TypeAlias = tuple[bytes, dict[bytes, bytes]]
"""An entry's id and its fields."""

_log = structlog.get_logger(__name__)
_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Growth)


class RedisBus:
    """Tells this worker's commits to every other, and this worker theirs."""

    def __init__(self, url: str, hear: Callable[[Growth | int], None]) -> None:
        """`hear` is told this worker's own news at once, and what others committed."""
        self._hear = hear
        self._redis = Redis.from_url(
            url,
            socket_connect_timeout=2,
            socket_timeout=SILENT_S,
            socket_keepalive=True,
            retry=Retry(NoBackoff(), 0),
        )
        self._untold: deque[Growth] = deque(maxlen=KEPT)
        self._filled = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def open(self) -> list[asyncio.Task[None]]:
        """Begin to tell and to listen; both tasks run for ever."""
        self._tasks = [
            asyncio.create_task(self._listen(), name="redis-bus-listen"),
            asyncio.create_task(self._tell(), name="redis-bus-tell"),
        ]
        return self._tasks

    async def close(self) -> None:
        """Stop both, and hang up."""
        while waiting := [task for task in self._tasks if not task.done()]:
            for task in waiting:
                task.cancel()  # redis-py may swallow one while it waits for an answer
            await asyncio.wait(waiting, timeout=0.1)
        await self._redis.aclose()

    def announce(self, news: Growth | int) -> None:
        """Let the own follower hear it now, and the others through Redis.

        Of a mere seq others learn by the hole it leaves, or at their next look.
        """
        self._hear(news)
        if isinstance(news, Growth):
            self._untold.append(news)
            self._filled.set()

    async def _tell(self) -> None:
        while True:
            await self._filled.wait()
            try:
                await self._tell_some()
            except (RedisError, OSError) as fault:
                _log.warning("redis_unreachable", act="tell", fault=type(fault).__name__)
                await asyncio.sleep(RETRY_S)
                self._untold.clear()  # the others have looked at the database since
            if not self._untold:
                self._filled.clear()

    async def _tell_some(self) -> None:
        some = [self._untold.popleft() for _ in range(min(PIECE, len(self._untold)))]
        async with self._redis.pipeline(transaction=False) as pipe:
            for growth in some:
                _ = pipe.xadd(STREAM, {FIELD: _encode(growth)}, maxlen=KEPT, approximate=True)
            await pipe.execute()

    async def _listen(self) -> None:
        while True:
            try:
                await self._read_on()
            except (RedisError, OSError) as fault:
                _log.warning("redis_unreachable", act="listen", fault=type(fault).__name__)
                await asyncio.sleep(RETRY_S)

    async def _read_on(self) -> None:
        """Hear every entry from the newest on; what was before is the database's to say."""
        newest = cast("list[Entry]", await self._redis.xrevrange(STREAM, count=1))
        last = newest[0][0] if newest else b"0"
        while True:
            answer = await self._redis.xread({STREAM: last}, PIECE, BLOCK_MS)
            for _, entries in cast("list[tuple[bytes, list[Entry]]]", answer):
                for last, fields in entries:  # noqa: B007 the next read goes on from it
                    self._hear_entry(fields)

    def _hear_entry(self, fields: dict[bytes, bytes]) -> None:
        try:
            growth = _decoder.decode(fields[FIELD])
        except (KeyError, ValueError, msgspec.DecodeError) as fault:
            _log.warning("entry_unreadable", fault=type(fault).__name__)
            return
        self._hear(growth)
