"""Rows are gathered by group, whichever way of sorting serves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranking.groups import group_rows


@given(
    st.integers(1, 99).flatmap(
        lambda groups: st.tuples(st.just(groups), st.lists(st.integers(-1, groups - 1)))
    )
)
def test_rows_are_gathered_by_group_in_their_order_whatever_the_number_of_groups(
    case: tuple[int, list[int]],
) -> None:
    groups, group = case
    gathered = group_rows(np.array(group, np.int32), groups)
    held = [row for row, of_ in enumerate(group) if of_ >= 0]
    assert gathered.order.tolist() == sorted(held, key=lambda row: group[row])
    assert gathered.sizes(groups).tolist() == [group.count(g) for g in range(groups)]


@pytest.mark.parametrize("groups", [1 << 12, (1 << 16) - 1, 1 << 17])
def test_many_rows_are_gathered_alike_by_each_way_of_sorting(groups: int) -> None:
    group = np.random.default_rng(5).integers(-1, groups, 1 << 17).astype(np.int32)
    gathered = group_rows(group, groups)
    held = np.flatnonzero(group >= 0)
    expected = held[np.argsort(group[held], kind="stable")]
    np.testing.assert_array_equal(gathered.order, expected)
    np.testing.assert_array_equal(np.repeat(gathered.group, gathered.size), group[expected])
