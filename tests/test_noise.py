"""Intervals against published tables, funnel limits against exact sums, ranks by brute force, the picture as XML."""

from fractions import Fraction
from math import comb
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infoaccess import funnel_chart, noise
from infoaccess.chart_plan import width
from infoaccess.errors import UsageError

SVG = "{http://www.w3.org/2000/svg}"
quick = settings(deadline=None, max_examples=60, derandomize=True)
pairs = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
unit_lists = st.lists(pairs, min_size=2, max_size=8)


def counted(*rows, **more) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["numerator", "denominator"])
    names = [f"Xã {i}" for i in range(len(rows))]
    return frame.assign(code=[f"{i:05d}" for i in range(len(rows))], name=names, **more)


# Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 3 (score without continuity correction).
@pytest.mark.parametrize(
    "pair, low, high",
    [((81, 263), 0.2553, 0.3662), ((15, 148), 0.0624, 0.1605), ((0, 20), 0.0, 0.1611), ((1, 29), 0.0061, 0.1718)],
)
def test_wilson_gives_newcombes_table(pair, low, high):
    found = noise.wilson(*pair)
    assert [round(v, 4) for v in found] == [low, high]


# Newcombe 1998, Statistics in Medicine 17:873-890, table II, method 10 (square and add of score intervals).
@pytest.mark.parametrize(
    "first, second, low, high",
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_differences_give_newcombes_table(first, second, low, high):
    assert [round(v, 4) for v in noise.difference(first, second)] == [low, high]
    back = noise.difference(second, first)
    assert [round(-v, 4) for v in back[::-1]] == [low, high]


@quick
@given(pairs, st.sampled_from([0.8, 0.95, 0.998]))
def test_wilson_bounds_solve_the_score_equation(tried, pair, level):
    tried["intervals"] += 1
    x, n = pair
    low, high = noise.wilson(x, n, level)
    assert 0 <= low <= x / n <= high <= 1
    for bound in {low, high} - {0.0, 1.0}:
        assert (x / n - bound) ** 2 * n == pytest.approx(noise.quantile(level) ** 2 * bound * (1 - bound), rel=1e-9)
    mirrored = noise.wilson(n - x, n, level)
    assert mirrored == (pytest.approx(1 - high), pytest.approx(1 - low))


def test_nobody_and_nonsense():
    assert noise.wilson(0, 0) is None and noise.difference((0, 0), (1, 2)) is None
    for pair in ((3, 2), (-1, 2)):
        with pytest.raises(ValueError):
            noise.wilson(*pair)
    with pytest.raises(ValueError):
        noise.quantile(1.0)


def tail_of(rate: Fraction, n: int, x: int, upper: bool) -> Fraction:
    return sum(comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in (range(x, n + 1) if upper else range(x + 1)))


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.integers(1, 30), st.integers(1, 19), st.sampled_from([Fraction(95, 100), Fraction(998, 1000)]))
def test_a_count_lies_outside_the_limits_exactly_when_it_is_improbable(tried, n, twentieths, level):
    tried["funnel limits"] += 1
    rate, tail = Fraction(twentieths, 20), (1 - level) / 2
    low, high = noise.limits(float(rate), n, float(level))
    for x in range(n + 1):
        assert (x / n > high) == (tail_of(rate, n, x, True) < tail)
        assert (x / n < low) == (tail_of(rate, n, x, False) < tail)


def test_limits_of_a_large_unit_are_the_normal_ones():
    for rate, n in ((0.3, 20_000), (0.97, 50_000)):
        half = noise.quantile(0.998) * (rate * (1 - rate) / n) ** 0.5
        found = noise.limits(rate, n, 0.998)
        assert found == (pytest.approx(rate - half, abs=half / 50), pytest.approx(rate + half, abs=half / 50))


def test_a_small_unit_is_never_far_off_for_one_household():
    """One household of five at a common rate of 2 %: the normal limits would cry, the exact ones do not."""
    frame = counted((1, 5), (39, 1995))
    assert noise.funnel(frame).units["verdict"].tolist() == ["within", "within"]


