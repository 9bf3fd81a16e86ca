"""What a round's own rules of a unit say of units and majors that a plan does not have."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from importers.plans import MajorRow, by_unit
from importers.report import Report
from ranking.rules import RoundRules, UnitKey, UnitRules


class Misplaced(NamedTuple):
    """A key of a round file that speaks of what the plan does not have."""

    path: str
    value: str
    message: str

    def __str__(self) -> str:
        """As one line, after the file's name."""
        return f'{self.path} "{self.value}" {self.message}' if self.value else " ".join(self[::2])


def misplaced_rules(
    rules: RoundRules, majors: Mapping[UnitKey, Collection[str]]
) -> Iterator[Misplaced]:
    """The rules of units, and of majors, that are not among these; majors by code."""
    for key, own in rules.units.items():
        path = f'units."{"/".join(key)}"'
        if key not in majors:
            yield Misplaced(path, "", f"is not a unit of the plan{_hint(key, majors)}")
            continue
        for name, code in _named(own):
            if code not in majors[key]:
                yield Misplaced(f"{path}.{name}", code, "is not a major of this unit")


def refuse_misplaced(rules: RoundRules, rows: Sequence[MajorRow], report: Report) -> None:
    """A fault in the round file's report for each; a plan without rows was refused itself."""
    if not (rules.units and rows):
        return
    majors = {key: {row.major_code for row in of} for key, of in by_unit(rows).items()}
    for path, value, message in misplaced_rules(rules, majors):
        report.reject(0, path, value, message)


def _named(own: UnitRules) -> Iterator[tuple[str, str]]:
    yield from (("adjust_order", code) for code in own.adjust_order)
    yield from (("extra_seats", extra.major_code) for extra in own.extra_seats)


def _hint(key: UnitKey, units: Collection[UnitKey]) -> str:
    """The units that the institution does have."""
    has = sorted("/".join(one) for one in units if one.institution_code == key.institution_code)
    return f"; the institution has {', '.join(has)}" if has else ""
