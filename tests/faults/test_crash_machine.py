"""The desk against a reference of a few lines, through crashes at any moment.

A crash leaves what is in the files then: they are copied while requests are under way, and a new
desk goes on from the copy. What was answered before the copy must be in it; what was not may be, and
asked for again under its key it is done once.
"""

import asyncio
import shutil
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from service.errors import Refusal
from service.receipts import Receipt
from tests.builders import Clock, House, loaded_sqlite, opened, sqlite_url
from tests.service.moves import QUICK

PEOPLE = {"101": "11:00", "105": "12:00", "106": "14:00"}
"""Candidates of each segment, and when it closes."""
TIMES = ("09:00", "09:30", "10:00", "10:30", "10:59", "11:00", "12:00", "14:00")
CREATE_LOCK, DELETE_LOCK = "10:30", "10:00"
FILES = ("mingci.db", "mingci.db-wal")

who = st.sampled_from(sorted(PEOPLE))
wish = st.sampled_from(["5012", "5037", None])
"""Where one wants to be; None: nowhere, a withdrawal."""


@dataclass
class Asked:
    """A request as the client knows it."""

    number: str
    wish: str | None
    version: int
    key: str


@dataclass
class Reference:
    """What must be true: (version, institution or None) of each, and the answers given."""

    held: dict[str, tuple[int, str | None]] = field(
        default_factory=lambda: dict.fromkeys(PEOPLE, (0, None))
    )
    answered: list[tuple[Asked, Receipt]] = field(default_factory=list)
    events: int = 0

    def refusal(self, asked: Asked, now: str) -> str | None:
        """The slug that a request is refused with."""
        _, held = self.held[asked.number]
        act = "modify" if held is not None else "create"
        if now >= PEOPLE[asked.number]:
            return "segment-closed"
        if asked.wish is None and now >= DELETE_LOCK:
            return "delete-locked"
        if asked.wish is None and held is None:
            return "no-choice"
        if act == "create" and asked.wish is not None and now >= CREATE_LOCK:
            return "create-locked"
        return None

    def take(self, asked: Asked, receipt: Receipt) -> None:
        """What is done when a request is accepted."""
        version, held = self.held[asked.number]
        if held != asked.wish:
            version += 1
            self.events += 1
            self.held[asked.number] = (version, asked.wish)
        assert (receipt.version, receipt.institution_code) == (version, asked.wish)
        self.answered.append((asked, receipt))


class Crashing(RuleBasedStateMachine):
    """One desk at a time, each on the files that the one before left behind."""

    @initialize(start=st.integers(0, 4))
    def begin(self, start: int) -> None:
        self.runner = asyncio.Runner()
        self.reference = Reference()
        self.clock, self.now = Clock(), start
        self.clock.at(TIMES[start])
        self.lives: list[TemporaryDirectory[str]] = []
        self.keys = 0
        self.live(loaded_sqlite(self.new_folder()))

    def new_folder(self) -> Path:
        self.lives.append(TemporaryDirectory())
        return Path(self.lives[-1].name)

    def live(self, url: str) -> None:
        self.stack = AsyncExitStack()
        self.house: House = self.run_(self.stack.enter_async_context(opened(url, self.clock)))

    def teardown(self) -> None:
        if hasattr(self, "house"):
            self.run_(self.stack.aclose())
            self.runner.close()
            for folder in self.lives:
                folder.cleanup()

    def run_(self, what: Any) -> Any:
        return self.runner.run(what)

    def asked(self, number: str, wish: str | None) -> Asked:
        self.keys += 1
        return Asked(number, wish, self.reference.held[number][0], f"key-{self.keys}")

    async def send(self, asked: Asked) -> Receipt | str:
        version, key = asked.version, asked.key
        try:
            if asked.wish is None:
                return await self.house.withdraw(asked.number, version=version, key=key)
            return await self.house.file(asked.number, asked.wish, version=version, key=key)
        except Refusal as refusal:
            return refusal.code

    def settle(self, asked: Asked, got: Receipt | str) -> None:
        """Hold an answer against the reference, and let it know."""
        expected = self.reference.refusal(asked, TIMES[self.now])
        if expected is not None:
            assert got == expected
            return
        assert isinstance(got, Receipt)
        self.reference.take(asked, got)

    @rule(number=who, wish=wish)
    def file_edit_or_withdraw(self, number: str, wish: str | None) -> None:
        asked = self.asked(number, wish)
        self.settle(asked, self.run_(self.send(asked)))

    @rule()
    def time_goes_by(self) -> None:
        self.now = min(self.now + 1, len(TIMES) - 1)
        self.clock.at(TIMES[self.now])

    @rule()
    def seal_what_is_due(self) -> None:
        self.run_(self.house.desk.pass_gates())

    @precondition(lambda self: self.reference.answered)
    @rule(data=st.data())
    def ask_for_an_answer_again(self, data: st.DataObject) -> None:
        asked, receipt = data.draw(st.sampled_from(self.reference.answered))
        assert self.run_(self.send(asked)) == receipt

    @rule(wishes=st.tuples(wish, wish, wish), answers=st.integers(0, 3))
    def crash_with_requests_under_way(
        self, wishes: tuple[str | None, str | None, str | None], answers: int
    ) -> None:
        under_way = [self.asked(*one) for one in zip(sorted(PEOPLE), wishes, strict=True)]
        left, folder = self.stack, self.new_folder()
        got = self.run_(self.send_until_the_crash(under_way, answers, folder))
        self.run_(left.aclose())
        self.live(sqlite_url(folder))
        for asked in under_way:
            again = self.run_(self.send(asked))
            if asked.key in got and isinstance(got[asked.key], Receipt):
                assert again == got[asked.key]
            self.settle(asked, again)

    async def send_until_the_crash(
        self, under_way: list[Asked], answers: int, folder: Path
    ) -> dict[str, Receipt | str]:
        """The answers that came before the files were copied, by key."""
        sent = {asyncio.create_task(self.send(one)): one.key for one in under_way}
        pending = set(sent)
        while len(pending) > len(sent) - answers:
            _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        there = Path(self.lives[-2].name)
        for name in FILES:
            shutil.copyfile(there / name, folder / name)
        got = {sent[task]: task.result() for task in sent if task not in pending}
        await asyncio.gather(*pending)
        return got

    @invariant()
    def the_log_is_the_reference(self) -> None:
        if not hasattr(self, "house"):
            return
        events = self.run_(self.house.log())
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert sum(event.candidate_id is not None for event in events) == self.reference.events
        sealed = [e.seq for e in events if e.kind == "segment_sealed"]
        given = [r.seq for a, r in self.reference.answered if a.number == "101"]
        assert not sealed or not given or max(given) < sealed[0]


TestCrashing = Crashing.TestCase
TestCrashing.settings = settings(
    max_examples=6,
    stateful_step_count=15,
    deadline=None,
    phases=QUICK,
    suppress_health_check=[HealthCheck.too_slow],
)
