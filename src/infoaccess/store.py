"""Read and write the tables of a room: Parquet, one folder a month, counts with one set of columns."""

import json
import shutil

import polars as pl

from infoaccess import areas, rooms, tally, units
from infoaccess.errors import RoomError

OF_PERSONS = ("households", "handovers", "reviews")  # lists whose rows stand for persons or households
FEW = 10  # the strictest threshold of a release


def months(room: str) -> list[str]:
    """List the months that a room holds, oldest first."""
    folder = rooms.data(room)
    if not folder.is_dir():
        return []
    return sorted(p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))


def lazy(room: str, month: str, table: str) -> pl.LazyFrame:
    """Open one table of one month.

    Raises RoomError where the stage to the left has not been run.
    """
    path = rooms.data(room, month) / f"{table}.parquet"
    if not path.exists():
        raise RoomError(f"Thiếu {path}. Hãy chạy các bước trước của tháng {month}: python scripts/run_month.py {month}")
    return pl.scan_parquet(path)


def eager(room: str, month: str, table: str) -> pl.DataFrame:
    """Read one table of one month."""
    return lazy(room, month, table).collect()


def write_counts(month: str, name: str, counts: pl.DataFrame) -> dict:
    """Write one stage's counts of a month to room 3 and tell how many.

    Counts must be whole and their keys unique; asserted here, for all stages.
    """
    if counts.select(pl.struct(tally.KEYS).is_duplicated().any()).item():
        raise AssertionError(f"{name} {month}: a count stands there twice")
    if not all(counts[s].dtype == pl.Int64 for s in tally.SUMS):
        raise AssertionError(f"{name} {month}: counts must be whole numbers")
    wrong = counts.filter((pl.col("numerator") > pl.col("denominator")) | (pl.col("numerator") < 0))
    door = {
        "month": month,
        "table": name,
        "rows": counts.height,
        "above_denominator": wrong.height,
        "units": {s: counts.filter(pl.col("area_set") == s)["code"].n_unique() for s in areas.known()},
    }
    with rooms.replaced(rooms.data(rooms.INDICATORS, month) / name) as folder:
        counts.write_parquet(folder / "counts.parquet", compression="zstd")
        (folder / "door.json").write_text(json.dumps(door, ensure_ascii=False, indent=1), encoding="utf-8")
    return door


def no_counts(month: str, name: str) -> dict:
    """Take away a table that a month cannot have, so that no older one stands in for it; tell that it has no row."""
    folder = rooms.data(rooms.INDICATORS, month) / name
    if folder.exists():
        shutil.rmtree(folder)
    return {"month": month, "table": name, "rows": 0, "above_denominator": 0, "units": {}}


def followed(month: str) -> str | None:
    """Return the month before, where households can be followed from it: its lists were placed, in the same era."""
    before = rooms.shift(month, -1)
    same = units.era_of(before) == units.era_of(month) if before in months(rooms.PLACED) else False
    return before if same else None


def complete(months: list[str]) -> dict[str, set[str]]:
    """Name the units of every area set of which room 2 lacks no row in any of the months."""
    doors = [door(rooms.PLACED, m)["complete"] for m in months]
    return {s: set.intersection(*(set(d.get(s, ())) for d in doors)) for s in areas.known()}


def told(tables: dict[str, dict]) -> dict[str, dict]:
    """Return the rows at the first door as they may be told: those of a list of few persons' rows are hidden.

    How many were handed over in a month is what a release hides where it is few; the rows of that list would tell it.

    >>> told({"handovers": {"read": 9, "accepted": 3}, "targets": {"read": 6, "accepted": 4}})
    {'handovers': {'read': None, 'accepted': None}, 'targets': {'read': 6, 'accepted': 4}}
    """
    return {
        kind: dict.fromkeys(rows) if kind in OF_PERSONS and 0 < rows["accepted"] < FEW else rows
        for kind, rows in tables.items()
    }


def door(room: str, month: str, name: str = "") -> dict:
    """Read what a stage wrote about its door."""
    path = rooms.data(room, month) / name / "door.json"
    if not path.exists():
        raise RoomError(f"Thiếu {path}. Hãy chạy các bước trước của tháng {month}: python scripts/run_month.py {month}")
    return json.loads(path.read_text(encoding="utf-8"))
