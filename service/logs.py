"""Logs: one JSON object a line, an event with fields. Never a name, number, phone or token."""

import logging
import sys
import traceback
from types import TracebackType

import structlog

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

WITH_VALUES = ("aiosqlite", "asyncpg", "sqlalchemy", "websockets", "python_multipart")
"""Libraries that tell each value they handle when they are asked to tell more than warnings."""


def set_up(level: str) -> None:
    """Send structlog's events, and what libraries log, to stderr as JSON lines."""
    chain: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(where_it_failed),
    ]
    structlog.configure(
        processors=[*chain, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_names_no_address)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=chain,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # addresses and query strings may name a person, so the access log stays off
    logging.getLogger("uvicorn.access").disabled = True
    for name in ("alembic", *WITH_VALUES):
        logging.getLogger(name).setLevel("WARNING")


def where_it_failed(exc_info: ExcInfo) -> list[dict[str, object]]:
    """A fault and its causes by type and line of code; messages and variables may name a person."""
    chain: list[dict[str, object]] = []
    error: BaseException | None = exc_info[1]
    while error is not None and len(chain) < 5:
        frames = traceback.extract_tb(error.__traceback__)[-20:]
        chain.append(
            {
                "type": type(error).__name__,
                "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
            }
        )
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return chain


def _names_no_address(record: logging.LogRecord) -> bool:
    """Whether a line may be written: uvicorn tells each websocket's client address and query."""
    return not (isinstance(record.msg, str) and record.msg.startswith('%s - "WebSocket'))
