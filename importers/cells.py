"""What the cells of a column say: codes, whole numbers, scores, yes or no.

Work is done once per distinct value; rows are looked at one by one only to say where a fault is.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from importers.columns import CodedColumn, Column, TextColumn, count_distinct
from importers.report import Report
from importers.words import Int
from ranking.scores import parse_score

Milli: TypeAlias = NDArray[np.int32]
Value = TypeVar("Value")
Scalar = TypeVar("Scalar", bound=np.generic)

MAX_CODE = 64
MAX_QUOTA = 99_999
_DIGITS = re.compile(r"\d{1,9}", re.ASCII)
_YES = ("是", "1", "true", "yes", "y", "服从", "愿意", "√")
_NO = ("否", "0", "false", "no", "n", "", "不服从", "不愿意")
ADJUSTMENT: Mapping[str, bool] = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}


class Unfit(ValueError):
    """Why a cell cannot be right, as the predicate of a sentence."""


class Cells:
    """The columns of one file that were recognised, read under their own names.

    `columns` has the cells by column, `shown` the heading that the file itself uses.
    """

    def __init__(
        self,
        columns: Mapping[str, Column],
        shown: Mapping[str, str],
        lines: Sequence[int],
        report: Report,
    ) -> None:
        self.columns = columns
        self.shown = shown
        self.lines = lines
        self.report = report

    def __len__(self) -> int:
        """How many rows."""
        return len(self.lines)

    def without(self, names: Collection[str]) -> "Cells":
        """The same file as if it did not have some columns."""
        kept = {name: column for name, column in self.columns.items() if name not in names}
        return Cells(kept, self.shown, self.lines, self.report)

    def reject(self, row: int, column: str, value: str, message: str) -> None:
        """Record a fault in a row's cell."""
        self.report.reject(self.lines[row], self.shown.get(column, column), value, message)

    def texts(self, column: str) -> list[str]:
        """Free text as it stands; blank where the file has no such column."""
        found = self.columns.get(column)
        return [""] * len(self) if found is None else found.texts

    def codes(self, column: str, *, needed: bool = False, slash: bool = False) -> list[str]:
        """Codes: full-width letters and digits become half-width, nothing else changes."""
        if column not in self.columns:
            return self.texts(column)
        if not self.columns[column].mostly_the_same():
            values = self.texts(column)
            if _plainly_codes(values, needed=needed, slash=slash):
                return values
        meanings, which = self.distinct_codes(column, needed=needed, slash=slash)
        return list(map(meanings.__getitem__, which.tolist()))

    def code_column(self, column: str, *, needed: bool = False) -> Column:
        """Codes without a slash, as whatever shape of column costs least."""
        found = self.columns.get(column)
        if found is None:
            return CodedColumn.blank(len(self))
        if found.mostly_the_same():
            return CodedColumn(*self.distinct_codes(column, needed=needed))
        keys = found.keys
        if keys is not None and not (needed and (keys == 0).any()):
            return found
        return TextColumn(self.codes(column, needed=needed))

    def refuse_repeated(self, values: Column, what: str, column: str) -> None:
        """Every text of `values`, made from `column`, may stand once."""
        if count_distinct(values) < len(values):
            self.refuse_twice(values.texts, what, column)

    def distinct_codes(
        self, column: str, *, needed: bool = False, slash: bool = False
    ) -> tuple[list[str], Int]:
        """Codes as those that occur, perhaps one twice, and which of them each row has."""
        return self._meanings(column, lambda text: _code(text, needed=needed, slash=slash), "")

    def names(self, column: str) -> list[str]:
        """Text that must be there."""
        return self._convert(column, _name, "")

    def whole_numbers(self, column: str) -> list[int]:
        """Whole numbers from digits only."""
        return self._convert(column, _whole_number, 0)

    def scores(self, column: str, *, needed: bool = False) -> Milli:
        """Scores in thousandths; a blank cell is 0 unless the score is needed."""
        if column not in self.columns:
            return np.zeros(len(self), np.int32)
        return self._converted(column, lambda text: _score(text, needed=needed), 0, np.int32)

    def positions(self, column: str) -> NDArray[np.int32]:
        """Places on a form, 1 the first; 1 where the file has no such column or a blank cell."""
        if column not in self.columns:
            return np.ones(len(self), np.int32)
        return self._converted(column, _position, 1, np.int32)

    def yes_or_no(self, column: str) -> NDArray[np.bool_]:
        """是/否, 1/0, true/false; blank is no."""
        if column not in self.columns:
            return np.zeros(len(self), np.bool_)
        return self._converted(column, _yes_or_no, default=False, dtype=np.bool_)

    def refuse_twice(self, keys: Sequence[Hashable], what: str, column: str) -> None:
        """Every key may stand once; a fault names both lines."""
        if len(set(keys)) == len(keys):
            return
        first: dict[Hashable, int] = {}
        values = self.texts(column)
        for row, key in enumerate(keys):
            before = first.setdefault(key, row)
            if before != row:
                line = self.lines[before]
                self.reject(
                    row, column, values[row], f"is {what} a second time, first in line {line}"
                )

    def _convert(self, column: str, convert: Callable[[str], Value], default: Value) -> list[Value]:
        meanings, which = self._meanings(column, convert, default)
        return list(map(meanings.__getitem__, which.tolist()))

    def _converted(
        self,
        column: str,
        convert: Callable[[str], Value],
        default: Value,
        dtype: type[Scalar],
    ) -> NDArray[Scalar]:
        meanings, which = self._meanings(column, convert, default)
        return np.array(meanings, dtype)[which]

    def _meanings(
        self, column: str, convert: Callable[[str], Value], default: Value
    ) -> tuple[list[Value], Int]:
        """What each distinct cell says, and which each row has; faults where it cannot be right."""
        texts, which = self.columns[column].distinct()
        meanings: list[Value] = []
        unfit: dict[int, str] = {}
        for place, text in enumerate(texts):
            try:
                meanings.append(convert(text))
            except Unfit as error:
                meanings.append(default)
                unfit[place] = str(error)
        if unfit:
            for row in np.flatnonzero(np.isin(which, list(unfit))).tolist():
                place = int(which[row])
                self.reject(row, column, texts[place], unfit[place])
        return meanings, which


