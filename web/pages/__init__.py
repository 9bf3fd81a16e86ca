"""What people see: HTML pages that work without JavaScript."""

from fastapi import APIRouter

from web.pages import (
    account,
    assets,
    choice,
    corrections,
    home,
    my,
    office,
    plan_book,
    plans,
    publications,
    result,
    stats,
    unfilled,
)

router = APIRouter()
for module in (
    assets,
    home,
    account,
    my,
    choice,
    plans,
    stats,
    publications,
    plan_book,
    corrections,
    result,
    unfilled,
    office,
):
    router.include_router(module.router)

__all__ = ["router"]
