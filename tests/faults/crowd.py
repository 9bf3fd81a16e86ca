"""Candidates who file without pause, keep every answer, and ask again until they are answered.

What the service acknowledged is known here, on the client's side, and held against what it kept.
"""

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx2 as httpx

from tests.faults.province import MAJORS, ROUND, UNITS, Province, whole_log

ASK_AGAIN_S = 0.1
ANSWER_WITHIN_S = 30.0
LATER = 503
"""What a client may be told instead of an answer: nothing has been decided that it should know."""


@dataclass
class Entry:
    """One request of a candidate, and the receipt it was answered with."""

    key: str
    method: str
    body: dict[str, object] | None
    version: int
    receipt: dict[str, Any] | None = None


@dataclass
class Candidate:
    """One candidate and the journal of what was asked and acknowledged."""

    number: str
    token: str
    random: Random
    journal: list[Entry] = field(default_factory=list)

    @property
    def acknowledged(self) -> list[dict[str, Any]]:
        """Every receipt held, in the order they came."""
        return [entry.receipt for entry in self.journal if entry.receipt is not None]

    def next_entry(self) -> Entry:
        """Another choice than the one held, now and then a withdrawal, under a key of its own."""
        last = self.acknowledged[-1] if self.journal else None
        version = 0 if last is None else last["version"]
        key = f"{self.number}-{len(self.journal)}"
        holds = last is not None and last["institution_code"] is not None
        if holds and self.random.random() < 0.1:
            return Entry(key, "DELETE", None, version)
        held = last["institution_code"] if last else None
        code = self.random.choice([c for c in (f"{u:04}" for u in range(UNITS)) if c != held])
        majors = [f"{m:02}" for m in self.random.sample(range(MAJORS), 2)]
        body = {"institution_code": code, "majors": majors, "accepts_adjustment": True}
        return Entry(key, "PUT", {**body, "version": version}, version)


class Crowd:
    """Candidates at one or several addresses of the same service."""

    def __init__(
        self, tokens: Mapping[str, str], addresses: Sequence[str], client: httpx.AsyncClient
    ) -> None:
        self.people = [Candidate(n, token, Random(n)) for n, token in tokens.items()]
        self.addresses = list(addresses)
        self.answers: Counter[int | str] = Counter()
        self._client = client
        self._over = False
        self._pause_s = 0.0
        self._grew = asyncio.Condition()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def count(self) -> int:
        """How many acknowledgements are held."""
        return sum(len(one.acknowledged) for one in self.people)

    @property
    def newest_seq(self) -> int:
        """The highest seq that was acknowledged."""
        newest: int = max(r["seq"] for one in self.people for r in one.acknowledged)
        return newest

    def begin(self, busy: int | None, pause_s: float) -> None:
        """So many begin to file, with a pause after each answer; None: everybody."""
        self._pause_s = pause_s
        self._tasks = [asyncio.create_task(self._file(one)) for one in self.people[:busy]]

    async def more(self, acknowledgements: int) -> None:
        """Return when so many more have come; a client that fails ends the test."""
        wanted = self.count + acknowledgements
        async with asyncio.timeout(ANSWER_WITHIN_S * 2), self._grew:
            await self._grew.wait_for(lambda: self.count >= wanted or self._failed())
        self._raise()

    async def finish(self) -> None:
        """Everybody gets the answer still owed, and files no more."""
        self._over = True
        async with asyncio.timeout(ANSWER_WITHIN_S * 2):
            await asyncio.gather(*self._tasks)

    def give_up(self) -> None:
        """Leave, answered or not."""
        for task in self._tasks:
            task.cancel()

    def _failed(self) -> bool:
        return any(task.done() and task.exception() for task in self._tasks)

    def _raise(self) -> None:
        for task in self._tasks:
            if task.done():
                task.result()

    async def _file(self, one: Candidate) -> None:
        try:
            while not self._over:
                entry = one.next_entry()
                one.journal.append(entry)
                entry.receipt = await self.receipt_of(one, entry)
                async with self._grew:
                    self._grew.notify_all()
                await asyncio.sleep(self._pause_s)
        finally:
            async with self._grew:
                self._grew.notify_all()

    async def receipt_of(self, one: Candidate, entry: Entry) -> dict[str, Any]:
        """Ask until answered, each time with the same key and at the next address."""
        turn = one.random.randrange(len(self.addresses))
        while True:
            turn += 1
            address = self.addresses[turn % len(self.addresses)]
            try:
                answer = await self.ask(one, entry, address)
            except httpx.TransportError as fault:
                self.answers[type(fault).__name__] += 1
            else:
                self.answers[answer.status_code] += 1
                if answer.status_code == 200:
                    receipt: dict[str, Any] = answer.json()["receipt"]
                    return receipt
                if answer.status_code != LATER:
                    raise AssertionError((entry, answer.status_code, answer.text))
            await asyncio.sleep(ASK_AGAIN_S)

    async def ask(self, one: Candidate, entry: Entry, address: str) -> httpx.Response:
        """Send a request once."""
        params = {"version": entry.version} if entry.method == "DELETE" else None
        return await self._client.request(
            entry.method,
            f"{address}/api/v1/rounds/{ROUND}/choice",
            headers={"Authorization": f"Bearer {one.token}", "Idempotency-Key": entry.key},
            json=entry.body,
            params=params,
        )

    async def read(self, one: Candidate, path: str) -> dict[str, Any]:
        """What the service shows a candidate below the round."""
        answer = await self._client.get(
            f"{self.addresses[0]}/api/v1/rounds/{ROUND}{path}",
            headers={"Authorization": f"Bearer {one.token}"},
        )
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown


@asynccontextmanager
async def crowd(
    province: Province,
    *addresses: str,
    busy: int | None = None,
    pause_s: float = 0,
    patience_s: float = ANSWER_WITHIN_S,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Crowd]:
    """Everybody of the province, the first `busy` of them filing until `finish`."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(
        trust_env=False, timeout=patience_s, limits=limits, verify=tls or False
    ) as client:
        all_of_them = Crowd(province.tokens, addresses, client)
        all_of_them.begin(busy, pause_s)
        try:
            yield all_of_them
        finally:
            all_of_them.give_up()


async def nothing_is_lost_or_doubled(crowd: Crowd, url: str) -> None:
    """Hold every journal against the history shown, the choice held, and the log itself."""
    for one in crowd.people:
        given = one.acknowledged
        assert len(given) == len(one.journal)
        assert [r["version"] for r in given] == list(range(1, len(given) + 1))
        assert [
            item["receipt"] for item in (await crowd.read(one, "/choice/history"))["items"]
        ] == given
        held = (await crowd.read(one, "/choice"))["receipt"]
        assert held == (given[-1] if given and given[-1]["institution_code"] else None)
    events = await whole_log(url)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    given_seq = sorted(r["seq"] for one in crowd.people for r in one.acknowledged)
    assert given_seq == [event.seq for event in events if event.candidate_id is not None]


async def the_last_answer_is_given_again(crowd: Crowd) -> None:
    """Who sends an acknowledged request once more gets the very same receipt."""
    for one in crowd.people:
        for entry in one.journal[-1:]:
            assert await crowd.receipt_of(one, entry) == entry.receipt
