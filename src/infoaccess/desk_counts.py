"""Counts for the desk: one measure of one month by unit, released or (for the office) in full, and who stands out."""

import json
from functools import cache

import pandas as pd
import polars as pl

from infoaccess import areas, desk_names, desk_tables, figures, linked, noise, rooms, words
from infoaccess.disclosure import PUBLISHED, SUPPRESSED
from infoaccess.errors import UsageError

COLUMNS = ["month", "area_set", "code", "valid_from", "name", "group", "measure", "base", "numerator", "denominator"]
COLUMNS += ["share", "status", "communes_received", "communes_expected"]
WORSE = ("H", "H_complete", "M0", "uncensored_", "breach_", "eligibility_breach_", "deprived_")


@cache
def _quality(path: str, changed: float) -> dict:
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - a key of the cache is text
        return json.load(file)


def synthetic(month: str) -> bool:
    """Tell whether a released month rests on made-up lists."""
    path = rooms.data(rooms.RELEASE, month) / "quality.json"
    return bool(_quality(str(path), path.stat().st_mtime)["synthetic"])


def more_is_better(measure: str) -> bool:
    """Tell which way is good: decides a map's colours.

    >>> more_is_better("covered"), more_is_better("uncensored_deprived_11")
    (True, False)
    """
    good = {h.measure: h.good for h in figures.HEADLINES}
    return good.get(measure, -1 if measure.startswith(WORSE) else 1) > 0


def counts(month: str, measure: str, where: object, group: str, base: str | None, full: bool) -> pd.DataFrame:
    """Return one measure's counts of a month for the units asked: 1 row = 1 unit; columns COLUMNS."""
    frame = linked.read(month).lazy() if full else pl.scan_parquet(rooms.data(rooms.RELEASE, month) / "counts.parquet")
    name, base = _named(frame, month, measure, base, full)
    of_measure = frame.filter(pl.col("measure") == name, pl.col("base") == base).collect()
    group = desk_names.group(group, of_measure["group"].unique())
    asked = desk_names.places(where, month)
    parts = []
    for area_set, codes in asked.items():
        found = of_measure.filter(pl.col("group") == group, pl.col("area_set") == area_set).to_pandas()
        rows = pd.DataFrame({"code": codes, "area_set": area_set, "valid_from": areas.valid_from(area_set, month)})
        rows = rows.assign(name=rows["code"].map(areas.names(area_set, month)), month=month, group=group)
        rows = rows.assign(measure=name, base=base)
        kept = found.drop(columns=["month", "area_set", "valid_from", "group", "measure", "base"])
        parts.append(rows.merge(kept, on="code", how="left", validate="one_to_one"))
    return _finished(pd.concat(parts, ignore_index=True), full)


def _named(frame: pl.LazyFrame, month: str, measure: str, base: str | None, full: bool) -> tuple[str, str]:
    """Find the measure's name and what it counts; in room 3 there are more than in the release."""
    pairs = frame.select("base", "measure").unique().collect().rows()
    bases = {b for b, m in pairs if m == measure}
    if not bases and full and measure not in desk_names.measures(month):
        known = {m: [m, desk_names.label(m)] for _, m in pairs}
        near = desk_names.nearest(measure, known)
        raise UsageError(f"Không có chỉ tiêu {measure!r}. Gần giống: {', '.join(near) or 'không có'}.")
    if not bases:
        found = desk_names.measure(measure, month)
        measure, bases = found.name, {b for b, m in pairs if m == found.name}
    order = {b: n for n, b in enumerate(desk_names.BASES)}
    chosen = base or min(bases, key=lambda b: order.get(b, len(order)))
    if chosen not in bases:
        raise UsageError(f"Chỉ tiêu {measure!r} không đếm theo {base!r}, chỉ có: {', '.join(sorted(bases))}.")
    return measure, chosen


def _finished(frame: pd.DataFrame, full: bool) -> pd.DataFrame:
    """Add share and status; hidden counts go missing."""
    parts = ("numerator", "denominator")
    if full:
        shown = {p: frame[p].notna() for p in parts}
        hidden = pd.Series(False, index=frame.index)
    else:
        shown = {p: frame[f"{p}_status"].eq(PUBLISHED) for p in parts}
        hidden = frame[[f"{p}_status" for p in parts]].isin(SUPPRESSED).any(axis=1)
    for part in parts:
        frame[part] = frame[part].astype("Int64").where(shown[part])
    whole = frame["denominator"].where(frame["denominator"] > 0)
    frame["share"] = (frame["numerator"] / whole).astype("Float64")
    status = pd.Series("published", index=frame.index).mask(frame["denominator"].eq(0).fillna(False), "empty")
    status = status.mask(~(shown["numerator"] & shown["denominator"]), "missing").mask(hidden, "suppressed")
    frame["status"] = status
    for column in ("communes_received", "communes_expected"):
        frame[column] = frame[column].astype("Int64")
    return frame[COLUMNS]


def standing(found: pd.DataFrame) -> desk_tables.Table:
    """Judge the units of a table of counts against their common rate, as `noise.funnel` does: the clearest first."""
    month, name = found["month"].iloc[0], found["measure"].iloc[0]
    judged = noise.funnel(pd.DataFrame(found)[["code", "name", "numerator", "denominator", "status"]])
    ranked = noise.ranks(judged.units).set_index("code")
    rows = judged.units.to_dict("records")
    told = [noise.sentence(judged, r, "vi", _rank(ranked, r["code"])) for r in rows]
    frame = judged.units.assign(reading=told, status=judged.units["verdict"])
    frame = frame.join(ranked[["rank", "best_rank", "worst_rank"]].astype("Int64"), on="code")
    gap = (frame["share"].astype("Float64") - (judged.rate or 0)).abs().fillna(-1)
    order = {v: n for n, v in enumerate(("far_above", "far_below", "above", "below", "within"))}
    frame = frame.assign(order=frame["status"].map(order).fillna(len(order)), gap=-gap)
    frame = frame.sort_values(["order", "gap", "code"], ignore_index=True)
    columns = ["code", "name", "numerator", "denominator", "share", "status", "rank", "best_rank", "worst_rank"]
    w = words.load("vi")
    title = w("desk.stand_title", measure=desk_names.label(name), period=words.month(month))
    notes = [n for n in (noise.note(judged, "vi"), w("desk.hidden")) if n]
    frame = frame.astype({"share": "Float64"})[[*columns, "reading"]]
    return desk_tables.told(frame, title, notes, bool(found.attrs.get("synthetic")))


def _rank(ranked: pd.DataFrame, code: str) -> dict | None:
    return ranked.loc[code].to_dict() if code in ranked.index else None
