"""What went wrong, as RFC 9457 problem documents: one table from code to status and title.

The codes are part of the contract and never change their meaning; a new trouble gets a new code. The table holds every
code that a ``Refused`` may carry anywhere in the daemon, and a test compares the two.
"""

from typing import Annotated, NamedTuple

import msgspec

from stationd.domain.errors import Faulted, Refused, StationError
from stationd.domain.sentences import SENTENCES

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:stationd:problem:"


class Kind(NamedTuple):
    """A kind of problem: its HTTP status and its title in English and Indonesian."""

    status: int
    title: str
    judul: str


class TwoWords(msgspec.Struct, frozen=True):
    """One line for people in English and Indonesian."""

    en: str
    id: str


class Telling(msgspec.Struct, frozen=True):
    """What to tell the citizen, and what to bring."""

    say: TwoWords
    bring: tuple[TwoWords, ...]


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A problem document (RFC 9457). It never contains a value of a person."""

    type: Annotated[
        str, msgspec.Meta(description="A stable URN made of the code.", examples=[f"{TYPE_PREFIX}job-unknown"])
    ]
    title: Annotated[str, msgspec.Meta(description="The kind of problem, in the language of Accept-Language (en, id).")]
    status: Annotated[int, msgspec.Meta(ge=400, le=599)]
    code: Annotated[str, msgspec.Meta(description="Stable; program against this.", examples=["job-unknown"])]
    detail: Annotated[str, msgspec.Meta(description="One line about this case, in the same language.")]
    request_id: Annotated[str, msgspec.Meta(description="Names this request in the log of the station.")]
    field: Annotated[str, msgspec.Meta(description="Path of the value at fault, such as holder.nik.")] | None = None
    see: Annotated[str, msgspec.Meta(description="What stands in the way, such as the id of another job.")] | None = (
        None
    )
    fix: Annotated[str, msgspec.Meta(description="What to do about it, in the same language.")] | None = None
    tell: Annotated[Telling, msgspec.Meta(description="For the citizen at the counter.")] | None = None


KINDS: dict[str, Kind] = {
    # the request itself
    "request-malformed": Kind(400, "The request is not HTTP as it should be", "Permintaan bukan HTTP yang benar"),
    "json-malformed": Kind(400, "The body is not JSON", "Isi permintaan bukan JSON"),
    "body-malformed": Kind(400, "The body cannot be read", "Isi permintaan tidak dapat dibaca"),
    "query-invalid": Kind(400, "A query parameter is wrong", "Parameter permintaan salah"),
    "cursor-malformed": Kind(400, "The cursor is not one of ours", "Penunjuk halaman tidak dikenal"),
    "idempotency-key-missing": Kind(400, "The idempotency key is missing", "Kunci idempotensi tidak ada"),
    "idempotency-key-malformed": Kind(400, "The idempotency key is malformed", "Kunci idempotensi salah bentuk"),
    "body-too-slow": Kind(408, "The body came too slowly", "Isi permintaan terlalu lambat"),
    "body-too-large": Kind(413, "The body is too large", "Isi permintaan terlalu besar"),
    "media-type-unsupported": Kind(415, "The media type is not taken", "Jenis isi tidak diterima"),
    "encoding-unsupported": Kind(415, "The content encoding is not taken", "Penyandian isi tidak diterima"),
    "body-invalid": Kind(422, "The body does not fit the schema", "Isi permintaan tidak sesuai skema"),
    "request-under-way": Kind(409, "The same request is being carried out", "Permintaan yang sama sedang dikerjakan"),
    "outcome-not-known": Kind(409, "It is not known whether it was done", "Tidak diketahui apakah sudah dilakukan"),
    "changed-meanwhile": Kind(412, "It was changed meanwhile", "Sudah diubah pihak lain"),
    # who asks, and from where
    "token-missing": Kind(401, "A token is needed", "Diperlukan token"),
    "token-unknown": Kind(401, "The token is not known", "Token tidak dikenal"),
    "role-not-allowed": Kind(403, "The role does not allow this", "Peran ini tidak berwenang"),
    "cross-site": Kind(403, "Calls from other sites are refused", "Panggilan dari situs lain ditolak"),
    "host-not-allowed": Kind(421, "Not served under this name", "Tidak dilayani dengan nama ini"),
    "token-scope": Kind(403, "The token does not reach this", "Token tidak berlaku untuk ini"),
    "rate-limited": Kind(429, "Too many calls", "Terlalu banyak panggilan"),
    "pairing-unknown": Kind(404, "Nobody waits under this code", "Tidak ada yang menunggu dengan kode ini"),
    "pairings-full": Kind(429, "Too many kiosks wait", "Terlalu banyak kios yang menunggu"),
    "token-name-unknown": Kind(404, "No token of this name", "Tidak ada token dengan nama ini"),
    "token-name-taken": Kind(409, "The name of the token is taken", "Nama token sudah dipakai"),
    "session-needed": Kind(403, "An officer must sign in", "Petugas harus masuk"),
    "sign-in-refused": Kind(401, "The number and the PIN do not belong together", "Nomor dan PIN tidak cocok"),
    "sign-in-locked": Kind(429, "Too many wrong PINs", "Terlalu banyak PIN salah"),
    "sign-in-busy": Kind(503, "Too many are signing in", "Terlalu banyak yang sedang masuk"),
    # officers
    "officer-not-appointed": Kind(403, "No decree allows this now", "Tidak ada surat keputusan yang berlaku"),
    "officer-invalid": Kind(422, "The officer cannot be entered", "Data petugas tidak dapat dipakai"),
    "decree-dates-wrong": Kind(422, "The dates of the decree are wrong", "Tanggal surat keputusan salah"),
    "pin-too-easy": Kind(422, "The PIN is too easy", "PIN terlalu mudah"),
    "officer-known": Kind(409, "The officer is in the register", "Petugas sudah terdaftar"),
    "officer-unknown": Kind(404, "No such officer", "Petugas tidak ada"),
    # a second officer
    "approval-unknown": Kind(404, "No such request", "Permintaan persetujuan tidak ada"),
    "approval-settled": Kind(409, "The request is settled", "Permintaan persetujuan sudah selesai"),
    "approval-pending": Kind(409, "Another request about it waits", "Permintaan lain masih menunggu persetujuan"),
    "second-officer-same-person": Kind(403, "Two different officers are needed", "Diperlukan dua petugas berbeda"),
    "second-officer-refused": Kind(
        403, "The second officer's number and PIN do not belong together", "Nomor dan PIN petugas kedua tidak cocok"
    ),
    # what is asked for
    "path-unknown": Kind(404, "There is nothing here", "Tidak ada apa-apa di sini"),
    "method-not-allowed": Kind(405, "The method is not allowed here", "Metode tidak diizinkan di sini"),
    "job-unknown": Kind(404, "No such job", "Tugas cetak tidak ada"),
    "device-not-on-the-bus": Kind(409, "The device is not on the USB bus", "Perangkat tidak terhubung lewat USB"),
    "device-present": Kind(409, "The device is plugged in", "Perangkat sudah terpasang"),
    "devices-full": Kind(409, "No more devices can be used", "Tidak ada tempat untuk perangkat lain"),
    "device-unknown": Kind(404, "No such device", "Perangkat tidak ada"),
    "act-unknown": Kind(404, "No such act", "Tindakan tidak dikenal"),
    # streams
    "topic-unknown": Kind(400, "There is no such topic", "Topik tidak dikenal"),
    "reader-of-another": Kind(403, "The reader is another kiosk's", "Pembaca ini milik kios lain"),
    "streams-full": Kind(503, "Too many listen already", "Terlalu banyak pendengar"),
    # orders
    "idempotency-key-reused": Kind(409, "The key was used for another request", "Kunci sudah dipakai permintaan lain"),
    "order-recalled": Kind(409, "The order belongs elsewhere now", "Pesanan ini kini milik tempat lain"),
    "order-without-leave": Kind(409, "The order waits for the city", "Pesanan ini menunggu kota"),
    "order-has-a-live-job": Kind(409, "The order has a card under way", "Pesanan ini masih diproses"),
    "data-change-belongs-to-the-office": Kind(
        422, "Data changes are made at the office", "Perubahan data dilakukan di Dinas Dukcapil"
    ),
    "holder-has-a-live-card": Kind(409, "The holder has a card, or one under way", "Pemohon sudah memiliki kartu"),
    "surrender-missing": Kind(409, "The damaged card has not come back", "Kartu lama belum diserahkan"),
    "surrender-not-awaited": Kind(409, "No surrendered card is awaited", "Penyerahan kartu lama tidak diperlukan"),
    "surrender-invalid": Kind(422, "This does not name a card", "Ini bukan penanda kartu"),
    "police-report-missing": Kind(422, "The police report is missing", "Surat keterangan kehilangan belum ada"),
    "nik-malformed": Kind(422, "The NIK is malformed", "NIK salah bentuk"),
    "document-invalid": Kind(422, "The document cannot be used", "Dokumen tidak dapat dipakai"),
    "profile-unknown": Kind(422, "No such print profile", "Profil cetak tidak ada"),
    "signature-missing": Kind(403, "The city has not signed the order", "Pesanan belum ditandatangani kota"),
    "signature-invalid": Kind(403, "The city's signature is not valid", "Tanda tangan kota tidak sah"),
    "signature-expired": Kind(403, "The city's signature has expired", "Tanda tangan kota kedaluwarsa"),
    "signature-for-another": Kind(403, "The signature is for something else", "Tanda tangan untuk hal lain"),
    "signature-used": Kind(409, "The city's signature was used before", "Tanda tangan kota sudah dipakai"),
    "orders-stopped": Kind(503, "No new orders are taken now", "Pesanan baru dihentikan sementara"),
    # jobs
    "receipt-malformed": Kind(422, "The receipt has a typing error", "Nomor resi salah ketik"),
    "job-state": Kind(409, "The job's state does not allow this", "Keadaan tugas cetak tidak mengizinkan ini"),
    "kind-not-printed-here": Kind(422, "This kind never waits here", "Jenis ini tidak dicetak di sini"),
    "job-ahead-already": Kind(409, "It was moved ahead before", "Sudah pernah didahulukan"),
    "job-not-held": Kind(409, "Nobody holds the job", "Tugas cetak ini tidak sedang ditahan"),
    "card-under-way": Kind(409, "The card is being made", "Kartu sedang dicetak"),
    "verdict-stale": Kind(409, "The verdict is about another attempt", "Putusan ini tentang percobaan yang lain"),
    "verdict-final": Kind(409, "The verdict cannot be changed any more", "Putusan tidak dapat diubah lagi"),
    "document-forgotten": Kind(410, "The document was shredded", "Dokumen sudah dimusnahkan"),
    "preview-unavailable": Kind(415, "The document is no picture", "Dokumen bukan gambar"),
    "printer-not-ready": Kind(409, "The printer is not ready", "Pencetak belum siap"),
    "job-not-uncertain": Kind(409, "The job is not in doubt", "Hasil tugas cetak ini tidak diragukan"),
    # finished cards
    "card-unknown": Kind(404, "No such card", "KTP-el ini tidak ada"),
    "card-state": Kind(409, "The card is not where it would have to be", "Keberadaan KTP-el tidak mengizinkan ini"),
    "card-handed-over": Kind(409, "The card was handed over before", "KTP-el sudah diserahkan sebelumnya"),
    "chip-elsewhere": Kind(409, "The chip is another blank's", "Chip ini milik blangko lain"),
    "card-not-here": Kind(409, "The card is not here", "KTP-el tidak ada di sini"),
    "notice-too-soon": Kind(409, "It is too soon for another notice", "Belum waktunya pemberitahuan berikutnya"),
    "notices-stopped": Kind(409, "Nothing is sent now", "Pengiriman sedang tidak berjalan"),
    "number-unusable": Kind(422, "No message reaches this number", "Nomor ini tidak dapat dikirimi pesan"),
    "clock-untrusted": Kind(409, "The station does not know the day", "Stasiun tidak yakin akan tanggal"),
    "place-taken": Kind(409, "Another card lies there", "Tempat itu sudah terisi"),
    "identity-not-shown": Kind(403, "The identity was not shown", "Identitas tidak terbukti"),
    "identity-unavailable": Kind(409, "No fingerprint was compared", "Sidik jari belum dibandingkan"),
    "proxy-not-allowed": Kind(403, "The proxy is not on the family card", "Wakil tidak ada dalam Kartu Keluarga"),
    "old-card-missing": Kind(409, "The old card was not surrendered", "KTP-el lama belum diserahkan"),
    "hand-over-final": Kind(409, "The hand-over cannot be undone any more", "Penyerahan tidak dapat dibatalkan lagi"),
    "transfer-unknown": Kind(404, "No such transfer", "Pengiriman ini tidak ada"),
    "transfer-state": Kind(409, "The transfer does not allow this", "Keadaan pengiriman tidak mengizinkan ini"),
    "transfer-incomplete": Kind(409, "Not every card was scanned", "Belum semua KTP-el dipindai"),
    "transfer-unconfirmed": Kind(409, "The transfer is not confirmed yet", "Pengiriman belum dikonfirmasi"),
    "transfer-known": Kind(409, "The transfer was read in before", "Pengiriman ini sudah dibaca sebelumnya"),
    "transfer-malformed": Kind(422, "The file is not a whole one", "Berkas tidak utuh"),
    "transfer-altered": Kind(422, "The file is not what was signed", "Berkas telah diubah"),
    "transfer-invalid": Kind(422, "The transfer is not one", "Isi pengiriman tidak sah"),
    "transfer-unreadable": Kind(422, "The file was sealed to another key", "Berkas disegel untuk kunci lain"),
    "transfer-sender-unknown": Kind(403, "The sender is no partner", "Pengirim bukan mitra stasiun ini"),
    "transfer-for-another": Kind(409, "The file is for another station", "Berkas untuk stasiun lain"),
    "transfer-too-large": Kind(422, "Too many cards for one packet", "Terlalu banyak KTP-el untuk satu kiriman"),
    "nothing-to-transfer": Kind(409, "Nothing lies here for that station", "Tidak ada KTP-el untuk stasiun itu"),
    "partner-unknown": Kind(422, "The station is no partner", "Stasiun itu bukan mitra"),
    "card-forgotten": Kind(410, "What was known of the card is forgotten", "Data KTP-el ini sudah dimusnahkan"),
    "card-not-listed": Kind(409, "The card is not in the list", "KTP-el tidak ada dalam daftar"),
    "confirmation-outdated": Kind(409, "The confirmation came before", "Konfirmasi ini sudah usang"),
    "confirmation-invalid": Kind(422, "The confirmation does not fit", "Konfirmasi tidak sesuai"),
    "slip-printer-none": Kind(409, "There is no receipt printer", "Tidak ada pencetak struk"),
    "slip-printer-unreachable": Kind(503, "The receipt printer does not answer", "Pencetak struk tidak menjawab"),
    "search-too-wide": Kind(422, "The search says too little", "Pencarian terlalu luas"),
    "receipt-unknown": Kind(404, "No such receipt", "Resi tidak dikenal"),
    # blanks
    "quantity-out-of-range": Kind(422, "The quantity cannot be right", "Jumlah tidak mungkin benar"),
    "blanks-not-there": Kind(409, "So many blanks are not there", "Blangko sebanyak itu tidak ada"),
    "entry-inconsistent": Kind(422, "The entry makes no sense", "Isi catatan tidak sesuai"),
    "entry-unknown": Kind(404, "No such entry", "Catatan tidak ada"),
    "entry-corrected": Kind(409, "The entry was corrected before", "Catatan sudah pernah dikoreksi"),
    "entry-not-correctable": Kind(409, "The entry cannot be corrected so", "Catatan tidak dapat dikoreksi begini"),
    "pack-known": Kind(409, "The pack was received before", "Kemasan sudah pernah diterima"),
    "pack-unknown": Kind(404, "No such pack", "Kemasan tidak ada"),
    "pack-opened": Kind(409, "The pack was opened before", "Kemasan sudah dibuka"),
    "serial-elsewhere": Kind(409, "The blank is somewhere else", "Blangko ini berada di tempat lain"),
    "serial-unknown": Kind(404, "No such serial", "Nomor seri tidak dikenal"),
    "witnesses-needed": Kind(422, "Two witnesses are needed", "Diperlukan dua orang saksi"),
    "counts-differ": Kind(409, "The two counts differ", "Kedua hasil hitung berbeda"),
    # minutes
    "minutes-unknown": Kind(404, "No such minutes", "Berita acara tidak ada"),
    "fonts-missing": Kind(503, "The letters are not installed", "Huruf belum terpasang"),
    "day-to-come": Kind(422, "The day is still to come", "Hari itu belum tiba"),
    # ours and below us
    "internal": Kind(500, "The station made a mistake", "Terjadi kesalahan pada stasiun"),
    "seal-broken": Kind(500, "Sealed data cannot be opened", "Data tersegel tidak dapat dibuka"),
    "printer-unreachable": Kind(503, "The printer does not answer", "Pencetak tidak menjawab"),
    "storage-closed": Kind(503, "The station is stopping", "Stasiun sedang berhenti"),
    "storage-full": Kind(507, "The disk is full", "Penyimpanan penuh"),
}
"""Every code with its status and titles."""

_FAULT = Kind(503, "Something below the station is in trouble", "Ada gangguan pada perangkat stasiun")

encode = msgspec.json.Encoder().encode


def kind_of(error: StationError) -> tuple[str, Kind]:
    """The code to answer and its kind.

    A fault without a row of its own is 503; a refusal without one is a mistake of ours: ``internal``.
    """
    kind = KINDS.get(error.code)
    if kind is not None:
        return error.code, kind
    if isinstance(error, Faulted):
        return error.code, _FAULT
    return "internal", KINDS["internal"]


def problem_of(error: StationError, *, request_id: str, is_indonesian: bool = False) -> Problem:
    """The problem document for a refusal or a fault."""
    code, kind = kind_of(error)
    is_known = code == error.code
    words, remedy = (error.words, error.remedy) if is_known else (SENTENCES["internal"].detail, None)
    return Problem(
        type=TYPE_PREFIX + code,
        title=kind.judul if is_indonesian else kind.title,
        status=kind.status,
        code=code,
        detail=words.spoken(is_indonesian=is_indonesian),
        request_id=request_id,
        field=error.field if isinstance(error, Refused) and is_known else None,
        see=error.see if isinstance(error, Refused) and is_known else None,
        fix=remedy.spoken(is_indonesian=is_indonesian) if remedy is not None else None,
        tell=_telling(error) if is_known else None,
    )


def _telling(error: StationError) -> Telling | None:
    if not isinstance(error, Refused) or error.tell is None:
        return None
    advice = error.tell
    return Telling(TwoWords(advice.say.en, advice.say.id), tuple(TwoWords(each.en, each.id) for each in advice.bring))


def wants_indonesian(accept_language: str | None) -> bool:
    """Whether a reader prefers Indonesian to English (RFC 9110, 12.5.4)."""
    if not accept_language:
        return False
    weights = {"id": 0.0, "en": 0.0}
    for part in accept_language.split(","):
        tag, _, parameters = part.partition(";")
        language = tag.strip().lower().partition("-")[0]
        if language in weights:
            weights[language] = max(weights[language], _weight(parameters))
    return weights["id"] > weights["en"]


def _weight(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
