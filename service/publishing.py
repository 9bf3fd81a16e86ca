"""Publication of the statistics table: a snapshot on the schedule, never changed afterwards."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from importers.round_file import Schedule
from service.events import Event, from_ms, to_ms
from service.filing import Clock
from service.receipts import canonical
from service.store import log, publications
from service.store.engine import Engine, reading, writing
from service.store.publications import Snapshot


@dataclass(frozen=True, slots=True)
class Window:
    """What lies between the last publication and the next.

    Attributes:
        last: the publication before; None before the first.
        moves: (unit id before, unit id after) of every choice since, None for no choice.
    """

    last: Snapshot | None = None
    moves: Sequence[tuple[int | None, int | None]] = ()


class Publisher:
    """The writer of statistics."""

    def __init__(self, engine: Engine, clock: Clock, announce: Callable[[int], None]) -> None:
        self._engine = engine
        self._clock = clock
        self._announce = announce

    async def publish(self, round_id: int, number: int, content: Mapping[str, object]) -> bool:
        """Keep publication `number` of a round; False when another worker has published it."""
        now = self._clock()
        async with writing(self._engine) as connection:
            if await publications.last_number(connection, round_id) >= number:
                return False
            body = canonical(content)
            digest = hashlib.sha256(body).hexdigest()
            event = Event(
                0,
                "statistics_published",
                now,
                round_id=round_id,
                body={"number": number, "digest": digest},
            )
            (written,) = await log.append(connection, [event])
            await publications.add(
                connection, Snapshot(round_id, number, written.seq, to_ms(now), digest, body)
            )
        self._announce(written.seq)
        return True

    async def window(self, round_id: int, seq: int) -> Window:
        """What has happened since the newest publication, up to `seq`."""
        async with reading(self._engine) as connection:
            last = await publications.newest(connection, round_id)
            after = 0 if last is None else last.true_at
            return Window(last, await log.unit_moves(connection, round_id, after, seq))

    async def newest(self, round_id: int) -> tuple[int, datetime | None]:
        """The number and moment of a round's newest publication; (0, None) before the first."""
        async with reading(self._engine) as connection:
            found = await publications.newest(connection, round_id)
        return (0, None) if found is None else (found.number, from_ms(found.published_ms))


def publication_times(schedule: Schedule) -> list[datetime]:
    """The instants of a round's publications: each full period after opening, and the close."""
    times = []
    moment = schedule.opens + schedule.statistics_every
    while moment < schedule.closes:
        times.append(moment)
        moment += schedule.statistics_every
    return [*times, schedule.closes]
