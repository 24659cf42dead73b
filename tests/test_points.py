"""Points in polygons: equal to a plain spatial join and to brute force; distances; pairs that are no place."""

import math
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from infoaccess import geography, points
from infoaccess.errors import UsageError

TESTS = {"intersects": shapely.intersects, "within": shapely.within}
# Far from round numbers, so that cells and corners do not fall on each other by luck; "30" has a hole that "40" fills.
WEST, SOUTH, SIZE = 107.3, 16.1, 0.2


def square(column, row, size=1.0):
    return shapely.box(*(np.array([column, row, column + size, row + size]) * SIZE + [WEST, SOUTH, WEST, SOUTH]))


def frame(shapes: dict) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"code": list(shapes)}, geometry=list(shapes.values()), crs="EPSG:4326")


HOLE = square(2.25, 0.25, 0.5)
TOY = {
    "20": square(1, 0),
    "10": square(0, 1),
    "30": square(2, 0) - HOLE,
    "40": HOLE,
    "15": shapely.MultiPolygon([square(0, 0), square(3, 3, 0.01)]),  # a far islet
    "50": shapely.Polygon(np.array([(1, 1), (2.1, 1), (1.3, 1.9)]) * SIZE + (WEST, SOUTH)),
}
SPREAD = {"05": square(0.5, 0.5)} | TOY  # overlaps its neighbours


def brute(shapes: dict, x: float, y: float, predicate: str) -> str | None:
    point = shapely.Point(x, y)
    return min((c for c, s in shapes.items() if TESTS[predicate](point, s)), default=None)


corners = [tuple(c) for s in SPREAD.values() for c in shapely.get_coordinates(s)]
middles = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a in corners[:12] for b in corners[:12]]
spot = st.one_of(
    st.sampled_from(corners + middles),
    st.tuples(st.floats(WEST - 0.1, WEST + 0.9), st.floats(SOUTH - 0.1, SOUTH + 0.9)),
    st.sampled_from(corners).map(lambda c: (np.nextafter(c[0], 0), c[1])),
    st.sampled_from(corners).map(lambda c: (c[0], np.nextafter(c[1], 90))),
)


@settings(deadline=None)
@given(
    st.sampled_from(["toy", "spread"]), st.integers(1, 5000), st.sampled_from(list(TESTS)), st.lists(spot, max_size=40)
)
def test_every_point_gets_the_answer_of_brute_force(tried, which, cells, predicate, spots):
    tried["points"] += len(spots)
    shapes = TOY if which == "toy" else SPREAD
    x, y = (np.array([s[n] for s in spots], dtype=float) for n in (0, 1))
    found = points.locate(points.raster(frame(shapes), cells), x, y, predicate)
    assert [None if pd.isna(c) else c for c in found] == [brute(shapes, a, b, predicate) for a, b in spots]


def test_borders_belong_to_the_smaller_code_and_within_leaves_them_out():
    r = points.raster(frame(TOY))
    corner = WEST + SIZE, SOUTH + SIZE  # of 15, 20, 10 and 50
    edge = WEST + 1.5 * SIZE, SOUTH + SIZE  # of 20 and 50
    x, y = zip(corner, edge, strict=True)
    assert points.locate(r, x, y).tolist() == ["10", "20"]
    assert points.locate(r, x, y, "within").isna().all()


@cache
def communes() -> gpd.GeoDataFrame:
    return geography.polygons("C_commune", geography.leaf_polygons())


@cache
def city() -> points.Raster:
    return points.raster(communes())


def spread_points(count=20_000) -> np.ndarray:
    west, south, east, north = communes().total_bounds
    coordinates = shapely.get_coordinates(communes().geometry)
    anywhere = np.random.default_rng(3).uniform((west - 0.01, south - 0.01), (east + 0.01, north + 0.01), (count, 2))
    return np.vstack([anywhere, coordinates, (coordinates[1:] + coordinates[:-1]) / 2])


