"""Who is no longer deprived of information and by what: against a plain pandas merge and a count by hand."""

import json
from itertools import product

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infoaccess import areas, deprivation, place, rooms, tally, transitions, units
from infoaccess.errors import UsageError

COMMUNES = ["20044", "20047", "19900"]  # two of A Lưới 481, Thuận An of Huế 474; all invented households
MONTHS = ("2024-05", "2024-06")
FLAGS = ["poor", "near_poor", "policy", "deprived_11", "deprived_12"]
STATES = {  # three-valued logic, written out
    "internet": lambda i, d: i,
    "device": lambda i, d: d,
    "any": lambda i, d: True if True in (i, d) else None if None in (i, d) else False,
    "both": lambda i, d: False if False in (i, d) else None if None in (i, d) else True,
}


def frame(rows: list[dict], month: str = MONTHS[0]) -> pd.DataFrame:
    """Write a list as room 2 holds it: rows of id, commune and what else is known."""
    whole = {"village": "Thôn 1", "members": 4, "sheet": "DS", "month": month} | dict.fromkeys(FLAGS, False)
    table = pd.DataFrame([whole | r for r in rows], columns=["household_id", "commune_code", *whole])
    table["row"] = range(10, 10 + len(table))
    table["file"] = "xa_" + table["commune_code"].astype(str)
    kinds = dict.fromkeys(FLAGS, "boolean") | {"members": "Int64", "row": "int64"}
    text = ["household_id", "commune_code", "file", "village", "sheet", "month"]
    return place.placed(table.astype(kinds | dict.fromkeys(text, "str")), month)


def handed(ids: list[str], home: dict[str, str], month: str = MONTHS[1]) -> pd.DataFrame:
    rows = [{"household_id": i, "commune_code": home.get(i, COMMUNES[0])} for i in ids]
    return frame(rows, month)


def lazy(table: pd.DataFrame) -> pl.LazyFrame:
    return pl.from_pandas(table).lazy()


def summed(before, after, phones, received=COMMUNES, by=("A_district",)) -> dict:
    found = transitions.sums(lazy(before), lazy(after), lazy(phones), received, list(by))
    keys = [*by, "group", "base", "measure"]
    return {tuple(r[k] for k in keys): (r["numerator"], r["denominator"]) for r in found.to_dicts()}


def oracle(before, after, phones, received) -> dict:
    """Count by a pandas merge and a loop over households, from the definitions alone."""
    columns = ["household_id", "commune_code", "members", *FLAGS]
    both = before[columns].merge(after[columns], on="household_id", how="outer", suffixes=("_0", "_1"), indicator=True)
    got, count = set(phones["household_id"]), {}

    def add(code, classes, base, measure, part, whole=1):
        poor, near, policy = (c is True for c in classes)
        groups = {"all": True, "poor": poor, "near_poor": near, "policy": policy}
        groups["policy_only"] = policy and not poor and not near
        for group, member in groups.items():
            key = ("474" if code == "19900" else "481", group, base, measure)
            old = count.get(key, (0, 0))
            count[key] = (old[0] + part * member, old[1] + whole * member)

    for row in both.astype(object).where(both.notna(), None).to_dict("records"):
        there, here = row["_merge"] != "right_only", row["_merge"] != "left_only"
        side = "0" if there else "1"
        code, classes = row[f"commune_code_{side}"], [row[f"{c}_{side}"] for c in FLAGS[:3]]
        followed, phone = code in received, row["household_id"] in got
        add(code, classes, "household", "not_followed", int(not followed))
        if not followed:
            continue
        for state, rule in STATES.items():
            was = rule(row["deprived_11_0"], row["deprived_12_0"]) if there else None
            now = rule(row["deprived_11_1"], row["deprived_12_1"]) if here else None
            tests = {
                "before": (was is not None, was, row["members_0"]),
                "now": (now is not None, now, row["members_1"]),
                "no_longer": (was is True and now is not None, now is False, row["members_1"]),
                "newly": (was is False and now is not None, now is True, row["members_1"]),
                "left": (was is True, not here, None),
                "unknown_since": (was is True, here and now is None, None),
                "entered": (now is True, not there, None),
                "known_since": (now is True, there and was is None, None),
            }
            for name, (base, hit, people) in tests.items():
                if base:
                    add(code, classes, "household", f"{name}_{state}", int(hit))
                    if people is not None:
                        add(code, classes, "person", f"{name}_{state}", int(hit) * people, people)
            if was is True and now is not None and state == "any" and phone:
                add(code, classes, "household", "handed_no_longer_any", int(now is False))
            if was is True and now is False and state != "both":
                if state == "device":
                    add(code, classes, "household", "device_by_handover", int(phone))
                if state == "internet":
                    add(code, classes, "household", "internet_beside_handover", int(phone))
                if state == "any":
                    device, internet = row["deprived_12_0"] is True, row["deprived_11_0"] is True
                    words = [
                        w for w, yes in (("handover" if phone else "device", device), ("internet", internet)) if yes
                    ]
                    cause = "cause_" + ("_and_".join(words) if len(words) == 2 else f"{words[0]}_only")
                    for name in transitions.CAUSES:
                        add(code, classes, "household", name, int(name == cause))
    lasting = set(both.loc[(both["_merge"] == "both"), "household_id"])
    home = dict(zip(phones["household_id"], phones["commune_code"], strict=True))
    for row in phones.to_dict("records"):
        traced = row["household_id"] in lasting and home[row["household_id"]] in received
        add(row["commune_code"], [False] * 3, "phone", "handed_between", 1)
        add(row["commune_code"], [False] * 3, "phone", "handed_traced", int(traced))
    return count


