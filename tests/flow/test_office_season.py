"""A whole season through the office's forms and the public API: two rounds, two people, nothing else."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.settings import Settings
from service.store.engine import open_engine
from service.store.migrate import migrate
from tests.builders import PLAN, ROUND, ROUND_FILE, SEASON, Clock, Running, load, served, sqlite_url
from tests.service.seasons import CHOICES
from tests.web.answers import slug
from tests.web.desk import Person, person, said
from tests.web.test_results import IDS, WITH_IDS, ask

SECOND = "2026-first-2"
SECOND_FILE = ROUND_FILE.replace(ROUND, SECOND).replace("2026-08-01", "2026-08-05")
BASIS = "条例第十四条"
CHANGES = """track,institution_code,institution_name,plan_nature,major_code,major_name,quota
理科,5037,云川理工大学,,01,软件工程,3
理科,9001,新增学院,,01,物流管理,1
"""


@dataclass(slots=True)
class Desk:
    """The service, who imports and proposes, and who reviews and approves."""

    service: Running
    importer: Person
    publisher: Person

    async def at_work(self) -> None:
        """Both sign in again: the day is long, and nobody's session outlasts a pause."""
        await self.importer.sign_in()
        await self.publisher.sign_in()

    async def state(self, code: str = ROUND) -> str:
        """The round's state as the public reads it."""
        services = self.service.app.state.services
        await services.desk.pass_gates()
        await services.board.catch_up()
        rounds = (await self.service.client.get("/api/v1/rounds")).json()["items"]
        state: str = next(one["state"] for one in rounds if one["code"] == code)
        return state

    async def bring(self, what: str, target: str, text: str) -> None:
        """Import a file that is not public yet: checked, then applied by the importer alone."""
        brought = await self.importer.upload(what, target, text, f"{what}.file")
        assert brought.status_code == 303, brought.text
        page = str(brought.headers["location"])
        assert await self.importer.done(page) == "/office/imports"
        await self.service.app.state.services.board.catch_up()

    async def agreed(self, address: str, *, review: bool = False, **fields: str) -> None:
        """Proposed by one, reviewed if it is a publication, and approved by the other."""
        act = await self.importer.done(address, reason="按日程", **fields)
        assert (await self.importer.send(f"{act}/approve")).status_code == 403
        if review:
            assert (await self.publisher.send(f"{act}/approve")).status_code == 409
            await self.publisher.done(f"{act}/review", decision="publish", basis=BASIS)
        await self.publisher.done(f"{act}/approve")
        await self.service.app.state.services.board.catch_up()

    async def publish_round(self, code: str) -> None:
        page = f"/office/rounds/{code}"
        revision = await self.found(page, r'name="revision" value="(\d+)"')
        await self.agreed(f"{page}/publish_round", review=True, revision=revision)

    async def apply_filing(self, code: str = ROUND) -> None:
        page = f"/office/releases/{code}"
        assert await self.importer.done(f"{page}/try") == page
        digest = await self.found(page, r'name="digest" value="(\w+)"')
        await self.agreed(f"{page}/apply_filing", digest=digest)

    async def release(self, code: str = ROUND) -> None:
        page = f"/office/releases/{code}"
        assert await self.importer.done(f"{page}/check") == page
        digest = await self.found(page, r'name="digest" value="(\w+)"')
        await self.agreed(f"{page}/release_results", review=True, digest=digest)

    async def found(self, page: str, pattern: str) -> str:
        """What a page of the importer's says."""
        found = re.search(pattern, await self.importer.get(page))
        assert found, pattern
        return found[1]


async def staffed(service: Running) -> Desk:
    """The office with two people on its staff."""
    importer = await person(service, "wang", ["importer"])
    publisher = await person(service, "li", ["publisher", "reviewer"])
    return Desk(service, importer, publisher)


@pytest.fixture
async def closed(tmp_path: Path) -> AsyncIterator[Desk]:
    """The first round, filed in and closed."""
    url, clock = sqlite_url(tmp_path), Clock()
    await load(url, clock, candidates=WITH_IDS)
    async with served(url, clock) as service:
        for number, institution, majors in CHOICES:
            assert (await service.file(number, institution, majors)).status_code == 200
        clock.at("14:00")
        desk = await staffed(service)
        assert await desk.state() == "closed"
        yield desk


async def open_round(desk: Desk) -> None:
    """The first round imported and published, before which nobody sees it."""
    await desk.bring("round", "", ROUND_FILE)
    await desk.bring("plan", ROUND, PLAN)
    await desk.bring("candidates", SEASON, WITH_IDS)
    assert (await desk.service.client.get("/api/v1/rounds")).json()["items"] == []
    await desk.publish_round(ROUND)
    assert await desk.state() == "published"


