"""Backward figures: unions, villages that tell a former commune, estimates whose bounds hold the truth, notes."""

import csv
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infoaccess import bridge, comparability, units
from infoaccess.errors import UsageError

LINEAGE = list(csv.DictReader((Path(__file__).resolve().parents[1] / "geo" / "lineage.csv").open(encoding="utf-8")))
LEAVES = [r["A_code"] for r in LINEAGE]
UNIT = {r["A_code"]: r["C_code"] for r in LINEAGE}
DISTRICT = {"A_district": {r["A_code"]: r["A_district_code"] for r in LINEAGE}}
DISTRICT["B_district"] = {r["A_code"]: r["B_district_code"] for r in LINEAGE}
FOUR = {"19873", "20014", "19930", "19900"}  # Phong Quảng, Hóa Châu, Mỹ Thượng, Thuận An
targets = st.sampled_from(sorted(DISTRICT))
counts = st.lists(st.integers(0, 40), min_size=141, max_size=141)


def summed(values: dict[str, int], home: dict[str, str]) -> Counter:
    sums = Counter(dict.fromkeys(home.values(), 0))
    for leaf, value in values.items():
        sums[home[leaf]] += value
    return sums


@pytest.mark.parametrize("target, members", [("A_district", "474 476 477 478"), ("B_district", "474 475 476 477 478")])
def test_four_units_straddle_and_force_one_union(target, members):
    assert set(bridge.straddling("C_commune", target)) == FOUR
    (union,) = bridge.unions("C_commune", target).to_dict("records")
    assert union == {"members": members, "units": len(members.split()), "straddling": " ".join(sorted(FOUR))}
    values = {leaf: n for n, leaf in enumerate(LEAVES)}
    inside = list(members.split())
    now = summed(values, UNIT)
    parts = {UNIT[leaf] for leaf in LEAVES if DISTRICT[target][leaf] in inside}
    assert sum(now[p] for p in parts) == sum(summed(values, DISTRICT[target])[t] for t in inside)


def test_forward_needs_no_union():
    assert bridge.unions("A_commune", "C_commune").empty
    assert bridge.unions("A_district", "B_district").to_dict("list")["members"] == ["474 475"]


# ---- villages. Hóa Châu 20014 = Quảng Thành 19891 (district 477), Hương Phong 20002 and Hương Vinh 20014 (474).


def lists(*rows) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["month", "commune_code", "village"])


HEARD = [
    ("2024-05", "19891", "Thôn Thành Trung"),
    ("2024-05", "20002", "Thôn Thuận Hòa"),
    ("2024-05", "20014", "TDP Triều Sơn"),
]


def learned(*rows) -> dict:
    table = bridge.learn(lists(*HEARD, *rows))
    table = table[table["code"] == "20014"].set_index("village")
    return {village: (table["A_code"][village], table["why"][village]) for village in table.index}


def test_a_village_of_one_commune_is_learned_however_it_is_spelled():
    table = bridge.learn(lists(*HEARD, ("2023-01", "20002", "THÔN  THUẬN HOÀ")))
    row = table[table["village"] == "thôn thuận hòa"].iloc[0]
    assert (row["code"], row["A_code"], row["households"], row["why"]) == ("20014", "20002", 2, "agreed")


def test_a_village_name_of_two_communes_is_not_learned():
    found = learned(("2023-01", "20002", "Thôn 1"), ("2024-01", "19891", "Thôn 1"))
    assert found["thôn 1"][1] == "contradicted" and pd.isna(found["thôn 1"][0])


def test_the_same_village_name_in_another_unit_does_not_disturb():
    assert learned(("2023-01", "20044", "Thôn Thuận Hòa"))["thôn thuận hòa"] == ("20002", "agreed")


def test_a_commune_never_heard_from_makes_the_unit_uncertain():
    table = bridge.learn(lists(*HEARD[:2]))
    assert set(table["why"]) == {"silent"} and table["A_code"].isna().all()


def test_merged_communes_of_2025_say_less_and_can_contradict():
    # Phong Hải 19843 of early 2025 = Phong Hải 19840 and Điền Hải 19843 of before; all in Phong Quảng 19873.
    heard = [("2024-05", c, f"Thôn {c}") for c in ("19840", "19843", "19873", "19879")]
    rows = [("2025-02", "19843", "Thôn Mới"), ("2025-02", "19843", "Thôn 19840"), ("2025-02", "19843", "Thôn 19879")]
    table = bridge.learn(lists(*heard, *rows)).set_index("village")
    assert table["why"].to_dict() == {
        "thôn mới": "several", "thôn 19840": "agreed", "thôn 19879": "contradicted", "thôn 19843": "agreed",
        "thôn 19873": "agreed",
    }  # fmt: skip
    assert table.loc["thôn 19840", "A_code"] == "19840" and table.loc["thôn 19840", "households"] == 2


