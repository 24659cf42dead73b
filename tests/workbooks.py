"""Tiny writers of the workbooks that offices send, for tests: grids of cells become xlsx, xlsm, xls, ods and csv bytes.

A page is one sheet. A cell is None, text, a number, a boolean, a date, or a `Cell` that carries a font or a formula.
"""

import csv as csv_module
import datetime as dt
import io
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

import xlsxwriter
import xlwt

EPOCH = (1980, 1, 1, 0, 0, 0)  # one date in every zip, so that a variant has the same bytes on every run


@dataclass(frozen=True)
class Cell:
    """Hold a cell that is more than its value: with a font, or with a formula whose cached result is the value."""

    value: object
    font: str | None = None
    formula: str | None = None
    runs: bool = False  # the font is said of runs of letters within the cell (.xlsx)


@dataclass
class Page:
    """Describe one sheet: rows of cells, merged ranges (top, left, bottom, right from 0), what is hidden."""

    rows: list[list]
    name: str = "Danh sách"
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()
    font: str | None = None


def _cells(page: Page):
    for r, row in enumerate(page.rows):
        for c, cell in enumerate(row):
            cell = cell if isinstance(cell, Cell) else Cell(cell)
            if cell.value is not None and cell.value != "":
                yield r, c, cell.value, cell.font or page.font, cell


def _day_number(day: dt.date) -> bool:
    return isinstance(day, dt.date | dt.datetime)


def xlsx(*pages: Page, chart_sheet: bool = False, from_1904: bool = False) -> bytes:
    """Write an xlsx workbook; `from_1904` counts days as Excel for the Mac did."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_urls": False, "date_1904": from_1904})
    book.set_properties({"created": dt.datetime(2025, 7, 1)})
    formats: dict = {}

    def style(font: str | None, date: bool):
        if (font, date) not in formats:
            wanted = ({"font_name": font} if font else {}) | ({"num_format": "dd/mm/yyyy"} if date else {})
            formats[font, date] = book.add_format(wanted)
        return formats[font, date]

    if chart_sheet:
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": "='Danh sách'!$A$1:$A$3"})
        book.add_chartsheet("Biểu đồ").set_chart(chart)
    for n, page in enumerate(pages):
        sheet = book.add_worksheet(page.name)
        if page.hidden:
            sheet.hide()
        elif n == next((i for i, p in enumerate(pages) if not p.hidden), 0):
            sheet.activate()
        for r in page.hidden_rows:
            sheet.set_row(r, None, None, {"hidden": True})
        for top, left, bottom, right in page.merges:
            sheet.merge_range(top, left, bottom, right, "")
        for r, c, value, font, cell in _cells(page):
            form = style(font, _day_number(value))
            if cell.formula:
                sheet.write_formula(r, c, cell.formula, form, value)
            elif cell.runs:
                sheet.write_rich_string(r, c, form, value[:1], form, value[1:])
            elif isinstance(value, str):
                sheet.write_string(r, c, value, form)
            elif isinstance(value, bool):
                sheet.write_boolean(r, c, value, form)
            elif _day_number(value):
                sheet.write_datetime(r, c, value, form)
            else:
                sheet.write_number(r, c, value, form)
    book.close()
    return rezip(target.getvalue())


def rezip(data: bytes, change: dict[str, Callable[[bytes], bytes]] | None = None, add: dict | None = None) -> bytes:
    """Write a zip anew with some members changed, some added."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        parts = {name: old.read(name) for name in old.namelist()}
        parts |= {name: alter(parts[name]) for name, alter in (change or {}).items()}
        for name, content in (parts | (add or {})).items():
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, content)
    return target.getvalue()


def xlsm(*pages: Page) -> bytes:
    """Write a workbook with a part for macros; the part is no real project, nothing in it could run."""
    plain, macro = b"spreadsheetml.sheet.main+xml", b"vnd.ms-excel.sheet.macroEnabled.main+xml"

    def types(xml: bytes) -> bytes:
        xml = xml.replace(b"vnd.openxmlformats-officedocument." + plain, macro)
        return xml.replace(
            b"</Types>",
            b'<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>',
        )

    def relations(xml: bytes) -> bytes:
        kind = b"http://schemas.microsoft.com/office/2006/relationships/vbaProject"
        link = b'<Relationship Id="rId99" Type="' + kind + b'" Target="vbaProject.bin"/></Relationships>'
        return xml.replace(b"</Relationships>", link)

    change = {"[Content_Types].xml": types, "xl/_rels/workbook.xml.rels": relations}
    return rezip(xlsx(*pages), change, {"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0 no project"})


