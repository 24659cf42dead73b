"""Stage 2 for one month: give each household and hand-over its unit in every area set where that is exact.

A unit whose territory lies over several units of another area set is not guessed: the column stays missing and the door
says how many rows that is and why.
"""

import json

import pandas as pd

from infoaccess import rooms, units


def placed(frame: pd.DataFrame, month: str) -> pd.DataFrame:
    """Add one column of codes an area set (missing where not exact) to rows with commune_code; their count stays."""
    source = units.commune_set(month)
    result = frame.copy()
    for area_set in units.AREA_SETS:
        walk = units.crosswalk(source, area_set).set_index("code")["target"]
        result[area_set] = result["commune_code"].map(walk).astype("str")
    return result


def read(room: str, month: str, table: str) -> pd.DataFrame:
    """Read one table of one month of a room of people."""
    return pd.read_parquet(rooms.data(room, month) / f"{table}.parquet")


def run(month: str) -> dict:
    """Place one month's rows into room 2 and return the door's counts."""
    source = units.commune_set(month)
    tables = {
        name: read(rooms.VALIDATED, month, name) for name in ("households", "handovers", "populations", "communes")
    }
    tables["communes"] = tables["communes"].rename(columns={"code": "commune_code", "valid_from": "commune_valid_from"})
    done = {name: placed(frame, month) for name, frame in tables.items()}
    households = done["households"]
    classes = ["household_id", "poor", "near_poor", "policy"]
    done["handovers"] = done["handovers"].merge(
        households[classes], on="household_id", how="left", validate="many_to_one"
    )
    door = {
        "month": month,
        "rows": {name: [len(tables[name]), len(done[name])] for name in done},
        "units": {s: [len(units.exact(source, s)), len(units.leaves(s))] for s in units.AREA_SETS},
        "households_without_unit": {s: int(households[s].isna().sum()) for s in units.AREA_SETS},
    }
    if any(before != after for before, after in door["rows"].values()):
        raise AssertionError(f"rows changed while placing: {door['rows']}")
    with rooms.replaced(rooms.data(rooms.PLACED, month)) as folder:
        for name, frame in done.items():
            frame.to_parquet(folder / f"{name}.parquet", compression="zstd")
        for name in ("subscribers", "targets"):
            read(rooms.VALIDATED, month, name).to_parquet(folder / f"{name}.parquet")
        (folder / "door.json").write_text(json.dumps(door, ensure_ascii=False, indent=1), encoding="utf-8")
    return door
