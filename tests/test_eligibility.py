"""Every hand-over judged by the eligibility table: planted breaches, an oracle row by row, what is not decidable."""

import datetime as dt
import random
import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infoaccess import areas, eligibility, rooms, tally
from infoaccess.errors import UsageError

DAY = dt.date
SOURCES = ("telecom_fund", "local_budget", "mobilised", "donated")
ERA = {"A": "2021-07-01", "B": "2025-01-01", "C": "2025-07-01"}
HANDOVER = {
    "month": pl.String, "file": pl.String, "sheet": pl.String, "row": pl.Int64, "handed_on": pl.Date,
    "commune_code": pl.String, "commune_valid_from": pl.String, "C_commune": pl.String, "source": pl.String,
    "form": pl.String, "value_vnd": pl.Int64, "household_id": pl.String, "poor": pl.Boolean, "near_poor": pl.Boolean,
    "policy": pl.Boolean, "bought_on": pl.Date, "mobile_plan": pl.Boolean,
}  # fmt: skip
LISTED = {
    "month": pl.String, "household_id": pl.String, "has_smartphone": pl.Boolean, "had_programme_tablet": pl.Boolean,
    "had_wave_device": pl.Boolean,
}  # fmt: skip
COMMUNE = {"month": pl.String, "commune_code": pl.String, "list_received": pl.Boolean}


def era(month: str) -> str:
    return "A" if month < "2025-01" else "B" if month < "2025-07" else "C"


def phone(n: int, **change) -> dict:
    """One hand-over that breaks no rule."""
    source = SOURCES[n % 4]
    row = {
        "month": "2024-05", "file": "ban_giao.xlsx", "sheet": "Bàn giao", "row": 9 + n, "handed_on": DAY(2024, 5, 10),
        "commune_code": "19750", "commune_valid_from": ERA["A"], "C_commune": "19753", "source": source,
        "form": "phone", "value_vnd": 1_790_000, "household_id": f"secret{n:03d}", "poor": n % 3 == 0,
        "near_poor": n % 3 == 1, "policy": n % 3 == 2 and source != "telecom_fund", "bought_on": None,
        "mobile_plan": True,
    }  # fmt: skip
    row["near_poor"] |= n % 3 == 2 and source == "telecom_fund"
    if n % 8 == 4:
        row |= {"form": "cash", "value_vnd": 500_000, "bought_on": DAY(2022, 12, 12), "mobile_plan": None}
    return row | change


def listed(n: int, month: str, **change) -> dict:
    row = {"month": month, "household_id": f"secret{n:03d}", "has_smartphone": False}
    return row | {"had_programme_tablet": False, "had_wave_device": False} | change


def judge(handed: list[dict], lists: list[dict], communes: list[dict] | None = None, links=None) -> pl.DataFrame:
    if communes is None:
        communes = [{"month": h["month"], "commune_code": h["commune_code"], "list_received": True} for h in handed]
    frames = (handed, HANDOVER), (lists, LISTED), (communes, COMMUNE)
    return eligibility.states(*(pl.DataFrame(rows, schema=s) for rows, s in frames), links)


def broken(judged: pl.DataFrame) -> set:
    return {(b["month"], b["row"], b["rule"]) for b in eligibility.breaches(judged).to_dicts()}


# ---- planted breaches: each kind breaks its own rule and no other, on a phone of a source for which it is one

