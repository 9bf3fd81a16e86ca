from hypothesis import given
from hypothesis import strategies as st

from importers.columns import ByteColumn, Column, TextColumn
from importers.cutting import cut_evenly

cells = st.text(st.sampled_from("0Aa理甲 é"), max_size=12).map(str.strip)
columns = st.lists(cells, min_size=1, max_size=30) | st.lists(
    st.text(st.sampled_from("01x"), max_size=3), min_size=1, max_size=30
)


def cut(texts: list[str]) -> list[ByteColumn] | None:
    return cut_evenly("".join(f"{text},x\n" for text in ["heading", *texts]).encode(), ",", 2)


def put_together(column: Column) -> list[str]:
    texts, which = column.distinct()
    return [texts[one] for one in which]


@given(columns)
def test_bytes_and_text_say_the_same(texts: list[str]) -> None:
    even = cut(texts)
    assert even is not None
    for column in (even[0], TextColumn(texts)):
        assert column.texts == texts
        assert put_together(column) == texts
        assert len(set(column.distinct()[0])) == len(set(texts))


def test_wide_cells_are_told_apart_too() -> None:
    texts = ["学" * 20, "学" * 19 + "生", "12345678", "123456781", "1234567812345678", "学" * 20]
    even = cut(texts)
    assert even is not None
    assert put_together(even[0]) == texts


def test_uneven_and_blank_lines_are_left_to_another() -> None:
    for text in (
        "a,b\n1\n",
        "a,b\n1,2,3\n4\n",
        "a,b\n\n1,2\n",
        "a,b\n ,\t\n1,2\n",
        "a,b\n1\n,2,3\n",
    ):
        assert cut_evenly(text.encode(), ",", 2) is None
