"""The own choice and where it stands: the calls of a candidate who is filing."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, BeforeValidator, Field

from service import views
from service.filing import Wish
from service.receipts import Receipt
from service.shapes import ChoiceView, Filed, History, StandingList, StandingView
from web.api.rounds import Code
from web.deps import At, Own, Services, device_of
from web.etags import names, standing_tag

router = APIRouter(prefix="/api/v1/rounds/{round_code}", tags=["choice"])


def _whole(value: object) -> object:
    """JSON knows one kind of number: 2.0 is the whole number 2."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_whole), Field(strict=True)]
MajorCode = Annotated[str, Field(min_length=1, max_length=64)]
Key = Annotated[
    str, Header(alias="Idempotency-Key", min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")
]
OptionalKey = Annotated[
    str | None,
    Header(alias="Idempotency-Key", min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$"),
]


class ChoiceWish(BaseModel):
    """The choice wished for. `version` is the version last seen, 0 where there was none."""

    institution_code: str = Field(min_length=1, max_length=32)
    plan_nature: str | None = Field(default=None, max_length=64)
    majors: list[MajorCode] = Field(max_length=200)
    accepts_adjustment: bool = Field(strict=True)
    version: Whole = Field(ge=0, le=2**31 - 1)


@router.get("/choice")
async def own_choice(at: At, person: Own, round_code: Code) -> ChoiceView:
    """The choice held; `version` 0 and the rest null where there is none."""
    return await views.own_choice(at.engine, at.board, round_code, person.candidate_id)


@router.put("/choice")
async def file_choice(
    request: Request, at: At, person: Own, round_code: Code, key: Key, body: ChoiceWish
) -> Filed:
    """Create or change the choice. Answered 200, it is on disk; a retry with the same key is safe."""
    views.round_board(at.board, round_code)
    wish = Wish(
        body.institution_code, body.plan_nature, tuple(body.majors), body.accepts_adjustment
    )
    receipt = await at.desk.file(
        person.candidate_id, round_code, wish, body.version, key, device_of(request)
    )
    return await _filed(at, receipt, round_code, person.candidate_id)


@router.delete("/choice")
async def withdraw_choice(
    request: Request,
    at: At,
    person: Own,
    round_code: Code,
    key: OptionalKey = None,
    version: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,
) -> Filed:
    """Withdraw the choice held."""
    views.round_board(at.board, round_code)
    receipt = await at.desk.withdraw(
        person.candidate_id, round_code, version, key, device_of(request)
    )
    return await _filed(at, receipt, round_code, person.candidate_id)


@router.get("/choice/history")
async def history(at: At, person: Own, round_code: Code) -> History:
    """Every version of the choice with time, device and receipt, oldest first."""
    return await views.history(at.engine, at.board, round_code, person.candidate_id)


@router.get(
    "/standing",
    response_model=StandingView,
    responses={304: {"description": "Nothing but the moment has changed; no body."}},
)
async def standing(
    at: At, person: Own, round_code: Code, if_none_match: Annotated[str, Header()] = ""
) -> Response:
    """The own standing now.

    The ETag changes whenever anything but the moment (`seq`, `as_of`) does. Whoever polls sends it
    as If-None-Match: a 304 says that what one has is still true, at the moment of its Date.
    """
    view = views.standing(at.board, round_code, person.candidate_id)
    tag = standing_tag(view)
    headers = {"ETag": tag, "Cache-Control": "no-store"}
    if names(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    return JSONResponse(view, headers=headers)


@router.get("/what-if")
async def what_if(
    at: At,
    person: Own,
    round_code: Code,
    institution_code: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=32)]],
        Query(min_length=1, max_length=views.WHAT_IF_LIMIT),
    ],
) -> StandingList:
    """The standing one would have in up to four units, all from one state, changing nothing.

    A code that has several plan natures in the own track is answered with each of them.
    """
    who = (at.board, round_code, person.candidate_id)
    keys = [views.own_unit_keys(*who, code) for code in institution_code]
    return {"items": [view for some in keys for view in views.what_if(*who, some)], "next": None}


async def _filed(at: Services, receipt: Receipt, round_code: str, candidate_id: int) -> Filed:
    await at.board.reached(receipt.seq)
    return {
        "receipt": views.receipt_view(receipt),
        "standing": views.standing(at.board, round_code, candidate_id),
    }
