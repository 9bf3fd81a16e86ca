"""Files brought to the desk: faults by row, the difference, then applied or proposed."""

from typing import Literal, cast, get_args

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile

from importers.report import Report
from importers.tables import Source
from service import views
from service.errors import Refusal
from service.staff import Member
from service.uploads import Checked
from web import refusals
from web.deps import services
from web.pages.office.access import Staff, page, typed
from web.pages.routing import PageRoute, go

router = APIRouter(route_class=PageRoute, include_in_schema=False)

What = Literal["plan", "candidates", "round", "decisions"]
LAST = 50
SHOWN_FAULTS = 200
SHOWN_ROWS = 100


@router.get("/office/imports")
async def imports(request: Request, by: Staff) -> Response:
    return await _imports_page(request, by)


@router.post("/office/imports")
async def bring(request: Request, by: Staff) -> Response:
    """Read a file. Nothing of it is read before it is known who sends it."""
    at = services(request)
    async with request.form() as form:
        file, what = form.get("file"), str(form.get("what", ""))
        target = str(form.get("target", "")).strip()
        if not isinstance(file, UploadFile) or what not in get_args(What):
            return await _imports_page(request, by, Refusal("invalid-request"))
        source = Source(_plain(file.filename), await file.read())
    try:
        upload_id, report = await at.office.uploads.bring(by, cast("What", what), target, source)
    except Refusal as refusal:
        return await _imports_page(request, by, refusal)
    if not report.accepted:
        return await _imports_page(request, by, Refusal("file-rejected"), report)
    return go(f"/office/imports/{upload_id}")


@router.get("/office/imports/{upload_id}")
async def look(request: Request, by: Staff, upload_id: int) -> Response:
    """What applying the file now would change."""
    return await _upload_page(request, by, upload_id)


@router.post("/office/imports/{upload_id}")
async def decide(request: Request, by: Staff, upload_id: int) -> Response:
    """Apply it where nobody sees it yet, else propose it to a second person."""
    at = services(request)
    form = await typed(request)
    try:
        checked = await at.office.uploads.check(upload_id)
        _must_change(checked)
        await at.office.staff.confirm(by, form.get("code", ""))
        if not checked.public:
            await at.office.uploads.apply(by, upload_id)
            return go("/office/imports")
        act_id = await _propose(request, by, checked, form.get("reason", ""))
    except Refusal as refusal:
        return await _upload_page(request, by, upload_id, refusal)
    return go(f"/office/acts/{act_id}")


def _must_change(checked: Checked) -> None:
    if not checked.changed:
        raise Refusal("nothing-changes")


async def _propose(request: Request, by: Member, checked: Checked, reason: str) -> int:
    upload = checked.upload
    body = {"upload": upload.id, "digest": upload.digest}
    round_code = None if upload.what == "candidates" else upload.target
    return await services(request).office.acts.propose(by, "amend", round_code, body, reason)


async def _imports_page(
    request: Request, by: Member, refusal: Refusal | None = None, report: Report | None = None
) -> Response:
    at = services(request)
    rounds = views.office_rounds(at.board)
    return page(
        request,
        by,
        "imports.html",
        refusal,
        report=report,
        shown=SHOWN_FAULTS,
        rounds=rounds,
        seasons=sorted({one.season for one in rounds}),
        uploads=await at.office.uploads.newest(LAST),
    )


async def _upload_page(
    request: Request, by: Member, upload_id: int, refusal: Refusal | None = None
) -> Response:
    checked, obstacle = None, None
    try:
        checked = await services(request).office.uploads.check(upload_id)
    except Refusal as declined:
        if declined.code == "not-found":
            raise
        obstacle = refusals.sentence(declined)
    return page(
        request,
        by,
        "upload.html",
        refusal,
        upload_id=upload_id,
        checked=checked,
        obstacle=obstacle,
        shown=SHOWN_ROWS,
    )


def _plain(name: str | None) -> str:
    """A file's own name without where it lay; what cannot be shown is left out."""
    last = (name or "").replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:128] or "file"
