"""Aggregate forms: each is known by its heading, each unit by name and place, each fault told with both figures."""

import random
import tomllib

import pandas as pd
import pytest
from workbooks import Page, xlsx

from infoaccess import columns, form_units, forms, lists, rooms
from infoaccess.validate import Sheet

SAMPLE = rooms.CHECKOUT / "src" / "infoaccess" / "sample.toml"
NAMES = ["1. Việc làm", "2. Người phụ thuộc", "3. Dinh dưỡng", "4. BHYT", "5. Trình độ giáo dục của người lớn"]
NAMES += ["6. Tình trạng đi học của trẻ em", "7. Chất lượng nhà ở", "8. Diện tích nhà ở", "9. Nguồn nước sinh hoạt"]
NAMES += ["10. Nhà tiêu hợp vệ sinh", "11. Sử dụng dịch vụ viễn thông", "12. Phương tiện phục vụ tiếp cận thông tin"]
NUMBERS = [str(n) for n in range(1, 13)]
OF_POOR = "PHÂN TÍCH CÁC CHỈ SỐ THIẾU HỤT DỊCH VỤ XÃ HỘI CƠ BẢN CỦA HỘ NGHÈO"
OF_NEAR = "PHÂN TÍCH CÁC CHỈ SỐ THIẾU HỤT DỊCH VỤ XÃ HỘI CƠ BẢN CỦA HỘ CẬN NGHÈO"


def tiers(*columns_):
    """Lay out a heading: each column's tiers from the top; returns rows and the merged ranges of Excel."""
    depth = max(map(len, columns_))
    rows = [[c[t] if t < len(c) else None for c in columns_] for t in range(depth)]
    merges = []
    for t in range(depth):
        start = 0
        for at in range(1, len(columns_) + 1):
            same = at < len(columns_) and t < depth - 1 and len(columns_[at]) > t + 1 and len(columns_[start]) > t + 1
            if same and columns_[at][: t + 1] == columns_[start][: t + 1]:
                rows[t][at] = None
                continue
            if at - start > 1:
                merges.append((t, start, t, at - 1))
            start = at
    merges += [(len(c) - 1, at, depth - 1, at) for at, c in enumerate(columns_) if len(c) < depth]
    return rows, merges


UNIT = [("STT",), ("Phường/Xã",)]
ROUND, HEADS = "Kết quả rà soát về hộ (chính thức)", "Kết quả rà soát về khẩu (chính thức)"
MIDDLE = "Hộ làm nông, lâm, ngư nghiệp có mức sống trung bình"
GROUPS = ["Hộ nghèo", "Hộ cận nghèo", MIDDLE]
BIEU_1 = [*UNIT, ("Tổng số hộ dân cư", "Số hộ"), ("Tổng số hộ dân cư", "Nhân khẩu")]
BIEU_1 += [(ROUND, g, w) for g in GROUPS for w in ("Số hộ", "Tỷ lệ")]
BIEU_1 += [(HEADS, g, w) for g in GROUPS for w in ("Số khẩu", "Tỷ lệ")]
FLAT_1 = [*UNIT, ("Tổng số hộ",), ("Tổng số nhân khẩu",), ("Số hộ nghèo",), ("Tỷ lệ hộ nghèo (%)",)]
FLAT_1 += [("Số hộ cận nghèo",), ("Tỷ lệ hộ cận nghèo (%)",)]


def movement(near: bool, counted: bool = True) -> list:
    own, other = ("cận nghèo", "nghèo") if near else ("nghèo", "cận nghèo")
    out, more = f"Số hộ thoát {own}", f"Số hộ {own} bổ sung"
    heads = [*UNIT, *([("Phân tổ",)] if counted else []), (f"Tổng số hộ {own} đầu kỳ",), (out, f"Trở thành hộ {other}")]
    heads += [(out, "Vượt chuẩn cận nghèo"), ("Số hộ khác giảm",), (f"Số hộ {other} trở thành hộ {own}",)]
    heads += [(more, f"Tái {own}"), (more, "Phát sinh mới"), ("Số hộ khác tăng",), (f"Tổng số hộ {own} cuối kỳ",)]
    return heads


