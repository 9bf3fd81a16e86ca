"""`python3 dev.py bench NAME…`: run benchmarks by name; without one, list them."""

import importlib
import sys
from pathlib import Path

NAMES = sorted(
    path.stem
    for path in Path(__file__).parent.glob("*.py")
    if not path.stem.startswith(("_", "peer_")) and path.stem != "measure"
)


def main(names: list[str]) -> int:
    """Run each; the exit code is the number of those that found a disagreement."""
    unknown = [name for name in names if name not in NAMES]
    if unknown or not names:
        for name in unknown:
            print(f"no benchmark is called {name}", file=sys.stderr)
        print("benchmarks: " + ", ".join(NAMES), file=sys.stderr)
        return 2 if unknown else 0
    return sum(importlib.import_module(f"tests.bench.{name}").run() for name in names)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
