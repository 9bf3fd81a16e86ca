"""`mingci rehearse`: a synthetic round against the real service, compared with the offline command."""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from service import logs
from service.settings import Settings
from service.store.engine import open_engine
from web.cli.demo import make_province_of
from web.cli.faults import end
from web.cli.files import progress
from web.cli.rehearsal.outcome import (
    accepted_late,
    differing,
    exported,
    lines_by_number,
    lost,
    offline,
    service_admission,
    service_standings,
    told_otherwise,
)
from web.cli.rehearsal.people import Person
from web.cli.rehearsal.play import play, signed_in, watching
from web.cli.rehearsal.report import Report
from web.cli.rehearsal.script import Part
from web.cli.rehearsal.stage import Broken, Stage, serving, set_stage

ALREADY_FILED = 0.7
SEED = 2014

app = typer.Typer()


@app.command()
def rehearse(
    *,
    candidates: Annotated[int, typer.Option(min=50, help="How many candidates.")] = 2000,
    moves: Annotated[int, typer.Option(min=1, help="How many choices are filed live.")] = 104,
    speed: Annotated[
        float, typer.Option(min=1, help="A day of 12 hours, so many times faster: 60 is 12 min.")
    ] = 600,
) -> None:
    """Rehearse a round against a real service; exit 0 if nothing is lost and nothing disagrees."""
    logs.set_up("WARNING")
    with tempfile.TemporaryDirectory(prefix="mingci-rehearsal-") as folder:
        try:
            with progress() as step:
                report = asyncio.run(_rehearse(Path(folder), candidates, moves, speed, step))
        except Broken as fault:
            end(str(fault))
    print("\n".join(report.lines()))
    raise typer.Exit(1 if report.lost or report.disagreements else 0)


async def _rehearse(
    folder: Path, candidates: int, moves: int, speed: float, step: Callable[[str], None]
) -> Report:
    settings = Settings(
        database_url=f"sqlite+aiosqlite:///{folder / 'rehearsal.db'}", redis_url=None
    )
    engine = open_engine(settings)
    try:
        step("importing a province")
        stage = await set_stage(engine, folder, make_province_of(candidates, SEED), ALREADY_FILED)
        step("starting the service")
        async with serving(settings, folder) as port:
            return await _play(stage, folder, port, (moves, speed), step)
    finally:
        await engine.dispose()


async def _play(
    stage: Stage, folder: Path, port: int, asked: tuple[int, float], step: Callable[[str], None]
) -> Report:
    moves, speed = asked
    step("signing in")
    people = await signed_in(stage, port, moves)
    watched = people[::2]
    async with watching(watched):
        step(f"filing {moves} choices until the round closes")
        parts = await play(stage, people, moves, speed)
        step("comparing")
        return await _compared(stage, folder, people, parts)


async def _compared(
    stage: Stage, folder: Path, people: Sequence[Person], parts: Sequence[Part]
) -> Report:
    await exported(stage, folder)
    [standings] = await offline(folder, "standings", out="standings.csv")
    tables = await offline(folder, "admit", out="admissions.csv", unfilled="unfilled.csv")
    of_service = [service_standings(stage), *await service_admission(stage)]
    wrong = sum(map(differing, of_service, [standings, *tables]))
    lines = lines_by_number(standings)
    told = [await told_otherwise(person, lines) for person in people]
    late = [accepted_late(*pair) for pair in zip(people, (p.closes_at for p in parts), strict=True)]
    return Report(
        people=people,
        standings=len(lines),
        outcomes=len(tables[0].splitlines()) - 1,
        lost=sum([await lost(person) for person in people]),
        disagreements=wrong + sum(told) + sum(late),
    )
