"""Two stations in tests that send each other packets: real stores, real files, no network."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

from stationd.adapters.seal import StationSeal
from stationd.adapters.sqlite.cards import SqliteCards
from stationd.adapters.sqlite.jobs import SqliteJobs
from stationd.adapters.sqlite.minutes import SqliteMinutes
from stationd.adapters.sqlite.transfers import SqliteTransfers
from stationd.adapters.system import SystemEntropy
from stationd.adapters.transfer_files import StationKeys, TransferFiles
from stationd.domain.errors import Refused
from stationd.domain.minutes import Minutes, Office
from stationd.domain.signers import Desk, Signer
from stationd.domain.transfer import Manifest, Partner, Transfer
from stationd.domain.transfer_papers import hand_over_minutes, receipt_minutes
from stationd.ports.transfers import Packing, Scanned, Scanning, Settling
from tests.unit.card_shelf import OFFICER, Shelf, open_shelf

NAMES = {"1671-07": "Kecamatan Contoh", "1671-09": "Kecamatan Umpama", "1671-10": "Kecamatan Misal"}
DISTRICTS = {"1671-07": "16.71.07", "1671-09": "16.71.09", "1671-10": "16.71.10"}
ON = date(2026, 11, 26)
SIGNER = Signer(name="Petugas Contoh", nip=OFFICER.officer or "", decree="SK Contoh 1/2026")


def seal_of(station: str) -> StationSeal:
    """The seal of a station, which has a key of its own."""
    return StationSeal(station.encode().ljust(32, b"."))


def partner(station: str) -> Partner:
    """The station as others know it."""
    import base64

    raw = base64.urlsafe_b64decode(StationKeys(seal_of(station).derived).identity + "==")
    return Partner(id=station, name=NAMES[station], serves=(DISTRICTS[station],), sign_key=raw[:32], seal_key=raw[32:])


class Station:
    """A shelf that sends and receives."""

    def __init__(self, id_: str, shelf: Shelf, peers: tuple[str, ...]) -> None:
        self.id = id_
        self.shelf = shelf
        shelf.seal = seal_of(id_)
        database = shelf.database
        entropy = SystemEntropy()
        shelf.jobs = SqliteJobs(database.writer, database.reader, shelf.seal, entropy, max_tries=3, ageing=10)
        shelf.cards = SqliteCards(database.writer, database.reader, shelf.seal)
        self.partners = {peer: partner(peer) for peer in peers}
        self.files = TransferFiles(StationKeys(shelf.seal.derived), self.partners)
        self.register = SqliteMinutes(database.writer, database.reader, shelf.seal, entropy, station=id_)
        self.desk = Desk(office=Office(head=(), address=(), town="Contoh"), place=NAMES[id_])
        self.store = SqliteTransfers(
            database.writer,
            database.reader,
            shelf.seal,
            entropy,
            self.files,
            self.register.draw,
            station=id_,
            name=NAMES[id_],
            partners=tuple(self.partners.values()),
        )

    async def pack(self, to: str, **changes: object) -> Transfer | Refused:
        """A packet for another station."""

        def draft(manifest: Manifest) -> Minutes:
            return hand_over_minutes(self.desk, ON, manifest, signer=SIGNER, receiver=NAMES[to])

        packing = Packing(to=self.partners[to], actor=OFFICER, draft=draft, **changes)  # type: ignore[arg-type]
        return await self.store.pack(packing)

    async def packed(self, to: str, **changes: object) -> Transfer:
        """The same, which must succeed."""
        transfer = await self.pack(to, **changes)
        assert isinstance(transfer, Transfer), transfer
        return transfer

    async def announce(self, raw: bytes) -> Transfer | Refused:
        """Read in the file of a packet."""
        manifest = self.files.read(raw, here=self.id)
        return manifest if isinstance(manifest, Refused) else await self.store.announce(manifest, raw, OFFICER)

    async def scan(self, transfer_id: str, **what: object) -> Scanned | Refused:
        """A card out of the packet."""
        return await self.store.scan(Scanning(transfer_id=transfer_id, actor=OFFICER, **what))  # type: ignore[arg-type]

    async def settle(self, transfer_id: str, *, with_differences: bool = False) -> Transfer | Refused:
        """The packet is empty."""

        def draft(transfer: Transfer, listed: object, extra: object) -> Minutes:
            return receipt_minutes(self.desk, ON, transfer, listed, extra, signer=SIGNER)  # type: ignore[arg-type]

        return await self.store.settle(
            Settling(transfer_id=transfer_id, actor=OFFICER, draft=draft, with_differences=with_differences)
        )

    async def take_confirmation(self, raw: bytes) -> Transfer | Refused:
        """Read in what the receiver has confirmed."""
        confirmation = self.files.read_confirmation(raw, here=self.id)
        if isinstance(confirmation, Refused):
            return confirmation
        return await self.store.take_confirmation(confirmation, raw, OFFICER)

    async def receipts(self, *custodies: str) -> set[str]:
        """The receipts of cards in these custodies."""
        wanted = ", ".join(f"'{each}'" for each in custodies)
        rows = await self.shelf.rows(
            "SELECT coalesce(j.receipt, f.receipt) FROM card AS c LEFT JOIN job AS j ON j.seq = c.seq "
            f"LEFT JOIN foreign_card AS f ON f.card = c.seq WHERE c.custody IN ({wanted})"
        )
        return {str(receipt) for (receipt,) in rows}


@asynccontextmanager
async def open_stations(path: Path) -> AsyncIterator[tuple[Station, Station]]:
    """Two stations that know each other, and know of a third that is not here."""
    (path / "a").mkdir()
    (path / "b").mkdir()
    async with open_shelf(path / "a") as one, open_shelf(path / "b") as other:
        yield (
            Station("1671-07", one, ("1671-09", "1671-10")),
            Station("1671-09", other, ("1671-07", "1671-10")),
        )
