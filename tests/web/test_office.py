"""The office's desk: who gets in, and what two people do there through forms."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.builders import (
    CANDIDATES,
    PLAN,
    ROUND,
    ROUND_FILE,
    SEASON,
    Clock,
    Running,
    loaded_sqlite,
    served,
)
from tests.web.answers import ROUND_PATH, slug
from tests.web.desk import Person, browser, person, said
from web.deps import Services
from web.pages.office.access import COOKIE

SECOND = "2026-first-2"
SECOND_FILE = ROUND_FILE.replace(f'"{ROUND}"', f'"{SECOND}"\nname = "本科一批征集"')
ROUND_PAGE = f"/office/rounds/{ROUND}"


@pytest.fixture
def database(tmp_path: Path) -> str:
    """A loaded SQLite file."""
    return loaded_sqlite(tmp_path)


@pytest.fixture
async def service(database: str) -> AsyncIterator[Running]:
    """The service at 08:30 of the round's day, nothing filed yet."""
    async with served(database, Clock()) as one:
        yield one


@pytest.fixture
async def importer(service: Running) -> AsyncIterator[Person]:
    one = await person(service, "wang", ["importer"])
    yield one
    await one.client.aclose()


@pytest.fixture
async def publisher(service: Running) -> AsyncIterator[Person]:
    one = await person(service, "li", ["publisher", "reviewer"])
    yield one
    await one.client.aclose()


@pytest.mark.parametrize(
    "address",
    ["/office", "/office/imports", "/office/imports/1", "/office/acts/1", "/office/audit",
     "/office/staff", "/office/password", ROUND_PAGE],
)  # fmt: skip
async def test_nobody_sees_the_office_without_signing_in(service: Running, address: str):
    for answer in (await service.client.get(address), await service.client.post(address)):
        assert answer.status_code in (303, 405)
        assert answer.headers.get("location", "/office/sign-in") == "/office/sign-in"


async def test_a_candidates_session_opens_no_office(service: Running):
    token = await service.token("101")
    for name in ("mingci_session", COOKIE):
        answer = await service.client.get("/office", headers={"cookie": f"{name}={token}"})
        assert answer.headers["location"] == "/office/sign-in"


async def test_the_cookie_is_for_the_office_alone_and_for_no_other_site(service: Running):
    at: Services = service.app.state.services
    made = await at.office.staff.add("wang", ["importer"])
    phone = (await person(service, "other", ["auditor"])).phone
    phone.secret = made.totp_secret
    form = {"name": "wang", "password": made.password, "code": phone.code()}
    answer = await service.client.post("/office/sign-in", data=form)
    cookie = answer.headers["set-cookie"].lower()
    assert {"httponly", "path=/office", "samesite=strict"} <= set(cookie.split("; "))


async def test_the_initial_password_must_be_changed_first(service: Running):
    at: Services = service.app.state.services
    made = await at.office.staff.add("zhao", ["importer"])
    other = await person(service, "other", ["auditor"])
    other.phone.secret = made.totp_secret
    one = Person(browser(service), other.phone)
    await one.done("/office/sign-in", name="zhao", password=made.password)
    assert (await one.client.get("/office")).headers["location"] == "/office/password"
    old = {"old": made.password, "new": "long-enough"}
    assert "不一样" in said(await one.send("/office/password", **old, again="other"))
    assert await one.done("/office/password", **old, again="long-enough") == "/office"
    assert "待办" in await one.get("/office")
    await one.done("/office/sign-out")
    assert (await one.client.get("/office")).headers["location"] == "/office/sign-in"


async def test_a_wrong_sign_in_says_no_more_than_that(importer: Person):
    for form in ({"name": "nobody", "password": "x"}, {"name": "wang", "password": "x"}):
        answer = await importer.send("/office/sign-in", **form)
        assert answer.status_code == 401
        assert said(answer).startswith("名字、密码或动态码不对")


