"""Every button of the desk that moves cards, blanks and papers, at two stations that know each other."""

import asyncio
import contextlib
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from playwright.async_api import expect

from stationd.demo.settings import ANY_TIME
from tests.browser.conftest import confirm, serious, sign_in
from tests.rigs.browser import glass
from tests.rigs.station import OFFICER, PIN, StationProcess, job
from tests.simulation.picture import picture_for

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIRST = (OFFICER, PIN)
SECOND = ("199902022026022002", "rahasia-kedua")
SETTINGS = f'[clock]\ntrust = "always"\n[queue]\nmax_tries = 1\n[notices]\nways = {ANY_TIME}\n'
SHOWN = {"identity": {"document": "kk", "result": "match"}}
AGREED = {"second_number": SECOND[0], "second_pin": SECOND[1]}


async def done(station, method, path, body=None, **headers):
    status, answer = await station.call(method, path, body, **headers)
    assert status < 300, (method, path, answer)
    return answer


async def told(station, path, is_so):
    """Ask until it is so; the answer."""
    async with asyncio.timeout(60):
        while not is_so(answer := await done(station, "GET", path)):
            await asyncio.sleep(0.1)
    return answer


async def submitted(station, number, **more):
    """An order for a person who lives where the other station is, with a landline for a telephone."""
    order = f"PRR-16711-{number:06d}"
    body = job(number, picture_for(order)) | more
    body["holder"] |= {"village": "16.71.09.1001", "phone": "0711 512345"}
    return (await done(station, "POST", "/v1/jobs", body, Idempotency_Key=f"k{number}"))["id"]


async def until(station, id_, state):
    """Wait until a job is in a state."""
    await station.settled()
    assert (await done(station, "GET", f"/v1/jobs/{id_}"))["state"] == state


async def shelved(station, id_, place):
    await done(station, "POST", f"/v1/cards/{id_}/check", {})
    await done(station, "POST", f"/v1/cards/{id_}/shelve", {"place": place})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stations(tmp_path_factory):
    """Two stations with two officers each; the first has printers, and fewer blanks than it keeps for first cards."""
    folder = tmp_path_factory.mktemp("stations")
    machine = {"driver": "simulator", "seconds": 0.05}
    good = {"name": "kartu-1", "folder": str(folder / "good"), **machine}
    spoiler = {"name": "kartu-2", "folder": str(folder / "spoilt"), "faults": {"spoil": 1}, **machine}
    one = StationProcess(folder / "one", is_on_tcp=True)
    other = StationProcess(folder / "other", station="1671-09", name="Kecamatan Umpama", is_on_tcp=True)
    tables = {station: station.command("transfer", "identity") for station in (one, other)}
    one.configure([good, spoiler], SETTINGS + tables[other])
    other.configure([], tables[one])
    today = datetime.now(UTC).date()
    appointed = {
        "decree": "SK CONTOH 1/2026",
        "valid_from": f"{today.year - 1}-01-01",
        "valid_until": f"{today.year + 2}-01-01",
    }
    async with contextlib.AsyncExitStack() as stack:
        for station in (one, other):
            await stack.enter_async_context(station)
            for (number, pin), name in ((FIRST, "PETUGAS CONTOH"), (SECOND, "REKAN CONTOH")):
                await done(station, "POST", "/v1/officers", {"number": number, "pin": pin, "name": name, **appointed})
        await one.receive(20)
        await done(one, "POST", "/v1/devices/kartu-2/pause")
        yield one, other


@pytest_asyncio.fixture(loop_scope="session")
async def opened(browser, stations):
    """The first station and its desk."""
    async with glass(browser, stations[0].address, accept_downloads=True) as found:
        await sign_in(found.page, None, FIRST)
        yield stations[0], found.page


async def press(page, place, words, **fields):
    """Go to a place of the desk, press a button there, and answer what it asks."""
    await page.evaluate("place => { location.hash = place }", place)
    scope = page.locator("main aside, main article" if "/" in place or place == "devices" else "main")
    await scope.locator(f"button:has-text('{words}')").first.click()
    await confirm(page, **fields)


