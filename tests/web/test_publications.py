"""Publications by number: listed, immutable, the same on screen, in JSON and in CSV."""

import asyncio
import csv
import hashlib
import io
import re
from typing import Any

import httpx2 as httpx
import pytest

from tests.builders import Running
from tests.web.answers import ROUND_PATH, slug
from web.api.rounds import ladders_as_csv

UNIT = "/rounds/2026-first-1/units/5012/%E7%90%86%E7%A7%91"
PAGE = {"accept": "text/html"}


async def page(service: Running, path: str) -> httpx.Response:
    return await service.client.get(path, headers=PAGE)


async def published(service: Running, number: int) -> None:
    """Return as soon as publication `number` is out."""
    async with asyncio.timeout(20):
        while (  # noqa: ASYNC110 it is another program's state
            await service.client.get(f"{ROUND_PATH}/statistics/{number}")
        ).status_code != 200:
            await asyncio.sleep(0.01)


async def published_twice(service: Running) -> None:
    for n, (number, time) in enumerate((("101", "09:00"), ("102", "10:00")), 1):
        assert (await service.file(number, "5012")).status_code == 200
        service.clock.at(time)
        await published(service, n)


async def test_publications_are_listed_newest_first(service: Running):
    assert (await service.client.get(f"{ROUND_PATH}/statistics/publications")).json() == {
        "items": [],
        "next": None,
    }
    await published_twice(service)
    listed = (await service.client.get(f"{ROUND_PATH}/statistics/publications")).json()
    assert [one["number"] for one in listed["items"]] == [2, 1]
    assert [one["published_at"][11:16] for one in listed["items"]] == ["10:00", "09:00"]
    first = (await service.client.get(f"{ROUND_PATH}/statistics/publications?limit=1")).json()
    rest = (
        await service.client.get(
            f"{ROUND_PATH}/statistics/publications?limit=1&cursor={first['next']}"
        )
    ).json()
    assert [*first["items"], *rest["items"]] == listed["items"]
    assert rest["next"] is None


async def test_a_publication_is_the_bytes_its_checksum_was_taken_of(service: Running):
    await published_twice(service)
    listed = (await service.client.get(f"{ROUND_PATH}/statistics/publications")).json()["items"]
    for one in listed:
        answer = await service.client.get(f"{ROUND_PATH}/statistics/{one['number']}")
        assert hashlib.sha256(answer.content).hexdigest() == one["digest"]
        assert answer.headers["etag"] == f'"{one["digest"]}"'
        assert "immutable" in answer.headers["cache-control"]
        again = await service.client.get(
            f"{ROUND_PATH}/statistics/{one['number']}",
            headers={"If-None-Match": answer.headers["etag"]},
        )
        assert (again.status_code, again.content) == (304, b"")
    newest = await service.client.get(f"{ROUND_PATH}/statistics/2")
    assert newest.json() == (await service.client.get(f"{ROUND_PATH}/statistics")).json()


async def test_csv_is_the_twin_of_the_json(service: Running):
    await published_twice(service)
    table = (await service.client.get(f"{ROUND_PATH}/statistics/1")).json()
    answer = await service.client.get(f"{ROUND_PATH}/statistics/1.csv")
    assert answer.headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == len(table["items"])
    for row, item in zip(rows, table["items"], strict=True):
        assert row["institution_code"] == item["institution_code"]
        assert int(row["applicants"]) == item["applicants"]
        assert (int(row["entered"]), int(row["left"])) == (item["entered"], item["left"])


def test_ladders_are_a_row_a_range():
    row: Any = {
        "track": "理科",
        "institution_code": "00",
        "institution_name": "=a",
        "plan_nature": "",
        "ladder_as_of": "then",
    }
    steps = [{"low": 600, "count": 12}, {"low": 0, "count": 30}]
    table: Any = {
        "as_of": "now",
        "seq": 7,
        "items": [row | {"ladder": steps}, row | {"ladder": []}],
    }
    assert ladders_as_csv(table).splitlines() == [
        "as_of,seq,track,institution_code,institution_name,plan_nature,ladder_as_of,low,count",
        "now,7,理科,00,'=a,,then,600,12",
        "now,7,理科,00,'=a,,then,0,30",
    ]


@pytest.mark.parametrize(
    "path", ["/statistics/1", "/statistics/1.csv", "/statistics/1/ladders.csv"]
)
async def test_what_is_not_published_is_not_found(service: Running, path: str):
    answer = await service.client.get(ROUND_PATH + path)
    assert (answer.status_code, slug(answer)) == (404, "not-published")
    assert "cache-control" not in answer.headers or "no-store" in answer.headers["cache-control"]


async def test_the_page_lists_number_time_seq_and_checksum(service: Running):
    assert "还没有公布过统计" in (await page(service, "/rounds/2026-first-1/publications")).text
    await published_twice(service)
    listed = (await service.client.get(f"{ROUND_PATH}/statistics/publications")).json()["items"]
    shown = (await page(service, "/rounds/2026-first-1/publications")).text
    for one in listed:
        assert all(str(one[name]) in shown for name in ("number", "seq", "digest"))
    assert "10:00:00" in shown


async def test_a_unit_page_shows_the_last_publication_and_nothing_newer(service: Running):
    before = (await page(service, UNIT)).text
    assert "还没有公布过统计" in before
    assert "分数分布" not in before
    await published_twice(service)
    assert (await service.file("103", "5012")).status_code == 200
    shown = (await page(service, UNIT)).text
    figures = re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", shown)
    assert ("已报（人）", "2") in figures
    assert ("改报到这里", "1") in figures
    assert "已报不足 10 人" in shown


async def test_an_unknown_unit_has_no_page(service: Running):
    for path in (UNIT.replace("5012", "9999"), UNIT + "?plan_nature=x"):
        answer = await page(service, path)
        assert answer.status_code == 422
        assert "分数分布" not in answer.text
