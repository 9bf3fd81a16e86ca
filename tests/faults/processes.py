"""`mingci serve`, PostgreSQL and Redis as processes that a test kills, stops and starts again."""

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import httpx2 as httpx

from tests import services
from tests.flow.commands import HOUSE, MINGCI

PATIENCE_S = 60
TICK_MS = 50
NO_PACE = 1_000_000
"""So many requests in a row that a few candidates may be the load of a whole province."""


def quiet_port() -> int:
    """A free port below the range the kernel gives to outgoing connections.

    A service that is killed must find its port free again, whatever else the machine is doing.
    """
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for port in Random().sample(range(10_000, first), 50):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise AssertionError("no free port")


async def until(true: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Return as soon as something holds that another program decides."""
    async with asyncio.timeout(patience_s):
        while not true():  # noqa: ASYNC110 it is another program's state
            await asyncio.sleep(0.02)


@dataclass
class Service:
    """One `mingci serve` on a port that stays its own while it comes and goes."""

    url: str
    where: Path
    redis_url: str | None = None
    workers: int = 1
    port: int = field(default_factory=quiet_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process that was started: the worker itself, or the supervisor of several."""
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        """Start it, in a process group of its own."""
        ours = {
            "MINGCI_DATABASE_URL": self.url,
            "MINGCI_TICK_MS": str(TICK_MS),
            "MINGCI_FILING_BURST": str(NO_PACE),
        }
        if self.redis_url is not None:
            ours["MINGCI_REDIS_URL"] = self.redis_url
        options = ["serve", "--port", str(self.port), "--workers", str(self.workers)]
        with (self.where / f"serve-{self.port}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*MINGCI, *options],
                env={**os.environ, "PYTHONPATH": str(HOUSE), **ours},
                cwd=self.where,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def ready(self) -> None:
        """Return when /readyz says so."""
        async with asyncio.timeout(PATIENCE_S), httpx.AsyncClient(trust_env=False) as client:
            while self.process is not None and self.process.poll() is None:
                try:
                    if (await client.get(f"{self.address}/readyz")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.02)
        raise AssertionError(f"the service has ended:\n{self.said()}")

    def said(self) -> str:
        """Its log."""
        return (self.where / f"serve-{self.port}.log").read_text(encoding="utf-8")

    def tell(self, number: signal.Signals) -> None:
        """Send a signal to all of its processes."""
        os.killpg(self.pid, number)

    def kill(self) -> None:
        """SIGKILL: not one more instruction, in any of its processes."""
        self.tell(signal.SIGKILL)
        assert self.process is not None
        self.process.wait(PATIENCE_S)

    def stop(self) -> None:
        """End it as a supervisor would, or by force where it does not."""
        if self.process is None or self.process.poll() is not None:
            return
        self.tell(signal.SIGCONT)
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()


@asynccontextmanager
async def serving(*all_of: Service) -> AsyncIterator[None]:
    """Start services, hand over when they are ready, stop them at the end."""
    try:
        for one in all_of:
            one.start()
        for one in all_of:
            await one.ready()
        yield
    finally:
        for one in all_of:
            one.stop()


@dataclass
class Redis:
    """A Redis that keeps nothing and has the same port in each of its lives."""

    where: Path
    port: int = field(default_factory=quiet_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, and return when it answers."""
        program = services.redis_program()
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        log = self.where / "redis.log"
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [program, *options], stdout=out, stderr=out, cwd=self.where
            )
        services.wait(lambda: services.answers(self.port), self.process, log)

    def flush(self) -> None:
        """Forget everything."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S) as link:
            link.sendall(b"FLUSHALL\r\n")
            assert link.recv(3) == b"+OK"

    def kill(self) -> None:
        """SIGKILL."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE_S)


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL started by `tests.services.postgres`, of which a test is the only user."""

    url: str
    data: Path

    def restart_at_once(self) -> None:
        """Crash and recover: no session ends well, no checkpoint is written."""
        self._control("restart", "-w", "-l", str(self.data.parent / "again.log"))

    def stop(self) -> None:
        """End the one that was started last."""
        self._control("stop", "-w")

    def _control(self, act: str, *more: str) -> None:
        subprocess.run(
            [*services.unprivileged(self.data.parent), str(services.postgres_programs() / "pg_ctl"),
             "-D", str(self.data), "-m", "immediate", act, *more],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self.data.parent,
        )  # fmt: skip
