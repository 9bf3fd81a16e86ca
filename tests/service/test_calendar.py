"""Gates are half-open, segments partition the score line, and what has passed stays so."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.round_file import Schedule, Segment
from service.calendar import Act, Calendar

DAY = datetime(2026, 8, 1, tzinfo=UTC)
MS = timedelta(milliseconds=1)
OPENS, DELETE_LOCK, CREATE_LOCK = (DAY + timedelta(hours=h) for h in (8, 10, 10.5))
HIGH, LOW = 600_500, 0
HIGH_CLOSES, CLOSES = DAY + timedelta(hours=11), DAY + timedelta(hours=14)
CALENDAR = Calendar(
    Schedule(
        OPENS,
        DELETE_LOCK,
        CREATE_LOCK,
        CLOSES,
        segments=(Segment(HIGH, HIGH_CLOSES), Segment(None, CLOSES)),
    )
)
ACTS: tuple[Act, ...] = ("create", "modify", "delete")


def refusals(at: datetime, filing: int = LOW, passed: frozenset[str] = frozenset()) -> list[object]:
    return [CALENDAR.refusal(act, filing, at, passed) for act in ACTS]


def test_before_the_opening_instant_nothing_is_open_and_at_it_all_is():
    assert refusals(OPENS - MS) == ["not-open"] * 3
    assert refusals(OPENS) == [None, None, None]


def test_the_delete_lock_holds_from_its_very_instant():
    assert refusals(DELETE_LOCK - MS) == [None, None, None]
    assert refusals(DELETE_LOCK) == [None, None, "delete-locked"]


def test_the_create_lock_holds_from_its_very_instant():
    assert refusals(CREATE_LOCK - MS) == [None, None, "delete-locked"]
    assert refusals(CREATE_LOCK) == ["create-locked", None, "delete-locked"]


@pytest.mark.parametrize(("filing", "close"), [(HIGH, HIGH_CLOSES), (LOW, CLOSES)])
def test_at_the_closing_instant_it_is_closed(filing, close):
    assert refusals(close - MS, filing)[1] is None
    assert refusals(close, filing) == ["segment-closed"] * 3
    assert refusals(close + MS, filing) == ["segment-closed"] * 3


def test_a_segment_begins_at_its_decimal_score_and_a_score_of_0_has_one():
    assert CALENDAR.closes_at(HIGH) == HIGH_CLOSES
    assert CALENDAR.closes_at(HIGH - 1) == CLOSES
    assert CALENDAR.closes_at(0) == CLOSES
    assert [gate.name for gate in CALENDAR.segments] == ["segment:600.5", "segment:rest"]


def test_without_segments_all_close_together():
    one = Calendar(Schedule(OPENS, None, None, CLOSES))
    assert one.closes_at(0) == one.closes_at(750_000) == CLOSES
    assert one.refusal("delete", 0, CLOSES - MS, ()) is None


def test_the_round_goes_through_its_states_as_gates_pass():
    passed: set[str] = set()
    states = [CALENDAR.state(passed)]
    for gate in CALENDAR.gates:
        passed.add(gate.name)
        states.append(CALENDAR.state(passed))
    assert states == ["published", "open", "delete_locked", "create_locked", "closing", "closed"]


def test_a_lock_is_the_candidates_own():
    assert CALENDAR.lock(HIGH, ()) == "locked"
    assert CALENDAR.lock(HIGH, {"opens", "delete_lock"}) == "open"
    assert CALENDAR.lock(HIGH, {"opens", "delete_lock", "create_lock"}) == "modify_only"
    sealed = {"opens", "create_lock", "segment:600.5"}
    assert (CALENDAR.lock(HIGH, sealed), CALENDAR.lock(HIGH - 1, sealed)) == (
        "locked",
        "modify_only",
    )


def test_a_gate_is_due_from_its_instant_until_the_log_knows_it():
    assert CALENDAR.due(OPENS - MS, ()) == []
    assert [gate.name for gate in CALENDAR.due(OPENS, ())] == ["opens"]
    assert CALENDAR.due(DELETE_LOCK - MS, {"opens"}) == []
    names = [gate.name for gate in CALENDAR.due(CLOSES, {"opens"})]
    assert names == ["delete_lock", "create_lock", "segment:600.5", "segment:rest"]


def test_what_has_passed_stays_so_when_the_clock_steps_back():
    early = OPENS - timedelta(hours=1)
    assert refusals(early, passed=frozenset({"opens"})) == [None] * 3
    locked = frozenset({"opens", "delete_lock", "create_lock"})
    assert refusals(OPENS, passed=locked) == ["create-locked", None, "delete-locked"]
    assert refusals(OPENS, HIGH, locked | {"segment:600.5"}) == ["segment-closed"] * 3
    assert refusals(OPENS, HIGH - 1, locked | {"segment:600.5"})[1] is None


def test_locked_from_is_the_lowest_score_that_is_sealed():
    assert CALENDAR.locked_from({"opens"}) is None
    assert CALENDAR.locked_from({"segment:600.5"}) == HIGH
    everybody = CALENDAR.locked_from({"segment:600.5", "segment:rest"})
    assert everybody is not None
    assert everybody <= 0


@st.composite
def calendars(draw):
    bounds = sorted(draw(st.sets(st.integers(1, 750_000), max_size=8)), reverse=True)
    hours = draw(st.lists(st.integers(1, 12), min_size=len(bounds) + 1, max_size=len(bounds) + 1))
    closes = [OPENS + timedelta(hours=hour) for hour in sorted(hours)]
    segments = tuple(Segment(*one) for one in zip([*bounds, None], closes, strict=True))
    return Calendar(Schedule(OPENS, None, None, closes[-1], segments=segments)), bounds


@given(calendars(), st.integers(0, 751_000), st.integers(0, 751_000))
def test_segments_partition_the_score_line_and_higher_scores_close_no_later(made, one, other):
    calendar, bounds = made
    for score in (one, other, *bounds, *(bound - 1 for bound in bounds)):
        index = calendar.segments.index(calendar.segment_of(score))
        assert index == sum(score < bound for bound in bounds)
    assert calendar.closes_at(max(one, other)) <= calendar.closes_at(min(one, other))


def test_a_seal_covers_its_scores_whatever_the_segments_are_called_later():
    recut = Calendar(
        Schedule(
            OPENS,
            None,
            None,
            CLOSES,
            segments=(
                Segment(HIGH + 50_000, CLOSES),
                Segment(HIGH, HIGH_CLOSES),
                Segment(None, CLOSES),
            ),
        )
    )
    passed = frozenset({"opens", "segment:600.5"})
    assert recut.refusal("modify", HIGH + 60_000, HIGH_CLOSES, passed) == "segment-closed"
    assert recut.lock(HIGH + 60_000, passed) == "locked"
    assert recut.lock(HIGH - 1, passed) == "open"
