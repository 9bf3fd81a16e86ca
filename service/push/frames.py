"""Standings and units' figures as JSON texts, for one watcher or for a whole audience.

JSON allows spaces before a value, so every number has a field of fixed width and a place that does
not depend on the others: numpy writes the fields of ten thousand people in a few passes. What an
audience shares (the unit's name, the major's, a segment's lock) is encoded once and kept. A body
says the same as `views.standing`, less the moment; a property test holds them equal.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from ranking.book import NO_UNIT
from ranking.outlook import VERDICT_NAMES
from ranking.rules import UnitKey
from ranking.scores import score_text
from ranking.standing import NO_LINE, STATUS_NAMES
from service import views
from service.board import RoundBoard
from service.errors import Refusal

Body: TypeAlias = tuple[bytes, ...]
"""What is told, in parts and without its head: two that are equal say the same."""

Texts: TypeAlias = NDArray[np.void]
Digits: TypeAlias = NDArray[np.uint64]
Numbers: TypeAlias = NDArray[np.int32]
Rows: TypeAlias = NDArray[np.intp]

HELD = (
    b',"rank":%8d,"rank_last":%8d,"tied":%8d,"applicants":%8d,"plan":%8d,"due":%8d'
    b',"line_filing":%9b,"line_plan":%9b,"status":%14b,"certainty":{"verdict":%6b'
    b',"best":%8d,"worst":%8d,"locked_above":%8d,"open_above":%8d}'
)
MAJOR = b',"first_major":{"by_filing":{"rank":%8d,"tied":%8d},"by_exam":{"rank":%8d,"tied":%8d}'
"""Numbers have eight places, and so never more than the tables below can write."""

NO_MAJOR = b',"first_major":null,"first_major_hidden":"outside_line"'
NO_MAJOR_NAMED = b',"first_major":null,"first_major_hidden":null'
NOWHERE = b"".join(
    b',"%b":null' % name
    for name in (
        *(b"unit", b"rank", b"rank_last", b"tied", b"applicants", b"plan", b"due"),
        *(b"line_filing", b"line_plan", b"status", b"first_major", b"first_major_hidden"),
        b"certainty",
    )
)
STATUSES = tuple(b'"%b"' % name.encode() for name in STATUS_NAMES)
VERDICTS = tuple(b'"%b"' % name.encode() for name in VERDICT_NAMES)


def head(kind: str, round_code: str, seq: int, as_of: str) -> bytes:
    """How a message begins: what it is, of which round, and the moment it is true at."""
    return b'{"type":"%b","round":%b,"seq":%d,"as_of":"%b"' % (
        kind.encode(),
        msgspec.json.encode(round_code),
        seq,
        as_of.encode(),
    )


def message(head: bytes, body: Body) -> bytes:
    """The whole message."""
    return b"".join((head, *body, b"}"))


class Encoder:
    """What is told of one round, as bodies. Made anew when the round is read anew."""

    def __init__(self, one: RoundBoard) -> None:
        self.round = one
        self._units: dict[int, bytes] = {}
        self._majors: dict[tuple[int, int], bytes] = {}
        self._locks: dict[int, bytes] = {}
        self._passed = len(one.passed)
        self._figures: dict[UnitKey, bytes] = {}
        self._figured = -1

    def figures(self, keys: Sequence[UnitKey]) -> Body:
        """The public statistics of some units; each unit's are encoded once for all who watch.

        Raises:
            Refusal: `not-published` where the round has no live statistics, `unknown-unit`.
        """
        terms = self.round.terms
        if not terms.file.live_statistics:
            raise Refusal("not-published", what=terms.file.code)
        if self._figured != self.round.version:
            self._figured = self.round.version
            self._figures.clear()
        for key in keys:
            if key not in self._figures:
                if key not in terms.unit_by_key:
                    raise Refusal("unknown-unit")
                (row,) = views.statistics_rows(self.round, [terms.unit_by_key[key]])
                self._figures[key] = msgspec.json.encode(row)
        return (b',"items":[', b",".join([self._figures[key] for key in keys]), b"]")

    def one(self, row: int) -> Body:
        """The standing of one candidate, from lists where nobody else's is computed."""
        self._notice_gates()
        book = self.round.book
        unit = int(book.unit[row])
        lock = self._lock(row, int(book.roll.filing[row]))
        if unit == NO_UNIT:
            return (NOWHERE, lock)
        facts, ahead = self.round.own(row)
        held = HELD % (
            *(facts.rank, facts.rank_last, facts.tied, facts.applicants, facts.plan, facts.due),
            _line(facts.line_filing),
            _line(facts.line_plan),
            STATUSES[facts.status],
            VERDICTS[ahead.verdict],
            *(ahead.best, ahead.worst, ahead.locked_above, ahead.open_above),
        )
        if facts.major_rank is None:
            none = NO_MAJOR_NAMED if facts.inside_line else NO_MAJOR
            return (self._unit(unit), lock, held, none)
        by_filing = (facts.major_rank, facts.major_tied)
        major = MAJOR % (*by_filing, facts.major_rank_exam, facts.major_tied_exam)
        named = self._major(unit, int(book.first_major[row]))
        return (self._unit(unit), lock, held + major, named)

    def many(self, rows: Rows) -> list[Body]:
        """The standings of `rows`, from everybody's. One state, all of it."""
        self._notice_gates()
        book, now = self.round.book, self.round.computed()
        standings, unit = now.standings, book.unit[rows]
        held, shown = unit != NO_UNIT, standings.major_rank[rows] > 0
        if not held.any():
            return self._bodies(b"", rows, held, shown)
        rank, tied = standings.rank[rows], standings.tied[rows]
        blocks = np.frombuffer(bytearray(_LAYOUT.blank) * len(rows), _LAYOUT.record)
        lines = (_line_texts(standings.line_filing), _line_texts(standings.line_plan))
        values = [
            *(rank, rank + tied - 1, tied),
            *(column[unit] for column in (standings.applicants, book.plan.seats, standings.due)),
            *(now.outlook.best[rows], now.outlook.worst[rows]),
            *(now.outlook.locked_above[rows], now.outlook.open_above[rows]),
            *(standings.major_rank[rows], standings.major_tied[rows]),
            *(standings.major_rank_exam[rows], standings.major_tied_exam[rows]),
        ]
        texts = [
            *(line[unit] for line in lines),
            _STATUS_TEXTS[standings.status[rows]],
            _VERDICT_TEXTS[now.outlook.verdict[rows]],
        ]
        for name, column in zip(_LAYOUT.numbers, digits(np.array(values)), strict=True):
            blocks[name] = column
        for name, text in zip(_LAYOUT.texts, texts, strict=True):
            blocks[name] = text
        return self._bodies(blocks.tobytes(), rows, held, shown)

    def _bodies(
        self, blocks: bytes, rows: Rows, held: NDArray[np.bool_], shown: NDArray[np.bool_]
    ) -> list[Body]:
        book, inside = self.round.book, self.round.computed().standings.inside_line
        columns = zip(
            rows.tolist(),
            book.roll.filing[rows].tolist(),
            book.unit[rows].tolist(),
            book.first_major[rows].tolist(),
            held.tolist(),
            shown.tolist(),
            inside[rows].tolist(),
            strict=True,
        )
        bodies: list[Body] = []
        width, without = _LAYOUT.width, _LAYOUT.held_width
        for n, (row, filing, unit, major, holds, has_major, filed) in enumerate(columns):
            lock, start = self._locks.get(filing) or self._lock(row, filing), n * width
            if not holds:
                bodies.append((NOWHERE, lock))
                continue
            named = self._units.get(unit) or self._unit(unit)
            if has_major:
                block = blocks[start : start + width]
                bodies.append((named, lock, block, self._major(unit, major)))
            else:
                block = blocks[start : start + without]
                bodies.append((named, lock, block, NO_MAJOR_NAMED if filed else NO_MAJOR))
        return bodies

    def _unit(self, unit: int) -> bytes:
        text = self._units.get(unit)
        if text is None:
            named = views.unit_ref(self.round.terms.units[unit])
            text = self._units[unit] = b',"unit":' + msgspec.json.encode(named)
        return text

    def _major(self, unit: int, major: int) -> bytes:
        text = self._majors.get((unit, major))
        if text is None:
            first = self.round.book.plan.majors_of(unit).start
            found = self.round.terms.units[unit].majors[major - first]
            named = {"code": found.code, "name": found.name, "quota": found.quota}
            text = b"," + msgspec.json.encode(named)[1:] + b',"first_major_hidden":null'
            self._majors[unit, major] = text
        return text

    def _lock(self, row: int, filing: int) -> bytes:
        """The same for all of one filing score, until `_notice_gates` finds another one passed."""
        text = self._locks.get(filing)
        if text is None:
            text = b',"lock":' + msgspec.json.encode(views.lock_view(self.round, row))
            self._locks[filing] = text
        return text

    def _notice_gates(self) -> None:
        if self._passed != len(self.round.passed):
            self._passed = len(self.round.passed)
            self._locks.clear()


