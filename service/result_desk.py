"""The desk that results are asked at: all who wait are looked up, and counted, together.

In the first minute of results thousands ask at once. One transaction reads for a group, another
counts its views, so each costs a share of two. An unknown number and a wrong ID are found out in the
same step of the same group, and so take the same time.
"""

import asyncio
import hashlib
import hmac
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from service.errors import Refusal
from service.events import from_ms, to_ms
from service.filing import Clock
from service.store import results
from service.store.engine import Engine, reading, writing
from service.store.results import Claimed

QUEUE_LIMIT = 4096
GROUP_LIMIT = 512
NOBODY = Claimed(0, 0, "", "", "0" * 18)
"""Whom a question is compared with where the number is nobody's."""


@dataclass(frozen=True, slots=True)
class Question:
    """Both numbers as they are compared."""

    candidate_no: str
    id_number: str


@dataclass(frozen=True, slots=True)
class Found:
    """Whose result was asked for, what is released of it, and the views before this one.

    `bodies` are (released in milliseconds, JSON), the newest round first; `published`: results of
    the candidate's season are out, be it without any of the candidate's own.
    """

    who: Claimed
    bodies: Sequence[tuple[int, bytes]]
    published: bool
    views_before: int = 0
    viewed_before: datetime | None = None


@dataclass(slots=True)
class _Waiting:
    question: Question
    answer: asyncio.Future[Found | None]


class ResultDesk:
    """Answers questions in groups."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue(QUEUE_LIMIT)
        self._worker: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to work the queue."""
        self._worker = asyncio.create_task(self._work(), name="result-desk")

    async def close(self) -> None:
        """Answer all that waits, then stop."""
        if self._worker is None:
            return
        await self._queue.join()
        self._worker.cancel()
        await asyncio.gather(self._worker, return_exceptions=True)

    async def ask(self, question: Question) -> Found | None:
        """What is released, the view counted; None where the numbers fit nobody.

        Raises:
            Refusal: `overloaded` while too many wait.
        """
        waiting = _Waiting(question, asyncio.get_running_loop().create_future())
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
                await self._answer(group)
            except Exception as fault:  # noqa: BLE001 every caller of this group must be answered with the fault
                for waiting in group:
                    if not waiting.answer.done():
                        waiting.answer.set_exception(fault)
            finally:
                for _ in group:
                    self._queue.task_done()

    async def _answer(self, group: Sequence[_Waiting]) -> None:
        found = await self._look_up([waiting.question for waiting in group])
        shown = [one.who.candidate_id for one in found if one is not None and one.published]
        before: Mapping[int, tuple[int, int]] = {}
        now = self._clock()
        if shown:
            async with writing(self._engine) as connection:
                before = await results.add_views(connection, Counter(shown), to_ms(now))
        again: Counter[int] = Counter()
        for waiting, one in zip(group, found, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(one and _counted(one, before, again, now))

    async def _look_up(self, questions: Sequence[Question]) -> list[Found | None]:
        async with reading(self._engine) as connection:
            claims = await results.claims_on(connection, {one.candidate_no for one in questions})
            whose = [claims.get(one.candidate_no, NOBODY) for one in questions]
            fits = [_fits(who, one) for who, one in zip(whose, questions, strict=True)]
            ids = {who.candidate_id for who, fit in zip(whose, fits, strict=True) if fit}
            bodies = await results.released_bodies(connection, ids)
            seasons = await results.released_seasons(connection)
        return [
            Found(who, bodies.get(who.candidate_id, ()), who.season_id in seasons) if fit else None
            for who, fit in zip(whose, fits, strict=True)
        ]


def _fits(who: Claimed, question: Question) -> bool:
    """Whether the ID number is the candidate's; where none is known, none fits."""
    known = who is not NOBODY and who.id_number != ""
    expected = who.id_number or NOBODY.id_number
    same = hmac.compare_digest(_digest(expected.upper()), _digest(question.id_number))
    return same and known


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _counted(
    one: Found, before: Mapping[int, tuple[int, int]], again: Counter[int], now: datetime
) -> Found:
    """The same with the views before it: those on disk, and those of its own group."""
    times, last_ms = before.get(one.who.candidate_id, (0, None))
    earlier = again[one.who.candidate_id]
    again[one.who.candidate_id] += 1
    last = now if earlier else last_ms and from_ms(last_ms)
    return Found(one.who, one.bodies, one.published, times + earlier, last or None)
