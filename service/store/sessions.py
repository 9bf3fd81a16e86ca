"""Many sessions in one question: for all who come back at once, and to look after those who stay."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.people import SignedIn
from service.store.schema import candidate, credential, session


async def find_sessions(
    connection: AsyncConnection, token_digests: Collection[str], now_ms: int
) -> dict[str, SignedIn]:
    """Whose sessions these are, by digest; one that is unknown or has run out is not in it."""
    columns = (
        session.c.token_digest,
        candidate.c.id,
        candidate.c.candidate_no,
        candidate.c.track,
        credential.c.must_change_password,
    )
    query = (
        select(*columns)
        .join(candidate, candidate.c.id == session.c.candidate_id)
        .join(credential, credential.c.candidate_id == candidate.c.id)
        .where(session.c.token_digest.in_(token_digests), session.c.expires_ms > now_ms)
    )
    rows = await connection.execute(query)
    return {
        row.token_digest: SignedIn(row.id, row.candidate_no, row.track, row.must_change_password)
        for row in rows
    }


async def alive_of(
    connection: AsyncConnection, token_digests: Collection[str], now_ms: int
) -> set[str]:
    """Which of these sessions have neither ended nor run out."""
    query = select(session.c.token_digest).where(
        session.c.token_digest.in_(token_digests), session.c.expires_ms > now_ms
    )
    return set((await connection.scalars(query)).all())
