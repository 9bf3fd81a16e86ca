"""The filing desk: accepts, changes and withdraws choices. RULES.md 4.

Requests queue; one transaction decides and writes all that wait, and each is answered after the
commit. What is answered with a receipt is on disk. Gates are decided inside the transaction, and
gates that are due are written first, so nothing of a segment can follow its seal.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from service.calendar import SEGMENT
from service.clock import Clock, instant
from service.decisions import Group, Request, Wish, decide
from service.errors import Refusal
from service.events import Event, Growth
from service.grouped import Grouped
from service.receipts import Receipt
from service.store import desk, log, rounds
from service.store.engine import Engine, PlainConnection, reading
from service.store.lane import Lane, blames_a_request
from service.store.log import Head
from service.terms import Terms
from service.throttle import Throttle

__all__ = ["Clock", "FilingDesk", "Wish"]

KEY = re.compile(r"[\x21-\x7e]{1,128}")
"""What an idempotency key is made of."""

QUEUE_LIMIT = 4096


@dataclass(frozen=True, slots=True)
class _Known:
    """The rounds as of one head: nothing about them changes without a row of the log."""

    head: Head
    terms: Mapping[str, Terms]
    passed: Mapping[int, set[str]]


NOTHING_KNOWN = _Known(Head(-1, ""), {}, {})


@dataclass(frozen=True, slots=True)
class _Done:
    """What one transaction did: the rounds after it, the answers, what it added to the log."""

    known: _Known
    outcomes: Sequence[Receipt | Exception]
    grown: Growth


class _Unread(Exception):
    """The terms of these rounds, of this history, must be read before anything can be decided."""

    def __init__(self, epoch: str, codes: Sequence[str]) -> None:
        super().__init__(epoch, *codes)
        self.epoch = epoch
        self.codes = codes


class FilingDesk:
    """The one way a choice gets into the log."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        announce: Callable[[Growth], None],
        throttle: Throttle | None = None,
    ) -> None:
        """`announce` is told after each commit what it added to the log, if anything."""
        self._engine = engine
        self._lane = Lane(engine, "filing-desk", writes=True)
        self._clock = clock
        self._announce = announce
        self._throttle = throttle
        self._requests = Grouped("filing-desk", QUEUE_LIMIT, self._settled)
        self._epoch, self._terms = "", dict[str, Terms]()
        self._known = NOTHING_KNOWN

    def open(self) -> None:
        """Begin to work the queue."""
        self._requests.open()

    async def close(self) -> None:
        """Answer all that waits, then stop."""
        await self._requests.close()
        await self._lane.close()

    @property
    def load(self) -> float:
        """How full the queue is, 0 to 1."""
        return self._requests.load

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
        if self._throttle is not None:
            self._throttle.take(request.candidate_id)
        return await self._requests.ask(request)

    async def _settled(self, requests: Sequence[Request]) -> Sequence[Receipt | Exception]:
        """What each is answered with. What one request has caused, no other is answered with."""
        try:
            return await self._commit(requests)
        except Exception as fault:  # noqa: BLE001 each is answered with it, whatever it is
            if len(requests) == 1 or not blames_a_request(fault):
                return [fault] * len(requests)
        half = len(requests) // 2
        return [*await self._settled(requests[:half]), *await self._settled(requests[half:])]

    async def pass_gates(self) -> None:
        """Write the gates whose instant has come, for every round.

        By the transaction's own clock it may be too early still; then nothing is written.
        """
        await self._commit(())

    async def _commit(self, requests: Sequence[Request]) -> Sequence[Receipt | Exception]:
        """What each is to be answered, once all of it is on disk."""
        done = await self._written(requests)
        self._known = done.known
        if done.grown.events:
            self._announce(done.grown)
        return done.outcomes

    async def _written(self, requests: Sequence[Request]) -> _Done:
        while True:
            try:
                return await self._lane.run(lambda c: self._write(c, requests))
            except _Unread as unread:
                await self._read_terms(unread)

    async def _read_terms(self, unread: _Unread) -> None:
        """Read rounds that changed, while nobody waits for the head's lock."""
        if unread.epoch != self._epoch:  # a restored database may give a revision out again
            self._epoch, self._terms = unread.epoch, {}
        async with reading(self._engine) as connection:
            for code in unread.codes:
                terms = await rounds.read_terms(connection, code)
                if terms is not None:
                    self._terms[code] = terms

    def _write(self, connection: PlainConnection, requests: Sequence[Request]) -> _Done:
        """Decide and write a group in a transaction; gates that are due come first in the log."""
        head = log.head_now(connection)
        now = instant(self._clock, connection)
        known = self._known if self._known.head == head else self._read(connection, head)
        gates = _due(known, now)
        passed = _with_gates(known.passed, gates)
        found = _find(connection, known, requests)
        group = Group(now, known.terms, passed, found, head.seq + len(gates))
        outcomes = [_outcome(group, request) for request in requests]
        written = log.append_after(connection, head.seq, [*gates, *group.events])
        if written and written[-1].seq != group.seq:
            raise AssertionError("the receipts' seq and the log's differ")
        named = [(e.round_id or 0, _gate_of(e), e.seq) for e in written[: len(gates)]]
        rounds.record_gates(connection, named)
        desk.keep(connection, list(group.new_held.values()), group.new_receipts, group.new_answers)
        after = _Known(Head(group.seq, head.epoch), known.terms, passed)
        return _Done(after, outcomes, Growth(head.epoch, written))

    def _read(self, connection: PlainConnection, head: Head) -> _Known:
        """The rounds as of this head.

        Raises:
            _Unread: which of them have other terms now than were read.
        """
        revisions = rounds.revisions_now(connection)
        read = self._terms if self._epoch == head.epoch else {}
        terms = {code: read[code] for code in revisions if code in read}
        unread = [
            code
            for code, (_, revision) in revisions.items()
            if code not in terms or terms[code].revision != revision
        ]
        if unread:
            raise _Unread(head.epoch, unread)
        return _Known(head, terms, rounds.passed_now(connection))


def _due(known: _Known, now: datetime) -> list[Event]:
    """The gates whose instant has come and that the log does not have yet."""
    return [
        Event(
            0,
            "segment_sealed" if gate.name.startswith(SEGMENT) else "gate_passed",
            now,
            round_id=one.round_id,
            body={"gate": gate.name},
        )
        for one in known.terms.values()
        if one.calendar is not None
        for gate in one.calendar.due(now, known.passed.get(one.round_id, ()))
    ]


def _with_gates(passed: Mapping[int, set[str]], gates: Sequence[Event]) -> Mapping[int, set[str]]:
    if not gates:
        return passed
    after = {round_id: set(names) for round_id, names in passed.items()}
    for event in gates:
        after.setdefault(event.round_id or 0, set()).add(_gate_of(event))
    return after


def _gate_of(event: Event) -> str:
    return str((event.body or {})["gate"])


def _find(connection: PlainConnection, known: _Known, requests: Sequence[Request]) -> desk.Found:
    """What the decisions need; requests for a round there is not are left to be refused."""
    asked = [r for r in requests if r.round_code in known.terms]
    places = [(known.terms[r.round_code].round_id, r.candidate_id) for r in asked]
    keys = [(r.candidate_id, r.key) for r in asked if r.key is not None]
    return desk.find(connection, places, keys)


def _outcome(group: Group, request: Request) -> Receipt | Exception:
    try:
        return decide(group, request)
    except Refusal as refusal:
        return refusal