known = st.sampled_from([True, False, None])
household = st.fixed_dictionaries(
    {"poor": known, "near_poor": known, "policy": known, "deprived_11": known, "deprived_12": known}
    | {"members": st.integers(1, 9)}
)


@st.composite
def histories(draw) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, list[str]]:
    """Two lists of up to 20 households, hand-overs (some to households on neither), communes that sent both lists."""
    ids = [f"h{n}" for n in range(draw(st.integers(1, 20)))]
    home = {i: draw(st.sampled_from(COMMUNES)) for i in ids}
    lists = []
    for month in MONTHS:
        there = draw(st.lists(st.sampled_from(ids), unique=True))
        lists.append(frame([{"household_id": i, "commune_code": home[i]} | draw(household) for i in there], month))
    got = draw(st.lists(st.sampled_from([*ids, "x1", "x2"]), max_size=6))
    received = draw(st.lists(st.sampled_from(COMMUNES), unique=True, min_size=1))
    return *lists, handed(got, home), received


@settings(deadline=None, max_examples=15, derandomize=True)
@given(histories())
def test_every_count_is_that_of_a_plain_merge_and_closes_whatever_the_order_and_the_parts(tried, history):
    tried["two lists"] += 1
    count = summed(*history)
    found = {k: v for k, v in count.items() if v != (0, 0)}
    assert found == {k: v for k, v in oracle(*history).items() if v != (0, 0)}
    for key in {k[:2] for k in count}:
        _check_closes({k[3]: v for k, v in count.items() if k[:3] == (*key, "household")})
    *tables, received = history
    parts = []
    for codes in (COMMUNES[:1], COMMUNES[1:]):
        turned = [t[t["commune_code"].isin(codes)].sample(frac=1, random_state=1) for t in tables]
        parts.append(transitions.sums(*map(lazy, turned), received, ["A_district"]))
    merged = tally.merge(parts).filter(pl.col("denominator") > 0)
    keys = ["A_district", "group", "base", "measure"]
    assert {tuple(r[k] for k in keys): (r["numerator"], r["denominator"]) for r in merged.to_dicts()} == found


def _check_closes(of: dict[str, tuple[int, int]]) -> None:
    """Check one unit's and group's households: the four states close, the causes part those no longer deprived."""
    if not of:
        return  # a group of phones alone
    for s in transitions.STATES:
        stayed = of[f"no_longer_{s}"][1] - of[f"no_longer_{s}"][0]
        gone = sum(of[f"{what}_{s}"][0] for what in ("no_longer", "left", "unknown_since"))
        come = sum(of[f"{what}_{s}"][0] for what in ("newly", "entered", "known_since"))
        assert of[f"before_{s}"][0] == stayed + gone and of[f"now_{s}"][0] == stayed + come
    assert sum(of[c][0] for c in transitions.CAUSES) == of["no_longer_any"][0]
    assert all(of[c][1] == of["no_longer_any"][0] for c in transitions.CAUSES)


WORKED = [  # id, 11 and 12 before, after (None: not on the list), handed over; what became of it
    ("phone_online", (1, 1), (0, 0), True, "cause_handover_and_internet"),
    ("phone_unused", (1, 1), (1, 0), True, None),  # 12 cleared, 11 not: a phone handed over, still deprived
    ("phone_alone", (0, 1), (0, 0), True, "cause_handover_only"),
    ("phone_late", (1, 0), (0, 0), True, "cause_internet_only"),  # it had a television: the phone cleared nothing
    ("phone_vain", (0, 1), (0, 1), True, None),
    ("own_radio", (0, 1), (0, 0), False, "cause_device_only"),
    ("own_phone", (1, 1), (0, 0), False, "cause_device_and_internet"),
    ("online", (1, 0), (0, 0), False, "cause_internet_only"),
    ("lost", (0, 0), (1, 0), False, None),
    ("gone", (1, 1), None, False, None),
    ("came", None, (1, 0), False, None),
]


