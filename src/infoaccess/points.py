"""Place points (longitude, latitude) in the polygons of an era, and tell where a point and a stated code disagree.

The counting rule, once: a point lies in a unit when it touches its polygon (border included), in the unit with the
smaller code where it touches several. The code in the list always wins: a point only raises a question, it never moves
a household. Distances are metres in EPSG:9214 (VN-2000 / TM-3 107-00); points and polygons are EPSG:4326.

Most points fall into cells of a raster that no border crosses and take the cell's unit; only the others are tested
against the polygons. Every cell a border comes near counts as crossed, so the answers are those of a plain spatial
join.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from infoaccess.errors import UsageError
from infoaccess.geography import METRIC

CELLS = 1 << 20  # cells of the raster, about 120 m over the whole city
CHUNK = 1 << 17  # points worked on at once: what a processor's cache holds
MARGIN = 1e-6  # of a cell: more than rounding can move a point or a border
OUTSIDE, CROSSED = -1, -2
VERDICTS = {
    "agrees": ("điểm nằm trong đơn vị đã ghi", "the point lies in the stated unit"),
    "near": ("điểm nằm ngoài đơn vị đã ghi nhưng trong sai số cho phép", "outside the stated unit, within tolerance"),
    "contradicts": ("điểm nằm trong đơn vị khác; giữ nguyên mã đã ghi", "in another unit; the stated code stays"),
    "outside": ("điểm nằm ngoài thành phố; giữ nguyên mã đã ghi", "outside the city; the stated code stays"),
    "swapped": ("kinh độ và vĩ độ ghi đổi chỗ cho nhau", "longitude and latitude are swapped"),
    "not_coordinate": ("không phải tọa độ kinh độ, vĩ độ", "not a longitude and latitude"),
    "no_point": ("không có tọa độ", "no point"),
    "no_code": ("có tọa độ nhưng không có mã đơn vị", "a point without a stated unit"),
}


@dataclass(frozen=True, eq=False)
class Raster:
    """Hold polygons in the order of their codes, and for each cell its unit, none, or that a border crosses it."""

    codes: tuple[str, ...]
    shapes: np.ndarray
    cells: np.ndarray  # rows northwards; a place in `codes`, OUTSIDE, or CROSSED
    west: float
    south: float
    width: float  # degrees of one cell
    height: float


def raster(polygons: gpd.GeoDataFrame, cells: int = CELLS) -> Raster:
    """Prepare an area set's polygons (columns code, geometry; EPSG:4326) for `locate`.

    Raises UsageError for another reference system, a code that comes twice, or an empty polygon.
    """
    if polygons.crs is None or polygons.crs.to_epsg() != 4326:
        raise UsageError(f"Ranh giới dùng hệ tọa độ {polygons.crs}. Hãy chuyển sang EPSG:4326.")
    ordered = polygons.sort_values("code")
    codes, shapes = tuple(ordered["code"].astype(str)), ordered.geometry.to_numpy().copy()
    if len(set(codes)) < len(codes) or not len(codes) or (shapely.is_empty(shapes) | shapely.is_missing(shapes)).any():
        raise UsageError("Ranh giới có mã trùng nhau hoặc đơn vị không có hình. Hãy sửa tệp ranh giới.")
    shapely.prepare(shapes)
    west, south, east, north = shapely.total_bounds(shapes)
    across = max(1, round((cells * (east - west) / (north - south)) ** 0.5))
    up = max(1, cells // across)
    width, height = (east - west) / across, (north - south) / up
    found = Raster(codes, shapes, np.empty((0, 0), np.int16), west - width, south - height, width, height)
    crossed = _crossed(found, (up + 2, across + 2))
    return Raster(*(codes, shapes, _filled(found, crossed), *(found.west, found.south, width, height)))


def _crossed(r: Raster, size: tuple[int, int]) -> np.ndarray:
    """Mark every cell that a border touches or comes near: borders are cut into pieces of at most a cell."""
    crossed = np.zeros(size, bool)
    for shape in r.shapes:
        for ring in shapely.get_rings(shapely.get_parts(shape)):
            at = (shapely.get_coordinates(ring) - (r.west, r.south)) / (r.width, r.height)
            steps = np.maximum(1, np.ceil(np.abs(np.diff(at, axis=0)).max(axis=1))).astype(int)
            share = (np.arange(steps.sum()) - np.repeat(np.cumsum(steps) - steps, steps)) / np.repeat(steps, steps)
            start = np.repeat(at[:-1], steps, axis=0) + share[:, None] * np.repeat(np.diff(at, axis=0), steps, axis=0)
            end = np.vstack([start[1:], at[-1:]])
            low = np.floor(np.minimum(start, end) - MARGIN).astype(int)
            high = np.floor(np.maximum(start, end) + MARGIN).astype(int)
            for right in range(int((high - low).max(initial=0)) + 1):
                for above in range(int((high - low).max(initial=0)) + 1):
                    here = np.minimum(low + (right, above), high)
                    crossed[here[:, 1], here[:, 0]] = True
    return crossed


def _filled(r: Raster, crossed: np.ndarray) -> np.ndarray:
    """Give each cell its unit: neighbours in a row with no border between share it, so one test serves a run."""
    starts = ~crossed
    starts[:, 1:] &= crossed[:, :-1]
    rows, columns = np.nonzero(starts)
    unit = _exact(r, r.west + (columns + 0.5) * r.width, r.south + (rows + 0.5) * r.height, "intersects")
    unit = np.append(unit, OUTSIDE)  # crossed cells before the first run look here, and are overwritten
    run = np.cumsum(starts.ravel()).reshape(crossed.shape) - 1
    return np.where(crossed, CROSSED, unit[run]).astype(np.int16)


def _exact(r: Raster, x: np.ndarray, y: np.ndarray, predicate: str) -> np.ndarray:
    """Test points against the polygons whose box holds them; the smallest code wins."""
    test = {"intersects": shapely.intersects_xy, "within": shapely.contains_xy}[predicate]
    found = np.full(len(x), OUTSIDE, np.int32)
    order = np.argsort(x, kind="stable")
    ranked = x[order]
    for place in range(len(r.shapes) - 1, -1, -1):
        west, south, east, north = shapely.bounds(r.shapes[place])
        rows = order[np.searchsorted(ranked, west) : np.searchsorted(ranked, east, side="right")]
        rows = rows[(y[rows] >= south) & (y[rows] <= north)]
        found[rows[test(r.shapes[place], x[rows], y[rows])]] = place
    return found


def positions(r: Raster, lon, lat, predicate: str = "intersects") -> np.ndarray:
    """Return each point's place in `Raster.codes`, OUTSIDE where it lies in none or is no number.

    `predicate`: intersects (borders belong to the unit) or within (they do not), as in geopandas.sjoin.
    """
    x, y = (np.asarray(values, dtype="float64") for values in (lon, lat))
    found = np.full(len(x), OUTSIDE, np.int32)
    up, across = r.cells.shape
    for start in range(0, len(x), CHUNK):
        part = slice(start, start + CHUNK)
        with np.errstate(invalid="ignore"):
            column, row = (x[part] - r.west) / r.width, (y[part] - r.south) / r.height
            inside = (column >= 0) & (column < across) & (row >= 0) & (row < up)
        column, row = (np.where(inside, n, 0).astype(np.int32) for n in (column, row))
        found[part] = np.where(inside, r.cells[row, column], OUTSIDE)
    rows = np.flatnonzero(found == CROSSED)
    found[rows] = _exact(r, x[rows], y[rows], predicate)
    return found


def locate(r: Raster, lon, lat, predicate: str = "intersects") -> pd.Series:
    """Return the code of each point's unit, missing where it lies in none; the index is that of `lon`."""
    place = positions(r, lon, lat, predicate)
    codes = pd.array([*r.codes, None], dtype="str").take(place)  # OUTSIDE is the last
    return pd.Series(codes, index=lon.index if isinstance(lon, pd.Series) else None)


