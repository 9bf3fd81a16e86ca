"""What each audience may see of the board: the same function for page, API, socket and export.

Readers only. Every view carries the seq and the moment it was true at.
"""

from service.views.after_close import after_close
from service.views.corrections import changes_of, corrections
from service.views.office import (
    ActView,
    OfficeRound,
    audit,
    desk_acts,
    office_round,
    office_rounds,
    one_act,
)
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
from service.views.plan_book import plan_book
from service.views.public import (
    publication,
    publication_list,
    published_table,
    round_board,
    round_view,
    round_views,
    state_of,
    statistics,
    statistics_now,
    statistics_row,
    statistics_rows,
    unit,
    unit_ref,
    units,
)
from service.views.texts import moment
from service.views.unfilled import (
    as_plan_row,
    seats_left,
    unfilled,
    unfilled_digest,
    unfilled_publications,
)

__all__ = [
    "WHAT_IF_LIMIT",
    "ActView",
    "OfficeRound",
    "after_close",
    "as_plan_row",
    "audit",
    "candidate_round",
    "changes_of",
    "corrections",
    "desk_acts",
    "history",
    "lock_view",
    "me",
    "moment",
    "office_round",
    "office_rounds",
    "one_act",
    "own_choice",
    "own_unit_keys",
    "plan_book",
    "publication",
    "publication_list",
    "published_table",
    "receipt",
    "receipt_view",
    "round_board",
    "round_view",
    "round_views",
    "seats_left",
    "standing",
    "state_of",
    "statistics",
    "statistics_now",
    "statistics_row",
    "statistics_rows",
    "unfilled",
    "unfilled_digest",
    "unfilled_publications",
    "unit",
    "unit_ref",
    "units",
    "what_if",
]
