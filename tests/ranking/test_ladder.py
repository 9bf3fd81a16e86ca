"""The public ladder hides small bands even from one who keeps every table; moves are counted."""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ranking.book import NO_UNIT
from ranking.ladder import Ladder, bands, moves, score_ladder

LOW = bands(30, 10)
SMALLEST = 3
Counts = tuple[int, ...]
Table = list[tuple[int, int]]


def scores_of(counts: Sequence[int]) -> np.ndarray:
    return np.repeat(LOW[: len(counts)], counts).astype(np.int32)


def ladder_of(counts: Sequence[int], before: Ladder | None = None) -> Ladder:
    return score_ladder(scores_of(counts), LOW, SMALLEST, before)


def table(ladder: Ladder) -> Table:
    return list(zip(ladder.low.tolist(), ladder.count.tolist(), strict=True))


def test_bands_go_down_to_0() -> None:
    assert bands(700_000, 250_000).tolist() == [500_000, 250_000, 0]


def test_a_score_at_the_lower_edge_of_a_band_is_in_it() -> None:
    scores = np.array([39, 30, 29, 20, 19, 0], np.int32)
    assert table(score_ladder(scores, LOW, 2)) == [(30, 2), (20, 2), (0, 2)]


def test_small_bands_are_shown_only_inside_a_larger_range() -> None:
    assert table(ladder_of([1, 1, 4, 1])) == [(0, 7)]
    assert table(ladder_of([3, 1, 2, 0])) == [(30, 3), (0, 3)]
    assert table(ladder_of([2, 1, 0, 3])) == [(20, 3), (0, 3)]


def test_too_few_applicants_have_no_ladder() -> None:
    assert table(ladder_of([0, 2, 0, 0])) == []
    assert table(ladder_of([0, 0, 0, 0])) == []


def test_a_later_ladder_is_cut_only_where_the_one_before_was() -> None:
    first = ladder_of([1, 2, 1, 2])
    assert table(first) == [(20, 3), (0, 3)]
    assert table(ladder_of([3, 3, 3, 3], first)) == [(20, 6), (0, 6)]
    assert table(ladder_of([1, 0, 3, 2], first)) == [(0, 6)]


def test_after_an_empty_ladder_the_next_is_cut_afresh() -> None:
    assert table(ladder_of([3, 3, 0, 0], ladder_of([1, 0, 0, 0]))) == [(30, 3), (0, 3)]


counts = st.lists(st.integers(0, 6), min_size=4, max_size=4).map(tuple)


@given(counts, counts)
def test_no_cell_is_small_and_nobody_is_lost(now: Counts, then: Counts) -> None:
    first = ladder_of(now)
    for of, ladder in ((now, first), (then, ladder_of(then, first))):
        cells = ladder.count.tolist()
        assert all(cell >= SMALLEST for cell in cells)
        assert sum(cells) == (sum(of) if sum(of) >= SMALLEST else 0)


@settings(max_examples=30, deadline=None)
@given(counts, counts)
def test_no_two_published_tables_tell_a_small_band_even_if_every_move_is_known(
    now: Counts, then: Counts
) -> None:
    first = ladder_of(now)
    if not len(first.low):
        return
    second = ladder_of(then, first)
    change = [b - a for a, b in zip(now, then, strict=True)]
    possible = []
    for other in rounds_of_total(sum(now)):
        later = [a + d for a, d in zip(other, change, strict=True)]
        if min(later) >= 0 and table(ladder_of(other)) == table(first):
            again = ladder_of(later, first)
            if table(again) == table(second):
                possible.append(other)
    assert now in possible
    # A band that lost applicants is known to have had at least as many; that is no table's doing.
    for band, count in enumerate(now):
        if 0 < count < SMALLEST and change[band] == 0:
            assert len({other[band] for other in possible}) > 1


def rounds_of_total(total: int, bands_: int = 4) -> Iterator[Counts]:
    for head in product(range(total + 1), repeat=bands_ - 1):
        if sum(head) <= total:
            yield (*head, total - sum(head))


def test_no_new_ladder_is_shown_where_it_would_tell_a_small_range() -> None:
    first = ladder_of([3, 7, 0, 0])
    assert table(first) == [(30, 3), (0, 7)]
    one_left = score_ladder(scores_of([2, 7]), LOW, SMALLEST, first, left=1)
    assert one_left is first
    two_left = score_ladder(scores_of([2, 6]), LOW, SMALLEST, first, left=2)
    assert table(two_left) == [(0, 8)]


@st.composite
def changes(draw: st.DrawFn) -> tuple[Counts, Counts, int]:
    """A unit of two or three bands before and after, and how many came and went unseen between."""
    width = draw(st.integers(2, 3))
    band = st.integers(0, 12 // width)
    now = tuple(draw(st.lists(band, min_size=width, max_size=width)))
    step = st.integers(-3, 2)
    then = tuple(max(0, count + draw(step)) for count in now)
    return now, then, draw(st.integers(0, 2))


@settings(deadline=None)
@given(changes())
def test_no_two_published_tables_tell_a_small_band_whatever_few_changes_lie_between(
    change: tuple[Counts, Counts, int],
) -> None:
    now, then, churn = change
    entered, left = (gone_from(one, two) + churn for one, two in ((then, now), (now, then)))
    told = two_tables(now, then, left)
    possible = [
        (one, two)
        for one in rounds_of_total(sum(now), len(now))
        for two in rounds_of_total(sum(then), len(now))
        if gone_from(one, two) <= left and gone_from(two, one) <= entered
        if two_tables(one, two, left) == told
    ]
    assert (now, then) in possible
    for band in range(len(now)):
        for when in (0, 1):
            values = {world[when][band] for world in possible}
            assert len(values) > 1 or not values & set(range(1, SMALLEST))


def gone_from(one: Counts, two: Counts) -> int:
    """How many at least left some band between the two."""
    return sum(max(a - b, 0) for a, b in zip(one, two, strict=True))


@cache
def two_tables(now: Counts, then: Counts, left: int) -> tuple[Table, Table]:
    first = ladder_of(now)
    return table(first), table(score_ladder(scores_of(then), LOW, SMALLEST, first, left))


def test_moves_count_who_comes_and_who_goes() -> None:
    before = np.array([0, 0, 1, NO_UNIT, 2, NO_UNIT], np.int32)
    after = np.array([0, 1, NO_UNIT, 1, 0, NO_UNIT], np.int32)
    seen = moves(before, after, 4)
    assert seen.entered.tolist() == [1, 2, 0, 0]
    assert seen.left.tolist() == [1, 1, 1, 0]


@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 3))))
def test_what_comes_less_what_goes_is_the_change_in_applicants(
    pairs: list[tuple[int, int]],
) -> None:
    before = np.array([one for one, _ in pairs], np.int32)
    after = np.array([two for _, two in pairs], np.int32)
    seen = moves(before, after, 4)
    for unit in range(4):
        change = np.count_nonzero(after == unit) - np.count_nonzero(before == unit)
        assert seen.entered[unit] - seen.left[unit] == change
