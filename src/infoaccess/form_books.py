"""Write the national poverty software's forms (Biểu 1-8) of a month as one workbook, a sheet a form.

1 row = 1 unit: districts bold and numbered 1, their communes 1.1, TỔNG CỘNG last. Figures are values, no formulas, so
the same counts are the same bytes; text never becomes a formula. A blank is not known or not formed; "*" (in the cell's
number format, the number stays one) says that a figure is of what is known only (form_counts). Counts of few households
are not hidden here: the workbook is for the office and says so on every page. Wording of headings: forms.toml.
"""

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
from xlsxwriter import Workbook
from xlsxwriter.format import Format

from infoaccess import form_counts, units, words
from infoaccess.errors import UsageError
from infoaccess.form_counts import CLASSES, Form
from infoaccess.form_layouts import OWN, Column, Layout, layouts

FONT = "Times New Roman"
INTERNAL = "LƯU HÀNH NỘI BỘ"
COUNTED = {"households": "Hộ", "people": "Nhân khẩu"}
TOTAL = "TỔNG CỘNG"
STATES = ("estimated", "preliminary", "official")
_ROW, _ROOM, _WIDE = 15.0, 500.0, 777.0  # points: a row, and what A4 landscape leaves between the margins of _paper
_CARRIED = 5  # units that go over to the next page with the signatures
_LEFT = 0.42  # share of the width that the agency's name may take


@dataclass(frozen=True)
class Head:
    """Hold what stands round every form: month, agencies (an entry of agencies.toml), state, whether data are made up.

    `state` is estimated, preliminary or official; `since` is the month with which the movements (Biểu 2, 3) open.
    `remarks`: sentences for a form's notes by its number; for a form that cannot be made, why not.
    """

    month: str
    agency: Mapping[str, str]
    state: str = "preliminary"
    synthetic: bool = False
    since: str = ""
    remarks: Mapping[int, Sequence[str]] = field(default_factory=dict)


def book(forms: Mapping[int, Form], head: Head) -> bytes:
    """Write the forms counted for a month (form_counts.forms) as a workbook and return its bytes.

    A form that is not among them but in the head's remarks is a sheet that says why. Nothing is written to a disk:
    small counts are not hidden. Raises UsageError for an unknown state or form.
    """
    known = {layout.number: layout for layout in layouts(head.month)}
    if head.state not in STATES or (set(forms) | set(head.remarks)) - set(known) or not forms:
        raise UsageError(f"Không lập được biểu {sorted(forms)} với loại số liệu {head.state!r} ({', '.join(STATES)}).")
    target = io.BytesIO()
    # A column's width is in digits of the default font; a program that lacks it would take a wider one.
    plain = {"default_format_properties": {"font_name": FONT, "font_size": 11}, "in_memory": True}
    with Workbook(target, plain) as made:
        year, number = map(int, head.month.split("-"))
        mark = words.load("vi")("title.synthetic") if head.synthetic else ""
        # Day 15: a workbook made on 2023-01-01 would pass for one of the sample's (sample_books.is_sample).
        made.set_properties({"title": INTERNAL, "comments": mark, "created": dt.datetime(year, number, 15)})
        for n in sorted(set(forms) | set(head.remarks)):
            _Page(made, known[n], forms.get(n), head).fill()
    return target.getvalue()


