"""Letting things out: results of a filed round, and then the seats it left. What acts of two do.

A release is one row and one instant: what will be answered was made at the check. RULES.md 5.6-5.7.
"""

from datetime import datetime
from hashlib import sha256

import anyio.to_thread

from service.acts import Act
from service.admission import outcomes_digest
from service.errors import Refusal
from service.events import Event, to_ms
from service.moments import moment
from service.outcome_lists import unfilled_rows
from service.receipts import canonical
from service.result_shapes import UnfilledView
from service.steps import code_of, filed_round, stepped
from service.store import admission, results, rounds
from service.store.engine import Connection
from service.store.results import Publication


async def release_results(connection: Connection, act: Act, now: datetime) -> list[Event]:
    """Let the results of a round out, and the admitted out of the season's other rounds.

    Body: {"digest": the checked outcomes' when it was proposed}, so that what was reviewed is released.

    Raises:
        Refusal: `not-filed`, `already-released`, `not-checked` without an independent check of the
            outcomes as they stand, `changed-since` for others than were reviewed.
    """
    code = await code_of(connection, act)
    filed, terms = await filed_round(connection, code)
    outcomes = await admission.outcomes_of(connection, terms.round_id)
    digest = await anyio.to_thread.run_sync(outcomes_digest, outcomes)
    if filed.checked_digest != digest:
        raise Refusal("not-checked")
    if act.body.get("digest") != digest:
        raise Refusal("changed-since")
    await admission.set_released(connection, terms.round_id, to_ms(now))
    body = {"digest": digest}
    released = stepped(terms.round_id, now, "results", body)
    others = await admission.unfiled_rounds(connection, terms.season_id)
    left = [
        Event(0, "admitted_left", now, other, body={"round": terms.file.code}) for other in others
    ]
    return [released, *left]


async def publish_unfilled(connection: Connection, act: Act, now: datetime) -> list[Event]:
    """Publish every major's seats left of a round whose results are out, once and for good.

    Raises:
        Refusal: `not-released`, `already-published`.
    """
    code = await code_of(connection, act)
    terms = await rounds.read_terms(connection, code)
    if terms is None:
        raise Refusal("not-found", what=code)
    filed = await admission.filing_of(connection, terms.round_id)
    if filed is None or filed.released_ms is None:
        raise Refusal("not-released")
    if await results.unfilled_of(connection, terms.round_id) is not None:
        raise Refusal("already-published")
    rows = unfilled_rows(terms, await admission.outcomes_of(connection, terms.round_id))
    view: UnfilledView = {
        "round": code,
        "name": terms.file.name,
        "published_at": moment(now),
        "majors": sum(row["unfilled"] > 0 for row in rows),
        "seats_left": sum(row["unfilled"] for row in rows),
        "items": rows,
        "next": None,
    }
    content = canonical(view)
    digest = sha256(content).hexdigest()
    await results.add_unfilled(connection, Publication(terms.round_id, to_ms(now), digest, content))
    said = {"digest": digest, "seats_left": view["seats_left"]}
    return [stepped(terms.round_id, now, "unfilled_published", said)]
