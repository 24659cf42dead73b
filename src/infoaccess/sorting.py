"""Sort the rows under a heading into rows of data and dressing; every non-blank row falls into exactly one.

A row with its keys and half of what must be there is data, whatever else it says; else it is an index row, a heading
repeated at a page break, a subtotal or total, a line of the signature block below the last whole row, other text - or
data with a fault, which is refused with a reason later and never dropped.
"""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field

from infoaccess import columns
from infoaccess.columns import Column, Kind
from infoaccess.headings import Found

_INDEX = re.compile(r"[a-zđ]{1,2}|\(?\d{1,3}\)?(\s*=.*)?")
_ROMAN = re.compile(r"[ivxlc]+|[a-zđ]")
_LABEL = re.compile(r"\s*(tổng|cộng|toàn|thôn|tổ|tdp|bản|khu|xóm|xã|phường|thị|huyện|quận|thành)", re.I)
_UNIT = re.compile(r"(thôn|tổ|tdp|bản|khu|xóm|xã|phường|thị trấn|huyện|quận|thị xã|thành phố)\b")
_DATED = re.compile(r"\bngày\b.*\btháng\b.*\bnăm\b|\btháng\b.*\bnăm\b")
_OVER = r"(số|cộng|toàn|hộ|khẩu|nhân|người|thôn|tổ|xã|phường|huyện|quận|thị|thành|tỉnh)"
_TOTAL = re.compile(
    rf"(tổng cộng|tổng số|tổng|cộng)(\s*[:(\d].*|\s+{_OVER}\b.*)?|toàn (xã|phường|huyện|quận|thị xã|thành phố|tỉnh)\b.*"
)


@dataclass
class Sorted:
    """Hold the rows of data, the rows of totals (row number from 1, cells) and the counts of dressing."""

    rows: list[tuple[int, list]] = field(default_factory=list)
    totals: list[tuple[int, list]] = field(default_factory=list)
    dressing: Counter = field(default_factory=Counter)


def spread(cells: list[list], merged: list, start: int, positions: list[int]) -> None:
    """Copy a cell merged over several rows (a village, a commune) to all of them, in place."""
    for (top, left), (bottom, right) in merged:
        if bottom > top >= start and left <= right and left in positions:
            for row in range(top + 1, min(bottom, len(cells) - 1) + 1):
                held = any(v not in ("", None) for v in cells[row])  # a blank row stays blank
                if held and left < len(cells[row]) and cells[row][left] in ("", None):
                    cells[row][left] = cells[top][left]


@dataclass(frozen=True)
class _Plan:
    """Hold where in a row to look: positions of keys, counts, ticks, remarks, and of the columns that must be there."""

    keys: list[int]
    content: list[int]
    ticks: list[int]
    remarks: list[int]
    solid: dict[int, bool]  # position -> whether only digits will do
    number: int
    village: int
    head: int


def _plan(kind: Kind, position: dict[str, int]) -> _Plan:
    held = [(c, position[c.name]) for c in kind.columns.values() if c.name in position]
    return _Plan(
        keys=[at for c, at in held if c.key],
        content=[at for c, at in held if _counts(c)],
        ticks=[at for c, at in held if c.type == "tick"],
        remarks=[at for c, at in held if c.name in ("remark", "fault")],
        solid={at: c.type != "text" for c, at in held if c.required and c.type != "tick"},
        number=position.get("household_no", -1),
        village=position.get("village", -1),
        head=position.get("head_name", -1),
    )


def sort(cells: list[list], head: Found, kind: Kind, position: dict[str, int]) -> Sorted:
    """Sort all rows below a heading."""
    done, plan, start = Sorted(), _plan(kind, position), head.last + 1
    whole = [_whole(row, plan) for row in cells[start:]]
    last = max((n for n, is_whole in enumerate(whole, start + 1) if is_whole), default=0)
    headed = {columns.normal(v) for row in cells[head.first : start] for v in row if v not in ("", None)}
    spelled = {v for row in cells[head.first : start] for v in row if v not in ("", None)}
    under = True  # right under a heading, where an index row may stand
    for number, (row, is_whole) in enumerate(zip(cells[start:], whole, strict=True), start + 1):
        is_data = is_whole and not _labelled(row, plan) and not all(row[at] in spelled for at in plan.keys)
        if is_data and not under:
            done.rows.append((number, row))  # every key there: data, whatever a remark may say of totals
            continue
        filled = [columns.normal(v) for v in row if v not in ("", None) and str(v).strip()]
        if not filled:
            continue
        fate = _fate(row, filled, is_data, under, headed, plan)
        if (
            fate in ("row", "text")
            and not is_data
            and number > last > 0
            and len(filled) <= 3
            and all(map(_signs, filled))
        ):
            fate = "signature"  # below the last whole row, a few words and no number but a date
        if fate == "row":
            done.rows.append((number, row))
        else:
            done.dressing[fate] += 1
        if fate == "total":
            done.totals.append((number, row))
        under = fate == "heading"
    return done


