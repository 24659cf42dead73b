"""Stage 3c: the support programme: need, smartphones handed over, coverage, money by source.

Counting rule: the need to date is the phones handed over to date plus the listed households that still want one
and have none. Coverage is handed over / need, against the target of 100 % of households that have a need. A
hand-over belongs to the month of the list that reports it and to the unit where it happened; its group is the
household's on that month's list.
"""

from collections.abc import Sequence

import polars as pl

from infoaccess import areas, deprivation, kept, rooms, store, tally

SOURCES = ("telecom_fund", "local_budget", "mobilised", "donated")  # the four that the plan never mixes


def events(month: str, months: list[str], deleted: Sequence[pl.LazyFrame] = ()) -> pl.LazyFrame:
    """Return what counts towards need to date: 1 row = 1 phone handed over, or 1 household still waiting.

    `deleted` holds the phones of months whose lists were deleted.
    Columns: the area sets, poor, near_poor, policy, handed (bool), this_month (bool), source, value_vnd.
    """
    columns = [*areas.known(), "poor", "near_poor", "policy"]
    lists = [(store.lazy(rooms.PLACED, m, "handovers"), m == month) for m in months]
    handed = [
        phones.select(
            *columns,
            pl.lit(True).alias("handed"),
            pl.lit(now).alias("this_month"),
            pl.col("source"),
            pl.col("value_vnd").cast(pl.Int64),
        )
        for phones, now in [*((phones, False) for phones in deleted), *lists]
    ]
    waiting = (
        store.lazy(rooms.PLACED, month, "households")
        .filter(pl.col("wants_smartphone").fill_null(False) & ~pl.col("has_smartphone").fill_null(False))
        .select(
            *columns,
            pl.lit(False).alias("handed"),
            pl.lit(False).alias("this_month"),
            pl.lit(None, pl.String).alias("source"),
            pl.lit(None, pl.Int64).alias("value_vnd"),
        )
    )
    return pl.concat([*handed, waiting], how="vertical_relaxed")


def measures() -> list[tally.Measure]:
    """List the measures of the programme."""
    handed, one = pl.col("handed"), pl.lit(1, pl.Int64)
    found = [
        tally.Measure("covered", "household", handed.cast(pl.Int64), one),
        tally.Measure("handed_month", "household", pl.col("this_month").cast(pl.Int64), one),
    ]
    for source in SOURCES:
        from_source = (handed & (pl.col("source") == source)).fill_null(False)
        phones = pl.when(handed).then(one)
        value = pl.when(handed).then(pl.col("value_vnd"))
        found.append(tally.Measure(f"handed_{source}", "phone", from_source.cast(pl.Int64), phones))
        found.append(tally.Measure(f"value_{source}", "vnd", from_source.cast(pl.Int64) * pl.col("value_vnd"), value))
    return found


def run(month: str) -> dict:
    """Count one month's state of the programme into room 3 and return what was written."""
    months = [m for m in store.months(rooms.PLACED) if m <= month]
    sums = tally.tally(events(month, months, kept.handed(month)), measures(), list(areas.known()))
    received = store.eager(rooms.PLACED, month, "communes")
    complete = store.complete(months)
    for gone in kept.complete(month):
        complete = {area_set: complete[area_set] & gone[area_set] for area_set in complete}
    counts = tally.by_units(sums, month, deprivation.standard(month), received, complete)
    return store.write_counts(month, "programme", counts)
