"""Who does what when in a rehearsal: drawn from a seed, nothing is sent from here."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ranking.book import NO_UNIT
from service.board import RoundBoard
from service.filing import Wish
from web.cli.simulation import Actor

MOVES_EACH = 4
"""Moves of one candidate, where there are candidates enough for it: enough to come, to go and to come again."""

WITHDRAWS = 5
"""One in so many gives up first and files anew before the delete lock."""

NEARBY = 40
"""How many places in the score order a candidate looks around for a unit to move to."""

MARGIN = 0.8
"""Share of a window that is used: who files on time shall not be late by the network's doing."""


@dataclass(frozen=True, slots=True)
class Move:
    """What is asked for at an instant; None is a withdrawal."""

    at: datetime
    wish: Wish | None


@dataclass(frozen=True, slots=True)
class Part:
    """One candidate's moves in order, and the instant from which nothing may be accepted."""

    actor: Actor
    moves: Sequence[Move]
    closes_at: datetime


def cast_of(actors: Sequence[Actor], moves: int, seed: int = 1) -> list[Actor]:
    """As few candidates as make so many moves: each has to sign in."""
    wanted = min(len(actors), -(-moves // MOVES_EACH))
    return random.Random(seed).sample(list(actors), wanted)  # noqa: S311 a rehearsal, no secret


def parts_of(
    one: RoundBoard,
    actors: Sequence[Actor],
    cast: Sequence[Actor],
    moves: int,
    begin: datetime,
    seed: int = 1,
) -> list[Part]:
    """`moves` moves by the cast, from `begin` to each one's own close.

    The first two moves of each come before the delete lock, so that nobody is kept from filing.
    """
    rng = random.Random(seed)  # noqa: S311 a rehearsal, not a secret
    calendar = one.terms.calendar
    if calendar is None:
        raise AssertionError("a province's round has a schedule")
    parts = []
    for number, actor in enumerate(cast):
        row = one.row_by_candidate[actor.candidate_id]
        closes_at = calendar.closes_at(int(one.book.roll.filing[row]))
        early = min(closes_at, calendar.schedule.delete_lock or closes_at)
        count = moves // len(cast) + (number < moves % len(cast))
        ends = [early] * min(2, count) + [closes_at] * (count - 2)
        instants = sorted(begin + (end - begin) * rng.uniform(0, MARGIN) for end in ends)
        wishes: list[Wish | None] = list(_wishes(one, actors, actor, count, rng))
        if number % WITHDRAWS == 0 and count > 1 and one.book.unit[row] != NO_UNIT:
            wishes[0] = None
        script = [Move(*pair) for pair in zip(instants, wishes, strict=True)]
        parts.append(Part(actor, script, closes_at))
    return parts


def _wishes(
    one: RoundBoard, actors: Sequence[Actor], actor: Actor, count: int, rng: random.Random
) -> list[Wish]:
    """What others of about the same score and the same track wish for, each another unit."""
    track = one.book.roll.track
    rows = one.row_by_candidate
    own = track[rows[actor.candidate_id]]
    place = actors.index(actor)
    held = _unit(actor.wish)
    found: list[Wish] = []
    around = [
        other.wish
        for other in actors[max(0, place - NEARBY) : place + NEARBY]
        if track[rows[other.candidate_id]] == own
    ]
    for _ in range(count):
        elsewhere = [wish for wish in around if _unit(wish) != held] or around
        found.append(rng.choice(elsewhere))
        held = _unit(found[-1])
    return found


def _unit(wish: Wish) -> tuple[str, str | None]:
    return wish.institution_code, wish.plan_nature
