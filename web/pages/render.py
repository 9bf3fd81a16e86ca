"""Templates to answers: the environment, and how long each kind of page may be kept."""

import gzip
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from service.calendar import STEPS
from service.events import from_ms
from web.deps import services
from web.pages import assets, words
from web.pages.position import moment
from web.pages.words import Line

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
ELDER_COOKIE = "mingci_elder"
PRIVATE = "no-store"
PUBLIC = "public, max-age=5, s-maxage=10, stale-while-revalidate=30"


def say(line: Line) -> Markup:
    """A sentence of `words.POSITION` with its facts bold."""
    key, facts = line
    bold = {name: Markup("<b>{}</b>").format(words.fact(value)) for name, value in facts.items()}
    return escape(words.POSITION[key]).format_map(bold)


def plain(line: Line) -> str:
    """The same sentence as plain text."""
    return words.line(words.POSITION[line[0]], line[1])


def short(line: Line) -> str:
    """A status in its short form for tables."""
    return words.line(words.STATUS[line[0]], line[1])


@cache
def live_words() -> str:
    """The sentences the live module fills, as JSON."""
    held = {"position": dict(words.POSITION), "link": dict(words.LINK)}
    return json.dumps(held, ensure_ascii=False, separators=(",", ":"))


@cache
def environment() -> Environment:
    jinja = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.filters.update(say=say, plain=plain, short=short, number=words.number, score=words.score)
    jinja.globals.update(
        asset=assets.address,
        live_words=live_words,
        ordinal=words.ordinal,
        ROUND_STATE=words.ROUND_STATE,
        LINK=words.LINK,
        AFTER_CLOSE=("closed", *STEPS),
        line=words.line,
    )
    return jinja


def html(request: Request, template: str, context: Mapping[str, Any]) -> str:
    """A page's text. Times are shown in the site's zone."""
    running = services(request)
    zone = running.settings.time_zone
    now = running.clock()
    return (
        environment()
        .get_template(template)
        .render(
            {
                "settings": running.settings,
                "moment_of": moment,
                "elder": request.cookies.get(ELDER_COOKIE) == "1",
                "here": request.url.path,
                "address": _address(request),
                "now": now,
                "clock_time": lambda at: words.clock_time(moment(at), zone),
                "day_time": lambda at: words.day_time(moment(at), zone),
                "at_ms": lambda at: from_ms(at).isoformat(),
                "exact_time": lambda at: words.exact_time(moment(at), zone),
                "until": lambda at: words.countdown(moment(at) - now),
                "between": lambda early, late: words.duration(moment(late) - moment(early)),
                **context,
            }
        )
    )


def private_page(request: Request, template: str, status: int = 200, **context: Any) -> Response:
    """A page for one person; nothing on the way may keep it."""
    body = html(request, template, context).encode()
    return _sent(request, body, status, {"cache-control": PRIVATE})


def public_page(request: Request, template: str, **context: Any) -> Response:
    """A page that is the same for everybody: short-lived in caches, checked by its digest."""
    body = html(request, template, context).encode()
    tag = f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'
    headers = {"cache-control": PUBLIC, "etag": tag, "vary": "Cookie, Accept-Encoding"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return _sent(request, body, 200, headers)


def _sent(request: Request, body: bytes, status: int, headers: dict[str, str]) -> Response:
    """The page, compressed for those who can read it so."""
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return HTMLResponse(body, status, headers)
    zipped = gzip.compress(body, 5, mtime=0)
    return HTMLResponse(zipped, status, {**headers, "content-encoding": "gzip"})


def _address(request: Request) -> str:
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path
