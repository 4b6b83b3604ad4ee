"""The words of the report."""

from typing import Final

from stationd.domain.words import Words

WORDS: Final = {
    "title": Words("Card-print stations", "Stasiun cetak KTP-el"),
    "as_of": Words("As of", "Keadaan"),
    "summary": Words("In short", "Ringkasan"),
    "answer": Words("{good} of {all} stations answer.", "{good} dari {all} stasiun menjawab."),
    "silent": Words("No answer from: {names}.", "Tidak menjawab: {names}."),
    "printed": Words(
        "{cards} cards were printed in the last 24 hours.", "{cards} kartu tercetak dalam 24 jam terakhir."
    ),
    "blanks_well": Words(
        "Blanks last five days or more everywhere.", "Blangko cukup untuk lima hari atau lebih di semua kecamatan."
    ),
    "blanks_ill": Words("Blanks for less than five days: {names}.", "Blangko cukup kurang dari lima hari: {names}."),
    "promise_well": Words(
        "Every kecamatan printed 95 % of its cards within three working days.",
        "Semua kecamatan mencetak 95 % kartunya dalam tiga hari kerja.",
    ),
    "promise_ill": Words(
        "Fewer than 95 % printed within three working days: {names}.",
        "Kurang dari 95 % tercetak dalam tiga hari kerja: {names}.",
    ),
    "shelf": Words("{cards} finished cards wait to be fetched.", "{cards} kartu selesai menunggu diambil."),
    "uncertain": Words(
        "Of {cards} cards nobody knows whether they were printed: {names}.",
        "{cards} kartu belum pasti tercetak atau tidak: {names}.",
    ),
    "integrity_well": Words(
        "No count of blanks differs, and nobody changed the order of service in 7 days.",
        "Tidak ada selisih hitung blangko, dan urutan layanan tidak diubah dalam 7 hari.",
    ),
    "differs": Words(
        "The last count of blanks differs: {names}.", "Penghitungan blangko terakhir berselisih: {names}."
    ),
    "changed": Words(
        "The order of service was changed in 7 days: {names}. Ask for the reasons.",
        "Urutan layanan diubah dalam 7 hari: {names}. Mintalah alasannya.",
    ),
    "alerts": Words("What wants somebody", "Yang perlu ditangani"),
    "no_alerts": Words("No alert is firing.", "Tidak ada peringatan yang berlaku."),
    "page": Words("at once", "segera"),
    "integrity": Words("head of the office", "kepala dinas"),
    "office": Words("in office hours", "jam kerja"),
    "daily": Words("Cards printed a day, the whole city", "Kartu tercetak per hari, seluruh kota"),
    "blanks": Words("How many days the blanks last", "Blangko cukup untuk berapa hari"),
    "in_time": Words("Printed in three working days, of 28 days", "Tercetak dalam tiga hari kerja, dari 28 hari"),
    "on_shelf": Words("Finished cards that nobody has fetched", "Kartu selesai yang belum diambil"),
    "spoiled": Words("Blanks spoiled, of those used in 7 days", "Blangko rusak, dari yang dipakai dalam 7 hari"),
    "table": Words("Every station", "Semua stasiun"),
    "days": Words("days", "hari"),
    "order_now": Words("order now", "pesan sekarang"),
    "promise": Words("promise: 95 %", "janji: 95 %"),
    "usual": Words("usual: 1 %", "lazim: 1 %"),
    "nothing": Words("Prometheus has no figures of it yet.", "Prometheus belum mempunyai angkanya."),
    "day_ago": Words("{n} d ago", "{n} h lalu"),
    "today": Words("today", "hari ini"),
    "yes": Words("yes", "ya"),
    "no": Words("NO", "TIDAK"),
    "col_station": Words("Kecamatan", "Kecamatan"),
    "col_answers": Words("Answers", "Menjawab"),
    "col_cards": Words("Cards, 24 h", "Kartu 24 jam"),
    "col_blanks": Words("Blanks, days", "Blangko, hari"),
    "col_queued": Words("Queue", "Antrean"),
    "col_oldest": Words("Oldest order, days", "Pesanan terlama, hari"),
    "col_shelf": Words("Not fetched", "Belum diambil"),
    "col_in_time": Words("In time", "Tepat waktu"),
    "col_spoiled": Words("Spoiled", "Rusak"),
    "col_uncertain": Words("Uncertain", "Tidak pasti"),
    "col_changes": Words("Order changed", "Urutan diubah"),
    "col_difference": Words("Count differs", "Selisih hitung"),
    "source": Words(
        "From the city's Prometheus. Three working days are taken as five days of the calendar. No personal data. "
        "What must be exact (blanks, cards of a month) stands in the stations' minutes.",
        "Dari Prometheus kota. Tiga hari kerja dihitung sebagai lima hari kalender. Tanpa data pribadi. "
        "Angka yang harus pasti (blangko, kartu sebulan) ada dalam berita acara stasiun.",
    ),
    "simulated": Words("SIMULATED CITY: invented figures", "KOTA SIMULASI: angka rekaan"),
}
"""By what they are for."""


class Speech:
    """The words in one language, with its numbers."""

    def __init__(self, language: str) -> None:
        self.language = language

    def say(self, what: str, **given: str) -> str:
        """A line with what is given put in."""
        line = WORDS[what]
        return (line.id if self.language == "id" else line.en).format(**given)

    def number(self, value: float | None, places: int = 0) -> str:
        """A number as people here write it: 1.234,5 in Bahasa Indonesia; a dash where it is not known."""
        if value is None:
            return "–"
        text = f"{value:,.{places}f}"
        return text.translate(str.maketrans(",.", ".,")) if self.language == "id" else text

    def share(self, value: float | None, places: int = 0) -> str:
        """A share of 1 in percent."""
        return "–" if value is None else f"{self.number(100 * value, places)} %"