def deprivation(group: str, names: list[str], total: bool = True, share: bool = False) -> list:
    upper = (
        "Tỷ lệ các chỉ số thiếu hụt dịch vụ xã hội cơ bản (%)"
        if share
        else "Các chỉ số thiếu hụt dịch vụ xã hội cơ bản"
    )
    heads = [("TT",), ("Phường/Xã",), (f"Tổng số hộ {group}",), *([("Tổng số thiếu hụt",)] if total else [])]
    return heads + [(upper, n) for n in names]


def tables_of(heads, rows, title="TỔNG HỢP", file="bieu.xlsx"):
    head, merges = tiers(*heads)
    top = [["UBND TỈNH THỪA THIÊN HUẾ"], [title], []]
    merges = [(a + len(top), b, c + len(top), d) for a, b, c, d in merges]
    index = ["A", "B", *(str(n) for n in range(1, len(heads) - 1))]
    index[-1] = "9=1-2-3-4+5+6+7+8" if "cuối kỳ" in heads[-1][0] else index[-1]
    return lists.read(file, xlsx(Page([*top, *head, index, *rows], merges=merges)))[0]


def sheet_of(*tables, month="2024-06", previous=None):
    sheet = Sheet(tables[0].kind, list(tables))
    forms.check(sheet, month, previous)
    return sheet


def told(sheet):
    return [(p["row"], p["rule"]) for p in sheet.problems]


def first_row(heads):
    """Return the row number of the first row of data: three rows above, the heading, the index row."""
    return 3 + max(map(len, heads)) + 2


def counts(households, *indicators, total=None):
    full = list(indicators) + [0] * (12 - len(indicators))
    return [households, sum(v or 0 for v in full) if total is None else total, *full]


@pytest.mark.parametrize(
    ("heads", "kind", "unread"),
    [
        (BIEU_1, "poverty_counts", 0),
        (FLAT_1, "poverty_counts", 0),
        (movement(near=False), "movements", 0),
        (movement(near=True), "movements", 0),
        (movement(near=True, counted=False), "movements", 0),
        (deprivation("nghèo", NAMES), "deprivation_counts", 0),
        (deprivation("cận nghèo", NUMBERS), "deprivation_counts", 0),
        (deprivation("nghèo", NAMES, total=False, share=True), "deprivation_shares", 0),
        (deprivation("cận nghèo", NUMBERS, total=False), "deprivation_shares", 0),
    ],
)
def test_a_form_is_known_by_its_heading_and_every_column_is_read(heads, kind, unread):
    row = ["1", "Huyện A Lưới", *(["Hộ"] if ("Phân tổ",) in heads else [])]
    (table,) = tables_of(heads, [[*row, *[0] * (len(heads) - len(row))]])
    assert table.kind.name == kind
    assert len(table.position) == len(heads) and len(table.unknown) == unread
    assert [n for n, _ in table.rows] == [first_row(heads)] and table.dressing["index"] == 1
    in_form = [c for c in columns.kinds()[kind].columns if c in table.position]
    assert sorted(table.position, key=table.position.get) == in_form


def test_the_forms_leave_the_lists_what_they_were():
    kinds = {"list_1": "households", "list_2": "households", "handovers": "handovers", "denominators": "populations"}
    kinds |= {name: name for name in ("subscribers", "targets", "promises", "budgets")}
    for name, form in tomllib.loads(SAMPLE.read_text(encoding="utf-8"))["forms"].items():
        heads = [c.split(" | ")[1:] for c in form["columns"]]
        numbered = [[t.replace("#", n) for t in h] for h in heads for n in (NUMBERS if "#" in h[-1] else [""])]
        match = columns.recognise([columns.path(h) for h in numbered])
        assert match.kind.name == kinds[name] and match.unknown == [], name


def test_a_form_of_other_groups_in_the_same_book_is_no_table():
    groups = ["Tổng số", "Hộ DTTS", "Hộ không có khả năng lao động", "Hộ có người có công", "Khác"]
    heads = [*UNIT, ("Phân tổ",), *((g, w) for g in ("Hộ nghèo", "Hộ cận nghèo") for w in groups)]
    head, merges = tiers(*heads)
    index = ["A", "B", "C", "1", "2", "3", "4", "5=1-2-3-4", "6", "7", "8", "9", "10=6-7-8-9"]
    other = Page([*head, index, ["1", "Huyện A Lưới", "Hộ", *range(10)]], "Biểu 8", merges)
    head, merges = tiers(*deprivation("nghèo", NAMES))
    own = Page([*head, ["1", "Huyện A Lưới", *counts(1, 1, 1, 1)]], "Biểu 4", merges)
    (table,) = lists.read("bieu.xlsx", xlsx(other, own))[0]
    assert table.sheet == "Biểu 4"


