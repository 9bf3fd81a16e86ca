"""From files to a standing on a socket, by the real commands in processes of their own."""

import csv
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.flow.commands import mingci, serving

ROUND, SEASON = "flow-1", "flow"
FILERS = 12
NEW_PASSWORD = "a new password"


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


def round_toml(now: datetime) -> str:
    return f"""
[season]
code = "{SEASON}"
kind = "general"
[batch]
code = "flow-batch"
name = "本科一批"
[round]
code = "{ROUND}"
ratio = "120%"
tie_break."理科" = ["数学", "综合", "语文", "外语"]
[schedule]
opens = {(now - timedelta(hours=2)).isoformat()}
closes = {(now + timedelta(hours=8)).isoformat()}
"""


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the files of a small province whose round is open now."""
    here = tmp_path_factory.mktemp("province")
    for out in (here, here / "again"):
        mingci(here / "none.db", "generate", "--candidates", 300, "--units", 6, "--majors", 30,
               "--seed", 7, "--out", out)  # fmt: skip
    for name in ("plan.csv", "candidates.csv", "choices.csv", "round.toml"):
        assert (here / name).read_bytes() == (here / "again" / name).read_bytes()
    (here / "round.toml").write_text(round_toml(datetime.now(UTC)), encoding="utf-8")
    rows = table(here / "choices.csv")
    wanted = max({r["institution_code"] for r in rows}, key=lambda c: sum(
        r["institution_code"] == c for r in rows))  # fmt: skip
    few = [r for r in rows if r["institution_code"] == wanted][:FILERS]
    assert len(few) == FILERS
    with (here / "few.csv").open("w", encoding="utf-8", newline="") as out_file:
        writer = csv.DictWriter(out_file, list(rows[0]))
        writer.writeheader()
        writer.writerows(few)
    return here


def load(database: Path, province: Path) -> None:
    mingci(database, "import", "round", province / "round.toml")
    mingci(database, "import", "plan", province / "plan.csv", "--round", ROUND)
    mingci(database, "import", "candidates", province / "candidates.csv", "--season", SEASON)


class Candidate:
    """One candidate at the running service."""

    def __init__(self, client: httpx.Client, number: str, password: str) -> None:
        self.client, self.number = client, number
        body = {"candidate_no": number, "password": password}
        session = client.post("/api/v1/sessions", json=body).json()
        self.must_change = session["must_change_password"]
        self.token = session["token"]

    def ask(self, method: str, path: str, key: str = "", **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"} | (
            {"Idempotency-Key": key} if key else {}
        )
        return self.client.request(method, f"/api/v1{path}", headers=headers, **more)

    def change_password(self, old: str) -> None:
        answer = self.ask("PUT", "/password", json={"old": old, "new": NEW_PASSWORD})
        assert answer.status_code == 200
        self.token = answer.json()["token"]

    def file(self, row: dict[str, str], key: str) -> dict[str, Any]:
        body = {
            "institution_code": row["institution_code"],
            "plan_nature": row["plan_nature"],
            "majors": [row[f"major_{n}"] for n in range(1, 7) if row[f"major_{n}"]],
            "accepts_adjustment": row["accepts_adjustment"] == "1",
            "version": 0,
        }
        answer = self.ask("PUT", f"/rounds/{ROUND}/choice", key, json=body)
        assert answer.status_code == 200, answer.text
        filed: dict[str, Any] = answer.json()
        return filed

    @contextmanager
    def socket(self) -> Iterator[ClientConnection]:
        host = str(self.client.base_url.netloc, "ascii")
        with connect(f"ws://{host}/api/v1/live", proxy=None) as socket:
            socket.send(json.dumps({"type": "hello", "token": self.token, "round": ROUND}))
            yield socket


def standing(socket: ClientConnection) -> dict[str, Any]:
    while True:
        told: dict[str, Any] = json.loads(socket.recv(timeout=20))
        if told["type"] == "standing":
            return told


@pytest.mark.slow
def test_files_become_standings_on_sockets_and_survive_a_kill(tmp_path: Path, province: Path):
    database = tmp_path / "flow.db"
    load(database, province)
    codes = {r["candidate_no"]: r["initial_code"] for r in table(province / "candidates.csv")}
    rows = table(province / "few.csv")
    with serving(database) as (client, server):
        people = [first_sign_in(client, row["candidate_no"], codes) for row in rows]
        with people[0].socket() as socket:
            assert standing(socket)["unit"] is None
            for person, row in zip(people[:-1], rows, strict=False):
                person.file(row, "first")
            told = standing(socket)
            while told["applicants"] < FILERS - 1:
                told = standing(socket)
            assert told["unit"]["institution_code"] == rows[0]["institution_code"]
        last = people[-1].file(rows[-1], "last")["receipt"]
        server.kill()
    with serving(database) as (client, server):
        again = [Candidate(client, row["candidate_no"], NEW_PASSWORD) for row in rows]
        assert again[-1].file(rows[-1], "last")["receipt"] == last
        views = {one.number: one.ask("GET", f"/rounds/{ROUND}/standing").json() for one in again}
        agree_with_the_offline_command(province, tmp_path, views)
        with again[0].socket() as socket:
            standing(socket)
            server.send_signal(signal.SIGTERM)
            assert close_code(socket) == 1012
        assert server.wait(20) in (0, -signal.SIGTERM)
    log = (tmp_path / "serve.log").read_text(encoding="utf-8")
    assert all(line.startswith("{") for line in log.splitlines()), log
    assert not [number for number in codes if number in log]


def first_sign_in(client: httpx.Client, number: str, codes: dict[str, str]) -> Candidate:
    """A candidate who has changed the initial code, as the first sign-in demands."""
    person = Candidate(client, number, codes[number])
    assert person.must_change
    person.change_password(codes[number])
    return person


def close_code(socket: ClientConnection) -> int | None:
    """The code the server closes with."""
    try:
        while True:
            socket.recv(timeout=20)
    except ConnectionClosed as closed:
        return None if closed.rcvd is None else closed.rcvd.code


def agree_with_the_offline_command(province: Path, here: Path, views: dict[str, Any]) -> None:
    """`mingci standings` on the same files says the same of everybody who filed."""
    mingci(here / "none.db", "standings", "--plan", province / "plan.csv", "--candidates",
           province / "candidates.csv", "--choices", province / "few.csv", "--round",
           province / "round.toml", "--out", here / "s.csv")  # fmt: skip
    told = table(here / "s.csv")
    assert {row["candidate_no"] for row in told} == set(views)
    for row in told:
        view = views[row["candidate_no"]]
        for name in ("rank", "rank_last", "tied", "applicants", "plan", "due", "status"):
            assert row[name] == str(view[name]), (row["candidate_no"], name)
        for name in ("line_filing", "line_plan"):
            assert row[name] == ("" if view[name] is None else str(view[name]))
        first = view["first_major"]
        assert (row["major_code"] or None) == (first and first["code"])
        if first:
            assert [row["major_rank"], row["major_tied"]] == list(
                map(str, first["by_filing"].values())
            )
            assert [row["major_rank_exam"], row["major_tied_exam"]] == list(
                map(str, first["by_exam"].values())
            )
