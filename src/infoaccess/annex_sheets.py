"""Write the public annex: a first sheet that says what stands where, then one sheet a table, ready to filter and sort.

1 row = 1 row of a table. A cell is a text or a number with its format; texts are written as texts, so none becomes a
formula, and the same sheets are the same bytes. XlsxWriter knows no language of a document: it is put in afterwards.
"""

import datetime as dt
import io
import math
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field

from xlsxwriter import Workbook
from xlsxwriter.format import Format

FONT = "Arial"
_WIDEST, _NARROWEST = 75, 8  # of a column, in digits
_RULE = {"border": 1, "border_color": "#C9D2DC"}
_LINK = {"font_color": "#17507F", "underline": 1, "valign": "top"}
_HEAD = {
    "bold": True,
    "text_wrap": True,
    "bg_color": "#DCE6F1",
    "border": 1,
    "border_color": "#7F8FA0",
    "valign": "vcenter",
}


@dataclass(frozen=True)
class Cell:
    """Hold what one cell shows: a number with its format, or a text."""

    text: str
    number: int | float | None = None
    pattern: str = ""


@dataclass(frozen=True)
class Sheet:
    """Hold one table: `heads` are columns from the top tier down, `keys` of them stay when the sheet is moved."""

    name: str
    title: str
    row_is: str
    heads: Sequence[tuple[str, ...]]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()
    keys: int = 2
    last: Sequence[Cell] = ()  # a row of totals, outside of what is sorted
    bold: frozenset[int] = field(default_factory=frozenset)  # rows to set in bold


@dataclass(frozen=True)
class Cover:
    """Hold what stands round all sheets: the document's title, its language, lines of the first sheet, a banner."""

    title: str
    lang: str
    about: str
    subtitle: str
    lines: Sequence[tuple[str, bool]]  # text, whether it is a heading; None where the list of sheets stands
    listed: tuple[str, str, str, str]  # headings of the list of sheets
    created: dt.datetime
    company: str
    banner: str = ""
    page: str = "Trang"


def book(cover: Cover, sheets: Sequence[Sheet]) -> bytes:
    """Return the workbook of a cover and its sheets."""
    target = io.BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    plain["default_format_properties"] = {"font_name": FONT, "font_size": 10}
    with Workbook(target, plain) as made:
        about = {"title": cover.title, "subject": cover.subtitle, "comments": cover.banner, "company": cover.company}
        made.set_properties(about | {"created": cover.created})
        writer = _Writer(made, cover)
        writer.cover(sheets)
        for sheet in sheets:
            writer.table(sheet)
    return _with_language(target.getvalue(), cover.lang)


