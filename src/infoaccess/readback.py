"""Read a rendered report back out of its two files and compare it with room 4: what differs stops publication.

The page is read by a parser, the PDF by PDFium; neither is asked what it meant to show. Compared are the unit and the
month in both titles; in the page every headline number, every finding, every cell of every table, every piece of every
chart, the class of every unit and all months of the first map; in the PDF the same numbers, each as often as it must
stand there, every caption, and the colours of the map's units in their order. What should stand there is made anew from
room 4, not from the executed notebook.
"""

import ctypes
import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium

from infoaccess import (
    figures,
    map_exhibits,
    map_scale,
    page_parts,
    readback_charts,
    report,
    report_comparison,
    report_poverty,
    report_programme,
    report_tables,
    words,
)
from infoaccess.errors import Differs
from infoaccess.page_parts import Page
from infoaccess.released import Cell
from infoaccess.report import Report

FIRST_MAP = "map"
SHOWN = 3  # differences told in the error


def tables(r: Report) -> dict[str, list[list[str]]]:
    """Make the texts of every table of a report anew from room 4: id to rows of cells."""
    found = [
        report_comparison.months_table(r),
        report_tables.units_table(r),
        report_tables.groups(r),
        *report_poverty.section(r),
        *report_programme.section(r),
        report_tables.quality_table(r),
        *report_programme.checks_table(r),
    ]
    return {t.data["id"]: [row["cells"] for row in t.data["rows"]] for t in found if t.data["kind"] == "table"}


def check(folder: Path, r: Report) -> list[dict]:
    """Read one report's files back and return its headline numbers, as the page shows them and the manifest keeps them.

    Raises Differs naming what differs; then this report may not be published.
    """
    page = page_parts.read((folder / f"{r.code}.html").read_text(encoding="utf-8"))
    numbers, wanted = figures.headline(r.release, r.code, r.w), tables(r)
    pictures = readback_charts.drawn(r)
    wrong = of_page(page, r, numbers, wanted) + readback_charts.of_page(page, r, pictures)
    try:
        document = pypdfium2.PdfDocument(folder / f"{r.code}.pdf")
        wrong += of_document(document, page, r, numbers, wanted | {"charts": [readback_charts.texts(pictures)]})
        document.close()
    except pypdfium2.PdfiumError:
        wrong.append("tệp PDF không đọc lại được")
    if wrong:
        more = f" (và {len(wrong) - SHOWN} chỗ khác)" if len(wrong) > SHOWN else ""
        raise Differs(
            f"Báo cáo {r.code}, tháng {r.release.month}: đọc lại thấy khác số đã duyệt: "
            f"{'; '.join(wrong[:SHOWN])}{more}. Không phát hành báo cáo này; hãy báo người phụ trách phần mềm."
        )
    return [{k: n[k] for k in ("id", "label", "text", "value")} for n in numbers]


def of_page(page: Page, r: Report, numbers: list[dict], wanted: dict[str, list[list[str]]]) -> list[str]:
    """Name what a page shows otherwise than room 4 has it: `numbers` and tables (`wanted`), made anew from there."""
    wrong = [f"tiêu đề trang thiếu {name!r}" for name in (r.area["name"], r.period) if name not in page.title]
    expected = {n["id"]: n for n in numbers}
    for key in sorted(expected.keys() ^ page.numbers.keys()):
        wrong.append(f"số {key} {'thiếu' if key in expected else 'thừa'} trên trang")
    for key in expected.keys() & page.numbers.keys():
        value, text = page.numbers[key]
        if text != expected[key]["text"] or differs(value, expected[key]["value"]):
            wrong.append(f"số {key} trên trang là {text}, đã duyệt là {expected[key]['text']}")
    for key in sorted(wanted.keys() ^ (page.tables.keys() - {""})):  # a table in a remark has no id
        wrong.append(f"bảng {key} {'thiếu' if key in wanted else 'thừa'} trên trang")
    for key in wanted.keys() & page.tables.keys():
        wrong += _rows(key, page.tables[key], wanted[key])
    return wrong + _of_map(page, r)


def differs(a: float | None, b: float | None) -> bool:
    """Tell whether two shown values differ by more than their writing as text explains."""
    return (a is None) != (b is None) or (a is not None and abs(a - b) > 1e-9 * max(1.0, abs(a)))


def _rows(key: str, found: list[list[str]], wanted: list[list[str]]) -> list[str]:
    if len(found) != len(wanted):
        return [f"bảng {key} có {len(found)} dòng, phải có {len(wanted)}"]
    pairs = [(f, w) for one, two in zip(found, wanted, strict=True) for f, w in zip(one, two, strict=False) if f != w]
    return [f"bảng {key} ghi {f!r}, đã duyệt là {w!r}" for f, w in pairs]


