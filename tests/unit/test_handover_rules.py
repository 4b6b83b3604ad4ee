"""Who may take a card: the rules of the hand-over."""

import pytest

from stationd.domain.handover import (
    CheckResult,
    HandOver,
    IdentityCheck,
    IdentityDocument,
    Proxy,
    Relation,
    hand_over_refusal,
    undo_refusal,
)
from stationd.domain.job import JobKind

SHOWN = IdentityCheck(document=IdentityDocument.KK, result=CheckResult.MATCH)


def proxy(*, is_checked: bool) -> Proxy:
    return Proxy(relation=Relation.PARENT, is_family_card_checked=is_checked, name="Contoh Wali")


@pytest.mark.parametrize(
    ("kind", "hand_over", "code"),
    [
        (JobKind.FIRST, HandOver(identity=SHOWN), None),
        (JobKind.LOST, HandOver(identity=SHOWN, proxy=proxy(is_checked=True)), None),
        (JobKind.DAMAGED, HandOver(identity=SHOWN, is_old_card_surrendered=True), None),
        (JobKind.DAMAGED, HandOver(identity=SHOWN), "old-card-missing"),
        (JobKind.FIRST, HandOver(identity=SHOWN, proxy=proxy(is_checked=False)), "proxy-not-allowed"),
        (
            JobKind.FIRST,
            HandOver(identity=IdentityCheck(document=IdentityDocument.KTP, result=CheckResult.NO_MATCH)),
            "identity-not-shown",
        ),
    ],
)
def test_a_card_goes_only_to_whom_it_may_go(kind, hand_over, code):
    refused = hand_over_refusal(kind, hand_over)
    assert (None if refused is None else refused.code) == code


def test_a_proxys_name_is_never_shown_by_accident():
    assert "Wali" not in repr(HandOver(identity=SHOWN, proxy=proxy(is_checked=True)))


@pytest.mark.parametrize(("now_ms", "is_final"), [(0, False), (900_000, False), (900_001, True), (-1, True)])
def test_a_hand_over_can_be_undone_for_some_minutes(now_ms, is_final):
    refused = undo_refusal(0, now_ms, within_s=900)
    assert (refused is not None) == is_final
    assert refused is None or (refused.code, "15 minutes" in refused.detail) == ("hand-over-final", True)