PLANTS = {
    "class_source": (lambda n: n % 8 == 0, {"poor": False, "near_poor": False, "policy": True}),
    "before_rule": (lambda n: n % 8 == 0, {"handed_on": DAY(2022, 12, 11)}),
    "before_programme": (lambda n: n % 4, {"handed_on": DAY(2023, 11, 30)}),
    "cash_source": (lambda n: n % 4, {"form": "cash", "value_vnd": 500_000}),
    "cash_amount": (lambda n: n % 8 == 4, {"value_vnd": 499_999}),
    "cash_bought": (lambda n: n % 8 == 4, {"bought_on": DAY(2022, 12, 11)}),
    "mobile_plan": (lambda n: n % 8 == 0, {"mobile_plan": False}),
    "value_missing": (lambda n: True, {"value_vnd": None}),
    "value_implausible": (lambda n: n % 8 != 4, {"value_vnd": 10_000_001}),
    "source_missing": (lambda n: True, {"source": None}),
    "unknown_source": (lambda n: True, {"source": "other"}),
    "not_listed": (lambda n: True, {"poor": None, "near_poor": None, "policy": None}),
    "had_smartphone": (lambda n: True, {}),
    "earlier_device": (lambda n: n % 4 == 0, {}),
    "second_phone": (lambda n: True, {}),
}


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.dictionaries(st.integers(0, 31), st.sampled_from(sorted(PLANTS))), st.randoms(use_true_random=False))
def test_every_planted_breach_is_named_and_no_clean_phone(tried, plants, rng):
    plants = {n: kind for n, kind in plants.items() if PLANTS[kind][0](n)}
    tried["planted breaches"] += len(plants)
    handed, lists, expected = [], [], set()
    for n in range(32):
        kind = plants.get(n)
        handed.append(phone(n, **(PLANTS[kind][1] if kind else {})))
        lists += [listed(n, m) for m in ("2024-03", "2024-04", "2024-05") if kind != "not_listed"]
        row = ("2024-05", 9 + n)
        if kind == "had_smartphone":
            lists[-2]["has_smartphone"] = True
        elif kind == "earlier_device":
            lists[-3][rng.choice(["had_programme_tablet", "had_wave_device"])] = True
        elif kind == "second_phone":
            row = ("2024-07", 900 + n)
            handed.append(phone(n, month="2024-07", row=900 + n, handed_on=DAY(2024, 7, 1)))
            lists.append(listed(n, "2024-07"))
        if kind:
            expected.add((*row, "source_missing" if kind == "unknown_source" else kind))
    rng.shuffle(handed)
    rng.shuffle(lists)
    judged = judge(handed, lists)
    assert broken(judged) == expected
    bad = {(month, row) for month, row, _ in expected}
    for month, row, state in judged.select("month", "row", "state").rows():
        assert (state == "breach") == ((month, row) in bad)
        assert state != "not_checked"


def test_sentences_name_the_row_and_never_a_person():
    handed = [phone(n, **PLANTS[kind][1]) for n, kind in enumerate(["class_source", "before_programme", "cash_source"])]
    handed += [phone(4, value_vnd=450_000), phone(1, month="2024-06", row=50, handed_on=DAY(2024, 6, 3))]
    lists = [listed(n, m) for n in (0, 1, 2, 4) for m in ("2022-01", "2024-05", "2024-06")]
    found = eligibility.breaches(judge(handed, lists)).to_dicts()
    said = {b["rule"]: b["sentence"] for b in found}
    assert said["class_source"] == (
        "Chương trình viễn thông công ích chỉ chi cho hộ nghèo, hộ cận nghèo; danh sách tháng 2024-05 ghi hộ này là "
        "gia đình chính sách."
    )
    assert "450.000 đồng" in said["cash_amount"] and "là 500.000 đồng" in said["cash_amount"]
    assert "30/11/2023" in said["before_programme"] and "01/12/2023" in said["before_programme"]
    assert "tháng 2024-05, ban_giao.xlsx, trang tính Bàn giao, dòng 10" in said["second_phone"]
    for b in found:
        assert b["sentence"].endswith(".") and b["title"] and not re.search(r"[{}]|secret|None", str(b["sentence"]))
        assert "secret" not in str(b) and not {"household_id", "household", "village"} & set(b)


def test_a_hand_over_listed_twice_is_told_as_such():
    handed = [phone(1), phone(1, month="2024-06", row=50)]
    (row,) = eligibility.breaches(judge(handed, [listed(1, m) for m in ("2024-04", "2024-05", "2024-06")])).to_dicts()
    assert (row["month"], row["row"], row["rule"]) == ("2024-06", 50, "second_phone")
    assert "ghi hai lần" in row["sentence"]


