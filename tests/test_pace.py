"""The pace of the programme against plain pandas, a published survival curve, and series drawn by chance."""

import calendar
import datetime as dt
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infoaccess import pace, rooms
from infoaccess.errors import UsageError

SOURCES = ["telecom_fund", "local_budget", "mobilised", "donated"]
PAYS = {s: ["poor", "near_poor", "policy"] for s in SOURCES[1:]} | {"telecom_fund": ["poor", "near_poor"]}
PAYS["all"] = ["poor", "near_poor", "policy"]
LISTS = {"month": pl.String, "unit": pl.String, "household_id": pl.String} | dict.fromkeys(
    ["wants_smartphone", "has_smartphone", "poor", "near_poor", "policy"], pl.Boolean
)
HANDED = {
    "month": pl.String, "unit": pl.String, "household_id": pl.String, "source": pl.String, "handed_on": pl.Date,
    "value_vnd": pl.Int64,
}  # fmt: skip
MONTHS = ["2024-10", "2024-11", "2024-12", "2025-01", "2025-02"]
maybe = st.sampled_from([True, False, None])


@st.composite
def programmes(draw):
    """Lists of up to six households in two units, and hand-overs to them."""
    lists, handed = [], []
    for month in draw(st.lists(st.sampled_from(MONTHS), unique=True)):
        for home in draw(st.lists(st.sampled_from("abcdef"), unique=True)):
            flags = [draw(maybe) for _ in range(5)]
            lists.append((month, "north" if home < "d" else "south", ("A" if month < "2025" else "B") + home, *flags))
    for _ in range(draw(st.integers(0, 8))):
        month, home = draw(st.sampled_from(MONTHS)), draw(st.sampled_from("abcdef"))
        day = dt.date(int(month[:4]), int(month[5:]), draw(st.sampled_from([1, 15, 28])))
        where = "north" if home < "d" else "south"
        source, value = draw(st.sampled_from([*SOURCES, None])), draw(st.sampled_from([None, 0, 500_000, 1_790_000]))
        key = draw(st.sampled_from([("A" if month < "2025" else "B") + home, None]))
        handed.append((month, where, key, source, draw(st.sampled_from([day, None])), value))
    frames = pl.DataFrame(handed, HANDED, orient="row"), pl.DataFrame(lists, LISTS, orient="row")
    return (*frames, draw(st.sampled_from([None, ("2024-11", "north")])), draw(st.booleans()))


def no(value) -> bool:
    return value is None or pd.isna(value)


@settings(deadline=None, max_examples=25, derandomize=True)
@given(programmes())
def test_the_ledger_is_plain_pandas(tried, world):
    handed, lists, gap, given_plan = world
    tried["ledgers"] += 1
    rows = [("2024-12", "north", "donated", n) for n in (4, 1)] + [("2025-02", "south", "mobilised", 2)]
    promised = pl.DataFrame(rows, ["month", "unit", "source", "phones"], orient="row") if given_plan else None
    lacking = pl.DataFrame([gap], ["month", "unit"], orient="row") if gap else None
    found = pace.ledger(handed, lists, promised, ["unit"], lacking)
    h, x = handed.to_pandas(), lists.to_pandas()
    plan = pd.DataFrame(rows if given_plan else [], columns=["month", "unit", "source", "phones"])
    seen = set(h["month"]) | set(x["month"]) | set(plan["month"])
    assert set(found["month"]) == seen and not found.select("month", "unit", "source").is_duplicated().any()
    for r in found.to_dicts():
        month, unit, source = r["month"], r["unit"], r["source"]
        mine = h[(h["unit"] == unit) & ((h["source"].fillna("") == source) | (source == "all"))]
        assert r["handed"] == (mine["month"] == month).sum() and r["handed_to_date"] == (mine["month"] <= month).sum()
        due = plan[(plan["unit"] == unit) & ((plan["source"] == source) | (source == "all"))]
        now, to_date = (int(due.loc[m, "phones"].sum()) for m in (due["month"] == month, due["month"] <= month))
        assert (r["promised"], r["promised_to_date"]) == ((now, to_date) if given_plan else (None, None))
        homes = x[(x["month"] == month) & (x["unit"] == unit)].to_dict("records")
        asking = [c for c in homes if c["wants_smartphone"] is True and c["has_smartphone"] is not True]
        silent = [c for c in homes if no(c["wants_smartphone"]) and c["has_smartphone"] is not True]
        classes = PAYS.get(source, [])
        may = [c for c in asking if any(c[k] is True for k in classes)]
        open_ = [c for c in asking if c not in may and any(no(c[k]) for k in classes)]
        told = month in set(x["month"]) and gap != (month, unit)
        whole, paid = told and source == "all", told and source != ""
        assert r["waiting"] == (len(asking) if whole else None)
        assert r["need_unknown"] == (len(silent) if whole else None)
        assert r["need"] == (len(asking) + r["handed_to_date"] if whole else None)
        assert r["eligible"] == (len(may) if paid else None)
        assert r["eligible_unknown"] == (len(open_) if paid else None)
    if not gap and "all" in found["source"]:
        city = pace.ledger(handed, lists, promised)
        sums = found.group_by("month", "source").agg(pl.col(city.columns[2:]).sum()).sort("month", "source")
        assert sums.equals(city.with_columns(pl.col(city.columns[2:]).fill_null(0)))


