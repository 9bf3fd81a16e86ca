"""What the filing desk decides about one request. RULES.md 4.

Pure: a group of requests, what the writing transaction read, and the one instant of its clock go
in; accepted rows or a refusal come out. Requests of one group see each other's effects in order.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from ranking.rules import UnitKey
from service.calendar import Act
from service.errors import Refusal
from service.events import Event
from service.receipts import Receipt, canonical, fingerprint_of, new_receipt_id, new_salt
from service.shapes import ChoiceView
from service.store.choices import Answer, Held, Kept
from service.store.desk import Found
from service.store.people import Person
from service.terms import Major, Terms, Unit


@dataclass(frozen=True, slots=True)
class Wish:
    """What a candidate asks for: one unit, its majors in order, adjustment or not."""

    institution_code: str
    plan_nature: str | None
    majors: tuple[str, ...]
    accepts_adjustment: bool


@dataclass(frozen=True, slots=True)
class Request:
    """One request at the desk; `wish` None is a withdrawal.

    `version` is the version last seen, None where the caller does not say; `key` makes a retry
    harmless.
    """

    candidate_id: int
    round_code: str
    wish: Wish | None
    version: int | None
    key: str | None
    device: str

    def digest(self) -> str:
        """What the same key must come with again."""
        wish = self.wish
        content = wish and [
            wish.institution_code,
            wish.plan_nature,
            list(wish.majors),
            wish.accepts_adjustment,
        ]
        asked = [self.round_code, content, self.version]
        return hashlib.sha256(canonical(asked)).hexdigest()


@dataclass(slots=True)
class Group:
    """What one transaction knows and is going to write."""

    now: datetime
    terms: Mapping[str, Terms]
    passed: Mapping[int, set[str]]
    found: Found
    seq: int
    events: list[Event] = field(default_factory=list)
    new_held: dict[tuple[int, int], Held] = field(default_factory=dict)
    new_receipts: list[Kept] = field(default_factory=list)
    new_answers: list[Answer] = field(default_factory=list)


def decide(group: Group, request: Request) -> Receipt:
    """Accept one request into the group, or raise why not."""
    terms = group.terms.get(request.round_code)
    person = group.found.people.get(request.candidate_id)
    if terms is None or terms.draft or person is None or person.season_id != terms.season_id:
        raise Refusal("not-found", what=request.round_code)
    before = _answered_before(group, request)
    if before is not None:
        return before
    if person.admitted:
        raise Refusal("already-admitted")
    held = group.found.held.get((terms.round_id, person.id))
    _check_version(group, request, held)
    holds = held is not None and held.unit_id is not None
    act: Act = "modify" if holds else "create"
    _check_gate(group, terms, person.filing, "delete" if request.wish is None else act)
    if request.wish is None:
        if not holds:
            raise Refusal("no-choice")
        return _write(group, request, terms, person, None)
    unit = _unit_of(terms, request.wish, person.track)
    majors = _majors_of(terms, unit, request.wish)
    if held is not None and holds and _same(group.found.receipts[held.seq], unit, request.wish):
        _remember(group, request, held.seq)
        return group.found.receipts[held.seq]
    return _write(group, request, terms, person, (unit, majors))


def _answered_before(group: Group, request: Request) -> Receipt | None:
    if request.key is None:
        return None
    answer = group.found.answers.get((request.candidate_id, request.key))
    if answer is None:
        return None
    if answer.request_digest != request.digest():
        raise Refusal("idempotency-mismatch")
    return group.found.receipts[answer.receipt_seq]


def _check_version(group: Group, request: Request, held: Held | None) -> None:
    if request.version is None:
        return
    if held is None or held.unit_id is None:
        current = {0} if held is None else {0, held.version}
    else:
        current = {held.version}
    if request.version not in current:
        receipt = None if held is None else group.found.receipts[held.seq]
        raise Refusal("version-conflict", current=choice_view(receipt))


def _check_gate(group: Group, terms: Terms, filing: int, act: Act) -> None:
    if terms.calendar is None:
        raise Refusal("not-open")
    passed = group.passed.get(terms.round_id, set())
    code = terms.calendar.refusal(act, filing, group.now, passed)
    if code is not None:
        closes = terms.calendar.closes_at(filing)
        raise Refusal(code, server_time=group.now.isoformat(), closes_at=closes.isoformat())
    if terms.paused_at is not None:
        raise Refusal("round-paused", server_time=group.now.isoformat())


def _unit_of(terms: Terms, wish: Wish, track: str) -> Unit:
    """The unit wished for; without a plan nature, the only one the institution has here."""
    of_institution = terms.units_of_institution.get(wish.institution_code, [])
    if wish.plan_nature is not None:
        of_institution = [u for u in of_institution if u.key.plan_nature == wish.plan_nature]
    in_track = [u for u in of_institution if u.key.track == track]
    if terms.season_kind == "adult" and wish.majors:
        # one unit a major there: the major says which
        in_track = [u for u in in_track if wish.majors[0] in u.major_by_code] or in_track
    if len(in_track) == 1:
        return in_track[0]
    if in_track:
        plain = terms.unit_by_key.get(UnitKey(wish.institution_code, track, ""))
        if plain is not None:
            return plain
        raise Refusal(
            "unknown-unit", institution_code=wish.institution_code, ambiguous=len(in_track)
        )
    code = "wrong-track" if of_institution else "unknown-unit"
    raise Refusal(code, institution_code=wish.institution_code, track=track)


def _majors_of(terms: Terms, unit: Unit, wish: Wish) -> list[Major]:
    limit = terms.file.rules.majors_per_choice
    if len(wish.majors) > limit:
        raise Refusal("too-many-majors", count=len(wish.majors), limit=limit)
    seen: set[str] = set()
    majors = []
    for code in wish.majors:
        if code in seen:
            raise Refusal("duplicate-major", major_code=code)
        seen.add(code)
        if code not in unit.major_by_code:
            raise Refusal("unknown-major", major_code=code)
        majors.append(unit.major_by_code[code])
    return majors


def _same(receipt: Receipt, unit: Unit, wish: Wish) -> bool:
    """Whether the choice held is already exactly what is wished: saving it again is no event."""
    return (
        receipt.institution_code == unit.key.institution_code
        and receipt.plan_nature == unit.key.plan_nature
        and receipt.majors == wish.majors
        and receipt.accepts_adjustment == wish.accepts_adjustment
    )


def _write(
    group: Group,
    request: Request,
    terms: Terms,
    person: Person,
    choice: tuple[Unit, list[Major]] | None,
) -> Receipt:
    """Add event, choice held, receipt and answered key to what the group will write."""
    place = (terms.round_id, person.id)
    held = group.found.held.get(place)
    group.seq += 1
    salt = new_salt()
    unsigned = _receipt(group, request, person, held, choice)
    content = unsigned.as_json()
    content["fingerprint"] = fingerprint_of(content, salt)
    receipt = replace(unsigned, fingerprint=content["fingerprint"])
    majors = [] if choice is None else [major.id for major in choice[1]]
    unit_id = None if choice is None else choice[0].id
    first = majors[0] if majors else None
    event = Event(
        group.seq,
        "choice_withdrawn" if choice is None else "choice_filed",
        group.now,
        terms.round_id,
        person.id,
        unit_id,
        first,
        {
            "version": receipt.version,
            "majors": majors,
            "accepts_adjustment": receipt.accepts_adjustment,
        },
    )
    body = canonical(content).decode()
    kept = Kept(group.seq, receipt.id, *place, body, salt, request.device)
    group.events.append(event)
    group.found.held[place] = Held(*place, receipt.version, unit_id, first, group.seq)
    group.new_held[place] = group.found.held[place]
    group.found.receipts[group.seq] = receipt
    group.new_receipts.append(kept)
    _remember(group, request, group.seq)
    return receipt


def _receipt(
    group: Group,
    request: Request,
    person: Person,
    held: Held | None,
    choice: tuple[Unit, list[Major]] | None,
) -> Receipt:
    """The receipt of what was decided, its fingerprint still to be made."""
    unit, majors = choice if choice is not None else (None, [])
    before = None if held is None else group.found.receipts[held.seq]
    return Receipt(
        id=new_receipt_id(),
        seq=group.seq,
        received_at=group.now,
        candidate_no=person.candidate_no,
        round=request.round_code,
        institution_code=None if unit is None else unit.key.institution_code,
        institution_name=None if unit is None else unit.institution_name,
        plan_nature=None if unit is None else unit.key.plan_nature,
        majors=tuple(major.code for major in majors),
        accepts_adjustment=None if request.wish is None else request.wish.accepts_adjustment,
        version=1 if held is None else held.version + 1,
        replaces=None if before is None else before.fingerprint,
        fingerprint="",
    )


def _remember(group: Group, request: Request, receipt_seq: int) -> None:
    if request.key is None:
        return
    answer = Answer(request.candidate_id, request.key, request.digest(), receipt_seq)
    group.found.answers[request.candidate_id, request.key] = answer
    group.new_answers.append(answer)


def choice_view(receipt: Receipt | None) -> ChoiceView:
    """The choice held, as GET answers it: version 0 and the rest null where there is none."""
    if receipt is None or receipt.institution_code is None:
        return {
            "version": 0,
            "institution_code": None,
            "institution_name": None,
            "plan_nature": None,
            "majors": None,
            "accepts_adjustment": None,
            "receipt": None,
        }
    return {
        "version": receipt.version,
        "institution_code": receipt.institution_code,
        "institution_name": receipt.institution_name,
        "plan_nature": receipt.plan_nature,
        "majors": list(receipt.majors),
        "accepts_adjustment": receipt.accepts_adjustment,
        "receipt": receipt.as_json(),
    }
