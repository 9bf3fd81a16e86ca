"""Small rounds for tests: a few lines say all that matters."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2 as httpx
from fastapi import FastAPI
from httpx2 import ASGITransport

from importers.candidates import read_candidates
from importers.plans import read_plan
from importers.round_file import read_round
from importers.tables import Source
from service import views
from service.accounts import Accounts
from service.board import Board
from service.errors import Refusal
from service.events import Event, Growth
from service.filing import FilingDesk, Wish
from service.intake import CandidatesApplied, Intake, PlanApplied
from service.push.hub import Hub, Watcher
from service.receipts import Receipt
from service.settings import Settings
from service.shapes import StandingView
from service.store import log, people, rounds
from service.store.engine import Engine, open_engine, reading
from service.store.migrate import migrate
from web.app import make_app

ROUND = "2026-first-1"
SEASON = "2026-general"
OPENS = datetime(2026, 8, 1, 0, 0, tzinfo=UTC)

ROUND_FILE = """
[season]
code = "2026-general"
kind = "general"
[batch]
code = "2026-first"
name = "本科一批"
[round]
code = "2026-first-1"
majors_per_choice = 6
live_statistics = true
[schedule]
opens = 2026-08-01T08:00:00+08:00
delete_lock = 2026-08-01T10:00:00+08:00
create_lock = 2026-08-01T10:30:00+08:00
closes = 2026-08-01T14:00:00+08:00
statistics_every = "1h"
[[schedule.segments]]
min_score = 600
closes = 2026-08-01T11:00:00+08:00
[[schedule.segments]]
min_score = 500
closes = 2026-08-01T12:00:00+08:00
[[schedule.segments]]
closes = 2026-08-01T14:00:00+08:00
"""

PLAN = """track,institution_code,institution_name,plan_nature,major_code,major_name,quota,tuition
理科,5012,北原大学,,01,计算机科学与技术,2,5000
理科,5012,北原大学,,02,数学与应用数学,1,5000
理科,5037,云川理工大学,,01,软件工程,2,6000
理科,00,零号学院,,A1,护理学,1,4000
理科,E87,双计划学院,国家专项,01,法学,1,4000
理科,E87,双计划学院,,01,法学,2,4000
文科,5012,北原大学,,05,汉语言文学,2,5000
"""

CANDIDATES = """candidate_no,name,track,exam_score,bonus,initial_code
101,甲,理科,620,0,code-101
102,乙,理科,615,0,code-102
103,丙,理科,605,10,code-103
104,丁,理科,615,0,code-104
105,戊,理科,580,0,code-105
106,己,理科,480.5,0,code-106
201,庚,文科,560,0,code-201
"""


@dataclass(slots=True)
class Clock:
    """A clock that a test sets."""

    now: datetime = OPENS + timedelta(minutes=30)

    def __call__(self) -> datetime:
        return self.now

    def at(self, text: str) -> None:
        """Set the local time of the round's day: "10:30" or "10:29:59.999"."""
        self.now = datetime.fromisoformat(f"2026-08-01T{text}+08:00").astimezone(UTC)


async def load(
    url: str,
    clock: Clock,
    plan: str = PLAN,
    candidates: str = CANDIDATES,
    round_file: str = ROUND_FILE,
    *,
    must_change_password: bool = False,
) -> None:
    """Load a round into the database at `url` as the import commands do."""
    engine = open_engine(Settings(database_url=url))
    try:
        await migrate(engine)
        intake = Intake(engine, clock, lambda _seq: None)
        file, _ = read_round(Source("round.toml", round_file.encode()))
        assert file is not None
        await intake.set_round(file, round_file)
        rows, report = read_plan(Source("plan.csv", plan.encode()))
        assert report.accepted, report.faults
        await intake.apply_plan(file.code, rows, report.digest)
        people, report = read_candidates(Source("candidates.csv", candidates.encode()))
        assert report.accepted, report.faults
        await intake.apply_candidates(
            file.season_code, people, report.digest, must_change_password=must_change_password
        )
    finally:
        await engine.dispose()


