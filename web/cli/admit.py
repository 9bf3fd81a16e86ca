"""`mingci admit`: file, place, adjust and count what is unfilled, from files and without a database."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from importers.admission_files import FileRound, round_of
from importers.book_files import FileReports
from importers.candidates import read_candidates
from importers.choices import read_choices
from importers.plans import read_plan
from ranking.book import NO_UNIT
from ranking.outcomes import OUTCOME_NAMES, REASON_NAMES, Outcome, Placement
from ranking.regimes import admit as decide
from ranking.rules import UnitKey
from web.cli.csv_text import cell, csv_bytes, look_up, text_order
from web.cli.files import open_source, progress, read_rules, refuse, tell_notices, write_whole

app = typer.Typer(help="Decide a round from files, without a database.")

ADMISSIONS_HEADER = (
    "candidate_no,track,institution_code,plan_nature,outcome,major_code,major_position,reason"
)
UNFILLED_HEADER = "track,institution_code,plan_nature,major_code,quota,admitted,unfilled"


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
    step("reading the plan")
    rows, plan_report = read_plan(open_source(plan), digest=False)
    step("reading candidates")
    tracks = {row.track for row in rows}.union(rules.tie_break) if rows else None
    people, people_report = read_candidates(open_source(candidates), tracks=tracks, personal=False)
    step("reading choices")
    filed, choices_report = read_choices(open_source(choices), digest=False)
    reports += [plan_report, people_report, choices_report]
    if all(report.accepted for report in reports):
        step("matching choices")
        made = round_of(rows, people, filed, rules, FileReports(people_report, choices_report))
        if made is not None:
            tell_notices(reports)
            return made
    raise refuse(reports)


def admissions_csv(filed: FileRound, placed: Placement) -> bytes:
    """The outcome of all who made a choice, in the order and columns of CONTRACT 2.

    Who was filed nowhere, under a regime of several choices, has no institution and stands first
    of the track. Rank is by filing score, so score orders the rows of a unit.
    """
    roll, nowhere = filed.roll, len(filed.units)
    tracks = sorted(set(filed.track))
    number = {track: nowhere + at for at, track in enumerate(tracks)}
    heads = [_unit_cells(unit) for unit in filed.units] + [(track, "", "") for track in tracks]
    rows = np.flatnonzero(placed.outcome != Outcome.NONE)
    own = np.fromiter(map(number.__getitem__, filed.track), np.int64, len(roll))[roll.ident[rows]]
    head = np.where(placed.unit[rows] == NO_UNIT, own, placed.unit[rows])
    numbers = text_order(filed.candidate_no)[roll.ident[rows]]
    order = np.lexsort((numbers, -roll.filing[rows], text_order(heads)[head]))
    rows, head = rows[order], head[order]
    columns = (
        look_up([cell(number) for number in filed.candidate_no], roll.ident[rows]),
        look_up([",".join(map(cell, cells)) for cells in heads], head),
        look_up(OUTCOME_NAMES, placed.outcome[rows]),
        look_up([*(cell(row.major_code) for row in filed.majors), ""], placed.major[rows]),
        look_up(_position_texts(filed), _position(placed)[rows]),
        look_up(REASON_NAMES, placed.reason[rows]),
    )
    return csv_bytes(ADMISSIONS_HEADER, columns)


def unfilled_csv(filed: FileRound, placed: Placement) -> bytes:
    """Every major's plan, admitted and seats left, in the order of the plan within its unit."""
    majors = filed.majors
    order = text_order([_unit_cells(unit) for unit in filed.units])[filed.plan.major_unit]
    at = np.argsort(order, kind="stable")
    heads = [",".join(map(cell, (*_unit_cells(row.unit), row.major_code))) for row in majors]
    figures = (filed.plan.major_quota, placed.admitted, placed.unfilled)
    columns = [look_up(heads, at), *(map(str, column[at].tolist()) for column in figures)]
    return csv_bytes(UNFILLED_HEADER, columns)


def _unit_cells(unit: UnitKey) -> tuple[str, str, str]:
    """Track, institution code, plan nature: the order of the files' columns and of their rows."""
    return unit.track, unit.institution_code, unit.plan_nature


def _position(placed: Placement) -> NDArray[np.int16]:
    """(n,) the place of the major admitted to, 0 adjusted, -1 not admitted."""
    return np.where(placed.outcome == Outcome.ADMITTED, placed.major_position, np.int16(-1))


def _position_texts(filed: FileRound) -> list[str]:
    """By position as above; the last, at -1, is blank."""
    most = filed.forms.majors.shape[1]
    return ["adjusted", *map(str, range(1, most + 1)), ""]
