"""What two people may do to a round: extend, pause, amend, publish. On both stores."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from importers.plans import MajorRow, read_plan
from importers.report import Report
from importers.round_file import read_round
from importers.tables import Source
from ranking.rules import UnitKey
from service import views
from service.board import Board
from service.calendar import Calendar, extended
from service.errors import Refusal
from service.store import engine, rounds
from service.store.engine import reading, writing
from service.terms import Terms
from service.uploads import Uploads
from tests.builders import PLAN, ROUND, ROUND_FILE, House, opened
from tests.office import Office, finding, local, quota
from tests.service.moves import bytes_of, round_of


@pytest.fixture
def office(house: House) -> Office:
    return Office(house)


@pytest.fixture
def sqlite(small: House) -> Office:
    return Office(small)


async def refused(doing) -> str:
    with pytest.raises(Refusal) as told:
        await doing
    return told.value.code


async def seal_at(office: Office, time: str) -> None:
    office.house.clock.at(time)
    await office.house.desk.pass_gates()
    await office.house.board.catch_up()


async def terms_of(office: Office) -> Terms:
    async with reading(office.house.engine) as connection:
        terms = await rounds.read_terms(connection, ROUND)
    assert terms is not None
    return terms


async def test_a_sealed_segment_reopens_by_two_people_and_is_sealed_again(office: Office):
    house = office.house
    await house.file("101", "5012")
    await seal_at(office, "11:00")
    watcher = house.watch("101")
    (before,) = watcher.news()
    assert before["lock"]["state"] == "locked"
    assert await refused(house.file("101", "5037")) == "segment-closed"

    house.clock.at("11:10")
    events = await office.done("extend_segment", closes={"segment:600": local("11:40")})
    assert [e.kind for e in events] == ["act_approved", "segment_extended"]
    assert (events[1].body or {})["reopened"] is True
    await house.tick()
    told = {one["type"]: one for one in watcher.news()}
    assert told["round"]["state"] == "create_locked"
    assert told["standing"]["lock"]["state"] == "modify_only"
    assert round_of(house).gates.locked_from is None
    assert (await house.file("101", "5037")).version == 2
    assert await refused(house.file("102", "5037")) == "create-locked"

    house.clock.at("11:39:59.999")
    await house.file("101", "5012")
    house.clock.at("11:40")
    assert await refused(house.file("101", "5037")) == "segment-closed"
    await house.desk.pass_gates()
    seals = [e.seq for e in await house.log() if e.body == {"gate": "segment:600"}]
    filed = [e.seq for e in await house.log() if e.kind == "choice_filed"]
    assert len(seals) == 2
    assert filed[0] < seals[0] < filed[1] < filed[2] < seals[1]


async def test_a_board_built_anew_knows_the_same_locks_as_one_that_followed(sqlite: Office):
    house = sqlite.house
    for time, later in (("11:00", "11:30"), ("11:15", "11:40")):
        await seal_at(sqlite, time)
        await sqlite.done("extend_segment", closes={"segment:600": local(later)})
    await seal_at(sqlite, "11:40")
    assert house.standing("101")["lock"]["state"] == "locked"
    fresh = Board(house.engine, house.clock)
    await fresh.catch_up()
    assert bytes_of(fresh) == bytes_of(house.board)


async def test_a_segment_that_is_still_open_is_extended_without_being_reopened(sqlite: Office):
    events = await sqlite.done("extend_segment", closes={"segment:600": local("11:20")})
    assert (events[1].body or {})["reopened"] is False
    await seal_at(sqlite, "11:19:59.999")
    assert "segment:600" not in round_of(sqlite.house).passed
    await seal_at(sqlite, "11:20")
    assert "segment:600" in round_of(sqlite.house).passed


async def test_all_segments_are_extended_together_and_the_last_publication_waits(sqlite: Office):
    names = ("segment:600", "segment:500", "segment:rest")
    await seal_at(sqlite, "14:00")
    await sqlite.done("extend_segment", closes=dict.fromkeys(names, local("15:00")))
    await seal_at(sqlite, "14:30")
    one = round_of(sqlite.house)
    assert views.state_of(one) == "create_locked"
    assert one.terms.calendar is not None
    assert one.terms.calendar.schedule.closes.isoformat() == "2026-08-01T07:00:00+00:00"
    await seal_at(sqlite, "15:00")
    assert views.state_of(round_of(sqlite.house)) == "closed"


@pytest.mark.parametrize(
    "closes",
    [
        pytest.param({"segment:600": "12:30"}, id="after a lower segment"),
        pytest.param({"segment:600": "11:00"}, id="no later than now"),
        pytest.param({"segment:600": "11:05", "segment:500": "11:59"}, id="earlier than its close"),
        pytest.param({"segment:550": "13:00"}, id="no such segment"),
        pytest.param({"opens": "13:00"}, id="no segment"),
    ],
)
async def test_an_extension_keeps_higher_scores_first_and_only_adds_time(
    sqlite: Office, closes: dict[str, str]
):
    await seal_at(sqlite, "11:01")
    later = {name: local(at) for name, at in closes.items()}
    assert await refused(sqlite.done("extend_segment", closes=later)) == "extension-invalid"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid-request"),
        ({"closes": {}}, "nothing-changes"),
        ({"closes": ["segment:600"]}, "invalid-request"),
        ({"closes": {"segment:600": 11}}, "invalid-request"),
        ({"closes": {"segment:600": "soon"}}, "extension-invalid"),
        ({"closes": {"segment:600": "2026-08-01T11:30:00"}}, "extension-invalid"),
    ],
)
async def test_an_extension_of_another_shape_is_refused(
    sqlite: Office, body: dict[str, Any], code: str
):
    assert await refused(sqlite.done("extend_segment", **body)) == code


async def test_before_the_opening_there_is_nothing_to_extend(sqlite: Office):
    sqlite.house.clock.at("07:59:59.999")
    later = {"segment:600": local("11:30")}
    assert await refused(sqlite.done("extend_segment", closes=later)) == "not-open"


async def test_a_second_extension_counts_from_the_first(sqlite: Office):
    await sqlite.done("extend_segment", closes={"segment:600": local("11:30")})
    again = sqlite.done("extend_segment", closes={"segment:600": local("11:20")})
    assert await refused(again) == "extension-invalid"
    await sqlite.done("extend_segment", closes={"segment:600": local("11:45")})
    assert (await terms_of(sqlite)).file.schedule.segments[0].closes.isoformat() == (  # type: ignore[union-attr]  # it has one
        "2026-08-01T03:45:00+00:00"
    )


async def test_a_new_round_file_takes_no_extension_back(sqlite: Office):
    await sqlite.done("extend_segment", closes={"segment:600": local("11:30")})
    await sqlite.house.import_round(
        ROUND_FILE.replace("majors_per_choice = 6", "majors_per_choice = 5")
    )
    terms = await terms_of(sqlite)
    assert terms.file.rules.majors_per_choice == 5
    assert terms.calendar is not None
    assert terms.calendar.closes_at(600_000).isoformat() == "2026-08-01T03:30:00+00:00"


async def test_extensions_never_let_a_higher_score_close_after_a_lower_one(sqlite: Office):
    schedule = (await terms_of(sqlite)).file.schedule
    assert schedule is not None
    late = schedule.closes + timedelta(hours=1)
    after = Calendar(extended(schedule, {"segment:600": late}))
    assert {segment.at for segment in after.segments} == {late}
    assert after.schedule.closes == late
    assert extended(schedule, {}) == schedule


async def test_without_segments_the_one_close_is_extended(sqlite: Office):
    lines = ROUND_FILE.split("[[schedule.segments]]")[0]
    await sqlite.house.import_round(lines)
    await sqlite.done("extend_segment", closes={"segment:rest": local("14:20")})
    terms = await terms_of(sqlite)
    assert terms.calendar is not None
    assert terms.calendar.segments[-1].at == terms.calendar.schedule.closes
    assert terms.calendar.schedule.closes.isoformat() == "2026-08-01T06:20:00+00:00"


async def test_while_a_round_is_paused_nothing_is_filed_and_everybody_is_told(office: Office):
    house = office.house
    receipt = await house.file("101", "5012", key="first")
    await seal_at(office, "08:30")
    watcher = house.watch("101")
    watcher.news()
    await office.done("pause")
    await house.tick()
    assert [one["state"] for one in watcher.news() if one["type"] == "round"] == ["paused"]
    assert views.round_view(house.board, ROUND)["state"] == "paused"
    assert await refused(house.file("102", "5012")) == "round-paused"
    assert await refused(house.withdraw("101")) == "round-paused"
    assert await house.file("101", "5012", key="first") == receipt
    assert await refused(office.done("pause")) == "round-paused"

    events = await office.done("resume")
    assert events[1].kind == "round_resumed"
    await house.tick()
    assert [one["state"] for one in watcher.news() if one["type"] == "round"] == ["open"]
    assert (await house.file("102", "5012")).version == 1
    assert await refused(office.done("resume")) == "round-not-paused"


async def test_a_closed_round_is_not_paused(sqlite: Office):
    await seal_at(sqlite, "14:00")
    assert await refused(sqlite.done("pause")) == "round-not-running"


async def test_an_amended_plan_moves_lines_and_certainty_at_once(office: Office):
    house = office.house
    for number in ("101", "102", "103"):
        await house.file(number, "5012")
    await seal_at(office, "11:00")
    watcher = house.watch("103")
    (before,) = watcher.news()
    assert (before["plan"], before["due"], before["certainty"]["verdict"]) == (3, 3, "safe")
    events = await office.done("amend", quotas=[quota("01", 0), quota("02", 0)])
    assert [e.kind for e in events] == ["act_approved", "plan_imported"]
    assert (events[1].body or {})["quotas"] == [
        ["5012", "理科", "", "01", 2, 0],
        ["5012", "理科", "", "02", 1, 0],
    ]
    await house.tick()
    (after,) = watcher.news()
    assert (after["plan"], after["due"], after["status"]) == (0, 0, "outside")
    assert after["certainty"]["verdict"] == "out"
    await office.done("amend", quotas=[quota("01", 9)])
    await house.tick()
    (again,) = watcher.news()
    assert (again["plan"], again["status"]) == (9, "inside")


async def test_an_amended_ratio_is_in_force_for_the_round_and_for_a_unit(office: Office):
    unit = {"institution_code": "5012", "track": "理科", "plan_nature": "", "ratio": "1:2"}
    events = await office.done("amend", ratio="150%", unit_ratios=[unit])
    assert (events[1].body or {})["ratio"] == [10_000, 15_000]
    await office.house.board.catch_up()
    one = round_of(office.house)
    ratios = {key: int(r) for key, r in zip(one.book.plan.keys, one.book.plan.ratio, strict=True)}
    assert {key.institution_code: r for key, r in ratios.items() if key.track == "理科"} == {
        "5012": 20_000, "5037": 15_000, "00": 15_000, "E87": 15_000,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "nothing-changes"),
        ({"quotas": [quota("01", 2)]}, "nothing-changes"),
        ({"ratio": "100%"}, "nothing-changes"),
        ({"ratio": "much"}, "ratio-invalid"),
        ({"ratio": 1}, "invalid-request"),
        ({"quotas": [quota("09", 2)]}, "unknown-major"),
        ({"quotas": [quota("01", 2, "9999")]}, "unknown-unit"),
        ({"quotas": [quota("01", -1)]}, "invalid-request"),
        ({"quotas": [{**quota("01", 2), "quota": True}]}, "invalid-request"),
        ({"quotas": [{**quota("01", 2), "quota": "2"}]}, "invalid-request"),
        ({"quotas": [{"major_code": "01", "quota": 2}]}, "invalid-request"),
        ({"quotas": {"01": 2}}, "invalid-request"),
        ({"unit_ratios": [{**quota("01", 0, "9999"), "ratio": "105%"}]}, "unknown-unit"),
    ],
)
async def test_an_amendment_that_cannot_be_is_refused_and_changes_nothing(
    sqlite: Office, body: dict[str, Any], code: str
):
    act = await sqlite.propose("amend", **body)
    before = await terms_of(sqlite)
    assert await refused(sqlite.approve(act)) == code
    assert await terms_of(sqlite) == before


async def test_a_published_draft_is_seen_and_opens(office: Office):
    house, second = office.house, await a_draft(office)
    await seal_at(office, "09:00")
    ask = house.desk.withdraw(house.ids["101"], second, None, None)
    assert await refused(ask) == "not-found"
    assert not [e for e in await house.log() if e.kind == "gate_passed" and e.round_id == 2]

    await office.publish(second)
    await seal_at(office, "09:00")
    assert {one["code"]: one["state"] for one in views.round_views(house.board)} == {
        ROUND: "open", second: "open",
    }  # fmt: skip
    assert await refused(office.publish(second)) == "not-a-draft"


async def a_draft(office: Office) -> str:
    """Another round with the small round's plan, not published; its code."""
    text = ROUND_FILE.replace("2026-first-1", "2026-first-2")
    file, _ = read_round(Source("round.toml", text.encode()))
    rows, _ = read_plan(Source("plan.csv", PLAN.encode()))
    assert file is not None
    await office.house.intake.set_round(file, text, draft=True)
    await office.house.intake.apply_plan(file.code, rows, "digest")
    return file.code


