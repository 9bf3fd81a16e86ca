"""How uvicorn speaks on a connection: the live websocket beside everything else.

`/api/v1/live` is answered here, by websockets' Sans-I/O protocol straight on the transport: no ASGI,
no task and no queue for a connection that only listens. Every other websocket goes to uvicorn's own
class. A client that stops reading is held at most a few dozen KB, and for a few seconds.
"""

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from typing import cast

import msgspec
from starlette.requests import HTTPConnection
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import CLOSED, CLOSING, OPEN
from websockets.server import ServerProtocol

from service.errors import Refusal
from service.push.hub import Watcher
from service.store.engine import DatabaseFault
from web import live_session as session
from web.deps import Services

PATH = "/api/v1/live"
EVENTS_PATH = f"{PATH}/events"

MESSAGE_LIMIT = 4096
FRAMES_PER_SECOND = 5
CLOSE_WITHIN_S = 2
HELD_BACK = 2048
"""Bytes that may wait here, a message or two, before a connection counts as not ready."""

SEND_BUFFER = 32 * 1024
"""Bytes asked of the kernel for what a client has not taken yet; Linux reserves twice as many."""

_quiet = logging.getLogger("mingci.live")
_quiet.setLevel(logging.WARNING)  # websockets would log every opening and closing


class Patience:
    """Ends a connection whose client has taken nothing for DROP_AFTER_S of what waits for it."""

    __slots__ = ("_at_its_end", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        """Bound what may wait: nearly nothing here, SEND_BUFFER in the kernel."""
        self._transport = transport
        self._at_its_end: asyncio.TimerHandle | None = None
        transport.set_write_buffer_limits(high=HELD_BACK)
        wire = transport.get_extra_info("socket")
        if wire is not None and wire.family in (socket.AF_INET, socket.AF_INET6):
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
            if hasattr(socket, "TCP_USER_TIMEOUT"):  # a peer that has vanished, where it is Linux
                wire.setsockopt(
                    socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, session.DROP_AFTER_S * 1000
                )

    def begin(self) -> None:
        """Something waits."""
        loop = asyncio.get_running_loop()
        self._at_its_end = loop.call_later(session.DROP_AFTER_S, self._transport.abort)

    def end(self) -> None:
        """Nothing waits any more."""
        if self._at_its_end is not None:
            self._at_its_end.cancel()
            self._at_its_end = None


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP, with bounds for event streams, which otherwise nothing ends."""

    _patience: Patience | None = None

    def on_headers_complete(self) -> None:
        """Called by the parser when it is known what is asked for."""
        super().on_headers_complete()
        if self.scope.get("path") == EVENTS_PATH:
            self._patience = Patience(self.transport)

    def pause_writing(self) -> None:
        """The client is slower than what is sent."""
        super().pause_writing()
        if self._patience is not None:
            self._patience.begin()

    def resume_writing(self) -> None:
        """The client has taken what was sent, or the connection is lost."""
        super().resume_writing()
        if self._patience is not None:
            self._patience.end()

    def shutdown(self) -> None:
        """Called by uvicorn when the server stops."""
        if self._patience is not None:
            self.transport.close()
        super().shutdown()


class LiveProtocol(asyncio.Protocol):
    """The websocket protocol uvicorn is given: by the path asked for it lets one of two speak."""

    __slots__ = ("_chosen", "_given", "_transport")

    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, object]
    ) -> None:
        self._given = (config, server_state, app_state)
        self._chosen: LiveSocket | WebSocketsSansIOProtocol | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A connection that has asked to become a websocket."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """The first data are the whole head of the request; what follows is frames."""
        if self._chosen is None:
            config, state, app_state = self._given
            path = data.split(b" ", 2)[1].partition(b"?")[0]
            if path == PATH.encode():
                self._chosen = LiveSocket(
                    cast("Services", app_state["services"]), cast("set[object]", state.connections)
                )
            else:
                self._chosen = WebSocketsSansIOProtocol(config, state, app_state)
            if self._transport is not None:
                self._chosen.connection_made(self._transport)
            del self._given, self._transport
        self._chosen.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Passed on, as the rest."""
        if self._chosen is not None:
            self._chosen.connection_lost(exc)

    def pause_writing(self) -> None:
        """The client is slower than what is sent."""
        if self._chosen is not None:
            self._chosen.pause_writing()

    def resume_writing(self) -> None:
        """The client has taken what was sent."""
        if self._chosen is not None:
            self._chosen.resume_writing()


class LiveSocket:
    """One live websocket: greets its client once, then only passes on what the hub sends.

    It is the hub's sink: `ready` means that the transport holds nothing back.
    """

    __slots__ = (
        "_at",
        "_connections",
        "_frames",
        "_greeting",
        "_parts",
        "_patience",
        "_protocol",
        "_request",
        "_since",
        "_timer",
        "_transport",
        "_watcher",
        "ready",
    )

    def __init__(self, at: Services, connections: set[object]) -> None:
        self._at = at
        self._connections = connections
        self._protocol = ServerProtocol(max_size=MESSAGE_LIMIT, logger=_quiet)
        self._request: Request | None = None
        self._greeting: asyncio.Task[None] | None = None
        self._watcher: Watcher | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._parts: list[bytes] = []
        self._frames = 0
        self._since = 0.0
        self.ready = False

    def connection_made(self, transport: asyncio.Transport) -> None:
        """The client has begun to ask; it has HELLO_WITHIN_S to have said who it is."""
        self._connections.add(self)
        self._transport = transport
        self._patience = Patience(transport)
        self._later(session.HELLO_WITHIN_S, self._too_late)

    def data_received(self, data: bytes) -> None:
        """The head of the request, then frames."""
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._request = event
                self._protocol.send_response(self._protocol.accept(event))
            elif isinstance(event, Frame) and self._protocol.state is OPEN:
                self._take(event)
        if self._protocol.state in (CLOSING, CLOSED):
            self._leave()
        self._write_out()

    def _take(self, frame: Frame) -> None:
        """One frame of a client that may send few; what is said after the greeting is ignored."""
        now = asyncio.get_running_loop().time()
        if now - self._since >= 1:
            self._since, self._frames = now, 0
        self._frames += 1
        if self._frames > FRAMES_PER_SECOND:
            self.close(session.NOT_ALLOWED, "at most 5 messages a second")
        elif frame.opcode is Opcode.BINARY:
            self.close(session.NOT_TEXT, "messages are text")
        elif frame.opcode in (Opcode.TEXT, Opcode.CONT) and self._request is not None:
            self._parts.append(bytes(frame.data))
            if frame.fin:
                self._hear(b"".join(self._parts))
                self._parts = []

    def _hear(self, text: bytes) -> None:
        """The first message."""
        request, self._request = self._request, None
        try:
            first = session.first_message.decode(text)
        except (msgspec.DecodeError, UnicodeError):
            self.close(session.NO_HELLO, "the first message is no hello and no watch")
            return
        headers = [] if request is None else list(request.headers.raw_items())
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
        connection = HTTPConnection({"type": "websocket", "headers": raw})
        loop = asyncio.get_running_loop()
        self._greeting = loop.create_task(self._greet(first, connection))

    async def _greet(
        self, first: session.Hello | session.Watch, connection: HTTPConnection
    ) -> None:
        try:
            watcher = await session.admitted(self._at, self, first, connection)
            self.ready = True
            self._at.hub.join(watcher)
            self._watcher, self._greeting = watcher, None
            self._stop_timer()
        except Refusal as refusal:
            self.close(session.close_code(refusal), refusal.code)
        except (DatabaseFault, OSError):
            self.close(session.TRY_LATER, "unavailable")

    def send(self, messages: Sequence[bytes]) -> None:
        """Write text frames, which a server sends unmasked."""
        if len(messages) == 1:
            self._transport.write(framed(messages[0]))
        else:
            self._transport.write(b"".join([framed(message) for message in messages]))

    def end(self, reason: Refusal) -> None:
        """The hub has nothing more to tell."""
        self.close(session.close_code(reason), reason.code)

    def close(self, code: int, reason: str) -> None:
        """Say why, and wait a moment for the client to close."""
        self._leave()
        if self._protocol.state is OPEN:
            self._protocol.send_close(code, reason)
            self._write_out()
            self._later(CLOSE_WITHIN_S, self._transport.abort)

    def shutdown(self) -> None:
        """Called by uvicorn when the server stops."""
        self.close(session.RESTART, "restart")
        self._transport.close()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Gone, however it came."""
        self._connections.discard(self)
        self._leave()
        self._stop_timer()
        self._patience.end()

    def pause_writing(self) -> None:
        """The client is slower than what is sent."""
        self.ready = False
        self._patience.begin()

    def resume_writing(self) -> None:
        """The client has taken what was sent: what is newest now may follow."""
        self._patience.end()
        if self._watcher is not None:
            self.ready = True
            self._watcher.mailbox.flush()

    def _leave(self) -> None:
        """Be sent nothing more, and ask for nothing more."""
        self.ready = False
        if self._greeting is not None and self._greeting is not asyncio.current_task():
            self._greeting.cancel()
        self._greeting = self._request = None
        if self._watcher is not None:
            self._at.hub.leave(self._watcher)
            self._watcher = None

    def _too_late(self) -> None:
        if self._protocol.state is not OPEN:
            self._transport.abort()
        elif self._greeting is None:
            self.close(session.NO_HELLO, "no hello within 5 s")
        else:
            self.close(session.TRY_LATER, "unavailable")

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(seconds, act)

    def _write_out(self) -> None:
        """What the protocol itself has to say: the handshake, pongs, the end."""
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self._transport.close()


def framed(text: bytes) -> bytes:
    """A message as one text frame. RFC 6455, 5.2."""
    size = len(text)
    if size < 126:
        return b"\x81%c%b" % (size, text)
    if size < 65_536:
        return b"\x81\x7e%c%c%b" % (size >> 8, size & 255, text)
    return b"\x81\x7f" + size.to_bytes(8) + text