async def file_until_closed(desk: Desk) -> None:
    """Everybody files, and the round closes segment by segment."""
    desk.service.clock.at("08:30")
    states = [await desk.state()]
    for number in IDS:
        await first_password(desk.service, number)
    for number, institution, majors in CHOICES:
        assert (await desk.service.file(number, institution, majors)).status_code == 200
    for time in ("10:00", "10:30", "11:00", "12:00", "14:00"):
        desk.service.clock.at(time)
        states.append(await desk.state())
    assert states == [
        "open", "delete_locked", "create_locked", "closing", "closing", "closed",
    ]  # fmt: skip


async def first_password(service: Running, number: str) -> None:
    """Sign in with the initial code and change it, as every candidate must."""
    own = {"Authorization": f"Bearer {await service.token(number)}"}
    change = {"old": f"code-{number}", "new": f"long-enough-{number}"}
    answer = await service.client.put("/api/v1/password", headers=own, json=change)
    service.tokens[number] = answer.json()["token"]


async def outcomes(service: Running) -> Mapping[str, Mapping[str, str]]:
    """By candidate, the outcome that each is told of each round."""
    answers = {number: (await ask(service, number)).json()["items"] for number in IDS}
    return {
        number: {one["result"]["round"]: one["result"]["outcome"] for one in items}
        for number, items in answers.items()
    }


async def test_a_season_goes_through_the_office_from_import_to_its_end(tmp_path: Path):
    url, clock = sqlite_url(tmp_path), Clock()
    clock.at("06:00")
    engine = open_engine(Settings(database_url=url))
    await migrate(engine)
    await engine.dispose()
    async with served(url, clock) as service:
        desk = await staffed(service)
        await open_round(desk)
        await file_until_closed(desk)
        await desk.at_work()
        first = await to_the_seats_left(desk)
        await second_round(desk)
        await to_the_end(desk, first)


async def to_the_seats_left(desk: Desk) -> Mapping[str, Mapping[str, str]]:
    """From the close of the first round on; what everybody is told of it."""
    service, page = desk.service, f"/office/releases/{ROUND}"
    assert page in await desk.importer.get(f"/office/rounds/{ROUND}")
    await desk.apply_filing()
    assert await desk.state() == "filed"
    assert "发起更正" not in await desk.importer.get(f"/office/rounds/{ROUND}")
    assert slug(await ask(service, "101")) == slug(await ask(service, "999"))
    await desk.bring("decisions", ROUND, "考生号,结论,退档理由\n106,退档,physical\n")
    assert await desk.state() == "deciding"
    await desk.release()
    assert await desk.state() == "results"
    first = await outcomes(service)
    assert first["106"] == {ROUND: "rejected"}
    assert slug(await service.client.get(f"/api/v1/rounds/{ROUND}/unfilled")) == "not-published"
    await desk.agreed(f"{page}/publish_unfilled", review=True)
    assert await desk.state() == "unfilled_published"
    return first


async def to_the_end(desk: Desk, first: Mapping[str, Mapping[str, str]]) -> None:
    """The second round: who is still free files, and is admitted."""
    clock = desk.service.clock
    free = [number for number, told in first.items() if told and "admitted" not in told.values()]
    clock.now = clock.now.replace(day=5, hour=1)
    assert await desk.state(SECOND) == "open"
    await file_again(desk, first, free)
    clock.now = clock.now.replace(hour=6)
    assert await desk.state(SECOND) == "closed"
    await desk.at_work()
    await desk.apply_filing(SECOND)
    await desk.release(SECOND)
    await desk.agreed(f"/office/releases/{SECOND}/publish_unfilled", review=True)
    assert await desk.state(SECOND) == "unfilled_published"
    after = await outcomes(desk.service)
    assert all(after[number][SECOND] == "admitted" for number in free)
    assert all(list(told.values()).count("admitted") <= 1 for told in after.values())


async def second_round(desk: Desk) -> None:
    """The next plan made at the desk from what is left and the changes, imported and published."""
    made = await desk.importer.client.post(
        "/office/next-plan", data={"round": ROUND}, files={"changes": ("c.csv", CHANGES.encode())}
    )
    assert made.status_code == 200
    await desk.bring("round", "", SECOND_FILE)
    await desk.bring("plan", SECOND, made.text)
    await desk.publish_round(SECOND)
    units = (await desk.service.client.get(f"/api/v1/rounds/{SECOND}/units")).json()["items"]
    plan = {unit["institution_code"]: unit["plan"] for unit in units}
    assert (plan["5037"], plan["9001"]) == (3, 1)


