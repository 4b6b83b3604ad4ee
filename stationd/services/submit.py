"""Taking orders at the door: the rules, the document, then the durable queue."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from stationd.domain.authority import Actor
from stationd.domain.document import check_document
from stationd.domain.entitlement import KIND_CLASS, refusal_of
from stationd.domain.errors import Refused
from stationd.domain.job import Job
from stationd.domain.order import Document, Order, TemplateDocument, told_by
from stationd.ports.jobs import Acceptance, Accepted, JobStore
from stationd.ports.rendering import Renderer
from stationd.services.city_orders import CityOrders
from stationd.services.jobs import Jobs, JobView


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """The job as answered; ``is_replay`` when the very same request was taken before."""

    view: JobView
    is_replay: bool


@dataclass(frozen=True, slots=True)
class Submitting:
    """An order on its way into the store."""

    accepting: Awaitable[Accepted | Refused]
    view: Callable[[Job], JobView]

    async def done(self) -> Submitted:
        """The job, durable when this returns.

        Raises :class:`Refused` (``idempotency-key-reused``, ``order-has-a-live-job``, …) and ``Faulted``
        (``storage-full``, …), with nothing stored.
        """
        answer = await self.accepting
        if isinstance(answer, Refused):
            raise answer
        return Submitted(view=self.view(answer.job), is_replay=answer.is_replay)


class Submission:
    """Submitting one order."""

    def __init__(
        self,
        store: JobStore,
        jobs: Jobs,
        renderer: Renderer,
        templates: Mapping[str, frozenset[str]],
        *,
        city: CityOrders | None = None,
        bar: Callable[[], Refused | None] = lambda: None,
    ) -> None:
        """``templates`` gives the templates that each profile of this station can print.

        ``city`` judges signatures; ``bar`` tells why no new order is taken now. Neither keeps a request from its
        answer that was taken before.
        """
        self._store = store
        self._city = city
        self._bar = bar
        self._jobs = jobs
        self._renderer = renderer
        self._templates = templates

    async def submit(
        self, order: Order, *, key: str, digest: bytes, actor: Actor, fence: int | None = None
    ) -> Submitted:
        """The job, durable when this returns. Raises as :meth:`begin` and :meth:`Submitting.done`."""
        return await (await self.begin(order, key=key, digest=digest, actor=actor, fence=fence)).done()

    async def begin(
        self, order: Order, *, key: str, digest: bytes, actor: Actor, fence: int | None = None
    ) -> "Submitting":
        """Check an order and hand it to the store; ``fence`` is that of one that came over the city link.

        Whoever begins many before the first is done has them share a commit, without a task for each. Raises
        :class:`Refused`: a rule of :mod:`stationd.domain.entitlement`, ``profile-unknown``,
        ``document-invalid``, ``idempotency-key-reused``, ``order-has-a-live-job``, ``order-recalled``,
        ``order-without-leave``, ``signature-…``, ``orders-stopped``; and ``Faulted`` (``storage-full``, …) with nothing
        stored.
        """
        refused = refusal_of(order) or self._document_refusal(order)
        if refused is not None:
            raise refused
        if isinstance(order.document, TemplateDocument):
            fields = await self._renderer.check(
                order.document.template, order.document.fields, order.document.photo, told_by(order)
            )
            order = replace(order, document=replace(order.document, fields=fields))
        signature = None if self._city is None else self._city.signature_of(order, fence=fence)
        barred = signature if isinstance(signature, Refused) else self._bar()
        accepting = self._store.accept(
            Acceptance(
                order=order,
                service_class=KIND_CLASS[order.kind],
                caller=actor.name,
                key=key,
                digest=digest,
                signature=signature if isinstance(signature, str) else None,
                barred=barred,
            )
        )
        return Submitting(accepting, self._jobs.view)

    def _document_refusal(self, order: Order) -> Refused | None:
        templates = self._templates.get(order.profile)
        if templates is None:
            return Refused("profile-unknown", field="profile", known=tuple(sorted(self._templates)))
        document = order.document
        if isinstance(document, Document):
            return check_document(document.media_type, document.data)
        if document.template not in templates:
            return Refused("document-invalid/template", field="document.template", known=tuple(sorted(templates)))
        return None
