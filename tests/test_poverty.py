"""Deprivation by Alkire and Foster: published examples, an oracle from the definitions, parts that add up."""

import random
from collections import defaultdict
from fractions import Fraction

import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infoaccess import poverty, poverty_parts, poverty_rules, tally, units
from infoaccess.errors import UsageError
from infoaccess.poverty_rules import Indicator, Rules

NOW = poverty_rules.named("ND07-2021")
TWELVE = [f"deprived_{j}" for j in range(1, 13)]
MONTH = "2025-12"
COMMUNES = dict(units.of("C_commune")[["code", "type"]].itertuples(index=False))
CODES = sorted(COMMUNES)[:6]
NAMES = ["commune_code", "commune_valid_from", "members", "minority", "head_male", "head_female", "poor", "near_poor"]
NAMES += ["policy", *TWELVE]
TYPES = dict.fromkeys(NAMES, pl.Boolean) | {
    "commune_code": pl.String,
    "commune_valid_from": pl.String,
    "members": pl.Int64,
}
BY = ["commune_code"]


def lists(rows: list[dict]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=TYPES)


def household(deprived=(), unknown=(), **other) -> dict:
    row = {"commune_code": CODES[0], "commune_valid_from": "2025-07-01", "members": 1, "minority": False}
    row |= {"head_male": True, "head_female": False, "poor": True, "near_poor": False, "policy": False}
    row |= {f"deprived_{j}": None if j in unknown else j in deprived for j in range(1, 13)}
    return row | other


def rules(weights: dict[str, int], cutoff: int, dimension=lambda j: "all") -> Rules:
    indicators = tuple(Indicator(j, j, dimension(j), w) for j, w in weights.items())
    return Rules("example", "", "", "2025-01", "2025-12", indicators, cutoff)


def results(sums: pl.DataFrame) -> dict[tuple[str, str], dict[str, tuple[int, int]]]:
    found = defaultdict(dict)
    for r in tally.merge([sums.drop(BY)]).iter_rows(named=True):
        found[r["base"], r["group"]][r["measure"]] = (r["numerator"], r["denominator"])
    return found


def result(sums: pl.DataFrame, base: str = "household", group: str = "all") -> dict[str, tuple[int, int]]:
    return results(sums)[base, group]


# ---- published examples


def test_alkire_and_foster_2011_four_persons():
    """Journal of Public Economics 95 (2011), the paper's example: achievements, cut-offs, k = 2 of 4."""
    achieved = [(13.1, 14, 4, 1), (15.2, 7, 5, 0), (12.5, 10, 1, 0), (20, 11, 3, 1)]
    lines = (13, 12, 3, 1)
    rows = [household([j + 1 for j in range(4) if a[j] < lines[j]]) for a in achieved]
    found = result(poverty.sums(lists(rows), rules(dict.fromkeys(TWELVE[:4], 1), 2), MONTH, BY))
    assert found["H"] == found["H_complete"] == (2, 4)  # H = 0.5
    assert found["A"] == (6, 8)  # A = 0.75
    assert found["M0"] == (6, 16)  # M0 = 0.375
    assert [found[f"uncensored_{j}"][0] for j in TWELVE[:4]] == [1, 3, 1, 2]
    assert [found[f"censored_{j}"][0] for j in TWELVE[:4]] == [1, 2, 1, 2]


def test_human_development_report_four_households_of_different_size():
    """UNDP, Human Development Report 2011, technical note 4: ten indicators, thirds, four households of 4, 7, 5, 4.

    Weights 1/6 and 1/18 are 3 and 1 of 18, the cut-off 33.3 % is 6. Published: scores 22.2, 72.2, 38.9 and 50.0 %,
    H = 0.800, A = 0.563, MPI = 0.450.
    """
    size = (4, 7, 5, 4)
    matrix = ["0101", "0100", "0010", "1101", "0111", "0010", "0110", "0000", "1111", "0101"]
    rows = [household([j + 1 for j in range(10) if matrix[j][h] == "1"], members=size[h]) for h in range(4)]
    dims = dict(zip(TWELVE, ["education"] * 2 + ["health"] * 2 + ["living"] * 6, strict=False))
    weights = {j: 3 if n < 4 else 1 for n, j in enumerate(TWELVE[:10])}
    example = rules(weights, 6, dims.get)
    scores = lists(rows).select(poverty.score(example)).collect().to_series()
    assert [round(100 * s / 18, 1) for s in scores] == [22.2, 72.2, 38.9, 50.0]
    sums = poverty.sums(lists(rows), example, MONTH, BY)
    found = result(sums, "person")
    assert found["H"] == (16, 20)
    assert found["A"] == (162, 16 * 18) and round(162 / (16 * 18), 3) == 0.562  # printed as 56.3 %: 0.5625
    assert found["M0"] == (162, 20 * 18) and Fraction(162, 360) == Fraction(45, 100)
    parts = poverty_parts.by_dimension(sums.filter(group="all", base="person"), example)
    assert dict(zip(parts["dimension"], parts["part"], strict=True)) == {"education": 54, "health": 48, "living": 60}


