"""Print a proposed allotment as the annex to the committee's decision: a workbook in the layout officials know.

1 row = 1 unit: serial number, unit, households with a need by class and in all, phones; a row of totals; below it, how
the figures came about. Layout of Decree 30/2020/NĐ-CP: A4 portrait, Times New Roman 13, the committee on the left, the
motto on the right, "Phụ lục" and the reference to the decision with number and day left blank: the software neither
numbers nor signs. The same input gives the same bytes. Needs by class are not disclosure-controlled: `by_class=False`
leaves them out of a copy that is made public.
"""

import datetime as dt
from collections.abc import Sequence
from io import BytesIO

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from infoaccess import allotment, report, units, words
from infoaccess.allotment import Criteria

MADE = dt.datetime(2023, 1, 1)  # a fixed day: the same figures give the same bytes
CLASSES = {  # heading -> need columns; the classes of Circular 14/2022/TT-BTTTT
    "Hộ nghèo, cận nghèo có công": ("merit_poor", "merit_near_poor"),
    "Hộ nghèo, cận nghèo chính sách xã hội": ("social_poor", "social_near_poor"),
    "Hộ nghèo, cận nghèo chính sách": ("policy_poor", "policy_near_poor"),
    "Hộ nghèo": ("poor",),
    "Hộ cận nghèo": ("near_poor",),
    "Hộ chính sách khác": ("policy_only",),
}
NAMES = dict(zip(allotment.CLASSES, [  # a need column in the sentence that tells the order
    "hộ nghèo là người có công", "hộ cận nghèo là người có công", "hộ nghèo là hộ chính sách xã hội",
    "hộ cận nghèo là hộ chính sách xã hội", "hộ nghèo là hộ chính sách", "hộ cận nghèo là hộ chính sách",
    "hộ nghèo", "hộ cận nghèo", "hộ chính sách không nghèo, không cận nghèo",
], strict=True))  # fmt: skip
NUMBER, UNIT, TOTAL, PHONES, SUM_ROW = "STT", "Đơn vị", "Tổng nhu cầu", "Phân bổ", "TỔNG CỘNG"
NEED, DIGITS = "Nhu cầu (hộ)", "[$-42A]#,##0"
# The width of a column is told in digits of the default font: in the one that everybody has, it is the same everywhere.
_FONT = {"font_name": "Times New Roman", "font_size": 13}
_SIZES = {"default_column_width": 80, "default_row_height": 22}  # pixels; what XlsxWriter knows that font by
_PLAIN = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_WIDE = 620  # pixels (1/96 inch) between the margins of A4: 30 mm left, 15 mm right
_LETTER = {"name": 7.8, "head": 7.6, "note": 7.4}  # pixels that a letter takes on average, at 13, 12 bold and 12 points
_HOW = {
    "sainte_lague": "từng máy lần lượt trao cho đơn vị có thương số {weight} / (2 × số máy đã có + 1) lớn nhất "
    "(phương pháp Sainte-Laguë); khi tổng số máy tăng, không đơn vị nào bị giảm",
    "largest_remainder": "theo tỷ lệ với {weight}, lấy phần nguyên, số máy còn lại trao theo phần dư lớn nhất "
    "(phương pháp Hamilton)",
}


def frame(table: pd.DataFrame, by_class: bool = True) -> pd.DataFrame:
    """Return the annex's table for reports: 1 row = 1 unit, the last row their sum; takes `allotment.allot`'s frame.

    Columns: STT, Đơn vị, households with a need by class (where any column of the class is there), Tổng nhu cầu,
    Phân bổ (phones).
    """
    parts = {NUMBER: pd.Series(range(1, len(table) + 1), index=table.index, dtype="Int64"), UNIT: table["name"]}
    for label, columns in CLASSES.items() if by_class else ():
        here = [c for c in columns if c in table]
        if here:
            parts[label] = table[here].sum(axis=1).astype("Int64")
    parts |= {TOTAL: table["need"].astype("Int64"), PHONES: table["phones"].astype("Int64")}
    whole = pd.DataFrame(parts)
    last = {c: whole[c].sum() for c in whole.columns[2:]} | {NUMBER: pd.NA, UNIT: SUM_ROW}
    return pd.concat([whole, pd.DataFrame([last]).astype(whole.dtypes)], ignore_index=True)[list(parts)]


