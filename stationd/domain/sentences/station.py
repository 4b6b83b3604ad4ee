"""What is said of devices, and of what is below the station: the disk, the seal, a printer."""

from collections.abc import Mapping
from typing import Final

from stationd.domain.sentences.sentence import Sentence, says

SENTENCES: Final[Mapping[str, Sentence]] = {
    # devices
    "device-unknown": says(
        "cannot find the device: there is none with this id",
        "perangkat tidak ditemukan: tidak ada yang ber-id ini",
    ),
    "device-unknown/printer": says(
        "cannot enter it: the station has no printer of this name",
        "tidak dapat dicatat: stasiun tidak punya pencetak dengan nama ini",
    ),
    "device-unknown/simulated": says(
        "cannot find the device: no simulated one of this name is plugged in",
        "perangkat tidak ditemukan: tidak ada perangkat simulasi bernama ini yang terpasang",
    ),
    "device-not-on-the-bus": says(
        "cannot label the device: it is known by its configuration and not over USB",
        "perangkat tidak dapat diberi label: dikenal dari konfigurasi, bukan lewat USB",
    ),
    "device-present": says(
        "cannot plug the printer in: one of this name is in",
        "pencetak tidak dapat dipasang: yang bernama ini sudah terpasang",
    ),
    "devices-full": says(
        "cannot plug the printer in: the bus has {most} sockets",
        "pencetak tidak dapat dipasang: hanya ada {most} colokan",
    ),
    "act-unknown": says(
        "cannot do this to the device: allowed are {allowed}",
        "tidak dapat dilakukan pada perangkat ini: yang boleh {allowed}",
    ),
    "printer-not-ready": says(
        "cannot print a test card: {reasons}", "kartu uji tidak dapat dicetak, pencetak belum siap: {reasons}"
    ),
    "printer-not-ready/template": says(
        "cannot print a test card: there is no template for the printer's profile",
        "kartu uji tidak dapat dicetak: tidak ada templat untuk profil pencetak ini",
    ),
    "reader-of-another": says(
        "cannot listen to the reader: it is another kiosk's", "pembaca tidak dapat didengarkan: milik kios lain"
    ),
    "slip-printer-none": says(
        "cannot print the slip: this station has no receipt printer",
        "struk tidak dapat dicetak: stasiun ini tidak punya pencetak struk",
        fix=("name one in [slip], or write the receipt down", "sebut pencetaknya di [slip], atau tulis nomor resinya"),
    ),
    "slip-printer-unreachable": says(
        "cannot print the slip: the receipt printer does not answer ({why})",
        "struk tidak dapat dicetak: pencetak struk tidak menjawab ({why})",
        fix=("look at its paper, its cover and its cable", "periksa kertas, tutup, dan kabelnya"),
    ),
    # the disk
    "storage-full": says(
        "cannot write: the disk is full{where}",
        "tidak dapat menyimpan: penyimpanan penuh{where}",
        fix=("free space on the disk of the state directory", "kosongkan ruang pada cakram direktori data"),
    ),
    "storage-read-only": says(
        "cannot write: the file system is read-only{where}",
        "tidak dapat menyimpan: sistem berkas hanya dapat dibaca{where}",
        fix=(
            "check the disk (dmesg), then mount it read-write",
            "periksa cakram (dmesg), lalu kaitkan lagi agar dapat ditulis",
        ),
    ),
    "storage-failed": says(
        "cannot use the database: the disk reports an error{where}",
        "basis data tidak dapat dipakai: cakram melaporkan kesalahan{where}",
        fix=("check the disk (dmesg)", "periksa cakram (dmesg)"),
    ),
    "storage-failed/open": says(
        "cannot open the database{where}",
        "basis data tidak dapat dibuka{where}",
        fix=(
            "check the state directory: it must exist and belong to the user of stationd",
            "periksa direktori data: harus ada dan milik pengguna stationd",
        ),
    ),
    "storage-corrupt": says(
        "cannot use the database: it is damaged{where}",
        "basis data tidak dapat dipakai: rusak{where}",
        fix=("restore the last backup", "pulihkan cadangan terakhir"),
    ),
    "storage-corrupt/foreign": says(
        "cannot use the database: it is no database{where}",
        "basis data tidak dapat dipakai: berkasnya bukan basis data{where}",
        fix=("restore the last backup", "pulihkan cadangan terakhir"),
    ),
    "storage-busy": says(
        "cannot write: another process holds the database{where}",
        "tidak dapat menyimpan: basis data dipegang proses lain{where}",
        fix=("stop the other process", "hentikan proses lain itu"),
    ),
    "storage-closed": says("cannot write: the station is stopping", "tidak dapat menyimpan: stasiun sedang berhenti"),
    # the seal
    "seal-broken": says(
        "cannot open sealed data at {place}: it was altered, moved, or sealed with another key",
        "data tersegel di {place} tidak dapat dibuka: diubah, dipindah, atau disegel dengan kunci lain",
        fix=("restore the station key or the last backup", "pulihkan kunci stasiun atau cadangan terakhir"),
    ),
    "seal-broken/wrap": says(
        "cannot wrap a sealed value anew: its key is not this station's",
        "nilai tersegel tidak dapat dibungkus ulang: kuncinya bukan kunci stasiun ini",
    ),
}
