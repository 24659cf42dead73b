"""Compare the rows of an aggregate form: communes with districts, both with the totals, a month with the last.

Two figures are compared only where both are known. A blank is not known and is never 0: a sum with a blank in it can be
found too large, never too small. What disagrees is warned of, with both figures: they count units, not persons.
"""

import re

import pandas as pd

from infoaccess import reasons, units, values
from infoaccess.columns import Kind, normal
from infoaccess.lists import Table
from infoaccess.validate import Sheet

_GRAND = re.compile(r"(tổng cộng|tổng số|tổng|cộng)( toàn (tỉnh|thành phố))?|toàn (tỉnh|thành phố|huyện|quận|thị xã)")


def said(value: object) -> str:
    """Write a figure as a Vietnamese reader expects it.

    >>> said(7540), said(2.27), said(12.0), said("a")
    ('7.540', '2,27', '12', 'a')
    """
    if isinstance(value, str):
        return value
    if float(value).is_integer():
        return f"{int(value):,}".replace(",", ".")
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


def gap(blanks: int) -> str:
    """Say that blanks were left out of a sum, where there are any."""
    return f" ({blanks} ô trống coi là chưa biết, không phải 0)" if blanks else ""


def tell(sheet: Sheet, mask: pd.Series, column: str, rule: str, **told: object) -> None:
    """Report a rule for the rows of a mask, each with its own figures; values are columns of figures or texts."""
    mask = mask.fillna(False).astype(bool) & ~sheet.folded
    for i in mask.index[mask]:
        own = {name: said(v[i] if isinstance(v, pd.Series) else v) for name, v in told.items()}
        sheet.report([i], column, rule, **own)


def measures(kind: Kind) -> list[str]:
    """Name the figures of a form: counts, and of Biểu 5/7 the shares too; other rates are formed from counts."""
    types = ("count", "percent") if kind.name == "deprivation_shares" else ("count",)
    return [c.name for c in kind.columns.values() if c.type in types]


def by_table(sheet: Sheet) -> list[tuple[Table, pd.DataFrame]]:
    """Part the frame by the tables it came from."""
    found, start = [], 0
    for table in sheet.tables:
        found.append((table, sheet.frame.iloc[start : start + len(table.rows)]))
        start += len(table.rows)
    return found


def disagree(told: object, parts: pd.Series) -> tuple[int, int, bool]:
    """Return the sum of the known parts, how many are blank, and whether that contradicts what was told.

    >>> disagree(10, pd.Series([4, 5], dtype="Int64")), disagree(10, pd.Series([4, None], dtype="Int64"))
    ((9, 0, True), (4, 1, False))
    >>> disagree(10, pd.Series([11, None], dtype="Int64"))
    (11, 1, True)
    """
    summed, blanks = int(parts.sum()), int(parts.isna().sum())
    known = told is not None and not pd.isna(told)
    return summed, blanks, known and bool(summed > told or (not blanks and summed != told))


def check_sums(sheet: Sheet) -> None:
    """Compare every district's row with its communes; the city's row and the totals with the districts or communes."""
    for table, rows in by_table(sheet):
        counted = rows["counted"] if "counted" in rows else pd.Series("households", rows.index)
        for name, part in rows.groupby(counted):
            communes, districts = (part[part["level"] == level] for level in ("commune", "district"))
            for i in districts.index:
                _compare(sheet, i, communes[communes["under"] == districts.at[i, "unit_code"]], "form_district_sum")
            top = districts if len(districts) else communes
            for i in part.index[part["level"] == "city"]:
                _compare(sheet, i, top, "form_city_sum")
            _check_totals(sheet, table, top, name)


def _compare(sheet: Sheet, i: int, parts: pd.DataFrame, rule: str) -> None:
    """Compare the figures of one row with the sums of others."""
    if parts.empty or sheet.folded[i]:
        return
    for name in measures(sheet.kind):
        told = sheet.frame.at[i, name]
        summed, blanks, off = disagree(told, parts[name])
        if off:
            sheet.report([i], name, rule, told=said(told), summed=said(summed), parts=len(parts), gap=gap(blanks))


