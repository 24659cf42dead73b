"""Stage 3c, beside the programme's sums: how hand-overs stand by the rules, and how long households waited for theirs.

Counting rule: verdicts are those of `eligibility`, over all hand-overs reported to date; a breach, a clean one and one
that the lists do not decide are three counts. Waits are those of `pace`: of the households whose need began on a list
(not on the first list of an era, for that need may be older), those served within so many days, over those served or
followed for so many days; who left the lists sooner enters neither. The unit and the class are those of the list on
which the need began.
"""

import polars as pl

from infoaccess import areas, deprivation, eligibility, pace, rooms, store, tally

WITHIN = (30, 90, 180)  # days


def waited(waits: pl.DataFrame, days: int) -> pl.Series:
    """Tell of each wait (a row of `pace.waits`) whether it ended within so many days; missing where that is not known.

    >>> waits = pl.DataFrame({"days": [10, 40, 20, 90], "handed_over": [True, True, False, False],
    ...                       "from_first_list": [False, False, False, False]})
    >>> waited(waits, 30).to_list()
    [True, False, None, False]
    """
    soon = pl.col("handed_over") & (pl.col("days") <= days)
    late = pl.col("days") >= days
    told = pl.when(soon).then(True).when(late).then(False)
    return waits.select(pl.when(~pl.col("from_first_list")).then(told).alias("waited"))["waited"]


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
    found = found.with_columns(waited(found, days).alias(f"waited_{days}") for days in WITHIN)
    columns = ["household_id", "month", "poor", "near_poor", "policy", *areas.known()]
    began = lists.drop_nulls("household_id").select(columns).unique(["household_id", "month"], keep="first")
    return _write(month, "waits", found.join(began, on=["household_id", "month"], how="left"), measures())


def _write(month: str, name: str, rows: pl.DataFrame, wanted: list[tally.Measure]) -> dict:
    sums = tally.tally(rows.lazy(), wanted, list(areas.known()))
    months = [m for m in store.months(rooms.PLACED) if m <= month]
    communes = store.eager(rooms.PLACED, month, "communes")
    counts = tally.by_units(sums, month, deprivation.standard(month), communes, store.complete(months))
    return store.write_counts(month, name, counts)
