"""CSV with quotes, cut by the csv module: cells may hold delimiters and line ends."""

import csv
import io
from collections.abc import Iterator


class BrokenQuotes(Exception):
    """A quote that opens and does not close, or closes too early; `line` is where the row begins."""

    def __init__(self, line: int, problem: object) -> None:
        super().__init__(str(problem))
        self.line = line


def numbered_rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line it begins on."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = 1
    try:
        for row in reader:
            yield start, row
            start = reader.line_num + 1
    except csv.Error as error:
        raise BrokenQuotes(start, error) from error
