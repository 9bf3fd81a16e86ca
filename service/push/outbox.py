"""A mailbox that keeps only the newest of each kind of message.

A socket that is slow to read is sent what is true now, never a queue of what was.
"""

import asyncio

from service.errors import Refusal


class Mailbox:
    """One watcher's unsent frames, the newest of each kind, in the order the kinds came."""

    def __init__(self) -> None:
        self._frames: dict[str, str] = {}
        self._filled = asyncio.Event()
        self._ended: Refusal | None = None

    def put(self, kind: str, frame: str) -> None:
        """Leave `frame`; an unsent one of the same kind is replaced."""
        self._frames[kind] = frame
        self._filled.set()

    def end(self, reason: Refusal) -> None:
        """There is nothing more to come: the next `take` raises `reason`."""
        self._ended = reason
        self._filled.set()

    async def take(self) -> list[str]:
        """Wait until there is something, and take all of it.

        Raises:
            Refusal: why there is nothing left to wait for.
        """
        await self._filled.wait()
        if self._ended is not None:
            raise self._ended
        frames = list(self._frames.values())
        self._frames.clear()
        self._filled.clear()
        return frames