@pytest.mark.parametrize("predicate", list(TESTS))
def test_the_city_gives_the_answers_of_sjoin(predicate):
    at = spread_points()
    index = pd.RangeIndex(5, 5 + len(at))
    frame = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*at.T), crs="EPSG:4326", index=index)
    joined = gpd.sjoin(frame, communes()[["code", "geometry"]], how="left", predicate=predicate)
    expected = joined["code"].groupby(level=0).min()
    found = points.locate(city(), pd.Series(at[:, 0], index=index), pd.Series(at[:, 1], index=index), predicate)
    assert len(joined) > len(frame) or predicate == "within"  # points on borders are among them
    assert found.index.equals(index)
    assert found.fillna("").tolist() == expected.fillna("").tolist()
    assert found.nunique() == 40 and found.isna().any()


def test_most_points_need_no_polygon_and_chunks_do_not_show():
    assert (city().cells == points.CROSSED).mean() < 0.06
    at = np.random.default_rng(1).uniform(*communes().total_bounds.reshape(2, 2), (points.CHUNK + 3, 2))
    whole = points.positions(city(), *at.T)
    parts = [points.positions(city(), *at[i : i + 1000].T) for i in range(0, len(at), 1000)]
    assert (whole == np.concatenate(parts)).all()


def test_no_number_lies_nowhere():
    x = [np.nan, np.inf, -np.inf, 1e300, 107.5]
    assert points.locate(city(), x, [16.4, 16.4, np.nan, -1e300, np.nan]).isna().all()
    assert points.locate(city(), [], []).empty


@pytest.mark.parametrize(
    "polygons",
    [
        frame(TOY).to_crs(geography.METRIC),
        frame(TOY).set_crs(None, allow_override=True),
        pd.concat([frame(TOY), frame(TOY)]),
        frame({"1": shapely.Polygon()}),
        frame({"1": None}),
        frame({}),
    ],
    ids=["metres", "no_crs", "twice", "empty", "missing", "none"],
)
def test_polygons_that_would_answer_wrongly_are_refused(polygons):
    with pytest.raises(UsageError):
        points.raster(polygons)


def test_distances_are_those_of_the_projected_polygons():
    at = spread_points(300)[:300]
    codes = np.random.default_rng(5).choice(communes()["code"], 300)
    flat = communes().set_index("code").to_crs(geography.METRIC).geometry
    spots = gpd.GeoSeries(gpd.points_from_xy(*at.T), crs="EPSG:4326").to_crs(geography.METRIC)
    expected = [flat[c].distance(p) for c, p in zip(codes, spots, strict=True)]
    found = points.distance_m(city(), *at.T, codes)
    assert found == pytest.approx(expected, abs=0.01) and (found > 0).sum() > 250
    assert np.isnan(points.distance_m(city(), [np.nan, 107.5], [16.4, 16.4], ["19753", None])).all()


def test_a_degree_and_a_metre():
    """One hundredth of a degree of latitude on the ellipsoid of WGS 84: the meridian's radius times the angle."""
    south = SOUTH + 3 * SIZE  # of the islet of "15"
    sine = math.sin(math.radians(south)) ** 2
    metres = 6_378_137 * (1 - 0.00669438) / (1 - 0.00669438 * sine) ** 1.5 * math.radians(0.01)
    (found,) = points.distance_m(points.raster(frame(TOY)), [WEST + 3.005 * SIZE], [south - 0.01], ["15"])
    assert found == pytest.approx(metres, abs=0.3) and 1106 < metres < 1108


