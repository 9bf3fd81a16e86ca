"""Scores as exact integers.

A score is held in thousandths of a point ("milli") from the file to the screen; a float never
takes part in a comparison, a key or a ledger entry. RULES.md 1.
"""

import re

MILLI = 1000
MAX_MILLI = 9_999_999
"""The highest score that can be held: 9999.999 points; int32 columns have room for sums of it."""

_DECIMAL = re.compile(r"(-?)(\d{1,4})(?:\.(\d{1,3}))?", re.ASCII)


def parse_score(text: str) -> int:
    """The score that `text` states, in thousandths: "612.5" is 612500.

    Raises:
        ValueError: when it is not a decimal number with at most 3 decimals and 4 digits before.
    """
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a number with at most 3 decimals")
    sign, whole, decimals = match.groups()
    milli = int(whole) * MILLI + int((decimals or "").ljust(3, "0"))
    return -milli if sign else milli


def score_text(milli: int) -> str:
    """The shortest decimal text of a score: 612500 is "612.5", 600000 is "600"."""
    whole, rest = divmod(abs(milli), MILLI)
    sign = "-" if milli < 0 else ""
    return f"{sign}{whole}.{rest:03d}".rstrip("0") if rest else f"{sign}{whole}"


def score_number(milli: int) -> int | float:
    """The score as a JSON number: an int where it is whole, else the nearest float.

    Only for output. With at most 3 decimals the float prints back as the exact decimal.
    """
    whole, rest = divmod(milli, MILLI)
    return milli / MILLI if rest else whole
