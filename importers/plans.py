"""Enrolment plans: one row a major, several a unit. CONTRACT 2.

A unit is an institution's code, a track and a plan nature; its seats are the sum of its majors'.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from importers.cells import Cells
from importers.digests import digest_of
from importers.headings import PLAN, recognise
from importers.report import Report
from importers.tables import Source, read_table
from ranking.rules import UnitKey


@dataclass(frozen=True, slots=True)
class MajorRow:
    """A row of a plan: a major of a unit, with its own quota; `line` is where it stood."""

    line: int
    batch: str
    track: str
    institution_code: str
    institution_name: str
    plan_nature: str
    major_code: str
    major_name: str
    quota: int
    tuition: str
    duration: str
    notes: str

    @property
    def unit(self) -> UnitKey:
        """The unit that the major belongs to."""
        return UnitKey(self.institution_code, self.track, self.plan_nature)


def read_plan(
    source: Source, mapping: Mapping[str, str] | None = None
) -> tuple[tuple[MajorRow, ...], Report]:
    """The plan in a file; no rows, with faults in the report, when anything in it is wrong."""
    report = Report(source.name)
    table = read_table(source, report)
    cells = None if table is None else recognise(table, PLAN, mapping or {}, report)
    if cells is None:
        return (), report
    texts: dict[str, list[str]] = {
        "batch": cells.texts("batch"),
        "track": cells.codes("track", needed=True),
        "institution_code": cells.codes("institution_code", needed=True),
        "institution_name": cells.names("institution_name"),
        "plan_nature": cells.codes("plan_nature"),
        "major_code": cells.codes("major_code", needed=True, slash=True),
        "major_name": cells.names("major_name"),
    }
    more = {column: cells.texts(column) for column in ("tuition", "duration", "notes")}
    quotas = cells.whole_numbers("quota")
    rows = tuple(map(MajorRow, cells.lines, *texts.values(), quotas, *more.values()))
    units = list(map(UnitKey, texts["institution_code"], texts["track"], texts["plan_nature"]))
    _check_units(rows, units, cells)
    if not report.accepted:
        return (), report
    report.totals = totals(rows)
    report.digest = digest_of({**texts, **more, "quota": np.array(quotas, "<i4")})
    return rows, report


def totals(rows: Sequence[MajorRow]) -> dict[str, int]:
    """How many units, majors and seats."""
    return {
        "units": len({row.unit for row in rows}),
        "majors": len(rows),
        "seats": sum(row.quota for row in rows),
    }


def _check_units(rows: Sequence[MajorRow], units: Sequence[UnitKey], cells: Cells) -> None:
    """A major stands once in its unit, and a unit goes by one name."""
    cells.refuse_twice(
        [(unit, row.major_code) for unit, row in zip(units, rows, strict=True)],
        "a major of this unit",
        "major_code",
    )
    named: dict[UnitKey, MajorRow] = {}
    institutions: dict[str, set[str]] = {}
    for place, (unit, row) in enumerate(zip(units, rows, strict=True)):
        first = named.setdefault(unit, row)
        if first.institution_name != row.institution_name:
            cells.reject(
                place,
                "institution_name",
                row.institution_name,
                f'is another name than "{first.institution_name}" in line {first.line}, same unit',
            )
        institutions.setdefault(row.institution_code, set()).add(row.institution_name)
    for code, called in institutions.items():
        if len(called) > 1:
            both = ", ".join(sorted(called))
            cells.report.notices.append(f"institution {code} goes by {len(called)} names: {both}")
    batches = sorted({row.batch for row in rows})
    if len(batches) > 1:
        cells.report.notices.append(
            f"the plan holds {len(batches)} batches, a round is of one: {', '.join(batches)}"
        )


@dataclass(frozen=True, slots=True)
class Change:
    """A major whose row differs: what it was and what it becomes."""

    before: MajorRow
    after: MajorRow


@dataclass(frozen=True, slots=True)
class PlanDifference:
    """What one plan changes in another, by unit and major code."""

    added: tuple[MajorRow, ...]
    removed: tuple[MajorRow, ...]
    changed: tuple[Change, ...]
    seats_before: int
    seats_after: int

    def __bool__(self) -> bool:
        """Whether there is any difference."""
        return bool(self.added or self.removed or self.changed)


def plan_difference(before: Sequence[MajorRow], after: Sequence[MajorRow]) -> PlanDifference:
    """What `after` changes. Lines and batch do not count: a round is of one batch already."""
    old = {(row.unit, row.major_code): row for row in before}
    new = {(row.unit, row.major_code): row for row in after}
    return PlanDifference(
        added=tuple(row for key, row in new.items() if key not in old),
        removed=tuple(row for key, row in old.items() if key not in new),
        changed=tuple(
            Change(old[key], row)
            for key, row in new.items()
            if key in old and _content(old[key]) != _content(row)
        ),
        seats_before=sum(row.quota for row in before),
        seats_after=sum(row.quota for row in after),
    )


def _content(row: MajorRow) -> MajorRow:
    return replace(row, line=0, batch="")


def by_unit(rows: Sequence[MajorRow]) -> dict[UnitKey, list[MajorRow]]:
    """The majors of each unit in plan order; units in the order they first stand in."""
    units: dict[UnitKey, list[MajorRow]] = {}
    for row in rows:
        key = UnitKey(row.institution_code, row.track, row.plan_nature)
        units.setdefault(key, []).append(row)
    return units
