import pytest

from importers.candidates import read_candidates
from tests.importers.files import CANDIDATES, csv, said, xlsx


def faults_of(text: str, tracks: set[str] | None = None) -> list[str]:
    people, report = read_candidates(csv(text, "c.csv"), tracks=tracks)
    assert len(people) == 0
    return said(report)


def test_candidates_are_columns_of_exact_scores() -> None:
    people, report = read_candidates(csv(CANDIDATES))
    assert report.faults == []
    assert people.candidate_no == ["0001", "0002"]
    assert people.filing.tolist() == [610_000, 612_500]
    assert {name: marks.tolist() for name, marks in people.subjects.items()} == {
        "语文": [110_000, 0],
        "数学": [100_500, 120_000],
    }
    assert people.phone == ["", ""]
    assert report.totals == {"candidates": 2, "历史类": 1, "物理类": 1}


@pytest.mark.parametrize(
    ("score", "message"),
    [
        ("", "is blank"),
        ("六百", "is not a number with at most 3 decimals"),
        ("600.1234", "is not a number with at most 3 decimals"),
        ("-1", "is negative"),
        ("nan", "is not a number with at most 3 decimals"),
        ("1e2", "is not a number with at most 3 decimals"),
    ],
)
def test_a_score_that_cannot_be_is_refused(score: str, message: str) -> None:
    fault = f'c.csv:2: exam_score "{score}" {message}'
    assert faults_of(CANDIDATES.replace(",600,", f",{score},")) == [fault]


def test_full_width_scores_and_numbers_are_read_as_plain() -> None:
    full = CANDIDATES.replace("612.5", "６１２．５").replace("0002", "０００２")
    assert read_candidates(csv(full))[1].digest == read_candidates(csv(CANDIDATES))[1].digest


def test_a_candidate_twice_names_both_lines() -> None:
    assert faults_of(CANDIDATES + "0001,王明,历史类,1,,,\n") == [
        'c.csv:4: candidate_no "0001" is a candidate a second time, first in line 2'
    ]


def test_an_unknown_track_is_refused_where_tracks_are_known() -> None:
    assert faults_of(CANDIDATES, {"历史类"}) == [
        'c.csv:3: track "物理类" is not a track of this round (历史类)'
    ]
    assert read_candidates(csv(CANDIDATES), tracks={"历史类", "物理类"})[1].accepted


def test_faults_use_the_headings_of_the_file() -> None:
    text = "考生号,科类,总分\n0001,理科,x\n"
    assert faults_of(text) == ['c.csv:2: 总分 "x" is not a number with at most 3 decimals']


def test_scores_in_a_workbook_keep_their_decimals() -> None:
    people, _ = read_candidates(
        xlsx([["考生号", "科类", "总分"], ["007", "理科", 612.125], ["101", "理科", 600.0]])
    )
    assert people.candidate_no == ["007", "101"]
    assert people.exam.tolist() == [612_125, 600_000]
