"""Counting and disclosure control on households written out by hand."""

import polars as pl
import pytest

from infoaccess import deprivation, disclosure, tally
from infoaccess.errors import UsageError


def households() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "unit": ["a"] * 4 + ["b"] * 2,
            "members": [4, 3, 2, 1, 5, 2],
            "poor": [True, True, False, False, True, False],
            "near_poor": [False, False, True, False, False, False],
            "policy": [False, True, False, True, False, True],
            "deprived_11": [True, False, False, None, True, False],
            "deprived_12": [True, False, True, False, False, None],
        }
    )


def value(sums: pl.DataFrame, **keys) -> tuple:
    row = sums.filter(*[pl.col(k) == v for k, v in keys.items()])
    assert row.height == 1
    return row.select("numerator", "denominator").row(0)


def test_sums_count_known_rows_only():
    sums = tally.tally(households().lazy(), deprivation.measures(), ["unit"])
    here = {"unit": "a", "group": "all"}
    assert value(sums, **here, base="household", measure="deprived_internet") == (1, 3)
    assert value(sums, **here, base="household", measure="deprived_any") == (2, 3)
    assert value(sums, **here, base="household", measure="deprived_both") == (1, 4)
    assert value(sums, **here, base="person", measure="deprived_any") == (6, 9)
    assert value(sums, unit="a", group="policy_only", base="household", measure="deprived_device") == (0, 1)


def test_partitions_add_up_to_the_whole():
    whole = tally.tally(households().lazy(), deprivation.measures(), ["unit"])
    parts = [tally.tally(households().slice(i, 2).lazy(), deprivation.measures(), ["unit"]) for i in (0, 2, 4)]
    merged = tally.merge([p.select(whole.columns) for p in parts]).select(whole.columns)
    assert merged.sort(whole.columns[:4]).equals(whole.sort(whole.columns[:4]))


def test_listed_counts_rows_not_groups():
    populations = pl.DataFrame({"unit": ["a", "b"], "households": [100, 50], "people": [380, 190]})
    sums = deprivation.listed(households().lazy(), populations, ["unit"])
    assert value(sums, unit="a", group="all", base="household") == (4, 100)
    assert value(sums, unit="a", group="poor", base="person") == (7, 380)


@pytest.mark.parametrize(
    "n, c, d, numerator, denominator",
    [
        (10, 10, 20, "published", "published"),
        (4, 16, 20, "suppressed_primary", "published"),
        (0, 20, 20, "suppressed_primary", "published"),
        (20, 0, 20, "suppressed_primary", "published"),
        (2, 2, 4, "suppressed_primary", "suppressed_primary"),
        (0, 0, 0, "published", "published"),
    ],
)
def test_primary_suppression(n, c, d, numerator, denominator):
    row = {"base": "household", "measure": "m", "numerator": n, "denominator": d}
    row |= {"numerator_contributors": n, "complement_contributors": c, "denominator_contributors": d}
    (released,) = disclosure.primary(pl.DataFrame([row]), 5).to_dicts()
    assert (released["numerator_status"], released["denominator_status"]) == (numerator, denominator)
    assert (released["numerator"] is None) == (numerator != "published")
    assert not [c for c in released if c.endswith("contributors")]


def test_a_threshold_that_protects_nobody_is_refused():
    with pytest.raises(UsageError, match="từ 2 trở lên"):
        disclosure.primary(pl.DataFrame(), 1)
