"""A synthetic province: a plan, candidates and choices that behave like real ones. CONTRACT 5.

Everything is drawn from one seeded generator; the same numbers and seed give the same province.
Nothing here is a real institution or person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from math import gcd
from typing import TypeAlias

import numpy as np
from numpy.random import PCG64, Generator
from numpy.typing import NDArray

from importers.candidates import Candidates
from importers.choices import Choices
from importers.columns import NONE, TextColumn
from importers.plans import MajorRow
from importers.province_names import FIRST, GIVEN, KINDS, MAJORS, SECOND, SURNAMES
from importers.round_file import RoundFile, Schedule, Segment
from ranking.rules import RoundRules
from ranking.scores import MILLI

Int: TypeAlias = NDArray[np.int64]

TRACKS = ("理科", "文科")
SCIENCE_SHARE = 0.74
"""Of the candidates; 83,803 and 29,405 in Inner Mongolia's tables of 2024."""

# Filing scores by share of candidates below. Rounded readings of Inner Mongolia's 一分一段 tables of
# 2024 (neimenggu-2024/score_table_2024.csv: 942 rows, complete down to 200), joined by straight lines.
SHARE = (0.0, 0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.97, 0.99, 0.999, 1.0)
SCORE_BELOW = (
    (150, 225, 275, 303, 357, 425, 502, 567, 618, 650, 689, 715),
    (150, 220, 272, 300, 353, 414, 477, 530, 570, 598, 629, 655),
)

# Units and majors. Fitted to the 6,986 majors in 1,371 units of neimenggu-2024, first round.
PLAN_LN_MEAN, PLAN_LN_SD = 2.42, 1.27
MAJORS_LN, MAJORS_POWER = -0.04, 0.616
QUOTA_LN_SD = 0.7
"""Of the seats a major has beyond its first: 13 % of majors are left with a single seat at the real
number of majors a unit, 20 % at 25,000 in 4,000 units; really 17.6 %."""

# The rest is invented.
POPULARITY = 0.8
SCATTER = 0.07
FILES = 0.93
ACCEPTS = 0.7
MAJORS_PER_CHOICE = 6
BONUSES, BONUS_SHARE = (0, 5, 10, 20), (0.88, 0.04, 0.07, 0.01)
SUBJECTS = ("语文", "数学", "外语", "综合")
SUBJECT_MAX = (150, 150, 150, 300)
CODE_LETTERS = np.frombuffer(b"23456789abcdefghjkmnpqrstuvwxyz", "S1")
ORIENTED_SHARE = 0.03

# The published schedule of 2023, 本科一批, first round, moved to 2026-08-01. RULES 4.
ZONE = timezone(timedelta(hours=8))
DAY = datetime(2026, 8, 1, tzinfo=ZONE)
SEGMENT_SCORES = (670, 640, 610, 580, 550, 520, 490, 460, 430, None)
FIRST_SEGMENT_HOUR = 11


@dataclass(frozen=True, slots=True)
class Province:
    """What the four files of a province hold, as their readers would give it."""

    plan: tuple[MajorRow, ...]
    candidates: Candidates
    choices: Choices
    round_file: RoundFile


@dataclass(frozen=True, slots=True)
class _Units:
    """The units as columns, and where each one's majors are in the plan."""

    track: Int
    first: Int
    count: Int
    institution_code: list[str]
    plan_nature: list[str]


def make_province(candidates: int, units: int, majors: int, seed: int) -> Province:
    """A province of exactly this many candidates, units and majors.

    Raises:
        ValueError: no candidates or units, or fewer majors than units.
    """
    if candidates < 1 or units < 1 or majors < units:
        raise ValueError("a province needs candidates, units, and at least one major a unit")
    rng = Generator(PCG64(seed))
    plan, offered = _plan(rng, units, majors)
    people, track = _people(rng, candidates, len(set(offered.track.tolist())))
    choices = _choices(rng, people, track, plan, offered)
    return Province(plan, people, choices, province_round())


