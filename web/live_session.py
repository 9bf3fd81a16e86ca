"""What a live connection says first, and what it is told at the end. CONTRACT.md 4.

The same for a websocket and for an event stream; neither's bytes are known here.
"""

import msgspec
from starlette.requests import HTTPConnection

from ranking.rules import UnitKey
from service import views
from service.errors import Refusal
from service.push.hub import UNITS_PER_WATCH, Watcher
from service.push.outbox import Sink
from web.deps import Services, same_origin, token_of

HELLO_WITHIN_S = 5
DROP_AFTER_S = 5
"""How long a client may take nothing of what waits for it."""

NOT_TEXT, NOT_ALLOWED, TOO_BIG, RESTART, TRY_LATER = 1003, 1008, 1009, 1012, 1013
NOT_SIGNED_IN, NO_HELLO, TOO_MANY = 4401, 4408, 4429

_CLOSE_CODES = {
    "not-signed-in": NOT_SIGNED_IN,
    "must-change-password": NOT_SIGNED_IN,
    "too-many-connections": TOO_MANY,
    "unavailable": RESTART,
    "overloaded": TRY_LATER,
}


class Resume(msgspec.Struct):
    """Where a client left off. The newest standing is sent anyway, so it only must read well."""

    epoch: str
    seq: int


class Hello(msgspec.Struct, tag_field="type", tag="hello"):
    """The first message of a candidate; without a token the cookie's session counts."""

    round: str | None = None
    token: str | None = None
    resume: Resume | None = None


class Watch(msgspec.Struct, tag_field="type", tag="watch"):
    """The first message of anybody who watches public figures."""

    round: str
    units: list[str]


first_message = msgspec.json.Decoder(Hello | Watch)


def close_code(refusal: Refusal) -> int:
    """The code a websocket is closed with."""
    return _CLOSE_CODES.get(refusal.code, NOT_ALLOWED)


async def admitted(
    at: Services, sink: Sink, first: Hello | Watch, connection: HTTPConnection
) -> Watcher:
    """Who is to be told what, not joined yet.

    Raises:
        Refusal: `not-signed-in`, `must-change-password`, `not-found`, `too-many-units`.
        DatabaseFault: the database does not say whose session it is.
    """
    if isinstance(first, Watch):
        return Watcher(sink, first.round, units=unit_keys(first.units))
    token = first.token
    if token is None and same_origin(connection):
        token = token_of(connection)
    if token is None:
        raise Refusal("not-signed-in")
    session, person = await at.sessions.whose(token)
    code = first.round or views.candidate_round(at.board, person.candidate_id)
    if code is None:
        raise Refusal("not-found")
    return Watcher(sink, code, person.candidate_id, session)


def unit_keys(texts: list[str]) -> list[UnitKey]:
    """Units as files write them: institution/track/plan_nature.

    Raises:
        Refusal: `too-many-units`, also for none.
    """
    if not 1 <= len(texts) <= UNITS_PER_WATCH:
        raise Refusal("too-many-units", limit=UNITS_PER_WATCH)
    parts = [[*text.split("/", 2), "", ""] for text in texts]
    return [UnitKey(part[0], part[1], part[2]) for part in parts]
