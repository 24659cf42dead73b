"""Write the office's list of things to do as a workbook: a summary first, then one sheet a kind of thing.

1 row = 1 thing to look at, with the file, sheet and row where a commune's list holds it, never a person's name. Months
are days, counts numbers, shares per cent, so that they sort and filter; text never becomes a formula; the same rows are
the same bytes. Small counts are not hidden: every page says that it is internal.
"""

import datetime as dt
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format

from infoaccess import words
from infoaccess.deprivation import DEVICE, INTERNET

INTERNAL = "NỘI BỘ – không công bố"
NOTHING = "Không có"
SUMMARY = "Tổng hợp"
FONT = "Times New Roman"
_PLAIN = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_LINE = {"border": 1, "border_color": "#8C98A4", "valign": "top"}
_HEAD = {"bold": True, "border": 1, "text_wrap": True, "align": "center", "valign": "vcenter", "bg_color": "#E4EAF1"}
_DIGITS, _PERCENT, _MONTH = "[$-42A]#,##0", "[$-42A]0.0\\ %", "mm/yyyy"  # 42A: Vietnamese, 7.540 and 2,3 %


@dataclass(frozen=True)
class Column:
    """Describe one column: its heading, its column of the frame, its width in characters, what its cells are.

    `kind` is text, tick, month, count, or figure (a count, or a share where the row's own `kind` says so).
    """

    label: str
    name: str
    width: float
    kind: str = "text"


@dataclass(frozen=True)
class Sheet:
    """Hold one sheet: name of its tab, title, what to do, columns, rows; `adds` is the column that the summary adds up.

    `empty` says why there is no row, where that is not good news.
    """

    name: str
    title: str
    todo: str
    columns: tuple[Column, ...]
    rows: pd.DataFrame  # a column month, if any, holds YYYY-MM
    unit: str = "dòng"
    adds: str = ""
    empty: str = NOTHING

    def total(self, month: str | None = None) -> int:
        """Return how many there are, of a month alone where one is named; a row of no month is of every month."""
        rows = self.rows
        if month and "month" in rows:
            rows = rows[rows["month"] == month]
        return int(rows[self.adds].sum()) if self.adds else len(rows)


PLACE = (Column("Tệp", "file", 26), Column("Trang tính", "sheet", 13), Column("Dòng", "row", 8, "count"))
MONTH, COMMUNE = Column("Tháng", "month", 9, "month"), Column("Xã, phường", "commune", 20)
SOURCE, RULE = Column("Nguồn kinh phí", "source_title", 19), Column("Quy tắc", "title", 24)
SAID = Column("Nội dung", "sentence", 54)
FIGURES = (Column("Số liệu", "figure", 10, "figure"), Column("Dự kiến", "expected", 10, "figure"))
GRAVITY = {"error": "Sai chắc chắn", "warning": "Cần xem"}
FINDINGS = {  # rule of plausibility -> its name
    "parts_differ": "Tổng không bằng cộng các phần",
    "rate_above_one": "Tử số lớn hơn mẫu số",
    "sex_swapped": "Cột Nam, Nữ có thể đổi chỗ",
    "jump_count": "Số đếm thay đổi đột ngột",
    "jump_rate": "Tỷ lệ thay đổi đột ngột",
    "moves_alone": "Chỉ một chỉ số thay đổi",
    "copied_list": "Danh sách giống hệt tháng trước",
    "heaped": "Số khẩu giống nhau hàng loạt",
    "all_alike": "Cả cột đánh dấu giống nhau",
}
GROUPS = {"all": "Tất cả", "poor": "Hộ nghèo", "near_poor": "Hộ cận nghèo", "policy": "Hộ chính sách"}
GROUPS |= {"policy_only": "Hộ chính sách khác"}
FORMS = {"poor": "Biểu 2", "near_poor": "Biểu 3"}
COUNTED = {"households": "Hộ", "people": "Nhân khẩu"}


def breaches(rows: pd.DataFrame) -> Sheet:
    """Lay out `eligibility.breaches` with commune and source_title."""
    todo = "Mở tệp và dòng đã nêu, đối chiếu với hồ sơ bàn giao: sửa dòng ghi sai và gửi lại, hoặc xử lý việc cấp sai."
    columns = (MONTH, *PLACE, COMMUNE, SOURCE, RULE, SAID)
    return Sheet(
        "Sai điều kiện", "Bàn giao trái điều kiện của nguồn kinh phí", todo, columns, rows, "lượt bàn giao × quy tắc"
    )


def unchecked(rows: pd.DataFrame) -> Sheet:
    """Lay out `eligibility.unchecked` with source_title and the rule's title."""
    todo = "Chưa kiểm được không phải là đúng: hãy bổ sung thông tin còn thiếu vào danh sách, hoặc kiểm trên hồ sơ."
    columns = (MONTH, SOURCE, RULE, Column("Số lượt", "not_checked", 9, "count"))
    columns += (Column("Vì sao", "sentence", 90),)
    title = "Bàn giao chưa kiểm được điều kiện, và vì sao"
    return Sheet("Chưa kiểm được", title, todo, columns, rows, "lượt bàn giao × quy tắc", "not_checked")