@pytest.mark.parametrize(
    "n, change, rule",
    [
        (0, {"handed_on": DAY(2022, 12, 12)}, "before_rule"),
        (1, {"handed_on": DAY(2023, 12, 1)}, "before_programme"),
        (4, {"bought_on": DAY(2022, 12, 12)}, "cash_bought"),
        (4, {"bought_on": DAY(2024, 5, 10)}, "cash_bought"),
        (1, {"value_vnd": 500_000}, "value_implausible"),
        (1, {"value_vnd": 10_000_000}, "value_implausible"),
    ],
)
def test_the_first_day_and_the_last_dong_are_inside(n, change, rule):
    lists = [listed(n, m) for m in ("2022-11", "2024-05")]
    (row,) = judge([phone(n, **change)], lists).to_dicts()
    assert (row[rule], row["state"]) == ("clean", "clean")


def test_a_hand_over_without_a_day_comes_at_the_end_of_its_month():
    handed = [phone(1, handed_on=None), phone(1, row=50, handed_on=DAY(2024, 5, 31)), phone(1, row=7, handed_on=None)]
    judged = judge(handed, [listed(1, m) for m in ("2024-04", "2024-05")])
    assert judged["second_phone"].to_list() == ["breach", "breach", "clean"]  # the upper row first
    judged = judge(handed[:2], [])
    assert judged["second_phone"].to_list() == ["clean", "breach"]
    judged = judge([handed[0], phone(1, row=50, handed_on=DAY(2024, 5, 30))], [])
    assert judged["second_phone"].to_list() == ["breach", "clean"]


# ---- an oracle, hand-over by hand-over, written from the definitions


def both(*parts):
    return False if False in parts else None if None in parts else True


def either(*parts):
    return True if True in parts else None if None in parts else False


def told(breach, applies=True):
    if applies is False:
        return "not_applicable"
    verdict = both(applies, breach)
    return "not_checked" if verdict is None else "breach" if verdict else "clean"


def oracle(h: dict, handed: list[dict], lists: list[dict], communes: list[dict]) -> dict:
    day, value, form, mine = h["handed_on"], h["value_vnd"], h["form"], h["household_id"]
    source = h["source"] if h["source"] in SOURCES else None
    telecom = None if source is None else source == "telecom_fund"
    cash = None if form is None else form == "cash"
    phone_ = None if form is None else form == "phone"
    allowed = [h["poor"], h["near_poor"]] + ([] if telecom else [h["policy"]])
    out = {"source_missing": "breach" if source is None else "clean"}
    out["class_source"] = told(None if source is None else {True: False, False: True}.get(either(*allowed)))
    months = {h["month"]} | ({f"{day:%Y-%m}"} if day else set())
    here = any(x["household_id"] == mine and x["month"] in months for x in lists) if mine else None
    got = [c["list_received"] for c in communes if (c["month"], c["commune_code"]) == (h["month"], h["commune_code"])]
    out["not_listed"] = told(False if here else True if here is False and got == [True] else None)

    def order(x):
        year, month = int(x["month"][:4]), int(x["month"][5:])
        last = dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(1)
        return (x["handed_on"] or last, x["month"], x["file"], x["sheet"], x["row"])

    again = mine is not None and any(x["household_id"] == mine and order(x) < order(h) for x in handed)
    unseen = any(
        era(x["month"]) < era(h["month"])
        and (x["C_commune"] == h["C_commune"] or None in (x["C_commune"], h["C_commune"]))
        for x in handed
    )
    out["second_phone"] = told(None if mine is None else True if again else None if unseen else False)
    before = [x for x in lists if day and mine == x["household_id"] is not None and x["month"] < f"{day:%Y-%m}"]
    before = sorted((x for x in before if x["has_smartphone"] is not None), key=lambda x: x["month"])
    out["had_smartphone"] = told(before[-1]["has_smartphone"] if before else None)
    so_far = [x for x in lists if mine == x["household_id"] is not None and x["month"] <= h["month"]]
    ticks = [
        either(*[x[c] for x in so_far if x[c] is not None]) if any(x[c] is not None for x in so_far) else None
        for c in ("had_programme_tablet", "had_wave_device")
    ]
    out["earlier_device"] = told(either(*ticks), telecom)
    out["before_rule"] = told(None if None in (day, telecom) else day < DAY(2022, 12, 12), telecom)
    own = None if telecom is None else not telecom
    early = None if day is None else day < DAY(2023, 12, 1)
    out["before_programme"] = told(early, own)
    out["cash_source"] = told(own, cash)
    out["cash_amount"] = told(None if None in (value, telecom) else value != 500_000, both(cash, telecom))
    bought = h["bought_on"]
    wrong = (
        None if None in (bought, telecom) else either(bought < DAY(2022, 12, 12), None if day is None else bought > day)
    )
    out["cash_bought"] = told(wrong, both(cash, telecom))
    plan = h["mobile_plan"]
    out["mobile_plan"] = told(None if plan is None else not plan, both(phone_, telecom))
    out["value_missing"] = told(value is None)
    odd = None if value is None else not 500_000 <= value <= 10_000_000
    out["value_implausible"] = told(odd, both(phone_, value is not None))
    found = set(out.values())
    out["state"] = next((s for s in ("breach", "not_checked") if s in found), "clean")
    return out


