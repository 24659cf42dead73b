"""Allotments are proved against a queue of single phones and against definitions; the annex is what was allotted."""

import io
import zipfile
from collections import Counter
from fractions import Fraction
from itertools import product

import openpyxl
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infoaccess import allotment, allotment_annex, words
from infoaccess.allotment import Criteria
from infoaccess.errors import InputError, UsageError

FUND, GIVEN = "telecom_fund", "donated"
SPLIT = [c for c in allotment.CLASSES if not c.startswith("policy_p") and not c.startswith("policy_n")]
LISTED = [c for c in allotment.CLASSES if not c.startswith(("merit", "social"))]
tries = settings(max_examples=40, deadline=None, derandomize=True)
fewer = settings(tries, max_examples=15)  # each example is up to nine allotments


def frame(rows: list[dict]) -> pd.DataFrame:
    made = [{"code": f"{n:05d}", "valid_from": "2025-07-01", "name": f"Xã {n}"} | row for n, row in enumerate(rows, 1)]
    return pd.DataFrame(made)


@st.composite
def cases(draw, columns=None):
    columns = columns or draw(st.sampled_from([SPLIT, LISTED, ["poor", "near_poor"]]))
    row = st.fixed_dictionaries({c: st.integers(0, 7) for c in columns} | {"remoteness": st.integers(1, 4)})
    units = frame(draw(st.lists(row, min_size=1, max_size=6)))
    switches = {name: draw(st.booleans()) for name in ("by_class", "policy_first", "merit_first", "poor_first")}
    switches |= {name: draw(st.booleans()) for name in ("by_need", "remoteness")}
    criteria = Criteria(**switches, minimum=draw(st.integers(0, 3)))
    source = draw(st.sampled_from([FUND, GIVEN]))
    need = sum(units[c].sum() for c in columns if c != "policy_only" or source != FUND)
    return units, draw(st.integers(0, int(need) + 4)), source, criteria


def allotted(case, **changes) -> pd.Series | None:
    """Return phones by code; None where the minimum is refused."""
    units, phones, source, criteria = case
    try:
        found = allotment.allot(units, changes.get("phones", phones), source, changes.get("criteria", criteria))
    except UsageError as refused:
        assert "tối thiểu" in str(refused)
        return None
    return found.set_index("code")["phones"]


def order(column: str, c: Criteria) -> int:
    """Say in which class a column is served, written out from the Circular's list."""
    if not c.by_class:
        return 0
    if column == "policy_only":
        return 9
    if c.policy_first and ("merit" in column or "policy" in column):
        return 1
    if c.policy_first and "social" in column:
        return 2 if c.merit_first else 1
    return 4 if c.poor_first and column.endswith("near_poor") else 3


def queue(units: pd.DataFrame, phones: int, source: str, c: Criteria) -> Counter | None:
    """Allot by sorting every phone that could be given; the first N are given. None where the minimum is too much."""
    columns = [x for x in allotment.CLASSES if x in units and not (source == FUND and x == "policy_only")]
    every = []
    for _, unit in units.iterrows():
        before = 0
        for step in sorted({order(x, c) for x in columns}):
            need = sum(int(unit[x]) for x in columns if order(x, c) == step)
            weight = (need if c.by_need else 1) * (int(unit["remoteness"]) if c.remoteness else 1)
            for k in range(need):
                own = before + k < c.minimum
                rank = (0,) if own else (1, step, -Fraction(weight, 2 * k + 1), -need, unit["code"])
                every.append((rank, unit["code"]))
            before += need
    if sum(rank == (0,) for rank, _ in every) > phones:
        return None
    every.sort(key=lambda one: one[0])
    return Counter(code for _, code in every[:phones])


@tries
@given(cases())
def test_the_default_is_one_queue_of_phones(tried, case):
    tried["allotments"] += 1
    expected, found = queue(*case), allotted(case)
    assert (expected is None) == (found is None)
    if found is not None:
        assert found.to_dict() == {code: expected[code] for code in case[0]["code"]}


@tries
@given(cases(), st.sampled_from(sorted(allotment.METHODS)))
def test_sums_needs_and_minimum_hold_in_every_method(tried, case, method):
    tried["allotments"] += 1
    units, phones, source, criteria = case
    need = units[allotment.eligible(units, source)].sum(axis=1).set_axis(units["code"])
    found = allotted(case, criteria=Criteria(**(vars(criteria) | {"method": method})))
    least = need.clip(upper=criteria.minimum)
    assert (found is None) == (least.sum() > phones)
    if found is not None:
        assert found.sum() == min(phones, need.sum())
        assert (found >= least).all() and (found <= need).all()


