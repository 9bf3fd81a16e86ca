import csv as csv_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.plans import MajorRow, plan_difference, read_plan
from importers.tables import Source
from importers.written import plan_csv, plan_sheet
from ranking.rules import UnitKey
from tests.importers.files import DATA, PLAN, csv, needs_data, said, xlsx

MAPPING = {"category": "track", "plan_count": "quota"}


def faults_of(text: str) -> list[str]:
    rows, report = read_plan(csv(text, "plan.csv"))
    assert rows == ()
    assert report.digest == ""
    return said(report)


def test_a_plan_is_its_majors_in_file_order() -> None:
    rows, report = read_plan(csv(PLAN))
    assert report.faults == []
    assert report.totals == {"units": 3, "majors": 3, "seats": 35}
    assert rows[0] == MajorRow(
        2, "", "历史类", "E87", "岚川学院", "非定向", "00", "学前教育", 25, "11660", "", ""
    )
    assert rows[2].unit == UnitKey("E87", "物理类", "定向")
    assert [row.quota for row in rows] == [25, 10, 0]


@pytest.mark.parametrize("quota", ["三十", "2.5", "-3", "1e3", "+5", "１．５", "9999999999"])
def test_a_quota_that_is_no_whole_number_is_refused(quota: str) -> None:
    [fault] = faults_of(PLAN.replace(",25,", f",{quota},"))
    assert fault.startswith(f'plan.csv:2: quota "{quota}" is ')


def test_every_fault_is_told_not_only_the_first() -> None:
    broken = PLAN.replace(",25,", ",三十,").replace(",10,", ",,").replace("护理", "")
    assert faults_of(broken) == [
        'plan.csv:4: major_name "" is blank',
        'plan.csv:2: quota "三十" is not a whole number',
        'plan.csv:3: quota "" is blank',
    ]


def test_full_width_digits_and_letters_are_read_as_plain() -> None:
    full = (
        PLAN.replace(",25,", ",２５,")
        .replace("历史类,E87", "历史类,Ｅ８７")
        .replace(",E1,", ",Ｅ１,")
    )
    rows, report = read_plan(csv(full))
    same, plain = read_plan(csv(PLAN))
    assert rows == same
    assert report.digest == plain.digest


def test_a_major_twice_in_a_unit_names_both_lines() -> None:
    again = PLAN + "历史类,E87,岚川学院,非定向,00,护理,1,\n"
    assert faults_of(again) == [
        'plan.csv:5: major_code "00" is a major of this unit a second time, first in line 2'
    ]


def test_one_unit_goes_by_one_name_but_an_institution_may_have_two() -> None:
    [fault] = faults_of(PLAN + "历史类,E87,漪川学院,非定向,01,护理,1,\n")
    assert fault.startswith(
        'plan.csv:5: institution_name "漪川学院" is another name than "岚川学院"'
    )
    rows, report = read_plan(csv(PLAN + "蒙授文科,E87,漪川学院,非定向,01,护理,1,\n"))
    assert len(rows) == 4
    assert report.notices == ["institution E87 goes by 2 names: 岚川学院, 漪川学院"]


def test_a_slash_in_the_name_of_a_unit_is_refused() -> None:
    [fault] = faults_of(PLAN.replace("历史类,E87", "历史类,E/87"))
    assert fault.startswith('plan.csv:2: institution_code "E/87" has a slash')


@given(
    st.permutations(range(8)),
    st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]),
    st.sampled_from(",;\t"),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_the_digest_knows_content_only(
    order: list[int], encoding: str, delimiter: str, end: str
) -> None:
    lines = [line.split(",") for line in PLAN.splitlines()]
    text = end.join(delimiter.join(line[place] for place in order) for line in lines)
    rows, report = read_plan(Source("x", text.encode(encoding)))
    same, plain = read_plan(csv(PLAN))
    assert (rows, report.digest) == (same, plain.digest)
    assert report.digest != read_plan(csv(PLAN.replace(",25,", ",26,")))[1].digest


def test_a_workbook_gives_the_same_plan() -> None:
    lines: list[list[object]] = [list(line.split(",")) for line in PLAN.splitlines()]
    for line in lines[1:]:
        line[6] = float(str(line[6]))
    rows, report = read_plan(xlsx(lines))
    assert (rows, report.digest) == (read_plan(csv(PLAN))[0], read_plan(csv(PLAN))[1].digest)


def test_a_difference_names_what_is_added_removed_and_changed() -> None:
    before, _ = read_plan(csv(PLAN))
    grown = before[0]._replace(quota=30, line=9)
    new = before[1]._replace(major_code="07")
    difference = plan_difference(before, [before[2], grown, new])
    assert difference.added == (new,)
    assert difference.removed == (before[1],)
    assert [(one.before, one.after) for one in difference.changed] == [(before[0], grown)]
    assert (difference.seats_before, difference.seats_after) == (35, 40)
    assert difference


def test_the_same_plan_is_no_difference() -> None:
    rows, _ = read_plan(csv(PLAN))
    moved = [row._replace(line=row.line + 7) for row in reversed(rows)]
    assert not plan_difference(rows, moved)


@needs_data
def test_inner_mongolias_plan_of_2024_loads_whole() -> None:
    name = "neimenggu-2024/major_final_stats_round1.csv"
    rows, report = read_plan(Source.of(DATA / name), MAPPING)
    with (DATA / name).open(encoding="utf-8-sig", newline="") as file:
        theirs = list(csv_module.DictReader(file))
    with (DATA / "neimenggu-2024/institution_final_stats_round1.csv").open(newline="") as file:
        units = list(csv_module.DictReader(file))
    assert report.faults == []
    assert report.totals == {"units": len(units), "majors": len(theirs), "seats": 47_291}
    assert report.totals["seats"] == sum(int(row["plan_count"]) for row in theirs)
    assert {"00"} <= {row.major_code for row in rows}
    assert {"E87"} <= {row.institution_code for row in rows}


@needs_data
def test_jilins_plan_of_2025_loads_once_its_one_ambiguous_code_is_joined_with_the_name() -> None:
    source = Source.of(DATA / "jilin-2025/plan.csv")
    rows, report = read_plan(source, MAPPING)
    assert rows == ()
    assert said(report) == [
        'plan.csv:11800: major_code "120" is a major of this unit a second time, first in line 11799'
    ]
    rows, report = read_plan(source, MAPPING | {"major_code+major_name": "major_code"})
    with (DATA / "jilin-2025/plan.csv").open(encoding="utf-8-sig", newline="") as file:
        theirs = list(csv_module.DictReader(file))
    assert report.faults == []
    assert (len(rows), report.totals["seats"]) == (len(theirs), 117_252)
    assert report.totals["seats"] == sum(int(row["plan_count"]) for row in theirs)
    assert sum(row.quota == 0 for row in rows) == 91
    assert sum(not row.tuition.isdigit() for row in rows) == 633


@pytest.mark.parametrize("text", ['=HYPERLINK("x")', "+1", "-1", "@A", "＝1", "＠A", "O'Neil"])
def test_a_plan_for_a_spreadsheet_holds_no_formula_and_reads_back_as_it_was(text: str):
    rows, _ = read_plan(csv(PLAN))
    odd = tuple(row._replace(line=0, notes=text, institution_name=text) for row in rows[:1])
    sheet = plan_sheet(odd)
    assert (f"'{text[0]}" in sheet.decode()) == (text[0] != "O")
    for content in (sheet, plan_csv(odd)):
        again, report = read_plan(Source("plan.csv", content))
        assert report.accepted, report.faults
        assert tuple(row._replace(line=0) for row in again) == odd
