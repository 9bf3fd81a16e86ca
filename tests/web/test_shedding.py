"""Reads are declined before writes, and before anybody who watches over the service."""

from tests.builders import Running
from tests.web.answers import ROUND_PATH, slug
from web.shedding import DEEP, LATE_S, MANY, Pulse


class Desk:
    """As much of a desk as the pulse feels."""

    def __init__(self, load: float) -> None:
        self.load = load


def pulse_of(load: float = 0, late_s: float = 0, waiting: int = 0) -> Pulse:
    one = Pulse(Desk(load))  # type: ignore[arg-type]
    one.late_s, one.waiting = late_s, waiting
    return one


def test_a_deep_queue_or_a_late_loop_with_many_waiting_is_an_overload():
    assert not pulse_of().overloaded
    assert pulse_of(load=DEEP + 0.1).overloaded
    assert pulse_of(late_s=LATE_S * 2, waiting=MANY + 1).overloaded
    assert not pulse_of(late_s=LATE_S * 2, waiting=3).overloaded
    assert not pulse_of(waiting=MANY * 10).overloaded


def test_one_hiccup_counts_little_and_lateness_fades():
    one = pulse_of(waiting=MANY + 1)
    one.felt(LATE_S * 3)
    assert not one.overloaded
    assert felt(one, 5, LATE_S * 3)
    assert not felt(one, 8, 0)


def felt(one: Pulse, times: int, late_s: float) -> bool:
    """Whether it is an overload after so many measurements more."""
    for _ in range(times):
        one.felt(late_s)
    return one.overloaded


async def test_while_overloaded_reads_get_503_and_choices_are_taken(service: Running, monkeypatch):
    await service.token("101")
    monkeypatch.setattr(Pulse, "overloaded", True)
    for path in (f"{ROUND_PATH}/units", f"{ROUND_PATH}/statistics", "/"):
        answer = await service.client.get(path)
        assert answer.status_code == 503
        assert slug(answer) == "overloaded"
        assert answer.headers["retry-after"] == "3"
    assert slug(await service.call("101", "GET", "/standing")) == "overloaded"
    assert (await service.file("101", "5012")).status_code == 200
    assert (await service.call("101", "DELETE", "/choice")).status_code == 200
    assert len(await service.token("102")) > 20
    for path in ("/healthz", "/readyz", "/metrics"):
        assert (await service.client.get(path)).status_code == 200


async def test_what_has_been_answered_waits_no_more(service: Running):
    given = [middleware.kwargs.get("pulse") for middleware in service.app.user_middleware]
    (pulse,) = [one for one in given if isinstance(one, Pulse)]
    await service.file("101", "5012")
    await service.client.get("/no-such-page")
    assert pulse.waiting == 0
