"""Routes as typed handlers: the table that the server, the tests and the OpenAPI document all read.

A handler is ``async def name(doors: Doors, ask: Ask[Body, Query]) -> Reply[Answer]``. The models are read from these
annotations once, at import; ``Nothing`` stands for no body and ``NoQuery`` for no parameters. A handler that answers
something else than JSON is annotated ``-> web.StreamResponse``.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from aiohttp import web

from stationd.domain.authority import Role
from stationd.http.doors import Ask, Doors, Reply
from stationd.http.limits import Rate
from stationd.http.schemas import NoQuery, Nothing
from stationd.http.tags import Edited, Facts

Handler = Callable[[Doors, Any], Awaitable[Reply[Any] | web.StreamResponse]]

OFFICERS = frozenset({Role.OFFICER, Role.ADMIN})
SUBMITTERS = OFFICERS | {Role.KIOSK}
KEEPERS = OFFICERS | {Role.MONITOR}
EVERYBODY = frozenset(Role)

_NAMED = re.compile(r"\{([a-z_]+)\}")
_WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One call of the API.

    ``roles`` is ``None`` for a public route. ``answer`` is ``None`` when the handler writes its own response of type
    ``media_type``. ``also`` are further successful or informative statuses with what they mean; ``problems`` the codes
    of this call beyond those that every call has. ``takes`` is the media type of a body that the handler reads itself
    while it arrives. ``headers`` are request headers that it reads, with what they mean; ``streams`` the model of each
    event, where the answer is a stream of events; ``rate`` the limit on a public call; ``example`` a body,
    where one made from the schema would not be taken; ``is_repeatable``: it takes an idempotency key and needs none;
    ``tagged``: the answer has an ETag of these facts; ``edits``: what this call edits, under an ``If-Match`` if there
    is one.
    """

    method: str
    path: str
    handler: Handler
    name: str
    summary: str
    description: str
    tag: str
    roles: frozenset[Role] | None
    body: type[Any]
    query: type[Any]
    answer: type[Any] | None
    status: int = HTTPStatus.OK
    says: str = "Done."
    also: Mapping[int, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    is_keyed: bool = False
    media_type: str = "application/json"
    takes: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    streams: type[Any] | None = None
    rate: Rate | None = None
    example: Mapping[str, Any] | None = None
    is_repeatable: bool = False
    tagged: Facts | None = None
    edits: Edited | None = None

    @property
    def has_body(self) -> bool:
        """Whether a body is read before the handler: for a model, tolerated as ``{}`` where none is needed."""
        return self.method not in _WITHOUT_BODY and self.takes is None

    @property
    def needs_body(self) -> bool:
        """Whether something can be said in the body."""
        return self.body is not Nothing

    @property
    def empty(self) -> Any:
        """What no body stands for: ``{}``, where nothing in it must be given; else ``None``, and none is refused."""
        if any(each.required for each in msgspec.structs.fields(self.body)):
            return None
        try:
            return self.body()
        except ValueError:
            return None

    @property
    def parameters(self) -> tuple[str, ...]:
        """The named parts of the path."""
        return tuple(_NAMED.findall(self.path))

    @property
    def codes(self) -> tuple[str, ...]:
        """Every problem code that this call may answer, those of all calls included."""
        found = ["host-not-allowed", "cross-site"]
        if self.roles is not None:
            found += ["token-missing", "token-unknown", "role-not-allowed", "token-scope", "rate-limited"]
        elif self.rate is not None:
            found += ["rate-limited"]
        if self.is_keyed:
            found += ["idempotency-key-missing", "idempotency-key-malformed"]
        if self.is_repeatable:
            found += ["idempotency-key-malformed", "idempotency-key-reused", "request-under-way", "outcome-not-known"]
        if self.edits is not None:
            found += ["changed-meanwhile"]
        if self.has_body:
            found += ["media-type-unsupported", "encoding-unsupported", "body-too-large", "body-too-slow"]
            found += ["body-malformed", "json-malformed", "body-invalid"]
        if self.takes is not None:
            found += ["media-type-unsupported", "encoding-unsupported"]
        return (*found, "request-malformed", "query-invalid", *self.problems, "internal")


@dataclass(frozen=True, slots=True)
class Table:
    """The routes of one resource, in the order of their declaration."""

    tag: str
    routes: list[Route] = field(default_factory=list)

    def route(  # noqa: PLR0913 - each names one fact of the call
        self,
        method: str,
        path: str,
        *,
        roles: frozenset[Role] | None,
        status: int = HTTPStatus.OK,
        says: str = "Done.",
        also: Mapping[int, str] | None = None,
        problems: tuple[str, ...] = (),
        is_keyed: bool = False,
        media_type: str = "application/json",
        takes: str | None = None,
        headers: Mapping[str, str] | None = None,
        streams: type[Any] | None = None,
        rate: Rate | None = None,
        example: Mapping[str, Any] | None = None,
        is_repeatable: bool = False,
        tagged: Facts | None = None,
        edits: Edited | None = None,
    ) -> Callable[[Handler], Handler]:
        """A decorator that enters a handler into the table. Raises ``TypeError`` for a handler without its types."""

        def enter(handler: Handler) -> Handler:
            body, query, answer = _models(handler)
            summary, _, description = (handler.__doc__ or "").strip().partition("\n")
            self.routes.append(
                Route(
                    method=method,
                    path=path,
                    handler=handler,
                    name=handler.__name__,
                    summary=summary,
                    description=" ".join(description.split()),
                    tag=self.tag,
                    roles=roles,
                    body=body,
                    query=query,
                    answer=answer,
                    status=status,
                    says=says,
                    also=also or {},
                    problems=problems,
                    is_keyed=is_keyed,
                    media_type=media_type,
                    takes=takes,
                    headers=headers or {},
                    streams=streams,
                    rate=rate,
                    example=example,
                    is_repeatable=is_repeatable,
                    tagged=tagged,
                    edits=edits,
                )
            )
            return handler

        return enter


def _models(handler: Handler) -> tuple[type[Any], type[Any], type[Any] | None]:
    hints = get_type_hints(handler)
    ask, answer = hints.get("ask"), hints.get("return")
    if get_origin(ask) is not Ask:
        raise TypeError(f"cannot route {handler.__name__}: its second argument must be ask: Ask[Body, Query]")
    body, query = get_args(ask)
    if get_origin(answer) is Reply:
        return body, query, get_args(answer)[0]
    if isinstance(answer, type) and issubclass(answer, web.StreamResponse):
        return body, query, None
    raise TypeError(f"cannot route {handler.__name__}: it must answer Reply[Model] or a web.StreamResponse")


__all__ = ["EVERYBODY", "KEEPERS", "OFFICERS", "SUBMITTERS", "Handler", "NoQuery", "Nothing", "Route", "Table"]
