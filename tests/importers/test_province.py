import numpy as np
import pytest

from importers.candidates import read_candidates
from importers.choices import read_choices
from importers.matching import match_choices
from importers.plans import by_unit, read_plan
from importers.province import Province, make_province
from importers.province_files import province_files
from importers.round_file import read_round
from importers.tables import Source


@pytest.fixture(scope="module")
def province() -> Province:
    return make_province(candidates=20_000, units=400, majors=2_000, seed=2014)


def test_it_has_exactly_what_was_asked_for(province: Province) -> None:
    assert len(province.candidates) == 20_000
    assert len({row.unit for row in province.plan}) == 400
    assert len(province.plan) == 2_000


def test_the_same_seed_gives_the_same_bytes_and_another_does_not() -> None:
    def files(seed: int) -> dict[str, bytes]:
        return province_files(make_province(300, 12, 50, seed))

    assert files(1) == files(1)
    assert all(
        files(1)[name] != files(2)[name] for name in ("plan.csv", "candidates.csv", "choices.csv")
    )


@pytest.mark.parametrize("size", [(1, 1, 1), (7, 2, 2), (50, 3, 200), (500, 300, 300)])
def test_its_files_read_back_whole_and_match_one_another(size: tuple[int, int, int]) -> None:
    province = make_province(*size, seed=5)
    files = {name: Source(name, content) for name, content in province_files(province).items()}
    rows, plan_report = read_plan(files["plan.csv"])
    people, people_report = read_candidates(files["candidates.csv"], tracks={"理科", "文科"})
    terms, round_report = read_round(files["round.toml"])
    assert plan_report.faults == people_report.faults == round_report.faults == []
    assert plan_report.notices == people_report.notices == []
    assert rows == province.plan
    assert people.candidate_no == province.candidates.candidate_no
    assert np.array_equal(people.filing, province.candidates.filing)
    assert terms == province.round_file
    if len(province.choices):
        choices, report = read_choices(files["choices.csv"])
        match_choices(choices, people, by_unit(rows), province.round_file.rules, report)
        assert report.faults == []
        assert choices.majors == province.choices.majors


def test_subject_scores_add_up_to_the_exam_score(province: Province) -> None:
    people = province.candidates
    assert np.array_equal(sum(people.subjects.values()), people.exam)
    assert min(marks.min() for marks in people.subjects.values()) >= 0


def test_it_looks_like_the_published_figures(province: Province) -> None:
    filing = province.candidates.filing
    assert abs(float(np.median(filing)) / 1000 - 422) < 5
    assert len(np.unique(filing)) < 600
    quota = np.array([row.quota for row in province.plan])
    assert 0.12 < float((quota == 1).mean()) < 0.30
    assert 0.90 < len(province.choices) / len(province.candidates) < 0.96


def test_its_people_cannot_be_mistaken_for_real_ones(province: Province) -> None:
    assert all(number.startswith("000000") for number in province.candidates.id_number)
    assert all(phone.startswith("000") for phone in province.candidates.phone)


def test_it_needs_a_major_for_every_unit() -> None:
    with pytest.raises(ValueError, match="at least one major a unit"):
        make_province(10, 5, 4, 1)
