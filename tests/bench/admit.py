"""Admission of a whole province, by every rule and regime.

First the command as a whole, from four files to two. Then in this process, from columns in memory
to everybody's outcome; beside it, on the same data and with the same outcome, a serial dictatorship
in plain Python, its lists made before the clock starts.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from importers.admission_files import FileRound, round_of
from importers.book_files import FileReports
from importers.province import make_province
from importers.report import Report
from ranking.book import NO_MAJOR, Int, Plan
from ranking.outcomes import Forms, Placement
from ranking.properties import Published, blocking_pairs, violations
from ranking.regimes import admit
from ranking.rules import GradedSteps, Regime, RoundRules
from ranking.terms import terms_of
from tests.bench.measure import Cost, alternating, cost_of, machine, medians, save

SIZE = (200_000, 4_000, 25_000, 7)
"""Candidates, units, majors, seed."""
FORMS = {"45 groups of 12": (45, 12), "96 single majors": (96, 1)}
"""Forms of the parallel regime: choices, and majors of each. A unit with fewer majors lists all."""
ROUNDS = 5
STEPS = GradedSteps((0, 3000, 1000, 1000))


class Took(NamedTuple):
    """Seconds by the clock, and of processor time, in which neighbours hardly show."""

    wall_s: float
    work_s: float

    def __str__(self) -> str:
        """For the table."""
        return f"{self.wall_s:8.3f} s {self.work_s:8.3f} s of work"


RULES: dict[str, RoundRules] = {
    "score_first": RoundRules(major_rule="score_first"),
    "major_first": RoundRules(),
    "graded": RoundRules(major_rule=STEPS),
    "exam score": RoundRules(major_score="exam"),
    "graded, exam": RoundRules(major_rule=STEPS, major_score="exam"),
    "filed, 120 %": RoundRules(scope="filed", ratio=12_000),
    "within_filed": RoundRules(refill="within_filed", ratio=12_000),
    "cascade": RoundRules(refill="cascade"),
}


def run() -> int:
    """Measure, print, save; 1 if plain Python gives anybody another outcome, or a property fails."""
    whole = whole_process()
    print(f"{'mingci admit':28} {Took(whole.wall_s, whole.cpu_s)}")
    made = province()
    seconds: dict[str, Took] = {}
    wrong = 0
    for name, rules in RULES.items():
        one = under(made, rules)
        seconds[name], placed = measured(one, "dynamic", ROUNDS)
        public = Published(one.plan, one.roll, one.forms, one.terms, placed)
        wrong += len(violations(public))
        print(f"{name:28} {seconds[name]}   blocking pairs {blocking_pairs(public):7}")
    wrong += beside_python(made, "dynamic", seconds)
    for name, (choices, majors) in FORMS.items():
        offered = made if majors > 1 else replace(made, plan=each_major_alone(made.plan))
        several = replace(offered, forms=forms_of_several(offered, choices, majors))
        wrong += beside_python(several, "parallel", seconds, name)
        sequential = under(several, RULES["score_first"])
        of = f"sequential, {name}"
        seconds[of], _ = measured(sequential, "sequential", 3)
        print(f"{of:28} {seconds[of]}")
    result = {
        **machine("numpy"),
        "size": dict(zip(("candidates", "units", "majors", "seed"), SIZE, strict=True)),
        "whole_process": asdict(whole),
        "medians": {name: one._asdict() for name, one in seconds.items()},
        "disagreements": wrong,
    }
    print(save("admit", result))
    return 1 if wrong else 0


def whole_process() -> Cost:
    """`mingci admit` on the files of a generated province, start to exit; medians."""
    mingci = Path(sys.executable).with_name("mingci")
    with tempfile.TemporaryDirectory(prefix="mingci-bench-") as made:
        where = Path(made)
        names = ("candidates", "units", "majors", "seed")
        size = [part for n, v in zip(names, SIZE, strict=True) for part in (f"--{n}", str(v))]
        cost_of([mingci, "generate", *size, "--out", where])
        files = {name: f"{name}.csv" for name in ("plan", "candidates", "choices")}
        files |= {"round": "round.toml", "out": "a.csv", "unfilled": "u.csv"}
        named = [part for name, file in files.items() for part in (f"--{name}", where / file)]
        return medians(alternating({"mingci": [mingci, "admit", *named]}, ROUNDS)["mingci"])


def province() -> FileRound:
    """The province that `mingci generate` writes, as a round."""
    made = make_province(*SIZE)
    reports = FileReports(Report("candidates"), Report("choices"))
    filed = round_of(made.plan, made.candidates, made.choices, made.round_file.rules, reports)
    assert filed is not None, reports
    return filed


def under(made: FileRound, rules: RoundRules) -> FileRound:
    """The same round by other rules."""
    ratio = np.full_like(made.plan.ratio, rules.ratio)
    plan = replace(made.plan, ratio=ratio)
    return replace(made, rules=rules, plan=plan, terms=terms_of(plan, rules))


def measured(made: FileRound, regime: Regime, rounds: int) -> tuple[Took, Placement]:
    """The medians of some runs, and what was decided."""
    took, results = [], []
    for _ in range(rounds):
        begun = now()
        placed = admit(regime, made.plan, made.roll, made.forms, made.terms, made.ties)
        took.append(since(begun))
        results = [placed]
    return Took(*map(statistics.median, zip(*took, strict=True))), results[0]


def now() -> Took:
    """Where both clocks stand."""
    return Took(time.perf_counter(), time.process_time())


def since(begun: Took) -> Took:
    """What went by since then."""
    wall, work = now()
    return Took(wall - begun.wall_s, work - begun.work_s)


def beside_python(
    made: FileRound, regime: Regime, seconds: dict[str, Took], form: str = "one choice"
) -> int:
    """Score first, beside plain Python; how many outcomes differ."""
    one, name = under(made, RULES["score_first"]), f"{regime}, {form}"
    seconds[name], placed = measured(one, regime, 3)
    majors, took = plain(one)
    seconds[f"{name}, plain Python"] = took
    differing = int(np.count_nonzero(placed.major != majors))
    ratio = took.work_s / seconds[name].work_s
    print(
        f"{name:28} {seconds[name]}   plain Python {took} ({ratio:.1f} x)   "
        f"{np.count_nonzero(majors != NO_MAJOR)} admitted, {differing} disagreements"
    )
    return differing


def plain(made: FileRound) -> tuple[Int, Took]:
    """In ranking order: the first choice with room, there the first major with a seat; then adjust."""
    forms, plan = made.forms, made.plan
    bounds = np.searchsorted(forms.row, np.arange(len(made.roll) + 1)).tolist()
    unit, room, free = forms.unit.tolist(), plan.seats.tolist(), plan.major_quota.tolist()
    accepts, listed = forms.accepts_adjustment.tolist(), forms.majors
    first = np.searchsorted(plan.major_unit, np.arange(len(plan.keys) + 1)).tolist()
    majors = [NO_MAJOR] * len(made.roll)
    begun = now()
    waiting = []
    for row in range(len(majors)):
        for at in range(bounds[row], bounds[row + 1]):
            if room[unit[at]]:
                room[unit[at]] -= 1
                majors[row] = _take(listed[at].tolist(), free)
                if majors[row] == NO_MAJOR and accepts[at]:
                    waiting.append((row, unit[at]))
                break
    for row, of in waiting:
        majors[row] = _take(range(first[of], first[of + 1]), free)
    took = since(begun)
    return np.array(majors, np.int32), took


def _take(wanted: Iterable[int], free: list[int]) -> int:
    """The first of these majors with a seat, which is then taken."""
    for major in wanted:
        if major >= 0 and free[major]:
            free[major] -= 1
            return major
    return NO_MAJOR


def each_major_alone(plan: Plan) -> Plan:
    """The same seats where what is chosen is a major, not an institution's group of them."""
    unit = plan.major_unit
    return Plan(
        keys=tuple(plan.keys[one] for one in unit.tolist()),
        track=plan.track[unit],
        seats=plan.major_quota,
        ratio=plan.ratio[unit],
        strict=plan.strict[unit],
        major_unit=np.arange(len(unit), dtype=np.int32),
        major_quota=plan.major_quota,
    )


