"""The officer's desk in a real browser, against a running demonstration."""

import asyncio
import signal

import pytest
from playwright.async_api import expect

from stationd.demo.officer import COLLEAGUE, COLLEAGUE_PIN
from tests.browser.conftest import confirm, sign_in
from tests.rigs.browser import glass

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def quiet_blanks(demo):
    """The book once no printer has a card any more; the queue must be paused."""
    for _ in range(600):
        if not await demo.jobs("printing"):
            break
        await asyncio.sleep(0.05)
    return await demo.ask("GET", "/v1/blanks")


async def test_a_wrong_pin_is_told_in_words_and_the_right_one_opens(browser, demo):
    async with glass(browser, demo.address) as found:
        page = found.page
        await page.goto("/officer")
        await page.fill("[name=number]", demo.officer[0])
        await page.fill("[name=pin]", "not-the-pin")
        await page.press("[name=pin]", "Enter")
        await expect(page.locator("[role=alert]")).to_have_text("Nomor dan PIN tidak cocok.")
        await page.fill("[name=pin]", demo.officer[1])
        await page.press("[name=pin]", "Enter")
        await page.wait_for_selector(".rail")
        stored = await page.evaluate("JSON.stringify([{...localStorage}, document.cookie, location.href])")
        token = await page.evaluate("sessionStorage.getItem('stationd.session')")
        assert token.startswith("st_session_")
        assert token not in stored
        assert not any(token in url for url in found.asked)


async def test_signing_out_leaves_nothing_behind(browser, demo):
    async with glass(browser, demo.address) as found:
        page = found.page
        await sign_in(page, demo)
        await page.click("a[href='#queue']")
        await page.click(".top button:has-text('Keluar')")
        await confirm(page)
        await page.wait_for_selector("[name=pin]")
        assert await page.evaluate("sessionStorage.length") == 0
        await page.go_back()
        await expect(page.locator(".rail")).to_have_count(0)
    await demo.ask("GET", "/v1/duty")


async def test_what_is_printed_is_shown_with_its_picture_and_goes_on_by_itself(desk, demo):
    lane = desk.locator(".lane").first
    await expect(lane.locator("img")).to_be_visible()
    assert await lane.locator("img").evaluate("image => image.naturalWidth") == 1013
    first = await lane.locator(".receipt").inner_text()
    await expect(lane.locator(".receipt")).not_to_have_text(first, timeout=30_000)


async def test_a_printer_that_is_pulled_and_put_back_says_what_to_do(desk, demo):
    await desk.click("a[href='#devices']")
    card = desk.locator(".device[aria-label=kartu-2]")
    await demo.do("kartu-2", "unplug")
    await expect(card.locator(".badge")).to_have_text("Tidak menjawab")
    await expect(card).to_contain_text("Periksa kabel dan sakelar dayanya.")
    await demo.do("kartu-2", "plug")
    await expect(card.locator(".badge.good")).to_be_visible()
    await demo.do("kartu-2", "open")
    await expect(card).to_contain_text("Tutup penutupnya sampai berbunyi klik.")
    await demo.do("kartu-2", "close")
    await expect(card.locator(".badge.good")).to_be_visible()


async def test_a_printer_that_is_plugged_in_appears_and_is_paused_and_resumed(desk, demo):
    await desk.click("a[href='#devices']")
    await demo.ask("POST", "/demo/printers", {"name": "kartu-9", "seconds": 600})
    card = desk.locator(".device", has_text="kartu-9")
    await card.locator("button:has-text('Jeda')").click()
    await expect(card.locator(".badge")).to_have_text("Dijeda")
    await expect(card).to_contain_text("Tekan Lanjutkan")
    await card.locator("button:has-text('Lanjutkan')").click()
    await expect(card.locator(".badge")).not_to_have_text("Dijeda")
    await demo.ask("DELETE", "/demo/printers/kartu-9")
    await expect(card.locator(".badge")).to_have_text("Tidak menjawab")


async def test_a_card_is_found_however_its_receipt_is_typed_and_held_released_and_cancelled(desk, demo):
    job = (await demo.jobs("queued"))[-1]
    await desk.keyboard.press("/")
    await desk.wait_for_selector("input[type=search]:focus")
    await desk.keyboard.type(job["receipt"].replace("-", " ").lower().replace("1", "l").replace("0", "o"))
    await desk.keyboard.press("Enter")
    aside = desk.locator("aside")
    await expect(aside.locator(".receipt")).to_have_text(job["receipt"])
    await expect(aside).to_contain_text(job["order"])
    await aside.locator("button:has-text('Tahan')").click()
    await confirm(desk, reason="menunggu berkas")
    await expect(aside.locator(".badge")).to_have_text("Ditangguhkan")
    await expect(aside).to_contain_text("Ditahan petugas: menunggu berkas")
    await aside.locator("button:has-text('Lepaskan')").click()
    await confirm(desk, reason="berkas lengkap")
    await expect(aside.locator(".badge")).to_have_text("Menunggu")
    await aside.locator("button:has-text('Batalkan')").click()
    await expect(desk.locator("dialog")).to_contain_text("Pemohon harus mengajukan lagi.")
    await confirm(desk)
    await expect(aside.locator(".badge")).to_have_text("Dibatalkan")


