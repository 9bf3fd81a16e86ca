"""One act: what it would do, its review, and the second person's decision."""

from collections.abc import Awaitable, Callable, Sequence

from fastapi import APIRouter, Request, Response

from service import views
from service.acts import Finding
from service.errors import Refusal
from service.shapes import Change
from service.staff import Member
from service.views import ActView
from web import refusals
from web.deps import Services, services
from web.pages.office.access import Staff, page, typed
from web.pages.routing import PageRoute, go

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/office/acts/{act_id}")
async def act(request: Request, by: Staff, act_id: int) -> Response:
    return await _act_page(request, by, act_id)


@router.post("/office/acts/{act_id}/review")
async def review(request: Request, by: Staff, act_id: int) -> Response:
    """The confidentiality review: what was found, the decision, its legal basis."""
    form = await typed(request)
    finding = Finding(
        state_secret=form.get("state_secret") == "1",
        trade_secret=form.get("trade_secret") == "1",
        personal_data=form.get("personal_data") == "1",
        safety=form.get("safety") == "1",
        decision="publish" if form.get("decision") == "publish" else "withhold",
        basis=form.get("basis", ""),
    )
    at = services(request)
    return await _decided(
        request, by, act_id, form, lambda: at.office.acts.review(by, act_id, finding)
    )


@router.post("/office/acts/{act_id}/approve")
async def approve(request: Request, by: Staff, act_id: int) -> Response:
    """Carry it out, as the second person."""
    at = services(request)
    return await _decided(
        request, by, act_id, await typed(request), lambda: at.office.acts.approve(by, act_id)
    )


@router.post("/office/acts/{act_id}/refuse")
async def refuse(request: Request, by: Staff, act_id: int) -> Response:
    """End it undone, as the second person."""
    at = services(request)
    return await _decided(
        request, by, act_id, await typed(request), lambda: at.office.acts.refuse(by, act_id)
    )


@router.post("/office/acts/{act_id}/withdraw")
async def withdraw(request: Request, by: Staff, act_id: int) -> Response:
    """Take it back, as who proposed it."""
    at = services(request)
    return await _decided(
        request, by, act_id, await typed(request), lambda: at.office.acts.withdraw(by, act_id)
    )


async def _decided(
    request: Request,
    by: Member,
    act_id: int,
    form: dict[str, str],
    do: Callable[[], Awaitable[object]],
) -> Response:
    """Confirm with a one-time code, do it, and show the act; a refusal is said on its page."""
    try:
        await services(request).office.staff.confirm(by, form.get("code", ""))
        await do()
    except Refusal as refusal:
        return await _act_page(request, by, act_id, refusal)
    return go(f"/office/acts/{act_id}")


async def _act_page(
    request: Request, by: Member, act_id: int, refusal: Refusal | None = None
) -> Response:
    at = services(request)
    view = await views.one_act(at.engine, act_id)
    changes, obstacle = await _expected(at, by, view)
    return page(
        request,
        by,
        "act.html",
        refusal,
        view=view,
        may=view.may(by),
        changes=changes,
        obstacle=obstacle,
    )


async def _expected(at: Services, by: Member, view: ActView) -> tuple[Sequence[Change], str | None]:
    """What approving it now would change, or why it cannot be approved now.

    A file's difference is on the file's own page, a filing's on its dry run's: they take a while.
    """
    act = view.act
    if act.state != "proposed" or act.kind == "apply_filing" or "upload" in act.body:
        return (), None
    try:
        events = await at.office.acts.rehearse(by, act.kind, view.round_code, act.body)
    except Refusal as refusal:
        return (), refusals.sentence(refusal)
    return [change for event in events for change in views.changes_of(event)], None