@tries
@given(cases())
def test_nobody_loses_when_there_is_more_to_give(tried, case):
    tried["allotments"] += 1
    before, after = allotted(case), allotted(case, phones=case[1] + 1)
    if before is not None:
        assert (after >= before).all() and (after - before).sum() <= 1


@tries
@given(cases(), st.data())
def test_nobody_loses_by_a_larger_need_of_its_own(tried, case, data):
    tried["allotments"] += 1
    units, phones, source, criteria = case
    row = data.draw(st.integers(0, len(units) - 1))
    grown = units.copy()
    grown.loc[row, data.draw(st.sampled_from(allotment.eligible(units, source)))] += data.draw(st.integers(1, 3))
    before, after = allotted(case), allotted((grown, phones, source, criteria))
    if before is not None and after is not None:
        assert after.iloc[row] >= before.iloc[row]


@tries
@given(cases(), st.randoms(use_true_random=False), st.sampled_from(sorted(allotment.METHODS)))
def test_the_order_of_rows_and_columns_does_not_matter(tried, case, chance, method):
    tried["allotments"] += 1
    units, phones, source, criteria = case
    criteria = Criteria(**(vars(criteria) | {"method": method}))
    rows, columns = list(units.index), list(units.columns)
    chance.shuffle(rows)
    chance.shuffle(columns)
    one, other = allotted(case, criteria=criteria), allotted((units.loc[rows, columns], phones, source, criteria))
    assert one is None and other is None or one.equals(other)


@tries
@given(cases(), st.sampled_from(sorted(allotment.METHODS)))
def test_equal_units_differ_by_one_phone_at_most(tried, case, method):
    tried["allotments"] += 1
    units, phones, source, criteria = case
    twin = units.iloc[[0]].assign(code="99999")
    both = pd.concat([units, twin], ignore_index=True)
    found = allotted((both, phones, source, Criteria(**(vars(criteria) | {"method": method}))))
    if found is not None:
        assert 0 <= found["00001"] - found["99999"] <= 1  # the smaller code takes the odd one


@tries
@given(cases(["poor"]))
def test_largest_remainder_is_hamiltons_by_its_definition(tried, case):
    """One class, no minimum, no remoteness: floors of the quotas, the rest to the largest remainders."""
    tried["allotments"] += 1
    units, phones, _, _ = case
    need, phones = units["poor"].astype(int), min(phones, int(units["poor"].sum()))
    quota = [Fraction(phones * n, max(int(need.sum()), 1)) for n in need]
    table = pd.DataFrame({"code": units["code"], "need": need, "floor": [int(q) for q in quota]})
    table["remainder"] = [q - int(q) for q in quota]
    table = table.sort_values(["remainder", "need", "code"], ascending=[False, False, True], ignore_index=True)
    table["phones"] = table["floor"] + (table.index < phones - table["floor"].sum()).astype(int)
    found = allotted((units, phones, FUND, Criteria(remoteness=False, method="largest_remainder")))
    assert found.to_dict() == table.set_index("code")["phones"].to_dict()


@tries
@given(st.data())
def test_largest_remainder_between_floors_and_needs_stays_at_its_quota(tried, data):
    """A unit held neither at its floor nor at its need has quota / weight in common with all the others so."""
    tried["allotments"] += 1
    needs = data.draw(st.lists(st.integers(0, 9), min_size=1, max_size=6))
    floors = [data.draw(st.integers(0, n)) for n in needs]
    weights = [n * data.draw(st.integers(1, 5)) for n in needs]
    total = data.draw(st.integers(sum(floors), sum(needs)))
    shares = allotment.largest_remainder(total, weights, needs, floors)
    assert sum(shares) == total
    assert all(low <= s <= high for low, s, high in zip(floors, shares, needs, strict=True))
    # Some level lies within one phone of every share that is not held at its floor or need.
    bounds = [(Fraction(s - 1, w), Fraction(s + 1, w), s, low, high)
              for s, w, low, high in zip(shares, weights, floors, needs, strict=True) if w]  # fmt: skip
    below = max((lo for lo, _, s, low, _ in bounds if s > low), default=Fraction(-1))
    above = min((up for _, up, s, _, high in bounds if s < high), default=Fraction(10**6))
    assert below < above


