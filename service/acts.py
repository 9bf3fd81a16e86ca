"""Acts of two people: one proposes, another approves, and only then it happens. RULES.md 4, 8.

What an act does is an `Applier`, called inside the one transaction that also logs the approval:
either all of it is on disk, or nothing. A publication also needs a confidentiality review
(涉密不公开、公开不涉密) by someone other than who proposed it. That one person is never both sides is
checked here and enforced by the database.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Literal, TypeAlias

from service.errors import Refusal
from service.events import Event, Kind
from service.filing import Clock
from service.store import acts, log, rounds, staff, uploads
from service.store.acts import Act, Approval, Finding
from service.store.engine import Connection, Engine, forget, writing
from service.store.staff import Member, Role

__all__ = ["PUBLICATIONS", "Act", "Acts", "Applier", "Finding"]

Applier: TypeAlias = Callable[[Connection, Act, datetime], Awaitable[list[Event]]]
"""Carries out an approved act: writes what it changes, returns what is to be logged of it.

It runs in the transaction that holds the head's lock; `now` is that transaction's one instant. To
decline it raises a Refusal, and the act stays proposed.
"""

PUBLICATIONS = frozenset({"publish_round", "release_results", "publish_unfilled"})
"""Kinds that make something public, and so need a confidentiality review before approval."""

PROPOSERS: frozenset[Role] = frozenset({"importer", "publisher"})
MAX_REASON = 500


class Acts:
    """The writer of two-person acts."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        announce: Callable[[int], None],
        appliers: Mapping[str, Applier],
    ) -> None:
        """`announce` is told the log's newest seq after each commit that grew it."""
        self._engine = engine
        self._clock = clock
        self._announce = announce
        self._appliers = appliers

    async def propose(
        self,
        by: Member,
        kind: str,
        round_code: str | None,
        body: Mapping[str, object],
        reason: str,
    ) -> int:
        """Put an act before a second person; its id.

        Raises:
            Refusal: `not-allowed` without a role that proposes, `reason-needed`, `not-found` for
                the round, `invalid-request` for a kind nobody carries out.
        """
        reason = _check_text(reason)
        if kind not in self._appliers:
            raise Refusal("invalid-request")
        async with writing(self._engine) as connection:
            await _must_hold(connection, by, PROPOSERS)
            round_id = await _round_id(connection, round_code)
            draft = Act(0, kind, round_id, body, reason, by.id, kind in PUBLICATIONS, self._clock())
            act = await acts.add(connection, draft)
            await _mark_upload(connection, act, "proposed")
            seq = await self._log(connection, "act_proposed", act, by)
        self._announce(seq)
        return act.id

    async def review(self, by: Member, act_id: int, finding: Finding) -> None:
        """Give a publication its confidentiality review; a newer one replaces it until approval.

        Raises:
            Refusal: `not-allowed` without the role reviewer, `two-persons-needed` for who proposed
                it, `reason-needed` without a legal basis, `review-contradicts` to publish what was
                found secret, `act-ended`, `not-found`.
        """
        finding = replace(finding, basis=_check_text(finding.basis))
        if finding.secret and finding.decision == "publish":
            raise Refusal("review-contradicts")
        async with writing(self._engine) as connection:
            await _must_hold(connection, by, {"reviewer"})
            act = await _waiting(connection, act_id)
            if not act.publication:
                raise Refusal("invalid-request")
            _must_differ(act, by)
            await acts.put_review(connection, act, finding, by.id, self._clock())
            said = {"decision": finding.decision, "basis": finding.basis}
            seq = await self._log(connection, "act_reviewed", act, by, said)
        self._announce(seq)

    async def rehearse(
        self, by: Member, kind: str, round_code: str | None, body: Mapping[str, object]
    ) -> list[Event]:
        """What approving such an act now would log; nothing stays.

        Raises:
            Refusal: `not-found`, `invalid-request`, and what its applier declines with.
        """
        if kind not in self._appliers:
            raise Refusal("invalid-request")
        async with writing(self._engine) as connection:
            round_id = await _round_id(connection, round_code)
            now = self._clock()
            publication = kind in PUBLICATIONS
            draft = Act(0, kind, round_id, body, "rehearsed", by.id, publication, now)
            act = await acts.add(connection, draft)
            done = await self._appliers[kind](connection, act, now)
            await forget(connection)
        return done

    async def approve(self, by: Member, act_id: int) -> list[Event]:
        """Carry out an act as the second person; what was logged of it.

        Raises:
            Refusal: `not-allowed` without the role publisher, `two-persons-needed` for who
                proposed it, `review-needed` for a publication, `act-ended`, `not-found`, and what
                its applier declines with; nothing was changed then.
        """
        async with writing(self._engine) as connection:
            await _must_hold(connection, by, {"publisher"})
            act = await _waiting(connection, act_id)
            _must_differ(act, by)
            decision = await acts.review_decision(connection, act_id)
            if act.publication and decision != "publish":
                raise Refusal("review-needed")
            now = self._clock()
            done = await self._appliers[act.kind](connection, act, now)
            said = {**_said_of(act, by), "reason": act.reason}
            approved = Event(0, "act_approved", now, act.round_id, body=said)
            written = await rounds.record(connection, [approved, *done])
            span = (written[0].seq, written[-1].seq)
            await acts.approve(connection, act, Approval(by.id, now, decision, span))
        self._announce(written[-1].seq)
        return written

    async def refuse(self, by: Member, act_id: int) -> None:
        """End an act as the second person, without doing it.

        Raises:
            Refusal: `not-allowed`, `two-persons-needed`, `act-ended`, `not-found`.
        """
        async with writing(self._engine) as connection:
            await _must_hold(connection, by, {"publisher", "reviewer"})
            act = await _waiting(connection, act_id)
            _must_differ(act, by)
            seq = await self._end(connection, act, by, "refused", "act_refused")
        self._announce(seq)

    async def withdraw(self, by: Member, act_id: int) -> None:
        """Take back what one has proposed oneself.

        Raises:
            Refusal: `not-allowed` for another's, `act-ended`, `not-found`.
        """
        async with writing(self._engine) as connection:
            await _must_hold(connection, by, PROPOSERS)
            act = await _waiting(connection, act_id)
            if act.proposed_by != by.id:
                raise Refusal("not-allowed")
            seq = await self._end(connection, act, by, "withdrawn", "act_withdrawn")
        self._announce(seq)

    async def _end(
        self,
        connection: Connection,
        act: Act,
        by: Member,
        state: Literal["refused", "withdrawn"],
        kind: Kind,
    ) -> int:
        await acts.end(connection, act.id, state, by.id, self._clock())
        await _mark_upload(connection, act, "dropped")
        return await self._log(connection, kind, act, by)

    async def _log(
        self,
        connection: Connection,
        event: Kind,
        act: Act,
        by: Member,
        more: Mapping[str, object] | None = None,
    ) -> int:
        body = {**_said_of(act, by), **(more or {})}
        told = Event(0, event, self._clock(), act.round_id, body=body)
        (written,) = await log.append(connection, [told])
        return written.seq


