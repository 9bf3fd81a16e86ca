"""The statements of one group at the filing desk: two to read it, one for each table it writes.

They run on a plain connection inside `Lane.run`, under the head's lock.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

import msgspec
from sqlalchemy import Connection, CursorResult

from service.receipts import Receipt
from service.store import schema
from service.store.bulk import insert_rows
from service.store.choices import Answer, Held, Kept
from service.store.people import Person

_SQLITE = (
    "(SELECT json_extract(value, '$[0]') AS one, json_extract(value, '$[1]') AS other "
    "FROM json_each(?)) AS asked"
)
_POSTGRESQL = "unnest($1::integer[], $2::{other}[]) AS asked (one, other)"

_PLACES = """
SELECT asked.one AS round_id, c.id, c.season_id, c.candidate_no, c.track,
       c.exam_score + c.bonus AS filing,
       EXISTS (
         SELECT 1 FROM outcome AS o JOIN filing AS f ON f.round_id = o.round_id
         WHERE o.candidate_id = c.id AND f.released_ms IS NOT NULL
           AND o.outcome = 'admitted' AND (o.decision IS NULL OR o.decision = 'admitted')
       ) AS admitted,
       h.version, h.unit_id, h.first_major_id, h.seq, r.body
FROM {asked} CROSS JOIN candidate AS c
LEFT JOIN choice AS h ON h.round_id = asked.one AND h.candidate_id = c.id
LEFT JOIN receipt AS r ON r.seq = h.seq
WHERE c.id = asked.other
"""

_ANSWERS = """
SELECT a.candidate_id, a.key, a.request_digest, a.receipt_seq, r.body
FROM {asked} CROSS JOIN answered AS a JOIN receipt AS r ON r.seq = a.receipt_seq
WHERE a.candidate_id = asked.one AND a.key = asked.other
"""

_HELD, _KEPT, _ANSWER = (attrgetter(*kind.__slots__) for kind in (Held, Kept, Answer))
"""A row's values in the order of its table's columns, which its fields are named after."""


@dataclass(slots=True)
class Found:
    """What a group's decisions need: who asks, what they hold, what their keys were answered with.

    `receipts` has the one of every choice held and of every answer, by seq.
    """

    people: dict[int, Person] = field(default_factory=dict)
    held: dict[tuple[int, int], Held] = field(default_factory=dict)
    answers: dict[tuple[int, str], Answer] = field(default_factory=dict)
    receipts: dict[int, Receipt] = field(default_factory=dict)


def find(
    connection: Connection, places: Collection[tuple[int, int]], keys: Collection[tuple[int, str]]
) -> Found:
    """What is known of these (round id, candidate id) and these (candidate id, key)."""
    found = Found()
    for row in _joined(connection, _PLACES, "integer", places) if places else ():
        found.people[row.id] = Person(
            row.id, row.season_id, row.candidate_no, row.track, row.filing, bool(row.admitted)
        )
        if row.body is not None:
            place = (row.round_id, row.id)
            found.held[place] = Held(*place, row.version, row.unit_id, row.first_major_id, row.seq)
            found.receipts[row.seq] = Receipt.from_json(row.body)
    for row in _joined(connection, _ANSWERS, "text", keys) if keys else ():
        answer = Answer(row.candidate_id, row.key, row.request_digest, row.receipt_seq)
        found.answers[row.candidate_id, row.key] = answer
        found.receipts[row.receipt_seq] = Receipt.from_json(row.body)
    return found


def _joined(
    connection: Connection, query: str, other: str, pairs: Collection[tuple[int, object]]
) -> CursorResult[tuple[object, ...]]:
    """The rows of a query over a list of pairs, at least one, given to it as a table.

    Row values in an IN list would do on PostgreSQL; SQLite reads the whole table for them.
    """
    wanted = list(set(pairs))
    if connection.dialect.name == "sqlite":
        as_json = msgspec.json.encode(wanted).decode()
        return connection.exec_driver_sql(query.format(asked=_SQLITE), (as_json,))
    given = tuple(list(column) for column in zip(*wanted, strict=True))
    asked = _POSTGRESQL.format(other=other)
    return connection.exec_driver_sql(query.format(asked=asked), given)


def keep(
    connection: Connection,
    held: Sequence[Held],
    receipts: Sequence[Kept],
    answers: Sequence[Answer],
) -> None:
    """Write one group's choices, receipts and answered keys: a statement each."""
    insert_rows(connection, schema.choice, [_HELD(h) for h in held], replace=True)
    insert_rows(connection, schema.receipt, [_KEPT(k) for k in receipts])
    insert_rows(connection, schema.answered, [_ANSWER(a) for a in answers])
