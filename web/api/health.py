"""For machines that watch over the service: /healthz, /readyz, /metrics."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from typing_extensions import TypedDict

from service.store.engine import DatabaseFault
from service.store.migrate import at_newest
from web.deps import services

router = APIRouter(tags=["operations"])


class Alive(TypedDict):
    """That this process answers."""

    status: Literal["alive"]


class Readiness(TypedDict):
    """Whether requests may be sent here, part by part; `seq` is the last one folded."""

    ready: bool
    database: bool
    migrations: bool
    book: bool
    feed: bool
    seq: int


@router.get("/healthz")
async def alive() -> Alive:
    """This process answers."""
    return {"status": "alive"}


@router.get(
    "/readyz",
    responses={503: {"model": Readiness, "description": "Not ready; each part says so."}},
)
async def ready(request: Request, response: Response) -> Readiness:
    """Whether database, migrations, feed and book are ready."""
    at = services(request)
    try:
        migrated, database = await at_newest(at.engine), True
    except (DatabaseFault, OSError):
        migrated, database = False, False
    behind = (at.clock() - at.board.as_of).total_seconds()
    book, feed = at.board.warm, at.board.warm and behind < 5
    all_is_well = database and migrated and book and feed
    response.status_code = 200 if all_is_well else 503
    return {
        "ready": all_is_well,
        "database": database,
        "migrations": migrated,
        "book": book,
        "feed": feed,
        "seq": at.board.seq,
    }


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request) -> Response:
    """Counters and gauges for Prometheus."""
    content = generate_latest(request.app.state.metrics.registry)
    return Response(content, media_type=CONTENT_TYPE_LATEST)