def test_the_alabama_paradox_is_why_the_default_is_another_method():
    """6, 6, 2 and 10 or 11 to give: the textbook's case; the third loses by the largest remainder only."""
    units = frame([{"poor": 6}, {"poor": 6}, {"poor": 2}])
    hamilton = [
        allotment.allot(units, n, FUND, Criteria(method="largest_remainder"))["phones"].tolist() for n in (10, 11)
    ]
    assert hamilton == [[4, 4, 2], [5, 5, 1]]
    webster = [allotment.allot(units, n, FUND)["phones"].tolist() for n in (10, 11)]
    assert webster == [[5, 4, 1], [5, 5, 1]]  # 6/9, 6/9 and 2/3 tie for the tenth


def test_a_published_webster_apportionment():
    """Sainte-Laguë's table for 53 000, 24 000 and 23 000 votes and 7 seats, in units of a thousand."""
    units = frame([{"poor": 53}, {"poor": 24}, {"poor": 23}])
    assert allotment.allot(units, 7, FUND)["phones"].tolist() == [3, 2, 2]


def test_ties_go_to_the_larger_need_then_to_the_smaller_code():
    # A quotient of 3 twice: 3 / 1, and 9 / 3 after its first phone. Then two like units.
    units = frame([{"poor": 3}, {"poor": 9}])
    assert [allotment.allot(units, n, FUND)["phones"].tolist() for n in (1, 2, 3)] == [[0, 1], [0, 2], [1, 2]]
    far = frame([{"poor": 1, "remoteness": 2}, {"poor": 2, "remoteness": 1}])  # 2 / 1 twice already for the first phone
    assert allotment.allot(far, 1, FUND)["phones"].tolist() == [0, 1]
    like = frame([{"poor": 5}, {"poor": 5}])
    for method in allotment.METHODS:
        assert allotment.allot(like, 1, FUND, Criteria(method=method))["phones"].tolist() == [1, 0]
    # Remainders 1/2 twice, needs 3 and 1: the larger need.
    odd = frame([{"poor": 1}, {"poor": 3}])
    found = allotment.allot(odd, 2, FUND, Criteria(method="largest_remainder"))
    assert found["phones"].tolist() == [0, 2]


def test_classes_are_served_in_the_order_of_the_circular():
    row = dict.fromkeys(SPLIT, 1)
    long = allotment.by_class(frame([row]), 5, GIVEN)
    assert long[["rank", "need", "phones"]].to_numpy().tolist() == [
        [1, 2, 2],
        [2, 2, 2],
        [3, 1, 1],
        [4, 1, 0],
        [5, 1, 0],
    ]
    assert allotment.served(allotment.by_class(frame([row, row]), 9, FUND))["phones"].tolist() == [4, 4, 1, 0]
    assert allotment.allot(frame([row]), 99, FUND)["phones"].sum() == 6  # policy families from other sources only
    assert allotment.allot(frame([row]), 99, GIVEN)["phones"].sum() == 7
    for column, switch in product(SPLIT, allotment.SWITCHES):
        off = Criteria().without(switch)
        assert (allotment.rank(column, off) == allotment.rank("poor", off)) == (
            order(column, off) == order("poor", off)
        )


def test_a_unit_keeps_its_key_where_a_code_was_used_twice():
    units = frame([{"poor": 4}, {"poor": 2}]).assign(code="19753", valid_from=["2025-07-01", "2021-07-01"])
    found = allotment.allot(units, 3, FUND)
    assert found[["valid_from", "phones"]].to_numpy().tolist() == [["2021-07-01", 1], ["2025-07-01", 2]]


@fewer
@given(cases())
def test_effects_are_two_allotments_apart(tried, case):
    tried["allotments"] += 1
    units, phones, source, criteria = case
    here = allotted(case)
    if here is None:
        return
    table = allotment.effects(units, phones, source, criteria)
    on = {n for n in allotment.SWITCHES if getattr(criteria, n)}
    assert set(table["criterion"]) == on
    for name, part in table.groupby("criterion"):
        off = {"minimum": 0, "method": "largest_remainder"}.get(name, False)
        other = allotted(case, criteria=Criteria(**(vars(criteria) | {name: off})))
        part = part.set_index("code")
        assert part["phones"].equals(here) and part["without"].tolist() == other.tolist()
        assert part["change"].tolist() == (here - other).tolist() and part["change"].sum() == 0


