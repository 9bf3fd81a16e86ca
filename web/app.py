"""The wiring: chooses store, bus and clock, and joins them into one application."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.metadata import version

import structlog
from fastapi import FastAPI

from service import logs
from service.accounts import Accounts
from service.acts import Acts, Applier
from service.admission import Admission, apply_filing
from service.board import Board
from service.clock import Clock, DatabaseClock
from service.controls import CONTROLS
from service.filing import FilingDesk
from service.memory import keep_freed_memory
from service.publishing import Publisher
from service.push.follower import Follower, Timekeeper
from service.push.hub import Hub
from service.push.redis_bus import RedisBus
from service.push.sessions import Sessions
from service.releases import publish_unfilled, release_results
from service.results import Results
from service.settings import Settings
from service.staff import StaffAccounts
from service.store.engine import open_engine
from service.store.migrate import migrate
from service.throttle import Throttle
from service.uploads import Uploads
from web import docs_page, openapi, pages, refusals
from web.api import (
    choice,
    events,
    health,
    plan_books,
    publications,
    results,
    rounds,
    sessions,
    unfilled,
)
from web.api.plain_choice import PlainChoice
from web.bounds import Bounded
from web.csp import SafeHeaders
from web.deps import Office, Services
from web.heads import Heads
from web.metrics import Measured, Metrics
from web.pages.routing import refused
from web.shedding import Pulse, Shedding

_log = structlog.get_logger(__name__)

APPLIERS: Mapping[str, Applier] = {
    **CONTROLS,
    "apply_filing": apply_filing,
    "release_results": release_results,
    "publish_unfilled": publish_unfilled,
}
"""What two people can agree on, by kind."""


def utc_now() -> datetime:
    """This machine's clock."""
    return datetime.now(UTC)  # noqa: TID251 this is where the clock comes from


def authority(settings: Settings) -> Clock:
    """The one clock that decides: PostgreSQL's own where workers share one, else this machine's."""
    return utc_now if settings.sqlite_path() is not None else DatabaseClock(utc_now)


def terminate() -> None:
    """End this process as a supervisor would: sockets get 1012, waiting filings their answers."""
    signal.raise_signal(signal.SIGTERM)


class Process:
    """What one process is made of, and how it starts and stops."""

    def __init__(self, settings: Settings, clock: Clock, on_fatal: Callable[[], None]) -> None:
        self._on_fatal = on_fatal
        self._clock = clock
        tick_s = settings.tick_ms / 1000
        self.engine = open_engine(settings)
        self.board = Board(self.engine, clock)
        self.follower = Follower(self.board, tick_s)
        self.bus = settings.redis_url and RedisBus(settings.redis_url, self.follower.hear)
        announce = self.bus.announce if self.bus else self.follower.hear
        throttle = Throttle(settings.filing_burst, settings.filing_every_s)
        self.desk = FilingDesk(self.engine, clock, announce, throttle)
        self.pulse = Pulse(self.desk)
        self.hub = Hub(self.board, clock, tick_s, settings.heartbeat_s)
        publisher = Publisher(self.engine, clock, announce)
        self.timekeeper = Timekeeper(self.board, self.desk, publisher, clock, tick_s)
        accounts = Accounts(self.engine, clock, settings.session_hours)
        accounts.on_end = self.hub.ended
        self.sessions = Sessions(self.engine, clock, accounts, self.hub)
        self.results = Results(self.engine, clock, settings.redis_url)
        office = Office(
            StaffAccounts(self.engine, clock),
            Acts(self.engine, clock, announce, APPLIERS),
            Uploads(self.engine, clock, announce),
            Admission(self.engine, clock, announce),
        )
        self.services = Services(
            settings,
            clock,
            self.engine,
            accounts,
            self.desk,
            self.board,
            self.hub,
            self.results,
            self.sessions,
            office,
        )

    @asynccontextmanager
    async def lifespan(self, _app: FastAPI) -> AsyncIterator[dict[str, Services]]:
        """Ready when the book is warm; on leaving, what waits at the desk is still answered."""
        tasks: list[asyncio.Task[None]] = []
        try:
            await migrate(self.engine)
            if isinstance(self._clock, DatabaseClock):
                await self._clock.measure(self.engine)
                tasks.append(
                    asyncio.create_task(self._clock.keep_measuring(self.engine), name="clock")
                )
            self.desk.open()
            await self.results.open()
            await self.board.catch_up()
            await self.timekeeper.look()
            tasks += [
                asyncio.create_task(self.follower.run(), name="follower"),
                asyncio.create_task(self.timekeeper.run(), name="timekeeper"),
                asyncio.create_task(self.hub.run(), name="hub"),
                asyncio.create_task(self.pulse.run(), name="pulse"),
                asyncio.create_task(self.sessions.run(), name="sessions"),
            ]
            for task in [*tasks, *(self.bus.open() if self.bus else ())]:
                task.add_done_callback(self._ended)
            yield {"services": self.services}
        finally:
            await self.desk.close()
            await self.results.close()
            await self.services.accounts.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self.bus:
                await self.bus.close()
            await self.engine.dispose()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A worker that no longer follows, pushes or keeps time is worse than none: it ends."""
        if task.cancelled():
            return
        _log.critical("task_ended", task=task.get_name(), exc_info=task.exception())
        self._on_fatal()


def make_app(
    settings: Settings, clock: Clock | None = None, on_fatal: Callable[[], None] = terminate
) -> FastAPI:
    """The application of one process. Nothing is opened before its lifespan begins.

    A test or a rehearsal passes its own `clock`, which then decides on either store.
    `on_fatal` is called when a part that must run for ever has ended by a fault.
    """
    process = Process(settings, clock or authority(settings), on_fatal)
    app = FastAPI(
        title="mingci",
        version=version("mingci"),
        lifespan=process.lifespan,
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )
    app.router.routes.insert(0, PlainChoice())
    app.state.services = process.services
    app.state.metrics = Metrics(process.board, process.hub)
    for module in (
        sessions,
        rounds,
        choice,
        events,
        results,
        health,
        publications,
        plan_books,
        unfilled,
    ):
        app.include_router(module.router)
    app.include_router(docs_page.router, include_in_schema=False)
    app.include_router(pages.router, include_in_schema=False)
    app.add_middleware(Bounded)
    app.add_middleware(Heads)
    app.add_middleware(Shedding, pulse=process.pulse)
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
