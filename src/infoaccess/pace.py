"""How far and how fast the programme gets: the ledger of phones by source and month, waiting times, money, the end.

Counting rule: need to date = phones handed over to date + listed households that want one and have none (waiting), as
in `programme`; a source's eligible households are the waiting ones whose class it may pay for (`eligibility`), so
sources overlap and are never added up. Waiting time runs from the first day of a household's first month on the list
with a need to its first hand-over from then on; who has none by the last day of the last month with a need is censored
there (Kaplan & Meier 1958). When 100 % of need is reached: see `reached`. Source: plan of December 2023.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from infoaccess import eligibility, rooms, units
from infoaccess.errors import UsageError

ALL = "all"  # the ledger's row over all sources
WINDOW, SHORTEST = 12, 6  # months of hand-overs that make "the present pace", and the fewest that may
FEWEST = 12  # phones in the window below which the pace is anybody's guess
HORIZON = 120  # months beyond which a date would say nothing
# as in `programme`: who asks for one and is not known to have one; missing where the list does not say who asks
_WAITING = pl.col("wants_smartphone") & ~pl.col("has_smartphone").fill_null(False)
# Student's t, one-sided 95 %, by degrees of freedom: the interval covers 90 %
_T95 = {5: 2.015, 6: 1.943, 7: 1.895, 8: 1.860, 9: 1.833, 10: 1.812, 11: 1.796}
_SENTENCES = {
    "no_figure": (
        "Chưa biết số hộ còn chờ của tháng mới nhất, nên không tính được.",
        "The number still waiting in the latest month is not known, so no month is given.",
    ),
    "too_short": (
        "Mới có {n} tháng liền nhau đủ số liệu, cần ít nhất {shortest} tháng để tính.",
        "Only {n} consecutive months have figures; at least {shortest} are needed.",
    ),
    "broken": (
        "Không dự báo, vì tháng trước không có số liệu so được nên chuỗi tháng bị ngắt.",
        "No forecast, as the month before has no figures to compare with.",
    ),
    "no_pace": (
        "Không bàn giao máy nào trong {n} tháng gần nhất, nên không có tốc độ để tính.",
        "No phone was handed over in the last {n} months, so there is no pace.",
    ),
    "too_few": (
        "Chỉ bàn giao {handed} máy trong {n} tháng gần nhất, quá ít để tính tháng hoàn thành.",
        "Only {handed} phones were handed over in the last {n} months, too few to name a month.",
    ),
    "need_grows": (
        "Số hộ còn chờ không giảm trong {n} tháng gần nhất ({before} → {waiting}): với tốc độ này chưa thể hoàn thành.",
        "Those waiting did not become fewer in the last {n} months ({before} → {waiting}): no end at this pace.",
    ),
    "too_uneven": (
        "Bàn giao và nhu cầu {n} tháng gần nhất quá không đều: không nói được tháng muộn nhất.",
        "Hand-overs and need were too uneven in the last {n} months to name a latest month.",
    ),
    "too_far": (
        "Với tốc độ {n} tháng gần nhất có thể còn hơn {horizon} tháng nữa: không nêu tháng hoàn thành.",
        "At the pace of the last {n} months it may take more than {horizon} months: no month is named.",
    ),
    "done": (
        "Tháng {point}: không còn hộ nào có nhu cầu mà chưa có máy.",
        "In {point} no household with a need was left without a phone.",
    ),
    "dated": (
        "Với tốc độ {n} tháng gần nhất, 100 % nhu cầu được đáp ứng từ {low} đến {high}, nhiều khả năng là {point}.",
        "At the pace of the last {n} months, 100 % of need is met between {low} and {high}, most likely about {point}.",
    ),
}


def ledger(
    handovers: pl.DataFrame,
    lists: pl.DataFrame,
    promised: pl.DataFrame | None = None,
    by: Sequence[str] = (),
    lacking: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Count need and phones: 1 row = 1 month x unit (`by`) x source ("all", the four, "" where none is stated).

    `lists`: 1 row = 1 household in 1 month (month, wants_smartphone, has_smartphone, poor, near_poor, policy);
    `by`: columns of one area set; `promised`: month, source, phones (and `by`); `lacking`: month (and `by`) where not
    all communes sent a list.
    Columns: need, waiting, need_unknown (households; row "all" only), eligible, eligible_unknown (waiting households),
    promised, promised_to_date (missing where not given), handed, handed_to_date (phones). All add over units; eligible
    does not over sources. Missing is not zero: what lists tell is missing in a month without, or lacking, lists.
    """
    sources, keys = list(eligibility.table()["sources"]), ["month", *by]
    payable = {s: eligibility.may_pay(s) for s in sources}
    payable[ALL] = pl.any_horizontal(*payable.values())
    sums = {"eligible": lambda pays: _WAITING & pays, "eligible_unknown": lambda pays: _WAITING & pays.is_null()}
    told = [
        lists.group_by(keys)
        .agg(rule(pays).sum().cast(pl.Int64).alias(c) for c, rule in sums.items())
        .with_columns(pl.lit(s).alias("source"))
        for s, pays in payable.items()
    ]
    need = {"waiting": _WAITING, "need_unknown": _WAITING.is_null()}
    need = lists.group_by(keys).agg(flag.sum().cast(pl.Int64).alias(c) for c, flag in need.items())
    tables = [pl.concat(told), need.with_columns(pl.lit(ALL).alias("source"))]
    one = pl.lit(1, pl.Int64).alias("n")
    tables.append(_phones(handovers.select(*keys, pl.col("source").fill_null(""), one), keys, "handed"))
    if promised is not None:
        tables.append(
            _phones(promised.select(*keys, "source", pl.col("phones").cast(pl.Int64).alias("n")), keys, "promised")
        )
    heard = lists.select("month").unique().with_columns(pl.lit(True).alias("heard"))
    over = [*by, "source"]
    found = pl.concat([t.select("month") for t in tables]).unique()
    found = found.join(pl.concat([t.select(over) for t in tables]).unique(), how="cross")
    for table in tables:
        found = found.join(table, on=[*keys, "source"], how="left", nulls_equal=True)
    found = found.join(heard, on="month", how="left").with_columns(pl.col("heard").fill_null(False))
    if lacking is not None:
        gaps = lacking.select(keys).unique().with_columns(pl.lit(False).alias("whole"))
        found = found.join(gaps, on=keys, how="left", nulls_equal=True)
        found = found.with_columns(pl.col("heard") & pl.col("whole").fill_null(True))
    of_need, paid = pl.col("source") == ALL, pl.col("source") != ""
    known = [
        pl.when(pl.col("heard") & of_need).then(pl.col(c).fill_null(0)).alias(c) for c in need.columns[len(keys) :]
    ]
    known += [pl.when(pl.col("heard") & paid).then(pl.col(c).fill_null(0)).alias(c) for c in sums]
    none = pl.lit(None, pl.Int64).alias("promised") if promised is None else pl.col("promised").fill_null(0)
    found = found.with_columns(*known, none, pl.col("handed").fill_null(0)).sort(keys)
    found = found.with_columns(pl.col(c).cum_sum().over(over).alias(f"{c}_to_date") for c in ("promised", "handed"))
    found = found.with_columns((pl.col("handed_to_date") + pl.col("waiting")).alias("need"))
    phones = ["promised", "promised_to_date", "handed", "handed_to_date"]
    return found.select(*keys, "source", "need", *need.columns[len(keys) :], *sums, *phones).sort([*keys, "source"])


