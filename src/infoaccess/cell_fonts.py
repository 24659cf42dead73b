"""The font of every cell that may need it: what the workbook's styles say, by row and column from 0.

1 = one cell with non-ASCII text. A font is the cell's own; .ods cells without a style take their row's or column's
(an .xlsx or .xls cell always has a style of its own, the first one where none is written). Fonts are help, not
duty: where a workbook cannot be read here, no fonts are found and the cells stay as they are.
"""

import io
import zipfile
from collections.abc import Iterator

Place = tuple[int, int]
Fonts = dict[Place, str]
Runs = dict[Place, list[tuple[str, str]]]
_O = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
_OFFICE, _STYLE, _TABLE, _TEXT = (_O % name for name in ("office", "style", "table", "text"))
_FO, _SVG = _O % "xsl-fo-compatible", _O % "svg-compatible"


def read(data: bytes, suffix: str, sheet_name: str) -> tuple[Fonts, Runs]:
    """Return fonts by cell, and for cells set in several fonts their runs (text, font)."""
    readers = {".xlsx": _xlsx, ".xlsm": _xlsx, ".xls": _xls, ".ods": _ods}
    reader = readers.get(suffix.lower())
    if reader is None:
        return {}, {}
    try:
        return _gathered(reader(data, sheet_name))
    except Exception:  # a broken style must not lose a list that can be read; three libraries raise what they like
        return {}, {}


def _gathered(cells: Iterator[tuple[int, int, list[tuple[str, str]]]]) -> tuple[Fonts, Runs]:
    fonts: Fonts = {}
    runs: Runs = {}
    for row, column, parts in cells:
        if not parts or all(text.isascii() for text, _ in parts):
            continue
        fonts[row, column] = next(font for text, font in parts if not text.isascii())
        if len({font for _, font in parts}) > 1:
            runs[row, column] = parts
    return fonts, runs


def _xlsx(data: bytes, sheet_name: str) -> Iterator:
    import openpyxl  # here and below: needed for suspect sheets only

    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, rich_text=True)
    sheet = book[sheet_name]
    sheet.reset_dimensions()  # the size a writer noted may be wrong
    for row in sheet.iter_rows():
        for cell in row:
            value = cell.value
            if isinstance(value, str) and value.isascii():
                continue
            if isinstance(value, str):
                yield cell.row - 1, cell.column - 1, [(value, cell.font.name or "")]
            elif isinstance(value, list):  # CellRichText: texts in the cell's font, blocks in their own
                own = cell.font.name or ""
                parts = [(p, own) if isinstance(p, str) else (p.text, p.font.rFont or own) for p in value]
                yield cell.row - 1, cell.column - 1, parts


def _xls(data: bytes, sheet_name: str) -> Iterator:
    import xlrd

    book = xlrd.open_workbook(file_contents=data, formatting_info=True, on_demand=True, logfile=io.StringIO())
    sheet = book.sheet_by_name(sheet_name)
    names = [font.name for font in book.font_list]
    for row in range(sheet.nrows):
        for column, kind in enumerate(sheet.row_types(row)):
            if kind != xlrd.XL_CELL_TEXT:
                continue
            text = sheet.cell_value(row, column)
            if text.isascii():
                continue
            own = names[book.xf_list[sheet.cell_xf_index(row, column)].font_index]
            marks = [(0, own)]
            marks += [(at, names[n]) for at, n in sheet.rich_text_runlist_map.get((row, column), ())]
            ends = [at for at, _ in marks[1:]] + [len(text)]
            yield row, column, [(text[a:b], font) for (a, font), b in zip(marks, ends, strict=True) if b > a]


def _ods(data: bytes, sheet_name: str) -> Iterator:
    from defusedxml import ElementTree

    with zipfile.ZipFile(io.BytesIO(data)) as book:
        content = ElementTree.fromstring(book.read("content.xml"))
        trees = [content]
        if "styles.xml" in book.namelist():
            trees.append(ElementTree.fromstring(book.read("styles.xml")))
    font_of = _ods_styles(trees)
    (table,) = (t for t in content.iter(_TABLE + "table") if t.get(_TABLE + "name") == sheet_name)
    columns: list[str | None] = []
    for column in table.iter(_TABLE + "table-column"):
        times = min(int(column.get(_TABLE + "number-columns-repeated", 1)), 1 << 14)
        columns += [column.get(_TABLE + "default-cell-style-name")] * times
    at_row = 0
    for row in table.iter(_TABLE + "table-row"):
        row_style = row.get(_TABLE + "default-cell-style-name")
        rows = int(row.get(_TABLE + "number-rows-repeated", 1))
        at = 0
        for cell in row:
            if cell.tag not in (_TABLE + "table-cell", _TABLE + "covered-table-cell"):
                continue
            times = int(cell.get(_TABLE + "number-columns-repeated", 1))
            paragraphs = cell.findall(_TEXT + "p")
            if paragraphs:
                style = cell.get(_TABLE + "style-name") or row_style or (columns[at] if at < len(columns) else None)
                own = font_of("table-cell", style)
                parts = [p for n, line in enumerate(paragraphs) for p in _ods_runs(line, own, font_of, n)]
                for r in range(at_row, at_row + min(rows, 1 << 10)):
                    for c in range(at, at + min(times, 1 << 10)):
                        yield r, c, parts
            at += times
        at_row += rows


def _ods_runs(line, own: str, font_of, number: int) -> list[tuple[str, str]]:
    """Return a paragraph's runs; spans have their own style, the text after them has the cell's."""
    parts = [("\n" if number else "", own), (line.text or "", own)]
    for child in line:
        if child.tag == _TEXT + "span":
            inner = font_of("text", child.get(_TEXT + "style-name")) or own
            parts += _ods_runs(child, inner, font_of, 0)
        elif child.tag == _TEXT + "s":
            parts.append((" " * int(child.get(_TEXT + "c", 1)), own))
        elif child.tag in (_TEXT + "tab", _TEXT + "line-break"):
            parts.append(("\t" if child.tag.endswith("tab") else "\n", own))
        elif child.tag == _TEXT + "a":
            parts += _ods_runs(child, own, font_of, 0)
        parts.append((child.tail or "", own))
    return [(text, font) for text, font in parts if text]


def _ods_styles(trees: list):
    """Return a function (family, style) -> font name: the style's own, its parents', its family's default."""
    faces: dict[str, str] = {}
    parents: dict[tuple[str, str], str | None] = {}
    own: dict[tuple[str, str], str] = {}
    for tree in trees:
        for face in tree.iter(_STYLE + "font-face"):
            faces[face.get(_STYLE + "name")] = (face.get(_SVG + "font-family") or "").strip("'\" ")
    for tree in trees:
        for tag in ("style", "default-style"):
            for style in tree.iter(_STYLE + tag):
                key = (style.get(_STYLE + "family"), style.get(_STYLE + "name", ""))
                parents[key] = style.get(_STYLE + "parent-style-name", "")
                for text in style.findall(_STYLE + "text-properties"):
                    face = text.get(_STYLE + "font-name")
                    name = faces.get(face) or face or (text.get(_FO + "font-family") or "").strip("'\" ")
                    if name:
                        own[key] = name

    def font_of(family: str, style: str | None) -> str:
        name = style or ("Default" if family == "table-cell" else "")
        for _ in range(20):  # parents, never in a circle
            if (family, name) in own:
                return own[family, name]
            if not name:
                break
            name = parents.get((family, name)) or ""
        return ""

    return font_of
