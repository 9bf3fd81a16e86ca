"""Deferred acceptance: everybody proposes down a list, every seat keeps the best it was offered.

Wishes are ragged columns, so they may have any length, and priorities are any numbers. All
candidates of a round of proposals are handled at once; only rounds are a loop. RULES.md 5.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .book import Index, Int, run_starts

Priorities: TypeAlias = NDArray[np.int64]

NO_WISH = -1
"""In a matching: the candidate got none of the list."""

_OPEN = np.int64(np.iinfo(np.int64).max)
_SHUT = np.int64(np.iinfo(np.int64).min)
_BLOCK = 1 << 12
"""Candidates handled at once where one order holds for all seats."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """Who wishes for what, best first; n candidates, w wishes.

    Attributes:
        start: (n + 1,) intp, where the list of each candidate begins; the last is w.
        target: (w,) int32, what is wished for: a unit, a major, a programme.
    """

    start: Index
    target: Int

    def __post_init__(self) -> None:
        """Refuse bounds that do not cover the wishes."""
        if not len(self.start) or self.start[0] != 0 or self.start[-1] != len(self.target):
            raise ValueError("the lists' bounds do not cover the wishes")

    def __len__(self) -> int:
        """How many candidates."""
        return len(self.start) - 1

    @property
    def owner(self) -> Index:
        """(w,) intp the candidate of each wish."""
        return np.repeat(np.arange(len(self)), np.diff(self.start))

    @property
    def rank(self) -> Index:
        """(w,) intp the place of each wish in its list, 0 the first."""
        return np.arange(len(self.target)) - np.repeat(self.start[:-1], np.diff(self.start))


def wishes_of(table: Int) -> Wishes:
    """Wishes from a table, (n, w) int32 padded with -1 after the last wish of each row."""
    held = table >= 0
    start = np.zeros(len(table) + 1, np.intp)
    np.cumsum(np.count_nonzero(held, axis=1), out=start[1:])
    return Wishes(start, table[held])


def wishes_by_owner(owner: Index | Int, target: Int, n: int) -> Wishes:
    """Wishes from wishes that lie together by owner, ascending, best first.

    owner (w,) below n; target (w,) int32.
    """
    start = np.zeros(n + 1, np.intp)
    np.cumsum(np.bincount(owner, minlength=n), out=start[1:])
    return Wishes(start, target)


def deferred_acceptance(lists: Wishes, priority: Priorities, seats: Int) -> Index:
    """The candidate-best stable matching.

    Args:
        lists: what each of n candidates proposes to, in order.
        priority: (w,) int64 of each wish at its target, lower wins; no two alike at one target.
        seats: (t,) int32 of each target.

    Returns:
        (n,) intp the wish that was granted, or NO_WISH. Which proposals are made first does not
        change it, so they are made all at once: the rounds are the loop.
    """
    return _Matching(lists, priority, seats).run()


def serial_dictatorship(lists: Wishes, seats: Int) -> Index:
    """Candidates in their order take the first wish that has a seat left: parallel choice.

    The same as deferred acceptance with the one order for every target, whose rounds are far fewer
    where nobody of a later block can push out anybody of an earlier one. Returns as there.
    """
    left = seats.copy()
    granted = np.full(len(lists), NO_WISH, np.intp)
    for first in range(0, len(lists), _BLOCK):
        start = lists.start[first : first + _BLOCK + 1]
        target = lists.target[start[0] : start[-1]]
        hopeful = np.flatnonzero((left > 0)[target])
        block = Wishes(np.searchsorted(hopeful, start - start[0]), target[hopeful])
        got = _Matching(block, None, left).run()
        lucky = np.flatnonzero(got != NO_WISH)
        wish = hopeful[got[lucky]]
        granted[first + lucky] = start[0] + wish
        left -= np.bincount(target[wish], minlength=len(left)).astype(np.int32)
    return granted


class _Matching:
    """Seats filled so far; each target's seats are a stretch of `holder`, the first ones taken."""

    def __init__(self, lists: Wishes, priority: Priorities | None, seats: Int) -> None:
        self._lists, self._priority, self._seats = lists, priority, seats.astype(np.intp)
        self._first = np.cumsum(self._seats) - self._seats
        self._holder = np.empty(int(self._seats.sum()), np.intp)
        self._taken = np.zeros(len(seats), np.intp)
        self._bar = np.where(seats > 0, _OPEN, _SHUT)
        """(t,) a wish of this priority or worse is refused."""
        self._at = lists.start[:-1].copy()
        """(n,) the wish each candidate holds or makes next."""
        self._number = np.zeros(len(seats), np.intp)

    def run(self) -> Index:
        """Let everybody propose until nobody has anything left to propose; (n,) the wish granted."""
        free = np.arange(len(self._lists))
        while len(free):
            free = self._answer(self._to_their_next_chance(free))
        return np.where(self._at < self._lists.start[1:], self._at, NO_WISH)

    def _of(self, candidate: Index) -> Priorities:
        """The priority of the wish that each candidate is at."""
        if self._priority is None:
            return candidate.astype(np.int64)
        return self._priority[self._at[candidate]]

    def _to_their_next_chance(self, free: Index) -> Index:
        """Move everybody on past wishes that are sure to be refused; those at the end are out."""
        hopeful = []
        while len(free):
            free = free[self._at[free] < self._lists.start[free + 1]]
            refused = self._of(free) >= self._bar[self._lists.target[self._at[free]]]
            hopeful.append(free[~refused])
            free = free[refused]
            self._at[free] += 1
        return np.concatenate(hopeful) if hopeful else free

    def _answer(self, proposing: Index) -> Index:
        """Every target that was asked keeps its best; the candidates that it lets go."""
        if not len(proposing):
            return proposing
        asked = self._asked(self._lists.target[self._at[proposing]])
        candidate = np.concatenate([self._holding(asked), proposing])
        target = self._lists.target[self._at[candidate]]
        priority = self._of(candidate)
        order = _sorted(self._number[target], priority, len(asked))
        candidate, target, priority = candidate[order], target[order], priority[order]
        place = places(target)
        kept = place < self._seats[target]
        self._holder[self._first[target[kept]] + place[kept]] = candidate[kept]
        self._taken[asked] = np.bincount(self._number[target[kept]], minlength=len(asked))
        last = kept & (place == self._seats[target] - 1)
        self._bar[target[last]] = priority[last]
        out: Index = candidate[~kept]
        self._at[out] += 1
        return out

    def _asked(self, target: Int) -> Index:
        """The targets that are proposed to, each once; they are numbered."""
        seen = np.zeros(len(self._seats), np.bool_)
        seen[target] = True
        asked = np.flatnonzero(seen)
        self._number[asked] = np.arange(len(asked))
        return asked

    def _holding(self, targets: Index | Int) -> Index:
        """Who holds a seat of some targets."""
        taken = self._taken[targets]
        return self._holder[spans(self._first[targets], taken)]


