"""Follow households between two months' lists: who is newly deprived of information, who no longer, and by what.

The counting rule, once: a household is followed by its keyed id where its commune sent a list in both months. Deprived
before, less no longer deprived, left and unknown since, plus newly deprived, entered and known since, is deprived now;
the four states (internet, device, any, both) each close so. Its group is that of the first list, else of the last: a
household that a phone lifts out of poverty stays among those of whom it is told. A cause is what the lists show: a
device beside a hand-over reported after the first month up to the last, a device without one, internet begun. "Phones
handed over" counts hand-overs, "no longer deprived" counts households; neither is computed from the other. Ids hold the
commune's code, so nobody is followed from one era of units into the next, and nobody "left the list" because of that.

Source: Decree 07/2021/NĐ-CP, indicators 11 and 12; poor from `poor_cutoff` deprivations (deprivation.toml).
"""

from collections.abc import Collection, Sequence
from itertools import product

import polars as pl

from infoaccess import areas, deprivation, rooms, store, tally, units
from infoaccess.deprivation import DEVICE, INTERNET
from infoaccess.errors import UsageError

TABLE = "movements"
CLASSES = ("poor", "near_poor", "policy")
STATES = ("internet", "device", "any", "both")
CAUSES = {  # what was cleared of a household no longer deprived of any: device by hand-over, device else, internet
    "cause_handover_only": (True, False, False),
    "cause_device_only": (False, True, False),
    "cause_internet_only": (False, False, True),
    "cause_handover_and_internet": (True, False, True),
    "cause_device_and_internet": (False, True, True),
}
_KEPT = ("file", "sheet", "row", "members", *CLASSES, INTERNET, DEVICE)


def need_one_era(first: str, last: str, on_first: int | None = None, on_last: int | None = None) -> None:
    """Refuse to follow households from one era of units into another; `on_first`, `on_last`: households concerned.

    Raises UsageError, also where the months are not in order.
    """
    if first >= last:
        raise UsageError(f"Tháng đầu {first} phải trước tháng cuối {last}.")
    if units.era_of(first) == units.era_of(last):
        return
    numbers = ""
    if on_first is not None and on_last is not None:
        numbers = f": {on_first} hộ của tháng đầu và {on_last} hộ của tháng cuối không nối được với nhau"
    start = units.ERAS[units.era_of(last)]
    raise UsageError(
        f"Không theo dõi được từng hộ từ tháng {first} đến tháng {last}, vì mã xã trong mã hộ đã đổi từ {start}"
        f"{numbers}. Không hộ nào vì thế được coi là ra khỏi danh sách. Hãy chọn hai tháng trong cùng một thời kỳ "
        "đơn vị hành chính."
    )


def pairs(before: pl.LazyFrame, after: pl.LazyFrame, received: Collection[str], handed: pl.LazyFrame) -> pl.LazyFrame:
    """Put two lists of one era side by side: 1 row = 1 household on either.

    `received`: codes of the communes whose list came in both months; `handed`: the hand-overs of the months between,
    with household_id. Columns: household_id, commune_code, status (both, left, entered, not_followed), handed, group
    columns, area sets, and before_ / after_ of file, sheet, row, members, classes and indicators 11 and 12.
    """
    place = ["commune_code", *areas.known()]
    sides = [
        frame.select("household_id", pl.col(*place, *_KEPT).name.prefix(prefix))
        for frame, prefix in ((before, "before_"), (after, "after_"))
    ]
    whole = sides[0].join(sides[1], on="household_id", how="full", coalesce=True)
    on_first, on_last = pl.col("before_row").is_not_null(), pl.col("after_row").is_not_null()
    whole = whole.with_columns(pl.coalesce(f"after_{c}", f"before_{c}").alias(c) for c in place)
    followed = pl.col("household_id").is_not_null() & pl.col("commune_code").is_in(sorted(received))
    status = pl.when(~followed.fill_null(False)).then(pl.lit("not_followed"))
    status = status.when(on_first & on_last).then(pl.lit("both")).when(on_first).then(pl.lit("left"))
    ids = handed.select("household_id").drop_nulls().unique().with_columns(pl.lit(True).alias("handed"))
    return (
        whole.join(ids, on="household_id", how="left")
        .with_columns(
            status.otherwise(pl.lit("entered")).alias("status"),
            pl.col("handed").fill_null(False),
            *(pl.when(on_first).then(f"before_{c}").otherwise(f"after_{c}").alias(c) for c in CLASSES),
        )
        .drop(f"{side}_{c}" for side in ("before", "after") for c in place)
    )


