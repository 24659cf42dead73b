"""Tell what earlier months' releases say of this month's counts: what only grows, and what one month repeats.

The counting rule, once. A count that only grows (phones handed over to date) gives this month's hand-overs as its
difference from the last month in which it was printed. So it is hidden while it has changed by fewer than the
threshold since then; where it has not changed it may be printed only if it was printed in the last released month, as
else it would tell what was hidden in between. A count that repeats another of the month before is hidden where that
one was; what one month printed of it is known in the other, printed or not. A month whose predecessors were not
released has nothing to compare with.
"""

import polars as pl

from infoaccess import rooms, store
from infoaccess.linked import Declared

KEY = ["area_set", "code", "group", "base", "measure"]


def released(month: str) -> list[str]:
    """List the months before a month that room 4 holds, oldest first."""
    return [
        m
        for m in store.months(rooms.RELEASE)
        if m < month and (rooms.data(rooms.RELEASE, m) / "counts.parquet").exists()
    ]


def mark(rows: pl.DataFrame, month: str, rules: Declared) -> pl.DataFrame:
    """Add floor (the numerator last printed, of what only grows), told (earlier months forbid printing), and public.

    `public`: readers have the numerator already, from the month before, whose count it repeats.
    """
    months = released(month)
    growing = [n for n, e in enumerate(rules.counts) if e.cumulative]
    rows = rows.with_row_index("place")
    if not months:
        nothing = [pl.lit(None, pl.Int64).alias("floor"), pl.lit(False).alias("told"), pl.lit(False).alias("public")]
        return rows.with_columns(nothing).drop("place")
    mine = rows.filter(pl.col("entry").is_in(growing) & pl.col("released"))
    what = mine.select("base", "measure").unique()
    scans = [pl.scan_parquet(rooms.data(rooms.RELEASE, m) / "counts.parquet") for m in months]
    printed = pl.concat([s.select("month", *KEY, "numerator", "numerator_status") for s in scans])
    printed = printed.join(what.lazy(), on=["base", "measure"]).filter(pl.col("numerator_status") == "published")
    last = printed.sort("month").group_by(KEY, maintain_order=True).last().collect()
    last = last.select(*KEY, pl.col("numerator").alias("floor"), pl.col("month").alias("printed_in"))
    mine = mine.join(last, on=KEY, how="inner", maintain_order="left")
    moved = (pl.col("numerator") - pl.col("floor")).abs()
    still = (moved == 0) & (pl.col("printed_in") == months[-1])
    mine = mine.select("place", "floor", ((moved < pl.col("threshold")) & ~still).alias("told"))
    rows = rows.join(mine, on="place", how="left", maintain_order="left")
    hidden, public = _repeated(rows, month, rules)
    return rows.with_columns(pl.col("told").fill_null(False) | hidden, public.alias("public")).drop("place")


def _repeated(rows: pl.DataFrame, month: str, rules: Declared) -> tuple[pl.Series, pl.Series]:
    """Tell which counts equal one of the month before that was hidden, and which one that was printed."""
    before = rooms.shift(month, -1)
    nothing = pl.Series("hidden", [False] * rows.height)
    pairs = [(n, *e.repeats.split(":")) for n, e in enumerate(rules.counts) if e.repeats]
    if before not in released(month) or not pairs:
        return nothing, nothing
    table = pl.DataFrame(pairs, schema={"entry": pl.Int64, "base": pl.String, "of": pl.String}, orient="row")
    columns = [*KEY, "numerator", "numerator_status"]
    then = pl.read_parquet(rooms.data(rooms.RELEASE, before) / "counts.parquet", columns=columns)
    then = then.select(
        *KEY,
        pl.col("numerator").alias("then"),
        pl.col("numerator_status").str.starts_with("suppressed").alias("hidden"),
    )
    then = then.rename({"measure": "of"})
    found = rows.select("place", "entry", *KEY, "numerator").join(table, on=["entry", "base"], maintain_order="left")
    found = found.join(then, on=["area_set", "code", "group", "base", "of"], maintain_order="left")
    same = found.filter(pl.col("then") == pl.col("numerator"))
    return tuple(rows["place"].is_in(f["place"].implode()).alias("hidden") for f in (found.filter("hidden"), same))
