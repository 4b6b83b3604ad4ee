"""The report as one HTML file: no script, nothing fetched, A4 when printed."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import Final

from stationd.city_report import charts
from stationd.city_report.charts import Bar, Limit
from stationd.city_report.city import DAY_S, City, Row
from stationd.city_report.summary import FEW_DAYS, PROMISE, sentences
from stationd.city_report.words import Speech

_USUAL_SPOIL: Final = 0.01
_MANY_SPOIL: Final = 0.05
_MANY_ON_SHELF: Final = 500
_OLD_DAYS: Final = 5
_STYLE: Final = """
@page { size: A4; margin: 13mm 14mm; }
* { box-sizing: border-box; }
body { font: 15px/1.45 "Liberation Sans", Arial, Helvetica, sans-serif; color: #1b1b1b; background: #fff;
  margin: 0 auto; max-width: 190mm; padding: 8mm 4mm; }
header { border-bottom: 2px solid #1b1b1b; margin-bottom: 5mm; padding-bottom: 2mm; }
h1 { font-size: 24px; line-height: 1.2; margin: 0; }
header p { margin: 1mm 0 0; }
h2 { font-size: 17px; margin: 4.5mm 0 1mm; break-after: avoid; }
.simulated { background: #1b1b1b; color: #fff; display: inline-block; font-weight: bold; padding: 0 2mm; }
ul { list-style: none; margin: 0; padding: 0; }
.summary li { padding-left: 7mm; text-indent: -7mm; }
.mark { display: inline-block; font-weight: bold; text-indent: 0; width: 7mm; }
.ill { color: #a33a0c; }
.ill .mark { color: #a33a0c; }
section { break-inside: avoid; }
section.long { break-inside: auto; }
svg { display: block; height: auto; width: 100%; }
.charts { display: grid; gap: 0 6mm; grid-template-columns: 1fr 1fr; }
.charts h2 { font-size: 14px; }
@media screen and (max-width: 640px) { .charts { grid-template-columns: 1fr; } }
table { border-collapse: collapse; font-size: 11.5px; line-height: 1.3; width: 100%; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
th { border-bottom: 1.5px solid #1b1b1b; hyphens: auto; text-align: right; vertical-align: bottom; }
th, td { padding: 0.6mm 1mm; }
td { white-space: nowrap; }
td small { color: #555; }
.words td:first-child { white-space: normal; }
td { border-bottom: 0.5px solid #bbb; font-variant-numeric: tabular-nums; text-align: right; }
th:first-child, td:first-child, .words th, .words td { text-align: left; }
td.ill { background: #fbe6dc; font-weight: bold; }
footer { border-top: 1px solid #888; color: #444; font-size: 11.5px; margin-top: 6mm; padding-top: 2mm; }
@media print { body { font-size: 10pt; max-width: none; padding: 0; }
  th, td { padding: 0.35mm 1mm; }
  td.ill, .simulated { print-color-adjust: exact; } }
"""


def page(city: City, speech: Speech, *, name: str, zone: dt.tzinfo) -> str:
    """The whole file. ``name`` is that of the city."""
    say = speech.say
    at = dt.datetime.fromtimestamp(city.at_s, zone)
    is_simulated = city.day_s < DAY_S
    parts = [
        f'<!DOCTYPE html>\n<html lang="{speech.language}">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{escape(say('title'))}: {escape(name)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<header>",
        f"<h1>{escape(say('title'))}: {escape(name)}</h1>",
        f"<p>{escape(say('as_of'))} {at:%d/%m/%Y %H.%M} {escape(at.tzname() or '')}</p>",
        f'<p class="simulated">{escape(say("simulated"))}</p>' if is_simulated else "",
        "</header>\n<main>",
        *_summary(city, speech),
        *_alerts(city, speech),
        _section("daily", speech, charts.standing(_days(city, speech, zone), key="daily") if city.daily else ""),
        *_table(city, speech),
        '<div class="charts">',
        *_charts(city, speech),
        "</div>",
        f"</main>\n<footer>{escape(say('source'))}</footer>\n</body>\n</html>\n",
    ]
    return "\n".join(part for part in parts if part)


def _summary(city: City, speech: Speech) -> Iterator[str]:
    yield f'<section class="summary">\n<h2>{escape(speech.say("summary"))}</h2>\n<ul>'
    for is_well, sentence in sentences(city, speech):
        mark, kind = ("✓", "well") if is_well else ("!", "ill")
        yield f'<li class="{kind}"><span class="mark">{mark}</span>{escape(sentence)}</li>'
    yield "</ul>\n</section>"


def _alerts(city: City, speech: Speech) -> Iterator[str]:
    yield f'<section class="long">\n<h2>{escape(speech.say("alerts"))}</h2>'
    if not city.alerts:
        yield f"<p>{escape(speech.say('no_alerts'))}</p>\n</section>"
        return
    yield '<table class="words"><tbody>'
    for alert in city.alerts:
        severity = alert.labels.get("severity", "office")
        summary = alert.annotations.get("summary", "")
        if speech.language == "id":
            summary = alert.annotations.get("ringkasan", summary)
        when = speech.say(severity) if severity in {"page", "integrity", "office"} else severity
        yield f"<tr><td>{escape(summary)}</td><td>{escape(when)}</td></tr>"
    yield "</tbody></table>\n</section>"


def _charts(city: City, speech: Speech) -> Iterator[str]:
    rows, number, share = city.rows, speech.number, speech.share
    yield _lying(
        "blanks",
        speech,
        _bars(rows, lambda row: row.blanks_days, number, lambda days: days < FEW_DAYS),
        (Limit(FEW_DAYS, f"{number(FEW_DAYS)} {speech.say('days')}: {speech.say('order_now')}"),),
    )
    yield _lying(
        "in_time",
        speech,
        _bars(rows, lambda row: row.in_time, lambda ratio: share(ratio, 1), lambda ratio: ratio < PROMISE),
        (Limit(PROMISE, speech.say("promise")),),
        most=1.25,
    )
    yield _lying(
        "on_shelf",
        speech,
        _bars(rows, lambda row: row.on_shelf, number, lambda cards: cards > _MANY_ON_SHELF)[::-1],
    )
    yield _lying(
        "spoiled",
        speech,
        _bars(rows, lambda row: row.spoiled, lambda ratio: share(ratio, 1), lambda ratio: ratio > _MANY_SPOIL)[::-1],
        (Limit(_USUAL_SPOIL, speech.say("usual")),),
    )


def _section(what: str, speech: Speech, drawn: str) -> str:
    title = escape(speech.say(what))
    body = drawn.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1) if drawn else ""
    body = body or f"<p>{escape(speech.say('nothing'))}</p>"
    return f"<section>\n<h2>{title}</h2>\n{body}\n</section>"


def _lying(
    what: str, speech: Speech, bars: list[Bar], limits: tuple[Limit, ...] = (), *, most: float | None = None
) -> str:
    return _section(what, speech, charts.lying(bars, key=what, limits=limits, most=most) if bars else "")


def _bars(
    rows: Sequence[Row],
    value: Callable[[Row], float | None],
    text: Callable[[float], str],
    is_ill: Callable[[float], bool],
) -> list[Bar]:
    """One bar a station of which it is known, the shortest first."""
    known = [(row.kecamatan or row.station, found) for row in rows if (found := value(row)) is not None]
    known.sort(key=lambda each: each[1])
    return [Bar(name=name, value=found, text=text(found), is_ill=is_ill(found)) for name, found in known]


def _days(city: City, speech: Speech, zone: dt.tzinfo) -> list[Bar]:
    def name(at_s: float) -> str:
        if city.day_s >= DAY_S:
            at = dt.datetime.fromtimestamp(at_s, zone)
            return f"{at.day}/{at.month}"
        ago = round((city.at_s - at_s) / city.day_s)
        return speech.say("day_ago", n=str(ago)) if ago else speech.say("today")

    return [Bar(name=name(at_s), value=cards, text=speech.number(cards)) for at_s, cards in city.daily]


def _table(city: City, speech: Speech) -> Iterator[str]:
    columns = ("station", "answers", "cards", "blanks", "queued", "oldest", "shelf", "in_time", "spoiled", "uncertain")
    heads = [escape(speech.say(f"col_{name}")) for name in (*columns, "changes", "difference")]
    yield f'<section class="long">\n<h2>{escape(speech.say("table"))}</h2>\n<table>'
    cells = "".join(f'<th scope="col">{head}</th>' for head in heads)
    yield f"<thead><tr>{cells}</tr></thead>\n<tbody>"
    for row in city.rows:
        cells = "".join(
            f'<td class="ill">{text}</td>' if is_ill else f"<td>{text}</td>" for text, is_ill in _cells(row, speech)
        )
        yield f"<tr>{cells}</tr>"
    yield "</tbody>\n</table>\n</section>"


def _cells(row: Row, speech: Speech) -> list[tuple[str, bool]]:
    number, share = speech.number, speech.share
    return [
        (f"{escape(row.kecamatan)} <small>{escape(row.station)}</small>", False),
        (escape(speech.say("yes" if row.answers else "no")), not row.answers),
        (number(row.cards), False),
        (number(row.blanks_days), _is(row.blanks_days, lambda days: days < FEW_DAYS)),
        (number(row.queued), False),
        (number(row.oldest_days, 1), _is(row.oldest_days, lambda days: days > _OLD_DAYS)),
        (number(row.on_shelf), _is(row.on_shelf, lambda cards: cards > _MANY_ON_SHELF)),
        (share(row.in_time, 1), _is(row.in_time, lambda ratio: ratio < PROMISE)),
        (share(row.spoiled, 1), _is(row.spoiled, lambda ratio: ratio > _MANY_SPOIL)),
        (number(row.uncertain), bool(row.uncertain)),
        (number(row.changes), _is(row.changes, lambda changes: changes >= 1)),
        (number(row.difference), bool(row.difference)),
    ]


def _is(value: float | None, question: Callable[[float], bool]) -> bool:
    return value is not None and question(value)
