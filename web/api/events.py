"""The live messages as server-sent events, for who cannot have a websocket."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Header, Query, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials
from starlette.types import Receive, Scope, Send

from service.errors import Refusal
from service.push.hub import UNITS_PER_WATCH, Hub, Watcher
from web.deps import At, bearer
from web.live_session import Hello, Watch, admitted

RETRY_MS = 3000

router = APIRouter(prefix="/api/v1/live", tags=["live"])


class _Moment(msgspec.Struct):
    """What of a message an event's id is made of."""

    epoch: str | None = None
    seq: int | None = None


_moment_of = msgspec.json.Decoder(_Moment)


class EventSink:
    """The hub's way to one event stream, which is `ready` while it waits for something to pass on."""

    def __init__(self) -> None:
        self._given: Sequence[bytes] = ()
        self._something = asyncio.Event()
        self.ended = False
        self.ready = True

    def send(self, messages: Sequence[bytes]) -> None:
        """Leave messages for the stream."""
        self.ready = False
        self._given = messages
        self._something.set()

    def end(self, _reason: Refusal) -> None:
        """The stream ends; a client that asks again is told why."""
        self.ended = True
        self._something.set()

    async def given(self) -> Sequence[bytes]:
        """Wait for messages, or for the end."""
        await self._something.wait()
        self._something.clear()
        return self._given


class EventStream(Response):
    """An answer that goes on until the client leaves or the hub has nothing more to tell."""

    media_type = "text/event-stream"

    def __init__(self, hub: Hub, watcher: Watcher, sink: EventSink) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._hub, self._watcher, self._sink = hub, watcher, sink

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Join, and stream; whichever of client and stream ends first ends the other."""
        race = {
            asyncio.create_task(self._stream(send)),
            asyncio.create_task(_until_gone(receive)),
        }
        try:
            await asyncio.wait(race, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._hub.leave(self._watcher)
            for task in race:
                task.cancel()
            await asyncio.gather(*race, return_exceptions=True)

    async def _stream(self, send: Send) -> None:
        await send(
            {"type": "http.response.start", "status": 200, "headers": self.raw_headers},
        )
        await self._send(send, b"retry: %d\n\n" % RETRY_MS)
        while True:
            messages = await self._sink.given()
            if self._sink.ended:
                await send({"type": "http.response.body", "body": b""})
                return
            await self._send(send, b"".join([self._event(message) for message in messages]))
            self._sink.ready = True
            self._watcher.mailbox.flush()

    @staticmethod
    async def _send(send: Send, text: bytes) -> None:
        await send({"type": "http.response.body", "body": text, "more_body": True})

    def _event(self, message: bytes) -> bytes:
        """A message as an event; its id is epoch:seq, where it tells a seq."""
        seq = _moment_of.decode(message).seq
        known = b"" if seq is None else b"id: %b:%d\n" % (self._watcher.epoch.encode(), seq)
        return b"%bdata: %b\n\n" % (known, message)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@router.get(
    "/events",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def events(
    request: Request,
    at: At,
    _declared: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)],
    round_code: Annotated[str | None, Query(alias="round", max_length=64)] = None,
    unit: Annotated[list[str] | None, Query(max_length=UNITS_PER_WATCH)] = None,
    _last: Annotated[str | None, Header(alias="Last-Event-ID", max_length=200)] = None,
) -> EventStream:
    """The websocket's messages as events: welcome, then the newest at once and whenever it changes.

    Without `unit` the own standing, by bearer token or cookie; with it (`institution/track/plan_nature`,
    at most 8, `round` needed) the public figures of units where the round shows them live. An event's
    id is `epoch:seq`. A client that comes back with Last-Event-ID is sent the newest, never what it
    missed; another epoch in the welcome means: forget what you had. Streams count with websockets: a
    candidate may have three.
    """
    sink = EventSink()
    first = Hello(round_code) if unit is None else Watch(round_code or "", unit)
    watcher = await admitted(at, sink, first, request)
    at.hub.join(watcher)
    return EventStream(at.hub, watcher, sink)