class _Page:
    """Hold what the parts of a sheet share."""

    def __init__(self, made: Workbook, layout: Layout, form: Form | None, head: Head):
        self.made, self.layout, self.form, self.head = made, layout, form, head
        self.page = made.add_worksheet(f"Biểu {layout.number}")
        self.formats: dict[tuple, Format] = {}
        self.tall: dict[int, float] = {}  # row -> height in points, where it is not the usual one
        unit = [Column(("TT",), "A", "", 6), Column(("Phường/Xã",), "B", "", layout.name_width)]
        unit += [Column(("Phân tổ",), "C", "", 11)] if layout.parted else []
        self.columns, self.fixed = [*unit, *layout.columns], len(unit)
        self.last = len(self.columns) - 1

    def fill(self) -> None:
        """Write everything and prepare the sheet for screen and paper."""
        for at, column in enumerate(self.columns):
            self.page.set_column(at, at, column.width, self._format())
        first = self._titles()
        if self.form is None:  # without heading: a heading without rows would read as a form of nobody
            text = f"KHÔNG LẬP BIỂU NÀY. {' '.join(self.head.remarks[self.layout.number])}"
            self._across(first, 0, self.last, text, text_wrap=True, bold=True)
            self._tall(first, 48)
            self._paper()
            return
        body = self._heading(first)
        self.page.freeze_panes(body, self.fixed)
        self.page.repeat_rows(first, body - 1)
        end = self._rows(body)
        self.page.ignore_errors({"number_stored_as_text": f"A{body + 1}:A{end}"})
        signed = self._notes(end) + 1
        self._signatures(signed)
        self._breaks(first, body, end, signed + 3)
        self._paper()

    def _titles(self) -> int:
        """Write agency, motto, number, title, month and state, unit of figures; return the next row."""
        w, agency, layout = words.load("vi"), self.head.agency, self.layout
        split = self._split()
        self._across(0, split + 1, self.last, f"Biểu số {layout.number}", align="right", bold=True)
        self._across(1, 0, split, agency["parent_body"], font_size=12)
        self._across(2, 0, split, agency["issuing_body"], font_size=12, bold=True)
        self._across(1, split + 1, self.last, w("title.national"), font_size=12, bold=True)
        self._across(2, split + 1, self.last, w("title.motto"), font_size=13, bold=True)
        for at, right, line in ((0, split, "_" * 16), (split + 1, self.last, "_" * 36)):
            self._across(3, at, right, line, font_size=7, bold=True, valign="top")
        self._tall(3, 11)
        period = words.month(self.head.month)
        if layout.number in (2, 3) and self.head.since:
            period = f"từ {words.month(self.head.since)} đến {period}"
        period = f"{period.capitalize()} – số liệu {w(f'state.{self.head.state}').lower()}"
        lines = [(layout.title, 24, {"bold": True, "font_size": 14}), (period, 18, {"italic": True, "font_size": 12})]
        if self.head.synthetic:
            lines.append((w("title.synthetic"), 18, {"bold": True, "font_color": "#C00000"}))
        for row, (text, height, style) in enumerate(lines, 4):
            self._across(row, 0, self.last, text, **style)
            self._tall(row, height)
        row = 4 + len(lines)
        self._across(row, 0, self.last, f"Đơn vị tính: {layout.measured}", align="right", italic=True)
        return row + 1

    def _split(self) -> int:
        """Return the last column of the left half of the top, where the agency's name has room."""
        room, found = _LEFT * sum(c.width for c in self.columns), 1
        while sum(c.width for c in self.columns[: found + 2]) <= room:
            found += 1
        return found

    def _heading(self, top: int) -> int:
        """Write the tiers of the heading, merged where they say the same, and the index row; return the next row."""
        depth = len(self.layout.heights)
        look = {"bold": True, "border": 1, "text_wrap": True, "font_size": 10}
        for tier, height in enumerate(self.layout.heights):
            self._tall(top + tier, height)
        for at, column in enumerate(self.columns):
            for tier, text in enumerate(column.heading):
                same = column.heading[: tier + 1]
                group = [n for n, c in enumerate(self.columns) if c.heading[: tier + 1] == same]
                bottom = top + (depth - 1 if tier == len(column.heading) - 1 else tier)
                if group[0] == at:
                    self._across(top + tier, at, group[-1], text, bottom, **look)
            self._across(top + depth, at, at, column.index, border=1, italic=True, font_size=9)
        return top + depth + 1

    def _rows(self, row: int) -> int:
        """Write a row a unit, or two where people are told too; return the next row."""
        figures = {n: (c.values.to_dict("index"), c.least.to_dict("index")) for n, c in self.form.items()}
        for place in form_counts.places(self.head.month).itertuples():
            city = place.level == "city"
            bold = {"bold": city or place.level == "district"}
            # At the top of its rows: in their middle a name would be cut where a page ends between them.
            look, below = {"border": 1, "valign": "top", **bold}, row + len(figures) - 1
            self._across(row, 0, 0, place.serial, below, num_format="@", **look)
            self._across(row, 1, 1, TOTAL if city else place.name, below, align="center" if city else "left", **look)
            for name, (values, least) in figures.items():
                if self.layout.parted:
                    self._across(row, 2, 2, COUNTED[name], border=1, align="left", **bold)
                for at, column in enumerate(self.layout.columns, self.fixed):
                    value, mark = values[place.code][column.figure], least[place.code][column.figure]
                    look = {"num_format": column.pattern(bool(mark)), "border": 1, "align": "right", **bold}
                    if pd.isna(value):
                        self.page.write_blank(row, at, None, self._format(**look))
                    else:
                        self.page.write_number(row, at, value, self._format(**look))
                row += 1
        return row

    def _notes(self, row: int) -> int:
        """Write what a reader must know, below the table; return the next row."""
        lists, month = self.head.agency["lists_from"], words.month(self.head.month)
        told = [f"Nguồn: lập từ danh sách hộ {month} do {lists} cung cấp.", *self.layout.notes]
        told[-1] += self._two() if self.layout.number == 8 else ""
        told += self.head.remarks.get(self.layout.number, ())
        told.append("Ô trống: chưa biết hoặc không tính được, không phải là 0.")
        told += [_least(self.form)] if any(c.least.any(axis=None) for c in self.form.values()) else []
        self._tall(row, 6)
        self._across(row + 1, 0, self.last, "Ghi chú:", align="left", bold=True, italic=True)
        for n, text in enumerate(told, row + 2):
            self._across(n, 0, self.last, f"- {text}", align="left", font_size=10)
        return row + 2 + len(told)

    def _two(self) -> str:
        """Say how many households of the city Biểu 8 counts in two of its groups."""
        city = self.form["households"].values.loc[units.CITY]
        told = [f"{words.number(_plain(city[f'{of}_two']))} hộ {OWN[of]}" for of in CLASSES]
        return f" (toàn bảng: {', '.join(told)})."

    def _signatures(self, row: int) -> None:
        """Leave room for day, names and seal: the software signs nothing."""
        split, where = self._split(), "Thừa Thiên Huế" if units.era_of(self.head.month) == "A" else "Huế"
        self._across(row, split + 1, self.last, f"{where}, ngày …… tháng …… năm ………", italic=True, font_size=12)
        chief, by_hand = words.load("vi")("title.signature")
        for left, right, name, how in (
            (0, split, "NGƯỜI LẬP BIỂU", "(Ký, ghi rõ họ tên)"),
            (split + 1, self.last, chief, by_hand),
        ):
            self._across(row + 1, left, right, name, bold=True, font_size=12)
            self._across(row + 2, left, right, how, italic=True)

    def _paper(self) -> None:
        page = self.page
        page.set_landscape()
        page.set_paper(9)  # A4
        page.fit_to_pages(1, 0)
        page.center_horizontally()
        page.set_margins(left=0.5, right=0.4, top=0.6, bottom=0.6)
        font = f'&"{FONT},Italic"&9'
        mark = "&C" + font + words.load("vi")("title.synthetic") if self.head.synthetic else ""
        page.set_header(f"&L{font}{INTERNAL}{mark}", {"margin": 0.25})
        page.set_footer(f"&L{font}Biểu số {self.layout.number}&R{font}Trang &P/&N", {"margin": 0.25})
        page.hide_gridlines(2)

    def _breaks(self, first: int, body: int, end: int, last: int) -> None:
        """End pages between units, and let no page hold little more than the total, notes and signatures.

        A page that ended in a unit would carry its people over without its name.
        """
        width = sum(0.75 * int(7 * c.width + 5) for c in self.columns)  # points; a character of Excel is 7 pixels wide
        room = _ROOM / min(1.0, _WIDE / width)
        heading, above, below = (
            sum(self.tall.get(row, _ROW) for row in range(*part)) for part in ((first, body), (0, first), (end, last))
        )
        step, row = len(self.form), body
        breaks = []
        while (ending := row + int((room - heading - above) / (_ROW * step)) * step) < end:
            breaks.append(ending)
            row, above = ending, 0
        few = end - _CARRIED * step
        if (end - row) * _ROW + below > room - heading - above:
            breaks.append(few)
        self.page.set_h_pagebreaks(sorted({min(b, few) for b in breaks}))

    def _tall(self, row: int, height: float) -> None:
        self.tall[row] = height
        self.page.set_row(row, height)

    def _across(self, row: int, left: int, right: int, text: str, below: int | None = None, **style) -> None:
        """Write a text over a range of cells, never as a formula."""
        look, below = self._format(**{"align": "center", **style}), row if below is None else below
        if (row, left) != (below, right):
            self.page.merge_range(row, left, below, right, "", look)
        if text:
            self.page.write_string(row, left, text, look)
        else:
            self.page.write_blank(row, left, None, look)

    def _format(self, **style) -> Format:
        key = tuple(sorted(style.items()))
        if key not in self.formats:
            self.formats[key] = self.made.add_format({"font_name": FONT, "font_size": 11, "valign": "vcenter", **style})
        return self.formats[key]


def _least(form: Form) -> str:
    """Say what the sign * means here, and of how much nothing is known."""
    city = [part.loc[units.CITY].max() for c in form.values() for part in (c.unknown, c.lacking)]
    unknown, lacking = max(city[::2]), max(city[1::2])
    told = [f"{words.number(int(lacking))} xã, phường chưa có số liệu"] if lacking else []
    told += [f"có đến {words.number(int(unknown))} hộ chưa rõ thông tin"] if unknown else []
    # A count can only grow; a share of what is known may go either way.
    truth = "khác" if "deprived_1_percent" in form["households"].values else "lớn hơn"
    return f"(*) Mới tính phần đã biết, số thực có thể {truth}: {'; '.join(told)}."


def _plain(value: object) -> int | None:
    return None if pd.isna(value) else int(value)
