"""The play of a rehearsal: the cast signs in, files as scripted, and watches until the close."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from web.app import utc_now
from web.cli.rehearsal.people import Person
from web.cli.rehearsal.script import Part, cast_of, parts_of
from web.cli.rehearsal.stage import Broken, Stage, get

WATCHED_WITHIN_S = 30
CLOSED_WITHIN_S = 60


async def signed_in(stage: Stage, port: int, moves: int) -> list[Person]:
    """The cast of so many moves, each with a session of their own."""
    people = [
        Person(port, stage.file.code, actor.candidate_no) for actor in cast_of(stage.actors, moves)
    ]
    code_of = {actor.candidate_no: actor.code for actor in stage.actors}
    await asyncio.gather(*(person.sign_in(code_of[person.candidate_no]) for person in people))
    return people


@asynccontextmanager
async def watching(people: Sequence[Person]) -> AsyncIterator[None]:
    """Sockets of these people, each with its first standing, until the block ends.

    Raises:
        Broken: a socket got no standing.
    """
    begun = [asyncio.Event() for _ in people]
    sockets = [
        asyncio.create_task(one.watch(event)) for one, event in zip(people, begun, strict=True)
    ]
    try:
        async with asyncio.timeout(WATCHED_WITHIN_S):
            await asyncio.gather(*(event.wait() for event in begun))
        yield
    except TimeoutError:
        raise Broken("a watcher was not told its standing") from None
    finally:
        for task in sockets:
            task.cancel()
        await asyncio.gather(*sockets, return_exceptions=True)


async def play(stage: Stage, people: Sequence[Person], moves: int, speed: float) -> list[Part]:
    """Run the day at `speed`: everybody's moves, and one try of each after their own close."""
    await stage.reschedule(speed)
    actor_of = {actor.candidate_no: actor for actor in stage.actors}
    cast = [actor_of[person.candidate_no] for person in people]
    parts = parts_of(stage.round, stage.actors, cast, moves, utc_now())
    await asyncio.gather(*map(_perform, parts, people))
    await _closed(people[0].port, stage.file.code)
    await stage.board.catch_up()
    return parts


async def _perform(part: Part, person: Person) -> None:
    for move in part.moves:
        await _until(move.at)
        await person.file(move.wish)
    await _until(part.closes_at)
    await person.file(part.actor.wish)


async def _until(at: datetime) -> None:
    await asyncio.sleep(max(0.0, (at - utc_now()).total_seconds()))


async def _closed(port: int, round_code: str) -> None:
    """Return when the service says that the round is closed.

    Raises:
        Broken: it does not, long after the last segment's end.
    """
    for _ in range(CLOSED_WITHIN_S * 10):
        _, answer = await asyncio.to_thread(get, port, "/api/v1/rounds")
        states = {one["code"]: one["state"] for one in answer["items"]}
        if states[round_code] == "closed":
            return
        await asyncio.sleep(0.1)
    raise Broken("the service does not close the round")
