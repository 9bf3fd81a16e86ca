"""`mingci standings`: everybody's standing from files, as the service would show it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from importers.book_files import FileBook, FileReports, book_of
from importers.candidates import read_candidates
from importers.choices import read_choices
from importers.own_rules import refuse_misplaced
from importers.plans import read_plan
from ranking.standing import standings
from web.cli.beside import Beside
from web.cli.files import open_source, progress, read_rules, refuse, tell_notices, write_whole
from web.cli.standings_csv import standings_csv


def write_standings(
    plan: Path, candidates: Path, choices: Path, *, round_file: Path | None, out: Path
) -> None:
    """Read, rank, write; or end the command with every fault on stderr."""
    _keep_freed_memory()
    with progress() as step:
        filed = load_book(plan, candidates, choices, round_file, step)
        step("ranking")
        now = standings(filed.book)
        step("writing standings")
        write_whole({out: standings_csv(filed, now)})


def _keep_freed_memory() -> None:
    """Let columns of up to 31 MiB live where others were freed, without new pages each time.

    glibc learns from the largest block that was given back what to keep; this one is never touched.
    Elsewhere nothing happens.
    """
    np.empty(31 << 20, np.uint8)


def load_book(
    plan: Path,
    candidates: Path,
    choices: Path,
    round_file: Path | None,
    step: Callable[[str], None],
) -> FileBook:
    """The book in four files, or the end of the command with every fault on stderr."""
    rules, reports = read_rules(round_file, step)
    step("reading the files")
    sources = [open_source(path) for path in (plan, candidates, choices)]
    choices_read = Beside(lambda: read_choices(sources[2], digest=False))
    rows, plan_report = read_plan(sources[0], digest=False)
    tracks = {row.track for row in rows}.union(rules.tie_break) if rows else None
    people, people_report = read_candidates(sources[1], tracks=tracks, personal=False)
    filed, choices_report = choices_read.result()
    for report in reports:
        refuse_misplaced(rules, rows, report)
    reports += [plan_report, people_report, choices_report]
    if all(report.accepted for report in reports):
        step("matching choices")
        book = book_of(rows, people, filed, rules, FileReports(people_report, choices_report))
        if book is not None:
            tell_notices(reports)
            return book
    raise refuse(reports)
