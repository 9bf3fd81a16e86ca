import pytest

from importers.candidates import read_candidates
from importers.choices import read_choices
from importers.matching import Matched, match_choices
from importers.plans import by_unit, read_plan
from ranking.rules import RoundRules
from tests.importers.files import CANDIDATES, CHOICES, PLAN, csv, said

HEADING = CHOICES.splitlines()[0] + "\n"


def faults_of(text: str) -> list[str]:
    choices, report = read_choices(csv(text, "x.csv"))
    assert len(choices) == 0
    return said(report)


def matched(text: str, rules: RoundRules | None = None) -> tuple[Matched, list[str]]:
    choices, report = read_choices(csv(text, "x.csv"))
    assert report.accepted
    found = match_choices(
        choices,
        read_candidates(csv(CANDIDATES))[0],
        by_unit(read_plan(csv(PLAN))[0]),
        rules or RoundRules(),
        report,
    )
    return found, said(report)


def test_choices_are_columns() -> None:
    choices, report = read_choices(csv(CHOICES))
    assert report.faults == []
    assert choices.majors == [("00",), ("E1",)]
    assert choices.accepts_adjustment.tolist() == [True, False]
    assert choices.position.tolist() == [1, 1]
    assert list(choices.line) == [2, 3]
    assert report.totals == {"choices": 2, "candidates": 2}


@pytest.mark.parametrize(
    ("word", "means"), [("否", False), ("TRUE", True), ("１", True), ("", False)]
)
def test_adjustment_is_yes_or_no_in_several_words(word: str, *, means: bool) -> None:
    choices, _ = read_choices(csv(CHOICES.replace(",是", f",{word}")))
    assert choices.accepts_adjustment.tolist()[0] is means


def test_what_is_neither_yes_nor_no_is_refused() -> None:
    [fault] = faults_of(CHOICES.replace(",是", ",maybe"))
    assert fault.startswith('x.csv:2: accepts_adjustment "maybe" is neither yes nor no')


def test_a_blank_before_a_major_is_refused() -> None:
    assert faults_of(HEADING + "0001,E87,,,00,1\n") == [
        'x.csv:2: major_1 "" is blank before another major'
    ]


def test_a_major_listed_twice_is_refused() -> None:
    assert faults_of(HEADING + "0001,E87,,00,00,1\n") == [
        'x.csv:2: major_2 "00" is listed twice in this choice'
    ]


def test_a_candidate_twice_in_one_position_is_refused() -> None:
    assert faults_of(CHOICES + "0001,E87,定向,,,1\n") == [
        (
            'x.csv:4: candidate_no "0001" is a candidate\'s choice in this position a second time, '
            "first in line 2"
        )
    ]
    parallel = "考生号,院校代码,志愿序号\n1,A,1\n1,B,2\n"
    choices, report = read_choices(csv(parallel))
    assert report.totals == {"choices": 2, "candidates": 1}
    assert choices.position.tolist() == [1, 2]


def test_choices_become_indices_of_the_plan() -> None:
    found, faults = matched(CHOICES)
    assert faults == []
    assert found.candidate.tolist() == [0, 1]
    assert found.unit.tolist() == [0, 2]
    assert found.first_major.tolist() == [0, 2]
    assert found.majors.tolist() == [[0, -1], [2, -1]]


def test_everything_that_does_not_exist_is_told() -> None:
    _, faults = matched(
        HEADING
        + "0009,E87,非定向,00,,1\n"
        + "0001,X01,非定向,00,,1\n"
        + "0001,E87,定向,E1,,1\n".replace("0001", "0002").replace("E1", "00")
    )
    assert faults == [
        'x.csv:2: candidate_no "0009" is not among the candidates',
        'x.csv:3: institution_code "X01" has no plan for the candidate (历史类, 非定向)',
        'x.csv:4: major_1 "00" is not a major of this unit',
    ]


def test_a_unit_of_another_track_is_refused() -> None:
    _, faults = matched(HEADING + "0001,E87,定向,,,1\n")
    assert faults == [
        (
            'x.csv:2: institution_code "E87" has no plan for the candidate (历史类, 定向); '
            "it has plans in 历史类, 物理类"
        )
    ]


def test_seven_majors_where_six_are_allowed_are_refused() -> None:
    codes = [f"0{n}" for n in range(7)]
    plan = (
        PLAN.splitlines()[0]
        + "\n"
        + "".join(f"历史类,A,岚大学,,{code},护理,1,\n" for code in codes)
    )
    heading = "考生号,院校代码," + ",".join(f"专业{n}" for n in range(1, 8))
    choices, report = read_choices(csv(f"{heading}\n0001,A,{','.join(codes)}\n", "x.csv"))
    people, rows = read_candidates(csv(CANDIDATES))[0], read_plan(csv(plan))[0]
    match_choices(choices, people, by_unit(rows), RoundRules(), report)
    assert said(report) == ['x.csv:2: major_7 "06" is one too many: 6 majors at most']


def test_a_position_beyond_the_form_is_refused() -> None:
    _, faults = matched("考生号,院校代码,计划性质,志愿序号\n0001,E87,非定向,2\n")
    assert faults == ['x.csv:2: position "2" is beyond the 1 of a form']
