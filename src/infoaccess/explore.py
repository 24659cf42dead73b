"""Frames for a statistician at the desk: pandas and GeoPandas, one call each."""

import geopandas as gpd
import pandas as pd
import polars as pl

from infoaccess import geography, place, poverty_parts, poverty_rules, released, rooms, series, store, units
from infoaccess.errors import UsageError


def households(month: str) -> pd.DataFrame:
    """Return a month's placed households: 1 row = 1 household; no name, number or birth date."""
    return place.read(rooms.PLACED, rooms.month_name(month), "households")


def rates(month: str, measure: str, *, group: str = "all", base: str = "household") -> pd.DataFrame:
    """Return one measure's released counts and rate for the month's units.

    1 row = 1 unit; hidden counts are missing.
    """
    found = released.read(rooms.month_name(month), month)
    valid = units.on(month)[["code", "valid_from", "area_set", "name"]]
    cells = [found.cell(code, measure, group=group, base=base) for code in valid["code"]]
    return valid.assign(
        numerator=pd.array([c.numerator for c in cells], dtype="Int64"),
        denominator=pd.array([c.denominator for c in cells], dtype="Int64"),
        rate=pd.array([c.rate for c in cells], dtype="Float64"),
        status=[c.status for c in cells],
    )


def map_frame(month: str, measure: str, area_set: str | None = None) -> gpd.GeoDataFrame:
    """Return the month's communes (or another area set of its era) with a measure's rate: 1 row = 1 unit; EPSG:4326."""
    area_set = area_set or units.commune_set(month)
    shapes = geography.read(area_set)[["code", "valid_from", "geometry"]]
    frame = shapes.merge(rates(month, measure), on=["code", "valid_from"], validate="one_to_one")
    return frame.assign(rate=frame["rate"].astype(float))


def bridged(measure: str, area_set: str, first: str = "2023-01", last: str = "2025-12", **what) -> pd.DataFrame:
    """Return one measure in one area set across the eras, as `series.bridged` does: 1 row = 1 unit in 1 month."""
    return series.bridged(measure, area_set, first, last, **what)


def counts(
    month: str, table: str, area_set: str = "city", *, group: str = "all", base: str = "household"
) -> pd.DataFrame:
    """Return a table of room 3 with shares: 1 row = 1 unit x measure; nothing is hidden, so for the desk alone.

    `table`: deprivation, poverty, smartphones, programme, eligibility, waits, movements, flows.
    """
    return poverty_parts.table(_counts(month, table, area_set, group, base))


def contributions(month: str, area_set: str = "city", *, group: str = "all", base: str = "household") -> pd.DataFrame:
    """Return what each of the twelve indicators contributes to M0: 1 row = 1 unit x indicator; for the desk alone."""
    found = _counts(month, "poverty", area_set, group, base)
    return poverty_parts.by_indicator(found, poverty_rules.named(found["standard"][0]))


def _counts(month: str, table: str, area_set: str, group: str, base: str) -> pl.DataFrame:
    wanted = (pl.col("area_set") == area_set) & (pl.col("group") == group) & (pl.col("base") == base)
    found = store.eager(rooms.INDICATORS, rooms.month_name(month), f"{table}/counts").filter(wanted)
    if found.is_empty():
        raise UsageError(f"Bảng {table} tháng {month} không có số đếm của {area_set}, {group}, {base}.")
    return found
