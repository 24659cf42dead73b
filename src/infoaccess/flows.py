"""Make the movements of poor and near-poor households (Biểu 2, 3) from the lists of a first and a last month.

The counting rule, once: opening and closing are counted on the two lists, each by itself; the movements come from
following each household; so closing = opening - to the other class - above near-poor - other decrease + from the other
class + fell back + new + other increase is a test, and where it fails the rows at fault are named by file, sheet and
row. Above near-poor is only who stands on the last list as neither; who is on it no more has risen, died or moved,
which no list tells, and is "other decrease" unless the office decides otherwise (`absent_as`). Fell back is who was of
the class in an earlier month of the series, then was not, and is now; others who come from neither class are new.
People are members: they move with the size they had, and what a household that stays or changes class grows or shrinks
by is other increase or decrease. Ids change with the units, so first and last month lie in one era.

Source: forms of the national poverty software, Biểu 2 and 3: 9 = 1-2-3-4+5+6+7+8.
"""

from collections.abc import Collection, Mapping, Sequence

import pandas as pd
import polars as pl

from infoaccess import areas, deprivation, rooms, store, tally, transitions, units
from infoaccess.errors import UsageError

OTHER = {"poor": "near_poor", "near_poor": "poor"}
OUT, IN = ("moved_to_other", "left", "other_decrease"), ("moved_from_other", "returned", "entered", "other_increase")
COLUMNS = ("opening", *OUT, *IN, "closing")
ABSENCE = ("absent", "unlisted")  # of those who went: on the last list no more; of those new: not on the first list
ABSENT_AS = ("other_decrease", "left")
BASES = {"household": "households", "person": "people"}
_FORM = {"poor": "Biểu 2", "near_poor": "Biểu 3"}
_WHY = {
    "class": "Danh sách tháng {month} không cho biết chắc hộ ở dòng này là hộ nghèo, hộ cận nghèo hay không thuộc hai "
    "loại này, nên {form} không khép được. Hãy ghi đủ hai ô Hộ nghèo và Hộ cận nghèo.",
    "members": "Danh sách tháng {month} không ghi số khẩu của hộ ở dòng này, nên phần nhân khẩu của {form} không khép "
    "được. Hãy ghi số khẩu.",
}


def balance(figures: Mapping) -> object:
    """Return the closing that the movements make of the opening: 9 = 1-2-3-4+5+6+7+8.

    >>> balance(dict(zip(COLUMNS, (100, 7, 2, 4, 3, 1, 5, 0, 96), strict=True)))
    96
    """
    return figures["opening"] - sum(figures[c] for c in OUT) + sum(figures[c] for c in IN)


def own(group: str, prefix: str = "") -> pl.Expr:
    """Tell whether a list has a household in a class: missing where it does not say, or says both."""
    mine, other = pl.col(f"{prefix}{group}"), pl.col(f"{prefix}{OTHER[group]}").fill_null(False)
    return pl.when(mine & other).then(None).when(other).then(False).otherwise(mine)


def pairs(
    lists: Mapping[str, pl.LazyFrame], received: Mapping[str, Collection[str]], first: str, last: str
) -> pl.LazyFrame:
    """Put the first and last list side by side: 1 row = 1 household on either, as `transitions.pairs` has it.

    `lists` and `received` hold the lists of the series and the communes that sent one, by month; of months before
    `last` and in its era, they tell who fell back. Adds had_poor and had_near_poor. Raises UsageError across eras.
    """
    transitions.need_one_era(first, last)
    both = set(received[first]) & set(received[last])
    nobody = pl.LazyFrame(schema={"household_id": pl.String})
    whole = transitions.pairs(lists[first], lists[last], both, nobody)
    history = [m for m in sorted(lists) if m < last and units.era_of(m) == units.era_of(last)]
    sent = [(m, code) for m in history for code in sorted(received[m])]
    calendar = pl.LazyFrame(sent, schema={"month": pl.String, "commune_code": pl.String}, orient="row")
    seen = pl.concat(
        [lists[m].select(pl.lit(m).alias("month"), "household_id", *(own(g).alias(g) for g in OTHER)) for m in history],
        how="vertical_relaxed",
    ).with_columns(pl.lit(True).alias("listed"))
    now = whole.filter(pl.col("status").is_in(["both", "entered"])).select("household_id", "commune_code")
    past = now.join(calendar, on="commune_code").join(seen, on=["household_id", "month"], how="left")
    was = {g: pl.when(pl.col("listed")).then(g).otherwise(False) for g in OTHER}  # not on a list that came: not poor
    spells = past.group_by("household_id").agg(
        (pl.col("month").filter(was[g]).min() < pl.col("month").filter(~was[g]).max()).alias(f"had_{g}") for g in OTHER
    )
    return whole.join(spells, on="household_id", how="left").with_columns(
        pl.col(f"had_{g}").fill_null(False) for g in OTHER
    )


