"""`mingci generate` and `mingci standings`: files in, files out, no database."""

import csv
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.flow.commands import MINGCI
from tests.importers.files import CANDIDATES, CHOICES, PLAN
from web.cli.offline import app
from web.cli.standings_csv import HEADER


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def generated(out: Path, candidates: int = 3_000, seed: int = 7) -> Path:
    result = run(
        "generate",
        "--candidates",
        candidates,
        "--units",
        40,
        "--majors",
        160,
        "--seed",
        seed,
        "--out",
        out,
    )
    assert result.exit_code == 0, result.output
    return out


def ranked(folder: Path, *more: object) -> Result:
    return run(
        "standings",
        *("--plan", folder / "plan.csv"),
        *("--candidates", folder / "candidates.csv"),
        *("--choices", folder / "choices.csv"),
        *("--out", folder / "s.csv"),
        *more,
    )


def three_files(folder: Path, **changed: str) -> Path:
    content = {"plan": PLAN, "candidates": CANDIDATES, "choices": CHOICES} | changed
    for name, text in content.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    one, two = generated(tmp_path / "one"), generated(tmp_path / "two")
    names = ["candidates.csv", "choices.csv", "plan.csv", "round.toml"]
    assert sorted(path.name for path in one.iterdir()) == names
    for name in names:
        assert (one / name).read_bytes() == (two / name).read_bytes()


def test_too_few_majors_are_wrong_usage(tmp_path: Path) -> None:
    result = run(
        "generate", "--candidates", 9, "--units", 9, "--majors", 8, "--seed", 1, "--out", tmp_path
    )
    assert result.exit_code == 2
    assert "every unit has at least one major" in result.stderr


def test_standings_equal_the_naive_definition(tmp_path: Path) -> None:
    folder = generated(tmp_path)
    result = ranked(folder, "--round", folder / "round.toml")
    assert result.exit_code == 0, result.output
    assert result.output == ""
    rows = rows_of(folder / "s.csv")
    score = {
        row["candidate_no"]: int(row["exam_score"]) + int(row["bonus"])
        for row in rows_of(folder / "candidates.csv")
    }
    plan: defaultdict[tuple[str, ...], int] = defaultdict(int)
    for row in rows_of(folder / "plan.csv"):
        plan[row["track"], row["institution_code"], row["plan_nature"]] += int(row["quota"])
    lists: defaultdict[tuple[str, ...], list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        lists[row["track"], row["institution_code"], row["plan_nature"]].append(row)
    assert {row["candidate_no"] for row in rows_of(folder / "choices.csv")} == {
        row["candidate_no"] for row in rows
    }
    for unit, members in lists.items():
        scores = [score[row["candidate_no"]] for row in members]
        ordered = sorted(scores, reverse=True)
        seats = plan[unit]
        line = ordered[seats - 1] if len(ordered) >= seats else None
        for row, own in zip(members, scores, strict=True):
            rank = 1 + sum(other > own for other in scores)
            tied = scores.count(own)
            assert row["filing_score"] == str(own)
            assert (row["rank"], row["tied"]) == (str(rank), str(tied))
            assert row["rank_last"] == str(rank + tied - 1)
            assert row["line_filing"] == row["line_plan"] == ("" if line is None else str(line))
            inside = line is None or own >= line
            assert (
                (row["major_rank"] != "") == inside == (row["status"] in ("inside", "straddling"))
            )


def test_rows_go_by_track_institution_nature_rank_and_number(tmp_path: Path) -> None:
    folder = generated(tmp_path)
    ranked(folder)
    assert (folder / "s.csv").read_text(encoding="utf-8").splitlines()[0] == HEADER
    keys = [
        (r["track"], r["institution_code"], r["plan_nature"], int(r["rank"]), r["candidate_no"])
        for r in rows_of(folder / "s.csv")
    ]
    assert keys == sorted(keys)


def test_a_small_case_is_exactly_this(tmp_path: Path) -> None:
    result = ranked(three_files(tmp_path))
    assert result.exit_code == 0
    assert (tmp_path / "s.csv").read_text(encoding="utf-8").splitlines()[1:] == [
        "0001,历史类,E87,非定向,610,1,1,1,1,25,25,,,inside,00,1,1,1,1",
        "0002,物理类,E87,定向,612.5,1,1,1,1,0,0,,,outside,,,,,",
    ]


def test_every_fault_of_every_file_is_a_line_and_nothing_is_written(tmp_path: Path) -> None:
    three_files(
        tmp_path,
        plan=PLAN.replace(",25,", ",三十,"),
        candidates=CANDIDATES + "0001,王明,历史类,1,,,\n",
        choices=CHOICES.replace(",是", ",maybe"),
    )
    result = ranked(tmp_path)
    assert result.exit_code == 1
    assert [line.split(" ")[0] for line in result.stderr.splitlines()] == [
        "plan.csv:2:", "candidates.csv:4:", "choices.csv:2:",
    ]  # fmt: skip
    assert 'plan.csv:2: quota "三十" is not a whole number' in result.stderr
    assert not (tmp_path / "s.csv").exists()


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"candidates": CANDIDATES.replace("物理类", "火星类")}, 'candidates.csv:3: track "火星类" is not a track'),
        ({"choices": CHOICES.replace("0001,E87,非定向", "0001,E87,定向")}, "choices.csv:2: institution_code"),
        ({"choices": ""}, "choices.csv: is empty"),
    ],
)  # fmt: skip
def test_files_that_do_not_fit_together_are_refused(
    tmp_path: Path, changed: dict[str, str], fault: str
) -> None:
    result = ranked(three_files(tmp_path, **changed))
    assert result.exit_code == 1
    assert result.stderr.startswith(fault)
    assert not (tmp_path / "s.csv").exists()


