"""USB devices made of gadgets on ``dummy_hcd``: the cable is inside the kernel, the far end is a file.

Needs root, ``libcomposite`` and a mounted configfs; meant for the guest of :mod:`tests.rigs.kernel_guest`.
"""

import contextlib
import fcntl
import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

_GADGETS = Path("/sys/kernel/config/usb_gadget")
_SET_STATUS: Final = 0xC0016722
"""``GADGET_SET_PRINTER_STATUS`` of linux/usb/g_printer.h."""

READY: Final = 0x18
"""The port status of a printer that is well: selected, no error."""
PAPER_OUT: Final = 0x30


def sockets() -> list[str]:
    """The names of the USB sockets there are."""
    return sorted(entry.name for entry in Path("/sys/class/udc").iterdir())


@dataclass(slots=True, kw_only=True)
class Gadget:
    """One device; ``function`` such as ``printer.one`` or ``acm.one``, ``serial`` ``None`` for one that tells none."""

    name: str
    vendor: str
    product: str
    serial: str | None
    maker: str
    model: str
    function: str
    attributes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        folder = self.folder
        (folder / "strings" / "0x409").mkdir(parents=True)
        (folder / "idVendor").write_text(f"0x{self.vendor}")
        (folder / "idProduct").write_text(f"0x{self.product}")
        texts = {"manufacturer": self.maker, "product": self.model, "serialnumber": self.serial}
        for key, text in texts.items():
            if text is not None:
                (folder / "strings" / "0x409" / key).write_text(text)
        function = folder / "functions" / self.function
        function.mkdir()
        for key, text in self.attributes.items():
            (function / key).write_text(text)
        (folder / "configs" / "c.1").mkdir()
        (folder / "configs" / "c.1" / self.function).symlink_to(function)

    @property
    def folder(self) -> Path:
        """Where configfs keeps it."""
        return _GADGETS / self.name

    def plug(self, socket: str) -> None:
        """Put its cable into a socket."""
        (self.folder / "UDC").write_text(socket)

    def pull(self) -> None:
        """Pull its cable."""
        (self.folder / "UDC").write_text("\n")


def printer(
    name: str,
    *,
    serial: str | None,
    vendor: str = "0f49",
    product: str = "0c12",
    maker: str = "Evolis",
    model: str = "Primacy 2",
) -> Gadget:
    """A card printer (``usb_f_printer``)."""
    return Gadget(
        name=name,
        vendor=vendor,
        product=product,
        serial=serial,
        maker=maker,
        model=model,
        function=f"printer.{name}",
        attributes={"pnp_string": f"MFG:{maker};MDL:{model};CLS:PRINTER;\n", "q_len": "10"},
    )


def serial_line(name: str, *, serial: str) -> Gadget:
    """A reader on a serial line of its own (``usb_f_acm``)."""
    return Gadget(
        name=name,
        vendor="2341",
        product="0043",
        serial=serial,
        maker="ACME",
        model="Badge Reader",
        function=f"acm.{name}",
    )


class Mechanism:
    """The far end of a printer's cable: takes what is sent, at its pace; use it as a context manager.

    ``received`` is what it took; ``seconds`` how long it takes over each ``chunk`` of bytes.
    """

    def __init__(self, node: Path, *, seconds: float = 0.0, chunk: int = 8192) -> None:
        self.received = bytearray()
        self.seconds = seconds
        self.chunk = chunk
        self._node = node
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="mechanism", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self._thread.join(5)

    def _run(self) -> None:
        while not self._is_over:
            with contextlib.suppress(OSError):
                file = os.open(self._node, os.O_RDWR | os.O_NONBLOCK)
                try:
                    fcntl.ioctl(file, _SET_STATUS, READY)
                    self._take(file)
                finally:
                    os.close(file)
            time.sleep(0.05)

    def _take(self, file: int) -> None:
        while not self._is_over:
            try:
                data = os.read(file, self.chunk)
            except BlockingIOError:
                data = b""
            if data:
                self.received += data
                time.sleep(self.seconds)
            else:
                time.sleep(0.02)