def _phones(rows: pl.DataFrame, keys: list[str], name: str) -> pl.DataFrame:
    """Add up phones (column n) by key and source, and over all sources."""
    both = pl.concat([rows, rows.with_columns(pl.lit(ALL).alias("source"))])
    return both.group_by([*keys, "source"]).agg(pl.col("n").sum().alias(name))


def waits(handovers: pl.DataFrame, lists: pl.DataFrame) -> pl.DataFrame:
    """Measure each household's wait: 1 row = 1 household and era that ever had a need on a list.

    Columns: household_id, month (first with a need), days (whole days), handed_over (False: censored, at least so many
    days), from_first_list (True where the need stands on the first list of its era: it may be older than counted).
    Identifiers change with the commune codes, so a wait across 2025-01 or 2025-07 is two: one censored, one cut short.
    """
    era = {m: units.era_of(m) for m in lists["month"].unique()}
    named = lists.select("household_id", "month", _WAITING.alias("need")).with_columns(
        pl.col("month").replace_strict(era, default=None, return_dtype=pl.String).alias("era")
    )
    firsts = named.group_by("era").agg(pl.col("month").min().alias("opening"))
    needed = named.filter(pl.col("need") & pl.col("household_id").is_not_null()).group_by("household_id", "era")
    spells = needed.agg(pl.col("month").min(), pl.col("month").max().alias("last")).with_columns(
        pl.col("month").str.to_date("%Y-%m").alias("since"),
        pl.col("last").str.to_date("%Y-%m").dt.month_end().alias("until"),
    )
    days = handovers.select("household_id", pl.col("handed_on").cast(pl.Date)).drop_nulls()
    met = spells.join(days, on="household_id").filter(pl.col("handed_on") >= pl.col("since"))
    met = met.group_by("household_id", "era").agg(pl.col("handed_on").min())
    found = spells.join(met, on=["household_id", "era"], how="left").join(firsts, on="era")
    return found.select(
        "household_id",
        "month",
        (pl.coalesce("handed_on", "until") - pl.col("since")).dt.total_days().alias("days"),
        pl.col("handed_on").is_not_null().alias("handed_over"),
        (pl.col("month") == pl.col("opening")).alias("from_first_list"),
    ).sort("household_id", "month")


