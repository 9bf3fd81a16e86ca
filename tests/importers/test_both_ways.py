"""Files that are plainly regular are cut at once, others read with care: both say the same.

A quote in the heading is all it takes to send a file the careful way.
"""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.book_files import FileReports, book_of
from importers.candidates import Candidates, read_candidates
from importers.choices import Choices, read_choices
from importers.columns import ByteColumn, Column, TextColumn, count_distinct, find_rows, text_order
from importers.cutting import cut_evenly, is_plain
from importers.plans import read_plan
from importers.report import Report
from importers.tables import Source
from ranking.rules import RoundRules
from tests.importers.files import PLAN, csv, said

numbers = st.text(st.sampled_from("0129"), min_size=1, max_size=17) | st.sampled_from(
    ["", "A1", "１２", "1/2", "1 2", " 7", "7", "007", "x" * 65]
)
words = st.sampled_from(["历史类", "物理类", "火星类", "", "文", " 历史类", "Ａ1"])
scores = st.decimals(0, 10_000, places=3).map(str) | st.sampled_from(
    ["600", "0", "", "612.5", "６００", "-1", "1e2", "600.0000", "x", " 5 ", "007", "1.", ".5"]
)
codes = st.sampled_from(["00", "E1", "01", "", "Ｅ1", "a/b", "00 "])
institutions = st.sampled_from(["E87", "Ｅ87", "X", "", "E/8", "E87 "])
natures = st.sampled_from(["非定向", "定向", ""])
yes = st.sampled_from(["是", "1", "", "0", "maybe", "ＹＥＳ"])
positions = st.sampled_from(["1", "2", "", "0", "x"])

CANDIDATES = "candidate_no,track,exam_score,bonus,语文"
CHOICES = "candidate_no,institution_code,plan_nature,major_1,major_2,accepts_adjustment,position"


def ways(heading: str, rows: Sequence[Sequence[str]]) -> tuple[Source, Source]:
    body = "".join(",".join(row) + "\n" for row in rows)
    first, rest = heading.split(",", 1)
    return csv(f"{heading}\n{body}"), csv(f'"{first}",{rest}\n{body}')


def told(report: Report) -> tuple[object, ...]:
    return said(report), report.notices, report.totals, report.rows, report.digest


def of_people(people: Candidates) -> list[object]:
    arrays = [people.exam, people.bonus, *people.subjects.values()]
    return [people.candidate_no, people.track, *people.subjects, *(one.tolist() for one in arrays)]


def of_choices(choices: Choices) -> list[object]:
    arrays = (choices.accepts_adjustment, choices.position)
    texts = (choices.candidate_no, choices.institution_code, choices.plan_nature)
    return [*texts, choices.majors, list(choices.line), *(one.tolist() for one in arrays)]


@given(st.lists(st.tuples(numbers, words, scores, scores, scores), max_size=12))
def test_candidates(rows: list[tuple[str, ...]]) -> None:
    plain, careful = (read_candidates(source) for source in ways(CANDIDATES, rows))
    assert told(plain[1]) == told(careful[1])
    assert of_people(plain[0]) == of_people(careful[0])


@given(
    st.lists(
        st.tuples(numbers, institutions, natures, codes, codes, yes, positions),
        max_size=12,
    )
)
def test_choices(rows: list[tuple[str, ...]]) -> None:
    plain, careful = (read_choices(source) for source in ways(CHOICES, rows))
    assert told(plain[1]) == told(careful[1])
    assert of_choices(plain[0]) == of_choices(careful[0])


@given(st.data())
def test_what_choices_mean(data: st.DataObject) -> None:
    known = data.draw(st.lists(st.text("012", min_size=1, max_size=3), min_size=1, unique=True))
    people = [
        (one, data.draw(st.sampled_from(["历史类", "物理类"])), "600", "", "9") for one in known
    ]
    chooser = st.sampled_from([*known, "9"])
    valid = st.tuples(
        chooser, st.sampled_from(["E87", "X"]), natures, st.sampled_from(["00", "E1", ""]),
        st.just(""), st.just("1"), st.just("1"),
    )  # fmt: skip
    rows = data.draw(st.lists(valid, min_size=1, max_size=12, unique_by=lambda row: row[0]))
    found = []
    for candidates, choices in zip(ways(CANDIDATES, people), ways(CHOICES, rows), strict=True):
        filed, report = read_choices(choices)
        reports = FileReports(Report("c.csv"), report)
        made = book_of(
            read_plan(csv(PLAN))[0], read_candidates(candidates)[0], filed, RoundRules(), reports
        )
        book = made and [made.book.unit.tolist(), made.book.first_major.tolist(), made.candidate_no]
        found.append((book, said(report)))
    assert found[0] == found[1]


texts = st.lists(st.text("0123456789", max_size=16), min_size=1, max_size=20)


def as_bytes(cells: Sequence[str]) -> Column:
    even = cut_evenly("".join(f"{cell},x\n" for cell in ["heading", *cells]).encode(), ",", 2)
    assert even is not None
    return even[0]


@given(texts, texts.map(lambda many: list(dict.fromkeys(many))))
def test_digits_are_counted_ordered_and_found_by_keys_as_by_text(
    cells: list[str], among: list[str]
) -> None:
    column, others = as_bytes(cells), as_bytes(among)
    assert column.keys is not None
    assert others.keys is not None
    assert count_distinct(column) == len(set(cells))
    assert [cells[row] for row in text_order(column)] == sorted(cells)
    rows = find_rows(column, others)
    assert rows.tolist() == find_rows(TextColumn(cells), TextColumn(among)).tolist()
    assert isinstance(column, ByteColumn)
    assert [bytes(row).rstrip(b"\0").decode() for row in column.padded()] == cells


@pytest.mark.parametrize("cell", ["A", "1a", "12345678x", "/", ":", "１", "1" * 17, "1\t2", "é"])
def test_what_is_not_digits_has_no_keys(cell: str) -> None:
    assert as_bytes(["1", cell]).keys is None


def test_columns_of_very_many_texts_are_told_apart() -> None:
    cells = [f"n{number}" for number in range(70_000)] * 2
    names, which = as_bytes(cells).distinct()
    assert len(names) == 70_000
    assert [names[one] for one in which.tolist()] == cells


@given(
    st.lists(
        st.sampled_from(
            [b"a", b"\n", "理".encode(), "é".encode(), "𠮷".encode(), "ก".encode(), b"\x80", b"\xe7",
             b"\xc3", b"\xc0", b"\xed\xa0\x80", b"\xff", b'"', b"\r", b"\0"]
        )
    ),
    st.sampled_from([0, (1 << 16) - 3, (1 << 16) - 2, (1 << 16) - 1, 1 << 16]),
)  # fmt: skip
def test_plain_bytes_are_utf8_without_quotes(parts: list[bytes], before: int) -> None:
    content = b"a" * before + b"".join(parts)
    if is_plain(content):
        text = content.decode()
        assert not set('"\r\0') & set(text)
    elif not set(b'"\r\0\xc0\xe0\xed\xf0') & set(content):
        with pytest.raises(UnicodeDecodeError):
            content.decode()


def test_tables_that_differ_in_blanks_only_are_the_same() -> None:
    plain, careful = (
        read_candidates(source)
        for source in ways(CANDIDATES, [("1", "文", "1", "", ""), ("2", "文 ", " 2", "\t", "　3")])
    )
    assert told(plain[1]) == told(careful[1])
    assert np.array_equal(plain[0].filing, careful[0].filing)