def xls(*pages: Page) -> bytes:
    """Write a BIFF8 workbook."""
    book = xlwt.Workbook(encoding="utf-8")
    styles: dict = {}

    def style(font: str | None, date: bool):
        if (font, date) not in styles:
            made = xlwt.XFStyle()
            made.font.name = font or "Times New Roman"
            made.num_format_str = "dd/mm/yyyy" if date else "General"
            styles[font, date] = made
        return styles[font, date]

    for page in pages:
        sheet = book.add_sheet(page.name, cell_overwrite_ok=True)
        sheet.visibility = int(page.hidden)
        for r in page.hidden_rows:
            sheet.row(r).hidden = True
        for top, left, bottom, right in page.merges:
            sheet.merge(top, bottom, left, right)
        for r, c, value, font, cell in _cells(page):
            held = xlwt.Formula(cell.formula.lstrip("=")) if cell.formula else value
            sheet.write(r, c, held, style(font, _day_number(value)))
    book.active_sheet = next((i for i, p in enumerate(pages) if not p.hidden), 0)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


_ODS = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
 xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"
 xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" office:version="1.2">
<office:font-face-decls>{faces}</office:font-face-decls><office:automatic-styles>
<style:style style:name="ta1" style:family="table"><style:table-properties table:display="true"/></style:style>
<style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style>
{styles}</office:automatic-styles><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>
</office:document-content>"""
_ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_ODS_MANIFEST = f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">
<manifest:file-entry manifest:full-path="/" manifest:media-type="{_ODS_TYPE}"/>
<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>"""


