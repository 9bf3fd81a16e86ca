"""The plan book's table to take away: the rows of the page as CSV and XLSX, with the office's headings.

Both read back as a plan: the headings are those the importer knows.
"""

from service.shapes import PlanBook
from web.sheets import csv_sheet, xlsx_sheet

COLUMNS = {
    "科类": 12,
    "院校代号": 11,
    "院校名称": 28,
    "计划性质": 11,
    "专业代号": 11,
    "专业名称": 32,
    "计划数": 9,
    "学费": 11,
    "学制": 9,
    "备注": 40,
}
"""Headings, each with the width of its column in a workbook."""

BYTE_ORDER_MARK = "\ufeff"
"""Without it a spreadsheet takes Chinese CSV for another encoding."""


def plan_book_csv(book: PlanBook) -> str:
    """One row a major."""
    return BYTE_ORDER_MARK + csv_sheet(list(COLUMNS), _rows(book))


def plan_book_xlsx(book: PlanBook) -> bytes:
    """A workbook whose first line says which edition it is."""
    title = (
        f"{book['round']} {book['track']} 招生计划 第 {book['edition']} 版 {book['imported_at']}"
    )
    return xlsx_sheet("招生计划", title, COLUMNS, _rows(book))


def _rows(book: PlanBook) -> list[list[str | int]]:
    return [
        [
            unit["track"],
            unit["institution_code"],
            unit["institution_name"],
            unit["plan_nature"],
            major["code"],
            major["name"],
            major["quota"],
            major["tuition"],
            major["duration"],
            major["notes"],
        ]
        for unit in book["units"]
        for major in unit["majors"]
    ]