def half_width(text: str) -> str:
    """Full-width digits, letters and signs as their plain forms."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text).strip()


def _plainly_codes(values: Sequence[str], *, needed: bool, slash: bool) -> bool:
    """Whether a whole column is beyond doubt, seen at once: nearly every column is."""
    text = "".join(values)
    return (
        text.isascii()
        and text.isprintable()
        and (slash or "/" not in text)
        and not (needed and "" in values)
        and max(map(len, values), default=0) <= MAX_CODE
    )


def _code(text: str, *, needed: bool, slash: bool) -> str:
    code = half_width(text)
    if needed and not code:
        raise Unfit("is blank")
    if "/" in code and not slash:
        raise Unfit("has a slash, which separates the parts of a unit's name")
    if len(code) > MAX_CODE or not (code.isprintable() or not code):
        raise Unfit(f"is not a code: longer than {MAX_CODE} characters, or unprintable")
    return code


def _name(text: str) -> str:
    if not text:
        raise Unfit("is blank")
    return text


def _whole_number(text: str) -> int:
    plain = half_width(text)
    if not _DIGITS.fullmatch(plain):
        raise Unfit("is not a whole number" if plain else "is blank")
    number = int(plain)
    if number > MAX_QUOTA:
        raise Unfit(f"is more than {MAX_QUOTA}")
    return number


def _position(text: str) -> int:
    place = _whole_number(text) if text else 1
    if not place:
        raise Unfit("is not a position: the first is 1")
    return place


def _score(text: str, *, needed: bool) -> int:
    plain = half_width(text)
    if not plain:
        if needed:
            raise Unfit("is blank")
        return 0
    try:
        milli = parse_score(plain)
    except ValueError as error:
        raise Unfit("is not a number with at most 3 decimals") from error
    if milli < 0:
        raise Unfit("is negative")
    return milli


def _yes_or_no(text: str) -> bool:
    answer = ADJUSTMENT.get(half_width(text).casefold())
    if answer is None:
        raise Unfit("is neither yes nor no (是/否, 1/0, true/false)")
    return answer
