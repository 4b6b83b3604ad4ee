"""What is said of transfers between stations, and of their files."""

from collections.abc import Mapping
from typing import Final

from stationd.domain.sentences.sentence import Sentence, says

_CONFIRMATION: Final = "cannot use the confirmation: "
_KONFIRMASI: Final = "konfirmasi tidak dapat dipakai: "
_HAND: Final = ("hand packet and file to that station", "serahkan kiriman dan berkasnya ke stasiun itu")

SENTENCES: Final[Mapping[str, Sentence]] = {
    "transfer-unknown": says(
        "cannot find the transfer: there is none with this id",
        "pengiriman tidak ditemukan: tidak ada yang ber-id ini",
    ),
    "transfer-unknown/partner": says(
        "cannot find the transfer: none was made for that station",
        "pengiriman tidak ditemukan: tidak ada yang dibuat untuk stasiun itu",
    ),
    "transfer-state": says(
        "cannot go on with the transfer: it is {state}", "pengiriman tidak dapat dilanjutkan: keadaannya {state}"
    ),
    "transfer-state/cancel": says(
        "cannot cancel the transfer: it is {state}", "pengiriman tidak dapat dibatalkan: keadaannya {state}"
    ),
    "transfer-state/cancelled": says(
        _CONFIRMATION + "the transfer was cancelled here, and its cards are in the book as here",
        _KONFIRMASI + "pengiriman dibatalkan di sini, dan kartunya tercatat berada di sini",
        fix=(
            "look where the packet is; pack again what is really there",
            "cari di mana kirimannya; kemas lagi yang benar-benar ada",
        ),
    ),
    "transfer-incomplete": says(
        "cannot confirm the transfer: {left} cards were not scanned, {extra} are not in the list",
        "pengiriman tidak dapat dikonfirmasi: {left} kartu belum dipindai, {extra} tidak ada dalam daftar",
        fix=("scan the rest, or confirm with differences", "pindai sisanya, atau konfirmasi dengan selisih"),
    ),
    "transfer-unconfirmed/confirmation": says(
        "cannot give the confirmation: there is none yet", "konfirmasi belum dapat diberikan: belum ada"
    ),
    "transfer-unconfirmed/minutes": says(
        "cannot give the minutes: there are none yet", "berita acara belum dapat diberikan: belum ada"
    ),
    "transfer-known": says(
        "cannot take the transfer: its file was read in before",
        "pengiriman tidak dapat diterima: berkasnya sudah pernah dibaca",
        fix=("go on with scanning; nothing is lost", "lanjutkan pemindaian; tidak ada yang hilang"),
    ),
    "transfer-malformed": says(
        "cannot read the file: it is not a whole {format}",
        "berkas tidak dapat dibaca: bukan {format} yang utuh",
        fix=("copy the file again; it may have been cut short", "salin lagi berkasnya; mungkin terpotong"),
    ),
    "transfer-malformed/format": says(
        "cannot read the file: it is not a {format}", "berkas tidak dapat dibaca: bukan {format}"
    ),
    "transfer-altered": says(
        "cannot take the file: it is not what its sender has signed",
        "berkas tidak dapat diterima: isinya bukan yang ditandatangani pengirimnya",
        fix=("ask the sender for the file again", "minta berkasnya lagi dari pengirim"),
    ),
    "transfer-invalid": says(
        "cannot take the transfer: its list of cards is not one",
        "pengiriman tidak dapat diterima: daftar kartunya tidak sah",
    ),
    "transfer-unreadable": says(
        "cannot take the transfer: it was not sealed to this station's key",
        "pengiriman tidak dapat diterima: tidak disegel untuk kunci stasiun ini",
        fix=(
            "compare `stationd transfer identity` here with the sender's [[partner]] table",
            "bandingkan `stationd transfer identity` di sini dengan tabel [[partner]] pengirim",
        ),
    ),
    "transfer-sender-unknown": says(
        "cannot take the file: station {station} is no partner of this one",
        "berkas tidak dapat diterima: stasiun {station} bukan mitra stasiun ini",
        fix=(
            "enter the station as a [[partner]] with its identity",
            "masukkan stasiun itu sebagai [[partner]] dengan identitasnya",
        ),
    ),
    "transfer-for-another": says(
        "cannot take the transfer: it is for station {station}",
        "pengiriman tidak dapat diterima: untuk stasiun {station}",
        fix=_HAND,
    ),
    "transfer-for-another/confirmation": says(
        _CONFIRMATION + "it is for station {station}", _KONFIRMASI + "untuk stasiun {station}"
    ),
    "transfer-too-large": says(
        "cannot make a transfer: a packet holds {most} cards",
        "pengiriman tidak dapat dibuat: satu kiriman memuat {most} kartu",
    ),
    "nothing-to-transfer": says(
        "cannot make a transfer: nothing lies here for {station}",
        "pengiriman tidak dapat dibuat: tidak ada kartu di sini untuk {station}",
    ),
    "partner-unknown": says(
        "cannot make a transfer: the station is no partner of this one",
        "pengiriman tidak dapat dibuat: stasiun itu bukan mitra stasiun ini",
        fix=("partners are: {partners}", "mitra stasiun ini: {partners}"),
    ),
    "card-not-listed": says(
        "cannot take the card in: it is not in the list of this transfer",
        "KTP-el tidak dapat diterima: tidak ada dalam daftar pengiriman ini",
        fix=(
            "put it aside and scan its receipt, so that the sender is told",
            "sisihkan dan pindai resinya, agar pengirim diberi tahu",
        ),
    ),
    "confirmation-outdated": says(
        _CONFIRMATION + "revision {last} has been read in, this is {revision}",
        _KONFIRMASI + "revisi {last} sudah dibaca, ini revisi {revision}",
        fix=("nothing needs to be done", "tidak perlu berbuat apa-apa"),
    ),
    "confirmation-invalid/cards": says(
        _CONFIRMATION + "it does not tell of each listed card once",
        _KONFIRMASI + "tidak menyebut setiap kartu dalam daftar tepat satu kali",
    ),
    "confirmation-invalid/takes-back": says(
        _CONFIRMATION + "it misses a card that an earlier one confirmed",
        _KONFIRMASI + "menyatakan hilang kartu yang sudah dikonfirmasi sebelumnya",
    ),
}
