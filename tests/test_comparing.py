"""A month beside earlier ones: differences by a plain oracle, territory by the lineage file, the break of 2G."""

import csv
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infoaccess import areas, comparing
from infoaccess.errors import UsageError

LINEAGE = list(csv.DictReader((Path(__file__).resolve().parents[1] / "geo" / "lineage.csv").open(encoding="utf-8")))
NOW, BACK = "2025-12", {"month": "2025-11", "year": "2024-12", "plan": "2023-12"}
UNITS = ("19753", "19789", "20107")
part = st.one_of(st.none(), st.integers(0, 60))


def count(month, area_set, code, numerator, denominator, measure="deprived_any", **more):
    row = {"month": month, "area_set": area_set, "code": code, "valid_from": areas.valid_from(area_set, month)}
    row |= {"group": "all", "base": "household", "measure": measure, "standard": "ND07-2021"}
    return row | {"numerator": numerator, "denominator": denominator} | more


def compared(*rows, month=NOW) -> pd.DataFrame:
    return comparing.compare(pd.DataFrame(rows), month).set_index(["compared_with", "area_set", "code"])


@settings(deadline=None, max_examples=40, derandomize=True)
@given(st.lists(st.tuples(part, part), min_size=12, max_size=12))
def test_every_difference_is_the_plain_one(tried, pairs):
    tried["comparisons"] += 1
    pairs = [(None if a is None else a if b is None else min(a, b), b) for a, b in pairs]
    keys = [(m, c) for m in (NOW, *BACK.values()) for c in UNITS]
    given_ = dict(zip(keys, pairs, strict=True))
    found = compared(*(count(m, "C_commune", c, *given_[m, c]) for m, c in reversed(keys)))
    assert len(found) == 9
    for (against, _, code), row in found.iterrows():
        (a, b), (c, d) = given_[NOW, code], given_[BACK[against], code]
        for name, now, then in (("numerator", a, c), ("denominator", b, d)):
            change = row[f"{name}_change"]
            assert pd.isna(change) if None in (now, then) else change == now - then
        if None in (a, b, c, d):
            assert row["state"] == "missing" and pd.isna(row["share_change"])
        elif 0 in (b, d):
            assert row["state"] == "empty" and pd.isna(row["share_change"])
        else:
            assert row["state"] == "same"
            assert row["share_change"] == float(Fraction(a * d - c * b, b * d))


def test_a_reused_code_is_not_a_unit():
    """474 was thành phố Huế and is quận Thuận Hóa; A Lưới kept its territory under another key."""
    districts = {}
    for era in "AB":
        for r in LINEAGE:
            districts.setdefault((era, r[f"{era}_district_code"]), set()).add(r["A_code"])
    before = [count("2024-03", "A_district", code, 9, 30) for era, code in districts if era == "A"]
    now = [count("2025-03", "B_district", code, 3, 30) for era, code in districts if era == "B"]
    found = compared(*before, *now, month="2025-03").loc["year"]
    for (_, code), row in found.iterrows():
        alike = [c for (era, c), held in districts.items() if era == "A" and held == districts["B", code]]
        assert row["state"] == ("same_territory" if alike else "other_territory")
        assert (row["then_code"] == alike[0] and row["share_change"] == -0.2) if alike else pd.isna(row["then_code"])
        if not alike:
            assert pd.isna(row["share_change"]) and pd.isna(row["numerator_change"])
    assert found.loc[("B_district", "474"), "state"] == "other_territory"
    assert found.loc[("B_district", "481"), "state"] == "same_territory"


def test_the_same_set_is_taken_before_another_of_equal_territory():
    rows = [count("2024-03", "A_district", "481", 9, 30), count("2024-03", "B_district", "481", 8, 30)]
    row = compared(*rows, count("2025-03", "B_district", "481", 3, 30), month="2025-03").loc["year"].iloc[0]
    assert row["state"] == "same" and row["then_numerator"] == 8


def test_the_city_compares_across_its_eras():
    rows = [count(m, "city", "46", n, 100) for m, n in ((NOW, 20), *zip(BACK.values(), (21, 30, 50), strict=True))]
    found = compared(*rows)
    assert found["state"].tolist() == ["same"] * 3
    assert found["share_change"].tolist() == [-0.01, -0.1, -0.3]


