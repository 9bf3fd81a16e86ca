"""Time-based one-time passwords, RFC 6238: SHA-1, six digits, steps of 30 seconds.

Pure: a secret and an instant go in. That a step is never accepted again is the caller's to keep.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote, urlencode

from service.events import to_ms

STEP_S = 30
DIGITS = 6
ISSUER = "mingci"


def new_secret() -> str:
    """A secret of 160 bits, as authenticator applications take it: base32."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def step_at(now: datetime) -> int:
    """The number of the time step that holds an instant."""
    return to_ms(now) // 1000 // STEP_S


def code_at(secret: str, step: int, digits: int = DIGITS) -> str:
    """The code of one step. RFC 4226 5.3."""
    key = base64.b32decode(secret)
    digest = hmac.digest(key, step.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def step_of(secret: str, code: str, now: datetime, last_step: int) -> int | None:
    """The step that `code` is of: this one, or a neighbour for clocks that differ.

    None for a wrong code, and for a step not later than `last_step`: each is taken once.
    """
    if not (code.isascii() and code.isdigit()):
        return None
    here = step_at(now)
    for step in (here, here - 1, here + 1):
        if step > last_step and hmac.compare_digest(code_at(secret, step), code):
            return step
    return None


def enrolment(name: str, secret: str) -> str:
    """The address that enrols an account in an authenticator application."""
    facts = urlencode({"secret": secret, "issuer": ISSUER, "digits": DIGITS, "period": STEP_S})
    return f"otpauth://totp/{ISSUER}:{quote(name, safe='')}?{facts}"
