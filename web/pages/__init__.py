"""What people see: HTML pages that work without JavaScript."""

from fastapi import APIRouter

from web.pages import account, assets, choice, home, my, plans, result, stats, unfilled

router = APIRouter()
for module in (assets, home, account, my, choice, plans, stats, result, unfilled):
    router.include_router(module.router)

__all__ = ["router"]
