"""Count multidimensional deprivation by the counting method of Alkire and Foster, by unit and group.

The counting rule, once. A household's score is the sum of the weights of its deprivations; it is deprived when the
score reaches the cut-off k. An unknown indicator is neither yes nor no: where the known ones decide (score >= k, or
score plus all unknown weights < k) the household is decided, else it is counted as undecided and enters neither side
of H.
A, M0 and the censored headcounts need every indicator, so they stand over households all of whose indicators are known,
and so does `H_complete`; then M0 = H_complete x A exactly, and M0 is the weighted sum of the censored headcounts.

    uncensored_j   deprived in j                     / households whose j is known
    H              deprived                          / decided households
    H_complete     deprived                          / complete households (q / n)
    censored_j     deprived and deprived in j        / complete households
    A              sum of the scores of the deprived / (sum of weights x q)
    M0             sum of the scores of the deprived / (sum of weights x n)

For people every household counts as many times as it has members. All are rates of the *listed* households, not of the
population. Income is no part of it: by the decree a household is poor when it is deprived and below the income line.

Source: S. Alkire, J. Foster, Counting and multidimensional poverty measurement, Journal of Public Economics 95 (2011).
"""

from collections.abc import Sequence
from functools import reduce
from operator import or_

import pandas as pd
import polars as pl

from infoaccess import areas, rooms, store, tally, units
from infoaccess.errors import UsageError
from infoaccess.poverty_rules import Rules, in_force

SIZES = {"size_1": (1, 1), "size_2_4": (2, 4), "size_5_6": (5, 6), "size_7_up": (7, None)}  # members, both ends in
RURAL = "xã"  # every other type of commune is urban, as for the decree's income lines
BREAKDOWNS = {
    "status": ("poor", "near_poor", "policy_only", "no_status"),
    "minority": ("minority_yes", "minority_no", "minority_unknown"),
    "head": ("head_male", "head_female", "head_unknown"),
    "size": (*SIZES, "size_unknown"),
    "residence": ("rural", "urban", "residence_unknown"),
}


GROUPS = tuple(dict.fromkeys([*tally.GROUPS, *(name for names in BREAKDOWNS.values() for name in names)]))


def score(rules: Rules) -> pl.Expr:
    """Sum the weights of a household's known deprivations."""
    return pl.sum_horizontal(pl.col(i.id).fill_null(False).cast(pl.Int64) * i.weight for i in rules.indicators)


def unknown_weight(rules: Rules) -> pl.Expr:
    """Sum the weights of a household's unknown indicators."""
    return pl.sum_horizontal(pl.col(i.id).is_null().cast(pl.Int64) * i.weight for i in rules.indicators)


def deprived(rules: Rules) -> pl.Expr:
    """Tell whether a household is deprived; missing where its unknown indicators could still decide."""
    known, open_ = score(rules), unknown_weight(rules)
    return pl.when(known >= rules.cutoff).then(True).when(known + open_ < rules.cutoff).then(False)


def complete(rules: Rules) -> pl.Expr:
    """Tell whether every indicator of a household is known."""
    return unknown_weight(rules) == 0


def require(partition: pl.LazyFrame, rules: Rules) -> None:
    """Refuse a rule set with an indicator that the lists do not hold.

    Raises UsageError naming it.
    """
    absent = sorted({i.id for i in rules.indicators} - set(partition.collect_schema().names()))
    if absent:
        raise UsageError(f"Chuẩn {rules.id} dùng chỉ số không có trong danh sách hộ: {', '.join(absent)}.")


def measures(rules: Rules) -> list[tally.Measure]:
    """List the measures of a rule set, for households and people."""
    found = []
    whole, poor = complete(rules), score(rules) >= rules.cutoff
    size = {"household": pl.lit(1, pl.Int64), "person": pl.col("members").cast(pl.Int64)}

    def share(name: str, flag: pl.Expr) -> None:
        found.extend(tally.Measure(name, b, flag.cast(pl.Int64) * n, flag.is_not_null() * n) for b, n in size.items())

    def censored(name: str, flag: pl.Expr) -> None:
        share(name, pl.when(whole).then(poor & flag))

    share("H", deprived(rules))
    share("undecided", deprived(rules).is_null())
    censored("H_complete", pl.lit(True))
    for i in rules.indicators:
        share(f"uncensored_{i.id}", pl.col(i.id))
        censored(f"censored_{i.id}", pl.col(i.id))
    for name, members in rules.dimensions.items():
        anything = reduce(or_, (pl.col(i.id) for i in members))
        share(f"uncensored_{name}", anything)
        censored(f"censored_{name}", anything)
    for base, n in size.items():
        reached = pl.when(whole).then(pl.when(poor).then(score(rules)).otherwise(0) * n)
        found.append(tally.Measure("M0", base, reached, n * rules.total_weight))
        found.append(tally.Measure("A", base, pl.when(poor).then(reached), n * rules.total_weight))
    return found


def residence(month: str) -> pd.DataFrame:
    """Return where the communes of a month's era lie: 1 row = 1 commune; commune_code, valid_from, residence."""
    found = units.of(units.commune_set(month))
    rural = found["type"].str.casefold() == RURAL
    return pd.DataFrame(
        {
            "commune_code": found["code"],
            "commune_valid_from": found["valid_from"],
            "residence": rural.map({True: "rural", False: "urban"}),
        }
    )


