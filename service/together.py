"""Questions that are asked at the same time, answered by one look."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Together(Generic[Key, Value]):
    """While one look is under way, further questions gather for the next.

    A question is never answered by a look that had begun before it was asked, so nothing here is
    a memory of what was true once.
    """

    def __init__(self, look: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Value]]]) -> None:
        self._look = look
        self._asked: dict[Key, asyncio.Future[Value | None]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def ask(self, key: Key) -> Value | None:
        """What the look found under `key`; None where it found nothing.

        Raises:
            Whatever the look raised.
        """
        answer = self._asked.get(key)
        if answer is None:
            answer = self._asked[key] = asyncio.get_running_loop().create_future()
        if self._looking is None:
            self._looking = asyncio.create_task(self._run())
        return await asyncio.shield(answer)

    async def _run(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, {}
            try:
                found = await self._look(list(asked))
            except Exception as fault:  # noqa: BLE001 all who asked must be answered with it
                for answer in asked.values():
                    answer.set_exception(fault)
                continue
            for key, answer in asked.items():
                answer.set_result(found.get(key))
        self._looking = None
