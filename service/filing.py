"""The filing desk: accepts, changes and withdraws choices. RULES.md 4.

Requests queue; one transaction decides and writes all that wait, and each is answered after the
commit. What is answered with a receipt is on disk. Gates are decided inside the transaction, and
gates that are due are written first, so nothing of a segment can follow its seal.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from service.calendar import SEGMENT
from service.decisions import Group, Request, Wish, decide
from service.errors import Refusal
from service.events import Event, Growth, from_ms, to_ms
from service.receipts import Receipt
from service.store import choices, log, people, rounds
from service.store.engine import Connection, Engine, writing
from service.terms import Terms

__all__ = ["Clock", "FilingDesk", "Wish"]

Clock = Callable[[], datetime]

KEY = re.compile(r"[\x21-\x7e]{1,128}")
"""What an idempotency key is made of."""

QUEUE_LIMIT = 4096
GROUP_LIMIT = 512


@dataclass(slots=True)
class _Waiting:
    request: Request
    answer: asyncio.Future[Receipt]


class FilingDesk:
    """The one way a choice gets into the log."""

    def __init__(self, engine: Engine, clock: Clock, announce: Callable[[Growth], None]) -> None:
        """`announce` is told after each commit what it added to the log, if anything."""
        self._engine = engine
        self._clock = clock
        self._announce = announce
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue(QUEUE_LIMIT)
        self._terms: dict[str, Terms] = {}
        self._worker: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to work the queue."""
        self._worker = asyncio.create_task(self._work(), name="filing-desk")

    async def close(self) -> None:
        """Answer all that waits, then stop."""
        if self._worker is None:
            return
        await self._queue.join()
        self._worker.cancel()
        await asyncio.gather(self._worker, return_exceptions=True)

    async def file(
        self,
        candidate_id: int,
        round_code: str,
        wish: Wish,
        version: int | None,
        key: str | None,
        device: str = "",
    ) -> Receipt:
        """Create or change a choice.

        Raises:
            Refusal: with the problem's slug; nothing was changed.
        """
        return await self._submit(Request(candidate_id, round_code, wish, version, key, device))

    async def withdraw(
        self,
        candidate_id: int,
        round_code: str,
        version: int | None,
        key: str | None,
        device: str = "",
    ) -> Receipt:
        """Delete the choice held.

        Raises:
            Refusal: with the problem's slug; nothing was changed.
        """
        return await self._submit(Request(candidate_id, round_code, None, version, key, device))

    async def _submit(self, request: Request) -> Receipt:
        if request.key is not None and KEY.fullmatch(request.key) is None:
            # what one request brings must not fail the transaction it shares with others
            raise Refusal("invalid-request")
        waiting = _Waiting(request, asyncio.get_running_loop().create_future())
        try:
            self._queue.put_nowait(waiting)
        except asyncio.QueueFull:
            raise Refusal("overloaded", retry_after=1) from None
        # shielded: a caller that leaves does not stop what may already be in a transaction
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

    async def pass_gates(self) -> None:
        """Write the gates whose instant has come, for every round."""
        async with writing(self._engine) as connection:
            now = self._clock()
            terms = await self._current_terms(connection, None)
            passed = await rounds.passed_gates(connection)
            gates = await self._write_gates(connection, now, terms, passed)
            epoch = (await log.read_head(connection)).epoch
        if gates:
            self._announce(Growth(epoch, gates))

    async def _commit(self, waiting: list[_Waiting]) -> None:
        outcomes: list[tuple[_Waiting, Receipt | Refusal]] = []
        async with writing(self._engine) as connection:
            group, before = await self._gather(connection, [w.request for w in waiting])
            for one in waiting:
                try:
                    outcomes.append((one, decide(group, one.request)))
                except Refusal as refusal:
                    outcomes.append((one, refusal))
            written = await log.append(connection, group.events)
            if written and written[-1].seq != group.seq:
                raise AssertionError("the receipts' seq and the log's differ")
            await choices.keep(
                connection, list(group.new_held.values()), group.new_receipts, group.new_answers
            )
        if events := [*before.events, *written]:
            self._announce(Growth(before.epoch, events))
        for one, outcome in outcomes:
            if one.answer.done():
                continue
            if isinstance(outcome, Refusal):
                one.answer.set_exception(outcome)
            else:
                one.answer.set_result(outcome)

    async def _gather(
        self, connection: Connection, requests: list[Request]
    ) -> tuple[Group, Growth]:
        """Read what the decisions need; the gates that are due are written first, and returned."""
        now = from_ms(to_ms(self._clock()))
        terms = await self._current_terms(connection, {r.round_code for r in requests})
        passed = await rounds.passed_gates(connection)
        gates = await self._write_gates(connection, now, terms, passed)
        known = await people.read_people(connection, (r.candidate_id for r in requests))
        places = [
            (terms[r.round_code].round_id, r.candidate_id)
            for r in requests
            if r.round_code in terms
        ]
        held = await choices.held_by(connection, places)
        answers = await choices.answers_to(
            connection, {(r.candidate_id, r.key) for r in requests if r.key is not None}
        )
        needed = {a.receipt_seq for a in answers.values()} | {h.seq for h in held.values()}
        receipts = await choices.receipts_at(connection, needed)
        head = await log.read_head(connection)
        group = Group(now, terms, passed, known, held, receipts, answers, head.seq)
        return group, Growth(head.epoch, gates)

    async def _current_terms(
        self, connection: Connection, codes: set[str] | None
    ) -> dict[str, Terms]:
        """The terms of the rounds asked for (None: all), read anew only where they changed."""
        revisions = await rounds.revisions(connection)
        for code, (_, revision) in revisions.items():
            if codes is not None and code not in codes:
                continue
            if code not in self._terms or self._terms[code].revision != revision:
                terms = await rounds.read_terms(connection, code)
                if terms is not None:
                    self._terms[code] = terms
        return {c: t for c, t in self._terms.items() if codes is None or c in codes}

    async def _write_gates(
        self,
        connection: Connection,
        now: datetime,
        terms: Mapping[str, Terms],
        passed: dict[int, set[str]],
    ) -> list[Event]:
        """Log the gates that are due, and return them as logged."""
        events = [
            Event(
                0,
                "segment_sealed" if gate.name.startswith(SEGMENT) else "gate_passed",
                now,
                round_id=one.round_id,
                body={"gate": gate.name},
            )
            for one in terms.values()
            if one.calendar is not None
            for gate in one.calendar.due(now, passed.get(one.round_id, ()))
        ]
        written = await log.append(connection, events)
        names = [(e.round_id or 0, str((e.body or {})["gate"]), e.seq) for e in written]
        await rounds.record_gates(connection, names)
        for round_id, name, _ in names:
            passed.setdefault(round_id, set()).add(name)
        return written
