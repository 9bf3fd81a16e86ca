"""How often something may be tried in an hour: counted in memory, or in Redis for all workers.

The window is kept by the storage's own time; it decides nothing that is recorded.
"""

from hashlib import sha256

from limits import RateLimitItemPerHour
from limits.aio.strategies import FixedWindowRateLimiter
from limits.storage import storage_from_string

TRIES = RateLimitItemPerHour(5)
ONCE = RateLimitItemPerHour(1)


class Tries:
    """Counters by subject. Subjects are kept as digests: a candidate number is nobody's to read."""

    def __init__(self, redis_url: str | None) -> None:
        uri = "async+memory://" if redis_url is None else f"async+{_in_limits_words(redis_url)}"
        options = {} if redis_url is None else {"implementation": "redispy"}
        self._limiter = FixedWindowRateLimiter(storage_from_string(uri, **options))

    async def take(self, subject: str) -> bool:
        """Use up a try; False when none is left. Counted before it is known how the try ends."""
        return await self._limiter.hit(TRIES, "result", _key(subject))

    async def give_back(self, subject: str) -> None:
        """All tries again, for who has shown to be the right one."""
        await self._limiter.clear(TRIES, "result", _key(subject))

    async def first_use(self, signature: str) -> bool:
        """Whether a solved challenge is used for the first time."""
        return await self._limiter.hit(ONCE, "proof", _key(signature))


def _in_limits_words(redis_url: str) -> str:
    return redis_url.replace("unix://", "redis+unix://", 1)


def _key(subject: str) -> str:
    return sha256(subject.encode()).hexdigest()
