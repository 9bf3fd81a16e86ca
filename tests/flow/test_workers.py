"""Two `mingci serve` on one PostgreSQL and one Redis: what is filed at one is seen at the other."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from redis import Redis
from websockets.sync.client import ClientConnection, connect

from service.push.redis_bus import STREAM
from tests import services
from tests.builders import ROUND, Clock, load
from tests.flow.commands import serving

NOW = datetime.now(UTC)
ROUND_FILE = f"""
[season]
code = "2026-general"
kind = "general"
[batch]
code = "2026-first"
name = "本科一批"
[round]
code = "{ROUND}"
[schedule]
opens = {(NOW - timedelta(hours=1)).isoformat()}
closes = {(NOW + timedelta(hours=8)).isoformat()}
"""


@dataclass(slots=True)
class Person:
    """A candidate, signed in once; the session is good at every worker."""

    number: str
    token: str
    version: int = 0

    def ask(self, worker: httpx.Client, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": f"k{self.version}"}
        return worker.request(method, f"/api/v1/rounds/{ROUND}{path}", headers=headers, **more)

    def file(self, worker: httpx.Client, institution: str) -> None:
        body = {"institution_code": institution, "majors": ["01"], "accepts_adjustment": True}
        answer = self.ask(worker, "PUT", "/choice", json={**body, "version": self.version})
        assert answer.status_code == 200, answer.text
        self.version = answer.json()["receipt"]["version"]
        assert answer.json()["standing"]["unit"]["institution_code"] == institution

    @contextmanager
    def socket(self, worker: httpx.Client) -> Iterator[ClientConnection]:
        host = str(worker.base_url.netloc, "ascii")
        with connect(f"ws://{host}/api/v1/live", proxy=None) as socket:
            socket.send(json.dumps({"type": "hello", "token": self.token, "round": ROUND}))
            yield socket


def signed_in(worker: httpx.Client, number: str) -> Person:
    body = {"candidate_no": number, "password": f"code-{number}"}
    return Person(number, worker.post("/api/v1/sessions", json=body).json()["token"])


def told(socket: ClientConnection, applicants: int) -> None:
    """Return when the socket has been told of so many applicants."""
    while True:
        message = json.loads(socket.recv(timeout=20))
        if message["type"] == "standing" and message["applicants"] == applicants:
            return


class Crowd:
    """One who moves in and out of a unit, at either worker; one at each who watches it."""

    def __init__(self, workers: list[httpx.Client], stack: ExitStack) -> None:
        self.workers = workers
        self.mover, *self.watchers = (signed_in(workers[0], n) for n in ("101", "102", "104"))
        for watcher, worker in zip(self.watchers, workers, strict=True):
            watcher.file(worker, "5012")
        self.sockets = [
            stack.enter_context(watcher.socket(worker))
            for watcher, worker in zip(self.watchers, workers, strict=True)
        ]

    def move(self) -> None:
        """In at one worker and out at the other; both watchers are told each time."""
        for worker, institution, applicants in zip(
            self.workers, ("5012", "5037"), (3, 2), strict=True
        ):
            self.mover.file(worker, institution)
            for socket in self.sockets:
                told(socket, applicants)

    def agree(self) -> None:
        """Both workers tell everybody the same."""
        for person in (self.mover, *self.watchers):
            here, there = (person.ask(w, "GET", "/standing").json() for w in self.workers)
            assert {**here, "as_of": ""} == {**there, "as_of": ""}


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.redis
def test_a_choice_filed_at_one_worker_reaches_a_socket_at_the_other_whatever_redis_does(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
):
    port = services.free_port()
    settings = {
        "MINGCI_DATABASE_URL": services.empty_database(postgres_url, "workers"),
        "MINGCI_REDIS_URL": f"redis://127.0.0.1:{port}/0",
        "MINGCI_FILING_BURST": "10000",
    }
    asyncio.run(load(settings["MINGCI_DATABASE_URL"], Clock(NOW), round_file=ROUND_FILE))
    with ExitStack() as stack:
        workers = [
            stack.enter_context(serving(tmp_path / "none.db", **settings))[0] for _ in range(2)
        ]
        monkeypatch.setattr(services, "free_port", lambda: port)
        crowd = Crowd(workers, stack)
        crowd.move()  # before there is a Redis at all
        with services.redis(tmp_path / "first") as url, Redis.from_url(url) as link:
            server: int = link.info("server")["process_id"]
            until_carried(link, crowd)
            link.flushall()
            until_carried(link, crowd)
            os.kill(server, signal.SIGSTOP)
            crowd.move()
            os.kill(server, signal.SIGCONT)
            until_carried(link, crowd)
            os.kill(server, signal.SIGKILL)
        crowd.move()
        with services.redis(tmp_path / "second") as url, Redis.from_url(url) as link:
            until_carried(link, crowd)
        crowd.agree()


def until_carried(link: Redis, crowd: Crowd) -> None:
    """Move until the workers have found Redis again; every move is seen in any case."""
    before = link.xlen(STREAM)
    late = datetime.now(UTC) + timedelta(seconds=20)
    while link.xlen(STREAM) == before:
        assert datetime.now(UTC) < late, "the workers do not come back to Redis"
        crowd.move()
