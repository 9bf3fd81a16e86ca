"""Commits from worker to worker, by a real Redis."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec
import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from service.events import Event, Growth
from service.push import redis_bus
from service.push.redis_bus import FIELD, STREAM, RedisBus
from tests import services

pytestmark = pytest.mark.redis

AT = datetime(2026, 8, 1, 0, 30, 0, 123_000, tzinfo=UTC)


def commit(seq: int, *, epoch: str = "one", count: int = 1) -> Growth:
    """A commit of choices, the first of them at `seq`."""
    events = [Event(seq + n, "choice_filed", AT, 1, 101, 7, None) for n in range(count)]
    return Growth(epoch, events)


class Worker:
    """A bus and all that it was told."""

    def __init__(self, url: str) -> None:
        self.heard: list[Growth | int] = []
        self.bus = RedisBus(url, self.heard.append)


@asynccontextmanager
async def workers(url: str) -> AsyncIterator[tuple[Worker, Worker]]:
    one, two = Worker(url), Worker(url)
    one.bus.open()
    two.bus.open()
    try:
        yield one, two
    finally:
        await one.bus.close()
        await two.bus.close()


async def until(true: Callable[[], bool], again: Callable[[], None] = lambda: None) -> None:
    """Return once something holds, doing something `again` and again before."""
    async with asyncio.timeout(20):
        while not true():
            again()
            await asyncio.sleep(0.02)


async def joined(teller: Worker, hearer: Worker, seq: int) -> None:
    """What `teller` commits is heard by `hearer`, once both have found Redis."""
    await until(lambda: commit(seq) in hearer.heard, lambda: teller.bus.announce(commit(seq)))


async def test_a_commit_is_heard_by_every_other_worker_as_it_was_logged(redis_url: str):
    whole = Growth(
        "one",
        [
            Event(8, "choice_filed", AT, 1, 101, 7, 9),
            Event(9, "choice_withdrawn", AT, 1, 102),
            Event(10, "gate_passed", AT, 1, body={"gate": "opens"}),
        ],
    )
    async with workers(redis_url) as (one, two):
        await joined(one, two, 1)
        await joined(two, one, 2)
        one.bus.announce(whole)
        assert one.heard[-1] == whole  # the own follower does not wait for Redis
        await until(lambda: whole in two.heard)


async def test_who_comes_later_is_told_nothing_of_before(redis_url: str):
    async with workers(redis_url) as (one, two):
        await joined(one, two, 3)
    async with workers(redis_url) as (one, two):
        await joined(one, two, 5)
        assert commit(3) not in two.heard


async def a_hundred(teller: Worker, hearer: Worker, first: int) -> None:
    """A hundred commits at once, until the last of them is heard."""
    for seq in range(first, first + 100):
        teller.bus.announce(commit(seq))
    await until(lambda: commit(first + 99) in hearer.heard)


async def test_many_commits_arrive_in_order_and_the_stream_stays_short(redis_url, monkeypatch):
    monkeypatch.setattr(redis_bus, "KEPT", 100)
    async with workers(redis_url) as (one, two), Redis.from_url(redis_url) as link:
        await joined(one, two, 100)
        two.heard.clear()
        for first in range(1000, 2000, 100):
            await a_hundred(one, two, first)
        assert two.heard[-1000:] == [commit(1000 + n) for n in range(1000)]
        assert await link.xlen(STREAM) < 400


@pytest.mark.parametrize(
    "fields",
    [
        {b"other": b"x"},
        {FIELD: b""},
        {FIELD: b"\xff\xfe"},
        {FIELD: b'{"epoch":"one"}'},
        {FIELD: b'{"epoch":"one","events":[{"seq":"4","kind":"choice_filed"}]}'},
        {FIELD: msgspec.json.encode(commit(4)).replace(b"choice_filed", b"of_another_version")},
    ],
)
async def test_what_is_no_commit_is_passed_over(redis_url: str, fields: dict[bytes, bytes]):
    async with workers(redis_url) as (one, two), Redis.from_url(redis_url) as link:
        await joined(one, two, 200)
        two.heard.clear()
        await link.xadd(STREAM, fields)  # type: ignore[arg-type]
        one.bus.announce(commit(300))
        await until(lambda: commit(300) in two.heard)
        assert {growth.events[0].seq for growth in two.heard if isinstance(growth, Growth)} <= {
            200,
            300,
        }


async def test_a_bus_closes_even_while_it_is_telling(redis_url: str):
    for n in range(20):
        worker = Worker(redis_url)
        worker.bus.open()
        worker.bus.announce(commit(1))
        await asyncio.sleep(n / 2000)
        async with asyncio.timeout(5):
            await worker.bus.close()


async def test_workers_begin_without_redis_and_find_it_whenever_it_is_there(tmp_path, monkeypatch):
    port = services.free_port()
    monkeypatch.setattr(redis_bus, "RETRY_S", 0.05)
    monkeypatch.setattr(services, "free_port", lambda: port)
    async with workers(f"redis://127.0.0.1:{port}/0") as (one, two):
        one.bus.announce(commit(1))
        assert one.heard == [commit(1)]
        for life in range(2):
            with services.redis(tmp_path / str(life)):
                await joined(one, two, 10 + life)
        assert two.heard


async def test_a_flushed_redis_goes_on_with_what_comes_next(redis_url: str):
    async with workers(redis_url) as (one, two), Redis.from_url(redis_url) as link:
        await joined(one, two, 1)
        await link.flushall()
        await joined(one, two, 2)


async def test_a_redis_that_stops_answering_is_given_up_and_found_again(tmp_path, monkeypatch):
    monkeypatch.setattr(redis_bus, "SILENT_S", 0.3)
    monkeypatch.setattr(redis_bus, "BLOCK_MS", 100)
    monkeypatch.setattr(redis_bus, "RETRY_S", 0.05)
    with services.redis(tmp_path) as url:
        async with Redis.from_url(url) as link:
            server: int = (await link.info("server"))["process_id"]
        async with workers(url) as (one, two):
            await joined(one, two, 1)
            with capture_logs() as said:
                os.kill(server, signal.SIGSTOP)
                one.bus.announce(commit(2))
                await until(lambda: {entry.get("act") for entry in said} == {"tell", "listen"})
                os.kill(server, signal.SIGCONT)
            await joined(one, two, 3)
