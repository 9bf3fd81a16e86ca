"""Staff accounts: sign-in by password and one-time code, sessions, confirmation at an act.

Every failed sign-in costs the same work and gets the same answer. After a few failures in a row
an account waits, so that a code cannot be found by trying.
"""

import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import anyio.to_thread
import structlog
from anyio import CapacityLimiter

from service import totp
from service.accounts import MAX_PASSWORD, MIN_PASSWORD, hashed, new_initial_code, verify
from service.errors import Refusal
from service.events import from_ms
from service.filing import Clock
from service.store import staff
from service.store.engine import Connection, Engine, reading, writing
from service.store.staff import Account, Listed, Member, Role

__all__ = ["Listed", "Member", "NewAccount", "StaffAccounts"]

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
"""How long a session lasts unused, and at all."""

SEEN_EVERY = timedelta(minutes=1)
"""How exactly the last use of a session is kept."""

TRIES = 5
PAUSE = timedelta(minutes=15)
"""After so many failures in a row an account waits so long."""

_log = structlog.get_logger(__name__)

NAME = re.compile(r"[\w.-]{1,64}")


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What is shown once, to be handed over: nothing of it can be read again."""

    id: int
    password: str
    totp_secret: str

    def enrolment(self, name: str) -> str:
        """The address for an authenticator application."""
        return totp.enrolment(name, self.totp_secret)


class StaffAccounts:
    """Accounts and sessions of the office's staff over one engine."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._hashing = CapacityLimiter(2)

    async def add(
        self, name: str, roles: Collection[Role], *, must_change_password: bool = True
    ) -> NewAccount:
        """Make an account.

        Raises:
            Refusal: `name-taken`; `invalid-request` for a name or roles that cannot be.
        """
        if NAME.fullmatch(name) is None or not roles:
            raise Refusal("invalid-request")
        password, secret = new_initial_code(), totp.new_secret()
        account = Account(
            0,
            await self._hashed(password),
            must_change_password,
            secret,
            totp_step=0,
            failures=0,
            failed_at=from_ms(0),
            disabled=False,
        )
        async with writing(self._engine) as connection:
            if await staff.id_of(connection, name) is not None:
                raise Refusal("name-taken")
            staff_id = await staff.add(connection, name, roles, account, self._clock())
        return NewAccount(staff_id, password, secret)

    async def everybody(self) -> list[Listed]:
        """Every account, also the closed ones."""
        async with reading(self._engine) as connection:
            return await staff.list_staff(connection)

    async def disable(self, name: str) -> None:
        """Close an account for good and end its sessions.

        Raises:
            Refusal: `not-found`.
        """
        async with writing(self._engine) as connection:
            staff_id = await staff.id_of(connection, name)
            if staff_id is None:
                raise Refusal("not-found", what=name)
            await staff.disable(connection, staff_id, self._clock())

    async def disable_by(self, by: Member, name: str, code: str) -> None:
        """Close another's account, as the one who looks after accounts.

        Raises:
            Refusal: `not-allowed`, also for one's own account; `wrong-code`; `not-found`.
        """
        if "security_admin" not in by.roles or by.name == name:
            raise Refusal("not-allowed")
        await self.confirm(by, code)
        await self.disable(name)

    async def sign_in(self, name: str, password: str, code: str) -> str:
        """Open a session; its token, of which only the digest is kept.

        Raises:
            Refusal: `wrong-credentials`, whatever of the three was wrong; `too-many-attempts`.
        """
        account = await self._find(name)
        fits = await self._fits(password, None if account is None else account.secret)
        if account is None or account.disabled:
            raise Refusal("wrong-credentials")
        await self._use_code(account.id, code, fits=fits)
        token = secrets.token_urlsafe(32)
        async with writing(self._engine) as connection:
            now = await staff.read_account(connection, account.id)
            if now.secret != account.secret or now.disabled:
                raise Refusal("wrong-credentials")
            at = self._clock()
            await staff.end_idle(connection, at - IDLE)
            await staff.add_session(connection, _digest(token), account.id, at)
        _log.info("staff_signed_in", staff=account.id)
        return token

    async def whose(self, token: str) -> Member:
        """Whose session a token is.

        Raises:
            Refusal: `staff-not-signed-in`, also after half an hour unused.
        """
        now = self._clock()
        async with reading(self._engine) as connection:
            opened = await staff.find_session(connection, _digest(token))
            member = None
            if opened is not None and _lasts(opened, now):
                member = await staff.read_member(connection, opened.staff_id)
        if opened is None or member is None:
            raise Refusal("staff-not-signed-in")
        if now - opened.seen_at > SEEN_EVERY:
            async with writing(self._engine) as connection:
                await staff.keep_seen(connection, _digest(token), now)
        return member

    async def confirm(self, by: Member, code: str) -> None:
        """Re-authentication at an act: a fresh one-time code.

        Raises:
            Refusal: `wrong-code`, also for one that was used; `too-many-attempts`.
        """
        try:
            await self._use_code(by.id, code, fits=True)
        except Refusal as refusal:
            if refusal.code == "wrong-credentials":
                raise Refusal("wrong-code") from None
            raise

    async def change_password(self, by: Member, old: str, new: str) -> str:
        """Replace the password; every session ends and a new one is opened: its token.

        Raises:
            Refusal: `wrong-credentials` for the old one, `weak-password` for the new one.
        """
        async with reading(self._engine) as connection:
            account = await staff.read_account(connection, by.id)
        if not await self._fits(old, account.secret):
            raise Refusal("wrong-credentials")
        if not MIN_PASSWORD <= len(new) <= MAX_PASSWORD or new == old:
            raise Refusal("weak-password", least=MIN_PASSWORD, most=MAX_PASSWORD)
        secret = await self._hashed(new)
        token = secrets.token_urlsafe(32)
        async with writing(self._engine) as connection:
            if (await staff.read_account(connection, by.id)).secret != account.secret:
                raise Refusal("wrong-credentials")
            await staff.set_password(connection, by.id, secret)
            await staff.end_sessions_of(connection, by.id)
            await staff.add_session(connection, _digest(token), by.id, self._clock())
        return token

    async def sign_out(self, token: str) -> None:
        """End one session; an unknown one is ended already."""
        async with writing(self._engine) as connection:
            await staff.end_session(connection, _digest(token))

    async def _find(self, name: str) -> Account | None:
        async with reading(self._engine) as connection:
            staff_id = await staff.id_of(connection, name) if NAME.fullmatch(name) else None
            return None if staff_id is None else await staff.read_account(connection, staff_id)

    async def _use_code(self, staff_id: int, code: str, *, fits: bool) -> None:
        """Take a one-time code, once; a failure is counted before it is told.

        `fits` False: something else was wrong already, and the code is not used up.
        """
        async with writing(self._engine) as connection:
            account = await staff.read_account(connection, staff_id)
            now = self._clock()
            if _must_wait(account, now):
                raise Refusal("too-many-attempts")
            step = totp.step_of(account.totp_secret, code.strip(), now, account.totp_step)
            if fits and step is not None:
                await staff.keep_step(connection, staff_id, step)
                return
            await self._count_failure(connection, account, now)
        _log.warning("staff_code_refused", staff=staff_id)
        raise Refusal("wrong-credentials")

    async def _count_failure(self, connection: Connection, account: Account, now: datetime) -> None:
        again = account.failures if now - account.failed_at < PAUSE else 0
        await staff.keep_failure(connection, account.id, again + 1, now)

    async def _fits(self, password: str, secret: str | None) -> bool:
        return await anyio.to_thread.run_sync(
            verify, password[:MAX_PASSWORD], secret, limiter=self._hashing
        )

    async def _hashed(self, password: str) -> str:
        return await anyio.to_thread.run_sync(hashed, password, limiter=self._hashing)


def _must_wait(account: Account, now: datetime) -> bool:
    return account.failures >= TRIES and now - account.failed_at < PAUSE


def _lasts(opened: staff.Open, now: datetime) -> bool:
    return now - opened.seen_at < IDLE and now - opened.created_at < LONGEST


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
