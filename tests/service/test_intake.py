"""Imports: all or nothing, the same twice is nothing, and nobody's choice vanishes."""

import pytest
from sqlalchemy import event

from importers.candidates import NOBODY
from importers.round_file import read_round
from importers.tables import Source
from service import views
from service.accounts import initial_secret
from service.errors import Refusal
from service.intake import Intake
from service.store import engine, people, rounds
from service.store.engine import DatabaseFault, reading
from service.terms import Terms
from service.views.corrections import changes_of
from tests.builders import CANDIDATES, PLAN, ROUND, ROUND_FILE, SEASON, House

HEAD = PLAN.splitlines()[0]


def without(text: str, *lines: str) -> str:
    """A file less the lines that contain one of these."""
    return "\n".join(x for x in text.splitlines() if not any(gone in x for gone in lines)) + "\n"


async def terms_of(house: House) -> Terms:
    async with reading(house.engine) as connection:
        terms = await rounds.read_terms(connection, ROUND)
    assert terms is not None
    return terms


async def refused(what) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        await what
    return refusal.value


async def test_the_same_files_again_change_nothing_and_are_no_event(house: House):
    before = await house.log()
    assert not await house.import_round(ROUND_FILE)
    plan = await house.import_plan(PLAN)
    assert not plan.changed
    assert not plan.difference
    people_ = await house.import_candidates(CANDIDATES)
    assert (people_.changed, people_.codes) == (False, ())
    assert await house.log() == before
    assert house.announced == []


async def test_a_changed_plan_says_what_is_different(small: House):
    changed = PLAN.replace("数学与应用数学,1", "数学与应用数学,4")
    changed = without(changed, "护理学") + "理科,5099,新学院,,01,农学,3,3000\n"
    applied = await small.import_plan(changed)
    difference = applied.difference
    assert applied.changed
    assert [(r.institution_code, r.major_code) for r in difference.added] == [("5099", "01")]
    assert [(r.institution_code, r.major_code) for r in difference.removed] == [("00", "A1")]
    assert [(c.before.quota, c.after.quota) for c in difference.changed] == [(1, 4)]
    assert [e.kind for e in await small.log()][-1] == "plan_imported"
    assert small.announced == [len(await small.log())]


async def test_a_dry_run_says_the_same_and_leaves_nothing(house: House):
    before, terms = await house.log(), await terms_of(house)
    changed = PLAN.replace("数学与应用数学,1", "数学与应用数学,4")
    rehearsed = await house.import_plan(changed, dry_run=True)
    everybody = CANDIDATES.replace("615", "614") + "108,壬,理科,400,0,\n"
    assert (await house.import_candidates(everybody, dry_run=True)).changed
    assert await house.log() == before
    assert await terms_of(house) == terms
    assert "108" not in house.ids
    assert house.announced == []
    assert (await house.import_plan(changed)).difference == rehearsed.difference


async def test_raising_a_quota_keeps_ids_and_choices(house: House):
    given = await house.file("101", "5012", ("02",))
    before = await terms_of(house)
    await house.import_plan(PLAN.replace("数学与应用数学,1", "数学与应用数学,4"))
    after = await terms_of(house)
    assert [u.id for u in after.units] == [u.id for u in before.units]
    assert [m.id for u in after.units for m in u.majors] == [
        m.id for u in before.units for m in u.majors
    ]
    await house.board.catch_up()
    standing = house.standing("101")
    assert standing["plan"] == 6
    assert standing["first_major"] is not None
    assert standing["first_major"]["quota"] == 4
    assert await house.file("101", "5012", ("02",), version=1) == given


async def test_a_major_that_somebody_holds_first_is_not_removed(house: House):
    await house.file("101", "5012", ("02",))
    before, terms = await house.log(), await terms_of(house)
    refusal = await refused(house.import_plan(without(PLAN, "数学与应用数学")))
    assert (refusal.code, refusal.facts["major_code"]) == ("plan-in-use", "02")
    assert (await house.log(), await terms_of(house)) == (before, terms)
    await house.file("101", "5037")
    assert (await house.import_plan(without(PLAN, "数学与应用数学"))).changed


