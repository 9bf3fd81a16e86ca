"""Institutions' decisions on the candidates filed to them: admitted, or rejected with a reason.

The reasons an institution may give are a table, `rejection_reasons.csv`. CONTRACT 2's headings.
"""

import csv
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from importers.digests import digest_of
from importers.headings import Layout, recognise
from importers.report import Report
from importers.tables import Source, read_table

Decision = Literal["admitted", "rejected"]

DECISIONS = Layout(
    {
        "candidate_no": ("考生号", "考号", "准考证号"),
        "decision": ("录取结果", "审核结果", "结论"),
        "reason": ("退档理由", "退档原因", "理由代码"),
    },
    ("candidate_no", "decision"),
)
WORDS: Mapping[str, Decision] = {
    "录取": "admitted",
    "退档": "rejected",
    "admitted": "admitted",
    "rejected": "rejected",
}


class DecisionRow(NamedTuple):
    """What an institution decided on one candidate; `reason` is a code, blank when admitted."""

    line: int
    candidate_no: str
    decision: Decision
    reason: str


@cache
def rejection_reasons() -> Mapping[str, tuple[str, str]]:
    """By code, the reason in Chinese and in English."""
    table = Path(__file__).with_name("rejection_reasons.csv")
    with table.open(encoding="utf-8", newline="") as file:
        return {row["code"]: (row["zh"], row["en"]) for row in csv.DictReader(file)}


def read_decisions(
    source: Source, mapping: Mapping[str, str] | None = None
) -> tuple[Sequence[DecisionRow], Report]:
    """The decisions in a file; none, with faults in the report, when anything in it is wrong."""
    report = Report(source.name)
    table = read_table(source, report)
    cells = None if table is None else recognise(table, DECISIONS, mapping or {}, report)
    if cells is None:
        return (), report
    numbers = cells.codes("candidate_no", needed=True)
    words, reasons = cells.texts("decision"), cells.codes("reason")
    cells.refuse_twice(numbers, "a candidate", "candidate_no")
    for row, (word, reason) in enumerate(zip(words, reasons, strict=True)):
        decision = WORDS.get(word.casefold())
        if decision is None:
            cells.reject(row, "decision", word, "is neither admitted (录取) nor rejected (退档)")
        elif decision == "rejected" and reason not in rejection_reasons():
            known = ", ".join(rejection_reasons())
            cells.reject(row, "reason", reason, f"is not a reason to reject: {known}")
        elif decision == "admitted" and reason:
            cells.reject(row, "reason", reason, "is given though the candidate is admitted")
    if not report.accepted:
        return (), report
    decided = [WORDS[word.casefold()] for word in words]
    rows = [DecisionRow(*one) for one in zip(cells.lines, numbers, decided, reasons, strict=True)]
    report.totals = {word: decided.count(word) for word in get_args(Decision)}
    report.digest = digest_of({"candidate_no": numbers, "decision": words, "reason": reasons})
    return rows, report
