"""Two-person acts, their confidentiality reviews and approvals. Rows are never deleted."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import Row, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.events import from_ms, to_ms
from service.store.engine import upsert
from service.store.schema import act, approval, review, round_

State = Literal["proposed", "approved", "refused", "withdrawn"]
STATES: tuple[State, ...] = get_args(State)
Decision = Literal["publish", "withhold"]


@dataclass(frozen=True, slots=True)
class Act:
    """What one person proposed. `body` says what of the kind is meant, as JSON values.

    `publication` acts need a confidentiality review; ids are the store's row ids.
    """

    id: int
    kind: str
    round_id: int | None
    body: Mapping[str, object]
    reason: str
    proposed_by: int
    publication: bool
    proposed_at: datetime
    state: State = "proposed"
    ended_by: int | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a confidentiality review found: each True is a reason not to publish."""

    state_secret: bool
    trade_secret: bool
    personal_data: bool
    safety: bool
    decision: Decision
    basis: str

    @property
    def secret(self) -> bool:
        """Whether anything was found."""
        return self.state_secret or self.trade_secret or self.personal_data or self.safety


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A review as kept."""

    finding: Finding
    by: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval: `span` is the first and last seq that it logged."""

    by: int
    at: datetime
    decision: str | None
    span: tuple[int, int]


async def add(connection: AsyncConnection, draft: Act) -> Act:
    """Keep a proposal; the act with its id."""
    made = await connection.execute(
        insert(act)
        .values(
            kind=draft.kind,
            round_id=draft.round_id,
            body=json.dumps(draft.body, ensure_ascii=False),
            reason=draft.reason,
            publication=draft.publication,
            proposed_by=draft.proposed_by,
            proposed_ms=to_ms(draft.proposed_at),
            state="proposed",
        )
        .returning(act.c.id)
    )
    return replace(draft, id=made.scalar_one())


async def read_act(connection: AsyncConnection, act_id: int) -> Act | None:
    """One act; None when there is no such id."""
    row = (await connection.execute(select(act).where(act.c.id == act_id))).first()
    return None if row is None else _act(row)


async def list_acts(
    connection: AsyncConnection, states: Sequence[State], limit: int, before: int | None = None
) -> list[tuple[Act, str | None]]:
    """Acts in one of `states` with their round's code, newest first, of ids below `before`."""
    query = select(act, round_.c.code.label("round_code")).outerjoin(round_)
    query = query.where(act.c.state.in_(states))
    if before is not None:
        query = query.where(act.c.id < before)
    rows = await connection.execute(query.order_by(act.c.id.desc()).limit(limit))
    return [(_act(row), row.round_code) for row in rows]


def _act(row: Row[tuple[object, ...]]) -> Act:
    return Act(
        row.id,
        row.kind,
        row.round_id,
        json.loads(row.body),
        row.reason,
        row.proposed_by,
        row.publication,
        from_ms(row.proposed_ms),
        row.state,
        row.ended_by,
        None if row.ended_ms is None else from_ms(row.ended_ms),
    )


async def put_review(
    connection: AsyncConnection, of: Act, finding: Finding, by: int, at: datetime
) -> None:
    """Keep the review of an act that is still proposed; an earlier one is replaced."""
    statement = upsert(connection, review).values(
        act_id=of.id,
        proposed_by=of.proposed_by,
        publication=of.publication,
        reviewed_by=by,
        reviewed_ms=to_ms(at),
        state_secret=finding.state_secret,
        trade_secret=finding.trade_secret,
        personal_data=finding.personal_data,
        safety=finding.safety,
        decision=finding.decision,
        basis=finding.basis,
    )
    await connection.execute(statement)


async def read_review(connection: AsyncConnection, act_id: int) -> Reviewed | None:
    """The review of an act."""
    row = (await connection.execute(select(review).where(review.c.act_id == act_id))).first()
    if row is None:
        return None
    found = (row.state_secret, row.trade_secret, row.personal_data, row.safety)
    finding = Finding(*found, row.decision, row.basis)
    return Reviewed(finding, row.reviewed_by, from_ms(row.reviewed_ms))


async def review_decision(connection: AsyncConnection, act_id: int) -> str | None:
    """What the review of an act decided; None before there is one."""
    query = select(review.c.decision).where(review.c.act_id == act_id)
    found: str | None = await connection.scalar(query)
    return found


async def approve(connection: AsyncConnection, of: Act, given: Approval) -> None:
    """Keep an approval, and end the act by it."""
    await connection.execute(
        insert(approval).values(
            act_id=of.id,
            proposed_by=of.proposed_by,
            publication=of.publication,
            review_decision=given.decision,
            approved_by=given.by,
            approved_ms=to_ms(given.at),
            seq=given.span[0],
            last_seq=given.span[1],
        )
    )
    await end(connection, of.id, "approved", given.by, given.at)


async def end(
    connection: AsyncConnection, act_id: int, state: State, by: int, at: datetime
) -> None:
    """Say how an act ended, and by whom."""
    ended = update(act).where(act.c.id == act_id)
    await connection.execute(ended.values(state=state, ended_by=by, ended_ms=to_ms(at)))


async def approvals_of(
    connection: AsyncConnection, round_id: int, kinds: Sequence[str]
) -> list[tuple[Act, Approval]]:
    """What was approved among `kinds` for a round, or for no one round alone; newest first."""
    query = (
        select(act, approval)
        .join(approval, approval.c.act_id == act.c.id)
        .where(or_(act.c.round_id == round_id, act.c.round_id.is_(None)), act.c.kind.in_(kinds))
        .order_by(approval.c.seq.desc())
    )
    return [
        (
            _act(row),
            Approval(
                row.approved_by,
                from_ms(row.approved_ms),
                row.review_decision,
                (row.seq, row.last_seq),
            ),
        )
        for row in await connection.execute(query)
    ]
