"""A mailbox that keeps only the newest of each kind of message, and the way out of it.

A client that is slow to read is sent what is true now, never a queue of what was.
"""

from collections.abc import Sequence
from typing import Protocol

from service.errors import Refusal


class Sink(Protocol):
    """Where a watcher's messages leave the service: a websocket, an event stream."""

    @property
    def ready(self) -> bool:
        """Whether all it was given is on its way, so that it would take more at once."""

    def send(self, messages: Sequence[bytes]) -> None:
        """Pass on JSON texts, in this order. Must not wait."""

    def end(self, reason: Refusal) -> None:
        """There is nothing more to come, because of `reason`."""


class Mailbox:
    """What one watcher has not been sent yet: the newest of each kind, in the order they came."""

    __slots__ = ("_sink", "_unsent")

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._unsent: dict[str, bytes] | None = None

    def put(self, kind: str, message: bytes) -> None:
        """Send `message`, now or when the sink is ready; an unsent one of its kind is replaced."""
        if self._unsent is None and self._sink.ready:
            self._sink.send((message,))
            return
        self.hold(kind, message)
        self.flush()

    def hold(self, kind: str, message: bytes) -> None:
        """Leave `message` for the next flush; an unsent one of its kind is replaced."""
        if self._unsent is None:
            self._unsent = {}
        self._unsent[kind] = message

    def flush(self) -> None:
        """Send what is unsent, if the sink is ready: for a sink to call when it has become so."""
        if self._unsent is not None and self._sink.ready:
            messages, self._unsent = tuple(self._unsent.values()), None
            self._sink.send(messages)

    def end(self, reason: Refusal) -> None:
        """Send nothing more, and say why."""
        self._unsent = None
        self._sink.end(reason)
