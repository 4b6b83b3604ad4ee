"""The city's signatures on orders: checked wherever one is given, and demanded where nobody stands by."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from stationd.domain.city_order import Moment, check, is_reserved
from stationd.domain.errors import Refused
from stationd.domain.order import Order
from stationd.ports.city import SignatureReader
from stationd.ports.officers import OfficerStore
from stationd.services.gate import Gate

UNSIGNED_ORDERS = "unsigned-orders"
LOOK_EVERY_S: Final = 2.0


class CityOrders:
    """Judges the signatures of orders for this station."""

    def __init__(
        self,
        keys: SignatureReader,
        *,
        station: str,
        moment: Callable[[], Moment],
        is_required: bool,
        reserved: Sequence[str] = (),
    ) -> None:
        """``is_required``: an unattended station takes no order without one.

        ``reserved``: what the references of orders begin with that come over the city link only.
        """
        self._reserved = reserved
        self._keys = keys
        self._station = station
        self._moment = moment
        self._is_required = is_required

    def signature_of(self, order: Order, *, fence: int | None = None) -> str | Refused | None:
        """The id of the order's signature, ``None`` where there is none and none is needed, or why it is refused.

        ``fence`` is that of an order that came over the city link. The codes: ``order-without-leave`` for one that
        comes over the link only, ``signature-missing``, ``signature-invalid``, ``signature-expired``,
        ``signature-for-another``. That an id is used once only is the
        store's to see (``signature-used``).
        """
        if fence is None and self._reserved and is_reserved(order.order, self._reserved):
            return Refused("order-without-leave/reserved", field="order")
        if order.signature is None:
            if self._is_required:
                return Refused("signature-missing", field="signature")
            return None
        claims = self._keys.claims(order.signature)
        if claims is None:
            return Refused("signature-invalid/key", field="signature")
        return check(claims, order, station=self._station, moment=self._moment(), fence=fence)


class UnsignedOrders:
    """Keeps the gate of an unattended station shut over orders that were taken without a signature.

    They stem from a time when the station was attended. Somebody must cancel them, or attend the station again.
    """

    def __init__(self, store: OfficerStore, gate: Gate) -> None:
        self._store = store
        self._gate = gate
        self._count = 0
        gate.add(lambda: (UNSIGNED_ORDERS,) if self._count else ())

    async def look(self) -> None:
        """Count them again."""
        self._count = await self._store.unsigned_jobs()
        self._gate.look()

    async def run(self) -> None:
        """Until there are none left: no new ones can come."""
        while self._count:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look()

    @property
    def count(self) -> int:
        """How many there are."""
        return self._count