def test_a_worked_case_keeps_the_two_series_apart():
    both = [
        [
            {"household_id": w[0], "commune_code": "20044", "deprived_11": w[n][0] == 1, "deprived_12": w[n][1] == 1}
            for w in WORKED
            if w[n]
        ]
        for n in (1, 2)
    ]
    before, after = (frame(rows, month) for rows, month in zip(both, MONTHS, strict=True))
    phones = handed([w[0] for w in WORKED if w[3]] + ["elsewhere", "gone"], {})
    count = summed(before, after, phones)
    of = {k[-1]: v for k, v in count.items() if k[1:3] == ("all", "household")}
    assert of["before_any"] == (9, 10) and of["now_any"] == (4, 10)
    assert of["no_longer_any"] == (6, 8) and of["newly_any"] == (1, 1)
    assert of["left_any"] == (1, 9) and of["entered_any"] == (1, 4)
    assert of["no_longer_device"] == (5, 6) and of["device_by_handover"] == (3, 5)
    assert of["no_longer_both"] == (3, 3) and of["handed_no_longer_any"] == (3, 5)
    for name in transitions.CAUSES:
        assert of[name] == (sum(w[4] == name for w in WORKED), 6)
    assert count["481", "all", "phone", "handed_between"] == (7, 7)
    assert count["481", "all", "phone", "handed_traced"] == (5, 7)


def test_the_group_is_that_of_the_first_list():
    before = frame([{"household_id": "a", "commune_code": "20044", "poor": True, "deprived_11": True}])
    after = frame([{"household_id": "a", "commune_code": "20044", "near_poor": True}], MONTHS[1])
    count = summed(before, after, handed([], {}))
    assert count["481", "poor", "household", "no_longer_any"] == (1, 1)
    assert count["481", "near_poor", "household", "no_longer_any"] == (0, 0)


def test_a_list_that_did_not_come_and_a_missing_id_are_not_leaving():
    rows = [{"household_id": i, "commune_code": c, "deprived_11": True} for i, c in (("a", "20044"), (None, "20047"))]
    before, after = frame(rows), frame(rows[1:], MONTHS[1])
    of = {
        k[-1]: v for k, v in summed(before, after, handed([], {}), ["20047"]).items() if k[1:3] == ("all", "household")
    }
    assert of["left_any"] == of["entered_any"] == of["before_any"] == of["now_any"] == (0, 0)
    assert of["not_followed"] == (3, 3)  # one of the silent commune, two that bear no id


def room(home, month: str, households: pd.DataFrame, phones: pd.DataFrame, silent: tuple = ()) -> None:
    """Write one month of room 2, all units complete."""
    folder = home / "data" / rooms.PLACED / month
    folder.mkdir(parents=True)
    source = units.commune_set(month)
    codes = sorted(units.leaves(source))
    communes = pd.DataFrame({"commune_code": codes, "list_received": [c not in silent for c in codes]})
    for name, table in (("households", households), ("handovers", phones), ("communes", communes)):
        table.to_parquet(folder / f"{name}.parquet")
    complete = {s: sorted(areas.exact(source, s)) for s in areas.known()}
    (folder / "door.json").write_text(json.dumps({"complete": complete}), encoding="utf-8")


def test_from_room_to_room_and_no_further_than_an_era(tmp_path, monkeypatch):
    monkeypatch.setenv("INFOACCESS_HOME", str(tmp_path))
    rows = [{"household_id": i, "commune_code": c, "deprived_12": True} for i, c in zip("abc", COMMUNES, strict=True)]
    room(tmp_path, "2024-11", frame(rows, "2024-11"), handed(["c"], {"c": "19900"}, "2024-11"), silent=("20065",))
    done = [rows[0] | {"deprived_12": False}, *rows[1:2]]
    room(tmp_path, "2024-12", frame(done, "2024-12"), handed(["a"], {"a": "20044"}, "2024-12"), silent=("19900",))
    room(tmp_path, "2025-01", frame(rows[:2], "2025-01"), handed([], {}, "2025-01"))
    counts = transitions.between("2024-11", "2024-12")
    assert (
        set(tally.SUMS) <= set(counts.columns) and not counts.select(pl.struct(tally.KEYS).is_duplicated().any()).item()
    )

    def of(area_set, code, measure):
        here = counts.filter((pl.col("area_set") == area_set) & (pl.col("code") == code) & (pl.col("group") == "all"))
        return here.filter(pl.col("measure") == measure).sort("base")["numerator"].to_list()[0]

    assert of("city", "46", "no_longer_device") == of("city", "46", "device_by_handover") == 1
    assert of("city", "46", "left_device") == 0 and of("city", "46", "not_followed") == 1
    assert of("A_district", "481", "before_device") == 2 and of("A_commune", "19900", "before_device") is None
    assert of("A_commune", "20065", "now_device") is None and of("A_commune", "20068", "now_device") == 0
    assert of("city", "46", "handed_between") == 1  # that of November is in the first list already
    with pytest.raises(UsageError, match=r"2 hộ của tháng đầu và 2 hộ của tháng cuối.*ra khỏi danh sách"):
        transitions.between("2024-12", "2025-01")
    with pytest.raises(UsageError, match="phải trước"):
        transitions.need_one_era("2024-12", "2024-12")