async def test_each_button_of_the_desk_does_what_it_says(browser, opened):
    station, page = opened
    aside = page.locator("aside")
    badge = aside.locator(".badge").first

    await done(station, "POST", "/v1/devices/kartu-1/pause")
    await done(station, "POST", "/v1/devices/kartu-2/resume")
    failed = await submitted(station, 1)
    await until(station, failed, "failed")
    await done(station, "POST", "/v1/devices/kartu-2/pause")
    await done(station, "POST", "/v1/devices/kartu-1/resume")
    printed, fetched = [await submitted(station, number) for number in (2, 3)]
    await until(station, printed, "printed")
    await until(station, fetched, "printed")
    await shelved(station, fetched, "A/1")
    await done(station, "POST", f"/v1/cards/{fetched}/handover", SHOWN)
    await done(station, "POST", "/v1/queue/pause", {})
    waiting = [await submitted(station, number) for number in (4, 5)]
    awaited = await submitted(station, 6, kind="damaged")
    rationed = await submitted(station, 7, kind="lost", police_report="LP/1/2026")

    reason = {"reason": "alasan contoh"}
    table = (
        (f"queue/{failed}", "Coba lagi", {}, "Menunggu"),
        (f"queue/{awaited}", "Kartu lama diterima", {"card": "AMPLOP-7"}, "Ditangguhkan"),
        (f"queue/{rationed}", "Lepaskan sekarang", reason | AGREED, "Menunggu"),
        (f"queue/{waiting[0]}", "Tahan", reason, "Ditangguhkan"),
        (f"queue/{waiting[0]}", "Lepaskan", reason, "Menunggu"),
        (f"shelf/{printed}", "Pisahkan", reason, "Dipisahkan"),
        (f"shelf/{printed}", "Lepaskan", reason, "Di tangan"),
        (f"shelf/{printed}", "Pisahkan", reason, "Dipisahkan"),
        (f"shelf/{printed}", "Musnahkan", reason | AGREED, "Dimusnahkan"),
        (f"shelf/{fetched}", "Batalkan serah terima", reason | AGREED, "Di tangan"),
    )
    for place, words, fields, state in table:
        await press(page, place, words, **fields)
        await expect(badge).to_have_text(state)
    await page.evaluate("place => { location.hash = place }", f"queue/{awaited}")
    await expect(aside).to_contain_text("blangko terbatas")
    await expect(aside.locator("button:has-text('Kartu lama diterima')")).to_have_count(0)

    spoiled = (await done(station, "GET", "/v1/blanks"))["spoiled"]
    await press(page, "devices", "Kosongkan")
    device = page.locator(".device[aria-label=kartu-1]")
    await expect(device.locator(".badge")).to_have_text("Perawatan")
    await press(page, "devices", "Kartu uji")
    book = await told(station, "/v1/blanks", lambda book: book["spoiled"] > spoiled)
    assert book["spoiled"] == spoiled + 1
    witnesses = {"first_witness": "SAKSI CONTOH SATU", "second_witness": "SAKSI CONTOH DUA"}
    await press(page, "blanks", "Musnahkan", quantity="1", **witnesses, **AGREED)
    assert (await done(station, "GET", "/v1/blanks"))["destroyed"] == book["destroyed"] + 1
    (paper,) = (await done(station, "GET", "/v1/minutes?kind=destruction"))["items"]
    await page.evaluate("location.hash = 'papers'")
    await expect(page.locator("main tbody")).to_contain_text(paper["number"])
    await page.evaluate("location.hash = 'devices'")
    await device.locator("button:has-text('Lanjutkan')").click()
    await expect(device.locator(".badge")).not_to_have_text("Perawatan")

    await press(page, f"queue/{waiting[1]}", "Dahulukan", **reason)
    await expect(aside).to_contain_text("Menunggu persetujuan petugas kedua")
    async with glass(browser, station.address) as found:
        colleague = found.page
        await sign_in(colleague, None, SECOND)
        await press(colleague, "approvals", "Tolak")
        await expect(colleague.locator("main")).to_contain_text("Tidak ada yang menunggu persetujuan")
        await expect(aside).not_to_contain_text("Menunggu persetujuan petugas kedua")
        await press(page, f"queue/{waiting[1]}", "Dahulukan", **reason)
        await press(colleague, "approvals", "Setujui")
    settled = (await done(station, "GET", "/v1/approvals?limit=100"))["items"]
    assert [(each["kind"], each["state"]) for each in settled] == [
        ("job.release", "approved"),
        ("card.destroy", "approved"),
        ("hand-over.undo", "approved"),
        ("blanks.destruction", "approved"),
        ("job.jump", "declined"),
        ("job.jump", "approved"),
    ]
    await done(station, "POST", "/v1/queue/resume", {})


