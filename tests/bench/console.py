"""The console on a real screen: from an officer's act to everybody's screen, first paint, and what a page weighs."""

import time
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
from playwright.async_api import Browser, Page

from tests.bench.figures import Figures
from tests.rigs.browser import DESK, GLASS, chromium, glass
from tests.rigs.demo import Demo

ROUNDS = 150
OPENINGS = 7
_WATCH = """() => {
    window.seen = new Map();
    const look = () => {
        const digits = document.querySelector(".panel header .num")?.textContent.replace(/\\D/g, "");
        if (digits && !window.seen.has(digits)) window.seen.set(digits, Date.now());
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""
_WEIGH = """() => {
    const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
        .filter(each => !each.name.includes("/v1/"));
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    return [all.reduce((sum, each) => sum + each.encodedBodySize, 0), all.length, paint.startTime];
}"""


async def console(folder: Path, figures: Figures) -> None:
    """The demonstration with two printers at work, and Debian's Chromium on the same machine."""
    demo = Demo(folder / "demo", "--speed", "3")
    await demo.start()
    try:
        async with chromium() as browser:
            await _act_to_screen(browser, demo, figures)
            for path, size, what in (("/officer", DESK, "[name=pin]"), ("/kiosk", GLASS, ".setup")):
                await _opening(browser, demo, figures, path, size, what)
    finally:
        await demo.stop()


async def _act_to_screen(browser: Browser, demo: Demo, figures: Figures) -> None:
    number, pin = demo.officer
    async with glass(browser, demo.address) as found:
        page = found.page
        await page.goto("/officer")
        await page.fill("[name=number]", number)
        await page.fill("[name=pin]", pin)
        await page.press("[name=pin]", "Enter")
        await page.wait_for_selector(".rail")
        await page.keyboard.press("5")
        await page.wait_for_selector(".panel header .num")
        await page.evaluate(_WATCH)
        took = []
        headers = {"Authorization": f"Bearer {demo.tokens['admin']}"}
        async with aiohttp.ClientSession(demo.address, headers=headers) as session:
            for _ in range(ROUNDS):
                asked = time.time() * 1000
                async with session.post("/v1/blanks/entries", json={"kind": "received", "quantity": 1}) as answer:
                    total = (await answer.json())["received"]
                took.append(await _seen(page, total) - asked)
                await page.wait_for_timeout(300)
    took.sort()
    figures.row(
        "act at the API to another's screen", p50=f"{median(took):.0f} ms", p99=f"{took[int(len(took) * 0.99)]:.0f} ms"
    )


async def _seen(page: Page, total: int) -> float:
    handle = await page.wait_for_function("total => window.seen.get(total)", arg=str(total), polling=20)
    when: Any = await handle.json_value()
    return float(when)


async def _opening(browser: Browser, demo: Demo, figures: Figures, path: str, size: dict[str, int], what: str) -> None:
    paints, weight, files = [], 0, 0
    for _ in range(OPENINGS):
        async with glass(browser, demo.address, size=size) as found:
            await found.page.goto(path)
            await found.page.wait_for_selector(what)
            await found.page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
            weight, files, paint = await found.page.evaluate(_WEIGH)
            paints.append(paint)
    figures.row(
        f"{path}, nothing cached",
        first_paint=f"{median(paints):.0f} ms",
        weight=f"{weight / 1000:.0f} kB",
        files=f"{files}",
    )
