"""The round that pushing is measured on: a synthetic province in a fresh database, all signed in."""

import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
from fastapi import FastAPI

from importers.province import Province
from ranking.book import NO_UNIT
from service.accounts import token_digest
from service.board import Board, RoundBoard
from service.events import to_ms
from service.settings import Settings
from service.store.engine import open_engine, writing
from service.store.people import add_session
from service.terms import Unit
from web.app import make_app, utc_now
from web.cli import demo
from web.deps import Services

NEVER_MS = 10_000


@dataclass
class House:
    """The application, and who of its candidates plays which part.

    movers: rows; the best of each unit. The others who hold a choice watch.
    """

    app: FastAPI
    province: Province
    round_code: str
    away: bool = False

    @property
    def services(self) -> Services:
        services: Services = self.app.state.services
        return services

    @property
    def round(self) -> RoundBoard:
        return self.services.board.rounds[self.round_code]

    def fill(self) -> None:
        """Everybody holds the province's choice, as if it had been in the log."""
        place_all(self.round, self.province)
        self.movers = movers_of(self.round)
        who = {row: candidate for candidate, row in self.round.row_by_candidate.items()}
        held = self.round.book.unit[self.movers].tolist()
        majors = self.round.book.first_major[self.movers].tolist()
        units = [self.round.terms.units[unit] for unit in held]
        self._places = [
            (who[row], unit.id, unit.majors[major - self.round.book.plan.majors_of(n).start].id)
            for row, unit, n, major in zip(self.movers, units, held, majors, strict=True)
        ]

    def moves(self) -> list[tuple[str, str, list[dict[str, object]]]]:
        """(round, token, two wishes): movers who may go to and fro between units of one track."""
        by_track: dict[str, list[tuple[int, Unit]]] = {}
        for n, row in enumerate(self.movers):
            unit = self.round.terms.units[int(self.round.book.unit[row])]
            by_track.setdefault(unit.key.track, []).append((n, unit))
        return [
            (self.round_code, mover_token(n), [wish_of(unit), wish_of(other)])
            for some in by_track.values()
            for (n, unit), (_, other) in zip(some, [*some[1:], some[0]], strict=True)
        ]

    def stir(self) -> None:
        """The best of each unit leaves it, or comes back: something changes for everybody."""
        self.away = not self.away
        for candidate, unit, major in self._places:
            self.round.place(candidate, *((None, None) if self.away else (unit, major)))


def wish_of(unit: Unit) -> dict[str, object]:
    return {
        "institution_code": unit.key.institution_code,
        "plan_nature": unit.key.plan_nature,
        "majors": [unit.majors[0].code],
        "accepts_adjustment": True,
    }


def place_all(one: RoundBoard, province: Province) -> None:
    units = {(u.key.track, u.key.institution_code, u.key.plan_nature): u for u in one.terms.units}
    candidate = dict(zip(province.candidates.candidate_no, one.row_by_candidate, strict=True))
    track = dict(zip(province.candidates.candidate_no, province.candidates.track, strict=True))
    choices = province.choices
    for number, institution, nature, majors in zip(
        choices.candidate_no,
        choices.institution_code,
        choices.plan_nature,
        choices.majors,
        strict=True,
    ):
        unit = units[track[number], institution, nature]
        major = next(major for major in unit.majors if major.code == majors[0])
        one.place(candidate[number], unit.id, major.id)


def movers_of(one: RoundBoard) -> list[int]:
    """The best applicant's row of each unit."""
    holding = np.flatnonzero(one.book.unit != NO_UNIT)
    _, first = np.unique(one.book.unit[holding], return_index=True)
    return sorted(holding[first].tolist())


def watcher_token(n: int) -> str:
    return f"watcher-{n}"


def mover_token(n: int) -> str:
    return f"mover-{n}"


async def begun(candidates: int, tick_ms: int | None) -> House:
    """A province in which the nth watcher and the nth mover have tokens that can be guessed."""
    folder = Path(tempfile.mkdtemp(prefix="mingci-bench-live-"))
    settings = Settings(
        database_url=f"sqlite+aiosqlite:///{folder / 'live.db'}", tick_ms=tick_ms or NEVER_MS
    )
    province = demo.make_province_of(candidates, 7)
    file = demo.compressed(province.round_file, utc_now(), 1)
    await demo.load(settings, province, file)
    await sign_everybody_in(settings, province, file.code)
    return House(make_app(settings), province, file.code)


async def sign_everybody_in(settings: Settings, province: Province, code: str) -> None:
    """Sessions straight into the store: two hundred sign-ins a second are not the point."""
    engine = open_engine(settings)
    board = Board(engine, utc_now)
    await board.catch_up()
    one = board.rounds[code]
    place_all(one, province)
    who = {row: candidate for candidate, row in one.row_by_candidate.items()}
    movers = movers_of(one)
    holding = set(np.flatnonzero(one.book.unit != NO_UNIT).tolist())
    tokens = {who[row]: mover_token(n) for n, row in enumerate(movers)}
    watching = sorted(holding - set(movers))
    np.random.default_rng(3).shuffle(watching)
    tokens |= {who[row]: watcher_token(n) for n, row in enumerate(watching)}
    span = (to_ms(utc_now()), to_ms(utc_now() + timedelta(hours=2)))
    async with writing(engine) as connection:
        for candidate, token in tokens.items():
            await add_session(connection, token_digest(token), candidate, span, "bench")
    await engine.dispose()
