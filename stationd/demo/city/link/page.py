"""The city at a glance, as one page for a browser: no script, it loads itself again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

DEAD: Final = "dead"
"""The state of what does not run."""
_EVERY_S: Final = 3
_SHOWN: Final = 6
_COLUMNS: Final = (
    "Station",
    "Kecamatan",
    "Now",
    "Cards by its own book",
    "Cards by the city's books",
    "Facts that the city has not got",
    "Orders with leave",
    "Orders that may move at once",
    "Figures",
)
_STYLE: Final = """
* { box-sizing: border-box; }
body { font: 15px/1.45 "Liberation Sans", Arial, Helvetica, sans-serif; color: #1b1b1b; background: #fff;
  margin: 0 auto; max-width: 1180px; padding: 20px; }
h1 { font-size: 24px; margin: 0 0 4px; }
h2 { font-size: 17px; margin: 22px 0 6px; }
p { margin: 0 0 6px; }
.servers span { border: 1px solid #777; display: inline-block; margin: 0 8px 6px 0; padding: 2px 10px; }
table { border-collapse: collapse; width: 100%; }
th { border-bottom: 2px solid #1b1b1b; font-size: 13px; text-align: right; vertical-align: bottom; }
td { border-bottom: 1px solid #ccc; font-variant-numeric: tabular-nums; text-align: right; }
th, td { padding: 3px 8px; }
td:first-child { white-space: nowrap; }
th:nth-child(-n+3), td:nth-child(-n+3) { text-align: left; }
tr.ill td, .servers .ill { background: #fbe6dc; font-weight: bold; }
tfoot td { border-bottom: 0; border-top: 2px solid #1b1b1b; font-weight: bold; }
.cards { display: flex; flex-wrap: wrap; gap: 10px; }
.cards figure { margin: 0; width: 180px; }
.cards img { border: 1px solid #999; display: block; width: 100%; }
figcaption { font-size: 12px; }
ol { list-style: none; margin: 0; padding: 0; }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A station: what its own book says, what the city's say of it, how it is, when its last card was made (or 0)."""

    station: str
    name: str
    state: str
    is_ill: bool
    address: str | None
    own_cards: int
    city_cards: int
    behind: int
    leave: int
    waiting: int
    card: int

    @property
    def figures(self) -> tuple[int, ...]:
        """What stands in the columns of figures."""
        return self.own_cards, self.city_cards, self.behind, self.leave, self.waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """Everything on the page; ``servers`` are names and states, ``links`` names and URLs."""

    rows: Sequence[Row]
    servers: Sequence[tuple[str, str]]
    orders: int
    links: Sequence[tuple[str, str]]
    story: Sequence[str]


def page(seen: Glance) -> str:
    """The page."""
    rows = seen.rows
    title = f"A city of {len(rows)} stations"
    cards = sum(row.city_cards for row in rows)
    together = (sum(column) for column in zip(*(row.figures for row in rows), strict=True))
    head = "".join(f"<th>{each}" for each in _COLUMNS)
    newest = sorted((row for row in rows if row.card), key=lambda row: row.card, reverse=True)[:_SHOWN]
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="refresh" content="{_EVERY_S}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>",
        f"<p>{seen.orders} orders and {cards} cards by the city's books. Invented people, genuine programs.</p>",
        f'<p class="servers">{"".join(_server(*each) for each in seen.servers)}</p>',
        f"<p>{' · '.join(_link(name, url) for name, url in seen.links)}</p>\n<h2>What happens</h2>\n<ol>",
        *(f"<li>{escape(line)}</li>" for line in seen.story),
        f"</ol>\n<h2>Stations</h2>\n<table>\n<thead><tr>{head}</tr></thead>\n<tbody>",
        *(_row(row) for row in rows),
        f"</tbody>\n<tfoot><tr><td><td>Together<td>{_cells(together)}<td></tr></tfoot>\n</table>",
        '<h2>The newest cards</h2>\n<div class="cards">',
        *(_card(row) for row in newest),
        "</div>\n</body>\n</html>\n",
    ]
    return "\n".join(parts)


def _server(name: str, state: str) -> str:
    return f"<span{' class=ill' if state == DEAD else ''}>{escape(name)}: {escape(state)}</span>"


def _link(name: str, url: str) -> str:
    return f'<a href="{escape(url)}">{escape(name)}</a>'


def _row(row: Row) -> str:
    metrics = _link("metrics", f"{row.address}/metrics") if row.address else ""
    words = "".join(f"<td>{escape(each)}" for each in (row.station, row.name, row.state))
    return f"<tr{' class=ill' if row.is_ill else ''}>{words}{_cells(row.figures)}<td>{metrics}</tr>"


def _cells(figures: Iterable[int]) -> str:
    return "".join(f"<td>{each}" for each in figures)


def _card(row: Row) -> str:
    picture = f'<img src="/cards/{row.station}?{row.card}" alt="The newest card of {escape(row.name)}, a specimen">'
    return f"<figure>{picture}<figcaption>{escape(row.name)}</figcaption></figure>"
