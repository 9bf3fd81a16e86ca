"""Choosing: find a unit, order its majors, check, confirm, keep the receipt.

Looking and checking are addresses (GET); only a confirmed form changes anything, and it carries
the version that was seen and a key, so sending it twice files once.
"""

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response

from ranking.rules import UnitKey
from service import views
from service.decisions import Wish
from service.errors import Refusal
from service.shapes import StandingView, UnitView
from service.store.people import SignedIn
from web import refusals
from web.deps import device_of, page_candidate, services
from web.pages import position
from web.pages.candidate import Desk, present
from web.pages.render import private_page
from web.pages.routing import PageRoute, go
from web.pages.words import Line

router = APIRouter(route_class=PageRoute, include_in_schema=False)

Candidate = Annotated[SignedIn, Depends(page_candidate)]
Text = Annotated[str, Form()]
PAGE = 20


def new_key() -> str:
    """The key of one confirmation form: sending the form twice files once."""
    return secrets.token_urlsafe(18)


@router.get("/my/choice")
async def edit(
    request: Request,
    candidate: Candidate,
    q: str = "",
    institution: str | None = None,
    nature: str = "",
    after: int = 0,
) -> Response:
    """Without a unit: find one of the own track. With one: order its majors."""
    desk = await present(request, candidate)
    if institution is not None:
        unit = desk.unit(institution, nature)
        same = (unit["institution_code"], unit["plan_nature"]) == _held_unit(desk)
        picked = (desk.choice["majors"] or []) if same else []
        adjust = desk.choice["accepts_adjustment"] if same else None
        return _majors_form(request, desk, unit, picked, adjust, {})
    start = max(0, after)
    found, following = views.units(
        desk.running.board, desk.code, q, desk.me["track"], (start, PAGE)
    )
    return private_page(
        request,
        "find_unit.html",
        **desk.context(),
        q=q,
        units=found,
        following=following,
        start=start,
        page=PAGE,
    )


@router.get("/my/choice/check")
async def check(
    request: Request,
    candidate: Candidate,
    institution: str,
    nature: str = "",
    adjust: str = "",
) -> Response:
    """Now and then side by side, from one state; nothing is changed by looking."""
    desk = await present(request, candidate)
    unit = desk.unit(institution, nature)
    picked = _picked(request, desk)
    errors = _errors(picked, unit, adjust)
    if errors:
        accepts = {"yes": True, "no": False}.get(adjust)
        return _majors_form(request, desk, unit, picked, accepts, errors)
    key = UnitKey(unit["institution_code"], unit["track"], unit["plan_nature"])
    (then,) = views.what_if(desk.running.board, desk.code, candidate.candidate_id, [key])
    names = {m["code"]: m["name"] for m in unit["majors"]}
    return private_page(
        request,
        "check.html",
        **desk.context(),
        unit=unit,
        then=then,
        then_lines=_lines(desk, then),
        then_tone=position.tone(then),
        now_tone=position.tone(desk.standing) if desk.standing["unit"] else "",
        majors=[{"code": m, "name": names[m]} for m in picked if m],
        held_majors=desk.held_majors(),
        accepts=adjust == "yes",
        moves=_held_unit(desk) != (unit["institution_code"], unit["plan_nature"]),
        key=new_key(),
    )


@router.post("/my/choice")
async def confirm(request: Request, candidate: Candidate) -> Response:
    """File the confirmed choice: the receipt, or why nothing was saved."""
    form = await request.form()
    values = {name: value for name, value in form.items() if isinstance(value, str)}
    majors = tuple(str(value) for value in form.getlist("major") if value)
    wish = Wish(
        values.get("institution", ""),
        values.get("nature", ""),
        majors,
        values.get("adjust") == "yes",
    )
    running = services(request)
    asked = (candidate.candidate_id, values.get("round", ""))
    try:
        receipt = await running.desk.file(
            *asked, wish, _version(values), values.get("key") or None, device_of(request)
        )
    except Refusal as refusal:
        return await _not_saved(request, candidate, refusal)
    await running.board.reached(receipt.seq)
    return go(f"/my/choice/receipt/{receipt.id}")


