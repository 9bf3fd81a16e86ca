"""The wiring: chooses store, bus and clock, and joins them into one application."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.metadata import version

from fastapi import FastAPI

from service import logs
from service.accounts import Accounts
from service.board import Board
from service.filing import FilingDesk
from service.publishing import Publisher
from service.push.bus import Bus, LocalBus
from service.push.follower import Follower, Timekeeper
from service.push.hub import Hub
from service.push.redis_bus import RedisBus
from service.settings import Settings
from service.store.engine import open_engine
from service.store.migrate import migrate
from web import docs_page, live, openapi, pages, refusals
from web.api import choice, health, rounds, sessions
from web.csp import SafeHeaders
from web.deps import Services
from web.metrics import Measured, Metrics

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The one authority for the time in a process without a test's or a rehearsal's clock."""
    return datetime.now(UTC)  # noqa: TID251 this is where the clock comes from


def make_app(settings: Settings, clock: Clock = utc_now) -> FastAPI:
    """The application of one process. Nothing is opened before its lifespan begins."""
    tick_s = settings.tick_ms / 1000
    bus: Bus = LocalBus() if settings.redis_url is None else RedisBus(settings.redis_url)
    engine = open_engine(settings)
    board = Board(engine, clock)
    desk = FilingDesk(engine, clock, bus.announce)
    hub = Hub(board, clock, tick_s, settings.heartbeat_s)
    accounts = Accounts(engine, clock, settings.session_hours)
    publisher = Publisher(engine, clock, bus.announce)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await migrate(engine)
        await bus.open()
        desk.open()
        timekeeper = Timekeeper(board, desk, publisher, clock, tick_s)
        await board.catch_up()
        await timekeeper.look()
        tasks = [
            asyncio.create_task(Follower(board, bus, tick_s).run(), name="follower"),
            asyncio.create_task(timekeeper.run(), name="timekeeper"),
            asyncio.create_task(hub.run(), name="hub"),
        ]
        try:
            yield
        finally:
            await desk.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await bus.close()
            await engine.dispose()

    app = FastAPI(
        title="mingci",
        version=version("mingci"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )
    app.state.services = Services(settings, clock, engine, accounts, desk, board, hub)
    app.state.metrics = Metrics(board, hub)
    for module in (sessions, rounds, choice):
        app.include_router(module.router, prefix="/api/v1")
    app.include_router(health.router)
    app.include_router(live.router)
    app.include_router(docs_page.router, include_in_schema=False)
    app.include_router(pages.router, include_in_schema=False)
    app.add_middleware(Measured)
    app.add_middleware(SafeHeaders)
    refusals.install(app)
    openapi.install(app)
    return app


def from_environment() -> FastAPI:
    """The application that `mingci serve` runs in each worker."""
    settings = Settings()
    logs.set_up(settings.log_level)
    return make_app(settings)
