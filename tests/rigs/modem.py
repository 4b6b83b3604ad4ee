"""A GSM modem on a pty: enough of 3GPP TS 27.005 and 27.007 for gammu's own AT driver, with the faults of real ones.

The modem decodes what it is given (SMS-SUBMIT, TS 23.040, 9.2.2.2), remembers it in :attr:`Modem.sent`, and answers
each message as :attr:`Modem.fate` says. Faults: an error of the network, silence, the message taken and the answer
lost, the cable pulled in mid-message. Delivery reports (SMS-STATUS-REPORT, 9.2.2.3) come at once, later by
:meth:`Modem.report`, or never.
"""

import os
import re
import select
import threading
import time
import tty
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

DELIVERED, EXPIRED = 0x00, 0x46
"""TP-Status: received by the handset; validity period expired (TS 23.040, 9.2.3.15)."""

_GSM = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_STAMP = "62112600000000"
_ANSWERS = {
    "AT+CGMI": "Contoh",
    "AT+CGMM": "PTY-1",
    "AT+CGMR": "1.0",
    "AT+CGSN": "490154203237518",
    "AT+CIMI": "510109999999999",
    "AT+COPS?": '+COPS: 0,2,"51010"',
    "AT+CSCA?": '+CSCA: "+6200000000",145',
    "AT+CMGF=?": "+CMGF: (0,1)",
    "AT+CMGF?": "+CMGF: 0",
    "AT+CSMS?": "+CSMS: 0,1,1,1",
    "AT+CPMS=?": '+CPMS: ("SM"),("SM"),("SM")',
    "AT+CPMS?": '+CPMS: "SM",0,20,"SM",0,20,"SM",0,20',
    "AT+CNMI=?": "+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)",
    "AT+CSCS=?": '+CSCS: ("GSM","UCS2")',
    "AT+CSCS?": '+CSCS: "GSM"',
    "AT+CBC": "+CBC: 0,100",
    "AT+CGATT?": "+CGATT: 1",
    "AT+CGREG?": '+CGREG: 2,1,"00A1","0B2C"',
}
_MERELY_OK = (
    "ATZ",
    "ATE",
    "AT&",
    "AT+CFUN",
    "AT+CMEE",
    "AT+CMGF",
    "AT+CNMI",
    "AT+CSCS",
    "AT+CREG",
    "AT+CSMS",
    "AT+CMMS",
)
_MERELY_OK += (
    "AT+CSCA",
    "AT+CSMP",
    "AT+CMGL",
    "AT+CMGD",
    "AT+CLIP",
    "AT+CRC",
    "AT+CCWA",
    "AT+CGREG",
    "AT+COPS=",
    "AT+CUSD=1",
    "AT+CUSD=2",
)


class Fate(StrEnum):
    """What becomes of a message."""

    TAKEN = "taken"
    CMS_ERROR = "cms error"
    """The network is out of order; nothing is sent."""
    CMS_BARRED = "cms barred"
    """The network refuses this number for good; nothing is sent."""
    SILENT = "silent"
    """No answer to the command, before any message was given."""
    LOST = "lost"
    """The message goes out and its answer never comes."""
    UNPLUGGED = "unplugged"
    """The cable is pulled while the message is being given."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One message that left the modem."""

    number: str
    text: str
    reference: int
    wants_report: bool


