"""Check the national poverty software's aggregate forms: 1 row = 1 unit, in Biểu 2-7 of 1 group (poor or near-poor).

A row that contradicts itself is refused: it cannot be right. A figure that is unlikely, or rows that disagree with each
other, with the totals or with last month (form_sums) are warned of. A blank is not known and is never 0. Counts
agree exactly, rates within 0.05 percentage points, so that a rate rounded to one decimal agrees.
"""

from dataclasses import replace

import pandas as pd

from infoaccess import columns, form_sums, form_units
from infoaccess.canonical import canonical
from infoaccess.form_sums import by_table, gap, measures, tell
from infoaccess.lists import Table
from infoaccess.validate import Sheet

KINDS = ("poverty_counts", "movements", "deprivation_counts", "deprivation_shares")
INDICATORS = list(columns.INDICATORS)
SHARES = [f"{name}_percent" for name in INDICATORS]
INWARD = ["moved_from_other", "returned", "entered", "other_increase"]
OUTWARD = ["moved_to_other", "left", "other_decrease"]
RATES = {  # rate -> numerator, denominator
    f"{group}{of}_percent": (f"{group}{of}", base)
    for group in ("poor", "near_poor", "middle")
    for of, base in (("", "households"), ("_people", "people"))
}
LEAST, MOST = 3, 2  # deprivations: of a poor household at least, of a near-poor one at most (Decree 07/2021/NĐ-CP)
POINTS = 0.05  # percentage points that rounding may take
_EDGE = POINTS + 1e-6  # for numbers that are not exact in binary


def settle(table: Table) -> Table:
    """Return a table of Biểu 5/7 that prints a total too, and so was read as Biểu 4/6, as what its title says it is."""
    if table.kind.name != "deprivation_counts" or not ("tỷ lệ" in table.above or "tỉ lệ" in table.above):
        return table
    names = dict(zip(INDICATORS, SHARES, strict=True))
    position = {names.get(c, c): at for c, at in table.position.items() if c != "deprivations"}
    heading = {names.get(c, c): told for c, told in table.heading.items() if c != "deprivations"}
    return replace(table, kind=columns.kinds()["deprivation_shares"], position=position, heading=heading)


def group_of(table: Table) -> str | None:
    """Tell whether a form is about poor or near-poor households, by heading and title; None where that is unclear."""
    heading = " ".join(canonical(table.heading.get(c, "")) for c in ("households", "opening", "closing"))
    told = [
        {group for group, word in (("near_poor", "hộ cận nghèo"), ("poor", "hộ nghèo")) if word in text}
        for text in (heading, table.above)
    ]
    sure = set().union(*(groups for groups in told if len(groups) == 1))  # a title may name both, in a decision's name
    return sure.pop() if len(sure) == 1 else None


def levels(sheet: Sheet, month: str) -> pd.Series:
    """Return each row's level (city, district, commune) and fill in the codes of its unit (form_units)."""
    return form_units.levels(sheet, month)


def check(sheet: Sheet, month: str, previous: pd.DataFrame | None = None) -> None:
    """Apply the rules of one kind of form; `previous` is last month's frame_for_room of the same kind."""
    levels(sheet, month)
    f = sheet.frame
    if sheet.kind.name != "poverty_counts":
        f["group"] = pd.Series([group_of(t) for t in sheet.owner], index=f.index, dtype="str")
        sheet.report(f["group"].isna() & ~sheet.folded, sheet.kind.required[0].name, "form_group")
    if "counted" in f:
        named = pd.Series(["counted" in t.position for t in sheet.owner], index=f.index, dtype=bool)
        sheet.report(f["counted"].isna() & named & ~sheet.folded, "counted", "required")
        f["counted"] = f["counted"].mask(f["counted"].isna() & ~named, "households")
    _ROW_RULES[sheet.kind.name](sheet)
    if sheet.kind.name != "deprivation_shares":  # shares do not add
        _check_blanks(sheet)
        form_sums.check_sums(sheet)
    form_sums.check_repeated(sheet)
    if sheet.kind.name == "movements":
        form_sums.check_crossings(sheet)
        if previous is not None and len(previous):
            form_sums.check_continued(sheet, month, previous)


def check_shares(shares: Sheet, counts: Sheet) -> None:
    """Compare Biểu 5/7 with Biểu 4/6 of the same month, after both were checked."""
    keys = ["level", "unit_code", "group"]
    known = counts.frame[counts.kept].drop_duplicates(keys)[[*keys, "households", *INDICATORS]]
    both = shares.frame[keys].merge(known, on=keys, how="left").set_axis(shares.frame.index)
    for share, name in zip(SHARES, INDICATORS, strict=True):
        expected = _rate(both[name], both["households"])
        off = ((shares.frame[share] - expected).abs() > _EDGE) & shares.kept
        tell(shares, off, share, "form_share_counts", told=shares.frame[share], counted=expected)


def frame_for_room(sheet: Sheet, month: str) -> pd.DataFrame:
    """Return the accepted rows for room 1: 1 row = 1 unit (of 1 group) in 1 month; rates of counts stay out."""
    told = [] if sheet.kind.name == "poverty_counts" else ["group"]
    told += ["counted"] if "counted" in sheet.kind.columns else []
    f = sheet.accepted().reindex(columns=["level", "unit_code", *told, *measures(sheet.kind)])
    f = f[f["level"].notna()].reset_index(drop=True)
    f = f.astype(dict.fromkeys(["level", "unit_code", *told], "str"))
    f.insert(0, "month", pd.Series(month, index=f.index, dtype="str"))
    f.insert(3, "unit_valid_from", form_sums.valid_from(f["level"], month))
    return f


