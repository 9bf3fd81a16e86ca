"""A round leaves as four files, and read back they are the round."""

from pathlib import Path

import pytest

from importers.book_files import FileReports, book_of
from importers.candidates import read_candidates
from importers.choices import read_choices
from importers.plans import read_plan
from importers.round_file import read_round
from importers.tables import Source
from service.errors import Refusal
from service.exports import export_round
from tests.builders import (
    CANDIDATES,
    PLAN,
    ROUND,
    ROUND_FILE,
    Clock,
    House,
    load,
    opened,
    sqlite_url,
)

AWKWARD = PLAN.replace("北原大学", '"北原,""大学"""').replace("零号学院", "=零号学院")
MARKED = "\n".join(
    f"{line},{mark}" for line, mark in zip(CANDIDATES.split(), ["数学", *"9876543"], strict=True)
)
RULES = ROUND_FILE.replace("majors_per_choice", 'tie_break."理科" = ["数学"]\nmajors_per_choice')


async def filled(house: House) -> None:
    """Choices of every kind: changed, of a nature, without majors, withdrawn, and none at all."""
    await house.file("101", "5012", ("02", "01"))
    await house.file("102", "5037")
    await house.file("102", "5012", ("01",), adjust=False)
    await house.file("103", "E87", ("01",), nature="国家专项")
    await house.file("104", "5012", ())
    await house.file("105", "5037")
    await house.withdraw("105")


async def test_what_is_imported_from_an_export_is_exported_again(tmp_path: Path):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    await load(sqlite_url(tmp_path / "one"), Clock(), AWKWARD, MARKED, RULES)
    async with opened(sqlite_url(tmp_path / "one")) as house:
        await filled(house)
        files = (await export_round(house.engine, ROUND)).files
    text = {name: content.decode() for name, content in files.items()}
    await load(
        sqlite_url(tmp_path / "two"),
        Clock(),
        text["plan.csv"],
        text["candidates.csv"],
        text["round.toml"],
    )
    choices, report = read_choices(Source("choices.csv", files["choices.csv"]))
    assert report.accepted
    async with opened(sqlite_url(tmp_path / "two")) as house:
        rows = zip(
            choices.candidate_no,
            choices.institution_code,
            choices.plan_nature,
            choices.majors,
            choices.accepts_adjustment.tolist(),
            strict=True,
        )
        for number, institution, nature, majors, adjust in rows:
            await house.file(number, institution, majors, nature=nature, adjust=adjust)
        assert (await export_round(house.engine, ROUND)).files == files


async def test_the_files_make_the_same_book_as_the_board(small: House):
    await filled(small)
    await small.board.catch_up()
    export = await export_round(small.engine, ROUND)
    sources = {name: Source(name, content) for name, content in export.files.items()}
    rows, _ = read_plan(sources["plan.csv"])
    people, people_report = read_candidates(sources["candidates.csv"])
    choices, choices_report = read_choices(sources["choices.csv"])
    round_file, _ = read_round(sources["round.toml"])
    assert round_file is not None
    reports = FileReports(people_report, choices_report)
    made = book_of(rows, people, choices, round_file.rules, reports)
    assert made is not None
    held = small.board.rounds[ROUND].book
    assert (made.book.unit.tolist(), made.book.first_major.tolist()) == (
        held.unit.tolist(),
        held.first_major.tolist(),
    )
    assert export.seq == small.board.seq


async def test_choices_are_those_of_the_seq_asked_for(small: House):
    first = await small.file("101", "5012")
    await small.file("101", "5037")
    export = await export_round(small.engine, ROUND, first.seq)
    assert export.files["choices.csv"].decode().splitlines()[1].startswith("101,5012,,01,")
    before = await export_round(small.engine, ROUND, first.seq - 1)
    assert before.files["choices.csv"].count(b"\n") == 1


async def test_the_plan_is_the_one_in_force_at_the_seq_asked_for(small: House):
    await small.file("101", "5012", ("01", "02"))
    moved = await small.file("102", "00", ("A1",))
    await small.file("102", "5037")
    shorter = PLAN.replace("理科,00,零号学院,,A1,护理学,1,4000\n", "")
    await small.import_plan(shorter.replace("理科,5012,北原大学,,02,数学与应用数学,1,5000\n", ""))
    then = (await export_round(small.engine, ROUND, moved.seq)).files
    now = (await export_round(small.engine, ROUND)).files
    assert "零号学院" in then["plan.csv"].decode()
    assert "102,00,,A1" in then["choices.csv"].decode()
    assert "101,5012,,01,02" in then["choices.csv"].decode()
    assert "零号学院" not in now["plan.csv"].decode()
    assert "101,5012,,01,,," in now["choices.csv"].decode()
    with pytest.raises(Refusal, match="not-found"):
        await export_round(small.engine, ROUND, 1)


async def test_nothing_of_a_person_but_number_track_and_scores_is_exported(small: House):
    files = (await export_round(small.engine, ROUND)).files
    heading = files["candidates.csv"].decode().splitlines()[0]
    assert heading == "candidate_no,track,exam_score,bonus"


async def test_an_unknown_round_is_not_found(small: House):
    with pytest.raises(Refusal, match="not-found"):
        await export_round(small.engine, "another")