async def test_a_form_of_another_site_is_refused(importer: Person):
    answer = await importer.client.post(
        f"{ROUND_PAGE}/pause",
        data={"reason": "x", "code": importer.phone.code()},
        headers={"origin": "http://evil.test"},
    )
    assert answer.status_code == 403


async def test_a_pause_takes_two_people_and_a_fresh_code_from_each(
    service: Running, importer: Person, publisher: Person
):
    wrong = await importer.send(f"{ROUND_PAGE}/pause", reason="网络故障", code="000000")
    assert (wrong.status_code, "动态码" in said(wrong)) == (401, True)
    assert 'value="网络故障"' in wrong.text
    act = await importer.done(f"{ROUND_PAGE}/pause", reason="网络故障")
    assert (await service.client.get("/api/v1/rounds")).json()["items"][0]["state"] == "open"
    assert (await importer.send(f"{act}/approve")).status_code == 403
    assert act in (await publisher.get("/office")).partition("等我办理")[2].partition("等别人")[0]
    assert "暂停填报" in await publisher.get(act)
    assert await publisher.done(f"{act}/approve") == act
    await service.app.state.services.board.catch_up()
    refused = await service.file("101", "5012")
    assert slug(refused) == "round-paused"
    own = {"cookie": f"mingci_session={await service.token('101')}"}
    shown = (await service.client.get("/my", headers=own)).text
    assert "暂停填报。" in shown
    assert "已批准并执行" in await importer.get(act)
    again = await publisher.send(f"{act}/approve")
    assert (again.status_code, "已经办结" in said(again)) == (409, True)


async def test_an_extension_is_filed_at_the_desk_and_told_to_the_public(service: Running):
    service.clock.at("11:05")
    importer = await person(service, "wang", ["importer"])
    publisher = await person(service, "li", ["publisher"])
    act = await importer.done(
        f"{ROUND_PAGE}/extend_segment",
        reason="机房停电",
        **{"closes:segment:600": "2026-08-01T11:40", "closes:segment:500": ""},
    )
    assert "截止时间由 8 月 1 日 11:00 延长到 8 月 1 日 11:40" in await publisher.get(act)
    await publisher.done(f"{act}/approve")
    await service.app.state.services.board.catch_up()
    (told,) = (await service.client.get(f"{ROUND_PATH}/corrections")).json()["items"]
    assert (told["kind"], told["reason"]) == ("extend_segment", "机房停电")
    assert told["changes"] == [
        {
            "what": "segment",
            "where": "600",
            "before": "2026-08-01T11:00:00.000+08:00",
            "after": "2026-08-01T11:40:00.000+08:00",
        }
    ]
    shown = (await service.client.get(f"/corrections/{ROUND}")).text
    assert "机房停电" in shown
    assert "wang" not in shown


async def test_what_cannot_be_is_refused_at_the_form_that_asked(importer: Person):
    tries = {
        "extend_segment": {"closes:segment:600": "2026-08-01T10:00"},
        "amend": {"institution_code": "9999", "track": "理科", "major_code": "01", "quota": "3"},
        "resume": {},
        "publish_round": {"revision": "1"},
    }
    for kind, form in tries.items():
        answer = await importer.send(f"{ROUND_PAGE}/{kind}", reason="试", **form)
        assert answer.status_code in (409, 422), kind
        assert said(answer), kind
    for kind, form in (
        ("amend", {"quota": "-1"}),
        ("publish_round", {"revision": "x"}),
        ("extend_segment", {"closes:x": "soon"}),
    ):
        answer = await importer.send(f"{ROUND_PAGE}/{kind}", reason="试", **form)
        assert answer.status_code == 422
    assert (await importer.send(f"{ROUND_PAGE}/party", reason="试")).status_code == 404
    assert "现在没有需要您审查或审批的事项" in await importer.get("/office")


