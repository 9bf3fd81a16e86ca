"""The front page, and the switch to large text."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from service import views
from service.calendar import GOING
from service.shapes import RoundView
from web.deps import services
from web.pages import schedules
from web.pages.render import ELDER_COOKIE, public_page
from web.pages.routing import PageRoute, go, local

router = APIRouter(route_class=PageRoute, include_in_schema=False)

YEAR = 365 * 86_400


@router.get("/")
async def home(request: Request) -> Response:
    """What is open now, the next lock, the next publication, and the doors."""
    running = services(request)
    now = running.clock()

    def shown(round_view: RoundView) -> dict[str, object]:
        return {
            **round_view,
            "going": round_view["state"] in GOING,
            "segments": schedules.parts(round_view, now),
            "next_lock": schedules.next_lock(round_view, now),
            "instants": schedules.instants(round_view, now),
            "next_publication": schedules.next_publication(round_view, now),
        }

    rounds = [shown(one) for one in views.round_views(running.board)]
    return public_page(request, "home.html", rounds=sorted(rounds, key=lambda r: not r["going"]))


@router.post("/display")
async def display(
    elder: Annotated[str, Form()] = "0", back: Annotated[str, Form()] = "/"
) -> Response:
    """大字版 on or off; one comes back to the same address."""
    answer = go(local(back))
    if elder == "1":
        answer.set_cookie(ELDER_COOKIE, "1", max_age=YEAR, samesite="lax", httponly=True)
    else:
        answer.delete_cookie(ELDER_COOKIE)
    return answer
