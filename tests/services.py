"""Real PostgreSQL, Redis and Chromium for tests: each test process starts its own.

A program that is not on the machine is a skip with its reason; with CI=true it is a failure.
"""

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import asyncpg
import pytest

START_S = 30
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60")
"""For tests that do not kill the server; a crash test passes its own options."""


def missing(what: str) -> NoReturn:
    """The test cannot run here, and says why; in CI that is a failure."""
    reason = f"{what} is not installed"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def free_port() -> int:
    """A TCP port of the loopback nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@contextlib.contextmanager
def postgres(where: Path, options: tuple[str, ...] = FAST) -> Iterator[str]:
    """A fresh PostgreSQL in `where`, as an asyncpg URL of an empty database."""
    programs, data, port = postgres_programs(), where / "data", free_port()
    where.mkdir(parents=True, exist_ok=True)
    as_user = unprivileged(where)
    run = [*as_user, str(programs / "initdb"), "-D", str(data)]
    subprocess.run(
        [*run, "-U", "mingci", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
        check=True,
        capture_output=True,
        cwd=where,
    )
    settings = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", *options]
    arguments = [part for setting in settings for part in ("-c", setting)]
    with (where / "log").open("wb") as log:
        server = subprocess.Popen(
            [*as_user, str(programs / "postgres"), "-D", str(data), *arguments],
            stdout=log,
            stderr=log,
            cwd=where,
        )
    ready = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    try:
        wait(lambda: subprocess.run(ready, check=False).returncode == 0, server, where / "log")
        yield f"postgresql+asyncpg://mingci@127.0.0.1:{port}/postgres"
    finally:
        stop(as_user, programs, data, server)


def postgres_programs() -> Path:
    """The folder of initdb, postgres and pg_ctl."""
    initdb = newest("/usr/lib/postgresql/*/bin/initdb") or shutil.which("initdb")
    if initdb is None:
        missing("PostgreSQL (initdb)")
    return Path(initdb).parent


def stop(as_user: list[str], programs: Path, data: Path, server: subprocess.Popen[bytes]) -> None:
    """Stop the server and all of its children; one that a test has killed is gone already."""
    if server.poll() is None:
        subprocess.run(
            [*as_user, str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "-W", "stop"],
            check=True,
            capture_output=True,
            cwd=data.parent,
        )
    server.wait(START_S)


def unprivileged(where: Path) -> list[str]:
    """How to run as an ordinary user: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    runuser = shutil.which("runuser")
    if runuser is None:
        missing("runuser, needed to start PostgreSQL as root")
    shutil.chown(where, "postgres")
    for parent in where.parents:  # pytest's own folders are closed to others
        if parent.stat().st_uid == 0 and parent.name.startswith(("pytest-", "popen-")):
            parent.chmod(0o755)
    return [runuser, "-u", "postgres", "--"]


def empty_database(url: str, name: str) -> str:
    """A database called `name` on the server of `url`, which others use too. Not inside a loop."""

    async def create() -> None:
        link = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            await link.execute(f'CREATE DATABASE "{name}"')
        finally:
            await link.close()

    asyncio.run(create())
    return f"{url.rpartition('/')[0]}/{name}"


@contextlib.contextmanager
def redis(where: Path) -> Iterator[str]:
    """A fresh Redis that keeps nothing, as a URL."""
    program = redis_program()
    where.mkdir(parents=True, exist_ok=True)
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with (where / "log").open("wb") as log:
        server = subprocess.Popen([program, *options], stdout=log, stderr=log, cwd=where)
    try:
        wait(lambda: answers(port), server, where / "log")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(START_S)


def redis_program() -> str:
    """Redis, or what took its place."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        missing("Redis (redis-server)")
    return program


def answers(port: int) -> bool:
    """Whether a Redis is up at the port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as link:
            link.sendall(b"PING\r\n")
            return link.recv(7) == b"+PONG\r\n"
    except OSError:
        return False


def wait(ready: Callable[[], bool], server: subprocess.Popen[bytes], log: Path) -> None:
    """Until it is ready; a server that ended or is late fails with what it said."""
    late = time.monotonic() + START_S
    while not ready():
        if server.poll() is not None or time.monotonic() > late:
            pytest.fail(f"{server.args!r} did not start:\n{log.read_text()}")
        time.sleep(0.05)


def chromium() -> Path:
    """The system's Chromium."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        missing("Chromium")
    return Path(found)


def newest(pattern: str) -> str | None:
    """The last of the files that match an absolute pattern."""
    found = sorted(Path("/").glob(pattern.lstrip("/")), key=lambda path: path.parts)
    return str(found[-1]) if found else None
