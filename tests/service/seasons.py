"""A closed round and what two people's acts do to it, for the tests of admission."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from importers.decisions import read_decisions
from importers.report import Report
from importers.tables import Source
from service.acts import Act, Applier
from service.admission import Admission, apply_filing
from service.decision_intake import DecisionIntake, DecisionsApplied
from service.events import Event
from service.releases import publish_unfilled, release_results
from service.store import rounds
from service.store.admission import OutcomeRow, filing_of, outcomes_of
from service.store.engine import Engine, reading, writing
from tests.builders import ROUND, Clock, House


class Office(Protocol):
    """Whatever has a database and a clock."""

    @property
    def engine(self) -> Engine: ...

    @property
    def clock(self) -> Clock: ...


async def act(
    house: Office, applier: Applier, body: Mapping[str, object] | None = None, code: str = ROUND
) -> list[Event]:
    """Carry out an act as `service.acts` does: its writes and its events in one transaction."""
    async with writing(house.engine) as connection:
        round_id, _ = (await rounds.revisions(connection))[code]
        now = house.clock()
        agreed = Act(
            0, "test", round_id, body or {}, "agreed", 1, publication=False, proposed_at=now
        )
        return await rounds.record(connection, await applier(connection, agreed, now))


def admission(house: Office) -> Admission:
    return Admission(house.engine, house.clock, lambda _: None)


async def close(house: House, time: str = "14:00") -> None:
    """Let the round's last segment close."""
    house.clock.at(time)
    await house.desk.pass_gates()


async def file_round(house: Office, code: str = ROUND) -> list[Event]:
    """Dry run, then the filing as it said."""
    tried = await admission(house).dry_run(code)
    return await act(house, apply_filing, {"digest": tried.digest}, code)


async def release(house: Office, code: str = ROUND) -> list[Event]:
    """The independent check, then the release."""
    await admission(house).check(code)
    return await act(house, release_results, {"digest": await checked(house, code)}, code)


async def checked(house: Office, code: str = ROUND) -> str | None:
    """The digest of the outcomes that the newest check agreed with."""
    async with reading(house.engine) as connection:
        round_id, _ = (await rounds.revisions(connection))[code]
        filing = await filing_of(connection, round_id)
    return None if filing is None else filing.checked_digest


async def publish(house: Office, code: str = ROUND) -> list[Event]:
    return await act(house, publish_unfilled, code=code)


async def decide(
    house: Office, text: str, *, dry_run: bool = False
) -> tuple[DecisionsApplied | None, Report]:
    """Import a decisions file."""
    rows, report = read_decisions(Source("decisions.csv", text.encode()))
    assert report.accepted, report.faults
    desk = DecisionIntake(house.engine, house.clock, lambda _: None)
    return await desk.apply(ROUND, rows, report, dry_run=dry_run), report


async def outcomes(house: House, code: str = ROUND) -> dict[str, OutcomeRow]:
    """Everybody's outcome by candidate number."""
    number = {row: candidate for candidate, row in house.ids.items()}
    async with reading(house.engine) as connection:
        round_id, _ = (await rounds.revisions(connection))[code]
        return {number[o.candidate_id]: o for o in await outcomes_of(connection, round_id)}


CHOICES = (
    ("101", "5012", ("01", "02")),
    ("102", "5012", ("01",)),
    ("103", "5012", ("01", "02")),
    ("104", "5012", ("01", "02")),
    ("105", "5037", ("01",)),
    ("106", "E87", ("01",)),
)
"""5012 has 3 seats: 101 above, and 102, 103, 104 tie at 615 for the other two."""


async def everybody_files(
    house: House, choices: Sequence[tuple[str, str, tuple[str, ...]]] = CHOICES
) -> None:
    for number, institution, majors in choices:
        await house.file(number, institution, majors, adjust=number == "104")
