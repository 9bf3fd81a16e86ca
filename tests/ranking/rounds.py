"""Small rounds for the tests of ranking: as people and offers, and as a Book."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from ranking.book import NO_MAJOR, NO_UNIT, Book, Plan, make_roll
from ranking.rules import UnitKey
from tests.oracles import Offer, Person

A_RATIO = 10_000


def plan_of(offers: Sequence[Offer]) -> Plan:
    majors = np.repeat(np.arange(len(offers)), [offer.majors for offer in offers])
    return Plan(
        keys=tuple(UnitKey(f"{u:03}", str(offer.track), "") for u, offer in enumerate(offers)),
        track=np.array([offer.track for offer in offers], np.int16),
        seats=np.array([offer.plan for offer in offers], np.int32),
        ratio=np.array([offer.ratio for offer in offers], np.int32),
        strict=np.array([offer.strict for offer in offers], np.bool_),
        major_unit=majors.astype(np.int32),
        major_quota=np.ones(len(majors), np.int32),
    )


def book_of(people: Sequence[Person], offers: Sequence[Offer]) -> Book:
    """The round as a book; `book.roll.row_of()[i]` is the row of people[i]."""
    width = max((len(person.keys) for person in people), default=0)
    roll = make_roll(
        filing=np.array([person.filing for person in people], np.int32),
        exam=np.array([person.exam for person in people], np.int32),
        track=np.array([person.track for person in people], np.int16),
        tie_keys=np.array([p.keys for p in people], np.int32).reshape(len(people), width),
        draw=np.array([person.draw for person in people], np.uint64),
    )
    plan = plan_of(offers)
    unit = [NO_UNIT if p.unit is None else p.unit for p in people]
    major = [NO_MAJOR if p.major is None else major_index(plan, p) for p in people]
    return Book(
        plan, roll, np.array(unit, np.int32)[roll.ident], np.array(major, np.int32)[roll.ident]
    )


def major_index(plan: Plan, person: Person) -> int:
    """A person's `major` counts inside the unit; the plan's majors are counted through."""
    assert person.unit is not None
    assert person.major is not None
    first: int = plan.majors_of(person.unit).start
    return first + person.major


def a_unit(
    scores: Sequence[int],
    plan: int,
    ratio: int = A_RATIO,
    *,
    strict: bool = False,
    keys: Sequence[int] | None = None,
) -> tuple[list[Person], list[Offer]]:
    """One unit and its applicants, all with its first major."""
    people = [
        Person(score, score, 0, () if keys is None else (keys[at],), at, 0, 0)
        for at, score in enumerate(scores)
    ]
    return people, [Offer(0, plan, ratio, strict)]


@st.composite
def rounds(draw: st.DrawFn, most: int = 30, scores: int = 6) -> tuple[list[Person], list[Offer]]:
    """A round of few scores, so that nearly everybody ties with somebody."""
    tracks = draw(st.integers(1, 3))
    offer = st.builds(
        Offer,
        track=st.integers(0, tracks - 1),
        plan=st.integers(0, 5),
        ratio=st.sampled_from([5_000, 9_000, 10_000, 10_500, 15_000, 20_000]),
        strict=st.booleans(),
        majors=st.integers(0, 3),
    )
    offers = draw(st.lists(offer, max_size=5))
    n = draw(st.integers(0, most))
    draws = draw(st.permutations(range(n)))
    people = []
    for at in range(n):
        person = Person(
            filing=draw(st.integers(0, scores)) * 500,
            exam=draw(st.integers(0, scores)) * 500,
            track=draw(st.integers(0, tracks - 1)),
            keys=(draw(st.integers(0, 1)), draw(st.integers(0, 1))),
            draw=draws[at],
        )
        people.append(draw(choices(person, offers)))
    return people, offers


@st.composite
def choices(draw: st.DrawFn, person: Person, offers: Sequence[Offer]) -> Person:
    """The person holding a choice of their track, or none."""
    open_to = [u for u, offer in enumerate(offers) if offer.track == person.track]
    unit = draw(st.sampled_from([None, *open_to]))
    if unit is None:
        return person._replace(unit=None, major=None)
    major = draw(st.sampled_from([None, *range(offers[unit].majors)]))
    return person._replace(unit=unit, major=major)
