"""`mingci admit`: file, place, adjust and count what is unfilled, from files and without a database."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from importers.admission_csv import admissions_csv, unfilled_csv
from importers.admission_files import FileRound, RoundFiles, read_files
from ranking.regimes import admit as decide
from web.cli.files import open_source, progress, read_rules, refuse, tell_notices, write_whole

app = typer.Typer(help="Decide a round from files, without a database.")


@app.command()
def admit(
    *,
    plan: Annotated[Path, typer.Option(help="The plan, CSV or XLSX.")],
    candidates: Annotated[Path, typer.Option(help="The candidates, CSV or XLSX.")],
    choices: Annotated[Path, typer.Option(help="The choices, CSV or XLSX.")],
    round_file: Annotated[
        Path | None, typer.Option("--round", help="The round's rules, TOML; else the defaults.")
    ] = None,
    out: Annotated[Path, typer.Option(dir_okay=False, help="Where everybody's outcome goes, CSV.")],
    unfilled: Annotated[
        Path, typer.Option(dir_okay=False, help="Where the seats left of each major go, CSV.")
    ],
) -> None:
    """File, place in majors, adjust, and count what is unfilled, as the round's rules say."""
    if out.resolve() == unfilled.resolve():
        raise typer.BadParameter("is the same file as --out", param_hint="--unfilled")
    with progress() as step:
        filed = load_round(plan, candidates, choices, round_file, step)
        step("admitting")
        placed = decide(
            filed.rules.regime, filed.plan, filed.roll, filed.forms, filed.terms, filed.ties
        )
        step("writing outcomes")
        write_whole({out: admissions_csv(filed, placed), unfilled: unfilled_csv(filed, placed)})


def load_round(
    plan: Path,
    candidates: Path,
    choices: Path,
    round_file: Path | None,
    step: Callable[[str], None],
) -> FileRound:
    """The round in four files, or the end of the command with every fault on stderr."""
    rules, reports = read_rules(round_file, step)
    files = RoundFiles(open_source(plan), open_source(candidates), open_source(choices))
    made, found = read_files(files, rules, step)
    reports += found
    if made is None or not all(report.accepted for report in reports):
        raise refuse(reports)
    tell_notices(reports)
    return made
