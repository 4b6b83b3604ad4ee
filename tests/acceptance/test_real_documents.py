"""Real documents through the whole path: what is submitted over HTTP is what the genuine printer keeps, to the byte."""

import io

import pytest
from PIL import Image

from tests.rigs.documents import pdf
from tests.rigs.ippeveprinter import IppEvePrinter
from tests.rigs.press import GenuinePress

CARD = (1013, 638)  # ISO/IEC 7810 ID-1 at 300 dpi


def picture(kind: str) -> bytes:
    """A card-sized picture in colour with enough noise to be several hundred kilobytes."""
    out = io.BytesIO()
    channels = [Image.effect_noise(CARD, sigma) for sigma in (20, 60, 90)]
    Image.merge("RGB", channels).save(out, kind, resolution=300, dpi=(300, 300))
    return out.getvalue()


DOCUMENTS = {
    "png": ("image/png", picture("PNG")),
    "pdf-of-a-picture": ("application/pdf", picture("PDF")),
    "pdf-of-text": ("application/pdf", pdf(1)),
    "jpeg": ("image/jpeg", picture("JPEG")),
    "large-pdf": ("application/pdf", pdf(2, size=5_000_000)),
}


@pytest.fixture
def printer(tmp_path):
    formats = ("application/pdf", "image/png", "image/jpeg")
    with IppEvePrinter(tmp_path / "printer", formats=formats) as rig:
        yield rig


async def test_what_is_submitted_is_kept_by_the_printer_byte_for_byte(stocked, printer):
    async with stocked(GenuinePress(printer).table) as station:
        await station.start()
        answers = {}
        for number, (media_type, data) in enumerate(DOCUMENTS.values(), 1):
            status, answer = await station.submit(number, data, media_type)
            assert (status, answer["state"]) == (201, "queued")
            answers[answer["id"]] = data
        assert await station.settled() == {"printed": len(DOCUMENTS)}
        station.check_books()
        assert [printer.kept(card) for card in printer.cards()] == [data for _, data in DOCUMENTS.values()]
        for job_id in answers:
            _, job = await station.call("GET", f"/v1/jobs/{job_id}")
            assert (job["state"], job["evidence"], job["attempts"]) == ("printed", "printer", 1)
        sealed = b"".join(path.read_bytes() for path in station.database.parent.glob("station.db*"))
        assert DOCUMENTS["pdf-of-text"][1] not in sealed


async def test_a_document_that_the_printer_will_not_take_fails_without_a_card(stocked, tmp_path):
    with IppEvePrinter(tmp_path / "narrow", formats=("image/png",)) as printer:
        async with stocked(GenuinePress(printer).table) as station:
            await station.start()
            await station.submit(1, pdf(1), "application/pdf")
            assert await station.settled() == {"failed": 1}
            await station.submit(2, DOCUMENTS["png"][1])
            assert await station.settled() == {"failed": 1, "printed": 1}
            station.check_books()
            assert [card.is_of(DOCUMENTS["png"][1]) for card in printer.begun()] == [True]
