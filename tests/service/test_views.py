"""What a candidate and the public are shown, and that the two never disagree."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranking.rules import UnitKey
from service import views
from service.errors import Refusal
from service.shapes import ChoiceView, StandingView
from tests.builders import CANDIDATES, PLAN, ROUND, House, loaded_sqlite, opened
from tests.service.moves import NUMBERS, QUICK, ROUNDS, WISHES, bytes_of, moves, round_of


async def all_file(house: House, institution: str, *numbers: str) -> None:
    """These candidates file the institution's unit with its first major; the board knows."""
    majors = ("A1",) if institution == "00" else ("01",)
    for number in numbers:
        await house.file(number, institution, majors, nature="")
    await house.board.catch_up()


def what_if(house: House, number: str, *institutions: str) -> list[StandingView]:
    keys = [UnitKey(institution, "理科", "") for institution in institutions]
    return views.what_if(house.board, ROUND, house.ids[number], keys)


async def test_who_holds_nothing_is_shown_only_the_lock(small: House):
    shown = small.standing("101")
    assert shown["lock"] == {"state": "locked", "closes_at": "2026-08-01T11:00:00.000+08:00"}
    null = {name for name, value in shown.items() if value is None}
    assert set(shown) - null == {"round", "seq", "as_of", "lock"}
    await small.desk.pass_gates()
    await small.board.catch_up()
    assert small.standing("101")["lock"]["state"] == "open"


async def test_inside_the_plan_the_whole_standing_is_shown(small: House):
    await all_file(small, "5012", "101", "105")
    shown = small.standing("101")
    assert shown["unit"] == {
        "institution_code": "5012",
        "institution_name": "北原大学",
        "track": "理科",
        "plan_nature": "",
    }
    assert (shown["seq"], shown["as_of"]) == (small.board.seq, "2026-08-01T08:30:00.000+08:00")
    assert (shown["rank"], shown["rank_last"], shown["tied"]) == (1, 1, 1)
    assert (shown["applicants"], shown["plan"], shown["due"]) == (2, 3, 3)
    assert (shown["line_filing"], shown["line_plan"], shown["status"]) == (None, None, "inside")
    assert shown["first_major"] == {
        "code": "01",
        "name": "计算机科学与技术",
        "quota": 2,
        "by_filing": {"rank": 1, "tied": 1},
        "by_exam": {"rank": 1, "tied": 1},
    }
    assert shown["first_major_hidden"] is None


async def test_a_tie_across_the_plan_line_straddles_and_is_inside_the_filing_line(small: House):
    await all_file(small, "5037", "101", "102", "103", "104")
    shown = small.standing("103")
    assert (shown["rank"], shown["rank_last"], shown["tied"]) == (2, 4, 3)
    assert (shown["status"], shown["line_filing"], shown["line_plan"]) == ("straddling", 615, 615)
    major = shown["first_major"]
    assert major is not None
    assert (major["by_filing"], major["by_exam"]) == (
        {"rank": 2, "tied": 3},
        {"rank": 4, "tied": 1},
    )


async def test_outside_the_line_no_major_rank_is_shown_and_why(small: House):
    await all_file(small, "00", "101", "106")
    shown = small.standing("106")
    assert (shown["status"], shown["rank"], shown["line_filing"]) == ("outside", 2, 620)
    assert (shown["first_major"], shown["first_major_hidden"]) == (None, "outside_line")


async def test_within_a_ratio_above_1_one_may_be_outside_the_plan_but_filed(small: House):
    await small.import_round(ROUNDS[1])
    await all_file(small, "5037", "101", "102", "106")
    shown = small.standing("106")
    assert (shown["status"], shown["plan"], shown["due"]) == ("outside_plan", 2, 3)
    assert (shown["line_filing"], shown["line_plan"]) == (480.5, 615)
    assert shown["first_major"] is not None


async def test_a_choice_that_lists_no_major_has_no_major_rank_and_nothing_hidden(small: House):
    await small.file("101", "5012", ())
    await small.board.catch_up()
    shown = small.standing("101")
    assert (shown["first_major"], shown["first_major_hidden"]) == (None, None)


