"""Planted faults are found where they were planted; a clean invented series gives few findings, measured here."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from infoaccess import plausibility, plausible_lists, units
from infoaccess.plausibility import INDICATORS, RULES

MONTHS = [f"{year}-{month:02d}" for year in (2024, 2025) for month in range(1, 13)]
MEASURES = [*INDICATORS, "male_head"]
UNIT, OTHER = "19753", "19789"
CLEAN = {7: 0, 8: 0}  # findings of clean series, by seed


@cache
def clean(seed: int = 7) -> np.ndarray:
    """Let invented households live: months x households x (yes-no columns); 1 in 50 ticks is asked anew each month."""
    rng = np.random.default_rng(seed)
    home = households()
    usual = np.clip(rng.beta(3, 7, (40, len(MEASURES))), 0.04, 0.9)[home]
    usual[:, -1] = 0.7
    state = rng.random(usual.shape) < usual
    months = []
    for _ in MONTHS:
        asked = rng.random(usual.shape) < 0.02
        asked[:, -1] = rng.random(len(home)) < 0.002
        state = np.where(asked, rng.random(usual.shape) < usual, state)
        months.append(state)
    return np.array(months)


@cache
def households() -> np.ndarray:
    return np.repeat(np.arange(40), np.random.default_rng(3).integers(25, 180, 40))


@cache
def codes() -> list[str]:
    return sorted(units.leaves("C_commune"))


def lists(t: int) -> pd.DataFrame:
    """Return one month's lists: 1 row = 1 household."""
    home = households()
    sizes = np.random.default_rng(4).integers(1, 8, len(home))
    frame = pd.DataFrame(clean()[t], columns=[*INDICATORS, "head_male"]).assign(members=sizes, month=MONTHS[t])
    frame["commune_code"] = np.array(codes())[home]
    return frame.assign(household_id=[f"h{i}" for i in range(len(home))])


def counted(months: np.ndarray, keep=None) -> pd.DataFrame:
    """Sum communes and the city: 1 row = 1 month x unit x measure."""
    home, rows = households(), []
    keep = np.ones(months.shape[:2], dtype=bool) if keep is None else keep
    for t, month in enumerate(MONTHS):
        size = np.bincount(home, weights=keep[t], minlength=40).astype(int)
        for m, measure in enumerate(MEASURES):
            sums = np.bincount(home, weights=months[t, :, m] & keep[t], minlength=40).astype(int)
            rows += zip([month] * 40, ["C_commune"] * 40, codes(), [measure] * 40, sums, size, strict=True)
            rows.append((month, "city", "46", measure, sums.sum(), size.sum()))
    columns = ["month", "area_set", "code", "measure", "numerator", "denominator"]
    frame = pd.DataFrame(rows, columns=columns).assign(group="all", base="household")
    return frame.astype({"numerator": "Int64", "denominator": "Int64"})


def found(frame: pd.DataFrame) -> pd.DataFrame:
    return plausibility.check(frame)


def at(frame: pd.DataFrame, **keys) -> pd.Series:
    return pd.concat([frame[k] == v for k, v in keys.items()], axis=1).all(axis=1)


def told_of(frame: pd.DataFrame) -> set[tuple]:
    return set(frame[["rule", "month", "code", "measure"]].itertuples(index=False, name=None))


@cache
def baseline() -> frozenset[tuple]:
    return frozenset(told_of(found(counted(clean()))))


def test_a_clean_series_gives_few_findings():
    """Households stay, 1 in 100 comes or goes each month: no finding in 9 061 figures judged a seed."""
    for seed, told in CLEAN.items():
        moved = np.random.default_rng(seed).random(clean(seed).shape[:2]) < 0.01
        series = found(counted(clean(seed), moved.cumsum(axis=0) % 2 == 0))
        assert len(series) == told, series[["rule", "code", "month", "measure"]]


def test_series_of_independent_draws_give_few_findings_too():
    """The worst case for a rule of steps, every month a new draw: below 1 in 1 000 figures judged (unit, month from the
    eighth on, measure)."""
    rng = np.random.default_rng(11)
    drawn = rng.random(clean().shape) < 0.3
    drawn[:, :, -1] = rng.random(drawn.shape[:2]) < 0.7
    series = found(counted(drawn))
    assert 0 < len(series) <= 41 * (len(MONTHS) - 7) * len(MEASURES) / 1000


