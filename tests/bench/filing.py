"""Durable choices over HTTP: our desk beside the same service committing one by one by the ORM.

Closed loop: 64 clients that are always busy. Open loop: 500 a second whatever the answers do. The
load client is a process of its own; its processor time is part of what the machine has.
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any
from urllib.error import URLError

from tests.bench._filing_round import prepare
from tests.bench.measure import machine, save
from tests.services import free_port, postgres

CANDIDATES, SIGNED_IN = 30_000, 20_000
CLIENTS, RATE = 64, 500
ROUNDS, CLOSED_S, OPEN_S = 3, 6, 10
START_S = 60
DURABLE = ("max_connections=60", "shared_buffers=256MB")
"""PostgreSQL as it comes: fsync, synchronous_commit and full_page_writes stay on."""

PROGRAMS = {
    "mingci": [str(Path(sys.executable).with_name("mingci")), "serve", "--port"],
    "orm": [sys.executable, "-m", "tests.bench.peer_orm"],
}


def run() -> int:
    """Measure, print, save; 1 when anything was answered otherwise than 200."""
    with tempfile.TemporaryDirectory(prefix="mingci-bench-") as made:
        where = Path(made)
        where.chmod(0o755)  # PostgreSQL runs as another user when this is root
        stores = {"SQLite": on_store(f"sqlite+aiosqlite:///{where}/mingci.db", where)}
        with postgres(where / "postgres", DURABLE) as url:
            stores["PostgreSQL"] = on_store(url, where)
    print(table(stores))
    result = {**machine("fastapi", "sqlalchemy", "uvicorn"), "clients": CLIENTS, "stores": stores}
    print(save("filing", result))
    runs = [one for store in stores.values() for one in (*store["runs"], store["open"])]
    return int(any(one["others"] for one in runs))


def on_store(url: str, where: Path) -> dict[str, Any]:
    """Both programs in turn on one database, then ours at a steady rate."""
    job = where / f"{url.partition('+')[0]}.json"
    job.write_text(json.dumps(asyncio.run(prepare(url, CANDIDATES, SIGNED_IN))))
    runs = []
    for _ in range(ROUNDS):
        for name in PROGRAMS:
            runs.append({"program": name, **measured(name, url, job, "closed", CLOSED_S, CLIENTS)})
            print({k: runs[-1][k] for k in ("program", "per_second", "ms", "others")}, flush=True)
    steady = measured("mingci", url, job, "open", OPEN_S, CLIENTS, RATE)
    each = {
        name: median(run["per_second"] for run in runs if run["program"] == name)
        for name in PROGRAMS
    }
    print({"per_second": each, "open": steady}, flush=True)
    return {"per_second": each, "ratio": each["mingci"] / each["orm"], "open": steady, "runs": runs}


def measured(name: str, url: str, job: Path, *load: object) -> dict[str, Any]:
    """One load on a program just started, and the processor time that each side took."""
    with serving(name, url) as (port, process):
        before = cpu_of(process)
        begun = time.perf_counter()
        client = [sys.executable, "-m", "tests.bench.peer_filing_load", job, port, *load]
        ran = subprocess.run([str(part) for part in client], stdout=subprocess.PIPE, check=True)
        span = time.perf_counter() - begun
        found: dict[str, Any] = json.loads(ran.stdout)
        return {**found, "server_cpu": (cpu_of(process) - before) / span}


@contextlib.contextmanager
def serving(name: str, url: str) -> Iterator[tuple[int, int]]:
    """A program that is ready, as its port and process id."""
    port = free_port()
    environment = {**os.environ, "MINGCI_DATABASE_URL": url, "MINGCI_LOG_LEVEL": "WARNING"}
    server = subprocess.Popen([*PROGRAMS[name], str(port)], env=environment)
    try:
        late = time.monotonic() + START_S
        while not answers(port):
            if server.poll() is not None or time.monotonic() > late:
                raise RuntimeError(f"{name} did not start")
            time.sleep(0.05)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait(START_S)


def answers(port: int) -> bool:
    """Whether the service answers at all; both begin to listen when their book is warm."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
            return True
    except URLError as fault:
        return hasattr(fault, "code")


def cpu_of(process: int) -> float:
    """Processor seconds of a process, user and system."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def table(stores: Mapping[str, Mapping[str, Any]]) -> str:
    """The medians, and the latencies at the steady rate."""
    lines = [
        f"choices a second, {CLIENTS} clients, median of {ROUNDS}; ms at {RATE} a second",
        f"{'':12} {'mingci':>8} {'orm':>8} {'ratio':>7} {'p50':>7} {'p90':>7} {'p99':>7} {'p99.9':>7}",
    ]
    for name, store in stores.items():
        each, ms = store["per_second"], store["open"]["ms"]
        late = " ".join(f"{ms[p]:7.1f}" for p in ("50", "90", "99", "99.9"))
        lines.append(
            f"{name:12} {each['mingci']:8.0f} {each['orm']:8.0f} {store['ratio']:7.1f} {late}"
        )
    return "\n".join(lines)
