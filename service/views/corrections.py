"""What was changed about a round after families saw it: what, why, when. No names of staff."""

from collections.abc import Iterator
from datetime import datetime
from typing import cast

from service.board import Board
from service.calendar import SEGMENT
from service.events import Event
from service.shapes import Change, CorrectionList
from service.store import acts, log
from service.store.engine import Engine, reading
from service.views.public import round_board
from service.views.texts import moment, ratio_text

CORRECTIONS = ("extend_segment", "pause", "resume", "amend")
"""The kinds of act that correct what is public; a publication is no correction."""


async def corrections(engine: Engine, board: Board, round_code: str) -> CorrectionList:
    """The public correction line of a round, newest first.

    Raises:
        Refusal: `not-found`.
    """
    round_id = round_board(board, round_code).terms.round_id
    items: CorrectionList = {"items": [], "next": None}
    async with reading(engine) as connection:
        for act, approval in await acts.approvals_of(connection, round_id, CORRECTIONS):
            first, last = approval.span
            done = await log.follow(connection, first, last - first) if last > first else []
            changes = [c for event in done if event.round_id == round_id for c in changes_of(event)]
            if changes:
                items["items"].append(
                    {
                        "id": act.id,
                        "kind": act.kind,
                        "at": moment(approval.at),
                        "seq": approval.span[0],
                        "reason": act.reason,
                        "changes": changes,
                    }
                )
    return items


def changes_of(event: Event) -> Iterator[Change]:
    """What an event of an act changed, as the public and the office read it."""
    body = event.body or {}
    if event.kind == "segment_extended":
        where = str(body["gate"]).removeprefix(SEGMENT)
        before, after = (datetime.fromisoformat(str(body[name])) for name in ("before", "closes"))
        yield _change("segment", where, moment(before), moment(after))
    elif event.kind == "round_paused":
        yield _change("state", "", None, "paused")
    elif event.kind == "round_resumed":
        yield _change("state", "", "paused", None)
    elif event.kind == "plan_imported":
        yield from _plan_changes(body)
    elif event.kind == "round_set":
        yield from _round_changes(body)
    elif event.kind == "candidates_imported":
        yield _change("candidates", "", None, body["people"])


def _plan_changes(body: object) -> Iterator[Change]:
    said = cast("dict[str, list[list[object]]]", body)
    for *place, before, after in said["quotas"]:
        yield _change("quota", "/".join(str(part) for part in place), before, after)
    for *place, before, after in said.get("texts", []):
        yield _change("plan_text", "/".join(str(part) for part in place), before, after)
    before, after = said["seats"]
    yield _change("seats", "", before, after)


def _round_changes(body: object) -> Iterator[Change]:
    said = cast("dict[str, list[list[object]] | list[int] | None]", body)
    ratio = cast("list[int] | None", said.get("ratio"))
    units = cast("list[list[object]]", said.get("unit_ratios") or [])
    if ratio is not None:
        yield _change("ratio", "", ratio_text(ratio[0]), ratio_text(ratio[1]))
    for *place, before, after in units:
        texts = (ratio_text(cast("int", before)), ratio_text(cast("int", after)))
        yield _change("ratio", "/".join(str(part) for part in place), *texts)
    if ratio is None and not units:
        changes = cast("list[list[object]]", said.get("changes") or [["", None, None]])
        for key, before, after in changes:
            yield _change("round", str(key), before, after)


def _change(what: str, where: str, before: object, after: object) -> Change:
    return {
        "what": what,  # type: ignore[typeddict-item]  # the literals above
        "where": where,
        "before": None if before is None else str(before),
        "after": None if after is None else str(after),
    }
