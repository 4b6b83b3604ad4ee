"""What is said of officers, their decrees and PINs, and of second persons."""

from collections.abc import Mapping
from typing import Final

from stationd.domain.sentences.sentence import Sentence, says

_ENTER: Final = "cannot enter the officer: "
_DAFTAR: Final = "petugas tidak dapat didaftarkan: "
_PIN: Final = "cannot take the PIN: "
_PIN_ID: Final = "PIN tidak dapat dipakai: "
_SIGN_IN: Final = (
    "sign in with number and PIN at POST /v1/sessions, and use the token that it answers",
    "masuk dengan nomor dan PIN lewat POST /v1/sessions, lalu pakai token dari jawabannya",
)

SENTENCES: Final[Mapping[str, Sentence]] = {
    "session-needed": says(
        "cannot do this with a token that is nobody's: an officer must sign in",
        "tidak dapat dilakukan dengan token tanpa pemilik: petugas harus masuk",
        fix=_SIGN_IN,
    ),
    "session-needed/count": says(
        "cannot count by two: whoever counts first must sign in too",
        "tidak dapat menghitung berdua: penghitung pertama juga harus masuk",
        fix=_SIGN_IN,
    ),
    "sign-in-refused": says(
        "cannot sign in: the number and the PIN do not belong together",
        "tidak dapat masuk: nomor dan PIN tidak cocok",
    ),
    "sign-in-locked": says(
        "cannot sign in: too many wrong PINs, the next try may be in {wait} s",
        "tidak dapat masuk: PIN terlalu sering salah, boleh dicoba lagi dalam {wait} detik",
        fix=(
            "wait; an administrator can revoke the officer and enter the decree again with a new PIN",
            "tunggu; administrator dapat mencabut petugas dan mendaftarkan surat keputusannya lagi dengan PIN baru",
        ),
    ),
    "sign-in-busy": says(
        "cannot sign in: too many are trying at once", "tidak dapat masuk: terlalu banyak yang mencoba bersamaan"
    ),
    "officer-not-appointed": says(
        "cannot act as an officer here: {standing}",
        "tidak dapat bertindak sebagai petugas di sini: {standing}",
        fix=(
            "have a decree of the mayor entered by an administrator of the station",
            "minta administrator stasiun memasukkan surat keputusan wali kota",
        ),
    ),
    "officer-not-appointed/duty": says(
        "cannot go on duty: the appointment does not hold any more",
        "tidak dapat mulai bertugas: penunjukan sudah tidak berlaku",
    ),
    "officer-not-appointed/first": says(
        "cannot agree: the officer who asked for it is not appointed any more",
        "tidak dapat disetujui: petugas yang meminta sudah tidak ditunjuk",
        fix=(
            "decline the request, and let an appointed officer ask",
            "tolak permintaan ini, lalu minta petugas yang ditunjuk mengajukannya",
        ),
    ),
    "officer-invalid/number": says(_ENTER + "a NIP has 18 digits", _DAFTAR + "NIP terdiri atas 18 angka"),
    "officer-invalid/name": says(
        _ENTER + "the name must be one line of 1 to {most} characters",
        _DAFTAR + "nama harus satu baris dengan 1 sampai {most} karakter",
    ),
    "officer-invalid/decree": says(
        _ENTER + "the decree must be one line of 1 to {most} characters",
        _DAFTAR + "nomor surat keputusan harus satu baris dengan 1 sampai {most} karakter",
    ),
    "officer-invalid/region": says(
        _ENTER + "the decree is for a kecamatan that this station does not serve",
        _DAFTAR + "surat keputusan untuk kecamatan yang tidak dilayani stasiun ini",
        fix=("served here: {regions}", "yang dilayani di sini: {regions}"),
    ),
    "decree-dates-wrong/order": says(
        _ENTER + "the decree ends before it begins", _DAFTAR + "surat keputusan berakhir sebelum berlaku"
    ),
    "decree-dates-wrong/long": says(
        _ENTER + "no decree holds for more than ten years",
        _DAFTAR + "tidak ada surat keputusan yang berlaku lebih dari sepuluh tahun",
    ),
    "officer-known": says(
        _ENTER + "the number is in the register already",
        _DAFTAR + "nomornya sudah terdaftar",
        fix=(
            "revoke the appointment first, then enter the new decree",
            "cabut dulu penunjukannya, lalu masukkan surat keputusan yang baru",
        ),
    ),
    "officer-unknown": says(
        "cannot revoke the appointment: there is none with this number",
        "penunjukan tidak dapat dicabut: tidak ada yang bernomor ini",
    ),
    "pin-too-easy/length": says(
        _PIN + "a PIN has {least} to {most} printable characters",
        _PIN_ID + "PIN terdiri atas {least} sampai {most} karakter yang terbaca",
    ),
    "pin-too-easy/repeated": says(_PIN + "it is one character repeated", _PIN_ID + "hanya satu karakter yang diulang"),
    "pin-too-easy/run": says(_PIN + "it is a run of digits", _PIN_ID + "hanya angka berurutan"),
    "pin-too-easy/number": says(_PIN + "it is a part of the officer's number", _PIN_ID + "bagian dari nomor petugas"),
    # a second officer
    "approval-unknown": says(
        "cannot find the request: there is none with this id",
        "permintaan tidak ditemukan: tidak ada yang ber-id ini",
    ),
    "approval-settled/agree": says(
        "cannot agree: the request is {state}", "tidak dapat disetujui: permintaan ini {state}"
    ),
    "approval-settled/decline": says(
        "cannot decline: the request is {state}", "tidak dapat ditolak: permintaan ini {state}"
    ),
    "approval-settled/forgotten": says(
        "cannot destroy: what was asked for was forgotten, ask anew",
        "tidak dapat dimusnahkan: isi permintaannya sudah dihapus, ajukan lagi",
    ),
    "approval-pending": says(
        "cannot ask for this: another request about it waits for a second officer",
        "tidak dapat diajukan: permintaan lain tentang hal ini masih menunggu petugas kedua",
        fix=("agree to that one or decline it first", "setujui atau tolak dulu permintaan itu"),
    ),
    "second-officer-same-person": says(
        "cannot agree: the second officer must be another person than the first",
        "tidak dapat disetujui: petugas kedua harus orang lain",
        fix=(
            "let a colleague sign in and agree, or enter number and PIN",
            "minta rekan masuk dan menyetujui, atau mengisi nomor dan PIN",
        ),
    ),
    "second-officer-refused": says(
        "cannot agree: the number and the PIN of the second officer do not belong together",
        "tidak dapat disetujui: nomor dan PIN petugas kedua tidak cocok",
    ),
}
