"""The citizen's answer to a receipt."""

from aiohttp import hdrs

from stationd.domain.answer import Answer, Told
from stationd.domain.errors import Refused
from stationd.domain.words import Words
from stationd.http.card_schemas import ReceiptAnswer, ToldAnswer
from stationd.http.doors import Ask, Doors, Reply
from stationd.http.limits import Limit, Limited
from stationd.http.problems import wants_indonesian
from stationd.http.routing import SUBMITTERS, NoQuery, Nothing, Table
from stationd.http.schemas import moment

table = Table("receipts")

_MINUTE_S = 60


@table.route(
    "GET",
    "/v1/receipts/{receipt}",
    roles=SUBMITTERS,
    says="What a citizen may see.",
    problems=("receipt-malformed", "receipt-unknown"),
)
async def read_receipt(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[ReceiptAnswer]:
    """Where a card is, why it takes long, when it is expected, what to bring.

    The words are in the language of Accept-Language (en, id). Case, hyphens and spaces of the receipt do not matter. A
    typing error is told as `receipt-malformed`; who asks for many receipts waits as Retry-After says.
    """
    answers, caller = doors.answers, ask.actor.name  # the token counts: one machine has many addresses
    limit = Limit("receipts", answers.quota, _MINUTE_S)
    try:
        found = await answers.about(ask.path["receipt"], caller=caller)
    except Refused as refused:
        if refused.wait_s is not None:
            raise Limited(limit.fields(*answers.left(caller)), refused.wait_s, "rate-limited/receipts") from None
        raise
    is_indonesian = wants_indonesian(ask.request.headers.get(hdrs.ACCEPT_LANGUAGE))
    headers: dict[str, str] = {hdrs.CONTENT_LANGUAGE: "id" if is_indonesian else "en", hdrs.VARY: hdrs.ACCEPT_LANGUAGE}
    headers |= limit.fields(*answers.left(caller))
    return Reply(_answer(found, is_indonesian=is_indonesian), headers=headers)


def _answer(found: Answer, *, is_indonesian: bool) -> ReceiptAnswer:
    def said(words: Words) -> str:
        return words.id if is_indonesian else words.en

    def told(lines: tuple[Told, ...]) -> tuple[ToldAnswer, ...]:
        return tuple(ToldAnswer(code=each.code, words=said(each.words)) for each in lines)

    return ReceiptAnswer(
        receipt=found.receipt,
        stage=found.stage,
        words=said(found.words),
        reasons=told(found.reasons),
        place=found.place,
        bring=told(found.bring),
        position=found.turn.position,
        expected_s=found.turn.expected_s,
        expected_on=found.turn.expected_on,
        since=moment(found.since),
    )
