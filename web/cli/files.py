"""What commands on files share: reading, refusing, telling, and writing all or nothing."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from importers.report import Report
from importers.tables import Source
from ranking.rules import RoundRules


def open_source(path: Path) -> Source:
    """The file at `path`, or the end of the command."""
    try:
        return Source.of(path)
    except OSError as error:
        _tell(f"{path}: cannot be read: {error.strerror}")
        raise SystemExit(1) from error


def read_rules(
    round_file: Path | None, step: Callable[[str], None]
) -> tuple[RoundRules, list[Report]]:
    """The rules of a round file and what was found on it; the defaults without a file."""
    if round_file is None:
        return RoundRules(), []
    from importers.round_file import read_round  # noqa: PLC0415 - without a file, not needed

    step("reading the round")
    terms, report = read_round(open_source(round_file))
    return (RoundRules() if terms is None else terms.rules), [report]


def refuse(reports: Iterable[Report]) -> SystemExit:
    """Every fault on a line of its own on stderr; the exit to raise."""
    faults = [str(fault) for report in reports for fault in report.faults]
    _tell("\n".join(faults))
    return SystemExit(1)


def tell_notices(reports: Iterable[Report]) -> None:
    """What a person should know though nothing is wrong."""
    for report in reports:
        for notice in report.notices:
            _tell(f"{report.file}: note: {notice}")


def write_whole(files: Mapping[Path, bytes | Iterable[bytes]]) -> None:
    """Write all files or none: each beside its place first, then all moved into place."""
    drafts = {path: path.with_name(f".{path.name}.part") for path in files}
    try:
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with drafts[path].open("wb") as draft:
                draft.writelines([content] if isinstance(content, bytes) else content)
        for path, written in drafts.items():
            written.replace(path)
    except OSError as error:
        _tell(f"{error.filename}: cannot be written: {error.strerror}")
        raise SystemExit(1) from error
    finally:
        for written in drafts.values():
            written.unlink(missing_ok=True)


def _tell(text: str) -> None:
    print(text, file=sys.stderr)


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Tells the step on a terminal; silent anywhere else."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - a piped command need not wait for it

    with Console(stderr=True).status("") as status:
        yield lambda text: status.update(f"{text} …")
