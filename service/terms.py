"""The terms of a round: its file and its plan, as one value that writers and readers share."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from importers.round_file import RoundFile
from ranking.rules import UnitKey
from service.calendar import GOING, Calendar, State


@dataclass(frozen=True, slots=True)
class Major:
    """A row of a unit's plan with its own quota."""

    id: int
    code: str
    name: str
    quota: int
    tuition: str
    duration: str
    notes: str


@dataclass(frozen=True)
class Unit:
    """What applicants are ranked in, with its majors in plan order."""

    id: int
    key: UnitKey
    institution_name: str
    majors: tuple[Major, ...]

    @cached_property
    def plan(self) -> int:
        """Seats: the sum of the majors' quotas."""
        return sum(major.quota for major in self.majors)

    @cached_property
    def major_by_code(self) -> dict[str, Major]:
        """The majors by their code."""
        return {major.code: major for major in self.majors}


@dataclass(frozen=True)
class Terms:
    """A round as it stands. `revision` is the seq of the last event that changed it.

    The schedule in `file` is the one in force: outage extensions are in it already. A draft is not
    public and never opens; while a round is paused nothing is filed.
    """

    round_id: int
    revision: int
    season_id: int
    season_code: str
    season_kind: str
    batch_code: str
    batch_name: str
    file: RoundFile
    units: tuple[Unit, ...]
    draft: bool = False
    paused_at: datetime | None = None

    @cached_property
    def unit_by_key(self) -> dict[UnitKey, Unit]:
        """The units by institution, track and plan nature."""
        return {unit.key: unit for unit in self.units}

    @cached_property
    def unit_by_id(self) -> dict[int, Unit]:
        """The units by the store's row id."""
        return {unit.id: unit for unit in self.units}

    @cached_property
    def units_of_institution(self) -> dict[str, list[Unit]]:
        """The units by their institution's code, all tracks and plan natures."""
        found: dict[str, list[Unit]] = {}
        for unit in self.units:
            found.setdefault(unit.key.institution_code, []).append(unit)
        return found

    @cached_property
    def calendar(self) -> Calendar | None:
        """The round's gates; None while it has no schedule or is a draft, and so never opens."""
        if self.draft or self.file.schedule is None:
            return None
        return Calendar(self.file.schedule)

    def state(self, passed: Collection[str]) -> State:
        """The round's state by the gates that the log knows as passed."""
        if self.draft:
            return "draft"
        state = "published" if self.calendar is None else self.calendar.state(passed)
        return "paused" if self.paused_at and state in GOING else state
