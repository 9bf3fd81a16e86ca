"""The first minute of results: queries a second of answers made before the release.

A synthetic round is filed, checked and released in a SQLite file. Families in two other processes
ask for different candidates over kept connections. The peer is the same service that renders each
result from rows when it is asked. Both count every view durably.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

from importers.province import Province, make_province
from importers.round_file import round_file_toml
from service.filing import FilingDesk, Wish
from service.intake import Intake
from service.settings import Settings
from service.store import people, rounds
from service.store.engine import Engine, open_engine, reading
from service.store.migrate import migrate
from tests.bench.measure import machine, save
from tests.builders import Clock
from tests.service import seasons
from tests.services import free_port

SIZE = (20_000, 800, 4_000, 7)
"""Candidates, units, majors, seed."""
ROUNDS, SECONDS = 5, 4.0
PROCESSES, CONNECTIONS = 2, 16
ROOT = Path(__file__).parents[2]
SERVERS = {
    "made before": ("-c", "from web.cli import main; main()", "serve", "--port"),
    "from rows": ("-m", "tests.bench.peer_results"),
}


def run() -> int:
    """Measure, print, save; 1 if any answer was not 200."""
    with TemporaryDirectory() as folder:
        made = make_province(*SIZE)
        begun = time.perf_counter()
        asyncio.run(release(Path(folder), made))
        print(f"filed, checked and released in {time.perf_counter() - begun:.1f} s")
        asked = write_askers(Path(folder), made)
        found: dict[str, list[dict[str, float]]] = {name: [] for name in SERVERS}
        for _ in range(ROUNDS):
            for name, arguments in SERVERS.items():
                with serving(Path(folder), arguments) as port:
                    found[name].append(measured(port, asked))
    medians = {
        name: {key: statistics.median(one[key] for one in some) for key in some[0]}
        for name, some in found.items()
    }
    for name, one in medians.items():
        print(
            f"{name:12} {one['per_s']:8.0f} queries/s   median {one['p50_ms']:.1f} ms   "
            f"99 % within {one['p99_ms']:.1f} ms"
        )
    ratio = medians["made before"]["per_s"] / medians["from rows"]["per_s"]
    print(f"made before / from rows: {ratio:.2f}")
    print(save("results", {**machine("uvicorn", "sqlalchemy"), "medians": medians}))
    return int(any(one["wrong"] for some in found.values() for one in some))


async def release(folder: Path, made: Province) -> None:
    """A province's round, everybody's choice filed, to the release of its results."""
    engine = open_engine(Settings(database_url=url(folder)))
    clock = Clock()
    try:
        await migrate(engine)
        file = made.round_file
        assert file.schedule is not None
        clock.now = file.schedule.opens + timedelta(minutes=1)
        intake = Intake(engine, clock, lambda _: None)
        await intake.set_round(file, round_file_toml(file))
        await intake.apply_plan(file.code, made.plan, "bench")
        known = replace(made.candidates, id_number=ids(made))
        await intake.apply_candidates(file.season_code, known, "bench", must_change_password=False)
        await everybody(engine, clock, made)
        await seasons.file_round(Office(engine, clock), file.code)
        await seasons.release(Office(engine, clock), file.code)
    finally:
        await engine.dispose()


class Office:
    """The two people's database and clock."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self.engine, self.clock = engine, clock


async def everybody(engine: Engine, clock: Clock, made: Province) -> None:
    """File all choices at the desk, then let the last segment close."""
    desk = FilingDesk(engine, clock, lambda _: None)
    desk.open()
    file, choices = made.round_file, made.choices
    async with reading(engine) as connection:
        season = await rounds.season_id_of(connection, file.season_code)
        assert season is not None
        roster = await people.read_roster(connection, season)
    row = dict(zip(roster.number, roster.id.tolist(), strict=True))
    wishes = [
        (row[number], Wish(institution, nature, majors, bool(adjusts)))
        for number, institution, nature, majors, adjusts in zip(
            choices.candidate_no,
            choices.institution_code,
            choices.plan_nature,
            choices.majors,
            choices.accepts_adjustment.tolist(),
            strict=True,
        )
    ]
    for start in range(0, len(wishes), 2000):
        some = wishes[start : start + 2000]
        await asyncio.gather(*(desk.file(one, file.code, wish, None, None) for one, wish in some))
    clock.now = closing(made)
    await desk.pass_gates()
    await desk.close()


def closing(made: Province) -> datetime:
    assert made.round_file.schedule is not None
    return made.round_file.schedule.closes


def ids(made: Province) -> list[str]:
    """An ID number for everybody, of the usual length."""
    return [f"1501{number:>014}" for number in made.candidates.candidate_no]


def write_askers(folder: Path, made: Province) -> list[Path]:
    """Who asks for whom: a file for each process, only of those who chose."""
    chose = set(made.choices.candidate_no)
    pairs = zip(made.candidates.candidate_no, ids(made), strict=True)
    lines = [f"{number} {one}" for number, one in pairs if number in chose]
    files = []
    for n in range(PROCESSES):
        files.append(folder / f"askers-{n}")
        files[-1].write_text("\n".join(lines[n::PROCESSES]))
    return files


def measured(port: int, files: list[Path]) -> dict[str, float]:
    """Everybody asks for SECONDS; queries a second and latencies."""
    command = [sys.executable, "-m", "tests.bench._askers", str(port)]
    asking = [
        subprocess.Popen(
            [*command, str(file), str(CONNECTIONS), str(SECONDS)],
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        for file in files
    ]
    answers = [json.loads(one.communicate()[0]) for one in asking]
    took = sorted(ms for one in answers for ms in one["ms"])
    return {
        "per_s": len(took) / SECONDS,
        "p50_ms": took[len(took) // 2],
        "p99_ms": took[len(took) * 99 // 100],
        "wrong": sum(one["wrong"] for one in answers),
    }


@contextmanager
def serving(folder: Path, arguments: tuple[str, ...]) -> Iterator[int]:
    """One of the servers on a free port, ready."""
    port = free_port()
    environment = {**os.environ, "MINGCI_DATABASE_URL": url(folder), "MINGCI_LOG_LEVEL": "ERROR"}
    server = subprocess.Popen([sys.executable, *arguments, str(port)], env=environment, cwd=ROOT)
    try:
        for _ in range(600):
            if ready(port):
                break
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(30)


def ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1) as answer:
            return int(answer.status) == 200
    except OSError:
        return False


def url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'results.db'}"
