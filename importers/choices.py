"""Choices as columns, and what they mean in a plan: indices of candidates, units and majors.

`read_choices` looks at the file alone; `match_choices` at candidates, plan and rules beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from importers.candidates import Candidates
from importers.cells import Cells
from importers.digests import digest_of
from importers.headings import CHOICES, MAX_MAJORS, recognise
from importers.plans import MajorRow, by_unit
from importers.report import Report
from importers.tables import Source, read_table
from ranking.rules import RoundRules, UnitKey

Int: TypeAlias = NDArray[np.int32]
MAX_DENSE = 1 << 21
NONE = -1
"""In columns of indices: nothing there, or nothing that exists."""


@dataclass(frozen=True)
class Choices:
    """All choices in a file, in file order; all columns are (n,).

    majors are held as `major_ids` (n, w) int32, indices into `major_codes`, NONE after the last.
    `position` is the place of the choice on its candidate's form, 1 the first.
    """

    line: Sequence[int]
    candidate_no: list[str]
    institution_code: list[str]
    plan_nature: list[str]
    major_codes: tuple[str, ...]
    major_ids: Int
    accepts_adjustment: NDArray[np.bool_]
    position: Int

    def __len__(self) -> int:
        """How many."""
        return len(self.candidate_no)

    @cached_property
    def majors(self) -> list[tuple[str, ...]]:
        """Each choice's major codes, in order of preference."""
        return [
            tuple(self.major_codes[one] for one in row if one != NONE)
            for row in self.major_ids.tolist()
        ]


NO_CHOICES = Choices(
    (), [], [], [], (), np.zeros((0, 0), np.int32), np.zeros(0, np.bool_), np.zeros(0, np.int32)
)
"""What a refused file gives."""


def read_choices(
    source: Source, mapping: Mapping[str, str] | None = None
) -> tuple[Choices, Report]:
    """The choices in a file; none, with faults in the report, when anything in it is wrong."""
    report = Report(source.name)
    table = read_table(source, report)
    cells = None if table is None else recognise(table, CHOICES, mapping or {}, report)
    if cells is None:
        return NO_CHOICES, report
    codes, ids = _majors(cells)
    choices = Choices(
        line=cells.lines,
        candidate_no=cells.codes("candidate_no", needed=True),
        institution_code=cells.codes("institution_code", needed=True),
        plan_nature=cells.codes("plan_nature"),
        major_codes=codes,
        major_ids=ids,
        accepts_adjustment=cells.yes_or_no("accepts_adjustment"),
        position=cells.positions("position"),
    )
    numbers = choices.candidate_no
    people = len(set(numbers))
    if people < len(numbers):
        places = zip(numbers, choices.position.tolist(), strict=True)
        cells.refuse_twice(list(places), "a candidate's choice in this position", "candidate_no")
    if not report.accepted:
        return NO_CHOICES, report
    report.totals = {"choices": len(choices), "candidates": people}
    report.digest = digest_of(
        {
            "candidate_no": numbers,
            "institution_code": choices.institution_code,
            "plan_nature": choices.plan_nature,
            "accepts_adjustment": choices.accepts_adjustment,
            "position": choices.position,
            "major_codes": codes,
            "majors": ids[:, (ids != NONE).any(axis=0)],
        }
    )
    return choices, report


def _majors(cells: Cells) -> tuple[tuple[str, ...], Int]:
    """The distinct major codes and, for each row, their indices in order of preference."""
    names = [f"major_{n}" for n in range(1, MAX_MAJORS + 1) if f"major_{n}" in cells.columns]
    columns = [cells.distinct_codes(name, slash=True) for name in names]
    codes = tuple(sorted(set().union(*(occur for occur, _ in columns)) - {""}))
    number = {code: place for place, code in enumerate(codes)} | {"": NONE}
    ids = np.full((len(cells), len(names)), NONE, np.int32)
    for place, (occur, which) in enumerate(columns):
        ids[:, place] = np.array([number[code] for code in occur], np.int32)[which]
    _refuse_gaps(cells, names, codes, ids)
    return codes, ids


