"""Commands that need no database: a synthetic province, and everybody's standing from files.

Nothing is written unless it is whole: files are written beside and then moved into place.
"""

from pathlib import Path
from typing import Annotated

import typer

from web.cli.files import progress, write_whole

app = typer.Typer(help="Work on files, without a database.")


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
    from web.cli.standings import write_standings  # noqa: PLC0415 - only this command needs it

    write_standings(plan, candidates, choices, round_file=round_file, out=out)
