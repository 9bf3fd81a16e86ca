"""CSV cells, quoted where they must be."""

import re

_MUST_QUOTE = re.compile('[,"\\n]')


def cell(text: str) -> str:
    """A CSV cell, quoted where it has to be."""
    return '"' + text.replace('"', '""') + '"' if _MUST_QUOTE.search(text) else text
