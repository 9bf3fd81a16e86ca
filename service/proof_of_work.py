"""Proof of work in ALTCHA's form: who has used up the tries pays with computing, not with a puzzle.

The server signs a challenge; the browser looks for the number whose hash it is. A solution is good
for one subject, once, until it expires. Nothing has to be kept for a challenge that is only asked.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from service.result_shapes import Challenge

MAX_NUMBER = 100_000
"""A browser tries half of it on average: about a second on a telephone."""

LIFETIME = timedelta(minutes=10)
MAX_PAYLOAD = 2048


class ProofOfWork:
    """Makes challenges and checks solutions under one key."""

    def __init__(self, key: bytes, clock: Callable[[], datetime]) -> None:
        self._key = key
        self._clock = clock

    def challenge(self, subject: str) -> Challenge:
        """A new challenge for one subject.

        The salt ends in a separator, so that no digit of the number can pass for one of the salt.
        """
        expires = int((self._clock() + LIFETIME).timestamp())
        salt = f"{secrets.token_hex(12)}?expires={expires}&for={_short(subject)}&"
        hashed = _hash(salt, secrets.randbelow(MAX_NUMBER))
        return {
            "algorithm": "SHA-256",
            "challenge": hashed,
            "maxnumber": MAX_NUMBER,
            "salt": salt,
            "signature": self._sign(hashed),
        }

    def solved(self, subject: str, payload: str) -> str | None:
        """The signature of the challenge that a payload solves; None when it solves none of ours.

        payload: base64 of the JSON {algorithm, challenge, number, salt, signature}.
        """
        said = _decoded(payload)
        salt, number = said.get("salt"), said.get("number")
        if not isinstance(salt, str) or type(number) is not int or not salt.endswith("&"):
            return None
        hashed = _hash(salt, number)
        signature = self._sign(hashed)
        asked = parse_qs(salt.partition("?")[2])
        expires = asked.get("expires", ["0"])[0]
        good = (
            said.get("algorithm") == "SHA-256"
            and said.get("challenge") == hashed
            and hmac.compare_digest(str(said.get("signature")).encode(), signature.encode())
            and asked.get("for") == [_short(subject)]
            and int(expires) > self._clock().timestamp()
        )
        return signature if good else None

    def _sign(self, hashed: str) -> str:
        return hmac.new(self._key, hashed.encode(), hashlib.sha256).hexdigest()


def _hash(salt: str, number: int) -> str:
    return hashlib.sha256(f"{salt}{number}".encode()).hexdigest()


def _short(subject: str) -> str:
    return hashlib.sha256(subject.encode()).hexdigest()[:16]


def _decoded(payload: str) -> dict[str, object]:
    """What a payload says; nothing when it is not of the form."""
    if len(payload) > MAX_PAYLOAD:
        return {}
    try:
        said = json.loads(base64.b64decode(payload, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
