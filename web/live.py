"""The websocket /api/v1/live. CONTRACT.md 4.

A socket has a reader and a writer, raced: whichever ends first ends the other, so a client that
leaves is noticed while the writer waits.
"""

import asyncio
from typing import NoReturn

import msgspec
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from ranking.rules import UnitKey
from service import views
from service.errors import Refusal
from service.push.hub import UNITS_PER_WATCH, Watcher
from web.deps import Services, same_origin, services, token_of

HELLO_WITHIN_S = 5
MESSAGE_LIMIT = 4096

NOT_SIGNED_IN, NO_HELLO, TOO_MANY = 4401, 4408, 4429
NOT_TEXT, NOT_ALLOWED, TOO_BIG, RESTART = 1003, 1008, 1009, 1012

router = APIRouter()


class Resume(msgspec.Struct):
    """Where a client left off. The newest standing is sent anyway, so it only must read well."""

    epoch: str
    seq: int


class Hello(msgspec.Struct, tag_field="type", tag="hello"):
    """The first message of a candidate; without a token the cookie's session counts."""

    round: str | None = None
    token: str | None = None
    resume: Resume | None = None


class Watch(msgspec.Struct, tag_field="type", tag="watch"):
    """The first message of anybody who watches public figures."""

    round: str
    units: list[str]


_first_message = msgspec.json.Decoder(Hello | Watch)


class _Close(Exception):
    """This socket is to be closed with `code`, and told `reason`."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@router.websocket("/api/v1/live")
async def live(socket: WebSocket) -> None:
    """Say hello (or watch), be welcomed, then be pushed the newest of what changes."""
    at = services(socket)
    await socket.accept()
    try:
        watcher = await _greet(at, socket)
        try:
            await socket.send_text(at.hub.welcome())
            await _serve(socket, watcher)
        finally:
            at.hub.leave(watcher)
    except _Close as end:
        await socket.close(end.code, end.reason)
    except WebSocketDisconnect:
        return


async def _greet(at: Services, socket: WebSocket) -> Watcher:
    """Read the first message and join the hub, or say why not."""
    try:
        async with asyncio.timeout(HELLO_WITHIN_S):
            text = await _receive(socket)
    except TimeoutError:
        raise _Close(NO_HELLO, "no hello within 5 s") from None
    try:
        first = _first_message.decode(text)
    except (msgspec.DecodeError, UnicodeError):
        raise _Close(NO_HELLO, "the first message is no hello and no watch") from None
    try:
        watcher = await _watcher(at, socket, first)
        at.hub.join(watcher)
    except Refusal as refusal:
        raise _Close(_close_code(refusal), refusal.code) from None
    return watcher


def _close_code(refusal: Refusal) -> int:
    codes = {
        "not-signed-in": NOT_SIGNED_IN,
        "must-change-password": NOT_SIGNED_IN,
        "too-many-connections": TOO_MANY,
        "unavailable": RESTART,
    }
    return codes.get(refusal.code, NOT_ALLOWED)


async def _watcher(at: Services, socket: WebSocket, first: Hello | Watch) -> Watcher:
    if isinstance(first, Watch):
        if not 1 <= len(first.units) <= UNITS_PER_WATCH:
            raise Refusal("too-many-units", limit=UNITS_PER_WATCH)
        return Watcher(first.round, units=[_unit_key(text) for text in first.units])
    token = first.token
    if token is None and same_origin(socket):
        token = token_of(socket)
    if token is None:
        raise Refusal("not-signed-in")
    person = await at.accounts.whose(token)
    if person.must_change_password:
        raise Refusal("must-change-password")
    code = first.round or views.candidate_round(at.board, person.candidate_id)
    if code is None:
        raise Refusal("not-found")
    return Watcher(code, candidate_id=person.candidate_id)


def _unit_key(text: str) -> UnitKey:
    """A unit as files write it: institution/track/plan_nature."""
    parts = [*text.split("/", 2), "", ""]
    return UnitKey(parts[0], parts[1], parts[2])


async def _serve(socket: WebSocket, watcher: Watcher) -> None:
    """Push until the client leaves, says what it must not, or has nothing left to watch."""
    race = [asyncio.create_task(_read(socket)), asyncio.create_task(_write(socket, watcher))]
    try:
        ended, _ = await asyncio.wait(race, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in race:
            task.cancel()
        await asyncio.gather(*race, return_exceptions=True)
    for task in ended:
        task.result()


async def _read(socket: WebSocket) -> NoReturn:
    """A client has nothing more to say; only its leaving counts."""
    while True:
        await _receive(socket)


async def _write(socket: WebSocket, watcher: Watcher) -> NoReturn:
    try:
        while True:
            for frame in await watcher.mailbox.take():
                await socket.send_text(frame)
    except Refusal as refusal:
        raise _Close(_close_code(refusal), refusal.code) from None


async def _receive(socket: WebSocket) -> str:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    text = message.get("text")
    if text is None:
        raise _Close(NOT_TEXT, "messages are text")
    if len(text.encode()) > MESSAGE_LIMIT:
        raise _Close(TOO_BIG, "a message has at most 4 KB")
    return str(text)
