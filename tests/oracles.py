"""The definitions, read straight from RULES.md 2 and 3 in plain loops. Nothing clever."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import ceil
from typing import NamedTuple


class Person(NamedTuple):
    """A candidate and the choice held; keys are tie-break keys, higher first; draw lower first."""

    filing: int
    exam: int
    track: int
    keys: tuple[int, ...]
    draw: int
    unit: int | None = None
    major: int | None = None


class Offer(NamedTuple):
    """A unit; ratio in basis points."""

    track: int
    plan: int
    ratio: int
    strict: bool
    majors: int = 2


class NaiveStanding(NamedTuple):
    rank: int
    tied: int
    applicants: int
    plan: int
    due: int
    line_filing: int | None
    line_plan: int | None
    status: str
    inside_line: bool
    major_rank: int | None
    major_tied: int | None
    major_rank_exam: int | None
    major_tied_exam: int | None


class NaiveOutlook(NamedTuple):
    best: int
    worst: int
    verdict: str


def due_of(offer: Offer) -> int:
    return ceil(Fraction(offer.plan * offer.ratio, 10_000))


def place_order(person: Person) -> tuple[int, tuple[int, ...], int]:
    """Filing score, then the keys, then the draw: smallest first."""
    return (-person.filing, tuple(-key for key in person.keys), person.draw)


def line(applicants: Sequence[Person], seats: int) -> int | None:
    scores = sorted((person.filing for person in applicants), reverse=True)
    return scores[seats - 1] if 0 < seats <= len(scores) else None


def inside_line(applicants: Sequence[Person], offer: Offer, who: Person) -> bool:
    due = due_of(offer)
    if due == 0:
        return False
    if offer.strict:
        return who in sorted(applicants, key=place_order)[:due]
    lowest = line(applicants, due)
    return lowest is None or who.filing >= lowest


def competition(scores: Sequence[int], score: int) -> tuple[int, int]:
    """Rank 1, 2, 2, 4 and how many tie, oneself included."""
    return 1 + sum(other > score for other in scores), sum(other == score for other in scores)


def status_of(rank: int, tied: int, offer: Offer, *, inside: bool) -> str:
    if due_of(offer) == 0:
        return "outside"
    if rank + tied - 1 <= offer.plan:
        return "inside"
    if rank <= offer.plan:
        return "straddling"
    return "outside_plan" if inside else "outside"


def standing(people: Sequence[Person], offers: Sequence[Offer], i: int) -> NaiveStanding | None:
    me = people[i]
    if me.unit is None:
        return None
    offer = offers[me.unit]
    applicants = [person for person in people if person.unit == me.unit]
    rank, tied = competition([person.filing for person in applicants], me.filing)
    inside = inside_line(applicants, offer, me)
    by_filing: tuple[int, int] | tuple[None, None] = (None, None)
    by_exam: tuple[int, int] | tuple[None, None] = (None, None)
    if inside and me.major is not None:
        rivals = [
            person
            for person in applicants
            if person.major == me.major and inside_line(applicants, offer, person)
        ]
        by_filing = competition([person.filing for person in rivals], me.filing)
        by_exam = competition([person.exam for person in rivals], me.exam)
    return NaiveStanding(
        rank=rank,
        tied=tied,
        applicants=len(applicants),
        plan=offer.plan,
        due=due_of(offer),
        line_filing=line(applicants, due_of(offer)),
        line_plan=line(applicants, offer.plan),
        status=status_of(rank, tied, offer, inside=inside),
        inside_line=inside,
        major_rank=by_filing[0],
        major_tied=by_filing[1],
        major_rank_exam=by_exam[0],
        major_tied_exam=by_exam[1],
    )


def futures(
    people: Sequence[Person],
    offers: Sequence[Offer],
    i: int,
    locked_from: int | None,
    *,
    creation_closed: bool,
) -> Iterator[list[Person]]:
    """Every way the round may end while `i` stays: the unlocked sit anywhere in their track."""

    def ends(j: int) -> list[int | None]:
        person = people[j]
        locked = locked_from is not None and person.filing >= locked_from
        if j == i or locked or (creation_closed and person.unit is None):
            return [person.unit]
        return [None, *(u for u, offer in enumerate(offers) if offer.track == person.track)]

    for end in product(*(ends(j) for j in range(len(people)))):
        yield [person._replace(unit=unit) for person, unit in zip(people, end, strict=True)]


def outlook(
    people: Sequence[Person],
    offers: Sequence[Offer],
    i: int,
    locked_from: int | None,
    *,
    creation_closed: bool,
) -> NaiveOutlook | None:
    """By trying every future; in strict units also either outcome of every draw."""
    me = people[i]
    if me.unit is None:
        return None
    offer = offers[me.unit]
    due = due_of(offer)
    ranks: set[int] = set()
    filed: set[bool] = set()
    for end in futures(people, offers, i, locked_from, creation_closed=creation_closed):
        rivals = [p for j, p in enumerate(end) if p.unit == me.unit and j != i]
        rank = 1 + sum(p.filing > me.filing for p in rivals)
        ranks.add(rank)
        if offer.strict:
            better = sum((p.filing, p.keys) > (me.filing, me.keys) for p in rivals)
            level = sum((p.filing, p.keys) == (me.filing, me.keys) for p in rivals)
            filed |= {better + 1 <= due, better + level + 1 <= due}
        else:
            filed.add(rank <= due)
    verdict = "open" if len(filed) == 2 else "safe" if filed == {True} else "out"
    return NaiveOutlook(min(ranks), max(ranks), verdict)
