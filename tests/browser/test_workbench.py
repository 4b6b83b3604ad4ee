"""The first thing a newcomer sees: the workbench, in a real browser, with the station killed from the page itself."""

import asyncio
import signal

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import serious
from tests.rigs.browser import glass
from tests.rigs.demo import Demo

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def own_demo(tmp_path):
    found = Demo(tmp_path / "station", "--speed", "12")
    try:
        await found.start()
        yield found
    finally:
        await found.stop()


async def truth(demo):
    return (await demo.ask("GET", "/demo/bench"))["truth"]


async def start_of(demo):
    """Which start it is; asked once more where the question was in the station's hands when it died."""
    try:
        return (await demo.ask("GET", "/demo/bench"))["start"]
    except aiohttp.ClientError:
        return (await demo.ask("GET", "/demo/bench"))["start"]  # waits at the socket


async def printed_more(demo, than):
    while (await truth(demo))["printed"] <= than:
        await asyncio.sleep(0.1)


async def test_a_newcomer_pulls_a_printer_plugs_one_in_and_kills_the_station(browser, own_demo):
    demo = own_demo
    async with glass(browser, demo.address) as found:
        page = found.page
        await page.goto("/demo")
        first, second = (page.locator(f"[data-printer=kartu-{n}]") for n in (1, 2))
        await expect(first.locator("img").first).to_be_visible()
        await first.locator("button:has-text('Cabut kabel')").click()
        await expect(first).to_have_attribute("data-state", "gone")
        await printed_more(demo, (await truth(demo))["printed"] + 1)
        await expect(second.locator(".badge", has_text="Mencetak")).to_be_visible()
        await first.locator("button:has-text('Pasang kabel')").click()
        await expect(first.locator(".badge", has_text="Mencetak")).to_be_visible()

        await page.click("button:has-text('Pasang printer lagi')")
        third = page.locator("[data-printer=kartu-3]")
        await expect(third.locator(".badge", has_text="Mencetak")).to_be_visible()

        await page.click("button:has-text('kill -9')")
        await expect(page.locator(".kill [role=status]")).to_contain_text("Dimatikan sekali · terakhir kembali setelah")
        await expect(third.locator(".badge", has_text="Mencetak")).to_be_visible()
        await printed_more(demo, (await truth(demo))["printed"] + 1)
        await expect(page.locator("[data-fact='bench.truth.twice']")).to_have_text("0")
        await expect(page.locator("[data-fact='bench.truth.lost']")).to_have_text("0")
        assert await serious(page) == []
        await page.emulate_media(color_scheme="dark")
        assert await serious(page) == []


async def test_killed_again_and_again_every_card_is_where_the_books_say_and_it_ends_with_its_keeper(own_demo):
    demo = own_demo
    for kill in range(1, 4):
        await printed_more(demo, (await truth(demo))["printed"])
        await demo.ask("POST", "/demo/kill")
        while await start_of(demo) == kill:
            await asyncio.sleep(0.05)
    now = await truth(demo)
    assert (now["twice"], now["lost"]) == (0, 0)

    await demo.stop(signal.SIGKILL)  # its keeper; waits until nobody holds the output any more, the station neither
    await demo.start()
    assert await start_of(demo) == 1
