"""Random lives of the small round: moves, imports and gates in any order."""

from typing import NamedTuple

import numpy as np
from hypothesis import Phase
from hypothesis import strategies as st

from ranking.book import NO_MAJOR, NO_UNIT
from service.board import Board, RoundBoard
from service.errors import Refusal
from tests import oracles
from tests.builders import CANDIDATES, PLAN, ROUND, ROUND_FILE, House
from tests.office import Office, local

QUICK = (Phase.explicit, Phase.reuse, Phase.generate)
"""No shrinking: each life opens a database, and a failure must be told before the time is up."""

NUMBERS = ("101", "102", "103", "104", "105", "106")
WISHES = (
    ("5012", ("01",), ""),
    ("5012", ("02", "01"), ""),
    ("5012", (), ""),
    ("5037", ("01",), ""),
    ("E87", ("01",), "国家专项"),
    ("E87", ("01",), ""),
)
TIMES = ("10:00", "10:31", "11:00", "12:00", "14:00")
LATER = (
    {"segment:600": local("12:00")},
    {name: local("14:30") for name in ("segment:600", "segment:500", "segment:rest")},
    {"segment:500": local("13:00")},
)
PLANS = (
    PLAN,
    PLAN.replace("软件工程,2", "软件工程,1"),
    PLAN.replace("数学与应用数学,1", "数学与应用数学,0"),
)
SCORES = (CANDIDATES, CANDIDATES.replace("580", "615"), CANDIDATES.replace("605,10", "605,0"))
ROUNDS = (
    ROUND_FILE,
    ROUND_FILE.replace("majors_per_choice", 'ratio = "150%"\nmajors_per_choice'),
    ROUND_FILE + '[units."5012/理科/"]\nstrict = true\n',
)


class Move(NamedTuple):
    """`who` of NUMBERS, or what is done otherwise; `how` picks among the module's values."""

    act: str
    who: int
    how: int

    async def play(self, house: House) -> None:
        """Do it; a refusal is one of the ways things go."""
        try:
            await getattr(self, self.act)(house)
        except Refusal:
            return

    async def file(self, house: House) -> None:
        institution, majors, nature = WISHES[self.how]
        await house.file(NUMBERS[self.who], institution, majors, nature=nature)

    async def withdraw(self, house: House) -> None:
        await house.withdraw(NUMBERS[self.who])

    async def import_plan(self, house: House) -> None:
        await house.import_plan(PLANS[self.how % len(PLANS)])

    async def import_candidates(self, house: House) -> None:
        await house.import_candidates(SCORES[self.how % len(SCORES)])

    async def import_round(self, house: House) -> None:
        await house.import_round(ROUNDS[self.how % len(ROUNDS)])

    async def pause(self, house: House) -> None:
        await Office(house).done(("pause", "resume")[self.how % 2])

    async def extend(self, house: House) -> None:
        await Office(house).done("extend_segment", closes=LATER[self.how % len(LATER)])

    async def time(self, house: House) -> None:
        house.clock.at(TIMES[self.how % len(TIMES)])
        await house.desk.pass_gates()

    async def look(self, house: House) -> None:
        await house.tick()


def moves(least: int = 1, most: int = 14) -> st.SearchStrategy[list[Move]]:
    """A life: mostly filing, now and then something else."""
    others = ["withdraw", "import_plan", "import_candidates", "import_round", "time", "look"]
    others += ["pause", "extend"]
    act = st.sampled_from([*["file"] * 8, *others])
    move = st.builds(Move, act, st.integers(0, 5), st.integers(0, 5))
    return st.lists(move, min_size=least, max_size=most)


def bytes_of(board: Board) -> dict[str, list[bytes]]:
    """All that a board holds and computes of its rounds, as bytes."""
    return {code: _bytes_of(one) for code, one in board.rounds.items()}


def _bytes_of(one: RoundBoard) -> list[bytes]:
    now = one.computed()
    columns: list[np.ndarray] = [
        one.book.unit,
        one.book.first_major,
        one.book.roll.ident,
        one.book.roll.filing,
    ]
    forms = one.wishes.forms(one.book.unit)
    columns += [forms.row, forms.majors, forms.accepts_adjustment.view(np.int8), one.projected()]
    for made in (now.standings, now.outlook):
        columns += [getattr(made, name) for name in made.__slots__]
    plan = [one.book.plan.seats, one.book.plan.ratio, one.book.plan.major_quota]
    said = [repr(sorted(one.passed)).encode(), repr(one.terms).encode()]
    return [*(np.asarray(column).tobytes() for column in [*columns, *plan]), *said]


def as_people(one: RoundBoard) -> tuple[list[oracles.Person], list[oracles.Offer]]:
    """A round's columns as the oracles read them; people in order of the book's rows."""
    book = one.book
    offers = [
        oracles.Offer(
            int(book.plan.track[u]),
            int(book.plan.seats[u]),
            int(book.plan.ratio[u]),
            bool(book.plan.strict[u]),
            len(unit.majors),
        )
        for u, unit in enumerate(one.terms.units)
    ]
    people = [
        oracles.Person(
            filing=int(book.roll.filing[row]),
            exam=int(book.roll.exam[row]),
            track=int(book.roll.track[row]),
            keys=(),
            draw=row,
            unit=None if book.unit[row] == NO_UNIT else int(book.unit[row]),
            major=None if book.first_major[row] == NO_MAJOR else int(book.first_major[row]),
        )
        for row in range(len(book.roll))
    ]
    return people, offers


def round_of(house: House) -> RoundBoard:
    """The small round's board."""
    return house.board.rounds[ROUND]