def test_every_label_is_read_back_as_its_own_column():
    for name in forms.KINDS:
        kind = columns.kinds()[name]
        found = columns.match(kind, [columns.normal(c.label) for c in kind.columns.values()])
        assert found.position == {c: n for n, c in enumerate(kind.columns)}, name


@pytest.mark.parametrize(
    ("title", "group", "expected"),
    [
        (OF_POOR, "nghèo", "poor"),
        (OF_NEAR, "cận nghèo", "near_poor"),
        ("KẾT QUẢ RÀ SOÁT HỘ NGHÈO, HỘ CẬN NGHÈO", "cận nghèo", "near_poor"),
        ("BIỂU 4", "nghèo", "poor"),
        (OF_NEAR, "nghèo", None),
    ],
)
def test_the_group_is_told_by_title_and_heading_or_the_rows_are_refused(title, group, expected):
    (table,) = tables_of(deprivation(group, NAMES), [["1", "Huyện A Lưới", *counts(2, 2, 2, 2)]], title)
    assert forms.group_of(table) == expected
    assert ("form_group" in {rule for _, rule in told(sheet_of(table))}) is (expected is None)


def test_units_are_told_by_order_and_name_not_by_number():
    rows = [["1", "Huyện A Lưới"], [1.1, "A Lưới"], [1.1, "Hương Phong"], [1.2, "Xã Hồng Thuỷ"]]
    rows += [["2", "Huyện Nam Đông"], ["2.1", "Hương Xuân"], ["3", "Thị xã Hương Trà"], ["3.1", "P. Hương Xuân"]]
    rows += [["4", "TP Huế"], ["4.1", "Hương Phong"], ["4.2", "xã không có"]]
    (table,) = tables_of(deprivation("nghèo", NAMES), [[*r, *counts(1, 1, 1, 1)] for r in rows], OF_POOR)
    sheet = sheet_of(table)
    f = sheet.frame
    assert f["level"].tolist()[:-1] == [
        *["district", "commune", "commune", "commune", "district", "commune"],
        *["district", "commune", "district", "commune"],
    ]
    assert f["unit_code"].tolist()[:-1] == [
        *["481", "20044", "20080", "20104", "483", "20179", "480", "20017", "474", "20002"]
    ]
    assert f["commune_code"].dropna().tolist() == ["20044", "20080", "20104", "20179", "20017", "20002"]
    assert (first_row(deprivation("nghèo", NAMES)) + 10, "form_unit") in told(sheet)


def test_a_name_that_two_communes_bear_is_refused_where_nothing_decides():
    row = [1, "Hương Phong", *counts(1, 1, 1, 1)]
    heads = deprivation("nghèo", NAMES)
    (alone,) = tables_of(heads, [row], OF_POOR)
    assert told(sheet_of(alone)) == [(first_row(heads), "name_ambiguous")]
    (titled,) = tables_of(heads, [row], f"{OF_POOR} HUYỆN A LƯỚI")
    assert sheet_of(titled).frame["unit_code"].tolist() == ["20080"]
    (typed,) = tables_of(heads, [[1, "Xã Hương Phong", *counts(1, 1, 1, 1)]], OF_POOR)
    assert sheet_of(typed, month="2025-02").frame["unit_code"].tolist() == ["20080"]  # the other is a phường by then


def test_districts_and_towns_of_one_name():
    heads = deprivation("nghèo", NAMES)
    rows = [[n, name, *counts(1, 1, 1, 1)] for n, name in enumerate(["Quảng Điền", "Phú Lộc", "A Lưới"], 1)]
    (table,) = tables_of(heads, rows, OF_POOR)
    assert sheet_of(table).frame["level"].tolist() == ["district"] * 3
    rows = [[n, name, *counts(1, 1, 1, 1)] for n, name in enumerate(["A Lưới", "Hồng Thủy", "Hồng Vân"], 1)]
    (table,) = tables_of(heads, rows, OF_POOR)
    assert sheet_of(table).frame["level"].tolist() == ["commune"] * 3
    assert [r.level for r in form_units.readings("Phú Xuân", "2025-08")] == ["commune"]


