"""Count the office's own measures (`own_measures`) into room 3, and write them in full for the office."""

import datetime as dt

import polars as pl

from infoaccess import annex_sheets, areas, deprivation, own_measures, report, rooms, store, tally, units, words
from infoaccess.annex_sheets import Cell, Cover, Sheet
from infoaccess.errors import UsageError

TABLE = own_measures.TABLE


def run(month: str) -> dict:
    """Count one month's own measures into room 3 and return what was written; without any, nothing stays there.

    Raises UsageError where a measure is not complete.
    """
    own = own_measures.measures()
    if not own:
        return store.no_counts(month, TABLE)
    if wrong := own_measures.faults(own):
        raise UsageError(f"Chỉ tiêu riêng chưa đủ. {' '.join(wrong)} Xem docs/adding_a_measure.md.")
    households = store.lazy(rooms.PLACED, month, "households")
    sums = tally.tally(households, own, list(areas.known()))
    communes = store.eager(rooms.PLACED, month, "communes")
    counts = tally.by_units(sums, month, deprivation.standard(month), communes, store.complete([month]))
    return store.write_counts(month, TABLE, counts)


def book(month: str, state: str, synthetic: bool) -> bytes:
    """Write the office's workbook of its own measures: 1 sheet a measure, 1 row a unit; full counts, internal."""
    w, body, period = words.load("vi"), report.agency(month), words.month(month)
    counts = store.eager(rooms.INDICATORS, month, f"{TABLE}/counts").filter(pl.col("group") == "all")
    banner = w("funding_book.internal") + (f" – {w('title.synthetic')}" if synthetic else "")
    cover = Cover(
        title=w("own_book.title", period=period),
        lang="vi",
        about=w("funding_book.about"),
        subtitle=f"{body['parent_body']}, {body['issuing_body']} ({w(f'state.{state}')})",
        lines=[(None, False), (w("funding_book.missing"), False)],
        listed=tuple(w(f"funding_book.{part}") for part in ("sheet", "holds", "row", "rows")),
        created=dt.datetime.fromisoformat(f"{month}-01"),
        company=body["issuing_body"],
        banner=banner,
    )
    sheets = [_sheet(m.name, counts.filter(pl.col("measure") == m.name), month, w) for m in own_measures.measures()]
    return annex_sheets.book(cover, sheets)


def _sheet(name: str, counts: pl.DataFrame, month: str, w: words.Words) -> Sheet:
    rows = []
    held = {(r["area_set"], r["code"]): r for r in counts.iter_rows(named=True)}
    for unit in units.on(month).to_dict("records"):
        found = held.get((unit["area_set"], unit["code"]), {})
        parts = [found.get(p) for p in ("numerator", "denominator")]
        share = parts[0] / parts[1] if parts[0] is not None and parts[1] else None
        numbers = [Cell(words.number(p), p, "#,##0") for p in parts]
        rows.append([Cell(unit["code"]), Cell(unit["name"]), *numbers, Cell(words.share(share), share, "0.0%")])
    heads = [(w(f"desk.column.{c}"),) for c in ("code", "name", "numerator", "denominator", "share")]
    return Sheet(name[:31], f"{w(f'row.{name}')}, {words.month(month)}", w("own_book.row"), heads, rows)
