"""The certainty interval is exact: both ends can happen and neither is passed. RULES.md 3."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranking.outlook import VERDICT_NAMES, Gates, Outlook, outlook
from ranking.standing import standings
from tests import oracles
from tests.oracles import NaiveOutlook, Offer, Person
from tests.ranking.rounds import a_unit, book_of, rounds

Round = tuple[list[Person], list[Offer]]
OPEN = Gates(locked_from=None, creation_closed=False)

gates = st.builds(
    Gates,
    locked_from=st.none() | st.integers(0, 7).map(lambda score: score * 500),
    creation_closed=st.booleans(),
)


def of(round_: Round, now: Gates) -> Outlook:
    """Everybody's outlook; these rounds list people in ranking order."""
    book = book_of(*round_)
    return outlook(book, standings(book), now)


def verdicts(seen: Outlook) -> list[str]:
    return [VERDICT_NAMES[verdict] for verdict in seen.verdict]


def test_before_anybody_locks_all_with_more_points_are_open() -> None:
    seen = of(a_unit([620, 615, 615, 600], plan=2), OPEN)
    assert seen.best.tolist() == [1, 1, 1, 1]
    assert seen.worst.tolist() == [1, 2, 2, 4]
    assert verdicts(seen) == ["safe", "safe", "safe", "open"]


def test_once_all_are_locked_best_and_worst_are_the_rank() -> None:
    seen = of(a_unit([620, 615, 615, 600], plan=2), Gates(0, creation_closed=True))
    assert seen.best.tolist() == seen.worst.tolist() == [1, 2, 2, 4]
    assert verdicts(seen) == ["safe", "safe", "safe", "out"]


def test_locked_applicants_count_for_certain_and_those_below_the_edge_may_leave() -> None:
    seen = of(a_unit([620, 615, 600, 590], plan=2), Gates(615, creation_closed=False))
    assert seen.locked_above.tolist() == [0, 1, 2, 2]
    assert seen.open_above.tolist() == [0, 0, 0, 1]
    assert verdicts(seen) == ["safe", "safe", "out", "out"]


def test_after_the_create_lock_only_holders_of_a_choice_may_still_come() -> None:
    people, offers = a_unit([620, 610, 600], plan=1)
    waiting = people[0]._replace(unit=None, major=None)
    elsewhere = people[1]._replace(unit=1)
    round_ = ([waiting, elsewhere, people[2]], [*offers, offers[0]])
    assert of(round_, OPEN).open_above[2] == 2
    assert of(round_, Gates(None, creation_closed=True)).open_above[2] == 1


def test_candidates_of_another_track_never_count() -> None:
    people, offers = a_unit([620, 600], plan=1)
    other = people[0]._replace(track=1, unit=1)
    round_ = ([other, people[1]], [*offers, offers[0]._replace(track=1)])
    assert of(round_, OPEN).open_above.tolist() == [0, 0]


def test_who_holds_no_choice_has_no_outlook() -> None:
    people, offers = a_unit([620], plan=1)
    seen = of(([people[0]._replace(unit=None, major=None)], offers), OPEN)
    assert (seen.best[0], seen.worst[0], seen.verdict[0]) == (0, 0, 0)


def test_without_a_plan_everybody_is_out() -> None:
    assert verdicts(of(a_unit([620, 600], plan=0), OPEN)) == ["out", "out"]


def test_in_a_strict_unit_an_equal_score_that_may_beat_one_keeps_it_open() -> None:
    seen = of(a_unit([615, 615, 600], plan=1, strict=True, keys=[2, 1, 0]), OPEN)
    assert verdicts(seen) == ["safe", "open", "open"]


def test_in_a_strict_unit_locked_equal_scores_are_told_apart_by_their_keys() -> None:
    locked = Gates(615, creation_closed=False)
    seen = of(a_unit([615, 615, 600], plan=1, strict=True, keys=[2, 1, 0]), locked)
    assert verdicts(seen) == ["safe", "out", "out"]


def test_in_a_strict_unit_equals_on_every_key_stay_open_until_the_draw() -> None:
    locked = Gates(615, creation_closed=False)
    assert verdicts(of(a_unit([615, 615], plan=1, strict=True), locked)) == ["open", "open"]


@given(rounds(most=4, scores=3), gates)
def test_every_future_lies_in_the_interval_and_both_ends_happen(round_: Round, now: Gates) -> None:
    people, offers = round_
    book = book_of(people, offers)
    seen = outlook(book, standings(book), now)
    for i, row in enumerate(book.roll.row_of()):
        expected = oracles.outlook(
            people, offers, i, now.locked_from, creation_closed=now.creation_closed
        )
        if expected is None:
            assert seen.worst[row] == 0
        else:
            told = NaiveOutlook(seen.best[row], seen.worst[row], VERDICT_NAMES[seen.verdict[row]])
            assert told == expected


@pytest.mark.parametrize("closed", [False, True])
def test_the_interval_always_holds_the_present_rank(*, closed: bool) -> None:
    book = book_of(*a_unit([620, 615, 615, 600, 590], plan=2))
    now = standings(book)
    seen = outlook(book, now, Gates(600, creation_closed=closed))
    assert (seen.best <= now.rank).all()
    assert (now.rank <= seen.worst).all()