def deprived(prefix: str) -> dict[str, pl.Expr]:
    """Return the four states of followed households on one list (three-valued; missing where not on it)."""
    known = pl.when(pl.col("status") != "not_followed")
    internet, device = known.then(f"{prefix}{INTERNET}"), known.then(f"{prefix}{DEVICE}")
    return dict(zip(STATES, (internet, device, internet | device, internet & device), strict=True))


def flags() -> dict[str, pl.Expr]:
    """Tell of each pair what changed; missing where it could not have changed so, or is not known to have."""
    status, handed = pl.col("status"), pl.col("handed")
    both = status == "both"
    earlier, later = deprived("before_"), deprived("after_")
    told = {"not_followed": status == "not_followed"}
    for state in STATES:
        was, now = earlier[state], later[state]
        told |= {
            f"before_{state}": was,
            f"now_{state}": now,
            f"no_longer_{state}": pl.when(both & was).then(~now),
            f"newly_{state}": pl.when(both & ~was).then(now),
            f"left_{state}": pl.when(was).then(status == "left"),
            f"unknown_since_{state}": pl.when(was).then(both & now.is_null()),
            f"entered_{state}": pl.when(now).then(status == "entered"),
            f"known_since_{state}": pl.when(now).then(both & was.is_null()),
        }
    internet, device = (pl.when(told[f"no_longer_{s}"]).then(True).otherwise(False) for s in ("internet", "device"))
    found = (device & handed, device & ~handed, internet)
    for name, wanted in CAUSES.items():
        as_wanted = pl.all_horizontal(f if yes else ~f for f, yes in zip(found, wanted, strict=True))
        told[name] = pl.when(told["no_longer_any"]).then(as_wanted)
    told["device_by_handover"] = pl.when(told["no_longer_device"]).then(handed)
    told["internet_beside_handover"] = pl.when(told["no_longer_internet"]).then(handed)
    told["handed_no_longer_any"] = pl.when(handed).then(told["no_longer_any"])
    return told


def measures() -> list[tally.Measure]:
    """List what changed between two lists, over columns named as in `flags`: of households, and of their people."""
    sizes = {f"before_{s}": "before_members" for s in STATES}
    sizes |= {f"{what}_{s}": "after_members" for s in STATES for what in ("now", "no_longer", "newly")}
    people = [tally.share_of_people(name, pl.col(name), pl.col(size)) for name, size in sizes.items()]
    return [tally.share_of_households(name, pl.col(name)) for name in flags()] + people


def handed_measures() -> list[tally.Measure]:
    """List the series of hand-overs between two months: all, and those of households on both lists."""
    one = pl.col("traced").is_not_null().cast(pl.Int64)
    return [
        tally.Measure("handed_between", "phone", one, one),
        tally.Measure("handed_traced", "phone", pl.col("traced").cast(pl.Int64), one),
    ]


def sums(
    before: pl.LazyFrame, after: pl.LazyFrame, handed: pl.LazyFrame, received: Collection[str], by: Sequence[str]
) -> pl.DataFrame:
    """Sum what changed between two lists: keyed like `tally.tally`, so that partitions by commune add up.

    The group of a hand-over is the household's on the list of its month. With no commune in `received` (two eras) all
    households are `not_followed` and nothing else is said.
    """
    side_by_side = pairs(before, after, received, handed)
    followed = side_by_side.filter(pl.col("status") == "both").select("household_id", pl.lit(True).alias("traced"))
    phones = handed.join(followed, on="household_id", how="left").with_columns(pl.col("traced").fill_null(False))
    flagged = side_by_side.with_columns(flag.alias(name) for name, flag in flags().items())
    return tally.merge([tally.tally(flagged, measures(), by), tally.tally(phones, handed_measures(), by)])


