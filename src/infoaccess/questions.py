"""Answers to what the office asks again and again, as frames: each function is the arithmetic of one ask_*.ipynb.

Counts of single households (`lifting`) are not released: asking is written down, and the answer is for the office only.
Rates are formed last; what is hidden or missing stays missing.
"""

import pandas as pd
import polars as pl

from infoaccess import (
    areas,
    comparability,
    deprivation,
    desk,
    desk_counts,
    desk_log,
    desk_names,
    desk_tables,
    pace,
    poverty_rules,
    programme,
    rooms,
    series,
    store,
    units,
    words,
)
from infoaccess.desk_tables import Table

NUMBERS = ["deprived", "by_phone", "by_connection", "by_both", "lifted", "leave_poverty"]
PHONE, CONNECTION = deprivation.DEVICE, deprivation.INTERNET


def lifting(month: str | None = None, areas_asked: object = None, phone: bool = True, connection: bool = True) -> Table:
    """Return who would no longer be deprived of information with a phone, a connection, or both: 1 row = 1 unit.

    Columns: code, name, deprived, by_phone (only indicator 12), by_connection (only 11), by_both (needs both), lifted
    (by what is given: `phone`, `connection`), lifted_share (of the deprived), leave_poverty (poor households whose
    score falls below the cut-off with what is given). Full counts: internal, written down.
    """
    month = desk_names.month(month)
    rules = poverty_rules.in_force(month)
    frame = store.lazy(rooms.PLACED, month, "households")
    sums = _lifted(frame, rules, phone, connection, list(areas.known()))
    desk_log.write("lifting", month=month, full=True)
    parts = []
    for area_set, codes in desk_names.places(areas_asked, month).items():
        by = sums.group_by(pl.col(area_set).alias("code")).agg(pl.col(NUMBERS).sum()).to_pandas().set_index("code")
        listed = desk_counts.counts(month, "listed", _frame(area_set, codes), "all", None, True)
        known = listed.set_index("code")["numerator"].notna()  # a unit without lists, or incomplete, has no count
        by = by.reindex(codes).fillna(0).astype("Int64").where(known.reindex(codes))
        parts.append(by.reset_index(names="code").assign(name=listed["name"]))
    found = pd.concat(parts, ignore_index=True)
    found["lifted_share"] = (found["lifted"] / found["deprived"].where(found["deprived"] > 0)).astype("Float64")
    w = words.load("vi")
    title, notes = w("desk.lift_title", period=words.month(month)), [w("desk.internal"), w("desk.lift_note")]
    columns = ["code", "name", "deprived", "by_phone", "by_connection", "by_both", "lifted", "lifted_share"]
    return desk_tables.told(found[[*columns, "leave_poverty"]], title, notes, desk_counts.synthetic(month))


def _frame(area_set: str, codes: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"code": codes, "area_set": area_set})


def _lifted(
    frame: pl.LazyFrame, rules: poverty_rules.Rules, phone: bool, connection: bool, by: list[str]
) -> pl.DataFrame:
    """Count households by what would lift them; an unknown answer lifts nobody and is deprived only where sure."""
    device, internet = (pl.col(c).fill_null(False) for c in (PHONE, CONNECTION))
    sure = {c: pl.col(c).is_not_null() for c in (PHONE, CONNECTION)}
    known = sure[PHONE] & sure[CONNECTION]
    after = {PHONE: phone, CONNECTION: connection}
    cleared = (~device | pl.lit(phone)) & (~internet | pl.lit(connection))
    weights = {i.id: pl.col(i.id).fill_null(False).cast(pl.Int64) * i.weight for i in rules.indicators}
    score = pl.sum_horizontal(weights.values())
    gone = pl.sum_horizontal(pl.lit(0), *(w for i, w in weights.items() if after.get(i, False)))
    every = pl.all_horizontal(pl.col(i.id).is_not_null() for i in rules.indicators)
    poor = pl.col("poor").fill_null(False) & every & (score >= rules.cutoff) & (score - gone < rules.cutoff)
    flags = {
        "deprived": device | internet,
        "by_phone": known & device & ~internet,
        "by_connection": known & internet & ~device,
        "by_both": known & device & internet,
        "lifted": known & (device | internet) & cleared,
        "leave_poverty": poor,
    }
    return frame.select(*by, *(f.cast(pl.Int64).alias(n) for n, f in flags.items())).group_by(by).sum().collect()


