"""What each audience may see of the board: the same function for page, API, socket and export.

Readers only. Every view carries the seq and the moment it was true at.
"""

from service.views.own import (
    WHAT_IF_LIMIT,
    candidate_round,
    history,
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
    units,
)
from service.views.texts import moment
from service.views.unfilled import unfilled, unfilled_publications

__all__ = [
    "WHAT_IF_LIMIT",
    "candidate_round",
    "history",
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
    "unfilled",
    "unfilled_publications",
    "unit",
    "units",
    "what_if",
]
