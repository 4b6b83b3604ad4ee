"""Documents from templates."""

from collections.abc import Mapping
from typing import Protocol

from stationd.domain.order import Document


class Renderer(Protocol):
    """Turns a template and its fields into a document at a profile's size."""

    async def check(
        self, template: str, fields: Mapping[str, str], photo: bytes | None, otherwise: Mapping[str, str]
    ) -> Mapping[str, str]:
        """The fields to render, those left out filled from ``otherwise``; raises what ``render`` would, undrawn."""
        ...

    async def render(self, template: str, fields: Mapping[str, str], photo: bytes | None) -> Document:
        """A PNG at the profile's size. Raises ``Refused`` (``document-invalid``) for what it cannot use."""
        ...
