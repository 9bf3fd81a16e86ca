"""Results made ready to be answered: one JSON text for each candidate of a filed round.

Made at the check, before the release, so that the first minute of results reads bytes and computes
nothing. The moment of the release is not in them; whoever answers puts it beside. RULES.md 5.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from importers.admission_csv import BY_DRAW
from importers.admission_files import FileRound
from importers.decisions import rejection_reasons
from ranking.book import NO_MAJOR, NO_UNIT, Book
from ranking.scores import MILLI, score_number, score_text
from ranking.standing import NO_LINE, standings
from service.events import from_ms
from service.moments import moment
from service.outcome_words import DRAW, KEPT_OUT_BY_DRAW, NOTHING, REASONS
from service.receipts import canonical
from service.result_shapes import (
    Compared,
    ResultReason,
    ResultStep,
    ResultView,
)
from service.shapes import Score
from service.store.admission import Filing, OutcomeRow
from service.terms import Terms


@dataclass(frozen=True, slots=True)
class _Lines:
    """What scores are compared with, in thousandths: lines by unit id, the lowest admitted by major id."""

    filing: Mapping[int, int]
    plan: Mapping[int, int]
    lowest: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Known:
    """What else a result says, by candidate's row id: the number, and when the choice was made."""

    number: Mapping[int, str]
    chosen_ms: Mapping[int, int]


def rendered_results(
    terms: Terms, filed: Filing, made: FileRound, outcomes: Sequence[OutcomeRow], known: Known
) -> list[tuple[int, bytes]]:
    """(candidate id, JSON of a ResultView) of everybody who made a choice."""
    renderer = _Renderer(terms, filed, made, outcomes, known)
    return [(one.candidate_id, canonical(renderer.result(one))) for one in outcomes]


class _Renderer:
    """What the results of one round have in common."""

    def __init__(
        self,
        terms: Terms,
        filed: Filing,
        made: FileRound,
        outcomes: Sequence[OutcomeRow],
        known: Known,
    ) -> None:
        self.terms, self.made, self.chosen_ms = terms, made, known.chosen_ms
        self.filed_at = moment(from_ms(filed.filed_ms))
        row_of_number = {number: row for row, number in enumerate(made.numbers.texts)}
        roll_row = made.roll.row_of().tolist()
        self.row: dict[int, int] = {
            one.candidate_id: roll_row[row_of_number[known.number[one.candidate_id]]]
            for one in outcomes
        }
        self.unit_index = {terms.unit_by_key[key].id: n for n, key in enumerate(made.units)}
        self.majors = {major.id: major for unit in terms.units for major in unit.majors}
        self.lines = self._lines(outcomes)

    def _lines(self, outcomes: Sequence[OutcomeRow]) -> _Lines:
        """The lines at the close; under a regime of several choices a unit's is the lowest filed."""
        lowest: dict[int, int] = {}
        last_filed: dict[int, int] = {}
        for one in outcomes:
            score = int(self.made.roll.filing[self.row[one.candidate_id]])
            if one.final == "admitted" and one.major_id is not None:
                lowest[one.major_id] = min(lowest.get(one.major_id, score), score)
            if one.outcome != "not_filed" and one.unit_id is not None:
                last_filed[one.unit_id] = min(last_filed.get(one.unit_id, score), score)
        if self.made.rules.regime != "dynamic":
            return _Lines(last_filed, {}, lowest)
        now = standings(_book(self.made))
        filing, plan = (
            dict(zip(self.unit_index, line.tolist(), strict=True))
            for line in (now.line_filing, now.line_plan)
        )
        return _Lines(filing, plan, lowest)

    def result(self, one: OutcomeRow) -> ResultView:
        """What one is answered."""
        unit = None if one.unit_id is None else self.terms.unit_by_id[one.unit_id]
        admitted = one.final == "admitted"
        major = self.majors[one.major_id] if admitted and one.major_id is not None else None
        compared = self._compared(one)
        row = self.row[one.candidate_id]
        return {
            "round": self.terms.file.code,
            "round_name": self.terms.file.name,
            "outcome": one.final,
            "institution_code": None if unit is None else unit.key.institution_code,
            "institution_name": None if unit is None else unit.institution_name,
            "track": self._track(row),
            "plan_nature": None if unit is None else unit.key.plan_nature,
            "major": None if major is None else {"code": major.code, "name": major.name},
            "major_position": (one.position or "adjusted") if admitted else None,
            "on_behalf": one.decision is None and one.outcome != "not_filed",
            "reason": _reason(one, compared),
            "compared": compared,
            "steps": self._steps(one),
        }

    def _compared(self, one: OutcomeRow) -> Compared:
        made, row = self.made, self.row[one.candidate_id]
        person = int(made.roll.ident[row])
        unit = self.unit_index.get(one.unit_id or 0)
        by_exam = unit is not None and bool(made.terms.by_exam[unit])
        return {
            "score": score_number(int((made.roll.exam if by_exam else made.roll.filing)[row])),
            "by": "exam" if by_exam else "filing",
            "filing_score": score_number(int(made.roll.filing[row])),
            "tie_keys": [
                {"subject": name, "score": score_number(int(made.subjects[name][person]))}
                for name in made.rules.tie_break.get(self._track(row), ())
            ],
            "line_filing": _line(self.lines.filing, one.unit_id),
            "line_plan": _line(self.lines.plan, one.unit_id),
            "lowest_admitted": _line(self.lines.lowest, one.major_id),
            "line_at": self.filed_at,
        }

    def _track(self, row: int) -> str:
        return self.made.tracks[int(self.made.roll.track[row])]

    def _steps(self, one: OutcomeRow) -> list[ResultStep]:
        steps: list[ResultStep] = []
        chosen = self.chosen_ms.get(one.candidate_id)
        if chosen is not None:
            steps.append({"step": "chosen", "at": moment(from_ms(chosen))})
        if one.outcome == "not_filed":
            return [*steps, {"step": "not_filed", "at": self.filed_at}]
        decided = None if one.decided_ms is None else moment(from_ms(one.decided_ms))
        return [
            *steps,
            {"step": "filed", "at": self.filed_at},
            {"step": "under_review", "at": self.filed_at},
            {"step": "admitted" if one.final == "admitted" else "rejected", "at": decided},
        ]


