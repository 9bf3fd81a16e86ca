"""Small files to read, made where a test can see what is in them."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl
import pytest

from importers.report import Report
from importers.tables import Source

DATA = Path(__file__).parents[3] / "shared" / "data"

needs_data = pytest.mark.skipif(not DATA.exists(), reason="the real data is not here")

PLAN = """\
track,institution_code,institution_name,plan_nature,major_code,major_name,quota,tuition
历史类,E87,岚川学院,非定向,00,学前教育,25,11660
物理类,E87,岚川学院,非定向,00,学前教育,10,待定
物理类,E87,岚川学院,定向,E1,护理,0,
"""
CANDIDATES = """\
candidate_no,name,track,exam_score,bonus,语文,数学
0001,王明,历史类,600,10,110,100.5
0002,李华,物理类,612.5,0,,120
"""
CHOICES = """\
candidate_no,institution_code,plan_nature,major_1,major_2,accepts_adjustment
0001,E87,非定向,00,,是
0002,E87,定向,E1,,0
"""


def csv(text: str, name: str = "file.csv", encoding: str = "utf-8") -> Source:
    return Source(name, text.encode(encoding))


def xlsx(rows: Sequence[Sequence[object]], *others: Sequence[Sequence[object]]) -> Source:
    book = openpyxl.Workbook()
    sheets = [book.active, *(book.create_sheet() for _ in others)]
    for sheet, content in zip(sheets, (rows, *others), strict=True):
        assert sheet is not None
        for row in content:
            sheet.append(list(row))
    target = io.BytesIO()
    book.save(target)
    return Source("file.xlsx", target.getvalue())


def zipped(members: Mapping[str, bytes], name: str = "file.xlsx") -> Source:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return Source(name, target.getvalue())


def said(report: Report) -> list[str]:
    return [str(fault) for fault in report.faults]
