"""What follows a round's close: dry run, filing, decisions, check, results, seats left, next plan.

Each step that changes what families see is proposed here, and done by a second person.
"""

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile

from importers.next_plan import next_plan
from importers.plans import MajorRow, read_plan
from importers.report import Report
from importers.tables import Source
from importers.written import plan_sheet
from service import views
from service.acts import PROPOSERS
from service.errors import Refusal
from service.staff import Member
from web.deps import services
from web.pages.office.access import Staff, page, typed
from web.pages.office.rounds import put_forward
from web.pages.routing import PageRoute, go

router = APIRouter(route_class=PageRoute, include_in_schema=False)

SHOWN_LINES = 100


@router.get("/office/releases/{round_code}")
async def steps(request: Request, by: Staff, round_code: str) -> Response:
    return await _steps_page(request, by, round_code)


@router.post("/office/releases/{round_code}/try")
async def try_filing(request: Request, by: Staff, round_code: str) -> Response:
    """Decide the closed round; nothing but the dry run itself is kept."""
    try:
        _must_propose(by)
        await services(request).office.admission.dry_run(round_code)
    except Refusal as refusal:
        return await _steps_page(request, by, round_code, refusal)
    return go(f"/office/releases/{round_code}")


@router.post("/office/releases/{round_code}/check")
async def check(request: Request, by: Staff, round_code: str) -> Response:
    """Recompute the filed round from its log; what candidates will be answered is made as well."""
    at = services(request)
    form = await typed(request)
    try:
        _must_propose(by)
        await at.office.staff.confirm(by, form.get("code", ""))
        await at.office.admission.check(round_code)
    except Refusal as refusal:
        return await _steps_page(request, by, round_code, refusal)
    return go(f"/office/releases/{round_code}")


@router.post("/office/releases/{round_code}/{kind}")
async def propose(request: Request, by: Staff, round_code: str, kind: str) -> Response:
    """Put a step before a second person."""
    form = await typed(request)
    if kind not in NEEDED:
        raise Refusal("not-found", what=kind)
    body = {name: form.get(name, "") for name in NEEDED[kind]}
    try:
        act_id = await put_forward(request, by, kind, round_code, body, form)
    except Refusal as refusal:
        return await _steps_page(request, by, round_code, refusal, {**form, "kind": kind})
    return go(f"/office/acts/{act_id}")


@router.post("/office/next-plan")
async def make_next_plan(request: Request, by: Staff) -> Response:
    """The next round's plan as a file: the seats left as published, and the changes brought."""
    async with request.form() as form:
        round_code, file = str(form.get("round", "")), form.get("changes")
        named = isinstance(file, UploadFile) and file.filename
        content = await file.read() if isinstance(file, UploadFile) and named else b""
    changes, report = read_plan(Source("changes", content)) if named else ((), Report("changes"))
    try:
        _must_propose(by)
        _must_be_accepted(report)
        left = await views.seats_left(services(request).engine, round_code)
    except Refusal as refusal:
        return await _steps_page(request, by, round_code, refusal, report=report)
    return _as_file(next_plan(left, changes))


NEEDED: Mapping[str, tuple[str, ...]] = {
    "apply_filing": ("digest",),
    "release_results": ("digest",),
    "publish_unfilled": (),
}
"""The steps that take two people, and the fields of the form that say what is meant."""


def _must_propose(by: Member) -> None:
    if not by.roles & PROPOSERS:
        raise Refusal("not-allowed")


def _must_be_accepted(report: Report) -> None:
    if not report.accepted:
        raise Refusal("file-rejected")


def _as_file(rows: list[MajorRow]) -> Response:
    named = {
        "content-disposition": 'attachment; filename="next-plan.csv"',
        "cache-control": "no-store",
    }
    return Response(plan_sheet(rows), media_type="text/csv; charset=utf-8", headers=named)


async def _steps_page(
    request: Request,
    by: Member,
    round_code: str,
    refusal: Refusal | None = None,
    form: Mapping[str, str] | None = None,
    *,
    report: Report | None = None,
) -> Response:
    """The page of a round's steps; `form` keeps what was written in the one refused."""
    at = services(request)
    await at.board.catch_up()
    view = await views.after_close(at.engine, at.board, round_code, at.office.admission)
    return page(
        request,
        by,
        "release.html",
        refusal,
        view=view,
        form=form or {},
        report=report,
        shown=SHOWN_LINES,
    )
