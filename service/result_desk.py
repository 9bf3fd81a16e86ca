"""The desk that results are asked at: all who wait are looked up, and counted, together.

In the first minute of results thousands ask at once. One transaction reads for a group, another
counts its views, so each costs a share of two. An unknown number and a wrong ID are found out in the
same step of the same group, and so take the same time.
"""

import hashlib
import hmac
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from service.events import from_ms, to_ms
from service.filing import Clock
from service.grouped import Grouped
from service.store import results
from service.store.engine import Engine, reading, writing
from service.store.results import Claimed

QUEUE_LIMIT = 4096
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


class ResultDesk:
    """Answers questions in groups."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._questions = Grouped("result-desk", QUEUE_LIMIT, self._answers)

    def open(self) -> None:
        """Begin to work the queue."""
        self._questions.open()

    async def close(self) -> None:
        """Answer all that waits, then stop."""
        await self._questions.close()

    async def ask(self, question: Question) -> Found | None:
        """What is released, the view counted; None where the numbers fit nobody.

        Raises:
            Refusal: `overloaded` while too many wait.
        """
        return await self._questions.ask(question)

    async def _answers(self, questions: Sequence[Question]) -> Sequence[Found | None]:
        found = await self._look_up(questions)
        shown = [one.who.candidate_id for one in found if one is not None and one.published]
        before: Mapping[int, tuple[int, int]] = {}
        now = self._clock()
        if shown:
            async with writing(self._engine) as connection:
                before = await results.add_views(connection, Counter(shown), to_ms(now))
        again: Counter[int] = Counter()
        return [one and _counted(one, before, again, now) for one in found]

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
