"""The plan of one track as a book: an edition's units and majors, and what it corrects."""

from collections.abc import Sequence
from typing import Literal

from importers.plans import MajorRow, PlanDifference, by_unit, plan_difference
from service.board import Board, RoundBoard
from service.errors import Refusal
from service.events import from_ms
from service.shapes import Erratum, ErratumField, PlanBook, UnitView
from service.store import editions
from service.store.engine import Engine, reading
from service.views.public import round_board
from service.views.texts import moment, ratio_text

SHOWN = ("institution_name", "major_name", "quota", "tuition", "duration", "notes")
"""What of a row may be corrected; the rest is what names it."""


async def plan_book(
    engine: Engine, board: Board, round_code: str, track: str, number: int | None = None
) -> PlanBook:
    """Edition `number` of a track's plan, by default the newest, with its errata.

    Raises:
        Refusal: `not-found` for the round, the track or the edition.
    """
    one = round_board(board, round_code)
    async with reading(engine) as connection:
        found = await editions.up_to(connection, one.terms.round_id, number, 2)
    if not found or number not in (None, found[0].number):
        raise Refusal("not-found", what=f"{round_code}/{number}")
    edition, previous = found[0], found[1] if len(found) > 1 else None
    rows = _of_track(edition.rows, track)
    before = rows if previous is None else _of_track(previous.rows, track)
    if not rows and not before:
        raise Refusal("not-found", what=track)
    return {
        "round": round_code,
        "track": track,
        "edition": edition.number,
        "previous": None if previous is None else previous.number,
        "seq": edition.seq,
        "imported_at": moment(from_ms(edition.imported_ms)),
        "digest": edition.digest,
        "majors": len(rows),
        "seats": sum(row.quota for row in rows),
        "seats_before": sum(row.quota for row in before),
        "units": _units(one, rows),
        "errata": _errata(plan_difference(before, rows)),
    }


def _of_track(rows: Sequence[MajorRow], track: str) -> list[MajorRow]:
    """A track's rows, by institution code; a unit's majors stay in plan order."""
    of_track = by_unit([row for row in rows if row.track == track])
    return [row for key in sorted(of_track) for row in of_track[key]]


def _units(one: RoundBoard, rows: Sequence[MajorRow]) -> list[UnitView]:
    return [
        {
            "institution_code": key.institution_code,
            "institution_name": majors[0].institution_name,
            "track": key.track,
            "plan_nature": key.plan_nature,
            "plan": sum(row.quota for row in majors),
            "ratio": ratio_text(one.terms.file.rules.ratio_of(key)),
            "majors": [
                {
                    "code": row.major_code,
                    "name": row.major_name,
                    "quota": row.quota,
                    "tuition": row.tuition,
                    "duration": row.duration,
                    "notes": row.notes,
                }
                for row in majors
            ],
        }
        for key, majors in by_unit(rows).items()
    ]


def _errata(difference: PlanDifference) -> list[Erratum]:
    changed = [
        _erratum("changed", change.after, _fields(change.before, change.after))
        for change in difference.changed
    ]
    added = [_erratum("added", row, []) for row in difference.added]
    removed = [_erratum("removed", row, []) for row in difference.removed]
    return sorted(
        [*changed, *added, *removed],
        key=lambda one: (one["institution_code"], one["plan_nature"], one["major_code"]),
    )


def _erratum(
    kind: Literal["added", "removed", "changed"], row: MajorRow, fields: list[ErratumField]
) -> Erratum:
    return {
        "kind": kind,
        "institution_code": row.institution_code,
        "institution_name": row.institution_name,
        "track": row.track,
        "plan_nature": row.plan_nature,
        "major_code": row.major_code,
        "major_name": row.major_name,
        "quota": row.quota,
        "fields": fields,
    }


def _fields(before: MajorRow, after: MajorRow) -> list[ErratumField]:
    was, becomes = before._asdict(), after._asdict()
    return [
        {"name": name, "before": str(was[name]), "after": str(becomes[name])}
        for name in SHOWN
        if was[name] != becomes[name]
    ]
