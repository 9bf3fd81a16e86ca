"""What the office may do to a round, as appliers of acts: publish, pause, extend, amend. RULES.md 4.

Each runs inside the transaction that logs the approval. A body is JSON values that came from a
form or a program, so it is read with suspicion: what is not of the shape wanted is refused.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from importers.plans import MajorRow
from importers.round_file import round_file_toml
from importers.toml_section import basis_points
from ranking.rules import UnitKey, UnitRules
from service.acts import Act, Applier
from service.calendar import GOING, SEGMENT, Calendar, extended
from service.errors import Refusal
from service.events import Event, from_ms, to_ms
from service.intake import put_plan, put_round
from service.store import control, rounds
from service.store.engine import Connection
from service.terms import Terms
from service.uploads import apply_upload

T = TypeVar("T")

MOST_QUOTAS = 1000
"""How many majors one amendment may name; more is a plan file."""


async def publish_round(connection: Connection, act: Act, now: datetime) -> list[Event]:
    """Let the public see a draft: its plan, its schedule, its gates.

    Body: {"revision": the draft's when it was proposed}, so that what was reviewed is published.

    Raises:
        Refusal: `not-a-draft`, `plan-missing`; `changed-since` for another revision.
    """
    terms = await _terms(connection, act)
    if not terms.draft:
        raise Refusal("not-a-draft")
    if act.body.get("revision") != terms.revision:
        raise Refusal("changed-since")
    if not terms.units:
        raise Refusal("plan-missing")
    await control.set_draft(connection, terms.round_id, draft=False)
    return [Event(0, "round_published", now, terms.round_id)]


async def pause(connection: Connection, act: Act, now: datetime) -> list[Event]:
    """Take no filing until the round is resumed. Gates go on passing by the clock.

    Raises:
        Refusal: `round-not-running` for a draft, and after the close; `round-paused` already.
    """
    terms = await _terms(connection, act)
    passed = await _passed(connection, terms)
    if terms.paused_at is not None:
        raise Refusal("round-paused")
    if terms.state(passed) not in GOING | {"published"}:
        raise Refusal("round-not-running")
    await control.set_paused(connection, terms.round_id, now)
    return [Event(0, "round_paused", now, terms.round_id)]


async def resume(connection: Connection, act: Act, now: datetime) -> list[Event]:
    """Take filings again.

    Raises:
        Refusal: `round-not-paused`.
    """
    terms = await _terms(connection, act)
    if terms.paused_at is None:
        raise Refusal("round-not-paused")
    await control.set_paused(connection, terms.round_id, None)
    since = {"paused_at": terms.paused_at.isoformat()}
    return [Event(0, "round_resumed", now, terms.round_id, body=since)]


async def extend_segment(connection: Connection, act: Act, now: datetime) -> list[Event]:
    """An outage extension: whole segments close later, sealed ones are open again until then.

    Body: {"closes": {gate name: instant with offset, …}}. Higher scores still close no later than
    lower ones, so extending a segment may need the lower ones to be extended with it.

    Raises:
        Refusal: `not-open` without gates or before the opening; `extension-invalid` for an unknown
            segment, an instant that is past or not later than the segment's close, or a segment
            that would close after a lower one; `round-not-running` once the round was filed.
    """
    terms = await _terms(connection, act)
    calendar = terms.calendar
    if calendar is None or now < calendar.schedule.opens:
        raise Refusal("not-open")
    _check_not_over(terms, await _passed(connection, terms))
    later = _instants(act.body.get("closes"))
    _check_extension(calendar, later, now)
    events = []
    for segment in calendar.segments:
        if segment.name not in later:
            continue
        closes = later[segment.name]
        sealed = await control.extend_gate(connection, terms.round_id, segment.name, closes, act.id)
        body = {
            "gate": segment.name,
            "before": segment.at.isoformat(),
            "closes": closes.isoformat(),
            "reopened": sealed,
        }
        events.append(Event(0, "segment_extended", now, terms.round_id, body=body))
    return events


def _check_extension(calendar: Calendar, later: Mapping[str, datetime], now: datetime) -> None:
    before = {segment.name: segment.at for segment in calendar.segments}
    for name, closes in later.items():
        if name not in before or closes <= max(now, before[name]):
            raise Refusal("extension-invalid", segment=name.removeprefix(SEGMENT))
    after = Calendar(extended(calendar.schedule, later))
    for segment in after.segments:
        if segment.at != later.get(segment.name, before[segment.name]):
            raise Refusal("extension-invalid", segment=segment.name.removeprefix(SEGMENT))


async def amend(connection: Connection, act: Act, now: datetime) -> list[Event]:
    """Change the plan or the ratio of a round that families already see.

    Body: {"upload": id, "digest": its SHA-256} for a file that was brought, else
    {"quotas": [{institution_code, track, plan_nature, major_code, quota}, …],
    "ratio": text or absent, "unit_ratios": [{institution_code, track, plan_nature, ratio}, …]}.
    A plan may shrink below what is held.

    Raises:
        Refusal: `unknown-unit`, `unknown-major`, `ratio-invalid`, `nothing-changes`, `upload-gone`;
            `round-not-running` once the round was filed.
    """
    upload_id = act.body.get("upload")
    if upload_id is not None:
        return await apply_upload(connection, _of_type(upload_id, int), act.body.get("digest"), now)
    wanted = _amendment(act.body)
    terms = await _terms(connection, act)
    _check_not_over(terms, await _passed(connection, terms))
    events = await _put_ratios(connection, terms, wanted, now)
    rows = _amended(rounds.as_rows(terms), terms, wanted.quotas)
    _, planned = await put_plan(connection, terms, rows, f"act-{act.id}", now)
    if not events and not planned:
        raise Refusal("nothing-changes")
    return [*events, *planned]


@dataclass(frozen=True, slots=True)
class _Amendment:
    """An amendment's body, read: seats by major, ratios in basis points."""

    quotas: Mapping[tuple[UnitKey, str], int]
    ratio: int | None
    unit_ratios: Mapping[UnitKey, int]


def _amendment(body: Mapping[str, object]) -> _Amendment:
    quotas = {}
    for one in _objects(body.get("quotas", [])):
        quota = _of_type(one.get("quota"), int)
        if not 0 <= quota <= 1_000_000 or isinstance(one.get("quota"), bool):
            raise Refusal("invalid-request")
        quotas[_key(one), _of_type(one.get("major_code"), str)] = quota
    unit_ratios = {
        _key(one): _ratio(one.get("ratio")) for one in _objects(body.get("unit_ratios", []))
    }
    ratio = body.get("ratio")
    return _Amendment(quotas, None if ratio is None else _ratio(ratio), unit_ratios)


def _amended(
    rows: Sequence[MajorRow], terms: Terms, quotas: Mapping[tuple[UnitKey, str], int]
) -> list[MajorRow]:
    for key, code in quotas:
        _check_unit(terms, key)
        if code not in terms.unit_by_key[key].major_by_code:
            raise Refusal("unknown-major", major_code=code)
    return [row._replace(quota=quotas.get((row.unit, row.major_code), row.quota)) for row in rows]


async def _put_ratios(
    connection: Connection, terms: Terms, wanted: _Amendment, now: datetime
) -> list[Event]:
    """Write changed ratios into the round's file as it was imported, without the extensions."""
    if wanted.ratio is None and not wanted.unit_ratios:
        return []
    for key in wanted.unit_ratios:
        _check_unit(terms, key)
    code = terms.file.code
    stored = rounds.parse_stored(code, await rounds.stored_file(connection, code) or "")
    rules = stored.rules
    units = dict(rules.units)
    for key, ratio in wanted.unit_ratios.items():
        units[key] = replace(units.get(key, UnitRules()), ratio=ratio)
    ratio = rules.ratio if wanted.ratio is None else wanted.ratio
    changed = replace(stored, rules=replace(rules, ratio=ratio, units=units))
    if changed == stored:
        return []
    (event,) = await put_round(connection, changed, round_file_toml(changed), now, draft=False)
    said = {
        "ratio": None if wanted.ratio is None else [rules.ratio, wanted.ratio],
        "unit_ratios": [[*key, rules.ratio_of(key), r] for key, r in wanted.unit_ratios.items()],
    }
    return [replace(event, body={**(event.body or {}), **said})]


async def _terms(connection: Connection, act: Act) -> Terms:
    if act.round_id is None:
        raise Refusal("invalid-request")
    code = await rounds.code_of(connection, act.round_id)
    terms = await rounds.read_terms(connection, code)
    if terms is None:
        raise AssertionError("a round that has a code has terms")
    return terms


async def _passed(connection: Connection, terms: Terms) -> set[str]:
    return (await rounds.passed_gates(connection)).get(terms.round_id, set())


def _check_not_over(terms: Terms, passed: Collection[str]) -> None:
    """What was filed was filed by the plan and the choices of then: neither changes any more."""
    if terms.calendar is not None and terms.calendar.is_over(passed):
        raise Refusal("round-not-running")


def _check_unit(terms: Terms, key: UnitKey) -> None:
    if key not in terms.unit_by_key:
        raise Refusal("unknown-unit", institution_code=key.institution_code, track=key.track)


def _objects(value: object) -> list[dict[str, object]]:
    items = _of_type(value, list)
    if len(items) > MOST_QUOTAS:
        raise Refusal("invalid-request")
    return [_of_type(item, dict) for item in items]


def _key(one: Mapping[str, object]) -> UnitKey:
    names = ("institution_code", "track", "plan_nature")
    return UnitKey(*(_of_type(one.get(name), str) for name in names))


def _ratio(value: object) -> int:
    points = basis_points(_of_type(value, str))
    if not points:
        raise Refusal("ratio-invalid")
    return points


def _instants(value: object) -> dict[str, datetime]:
    found = {}
    for name, text in _of_type(value, dict).items():
        try:
            instant = datetime.fromisoformat(_of_type(text, str))
        except ValueError:
            raise Refusal("extension-invalid", segment=str(name).removeprefix(SEGMENT)) from None
        if instant.tzinfo is None:
            raise Refusal("extension-invalid", segment=str(name).removeprefix(SEGMENT))
        found[str(name)] = from_ms(to_ms(instant))
    if not found:
        raise Refusal("nothing-changes")
    return found


def _of_type(value: object, wanted: type[T]) -> T:
    if not isinstance(value, wanted):
        raise Refusal("invalid-request")
    return value


CONTROLS: Mapping[str, Applier] = {
    "publish_round": publish_round,
    "pause": pause,
    "resume": resume,
    "extend_segment": extend_segment,
    "amend": amend,
}
"""The kinds of act carried out here."""
