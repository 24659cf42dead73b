"""The cells, rows and headings that all tables of a report are made of."""

from infoaccess import exhibits, figures, report, units, words
from infoaccess.exhibits import Exhibit
from infoaccess.figures import count_text, rate_text
from infoaccess.released import Cell
from infoaccess.report import Report


def column(label: str, group: str | None = None, align: str = "right") -> dict:
    """Return a table's column; columns of one group stand under one upper heading."""
    return {"label": label, "align": align, "group": group}


def cell(found: Cell, part: str, r: Report) -> tuple[str, float | None, str | None]:
    """Return a count's part (rate, numerator or denominator) as a table's cell: text, sort value and mark."""
    text = rate_text(found, r.w) if part == "rate" else count_text(found, r.w, part)
    status = found.status if part == "rate" else getattr(found, f"{part}_status")
    return text, figures.value(found, part), "suppressed" if status.startswith("suppressed") else None


def words_only(text: str, sort: float | str | None = None) -> tuple[str, float | str | None, None]:
    """Return a cell that holds no count of its own."""
    return text, sort, None


def row(name: str, cells: list[tuple], *, bold: bool = False) -> dict:
    """Return a table's row: its name, then its cells."""
    parts = [words_only(name, name), *cells]
    texts, sorts, marks = ([p[n] for p in parts] for n in range(3))
    return {"cells": texts, "sort": sorts, "marks": marks, "bold": bold}


def or_why(table: Exhibit, r: Report, *, whole: bool = False) -> Exhibit:
    """Show a table; where it would show no figure at all, a sentence that says why instead.

    `whole`: the first row is of all households, and no figure below it makes a table.
    """
    told = {text.removesuffix(r.w("sign.partial")) for one in table.data["rows"][whole:] for text in one["cells"][1:]}
    told -= {"", words.MISSING}
    if told - {r.w("sign.suppressed")}:
        return table
    sent = r.release.cell(r.code, "listed").numerator_status != "missing"
    key = "not_told" if told else "not_by_class" if sent else "not_made"
    name = table.data["caption"].partition(".")[0]
    return exhibits.text(table.data["id"], table.data["heading"], [r.w(f"note.{key}", name=name, period=r.period)])


def signs(r: Report, rows: list[dict], *, need: bool = False) -> list[str]:
    """Return the notes that explain the signs in a table's rows; `need`: rates of need met are among them."""
    notes, partial = report.signs(r, [text for one in rows for text in one["cells"]]), r.w("note.partial")
    if need and partial in notes:
        notes.insert(notes.index(partial) + 1, r.w("note.partial_need"))
    return notes


def crossing(months: list[str], w) -> list[str]:
    """Return the note on comparing months of several eras; none where all months have the same units."""
    return [w("note.sum")] if len({units.era_of(m) for m in months}) > 1 else []