async def test_an_amendment_of_one_major_and_of_a_ratio(
    service: Running, importer: Person, publisher: Person
):
    unit = {"institution_code": "5012", "track": "理科", "plan_nature": ""}
    for form in (
        {**unit, "major_code": "01", "quota": "5"},
        {**unit, "ratio": "120%"},
        {"ratio": "1:1.05"},
    ):
        act = await importer.done(f"{ROUND_PAGE}/amend", reason="学校调整计划", **form)
        await publisher.done(f"{act}/approve")
    await service.app.state.services.board.catch_up()
    found = (await service.client.get(f"{ROUND_PATH}/units/5012/理科")).json()
    assert (found["plan"], found["ratio"]) == (6, "120%")
    shown = (await service.client.get(f"/corrections/{ROUND}")).text
    assert "招生计划 5012/理科//01：2 人改为 5 人" in shown
    assert "投档比例：100% 改为 105%" in shown


async def test_a_new_round_goes_from_file_to_publication_through_forms(
    service: Running, importer: Person, publisher: Person
):
    """The whole way: round and plan by one importer, review and approval by another."""
    at: Services = service.app.state.services
    for what, target, text in (("round", "", SECOND_FILE), ("plan", SECOND, PLAN)):
        brought = await importer.upload(what, target, text, f"{what}.file")
        assert brought.status_code == 303, brought.text
        page = str(brought.headers["location"])
        assert "应用这个文件" in await importer.get(page)
        assert await importer.done(page) == "/office/imports"
        await at.board.catch_up()
    assert [
        one["code"] for one in (await service.client.get("/api/v1/rounds")).json()["items"]
    ] == [ROUND]
    assert slug(await service.client.get(f"/api/v1/rounds/{SECOND}/units")) == "not-found"
    assert (await service.client.get(f"/corrections/{SECOND}")).status_code == 404

    control = f"/office/rounds/{SECOND}"
    (revision,) = re.findall(r'name="revision" value="(\d+)"', await importer.get(control))
    asked = {"reason": "计划已核对", "revision": revision}
    act = await importer.done(f"{control}/publish_round", **asked)
    assert (await publisher.send(f"{act}/approve")).status_code == 409
    secret = await publisher.send(
        f"{act}/review", decision="publish", basis="条例第十四条", safety="1"
    )
    assert (secret.status_code, "不能同时决定公开" in said(secret)) == (422, True)
    await publisher.done(f"{act}/review", decision="publish", basis="条例第十四条")
    await publisher.done(f"{act}/approve")
    await at.board.catch_up()
    codes = {one["code"] for one in (await service.client.get("/api/v1/rounds")).json()["items"]}
    assert codes == {ROUND, SECOND}


async def test_a_plan_that_families_see_is_changed_by_two_people(
    service: Running, importer: Person, publisher: Person
):
    changed = PLAN.replace("软件工程,2", "软件工程,7")
    page = str((await importer.upload("plan", ROUND, changed)).headers["location"])
    assert "2 → 7 人" in await importer.get(page)
    act = await importer.done(page, reason="学校来函更正")
    assert page in await publisher.get(act)
    assert "2 → 7 人" in await publisher.get(page)
    await publisher.done(f"{act}/approve")
    await service.app.state.services.board.catch_up()
    assert (await service.client.get(f"{ROUND_PATH}/units/5037/理科")).json()["plan"] == 7
    assert "已经办结" in await importer.get(page)
    same = str((await importer.upload("plan", ROUND, changed)).headers["location"])
    assert "不需要应用" in await importer.get(same)


async def test_a_withdrawn_amendment_keeps_nothing_of_its_file(importer: Person):
    changed = PLAN.replace("软件工程,2", "软件工程,7")
    page = str((await importer.upload("plan", ROUND, changed)).headers["location"])
    act = await importer.done(page, reason="学校来函更正")
    await importer.done(f"{act}/withdraw")
    assert "已经办结" in await importer.get(page)


async def test_a_file_with_faults_is_not_taken_and_each_row_is_named(importer: Person):
    answer = await importer.upload("plan", ROUND, PLAN.replace("软件工程,2", "软件工程,三十"))
    assert answer.status_code == 422
    assert "三十" in answer.text
    assert "有错，未收下" in answer.text
    assert (await importer.client.get("/office/imports/1")).status_code == 200


