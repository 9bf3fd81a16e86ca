from hypothesis import given
from hypothesis import strategies as st

from importers.report import Report
from importers.tables import Source, Table, read_table
from tests.importers.files import csv, said, xlsx

ENCODINGS = ("utf-8", "utf-8-sig", "gb18030")
LINE_ENDS = ("\n", "\r\n", "\r")
DELIMITERS = ",;\t"

cell = st.text(
    st.characters(codec="gb18030", exclude_categories=("C", "Z"), exclude_characters='"'),
    max_size=6,
).map(str.strip)
tables = st.integers(2, 5).flatmap(
    lambda width: st.lists(
        st.lists(cell, min_size=width, max_size=width).filter(any), min_size=1, max_size=6
    )
)


def read(source: Source) -> tuple[Table | None, list[str]]:
    report = Report(source.name)
    table = read_table(source, report)
    assert (table is None) == bool(report.faults)
    return table, said(report)


def texts_of(table: Table) -> dict[str, list[str]]:
    return {name: column.texts for name, column in table.columns.items()}


def written(rows: list[list[str]], delimiter: str, *, quotes: bool) -> list[str]:
    def one(text: str) -> str:
        must = quotes or any(mark in text for mark in DELIMITERS)
        return '"' + text.replace('"', '""') + '"' if must else text

    return [delimiter.join(map(one, row)) for row in rows]


@given(
    tables,
    st.sampled_from(ENCODINGS),
    st.sampled_from(LINE_ENDS),
    st.sampled_from(DELIMITERS),
    st.booleans(),
)
def test_a_table_comes_back_whatever_way_it_was_written(
    rows: list[list[str]],
    encoding: str,
    end: str,
    delimiter: str,
    quotes: bool,  # noqa: FBT001
) -> None:
    heading = [f"列{n}" for n in range(len(rows[0]))]
    lines = written([heading, *rows], delimiter, quotes=quotes)
    table, faults = read(Source("t.csv", end.join([*lines, ""]).encode(encoding)))
    assert faults == []
    assert table is not None
    assert list(table.columns) == heading
    assert [list(row) for row in zip(*texts_of(table).values(), strict=True)] == rows
    assert list(table.lines) == list(range(2, len(rows) + 2))


def test_blank_rows_are_left_out_and_lines_still_count_them() -> None:
    table, _ = read(csv("a,b\n\n1,2\n , \n3,4\n\n"))
    assert table is not None
    assert texts_of(table) == {"a": ["1", "3"], "b": ["2", "4"]}
    assert list(table.lines) == [3, 5]


def test_a_quoted_cell_may_hold_delimiters_and_line_ends() -> None:
    table, _ = read(csv('a;b\n"x;y\nz";1\nu;2\n'))
    assert table is not None
    assert texts_of(table) == {"a": ["x;y\nz", "u"], "b": ["1", "2"]}
    assert list(table.lines) == [2, 4]


def test_delimiters_inside_quotes_of_the_heading_do_not_count() -> None:
    table, _ = read(csv('"a,b,c";d\n1;2\n'))
    assert table is not None
    assert list(table.columns) == ["a,b,c", "d"]


def test_an_empty_file_is_refused() -> None:
    for content in (b"", b"\xef\xbb\xbf", b" \r\n\n"):
        assert read(Source("t.csv", content)) == (None, ["t.csv: is empty"])


def test_a_heading_without_rows_is_refused() -> None:
    assert read(csv("a,b\n")) == (None, ["file.csv: has a heading and no rows"])


def test_a_wrong_delimiter_is_named_as_such() -> None:
    _, faults = read(csv("\na|b\n1|2\n"))
    assert faults == [
        "file.csv:2: has a single column: the delimiter must be a comma, semicolon or tab"
    ]


def test_every_ragged_row_is_a_fault_with_line_and_column() -> None:
    for text in ("a,b,c\n1,2\n1,2,3\n1,2,3,4\n", 'a,b,c\n"1",2\n1,2,3\n1,2,3,4\n'):
        report = Report("t.csv")
        assert read_table(csv(text), report) is None
        assert [(fault.line, fault.column) for fault in report.faults] == [(2, "c"), (4, "c")]


def test_a_heading_that_stands_twice_is_refused() -> None:
    _, faults = read(csv("a,b,a\n1,2,3\n"))
    assert faults == ['file.csv:1: a "" is a heading that stands there twice']


def test_a_byte_of_no_encoding_is_refused_with_its_line() -> None:
    assert read(Source("t.csv", b"a,b\n1,\xff\n"))[1] == [
        "t.csv:2: is neither UTF-8 nor GB18030 text"
    ]


def test_damaged_utf_8_is_not_taken_for_gb18030() -> None:
    content = "甲,乙\n内蒙古自治区,教育\n".encode() + b"\xb0\xa1,x\n"
    assert read(Source("t.csv", content))[1] == ["t.csv:3: has a byte that is not UTF-8 (0xb0)"]


def test_binary_content_is_refused() -> None:
    assert read(Source("t.csv", b"a,b\n1,\0\n"))[1] == [
        "t.csv:2: has a NUL character: not a text file"
    ]


def test_unclosed_quotes_are_refused_with_the_line_they_begin_in() -> None:
    _, faults = read(csv('a,b\n1,2\n"3,4\n'))
    assert len(faults) == 1
    assert faults[0].startswith("file.csv:3: has broken quotes")


def test_columns_without_heading_are_dropped_with_a_notice_if_they_hold_anything() -> None:
    report = Report("t.csv")
    table = read_table(csv("a,b,,\n1,2,,x\n"), report)
    assert table is not None
    assert list(table.columns) == ["a", "b"]
    assert report.notices == ["column 4 has no heading and is ignored"]


def test_a_workbook_reads_like_a_csv() -> None:
    table, _ = read(xlsx([["a", "b"], ["00", "E87"], [101.0, 612.5], [None, None], [" x ", True]]))
    assert table is not None
    assert texts_of(table) == {"a": ["00", "101", "x"], "b": ["E87", "612.5", "true"]}
    assert list(table.lines) == [2, 3, 5]