async def saved(page, button, folder):
    """Press a button that saves a paper; the file."""
    async with page.expect_download() as coming:
        await button.click()
    download = await coming.value
    path = folder / download.suggested_filename
    await download.save_as(path)
    return path


async def test_a_packet_goes_from_desk_to_desk_and_its_minutes_are_saved(browser, opened, stations, tmp_path):
    one, page = opened
    cards = [await submitted(one, number) for number in (11, 12)]
    for slot, card in enumerate(cards, 1):
        await until(one, card, "printed")
        await shelved(one, card, f"C/{slot}")
    cards = (await done(one, "GET", "/v1/cards?custody=on_shelf"))["items"]
    await press(page, "transfers", "Kemas kartu", to="1671-09", which="all")
    aside = page.locator("aside")
    await expect(aside.locator(".badge").first).to_have_text("Dikirim")
    minutes = await saved(page, aside.locator("button:has-text('PDF')"), tmp_path)
    assert minutes.read_bytes().startswith(b"%PDF-")
    assert "Contoh Rekaan" in (await saved(page, aside.locator("button:has-text('CSV')"), tmp_path)).read_text()
    stick = await saved(page, aside.locator("button:has-text('Berkas untuk stik')"), tmp_path)
    await page.keyboard.press("t")
    assert await serious(page) == []

    async with glass(browser, stations[1].address, accept_downloads=True) as found:
        there = found.page
        await sign_in(there, None, FIRST)
        await there.keyboard.press("9")
        await there.click("button:has-text('Terima paket')")
        await there.set_input_files("dialog [name=file]", stick)
        await confirm(there)
        for seen, told in (
            ("1", f"Kartu diterima: 1 dari {len(cards)}."),
            ("1", f"Kartu ini sudah dicatat: 1 dari {len(cards)}."),
        ):
            await there.fill("aside [name=card]", seen)
            await there.keyboard.press("Enter")
            await expect(there.locator("aside .notice")).to_have_text(told)
        await there.fill("aside [name=card]", "9999")
        await there.keyboard.press("Enter")
        await expect(there.locator("aside .notice.bad")).to_be_visible()
        assert await serious(there) == []
        await there.click("aside button:has-text('Paket sudah kosong')")
        await expect(there.locator("dialog")).to_contain_text(
            f"{len(cards) - 1} kartu yang belum dipindai dicatat tidak ada"
        )
        await confirm(there)
        await expect(there.locator("aside .badge").first).to_have_text("Berselisih")
        back = await saved(there, there.locator("aside button:has-text('Konfirmasi untuk stik')"), tmp_path)
    await aside.locator("button:has-text('Baca konfirmasi')").click()
    await page.set_input_files("dialog [name=file]", back)
    await confirm(page)
    await expect(aside.locator(".badge").first).to_have_text("Berselisih")
    await expect(aside.locator(".lines")).to_contain_text("Tidak ada")


