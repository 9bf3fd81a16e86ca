import pytest

from importers.columns import TextColumn
from importers.headings import CANDIDATES, CHOICES, PLAN, Layout, recognise, subject_name
from importers.report import Report
from importers.tables import Table
from tests.importers.files import said


def table(*headings: str) -> Table:
    return Table({heading: TextColumn([f"{heading} cell"]) for heading in headings}, [2])


def faults_of(found: Table, mapping: dict[str, str]) -> list[str]:
    report = Report("t.csv")
    assert recognise(found, CHOICES, mapping, report) is None
    return said(report)


@pytest.mark.parametrize("layout", [PLAN, CANDIDATES, CHOICES])
def test_every_column_is_known_by_each_of_its_names(layout: Layout) -> None:
    for column, names in layout.names.items():
        for name in (column, *names):
            assert layout.by_heading["".join(name.casefold().split())] == column


def test_chinese_and_english_headings_may_be_mixed_and_spaced() -> None:
    cells = recognise(
        table("考生号", " Institution_Code", "专业１", "专业二"), CHOICES, {}, Report("t")
    )
    assert cells is not None
    assert list(cells.columns) == ["candidate_no", "institution_code", "major_1", "major_2"]


def test_unknown_columns_are_one_notice() -> None:
    report = Report("t.csv")
    assert recognise(table("考生号", "院校代号", "甲", "乙"), CHOICES, {}, report) is not None
    assert report.notices == ["columns that are not used: 甲, 乙"]


def test_missing_columns_are_named_together() -> None:
    assert faults_of(table("专业1", "x"), {}) == [
        "t.csv:1: lacks candidate_no (考生号), institution_code (院校代码)"
    ]


def test_the_same_column_under_two_names_is_refused() -> None:
    assert faults_of(table("考生号", "院校代码", "院校代号"), {}) == [
        't.csv:1: 院校代号 "" is the column institution_code again, like 院校代码'
    ]


def test_a_mapping_goes_before_what_a_heading_says() -> None:
    found = table("考生号", "院校代码", "代码")
    cells = recognise(found, CHOICES, {"代码": "institution_code"}, Report("t"))
    assert cells is not None
    assert cells.texts("institution_code") == ["代码 cell"]


def test_columns_that_a_mapping_joins_stay_what_they_are() -> None:
    found = table("考生号", "院校代码", "专业1")
    cells = recognise(found, CHOICES, {"院校代码+专业1": "major_2"}, Report("t"))
    assert cells is not None
    assert cells.texts("major_2") == ["院校代码 cell-专业1 cell"]
    assert cells.texts("major_1") == ["专业1 cell"]


def test_a_mapping_that_cannot_be_followed_is_refused() -> None:
    found = table("考生号", "院校代码")
    assert faults_of(found, {"no": "candidate_no"}) == ["t.csv:1: has no column no to map from"]
    [fault] = faults_of(found, {"考生号": "number"})
    assert fault.startswith('t.csv: has no column "number" to map to: candidate_no, ')
    assert faults_of(found, {"考生号": "position", "院校代码": "志愿序号"})[0] == (
        "t.csv: cannot map both 考生号 and 院校代码 to position"
    )


def test_subjects_go_by_the_name_that_rules_use() -> None:
    assert [subject_name(text) for text in ("数学", "Mathematics", "理综", "姓名", "x")] == [
        "数学", "数学", "综合", None, None,
    ]  # fmt: skip