@dataclass(frozen=True, slots=True)
class _Layout:
    """HELD + MAJOR as one record, with blank fields, and the names of those in their order."""

    blank: bytes
    record: np.dtype[np.void]
    numbers: tuple[str, ...]
    texts: tuple[str, ...]
    held_width: int

    @property
    def width(self) -> int:
        return len(self.blank)


def _layout() -> _Layout:
    pattern, blank, end = HELD + MAJOR, b"", 0
    fields: dict[str, tuple[str, int]] = {}
    for field in re.finditer(rb"%(\d+)([db])", pattern):
        blank += pattern[end : field.start()]
        width, number = int(field[1]), field[2] == b"d"
        fields[f"{'number' if number else 'text'} {len(fields)}"] = (
            "u8" if number else f"V{width}",
            len(blank),
        )
        blank += b" " * width
        end = field.end()
    blank += pattern[end:]
    record = np.dtype(
        {
            "names": list(fields),
            "formats": [form for form, _ in fields.values()],
            "offsets": [offset for _, offset in fields.values()],
            "itemsize": len(blank),
        }
    )
    return _Layout(
        blank=blank,
        record=record,
        numbers=tuple(name for name in fields if name.startswith("number")),
        texts=tuple(name for name in fields if name.startswith("text")),
        held_width=blank.index(b',"first_major"'),
    )


