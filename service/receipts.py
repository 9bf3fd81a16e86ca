"""Receipts: what a candidate keeps of an accepted choice. CONTRACT.md 3.

The fingerprint is a short reading of HMAC-SHA256 over the receipt's canonical JSON under a random
salt that is stored with it: the same receipt always gives the same one, and nobody can make a
second receipt that reads the same.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from service.shapes import ReceiptView

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that reads like a digit."""

SALT_BYTES = 32

_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]


@dataclass(frozen=True, slots=True)
class Receipt:
    """An accepted choice or withdrawal, as answered. `institution_code` None: a withdrawal."""

    id: str
    seq: int
    received_at: datetime
    candidate_no: str
    round: str
    institution_code: str | None
    institution_name: str | None
    plan_nature: str | None
    majors: tuple[str, ...]
    accepts_adjustment: bool | None
    version: int
    replaces: str | None
    fingerprint: str

    def as_json(self) -> ReceiptView:
        """The receipt as JSON values."""
        return {
            "id": self.id,
            "seq": self.seq,
            "received_at": self.received_at.isoformat(timespec="milliseconds"),
            "candidate_no": self.candidate_no,
            "round": self.round,
            "institution_code": self.institution_code,
            "institution_name": self.institution_name,
            "plan_nature": self.plan_nature,
            "majors": list(self.majors),
            "accepts_adjustment": self.accepts_adjustment,
            "version": self.version,
            "replaces": self.replaces,
            "fingerprint": self.fingerprint,
        }

    @staticmethod
    def from_json(text: str) -> "Receipt":
        """The receipt whose `as_json` was stored as `text`."""
        return _decoder.decode(text)


_decoder = msgspec.json.Decoder(Receipt)


def new_receipt_id() -> str:
    """A receipt number that cannot be guessed: 80 random bits as four groups of four letters."""
    return _grouped(secrets.randbits(80), 16)


def new_salt() -> bytes:
    """The random key of one receipt's fingerprint."""
    return secrets.token_bytes(SALT_BYTES)


def fingerprint_of(values: Mapping[str, object], salt: bytes) -> str:
    """`ABCD-EFGH-JKLM` of a receipt's JSON values, whatever fingerprint they hold now."""
    content = {name: value for name, value in values.items() if name != "fingerprint"}
    digest = hmac.new(salt, canonical(content), hashlib.sha256).digest()
    return _grouped(int.from_bytes(digest[:8]) >> 4, 12)


canonical = msgspec.json.Encoder(order="sorted").encode
"""JSON with sorted keys and no spaces, in UTF-8."""


def _grouped(number: int, length: int) -> str:
    """The lowest 5 x `length` bits, in groups of four letters; `length` is a multiple of four."""
    groups = range(5 * (length - 4), -1, -20)
    return "-".join(
        _PAIRS[number >> place + 10 & 1023] + _PAIRS[number >> place & 1023] for place in groups
    )
