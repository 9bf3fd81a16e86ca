"""The admission result of one candidate, for who knows the candidate number and the ID number."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from service.result_shapes import ResultAnswer
from service.results import TriesSpent
from web.deps import At
from web.refusals import problem

router = APIRouter(prefix="/api/v1", tags=["results"])

Text = Annotated[str, StringConstraints(max_length=64)]


class ResultQuery(BaseModel):
    """Both numbers in full; `altcha` is the solution of a challenge, where one was asked for."""

    model_config = ConfigDict(hide_input_in_errors=True)

    candidate_no: Text
    id_number: Text
    altcha: Annotated[str, StringConstraints(max_length=2048)] = ""


@router.post("/results/query", response_model=ResultAnswer)
async def query(request: Request, at: At, asked: ResultQuery) -> Response:
    """What has been released: the outcome, its steps, and the reason in words.

    After five tries an hour on one number, `too-many-attempts` brings a `challenge`: solve it
    (ALTCHA, SHA-256) and send the payload as `altcha`.
    """
    try:
        answer = await at.results.query(asked.candidate_no, asked.id_number, asked.altcha)
    except TriesSpent as spent:
        return problem(request, spent, challenge=spent.challenge)
    return Response(answer, media_type="application/json", headers={"Cache-Control": "no-store"})
