"""What lies in the office's paper tray."""

from enum import StrEnum


class PageSize(StrEnum):
    """F4 is the folio of Indonesian offices, 215 × 330 mm."""

    A4 = "a4"
    F4 = "f4"
