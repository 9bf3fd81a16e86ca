"""Pushing beside what bounds it and what a user would pick instead.

Server and readers are processes of their own; the servers take turns, each with all its sockets open,
so that a noisy moment hits all of them. What is compared is the time one pass over all sockets takes
the server: on the wall, and as work of its own process, in which neighbours hardly show.
"""

import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.bench import _live_delivery as deliveries
from tests.bench.measure import machine, save

HERE = Path(__file__).parent
SIZES = (1_000, 5_000, 10_000)
CANDIDATES = 20_000
TURNS = 15
READERS = 2
IDLE = 5_000
TICK_MS = 200
PUSHERS = ("floor", "mingci", "websockets.broadcast", "ws (Node)")
HELLO = '{"type":"hello","token":"watcher-{n}"}'


class Program:
    """A process that is told one line and answers one."""

    def __init__(self, *command: str) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def hear(self) -> object:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self._process.args!r} ended")
        return json.loads(line)

    def tell(self, line: str) -> None:
        assert self._process.stdin is not None
        print(line, file=self._process.stdin, flush=True)

    def ask(self, line: str) -> object:
        self.tell(line)
        return self.hear()

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


class Bench:
    """One server and its readers."""

    def __init__(self, stack: ExitStack, kind: str, tick_ms: int | None = None) -> None:
        self.kind = kind
        self._stack = stack
        self.server = self._started(*server_of(kind, tick_ms))
        self.port = int(str(self.server.hear()))
        self.readers: list[Program] = []

    def _started(self, *command: str) -> Program:
        program = Program(*command)
        self._stack.callback(program.end)
        return program

    def open(self, count: int, hello: str = "") -> float:
        """Sockets opened a second, by READERS processes together."""
        self.readers = [
            self._started(sys.executable, "-m", "tests.bench._live_client") for _ in range(READERS)
        ]
        share = count // READERS
        for n, reader in enumerate(self.readers):
            reader.ask("count")  # it has started
            reader.tell(f"open {self.port} {share} {n * share} {hello}")
        spans: list[dict[str, float]] = [
            reader.hear()  # type: ignore[misc]
            for reader in self.readers
        ]
        return count / (max(s["ended"] for s in spans) - min(s["begun"] for s in spans))

    def greeted(self) -> None:
        """Return when every reader has been told something."""
        for reader in self.readers:
            reader.tell("greeted")
        for reader in self.readers:
            reader.hear()

    def received(self) -> int:
        """Messages all readers have read."""
        return sum(int(str(reader.ask("count"))) for reader in self.readers)

    def close(self) -> None:
        """Hang up."""
        for reader in self.readers:
            reader.end()


def server_of(kind: str, tick_ms: int | None) -> list[str]:
    """The command of a server."""
    if kind == "ws (Node)":
        return ["node", str(HERE / "peer_ws.mjs"), str(NODE / "peer.js")]
    more = [] if tick_ms is None else [str(tick_ms)]
    return [sys.executable, "-m", "tests.bench._live_server", kind, str(CANDIDATES), *more]


NODE = Path(__file__).parents[2] / "var" / "bench" / "node"


