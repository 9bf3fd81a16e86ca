from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.round_file import RoundFile, Schedule, Segment, read_round, round_file_toml
from importers.tables import Source
from ranking.rules import ExtraSeats, GradedSteps, RoundRules, UnitKey, UnitRules
from tests.importers.files import said

MINIMAL = """\
[season]
code = "2026-general"
[batch]
code = "2026-v"
name = "高职高专"
[round]
code = "2026-v-1"
"""
FULL = """\
[season]
code = "2026-general"
kind = "general"                      # or "adult"
[batch]
code = "2026-vocational"
name = "高职高专"
[round]
code = "2026-vocational-1"
regime = "dynamic"
ratio = "100%"
major_rule = { steps = [0, 3, 1, 1] }
scope = "one_to_one"
refill = "next_round"
majors_per_choice = 6
choices_per_form = 1
major_score = "filing"
tie_break."理科" = ["数学", "综合", "语文", "外语"]
[schedule]
opens = 2026-08-01T08:00:00+08:00
delete_lock = 2026-08-01T10:00:00+08:00
create_lock = 2026-08-01T10:30:00+08:00
closes = 2026-08-01T17:00:00+08:00
statistics_every = "1h30m"
[[schedule.segments]]
min_score = 390.5
closes = 2026-08-01T13:00:00+08:00
[[schedule.segments]]
closes = 2026-08-01T17:00:00+08:00
[units."E87/历史类/"]
ratio = "1:1.05"
strict = true
"""
CHINA = timezone(timedelta(hours=8))


def read(text: str) -> tuple[RoundFile | None, list[str]]:
    file, report = read_round(Source("round.toml", text.encode()))
    assert (file is None) == bool(report.faults)
    return file, said(report)


def faults_with(before: str, after: str) -> list[str]:
    assert before in FULL
    return read(FULL.replace(before, after, 1))[1]


def test_a_short_file_leaves_the_rest_to_the_defaults() -> None:
    file, faults = read(MINIMAL)
    assert faults == []
    rules = RoundRules(draw_seed="2026-v-1")
    assert file == RoundFile(
        "2026-general", "general", "2026-v", "高职高专", "2026-v-1", "高职高专", rules
    )


def test_everything_in_a_file_is_read() -> None:
    file, faults = read(FULL)
    assert faults == []
    assert file is not None
    assert file.rules.major_rule == GradedSteps((0, 3000, 1000, 1000))
    assert file.rules.tie_break == {"理科": ("数学", "综合", "语文", "外语")}
    assert file.rules.units == {UnitKey("E87", "历史类", ""): UnitRules(ratio=10_500, strict=True)}
    assert file.schedule is not None
    assert file.schedule.opens == datetime(2026, 8, 1, 0, tzinfo=UTC)
    assert file.schedule.statistics_every == timedelta(minutes=90)
    assert [segment.min_score for segment in file.schedule.segments] == [390_500, None]


OWN = """\
[units."5012/理科/国家专项"]
adjust_order = ["03", "01", "0/7"]
extra_seats = [{ major = "03", count = 2, reason = "第 7 号决定" }, { major = "0/7", reason = "r" }]
"""


def test_a_units_adjust_order_and_its_extra_seats_are_read_and_written_again() -> None:
    file, faults = read(MINIMAL + OWN)
    assert faults == []
    assert file is not None
    assert file.rules.units[UnitKey("5012", "理科", "国家专项")] == UnitRules(
        adjust_order=("03", "01", "0/7"),
        extra_seats=(ExtraSeats("03", 2, "第 7 号决定"), ExtraSeats("0/7", 1, "r")),
    )
    assert read(round_file_toml(file)) == (file, [])


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ('"03", "01"', '"03", "03"', '.adjust_order "03" is listed twice'),
        ('"03", "01"', '"03", 1', '.adjust_order "1" is not a major code such as "03"'),
        ("count = 2", "count = 0", '.extra_seats[1].count "0" is not a whole number from 1 to 99'),
        (
            '"第 7 号决定"',
            '" "',
            '.extra_seats[1].reason "" is missing: a seat over plan needs one',
        ),
        ('major = "03"', 'subject = "03"', '.extra_seats[1].major "" is missing'),
    ],
)
def test_a_wrong_order_or_an_extra_seat_without_reason_is_refused(
    before: str, after: str, fault: str
) -> None:
    assert before in OWN
    _, faults = read(MINIMAL + OWN.replace(before, after, 1))
    assert faults[0] == f'round.toml: units."5012/理科/国家专项"{fault}'


@pytest.mark.parametrize(
    ("text", "points"),
    [("105%", 10_500), ("100.25 %", 10_025), ("1:1", 10_000), ("1:1.05", 10_500), ("90%", 9_000)],
)
def test_a_ratio_is_exact(text: str, points: int) -> None:
    file, _ = read(FULL.replace('"100%"', f'"{text}"'))
    assert file is not None
    assert file.rules.ratio == points


