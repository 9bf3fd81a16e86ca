"""CSV and XLSX files as columns of text with line numbers. CONTRACT 2.

A table is columnar: 200,000 rows are a dozen lists, split in bulk, never 200,000 row objects. What
the cells mean is decided elsewhere; here only that the file is a whole, rectangular table.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from os import PathLike
from pathlib import Path

from importers.columns import Column, TextColumn
from importers.cutting import cut_evenly, is_plain
from importers.quoted import BrokenQuotes, numbered_rows
from importers.report import Report

DELIMITERS = ",;\t"
BOM = b"\xef\xbb\xbf"
WORKBOOK_STARTS = (b"PK", b"\xd0\xcf\x11\xe0")
BLOCK = 20_000
"""Lines split at a time, so that the cells of a column nobody wants do not pile up."""

_SOMETHING = re.compile(rb"\S")

MAX_EVEN = 500 << 20
"""A longer text is not cut by 32-bit places."""

PROOF = 8
"""So many multi-byte characters before the first fault show that a text was meant as UTF-8."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file's name, as faults will show it, and its bytes."""

    name: str
    content: bytes

    @classmethod
    def of(cls, path: str | PathLike[str]) -> "Source":
        """The file at `path`.

        Raises:
            OSError: when it cannot be read.
        """
        return cls(Path(path).name, Path(path).read_bytes())


@dataclass(frozen=True, slots=True)
class Table:
    """A file's cells by heading, and the line each row stands on; line 1 is the first."""

    columns: dict[str, Column]
    lines: Sequence[int]
    heading_line: int = 1

    def __len__(self) -> int:
        """How many rows."""
        return len(self.lines)


def read_table(source: Source, report: Report, *, may_be_empty: bool = False) -> Table | None:
    """The table in a CSV or XLSX file; None, with faults in `report`, when it is not one.

    Cells are without surrounding blanks; rows that are blank all over are left out. A table without
    any row is a fault unless there may be none: nobody need have filed a choice.
    """
    table = _read(source, report)
    if table is not None and not table.lines and not may_be_empty:
        report.reject(0, "", "", "has a heading and no rows")
        return None
    return table


def _read(source: Source, report: Report) -> Table | None:
    content = source.content.removeprefix(BOM)
    if not _SOMETHING.search(content):
        report.reject(0, "", "", "is empty")
        return None
    if looks_like_workbook(source.name, source.content):
        return _read_xlsx(source, report)
    if is_plain(content):
        return _read_lines(content, report)
    text = decode(source, report)
    if text is None:
        return None
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _read_quoted(text, report) if '"' in text else _read_lines(text.encode(), report)


def looks_like_workbook(name: str, content: bytes) -> bool:
    """Whether the file claims to be a workbook, by its name or its first bytes."""
    return name.lower().endswith((".xlsx", ".xlsm", ".xls")) or content.startswith(WORKBOOK_STARTS)


def decode(source: Source, report: Report) -> str | None:
    """The file's text: UTF-8, with or without BOM, or else GB18030, both strictly."""
    content = source.content.removeprefix(BOM)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        meant = content is not source.content or _characters(content[: error.start]) >= PROOF
        line = content.count(b"\n", 0, error.start) + 1
        if meant:
            report.reject(
                line, "", "", f"has a byte that is not UTF-8 (0x{content[error.start]:02x})"
            )
            return None
        return _decode_gb18030(content, report)
    return _without_nul(text, report)


def _decode_gb18030(content: bytes, report: Report) -> str | None:
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        report.reject(line, "", "", "is neither UTF-8 nor GB18030 text")
        return None
    return _without_nul(text, report)


def _characters(content: bytes) -> int:
    """How many characters of more than one byte."""
    return len(content) - len(content.translate(None, bytes(range(0xC2, 0xF5))))


def _without_nul(text: str, report: Report) -> str | None:
    place = text.find("\0")
    if place < 0:
        return text
    report.reject(text.count("\n", 0, place) + 1, "", "", "has a NUL character: not a text file")
    return None


def _read_lines(content: bytes, report: Report) -> Table | None:
    """UTF-8 text without a quote or a carriage return: a row is a line."""
    first, begin, heading = _first_line(content)
    delimiter = _delimiter(heading, first, report)
    if delimiter is None:
        return None
    names = [name.strip() for name in heading.split(delimiter)]
    even = cut_evenly(content[begin:], delimiter, len(names)) if len(content) < MAX_EVEN else None
    if even is None:
        return _read_ragged(content.decode().split("\n"), first, delimiter, report)
    return _checked(names, even, range(first + 2, first + 2 + len(even[0])), first + 1, report)


def _first_line(content: bytes) -> tuple[int, int, str]:
    """The first line that is not blank: its number from 0, where it begins, and the line."""
    begin = 0
    for number in count():
        end = content.find(b"\n", begin)
        line = content[begin : end if end >= 0 else len(content)].decode()
        if line.strip() or end < 0:
            return number, begin, line
        begin = end + 1
    raise AssertionError("a file ends")


