"""Filing a closed round: as the dry run said, as the offline command says, once, and kept balanced."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from importers.plans import read_plan
from importers.round_file import read_round
from importers.tables import Source
from ranking.outcomes import Placement
from ranking.regimes import admit as admit_round
from service import views
from service.admission import apply_filing
from service.errors import Refusal
from service.filing import Wish
from service.releases import release_results
from service.store import schema
from service.store.engine import reading, writing
from service.store.results import unfilled_of
from tests.builders import CANDIDATES, PLAN, ROUND, ROUND_FILE, Client, House
from tests.flow.test_admit import admit
from tests.service.seasons import (
    act,
    admission,
    checked,
    close,
    decide,
    everybody_files,
    file_round,
    outcomes,
    publish,
    release,
)


async def refusal_of(doing: object) -> str:
    with pytest.raises(Refusal) as caught:
        await doing  # type: ignore[misc]
    return caught.value.code


async def test_a_round_is_filed_only_after_its_last_seal(small: House):
    await everybody_files(small)
    small.clock.at("13:59:59")
    await small.desk.pass_gates()
    assert await refusal_of(admission(small).dry_run(ROUND)) == "not-closed"


async def test_what_is_filed_is_what_the_offline_command_says(house: House, tmp_path: Path):
    await everybody_files(house)
    await close(house)
    files = await admission(house).export(ROUND)
    events = await file_round(house)
    texts = {name.partition(".")[0]: content.decode() for name, content in files.items()}
    assert admit(tmp_path, **texts).exit_code == 0
    rows = (tmp_path / "a.csv").read_text("utf-8").splitlines()[1:]
    offline = {row.split(",")[0]: row.split(",")[4:] for row in rows}
    stored = await outcomes(house)
    assert {number: one.outcome for number, one in stored.items()} == {
        number: row[0] for number, row in offline.items()
    }
    assert stored["101"].reason == offline["101"][3] == "listed"
    assert await admission(house).check(ROUND) == (events[-1].body or {})["digest"]


async def test_the_log_holds_everybodys_outcome_and_every_majors_account(small: House):
    await everybody_files(small)
    await close(small)
    events = await file_round(small)
    bodies = [event.body or {} for event in events if event.kind == "unit_filed"]
    said = {str(one[0]): one[1] for body in bodies for one in body["outcomes"]}  # type: ignore[attr-defined]
    stored = await outcomes(small)
    assert said == {str(small.ids[number]): one.outcome for number, one in stored.items()}
    for _, quota, admitted, left in (m for body in bodies for m in body["majors"]):  # type: ignore[attr-defined]
        assert quota == admitted + left
    assert events[-1].kind == "filing_applied"
    assert [e.seq for e in await small.log()] == list(range(1, len(await small.log()) + 1))


async def test_a_second_dry_run_shows_what_differs_from_the_first(small: House):
    await everybody_files(small)
    await close(small)
    first = await admission(small).dry_run(ROUND)
    assert (first.compared_with, first.gone, first.come) == (None, (), ())
    second = await admission(small).dry_run(ROUND)
    assert (second.compared_with, second.gone, second.digest) == (1, (), first.digest)
    async with writing(small.engine) as connection:
        await connection.execute(
            update(schema.candidate)
            .where(schema.candidate.c.candidate_no == "102")
            .values(exam_score=500_000)
        )
    third = await admission(small).dry_run(ROUND)
    assert any(line.startswith("102,") and "admitted" in line for line in third.gone)
    assert any(line.startswith("102,") and "not_filed" in line for line in third.come)


async def test_a_filing_is_done_only_as_the_dry_run_said_and_once(small: House):
    await everybody_files(small)
    await close(small)
    assert await refusal_of(act(small, apply_filing, {"digest": "0" * 64})) == "filing-differs"
    assert await outcomes(small) == {}
    await file_round(small)
    assert await refusal_of(admission(small).dry_run(ROUND)) == "already-filed"
    assert await refusal_of(act(small, apply_filing, {})) == "already-filed"


async def test_plan_and_scores_stand_still_from_the_close_to_the_results(house: House):
    await everybody_files(house)
    await close(house)
    grown = PLAN.replace("软件工程,2", "软件工程,3")
    assert await refusal_of(house.import_plan(grown)) == "round-closed"
    better = CANDIDATES.replace("580", "590")
    assert await refusal_of(house.import_candidates(better)) == "round-closed"
    await file_round(house)
    await release(house)
    assert (await house.import_candidates(better)).changed
    assert await refusal_of(house.import_plan(grown)) == "round-closed"


async def test_results_wait_for_a_check_that_agrees_with_what_is_stored(house: House):
    await everybody_files(house)
    await close(house)
    await file_round(house)
    assert await refusal_of(act(house, release_results)) == "not-checked"
    await admission(house).check(ROUND)
    async with writing(house.engine) as connection:
        await connection.execute(
            update(schema.outcome)
            .where(schema.outcome.c.candidate_id == house.ids["106"])
            .values(outcome="rejected", major_id=None, position=None, reason="beyond_plan")
        )
    assert await refusal_of(act(house, release_results)) == "not-checked"
    assert await refusal_of(admission(house).check(ROUND)) == "check-disagrees"


async def test_a_choice_changed_behind_the_log_is_found_by_the_check(small: House):
    await everybody_files(small)
    await close(small)
    async with writing(small.engine) as connection:
        await connection.execute(
            update(schema.choice)
            .where(schema.choice.c.candidate_id == small.ids["106"])
            .values(unit_id=None)
        )
    await file_round(small)
    assert await refusal_of(admission(small).check(ROUND)) == "check-disagrees"


async def test_the_states_after_the_close_are_shown_in_order(small: House):
    async def state() -> str:
        await small.board.catch_up()
        return views.round_view(small.board, ROUND)["state"]

    await everybody_files(small)
    await close(small)
    states = [await state()]
    await file_round(small)
    states.append(await state())
    await decide(small, "candidate_no,decision,reason\n101,admitted,\n")
    states.append(await state())
    await release(small)
    states.append(await state())
    await publish(small)
    states.append(await state())
    assert states == ["closed", "filed", "deciding", "results", "unfilled_published"]


async def test_an_institution_may_reject_for_a_known_reason_and_the_seat_is_left(house: House):
    await everybody_files(house)
    await close(house)
    await file_round(house)
    applied, _ = await decide(house, "考生号,结论,退档理由\n101,退档,physical\n106,录取,\n")
    assert applied is not None
    assert applied.changed == 2
    again, _ = await decide(house, "candidate_no,decision,reason\n101,rejected,physical\n")
    assert again is not None
    assert again.changed == 0
    stored = await outcomes(house)
    assert (stored["101"].final, stored["101"].outcome) == ("rejected", "admitted")
    await release(house)
    (event,) = await publish(house)
    assert (event.body or {})["seats_left"] == 6 + 1


@pytest.mark.parametrize("text", ["105,rejected,unheard_of", "105,maybe,", "105,admitted,physical"])
async def test_a_decision_of_the_wrong_form_is_refused(small: House, text: str):
    await everybody_files(small)
    await close(small)
    await file_round(small)
    with pytest.raises(AssertionError):
        await decide(small, f"candidate_no,decision,reason\n{text}\n")


async def test_decisions_are_taken_all_or_none_and_only_on_the_filed(small: House):
    await everybody_files(small)
    await close(small)
    await file_round(small)
    stored = await outcomes(small)
    beyond = next(number for number, one in stored.items() if one.outcome == "rejected")
    applied, report = await decide(
        small,
        f"candidate_no,decision,reason\n106,rejected,physical\n201,admitted,\n{beyond},admitted,\n",
    )
    assert applied is None
    assert [fault.line for fault in report.faults] == [3, 4]
    assert (await outcomes(small))["106"].decision is None


async def test_a_decision_after_the_check_needs_another_check(small: House):
    await everybody_files(small)
    await close(small)
    await file_round(small)
    await admission(small).check(ROUND)
    await decide(small, "candidate_no,decision,reason\n106,rejected,interview\n")
    assert await refusal_of(act(small, release_results)) == "not-checked"
    await release(small)
    assert (await outcomes(small))["106"].decision == "rejected"


@pytest.mark.parametrize("regime", ["parallel", "sequential"])
async def test_other_regimes_are_decided_checked_and_released_alike(small: House, regime: str):
    await small.import_round(
        ROUND_FILE.replace("majors_per_choice = 6", f'majors_per_choice = 6\nregime = "{regime}"')
    )
    await everybody_files(small)
    await close(small)
    await file_round(small)
    await release(small)
    stored = await outcomes(small)
    assert stored["101"].final == "admitted"
    assert {one.outcome for one in stored.values()} > {"admitted"}


async def test_a_placement_that_loses_a_seat_is_refused(
    small: House, monkeypatch: pytest.MonkeyPatch
):
    await everybody_files(small)
    await close(small)

    def lossy(*round_: Any) -> Placement:
        placed = admit_round(*round_)
        return replace(placed, unfilled=placed.unfilled - 1)

    monkeypatch.setattr("service.admission.admit", lossy)
    assert await refusal_of(admission(small).dry_run(ROUND)) == "outcome-violates"
    assert await refusal_of(act(small, apply_filing, {})) == "outcome-violates"
    assert await outcomes(small) == {}


async def import_second(house: House) -> None:
    """Another round of the season at the same time, of the same plan."""
    second = ROUND_FILE.replace(ROUND, "2026-second-1")
    file, _ = read_round(Source("round.toml", second.encode()))
    assert file is not None
    await house.intake.set_round(file, second)
    rows, _ = read_plan(Source("plan.csv", PLAN.encode()))
    await house.intake.apply_plan("2026-second-1", rows, "second")


async def test_who_is_admitted_is_sent_away_from_another_round_and_holds_up_nobody(small: House):
    await import_second(small)
    await everybody_files(small)
    await close(small)
    await file_round(small)
    await small.board.catch_up()
    screens = {
        n: Client(small.hub, "2026-second-1", candidate_id=small.ids[n]) for n in ("101", "201")
    }
    await release(small)
    await small.board.catch_up()
    await small.hub.tick()
    gone = screens["101"].ended
    assert gone is not None
    assert gone.code == "already-admitted"
    assert screens["201"].ended is None
    assert small.hub.count == 1


async def test_another_round_waits_until_this_one_is_released(house: House):
    """Else somebody could be admitted in both, or told of one by being left out of the other."""
    await import_second(house)
    await everybody_files(house)
    wish = Wish("5037", None, ("01",), accepts_adjustment=True)
    for number in ("101", "105"):
        await house.desk.file(house.ids[number], "2026-second-1", wish, None, None)
    await close(house)
    await file_round(house)
    tried = await admission(house).dry_run("2026-second-1")
    filing = act(house, apply_filing, {"digest": tried.digest}, "2026-second-1")
    assert await refusal_of(filing) == "earlier-round-undecided"
    await release(house)
    await file_round(house, "2026-second-1")
    assert "101" not in await outcomes(house, "2026-second-1")
    await house.board.catch_up()
    assert house.ids["101"] not in house.board.rounds["2026-second-1"].row_by_candidate
    assert house.ids["101"] in house.board.rounds[ROUND].row_by_candidate


async def test_seats_over_plan_are_filled_counted_and_agreed_on(small: House):
    """Two tie for 5012's last seat; with one seat over plan both are in, and nobody drew for it."""
    seat = '{ major = "01", count = 1, reason = "同分" }'
    await small.import_round(f'{ROUND_FILE}\n[units."5012/理科/"]\nextra_seats = [{seat}]\n')
    await everybody_files(small)
    await close(small)
    await file_round(small)
    stored = await outcomes(small)
    assert {stored[number].final for number in ("101", "102", "103", "104")} == {"admitted"}
    await release(small)
    (event,) = await publish(small)
    async with reading(small.engine) as connection:
        published = await unfilled_of(connection, event.round_id or 0)
    assert published is not None
    items: Any = published.content["items"]
    (row,) = (r for r in items if (r["institution_code"], r["major_code"]) == ("5012", "01"))
    assert (row["quota"], row["admitted"], row["unfilled"]) == (3, 3, 0)


