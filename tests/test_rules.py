"""Rules that need two tables or two months: reviews against the list, hand-overs, mended rows, a list sent anew."""

import pandas as pd
import pytest

from infoaccess import columns, intake
from infoaccess.lists import Table
from infoaccess.validate import Sheet, problem_table

MONTH = "2025-12"
HOME = {
    "commune_code": "20044",
    "commune_name": "Xã A Lưới 2",
    "village": "Thôn 1",
    "household_no": "1",
    "head_name": "Hồ Văn Thử",
    "head_birth_year": 1960,
    "members": 4,
    "poor": "x",
    "deprived_1": "x",
    "deprived_2": "x",
    "deprived_11": "x",
    "has_smartphone": "",
}


def table(kind_name, *rows, file="a.xlsx", sha="0" * 12):
    """Return a table of rows given by column name."""
    kind = columns.kinds()[kind_name]
    names = list(kind.columns)
    cells = [(i + 2, [row.get(n, "") for n in names]) for i, row in enumerate(rows)]
    return Table(file, "Tờ 1", kind, {n: i for i, n in enumerate(names)}, {}, cells, sha=sha)


def checked(**tables):
    """Return the month's sheets after all rules; other kinds are empty."""
    sheets = {n: Sheet(k, tables.get(n, []), MONTH) for n, k in columns.kinds().items()}
    intake.check(sheets, MONTH, b"secret")
    for sheet in sheets.values():
        sheet.door()
    return sheets


def told(sheet):
    return [(p["row"], p["rule"]) for p in sheet.problems]


def test_a_review_follows_from_its_scores_and_agrees_with_the_list():
    base = {k: HOME[k] for k in ("commune_code", "household_no", "head_name", "members")}
    fine = base | {"b1": 130, "b2": 30, "result": "Hộ nghèo"}
    near = base | {"b1": 130, "b2": 20, "result": "Hộ cận nghèo"}  # follows from the scores; the list says poor
    wrong = base | {"b1": 141, "b2": 30, "result": "Hộ nghèo", "head_name": "Lê Thị Mẫu"}  # a rural commune: 140
    sheets = checked(households=[table("households", HOME)], reviews=[table("reviews", fine, near, wrong)])
    assert told(sheets["reviews"]) == [(4, "review_class"), (3, "review_differs")]
    assert "tệp a.xlsx" in sheets["reviews"].problems[1]["sentence"]
    assert sheets["reviews"].kept.all()


def test_a_second_phone_is_told_with_the_first_and_counts():
    phone = {k: HOME[k] for k in ("commune_code", "village", "household_no")}
    phone |= {"handed_on": "20/12/2025", "source": "Xã hội hóa"}
    other = phone | {"handed_on": "25/12/2025"}
    stranger = phone | {"household_no": "77"}
    late = phone | {"household_no": "1", "handed_on": "02/01/2026"}
    rows = [table("handovers", phone, phone, other, stranger, late)]
    sheet = checked(households=[table("households", HOME)], handovers=rows)["handovers"]
    assert told(sheet) == [(6, "date_after"), (4, "second_phone"), (5, "not_listed")]
    assert sheet.door() == {"read": 5, "dressing": 0, "accepted": 3, "refused": 1, "folded": 1, "warnings": 2}


def test_a_mended_row_replaces_its_row_and_a_list_sent_anew_goes_before_it():
    mended = HOME | {"members": 5, "origin_ref": f"{'0' * 12}:0:2"}
    both = [table("households", HOME | {"members": "năm"}), table("households", mended, file="b.xlsx", sha="1" * 12)]
    sheet = checked(households=both)["households"]
    assert sheet.accepted()["members"].tolist() == [5] and sheet.folded.tolist() == [True, False] and told(sheet) == []
    anew = table("households", HOME | {"members": 6}, file="z.xlsx", sha="2" * 12)
    sheet = checked(households=[both[1], anew])["households"]
    assert sheet.accepted()["members"].tolist() == [6]
    assert told(sheet) == [(2, "origin_lost"), (2, "key_conflict")]


def test_the_same_person_is_told_only_where_no_numbers_tell_them_apart():
    other = HOME | {"household_no": "2"}
    numbered = [HOME | {"head_identity": "046060000001"}, other | {"head_identity": "046060000002"}]
    assert told(checked(households=[table("households", HOME, other)])["households"]) == [
        (2, "same_person"),
        (3, "same_person"),
    ]
    assert told(checked(households=[table("households", *numbered)])["households"]) == []


def test_problems_never_quote_a_cell():
    rows = [HOME | {"members": "bí mật", "head_identity": "số lạ", "household_no": ""}]
    found = problem_table([checked(households=[table("households", *rows)])["households"]])
    assert len(found) == 3
    assert not any(word in found.to_csv() for word in ("bí mật", "số lạ", "Hồ Văn Thử"))
    assert pd.isna(found["row"]).sum() == 0


@pytest.mark.parametrize(
    ("kind", "row", "other", "column"),
    [
        ("promises", {"month": "01/2025", "source": "Xã hội hóa", "phones": 20}, {"phones": 21}, "Nguồn kinh phí"),
        ("budgets", {"year": 2025, "source": "VTCI", "planned_vnd": 5000000}, {"planned_vnd": 1}, "Nguồn kinh phí"),
        ("targets", {"year": 2025, "target_id": "a", "target_percent": 80}, {"target_percent": 90}, "Mã chỉ tiêu"),
    ],
)
def test_a_plan_or_promise_stated_twice_is_no_sum(kind, row, other, column):
    sheet = checked(**{kind: [table(kind, row, row, row | other)]})[kind]
    assert told(sheet) == [(4, "duplicate")]  # the second is the first once more, the third contradicts it
    assert sheet.kept.tolist() == [True, False, False]
    assert sheet.problems[0]["column"] == column and "dòng 2" in sheet.problems[0]["sentence"]