async def test_a_unit_that_somebody_holds_without_a_major_is_not_removed(house: House):
    await house.file("101", "00", ())
    refusal = await refused(house.import_plan(without(PLAN, "零号学院")))
    assert (refusal.code, refusal.facts["institution_code"]) == ("plan-in-use", "00")
    await house.withdraw("101")
    assert (await house.import_plan(without(PLAN, "零号学院"))).changed


async def test_a_held_quota_may_shrink_to_0(small: House):
    await small.file("101", "00", ("A1",))
    await small.import_plan(PLAN.replace("护理学,1", "护理学,0"))
    await small.board.catch_up()
    assert (small.standing("101")["due"], small.standing("101")["status"]) == (0, "outside")


async def test_a_major_added_in_the_middle_stands_there_in_plan_order(house: House):
    fresh = "理科,5012,北原大学,,015,统计学,1,5000\n"
    at = PLAN.index("理科,5012,北原大学,,02")
    await house.import_plan(PLAN[:at] + fresh + PLAN[at:])
    unit = next(u for u in (await terms_of(house)).units if u.key.track == "理科")
    assert [m.code for m in unit.majors] == ["01", "015", "02"]
    await house.import_plan(without(PLAN, "计算机科学") + fresh)
    unit = next(u for u in (await terms_of(house)).units if u.key.track == "理科")
    assert [m.code for m in unit.majors] == ["02", "015"]


async def test_another_order_of_the_same_majors_is_applied(house: House):
    first = "理科,5012,北原大学,,01,计算机科学与技术,2,5000\n"
    await house.import_plan(PLAN.replace(first, "") + first)
    unit = next(u for u in (await terms_of(house)).units if u.key.track == "理科")
    assert [m.code for m in unit.majors] == ["02", "01"]


async def test_a_corrected_score_moves_the_candidate_to_another_segment(house: House):
    await house.board.catch_up()
    assert house.standing("105")["lock"]["closes_at"] == "2026-08-01T12:00:00.000+08:00"
    await house.import_candidates(CANDIDATES.replace("105,戊,理科,580,0", "105,戊,理科,580,20"))
    await house.board.catch_up()
    assert house.standing("105")["lock"]["closes_at"] == "2026-08-01T11:00:00.000+08:00"
    me = await views.me(house.engine, house.board, house.ids["105"])
    assert (me["bonus"], me["filing_score"]) == (20, 600)
    house.clock.at("11:00")
    assert (await refused(house.file("105", "5012"))).code == "segment-closed"


async def test_codes_are_made_only_for_who_has_none(house: House):
    before = dict(house.ids)
    grown = CANDIDATES + "108,壬,理科,400,0,\n109,癸,理科,400,0,given-109\n"
    applied = await house.import_candidates(grown)
    assert [number for number, _ in applied.codes] == ["108"]
    assert {n: house.ids[n] for n in before} == before
    ((number, code),) = applied.codes
    for who, password in ((number, code), ("109", "given-109"), ("101", "code-101")):
        assert (await house.accounts.sign_in(who, password)).token
    again = await house.import_candidates(grown.replace("480.5", "481"))
    assert (again.changed, again.codes) == (True, [])


async def test_an_own_password_outlives_an_import(small: House):
    await small.accounts.change_password(small.ids["101"], "code-101", "a-new-password")
    await small.import_candidates(CANDIDATES.replace("620", "621"))
    assert (await small.accounts.sign_in("101", "a-new-password")).token


async def test_who_is_missing_in_a_later_file_stays(small: House):
    await small.import_candidates(without(CANDIDATES, "101,"))
    assert "101" in small.ids


