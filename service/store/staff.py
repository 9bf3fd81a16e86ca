"""Staff accounts, their roles and sessions."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.events import from_ms, to_ms
from service.store.schema import staff, staff_role, staff_session

Role = Literal["importer", "reviewer", "publisher", "auditor", "security_admin"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Member:
    """One of the staff who may act: the account is not disabled."""

    id: int
    name: str
    roles: frozenset[Role]
    must_change_password: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """What a staff sign-in is checked against."""

    id: int
    secret: str
    must_change_password: bool
    totp_secret: str
    totp_step: int
    failures: int
    failed_at: datetime
    disabled: bool


async def add(
    connection: AsyncConnection, name: str, roles: Collection[Role], account: Account, at: datetime
) -> int:
    """Keep a new account; its id."""
    made = await connection.execute(
        insert(staff)
        .values(
            name=name,
            secret=account.secret,
            must_change_password=account.must_change_password,
            totp_secret=account.totp_secret,
            totp_step=account.totp_step,
            failures=0,
            failed_ms=0,
            created_ms=to_ms(at),
        )
        .returning(staff.c.id)
    )
    staff_id: int = made.scalar_one()
    rows = [{"staff_id": staff_id, "role": role} for role in sorted(roles)]
    await connection.execute(insert(staff_role), rows)
    return staff_id


async def id_of(connection: AsyncConnection, name: str) -> int | None:
    """The id of an account by its name."""
    found: int | None = await connection.scalar(select(staff.c.id).where(staff.c.name == name))
    return found


async def read_account(connection: AsyncConnection, staff_id: int) -> Account:
    """What the sign-in of a known account is checked against."""
    row = (await connection.execute(select(staff).where(staff.c.id == staff_id))).one()
    return Account(
        row.id,
        row.secret,
        row.must_change_password,
        row.totp_secret,
        row.totp_step,
        row.failures,
        from_ms(row.failed_ms),
        row.disabled_ms is not None,
    )


async def read_member(connection: AsyncConnection, staff_id: int) -> Member | None:
    """Who an id is; None for an unknown or disabled account."""
    query = select(staff).where(staff.c.id == staff_id, staff.c.disabled_ms.is_(None))
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    roles = await connection.scalars(
        select(staff_role.c.role).where(staff_role.c.staff_id == staff_id)
    )
    return Member(row.id, row.name, frozenset(roles.all()), row.must_change_password)


@dataclass(frozen=True, slots=True)
class Listed:
    """An account as the list shows it."""

    id: int
    name: str
    roles: tuple[Role, ...]
    created_at: datetime
    disabled: bool


async def list_staff(connection: AsyncConnection) -> list[Listed]:
    """Every account that ever was, by name."""
    roles: dict[int, list[Role]] = {}
    for row in await connection.execute(select(staff_role).order_by(staff_role.c.role)):
        roles.setdefault(row.staff_id, []).append(row.role)
    rows = await connection.execute(select(staff).order_by(staff.c.name))
    return [
        Listed(
            row.id,
            row.name,
            tuple(roles.get(row.id, ())),
            from_ms(row.created_ms),
            row.disabled_ms is not None,
        )
        for row in rows
    ]


async def names_of(connection: AsyncConnection) -> dict[int, str]:
    """Everybody's name by id: for staff's own pages only."""
    rows = await connection.execute(select(staff.c.id, staff.c.name))
    return {row.id: row.name for row in rows}


async def keep_step(connection: AsyncConnection, staff_id: int, step: int) -> None:
    """Remember the time step whose code was used, and that a sign-in succeeded."""
    await connection.execute(
        update(staff).where(staff.c.id == staff_id).values(totp_step=step, failures=0)
    )


async def keep_failure(
    connection: AsyncConnection, staff_id: int, failures: int, at: datetime
) -> None:
    """Remember how many tries in a row have failed."""
    await connection.execute(
        update(staff).where(staff.c.id == staff_id).values(failures=failures, failed_ms=to_ms(at))
    )


async def set_password(connection: AsyncConnection, staff_id: int, secret: str) -> None:
    """Replace a password; it is one's own from now on."""
    await connection.execute(
        update(staff)
        .where(staff.c.id == staff_id)
        .values(secret=secret, must_change_password=False)
    )


async def disable(connection: AsyncConnection, staff_id: int, at: datetime) -> None:
    """Close an account for good; what it did stays."""
    await connection.execute(
        update(staff).where(staff.c.id == staff_id).values(disabled_ms=to_ms(at))
    )
    await end_sessions_of(connection, staff_id)


async def add_session(
    connection: AsyncConnection, token_digest: str, staff_id: int, at: datetime
) -> None:
    """Open a session."""
    await connection.execute(
        insert(staff_session).values(
            token_digest=token_digest, staff_id=staff_id, created_ms=to_ms(at), seen_ms=to_ms(at)
        )
    )


@dataclass(frozen=True, slots=True)
class Open:
    """A session that is there."""

    staff_id: int
    created_at: datetime
    seen_at: datetime


async def find_session(connection: AsyncConnection, token_digest: str) -> Open | None:
    """The session of a token, whatever its age."""
    query = select(staff_session).where(staff_session.c.token_digest == token_digest)
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    return Open(row.staff_id, from_ms(row.created_ms), from_ms(row.seen_ms))


async def keep_seen(connection: AsyncConnection, token_digest: str, at: datetime) -> None:
    """Remember that a session was used."""
    await connection.execute(
        update(staff_session)
        .where(staff_session.c.token_digest == token_digest)
        .values(seen_ms=to_ms(at))
    )


async def end_idle(connection: AsyncConnection, unseen_since: datetime) -> None:
    """Forget the sessions that were last used before."""
    old = staff_session.c.seen_ms <= to_ms(unseen_since)
    await connection.execute(delete(staff_session).where(old))


async def end_session(connection: AsyncConnection, token_digest: str) -> None:
    """End one session."""
    await connection.execute(
        delete(staff_session).where(staff_session.c.token_digest == token_digest)
    )


async def end_sessions_of(connection: AsyncConnection, staff_id: int) -> None:
    """End every session of an account."""
    await connection.execute(delete(staff_session).where(staff_session.c.staff_id == staff_id))
