"""Add the counts that nobody prints and everybody can work out: what a group, a unit or a count has besides its parts.

The counting rule, once: where a whole and some of its parts are released, what remains is their difference, in all sums
(households are in one part each, so contributors subtract too). It is judged for smallness like any printed count; what
one count has besides others that are part of it (deprived of any, not of the internet) like a count that stands alone:
hidden where it is small, not where it is zero.
"""

import polars as pl

from infoaccess import tally, territories
from infoaccess.linked import Declared


def nested(rows: pl.DataFrame, rules: Declared) -> pl.DataFrame:
    """Return what a whole has besides parts of it that are other counts, as rows that nobody prints.

    None where that is zero in every unit, and none in a unit where the parts are more than the whole.
    """
    keys = [k for k in tally.KEYS if k not in ("base", "measure")]
    found = []
    for rule in rules.nested:
        sides = [(*rule.whole, 1), *((*part, -1) for part in rule.parts)]
        table = pl.DataFrame(sides, ["base", "measure", "sum", "side"], orient="row")
        mine = rows.join(table, on=["base", "measure"], maintain_order="left").filter(
            pl.col("group").is_in(rule.groups)
        )
        value, behind = _one("numerator", "denominator"), pl.coalesce(_contributors())
        whole = pl.col("side") == 1
        sums = mine.group_by(keys, maintain_order=True).agg(
            (value * pl.col("side")).sum().alias("numerator"),
            (behind * pl.col("side")).sum().alias("numerator_contributors"),
            *(pl.col(c).filter(whole).first() for c in ("table", "threshold", *_COMMUNES)),
            ((pl.len() == len(sides)) & value.is_not_null().all()).alias("known"),
        )
        sums = sums.filter("known", pl.col("numerator") >= 0, pl.col("numerator_contributors") >= 0)
        if not sums["numerator"].sum():
            continue
        made = sums.with_columns(
            pl.lit(rule.whole[0]).alias("base"),
            pl.lit(rule.rest).alias("measure"),
            pl.col("numerator").alias("denominator"),
            pl.lit(0, pl.Int64).alias("complement_contributors"),
            pl.col("numerator_contributors").alias("denominator_contributors"),
            pl.lit(rule.entry, pl.Int64).alias("entry"),
            pl.lit(False).alias("released"),
            pl.lit(True).alias("count_only"),
        )
        if rule.threshold is not None:
            made = made.with_columns(pl.lit(rule.threshold, pl.Int64).alias("threshold"))
        found.append(made.select(c for c in rows.columns if c in made.columns))
    return pl.concat(found) if found else rows.head(0)


_COMMUNES = ("communes_received", "communes_expected")


def _one(numerator: str, denominator: str) -> pl.Expr:
    """Return the count that a row of a nest stands for."""
    upper, lower = pl.col(numerator), pl.col(denominator)
    which = pl.when(pl.col("sum") == "numerator").then(upper).when(pl.col("sum") == "denominator").then(lower)
    return which.otherwise(lower - upper)


def _contributors() -> list[pl.Expr]:
    """Return, of the three sums, the households behind the one that a row of a nest stands for."""
    sums = ("numerator", "denominator", "complement")
    return [pl.when(pl.col("sum") == s).then(pl.col(f"{s}_contributors")) for s in sums]


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
