"""Compare two months, or two frames of counts, unit by unit: the change of a rate in percentage points.

A unit without a figure on both sides has no change: it is not zero. Two months are compared in the units of the second.
"""

import pandas as pd

from infoaccess import areas, comparability, comparing, desk_counts, desk_names, desk_tables, series, words
from infoaccess.errors import UsageError

KEYS = ["area_set", "code", "valid_from", "name"]
NUMBERS = ["numerator", "denominator", "share"]


def months(
    what: desk_names.Measure, first: str, second: str, chosen: dict[str, list[str]], group: str
) -> desk_tables.Table:
    """Compare a measure of two released months in the units chosen, by area set: 1 row = 1 unit."""
    w = words.load("vi")
    sides = [
        pd.concat([_one(what, m, s, codes, group, second) for s, codes in chosen.items()]) for m in (first, second)
    ]
    told = [comparability.note((s, first), (s, second))["vi"] for s in chosen]
    notes = [w("desk.hidden"), *dict.fromkeys(n for one in told for n in one)]
    if comparing.across_2g(what.name, first, second):
        said = comparing.TEXT["vi"]["break_2g"]
        notes.insert(0, f"{said[0].upper()}{said[1:]}.")
    title = w("desk.compare_title", measure=what.vi, then=words.month(first), now=words.month(second))
    return desk_tables.told(_joined(*sides), title, notes, desk_counts.synthetic(second))


def _one(what: desk_names.Measure, month: str, area_set: str, codes: list[str], group: str, named: str) -> pd.DataFrame:
    """Read one side; the city, whose key and name change with the era, takes those of the month `named`."""
    found = series.bridged(what.name, area_set, month, month, group=group, base=what.base)
    found = found[found["code"].map(lambda c: bool(set(codes) & set(c.split("+"))))]
    names = areas.names(area_set, named)
    return found.assign(
        name=found["code"].map(names).fillna(found["name"]), valid_from=areas.valid_from(area_set, named)
    )


def frames(a: pd.DataFrame, b: pd.DataFrame) -> desk_tables.Table:
    """Compare two frames of counts or of a series that hold each unit once: 1 row = 1 unit.

    Raises UsageError where a column is lacking or a unit stands there twice.
    """
    for side in (a, b):
        lacking = [c for c in (*KEYS, *NUMBERS) if c not in side.columns]
        if lacking:
            raise UsageError(f"Bảng để so sánh thiếu cột {lacking[0]}. Hãy dùng bảng của desk.counts hay desk.series.")
        if side.duplicated(KEYS).any():
            raise UsageError("Bảng để so sánh có một đơn vị hai lần. Hãy lọc để mỗi đơn vị chỉ còn một dòng.")
    title = " / ".join(t for t in (a.attrs.get("title", ""), b.attrs.get("title", "")) if t)
    made_up = bool(a.attrs.get("synthetic") or b.attrs.get("synthetic"))
    return desk_tables.told(_joined(a, b), title, [words.load("vi")("desk.hidden")], made_up)


def _joined(then: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Put both sides beside each other by unit, and take the difference of the rates."""
    left = pd.DataFrame(then)[[*KEYS, *NUMBERS]].rename(columns={n: f"then_{n}" for n in NUMBERS})
    both = left.merge(pd.DataFrame(now)[[*KEYS, *NUMBERS]], on=KEYS, how="outer", validate="one_to_one")
    return both.assign(change_points=both["share"].astype("Float64") - both["then_share"].astype("Float64"))
