"""Results for families: the candidate number and the full ID number in, what was released out.

Before anything is released everybody gets the same answer and nobody is looked up. After it, an
unknown number and a wrong ID go the same way to the same answer. A number has five tries an hour,
then each costs a proof of work. What is answered was made before the release.
"""

import json
import unicodedata

from service.errors import Refusal
from service.events import from_ms
from service.filing import Clock
from service.moments import moment
from service.proof_of_work import ProofOfWork
from service.result_desk import Found, Question, ResultDesk
from service.result_shapes import Challenge
from service.store import results
from service.store.engine import Engine, reading
from service.tries import Tries

PROOF_KEY = "proof_of_work"
MAX_TEXT = 64


class TriesSpent(Refusal):
    """`too-many-attempts`, with the challenge that buys one more."""

    def __init__(self, challenge: Challenge) -> None:
        super().__init__("too-many-attempts", retry_after=3600)
        self.challenge = challenge


class Results:
    """The reader of released results."""

    def __init__(self, engine: Engine, clock: Clock, redis_url: str | None) -> None:
        self._engine = engine
        self._clock = clock
        self._tries = Tries(redis_url)
        self._desk = ResultDesk(engine, clock)
        self._proof: ProofOfWork | None = None
        self._released = False

    async def open(self) -> None:
        """Take the shared key, and open the desk."""
        async with reading(self._engine) as connection:
            key = await results.secret_called(connection, PROOF_KEY)
        self._proof = ProofOfWork(key, self._clock)
        self._desk.open()

    async def close(self) -> None:
        """Answer all that wait, then stop."""
        await self._desk.close()
        await self._tries.close()

    async def query(self, candidate_no: str, id_number: str, solution: str = "") -> bytes:
        """Everything released about a candidate, as the JSON of a ResultAnswer.

        Raises:
            Refusal: `not-published`; TriesSpent; `wrong-credentials`, the same for an unknown
                number and a wrong ID number.
        """
        if not await self._anything_released():
            raise Refusal("not-published", what="results")
        number = _plain(candidate_no)
        await self._take_try(number, solution)
        found = await self._desk.ask(Question(number, _plain(id_number).upper()))
        if found is None:
            raise Refusal("wrong-credentials")
        await self._tries.give_back(number)
        if not found.published:
            raise Refusal("not-published", what="results")
        return _answer(found)

    async def _anything_released(self) -> bool:
        """Asked of the store until it is so; it never becomes untrue again."""
        if not self._released:
            async with reading(self._engine) as connection:
                self._released = await results.anything_released(connection)
        return self._released

    async def _take_try(self, number: str, solution: str) -> None:
        if self._proof is None:
            raise AssertionError("results are queried before they are opened")
        if solution:
            signature = self._proof.solved(number, solution)
            if signature is not None and await self._tries.first_use(signature):
                return
        elif await self._tries.take(number):
            return
        raise TriesSpent(self._proof.challenge(number))


def _plain(text: str) -> str:
    """A number as it is compared: half-width, as imports keep it; blank where it cannot be one."""
    plain = unicodedata.normalize("NFKC", text).strip()
    return plain if plain.isprintable() and len(plain) <= MAX_TEXT else ""


def _answer(found: Found) -> bytes:
    """The stored JSON of each round between the little that is only known now."""
    last = None if found.viewed_before is None else moment(found.viewed_before)
    items = b",".join(
        b'{"released_at":%b,"result":%b}' % (_json(moment(from_ms(released_ms))), body)
        for released_ms, body in found.bodies
    )
    return b'{"candidate_no":%b,"name":%b,"viewed":%b,"items":[%b]}' % (
        _json(found.who.candidate_no),
        _json(found.who.name),
        _json({"times": found.views_before + 1, "last_at": last}),
        items,
    )


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
