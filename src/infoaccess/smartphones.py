"""Stage 3b: smartphone use of listed households, in two rates that are never mixed, and the operators' own rate
beside them.

Rate b: adults (from 15 years) who use a smartphone over adults; rate c: households with at least one smartphone
over households; both exact for listed households. Rate a, smartphone subscribers over mobile subscribers, comes
from the operators' table and exists for the whole city only.
"""

import polars as pl

from infoaccess import areas, deprivation, rooms, store, tally, units


def measures() -> list[tally.Measure]:
    """List the measures of rates b and c."""
    using, adults = pl.col("adults_with_smartphone"), pl.col("adults")
    return [
        tally.share_of_households("household_smartphone", pl.col("has_smartphone")),
        tally.Measure("adult_smartphone", "adult", using, pl.when(using.is_not_null()).then(adults)),
    ]


def subscribers(table: pl.DataFrame, month: str, standard: str) -> pl.DataFrame:
    """Return the operators' rate of a month as counts of the city; no row where they sent none for it."""
    found = table.filter(pl.col("month") == month).tail(1)
    whole = pl.col("mobile_subscribers").cast(pl.Int64)
    smart = pl.col("smartphone_subscribers").cast(pl.Int64)
    return found.select(
        pl.lit(month).alias("month"),
        pl.lit("city").alias("area_set"),
        pl.lit(units.CITY).alias("code"),
        pl.lit(units.valid_from("city", month)).alias("valid_from"),
        pl.lit("all").alias("group"),
        pl.lit("subscriber").alias("base"),
        pl.lit("subscriber_smartphone").alias("measure"),
        pl.lit(standard).alias("standard"),
        smart.alias("numerator"),
        whole.alias("denominator"),
        smart.alias("numerator_contributors"),
        (whole - smart).alias("complement_contributors"),
        whole.alias("denominator_contributors"),
        pl.lit(1, pl.Int64).alias("communes_received"),
        pl.lit(1, pl.Int64).alias("communes_expected"),
    )


def run(month: str) -> dict:
    """Count one month's smartphone use into room 3 and return what was written."""
    standard = deprivation.standard(month)
    sums = tally.tally(store.lazy(rooms.PLACED, month, "households"), measures(), list(areas.known()))
    communes = store.eager(rooms.PLACED, month, "communes")
    counts = tally.by_units(sums, month, standard, communes, store.complete([month]))
    own = subscribers(store.eager(rooms.PLACED, month, "subscribers"), month, standard)
    return store.write_counts(month, "smartphones", pl.concat([counts, own.select(counts.columns)]))