@router.get("/my/choice/withdraw")
async def withdraw_check(request: Request, candidate: Candidate) -> Response:
    """What is lost by deleting the choice."""
    desk = await present(request, candidate)
    if desk.standing["unit"] is None:
        return go("/my")
    context = desk.context()
    return private_page(
        request,
        "withdraw.html",
        **context,
        now_tone=position.tone(desk.standing),
        held_majors=desk.held_majors(),
        key=new_key(),
    )


@router.post("/my/choice/withdraw")
async def withdraw(
    request: Request,
    candidate: Candidate,
    version: Text = "",
    key: Text = "",
    round: Text = "",  # noqa: A002 the form's name
) -> Response:
    running = services(request)
    asked = (candidate.candidate_id, round)
    seen = _version({"version": version})
    try:
        receipt = await running.desk.withdraw(*asked, seen, key or None, device_of(request))
    except Refusal as refusal:
        return await _not_saved(request, candidate, refusal)
    await running.board.reached(receipt.seq)
    return go(f"/my/choice/receipt/{receipt.id}")


@router.get("/my/choice/receipt/{receipt_id}")
async def receipt(request: Request, candidate: Candidate, receipt_id: str) -> Response:
    """What one keeps: printable on one A4."""
    running = services(request)
    kept = await views.receipt(running.engine, candidate.candidate_id, receipt_id)
    round_view = views.round_view(running.board, kept.round)
    names: dict[str, str] = {}
    if kept.institution_code is not None:
        key = UnitKey(kept.institution_code, candidate.track, kept.plan_nature or "")
        unit = views.unit(running.board, kept.round, key)
        names = {m["code"]: m["name"] for m in unit["majors"]}
    lock = views.standing(running.board, kept.round, candidate.candidate_id)["lock"]
    return private_page(
        request,
        "receipt.html",
        receipt=kept,
        round=round_view,
        majors=[{"code": m, "name": names.get(m, m)} for m in kept.majors],
        lock=lock,
    )


async def _not_saved(request: Request, candidate: SignedIn, refusal: Refusal) -> Response:
    desk = await present(request, candidate)
    return private_page(
        request,
        "not_saved.html",
        refusals.status(refusal),
        **desk.context(),
        code=refusal.code,
        sentence=refusals.sentence(refusal),
        held_majors=desk.held_majors(),
    )


def _majors_form(
    request: Request,
    desk: Desk,
    unit: UnitView,
    picked: list[str],
    adjust: bool | None,  # noqa: FBT001 the answer held, or none yet
    errors: dict[str, str],
) -> Response:
    places = desk.round["majors_per_choice"]
    context: dict[str, Any] = desk.context()
    return private_page(
        request,
        "majors.html",
        422 if errors else 200,
        **context,
        unit=unit,
        picked=(picked + [""] * places)[:places],
        adjust=adjust,
        errors=errors,
    )


def _picked(request: Request, desk: Desk) -> list[str]:
    places = range(1, desk.round["majors_per_choice"] + 1)
    return [request.query_params.get(f"major_{n}", "") for n in places]


def _errors(picked: list[str], unit: UnitView, adjust: str) -> dict[str, str]:
    """What the desk would refuse, said by the field before anything is sent."""
    known = {major["code"]: major["name"] for major in unit["majors"]}
    errors = {}
    for at, code in enumerate(picked, 1):
        if code and code not in known:
            errors[f"major_{at}"] = f"专业代号 {code} 不在这所院校的计划里"
        elif code and code in picked[: at - 1]:
            errors[f"major_{at}"] = f"{known[code]}选了两次，请只保留一次"
    if not any(picked):
        errors["major_1"] = "请至少选一个专业"
    if adjust not in {"yes", "no"}:
        errors["adjust-yes"] = "请选择是否服从专业调剂"
    return errors


def _lines(desk: Desk, standing: StandingView) -> dict[str, Line]:
    return position.slots(standing, desk.running.settings.time_zone)


def _held_unit(desk: Desk) -> tuple[str | None, str | None]:
    return desk.choice["institution_code"], desk.choice["plan_nature"]


def _version(values: dict[str, str]) -> int | None:
    text = values.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
