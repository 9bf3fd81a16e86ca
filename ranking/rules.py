"""What a jurisdiction may change about a round, as data. RULES.md 2, 5; CONTRACT.md 2.

These come from a round file; the numbers are never constants in code. Defaults are the rules of a
round without a file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Regime = Literal["dynamic", "parallel", "sequential"]
Scope = Literal["one_to_one", "filed"]
Refill = Literal["next_round", "cascade", "within_filed"]
MajorScore = Literal["filing", "exam"]

BASIS_POINTS = 10_000


class UnitKey(NamedTuple):
    """What names a unit in a round; written "institution/track/plan_nature" in files."""

    institution_code: str
    track: str
    plan_nature: str


@dataclass(frozen=True, slots=True)
class GradedSteps:
    """Points off at each further choice (专业级差), in thousandths; the last sum is kept.

    `steps` (0, 3000, 1000) takes off 0, 3, 4, 4, … points.
    """

    steps: tuple[int, ...]


MajorRule = Literal["score_first", "major_first"] | GradedSteps


@dataclass(frozen=True, slots=True)
class ExtraSeats:
    """Seats that the office adds to a major over plan, so that equals are admitted together.

    A decision made after the close, with its reason in words; RULES.md 5.5. It is no part of the
    plan that candidates file against.
    """

    major_code: str
    count: int
    reason: str


@dataclass(frozen=True, slots=True)
class UnitRules:
    """What one unit does otherwise than its round; None keeps the round's own.

    Attributes:
        adjust_order: major codes, first one first; those not named follow in plan order.
    """

    ratio: int | None = None
    strict: bool = False
    scope: Scope | None = None
    refill: Refill | None = None
    major_rule: MajorRule | None = None
    major_score: MajorScore | None = None
    adjust_order: tuple[str, ...] = ()
    extra_seats: tuple[ExtraSeats, ...] = ()


@dataclass(frozen=True, slots=True)
class RoundRules:
    """The parameters of a round. `ratio` is in basis points: 105 % is 10500."""

    regime: Regime = "dynamic"
    ratio: int = BASIS_POINTS
    major_rule: MajorRule = "major_first"
    scope: Scope = "one_to_one"
    refill: Refill = "next_round"
    majors_per_choice: int = 6
    choices_per_form: int = 1
    major_score: MajorScore = "filing"
    tie_break: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    units: Mapping[UnitKey, UnitRules] = field(default_factory=dict)
    draw_seed: str = ""

    def ratio_of(self, unit: UnitKey) -> int:
        """The filing ratio in force for `unit`, in basis points."""
        own = self.units.get(unit)
        return self.ratio if own is None or own.ratio is None else own.ratio

    def strict(self, unit: UnitKey) -> bool:
        """Whether `unit` files exactly `due`, in tie-break order. RULES.md 2."""
        own = self.units.get(unit)
        return own is not None and own.strict
