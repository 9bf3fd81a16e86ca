"""Published seats left as CSV and XLSX: the rows of the JSON, and no cell that computes."""

import csv
import io

from xlsxwriter import Workbook

from service.shapes import UnfilledRow, UnfilledView

COLUMNS = {
    "track": "科类",
    "institution_code": "院校代号",
    "institution_name": "院校名称",
    "plan_nature": "计划性质",
    "major_code": "专业代号",
    "major_name": "专业名称",
    "quota": "计划数",
    "admitted": "录取数",
    "unfilled": "缺额",
    "tuition": "学费",
    "duration": "学制",
    "notes": "备注",
}
"""By the name in JSON and CSV, the heading in a workbook."""

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
WIDE = {"institution_name": 28, "major_name": 28, "notes": 40}


def unfilled_csv(table: UnfilledView) -> str:
    """One row a major, with the moment of publication in each."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["published_at", *COLUMNS])
    for row in table["items"]:
        writer.writerow([table["published_at"], *map(_cell, _values(row))])
    return out.getvalue()


def unfilled_xlsx(table: UnfilledView) -> bytes:
    """A workbook of one sheet; texts are written as texts, so that none is taken for a formula."""
    out = io.BytesIO()
    with Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("缺额")
        bold = book.add_format({"bold": True})
        sheet.write_string(0, 0, f"{table['name']} 缺额　公布时间 {table['published_at']}", bold)
        for column, (name, heading) in enumerate(COLUMNS.items()):
            sheet.write_string(1, column, heading, bold)
            sheet.set_column(column, column, WIDE.get(name, 11))
        for line, row in enumerate(table["items"], 2):
            for column, value in enumerate(_values(row)):
                if isinstance(value, int):
                    sheet.write_number(line, column, value)
                else:
                    sheet.write_string(line, column, value)
        sheet.freeze_panes(2, 0)
    return out.getvalue()


def _values(row: UnfilledRow) -> list[str | int]:
    """The row in the order of COLUMNS."""
    values: dict[str, str | int] = {**row}  # type: ignore[dict-item]  # every value is one of the two
    return [values[name] for name in COLUMNS]


def _cell(value: str | int) -> str | int:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + value if isinstance(value, str) and value.startswith(FORMULA_SIGNS) else value
