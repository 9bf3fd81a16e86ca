"""A rehearsal plays a round against the real service, and notices what it is there to notice."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.flow.commands import mingci
from tests.services import free_port
from web.cli import rehearsal
from web.cli.rehearsal.outcome import accepted_late, differing, lost, told_otherwise
from web.cli.rehearsal.people import Filed, Person
from web.cli.rehearsal.report import Report
from web.cli.rehearsal.stage import Broken

RECEIPT = {"seq": 7, "institution_code": "5012", "received_at": "2026-08-01T01:00:00.000+00:00"}
STANDING: dict[str, Any] = {
    "seq": 9,
    "as_of": "2026-08-01T09:00:00.000+08:00",
    "unit": {"institution_code": "5012", "plan_nature": ""},
    "rank": 1,
    "rank_last": 2,
    "tied": 2,
    "applicants": 5,
    "plan": 2,
    "due": 3,
    "line_filing": 605.5,
    "line_plan": None,
    "status": "inside",
    "first_major": {"code": "01", "by_filing": {"rank": 1, "tied": 2}, "by_exam": {"a": 3, "b": 1}},
}
LINE = "101,理科,5012,,615.5,1,2,2,5,2,3,605.5,,inside,01,1,2,3,1"


class Told(Person):
    """A candidate whose service says what the test lets it say."""

    def __init__(self, **said: Any) -> None:
        super().__init__(1, "a-round", "101")
        self.said = said
        self.filed = [Filed(RECEIPT, 0.0, 0.01)]

    async def own(self, what: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.said[what.rpartition("/")[2]]
        return answer

    async def me(self) -> dict[str, Any]:
        return {"candidate_no": "101", "track": "理科", "filing_score": 615.5}


@pytest.mark.slow
def test_a_small_round_loses_nothing_and_agrees_with_the_offline_command(tmp_path: Path):
    done = mingci(
        tmp_path / "none.db", "rehearse", "--candidates", 200, "--moves", 24, "--speed", 20000
    )
    said = done.stdout.splitlines()
    assert said[-2:] == ["lost 0", "disagreements 0"]
    assert "choices acknowledged" in done.stdout
    assert "segment-closed" in done.stdout
    assert "(0)" not in done.stdout


@pytest.mark.parametrize(
    ("kept", "held", "expected"),
    [
        ([RECEIPT], RECEIPT, 0),
        ([], RECEIPT, 1),
        ([RECEIPT | {"seq": 8}], RECEIPT, 1),
        ([RECEIPT], None, 1),
        ([], RECEIPT | {"seq": 8}, 2),
    ],
)
def test_a_receipt_that_is_not_kept_or_not_held_is_lost(kept: Any, held: Any, expected: int):
    person = Told(history={"items": [{"receipt": one} for one in kept]}, choice={"receipt": held})
    assert asyncio.run(lost(person)) == expected


def test_a_choice_held_after_its_acknowledged_withdrawal_is_lost():
    gone = RECEIPT | {"institution_code": None}
    person = Told(history={"items": [{"receipt": gone}]}, choice={"receipt": RECEIPT})
    person.filed = [Filed(gone, 0.0, 0.01)]
    assert asyncio.run(lost(person)) == 1


@pytest.mark.parametrize(
    ("changed", "line", "expected"),
    [({}, LINE, 0), ({"rank": 2}, LINE, 1), ({}, LINE.replace("605.5,,", "605,,"), 1)],
)
def test_an_answer_that_differs_from_the_file_disagrees(
    changed: dict[str, Any], line: str, expected: int
):
    person = Told(standing=STANDING | changed)
    assert asyncio.run(told_otherwise(person, {"101": line})) == expected


def test_a_newest_frame_that_differs_from_the_answer_disagrees(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("web.cli.rehearsal.outcome.PUSH_LOOKS", 2)
    person = Told(standing=STANDING)
    person.frames = [(0.0, STANDING | {"seq": 1})]
    assert asyncio.run(told_otherwise(person, {"101": LINE})) == 0
    person.frames.append((1.0, STANDING | {"rank": 3}))
    assert asyncio.run(told_otherwise(person, {"101": LINE})) == 1


@pytest.mark.parametrize(
    ("lost_", "disagreements", "code"), [(0, 0, 0), (1, 0, 1), (0, 1, 1)], ids=str
)
def test_anything_lost_or_disagreeing_fails_the_command(
    monkeypatch: pytest.MonkeyPatch, lost_: int, disagreements: int, code: int
):
    async def found(*_asked: object) -> Report:
        return Report([Told()], standings=1, outcomes=1, lost=lost_, disagreements=disagreements)

    monkeypatch.setattr(rehearsal, "_rehearse", found)
    done = CliRunner().invoke(rehearsal.app, [])
    assert done.exit_code == code
    assert done.stdout.endswith(f"lost {lost_}\ndisagreements {disagreements}\n")


def test_a_broken_rehearsal_says_why_on_one_line(monkeypatch: pytest.MonkeyPatch):
    async def broken(*_asked: object) -> Report:
        raise Broken("the service ended with 3")

    monkeypatch.setattr(rehearsal, "_rehearse", broken)
    done = CliRunner().invoke(rehearsal.app, [])
    assert (done.exit_code, done.stderr) == (1, "mingci: the service ended with 3\n")


def test_a_service_that_does_not_answer_ends_the_rehearsal(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("web.cli.rehearsal.people.PAUSE_S", 0)
    with pytest.raises(Broken, match="does not answer"):
        asyncio.run(Person(free_port(), "a-round", "101").own("standing"))


def test_tables_differ_by_their_lines_and_by_their_order():
    assert differing(b"a\nb\n", b"a\nb\n") == 0
    assert differing(b"a\nc\n", b"a\nb\n") == 1
    assert differing(b"a\n", b"a\nb\nc\n") == 2
    assert differing(b"b\na\n", b"a\nb\n") == 1


def test_a_receipt_from_the_closing_instant_on_is_late():
    person = Told()
    closes = datetime(2026, 8, 1, 1, 0, tzinfo=UTC)
    assert accepted_late(person, closes) == 1
    assert accepted_late(person, closes + timedelta(milliseconds=1)) == 0


def test_the_report_counts_frames_that_know_of_a_choice():
    person = Told()
    person.frames = [(0.5, {"seq": 6}), (0.75, {"seq": 7}), (0.9, {"seq": 8})]
    person.refused = ["segment-closed", "create-locked", "segment-closed"]
    report = "\n".join(Report([person], standings=3, outcomes=3, lost=1, disagreements=2).lines())
    assert "pushed frames p50 750.0 ms, p90 750.0 ms, p99 750.0 ms (1)" in report
    assert "acknowledged 1, refused 3 (create-locked 1, segment-closed 2)" in report
    assert report.endswith("lost 1\ndisagreements 2")
