"""A small round that is open now, its candidates signed in: what every fault test loads."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from service.accounts import Accounts
from service.events import Event
from service.settings import Settings
from service.store import log
from service.store.engine import Engine, open_engine, reading
from tests.builders import Clock, load
from web.app import utc_now

ROUND = "faults-1"
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
code = "faults"
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
    accounts = Accounts(engine, utc_now, 12)
    opened = await asyncio.gather(*(accounts.sign_in(str(n), f"code-{n}") for n in numbers))
    return {str(n): one.token for n, one in zip(numbers, opened, strict=True)}


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
