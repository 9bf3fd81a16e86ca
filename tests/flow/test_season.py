"""A whole season: two rounds from import to the seats left, the second on what the first left over."""

import csv
import io
from pathlib import Path

import httpx2 as httpx
from python_calamine import CalamineWorkbook

from importers.next_plan import next_plan
from importers.plans import read_plan
from importers.round_file import read_round
from importers.tables import Source
from service import views
from service.intake import Intake
from service.result_shapes import UnfilledView
from service.store.engine import Engine
from tests.builders import PLAN, ROUND, ROUND_FILE, Clock, Running, load, served, sqlite_url
from tests.flow.test_admit import admit
from tests.service import seasons
from tests.web.answers import slug
from tests.web.test_results import IDS, WITH_IDS, ask, office

SECOND = "2026-first-2"
SECOND_FILE = ROUND_FILE.replace(ROUND, SECOND).replace("2026-08-01", "2026-08-05")


async def import_second(engine: Engine, clock: Clock, left: UnfilledView) -> None:
    """The next round: what is left, one major grown by two seats, one new major, one taken out."""
    changes = (
        "track,institution_code,institution_name,plan_nature,major_code,major_name,quota\n"
        "理科,5037,云川理工大学,,01,软件工程,3\n"
        "理科,9001,新增学院,,01,物流管理,1\n"
        "理科,00,零号学院,,A1,护理学,0\n"
    )
    changed, report = read_plan(Source("changes.csv", changes.encode()))
    assert report.accepted
    rows = next_plan([views.as_plan_row(row) for row in left["items"]], changed)
    intake = Intake(engine, clock, lambda _: None)
    file, _ = read_round(Source("round.toml", SECOND_FILE.encode()))
    assert file is not None
    await intake.set_round(file, SECOND_FILE)
    await intake.apply_plan(SECOND, rows, "second")


async def file_in(service: Running, number: str, institution: str) -> httpx.Response:
    """PUT a first choice in the second round."""
    headers = {"Authorization": f"Bearer {await service.token(number)}", "Idempotency-Key": "k"}
    body = {"institution_code": institution, "majors": ["01"], "accepts_adjustment": True}
    path = f"/api/v1/rounds/{SECOND}/choice"
    return await service.client.put(path, headers=headers, json={**body, "version": 0})


async def states(service: Running) -> dict[str, str]:
    await service.app.state.services.board.catch_up()
    rounds = (await service.client.get("/api/v1/rounds")).json()["items"]
    return {one["code"]: one["state"] for one in rounds}


async def end(service: Running, code: str) -> UnfilledView:
    """From the last seal to the seats left, as published."""
    await service.app.state.services.desk.pass_gates()
    people = office(service)
    await seasons.file_round(people, code)
    assert slug(await service.client.get(f"/api/v1/rounds/{code}/unfilled")) == "not-published"
    await seasons.release(people, code)
    await seasons.publish(people, code)
    return await unfilled(service, code)


async def unfilled(service: Running, code: str) -> UnfilledView:
    table: UnfilledView = (await service.client.get(f"/api/v1/rounds/{code}/unfilled")).json()
    return table


async def told(service: Running) -> dict[str, list[tuple[str, str]]]:
    """By candidate, the (round, outcome) that each is told, the newest round first."""
    answers = {number: (await ask(service, number)).json()["items"] for number in IDS}
    return {
        number: [(one["result"]["round"], one["result"]["outcome"]) for one in items]
        for number, items in answers.items()
    }


async def the_free_file(service: Running, admitted: set[str], free: list[str]) -> None:
    """In the second round the admitted are refused and see only the first; the others file."""
    service.tokens.clear()
    await service.app.state.services.desk.pass_gates()
    for number in admitted:
        assert slug(await file_in(service, number, "5037")) == "already-admitted"
        token = {"Authorization": f"Bearer {await service.token(number)}"}
        rounds = (await service.client.get("/api/v1/me", headers=token)).json()["rounds"]
        assert [one["code"] for one in rounds] == [ROUND]
    for number in free:
        assert (await file_in(service, number, "5037")).status_code == 200


