"""What is in the log, in the past tense.

One log, seq 1, 2, 3 … without gaps. Followers fold these rows; nothing else reaches a board.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

Kind = Literal[
    "choice_filed",
    "choice_withdrawn",
    "gate_passed",
    "segment_sealed",
    "round_set",
    "plan_imported",
    "candidates_imported",
    "statistics_published",
    "act_proposed",
    "act_reviewed",
    "act_approved",
    "act_refused",
    "act_withdrawn",
    "round_published",
    "round_paused",
    "round_resumed",
    "segment_extended",
    "unit_filed",
    "filing_applied",
    "filing_checked",
    "decisions_imported",
    "results_released",
    "admitted_left",
    "unfilled_published",
]

IMPORTS: frozenset[Kind] = frozenset(
    {
        "round_set",
        "plan_imported",
        "candidates_imported",
        "round_published",
        "round_paused",
        "round_resumed",
        "segment_extended",
        "admitted_left",
    }
)
"""Kinds after which a follower reads the round anew: its terms, its gates, its candidates."""

INPUTS: frozenset[Kind] = frozenset({"round_set", "plan_imported", "candidates_imported"})
"""Kinds that change what a round is decided from."""

STEP_KINDS: frozenset[Kind] = frozenset(
    {"filing_applied", "decisions_imported", "results_released", "unfilled_published"}
)
"""Kinds that take a round a step on after its close; the body's `gate` names it."""

GATES: frozenset[Kind] = STEP_KINDS | {"gate_passed", "segment_sealed"}
"""Kinds whose body names a gate that has passed."""

CHOICES: frozenset[Kind] = frozenset({"choice_filed", "choice_withdrawn"})
"""Kinds that say what a candidate holds now."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the log.

    `unit_id` and `first_major_id` are the store's row ids, set on a filed choice; `body` holds what
    else the kind needs, as JSON values.
    """

    seq: int
    kind: Kind
    at: datetime
    round_id: int | None = None
    candidate_id: int | None = None
    unit_id: int | None = None
    first_major_id: int | None = None
    body: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Growth:
    """What one commit added to the log of `epoch`, in order of seq."""

    epoch: str
    events: Sequence[Event]


def to_ms(moment: datetime) -> int:
    """A moment as whole milliseconds since 1970 in UTC, rounded down: how the store keeps time."""
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000


def from_ms(milliseconds: int) -> datetime:
    """The moment kept as `milliseconds`, aware and in UTC."""
    seconds, rest = divmod(milliseconds, 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000)