maybe = st.sampled_from([True, False, None])
months = st.sampled_from(["2023-11", "2023-12", "2024-11", "2024-12", "2025-01", "2025-06", "2025-07"])


@st.composite
def worlds(draw):
    handed, lists = [], {}
    for row in range(draw(st.integers(0, 12))):
        month, home = draw(months), draw(st.sampled_from(["1", "2", "3", None]))
        handed.append({
            "month": month, "file": draw(st.sampled_from(["a.xlsx", "b.xlsx"])), "sheet": "s", "row": row,
            "handed_on": draw(st.sampled_from([None, DAY(2022, 12, 11), DAY(2023, 12, 1), DAY(2024, 12, 9),
                                               DAY(int(month[:4]), int(month[5:]), draw(st.sampled_from([1, 28])))])),
            "commune_code": draw(st.sampled_from(["x", "y"])), "commune_valid_from": ERA[era(month)],
            "C_commune": draw(st.sampled_from(["p", "q", None])),
            "source": draw(st.sampled_from([*SOURCES, None, "?"])),
            "form": draw(st.sampled_from(["phone", "cash", None])),
            "value_vnd": draw(st.sampled_from([None, 0, 499_999, 500_000, 10_000_000, 10_000_001])),
            "household_id": home and era(month) + home, "poor": draw(maybe), "near_poor": draw(maybe),
            "policy": draw(maybe), "mobile_plan": draw(maybe),
            "bought_on": draw(st.sampled_from([None, DAY(2022, 12, 11), DAY(2022, 12, 12), DAY(2024, 12, 10)])),
        })  # fmt: skip
    for _ in range(draw(st.integers(0, 25))):
        month = draw(months)
        key = (month, era(month) + draw(st.sampled_from("123")))
        ticks = dict(zip(list(LISTED)[2:], draw(st.tuples(maybe, maybe, maybe)), strict=True))
        lists[key] = {"month": month, "household_id": key[1]} | ticks
    pairs = {(h["month"], h["commune_code"]) for h in handed if draw(st.booleans())}
    communes = [{"month": m, "commune_code": c, "list_received": draw(maybe)} for m, c in sorted(pairs)]
    return handed, list(lists.values()), communes


@settings(deadline=None, max_examples=60, derandomize=True)
@given(worlds())
def test_every_verdict_is_the_oracles(tried, world):
    handed, lists, communes = world
    tried["hand-overs judged twice"] += len(handed)
    judged = judge(handed, lists, communes)
    columns = [*eligibility.rules(), "state"]
    assert judged["row"].to_list() == [h["row"] for h in handed]
    for found, h in zip(judged.select(columns).to_dicts(), handed, strict=True):
        assert found == oracle(h, handed, lists, communes)
    mixed = judge(random.Random(1).sample(handed, len(handed)), lists[::-1], communes[::-1])
    assert mixed.sort("row").select(columns).equals(judged.sort("row").select(columns))


