"""What the office's staff may see: acts with who did what, and every round, drafts too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ranking.book import NO_UNIT
from service.board import Board, RoundBoard
from service.calendar import State
from service.errors import Refusal
from service.events import Event
from service.shapes import ScheduleView
from service.store import acts, log, staff
from service.store.acts import Act, Reviewed
from service.store.engine import Connection, Engine, reading
from service.store.staff import Member
from service.views.public import schedule_view


@dataclass(frozen=True, slots=True)
class ActView:
    """An act with its review and the names of those who dealt with it."""

    act: Act
    round_code: str | None
    review: Reviewed | None
    proposer: str
    reviewer: str | None
    ender: str | None

    def may(self, member: Member) -> set[str]:
        """What a person may do about it now: review, approve, refuse, withdraw."""
        if self.act.state != "proposed":
            return set()
        if self.act.proposed_by == member.id:
            return {"withdraw"} if member.roles & {"importer", "publisher"} else set()
        may = {"refuse"} if member.roles & {"reviewer", "publisher"} else set()
        if "reviewer" in member.roles and self.act.publication:
            may.add("review")
        allowed = not self.act.publication or (
            self.review is not None and self.review.finding.decision == "publish"
        )
        if "publisher" in member.roles and allowed:
            may.add("approve")
        return may


async def desk_acts(engine: Engine, limit: int = 100) -> list[ActView]:
    """The acts that wait for somebody, newest first."""
    async with reading(engine) as connection:
        return await _views(connection, await acts.list_acts(connection, ["proposed"], limit))


async def one_act(engine: Engine, act_id: int) -> ActView:
    """One act.

    Raises:
        Refusal: `not-found`.
    """
    async with reading(engine) as connection:
        found = await acts.list_acts(connection, acts.STATES, 1, before=act_id + 1)
        if not found or found[0][0].id != act_id:
            raise Refusal("not-found", what=str(act_id))
        (view,) = await _views(connection, found)
    return view


@dataclass(frozen=True, slots=True)
class Audit:
    """A page of the audit: acts newest first, and the log's events of one page, oldest first."""

    acts: Sequence[ActView]
    events: Sequence[Event]
    names: Mapping[int, str]
    head: int


async def audit(engine: Engine, before: int | None, after_seq: int, limit: int) -> Audit:
    """What an auditor reads. Of candidates' events only that there was one."""
    async with reading(engine) as connection:
        found = await acts.list_acts(connection, acts.STATES, limit, before)
        events = await log.follow(connection, after_seq, limit)
        head = await log.read_head(connection)
        names = await staff.names_of(connection)
        return Audit(await _views(connection, found), events, names, head.seq)


async def _views(connection: Connection, found: Sequence[tuple[Act, str | None]]) -> list[ActView]:
    names = await staff.names_of(connection)
    views = []
    for act, round_code in found:
        review = await acts.read_review(connection, act.id) if act.publication else None
        views.append(
            ActView(
                act,
                round_code,
                review,
                names[act.proposed_by],
                None if review is None else names[review.by],
                None if act.ended_by is None else names[act.ended_by],
            )
        )
    return views


@dataclass(frozen=True, slots=True)
class OfficeRound:
    """A round on the office's desk."""

    code: str
    name: str
    season: str
    state: State
    revision: int
    units: int
    seats: int
    applicants: int
    paused_at: datetime | None
    segments: tuple[str, ...]
    schedule: ScheduleView | None


def office_rounds(board: Board) -> list[OfficeRound]:
    """Every round, drafts first, then the newest."""
    found = [_round(one) for one in board.rounds.values()]
    return sorted(found, key=lambda one: (one.state != "draft", one.code))


def office_round(board: Board, code: str) -> OfficeRound:
    """One round, also a draft.

    Raises:
        Refusal: `not-found`.
    """
    one = board.rounds.get(code)
    if one is None:
        raise Refusal("not-found", what=code)
    return _round(one)


def _round(one: RoundBoard) -> OfficeRound:
    terms = one.terms
    return OfficeRound(
        terms.file.code,
        terms.file.name,
        terms.season_code,
        terms.state(one.passed),
        terms.revision,
        len(terms.units),
        sum(unit.plan for unit in terms.units),
        int((one.book.unit != NO_UNIT).sum()),
        terms.paused_at,
        () if terms.calendar is None else tuple(s.name for s in terms.calendar.segments),
        schedule_view(one),
    )
