"""Documents from templates."""

from collections.abc import Mapping
from typing import Protocol

from stationd.domain.order import Document


class Renderer(Protocol):
    """Turns a template and its fields into a document at a profile's size."""

    async def check(self, template: str, fields: Mapping[str, str], photo: bytes | None) -> None:
        """Raise for whatever ``render`` would refuse, without drawing."""
        ...

    async def render(self, template: str, fields: Mapping[str, str], photo: bytes | None) -> Document:
        """A PNG at the profile's size. Raises ``Refused`` (``document-invalid``) for what it cannot use."""
        ...
