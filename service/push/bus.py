"""How a follower hears that the log has grown: a hint, never the news itself.

A hint that is lost costs one tick, since a follower looks by itself at every tick.
"""

import asyncio
from typing import Protocol


class Bus(Protocol):
    """Carries the hint between the writers and the followers of all workers."""

    async def open(self) -> None:
        """Begin to listen."""

    async def close(self) -> None:
        """Stop listening."""

    def announce(self, seq: int) -> None:
        """Say that the log reaches `seq`."""

    async def heard(self, timeout_s: float) -> None:
        """Return when something was announced since the last call, or after `timeout_s`."""


class LocalBus:
    """The hint within one process."""

    def __init__(self) -> None:
        self._grew = asyncio.Event()

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to close."""

    def announce(self, seq: int) -> None:  # noqa: ARG002 one process needs no number
        """Wake the follower."""
        self._grew.set()

    async def heard(self, timeout_s: float) -> None:
        """Return when woken, or after `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):  # wait_for of 3.11 may swallow a cancellation
                await self._grew.wait()
        except TimeoutError:
            return
        self._grew.clear()