def _delimiter(heading: str, first: int, report: Report) -> str | None:
    """The heading's delimiter; None, with a fault, where it has none."""
    delimiter = find_delimiter(heading)
    if delimiter is None:
        message = "has a single column: the delimiter must be a comma, semicolon or tab"
        report.reject(first + 1, "", "", message)
    return delimiter


def find_delimiter(heading: str) -> str | None:
    """The delimiter that stands most often in the heading line, outside quotes."""
    outside = "".join(heading.split('"')[::2])
    best = max(DELIMITERS, key=outside.count)
    return best if best in outside else None


def _read_ragged(lines: list[str], first: int, delimiter: str, report: Report) -> Table | None:
    """Lines that are blank or of unequal length: the first are left out, the second faults."""
    heading = [name.strip() for name in lines[first].split(delimiter)]
    blank = delimiter + " \t"
    numbers: Sequence[int] = range(first + 2, len(lines) + 1)
    rows = lines[first + 1 :]
    kept = [bool(row.strip(blank)) for row in rows]
    if not all(kept):
        numbers = [number for number, keep in zip(numbers, kept, strict=True) if keep]
        rows = [row for row, keep in zip(rows, kept, strict=True) if keep]
    width = len(heading)
    counts = [row.count(delimiter) for row in rows]
    if counts.count(width - 1) != len(counts):
        for number, count in zip(numbers, counts, strict=True):
            if count != width - 1:
                _reject_ragged(report, number, heading, count + 1)
        return None
    columns: list[list[str]] = [[] for _ in heading]
    for start in range(0, len(rows), BLOCK):
        cells = delimiter.join(rows[start : start + BLOCK]).split(delimiter)
        for place, column in enumerate(columns):
            column.extend(cells[place::width])
    return _checked(
        heading, [TextColumn(_stripped(column)) for column in columns], numbers, first + 1, report
    )


def _stripped(column: list[str]) -> list[str]:
    """The cells without surrounding blanks; the same list where there are none."""
    text = "".join(column)
    if text.isascii() and not any(blank in text for blank in " \t\v\f\x1c\x1d\x1e\x1f"):
        return column
    return [cell.strip() for cell in column]


def _read_quoted(text: str, report: Report) -> Table | None:
    """Cells may hold delimiters and line ends: the csv module cuts them."""
    first, _, heading = _first_line(text.encode())
    delimiter = _delimiter(heading, first, report)
    if delimiter is None:
        return None
    rows: list[list[str]] = []
    numbers: list[int] = []
    try:
        for number, row in numbered_rows(text, delimiter):
            cells = [cell.strip() for cell in row]
            if any(cells):
                rows.append(cells)
                numbers.append(number)
    except BrokenQuotes as error:
        report.reject(error.line, "", "", f"has broken quotes ({error})")
        return None
    return rectangular(rows, numbers, report)


def _read_xlsx(source: Source, report: Report) -> Table | None:
    from importers.workbooks import read_workbook  # noqa: PLC0415 - most files are none

    sheet = read_workbook(source.content, report)
    if sheet is None:
        return None
    filled = [(number, row) for number, row in sheet if any(row)]
    if not filled:
        report.reject(0, "", "", "has an empty first sheet")
        return None
    heading = filled[0][1]
    width = max(place for place, name in enumerate(heading, 1) if name)
    rows = [row if any(row[width:]) else row[:width] for _, row in filled]
    return rectangular(rows, [number for number, _ in filled], report)


def rectangular(rows: Sequence[list[str]], numbers: Sequence[int], report: Report) -> Table | None:
    """A table of rows, the first of them the heading, if all are as wide."""
    heading, body = rows[0], rows[1:]
    ragged = False
    for number, row in zip(numbers[1:], body, strict=True):
        if len(row) != len(heading):
            ragged = True
            _reject_ragged(report, number, heading, len(row))
    if ragged:
        return None
    columns = [TextColumn(list(column)) for column in zip(*body, strict=True)] or [
        TextColumn([]) for _ in heading
    ]
    return _checked(heading, columns, numbers[1:], numbers[0], report)


def _reject_ragged(report: Report, line: int, heading: Sequence[str], cells: int) -> None:
    """A row that is too short names the first column it lacks, one too long the last it has."""
    column = heading[min(cells, len(heading) - 1)]
    report.reject(
        line,
        column,
        "",
        f"is where the row goes wrong: {cells} cells under {len(heading)} headings",
    )


def _checked(
    heading: Sequence[str],
    columns: Iterable[Column],
    lines: Sequence[int],
    heading_line: int,
    report: Report,
) -> Table | None:
    """The table, unless it has a heading twice; columns without heading are dropped."""
    table: dict[str, Column] = {}
    for place, (name, column) in enumerate(zip(heading, columns, strict=True), 1):
        if not name:
            if any(column.texts):
                report.notices.append(f"column {place} has no heading and is ignored")
        elif name in table:
            report.reject(heading_line, name, "", "is a heading that stands there twice")
        else:
            table[name] = column
    report.rows = len(lines)
    return Table(table, lines, heading_line) if report.accepted else None
