"""The desk against a model of a few lines: any order of filing, retrying, and time going by."""

import asyncio
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from service import views
from service.errors import Refusal
from service.receipts import Receipt
from tests.builders import Clock, House, loaded_sqlite, opened
from tests.service.moves import QUICK

TIMES = ("07:30", "08:00", "09:00", "10:00", "10:15", "10:30", "11:00", "12:00", "14:00", "15:00")
CLOSES = {"101": "11:00", "105": "12:00", "106": "14:00"}
WISHES = [("5012", ("01",)), ("5012", ("02", "01")), ("5037", ("01",))]

who, which = st.sampled_from(sorted(CLOSES)), st.sampled_from(WISHES)


class Desk(RuleBasedStateMachine):
    """`model` is number → (version, wish or None); times are compared as texts."""

    @initialize(start=st.sampled_from([1, 2, 3, 5, 0]))
    def begin(self, start: int) -> None:
        self.folder = TemporaryDirectory()
        url = loaded_sqlite(Path(self.folder.name))
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.clock = Clock()
        self.now = start
        self.clock.at(TIMES[start])
        self.house: House = self.run_(self.stack.enter_async_context(opened(url, self.clock)))
        self.run_(self.house.board.catch_up())
        self.model: dict[str, tuple[int, Any]] = {}
        self.given: dict[tuple[str, Any, int, str], Receipt] = {}
        self.events = 0

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.run_(self.stack.aclose())
            self.runner.close()
            self.folder.cleanup()

    def run_(self, what: Any) -> Any:
        return self.runner.run(what)

    def outcome(self, what: Awaitable[Receipt]) -> Receipt | str:
        try:
            receipt: Receipt = self.run_(what)
        except Refusal as refusal:
            return refusal.code
        return receipt

    @rule()
    def time_goes_by(self) -> None:
        self.now = min(self.now + 1, len(TIMES) - 1)
        self.clock.at(TIMES[self.now])

    @rule(number=who, wish=which)
    def file(self, number: str, wish: Any) -> None:
        self.ask(number, wish, 0)

    @rule(number=who, wish=which)
    def file_again_and_then_from_a_stale_page(self, number: str, wish: Any) -> None:
        self.ask(number, wish, 0)
        self.ask(number, wish, -1)

    def ask(self, number: str, wish: Any, off: int) -> None:
        version, held = self.model.get(number, (0, None))
        key = f"key-{len(self.given)}"
        asked = version + off
        got = self.outcome(self.house.file(number, *wish, version=asked, key=key))
        if asked < 0 or (off and not (held is None and asked == 0)):
            assert got == "version-conflict"
            return
        expected = self.gate(number, "create" if held is None else "modify")
        if expected is not None:
            assert got == expected
            return
        assert isinstance(got, Receipt)
        if held != wish:
            self.model[number] = (version + 1, wish)
            self.events += 1
        assert got.version == self.model[number][0]
        self.given[number, wish, asked, key] = got

    @rule(number=who)
    def withdraw(self, number: str) -> None:
        version, held = self.model.get(number, (0, None))
        got = self.outcome(self.house.withdraw(number))
        if held is None:
            creating = self.gate(number, "delete")
            assert got == ("no-choice" if creating is None else creating)
            return
        expected = self.gate(number, "delete")
        if expected is not None:
            assert got == expected
            return
        assert isinstance(got, Receipt)
        self.model[number] = (version + 1, None)
        self.events += 1

    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        if self.given:
            (number, wish, version, key), receipt = data.draw(
                st.sampled_from(list(self.given.items()))
            )
            assert self.outcome(self.house.file(number, *wish, version=version, key=key)) == receipt

    def gate(self, number: str, act: str) -> str | None:
        now = TIMES[self.now]
        if now < "08:00":
            return "not-open"
        if now >= CLOSES[number]:
            return "segment-closed"
        if act == "create" and now >= "10:30":
            return "create-locked"
        return "delete-locked" if act == "delete" and now >= "10:00" else None

    @invariant()
    def what_is_stored_is_the_model(self) -> None:
        if not hasattr(self, "house"):
            return
        events = self.run_(self.house.log())
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert sum(event.candidate_id is not None for event in events) == self.events
        for number, (version, wish) in self.model.items():
            view = self.run_(
                views.own_choice(
                    self.house.engine, self.house.board, "2026-first-1", self.house.ids[number]
                )
            )
            held = None if wish is None else (view["institution_code"], tuple(view["majors"] or ()))
            assert held == wish
            assert view["version"] == (0 if wish is None else version)


TestDesk = Desk.TestCase
TestDesk.settings = settings(
    max_examples=15,
    stateful_step_count=20,
    deadline=None,
    phases=QUICK,
    suppress_health_check=[HealthCheck.too_slow],
)
