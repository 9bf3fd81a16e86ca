"""What every page of a candidate needs: who it is, their round, their standing, their choice."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request

from service import views
from service.errors import Refusal
from service.shapes import ChoiceView, Me, RoundView, StandingView, UnitView
from service.store.people import SignedIn
from web.deps import Services, services
from web.pages import position, schedules
from web.pages.schedules import Gates, Part


@dataclass(frozen=True, slots=True)
class Desk:
    """A candidate at the desk: everything read from one state of the board."""

    running: Services
    now: datetime
    me: Me
    round: RoundView
    standing: StandingView
    choice: ChoiceView
    gates: Gates
    segments: list[Part]

    @property
    def code(self) -> str:
        return self.round["code"]

    @property
    def own(self) -> Part | None:
        """The segment that holds the candidate's score."""
        return next((part for part in self.segments if part.own), None)

    def unit(self, institution: str, nature: str) -> UnitView:
        """A unit of the candidate's own track.

        Raises:
            Refusal: `unknown-unit`.
        """
        who = self.running.board, self.code
        found, _ = views.units(*who, institution, self.me["track"], (0, 50))
        for unit in found:
            if (unit["institution_code"], unit["plan_nature"]) == (institution, nature):
                return unit
        raise Refusal("unknown-unit", institution_code=institution)

    def held_majors(self) -> list[dict[str, str]]:
        """The majors of the choice held, in order, by code and name."""
        code = self.choice["institution_code"]
        if code is None:
            return []
        names = {
            m["code"]: m["name"]
            for m in self.unit(code, self.choice["plan_nature"] or "")["majors"]
        }
        return [{"code": m, "name": names.get(m, m)} for m in self.choice["majors"] or ()]

    def context(self) -> dict[str, Any]:
        """What the templates of candidate pages are given."""
        holds = self.standing["unit"] is not None
        zone = self.running.settings.time_zone
        return {
            "me": self.me,
            "round": self.round,
            "standing": self.standing,
            "choice": self.choice,
            "gates": self.gates,
            "segments": self.segments,
            "own": self.own,
            "slots": position.slots(self.standing, zone) if holds else {},
        }


async def at_the_desk(request: Request, candidate: SignedIn) -> Desk | None:
    """The candidate's present round; None where no round has them.

    The choice is read first, so that the board's standing is never older than what it shows.
    """
    running = services(request)
    code = views.candidate_round(running.board, candidate.candidate_id)
    if code is None:
        return None
    who = code, candidate.candidate_id
    me = await views.me(running.engine, running.board, candidate.candidate_id)
    choice = await views.own_choice(running.engine, running.board, *who)
    if choice["receipt"] is not None:
        await running.board.reached(choice["receipt"]["seq"])
    now = running.clock()
    round_view = views.round_view(running.board, code)
    standing = views.standing(running.board, *who)
    return Desk(
        running,
        now,
        me,
        round_view,
        standing,
        choice,
        schedules.gates(round_view, standing["lock"], now),
        schedules.parts(round_view, now, float(me["filing_score"])),
    )


async def present(request: Request, candidate: SignedIn) -> Desk:
    """The candidate's present round.

    Raises:
        Refusal: `not-open` where no round has them.
    """
    desk = await at_the_desk(request, candidate)
    if desk is None:
        raise Refusal("not-open")
    return desk
