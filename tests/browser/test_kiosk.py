"""The kiosk's page in a real browser, against a running demonstration."""

import asyncio
import random
import re

import pytest
from playwright.async_api import expect

from stationd.domain.ids import CROCKFORD, RECEIPT_RANDOM_BITS, read_receipt, receipt
from tests.browser.conftest import open_kiosk
from tests.rigs.browser import GLASS, glass

pytestmark = pytest.mark.asyncio(loop_scope="session")


def some_receipt(chance):
    while (made := receipt(chance.randrange(32**3), chance.getrandbits(RECEIPT_RANDOM_BITS))) is None:
        pass
    return made


async def type_on_glass(page, text):
    for symbol in text.replace("-", ""):
        await page.tap(f".pad button:text-is('{symbol}')")


async def test_a_receipt_is_typed_on_the_glass_and_answered_in_one_sentence(kiosk, demo):
    page = kiosk.page
    job = (await demo.jobs("queued"))[-1]
    await type_on_glass(page, job["receipt"])
    await page.tap("button:has-text('Cari kartu saya')")
    await expect(page.locator(".answer-card h1")).to_have_text(re.compile("menunggu dicetak|sedang dicetak|diperiksa"))
    await expect(page.locator(".steps [aria-current=step]")).to_have_count(1)
    assert await page.evaluate("document.activeElement.tagName") == "H1"
    await page.tap("button:has-text('English')")
    await expect(page.locator(".answer-card h1")).to_have_text(re.compile("Your card"))
    assert await page.evaluate("document.documentElement.lang") == "en"
    await page.tap(".ending button")
    await expect(page.locator("h1")).to_have_text("Di mana kartu saya?")


async def test_an_answer_follows_the_card_from_the_line_to_the_counter(kiosk, demo):
    page = kiosk.page
    job = (await demo.jobs("queued"))[0]
    await page.keyboard.type(job["receipt"].lower())
    await page.keyboard.press("Enter")
    await expect(page.locator(".answer-card h1")).to_have_text("KTP-el Anda sedang diperiksa", timeout=40_000)
    await demo.ask("POST", f"/v1/cards/{job['id']}/check", {})
    await demo.ask("POST", f"/v1/cards/{job['id']}/shelve", {"place": "A1"})
    await expect(page.locator(".answer-card h1")).to_have_text("KTP-el Anda siap diambil")
    await expect(page.locator(".bring")).to_contain_text("Kartu Keluarga")
    await demo.ask("POST", f"/v1/cards/{job['id']}/call", {"counter": "3"})
    await expect(page.locator(".counter")).to_contain_text("Silakan ke loket")
    await expect(page.locator(".counter b")).to_have_text("3")
    await page.tap(".ending button")
    await expect(page.locator(".called")).to_contain_text(f"···· ···· {job['receipt'][-4:]}")
    assert job["receipt"] not in await page.content()


async def test_a_mistyped_receipt_is_told_without_asking_the_station(kiosk, demo):
    page = kiosk.page
    job = (await demo.jobs("queued"))[-1]
    wrong = job["receipt"][:-1] + ("0" if job["receipt"][-1] != "0" else "1")
    before = len(kiosk.asked)
    await page.keyboard.type(wrong)
    await expect(page.locator("[role=alert]")).to_contain_text("tidak mungkin benar")
    await expect(page.locator("button:has-text('Cari kartu saya')")).to_be_disabled()
    assert not [url for url in kiosk.asked[before:] if "receipts" in url]
    await page.keyboard.press("Backspace")
    await expect(page.locator("[role=alert]")).to_have_count(0)


async def test_a_receipt_that_nobody_knows_is_told_as_such(kiosk):
    page = kiosk.page
    await page.keyboard.type(some_receipt(random.Random(7)))
    await page.keyboard.press("Enter")
    await expect(page.locator("[role=alert]")).to_contain_text("tidak dikenal di kantor ini")


async def test_the_page_checks_receipts_by_the_daemons_own_rule(kiosk):
    chance = random.Random(20261126)
    texts = []
    for _ in range(300):
        good = some_receipt(chance)
        place = chance.randrange(len(good))
        texts += [
            good,
            good.lower().replace("-", " "),
            good.replace("1", "l").replace("0", "O"),
            good[:place] + chance.choice(CROCKFORD) + good[place + 1 :],
            good[:place] + good[place + 1 :],
            good + chance.choice("0- U"),
        ]
    texts += ["", "U" * 12, "ÄÖÜ", "2XK7_9QF4_M3TK"]
    script = "async texts => { const m = await import('/console/js/receipt.js'); return texts.map(m.readReceipt); }"
    assert await kiosk.page.evaluate(script, texts) == [read_receipt(text) for text in texts]


