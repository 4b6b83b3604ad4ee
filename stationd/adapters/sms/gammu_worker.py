"""The process that talks to a modem through gammu: ``python -m stationd.adapters.sms.gammu_worker``.

gammu is a blocking C library that may hang for minutes when a modem loses its answer, so it has a process to itself
that the station may kill (docs/decisions). Requests and answers are lines of JSON on standard input and output; numbers
and texts go no other way, never by argument or environment.

An alarm ends the process when a request takes too long, also when nobody is left who could kill it.
"""

import json
import os
import re
import select
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

TICK_S: Final = 0.3
"""How often the modem is asked for what came by itself, while there is nothing to do."""

LISTEN_S: Final = 30
"""How long the modem may take to say that nothing came."""

CONNECTION: Final = "at"
_CODE: Final = re.compile(rb"CM[SE] Error (\d+)")
_LOG_BYTES: Final = 1 << 20


def taken_over_output() -> int:
    """Standard output, for answers alone: the library prints warnings there, with what they are about in them."""
    answers = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return answers


class Worker:
    """One modem; answers go to the file descriptor ``answers``."""

    def __init__(self, answers: int) -> None:
        import gammu  # noqa: PLC0415 - loaded in this process only

        self._answers = answers
        self._gammu = gammu
        self._machine: Any = None
        self._device = ""
        self._log = os.memfd_create("gammu")
        """gammu tells the modem's own error codes in its log only; the log holds numbers, so it stays in memory."""
        self._log_path = f"/proc/self/fd/{self._log}"
        gammu.SetDebugFile(self._log_path)
        gammu.SetDebugLevel("textall")

    def run(self) -> None:
        """Until standard input ends."""
        buffer = b""
        while True:
            ready, _, _ = select.select([0], [], [], TICK_S)
            if ready:
                data = os.read(0, 65536)
                if not data:
                    return
                buffer += data
                while b"\n" in buffer:
                    line, _, buffer = buffer.partition(b"\n")
                    self._serve(json.loads(line))
            elif self._machine is not None:
                self._listen()

    def _serve(self, request: dict[str, Any]) -> None:
        signal.alarm(int(request["limit_s"]) + 1)
        os.ftruncate(self._log, 0)
        try:
            answer = getattr(self, f"_do_{request['do']}")(request)
        except self._gammu.GSMError as error:
            told = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
            answer = {"error": told.get("Code", 0), "modem": self._modem_code()}
        signal.alarm(0)
        self._say({"re": request["do"], **answer})

    def _listen(self) -> None:
        if not Path(self._device).exists():  # gammu reads nothing from a device that is gone, for ever
            raise SystemExit(0)
        signal.alarm(LISTEN_S)
        try:
            self._machine.ReadDevice(False)
        except self._gammu.GSMError as error:
            raise SystemExit(1) from error
        signal.alarm(0)
        os.ftruncate(self._log, 0)

    def _modem_code(self) -> int | None:
        codes = _CODE.findall(os.pread(self._log, _LOG_BYTES, 0))
        return int(codes[-1]) if codes else None

    def _do_open(self, request: dict[str, Any]) -> dict[str, Any]:
        machine = self._gammu.StateMachine()
        # From a file, because only so the routing of delivery reports (AT+CNMI) can be told.
        settings = os.memfd_create("gammurc")
        os.write(
            settings,
            f"[gammu]\ndevice = {request['device']}\nconnection = {CONNECTION}\nsynchronizetime = no\n"
            f"atgen_setcnmi = 2,1,0,1,0\nuse_locking = no\nlogformat = textall\nlogfile = {self._log_path}\n".encode(),
        )
        machine.ReadConfig(0, 0, f"/proc/self/fd/{settings}")
        os.close(settings)
        machine.Init()
        machine.SetIncomingCallback(self._came)
        for switch in (machine.SetIncomingSMS, machine.SetIncomingUSSD):
            try:
                switch(1)
            except self._gammu.GSMError:
                continue  # the modem reports by itself, or not at all
        self._machine, self._device = machine, request["device"]
        return {"model": machine.GetModel()[1]}

    def _do_look(self, request: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = {"signal": None, "network": None, "sim": None}
        asks: dict[str, Callable[[], Any]] = {
            "signal": lambda: self._machine.GetSignalQuality()["SignalPercent"],
            "network": lambda: self._machine.GetNetworkInfo()["State"],
            "sim": lambda: self._machine.GetSecurityStatus() or "ready",
        }
        for name, ask in asks.items():
            try:
                answer[name] = ask()
            except self._gammu.GSMError as error:
                if error.args[0].get("Code") not in _NOT_TOLD:
                    raise
        if request.get("ussd"):
            self._machine.DialService(request["ussd"])
        return answer

    def _do_send(self, request: dict[str, Any]) -> dict[str, Any]:
        base = {"SMSC": {"Location": 1}, "Number": request["number"], "Type": "Status_Report"}
        message = {
            "Class": -1,
            "Unicode": request["is_ucs2"],
            "Entries": [{"ID": "ConcatenatedTextLong", "Buffer": request["text"]}],
        }
        # An encoded message of one part carries no header, and looks to the network as if typed on a telephone.
        parts = self._gammu.EncodeSMS(message)
        references = [self._machine.SendSMS({**part, **base}) for part in parts]
        return {"reference": references[-1]}

    def _say(self, what: dict[str, Any]) -> None:
        os.write(self._answers, json.dumps(what).encode() + b"\n")

    def _came(self, _machine: Any, kind: str, data: dict[str, Any]) -> None:
        if kind == "SMS" and data.get("Type") == "Status_Report":
            status = data["DeliveryStatus"]
            self._say({"report": {"number": data["Number"], "reference": data["MessageReference"], "status": status}})
        elif kind == "USSD":
            self._say({"ussd": data.get("Text", "")})


_NOT_TOLD: Final = frozenset({21, 25, 27})
"""gammu's codes for what a modem does not support or answers with a bare ERROR."""


if __name__ == "__main__":
    Worker(taken_over_output()).run()
