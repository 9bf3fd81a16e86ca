"""The plan book as PDF, set by typst, which the optional `pdf` extra brings.

Every text is handed over as data; none is taken for the typesetter's markup.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import anyio.to_thread
from anyio import CapacityLimiter

from service.errors import Refusal
from service.shapes import PlanBook

TEMPLATE = Path(__file__).resolve().parent / "templates" / "plan_book.typ"
KEPT = 8
"""Books kept once they are set: an edition never changes, and a large one takes seconds."""

_one_at_a_time = CapacityLimiter(1)


def is_installed() -> bool:
    """Whether books can be set here."""
    return find_spec("typst") is not None


async def plan_book_pdf(book: PlanBook, title: str, fields: Mapping[str, str]) -> bytes:
    """The book on A4 pages. `fields` says how a corrected column is called.

    Raises:
        Refusal: `no-pdf` where the extra is not installed.
    """
    content = json.dumps({**book, "title": title}, ensure_ascii=False)
    names = json.dumps(dict(fields), ensure_ascii=False)
    return await anyio.to_thread.run_sync(_set, content, names, limiter=_one_at_a_time)


@lru_cache(maxsize=KEPT)
def _set(book: str, fields: str) -> bytes:
    try:
        import typst  # noqa: PLC0415 - an extra that need not be there
    except ModuleNotFoundError:
        raise Refusal("no-pdf") from None
    inputs = {"book": book, "fields": fields}
    return typst.compile(
        TEMPLATE,
        root=TEMPLATE.parent,
        format="pdf",
        sys_inputs=inputs,
        pdf_tags=False,  # tags make it twenty times as large; who needs them has the page
    )
