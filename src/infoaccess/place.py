"""Stage 2 for one month: give each household and hand-over its unit in every area set, by code, village or point.

The code decides. Where the stated unit lies over several units of another area set, the village tells the former
commune if earlier lists agree on it, else the household's point does if it lies clear of every border; else the column
stays missing. A target unit is complete when nothing that may lie in it is missing: only complete units are counted.
Points are compared with codes, contradictions are listed for the office, and coordinates do not come into this room.
"""

import json

import pandas as pd

from infoaccess import areas, bridge, intake, kept, rooms, rules, store, units

POINT_COLUMNS = ["longitude", "latitude"]
TOLERANCE_M = 300  # the lines are good to tens of metres only (geo/README.md)
TOLD = ("contradicts", "outside", "swapped", "not_coordinate")  # verdicts that the office looks at


def placed(frame: pd.DataFrame, month: str) -> pd.DataFrame:
    """Add one column of codes an area set (missing where not exact) to rows with commune_code; their count stays."""
    source = units.commune_set(month)
    result = frame.copy()
    for area_set in areas.known():
        walk = areas.crosswalk(source, area_set).set_index("code")["target"]
        result[area_set] = result["commune_code"].map(walk).astype("str")
    return result


def backward(month: str) -> dict[str, dict[str, list[str]]]:
    """Return the area sets that some units of the month straddle: area set -> unit -> the target units it lies over."""
    source = units.commune_set(month)
    found = {s: bridge.straddling(source, s) for s in areas.known()}
    return {s: over for s, over in found.items() if over}


def resolved(frame: pd.DataFrame, month: str, learned: pd.DataFrame, spot: pd.Series | None) -> tuple:
    """Fill the columns that codes leave open; return the rows and how many were told by what, by area set."""
    source, result, ways = units.commune_set(month), frame.copy(), {}
    for area_set in backward(month):
        told = bridge.resolve(frame, learned, source, area_set, spot)
        result[area_set] = told["target"].astype("str")
        ways[area_set] = told["by"].value_counts().sort_index().astype(int).to_dict()
    return result, ways


def complete(tables: list[pd.DataFrame], month: str) -> dict[str, list[str]]:
    """Name the units of every area set of which no row is missing: exact, or all of whose rows were told."""
    source, open_sets = units.commune_set(month), backward(month)
    found = {}
    for area_set in areas.known():
        lost: set[str] = set()
        for unit, over in open_sets.get(area_set, {}).items():
            if any((f.loc[f["commune_code"] == unit, area_set].isna()).any() for f in tables):
                lost |= set(over)
        straddled = {t for over in open_sets.get(area_set, {}).values() for t in over}
        found[area_set] = sorted((areas.exact(source, area_set) | straddled) - lost)
    return found


def located(households: pd.DataFrame, month: str) -> tuple[pd.DataFrame | None, pd.Series | None]:
    """Compare points with codes, and name the former commune of each point that lies clear of every border.

    Both are None where the list has no point. Raises RoomError where the boundaries were never built.
    """
    if households[POINT_COLUMNS].isna().all(axis=None):
        return None, None
    from infoaccess import geography, points  # geopandas takes half a second: only lists with points need it

    lon, lat = (households[c] for c in POINT_COLUMNS)
    now = points.raster(geography.read(units.commune_set(month)))
    checked = points.check(lon, lat, households["commune_code"], now, TOLERANCE_M)
    east, north = (pd.to_numeric(c, errors="coerce") for c in (lon, lat))
    good = checked["verdict"] == "agrees"
    spot = points.sure(points.raster(geography.read("A_commune")), east.where(good), north.where(good), TOLERANCE_M)
    return checked, pd.Series(spot.to_numpy(), index=households.index, dtype="str")


def learned(month: str) -> pd.DataFrame:
    """Learn villages from the lists of earlier months in room 1, and from what stays of the months deleted there."""
    columns = kept.VILLAGES
    earlier = [rooms.data(rooms.VALIDATED, m) for m in store.months(rooms.VALIDATED) if m < month]
    parts = [pd.read_parquet(p / "households.parquet", columns=columns).value_counts().reset_index() for p in earlier]
    parts += kept.villages(month)
    return bridge.learn(pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns))


def read(room: str, month: str, table: str) -> pd.DataFrame:
    """Read one table of one month of a room of people."""
    return pd.read_parquet(rooms.data(room, month) / f"{table}.parquet")


def run(month: str) -> dict:
    """Place one month's rows into room 2 and return the door's counts."""
    source = units.commune_set(month)
    names = ("households", "handovers", "populations", "communes")
    tables = {name: read(rooms.VALIDATED, month, name) for name in names}
    tables["communes"] = tables["communes"].rename(columns={"code": "commune_code", "valid_from": "commune_valid_from"})
    done = {name: placed(frame, month) for name, frame in tables.items()}
    checked, spot = located(tables["households"], month)
    ways: dict[str, dict] = {}
    if backward(month):
        known = learned(month)
        for name, point in (("households", spot), ("handovers", None)):
            done[name], ways[name] = resolved(done[name], month, known, point)
    households = done["households"] = done["households"].drop(columns=POINT_COLUMNS)
    classes = ["household_id", "poor", "near_poor", "policy"]
    done["handovers"] = done["handovers"].merge(
        households[classes], on="household_id", how="left", validate="many_to_one"
    )
    door = {
        "month": month,
        "rows": {name: [len(tables[name]), len(done[name])] for name in done},
        "units": {s: [len(areas.exact(source, s)), len(areas.leaves(s))] for s in areas.known()},
        "complete": complete([done["households"], done["handovers"]], month),
        "resolved_by": ways,
        "households_without_unit": {s: int(households[s].isna().sum()) for s in areas.known()},
        "points": {} if checked is None else checked["verdict"].value_counts().sort_index().astype(int).to_dict(),
    }
    if any(before != after for before, after in door["rows"].values()):
        raise AssertionError(f"rows changed while placing: {door['rows']}")
    with rooms.replaced(rooms.data(rooms.PLACED, month)) as folder:
        for name, frame in done.items():
            frame.to_parquet(folder / f"{name}.parquet", compression="zstd")
        for name in rules.CITYWIDE:
            read(rooms.VALIDATED, month, name).to_parquet(folder / f"{name}.parquet")
        if checked is not None:
            told = checked["verdict"].isin(TOLD)
            rows = tables["households"].loc[told, ["file", "sheet", "row"]]
            intake.inert(rows.join(checked[told].round({"distance_m": 0}))).to_csv(
                folder / "points.csv", index=False, encoding="utf-8-sig"
            )
        (folder / "door.json").write_text(json.dumps(door, ensure_ascii=False, indent=1), encoding="utf-8")
    return door
