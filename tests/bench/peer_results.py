"""The peer of `bench results`: the same service, but a result is rendered from rows when it is asked.

`python -m tests.bench.peer_results PORT`; the database is the environment's.
"""

import asyncio
import sys
from collections.abc import Collection, Mapping
from typing import Any

import uvicorn
from sqlalchemy import func, select

from service.events import from_ms
from service.moments import moment
from service.outcome_words import REASONS
from service.receipts import canonical
from service.settings import Settings
from service.store import results, schema
from service.store.engine import Connection
from web.app import make_app
from web.cli.serve import server_config

o, f, u, m, c = (
    schema.outcome, schema.filing, schema.unit, schema.major, schema.candidate,
)  # fmt: skip


async def rendered_from_rows(
    connection: Connection, candidate_ids: Collection[int]
) -> dict[int, list[tuple[int, bytes]]]:
    """What `store.results.released_bodies` gives, made of seven tables."""
    query = (
        select(o, f, u, m, c, schema.round_.c.code.label("round"), schema.log.c.at_ms)
        .join(f, f.c.round_id == o.c.round_id)
        .join(c, c.c.id == o.c.candidate_id)
        .join(schema.round_, schema.round_.c.id == o.c.round_id)
        .outerjoin(u, u.c.id == o.c.unit_id)
        .outerjoin(m, m.c.id == o.c.major_id)
        .join(
            schema.choice,
            (schema.choice.c.round_id == o.c.round_id)
            & (schema.choice.c.candidate_id == o.c.candidate_id),
        )
        .join(schema.log, schema.log.c.seq == schema.choice.c.seq)
        .where(o.c.candidate_id.in_(sorted(candidate_ids)), f.c.released_ms.is_not(None))
    )
    rows = (await connection.execute(query)).mappings().all()
    return {
        row[o.c.candidate_id]: [(row[f.c.released_ms], await _render(connection, row))]
        for row in rows
    }


async def _render(connection: Connection, row: Mapping[Any, Any]) -> bytes:
    """One result; the lowest admitted of the major is asked for, as a line would be."""
    lowest = await connection.scalar(
        select(func.min(c.c.exam_score + c.c.bonus))
        .join(o, o.c.candidate_id == c.c.id)
        .where(o.c.major_id == row[o.c.major_id], schema.ADMITTED)
    )
    score = (row[c.c.exam_score] + row[c.c.bonus]) / 1000
    facts = dict.fromkeys(
        ("filing", "score", "line_filing", "line_plan", "position", "tie_keys"), score
    )
    zh, en = REASONS[row[o.c.reason]]
    said = {
        "round": row["round"],
        "outcome": row[o.c.outcome],
        "institution_code": row[u.c.institution_code],
        "institution_name": row[u.c.institution_name],
        "track": row[c.c.track],
        "major": row[m.c.name],
        "major_position": row[o.c.position],
        "reason": {
            "zh": zh.format(**facts, lowest=lowest),
            "en": en.format(**facts, lowest=lowest),
        },
        "steps": [moment(from_ms(at)) for at in (row["at_ms"], row[f.c.filed_ms])],
    }
    return canonical(said)


async def serve(port: int) -> None:
    """Serve until told to stop."""
    results.released_bodies = rendered_from_rows
    app = make_app(Settings())
    await uvicorn.Server(server_config(app, "127.0.0.1", port)).serve()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
