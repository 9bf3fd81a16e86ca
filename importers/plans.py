"""Enrolment plans: one row a major, several a unit. CONTRACT 2.

A unit is an institution's code, a track and a plan nature; its seats are the sum of its majors'.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from importers.cells import Cells
from importers.digests import digest_of
from importers.formulas import unguarded
from importers.headings import GLUE, PLAN, recognise
from importers.report import Report
from importers.tables import Source, read_table
from ranking.rules import UnitKey


class MajorRow(NamedTuple):
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


_UNIT = attrgetter(*UnitKey._fields)


def read_plan(
    source: Source, mapping: Mapping[str, str] | None = None, *, digest: bool = True
) -> tuple[tuple[MajorRow, ...], Report]:
    """The plan in a file; no rows, with faults in the report, when anything in it is wrong.

    digest: whether the report shall have one; a computation needs none.
    """
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
    if b"'" in source.content:
        for columns_of in (texts, more):
            for column, values in columns_of.items():
                columns_of[column] = list(map(unguarded, values))
    quotas = cells.whole_numbers("quota")
    # A named tuple's own maker is Python code; 25,000 rows are made without it.
    make = partial(tuple.__new__, MajorRow)
    columns = (cells.lines, *texts.values(), quotas, *more.values())
    rows: tuple[MajorRow, ...] = tuple(map(make, zip(*columns, strict=True)))
    unit = (texts["institution_code"], texts["track"], texts["plan_nature"])
    units = set(zip(*unit, strict=True))
    majors = list(zip(*unit, texts["major_code"], strict=True))
    cells.refuse_twice(majors, "a major of this unit", "major_code")
    named = dict.fromkeys(zip(*unit, texts["institution_name"], strict=True))
    if len(named) > len(units):
        _refuse_names(rows, cells)
    _notice(named, texts["batch"], report)
    if not report.accepted:
        return (), report
    report.totals = {"units": len(units), "majors": len(rows), "seats": sum(quotas)}
    if digest:
        report.digest = digest_of({**texts, **more, "quota": np.array(quotas, "<i4")})
    return rows, report


def _notice(named: Collection[tuple[str, ...]], batches: Collection[str], report: Report) -> None:
    """An institution that goes by several names, and several batches in one plan."""
    institutions: dict[str, set[str]] = {}
    for code, _, _, name in named:
        institutions.setdefault(code, set()).add(name)
    for code, called in institutions.items():
        if len(called) > 1:
            both = ", ".join(sorted(called))
            report.notices.append(f"institution {code} goes by {len(called)} names: {both}")
    several = sorted(set(batches))
    if len(several) > 1:
        report.notices.append(
            f"the plan holds {len(several)} batches, a round is of one: {', '.join(several)}"
        )


def _refuse_names(rows: Sequence[MajorRow], cells: Cells) -> None:
    """A unit goes by one name."""
    first: dict[UnitKey, MajorRow] = {}
    for place, row in enumerate(rows):
        before = first.setdefault(row.unit, row)
        if before.institution_name != row.institution_name:
            cells.reject(
                place,
                "institution_name",
                row.institution_name,
                f'is another name than "{before.institution_name}" in line {before.line}, same unit',
            )


def unit_per_major(rows: Sequence[MajorRow]) -> tuple[MajorRow, ...]:
    """The plan of an adult round, where a unit is institution x major x track. RULES.md 1.

    The major's code becomes the unit's plan nature, after a nature it has of its own: `01`,
    `函授-01`. Rows that are so already stay.
    """
    return tuple(
        row
        if row.plan_nature == row.major_code or row.plan_nature.endswith(f"{GLUE}{row.major_code}")
        else row._replace(plan_nature=GLUE.join(filter(None, (row.plan_nature, row.major_code))))
        for row in rows
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
    return row._replace(line=0, batch="")


def by_unit(rows: Sequence[MajorRow]) -> dict[UnitKey, list[MajorRow]]:
    """The majors of each unit in plan order; units in the order they first stand in."""
    units: dict[tuple[str, ...], list[MajorRow]] = {}
    for key, of_unit in groupby(rows, _UNIT):
        units.setdefault(key, []).extend(of_unit)
    return {UnitKey(*key): majors for key, majors in units.items()}
