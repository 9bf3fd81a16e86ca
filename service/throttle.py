"""How often one candidate may come to the desk: some at once, then one by one. RULES.md 4.

Edits are unlimited; only their pace is not. Every request counts, a retry too: what it was answered
before waits for it, and a client that tries again after `retry_after` gets the same receipt. Each
worker counts for itself.
"""

import math
import time
from collections.abc import Callable

from service.errors import Refusal

SWEEP_ABOVE = 10_000
"""How many candidates are remembered before those who have long been quiet are forgotten."""


class Throttle:
    """A bucket of `burst` for each candidate, that gains one every `every_s` seconds."""

    def __init__(
        self, burst: int, every_s: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._ahead = (burst - 1) * every_s
        self._every_s = every_s
        self._now = now
        self._full_at: dict[int, float] = {}
        self._sweep_above = SWEEP_ABOVE

    def take(self, candidate_id: int) -> None:
        """Let one request pass.

        Raises:
            Refusal: `too-many-attempts`, with the whole seconds after which one more may pass.
        """
        now = self._now()
        full_at = max(self._full_at.get(candidate_id, now), now)
        early = full_at - self._ahead - now
        if early > 0:
            raise Refusal("too-many-attempts", retry_after=math.ceil(early))
        self._full_at[candidate_id] = full_at + self._every_s
        if len(self._full_at) > self._sweep_above:
            self._full_at = {who: full for who, full in self._full_at.items() if full > now}
            self._sweep_above = max(SWEEP_ABOVE, 2 * len(self._full_at))
