"""Commands that need no database: a synthetic province, and everybody's standing from files.

Nothing is written unless it is whole: files are written beside and then moved into place.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from importers.book_files import FileBook, FileReports, book_of
from importers.candidates import read_candidates
from importers.choices import read_choices
from importers.plans import read_plan
from importers.report import Report
from importers.round_file import read_round
from importers.tables import Source
from ranking.book import NO_UNIT
from ranking.rules import RoundRules
from ranking.scores import score_text
from ranking.standing import NO_LINE, STATUS_NAMES, Standings
from ranking.standing import standings as compute_standings

app = typer.Typer(help="Work on files, without a database.")

_MUST_QUOTE = re.compile('[,"\\n]')

STANDINGS_HEADER = (
    "candidate_no,track,institution_code,plan_nature,filing_score,rank,rank_last,tied,applicants,"
    "plan,due,line_filing,line_plan,status,major_code,major_rank,major_tied,major_rank_exam,"
    "major_tied_exam"
)


@app.command()
def generate(
    *,
    candidates: Annotated[int, typer.Option(min=1, help="How many candidates.")],
    units: Annotated[int, typer.Option(min=1, help="How many units.")],
    majors: Annotated[int, typer.Option(min=1, help="How many majors, at least one a unit.")],
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")],
    out: Annotated[Path, typer.Option(file_okay=False, help="The directory to write to.")],
) -> None:
    """Make a synthetic province: plan.csv, candidates.csv, choices.csv and round.toml."""
    from importers.province import make_province  # noqa: PLC0415 - only this command needs it
    from importers.province_files import province_files  # noqa: PLC0415

    if majors < units:
        raise typer.BadParameter("every unit has at least one major", param_hint="--majors")
    with progress() as step:
        step("making the province")
        files = province_files(make_province(candidates, units, majors, seed))
        step("writing files")
        write_whole({out / name: content for name, content in files.items()})


@app.command()
def standings(
    *,
    plan: Annotated[Path, typer.Option(help="The plan, CSV or XLSX.")],
    candidates: Annotated[Path, typer.Option(help="The candidates, CSV or XLSX.")],
    choices: Annotated[Path, typer.Option(help="The choices, CSV or XLSX.")],
    round_file: Annotated[
        Path | None, typer.Option("--round", help="The round's rules, TOML; else the defaults.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the standings go, CSV.")],
) -> None:
    """Compute everybody's standing from files, as the service would show it."""
    with progress() as step:
        filed = load_book(plan, candidates, choices, round_file, step)
        step("ranking")
        now = compute_standings(filed.book)
        step("writing standings")
        write_whole({out: standings_csv(filed, now)})


def load_book(
    plan: Path,
    candidates: Path,
    choices: Path,
    round_file: Path | None,
    step: Callable[[str], None],
) -> FileBook:
    """The book in four files, or the end of the command with every fault on stderr."""
    rules, reports = RoundRules(), []
    if round_file is not None:
        step("reading the round")
        terms, report = read_round(open_source(round_file))
        reports.append(report)
        rules = rules if terms is None else terms.rules
    step("reading the plan")
    rows, plan_report = read_plan(open_source(plan))
    step("reading candidates")
    tracks = {row.track for row in rows}.union(rules.tie_break) if rows else None
    people, people_report = read_candidates(open_source(candidates), tracks=tracks, personal=False)
    step("reading choices")
    filed, choices_report = read_choices(open_source(choices))
    reports += [plan_report, people_report, choices_report]
    if all(report.accepted for report in reports):
        step("matching choices")
        book = book_of(rows, people, filed, rules, FileReports(people_report, choices_report))
        if book is not None:
            tell_notices(reports)
            return book
    raise refuse(reports)


def open_source(path: Path) -> Source:
    """The file at `path`, or the end of the command."""
    try:
        return Source.of(path)
    except OSError as error:
        typer.echo(f"{path}: cannot be read: {error.strerror}", err=True)
        raise typer.Exit(1) from error


def refuse(reports: Iterable[Report]) -> typer.Exit:
    """Every fault on a line of its own on stderr; the exit to raise."""
    faults = [str(fault) for report in reports for fault in report.faults]
    typer.echo("\n".join(faults), err=True)
    return typer.Exit(1)


def tell_notices(reports: Iterable[Report]) -> None:
    """What a person should know though nothing is wrong."""
    for report in reports:
        for notice in report.notices:
            typer.echo(f"{report.file}: note: {notice}", err=True)