# ---- the oracle: one household at a time, from the definitions


def groups_of(h: dict) -> list[str]:
    found = ["all"] + [g for g in ("poor", "near_poor", "policy") if h[g]]
    if not h["poor"] and not h["near_poor"]:
        found.append("policy_only" if h["policy"] else "no_status")
    found.append({True: "minority_yes", False: "minority_no", None: "minority_unknown"}[h["minority"]])
    sexes = (bool(h["head_male"]), bool(h["head_female"]))
    found.append({(True, False): "head_male", (False, True): "head_female"}.get(sexes, "head_unknown"))
    n = h["members"]
    found.append(
        "size_unknown"
        if n is None
        else "size_1"
        if n == 1
        else "size_2_4"
        if n <= 4
        else "size_5_6"
        if n <= 6
        else "size_7_up"
    )
    kind = COMMUNES.get(h["commune_code"]) if h["commune_valid_from"] == "2025-07-01" else None
    found.append({"Xã": "rural", "Phường": "urban"}.get(kind, "residence_unknown"))
    return found


def measured(h: dict, r: Rules) -> dict[str, tuple[int, int]]:
    """Return what one household, or one member of it, adds to every measure; nothing where it is not known."""
    answers = {i.id: h[i.id] for i in r.indicators}
    possible = [sum(i.weight for i in r.indicators if (answers[i.id] or (answers[i.id] is None and w))) for w in (0, 1)]
    verdicts = {p >= r.cutoff for p in possible}
    whole = None not in answers.values()
    total = sum(i.weight for i in r.indicators)
    found = {"undecided": (int(len(verdicts) == 2), 1)}
    if len(verdicts) == 1:
        found["H"] = (int(True in verdicts), 1)
    poor = whole and possible[0] >= r.cutoff
    if whole:
        found["H_complete"] = (int(poor), 1)
        found["M0"] = (possible[0] if poor else 0, total)
    if poor:
        found["A"] = (possible[0], total)
    sets = {i.id: [i.id] for i in r.indicators}
    for i in r.indicators:
        sets.setdefault(i.dimension, []).append(i.id)
    for name, members in sets.items():
        told = [answers[m] for m in members]
        if True in told or None not in told:
            found[f"uncensored_{name}"] = (int(True in told), 1)
        if whole:
            found[f"censored_{name}"] = (int(poor and True in told), 1)
    return found


def oracle(rows: list[dict], r: Rules) -> dict[tuple, list[int]]:
    sums = defaultdict(lambda: [0] * 5)
    for h in rows:
        for measure, (up, low) in measured(h, r).items():
            for base, n in (("household", 1), ("person", h["members"])):
                if n is None:
                    continue
                for group in groups_of(h):
                    cell = sums[h["commune_code"], group, base, measure]
                    for k, add in enumerate((up * n, low * n, up > 0, low > up, 1)):
                        cell[k] += add
    return sums


bit = st.sampled_from([True, False, False, None])
household_rows = st.fixed_dictionaries(
    {n: bit for n in NAMES if TYPES[n] == pl.Boolean}
    | {
        "commune_code": st.sampled_from([*CODES, "99999"]),
        "commune_valid_from": st.sampled_from(["2025-07-01", "2025-07-01", "2025-07-01", "2021-07-01"]),
        "members": st.sampled_from([1, 2, 3, 4, 5, 6, 7, 12, None]),
    }
)
listed = st.lists(household_rows, min_size=4, max_size=25)
rule_sets = st.builds(
    lambda weights, cutoff: rules(
        dict(zip(TWELVE, weights, strict=False)),
        min(cutoff, sum(weights)),
        {i.id: i.dimension for i in NOW.indicators}.get,
    ),
    st.lists(st.integers(1, 4), min_size=2, max_size=4),
    st.integers(1, 8),
)
few = settings(derandomize=True, deadline=None, max_examples=12, suppress_health_check=[HealthCheck.too_slow])