def test_since_july_2025_there_are_communes_and_the_city_only():
    heads = deprivation("nghèo", NAMES)
    rows = [["", "Toàn thành phố", *counts(3, 3, 3, 3)], [1, "Xã A Lưới 2", *counts(1, 1, 1, 1)]]
    rows += [[2, "Phường Phú Xuân", *counts(1, 1, 1, 1)], [3, "Huyện A Lưới", *counts(1, 1, 1, 1)]]
    (table,) = tables_of(heads, rows, OF_POOR)
    sheet = sheet_of(table, month="2025-08")
    assert sheet.frame["level"].fillna("").tolist()[-3:] == ["commune", "commune", ""]
    assert "form_unit" in {rule for _, rule in told(sheet)}


def test_a_row_of_deprivations_that_contradicts_itself_is_refused():
    heads = deprivation("nghèo", NAMES)
    rows = [["1.1", "Xã Hồng Thủy", *counts(10, 10, 10, 10)], ["1.2", "Xã Hồng Vân", *counts(10, 10, 10, 10, total=31)]]
    rows += [["1.3", "Xã Trung Sơn", *counts(10, 11, 10, 10)], ["1.4", "Xã Hồng Kim", *counts(10, 10, 10, 9)]]
    (table,) = tables_of(heads, rows, OF_POOR)
    sheet, at = sheet_of(table), first_row(heads)
    assert told(sheet) == [(at + 1, "form_indicator_sum"), (at + 2, "form_over"), (at + 3, "form_class_poor")]
    assert sheet.refused.tolist() == [False, True, True, False]
    assert "ghi 31" in sheet.problems[0]["sentence"] and "được 30" in sheet.problems[0]["sentence"]
    assert "2,90" in sheet.problems[2]["sentence"]


def test_near_poor_households_have_two_deprivations_at_most():
    heads = deprivation("cận nghèo", NUMBERS)
    rows = [[1, "Xã Hồng Thủy", *counts(10, 10, 10)], [2, "Xã Hồng Vân", *counts(10, 10, 10, 1)]]
    (table,) = tables_of(heads, rows, OF_NEAR)
    assert told(sheet_of(table)) == [(first_row(heads) + 1, "form_class_near")]


def test_a_blank_is_not_known_and_is_not_zero():
    heads = deprivation("nghèo", NAMES)
    blank = [10, 36, 10, 10, 10, 5, *[None] * 8]  # 36 may be right: the blanks may hold one
    less = [10, 34, 10, 10, 10, 5, *[None] * 8]  # 34 cannot
    rows = [["1", "Huyện A Lưới", *counts(30, 30, 30, 30, 20)], ["1.1", "Xã Hồng Thủy", *blank]]
    rows += [["1.2", "Xã Hồng Vân", *less], ["1.3", "Xã Trung Sơn", *[None] * 14]]
    (table,) = tables_of(heads, rows, OF_POOR)
    sheet, at = sheet_of(table), first_row(heads)
    assert told(sheet) == [(at + 2, "form_indicator_sum"), (at + 1, "form_blank")]
    assert sheet.refused.tolist() == [False, False, True, False]
    assert "8 ô trống coi là chưa biết" in sheet.problems[0]["sentence"]
    assert "có 2 dòng" in sheet.problems[1]["sentence"]
    assert forms.frame_for_room(sheet, "2024-06")["deprived_12"].isna().tolist() == [False, True, True]


