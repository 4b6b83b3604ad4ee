"""Minutes typeset as the paper an Indonesian office signs.

Letterhead over a double rule, title and number in the middle, persons with aligned colons, ruled tables whose heading
returns on each page, signatures held together, annexes on pages of their own (after *Tata Naskah Dinas*, Permendagri
1/2023, without any emblem). The same record gives the same bytes.
"""

import logging
from datetime import UTC, datetime, time
from typing import Final

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from stationd.adapters.font import find
from stationd.adapters.paper.size import PageSize
from stationd.domain.minutes import Align, Minutes, MinutesTable, Office, Party, Signature, spaced
from stationd.domain.number_words import date_in_figures

for _name in ("fpdf", "fontTools"):
    logging.getLogger(_name).setLevel(logging.ERROR)  # they name the characters of a text that a face lacks

_FAMILY = "Liberation Sans"
_LEFT, _RIGHT, _TOP, _BOTTOM = 25.0, 20.0, 18.0, 20.0
_LINE = 5.4
_CELL_LINE = 4.6
_SIGNING = 20.0
"""Millimetres to sign in."""

_ALIGNED: Final = {Align.LEFT: "LEFT", Align.CENTRE: "CENTER", Align.RIGHT: "RIGHT"}
_GREY: Final = FontFace(fill_color=(236, 236, 236), emphasis="BOLD")


_MILLIMETRES: Final = {PageSize.A4: (210.0, 297.0), PageSize.F4: (215.0, 330.0)}


def typeset(minutes: Minutes, size: PageSize = PageSize.A4) -> bytes:
    """The pages as PDF. Raises ``Faulted`` (``fonts-missing``)."""
    pages = _Pages(minutes, size)
    pages.fill()
    return bytes(pages.output())