def kept_poor(standard: str) -> dict[str, pl.Expr]:
    """Tell of poor households whether information alone keeps them poor; missing where an unknown one may decide.

    `kept_poor_by_one`: clearing indicator 11, or clearing 12, leaves fewer deprivations than make a household poor
    (of twelve equal ones: exactly three, 11 or 12 among them). `kept_poor_by_both`: only clearing both does (four).
    """
    rule = deprivation.rule_sets()[standard]
    weight = {i["id"]: i["weight"] for i in rule["indicators"]}
    rest = [i for i in weight if i not in (INTERNET, DEVICE)]
    least = pl.sum_horizontal(pl.col(i).fill_null(False).cast(pl.Int64) * weight[i] for i in rest)
    most = pl.sum_horizontal(pl.col(i).fill_null(True).cast(pl.Int64) * weight[i] for i in rest)
    cutoff = rule["poor_cutoff"]
    surely: dict[str, list] = {"kept_poor_by_one": [], "kept_poor_by_both": []}
    never: dict[str, list] = {name: [] for name in surely}
    for one, two in product((False, True), repeat=2):
        ruled_out = (pl.col(INTERNET) != one).fill_null(False) | (pl.col(DEVICE) != two).fill_null(False)
        a, b = one * weight[INTERNET], two * weight[DEVICE]
        # the other ten lie in [start, stop) exactly where the household is poor and would not be once it is cleared
        spans = {"kept_poor_by_one": (cutoff - a - b, cutoff - min(a, b))}
        spans["kept_poor_by_both"] = (cutoff - min(a, b), cutoff)
        for name, (start, stop) in spans.items():
            surely[name].append(ruled_out | ((least >= start) & (most < stop)))
            never[name].append(ruled_out | (most < start) | (least >= stop) | pl.lit(start >= stop))
    return {
        name: pl.when(pl.col("poor") & pl.all_horizontal(surely[name]))
        .then(True)
        .when(pl.col("poor") & pl.all_horizontal(never[name]))
        .then(False)
        for name in surely
    }


def kept_poor_measures(standard: str) -> list[tally.Measure]:
    """List the shares of poor households, and of their people, that information alone keeps poor: of one list."""
    flags = kept_poor(standard).items()
    return [tally.share_of_households(name, flag) for name, flag in flags] + [
        tally.share_of_people(name, flag, pl.col("members")) for name, flag in flags
    ]


def kept_poor_rows(households: pl.LazyFrame, standard: str) -> pl.DataFrame:
    """List for the office where the households stand that information alone keeps poor: 1 row = 1 household.

    Columns: file, sheet, row, commune_code, village, deprived_11, deprived_12, kept_by (one, both). No person is named.
    """
    flags = kept_poor(standard)
    by = pl.when(flags["kept_poor_by_one"]).then(pl.lit("one")).when(flags["kept_poor_by_both"]).then(pl.lit("both"))
    names = ["file", "sheet", "row", "commune_code", "village", INTERNET, DEVICE]
    found = households.with_columns(by.alias("kept_by")).filter(pl.col("kept_by").is_not_null())
    return found.select(*names, "kept_by").sort("commune_code", "file", "sheet", "row").collect()


def received_in_both(first: str, last: str) -> pl.DataFrame:
    """Return the last month's communes: commune_code, list_received (in both months)."""
    here = [store.eager(rooms.PLACED, m, "communes").select("commune_code", "list_received") for m in (first, last)]
    came = pl.col("list_received") & pl.col("list_received_before").fill_null(False)
    both = here[1].join(here[0].rename({"list_received": "list_received_before"}), on="commune_code", how="left")
    return both.select("commune_code", came.alias("list_received")).sort("commune_code")


def between(first: str, last: str) -> pl.DataFrame:
    """Count from room 2 what changed from a first to a last month, in the columns of room 3; `month` is the last.

    Raises UsageError across eras, with the numbers of households that cannot be followed.
    """
    before, after = (store.lazy(rooms.PLACED, m, "households") for m in (first, last))
    numbers = [frame.select(pl.len()).collect().item() for frame in (before, after)]
    need_one_era(first, last, *numbers)
    months = rooms.months_between(first, last)[1:]  # a month that was never run is told, not left out
    columns = ["household_id", *CLASSES, *areas.known()]
    phones = [store.lazy(rooms.PLACED, m, "handovers").select(columns) for m in months]
    handed = pl.concat(phones, how="vertical_relaxed")
    received = received_in_both(first, last)
    codes = received.filter("list_received")["commune_code"].to_list()
    found = sums(before, after, handed, codes, list(areas.known()))
    complete = store.complete([first, *months])
    return tally.by_units(found, last, deprivation.standard(last), received, complete)


def run(month: str) -> dict:
    """Count what changed since the month before into room 3; a month that follows none has no such table."""
    before = store.followed(month)
    return store.write_counts(month, TABLE, between(before, month)) if before else store.no_counts(month, TABLE)