# ---- what cannot be decided


def test_columns_that_lists_lack_leave_telecom_phones_not_checked_and_say_so():
    handed = pl.DataFrame([phone(n) for n in (0, 1, 4)], schema=HANDOVER).drop("bought_on", "mobile_plan")
    lists = pl.DataFrame([listed(n, m) for n in (0, 1, 4) for m in ("2024-04", "2024-05")], schema=LISTED)
    communes = pl.DataFrame([{"month": "2024-05", "commune_code": "19750", "list_received": True}], schema=COMMUNE)
    judged = eligibility.states(handed, lists.drop("had_programme_tablet", "had_wave_device"), communes)
    assert judged["state"].to_list() == ["not_checked", "clean", "not_checked"]
    assert judged["earlier_device"].to_list() == ["not_checked", "not_applicable", "not_checked"]
    found = {u["rule"]: u for u in eligibility.unchecked(judged).to_dicts()}
    assert {r: u["not_checked"] for r, u in found.items()} == {"earlier_device": 2, "cash_bought": 1, "mobile_plan": 1}
    assert "Sóng và máy tính cho em" in found["earlier_device"]["sentence"]


def test_a_household_is_not_followed_over_new_codes_unless_a_link_tells():
    later = {"month": "2025-02", "row": 70, "handed_on": DAY(2025, 2, 3), "commune_valid_from": ERA["B"]}
    handed = [phone(1), phone(2, household_id="new002", **later), phone(3, **later | {"C_commune": "20044", "row": 71})]
    lists = [listed(1, "2024-04"), listed(1, "2024-05")]
    lists += [listed(0, m, household_id=i) for m in ("2025-01", "2025-02") for i in ("new002", "secret003")]
    judged = judge(handed, lists)
    assert judged["second_phone"].to_list() == ["clean", "not_checked", "clean"]  # nobody had one in 20044 before
    assert judged["state"].to_list() == ["clean", "not_checked", "clean"]
    same = pl.DataFrame({"household_id": ["new002"], "first_id": ["secret001"]})
    other = pl.DataFrame({"household_id": ["new002"], "first_id": ["secret009"]})
    assert broken(judge(handed, lists, links=same)) == {("2025-02", 70, "second_phone")}
    assert judge(handed, lists, links=other)["state"].to_list() == ["clean", "clean", "clean"]


def test_a_commune_without_a_list_makes_no_household_unlisted():
    (row,) = judge([phone(1)], [], [{"month": "2024-05", "commune_code": "19750", "list_received": False}]).to_dicts()
    assert (row["not_listed"], row["state"]) == ("not_checked", "not_checked")
    (row,) = judge([phone(1)], []).to_dicts()
    assert row["not_listed"] == "breach"
    (row,) = judge([phone(1, month="2024-06")], [listed(1, "2024-05")]).to_dicts()  # listed when it was handed over
    assert row["not_listed"] == "clean"


def test_a_phone_that_broke_before_is_no_breach():
    lists = [listed(1, "2024-02", has_smartphone=True), listed(1, "2024-04"), listed(1, "2024-05", has_smartphone=True)]
    assert judge([phone(1)], lists)["state"].to_list() == ["clean"]


# ---- the table, the sums


def test_the_table_is_the_circulars_and_the_plans():
    grid = {(r["source"], r["class"]): r["may_pay"] for r in eligibility.grid().to_dicts()}
    assert grid == {(s, c): (s, c) != ("telecom_fund", "policy") for s in SOURCES for c in eligibility.CLASSES}
    fund = eligibility.table()["sources"]["telecom_fund"]
    assert (fund["valid_from"], fund["cash_vnd"]) == (DAY(2022, 12, 12), 500_000)
    assert all(s["source"] and s["wording"] for s in eligibility.table()["sources"].values())
    assert set(eligibility._verdicts()) == set(eligibility.table()["rules"])


