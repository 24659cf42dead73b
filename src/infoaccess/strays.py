"""Look for hidden counts where nobody made them: remarks, a user's own cells, the text of a PDF, a workbook's corners.

A hidden count is a numerator or denominator of room 3 that room 4 withholds. In a remark it is told where it stands
before a noun that is counted (`3 hộ`), in a user's own output wherever it stands alone; the unit is the report's, or
one whose name stands in the same text. Zeros, and numbers that the unit publishes elsewhere, tell nothing.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from html import unescape
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import polars as pl
import pypdfium2
from nbformat import NotebookNode

from infoaccess import linked, rooms, units

KEYS = ["area_set", "code", "group", "base", "measure"]
NOUN = re.compile(
    r"(?<![\d.,/\w-])(\d{1,3}(?:[.,]\d{3})+|\d+)\s+(?:hộ|người|nhân khẩu|máy|điện thoại|household|people|"
    r"person|adult|phone)",
    re.IGNORECASE,
)
ALONE = re.compile(r"(?<![^\s>|;])(\d{1,3}(?:[.,]\d{3})+|\d+)(?:\.0)?(?![^\s<|;])")


def remark(text: str, month: str, code: str) -> list[str]:
    """Name the hidden counts that a remark tells before a noun."""
    return _told(NOUN.findall(text), text, month, code)


def output(shown: NotebookNode, month: str, code: str) -> list[str]:
    """Name the hidden counts that stand alone in what a user's own cell shows; a line's first word is its index."""
    texts = [shown.text] if shown.output_type == "stream" else [str(v) for v in shown.get("data", {}).values()]
    lines = [line.strip() for text in texts for line in re.sub(r"<th>\d+</th>", "", text).splitlines()]
    alone = [n for line in lines for n in ALONE.findall(line)[bool(re.match(r"\d+\s+\S", line)) :]]
    return _told(alone, "\n".join(texts), month, code)


def _told(numbers: list[str], text: str, month: str, code: str) -> list[str]:
    values = {int(re.sub(r"\D", "", n)) for n in numbers}
    if not values:
        return []
    named = [u.code for u in units.on(month).itertuples() if u.code == code or u.name in text or u.code in text.split()]
    hidden = known(month)
    found = sorted((c, v) for c in named for v in values & hidden.get(c, set()))
    return [f"có số đếm bị che của đơn vị {c}" for c in dict.fromkeys(c for c, _ in found)]


@lru_cache(maxsize=2)
def known(month: str) -> dict[str, set[int]]:
    """Return the hidden counts of every unit of a month's own sets: those that no published count of it equals."""
    path = rooms.data(rooms.RELEASE, month) / "counts.parquet"
    released = pl.read_parquet(path).filter(pl.col("area_set").is_in(list(units.LEVELS[units.era_of(month)])))
    full = linked.read(month).select(*KEYS, "numerator", "denominator")
    both = released.drop("numerator", "denominator").join(full, on=KEYS, how="left")
    parts = [
        both.select("code", pl.col(p).alias("count"), (pl.col(f"{p}_status") == "published").alias("shown"))
        for p in ("numerator", "denominator")
    ]
    counts = pl.concat(parts).drop_nulls().filter(pl.col("count") > 0).unique()
    shown = counts.filter("shown").select("code", "count")
    hidden = counts.filter(~pl.col("shown")).join(shown, on=["code", "count"], how="anti")
    return {code: set(found["count"]) for (code,), found in hidden.group_by("code")}


def workbook(path: Path) -> list[str]:
    """Name what a published workbook may not have: hidden sheets, rows, columns, remarks of cells, parts unknown."""
    found = []
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            found.append(f"{path.name}: trang ẩn {sheet.title}")
        for kind, sizes in (("dòng", sheet.row_dimensions), ("cột", sheet.column_dimensions)):
            if any(size.hidden for size in sizes.values()):
                found.append(f"{path.name}, trang {sheet.title}: có {kind} ẩn")
        if any(cell.comment for row in sheet.iter_rows() for cell in row):
            found.append(f"{path.name}, trang {sheet.title}: có ghi chú của ô")
    with ZipFile(path) as packed:
        found += [f"{path.name}: phần lạ {name}" for name in packed.namelist() if not PARTS.fullmatch(name)]
    return found


PARTS = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|docProps/(app|core)\.xml|xl/(workbook|styles|sharedStrings)\.xml|"
    r"xl/theme/theme1\.xml|xl/_rels/workbook\.xml\.rels|xl/worksheets/(_rels/)?sheet\d+\.xml(\.rels)?"
)


def printed(path: Path, blocks: list[dict], slides: int = 0, times: int = 1) -> list[str]:
    """Name the numbers that a PDF shows more often than what it was made from has them, read by PDFium.

    Numbers of headings may be repeated on each page; each page has its own number and may tell how many there are, and
    a deck or its notes the number of each of its `slides`. Notes show the slides small: each text stands there twice.
    """
    document = pypdfium2.PdfDocument(path)
    pages = [p.get_textpage().get_text_bounded() for p in document]
    document.close()
    often = Counter(str(n) for many in (len(pages), *[slides] * times) for n in range(1, many + 1))
    often += Counter({str(len(pages)): len(pages), str(slides): slides})
    for block in blocks:
        often += Counter(n for text in _texts(block) for n in _numbers(text) * times)
    heads = {n for b in blocks for c in b.get("exhibit", {}).get("columns", []) for n in _numbers(f"{c}")}
    more = Counter(n for page in pages for n in _numbers(page)) - often
    return [f"{path.name} có số {number} không có trong sổ tay" for number in sorted(more.keys() - heads)]


def _texts(value: object) -> Iterator[str]:
    """Yield what can be read of a block: its texts, and those in its drawing."""
    if isinstance(value, str):
        yield unescape(re.sub(r"<[^>]*>", " ", value)) if value.startswith("<svg") else value
    elif isinstance(value, dict):
        for key in value.keys() - {"html", "sort"}:
            yield from _texts(value[key])
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


def _numbers(text: str) -> list[str]:
    """Return the numbers of a text.

    >>> _numbers("T1/2025: 1.234 hộ (12,5 %).")
    ['1', '2025', '1.234', '12,5']
    """
    return re.findall(r"\d+(?:[.,]\d+)*", text)