async def test_candidates_are_corrected_by_two_people_and_none_is_listed(
    service: Running, importer: Person, publisher: Person
):
    text = CANDIDATES.replace("605,10", "606,10")
    page = str((await importer.upload("candidates", SEASON, text)).headers["location"])
    shown = await importer.get(page)
    assert not [name for name in ("丙", "103", "code-103") if name in shown]
    act = await importer.done(page, reason="复核改分")
    await publisher.done(f"{act}/approve")
    await service.app.state.services.board.catch_up()
    (told,) = (await service.client.get(f"{ROUND_PATH}/corrections")).json()["items"]
    assert told["changes"] == [{"what": "candidates", "where": "", "before": None, "after": "7"}]


async def test_new_candidates_need_their_codes_in_the_file(importer: Person):
    text = CANDIDATES + "301,辛,理科,500,0,\n"
    page = str((await importer.upload("candidates", SEASON, text)).headers["location"])
    assert "没有初始密码" in await importer.get(page)


async def test_files_are_brought_by_importers_to_what_there_is(importer: Person, publisher: Person):
    assert (await publisher.upload("plan", ROUND, PLAN)).status_code == 403
    assert (await importer.upload("plan", "nowhere", PLAN)).status_code == 404
    assert (await importer.upload("candidates", "nowhere", CANDIDATES)).status_code == 404
    assert (await importer.upload("party", ROUND, PLAN)).status_code == 422
    assert (await importer.client.post("/office/imports", data={"what": "plan"})).status_code == 422


async def test_a_file_is_read_only_after_it_is_known_who_sends_it(service: Running):
    big = {"file": ("plan.csv", b"x" * 200_000)}
    answer = await service.client.post("/office/imports", data={"what": "plan"}, files=big)
    assert answer.headers["location"] == "/office/sign-in"
    other = await service.client.post("/office/sign-in", data={"what": "plan"}, files=big)
    assert other.status_code == 413


async def test_the_audit_is_for_auditors_who_change_nothing(service: Running, importer: Person):
    act = await importer.done(f"{ROUND_PAGE}/pause", reason="网络故障")
    assert (await importer.client.get("/office/audit")).status_code == 403
    auditor = await person(service, "sun", ["auditor"])
    assert (await service.file("101", "5012")).status_code == 200
    shown = await auditor.get("/office/audit")
    assert "act_proposed" in shown
    assert "<form" not in (await auditor.get(ROUND_PAGE)).partition("<main")[2]
    assert "choice_filed" in await auditor.get("/office/audit?after=4")
    assert "<form" not in (await auditor.get(act)).partition("<main")[2]
    for address in (f"{act}/approve", f"{act}/refuse", f"{act}/withdraw", f"{ROUND_PAGE}/pause"):
        assert (await auditor.send(address, reason="试")).status_code == 403, address


async def test_accounts_are_closed_by_who_looks_after_them(service: Running, importer: Person):
    assert (await importer.client.get("/office/staff")).status_code == 403
    keeper = await person(service, "keeper", ["security_admin"])
    assert "wang" in await keeper.get("/office/staff")
    assert (await keeper.send("/office/staff/keeper/disable")).status_code == 403
    assert (await importer.send("/office/staff/keeper/disable")).status_code == 403
    await keeper.done("/office/staff/wang/disable")
    assert (await importer.client.get("/office")).headers["location"] == "/office/sign-in"


async def test_the_desk_shows_what_is_going_on(publisher: Person):
    shown = await publisher.get("/office")
    assert "正在填报" in shown
    assert ROUND in shown
    assert (await publisher.client.get("/office/rounds/nowhere")).status_code == 404
    assert (await publisher.client.get("/office/acts/99")).status_code == 404
    assert (await publisher.client.get("/office/imports/99")).status_code == 404
