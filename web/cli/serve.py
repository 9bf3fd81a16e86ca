"""`mingci serve`: the service on one or more workers."""

import asyncio
from collections.abc import Mapping
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI

from service.settings import Settings
from service.store.engine import open_engine
from service.store.migrate import migrate
from web.cli.faults import database_in_use, read_settings
from web.live_protocol import HttpProtocol, LiveProtocol

WIRE: Mapping[str, object] = {
    "http": HttpProtocol,
    "ws": LiveProtocol,
    "ws_max_size": 4096,
    "ws_per_message_deflate": False,
    "log_config": None,
    "access_log": False,
    "server_header": False,
    "timeout_graceful_shutdown": 10,
    "timeout_keep_alive": 75,
}
"""How uvicorn speaks: small websocket messages without compression, no log of addresses.

An idle link is kept for longer than a proxy keeps it (nginx: 60 s), so that no request is sent into
one that is just being closed: a POST that is lost so cannot be sent again.
"""


def server_config(app: FastAPI, host: str, port: int) -> uvicorn.Config:
    """The server of one application in this process."""
    return uvicorn.Config(app, host=host, port=port, **WIRE)  # type: ignore[arg-type]


async def prepare(settings: Settings) -> None:
    """Bring the database to the newest schema once, before any worker looks at it."""
    engine = open_engine(settings)
    try:
        await migrate(engine)
    finally:
        await engine.dispose()


app = typer.Typer()


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1,
) -> None:
    """Serve the database in MINGCI_DATABASE_URL (default ./var/mingci.db).

    With MINGCI_REDIS_URL workers hear of each other's changes at once, else at the next tick.
    """
    with database_in_use():
        asyncio.run(prepare(read_settings()))
    uvicorn.run(
        "web.app:from_environment",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        **WIRE,  # type: ignore[arg-type]
    )
