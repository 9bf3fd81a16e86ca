"""What the service made of a rehearsed round, beside what the offline command makes of its log."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path

import numpy as np

from importers.columns import TextColumn
from importers.plans import MajorRow
from ranking.book import Book
from ranking.rules import UnitKey
from service.admission import decide
from service.board import RoundBoard
from service.exports import export_round
from service.round_inputs import read_inputs
from service.store import rounds
from service.store.engine import reading
from web.app import utc_now
from web.cli.rehearsal.people import Json, Person
from web.cli.rehearsal.stage import MINGCI, Broken, Stage
from web.cli.standings_csv import standings_csv

PUSH_LOOKS, PUSH_LOOK_S = 200, 0.05
"""How often and how far apart a frame is looked for that must still come."""


@dataclass(frozen=True, slots=True)
class ServiceBook:
    """The service's own book, called as `standings_csv` wants it."""

    book: Book
    numbers: TextColumn
    units: tuple[UnitKey, ...]
    majors: Sequence[MajorRow]


async def lost(person: Person) -> int:
    """How many acknowledged receipts are not in the history as given, or, the last, not held."""
    kept = [item["receipt"] for item in (await person.own("choice/history"))["items"]]
    missing = sum(one.receipt not in kept for one in person.filed)
    if not person.filed:
        return missing
    last, held = person.filed[-1].receipt, (await person.own("choice"))["receipt"]
    withdrawn = last["institution_code"] is None
    return missing + (held is not None if withdrawn else held != last)


def accepted_late(person: Person, closes_at: datetime) -> int:
    """How many receipts were given at or after the candidate's own close."""
    given = (datetime.fromisoformat(one.receipt["received_at"]) for one in person.filed)
    return sum(at >= closes_at for at in given)


def service_standings(stage: Stage) -> bytes:
    """Everybody's standing as the service's board has it, in the offline command's columns."""
    one = stage.round
    book = ServiceBook(
        one.book, _numbers(stage, one), one.book.plan.keys, rounds.as_rows(one.terms)
    )
    return b"".join(standings_csv(book, one.computed().standings))


def _numbers(stage: Stage, one: RoundBoard) -> TextColumn:
    """The candidates' numbers by the book's `ident`."""
    number_of = {actor.candidate_id: actor.candidate_no for actor in stage.actors}
    texts = np.full(len(one.book.roll), "", object)
    for candidate_id, row in one.row_by_candidate.items():
        texts[one.book.roll.ident[row]] = number_of.get(candidate_id, "")
    return TextColumn(texts.tolist())


async def service_admission(stage: Stage) -> list[bytes]:
    """Everybody's outcome and the seats left, as the service would file the closed round."""
    async with reading(stage.engine) as connection:
        inputs = await read_inputs(connection, stage.file.code, utc_now())
    decided = await asyncio.to_thread(decide, inputs)
    return [decided.admissions, decided.unfilled]


async def exported(stage: Stage, folder: Path) -> None:
    """Write the round's log as the four files that the offline commands read."""
    export = await export_round(stage.engine, stage.file.code)
    for name, content in export.files.items():
        (folder / name).write_bytes(content)


async def offline(folder: Path, command: str, **outs: str) -> list[bytes]:
    """What an offline command makes of the four files, by the options that name its output.

    Raises:
        Broken: the command refused them.
    """
    named = {
        "plan": "plan.csv",
        "candidates": "candidates.csv",
        "choices": "choices.csv",
        "round": "round.toml",
        **outs,
    }
    options = chain.from_iterable((f"--{name}", str(folder / file)) for name, file in named.items())
    run = await asyncio.create_subprocess_exec(
        *MINGCI, command, *options, stderr=asyncio.subprocess.PIPE
    )
    _, said = await run.communicate()
    if run.returncode:
        raise Broken(f"`mingci {command}` refused the export: {said.decode().strip()}")
    return [(folder / file).read_bytes() for file in outs.values()]


def differing(service: bytes, offline: bytes) -> int:
    """How many lines of two tables differ; one that is only in another place counts too."""
    if service == offline:
        return 0
    ours, theirs = service.splitlines(), offline.splitlines()
    missing = sum((Counter(theirs) - Counter(ours)).values())
    extra = sum((Counter(ours) - Counter(theirs)).values())
    return max(missing, extra, 1)


async def told_otherwise(person: Person, offline: Mapping[str, str]) -> int:
    """1 if GET /standing, or the last pushed frame, tells a candidate anything but the file."""
    view = await person.own("standing")
    line = standing_line(view, await person.me())
    same = line == offline.get(person.candidate_no, "")
    return int(not same or not await _pushed(person, view))


async def _pushed(person: Person, view: Json) -> bool:
    """Whether a watcher's newest frame comes to say the same; only the moment may be another."""
    told = [name for name in view if name not in ("seq", "as_of")]
    for _ in range(PUSH_LOOKS):
        if not person.frames or all(person.frames[-1][1][name] == view[name] for name in told):
            return True
        await asyncio.sleep(PUSH_LOOK_S)
    return False


def standing_line(view: Json, me: Json) -> str:
    """A standing as its line of the offline file; empty for one who holds nothing."""
    unit, first = view["unit"], view["first_major"]
    if unit is None:
        return ""
    ranks = ("rank", "rank_last", "tied", "applicants", "plan", "due", "line_filing", "line_plan")
    major = [""] * 5
    if first is not None:
        major = [first["code"], *first["by_filing"].values(), *first["by_exam"].values()]
    cells = [
        me["candidate_no"],
        me["track"],
        unit["institution_code"],
        unit["plan_nature"],
        me["filing_score"],
        *(view[name] for name in ranks),
        view["status"],
        *major,
    ]
    return ",".join("" if one is None else str(one) for one in cells)


def lines_by_number(table: bytes) -> dict[str, str]:
    """The lines of an offline file by candidate number."""
    lines = table.decode().splitlines()[1:]
    return {line.partition(",")[0]: line for line in lines}
