"""What choices mean beside a plan and candidates: indices of candidates, units and majors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from importers.candidates import Candidates
from importers.choices import Choices
from importers.columns import NONE, find, find_rows, numbered, numbers_of
from importers.plans import MajorRow
from importers.report import Report
from importers.words import Int
from ranking.rules import RoundRules, UnitKey

Units: TypeAlias = Mapping[UnitKey, Sequence[MajorRow]]
"""Every unit's majors, as `by_unit` has them."""
MAX_DENSE = 1 << 21


@dataclass(frozen=True, slots=True)
class Matched:
    """Choices as indices, in file order.

    Attributes:
        candidate: (n,) int32 row in the candidates.
        unit: (n,) int32 index of the unit, in the order of the units.
        majors: (n, w) int32 indices of majors, NONE after the last, in the order of the units'
            majors, unit after unit.
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
    choices: Choices, candidates: Candidates, units: Units, rules: RoundRules, report: Report
) -> Matched:
    """What the choices mean; every one that means nothing is a fault in the choices' report."""
    faults = _Faults(choices, report)
    candidate = find_rows(choices.numbers, candidates.numbers)
    for row in np.flatnonzero(candidate == NONE).tolist():
        faults.add(row, "candidate_no", choices.candidate_no[row], "is not among the candidates")
    unit = _match_units(choices, candidates, tuple(units), candidate, faults)
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


class _Places:
    """Where keys stand: small ones in a table, made once, others searched."""

    def __init__(self, keys: NDArray[np.int64], end: int) -> None:
        """Keys (k,), different, not negative, below `end`."""
        self._keys = keys
        self._place_of = None
        if end < MAX_DENSE:
            self._place_of = np.full(end + 1, NONE, np.int32)
            self._place_of[keys] = np.arange(len(keys), dtype=np.int32)

    def find(self, wanted: NDArray[np.int64]) -> Int:
        """(n,) int32: the place of each wanted key, NONE where it is not; NONE is nowhere.

        The table's last place is for NONE, which is -1.
        """
        return find(self._keys, wanted) if self._place_of is None else self._place_of[wanted]


def _match_units(
    choices: Choices,
    candidates: Candidates,
    keys: Sequence[UnitKey],
    candidate: Int,
    faults: _Faults,
) -> Int:
    """The unit of the choice's institution and plan nature in the candidate's own track."""
    texts = [[key[part] for key in keys] for part in range(3)]
    numbers = [numbered(of_part) for of_part in texts]
    codes, tracks, natures = numbers

    def packed(code: Int, track: Int, nature: Int) -> NDArray[np.int64]:
        whole = (code.astype(np.int64) * len(tracks) + track) * len(natures) + nature
        return np.where((code < 0) | (track < 0) | (nature < 0), NONE, whole)

    known = packed(
        *(
            np.array([number[text] for text in of_part], np.int32)
            for number, of_part in zip(numbers, texts, strict=True)
        )
    )
    wanted = packed(
        numbers_of(choices.institutions, codes),
        np.append(numbers_of(candidates.tracks, tracks), np.int32(NONE))[candidate],
        numbers_of(choices.natures, natures),
    )
    unit = _Places(known, len(codes) * len(tracks) * len(natures)).find(wanted)
    for row in np.flatnonzero((unit == NONE) & (candidate != NONE)).tolist():
        code, nature = choices.institution_code[row], choices.plan_nature[row]
        track = candidates.track[candidate[row]]
        what = f"{track}, {nature}" if nature else track
        elsewhere = sorted({key.track for key in keys if key.institution_code == code})
        hint = f"; it has plans in {', '.join(elsewhere)}" if elsewhere else ""
        faults.add(row, "institution_code", code, f"has no plan for the candidate ({what}){hint}")
    return unit


def _match_majors(choices: Choices, units: Units, unit: Int, faults: _Faults) -> Int:
    """The majors' indices; one that is not the unit's is a fault."""
    owner = np.repeat(np.arange(len(units)), [len(majors) for majors in units.values()])
    offered = [row.major_code for majors in units.values() for row in majors]
    number = numbered(offered)
    known = owner * len(number) + np.array([number[code] for code in offered], np.int64)
    places = _Places(known, len(units) * len(number))
    translate = np.array([number.get(code, NONE) for code in choices.major_codes] + [NONE], "i8")
    own = unit.astype(np.int64) * len(number)
    majors = np.full(choices.major_ids.shape, NONE, np.int32, order="F")
    for place, ids in enumerate(choices.major_ids.T):
        code = translate[ids]
        majors[:, place] = places.find(np.where((code == NONE) | (unit == NONE), NONE, own + code))
        lost = (ids != NONE) & (majors[:, place] == NONE) & (unit != NONE)
        for row in np.flatnonzero(lost).tolist():
            code_text = choices.majors[row][place]
            faults.add(row, f"major_{place + 1}", code_text, "is not a major of this unit")
    return majors