async def test_certainty_narrows_as_gates_pass(small: House):
    await all_file(small, "5037", "102", "105")
    await all_file(small, "5012", "101")

    def of_105() -> tuple[object, ...]:
        certainty = small.standing("105")["certainty"]
        assert certainty is not None
        return tuple(certainty.values())  # verdict, best, worst, locked above, open above

    async def at(time: str) -> None:
        small.clock.at(time)
        await small.desk.pass_gates()
        await small.board.catch_up()

    assert of_105() == ("open", 1, 5, 0, 4)
    await at("10:30")
    assert of_105() == ("open", 1, 3, 0, 2)
    await small.file("101", "5037")
    await at("11:00")
    assert of_105() == ("out", 3, 3, 2, 0)
    assert small.standing("101")["certainty"] == {
        "verdict": "safe",
        "best": 1,
        "worst": 1,
        "locked_above": 0,
        "open_above": 0,
    }


async def test_what_if_answers_in_the_order_asked_and_changes_nothing(small: House):
    await all_file(small, "5012", "101", "102")
    before = bytes_of(small.board)
    there, own = what_if(small, "101", "5037", "5012")
    assert (there["rank"], there["applicants"]) == (1, 1)
    assert own == small.standing("101")
    assert bytes_of(small.board) == before
    assert what_if(small, "101") == []


async def test_what_if_asks_for_at_most_four_units_of_the_own_track(small: House):
    four = ("5012", "5037", "00", "E87")
    assert len(what_if(small, "101", *four)) == 4
    for asked, code in (
        ([UnitKey(c, "理科", "") for c in (*four, "5012")], "too-many-units"),
        ([UnitKey("5012", "文科", "")], "wrong-track"),
        ([UnitKey("9999", "理科", "")], "unknown-unit"),
    ):
        with pytest.raises(Refusal) as refusal:
            views.what_if(small.board, ROUND, small.ids["101"], asked)
        assert refusal.value.code == code


@settings(max_examples=12, deadline=None, phases=QUICK)
@given(moves(least=4), st.integers(0, 5), st.integers(0, 5))
def test_what_if_is_what_one_is_shown_after_moving(life, who, where):
    async def live() -> None:
        async with opened(f"sqlite+aiosqlite:///{folder}/mingci.db") as house:
            await house.board.catch_up()
            for move in life:
                await move.play(house)
            await house.board.catch_up()
            number, (institution, _, nature) = NUMBERS[who], WISHES[where]
            key = UnitKey(institution, "理科", nature)
            held = house.standing(number)["unit"]
            (supposed,) = views.what_if(house.board, ROUND, house.ids[number], [key])
            try:
                await house.file(number, institution, (), nature=nature)
            except Refusal:
                return
            await house.board.catch_up()
            now = house.standing(number)
            own = held is not None and key == UnitKey(
                held["institution_code"], held["track"], held["plan_nature"]
            )
            apart = {"seq", "as_of"} | ({"first_major"} if own else set())
            assert {k: v for k, v in supposed.items() if k not in apart} == {
                k: v for k, v in now.items() if k not in apart
            }

    with TemporaryDirectory() as folder:
        loaded_sqlite(Path(folder))
        asyncio.run(live())


async def test_the_public_table_agrees_with_every_standing(small: House):
    await all_file(small, "5037", "101", "102", "103")
    await all_file(small, "00", "105", "106")
    rows = {
        (r["institution_code"], r["plan_nature"]): r
        for r in views.statistics_rows(round_of(small))
        if r["track"] == "理科"
    }
    for number in ("101", "102", "103", "105", "106"):
        shown = small.standing(number)
        assert shown["unit"] is not None
        row = rows[shown["unit"]["institution_code"], shown["unit"]["plan_nature"]]
        for name in ("plan", "due", "applicants", "line_filing", "line_plan"):
            assert shown[name] == row[name]
    assert rows["00", ""]["missing"] == 0
    assert rows["5012", ""]["missing"] == 3
    assert [m["first_choice_inside"] for m in rows["5037", ""]["majors"]] == [3]
    assert [m["first_choice_inside"] for m in rows["00", ""]["majors"]] == [1]


async def test_who_withdraws_is_counted_no_more(small: House):
    await all_file(small, "5037", "101", "102", "103")
    await small.withdraw("101")
    await small.board.catch_up()
    shown = small.standing("103")
    assert (shown["rank"], shown["tied"], shown["applicants"]) == (1, 2, 2)
    assert shown["line_filing"] == 615
    assert small.standing("101")["rank"] is None


