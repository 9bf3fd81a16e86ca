"""For machines that watch over the service: /healthz, /readyz, /metrics."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from service.store.engine import DatabaseFault
from service.store.migrate import at_newest
from web.deps import services

router = APIRouter(tags=["operations"])


@router.get("/healthz")
async def alive() -> dict[str, str]:
    """This process answers."""
    return {"status": "alive"}


@router.get("/readyz", responses={503: {"description": "Not ready; each part says so."}})
async def ready(request: Request) -> JSONResponse:
    """Whether database, migrations, feed and book are ready."""
    at = services(request)
    try:
        migrated, database = await at_newest(at.engine), True
    except (DatabaseFault, OSError):
        migrated, database = False, False
    behind = (at.clock() - at.board.as_of).total_seconds()
    parts = {
        "database": database,
        "migrations": migrated,
        "book": at.board.warm,
        "feed": at.board.warm and behind < 5,
    }
    status = 200 if all(parts.values()) else 503
    return JSONResponse({"ready": status == 200, **parts, "seq": at.board.seq}, status)


@router.get("/metrics", response_class=Response)
async def metrics(request: Request) -> Response:
    """Counters and gauges for Prometheus."""
    content = generate_latest(request.app.state.metrics.registry)
    return Response(content, media_type=CONTENT_TYPE_LATEST)
