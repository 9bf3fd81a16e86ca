"""`mingci standings` beside Polars: the same three files in, a table of standings out.

Whole processes, from start to exit. The peer does less: it has no lines, no status, no order of the
first major by exam score, and it trusts its input. What both compute must agree in every row.
"""

import csv
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.bench.measure import alternating, cost_of, machine, medians, save, table

SIZE = {"candidates": 200_000, "units": 4_000, "majors": 25_000, "seed": 7}
ROUNDS = 5
SHARED = ("rank", "tied", "applicants", "major_rank", "major_tied")


def run() -> int:
    """Measure, print, save; 1 if the two disagree about anybody."""
    mingci = Path(sys.executable).with_name("mingci")
    with tempfile.TemporaryDirectory(prefix="mingci-bench-") as made:
        where = Path(made)
        size = [part for name, number in SIZE.items() for part in (f"--{name}", str(number))]
        generated = cost_of([mingci, "generate", *size, "--out", where])
        print(f"generate {SIZE}: {generated.wall_s:.1f} s, {generated.peak_mib:.0f} MiB\n")
        ours, theirs = where / "ours.csv", where / "theirs.csv"
        files = {name: where / f"{name}.csv" for name in ("plan", "candidates", "choices")}
        named = [part for name, path in files.items() for part in (f"--{name}", path)]
        peer = [sys.executable, "-m", "tests.bench.peer_polars"]
        costs = alternating(
            {
                "mingci": [mingci, "standings", *named, "--out", ours],
                "polars": [*peer, *files.values(), theirs],
            },
            ROUNDS,
        )
        rows, differing = compare(ours, theirs)
    middle = {name: medians(one) for name, one in costs.items()}
    print(table(middle, "mingci"))
    print(f"\n{rows} standings, {differing} disagreements in {', '.join(SHARED)}")
    result = {
        **machine("polars", "numpy"),
        "size": SIZE,
        "generate": asdict(generated),
        "medians": {name: asdict(one) for name, one in middle.items()},
        "runs": {name: [asdict(one) for one in each] for name, each in costs.items()},
        "rows": rows,
        "disagreements": differing,
    }
    print(save("offline", result))
    return 1 if differing or not rows else 0


def compare(ours: Path, theirs: Path) -> tuple[int, int]:
    """How many standings there are, and in how many of them the two differ."""
    mine, other = standings_in(ours), standings_in(theirs)
    everybody = mine.keys() | other.keys()
    return len(everybody), sum(mine.get(one) != other.get(one) for one in everybody)


def standings_in(path: Path) -> dict[str, tuple[str, ...]]:
    """The shared columns of a file, by candidate."""
    with path.open(newline="", encoding="utf-8") as lines:
        return {
            row["candidate_no"]: tuple(row[name] for name in SHARED)
            for row in csv.DictReader(lines)
        }
