"""What each audience may see of the board: the same function for page, API, socket and export.

Readers only. Every view carries the seq and the moment it was true at.
"""

from service.views.own import (
    WHAT_IF_LIMIT,
    candidate_round,
    history,
    lock_view,
    me,
    own_choice,
    own_unit_keys,
    receipt,
    receipt_view,
    standing,
    what_if,
)
from service.views.public import (
    round_board,
    round_view,
    round_views,
    state_of,
    statistics,
    statistics_now,
    statistics_rows,
    unit,
    unit_ref,
    units,
)
from service.views.texts import moment

__all__ = [
    "WHAT_IF_LIMIT",
    "candidate_round",
    "history",
    "lock_view",
    "me",
    "moment",
    "own_choice",
    "own_unit_keys",
    "receipt",
    "receipt_view",
    "round_board",
    "round_view",
    "round_views",
    "standing",
    "state_of",
    "statistics",
    "statistics_now",
    "statistics_rows",
    "unit",
    "unit_ref",
    "units",
    "what_if",
]