def _of_map(page: Page, r: Report) -> list[str]:
    """Compare every unit's figures in every month of the first map's layer of today, and its colour, with room 4."""
    drawn = page.maps.get(FIRST_MAP)
    if drawn is None:
        return ["bản đồ thiếu trên trang"]
    layer, wrong = drawn["layers"][0], []
    months = r.release.months
    if [short for _, short in drawn["months"]] != [words.month_short(m) for m in months]:
        return ["bản đồ: không phải các tháng của báo cáo"]
    for measure, by_unit in layer["cells"].items():
        for code, text in by_unit.items():
            told = text.split("|") if isinstance(text, str) else text
            counts = [r.release.cell(code, measure, month=m) for m in months]
            if len(told) != len(counts) or not all(map(_agrees, told, counts, [r.w] * len(counts))):
                wrong.append(f"bản đồ: số của đơn vị {code} ({measure}) không khớp")
    for code in layer["units"]:
        fill, wanted = page.fills.get(code), colour(drawn["measures"][0], r.release.cell(code, _first(drawn)))
        if fill is None or (wanted is None) != fill.startswith("url(") or (wanted and fill != wanted):
            wrong.append(f"bản đồ: màu của đơn vị {code} không khớp")
    return wrong


def _first(drawn: dict) -> str:
    return drawn["measures"][0]["id"]


def _agrees(told: str | list, count: Cell, w: words.Words) -> bool:
    """Tell whether a map's figure for one month is that of room 4; what is hidden or missing must show no digit."""
    if count.rate is None:
        return isinstance(told, str) and not re.search(r"\d", told)
    value, *texts = told if isinstance(told, list) else told.split(";")
    wanted = f"{figures.count_text(count, w)} / {figures.count_text(count, w, 'denominator')}"
    return str(value) == str(map_scale.tenths(count.rate)) and texts[-1].startswith(wanted)


def colour(measure: dict, count: Cell) -> str | None:
    """Return the colour of a unit's class by a map's own limits; None where it has no rate."""
    if count.rate is None:
        return None
    return measure["colours"][bisect_right(measure["breaks"], map_scale.tenths(count.rate))]


def of_document(
    document: pypdfium2.PdfDocument, page: Page, r: Report, numbers: list[dict], wanted: dict[str, list[list[str]]]
) -> list[str]:
    """Name what a PDF lacks of room 4's figures; `numbers` and `wanted` as for the page."""
    pages = [_plain(p.get_textpage().get_text_bounded()) for p in document]
    wrong = [f"tiêu đề PDF thiếu {name!r}" for name in (r.area["name"], r.period) if _plain(name) not in pages[0]]
    found = Counter(_numbers(" ".join(pages)))
    shown = [n["text"] for n in numbers] + [text for rows in wanted.values() for row in rows for text in row]
    lacking = Counter(_numbers(_plain(" ".join(shown)))) - found
    wrong += [f"PDF thiếu số {number}" for number in sorted(lacking)]
    printed = "".join("".join(pages).split())
    wrong += [f"PDF thiếu {c!r}" for c in page.captions if "".join(_plain(c).split()) not in printed]
    drawn = page.maps.get(FIRST_MAP)
    if drawn is not None:
        codes = map_exhibits.paper_codes(r)
        fills = [colour(drawn["measures"][0], r.release.cell(code, _first(drawn))) for code in codes]
        if not _stands_in(fills, colours(document), set(drawn["measures"][0]["colours"])):
            wrong.append("bản đồ trong PDF không khớp")
    return wrong


def colours(document: pypdfium2.PdfDocument) -> list[str]:
    """List the colours of a PDF's filled shapes, page by page in the order of drawing."""
    found = []
    for page in document:
        for shape in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_PATH], max_depth=15):
            mode, stroked = ctypes.c_int(), ctypes.c_int()
            pdfium.FPDFPath_GetDrawMode(shape.raw, mode, stroked)
            if mode.value:
                parts = [ctypes.c_uint() for _ in range(4)]
                pdfium.FPDFPageObj_GetFillColor(shape.raw, *parts)
                found.append("#{:02x}{:02x}{:02x}".format(*(p.value for p in parts[:3])))
    return found


def _stands_in(wanted: list[str | None], found: list[str], classes: set[str]) -> bool:
    """Tell whether a run of shapes has the wanted colours; where none is wanted, it must not be that of a class."""
    fits = [lambda c, w=w: c == w if w else c not in classes for w in wanted]
    return any(
        all(fit(c) for fit, c in zip(fits, found[n : n + len(fits)], strict=True))
        for n in range(len(found) - len(fits) + 1)
    )


def _plain(text: str) -> str:
    """Write a text in composed letters with single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).replace("\N{SOFT HYPHEN}", "").split())


def _numbers(text: str) -> list[str]:
    return [word for word in text.split() if re.search(r"\d", word)]


def opened(task: dict) -> Report:
    """Open room 4 for a report that was just rendered: the task of `runner.report`."""
    given = task["parameters"]
    return report.open(
        given["month"],
        task["code"],
        state=given["state"],
        since=given["first_month"],
        lang=given["lang"],
        edition=given.get("edition", "public"),
    )
