"""The office's desk, for staff alone: every page is no-store, every act asks a one-time code."""

from fastapi import APIRouter

from web.pages.office import account, acts, desk, imports, releases, rounds

router = APIRouter()
for module in (account, desk, acts, rounds, releases, imports):
    router.include_router(module.router)

__all__ = ["router"]
