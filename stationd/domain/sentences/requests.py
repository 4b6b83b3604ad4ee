"""What is said of a request itself, and of who may make it."""

from collections.abc import Mapping
from typing import Final

from stationd.domain.sentences.sentence import Sentence, says

_READ: Final = "cannot read {place}: "
_BACA: Final = "{place} tidak dapat dibaca: "

_WRONG: Final[Mapping[str, Sentence]] = {
    "missing": says(_READ + "it is missing", _BACA + "tidak ada"),
    "unknown-field": says(
        _READ + "it has a field that is not known here",
        _BACA + "ada isian yang tidak dikenal",
        fix=("allowed: {allowed}", "yang boleh: {allowed}"),
    ),
    "not-a-choice": says(
        _READ + "it is not one of the allowed values",
        _BACA + "bukan salah satu nilai yang boleh",
        fix=("allowed: {allowed}", "yang boleh: {allowed}"),
    ),
    "form": says(_READ + "it does not have the right form", _BACA + "bentuknya salah"),
    "form-like": says(
        _READ + "it does not have the right form",
        _BACA + "bentuknya salah",
        fix=("write it like {example}", "tuliskan seperti {example}"),
    ),
    "date": says(
        _READ + "it is no day or time of the calendar",
        _BACA + "bukan hari atau waktu menurut kalender",
        fix=("write a day like 2026-11-26", "tulis hari seperti 2026-11-26"),
    ),
    "base64": says(_READ + "it is not base64", _BACA + "bukan base64"),
    "type": says(_READ + "expected {wanted}, got {given}", _BACA + "seharusnya {wanted}, bukan {given}"),
    "bound": says(_READ + "expected {wanted} {bound}", _BACA + "seharusnya {wanted} {bound}"),
    "invalid": says(_READ + "it is not valid", _BACA + "tidak sah"),
    "village": says(_READ + "village must lie in district", _BACA + "village harus terletak di district"),
    "document": says(
        _READ + "it must have either media_type and data, or template with fields and photo",
        _BACA + "harus memuat media_type dan data, atau template dengan fields dan photo",
    ),
    "document-halves": says(
        _READ + "media_type and data belong together", _BACA + "media_type dan data harus ada bersama-sama"
    ),
    "one-of": says(_READ + "it must have exactly one of {allowed}", _BACA + "harus memuat tepat satu dari {allowed}"),
}
"""What can be wrong with a value in a body or a query."""

