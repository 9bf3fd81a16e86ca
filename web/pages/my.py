"""The flagship: where am I, who can still move me, how long have I left."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from service.store.people import SignedIn
from web.deps import page_candidate
from web.pages import position
from web.pages.candidate import at_the_desk
from web.pages.render import private_page
from web.pages.routing import PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/my")
async def my(request: Request, candidate: Annotated[SignedIn, Depends(page_candidate)]) -> Response:
    """The candidate's page, whole without JavaScript; web/static/live.js keeps it current."""
    desk = await at_the_desk(request, candidate)
    if desk is None:
        return private_page(request, "no_round.html")
    context = desk.context()
    if desk.standing["unit"] is None:
        return private_page(request, "no_choice.html", **context)
    return private_page(
        request,
        "my.html",
        **context,
        tone=position.tone(desk.standing),
        major_tone=position.major_tone(desk.standing),
        seats=position.seats(desk.standing),
        held_majors=desk.held_majors(),
    )
