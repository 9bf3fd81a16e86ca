"""The wiring: chooses store, bus and clock, and joins them into one application."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.metadata import version

import structlog
from fastapi import FastAPI

from service import logs
from service.accounts import Accounts
from service.board import Board
from service.filing import FilingDesk
from service.memory import keep_freed_memory
from service.publishing import Publisher
from service.push.bus import Bus, LocalBus
from service.push.follower import Follower, Timekeeper
from service.push.hub import Hub
from service.push.redis_bus import RedisBus
from service.results import Results
from service.settings import Settings
from service.store.engine import open_engine
from service.store.migrate import migrate
from web import docs_page, live, openapi, pages, refusals
from web.api import choice, health, results, rounds, sessions, unfilled
from web.bounds import Bounded
from web.csp import SafeHeaders
from web.deps import Services
from web.metrics import Measured, Metrics
from web.pages.routing import refused

Clock = Callable[[], datetime]

_log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    """The one authority for the time in a process without a test's or a rehearsal's clock."""
    return datetime.now(UTC)  # noqa: TID251 this is where the clock comes from


def terminate() -> None:
    """End this process as a supervisor would: sockets get 1012, waiting filings their answers."""
    signal.raise_signal(signal.SIGTERM)


class Process:
    """What one process is made of, and how it starts and stops."""

    def __init__(self, settings: Settings, clock: Clock, on_fatal: Callable[[], None]) -> None:
        self._on_fatal = on_fatal
        tick_s = settings.tick_ms / 1000
        self.bus: Bus = LocalBus() if settings.redis_url is None else RedisBus(settings.redis_url)
        self.engine = open_engine(settings)
        self.board = Board(self.engine, clock)
        self.desk = FilingDesk(self.engine, clock, self.bus.announce)
        self.hub = Hub(self.board, clock, tick_s, settings.heartbeat_s)
        self.follower = Follower(self.board, self.bus, tick_s)
        publisher = Publisher(self.engine, clock, self.bus.announce)
        self.timekeeper = Timekeeper(self.board, self.desk, publisher, clock, tick_s)
        accounts = Accounts(self.engine, clock, settings.session_hours)
        self.results = Results(self.engine, clock, settings.redis_url)
        self.services = Services(
            settings, clock, self.engine, accounts, self.desk, self.board, self.hub, self.results
        )

    @asynccontextmanager
    async def lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        """Ready when the book is warm; on leaving, what waits at the desk is still answered."""
        tasks: list[asyncio.Task[None]] = []
        try:
            await migrate(self.engine)
            await self.bus.open()
            self.desk.open()
            await self.results.open()
            await self.board.catch_up()
            await self.timekeeper.look()
            tasks = [
                asyncio.create_task(self.follower.run(), name="follower"),
                asyncio.create_task(self.timekeeper.run(), name="timekeeper"),
                asyncio.create_task(self.hub.run(), name="hub"),
            ]
            for task in tasks:
                task.add_done_callback(self._ended)
            yield
        finally:
            await self.desk.close()
            await self.results.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.bus.close()
            await self.engine.dispose()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A worker that no longer follows, pushes or keeps time is worse than none: it ends."""
        if task.cancelled():
            return
        _log.critical("task_ended", task=task.get_name(), exc_info=task.exception())
        self._on_fatal()


def make_app(
    settings: Settings, clock: Clock = utc_now, on_fatal: Callable[[], None] = terminate
) -> FastAPI:
    """The application of one process. Nothing is opened before its lifespan begins.

    `on_fatal` is called when a part that must run for ever has ended by a fault.
    """
    process = Process(settings, clock, on_fatal)
    app = FastAPI(
        title="mingci",
        version=version("mingci"),
        lifespan=process.lifespan,
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )
    app.state.services = process.services
    app.state.metrics = Metrics(process.board, process.hub)
    for module in (sessions, rounds, choice, results, unfilled, health, live):
        app.include_router(module.router)
    app.include_router(docs_page.router, include_in_schema=False)
    app.include_router(pages.router, include_in_schema=False)
    app.add_middleware(Bounded)
    app.add_middleware(Measured)
    app.add_middleware(SafeHeaders)
    refusals.install(app, refused)
    openapi.install(app)
    return app


def from_environment() -> FastAPI:
    """The application that `mingci serve` runs in each worker."""
    settings = Settings()
    logs.set_up(settings.log_level)
    keep_freed_memory()
    return make_app(settings)
