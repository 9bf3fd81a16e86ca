"""The one hot call, `PUT …/choice`, without a framework's dispatch.

It takes what is plainly right: a known round, a bearer token, a key, a JSON body of the form. All
else goes the ordinary way through `web.api.choice`, which says what is wrong and is where the call is
described; what is answered 200 is the same either way, to the byte.
"""

from typing import Annotated

import msgspec
from starlette.routing import BaseRoute, Match
from starlette.types import Message, Receive, Scope, Send

from service import views
from service.errors import Refusal
from service.filing import KEY, Wish
from web.deps import Services, device_text

PREFIX, SUFFIX = "/api/v1/rounds/", "/choice"
TEMPLATE = PREFIX + "{round_code}" + SUFFIX

_NAMES = (b"authorization", b"idempotency-key", b"content-type", b"user-agent")
_ORDINARY = "mingci.ordinary"

Short = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
MajorCode = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class PlainWish(msgspec.Struct, frozen=True):
    """`web.api.choice.ChoiceWish`, and nothing that it would not take."""

    institution_code: Short
    majors: Annotated[list[MajorCode], msgspec.Meta(max_length=200)]
    accepts_adjustment: bool
    version: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
    plan_nature: Annotated[str, msgspec.Meta(max_length=64)] | None = None


_decode = msgspec.json.Decoder(PlainWish).decode
_encode = msgspec.json.Encoder().encode


class PlainChoice(BaseRoute):
    """A route to put before all others. Its `path` is what it is measured by."""

    path = TEMPLATE

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether this request is plain, as far as its head says."""
        if scope["type"] != "http" or scope["method"] != "PUT" or _ORDINARY in scope:
            return Match.NONE, {}
        path: str = scope["path"]
        if not (path.startswith(PREFIX) and path.endswith(SUFFIX)):
            return Match.NONE, {}
        code = path[len(PREFIX) : -len(SUFFIX)]
        at: Services = scope["app"].state.services
        asked = _plain_head(scope)
        if asked is None or code not in at.board.rounds:
            return Match.NONE, {}
        return Match.FULL, {"route": self, "asked": (at, code, *asked)}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """File the choice; a body that is not plain is handed on as it came."""
        at, code, token, key, device = scope["asked"]
        body = await _body(receive)
        try:
            wished = _decode(body)
        except (msgspec.DecodeError, UnicodeError):
            scope[_ORDINARY] = True
            await scope["router"](scope, _again(body, receive), send)
            return
        person = await at.accounts.whose(token)
        if person.must_change_password:
            raise Refusal("must-change-password")
        wish = Wish(
            wished.institution_code,
            wished.plan_nature,
            tuple(wished.majors),
            wished.accepts_adjustment,
        )
        receipt = await at.desk.file(person.candidate_id, code, wish, wished.version, key, device)
        await at.board.reached(receipt.seq)
        standing = views.standing(at.board, code, person.candidate_id)
        await _answer(send, _encode({"receipt": receipt.as_json(), "standing": standing}))


def _plain_head(scope: Scope) -> tuple[str, str, str] | None:
    """Token, key and device of a head that says each thing once and in the usual way."""
    told: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _NAMES:
            if name in told:
                return None
            told[name] = value
    bearer, key = told.get(b"authorization", b""), told.get(b"idempotency-key", b"")
    token = bearer[7:].decode("latin-1")
    named = key.decode("latin-1")
    usual = told.get(b"content-type") == b"application/json" and bearer.startswith(b"Bearer ")
    if not (usual and token and token == token.strip() and KEY.fullmatch(named)):
        return None
    return token, named, device_text(told.get(b"user-agent", b"").decode("latin-1"))


async def _body(receive: Receive) -> bytes:
    """All of the body; of a client that has left, what there was."""
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


def _again(body: bytes, receive: Receive) -> Receive:
    """A body that was read, to be read once more; then whatever comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _answer(send: Send, body: bytes) -> None:
    headers = [
        (b"content-length", str(len(body)).encode()),
        (b"content-type", b"application/json"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
