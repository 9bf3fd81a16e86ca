"""Rehearsing candidates: they sign in, file and watch as browsers do, over HTTP and websocket.

Every answer is kept with what it took, so that what was acknowledged can be looked for afterwards.
"""

import asyncio
import json
import secrets
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from time import perf_counter
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from service.filing import Wish
from web.cli.rehearsal.stage import Broken

TRIES = 5
"""How often a request is sent whose answer was lost, under the same key."""

PAUSE_S = 0.5
TIMEOUT_S = 30

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Filed:
    """An acknowledged choice: its receipt, when it was sent and how long its answer took."""

    receipt: Json
    sent_at: float
    took_s: float


@dataclass(slots=True)
class Person:
    """A candidate at the service on `port`, signed in with a password of their own."""

    port: int
    round_code: str
    candidate_no: str
    token: str = ""
    version: int = 0
    filed: list[Filed] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    frames: list[tuple[float, Json]] = field(default_factory=list)

    async def sign_in(self, code: str) -> None:
        """Sign in with the initial code and change it, as the first sign-in demands."""
        account = {"candidate_no": self.candidate_no, "password": code}
        self.token = (await self._expect("POST", "/sessions", account, 201))["token"]
        change = {"old": code, "new": secrets.token_urlsafe(12)}
        self.token = (await self._expect("PUT", "/password", change, 200))["token"]
        self.version = (await self.own("choice"))["version"]

    async def file(self, wish: Wish | None) -> None:
        """File a wish, or withdraw; keep the receipt or why it was refused."""
        path = f"/rounds/{self.round_code}/choice"
        method, body = "PUT", None if wish is None else _body(wish, self.version)
        if wish is None:
            method, path = "DELETE", f"{path}?version={self.version}"
        sent_at = perf_counter()
        status, answer = await self._ask(method, path, body, key=secrets.token_hex(8))
        if status == 200:
            self.filed.append(Filed(answer["receipt"], sent_at, perf_counter() - sent_at))
            self.version = answer["receipt"]["version"]
        else:
            self.refused.append(answer["type"].rpartition(":")[2])

    async def own(self, what: str) -> Json:
        """What the service holds of this candidate in the round: choice, choice/history or standing."""
        return await self._expect("GET", f"/rounds/{self.round_code}/{what}", None, 200)

    async def me(self) -> Json:
        """What the service says of this candidate."""
        return await self._expect("GET", "/me", None, 200)

    async def watch(self, watching: asyncio.Event) -> None:
        """Keep every pushed frame until cancelled; `watching` is set by the first standing."""
        address = f"ws://127.0.0.1:{self.port}/api/v1/live"
        hello = {"type": "hello", "token": self.token, "round": self.round_code}
        async with connect(address, proxy=None) as socket:
            await socket.send(json.dumps(hello))
            try:
                async for text in socket:
                    frame = json.loads(text)
                    if frame["type"] == "standing":
                        self.frames.append((perf_counter(), frame))
                        watching.set()
            except ConnectionClosed:
                return

    def push_delays(self) -> list[float]:
        """For each choice filed while watching: seconds until a frame that knows of it came."""
        delays = []
        for one in self.filed if self.frames else ():
            came = (at for at, frame in self.frames if frame["seq"] >= one.receipt["seq"])
            delays += [at - one.sent_at for at in list(came)[:1]]
        return delays

    async def _expect(self, method: str, path: str, body: Json | None, status: int) -> Json:
        got, answer = await self._ask(method, path, body)
        if got != status:
            raise Broken(f"{method} {path} was answered {got}: {answer}")
        return answer

    async def _ask(
        self, method: str, path: str, body: Json | None, key: str | None = None
    ) -> tuple[int, Json]:
        """Status and answer; a request whose answer was lost or put off is sent again."""
        for left in reversed(range(TRIES)):
            try:
                status, answer = await asyncio.to_thread(self._send, method, path, body, key)
            except (OSError, HTTPException) as fault:
                if not left:
                    raise Broken(f"the service does not answer: {fault}") from fault
                await asyncio.sleep(PAUSE_S)
                continue
            if status != 503 or not left:
                return status, answer
            await asyncio.sleep(answer.get("retry_after", PAUSE_S))
        raise AssertionError("the last try returns or raises")

    def _send(self, method: str, path: str, body: Json | None, key: str | None) -> tuple[int, Json]:
        headers = {"Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= {"Idempotency-Key": key} if key else {}
        link = HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        try:
            content = None if body is None else json.dumps(body)
            link.request(method, f"/api/v1{path}", content, headers)
            answer = link.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            link.close()


def _body(wish: Wish, version: int) -> Json:
    return {
        "institution_code": wish.institution_code,
        "plan_nature": wish.plan_nature,
        "majors": list(wish.majors),
        "accepts_adjustment": wish.accepts_adjustment,
        "version": version,
    }
