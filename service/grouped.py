"""What is asked by many at once, worked off in groups: a transaction's cost is shared by all in it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from service.errors import Refusal

Request = TypeVar("Request")
Answer = TypeVar("Answer")

GROUP_LIMIT = 512


class Grouped(Generic[Request, Answer]):
    """A bounded queue before something that answers a group of requests at a time.

    `work` answers each request of a group in its place, or names the fault it is to be answered
    with; what `work` itself raises is every one's of the group.
    """

    def __init__(
        self,
        name: str,
        limit: int,
        work: Callable[[Sequence[Request]], Awaitable[Sequence[Answer | Exception]]],
    ) -> None:
        self._name = name
        self._limit = limit
        self._do = work
        self._queue: asyncio.Queue[tuple[Request, asyncio.Future[Answer]]] = asyncio.Queue(limit)
        self._worker: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to work the queue."""
        self._worker = asyncio.create_task(self._work(), name=self._name)

    async def close(self) -> None:
        """Answer all that waits, then stop."""
        if self._worker is None:
            return
        await self._queue.join()
        self._worker.cancel()
        await asyncio.gather(self._worker, return_exceptions=True)
        self._worker = None

    @property
    def load(self) -> float:
        """How full the queue is, 0 to 1."""
        return self._queue.qsize() / self._limit

    async def ask(self, request: Request) -> Answer:
        """The answer to one request.

        Raises:
            Refusal: `overloaded` while too many wait; or what the request was answered with.
        """
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait((request, answer))
        except asyncio.QueueFull:
            raise Refusal("overloaded", retry_after=1) from None
        # shielded: a caller that leaves does not stop what may already be in a transaction
        return await asyncio.shield(answer)

    async def _work(self) -> None:
        while True:
            group = [await self._queue.get()]
            while len(group) < GROUP_LIMIT and not self._queue.empty():
                group.append(self._queue.get_nowait())
            try:
                await self._settle(group)
            finally:
                for _ in group:
                    self._queue.task_done()

    async def _settle(self, group: Sequence[tuple[Request, asyncio.Future[Answer]]]) -> None:
        outcomes: Sequence[Answer | Exception]
        try:
            outcomes = await self._do([request for request, _ in group])
        except Exception as fault:  # noqa: BLE001 all who wait must be answered, whatever it is
            outcomes = [fault] * len(group)
        for (_, answer), outcome in zip(group, outcomes, strict=True):
            if answer.done():
                continue
            if isinstance(outcome, Exception):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)
