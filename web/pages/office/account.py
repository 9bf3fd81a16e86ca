"""Staff sign in by password and one-time code, change the password, sign out."""

from fastapi import APIRouter, Request, Response

from service.errors import Refusal
from web import refusals
from web.deps import services
from web.pages.office.access import COOKIE, HERE, anybody, page, typed, with_session
from web.pages.render import private_page
from web.pages.routing import PageRoute, go

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/office/sign-in")
async def sign_in_form(request: Request) -> Response:
    return private_page(request, "office/sign_in.html", wrong=None, name="")


@router.post("/office/sign-in")
async def sign_in(request: Request) -> Response:
    """Open a session; a failure says the same whatever of the three was wrong."""
    form = await typed(request)
    name = form.get("name", "")
    try:
        token = await services(request).office.staff.sign_in(
            name, form.get("password", ""), form.get("code", "")
        )
    except Refusal as refusal:
        wrong = (
            "名字、密码或动态码不对；每个动态码只能用一次，请等下一个再试。"
            if refusal.code == "wrong-credentials"
            else refusals.sentence(refusal)
        )
        return private_page(
            request, "office/sign_in.html", refusals.status(refusal), wrong=wrong, name=name
        )
    return with_session(request, go("/office"), token)


@router.get("/office/password")
async def password_form(request: Request) -> Response:
    return page(request, await anybody(request), "password.html")


@router.post("/office/password")
async def change_password(request: Request) -> Response:
    """Replace the password; sessions elsewhere end."""
    by = await anybody(request)
    form = await typed(request)
    old, new = form.get("old", ""), form.get("new", "")
    if new != form.get("again", ""):
        return page(request, by, "password.html", Refusal("passwords-differ"))
    try:
        token = await services(request).office.staff.change_password(by, old, new)
    except Refusal as refusal:
        return page(request, by, "password.html", refusal)
    return with_session(request, go("/office"), token)


@router.post("/office/sign-out")
async def sign_out(request: Request) -> Response:
    token = request.cookies.get(COOKIE)
    if token:
        await services(request).office.staff.sign_out(token)
    answer = go("/office/sign-in")
    answer.delete_cookie(COOKIE, path=HERE)
    return answer
