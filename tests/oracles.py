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


# Filing and placement, RULES.md 5


class Applicant(NamedTuple):
    """A candidate's choice of a unit; majors are counted inside it, best first."""

    filing: int
    exam: int
    keys: tuple[int, ...]
    draw: int
    majors: tuple[int, ...]
    adjusts: bool


class UnitTerms(NamedTuple):
    """A unit's rules; `steps` None is major first, () score first."""

    offer: Offer
    quotas: tuple[int, ...]
    steps: tuple[int, ...] | None = None
    by_exam: bool = False
    all_filed: bool = False
    refill: str = "next_round"
    adjust_order: tuple[int, ...] = ()


class Fate(NamedTuple):
    outcome: str
    major: int | None = None
    position: int = 0


def line_order(who: Applicant) -> tuple[int, tuple[int, ...], int]:
    return (-who.filing, tuple(-key for key in who.keys), who.draw)


def major_order(who: Applicant, unit: UnitTerms) -> tuple[int, tuple[int, ...], int]:
    score = who.exam if unit.by_exam else who.filing
    return (-score, tuple(-key for key in who.keys), who.draw)


def pair_order(
    who: Applicant, k: int, unit: UnitTerms
) -> tuple[int, int, tuple[int, ...], int, int, int]:
    """Where the pair of a candidate and choice k stands in the greedy pass: smallest first."""
    if unit.steps is None:
        block, off = k, 0
    else:
        block, off = 0, sum(unit.steps[: k + 1]) if unit.steps else 0
    score, keys, draw = major_order(who, unit)
    return (block, score + off, keys, off, draw, k)


def filed_of(applicants: Sequence[Applicant], offer: Offer) -> list[Applicant]:
    line_ = sorted(applicants, key=line_order)
    due = due_of(offer)
    if due == 0 or offer.strict or len(line_) < due:
        return line_[:due]
    return [who for who in line_ if who.filing >= line_[due - 1].filing]


def placement(  # noqa: C901 the definition, read from top to bottom
    applicants: Sequence[Applicant], unit: UnitTerms
) -> list[Fate]:
    """Everybody's fate in one unit: file, the greedy pass, adjust, refill one by one."""
    filed = filed_of(applicants, unit.offer)
    scope = filed if unit.all_filed else filed[: unit.offer.plan]
    free = list(unit.quotas)
    fates = {who: Fate("rejected" if who in filed else "not_filed") for who in applicants}

    def give(who: Applicant, got: tuple[int, int] | None) -> None:
        if got is not None:
            free[got[0]] -= 1
            fates[who] = Fate("admitted", *got)

    pairs = [(pair_order(who, k, unit), who, k) for who in scope for k in range(len(who.majors))]
    for _, who, k in sorted(pairs):
        if fates[who].major is None and free[who.majors[k]]:
            give(who, (who.majors[k], k + 1))
    for who in sorted(scope, key=lambda one: major_order(one, unit)):
        if fates[who].major is None:
            give(who, adjusted(who, free, unit))
    for who in waiting(applicants, unit, scope):
        room = unit.offer.plan - sum(unit.quotas) + sum(free)
        if room > 0 and any(free):
            fates[who] = Fate("rejected")
            listed = [(major, k + 1) for k, major in enumerate(who.majors) if free[major]]
            give(who, listed[0] if listed else adjusted(who, free, unit))
    return [fates[who] for who in applicants]


def adjusted(who: Applicant, free: Sequence[int], unit: UnitTerms) -> tuple[int, int] | None:
    """The first major with a seat, at position 0, for one who accepts it."""
    order = [*unit.adjust_order, *(m for m in range(len(free)) if m not in unit.adjust_order)]
    left = [major for major in order if free[major]]
    return (left[0], 0) if who.adjusts and left else None


def waiting(
    applicants: Sequence[Applicant], unit: UnitTerms, scope: Sequence[Applicant]
) -> list[Applicant]:
    """Who may be asked when a seat is left, in line."""
    if unit.refill == "next_round":
        return []
    in_line = filed_of(applicants, unit.offer) if unit.refill == "within_filed" else applicants
    return sorted((who for who in in_line if who not in scope), key=line_order)


# Matching, RULES.md 5: one candidate after the other; a wish is an index of a target

Wishes = Sequence[Sequence[int]]
Priority = Sequence[Sequence[int]]


def serial_dictatorship(wishes: Wishes, seats: Sequence[int]) -> list[int | None]:
    """In the order given, each takes the first target that has a seat: the place in the list."""
    left = list(seats)
    got: list[int | None] = []
    for mine in wishes:
        place = next((k for k, target in enumerate(mine) if left[target]), None)
        if place is not None:
            left[mine[place]] -= 1
        got.append(place)
    return got


def deferred_acceptance(
    wishes: Wishes, priority: Priority, seats: Sequence[int]
) -> list[int | None]:
    """One proposal at a time; priority[i][k] of i's wish k at its target, lower wins."""
    at = [0] * len(wishes)
    held: list[list[int]] = [[] for _ in seats]
    free = list(range(len(wishes)))
    while free:
        i = free.pop()
        if at[i] == len(wishes[i]):
            continue
        there = held[wishes[i][at[i]]]
        there.append(i)
        there.sort(key=lambda j: priority[j][at[j]])
        if len(there) > seats[wishes[i][at[i]]]:
            out = there.pop()
            at[out] += 1
            free.append(out)
    return [k if k < len(mine) else None for k, mine in zip(at, wishes, strict=True)]


def greedy(wishes: Wishes, priority: Priority, seats: Sequence[int]) -> list[int | None]:
    """All pairs in order of priority, which is comparable across targets; give what is free."""
    left = list(seats)
    got: list[int | None] = [None] * len(wishes)
    pairs = [(priority[i][k], k, i) for i, mine in enumerate(wishes) for k in range(len(mine))]
    for _, k, i in sorted(pairs):
        if got[i] is None and left[wishes[i][k]]:
            got[i] = k
            left[wishes[i][k]] -= 1
    return got


def boston(wishes: Wishes, seats: Sequence[int]) -> list[int | None]:
    """Sequential choice: all first wishes in the order given, then the second ones, …"""
    left = list(seats)
    got: list[int | None] = [None] * len(wishes)
    for k in range(max(map(len, wishes), default=0)):
        for i, mine in enumerate(wishes):
            if got[i] is None and k < len(mine) and left[mine[k]]:
                got[i] = k
                left[mine[k]] -= 1
    return got