def _said_of(act: Act, by: Member) -> dict[str, object]:
    """What the log says of an act: no name, and no content but its own events."""
    return {"act": act.id, "kind": act.kind, "by": by.id}


async def _mark_upload(
    connection: Connection, act: Act, state: Literal["proposed", "dropped"]
) -> None:
    """A file that an act is about is kept while the act waits, and not after."""
    upload_id = act.body.get("upload")
    if isinstance(upload_id, int):
        await uploads.mark(connection, upload_id, state)


async def _must_hold(connection: Connection, by: Member, wanted: Collection[Role]) -> None:
    """As of this transaction: a role taken away or an account disabled counts at once."""
    now = await staff.read_member(connection, by.id)
    if now is None or not now.roles & set(wanted):
        raise Refusal("not-allowed")


async def _waiting(connection: Connection, act_id: int) -> Act:
    act = await acts.read_act(connection, act_id)
    if act is None:
        raise Refusal("not-found", what=str(act_id))
    if act.state != "proposed":
        raise Refusal("act-ended")
    return act


def _must_differ(act: Act, by: Member) -> None:
    if act.proposed_by == by.id:
        raise Refusal("two-persons-needed")


async def _round_id(connection: Connection, code: str | None) -> int | None:
    if code is None:
        return None
    found = (await rounds.revisions(connection)).get(code)
    if found is None:
        raise Refusal("not-found", what=code)
    return found[0]


def _check_text(text: str) -> str:
    """A reason or a legal basis: one line that says something."""
    text = text.strip()
    if not text or len(text) > MAX_REASON or not text.isprintable():
        raise Refusal("reason-needed", most=MAX_REASON)
    return text