async def test_a_rule_of_a_unit_that_the_plan_lacks_stops_the_filing(small: House):
    await small.import_round(f'{ROUND_FILE}\n[units."9999/理科/"]\nstrict = true\n')
    await everybody_files(small)
    await close(small)
    with pytest.raises(Refusal, match="rules-misplaced") as refused:
        await admission(small).dry_run(ROUND)
    assert "9999/理科/" in str(refused.value.facts["rules"])


async def test_whom_only_the_draw_kept_out_is_told_so(small: House):
    await everybody_files(small)
    await close(small)
    await file_round(small)
    stored = await outcomes(small)
    (out,) = (n for n in ("102", "103", "104") if stored[n].final == "rejected")
    assert stored[out].reason.endswith("_by_draw")
    await admission(small).check(ROUND)
    async with reading(small.engine) as connection:
        text = await connection.scalar(
            select(schema.result.c.body).where(schema.result.c.candidate_id == small.ids[out])
        )
    reason = json.loads(text or b"")["reason"]
    assert reason["code"] == stored[out].reason
    assert "由公布的抽签排在您之前" in reason["zh"]
    assert "by the published draw" in reason["en"]


async def test_a_release_is_of_the_outcomes_that_were_reviewed(small: House):
    await everybody_files(small)
    await close(small)
    await file_round(small)
    await admission(small).check(ROUND)
    reviewed = {"digest": await checked(small)}
    await decide(small, "candidate_no,decision,reason\n106,rejected,interview\n")
    await admission(small).check(ROUND)
    assert await refusal_of(act(small, release_results, reviewed)) == "changed-since"
    assert await refusal_of(act(small, release_results)) == "changed-since"
    await release(small)


async def test_a_round_in_which_nobody_filed_is_decided_checked_and_released(small: House):
    await close(small)
    await file_round(small)
    await release(small)
    assert await outcomes(small) == {}


async def test_a_decision_changed_behind_the_log_is_found_by_the_check(small: House):
    await everybody_files(small)
    await close(small)
    await file_round(small)
    await decide(small, "candidate_no,decision,reason\n106,rejected,interview\n")
    await admission(small).check(ROUND)
    async with writing(small.engine) as connection:
        of_one = update(schema.outcome).where(schema.outcome.c.candidate_id == small.ids["101"])
        await connection.execute(of_one.values(decision="rejected", decision_reason="interview"))
    assert await refusal_of(admission(small).check(ROUND)) == "check-disagrees"