def sqlite_url(folder: Path) -> str:
    """A database file of this test's own."""
    return f"sqlite+aiosqlite:///{folder / 'mingci.db'}"


@dataclass(slots=True)
class Running:
    """A service in this process, spoken to over HTTP without a network."""

    app: FastAPI
    client: httpx.AsyncClient
    clock: Clock
    tokens: dict[str, str] = field(default_factory=dict)

    async def token(self, candidate_no: str) -> str:
        """The bearer token of a candidate, signing in at the first use."""
        if candidate_no not in self.tokens:
            body = {"candidate_no": candidate_no, "password": f"code-{candidate_no}"}
            answer = await self.client.post("/api/v1/sessions", json=body)
            assert answer.status_code == 201, answer.text
            self.tokens[candidate_no] = answer.json()["token"]
        return self.tokens[candidate_no]

    async def call(
        self, candidate_no: str, method: str, path: str, **more: object
    ) -> httpx.Response:
        """A call below the round as a candidate."""
        headers = {"Authorization": f"Bearer {await self.token(candidate_no)}"}
        headers.update(more.pop("headers", {}))  # type: ignore[call-overload]
        url = f"/api/v1/rounds/{ROUND}{path}"
        return await self.client.request(method, url, headers=headers, **more)  # type: ignore[arg-type]

    async def file(
        self,
        candidate_no: str,
        institution: str,
        majors: Sequence[str] = ("01",),
        *,
        version: int = 0,
        key: str | None = None,
        nature: str | None = None,
    ) -> httpx.Response:
        """PUT a choice; the key is made of what is asked unless given."""
        body = {
            "institution_code": institution,
            "plan_nature": nature,
            "majors": list(majors),
            "accepts_adjustment": True,
            "version": version,
        }
        key = key or f"{candidate_no}-{institution}-{'-'.join(majors)}-{version}"
        return await self.call(
            candidate_no, "PUT", "/choice", json=body, headers={"Idempotency-Key": key}
        )


@asynccontextmanager
async def running(
    url: str, clock: Clock | None = None, **settings: object
) -> AsyncIterator[Running]:
    """Load the small round and run the service on it."""
    clock = clock or Clock()
    await load(url, clock)
    async with served(url, clock, **settings) as service:
        yield service


@asynccontextmanager
async def served(url: str, clock: Clock, **settings: object) -> AsyncIterator[Running]:
    """Run the service on a database that is loaded already."""
    app = make_app(Settings(database_url=url, tick_ms=20, **settings), clock)  # type: ignore[arg-type]
    async with app.router.lifespan_context(app):
        transport = ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://mingci.test") as client:
            yield Running(app, client, clock)


@cache
def _loaded_file() -> bytes:
    """A SQLite database with the small round in it, made once for each test process."""
    with TemporaryDirectory() as folder:
        url = sqlite_url(Path(folder))
        with ThreadPoolExecutor(1) as thread:  # a test may have a loop running in this one
            thread.submit(asyncio.run, load(url, Clock())).result()
        return (Path(folder) / "mingci.db").read_bytes()


def loaded_sqlite(folder: Path) -> str:
    """A database file of this test's own with the small round loaded."""
    (folder / "mingci.db").write_bytes(_loaded_file())
    return sqlite_url(folder)


class Client:
    """A sink that keeps what it is sent until it is read, and takes nothing while it is `busy`."""

    def __init__(self, hub: Hub, round_code: str, **watching: Any) -> None:
        self.ready = True
        self.ended: Refusal | None = None
        self._sent: list[dict[str, Any]] = []
        self.watcher = Watcher(self, round_code, **watching)
        hub.join(self.watcher)

    def send(self, messages: Sequence[bytes]) -> None:
        assert self.ready
        assert self.ended is None
        self._sent += [json.loads(message) for message in messages]

    def end(self, reason: Refusal) -> None:
        self.ready = False
        self.ended = reason

    def busy(self) -> None:
        """Read nothing from now on."""
        self.ready = False

    def read(self) -> list[dict[str, Any]]:
        """Read all that was sent since, and what waited for that."""
        if self.ended is None:
            self.ready = True
            self.watcher.mailbox.flush()
        read, self._sent = self._sent, []
        return read

    def news(self) -> list[dict[str, Any]]:
        """The same without the welcome."""
        return [message for message in self.read() if message["type"] != "welcome"]