def _states(group: str) -> tuple[pl.Expr, pl.Expr, pl.Expr, pl.Expr]:
    """Return whether a household is of the class, and of the other, on the first list and on the last."""
    followed = pl.when(pl.col("status") != "not_followed")
    return tuple(
        followed.then(pl.when(pl.col(f"{side}row").is_null()).then(False).otherwise(own(name, side)))
        for name in (group, OTHER[group])
        for side in ("before_", "after_")
    )


def _moves(group: str, absent_as: str) -> dict[str, pl.Expr]:
    """Tell which column of the form a household is in, and whether that rests on its absence from a list."""
    was, now, other_was, other_now = _states(group)
    gone, come = was & ~now & ~other_now, now & ~was & ~other_was
    absent, unlisted = pl.col("after_row").is_null(), pl.col("before_row").is_null()
    had = pl.col(f"had_{group}")
    found = {
        "opening": was,
        "moved_to_other": was & other_now,
        "left": gone & (~absent if absent_as == "other_decrease" else True),
        "other_decrease": gone & absent if absent_as == "other_decrease" else pl.lit(False) & gone,
        "moved_from_other": now & other_was,
        "returned": come & had,
        "entered": come & ~had,
        "other_increase": pl.lit(False) & come,
        "closing": now,
        "absent": gone & absent,
        "unlisted": come & ~had & unlisted,
    }
    return {name: flag.fill_null(False) for name, flag in found.items()}


def figures(group: str, base: str, absent_as: str = "other_decrease") -> dict[str, pl.Expr]:
    """Return what a household adds to each column of a form: 1, or its people (missing where not known).

    Raises UsageError for an unknown reading of absence.
    """
    if absent_as not in ABSENT_AS:
        raise UsageError(f"absent_as {absent_as!r} không hợp lệ. Hãy chọn một trong: {', '.join(ABSENT_AS)}.")
    moves = _moves(group, absent_as)
    if base == "household":
        return {name: flag.cast(pl.Int64) for name, flag in moves.items()}
    size = {side: pl.col(f"{side}_members").cast(pl.Int64) for side in ("before", "after")}
    on_last = ("returned", "entered", "closing", "unlisted")
    found = {
        n: pl.when(flag).then(size["after" if n in on_last else "before"]).otherwise(0) for n, flag in moves.items()
    }
    stays = moves["moved_from_other"] | (moves["opening"] & moves["closing"])
    grown = pl.when(stays).then(size["after"] - size["before"]).otherwise(0)
    found["other_increase"] = found["other_increase"] + pl.max_horizontal(grown, grown * 0)
    found["other_decrease"] = found["other_decrease"] - pl.min_horizontal(grown, grown * 0)
    return found


def sums(followed: pl.LazyFrame, by: Sequence[str], absent_as: str = "other_decrease") -> pl.DataFrame:
    """Sum both forms over the households of `pairs`, keyed like `tally.tally`'s, group "all" alone.

    Measures are called flow_<class>_<column>; their denominator is the households (people) of the class on either list.
    """
    measures, added = [], {}
    for group in OTHER:
        one = figures(group, "household", absent_as)
        either = (one["opening"] + one["closing"]).clip(0, 1)
        most = {"household": either, "person": either * pl.max_horizontal("before_members", "after_members")}
        for base, whole in most.items():
            added[f"{group}|{base}"] = whole
            for name, part in figures(group, base, absent_as).items():
                added[f"{group}|{base}|{name}"] = part
                column, over = pl.col(f"{group}|{base}|{name}"), pl.col(f"{group}|{base}")
                measures.append(tally.Measure(f"flow_{group}_{name}", base, column, over))
    laid_out = followed.with_columns(part.alias(name) for name, part in added.items())
    return tally.tally(laid_out, measures, by).filter(pl.col("group") == "all")