def province_round() -> RoundFile:
    """The round of every synthetic province: one dynamic round with ten segments."""
    segments = tuple(
        Segment(None if score is None else score * MILLI, _at(FIRST_SEGMENT_HOUR + place))
        for place, score in enumerate(SEGMENT_SCORES)
    )
    code = "2026-undergraduate-1-1"
    rules = RoundRules(
        majors_per_choice=MAJORS_PER_CHOICE,
        tie_break={
            "文科": ("语文", "综合", "外语", "数学"),
            "理科": ("数学", "综合", "语文", "外语"),
        },
        draw_seed=code,
    )
    schedule = Schedule(
        opens=_at(8),
        delete_lock=_at(10),
        create_lock=_at(10, 30),
        closes=segments[-1].closes,
        segments=segments,
    )
    return RoundFile(
        season_code="2026-general",
        season_kind="general",
        batch_code="2026-undergraduate-1",
        batch_name="本科一批",
        code=code,
        name="本科一批第一次填报",
        rules=rules,
        schedule=schedule,
    )


def _at(hour: int, minute: int = 0) -> datetime:
    return DAY + timedelta(hours=hour, minutes=minute)


def _plan(rng: Generator, units: int, majors: int) -> tuple[tuple[MajorRow, ...], _Units]:
    institution, track, nature = _spread_units(rng, units)
    names, codes = _institutions(rng, int(institution.max()) + 1)
    seats = np.maximum(np.rint(rng.lognormal(PLAN_LN_MEAN, PLAN_LN_SD, units)), 1).astype(np.int64)
    count = _shares(np.exp(MAJORS_LN) * seats**MAJORS_POWER, majors, seats)
    quota = _quotas(rng, np.maximum(seats, count), count)
    first = np.cumsum(count) - count
    owner = np.repeat(np.arange(units), count)
    place = np.arange(majors) - first[owner]
    subject = (rng.integers(0, len(MAJORS), units)[owner] + place * 7) % len(MAJORS)
    tuition = (rng.integers(8, 24, units) * 500)[owner]
    rows = tuple(
        MajorRow(
            line=line,
            batch="本科一批",
            track=TRACKS[track[unit]],
            institution_code=codes[institution[unit]],
            institution_name=names[institution[unit]],
            plan_nature="定向" if nature[unit] else "非定向",
            major_code=_major_code(at),
            major_name=MAJORS[kind]
            + ("" if at < len(MAJORS) else f"（{at // len(MAJORS) + 1}班）"),
            quota=seat,
            tuition=str(fee),
            duration="4年",
            notes="",
        )
        for line, unit, at, kind, seat, fee in zip(
            range(2, majors + 2),
            *(c.tolist() for c in (owner, place, subject, quota, tuition)),
            strict=True,
        )
    )
    offered = _Units(
        track=track,
        first=first,
        count=count,
        institution_code=[codes[one] for one in institution.tolist()],
        plan_nature=["定向" if one else "非定向" for one in nature.tolist()],
    )
    return rows, offered


def _spread_units(rng: Generator, units: int) -> tuple[Int, Int, Int]:
    """Institution, track and plan nature of each unit, all different together.

    Most institutions have a plan in science, half of them one in arts too, a few a 定向 plan besides.
    """
    oriented = int(units * ORIENTED_SHARE)
    arts = int((units - oriented) * 0.36)
    science = units - oriented - arts
    base = np.arange(science)
    institution = np.concatenate(
        [base, rng.permutation(science)[:arts], rng.permutation(science)[:oriented]]
    )
    track = np.repeat([0, 1, 0], [science, arts, oriented])
    nature = np.repeat([0, 0, 1], [science, arts, oriented])
    order = np.lexsort((nature, track, institution))
    return institution[order], track[order], nature[order]


def _institutions(rng: Generator, count: int) -> tuple[list[str], list[str]]:
    """Names and codes, all different; codes like "007" and "E87"."""
    combinations = len(FIRST) * len(SECOND) * len(KINDS)
    names = []
    for one in rng.permutation(combinations)[:count] if count <= combinations else range(count):
        pair, kind = divmod(int(one) % combinations, len(KINDS))
        first, second = divmod(pair, len(SECOND))
        again = int(one) // combinations
        names.append(
            f"{FIRST[first]}{SECOND[second]}{f'第{again + 1}' if again else ''}{KINDS[kind]}"
        )
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    codes = [
        f"{n:03d}"
        if n < 1000
        else f"{letters[n // 100 - 10]}{n % 100:02d}"
        if n < 3400
        else f"{n:06d}"
        for n in rng.permutation(max(count, 3400))[:count].tolist()
    ]
    return names, codes


