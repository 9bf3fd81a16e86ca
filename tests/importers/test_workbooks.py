import io
import struct

import openpyxl

from importers.report import Report
from importers.tables import Source, read_table
from importers.workbooks import MAX_UNPACKED, read_workbook
from tests.importers.files import said, xlsx, zipped

EMPTY_BOOK = {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"}


def faults_of(source: Source) -> list[str]:
    report = Report(source.name)
    assert read_table(source, report) is None
    return said(report)


def test_a_truncated_workbook_is_refused() -> None:
    whole = xlsx([["a", "b"], [1, 2]]).content
    for end in (len(whole) // 2, len(whole) - 10, 4):
        assert faults_of(Source("t.xlsx", whole[:end])) == [
            "t.xlsx: is truncated or not an XLSX workbook"
        ]


def test_text_called_xlsx_is_refused() -> None:
    assert faults_of(Source("t.xlsx", b"a,b\n1,2\n")) == [
        "t.xlsx: is truncated or not an XLSX workbook"
    ]


def test_a_zip_bomb_is_refused_by_its_directory() -> None:
    bomb = zipped(EMPTY_BOOK | {"xl/worksheets/sheet1.xml": bytes(32 << 20)})
    [fault] = faults_of(bomb)
    assert "to 1, which no honest workbook is: refused unopened" in fault


def test_a_workbook_too_large_in_all_is_refused_by_its_directory() -> None:
    whole = bytearray(zipped(EMPTY_BOOK).content)
    directory = whole.find(b"PK\x01\x02")
    struct.pack_into("<L", whole, directory + 24, MAX_UNPACKED + 1)
    [fault] = faults_of(Source("t.xlsx", bytes(whole)))
    assert "refused unopened" in fault


def test_a_directory_that_lies_about_a_size_is_found_out() -> None:
    whole = bytearray(zipped(EMPTY_BOOK | {"xl/worksheets/sheet1.xml": bytes(3 << 20)}).content)
    directory = whole.rfind(b"PK\x01\x02")
    struct.pack_into("<L", whole, directory + 24, 100)
    assert faults_of(Source("t.xlsx", bytes(whole))) == [
        "t.xlsx: is larger than its directory says: refused"
    ]


def test_a_cell_absurdly_far_out_is_refused() -> None:
    for far in (b"XFD1", b"A1048576", b"CC9"):
        sheet = b'<worksheet><sheetData><row><c r="' + far + b'"/></row></sheetData></worksheet>'
        [fault] = faults_of(zipped(EMPTY_BOOK | {"xl/worksheets/sheet1.xml": sheet}))
        assert "has a cell beyond" in fault


def test_macros_are_refused() -> None:
    assert faults_of(zipped(EMPTY_BOOK | {"xl/vbaProject.bin": b"x"})) == [
        "file.xlsx: contains macros"
    ]


def test_another_kind_of_zip_is_refused_even_as_csv() -> None:
    assert faults_of(zipped({"a.txt": b"x"}, "t.csv")) == [
        "t.csv: is a zip file but not an XLSX workbook"
    ]


def test_an_old_or_encrypted_workbook_is_refused() -> None:
    [fault] = faults_of(Source("t.xls", b"\xd0\xcf\x11\xe0" + bytes(600)))
    assert "save it as plain .xlsx" in fault


def test_a_workbook_without_proper_content_is_refused() -> None:
    [fault] = faults_of(zipped(EMPTY_BOOK))
    assert fault.startswith("file.xlsx: ")


def test_a_number_whose_digits_are_lost_is_refused() -> None:
    [fault] = faults_of(xlsx([["考生号", "b"], ["150102200801010012", 1], [150102200801010012, 1]]))
    assert fault.startswith('file.xlsx:3: 考生号 "15010220080100')
    assert "format the column as text" in fault


def test_an_empty_first_sheet_is_refused() -> None:
    assert faults_of(xlsx([])) == ["file.xlsx: has an empty first sheet"]


def test_further_sheets_are_a_notice() -> None:
    report = Report("t.xlsx")
    table = read_table(xlsx([["a", "b"], [1, 2]], [["c"]]), report)
    assert table is not None
    assert report.notices == ["only the first sheet, Sheet, is read; ignored: Sheet1"]


def test_a_number_shown_with_leading_zeros_keeps_them() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append([])
    sheet.append(["", "院校代号", "专业代号", "计划数"])
    sheet.append(["", 7, 101, 12])
    sheet.append(["", "0007", 2, 3])
    for row in (3, 4):
        sheet.cell(row, 2).number_format = "0000"
        sheet.cell(row, 3).number_format = "00"
    buffer = io.BytesIO()
    book.save(buffer)
    report = Report("t.xlsx")
    rows = read_workbook(buffer.getvalue(), report)
    assert rows is not None
    assert [cells[-3:] for _, cells in rows[-2:]] == [["0007", "101", "12"], ["0007", "02", "3"]]
