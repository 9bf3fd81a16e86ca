from importers.book_files import FileBook, FileReports, book_of
from importers.candidates import read_candidates
from importers.choices import read_choices
from importers.plans import read_plan
from importers.report import Report
from ranking.rules import RoundRules, UnitKey, UnitRules
from ranking.standing import standings
from tests.importers.files import CANDIDATES, CHOICES, PLAN, csv, said


def book(
    candidates: str = CANDIDATES, choices: str = CHOICES, rules: RoundRules | None = None
) -> tuple[FileBook | None, list[str]]:
    people, _ = read_candidates(csv(candidates))
    filed, _ = read_choices(csv(choices))
    reports = FileReports(Report("candidates.csv"), Report("choices.csv"))
    found = book_of(read_plan(csv(PLAN))[0], people, filed, rules or RoundRules(), reports)
    return found, said(reports.candidates) + said(reports.choices)


def test_everybody_stands_beside_the_roll_with_unit_and_first_major() -> None:
    found, faults = book()
    assert faults == []
    assert found is not None
    numbers = [found.candidate_no[row] for row in found.book.roll.ident]
    assert numbers == ["0002", "0001"]
    assert [found.units[unit] for unit in found.book.unit] == [
        UnitKey("E87", "物理类", "定向"), UnitKey("E87", "历史类", "非定向"),
    ]  # fmt: skip
    assert [found.majors[major].major_code for major in found.book.first_major] == ["E1", "00"]
    assert found.book.plan.seats.tolist() == [25, 10, 0]


def test_who_holds_no_choice_is_on_the_roll_and_in_no_list() -> None:
    found, _ = book(choices="\n".join(CHOICES.splitlines()[:2]))
    assert found is not None
    assert found.book.unit.tolist() == [-1, 0]
    assert standings(found.book).applicants.tolist() == [1, 0, 0]


def test_a_subject_that_the_rules_need_must_be_there() -> None:
    found, faults = book(
        rules=RoundRules(tie_break={"历史类": ("语文", "综合"), "其他": ("外语",)})
    )
    assert found is None
    assert faults == ["candidates.csv: has no column 综合, which the round's tie_break needs"]


def test_tie_break_keys_are_those_of_the_own_track() -> None:
    people = (
        "考生号,科类,总分,语文,数学\n"
        "1,历史类,600,90,140\n2,历史类,600,120,100\n3,物理类,600,90,140\n4,物理类,600,120,100\n"
    )
    nobody = CHOICES.splitlines()[0].replace("major_1,major_2,", "") + "\n1,E87,非定向,1\n"
    rules = RoundRules(
        tie_break={"历史类": ("语文",), "物理类": ("数学", "语文")},
        units={UnitKey("E87", "历史类", "非定向"): UnitRules(strict=True)},
        draw_seed="s",
    )
    found, _ = book(people, nobody, rules)
    assert found is not None
    rank = {found.candidate_no[ident]: row for row, ident in enumerate(found.book.roll.ident)}
    assert rank["2"] < rank["1"]
    assert rank["3"] < rank["4"]


def test_one_candidate_holds_one_choice() -> None:
    twice = "考生号,院校代码,计划性质,志愿序号\n0001,E87,非定向,1\n0001,E87,非定向,2\n"
    found, faults = book(choices=twice, rules=RoundRules(choices_per_form=2))
    assert found is None
    assert faults == [
        'choices.csv:3: candidate_no "0001" has another choice; standings are of one each'
    ]