def planted(change, unit=UNIT, t=15) -> set[tuple]:
    """Put a fault into one commune's list of one month; return what is told beyond the clean series."""
    months, keep = clean().copy(), np.ones(clean().shape[:2], dtype=bool)
    change(months, keep, t, households() == codes().index(unit))
    return told_of(found(counted(months, keep))) - baseline()


def biggest() -> str:
    return codes()[int(np.bincount(households()).argmax())]


def test_a_sheet_that_is_missing_is_told_once():
    def lose(months, keep, t, inside):
        keep[t, np.flatnonzero(inside)[::2]] = False

    unit = biggest()
    told = {f for f in planted(lose, unit) if f[0] == "jump_count"}
    assert [f[:3] for f in told] == [("jump_count", MONTHS[15], unit)]  # not once a measure, nor when it comes back


def test_a_lost_column_is_told_as_a_count_a_rate_and_as_moving_alone():
    def blank(months, keep, t, inside):
        months[t, inside, 4] = False

    unit = codes()[int(np.argmax(np.bincount(households(), weights=clean()[15, :, 4])))]
    told = {f for f in planted(blank, unit) if f[2] == unit}
    assert {f[0] for f in told} == {"jump_count", "jump_rate", "moves_alone"}
    assert {f[3] for f in told} == {"deprived_5"}
    assert {f[1] for f in told if f[0].startswith("jump")} == {MONTHS[15]}
    assert {f[1] for f in told if f[0] == "moves_alone"} == {MONTHS[15], MONTHS[16]}  # there and back


def test_swapped_columns_of_men_and_women():
    def swap(months, keep, t, inside):
        months[t, inside, -1] = ~months[t, inside, -1]

    told = planted(swap, biggest())
    assert told == {("sex_swapped", MONTHS[15], biggest(), "male_head")}
    told = planted(swap, biggest(), t=4)  # from the fourth month on there is a history
    assert {f[0] for f in told} == {"sex_swapped"}


def test_a_share_of_men_that_falls_away_is_no_swap():
    """A column of men that was left out falls to nothing; swapped, it would fall to what women had."""

    def blank(months, keep, t, inside):
        months[t, inside, -1] = False

    assert "sex_swapped" not in {f[0] for f in planted(blank, biggest())}


@pytest.mark.parametrize(
    "others, size, second, told",
    [
        ([0.01] * 11, 100, "2025-02", True),
        ([0.04] * 11, 100, "2025-02", False),  # they all move
        ([0.0] * 10 + [0.06], 100, "2025-02", False),  # another moves as well
        ([0.0] * 7, 100, "2025-02", False),  # too few to say what is usual
        ([0.0] * 11, 25, "2025-02", False),  # too few households
        ([0.0] * 11, 100, "2025-03", False),  # a month lies between
    ],
)
def test_what_moving_alone_is(others, size, second, told):
    rows = []
    for month, moved in (("2025-01", 0), (second, 1)):
        for i, change in enumerate([0.4, *others]):
            numerator = round(size * (0.2 + change * moved))
            rows.append((month, "C_commune", UNIT, f"deprived_{i + 1}", numerator, size, "all", "household"))
    columns = ["month", "area_set", "code", "measure", "numerator", "denominator", "group", "base"]
    expected = {("moves_alone", second, UNIT, "deprived_1")} if told else set()
    assert told_of(found(pd.DataFrame(rows, columns=columns))) == expected


def test_all_indicators_moving_together_move_not_alone():
    def review(months, keep, t, inside):
        months[t:, inside, :12] &= np.random.default_rng(1).random((inside.sum(), 12)) < 0.3

    told = planted(review, biggest())
    assert not any(f[0] == "moves_alone" for f in told) and any(f[0] == "jump_rate" for f in told)


