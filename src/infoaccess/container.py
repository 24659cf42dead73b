"""Look into a file before and beside reading it: what it is, whether it is safe to open, what a reader does not tell.

A workbook is a zip of XML parts. Nothing in it is run: macros and links are only bytes here. A part may not declare
entities, and the parts may not swell beyond a limit. Cells that hold an error or a formula never calculated would be
read as blank; they are marked, so that blank stays blank.
"""

import io
import re
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import dataclass, field

from infoaccess import reasons
from infoaccess.errors import Place, RefusedFile

SWELL_MB = 400  # what all parts of a workbook may come to
PARTS = 5000
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
UNCALCULATED = "#CÔNG-THỨC"
_ROW_HIDDEN = re.compile(rb"<(?:\w+:)?row\b[^>]*\bhidden=\"(?:1|true)\"")
_ODS_HIDDEN = re.compile(rb'<table:table-row\b[^>]*table:visibility="(?:collapse|filter)"[^>]*>')
_REPEATED = re.compile(rb'table:number-rows-repeated="(\d+)"')
_ERROR = re.compile(
    rb'<(?:\w+:)?c\b[^>]*\br="([A-Z]{1,3})(\d+)"[^>]*\bt="e"[^>]*>'
    rb"(?:<(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>))?(?:<(?:\w+:)?v>([^<]*)</)?"
)
_FORMULA = re.compile(
    rb'<(?:\w+:)?c\b[^>]*\br="([A-Z]{1,3})(\d+)"[^>]*>'
    rb"(?:<(?:\w+:)?f\b[^>]*/>|<(?:\w+:)?f\b[^>]*>[^<]*</(?:\w+:)?f>)"
    rb"(?:<(?:\w+:)?v/>|<(?:\w+:)?v></(?:\w+:)?v>)?</(?:\w+:)?c>"
)
_SPACE = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass
class Look:
    """Hold what was seen beside the cells: hidden rows and marked cells (row and column from 0) by sheet name."""

    hidden_rows: dict[str, int] = field(default_factory=dict)
    marks: dict[str, dict[tuple[int, int], str]] = field(default_factory=dict)
    merged: dict[str, list] = field(default_factory=dict)  # of .ods, whose reader does not tell


def opened(name: str, data: bytes) -> zipfile.ZipFile | None:
    """Open a workbook's zip where that is safe; None for what is no zip.

    Raises RefusedFile for a password, parts that swell too far, entity declarations, or a zip that is none.
    """
    here = Place(name)
    if data.startswith(OLE) and "EncryptedPackage".encode("utf-16-le") in data:
        raise reasons.refusal("password", here)
    if not data.startswith(b"PK"):
        return None
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
        parts = package.infolist()
        swollen = sum(p.file_size for p in parts)
        if swollen > SWELL_MB * 1_000_000 or len(parts) > PARTS:
            raise reasons.refusal("bomb", here, size=swollen // 1_000_000, limit=SWELL_MB)
        if any(p.flag_bits & 1 for p in parts):
            raise reasons.refusal("password", here)
        for part in (p for p in parts if p.filename.endswith((".xml", ".rels"))):
            with package.open(part) as stream:
                head = stream.read(2048)
            if re.search(rb"<!\s*(DOCTYPE|ENTITY)", head.replace(b"\0", b""), re.I):
                raise reasons.refusal("entities", here)
    except (RefusedFile, MemoryError):
        raise
    except Exception as err:  # a broken zip has many classes of errors, a broken deflate stream one of its own
        raise reasons.refusal("not_workbook", here) from err
    return package


def form_of(data: bytes, package: zipfile.ZipFile | None = None) -> str:
    """Tell what a file is by its content: .xlsx, .ods, .xls, or .csv for anything that is no container.

    >>> form_of(b"a,b"), form_of(OLE)
    ('.csv', '.xls')
    """
    if package:
        return ".ods" if "content.xml" in package.namelist() else ".xlsx"
    return ".xls" if data.startswith(OLE) else ".csv"


def look(package: zipfile.ZipFile, form: str) -> Look:
    """See hidden rows (.xlsx, .ods) and cells that a reader would take for blank (.xlsx)."""
    seen = Look()
    if form == ".ods":
        content = package.read("content.xml")
        rows = (_REPEATED.search(m) for m in _ODS_HIDDEN.findall(content))
        seen.hidden_rows[""] = sum(int(m[1]) if m else 1 for m in rows)
        seen.merged = _ods_merged(content) if b"number-rows-spanned" in content else {}
        return seen
    for sheet, part in _sheet_parts(package).items():
        content = package.read(part)
        seen.hidden_rows[sheet] = len(_ROW_HIDDEN.findall(content)) if b"hidden=" in content else 0
        if b't="e"' in content or b"<f" in content or b":f" in content:
            marks = {_at(c, r): (text or b"#").decode("utf-8", "replace") for c, r, text in _ERROR.findall(content)}
            marks |= {_at(c, r): UNCALCULATED for c, r in _FORMULA.findall(content)}
            seen.marks[sheet] = marks
    return seen


def _ods_merged(content: bytes) -> dict[str, list]:
    """Return the merged ranges of an .ods by sheet, as ((top, left), (bottom, right)) from 0."""
    table = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
    found: dict[str, list] = {}
    for sheet in ET.fromstring(content).iter(f"{table}table"):
        ranges, row = found.setdefault(sheet.get(f"{table}name"), []), 0
        for line in sheet.iter(f"{table}table-row"):
            column = 0
            for cell in line:
                down, across = (int(cell.get(f"{table}number-{way}-spanned", 1)) for way in ("rows", "columns"))
                if down > 1 or across > 1:
                    ranges.append(((row, column), (row + down - 1, column + across - 1)))
                column += int(cell.get(f"{table}number-columns-repeated", 1))
            row += int(line.get(f"{table}number-rows-repeated", 1))
    return found


def _sheet_parts(package: zipfile.ZipFile) -> dict[str, str]:
    """Find the part of each worksheet by its name; entities were refused before, so the parser meets none."""
    target = {}
    for relation in ET.fromstring(package.read("xl/_rels/workbook.xml.rels")):
        path = relation.get("Target", "")
        target[relation.get("Id")] = path.lstrip("/") if path.startswith("/") else f"xl/{path}"
    held = set(package.namelist())
    sheets = ET.fromstring(package.read("xl/workbook.xml")).iterfind("m:sheets/m:sheet", _SPACE)
    found = {s.get("name"): target.get(s.get(_RELATION)) for s in sheets}
    return {name: part for name, part in found.items() if part in held and "worksheets/" in part}


def _at(letters: bytes, row: bytes) -> tuple[int, int]:
    """Turn a cell's name into row and column from 0.

    >>> _at(b"AA", b"3")
    (2, 26)
    """
    column = 0
    for letter in letters:
        column = column * 26 + letter - 64
    return int(row) - 1, column - 1