@dataclass(slots=True)
class House:
    """The service's rooms on one loaded database, without HTTP. Only the desk works by itself."""

    engine: Engine
    clock: Clock
    announced: list[int] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)
    desk: FilingDesk = field(init=False)
    intake: Intake = field(init=False)
    accounts: Accounts = field(init=False)
    board: Board = field(init=False)
    hub: Hub = field(init=False)

    def __post_init__(self) -> None:
        self.desk = FilingDesk(self.engine, self.clock, self.announce)
        self.intake = Intake(self.engine, self.clock, self.announced.append)
        self.accounts = Accounts(self.engine, self.clock, 12)
        self.board = Board(self.engine, self.clock)
        self.hub = Hub(self.board, self.clock, 0.02, 1)

    def announce(self, grown: Growth) -> None:
        """Note the newest seq of a commit; the board is told nothing until it looks."""
        self.announced.append(grown.events[-1].seq)

    async def know(self) -> None:
        """Learn the row ids of the season's candidates."""
        async with reading(self.engine) as connection:
            season = await rounds.season_id_of(connection, SEASON)
            assert season is not None
            roster = await people.read_roster(connection, season)
        self.ids = dict(zip(roster.number, roster.id.tolist(), strict=True))

    async def file(
        self,
        number: str,
        institution: str,
        majors: Sequence[str] = ("01",),
        *,
        version: int | None = None,
        key: str | None = None,
        nature: str | None = None,
        adjust: bool = True,
    ) -> Receipt:
        """File a choice at the desk; without a version nothing is checked."""
        wish = Wish(institution, nature, tuple(majors), adjust)
        return await self.desk.file(self.ids[number], ROUND, wish, version, key, "a browser")

    async def withdraw(
        self, number: str, *, version: int | None = None, key: str | None = None
    ) -> Receipt:
        """Give up the choice held."""
        return await self.desk.withdraw(self.ids[number], ROUND, version, key, "a browser")

    async def import_plan(self, text: str, *, dry_run: bool = False) -> PlanApplied:
        """Apply a plan file."""
        rows, report = read_plan(Source("plan.csv", text.encode()))
        assert report.accepted, report.faults
        return await self.intake.apply_plan(ROUND, rows, report.digest, dry_run=dry_run)

    async def import_candidates(self, text: str, *, dry_run: bool = False) -> CandidatesApplied:
        """Apply a candidates file, and know the ids of the new ones."""
        found, report = read_candidates(Source("candidates.csv", text.encode()))
        assert report.accepted, report.faults
        applied = await self.intake.apply_candidates(SEASON, found, report.digest, dry_run=dry_run)
        await self.know()
        return applied

    async def import_round(self, text: str) -> bool:
        """Apply a round file."""
        file, report = read_round(Source("round.toml", text.encode()))
        assert file is not None, report.faults
        return await self.intake.set_round(file, text)

    async def log(self) -> list[Event]:
        """The whole log."""
        async with reading(self.engine) as connection:
            return await log.follow(connection, 0)

    async def tick(self) -> None:
        """What a worker does at each tick: follow the log, then push."""
        await self.board.catch_up()
        await self.hub.tick()

    def standing(self, number: str) -> StandingView:
        """A candidate's standing as of the board."""
        return views.standing(self.board, ROUND, self.ids[number])

    def watch(self, number: str) -> Client:
        """A candidate who watches from now on."""
        return Client(self.hub, ROUND, candidate_id=self.ids[number])


@asynccontextmanager
async def opened(url: str, clock: Clock | None = None) -> AsyncIterator[House]:
    """The rooms on a database that is loaded already; the desk answers all before it closes."""
    house = House(open_engine(Settings(database_url=url)), clock or Clock())
    await house.know()
    house.desk.open()
    try:
        yield house
    finally:
        await house.desk.close()
        await house.accounts.close()
        await house.engine.dispose()