def _fate(row: list, filled: list[str], is_data: bool, under: bool, headed: set[str], plan: _Plan) -> str:
    """Tell what a row is: heading, index, row (of data, whole or faulty), total, text."""
    if len(filled) > 1 and set(filled) <= headed:
        return "heading"
    if under and _is_index(filled):
        return "index"
    if is_data:
        return "row"
    totals = any(_total(row, at) for at in range(len(row)) if at not in plan.remarks)
    if totals or _labelled(row, plan) or _group(row, filled, plan):
        return "total"
    if any(_filled(row, at) for at in (*plan.keys, *plan.content)):
        return "row"  # values without a key too: data that will be refused, not dropped
    return "text"


def _labelled(row: list, plan: _Plan) -> bool:
    """Tell whether a key is the label of a total, or the head a unit; in a row with ticks it is somebody's name."""
    for at in plan.keys:
        if isinstance(row[at] if at < len(row) else None, str) and _may_label(row[at]):
            break
    else:
        return False
    unit = _filled(row, plan.head) and _UNIT.match(columns.normal(row[plan.head]))
    if not unit and not any(_total(row, at) for at in plan.keys):
        return False
    return not any(_filled(row, at) and not any(c.isdigit() for c in str(row[at])) for at in plan.ticks)


def _may_label(cell: str) -> bool:
    """Tell quickly whether a cell is worth the look for a label; text that is not composed always is."""
    return bool(_LABEL.match(cell)) or not unicodedata.is_normalized("NFC", cell)


def _group(row: list, filled: list[str], plan: _Plan) -> bool:
    """Tell whether a row names a unit above its households: one name of a unit, else only numerals and counts.

    A village with counts in its own column may be a household whose number and name were left out: that is data.
    """
    if plan.number < 0 or _filled(row, plan.number):
        return False
    if _filled(row, plan.village) and any(_filled(row, at) for at in plan.content):
        return False
    words = [v for v in filled if any(c.isalpha() for c in v) and not _ROMAN.fullmatch(v)]
    return len(words) == 1 and bool(_UNIT.match(words[0]))


def _signs(text: str) -> bool:
    """Tell whether words may stand in a signature block: no number but in a date."""
    return not any(c.isdigit() for c in text) or bool(_DATED.search(text))


def _whole(row: list, plan: _Plan) -> bool:
    """Tell whether a row is surely data: every key there, and half of what must be there (numbers with digits)."""
    width = len(row)
    for at in plan.keys:
        cell = row[at] if at < width else None
        if cell is None or cell == "" or (isinstance(cell, str) and cell.isspace()):
            return False
    held = 0
    for at, digits in plan.solid.items():
        cell = row[at] if at < width else None
        if not isinstance(cell, str):
            held += cell is not None
        elif cell and not cell.isspace():
            held += not digits or any(c.isdigit() for c in cell)
    return 2 * held >= len(plan.solid)


def _total(row: list, at: int) -> bool:
    return at < len(row) and isinstance(row[at], str) and bool(_TOTAL.fullmatch(columns.normal(row[at])))


def _is_index(filled: list[str]) -> bool:
    return len(filled) > 2 and all(_INDEX.fullmatch(_bare(v)) for v in filled)


def _counts(column: Column) -> bool:
    return column.type in ("tick", "count", "money", "percent")


def _filled(row: list, at: int) -> bool:
    return 0 <= at < len(row) and row[at] not in ("", None) and bool(str(row[at]).strip())


def _bare(text: str) -> str:
    """Drop the '.0' that a workbook's numbers carry."""
    return text[:-2] if text.endswith(".0") else text
