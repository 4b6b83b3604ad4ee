"""The page of the guide, as it stands there, in a real browser and from an origin of its own."""

import re
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web
from playwright.async_api import expect

from stationd.demo.settings import DemoOptions, configuration
from tests.rigs.demo import Demo

pytestmark = pytest.mark.asyncio(loop_scope="session")

GUIDE = Path(__file__).parents[2] / "docs" / "kiosk-page.md"


@pytest_asyncio.fixture(loop_scope="session")
async def origin():
    """The guide's page, served as the guide says."""
    (page,) = re.findall(r"```html\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)

    async def index(_request):
        return web.Response(text=page, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", index)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://localhost:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_the_page_of_the_guide_pairs_answers_and_comes_back(browser, origin, tmp_path):
    demo = Demo(tmp_path / "station", "--scenario", "busy-morning", "--speed", "20")
    demo.folder.mkdir()
    written = configuration(DemoOptions(folder=demo.folder, port=demo.port, speed=20))
    written = written.replace("[http]\n", f'[http]\norigins = ["{origin}"]\n')
    (demo.folder / "stationd.toml").write_text(written, "utf-8")
    await demo.start()
    try:
        context = await browser.new_context()
        page = await context.new_page()
        await page.goto(f"{origin}/?station={demo.address}")
        await expect(page.locator("#touch")).to_contain_text("Kode: ")
        code = (await page.locator("#touch").inner_text()).removeprefix("Kode: ")
        officer = {"Authorization": f"Bearer {demo.tokens['officer']}"}
        async with ClientSession(demo.address, headers=officer) as session:
            async with session.post(f"/v1/pairings/{code}/approve") as answer:
                assert answer.status == 204
            await expect(page.locator("#touch")).to_have_text("Terhubung")
            async with session.get("/v1/jobs?limit=1") as answer:
                (job,) = (await answer.json())["items"]
        await page.fill("#receipt", job["receipt"])
        await page.click("button")
        await expect(page.locator("#answer")).not_to_be_empty()
        await demo.stop()
        await expect(page.locator("#touch")).to_contain_text("Tidak terhubung")
        await demo.start()
        await expect(page.locator("#touch")).to_have_text("Terhubung")
        await context.close()
    finally:
        await demo.stop()
