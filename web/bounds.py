"""How much a request may bring: a longer body is refused before it is read."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import Refusal
from web.refusals import problem

BODY_LIMIT = 64 * 1024
"""Bytes of a body; a form of two hundred majors is a tenth of it."""


UPLOAD_LIMIT = 48 * 1024 * 1024
"""Bytes of a file brought to the office's desk: about 400,000 candidates as CSV."""

UPLOADS = ("/office/imports", "/office/next-plan")
"""The addresses that take files; they read nothing before they know who asks."""


def limit_of(path: str) -> int:
    """How many bytes a body sent to an address may have."""
    return UPLOAD_LIMIT if path in UPLOADS else BODY_LIMIT


class Bounded:
    """ASGI middleware: no body is longer than its address takes, whatever its header says."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        limit = limit_of(scope["path"])
        if declared.isdigit() and len(declared) < 19 and int(declared) <= limit:
            await self._app(scope, counted(receive, limit), send)
        else:
            answer = problem(Request(scope), Refusal("too-large"))
            await answer(scope, receive, send)


def counted(receive: Receive, limit: int) -> Receive:
    """The same, until more has come than may."""
    left = limit

    async def bounded() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413)
        return message

    return bounded
