"""What a person meets who runs the commands: reports, exit codes, one line for each fault."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.builders import CANDIDATES, PLAN, ROUND, ROUND_FILE, SEASON
from web.cli import main


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    stdout: str
    stderr: str


Command = Callable[..., Done]


@pytest.fixture
def mingci(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Runs `mingci …` in this process, in a directory with the small round's files."""
    for name, content in [
        ("round.toml", ROUND_FILE),
        ("plan.csv", PLAN),
        ("people.csv", CANDIDATES),
    ]:
        (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINGCI_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'm.db'}")

    def run(*arguments: object, rc: int = 0) -> Done:
        monkeypatch.setattr("sys.argv", ["mingci", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        code = ended.value.code
        if isinstance(code, str):  # what `sys.exit` prints on the way out
            told, code = told._replace(err=told.err + code + "\n"), 1
        assert (code or 0) == rc, told
        return Done(told.out, told.err)

    return run


@pytest.fixture
def loaded(mingci: Command) -> Command:
    mingci("import", "round", "round.toml")
    mingci("import", "plan", "plan.csv", "--round", ROUND)
    mingci("import", "candidates", "people.csv", "--season", SEASON)
    return mingci


def dump() -> list[str]:
    connection = sqlite3.connect("m.db")
    content = list(connection.iterdump())
    connection.close()
    return content


def test_imports_change_nothing_when_dry_or_repeated(loaded: Command):
    before = dump()
    for arguments in (
        ("plan", "plan.csv", "--round", ROUND),
        ("candidates", "people.csv", "--season", SEASON),
        ("round", "round.toml"),
    ):
        again = loaded("import", *arguments)
        assert "nothing to change" in again.stdout
        assert again.stderr == ""
    fewer = PLAN.splitlines()[:-1]
    Path("fewer.csv").write_text("\n".join(fewer) + "\n", encoding="utf-8")
    dry = loaded(
        "import", "plan", "fewer.csv", "--round", ROUND, "--dry-run", "--report", "report.json"
    )
    assert "dry run, nothing changed" in dry.stdout
    found = json.loads(Path("report.json").read_text(encoding="utf-8"))
    assert found["rows"] == len(fewer) - 1
    assert found["rejections"] == []
    assert found["difference"] == ["- 5012/文科/ 05 汉语言文学 2", "seats 11 → 9"]
    assert dump() == before
    assert "applied" in loaded("import", "plan", "fewer.csv", "--round", ROUND).stdout
    assert dump() != before


def test_a_bad_file_is_one_line_per_fault_and_changes_nothing(loaded: Command):
    before = dump()
    Path("bad.csv").write_text(
        "track,institution_code,institution_name,major_code,major_name,quota\n"
        "理科,5012,北原大学,01,数学,三十\n理科,5012,北原大学,02,物理,2.5\n",
        encoding="utf-8",
    )
    bad = loaded("import", "plan", "bad.csv", "--round", ROUND, "--report", "report.json", rc=1)
    lines = bad.stderr.splitlines()
    assert [line.split(":")[:2] for line in lines] == [["bad.csv", "2"], ["bad.csv", "3"]]
    assert "三十" in lines[0]
    rejections = json.loads(Path("report.json").read_text(encoding="utf-8"))["rejections"]
    assert [(r["line"], r["column"], r["value"]) for r in rejections] == [
        (2, "quota", "三十"), (3, "quota", "2.5"),
    ]  # fmt: skip
    assert dump() == before


def test_rules_of_what_the_plan_does_not_have_are_told_at_either_import(mingci: Command):
    own = '[units."5012/理科/"]\nadjust_order = ["02", "77"]\n[units."404/理科/"]\nstrict = true\n'
    Path("round.toml").write_text(ROUND_FILE + own, encoding="utf-8")
    assert mingci("import", "round", "round.toml").stderr == ""
    told = [
        'the round file\'s units."5012/理科/".adjust_order "77" is not a major of this unit',
        'the round file\'s units."404/理科/" is not a unit of the plan',
    ]
    of_plan = mingci("import", "plan", "plan.csv", "--round", ROUND, "--report", "report.json")
    assert of_plan.stderr.splitlines() == [f"plan.csv: {one}" for one in told]
    assert json.loads(Path("report.json").read_text(encoding="utf-8"))["notices"] == told
    of_round = mingci("import", "round", "round.toml")
    assert of_round.stderr.splitlines() == [f"round.toml: {one}" for one in told]


def test_codes_that_are_made_are_written_for_their_owner_alone_and_only_once(mingci: Command):
    mingci("import", "round", "round.toml")
    Path("few.csv").write_text("candidate_no,track,exam_score\n1,理科,600\n2,理科,500\n")
    mingci("import", "candidates", "few.csv", "--season", SEASON, "--codes", "codes.csv")
    rows = Path("codes.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["candidate_no", "1", "2"]
    assert Path("codes.csv").stat().st_mode & 0o777 == 0o600
    taken = mingci(
        "import", "candidates", "few.csv", "--season", SEASON, "--codes", "codes.csv", rc=2
    )
    assert "codes.csv: cannot be written" in taken.stderr
    assert Path("codes.csv").read_text().splitlines() == rows
    mingci("import", "candidates", "few.csv", "--season", SEASON, "--codes", "none.csv")
    assert not Path("none.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "rc", "told"),
    [
        (("import", "plan", "nowhere.csv", "--round", "x"), 2, "nowhere.csv: cannot be read"),
        (("import", "plan", "plan.csv", "--round", "x"), 1, 'there is no round "x"'),
        (("import", "candidates", "people.csv", "--season", "x"), 1, 'there is no season "x"'),
        (("import", "candidates", "few.csv", "--season", "x"), 2, "--codes"),
        (("import", "plan", "plan.csv", "--round", "x", "--map", "nonsense"), 2, None),
        (("import", "plan", "plan.csv"), 2, None),
        (("serve", "--workers", "many"), 2, None),
        (("nonsense",), 2, None),
    ],
)
def test_wrong_usage_says_so_on_stderr(
    mingci: Command, arguments: tuple[str, ...], rc: int, told: str | None
):
    Path("few.csv").write_text("candidate_no,track,exam_score\n1,理科,600\n")
    done = mingci(*arguments, rc=rc)
    assert done.stdout == ""
    if told is not None:
        (line,) = done.stderr.splitlines()
        assert told in line


@pytest.mark.parametrize(
    ("setting", "value", "rc"),
    [
        ("DATABASE_URL", "mysql://root:geheim@host/x", 2),
        ("DATABASE_URL", "postgresql+asyncpg://nobody:geheim@127.0.0.1:1/x", 1),
        ("REDIS_URL", "geheim", 2),
        ("TICK_MS", "soon", 2),
    ],
)
@pytest.mark.parametrize("command", [("serve", "--port", "1"), ("import", "round", "round.toml")])
def test_a_setting_that_cannot_work_is_one_line_without_its_secret(
    mingci: Command,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    value: str,
    rc: int,
    command: tuple[str, ...],
):
    monkeypatch.setenv(f"MINGCI_{setting}", value)
    (line,) = mingci(*command, rc=rc).stderr.splitlines()
    assert line.startswith("mingci: ")
    assert "geheim" not in line


@pytest.mark.parametrize(
    "command", ["", "serve", "demo", "import", "import plan", "import candidates", "import round",
                "standings", "generate"],
)  # fmt: skip
def test_help_is_there_for_every_command(mingci: Command, command: str):
    done = mingci(*command.split(), "--help")
    assert "Usage: " in done.stdout
    assert "--help" in done.stdout
