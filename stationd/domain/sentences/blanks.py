"""What is said of entries in the book of blanks, and of minutes."""

from collections.abc import Mapping
from typing import Final

from stationd.domain.sentences.sentence import Sentence, says

_ENTER: Final = "cannot enter {kind}: "
_CATAT: Final = "{kind} tidak dapat dicatat: "
_CORRECT: Final = "cannot correct the entry: "
_KOREKSI: Final = "catatan tidak dapat dikoreksi: "

SENTENCES: Final[Mapping[str, Sentence]] = {
    "quantity-out-of-range": says(
        _ENTER + "quantity must be a whole number from {lowest} to {most}",
        _CATAT + "jumlah harus bilangan bulat dari {lowest} sampai {most}",
    ),
    "entry-inconsistent/source": says(
        "cannot enter {kind} from {named}: allowed is {allowed}",
        "{kind} tidak dapat dicatat dari {named}: yang boleh {allowed}",
    ),
    "entry-inconsistent/foreign": says(
        _ENTER + "{which} does not belong to an entry of this kind",
        _CATAT + "{which} bukan untuk catatan jenis ini",
    ),
    "entry-inconsistent/missing": says(_ENTER + "{which} is missing", _CATAT + "{which} tidak diisi"),
    "entry-inconsistent/printer": says(
        _ENTER + "the printer is named when its hopper is meant, and only then",
        _CATAT + "pencetak disebut hanya bila yang dimaksud penampungnya",
    ),
    "entry-inconsistent/serial-twice": says(
        _ENTER + "a serial stands there twice", _CATAT + "ada nomor seri yang disebut dua kali"
    ),
    "entry-inconsistent/many-serials": says(
        _ENTER + "there are more serials than blanks", _CATAT + "nomor seri lebih banyak daripada blangko"
    ),
    "entry-inconsistent/pack-twice": says(
        _ENTER + "a pack stands there twice", _CATAT + "ada kemasan yang disebut dua kali"
    ),
    "entry-inconsistent/pack-serials": says(
        _ENTER + "the first and the last serial of a pack belong together",
        _CATAT + "nomor seri awal dan akhir kemasan harus ada bersama-sama",
    ),
    "entry-inconsistent/pack-sum": says(
        _ENTER + "the packs do not add up to the quantity", _CATAT + "isi kemasan tidak sesuai dengan jumlah"
    ),
    "entry-inconsistent/item-sum": says(
        _ENTER + "the items do not add up to the quantity", _CATAT + "rincian tidak sesuai dengan jumlah"
    ),
    "entry-inconsistent/second": says(_ENTER + "it needs no second person", _CATAT + "tidak diperlukan orang kedua"),
    "witnesses-needed": says(
        "cannot destroy blanks: {witnesses} different witnesses must be named",
        "blangko tidak dapat dimusnahkan: harus disebut {witnesses} saksi yang berbeda",
    ),
    "serial-elsewhere": says(
        _ENTER + "the blank with this serial is in the account {account}, not in {source}",
        _CATAT + "blangko bernomor seri ini tercatat di {account}, bukan di {source}",
    ),
    "serial-unknown": says(
        "cannot find the blank: no entry has named this serial",
        "blangko tidak ditemukan: belum ada catatan yang menyebut nomor seri ini",
    ),
    "blanks-not-there": says(
        _ENTER + "{asked} blanks asked from {source}, {there} are there",
        _CATAT + "diminta {asked} blangko dari {source}, yang ada {there}",
        fix=("count again", "hitung lagi"),
    ),
    "blanks-not-there/delivery": says(
        _ENTER + "{asked} blanks asked from {source}, {there} are there",
        _CATAT + "diminta {asked} blangko dari {source}, yang ada {there}",
        fix=("enter the delivery first", "catat dulu penerimaannya"),
    ),
    "blanks-not-there/test": says(
        "cannot print a test card: there is no blank in the safe",
        "kartu uji tidak dapat dicetak: tidak ada blangko di brankas",
    ),
    "blanks-not-there/verdict": says(
        "cannot change the verdict: the blank that it is about is not where it was booked any more ({account})",
        "putusan tidak dapat diubah: blangkonya sudah tidak di tempatnya tercatat ({account})",
    ),
    "pack-known": says(
        "cannot enter the delivery: a pack with this number was received before",
        "penerimaan tidak dapat dicatat: kemasan bernomor ini sudah pernah diterima",
    ),
    "pack-unknown": says(
        "cannot open the pack: no delivery has one with this number",
        "kemasan tidak dapat dibuka: tidak ada penerimaan dengan nomor ini",
    ),
    "pack-opened": says(
        "cannot open the pack: it was opened before", "kemasan tidak dapat dibuka: sudah pernah dibuka"
    ),
    "pack-opened/delivery": says(
        "cannot correct the delivery: a pack of it was opened",
        "penerimaan tidak dapat dikoreksi: ada kemasannya yang sudah dibuka",
    ),
    "entry-unknown": says(_CORRECT + "there is none with this number", _KOREKSI + "tidak ada yang bernomor ini"),
    "entry-corrected": says(_CORRECT + "it was corrected before", _KOREKSI + "sudah pernah dikoreksi"),
    "entry-not-correctable/cause": says(
        _CORRECT + "it is {cause}",
        _KOREKSI + "jenisnya {cause}",
        fix=(
            "a count is corrected by counting again, a job's blank by a verdict on its card",
            "penghitungan dikoreksi dengan menghitung lagi, blangko suatu tugas cetak dengan putusan atas kartunya",
        ),
    ),
    "entry-not-correctable/same": says(_CORRECT + "it says so already", _KOREKSI + "isinya sudah demikian"),
    "entry-not-correctable/named": says(
        "cannot correct the quantity of an entry that names serials or packs: correct it to 0 and enter it anew",
        "jumlah pada catatan bernomor seri atau kemasan tidak dapat dikoreksi: jadikan 0, lalu catat lagi",
    ),
    "counts-differ": says(
        "cannot book the count: the two of you counted differently, so nothing is booked",
        "hasil hitung tidak dapat dicatat: hitungan Anda berdua berbeda, jadi tidak ada yang dicatat",
        fix=(
            "count again, both of you; pause the queue while you count",
            "hitung lagi, keduanya; jeda antrean selama menghitung",
        ),
    ),
    # minutes
    "minutes-unknown": says(
        "cannot find the minutes: there are none with this id",
        "berita acara tidak ditemukan: tidak ada yang ber-id ini",
    ),
    "minutes-unknown/number": says(
        "cannot find the minutes: there are none with this number",
        "berita acara tidak ditemukan: tidak ada yang bernomor ini",
    ),
    "day-to-come": says(
        "cannot draw up the book of blanks: the day is still to come",
        "buku blangko tidak dapat dibuat: harinya belum tiba",
    ),
}
