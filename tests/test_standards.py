"""Two rule sets on one list: every change is counted once, with the part of the standard that decides it."""

import ast
import json
import random
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infoaccess import areas, poverty_rules, standards, units
from infoaccess.errors import UsageError
from infoaccess.poverty_rules import Indicator, Rules

ROOT = Path(__file__).resolve().parents[1]
NOW = poverty_rules.named("ND07-2021")
TWELVE = [f"deprived_{j}" for j in range(1, 13)]
CODES = ["19753", "19774", "19777"]
SCHEMA = {"commune_code": pl.String, "members": pl.Int64, "poor": pl.Boolean, "near_poor": pl.Boolean}
SCHEMA |= dict.fromkeys(TWELVE, pl.Boolean)


def lists(rows: list[dict]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=SCHEMA)


def household(deprived=(), unknown=(), **other) -> dict:
    row = {"commune_code": CODES[0], "members": 3, "poor": True, "near_poor": False}
    return row | {f"deprived_{j}": None if j in unknown else j in deprived for j in range(1, 13)} | other


def rules(weights: dict[int, int], cutoff: int, name: str = "minh_hoa") -> Rules:
    indicators = tuple(Indicator(f"deprived_{j}", f"chỉ số {j}", "x", w) for j, w in weights.items())
    return Rules(name, "Chuẩn minh họa, không phải văn bản", "", "2022-01", "2026-12", indicators, cutoff)


ONES = dict.fromkeys(range(1, 13), 1)


def told(rows: list[dict], first: Rules, second: Rules) -> list[tuple]:
    found = standards.count(lists(rows), first, second)
    return found.filter(pl.col("first") != pl.col("second")).select("first", "second", "reason", "households").rows()


# ---- the oracle: one household at a time, from the definitions


def classed(h: dict, weights: dict[str, int], cutoff: int) -> str:
    if h["poor"] is False and h["near_poor"] is False:
        return "above_line"
    if not (h["poor"] or h["near_poor"]):
        return "undecided"
    ends = {sum(w for i, w in weights.items() if h[i] or (h[i] is None and most)) >= cutoff for most in (False, True)}
    return "undecided" if len(ends) == 2 else "poor" if True in ends else "near_poor"


def plain(r: Rules) -> dict:
    return {i.id: i.weight for i in r.indicators} | {"cutoff": r.cutoff}


def judged(h: dict, r: dict) -> str:
    return classed(h, {k: w for k, w in r.items() if k != "cutoff"}, r["cutoff"])


def expected(rows: list[dict], first: Rules, second: Rules) -> Counter:
    """Count households by class, class and reason; both rule sets must be in smallest weights."""
    a, b = plain(first), plain(second)
    parts = [p for p in ("cutoff", *TWELVE) if a.get(p, 0) != b.get(p, 0)]
    found = Counter()
    for h in rows:
        was, becomes, reason = judged(h, a), judged(h, b), ""
        if was != becomes:
            need = [p for p in parts if judged(h, b | {p: a.get(p, 0)}) == was]
            one = [p for p in parts if judged(h, a | {p: b.get(p, 0)}) == becomes]
            reason = " + ".join(need) or " / ".join(one) or "joint"
            if "undecided" in (was, becomes):
                reason = "unknown"
        found[was, becomes, reason] += 1
    return found


bit = st.sampled_from([True, False, False, None])
rows_of = st.lists(
    st.fixed_dictionaries(
        {n: bit for n in SCHEMA if SCHEMA[n] == pl.Boolean}
        | {"members": st.sampled_from([1, 4, None]), "commune_code": st.sampled_from(CODES)}
    ),
    min_size=5,
    max_size=40,
)
weights_of = st.dictionaries(st.integers(1, 12), st.integers(1, 3), min_size=2, max_size=6)
made = st.builds(
    lambda w, k, n: rules(w, min(k, sum(w.values())), n).reduced(), weights_of, st.integers(1, 8), st.just("a")
)
some = settings(derandomize=True, deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])


@some
@given(rows_of, made, made)
def test_every_change_and_reason_is_that_of_the_definitions(tried, rows, first, second):
    tried["dual runs counted household by household"] += 1
    found = standards.count(lists(rows), first, second).select("first", "second", "reason", "households").rows()
    assert {r[:3]: r[3] for r in found} == dict(expected(rows, first, second))


