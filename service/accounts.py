"""Candidates' accounts: sign-in, the forced first change of the initial code, sessions.

Passwords are kept as argon2id. An initial code is random and used once, so a salted SHA-256 is
enough for it, and 200,000 of them can be loaded in seconds. Every failed sign-in costs the same
work and gets the same answer.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

import anyio.to_thread
from anyio import CapacityLimiter
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from service.errors import Refusal
from service.events import to_ms
from service.filing import Clock
from service.store import people
from service.store.engine import Connection, Engine, reading, writing
from service.store.lane import Lane
from service.store.people import SignedIn
from service.together import Together

MIN_PASSWORD = 8
MAX_PASSWORD = 128
INITIAL_CODE_LENGTH = 10
INITIAL_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = _hasher.hash(secrets.token_hex(16))


Ended: TypeAlias = int | str
"""What has ended: all sessions of a candidate, by row id, or one session, by its token's digest."""


@dataclass(frozen=True, slots=True)
class Session:
    """An opened session; only the token's digest is kept by the service."""

    token: str
    expires_at: datetime
    must_change_password: bool


class Accounts:
    """Sign-in and sessions over one engine. `on_end` is told what has just ended here."""

    def __init__(self, engine: Engine, clock: Clock, session_hours: int) -> None:
        self._engine = engine
        self._clock = clock
        self._span = timedelta(hours=session_hours)
        self._hashing = CapacityLimiter(2)
        self._lane = Lane(engine, "sessions", writes=False)
        self._sessions = Together(self._find)
        self.on_end: Callable[[Ended], None] = lambda _ended: None

    async def close(self) -> None:
        """Let go of the database."""
        await self._lane.close()

    async def sign_in(self, candidate_no: str, password: str, device: str = "") -> Session:
        """Open a session.

        Raises:
            Refusal: `wrong-credentials`, the same for an unknown number and a wrong password.
        """
        async with reading(self._engine) as connection:
            lock = None
            if candidate_no.isprintable():  # PostgreSQL refuses a NUL
                lock = await people.find_credential(connection, candidate_no)
        fits = await self._fits(password, None if lock is None else lock.secret)
        if lock is None or not fits:
            raise Refusal("wrong-credentials")
        async with writing(self._engine) as connection:
            return await self._open(connection, lock, device)

    async def whose(self, token: str) -> SignedIn:
        """Whose session a token is.

        Raises:
            Refusal: `not-signed-in`.
        """
        found = await self._sessions.ask(token_digest(token))
        if found is None:
            raise Refusal("not-signed-in")
        return found

    async def _find(self, digests: Sequence[str]) -> Mapping[str, SignedIn]:
        """The sessions of all who ask at this moment, in one look; no answer outlives it."""
        now_ms = to_ms(self._clock())
        return await self._lane.run(lambda c: people.find_sessions(c, digests, now_ms))

    async def change_password(
        self, candidate_id: int, old: str, new: str, device: str = ""
    ) -> Session:
        """Replace the password; every session ends and a new one is opened.

        Raises:
            Refusal: `wrong-credentials` for the old one, `weak-password` for the new one.
        """
        async with reading(self._engine) as connection:
            lock = await people.credential_of(connection, candidate_id)
        if not await self._fits(old, lock.secret):
            raise Refusal("wrong-credentials")
        if not MIN_PASSWORD <= len(new) <= MAX_PASSWORD or new == old:
            raise Refusal("weak-password", least=MIN_PASSWORD, most=MAX_PASSWORD)
        secret = await self._in_thread_hash(new)
        async with writing(self._engine) as connection:
            if await people.credential_of(connection, candidate_id) != lock:
                raise Refusal("wrong-credentials")
            await people.set_password(connection, candidate_id, secret)
            await people.end_sessions_of(connection, candidate_id)
            changed = people.Lock(candidate_id, secret, must_change_password=False)
            session = await self._open(connection, changed, device)
        self.on_end(candidate_id)
        return session

    async def sign_out(self, token: str) -> None:
        """End one session; an unknown one is ended already."""
        async with writing(self._engine) as connection:
            await people.end_session(connection, token_digest(token))
        self.on_end(token_digest(token))

    async def _open(self, connection: Connection, lock: people.Lock, device: str) -> Session:
        """Open a session in a writing transaction, if `lock` is still what stands.

        Raises:
            Refusal: `wrong-credentials`: the password was changed since it was verified.
        """
        if await people.credential_of(connection, lock.candidate_id) != lock:
            raise Refusal("wrong-credentials")
        token = secrets.token_urlsafe(32)
        now = self._clock()
        expires = now + self._span
        span = (to_ms(now), to_ms(expires))
        await people.add_session(
            connection, token_digest(token), lock.candidate_id, span, device[:200]
        )
        return Session(token, expires, lock.must_change_password)

    async def _fits(self, password: str, secret: str | None) -> bool:
        return await anyio.to_thread.run_sync(
            verify, password[:MAX_PASSWORD], secret, limiter=self._hashing
        )

    async def _in_thread_hash(self, password: str) -> str:
        return await anyio.to_thread.run_sync(hashed, password, limiter=self._hashing)


def hashed(password: str) -> str:
    """How a password is kept: argon2id with a salt of its own. Slow on purpose."""
    return _hasher.hash(password)


def verify(password: str, secret: str | None) -> bool:
    """Whether the password fits, at the cost of one argon2 whatever the secret's kind."""
    initial = secret is not None and secret.startswith("initial$")
    target = _NOBODY if secret is None or initial else secret
    try:
        _hasher.verify(target, password)
    except (VerifyMismatchError, InvalidHashError):
        known = False
    else:
        known = secret is not None
    if secret is not None and initial:
        return hmac.compare_digest(secret, initial_secret(password, secret.split("$")[1]))
    return known


def initial_secret(code: str, salt: str | None = None) -> str:
    """How an initial code is kept: `initial$salt$digest`."""
    salt = secrets.token_hex(8) if salt is None else salt
    return f"initial${salt}${hashlib.sha256(f'{salt}${code}'.encode()).hexdigest()}"


def new_initial_code() -> str:
    """A code that cannot be guessed and reads without doubt: 10 letters, 49 bits."""
    return "".join(secrets.choice(INITIAL_ALPHABET) for _ in range(INITIAL_CODE_LENGTH))


def token_digest(token: str) -> str:
    """What is kept of a session's token."""
    return hashlib.sha256(token.encode()).hexdigest()