def sources(month: str | None = None) -> Table:
    """Return how far each source of money is from what it promised: 1 row = 1 source, then all; released counts.

    Columns: source, label, handed (phones to date), promised (to date), to_hand, promised_share, need, covered_share
    (the last two for all sources together: need belongs to no source).
    """
    month = desk_names.month(month)
    folder = rooms.data(rooms.RELEASE, month)
    promised = pl.read_parquet(folder / "promises.parquet")
    promised = promised.filter(pl.col("month") <= month).to_pandas() if promised.height else None
    rows = []
    for source in programme.SOURCES:
        one = desk.counts(month, f"handed_{source}", "city").iloc[0]
        stated = None if promised is None else promised.loc[promised["source"] == source, "phones"]
        sum_of = pd.NA if stated is None or stated.empty else int(stated.sum())
        rows.append({"source": source, "label": words.load("vi")(f"source.{source}"), "handed": one["numerator"]})
        rows[-1]["promised"] = sum_of
    whole = desk.counts(month, "covered", "city").iloc[0]
    rows.append({"source": "all", "label": words.load("vi")("source.total"), "handed": whole["numerator"]})
    rows[-1] |= {"promised": pd.NA, "need": whole["denominator"], "covered_share": whole["share"]}
    found = pd.DataFrame(rows).astype({"handed": "Int64", "promised": "Int64", "need": "Int64"})
    left = (found["promised"] - found["handed"]).clip(lower=0)
    share = (found["handed"] / found["promised"].where(found["promised"] > 0)).astype("Float64")
    found = found.assign(to_hand=left, promised_share=share, covered_share=found["covered_share"].astype("Float64"))
    w = words.load("vi")
    title = w("desk.sources_title", period=words.month(month))
    notes = [when(month).sentence, w("desk.sources_note"), w("desk.hidden")]
    columns = ["label", "handed", "promised", "to_hand", "promised_share", "need", "covered_share"]
    return desk_tables.told(found[columns], title, notes, desk_counts.synthetic(month))


def when(month: str | None = None, area: object = "city") -> pace.Reached:
    """Tell when 100 % of need is met at the present pace, from released counts of whole months; `pace.reached`."""
    month = desk_names.month(month)
    held = [m for m in desk.months() if m <= month]
    rows = [desk.counts(m, "covered", area).iloc[0] for m in held]
    to_date = [None if pd.isna(r["numerator"]) else int(r["numerator"]) for r in rows]
    handed = [None if None in p else p[1] - p[0] for p in zip([None, *to_date], to_date, strict=False)]
    whole = [r["status"] == "published" and r["communes_received"] == r["communes_expected"] for r in rows]
    waiting = [int(r["denominator"] - r["numerator"]) if ok else None for r, ok in zip(rows, whole, strict=True)]
    return pace.reached(held, handed[: len(held)], waiting)


def reform(measure: str = "deprived_any", since: str | None = None) -> Table:
    """Return what the reforms of 2025 did to a series: 1 row = 1 area set x month, how many units have which figure.

    Columns: month, area_set, exact, summed, resolved, union, unavailable (numbers of units), units and with_figure
    (of them released).
    """
    last, first = desk.latest(), since or desk.months()[0]
    what = desk_names.measure(measure, last)
    rows = []
    for area_set in units.AREA_SETS:
        found = series.bridged(what.name, area_set, first, last, base=what.base)
        for month, part in found.groupby("month"):
            own = part[part["state"] != "union"]
            states = part["state"].value_counts()
            row = {"month": month, "area_set": area_set} | {s: int(states.get(s, 0)) for s in series.STATES}
            rows.append(row | {"units": len(own), "with_figure": int(own["share"].notna().sum())})
    w = words.load("vi")
    title = w("desk.reform_title", measure=what.vi)
    return desk_tables.told(pd.DataFrame(rows), title, [w("desk.reform_note")], desk_counts.synthetic(last))


def reused(then: str = "A_commune", now: str = "C_commune") -> tuple[Table, Table]:
    """Return the codes and the names that two area sets share for different territory: why neither is a key."""
    w = words.load("vi")
    days = {s: areas.valid_from(s)[:7] for s in (then, now)}
    codes, names = comparability.reused((then, days[then]), (now, days[now]))
    return (
        desk_tables.told(codes, w("desk.reused_codes"), [], False),
        desk_tables.told(names, w("desk.reused_names"), [], False),
    )
