"""The city's dashboards for Grafana 11, in English and Bahasa Indonesia, made with Grafana's own builder.

``docs/generate.py`` writes them to ``config/city/grafana/``. Each query stands once; a title is a pair of languages.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from grafana_foundation_sdk.builders import bargauge, dashboard, prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders.common import ReduceDataOptions, VizLegendOptions
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueTextMode,
    LegendDisplayMode,
    LegendPlacement,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    GridPos,
    Threshold,
    ThresholdsMode,
    VariableRefresh,
    VariableSort,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

Words = tuple[str, str]
"""English, Bahasa Indonesia."""
Steps = Sequence[tuple[float | None, str]]
"""Colours from a value on; the first has no value."""

LANGUAGES: Final = ("en", "id")
_SOURCE: Final = DataSourceRef(type_val="prometheus", uid="${source}")
_FULL: Final = 24
_HEIGHT: Final = 8
_GOOD_BELOW: Final[Steps] = ((None, "green"), (1, "red"))
_PER_STATION: Final = "by (station, kecamatan)"


@dataclass(frozen=True, slots=True)
class Ask:
    """A query, and what its line is called."""

    expr: str
    legend: str = "{{kecamatan}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel; ``width`` in the 24 columns of a row. ``columns`` name the queries of a table, in their order."""

    title: Words
    asks: Sequence[Ask]
    kind: str = "lines"
    width: int = 12
    height: int = _HEIGHT
    unit: str = "short"
    steps: Steps = ()
    columns: Sequence[tuple[Words, str, Steps]] = ()
    says: Words = ("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One dashboard: its name in file and address, its title, and the variables that a reader chooses."""

    name: str
    title: Words
    panels: Sequence[Panel]
    chosen: Sequence[tuple[str, Words, str]] = ()


_STATION: Final = ("station", ("Station", "Stasiun"), "label_values(stationd_build_info, station)")
_PRINTER: Final = (
    "printer",
    ("Printer", "Pencetak"),
    'label_values(stationd_printer_state{station=~"$station"}, printer)',
)
_DAYS: Final[Steps] = ((None, "red"), (2, "orange"), (5, "green"))

CITY: Final = Board(
    name="city",
    title=("Print stations: the city", "Stasiun cetak: kota"),
    panels=(
        Panel(
            title=("Stations that answer", "Stasiun yang menjawab"),
            asks=(Ask('count(up{job="stationd"} == 1) / count(last_over_time(up{job="stationd"}[1d]))', ""),),
            kind="stat",
            width=6,
            height=4,
            unit="percentunit",
            steps=((None, "red"), (0.9, "orange"), (1, "green")),
        ),
        Panel(
            title=("Cards in 24 hours", "Kartu dalam 24 jam"),
            asks=(Ask("city:cards_printed:increase1d", ""),),
            kind="stat",
            width=6,
            height=4,
        ),
        Panel(
            title=("Finished cards not fetched", "Kartu selesai belum diambil"),
            asks=(Ask("sum(kecamatan:cards_on_shelf:sum)", ""),),
            kind="stat",
            width=6,
            height=4,
        ),
        Panel(
            title=("Alerts", "Peringatan"),
            asks=(Ask('count(ALERTS{alertstate="firing"}) or vector(0)', ""),),
            kind="stat",
            width=6,
            height=4,
            steps=((None, "green"), (1, "orange"), (5, "red")),
        ),
        Panel(
            title=("Kecamatan, by number of alerts", "Kecamatan menurut jumlah peringatan"),
            asks=(
                Ask(
                    f'station:alerts_firing:count or max {_PER_STATION} (last_over_time(up{{job="stationd"}}[1d])) * 0'
                ),
            ),
            kind="tiles",
            width=_FULL,
            height=7,
            steps=((None, "green"), (1, "orange"), (3, "red")),
        ),
        Panel(
            title=("Every station", "Semua stasiun"),
            asks=(
                Ask(f'max {_PER_STATION} (up{{job="stationd"}})'),
                Ask("station:cards_printed:increase1d"),
                Ask("station:blanks_left:days"),
                Ask(f'sum {_PER_STATION} (stationd_jobs{{state="queued"}})'),
                Ask(f'max {_PER_STATION} (stationd_oldest_job_age_seconds{{state="queued"}}) / 86400'),
                Ask(f'sum {_PER_STATION} (stationd_cards{{custody="on_shelf"}})'),
                Ask("station:cards_in_time:ratio28d"),
                Ask(f'sum {_PER_STATION} (stationd_jobs{{state="uncertain"}})'),
            ),
            kind="table",
            width=_FULL,
            height=16,
            columns=(
                (("Answers", "Menjawab"), "bool_yes_no", ((None, "red"), (1, "green"))),
                (("Cards in 24 h", "Kartu 24 jam"), "short", ()),
                (("Blanks last, days", "Blangko cukup, hari"), "short", _DAYS),
                (("In the queue", "Dalam antrean"), "short", ()),
                (
                    ("Oldest order, days", "Pesanan terlama, hari"),
                    "short",
                    ((None, "green"), (3, "orange"), (5, "red")),
                ),
                (("Not fetched", "Belum diambil"), "short", ((None, "green"), (500, "orange"))),
                (("In time, 4 weeks", "Tepat waktu, 4 minggu"), "percentunit", ((None, "red"), (0.95, "green"))),
                (("Uncertain", "Tidak pasti"), "short", _GOOD_BELOW),
            ),
        ),
        Panel(title=("Cards a day", "Kartu per hari"), asks=(Ask("station:cards_printed:increase1d"),), width=12),
        Panel(
            title=("What is left of the late 5 %", "Sisa dari 5 % yang boleh terlambat"),
            asks=(Ask("clamp_min(station:cards_in_time:budget_left, -1)"),),
            unit="percentunit",
            steps=((None, "red"), (0, "orange"), (0.5, "green")),
        ),
        Panel(
            title=("Alerts that are firing", "Peringatan yang berlaku"),
            asks=(Ask('count by (alertname, severity, kecamatan) (ALERTS{alertstate="firing"})'),),
            kind="table",
            width=_FULL,
            columns=((("Number", "Jumlah"), "short", ()),),
        ),
    ),
)

STATION: Final = Board(
    name="station",
    title=("Print stations: one station", "Stasiun cetak: satu stasiun"),
    chosen=(_STATION,),
    panels=(
        Panel(
            title=("Jobs by state", "Pekerjaan menurut keadaan"),
            asks=(Ask('sum by (state) (stationd_jobs{station=~"$station", state!~"printed|cancelled"})', "{{state}}"),),
        ),
        Panel(
            title=("Orders taken and cards printed, an hour", "Pesanan masuk dan kartu tercetak, per jam"),
            asks=(
                Ask(
                    'sum(rate(stationd_orders_taken_total{station=~"$station"}[$__rate_interval])) * 3600',
                    "orders / pesanan",
                ),
                Ask(
                    'sum(rate(stationd_cards_printed_total{station=~"$station"}[$__rate_interval])) * 3600',
                    "cards / kartu",
                ),
            ),
        ),
        Panel(
            title=("Readiness checks (0 well, 2 failed)", "Pemeriksaan kesiapan (0 baik, 2 gagal)"),
            asks=(Ask('max by (check) (stationd_check_level{station=~"$station"})', "{{check}}"),),
            kind="states",
            steps=((None, "green"), (1, "orange"), (2, "red")),
        ),
        Panel(
            title=("How long printed cards had waited", "Lama menunggu kartu yang tercetak"),
            asks=tuple(
                Ask(
                    f"histogram_quantile({share}, sum by (le) "
                    '(rate(stationd_card_wait_seconds_bucket{station=~"$station"}[1d])))',
                    name,
                )
                for share, name in ((0.5, "50 %"), (0.95, "95 %"))
            ),
            unit="s",
        ),
        Panel(
            title=("The oldest order", "Pesanan terlama"),
            asks=(Ask('max by (state) (stationd_oldest_job_age_seconds{station=~"$station"})', "{{state}}"),),
            unit="s",
        ),
        Panel(
            title=("Officers", "Petugas"),
            asks=(
                Ask('max(stationd_officers_able{station=~"$station"})', "able / berwenang"),
                Ask('max(stationd_officers_on_duty{station=~"$station"})', "on duty / bertugas"),
            ),
        ),
        Panel(
            title=("Cards by place", "Kartu menurut tempat"),
            asks=(
                Ask('sum by (custody) (stationd_cards{station=~"$station", custody!="handed_over"})', "{{custody}}"),
            ),
        ),
        Panel(
            title=("Notices a day, by outcome", "Pemberitahuan per hari, menurut hasil"),
            asks=(Ask('sum by (outcome) (increase(stationd_notices_total{station=~"$station"}[1d]))', "{{outcome}}"),),
        ),
        Panel(
            title=("Time of a commit, 99 %", "Lama penyimpanan, 99 %"),
            asks=(
                Ask(
                    "histogram_quantile(0.99, sum by (le) "
                    '(rate(stationd_writer_commit_seconds_bucket{station=~"$station"}[$__rate_interval])))',
                    "99 %",
                ),
            ),
            unit="s",
            width=8,
        ),
        Panel(
            title=("Lag of the event loop, 99 %", "Keterlambatan program, 99 %"),
            asks=(
                Ask(
                    "histogram_quantile(0.99, sum by (le) "
                    '(rate(stationd_loop_lag_seconds_bucket{station=~"$station"}[$__rate_interval])))',
                    "99 %",
                ),
            ),
            unit="s",
            width=8,
        ),
        Panel(
            title=("Free disk", "Sisa ruang disk"),
            asks=(Ask('min(stationd_disk_free_bytes{station=~"$station"})', "free / sisa"),),
            unit="bytes",
            width=8,
        ),
    ),
)

PRINTER: Final = Board(
    name="printer",
    title=("Print stations: printers", "Stasiun cetak: pencetak"),
    chosen=(_STATION, _PRINTER),
    panels=(
        Panel(
            title=("Stopped (1)", "Berhenti (1)"),
            asks=(
                Ask(
                    'max by (kecamatan, printer) (stationd_printer_state{station=~"$station", printer=~"$printer", '
                    'state="stopped"})',
                    "{{kecamatan}} {{printer}}",
                ),
            ),
            kind="states",
            width=_FULL,
            steps=_GOOD_BELOW,
        ),
        Panel(
            title=("Reasons", "Sebab"),
            asks=(
                Ask(
                    'max by (kecamatan, printer, reason) (stationd_printer_reason{station=~"$station", '
                    'printer=~"$printer"})',
                    "{{kecamatan}} {{printer}} {{reason}}",
                ),
            ),
            kind="states",
            steps=((None, "orange"),),
        ),
        Panel(
            title=("Share of time at work", "Bagian waktu bekerja"),
            asks=(
                Ask(
                    'rate(stationd_printer_busy_seconds_total{station=~"$station", printer=~"$printer"}[1h])',
                    "{{kecamatan}} {{printer}}",
                ),
            ),
            unit="percentunit",
        ),
        Panel(
            title=("Time of a card", "Lama satu kartu"),
            asks=tuple(
                Ask(
                    f"histogram_quantile({share}, sum by (le) "
                    '(rate(stationd_print_seconds_bucket{station=~"$station", printer=~"$printer"}[1d])))',
                    name,
                )
                for share, name in ((0.5, "50 %"), (0.99, "99 %"))
            ),
            unit="s",
        ),
        Panel(
            title=("Attempts a day, by outcome", "Percobaan per hari, menurut hasil"),
            asks=(
                Ask(
                    'sum by (outcome) (increase(stationd_attempts_total{station=~"$station", '
                    'printer=~"$printer"}[1d]))',
                    "{{outcome}}",
                ),
            ),
        ),
        Panel(
            title=("Cards for which supplies last", "Persediaan cukup untuk kartu"),
            asks=(
                Ask(
                    'stationd_printer_supply_cards{station=~"$station", printer=~"$printer"}',
                    "{{kecamatan}} {{printer}} {{supply}}",
                ),
            ),
        ),
        Panel(
            title=("Blanks spoiled a week, by cause", "Blangko rusak per minggu, menurut sebab"),
            asks=(
                Ask('sum by (cause) (increase(stationd_blanks_spoiled_total{station=~"$station"}[7d]))', "{{cause}}"),
            ),
        ),
    ),
)

BLANKS: Final = Board(
    name="blanks",
    title=("Print stations: blanks", "Stasiun cetak: blangko"),
    panels=(
        Panel(
            title=("Days that blanks last", "Berapa hari blangko cukup"),
            asks=(Ask("sort(station:blanks_left:days)"),),
            kind="bars",
            height=14,
            steps=_DAYS,
        ),
        Panel(
            title=("Blanks at hand", "Blangko yang ada"),
            asks=(Ask(f'sum {_PER_STATION} (stationd_blanks{{account=~"safe|loaded"}})'),),
            height=14,
        ),
        Panel(
            title=("Blanks of the city by account", "Blangko kota menurut akun"),
            asks=(Ask('sum by (account) (stationd_blanks{account!="issued"})', "{{account}}"),),
        ),
        Panel(
            title=("Share spoiled in 7 days", "Bagian rusak dalam 7 hari"),
            asks=(Ask("station:blanks_spoiled:ratio7d"),),
            unit="percentunit",
        ),
        Panel(
            title=("Cards that can be finished", "Kartu yang dapat diselesaikan"),
            asks=(Ask(f"min {_PER_STATION} (stationd_can_finish_cards)"),),
            kind="bars",
            height=12,
        ),
        Panel(
            title=("Time since the last count", "Waktu sejak penghitungan terakhir"),
            asks=(Ask(f"max {_PER_STATION} (stationd_blank_count_age_seconds)"),),
            unit="s",
            kind="bars",
            height=12,
        ),
    ),
)

INTEGRITY: Final = Board(
    name="integrity",
    title=("Print stations: integrity", "Stasiun cetak: integritas"),
    panels=(
        Panel(
            title=("Changes of the order, 7 days", "Perubahan urutan, 7 hari"),
            asks=(Ask("sort_desc(station:order_changes:increase7d)"),),
            kind="bars",
            height=12,
            says=(
                "The reasons, and the two officers, stand in the audit of the station.",
                "Alasan dan kedua petugas tercatat dalam audit stasiun.",
            ),
        ),
        Panel(
            title=("Last count beside the book", "Penghitungan terakhir dibanding buku"),
            asks=(Ask(f"max {_PER_STATION} (stationd_blank_count_difference)"),),
            kind="bars",
            height=12,
            steps=((None, "red"), (0, "green"), (1, "red")),
        ),
        Panel(
            title=("Cards of which nobody knows", "Kartu yang tidak pasti"),
            asks=(Ask(f'sum {_PER_STATION} (stationd_jobs{{state="uncertain"}})'),),
        ),
        Panel(
            title=("Verdicts of officers, 7 days", "Keputusan petugas, 7 hari"),
            asks=(Ask("sum by (verdict) (increase(stationd_verdicts_total[7d]))", "{{verdict}}"),),
        ),
        Panel(
            title=("Blanks not found, 28 days", "Blangko tidak ditemukan, 28 hari"),
            asks=(Ask(f"sum {_PER_STATION} (increase(stationd_blanks_missed_total[28d]))"),),
        ),
        Panel(
            title=("Share handed to a proxy, 7 days", "Bagian diserahkan kepada wakil, 7 hari"),
            asks=(
                Ask(
                    f'sum {_PER_STATION} (increase(stationd_hand_overs_total{{to="proxy"}}[7d])) / '
                    f"(sum {_PER_STATION} (increase(stationd_hand_overs_total[7d])) > 0)"
                ),
            ),
            unit="percentunit",
            kind="bars",
            height=12,
        ),
        Panel(
            title=("Requests for a second officer, 7 days", "Permintaan petugas kedua, 7 hari"),
            asks=(Ask("sum by (kind, event) (increase(stationd_approvals_total[7d]))", "{{kind}} {{event}}"),),
            width=_FULL,
        ),
    ),
)

_EVERY_HOUR: Final = 3600
LINK: Final = Board(
    name="link",
    title=("Print stations: the link", "Stasiun cetak: jaringan kota"),
    panels=(
        Panel(
            title=("Stations with a link", "Stasiun yang terhubung"),
            asks=(Ask("sum(stationd_city_connected) / count(stationd_city_connected)", ""),),
            kind="stat",
            width=6,
            height=4,
            unit="percentunit",
            steps=((None, "red"), (0.9, "orange"), (1, "green")),
        ),
        Panel(
            title=("The books have a link", "Pembukuan terhubung"),
            asks=(Ask("max(stationd_books_connected)", ""),),
            kind="stat",
            width=6,
            height=4,
            unit="bool_yes_no",
            steps=((None, "red"), (1, "green")),
        ),
        Panel(
            title=("Copies of the weakest stream", "Salinan aliran terlemah"),
            asks=(Ask("min(sum by (stream) (stationd_books_server_current))", ""),),
            kind="stat",
            width=6,
            height=4,
            steps=((None, "red"), (2, "orange"), (3, "green")),
        ),
        Panel(
            title=("Differences that must not be", "Selisih yang tidak boleh ada"),
            asks=(Ask('sum(stationd_books_differences{code=~"card-twice|holder-twice|blanks-from-nowhere"})', ""),),
            kind="stat",
            width=6,
            height=4,
            steps=_GOOD_BELOW,
        ),
        Panel(
            title=("Orders by hold", "Pesanan menurut keadaan"),
            asks=(Ask('sum by (hold) (stationd_books_orders{hold!="settled"})', "{{hold}}"),),
        ),
        Panel(
            title=("The oldest order by hold", "Pesanan terlama menurut keadaan"),
            asks=(Ask("max by (hold) (stationd_books_oldest_order_age_seconds)", "{{hold}}"),),
            unit="s",
        ),
        Panel(
            title=("Facts and messages, an hour", "Catatan dan pesan, per jam"),
            asks=(
                Ask(
                    f"sum by (outcome) (rate(stationd_books_facts_total[$__rate_interval])) * {_EVERY_HOUR}",
                    "{{outcome}}",
                ),
                Ask(
                    f"sum(rate(stationd_books_messages_sent_total[$__rate_interval])) * {_EVERY_HOUR}",
                    "sent / terkirim",
                ),
            ),
        ),
        Panel(
            title=("What waits", "Yang menunggu"),
            asks=(
                Ask("max(stationd_books_waiting_facts)", "facts for the books / catatan untuk pembukuan"),
                Ask("max(stationd_books_unsent_messages)", "messages for stations / pesan untuk stasiun"),
                Ask("sum(stationd_books_missing_facts)", "behind a gap / tertahan"),
            ),
        ),
        Panel(
            title=("Events that the city has not got", "Catatan yang belum sampai ke kota"),
            asks=(Ask(f"max {_PER_STATION} (stationd_city_backlog_events)"),),
        ),
        Panel(
            title=("Age of the oldest of them", "Umur yang tertua"),
            asks=(Ask(f"max {_PER_STATION} (stationd_city_backlog_age_seconds)"),),
            unit="s",
        ),
        Panel(
            title=("Time since a station was heard", "Waktu sejak stasiun terakhir terdengar"),
            asks=(Ask("sort_desc(time() - max by (station) (stationd_books_heard_timestamp_seconds))", "{{station}}"),),
            unit="s",
            kind="bars",
            height=12,
        ),
        Panel(
            title=("Where the books do not agree", "Selisih pembukuan"),
            asks=(Ask("max by (code) (stationd_books_differences)", "{{code}}"),),
            kind="bars",
            height=12,
            steps=_GOOD_BELOW,
        ),
        Panel(
            title=("How full the streams are", "Seberapa penuh aliran"),
            asks=(
                Ask("max by (stream) (stationd_books_stream_bytes / stationd_books_stream_limit_bytes)", "{{stream}}"),
            ),
            unit="percentunit",
            steps=((None, "green"), (0.8, "red")),
        ),
        Panel(
            title=("Servers that have all (1)", "Server yang lengkap (1)"),
            asks=(Ask("min by (server) (stationd_books_server_current)", "{{server}}"),),
            kind="states",
            steps=((None, "red"), (1, "green")),
        ),
        Panel(
            title=("Messages that stations refused, a day", "Pesan yang ditolak stasiun, per hari"),
            asks=(Ask("sum by (reason) (increase(stationd_city_messages_refused_total[1d]))", "{{reason}}"),),
        ),
        Panel(
            title=("Facts that the servers refused, a day", "Catatan yang ditolak server, per hari"),
            asks=(Ask(f'sum {_PER_STATION} (increase(stationd_city_events_total{{outcome="refused"}}[1d]))'),),
        ),
    ),
)

BOARDS: Final = (CITY, STATION, PRINTER, BLANKS, INTEGRITY, LINK)


def files() -> dict[str, str]:
    """The text of each file, by its path below ``config/city/grafana``."""
    return {
        f"{language}/{board.name}.json": json.dumps(
            json.loads(JSONEncoder(sort_keys=True).encode(_built(board, at).build())), indent=1, ensure_ascii=False
        )
        + "\n"
        for at, language in enumerate(LANGUAGES)
        for board in BOARDS
    }


def _built(board: Board, at: int) -> dashboard.Dashboard:
    built = (
        dashboard.Dashboard(board.title[at])
        .uid(f"stationd-{board.name}-{LANGUAGES[at]}")
        .tags(["stationd", LANGUAGES[at]])
        .refresh("1m")
        .time("now-7d", "now")
        .timezone("Asia/Jakarta")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .readonly()
        .with_variable(dashboard.DatasourceVariable("source").label("Prometheus").type("prometheus"))
    )
    for name, label, query in board.chosen:
        built.with_variable(
            dashboard.QueryVariable(name)
            .label(label[at])
            .query(query)
            .datasource(_SOURCE)
            .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
            .sort(VariableSort.ALPHABETICAL_ASC)
            .multi(True)
            .include_all(True)
            .all_value(".*")
        )
    places = _places(board.panels)
    for number, (panel, place) in enumerate(zip(board.panels, places, strict=True), start=1):
        made = _KINDS[panel.kind](panel, at)
        made.id(number).title(panel.title[at]).datasource(_SOURCE).grid_pos(place)
        if panel.says[at]:
            made.description(panel.says[at])
        if panel.kind != "table":
            made.unit(panel.unit)
            if panel.steps:
                made.thresholds(_thresholds(panel.steps))
        for letter, ask in zip("ABCDEFGHIJ", panel.asks, strict=False):
            made.with_target(_target(panel, ask).ref_id(letter))
        built.with_panel(made)
    return built


def _places(panels: Sequence[Panel]) -> list[GridPos]:
    """Side by side as long as the row has room, and then below the highest of it."""
    places, x, y, below = [], 0, 0, 0
    for panel in panels:
        if x + panel.width > _FULL:
            x, y = 0, below
        places.append(GridPos(h=panel.height, w=panel.width, x=x, y=y))
        x, below = x + panel.width, max(below, y + panel.height)
    return places


def _target(panel: Panel, ask: Ask) -> prometheus.Dataquery:
    query = prometheus.Dataquery().expr(ask.expr).datasource(_SOURCE)
    if panel.kind == "table":
        return query.instant().format(PromQueryFormat.TABLE)
    if panel.kind in {"stat", "tiles", "bars"}:
        query.instant()
    else:
        query.range()
    return query.legend_format(ask.legend) if ask.legend else query


def _thresholds(steps: Steps) -> dashboard.ThresholdsConfig:
    made = [Threshold(value=value, color=colour) for value, colour in steps]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(made)


def _lines(_panel: Panel, _at: int) -> Any:
    legend = VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM).show_legend(True)
    return timeseries.Panel().line_width(1).fill_opacity(0).axis_soft_min(0).legend(legend)


