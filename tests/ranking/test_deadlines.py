"""RULES 6, O7: one seat in X, Y, Z; a deadline for each score gives the seat to who wanted it more."""

from collections.abc import Mapping

from ranking.book import Book
from ranking.outcomes import OUTCOME_NAMES
from ranking.outlook import VERDICT_NAMES, Gates, outlook
from ranking.standing import standings
from tests.oracles import Offer, Person
from tests.ranking.economies import Choice, a_unit, person, run
from tests.ranking.rounds import book_of

SCORES = {"H": 650, "M": 600, "L": 500}
WANTS = {"H": "XZ", "M": "XY", "L": "XY"}
ROWS = {name: row for row, name in enumerate(SCORES)}
UNITS = "XYZ"


def book(**held: str) -> Book:
    people = [
        Person(score, score, 0, (), row, UNITS.index(held[name]) if name in held else None, None)
        for row, (name, score) in enumerate(SCORES.items())
    ]
    return book_of(people, [Offer(0, 1, 10_000, strict=False) for _ in UNITS])


def rank(name: str, unit: str, held: Mapping[str, str]) -> int:
    """The rank the candidate has in this unit, the others staying."""
    return int(standings(book(**{**held, name: unit})).rank[ROWS[name]])


def choice(name: str, held: Mapping[str, str]) -> str:
    """The first unit wanted in which the candidate would now be inside the plan."""
    return next(unit for unit in WANTS[name] if rank(name, unit, held) == 1)


def verdict(name: str, unit: str, held: Mapping[str, str], locked_from: int | None) -> str:
    now = book(**{**held, name: unit})
    seen = outlook(now, standings(now), Gates(locked_from, creation_closed=False))
    return VERDICT_NAMES[seen.verdict[ROWS[name]]]


def seats(held: Mapping[str, str]) -> dict[str, str]:
    """Who is admitted where once all is closed."""
    people = [person(score, 0) for score in SCORES.values()]
    choices = [[Choice(1, UNITS.index(held[name]), (0,))] for name in SCORES]
    public = run([a_unit(1) for _ in UNITS], people, choices)
    assert {OUTCOME_NAMES[one] for one in public.placed.outcome} == {"admitted"}
    return {name: UNITS[public.placed.unit[row]] for name, row in ROWS.items()}


def test_o7_without_deadlines_a_move_in_the_last_second_gives_the_seat_to_a_lower_score() -> None:
    held = {"H": "X", "L": "X"}
    assert choice("M", held) == "Y"
    assert verdict("M", "X", held, None) == "open"
    held |= {"M": "Y", "H": "Z"}
    assert seats(held) == {"H": "Z", "M": "Y", "L": "X"}
    assert rank("M", "X", held) == 1


def test_o7_with_a_deadline_for_each_score_who_locks_first_settles_first() -> None:
    held = {"H": "Z", "L": "X"}
    held["M"] = choice("M", held)
    assert verdict("M", held["M"], held, SCORES["H"]) == "safe"
    held["L"] = choice("L", held)
    assert verdict("L", held["L"], held, SCORES["M"]) == "safe"
    assert seats(held) == {"H": "Z", "M": "X", "L": "Y"}
