"""What a request is handed: the services of this process, and who is asking."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from service.accounts import Accounts
from service.acts import Acts
from service.admission import Admission
from service.board import Board
from service.errors import Refusal
from service.filing import FilingDesk
from service.push.hub import Hub
from service.push.sessions import Sessions
from service.results import Results
from service.settings import Settings
from service.staff import StaffAccounts
from service.store.engine import Engine
from service.store.people import SignedIn
from service.uploads import Uploads

COOKIE = "mingci_session"

bearer = HTTPBearer(auto_error=False, description="The token of POST /sessions.")


@dataclass(frozen=True, slots=True)
class Office:
    """The office's own services."""

    staff: StaffAccounts
    acts: Acts
    uploads: Uploads
    admission: Admission


@dataclass(frozen=True, slots=True)
class Services:
    """What this process is made of, joined once by `web.app`."""

    settings: Settings
    clock: Callable[[], datetime]
    engine: Engine
    accounts: Accounts
    desk: FilingDesk
    board: Board
    hub: Hub
    results: Results
    sessions: Sessions
    office: Office


def services(request: HTTPConnection) -> Services:
    """The services behind a request or a websocket."""
    found: Services = request.app.state.services
    return found


def token_of(connection: HTTPConnection) -> str | None:
    """The session token a connection brings: its bearer header, else its cookie."""
    return bearer_of(connection) or connection.cookies.get(COOKIE)


def bearer_of(connection: HTTPConnection) -> str | None:
    """The token of a connection's bearer header, which no other site's page can send."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def device_of(request: Request) -> str:
    """What the candidate is shown of the device a change came from."""
    return device_text(request.headers.get("user-agent", ""))


def device_text(named: str) -> str:
    """What a program says of itself, without what cannot be shown."""
    if not named.isprintable():
        named = "".join(letter for letter in named if letter.isprintable())
    return named[:200]


async def anybody_signed_in(
    request: Request,
    _declared: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)],
) -> SignedIn:
    """Who is asking, also before the first change of the password."""
    token = token_of(request)
    if token is None:
        raise Refusal("not-signed-in")
    if request.method not in ("GET", "HEAD") and bearer_of(request) is None:
        _refuse_foreign_origin(request)
    return await services(request).accounts.whose(token)


async def api_candidate(person: Annotated[SignedIn, Depends(anybody_signed_in)]) -> SignedIn:
    """Who is asking; the initial password must have been changed."""
    if person.must_change_password:
        raise Refusal("must-change-password")
    return person


async def page_candidate(request: Request) -> SignedIn:
    """Who is looking at a page."""
    return await api_candidate(await anybody_signed_in(request, None))


def _refuse_foreign_origin(request: Request) -> None:
    """A cookie alone changes nothing for another site's page."""
    if not same_origin(request):
        raise Refusal("not-signed-in")


def same_origin(connection: HTTPConnection) -> bool:
    """Whether the browser says that this host's own page asks; programs name no origin."""
    origin = connection.headers.get("origin")
    if origin is None:
        return connection.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
    return origin.partition("://")[2] == connection.headers.get("host")


Own = Annotated[SignedIn, Depends(api_candidate)]
At = Annotated[Services, Depends(services)]