async def file_again(desk: Desk, first: Mapping[str, Mapping[str, str]], free: list[str]) -> None:
    """In the second round the free may file, and nobody who was admitted."""
    assert free
    service = desk.service
    for number, told in first.items():
        if not told:
            continue
        body = {"institution_code": "5037", "majors": ["01"], "accepts_adjustment": True}
        await sign_in_again(service, number)
        own = {"Authorization": f"Bearer {service.tokens[number]}", "Idempotency-Key": number}
        answer = await service.client.put(
            f"/api/v1/rounds/{SECOND}/choice", headers=own, json={**body, "version": 0}
        )
        if number in free:
            assert answer.status_code == 200, answer.text
        else:
            assert slug(answer) == "already-admitted"


async def sign_in_again(service: Running, number: str) -> None:
    """Days later every session is over."""
    body = {"candidate_no": number, "password": f"long-enough-{number}"}
    answer = await service.client.post("/api/v1/sessions", json=body)
    service.tokens[number] = answer.json()["token"]


async def test_a_dry_run_is_compared_with_the_one_before(closed: Desk):
    page = f"/office/releases/{ROUND}"
    await closed.importer.done(f"{page}/try")
    assert "第 1 次试算" in await closed.importer.get(page)
    await closed.importer.done(f"{page}/try")
    assert "与第 1 次试算完全相同" in await closed.publisher.get(page)


async def test_a_filing_that_nobody_looked_at_is_refused_and_the_reason_stays(closed: Desk):
    page = f"/office/releases/{ROUND}"
    await closed.importer.done(f"{page}/try")
    answer = await closed.importer.send(f"{page}/apply_filing", reason="按日程", digest="0" * 64)
    assert (answer.status_code, "没有执行" in said(answer)) == (409, True)
    assert 'value="按日程"' in answer.text
    for step in ("check", "release_results", "publish_unfilled"):
        refused = await closed.importer.send(f"{page}/{step}", reason="按日程")
        assert refused.status_code == 409, step
        assert said(refused), step
    assert (await closed.importer.send(f"{page}/party", reason="按日程")).status_code == 404
    assert await closed.state() == "closed"


async def test_a_decision_against_the_filing_is_named_by_its_row(closed: Desk):
    await closed.apply_filing()
    text = "考生号,结论,退档理由\n106,退档,physical\n201,退档,physical\n"
    answer = await closed.importer.upload("decisions", ROUND, text)
    assert answer.status_code == 422
    assert "was not filed in this round" in answer.text
    assert await closed.state() == "filed"


async def test_a_later_decision_needs_another_check_before_the_release(closed: Desk):
    page = f"/office/releases/{ROUND}"
    await closed.apply_filing()
    await closed.importer.done(f"{page}/check")
    assert "发起公布录取结果" in await closed.importer.get(page)
    closed.service.clock.at("14:20")
    await closed.bring("decisions", ROUND, "考生号,结论,退档理由\n106,退档,physical\n")
    assert "须再算一次" in await closed.importer.get(page)
    refused = await closed.importer.send(
        f"{page}/release_results", reason="按日程", digest="0" * 64
    )
    assert (refused.status_code, "独立重算" in said(refused)) == (409, True)


async def test_who_proposes_nothing_tries_and_checks_nothing(closed: Desk):
    auditor = await person(closed.service, "sun", ["auditor"])
    page = f"/office/releases/{ROUND}"
    for step in ("try", "check"):
        assert (await auditor.send(f"{page}/{step}")).status_code == 403
    assert "<form" not in (await auditor.get(page)).partition("<main")[2]
    next_plan = await auditor.client.post("/office/next-plan", data={"round": ROUND})
    assert next_plan.status_code == 403
    await auditor.client.aclose()


async def test_a_next_plan_waits_for_the_seats_left_and_for_changes_that_read(closed: Desk):
    early = await closed.importer.client.post("/office/next-plan", data={"round": ROUND})
    assert (early.status_code, bool(said(early))) == (404, True)
    wrong = {"changes": ("c.csv", CHANGES.replace("软件工程,3", "软件工程,三").encode())}
    answer = await closed.importer.client.post(
        "/office/next-plan", data={"round": ROUND}, files=wrong
    )
    assert answer.status_code == 422
    assert "三" in answer.text