def test_communes_districts_and_totals_are_compared_and_both_figures_named():
    heads = deprivation("nghèo", NAMES)
    rows = [["TỔNG CỘNG", None, *counts(9, 9, 9, 9)], ["1", "Huyện A Lưới", *counts(5, 5, 5, 5)]]
    rows += [["1.1", "Xã Hồng Thủy", *counts(3, 3, 3, 3)], ["1.2", "Xã Hồng Vân", *counts(1, 1, 1, 1)]]
    rows += [["2", "Huyện Nam Đông", *counts(3, 3, 3, 3)], ["2.1", "Thị trấn Khe Tre", *counts(3, 3, 3, 3)]]
    (table,) = tables_of(heads, rows, OF_POOR)
    sheet, at = sheet_of(table), first_row(heads)
    assert set(told(sheet)) == {(at, "form_total"), (at + 1, "form_district_sum")}
    assert not sheet.refused.any()
    by_rule = {p["rule"]: p["sentence"] for p in sheet.problems if p["_column"] == "households"}
    assert "ghi 5, cộng 2 xã ở dưới được 4" in by_rule["form_district_sum"]
    assert "ghi 9, cộng 2 dòng được 8" in by_rule["form_total"]
    assert sheet.door()["read"] == 7 and sheet.door()["accepted"] == 5


def movement_row(opening, *changes, closing=None):
    minus, plus = changes[:3], changes[3:]
    return [opening, *changes, opening - sum(minus) + sum(plus) if closing is None else closing]


def test_movements_balance_cross_and_go_on_from_last_month():
    poor, near = movement(near=False), movement(near=True)
    rows = [["1", "Huyện A Lưới", "Hộ", *movement_row(100, 6, 2, 0, 1, 0, 3, 0)]]
    rows += [[None, None, "Nhân khẩu", *movement_row(400, 20, 8, 0, 4, 0, 9, 1)]]
    rows += [["2", "Huyện Nam Đông", "Hộ", *movement_row(50, 1, 1, 1, 1, 1, 1, 1, closing=49)]]
    (two,) = tables_of(poor, rows, "TỔNG HỢP DIỄN BIẾN HỘ NGHÈO")
    rows = [["1", "Huyện A Lưới", "Hộ", *movement_row(80, 1, 4, 0, 5, 0, 2, 0)]]
    (three,) = tables_of(near, rows, "TỔNG HỢP DIỄN BIẾN HỘ CẬN NGHÈO", "bieu3.xlsx")
    sheet, at = sheet_of(two, three), first_row(poor)
    assert told(sheet) == [(at + 2, "form_balance"), (at, "form_crossing")]
    assert "ghi 49" in sheet.problems[0]["sentence"] and "được 51" in sheet.problems[0]["sentence"]
    assert "bieu.xlsx" in sheet.problems[1]["sentence"] and "ghi 5 hộ" in sheet.problems[1]["sentence"]
    room = forms.frame_for_room(sheet, "2024-06")
    assert room[["group", "counted", "closing"]].values.tolist() == [
        ["poor", "households", 96],
        ["poor", "people", 386],
        ["near_poor", "households", 82],
    ]
    (later,) = tables_of(poor, [["1", "Huyện A Lưới", "Hộ", *movement_row(97, *[0] * 7)]], "DIỄN BIẾN HỘ NGHÈO")
    next_month = sheet_of(later, month="2024-07", previous=room)
    assert told(next_month) == [(at, "form_continued")]
    assert "ghi 97" in next_month.problems[0]["sentence"] and "là 96" in next_month.problems[0]["sentence"]
    assert told(sheet_of(later, month="2025-02", previous=room)) == []  # another era's huyện, whatever its code


def test_people_of_the_totals_are_no_commune():
    heads = movement(near=False)
    rows = [
        ["", "TỔNG CỘNG", "Hộ", *movement_row(10, *[0] * 7)],
        [None, None, "Nhân khẩu", *movement_row(40, *[0] * 7)],
    ]
    rows += [["1", "Huyện A Lưới", "Hộ", *movement_row(10, *[0] * 7)]]
    rows += [["", "Huyện A Lưới", "Nhân khẩu", *movement_row(40, *[0] * 7)]]
    (table,) = tables_of(heads, rows, "TỔNG HỢP DIỄN BIẾN HỘ NGHÈO")
    sheet = sheet_of(table)
    assert told(sheet) == []
    assert sheet.door() | {"read": 0} == {**sheet.door(), "read": 0, "accepted": 2, "refused": 0}
    assert forms.frame_for_room(sheet, "2024-06")["unit_code"].tolist() == ["481", "481"]


