"""The statistician's desk: ask a question, get a pandas or GeoPandas frame that shows itself in Vietnamese.

    from infoaccess import desk

    desk.counts("2025-07", "deprived_any")                     # mỗi xã, phường một dòng
    desk.series("deprived_any", "Phường Phú Xuân", since="2025-05")
    desk.map("deprived_any", "2025-07")                        # bản đồ
    desk.compare("2025-06", "2025-07", "deprived_any", "A_district")

Everything here is released (room 4): what disclosure control hides is missing, never zero. Full counts (`full=True`)
and personal columns (`personal=True`) have to be asked for by name, and asking is written down (data/desk.jsonl).
"""

import pandas as pd
import polars as pl

from infoaccess import (
    desk_compare,
    desk_counts,
    desk_log,
    desk_names,
    desk_tables,
    geography,
    place,
    rooms,
    words,
)
from infoaccess import (
    series as bridging,
)
from infoaccess import (
    units as register,
)
from infoaccess.desk_names import Group
from infoaccess.desk_tables import MapTable, Table
from infoaccess.errors import UsageError

PERSONAL = ("household_id", "file", "sheet", "row", "village", "head_male", "head_female", "minority")
__all__ = ["compare", "counts", "households", "latest", "map", "measures", "months", "scan", "series", "standing"]
__all__ += ["units"]


class _Measures:
    """List what can be asked: desk.measures.deprived_any; as a table in a notebook; Tab completes the names."""

    def __dir__(self) -> list[str]:
        return list(desk_names.measures())

    def __iter__(self):
        return iter(desk_names.measures())

    def __getattr__(self, name: str) -> str:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return desk_names.measure(name).name
        except UsageError as err:
            raise AttributeError(str(err)) from None  # hasattr and Tab ask too

    def table(self) -> Table:
        """Return the measures: 1 row = 1 measure; measure, label, english, base."""
        found = desk_names.measures().values()
        rows = [{"measure": m.name, "label": m.vi, "english": m.en, "base": m.base} for m in found]
        return desk_tables.told(pd.DataFrame(rows), _w()("desk.measures_title"), [], desk_counts.synthetic(latest()))

    def _repr_html_(self) -> str:
        return desk_tables.html(self.table())

    def __repr__(self) -> str:
        return "\n".join(f"{m.name}: {m.vi}" for m in desk_names.measures().values())


measures = _Measures()


def _w() -> words.Words:
    return words.load("vi")


def months() -> list[str]:
    """List the months that can be asked for, oldest first."""
    return desk_names.months()


def latest() -> str:
    """Return the latest month that can be asked for. Raises RoomError where there is none."""
    return desk_names.month()


def units(month: str | None = None) -> Table:
    """Return the units valid in a month (by default the latest released): 1 row = 1 unit.

    Columns: level, code, valid_from, name, type, parent_code, official_km2, area_set. The key is code AND valid_from:
    31 of today's 40 codes were another commune's before July 2025.

    Ví dụ: `desk.units("2025-07").query("type == 'Phường'")`
    """
    month = rooms.month_name(month) if month else latest()
    valid = register.on(month)
    valid = valid.assign(level=valid["area_set"].map(desk_tables.level))
    columns = ["level", "code", "valid_from", "name", "type", "parent_code", "official_km2", "area_set"]
    title = _w()("desk.units_title", period=words.month(month))
    return desk_tables.told(valid[columns].reset_index(drop=True), title, [], False)


def counts(
    month: str | None = None,
    measure: str = "deprived_any",
    areas: object = None,
    *,
    group: Group = "all",
    base: str | None = None,
    full: bool = False,
) -> Table:
    """Return one measure's counts of a month: 1 row = 1 unit, by default the month's communes.

    Columns: month, area_set, code, valid_from, name, group, measure, base, numerator, denominator, share (0-1), status,
    communes_received, communes_expected. `areas`: "communes", "districts", "city", another area set, a unit's code or
    name, a list of these, or a frame with a column code. `full=True` gives what is not released (room 3), for the
    office alone; it is written down. Raises UsageError for a name that fits nothing, with the nearest ones.

    Ví dụ: `desk.counts("2025-07", "household_smartphone", ["Phường Phú Xuân", "A Lưới 1"], group="poor")`
    """
    month = desk_names.month(month)
    found = desk_counts.counts(month, measure, areas, group, base, full)
    if full:  # names that were found, not what was typed
        desk_log.write("counts", month=month, measure=found["measure"].iloc[0], group=group, full=True)
    said = desk_names.label(found["measure"].iloc[0])
    title = _w()("desk.counts_title", measure=said, period=words.month(month))
    note = "desk.internal" if full else "desk.hidden"
    return desk_tables.told(found, title, [_w()(note)], desk_counts.synthetic(month))


