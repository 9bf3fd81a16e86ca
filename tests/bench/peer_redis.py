"""The peer for single changes: a real redis-server with one sorted set per unit and per major.

One change is eight commands: out of two sets, into two sets, the number above and the number level
in each. Members are rows, scores are scores; competition ranks need ZCOUNT, since ZREVRANK would
order ties by member name.
"""

import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import redis

from ranking.book import Book

Move = tuple[int, int, int]
Figures = tuple[int, int, int, int]
"""Rank and tied in the unit, rank and tied among all of the first major."""


@contextmanager
def server() -> Iterator[redis.Redis]:
    """A redis-server of this process's own, in memory only, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        link = redis.Redis(port=port)
        for _ in range(100):
            try:
                link.ping()
                break
            except redis.ConnectionError:
                time.sleep(0.05)
        yield link
    finally:
        process.terminate()
        process.wait()


class Sets:
    """The sorted sets, and who holds what."""

    def __init__(self, link: redis.Redis, book: Book) -> None:
        self._link = link
        self._filing: list[int] = book.roll.filing.tolist()
        self._held = list(zip(book.unit.tolist(), book.first_major.tolist(), strict=True))
        members: dict[str, dict[str, int]] = {}
        for row, (unit, major) in enumerate(self._held):
            members.setdefault(f"u{unit}", {})[str(row)] = self._filing[row]
            members.setdefault(f"m{major}", {})[str(row)] = self._filing[row]
        link.flushall()
        pipe = link.pipeline(transaction=False)
        for at, (key, scores) in enumerate(members.items()):
            pipe.zadd(key, scores)
            if at % 500 == 499:
                pipe.execute()
        pipe.execute()

    def apply(self, moves: Sequence[Move]) -> list[Figures]:
        """All of them in one round trip."""
        pipe = self._link.pipeline(transaction=False)
        for row, unit, major in moves:
            score = self._filing[row]
            left_unit, left_major = self._held[row]
            pipe.zrem(f"u{left_unit}", row)
            pipe.zrem(f"m{left_major}", row)
            pipe.zadd(f"u{unit}", {str(row): score})
            pipe.zadd(f"m{major}", {str(row): score})
            for key in (f"u{unit}", f"m{major}"):
                pipe.zcount(key, f"({score}", "+inf")
                pipe.zcount(key, score, score)
            self._held[row] = unit, major
        said = pipe.execute()
        return [
            (a + 1, b, c + 1, d)
            for a, b, c, d in (said[n + 4 : n + 8] for n in range(0, len(said), 8))
        ]
