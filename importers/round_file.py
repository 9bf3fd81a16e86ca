"""A round's own file (TOML): season, batch, rules, schedule. CONTRACT 2.

Every key is checked and an unknown one refused, since a misspelt rule would silently not hold. A
fault names the key by its path, `schedule.segments[2].closes`.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from itertools import pairwise
from typing import Literal, get_args

from importers.headings import subject_name
from importers.report import Report
from importers.tables import Source, decode
from importers.toml_section import Section
from ranking.rules import (
    BASIS_POINTS,
    ExtraSeats,
    GradedSteps,
    MajorRule,
    MajorScore,
    Refill,
    Regime,
    RoundRules,
    Scope,
    UnitKey,
    UnitRules,
)
from ranking.scores import score_text

SeasonKind = Literal["general", "adult"]
PlainMajorRule = Literal["score_first", "major_first"]

KINDS: tuple[SeasonKind, ...] = get_args(SeasonKind)
REGIMES: tuple[Regime, ...] = get_args(Regime)
SCOPES: tuple[Scope, ...] = get_args(Scope)
REFILLS: tuple[Refill, ...] = get_args(Refill)
MAJOR_SCORES: tuple[MajorScore, ...] = get_args(MajorScore)
MAJOR_RULES: tuple[PlainMajorRule, ...] = get_args(PlainMajorRule)
HOURLY = timedelta(hours=1)
MAX_PER_FORM = 200
MAX_EXTRA_SEATS = 99


@dataclass(frozen=True, slots=True)
class Segment:
    """Filing scores of `min_score` (thousandths) and above, below the segment before, close then.

    The last segment has no `min_score`.
    """

    min_score: int | None
    closes: datetime


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a round may be filed in; all instants are aware. No segments: one close for all."""

    opens: datetime
    delete_lock: datetime | None
    create_lock: datetime | None
    closes: datetime
    statistics_every: timedelta = HOURLY
    segments: tuple[Segment, ...] = ()


@dataclass(frozen=True, slots=True)
class RoundFile:
    """All that a round file says."""

    season_code: str
    season_kind: SeasonKind
    batch_code: str
    batch_name: str
    code: str
    name: str
    rules: RoundRules
    schedule: Schedule | None = None
    live_statistics: bool = False


def read_round(source: Source) -> tuple[RoundFile | None, Report]:
    """The round in a TOML file; None, with faults in the report, when anything is wrong."""
    report = Report(source.name)
    document = _parse(source, report)
    if document is None:
        return None, report
    top = Section("", document, report)
    season, batch, round_ = top.section("season"), top.section("batch"), top.section("round")
    batch_code, code = batch.code("code"), round_.code("code")
    batch_name = batch.text("name", batch_code)
    file = RoundFile(
        season_code=season.code("code"),
        season_kind=season.one_of("kind", KINDS, "general"),
        batch_code=batch_code,
        batch_name=batch_name,
        code=code,
        name=round_.text("name", batch_name),
        rules=_round_rules(round_, top.optional("units"), code),
        schedule=_schedule(top.section("schedule")) if "schedule" in top else None,
        live_statistics=round_.flag("live_statistics"),
    )
    top.refuse_unknown()
    if not report.accepted:
        return None, report
    report.totals = {
        "segments": len(file.schedule.segments) if file.schedule else 0,
        "units_with_own_rules": len(file.rules.units),
    }
    report.digest = sha256(round_file_toml(file).encode()).hexdigest()
    return file, report


def _parse(source: Source, report: Report) -> dict[str, object] | None:
    text = decode(source, report)
    if text is None:
        return None
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, ValueError, ArithmeticError, RecursionError) as error:
        place = re.search(r"line (\d+)", str(error))
        report.reject(int(place[1]) if place else 0, "", "", f"is not TOML: {error}")
        return None


def _round_rules(section: Section, units: Section, code: str) -> RoundRules:
    plain = RoundRules()
    return RoundRules(
        regime=section.one_of("regime", REGIMES, plain.regime),
        ratio=section.ratio("ratio") or BASIS_POINTS,
        major_rule=_major_rule(section) or plain.major_rule,
        scope=section.one_of("scope", SCOPES, plain.scope),
        refill=section.one_of("refill", REFILLS, plain.refill),
        majors_per_choice=section.whole("majors_per_choice", plain.majors_per_choice, 0, 30),
        choices_per_form=section.whole("choices_per_form", plain.choices_per_form, 1, MAX_PER_FORM),
        major_score=section.one_of("major_score", MAJOR_SCORES, plain.major_score),
        tie_break=_tie_break(section.optional("tie_break")),
        units=dict(_unit_rules(units)),
        draw_seed=section.text("draw_seed", code),
    )


