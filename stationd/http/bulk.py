"""Bulk submission: a stream of orders in, a stream of answers out, each durable when its line is answered."""

import asyncio
import logging
from collections.abc import Sequence
from hashlib import sha256

import msgspec
from aiohttp import hdrs, web

from stationd.domain.authority import Actor
from stationd.domain.errors import Refused, StationError
from stationd.http.bodies import decode_json, read_lines
from stationd.http.doors import Ask, Doors
from stationd.http.endpoint import REQUEST_ID, begin_stream
from stationd.http.examples import ORDER
from stationd.http.jobs import answer_of, order_of
from stationd.http.policy import POLICY
from stationd.http.problems import Problem, problem_of, wants_indonesian
from stationd.http.routing import SUBMITTERS, Table
from stationd.http.schemas import BulkJob, JobAnswer, NoQuery
from stationd.services.submit import Submitting

NDJSON = "application/x-ndjson"
_LINES_AT_ONCE = 256
_GROUPS_AT_ONCE = 2

table = Table("jobs")
_log = logging.getLogger(__name__)
_decoder = msgspec.json.Decoder(BulkJob)
_encode = msgspec.json.Encoder().encode_lines


class LineAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one line: the job (201 new, 200 the same request came before), or the problem."""

    line: int
    status: int
    job: JobAnswer | None = None
    problem: Problem | None = None


@table.route(
    "POST",
    "/v1/jobs/bulk",
    roles=SUBMITTERS,
    says="A line for each line that was sent, in their order: `line`, `status`, and `job` or `problem`.",
    takes=NDJSON,
    media_type=NDJSON,
    example=ORDER | {"idempotency_key": "7f3c9a52-3a0e-4b6e-9d5b-0a4d9b1f6c11"},
)
async def submit_jobs(doors: Doors, ask: Ask[BulkJob, NoQuery]) -> web.StreamResponse:
    """Submit many orders, one JSON object a line.

    Each line is an order as for a single submission, with its `idempotency_key` beside it. Read the answers while you
    send: they come as the lines are stored. A line that is refused does not hold up the others. After a broken
    connection send everything again with the same keys; what was stored is answered again.
    """
    request = ask.request
    response = await begin_stream(request, NDJSON)
    name = response.headers[REQUEST_ID]
    is_indonesian = wants_indonesian(request.headers.get(hdrs.ACCEPT_LANGUAGE))
    policy = request.app[POLICY]
    stored: asyncio.Queue[asyncio.Task[list[LineAnswer]] | None] = asyncio.Queue(_GROUPS_AT_ONCE)
    answering = asyncio.create_task(_answer(response, stored), name="bulk answers")
    last = 0
    try:
        lines = read_lines(request, limit=policy.max_body, most=_LINES_AT_ONCE, timeout_s=policy.body_timeout_s)
        async for group in lines:
            last = group[-1][0]
            storing = asyncio.create_task(_store(doors, ask.actor, group, name, is_indonesian=is_indonesian))
            await stored.put(storing)
        await stored.put(None)
        await answering
    except Refused as refused:
        await stored.put(None)
        await answering
        document = problem_of(refused, request_id=name, is_indonesian=is_indonesian)
        await response.write(_encode([LineAnswer(line=last + 1, status=document.status, problem=document)]))
        response.force_close()
    finally:
        answering.cancel()
    await response.write_eof()
    return response


async def _answer(response: web.StreamResponse, stored: asyncio.Queue[asyncio.Task[list[LineAnswer]] | None]) -> None:
    """Write the answers of each group as soon as it is stored, in order. A caller who is gone gets none."""
    is_gone = False
    while (storing := await stored.get()) is not None:
        answers = await storing
        if is_gone:
            continue
        try:
            await response.write(_encode(answers))
        except ConnectionError:
            is_gone = True


async def _store(
    doors: Doors, actor: Actor, group: Sequence[tuple[int, bytes]], name: str, *, is_indonesian: bool
) -> list[LineAnswer]:
    """Submit a group of lines together, so that they share a commit."""

    def refused(number: int, error: Exception) -> LineAnswer:
        if not isinstance(error, StationError):  # one line's defect must not lose the answers of the others
            _log.error("request %s, line %d: cannot answer: %s", name, number, type(error).__name__)
            error = Refused("internal")
        document = problem_of(error, request_id=name, is_indonesian=is_indonesian)
        return LineAnswer(line=number, status=document.status, problem=document)

    begun: list[tuple[int, Submitting | LineAnswer]] = []
    for number, line in group:
        try:
            body: BulkJob = decode_json(_decoder, line)
            submitting = await doors.submission.begin(
                order_of(body), key=body.idempotency_key, digest=sha256(line.strip()).digest(), actor=actor
            )
        except Exception as error:  # noqa: BLE001 - becomes the answer to this line
            begun.append((number, refused(number, error)))
        else:
            begun.append((number, submitting))
    answers = []
    for number, each in begun:
        if isinstance(each, LineAnswer):
            answers.append(each)
            continue
        try:
            submitted = await each.done()
        except Exception as error:  # noqa: BLE001 - becomes the answer to this line
            answers.append(refused(number, error))
        else:
            status = 200 if submitted.is_replay else 201
            answers.append(LineAnswer(line=number, status=status, job=answer_of(submitted.view)))
    return answers