def test_rates_are_the_counts_rates_and_an_unfilled_denominator_is_told():
    rows = [
        ["1", "Huyện A Lưới", 1000, 4000, 243, "24,3", 157, 15.65],
        ["2", "Huyện Nam Đông", 300, 1200, 30, 10.1, 5, 1.67],
    ]
    rows += [["3", "Huyện Phú Lộc", None, None, 30, "300", 5, None], ["4", "Huyện Phú Vang", 20, 90, 30, 150, 5, 25]]
    (table,) = tables_of(FLAT_1, rows)
    sheet, at = sheet_of(table), first_row(FLAT_1)
    found = {(row, rule) for row, rule in told(sheet) if rule != "form_blank"}
    assert found == {(at + 3, "form_over"), (at + 2, "form_rate_over"), (at + 1, "form_rate")}
    assert sheet.refused.tolist() == [False, True, True, True]
    room = forms.frame_for_room(sheet, "2024-06")
    assert "poor_percent" not in room and room["poor"].tolist() == [243]


def test_rates_of_cells_formatted_as_percent_are_read_as_such():
    rows = [
        ["1", "Huyện A Lưới", 1000, 4000, 243, 0.243, 157, 0.157],
        ["2", "Huyện Nam Đông", 300, 1200, 30, 0.1, 5, 0.0167],
    ]
    (table,) = tables_of(FLAT_1, rows)
    sheet = sheet_of(table)
    assert told(sheet) == [] and sheet.frame["poor_percent"].tolist() == [24.3, 10.0]


def test_shares_are_of_whole_households_and_agree_with_the_counts():
    heads, title = deprivation("nghèo", NAMES, total=False, share=True), OF_POOR.replace("CÁC", "TỶ LỆ CÁC")
    rows = [
        ["1", "Huyện A Lưới", 13, 100, 100, 100, 46.15, *[0] * 8],
        ["2", "Huyện Nam Đông", 4, 100, 100, 100, 30, *[0] * 8],
    ]
    rows += [["3", "Huyện Phú Lộc", 0, 5, *[None] * 11], ["4", "Huyện Phú Vang", 0, *[None] * 12]]
    (table,) = tables_of(heads, rows, title)
    shares, at = sheet_of(table), first_row(heads)
    assert set(told(shares)) == {(at + 1, "form_share_whole"), (at + 2, "form_rate_over")}
    assert shares.refused.tolist() == [False, True, True, False]
    (table,) = tables_of(deprivation("nghèo", NAMES), [["1", "Huyện A Lưới", *counts(13, 13, 13, 13, 7)]], OF_POOR)
    forms.check_shares(shares, sheet_of(table))
    assert told(shares)[-1] == (at, "form_share_counts") and "53,85" in shares.problems[-1]["sentence"]


def test_shares_written_as_fractions_are_brought_to_percent():
    heads = deprivation("nghèo", NAMES, total=False, share=True)
    (table,) = tables_of(heads, [["1", "Huyện A Lưới", 13, 1, 1, 1, 0.4615, *[0] * 8]], OF_POOR)
    sheet = sheet_of(table)
    assert told(sheet) == [] and sheet.frame["deprived_4_percent"].tolist() == pytest.approx([46.15])


def test_a_form_of_shares_that_prints_a_total_is_settled_by_its_title():
    heads = deprivation("nghèo", NAMES, share=True)
    rows = [["1", "Huyện A Lưới", 13, "", 100, 100, 100, 46.15, *[0] * 8]]
    (table,) = tables_of(heads, rows, OF_POOR.replace("CÁC", "TỶ LỆ CÁC"))
    assert forms.settle(table).kind.name == "deprivation_shares"
    assert told(sheet_of(forms.settle(table))) == []
    (table,) = tables_of(deprivation("nghèo", NAMES), [["1", "Huyện A Lưới", *counts(1, 1, 1, 1)]], OF_POOR)
    assert forms.settle(table) is table


def test_the_same_unit_twice_is_folded_when_equal_and_refused_when_not():
    heads = deprivation("nghèo", NAMES)
    sizes = {"a.xlsx": 2, "b.xlsx": 2, "c.xlsx": 3}
    found = [tables_of(heads, [[1, "Xã Hồng Thủy", *counts(*[n] * 4)]], OF_POOR, name) for name, n in sizes.items()]
    sheet = sheet_of(*(table for (table,) in found))
    assert sheet.folded.tolist() == [False, True, False] and sheet.refused.tolist() == [False, False, True]
    assert "a.xlsx" in sheet.problems[0]["sentence"]
    assert sheet.door()["accepted"] == 1


