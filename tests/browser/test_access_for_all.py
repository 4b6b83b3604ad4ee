"""axe-core over every view, in light and dark: nothing serious, and nothing critical."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import open_kiosk, serious, sign_in
from tests.rigs.browser import GLASS, glass

pytestmark = pytest.mark.asyncio(loop_scope="session")

VIEWS = (
    *("now", "queue", "doubt", "devices", "blanks", "shelf", "approvals", "ready"),
    *("transfers", "notices", "papers", "forecast", "officers"),
)


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_the_desk_has_no_serious_findings(browser, demo, theme):
    async with glass(browser, demo.address, theme=theme) as found:
        page = found.page
        await page.goto("/officer")
        await page.wait_for_selector("[name=pin]")
        assert await serious(page) == []
        await sign_in(page, demo)
        await page.wait_for_selector(".lane img")
        for view in VIEWS:
            await page.evaluate("view => { location.hash = view }", view)
            await page.wait_for_selector(f".rail a[href='#{view}'][aria-current=page]")
            assert await serious(page) == [], view
        await page.evaluate("location.hash = 'queue'")
        await page.locator("tr.choice").last.click()
        await expect(page.locator("aside .facts")).to_be_visible()
        assert await serious(page) == []
        await page.keyboard.press("?")
        await page.wait_for_selector("dialog[open]")
        assert await serious(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_the_kiosk_has_no_serious_findings(browser, demo, theme):
    async with glass(browser, demo.address, size=GLASS, theme=theme, has_touch=True) as found:
        page = found.page
        await page.goto("/")
        assert await serious(page) == []
        await page.goto("/kiosk")
        await page.wait_for_selector(".setup")
        assert await serious(page) == []
        await open_kiosk(page, demo)
        assert await serious(page) == []
        job = (await demo.jobs("queued"))[-1]
        await page.keyboard.type(job["receipt"])
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".answer-card h1")
        assert await serious(page) == []
