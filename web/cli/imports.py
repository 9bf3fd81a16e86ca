"""`mingci import`: files into the database, all or nothing."""

import asyncio
import csv
import json
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from importers.candidates import read_candidates
from importers.decisions import read_decisions
from importers.plans import MajorRow, PlanDifference, read_plan
from importers.report import Report
from importers.round_file import read_round
from importers.tables import Source
from service.decision_intake import DecisionIntake
from service.errors import Refusal
from service.intake import Intake
from service.store.engine import Engine, open_engine
from service.store.migrate import migrate
from web.app import utc_now
from web.cli.faults import database_in_use, end, read_settings

app = typer.Typer(
    help="Import a round file, a plan, candidates, or institutions' decisions.",
    no_args_is_help=True,
)

Map = Annotated[
    list[str] | None,
    typer.Option(
        "--map", help="file_column=column, for a file with its own headings (repeatable)."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check and show, change nothing.")]
ReportTo = Annotated[Path | None, typer.Option("--report", help="Write the findings as JSON.")]
File = Annotated[Path, typer.Argument(help="The file, CSV or XLSX (a round: TOML).")]

SHOWN = 40
"""How many lines of a difference are printed; the report has all."""

_errors = Console(stderr=True)


@app.command("plan")
def import_plan(
    file: File,
    round_code: Annotated[str, typer.Option("--round", help="Code of the round.")],
    mapping: Map = None,
    dry_run: DryRun = False,
    report_to: ReportTo = None,
) -> None:
    """Make a round's plan equal to FILE, showing the difference first."""
    with _progress(f"reading {file.name}"):
        rows, report = read_plan(_source(file), _mapping(mapping))
    _refuse_faults(report, report_to)

    with _progress("applying"):
        applied = _with_store(
            lambda intake: intake.apply_plan(round_code, rows, report.digest, dry_run=dry_run),
            missing=f'there is no round "{round_code}"; import its round file first',
        )
    if not dry_run:
        report.notices += _with_store(lambda intake: intake.misplaced_rules(round_code))
    _show_difference(applied.difference)
    _say(report, changed=applied.changed, dry_run=dry_run)
    _write_report(report, report_to, applied.difference)


@app.command("candidates")
def import_candidates(
    file: File,
    season: Annotated[str, typer.Option(help="Code of the season.")],
    codes: Annotated[
        Path | None, typer.Option(help="Write the initial codes made for candidates without one.")
    ] = None,
    mapping: Map = None,
    dry_run: DryRun = False,
    report_to: ReportTo = None,
) -> None:
    """Add or update a season's candidates from FILE."""
    tracks = _with_store(lambda intake: intake.known_tracks(season))
    with _progress(f"reading {file.name}"):
        rows, report = read_candidates(_source(file), _mapping(mapping), tracks or None)
    _refuse_faults(report, report_to)
    if codes is None and not all(rows.initial_code) and not dry_run:
        end(
            "candidates without an initial code would get one nobody sees; name a file by --codes",
            code=2,
        )
    with _codes_file(None if dry_run else codes) as write_codes, _progress("applying"):
        applied = _with_store(
            lambda intake: intake.apply_candidates(season, rows, report.digest, dry_run=dry_run),
            missing=f'there is no season "{season}"; import its round file first',
        )
        write_codes(applied.codes)
    _say(report, changed=applied.changed, dry_run=dry_run)
    _write_report(report, report_to, None)


@app.command("round")
def import_round(file: File, dry_run: DryRun = False, report_to: ReportTo = None) -> None:
    """Create or update season, batch and round from FILE."""
    source = _source(file)
    found, report = read_round(source)
    _refuse_faults(report, report_to)
    if found is None:
        raise AssertionError("a round file without faults has content")
    changed = False
    if not dry_run:
        text = source.content.decode("utf-8-sig")
        changed = _with_store(lambda intake: intake.set_round(found, text))
        report.notices += _with_store(lambda intake: intake.misplaced_rules(found.code))
    _say(report, changed=changed, dry_run=dry_run)
    _write_report(report, report_to, None)


@app.command("decisions")
def import_decisions(
    file: File,
    round_code: Annotated[str, typer.Option("--round", help="Code of the round.")],
    mapping: Map = None,
    dry_run: DryRun = False,
    report_to: ReportTo = None,
) -> None:
    """Take in what institutions decided on those filed to them."""
    rows, report = read_decisions(_source(file), _mapping(mapping))
    _refuse_faults(report, report_to)
    with _progress("applying"):
        applied = _in_database(
            lambda engine: DecisionIntake(engine, utc_now, lambda _seq: None).apply(
                round_code, rows, report, dry_run=dry_run
            ),
            missing=f'there is no round "{round_code}"',
        )
    _refuse_faults(report, report_to)
    if applied is None:
        raise AssertionError("decisions without faults are applied")
    report.totals = {**report.totals, "undecided": applied.undecided}
    _say(report, changed=applied.changed > 0, dry_run=dry_run)
    _write_report(report, report_to, None)


T = TypeVar("T")


def _with_store(act: Callable[[Intake], Awaitable[T]], missing: str = "") -> T:
    """Let the intake do it in the database of the environment."""
    return _in_database(lambda engine: act(Intake(engine, utc_now, lambda _seq: None)), missing)


def _in_database(act: Callable[[Engine], Awaitable[T]], missing: str) -> T:
    """Do it in the database of the environment; `missing` says what a not-found means here."""
    settings = read_settings()

    async def run() -> T:
        engine: Engine = open_engine(settings)
        try:
            await migrate(engine)
            return await act(engine)
        finally:
            await engine.dispose()

    with database_in_use():
        try:
            return asyncio.run(run())
        except Refusal as refusal:
            if refusal.code != "not-found":
                raise
            end(missing)


def _source(path: Path) -> Source:
    try:
        return Source.of(path)
    except OSError as fault:
        end(f"{path}: cannot be read: {fault.strerror}", code=2)


@contextmanager
def _codes_file(path: Path | None) -> Iterator[Callable[[Sequence[tuple[str, str]]], None]]:
    """Where new codes go, readable by oneself alone.

    Opened before a code is made, since codes are shown only once; gone again if none was made.
    """
    if path is None:
        yield lambda _: None
        return
    try:
        out = path.open("x", encoding="utf-8", newline="")
    except OSError as fault:
        end(f"{path}: cannot be written: {fault.strerror}", code=2)
    written = False

    def write(codes: Sequence[tuple[str, str]]) -> None:
        nonlocal written
        if codes:
            written = True
            csv.writer(out, lineterminator="\n").writerows(
                [("candidate_no", "initial_code"), *codes]
            )

    try:
        with out:
            path.chmod(0o600)
            yield write
    finally:
        if not written:
            path.unlink()


def _mapping(pairs: list[str] | None) -> dict[str, str]:
    mapping = {}
    for pair in pairs or ():
        theirs, equals, ours = pair.rpartition("=")
        if not equals or not theirs or not ours:
            raise typer.BadParameter(f"{pair!r} is not file_column=column", param_hint="--map")
        mapping[theirs] = ours
    return mapping


def _progress(text: str) -> AbstractContextManager[object]:
    return _errors.status(text) if _errors.is_terminal else nullcontext()


def _refuse_faults(report: Report, report_to: Path | None) -> None:
    for fault in report.faults:
        print(fault, file=sys.stderr)
    if report.faults:
        _write_report(report, report_to, None)
        raise typer.Exit(1)


def _show_difference(difference: PlanDifference) -> None:
    lines = list(_difference_lines(difference))
    for line in lines[:SHOWN]:
        print(line)
    if len(lines) > SHOWN:
        print(f"… and {len(lines) - SHOWN} lines more; --report FILE has all")


def _difference_lines(difference: PlanDifference) -> Iterator[str]:
    """The difference as text: what is new, what goes, what a row says otherwise."""
    for row in difference.added:
        yield f"+ {_place(row)} {row.major_name} {row.quota}"
    for row in difference.removed:
        yield f"- {_place(row)} {row.major_name} {row.quota}"
    for change in difference.changed:
        before, after = change.before._asdict(), change.after._asdict()
        differing = [
            f"{name} {before[name]} → {after[name]}"
            for name in before
            if name not in ("line", "batch") and before[name] != after[name]
        ]
        yield f"~ {_place(change.after)} {', '.join(differing)}"
    if difference:
        yield f"seats {difference.seats_before} → {difference.seats_after}"


def _place(row: MajorRow) -> str:
    return f"{row.institution_code}/{row.track}/{row.plan_nature} {row.major_code}"


def _say(report: Report, *, changed: bool, dry_run: bool) -> None:
    for notice in report.notices:
        print(f"{report.file}: {notice}", file=sys.stderr)
    outcome = (
        "dry run, nothing changed" if dry_run else "applied" if changed else "nothing to change"
    )
    totals = ", ".join(f"{name} {count}" for name, count in report.totals.items())
    print(f"{report.file}: {report.rows} rows; {totals}; {outcome}")


def _write_report(report: Report, to: Path | None, difference: PlanDifference | None) -> None:
    if to is None:
        return
    content = {
        "file": report.file,
        "rows": report.rows,
        "totals": report.totals,
        "digest": report.digest,
        "notices": report.notices,
        "rejections": [asdict(fault) for fault in report.faults],
        "difference": None if difference is None else list(_difference_lines(difference)),
    }
    try:
        to.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    except OSError as fault:
        end(f"{to}: cannot be written: {fault.strerror}")
