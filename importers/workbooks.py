"""XLSX: is it safe to open, and the text of its first sheet's cells.

A workbook is judged by its zip directory before anything is unpacked, then unpacked once in small
pieces to see that the directory did not lie, and only then handed to the reader.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import TypeAlias

import python_calamine

from importers.report import Report
from importers.zero_formats import shown_widths

Cell: TypeAlias = int | float | str | bool | time | date | datetime | timedelta
Sheet: TypeAlias = list[tuple[int, list[str]]]

OLE = b"\xd0\xcf\x11\xe0"
MAX_MEMBERS = 1_000
MAX_UNPACKED = 256 << 20
MAX_RATIO = 200
SMALL = 4 << 20
"""A member below this size may be packed as tightly as it likes."""

PIECE = 1 << 20
MAX_COLUMNS = 64
MAX_ROWS = 499_999
SAFE_DIGITS = 15
"""A spreadsheet keeps no more digits of a number than these."""

_FAR_CELL = re.compile(
    rb"""\sr\s*=\s*["'](?:
        (?:B[M-Z]|[C-Z][A-Z]|[A-Z]{3,})\d+   # right of column BL, the 64th
        | [A-Z]*(?:[5-9]\d{5}|\d{7,})        # below row 499,999
    )["']""",
    re.VERBOSE | re.IGNORECASE,
)
_OVERLAP = 64


class _Refused(Exception):
    """Why a workbook is not opened, as the predicate of a sentence."""


def read_workbook(content: bytes, report: Report) -> Sheet | None:
    """The first sheet's rows with their numbers; None, with a fault, when it is not opened."""
    try:
        inspect(content)
        return _first_sheet(content, report)
    except _Refused as refusal:
        report.reject(0, "", "", str(refusal))
    except python_calamine.CalamineError as error:
        report.reject(0, "", "", f"is not a readable XLSX workbook ({error})")
    return None


def inspect(content: bytes) -> None:
    """Judge a workbook by its zip directory, then unpack it in pieces without keeping any.

    Raises:
        _Refused: when it should not be opened.
    """
    if content.startswith(OLE):
        raise _Refused("is an old or password-protected workbook: save it as plain .xlsx")
    try:
        members = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise _Refused("is truncated or not an XLSX workbook") from error
    names = {member.filename for member in members}
    if "xl/workbook.xml" not in names:
        raise _Refused("is a zip file but not an XLSX workbook")
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise _Refused("contains macros")
    _judge_sizes(members)
    for member in members:
        _unpack(content, member)


def _judge_sizes(members: list[zipfile.ZipInfo]) -> None:
    total = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS or total > MAX_UNPACKED:
        raise _Refused(f"would unpack to {total:,} bytes in {len(members)} parts: refused unopened")
    for member in members:
        if member.file_size > max(SMALL, MAX_RATIO * member.compress_size):
            raise _Refused(
                f"is packed {member.file_size // max(member.compress_size, 1)} to 1, "
                "which no honest workbook is: refused unopened"
            )
        if member.flag_bits & 1:
            raise _Refused("is encrypted")


def _unpack(content: bytes, member: zipfile.ZipInfo) -> None:
    """See that a member is as large as announced and has no cell absurdly far out."""
    size, tail = 0, b""
    is_sheet = member.filename.startswith("xl/worksheets/")
    try:
        for piece in _pieces(content, member):
            size += len(piece)
            if size > member.file_size:
                raise _Refused("is larger than its directory says: refused")
            if is_sheet and _FAR_CELL.search(tail + piece):
                raise _Refused(
                    f"has a cell beyond {MAX_COLUMNS} columns or {MAX_ROWS:,} rows: remove it"
                )
            tail = piece[-_OVERLAP:]
    except (zlib.error, struct.error) as error:
        raise _Refused("is truncated or damaged") from error
    if size != member.file_size:
        raise _Refused("is truncated or damaged")


def _pieces(content: bytes, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """A member's bytes, unpacked a piece at a time."""
    name_length, extra_length = struct.unpack_from("<HH", content, member.header_offset + 26)
    start = member.header_offset + 30 + name_length + extra_length
    packed = content[start : start + member.compress_size]
    if member.compress_type == zipfile.ZIP_STORED:
        yield packed
        return
    if member.compress_type != zipfile.ZIP_DEFLATED:
        raise _Refused("is packed by a method that XLSX does not use")
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    piece = stream.decompress(packed, PIECE)
    while piece:
        yield piece
        piece = stream.decompress(stream.unconsumed_tail, PIECE)


def _first_sheet(content: bytes, report: Report) -> Sheet:
    workbook = python_calamine.load_workbook(io.BytesIO(content))
    sheets = workbook.sheets_metadata
    names = [s.name for s in sheets if s.typ == python_calamine.SheetTypeEnum.WorkSheet]
    if not names:
        raise _Refused("has no worksheet")
    if len(names) > 1:
        report.notices.append(
            f"only the first sheet, {names[0]}, is read; ignored: {', '.join(names[1:])}"
        )
    sheet = workbook.get_sheet_by_name(names[0])
    first = (sheet.start or (0, 0))[0] + 1
    rows = sheet.to_python()
    heading = [_text(cell) for cell in rows[0]] if rows else []
    _refuse_lost_digits(rows, first, heading, report)
    texts = [[_text(cell) for cell in row] for row in rows]
    left = (sheet.start or (0, 0))[1]
    for (row, column), width in shown_widths(content).items():
        _show_zeros(texts, row - first + 1, column - left, width)
    return list(enumerate(texts, first))


def _show_zeros(texts: list[list[str]], row: int, column: int, width: int) -> None:
    """Write a whole number as wide as its format shows it."""
    if 0 <= row < len(texts) and 0 <= column < len(texts[row]) and texts[row][column].isdigit():
        texts[row][column] = texts[row][column].zfill(width)


def _refuse_lost_digits(
    rows: list[list[Cell]], first: int, heading: list[str], report: Report
) -> None:
    """A long number kept as a number has lost its last digits already; only text keeps them."""
    limit = 10**SAFE_DIGITS
    for number, row in enumerate(rows, first):
        for place, cell in enumerate(row):
            if isinstance(cell, int | float) and abs(cell) >= limit:
                report.reject(
                    number,
                    heading[place] or f"column {place + 1}",
                    f"{cell:.0f}",
                    f"is a number of more than {SAFE_DIGITS} digits, of which a spreadsheet loses "
                    "the last: format the column as text",
                )


def _text(cell: Cell) -> str:
    """A cell as the text a person sees: 101.0 is "101", a date is ISO 8601."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)
