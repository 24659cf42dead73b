"""One measure of all months in one area set, across the eras: exact where it can be, and said where it is not.

The counting rule, once: forward sums are exact, as no commune was split. Backward, a unit is exact where communes of a
month make it up, or where every household in doubt was told by its village or point (`resolved`); else its own row has
no count, the union of the units concerned has the exact one (`union`), and an estimate by the shares of the last month
before July 2025 stands in columns of its own, with the bounds that the counts allow. Released counts only (room 4).
"""

import json

import pandas as pd
import polars as pl

from infoaccess import areas, bridge, comparability, rooms, store, units
from infoaccess.disclosure import PUBLISHED
from infoaccess.errors import RoomError

STATES = ("exact", "summed", "resolved", "union", "unavailable")
COLUMNS = ["month", "area_set", "code", "valid_from", "name", "state", "numerator", "denominator", "share"]
BOUNDS = ["lower_share", "estimate_share", "upper_share"]


def counts(month: str, area_set: str, measure: str, group: str = "all", base: str = "household") -> pd.DataFrame:
    """Read one measure's released counts of one month: 1 row = 1 unit, index code; hidden and missing ones are missing.

    Columns: numerator, denominator. Raises RoomError when the month was not released.
    """
    path = rooms.data(rooms.RELEASE, month) / "counts.parquet"
    if not path.exists():
        raise RoomError(f"Tháng {month} chưa qua bước 4. Hãy chạy: python scripts/run_month.py {month}")
    keys = {"area_set": area_set, "measure": measure, "group": group, "base": base}
    found = pl.scan_parquet(path).filter(*(pl.col(k) == v for k, v in keys.items()))
    shown = [
        pl.when(pl.col(f"{part}_status") == PUBLISHED).then(pl.col(part)).alias(part)
        for part in ("numerator", "denominator")
    ]
    frame = found.select("code", *shown).collect().to_pandas()
    return frame.set_index("code").astype("Int64").reindex(sorted(areas.leaves(area_set)))


def bridged(
    measure: str, area_set: str, first: str, last: str, *, group: str = "all", base: str = "household"
) -> pd.DataFrame:
    """Return one measure in one area set, month by month: 1 row = 1 unit, or 1 union of units, in 1 month.

    Columns: month, area_set, code (of a union: its codes joined by +), valid_from, name, state, numerator, denominator,
    share (0-1), and lower_share, estimate_share, upper_share where only an estimate can be had. `attrs["note"]` holds
    the sentences on what compares with what, by language.
    """
    months = [m for m in store.months(rooms.RELEASE) if first <= m <= last]
    if not months:
        raise RoomError(
            f"Chưa có tháng nào từ {first} đến {last} qua bước 4. Hãy chạy: python scripts/run_month.py {last}"
        )
    what = (measure, group, base)
    parts = [_month(m, area_set, what) for m in months]
    frame = pd.concat(parts, ignore_index=True)
    kept = frame[["numerator", "denominator"]].astype("Int64")
    frame = frame.assign(**kept, share=(kept["numerator"] / kept["denominator"].replace(0, pd.NA)).astype("Float64"))
    frame = frame[[*COLUMNS, *BOUNDS]]
    frame.attrs["note"] = comparability.note((area_set, months[0]), (area_set, months[-1]))
    return frame


def _month(month: str, area_set: str, what: tuple[str, str, str]) -> pd.DataFrame:
    source = units.commune_set(month)
    state = areas.state(source, area_set).set_index("code")["state"].to_dict()
    quality = json.loads((rooms.data(rooms.RELEASE, month) / "quality.json").read_text(encoding="utf-8"))
    for code in quality["complete"].get(area_set, ()):
        state[code] = "resolved" if state[code] == "unavailable" else state[code]
    frame = counts(month, area_set, *what)
    frame = frame.assign(state=pd.Series(state)).mask(pd.Series(state).eq("unavailable").reindex(frame.index), pd.NA)
    frame["state"] = pd.Series(state)
    frame["name"] = pd.Series(areas.names(area_set, month))
    lost = {c for c, s in state.items() if s == "unavailable"}
    if lost:
        frame = frame.join(_estimated(month, source, area_set, what).loc[sorted(lost)])
        frame = pd.concat([frame, _unions(month, source, area_set, what, lost)])
    frame = frame.rename_axis("code").reset_index()
    frame = frame.assign(month=month, area_set=area_set, valid_from=areas.valid_from(area_set, month))
    return frame.reindex(columns=[*COLUMNS, *BOUNDS])


def _unions(month: str, source: str, area_set: str, what: tuple, lost: set[str]) -> pd.DataFrame:
    """Return the exact counts of the smallest unions that hold the units without a count of their own."""
    by_unit, names, rows = counts(month, source, *what), areas.names(area_set, month), []
    for left, right in areas.common(source, area_set):
        if len(right) > 1 and lost & right:
            sums = by_unit.loc[sorted(left)].sum(skipna=False)
            code, name = "+".join(sorted(right)), " + ".join(names[c] for c in sorted(right))
            rows.append({"code": code, "name": name, "state": "union", **sums.to_dict()})
    return pd.DataFrame(rows, columns=["code", "name", "state", "numerator", "denominator"]).set_index("code")


def _estimated(month: str, source: str, area_set: str, what: tuple) -> pd.DataFrame:
    """Estimate shares from the month's counts and the shares of the last month of era A; index code."""
    before = [m for m in store.months(rooms.RELEASE) if units.era_of(m) == "A"]
    now, then = counts(month, source, *what), counts(before[-1], "A_commune", *what) if before else None
    parts = []
    for of in (lambda f: f["numerator"], lambda f: f["denominator"] - f["numerator"]):
        base = {} if then is None else of(then).dropna().to_dict()
        parts.append(bridge.estimate(of(now).dropna().to_dict(), base, source, area_set))
    return bridge.estimate_share(*parts).set_index("code")[BOUNDS]