async def test_what_a_reader_scans_is_answered(kiosk, demo):
    page = kiosk.page
    job = (await demo.jobs("queued"))[-1]
    readers = [each for each in (await demo.ask("GET", "/v1/devices"))["items"] if each["kind"] == "reader"]
    answer = page.locator(".answer-card h1")
    async with asyncio.timeout(60):
        while not await answer.is_visible():  # the page may not listen yet: a person holds the receipt there again
            await demo.ask("POST", f"/demo/readers/{readers[0]['id']}/scans", {"text": job["receipt"]}, role="kiosk")
            await asyncio.sleep(1)
    await expect(page.locator(".receipt")).to_have_text(job["receipt"])


async def test_left_alone_the_page_goes_back_to_the_start_and_its_first_language(browser, demo):
    async with glass(browser, demo.address, size=GLASS, has_touch=True) as found:
        page = found.page
        await page.clock.install()
        await open_kiosk(page, demo)
        job = (await demo.jobs("queued"))[-1]
        await page.tap("button:has-text('English')")
        await page.keyboard.type(job["receipt"])
        await page.keyboard.press("Enter")
        await expect(page.locator(".answer-card h1")).to_be_visible()
        await page.clock.run_for(50_000)
        await expect(page.locator(".answer-card h1")).to_be_visible()
        await page.clock.run_for(15_000)
        await expect(page.locator("h1")).to_have_text("Di mana kartu saya?")
        assert job["receipt"][-4:] not in await page.inner_text("body")


async def test_the_kiosk_says_when_it_has_lost_touch_and_answers_again_after_a_restart(kiosk, demo):
    page = kiosk.page
    job = (await demo.jobs("queued"))[-1]
    await page.keyboard.type(job["receipt"])
    await page.keyboard.press("Enter")
    await expect(page.locator(".answer-card h1")).to_be_visible()
    await demo.stop()
    await expect(page.locator(".banner-lost")).to_contain_text("Silakan bertanya di loket")
    await expect(page.locator(".answer-card .notice.bad")).to_contain_text("mungkin sudah berubah")
    await demo.start()
    await expect(page.locator(".banner-lost")).to_have_count(0)
    await expect(page.locator(".answer-card .notice.bad")).to_have_count(0)
    await page.reload()
    await expect(page.locator("h1")).to_have_text("Di mana kartu saya?")
    await page.keyboard.type(job["receipt"])
    await page.keyboard.press("Enter")
    await expect(page.locator(".answer-card h1")).to_be_visible()


async def test_a_revoked_kiosk_asks_for_a_new_token(browser, demo):
    async with glass(browser, demo.address, size=GLASS, has_touch=True) as found:
        page = found.page
        await page.goto("/kiosk")
        await page.click("summary")
        await page.fill("[name=token]", "st_kiosk_nobody")
        await page.click(".setup .main")
        await expect(page.locator("[role=alert]")).to_have_text("Token tidak dikenal.")
        assert await page.evaluate("localStorage.getItem('stationd.kiosk')") is None


async def test_a_new_kiosk_shows_a_code_and_is_let_in_at_the_desk(browser, demo, desk):
    async with glass(browser, demo.address, size=GLASS, has_touch=True) as found:
        page = found.page
        await page.goto("/kiosk")
        await expect(page.locator(".code")).to_have_text(re.compile(r"^[0-9A-Z]{3}-[0-9A-Z]{3}$"))
        code = await page.locator(".code").inner_text()
        await expect(desk.locator(".rail a[href='#approvals'] .count")).to_be_visible()
        await desk.keyboard.press("7")
        card = desk.locator("article", has_text=code)
        await card.locator("button:has-text('Izinkan')").click()
        await desk.click("dialog footer button:last-child")
        await expect(page.locator(".pad")).to_be_visible()
        token = await page.evaluate("localStorage.getItem('stationd.kiosk')")
        assert token
        assert not any(token in url for url in found.asked)
