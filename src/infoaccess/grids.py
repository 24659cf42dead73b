"""Turn the bytes of a workbook into grids of cells, one a sheet, whatever the format and the age of its text.

Cells keep what the file holds (number, date, text); only text in fonts of before Unicode is decoded here, as nothing
after this door knows the font. Calamine reads .xlsx, .xlsm, .xls and .ods by content, not by the name's ending.
"""

import csv
import io
import unicodedata
from dataclasses import dataclass, field

import python_calamine as calamine

from infoaccess import container, legacy, reasons
from infoaccess.errors import Place

CSV_SHEET = "csv"
_SEPARATORS = ";\t,|"
_CELL = 100_000  # characters a cell of a CSV may have: more is a quote that was never closed


@dataclass
class Grid:
    """Hold one sheet: its cells as rows, its merged ranges, and what else is known of it."""

    sheet: str
    index: int
    cells: list[list]
    merged: list = field(default_factory=list)
    hidden: bool = False
    hidden_rows: int = 0
    leftover: set[tuple[int, int]] = field(default_factory=set)  # cells (row, column from 0) in undecodable old text


def read(name: str, data: bytes) -> list[Grid]:
    """Read all sheets of a file.

    Raises RefusedFile when it is no workbook, is locked, broken or dangerous.
    """
    if not data:
        raise reasons.refusal("empty_file", Place(name))
    package = container.opened(name, data)
    form = container.form_of(data, package)
    if form == ".csv":
        if not name.lower().endswith(".csv"):
            raise reasons.refusal("not_workbook", Place(name))
        return [_csv(name, data)]
    try:
        look = container.look(package, form) if package else container.Look()
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        grids = [_grid(book, at, meta, look) for at, meta in enumerate(book.sheets_metadata) if _is_table(meta)]
    except calamine.PasswordError as err:
        raise reasons.refusal("password", Place(name)) from err
    except (MemoryError, KeyboardInterrupt):
        raise
    except Exception as err:  # each format has its own classes for a broken file
        raise reasons.refusal("not_workbook", Place(name)) from err
    for grid in grids:
        if legacy.suspect(grid.cells):
            grid.cells, _, grid.leftover = legacy.decoded(grid.cells, data, form, grid.sheet)
    return grids


def _is_table(meta) -> bool:
    return meta.typ == calamine.SheetTypeEnum.WorkSheet


def _grid(book, at: int, meta, look: container.Look) -> Grid:
    sheet = book.get_sheet_by_index(at)
    cells = sheet.to_python(skip_empty_area=False)
    for (row, column), text in look.marks.get(meta.name, {}).items():
        if row < len(cells) and column < len(cells[row]) and cells[row][column] in ("", None):
            cells[row][column] = text
    hidden = meta.visible != calamine.SheetVisibleEnum.Visible
    seen = look.hidden_rows.get(meta.name, look.hidden_rows.get("", 0) if at == 0 else 0)
    return Grid(meta.name, at, cells, sheet.merged_cell_ranges or look.merged.get(meta.name, []), hidden, seen)


def _csv(name: str, data: bytes) -> Grid:
    """Read a text table: the separator is the one that parts the widest early row."""
    text = _decoded(name, data)
    first = text.splitlines()[:60]
    best = max(_SEPARATORS, key=lambda s: max((line.count(s) for line in first), default=0))
    csv.field_size_limit(_CELL)
    try:
        cells = [list(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=best, strict=True)]
    except csv.Error as err:
        raise reasons.refusal("csv", Place(name), detail=_csv_fault(str(err))) from err
    grid = Grid(CSV_SHEET, 0, cells)
    if legacy.suspect(cells):
        grid.cells, _, grid.leftover = legacy.decoded(cells, data, ".csv", CSV_SHEET)
    return grid


def _csv_fault(message: str) -> str:
    if "unexpected end" in message or "field larger" in message:
        return "dấu ngoặc kép mở mà không đóng"
    return "dấu ngoặc kép đặt sai"


def _decoded(name: str, data: bytes) -> str:
    """Decode a text file: a mark at its start, else UTF-8, else windows-1258 (whose accents combine)."""
    marks = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
    known = next((coding for mark, coding in marks if data.startswith(mark)), None)
    for coding in [known] if known else ["utf-8", "cp1258"]:
        try:
            text = unicodedata.normalize("NFC", data.decode(coding))
        except UnicodeDecodeError:
            continue
        controls = sum(ord(c) < 32 and c not in "\t\r\n" for c in text)
        if not controls:
            return text
    rule = "encoding" if known or b"\0" not in data else "not_workbook"
    raise reasons.refusal(rule, Place(name))
