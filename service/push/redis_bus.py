"""The hint between processes, by Redis. Nothing is kept there; without it, ticks find the news."""

import asyncio

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from service.push.bus import LocalBus

CHANNEL = "mingci:{log}:grew"
RETRY_S = 1.0

_log = structlog.get_logger(__name__)


class RedisBus(LocalBus):
    """Announces here and to every other worker."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._redis = Redis.from_url(url, socket_connect_timeout=2, socket_keepalive=True)
        self._announced = 0
        self._pending = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Begin to listen and to tell."""
        self._tasks = [
            asyncio.create_task(self._listen(), name="redis-bus-listen"),
            asyncio.create_task(self._tell(), name="redis-bus-tell"),
        ]

    async def close(self) -> None:
        """Stop both, and hang up."""
        while waiting := [task for task in self._tasks if not task.done()]:
            for task in waiting:
                task.cancel()  # redis-py may swallow one while it waits for an answer
            await asyncio.wait(waiting, timeout=0.1)
        await self._redis.aclose()

    def announce(self, seq: int) -> None:
        """Wake the own follower now, the others through Redis."""
        super().announce(seq)
        self._announced = seq
        self._pending.set()

    async def _tell(self) -> None:
        while True:
            await self._pending.wait()
            self._pending.clear()
            try:
                await self._redis.publish(CHANNEL, self._announced)
            except (RedisError, OSError) as fault:
                _log.warning("redis_unreachable", act="publish", fault=type(fault).__name__)
                await asyncio.sleep(RETRY_S)

    async def _listen(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(CHANNEL)
                    async for message in channel.listen():
                        if message["type"] == "message":
                            super().announce(int(message["data"]))
            except (RedisError, OSError) as fault:
                _log.warning("redis_unreachable", act="listen", fault=type(fault).__name__)
                await asyncio.sleep(RETRY_S)
