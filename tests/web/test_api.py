"""Every call of the HTTP interface, as its users meet it. CONTRACT.md 3."""

import csv
import io
import re
from pathlib import Path

import pytest

from tests.builders import CANDIDATES, ROUND, Clock, Running, load, served, sqlite_url
from tests.web.answers import ROUND_PATH, bearer, slug


async def test_sign_in_answers_a_token_once(service: Running):
    answer = await service.client.post(
        "/api/v1/sessions", json={"candidate_no": "101", "password": "code-101"}
    )
    assert answer.status_code == 201
    assert set(answer.json()) == {"token", "expires_at", "must_change_password"}
    assert answer.json()["must_change_password"] is False


@pytest.mark.parametrize(("number", "password"), [("101", "wrong"), ("999", "code-999")])
async def test_a_wrong_password_and_an_unknown_number_are_told_the_same(
    service: Running, number: str, password: str
):
    answer = await service.client.post(
        "/api/v1/sessions", json={"candidate_no": number, "password": password}
    )
    assert answer.status_code == 401
    assert slug(answer) == "wrong-credentials"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/me"),
        ("PUT", "/api/v1/password"),
        ("DELETE", "/api/v1/sessions"),
        *((method, f"{ROUND_PATH}/choice") for method in ("GET", "PUT", "DELETE")),
        ("GET", f"{ROUND_PATH}/choice/history"),
        ("GET", f"{ROUND_PATH}/standing"),
        ("GET", f"{ROUND_PATH}/what-if?institution_code=5012"),
    ],
)
@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer forged"}])
async def test_what_is_ones_own_needs_a_sign_in(
    service: Running, method: str, path: str, header: dict[str, str]
):
    body = {"json": {"old": "code-101", "new": "long enough"}} if method == "PUT" else {}
    answer = await service.client.request(method, path, headers=header, **body)  # type: ignore[arg-type]
    assert answer.status_code == 401
    assert slug(answer) == "not-signed-in"
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_before_the_first_change_of_the_password_nothing_else_works(tmp_path: Path):
    url, clock = sqlite_url(tmp_path), Clock()
    await load(url, clock, must_change_password=True)
    async with served(url, clock) as service:
        for method, path in [("GET", "/standing"), ("GET", "/choice"), ("DELETE", "/choice")]:
            answer = await service.call("101", method, path)
            assert answer.status_code == 403
            assert slug(answer) == "must-change-password"
        headers, other = await bearer(service, "101"), service.tokens.pop("101")
        assert slug(await service.client.get("/api/v1/me", headers=headers)) == (
            "must-change-password"
        )
        answer = await service.client.put(
            "/api/v1/password",
            headers=await bearer(service, "101"),
            json={"old": "code-101", "new": "a new password"},
        )
        assert answer.status_code == 200
        assert set(answer.json()) == {"token", "expires_at", "must_change_password"}
        for ended in (other, service.tokens["101"]):
            gone = await service.client.get(
                "/api/v1/me", headers={"Authorization": f"Bearer {ended}"}
            )
            assert slug(gone) == "not-signed-in"
        service.tokens["101"] = answer.json()["token"]
        assert (await service.call("101", "GET", "/standing")).status_code == 200


async def test_a_weak_or_unchanged_password_is_refused(service: Running):
    headers = await bearer(service, "101")
    for new in ("short", "code-101"):
        answer = await service.client.put(
            "/api/v1/password", headers=headers, json={"old": "code-101", "new": new}
        )
        assert slug(answer) == "weak-password"
    answer = await service.client.put(
        "/api/v1/password", headers=headers, json={"old": "wrong", "new": "long enough"}
    )
    assert slug(answer) == "wrong-credentials"


async def test_signing_out_ends_this_session_also_before_the_password_is_changed(tmp_path: Path):
    url, clock = sqlite_url(tmp_path), Clock()
    await load(url, clock, must_change_password=True)
    async with served(url, clock) as service:
        headers = await bearer(service, "101")
        assert (await service.client.delete("/api/v1/sessions", headers=headers)).status_code == 204
        assert slug(await service.client.get("/api/v1/me", headers=headers)) == "not-signed-in"


async def test_a_session_ends_at_its_time(service: Running):
    headers = await bearer(service, "101")
    service.clock.at("20:30")
    assert slug(await service.client.get("/api/v1/me", headers=headers)) == "not-signed-in"


