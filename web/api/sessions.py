"""Sign-in, password, sign-out."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Request, Response
from pydantic import BaseModel, Field

from service import views
from service.accounts import MAX_PASSWORD, Session
from service.shapes import Me, SessionView
from service.store.people import SignedIn
from web.deps import At, Own, anybody_signed_in, device_of, token_of

router = APIRouter(prefix="/api/v1", tags=["sessions"])


class SignIn(BaseModel):
    """What a candidate signs in with."""

    candidate_no: str = Field(min_length=1, max_length=32, pattern=r"^[0-9A-Za-z]+$")
    password: str = Field(min_length=1, max_length=MAX_PASSWORD)


class NewPassword(BaseModel):
    """The old password and the new one."""

    old: str = Field(min_length=1, max_length=MAX_PASSWORD)
    new: str = Field(min_length=1, max_length=MAX_PASSWORD)


@router.post("/sessions", status_code=201)
async def sign_in(request: Request, at: At, body: SignIn) -> SessionView:
    """Sign in with candidate number and password."""
    session = await at.accounts.sign_in(body.candidate_no, body.password, device_of(request))
    return session_view(session)


@router.delete("/sessions", status_code=204)
async def sign_out(
    request: Request, at: At, _person: Annotated[SignedIn, Depends(anybody_signed_in)]
) -> Response:
    """End this session."""
    await at.accounts.sign_out(token_of(request) or "")
    return Response(status_code=204)


@router.put("/password")
async def change_password(
    request: Request,
    at: At,
    person: Annotated[SignedIn, Depends(anybody_signed_in)],
    body: Annotated[NewPassword, Body()],
) -> SessionView:
    """Change the password; every other session ends."""
    session = await at.accounts.change_password(
        person.candidate_id, body.old, body.new, device_of(request)
    )
    return session_view(session)


@router.get("/me")
async def me(at: At, person: Own) -> Me:
    """The signed-in candidate: scores, rounds with their gates, own closing time."""
    return await views.me(at.engine, at.board, person.candidate_id)


def session_view(session: Session) -> SessionView:
    """A session as answered; the only time the token is seen."""
    return {
        "token": session.token,
        "expires_at": views.moment(session.expires_at),
        "must_change_password": session.must_change_password,
    }