def unresolved(rows: pd.DataFrame, empty: str) -> Sheet:
    """Lay out `flows.unresolved` with commune; `empty` says why there is none, where forms could not be made."""
    shown = rows.assign(form=rows["group"].map(FORMS), part=rows["counted"].map(COUNTED))
    todo = "Hỏi xã và ghi đủ ô còn thiếu của dòng đã nêu, gửi lại danh sách, rồi chạy lại tháng này."
    columns = (Column("Biểu", "form", 8), Column("Phần", "part", 10), COMMUNE, MONTH, *PLACE, SAID)
    title = "Các dòng làm Biểu 2, Biểu 3 không khép"
    return Sheet("Biểu 2, 3 không khép", title, todo, columns, shown, empty=empty)


def kept_poor(rows: pd.DataFrame, month: str) -> Sheet:
    """Lay out `transitions.kept_poor_rows` with commune."""
    ticks = {c: rows[c].map({True: "x", False: ""}).fillna("chưa rõ") for c in (INTERNET, DEVICE)}
    ways = {"one": "Hết thiếu hụt một chỉ số thông tin là đủ", "both": "Phải hết thiếu hụt cả hai chỉ số"}
    shown = rows.assign(month=month, way=rows["kept_by"].map(ways), **ticks)
    todo = "Hỏi xã: hộ cần máy, cần mạng hay cả hai; ưu tiên khi phân bổ. Chỉ tính theo danh sách, không thay rà soát."
    columns = (COMMUNE, Column("Thôn, tổ dân phố", "village", 20), *PLACE)
    columns += (
        Column("Thiếu chỉ số 11 (internet)", INTERNET, 13, "tick"),
        Column("Thiếu chỉ số 12 (phương tiện)", DEVICE, 15, "tick"),
    )
    columns += (Column("Để không còn đủ số chỉ số của hộ nghèo", "way", 40),)
    title = "Hộ chỉ còn nghèo vì thiếu hụt thông tin"
    return Sheet("Nghèo vì thông tin", title, todo, columns, shown, "hộ")


def suspicious(rows: pd.DataFrame) -> Sheet:
    """Lay out `plausible_lists.check` with commune (the unit's name)."""
    shown = rows.assign(title=rows["rule"].map(FINDINGS), sentence=rows["sentence_vi"])
    todo = "Hỏi xã danh sách được lập thế nào; nếu cột bị điền cho có hoặc gửi lại danh sách cũ thì xin gửi lại."
    columns = (MONTH, Column("Xã, phường", "unit", 22), RULE, *FIGURES, SAID)
    return Sheet("Danh sách đáng ngờ", "Danh sách có thể được điền cho có", todo, columns, shown, "phát hiện")


def implausible(rows: pd.DataFrame) -> Sheet:
    """Lay out `plausibility.check` with unit (its name)."""
    shown = rows.assign(title=rows["rule"].map(FINDINGS), sentence=rows["sentence_vi"])
    shown = shown.assign(gravity=rows["severity"].map(GRAVITY), group=rows["group"].map(lambda g: GROUPS.get(g, g)))
    todo = "Xem lại danh sách của đơn vị, tháng đã nêu. Số có thể vẫn đúng: đợt rà soát, đợt hỗ trợ cũng làm số nhảy."
    columns = (MONTH, Column("Mức", "gravity", 11), Column("Đơn vị", "unit", 22))
    columns += (Column("Nhóm hộ", "group", 14), RULE, *FIGURES, SAID)
    return Sheet("Số liệu khó tin", "Số liệu khó tin qua các tháng", todo, columns, shown, "phát hiện")


def book(sheets: Sequence[Sheet], month: str, issuer: str, synthetic: bool) -> bytes:
    """Write the workbook and return its bytes; `issuer` is the office, `synthetic` prints the mark of invented data."""
    memory = BytesIO()
    plain = {"default_format_properties": {"font_name": FONT, "font_size": 11}, "in_memory": True, **_PLAIN}
    with xlsxwriter.Workbook(memory, plain) as made:
        mark = words.load("vi")("title.synthetic") if synthetic else ""
        # Day 15: a workbook made on 2023-01-01 would pass for one of the sample's (sample_books.is_sample).
        day = dt.datetime.strptime(f"{month}-15", "%Y-%m-%d")
        made.set_properties({"title": INTERNAL, "comments": mark, "created": day})
        pages = [_summary(sheets, month, issuer), *sheets]
        for sheet in pages:
            _Page(made, sheet, month, mark).fill()
    return memory.getvalue()


def _summary(sheets: Sequence[Sheet], month: str, issuer: str) -> Sheet:
    """Count how many of each there are."""
    rows = [
        {
            "serial": n,
            "what": s.title,
            "tab": s.name,
            "here": s.total(month),
            "ever": s.total(),
            "unit": s.unit,
            "todo": s.todo if len(s.rows) else s.empty,
        }
        for n, s in enumerate(sheets, 1)
    ]
    columns = (Column("STT", "serial", 5, "count"), Column("Việc", "what", 34))
    columns += (Column("Trang tính", "tab", 20), Column("Tháng này", "here", 10, "count"))
    columns += (Column("Mọi tháng đến nay", "ever", 11, "count"), Column("Đơn vị tính", "unit", 17))
    columns += (Column("Cách làm", "todo", 50),)
    title = f"VIỆC CẦN LÀM – {words.month(month)}".upper()
    return Sheet(SUMMARY, title, f"{issuer}. Mỗi dòng là một trang tính của tệp này.", columns, pd.DataFrame(rows))