def test_settings_decide_which_sources_may_precede_the_plan_and_which_rules_count(monkeypatch):
    own = {k: dict(v) for k, v in eligibility.table().items()}
    own["sources"]["donated"] = own["sources"]["donated"] | {"before_programme": True}
    own["rules"]["value_missing"] = own["rules"]["value_missing"] | {"active": False}
    monkeypatch.setattr(eligibility, "table", lambda: own)
    handed = [phone(n, handed_on=DAY(2023, 11, 30), value_vnd=None) for n in (1, 3)]
    judged = judge(handed, [listed(n, m) for n in (1, 3) for m in ("2023-10", "2024-05")])
    assert broken(judged) == {("2024-05", 10, "before_programme")}
    assert "value_missing" not in judged.columns


def test_a_class_that_is_none_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "eligibility.toml"
    text = '[sources.x]\nclasses = ["rich"]\n'
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(eligibility, "__file__", str(tmp_path / "eligibility.py"))
    eligibility.table.cache_clear()
    try:
        with pytest.raises(UsageError, match="rich"):
            eligibility.table()
    finally:
        eligibility.table.cache_clear()


@settings(deadline=None, max_examples=12, derandomize=True)
@given(worlds(), st.integers(0, 12))
def test_summaries_add_up_and_agree_with_the_tally(tried, world, cut):
    tried["summaries"] += 1
    judged = judge(*world)
    whole = eligibility.summary(judged, ["source", "C_commune"])
    states = list(eligibility.STATES)
    assert whole.select(pl.sum_horizontal(states) == pl.col("phones")).to_series().all()
    parts = pl.concat([eligibility.summary(p, ["source", "C_commune"]) for p in (judged[:cut], judged[cut:])])
    keys = ["source", "C_commune", "rule"]
    assert parts.group_by(keys).agg(pl.col("phones", *states).sum()).sort(keys).equals(whole.sort(keys))
    if judged.height:
        sums = tally.tally(judged.lazy(), eligibility.measures(), ["sheet"]).filter(pl.col("group") == "all")
        sums = {r["measure"]: (r["numerator"], r["denominator"]) for r in sums.to_dicts()}
        for s in SOURCES:
            rows = judged.filter(pl.col("source") == s)
            for state in states[:3]:
                assert sums[f"eligibility_{state}_{s}"] == (rows.filter(pl.col("state") == state).height, rows.height)
        for rule in eligibility.rules():
            n = [judged.filter(pl.col(rule) == s).height for s in ("breach", "clean")]
            assert sums[f"breach_{rule}"] == (n[0], sum(n))


def test_all_months_to_date_are_read_from_room_2(tmp_path, monkeypatch):
    monkeypatch.setenv("INFOACCESS_HOME", str(tmp_path))
    for month in ("2024-04", "2024-05", "2024-06"):
        folder = rooms.data(rooms.PLACED, month)
        folder.mkdir(parents=True)
        handed = [phone(n) for n in (1, 2)] if month == "2024-05" else []
        frame = pl.DataFrame(handed, schema=HANDOVER)
        frame.with_columns(pl.lit("x").alias(s) for s in areas.known() if s != "C_commune").write_parquet(
            folder / "handovers.parquet"
        )
        lists = pl.DataFrame([listed(n, month) for n in (1, 2)], schema=LISTED).drop("had_wave_device")
        lists.with_columns(pl.lit(1).alias("head_male")).write_parquet(folder / "households.parquet")
        communes = [{"month": month, "commune_code": "19750", "list_received": True}]
        pl.DataFrame(communes, schema=COMMUNE).write_parquet(folder / "communes.parquet")
    handed, lists, communes = eligibility.gather("2024-05")
    assert set(lists["month"]) == set(communes["month"]) == {"2024-04", "2024-05"} and "head_male" not in lists.columns
    assert eligibility.states(handed, lists, communes)["state"].to_list() == ["clean", "clean"]
