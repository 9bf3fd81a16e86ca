"""The plan book on screen and to take away; what a spreadsheet opens is never a formula."""

import io
import sys
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from importers.plans import read_plan
from importers.tables import Source
from tests.builders import PLAN, ROUND, Clock, Running, load, served, sqlite_url
from tests.web.answers import ROUND_PATH, slug
from web import plan_pdf
from web.sheets import XLSX, csv_sheet, xlsx_sheet

BOOK = f"{ROUND_PATH}/plan-book"
PAGE = f"/rounds/{ROUND}/plan-book"


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
async def test_a_download_reads_back_as_the_plan(service: Running, suffix: str):
    answer = await service.client.get(f"{BOOK}.{suffix}?track=理科")
    assert "attachment" in answer.headers["content-disposition"]
    content = answer.content
    if suffix == "xlsx":
        assert answer.headers["content-type"] == XLSX
        sheet = load_workbook(io.BytesIO(content)).active
        assert sheet is not None
        lines = [["" if v is None else str(v) for v in row] for row in sheet.values][1:]
        content = csv_sheet(lines[0], lines[1:]).encode()
    rows, report = read_plan(Source("plan.csv", content))
    assert report.accepted, report.faults
    wanted, _ = read_plan(Source("plan.csv", PLAN.encode()))
    assert {row._replace(line=0) for row in rows} == {
        row._replace(line=0) for row in wanted if row.track == "理科"
    }


async def test_a_download_is_known_by_its_digest(service: Running):
    for suffix in ("csv", "xlsx"):
        path = f"{BOOK}.{suffix}?track=理科"
        tag = (await service.client.get(path)).headers["etag"]
        again = await service.client.get(path, headers={"If-None-Match": tag})
        assert again.status_code == 304


async def test_an_unknown_track_or_edition_is_not_found(service: Running):
    for query in ("?track=火星类", "?track=理科&edition=2"):
        for suffix in ("", ".csv", ".xlsx"):
            answer = await service.client.get(f"{BOOK}{suffix}{query}")
            assert (answer.status_code, slug(answer)) == (404, "not-found")


async def test_the_page_shows_the_edition_and_its_errata(tmp_path: Path):
    url, clock = sqlite_url(tmp_path), Clock()
    await load(url, clock)
    await load(url, clock, PLAN.replace("软件工程,2,6000", "<b>软件</b>工程,3,6000"))
    async with served(url, clock) as service:
        text = (await service.client.get(f"{PAGE}?track=理科")).text
        assert "第 <b>2</b> 版" in text
        assert "计划数 2 → <b>3</b>" in text
        assert "&lt;b&gt;软件&lt;/b&gt;工程" in text
        first = (await service.client.get(f"{PAGE}?track=理科&edition=1")).text
        assert "这是第一版，没有勘误。" in first
        assert "&lt;b&gt;" not in first
        other = (await service.client.get(f"{PAGE}?track=文科")).text
        assert "没有变化" in other
        assert "云川理工大学" not in other


async def test_the_book_as_pdf(service: Running):
    answer = await service.client.get(f"{PAGE}.pdf?track=理科")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert f"{PAGE}.pdf" in (await service.client.get(f"{PAGE}?track=理科")).text


async def test_without_the_pdf_extra_the_page_offers_none_and_the_address_says_why(
    service: Running, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "typst", None)
    monkeypatch.setattr("web.plan_pdf.find_spec", lambda _name: None)
    plan_pdf._set.cache_clear()
    answer = await service.client.get(f"{PAGE}.pdf?track=理科", headers={"accept": "text/html"})
    assert answer.status_code == 501
    assert "用浏览器打印成 PDF" in answer.text
    assert f"{PAGE}.pdf" not in (await service.client.get(f"{PAGE}?track=理科")).text


async def test_no_text_of_a_plan_is_markup_in_the_pdf():
    unit: Any = {"institution_code": "#", "institution_name": "*[", "plan_nature": "$x", "plan": 1}
    major = {
        "code": "_",
        "name": "#panic()",
        "quota": 1,
        "tuition": "`",
        "duration": "]",
        "notes": "=a",
    }
    book: Any = {
        "edition": 1, "previous": None, "imported_at": "2026-07-28T16:00:00.000+08:00", "majors": 1,
        "seats": 1, "digest": "#", "errata": [], "units": [unit | {"majors": [major]}],
    }  # fmt: skip
    assert (await plan_pdf.plan_book_pdf(book, "#panic()", {})).startswith(b"%PDF-")


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "\u3000=1",
        "＝1",
        "＋1",
        "－1",
        "＠A",
    ],
)
def test_no_text_becomes_a_formula(text: str):
    cell = csv_sheet(["a"], [[text]]).partition("\n")[2].strip('"\n')
    assert cell.startswith("'")
    sheet = load_workbook(io.BytesIO(xlsx_sheet("表", "题", {"a": 9}, [[text, 7]]))).active
    assert sheet is not None
    assert (sheet["A3"].data_type, sheet["B3"].value) == ("s", 7)


def test_the_same_table_is_the_same_workbook():
    assert xlsx_sheet("表", "题", {"a": 9}, [["b"]]) == xlsx_sheet("表", "题", {"a": 9}, [["b"]])
