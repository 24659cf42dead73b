"""Run two rule sets on one list: who changes class, how many, by unit, and what decides it.

The counting rule, once. Under a rule set a listed household is "poor" when the list has it below the income line (poor
or near-poor) and it is deprived; "near_poor" when below the line and not deprived; "above_line" when the list has it
neither poor nor near-poor; "undecided" where unknown answers could still decide. Lists hold no incomes, so both rule
sets take the income line from the list, and a new line shows nothing here.

Two rule sets, each in its smallest whole weights, differ in parts: the cut-off, and every indicator whose weight is not
the same (0 where a set lacks it). What decides a household's change: the parts without each of which it would not
change ("a + b": all are needed); else the parts each of which alone would do ("a / b": any is enough); else "joint".
Every household that changes has one reason, so reasons add up to changes. A change from or to undecided has "unknown".

Source: Decree 07/2021/NĐ-CP, article 3 (poor: income and 3 or more deprivations); counts only, never a household's row.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import pandas as pd
import polars as pl

from infoaccess import areas, poverty, poverty_rules, rooms, store, units
from infoaccess.poverty_rules import Rules

CLASSES = {
    "poor": ("hộ nghèo", "poor"),
    "near_poor": ("hộ cận nghèo", "near-poor"),
    "above_line": ("trên mức thu nhập", "above the income line"),
    "undecided": ("chưa đủ thông tin", "undecided"),
}
NUMBERS = ["households", "people", "households_without_size"]
CUTOFF, JOINT, UNKNOWN = "cutoff", "joint", "unknown"


def classed(rules: Rules) -> pl.Expr:
    """Name a listed household's class under a rule set."""
    low, deprived = pl.col("poor") | pl.col("near_poor"), poverty.deprived(rules)
    return (
        pl.when(~low)
        .then(pl.lit("above_line"))
        .when(low & deprived)
        .then(pl.lit("poor"))
        .when(low & ~deprived)
        .then(pl.lit("near_poor"))
        .otherwise(pl.lit("undecided"))
    )


def _weights(rules: Rules) -> dict[str, int]:
    return {i.id: i.weight for i in rules.indicators}


def differences(first: Rules, second: Rules) -> pd.DataFrame:
    """Return the parts in which two rule sets differ: 1 row = 1 part; part, name, first, second (whole weights).

    >>> now = poverty_rules.named("ND07-2021")
    >>> differences(now, now.with_cutoff(4)).to_dict("records")
    [{'part': 'cutoff', 'name': 'Ngưỡng số thiếu hụt', 'first': 3, 'second': 4}]
    """
    first, second = first.reduced(), second.reduced()
    before, after = _weights(first), _weights(second)
    names = {i.id: i.name for r in (second, first) for i in r.indicators}
    rows = [(CUTOFF, "Ngưỡng số thiếu hụt", first.cutoff, second.cutoff)]
    rows += [(i, names[i], before.get(i, 0), after.get(i, 0)) for i in dict.fromkeys([*before, *after])]
    kept = [r for r in rows if r[2] != r[3]]
    return pd.DataFrame(kept, columns=["part", "name", "first", "second"])


def mixed(first: Rules, second: Rules, taken: Iterable[str]) -> Rules:
    """Return the first rule set with some of its parts (`differences`) taken from the second."""
    first, second, taken = first.reduced(), second.reduced(), set(taken)
    after = {i.id: i for i in second.indicators}
    indicators = [i for i in first.indicators if i.id not in taken]
    indicators += [after[t] for t in sorted(taken) if t in after]
    return replace(first, indicators=tuple(indicators), cutoff=(second if CUTOFF in taken else first).cutoff)


def _reason(parts: Sequence[str]) -> pl.Expr:
    """Name what decides a change, out of the columns `without|<part>` and `alone|<part>` of class names."""
    changed = pl.col("first") != pl.col("second")
    needed = [pl.when(pl.col(f"without|{p}") == pl.col("first")).then(pl.lit(p)) for p in parts]
    enough = [pl.when(pl.col(f"alone|{p}") == pl.col("second")).then(pl.lit(p)) for p in parts]
    by_need, by_one = (
        pl.concat_str(found, separator=sign, ignore_nulls=True) for found, sign in ((needed, " + "), (enough, " / "))
    )
    return (
        pl.when(~changed)
        .then(pl.lit(""))
        .when(pl.col("first").eq("undecided") | pl.col("second").eq("undecided"))
        .then(pl.lit(UNKNOWN))
        .when(by_need != "")
        .then(by_need)
        .when(by_one != "")
        .then(by_one)
        .otherwise(pl.lit(JOINT))
    )


