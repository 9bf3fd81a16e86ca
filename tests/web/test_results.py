"""Results: nothing before the release, the same answer for every wrong query, and a price for trying."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from sqlalchemy import event, insert, select, update

from service.store import schema
from service.store.engine import Engine, writing
from tests.builders import CANDIDATES, ROUND, Clock, Running, load, served, sqlite_url
from tests.service import seasons
from tests.web.answers import ROUND_PATH, slug

IDS = {str(number): f"15010220080101{number}X" for number in (101, 102, 103, 104, 105, 106, 201)}
WITH_IDS = "\n".join(
    line + (",id_number" if at == 0 else f",{IDS[line[:3]]}")
    for at, line in enumerate(CANDIDATES.strip().splitlines())
)


@dataclass(frozen=True)
class Office:
    engine: Engine
    clock: Clock


def office(service: Running) -> Office:
    return Office(service.app.state.services.engine, service.clock)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Running]:
    """The small round, filed in and closed; every candidate with an ID number."""
    url, clock = sqlite_url(tmp_path), Clock()
    await load(url, clock, candidates=WITH_IDS)
    async with served(url, clock) as one:
        for number, institution, majors in seasons.CHOICES:
            assert (await one.file(number, institution, majors)).status_code == 200
        clock.at("14:00")
        await one.app.state.services.desk.pass_gates()
        yield one


async def released(service: Running) -> Running:
    await seasons.file_round(office(service))
    await seasons.release(office(service))
    return service


async def ask(
    service: Running, number: str, id_number: str | None = None, **more: str
) -> httpx.Response:
    body = {"candidate_no": number, "id_number": id_number or IDS.get(number, "x"), **more}
    return await service.client.post("/api/v1/results/query", json=body)


def solution(challenge: dict[str, Any], **changed: Any) -> str:
    number = next(
        n
        for n in range(challenge["maxnumber"] + 1)
        if hashlib.sha256(f"{challenge['salt']}{n}".encode()).hexdigest() == challenge["challenge"]
    )
    said = {**challenge, "number": number, **changed}
    return base64.b64encode(json.dumps(said).encode()).decode()


async def test_before_the_release_everybody_gets_the_same_answer(service: Running):
    await seasons.file_round(office(service))
    await seasons.admission(office(service)).check(ROUND)
    answers = [
        await ask(service, "101"),
        await ask(service, "101", "wrong"),
        await ask(service, "9"),
    ]
    assert {slug(answer) for answer in answers} == {"not-published"}
    assert len({answer.content for answer in answers}) == 1
    for path in ("unfilled", "unfilled.csv", "unfilled.json", "unfilled.xlsx"):
        assert slug(await service.client.get(f"{ROUND_PATH}/{path}")) == "not-published"
    page = await service.client.get(f"/rounds/{ROUND}/unfilled")
    assert "还没有公布" in page.text
    assert (await service.client.get("/unfilled")).text.count(ROUND) == 0
    feed = (await service.client.get("/feeds/unfilled.atom")).text
    assert ROUND not in feed
    assert f'rel="self" href="{service.client.base_url}/feeds/unfilled.atom"' in feed


async def test_a_result_says_where_why_and_when(service: Running):
    await released(service)
    answer = await ask(service, "101")
    body = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert body["candidate_no"] == "101"
    ((item),) = body["items"]
    one = item["result"]
    assert (one["outcome"], one["institution_code"], one["major"]["code"]) == (
        "admitted",
        "5012",
        "01",
    )
    assert one["on_behalf"]
    assert "620" in one["reason"]["zh"]
    assert [step["step"] for step in one["steps"]] == [
        "chosen",
        "filed",
        "under_review",
        "admitted",
    ]
    assert one["compared"]["line_filing"] == 615
    assert body["viewed"] == {"times": 1, "last_at": None}
    again = (await ask(service, "101")).json()["viewed"]
    assert (again["times"], again["last_at"]) == (2, "2026-08-01T14:00:00.000+08:00")


async def test_who_made_no_choice_is_told_so(service: Running):
    await released(service)
    assert (await ask(service, "201")).json()["items"] == []


@contextmanager
def statements(service: Running):
    """How many statements the database was sent, by what they are."""
    seen: list[str] = []

    def note(_c: object, _cur: object, text: str, *_more: object) -> None:
        seen.append(text)

    engine = service.app.state.services.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def test_an_unknown_number_and_a_wrong_id_go_the_same_way(service: Running):
    await released(service)
    with statements(service) as unknown:
        first = await ask(service, "999")
    with statements(service) as wrong:
        second = await ask(service, "101", IDS["102"])
    assert slug(first) == slug(second) == "wrong-credentials"
    assert first.content == second.content

    def asked(seen: list[str]) -> list[str]:
        return [text for text in seen if "id_number" in text]

    assert asked(unknown) == asked(wrong) != []


async def test_after_five_tries_each_costs_a_proof_of_work(service: Running):
    await released(service)
    for _ in range(5):
        assert slug(await ask(service, "101", "wrong")) == "wrong-credentials"
    refused = await ask(service, "101")
    assert slug(refused) == "too-many-attempts"
    challenge = refused.json()["challenge"]
    assert set(challenge) == {"algorithm", "challenge", "maxnumber", "salt", "signature"}
    paid = solution(challenge)
    assert slug(await ask(service, "102", altcha=paid)) == "too-many-attempts"
    assert (
        slug(await ask(service, "101", altcha=solution(challenge, number=-1)))
        == "too-many-attempts"
    )
    assert slug(await ask(service, "101", altcha="no base64")) == "too-many-attempts"
    assert (await ask(service, "101", altcha=paid)).status_code == 200
    assert slug(await ask(service, "101", altcha=paid)) == "too-many-attempts"
    assert (await ask(service, "102")).status_code == 200


async def test_a_solved_challenge_expires(service: Running):
    await released(service)
    for _ in range(5):
        await ask(service, "101", "wrong")
    paid = solution((await ask(service, "101")).json()["challenge"])
    service.clock.at("14:11")
    assert slug(await ask(service, "101", altcha=paid)) == "too-many-attempts"


async def test_the_right_id_gives_the_tries_back(service: Running):
    await released(service)
    for _ in range(8):
        assert (await ask(service, "101")).status_code == 200


async def test_the_page_works_without_javascript_and_keeps_nothing_in_the_address(service: Running):
    await released(service)
    form = await service.client.get("/result")
    assert 'method="post"' in form.text
    numbers = {"candidate_no": "101", "id_number": IDS["101"].lower()}
    page = await service.client.post("/result", data=numbers)
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    for part in ("已录取", "北原大学", "计算机科学与技术", "第 1 次被查询", "按分数代为确定"):
        assert part in page.text
    assert IDS["101"] not in page.text
    wrong = await service.client.post("/result", data={**numbers, "id_number": "1"})
    assert wrong.status_code == 401
    for _ in range(4):
        await service.client.post("/result", data={**numbers, "id_number": "1"})
    spent = await service.client.post("/result", data=numbers)
    assert spent.status_code == 429
    assert "data-challenge" in spent.text
    assert "proof.js" in spent.text


async def test_the_admitted_leave_the_later_rounds(service: Running):
    await released(service)
    refused = await service.call("101", "PUT", "/choice", json={
        "institution_code": "5037", "majors": ["01"], "accepts_adjustment": True, "version": 1,
    }, headers={"Idempotency-Key": "later"})  # fmt: skip
    assert slug(refused) == "already-admitted"


async def test_a_number_of_small_letters_is_found_as_it_was_imported(service: Running):
    await released(service)
    async with writing(office(service).engine) as connection:
        named = update(schema.candidate).where(schema.candidate.c.candidate_no == "101")
        await connection.execute(named.values(candidate_no="ab101"))
    assert (await ask(service, " ab１01", IDS["101"].lower())).status_code == 200


async def test_a_later_season_without_results_hides_none(service: Running):
    await released(service)
    async with writing(office(service).engine) as connection:
        later = insert(schema.season).values(id=99, code="2026-adult", kind="adult")
        await connection.execute(later)
        (one,) = (
            await connection.execute(
                select(schema.candidate).where(schema.candidate.c.candidate_no == "101")
            )
        ).mappings()
        again = {**one, "id": 9_999, "season_id": 99}
        await connection.execute(insert(schema.candidate).values(again))
    assert len((await ask(service, "101")).json()["items"]) == 1
