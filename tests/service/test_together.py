"""Questions asked at the same time are one look; none is answered by an older one."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from service.errors import Refusal
from service.together import Together
from tests.builders import House


class Looks:
    """A look that waits until it is let go, and answers with what is true when it began."""

    def __init__(self) -> None:
        self.asked: list[Sequence[str]] = []
        self.truth: dict[str, int] = {}
        self.gate = asyncio.Event()

    async def __call__(self, keys: Sequence[str]) -> Mapping[str, int]:
        self.asked.append(sorted(keys))
        found = dict(self.truth)
        await self.gate.wait()
        if "bad" in keys:
            raise ZeroDivisionError
        return found


async def test_all_who_ask_during_a_look_are_answered_by_the_next():
    looks = Looks()
    together = Together(looks)
    looks.truth = {"a": 1}
    first = asyncio.create_task(together.ask("a"))
    await asyncio.sleep(0.01)
    looks.truth = {"a": 2, "b": 3}
    rest = [asyncio.create_task(together.ask(key)) for key in ("a", "b", "c", "b")]
    await asyncio.sleep(0)
    looks.gate.set()
    assert await first == 1
    assert await asyncio.gather(*rest) == [2, 3, None, 3]
    assert looks.asked == [["a"], ["a", "b", "c"]]


async def test_a_look_that_fails_fails_those_who_asked_it_and_no_later_one():
    looks = Looks()
    looks.gate.set()
    together = Together(looks)
    given = await asyncio.gather(together.ask("bad"), together.ask("bad"), return_exceptions=True)
    assert [type(one) for one in given] == [ZeroDivisionError] * 2
    assert await together.ask("a") is None


async def test_sessions_of_many_are_found_together_and_an_ended_one_is_not(house: House):
    opened = await asyncio.gather(
        *(house.accounts.sign_in(n, f"code-{n}") for n in ("101", "102", "103"))
    )
    asked = [house.accounts.whose(one.token) for one in opened]
    people = await asyncio.gather(*asked, house.accounts.whose("nobody's"), return_exceptions=True)
    assert [p.candidate_no for p in people[:3]] == ["101", "102", "103"]  # type: ignore[union-attr]
    assert isinstance(people[3], Refusal)
    await house.accounts.sign_out(opened[0].token)
    with pytest.raises(Refusal):
        await house.accounts.whose(opened[0].token)
