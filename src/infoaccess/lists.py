"""Read workbooks as offices send them: find each table's heading, and sort its rows into data and dressing.

Nothing is converted here and nothing is lost: every non-blank row under the heading is a row of data or is counted as
dressing (index row, subtotal, total, signature block).
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import python_calamine as calamine

from infoaccess import columns, values
from infoaccess.columns import Column, Kind
from infoaccess.errors import Place, bad_file

HEADING_ROWS = 40  # a heading starts within so many rows
TIERS = 4  # and has at most so many
SYNTHETIC_MARK = "dữ liệu giả lập"
SUFFIXES = (".xlsx", ".xlsm", ".xls", ".ods")
_INDEX = re.compile(r"[a-z]{1,2}|\(?\d{1,3}\)?(\s*=.*)?")
_TOTAL = re.compile(r"(tổng cộng|tổng số|tổng|cộng|toàn xã|toàn huyện)\b")


@dataclass(frozen=True)
class Table:
    """Hold one sheet's table: where each column stands and its rows of data, cells as the file has them."""

    file: str
    sheet: str
    kind: Kind
    position: dict[str, int]
    heading: dict[str, str]  # column name -> heading as the file spells it
    rows: list[tuple[int, list]]  # (row number in the sheet, its cells)
    dressing: Counter = field(default_factory=Counter)
    mentioned: frozenset[str] = frozenset()  # commune codes named anywhere, in a subtotal without households too
    unknown: tuple[str, ...] = ()
    synthetic: bool = False

    def place(self, row: int | None = None, column: str | None = None) -> Place:
        """Point to a row and column in the words of the file."""
        return Place(self.file, self.sheet, row, self.heading.get(column, column))

    @property
    def rows_read(self) -> int:
        """Count the non-blank rows under the heading."""
        return len(self.rows) + sum(self.dressing.values())


def read(path: Path) -> list[Table]:
    """Read a workbook's tables, one a sheet.

    Raises InputError when the file is no workbook, holds no known table, or a table lacks a required column.
    """
    here = Place(path.name)
    try:
        book = calamine.CalamineWorkbook.from_path(str(path))
    except PermissionError as err:
        raise bad_file(here, "không có quyền đọc", "Hãy đóng tệp trong Excel, kiểm tra quyền rồi chạy lại") from err
    except Exception as err:  # calamine raises many classes for a file that is not what its name says
        what = "không phải là bảng tính Excel/ODS đọc được (có thể là tệp khác đổi tên, hỏng hoặc có mật khẩu)"
        raise bad_file(here, what, "Hãy mở bằng Excel, lưu lại dạng .xlsx không mật khẩu và gửi lại") from err
    found = []
    for name in book.sheet_names:
        try:
            sheet = book.get_sheet_by_name(name)
            cells = sheet.to_python(skip_empty_area=False)
            merged = sheet.merged_cell_ranges or []
        except Exception as err:
            what = "trang tính hỏng, không đọc được"
            raise bad_file(Place(path.name, name), what, "Hãy mở bằng Excel, sửa và lưu lại") from err
        table = _table(path.name, name, cells, merged)
        if table:
            found.append(table)
    if not found:
        known = ", ".join(f'"{k.title}"' for k in columns.kinds().values())
        what = f"không tìm thấy bảng nào đã biết trong {HEADING_ROWS} dòng đầu của các trang tính"
        raise bad_file(here, what, f"Hãy dùng một trong các mẫu: {known}")
    return found


def _table(file: str, sheet: str, cells: list[list], merged: list) -> Table | None:
    """Find one sheet's table; None where the sheet has none."""
    head = _heading(cells, merged)
    if head is None:
        return None
    first, last, kind, position, unknown, paths = head
    heading = {name: _spelling(cells, first, last, at) for name, at in position.items()}
    missing = [c.label for c in kind.required if c.name not in position]
    if missing:
        names = ", ".join(f'"{m}"' for m in missing)
        what = f'"{kind.title}" thiếu cột bắt buộc {names}'
        raise bad_file(Place(file, sheet, first + 1), what, "Hãy thêm cột vào dòng tiêu đề và gửi lại")
    above = " ".join(columns.normal(v) for row in cells[:first] for v in row if v not in ("", None))
    rows, dressing = _sort(cells, last + 1, kind, position)
    at = position.get("commune_code")
    codes = [] if at is None else values.code([row[at] if at < len(row) else None for row in cells[last + 1 :]])[0]
    odd = tuple(paths[i] for i in unknown)
    mentioned = frozenset(c for c in codes if c)
    return Table(file, sheet, kind, position, heading, rows, dressing, mentioned, odd, SYNTHETIC_MARK in above)


