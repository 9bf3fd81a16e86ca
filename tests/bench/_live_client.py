"""A process of readers: opens many sockets, reads all that comes, and tells what it saw.

Commands on stdin, an answer in JSON on stdout for each:
    open PORT COUNT FIRST HELLO     COUNT sockets at once; `{n}` in HELLO is FIRST, FIRST + 1, …
    greeted                         wait until each has its first message after the hello
    count                           messages so far
    sample                          begin to note standings; what was noted: [when, seq, institution]
    close
"""

import asyncio
import json
import re
import resource
import sys
import time
from functools import partial
from typing import ClassVar

import uvloop

ABREAST = 64
REQUEST = (
    b"GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
STANDING = re.compile(rb'"seq":(\d+),"as_of":"[^"]*","unit":{"institution_code":"([^"]*)')


class Reader(asyncio.Protocol):
    """One socket."""

    messages = 0
    noting = False
    readers: ClassVar[list["Reader"]] = []

    def __init__(self, hello: bytes) -> None:
        self.hello = hello
        self.opened = asyncio.get_running_loop().create_future()
        self.greeted = False
        self.left = b""
        self.upgraded = False
        self.seen: list[tuple[float, int, str]] = []
        self.readers.append(self)

    def connection_made(self, transport) -> None:
        self.transport = transport
        transport.write(REQUEST)

    def data_received(self, data: bytes) -> None:
        data = self.left + data
        if not self.upgraded:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self.left = head
                return
            self.upgraded = True
            self.opened.set_result(head.startswith(b"HTTP/1.1 101"))
            if self.hello:
                self.transport.write(masked(self.hello))
        self.left = self.read(data)

    def read(self, data: bytes) -> bytes:
        """Take whole frames; what is left of the last one is kept."""
        at = 0
        while len(data) - at >= 4:
            size, start = data[at + 1], at + 2
            if size == 126:
                size, start = int.from_bytes(data[at + 2 : at + 4]), at + 4
            if len(data) < start + size:
                break
            if data[at] == 0x88:
                raise SystemExit(f"closed: {data[start : start + size]!r}")
            Reader.messages += 1
            self.greeted = True
            if Reader.noting and (found := STANDING.search(data, start, start + size)):
                self.seen.append((time.monotonic(), int(found[1]), found[2].decode()))
            at = start + size
        return data[at:]

    def connection_lost(self, _exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_result(False)


def same(one: Reader) -> Reader:
    return one


def masked(text: bytes) -> bytes:
    """A client's frame, with a mask of zeros."""
    size = len(text)
    head = bytes([0x81, 0x80 | size]) if size < 126 else b"\x81\xfe" + size.to_bytes(2)
    return head + b"\0\0\0\0" + text


async def opened(port: int, count: int, first: int, hello: str) -> dict[str, float]:
    """Open them, ABREAST at a time; seconds it took."""
    loop = asyncio.get_running_loop()
    left = iter(range(first, first + count))

    async def lane() -> None:
        for n in left:
            one = Reader(hello.replace("{n}", str(n)).encode())
            await loop.create_connection(partial(same, one), "127.0.0.1", port)
            if not await one.opened:
                raise SystemExit("refused")

    begun = time.monotonic()
    await asyncio.gather(*(lane() for _ in range(ABREAST)))
    return {"begun": begun, "ended": time.monotonic()}


async def all_greeted() -> dict[str, float]:
    while not all(reader.greeted for reader in Reader.readers):  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    return {"ended": time.monotonic()}


async def main() -> None:
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command, *rest = line.rstrip("\n").split(" ", 4)
        answer: object
        if command == "open":
            answer = await opened(int(rest[0]), int(rest[1]), int(rest[2]), rest[3])
        elif command == "greeted":
            answer = await all_greeted()
        elif command == "count":
            answer = Reader.messages
        elif command == "sample":
            Reader.noting = True
            answer = [reader.seen for reader in Reader.readers]
        else:
            for reader in Reader.readers:
                reader.transport.abort()
            Reader.readers.clear()
            answer = True
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    uvloop.run(main())