def residence_changes(first: str, last: str) -> dict[str, int]:
    """Count the communes of 2021-2024 that a month finds rural or urban and another month the other way round.

    A series of urban or rural figures between two months compares only where both counts are zero.

    >>> residence_changes("2024-12", "2025-07")
    {'rural_to_urban': 35, 'urban_to_rural': 6}
    """
    sides = []
    for month in (first, last):
        kind = residence(month).set_index("commune_code")["residence"]
        leaves = units.leaves(units.commune_set(month))
        sides.append({leaf: kind[code] for code, members in leaves.items() for leaf in members})
    before, after = sides
    moves = [f"{before[leaf]}_to_{after[leaf]}" for leaf in before]
    return {m: moves.count(m) for m in ("rural_to_urban", "urban_to_rural")}


def classes(month: str) -> dict[str, pl.Expr]:
    """Return each breakdown as one expression that gives the name of a household's class; classes never overlap.

    Of the status only what no group of `tally.GROUPS` holds, so that the four add up to all.
    """
    no_status = ~reduce(or_, (tally.GROUPS[g] for g in ("poor", "near_poor", "policy_only")))
    minority, male, female, members = (pl.col(c) for c in ("minority", "head_male", "head_female", "members"))
    ticked = {"head_male": male & ~female.fill_null(False), "head_female": female & ~male.fill_null(False)}
    size = pl.lit("size_unknown")
    for name, (low, high) in SIZES.items():
        size = pl.when(members.is_between(low, members if high is None else high)).then(pl.lit(name)).otherwise(size)
    lies = residence(month)
    key = pl.concat_str("commune_code", pl.lit("@"), "commune_valid_from")
    where = dict(zip(lies["commune_code"] + "@" + lies["commune_valid_from"], lies["residence"], strict=True))
    head = pl.lit("head_unknown")
    for name, flag in ticked.items():
        head = pl.when(flag).then(pl.lit(name)).otherwise(head)
    return {
        "status": pl.when(no_status).then(pl.lit("no_status")),
        "minority": pl.when(minority).then(pl.lit("minority_yes")).when(~minority).then(pl.lit("minority_no"))
        .otherwise(pl.lit("minority_unknown")),
        "head": head,
        "size": size,
        "residence": key.replace_strict(where, default="residence_unknown", return_dtype=pl.String)
        .fill_null("residence_unknown"),
    }  # fmt: skip


def _group_names(of_class: dict[str, pl.Expr]) -> pl.Expr:
    """List the groups that a household belongs to: those of `tally.GROUPS`, and one class of each breakdown."""
    given = [pl.when(member).then(pl.lit(name)) for name, member in tally.GROUPS.items()]
    return pl.concat_list(*given, *of_class.values())


def sums(partition: pl.LazyFrame, rules: Rules, month: str, by: Sequence[str]) -> pl.DataFrame:
    """Sum all measures of one partition of a month: 1 row = 1 key of `by` x group x base x measure.

    Groups are those of `tally.GROUPS` and the classes of every breakdown; one without households has sums of 0. The
    sums of a group are those of `tally.tally`, taken in one pass for all groups; `tally.merge` adds partitions.
    Raises UsageError where the lists lack an indicator.
    """
    require(partition, rules)
    wanted, by = measures(rules), list(by)
    columns, totals = [], []
    for n, m in enumerate(wanted):
        known = m.numerator.is_not_null() & m.denominator.is_not_null() & (m.denominator > 0)
        columns += [pl.when(known).then(m.numerator).alias(f"{n}+"), pl.when(known).then(m.denominator).alias(f"{n}/")]
        upper, lower = pl.col(f"{n}+"), pl.col(f"{n}/")
        terms = (upper, lower, upper > 0, lower > upper, lower > 0)
        totals += [t.sum().cast(pl.Int64).alias(f"{n}{s}") for t, s in zip(terms, tally.SUMS, strict=True)]
    rows = partition.select(*by, _group_names(classes(month)).alias("group"), *columns).explode("group")
    wide = rows.drop_nulls("group").group_by([*by, "group"]).agg(totals).collect()
    everywhere = wide.select(by).unique().join(pl.DataFrame({"group": GROUPS}), how="cross")
    wide = everywhere.join(wide, on=[*by, "group"], how="left", nulls_equal=True).with_columns(
        pl.col(f"{n}{s}").fill_null(0) for n in range(len(wanted)) for s in tally.SUMS
    )
    return pl.concat(
        wide.select(
            *by,
            "group",
            pl.lit(m.base).alias("base"),
            pl.lit(m.name).alias("measure"),
            *(pl.col(f"{n}{s}").alias(s) for s in tally.SUMS),
        )
        for n, m in enumerate(wanted)
    )


def count(month: str, rules: Rules | None = None) -> pl.DataFrame:
    """Count a month's placed households by the rule set in force (or another) in every unit that is complete.

    1 row = 1 month x unit x group x base x measure, in the columns of room 3; `standard` is the rule set's id.
    """
    rules = rules or in_force(month)
    found = sums(store.lazy(rooms.PLACED, month, "households"), rules, month, list(areas.known()))
    communes = store.eager(rooms.PLACED, month, "communes")
    return tally.by_units(found, month, rules.id, communes, store.complete([month]))


def run(month: str) -> dict:
    """Count one month's deprivation by the rule set in force into room 3 and return what was written."""
    return store.write_counts(month, "poverty", count(month))