def _major_code(place: int) -> str:
    return f"{place:02d}" if place < 100 else f"A{place - 100:02d}"


def _shares(weight: NDArray[np.float64], total: int, room: Int) -> Int:
    """At least one each, `total` in all, in proportion to weight, within room while there is any."""
    wanted = weight * (total / weight.sum())
    count = np.clip(np.floor(wanted).astype(np.int64), 1, None)
    count = np.where(count > room, np.maximum(room, 1), count)
    while (missing := total - int(count.sum())) != 0:
        short = wanted - count
        free = np.flatnonzero(count < room) if missing > 0 else np.flatnonzero(count > 1)
        if not len(free):
            free = np.arange(len(count))
        order = free[np.argsort(-short[free] if missing > 0 else short[free], kind="stable")]
        count[order[: abs(missing)]] += 1 if missing > 0 else -1
    return count


def _quotas(rng: Generator, seats: Int, count: Int) -> Int:
    """Seats of each major: one, and a lognormal share of what the unit has beyond that."""
    owner = np.repeat(np.arange(len(seats)), count)
    weight = rng.lognormal(0, QUOTA_LN_SD, len(owner))
    share = weight / np.bincount(owner, weight)[owner]
    spare = (seats - count)[owner]
    quota = 1 + np.floor(share * spare).astype(np.int64)
    left = seats - np.bincount(owner, quota).astype(np.int64)
    first = np.cumsum(count) - count
    rank = np.empty(len(owner), np.int64)
    rank[np.lexsort((-weight, owner))] = np.arange(len(owner)) - first[owner]
    quota[rank < left[owner]] += 1
    return quota


def _people(rng: Generator, n: int, tracks: int) -> tuple[Candidates, Int]:
    track = (
        (rng.random(n) >= SCIENCE_SHARE).astype(np.int64) if tracks > 1 else np.zeros(n, np.int64)
    )
    below = rng.random(n)
    filing = np.empty(n, np.int64)
    for number, scores in enumerate(SCORE_BELOW):
        here = track == number
        filing[here] = np.rint(np.interp(below[here], SHARE, scores)).astype(np.int64)
    bonus = rng.choice(np.array(BONUSES), n, p=BONUS_SHARE)
    exam = filing - bonus
    marks = _marks(rng, exam)
    county = np.sort(rng.integers(1, 104, n))
    serial = range(1, n + 1)
    return Candidates(
        numbers=TextColumn(
            [f"2615{c:03d}{s:07d}" for c, s in zip(county.tolist(), serial, strict=True)]
        ),
        tracks=TextColumn([TRACKS[one] for one in track.tolist()]),
        name=_names(rng, n),
        exam=_milli(exam),
        bonus=_milli(bonus),
        subjects={name: _milli(marks[:, j]) for j, name in enumerate(SUBJECTS)},
        id_number=_id_numbers(rng, n),
        phone=[f"000{s:08d}" for s in serial],
        initial_code=_initial_codes(rng, n),
    ), track


def _milli(points: Int) -> NDArray[np.int32]:
    return (points * MILLI).astype(np.int32)


def _marks(rng: Generator, exam: Int) -> Int:
    """(n, 4) subject scores that add up to the exam score, none above its maximum."""
    full = np.array(SUBJECT_MAX)
    ability = exam / full.sum()
    share = np.clip(ability[:, None] + rng.normal(0, 0.06, (len(exam), len(full))), 0, 1)
    marks: Int = np.minimum(np.floor(share * full), full).astype(np.int64)
    for subject in (3, 0, 1, 2):
        rest = exam - marks.sum(axis=1)
        marks[:, subject] = np.clip(marks[:, subject] + rest, 0, full[subject])
    return marks


