"""The public correction line of a round: what was changed, why, when."""

from fastapi import APIRouter, Request, Response

from service import views
from web.deps import services
from web.pages.office import say
from web.pages.render import public_page
from web.pages.routing import PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/corrections/{round_code}")
async def corrections(request: Request, round_code: str) -> Response:
    at = services(request)
    return public_page(
        request,
        "corrections.html",
        round=views.round_view(at.board, round_code),
        items=(await views.corrections(at.engine, at.board, round_code))["items"],
        say=say,
        zone=at.settings.time_zone,
    )