@pytest.mark.parametrize(
    "text", ['"0%"', '"1.005%"', '"105"', '"2:3"', "1.05", "105", '"-5%"', "true"]
)
def test_what_is_no_ratio_is_refused(text: str) -> None:
    [fault] = faults_with('"100%"', text)
    assert fault.startswith("round.toml: round.ratio ")


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("scope", "scop", 'round.scop "" is not a key of this section; did you mean scope?'),
        ("[schedule]", "[sched]\n[schedule]", 'sched "" is not a key of this section; did you mean schedule?'),
        ('"dynamic"', '"lively"', 'round.regime "lively" is none of dynamic, parallel, sequential'),
        ("= 6", "= -1", 'round.majors_per_choice "-1" is not a whole number from 0 to 30'),
        ("= 6", "= 6.0", 'round.majors_per_choice "6.0" is not a whole number from 0 to 30'),
        ('"数学", ', '"数术", ', 'round.tie_break."理科" "数术" is not a subject'),
        ("08:00:00+08:00", "08:00:00", 'schedule.opens "2026-08-01 08:00:00" has no offset, such as +08:00'),
        ('"1h30m"', '"soon"', 'schedule.statistics_every "soon" is not a length of time such as "1h" or "30m"'),
        ("[0, 3, 1, 1]", "[]", 'round.major_rule.steps "" is empty'),
        ('"E87/历史类/"', '"E87"', 'units.E87 "" is not a unit, institution/track/plan_nature'),
        ("strict = true", "strict = 1", 'units."E87/历史类/".strict "1" is neither true nor false'),
        ("= 390.5", "= -1", 'schedule.segments[1].min_score "-1" is not a number from 0 with at most 3 decimals'),
        ("min_score = 390.5\n", "", 'schedule.segments[1].min_score "" is missing: only the last segment has none'),
        ('code = "2026-vocational-1"', "", 'round.code "" is missing'),
        ('"2026-vocational-1"', '"a/b"', 'round.code "a/b" is not a code: a slash, or over 64 characters, or blanks'),
        (
            "13:00:00", "07:00:00",
            'schedule.segments[1].closes "2026-08-01 07:00:00+08:00" is not between opens and closes',
        ),
        (
            "10:30:00", "18:00:00",
            'schedule.create_lock "2026-08-01 18:00:00+08:00" is not between opens and closes',
        ),
    ],
)  # fmt: skip
def test_a_fault_names_the_key_by_its_path(before: str, after: str, fault: str) -> None:
    assert faults_with(before, after) == [f"round.toml: {fault}"]


def test_segments_go_down_in_score_and_on_in_time() -> None:
    extra = "[[schedule.segments]]\nmin_score = 400\ncloses = 2026-08-01T12:00:00+08:00\n[units."
    faults = faults_with(
        "[[schedule.segments]]\ncloses = 2026-08-01T17:00:00+08:00\n[units.", extra
    )
    assert faults == [
        'round.toml: schedule.segments[2].min_score "400" leaves lower scores without a segment',
        'round.toml: schedule.segments[2].min_score "400" is not below the segment before',
        'round.toml: schedule.segments[2].closes "2026-08-01 12:00:00+08:00" is earlier than the segment before',
    ]  # fmt: skip


def test_what_is_not_toml_is_refused_with_its_line() -> None:
    [fault] = read(MINIMAL + "x = \n")[1]
    assert fault.startswith("round.toml:8: is not TOML")


def test_missing_sections_are_each_named() -> None:
    assert [fault for fault in read("")[1] if fault.endswith("is missing")][:3] == [
        'round.toml: season "" is missing',
        'round.toml: batch "" is missing',
        'round.toml: round "" is missing',
    ]


names = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="/"),
    min_size=1,
    max_size=8,
)
ratios = st.integers(1, 99_999)
steps = st.lists(st.integers(0, 9_000), min_size=1, max_size=4).map(lambda s: GradedSteps(tuple(s)))
major_rules = st.sampled_from(["score_first", "major_first"]) | steps
unit_rules = st.builds(
    UnitRules,
    ratio=st.none() | ratios,
    strict=st.booleans(),
    scope=st.sampled_from([None, "one_to_one", "filed"]),
    refill=st.sampled_from([None, "next_round", "cascade", "within_filed"]),
    major_rule=st.none() | major_rules,
    major_score=st.sampled_from([None, "filing", "exam"]),
    adjust_order=st.lists(names, unique=True, max_size=3).map(tuple),
    extra_seats=st.lists(st.builds(ExtraSeats, names, st.integers(1, 99), names), max_size=2).map(
        tuple
    ),
)
rules = st.builds(
    RoundRules,
    regime=st.sampled_from(["dynamic", "parallel", "sequential"]),
    ratio=ratios,
    major_rule=major_rules,
    majors_per_choice=st.integers(0, 30),
    choices_per_form=st.integers(1, 200),
    tie_break=st.dictionaries(
        names, st.lists(st.sampled_from(["语文", "数学"]), unique=True).map(tuple), max_size=2
    ),
    units=st.dictionaries(
        st.builds(UnitKey, names, names, st.just("") | names), unit_rules, max_size=2
    ),
    draw_seed=names,
)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    opens = datetime(2026, 8, 1, 8, tzinfo=CHINA)
    closes = sorted(draw(st.lists(st.integers(1, 600), min_size=1, max_size=4)))
    scores = sorted(
        draw(st.sets(st.integers(0, 750_000), min_size=len(closes) - 1, max_size=len(closes) - 1))
    )
    instants = [opens + timedelta(minutes=minute) for minute in closes]
    lows = [*reversed(scores), None]
    segments = tuple(Segment(low, at) for low, at in zip(lows, instants, strict=True))
    every = timedelta(seconds=draw(st.integers(1, 90_000)))
    lock = draw(st.none() | st.just(instants[-1]))
    return Schedule(opens, lock, opens, instants[-1], every, draw(st.sampled_from([(), segments])))


@given(st.builds(
    RoundFile, names, st.sampled_from(["general", "adult"]), names, names, names, names, rules,
    st.none() | schedules(), st.booleans(),
))  # fmt: skip
def test_a_written_round_reads_back_equal(file: RoundFile) -> None:
    back, faults = read(round_file_toml(file))
    assert faults == []
    assert back == file
    assert round_file_toml(back) == round_file_toml(file)