def ods(*pages: Page, tail: int = 1_048_000) -> bytes:
    """Write an OpenDocument workbook by hand.

    Equal neighbours are written once with a repeat count and blank rows follow to the sheet's end, as LibreOffice does.
    """
    fonts = sorted({f for p in pages for _, _, _, f, _ in _cells(p) if f})
    face = '<style:font-face style:name="{0}" svg:font-family="{0}"/>'
    style = (
        '<style:style style:name="f{1}" style:family="table-cell"><style:text-properties style:font-name="{0}" '
        'fo:font-family="{0}"/></style:style>'
    )
    tables = [_ods_table(page, fonts, tail) for page in pages]
    content = _ODS.format(
        faces="".join(face.format(f) for f in fonts),
        styles="".join(style.format(f, n) for n, f in enumerate(fonts)),
        tables="".join(tables),
    )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(zipfile.ZipInfo("mimetype", EPOCH), _ODS_TYPE)
        for name, text in (("content.xml", content), ("META-INF/manifest.xml", _ODS_MANIFEST)):
            made.writestr(zipfile.ZipInfo(name, EPOCH), text, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _ods_table(page: Page, fonts: list[str], tail: int) -> str:
    width = max((len(r) for r in page.rows), default=1)
    covered = {
        (r, c)
        for top, left, bottom, right in page.merges
        for r in range(top, bottom + 1)
        for c in range(left, right + 1)
        if (r, c) != (top, left)
    }
    spans = {(t, c): (b - t + 1, r - c + 1) for t, c, b, r in page.merges}
    held = {(r, c): (value, font) for r, c, value, font, _ in _cells(page)}
    rows = []
    for r in range(len(page.rows)):
        cells = [_ods_cell(*held.get((r, c), (None, None)), fonts, spans.get((r, c))) for c in range(width)]
        cells = [(("covered-table-cell", "") if (r, c) in covered else cell) for c, cell in enumerate(cells)]
        shut = ' table:visibility="collapse"' if r in page.hidden_rows else ""
        rows.append((shut, "".join(_ods_repeat(cells, "table-cell", "columns"))))
    body = "".join(_ods_repeat([("table-row" + shut, inner) for shut, inner in rows], "table-row", "rows"))
    end = (
        f'<table:table-row table:number-rows-repeated="{tail}"><table:table-cell table:number-columns-repeated="1024"/>'
    )
    end = f"{end}</table:table-row>" if tail else ""
    named = f'table:name={quoteattr(page.name)} table:style-name="ta{1 + page.hidden}"'
    return f"<table:table {named}>{body}{end}</table:table>"


def _ods_cell(value: object, font: str | None, fonts: list[str], span: tuple[int, int] | None) -> tuple[str, str]:
    kind = "table-cell"
    if font:
        kind += f' table:style-name="f{fonts.index(font)}"'
    if span:
        kind += f' table:number-rows-spanned="{span[0]}" table:number-columns-spanned="{span[1]}"'
    if value is None:
        return kind, ""
    if isinstance(value, bool):
        kind += f' office:value-type="boolean" office:boolean-value="{str(value).lower()}"'
    elif isinstance(value, int | float):
        kind += f' office:value-type="float" office:value="{value}"'
    elif _day_number(value):
        kind += f' office:value-type="date" office:date-value="{value.isoformat()}"'
    else:
        kind += ' office:value-type="string"'
    lines = str(value).split("\n")
    return kind, "".join(f"<text:p>{escape(line)}</text:p>" for line in lines)


def _ods_repeat(items: list[tuple[str, str]], _element: str, what: str):
    """Write runs of equal elements once, with their number."""
    n = 0
    while n < len(items):
        run = 1
        while n + run < len(items) and items[n + run] == items[n]:
            run += 1
        kind, inner = items[n]
        times = f' table:number-{what}-repeated="{run}"' if run > 1 else ""
        yield f"<table:{kind}{times}>{inner}</table:{kind.split()[0]}>"
        n += run


def csv(
    page: Page, *, separator: str = ",", encoding: str = "utf-8", quote_all: bool = False, end: str = "\r\n"
) -> bytes:
    """Write a text table; `encoding` "utf-8-sig", "utf-16" (with its mark) and "cp1258" are what Excel saves."""
    target = io.StringIO(newline="")
    style = csv_module.QUOTE_ALL if quote_all else csv_module.QUOTE_MINIMAL
    made = csv_module.writer(target, delimiter=separator, quoting=style, lineterminator=end)
    for row in page.rows:
        values = [c.value if isinstance(c, Cell) else c for c in row]
        made.writerow([f"{v:%d/%m/%Y}" if _day_number(v) else "" if v is None else v for v in values])
    text = target.getvalue()
    if encoding == "cp1258":
        return as_1258(text)
    if encoding in ("utf-16-le", "utf-16-be"):
        text = "\ufeff" + text
    return text.encode(encoding)


def as_1258(text: str) -> bytes:
    """Encode in windows-1258, where a tone follows its letter as a mark of its own."""
    marks = "\u0300\u0301\u0303\u0309\u0323"
    parts = []
    for letter in unicodedata.normalize("NFC", text):
        try:
            parts.append(letter.encode("cp1258"))
        except UnicodeEncodeError:
            split = unicodedata.normalize("NFD", letter)
            tone = "".join(m for m in split if m in marks)
            base = unicodedata.normalize("NFC", "".join(m for m in split if m not in marks))
            parts.append((base + tone).encode("cp1258"))
    return b"".join(parts)


# TCVN 5712-3 ("ABC"): one byte a letter, capitals with a tone exist only as another font; and VNI: letter, then marks.
_TONES = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")
_ABC = {
    "a": "61 B5 B6 B7 B8 B9", "ă": "A8 BB BC BD BE C6", "â": "A9 C7 C8 C9 CA CB", "e": "65 CC CE CF D0 D1",
    "ê": "AA D2 D3 D4 D5 D6", "i": "69 D7 D8 DC DD DE", "o": "6F DF E1 E2 E3 E4", "ô": "AB E5 E6 E7 E8 E9",
    "ơ": "AC EA EB EC ED EE", "u": "75 EF F1 F2 F3 F4", "ư": "AD F5 F6 F7 F8 F9", "y": "79 FA FB FC FD FE",
    "đ": "AE", "Ă": "A1", "Â": "A2", "Ê": "A3", "Ô": "A4", "Ơ": "A5", "Ư": "A6", "Đ": "A7",
}  # fmt: skip
_VNI = {
    "a": "a aø aû aõ aù aï", "ă": "aê aè aú aü aé aë", "â": "aâ aà aå aã aá aä", "e": "e eø eû eõ eù eï",
    "ê": "eâ eà eå eã eá eä", "i": "i ì æ ó í ò", "o": "o oø oû oõ où oï", "ô": "oâ oà oå oã oá oä",
    "ơ": "ô ôø ôû ôõ ôù ôï", "u": "u uø uû uõ uù uï", "ư": "ö öø öû öõ öù öï", "y": "y yø yû yõ yù î", "đ": "ñ",
}  # fmt: skip


def _table(raw: dict[str, str], spell: Callable[[str], str]) -> dict[str, str]:
    return {
        unicodedata.normalize("NFC", base + tone): spell(code)
        for base, codes in raw.items()
        for tone, code in zip(_TONES, codes.split(), strict=False)
    }


def abc(text: str) -> str:
    """Spell a text as TCVN3 bytes read as Latin-1: what a cell in the font .VnTime holds.

    >>> abc("Thừa"), abc("hộ nghèo")
    ('Thõa', 'hé nghÌo')
    """
    table = _table(_ABC, lambda code: chr(int(code, 16)))
    letters = unicodedata.normalize("NFC", text)
    return "".join(ch if ch.isascii() else table.get(ch) or table.get(ch.lower(), ch) for ch in letters)


def vni(text: str) -> str:
    """Spell a text as VNI-Windows read as Latin-1: what a cell in the font VNI-Times holds.

    >>> vni("Nguyễn Đức"), vni("HỘ")
    ('Nguyeãn Ñöùc', 'HOÄ')
    """
    table = _table(_VNI, str)
    table |= {k.upper(): v.upper() for k, v in table.items()}
    return "".join(table.get(ch, ch) for ch in unicodedata.normalize("NFC", text))
