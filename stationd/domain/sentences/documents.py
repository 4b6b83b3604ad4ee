"""What is said of what shall be printed: documents, templates and photos."""

from collections.abc import Mapping
from typing import Final

from stationd.domain.sentences.sentence import Sentence, says

_USE: Final = "cannot use the document as {media_type}: "
_PAKAI: Final = "dokumen tidak dapat dipakai sebagai {media_type}: "
_FIELD: Final = "cannot render a field of the card: "
_ISIAN: Final = "isian kartu tidak dapat dicetak: "
_PHOTO: Final = "cannot use the photo: "
_FOTO: Final = "foto tidak dapat dipakai: "

SENTENCES: Final[Mapping[str, Sentence]] = {
    "document-invalid/media-type": says(
        "cannot use the document: known media types are {known}",
        "dokumen tidak dapat dipakai: jenis yang dikenal {known}",
    ),
    "document-invalid/large": says(
        "cannot use the document: it is larger than {most} bytes",
        "dokumen tidak dapat dipakai: lebih besar dari {most} bita",
    ),
    "document-invalid/start": says(_USE + "it does not begin like one", _PAKAI + "awalnya bukan seperti itu"),
    "document-invalid/short": says(_USE + "it is cut short", _PAKAI + "terpotong"),
    "document-invalid/damaged": says(_USE + "it is cut short or damaged", _PAKAI + "terpotong atau rusak"),
    "document-invalid/checksum": says(
        _USE + "a part of it is damaged (checksum)", _PAKAI + "sebagian rusak (jumlah periksa)"
    ),
    "document-invalid/longer": says(_USE + "something follows its end", _PAKAI + "ada sisa di belakang akhirnya"),
    "document-invalid/place": says(
        _USE + "its header is not where it belongs", _PAKAI + "kepalanya tidak di tempatnya"
    ),
    "document-invalid/header": says(_USE + "its header makes no sense", _PAKAI + "kepalanya tidak masuk akal"),
    "document-invalid/no-picture": says(_USE + "it has no picture", _PAKAI + "tidak ada gambarnya"),
    "document-invalid/table": says(
        _USE + "its table of objects is not where it says", _PAKAI + "tabel objeknya tidak di tempat yang disebut"
    ),
    "document-invalid/encrypted": says(_USE + "it is encrypted", _PAKAI + "tersandi"),
    "document-invalid/no-page": says(_USE + "it has no page", _PAKAI + "tidak ada halamannya"),
    "document-invalid/pages": says(
        _USE + "it has {pages} pages, a card has at most {most}",
        _PAKAI + "ada {pages} halaman, sedangkan kartu paling banyak {most}",
    ),
    "document-invalid/size": says(
        _USE + "{width} × {height} pixels is no size of a card",
        _PAKAI + "{width} × {height} piksel bukan ukuran kartu",
    ),
    "document-invalid/template": says(
        "cannot use the template: the profile prints {known}",
        "templat tidak dapat dipakai: profil ini mencetak {known}",
    ),
    "document-invalid/no-template": says(
        "cannot use the template: there are {known}", "templat tidak dapat dipakai: yang ada {known}"
    ),
    "document-invalid/field-missing": says(_FIELD + "it is missing", _ISIAN + "tidak ada"),
    "document-invalid/field-unknown": says(
        _FIELD + "the template {template} has no such field; it has {known}",
        _ISIAN + "templat {template} tidak memuatnya; yang dimuat {known}",
    ),
    "document-invalid/field-long": says(
        _FIELD + "it is longer than {most} characters", _ISIAN + "lebih panjang dari {most} karakter"
    ),
    "document-invalid/field-line": says(
        _FIELD + "it is not one line of text without control or formatting characters",
        _ISIAN + "bukan satu baris teks tanpa karakter kendali atau format",
    ),
    "document-invalid/field-letter": says(
        _FIELD + "the card's font lacks one of its characters", _ISIAN + "ada karakter yang tidak dimiliki huruf kartu"
    ),
    "document-invalid/photo-place": says(
        _PHOTO + "the template {template} has no place for it", _FOTO + "templat {template} tidak punya tempatnya"
    ),
    "document-invalid/photo-large": says(
        _PHOTO + "it is larger than {most} bytes", _FOTO + "lebih besar dari {most} bita"
    ),
    "document-invalid/photo-type": says(_PHOTO + "it is neither PNG nor JPEG", _FOTO + "bukan PNG maupun JPEG"),
    "document-invalid/photo-undecodable": says(_PHOTO + "it cannot be decoded", _FOTO + "tidak dapat diurai"),
    "fonts-missing": says(
        "cannot render text: {font} is not in {folders}",
        "teks tidak dapat dibuat: {font} tidak ada di {folders}",
        fix=("install the Debian package fonts-liberation2", "pasang paket Debian fonts-liberation2"),
    ),
    "fonts-missing/unreadable": says(
        "cannot render cards: {path} is not a readable font",
        "kartu tidak dapat dibuat: {path} bukan berkas huruf yang dapat dibaca",
    ),
    "renderer-missing": says(
        "cannot render cards: there is no program resvg",
        "kartu tidak dapat dibuat: program resvg tidak ada",
        fix=("install the Python package resvg_cli", "pasang paket Python resvg_cli"),
    ),
    "render-failed/size": says(
        "cannot render the card: resvg drew no picture of its size",
        "kartu tidak dapat dibuat: resvg tidak menghasilkan gambar seukuran kartu",
    ),
    "render-failed/start": says(
        "cannot render the card: resvg does not start ({trouble})",
        "kartu tidak dapat dibuat: resvg tidak dapat dijalankan ({trouble})",
    ),
    "render-failed/slow": says(
        "cannot render the card: not done after {seconds:g} s",
        "kartu tidak dapat dibuat: belum selesai setelah {seconds:g} detik",
    ),
    "render-failed/ended": says(
        "cannot render the card: resvg ended with {status}",
        "kartu tidak dapat dibuat: resvg berakhir dengan {status}",
    ),
    "template-broken/missing": says(
        "cannot render cards: there is no {name}.svg in {folders}",
        "kartu tidak dapat dibuat: {name}.svg tidak ada di {folders}",
    ),
    "template-broken": says("cannot render cards: {trouble}", "kartu tidak dapat dibuat, templatnya rusak: {trouble}"),
}