class Modem:
    """The modem; a thread of its own answers. ``close`` pulls it out."""

    def __init__(self, link: Path | None = None) -> None:
        self._link = link
        self.sent: list[Sent] = []
        self.asked: list[str] = []
        """Every number for which a message was begun, sent or not."""
        self.fate: Callable[[str], Fate] = lambda _: Fate.TAKEN
        self.report_at_once: int | None = DELIVERED
        """The status reported right after each message that wanted a report."""
        self.signal = 20
        self.pin = "READY"
        self.credit = "Sisa pulsa Rp 12.500 aktif sd 31/12"
        self.is_registered = True
        self.reference = 0
        self._echo = True
        self._pending = ""
        self._is_running = False
        self.plug()

    def plug(self) -> None:
        """Come (back) on a fresh pty, under the same link if there is one."""
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        if self._link is not None:
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(self.path)
            self.path = str(self._link)
        self._echo, self._is_running, self._giving = True, True, False
        self._thread = threading.Thread(target=self._answer, daemon=True, name="modem")
        self._thread.start()

    def unplug(self) -> None:
        """Pull the cable."""
        self._is_running = False
        if self._link is not None:
            self._link.unlink(missing_ok=True)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def report(self, sent: Sent, status: int = DELIVERED) -> None:
        """A delivery report for a message that was sent."""
        self._write(_report(sent, status))

    def close(self) -> None:
        """Pull it out for good."""
        if self._is_running:
            self.unplug()

    def _write(self, text: str) -> None:
        os.write(self._master, text.encode("latin1"))

    def _ok(self, text: str = "") -> None:
        self._write(f"\r\n{text}\r\n\r\nOK\r\n" if text else "\r\nOK\r\n")

    def _answer(self) -> None:
        buffer = b""
        try:
            while self._is_running:
                if not select.select([self._master], [], [], 0.02)[0]:
                    continue
                try:
                    data = os.read(self._master, 4096)
                except OSError:  # nobody has the other end open
                    time.sleep(0.02)
                    continue
                if self._echo:
                    os.write(self._master, data)
                buffer += data
                while self._is_running and (end := re.search(rb"[\r\x1a\x1b]", buffer)):
                    line, mark, buffer = buffer[: end.start()], end.group(), buffer[end.end() :]
                    text = line.strip(b"\n").decode("latin1")
                    if self._giving:
                        self._take(text, mark)
                    elif mark == b"\r":
                        self._command(text)
        finally:
            os.close(self._master)
            os.close(self._slave)

    def _take(self, pdu: str, mark: bytes) -> None:
        self._giving = False
        if mark == b"\x1b":
            self._ok()
            return
        sent = _submitted(pdu, (self.reference + 1) & 0xFF)
        self.asked.append(sent.number)
        fate = self.fate(sent.number)
        if fate is Fate.UNPLUGGED:
            self.unplug()
            return
        if fate in {Fate.CMS_ERROR, Fate.CMS_BARRED}:
            self._write(f"\r\n+CMS ERROR: {38 if fate is Fate.CMS_ERROR else 28}\r\n")
            return
        if fate is Fate.SILENT:
            return
        self.reference = sent.reference
        self.sent.append(sent)
        if fate is Fate.TAKEN:
            self._ok(f"+CMGS: {sent.reference}")
        if sent.wants_report and self.report_at_once is not None and fate is Fate.TAKEN:
            self.report(sent, self.report_at_once)

    def _command(self, command: str) -> None:
        asked = command.upper()
        if not asked:
            return
        if asked.startswith("AT+CMGS="):
            self._giving = True
            self._write("\r\n> ")
            return
        if asked in {"ATE0", "ATE1"}:
            self._echo = asked == "ATE1"
        if asked == "AT+CSQ":
            self._ok(f"+CSQ: {self.signal},99")
        elif asked == "AT+CPIN?":
            self._ok(f"+CPIN: {self.pin}")
        elif asked == "AT+CREG?":
            self._ok('+CREG: 2,1,"00A1","0B2C"' if self.is_registered else "+CREG: 2,2")
        elif asked in _ANSWERS:
            self._ok(_ANSWERS[asked])
        elif asked.startswith("AT+CPMS="):
            self._ok("+CPMS: 0,20,0,20,0,20")
        elif asked.startswith("AT+CUSD=") and '"' in asked:
            self._ok()
            self._write(f'\r\n+CUSD: 0,"{self.credit}",15\r\n')
        elif asked == "AT" or asked.startswith(_MERELY_OK):
            self._ok()
        else:
            self._write("\r\nERROR\r\n")


def _submitted(pdu: str, reference: int) -> Sent:
    raw = bytes.fromhex(pdu)
    at = 1 + raw[0]
    first, digits = raw[at], raw[at + 2]
    kind = raw[at + 3]
    size = (digits + 1) // 2
    number = _swapped(raw[at + 4 : at + 4 + size])[:digits]
    at += 4 + size
    coding, at = raw[at + 1], at + 2 + (0, 7, 1, 7)[(first >> 3) & 3]
    length, body = raw[at], raw[at + 1 :]
    if first & 0x40:
        raise AssertionError("the rig takes messages of one segment")
    text = body[:length].decode("utf-16-be") if coding & 0x0C == 8 else _unpacked(body, length)
    return Sent(("+" if kind == 0x91 else "") + number, text, reference, bool(first & 0x20))


def _unpacked(body: bytes, septets: int) -> str:
    whole = int.from_bytes(body, "little")
    return "".join(_GSM[(whole >> (7 * place)) & 0x7F] for place in range(septets))


def _swapped(raw: bytes) -> str:
    return "".join(f"{byte & 15:X}{byte >> 4:X}" for byte in raw)


def _report(sent: Sent, status: int) -> str:
    digits = sent.number.lstrip("+")
    padded = digits + "F" * (len(digits) % 2)
    address = "".join(padded[at + 1] + padded[at] for at in range(0, len(padded), 2))
    tpdu = f"06{sent.reference:02X}{len(digits):02X}91{address}{_STAMP}{_STAMP}{status:02X}"
    return f"\r\n+CDS: {len(tpdu) // 2}\r\n00{tpdu}\r\n"
