"""How soon `mingci serve` is ready on a province that has filed: 200,000 candidates, 1,000,000 rows.

The database is filled by statements, not through the desk: what is measured is reading it. Time is
from starting the process to the first 200 of /readyz.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from urllib.error import URLError

import numpy as np

from importers.province import make_province
from service.settings import Settings
from service.store import log, people, rounds, schema
from service.store.bulk import insert_rows
from service.store.engine import Connection, PlainConnection, open_engine, writing
from tests.bench._filing_round import open_now
from tests.bench.measure import machine, save
from tests.services import free_port
from web.cli.demo import load

CANDIDATES, UNITS, MAJORS, ROWS = 200_000, 4_000, 25_000, 1_000_000
ROUNDS, GOAL_S = 3, 5.0
PIECE = 20_000


def run() -> int:
    """Measure, print, save; 1 when the median is over the goal."""
    with tempfile.TemporaryDirectory(prefix="mingci-bench-") as made:
        url = f"sqlite+aiosqlite:///{made}/mingci.db"
        asyncio.run(fill(url))
        size = sum(path.stat().st_size for path in Path(made).iterdir()) / (1 << 20)
        took = [started(url) for _ in range(ROUNDS)]
    found = median(took)
    print(f"{CANDIDATES} candidates, {ROWS} log rows, {size:.0f} MiB on SQLite")
    print(f"ready after {found:.2f} s (median of {', '.join(f'{one:.2f}' for one in took)})")
    result = {**machine("sqlalchemy", "numpy"), "seconds": took, "median_s": found, "mib": size}
    print(save("start", result))
    return int(found > GOAL_S)


async def fill(url: str) -> None:
    """The province, everybody's newest choice, and a log of all that led to it."""
    settings = Settings(database_url=url)
    province = open_now(make_province(CANDIDATES, UNITS, MAJORS, 7))
    await load(settings, province, province.round_file)
    engine = open_engine(settings)
    try:
        async with writing(engine) as connection:
            await _file_all(connection, province.round_file.code)
    finally:
        await engine.dispose()


async def _file_all(connection: Connection, code: str) -> None:
    terms = await rounds.read_terms(connection, code)
    assert terms is not None
    roster = await people.read_roster(connection, terms.season_id)
    draw = np.random.default_rng(11)
    by_track = {
        track: [u for u in terms.units if u.key.track == track] for track in set(roster.track)
    }
    track_of = dict(zip(roster.id.tolist(), roster.track, strict=True))
    start = (await log.read_head(connection)).seq
    newest: dict[int, tuple[object, ...]] = {}
    rows: list[tuple[object, ...]] = []
    who = draw.choice(roster.id, ROWS - start).tolist()
    luck = draw.random(ROWS - start).tolist()
    for seq, (candidate_id, chance) in enumerate(zip(who, luck, strict=True), start + 1):
        units = by_track[track_of[candidate_id]]
        unit = units[int(chance * chance * len(units))]
        version = int(str(newest.get(candidate_id, (0, 0, 0))[2])) + 1
        first = unit.majors[0].id
        place = (terms.round_id, candidate_id)
        newest[candidate_id] = (*place, version, unit.id, first, seq)
        body = f'{{"version":{version},"majors":[{first}],"accepts_adjustment":true}}'
        rows.append((seq, "choice_filed", 1_785_000_000_000 + seq, *place, unit.id, first, body))
    await connection.run_sync(_keep, rows, list(newest.values()))


def _keep(
    connection: PlainConnection,
    rows: list[tuple[object, ...]],
    newest: list[tuple[object, ...]],
) -> None:
    for start in range(0, len(rows), PIECE):
        insert_rows(connection, schema.log, rows[start : start + PIECE])
    for start in range(0, len(newest), PIECE):
        insert_rows(connection, schema.choice, newest[start : start + PIECE])
    log.advance(connection, ROWS)


def started(url: str) -> float:
    """Seconds until a process just started is ready."""
    begun = time.perf_counter()
    with serving(url) as port:
        while not ready(port):
            if time.perf_counter() > begun + 120:
                raise RuntimeError("the service did not get ready")
            time.sleep(0.02)
        return time.perf_counter() - begun


@contextlib.contextmanager
def serving(url: str) -> Iterator[int]:
    """`mingci serve` on a port of its own."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("mingci")), "serve", "--port", str(port)]
    environment = {**os.environ, "MINGCI_DATABASE_URL": url, "MINGCI_LOG_LEVEL": "WARNING"}
    server = subprocess.Popen(command, env=environment)
    try:
        yield port
    finally:
        server.terminate()
        server.wait(60)


def ready(port: int) -> bool:
    """Whether /readyz says 200."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