class _Writer:
    """Hold what all sheets share: the workbook and its formats."""

    def __init__(self, made: Workbook, cover: Cover):
        self.made, self.about = made, cover
        self.formats: dict[tuple, Format] = {}

    def cover(self, sheets: Sequence[Sheet]) -> None:
        """Write the first sheet: titles, what each sheet is with a link to it, signs, method, source."""
        page = self._page(self.about.about)
        page.fit_to_pages(1, 1)
        page.set_column(0, 0, 16)
        page.set_column(1, 1, 70)
        page.set_column(2, 2, 34)
        page.set_column(3, 3, 9)
        row = self._top(page, self.about.title)
        for text, heading in self.about.lines:
            if text is None:
                row = self._list(page, row, sheets)
                continue
            look = {"bold": True, "font_size": 12} if heading else {"text_wrap": True, "valign": "top"}
            page.merge_range(row, 0, row, 3, "", self._format(**look))
            page.write_string(row, 0, text, self._format(**look))
            page.set_row(row, 24 if heading else 14 * (1 + len(text) // 125) + 3)
            row += 1

    def _list(self, page, row: int, sheets: Sequence[Sheet]) -> int:
        for at, text in enumerate(self.about.listed):
            page.write_string(row, at, text, self._format(**_HEAD))
        for sheet in sheets:
            row += 1
            page.write_url(row, 0, f"internal:'{sheet.name}'!A1", self._format(**_RULE, **_LINK), sheet.name)
            page.write_string(row, 1, sheet.title, self._format(**_RULE, text_wrap=True, valign="top"))
            page.write_string(row, 2, sheet.row_is, self._format(**_RULE, valign="top"))
            page.write_number(row, 3, len(sheet.rows), self._format(**_RULE, valign="top", num_format="#,##0"))
            page.set_row(row, 14 * (1 + len(sheet.title) // 72) + 3)
        return row + 2

    def table(self, sheet: Sheet) -> None:
        """Write one table, its headings frozen and with filters."""
        page = self._page(sheet.name)
        first = self._top(page, sheet.title)
        tiers = max(map(len, sheet.heads))
        ends = [sheet.last] if sheet.last else []
        widths = [_width(head, [row[at].text for row in [*sheet.rows, *ends]]) for at, head in enumerate(sheet.heads)]
        self._headings(page, first, tiers, sheet, widths)
        body = first + tiers
        for line, row in enumerate(sheet.rows):
            self._row(page, body + line, row, line in sheet.bold)
        end = body + len(sheet.rows)
        if sheet.last:
            self._row(page, end, sheet.last, True)
        for at, width in enumerate(widths):
            page.set_column(at, at, width)
        page.autofilter(body - 1, 0, max(body, end - 1), len(sheet.heads) - 1)
        page.freeze_panes(body, sheet.keys)
        page.repeat_rows(first, body - 1)
        page.ignore_errors({"number_stored_as_text": f"A{body + 1}:B{end + 1}"})  # codes
        for line, note in enumerate(sheet.notes):
            page.write_string(
                end + bool(sheet.last) + 1 + line, 0, note, self._format(italic=True, font_color="#526071")
            )

    def _page(self, name: str):
        page = self.made.add_worksheet(name)
        page.hide_gridlines(2)
        page.set_landscape()
        page.set_paper(9)  # A4
        page.fit_to_pages(1, 0)
        page.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        page.set_header(f"&C&9{self.about.banner}" if self.about.banner else "")
        page.set_footer(f"&L&8{self.about.title}&C&8&A&R&8{self.about.page} &P/&N")
        return page

    def _top(self, page, title: str) -> int:
        """Write title, month and state, and the banner; return the next free row."""
        page.write_string(0, 0, title, self._format(bold=True, font_size=13))
        page.write_string(1, 0, self.about.subtitle, self._format(font_color="#526071"))
        if self.about.banner:
            page.write_string(2, 0, self.about.banner, self._format(bold=True, font_color="#9C2A10"))
        return 4 if self.about.banner else 3

    def _headings(self, page, first: int, tiers: int, sheet: Sheet, widths: Sequence[float]) -> None:
        """Write headings: equal upper ones side by side as one; an empty or missing lower one belongs to that above."""
        look = self._format(**_HEAD)
        heads = [(*head, *[""] * (tiers - len(head))) for head in sheet.heads]
        lines = [1] * tiers
        for at, head in enumerate(heads):
            for tier in (t for t, text in enumerate(head) if text):
                below = tier + next((n for n, text in enumerate(head[tier + 1 :]) if text), tiers - tier - 1)
                leaf = not any(head[tier + 1 :])
                if not leaf and at and heads[at - 1][: tier + 1] == head[: tier + 1]:
                    continue
                right = at
                while not leaf and right + 1 < len(heads) and heads[right + 1][: tier + 1] == head[: tier + 1]:
                    right += 1
                if (tier, at) != (below, right):
                    page.merge_range(first + tier, at, first + below, right, "", look)
                page.write_string(first + tier, at, head[tier], look)
                if below == tier:
                    lines[tier] = max(lines[tier], math.ceil(1.25 * len(head[tier]) / sum(widths[at : right + 1])))
        for tier, found in enumerate(lines):
            page.set_row(first + tier, 13.5 * min(found, 6) + 3)

    def _row(self, page, row: int, cells: Sequence[Cell], bold: bool) -> None:
        for at, cell in enumerate(cells):
            style = _RULE | ({"bold": True} if bold else {})
            if cell.number is not None:
                page.write_number(row, at, cell.number, self._format(**style, num_format=cell.pattern))
            elif cell.text:
                sign = not any(letter.isalnum() for letter in cell.text)
                side = {"align": "right", "font_color": "#526071"} if sign else {}
                page.write_string(row, at, cell.text, self._format(**style, **side))
            else:
                page.write_blank(row, at, None, self._format(**style))

    def _format(self, **style) -> Format:
        key = tuple(sorted(style.items()))
        if key not in self.formats:
            self.formats[key] = self.made.add_format({"font_name": FONT, "font_size": 10, **style})
        return self.formats[key]


def _width(head: Sequence[str], texts: Sequence[str]) -> float:
    """Return a column's width in digits: its longest text, and its own heading on three lines."""
    own = max((len(text) for text in head[-2:]), default=0)
    return min(_WIDEST, max(_NARROWEST, max(map(len, texts), default=0) + 1.5, own / 2.6 + 2.5))


def _with_language(packed: bytes, lang: str) -> bytes:
    """Name the document's language in its core properties."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as before, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as after:
        for entry in before.infolist():
            held = before.read(entry)
            if entry.filename == "docProps/core.xml":
                mark = f"<dc:language>{lang}</dc:language></cp:coreProperties>".encode()
                held = held.replace(b"</cp:coreProperties>", mark)
            after.writestr(entry, held)
    return target.getvalue()
