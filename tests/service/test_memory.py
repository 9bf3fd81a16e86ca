"""What a computation frees is there for the next one, and what is kept has a bound."""

import resource
import sys
from contextlib import AsyncExitStack

import numpy as np
import pytest
from sqlalchemy import Connection

from service.memory import MIB, keep_freed_memory
from service.settings import Settings
from service.store.engine import open_engine
from service.store.lane import Lane


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a setting of glibc")
def test_freed_memory_is_taken_again_without_asking_the_kernel():
    if not keep_freed_memory():
        pytest.skip("not glibc")

    def compute() -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(8):
            np.ones(MIB, np.uint8)
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    compute()
    assert min(compute() for _ in range(5)) < MIB // resource.getpagesize()


async def test_the_page_caches_of_all_connections_together_stay_small(database: str):
    """They fill up over days: what is allowed is what a process will hold."""
    engine = open_engine(Settings(database_url=database))
    lanes = [Lane(engine, "reads", writes=False), Lane(engine, "writes", writes=True)]
    async with AsyncExitStack() as stack:
        stack.push_async_callback(engine.dispose)
        pooled = [await stack.enter_async_context(engine.connect()) for _ in range(16)]
        kib = [await one.run_sync(cache_kib) for one in pooled]
        for lane in lanes:
            stack.push_async_callback(lane.close)
            kib.append(await lane.run(cache_kib))
    assert min(kib) >= 2048, "no less than SQLite takes by itself"
    assert sum(kib) <= 64 * 1024


def cache_kib(connection: Connection) -> int:
    """SQLite writes KiB as a negative number of pages."""
    size: int = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    return -size