async def test_a_holder_whom_no_message_reaches_is_mended_and_told(opened, tmp_path):
    station, page = opened
    card = await submitted(station, 21)
    await until(station, card, "printed")
    await shelved(station, card, "D/1")
    await told(station, "/v1/notices/unreachable", lambda page: page["items"])
    await page.keyboard.press("0")
    row = page.locator("tbody tr", has_text="Contoh Rekaan").first
    await expect(row).to_contain_text("Telepon rumah")
    await page.evaluate("place => { location.hash = place }", f"notices/{card}")
    aside = page.locator("aside")
    await aside.locator("button:has-text('Ganti nomor')").click()
    await page.fill("dialog [name=number]", "0711 512345")
    await page.click("dialog footer button:last-child")
    await expect(page.locator("dialog [role=alert]")).to_be_visible()
    await confirm(page, number="0812 0000 1001")
    await expect(aside.locator(".notice.warn")).to_have_count(0)
    await press(page, f"notices/{card}", "Sudah ditelepon")
    await expect(aside.locator(".lines li", has_text="Telepon").locator(".badge")).to_have_text("Sampai")
    await page.click("button:has-text('Jeda pengiriman')")
    await confirm(page)
    await expect(page.locator(".notice-status")).to_contain_text("dijeda petugas")
    await page.click("button:has-text('Lanjutkan pengiriman')")
    await expect(page.locator(".notice-status")).not_to_contain_text("dijeda petugas")
    board = await saved(page, page.locator("button:has-text('Daftar papan')"), tmp_path)
    assert board.read_bytes().startswith(b"%PDF-")
    await page.keyboard.press("t")
    assert await serious(page) == []


async def test_the_book_of_blanks_is_leafed_through_and_drawn_up(opened, tmp_path):
    station, page = opened
    for _ in range(16):
        await station.receive(1)
    last = (await done(station, "GET", "/v1/blanks/entries?limit=1"))["items"][0]["seq"]
    await page.keyboard.press("5")
    book = page.locator("section[aria-label='Buku blangko']")
    await expect(book.locator("tbody tr").first).to_contain_text("Dinas → Brankas")
    await expect(book.locator("tbody tr td:first-child")).to_have_text([str(last - each) for each in range(15)])
    await book.locator("button:has-text('Berikutnya')").click()
    await expect(book.locator("tbody tr td:first-child").first).to_have_text(str(last - 15))
    await book.locator("button:has-text('Sebelumnya')").click()
    await expect(book.locator("tbody tr td:first-child").first).to_have_text(str(last))
    await press(page, "papers", "Buku blangko harian")
    row = page.locator("tbody tr", has_text="Buku blangko").first
    paper = await saved(page, row.locator("button:has-text('PDF')"), tmp_path)
    assert paper.read_bytes().startswith(b"%PDF-")
    assert "Buku blangko" in await row.inner_text()


async def test_blanks_go_from_a_sealed_pack_to_the_hopper_and_are_counted_in_both_places(opened):
    station, page = opened
    await done(station, "POST", "/v1/devices/kartu-1/pause")
    before = await done(station, "GET", "/v1/blanks")
    await press(page, "blanks", "Terima kiriman", quantity="60", packs="DUS-71 50 A0001 A0050\nDUS-72 10", note="")
    packs = page.locator("section[aria-label='Kemasan bersegel']")
    await expect(packs.locator("tbody tr")).to_have_count(2)
    await expect(packs.locator("tbody tr").first).to_contain_text("A0001 – A0050")
    await packs.locator("button[aria-label='Buka: DUS-71']").click()
    await confirm(page, quantity="49")
    await expect(packs.locator("tbody tr")).to_have_count(1)
    reach = page.locator("section[aria-label='Cukup untuk berapa lama']")
    hopper = reach.locator("tbody tr", has_text="kartu-1")
    await expect(hopper).to_contain_text("diambil dari brankas")
    await hopper.locator("button[aria-label='Isi: kartu-1']").click()
    await confirm(page, quantity="12")
    await expect(hopper.locator("td.num")).to_have_text("12")
    await hopper.locator("button[aria-label='Keluarkan: kartu-1']").click()
    await confirm(page, quantity="2")
    await expect(hopper.locator("td.num")).to_have_text("10")
    book = await done(station, "GET", "/v1/blanks")
    assert book["hoppers"]["kartu-1"] == 10
    assert (book["received"], book["missing"]) == (before["received"] + 60, before["missing"] + 1)
    await page.click("button:has-text('Hitungan harian')")
    await expect(page.locator("dialog")).to_contain_text("Di wadah kartu-1")
    await page.keyboard.press("Escape")
    await page.keyboard.press("f")
    await expect(page.locator("main")).to_contain_text("Belum ada perkiraan")
    await done(station, "POST", "/v1/devices/kartu-1/resume")


