"""Refusals: what the service declines to do, each with a stable code. CONTRACT.md 3.

The code is the slug of the problem the outside sees; `web.refusals` turns it into a status and a
sentence. Facts are what the sentence may name; never a person's data.
"""

from collections.abc import Mapping

Fact = str | int | float | None


class Refusal(Exception):
    """The service declines, and says why by a stable code."""

    def __init__(
        self, code: str, current: Mapping[str, object] | None = None, **facts: Fact
    ) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts
        self.current = current
        """What stands instead, where the caller may see it (a stale version's present choice)."""


class StoreError(Exception):
    """The database is not what this program can work with; the sentence says what to do."""