def test_the_city_is_not_the_sum_of_its_communes():
    frame = counted(clean())
    spot = at(frame, month="2025-03", code="46", measure="deprived_3")
    frame.loc[spot, "numerator"] += 1
    result = found(frame)
    assert told_of(result) - baseline() == {("parts_differ", "2025-03", "46", "deprived_3")}
    row = result[result["rule"] == "parts_differ"].iloc[0]
    assert row["severity"] == "error" and row["figure"] == row["expected"] + 1 and row["area_set"] == "city"
    assert "tháng 3 năm 2025" in row["sentence_vi"] and "March 2025" in row["sentence_en"]


def test_a_missing_part_is_neither_zero_nor_excuse():
    frame = counted(clean()).query("measure == 'deprived_3'")
    spot = at(frame, month="2025-03", code=UNIT)
    frame.loc[spot, ["numerator", "denominator"]] = pd.NA
    whole = found(frame)
    assert not (whole["rule"] == "parts_differ").any()  # the city may hold more than its known parts
    frame.loc[at(frame, month="2025-03", code="46", measure="deprived_3"), "denominator"] = 100
    told = told_of(found(frame)) - told_of(whole)
    assert ("parts_differ", "2025-03", "46", "deprived_3") in told  # but never less
    frame.loc[at(frame, month="2025-03", code="46"), ["numerator", "denominator"]] = pd.NA
    assert not (found(frame)["rule"] == "parts_differ").any()


@pytest.mark.parametrize("numerator, denominator", [(31, 30), (-1, 30)])
def test_a_rate_above_one_or_below_zero(numerator, denominator):
    row = {"month": "2025-12", "area_set": "C_commune", "code": UNIT, "group": "all", "base": "household"}
    row |= {"measure": "deprived_any", "numerator": numerator, "denominator": denominator}
    (told,) = found(pd.DataFrame([row])).to_dict("records")
    assert (told["rule"], told["severity"], told["figure"], told["expected"]) == (
        "rate_above_one",
        "error",
        numerator,
        denominator,
    )
    assert told["sentence_vi"].startswith("Phường Phú Xuân (19753), tháng 12 năm 2025, Hộ thiếu hụt thông tin")


def test_a_programme_moves_by_steps():
    frame = counted(clean())
    frame = frame[frame["measure"] == "deprived_1"].assign(measure="covered")
    frame.loc[at(frame, month="2025-06", code=biggest()), "numerator"] = 0
    frame = frame[frame["area_set"] == "C_commune"]
    assert found(frame).empty
    assert len(found(frame.assign(measure="deprived_1")))


def test_too_short_a_history_is_not_judged():
    limits = RULES["jump_count"].limits
    assert plausibility.outliers([50, 51, 50, 52, 51, 52, 90], [1] * 7, limits) == []
    assert plausibility.outliers([50, 51, 50, 52, 51, 52, 53, 90], [1] * 8, limits) == [(7, 54.0)]
    nan = float("nan")
    assert plausibility.outliers([50, 51, nan, 50, 52, 51, 52, 90], [1] * 8, limits) == []
    assert plausibility.outliers([50] * 9 + [59], [1] * 10, limits) == []  # below the least that is told
    assert plausibility.outliers([50] * 9 + [60], [1] * 10, limits) == [(9, 50.0)]
    assert plausibility.outliers([50] * 9 + [60], [2] * 10, limits) == []  # within six times the floor
    assert plausibility.outliers(list(range(0, 200, 10)), [1] * 20, limits) == []  # a steady rise is no jump


# ---- lists


def test_clean_lists_give_no_finding():
    for t in (20, 21, 22, 23):
        assert plausible_lists.check(lists(t), lists(t - 1)).empty
        assert plausible_lists.check(lists(t)).empty


def inside(frame: pd.DataFrame, unit: str = UNIT) -> pd.Series:
    return frame["commune_code"] == unit


def test_a_list_sent_twice():
    now, before = lists(22), lists(21)
    copied = before[inside(before)].sample(frac=1, random_state=1).assign(month=MONTHS[22])  # in another order
    now = pd.concat([now[~inside(now)], copied], ignore_index=True)
    (told,) = plausible_lists.check(now, before).to_dict("records")
    assert (told["rule"], told["code"], told["figure"]) == ("copied_list", UNIT, len(copied))
    assert told["area_set"] == "C_commune" and told["month"] == MONTHS[22]
    tick = now.index[inside(now)][0]
    now.loc[tick, "deprived_2"] = not now.loc[tick, "deprived_2"]
    assert plausible_lists.check(now, before).empty
    every = plausible_lists.check(before.assign(month=MONTHS[22]), before)
    assert set(every["rule"]) == {"copied_list"} and len(every) == 40