class _Page:
    """Hold what the parts of one sheet share."""

    def __init__(self, made: xlsxwriter.Workbook, sheet: Sheet, month: str, mark: str):
        self.made, self.sheet, self.month, self.mark = made, sheet, month, mark
        self.page = made.add_worksheet(sheet.name)
        self.formats: dict[tuple, Format] = {}
        self.right = len(sheet.columns) - 1

    def fill(self) -> None:
        """Write everything and prepare the sheet for screen and paper."""
        sheet, page = self.sheet, self.page
        lines = [(INTERNAL, {"bold": True, "font_color": "#C00000"}, 16)]
        lines += [(self.mark, {"bold": True, "font_color": "#C00000"}, 16)] if self.mark else []
        wide = sum(column.width for column in sheet.columns)
        lines += [(sheet.title, {"bold": True, "font_size": 14}, 22)]
        lines += [(sheet.todo, {"font_size": 12}, 4 + 16 * _lines(sheet.todo, 0.9 * wide))]
        for row, (text, style, height) in enumerate(lines):
            look = self._format(text_wrap=True, valign="top", **style)
            page.merge_range(row, 0, row, self.right, "", look)
            page.write_string(row, 0, text, look)
            page.set_row(row, height)
        head = len(lines) + 1
        for at, column in enumerate(sheet.columns):
            page.write_string(head, at, column.label, self._format(**_HEAD))
            page.set_column(at, at, column.width)
        page.set_row(head, 6 + 15 * max(_lines(column.label, 0.8 * column.width) for column in sheet.columns))
        shown = sheet.rows
        if "month" in shown:  # the newest first; the order within a month is the one given
            shown = shown.sort_values("month", ascending=False, kind="stable")
        rows = shown.to_dict("records")
        for line, row in enumerate(rows, head + 1):
            for at, column in enumerate(sheet.columns):
                self._cell(line, at, column, row)
            texts = [(str(row[c.name]), c.width) for c in sheet.columns if c.kind in ("text")]
            page.set_row(line, 2 + 14.5 * max(_lines(text, width) for text, width in texts))
        if not rows:
            look = self._format(italic=True, border=1, text_wrap=True, valign="top")
            page.merge_range(head + 1, 0, head + 1, self.right, "", look)
            page.write_string(head + 1, 0, sheet.empty, look)
            page.set_row(head + 1, 2 + 14.5 * _lines(sheet.empty, wide))
        page.freeze_panes(head + 1, 0)
        page.autofilter(head, 0, head + max(len(rows), 1), self.right)
        self._paper(head)

    def _cell(self, line: int, at: int, column: Column, row: dict) -> None:
        """Write one cell: a day, a number or a text; blank where nothing is known."""
        value = row[column.name]
        if pd.isna(value) or value == "":
            self.page.write_blank(line, at, None, self._format(**_LINE))
        elif column.kind == "month":
            day = dt.datetime.strptime(value, "%Y-%m")
            self.page.write_datetime(line, at, day, self._format(**_LINE, num_format=_MONTH, align="center"))
        elif column.kind in ("count", "figure"):
            share = column.kind == "figure" and row["kind"] == "share"
            look = self._format(**_LINE, num_format=_PERCENT if share else _DIGITS, align="right", indent=1)
            self.page.write_number(line, at, float(value) if share else round(float(value)), look)
        else:
            look = {"align": "center"} if column.kind == "tick" else {"text_wrap": True}
            self.page.write_string(line, at, str(value), self._format(**_LINE, **look))

    def _paper(self, head: int) -> None:
        page = self.page
        page.set_landscape()
        page.set_paper(9)  # A4
        page.fit_to_pages(1, 0)
        page.repeat_rows(head)
        page.set_margins(left=0.5, right=0.4, top=0.6, bottom=0.6)
        font = f'&"{FONT},Italic"&9'
        page.set_header(f"&L{font}{INTERNAL}&R{font}{self.mark}", {"margin": 0.25})
        page.set_footer(f"&L{font}{words.month(self.month).capitalize()} – &A&R{font}Trang &P/&N", {"margin": 0.25})
        page.hide_gridlines(2)

    def _format(self, **style) -> Format:
        key = tuple(sorted(style.items()))
        if key not in self.formats:
            self.formats[key] = self.made.add_format({"font_name": FONT, "font_size": 11, **style})
        return self.formats[key]


def _lines(text: str, width: float) -> int:
    """Count the lines that a text takes in a cell; a letter is a little narrower than the digit that widths count.

    >>> _lines("", 10), _lines("Hộ đã được hỗ trợ một lần", 12)
    (1, 2)
    """
    return max(1, len(textwrap.wrap(text, max(1, int(1.1 * width)))))
