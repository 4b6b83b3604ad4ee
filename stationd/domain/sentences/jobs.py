"""What is said of orders, the city's signatures on them, and jobs."""

from collections.abc import Mapping
from typing import Final

from stationd.domain.sentences.sentence import Sentence, says

_TAKE: Final = "cannot take the order: "
_TERIMA: Final = "pesanan tidak dapat diterima: "
_SIGNATURE: Final = (
    "ask the city for a new signature on this order",
    "minta tanda tangan baru dari kota untuk pesanan ini",
)
_INVALID: Final = _TAKE + "the city's signature is not valid, "
_TIDAK_SAH: Final = _TERIMA + "tanda tangan kota tidak sah, "
_ANOTHER: Final = _TAKE + "the city's signature is for "
_LAIN: Final = _TERIMA + "tanda tangan kota untuk "
_LOOK: Final = (
    "look at that job; cancel it first if a new one is really meant",
    "lihat tugas cetak itu; batalkan dulu bila memang dimaksud yang baru",
)
_CHANGE: Final = "cannot change the verdict: "
_UBAH: Final = "putusan tidak dapat diubah: "

SENTENCES: Final[Mapping[str, Sentence]] = {
    # orders
    "order-has-a-live-job": says(
        _TAKE + "it already has a live job",
        _TERIMA + "masih ada tugas cetaknya yang berjalan",
        fix=(
            "look at the job that holds the order; cancel it first if a new one is really meant",
            "lihat tugas cetak yang memegang pesanan ini; batalkan dulu bila memang dimaksud yang baru",
        ),
    ),
    "order-recalled": says(
        _TAKE + "the city has given it to another station, or ended it",
        _TERIMA + "kota telah memberikannya kepada stasiun lain, atau mengakhirinya",
        fix=("ask the city where it is", "tanyakan kepada kota di mana pesanan ini"),
    ),
    "order-without-leave": says(
        _TAKE + "it came from the city, which has not given leave to print it yet",
        _TERIMA + "pesanan datang dari kota, dan kota belum mengizinkan pencetakannya",
        fix=("wait until the link to the city is up", "tunggu sampai sambungan ke kota pulih"),
    ),
    "order-without-leave/reserved": says(
        _TAKE + "orders with such a reference are the city's to give, and none is made at a counter",
        _TERIMA + "pesanan dengan nomor seperti ini dibagikan oleh kota, dan tidak dibuat di loket",
        fix=("ask the city to send it here", "mintalah kota mengirimkannya ke sini"),
    ),
    "holder-has-a-live-card/made": says(
        _TAKE + "a card was printed here that holds; another is a replacement",
        _TERIMA + "di sini sudah tercetak kartu yang berlaku; kartu lain adalah pengganti",
        fix=(
            "take it as lost (with the police report) or damaged (against the old card)",
            "terima sebagai hilang (dengan surat kehilangan) atau rusak (dengan kartu lama)",
        ),
    ),
    "holder-has-a-live-card/under-way": says(
        _TAKE + "another order for a card of the same holder is under way",
        _TERIMA + "pesanan lain untuk kartu pemohon yang sama sedang berjalan",
        fix=_LOOK,
    ),
    "data-change-belongs-to-the-office": says(
        "cannot print a card with changed data here: data changes are made at the Dukcapil office",
        "kartu dengan perubahan data tidak dicetak di sini: perubahan data dilakukan di Dinas Dukcapil",
        fix=(
            "send the holder to the Dukcapil office with the family card (KK) and proof of the change",
            "arahkan pemohon ke Dinas Dukcapil dengan Kartu Keluarga (KK) dan bukti perubahan",
        ),
    ),
    "police-report-missing": says(
        "cannot replace a lost card: the number of the police report is missing",
        "kartu hilang tidak dapat diganti: nomor surat keterangan kehilangan belum ada",
        fix=(
            "enter the number of the police report (surat keterangan kehilangan)",
            "isi nomor surat keterangan kehilangan dari kepolisian",
        ),
    ),
    "nik-malformed": says(
        _TAKE + "a NIK has 16 digits, the last four of which begin at 0001",
        _TERIMA + "NIK terdiri atas 16 angka, empat angka terakhir mulai dari 0001",
        fix=("read the NIK from the family card (KK) again", "baca kembali NIK dari Kartu Keluarga (KK)"),
    ),
    "surrender-not-awaited/kind": says(
        "cannot record the surrendered card: none is asked for with an order of kind {kind}",
        "penyerahan kartu lama tidak dapat dicatat: tidak diminta untuk pesanan jenis {kind}",
    ),
    "surrender-not-awaited": says(
        "cannot record the surrendered card: the job awaits none, it is of kind {kind} and {state}",
        "penyerahan kartu lama tidak dapat dicatat: tugas cetak ini tidak menunggunya, jenisnya {kind}, {state}",
    ),
    "surrender-invalid": says(
        "cannot record the surrendered card: a NIK does not name a card",
        "penyerahan kartu lama tidak dapat dicatat: NIK bukan penanda kartu",
        fix=(
            "enter the number of its chip, or the label of the envelope that it was put in",
            "isi nomor cipnya, atau label amplop tempat kartu itu disimpan",
        ),
    ),
    "surrender-missing": says(
        "cannot do this to the job: the damaged card has not come back",
        "tidak dapat dilakukan pada tugas cetak ini: kartu yang rusak belum diserahkan",
        fix=(
            "record the surrendered card at POST /v1/jobs/{{id}}/surrender",
            "catat penyerahan kartu lama lewat POST /v1/jobs/{{id}}/surrender",
        ),
    ),
    "profile-unknown": says(
        "cannot print this profile: known are {known}", "profil ini tidak dapat dicetak: yang dikenal {known}"
    ),
    "orders-stopped": says(
        "cannot take new orders now: {why}",
        "pesanan baru belum dapat diterima: {why}",
        fix=(
            "cards that were ordered are still printed; see GET /v1/readiness",
            "kartu yang sudah dipesan tetap dicetak; lihat GET /v1/readiness",
        ),
    ),
    # the city's signature
    "signature-missing": says(
        _TAKE + "this station prints only orders that the city signed",
        _TERIMA + "stasiun ini hanya mencetak pesanan yang ditandatangani kota",
    ),
    "signature-invalid/key": says(
        _TAKE + "no key of the city has signed it",
        _TERIMA + "tidak ditandatangani dengan kunci kota",
        fix=("have the city's key in city.keys", "masukkan kunci kota ke city.keys"),
    ),
    "signature-invalid/id": says(
        _INVALID + "its id (jti) is missing or has the wrong form",
        _TIDAK_SAH + "id-nya (jti) tidak ada atau salah bentuk",
    ),
    "signature-invalid/times": says(
        _INVALID + "its times (iat, exp) are missing or impossible",
        _TIDAK_SAH + "waktunya (iat, exp) tidak ada atau mustahil",
    ),
    "signature-invalid/future": says(_INVALID + "it was made in the future", _TIDAK_SAH + "dibuat di masa depan"),
    "signature-invalid/unbound": says(
        _INVALID + "it is bound neither to a holder nor to a document",
        _TIDAK_SAH + "tidak terikat pada pemohon maupun dokumen",
    ),
    "signature-expired": says(
        _TAKE + "the city's signature has expired", _TERIMA + "tanda tangan kota sudah kedaluwarsa", fix=_SIGNATURE
    ),
    "signature-for-another/station": says(_ANOTHER + "another station", _LAIN + "stasiun lain", fix=_SIGNATURE),
    "signature-for-another/order": says(_ANOTHER + "another order", _LAIN + "pesanan lain", fix=_SIGNATURE),
    "signature-for-another/fence": says(
        _ANOTHER + "an order over the city link, or one with another fence",
        _LAIN + "pesanan lewat sambungan kota, atau yang berpagar lain",
        fix=_SIGNATURE,
    ),
    "signature-for-another/holder": says(_ANOTHER + "another holder", _LAIN + "pemohon lain", fix=_SIGNATURE),
    "signature-for-another/document": says(_ANOTHER + "another document", _LAIN + "dokumen lain", fix=_SIGNATURE),
    "signature-used": says(
        _TAKE + "the city's signature was used before", _TERIMA + "tanda tangan kota sudah pernah dipakai"
    ),
    # jobs
    "job-unknown": says(
        "cannot find the job: there is none with this id", "tugas cetak tidak ditemukan: tidak ada yang ber-id ini"
    ),
    "job-state": says(
        "cannot do this to the job: while it is {state} it cannot be {event}",
        "tidak dapat dilakukan pada tugas cetak ini: selama keadaannya {state}, {event} tidak mungkin",
        fix=(
            "read the job again and look what it needs now",
            "baca kembali tugas cetak dan lihat yang diperlukan kini",
        ),
    ),
    "job-state/ahead": says(
        "cannot move the job ahead: it is {state}", "tugas cetak tidak dapat didahulukan: keadaannya {state}"
    ),
    "job-state/held": says(
        "cannot move the job ahead: an officer holds it; release it first",
        "tugas cetak tidak dapat didahulukan: sedang ditahan petugas; lepaskan dulu",
    ),
    "job-ahead-already": says(
        "cannot move the job ahead: it was moved to the head of the line before",
        "tugas cetak tidak dapat didahulukan: sudah pernah dipindahkan ke depan antrean",
    ),
    "job-not-held": says(
        "cannot release the job: no officer holds it, it is {state}",
        "tugas cetak tidak dapat dilepaskan: tidak ditahan petugas, keadaannya {state}",
    ),
    "job-not-held/ration": says(
        "cannot release the job: nothing of an officer's to release holds it back, it is {state}",
        "tugas cetak tidak dapat dilepaskan: tidak tertahan oleh hal yang dapat dilepaskan petugas, keadaannya {state}",
    ),
    "kind-not-printed-here": says(
        "cannot steer this kind: data changes never wait in this queue",
        "jenis ini tidak dapat diatur: perubahan data tidak pernah menunggu di antrean ini",
    ),
    "card-under-way": says(
        "cannot cancel the job: its card is being made, and the printer does not give it back",
        "tugas cetak tidak dapat dibatalkan: kartunya sedang dibuat dan pencetak tidak mengembalikannya",
        fix=(
            "wait for the card; pause the printer if it must not begin another",
            "tunggu kartunya; jeda pencetak bila tidak boleh memulai kartu lain",
        ),
    ),
    "verdict-stale": says(
        "cannot judge attempt {attempt}: the job has gone on to attempt {last}",
        "percobaan {attempt} tidak dapat diputuskan: tugas cetak sudah sampai percobaan {last}",
    ),
    "verdict-stale/none": says(
        "cannot judge attempt {attempt}: there is none yet, the last is {last}",
        "percobaan {attempt} tidak dapat diputuskan: belum ada, yang terakhir percobaan {last}",
    ),
    "job-not-uncertain": says(
        "cannot judge the card: the job is {state}, a verdict is for a job whose outcome nobody knows",
        "kartu tidak dapat diputuskan: tugas cetak ini {state}, putusan hanya untuk hasil yang tidak diketahui",
    ),
    "verdict-final/time": says(
        _CHANGE + "it may be changed for {minutes} minutes, which are over",
        _UBAH + "hanya boleh diubah selama {minutes} menit, dan waktunya sudah lewat",
    ),
    "verdict-final/replaced": says(
        _CHANGE + "the card's replacement has been ordered meanwhile",
        _UBAH + "pengganti kartunya sudah dipesan",
    ),
    "verdict-final/job": says(
        _CHANGE + "the job has gone on meanwhile, it is {state}",
        _UBAH + "tugas cetak sudah berlanjut, keadaannya {state}",
    ),
    "verdict-final/card": says(
        _CHANGE + "the card has gone on meanwhile, it is {custody}",
        _UBAH + "kartunya sudah berpindah, keadaannya {custody}",
    ),
    "document-forgotten": says(
        "cannot show the card: its document was shredded, as it must be",
        "kartu tidak dapat ditampilkan: dokumennya sudah dimusnahkan sebagaimana mestinya",
    ),
    "preview-unavailable": says(
        "cannot show the card: its document is a PDF, which only the printer draws",
        "kartu tidak dapat ditampilkan: dokumennya PDF, yang hanya digambar oleh pencetak",
    ),
    "receipt-malformed": says(
        "cannot find the receipt: it was not typed as it is printed",
        "resi tidak ditemukan: tidak diketik seperti yang tercetak",
        fix=(
            "type the 12 letters and digits again, or scan the code",
            "ketik lagi ke-12 huruf dan angkanya, atau pindai kodenya",
        ),
    ),
    "receipt-unknown": says(
        "cannot find the receipt: this station has none like it",
        "resi tidak ditemukan: tidak ada resi seperti itu di stasiun ini",
        fix=("look whether it names another office", "periksa apakah resi itu dari kantor lain"),
    ),
}
