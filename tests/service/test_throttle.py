"""The pace of one candidate: some at once, then one by one; never a cap."""

import pytest

from service import throttle
from service.errors import Refusal
from service.throttle import Throttle


class Watch:
    """Seconds that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def passed(one: Throttle, who: int, times: int) -> int:
    """How many of so many requests in a row pass."""
    count = 0
    for _ in range(times):
        try:
            one.take(who)
        except Refusal:
            continue
        count += 1
    return count


def test_a_burst_passes_and_then_one_every_interval():
    watch = Watch()
    one = Throttle(burst=20, every_s=2, now=watch)
    assert passed(one, 7, 30) == 20
    watch.now += 1.9
    assert passed(one, 7, 5) == 0
    watch.now += 0.1
    assert passed(one, 7, 5) == 1
    watch.now += 6
    assert passed(one, 7, 5) == 3
    watch.now += 3600
    assert passed(one, 7, 30) == 20


def test_the_refusal_names_the_seconds_after_which_one_more_passes():
    watch = Watch()
    one = Throttle(burst=1, every_s=2.5, now=watch)
    one.take(7)
    watch.now += 0.2
    with pytest.raises(Refusal) as refusal:
        one.take(7)
    assert refusal.value.code == "too-many-attempts"
    watch.now += float(refusal.value.facts["retry_after"] or 0)
    one.take(7)


def test_one_candidate_slows_down_nobody_else():
    one = Throttle(burst=2, every_s=2, now=Watch())
    assert [passed(one, who, 3) for who in range(50)] == [2] * 50


def test_who_has_long_been_quiet_is_forgotten_and_the_busy_are_not(monkeypatch):
    monkeypatch.setattr(throttle, "SWEEP_ABOVE", 100)
    watch = Watch()
    one = Throttle(burst=2, every_s=2, now=watch)
    for who in range(90):
        one.take(who)
    watch.now += 60
    assert passed(one, 1000, 5) == 2
    for who in range(200, 215):
        one.take(who)
    assert len(one._full_at) <= 16
    assert passed(one, 1000, 5) == 0
