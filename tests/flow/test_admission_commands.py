"""`mingci admission` and `mingci import decisions`, from a closed round to the next round's plan."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.builders import ROUND, Clock, House, loaded_sqlite, opened
from tests.flow.test_admit import admit
from tests.service import seasons
from web.cli.group import app


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = loaded_sqlite(tmp_path)
    monkeypatch.setenv("MINGCI_DATABASE_URL", url)

    async def closed(house: House) -> None:
        await seasons.everybody_files(house)
        await seasons.close(house)

    at_house(url, closed, "09:00")
    return url


def at_house(url: str, act: Callable[[House], Awaitable[object]], time: str = "15:00") -> None:
    """Do what two people, or candidates, do at a time of the round's day."""

    async def run() -> None:
        async with opened(url, Clock()) as house:
            house.clock.at(time)
            await act(house)

    asyncio.run(run())


def mingci(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def test_a_round_goes_from_dry_run_to_the_next_plan_by_commands(database: str, tmp_path: Path):
    tried = mingci("admission", "try", "--round", ROUND)
    assert tried.exit_code == 0
    assert tried.stdout.startswith("dry run 1: admitted ")
    digest = tried.stdout.splitlines()[-1].removeprefix("digest ")

    out = tmp_path / "files"
    assert mingci("admission", "export", "--round", ROUND, "--out", out).exit_code == 0
    texts = {path.stem: path.read_text("utf-8") for path in out.iterdir()}
    assert admit(tmp_path, **texts).exit_code == 0

    at_house(database, seasons.file_round)
    decisions = tmp_path / "decisions.csv"
    decisions.write_text("candidate_no,decision,reason\n999,rejected,physical\n", "utf-8")
    refused = mingci("import", "decisions", decisions, "--round", ROUND)
    assert refused.exit_code == 1
    decisions.write_text("candidate_no,decision,reason\n106,rejected,physical\n", "utf-8")
    taken = mingci("import", "decisions", decisions, "--round", ROUND)
    assert taken.exit_code == 0
    assert "rejected 1, undecided 4; applied" in taken.stdout

    assert mingci("admission", "check", "--round", ROUND).stdout == f"agrees: {digest}\n"
    at_house(database, seasons.release)
    plan = tmp_path / "next.csv"
    early = mingci("admission", "next", "--round", ROUND, "--out", plan)
    assert early.exit_code != 0
    assert not plan.exists()
    at_house(database, seasons.publish)
    made = mingci("admission", "next", "--round", ROUND, "--out", plan)
    assert made.exit_code == 0
    lines = plan.read_text("utf-8").splitlines()
    assert ",理科,E87,双计划学院,,01,法学,2,4000,," in lines
    assert not any(line.split(",")[6] == "0" for line in lines)