def _stat(_panel: Panel, _at: int) -> Any:
    reduced = ReduceDataOptions().calcs(["lastNotNull"])
    return stat.Panel().reduce_options(reduced).color_mode(BigValueColorMode.BACKGROUND)


def _tiles(panel: Panel, at: int) -> Any:
    return _stat(panel, at).text_mode(BigValueTextMode.VALUE_AND_NAME).orientation(VizOrientation.AUTO)


def _bars(_panel: Panel, _at: int) -> Any:
    reduced = ReduceDataOptions().calcs(["lastNotNull"])
    return bargauge.Panel().reduce_options(reduced).orientation(VizOrientation.HORIZONTAL)


def _states(_panel: Panel, _at: int) -> Any:
    return statetimeline.Panel().merge_values(True).row_height(0.8)


def _table(panel: Panel, at: int) -> Any:
    """Queries joined by their labels, one row a station, and a column for each query under its own name."""
    made = table.Panel()
    many = len(panel.asks) > 1
    if many:
        made.with_transformation(DataTransformerConfig(id_val="merge", options={}))
    named = {
        f"Value #{letter}" if many else "Value": column
        for letter, column in zip("ABCDEFGHIJ", panel.columns, strict=False)
    }
    made.with_transformation(
        DataTransformerConfig(
            id_val="organize",
            options={
                "excludeByName": {"Time": True},
                "renameByName": {field: title[at] for field, (title, _unit, _steps) in named.items()},
            },
        )
    )
    for title, unit, steps in named.values():
        properties = [DynamicConfigValue(id_val="unit", value=unit), DynamicConfigValue(id_val="decimals", value=1)]
        if unit == "short" and not steps:
            properties[1] = DynamicConfigValue(id_val="decimals", value=0)
        if steps:
            coloured = [{"value": value, "color": colour} for value, colour in steps]
            properties += [
                DynamicConfigValue(id_val="thresholds", value={"mode": "absolute", "steps": coloured}),
                DynamicConfigValue(id_val="custom.cellOptions", value={"type": "color-background"}),
            ]
        made.override_by_name(title[at], properties)
    return made


_KINDS: Final[dict[str, Callable[[Panel, int], Any]]] = {
    "lines": _lines,
    "stat": _stat,
    "tiles": _tiles,
    "bars": _bars,
    "states": _states,
    "table": _table,
}


def queries() -> Iterable[str]:
    """Every query, once."""
    return dict.fromkeys(ask.expr for board in BOARDS for panel in board.panels for ask in panel.asks)
