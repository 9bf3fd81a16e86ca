"""What needs me now; for auditors all that was done; who is on the staff."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from service import views
from service.errors import Refusal
from service.staff import Member
from web.deps import services
from web.pages.office.access import Staff, page, typed
from web.pages.routing import PageRoute, go

router = APIRouter(route_class=PageRoute, include_in_schema=False)

AUDIT_PAGE = 50
LAST_UPLOADS = 8


@router.get("/office")
async def desk(request: Request, by: Staff) -> Response:
    """The acts that wait, those for oneself first; the rounds; the last files."""
    at = services(request)
    waiting = await views.desk_acts(at.engine)
    mine = [one for one in waiting if one.may(by) - {"withdraw"}]
    others = [one for one in waiting if one not in mine]
    return page(
        request,
        by,
        "desk.html",
        mine=mine,
        others=others,
        rounds=views.office_rounds(at.board),
        uploads=await at.office.uploads.newest(LAST_UPLOADS),
    )


@router.get("/office/audit")
async def audit(
    request: Request,
    by: Staff,
    before: Annotated[int | None, Query(ge=1)] = None,
    after: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """Every act with who did what, and the log, for auditors."""
    if "auditor" not in by.roles:
        raise Refusal("not-allowed")
    found = await views.audit(services(request).engine, before, after, AUDIT_PAGE)
    return page(request, by, "audit.html", audit=found, after=after, size=AUDIT_PAGE)


@router.get("/office/staff")
async def staff(request: Request, by: Staff) -> Response:
    return await _staff_page(request, by)


@router.post("/office/staff/{name}/disable")
async def disable(request: Request, by: Staff, name: str) -> Response:
    """Close an account. New accounts are made by `mingci staff add`, at the machine itself."""
    form = await typed(request)
    try:
        await services(request).office.staff.disable_by(by, name, form.get("code", ""))
    except Refusal as refusal:
        return await _staff_page(request, by, refusal)
    return go("/office/staff")


async def _staff_page(request: Request, by: Member, refusal: Refusal | None = None) -> Response:
    if not by.roles & {"security_admin", "auditor"}:
        raise Refusal("not-allowed")
    everybody = await services(request).office.staff.everybody()
    return page(request, by, "staff.html", refusal, everybody=everybody)