def _tie_break(section: Section) -> dict[str, tuple[str, ...]]:
    """By track, the subjects that decide between equal filing scores, first one first."""
    keys = {}
    for track in section.keys():  # noqa: SIM118 - a Section is no mapping
        subjects = []
        for subject in section.list_of(track, "subjects"):
            name = subject_name(subject) if isinstance(subject, str) else None
            if name is None:
                section.reject(track, subject, "is not a subject")
            elif name in subjects:
                section.reject(track, subject, "is listed twice")
            else:
                subjects.append(name)
        keys[track] = tuple(subjects)
    return keys


def _unit_rules(section: Section) -> Iterator[tuple[UnitKey, UnitRules]]:
    for key in section.keys():  # noqa: SIM118 - a Section is no mapping
        own = section.section(key)
        parts = key.split("/")
        if len(parts) != 3 or not all(parts[:2]):
            section.reject(key, None, "is not a unit, institution/track/plan_nature")
            parts = ["", "", ""]
        yield (
            UnitKey(*parts),
            UnitRules(
                ratio=own.ratio("ratio"),
                strict=own.flag("strict"),
                scope=own.maybe_one_of("scope", SCOPES),
                refill=own.maybe_one_of("refill", REFILLS),
                major_rule=_major_rule(own),
                major_score=own.maybe_one_of("major_score", MAJOR_SCORES),
                adjust_order=_adjust_order(own),
                extra_seats=tuple(map(_extra_seats, own.sections("extra_seats"))),
            ),
        )


def _adjust_order(section: Section) -> tuple[str, ...]:
    """Codes of the majors that the adjusted take first; the plan says later whether it has them."""
    if "adjust_order" not in section:
        return ()
    codes: list[str] = []
    for code in section.list_of("adjust_order", "major codes"):
        if not isinstance(code, str) or not code:
            section.reject("adjust_order", code, 'is not a major code such as "03"')
        elif code in codes:
            section.reject("adjust_order", code, "is listed twice")
        else:
            codes.append(code)
    return tuple(codes)


def _extra_seats(section: Section) -> ExtraSeats:
    """Seats over plan; who audits them must find a reason."""
    reason = section.text("reason", "").strip()
    if not reason:
        section.reject("reason", None, "is missing: a seat over plan needs one")
    count = section.whole("count", 1, 1, MAX_EXTRA_SEATS)
    return ExtraSeats(section.code("major", slash=True), count, reason)


def _major_rule(section: Section) -> MajorRule | None:
    """One of two words, or the steps of a graded rule: points off at each further choice."""
    if not section.holds("major_rule", dict):
        return section.maybe_one_of("major_rule", MAJOR_RULES)
    graded = section.section("major_rule")
    steps = graded.list_of("steps", "points")
    if not steps:
        graded.reject("steps", None, "is empty")
    return GradedSteps(tuple(graded.score_of("steps", step) for step in steps))


def _schedule(section: Section) -> Schedule | None:
    opens, closes = section.needed_instant("opens"), section.needed_instant("closes")
    locks = {key: section.instant(key) for key in ("delete_lock", "create_lock")}
    every = section.span("statistics_every", HOURLY)
    segments = _segments(section, opens, closes)
    if opens is None or closes is None:
        return None
    if closes <= opens:
        section.reject("closes", closes, "is not after opens")
    for key, lock in locks.items():
        if lock is not None and not opens <= lock <= closes:
            section.reject(key, lock, "is not between opens and closes")
    return Schedule(opens, locks["delete_lock"], locks["create_lock"], closes, every, segments)


def _segments(
    section: Section, opens: datetime | None, closes: datetime | None
) -> tuple[Segment, ...]:
    """The segments, highest first, of which the last takes everybody who is left."""
    parts = section.sections("segments")
    rows = [(part, part.score("min_score"), part.needed_instant("closes")) for part in parts]
    for part, low, close in rows:
        _check_bound(part, low, last=part is parts[-1])
        if opens and closes and close and not opens < close <= closes:
            part.reject("closes", close, "is not between opens and closes")
    for (_, above, earlier), (part, low, close) in pairwise(rows):
        if low is not None and above is not None and low >= above:
            part.reject("min_score", score_text(low), "is not below the segment before")
        if close and earlier and close < earlier:
            part.reject("closes", close, "is earlier than the segment before")
    return tuple(Segment(low, close) for _, low, close in rows if close)