def notes(long: pd.DataFrame, phones: int, source: str, criteria: Criteria) -> list[str]:
    """Say how the figures came about, one sentence a step; takes `allotment.by_class`'s frame."""
    said = ["Nhu cầu là số hộ đề nghị hỗ trợ và chưa có điện thoại thông minh; mỗi hộ nhiều nhất 01 máy."]
    if source in allotment.INELIGIBLE:
        said[0] += (
            " Nguồn này không hỗ trợ hộ chính sách không thuộc hộ nghèo, hộ cận nghèo (Thông tư 14/2022/TT-BTTTT)."
        )
    if any("_" in c and c not in ("near_poor", "policy_only") for c in " ".join(long["classes"]).split()):
        said[0] += " Mỗi hộ chỉ tính ở một cột: hộ đã tính ở cột có công, chính sách không tính lại ở cột khác."
    if criteria.minimum:
        said.append(f"Mỗi đơn vị trước hết được {criteria.minimum} máy, nhưng không quá nhu cầu của đơn vị.")
    steps = [row for row in allotment.served(long).to_dict("records") if row["need"]]
    told = [f"({n}) {_who(row['classes'])}: {_of(row['phones'], row['need'])}" for n, row in enumerate(steps, 1)]
    lead = "Thứ tự ưu tiên trên toàn địa bàn" if len(steps) > 1 else "Đối tượng"
    said.append(f"{lead} và số máy đáp ứng: {'; '.join(told) or 'không có nhu cầu'}.")
    weight = "nhu cầu" if criteria.by_need else "mức như nhau của mỗi đơn vị"
    weight += " × hệ số vùng khó khăn" if criteria.remoteness and long.attrs.get("remoteness") else ""
    tie = "thương số" if criteria.method == "sainte_lague" else "phần dư"
    how = _HOW[criteria.method].format(weight=weight)
    said.append(
        f"Nhóm không đủ máy cho mọi hộ được chia {how}; bằng nhau về {tie} thì ưu tiên đơn vị có nhu cầu của nhóm lớn "
        "hơn, rồi đến đơn vị có mã nhỏ hơn. Không đơn vị nào nhận quá nhu cầu."
    )
    left = phones - int(long["phones"].sum())
    if left:
        said.append(f"Số máy vượt nhu cầu, chưa phân bổ: {words.number(left)} máy.")
    return said


def _who(columns: str) -> str:
    """Name a class: by its heading where it is one of the Circular's, else by its need columns."""
    whole = {frozenset(c): label for label, c in CLASSES.items()}
    label = whole.get(frozenset(columns.split()))
    return label[0].lower() + label[1:] if label else ", ".join(NAMES[c] for c in columns.split())


def _of(phones: int, need: int) -> str:
    return f"{words.number(phones)}/{words.number(need)} máy"


def write(
    table: pd.DataFrame,
    phones: int,
    source: str,
    month: str,
    criteria: Criteria | None = None,
    *,
    synthetic: bool,
    by_class: bool = True,
    remarks: Sequence[str] = (),
) -> bytes:
    """Allot and return the annex as the bytes of an .xlsx; `table` is the frame of units that `allot` takes.

    `month` names the agencies (agencies.toml) and the lists that the needs come from; `synthetic` prints the mark of
    invented data above the heading of every page; `remarks` are sentences for the notes. Raises what
    `allotment.by_class` does, and UsageError for a month before the units are known.
    """
    criteria = criteria or Criteria()
    units.era_of(month)
    long = allotment.by_class(table, phones, source, criteria)
    long.attrs["remoteness"] = "remoteness" in table
    rows = frame(allotment.allot(table, phones, source, criteria), by_class)
    memory = BytesIO()
    settings = {"in_memory": True, "default_format_properties": dict(_FONT), **_SIZES, **_PLAIN}  # it writes into them
    with xlsxwriter.Workbook(memory, settings) as book:
        book.set_properties({"title": "Phụ lục phân bổ điện thoại thông minh", "created": MADE})
        page = _Page(book, rows)
        page.head(report.agency(month)["parent_body"], _subject(source), _basis(month, phones, source))
        page.table(synthetic)
        page.foot([*notes(long, phones, source, criteria), *remarks])
    return memory.getvalue()