class _Pages(FPDF):
    def __init__(self, minutes: Minutes, size: PageSize) -> None:
        super().__init__(unit="mm", format=_MILLIMETRES[size])
        self._minutes = minutes
        self.add_font(_FAMILY, "", find((_FAMILY, "normal")))
        self.add_font(_FAMILY, "B", find((_FAMILY, "bold")))
        self.set_margins(_LEFT, _TOP, _RIGHT)
        self.c_margin = 0.0
        self.set_auto_page_break(auto=True, margin=_BOTTOM)
        self.set_title(f"{minutes.title} {minutes.number}")
        self.set_lang("id-ID")
        self.set_creator("stationd")
        self.set_creation_date(datetime.combine(minutes.on, time(), UTC))

    def footer(self) -> None:
        """The number and the page, so that no sheet can be taken from another document."""
        self.set_y(-13)
        self.set_x(_LEFT)  # a table that is being drawn has moved the margin
        self._face(8)
        self.set_text_color(90)
        half = (self.w - _LEFT - _RIGHT) / 2
        self.cell(half, 4, self._minutes.number)
        self.cell(half, 4, f"Halaman {self.page_no()} dari {{nb}}", align="R")
        self.set_text_color(0)

    def fill(self) -> None:
        """All pages."""
        minutes = self._minutes
        self.add_page()
        self._head(minutes.office)
        self._title(minutes.title, f"Nomor: {minutes.number}")
        self._body()
        if minutes.signatures or minutes.witnesses:
            self._signing()
        for place, annex in enumerate(minutes.annexes, start=1):
            self.add_page()
            self._annex_head(place if len(minutes.annexes) > 1 else None)
            self._table(annex)

    # -------------------------------------------------------------------------------------------------- blocks

    def _head(self, office: Office) -> None:
        for place, line in enumerate(office.head):
            is_last = place == len(office.head) - 1
            self._face(14 if is_last else 12, bold=True)
            self._middle(line.upper(), 6.4 if is_last else 5.8)
        self._face(9)
        for line in office.address:
            self._middle(line, 4.4)
        y = self.get_y() + 1.8
        self.set_line_width(0.9)
        self.line(self.l_margin, y, self.w - self.r_margin, y)
        self.set_line_width(0.25)
        self.line(self.l_margin, y + 1.1, self.w - self.r_margin, y + 1.1)
        self.set_y(y + 7)

    def _title(self, title: str, number: str) -> None:
        self.set_font(_FAMILY, "BU", 12)
        self._middle(title.upper(), 6)
        self.ln(1)
        self._face(11)
        self._middle(number, 6)
        self.ln(5)

    def _body(self) -> None:
        minutes = self._minutes
        if minutes.opening:
            self._paragraph(minutes.opening)
            self.ln(1.5)
        for place, party in enumerate(minutes.parties, start=1):
            self._party(place, party)
        if minutes.decrees:
            self._listed("Berdasarkan:", minutes.decrees)
        for paragraph in minutes.paragraphs:
            self._paragraph(paragraph)
            self.ln(1.5)
        for table in minutes.tables:
            self._table(table)
        if minutes.totals:
            self._totals()
        if minutes.closing:
            if minutes.signatures:
                self._keep(3 * _LINE + self._signing_height())
            self._paragraph(minutes.closing)

    def _party(self, place: int, party: Party) -> None:
        self._keep(4 * _LINE)
        self._face(11)
        self.set_x(self.l_margin + 4)
        self.cell(7, _LINE, f"{place}.")
        by_hand = "-" if party.name else "." * 50
        for label, text in (("Nama", party.name), ("NIP", spaced(party.nip)), ("Jabatan", party.office)):
            self._labelled(label, text or by_hand, indent=11, width=24)
        if party.styled:
            self._labelled_text(f"selanjutnya disebut {party.styled}.", indent=11)
        self.ln(1.5)

    def _listed(self, lead: str, texts: tuple[str, ...]) -> None:
        self._keep(2 * _LINE)
        self._face(11)
        self._line(lead)
        for place, text in enumerate(texts, start=1):
            self.set_x(self.l_margin + 4)
            self.cell(7, _LINE, f"{place}.")
            self._labelled_text(text, indent=11)
        self.ln(1.5)

    def _totals(self) -> None:
        self._keep(len(self._minutes.totals) * _LINE)
        self._face(11)
        width = max(self.get_string_width(total.what) for total in self._minutes.totals) + 3
        for total in self._minutes.totals:
            self._labelled(total.what, total.told, indent=4, width=min(width, self.epw / 2))
        self.ln(2.5)

    def _table(self, table: MinutesTable) -> None:
        self._keep(4 * _CELL_LINE + (_LINE if table.title else 0))
        if table.title:
            self._face(11, bold=True)
            self._line(table.title)
            self.ln(0.8)
        self._face(9.5)
        self.set_line_width(0.2)
        shares = tuple(column.share for column in table.columns)
        with self.table(
            width=self.epw,
            col_widths=shares,
            line_height=_CELL_LINE,
            padding=(0.7, 1.4),
            gutter_width=0,
            align="LEFT",
            text_align=tuple(_ALIGNED[column.align] for column in table.columns),
            headings_style=_GREY,
        ) as drawn:
            heading = drawn.row()
            for column in table.columns:
                heading.cell(column.title, align="CENTER")
            for row in table.rows:
                drawn.row(row)
            if table.foot:
                drawn.row(table.foot, style=FontFace(emphasis="BOLD"))
        self.ln(4)

    def _annex_head(self, place: int | None) -> None:
        minutes = self._minutes
        self._face(11, bold=True)
        self._line(f"LAMPIRAN{'' if place is None else f' {place}'}")
        self._face(11)
        self._line(minutes.title)
        self._labelled("Nomor", minutes.number, indent=0, width=20)
        self._labelled("Tanggal", date_in_figures(minutes.on), indent=0, width=20)
        self.ln(4)

    # ------------------------------------------------------------------------------------------------- signing

    def _signing_height(self) -> float:
        return (len(self._minutes.signatures) + 1) // 2 * (_SIGNING + 3.5 * _LINE) + 2 * _LINE

    def _signing(self) -> None:
        minutes = self._minutes
        self._keep(self._signing_height())
        self.ln(3)
        self._face(11)
        half = self.epw / 2
        self.set_x(self.l_margin + half)
        self.cell(half, _LINE, f"{minutes.office.town}, {date_in_figures(minutes.on)}", align="C")
        self.ln(_LINE * 1.3)
        for first in range(0, len(minutes.signatures), 2):
            self._pair(minutes.signatures[first : first + 2], half)
        if minutes.witnesses:
            self._witnesses()

    def _pair(self, pair: tuple[Signature, ...], half: float) -> None:
        left = self.l_margin if len(pair) > 1 else self.l_margin + half
        top = self.get_y()
        bottom = top
        for place, signature in enumerate(pair):
            x = left + place * half
            self.set_xy(x, top)
            self._within(x, half, signature.role)
            self.set_y(self.get_y() + _SIGNING)
            if signature.name:
                self.set_font(_FAMILY, "BU", 11)
            self._within(x, half, signature.name or "." * 44)
            self._face(11)
            self._within(x, half, f"NIP. {spaced(signature.nip) or '.' * 34}")
            bottom = max(bottom, self.get_y())
        self.set_y(bottom + 4)

    def _within(self, x: float, width: float, text: str) -> None:
        self.set_x(x)
        self.multi_cell(width, _LINE, text, align="C", new_x=XPos.LEFT, new_y=YPos.NEXT)

    def _witnesses(self) -> None:
        self._keep(_LINE + 3 * _LINE * len(self._minutes.witnesses))
        self._face(11)
        self._line("Saksi-saksi:")
        for place, witness in enumerate(self._minutes.witnesses, start=1):
            self.ln(2)
            y = self.get_y()
            self.set_x(self.l_margin + 4)
            self.cell(7, _LINE, f"{place}.")
            self._labelled("Nama", witness.name or "." * 50, indent=11, width=18, right=62)
            self._labelled("NIP", spaced(witness.nip) or "." * 50, indent=11, width=18, right=62)
            if witness.role:
                self._labelled("Jabatan", witness.role, indent=11, width=18, right=62)
            after = self.get_y()
            self.set_xy(self.w - self.r_margin - 58, y + _LINE)
            self.cell(58, _LINE, f"{place}. {'.' * 38}")
            self.set_y(max(after, y + 2 * _LINE) + 2)

    # --------------------------------------------------------------------------------------------------- lines

    def _face(self, points: float, *, bold: bool = False) -> None:
        self.set_font(_FAMILY, "B" if bold else "", points)

    def _middle(self, text: str, height: float) -> None:
        self.multi_cell(self.epw, height, text, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _line(self, text: str) -> None:
        self.multi_cell(self.epw, _LINE, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _paragraph(self, text: str) -> None:
        self._face(11)
        self.multi_cell(self.epw, _LINE, text, align="J", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _labelled(self, label: str, text: str, *, indent: float, width: float, right: float = 0.0) -> None:
        x = self.l_margin + indent
        self.set_x(x)
        self.cell(width, _LINE, label)
        self.cell(3, _LINE, ":")
        self._labelled_text(text, indent=indent + width + 3, right=right)

    def _labelled_text(self, text: str, *, indent: float, right: float = 0.0) -> None:
        self.set_x(self.l_margin + indent)
        width = self.epw - indent - right
        self.multi_cell(width, _LINE, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _keep(self, height: float) -> None:
        """Begin a new page when what follows would be torn."""
        if self.get_y() + height > self.h - self.b_margin:
            self.add_page()
