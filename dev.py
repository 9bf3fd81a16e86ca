#!/usr/bin/env python3
"""The project's own commands, with nothing but the standard library of Python 3.11.

Sets up `.venv` from the hash-locked files in `requirements/` and runs one thing in it. What is set
up already is skipped, by a digest of the lock, pyproject.toml and the Python that is used.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "mingci-setup.json"
BIN = VENV / "bin"
PYTHON = BIN / "python"

LEVELS = {
    "run": ("run.txt", "build.txt"),
    "dev": ("dev.txt",),
    "bench": ("bench.txt",),
}
"""What is installed for which purpose; each level holds everything of those before it."""

CHECKS = {
    "format": ("ruff", "format", "--check", "."),
    "lint": ("ruff", "check", "--quiet", "--output-format", "concise", "."),
    "types": ("mypy",),
    "imports": ("lint-imports", "--no-logo"),
    "dependencies": ("deptry", "."),
    "dead code": ("vulture",),
}

LOCKS = {
    "run.txt": (),
    "build.txt": ("--only-group", "build", "-c", "requirements/run.txt"),
    "dev.txt": (
        *("--group", "test", "--group", "lint"),
        *("-c", "requirements/run.txt", "-c", "requirements/build.txt"),
    ),
    "bench.txt": (
        *("--group", "test", "--group", "lint", "--group", "bench"),
        *("-c", "requirements/dev.txt"),
    ),
}


class Stop(Exception):
    """The command cannot go on; the sentence says why and what to do."""


def main() -> None:
    """Run the subcommand that was asked for."""
    if sys.version_info < (3, 11):  # noqa: UP036  (whoever runs this may have an older one)
        sys.exit(f"dev.py: needs Python 3.11 or newer, this is {sys.version.split()[0]}")
    options, rest = arguments()
    try:
        sys.exit(options.run(options, rest))
    except Stop as stop:
        sys.exit(f"dev.py: {stop}")
    except KeyboardInterrupt:
        sys.exit(130)


def arguments() -> tuple[argparse.Namespace, list[str]]:
    """The command line, and whatever is meant for the program that is run."""
    parser = argparse.ArgumentParser(prog="dev.py", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    setup = commands.add_parser("setup", help="only the set-up: .venv with locked dependencies")
    setup.add_argument("level", nargs="?", choices=LEVELS, default="dev", help="default: dev")
    setup.set_defaults(run=run_setup)
    for name, run, text in (
        ("demo", run_demo, "a synthetic province, served live (options as of `mingci demo`)"),
        ("test", run_test, "the whole test suite (options as of pytest)"),
        ("bench", run_bench, "the benchmarks; without a name, their list"),
    ):
        # --help after the name belongs to the program that is run.
        one = commands.add_parser(name, help=text, add_help=False)
        one.set_defaults(run=run)
    check = commands.add_parser("check", help="format, lint, types, import contracts")
    check.add_argument("--fix", action="store_true", help="first repair what ruff can repair")
    check.set_defaults(run=run_check)
    lock = commands.add_parser("lock", help="recompile requirements/*.txt (needs uv)")
    lock.add_argument("--upgrade", action="store_true", help="take the newest allowed versions")
    lock.set_defaults(run=run_lock)
    options, rest = parser.parse_known_args()
    if rest and options.run in {run_setup, run_check, run_lock}:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return options, rest


def run_setup(options: argparse.Namespace, _: list[str]) -> int:
    """Set up the environment and say where it is."""
    ready = set_up(options.level)
    print(f"{'ready' if ready else 'nothing to do'}: {BIN.relative_to(ROOT) / 'mingci'}")
    return 0


def run_demo(_: argparse.Namespace, rest: list[str]) -> NoReturn:
    """Serve a synthetic province."""
    set_up("run")
    become(BIN / "mingci", "demo", *rest)


def run_test(_: argparse.Namespace, rest: list[str]) -> NoReturn:
    """Run pytest, on every core unless told otherwise."""
    set_up("dev")
    become(PYTHON, "-m", "pytest", *(() if "-n" in rest else ("-n", "auto")), *rest)


def run_bench(_: argparse.Namespace, rest: list[str]) -> NoReturn:
    """Run benchmarks by name."""
    set_up("bench")
    become(PYTHON, "-m", "tests.bench", *rest)


def run_check(options: argparse.Namespace, _: list[str]) -> int:
    """Run every check and report all that fail, not only the first."""
    set_up("dev")
    if options.fix:
        call(BIN / "ruff", "check", "--fix", "--quiet", ".")
        call(BIN / "ruff", "format", "--quiet", ".")
    with ThreadPoolExecutor() as pool:
        results = dict(zip(CHECKS, pool.map(captured, CHECKS.values()), strict=True))
    failed = [name for name, (code, _) in results.items() if code]
    for name in failed:
        print(f"── {name} ──\n{results[name][1].strip()}\n")
    print("\n".join(f"{'FAILED' if name in failed else 'ok':6}  {name}" for name in CHECKS))
    return 1 if failed else 0


def run_lock(options: argparse.Namespace, _: list[str]) -> int:
    """Compile the locks again: hashes, every platform, no addresses."""
    uv = shutil.which("uv")
    if uv is None:
        raise Stop("`lock` needs uv on PATH")
    always = ("--universal", "--generate-hashes", "--no-emit-index-url", "--no-header", "--quiet")
    for name, chosen in LOCKS.items():
        source = () if "--only-group" in chosen else ("pyproject.toml",)
        groups = ["--group" if part == "--only-group" else part for part in chosen]
        upgrade = ("--upgrade",) if options.upgrade else ()
        where = ("--python-version", "3.11", "-o", f"requirements/{name}")
        code = call(uv, "pip", "compile", *source, *groups, *always, *upgrade, *where)
        if code:
            raise Stop(f"requirements/{name} could not be compiled")
    return 0


def set_up(level: str) -> bool:
    """Make `.venv` hold at least this level; False where it did already."""
    before = stamped()
    names = list(LEVELS)
    known = before.get("level")
    if known in LEVELS and names.index(known) > names.index(level):
        level = known  # never take away what a wider set-up has brought
    wanted = {"level": level, "digest": digest(level)}
    if before == wanted:
        return False
    print(f"setting up .venv for {level} …", file=sys.stderr, flush=True)
    begun = time.monotonic()
    STAMP.unlink(missing_ok=True)
    make_venv()
    install(level)
    STAMP.write_text(json.dumps(wanted) + "\n")
    print(f"set up in {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    return True


def stamped() -> dict[str, str]:
    """What the last set-up left, if its environment still runs."""
    if not (STAMP.is_file() and PYTHON.exists() and (BIN / "mingci").exists()):
        return {}
    found: dict[str, str] = json.loads(STAMP.read_text())
    return found


def digest(level: str) -> str:
    """What decides whether a set-up is still good: locks, project, Python and place."""
    parts = [sys.version.split()[0], sys.platform, str(ROOT)]
    parts += [(ROOT / "pyproject.toml").read_text()]
    parts += [(ROOT / "requirements" / name).read_text() for name in LEVELS[level]]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def make_venv() -> None:
    """An environment of this very Python version; one of another version is replaced."""
    if PYTHON.exists():
        asked = subprocess.run(
            [PYTHON, "-c", "import sys; print(sys.version.split()[0], sys.prefix)"],
            capture_output=True,
            text=True,
            check=False,
        )
        if asked.stdout.strip() == f"{sys.version.split()[0]} {VENV}":
            return
    if Path(sys.prefix) == VENV:
        raise Stop("run dev.py with a Python outside .venv, so that .venv can be replaced")
    shutil.rmtree(VENV, ignore_errors=True)
    uv = shutil.which("uv")
    if uv:
        must([uv, "venv", "--quiet", "--python", sys.executable, VENV], "uv could not make .venv")
        return
    must(
        [sys.executable, "-m", "venv", VENV],
        "python -m venv failed: install your system's python3-venv package, or uv",
    )


def install(level: str) -> None:
    """The locked packages with their hashes, then the project itself, in place."""
    locks = [part for name in LEVELS[level] for part in ("-r", ROOT / "requirements" / name)]
    uv = shutil.which("uv")
    if uv:
        pip: list[str | Path] = [
            uv,
            "pip",
            "install",
            "--quiet",
            "--compile-bytecode",
            "--python",
            PYTHON,
        ]
    else:
        if subprocess.run(
            [PYTHON, "-m", "pip", "--version"], capture_output=True, check=False
        ).returncode:
            must([PYTHON, "-m", "ensurepip"], "this Python has no pip: install python3-venv, or uv")
        pip = [PYTHON, "-m", "pip", "install", "-qq", "--no-input"]
    must([*pip, "--require-hashes", *locks], "the locked packages could not be installed")
    must(
        [*pip, "--no-deps", "--no-build-isolation", "-e", ROOT],
        "mingci itself could not be installed into .venv",
    )


def must(command: Sequence[str | Path], otherwise: str) -> None:
    """Run a step of the set-up; its own output is shown, and the sentence when it fails."""
    if call(*command):
        raise Stop(otherwise)


def call(*command: str | Path) -> int:
    """Run a program here and give back its exit code."""
    try:
        return subprocess.run(command, cwd=ROOT, env=environment(), check=False).returncode
    except OSError as error:
        raise Stop(f"{command[0]}: {error.strerror}") from error


def become(program: Path, *rest: str) -> NoReturn:
    """Turn into a program of the environment, so that signals and exit code are its own."""
    sys.stdout.flush()
    try:
        os.chdir(ROOT)
        os.execve(program, [str(program), *rest], environment())  # noqa: S606
    except OSError as error:
        raise Stop(f"{program}: {error.strerror}") from error


def captured(command: tuple[str, ...]) -> tuple[int, str]:
    """Run a program of the environment; its exit code and everything it said."""
    ran = subprocess.run(
        [BIN / command[0], *command[1:]],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout


def environment() -> dict[str, str]:
    """The caller's environment, with ours first on PATH and no foreign import path."""
    inherited = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "PYTHONHOME"}}
    path = os.pathsep.join([str(BIN), os.environ.get("PATH", os.defpath)])
    return {**inherited, "VIRTUAL_ENV": str(VENV), "PATH": path}


if __name__ == "__main__":
    main()