def sure(r: Raster, lon, lat, margin_m: float) -> pd.Series:
    """Return the code of each point's unit where every border of it is farther than a margin in metres, else missing.

    Lines from the package are good to some hundred metres only: nearer to a border a point decides nothing.
    """
    found = locate(r, lon, lat)
    flat = Transformer.from_crs("EPSG:4326", METRIC, always_xy=True)
    x, y = flat.transform(np.asarray(lon, dtype="float64"), np.asarray(lat, dtype="float64"))
    clear = np.zeros(len(found), bool)
    for code, at in found.reset_index(drop=True).groupby(found.to_numpy()).groups.items():
        border = shapely.transform(shapely.boundary(r.shapes[_place(r, code)]), flat.transform, interleaved=False)
        shapely.prepare(border)
        clear[at] = shapely.distance(border, shapely.points(x[at], y[at])) > margin_m
    return found.where(clear)


def distance_m(r: Raster, lon, lat, codes) -> np.ndarray:
    """Return each point's distance to a unit in metres (EPSG:9214), 0 inside; missing without point or unit."""
    x, y = (np.asarray(values, dtype="float64") for values in (lon, lat))
    flat = Transformer.from_crs("EPSG:4326", METRIC, always_xy=True)
    found = np.full(len(x), np.nan)
    given = pd.Series(np.asarray(codes, dtype=object))
    usable = pd.Series(np.isfinite(x) & np.isfinite(y)) & given.notna()
    for code, rows in given[usable].groupby(given[usable]).groups.items():
        at = rows.to_numpy()
        shape = r.shapes[_place(r, code)]
        far = at[~shapely.intersects_xy(shape, x[at], y[at])]
        found[at] = 0.0
        if len(far):
            plane = shapely.transform(shape, flat.transform, interleaved=False)
            shapely.prepare(plane)
            away = shapely.distance(plane, shapely.points(*flat.transform(x[far], y[far])))
            found[far] = np.maximum(away, 0.001)  # outside is never 0, though a projected border may touch the point
    return found


