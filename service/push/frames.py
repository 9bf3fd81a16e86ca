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

Texts: TypeAlias = NDArray[np.uint8]
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
        book, now = self.round.book, self.round.computed()
        standings, unit = now.standings, book.unit[rows]
        held, shown = unit != NO_UNIT, standings.major_rank[rows] > 0
        if not held.any():
            return self._bodies(b"", rows, held, shown)
        rank, tied = standings.rank[rows], standings.tied[rows]
        blocks = np.empty((len(rows), _LAYOUT.width), np.uint8)
        blocks[:] = _LAYOUT.template
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
        for at, number in zip(_LAYOUT.numbers, values, strict=True):
            blocks[:, at : at + 8] = digits(number)
        for at, text in zip(_LAYOUT.texts, texts, strict=True):
            blocks[:, at : at + text.shape[1]] = text
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
            lock, start = self._lock(row, filing), n * width
            if not holds:
                bodies.append((NOWHERE, lock))
            elif has_major:
                block = blocks[start : start + width]
                bodies.append((self._unit(unit), lock, block, self._major(unit, major)))
            else:
                block = blocks[start : start + without]
                none = NO_MAJOR_NAMED if filed else NO_MAJOR
                bodies.append((self._unit(unit), lock, block, none))
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
        """The same for all of one filing score, until another gate has passed."""
        if self._passed != len(self.round.passed):
            self._passed = len(self.round.passed)
            self._locks.clear()
        text = self._locks.get(filing)
        if text is None:
            text = b',"lock":' + msgspec.json.encode(views.lock_view(self.round, row))
            self._locks[filing] = text
        return text


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the fields of HELD + MAJOR are, counted in bytes."""

    template: Texts
    numbers: tuple[int, ...]
    texts: tuple[int, ...]
    held_width: int

    @property
    def width(self) -> int:
        return len(self.template)


def _layout() -> _Layout:
    at: dict[bytes, list[int]] = {b"d": [], b"b": []}
    pattern, blank, end = HELD + MAJOR, b"", 0
    for field in re.finditer(rb"%(\d+)([db])", pattern):
        blank += pattern[end : field.start()]
        at[field[2]].append(len(blank))
        blank += b" " * int(field[1])
        end = field.end()
    blank += pattern[end:]
    held_width = blank.index(b',"first_major"')
    template = np.frombuffer(blank, np.uint8)
    return _Layout(template, tuple(at[b"d"]), tuple(at[b"b"]), held_width)


def _table(texts: Sequence[bytes], width: int) -> Texts:
    """(n, width) uint8: the texts, each moved to the right of its field."""
    return np.frombuffer(b"".join(text.rjust(width) for text in texts), np.uint8).reshape(-1, width)


def _line(milli: int | None) -> bytes:
    return b"null" if milli is None else score_text(milli).encode()


def _line_texts(lines: Numbers) -> Texts:
    """(m, 9) uint8: the score of each unit's line, or null."""
    found, which = np.unique(lines, return_inverse=True)
    known = [_line(None if milli == NO_LINE else milli) for milli in found.tolist()]
    table: Texts = _table(known, 9)[which]
    return table


def digits(values: Numbers) -> Texts:
    """(n, 8) uint8: whole numbers from 0 to 99,999,999, moved to the right of their field."""
    high, low = np.divmod(values, np.int32(10_000))
    text = np.empty((len(values), 2), np.uint32)
    text[:, 0] = np.where(high, _PADDED[high], _BLANK)
    text[:, 1] = np.where(high, _ZEROED[low], _PADDED[low])
    return text.view(np.uint8)


_PADDED = np.frombuffer(b"".join(b"%4d" % n for n in range(10_000)), np.uint32)
_ZEROED = np.frombuffer(b"".join(b"%04d" % n for n in range(10_000)), np.uint32)
_BLANK = np.frombuffer(b"    ", np.uint32)[0]
_STATUS_TEXTS = _table(STATUSES, 14)
_VERDICT_TEXTS = _table(VERDICTS, 6)
_LAYOUT = _layout()