async def test_what_was_changed_since_it_was_proposed_is_not_published(sqlite: Office):
    house, second = sqlite.house, await a_draft(sqlite)
    by, reviewer = await sqlite.member("甲", "importer"), await sqlite.member("丁", "reviewer")
    async with reading(house.engine) as connection:
        _, revision = (await rounds.revisions(connection))[second]
    body = {"revision": revision}
    act = await sqlite.acts.propose(by, "publish_round", second, body, "计划已核对")
    await sqlite.acts.review(reviewer, act, finding())
    rows, _ = read_plan(Source("plan.csv", PLAN.replace("软件工程,2", "软件工程,3").encode()))
    await house.intake.apply_plan(second, rows, "another")
    assert await refused(sqlite.approve(act)) == "changed-since"


async def test_a_plan_file_brought_by_one_is_applied_by_the_approval_of_another(office: Office):
    house = office.house
    uploads = Uploads(house.engine, house.clock, house.announced.append)
    by = await office.member("甲", "importer")
    text = PLAN.replace("软件工程,2", "软件工程,7")
    upload_id, report = await uploads.bring(by, "plan", ROUND, Source("plan.csv", text.encode()))
    checked = await uploads.check(upload_id)
    assert (report.accepted, checked.changed, checked.public) == (True, True, True)
    assert await refused(uploads.apply(by, upload_id)) == "two-persons-needed"
    digest = checked.upload.digest
    assert (
        await refused(office.done("amend", upload=upload_id, digest="0" * 64)) == "invalid-request"
    )
    events = await office.done("amend", upload=upload_id, digest=digest)
    assert [e.kind for e in events] == ["act_approved", "plan_imported"]
    assert await refused(uploads.check(upload_id)) == "upload-gone"
    await house.board.catch_up()
    key = UnitKey("5037", "理科", "")
    assert round_of(house).terms.unit_by_key[key].plan == 7
    (told,) = (await views.corrections(house.engine, house.board, ROUND))["items"]
    assert [one["what"] for one in told["changes"]] == ["quota", "seats"]


