"""The real command in processes of its own, as a person starts it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx

from tests.services import free_port

MINGCI = [sys.executable, "-c", "from web.cli import main; main()"]
HOUSE = Path(__file__).parents[2]
START_S = 40


def environment(database: Path) -> dict[str, str]:
    """The environment of a command on this database file."""
    ours = {"MINGCI_DATABASE_URL": f"sqlite+aiosqlite:///{database}", "MINGCI_TICK_MS": "50"}
    return {**os.environ, "PYTHONPATH": str(HOUSE), **ours}


def mingci(
    database: Path, *arguments: object, rc: int = 0, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run `mingci …` to its end; it must end with `rc`."""
    done = subprocess.run(
        [*MINGCI, *map(str, arguments)],
        env={**environment(database), **more},
        cwd=database.parent,
        capture_output=True,
        text=True,
        timeout=START_S,
        check=False,
    )
    assert done.returncode == rc, (done.args, done.stdout, done.stderr)
    return done


@contextmanager
def serving(database: Path, **more: str) -> Iterator[tuple[httpx.Client, subprocess.Popen[bytes]]]:
    """`mingci serve` on a free port, ready; stopped at the end unless a test has killed it."""
    port = free_port()
    with (database.parent / "serve.log").open("ab") as log:
        server = subprocess.Popen(
            [*MINGCI, "serve", "--port", str(port)],
            env={**environment(database), **more},
            cwd=database.parent,
            stdout=log,
            stderr=log,
        )
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30
        ) as client:
            wait_until_ready(client, server)
            yield client, server
    finally:
        if server.poll() is None:
            server.send_signal(signal.SIGTERM)
        server.wait(START_S)


def wait_until_ready(client: httpx.Client, server: subprocess.Popen[bytes]) -> None:
    """Return as soon as /readyz says so."""
    late = time.monotonic() + START_S
    while time.monotonic() < late and server.poll() is None:
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"not ready; ended with {server.poll()}")