def test_a_missing_file_is_said_in_one_line(tmp_path: Path) -> None:
    three_files(tmp_path)
    (tmp_path / "plan.csv").unlink()
    result = ranked(tmp_path)
    assert result.exit_code == 1
    assert result.stderr == f"{tmp_path / 'plan.csv'}: cannot be read: No such file or directory\n"


def test_codes_with_commas_and_quotes_come_out_as_they_went_in(tmp_path: Path) -> None:
    odd = {
        "plan": PLAN.replace(",00,", ',"0,""0",'),
        "choices": CHOICES.replace(",00,", ',"0,""0",'),
    }
    assert ranked(three_files(tmp_path, **odd)).exit_code == 0
    assert rows_of(tmp_path / "s.csv")[0]["major_code"] == '0,"0'


def test_an_interrupted_write_leaves_no_half_file(tmp_path: Path) -> None:
    three_files(tmp_path)
    (tmp_path / "s.csv").mkdir()
    result = ranked(tmp_path)
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "candidates.csv", "choices.csv", "plan.csv", "s.csv",
    ]  # fmt: skip


def files_of(folder: Path) -> list[str]:
    named = {"plan": "plan.csv", "candidates": "candidates.csv", "choices": "choices.csv"}
    return [part for name, file in named.items() for part in (f"--{name}", str(folder / file))]


def called(*arguments: str) -> tuple[int, str, str]:
    done = subprocess.run([*MINGCI, *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_every_spelling_of_the_options_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = generated(tmp_path, candidates=300)
    named = files_of(folder)
    more = ["--round", str(folder / "round.toml")]
    assert called("standings", *named, "--out", str(folder / "a.csv"), *more) == (0, "", "")
    assert called("standings", f"--out={folder / 'b.csv'}", *more, *named) == (0, "", "")
    assert ranked(folder, *more).exit_code == 0
    one = (folder / "a.csv").read_bytes()
    assert one == (folder / "b.csv").read_bytes() == (folder / "s.csv").read_bytes()


@pytest.mark.parametrize("spelled", [["--out", "{}"], ["--out={}"]])
def test_a_fault_is_told_alike_in_every_spelling(tmp_path: Path, spelled: list[str]) -> None:
    three_files(tmp_path, choices=CHOICES.replace("0002", "0003"))
    out = [part.format(tmp_path / "s.csv") for part in spelled]
    code, said, fault = called("standings", *files_of(tmp_path), *out)
    assert (code, said) == (1, "")
    assert fault == 'choices.csv:3: candidate_no "0003" is not among the candidates\n'


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--plan", "p.csv", "--candidates", "c.csv", "--choices", "x.csv"], "Missing option '--out'"),
        (["--plan", "p", "--candidates", "c", "--choices", "x", "--put", "s"], "No such option"),
        (["--plan"], "requires an argument"),
        (["stray"], "Missing option"),
    ],
)  # fmt: skip
def test_wrong_usage_is_told_as_for_any_command(arguments: list[str], told: str) -> None:
    code, _, fault = called("standings", *arguments)
    assert code == 2
    assert told in fault


def test_help_names_every_option() -> None:
    code, told, _ = called("standings", "--help")
    assert code == 0
    assert all(name in told for name in ("--plan", "--candidates", "--choices", "--round", "--out"))


def test_an_odd_candidate_number_is_written_and_sorted_as_text(tmp_path: Path) -> None:
    three_files(
        tmp_path,
        candidates=CANDIDATES.replace("物理类,612.5,0", "历史类,610,0").replace("0002", "A,2"),
        choices=CHOICES.replace("0002,E87,定向,E1", "A,2,E87,非定向,00").replace("0001", "B1"),
    )
    for name in ("candidates", "choices"):
        path = tmp_path / f"{name}.csv"
        text = path.read_text(encoding="utf-8").replace("0001", "B1").replace("A,2", '"A,2"')
        path.write_text(text, encoding="utf-8")
    assert ranked(tmp_path).exit_code == 0
    assert [row["candidate_no"] for row in rows_of(tmp_path / "s.csv")] == ["A,2", "B1"]