@quick
@given(unit_lists)
def test_verdicts_are_those_of_the_exact_test(tried, rows):
    tried["funnels"] += 1
    found = noise.funnel(counted(*rows))
    rate = Fraction(sum(a for a, _ in rows), sum(b for _, b in rows))
    assert found.rate == float(rate) and found.compared == len(rows)
    for (x, n), verdict in zip(rows, found.units["verdict"], strict=True):
        if len({Fraction(*r) for r in rows}) == 1:
            assert verdict == "equal"
            continue
        up, down = tail_of(rate, n, x, True), tail_of(rate, n, x, False)
        assert (verdict == "far_above") == (up < Fraction(1, 1000))
        assert (verdict in ("far_above", "above")) == (up < Fraction(25, 1000))
        assert (verdict == "far_below") == (down < Fraction(1, 1000))
        assert (verdict in ("far_below", "below")) == (down < Fraction(25, 1000))


def test_chance_alone_is_seldom_called_merit():
    """Units of one rate: outside 95 % at most 5 %, outside 99.8 % at most 0.2 %, six of 2400 drawn here."""
    rng = np.random.default_rng(1)
    verdicts, over = [], 0
    for _ in range(60):
        n = rng.integers(5, 300, 40)
        found = noise.funnel(counted(*zip(rng.binomial(n, 0.3), n, strict=True)))
        verdicts += found.units["verdict"].tolist()
        over += found.overdispersed
    share = pd.Series(verdicts).value_counts(normalize=True)
    assert 0.01 < 1 - share["within"] < 0.05
    assert share.get("far_above", 0) + share.get("far_below", 0) <= 0.005
    assert over <= 3


def test_real_differences_are_told_as_overdispersion():
    rng = np.random.default_rng(2)
    n = rng.integers(100, 300, 40)
    x = rng.binomial(n, rng.choice([0.2, 0.4], 40))
    frame = counted(*zip(x, n, strict=True))
    found, wide = noise.funnel(frame), noise.funnel(frame, widened=True)
    p = x.sum() / n.sum()
    z = np.sort((x / n - p) / np.sqrt(p * (1 - p) / n))
    z[:4], z[-4:] = z[4], z[-5]  # a tenth at each end
    assert found.dispersion == pytest.approx((z**2).mean()) and found.overdispersed
    assert "khác biệt thật" in noise.note(found) and "chưa nới" in noise.note(found)
    assert "đã nới" in noise.note(wide) and "widened by" in noise.note(wide, "en")
    far = [f.units["verdict"].str.startswith("far").sum() for f in (found, wide)]
    assert far[0] >= 10 and far[1] == 0
    (low, _), (wide_low, _) = found.limits(150)[0], wide.limits(150)[0]
    assert found.rate - wide_low == pytest.approx((found.rate - low) * found.dispersion**0.5)


@pytest.mark.parametrize("spread, told", [(6, False), (7, True)])
def test_overdispersion_is_told_from_two_standard_deviations_of_its_own(spread, told):
    """Forty units of 100, half above and half below 50: z squared is 1.44 or 1.96, the line 1 + 2 sqrt(2 / 40)."""
    found = noise.funnel(counted(*[(50 + spread, 100), (50 - spread, 100)] * 20))
    assert found.overdispersed == told


def test_units_without_a_rate_stay_and_say_why():
    frame = counted((10, 20), (None, 9), (None, None), (0, 0), (12, 20))
    frame = frame.assign(status=["published", "suppressed", "missing", "empty", "published"])
    found = noise.funnel(frame)
    assert found.units["verdict"].tolist() == ["within", "suppressed", "missing", "empty", "within"]
    assert found.rate == 22 / 40 and found.compared == 2
    assert found.units.loc[1:3, ["share", "lower_share", "upper_998"]].isna().all(axis=None)
    said = [noise.sentence(found, r) for r in found.units.to_dict("records")]
    assert [s.split(": ")[1][:20] for s in said[1:4]] == [
        "số liệu được che để ",
        "chưa có số liệu, khô",
        "không có đối tượng đ",
    ]
    assert all("{" not in noise.sentence(found, r, "en") for r in found.units.to_dict("records"))


