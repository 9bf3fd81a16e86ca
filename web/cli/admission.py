"""`mingci admission`: try a filing, export and check it, and make the next round's plan."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from importers.next_plan import next_plan
from importers.plans import MajorRow, read_plan
from importers.written import plan_sheet
from service import views
from service.admission import Admission, DryRun
from service.store.engine import Engine, open_engine
from service.store.migrate import migrate
from web.app import utc_now
from web.cli.faults import database_in_use, read_settings
from web.cli.files import open_source, progress, refuse, write_whole

app = typer.Typer(help="A closed round: dry run, export, check, the next plan.")

RoundCode = Annotated[str, typer.Option("--round", help="Code of the round.")]
SHOWN = 40
"""How many lines of a difference are printed."""

T = TypeVar("T")


@app.command("try")
def try_filing(round_code: RoundCode) -> None:
    """Decide a closed round without applying it, and show what differs from the last time."""
    with progress() as step:
        step("deciding")
        tried = _with_admission(lambda admission: admission.dry_run(round_code))
    _show(tried)


@app.command()
def export(
    round_code: RoundCode,
    out: Annotated[Path, typer.Option(file_okay=False, help="Directory for the four files.")],
) -> None:
    """Write the files from which `mingci admit` recomputes a closed round: no names, no ID numbers."""
    with progress() as step:
        step("reading the log")
        files = _with_admission(lambda admission: admission.export(round_code))
        write_whole({out / name: content for name, content in files.items()})


@app.command()
def check(round_code: RoundCode) -> None:
    """Recompute a filed round from the log; results can be released only after this agrees."""
    with progress() as step:
        step("recomputing")
        digest = _with_admission(lambda admission: admission.check(round_code))
    print(f"agrees: {digest}")


@app.command("next")
def make_next_plan(
    round_code: RoundCode,
    out: Annotated[Path, typer.Option(dir_okay=False, help="Where the plan goes, CSV.")],
    changes: Annotated[
        Path | None, typer.Option(help="Rows of a plan that set quotas or add majors.")
    ] = None,
) -> None:
    """Write the next round's plan: what the round has left as published, and the changes."""
    changed: tuple[MajorRow, ...] = ()
    if changes is not None:
        changed, report = read_plan(open_source(changes))
        if not report.accepted:
            raise refuse([report])
    left = _with_engine(lambda engine: views.seats_left(engine, round_code))
    rows = next_plan(left, changed)
    write_whole({out: plan_sheet(rows)})
    print(f"{out}: {len(rows)} majors, {sum(row.quota for row in rows)} seats")


def _show(tried: DryRun) -> None:
    counts = ", ".join(f"{name} {count}" for name, count in sorted(tried.outcomes.items()))
    print(f"dry run {tried.number}: {counts}; seats left {tried.seats_left}")
    lines = [*(f"- {line}" for line in tried.gone), *(f"+ {line}" for line in tried.come)]
    if tried.compared_with is not None:
        print(f"{len(lines)} lines differ from dry run {tried.compared_with}")
    print("\n".join(lines[:SHOWN]), end="\n" if lines else "")
    print(f"digest {tried.digest}")


def _with_admission(act: Callable[[Admission], Awaitable[T]]) -> T:
    return _with_engine(lambda engine: act(Admission(engine, utc_now, lambda _seq: None)))


def _with_engine(act: Callable[[Engine], Awaitable[T]]) -> T:
    settings = read_settings()

    async def run() -> T:
        engine = open_engine(settings)
        try:
            await migrate(engine)
            return await act(engine)
        finally:
            await engine.dispose()

    with database_in_use():
        return asyncio.run(run())
