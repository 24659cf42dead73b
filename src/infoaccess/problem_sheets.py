"""Lay out one sheet of rows to mend, for a clerk with Excel or LibreOffice: title, what to do, legend, heading, rows.

1 row = 1 row of a list. Cells stand as they were sent, text as text (a leading zero survives, "=1+1" never becomes a
formula); a faulty cell is coloured and its note holds the sentences, which the last column but one says again in words.
"""

import datetime as dt
import math

import pandas as pd
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_range

from infoaccess import values, words
from infoaccess.columns import Column
from infoaccess.validate import Sheet

FAULT, ORIGIN = "fault", "origin_ref"
AUTHOR = "Kiểm tra danh sách"
DO = "Sửa các ô tô màu, không sửa cột cuối, lưu lại và gửi lại cả tệp này."
GRAVE = {"refused": ("Bị từ chối", "#FFB3B3"), "warning": ("Cần kiểm tra", "#FFE08A")}  # the worse one first
MEANING = {"refused": "Bị từ chối: dòng chưa được tính", "warning": "Cần kiểm tra: dòng đã được tính"}
HEADING = 6  # rows above the heading: what this is, what to do, the legend, whether the data are made up, a blank one
_AS_TEXT = ("text", "code", "identity", "choice", "date", "month")
_WIDTH = {"text": 16, "choice": 16, "code": 7, "identity": 13.5, "date": 11, "month": 9, "money": 11}
_WIDTH |= {"tick": 3.3, "count": 7.5, "percent": 7.5, "year": 6.5}
_OWN_WIDTH = {"serial": 5, "village": 14, "household_no": 8, "head_name": 20, "ethnicity": 8, "phone": 11, "remark": 13}
_OWN_WIDTH |= {FAULT: 46, ORIGIN: 12}
_LONGEST = 32767  # characters that a cell holds
_LINE = {"border": 1, "border_color": "#BFC8D2", "valign": "top"}
_SMALL = {"font_color": "#8A8A8A", "font_size": 7, "num_format": "@", "text_wrap": True}
_HEAD = {
    "bold": True,
    "text_wrap": True,
    "border": 1,
    "border_color": "#7F8FA0",
    "bg_color": "#DCE6F1",
    "valign": "vcenter",
}


def add(book: Workbook, name: str, sheet: Sheet, faults: dict[int, list[dict]]) -> None:
    """Add a sheet with the rows that have faults: position of a row -> its problems."""
    _Page(book, name, sheet, faults).fill()


def known_code(sheet: Sheet, row: int) -> str | None:
    """Return the commune code of a row where the first door knows it, from whatever it took it."""
    code = sheet.frame["commune_code"].iloc[row] if "commune_code" in sheet.frame else None
    return None if code is None or pd.isna(code) else str(code)


