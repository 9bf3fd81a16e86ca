"""The admission result for families: a form, and the result on one printable page.

Nothing is in an address: the numbers are posted and the answer is not kept. A proof of work needs
JavaScript; who has none is told when the next try is free.
"""

import json
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from service.errors import Refusal
from service.result_shapes import ResultAnswer
from service.results import TriesSpent
from web.deps import services
from web.pages.render import private_page
from web.pages.routing import PageRoute
from web.refusals import sentence, status

router = APIRouter(route_class=PageRoute, include_in_schema=False)

Field = Annotated[str, Form(max_length=64)]


@router.get("/result")
async def form(request: Request) -> Response:
    """Where the two numbers are asked for."""
    return _form(request, "", 200)


@router.post("/result")
async def result(
    request: Request,
    candidate_no: Field = "",
    id_number: Field = "",
    altcha: Annotated[str, Form(max_length=2048)] = "",
) -> Response:
    """The result, or the form again with what was wrong."""
    try:
        answer = await services(request).results.query(candidate_no, id_number, altcha)
    except TriesSpent as spent:
        challenge = json.dumps(spent.challenge)
        return _form(request, candidate_no, 429, challenge=challenge)
    except Refusal as refusal:
        if refusal.code not in ("not-published", "wrong-credentials"):
            raise
        said = WRONG if refusal.code == "wrong-credentials" else sentence(refusal)
        return _form(request, candidate_no, status(refusal), errors={"candidate_no": said})
    shown: ResultAnswer = json.loads(answer)
    return private_page(request, "result.html", result=shown)


WRONG = "考生号与身份证号不符，请核对后再查。"


def _form(request: Request, candidate_no: str, status_code: int, **more: object) -> Response:
    context: dict[str, object] = {"errors": {}, "challenge": None, **more}
    return private_page(
        request, "result_form.html", status_code, candidate_no=candidate_no, **context
    )
