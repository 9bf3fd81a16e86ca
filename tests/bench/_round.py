"""The round that ranking is measured on: popularity like Zipf's, scores like a normal curve."""

import numpy as np

from ranking.book import Book, Plan, make_roll
from ranking.rules import UnitKey

TRACKS = 4
UNITS, MAJORS = 4_000, 25_000
BONUSES = (0, 0, 0, 0, 5_000, 10_000, 20_000)


def a_round(candidates: int, units: int = UNITS, majors: int = MAJORS, seed: int = 7) -> Book:
    """Everybody holds a choice and a first major; about half are inside their filing line."""
    draw = np.random.default_rng(seed)
    filing = draw.normal(480, 90, candidates).round().clip(150, 720).astype(np.int32) * 1000
    exam = filing - draw.choice(np.array(BONUSES, np.int32), candidates)
    roll = make_roll(filing, exam, draw.integers(0, TRACKS, candidates).astype(np.int16))
    more = draw.integers(0, units, majors - units)
    major_unit = np.sort(np.concatenate([np.arange(units), more])).astype(np.int32)
    quota = draw.integers(1, 13, majors).astype(np.int32)
    unit_track = (np.arange(units) % TRACKS).astype(np.int16)
    plan = Plan(
        keys=tuple(UnitKey(f"{u:05}", str(t), "") for u, t in enumerate(unit_track)),
        track=unit_track,
        seats=np.bincount(major_unit, quota, minlength=units).astype(np.int32),
        ratio=np.full(units, 10_000, np.int32),
        strict=np.zeros(units, np.bool_),
        major_unit=major_unit,
        major_quota=quota,
    )
    weight = np.arange(1, units // TRACKS + 1) ** -0.8
    wish = draw.choice(units // TRACKS, candidates, p=weight / weight.sum())
    unit = (wish * TRACKS + roll.track).astype(np.int32)
    return Book(plan, roll, unit, some_major(plan, unit, draw.random(candidates)))


def some_major(plan: Plan, unit: np.ndarray, luck: np.ndarray) -> np.ndarray:
    """A major of each unit; the first ones are the popular ones."""
    ends = np.searchsorted(plan.major_unit, np.arange(len(plan.keys) + 1))
    majors: np.ndarray = (ends[unit] + luck**2 * (ends[unit + 1] - ends[unit])).astype(np.int32)
    return majors


def some_moves(book: Book, count: int, seed: int = 11) -> list[tuple[int, int, int]]:
    """Random people and the place each moves to: popular ones are chosen by many."""
    draw = np.random.default_rng(seed)
    rows = draw.permutation(len(book.roll))[:count]
    moves = []
    for row in rows:
        same_track = np.flatnonzero(book.roll.track[:5000] == book.roll.track[row])
        other = int(draw.choice(same_track))
        moves.append((int(row), int(book.unit[other]), int(book.first_major[other])))
    return moves
