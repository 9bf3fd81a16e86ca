"""What every choice held lists beyond its first major: all that placing people in majors needs."""

import numpy as np

from ranking.book import NO_MAJOR, NO_UNIT, Int
from ranking.outcomes import Forms
from service.events import Event
from service.store.choices import Listed


class MajorWishes:
    """Columns beside a book: majors (n, w) int32 indices, NO_MAJOR after the last; accepts (n,).

    200,000 candidates with six majors each take 5 MB. Rows of who holds nothing mean nothing.
    """

    def __init__(self, candidates: int, majors_per_choice: int) -> None:
        self._majors = np.full((candidates, majors_per_choice), NO_MAJOR, np.int32)
        self._accepts = np.zeros(candidates, np.bool_)

    def put(self, row: int, majors: list[int], accepts_adjustment: bool) -> None:  # noqa: FBT001 - a cell of a column
        """Write what one choice lists.

        A round whose limit was lowered after a longer list was filed keeps the longer one.
        """
        width = self._majors.shape[1]
        if len(majors) > width:
            more = ((0, 0), (0, len(majors) - width))
            self._majors = np.pad(self._majors, more, constant_values=NO_MAJOR)
        self._majors[row] = NO_MAJOR
        self._majors[row, : len(majors)] = majors
        self._accepts[row] = accepts_adjustment

    def forms(self, unit: Int) -> Forms:
        """Everybody's choice as placement takes it; unit (n,) as in the book, copied."""
        row = np.flatnonzero(unit != NO_UNIT).astype(np.int32)
        return Forms(
            row=row,
            position=np.ones(len(row), np.int32),
            unit=unit[row],
            majors=self._majors[row],
            accepts_adjustment=self._accepts[row],
        )


def listed_by(event: Event) -> Listed:
    """What a choice's event lists; nothing for a withdrawal."""
    body = event.body or {}
    majors = body.get("majors") or []
    if event.candidate_id is None or not isinstance(majors, list):
        raise TypeError(f"event {event.seq} is no choice")
    return Listed(event.candidate_id, tuple(majors), bool(body.get("accepts_adjustment")))
