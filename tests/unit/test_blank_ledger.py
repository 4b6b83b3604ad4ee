"""The ledger of blanks: whatever people enter, every blank is somewhere."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationd.domain.blanks import CORRECTABLE, MAX_QUANTITY, Account, Balances, EntryKind, Movement, movement_for
from stationd.domain.errors import Refused


def balances(**there):
    counted = dict.fromkeys((account.value for account in Account if account is not Account.CENTRE), 0) | there
    return Balances(received=sum(there.values()), **counted)


@pytest.mark.parametrize(
    ("kind", "quantity", "there", "movement"),
    [
        (EntryKind.RECEIVED, 500, {}, Movement(Account.CENTRE, Account.SAFE, 500)),
        (EntryKind.SPOILED, 2, {Account.SAFE: 2}, Movement(Account.SAFE, Account.SPOILED, 2)),
        (EntryKind.RETURNED, 1, {Account.SAFE: 2}, Movement(Account.SAFE, Account.RETURNED, 1)),
        (EntryKind.DESTROYED, 3, {Account.SPOILED: 3}, Movement(Account.SPOILED, Account.DESTROYED, 3)),
        (EntryKind.COUNTED, 7, {Account.SAFE: 7}, None),
        (EntryKind.COUNTED, 5, {Account.SAFE: 7}, Movement(Account.SAFE, Account.MISSING, 2)),
        (EntryKind.COUNTED, 0, {Account.SAFE: 7}, Movement(Account.SAFE, Account.MISSING, 7)),
        (EntryKind.COUNTED, 8, {Account.SAFE: 7, Account.MISSING: 1}, Movement(Account.MISSING, Account.SAFE, 1)),
    ],
)
def test_an_entry_moves_blanks_from_one_account_to_another(kind, quantity, there, movement):
    assert movement_for(kind, quantity, there) == movement


@pytest.mark.parametrize(
    ("kind", "quantity", "there"),
    [
        (EntryKind.SPOILED, 3, {Account.SAFE: 2}),
        (EntryKind.RETURNED, 1, {}),
        (EntryKind.DESTROYED, 1, {Account.SAFE: 9}),
    ],
)
def test_blanks_that_are_not_there_cannot_be_moved(kind, quantity, there):
    refused = movement_for(kind, quantity, there)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.field, refused.fix) == ("blanks-not-there", "quantity", "count again")


def test_blanks_are_taken_from_the_hopper_that_is_meant_and_from_no_account_that_has_nothing_to_give():
    there = {Account.SAFE: 5, Account.LOADED: 9}
    assert movement_for(EntryKind.UNLOADED, 3, there, hopper=3) == Movement(Account.LOADED, Account.SAFE, 3)
    for refused in (
        movement_for(EntryKind.UNLOADED, 4, there, hopper=3),
        movement_for(EntryKind.SPOILED, 1, there, source=Account.CENTRE),
    ):
        assert isinstance(refused, Refused)


def test_a_count_cannot_make_blanks_out_of_nothing():
    refused = movement_for(EntryKind.COUNTED, 9, {Account.SAFE: 7, Account.MISSING: 1})
    assert isinstance(refused, Refused)
    assert refused.fix == "enter the delivery first"


@pytest.mark.parametrize("kind", EntryKind)
@pytest.mark.parametrize("quantity", [-1, MAX_QUANTITY + 1])
def test_a_slip_of_the_finger_is_refused(kind, quantity):
    refused = movement_for(kind, quantity, {Account.SAFE: 10, Account.SPOILED: 10})
    assert isinstance(refused, Refused)
    assert refused.code == "quantity-out-of-range"


@pytest.mark.parametrize("kind", sorted(CORRECTABLE))
def test_moving_no_blanks_is_refused(kind):
    refused = movement_for(kind, 0, {Account.SAFE: 10, Account.SPOILED: 10})
    assert isinstance(refused, Refused)
    assert f"from 1 to {MAX_QUANTITY}" in refused.detail


@given(
    entries=st.lists(
        st.tuples(st.sampled_from([*sorted(CORRECTABLE), EntryKind.COUNTED]), st.integers(min_value=-2, max_value=50)),
        max_size=40,
    )
)
def test_over_any_entries_no_account_goes_below_zero_and_all_add_up(entries):
    ledger = Counter()
    for kind, quantity in entries:
        movement = movement_for(kind, quantity, ledger)
        if isinstance(movement, Movement):
            assert movement.quantity > 0
            ledger[movement.source] -= movement.quantity
            ledger[movement.target] += movement.quantity
        if kind is EntryKind.COUNTED and not isinstance(movement, Refused):
            assert ledger[Account.SAFE] == quantity
    assert sum(ledger.values()) == 0
    assert all(balance >= 0 for account, balance in ledger.items() if account is not Account.CENTRE)


def test_balances_say_whether_every_blank_is_somewhere():
    whole = balances(safe=5, printer=1, issued=2, spoiled=1, quarantined=1, returned=1, destroyed=1, missing=1)
    assert whole.is_balanced
    assert whole.at_hand == 5
    assert not Balances(
        received=2, safe=1, printer=0, issued=0, spoiled=0, quarantined=0, returned=0, destroyed=0, missing=0
    ).is_balanced