async def test_a_plan_changed_during_filing_is_time_stamped_and_the_bounds_are_issued_anew(
    small: House,
):
    await all_file(small, "5037", "101", "102", "103")
    small.clock.at("11:00")
    await small.desk.pass_gates()
    await small.board.catch_up()
    before = small.standing("103")
    small.clock.at("11:30")
    await small.import_plan(PLAN.replace("软件工程,2", "软件工程,1"))
    await small.board.catch_up()
    after = small.standing("103")
    assert (before["due"], after["due"]) == (2, 1)
    assert before["certainty"] is not None
    assert after["certainty"] is not None
    assert (before["certainty"]["verdict"], after["certainty"]["verdict"]) == ("safe", "out")
    imported = [event for event in await small.log() if event.kind == "plan_imported"]
    assert imported[-1].at == small.clock()
    assert after["seq"] >= imported[-1].seq


async def test_nobody_is_shown_another_round_or_a_round_that_is_none(small: House):
    for code, candidate in (("no-round", small.ids["101"]), (ROUND, 10**6)):
        with pytest.raises(Refusal) as refusal:
            views.standing(small.board, code, candidate)
        assert refusal.value.code == "not-found"


async def test_the_public_plan_is_searched_by_code_name_and_major_and_paged(small: House):
    def found(q: str = "", track: str = "", page: tuple[int, int] = (0, 50)) -> list[str]:
        return [u["institution_code"] for u in views.units(small.board, ROUND, q, track, page)[0]]

    assert found() == ["00", "5012", "5012", "5037", "E87", "E87"]
    assert found("e8") == ["E87", "E87"]
    assert found("云川") == ["5037"]
    assert found("汉语") == ["5012"]
    assert found("北原", "文科") == ["5012"]
    assert found("nothing") == []
    first, after = views.units(small.board, ROUND, page=(0, 4))
    rest, end = views.units(small.board, ROUND, page=(after or 0, 4))
    assert (len(first), after, len(rest), end) == (4, 4, 2, None)


async def test_an_institution_code_means_its_units_of_the_own_track(small: House):
    def keys(number: str, institution: str) -> list[UnitKey]:
        return views.own_unit_keys(small.board, ROUND, small.ids[number], institution)

    assert keys("101", "E87") == [UnitKey("E87", "理科", ""), UnitKey("E87", "理科", "国家专项")]
    assert keys("201", "5012") == [UnitKey("5012", "文科", "")]
    with pytest.raises(Refusal):
        keys("201", "5037")


async def test_the_schedule_shows_bounds_and_what_is_sealed(small: House):
    small.clock.at("11:00")
    await small.desk.pass_gates()
    await small.board.catch_up()
    shown = views.round_view(small.board, ROUND)
    assert shown["state"] == "closing"
    assert shown["schedule"] is not None
    assert [tuple(s.values()) for s in shown["schedule"]["segments"]] == [
        (600, None, "2026-08-01T11:00:00.000+08:00", True),
        (500, 600, "2026-08-01T12:00:00.000+08:00", False),
        (None, 500, "2026-08-01T14:00:00.000+08:00", False),
    ]


async def test_the_choice_held_and_its_history_come_from_the_store(small: House):
    async def choice() -> ChoiceView:
        return await views.own_choice(small.engine, small.board, ROUND, small.ids["101"])

    assert (await choice())["version"] == 0
    first = await small.file("101", "5012", ("02", "01"))
    held = await choice()
    assert (held["version"], held["majors"], held["receipt"]) == (1, ["02", "01"], first.as_json())
    gone = await small.withdraw("101")
    assert set((await choice()).values()) == {0, None}
    history = await views.history(small.engine, small.board, ROUND, small.ids["101"])
    assert [item["receipt"] for item in history["items"]] == [first.as_json(), gone.as_json()]
    assert {item["device"] for item in history["items"]} == {"a browser"}
    assert await views.receipt(small.engine, small.ids["101"], first.id) == first
    with pytest.raises(Refusal):
        await views.receipt(small.engine, small.ids["102"], first.id)


async def test_before_the_first_publication_there_is_no_public_table(small: House):
    with pytest.raises(Refusal) as refusal:
        await views.statistics(small.engine, small.board, ROUND)
    assert refusal.value.code == "not-published"


async def test_scores_with_decimals_are_shown_exactly(small: House):
    await small.import_candidates(CANDIDATES.replace("480.5", "480.125"))
    await small.board.catch_up()
    me = await views.me(small.engine, small.board, small.ids["106"])
    assert (me["exam_score"], me["filing_score"]) == (480.125, 480.125)
    assert me["rounds"][0]["lock"] == "locked"