def survival(days: Sequence[int], ended: Sequence[bool]) -> list[tuple[int, int, int, Fraction]]:
    """Estimate the share still waiting after each day with a hand-over: (day, at risk, ended, share), by Kaplan-Meier.

    S(t) = product over days d <= t of 1 - ended(d) / at_risk(d); who is censored on a day is at risk on it.

    >>> [(day, str(share)) for day, _, _, share in survival([1, 2, 2, 3], [True, True, False, True])]
    [(1, '3/4'), (2, '1/2'), (3, '0')]
    """
    share, curve, at_risk = Fraction(1), [], len(days)
    leaving, events = Counter(days), Counter(d for d, over in zip(days, ended, strict=True) if over)
    for day in sorted(leaving):
        if events[day]:
            share *= Fraction(at_risk - events[day], at_risk)
            curve.append((day, at_risk, events[day], share))
        at_risk -= leaving[day]
    return curve


def median_days(days: Sequence[int], ended: Sequence[bool]) -> int | None:
    """Return the first day by which at most half still wait; None where more than half wait to the end.

    >>> median_days([10, 20, 30], [True, True, False]), median_days([10, 20, 30], [True, False, False])
    (20, None)
    """
    return next((day for day, _, _, share in survival(days, ended) if share <= Fraction(1, 2)), None)


def money(handovers: pl.DataFrame, plan: pl.DataFrame) -> pl.DataFrame:
    """Set money spent beside money planned: 1 row = 1 year x source that has either ("" where no source is stated).

    `plan`: year, source, planned_vnd. Columns: phones, phones_without_value, spent_vnd (of phones with a value),
    planned_vnd and left_vnd (đồng; missing where there is no plan, never zero). Raises UsageError for an unknown
    source or two plans for one year and source.
    """
    if unknown := sorted(set(plan["source"].drop_nulls()) - set(eligibility.table()["sources"])):
        raise UsageError(f"Bảng kế hoạch vốn có nguồn không rõ: {', '.join(unknown)}. Hãy dùng các nguồn đã khai báo.")
    if plan.select("year", "source").is_duplicated().any():
        raise UsageError("Bảng kế hoạch vốn có hai dòng cùng năm và nguồn. Hãy gộp thành một dòng.")
    spent = handovers.select(
        pl.col("month").str.slice(0, 4).cast(pl.Int64).alias("year"), pl.col("source").fill_null(""), "value_vnd"
    )
    spent = spent.group_by("year", "source").agg(
        pl.len().cast(pl.Int64).alias("phones"),
        pl.col("value_vnd").is_null().sum().cast(pl.Int64).alias("phones_without_value"),
        pl.col("value_vnd").sum().cast(pl.Int64).alias("spent_vnd"),
    )
    planned = plan.select(pl.col("year").cast(pl.Int64), "source", pl.col("planned_vnd").cast(pl.Int64))
    found = spent.join(planned, on=["year", "source"], how="full", coalesce=True)
    sums = ["phones", "phones_without_value", "spent_vnd"]
    found = found.with_columns(pl.col(c).fill_null(0) for c in sums)
    left = (pl.col("planned_vnd") - pl.col("spent_vnd")).alias("left_vnd")
    return found.with_columns(left).select("year", "source", *sums, "planned_vnd", "left_vnd").sort("year", "source")


