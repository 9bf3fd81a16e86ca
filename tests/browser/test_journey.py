"""A candidate in a real browser: sign in, file, and watch the rank change as others file."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.builders import sqlite_url
from tests.web.servers import Server, listening

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@asynccontextmanager
async def browsing(
    chromium: Path, server: Server, viewport: dict[str, int], *, javascript: bool = True
) -> AsyncIterator[tuple[Page, list[str]]]:
    """A page of a fresh browser, and the list of what it complained of."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(chromium), args=[*FLAGS], chromium_sandbox=False
        )
        context = await browser.new_context(
            base_url=f"http://127.0.0.1:{server.port}",
            viewport={"width": viewport["width"], "height": viewport["height"]},
            java_script_enabled=javascript,
            locale="zh-CN",
        )
        context.set_default_timeout(8_000)
        page = await context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page, complaints
        await browser.close()


async def sign_in(page: Page, candidate_no: str) -> None:
    await page.goto("/my")
    await page.get_by_label("考生号").fill(candidate_no)
    await page.get_by_label("密码").fill(f"code-{candidate_no}")
    await page.get_by_role("button", name="登录").click()
    await page.wait_for_url("**/my")


async def check_choice(page: Page, institution: str) -> None:
    """Take an institution's first major and go on to the page that asks for confirmation."""
    await page.goto(f"/my/choice?institution={institution}&nature=")
    await page.locator("main select").first.select_option("01")
    await page.get_by_label("服从", exact=True).check()
    await page.get_by_role("button", name="核对").click()


async def file_first_choice(page: Page) -> None:
    await check_choice(page, "5012")
    await page.get_by_role("button", name="确认").click()
    await expect(page.get_by_text("志愿已保存")).to_be_visible()


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
async def test_a_rank_moves_on_the_page_when_another_files(
    chromium: Path, tmp_path: Path, viewport: dict[str, int]
) -> None:
    async with (
        listening(sqlite_url(tmp_path)) as server,
        browsing(chromium, server, viewport) as (page, complaints),
    ):
        await sign_in(page, "102")
        await file_first_choice(page)
        await page.goto("/my")
        rank = page.locator("[data-slot=rank]")
        await expect(rank).to_have_text("1")
        await expect(page.get_by_text("实时更新中")).to_be_visible()
        answer = await server.file("101", "5012")
        assert answer.status_code == 200
        await expect(rank).to_have_text("2")
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"]
        assert complaints == []


async def test_all_of_it_works_without_javascript(chromium: Path, tmp_path: Path) -> None:
    async with (
        listening(sqlite_url(tmp_path)) as server,
        browsing(chromium, server, PHONE, javascript=False) as (page, _),
    ):
        await sign_in(page, "102")
        await file_first_choice(page)
        await server.file("101", "5012")
        await page.goto("/my")
        await expect(page.locator("[data-slot=rank]")).to_have_text("2")
        await page.goto("/my/choice/withdraw")
        async with page.expect_navigation():
            await page.get_by_role("button", name="删除").click()
        await page.goto("/my")
        await expect(page.locator("[data-slot=rank]")).to_have_count(0)


async def test_a_lost_connection_is_said_in_words_and_dims_the_rank(
    chromium: Path, tmp_path: Path
) -> None:
    async with (
        listening(sqlite_url(tmp_path)) as server,
        browsing(chromium, server, PHONE) as (page, _),
    ):
        await sign_in(page, "102")
        await file_first_choice(page)
        await page.goto("/my")
        await expect(page.get_by_text("实时更新中")).to_be_visible()
        server.process.should_exit = True
        await expect(page.get_by_text("位置未知")).to_be_visible(timeout=20_000)


async def test_a_refused_change_says_that_the_old_choice_stands(
    chromium: Path, tmp_path: Path
) -> None:
    async with (
        listening(sqlite_url(tmp_path)) as server,
        browsing(chromium, server, PHONE) as (page, _),
    ):
        await sign_in(page, "102")
        await file_first_choice(page)
        await check_choice(page, "5037")
        await expect(page.get_by_role("button", name="确认")).to_be_visible()
        server.clock.at("11:00")
        await page.get_by_role("button", name="确认").click()
        await expect(page.get_by_text("没有保存").first).to_be_visible()
        await expect(page.get_by_text("5012").first).to_be_visible()