def cells(sums: pl.DataFrame) -> dict[tuple, list[int]]:
    return {tuple(r[:4]): list(r[4:]) for r in sums.select(*BY, "group", "base", "measure", *tally.SUMS).iter_rows()}


def agrees(rows: list[dict], r: Rules) -> None:
    found, expected = cells(poverty.sums(lists(rows), r, MONTH, BY)), oracle(rows, r)
    assert set(expected) <= set(found)
    assert found == {key: expected[key] for key in found}  # a default dictionary: 0 where no household stands
    assert len(found) == len({h["commune_code"] for h in rows}) * len(poverty.GROUPS) * len(poverty.measures(r))


@few
@given(listed, rule_sets)
def test_every_count_is_that_of_the_definitions(tried, rows, r):
    tried["lists counted household by household"] += 1
    agrees(rows, r)


def many(count: int) -> list[dict]:
    draw = random.Random(12)
    told = {n: (False, False, False, True, True, None) if n[:8] == "deprived" else (False, True, None) for n in NAMES}
    rows = [{n: draw.choice(told[n]) for n in NAMES} for _ in range(count)]
    fixed = {"commune_valid_from": "2025-07-01"}
    return [
        r | fixed | {"commune_code": draw.choice(CODES), "members": draw.choice((None, *range(1, 9)))} for r in rows
    ]


def test_every_count_of_the_twelve_indicators_is_that_of_the_definitions():
    agrees(many(1500), NOW)


def test_groups_in_one_pass_are_those_of_tally():
    rows, r = many(200), NOW.within("y_te", 2)
    ours = poverty.sums(lists(rows), r, MONTH, BY).filter(pl.col("group").is_in(list(tally.GROUPS)))
    assert cells(ours) == cells(tally.tally(lists(rows), poverty.measures(r), BY))


@few
@given(listed, rule_sets, st.data())
def test_order_and_partitions_do_not_matter(tried, rows, r, data):
    tried["lists cut and shuffled"] += 1
    cut, order = data.draw(st.integers(1, len(rows))), data.draw(st.permutations(rows))
    parts = [p for p in (order[:cut], order[cut:]) if p]
    merged = tally.merge([poverty.sums(lists(p), r, MONTH, BY) for p in parts])
    assert cells(merged) == cells(poverty.sums(lists(rows), r, MONTH, BY))


@few
@given(listed, rule_sets)
def test_m0_is_h_times_a_and_every_decomposition_adds_up(tried, rows, r):
    tried["decompositions"] += 1
    rows = [h | {"near_poor": bool(h["near_poor"]) and not h["poor"]} for h in rows]
    sums = poverty.sums(lists(rows), r, MONTH, BY)
    for found in results(sums).values():
        m0, a, h = found["M0"], found["A"], found["H_complete"]
        assert m0[0] == a[0] == sum(i.weight * found[f"censored_{i.id}"][0] for i in r.indicators)
        assert m0[1] == h[1] * r.total_weight and a[1] == h[0] * r.total_weight
        if a[1]:
            assert Fraction(*m0) == Fraction(*h) * Fraction(*a)
        assert found["H"][1] + found["undecided"][0] == found["undecided"][1]
    parts = [(poverty_parts.by_indicator(sums, r), "group"), (poverty_parts.by_dimension(sums, r), "group")]
    parts += [(poverty_parts.by_group(sums, b), None) for b in poverty.BREAKDOWNS]
    m0 = sums.filter(measure="M0").to_pandas().set_index([*BY, "base", "group"])["numerator"]
    for frame, group in parts:
        keys = [*BY, "base", *([group] if group else [])]
        added = frame.groupby(keys)["part"].sum()
        expected = m0 if group else m0.xs("all", level="group")
        assert added.to_dict() == expected.to_dict()
        shares = frame.groupby(keys)["contribution_share"].sum()[added > 0]
        assert ((shares - 1).abs() < 1e-9).all()