async def test_once_a_round_was_filed_neither_its_plan_nor_its_gates_change(sqlite: Office):
    house = sqlite.house
    await seal_at(sqlite, "14:00")
    async with writing(house.engine) as connection:
        filed = ((await terms_of(sqlite)).round_id, "filed", 99)
        await connection.run_sync(rounds.record_gates, [filed])
    later = {"segment:rest": local("15:00")}
    assert await refused(sqlite.done("extend_segment", closes=later)) == "round-not-running"
    assert await refused(sqlite.done("amend", quotas=[quota("01", 9)])) == "round-not-running"


@pytest.mark.postgres
async def test_a_file_that_takes_long_to_read_is_applied_all_the_same(
    postgres_house: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(engine, "STILL_AT_MOST_S", 1)

    def slowly(source: Source) -> tuple[Sequence[MajorRow], Report]:
        asyncio.run(until_a_transaction_is_idle_for(1.5, postgres_house))
        return read_plan(source)

    async with opened(postgres_house) as house:
        office, uploads = Office(house), Uploads(house.engine, house.clock, house.announced.append)
        by = await office.member("甲", "importer")
        source = Source("plan.csv", PLAN.replace("软件工程,2", "软件工程,7").encode())
        upload_id, _ = await uploads.bring(by, "plan", ROUND, source)
        digest = (await uploads.check(upload_id)).upload.digest
        monkeypatch.setattr("service.uploads.read_plan", slowly)
        events = await office.done("amend", upload=upload_id, digest=digest)
        assert [e.kind for e in events] == ["act_approved", "plan_imported"]


async def until_a_transaction_is_idle_for(seconds: float, url: str) -> None:
    """Return when one of this database has said nothing so long, by PostgreSQL's own clock."""
    silent = (
        "SELECT max(extract(epoch FROM clock_timestamp() - state_change)) FROM pg_stat_activity"
    )
    here = "WHERE state = 'idle in transaction' AND datname = current_database()"
    link = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        async with asyncio.timeout(30):
            while (await link.fetchval(f"{silent} {here}") or 0) < seconds:  # noqa: ASYNC110 it is another program's state
                await asyncio.sleep(0.05)
    finally:
        await link.close()
