"""Gates and segments as values. RULES.md 4.

Half-open intervals of server time: at the closing instant itself it is closed. A gate that has
passed, by the log, never opens again, whatever the clock says later.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from importers.round_file import Schedule, Segment
from ranking.scores import score_text

Step = Literal["filed", "deciding", "results", "unfilled_published"]
State = (
    Literal[
        "draft",
        "published",
        "paused",
        "open",
        "delete_locked",
        "create_locked",
        "closing",
        "closed",
    ]
    | Step
)
Lock = Literal["open", "modify_only", "locked"]
Act = Literal["create", "modify", "delete"]

OPENS, DELETE_LOCK, CREATE_LOCK = "opens", "delete_lock", "create_lock"
SEGMENT = "segment:"
STEPS: tuple[Step, ...] = ("filed", "deciding", "results", "unfilled_published")
"""What follows the close, by people's acts; kept among the gates that have passed."""

GOING: frozenset[State] = frozenset({"open", "delete_locked", "create_locked", "closing"})
"""States in which somebody may still file or change a choice."""


@dataclass(frozen=True, slots=True)
class Gate:
    """An instant after which something is no longer, or at last, allowed.

    `locked_from` is set on a segment: candidates of that filing score (thousandths) and above
    have closed with it; the last segment locks everybody.
    """

    name: str
    at: datetime
    locked_from: int | None = None


EVERYBODY_LOCKED = -(2**31)


def segment_name(segment: Segment) -> str:
    """What a segment's gate is called in the log."""
    return SEGMENT + ("rest" if segment.min_score is None else score_text(segment.min_score))


class Calendar:
    """The gates of one schedule, in the order of time."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        segments = [
            Gate(
                segment_name(segment),
                segment.closes,
                EVERYBODY_LOCKED if segment.min_score is None else segment.min_score,
            )
            for segment in schedule.segments
        ] or [Gate(SEGMENT + "rest", schedule.closes, EVERYBODY_LOCKED)]
        self.segments: tuple[Gate, ...] = tuple(segments)
        locks = [
            Gate(name, at)
            for name, at in (
                (OPENS, schedule.opens),
                (DELETE_LOCK, schedule.delete_lock),
                (CREATE_LOCK, schedule.create_lock),
            )
            if at is not None
        ]
        self.gates: tuple[Gate, ...] = tuple(sorted([*locks, *segments], key=lambda gate: gate.at))
        self._by_name = {gate.name: gate for gate in self.gates}

    def segment_of(self, filing: int) -> Gate:
        """The segment that holds a filing score (thousandths)."""
        for segment in self.segments:
            if segment.locked_from is not None and filing >= segment.locked_from:
                return segment
        raise AssertionError("the last segment has no lower bound")

    def closes_at(self, filing: int) -> datetime:
        """close(i): when the segment holding this filing score closes."""
        return self.segment_of(filing).at

    def due(self, now: datetime, passed: Collection[str]) -> list[Gate]:
        """The gates whose instant has come and that the log does not know as passed."""
        return [gate for gate in self.gates if gate.at <= now and gate.name not in passed]

    def refusal(self, act: Act, filing: int, now: datetime, passed: Collection[str]) -> str | None:
        """Why `act` is not allowed at `now`, as a problem's slug; None when it is."""
        if not self._is_past(OPENS, now, passed):
            return "not-open"
        if self.segment_of(filing).at <= now or self._sealed(filing, passed):
            return "segment-closed"
        if act == "create" and self._is_past(CREATE_LOCK, now, passed):
            return "create-locked"
        if act == "delete" and self._is_past(DELETE_LOCK, now, passed):
            return "delete-locked"
        return None

    def state(self, passed: Collection[str]) -> State:
        """The round's state by the gates that the log knows as passed."""
        sealed = sum(segment.name in passed for segment in self.segments)
        if OPENS not in passed:
            return "published"
        if sealed == len(self.segments):
            return next((step for step in reversed(STEPS) if step in passed), "closed")
        if sealed:
            return "closing"
        if CREATE_LOCK in passed:
            return "create_locked"
        return "delete_locked" if DELETE_LOCK in passed else "open"

    def lock(self, filing: int, passed: Collection[str]) -> Lock:
        """What a candidate of this filing score may still do, by the log."""
        if OPENS not in passed or self._sealed(filing, passed):
            return "locked"
        return "modify_only" if CREATE_LOCK in passed else "open"

    def locked_from(self, passed: Collection[str]) -> int | None:
        """Candidates of this filing score (thousandths) and above are locked; None: nobody is."""
        bounds = [
            s.locked_from for s in self.segments if s.name in passed and s.locked_from is not None
        ]
        return min(bounds, default=None)

    def keeps(self, passed: Collection[str]) -> bool:
        """Whether every gate the log knows as passed is still one of this schedule's."""
        return set(passed) - set(STEPS) <= self._by_name.keys()

    def is_over(self, passed: Collection[str]) -> bool:
        """Whether the log knows of a step after the close, such as the filing."""
        return not set(STEPS).isdisjoint(passed)

    def _sealed(self, filing: int, passed: Collection[str]) -> bool:
        """Whether a seal covers this score: a lock never reopens, whatever the segments are now."""
        bound = self.locked_from(passed)
        return bound is not None and filing >= bound

    def _is_past(self, name: str, now: datetime, passed: Collection[str]) -> bool:
        gate = self._by_name.get(name)
        return name in passed or (gate is not None and gate.at <= now)


def extended(schedule: Schedule, later: Mapping[str, datetime]) -> Schedule:
    """A schedule after outage extensions: by gate name, the instant a segment closes at instead.

    Nothing closes earlier by it, and higher scores still close no later than lower ones, also
    where a newer round file has changed the segments since.
    """
    if not later:
        return schedule
    last = schedule.opens
    segments = []
    for segment in schedule.segments:
        last = max(last, segment.closes, later.get(segment_name(segment), segment.closes))
        segments.append(replace(segment, closes=last))
    closes = max(schedule.closes, last, later.get(SEGMENT + "rest", last))
    return replace(schedule, closes=closes, segments=tuple(segments))
