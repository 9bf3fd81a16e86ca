"""The stage of a rehearsal: a province in a fresh database, and the real service on it."""

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from importers.candidates import read_candidates
from importers.plans import read_plan
from importers.province import Province
from importers.province_files import province_files
from importers.report import Report
from importers.round_file import RoundFile, round_file_toml
from importers.tables import Source
from service.board import Board, RoundBoard
from service.events import Growth
from service.filing import FilingDesk
from service.intake import Intake
from service.settings import Settings, environment_of
from service.store.engine import Engine
from service.store.migrate import migrate
from web.app import utc_now
from web.cli.demo import compressed
from web.cli.simulation import Actor, actors_of, file_all, wishes_of

READY_WITHIN_S = 60
MINGCI = (sys.executable, "-c", "from web.cli import main; main()")
"""The mingci command of this installation, whatever the shell would find."""


class Broken(Exception):
    """The rehearsal cannot go on; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A loaded round: its database, its board as of now, and everybody who wishes for something."""

    engine: Engine
    board: Board
    file: RoundFile
    actors: list[Actor]

    @property
    def round(self) -> RoundBoard:
        """The round as the board has it."""
        return self.board.rounds[self.file.code]

    async def reschedule(self, speed: float) -> None:
        """Let the day run from now on, `speed` times as fast."""
        file = compressed(self.file, utc_now(), speed)
        await Intake(self.engine, utc_now, _nobody).set_round(file, round_file_toml(file))
        await self.board.catch_up()


async def set_stage(engine: Engine, folder: Path, province: Province, already: float) -> Stage:
    """Import the province's files into an empty database; a share of all has filed `already`.

    The round is open as on its own day, so that nothing closes while the stage is set.
    """
    file = compressed(province.round_file, utc_now(), 1)
    await migrate(engine)
    await _import(engine, folder, province, file)
    board = Board(engine, utc_now)
    await board.catch_up()
    actors = actors_of(board.rounds[file.code], province.candidates, wishes_of(province.choices))
    desk = FilingDesk(engine, utc_now, _nobody)
    desk.open()
    try:
        await file_all(desk, file.code, actors[: int(len(actors) * already)])
    finally:
        await desk.close()
    await board.catch_up()
    return Stage(engine, board, province.round_file, actors)


async def _import(engine: Engine, folder: Path, province: Province, file: RoundFile) -> None:
    """The files as an office would bring them, read by the same readers as any import."""
    for name, content in province_files(province).items():
        (folder / name).write_bytes(content)
    intake = Intake(engine, utc_now, _nobody)
    await intake.set_round(file, round_file_toml(file))
    rows, report = read_plan(Source.of(folder / "plan.csv"))
    await intake.apply_plan(file.code, rows, _accepted(report))
    tracks = await intake.known_tracks(file.season_code)
    people, report = read_candidates(Source.of(folder / "candidates.csv"), tracks=tracks)
    await intake.apply_candidates(file.season_code, people, _accepted(report))


def _accepted(report: Report) -> str:
    if not report.accepted:
        raise Broken(str(report.faults[0]))
    return report.digest


def _nobody(_news: Growth | int) -> None:
    """Whom writers of this process announce to: the service follows the log by itself."""


@asynccontextmanager
async def serving(settings: Settings, folder: Path) -> AsyncIterator[int]:
    """`mingci serve` as a process of its own, ready on the port that is given.

    Raises:
        Broken: it ended, or was not ready in time; the last it said is told.
    """
    port = _free_port()
    with (folder / "serve.log").open("wb") as out:
        server = await asyncio.create_subprocess_exec(
            *MINGCI, "serve", "--port", str(port), stdout=out, stderr=out,
            env=environment_of(settings),
        )  # fmt: skip
    try:
        for _ in range(READY_WITHIN_S * 20):
            if server.returncode is not None or await asyncio.to_thread(_is_ready, port):
                break
            await asyncio.sleep(0.05)
        else:
            raise Broken(f"the service was not ready within {READY_WITHIN_S} s")
        if server.returncode is not None:
            said = (folder / "serve.log").read_text(errors="replace").strip().splitlines()
            raise Broken(f"the service ended with {server.returncode}: {said[-1] if said else ''}")
        yield port
    finally:
        if server.returncode is None:
            server.terminate()
        await server.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _is_ready(port: int) -> bool:
    return get(port, "/readyz")[0] == 200


def get(port: int, path: str) -> tuple[int, dict[str, Any]]:
    """Status and JSON of a public address; status 0 while nobody listens."""
    link = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        link.request("GET", path)
        answer = link.getresponse()
        return answer.status, json.loads(answer.read())
    except ConnectionError:
        return 0, {}
    finally:
        link.close()