class _Page:
    """Hold what the parts of a sheet share: the workbook's formats, the columns, the rows."""

    def __init__(self, book: Workbook, name: str, sheet: Sheet, faults: dict[int, list[dict]]):
        self.book, self.sheet, self.faults = book, sheet, faults
        self.page = book.add_worksheet(name)
        self.columns = self._columns()
        self.formats: dict[tuple, Format] = {}

    def fill(self) -> None:
        """Write everything and prepare the sheet for screen and paper."""
        self._top()
        for at, column in enumerate(self.columns):
            turned = {"rotation": 90, "align": "center"} if column.type == "tick" else {"align": "left"}
            self.page.write_string(HEADING, at, column.label, self._format(**_HEAD, **turned))
            self.page.set_column(at, at, _OWN_WIDTH.get(column.name, _WIDTH.get(column.type, 12)))
        self.page.set_row(HEADING, 130 if any(c.type == "tick" for c in self.columns) else 48)
        for line, row in enumerate(self.faults, HEADING + 1):
            self._row(line, row)
        self._finish(HEADING + len(self.faults), len(self.columns) - 1)

    def _columns(self) -> list[Column]:
        """Choose the columns: those the lists have, those a fault asks for, and last what is wrong and where from."""
        known = self.sheet.kind.columns
        wanted = {name for row in self.faults for name in self.sheet.owner[row].position}
        wanted |= {p["_column"] for problems in self.faults.values() for p in problems}
        if any(known_code(self.sheet, row) for row in self.faults):
            wanted.add("commune_code")  # taken from a title, say: this book has no such title
        wanted -= {FAULT, ORIGIN}
        chosen = [c for c in known.values() if c.name in wanted]
        chosen.sort(key=lambda c: c.name != "serial")  # the serial number opens a row, as on every list
        return [*chosen, known[FAULT], known[ORIGIN]]

    def _top(self) -> None:
        self.page.write_string(
            0, 0, f"CÁC DÒNG CẦN SỬA – {self.sheet.kind.title}", self._format(bold=True, font_size=14)
        )
        self.page.write_string(1, 0, DO, self._format(font_size=12))
        for line, (severity, meaning) in enumerate(MEANING.items(), 2):
            self.page.write_blank(line, 0, None, self._format(bg_color=GRAVE[severity][1], border=1))
            self.page.write_string(line, 1, meaning, self._format())
        if any(self.sheet.owner[row].synthetic for row in self.faults):  # the mark travels with its rows
            mark = words.load("vi")("title.synthetic")
            self.page.write_string(4, 0, mark, self._format(bold=True, font_color="#9C2A10"))

    def _row(self, line: int, row: int) -> None:
        story = self._story(row)
        for at, column in enumerate(self.columns):
            if column.name == FAULT:
                self.page.write_string(line, at, story[:_LONGEST], self._format(**_LINE, text_wrap=True))
            elif column.name == ORIGIN:
                self.page.write_string(line, at, self._origin(row), self._format(**_LINE, **_SMALL))
            else:
                here = [p for p in self.faults[row] if p["_column"] == column.name]
                self._cell(line, at, column, self._sent(row, column), here)
        lines = sum(math.ceil(len(part) / 50) for part in story.split("\n"))
        self.page.set_row(line, min(13 * lines + 3, 400))

    def _sent(self, row: int, column: Column) -> object:
        """Return a row's cell; what its list had no column for is told from what it left empty."""
        cell = self.sheet.cells[column.name][row]
        if column.type == "tick" and column.name not in self.sheet.owner[row].position:
            return "--"  # an empty box would read as "no"
        if column.name == "commune_code" and values.text_of(cell) == "":
            return known_code(self.sheet, row)
        return cell

    def _cell(self, line: int, at: int, column: Column, cell: object, problems: list[dict]) -> None:
        """Write one cell as it was sent, its faults in colour and in a note."""
        style = _LINE | ({"bg_color": _colour(problems)} if problems else {})
        style |= {"align": "center"} if column.type == "tick" else {"text_wrap": column.type == "text"}
        number = isinstance(cell, int | float) and not isinstance(cell, bool) and math.isfinite(cell)
        if number and column.type not in _AS_TEXT:
            self.page.write_number(line, at, cell, self._format(**style))
        else:
            style |= {"num_format": "@"} if column.type in _AS_TEXT else {}
            text = _text(cell)[:_LONGEST]
            if text:
                self.page.write_string(line, at, text, self._format(**style))
            else:
                self.page.write_blank(line, at, None, self._format(**style))
        if problems:
            note = "\n".join(dict.fromkeys(p["sentence"] for p in problems))[:_LONGEST]
            lines = sum(math.ceil(len(part) / 38) for part in note.split("\n"))
            size = {"width": 270, "height": 20 + 18 * lines, "font_size": 9, "font_name": "Arial"}
            self.page.write_comment(line, at, note, {"author": AUTHOR, "color": _colour(problems), **size})

    def _story(self, row: int) -> str:
        """Tell a row's faults to a reader who sees neither colours nor notes, and where the row stood.

        No line opens with a column's name: a cell that opens with "Tổng số" would be read as a row of totals.
        """
        told = []
        for severity, (name, _) in GRAVE.items():
            for p in (p for p in self.faults[row] if p["severity"] == severity):
                told.append(f'{name}, cột "{self.sheet.kind.columns[p["_column"]].label}": {p["sentence"]}')
        table, number = self.sheet.owner[row], self.sheet.origin["row"].iloc[row]
        return "\n".join(
            [*dict.fromkeys(told), f'Dòng cũ: tệp {table.file}, trang tính "{table.sheet}", dòng {number}']
        )

    def _origin(self, row: int) -> str:
        """Name the row that the mended one replaces: file (by checksum), sheet, row."""
        table = self.sheet.owner[row]
        return f"{table.sha}:{table.sheet_index}:{self.sheet.origin['row'].iloc[row]}"

    def _finish(self, last: int, right: int) -> None:
        page, first = self.page, HEADING + 1
        for at, column in enumerate(self.columns):
            offered = _offered(column)
            if offered:
                told = f"Ô này nhận: {', '.join(offered)}."
                ask = {"validate": "list", "source": offered, "error_type": "warning"}
                ask |= {"error_title": column.label[:32], "error_message": told[:255]}
                page.data_validation(first, at, last, at, ask)
        keys = [at for at, column in enumerate(self.columns) if column.key and at < 6]
        page.freeze_panes(first, max(keys, default=-1) + 1)
        page.autofilter(HEADING, 0, last, right)
        page.ignore_errors({"number_stored_as_text": xl_range(first, 0, last, right)})
        page.set_landscape()
        page.set_paper(9)  # A4
        page.fit_to_pages(1, 0)
        page.repeat_rows(HEADING)
        page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        page.set_footer("&L&8&A&R&8Trang &P/&N")

    def _format(self, **style) -> Format:
        key = tuple(sorted(style.items()))
        if key not in self.formats:
            self.formats[key] = self.book.add_format({"font_name": "Arial", "font_size": 10, **style})
        return self.formats[key]


def _colour(problems: list[dict]) -> str:
    return next(colour for severity, (_, colour) in GRAVE.items() if any(p["severity"] == severity for p in problems))


def _offered(column: Column) -> list[str]:
    """List what a cell may hold, for the list that Excel opens; [] where any value goes or Excel has no room."""
    if column.type == "tick":
        return ["x"]
    found = [spellings[0][:1].upper() + spellings[0][1:] for spellings in column.choices.values()]
    return found if len(",".join(found)) <= 255 and not any("," in word for word in found) else []


def _text(cell: object) -> str:
    """Return a cell's text as sent; a day as day/month/year."""
    if isinstance(cell, dt.date):  # a datetime too
        return f"{cell:%d/%m/%Y}"
    return cell if isinstance(cell, str) else values.text_of(cell)