SENTENCES: Final[Mapping[str, Sentence]] = {
    **{f"{code}/{case}": said for code in ("body-invalid", "query-invalid") for case, said in _WRONG.items()},
    # the request itself
    "request-malformed": says(
        "cannot read the request: it is not well-formed HTTP/1.1",
        "permintaan tidak dapat dibaca: bukan HTTP/1.1 yang benar",
    ),
    "json-malformed": says(
        "cannot read the body: it is not valid JSON in UTF-8",
        "isi permintaan tidak dapat dibaca: bukan JSON yang benar dalam UTF-8",
    ),
    "json-malformed/twice": says(
        "cannot read the body: a name stands twice in one object",
        "isi permintaan tidak dapat dibaca: ada nama yang muncul dua kali dalam satu objek",
    ),
    "body-malformed": says(
        "cannot read the body: its transfer encoding is broken",
        "isi permintaan tidak dapat dibaca: penyandian kirimannya rusak",
    ),
    "body-too-slow": says(
        "cannot read the body: not complete after {seconds:g} s",
        "isi permintaan tidak dapat dibaca: belum lengkap setelah {seconds:g} detik",
    ),
    "body-too-slow/nothing": says(
        "cannot read the body: nothing came for {seconds:g} s",
        "isi permintaan tidak dapat dibaca: tidak ada yang datang selama {seconds:g} detik",
    ),
    "body-too-large": says(
        "cannot read the body: it is larger than {limit} bytes",
        "isi permintaan tidak dapat dibaca: lebih besar dari {limit} bita",
    ),
    "media-type-unsupported": says(
        "cannot read the body: its media type must be {wanted}",
        "isi permintaan tidak dapat dibaca: jenisnya harus {wanted}",
        fix=("send the header Content-Type: {wanted}", "kirim kepala Content-Type: {wanted}"),
    ),
    "encoding-unsupported": says(
        "cannot read the body: it must not be compressed",
        "isi permintaan tidak dapat dibaca: tidak boleh dimampatkan",
    ),
    "query-invalid/twice": says(
        "cannot read the query: a parameter stands there twice",
        "parameter tidak dapat dibaca: ada parameter yang muncul dua kali",
    ),
    "cursor-malformed": says(
        "cannot go on: 'after' is not a cursor of ours",
        "tidak dapat dilanjutkan: 'after' bukan penunjuk halaman dari stasiun ini",
    ),
    "idempotency-key-missing": says(
        "cannot take the order: the header Idempotency-Key is missing",
        "pesanan tidak dapat diterima: kepala Idempotency-Key tidak ada",
        fix=(
            "send a fresh random key, and the same one again when you repeat the request",
            "kirim kunci acak yang baru, dan kunci yang sama bila permintaan diulang",
        ),
    ),
    "idempotency-key-malformed": says(
        "cannot take the order: a key has 1 to 128 visible ASCII characters",
        "pesanan tidak dapat diterima: kunci terdiri atas 1 sampai 128 karakter ASCII yang terlihat",
    ),
    "idempotency-key-reused": says(
        "cannot take the request: its Idempotency-Key came before with another body",
        "permintaan tidak dapat diterima: Idempotency-Key ini sudah dipakai dengan isi lain",
        fix=(
            "use a new key for a new request; repeat a request with the very same body",
            "pakai kunci baru untuk permintaan baru; ulangi permintaan dengan isi yang persis sama",
        ),
    ),
    "request-under-way": says(
        "cannot answer: the same request is being carried out",
        "belum dapat dijawab: permintaan yang sama sedang dikerjakan",
    ),
    "outcome-not-known": says(
        "cannot answer: the station stopped while it carried this request out",
        "tidak dapat dijawab: stasiun berhenti ketika permintaan ini sedang dikerjakan",
        fix=(
            "look whether it was done; if it was not, send it again under a fresh key",
            "periksa apakah sudah dilakukan; bila belum, kirim lagi dengan kunci baru",
        ),
    ),
    "changed-meanwhile": says(
        "cannot write: somebody else changed it since it was read",
        "tidak dapat disimpan: sudah diubah pihak lain sejak dibaca",
        fix=(
            "read it again, and write with the ETag that came with it",
            "baca lagi, lalu simpan dengan ETag yang menyertainya",
        ),
    ),
    "path-unknown": says("cannot answer: there is no such path", "tidak dapat dijawab: alamat ini tidak ada"),
    "path-unknown/slash": says(
        "cannot answer: there is no such path with a slash at its end",
        "tidak dapat dijawab: alamat ini tidak ada dengan garis miring di akhirnya",
        fix=("leave off the last slash", "hilangkan garis miring terakhir"),
    ),
    "method-not-allowed": says(
        "cannot do this here: allowed are {methods}", "tidak dapat dilakukan di sini: yang boleh hanya {methods}"
    ),
    "internal": says(
        "the station made a mistake; it is in the log under this id",
        "stasiun membuat kesalahan; catatannya ada di log dengan id ini",
    ),
    # who asks, and from where
    "host-not-allowed": says(
        "cannot answer: this name is not one of the station's",
        "tidak dapat dijawab: nama ini bukan nama stasiun ini",
        fix=(
            "use an address from http.listen, or add the name to http.hosts",
            "pakai alamat dari http.listen, atau tambahkan namanya ke http.hosts",
        ),
    ),
    "cross-site": says(
        "cannot answer: the request was started by a page of another site",
        "tidak dapat dijawab: permintaan berasal dari halaman situs lain",
        fix=(
            "add the page's origin to http.origins if it may call the station",
            "tambahkan asal halaman itu ke http.origins bila memang boleh memanggil stasiun",
        ),
    ),
    "token-missing": says(
        "cannot answer: the header Authorization: Bearer is missing",
        "tidak dapat dijawab: kepala Authorization: Bearer tidak ada",
    ),
    "token-unknown": says(
        "cannot answer: the token is not known, was revoked or has expired",
        "tidak dapat dijawab: token tidak dikenal, sudah dicabut, atau kedaluwarsa",
    ),
    "role-not-allowed": says(
        "cannot do this as {role}: allowed are {allowed}",
        "tidak dapat dilakukan sebagai {role}: yang boleh hanya {allowed}",
    ),
    "token-scope": says(
        "cannot answer: the token was made for other paths",
        "tidak dapat dijawab: token dibuat untuk alamat lain",
    ),
    "token-name-taken": says(
        "cannot create the token: the name {name} is taken", "token tidak dapat dibuat: nama {name} sudah dipakai"
    ),
    "token-name-unknown": says(
        "cannot revoke the token: there is none named {name}",
        "token tidak dapat dicabut: tidak ada yang bernama {name}",
    ),
    "rate-limited": says(
        "cannot answer: too many calls came from here",
        "tidak dapat dijawab: terlalu banyak panggilan dari sini",
        fix=(
            "wait {wait} s; the header RateLimit tells how many may be made",
            "tunggu {wait} detik; kepala RateLimit menyebut berapa yang boleh",
        ),
    ),
    "rate-limited/receipts": says(
        "cannot answer now: too many receipts were asked for from here",
        "belum dapat dijawab: terlalu banyak resi ditanyakan dari sini",
        fix=("ask again later", "coba lagi nanti"),
    ),
    "pairing-unknown": says(
        "cannot pair: nobody waits under this code, or not any more",
        "tidak dapat dipasangkan: tidak ada (lagi) yang menunggu dengan kode ini",
        fix=("let the kiosk ask again", "minta kode baru di kios"),
    ),
    "pairings-full": says(
        "cannot pair: {most} kiosks wait already",
        "tidak dapat dipasangkan: sudah {most} kios yang menunggu",
        fix=(
            "let an officer agree to them or send them away",
            "minta petugas menyetujui atau menolak kios-kios itu",
        ),
    ),
    "topic-unknown": says(
        "cannot stream: there is no such topic",
        "tidak dapat mengalirkan: topik itu tidak ada",
        fix=("known are {known}", "yang dikenal: {known}"),
    ),
    "streams-full": says(
        "cannot stream: {most} listen already", "tidak dapat mengalirkan: sudah {most} yang mendengarkan"
    ),
}