def _place(r: Raster, code: str) -> int:
    if code not in r.codes:
        raise UsageError(f"Mã {code} không có trong ranh giới được dùng. Hãy kiểm tra thời kỳ (mã, ngày có hiệu lực).")
    return r.codes.index(code)


def check(lon: pd.Series, lat: pd.Series, stated: pd.Series, r: Raster, tolerance_m: float) -> pd.DataFrame:
    """Compare points with stated codes: 1 row = 1 point, index as given.

    Columns: code (as stated: it always wins), verdict (a key of VERDICTS), found (code of the unit where the point
    lies, the mended point of a swapped pair), distance_m (to the stated unit, metres, 0 inside). Cells may be numbers
    or text with a decimal comma. Raises UsageError for a stated code that the polygons do not have.
    """
    lon, lat = _unblank(lon), _unblank(lat)
    (x, wrong_x), (y, wrong_y) = _numbers(lon), _numbers(lat)
    stated = stated.astype("str")
    for code in stated.dropna().unique():
        _place(r, code)
    none = (lon.isna() & lat.isna()).to_numpy() | ((x == 0) & (y == 0))  # devices write 0, 0 without a fix
    with np.errstate(invalid="ignore"):
        globe = (np.abs(x) <= 180) & (np.abs(y) <= 90)
    swapped = ~none & (positions(r, x, y) == OUTSIDE) & (positions(r, y, x) != OUTSIDE)
    bad = ~none & ~swapped & (wrong_x | wrong_y | ~globe)
    usable = ~none & ~bad
    east, north = np.where(swapped, y, x), np.where(swapped, x, y)
    east, north = (np.where(usable, values, np.nan) for values in (east, north))
    found = locate(r, east, north)
    distance = distance_m(r, east, north, stated)
    verdict = np.full(len(x), "contradicts", dtype=object)
    verdict[found.isna().to_numpy()] = "outside"
    verdict[distance <= tolerance_m] = "near"
    verdict[distance == 0] = "agrees"
    for rows, name in ((stated.isna(), "no_code"), (swapped, "swapped"), (bad, "not_coordinate"), (none, "no_point")):
        verdict[np.asarray(rows)] = name
    columns = {"code": stated.to_numpy(), "verdict": verdict, "found": found.to_numpy(), "distance_m": distance}
    result = pd.DataFrame(columns, index=lon.index)
    return result.astype({"code": "str", "verdict": "str", "found": "str", "distance_m": "Float64"})


def _unblank(cells: pd.Series) -> pd.Series:
    """Take blank text for a missing cell and a decimal comma for a point."""
    if pd.api.types.is_numeric_dtype(cells):
        return cells
    plain = cells.map(lambda c: c.strip().replace(",", ".") or None if isinstance(c, str) else c, na_action="ignore")
    return plain.astype(object).where(plain.notna(), None)


def _numbers(cells: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers and which cells hold something else or nothing."""
    numbers = pd.to_numeric(cells, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    return numbers, ~np.isfinite(numbers)


def summary(checked: pd.DataFrame) -> pd.DataFrame:
    """Count verdicts: 1 row = 1 stated code (missing where none), one column a verdict."""
    counts = checked.groupby(["code", "verdict"], dropna=False).size().unstack(fill_value=0)
    return counts.reindex(columns=list(VERDICTS), fill_value=0).rename_axis(None, axis=1).reset_index()
