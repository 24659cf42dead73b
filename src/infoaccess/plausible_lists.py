"""Ask of the communes' lists of a month whether somebody filled them in: findings of communes, never of persons.

The counting rule, once: rules, thresholds and wording are those of `plausibility.RULES`. A yes-no column that is ticked
for all or for none of a commune's households, and a list that is last month's to the last tick, are findings only where
chance makes them rare: at the rate of the commune's own last list (or of nine in ten of the other communes), and at the
rate at which the other lists changed. Cells that are not known are not judged. This module reads households, so it
belongs to the rooms of people; what it returns holds none.
"""

import pandas as pd

from infoaccess import areas, units
from infoaccess.plausibility import INDICATORS, RULES, finding, told

COPIED = ("head_male", "members", "adults", "poor", "near_poor", "policy", *INDICATORS, "has_smartphone")
COPIED += ("adults_with_smartphone", "wants_smartphone")
TICKED = (*INDICATORS, "has_smartphone", "wants_smartphone", "head_male")


def check(now: pd.DataFrame, before: pd.DataFrame | None = None) -> pd.DataFrame:
    """Judge the lists of one month, beside those of the month before: 1 row = 1 finding, as `plausibility.check` does.

    Both hold 1 row = 1 household: month, commune_code, household_id, members and yes-no columns (missing: not known).
    A yes-no column is held against the commune's own last list, or against the other communes where it sent none.
    """
    if now.empty:
        return told([])
    month = str(now["month"].iloc[0])
    if before is not None and len(before):
        into = areas.over(units.commune_set(str(before["month"].iloc[0])), units.commune_set(month))
        before = before.assign(commune_code=before["commune_code"].map(lambda c: into.get(c, [None])[0]))
    else:
        before = None
    found = [*_heaped(now), *_alike(now, before), *(() if before is None else _copied(now, before))]
    at = {"month": month, "area_set": units.commune_set(month), "group": "all", "base": "household"}
    return told([at | f for f in found])


def _heaped(now: pd.DataFrame) -> list[dict]:
    limit, found = RULES["heaped"].limits, []
    for code, sizes in now.dropna(subset=["members"]).groupby("commune_code")["members"]:
        top, share = sizes.mode().iloc[0], (sizes == sizes.mode().iloc[0]).mean()
        if len(sizes) >= limit["size"] and share >= limit["share"]:
            others = now.loc[now["commune_code"] != code, "members"].dropna()
            usual = float((others == top).mean()) if len(others) else None
            found.append(finding("heaped", {"code": code, "measure": "members"}, "share", float(share), usual))
    return found


def _alike(now: pd.DataFrame, before: pd.DataFrame | None) -> list[dict]:
    """Find columns ticked for all or for none, where the commune's last list, or those of the others, say otherwise."""
    limit, found = RULES["all_alike"].limits, []
    for column in (c for c in TICKED if c in now):
        sums = _long(_sums(now, column))
        own = None if before is None or column not in before else _long(_sums(before, column))
        for code, row in sums[sums["share"].isin([0.0, 1.0])].iterrows():
            others = sums["share"].drop(code)
            if own is not None and code in own.index:
                usual = lenient = own.loc[code, "share"]
            elif len(others) >= limit["lists"]:
                # Communes differ: the chance is that of a commune where the column is nearly as rare, or as common.
                usual = others.median()
                lenient = others.quantile(1 - limit["lenient"] if row["share"] else limit["lenient"])
            else:
                continue
            if (lenient if row["share"] else 1 - lenient) ** row["count"] < limit["chance"]:
                found.append(finding("all_alike", {"code": code, "measure": column}, "share", row["share"], usual))
    return found


def _long(sums: pd.DataFrame) -> pd.DataFrame:
    """Keep the lists that are long enough to be judged, with the share of their ticks."""
    sums = sums[sums["count"] >= RULES["all_alike"].limits["size"]]
    return sums.assign(share=sums["sum"] / sums["count"])


def _sums(lists: pd.DataFrame, column: str) -> pd.DataFrame:
    known = lists.dropna(subset=[column])
    return known[column].astype(int).groupby(known["commune_code"]).agg(["sum", "count"])


def _copied(now: pd.DataFrame, before: pd.DataFrame) -> list[dict]:
    """Find lists of which no household came, went or changed, where so still a list is not to be expected."""
    limit, found = RULES["copied_list"].limits, []
    columns = ["commune_code", "household_id", *(c for c in COPIED if c in now and c in before)]
    rows = [f[columns].astype("object").where(f[columns].notna(), None).astype(str) for f in (now, before)]
    marks = [r["commune_code"].to_frame("code").assign(mark=pd.util.hash_pandas_object(r, index=False)) for r in rows]
    by_unit = [m.groupby("code")["mark"].agg(lambda s: tuple(sorted(s))) for m in marks]
    size, still = by_unit[0].map(len), by_unit[0].map(set).to_frame("now").join(by_unit[1].map(set).rename("then"))
    still = still.dropna()
    if still.empty:
        return []
    changed = still.apply(lambda r: len(r["now"] - r["then"]), axis=1)
    for code in still.index:
        if by_unit[0][code] != by_unit[1][code] or size[code] < limit["size"]:
            continue
        others = size.reindex(still.index).sum() - size[code]
        rate = changed.sum() / others if others else 0.0  # this list has no change: all changes are the others'
        if rate == 0 or (1 - rate) ** size[code] < limit["chance"]:
            found.append(
                finding("copied_list", {"code": code, "measure": "households"}, "count", int(size[code]), None)
            )
    return found
