"""Form shares last, and tell how much indicators, dimensions, groups and units contribute to a count.

The rule, once: a contribution is part / whole, both sums of the same households. The part of an indicator in M0 is its
weight times its censored numerator, that of a dimension the sum over its indicators, that of a group or unit its own
numerator. Parts are whole numbers and add up to the whole exactly; where units are without a figure the difference
stands as a row of its own (code "rest"), never spread over the others.

Source: Alkire and Foster (2011), section on decompositions by subgroup and by dimension.
"""

import pandas as pd
import polars as pl

from infoaccess import poverty, tally
from infoaccess.errors import UsageError
from infoaccess.poverty_rules import Rules

LEAVE = {*tally.SUMS, "measure", "communes_received", "communes_expected"}
REST = "rest"


def table(counts: pl.DataFrame) -> pd.DataFrame:
    """Return counts with their share (0-1, missing without a denominator): rows stay as they are."""
    share = pl.when(pl.col("denominator") > 0).then(pl.col("numerator") / pl.col("denominator")).alias("share")
    return counts.with_columns(share).to_pandas()


def _keys(counts: pl.DataFrame) -> list[str]:
    return [c for c in counts.columns if c not in LEAVE]


def _wholes(counts: pl.DataFrame, measure: str) -> pl.DataFrame:
    found = counts.filter(pl.col("measure") == measure)
    if found.is_empty():
        raise UsageError(f"Không có số đếm {measure!r} để tính phần đóng góp.")
    return found.select(*_keys(counts), pl.col("numerator").alias("whole"))


def _shares(parts: pl.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Add the share, after proof that the parts of each key are its whole: missing stays missing."""
    added = parts.group_by(keys).agg(
        (pl.col("part").sum() == pl.col("whole").first()).alias("whole"),
        (pl.col("part").is_null().any() | pl.col("whole").is_null().any()).alias("missing"),
    )
    if not added.filter(~pl.col("missing"))["whole"].all():
        raise AssertionError("parts do not add up to their whole: a household stands in two of them, or in none")
    share = pl.when(pl.col("whole") > 0).then(pl.col("part") / pl.col("whole")).alias("contribution_share")
    return parts.with_columns(share).to_pandas()


def by_indicator(counts: pl.DataFrame, rules: Rules) -> pd.DataFrame:
    """Return the part of every indicator in M0: 1 row = 1 key of the counts x indicator.

    Columns: the keys, indicator, dimension, part and whole (weighted deprivations of deprived households or people),
    contribution_share (0-1). Raises UsageError where the counts are of another rule set.
    """
    keys, wholes = _keys(counts), _wholes(counts, "M0")
    parts = []
    for i in rules.indicators:
        found = counts.filter(pl.col("measure") == f"censored_{i.id}")
        if found.is_empty():
            raise UsageError(f"Số đếm không có chỉ số {i.id}: không phải của chuẩn {rules.id}.")
        parts.append(
            found.select(
                *keys,
                pl.lit(i.id).alias("indicator"),
                pl.lit(i.dimension).alias("dimension"),
                (pl.col("numerator") * i.weight).alias("part"),
            )
        )
    return _shares(pl.concat(parts).join(wholes, on=keys, how="left", nulls_equal=True), keys)


def by_dimension(counts: pl.DataFrame, rules: Rules) -> pd.DataFrame:
    """Return the part of every dimension in M0: 1 row = 1 key of the counts x dimension; columns as `by_indicator`."""
    keys = _keys(counts)
    parts = pl.from_pandas(by_indicator(counts, rules)).group_by([*keys, "dimension"], maintain_order=True)
    missing = pl.col("part").is_null().any()
    added = parts.agg(pl.when(~missing).then(pl.col("part").sum()).alias("part"), pl.col("whole").first())
    return _shares(added, keys)


def by_group(counts: pl.DataFrame, breakdown: str, measure: str = "M0") -> pd.DataFrame:
    """Return the part of every class of a breakdown in a measure: 1 row = 1 key of the counts x class.

    Columns: the keys but the group, group, part, whole, contribution_share (0-1). Raises UsageError for an unknown
    breakdown, AssertionError where a household stands in two classes.
    """
    if breakdown not in poverty.BREAKDOWNS:
        raise UsageError(f"Không có cách chia nhóm {breakdown!r}. Các cách: {', '.join(poverty.BREAKDOWNS)}.")
    found = _wholes(counts, measure)
    keys = [k for k in _keys(counts) if k != "group"]
    parts = found.filter(pl.col("group").is_in(poverty.BREAKDOWNS[breakdown])).rename({"whole": "part"})
    wholes = found.filter(pl.col("group") == "all").drop("group")
    return _shares(parts.join(wholes, on=keys, how="left", nulls_equal=True), keys)


def by_unit(counts: pl.DataFrame, area_set: str, measure: str = "M0") -> pd.DataFrame:
    """Return the part of every unit of an area set in the city's count: 1 row = 1 unit (or the rest) x other keys.

    `counts` are those of `poverty.count`. Columns: the keys, code, valid_from, part, whole, contribution_share (0-1).
    """
    found = _wholes(counts, measure)
    unit = ("area_set", "code", "valid_from")
    keys = [k for k in _keys(counts) if k not in unit]
    wholes = found.filter(pl.col("area_set") == "city").drop(unit)
    parts = found.filter(pl.col("area_set") == area_set).rename({"whole": "part"})
    known = parts.group_by(keys).agg(pl.col("part").sum())
    rest = wholes.join(known, on=keys, how="left", nulls_equal=True).select(
        pl.lit(area_set).alias("area_set"),
        pl.lit(REST).alias("code"),
        pl.lit(None, pl.String).alias("valid_from"),
        *keys,
        (pl.col("whole") - pl.col("part").fill_null(0)).alias("part"),
    )
    parts = pl.concat([parts.drop_nulls("part"), rest.select(parts.columns)])
    return _shares(parts.join(wholes, on=keys, how="left", nulls_equal=True), keys)