def _check_bound(part: Section, low: int | None, *, last: bool) -> None:
    if low is None and not last:
        part.reject("min_score", None, "is missing: only the last segment has none")
    if low is not None and last:
        part.reject("min_score", score_text(low), "leaves lower scores without a segment")


def round_file_toml(file: RoundFile) -> str:
    """The round as the text of a round file: `read_round` gives an equal one back."""
    return (
        "\n".join(
            [*_identity_lines(file), *_schedule_lines(file.schedule), *_unit_lines(file.rules)]
        )
        + "\n"
    )


def _identity_lines(file: RoundFile) -> Iterator[str]:
    rules = file.rules
    yield from (
        "[season]",
        f"code = {_quoted(file.season_code)}",
        f"kind = {_quoted(file.season_kind)}",
    )
    yield from (
        "",
        "[batch]",
        f"code = {_quoted(file.batch_code)}",
        f"name = {_quoted(file.batch_name)}",
    )
    yield from ("", "[round]", f"code = {_quoted(file.code)}", f"name = {_quoted(file.name)}")
    yield f"regime = {_quoted(rules.regime)}"
    yield from _rule_lines(
        replace(
            _NO_RULES,
            ratio=rules.ratio,
            major_rule=rules.major_rule,
            scope=rules.scope,
            refill=rules.refill,
            major_score=rules.major_score,
        )
    )
    yield f"majors_per_choice = {rules.majors_per_choice}"
    yield f"choices_per_form = {rules.choices_per_form}"
    yield f"draw_seed = {_quoted(rules.draw_seed)}"
    yield f"live_statistics = {'true' if file.live_statistics else 'false'}"
    for track, subjects in sorted(rules.tie_break.items()):
        yield f"tie_break.{_quoted(track)} = [{', '.join(map(_quoted, subjects))}]"


_NO_RULES = UnitRules()


def _rule_lines(rules: UnitRules) -> Iterator[str]:
    """What is not left to the round, or, of the round itself, all of it."""
    if rules.ratio is not None:
        whole, rest = divmod(rules.ratio, 100)
        yield f'ratio = "{whole}{f".{rest:02d}".rstrip("0") if rest else ""}%"'
    if rules.strict:
        yield "strict = true"
    if isinstance(rules.major_rule, GradedSteps):
        yield f"major_rule = {{ steps = [{', '.join(map(score_text, rules.major_rule.steps))}] }}"
    elif rules.major_rule is not None:
        yield f"major_rule = {_quoted(rules.major_rule)}"
    words = {"scope": rules.scope, "refill": rules.refill, "major_score": rules.major_score}
    yield from (f"{key} = {_quoted(word)}" for key, word in words.items() if word is not None)
    if rules.adjust_order:
        yield f"adjust_order = [{', '.join(map(_quoted, rules.adjust_order))}]"
    if rules.extra_seats:
        yield f"extra_seats = [{', '.join(map(_extra_text, rules.extra_seats))}]"


def _extra_text(extra: ExtraSeats) -> str:
    major, reason = _quoted(extra.major_code), _quoted(extra.reason)
    return f"{{ major = {major}, count = {extra.count}, reason = {reason} }}"


def _schedule_lines(schedule: Schedule | None) -> Iterator[str]:
    if schedule is None:
        return
    instants = {
        "opens": schedule.opens,
        "delete_lock": schedule.delete_lock,
        "create_lock": schedule.create_lock,
        "closes": schedule.closes,
    }
    yield from ("", "[schedule]")
    yield from (f"{key} = {at.isoformat()}" for key, at in instants.items() if at is not None)
    yield f'statistics_every = "{schedule.statistics_every // timedelta(seconds=1)}s"'
    for segment in schedule.segments:
        yield from ("", "[[schedule.segments]]")
        if segment.min_score is not None:
            yield f"min_score = {score_text(segment.min_score)}"
        yield f"closes = {segment.closes.isoformat()}"


def _unit_lines(rules: RoundRules) -> Iterator[str]:
    for key, own in sorted(rules.units.items()):
        yield from ("", f"[units.{_quoted('/'.join(key))}]", *_rule_lines(own))


def _quoted(text: str) -> str:
    """A TOML string; JSON's escapes are TOML's."""
    return json.dumps(text, ensure_ascii=False)