async def test_problems_speak_chinese_unless_english_is_preferred(service: Running):
    async def detail(language: str | None) -> str:
        headers = {} if language is None else {"Accept-Language": language}
        answer = await service.client.get("/api/v1/me", headers=headers)
        return str(answer.json()["detail"])

    assert await detail(None) == "请先登录。"
    for chinese in ("zh-CN", "zh-CN,zh;q=0.9,en;q=0.8", "fr", "en;q=0.2, zh;q=0.9", "*", "en;q=0"):
        assert await detail(chinese) == "请先登录。", chinese
    for english in ("en", "en-US,en;q=0.9,zh;q=0.5", "EN-gb", "zh;q=0.3,en", "fr, en;q=0.5"):
        assert await detail(english) == "Please sign in.", english


async def test_me_tells_scores_and_rounds_with_the_own_closing_time(service: Running):
    me = (await service.client.get("/api/v1/me", headers=await bearer(service, "103"))).json()
    assert (me["candidate_no"], me["track"]) == ("103", "理科")
    assert (me["exam_score"], me["bonus"], me["filing_score"]) == (605, 10, 615)
    (own,) = me["rounds"]
    assert own["code"] == ROUND
    assert own["closes_at"] == "2026-08-01T11:00:00.000+08:00"
    assert own["gates"]["create_lock"] == "2026-08-01T10:30:00.000+08:00"


async def test_rounds_and_units_are_public(service: Running):
    rounds = (await service.client.get("/api/v1/rounds")).json()
    (one,) = rounds["items"]
    assert rounds["next"] is None
    assert {"code", "name", "season", "batch", "state", "schedule"} <= set(one)
    assert (one["code"], one["season"], one["state"]) == (ROUND, "2026-general", "open")
    unit = (await service.client.get(f"{ROUND_PATH}/units/00/理科")).json()
    assert (unit["institution_code"], unit["plan"]) == ("00", 1)
    assert unit["majors"][0]["code"] == "A1"
    special = await service.client.get(
        f"{ROUND_PATH}/units/E87/理科", params={"plan_nature": "国家专项"}
    )
    assert special.json()["plan"] == 1
    assert slug(await service.client.get(f"{ROUND_PATH}/units/nope/理科")) == "unknown-unit"
    for path in ("/units", "/units/5012/理科", "/statistics", "/statistics.csv"):
        assert slug(await service.client.get(f"/api/v1/rounds/nope{path}")) == "not-found"


