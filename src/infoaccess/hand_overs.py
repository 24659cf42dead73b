"""Stage 3c, beside the programme's sums: how hand-overs stand by the rules, and how long households waited for theirs.

Counting rule: verdicts are those of `eligibility`, over all hand-overs reported to date; a breach, a clean one and one
that the lists do not decide are three counts. Waits are those of `pace`: of the households whose need began on a list
(not on the first list of an era, for that need may be older) at least so many days before the month's end, those
served within so many days, over those served or followed for so many days; who left the lists sooner enters neither,
and so does a need too young to tell, served or not: counting only its quick successes would flatter the programme.
The unit and the class are those of the list on which the need began.
"""

import calendar
import datetime as dt

import polars as pl

from infoaccess import areas, deprivation, eligibility, pace, rooms, store, tally

WITHIN = (30, 90, 180)  # days


def waited(waits: pl.DataFrame, days: int, month: str) -> pl.Series:
    """Tell of each wait (a row of `pace.waits`) whether it ended within so many days; missing where that is not known.

    >>> waits = pl.DataFrame({"days": [10, 40, 20, 90, 9], "handed_over": [True, True, False, False, True],
    ...                       "from_first_list": [False] * 5, "month": ["2025-02"] * 4 + ["2025-06"]})
    >>> waited(waits, 30, "2025-06").to_list()
    [True, False, None, False, None]
    """
    year, number = int(month[:4]), int(month[5:])
    end = dt.date(year, number, calendar.monthrange(year, number)[1])
    old = pl.col("month").str.to_date("%Y-%m") <= end - dt.timedelta(days=days)
    soon = pl.col("handed_over") & (pl.col("days") <= days)
    told = pl.when(soon).then(True).when(pl.col("days") >= days).then(False)
    return waits.select(pl.when(~pl.col("from_first_list") & old).then(told).alias("waited"))["waited"]


def measures() -> list[tally.Measure]:
    """List the measures of waits, over columns named waited_<days>."""
    return [tally.share_of_households(f"waited_{days}", pl.col(f"waited_{days}")) for days in WITHIN]


def verdicts(month: str) -> dict:
    """Count how all hand-overs to date stand by the rules into room 3 and return what was written."""
    judged = eligibility.states(*eligibility.gather(month))
    return _write(month, "eligibility", judged, eligibility.measures())


def waits(month: str) -> dict:
    """Count how long households waited into room 3 and return what was written."""
    handed, lists, _ = eligibility.gather(month)
    found = pace.waits(handed, lists)
    found = found.with_columns(waited(found, days, month).alias(f"waited_{days}") for days in WITHIN)
    columns = ["household_id", "month", "poor", "near_poor", "policy", *areas.known()]
    began = lists.drop_nulls("household_id").select(columns).unique(["household_id", "month"], keep="first")
    return _write(month, "waits", found.join(began, on=["household_id", "month"], how="left"), measures())


def _write(month: str, name: str, rows: pl.DataFrame, wanted: list[tally.Measure]) -> dict:
    sums = tally.tally(rows.lazy(), wanted, list(areas.known()))
    months = [m for m in store.months(rooms.PLACED) if m <= month]
    communes = store.eager(rooms.PLACED, month, "communes")
    counts = tally.by_units(sums, month, deprivation.standard(month), communes, store.complete(months))
    return store.write_counts(month, name, counts)
