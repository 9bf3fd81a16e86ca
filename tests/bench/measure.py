"""Whole processes measured from outside: wall time, processor time, peak memory."""

import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parents[2] / "var" / "bench"


@dataclass(frozen=True)
class Cost:
    """What one process took: seconds, seconds, MiB."""

    wall_s: float
    cpu_s: float
    peak_mib: float


def cost_of(command: Sequence[str | Path]) -> Cost:
    """Run a command to its end and weigh it; one that fails ends the benchmark.

    Peak memory starts at the size of this process, so keep heavy imports out of it.
    """
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, [str(part) for part in command])
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def alternating(commands: Mapping[str, Sequence[str | Path]], rounds: int) -> dict[str, list[Cost]]:
    """Every command once a round, in turn, so that a noisy moment hits all of them."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            costs[name].append(cost_of(command))
    return costs


def medians(costs: Sequence[Cost]) -> Cost:
    """The median of each figure by itself."""
    return Cost(
        statistics.median(one.wall_s for one in costs),
        statistics.median(one.cpu_s for one in costs),
        statistics.median(one.peak_mib for one in costs),
    )


def table(costs: Mapping[str, Cost], ours: str) -> str:
    """Medians beside each other; a ratio below 1 is in our favour."""
    lines = [f"{'':12} {'wall s':>8} {'cpu s':>8} {'peak MiB':>9}"]
    lines += [
        f"{name:12} {cost.wall_s:8.3f} {cost.cpu_s:8.3f} {cost.peak_mib:9.0f}"
        for name, cost in costs.items()
    ]
    mine = costs[ours]
    lines += [
        f"{f'÷ {name}':12} {mine.wall_s / cost.wall_s:8.2f} {mine.cpu_s / cost.cpu_s:8.2f} "
        f"{mine.peak_mib / cost.peak_mib:9.2f}"
        for name, cost in costs.items()
        if name != ours
    ]
    return "\n".join(lines)


def machine(*packages: str) -> dict[str, object]:
    """Where and with what it was measured."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "packages": {name: version(name) for name in packages},
    }


def save(name: str, result: Mapping[str, object]) -> Path:
    """Keep a result as JSON under var/bench/."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n")
    return path
