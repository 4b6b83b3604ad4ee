"""What is said of finished cards, their notices and their hand-over."""

from collections.abc import Mapping
from typing import Final

from stationd.domain.sentences.sentence import Sentence, says

_HAND_OVER: Final = "cannot hand the card over: "
_SERAH: Final = "KTP-el tidak dapat diserahkan: "
_NUMBER: Final = "cannot use the holder's number: "
_NOMOR: Final = "nomor pemilik tidak dapat dipakai: "
_MEND: Final = (
    "enter a mobile number, or tell the holder in person and record that",
    "isi nomor ponsel, atau beri tahu pemiliknya langsung lalu catat",
)

SENTENCES: Final[Mapping[str, Sentence]] = {
    "card-unknown": says(
        "cannot find the card: there is none with this id", "KTP-el tidak ditemukan: tidak ada yang ber-id ini"
    ),
    "card-state": says(
        "cannot do this with the card: it is {custody}",
        "tidak dapat dilakukan dengan KTP-el ini: keadaannya {custody}",
    ),
    "card-state/undo": says(
        "cannot undo the hand-over: the card is {custody}",
        "penyerahan tidak dapat dibatalkan: KTP-el {custody}",
    ),
    "card-state/destroy": says(
        "cannot destroy the card: it is {custody}", "KTP-el tidak dapat dimusnahkan: keadaannya {custody}"
    ),
    "card-state/call": says(
        "cannot call the holder: the card is {custody}", "pemilik tidak dapat dipanggil: KTP-el {custody}"
    ),
    "card-state/tell": says(
        "cannot tell the holder: the card does not lie on the shelf",
        "pemilik belum dapat diberi tahu: KTP-el tidak ada di rak",
    ),
    "card-state/unfinished": says(
        "cannot take the card in: its job here has not brought a card yet",
        "KTP-el tidak dapat diterima: tugas cetaknya di sini belum menghasilkan kartu",
    ),
    "card-handed-over": says(_HAND_OVER + "that was done before", _SERAH + "sudah diserahkan sebelumnya"),
    "card-not-here": says(_HAND_OVER + "it is {custody} to another station", _SERAH + "{custody}, di luar stasiun ini"),
    "card-forgotten": says(
        "cannot take the card in: what was known of it is forgotten, as it must be",
        "KTP-el tidak dapat diterima: datanya sudah dimusnahkan sebagaimana mestinya",
        fix=("let the sender pack it again, with a new file", "minta pengirim mengemasnya lagi dengan berkas baru"),
    ),
    "chip-elsewhere": says(
        "cannot check the card: another card has this chip",
        "KTP-el tidak dapat diperiksa: chip ini milik kartu lain",
        fix=("look which of the two cards lay on the reader", "lihat kartu mana yang ada di atas pembaca"),
    ),
    "chip-elsewhere/blank": says(
        "cannot check the card: the book has the blank with this chip as {account}",
        "KTP-el tidak dapat diperiksa: menurut buku, blangko dengan chip ini {account}",
        fix=("see who entered that, and correct it", "periksa siapa yang mencatatnya, lalu koreksi"),
    ),
    "place-taken": says(
        "cannot put the card to {place}: another card lies there",
        "KTP-el tidak dapat ditaruh di {place}: sudah ada kartu lain",
    ),
    "identity-not-shown": says(
        _HAND_OVER + "person and document do not belong together",
        _SERAH + "orang dan dokumennya tidak cocok",
        fix=("ask for another document; keep the card", "minta dokumen lain; simpan kartunya"),
    ),
    "identity-unavailable": says(
        "cannot take a fingerprint for proof: no reader has compared one for this card",
        "sidik jari tidak dapat menjadi bukti: belum ada yang dibandingkan untuk KTP-el ini",
        fix=(
            "compare at the reader first, or look at a document",
            "bandingkan dulu di pembaca, atau periksa dokumen",
        ),
    ),
    "proxy-not-allowed": says(
        "cannot hand the card to a proxy: nobody has found both on one family card (KK)",
        "KTP-el tidak dapat diserahkan kepada wakil: belum dipastikan keduanya ada dalam satu Kartu Keluarga (KK)",
        fix=(
            "look at the family card; without it the holder comes in person",
            "periksa Kartu Keluarga; tanpanya pemilik harus datang sendiri",
        ),
    ),
    "old-card-missing": says(
        _HAND_OVER + "the damaged card that it replaces was not surrendered",
        _SERAH + "kartu rusak yang digantikannya belum diserahkan",
        fix=("take the old card; it is destroyed with minutes", "ambil kartu lama; dimusnahkan dengan berita acara"),
    ),
    "hand-over-final": says(
        "cannot undo the hand-over: it may be undone for {minutes} minutes, which are over",
        "penyerahan tidak dapat dibatalkan: hanya boleh selama {minutes} menit, dan waktunya sudah lewat",
    ),
    "search-too-wide": says(
        "cannot search: a name needs a word of two letters or more",
        "tidak dapat mencari: nama harus memuat kata dengan dua huruf atau lebih",
        fix=("type one whole word of the name at least", "ketik sedikitnya satu kata utuh dari nama"),
    ),
    # notices
    "notice-too-soon": says(
        "cannot send a notice: the next may go out on {day}",
        "pemberitahuan belum dapat dikirim: yang berikutnya boleh pada {day}",
        fix=(
            "tell the holder in person or by telephone, and record that",
            "beri tahu pemiliknya langsung atau lewat telepon, lalu catat",
        ),
    ),
    "notices-stopped": says(
        "cannot send a notice now: {reasons}", "pemberitahuan sedang tidak dapat dikirim: {reasons}"
    ),
    "number-unusable/none": says(_NUMBER + "there is none", _NOMOR + "tidak ada", fix=_MEND),
    "number-unusable/landline": says(
        _NUMBER + "it is a landline, which no message reaches",
        _NOMOR + "nomor telepon tetap, yang tidak dapat menerima pesan",
        fix=_MEND,
    ),
    "number-unusable/bad": says(
        _NUMBER + "it is none that a message reaches", _NOMOR + "bukan nomor yang dapat menerima pesan", fix=_MEND
    ),
    "clock-untrusted": says(
        "cannot record a notice: the station does not know the day",
        "pemberitahuan tidak dapat dicatat: stasiun tidak yakin akan tanggal",
    ),
}