def _names(rng: Generator, n: int) -> list[str]:
    """A surname and one or two given characters."""
    surname = rng.integers(0, len(SURNAMES), n).tolist()
    one = rng.integers(0, len(GIVEN), n).tolist()
    two = rng.integers(-len(GIVEN) // 3, len(GIVEN), n).tolist()
    return [
        SURNAMES[s] + GIVEN[a] + (GIVEN[b] if b >= 0 else "")
        for s, a, b in zip(surname, one, two, strict=True)
    ]


def _id_numbers(rng: Generator, n: int) -> list[str]:
    """Eighteen places under 000000, an area that no real ID number has."""
    month, day = rng.integers(1, 13, n).tolist(), rng.integers(1, 29, n).tolist()
    return [
        f"0000002008{m:02d}{d:02d}{s % 10_000:04d}"
        for m, d, s in zip(month, day, range(n), strict=True)
    ]


def _initial_codes(rng: Generator, n: int) -> list[str]:
    """Eight letters and digits that are not mistaken for one another."""
    letters = CODE_LETTERS[rng.integers(0, len(CODE_LETTERS), (n, 8))]
    text = letters.tobytes().decode("ascii")
    return [text[start : start + 8] for start in range(0, 8 * n, 8)]


def _choices(
    rng: Generator, people: Candidates, track: Int, plan: Sequence[MajorRow], offered: _Units
) -> Choices:
    """Most candidates file, in a unit about as sought after as their place in their track."""
    unit = _pick_units(rng, people, track, offered)
    filed = np.flatnonzero((rng.random(len(people)) < FILES) & (unit >= 0))
    unit = unit[filed]
    codes = tuple(sorted({row.major_code for row in plan}))
    number = {code: place for place, code in enumerate(codes)}
    code_of = np.array([number[row.major_code] for row in plan], np.int32)
    place = _pick_majors(rng, unit, offered)
    ids = np.where(place == NONE, NONE, code_of[offered.first[unit][:, None] + place])
    rows = filed.tolist()
    return Choices(
        line=range(2, len(filed) + 2),
        numbers=TextColumn([people.candidate_no[row] for row in rows]),
        institutions=TextColumn([offered.institution_code[one] for one in unit.tolist()]),
        natures=TextColumn([offered.plan_nature[one] for one in unit.tolist()]),
        major_codes=codes,
        major_ids=ids.astype(np.int32),
        accepts_adjustment=rng.random(len(filed)) < ACCEPTS,
        position=np.ones(len(filed), np.int32),
    )


def _pick_units(rng: Generator, people: Candidates, track: Int, offered: _Units) -> Int:
    """Units in the order of how sought after they are; each draws by its own popularity.

    Popularity is Zipf-like and has nothing to do with size, so some units overflow and some starve.
    """
    chosen = np.full(len(people), NONE, np.int64)
    for number in range(len(TRACKS)):
        here = np.flatnonzero(track == number)
        units = rng.permutation(np.flatnonzero(offered.track == number))
        if not len(units) or not len(here):
            continue
        popularity = rng.permutation(1 / np.arange(1, len(units) + 1) ** POPULARITY)
        bounds = np.cumsum(popularity) / popularity.sum()
        place = np.empty(len(here))
        place[np.argsort(people.filing[here], kind="stable")] = np.arange(len(here)) / len(here)
        aim = np.abs(place + rng.normal(0, SCATTER, len(here)))
        aim = np.where(aim >= 1, np.maximum(2 - aim, 0), aim)
        chosen[here] = units[np.minimum(np.searchsorted(bounds, aim), len(units) - 1)]
    return chosen


def _pick_majors(rng: Generator, unit: Int, offered: _Units) -> Int:
    """(n, 6) places of distinct majors in their unit, NONE after the last; early ones are favourites."""
    n = len(unit)
    count = offered.count[unit]
    stride = np.array([_stride(size, start) for start, size in enumerate(offered.count.tolist())])
    step = np.where(rng.random(n) < 0.5, stride[unit], 1)
    first = np.floor(count * rng.random(n) ** 2).astype(np.int64)
    listed = np.minimum(1 + rng.binomial(MAJORS_PER_CHOICE - 1, 0.7, n), count)
    turn = np.arange(MAJORS_PER_CHOICE)
    place = (first[:, None] + turn * step[:, None]) % count[:, None]
    return np.where(turn < listed[:, None], place, NONE)


def _stride(size: int, start: int) -> int:
    """A step that visits every major once before it comes back."""
    step = 1 + start % max(size, 1)
    while gcd(step, size) != 1:
        step += 1
    return step