@few
@given(listed, rule_sets, st.data())
def test_a_household_that_moves_changes_two_units(tried, rows, r, data):
    tried["households moved"] += 1
    n = data.draw(st.integers(0, len(rows) - 1))
    to = data.draw(st.sampled_from([c for c in CODES if c != rows[n]["commune_code"]]))
    moved = [h | {"commune_code": to} if k == n else h for k, h in enumerate(rows)]
    before, after = (cells(poverty.sums(lists(x), r, MONTH, BY)) for x in (rows, moved))
    zero = [0] * 5
    changed = {k[0] for k in before.keys() | after.keys() if before.get(k, zero) != after.get(k, zero)}
    assert changed == {rows[n]["commune_code"], to}


@few
@given(household_rows, rule_sets, st.data())
def test_what_is_decided_no_answer_can_change(tried, row, r, data):
    tried["answers filled in"] += 1
    verdict = lists([row]).select(poverty.deprived(r)).collect().item()
    unknown = [i.id for i in r.indicators if row[i.id] is None]
    told = {u: data.draw(st.booleans()) for u in unknown}
    ends = [
        lists([row | dict.fromkeys(unknown, b)]).select(poverty.deprived(r)).collect().item() for b in (False, True)
    ]
    if verdict is None:
        assert ends == [False, True]
    else:
        assert {lists([row | told]).select(poverty.deprived(r)).collect().item(), *ends} == {verdict}


# ---- the cases that people ask about


@pytest.mark.parametrize(
    "deprived, unknown, verdict",
    [
        ((1, 2, 3), (), True),
        ((1, 2), (), False),
        ((1, 2, 3), (11, 12), True),
        ((1,), (12,), False),
        ((1, 2), (12,), None),
        ((), (10, 11, 12), None),
    ],
)
def test_the_known_answers_decide_where_they_can(deprived, unknown, verdict):
    found = result(poverty.sums(lists([household(deprived, unknown)]), NOW, MONTH, BY))
    assert found["H"] == ((0, 0) if verdict is None else (int(verdict), 1))
    assert found["undecided"] == (int(verdict is None), 1)
    assert found["M0"] == ((0, 0) if unknown else (3 if verdict else 0, 12))


def test_one_household_without_information_from_answers_to_counts():
    rows = [household((1, 11, 12), members=4), household((11,), members=2), household((), members=3)]
    sums = poverty.sums(lists(rows), NOW, MONTH, BY)
    found, people = result(sums), result(sums, "person")
    assert (found["H"], found["A"], found["M0"]) == ((1, 3), (3, 12), (3, 36))
    assert (people["H"], people["A"], people["M0"]) == ((4, 9), (12, 48), (12, 108))
    assert found["uncensored_thong_tin"] == (2, 3) and found["censored_thong_tin"] == (1, 3)
    info = result(poverty.sums(lists(rows), NOW.within("thong_tin"), MONTH, BY))
    assert (info["H"], info["A"], info["M0"]) == ((2, 3), (3, 4), (3, 6))
    both = result(poverty.sums(lists(rows), NOW.within("thong_tin", 2), MONTH, BY))
    assert both["H"] == (1, 3)


def test_another_cutoff_is_another_standard():
    rows = [household(range(1, n + 1)) for n in range(13)]
    found = {k: lists(rows).select(poverty.deprived(NOW.with_cutoff(k)).sum()).collect().item() for k in range(1, 13)}
    assert found == {k: 13 - k for k in range(1, 13)}
    assert NOW.with_cutoff(3) is NOW and NOW.with_cutoff(4).id == "ND07-2021/k=4"
    for wrong in (0, 13, -1, True, 2.0):
        with pytest.raises(UsageError, match="ngưỡng"):
            NOW.with_cutoff(wrong)
    with pytest.raises(UsageError, match="ngưỡng"):
        NOW.within("thong_tin", 3)


def test_urban_and_rural_follow_the_months_era_and_the_break_is_counted():
    """35 communes that were rural lie in a ward since July 2025, six townships in a commune."""
    assert poverty.residence_changes("2025-07", MONTH) == {"rural_to_urban": 0, "urban_to_rural": 0}
    assert poverty.residence_changes("2024-12", MONTH) == {"rural_to_urban": 35, "urban_to_rural": 6}
    kinds = {m: poverty.residence(m)["residence"].value_counts().to_dict() for m in ("2024-12", "2025-01", MONTH)}
    assert kinds["2024-12"] == {"rural": 95, "urban": 46}
    assert kinds["2025-01"] == {"rural": 78, "urban": 55}
    assert kinds[MONTH] == {"rural": 19, "urban": 21}
    old = [household(commune_code="19753", commune_valid_from="2021-07-01")]  # a code of both eras
    assert result(poverty.sums(lists(old), NOW, MONTH, BY), group="residence_unknown")["H"] == (0, 1)
    assert result(poverty.sums(lists(old), NOW, "2024-12", BY), group="urban")["H"] == (0, 1)


