"""Published seats left as CSV and XLSX: the rows of the JSON, and no cell that computes."""

from service.result_shapes import UnfilledRow, UnfilledView
from web.sheets import csv_sheet, xlsx_sheet

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

WIDE = {"institution_name": 28, "major_name": 28, "notes": 40}


def unfilled_csv(table: UnfilledView) -> str:
    """One row a major, with the moment of publication in each."""
    rows = ([table["published_at"], *_values(row)] for row in table["items"])
    return csv_sheet(["published_at", *COLUMNS], rows)


def unfilled_xlsx(table: UnfilledView) -> bytes:
    """A workbook of one sheet, under Chinese headings."""
    return xlsx_sheet(
        "缺额",
        f"{table['name']} 缺额　公布时间 {table['published_at']}",
        {heading: WIDE.get(name, 11) for name, heading in COLUMNS.items()},
        map(_values, table["items"]),
    )


def _values(row: UnfilledRow) -> list[str | int]:
    """The row in the order of COLUMNS."""
    values: dict[str, str | int] = {**row}  # type: ignore[dict-item]  # every value is one of the two
    return [values[name] for name in COLUMNS]