def test_every_household_is_unfollowed_across_eras_and_counted():
    before = frame([{"household_id": "a", "commune_code": "20044", "deprived_11": True}], "2024-12")
    after = frame(
        [{"household_id": "b", "commune_code": "20044"}, {"household_id": "c", "commune_code": "20044"}], "2025-01"
    )
    count = summed(before, after, handed([], {}, "2025-01"), received=())
    assert count["481", "all", "household", "not_followed"] == (3, 3)
    assert all(v == (0, 0) for k, v in count.items() if k[-1] != "not_followed")


# ---- information alone keeps a household poor

INDICATORS = [f"deprived_{n}" for n in range(1, 13)]


def kept_by_hand(flags: list) -> dict:
    """Try every way in which the unknown indicators may turn out; what all ways agree on is known."""
    seen: dict[str, set] = {"kept_poor_by_one": set(), "kept_poor_by_both": set()}
    for filled in product(*([f] if f is not None else [True, False] for f in flags)):
        total, internet, device = sum(filled), filled[10], filled[11]
        seen["kept_poor_by_one"].add(total == 3 and (internet or device))
        seen["kept_poor_by_both"].add(total == 4 and internet and device)
    return {name: s.pop() if len(s) == 1 else None for name, s in seen.items()}


@settings(deadline=None, max_examples=40, derandomize=True)
@given(
    st.lists(st.lists(st.sampled_from([True, False, False, None]), min_size=12, max_size=12), min_size=1, max_size=8)
)
def test_who_is_kept_poor_agrees_with_all_ways_an_unknown_may_turn_out(tried, rows):
    tried["lists of the kept poor"] += 1
    rows += [[n < 2 for n in range(10)] + [True, False], [n < 2 for n in range(10)] + [True, True], [False] * 12]
    table = pl.DataFrame(rows, schema=dict.fromkeys(INDICATORS, pl.Boolean), orient="row").with_columns(
        poor=pl.lit(True)
    )
    found = table.select(**transitions.kept_poor("ND07-2021")).to_dicts()
    assert found == [kept_by_hand(r) for r in rows]
    others = table.with_columns(poor=pl.lit(False)).select(**transitions.kept_poor("ND07-2021"))
    assert others.null_count().sum_horizontal().item() == 2 * len(
        rows
    )  # of households that are not poor nothing is said


def test_weights_and_cutoff_are_those_of_the_rule_set(monkeypatch):
    rules = {"indicators": [{"id": i, "weight": 3 if i == "deprived_12" else 1} for i in INDICATORS], "poor_cutoff": 5}
    monkeypatch.setattr(deprivation, "rule_sets", lambda: {"X": rules})
    rows = [
        [n < k for n in range(10)] + [a, b]
        for k, a, b in ((2, False, True), (4, True, False), (1, True, True), (4, True, True), (5, True, True))
    ]
    table = pl.DataFrame(rows, schema=dict.fromkeys(INDICATORS, pl.Boolean), orient="row").with_columns(
        poor=pl.lit(True)
    )
    found = table.select(**transitions.kept_poor("X"))
    assert found["kept_poor_by_one"].to_list() == [True, True, True, False, False]
    assert found["kept_poor_by_both"].to_list() == [False, False, False, True, False]


def test_the_office_gets_the_rows_of_the_kept_poor_and_no_person():
    rows = [{"household_id": i, "commune_code": "20044", "poor": True, "deprived_11": True} for i in "abc"]
    table = frame(rows)
    for n in range(1, 11):
        table[f"deprived_{n}"] = pd.array([n < 3, n < 3, n < 4], dtype="boolean")
    table["deprived_12"] = pd.array([False, True, True], dtype="boolean")
    found = transitions.kept_poor_rows(lazy(table), "ND07-2021")
    assert found.select("row", "kept_by").rows() == [(10, "one"), (11, "both")]
    assert not {"household_id", "members"} & set(found.columns)
    count = tally.tally(lazy(table), transitions.kept_poor_measures("ND07-2021"), ["city"])
    poor = count.filter((pl.col("group") == "poor") & (pl.col("measure") == "kept_poor_by_one"))
    assert poor.select("base", "numerator", "denominator").sort("base").rows() == [
        ("household", 1, 3),
        ("person", 4, 12),
    ]
