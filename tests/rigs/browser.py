"""Debian's Chromium, driven as a person would: nothing fetched from elsewhere, every error of a page kept."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, Page, Route, async_playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESK = {"width": 1366, "height": 768}
GLASS = {"width": 1080, "height": 1920}
WITHIN_MS = 30_000


@asynccontextmanager
async def chromium(*arguments: str) -> AsyncIterator[Browser]:
    """A browser without any connection but to this machine."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *arguments])
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Glass:
    """One window of its own: no cookies or storage of another. ``wrong`` is what the page did that it must not."""

    context: BrowserContext
    page: Page
    wrong: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """The addresses of all requests."""


@asynccontextmanager
async def glass(
    browser: Browser, address: str, *, size: dict[str, int] = DESK, theme: str = "light", **more: object
) -> AsyncIterator[Glass]:
    """A window onto ``address``; it fails at its end when the page threw, broke its policy or asked another host."""
    context = await browser.new_context(
        base_url=address, viewport=size, color_scheme=theme, reduced_motion="reduce", **more
    )
    page = await context.new_page()
    page.set_default_timeout(WITHIN_MS)
    found = Glass(context, page)

    def console(message: object) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            found.wrong.append(message.text)

    async def only_here(route: Route) -> None:
        url = route.request.url
        found.asked.append(url)
        if urlsplit(url).netloc == urlsplit(address).netloc or url.startswith(("blob:", "data:")):
            await route.fallback()
        else:
            found.wrong.append(url)
            await route.abort()

    page.on("pageerror", lambda error: found.wrong.append(str(error)))
    page.on("console", console)
    await context.route("**/*", only_here)
    try:
        yield found
    finally:
        await context.close()
    assert found.wrong == []