def _book(made: FileRound) -> Book:
    """Who holds what, as a board has it; lines need no majors."""
    n = len(made.roll)
    unit = np.full(n, NO_UNIT, np.int32)
    unit[made.forms.row] = made.forms.unit
    return Book(made.plan, made.roll, unit, np.full(n, NO_MAJOR, np.int32))


def _line(of: Mapping[int, int], key: int | None) -> Score | None:
    milli = NO_LINE if key is None else of.get(key, NO_LINE)
    return None if milli == NO_LINE else score_number(milli)


def _reason(one: OutcomeRow, compared: Compared) -> ResultReason:
    code, by_draw = one.reason.removesuffix(BY_DRAW), one.reason.endswith(BY_DRAW)
    if one.decision == "rejected" and one.outcome == "admitted":
        code = "institution"
    elif code == "below_line" and compared["filing_score"] == compared["line_filing"]:
        code = "below_line_tied"
    decision_zh, decision_en = rejection_reasons().get(one.decision_reason or "", ("", ""))
    keys = [f"{key['subject']} {_text(key['score'])}" for key in compared["tie_keys"]]
    facts = {
        "filing": _text(compared["filing_score"]),
        "score": _text(compared["score"]),
        "line_filing": _text(compared["line_filing"]),
        "line_plan": _text(compared["line_plan"]),
        "lowest": _text(compared["lowest_admitted"]),
        "position": str(one.position),
        "tie_keys": "、".join([*keys, DRAW]),
        "decision_zh": decision_zh,
        "decision_en": decision_en,
    }
    zh, en = (text.format(**facts) for text in REASONS[code])
    if by_draw:
        zh, en = (told + drawn for told, drawn in zip((zh, en), KEPT_OUT_BY_DRAW, strict=True))
        code += BY_DRAW
    return {"code": code, "zh": zh, "en": en}


def _text(score: Score | None) -> str:
    return NOTHING if score is None else score_text(round(score * MILLI))