def test_only_smartphones_across_the_switch_off_are_marked():
    months = [f"2024-{m:02d}" for m in range(7, 13)]
    broken = {
        (a, b)
        for a in months
        for b in months
        if a < b and any(a <= "2024-10" and b >= m for m in ("2024-09", "2024-10"))
    }
    for a in months:
        for b in months:
            assert comparing.across_2g("household_smartphone", a, b) == ((a, b) in broken)
            assert not comparing.across_2g("deprived_device", a, b)
    assert ("2024-07", "2024-08") not in broken and ("2024-10", "2024-11") in broken
    rows = [count(m, "city", "46", 5, 9, "adult_smartphone") for m in (NOW, *BACK.values())]
    found = compared(*rows).droplevel([1, 2])["break_2g"].to_dict()
    assert found == {"month": False, "year": False, "plan": True}
    row = compared(*rows).reset_index().query("compared_with == 'plan'").iloc[0].to_dict()
    assert "2G" in comparing.sentence(row) and "2G" in comparing.sentence(row, "en")


def test_states_without_a_change():
    then = count(BACK["month"], "city", "46", 4, 10, standard="another")
    found = compared(count(NOW, "city", "46", 5, 10), then).droplevel([1, 2])
    assert found["state"].to_dict() == {"month": "other_standard", "year": "no_list", "plan": "no_list"}
    assert found[["share_change", "numerator_change"]].isna().all(axis=None)
    words = {"other_standard": "hai chuẩn khác nhau", "no_list": "không có số liệu"}
    for against, row in found.reset_index().set_index("compared_with", drop=False).iterrows():
        assert words[row["state"]] in comparing.sentence(row.to_dict()), against


def test_a_unit_that_lacks_lists_is_marked():
    rows = [
        count(NOW, "city", "46", 5, 10, communes_received=40, communes_expected=40),
        count(BACK["month"], "city", "46", 5, 10, communes_received=39, communes_expected=40),
        count(BACK["year"], "city", "46", 5, 10, communes_received=133, communes_expected=133),
    ]
    found = compared(*rows).droplevel([1, 2])
    assert found["partial"].to_dict() == {"month": True, "year": False, "plan": False}
    row = found.reset_index().iloc[0].to_dict()
    assert "chưa gửi danh sách" in comparing.sentence(row) and "không đổi" in comparing.sentence(row)


def test_the_plan_is_compared_with_once_it_has_begun():
    assert "plan" not in comparing.earlier("2023-12") and "plan" not in comparing.earlier("2023-06")
    assert comparing.earlier("2024-12")["year"] == comparing.earlier("2024-12")["plan"] == "2023-12"


def test_sentences_say_direction_and_points():
    rows = [count(m, "city", "46", n, 200) for m, n in ((NOW, 50), *zip(BACK.values(), (53, 30, 50), strict=True))]
    found = compared(*rows).reset_index().set_index("compared_with", drop=False)
    said = {k: comparing.sentence(row.to_dict()) for k, row in found.iterrows()}
    nbsp = "\N{NO-BREAK SPACE}"
    assert said["month"] == (
        f"Thành phố Huế: giảm 1,5 điểm % so với tháng trước (tháng 11 năm 2025), "
        f"từ 26,5{nbsp}% xuống 25,0{nbsp}%; số đếm thay đổi −3."
    )
    assert "tăng 10,0 điểm %" in said["year"] and "không đổi" in said["plan"]
    assert comparing.TEXT["vi"].keys() == comparing.TEXT["en"].keys()


@pytest.mark.parametrize(
    "rows, words",
    [
        ([count(NOW, "city", "46", 1, 2)] * 2, "lặp lại"),
        ([count(NOW, "C_commune", "19753", 1, 2, valid_from="2021-07-01")], "19753"),
        ([count(NOW, "C_commune", "19750", 1, 2)], "19750"),  # a code of era A
    ],
)
def test_rows_that_would_join_wrongly_are_refused(rows, words):
    with pytest.raises(UsageError, match=words):
        comparing.compare(pd.DataFrame(rows), NOW)
