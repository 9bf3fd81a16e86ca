"""CSV as text: cells quoted where they must be, and columns looked up by number."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_MUST_QUOTE = re.compile('[,"\\n]')

Text = TypeVar("Text", str, tuple[str, str, str])


def cell(text: str) -> str:
    """A CSV cell, quoted where it has to be."""
    return '"' + text.replace('"', '""') + '"' if _MUST_QUOTE.search(text) else text


def csv_bytes(header: str, columns: Iterable[Iterable[str]]) -> bytes:
    """A file of these columns, whose texts are cells, or several cells, already."""
    return "\n".join([header, *map(",".join, zip(*columns, strict=True)), ""]).encode()


def look_up(texts: Sequence[str], number: NDArray[np.integer]) -> Iterator[str]:
    """The text of each number."""
    return map(texts.__getitem__, number.tolist())


def text_order(texts: list[Text]) -> NDArray[np.int64]:
    """(n,) each text's place among all of them, sorted as text."""
    order = np.arange(len(texts))
    if sorted(texts) != texts:
        order[sorted(range(len(texts)), key=texts.__getitem__)] = np.arange(len(texts))
    return order