def write_whole(files: Mapping[Path, bytes]) -> None:
    """Write all files or none: each beside its place first, then all moved into place."""
    drafts = {path: path.with_name(f".{path.name}.part") for path in files}
    try:
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            drafts[path].write_bytes(content)
        for path, draft in drafts.items():
            draft.replace(path)
    except OSError as error:
        typer.echo(f"{error.filename}: cannot be written: {error.strerror}", err=True)
        raise typer.Exit(1) from error
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Tells the step on a terminal; silent anywhere else."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - a piped command need not wait for it

    with Console(stderr=True).status("") as status:
        yield lambda text: status.update(f"{text} …")


def standings_csv(filed: FileBook, now: Standings) -> bytes:
    """The standings of all who hold a choice, in the order and columns of CONTRACT 2."""
    book, units = filed.book, filed.units
    unit_order = np.empty(len(units), np.int32)
    by_text = sorted(range(len(units)), key=lambda u: _unit_cells(filed, u))
    unit_order[by_text] = np.arange(len(units))
    number_order = _text_order(filed.candidate_no)[book.roll.ident]
    rows = np.flatnonzero(book.unit != NO_UNIT)
    unit = book.unit[rows]
    rows = rows[np.lexsort((number_order[rows], now.rank[rows], unit_order[unit]))]
    unit = book.unit[rows]
    head = [",".join(map(_cell, _unit_cells(filed, u))) for u in range(len(units))]
    tail = [
        ",".join(map(str, (applicants, plan, due, _line(filing_line), _line(plan_line))))
        for applicants, plan, due, filing_line, plan_line in zip(
            *(
                column.tolist()
                for column in (
                    now.applicants,
                    book.plan.seats,
                    now.due,
                    now.line_filing,
                    now.line_plan,
                )
            ),
            strict=True,
        )
    ]
    major = np.where(now.major_rank[rows] > 0, book.first_major[rows], len(filed.majors))
    columns = (
        _look_up(_cells(filed.candidate_no), book.roll.ident[rows]),
        _look_up(head, unit),
        _by_value(book.roll.filing[rows], score_text),
        *(_by_value(column[rows], str) for column in (now.rank, now.rank_last, now.tied)),
        _look_up(tail, unit),
        _look_up(STATUS_NAMES, now.status[rows]),
        _look_up([*(_cell(row.major_code) for row in filed.majors), ""], major),
        *(
            _by_value(column[rows], _or_blank)
            for column in (
                now.major_rank, now.major_tied, now.major_rank_exam, now.major_tied_exam,
            )
        ),
    )  # fmt: skip
    return "\n".join([STANDINGS_HEADER, *map(",".join, zip(*columns, strict=True)), ""]).encode()


def _unit_cells(filed: FileBook, unit: int) -> tuple[str, str, str]:
    """Track, institution code, plan nature: the order of the file's columns and of its rows."""
    key = filed.units[unit]
    return key.track, key.institution_code, key.plan_nature


def _text_order(texts: list[str]) -> NDArray[np.int64]:
    """(n,) each text's place among all of them, sorted as text."""
    order = np.arange(len(texts))
    if sorted(texts) != texts:
        places = sorted(range(len(texts)), key=texts.__getitem__)
        order[places] = np.arange(len(texts))
    return order


def _look_up(texts: Sequence[str], places: NDArray[np.integer]) -> Iterator[str]:
    return map(texts.__getitem__, places.tolist())


def _by_value(values: NDArray[np.int32], text: Callable[[int], str]) -> Iterator[str]:
    """Each value's text, made once per distinct value."""
    if values.max(initial=0) < len(values):
        return _look_up([text(one) for one in range(values.max(initial=0) + 1)], values)
    distinct, place = np.unique(values, return_inverse=True)
    return _look_up([text(one) for one in distinct.tolist()], place)


def _cells(texts: list[str]) -> list[str]:
    """A column of CSV cells, quoted where they have to be; nearly always they stay as they are."""
    return [_cell(text) for text in texts] if _MUST_QUOTE.search("".join(texts)) else texts


def _line(milli: int) -> str:
    return "" if milli == NO_LINE else score_text(milli)


def _or_blank(rank: int) -> str:
    return str(rank) if rank else ""


def _cell(text: str) -> str:
    """A CSV cell, quoted where it has to be."""
    return '"' + text.replace('"', '""') + '"' if _MUST_QUOTE.search(text) else text