def test_effects_name_who_gains_by_remoteness():
    units = frame([{"poor": 10, "remoteness": 1}, {"poor": 10, "remoteness": 3}])
    table = allotment.effects(units, 8, FUND)
    assert table.loc[table["criterion"] == "remoteness", "change"].tolist() == [-2, 2]
    assert "remoteness" not in set(allotment.effects(units.drop(columns="remoteness"), 8, FUND)["criterion"])


@pytest.mark.parametrize(
    "rows, more, error, told",
    [
        ([{"poor": 1}, {"poor": None}], {}, InputError, "Xã 2"),  # a list that never came is not a need of zero
        ([{"poor": -1}], {}, InputError, "Xã 1"),
        ([{"poor": 1.5}], {}, InputError, "poor"),
        ([{"poor": 1, "remoteness": 0}], {}, InputError, "từ 1"),
        ([{"code": "1", "poor": 1}, {"code": "1", "poor": 2}], {}, InputError, "một dòng"),
        ([{"poor": 1, "name": None}], {}, InputError, "thiếu tên"),
        ([{"policy_only": 1}], {}, InputError, "thiếu"),
        ([{"merit_poor": 1, "policy_poor": 1}], {}, InputError, "một cách"),
        ([{"poor": 1}], {"phones": -1}, UsageError, "-1"),
        ([{"poor": 1}], {"phones": 2.0}, UsageError, "2.0"),
        ([{"poor": 1}], {"source": "bank"}, UsageError, "bank"),
        ([{"poor": 1}], {"criteria": Criteria(method="dhondt")}, UsageError, "dhondt"),
        ([{"poor": 1}], {"criteria": Criteria(poor_first=1)}, UsageError, "poor_first"),
        ([{"poor": 9}] * 3, {"phones": 5, "criteria": Criteria(minimum=2)}, UsageError, "cần 6 máy nhưng chỉ có 5"),
    ],
)
def test_what_cannot_be_counted_is_refused_in_words(rows, more, error, told):
    with pytest.raises(error, match=told):
        allotment.allot(frame(rows), **({"phones": 1, "source": FUND} | more))


def test_a_missing_need_is_refused_in_the_type_that_knows_missing():
    units = frame([{"poor": 1}, {"poor": 2}]).assign(poor=pd.array([1, None], dtype="Int64"))
    with pytest.raises(InputError, match="Xã 2"):
        allotment.allot(units, 1, FUND)


def test_waiting_households_are_counted_by_class_and_the_unknown_apart():
    seen = (True, False, None)
    rows = [
        {"unit": "a", "wants_smartphone": w, "has_smartphone": h, "poor": p, "near_poor": n, "policy": y}
        for w, h, p, n, y in product(seen, repeat=5)
    ]
    found = allotment.waiting(pl.LazyFrame(rows), ["unit"]).row(0, named=True)
    expected = Counter()
    for r in rows:
        if r["wants_smartphone"] is not True or r["has_smartphone"] is True:
            continue
        p, n, y = r["poor"], r["near_poor"], r["policy"]
        kind = "poor" if p else None if p is None else "near_poor" if n else None if n is None else "none"
        if y is None or kind is None or (kind == "none" and not y):
            expected["unclassified"] += 1
        else:
            expected["policy_only" if kind == "none" else f"policy_{kind}" if y else kind] += 1
    assert {k: v for k, v in found.items() if k != "unit"} == dict(expected)
    allotment.allot(frame([found]), 3, FUND)  # takes what this gives


# ---- the annex


def annex(units: pd.DataFrame, phones=7, source=GIVEN, month="2025-12", criteria=None, synthetic=False, **more):
    content = allotment_annex.write(units, phones, source, month, criteria, synthetic=synthetic, **more)
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    return content, sheet, [[c.value for c in row] for row in sheet.iter_rows()]


def part(content: bytes, name: str) -> str:
    return zipfile.ZipFile(io.BytesIO(content)).read(name).decode()


UNITS = frame([dict.fromkeys(SPLIT, n) for n in (1, 2, 1200)]).assign(name=["=1+1", "Xã B", "Xã C"])