def _refuse_gaps(cells: Cells, names: list[str], codes: tuple[str, ...], ids: Int) -> None:
    """A major after a blank, or the same twice: which one was meant cannot be known."""
    gap = (ids[:, 1:] != NONE) & (ids[:, :-1] == NONE)
    for row, place in np.argwhere(gap).tolist():
        cells.reject(row, names[place], "", "is blank before another major")
    ordered = np.sort(ids, axis=1)
    again = (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] != NONE)
    for row in np.flatnonzero(again.any(axis=1)).tolist():
        seen: set[int] = set()
        for name, one in zip(names, ids[row].tolist(), strict=True):
            if one != NONE and one in seen:
                cells.reject(row, name, codes[one], "is listed twice in this choice")
            seen.add(one)


@dataclass(frozen=True, slots=True)
class Matched:
    """Choices as indices, in file order.

    Attributes:
        candidate: (n,) int32 row in the candidates.
        unit: (n,) int32 index of the unit, in the order of `by_unit(rows)`.
        majors: (n, w) int32 indices of majors, NONE after the last, in the order of the majors of
            `by_unit(rows)`, unit after unit.
        accepts_adjustment: (n,) bool.
        position: (n,) int32.
    """

    candidate: Int
    unit: Int
    majors: Int
    accepts_adjustment: NDArray[np.bool_]
    position: Int

    @property
    def first_major(self) -> Int:
        """(n,) int32: the first major, NONE where none is listed."""
        first = np.full(len(self.unit), NONE, np.int32)
        for column in self.majors.T[:1]:
            first[:] = column
        return first


def match_choices(
    choices: Choices,
    candidates: Candidates,
    rows: Sequence[MajorRow],
    rules: RoundRules,
    report: Report,
) -> Matched:
    """What the choices mean; every one that means nothing is a fault in the choices' report."""
    faults = _Faults(choices, report)
    row_of = {number: row for row, number in enumerate(candidates.candidate_no)}
    candidate = _numbers(row_of, choices.candidate_no)
    for row in np.flatnonzero(candidate == NONE).tolist():
        faults.add(row, "candidate_no", choices.candidate_no[row], "is not among the candidates")
    units = by_unit(rows)
    unit = _match_units(choices, candidates, list(units), candidate, faults)
    majors = _match_majors(choices, units, unit, faults)
    listed = np.count_nonzero(choices.major_ids != NONE, axis=1)
    for row in np.flatnonzero(listed > rules.majors_per_choice).tolist():
        column = f"major_{rules.majors_per_choice + 1}"
        value = choices.majors[row][rules.majors_per_choice]
        faults.add(row, column, value, f"is one too many: {rules.majors_per_choice} majors at most")
    for row in np.flatnonzero(choices.position > rules.choices_per_form).tolist():
        value = str(choices.position[row])
        faults.add(row, "position", value, f"is beyond the {rules.choices_per_form} of a form")
    return Matched(candidate, unit, majors, choices.accepts_adjustment, choices.position)


class _Faults:
    """Collects faults of choices, each at its line."""

    def __init__(self, choices: Choices, report: Report) -> None:
        self._line = choices.line
        self._report = report

    def add(self, row: int, column: str, value: str, message: str) -> None:
        self._report.reject(self._line[row], column, value, message)


def _numbers(number: Mapping[str, int], values: Sequence[str]) -> Int:
    """(n,) int32: what each value is numbered, NONE where it is not."""
    try:
        found = map(number.__getitem__, values)
        return np.fromiter(found, np.int32, len(values))
    except KeyError:
        return np.fromiter((number.get(value, NONE) for value in values), np.int32, len(values))


