"""cupsd of its own on a unix socket: one raw queue a worker, each with a backend that only reads the document.

The setting ``default`` is CUPS as it comes: nothing is synced, and the job's control file is written up to 30 s after
the answer. ``durable`` writes and syncs it before the answer, as a print station must.
"""

import asyncio
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import uvloop

from stationd.adapters.printers.ipp.codec import decode, encode
from stationd.adapters.printers.ipp.message import Group, GroupTag, Message, Tag, attribute
from tests.bench.peers.task import Task, measured
from tests.rigs.documents import pdf

_START_S = 10
_PRINT_JOB = 0x0002
_GET_PRINTER_ATTRIBUTES = 0x000B
_LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)
_SYSTEM_BIN = Path("/usr/lib/cups")

_CUPSD_CONF = """
LogLevel none
AccessLogLevel config
Listen {folder}/cups.sock
Browsing No
WebInterface No
DefaultAuthType None
MaxJobs 0
MaxJobsPerPrinter 0
MaxClients 600
MaxClientsPerHost 600
FilterLimit 0
DirtyCleanInterval {interval}
<Location />
  Order allow,deny
  Allow all
</Location>
<Policy default>
  <Limit All>
    Order deny,allow
  </Limit>
</Policy>
"""

_FILES_CONF = """
SystemGroup root
User nobody
Group nogroup
ServerRoot {folder}/root
ServerBin {folder}/bin
DataDir /usr/share/cups
DocumentRoot /usr/share/cups/doc-root
RequestRoot {folder}/spool
CacheDir {folder}/cache
StateDir {folder}/state
TempDir {folder}/spool/tmp
AccessLog {folder}/log/access
ErrorLog {folder}/log/error
PageLog {folder}/log/page
SyncOnClose {sync}
"""

_PRINTER = """
<Printer {name}>
Info {name}
DeviceURI null:/card
State {state}
Accepting Yes
Shared No
JobSheets none none
OpPolicy default
ErrorPolicy abort-job
</Printer>
"""


def server(task: Task) -> "subprocess.Popen[bytes]":
    """Start it with its queues; without workers they are stopped, so that it only takes jobs."""
    folder, is_durable = task.folder, task.setting == "durable"
    for name in (
        "root",
        "bin/backend",
        "bin/daemon",
        "bin/filter",
        "bin/notifier",
        "spool/tmp",
        "cache",
        "state",
        "log",
    ):
        (folder / name).mkdir(parents=True)
    shutil.copy(_SYSTEM_BIN / "daemon" / "cups-exec", folder / "bin/daemon")
    source = Path(__file__).with_name("null_backend.c")
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", folder / "bin/backend/null", source], check=True)
    state = "Idle" if task.workers else "Stopped"
    printers = "".join(_PRINTER.format(name=name, state=state) for name in queues(task))
    interval, sync = (0, "Yes") if is_durable else (30, "No")
    texts = {
        "root/printers.conf": printers,
        "cupsd.conf": _CUPSD_CONF.format(folder=folder, interval=interval),
        "cups-files.conf": _FILES_CONF.format(folder=folder, sync=sync),
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    command = ["cupsd", "-f", "-c", folder / "cupsd.conf", "-s", folder / "cups-files.conf"]
    with (folder / "log/output").open("wb") as output:
        return subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)


def queues(task: Task) -> list[str]:
    """The names of its queues."""
    return [f"kartu-{number}" for number in range(1, max(1, task.workers) + 1)]


def post(queue: str, operation: int, number: int, document: bytes = b"") -> bytes:
    """The bytes of a request."""
    attributes = [
        attribute("attributes-charset", Tag.CHARSET, "utf-8"),
        attribute("attributes-natural-language", Tag.NATURAL_LANGUAGE, "en"),
        attribute("printer-uri", Tag.URI, f"ipp://localhost/printers/{queue}"),
        attribute("requesting-user-name", Tag.NAME, "root"),
    ]
    if operation == _PRINT_JOB:
        attributes.append(attribute("job-name", Tag.NAME, f"card {number}"))
        attributes.append(attribute("document-format", Tag.MIME_MEDIA_TYPE, "application/vnd.cups-raw"))
    else:
        attributes.append(attribute("requested-attributes", Tag.KEYWORD, "queued-job-count"))
    body = encode(Message(operation, number + 1, (Group(GroupTag.OPERATION, tuple(attributes)),))) + document
    head = f"POST /printers/{queue} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/ipp\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def answer(reader: asyncio.StreamReader) -> Message:
    """The next answer on a connection; raises when it is not a success."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    body = b""
    if length is not None:
        body = await reader.readexactly(int(length[1]))
    else:
        while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readexactly(2)
    message, _ = decode(body)
    if message.code >= 0x100:
        raise RuntimeError(f"CUPS answers {message.code:#x}")
    return message


async def produce(task: Task) -> None:
    """Hand in all jobs, and wait until no queue holds one when there are workers."""
    socket = str(task.folder / "cups.sock")
    names = queues(task)
    prepared = [post(names[n % len(names)], _PRINT_JOB, n, pdf(n, size=1024)) for n in range(task.jobs)]
    numbers = iter(range(task.jobs))

    async def client() -> None:
        reader, writer = await asyncio.open_unix_connection(socket)
        for number in numbers:
            writer.write(prepared[number])
            await answer(reader)
        writer.close()

    with measured(task):
        await asyncio.gather(*(client() for _ in range(task.clients)))
        reader, writer = await asyncio.open_unix_connection(socket)
        for name in names if task.workers else ():
            while True:
                writer.write(post(name, _GET_PRINTER_ATTRIBUTES, 0))
                found = (await answer(reader)).group(GroupTag.PRINTER)
                assert found is not None
                if found.values("queued-job-count")[0].content == 0:
                    break
                await asyncio.sleep(0.02)
        writer.close()


def main(task: Task) -> None:
    """Measure it."""
    cupsd = server(task)
    try:
        deadline = time.monotonic() + _START_S
        while not (task.folder / "cups.sock").exists():
            assert cupsd.poll() is None, "cupsd ended at its start"
            assert time.monotonic() < deadline, "cupsd does not start"
            time.sleep(0.02)
        uvloop.run(produce(task))
    finally:
        cupsd.terminate()
        cupsd.wait()


if __name__ == "__main__":
    os.umask(0o022)
    main(Task.of_command_line())