def test_the_annex_holds_what_was_allotted_and_its_sum():
    _, sheet, cells = annex(UNITS, 4321, synthetic=True)
    table = allotment.allot(UNITS, 4321, GIVEN)
    at = next(n for n, row in enumerate(cells) if row[0] == "STT")
    body = cells[at + 2 : at + 6]
    assert [row[0] for row in body] == [1, 2, 3, None] and [row[1] for row in body] == [*UNITS["name"], "TỔNG CỘNG"]
    assert [row[-1] for row in body] == [*table["phones"], 4321]
    assert [row[-2] for row in body] == [7, 14, 8400, 8421]
    assert [row[2] for row in body] == [2, 4, 2400, 2406]
    assert all(sum(row[2:-2]) == row[-2] for row in body)
    shown = allotment_annex.frame(table)
    assert shown.iloc[-1].tolist()[2:] == body[-1][2:] and shown["STT"].tolist()[:3] == [1, 2, 3]
    assert all(c.data_type != "f" for row in sheet.iter_rows() for c in row)
    numbers = [c for row in sheet.iter_rows(min_row=at + 3, max_row=at + 6, min_col=3) for c in row]
    assert {c.alignment.horizontal for c in numbers} == {"right"}
    assert {(c.font.name, c.font.sz) for c in numbers} == {("Times New Roman", 13)}


def test_the_annex_looks_as_the_decree_asks_and_leaves_number_and_day_blank():
    content, sheet, cells = annex(UNITS)
    text = "\n".join(str(v) for row in cells for v in row if v is not None)
    assert cells[0][0] == "ỦY BAN NHÂN DÂN" and cells[1][0] == "THÀNH PHỐ HUẾ" and "PHỤ LỤC" in text
    assert words.load("vi")("title.national") == cells[0][2] and cells[1][2] == "Độc lập - Tự do - Hạnh phúc"
    reference = " ".join(next(v for row in cells for v in row if str(v).startswith("(Kèm theo")).split())
    assert reference == "(Kèm theo Quyết định số /QĐ-UBND ngày tháng năm của Ủy ban nhân dân thành phố Huế)"
    assert sheet.page_setup.paperSize == 9 and sheet.page_setup.orientation == "portrait"
    assert round(sheet.page_margins.left * 25.4) == 30 and round(sheet.page_margins.right * 25.4) == 15
    at = next(n for n, row in enumerate(cells, 1) if row[0] == "STT")
    assert sheet.print_title_rows.replace("$", "") == f"{at}:{at + 1}"
    assert sheet.HeaderFooter.differentFirst and "&amp;13&amp;P<" in part(content, "xl/worksheets/sheet1.xml")
    assert annex(UNITS, month="2024-12")[2][1][0] == "TỈNH THỪA THIÊN HUẾ"
    with pytest.raises(UsageError):
        annex(UNITS, month="2020-01")


def test_the_mark_of_invented_data_is_on_every_page_and_only_then():
    mark = words.load("vi")("title.synthetic")
    _, sheet, cells = annex(UNITS, synthetic=True)
    at = next(n for n, row in enumerate(cells, 1) if row[0] == mark)
    assert sheet.print_title_rows.replace("$", "") == f"{at}:{at + 2}"
    assert not any(mark in row for row in annex(UNITS)[2])


def test_the_same_input_gives_the_same_bytes_in_any_order_and_on_any_day():
    first = annex(UNITS)[0]
    assert first == annex(UNITS.iloc[::-1])[0] == annex(UNITS)[0] and first != annex(UNITS, 8)[0]
    assert "2023-01-01T00:00:00Z" in part(first, "docProps/core.xml")
    assert set(allotment_annex._FONT) == {"font_name", "font_size"}  # the writer did not leave its own marks in it


def test_a_public_copy_has_no_needs_by_class():
    _, _, cells = annex(UNITS, by_class=False)
    heading = next(row for row in cells if row[0] == "STT")
    assert heading == ["STT", "Đơn vị", "Nhu cầu (hộ)", "Phân bổ (máy)"]


def test_the_notes_say_how():
    units = UNITS.assign(remoteness=2)
    criteria = Criteria(minimum=2)
    said = " ".join(str(row[0]) for row in annex(units, 5000, FUND, criteria=criteria)[2])
    assert "Thông tư 14/2022" in said and "2 máy" in said and "Sainte-Laguë" in said and "hệ số vùng khó khăn" in said
    assert "hộ nghèo, cận nghèo có công: 2.406/2.406 máy" in said and "hộ nghèo: 188/1.203 máy" in said
    said = " ".join(str(row[0]) for row in annex(UNITS, 9000, criteria=Criteria(method="largest_remainder"))[2])
    assert "phần dư" in said and "chưa phân bổ: 579 máy" in said and "Thông tư" not in said and "hệ số" not in said