def test_a_month_without_forms_gives_empty_frames_with_the_same_columns():
    for name in forms.KINDS:
        frame = forms.frame_for_room(Sheet(columns.kinds()[name], []), "2024-06")
        assert len(frame) == 0 and list(frame.columns[:4]) == ["month", "level", "unit_code", "unit_valid_from"]
        assert isinstance(frame, pd.DataFrame)


def test_a_heading_without_rows_and_a_row_without_its_kind_of_count():
    heads = movement(near=False)
    (empty,) = tables_of(heads, [], "TỔNG HỢP DIỄN BIẾN HỘ NGHÈO")
    assert told(sheet_of(empty)) == []
    (table,) = tables_of(heads, [["1", "Huyện A Lưới", "", *movement_row(10, *[0] * 7)]], "DIỄN BIẾN HỘ NGHÈO")
    sheet = sheet_of(table)
    assert [p["rule"] for p in sheet.problems] == ["required"] and sheet.refused.all()


def test_a_city_row_and_a_subtotal_too_small_for_its_known_parts():
    heads = deprivation("nghèo", NAMES)
    rows = [["", "Thành phố Huế", *counts(5, 5, 5, 5)], ["1", "Huyện A Lưới", *counts(2, 2, 2, 2)]]
    rows += [["1.1", "Xã Hồng Thủy", *counts(3, 3, 3, 3)], ["1.2", "Xã Hồng Vân", *[None] * 14]]
    (table,) = tables_of(heads, rows, OF_POOR)
    sheet, at = sheet_of(table, month="2025-02"), first_row(heads)
    assert set(told(sheet)) == {(at, "form_city_sum"), (at + 1, "form_district_sum")}
    assert sheet.frame["level"].tolist() == ["city", "district", "commune", "commune"]
    assert any("ghi 2, cộng 2 xã ở dưới được 3 (1 ô trống" in p["sentence"] for p in sheet.problems)
    assert forms.frame_for_room(sheet, "2025-02")["unit_valid_from"].tolist() == ["2025-01-01"] * 4


def consistent(rng) -> list[list]:
    """Return a Biểu 4 that agrees with itself: the totals, two districts, five communes."""
    parts = [["Xã Hồng Thủy", "Xã Hồng Vân", "Hương Phong"], ["Hương Xuân", "Thị trấn Khe Tre"]]
    rows, grand = [], [0] * 14
    for n, (district, names) in enumerate(zip(["Huyện A Lưới", "Huyện Nam Đông"], parts, strict=True), 1):
        held = []
        for _ in names:
            households = rng.randint(1, 60)
            three = [households, households, households]
            held.append(counts(households, *three, *(rng.randint(0, households) for _ in range(9))))
        summed = [sum(column) for column in zip(*held, strict=True)]
        rows.append([str(n), district, *summed])
        rows += [[f"{n}.{m}", names[m - 1], *figures] for m, figures in enumerate(held, 1)]
        grand = [a + b for a, b in zip(grand, summed, strict=True)]
    return [*rows, ["", "TỔNG CỘNG", *grand]]


@pytest.mark.parametrize("seed", range(8))
def test_any_one_changed_figure_of_a_consistent_form_is_told(seed):
    rng, heads = random.Random(seed), deprivation("nghèo", NUMBERS)
    rows = consistent(rng)
    (table,) = tables_of(heads, rows, OF_POOR)
    assert told(sheet_of(table)) == []
    at, column = rng.randrange(len(rows)), rng.randrange(2, 16)
    rows[at][column] += 1
    (table,) = tables_of(heads, rows, OF_POOR)
    assert told(sheet_of(table)), (at, column)


