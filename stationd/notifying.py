"""The part of the composition that is about telling holders: the clock, the ways, the forecast."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from stationd.adapters.notice_metrics import NoticeMetrics
from stationd.adapters.paper import OfficePaper
from stationd.adapters.paper.size import PageSize
from stationd.adapters.sms.gammu_modem import GammuModem, ModemOptions
from stationd.adapters.sms.gateway import GatewayOptions, HttpGateway
from stationd.adapters.sms.numbers import read_number
from stationd.adapters.sms.simulator import SimulatedNotifier
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.history import SqliteHistory
from stationd.adapters.sqlite.notice_lists import NoticeLists
from stationd.adapters.sqlite.notices import SqliteNotices
from stationd.attending import Attending
from stationd.config import Settings
from stationd.config_calendar import CalendarError, load_year, packaged_calendar
from stationd.config_notices import WEEKDAYS, GatewaySettings, SmsSettings
from stationd.domain.errors import Faulted
from stationd.domain.minutes import Office
from stationd.domain.notices import SendingHours
from stationd.domain.rush import Year
from stationd.domain.sms import Wording
from stationd.ports.clock import Clock, Entropy
from stationd.ports.notifier import Notifier
from stationd.ports.seal import Seal
from stationd.services.board import Board
from stationd.services.modems import Modems
from stationd.services.notify import NoticePolicy, Notices
from stationd.services.rush import Rush
from stationd.services.supervise import Supervisor


class Notifying:
    """Who is told, by which way, and what is to come."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        seal: Seal,
        *,
        clock: Clock,
        entropy: Entropy,
        attending: Attending,
        modems: Modems,
    ) -> None:
        """``modems`` knows the lines of modems on the bus."""
        wanted, office = settings.notices, settings.office
        weekdays = frozenset(map(WEEKDAYS.index, wanted.weekdays))
        ways: dict[str, Callable[[], Notifier]] = {
            "modem": lambda: _modem(settings.sms, modems.nodes),
            "gateway": lambda: _gateway(settings.gateway),
            "simulator": SimulatedNotifier,
        }
        calendar = attending.calendar
        lists = NoticeLists(database.reader, seal, read_number)
        self.notices = Notices(
            SqliteNotices(database.writer, database.reader, seal, entropy, read_number),
            lists,
            [ways[name]() for name in dict.fromkeys(wanted.ways)],
            NoticePolicy(
                rules=wanted.rules,
                hours=SendingHours(
                    from_minute=wanted.open, until_minute=wanted.close, weekdays=weekdays, per_day=wanted.per_day
                ),
                wording=Wording(first=wanted.first, reminder=wanted.reminder, last=wanted.last),
                office=wanted.office or settings.station.name,
                hours_text=wanted.hours,
            ),
            clock=clock,
            calendar=calendar,
        )
        self.board = Board(
            lists,
            OfficePaper(PageSize(office.paper)),
            calendar,
            office=Office(head=office.head, address=office.address, town=office.city),
            place=settings.station.name,
            hours=wanted.hours,
        )
        modems.follow(self.notices.look_soon)
        years = _YearFile(wanted.calendar or packaged_calendar(), weekdays)
        self.rush = Rush(SqliteHistory(database.writer, database.reader), years, calendar, calendar.day_of)
        self.metrics = NoticeMetrics(lambda: self.notices.outbox, self.notices.ways)

    def start(self, supervisor: Supervisor) -> None:
        """Begin to tell people, and to count days."""
        supervisor.start("notices", self.notices.run)
        supervisor.start("days", self.rush.run)

    async def stop(self, supervisor: Supervisor) -> None:
        """Send nothing more."""
        await supervisor.stop("notices")
        await supervisor.stop("days")
        await self.notices.aclose()


def _modem(sms: SmsSettings, modems: Callable[[], Sequence[str]]) -> Notifier:
    nodes: Callable[[], Sequence[str]] = modems if sms.device is None else lambda: (str(sms.device),)
    options = ModemOptions(send_s=sms.send_s, ussd=sms.ussd, credit_every_s=sms.credit_hours * 3600.0)
    return GammuModem(nodes, options)


def _gateway(settings: GatewaySettings) -> Notifier:
    options = GatewayOptions(
        url=settings.url or "",
        method=settings.method,
        form=settings.form,
        fields=settings.fields,
        has_plus=settings.plus,
        reference=settings.reference,
        auth=settings.auth,
        auth_header=settings.auth_header,
        auth_prefix=settings.auth_prefix,
        timeout_s=settings.timeout_s,
        report_url=settings.report_url,
        report_state=settings.report_state,
        delivered=settings.delivered,
        failed=settings.failed,
    )
    return HttpGateway(options, lambda: _secret(settings.secret_file))


def _secret(path: Path | None) -> bytes:
    if path is None:
        raise AssertionError("the configuration asks for a file where a secret is needed")
    try:
        return path.read_bytes().strip()
    except OSError as trouble:
        raise Faulted(
            "secret-unreadable", f"cannot read the secret of the gateway from {path}: {trouble.strerror}"
        ) from trouble


class _YearFile:
    """The calendar file, read whenever it is asked for: it is changed once a year."""

    def __init__(self, path: Path, weekdays: frozenset[int]) -> None:
        self._path = path
        self._weekdays = weekdays

    async def year(self) -> Year:
        """See :meth:`stationd.ports.history.YearSource.year`."""
        try:
            return await asyncio.to_thread(load_year, self._path, self._weekdays)
        except CalendarError as wrong:
            raise Faulted(
                "calendar-wrong", f"cannot use the calendar: {wrong}", fix="correct the file; it is read at once"
            ) from wrong
