"""Lay out one synthetic workbook as offices do: titles, two-tier heading, index row, totals, signatures."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import xlsxwriter

MADE = datetime(2023, 1, 1)  # a fixed date of creation: the same sample is the same file
WIDTHS = {
    "stt": 7,
    "hamlet": 24,
    "head": 24,
    "identity": 15,
    "name": 20,
    "source": 32,
    "note": 24,
    "target": 56,
    "decision": 34,
    "bought": 14,
}
_BOXES = ("male", "female", "poor", "near_poor", "policy", "phone", "need", "tablet", "wave", "plan")
TICKS = (*_BOXES, *(f"d{i}" for i in range(1, 13)))
ROMAN = ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))


def _columns(form: dict) -> list[tuple[str, str, str]]:
    """Return (key, upper heading or "", heading) of each column of a form.

    >>> _columns({"columns": ["a | A", "b | B | 1"]})
    [('a', '', 'A'), ('b', 'B', '1')]
    """
    found = []
    for line in form["columns"]:
        lines = [line.replace("#", str(i)) for i in range(1, 13)] if "#" in line else [line]
        for parts in (one.split(" | ") for one in lines):
            found.append((parts[0].strip(), parts[1] if len(parts) == 3 else "", parts[-1]))
    return found


def _roman(n: int) -> str:
    """Write a number in Roman numerals.

    >>> _roman(14), _roman(29)
    ('XIV', 'XXIX')
    """
    found = ""
    for value, letters in ROMAN:
        found, n = found + letters * (n // value), n % value
    return found


def _lines(rows: pd.DataFrame, columns: list, text: dict, grouped: bool, roman: bool) -> Iterable[tuple]:
    """Yield (bold, values by column key) for each row of the table but its total."""
    keys = [key for key, _, _ in columns if key != "stt"]
    shown = rows[keys].astype(object)
    for key in set(TICKS) & set(keys):
        shown[key] = np.where(rows[key], "x", None)
    records = shown.to_dict("records")
    if not grouped:
        yield from ((False, {"stt": str(i), **record}) for i, record in enumerate(records, 1))
        return
    place, inside = 0, 0
    sizes, code = rows.code.value_counts(), None
    for record in records:
        if record["code"] != code:
            code, place, inside = record["code"], place + 1, 0
            stt = _roman(place) if roman else str(place)
            yield (
                True,
                {"stt": stt, "name": record["name"], "members": text["group_total"].format(n=sizes[code])},
            )
        inside += 1
        yield False, {"stt": f"{place}.{inside}", **record}


def write(
    path: Path,
    form: dict,
    rows: pd.DataFrame,
    text: dict,
    issuer: str,
    period: str,
    total_at: str = "bottom",
    grouped: bool = False,
    roman: bool = False,
    sum_of: list[str] | None = None,
) -> None:
    """Write one workbook: titles, mark, two-tier heading, index row, rows, total, signatures."""
    columns = _columns(form)
    last = len(columns) - 1
    with xlsxwriter.Workbook(path, {"in_memory": True}) as book:
        book.set_properties({"title": form["title"], "comments": text["mark"], "created": MADE})
        style = {"font_name": "Times New Roman", "font_size": 11}
        plain, bold = book.add_format(style), book.add_format(style | {"bold": True})
        centre = book.add_format(style | {"bold": True, "align": "center", "valign": "vcenter", "text_wrap": True})
        warn = book.add_format(style | {"bold": True, "align": "center", "font_color": "#C00000"})
        tick, border = book.add_format(style | {"align": "center"}), book.add_format({"border": 1})
        sheet = book.add_worksheet(form["sheet"])
        for at, (key, _, label) in enumerate(columns):
            sheet.set_column(at, at, WIDTHS.get(key, 6 if key in TICKS else max(10, len(label) * 0.7)))
        titles = ((issuer, bold), (form["title"], centre), (period, centre), (text["mark"], warn))
        for at, (title, look) in enumerate(titles):
            sheet.merge_range(at, 0, at, last, title, look)
        top = len(titles) + 1
        at = _heading(sheet, top, columns, centre)
        lines = list(_lines(rows, columns, text, grouped, roman))
        sums = {key: int(rows[key].sum()) for key in sum_of or []}
        if grouped:
            sums = {"members": text["group_total"].format(n=len(rows))}
        if sums:
            label = next(key for key, _, _ in columns if key in ("name", "head"))
            line = (True, {label: text["total"], **sums})
            lines = [line, *lines] if total_at == "top" else [*lines, line]
        places = {key: at for at, (key, _, _) in enumerate(columns)}
        for strong, record in lines:
            for key in sorted(record.keys() & places.keys(), key=places.get):
                value, look = record[key], bold if strong else tick if key in TICKS else plain
                if isinstance(value, str):
                    if value:
                        sheet.write_string(at, places[key], value, look)
                elif value is not None and value == value:
                    sheet.write_number(at, places[key], value, look)
            at += 1
        _signatures(sheet, at + 1, last, text, plain, centre)
        # A rule round every cell without writing the empty ones.
        sheet.conditional_format(top, 0, at - 1, last, {"type": "no_errors", "format": border})
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(top, top + 2)


def _heading(sheet, top: int, columns: list, look) -> int:
    """Write two tiers of headings, merged, and the index row; return the next row."""
    uppers = [upper for _, upper, _ in columns]
    for at, (_, upper, label) in enumerate(columns):
        if not upper:
            sheet.merge_range(top, at, top + 1, at, label, look)
            continue
        if uppers.index(upper) == at:
            sheet.merge_range(top, at, top, at + uppers.count(upper) - 1, upper, look)
        sheet.write_string(top + 1, at, label, look)
    for at in range(len(columns)):
        sheet.write_string(top + 2, at, "AB"[at] if at < 2 else str(at - 1), look)
    return top + 3


def _signatures(sheet, at: int, last: int, text: dict, plain, centre) -> None:
    """Leave room for the signatures below the table."""
    left, right = min(1, last), max(last - 3, min(2, last))
    sheet.write_string(at, right, text["place_date"], plain)
    sheet.write_string(at + 1, left, text["prepared"], centre)
    sheet.write_string(at + 1, right, text["signed"], centre)
    sheet.write_string(at + 2, left, text["by_hand"], plain)
    sheet.write_string(at + 2, right, text["by_hand"], plain)