def _numbered(values: Sequence[str]) -> dict[str, int]:
    return {value: place for place, value in enumerate(dict.fromkeys(values))}


def _find(keys: NDArray[np.int64], wanted: NDArray[np.int64]) -> Int:
    """(n,) int32: where each wanted key stands among the distinct keys, NONE where it does not.

    Negative keys are nowhere. Small keys are looked up in a table, others searched.
    """
    if not len(keys):
        return np.full(len(wanted), NONE, np.int32)
    if keys.max() < MAX_DENSE and wanted.max(initial=0) < MAX_DENSE:
        place_of = np.full(MAX_DENSE + 1, NONE, np.int32)
        place_of[keys[keys >= 0]] = np.flatnonzero(keys >= 0)
        return place_of[np.where(wanted < 0, MAX_DENSE, wanted)]
    order = np.argsort(keys)
    ordered = keys[order]
    place = np.minimum(np.searchsorted(ordered, wanted), len(keys) - 1)
    found = (ordered[place] == wanted) & (wanted >= 0)
    return np.where(found, order[place], NONE).astype(np.int32)


def _match_units(
    choices: Choices,
    candidates: Candidates,
    keys: Sequence[UnitKey],
    candidate: Int,
    faults: _Faults,
) -> Int:
    """The unit of the choice's institution and plan nature in the candidate's own track."""
    codes, tracks, natures = (_numbered([key[part] for key in keys]) for part in range(3))
    institution = _numbers(codes, choices.institution_code).astype(np.int64)
    nature = _numbers(natures, choices.plan_nature).astype(np.int64)
    own = np.append(_numbers(tracks, candidates.track), NONE)[candidate].astype(np.int64)

    def packed(
        code: NDArray[np.int64], track: NDArray[np.int64], nature: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        whole = (code * len(tracks) + track) * len(natures) + nature
        return np.where((code < 0) | (track < 0) | (nature < 0), NONE, whole)

    known = packed(
        *(
            _numbers(number, [key[part] for key in keys]).astype(np.int64)
            for part, number in enumerate((codes, tracks, natures))
        )
    )
    unit = _find(known, packed(institution, own, nature))
    for row in np.flatnonzero((unit == NONE) & (candidate != NONE)).tolist():
        code, wanted = choices.institution_code[row], choices.plan_nature[row]
        track = candidates.track[candidate[row]]
        what = f"{track}, {wanted}" if wanted else track
        elsewhere = sorted({key.track for key in keys if key.institution_code == code})
        hint = f"; it has plans in {', '.join(elsewhere)}" if elsewhere else ""
        faults.add(row, "institution_code", code, f"has no plan for the candidate ({what}){hint}")
    return unit


def _match_majors(
    choices: Choices, units: Mapping[UnitKey, Sequence[MajorRow]], unit: Int, faults: _Faults
) -> Int:
    """The majors' indices; one that is not the unit's is a fault."""
    owner = np.repeat(np.arange(len(units)), [len(majors) for majors in units.values()])
    offered = [row.major_code for majors in units.values() for row in majors]
    number = _numbered(offered)
    known = owner * (len(number) + 1) + _numbers(number, offered)
    translate = np.append(_numbers(number, choices.major_codes), NONE)
    width = int(choices.major_ids.shape[1])
    majors = np.full((len(choices), width), NONE, np.int32)
    for place in range(width):
        listed = choices.major_ids[:, place] != NONE
        code = translate[choices.major_ids[:, place]]
        wanted = np.where(code == NONE, NONE, unit.astype(np.int64) * (len(number) + 1) + code)
        majors[:, place] = _find(known, np.where(unit == NONE, NONE, wanted))
        for row in np.flatnonzero(listed & (majors[:, place] == NONE) & (unit != NONE)).tolist():
            code_text = choices.majors[row][place]
            faults.add(row, f"major_{place + 1}", code_text, "is not a major of this unit")
    return majors
