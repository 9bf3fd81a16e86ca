"""The hub: at each tick, whoever's view has changed is left the newest of it.

A watcher's mailbox holds one standing: a newer one replaces an unsent one. The board is computed
once a tick for everybody, and only while its version has changed.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from ranking.rules import UnitKey
from service import views
from service.board import Board
from service.errors import Refusal
from service.push.outbox import Mailbox
from service.shapes import StandingView

STALE_AFTER = timedelta(seconds=5)
"""How old the board may be before heartbeats stop, so that clients see that it is stale."""

SOCKETS_PER_CANDIDATE = 3
UNITS_PER_WATCH = 8
MANY_WATCHERS = 2_000
"""From so many on a tick computes everybody's standing; fewer are answered one by one."""

_log = structlog.get_logger(__name__)


@dataclass(eq=False, slots=True)
class Watcher:
    """One socket: a candidate's own standing, or the public figures of some units."""

    round_code: str
    candidate_id: int | None = None
    units: Sequence[UnitKey] = ()
    mailbox: Mailbox = field(default_factory=Mailbox)
    epoch: str = ""
    seen: tuple[object, ...] | None = None
    state: str | None = None


class Hub:
    """All watchers of one worker."""

    def __init__(
        self, board: Board, clock: Callable[[], datetime], tick_s: float, heartbeat_s: int
    ) -> None:
        self._board = board
        self._clock = clock
        self._tick_s = tick_s
        self.heartbeat_s = heartbeat_s
        self._watchers: dict[str, set[Watcher]] = {}
        self._pushed: dict[str, tuple[str, int]] = {}
        self._sockets: dict[int, int] = {}

    @property
    def count(self) -> int:
        """How many are watching."""
        return sum(len(watchers) for watchers in self._watchers.values())

    def join(self, watcher: Watcher) -> None:
        """Begin to watch: the newest is left in the mailbox at once.

        Raises:
            Refusal: `not-found`, `too-many-connections`, `unknown-unit`, `not-published`.
        """
        views.round_board(self._board, watcher.round_code)
        if (
            watcher.candidate_id is not None
            and self._sockets.get(watcher.candidate_id, 0) >= SOCKETS_PER_CANDIDATE
        ):
            raise Refusal("too-many-connections", limit=SOCKETS_PER_CANDIDATE)
        watcher.epoch = self._board.epoch
        self._refresh(watcher)
        if watcher.candidate_id is not None:
            self._sockets[watcher.candidate_id] = self._sockets.get(watcher.candidate_id, 0) + 1
        self._watchers.setdefault(watcher.round_code, set()).add(watcher)

    def leave(self, watcher: Watcher) -> None:
        """Stop watching."""
        watchers = self._watchers.get(watcher.round_code, set())
        if watcher not in watchers:
            return
        watchers.discard(watcher)
        if watcher.candidate_id is not None:
            self._sockets[watcher.candidate_id] -= 1
            if not self._sockets[watcher.candidate_id]:
                del self._sockets[watcher.candidate_id]

    async def run(self) -> None:
        """Tick until cancelled. A pass that takes long delays the next; nothing piles up."""
        loop = asyncio.get_running_loop()
        beat_at = loop.time() + self.heartbeat_s
        while True:
            began = loop.time()
            self.tick()
            if began >= beat_at:
                self._beat()
                beat_at = began + self.heartbeat_s
            took = loop.time() - began
            await asyncio.sleep(max(self._tick_s - took, took))

    def tick(self) -> None:
        """Leave everybody whose view has changed the newest of it."""
        for code, watchers in self._watchers.items():
            one = self._board.rounds.get(code)
            version = (self._board.epoch, -1 if one is None else one.version)
            if version == self._pushed.get(code):
                continue
            self._pushed[code] = version
            if one is not None and len(watchers) >= MANY_WATCHERS:
                one.computed()
            for watcher in watchers:
                self._refresh_or_end(watcher)

    def _refresh_or_end(self, watcher: Watcher) -> None:
        """One who can no longer be told anything true is sent away, and holds up nobody."""
        if watcher.epoch != self._board.epoch or watcher.round_code not in self._board.rounds:
            watcher.mailbox.end(Refusal("unavailable"))
            return
        try:
            self._refresh(watcher)
        except Refusal as reason:
            watcher.mailbox.end(reason)

    def _refresh(self, watcher: Watcher) -> None:
        one = self._board.rounds[watcher.round_code]
        state = views.state_of(one)
        if watcher.state is not None and watcher.state != state:
            watcher.mailbox.put(
                "round", self.message("round", round=watcher.round_code, state=state)
            )
        watcher.state = state
        if watcher.candidate_id is None:
            self._refresh_units(watcher)
            return
        view = views.standing(self._board, watcher.round_code, watcher.candidate_id)
        seen = _without_moment(view)
        if seen != watcher.seen:
            watcher.seen = seen
            watcher.mailbox.put("standing", self.message("standing", **view))

    def _refresh_units(self, watcher: Watcher) -> None:
        one = self._board.rounds[watcher.round_code]
        if not one.terms.file.live_statistics:
            raise Refusal("not-published", what=watcher.round_code)
        wanted = [one.terms.unit_by_key.get(key) for key in watcher.units]
        found = [unit for unit in wanted if unit is not None]
        if len(found) < len(wanted):
            raise Refusal("unknown-unit")
        rows = views.statistics_rows(one, found)
        if (seen := (rows,)) != watcher.seen:
            watcher.seen = seen
            moment = views.moment(self._board.as_of)
            content = {"round": watcher.round_code, "seq": self._board.seq, "as_of": moment}
            watcher.mailbox.put("statistics", self.message("statistics", **content, items=rows))

    def _beat(self) -> None:
        now = self._clock()
        if now - self._board.as_of > STALE_AFTER:
            _log.warning("heartbeat_withheld", behind_s=(now - self._board.as_of).total_seconds())
            return
        frame = self.message("heartbeat", seq=self._board.seq, server_time=views.moment(now))
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.mailbox.put("heartbeat", frame)

    def welcome(self) -> str:
        """The first message to a client that said hello."""
        return self.message(
            "welcome",
            epoch=self._board.epoch,
            seq=self._board.seq,
            server_time=views.moment(self._clock()),
            heartbeat_s=self.heartbeat_s,
        )

    @staticmethod
    def message(kind: str, **content: object) -> str:
        """A message as it goes over the wire."""
        return json.dumps({"type": kind, **content}, ensure_ascii=False, separators=(",", ":"))


def _without_moment(view: StandingView) -> tuple[object, ...]:
    """What of a standing counts as a change: everything but the moment it was true at."""
    return tuple(value for name, value in view.items() if name not in ("seq", "as_of"))
