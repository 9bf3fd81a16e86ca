"""Adult colleges: a unit is institution x major x track, one day without segments, 1:1."""

from pathlib import Path

from tests.builders import Clock, Running, load, served, sqlite_url
from tests.service import seasons
from tests.web.answers import slug
from tests.web.test_results import ask, office

ADULT = "2026-adult-1"
ROUND_FILE = """
[season]
code = "2026-adult"
kind = "adult"
[batch]
code = "2026-adult"
name = "成人高校"
[round]
code = "2026-adult-1"
majors_per_choice = 1
[schedule]
opens = 2026-08-01T09:00:00+08:00
closes = 2026-08-01T17:00:00+08:00
"""
PLAN = """科类,院校代号,院校名称,专业代号,专业名称,计划数
文史,5012,北原大学,01,会计学,1
文史,5012,北原大学,02,法学,1
文史,5037,云川理工大学,01,会计学,1
"""
CANDIDATES = """candidate_no,name,track,exam_score,id_number,initial_code
101,甲,文史,300,ID101,code-101
102,乙,文史,290,ID102,code-102
103,丙,文史,280,ID103,code-103
104,丁,文史,270,ID104,code-104
"""


async def file(service: Running, number: str, majors: list[str]) -> dict[str, object]:
    headers = {"Authorization": f"Bearer {await service.token(number)}", "Idempotency-Key": "k"}
    body = {"institution_code": "5012", "majors": majors, "accepts_adjustment": True, "version": 0}
    path = f"/api/v1/rounds/{ADULT}/choice"
    answer = await service.client.put(path, headers=headers, json=body)
    found: dict[str, object] = answer.json()
    return found if answer.status_code == 200 else {"problem": slug(answer)}


async def test_an_adult_round_from_plan_to_result(tmp_path: Path):
    clock, url = Clock(), sqlite_url(tmp_path)
    await load(url, clock, PLAN, CANDIDATES, ROUND_FILE)
    async with served(url, clock) as service:
        units = (await service.client.get(f"/api/v1/rounds/{ADULT}/units")).json()["items"]
        assert [(u["institution_code"], u["plan_nature"], u["plan"]) for u in units] == [
            ("5012", "01", 1), ("5012", "02", 1), ("5037", "01", 1),
        ]  # fmt: skip
        clock.at("08:59:59")
        assert await file(service, "101", ["01"]) == {"problem": "not-open"}
        clock.at("09:00")
        assert await file(service, "101", []) == {"problem": "unknown-unit"}
        assert await file(service, "101", ["03"]) == {"problem": "unknown-unit"}
        for number, major in (("101", "01"), ("102", "02"), ("103", "01")):
            await file(service, number, [major])
        standing = (await file(service, "104", ["02"]))["standing"]
        assert (standing["rank"], standing["plan"], standing["applicants"]) == (2, 1, 2)  # type: ignore[index]
        assert standing["unit"]["plan_nature"] == "02"  # type: ignore[index]
        clock.at("17:00")
        await service.app.state.services.desk.pass_gates()
        await seasons.file_round(office(service), ADULT)
        await seasons.release(office(service), ADULT)
        await seasons.publish(office(service), ADULT)
        told = [
            (await ask(service, n, f"id{n}")).json()["items"][0]["result"] for n in ("102", "104")
        ]
        assert [(one["outcome"], one["reason"]["code"]) for one in told] == [
            ("admitted", "listed"), ("not_filed", "below_line"),
        ]  # fmt: skip
        left = (await service.client.get(f"/api/v1/rounds/{ADULT}/unfilled")).json()
        assert [(row["plan_nature"], row["unfilled"]) for row in left["items"]] == [
            ("01", 0), ("02", 0), ("01", 1),
        ]  # fmt: skip
