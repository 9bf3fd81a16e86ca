"""What is in the log, in the past tense.

One log, seq 1, 2, 3 … without gaps. Followers fold these rows; nothing else reaches a board.
"""

from collections.abc import Mapping
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
    "unit_filed",
    "filing_applied",
    "filing_checked",
    "decisions_imported",
    "results_released",
    "admitted_left",
    "unfilled_published",
]

IMPORTS: frozenset[Kind] = frozenset(
    {"round_set", "plan_imported", "candidates_imported", "admitted_left"}
)
"""Kinds after which a follower reads the round's plan and candidates anew."""

INPUTS: frozenset[Kind] = frozenset({"round_set", "plan_imported", "candidates_imported"})
"""Kinds that change what a round is decided from."""

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


def to_ms(moment: datetime) -> int:
    """A moment as whole milliseconds since 1970 in UTC, rounded down: how the store keeps time."""
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000


def from_ms(milliseconds: int) -> datetime:
    """The moment kept as `milliseconds`, aware and in UTC."""
    seconds, rest = divmod(milliseconds, 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000)