def _table(texts: Sequence[bytes], width: int) -> Texts:
    """(n,) void of `width` bytes: the texts, each moved to the right of its field."""
    return np.frombuffer(b"".join(text.rjust(width) for text in texts), f"V{width}")


def _line(milli: int | None) -> bytes:
    return b"null" if milli is None else score_text(milli).encode()


def _line_texts(lines: Numbers) -> Texts:
    """(m,) void of 9 bytes: the score of each unit's line, or null."""
    found, which = np.unique(lines, return_inverse=True)
    known = [_line(None if milli == NO_LINE else milli) for milli in found.tolist()]
    return _table(known, 9)[which]


def digits(values: Numbers) -> Digits:
    """uint64 in the shape of `values`: the 8 bytes of each, moved to the right of its field.

    values  int32 from 0 to 99,999,999.
    """
    high, low = np.divmod(values, np.int32(10_000))
    text = np.empty((*values.shape, 2), np.uint32)
    text[..., 0] = np.where(high, _PADDED[high], _BLANK)
    text[..., 1] = np.where(high, _ZEROED[low], _PADDED[low])
    return text.view(np.uint64)[..., 0]


_PADDED = np.frombuffer(b"".join(b"%4d" % n for n in range(10_000)), np.uint32)
_ZEROED = np.frombuffer(b"".join(b"%04d" % n for n in range(10_000)), np.uint32)
_BLANK = np.frombuffer(b"    ", np.uint32)[0]
_STATUS_TEXTS = _table(STATUSES, 14)
_VERDICT_TEXTS = _table(VERDICTS, 6)
_LAYOUT = _layout()