def _subject(source: str) -> str:
    whom = "hộ nghèo, hộ cận nghèo" + ("" if source in allotment.INELIGIBLE else ", gia đình chính sách")
    return f"Phân bổ điện thoại thông minh\nhỗ trợ {whom}".upper()


def _basis(month: str, phones: int, source: str) -> str:
    paid = words.load("vi")(f"source.{source}")
    return f"Nguồn: {paid}; số máy: {words.number(phones)}.\nNhu cầu theo danh sách {words.month(month)}."


class _Sheet(Worksheet):
    """Leave the page number off the first page: Excel has a switch for it that XlsxWriter does not offer."""

    def _xml_start_tag(self, tag, attributes=None):
        more = [("differentFirst", 1)] if tag == "headerFooter" else []
        super()._xml_start_tag(tag, [*(attributes or []), *more])


class _Page:
    """Hold what the parts of the sheet share: the formats, the columns, the next free line."""

    def __init__(self, book: xlsxwriter.Workbook, rows: pd.DataFrame):
        self.book, self.rows, self.formats = book, rows, {}
        self.page: Worksheet = book.add_worksheet("Phụ lục", worksheet_class=_Sheet)
        self.right = len(rows.columns) - 1
        middle = self.right - 2  # the columns of needs
        name = 184 if middle > 5 else 200  # the unit's column ends where the committee's block does
        each = (_WIDE - 40 - name) // (middle + 1)
        self.widths = [40, name, *[each] * (middle + 1)]
        for at, width in enumerate(self.widths):
            self.page.set_column_pixels(at, at, width)
        self.line = 0
        page = self.page
        page.set_paper(9)  # A4
        page.set_portrait()
        page.set_margins(left=30 / 25.4, right=15 / 25.4, top=20 / 25.4, bottom=20 / 25.4)
        page.set_header("&C&\"Times New Roman\"&13&P", {"margin": 10 / 25.4})  # fmt: skip
        page.fit_to_pages(1, 0)
        page.center_horizontally()

    def head(self, committee: str, subject: str, basis: str) -> None:
        """Write the committee, the motto, the title and the reference to the decision."""
        long_name = committee.replace("UBND ", "ỦY BAN NHÂN DÂN\n", 1)
        w = words.load("vi")
        *upper, lower = long_name.split("\n")
        self._two(" ".join(upper), w("title.national"))
        self._two(lower, w("title.motto"), font_size=13)
        self._rules(lower, w("title.motto"))
        of = committee.replace("UBND ", "Ủy ban nhân dân ", 1).replace("TỈNH", "tỉnh").replace("THÀNH PHỐ", "thành phố")
        place = " ".join(word.capitalize() if word.isupper() else word for word in of.split())
        blank = " " * 7
        self._across("PHỤ LỤC", 20, bold=True, font_size=14, align="center")
        self._across(subject, 38, bold=True, align="center")
        day = f"ngày{blank}tháng{blank}năm{blank * 2}"
        self._across(f"(Kèm theo Quyết định số{blank * 2}/QĐ-UBND {day}\ncủa {place})", 36, italic=True, align="center")
        self._across(basis, 36, italic=True, align="center")

    def table(self, synthetic: bool) -> None:
        """Write the mark of invented data, the heading that every page repeats, the units and their sum."""
        first = self.line
        if synthetic:
            mark = words.load("vi")("title.synthetic")
            self._across(mark, 18, bold=True, font_size=10, font_color="#9C2A10", align="center")
        head = {"bold": True, "border": 1, "align": "center", "valign": "vcenter", "text_wrap": True, "font_size": 11.5}
        top, low, style = self.line, self.line + 1, self._format(**head)
        labels = list(self.rows.columns)
        tiers = {0: labels[0], 1: labels[1], self.right: f"{PHONES} (máy)"}
        parts = range(2, self.right) if self.right > 3 else ()
        for at, text in (tiers if parts else tiers | {2: NEED}).items():
            self.page.merge_range(top, at, low, at, "", style)
            self.page.write_string(top, at, text, style)
        if parts:
            self.page.merge_range(top, 2, top, self.right - 1, "", style)
            self.page.write_string(top, 2, NEED, style)
        for at in parts:
            self.page.write_string(low, at, "Tổng" if labels[at] == TOTAL else labels[at], style)
        tall = max(_lines(labels[at], self.widths[at], "head") for at in parts) if parts else 1
        self.page.set_row(top, 18)
        self.page.set_row(low, max(15 * tall + 2, 24))
        self.page.repeat_rows(first, low)
        self.line += 2
        for row in self.rows.itertuples(index=False):
            self._row(row, bold=row[1] == SUM_ROW and pd.isna(row[0]))

    def foot(self, said: list[str]) -> None:
        """Write how the figures came about."""
        self.line += 1
        for n, text in enumerate(["Ghi chú:", *said]):
            text = f"{n}. {text}" if n else text
            style = {"align": "justify", "valign": "top"} if n else {"italic": True, "bold": True}
            self._across(text, 15.5 * _lines(text, _WIDE, "note") + 2, font_size=12, **style)

    def _row(self, row: tuple, bold: bool) -> None:
        style = {"border": 1, "valign": "vcenter", "bold": bold}
        for at, value in enumerate(row):
            if at == 1:
                shape = self._format(**style, text_wrap=True, align="center" if bold else "left", indent=0)
                self.page.write_string(self.line, at, value, shape)
            elif pd.isna(value):
                self.page.write_blank(self.line, at, None, self._format(**style))
            else:
                shape = (
                    {"align": "center"}
                    if at == 0
                    else {"align": "right", "num_format": DIGITS, "indent": int(self.widths[at] > 62)}
                )
                self.page.write_number(self.line, at, int(value), self._format(**style, **shape))
        self.page.set_row(self.line, 17 * _lines(str(row[1]), self.widths[1], "name"))
        self.line += 1

    def _two(self, left: str, right: str, **style) -> None:
        self.page.merge_range(self.line, 0, self.line, 1, "", self._format(bold=True, align="center", font_size=12))
        self.page.write_string(self.line, 0, left, self._format(bold=True, align="center", font_size=12))
        shape = self._format(**{"bold": True, "align": "center", "font_size": 12, **style})
        self.page.merge_range(self.line, 2, self.line, self.right, "", shape)
        self.page.write_string(self.line, 2, right, shape)
        self.page.set_row(self.line, 17)
        self.line += 1

    def _rules(self, left: str, right: str) -> None:
        """Draw the line under the committee (a half of its name) and under the motto (all of it)."""
        block, end = sum(self.widths[:2]), sum(self.widths)
        for middle, long in ((block / 2, len(left) * 5.5), ((block + end) / 2, len(right) * 8)):
            shape = {"width": round(long), "height": 1, "x_offset": round(middle - long / 2), "y_offset": 1}
            shape |= {"line": {"none": True}, "fill": {"color": "black"}, "object_position": 3}
            self.page.insert_textbox(self.line, 0, "", shape)
        self.page.set_row(self.line, 14)
        self.line += 1

    def _across(self, text: str, height: float, **style) -> None:
        shape = self._format(**{"text_wrap": True, "valign": "vcenter", **style})
        self.page.merge_range(self.line, 0, self.line, self.right, "", shape)
        self.page.write_string(self.line, 0, text, shape)
        self.page.set_row(self.line, height)
        self.line += 1

    def _format(self, **style) -> Format:
        key = tuple(sorted(style.items()))
        if key not in self.formats:
            self.formats[key] = self.book.add_format(_FONT | style)
        return self.formats[key]


def _lines(text: str, pixels: float, kind: str) -> int:
    """Count the lines that a text takes in a cell, broken at spaces."""
    width = (pixels - 8) / _LETTER[kind]
    lines, used = 1, 0
    for word in text.split():
        lines, used = (lines + 1, len(word)) if used and used + 1 + len(word) > width else (lines, used + 1 + len(word))
    return lines
