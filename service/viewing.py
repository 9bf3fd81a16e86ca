"""The count of views: how often a result was looked at, and when last.

Views queue, and one transaction counts all that wait: in the first minute of results thousands come
at once, and each is told a number that is on disk.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from service.errors import Refusal
from service.events import from_ms, to_ms
from service.filing import Clock
from service.store import results
from service.store.engine import Engine, writing

QUEUE_LIMIT = 4096
GROUP_LIMIT = 512


@dataclass(frozen=True, slots=True)
class View:
    """One look at a result: the how manieth it is, and when the one before was."""

    times: int
    before: datetime | None


@dataclass(slots=True)
class _Waiting:
    candidate_id: int
    answer: asyncio.Future[View]


class ViewBook:
    """The one way a view is counted."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue(QUEUE_LIMIT)
        self._worker: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to count."""
        self._worker = asyncio.create_task(self._work(), name="view-book")

    async def close(self) -> None:
        """Count all that waits, then stop."""
        if self._worker is None:
            return
        await self._queue.join()
        self._worker.cancel()
        await asyncio.gather(self._worker, return_exceptions=True)

    async def count(self, candidate_id: int) -> View:
        """Count one view.

        Raises:
            Refusal: `overloaded` while too many wait.
        """
        waiting = _Waiting(candidate_id, asyncio.get_running_loop().create_future())
        try:
            self._queue.put_nowait(waiting)
        except asyncio.QueueFull:
            raise Refusal("overloaded", retry_after=1) from None
        return await asyncio.shield(waiting.answer)

    async def _work(self) -> None:
        while True:
            group = [await self._queue.get()]
            while len(group) < GROUP_LIMIT and not self._queue.empty():
                group.append(self._queue.get_nowait())
            try:
                await self._commit(group)
            except Exception as fault:  # noqa: BLE001 every caller of this group must be answered with the fault
                for waiting in group:
                    if not waiting.answer.done():
                        waiting.answer.set_exception(fault)
            finally:
                for _ in group:
                    self._queue.task_done()

    async def _commit(self, group: list[_Waiting]) -> None:
        now_ms = to_ms(self._clock())
        more = Counter(waiting.candidate_id for waiting in group)
        async with writing(self._engine) as connection:
            before = await results.add_views(connection, more, now_ms)
        counted: Counter[int] = Counter()
        for waiting in group:
            one = waiting.candidate_id
            times, last_ms = before.get(one, (0, None))
            counted[one] += 1
            last = now_ms if counted[one] > 1 else last_ms
            if not waiting.answer.done():
                view = View(times + counted[one], None if last is None else from_ms(last))
                waiting.answer.set_result(view)
