"""A standing as lines a page can say: which sentence of `words.POSITION`, with which facts.

web/static/position.js holds the same rules for live messages; the two are tested on the same
standings. Both only choose words: every number comes from the standing.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from web.pages import words
from web.pages.words import Line

Standing = Mapping[str, Any]
SEATS_AT_MOST = 160
PLAN_AT_MOST = 120


class Seats(NamedTuple):
    """A run of like cells in the seat map."""

    kind: str
    beyond: bool
    cells: int


def status_line(standing: Standing) -> Line:
    """The one sentence about the place among the plan, by the worst place of the tie."""
    plan, due, last = standing["plan"], standing["due"], standing["rank_last"]
    status = standing["status"]
    if status == "inside":
        return ("inside", {"spare": plan - last}) if plan > last else ("inside_last", {})
    if status == "outside":
        short = standing["rank"] - due
        return ("outside", {"short": short}) if due else ("outside_no_plan", {})
    return (status, {})


def tie_line(standing: Standing) -> Line:
    facts = {
        "tied": standing["tied"],
        "first": standing["rank"],
        "last": standing["rank_last"],
    }
    return ("tie" if standing["tied"] > 1 else "tie_none", facts)


def tone(standing: Standing) -> str:
    return str(standing["status"])


def major_tone(standing: Standing) -> str:
    """Where the first-major place by filing score lies against that major's quota."""
    major = standing["first_major"]
    if major is None:
        return "unknown"
    place = major["by_filing"]
    if place["rank"] + place["tied"] - 1 <= major["quota"]:
        return "inside"
    return "straddling" if place["rank"] <= major["quota"] else "outside"


def slots(standing: Standing, zone: str) -> dict[str, Line]:
    """Every line of the position that changes live."""
    name = f"「{standing['unit']['institution_name']}」"
    locked = standing["lock"]["state"] == "locked"
    return {
        "title": ("title_locked" if locked else "title", {"name": name}),
        "rank": ("number", {"n": standing["rank"]}),
        "of": ("of", {"plan": standing["plan"], "applicants": standing["applicants"]}),
        "status": status_line(standing),
        "tie": tie_line(standing),
        "lines": _lines(standing),
        **_major(standing),
        **_certainty(standing),
        **_lock(standing, zone),
        **_seat_legend(standing),
    }


def _lines(standing: Standing) -> Line:
    facts = {
        "due": standing["due"],
        "line_plan": words.score(standing["line_plan"]),
        "line_filing": words.score(standing["line_filing"]),
    }
    if standing["line_filing"] is not None:
        return ("lines", facts)
    return ("lines_none" if standing["line_plan"] is None else "lines_plan", facts)


def _major(standing: Standing) -> dict[str, Line]:
    major = standing["first_major"]
    if major is None:
        hidden = standing["first_major_hidden"] is not None
        return {"major": ("major_none", {}), "major_hidden": ("major_hidden", {})} if hidden else {}
    filing, exam = _place(major["by_filing"]), _place(major["by_exam"])
    quota, shade = major["quota"], major_tone(standing)
    status: Line = (f"major_{shade}", {})
    if shade == "inside":
        spare = quota - filing["last"]
        status = ("major_inside", {"spare": spare}) if spare else ("major_inside_last", {})
    elif shade == "outside":
        status = ("major_outside", {"short": filing["first"] - quota})
    return {
        "major": ("major", {"name": major["name"]}),
        "major_rank": ("number", {"n": filing["first"]}),
        "major_of": ("major_of", {"quota": quota}),
        "major_status": status,
        "major_tie": ("major_tie" if filing["tied"] > 1 else "major_tie_none", filing),
        "major_exam": ("major_exam_tied" if exam["tied"] > 1 else "major_exam", exam),
    }


def _place(place: Mapping[str, int]) -> dict[str, int]:
    return {
        "first": place["rank"],
        "tied": place["tied"],
        "last": place["rank"] + place["tied"] - 1,
    }


def _certainty(standing: Standing) -> dict[str, Line]:
    known = standing["certainty"]
    if known is None:
        return {}
    here = standing["rank"] - 1 - known["locked_above"]
    facts = {"best": known["best"], "worst": known["worst"]}
    fixed = known["open_above"] == 0 and known["verdict"] != "open"
    verdict = {"due": standing["due"], "open_above": known["open_above"]}
    return {
        "locked_above": ("number", {"n": known["locked_above"]}),
        "open_here": ("number", {"n": here}),
        "open_elsewhere": ("number", {"n": known["open_above"] - here}),
        "bounds": ("bounds_fixed" if known["best"] == known["worst"] else "bounds", facts),
        "verdict": (known["verdict"] + ("_fixed" if fixed else ""), verdict),
    }


def _lock(standing: Standing, zone: str) -> dict[str, Line]:
    locked = standing["lock"]["state"] == "locked"
    closes = standing["lock"]["closes_at"]
    at = {"time": words.clock_time(moment(closes), zone)}
    return {
        "lock_title": ("lock_locked" if locked else "lock_open", {}),
        "lock_note": ("lock_done" if locked else "lock_at", at),
        "bar_note": ("bar_locked" if locked else "bar_open", at),
    }


def _seat_legend(standing: Standing) -> dict[str, Line]:
    known = standing["certainty"]
    if known is None:
        return {}
    locked = known["locked_above"]
    ahead = standing["rank"] - 1 - locked
    return {
        "seats_locked": ("seats_locked", {"n": locked}),
        "seats_open": ("seats_open", {"n": ahead}),
        "seats_tied": ("seats_tied", {"n": standing["tied"] - 1}),
        "seats_beyond": ("seats_beyond", {"due": standing["due"]}),
        "seats": (
            "seats",
            {
                "locked": locked,
                "open": ahead,
                "tied": standing["tied"],
                "plan": standing["plan"],
                "due": standing["due"],
            },
        ),
    }


def seats(standing: Standing) -> list[Seats]:
    """The cells of the seat map as runs, in score order; none where the map would be too long."""
    plan, last = standing["plan"], standing["rank_last"]
    total = max(plan, standing["due"], last)
    known = standing["certainty"]
    if known is None or not 0 < plan <= PLAN_AT_MOST or total > SEATS_AT_MOST:
        return []
    ends = (
        ("locked", known["locked_above"]),
        ("open", standing["rank"] - 1),
        ("you", standing["rank"]),
        ("tied", last),
        ("behind", min(standing["applicants"], total)),
        ("empty", total),
    )
    runs: list[Seats] = []
    start = 0
    for kind, end in ends:
        within = max(0, min(end, plan) - start)
        past = max(0, end - max(start, plan))
        runs += [
            Seats(kind, beyond=beyond, cells=n)
            for beyond, n in ((False, within), (True, past))
            if n
        ]
        start = max(start, end)
    return runs


def moment(value: str | datetime) -> datetime:
    """A view's time, whether it is still a datetime or already RFC 3339."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