def test_units_add_up_to_the_city_and_what_is_missing_stands_as_the_rest():
    def row(area_set, code, numerator):
        key = {"area_set": area_set, "code": code, "valid_from": "2025-07-01", "group": "all", "base": "household"}
        return key | {"measure": "M0", **dict.fromkeys(tally.SUMS, 0), "numerator": numerator}

    counts = pl.DataFrame([row("city", "46", 10), row("C_commune", "1", 4), row("C_commune", "2", None)])
    found = poverty_parts.by_unit(counts, "C_commune")
    assert found[["code", "part", "whole"]].values.tolist() == [["1", 4, 10], ["rest", 6, 10]]
    assert found["contribution_share"].tolist() == [0.4, 0.6]
    nothing = poverty_parts.by_unit(
        counts.filter(pl.col("numerator").is_null() | (pl.col("code") == "46")), "C_commune"
    )
    assert nothing[["code", "part"]].values.tolist() == [["rest", 10]]


def test_parts_that_overlap_are_no_contributions():
    twice = poverty.sums(lists([household((1, 2, 3), near_poor=True)]), NOW, MONTH, BY)
    with pytest.raises(AssertionError, match="do not add up"):
        poverty_parts.by_group(twice, "status")
    with pytest.raises(UsageError, match="cách chia nhóm"):
        poverty_parts.by_group(twice, "village")
    with pytest.raises(UsageError, match="không phải của chuẩn"):
        poverty_parts.by_indicator(twice, rules({"deprived_1": 1, "other": 1}, 1))
    table = poverty_parts.table(twice.filter(measure="A", base="household"))
    assert table.set_index("group")["share"]["all"] == 0.25 and pd.isna(table.set_index("group")["share"]["policy"])


# ---- rule sets of the office's own

OWN = """
[thu]
title = "Chuẩn minh họa, không phải văn bản"
source = "minh họa"
valid_from = "2027-01"
valid_to = "2030-12"
poor_cutoff = {cutoff}
[[thu.indicators]]
id = "deprived_11"
name = "Internet"
dimension = "thong_tin"
weight = {weight}
[[thu.indicators]]
id = "{other}"
name = "Khác"
dimension = "khac"
weight = 1
"""


def own(tmp_path, cutoff="2", weight="1", other="deprived_12", more="") -> Rules:
    path = tmp_path / "thu.toml"
    path.write_text(OWN.format(cutoff=cutoff, weight=weight, other=other) + more, encoding="utf-8")
    return poverty_rules.read(path)


def test_a_rule_set_of_a_file_is_read_and_checked(tmp_path):
    good = own(tmp_path)
    assert (good.id, good.cutoff, good.total_weight, list(good.dimensions)) == ("thu", 2, 2, ["thong_tin", "khac"])
    bad = [{"cutoff": "0"}, {"cutoff": "3"}, {"cutoff": "1.5"}, {"weight": "0"}, {"weight": "0.5"}, {"weight": "true"}]
    bad += [{"other": "deprived_11"}, {"more": "[hai]\n"}, {"more": "x ="}]
    for change in bad:
        with pytest.raises(UsageError):
            own(tmp_path, **change)
    for text in ("", "[thu]\ntitle = 'a'\n", "thu = 1\n"):
        (tmp_path / "thu.toml").write_text(text, encoding="utf-8")
        with pytest.raises(UsageError):
            poverty_rules.read(tmp_path / "thu.toml")
    with pytest.raises(UsageError, match="Không đọc được"):
        poverty_rules.read(tmp_path / "absent.toml")


def test_an_indicator_that_lists_do_not_hold_is_refused_by_name(tmp_path):
    strange = own(tmp_path, other="deprived_13")
    with pytest.raises(UsageError, match="deprived_13"):
        poverty.sums(lists([household()]), strange, MONTH, BY)