@some
@given(rows_of, made, made, st.data())
def test_a_dual_run_is_additive_and_turns_round(tried, rows, first, second, data):
    tried["dual runs turned round"] += 1
    cut = data.draw(st.integers(1, len(rows) - 1))
    order = data.draw(st.permutations(rows))
    keys, by = ["commune_code", "first", "second", "reason"], ["commune_code"]
    parts = [standards.count(lists(p), first, second, by) for p in (order[:cut], order[cut:])]
    added = pl.concat(parts).group_by(keys).agg(pl.col(standards.NUMBERS).sum()).sort(keys)
    whole = standards.count(lists(rows), first, second, by).select(*keys, *standards.NUMBERS)
    assert added.rows() == whole.sort(keys).rows()
    assert whole["households"].sum() == len(rows)
    assert whole["people"].sum() == sum(h["members"] or 0 for h in rows)
    assert whole["households_without_size"].sum() == sum(h["members"] is None for h in rows)
    back = standards.count(lists(rows), second, first)
    square = {(a, b): n for a, b, n in whole.group_by("first", "second").agg(pl.col("households").sum()).rows()}
    turned = {(b, a): n for a, b, n in back.group_by("first", "second").agg(pl.col("households").sum()).rows()}
    assert square == turned


def test_the_same_standard_in_other_units_changes_nobody():
    draw = random.Random(3)
    rows = [household([j for j in range(1, 13) if draw.random() < 0.25]) for _ in range(300)]
    tens = rules(dict.fromkeys(range(1, 13), 10), 30)
    assert standards.differences(NOW, tens).empty
    assert told(rows, NOW, tens) == [] and told(rows, NOW, NOW) == []


# ---- illustrative second rule sets: who changes, and why


def test_another_cutoff_decides_alone():
    rows = [household((1, 2, 3)), household((1, 2, 3, 4)), household((1, 2), poor=False, near_poor=True)]
    assert told(rows, NOW, NOW.with_cutoff(4)) == [("poor", "near_poor", "cutoff", 1)]
    assert told(rows, NOW, NOW.with_cutoff(2)) == [("near_poor", "poor", "cutoff", 1)]


def test_a_weight_and_a_cutoff_that_are_both_needed():
    second = rules(ONES | {11: 2}, 4)
    rows = [household((1, 2, 3)), household((1, 2, 11)), household((1, 11)), household((1, 2, 3, 11))]
    assert told(rows, NOW, second) == [("poor", "near_poor", "cutoff", 1)]
    lower = rules(ONES | {11: 2, 12: 2}, 4)
    assert told([household((11, 12))], NOW, lower) == [("near_poor", "poor", "deprived_11 + deprived_12", 1)]


def test_any_one_of_two_weights_is_enough():
    second = rules(ONES | {11: 2, 12: 2}, 3)
    assert told([household((11, 12))], NOW, second) == [("near_poor", "poor", "deprived_11 / deprived_12", 1)]
    assert told([household((1, 11))], NOW, second) == [("near_poor", "poor", "deprived_11", 1)]


def test_any_two_of_three_weights_are_enough_and_none_is_needed():
    second = rules(ONES | {10: 2, 11: 2, 12: 2}, 5)
    first = rules(ONES, 5)
    assert told([household((10, 11, 12))], first, second) == [("near_poor", "poor", "joint", 1)]


def test_an_indicator_left_out_or_added_is_a_part():
    without = rules(dict.fromkeys(range(1, 12), 1), 3)
    assert told([household((1, 2, 12))], NOW, without) == [("poor", "near_poor", "deprived_12", 1)]
    assert told([household((1, 2, 12))], without, NOW) == [("near_poor", "poor", "deprived_12", 1)]
    assert standards.differences(NOW, without).to_dict("list")["second"] == [0]


def test_unknown_answers_and_households_above_the_line():
    rows = [household((1, 2, 3), unknown=(12,)), household((1, 2, 3, 4), poor=False, near_poor=False)]
    rows += [household((1, 2, 3), poor=None, near_poor=None), household((1, 2, 3), poor=None, near_poor=False)]
    assert told(rows, NOW, NOW.with_cutoff(4)) == [("poor", "undecided", "unknown", 1)]
    found = standards.count(lists(rows), NOW, NOW).select("first", "households").rows()
    assert found == [("above_line", 1), ("poor", 1), ("undecided", 2)]


# ---- a month in room 2, and the notebook