def _sorted(group: Index, priority: Priorities, groups: int) -> Index:
    """The order by group, then priority; packed into one number where both fit."""
    low = int(priority.min())
    span = int(priority.max()) - low + 1
    if span * groups < 1 << 62:
        return np.argsort(group * np.int64(span) + (priority - low))
    return np.lexsort((priority, group))


def places(group: Int | Index) -> Index:
    """(a,) intp: how many of the same group stand before; group (a,) lies together."""
    begins = np.flatnonzero(run_starts(group))
    size = np.diff(begins, append=len(group))
    return np.arange(len(group)) - np.repeat(begins, size)


def spans(first: Index, length: Index) -> Index:
    """Stretches one after the other: first[0], first[0] + 1, … for each; (sum of lengths,) intp."""
    end = np.cumsum(length, dtype=np.intp)
    total = int(end[-1]) if len(end) else 0
    stretch: Index = np.arange(total) + np.repeat(first - (end - length), length)
    return stretch


def boston_priority(lists: Wishes, order: Priorities | Index) -> Priorities:
    """(w,) the priorities of sequential choice: an earlier wish before any later one.

    order (n,) of the candidates, lower first, each below n. RULES.md 5.2, blocks of one.
    """
    priority: Priorities = lists.rank * np.int64(len(lists)) + order[lists.owner]
    return priority