def test_still_lists_in_a_still_month_are_no_copies():
    """Where hardly a household of the city changed, a commune's list without a change is what is to be expected."""
    before = lists(21)
    now = before.assign(month=MONTHS[22])
    now.loc[now.index[:3], "deprived_2"] = ~now.loc[now.index[:3], "deprived_2"]
    assert plausible_lists.check(now, before).empty


def test_a_list_sent_again_after_the_units_changed():
    """The lists of June of the communes that made up Phú Xuân, sent again in July as its own."""
    now = lists(18)
    former = sorted(c for c, m in units.leaves("B_commune").items() if m <= units.leaves("C_commune")[UNIT])
    assert MONTHS[18] == "2025-07" and len(former) > 1
    before = now.assign(month="2025-06")
    parts = np.resize(former, int(inside(before).sum()))
    before.loc[inside(before), "commune_code"] = parts
    before = before[inside(now)]
    (told,) = plausible_lists.check(now, before).to_dict("records")
    assert (told["rule"], told["code"]) == ("copied_list", UNIT)


def test_sizes_filled_in_without_asking():
    now = lists(22)
    now.loc[inside(now), "members"] = 4
    (told,) = plausible_lists.check(now, lists(21)).to_dict("records")
    assert (told["rule"], told["code"], told["figure"]) == ("heaped", UNIT, 1.0)
    assert told["expected"] == pytest.approx((now.loc[~inside(now), "members"] == 4).mean())
    now.loc[inside(now), "members"] = np.resize([4] * 4 + [3], int(inside(now).sum()))
    assert plausible_lists.check(now, lists(21)).empty


@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize("with_last", [True, False])
def test_a_column_left_out_or_filled_down(value, with_last):
    now = lists(22)
    share = now.groupby("commune_code")["deprived_3"].mean()
    size = now["commune_code"].value_counts()
    unit = ((share if value else 1 - share) ** size).idxmin()
    now.loc[inside(now, unit), "deprived_3"] = value
    (told,) = plausible_lists.check(now, lists(21) if with_last else None).to_dict("records")
    assert (told["rule"], told["code"], told["measure"]) == ("all_alike", unit, "deprived_3")
    assert told["figure"] == float(value)
    before = lists(21)
    before.loc[inside(before, unit), "deprived_3"] = value
    assert plausible_lists.check(now, before).empty  # it was so last month: this is told when it began


def test_unknown_ticks_and_short_lists_are_not_judged():
    now = lists(22).astype({"deprived_3": "boolean"})
    now.loc[inside(now), "deprived_3"] = pd.NA
    assert plausible_lists.check(now, lists(21)).empty
    few = now[inside(now)].head(19).assign(members=4, deprived_1=True)
    assert plausible_lists.check(pd.concat([few, now[~inside(now)]]), None).empty
    assert plausible_lists.check(now.head(0)).empty


# ---- wording


def test_findings_hold_no_person_and_both_languages():
    now = lists(22)
    now.loc[inside(now), "members"] = 4
    frame = plausible_lists.check(pd.concat([now[~inside(now, OTHER)], lists(21)[inside(lists(21), OTHER)]]), lists(21))
    assert list(frame.columns) == plausibility.COLUMNS and len(frame) == 2
    text = " ".join(frame[["sentence_vi", "sentence_en"]].to_numpy().ravel())
    assert not any(f"h{i}" in text.split() for i in range(200)) and "{" not in text
    assert frame["sentence_vi"].str.endswith(".").all()


def test_every_rule_is_in_the_table():
    lines = plausibility.markdown().splitlines()
    assert len(lines) == 2 + len(RULES) and {r.severity for r in RULES.values()} == {"error", "warning"}
    for rule in RULES.values():
        fields = [{w.split("}")[0] for w in text.split("{")[1:]} for text in (rule.vi, rule.en)]
        assert fields[0] == fields[1] and {"unit", "month"} <= fields[0]
