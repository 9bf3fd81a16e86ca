"""A round's controls: every one is proposed here, with a reason, for a second person to approve."""

from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response

from service import views
from service.errors import Refusal
from service.staff import Member
from web.deps import services
from web.pages.office.access import Staff, page, typed
from web.pages.routing import PageRoute, go

router = APIRouter(route_class=PageRoute, include_in_schema=False)

Form = Mapping[str, str]


@router.get("/office/rounds/{round_code}")
async def controls(request: Request, by: Staff, round_code: str) -> Response:
    return await _round_page(request, by, round_code)


@router.post("/office/rounds/{round_code}/{kind}")
async def propose(request: Request, by: Staff, round_code: str, kind: str) -> Response:
    """Put an act before a second person. It is rehearsed first: what cannot be is said at once."""
    form = await typed(request)
    if kind not in BODIES:
        raise Refusal("not-found", what=kind)
    try:
        body = BODIES[kind](form, ZoneInfo(services(request).settings.time_zone))
        act_id = await put_forward(request, by, kind, round_code, body, form)
    except Refusal as refusal:
        return await _round_page(request, by, round_code, refusal, kind=kind, form=form)
    return go(f"/office/acts/{act_id}")


async def put_forward(
    request: Request,
    by: Member,
    kind: str,
    round_code: str,
    body: Mapping[str, object],
    form: Form,
) -> int:
    """Rehearse an act, confirm who asks by the one-time code, and propose it; the act's id."""
    office = services(request).office
    await office.acts.rehearse(by, kind, round_code, body)
    await office.staff.confirm(by, form.get("code", ""))
    return await office.acts.propose(by, kind, round_code, body, form.get("reason", ""))


async def _round_page(
    request: Request,
    by: Member,
    round_code: str,
    refusal: Refusal | None = None,
    *,
    kind: str = "",
    form: Form | None = None,
) -> Response:
    at = services(request)
    one = views.office_round(at.board, round_code)
    return page(request, by, "round.html", refusal, round=one, kind=kind, form=form or {})


def _nothing(_form: Form, _zone: ZoneInfo) -> dict[str, object]:
    return {}


def _publication(form: Form, _zone: ZoneInfo) -> dict[str, object]:
    revision = form.get("revision", "")
    if not (revision.isascii() and revision.isdigit() and len(revision) < 19):
        raise Refusal("invalid-request")
    return {"revision": int(revision)}


def _extension(form: Form, zone: ZoneInfo) -> dict[str, object]:
    """Local times of the site, as the browser's own control writes them; empty: unchanged."""
    closes = {}
    for name, text in form.items():
        gate = name.removeprefix("closes:")
        if gate == name or not text:
            continue
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise Refusal("extension-invalid", segment=gate.removeprefix("segment:")) from None
        closes[gate] = at.replace(tzinfo=at.tzinfo or zone).isoformat()
    return {"closes": closes}


def _amendment(form: Form, _zone: ZoneInfo) -> dict[str, object]:
    unit = {name: form.get(name, "") for name in ("institution_code", "track", "plan_nature")}
    body: dict[str, object] = {}
    if form.get("quota"):
        if not (form["quota"].isascii() and form["quota"].isdigit() and len(form["quota"]) < 8):
            raise Refusal("invalid-request")
        quota = {**unit, "major_code": form.get("major_code", ""), "quota": int(form["quota"])}
        body["quotas"] = [quota]
    if form.get("ratio"):
        whole_round = not form.get("institution_code")
        body |= (
            {"ratio": form["ratio"]}
            if whole_round
            else {"unit_ratios": [{**unit, "ratio": form["ratio"]}]}
        )
    return body


BODIES: Mapping[str, Callable[[Form, ZoneInfo], dict[str, object]]] = {
    "publish_round": _publication,
    "pause": _nothing,
    "resume": _nothing,
    "extend_segment": _extension,
    "amend": _amendment,
}
"""How a control's form becomes an act's body."""
