"""Who is at the office's desk: the session's cookie, and pages for staff only."""

from typing import Annotated, Any

from fastapi import Depends, Request, Response

from service.errors import Refusal
from service.staff import Member
from web import refusals
from web.deps import services
from web.pages.office import say
from web.pages.render import private_page

COOKIE = "mingci_staff"
HERE = "/office"


async def anybody(request: Request) -> Member:
    """Who is signed in, also before the first change of the password."""
    token = request.cookies.get(COOKIE)
    if token is None:
        raise Refusal("staff-not-signed-in")
    return await services(request).office.staff.whose(token)


async def member(request: Request) -> Member:
    """Who is signed in; the initial password must have been changed."""
    found = await anybody(request)
    if found.must_change_password:
        raise Refusal("staff-must-change-password")
    return found


Staff = Annotated[Member, Depends(member)]


def with_session(request: Request, answer: Response, token: str) -> Response:
    """The answer that also opens the session in this browser, for the office's pages alone."""
    answer.set_cookie(
        COOKIE,
        token,
        path=HERE,
        httponly=True,
        samesite="strict",
        secure=services(request).settings.secure_cookies,
    )
    return answer


def page(
    request: Request, by: Member, template: str, refusal: Refusal | None = None, **context: Any
) -> Response:
    """A page of the office; with a refusal, the same page says why nothing was done."""
    sentence = None if refusal is None else refusals.sentence(refusal)
    status = 200 if refusal is None else refusals.status(refusal)
    return private_page(
        request, f"office/{template}", status, by=by, wrong=sentence, say=say, **context
    )


async def typed(request: Request) -> dict[str, str]:
    """The text fields of a form, read once one knows who sends it."""
    form = await request.form()
    return {name: value.strip() for name, value in form.items() if isinstance(value, str)}
