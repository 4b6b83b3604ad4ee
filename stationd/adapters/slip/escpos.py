"""The bytes of a slip in ESC/POS: text in the printer's own letters, the code as a raster picture.

The code is drawn here and not by the printer's own command for it, which cheap printers lack or get wrong.
"""

from typing import TYPE_CHECKING, Any, Final

import segno

from stationd.domain.errors import Faulted
from stationd.domain.slip import Slip, lines_above, lines_below, wrapped

if TYPE_CHECKING:
    from PIL.Image import Image

_MODULE_DOTS: Final = 8
"""One module of the code is a millimetre: a phone or a reader takes it from a hand's width."""


def ready() -> None:
    """Load the builder. Raises ``Faulted`` (``slip-extra-missing``)."""
    _dummy()


def built(slip: Slip, columns: int) -> bytes:
    """One slip, cut off at its end."""
    printer = _dummy()
    printer.hw("INIT")
    printer.set(align="center")
    for place, text in enumerate(lines_above(slip)):
        printer.set(align="center", bold=place == 0)
        for line in wrapped(text, columns):
            printer.textln(line)
    printer.ln()
    printer.image(_code(slip.receipt), center=False)
    printer.ln()
    printer.set(align="center", bold=True, double_width=True, double_height=True)
    for line in wrapped(slip.receipt, columns // 2):
        printer.textln(line)
    printer.set(align="center", normal_textsize=True, bold=False)
    printer.ln()
    for text in lines_below():
        for line in wrapped(text, columns):
            printer.textln(line)
    printer.ln(2)
    printer.cut()
    return bytes(printer.output)


def _code(text: str) -> "Image":
    from PIL import Image  # noqa: PLC0415 - comes with the extra

    code = segno.make(text, error="m", micro=False)
    rows = [[255 if module == 0 else 0 for module in row] for row in code.matrix_iter(scale=_MODULE_DOTS, border=4)]
    picture = Image.new("L", (len(rows[0]), len(rows)))
    picture.putdata([dot for row in rows for dot in row])
    return picture


def _dummy() -> Any:
    try:
        from escpos.printer import Dummy  # noqa: PLC0415 - an extra
    except ImportError as missing:
        raise Faulted(
            "slip-extra-missing",
            "cannot use the receipt printer: python-escpos is not installed",
            fix="install stationd with its extra: pip install 'stationd[escpos]'",
        ) from missing
    return Dummy()