async def test_a_mistyped_receipt_is_told_before_anything_is_looked_for(desk, demo):
    job = (await demo.jobs("queued"))[-1]
    wrong = job["receipt"][:-1] + ("0" if job["receipt"][-1] != "0" else "1")
    await desk.keyboard.press("/")
    await desk.wait_for_selector("input[type=search]:focus")
    await desk.keyboard.type(wrong)
    await desk.keyboard.press("Enter")
    await expect(desk.locator("[role=alert]")).to_contain_text("tidak mungkin benar")


async def test_a_card_in_doubt_is_answered_and_the_answer_is_changed(desk, demo):
    for _ in range(10):
        await demo.do("kartu-1", "restart")
        try:
            await expect(desk.locator(".rail a[href='#doubt'] .count")).to_be_visible(timeout=5000)
        except AssertionError:
            continue
        break
    await desk.keyboard.press("3")
    article = desk.locator("article.doubt").first
    receipt = await article.locator(".receipt").inner_text()
    article = desk.locator("article.doubt", has_text=receipt)
    await expect(article).to_contain_text("Apakah kartu ini keluar dari")
    await expect(article).to_contain_text("Penghitung kartu")
    await expect(article.locator("img")).to_be_visible()
    await article.locator("button:has-text('Tercetak')").first.click()
    await confirm(desk, note="ada di baki")
    await expect(desk.locator("article.doubt", has_text=receipt)).to_have_count(0)
    (job,) = (await demo.ask("GET", f"/v1/jobs?receipt={receipt}"))["items"]
    assert (job["state"], job["evidence"]) == ("printed", "officer")
    await desk.locator(".line", has_text=receipt).locator("button").click()
    await desk.select_option("dialog [name=outcome]", "spoiled")
    await confirm(desk, note="ternyata rusak")
    await expect(desk.locator(".toasts")).to_contain_text("Jawaban diubah.")
    assert (await demo.ask("GET", "/v1/blanks"))["spoiled"] >= 1


async def test_a_box_of_blanks_is_received(desk, demo):
    before = (await demo.ask("GET", "/v1/blanks"))["received"]
    await desk.keyboard.press("5")
    await desk.click("button:has-text('Terima kiriman')")
    await confirm(desk, quantity="120", note="kiriman contoh")
    await expect(desk.locator(".toasts")).to_contain_text("120 blangko dicatat")
    assert (await demo.ask("GET", "/v1/blanks"))["received"] == before + 120
    await expect(desk.locator(".panel header", has_text="Di mana setiap blangko")).to_contain_text(str(before + 120))


async def test_what_the_station_refuses_is_said_in_the_dialog_and_nothing_typed_is_lost(desk, demo):
    await desk.keyboard.press("5")
    await desk.click("button:has-text('Kembalikan ke dinas')")
    await desk.fill("dialog [name=quantity]", "99999")
    await desk.fill("dialog [name=note]", "semuanya")
    await desk.click("dialog footer button:last-child")
    await expect(desk.locator("dialog [role=alert]")).to_contain_text("diminta 99999 blangko dari brankas")
    assert await desk.input_value("dialog [name=note]") == "semuanya"
    await desk.keyboard.press("Escape")
    await desk.wait_for_selector("dialog", state="detached")


async def test_every_view_and_every_switch_is_reached_by_keys(desk):
    views = {"2": "Antrean", "3": "Diragukan", "4": "Perangkat", "5": "Blangko", "6": "Rak kartu", "7": "Persetujuan"}
    more = {"9": "Pengiriman", "0": "Pemberitahuan", "p": "Berita acara", "o": "Petugas", "8": "Kesiapan"}
    for key, title in (views | more).items():
        await desk.keyboard.press(key)
        await expect(desk.locator("main h1")).to_have_text(title)
    await desk.keyboard.press("?")
    await expect(desk.locator("dialog")).to_contain_text("cari kartu")
    await desk.keyboard.press("Escape")
    await desk.keyboard.press("l")
    await expect(desk.locator("main h1")).to_have_text("Readiness")
    assert await desk.evaluate("document.documentElement.lang") == "en"
    await desk.keyboard.press("t")
    assert await desk.evaluate("document.documentElement.dataset.theme") == "dark"
    await desk.keyboard.press("d")
    await expect(desk.locator("dialog")).to_contain_text("Go off duty?")
    await desk.keyboard.press("Escape")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_the_desk_says_when_it_has_lost_touch_and_is_true_again_after_a_restart(desk, demo, number):
    await desk.keyboard.press("5")
    await demo.stop(number)
    await expect(desk.locator(".lost")).to_contain_text("Hubungan dengan stasiun terputus")
    await expect(desk.locator(".top .badge.bad", has_text="Terputus")).to_be_visible()
    await demo.start()
    await expect(desk.locator(".lost")).to_have_count(0)
    received = (await demo.ask("POST", "/v1/blanks/entries", {"kind": "received", "quantity": 7}))["received"]
    await expect(desk.locator(".panel header", has_text="Di mana setiap blangko")).to_contain_text(str(received))


