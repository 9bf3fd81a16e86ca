"""A score is exact from the file to the screen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranking.scores import MAX_MILLI, parse_score, score_number, score_text

scores = st.integers(-MAX_MILLI, MAX_MILLI)


@pytest.mark.parametrize(
    ("text", "milli"),
    [
        ("612.5", 612_500),
        ("600", 600_000),
        ("0", 0),
        ("0.001", 1),
        ("-3.25", -3_250),
        ("007", 7000),
    ],
)
def test_a_decimal_is_read_in_thousandths(text: str, milli: int) -> None:
    assert parse_score(text) == milli


@pytest.mark.parametrize(
    "text", ["", " 1", "1.", ".5", "1.2345", "12345", "1e3", "三", "+1", "1,5", "1\n", "６１２"]
)
def test_what_is_not_an_exact_score_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        parse_score(text)


@given(scores)
def test_the_text_of_a_score_reads_back_as_the_score(milli: int) -> None:
    assert parse_score(score_text(milli)) == milli


@given(scores)
def test_the_text_of_a_score_is_its_shortest(milli: int) -> None:
    text = score_text(milli)
    assert not (text.endswith("0") and "." in text)
    assert not text.endswith(".")


@given(scores)
def test_the_number_of_a_score_prints_as_its_text(milli: int) -> None:
    assert str(score_number(milli)) == score_text(milli)
