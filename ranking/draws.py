"""Where the draw alone decided: who got less than somebody equal on every key. RULES.md 5.5.

A draw must be seen where it is used. These functions look at what was given and say who lost by
nothing but the lot; they decide nothing.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .book import Index, Int, Mask, run_starts
from .matching import NO_WISH, Priorities, Wishes, spans


def cut_by_draw(group: Int, tie_class: Int, taken: Mask, groups: int) -> Mask:
    """(a,) bool: not taken, though an equal of the same group was; a line cut through a tie.

    group (a,) below `groups`; tie_class (a,), ascending with the order in which they are taken.
    """
    last = np.full(groups, -1, np.int64)
    last[group[taken]] = tie_class[taken]
    cut: Mask = ~taken & (last[group] == tie_class)
    return cut


def lost_by_draw(
    lists: Wishes,
    granted: Index,
    priority: Priorities | None = None,
    of_owner: Sequence[NDArray[np.integer]] = (),
    of_wish: Sequence[NDArray[np.integer]] = (),
) -> Mask:
    """(n,) bool: a better wish than what was granted went, at last, to an equal.

    granted (n,) wish or NO_WISH; priority (w,), lower wins; without it those before come first.
    of_owner (n,) and of_wish (w,): all that a wish is judged by before the draw. Who lost a wish is
    never better there than the last who got it, so equality is enough to see a draw.
    """
    got = np.flatnonzero(granted != NO_WISH)
    if priority is not None:
        got = got[np.argsort(priority[granted[got]])]
    holder = np.full(int(lists.target.max(initial=-1)) + 1, NO_WISH, np.intp)
    holder[lists.target[granted[got]]] = got
    start = lists.start[:-1]
    better = np.where(granted == NO_WISH, lists.start[1:], granted) - start
    wish, owner = spans(start, better), np.repeat(np.arange(len(lists)), better)
    rival = holder[lists.target[wish]]
    equal = rival != NO_WISH
    for column in of_owner:
        equal &= column[owner] == column[rival]
    for column in of_wish:
        equal &= column[wish] == column[granted[rival]]
    lost = np.zeros(len(lists), np.bool_)
    lost[owner[equal]] = True
    return lost


def shared_unequally(got: Int, *merit: NDArray[np.generic]) -> Mask:
    """(a,) bool: got another thing than the first of one's equals; those of equal merit lie together."""
    begins = np.flatnonzero(run_starts(*merit))
    first = np.repeat(got[begins], np.diff(begins, append=len(got)))
    unequal: Mask = got != first
    return unequal
