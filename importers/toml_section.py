"""A section of a TOML document, read key by key; every fault names its key by the whole path."""

import difflib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar, cast

from importers.report import Report
from ranking.rules import BASIS_POINTS
from ranking.scores import parse_score

Option = TypeVar("Option", bound=str)

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_PERCENT = re.compile(r"(\d{1,4})(?:\.(\d{1,2}))?\s*%", re.ASCII)
_ONE_TO = re.compile(r"1\s*:\s*(\d{1,2})(?:\.(\d{1,4}))?", re.ASCII)
_SPAN = re.compile(r"(?=.)(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?", re.ASCII)
MAX_CODE = 64


class Section:
    """One table of a document. Reading marks a key as known; what is left at last is unknown."""

    def __init__(self, path: str, values: Mapping[str, object], report: Report) -> None:
        self.path = path
        self._values = values
        self._report = report
        self._known: list[str] = []
        self._children: list[Section] = []

    def __contains__(self, key: str) -> bool:
        """Whether the file has the key."""
        return key in self._values

    def holds(self, key: str, kind: type) -> bool:
        """Whether the key's value is of this kind."""
        return isinstance(self._values.get(key), kind)

    def reject(self, key: str, value: object, message: str) -> None:
        """Record a fault of a key; an empty key speaks of the section."""
        path = self.path_of(key) if key else self.path
        self._report.reject(0, path, "" if value is None else str(value), message)

    def path_of(self, key: str) -> str:
        """The key's path in the document."""
        name = key if _BARE.fullmatch(key) else f'"{key}"'
        return f"{self.path}.{name}" if self.path else name

    def section(self, key: str) -> "Section":
        """The section under a key; an empty one, with a fault, where it is missing or no section."""
        value = self._take(key)
        if key not in self:
            self.reject(key, None, "is missing")
            value = {}
        elif not isinstance(value, dict):
            self.reject(key, value, "is not a section")
            value = {}
        return self._child(self.path_of(key), cast("dict[str, object]", value))

    def optional(self, key: str) -> "Section":
        """The section under a key, empty where there is none."""
        if key in self:
            return self.section(key)
        self._known.append(key)
        return self._child(self.path_of(key), {})

    def sections(self, key: str) -> "list[Section]":
        """The array of sections under a key."""
        value = self._take(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self.reject(key, value, "is not a list of sections, [[…]]")
            return []
        return [self._child(f"{self.path_of(key)}[{n}]", one) for n, one in enumerate(value, 1)]

    def _child(self, path: str, values: Mapping[str, object]) -> "Section":
        child = Section(path, values, self._report)
        self._children.append(child)
        return child

    def keys(self) -> list[str]:
        """All keys of the section, each of them known from now on."""
        self._known.extend(self._values)
        return list(self._values)

    def code(self, key: str, *, slash: bool = False) -> str:
        """Text that names something in addresses and files; a major's may hold a slash."""
        value = self._needed(key)
        if value is None:
            return ""
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            self.reject(key, value, "is not a name")
            return ""
        if ("/" in value and not slash) or len(value) > MAX_CODE or value != value.strip():
            self.reject(
                key, value, f"is not a code: a slash, or over {MAX_CODE} characters, or blanks"
            )
        return value

    def text(self, key: str, default: str) -> str:
        """One line of text."""
        value = self._take(key, default)
        if isinstance(value, str) and value.isprintable():
            return value
        self.reject(key, value, "is not a line of text")
        return default

    def flag(self, key: str, *, default: bool = False) -> bool:
        """`true` or `false`."""
        value = self._take(key, default)
        if isinstance(value, bool):
            return value
        self.reject(key, value, "is neither true nor false")
        return default

    def one_of(self, key: str, options: Sequence[Option], default: Option) -> Option:
        """One of a few words."""
        value = self._take(key, default)
        for option in options:
            if option == value:
                return option
        self.reject(key, value, f"is none of {', '.join(options)}")
        return default

    def maybe_one_of(self, key: str, options: Sequence[Option]) -> Option | None:
        """One of a few words, or None where the file is silent."""
        return self.one_of(key, options, options[0]) if key in self else None

    def whole(self, key: str, default: int, low: int, high: int) -> int:
        """A whole number within bounds, both allowed."""
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.reject(key, value, f"is not a whole number from {low} to {high}")
            return default
        return value

    def score(self, key: str) -> int | None:
        """A score in thousandths; None where the file is silent."""
        value = self._take(key)
        return None if value is None else self.score_of(key, value)

    def score_of(self, key: str, value: object) -> int:
        """The score that a number states, in thousandths; 0 with a fault when it is none."""
        if not isinstance(value, bool) and isinstance(value, int | Decimal):
            try:
                milli = parse_score(str(value))
            except ValueError:
                milli = -1
            if milli >= 0:
                return milli
        self.reject(key, value, "is not a number from 0 with at most 3 decimals")
        return 0

    def list_of(self, key: str, kind: str) -> list[object]:
        """A list; `kind` says of what, for the fault."""
        value = self._take(key)
        if isinstance(value, list):
            return value
        self.reject(key, value, f"is not a list of {kind}")
        return []

    def ratio(self, key: str) -> int | None:
        """A filing ratio in basis points, "105%" or "1:1.05"; None where the file is silent."""
        value = self._take(key)
        if value is None:
            return None
        points = basis_points(value) if isinstance(value, str) else None
        if points:
            return points
        self.reject(key, value, 'is not a ratio such as "105%" or "1:1.05", exact to 0.01 %')
        return BASIS_POINTS

    def instant(self, key: str) -> datetime | None:
        """A time with its offset; None where the file is silent, or with a fault."""
        value = self._take(key)
        if value is None or (isinstance(value, datetime) and value.tzinfo is not None):
            return value
        if isinstance(value, datetime):
            self.reject(key, value, "has no offset, such as +08:00")
        else:
            self.reject(key, value, "is not a time such as 2026-08-01T08:00:00+08:00")
        return None

    def needed_instant(self, key: str) -> datetime | None:
        """A time that must be there."""
        return None if self._needed(key) is None else self.instant(key)

    def span(self, key: str, default: timedelta) -> timedelta:
        """A length of time: "1h", "30m", "1h30m"."""
        value = self._take(key)
        if value is None:
            return default
        match = _SPAN.fullmatch(value) if isinstance(value, str) else None
        hours, minutes, seconds = (
            (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
        )
        length = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        if length > timedelta(0):
            return length
        self.reject(key, value, 'is not a length of time such as "1h" or "30m"')
        return default

    def refuse_unknown(self) -> None:
        """A fault for every key nobody asked for, here and below."""
        for key in self._values:
            if key not in self._known:
                near = difflib.get_close_matches(key, self._known, 1)
                hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(self._known)}"
                self.reject(key, None, f"is not a key of this section; {hint}")
        for child in self._children:
            child.refuse_unknown()

    def _take(self, key: str, default: object = None) -> object:
        self._known.append(key)
        return self._values.get(key, default)

    def _needed(self, key: str) -> object:
        value = self._take(key)
        if value is None:
            self.reject(key, None, "is missing")
        return value


def basis_points(text: str) -> int | None:
    """The ratio that a text states, in basis points, exactly; None when it is none."""
    if percent := _PERCENT.fullmatch(text.strip()):
        whole, decimals = percent.groups()
        return int(whole) * 100 + int((decimals or "").ljust(2, "0"))
    if one_to := _ONE_TO.fullmatch(text.strip()):
        whole, decimals = one_to.groups()
        return int(whole) * BASIS_POINTS + int((decimals or "").ljust(4, "0"))
    return None
