"""Carry figures of today back to units of before: exactly where that can be, else as an estimate that says so.

Four communes of July 2025 (Phong Quảng, Hóa Châu, Mỹ Thượng, Thuận An) straddle former districts. Three ways, best
first: unions of districts that are exact (`unions`); households whose former commune is known from their village or
point (`learn`, `resolve`); shares of a base month (`estimate`), always with bounds, a series of its own and never mixed
into the exact one.

The counting rule, once: a target's count lies between what is surely in it and that plus everything of the straddling
units that may be in it. Estimates are whole numbers between the bounds; they add up to the total. Apportionment by
largest remainder (Hamilton), ties to the smaller code.
"""

from collections.abc import Collection, Mapping
from fractions import Fraction

import pandas as pd

from infoaccess import areas, units
from infoaccess.canonical import canonical
from infoaccess.errors import UsageError

UNIT, VILLAGE, POINT, CONFLICT, UNKNOWN = "unit", "village", "point", "conflict", "unknown"


def unions(source: str, target: str) -> pd.DataFrame:
    """Return the smallest exact unions of target units that are not exact alone: 1 row = 1 union.

    Columns: members (codes of target units), units (how many), straddling (codes of the source units that force the
    union).
    """
    into, rows = areas.leaves(target), []
    for left, right in areas.common(source, target):
        if len(right) > 1:
            force = [s for s in left if not any(areas.leaves(source)[s] <= into[t] for t in right)]
            rows.append(
                {"members": " ".join(sorted(right)), "units": len(right), "straddling": " ".join(sorted(force))}
            )
    return pd.DataFrame(rows, columns=["members", "units", "straddling"])


def straddling(source: str, target: str) -> dict[str, list[str]]:
    """Return the source units that lie over several target units, with those."""
    return {code: over for code, over in areas.over(source, target).items() if len(over) > 1}


def learn(earlier: pd.DataFrame, source: str = "C_commune") -> pd.DataFrame:
    """Learn from earlier lists in which former commune each village of a unit lies: 1 row = 1 unit and village.

    `earlier`: 1 row = 1 household of 1 month, columns month, commune_code (of that month's era), village. A village is
    learned only where its households leave one leaf, none contradicts it, and every leaf of the unit has been heard
    from: a "Thôn 1" that merely no other list mentioned yet is not taken for unique. Columns: code, village
    (canonical), A_code (missing where not learned), households, why (agreed, contradicted, several, silent).
    """
    home = {leaf: code for code, members in areas.leaves(source).items() for leaf in members}
    keys = earlier.groupby(["month", "commune_code", "village"], observed=True, dropna=True).size()
    may: dict[tuple[str, str], frozenset[str]] = {}
    counts: dict[tuple[str, str], int] = {}
    heard: set[str] = set()
    leaves_in = {month: units.leaves(units.commune_set(month)) for month in keys.index.unique("month")}
    for (month, code, village), households in keys.items():
        within = leaves_in[month][code]
        heard |= within if len(within) == 1 else set()
        for unit in {home[leaf] for leaf in within}:
            key = (unit, canonical(village))
            counts[key] = counts.get(key, 0) + int(households)
            may[key] = may.get(key, within) & within
    silent = {unit for unit, members in areas.leaves(source).items() if not members <= heard}
    rows = []
    for (unit, village), leaves in sorted(may.items()):
        why = "contradicted" if not leaves else "several" if len(leaves) > 1 else "agreed"
        why = "silent" if why == "agreed" and unit in silent else why
        row = {"code": unit, "village": village, "A_code": next(iter(leaves)) if why == "agreed" else None}
        rows.append(row | {"households": counts[unit, village], "why": why})
    table = pd.DataFrame(rows, columns=["code", "village", "A_code", "households", "why"])
    return table.astype({"code": "str", "village": "str", "A_code": "str", "why": "str", "households": "Int64"})


