"""Seats left after a round, once they are published: JSON, CSV and XLSX of the same rows."""

from fastapi import APIRouter, Response

from service import views
from service.result_shapes import UnfilledView
from web.api.rounds import Code
from web.deps import At
from web.sheets import XLSX
from web.unfilled_files import unfilled_csv, unfilled_xlsx
from web.workbooks import workbook

router = APIRouter(prefix="/api/v1", tags=["plan"])


@router.get("/rounds/{round_code}/unfilled")
async def unfilled(at: At, round_code: Code) -> UnfilledView:
    """Every major's plan, admitted and seats left as published; filled ones too."""
    return await views.unfilled(at.engine, at.board, round_code)


@router.get("/rounds/{round_code}/unfilled.json")
async def as_json(at: At, round_code: Code) -> UnfilledView:
    """The same under a file's name."""
    return await views.unfilled(at.engine, at.board, round_code)


@router.get(
    "/rounds/{round_code}/unfilled.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def as_csv(at: At, round_code: Code) -> Response:
    """The same rows as CSV."""
    table = await views.unfilled(at.engine, at.board, round_code)
    return Response(unfilled_csv(table), media_type="text/csv; charset=utf-8")


@router.get(
    "/rounds/{round_code}/unfilled.xlsx",
    response_class=Response,
    responses={200: {"content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def as_xlsx(at: At, round_code: Code) -> Response:
    """The same rows as a workbook."""
    table = await views.unfilled(at.engine, at.board, round_code)
    named = {"Content-Disposition": 'attachment; filename="unfilled.xlsx"'}
    key = (
        round_code,
        table["published_at"],
        await views.unfilled_digest(at.engine, at.board, round_code),
    )
    body = await workbook(key, lambda: unfilled_xlsx(table))
    return Response(body, media_type=XLSX, headers=named)
