"""One browser and one demonstration for all tests of the console."""

import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from tests.rigs.browser import GLASS, chromium, glass
from tests.rigs.demo import Demo

expect.set_options(timeout=30_000)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser():
    async with chromium() as found:
        yield found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def demo(tmp_path_factory):
    async with Demo(tmp_path_factory.mktemp("demo") / "station", "--speed", "4") as found:
        yield found


async def sign_in(page, demo, who=None):
    """To the desk of a demonstration, as its officer; of any station where ``who`` is a number and a PIN."""
    number, pin = who or demo.officer
    await page.goto("/officer")
    await page.fill("[name=number]", number)
    await page.fill("[name=pin]", pin)
    await page.press("[name=pin]", "Enter")
    await page.wait_for_selector(".rail")
    await page.wait_for_selector(".top .badge.good:has-text('Langsung')")


async def confirm(page, **fields):
    """Fill the open dialog in and say yes; a list is chosen from, a field is typed into."""
    for name, value in fields.items():
        found = page.locator(f"dialog [name={name}]")
        if await found.evaluate("field => field.matches('select')"):
            await found.select_option(value)
        else:
            await found.fill(value)
    await page.click("dialog footer button:last-child")
    await page.wait_for_selector("dialog", state="detached")


async def serious(page):
    """What axe-core finds on the page that is serious or critical."""
    found = await Axe().run(page)
    return [
        (each["id"], [node["html"][:200] for node in each["nodes"]])
        for each in found.response["violations"]
        if each["impact"] in {"serious", "critical"}
    ]


@pytest_asyncio.fixture(loop_scope="session")
async def desk(browser, demo):
    """The officer's desk, signed in."""
    async with glass(browser, demo.address) as found:
        await sign_in(found.page, demo)
        yield found.page


@pytest_asyncio.fixture(loop_scope="session")
async def kiosk(browser, demo):
    """The kiosk's page, with its token."""
    async with glass(browser, demo.address, size=GLASS, has_touch=True) as found:
        await open_kiosk(found.page, demo)
        yield found


async def open_kiosk(page, demo):
    await page.goto("/kiosk")
    await page.click("summary")
    await page.fill("[name=token]", demo.tokens["kiosk"])
    await page.click(".setup .main")
    await page.wait_for_selector(".pad")