def test_households_are_resolved_by_unit_village_or_point_and_the_code_wins():
    table = bridge.learn(lists(*HEARD))
    houses = pd.DataFrame(
        [
            ("20014", "thôn Thuận Hoà", None, "474", "village"),
            ("20014", "Thôn Thành Trung", "19891", "477", "village"),
            ("20014", "Thôn Thành Trung", "20002", None, "conflict"),
            ("20014", "TDP Triều Sơn", "20002", "474", "village"),  # another commune of the same district
            ("20014", "Thôn Lạ", "19891", "477", "point"),
            ("20014", None, "19891", "477", "point"),
            ("20014", "Thôn Lạ", "19750", None, "unknown"),  # a point in another unit: the code wins
            ("20014", "Thôn Lạ", None, None, "unknown"),
            ("20044", "Thôn Thành Trung", "19891", "481", "unit"),
            ("99999", "Thôn Thành Trung", None, None, "unknown"),
        ],
        columns=["commune_code", "village", "point", "target", "by"],
        index=range(100, 110),
    )
    found = bridge.resolve(houses, table, "C_commune", "A_district", houses["point"])
    assert found.index.tolist() == houses.index.tolist() and found["by"].tolist() == houses["by"].tolist()
    assert found["target"].where(found["target"].notna(), None).tolist() == houses["target"].tolist()
    report = bridge.coverage(houses, found, "C_commune", "A_district").set_index("code")
    assert report.loc["20014"].to_dict() == {
        "households": 8, "village": 3, "point": 2, "conflict": 1, "unknown": 2, "resolved": 5,
    }  # fmt: skip
    assert report.drop("20014").to_numpy().sum() == 0 and set(report.index) == FOUR


@settings(deadline=None)
@given(st.data())
def test_what_villages_resolve_is_true_when_earlier_lists_knew_every_village(tried, data):
    """Households with a known former commune; some villages bear one name in several communes."""
    tried["village tables"] += 1
    leaves = [leaf for leaf in LEAVES if UNIT[leaf] in FOUR]
    village = st.integers(1, 12).map("Thôn {}".format)
    inside = {leaf: data.draw(st.lists(village, min_size=1, max_size=4, unique=True)) for leaf in leaves}
    earlier = lists(*[("2024-06", leaf, v) for leaf, names in inside.items() for v in names])
    truth = [(leaf, v.upper()) for leaf, names in inside.items() for v in names for _ in range(2)]
    houses = pd.DataFrame({"commune_code": [UNIT[leaf] for leaf, _ in truth], "village": [v for _, v in truth]})
    found = bridge.resolve(houses, bridge.learn(earlier), "C_commune", "A_district")
    for (leaf, v), target in zip(truth, found["target"], strict=True):
        alone = sum(v.capitalize() in names for a, names in inside.items() if UNIT[a] == UNIT[leaf]) == 1
        assert (target == DISTRICT["A_district"][leaf]) if alone else pd.isna(target)


# ---- estimates


