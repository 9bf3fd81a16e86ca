"""A load client for filing: a process of its own, raw asyncio, no HTTP library.

`JOB PORT closed SECONDS CLIENTS` keeps every client busy; `JOB PORT open SECONDS CLIENTS RATE` sends
at the rate whatever the answers do, and measures each from the moment it was due. Prints JSON.
"""

import asyncio
import json
import random
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import uvloop

WARM_UP_S = 1.5


@dataclass(slots=True)
class Person:
    """Somebody signed in: what to say next."""

    token: str
    units: list[tuple[str, str, list[str]]]
    version: int = 0

    def request(self, where: str, draw: random.Random) -> bytes:
        """A PUT of a choice that differs from the one held."""
        institution, nature, majors = draw.choice(self.units)
        wish = {
            "institution_code": institution,
            "plan_nature": nature,
            "majors": majors,
            "accepts_adjustment": self.version % 2 == 0,
            "version": self.version,
        }
        body = json.dumps(wish).encode()
        head = (
            f"PUT {where} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {self.token}\r\n"
            f"Idempotency-Key: k-{self.version}\r\nContent-Type: application/json\r\n"
            f"User-Agent: Mozilla/5.0 (bench)\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


@dataclass(slots=True)
class Tally:
    """What came back: (moment, seconds it took) of each 200, and the statuses of others."""

    took: list[tuple[float, float]] = field(default_factory=list)
    others: dict[str, int] = field(default_factory=dict)


class Client(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.transport: asyncio.Transport | None = None
        self.person: Person | None = None
        self.due = 0.0
        self.buffer = b""
        self.free: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's has no common base

    def ask(self, person: Person, request: bytes, due: float) -> "asyncio.Future[None]":
        """Send; the future is done when the whole answer is here."""
        assert self.transport is not None
        self.person, self.due = person, due
        self.free = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self.free

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.buffer[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 : at + 30].split(b"\r\n")[0])
        if len(self.buffer) < end + 4 + length:
            return
        status, self.buffer = self.buffer[9:12], b""
        moment = time.perf_counter()
        assert self.person is not None
        assert self.free is not None
        if status == b"200":
            self.person.version += 1
            self.tally.took.append((moment, moment - self.due))
        else:
            name = status.decode()
            self.tally.others[name] = self.tally.others.get(name, 0) + 1
        self.free.set_result(None)

    def connection_lost(self, _reason: Exception | None) -> None:
        if self.free is not None and not self.free.done():
            self.tally.others["lost"] = self.tally.others.get("lost", 0) + 1
            self.free.set_result(None)


async def closed(clients: list[Client], people: deque[Person], where: str, seconds: float) -> None:
    """Every client asks again as soon as it is answered."""
    draw = random.Random(1)
    end = time.perf_counter() + seconds

    async def busy(client: Client) -> None:
        while (now := time.perf_counter()) < end:
            person = people.popleft()
            await client.ask(person, person.request(where, draw), now)
            people.append(person)

    await asyncio.gather(*(busy(client) for client in clients))


async def open_loop(
    clients: list[Client], people: deque[Person], where: str, seconds: float, rate: float
) -> None:
    """A request is due at Poisson's moments; one that finds no free client waits, and it counts."""
    draw = random.Random(1)
    idle: asyncio.Queue[Client] = asyncio.Queue()
    for client in clients:
        idle.put_nowait(client)
    tasks: set[asyncio.Task[None]] = set()

    async def one(due: float) -> None:
        client = await idle.get()
        person = people.popleft()
        await client.ask(person, person.request(where, draw), due)
        people.append(person)
        idle.put_nowait(client)

    due = begun = time.perf_counter()
    while due < begun + seconds:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        task = asyncio.create_task(one(due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        due += draw.expovariate(rate)
    await asyncio.gather(*tasks)


def everybody_of(job: Path, content: Mapping[str, Any]) -> list[Person]:
    """Who may file, each with the version that the last load left them at."""
    everybody = [Person(token, content["units"][track]) for token, track in content["people"]]
    left = job.with_suffix(".versions")
    if left.exists():
        for person, version in zip(everybody, json.loads(left.read_text()), strict=True):
            person.version = version
    return everybody


async def loaded(
    port: int, where: str, everybody: Sequence[Person], kind: str, numbers: Sequence[float]
) -> dict[str, object]:
    """Run one load, and say what it found after the warm-up. `numbers`: SECONDS CLIENTS [RATE]."""
    draw = random.Random(time.time_ns())
    people = deque(draw.sample(everybody, len(everybody)))
    seconds, count = numbers[0], int(numbers[1])
    tally, loop = Tally(), asyncio.get_running_loop()
    clients = [
        (await loop.create_connection(lambda: Client(tally), "127.0.0.1", port))[1]
        for _ in range(count)
    ]
    begun, cpu = time.perf_counter(), time.process_time()
    if kind == "closed":
        await closed(clients, people, where, WARM_UP_S + seconds)
    else:
        await open_loop(clients, people, where, WARM_UP_S + seconds, numbers[2])
    took = sorted(took for moment, took in tally.took if moment >= begun + WARM_UP_S)
    span = max(moment for moment, _ in tally.took) - begun - WARM_UP_S
    return {
        "accepted": len(took),
        "per_second": len(took) / span,
        "ms": {
            str(p): took[min(len(took) - 1, int(len(took) * p / 100))] * 1000
            for p in (50, 90, 99, 99.9)
        },
        "others": tally.others,
        "load_cpu": (time.process_time() - cpu) / (time.perf_counter() - begun),
    }


def main(job: Path, port: int, kind: str, numbers: Sequence[float]) -> None:
    """Load, print, and leave the versions for the next load."""
    content = json.loads(job.read_text())
    everybody = everybody_of(job, content)
    where = f"/api/v1/rounds/{content['round']}/choice"
    print(json.dumps(uvloop.run(loaded(port, where, everybody, kind, numbers))))
    job.with_suffix(".versions").write_text(json.dumps([person.version for person in everybody]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], [float(n) for n in sys.argv[4:]])