def by_unit(counts: pl.DataFrame, area_set: str) -> pd.DataFrame:
    """Lay counts out as the forms have them: 1 row = 1 unit, class and base.

    Columns: unit_code, unit_valid_from, group, counted, the nine of the form, absent, unlisted, gap (closing less what
    the movements make; 0 where it closes), communes_received, communes_expected. Missing where no list came.
    """
    found = counts.filter((pl.col("area_set") == area_set) & pl.col("measure").str.starts_with("flow_")).to_pandas()
    found["counted"] = found["base"].map(BASES)
    told = found["measure"].str.extract(r"^flow_(near_poor|poor)_(\w+)$")
    found["group"], found["column"] = told[0].astype("str"), told[1].astype("str")
    keys = ["code", "valid_from", "group", "counted", "communes_received", "communes_expected"]
    found["numerator"] = found["numerator"].astype("Int64")
    wide = found.set_index([*keys, "column"])["numerator"].unstack("column").reindex(columns=[*COLUMNS, *ABSENCE])
    wide = wide.reset_index().rename_axis(None, axis=1)
    wide["gap"] = wide["closing"] - balance(wide)
    wide = wide.rename(columns={"code": "unit_code", "valid_from": "unit_valid_from"})
    order = {"poor": 0, "near_poor": 1}
    wide = wide.sort_values(["group", "unit_code", "counted"], key=lambda c: c.map(order) if c.name == "group" else c)
    names = ["unit_code", "unit_valid_from", "group", "counted", *COLUMNS, *ABSENCE, "gap", *keys[4:]]
    return wide[names].reset_index(drop=True)


def form(counts: pl.DataFrame, month: str) -> pd.DataFrame:
    """Write both forms of a month as room 1 keeps such forms that offices send: city, districts, communes.

    Columns: month, level, unit_code, unit_valid_from, group, counted and the nine of the kind `movements`.
    """
    parts = []
    for area_set in units.LEVELS[units.era_of(month)]:
        part = by_unit(counts, area_set)
        part.insert(0, "level", area_set.rsplit("_", 1)[-1])
        parts.append(part)
    whole = pd.concat(parts, ignore_index=True)
    whole.insert(0, "month", month)
    text = ["month", "level", "unit_code", "unit_valid_from", "group", "counted"]
    return whole[[*text, *COLUMNS]].astype(dict.fromkeys(text, "str"))


def unresolved(followed: pl.LazyFrame, first: str, last: str) -> pl.DataFrame:
    """Name the rows for which a form does not close, or may be wrong: 1 row = 1 row of a list, for 1 form.

    Columns: group, counted, commune_code, month, file, sheet, row, why (class: households and people do not close;
    members: people do not), sentence. No person is named.
    """
    parts = []
    for group in OTHER:
        was, now, other_was, other_now = _states(group)
        unclear = {
            ("before_", "class"): was.is_null() | (now & ~was & other_was.is_null()),
            ("after_", "class"): now.is_null() | (was & ~now & other_now.is_null()),
            ("before_", "members"): (was | (now & other_was)) & pl.col("before_members").is_null(),
            ("after_", "members"): now & pl.col("after_members").is_null(),
        }
        for (side, why), flag in unclear.items():
            month = first if side == "before_" else last
            counted = "households" if why == "class" else "people"
            at = [pl.col(f"{side}{c}").alias(c) for c in ("file", "sheet", "row")]
            told = {"month": month, "why": why, "group": group, "counted": counted}
            fixed = {c: pl.lit(v).alias(c) for c, v in told.items()}
            text = pl.lit(_WHY[why].format(month=month, form=_FORM[group])).alias("sentence")
            rows = followed.filter((pl.col("status") != "not_followed") & flag.fill_null(False))
            head = [fixed["group"], fixed["counted"], pl.col("commune_code"), fixed["month"]]
            parts.append(rows.select(*head, *at, fixed["why"], text))
    keys = ["group", "commune_code", "month", "file", "sheet", "row", "counted"]
    return pl.concat(parts).sort(keys).collect()


def between(first: str, last: str, absent_as: str = "other_decrease") -> tuple[pl.DataFrame, pl.DataFrame]:
    """Count both forms from room 2 in the columns of room 3, and name the rows that do not close (`unresolved`).

    Raises UsageError across eras.
    """
    transitions.need_one_era(first, last)
    months = [m for m in store.months(rooms.PLACED) if m <= last and units.era_of(m) == units.era_of(last)]
    lists = {m: store.lazy(rooms.PLACED, m, "households") for m in sorted({*months, first, last})}
    communes = {m: store.eager(rooms.PLACED, m, "communes") for m in lists}
    received = {m: c.filter("list_received")["commune_code"].to_list() for m, c in communes.items()}
    followed = pairs(lists, received, first, last)
    found = sums(followed, list(areas.known()), absent_as)
    both = transitions.received_in_both(first, last)
    counts = tally.by_units(found, last, deprivation.standard(last), both, store.complete([first, last]))
    return counts, unresolved(followed, first, last)


def run(month: str) -> dict:
    """Count both forms' movements since the month before into room 3; a month that follows none has no such table."""
    before = store.followed(month)
    return store.write_counts(month, "flows", between(before, month)[0]) if before else store.no_counts(month, "flows")
