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
        self._meters: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        watching = Gauge("mingci_watchers", "Open live connections.", registry=self.registry)
        watching.set_function(lambda: hub.count)
        folded = Gauge("mingci_board_seq", "The last seq folded.", registry=self.registry)
        folded.set_function(lambda: board.seq)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer; finding a meter by its labels costs more than counting."""
        meters = self._meters.get((method, route, status))
        if meters is None:
            meters = (self.requests.labels(method, route, status), self.seconds.labels(route))
            self._meters[method, route, status] = meters
        meters[0].inc()
        meters[1].observe(seconds)


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
            metrics.answered(scope["method"], route, status, time.perf_counter() - began)
