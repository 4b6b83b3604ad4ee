"""What verifying the books finds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is not as it must be: ``where`` names table and row."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"