def test_a_code_beside_the_name_must_be_the_names_code_and_helps_where_the_name_does_not():
    heads = [("STT",), ("Mã xã",), *deprivation("nghèo", NAMES)[1:]]
    rows = [[1, "20080", "Hương Phong"], [2, "20047", "Xã Hồng Thủy"], [3, "20161", "Khe Tre (Nam Đông)"]]
    rows += [[4, "99999", "Xã Hồng Kim"]]
    (table,) = tables_of(heads, [[*r, *counts(1, 1, 1, 1)] for r in rows], OF_POOR)
    sheet, at = sheet_of(table), first_row(heads)
    assert told(sheet) == [(at + 1, "name_code"), (at + 2, "name_unknown"), (at + 3, "unknown_unit")]
    assert sheet.refused.tolist() == [False, True, False, True]
    assert sheet.frame["unit_code"].tolist()[::2] == ["20080", "20161"]


def test_without_dotted_numbers_the_first_of_a_shared_name_is_the_district():
    heads = deprivation("nghèo", NAMES)
    names = ["A Lưới", "A Lưới", "Hồng Thủy"]
    rows = [["", name, *counts(n, n, n, n)] for name, n in zip(names, (3, 1, 2), strict=True)]
    (table,) = tables_of(heads, rows, OF_POOR)
    sheet = sheet_of(table)
    assert sheet.frame["level"].tolist() == ["district", "commune", "commune"] and told(sheet) == []
    (table,) = tables_of(heads, [["", "Huyện A Lưới", *counts(3, 3, 3, 3)], *rows[1:]], OF_POOR)
    assert sheet_of(table).frame["level"].tolist() == ["district", "commune", "commune"]
    dotted = [["1", "A Lưới", *counts(1, 1, 1, 1)], ["1.1", "Hồng Thủy", *counts(1, 1, 1, 1)]]
    (table,) = tables_of(heads, dotted, OF_POOR)
    assert sheet_of(table).frame["level"].tolist() == ["district", "commune"]


def test_communes_under_a_district_that_nobody_knows_are_not_the_former_ones():
    heads = deprivation("nghèo", NAMES)
    rows = [["1", "Huyện A Lưới", *counts(1, 1, 1, 1)], ["1.1", "Hồng Thủy", *counts(1, 1, 1, 1)]]
    rows += [["2", "Huyện Nam Đôngg", *counts(1, 1, 1, 1)], ["2.1", "Thị trấn Khe Tre", *counts(1, 1, 1, 1)]]
    (table,) = tables_of(heads, rows, OF_POOR)
    sheet, at = sheet_of(table), first_row(heads)
    assert told(sheet) == [(at + 2, "form_unit")]
    assert sheet.frame["under"].isna().tolist() == [True, False, True, True]


def test_only_grand_totals_are_compared_with_all_rows():
    heads = deprivation("nghèo", NAMES)
    rows = [["1", "Huyện A Lưới", *counts(1, 1, 1, 1)], ["", "Cộng huyện A Lưới", *counts(1, 1, 1, 1)]]
    rows += [["2", "Huyện Nam Đông", *counts(1, 1, 1, 1)], ["", "Tổng cộng:", *counts(2, 2, 2, 2)]]
    (table,) = tables_of(heads, rows, OF_POOR)
    assert len(table.totals) == 2 and told(sheet_of(table)) == []


def test_a_blank_among_the_movements_leaves_the_balance_open():
    rows = [["1", "Huyện A Lưới", "Hộ", 10, 1, 0, 0, None, 0, 3, 0, 14]]
    rows += [["2", "Huyện Nam Đông", "Hộ", 10, None, 0, 0, 0, 0, 0, 0, 9]]
    (table,) = tables_of(movement(near=False), rows, "TỔNG HỢP DIỄN BIẾN HỘ NGHÈO")
    assert {p["rule"] for p in sheet_of(table).problems} == {"form_blank"}


def test_poor_and_near_poor_together_are_no_more_than_all_and_nobody_is_poor_of_none():
    rows = [["1", "Huyện A Lưới", 100, 400, 60, 60, 50, 50], ["2", "Huyện Nam Đông", 0, 0, 3, None, 0, None]]
    (table,) = tables_of(FLAT_1, rows)
    sheet, at = sheet_of(table), first_row(FLAT_1)
    assert [t for t in told(sheet) if t[1] != "form_blank"] == [(at + 1, "form_rate_over"), (at, "form_over")]
    assert "Ghi 110, nhưng tổng số trong dòng chỉ là 100" in sheet.problems[1]["sentence"]