@settings(deadline=None)
@given(
    st.integers(0, 10**15), st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 10**12), min_size=1), st.data()
)
def test_apportionment(tried, total, weights, data):
    tried["apportionments"] += 1
    least = {k: data.draw(st.integers(0, total // len(weights))) for k in weights if data.draw(st.booleans())}
    shares = bridge.apportion(total, weights, least)
    if not sum(weights.values()):
        assert shares is None or (total == 0 and set(shares.values()) == {0})
        return
    assert sum(shares.values()) == total and all(shares[k] >= n for k, n in least.items())
    if not least:
        quota = {k: Fraction(total * w, sum(weights.values())) for k, w in weights.items()}
        assert all(abs(shares[k] - quota[k]) < 1 for k in weights)
        up = [quota[k] - int(quota[k]) for k in weights if shares[k] > quota[k]]
        down = [quota[k] - int(quota[k]) for k in weights if shares[k] < quota[k]]
        assert not up or not down or min(up) >= max(down)


def test_apportionment_ties_go_to_the_smaller_code():
    assert bridge.apportion(3, {"478": 1, "474": 1}) == {"474": 2, "478": 1}
    assert bridge.apportion(5, {"474": 0, "478": 0}) is None


@settings(deadline=None)
@given(targets, counts, counts, st.data())
def test_bounds_hold_the_truth_and_estimates_add_up(tried, target, now_leaf, base_leaf, data):
    tried["estimates"] += 1
    now_leaf, base_leaf = (dict(zip(LEAVES, values, strict=True)) for values in (now_leaf, base_leaf))
    home = DISTRICT[target]
    known = Counter()
    for leaf in LEAVES:
        if UNIT[leaf] in FOUR and data.draw(st.booleans()):
            known[UNIT[leaf], home[leaf]] += data.draw(st.integers(0, now_leaf[leaf]))
    now, truth = summed(now_leaf, UNIT), summed(now_leaf, home)
    found = bridge.estimate(now, base_leaf, "C_commune", target, known).set_index("code")
    assert all(found.loc[t, "lower"] <= truth[t] <= found.loc[t, "upper"] for t in truth)
    opened = {u: now[u] - sum(n for (s, _), n in known.items() if s == u) for u in FOUR}
    for code, row in found.iterrows():
        inside = sum(now_leaf[a] for a in LEAVES if home[a] == code and UNIT[a] not in FOUR)
        over = {UNIT[a] for a in LEAVES if home[a] == code} & FOUR
        assert row["lower"] == inside + sum(n for (_, t), n in known.items() if t == code)
        assert row["upper"] - row["lower"] == row["open"] == sum(opened[u] for u in over)
        assert row["state"] == "exact" or over
    if found["estimate"].notna().all():
        assert found["estimate"].sum() == sum(now.values())
        assert ((found["lower"] <= found["estimate"]) & (found["estimate"] <= found["upper"])).all()
    else:
        blind = {u for u in FOUR if now[u] and not sum(base_leaf[a] for a in LEAVES if UNIT[a] == u)}
        assert blind and set(found.index[found["estimate"].isna()]) <= {home[a] for a in LEAVES if UNIT[a] in blind}


@settings(deadline=None)
@given(targets, counts)
def test_an_unchanged_month_is_estimated_as_it_was(target, leaf):
    values = dict(zip(LEAVES, leaf, strict=True))
    found = bridge.estimate(summed(values, UNIT), values, "C_commune", target).set_index("code")["estimate"]
    assert found.to_dict() == dict(summed(values, DISTRICT[target]))


def test_every_bound_is_reached_by_some_truth():
    """No tighter bound holds: put all of a straddling unit in one of its leaves, then in another."""
    found = bridge.estimate(dict.fromkeys(units.leaves("C_commune"), 10), {}, "C_commune", "A_district")
    found = found.set_index("code")
    reached = {t: set() for t in found.index}
    for last in (False, True):
        for t in found.index:
            values = dict.fromkeys(LEAVES, 0)
            for members in units.leaves("C_commune").values():
                order = sorted(members, key=lambda m: (DISTRICT["A_district"][m] == t, m))
                values[order[-1 if last else 0]] += 10
            reached[t].add(summed(values, DISTRICT["A_district"])[t])
    assert all(reached[t] == {found.loc[t, "lower"], found.loc[t, "upper"]} for t in found.index)
    assert set(found.loc[found["estimate"].isna(), "state"]) == {"bounds"}  # no base month: bounds, but no guess


def test_a_worked_case():
    """Thuận An, 19900: 12 households now; in the base month 5 in Thuận An and Hải Dương (474), 15 in Phú Vang (478)."""
    base = dict.fromkeys(LEAVES, 0) | {"19900": 3, "19999": 2, "19903": 9, "19915": 6}
    now = dict.fromkeys(units.leaves("C_commune"), 0) | {"19900": 12}
    row = bridge.estimate(now, base, "C_commune", "A_district").set_index("code")
    assert row.loc["474", ["lower", "estimate", "upper"]].tolist() == [0, 3, 12]
    assert row.loc["478", ["lower", "estimate", "upper"]].tolist() == [0, 9, 12]
    row = bridge.estimate(now, base, "C_commune", "A_district", {("19900", "474"): 5}).set_index("code")
    assert row.loc["474", ["lower", "estimate", "upper"]].tolist() == [5, 5, 12]
    assert row.loc["478", ["lower", "estimate", "upper"]].tolist() == [0, 7, 7]


def test_missing_is_not_zero():
    now = pd.Series(1, index=sorted(units.leaves("C_commune")), dtype="Int64")
    now["20014"] = pd.NA  # Hóa Châu sent no list: districts 474 and 477 are not known, the others are
    found = bridge.estimate(now, dict.fromkeys(LEAVES, 1), "C_commune", "A_district").set_index("code")
    assert set(found.index[found["state"] == "unavailable"]) == {"474", "477"}
    assert found.loc[["474", "477"], ["exact", "lower", "estimate", "upper"]].isna().all(axis=None)
    assert found.loc["481", "estimate"] == 5 and found.loc["481", "state"] == "exact"
    base = {leaf: 1 for leaf in LEAVES if leaf != "19873"}  # one former commune unknown in the base month
    found = bridge.estimate(now.fillna(1), base, "C_commune", "A_district").set_index("code")
    assert set(found.index[found["state"] == "bounds"]) == {"476", "477"}


@pytest.mark.parametrize(
    "now, base, known, words",
    [
        ({"19900": -1}, {}, {}, "âm"),
        ({"19999": 1}, {}, {}, "19999"),  # a code of another era
        ({"19900": 1}, {"99999": 1}, {}, "99999"),
        ({"19900": 1}, {}, {("19900", "481"): 1}, "481"),
        ({"19900": 1}, {}, {("19900", "474"): 2}, "lớn hơn"),
    ],
)
def test_counts_that_would_be_lost_or_wrong_are_refused(now, base, known, words):
    with pytest.raises(UsageError, match=words):
        bridge.estimate(now, base, "C_commune", "A_district", known)


@settings(deadline=None)
@given(targets, counts, counts, counts, counts)
def test_share_bounds_hold_the_true_share(target, part_now, rest_now, part_base, rest_base):
    tables = [dict(zip(LEAVES, v, strict=True)) for v in (part_now, rest_now, part_base, rest_base)]
    part, rest = (bridge.estimate(summed(tables[n], UNIT), tables[n + 2], "C_commune", target) for n in (0, 1))
    found = bridge.estimate_share(part, rest).set_index("code")
    truth = [summed(tables[n], DISTRICT[target]) for n in (0, 1)]
    for code, row in found.iterrows():
        whole = truth[0][code] + truth[1][code]
        true = truth[0][code] / whole if whole else None
        low, mid, high = row[["lower_share", "estimate_share", "upper_share"]]
        if true is not None:
            assert (pd.isna(low) or low <= true + 1e-12) and (pd.isna(high) or true <= high + 1e-12)
        if pd.notna(mid) and pd.notna(low) and pd.notna(high):
            assert 0 <= low <= mid + 1e-12 and mid <= high + 1e-12 <= 1 + 2e-12
        if row["state"] == "exact" and true is not None:
            assert low == mid == high == pytest.approx(true)


# ---- notes


def test_the_note_says_what_compares():
    note = comparability.note(("A_district", "2024-12"), ("A_district", "2025-12"))
    text = "\n".join(note["vi"])
    assert "4 trong 9 đơn vị" in text and all(f"({c})" in text for c in ("474", "476", "477", "478"))
    assert "481" not in text and "35 xã nay thuộc phường, 6 thị trấn nay thuộc xã" in text
    note = comparability.note(("A_commune", "2024-12"), ("C_commune", "2025-12"))
    text = "\n".join(note["vi"])
    assert "tổng của 141 đơn vị bên thứ nhất bằng tổng của 40 đơn vị" in text and "suy luận" in text
    assert "40 mã" in text and "19753 là Phường Thuận Lộc và Phường Phú Xuân" in text and "4 tên" in text
    assert "Không đơn vị nào" in text
    alike = comparability.note(("C_commune", "2025-11"), ("C_commune", "2025-12"))["vi"]
    assert len(alike) == 3 and alike[0].startswith("Mọi tháng từ 11/2025 đến 12/2025 tính theo đơn vị cấp xã")


@pytest.mark.parametrize("first", [(s, m) for s in units.AREA_SETS for m in ("2024-06", "2025-03", "2025-12")])
def test_notes_are_whole_in_both_languages(first):
    for second in [(s, "2025-12") for s in units.AREA_SETS]:
        note = comparability.note(first, second)
        assert len(note["vi"]) == len(note["en"]) >= (2 if first[0] == second[0] else 3)
        assert all(s.endswith(".") and "{" not in s and "  " not in s for v in note.values() for s in v)
        digits = [sorted(c for c in " ".join(v) if c.isdigit()) for v in note.values()]
        assert abs(len(digits[0]) - len(digits[1])) < 60  # the labels' dates are written otherwise


def test_both_languages_have_the_same_sentences():
    assert comparability.TEXT["vi"].keys() == comparability.TEXT["en"].keys()


def test_reused_codes_and_names_against_the_lineage_file():
    codes, names = comparability.reused(("A_commune", "2024-12"), ("C_commune", "2025-12"))
    heirs = {c: {r["A_code"] for r in LINEAGE if r["C_code"] == c} for c in UNIT.values()}
    assert set(codes["code"]) == {c for c, a in heirs.items() if c in LEAVES and a != {c}}
    assert set(names["name"]) == {"Phường An Cựu", "Phường Hương An", "Xã Phú Hồ", "Xã Phú Vinh"}
    codes, names = comparability.reused(("A_district", "2024-12"), ("city", "2025-12"))
    assert codes.empty and names.to_dict("records") == [{"name": "Thành phố Huế", "code_1": "474", "code_2": "46"}]
