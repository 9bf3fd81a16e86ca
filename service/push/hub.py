"""The hub: at each tick, whoever's view has changed is sent the newest of it.

The board is computed once a tick for everybody, and only while its version has changed. What many
are sent is encoded once; a pass hands each message to its watcher's sink, with no task in between,
and gives way to everything else after every slice of watchers.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain, islice

import msgspec
import structlog

from service import views
from service.accounts import Ended
from service.board import Board, RoundBoard
from service.errors import Refusal
from service.push import frames
from service.push.audience import KINDS, Audience, Kind, Watcher

STALE_AFTER = timedelta(seconds=5)
"""How old the board may be before heartbeats stop, so that clients see that it is stale."""

SOCKETS_PER_CANDIDATE = 3
SOCKETS_PER_WORKER = 25_000
UNITS_PER_WATCH = 8
MANY_WATCHERS = 1_000
"""From so many on a tick computes everybody's standing; fewer are answered one by one."""

SLICE = 256
"""How many are sent to before other work gets its turn: some three milliseconds."""

_log = structlog.get_logger(__name__)


class Hub:
    """All watchers of one worker."""

    def __init__(
        self, board: Board, clock: Callable[[], datetime], tick_s: float, heartbeat_s: int
    ) -> None:
        self._board = board
        self._clock = clock
        self._tick_s = tick_s
        self.heartbeat_s = heartbeat_s
        self._audiences: dict[str, Audience] = {}
        self._pushed: dict[str, tuple[str, int]] = {}
        self._sockets: dict[int, int] = {}
        self._encoders: dict[str, frames.Encoder] = {}

    @property
    def count(self) -> int:
        """How many are watching."""
        return sum(map(len, self._audiences.values()))

    def join(self, watcher: Watcher) -> None:
        """Begin to watch: be welcomed and sent the newest at once.

        Raises:
            Refusal: `not-found`, `too-many-connections`, `overloaded`, `unknown-unit`,
                `not-published`.
        """
        one = views.round_board(self._board, watcher.round_code)
        candidate_id = watcher.candidate_id
        if self.count >= SOCKETS_PER_WORKER:
            raise Refusal("overloaded")
        if candidate_id is not None:
            if candidate_id not in one.row_by_candidate:
                raise Refusal("not-found", what=watcher.round_code)
            if self._sockets.get(candidate_id, 0) >= SOCKETS_PER_CANDIDATE:
                raise Refusal("too-many-connections", limit=SOCKETS_PER_CANDIDATE)
        body = self._body(watcher, one)
        if isinstance(body, Refusal):
            raise body
        watcher.epoch, watcher.state, watcher.seen = self._board.epoch, views.state_of(one), body
        watcher.mailbox.hold("welcome", self._welcome())
        watcher.mailbox.hold(watcher.kind, frames.message(self._heads(one)[watcher.kind], body))
        watcher.mailbox.flush()
        if candidate_id is not None:
            self._sockets[candidate_id] = self._sockets.get(candidate_id, 0) + 1
        self._audiences.setdefault(watcher.round_code, Audience()).add(watcher)

    def leave(self, watcher: Watcher) -> None:
        """Stop watching."""
        audience = self._audiences.get(watcher.round_code)
        if audience is None or watcher not in audience:
            return
        audience.remove(watcher)
        if watcher.candidate_id is not None:
            self._sockets[watcher.candidate_id] -= 1
            if not self._sockets[watcher.candidate_id]:
                del self._sockets[watcher.candidate_id]

    def sessions(self) -> set[str]:
        """The sessions that connections stand on."""
        return {watcher.session for watcher in self._everybody() if watcher.session}

    def sessions_ended(self, digests: Collection[str]) -> None:
        """Send away whoever stands on one of these sessions."""
        for watcher in self._everybody():
            if watcher.session in digests:
                self._end(watcher, Refusal("not-signed-in"))

    def ended(self, what: Ended) -> None:
        """Send away whoever stands on what has just ended: a session, or all of a candidate."""
        for watcher in self._everybody():
            if what in (watcher.session, watcher.candidate_id):
                self._end(watcher, Refusal("not-signed-in"))

    async def run(self) -> None:
        """Tick until cancelled. A pass that takes long delays the next; nothing piles up."""
        loop = asyncio.get_running_loop()
        beat_at = loop.time() + self.heartbeat_s
        while True:
            began = loop.time()
            await self.tick()
            if began >= beat_at:
                await self._beat()
                beat_at = began + self.heartbeat_s
            took = loop.time() - began
            await asyncio.sleep(max(self._tick_s - took, took))

    async def tick(self) -> None:
        """Send everybody whose view has changed the newest of it."""
        for code, audience in list(self._audiences.items()):
            one = self._board.rounds.get(code)
            version = (self._board.epoch, -1 if one is None else one.version)
            if version == self._pushed.get(code):
                continue
            self._pushed[code] = version
            if one is None or audience.told_of is not one:
                audience.told_of = one
                self._end_lost(audience, one)
            if one is not None:
                await self._push(audience, one)

    def _end_lost(self, audience: Audience, one: RoundBoard | None) -> None:
        """Send away who can no longer be told anything true; the round was read anew, or is gone."""
        for watcher in audience:
            candidate_id = watcher.candidate_id
            if one is None or watcher.epoch != self._board.epoch:
                self._end(watcher, Refusal("unavailable"))
            elif candidate_id is not None and candidate_id not in one.row_by_candidate:
                self._end(watcher, Refusal("already-admitted"))

    async def _push(self, audience: Audience, one: RoundBoard) -> None:
        """Send each what has changed; whatever is told is made of one state, before any waiting."""
        state, heads = views.state_of(one), self._heads(one)
        gate = _message("round", round=one.terms.file.code, state=state)
        told = iter(self._told(audience, one))
        while some := list(islice(told, SLICE)):
            # made first, then sent: the kernel's work would push this out of the caches each time
            for watcher, kind, message in self._news(some, state, gate, heads):
                watcher.mailbox.put(kind, message)
            await asyncio.sleep(0)

    def _news(
        self,
        told: Sequence[tuple[Watcher, frames.Body | Refusal]],
        state: str,
        gate: bytes,
        heads: Mapping[Kind, bytes],
    ) -> list[tuple[Watcher, str, bytes]]:
        """The messages to those for whom something is new; who has nothing more to see is ended."""
        news: list[tuple[Watcher, str, bytes]] = []
        for watcher, body in told:
            if isinstance(body, Refusal):
                self._end(watcher, body)
                continue
            if watcher.state != state:
                watcher.state = state
                news.append((watcher, "round", gate))
            if body != watcher.seen:
                watcher.seen = body
                kind = watcher.kind
                news.append((watcher, kind, frames.message(heads[kind], body)))
        return news

    def _told(
        self, audience: Audience, one: RoundBoard
    ) -> Iterable[tuple[Watcher, frames.Body | Refusal]]:
        """What each is to see now, or why there is nothing more to see; all of it made already."""
        if len(audience) < MANY_WATCHERS:
            return [(watcher, self._body(watcher, one)) for watcher in audience]
        own, rows = audience.own(one)
        public = [(watcher, self._body(watcher, one)) for watcher in audience.public()]
        return chain(zip(own, self._encoder(one).many(rows), strict=True), public)

    def _body(self, watcher: Watcher, one: RoundBoard) -> frames.Body | Refusal:
        encoder = self._encoder(one)
        if watcher.candidate_id is not None:
            return encoder.one(one.row_by_candidate[watcher.candidate_id])
        try:
            return encoder.figures(watcher.units)
        except Refusal as reason:
            return reason

    def _encoder(self, one: RoundBoard) -> frames.Encoder:
        code = one.terms.file.code
        encoder = self._encoders.get(code)
        if encoder is None or encoder.round is not one:
            encoder = self._encoders[code] = frames.Encoder(one)
        return encoder

    def _heads(self, one: RoundBoard) -> dict[Kind, bytes]:
        seq, moment = self._board.seq, views.moment(self._board.as_of)
        code = one.terms.file.code
        return {kind: frames.head(kind, code, seq, moment) for kind in KINDS}

    def _end(self, watcher: Watcher, reason: Refusal) -> None:
        self.leave(watcher)
        watcher.mailbox.end(reason)

    async def _beat(self) -> None:
        now = self._clock()
        if now - self._board.as_of > STALE_AFTER:
            _log.warning("heartbeat_withheld", behind_s=(now - self._board.as_of).total_seconds())
            return
        message = _message("heartbeat", seq=self._board.seq, server_time=views.moment(now))
        for n, watcher in enumerate(self._everybody(), 1):
            watcher.mailbox.put("heartbeat", message)
            if n % SLICE == 0:
                await asyncio.sleep(0)

    def _everybody(self) -> list[Watcher]:
        return [watcher for audience in self._audiences.values() for watcher in audience]

    def _welcome(self) -> bytes:
        return _message(
            "welcome",
            epoch=self._board.epoch,
            seq=self._board.seq,
            server_time=views.moment(self._clock()),
            heartbeat_s=self.heartbeat_s,
        )


def _message(kind: str, **content: object) -> bytes:
    """A message as it goes over the wire."""
    return msgspec.json.encode({"type": kind, **content})
