"""What Prometheus is told: counts and times without a person in them."""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.board import Board
from service.push.hub import Hub


class Metrics:
    """The meters of one process."""

    def __init__(self, board: Board, hub: Hub) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "mingci_requests",
            "Answered requests.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "mingci_request_seconds", "Time to answer.", ["route"], registry=self.registry
        )
        watching = Gauge("mingci_watchers", "Open live connections.", registry=self.registry)
        watching.set_function(lambda: hub.count)
        folded = Gauge("mingci_board_seq", "The last seq folded.", registry=self.registry)
        folded.set_function(lambda: board.seq)


class Measured:
    """Measures every HTTP request by its route's template, never by its address."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and count its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            metrics: Metrics = scope["app"].state.metrics
            route = getattr(scope.get("route"), "path", "none")
            metrics.requests.labels(scope["method"], route, status).inc()
            metrics.seconds.labels(route).observe(time.perf_counter() - began)
