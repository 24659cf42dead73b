"""Administrative units of the three eras, and how they descend from each other.

No commune was split in 2025, so every unit of every area set is a set of *leaves*: the communes of era A (2021-07-01 to
2024-12-31). A unit lies within another when its leaves do; a figure is exact for a target unit when source
units that lie within it make up all of its leaves. The key is (code, valid_from): codes and names were both
reused for other territory.

Sources: Resolutions 1264/NQ-UBTVQH14, 1314/NQ-UBTVQH15, 1675/NQ-UBTVQH15; Decision 19/2025/QĐ-TTg (codes).
"""

from functools import cache

import pandas as pd

from infoaccess import rooms
from infoaccess.errors import RoomError, UsageError

CITY = "46"
ERAS = {"A": "2021-07-01", "B": "2025-01-01", "C": "2025-07-01"}
AREA_SETS = ("city", "A_district", "A_commune", "B_district", "B_commune", "C_commune")
LEVELS = {
    "A": ("city", "A_district", "A_commune"),
    "B": ("city", "B_district", "B_commune"),
    "C": ("city", "C_commune"),
}


def era_of(month: str) -> str:
    """Name the era whose units a month's lists use.

    >>> [era_of(m) for m in ("2024-12", "2025-01", "2025-06", "2025-07")]
    ['A', 'B', 'B', 'C']
    """
    day = f"{month}-01"
    if day < ERAS["A"]:
        raise UsageError(f"Tháng {month} trước 2021-07: chưa có danh mục đơn vị hành chính cho thời kỳ này.")
    return max(era for era, start in ERAS.items() if start <= day)


def commune_set(month: str) -> str:
    """Name the area set of a month's communes."""
    return f"{era_of(month)}_commune"


@cache
def _files(units_path: str, lineage_path: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the two fact files as text."""
    try:
        units = pd.read_csv(units_path, dtype=str, keep_default_na=False)
        lineage = pd.read_csv(lineage_path, dtype=str, keep_default_na=False)
    except FileNotFoundError as err:
        raise RoomError(f"Thiếu tệp danh mục đơn vị {err.filename}. Hãy lấy lại tệp này từ bản cài đặt.") from err
    return units, lineage


def table() -> pd.DataFrame:
    """Return all units: 1 row = 1 unit of 1 era.

    Columns: area_set, code, valid_from, valid_to, name, type, parent_code, official_km2 (square kilometres, may
    be missing).
    """
    return _table(str(rooms.facts("units.csv")), str(rooms.facts("lineage.csv"))).copy()


@cache
def _table(units_path: str, lineage_path: str) -> pd.DataFrame:
    raw, _ = _files(units_path, lineage_path)
    level = raw["level"].where(raw["level"] != "province", "city")
    area_set = (raw["era"] + "_" + level).where(level != "city", "city")
    return pd.DataFrame(
        {
            "area_set": area_set,
            "era": raw["era"],
            "code": raw["code"],
            "valid_from": raw["valid_from"],
            "valid_to": raw["valid_to"].replace("", pd.NA),
            "name": raw["name"],
            "type": raw["type"],
            "parent_code": raw["parent_code"].replace("", CITY).where(level != "city", ""),
            "official_km2": pd.to_numeric(raw["area_official_km2"]),
        }
    )


def of(area_set: str, month: str | None = None) -> pd.DataFrame:
    """Return the units of an area set: 1 row = 1 unit; the city's row is that of the month's era."""
    era = era_of(month or "2025-12") if area_set == "city" else None
    return _of(str(rooms.facts("units.csv")), str(rooms.facts("lineage.csv")), area_set, era).copy()


@cache
def _of(units_path: str, lineage_path: str, area_set: str, era: str | None) -> pd.DataFrame:
    found = _table(units_path, lineage_path)
    found = found[found["area_set"] == area_set]
    return (found[found["era"] == era] if era else found).reset_index(drop=True)


def on(month: str) -> pd.DataFrame:
    """Return the units valid in a month, the city first, then districts (none since 2025-07), then communes."""
    return pd.concat([of(s, month) for s in LEVELS[era_of(month)]], ignore_index=True)


@cache
def _leaf_table(units_path: str, lineage_path: str) -> dict[str, dict[str, frozenset[str]]]:
    _, lineage = _files(units_path, lineage_path)
    columns = {
        "A_commune": "A_code",
        "A_district": "A_district_code",
        "B_commune": "B_code",
        "B_district": "B_district_code",
        "C_commune": "C_code",
    }
    found = {s: lineage.groupby(c)["A_code"].agg(frozenset).to_dict() for s, c in columns.items()}
    found["city"] = {CITY: frozenset(lineage["A_code"])}
    return found


def leaves(area_set: str) -> dict[str, frozenset[str]]:
    """Return each unit's leaves, the era-A communes that make it up."""
    known = _leaf_table(str(rooms.facts("units.csv")), str(rooms.facts("lineage.csv")))
    if area_set not in known:
        raise UsageError(f"Không có hệ đơn vị {area_set!r}. Các hệ đơn vị: {', '.join(AREA_SETS)}.")
    return known[area_set]


def crosswalk(source: str, target: str) -> pd.DataFrame:
    """Place every unit of one area set in another: 1 row = 1 source unit.

    Columns: code, target (missing where the unit's territory lies over several target units), over (their codes).
    """
    return placing(leaves(source), leaves(target))


def placing(source: dict[str, frozenset[str]], target: dict[str, frozenset[str]]) -> pd.DataFrame:
    """Place units in others, both given by their leaves, as `crosswalk` does for the sets of this module."""
    home_of = {leaf: code for code, members in target.items() for leaf in members}
    rows = []
    for code, members in source.items():
        over = sorted({home_of[leaf] for leaf in members})
        rows.append({"code": code, "target": over[0] if len(over) == 1 else None, "over": " ".join(over)})
    return pd.DataFrame(rows).astype({"code": "str", "target": "str", "over": "str"})


def exact(source: str, target: str) -> set[str]:
    """Name the target units whose figures are exact sums of source units."""
    return made_up(leaves(source), leaves(target))


def made_up(source: dict[str, frozenset[str]], target: dict[str, frozenset[str]]) -> set[str]:
    """Name the target units that source units inside them make up, both given by their leaves."""
    walk = placing(source, target).dropna(subset=["target"])
    covered: dict[str, set[str]] = {}
    for code, into in zip(walk["code"], walk["target"], strict=True):
        covered.setdefault(into, set()).update(source[code])
    return {code for code, parts in target.items() if covered.get(code, set()) == set(parts)}


def valid_from(area_set: str, month: str | None = None) -> str:
    """Return the day from which an area set's codes are valid; the city's own day is that of the month's era."""
    return ERAS[era_of(month or "2025-12")] if area_set == "city" else ERAS[area_set[0]]
