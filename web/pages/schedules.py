"""A round's gates as the pages show them: the line of segments, the next lock, what one may do."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from service.shapes import RoundView
from web.pages import words
from web.pages.position import moment


class Part(NamedTuple):
    """One segment on the line: who, until when, and whether it is one's own."""

    who: str
    closes: datetime
    past: bool
    own: bool


class Instant(NamedTuple):
    """An instant at which something begins or stops being allowed."""

    at: datetime
    what: str


def parts(round_view: RoundView, now: datetime, filing: float | None = None) -> list[Part]:
    """The segments, highest first; one for everybody where the round has none."""
    schedule = round_view["schedule"]
    if schedule is None:
        return []
    if not schedule["segments"]:
        closes = moment(schedule["closes"])
        return [Part(words.segment(None, None), closes, closes <= now, own=filing is not None)]
    return [
        Part(
            words.segment(one["min_score"], one["max_score"]),
            moment(one["closes"]),
            one["sealed"] or moment(one["closes"]) <= now,
            own=filing is not None and _holds(one, filing),
        )
        for one in schedule["segments"]
    ]


def _holds(segment: Mapping[str, Any], filing: float) -> bool:
    low, above = segment["min_score"], segment["max_score"]
    return (low is None or filing >= low) and (above is None or filing < above)


def instants(round_view: RoundView, now: datetime) -> list[Instant]:
    """Every instant of a round at which something begins or stops being allowed, in order."""
    schedule = round_view["schedule"]
    if schedule is None:
        return []
    gates = [Instant(moment(schedule["opens"]), "开始填报")]
    if schedule["delete_lock"]:
        gates.append(Instant(moment(schedule["delete_lock"]), "停止删除志愿"))
    if schedule["create_lock"]:
        gates.append(Instant(moment(schedule["create_lock"]), "停止新填报，此后只能修改"))
    gates += [Instant(part.closes, f"{part.who}锁定") for part in parts(round_view, now)]
    return sorted(gates, key=lambda gate: gate.at)


def next_lock(round_view: RoundView, now: datetime) -> Instant | None:
    """What changes next; None before a schedule is known and after all is closed."""
    return next((gate for gate in instants(round_view, now) if gate.at > now), None)


def next_publication(round_view: RoundView, now: datetime) -> datetime | None:
    """The next instant of the public table, each full period after opening and the close."""
    schedule = round_view["schedule"]
    if schedule is None or now >= moment(schedule["closes"]):
        return None
    opens = moment(schedule["opens"])
    every = timedelta(seconds=schedule["statistics_every_s"])
    periods = max(1, (now - opens) // every + 1)
    return min(opens + periods * every, moment(schedule["closes"]))


class Gates(NamedTuple):
    """What a candidate may do now, as the page offers it. The desk decides, not this."""

    opens: datetime | None
    may_create: bool
    may_modify: bool
    may_delete: bool
    create_until: datetime | None
    delete_until: datetime | None


def gates(round_view: RoundView, lock: Mapping[str, Any], now: datetime) -> Gates:
    """Half-open by the server's clock, as RULES.md 4."""
    schedule = round_view["schedule"]
    if schedule is None or lock["closes_at"] is None:
        return Gates(
            None,
            may_create=False,
            may_modify=False,
            may_delete=False,
            create_until=None,
            delete_until=None,
        )
    closes, opens = moment(lock["closes_at"]), moment(schedule["opens"])
    create = min(closes, moment(schedule["create_lock"] or closes))
    delete = min(closes, moment(schedule["delete_lock"] or closes))
    passed = round_view["state"]
    modify = lock["state"] != "locked" and opens <= now < closes and passed != "paused"
    return Gates(
        opens,
        may_create=modify and now < create and lock["state"] == "open",
        may_modify=modify,
        may_delete=modify and now < delete and passed == "open",
        create_until=create,
        delete_until=delete,
    )
