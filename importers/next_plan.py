"""The plan of the next round: the seats a round has left, and what institutions change in them.

A change is a row of a plan file: of a major that is left over it sets the quota (a plan may grow
between rounds), of another it adds the major; quota 0 takes the major out. RULES.md 5.7.
"""

from collections.abc import Iterable, Sequence

from importers.plans import MajorRow


def next_plan(left: Iterable[MajorRow], changes: Sequence[MajorRow]) -> list[MajorRow]:
    """The next round's rows: what is left in its order, then the majors that changes add.

    left: one row for each major of the round, its quota the seats left, 0 where it is full.
    """
    said = {(row.unit, row.major_code): row for row in changes}
    rows = []
    for row in left:
        changed = said.pop((row.unit, row.major_code), row)
        if changed.quota:
            rows.append(changed)
    return [*rows, *(row for row in said.values() if row.quota)]
