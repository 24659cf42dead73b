"""Units of three eras: counts, exact sums, and codes reused for other territory."""

import pytest

from infoaccess import units
from infoaccess.errors import UsageError


@pytest.mark.parametrize(
    "area_set, count",
    [("city", 1), ("A_district", 9), ("A_commune", 141), ("B_district", 9), ("B_commune", 133), ("C_commune", 40)],
)
def test_every_area_set_covers_the_city_once(area_set, count):
    members = list(units.leaves(area_set).values())
    assert len(members) == count
    assert sum(len(m) for m in members) == len(frozenset().union(*members)) == 141


@pytest.mark.parametrize("source, target", [("A_commune", s) for s in units.AREA_SETS] + [("B_commune", "C_commune")])
def test_forward_is_exact_for_every_unit(source, target):
    assert units.exact(source, target) == set(units.leaves(target))


def test_backward_straddling_units_are_not_placed():
    walk = units.crosswalk("C_commune", "A_district").set_index("code")
    assert set(walk.index[walk["target"].isna()]) == {"19873", "20014", "19930", "19900"}
    assert walk.loc["20014", "over"].split() == ["474", "480"] or " " in walk.loc["20014", "over"]


def test_a_code_means_another_unit_in_another_era():
    table = units.table().set_index(["code", "valid_from"])["name"]
    assert table["19753", "2021-07-01"] == "Phường Thuận Lộc"
    assert table["19753", "2025-07-01"] == "Phường Phú Xuân"
    assert units.table()[["code", "valid_from"]].duplicated().sum() == 0


def test_unknown_area_set_is_refused():
    with pytest.raises(UsageError, match="Các hệ đơn vị"):
        units.crosswalk("A_commune", "D_commune")
