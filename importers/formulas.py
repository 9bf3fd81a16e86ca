"""Texts that a spreadsheet would compute: an apostrophe in front, and without it again."""

import re

SIGNS = r"=+\-@＝＋－＠"
_OPENS = re.compile(rf"[\s{SIGNS}]")
_GUARD = re.compile(rf"'+(?=[\s{SIGNS}])")


def guarded(text: str) -> str:
    """The text as a cell of CSV that no spreadsheet takes for a formula."""
    return "'" + text if _OPENS.match(text) else text


def unguarded(text: str) -> str:
    """What was guarded, as it was.

    All apostrophes go, so that what is read once more stays: no text begins with a guard.
    """
    return _GUARD.sub("", text, count=1).strip() if _GUARD.match(text) else text