async def test_an_import_that_fails_leaves_nothing_half_loaded(house: House, monkeypatch):
    before, terms, ids = await house.log(), await terms_of(house), dict(house.ids)

    async def full_disk(*_, **__):
        raise DatabaseFault("disk full")

    monkeypatch.setattr(rounds, "touch", full_disk)
    with pytest.raises(DatabaseFault):
        await house.import_plan(PLAN.replace("数学与应用数学,1", "数学与应用数学,4"))
    with pytest.raises(DatabaseFault):
        await house.import_candidates(CANDIDATES + "108,壬,理科,400,0,\n")
    monkeypatch.setattr(people, "add_credentials", full_disk)
    with pytest.raises(DatabaseFault):
        await house.import_candidates(CANDIDATES + "108,壬,理科,400,0,\n")
    await house.know()
    assert (await house.log(), await terms_of(house), house.ids) == (before, terms, ids)
    assert house.announced == []


async def test_unknown_rounds_and_seasons_are_refused(small: House):
    intake = Intake(small.engine, small.clock, small.announced.append)
    assert (await refused(intake.apply_plan("no-round", [], "d"))).code == "not-found"
    assert (await refused(intake.apply_candidates("no-season", NOBODY, "d"))).code == "not-found"


async def test_a_track_is_not_corrected_under_a_choice_that_is_held(house: House):
    await house.file("101", "5037")
    before = await house.log()
    corrected = CANDIDATES.replace("101,甲,理科", "101,甲,文科")
    refusal = await refused(house.import_candidates(corrected))
    assert (refusal.code, refusal.facts) == ("track-in-use", {"count": 1})
    assert await house.log() == before
    await house.withdraw("101")
    assert (await house.import_candidates(corrected)).changed
    assert (await house.file("101", "5012", ("05",))).version == 3


async def test_the_tracks_of_a_season_are_those_of_its_plans_and_tie_break_orders(small: House):
    assert await small.intake.known_tracks(SEASON) == {"理科", "文科"}
    more = ROUND_FILE.replace("[schedule]", 'tie_break."蒙授理科" = ["数学"]\n[schedule]')
    await small.import_round(more)
    assert await small.intake.known_tracks(SEASON) == {"理科", "文科", "蒙授理科"}
    assert await small.intake.known_tracks("1999") == set()


async def test_a_file_of_scores_alone_leaves_names_bonus_and_subjects(small: House):
    full = "candidate_no,name,track,exam_score,bonus,id_number,数学,语文,initial_code\n"
    await small.import_candidates(full + "901,辛,理科,500,5,110101200801010011,90,80,c\n")
    await small.import_candidates("candidate_no,track,exam_score,数学\n901,理科,510,100\n")
    async with reading(small.engine) as connection:
        season_id = await rounds.season_id_of(connection, SEASON)
        assert season_id is not None
        roster = await people.read_roster(connection, season_id)
        row = roster.number.index("901")
        profile = await people.read_profile(connection, int(roster.id[row]))
    assert (profile.name, profile.exam, profile.bonus) == ("辛", 510_000, 5_000)
    assert {name: int(marks[row]) for name, marks in roster.subjects(["数学", "语文"]).items()} == {
        "数学": 100_000,
        "语文": 80_000,
    }


async def test_a_round_does_not_move_to_another_season(small: House):
    moved = ROUND_FILE.replace('"2026-general"', '"2027-general"')
    assert (await refused(small.import_round(moved))).code == "round-in-use"


async def test_a_new_draft_cannot_change_what_a_running_round_shares_with_it(small: House):
    before = await small.log()
    draft = ROUND_FILE.replace('"2026-first-1"', '"2026-first-2"')
    for text, code in (
        (draft.replace('"general"', '"adult"'), "season-kind-in-use"),
        (draft.replace("本科一批", "专科批"), "batch-name-in-use"),
    ):
        assert (await refused(small.import_round(text))).code == code
    assert await small.log() == before
    terms = await terms_of(small)
    assert (terms.season_kind, terms.batch_name) == ("general", "本科一批")
    assert await small.import_round(draft)


