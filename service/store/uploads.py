"""Files at the office's desk: kept until they are applied or given up, then only what they were."""

import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.events import from_ms, to_ms
from service.store.schema import upload

What = Literal["plan", "candidates", "round", "decisions"]
State = Literal["rejected", "checked", "proposed", "applied", "dropped"]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file someone brought. `target` is the code of a round, for candidates of a season."""

    id: int
    what: What
    target: str
    name: str
    digest: str
    state: State
    summary: str
    uploaded_by: int
    uploaded_at: datetime


async def add(connection: AsyncConnection, new: Upload, content: bytes | None) -> int:
    """Keep a file; its id. None: only that it was brought and refused."""
    made = await connection.execute(
        insert(upload)
        .values(
            what=new.what,
            target=new.target,
            name=new.name,
            digest=new.digest,
            content=None if content is None else zlib.compress(content, 6),
            state=new.state,
            summary=new.summary,
            uploaded_by=new.uploaded_by,
            uploaded_ms=to_ms(new.uploaded_at),
        )
        .returning(upload.c.id)
    )
    upload_id: int = made.scalar_one()
    return upload_id


_FACTS = [column for column in upload.columns if column.name != "content"]


async def read_upload(connection: AsyncConnection, upload_id: int) -> Upload | None:
    """What is known of a file."""
    row = (await connection.execute(select(*_FACTS).where(upload.c.id == upload_id))).first()
    return None if row is None else _upload(row)


async def content_of(connection: AsyncConnection, upload_id: int) -> bytes | None:
    """A file's bytes; None once it was applied or given up."""
    query = select(upload.c.content).where(upload.c.id == upload_id)
    found: bytes | None = await connection.scalar(query)
    return None if found is None else zlib.decompress(found)


async def newest(connection: AsyncConnection, limit: int) -> list[Upload]:
    """The last files that were brought, newest first."""
    rows = await connection.execute(select(*_FACTS).order_by(upload.c.id.desc()).limit(limit))
    return [_upload(row) for row in rows]


async def mark(connection: AsyncConnection, upload_id: int, state: State) -> None:
    """Say what became of a file; its bytes stay only while it may still be applied."""
    values: dict[str, object] = {"state": state}
    if state in ("applied", "dropped"):
        values["content"] = None
    await connection.execute(update(upload).where(upload.c.id == upload_id).values(**values))


def _upload(row: Row[tuple[object, ...]]) -> Upload:
    return Upload(
        row.id,
        row.what,
        row.target,
        row.name,
        row.digest,
        row.state,
        row.summary,
        row.uploaded_by,
        from_ms(row.uploaded_ms),
    )