async def test_a_card_is_moved_ahead_only_when_a_second_officer_agrees(desk, demo):
    job = (await demo.jobs("queued"))[-1]
    await desk.evaluate("id => { location.hash = `queue/${id}` }", job["id"])
    aside = desk.locator("aside")
    await expect(aside.locator(".receipt")).to_have_text(job["receipt"])
    await aside.locator("button:has-text('Dahulukan')").click()
    await expect(desk.locator("dialog")).to_contain_text("Petugas kedua harus setuju")
    await desk.fill("dialog [name=reason]", "sakit keras, surat dokter")
    await desk.fill("dialog [name=second_number]", COLLEAGUE)
    await desk.fill("dialog [name=second_pin]", "not-the-pin")
    await desk.click("dialog footer button:last-child")
    await expect(desk.locator("dialog [role=alert]")).to_be_visible()
    await confirm(desk, second_pin=COLLEAGUE_PIN)
    approvals = (await demo.ask("GET", "/v1/approvals?state=approved"))["items"]
    assert [(each["kind"], each["second"]) for each in approvals] == [("job.jump", COLLEAGUE)]


async def test_a_finished_card_goes_from_the_tray_to_the_hand_of_its_holder(desk, demo):
    await desk.keyboard.press("6")
    await desk.locator("tbody tr").first.click()
    aside = desk.locator("aside")
    await expect(aside.locator(".badge")).to_have_text("Di baki")
    receipt = await aside.locator(".receipt").inner_text()
    await aside.locator("button:has-text('Periksa dan taruh di rak')").click()
    await confirm(desk, place="B2/7")
    await expect(aside.locator(".notice.good")).to_have_text("Ada di B2/7")
    await aside.locator("button:has-text('Panggil')").click()
    await confirm(desk, counter="2")
    await expect(desk.locator(".toasts")).to_contain_text(f"{receipt} dipanggil ke loket 2.")
    await aside.locator("button:has-text('Serahkan')").click()
    await desk.check("dialog [name=match]")
    if await desk.locator("dialog [name=old]").count():
        await desk.check("dialog [name=old]")
    await confirm(desk)
    await expect(aside.locator(".badge")).to_have_text("Diserahkan")
    await expect(aside).to_contain_text("Kartu Keluarga (KK)")


async def test_two_people_count_the_blanks_without_seeing_each_others_figure(browser, desk, demo):
    await demo.ask("POST", "/v1/queue/pause", {})
    in_safe = (await quiet_blanks(demo))["safe"]
    await desk.keyboard.press("5")
    await desk.click("button:has-text('Hitungan harian')")
    await confirm(desk, quantity=str(in_safe))
    await expect(desk.locator("main .notice.act")).to_contain_text("Orang kedua harus menghitung juga")
    async with glass(browser, demo.address) as found:
        other = found.page
        await sign_in(other, demo, (COLLEAGUE, COLLEAGUE_PIN))
        await other.keyboard.press("5")
        await other.click("button:has-text('Hitungan harian')")
        await expect(other.locator("dialog h2")).to_have_text("Hitungan kedua")
        assert str(in_safe) not in await other.locator("dialog").inner_text()
        await confirm(other, quantity=str(in_safe))
        await expect(other.locator(".toasts")).to_contain_text("Hitungan dicatat di buku.")
    await expect(desk.locator("main .notice.act")).to_have_count(0)
    await demo.ask("POST", "/v1/queue/resume", {})


async def test_a_session_that_the_station_ended_is_said_and_shows_nothing_any_more(desk):
    token = await desk.evaluate("sessionStorage.getItem('stationd.session')")
    end = """token => fetch("/v1/sessions/current", {
        method: "DELETE", headers: { Authorization: `Bearer ${token}` }, credentials: "omit" }).then(r => r.status)"""
    assert await desk.evaluate(end, token) == 204
    await expect(desk.locator(".door [role=status]")).to_have_text("Sesi Anda berakhir. Silakan masuk lagi.")
    assert await desk.evaluate("sessionStorage.length") == 0
    await expect(desk.locator("img")).to_have_count(0)
