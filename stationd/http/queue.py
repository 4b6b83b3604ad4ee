"""The queue as a whole: how it is, pausing and resuming it or a class of it."""

from stationd.domain.errors import Refused
from stationd.domain.job import JobKind
from stationd.http.doors import Ask, Doors, Reply
from stationd.http.queue_schemas import PauseBody, QueueAnswer
from stationd.http.routing import KEEPERS, OFFICERS, NoQuery, Nothing, Table
from stationd.http.tags import Edited
from stationd.services.queue import QueueView

table = Table("queue")


def _facts(queue: QueueAnswer) -> object:
    return queue.is_paused, queue.paused_kinds


@table.route("GET", "/v1/queue", roles=KEEPERS, says="The queue.", tagged=_facts)
async def read_queue(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[QueueAnswer]:  # noqa: ARG001 - one shape for all
    """How many wait, and what is paused."""
    return Reply(_answer(doors.queue.view()))


_QUEUE = Edited(read_queue, _facts, QueueAnswer)


@table.route(
    "POST",
    "/v1/queue/pause",
    roles=OFFICERS,
    says="Paused.",
    problems=("kind-not-printed-here", "storage-full"),
    edits=_QUEUE,
)
async def pause_queue(doors: Doors, ask: Ask[PauseBody, NoQuery]) -> Reply[QueueAnswer]:
    """Begin no further card, or none of a kind; the cards in the printers are finished."""
    return Reply(_answer(await doors.queue.pause(_kind(ask.body), actor=ask.actor)))


@table.route(
    "POST",
    "/v1/queue/resume",
    roles=OFFICERS,
    says="At work.",
    problems=("kind-not-printed-here", "storage-full"),
    edits=_QUEUE,
)
async def resume_queue(doors: Doors, ask: Ask[PauseBody, NoQuery]) -> Reply[QueueAnswer]:
    """Let the queue, or a kind, go on; resuming the queue leaves paused kinds paused."""
    return Reply(_answer(await doors.queue.resume(_kind(ask.body), actor=ask.actor)))


def _kind(body: PauseBody) -> JobKind | None:
    if body.kind is JobKind.DATA_CHANGE:
        raise Refused("kind-not-printed-here", field="kind")
    return body.kind


def _answer(view: QueueView) -> QueueAnswer:
    return QueueAnswer(waiting=view.waiting, is_paused=view.is_paused, paused_kinds=view.paused_kinds)