async def test_a_public_round_may_rename_its_batch_but_never_change_the_kind(small: House):
    adult = ROUND_FILE.replace('"general"', '"adult"')
    assert (await refused(small.import_round(adult))).code == "season-kind-in-use"
    await small.import_round(ROUND_FILE.replace('"2026-first-1"', '"2026-first-2"'))
    assert await small.import_round(ROUND_FILE.replace("本科一批", "本科第一批"))
    assert (await terms_of(small)).batch_name == "本科第一批"


async def test_an_amended_round_says_which_keys_changed_and_a_plan_which_texts(small: House):
    await small.import_round(
        ROUND_FILE.replace("T14:00:00", "T15:00:00").replace(
            "[schedule]", 'draw_seed = "7"\n[schedule]'
        )
    )
    told = [
        (c["what"], c["where"], c["before"], c["after"])
        for c in changes_of((await small.log())[-1])
    ]
    assert told == [
        ("round", "round.draw_seed", ROUND, "7"),
        ("round", "schedule.closes", "2026-08-01T14:00:00+08:00", "2026-08-01T15:00:00+08:00"),
        (
            "round",
            "schedule.segments[3].closes",
            "2026-08-01T14:00:00+08:00",
            "2026-08-01T15:00:00+08:00",
        ),
    ]
    await small.import_plan(PLAN.replace("数学与应用数学", "应用数学"))
    (first, *_) = changes_of((await small.log())[-1])
    assert first == {
        "what": "plan_text",
        "where": "5012/理科//02/major_name",
        "before": "数学与应用数学",
        "after": "应用数学",
    }


async def test_a_draft_alone_in_its_season_may_still_be_put_right(small: House):
    alone = ROUND_FILE.replace('"2026-general"', '"2027"').replace('"2026-first-1"', '"2027-1"')
    for text in (alone, alone.replace('"general"', '"adult"').replace("本科一批", "成人批")):
        file, _ = read_round(Source("round.toml", text.encode()))
        assert file is not None
        assert await small.intake.set_round(file, text, draft=True)


@pytest.mark.parametrize("regime", ["parallel", "sequential"])
async def test_a_round_of_several_choices_a_form_is_not_served(small: House, regime: str):
    one = ROUND_FILE.replace("[schedule]", f'regime = "{regime}"\n[schedule]')
    several = one.replace("[schedule]", "choices_per_form = 3\n[schedule]")
    refusal = await refused(small.import_round(several))
    assert (refusal.code, refusal.facts) == ("several-choices-not-served", {"count": 3})
    assert await small.import_round(one)


async def test_a_gate_that_has_passed_stays_in_the_round_file(small: House):
    small.clock.at("11:00")
    await small.desk.pass_gates()
    lower = ROUND_FILE.replace("min_score = 600", "min_score = 590")
    assert (await refused(small.import_round(lower))).code == "round-in-use"
    assert await small.import_round(ROUND_FILE.replace("min_score = 500", "min_score = 510"))


async def test_between_two_statements_of_an_import_little_is_prepared(
    small: House, monkeypatch: pytest.MonkeyPatch
):
    """PostgreSQL ends a transaction that says nothing for five seconds."""
    monkeypatch.setattr(engine, "PIECE", 3)
    prepared = {"now": 0, "most": 0}

    def counted(code: str) -> str:
        prepared["now"] += 1
        prepared["most"] = max(prepared.values())
        return initial_secret(code)

    def said(_link, _cursor, _text, parameters, _context, many: bool) -> None:  # noqa: FBT001
        assert not many or len(parameters) <= engine.PIECE
        prepared["now"] = 0

    monkeypatch.setattr("service.intake.initial_secret", counted)
    event.listen(small.engine.sync_engine, "before_cursor_execute", said)
    grown = CANDIDATES + "".join(f"{n},新,理科,480,0,\n" for n in range(300, 310))
    applied = await small.import_candidates(grown)
    assert [number for number, _ in applied.codes] == [str(n) for n in range(300, 310)]
    assert prepared["most"] == engine.PIECE
    for number, code in applied.codes:
        assert (await small.accounts.sign_in(number, code)).token
