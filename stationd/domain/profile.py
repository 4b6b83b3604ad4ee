"""The print profile: which card, at what size, from which template, how fast, and what it uses up."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

_MM_PER_INCH = 25.4


@dataclass(frozen=True, slots=True, kw_only=True)
class RestRule:
    """After ``cards`` cards without a pause a printer rests for ``rest_s`` seconds, so that it does not overheat."""

    cards: int
    rest_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One kind of card. Two jobs of one profile print one after the other without changing anything at the printer.

    ``media`` is the IPP media keyword; sizes are those of the finished card in millimetres and of its picture in
    pixels; ``nominal_s`` is how long a card takes when nothing goes wrong; ``supplies`` says how many units of each
    supply one card uses up, by the supply's name at the printer.
    """

    name: str
    media: str
    template: str
    dpi: int
    width_mm: float
    height_mm: float
    width_px: int
    height_px: int
    nominal_s: float
    rest: RestRule | None = None
    supplies: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def at(self, seconds: float) -> "Profile":
        """The profile on a machine that takes ``seconds`` a card: its rest is as much shorter, and none at once."""
        rest = self.rest
        if rest is not None:
            scaled_s = rest.rest_s * seconds / self.nominal_s if self.nominal_s else 0.0
            rest = RestRule(cards=rest.cards, rest_s=scaled_s) if scaled_s else None
        return replace(self, nominal_s=seconds, rest=rest)


def pixels(size_mm: float, dpi: int) -> int:
    """The whole number of pixels nearest to a length in millimetres at a resolution in dots per inch."""
    return round(size_mm / _MM_PER_INCH * dpi)


KTP_EL = Profile(
    name="ktp-el",
    media="iso_id-1_53.98x85.6mm",
    template="specimen",
    dpi=300,
    width_mm=85.60,
    height_mm=53.98,
    width_px=1013,
    height_px=638,
    nominal_s=30.0,
    rest=RestRule(cards=100, rest_s=1800),
    supplies=MappingProxyType({"film": 1.0, "ribbon": 1.0}),
)
"""The national identity card on a CR80 blank (ISO/IEC 7810 ID-1); its picture bleeds a pixel over the short edges."""

BUILT_IN: Mapping[str, Profile] = MappingProxyType({KTP_EL.name: KTP_EL})
"""The profiles that every station knows without configuration."""