def has_node() -> bool:
    """Whether Node's ws can take part; it is installed where it can be."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        print("Node is not here: its ws takes no part")
        return False
    NODE.mkdir(parents=True, exist_ok=True)
    if not (NODE / "node_modules" / "ws").is_dir():
        command = ["npm", "install", "--silent", "--prefix", str(NODE), "ws@8"]
        if subprocess.run(command, check=False).returncode:
            print("Node's ws could not be installed: it takes no part")
            return False
    return True


def run() -> int:
    """Measure, print, save; 1 if a message was lost."""
    node = has_node()
    result: dict[str, object] = machine("websockets", "uvicorn", "uvloop", "fastapi", "numpy")
    kinds = [kind for kind in PUSHERS if node or kind != "ws (Node)"]
    passes = {size: passes_of(size, kinds) for size in SIZES}
    result["passes"] = passes
    result["connections"] = connections()
    result["delivery"] = delivery()
    print(save("live", result))
    lost = sum(int(str(one["lost"])) for one in passes.values())
    return 1 if lost else 0


def passes_of(size: int, kinds: Sequence[str]) -> dict[str, object]:
    """A message to each of `size` sockets, by each kind in turn."""
    with ExitStack() as stack:
        benches = [Bench(stack, kind) for kind in kinds]
        for bench in benches:
            bench.open(size, HELLO if bench.kind == "mingci" else "")
            if bench.kind == "mingci":
                bench.greeted()
        for bench in benches:
            assert bench.server.ask("count") == size, bench.kind
        before = [bench.received() for bench in benches]
        took: dict[str, list[dict[str, float]]] = {kind: [] for kind in kinds}
        for turn in range(TURNS + 1):
            for bench in benches:
                one = bench.server.ask("push")
                if turn:  # the first one warms up
                    took[bench.kind].append(one)  # type: ignore[arg-type]
                for _ in range(3):
                    bench.received()  # the readers have caught up
        told = size * (TURNS + 1)
        lost = {
            bench.kind: told - (bench.received() - was)
            for bench, was in zip(benches, before, strict=True)
        }
    return {"lost": sum(lost.values()), **table(size, took), "lost_by": lost}


def table(size: int, took: dict[str, list[dict[str, float]]]) -> dict[str, object]:
    """Print and give back messages a second, and microseconds of work a message."""
    shown: dict[str, dict[str, float]] = {}
    for kind, turns in took.items():
        wall = statistics.median(one["wall"] for one in turns)
        best = min(one["wall"] for one in turns)
        work = statistics.median(one["cpu"] for one in turns)
        shown[kind] = {"per_s": size / wall, "best": size / best, "us": work / size * 1e6}
    ours = shown["mingci"]
    print(f"\n{size} sockets, a message to each: a second, best, us of work; ours against it")
    for kind, one in shown.items():
        by_wall, by_work = ours["per_s"] / one["per_s"], one["us"] / ours["us"]
        one |= {"ours_by_wall": by_wall, "ours_by_work": by_work}
        print(
            f"  {kind:22} {one['per_s']:9.0f} {one['best']:9.0f} {one['us']:7.2f}"
            f"   {by_wall:5.2f} x {by_work:5.2f} x of work"
        )
    return {"kinds": shown}


def connections() -> dict[str, object]:
    """Handshakes a second, bytes an idle connection holds, and how fast all are current again."""
    shown: dict[str, dict[str, float]] = {}
    for kind in ("floor", "mingci", "FastAPI endpoint"):
        with ExitStack() as stack:
            bench = Bench(stack, kind)
            ours = kind == "mingci"
            held = int(str(bench.server.ask("memory")))
            bench.open(IDLE, HELLO if ours else "")
            if ours:
                bench.greeted()
            wait_for(bench, IDLE)
            each = (int(str(bench.server.ask("memory"))) - held) / IDLE
            bench.close()
            wait_for(bench, 0)
            rates = []
            for _ in range(5):
                rates.append(bench.open(2_000))
                bench.close()
            shown[kind] = {"handshakes_per_s": statistics.median(rates), "bytes": each}
    print("\nconnections: handshakes a second, KB held by an idle one")
    for kind, one in shown.items():
        print(f"  {kind:22} {one['handshakes_per_s']:9.0f} {one['bytes'] / 1e3:7.1f}")
    return {"kinds": shown}


def delivery() -> dict[str, object]:
    """Milliseconds from another's accepted choice to the frame that shows it."""
    with ExitStack() as stack:
        bench = Bench(stack, "mingci", TICK_MS)
        bench.open(deliveries.SOCKETS, HELLO)
        bench.greeted()
        moves: list[deliveries.Move] = bench.server.ask("movers")  # type: ignore[assignment]
        for reader in bench.readers:
            reader.ask("sample")
        desk = deliveries.Desk(bench.port, moves)
        asyncio.run(desk.run())
        time.sleep(2)
        everybody: list[deliveries.Seen] = []
        for reader in bench.readers:
            everybody += reader.ask("sample")  # type: ignore[arg-type]
    found = deliveries.latencies(desk.accepted, everybody)
    shown = {
        "frames": len(found),
        "p50_ms": deliveries.percentile(found, 0.5),
        "p99_ms": deliveries.percentile(found, 0.99),
        "put_p50_ms": deliveries.percentile(desk.waited, 0.5),
        "put_p99_ms": deliveries.percentile(desk.waited, 0.99),
    }
    print(
        f"\n{deliveries.SOCKETS} sockets, {deliveries.A_SECOND} choices a second, tick {TICK_MS} ms"
    )
    for name, value in shown.items():
        print(f"  {name:12} {value:9.1f}")
    return dict(shown)


def wait_for(bench: Bench, count: int) -> None:
    """Return when so many are connected."""
    while bench.server.ask("count") != count:
        pass