# ---- waiting


@settings(deadline=None, max_examples=50, derandomize=True)
@given(programmes())
def test_waits_run_from_the_first_need_to_the_first_phone_after_it(tried, world):
    handed, lists = world[:2]
    tried["waits"] += 1
    expected = {}
    by_home = {}
    for r in lists.to_dicts():
        if r["wants_smartphone"] and not r["has_smartphone"]:
            by_home.setdefault(r["household_id"], []).append(r["month"])
    for home, months in by_home.items():
        first, last = min(months), max(months)
        start = dt.date(int(first[:4]), int(first[5:]), 1)
        end = dt.date(int(last[:4]), int(last[5:]), calendar.monthrange(int(last[:4]), int(last[5:]))[1])
        days = [h["handed_on"] for h in handed.to_dicts() if h["household_id"] == home and h["handed_on"]]
        days = [d for d in days if d >= start]
        opening = min(m for m in lists["month"] if (m < "2025") == (first < "2025"))
        expected[home] = (first, ((min(days) if days else end) - start).days, bool(days), first == opening)
    found = {home: tuple(rest) for home, *rest in pace.waits(handed, lists).iter_rows()}
    assert found == expected


def test_the_curve_of_freireich_1963():
    """Remission under 6-MP, weeks: 21 patients, 9 relapses; S as printed in Cox & Oakes, Analysis of Survival Data."""
    ended = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    days, flags = ended + censored, [True] * len(ended) + [False] * len(censored)
    curve = pace.survival(days, flags)
    printed = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    assert {day: round(float(share), 3) for day, _, _, share in curve} == printed
    assert [(d, n) for d, n, _, _ in curve] == [(6, 21), (7, 17), (10, 15), (13, 12), (16, 11), (22, 7), (23, 6)]
    assert pace.median_days(days, flags) == 23


times = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=30)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(times)
def test_survival_is_the_product_of_the_definition(tried, pairs):
    tried["survival curves"] += 1
    days, ended = [d for d, _ in pairs], [e for _, e in pairs]
    curve = {d: share for d, _, _, share in pace.survival(days, ended)}
    for day in sorted({d for d, e in pairs if e}):
        expected = Fraction(1)
        for t in {d for d, e in pairs if e and d <= day}:
            expected *= 1 - Fraction(sum(d == t and e for d, e in pairs), sum(d >= t for d, _ in pairs))
        assert curve[day] == expected
    if all(ended):  # then the share still waiting is the plain one, and the median the lower of the middle two
        assert all(share == Fraction(sum(d > t for d in days), len(days)) for t, share in curve.items())
        assert pace.median_days(days, ended) == sorted(days)[(len(days) - 1) // 2]


def test_nobody_waited():
    assert pace.survival([], []) == [] and pace.median_days([], []) is None


# ---- money


@settings(deadline=None, max_examples=40, derandomize=True)
@given(programmes())
def test_money_beside_the_plan(tried, world):
    tried["money tables"] += 1
    plan = [(2024, "donated", 3_000_000), (2025, "donated", 0), (2026, "telecom_fund", 10)]
    found = pace.money(world[0], pl.DataFrame(plan, ["year", "source", "planned_vnd"], orient="row"))
    h = world[0].to_pandas()
    h["key"] = pd.Series([f"{m[:4]} {s}" for m, s in zip(h["month"], h["source"].fillna(""), strict=True)], dtype=str)
    planned = {f"{year} {source}": vnd for year, source, vnd in plan}
    assert {f"{year} {source}" for year, source in found.select("year", "source").rows()} == set(h["key"]) | set(
        planned
    )
    for r in found.to_dicts():
        key = f"{r['year']} {r['source']}"
        mine, asked = h[h["key"] == key], planned.get(key)
        assert (r["phones"], r["phones_without_value"]) == (len(mine), mine["value_vnd"].isna().sum())
        assert r["spent_vnd"] == mine["value_vnd"].sum() and r["planned_vnd"] == asked
        assert r["left_vnd"] == (None if asked is None else asked - r["spent_vnd"])


@pytest.mark.parametrize("rows, words", [([(2024, "fund", 1)], "fund"), ([(2024, "donated", 1)] * 2, "hai dòng")])
def test_a_plan_that_cannot_be_read_is_refused(rows, words):
    with pytest.raises(UsageError, match=words):
        pace.money(pl.DataFrame([], HANDED), pl.DataFrame(rows, ["year", "source", "planned_vnd"], orient="row"))


# ---- the end


def series(left: int, fall: list[int], handed: list[int], last: str = "2025-12") -> tuple:
    """Build the series whose remaining need ends at `left`: one month more than it falls."""
    months = [rooms.shift(last, -n) for n in range(len(fall), -1, -1)]
    waiting = [left + sum(fall[n:]) for n in range(len(fall) + 1)]
    return months, [0, *handed], waiting


def steps(later: str, month: str = "2025-12") -> int:
    return len(rooms.months_between(month, later)) - 1


def test_a_worked_case():
    """100 left, 10 a month in each of 12 months: c = 10, v = 10 (Poisson), t = 1.796 for 11 degrees of freedom."""
    found = pace.reached(*series(100, [10] * 12, [10] * 12))
    # Low: 8 months give 80 + 1.796 √(80 + 640/12) = 100.7, 7 months 88.9.
    # High: 13 months give 130 - 1.796 √(130 + 1690/12) = 100.4, 12 months 92.2.
    assert [steps(m) for m in (found.low, found.point, found.high)] == [8, 10, 13]
    assert found.reason == "dated" and "08/2026" in found.sentence and "01/2027" in found.sentence_en


@st.composite
def paces(draw):
    n = draw(st.integers(6, 14))
    handed = draw(st.lists(st.integers(0, 60), min_size=n, max_size=n))
    fresh = draw(st.lists(st.integers(-15, 25), min_size=n, max_size=n))
    return draw(st.integers(1, 2000)), handed, [h - a for h, a in zip(handed, fresh, strict=True)]


@settings(deadline=None, max_examples=60, derandomize=True)
@given(paces(), st.integers(1, 40), st.integers(1, 300))
def test_interval_holds_the_point_and_more_pace_or_less_need_is_earlier(tried, world, more, fewer):
    tried["paces"] += 1
    left, handed, fall = world
    found = pace.reached(*series(left, fall, handed))
    faster = pace.reached(*series(left, [c + more for c in fall], [h + more for h in handed]))
    nearer = pace.reached(*series(max(left - fewer, 1), fall, handed))
    if found.point is None:
        assert (found.low, found.high) == (None, None) and found.sentence and found.reason not in ("dated", "done")
        return
    assert "2025-12" < found.low <= found.point <= found.high
    mean = Fraction(sum(fall[-12:]), len(fall[-12:]))
    assert (steps(found.point) - 1) * mean < left <= steps(found.point) * mean
    for other in (faster, nearer):
        assert (other.low <= found.low, other.point <= found.point, other.high <= found.high) == (True, True, True)


def test_uneven_months_widen_the_interval():
    even, uneven = (pace.reached(*series(200, f, [20] * 12)) for f in ([20] * 12, [5, 35] * 6))
    assert even.point == uneven.point and uneven.low < even.low and even.high < uneven.high


@pytest.mark.parametrize(
    "left, fall, handed, reason",
    [
        (50, [10] * 5, [10] * 5, "too_short"),
        (50, [0] * 8, [0] * 8, "no_pace"),
        (50, [3] * 8, [0] * 8, "no_pace"),  # need goes by itself: that is no pace of hand-overs
        (50, [1] * 8, [1] * 8, "too_few"),
        (50, [0] * 8, [10] * 8, "need_grows"),
        (50, [-4] * 8, [10] * 8, "need_grows"),
        (50, [40, -38] * 4, [40, 2] * 4, "too_uneven"),
        (2000, [10] * 8, [10] * 8, "too_far"),
        (1190, [10] * 8, [10] * 8, "too_far"),  # the point is within the horizon, the late end is not
    ],
)
def test_silence_is_honest(left, fall, handed, reason):
    found = pace.reached(*series(left, fall, handed))
    assert (found.reason, found.low, found.point, found.high) == (reason, None, None, None)
    assert found.sentence.endswith(".") and found.sentence_en.endswith(".") and "{" not in found.sentence


def test_gaps_end_the_series_and_zero_left_is_done():
    months, handed, waiting = series(50, [10] * 9, [10] * 9)
    assert pace.reached(months, handed, waiting).reason == "dated"
    assert pace.reached(months, [*handed[:5], None, *handed[6:]], waiting).reason == "too_short"
    assert pace.reached(months, handed, [*waiting[:4], None, *waiting[5:]]).reason == "too_short"
    assert pace.reached([*months[:4], *months[5:]], handed[1:], waiting[1:]).reason == "too_short"
    assert pace.reached(months, handed, [*waiting[:-1], None]).reason == "no_figure"
    assert pace.reached([], [], []).reason == "no_figure"
    done = pace.reached(months, handed, [*waiting[:-1], 0])
    assert (done.reason, done.low, done.high) == ("done", "2025-12", "2025-12")
    assert pace.reached(["2025-12"], [None], [0]).reason == "done"
    with pytest.raises(UsageError, match="tăng dần"):
        pace.reached(months[::-1], handed, waiting)


@pytest.mark.parametrize("need, spread", [(0, 1), (6, 1), (6, 4)])
def test_nine_in_ten_intervals_hold_the_month_that_came(tried, need, spread):
    """By chance: hand-overs and new need are Poisson, or negative binomial with `spread` times the variance."""
    rng, held, told, widths = np.random.default_rng(20251231), 0, 0, []
    for _ in range(400):
        rates = rng.gamma(20 / (spread - 1), spread - 1, 240) if spread > 1 else np.full(240, 20.0)
        handed, fresh = rng.poisson(rates), rng.poisson(need, 240)
        found = pace.reached(*series(250, (handed - fresh)[:10].tolist(), handed[:10].tolist()))
        came = int(np.argmax(np.cumsum((handed - fresh)[10:]) >= 250)) + 1
        if found.point is not None:
            told += 1
            held += steps(found.low) <= came <= steps(found.high)
            widths.append(steps(found.high) - steps(found.low))
    tried["simulated programmes"] += 400
    assert told > 380 and 0.88 <= held / told <= 0.99
    assert np.median(widths) <= {(0, 1): 6, (6, 1): 14, (6, 4): 22}[need, spread]  # wide enough is easy


def test_students_t_is_the_tables():
    stats = pytest.importorskip("scipy.stats")
    assert {n: round(float(stats.t.ppf(0.95, n)), 3) for n in pace._T95} == pace._T95
    assert set(pace._T95) == set(range(pace.SHORTEST - 1, pace.WINDOW))
