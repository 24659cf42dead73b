"""Turn a partition of households into sums, and add sums up.

The counting rule, once: a measure is a numerator over a denominator, both sums over rows; a row whose value is
not known enters neither. Contributors are the households behind each sum (numerator, complement, denominator):
disclosure control judges them, not the persons or the money. Sums add over rows, partitions, processes and
units; rates are formed last, by the reader. `tally` runs in polars, lazily and streaming, on any partition that
has the columns; `merge` adds partitions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from infoaccess import areas, units

SUMS = [
    "numerator",
    "denominator",
    "numerator_contributors",
    "complement_contributors",
    "denominator_contributors",
]
KEYS = ["month", "area_set", "code", "valid_from", "group", "base", "measure", "standard"]
GROUPS = {
    "all": pl.lit(True),
    "poor": pl.col("poor").fill_null(False),
    "near_poor": pl.col("near_poor").fill_null(False),
    "policy_only": pl.col("policy").fill_null(False)
    & ~pl.col("poor").fill_null(False)
    & ~pl.col("near_poor").fill_null(False),
    "policy": pl.col("policy").fill_null(False),
}


@dataclass(frozen=True)
class Measure:
    """Name a numerator over a denominator, each an expression over one row; missing where not known."""

    name: str
    base: str  # what is counted: household, person, adult, phone, vnd
    numerator: pl.Expr
    denominator: pl.Expr


def share_of_households(name: str, flag: pl.Expr) -> Measure:
    """Count households with a flag among those where it is known."""
    return Measure(name, "household", flag.cast(pl.Int64), flag.is_not_null().cast(pl.Int64))


def share_of_people(name: str, flag: pl.Expr, size: pl.Expr) -> Measure:
    """Count the members of households with a flag among the members of those where it is known."""
    return Measure(name, "person", flag.cast(pl.Int64) * size, flag.is_not_null().cast(pl.Int64) * size)


def _terms(measure: Measure) -> list[pl.Expr]:
    """Return what one row adds to each of `SUMS`."""
    known = measure.numerator.is_not_null() & measure.denominator.is_not_null() & (measure.denominator > 0)
    upper = pl.when(known).then(measure.numerator)
    lower = pl.when(known).then(measure.denominator)
    return [upper, lower, upper > 0, lower > upper, lower > 0]


def tally(partition: pl.LazyFrame, measures: Sequence[Measure], by: Sequence[str]) -> pl.DataFrame:
    """Sum all measures in all groups of one partition: 1 row = 1 key of `by` x group x base x measure."""
    by, names = list(by), sorted(GROUPS)
    wanted = sorted(measures, key=lambda m: (m.base, m.name))
    terms = [t.alias(f"{n}|{s}") for n, m in enumerate(wanted) for s, t in zip(SUMS, _terms(m), strict=True)]
    sums = [f"{n}|{s}" for n in range(len(wanted)) for s in SUMS]
    # A household is in several groups: rows are summed once by the groups they are in, and these few sums by group.
    inside = [f"in {g}" for g in names]
    members = [GROUPS[g].alias(c) for g, c in zip(names, inside, strict=True)]
    rows = partition.select(*by, *members, *terms).group_by(*by, *inside)
    cells = rows.agg(pl.col(c).sum().cast(pl.Int64) for c in sums).collect(engine="streaming")
    if not cells.height:  # nobody anywhere: zero, in no unit, so that every measure still has its rows
        cells = cells.clear(1).with_columns(pl.col(inside).fill_null(False), pl.col(sums).fill_null(0))
    parts = [cells.select(*by, pl.lit(g).alias("group"), pl.col(sums) * pl.col(f"in {g}")) for g in names]
    wide = pl.concat(parts).group_by(*by, "group").agg(pl.col(sums).sum()).sort(*by, "group")
    # One row a key and measure, in order: the sums of a row of `wide` stand beside each other, measure after measure.
    at = np.repeat(np.arange(wide.height), len(wanted))
    names_of = {"base": [m.base for m in wanted], "measure": [m.name for m in wanted]}
    values = {s: wide.select(f"{n}|{s}" for n in range(len(wanted))).to_numpy().ravel() for s in SUMS}
    columns = {k: pl.Series(v * wide.height, dtype=pl.String) for k, v in names_of.items()}
    return wide.select(*by, "group")[at].with_columns(**columns, **{s: pl.Series(v) for s, v in values.items()})


def merge(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Add sums of equal keys."""
    whole = pl.concat(parts, how="vertical")
    keys = [c for c in whole.columns if c not in SUMS]
    texts = [c for c in keys if whole[c].dtype == pl.String]
    # Numbered in their order, texts are grouped and sorted three times as fast.
    numbered = {c: pl.Enum(whole[c].drop_nulls().unique().sort()) for c in texts}
    added = whole.with_columns(pl.col(c).cast(kind) for c, kind in numbered.items())
    added = added.group_by(keys).agg(pl.col(SUMS).sum()).sort(keys)
    return added.with_columns(pl.col(texts).cast(pl.String))


def by_units(
    sums: pl.DataFrame, month: str, standard: str, received: pl.DataFrame, complete: dict[str, set[str]]
) -> pl.DataFrame:
    """Roll sums keyed by the area-set columns up to counts of every unit that is complete in the month.

    `received` holds 1 row a commune of the month: commune_code and list_received. A unit none of whose
    communes sent a list has missing sums, not zero; one that lacks some carries communes_received <
    communes_expected.
    """
    source, names = units.commune_set(month), ["group", "base", "measure"]
    what = sums.select(names).unique().sort(names).with_row_index("what")  # a number joins faster than three names
    sums = sums.join(what, on=names).drop(names)
    parts = []
    for area_set in areas.known():
        over = [(code, target) for code, targets in areas.over(source, area_set).items() for target in targets]
        pairs = pl.DataFrame(over, schema={"commune_code": pl.String, "target": pl.String}, orient="row")
        lists = (
            received.select("commune_code", "list_received")
            .join(pairs.rename({"target": area_set}), on="commune_code")
            .filter(pl.col(area_set).is_in(sorted(complete[area_set])))
            .group_by(area_set)
            .agg(
                pl.col("list_received").sum().cast(pl.Int64).alias("communes_received"),
                pl.len().cast(pl.Int64).alias("communes_expected"),
            )
        )
        found = sums.group_by([area_set, "what"]).agg(pl.col(s).sum() for s in SUMS)
        full = lists.join(what.select("what"), how="cross").join(found, on=[area_set, "what"], how="left")
        full = full.with_columns(
            pl.when(pl.col("communes_received") > 0).then(pl.col(s).fill_null(0)).alias(s) for s in SUMS
        )
        parts.append(
            full.rename({area_set: "code"}).with_columns(
                pl.lit(month).alias("month"),
                pl.lit(area_set).alias("area_set"),
                pl.lit(areas.valid_from(area_set, month)).alias("valid_from"),
                pl.lit(standard).alias("standard"),
            )
        )
    whole = pl.concat(parts).sort("area_set", "code", "what").join(what, on="what", maintain_order="left")
    return whole.select([*KEYS, *SUMS, "communes_received", "communes_expected"])
