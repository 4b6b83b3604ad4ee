"""The ``Printer`` of IPP: two-phase sending, patient watching, and what may be believed of a device.

What each end of a job at the device means here (RFC 8011, 5.3.7 and 5.3.8; seen with ippeveprinter and cupsd 2.4):

* *completed*: ``Printed``. A printer's word is ``printer`` evidence, a spooler's only ``spooler`` (cupsd calls a job
  completed whose backend was killed); ``counter`` when the device's card counter moved by exactly one since the job
  was opened, in the same run of the device and with no other card under way. A job completed, or only begun, whose
  body was cut short, or may have been when a former run sent it and left no note that it went whole, is ``Unknown``: a
  card exists, and nobody knows what is on it. One not begun is cancelled. A job completed while the card counter has
  not moved, asked for some seconds because counters lag, is ``Unknown``, too.
* *canceled* or *aborted* and the device says that processing never began (``time-at-processing`` *no-value*):
  ``NothingPrinted``.
* *canceled* or *aborted* otherwise: ``Unknown``. A command that failed may have failed after the card; a cancelled job
  may have run to its end (ippeveprinter's does).
* held because its document never came: cancelled by us, and believed only when the device has then settled it as above.
  Agreement to cancel proves nothing: ippeveprinter agrees in mid-transfer and prints.
* held by a spooler with its document and said never to have begun: ``Unknown``, and left as it is until a person has
  judged. The spooler died when it had the document; it starts its backend before it writes down that it did, and the
  backend may have lived on (seen with cupsd 2.4 on a slow disk: it printed the card).
* waiting again after it had begun, or begun anew: a spooler is printing it a second time (cupsd after a power cut). It
  is cancelled; ``Unknown``. Only a watch that saw the first beginning can tell the second: a spooler's backend must
  itself refuse to send a job twice.
* not known, or under that id a job of another name (ids start at 1 again after a restart): looked for by name, and
  ``Unknown`` when it is not there.

A device that does not answer is asked again until it does.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

from stationd.adapters.printers.ipp.client import ExchangeError
from stationd.adapters.printers.ipp.counter import GRACE_S, CardCounter
from stationd.adapters.printers.ipp.device import NOT_POSSIBLE, Device, Operation, RefusedError
from stationd.adapters.printers.ipp.incarnation import Incarnation, is_same_run
from stationd.adapters.printers.ipp.records import DeviceJobState, DeviceRecord, JobRecord
from stationd.adapters.printers.ipp.settings import Settings
from stationd.adapters.printers.ipp.story import Sight, Story
from stationd.domain.errors import Faulted
from stationd.domain.job import Attempt, Evidence
from stationd.domain.order import Document
from stationd.domain.outcome import (
    BEGUN_AGAIN,
    CUT_OFF,
    PERHAPS_CUT_OFF,
    STRANDED,
    Cause,
    Finding,
    NothingPrinted,
    Outcome,
    Printed,
    StillOpen,
    Unknown,
)
from stationd.domain.printer import MEDIA_TYPES, OFFLINE, Capabilities, PrinterStatus
from stationd.ports.printers import Opened

_FIRST_PAUSE_S = 0.02
_PAUSE_GROWTH = 1.5
_EMPTY_GRACE_S = 1.0
"""How long a device may call a job empty whose document it should have, before it is taken at its word."""
_DOCUMENT_REASONS = frozenset({"document-format-error", "unsupported-document-format", "document-unprintable-error"})
_SPOOLER_WINDOW = 2
_PREFIX = "stationd-"


def name_of(attempt: Attempt) -> str:
    """The ``job-name`` of an attempt at the device."""
    return f"{_PREFIX}{attempt.id}"


class IppPrinter:
    """One printer or spooler behind an IPP URI; fulfils :class:`stationd.ports.printers.Printer`."""

    def __init__(self, name: str, settings: Settings) -> None:
        self._name = name
        self._settings = settings
        self._device = Device(settings)
        self._incarnation = Incarnation()
        self._capabilities = Capabilities(window=settings.window or 1, evidence=Evidence.SPOOLER)
        self._is_known = False
        self._is_spooler = False
        self._counter = CardCounter()
        self._abandoned: set[str] = set()

    @property
    def name(self) -> str:
        """The station's name for it."""
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        """Known after the first answer of the device; the cautious defaults before."""
        return self._capabilities

    async def status(self) -> PrinterStatus:
        """Ask the device how it is. Raises ``Faulted`` (code ``printer-unreachable``) when it does not answer."""
        try:
            return self._status(await self._device.printer())
        except (ExchangeError, RefusedError) as error:
            raise self._unreachable(error) from None

    async def open(self, attempt: Attempt) -> Opened | NothingPrinted:
        """Create the job without its document, and note the device's run and counter."""
        try:
            await self._sweep()
            status = self._status(await self._device.printer())
        except RefusedError as error:
            return NothingPrinted(Cause.PRINTER, error.refusal.keyword)
        except ExchangeError as error:
            return NothingPrinted(Cause.PRINTER, error.reason if error.refused else OFFLINE)
        if status.stopped_by:
            return NothingPrinted(Cause.PRINTER, " ".join(sorted(status.stopped_by)))
        try:
            answer = await self._device.create(name_of(attempt))
        except ExchangeError as error:
            if error.whole_body and not error.refused:
                self._abandoned.add(
                    name_of(attempt)
                )  # it may stand there empty, and block a printer that holds one job
            return NothingPrinted(Cause.TRANSIENT, error.reason)
        if isinstance(answer, int):
            before = self._counter.before(status)
            return Opened(remote_id=str(answer), incarnation=status.incarnation, counter=before)
        return NothingPrinted(Cause.DOCUMENT if answer.is_of_document else Cause.PRINTER, answer.keyword)

    async def send(self, attempt: Attempt, document: Document) -> Outcome | None:
        """Send the document once. A broken transfer is reset and the device asked what it has."""
        if attempt.remote_id is None or not attempt.remote_id.isdecimal():
            return NothingPrinted(Cause.TRANSIENT, "never-opened")
        self._counter.began(attempt)
        try:
            refusal = await self._device.send(int(attempt.remote_id), document)
        except ExchangeError as error:
            if error.whole_body and not error.refused:
                return None
            if not error.begun:
                self._abandoned.add(name_of(attempt))
                return NothingPrinted(Cause.PRINTER, OFFLINE)
            return await self._follow(attempt, Story(is_whole=error.whole_body, doubt=CUT_OFF, reason=error.reason))
        if refusal is None:
            return None
        cause = Cause.DOCUMENT if refusal.is_of_document else Cause.TRANSIENT
        is_refused = not refusal.is_of_server
        return await self._follow(attempt, Story(is_refused=is_refused, cause=cause, reason=refusal.keyword))

    async def watch(self, attempt: Attempt) -> Outcome:
        """Ask after the job, often at first, until the device has settled it or no longer knows it."""
        return await self._follow(attempt, _story_of(attempt))

    async def find(self, attempt: Attempt) -> Finding:
        """What became of an attempt of a former run, by id and name, else by name."""
        try:
            if attempt.remote_id is None:
                return await self._find_unsent(attempt)
            job = await self._locate(attempt)
            if job is None:
                return Unknown(await self._lost(attempt))
            return await self._find_job(attempt, job, _story_of(attempt, reason="document-never-arrived"))
        except (ExchangeError, RefusedError) as error:
            raise self._unreachable(error) from None

    async def withdraw(self, attempt: Attempt) -> Finding:
        """Cancel a job that has not begun; one that is being printed is left to finish, and is still open.

        A device that does not answer has not given the job back: still open, too.
        """
        story = _story_of(attempt, cause=Cause.WITHDRAWN, reason="withdrawn")
        try:
            job = await self._locate(attempt)
            if job is None and attempt.remote_id is not None:
                return Unknown(await self._lost(attempt))
            if job is None:
                return NothingPrinted(Cause.WITHDRAWN, "withdrawn")
            if job.state in {DeviceJobState.PROCESSING, DeviceJobState.STOPPED}:
                return StillOpen(str(job.id))
            if not job.is_settled:
                return await self._cancel_and_see(attempt, job, story)
            outcome = await self._conclude(attempt, job, story)
        except (ExchangeError, RefusedError):
            if attempt.remote_id is not None:
                return StillOpen(attempt.remote_id)
            self._abandoned.add(name_of(attempt))
            return NothingPrinted(Cause.WITHDRAWN, "withdrawn")
        return outcome

    async def give_up(self, attempt: Attempt) -> None:
        """Cancel a job even if it has begun; a device that does not answer is left alone."""
        with suppress(ExchangeError, RefusedError):
            job = await self._locate(attempt)
            if job is not None and not job.is_settled:
                await self._device.cancel(job.id)

    async def unfinished(self) -> Sequence[str]:
        """The attempts of which the device holds a job under our name; none for one that lists no jobs."""
        try:
            jobs = await self._device.unfinished()
        except RefusedError:
            return ()
        except ExchangeError as error:
            raise self._unreachable(error) from None
        return [job.name.removeprefix(_PREFIX) for job in jobs if job.name is not None and job.name.startswith(_PREFIX)]

    async def aclose(self) -> None:
        """Nothing is held open between exchanges; jobs at the device stay as they are."""

    # ------------------------------------------------------------------------------------------------ one job

    async def _follow(self, attempt: Attempt, story: Story) -> Outcome:
        """The outcome of a job, whatever it takes to learn it."""
        pause = _FIRST_PAUSE_S
        sight = Sight()
        while True:
            try:
                seen = await self._look(attempt, story, sight)
                if isinstance(seen, Unknown):
                    self._counter.owes()
                if not isinstance(seen, JobRecord):
                    self._counter.ended(attempt)
                    return seen
                if seen.state is DeviceJobState.STOPPED:
                    self._counter.stopped(attempt)
            except RefusedError as error:
                if not error.refusal.is_of_server:
                    return Unknown(f"the printer will not tell what became of the job ({error.refusal.keyword})")
            except ExchangeError:
                pass  # the way is down, not the card: ask again, however long it takes
            await asyncio.sleep(pause)
            pause = min(pause * _PAUSE_GROWTH, self._settings.poll_s)

    async def _look(self, attempt: Attempt, story: Story, sight: Sight) -> Outcome | JobRecord:
        """The outcome if there is one by now, else the job as it stands; one that waits for nothing is cancelled."""
        job = await self._locate(attempt)
        if job is None and story.is_refused:
            return NothingPrinted(story.cause, story.reason or "refused")
        if job is None:
            return Unknown(await self._lost(attempt))
        if job.is_interrupted or sight.has_begun_again(job):
            return await self._stop_repetition(job)
        if job.is_settled:
            return await self._conclude(attempt, job, story)
        if not story.is_whole and job.state in {DeviceJobState.PROCESSING, DeviceJobState.STOPPED}:
            return Unknown(story.doubt)  # whatever it ends as, a person has to look
        # a piece of a document must not become a card
        is_unwanted = job.is_empty or job.is_stranded or not story.is_whole
        sight.empty_since = (sight.empty_since or time.monotonic()) if is_unwanted else None
        patience = 0.0 if story.is_cut else _EMPTY_GRACE_S
        if sight.empty_since is not None and time.monotonic() - sight.empty_since >= patience:
            if self._is_stranded(job):
                return Unknown(STRANDED)
            await self._device.cancel(job.id)
        return job

    def _is_stranded(self, job: JobRecord) -> bool:
        """Whether a spooler may have begun a job that it holds; a device that is not known yet may be one."""
        return job.is_stranded and (self._is_spooler or not self._is_known)

    async def _locate(self, attempt: Attempt) -> JobRecord | None:
        """The attempt's job by id and name, else by name; ``None`` when the device does not know it."""
        name = name_of(attempt)
        if attempt.remote_id is not None and attempt.remote_id.isdecimal():
            job = await self._device.job(int(attempt.remote_id))
            if job is not None and job.name == name:
                return job
        jobs = await self._device.jobs_named(name)
        return max(jobs, key=lambda job: (not job.is_empty, job.id), default=None)

    async def _find_unsent(self, attempt: Attempt) -> Finding:
        """Nothing can have left; what stands at the device under the name is cleared away and believed over us."""
        for job in await self._device.jobs_named(name_of(attempt)):
            finding = await self._find_job(attempt, job, _story_of(attempt, reason="never-sent"))
            if not isinstance(finding, NothingPrinted):
                return finding
        return NothingPrinted(Cause.TRANSIENT, "never-sent")

    async def _find_job(self, attempt: Attempt, job: JobRecord, story: Story) -> Finding:
        if job.is_settled:
            return await self._conclude(attempt, job, story)
        if job.is_interrupted:
            return await self._stop_repetition(job)
        if self._is_stranded(job):
            return StillOpen(str(job.id))
        if job.is_empty or (not story.is_whole and job.state in {DeviceJobState.PENDING, DeviceJobState.HELD}):
            return await self._cancel_and_see(attempt, job, story)
        return StillOpen(str(job.id))

    async def _cancel_and_see(self, attempt: Attempt, job: JobRecord, story: Story) -> Finding:
        """Cancel, and believe only what the device has settled afterwards."""
        deadline = time.monotonic() + self._settings.timeout_s
        pause = _FIRST_PAUSE_S
        while True:
            refusal = await self._device.cancel(job.id)
            seen = await self._device.job(job.id)
            if seen is None or seen.name != job.name:
                return Unknown(await self._lost(attempt))
            if seen.is_settled:
                return await self._conclude(attempt, seen, story)
            has_begun = seen.state in {DeviceJobState.PROCESSING, DeviceJobState.STOPPED}
            is_fixed = refusal is not None and refusal.code != NOT_POSSIBLE
            if has_begun or is_fixed or time.monotonic() >= deadline:
                return StillOpen(str(job.id))
            await asyncio.sleep(pause)
            pause = min(pause * _PAUSE_GROWTH, self._settings.poll_s)

    async def _stop_repetition(self, job: JobRecord) -> Outcome:
        await self._device.cancel(job.id)
        return Unknown(BEGUN_AGAIN)

    async def _conclude(self, attempt: Attempt, job: JobRecord, story: Story) -> Outcome:
        """The outcome of a job that the device has settled; the rules stand at the head of this module."""
        if job.state is DeviceJobState.COMPLETED:
            if not story.is_whole:
                return Unknown(story.doubt)
            return await self._printed(attempt)
        if job.has_begun or (job.has_begun is None and not story.is_refused):
            return Unknown(f"the printer gave up the job ({job.state.name.lower()}) and may have begun the card")
        if job.reasons & _DOCUMENT_REASONS:
            return NothingPrinted(Cause.DOCUMENT, min(job.reasons & _DOCUMENT_REASONS))
        return NothingPrinted(story.cause, story.reason or f"{job.state.name.lower()}-before-processing")

    async def _printed(self, attempt: Attempt) -> Printed | Unknown:
        """With what the device can prove, once its counter has moved; one that keeps no count is believed.

        Raises as the questions do: whether the counter moved is not guessed while the device does not answer.
        """
        if self._is_known and (attempt.counter is None or self._is_spooler):
            return self._counter.unmeasured(self._capabilities)
        deadline = time.monotonic() + GRACE_S
        pause = _FIRST_PAUSE_S
        while True:
            status = self._status(await self._device.printer())
            if self._is_spooler:
                return self._counter.unmeasured(self._capabilities, status.counter)
            proved = self._counter.judged(attempt, status, self._capabilities)
            if proved is not None:
                return proved
            if time.monotonic() >= deadline:
                return self._counter.uncounted()
            await asyncio.sleep(pause)
            pause = min(pause * _PAUSE_GROWTH, self._settings.poll_s)

    # --------------------------------------------------------------------------------------------- the device

    def _status(self, device: DeviceRecord) -> PrinterStatus:
        """The record as a status; also what it says of the device's abilities."""
        self._is_known, self._is_spooler = True, device.is_spooler
        window = self._settings.window or (_SPOOLER_WINDOW if device.is_spooler else 1)
        counter = device.counter if self._settings.has_counter else None
        has_counter = counter is not None
        word = Evidence.SPOOLER if device.is_spooler else Evidence.PRINTER
        self._capabilities = Capabilities(
            window=window,
            evidence=Evidence.COUNTER if has_counter and window == 1 and not device.is_spooler else word,
            media_types=device.media_types & MEDIA_TYPES or MEDIA_TYPES,
            has_counter=has_counter,
            can_cancel=Operation.CANCEL_JOB in device.operations,
        )
        return PrinterStatus(
            state=device.state,
            reasons=device.reasons if device.is_accepting else device.reasons | {"paused"},
            supplies=device.supplies,
            counter=counter,
            incarnation=self._incarnation.follow(device),
            model=device.model,
        )

    async def _lost(self, attempt: Attempt) -> str:
        """What to tell an officer of a job that the device no longer knows."""
        try:
            status = self._status(await self._device.printer())
        except (ExchangeError, RefusedError):
            return "the printer no longer knows the job"
        if attempt.incarnation is None or status.incarnation is None or ";start=" not in status.incarnation:
            return "the printer no longer knows the job"
        if is_same_run(attempt.incarnation, status.incarnation):
            return "the printer no longer knows the job, though it has not restarted"
        return "the printer has restarted and no longer knows the job"

    async def _sweep(self) -> None:
        """Clear away jobs whose Create-Job was never answered: they would block a printer that holds one job."""
        for name in tuple(self._abandoned):
            for job in await self._device.jobs_named(name):
                if job.is_empty:
                    await self._device.cancel(job.id)
            self._abandoned.discard(name)

    def _unreachable(self, error: ExchangeError | RefusedError) -> Faulted:
        reason = error.refusal.keyword if isinstance(error, RefusedError) else error.reason
        return Faulted(
            "printer-unreachable",
            f"cannot ask printer {self._name}: {reason}",
            fix="check that the printer is on and connected",
        )


def _story_of(attempt: Attempt, *, cause: Cause = Cause.TRANSIENT, reason: str | None = None) -> Story:
    """What the books know of an attempt's document."""
    return Story(is_whole=attempt.sent_at is not None, doubt=PERHAPS_CUT_OFF, cause=cause, reason=reason)
