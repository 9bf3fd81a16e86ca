"""Seats left after admission: the rounds, one round's majors, and a feed of publications."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from service import views
from service.errors import Refusal
from service.result_shapes import UnfilledRow
from web.deps import services
from web.pages.render import PUBLIC, html, public_page
from web.pages.routing import PageRoute, go

router = APIRouter(route_class=PageRoute, include_in_schema=False)

PAGE = 100


@router.get("/unfilled")
async def index(request: Request) -> Response:
    """Every round whose seats left are published."""
    running = services(request)
    published = await views.unfilled_publications(running.engine, running.board)
    return public_page(request, "unfilled_index.html", published=published)


@router.get("/unfilled/{round_code}")
async def elsewhere(round_code: str) -> Response:
    """The address people guess."""
    return go(f"/rounds/{round_code}/unfilled")


@router.get("/rounds/{round_code}/unfilled")
async def table(
    request: Request,
    round_code: str,
    q: str = "",
    track: str = "",
    only: Literal["left", "all"] = "left",
    after: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """One round's majors, those with a seat left or all, filtered here without JavaScript."""
    running = services(request)
    chosen = views.round_view(running.board, round_code)
    try:
        published = await views.unfilled(running.engine, running.board, round_code)
    except Refusal as refusal:
        if refusal.code != "not-published":
            raise
        return public_page(request, "unfilled_none.html", round=chosen)
    wanted = q.strip().casefold()
    rows = [
        row
        for row in published["items"]
        if (only == "all" or row["unfilled"]) and track in ("", row["track"]) and _fits(row, wanted)
    ]
    return public_page(
        request,
        "unfilled.html",
        round=chosen,
        published=published,
        tracks=sorted({row["track"] for row in published["items"]}),
        q=q,
        track=track,
        only=only,
        found=len(rows),
        rows=rows[after : after + PAGE],
        start=after,
        page=PAGE,
    )


@router.get("/feeds/unfilled.atom")
async def feed(request: Request) -> Response:
    """An entry for each publication, for who wants to be told."""
    running = services(request)
    published = await views.unfilled_publications(running.engine, running.board)
    own_url = f"{str(request.base_url).rstrip('/')}/feeds/unfilled.atom"
    body = html(request, "unfilled_feed.xml", {"published": published, "own_url": own_url})
    return Response(body, media_type="application/atom+xml", headers={"cache-control": PUBLIC})


def _fits(row: UnfilledRow, wanted: str) -> bool:
    return (
        row["institution_code"].casefold().startswith(wanted)
        or wanted in row["institution_name"].casefold()
        or wanted in row["major_name"].casefold()
    )
