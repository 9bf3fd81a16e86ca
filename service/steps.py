"""The steps of a round after its close: which it has taken, and the event that says so. RULES.md 5, 7."""

from collections.abc import Mapping
from datetime import datetime

from service.calendar import Step
from service.errors import Refusal
from service.events import Event, Kind
from service.store import admission, rounds
from service.store.acts import Act
from service.store.admission import Filing
from service.store.engine import Connection
from service.terms import Terms

STEP_KINDS: Mapping[Step, Kind] = {
    "filed": "filing_applied",
    "deciding": "decisions_imported",
    "results": "results_released",
    "unfilled_published": "unfilled_published",
}
"""What the log calls each step after the close."""


def stepped(round_id: int, now: datetime, step: Step, body: Mapping[str, object]) -> Event:
    """The event that takes a round a step on after its close; `rounds.record` keeps it."""
    return Event(0, STEP_KINDS[step], now, round_id, body={"gate": step, **body})


async def code_of(connection: Connection, act: Act) -> str:
    """The code of the round that an act is about.

    Raises:
        Refusal: `invalid-request` for an act about none.
    """
    if act.round_id is None:
        raise Refusal("invalid-request")
    return await rounds.code_of(connection, act.round_id)


async def filed_round(connection: Connection, code: str) -> tuple[Filing, Terms]:
    """A round that is filed and whose results are not out.

    Raises:
        Refusal: `not-found`, `not-filed`, `already-released`.
    """
    terms = await rounds.read_terms(connection, code)
    if terms is None:
        raise Refusal("not-found", what=code)
    filed = await admission.filing_of(connection, terms.round_id)
    if filed is None:
        raise Refusal("not-filed")
    if filed.released_ms is not None:
        raise Refusal("already-released")
    return filed, terms