def resolve(
    households: pd.DataFrame, learned: pd.DataFrame, source: str, target: str, point: pd.Series | None = None
) -> pd.DataFrame:
    """Name each household's unit of the target set: 1 row = 1 household, the index stays.

    `households` has commune_code and village; `point` names the era-A commune of each household's point, missing where
    there is none. The code wins: village and point only choose among the leaves of the stated unit; one that points
    elsewhere is not used. Columns: target (missing where not known), by (unit, village, point, conflict, unknown).
    """
    walk, members = areas.over(source, target), areas.leaves(source)
    home = {leaf: code for code, leaves in areas.leaves(target).items() for leaf in leaves}
    sure = learned.dropna(subset=["A_code"])
    table = dict(zip(zip(sure["code"], sure["village"], strict=True), sure["A_code"], strict=True))
    points = [None] * len(households) if point is None else point.reindex(households.index).tolist()
    rows = []
    for code, village, spot in zip(households["commune_code"], households["village"], points, strict=True):
        over = walk.get(code, [])
        if len(over) < 2:
            rows.append((over[0], UNIT) if over else (None, UNKNOWN))
            continue
        told = table.get((code, canonical(village))) if pd.notna(village) else None
        leaf = {VILLAGE: told, POINT: spot}
        say = {by: home[a] for by, a in leaf.items() if a is not None and pd.notna(a) and a in members[code]}
        if len(set(say.values())) == 1:
            rows.append((next(iter(say.values())), next(iter(say))))
        else:
            rows.append((None, CONFLICT if say else UNKNOWN))
    return pd.DataFrame(rows, columns=["target", "by"], index=households.index).astype("str")


def coverage(households: pd.DataFrame, resolved: pd.DataFrame, source: str, target: str) -> pd.DataFrame:
    """Count how the households of each straddling unit were resolved: 1 row = 1 straddling unit.

    Columns: code, households, village, point, conflict, unknown, resolved (village + point).
    """
    ways = [VILLAGE, POINT, CONFLICT, UNKNOWN]
    codes = sorted(straddling(source, target))
    table = pd.crosstab(households["commune_code"].to_numpy(), resolved["by"].to_numpy())
    table = table.reindex(index=codes, columns=ways, fill_value=0).astype("int64")
    table.insert(0, "households", table.sum(axis=1))
    table["resolved"] = table[VILLAGE] + table[POINT]
    return table.rename_axis("code").rename_axis(None, axis=1).reset_index()


def apportion(total: int, weights: Mapping[str, int], least: Mapping[str, int] | None = None) -> dict[str, int] | None:
    """Share out a whole number by weights, nobody below what is known; None where all weights are zero.

    Largest remainder, ties to the smaller key; exact at any size.

    >>> apportion(10, {"474": 1, "477": 2}), apportion(10, {"474": 1, "477": 2}, {"474": 6})
    ({'474': 3, '477': 7}, {'474': 6, '477': 4})
    """
    least = least or {}
    fixed: dict[str, int] = {}
    free = {key: int(weight) for key, weight in sorted(weights.items())}
    if not sum(free.values()):
        return None if total else dict.fromkeys(free, 0)
    while True:
        rest, whole = total - sum(fixed.values()), sum(free.values())
        quota = {key: Fraction(rest * weight, whole) for key, weight in free.items()}
        short = [key for key, q in quota.items() if q < least.get(key, 0)]
        if not short:
            break
        fixed |= {key: int(least[key]) for key in short}
        free = {key: weight for key, weight in free.items() if key not in fixed}
    shares = {key: int(q) for key, q in quota.items()}
    over = rest - sum(shares.values())
    for key in sorted(quota, key=lambda k: (shares[k] - quota[k], k))[:over]:
        shares[key] += 1
    return dict(sorted((fixed | shares).items()))


