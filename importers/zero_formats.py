"""XLSX: numbers that a format such as 000 shows with leading zeros, which their value has lost.

A reader of values sees 7 where the sheet shows 007. Codes are text, so what a person sees counts.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from typing import TypeAlias

Place: TypeAlias = tuple[int, int]
"""Row and column of a cell, both from 0."""

_FORMAT = re.compile(rb"<(?:\w+:)?numFmt\b[^>]*>")
_CELL_FORMATS = re.compile(rb"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", re.DOTALL)
_CELL_FORMAT = re.compile(rb"<(?:\w+:)?xf\b[^>]*>")
_SHEET = re.compile(rb"<(?:\w+:)?sheet\b[^>]*>")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>")
_CELL = re.compile(rb"<(?:\w+:)?c\b[^>]*>")
_ATTRIBUTE = re.compile(rb"""([\w:]+)\s*=\s*["']([^"']*)["']""")
_ONLY_ZEROS = re.compile(rb"0{2,64}")
_REFERENCE = re.compile(rb"([A-Z]{1,3})(\d{1,7})")


def shown_widths(content: bytes) -> dict[Place, int]:
    """How many digits the first sheet shows of each cell whose format is nothing but zeros."""
    book = zipfile.ZipFile(io.BytesIO(content))
    names = set(book.namelist())
    if "xl/styles.xml" not in names:
        return {}
    widths = _widths_by_style(book.read("xl/styles.xml"))
    path = _first_sheet_path(book)
    if not widths or path not in names:
        return {}
    return dict(_cells_of(book.read(path), widths))


def _widths_by_style(styles: bytes) -> dict[bytes, int]:
    """The number of zeros of each cell style, by its index as the sheet writes it."""
    zeros = {}
    for tag in _FORMAT.findall(styles):
        said = _attributes(tag)
        code = said.get(b"formatCode", b"")
        if _ONLY_ZEROS.fullmatch(code):
            zeros[said.get(b"numFmtId", b"")] = len(code)
    block = _CELL_FORMATS.search(styles)
    if block is None or not zeros:
        return {}
    ids = [_attributes(tag).get(b"numFmtId", b"") for tag in _CELL_FORMAT.findall(block[0])]
    return {b"%d" % n: zeros[id_] for n, id_ in enumerate(ids) if id_ in zeros}


def _first_sheet_path(book: zipfile.ZipFile) -> str:
    """The zip member of the first worksheet, empty when the workbook does not name it."""
    if "xl/_rels/workbook.xml.rels" not in book.namelist():
        return ""
    targets = {
        said.get(b"Id", b""): said.get(b"Target", b"")
        for said in map(_attributes, _RELATION.findall(book.read("xl/_rels/workbook.xml.rels")))
        if said.get(b"Type", b"").endswith(b"/worksheet")
    }
    for tag in _SHEET.findall(book.read("xl/workbook.xml")):
        relation = next((v for k, v in _attributes(tag).items() if k.endswith(b":id")), b"")
        if relation in targets:
            target = targets[relation].decode()
            return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    return ""


def _cells_of(sheet: bytes, widths: dict[bytes, int]) -> Iterator[tuple[Place, int]]:
    for tag in _CELL.finditer(sheet):
        said = _attributes(tag[0])
        width = widths.get(said.get(b"s", b""))
        reference = _REFERENCE.fullmatch(said.get(b"r", b""))
        if width is not None and reference is not None:
            yield (int(reference[2]) - 1, _column(reference[1])), width


def _column(letters: bytes) -> int:
    """0 for A, 26 for AA."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number - 1


def _attributes(tag: bytes) -> dict[bytes, bytes]:
    return dict(_ATTRIBUTE.findall(tag))