@pytest.fixture
def month(tmp_path, monkeypatch):
    """Write a room 2 of three communes; one of them is not complete, and one sent no list."""
    monkeypatch.setenv("INFOACCESS_HOME", str(tmp_path))
    folder = tmp_path / "data" / "2_placed" / "2025-12"
    folder.mkdir(parents=True)
    homes = [(CODES[0], (1, 2, 3)), (CODES[0], (1, 2, 3, 4)), (CODES[0], (1, 2)), (CODES[1], (1, 2, 3))]
    rows = [household(d, commune_code=c) | dict.fromkeys(areas.known(), c) | {"city": "46"} for c, d in homes]
    pl.DataFrame(rows, schema=SCHEMA | dict.fromkeys(areas.known(), pl.String)).write_parquet(
        folder / "households.parquet"
    )
    communes = units.of("C_commune")[["code"]].rename(columns={"code": "commune_code"})
    communes["list_received"] = communes["commune_code"] != CODES[2]
    pl.from_pandas(communes).write_parquet(folder / "communes.parquet")
    complete = {s: sorted(areas.leaves(s)) for s in areas.known()} | {"C_commune": [c for c in CODES if c != CODES[1]]}
    (folder / "door.json").write_text(json.dumps({"complete": complete}), encoding="utf-8")
    return tmp_path


def test_a_month_is_shown_in_four_tables(month):
    run = standards.dual("2025-12", cutoff=4)
    square = run.matrix(lang="en")
    assert square.loc["poor", ["poor", "near-poor", "Total"]].tolist() == [1, 2, 3]
    assert square.loc["Total"].tolist() == [1, 3, 0, 0, 4] and square.columns.name == "ND07-2021/k=4"
    assert run.matrix("people").loc["Tổng", "Tổng"] == 12
    assert run.reasons()[["first", "second", "reason", "households"]].values.tolist() == [
        ["poor", "near_poor", "cutoff", 2]
    ]
    by = run.by_unit().set_index("code")
    assert by.loc[CODES[0], ["listed", "became_poor", "left_poor", "other_change", "undecided"]].tolist() == [
        3,
        0,
        1,
        0,
        0,
    ]
    assert by["listed"].notna().sum() == 1  # one is not complete, one sent nothing, the others are not complete either
    assert (by["valid_from"] == "2025-07-01").all() and by["name"].notna().all()
    city = run.by_unit("city")
    assert city[["code", "listed", "left_poor", "communes_received", "communes_expected"]].values.tolist() == [
        ["46", 4, 2, 39, 40]
    ]


def test_each_change_of_a_unit_stands_in_its_column():
    rows = [
        household((1, 2, 3)),
        household((1, 2)),
        household((1, 2), unknown=(12,)),
        household((1, 2, 3), unknown=(12,)),
    ]
    partition = lists(rows).with_columns(pl.lit("46").alias("city"))
    communes = pl.DataFrame({"commune_code": sorted(areas.leaves("C_commune"))}).with_columns(list_received=True)
    shown = {}
    for cutoff in (2, 4):
        other = NOW.with_cutoff(cutoff)
        counts = standards.count(partition, NOW, other, ["city"])
        run = standards.DualRun("2025-12", NOW, other, counts, communes, {"city": {"46"}})
        (shown[cutoff],) = run.by_unit("city").to_dict("records")
    columns = ["listed", "became_poor", "left_poor", "other_change", "undecided"]
    assert [shown[2][c] for c in columns] == [4, 2, 0, 0, 0]
    assert [shown[4][c] for c in columns] == [4, 0, 2, 1, 1]


def test_no_table_holds_a_household(month):
    run = standards.dual("2025-12", cutoff=4)
    allowed = {*areas.known(), "first", "second", "reason", *standards.NUMBERS, "standard_first", "standard_second"}
    assert set(run.counts.columns) == allowed


def test_a_second_rule_set_comes_from_a_file_or_by_its_name(month):
    path = month / "minh_hoa.toml"
    text = (ROOT / "src" / "infoaccess" / "deprivation.toml").read_text(encoding="utf-8")
    path.write_text(
        text.replace("ND07-2021", "minh_hoa").replace("poor_cutoff = 3", "poor_cutoff = 2"), encoding="utf-8"
    )
    run = standards.dual("2025-12", str(path))
    assert run.differences().to_dict("records")[0]["second"] == 2 and run.second.id == "minh_hoa"
    assert run.reasons()["households"].tolist() == [1]
    assert standards.dual("2025-12", "ND07-2021").reasons().empty
    for wrong in ("ND00-1900", str(month / "absent.toml")):
        with pytest.raises(UsageError):
            standards.dual("2025-12", wrong)
    with pytest.raises(UsageError):
        standards.dual("2025-13")


def test_the_notebook_runs_in_five_calls(month):
    cells = json.loads((ROOT / "notebooks" / "dual_standards.ipynb").read_text(encoding="utf-8"))["cells"]
    code = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    calls = [n for source in code for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call)]
    assert len(calls) <= 5
    space: dict = {}
    for source in code:
        exec(source, space)
    assert space["run"].matrix().loc["Tổng", "Tổng"] == 4