def _check_totals(sheet: Sheet, table: Table, parts: pd.DataFrame, counted: str) -> None:
    """Compare the rows TỔNG CỘNG, which are dressing and no rows of data, with the rows of data."""
    reason, kind = reasons.load()["form_total"], sheet.kind.columns.get("counted")
    for number, cells in table.totals if len(parts) else []:
        held = {c: cells[at] if at < len(cells) else None for c, at in table.position.items()}
        which = values.choice([held.get("counted")], kind.choices)[0][0] if kind else None
        grand = any(isinstance(v, str) and _GRAND.fullmatch(normal(v)) for v in cells)
        if (which or "households") != counted or not grand:
            continue
        for name in measures(sheet.kind):
            told = values.count([held.get(name)])[0][0]
            summed, blanks, off = disagree(told, parts[name])
            if off:
                figures = {"told": said(told), "summed": said(summed), "parts": len(parts), "gap": gap(blanks)}
                place = table.place(number, name)
                problem = {c: getattr(place, c) for c in ("file", "sheet", "row", "column")}
                problem |= {"severity": reason.severity, "rule": "form_total", "sentence": reason.told(**figures)}
                sheet.problems.append(
                    problem | {"value_class": values.class_of(held[name]), "_index": None, "_column": name}
                )


def check_repeated(sheet: Sheet) -> None:
    """Fold a unit's row that says the same as an earlier one, refuse one that says something else."""
    f = sheet.frame
    keys = [c for c in ("level", "unit_code", "group", "counted") if c in f]
    rows = f[sheet.kept & f[keys].notna().all(axis=1)]
    first = rows.reset_index(names="row").groupby(keys)["row"].transform("first").set_axis(rows.index)
    figures = f[measures(sheet.kind)].astype("Float64").fillna(-1)
    same, other = pd.Series(False, index=f.index), {}
    for i, leader in first[first != rows.index].items():
        if figures.loc[i].equals(figures.loc[leader]):
            same[i] = True
        else:
            other[i] = leader
    sheet.report(list(other), "commune_name", "form_repeated", other=other)
    sheet.fold(same)


def check_crossings(sheet: Sheet) -> None:
    """Compare Biểu 2 with Biểu 3: who left the one list for the other came into the other."""
    f, keys = sheet.frame[sheet.kept], ["level", "unit_code", "counted"]
    sides = {g: f[f["group"] == g].reset_index(names="row").drop_duplicates(keys) for g in ("poor", "near_poor")}
    poor = sides["poor"].add_prefix("poor_")
    both = sides["near_poor"].merge(poor, left_on=keys, right_on=[f"poor_{k}" for k in keys])
    for into, out in (("moved_from_other", "moved_to_other"), ("moved_to_other", "moved_from_other")):
        off = both[(both[into] != both[f"poor_{out}"]).fillna(False).astype(bool)]
        for row in off.to_dict("records"):
            figures = {"told": said(row[into]), "poor": said(row[f"poor_{out}"])}
            sheet.report([row["row"]], into, "form_crossing", other={row["row"]: row["poor_row"]}, **figures)


def check_continued(sheet: Sheet, month: str, previous: pd.DataFrame) -> None:
    """Compare what a unit opens with to what it closed with last month; a unit of a former era is another unit."""
    names = ["level", "unit_code", "unit_valid_from", "group", "counted"]
    here = sheet.frame.assign(unit_valid_from=valid_from(sheet.frame["level"], month))
    closed = previous.drop_duplicates(names).set_index(names)["closing"].rename("closed")
    before = here[names].join(closed, on=names)["closed"]
    tell(sheet, here["opening"] != before, "opening", "form_continued", told=here["opening"], before=before)


def valid_from(level: pd.Series, month: str) -> pd.Series:
    """Return the day from which each row's unit code is valid."""
    start = units.valid_from(units.commune_set(month))
    days = {"commune": start, "district": start, "city": units.valid_from("city", month)}
    return level.map(days).astype("str")
