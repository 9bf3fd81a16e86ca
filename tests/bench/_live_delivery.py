"""From another candidate's accepted choice to the pushed frame, open-loop."""

import asyncio
import bisect
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence

SOCKETS = 5_000
A_SECOND = 200
SECONDS = 15
CONNECTIONS = 64

Move = tuple[str, str, list[dict[str, object]]]
Accepted = tuple[float, int, str]
Seen = Sequence[tuple[float, int, str]]


class Desk:
    """Files choices over kept connections, at the times they are due."""

    def __init__(self, port: int, moves: Sequence[Move]) -> None:
        self._port = port
        self._moves = moves
        self._free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = (
            asyncio.Queue()
        )
        self.accepted: list[Accepted] = []
        self.waited: list[float] = []

    async def run(self) -> None:
        for _ in range(CONNECTIONS):
            self._free.put_nowait(await asyncio.open_connection("127.0.0.1", self._port))
        begun = time.monotonic()
        due = [begun + n / A_SECOND for n in range(A_SECOND * SECONDS)]
        await asyncio.gather(*(self._file(n, at) for n, at in enumerate(due)))
        while not self._free.empty():
            self._free.get_nowait()[1].close()

    async def _file(self, n: int, due: float) -> None:
        await asyncio.sleep(due - time.monotonic())
        version, who = divmod(n, len(self._moves))
        code, token, wishes = self._moves[who]
        wish = wishes[(version + 1) % 2]
        body = json.dumps({**wish, "version": version}).encode()
        reader, writer = wire = await self._free.get()
        writer.write(
            f"PUT /api/v1/rounds/{code}/choice HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {token}\r\nIdempotency-Key: {n}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(x for x in head.lower().split(b"\r\n") if x.startswith(b"content-length"))
        answer = json.loads(await reader.readexactly(int(length.split(b":")[1])))
        at = time.monotonic()
        self._free.put_nowait(wire)
        if b" 200 " not in head[:16]:
            raise SystemExit(f"refused: {answer}")
        self.accepted.append((at, answer["receipt"]["seq"], str(wish["institution_code"])))
        self.waited.append(at - due)


def latencies(accepted: Iterable[Accepted], everybody: Iterable[Seen]) -> list[float]:
    """Seconds to the first frame that shows a choice, at every socket of the unit it was for."""
    by_unit: dict[str, list[Seen]] = defaultdict(list)
    for seen in everybody:
        if seen:
            by_unit[seen[0][2]].append(seen)
    found = []
    for at, seq, institution in accepted:
        for seen in by_unit[institution]:
            n = bisect.bisect_left(seen, seq, key=lambda one: one[1])
            if n < len(seen):
                found.append(max(0.0, seen[n][0] - at))
    return sorted(found)


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)] * 1e3
