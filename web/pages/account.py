"""Sign-in, the forced first change of the password, sign-out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from service.accounts import Session
from service.errors import Refusal
from service.store.people import SignedIn
from web import refusals
from web.deps import COOKIE, anybody_signed_in, device_of, services
from web.pages.render import private_page
from web.pages.routing import PageRoute, go, local

router = APIRouter(route_class=PageRoute, include_in_schema=False)

Text = Annotated[str, Form()]


def with_session(request: Request, answer: Response, session: Session) -> Response:
    """The answer that also opens the session in this browser."""
    running = services(request)
    answer.set_cookie(
        COOKIE,
        session.token,
        max_age=running.settings.session_hours * 3600,  # the browser's clock may be wrong
        httponly=True,
        samesite="lax",
        secure=running.settings.secure_cookies,
    )
    return answer


@router.get("/sign-in")
async def sign_in_form(request: Request, next: str = "/my") -> Response:  # noqa: A002 the name in the address
    return private_page(request, "sign_in.html", next=local(next), candidate_no="", errors={})


@router.post("/sign-in")
async def sign_in(
    request: Request,
    candidate_no: Text = "",
    password: Text = "",
    next: Text = "/my",  # noqa: A002 the name in the address
) -> Response:
    """Open a session; a failure says the same for an unknown number and a wrong password."""
    accounts = services(request).accounts
    try:
        session = await accounts.sign_in(candidate_no.strip(), password, device_of(request))
    except Refusal as refusal:
        sentence = refusals.sentence(refusal, "zh")
        return private_page(
            request,
            "sign_in.html",
            refusals.status(refusal),
            next=local(next),
            candidate_no=candidate_no,
            errors={"candidate_no": sentence},
        )
    target = "/password" if session.must_change_password else local(next)
    return with_session(request, go(target), session)


@router.get("/password")
async def password_form(
    request: Request, candidate: Annotated[SignedIn, Depends(anybody_signed_in)]
) -> Response:
    return private_page(request, "password.html", forced=candidate.must_change_password, errors={})


@router.post("/password")
async def change_password(
    request: Request,
    candidate: Annotated[SignedIn, Depends(anybody_signed_in)],
    old: Text = "",
    new: Text = "",
    again: Text = "",
) -> Response:
    """Replace the password; sessions elsewhere end."""
    errors = {}
    if new != again:
        errors = {"again": "两次输入的新密码不一样"}
    else:
        try:
            session = await services(request).accounts.change_password(
                candidate.candidate_id, old, new, device_of(request)
            )
            return with_session(request, go("/my"), session)
        except Refusal as refusal:
            field = "old" if refusal.code == "wrong-credentials" else "new"
            sentence = "现在的密码不对" if field == "old" else refusals.sentence(refusal, "zh")
            errors = {field: sentence}
    return private_page(
        request, "password.html", 422, forced=candidate.must_change_password, errors=errors
    )


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    token = request.cookies.get(COOKIE)
    if token:
        await services(request).accounts.sign_out(token)
    answer = go("/")
    answer.delete_cookie(COOKIE)
    return answer
