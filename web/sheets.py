"""Tables for spreadsheets, CSV and XLSX, in which no text from outside becomes a formula."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from xlsxwriter import Workbook

from importers.formulas import guarded

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MADE = datetime(2000, 1, 1, tzinfo=UTC)
"""A workbook names the day it was made; always the same, so that the same table is the same bytes."""


def csv_sheet(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as CSV; a text that begins like a formula gets an apostrophe in front."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def xlsx_sheet(
    name: str, title: str, columns: Mapping[str, int], rows: Iterable[Sequence[str | int]]
) -> bytes:
    """A workbook of one sheet: a title, the headings with their widths, then the rows.

    Texts are written as texts, which no program computes, so they stay as they are.
    """
    out = io.BytesIO()
    with Workbook(out, {"in_memory": True}) as book:
        book.set_properties({"created": MADE})
        sheet = book.add_worksheet(name)
        bold = book.add_format({"bold": True})
        sheet.write_string(0, 0, title, bold)
        for column, (heading, width) in enumerate(columns.items()):
            sheet.write_string(1, column, heading, bold)
            sheet.set_column(column, column, width)
        for line, row in enumerate(rows, 2):
            for column, value in enumerate(row):
                if isinstance(value, int):
                    sheet.write_number(line, column, value)
                else:
                    sheet.write_string(line, column, value)
        sheet.freeze_panes(2, 0)
    return out.getvalue()


def _cell(value: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    return guarded(value) if isinstance(value, str) else value
