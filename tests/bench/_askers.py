"""Families in a process of their own: ask for results over kept connections, as fast as answered.

`python -m tests.bench._askers PORT FILE CONNECTIONS SECONDS`; FILE holds `number id_number` a line.
Prints JSON: how many were answered 200, how many otherwise, and latencies in milliseconds.
"""

import asyncio
import json
import sys
import time
from itertools import cycle
from pathlib import Path


async def ask(port: int, bodies: list[bytes], until: float, took: list[float]) -> int:
    """One connection; how many answers were not 200."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    wrong = 0
    for body in cycle(bodies):
        begun = time.perf_counter()
        if begun >= until:
            break
        writer.write(body)
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
        took.append((time.perf_counter() - begun) * 1000)
        wrong += not head.startswith(b"HTTP/1.1 200")
    writer.close()
    return wrong


def request(line: str) -> bytes:
    number, id_number = line.split()
    body = json.dumps({"candidate_no": number, "id_number": id_number}).encode()
    head = (
        "POST /api/v1/results/query HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def main(port: int, bodies: list[bytes], connections: int, seconds: float) -> None:
    took: list[float] = []
    until = time.perf_counter() + seconds
    share = len(bodies) // connections
    parts = [bodies[n * share : (n + 1) * share] for n in range(connections)]
    wrong = await asyncio.gather(*(ask(port, part, until, took) for part in parts))
    print(json.dumps({"answered": len(took), "wrong": sum(wrong), "ms": sorted(took)}))


if __name__ == "__main__":
    REQUESTS = [request(line) for line in Path(sys.argv[2]).read_text().splitlines()]
    asyncio.run(main(int(sys.argv[1]), REQUESTS, int(sys.argv[3]), float(sys.argv[4])))
