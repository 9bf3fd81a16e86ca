"""How a page answers what the service declines: a person is sent to where they can go on.

Forms are taken from this site's own pages only: browsers say where a POST comes from.
"""

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import RedirectResponse

from service.errors import Refusal
from web import refusals
from web.deps import same_origin
from web.pages.render import private_page

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PageRoute(APIRoute):
    """A route whose refusals are pages."""

    def get_route_handler(self) -> Handler:
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            if request.method == "POST" and not same_origin(request):
                return private_page(request, "fault.html", 403, code="elsewhere", sentence="")
            try:
                return await inner(request)
            except Refusal as refusal:
                return refused(request, refusal)
            except RequestValidationError:
                return refused(request, Refusal("invalid-request"))

        return handle


def go(address: str) -> Response:
    """After a form: see another page."""
    return RedirectResponse(address, 303, headers={"cache-control": "no-store"})


def local(address: str | None) -> str:
    """An address on this site to go back to; anything else is the candidate's page."""
    if address is None or not address.startswith("/") or address.startswith(("//", "/\\")):
        return "/my"
    return address if address.isprintable() and "\\" not in address else "/my"


def refused(request: Request, refusal: Refusal) -> Response:
    if refusal.code == "not-signed-in":
        back = request.url.path if request.method == "GET" else "/my"
        if request.method == "GET" and request.url.query:
            back += "?" + request.url.query
        return go(f"/sign-in?next={quote(back, safe='')}")
    if refusal.code == "staff-not-signed-in":
        return go("/office/sign-in")
    if refusal.code == "staff-must-change-password":
        return go("/office/password")
    if refusal.code == "must-change-password":
        return go("/password")
    return private_page(
        request,
        "office/fault.html" if request.url.path.startswith("/office") else "fault.html",
        refusals.status(refusal),
        code=refusal.code,
        sentence=refusals.sentence(refusal),
    )
