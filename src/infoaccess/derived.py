"""Add the counts that nobody prints and everybody can work out: what a group or a unit has besides its parts.

The counting rule, once: where a whole and some of its parts are released, what remains is their difference, in all sums
(households are in one part each, so contributors subtract too). It is judged for smallness like any printed count.
"""

import polars as pl

from infoaccess import tally, territories
from infoaccess.linked import Declared


def rests(rows: pl.DataFrame, rules: Declared) -> pl.DataFrame:
    """Return what a whole group has besides its parts, as rows that nobody prints; none where it is always zero."""
    keys = [k for k in tally.KEYS if k != "group"]
    found = []
    for rule in (r for r in rules.groups if r.get("rest")):
        mine = rows.filter(pl.col("group").is_in([rule["whole"], *rule["parts"]]))
        sign = pl.when(pl.col("group") == rule["whole"]).then(1).otherwise(-1)
        sums = mine.group_by([*keys, "table", "entry", "threshold", "count_only"], maintain_order=True).agg(
            *((pl.col(s) * sign).sum().alias(s) for s in tally.SUMS),
            pl.len().alias("members"),
            pl.col("numerator").is_null().any().alias("missing"),
        )
        whole = sums.filter((pl.col("members") == 1 + len(rule["parts"])) & ~pl.col("missing"))
        new = whole.with_columns(pl.lit(rule["rest"]).alias("group"), pl.lit(False).alias("released"))
        ever = (
            pl.max_horizontal(pl.col(s).abs() for s in ("numerator", "denominator")).max().over("base", "measure") > 0
        )
        new = new.filter(ever).join(rows, on=tally.KEYS, how="anti", maintain_order="left")
        found.append(new.select(c for c in rows.columns if c in new.columns))
    return pl.concat(found) if found else rows.head(0)


def remainders(rows: pl.DataFrame, month: str) -> tuple[pl.DataFrame, dict, list]:
    """Return territories, equations between them, and rows of those that are only a difference of printed ones."""
    present = territories.of(rows.select("area_set", "code").unique().sort("area_set", "code").iter_rows())
    equations, lost = territories.sums(present, month)
    unit_of: dict = {}
    for unit, leaves in present.items():
        unit_of.setdefault(leaves, unit)
    made, of = [], dict(present)
    for n, (rest, whole, parts) in enumerate(lost):
        of["rest", f"{n}"] = rest
        keys = [k for k in rows.columns if k not in (*tally.SUMS, "area_set", "code", "valid_from")]
        named = {unit_of[whole]: 1} | {unit_of[p]: -1 for p in parts}
        table = pl.DataFrame([(*u, s) for u, s in named.items()], ["area_set", "code", "side"], orient="row")
        mine = rows.join(table, on=["area_set", "code"], maintain_order="left").group_by(
            [k for k in keys if k not in ("communes_received", "communes_expected", "released")], maintain_order=True
        )
        sums = mine.agg(
            *((pl.col(s) * pl.col("side")).sum().alias(s) for s in tally.SUMS),
            pl.len().alias("members"),
            (pl.col("side") == 1).any().alias("whole"),
        ).filter((pl.col("members") == len(named)) & pl.col("whole"))
        made.append(
            sums.with_columns(
                pl.lit("rest").alias("area_set"),
                pl.lit(f"{n}").alias("code"),
                pl.lit("").alias("valid_from"),
                pl.lit(False).alias("released"),
            )
        )
    extra = pl.concat(made).select(c for c in rows.columns if c in made[0].columns) if made else rows.head(0)
    return extra, of, equations