@dataclass(frozen=True)
class Reached:
    """Hold when 100 % of need is met: months low <= point <= high, or none of them; always why, and a sentence."""

    reason: str
    sentence: str
    sentence_en: str
    low: str | None = None
    point: str | None = None
    high: str | None = None


def reached(months: Sequence[str], handed: Sequence[int | None], waiting: Sequence[int | None]) -> Reached:
    """Tell when 100 % of need is reached at the present pace, as a 90 % interval of months, or why that is not said.

    Method: remaining need R falls each month by c = phones handed over less new need = R(before) - R(after). Over the
    last n = 6-12 consecutive months, c has mean m and variance v, the latter at least the mean of the hand-overs
    (Poisson) and more where they vary more (quasi-Poisson, with the need's own changes). The fall over the next T
    months is then T m with prediction variance T v + T²v/n: chance of the months to come, and of the months that told
    m. Point: the first T at which T m >= R; low and high: the first T at which T m ± t √(T v + T²v/n) >= R, t being
    Student's for n - 1. No month is named where the series is too short, phones are none or too few, need does not
    fall, high does not exist, or it lies beyond `HORIZON` months.
    Raises UsageError where months repeat or are not in order.

    >>> reached([f"2025-{n:02d}" for n in range(1, 8)], [10] * 7, [100, 90, 80, 70, 60, 50, 40]).point
    '2025-11'
    """
    rows = list(zip(months, handed, waiting, strict=True))
    if any(a >= b for a, b in zip(months, months[1:], strict=False)):
        raise UsageError("Chuỗi tháng phải tăng dần, mỗi tháng một dòng.")
    if not rows or rows[-1][2] is None:
        return _said("no_figure")
    month, _, left = rows[-1]
    if left == 0:
        return _said("done", low=month, point=month, high=month)
    n = 0
    for (before, _, was), (after, given, now) in zip(rows[-2::-1], rows[:0:-1], strict=True):
        if n == WINDOW or None in (was, given, now) or rooms.shift(before, 1) != after:
            break
        n += 1
    given = [h for _, h, _ in rows[-n:]] if n else []
    facts = {"n": n, "handed": sum(given), "waiting": left, "before": rows[-n - 1][2]}
    if n < SHORTEST:
        return _said("too_short" if n else "broken", **facts)
    if sum(given) < FEWEST:
        return _said("too_few" if sum(given) else "no_pace", **facts)
    fall = [was - now for (_, _, was), (_, _, now) in zip(rows[-n - 1 : -1], rows[-n:], strict=True)]
    mean = Fraction(sum(fall), n)
    if mean <= 0:
        return _said("need_grows", **facts)
    variance = float(max(sum((c - mean) ** 2 for c in fall) / (n - 1), Fraction(sum(given), n)))
    point = math.ceil(left / mean)
    low = _first(left, float(mean), variance, n, _T95[n - 1], point)
    high = _first(left, float(mean), variance, n, -_T95[n - 1], HORIZON + 1)
    if point > HORIZON:
        return _said("too_far", **facts)
    if high is None:
        uneven = float(mean) <= _T95[n - 1] * math.sqrt(variance / n)  # then no number of months is enough
        return _said("too_uneven" if uneven else "too_far", **facts)
    ends = [rooms.shift(month, t) for t in (low, point, high)]
    return _said("dated", **facts, **dict(zip(("low", "point", "high"), ends, strict=True)))


def _first(left: int, mean: float, variance: float, n: int, t: float, limit: int) -> int | None:
    """Return the first number of months, up to a limit, after which a bound of the fall reaches what is left."""
    for months in range(1, limit + 1):
        if months * mean + t * math.sqrt(variance * (months + months * months / n)) >= left:
            return months
    return None


def _said(reason: str, **facts: object) -> Reached:
    """Write the result in both languages; months stand as MM/YYYY in sentences."""
    ends = {k: facts[k] for k in ("low", "point", "high") if k in facts}
    shown = facts | {k: f"{v[5:]}/{v[:4]}" for k, v in ends.items()} | {"shortest": SHORTEST, "horizon": HORIZON}
    return Reached(reason, *(s.format(**shown) for s in _SENTENCES[reason]), **ends)
