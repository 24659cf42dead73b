"""Stage 3a: who is deprived of information, by unit and group; households and people.

Indicator 11: nobody in the household uses the internet; indicator 12: the household has no device (Decree
07/2021/NĐ-CP, information dimension). A phone clears 12 and clears 11 only when somebody goes online, so the
two are counted apart.
"""

import tomllib
from functools import cache
from pathlib import Path

import polars as pl

from infoaccess import areas, rooms, store, tally, units
from infoaccess.errors import UsageError

INTERNET, DEVICE = "deprived_11", "deprived_12"


@cache
def rule_sets() -> dict[str, dict]:
    """Read the rule sets by id."""
    return tomllib.loads(Path(__file__).with_name("deprivation.toml").read_text(encoding="utf-8"))


def standard(month: str) -> str:
    """Name the rule set in force in a month.

    Raises UsageError where none or more than one is.

    >>> standard("2025-06")
    'ND07-2021'
    """
    found = [k for k, v in rule_sets().items() if v["valid_from"] <= month <= v["valid_to"]]
    if len(found) != 1:
        raise UsageError(
            f"Tháng {month}: có {len(found)} chuẩn nghèo đang hiệu lực trong deprivation.toml, cần đúng một."
        )
    return found[0]


def measures() -> list[tally.Measure]:
    """List the measures of the information dimension; unknown on one indicator may still decide "any" and "both"."""
    internet, device = pl.col(INTERNET), pl.col(DEVICE)
    flags = {
        "deprived_internet": internet,
        "deprived_device": device,
        "deprived_any": internet | device,
        "deprived_both": internet & device,
    }
    households = [tally.share_of_households(name, flag) for name, flag in flags.items()]
    return households + [tally.share_of_people(name, flag, pl.col("members")) for name, flag in flags.items()]


def listed(households: pl.LazyFrame, populations: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Count listed households and people over all of the unit's, by group: sums keyed like `tally.tally`'s.

    Behind the denominator, of people too, stand all households of the unit; behind the complement those not listed.
    """
    one = pl.col("members").is_null().is_not_null().cast(pl.Int64)  # 1 a row, also where the size is not known
    ones = [
        tally.Measure("listed", "household", one, one),
        tally.Measure("listed", "person", pl.col("members"), pl.col("members")),
    ]
    upper = tally.tally(households, ones, by).with_columns(
        pl.lit(0, pl.Int64).alias("denominator"),
        (-pl.col("numerator_contributors")).alias("complement_contributors"),
        pl.lit(0, pl.Int64).alias("denominator_contributors"),
    )
    totals = populations.group_by(by).agg(
        pl.col("households").sum().alias("household"),
        pl.col("people").sum().alias("person"),
        pl.col("households").sum().cast(pl.Int64).alias("behind"),
    )
    lower = totals.unpivot(
        ["household", "person"], index=[*by, "behind"], variable_name="base", value_name="denominator"
    )
    lower = lower.join(pl.DataFrame({"group": list(tally.GROUPS)}), how="cross").with_columns(
        pl.lit("listed").alias("measure"),
        pl.lit(0, pl.Int64).alias("numerator"),
        pl.lit(0, pl.Int64).alias("numerator_contributors"),
        pl.col("denominator").cast(pl.Int64),
        pl.col("behind").alias("complement_contributors"),
        pl.col("behind").alias("denominator_contributors"),
    )
    return tally.merge([upper, lower.select(upper.columns)])


def without_population(
    counts: pl.DataFrame, communes: pl.DataFrame, populations: pl.DataFrame, straddled: dict[str, set[str]]
) -> pl.DataFrame:
    """Take the denominator from "listed" wherever a commune of the unit has none, or lies in it in part only.

    Populations are counted by commune: households can be told apart by village, a population cannot.
    """
    known = populations.drop_nulls(["households", "people"])
    lacking = communes.join(known, on="commune_code", how="anti")
    units_lacking = pl.concat(
        [lacking.select(pl.lit(s).alias("area_set"), pl.col(s).alias("code")) for s in areas.known()]
        + [pl.DataFrame({"area_set": [s], "code": [c]}) for s, over in straddled.items() for c in over]
    ).unique()
    marked = counts.join(units_lacking.with_columns(pl.lit(True).alias("lacking")), on=["area_set", "code"], how="left")
    gone = (pl.col("measure") == "listed") & pl.col("lacking").fill_null(False)
    lower = ["denominator", "complement_contributors", "denominator_contributors"]
    return marked.with_columns(pl.when(~gone).then(pl.col(s)).alias(s) for s in lower).drop("lacking").sort(tally.KEYS)


def run(month: str) -> dict:
    """Count one month's deprivation of information into room 3 and return what was written."""
    households = store.lazy(rooms.PLACED, month, "households")
    populations = store.eager(rooms.PLACED, month, "populations")
    communes = store.eager(rooms.PLACED, month, "communes")
    by = list(areas.known())
    parts = [tally.tally(households, measures(), by)]
    parts.append(listed(households, populations, by).select(parts[0].columns))
    counts = tally.by_units(pl.concat(parts), month, standard(month), communes, store.complete([month]))
    source = units.commune_set(month)
    straddled = {s: set(areas.leaves(s)) - areas.exact(source, s) for s in areas.known()}
    return store.write_counts(month, "deprivation", without_population(counts, communes, populations, straddled))