async def test_units_are_found_by_code_name_and_track(service: Running):
    async def found(**query: str) -> list[str]:
        answer = await service.client.get(f"{ROUND_PATH}/units", params=query)
        return [unit["institution_code"] for unit in answer.json()["items"]]

    assert await found(q="e8") == ["E87", "E87"]
    assert await found(q="北原") == ["5012", "5012"]
    assert await found(q="汉语言", track="文科") == ["5012"]
    assert await found(track="文科") == ["5012"]
    assert await found(q="nothing") == []


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
async def test_a_cursor_walks_everything_once(service: Running, limit: int):
    seen, cursor = [], None
    while True:
        query = {"limit": limit} | ({} if cursor is None else {"cursor": cursor})
        page = (await service.client.get(f"{ROUND_PATH}/units", params=query)).json()
        assert set(page) == {"items", "next"}
        assert len(page["items"]) <= limit
        seen += [(u["institution_code"], u["track"], u["plan_nature"]) for u in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert len(seen) == len(set(seen)) == 6
    assert seen == sorted(seen)


@pytest.mark.parametrize("query", ["limit=201", "limit=0", "limit=x", "cursor=-1", "cursor=x"])
@pytest.mark.parametrize("path", ["/api/v1/rounds", f"{ROUND_PATH}/units"])
async def test_a_limit_over_200_and_a_forged_cursor_are_refused(
    service: Running, path: str, query: str
):
    answer = await service.client.get(f"{path}?{query}")
    assert answer.status_code == 422
    assert slug(answer) == "invalid-request"


async def test_statistics_are_published_at_the_schedules_instant_and_not_before(tmp_path: Path):
    url, clock = sqlite_url(tmp_path), Clock()
    await load(url, clock)
    clock.at("08:59:59.999")
    async with served(url, clock) as service:
        await service.file("101", "5012")
        for path in ("/statistics", "/statistics.csv"):
            answer = await service.client.get(ROUND_PATH + path)
            assert answer.status_code == 404
            assert slug(answer) == "not-published"
    clock.at("09:00")
    async with served(url, clock) as service:
        table = (await service.client.get(f"{ROUND_PATH}/statistics")).json()
        assert (table["number"], table["next_at"]) == (1, "2026-08-01T10:00:00.000+08:00")
        row = next(r for r in table["items"] if r["institution_code"] == "5012")
        assert (row["applicants"], row["missing"]) == (1, 2)
        answer = await service.client.get(f"{ROUND_PATH}/statistics.csv")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        for told, row in zip(rows, table["items"], strict=True):
            assert told.pop("as_of") == table["as_of"]
            assert told.pop("seq") == str(table["seq"])
            assert told == {name: "" if row[name] is None else str(row[name]) for name in told}
        await service.file("102", "5012")
        again = (await service.client.get(f"{ROUND_PATH}/statistics")).json()
        assert again == table


async def test_a_published_table_tells_of_every_major_in_its_own_csv_and_on_the_plans_page(
    tmp_path: Path,
):
    url, clock = sqlite_url(tmp_path), Clock()
    await load(url, clock)
    async with served(url, clock) as service:
        await service.file("101", "5012")
        page = (await service.client.get(f"/plans/5012?round={ROUND}")).text
        assert "预计录取最低分" not in page
    clock.at("09:00")
    async with served(url, clock) as service:
        table = (await service.client.get(f"{ROUND_PATH}/statistics")).json()
        answer = await service.client.get(f"{ROUND_PATH}/statistics/majors.csv")
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        majors = [(unit, major) for unit in table["items"] for major in unit["majors"]]
        for told, (unit, major) in zip(rows, majors, strict=True):
            assert (told["as_of"], told["track"]) == (table["as_of"], unit["track"])
            for name, value in major.items():
                assert told[f"major_{name}"] == ("" if value is None else str(value))
        page = (await service.client.get(f"/plans/5012?round={ROUND}")).text
        assert re.findall(r'data-label="预计录取最低分">([^<]+)<', page) == ["—", "620", "—"]


async def test_another_sites_page_changes_nothing_with_the_cookie(service: Running):
    await service.file("101", "5012")
    cookie = f"mingci_session={service.tokens['101']}"
    url = f"{ROUND_PATH}/choice"
    for foreign in (
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.test", "Authorization": "Basic eDp5"},
    ):
        answer = await service.client.delete(url, headers={"Cookie": cookie, **foreign})
        assert answer.status_code == 401, foreign
        assert slug(answer) == "not-signed-in"
    assert (await service.call("101", "GET", "/choice")).json()["version"] == 1
    own = {"Cookie": cookie, "Origin": "http://mingci.test"}
    assert (await service.client.delete(url, headers=own)).status_code == 200


async def test_health_pages_answer_machines_without_naming_anybody(service: Running):
    await service.file("101", "5012")
    assert (await service.client.get("/healthz")).status_code == 200
    ready = await service.client.get("/readyz")
    assert ready.status_code == 200
    assert {"database", "migrations", "book", "feed"} <= set(ready.json())
    answer = await service.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'route="/api/v1/rounds/{round_code}/choice"' in answer.text
    names = [line.split(",")[1] for line in CANDIDATES.splitlines()[1:]]
    for private in (*names, service.tokens["101"], '"101"', '"5012"', ROUND):
        assert private not in answer.text


async def test_an_unknown_address_and_a_wrong_method_are_problems(service: Running):
    assert slug(await service.client.get("/api/v1/nothing")) == "not-found"
    answer = await service.client.post("/api/v1/rounds")
    assert answer.status_code == 405
    assert slug(answer) == "method-not-allowed"
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize("path", ["/healthz", "/", "/api/v1/rounds", "/api/v1/nothing"])
async def test_head_answers_as_get_does_without_the_body(service: Running, path: str):
    asked, whole = await service.client.head(path), await service.client.get(path)
    assert asked.status_code == whole.status_code
    assert asked.content == b""
    assert asked.headers.items() == whole.headers.items()


async def test_the_seed_of_the_draw_is_public(service: Running):
    (shown,) = (await service.client.get("/api/v1/rounds")).json()["items"]
    assert shown["draw_seed"] == ROUND
    assert f"抽签种子为“{ROUND}”" in (await service.client.get("/stats")).text