INSIDE = (WEST + 1.5 * SIZE, SOUTH + 0.5 * SIZE)  # of "20"
NEAR = (WEST + SIZE - 0.0005, SOUTH + 0.5 * SIZE)  # in "15", some 53 m west of "20"
CASES = [
    (*INSIDE, "20", "agrees", "20"),
    (WEST + SIZE, SOUTH + 0.5 * SIZE, "20", "agrees", "15"),  # on the border: the stated unit is touched
    (*NEAR, "20", "near", "15"),
    (*NEAR, "30", "contradicts", "15"),
    (WEST + 1.5 * SIZE, SOUTH - 0.0005, "20", "near", None),  # outside the city, but by 55 m only
    (WEST - 0.01, SOUTH, "20", "outside", None),
    (0.5, 51.5, "20", "outside", None),
    (INSIDE[1], INSIDE[0], "20", "swapped", "20"),
    (INSIDE[1], INSIDE[0], "10", "swapped", "20"),
    (560_000.0, 1_820_000.0, "20", "not_coordinate", None),
    (200.0, 16.0, "20", "not_coordinate", None),
    (np.inf, 16.0, "20", "not_coordinate", None),
    (107.5, np.nan, "20", "not_coordinate", None),  # half a pair
    (np.nan, np.nan, "20", "no_point", None),
    (0.0, 0.0, "20", "no_point", None),
    (*INSIDE, None, "no_code", "20"),
]


@pytest.mark.parametrize("as_text", [False, True])
def test_verdicts(as_text):
    given = pd.DataFrame(CASES, columns=["lon", "lat", "code", "verdict", "found"], index=range(50, 50 + len(CASES)))
    lon, lat = given["lon"], given["lat"]
    if as_text:  # as lists write it: decimal commas, spaces, blank cells
        lon, lat = (v.map(lambda n: " " if np.isnan(n) else f" {n!r}".replace(".", ",")) for v in (lon, lat))
    found = points.check(lon, lat, given["code"], points.raster(frame(TOY)), 100)
    assert found["verdict"].tolist() == given["verdict"].tolist()
    assert found["found"].fillna("").tolist() == given["found"].fillna("").tolist()
    assert (
        found["code"].fillna("").tolist() == given["code"].fillna("").tolist()
    )  # the code wins, whatever the point says
    assert found.index.equals(given.index) and set(found["verdict"]) == set(points.VERDICTS)
    far = found["distance_m"].iloc[3]
    assert 20_000 < far < 22_000 and found["distance_m"].iloc[0] == 0 and found["distance_m"].iloc[-4:].isna().all()
    assert found["distance_m"].iloc[2] == pytest.approx(53.5, abs=1)
    table = points.summary(found)
    assert table[list(points.VERDICTS)].to_numpy().sum() == len(CASES)
    assert table.set_index("code").loc["20", "not_coordinate"] == 4


def test_text_that_is_no_number_and_no_rows_at_all():
    r = points.raster(frame(TOY))
    lon = pd.Series(["107°30'", "x", "", None, "107.5E"])
    found = points.check(lon, pd.Series(["16.2"] * 3 + [None, "16.2"]), pd.Series(["20"] * 5), r, 100)
    assert found["verdict"].tolist() == ["not_coordinate"] * 3 + ["no_point", "not_coordinate"]
    empty = pd.Series([], dtype="float64")
    assert points.check(empty, empty, pd.Series([], dtype="str"), r, 100).empty


def test_tolerance_is_metres_and_closed():
    r = points.raster(frame(TOY))
    lon, lat, code = pd.Series([NEAR[0]]), pd.Series([NEAR[1]]), pd.Series(["20"])
    (away,) = points.distance_m(r, lon, lat, code)
    told = [points.check(lon, lat, code, r, t)["verdict"][0] for t in (0, away - 0.01, away, away + 0.01)]
    assert told == ["contradicts", "contradicts", "near", "near"]


def test_codes_of_another_era_are_refused():
    with pytest.raises(UsageError, match="19750"):
        points.check(pd.Series([107.5]), pd.Series([16.4]), pd.Series(["19750"]), city(), 100)


def test_near_a_border_a_point_decides_nothing():
    r = points.raster(frame(TOY))
    x, y = [INSIDE[0], NEAR[0], WEST - 1], [INSIDE[1], NEAR[1], SOUTH]
    assert points.sure(r, x, y, 50).fillna("").tolist() == ["20", "15", ""]
    assert points.sure(r, x, y, 60).fillna("").tolist() == ["20", "", ""]


def test_every_verdict_has_words_in_both_languages():
    assert all(len(words) == 2 and all(words) for words in points.VERDICTS.values())
