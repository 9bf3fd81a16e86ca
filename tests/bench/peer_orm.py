"""The peer of the filing desk: the same service, committing one by one through the ORM.

Same schema, same durability, same decisions, same answer; a FastAPI route, and an ORM session for
each request. It has no middleware and waits in line for SQLite's one writer instead of polling for
it: both are in its favour.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import uvicorn
from fastapi import APIRouter, FastAPI, Request
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import registry

from service import views
from service.decisions import Group, Wish, decide
from service.decisions import Request as Asked
from service.events import from_ms, to_ms
from service.filing import FilingDesk
from service.receipts import Receipt
from service.settings import Settings
from service.shapes import Filed
from service.store import rounds, schema
from service.store.choices import Answer, Held, Kept
from service.store.desk import Found
from service.store.engine import Engine
from service.store.log import _row
from service.store.people import Person
from service.terms import Terms
from web import refusals
from web.api.choice import ChoiceWish, Key
from web.api.rounds import Code
from web.app import Process, terminate, utc_now
from web.cli.serve import WIRE
from web.deps import At, Own, device_of
from web.pages.routing import refused

mapped = registry()


def row_of(table: str) -> Any:
    """A mapped class of one table."""
    made = type(table.title(), (), {})
    mapped.map_imperatively(made, schema.metadata.tables[table])
    return made


Head, Log, Candidate, Choice, ReceiptRow, Answered = map(
    row_of, ("head", "log", "candidate", "choice", "receipt", "answered")
)


class OrmDesk(FilingDesk):
    """Decides as the desk does; one request, one session, one commit."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, utc_now, lambda _grown: None)
        writes = engine.execution_options(mingci_writes=True)
        self.sessions = async_sessionmaker(writes, expire_on_commit=False)
        self.one_writer = (
            asyncio.Lock() if engine.dialect.name == "sqlite" else contextlib.nullcontext()
        )
        self.terms: dict[str, Terms] = {}

    def open(self) -> None:
        """There is no queue."""

    async def file(
        self,
        candidate_id: int,
        round_code: str,
        wish: Wish,
        version: int | None,
        key: str | None,
        device: str = "",
    ) -> Receipt:
        asked = Asked(candidate_id, round_code, wish, version, key, device)
        async with self.one_writer, self.sessions.begin() as session:
            group = await self.gather(session, asked)
            receipt = decide(group, asked)
            await self.keep(session, group)
        return receipt

    async def gather(self, session: AsyncSession, asked: Asked) -> Group:
        """What the decision needs, object by object."""
        head: Any = await session.get(Head, 1, with_for_update=True)
        connection = await session.connection()
        if asked.round_code not in self.terms:
            terms = await rounds.read_terms(connection, asked.round_code)
            assert terms is not None
            self.terms[asked.round_code] = terms
        terms = self.terms[asked.round_code]
        found = Found()
        who: Any = await session.get(Candidate, asked.candidate_id)
        found.people[who.id] = Person(
            who.id, who.season_id, who.candidate_no, who.track, who.exam_score + who.bonus
        )
        held: Any = await session.get(Choice, (terms.round_id, who.id))
        given: Any = await session.get(Answered, (who.id, asked.key))
        if held is not None:
            found.held[held.round_id, who.id] = Held(
                held.round_id, who.id, held.version, held.unit_id, held.first_major_id, held.seq
            )
            kept: Any = await session.get(ReceiptRow, held.seq)
            found.receipts[held.seq] = Receipt.from_json(kept.body)
        if given is not None:
            found.answers[who.id, given.key] = Answer(
                who.id, given.key, given.request_digest, given.receipt_seq
            )
        passed = await rounds.passed_gates(connection)
        return Group(from_ms(to_ms(utc_now())), self.terms, passed, found, head.seq)

    async def keep(self, session: AsyncSession, group: Group) -> None:
        """Add what was decided to the session."""
        head: Any = await session.get(Head, 1)
        head.seq = group.seq
        for event in group.events:
            session.add(made(Log, dict(zip(schema.log.c.keys(), _row(event), strict=True))))
        for held in group.new_held.values():
            await session.merge(made(Choice, columns(held)))
        for kept in group.new_receipts:
            session.add(made(ReceiptRow, columns(kept)))
        for answer in group.new_answers:
            session.add(made(Answered, columns(answer)))


def made(kind: type, values: dict[str, object]) -> object:
    """A mapped object with these columns."""
    one = kind()
    for name, value in values.items():
        setattr(one, name, value)
    return one


def columns(row: Held | Kept | Answer) -> dict[str, object]:
    """A store's value by its columns."""
    return {name: getattr(row, name) for name in row.__slots__}


router = APIRouter(prefix="/api/v1/rounds/{round_code}")


@router.put("/choice")
async def file_choice(
    request: Request, at: At, person: Own, round_code: Code, key: Key, body: ChoiceWish
) -> Filed:
    """Create or change the choice."""
    wish = Wish(
        body.institution_code, body.plan_nature, tuple(body.majors), body.accepts_adjustment
    )
    receipt = await at.desk.file(
        person.candidate_id, round_code, wish, body.version, key, device_of(request)
    )
    await at.board.reached(receipt.seq)
    return {
        "receipt": views.receipt_view(receipt),
        "standing": views.standing(at.board, round_code, person.candidate_id),
    }


def app() -> FastAPI:
    """The peer's application on the database of the environment."""
    process = Process(Settings(), utc_now, terminate)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with process.lifespan(_app):
            yield

    made_app = FastAPI(lifespan=lifespan)
    made_app.state.services = replace(process.services, desk=OrmDesk(process.engine))
    made_app.include_router(router)
    refusals.install(made_app, refused)
    return made_app


if __name__ == "__main__":
    uvicorn.run(app(), port=int(sys.argv[1]), **WIRE)  # type: ignore[arg-type]