def series(
    measure: str = "deprived_any",
    areas: object = "city",
    since: str | None = None,
    until: str | None = None,
    *,
    group: Group = "all",
) -> Table:
    """Return one measure month by month, across the changes of units: 1 row = 1 unit (or union of units) in 1 month.

    Columns: month, area_set, code, valid_from, name, state, numerator, denominator, share, and bounds where only an
    estimate can be had. `state` says how the figure is known: exact, summed from communes, resolved by village, union
    (only several units together have a figure), unavailable. A unit is looked for in the last month first, then
    in earlier eras: "Huyện A Lưới" is the district of 2021-2025. The notes tell what may be compared.

    Ví dụ: `desk.series("deprived_any", "Huyện A Lưới", since="2025-01")`
    """
    until = desk_names.month(until)
    since = rooms.month_name(since) if since else months()[0]
    what = desk_names.measure(measure, until)
    parts, notes = [], []
    for area_set, codes in desk_names.places(areas, until).items():
        found = bridging.bridged(what.name, area_set, since, until, group=group, base=what.base)
        wanted = found["code"].map(lambda c, codes=set(codes): bool(codes & set(c.split("+"))))
        parts.append(found[wanted])
        notes += found.attrs["note"]["vi"]
    whole = pd.concat(parts, ignore_index=True).assign(measure=what.name)
    title = _w()("desk.series_title", measure=what.vi, first=words.month(since), last=words.month(until))
    notes = [_w()("desk.hidden"), *dict.fromkeys(notes)]
    return desk_tables.told(whole, title, notes, desk_counts.synthetic(until))


def map(
    measure: str = "deprived_any", month: str | None = None, areas: object = None, *, group: Group = "all"
) -> MapTable:
    """Return units with boundaries and a measure's rate: 1 row = 1 unit, EPSG:4326; a notebook draws the map.

    A GeoDataFrame like any other: `.plot(column="share")`, `.to_file("a.gpkg")`, `.to_crs("EPSG:9214")` for metres.
    Units of one area set only; the month's communes by default.

    Ví dụ: `desk.map("covered", "2025-06", "districts")`
    """
    found = counts(month, measure, areas, group=group)
    sets = found["area_set"].unique()
    if len(sets) != 1:
        raise UsageError(f"Bản đồ chỉ vẽ một hệ đơn vị, ở đây có {', '.join(sets)}. Hãy hỏi từng hệ một.")
    shapes = geography.read(sets[0])[["code", "geometry"]]
    made = MapTable(shapes.merge(pd.DataFrame(found), on="code", validate="one_to_one"), crs=shapes.crs)
    made.attrs = dict(found.attrs)
    told = desk_names.measure(found["measure"].iloc[0])
    made.attrs["map"] = {"month": found["month"].iloc[0], "area_set": sets[0], "measure": told.name, "label": told.vi}
    made.attrs["map"]["more_is_better"] = desk_counts.more_is_better(told.name)
    return made


def compare(
    a: str | pd.DataFrame,
    b: str | pd.DataFrame,
    measure: str = "deprived_any",
    areas: object = "city",
    *,
    group: Group = "all",
) -> Table:
    """Compare two months, or two frames of counts: 1 row = 1 unit; the change is b less a, in percentage points.

    Months are compared in the units of the second one. Frames are joined by code and valid_from (by code within one
    area set where only months differ). A unit without a figure in both has no change: it is not zero.

    Ví dụ: `desk.compare("2025-06", "2025-07", "deprived_any", "communes")`
    """
    if isinstance(a, str) and isinstance(b, str):
        first, second = desk_names.month(a), desk_names.month(b)
        what = desk_names.measure(measure, second)
        return desk_compare.months(what, first, second, desk_names.places(areas, second), group)
    if isinstance(a, pd.DataFrame) and isinstance(b, pd.DataFrame):
        return desk_compare.frames(a, b)
    raise UsageError("desk.compare so hai tháng, hoặc hai bảng; không so một tháng với một bảng.")


def households(month: str | None = None, *, personal: bool = False) -> Table:
    """Return a month's placed households: 1 row = 1 household; no name, number or birth date exists from here on.

    Without `personal` the rows lack what may point to somebody: hashed id, row of the list, village, sex of the head,
    ethnic minority. With it they are there, and who asked is written to data/desk.jsonl. For the office alone.

    Ví dụ: `desk.households("2025-07").groupby("C_commune")["has_smartphone"].mean()`
    """
    month = rooms.month_name(month) if month else latest()
    if personal:
        desk_log.write("households", month=month, personal=True)
    found = place.read(rooms.PLACED, month, "households")
    if not personal:
        found = found.drop(columns=[c for c in PERSONAL if c in found.columns])
    title = _w()("desk.households_title", period=words.month(month))
    return desk_tables.told(found, title, [_w()("desk.rows_internal")], _made_up(month))


def _made_up(month: str) -> bool:
    return desk_counts.synthetic(month) if month in months() else False


def standing(
    month: str | None = None, measure: str = "deprived_any", areas: object = None, *, group: Group = "all"
) -> Table:
    """Return which units stand out given their size: 1 row = 1 unit, the clearest first.

    Columns: code, name, numerator, denominator, share, status (far_above, above, within …), rank, best_rank, worst_rank
    and reading, a sentence that may be quoted. Limits are exact funnel limits (95 %, 99.8 %); see `infoaccess.noise`.

    Ví dụ: `desk.standing("2025-07", "deprived_any")`
    """
    return desk_counts.standing(counts(month, measure, areas, group=group))


def scan(month: str) -> pl.LazyFrame:
    """Open a month's released counts as they are, for a question that has no function: every measure and group."""
    return pl.scan_parquet(rooms.data(rooms.RELEASE, desk_names.month(month)) / "counts.parquet")
