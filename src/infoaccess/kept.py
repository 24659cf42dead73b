"""What stays of a month whose lists were deleted (`purging`): enough for later months to be counted, nobody in it.

data/purged/<month>/ holds record.json (day, checksums of the deleted lists, which units room 2 had completely),
villages.parquet (1 row = 1 village of a commune, with its number of households: by them later lists are told apart)
and handovers.parquet (1 row = 1 phone: units, class, source, value; no household, no day, no village: need and
coverage count all phones to date).
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pandas as pd
import polars as pl

from infoaccess import areas, checksums, rooms, store, units
from infoaccess.errors import UsageError

CLASSES = ("poor", "near_poor", "policy")
STAYS = (rooms.RELEASE, "purged")  # folders of data/ that are never deleted
VILLAGES = ["month", "commune_code", "village"]


def record(month: str) -> dict:
    """Read what was noted when a month's lists were deleted."""
    return json.loads((rooms.purged(month) / "record.json").read_text(encoding="utf-8"))


def write(month: str, day: str) -> None:
    """Keep what later months need of a month, before its lists are deleted: whole or not at all."""
    rooms.recover(rooms.purged())
    placed = rooms.data(rooms.PLACED, month)
    there = (placed / "door.json").exists()
    door = store.door(rooms.PLACED, month) if there else {}
    noted = {"month": month, "purged_on": day, "lists": checksums.lists(month), "complete": door.get("complete")}
    with rooms.replaced(rooms.purged(month)) as folder:
        if there:
            _villages(month).to_parquet(folder / "villages.parquet", compression="zstd")
            _handed(month).write_parquet(folder / "handovers.parquet", compression="zstd")
        text = json.dumps(noted, ensure_ascii=False, indent=1)
        (folder / "record.json").write_text(text, encoding="utf-8", newline="\n")


def _villages(month: str) -> pd.DataFrame:
    found = pd.read_parquet(rooms.data(rooms.VALIDATED, month) / "households.parquet", columns=VILLAGES)
    return found.value_counts().reset_index().sort_values(VILLAGES).reset_index(drop=True)


def _handed(month: str) -> pl.DataFrame:
    """Return phones without households, sorted by what they hold: the order of the list is gone too."""
    found = store.eager(rooms.PLACED, month, "handovers")
    sets = [s for s in areas.known() if s in found.columns]
    return found.select("commune_code", *sets, *CLASSES, "source", "value_vnd").sort(pl.all())


def villages(before: str) -> list[pd.DataFrame]:
    """Return the villages of the deleted months before a month, one table a month."""
    paths = [rooms.purged(m) / "villages.parquet" for m in rooms.purged_months() if m < before]
    return [pd.read_parquet(path) for path in paths if path.exists()]


def handed(until: str) -> list[pl.LazyFrame]:
    """Return the phones of the deleted months up to a month, one table a month, with a column for each area set."""
    paths = {m: rooms.purged(m) / "handovers.parquet" for m in rooms.purged_months() if m <= until}
    return [_with_sets(pl.read_parquet(path), m).lazy() for m, path in paths.items() if path.exists()]


def _with_sets(frame: pl.DataFrame, month: str) -> pl.DataFrame:
    """Place phones in area sets that the office made after their list was deleted: by code, where that is exact."""
    for area_set in (s for s in areas.known() if s not in frame.columns):
        walk = areas.crosswalk(units.commune_set(month), area_set).dropna(subset=["target"])
        told = dict(zip(walk["code"], walk["target"], strict=True))
        placed = pl.col("commune_code").replace_strict(told, default=None, return_dtype=pl.String)
        frame = frame.with_columns(placed.alias(area_set))
    return frame


def complete(until: str) -> list[dict[str, set[str]]]:
    """Name the units of every area set that room 2 had completely, one entry a deleted month up to a month."""
    found = []
    for month in (m for m in rooms.purged_months() if m <= until):
        noted = record(month)["complete"]
        if noted is not None:
            source = units.commune_set(month)
            found.append({s: set(noted.get(s, areas.exact(source, s))) for s in areas.known()})
    return found


def folders() -> Iterator[tuple[str, Path]]:
    """Yield every folder of a month in data/ that may go, and what killed runs left of one, hidden."""
    room = rooms.data("")
    for parent in sorted(p for p in room.iterdir() if p.is_dir() and p.name not in STAYS) if room.is_dir() else ():
        for folder in sorted(parent.iterdir()):
            name = folder.name.removeprefix(".").split(".", 1)[0]
            with suppress(UsageError):
                yield rooms.month_name(name), folder


def unfinished() -> list[str]:
    """List the deleted months of which a killed call left something in a room."""
    gone = set(rooms.purged_months())
    rest = {month for month, folder in folders() if folder.parent.name != rooms.RAW or folder.name.startswith(".")}
    return sorted(gone & rest)
