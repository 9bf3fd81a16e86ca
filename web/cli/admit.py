"""`mingci admit`: file, place, adjust and count what is unfilled, from files and without a database."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from importers.admission_csv import admissions_csv, unfilled_csv
from importers.admission_files import FileRound, RoundFiles, read_files
from ranking.outcomes import Outcome, Placement
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
    for note in (*extra_notes(filed), *draw_notes(filed, placed)):
        typer.echo(f"note: {note}", err=True)


def extra_notes(filed: FileRound) -> Iterator[str]:
    """The seats over plan that were offered, each with its reason."""
    for key, own in sorted(filed.rules.units.items()):
        for extra in own.extra_seats:
            unit = "/".join(key)
            yield f"{unit} {extra.major_code}: {extra.count} over plan, {extra.reason}"


def draw_notes(filed: FileRound, placed: Placement) -> Iterator[str]:
    """Whom the draw decided about, so that nobody overlooks that it did. RULES.md 5.5."""
    lost = int(np.count_nonzero(placed.by_draw))
    if lost:
        out = int(np.count_nonzero(placed.by_draw & (placed.outcome != Outcome.ADMITTED)))
        yield (
            f"the draw of seed {filed.rules.draw_seed!r} decided against {lost} who equal on every "
            f"key somebody with a seat they wanted; {out} of them are not admitted"
        )


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
    made, found = read_files(files, rules, reports, step)
    if made is None:
        raise refuse(found)
    tell_notices(found)
    return made
