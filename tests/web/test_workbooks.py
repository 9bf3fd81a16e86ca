"""Workbooks are made beside the event loop, once while they are kept."""

import threading

from web.workbooks import MOST, workbook


async def test_a_workbook_is_made_in_another_thread_and_once_while_it_is_kept():
    made: list[tuple[object, int]] = []

    async def ask(key: object) -> bytes:
        def make() -> bytes:
            made.append((key, threading.get_ident()))
            return repr(key).encode()

        return await workbook(("test", key), make)

    assert await ask(0) == await ask(0) == b"0"
    ((_, thread),) = made
    assert thread != threading.get_ident()
    for key in range(1, MOST + 1):
        assert await ask(key) == repr(key).encode()
    await ask(0)
    assert [key for key, _ in made] == [*range(MOST + 1), 0]
