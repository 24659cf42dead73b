"""Stage 2: points against codes, former communes by point, and coordinates that go no further."""

import pandas as pd
import polars as pl
import pytest
from xlsx_lists import HOUSEHOLD, write

from infoaccess import geography, pipeline, rooms, units

MONTH = "2025-07"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Return a home with boundaries and a July 2025 list: points inside, far off, swapped, and in a straddling unit."""
    home = tmp_path_factory.mktemp("home")
    patch = pytest.MonkeyPatch()
    patch.setenv("INFOACCESS_HOME", str(home))
    patch.setenv("INFOACCESS_KEY_FILE", str(home / "key"))
    geography.build()
    yield home
    patch.undo()


def middle(area_set: str, code: str) -> tuple[float, float]:
    """Return a point deep inside a unit: the farthest from its border."""
    frame = geography.read(area_set).set_index("code").to_crs(geography.METRIC)
    spot = (
        frame.loc[[code]].geometry.maximum_inscribed_circle(tolerance=50).boundary.centroid.to_crs("EPSG:4326").iloc[0]
    )
    return spot.x, spot.y


@pytest.fixture(scope="module")
def placed(home):
    """Return the door and the placed households of a list with points."""
    now = units.of("C_commune").set_index("name")["code"]
    straddling = now["Phường Mỹ Thượng"]
    parts = sorted(units.leaves("C_commune")[straddling])
    spots = {
        "inside": (now["Xã A Lưới 2"], *middle("C_commune", now["Xã A Lưới 2"])),
        "far": (now["Xã A Lưới 2"], *middle("C_commune", now["Phường Phú Xuân"])),
        "swapped": (now["Xã A Lưới 2"], *reversed(middle("C_commune", now["Xã A Lưới 2"]))),
        "none": (now["Xã A Lưới 2"], None, None),
        "first": (straddling, *middle("A_commune", parts[0])),
        "second": (straddling, *middle("A_commune", parts[-1])),
    }
    rows = [
        HOUSEHOLD | {"commune_code": c, "household_no": n, "longitude": x and f"{x:.6f}", "latitude": y and f"{y:.6f}"}
        for n, (c, x, y) in spots.items()
    ]
    room = rooms.data(rooms.RAW, MONTH)
    room.mkdir(parents=True)
    write(room / "a.xlsx", rows)
    for stage in ("1", "2", "3a"):
        door, *_ = pipeline.run(stage, MONTH, MONTH)
        if stage == "2":
            kept = door
    return kept, pd.read_parquet(rooms.data(rooms.PLACED, MONTH) / "households.parquet"), parts


def test_points_are_compared_with_codes_and_the_code_wins(placed):
    door, households, _ = placed
    assert door["points"] == {"agrees": 3, "contradicts": 1, "no_point": 1, "swapped": 1}
    assert households["C_commune"].tolist() == households["commune_code"].tolist()


def test_a_point_tells_the_former_commune_where_no_village_does(placed):
    door, households, parts = placed
    assert households["A_commune"].iloc[4:].tolist() == [parts[0], parts[-1]]
    assert door["resolved_by"]["households"]["A_commune"]["point"] == 3
    assert households["A_commune"].iloc[1:4].isna().all()  # a contradicting, a swapped and no point tell nothing


def test_the_office_is_told_where_and_no_coordinate_goes_further(placed):
    told = pd.read_csv(rooms.data(rooms.PLACED, MONTH) / "points.csv", dtype=str)
    assert told["verdict"].tolist() == ["contradicts", "swapped"]
    assert list(told.columns) == ["file", "sheet", "row", "code", "verdict", "found", "distance_m"]
    counts = pl.read_parquet(rooms.data(rooms.INDICATORS, MONTH) / "deprivation" / "counts.parquet")
    assert not {"longitude", "latitude"} & set(counts.columns)
    for path in rooms.data(rooms.INDICATORS).rglob("*"):
        assert path.is_dir() or (b"longitude" not in path.read_bytes() and b"107." not in path.read_bytes())