async def test_the_weeks_to_come_say_when_the_blanks_run_out(opened):
    station, page = opened
    days = ("2027-01-04", "2027-01-11", "2027-01-18")
    weeks = [{"begins": day, "expected": 400.4, "error": 12.5, "seasons": ["rush"]} for day in days]
    told = {"printed": weeks, "fetched": weeks, "seasons": [{"name": "rush", "title": "Tahun ajaran baru"}]}
    await page.route("**/v1/forecast*", lambda route: route.fulfill(json=told))
    book = await done(station, "GET", "/v1/blanks") | {"at_hand": 500}
    await page.route("**/v1/blanks", lambda route: route.fulfill(json=book))
    await page.reload()
    await page.keyboard.press("f")
    await expect(page.locator("main [role=status]")).to_contain_text("minggu yang mulai Senin, 11 Januari")
    await expect(page.locator("main tbody tr")).to_have_count(3)
    await expect(page.locator("main tbody tr").first).to_contain_text("400 ± 13")
    await expect(page.locator("main tbody tr").first).to_contain_text("Tahun ajaran baru")
    assert await serious(page) == []


async def test_a_delivery_whose_answer_was_lost_is_not_booked_twice(opened):
    station, page = opened
    before = (await done(station, "GET", "/v1/blanks"))["received"]

    async def lose(route):
        await route.fetch()
        await route.abort()

    await page.route("**/v1/blanks/entries", lose, times=1)
    await page.keyboard.press("5")
    await page.click("button:has-text('Terima kiriman')")
    await page.fill("dialog [name=quantity]", "9")
    await page.click("dialog footer button:last-child")
    await expect(page.locator("dialog [role=alert]")).to_contain_text("Stasiun tidak menjawab.")
    await confirm(page)
    assert (await done(station, "GET", "/v1/blanks"))["received"] == before + 9


async def test_officers_see_by_which_decree_they_print_and_administrators_the_register(opened):
    station, page = opened
    await page.keyboard.press("o")
    await expect(page.locator("main")).to_contain_text("SK CONTOH 1/2026")
    await expect(page.locator("main .badge.good").first).to_have_text("Berlaku")
    await page.evaluate("token => sessionStorage.setItem('stationd.session', token)", station.token)
    await page.reload()
    await page.wait_for_selector(".rail")
    await expect(page.locator("main tbody tr", has_text="REKAN CONTOH")).to_contain_text(SECOND[0])


async def test_the_desk_does_not_claim_to_be_live_before_it_has_heard_from_the_station(browser, stations):
    async with glass(browser, stations[0].address) as found:
        page = found.page
        await page.route("**/v1/events", lambda route: route.abort())
        await page.goto("/officer")
        await page.fill("[name=number]", FIRST[0])
        await page.fill("[name=pin]", FIRST[1])
        await page.press("[name=pin]", "Enter")
        await expect(page.locator(".lost")).to_contain_text("Hubungan dengan stasiun terputus")
        await expect(page.locator(".top")).not_to_contain_text("Langsung")
        await page.unroute("**/v1/events")
        await expect(page.locator(".lost")).to_have_count(0)
        await expect(page.locator(".top")).to_contain_text("Langsung")


async def test_a_card_is_found_by_name_from_wherever_one_is(opened):
    station, page = opened
    card = await submitted(station, 31)
    await until(station, card, "printed")
    await shelved(station, card, "E/1")
    await page.keyboard.press("6")
    await expect(page.locator("main h1")).to_have_text("Rak kartu")
    await page.keyboard.type("/contoh rekaan")
    await expect(page.locator("main h1")).to_have_text("Antrean")
    assert await page.input_value("input[type=search]") == "contoh rekaan"
    await page.keyboard.press("Enter")
    await expect(page.locator("main h1")).to_have_text("Rak kartu")
    await expect(page.locator("tbody tr").first).to_contain_text("Contoh Rekaan")
    await page.evaluate("location.hash = 'shelf'")
    await expect(page.locator("aside .empty")).to_be_visible()
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.matches('tbody button')"):
            break
    wanted = await page.evaluate("document.activeElement.textContent")
    await page.keyboard.press("Enter")
    await expect(page.locator("aside .receipt").first).to_have_text(wanted)
