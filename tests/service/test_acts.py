"""Two people for every act: by the writer, and by the database whoever writes to it."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from sqlalchemy import text

from importers.round_file import read_round
from importers.tables import Source
from service import views
from service.acts import Acts
from service.errors import Refusal
from service.events import Event
from service.store.engine import DatabaseFault, writing
from service.store.staff import ROLES, Role
from tests.builders import ROUND, ROUND_FILE, House
from tests.office import REASON, Office, finding, local, quota

DRAFT = ROUND_FILE.replace("2026-first-1", "2026-first-2")


@pytest.fixture
def office(small: House) -> Office:
    return Office(small)


@pytest.fixture
def on_both(house: House) -> Office:
    """On either store."""
    return Office(house)


async def refused(doing) -> str:
    with pytest.raises(Refusal) as told:
        await doing
    return told.value.code


async def a_publication(office: Office) -> int:
    """Proposed by 甲: some publication, carried out by an applier that logs nothing."""

    async def nothing(*_: object) -> list[Event]:
        return []

    house = office.house
    office.acts = Acts(
        house.engine, house.clock, house.announced.append, {"release_results": nothing}
    )
    return await office.propose("release_results")


@pytest.mark.parametrize("role", ROLES)
async def test_who_may_propose_review_approve_and_refuse(office: Office, role: Role):
    one = await office.member("丙", role)
    act = await a_publication(office)
    tries: dict[str, Coroutine[Any, Any, object]] = {
        "propose": office.acts.propose(one, "release_results", ROUND, {}, REASON),
        "review": office.acts.review(one, act, finding()),
        "approve": office.acts.approve(one, act),
        "refuse": office.acts.refuse(one, act),
    }
    may = set()
    for what, doing in tries.items():
        try:
            await doing
            may.add(what)
        except Refusal as refusal:
            if refusal.code != "not-allowed":  # the act itself was not ready: allowed to try
                may.add(what)
    assert (
        may
        == {
            "importer": {"propose"},
            "reviewer": {"review", "refuse"},
            "publisher": {"propose", "approve", "refuse"},
            "auditor": set(),
            "security_admin": set(),
        }[role]
    )


async def test_nobody_is_both_sides_of_an_act_whatever_roles_they_hold(office: Office):
    boss = await office.member("甲", *ROLES)
    act = await a_publication(office)
    for doing in (
        office.acts.review(boss, act, finding()),
        office.acts.approve(boss, act),
        office.acts.refuse(boss, act),
    ):
        assert await refused(doing) == "two-persons-needed"


async def test_a_publication_waits_for_a_review_that_allows_it(on_both: Office):
    act = await a_publication(on_both)
    reviewer = await on_both.member("丁", "reviewer")
    assert await refused(on_both.approve(act)) == "review-needed"
    secret = finding(personal_data=True)
    assert await refused(on_both.acts.review(reviewer, act, secret)) == "review-contradicts"
    await on_both.acts.review(reviewer, act, finding("withhold", personal_data=True))
    assert await refused(on_both.approve(act)) == "review-needed"
    await on_both.acts.review(reviewer, act, finding())
    await on_both.approve(act)
    kinds = [(e.kind, (e.body or {}).get("decision")) for e in await on_both.house.log()][-4:]
    assert kinds == [
        ("act_proposed", None),
        ("act_reviewed", "withhold"),
        ("act_reviewed", "publish"),
        ("act_approved", None),
    ]


async def test_an_act_ends_once(office: Office):
    first = await office.propose("pause")
    await office.approve(first)
    assert await refused(office.approve(first)) == "act-ended"
    second, third = await office.propose("resume"), await office.propose("resume")
    await office.acts.refuse(await office.member("乙"), second)
    other = await office.member("戊", "importer")
    assert await refused(office.acts.withdraw(other, third)) == "not-allowed"
    await office.acts.withdraw(office.people["甲"], third)
    assert {await refused(office.approve(n)) for n in (second, third)} == {"act-ended"}
    assert [e.kind for e in await office.house.log()][-2:] == ["act_refused", "act_withdrawn"]
    assert await refused(office.approve(99)) == "not-found"


@pytest.mark.parametrize("reason", ["", "  ", "a\nb", "长" * 501])
async def test_an_act_needs_a_reason_of_one_line(office: Office, reason: str):
    by = await office.member("甲", "importer")
    assert await refused(office.acts.propose(by, "pause", ROUND, {}, reason)) == "reason-needed"


async def test_only_known_acts_on_known_rounds_are_taken(office: Office):
    by = await office.member("甲", "importer")
    assert await refused(office.acts.propose(by, "party", ROUND, {}, REASON)) == "invalid-request"
    assert await refused(office.acts.propose(by, "pause", "nowhere", {}, REASON)) == "not-found"


async def test_an_applier_that_declines_leaves_nothing_and_the_act_waiting(office: Office):
    act = await office.propose("resume")
    before = await office.house.log()
    assert await refused(office.approve(act)) == "round-not-paused"
    assert await office.house.log() == before
    await office.done("pause")
    assert [e.kind for e in await office.approve(act)] == ["act_approved", "round_resumed"]


async def test_who_was_disabled_since_approves_nothing(office: Office):
    act = await office.propose("pause")
    await office.member("乙", "publisher")
    await office.accounts.disable("乙")
    assert await refused(office.approve(act)) == "not-allowed"


async def test_the_log_says_what_was_done_and_names_nobody(office: Office):
    await office.done("amend", quotas=[quota("01", 3)])
    told = (await office.house.log())[-3:]
    assert [e.kind for e in told] == ["act_proposed", "act_approved", "plan_imported"]
    assert (told[1].body or {})["reason"] == REASON
    assert not {"甲", "乙"} & set(str([e.body for e in told]))


async def test_a_rehearsal_says_what_would_be_logged_and_leaves_nothing(office: Office):
    by = await office.member("甲", "importer")
    before = await office.house.log()
    body = {"closes": {"segment:600": local("11:30")}}
    (event,) = await office.acts.rehearse(by, "extend_segment", ROUND, body)
    assert event.kind == "segment_extended"
    assert await office.house.log() == before
    assert await refused(office.acts.rehearse(by, "party", ROUND, {})) == "invalid-request"


REVIEW = (
    "INSERT INTO review (act_id, proposed_by, publication, reviewed_by, reviewed_ms, state_secret, "
    "trade_secret, personal_data, safety, decision, basis) "
    "VALUES (1, 1, true, {by}, 0, {secret}, false, false, false, 'publish', 'x')"
)
APPROVAL = (
    "INSERT INTO approval (act_id, proposed_by, publication, review_decision, approved_by, "
    "approved_ms, seq, last_seq) VALUES ({act}, {proposed_by}, {publication}, {decision}, "
    "{approved_by}, 0, 9000, 9000)"
)


async def test_the_database_itself_takes_no_approval_that_breaks_the_rule(on_both: Office):
    act = await a_publication(on_both)
    await on_both.member("乙")
    await on_both.acts.review(await on_both.member("丁", "reviewer"), act, finding("withhold"))
    for proposed_by, publication, decision, approved_by in (
        ("1", "true", "'publish'", "1"),  # oneself
        ("2", "true", "'publish'", "1"),  # said to be another's
        ("1", "true", "NULL", "2"),  # not reviewed
        ("1", "true", "'publish'", "2"),  # reviewed otherwise
        ("1", "true", "'withhold'", "2"),  # reviewed as secret
        ("1", "false", "NULL", "2"),  # called no publication
    ):
        statement = APPROVAL.format(
            act=act,
            proposed_by=proposed_by,
            publication=publication,
            decision=decision,
            approved_by=approved_by,
        )
        with pytest.raises(DatabaseFault):
            await say(on_both, statement)


async def test_the_database_takes_an_approval_that_keeps_the_rule(on_both: Office):
    act = await a_publication(on_both)
    await on_both.member("乙")
    await on_both.acts.review(await on_both.member("丁", "reviewer"), act, finding())
    await say(
        on_both,
        APPROVAL.format(
            act=act, proposed_by=1, publication="true", decision="'publish'", approved_by=2
        ),
    )


async def test_the_database_itself_keeps_proposer_reviewer_and_approver_apart(on_both: Office):
    await a_publication(on_both)
    await on_both.member("乙")
    for statement in (
        "UPDATE act SET state = 'approved', ended_by = proposed_by, ended_ms = 0",
        "UPDATE act SET state = 'approved'",
        "UPDATE act SET reason = ''",
        "UPDATE act SET proposed_by = 99",
        REVIEW.format(by=1, secret="false"),
        REVIEW.format(by=2, secret="true"),
        "INSERT INTO staff_role (staff_id, role) VALUES (1, 'king')",
    ):
        with pytest.raises(DatabaseFault):
            await say(on_both, statement)


async def say(office: Office, statement: str) -> None:
    async with writing(office.house.engine) as connection:
        await connection.execute(text(statement))


async def test_a_draft_is_out_of_sight_until_two_people_publish_it(office: Office):
    house = office.house
    file, _ = read_round(Source("round.toml", DRAFT.encode()))
    assert file is not None
    await house.intake.set_round(file, DRAFT, draft=True)
    await house.board.catch_up()
    assert [one["code"] for one in views.round_views(house.board)] == [ROUND]
    assert views.candidate_round(house.board, house.ids["101"]) == ROUND
    with pytest.raises(Refusal, match="not-found"):
        views.round_view(house.board, file.code)
    assert await refused(office.publish(file.code)) == "plan-missing"


async def test_of_two_who_approve_at_once_one_does_it(on_both: Office):
    act = await on_both.propose("pause")
    both = [await on_both.member(name, "publisher") for name in ("乙", "丙")]
    done = await asyncio.gather(
        *(on_both.acts.approve(one, act) for one in both), return_exceptions=True
    )
    assert [one.code for one in done if isinstance(one, Refusal)] == ["act-ended"]
    assert [e.kind for e in await on_both.house.log()].count("round_paused") == 1
