"""`mingci admit`: four files in, outcomes and seats left out, or every fault and nothing written."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from web.cli.admit import app
from web.cli.group import app as mingci

PLAN = """track,institution_code,institution_name,plan_nature,major_code,major_name,quota
理科,5012,北原大学,,01,金融学,1
理科,5012,北原大学,,02,计算机,1
理科,5012,北原大学,,03,法学,2
理科,00,"零号,学院",国家专项,A1,护理学,1
文科,5012,北原大学,,05,汉语言文学,2
"""
CANDIDATES = """candidate_no,track,exam_score,bonus
101,理科,630,0
102,理科,625,0
103,理科,613,10
104,理科,620,0
105,理科,610,0
106,理科,480.5,0
201,文科,560,0
202,文科,560,0
"""
CHOICES = """candidate_no,institution_code,plan_nature,major_1,major_2,accepts_adjustment
101,5012,,01,02,否
102,5012,,01,02,否
103,5012,,02,01,否
104,5012,,02,03,否
105,5012,,03,,否
106,00,国家专项,A1,,1
201,5012,,,,是
"""
ROUND = """
[season]
code = "2026-general"
[batch]
code = "2026-first"
[round]
code = "2026-first-1"
"""
PARALLEL = ROUND + 'regime = "parallel"\nchoices_per_form = 2\n'
SEVERAL = """candidate_no,position,institution_code,plan_nature,major_1
101,1,00,国家专项,A1
102,2,5012,,03
102,1,00,国家专项,A1
106,1,00,国家专项,A1
"""
HEADER = "candidate_no,track,institution_code,plan_nature,outcome,major_code,major_position,reason"


def admit(where: Path, **texts: str) -> Result:
    """Run the command on files of these texts in a directory."""
    files = {"plan": PLAN, "candidates": CANDIDATES, "choices": CHOICES, **texts}
    arguments = []
    for name, text in files.items():
        path = where / f"{name}.{'toml' if name == 'round' else 'csv'}"
        path.write_text(text, encoding="utf-8")
        arguments += [f"--{name}", str(path)]
    outputs = ["--out", str(where / "a.csv"), "--unfilled", str(where / "u.csv")]
    return CliRunner().invoke(app, [*arguments, *outputs])


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def test_everybody_with_a_choice_has_an_outcome_in_the_order_of_the_contract(
    tmp_path: Path,
) -> None:
    assert admit(tmp_path).exit_code == 0
    assert lines(tmp_path / "a.csv") == [
        HEADER,
        "201,文科,5012,,admitted,05,adjusted,adjusted",
        "106,理科,00,国家专项,admitted,A1,1,listed",
        "101,理科,5012,,admitted,01,1,listed",
        "102,理科,5012,,rejected,,,declines_adjustment",
        "103,理科,5012,,admitted,02,1,listed",
        "104,理科,5012,,admitted,03,2,listed",
        "105,理科,5012,,not_filed,,,below_line",
    ]


def test_every_major_is_counted_filled_ones_too(tmp_path: Path) -> None:
    assert admit(tmp_path).exit_code == 0
    assert lines(tmp_path / "u.csv") == [
        "track,institution_code,plan_nature,major_code,quota,admitted,unfilled",
        "文科,5012,,05,2,1,1",
        "理科,00,国家专项,A1,1,1,0",
        "理科,5012,,01,1,1,0",
        "理科,5012,,02,1,1,0",
        "理科,5012,,03,2,1,1",
    ]


def test_the_round_file_changes_the_rules(tmp_path: Path) -> None:
    rules = ROUND + 'major_rule = "score_first"\nrefill = "cascade"\n'
    assert admit(tmp_path, round=rules).exit_code == 0
    told = {line.split(",")[0]: line.split(",")[4:] for line in lines(tmp_path / "a.csv")}
    assert told["102"] == ["admitted", "02", "2", "listed"]
    assert told["103"] == ["rejected", "", "", "declines_adjustment"]
    assert told["105"] == ["admitted", "03", "1", "refilled"]


def test_parallel_choice_files_to_the_first_with_room_and_says_who_found_none(
    tmp_path: Path,
) -> None:
    assert admit(tmp_path, round=PARALLEL, choices=SEVERAL).exit_code == 0
    assert lines(tmp_path / "a.csv") == [
        HEADER,
        "106,理科,,,not_filed,,,no_room",
        "101,理科,00,国家专项,admitted,A1,1,listed",
        "102,理科,5012,,admitted,03,1,listed",
    ]


def test_a_tie_at_the_plan_line_is_settled_by_the_draw_of_the_rounds_seed(tmp_path: Path) -> None:
    plan = PLAN.replace("汉语言文学,2", "汉语言文学,1")
    choices = CHOICES + "202,5012,,05,,\n"
    winners = set()
    for seed in "abcdefgh":
        rules = ROUND + f'draw_seed = "{seed}"\n'
        assert admit(tmp_path, plan=plan, choices=choices, round=rules).exit_code == 0
        got = [one.split(",") for one in lines(tmp_path / "a.csv") if ",文科," in one]
        assert sorted(one[4] for one in got) == ["admitted", "rejected"]
        winners |= {one[0] for one in got if one[4] == "admitted"}
    assert winners == {"201", "202"}


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("plan", PLAN.replace("法学,2", "法学,二"), 'plan.csv:4: quota "二"'),
        ("choices", CHOICES + "999,5012,,01,,\n", 'choices.csv:9: candidate_no "999"'),
        ("choices", CHOICES.replace("103,5012,,02", "103,5012,,05"), 'choices.csv:4: major_1 "05"'),
        ("round", ROUND + 'regime = "serial"\n', "round.toml"),
    ],
)
def test_a_fault_is_one_line_and_nothing_is_written(
    tmp_path: Path, name: str, text: str, fault: str
) -> None:
    answer = admit(tmp_path, **{name: text})
    assert answer.exit_code == 1
    (line,) = answer.stderr.splitlines()
    assert line.startswith(fault)
    assert not (tmp_path / "a.csv").exists()
    assert not (tmp_path / "u.csv").exists()


def test_a_second_choice_is_a_fault_under_the_dynamic_regime(tmp_path: Path) -> None:
    answer = admit(tmp_path, choices=SEVERAL, round=ROUND + "choices_per_form = 2\n")
    assert answer.exit_code == 1
    assert "has another choice" in answer.stderr


def test_a_missing_tie_break_subject_is_a_fault(tmp_path: Path) -> None:
    answer = admit(tmp_path, round=ROUND + 'tie_break."理科" = ["数学"]\n')
    assert answer.exit_code == 1
    assert "has no column" in answer.stderr


def test_an_output_that_cannot_be_written_leaves_the_other_unwritten(tmp_path: Path) -> None:
    (tmp_path / "u.csv").mkdir()
    assert admit(tmp_path).exit_code == 2
    assert not (tmp_path / "a.csv").exists()


OWN = ROUND + '[units."5012/理科/"]\n'


def test_the_adjusted_take_free_majors_in_the_units_own_order(tmp_path: Path) -> None:
    choices = (
        "candidate_no,institution_code,accepts_adjustment\n101,5012,1\n102,5012,1\n103,5012,1\n"
    )
    rules = OWN + 'adjust_order = ["03", "02"]\n'
    assert admit(tmp_path, choices=choices, round=rules).exit_code == 0
    got = [line.split(",") for line in lines(tmp_path / "a.csv")[1:]]
    assert [(one[0], one[5]) for one in got] == [("101", "03"), ("102", "03"), ("103", "02")]


def test_an_extra_seat_admits_an_equal_over_plan_and_the_account_balances(tmp_path: Path) -> None:
    plan = PLAN.replace("汉语言文学,2", "汉语言文学,1")
    choices = CHOICES + "202,5012,,05,,\n"
    extra = 'extra_seats = [{ major = "05", count = 1, reason = "第 7 号决定" }]'
    rules = ROUND + f'[units."5012/文科/"]\n{extra}\n'
    answer = admit(tmp_path, plan=plan, choices=choices, round=rules)
    assert answer.exit_code == 0
    assert "note: 5012/文科/ 05: 1 over plan, 第 7 号决定" in answer.stderr.splitlines()
    assert "the draw" not in answer.stderr
    got = [one.split(",")[4] for one in lines(tmp_path / "a.csv") if ",文科," in one]
    assert got == ["admitted", "admitted"]
    assert "文科,5012,,05,2,2,0" in lines(tmp_path / "u.csv")


def test_where_the_draw_decided_it_is_said_and_the_reason_says_it(tmp_path: Path) -> None:
    plan = PLAN.replace("汉语言文学,2", "汉语言文学,1")
    answer = admit(tmp_path, plan=plan, choices=CHOICES + "202,5012,,05,,\n", round=ROUND)
    (note,) = [one for one in answer.stderr.splitlines() if "the draw of seed" in one]
    assert "'2026-first-1' decided against 1 " in note
    reasons = [one.split(",")[-1] for one in lines(tmp_path / "a.csv") if ",文科," in one]
    assert [one for one in reasons if one.endswith("_by_draw")] == ["beyond_plan_by_draw"]


@pytest.mark.parametrize(
    ("rules", "fault"),
    [
        ('[units."E87/理科/"]\nstrict = true\n', 'units."E87/理科/" "" is not a unit of the plan'),
        (
            '[units."5012/理科/国家专项"]\nstrict = true\n',
            (
                'units."5012/理科/国家专项" "" is not a unit of the plan; '
                "the institution has 5012/文科/, 5012/理科/"
            ),
        ),
        (
            '[units."5012/理科/"]\nadjust_order = ["02", "05"]\n',
            'units."5012/理科/".adjust_order "05" is not a major of this unit',
        ),
        (
            '[units."5012/理科/"]\nextra_seats = [{ major = "05", reason = "x" }]\n',
            'units."5012/理科/".extra_seats "05" is not a major of this unit',
        ),
    ],
)
def test_rules_of_what_the_plan_does_not_have_are_a_fault(
    tmp_path: Path, rules: str, fault: str
) -> None:
    answer = admit(tmp_path, round=ROUND + rules)
    assert (answer.exit_code, answer.stderr) == (1, f"round.toml: {fault}\n")
    assert not (tmp_path / "a.csv").exists()


def test_two_outputs_in_one_file_are_refused(tmp_path: Path) -> None:
    for name, text in {"plan": PLAN, "candidates": CANDIDATES, "choices": CHOICES}.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    named = [f"--{name}={tmp_path / name}.csv" for name in ("plan", "candidates", "choices")]
    out = str(tmp_path / "a.csv")
    answer = CliRunner().invoke(app, [*named, "--out", out, "--unfilled", out])
    assert answer.exit_code == 2


def test_the_command_is_part_of_mingci() -> None:
    answer = CliRunner().invoke(mingci, ["admit", "--help"])
    assert answer.exit_code == 0
    assert "--unfilled" in answer.stdout