def _heading(cells: list[list], merged: list):
    """Find the rows that make the heading: the window of 1-4 rows that names most columns."""
    spread = _spread(cells[: HEADING_ROWS + TIERS], merged)
    best, key = None, (0.0, 0, 0)
    for first in range(min(HEADING_ROWS, len(spread))):
        for depth in range(1, TIERS + 1):
            tiers = spread[first : first + depth]
            if len(tiers) < depth:
                break
            paths = [columns.path(list(column)) for column in zip(*tiers, strict=True)]
            kind, position, unknown = columns.recognise(paths)
            if kind is None:
                continue
            share = sum(c.name in position for c in kind.required) / len(kind.required)
            if (share, len(position), -depth) > key:
                key = (share, len(position), -depth)
                best = (first, first + depth - 1, kind, position, unknown, paths)
    return best


def _spread(cells: list[list], merged: list) -> list[list]:
    """Copy a merged heading's text to the columns it spans, so that each column knows its upper tier."""
    width = max((len(r) for r in cells), default=0)
    spread = [[("" if v is None else v) for v in row] + [""] * (width - len(row)) for row in cells]
    for (top, left), (bottom, right) in merged:
        if bottom - top > TIERS or top >= len(spread):
            continue
        for row in range(top, min(bottom, len(spread) - 1) + 1):
            for column in range(left, min(right, width - 1) + 1):
                spread[row][column] = spread[top][left]
    return spread


def _spelling(cells: list[list], first: int, last: int, at: int) -> str:
    """Return a heading the way the file spells it: the lowest non-blank tier."""
    words = [str(cells[r][at]) for r in range(first, last + 1) if at < len(cells[r]) and cells[r][at] not in ("", None)]
    return " ".join(words[-1].split()) if words else ""


def _sort(cells: list[list], start: int, kind: Kind, position: dict[str, int]) -> tuple[list, Counter]:
    """Sort the rows under a heading into rows of data and dressing."""
    keys = [position[c.name] for c in kind.columns.values() if c.key and c.name in position]
    content = [position[c.name] for c in kind.columns.values() if _counts(c) and c.name in position]
    rows: list[tuple[int, list]] = []
    dressing: Counter = Counter()
    solid = {position[c.name]: c.type != "text" for c in kind.required if c.type != "tick"}
    last = max((n for n, row in enumerate(cells[start:], start + 1) if _whole(row, keys, solid)), default=0)
    for number, row in enumerate(cells[start:], start + 1):
        filled = [columns.normal(v) for v in row if v not in ("", None) and str(v).strip()]
        if not filled:
            continue
        if not rows and not dressing["index"] and len(filled) > 2 and all(_INDEX.fullmatch(_bare(v)) for v in filled):
            dressing["index"] += 1
        elif _whole(row, keys, solid) and not any(_TOTAL.match(columns.normal(row[at])) for at in keys):
            rows.append((number, row))  # every key there: data, whatever a remark may say of totals
        elif any(_TOTAL.match(v) for v in filled):
            dressing["total"] += 1
        elif number > last and last and len(filled) <= 3 and not any(any(c.isdigit() for c in v) for v in filled):
            dressing["signature"] += 1  # below the last whole row, a few words and no number
        elif any(_filled(row, at) for at in keys):
            rows.append((number, row))
        elif any(_filled(row, at) for at in content):
            rows.append((number, row))  # values without a key: data that will be refused, not dropped
        else:
            dressing["text"] += 1
    return rows, dressing


def _whole(row: list, keys: list[int], solid: dict[int, bool]) -> bool:
    """Tell whether a row is surely data: every key there, and half of what must be there (numbers with digits)."""
    held = [_filled(row, at) and (not digits or any(c.isdigit() for c in str(row[at]))) for at, digits in solid.items()]
    return all(_filled(row, at) for at in keys) and 2 * sum(held) >= len(solid)


def _counts(column: Column) -> bool:
    return column.type in ("tick", "count", "money", "percent")


def _filled(row: list, at: int) -> bool:
    return at < len(row) and row[at] not in ("", None) and bool(str(row[at]).strip())


def _bare(text: str) -> str:
    """Drop the '.0' that a workbook's numbers carry."""
    return text[:-2] if text.endswith(".0") else text