def _check_poverty_counts(sheet: Sheet) -> None:
    """Refuse a part larger than the whole, a rate above 100 % (no denominator), a rate that the counts do not make."""
    f = sheet.frame
    for rate, (part, base) in RATES.items():
        expected = _rate(f[part], f[base])
        _rescale(sheet, rate, expected)
        over = (f[part] > f[base]) & f[base].gt(0)
        tell(sheet, over, part, "form_over", told=f[part], most=f[base])
        empty = (f[rate].gt(100 + _EDGE) | (f[base].eq(0) & f[part].gt(0))) & ~over.fillna(False)
        tell(sheet, empty, part, "form_rate_over", base=sheet.kind.columns[base].label)
        off = ((f[rate] - expected).abs() > _EDGE) & ~over.fillna(False) & ~empty.fillna(False)
        tell(sheet, off, rate, "form_rate", told=f[rate], counted=expected)
    both = f["poor"] + f["near_poor"]
    apart = (both > f["households"]) & (f["poor"] <= f["households"]) & (f["near_poor"] <= f["households"])
    tell(sheet, apart, "households", "form_over", told=both, most=f["households"])


def _check_movements(sheet: Sheet) -> None:
    """Refuse a closing that is not what the movements make of the opening: 9 = 1-2-3-4+5+6+7+8."""
    f = sheet.frame
    summed = f["opening"] + f[INWARD].sum(axis=1, skipna=False) - f[OUTWARD].sum(axis=1, skipna=False)
    tell(sheet, f["closing"] != summed, "closing", "form_balance", told=f["closing"], summed=summed)


def _check_deprivation_counts(sheet: Sheet) -> None:
    """Refuse a total that is not the indicators' sum, and an indicator of more households than there are."""
    f = sheet.frame
    blanks, summed = f[INDICATORS].isna().sum(axis=1), f[INDICATORS].sum(axis=1).astype("Int64")
    off = (blanks.eq(0) & (f["deprivations"] != summed)) | (f["deprivations"] < summed)
    tell(sheet, off, "deprivations", "form_indicator_sum", told=f["deprivations"], summed=summed, gap=blanks.map(gap))
    for name in INDICATORS:
        tell(sheet, f[name] > f["households"], name, "form_over", told=f[name], most=f["households"])
    _check_class(sheet, f["deprivations"] / f["households"].where(f["households"] > 0), "deprivations")


def _check_deprivation_shares(sheet: Sheet) -> None:
    """Refuse a share above 100 %, a share of no households, a share that is of no whole number of households."""
    f, base = sheet.frame, sheet.kind.columns["households"].label
    _rescale_shares(sheet)
    for name in SHARES:
        over = f[name].gt(100 + _EDGE) | (f["households"].eq(0) & f[name].gt(0))
        tell(sheet, over, name, "form_rate_over", base=base)
        broken = _broken(f[name], f["households"]) & ~over.fillna(False)
        tell(sheet, broken, name, "form_share_whole", told=f[name], households=f["households"])
    _check_class(sheet, f[SHARES].sum(axis=1, skipna=False) / 100, "households", slack=len(SHARES) * POINTS / 100)


def _check_class(sheet: Sheet, each: pd.Series, column: str, slack: float = 0.0) -> None:
    """Warn where deprivations a household do not fit the group: a rule of the standard, not of arithmetic."""
    group = sheet.frame["group"]
    tell(sheet, group.eq("poor") & (each < LEAST - slack), column, "form_class_poor", each=each)
    tell(sheet, group.eq("near_poor") & (each > MOST + slack), column, "form_class_near", each=each)


def _check_blanks(sheet: Sheet) -> None:
    """Warn once a table that its blanks were not taken for 0, where a unit has other figures."""
    for table, rows in by_table(sheet):
        part = rows.loc[~sheet.folded[rows.index], [c for c in measures(sheet.kind) if c in table.position]]
        some = part.isna().any(axis=1) & part.gt(0).any(axis=1)
        if some.any():
            i = some.idxmax()
            sheet.report([i], part.columns[part.loc[i].isna()][0], "form_blank", number=int(some.sum()))


def _rate(part: pd.Series, base: pd.Series) -> pd.Series:
    return (part / base.where(base > 0) * 100).astype("Float64")


def _rescale(sheet: Sheet, rate: str, expected: pd.Series) -> None:
    """Bring a table's rates to percent where its counts say they are fractions (0,0227 in a cell shown as 2,27 %)."""
    for _, rows in by_table(sheet):
        told, want = rows[rate], expected[rows.index]
        percent, fraction = ((told * scale - want).abs() <= _EDGE for scale in (1, 100))
        if (fraction & ~percent).sum() > (percent & ~fraction).sum():
            sheet.frame.loc[rows.index, rate] = told * 100


def _rescale_shares(sheet: Sheet) -> None:
    """Bring a table's shares to percent where they are fractions: none above 1, and only so of whole households."""
    for _, rows in by_table(sheet):
        told = rows[SHARES]
        bad = [sum(_broken(told[s] * scale, rows["households"]).sum() for s in SHARES) for scale in (1, 100)]
        if told.le(1).where(told.notna(), True).all(axis=None) and bad[0] > bad[1]:
            sheet.frame.loc[rows.index, SHARES] = told * 100


def _broken(share: pd.Series, households: pd.Series) -> pd.Series:
    """Tell where a share (percent) is of no whole number of households, rounding allowed for."""
    held = share * households / 100
    return ((held - held.round()).abs() > households * POINTS / 100 + 1e-6).fillna(False).astype(bool)


_ROW_RULES = {
    "poverty_counts": _check_poverty_counts,
    "movements": _check_movements,
    "deprivation_counts": _check_deprivation_counts,
    "deprivation_shares": _check_deprivation_shares,
}
