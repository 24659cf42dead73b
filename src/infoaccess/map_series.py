"""What maps need from room 4 beyond a report's own figures: units of earlier times, and what classes rest on.

Classes rest on the published rates of the communes of each time, in all months up to the report's: so every map of a
month, of the city, a district or a commune, has the same limits, and a colour means the same share in all of them. The
report's own month weighs as much as all before it together, or after years of progress its units would share a class.
"""

from pathlib import Path

import polars as pl

from infoaccess import edition as editions
from infoaccess import memo, released, rooms, units
from infoaccess.disclosure import PUBLISHED
from infoaccess.released import Cell

KEEP = ["month", "area_set", "code", "measure", "standard", "numerator", "denominator"]
KEEP += ["numerator_status", "denominator_status", "communes_received", "communes_expected"]


def read(
    months: list[str], area_sets: set[str], measures: list[str], edition: str = editions.PUBLIC
) -> dict[tuple, Cell]:
    """Read counts of all households: (area_set, month, code, measure) to cell; months without release are left out."""
    found, _ = _read(months, area_sets, measures, edition)
    return found


def bases(months: list[str], measures: list[str]) -> dict[str, list[float]]:
    """Return each measure's published rates in the communes of each month's own time, in ascending order.

    Those of the last month come as often as it takes to be as many as all others.
    """
    files = released.files(months)
    return memo.held("bases", files, (tuple(months), tuple(measures)), lambda: _bases(months, measures))


def _bases(months: list[str], measures: list[str]) -> dict[str, list[float]]:
    both = (pl.col("numerator_status") == PUBLISHED) & (pl.col("denominator_status") == PUBLISHED)
    scans = [
        _scan(m, {units.commune_set(m)}, measures).filter(both & (pl.col("denominator") > 0))
        for m in months
        if _path(m).exists()
    ]
    if not scans:
        return {measure: [] for measure in measures}
    rates = pl.concat(scans).select("month", "measure", rate=pl.col("numerator") / pl.col("denominator")).collect()
    found = {}
    for measure in measures:
        mine = rates.filter(pl.col("measure") == measure)
        before, now = (
            mine.filter(side)["rate"].to_list()
            for side in (pl.col("month") < months[-1], pl.col("month") == months[-1])
        )
        found[measure] = sorted(before + now * max(1, round(len(before) / max(1, len(now)))))
    return found


def standards(months: list[str]) -> dict[str, str]:
    """Return the poverty standard under which each released month was counted."""
    _, found = _read(months, {"city"}, None)
    return found


def changes(months: list[str], layer: str, measures: list[str]) -> dict[str, list[float]]:
    """Return each measure's published changes over a year, all units of a layer and all months: what limits rest on."""
    found, _ = _read(months, {layer}, measures)
    rates: dict[str, list[float]] = {m: [] for m in measures}
    for (area_set, month, code, measure), now in found.items():
        then = found.get((area_set, rooms.shift(month, -12), code, measure))
        if then and now.rate is not None and then.rate is not None:
            rates[measure].append(now.rate - then.rate)
    return rates


def _path(month: str) -> Path:
    return rooms.data(rooms.RELEASE, month) / "counts.parquet"


def _scan(month: str, area_sets: set[str], measures: list[str] | None, edition: str = editions.PUBLIC) -> pl.LazyFrame:
    wanted = pl.col("area_set").is_in(sorted(area_sets)) & (pl.col("group") == "all") & (pl.col("base") == "household")
    if measures is not None:
        wanted &= pl.col("measure").is_in(measures)
    return editions.counts(month, edition).filter(wanted).select(KEEP)


def _read(months, area_sets, measures, edition=editions.PUBLIC) -> tuple[dict, dict]:
    scans = [_scan(m, area_sets, measures, edition) for m in months if _path(m).exists()]
    if not scans:
        return {}, {}
    cells, standard = {}, {}
    for month, area_set, code, measure, rules, *rest in pl.concat(scans).collect().iter_rows():
        cells[(area_set, month, code, measure)] = Cell(*rest)
        standard[month] = rules
    return cells, standard
