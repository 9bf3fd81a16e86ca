"""A small round that is open now, its candidates signed in: what every fault test loads."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from service.accounts import token_digest
from service.events import Event, to_ms
from service.settings import Settings
from service.store import log, people, rounds
from service.store.engine import Engine, open_engine, reading, writing
from tests.builders import Clock, load
from web.app import utc_now

SEASON, ROUND = "faults", "faults-1"
UNITS = 8
MAJORS = 3

PLAN = "\n".join(
    ["track,institution_code,institution_name,major_code,major_name,quota"]
    + [f"理科,{u:04},院校{u},{m:02},专业{m},5" for u in range(UNITS) for m in range(MAJORS)]
)


@dataclass(frozen=True)
class Province:
    """Where a loaded round is, and the session token of every candidate."""

    url: str
    tokens: Mapping[str, str]


def candidates_csv(numbers: range) -> str:
    """Candidates with scores that many share."""
    rows = [f"{n},理科,{400 + n % 200},0,code-{n}" for n in numbers]
    return "\n".join(["candidate_no,track,exam_score,bonus,initial_code", *rows])


def round_toml() -> str:
    """A round without locks that has been open for an hour and stays so for eight."""
    now = utc_now()
    return f"""
[season]
code = "{SEASON}"
kind = "general"
[batch]
code = "faults-batch"
name = "本科一批"
[round]
code = "{ROUND}"
[schedule]
opens = {(now - timedelta(hours=1)).isoformat()}
closes = {(now + timedelta(hours=8)).isoformat()}
"""


async def province(url: str, people: int) -> Province:
    """Load the round into an empty database and sign everybody in."""
    numbers = range(1000, 1000 + people)
    await load(url, Clock(utc_now()), PLAN, candidates_csv(numbers), round_toml())
    engine = open_engine(Settings(database_url=url))
    try:
        return Province(url, await _signed_in(engine, numbers))
    finally:
        await engine.dispose()


async def _signed_in(engine: Engine, numbers: range) -> dict[str, str]:
    """Sessions as sign-ins leave them, without the work of a password each."""
    tokens = {str(n): secrets.token_urlsafe(32) for n in numbers}
    now = utc_now()
    span = (to_ms(now), to_ms(now + timedelta(hours=12)))
    async with writing(engine) as connection:
        season = await rounds.season_id_of(connection, SEASON)
        assert season is not None
        roster = await people.read_roster(connection, season)
        for number, row_id in zip(roster.number, roster.id.tolist(), strict=True):
            await people.add_session(connection, token_digest(tokens[number]), row_id, span, "")
    return tokens


async def whole_log(url: str) -> list[Event]:
    """Every event of the log, read from the database itself."""
    engine = open_engine(Settings(database_url=url))
    events: list[Event] = []
    try:
        async with reading(engine) as connection:
            while page := await log.follow(connection, events[-1].seq if events else 0):
                events += page
    finally:
        await engine.dispose()
    return events
