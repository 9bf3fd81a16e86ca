"""Who watches a round through this worker, in the order they came."""

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ranking.rules import UnitKey
from service.board import RoundBoard
from service.push import frames
from service.push.outbox import Mailbox, Sink

Kind: TypeAlias = Literal["standing", "statistics"]
KINDS: tuple[Kind, ...] = ("standing", "statistics")


class Watcher:
    """One connection: a candidate's own standing, or the public figures of some units.

    `session` is the digest of the token a candidate's connection stands on.
    """

    __slots__ = (
        "candidate_id",
        "epoch",
        "mailbox",
        "round_code",
        "seen",
        "session",
        "state",
        "units",
    )

    def __init__(
        self,
        sink: Sink,
        round_code: str,
        candidate_id: int | None = None,
        session: str = "",
        units: Sequence[UnitKey] = (),
    ) -> None:
        self.mailbox = Mailbox(sink)
        self.round_code = round_code
        self.candidate_id = candidate_id
        self.session = session
        self.units = tuple(units)
        self.epoch = ""
        self.state = ""
        self.seen: frames.Body | None = None

    @property
    def kind(self) -> Kind:
        """What it is pushed."""
        return "statistics" if self.candidate_id is None else "standing"


class Audience:
    """The watchers of one round.

    Whose row is which is looked up once for as long as nobody comes or goes: a pass over ten
    thousand then begins with an array.
    """

    def __init__(self) -> None:
        self.told_of: RoundBoard | None = None
        """The state of the round that all who are here can be told of."""
        self._watchers: dict[Watcher, None] = {}
        self._rows: tuple[RoundBoard, list[Watcher], NDArray[np.intp]] | None = None

    def __len__(self) -> int:
        return len(self._watchers)

    def __iter__(self) -> Iterator[Watcher]:
        return iter(list(self._watchers))

    def __contains__(self, watcher: Watcher) -> bool:
        return watcher in self._watchers

    def add(self, watcher: Watcher) -> None:
        """One more."""
        self._watchers[watcher] = None
        self._rows = None

    def remove(self, watcher: Watcher) -> None:
        """One less; it must be there."""
        del self._watchers[watcher]
        self._rows = None

    def own(self, one: RoundBoard) -> tuple[list[Watcher], NDArray[np.intp]]:
        """Those who watch their own standing, and (w,) the row of each in the round's book."""
        if self._rows is None or self._rows[0] is not one:
            who = [watcher for watcher in self._watchers if watcher.candidate_id is not None]
            rows = [one.row_by_candidate[watcher.candidate_id or 0] for watcher in who]
            self._rows = (one, who, np.array(rows, np.intp))
        return self._rows[1], self._rows[2]

    def public(self) -> list[Watcher]:
        """Those who watch the figures of units."""
        return [watcher for watcher in self._watchers if watcher.candidate_id is None]