@pytest.mark.parametrize(
    "rows, verdicts",
    [
        ([(3, 10)], ["alone"]),
        ([(3, 10), (None, None)], ["alone", "missing"]),
        ([(0, 10), (0, 90)], ["equal", "equal"]),
        ([(10, 10), (90, 90)], ["equal", "equal"]),
        ([(1, 10), (9, 90)], ["equal", "equal"]),
        ([(0, 0), (None, None)], ["empty", "missing"]),
    ],
)
def test_edges(rows, verdicts):
    found = noise.funnel(counted(*rows))
    assert found.units["verdict"].tolist() == verdicts and not found.overdispersed
    ranked = noise.ranks(counted(*rows))
    assert (ranked["best_rank"] == 1).all() and (ranked["worst_rank"] == len(ranked)).all()
    for lang in ("vi", "en"):
        for row in found.units.to_dict("records"):
            assert noise.sentence(found, row, lang).endswith(".")
        svg, data = funnel_chart.draw(found, x_title="Số hộ", y_title="Tỷ lệ", lang=lang)
        ElementTree.fromstring(svg)
        assert data["alt"]
    assert noise.funnel(counted()).rate is None and len(noise.ranks(counted())) == 0


@pytest.mark.parametrize("row", [(3, 2), (-1, 2), (10, 3_000_000_000)])
def test_money_and_nonsense_have_no_funnel(row):
    with pytest.raises(UsageError, match="00000"):
        noise.funnel(counted(row))


def test_sentences():
    found = noise.funnel(counted((300, 400), (16, 40), (380, 1000), (2, 40)))
    said = [noise.sentence(found, r) for r in found.units.to_dict("records")]
    assert "cao hơn mức chung rõ rệt" in said[0] and "75,0\N{NO-BREAK SPACE}% (300/400)" in said[0]
    assert "có thể do ngẫu nhiên" in said[1]
    assert "thấp hơn mức chung rõ rệt" in said[3]
    near = noise.funnel(counted((33, 50), (480, 1000)))
    assert "chưa rõ rệt" in noise.sentence(near, near.units.iloc[0].to_dict())
    ranked = noise.ranks(found.units).set_index("code")
    assert "xếp hạng 1/4, chắc chắn" in noise.sentence(found, found.units.iloc[0].to_dict(), ranked=ranked.loc["00000"])
    assert "từ hạng 2 đến hạng 3" in noise.sentence(found, found.units.iloc[1].to_dict(), ranked=ranked.loc["00001"])
    close = noise.funnel(counted((2, 4), (3, 4)))
    row = noise.ranks(close.units).iloc[0].to_dict()
    assert "không đủ để xếp hạng" in noise.sentence(close, close.units.iloc[1].to_dict(), ranked=row)
    assert noise.TEXT["vi"].keys() == noise.TEXT["en"].keys() >= set(noise.VERDICTS)
    assert funnel_chart.TEXT["vi"].keys() == funnel_chart.TEXT["en"].keys()


@quick
@given(unit_lists, st.randoms(use_true_random=False))
def test_ranks_are_those_of_all_comparisons(tried, rows, order):
    tried["rankings"] += 1
    frame = counted(*rows)
    found = noise.ranks(frame).set_index("code")
    level = 1 - 0.05 / (len(rows) - 1)
    for i, pair in enumerate(rows):
        row = found.loc[f"{i:05d}"]
        others = [r for j, r in enumerate(rows) if j != i]
        above = sum(noise.difference(other, pair, level)[0] > 1e-12 for other in others)
        below = sum(noise.difference(pair, other, level)[0] > 1e-12 for other in others)
        assert (row["surely_above"], row["surely_below"]) == (above, below)
        assert row["rank"] == 1 + sum(Fraction(*other) > Fraction(*pair) for other in others)
        assert row["best_rank"] == 1 + above <= row["rank"] <= row["worst_rank"] == len(rows) - below
    shuffled = frame.sample(frac=1, random_state=order.randrange(1000))
    pd.testing.assert_frame_equal(noise.ranks(shuffled), noise.ranks(frame))