def forms_of_several(made: FileRound, choices: int, majors_each: int) -> Forms:
    """Choices drawn by a Zipf-like popularity within the track, with majors of each."""
    random = np.random.default_rng(SIZE[3])
    plan, roll = made.plan, made.roll
    n = len(roll)
    unit = np.empty((n, choices), np.int32)
    for track in np.unique(roll.track):
        there = np.flatnonzero(plan.track == track)
        popularity = 1 / random.permutation(np.arange(1, len(there) + 1)) ** 0.8
        rows = np.flatnonzero(roll.track == track)
        drawn = random.choice(there, (len(rows), choices), p=popularity / popularity.sum())
        unit[rows] = drawn
    flat = unit.ravel()
    first = np.searchsorted(plan.major_unit, np.arange(len(plan.keys) + 1)).astype(np.int32)
    size = np.diff(first)[flat]
    start = (random.integers(0, 1 << 20, len(flat), dtype=np.int32)) % size
    majors = np.full((len(flat), majors_each), NO_MAJOR, np.int32)
    for place in range(majors_each):
        some = size > place
        majors[some, place] = (first[flat] + (start + place) % size)[some]
    return Forms(
        row=np.repeat(np.arange(n, dtype=np.int32), choices),
        position=np.tile(np.arange(1, choices + 1, dtype=np.int32), n),
        unit=flat,
        majors=majors,
        accepts_adjustment=random.random(len(flat)) < 0.8,
    )
