"""A mailbox that keeps only the newest of each kind of message.

A socket that is slow to read is sent what is true now, never a queue of what was.
"""

import asyncio


class Mailbox:
    """One watcher's unsent frames, the newest of each kind, in the order the kinds came."""

    def __init__(self) -> None:
        self._frames: dict[str, str] = {}
        self._filled = asyncio.Event()

    def put(self, kind: str, frame: str) -> None:
        """Leave `frame`; an unsent one of the same kind is replaced."""
        self._frames[kind] = frame
        self._filled.set()

    async def take(self) -> list[str]:
        """Wait until there is something, and take all of it."""
        await self._filled.wait()
        frames = list(self._frames.values())
        self._frames.clear()
        self._filled.clear()
        return frames