def test_three_of_three_is_not_the_best():
    found = noise.ranks(counted((3, 3), (180, 200), (60, 200))).set_index("code")
    assert found.loc["00000", "rank"] == 1 and found.loc["00000", "worst_rank"] == 2
    assert found.loc["00001", ["best_rank", "worst_rank"]].tolist() == [1, 2]


# ---- the picture


def town(seed=5, names=None):
    rng = np.random.default_rng(seed)
    n = rng.integers(6, 420, 40)
    p = np.full(40, 0.42)
    p[[3, 9, 20, 21, 30]] = [0.68, 0.2, 0.6, 0.58, 0.7]
    frame = counted(*zip(rng.binomial(n, p), n, strict=True)).astype({"numerator": "Int64"})
    frame.loc[5, "numerator"] = pd.NA
    return noise.funnel(frame.assign(name=names or frame["name"]))


@pytest.mark.parametrize("wide", [720, 360])
def test_the_picture_holds_every_unit_with_a_rate_inside_its_frame(wide):
    found = town()
    svg, data = funnel_chart.draw(found, x_title="Số hộ trong danh sách", y_title="Tỷ lệ hộ thiếu hụt", wide=wide)
    root = ElementTree.fromstring(svg)
    _, _, across, tall = map(float, root.get("viewBox").split())
    marks = {g.get("data-code"): g for g in root.iter(f"{SVG}g") if g.get("data-code")}
    shown = found.units[found.units["share"].notna()].set_index("code")
    assert set(marks) == set(shown.index) and "00005" not in marks
    at = {c: tuple(map(float, g.get("transform")[10:-1].split())) for c, g in marks.items()}
    assert all(0 <= x <= across and 0 <= y <= tall for x, y in at.values())
    codes = list(at)
    for value, place, sign in (("denominator", 0, 1), ("share", 1, -1)):  # higher is up: y falls
        slope = np.polyfit([float(shown.loc[c, value]) for c in codes], [at[c][place] for c in codes], 1)
        fitted = np.polyval(slope, [float(shown.loc[c, value]) for c in codes])
        assert slope[0] * sign > 0 and np.abs(fitted - [at[c][place] for c in codes]).max() < 0.1
    far = set(shown.index[shown["verdict"].str.startswith("far")])
    assert {c for c, g in marks.items() if g[0].tag == f"{SVG}path"} == far and len(far) >= 3
    boxes = []
    for node in root.iter(f"{SVG}text"):
        long, x, y = width(node.text, float(node.get("font-size"))), float(node.get("x")), float(node.get("y"))
        left = {"start": x, "middle": x - long / 2, "end": x - long}[node.get("text-anchor")]
        boxes.append((left, y - 9, left + long, y + 2, node.text))
    assert all(a >= -1 and c <= across + 1 and b >= 0 and d <= tall for a, b, c, d, _ in boxes)
    for i, (a, b, c, d, text) in enumerate(boxes):
        for e, f, g, h, other in boxes[:i]:
            assert c <= e or g <= a or d <= f or h <= b, (text, other)
    assert data["alt"] == root.get("aria-label") and "1 đơn vị không có tỷ lệ" in data["alt"]


def test_the_curve_is_the_one_units_are_judged_by():
    found = town()
    _, data = funnel_chart.draw(found, x_title="x", y_title="y")
    curve = data["limits"].set_index("denominator")
    for n in curve.index[::20]:
        assert tuple(curve.loc[n]) == sum(found.limits(int(n)), ())
    assert curve.index.max() > found.units["denominator"].max()


def test_hostile_names_stay_text():
    name = "</svg><b>&\"'"
    svg, data = funnel_chart.draw(town(names=[name] * 40), x_title=name, y_title=name)
    texts = [node.text for node in ElementTree.fromstring(svg).iter(f"{SVG}text")]
    assert name in texts and svg.count("</svg>") == 1 and name in data["alt"]


def test_nothing_to_draw_gives_a_friendly_picture():
    svg, data = funnel_chart.draw(noise.funnel(counted((None, None))), x_title="x", y_title="Tỷ lệ")
    assert "Không có số liệu công bố" in svg and data["limits"].empty and data["note"] == ""