async def test_a_season_of_two_rounds(tmp_path: Path):
    clock, url = Clock(), sqlite_url(tmp_path)
    await load(url, clock, candidates=WITH_IDS)
    async with served(url, clock) as service:
        desk, engine = service.app.state.services.desk, office(service).engine
        for number, institution, majors in seasons.CHOICES:
            assert (await service.file(number, institution, majors)).status_code == 200
        for time, state in (("11:00", "closing"), ("12:00", "closing"), ("14:00", "closed")):
            clock.at(time)
            await desk.pass_gates()
            assert (await states(service))[ROUND] == state
        first = await end(service, ROUND)
        admitted = {
            n for n, rounds in (await told(service)).items() if (ROUND, "admitted") in rounds
        }

        await import_second(engine, clock, first)
        assert await states(service) == {ROUND: "unfilled_published", SECOND: "published"}
        units = (await service.client.get(f"/api/v1/rounds/{SECOND}/units")).json()["items"]
        plan = {unit["institution_code"]: unit["plan"] for unit in units}
        assert (plan["5037"], plan["9001"]) == (3, 1)
        assert "00" not in plan

        clock.now = clock.now.replace(day=5, hour=1)
        free = sorted({"101", "102", "103", "104", "105", "106"} - admitted)
        await the_free_file(service, admitted, free)
        clock.now = clock.now.replace(hour=6)
        second = await end(service, SECOND)

        (row,) = (row for row in second["items"] if row["institution_code"] == "5037")
        assert (row["quota"], row["admitted"]) == (3, len(free))
        assert await unfilled(service, ROUND) == first
        after = await told(service)
        assert after[free[0]] == [(SECOND, "admitted"), (ROUND, "rejected")]
        assert all(sum(out == "admitted" for _, out in one) <= 1 for one in after.values())
        assert await states(service) == dict.fromkeys((ROUND, SECOND), "unfilled_published")
        feed = (await service.client.get("/feeds/unfilled.atom")).text
        assert 0 < feed.index(f":{SECOND}<") < feed.index(f":{ROUND}<")


async def test_seats_left_are_the_offline_commands_row_by_row(tmp_path: Path):
    clock = Clock()
    url = sqlite_url(tmp_path)
    await load(url, clock, plan=PLAN.replace("软件工程", "=1+1软件"), candidates=WITH_IDS)
    async with served(url, clock) as service:
        people = office(service)
        for number, institution, majors in seasons.CHOICES:
            await service.file(number, institution, majors)
        clock.at("14:00")
        await service.app.state.services.desk.pass_gates()
        files = await seasons.admission(people).export(ROUND)
        await seasons.file_round(people)
        await seasons.release(people)
        await seasons.publish(people)
        base = f"/api/v1/rounds/{ROUND}/unfilled"
        texts = {name.partition(".")[0]: content.decode() for name, content in files.items()}
        assert admit(tmp_path, **texts).exit_code == 0
        offline = list(csv.DictReader((tmp_path / "u.csv").read_text("utf-8").splitlines()))
        published = list(
            csv.DictReader(io.StringIO((await service.client.get(f"{base}.csv")).text))
        )
        assert [{name: row[name] for name in offline[0]} for row in published] == offline
        assert [row["major_name"] for row in published if row["institution_code"] == "5037"] == [
            "'=1+1软件"
        ]
        as_json = (await service.client.get(f"{base}.json")).json()
        assert [str(row["unfilled"]) for row in as_json["items"]] == [
            r["unfilled"] for r in offline
        ]
        book = CalamineWorkbook.from_filelike(
            io.BytesIO((await service.client.get(f"{base}.xlsx")).content)
        )
        rows = book.get_sheet_by_index(0).to_python()[2:]
        assert [int(row[8]) for row in rows] == [row["unfilled"] for row in as_json["items"]]  # type: ignore[arg-type]
        assert any(row[5] == "=1+1软件" for row in rows)
        page = await service.client.get(f"/rounds/{ROUND}/unfilled?track=理科")
        assert "汉语言文学" not in page.text
        assert "软件" not in (await service.client.get(f"/rounds/{ROUND}/unfilled?q=法学")).text
