"""Public workbooks, made beside the event loop and kept while they are among the last few asked for."""

from collections.abc import Callable, Hashable

import anyio.to_thread

MOST = 8
"""Workbooks kept; one of a whole province has some megabytes."""

_kept: dict[Hashable, bytes] = {}


async def workbook(key: Hashable, make: Callable[[], bytes]) -> bytes:
    """The workbook of `key`, which has the digest of what is in it; `make` runs in a thread."""
    body = _kept.pop(key, None)
    if body is None:
        body = await anyio.to_thread.run_sync(make)
    _kept[key] = body
    while len(_kept) > MOST:
        del _kept[next(iter(_kept))]
    return body
