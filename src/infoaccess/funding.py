"""Write the office's ledger of the support programme: phones by source and month, money by source and year.

Counting rules are those of `pace`: sources overlap in the households they may serve, so their eligible households are
never added up, and a month that is not covered by every commune's list has no need. Full counts: internal.
"""

import datetime as dt

import polars as pl

from infoaccess import annex_sheets, eligibility, pace, programme, report, rooms, store, words
from infoaccess.annex_sheets import Cell, Cover, Sheet
from infoaccess.words import Words

_COUNT, _MONTH = "[$-42A]#,##0", "mm/yyyy"
_SOURCES = [pace.ALL, *programme.SOURCES, ""]
_ORDER = pl.col("source").replace_strict({s: n for n, s in enumerate(_SOURCES)}, return_dtype=pl.Int64)
_DAY_0 = dt.date(1899, 12, 30)  # of spreadsheets
_PHONES = ("need", "waiting", "eligible", "promised", "promised_to_date", "handed", "handed_to_date")
_MONEY = ("phones", "phones_without_value", "planned_vnd", "spent_vnd", "left_vnd")


def book(month: str, state: str, synthetic: bool) -> bytes:
    """Write the ledger of all months to date and return its bytes: the same rooms, the same bytes."""
    w, body = words.load("vi"), report.agency(month)
    period = words.month(month)
    cover = Cover(
        title=w("funding_book.title", period=period),
        lang="vi",
        about=w("funding_book.about"),
        subtitle=f"{body['parent_body']}, {body['issuing_body']} ({w(f'state.{state}')})",
        lines=[(None, False), *((w(f"funding_book.{line}"), False) for line in ("need_is", "overlap", "missing"))],
        listed=(w("funding_book.sheet"), w("funding_book.holds"), w("funding_book.row"), w("funding_book.rows")),
        created=dt.datetime.fromisoformat(f"{month}-01"),
        company=body["issuing_body"],
        banner=w("funding_book.internal") + (f" – {w('title.synthetic')}" if synthetic else ""),
    )
    return annex_sheets.book(cover, [_phones(ledger(month), w), _money(money(month), w)])


def ledger(month: str) -> pl.DataFrame:
    """Return the ledger of phones of the whole city: `pace.ledger` over all months to date.

    In a month without lists here, a promise alone, nothing is known of what was handed over.
    """
    handed, lists, communes = eligibility.gather(month)
    silent = communes.filter(~pl.col("list_received")).select("month").unique()
    promised = store.eager(rooms.PLACED, month, "promises").filter(pl.col("month") <= month)
    stated = promised.select("month", "source", "phones") if promised.height else None
    known = pl.col("month").is_in(communes["month"].unique().to_list())
    found = pace.ledger(handed, lists, stated, lacking=silent)
    return found.with_columns(pl.when(known).then(pl.col(c)).alias(c) for c in ("handed", "handed_to_date"))


def money(month: str) -> pl.DataFrame:
    """Return money spent beside money planned, of all years to date: `pace.money`."""
    handed, _, _ = eligibility.gather(month)
    plan = store.eager(rooms.PLACED, month, "budgets").select("year", "source", "planned_vnd")
    return pace.money(handed, plan.filter(pl.col("year") <= int(month[:4])))


def _phones(found: pl.DataFrame, w: Words) -> Sheet:
    rows = [
        [_month(told["month"]), Cell(_source(told["source"], w)), *(_cell(told[c]) for c in _PHONES)]
        for told in found.sort("month", _ORDER).iter_rows(named=True)
    ]
    heads = [(w("funding_book.month"),), (w("column.source"),), *((w(f"funding_book.{c}"),) for c in _PHONES)]
    return Sheet(
        w("funding_book.phones_sheet"), w("funding_book.phones_title"), w("funding_book.of_month"), heads, rows
    )


def _money(found: pl.DataFrame, w: Words) -> Sheet:
    rows = [
        [Cell(str(told["year"])), Cell(_source(told["source"], w)), *(_cell(told[c]) for c in _MONEY)]
        for told in found.sort("year", _ORDER).iter_rows(named=True)
    ]
    heads = [(w("funding_book.year"),), (w("column.source"),), *((w(f"funding_book.{c}"),) for c in _MONEY)]
    return Sheet(*(w(f"funding_book.{part}") for part in ("money_sheet", "money_title", "of_year")), heads, rows)


def _source(source: str, w: Words) -> str:
    if source in programme.SOURCES:
        return w(f"source.{source}")
    return w("source.total") if source == pace.ALL else w("funding_book.no_source")


def _month(month: str) -> Cell:
    """Return a month as a date that sorts."""
    return Cell("", (dt.date.fromisoformat(f"{month}-01") - _DAY_0).days, _MONTH)


def _cell(value: int | None) -> Cell:
    return Cell("…") if value is None else Cell("", value, _COUNT)
