"""How often something may be tried in an hour: counted in memory, or in Redis for all workers.

The window is kept by the storage's own time; it decides nothing that is recorded. A Redis out of
reach is logged, and each worker then counts for itself: results are answered all the same.
"""

from hashlib import sha256

import structlog
from limits import RateLimitItem, RateLimitItemPerHour
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError

TRIES = RateLimitItemPerHour(5)
ONCE = RateLimitItemPerHour(1)

_log = structlog.get_logger(__name__)


class Tries:
    """Counters by subject. Subjects are kept as digests: a candidate number is nobody's to read."""

    def __init__(self, redis_url: str | None) -> None:
        self._own = FixedWindowRateLimiter(MemoryStorage())
        self._redis: RedisStorage | None = None
        if redis_url is not None:
            uri = f"async+{redis_url.replace('unix://', 'redis+unix://', 1)}"
            self._redis = RedisStorage(uri, implementation="redispy", wrap_exceptions=True)

    async def close(self) -> None:
        """Let go of Redis; limits has no way of its own to do so."""
        if self._redis is not None:
            await self._redis.bridge.get_connection().aclose()  # type: ignore[attr-defined]

    async def take(self, subject: str) -> bool:
        """Use up a try; False when none is left. Counted before it is known how the try ends."""
        return await self._hit(TRIES, "result", subject)

    async def first_use(self, signature: str) -> bool:
        """Whether a solved challenge is used for the first time."""
        return await self._hit(ONCE, "proof", signature)

    async def give_back(self, subject: str) -> None:
        """All tries again, for who has shown to be the right one."""
        await self._own.clear(TRIES, "result", _key(subject))
        if self._redis is not None:
            try:
                await FixedWindowRateLimiter(self._redis).clear(TRIES, "result", _key(subject))
            except StorageError:
                _log.exception("tries_not_shared")

    async def _hit(self, limit: RateLimitItem, kind: str, subject: str) -> bool:
        if self._redis is not None:
            try:
                return await FixedWindowRateLimiter(self._redis).hit(limit, kind, _key(subject))
            except StorageError:
                _log.exception("tries_not_shared")
        return await self._own.hit(limit, kind, _key(subject))


def _key(subject: str) -> str:
    return sha256(subject.encode()).hexdigest()