def count(partition: pl.LazyFrame, first: Rules, second: Rules, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count the households of a partition by class under both rule sets; sums add over partitions.

    1 row = 1 key of `by` x class under the first x class under the second x reason ("" where the class is the same).
    Columns beside: households, people, households_without_size (whose members are unknown), standard_first and
    standard_second. Raises UsageError where the lists lack an indicator.
    """
    poverty.require(partition, first)
    poverty.require(partition, second)
    parts = differences(first, second)["part"].tolist()
    tried = {"first": classed(first), "second": classed(second)}
    for p in parts:
        tried[f"without|{p}"] = classed(mixed(first, second, set(parts) - {p}))
        tried[f"alone|{p}"] = classed(mixed(first, second, {p}))
    rows = partition.select(*by, "members", **tried)
    reason = _reason(parts) if parts else pl.lit("")
    found = rows.with_columns(reason.alias("reason")).group_by([*by, "first", "second", "reason"])
    return (
        found.agg(
            pl.len().cast(pl.Int64).alias("households"),
            pl.col("members").sum().cast(pl.Int64).alias("people"),
            pl.col("members").is_null().sum().cast(pl.Int64).alias("households_without_size"),
        )
        .with_columns(pl.lit(first.id).alias("standard_first"), pl.lit(second.id).alias("standard_second"))
        .sort([*by, "first", "second", "reason"])
        .collect()
    )


@dataclass(frozen=True)
class DualRun:
    """Hold a month's counts under two rule sets, and show them."""

    month: str
    first: Rules
    second: Rules
    counts: pl.DataFrame  # by all area sets
    communes: pl.DataFrame  # of the month, with list_received
    complete: dict[str, set[str]]

    def differences(self) -> pd.DataFrame:
        """Return the parts in which the rule sets differ, as `differences` does."""
        return differences(self.first, self.second)

    def matrix(self, number: str = "households", lang: str = "vi") -> pd.DataFrame:
        """Return the cross table: 1 row = 1 class under the first rule set, 1 column = 1 under the second; totals."""
        order, tongue = list(CLASSES), ("vi", "en").index(lang)
        sums = self.counts.group_by("first", "second").agg(pl.col(number).sum()).to_pandas()
        square = sums.pivot(index="first", columns="second", values=number)
        square = square.reindex(index=order, columns=order).fillna(0).astype(int)
        square = square.rename(index=lambda c: CLASSES[c][tongue], columns=lambda c: CLASSES[c][tongue])
        total = ("Tổng", "Total")[tongue]
        square[total] = square.sum(axis=1)
        square.loc[total] = square.sum()
        return square.rename_axis(index=self.first.id, columns=self.second.id)

    def reasons(self) -> pd.DataFrame:
        """Return why classes change: 1 row = 1 class x class x reason, the most households first."""
        changed = self.counts.filter(pl.col("first") != pl.col("second"))
        found = changed.group_by("first", "second", "reason").agg(pl.col(NUMBERS).sum())
        return found.sort(["households", "first", "second", "reason"], descending=[True] + [False] * 3).to_pandas()

    def by_unit(self, area_set: str | None = None) -> pd.DataFrame:
        """Return the changes by unit of an area set (the month's communes by default): 1 row = 1 unit.

        Columns: code, valid_from, name, listed, became_poor, left_poor, other_change, undecided (households under the
        second rule set), communes_received, communes_expected; missing where a unit is incomplete or sent no list.
        """
        area_set = area_set or units.commune_set(self.month)
        old, new = pl.col("first"), pl.col("second")
        gained, lost = (new == "poor") & (old != "poor"), (old == "poor") & (new != "poor")
        tests = {"listed": old.is_not_null(), "became_poor": gained, "left_poor": lost}
        tests |= {"other_change": (old != new) & ~gained & ~lost, "undecided": new == "undecided"}
        sums = self.counts.group_by(pl.col(area_set).alias("code")).agg(
            pl.col("households").filter(test).sum().alias(name) for name, test in tests.items()
        )
        over = [(c, t) for c, ts in areas.over(units.commune_set(self.month), area_set).items() for t in ts]
        pairs = pl.DataFrame(over, schema={"commune_code": pl.String, "code": pl.String}, orient="row")
        lists = pairs.join(self.communes.select("commune_code", "list_received"), on="commune_code", how="left")
        lists = lists.group_by("code").agg(
            pl.col("list_received").fill_null(False).sum().cast(pl.Int64).alias("communes_received"),
            pl.len().cast(pl.Int64).alias("communes_expected"),
        )
        sure = pl.col("code").is_in(sorted(self.complete[area_set])) & (pl.col("communes_received") > 0)
        found = lists.join(sums, on="code", how="left").with_columns(
            pl.when(sure).then(pl.col(name).fill_null(0)).alias(name) for name in tests
        )
        names = areas.names(area_set, self.month)
        whole = found.sort("code").with_columns(
            pl.lit(areas.valid_from(area_set, self.month)).alias("valid_from"),
            pl.col("code").replace_strict(names, default=None, return_dtype=pl.String).alias("name"),
        )
        columns = ["code", "valid_from", "name", *tests, "communes_received", "communes_expected"]
        return whole.select(columns).to_pandas().astype(dict.fromkeys(tests, "Int64"))


def dual(month: str, second: str = "", cutoff: int = 0) -> DualRun:
    """Run the rule set in force in a month and another one on the month's placed households.

    `second`: an id of deprivation.toml, a path to a .toml file, or "" for the rule set in force; `cutoff`: another
    cut-off for it, 0 to keep its own. Raises UsageError for an unusable rule set, RoomError before stage 2.
    """
    month = rooms.month_name(month)
    first = poverty_rules.in_force(month)
    other = poverty_rules.read(second) if second.endswith(".toml") else poverty_rules.named(second) if second else first
    other = other.with_cutoff(cutoff) if cutoff else other
    households = store.lazy(rooms.PLACED, month, "households")
    counts = count(households, first, other, list(areas.known()))
    communes = store.eager(rooms.PLACED, month, "communes")
    return DualRun(month, first, other, counts, communes, store.complete([month]))