def estimate(
    now: Mapping[str, int], base: Mapping[str, int], source: str, target: str, known: Mapping | None = None
) -> pd.DataFrame:
    """Bound and estimate one count for every target unit: 1 row = 1 target unit.

    `now`: the count by source unit; `base`: the same count by leaf in the base month; `known`: by (source, target), the
    part of a straddling unit that households resolved. A count that is not there is missing, never zero, and so is what
    rests on it. Columns: code, name, exact (units wholly inside), known, open (not resolved, may lie here), lower,
    estimate, upper, state (exact, estimate, bounds, unavailable). A part and its rest are estimated apart and the whole
    is their sum (`estimate_share`), else a part could outgrow its whole. Raises UsageError for a count below zero or a
    known part above its unit's count.
    """
    into, members, walk = areas.leaves(target), areas.leaves(source), areas.over(source, target)
    now, base = _counts(now, members), _counts(base, units.leaves("A_commune"))
    known = _counts(known or {}, {(s, t) for s, over in walk.items() for t in over if len(over) > 1})
    sums = {code: dict.fromkeys(("exact", "known", "open", "guess"), 0) for code in into}
    lost, blind = set(), set()
    for unit, over in walk.items():
        total = now.get(unit)
        if total is None:
            lost |= set(over)
            continue
        if len(over) == 1:
            sums[over[0]]["exact"] += total
            continue
        least = {t: known.get((unit, t), 0) for t in over}
        left = total - sum(least.values())
        if left < 0:
            raise UsageError(f"Đơn vị {unit}: số đã xác định ({total - left}) lớn hơn tổng số ({total}).")
        there = members[unit] <= set(base)
        weights = {t: sum(base[m] for m in members[unit] & into[t]) for t in over} if there else {}
        shares = apportion(total, weights, least) if left else least
        blind |= set(over) if shares is None else set()
        for t in over:
            sums[t]["known"] += least[t]
            sums[t]["open"] += left
            sums[t]["guess"] += shares[t] if shares else 0
    named, rows = areas.names(target), []
    for code, s in sorted(sums.items()):
        row = {"exact": s["exact"], "known": s["known"], "open": s["open"], "lower": s["exact"] + s["known"]}
        row |= {"estimate": s["exact"] + s["guess"], "upper": sum(s[k] for k in ("exact", "known", "open"))}
        row["state"] = "bounds" if code in blind else "estimate" if s["open"] else "exact"
        row["estimate"] = None if code in blind else row["estimate"]
        row = dict.fromkeys(row) | {"state": "unavailable"} if code in lost else row
        rows.append({"code": code, "name": named[code]} | row)
    counts = ["exact", "known", "open", "lower", "estimate", "upper"]
    return pd.DataFrame(rows).astype(dict.fromkeys(counts, "Int64") | {"code": "str", "name": "str", "state": "str"})


def _counts(given: Mapping, keys: Collection) -> dict:
    """Return counts as whole Python numbers without the missing ones; a key that is none would be lost in silence."""
    strange = sorted({key for key, _ in given.items()} - set(keys), key=str)
    if strange:
        raise UsageError(f"Số đếm của {strange[0]}: mã này không thuộc hệ đơn vị được tính.")
    found = {key: int(value) for key, value in given.items() if pd.notna(value)}
    wrong = [key for key, value in found.items() if value < 0]
    if wrong:
        raise UsageError(f"Số đếm âm ở {wrong[0]}. Số đếm phải từ 0 trở lên.")
    return found


def estimate_share(part: pd.DataFrame, rest: pd.DataFrame) -> pd.DataFrame:
    """Bound and estimate a share from estimates of a part and of its rest (not its whole): 1 row = 1 target unit.

    Columns: code, name, lower_share, estimate_share, upper_share (0-1, missing where the whole may be nothing), state.
    The share is lowest when nothing open of the part lies here and all of the rest does.
    """
    low, high = part["lower"], part["upper"]
    shares = {
        "lower_share": low / (low + rest["upper"]).replace(0, pd.NA),
        "estimate_share": part["estimate"] / (part["estimate"] + rest["estimate"]).replace(0, pd.NA),
        "upper_share": high / (high + rest["lower"]).replace(0, pd.NA),
    }
    order = ["exact", "estimate", "bounds", "unavailable"]
    state = [max(pair, key=order.index) for pair in zip(part["state"], rest["state"], strict=True)]
    return part[["code", "name"]].assign(**{k: v.astype("Float64") for k, v in shares.items()}, state=state)
