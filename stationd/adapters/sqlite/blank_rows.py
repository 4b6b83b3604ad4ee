"""Rows of the blank book as records."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from stationd.domain.blank_entry import Entry, NewEntry, Pack
from stationd.domain.blanks import Account
from stationd.domain.count import Count, Figures

figures_json = msgspec.json.Encoder(order="deterministic").encode
_figures = msgspec.json.Decoder(Figures).decode
_detail = msgspec.json.Decoder(dict[str, Any]).decode
_balances = msgspec.json.Decoder(dict[Account, int]).decode


def entry_of(row: Sequence[Any]) -> Entry:
    """An entry of the ledger, with the number of its correction in the last column."""
    seq, at, source, target, quantity, cause, job, actor, note, detail, corrected_by = row
    return Entry(
        seq=seq,
        at=at,
        source=Account(source),
        target=Account(target),
        quantity=quantity,
        cause=cause,
        job=job,
        actor=actor,
        note=note,
        detail={} if detail is None else _detail(detail),
        corrected_by=corrected_by,
    )


def pack_of(row: Sequence[Any]) -> Pack:
    """A pack."""
    number, quantity, first, last, state, received, opened, found = row
    return Pack(
        number=number,
        quantity=quantity,
        first_serial=first,
        last_serial=last,
        is_sealed=state == "sealed",
        received=received,
        opened=opened,
        found=found,
    )


def count_of(row: Sequence[Any]) -> Count:
    """A count."""
    seq, _, day, counted, book, actor, officer = row
    return Count(seq=seq, day=day, counted=_figures(counted), book=_figures(book), actor=actor, officer=officer)


def balances_of(text: str) -> Mapping[Account, int]:
    """The balances of a day."""
    return _balances(text)


def detail_of(entry: NewEntry) -> dict[str, object]:
    """The further facts of an entry, as they stand in the ledger; nothing of a person."""
    found: dict[str, object] = {
        "category": entry.category,
        "delivery_note": entry.delivery_note,
        "pack": entry.pack,
        "corrects": entry.corrects,
        "serials": entry.serials,
        "packs": [[pack.number, pack.quantity] for pack in entry.packs],
        "items": [[item.category, item.quantity] for item in entry.items],
    }
    return {name: value for name, value in found.items() if value}
