"""The hostile collection, part 1: one list in every format, under every heading, between other sheets and tables."""

from collections.abc import Iterator
from dataclasses import replace

import workbooks as wb
from invented import (
    FORMATS,
    HANDOVERS,
    HEADS,
    POPULATIONS,
    SIGNATURE,
    TITLE,
    TWO_TIERS,
    Row,
    Variant,
    every,
    handover,
    home,
    homes,
    index_row,
    keys,
    official,
    one,
    sheet,
)
from workbooks import Page


def formats() -> Iterator[Variant]:
    """Cross formats with a plain and an official layout."""
    for name, (suffix, write) in FORMATS.items():
        yield one(f"plain_{name}", homes(6), write=write, suffix=suffix)
        yield one(
            f"official_{name}",
            official(homes(7)),
            write=write,
            suffix=suffix,
            heads=TWO_TIERS,
            top=12,
            title=TITLE,
            index=index_row(HEADS),
        )


def tiered(depth: int) -> list:
    """Put more tiers above the headings."""
    above = ("Phụ lục hộ", "Kết quả rà soát")[: depth - 2] if depth > 2 else ()
    return [(c, (*above, *h)) if isinstance(h, tuple) else (c, h) for c, h in TWO_TIERS]


def layouts() -> Iterator[Variant]:
    """Lay one list out in the ways that communes do."""
    rows = homes(6)
    for top in (2, 12, 39, 40):
        yield one(f"heading_at_row_{top}", rows, top=top, title=TITLE[:1])
    yield Variant(
        "heading_below_row_40",
        {"a.xlsx": wb.xlsx(sheet(rows, top=45)[0])},
        file_refusals={"a.xlsx": ("no_table",)},
    )
    for depth in (2, 3, 4):
        for name in ("xlsx", "xls", "ods"):
            suffix, write = FORMATS[name]
            yield one(
                f"{depth}_tiers_{name}", rows, heads=tiered(depth), top=5, title=TITLE, write=write, suffix=suffix
            )
    machine = [[c if c != "serial" else "stt" for c, _ in HEADS]]
    yield one("machine_keys_above_labels", rows, top=2, title=machine)
    yield one("index_row_in_brackets", rows, index=[f"({n})" for n in range(1, len(HEADS) + 1)])
    yield one("index_row_of_numbers", rows, index=list(range(1, len(HEADS) + 1)))
    yield one("index_row_with_formula", rows, index=index_row(HEADS))
    yield one("total_on_top", [["", "TỔNG CỘNG", "6", *[""] * 8, 20], *rows])
    yield one("total_below_in_key_column", [*rows, ["Cộng:", "", "", *[""] * 8, 20]])
    yield one("total_in_words_at_left", [*rows, ["Tổng số: 6 hộ"]])
    groups: list = []
    for n, row in enumerate(rows):
        groups += [[("I", "II")[n // 3], row.values["village"]]] if n % 3 == 0 else []
        groups.append(row)
    yield one("village_rows_between", groups)
    yield one("commune_row_on_top", [["I", "Xã A Lưới 2", 6, *[""] * 8, 20], *rows])
    yield one("signature_block", [*rows, *SIGNATURE])
    yield one("signature_without_blank_row", [*rows, *[s for s in SIGNATURE if s]])
    yield one("total_in_the_village_column", [*rows, [*[""] * 8, "Tổng thôn 1", "", "", 20]])
    later = [*rows, *SIGNATURE, [], *homes(2, 6)]  # above the last household nothing is taken for a signature
    places = tuple(("danh_sach.xlsx", n, "required|value") for n in (9, 10, 12))
    yield replace(one("rows_after_a_signature", later, dressing=0), refused=places)
    whole = [["DANH SÁCH HỘ NGHÈO, HỘ CẬN NGHÈO"]]
    yield one("merged_title_just_above", rows, top=2, title=whole, merges=[(0, 0, 0, len(HEADS) - 1)])
    yield one("merged_title_above_two_tiers", rows, heads=TWO_TIERS, top=2, title=whole, merges=[(0, 0, 0, 32)])
    yield one("a_phone_number_below", [*rows, [], ["Liên hệ: 0234 000 000"]])
    notes = [[], ["Ghi chú: ô đánh dấu x là chỉ số thiếu hụt"], ["Nơi nhận: UBND thành phố; lưu VT"]]
    yield one("notes_below", [*rows, *notes])
    yield one("blank_rows_between", [r for row in rows for r in (row, [], ["  ", "\xa0"])])
    yield one("table_starts_at_column_D", rows, left=3, top=4, title=TITLE[:1])
    yield one("order_of_columns_changed", rows, heads=HEADS[::-1])
    yield one("blank_columns_between", rows, heads=[h for pair in HEADS for h in (pair, ("", ""))])
    wording = {
        "head_name": "CHỦ HỘ",
        "household_no": "Mã số hộ",
        "head_birth_year": "Ngày, tháng, năm sinh",
        "head_identity": "CCCD/CMND",
        "village": "Tổ dân phố / Thôn",
        "commune_code": "MÃ ĐVHC",
        "commune_name": "Phường/Xã",
        "members": "Nhân khẩu",
        "adults": "Người từ 15 tuổi trở lên",
        "policy": "Hộ CS/NCC",
        "has_smartphone": "Có ĐTTM",
        "wants_smartphone": "Cần hỗ trợ ĐTTM",
        "phone": "Số điện thoại",
    } | {f"deprived_{n}": f"CS{n}" for n in range(1, 13)}
    yield one("alias_wordings", rows, heads=[(c, wording.get(c, h)) for c, h in HEADS])
    rough = [(c, f" {h.replace(' ', chr(10), 1)} *: ".replace("Mã", "Mã ")) for c, h in HEADS]
    yield one("line_breaks_stars_and_colons_in_headings", rows, heads=rough)
    capitals = [(c, h.upper()) for c, h in HEADS]
    yield one("headings_in_capitals", rows, heads=capitals)
    extra = [*HEADS, ("x1", "Tình trạng hôn nhân"), ("x2", "Diện tích đất"), ("x3", "Người nhập")]
    filled = [r.wrote(x1="có", x2=120.5, x3="Cán bộ") for r in rows]
    yield one("unknown_columns", filled, heads=extra, warnings={"unknown_heading"})
    for column, label in (("village", "no_village"), ("members", "no_members"), ("poor", "no_class_column")):
        left = [h for h in HEADS if h[0] != column]
        yield one(
            f"missing_column_{label}",
            rows,
            heads=left,
            accepted=(),
            dressing=None,
            file_refusals={"danh_sach.xlsx": ("missing_column",)},
        )
    twice = {"file_refusals": {"danh_sach.xlsx": ("double_column",)}, "accepted": (), "dressing": None}
    yield one("same_heading_twice", rows, heads=[*HEADS, ("household_no", "Mã hộ")], **twice)
    yield one("two_wordings_of_one_column", rows, heads=[*HEADS, ("members", "Nhân khẩu")], **twice)
    yield one("optional_columns_left_out", rows, heads=[h for h in HEADS if h[0] not in OPTIONAL])
    by_name = [h for h in HEADS if h[0] != "commune_code"]
    yield one("commune_by_name_without_code_column", rows, heads=by_name, values={"commune_code": ["20044"] * 6})
    titled = [h for h in HEADS if h[0] not in ("commune_code", "commune_name")]
    yield one(
        "commune_in_the_title_only", rows, heads=titled, top=6, title=TITLE, values={"commune_code": ["20044"] * 6}
    )
    two = [["Danh sách của xã A Lưới 2 và xã A Lưới 5"], []]
    yield one(
        "two_communes_in_the_title_only",
        rows,
        heads=titled,
        top=3,
        title=two,
        refused=every(rows, "required|name_ambiguous"),
    )
    yield from merged_rows()
    yield from sheets()


OPTIONAL = ("serial", "head_birth_year", "head_male", "head_female", "head_identity", "ethnicity", "adults", "remark")


def merged_rows() -> Iterator[Variant]:
    """Merge cells of villages and communes over the rows they stand for."""
    rows = homes(6)
    at = {c: i for i, (c, _) in enumerate(HEADS)}
    blank = [r.wrote(village="") if n % 3 else r for n, r in enumerate(rows)]
    spans = [(1, at["village"], 3, at["village"]), (4, at["village"], 6, at["village"])]
    for name in ("xlsx", "xls", "ods"):
        suffix, write = FORMATS[name]
        yield one(f"merged_villages_{name}", blank, merges=spans, write=write, suffix=suffix)
    both = [r.wrote(commune_code="", commune_name="") if n else r for n, r in enumerate(rows)]
    spans = [(1, at[c], 6, at[c]) for c in ("commune_code", "commune_name")]
    yield one("merged_commune_code_and_name", both, merges=spans)
    yield one("blank_villages_not_merged", blank, refused=dict.fromkeys((1, 2, 4, 5), "required"))
    spans = [(1, at["members"], 2, at["members"])]
    counted = [rows[0], rows[1].wrote(members=""), *rows[2:]]
    yield one("merged_members_stand_for_one_row", counted, merges=spans, refused={1: "required"})


def sheets() -> Iterator[Variant]:
    """Put several sheets into a workbook, several tables onto a sheet."""
    rows = homes(6)
    page, _ = sheet(rows)
    old, _ = sheet(homes(5, village="Thôn cũ"), name="Bản cũ", hidden=True)
    cover = Page([["UBND XÃ A LƯỚI 2"], ["Kính gửi: Sở"], ["Gửi kèm 6 hộ"]], name="Bìa")
    expect = {"accepted": keys(rows), "dressing": 0}
    for name in ("xlsx", "xls", "ods"):
        suffix, write = FORMATS[name]
        files = {f"a{suffix}": write(page, old)}
        yield Variant(f"hidden_old_copy_{name}", files, warnings=frozenset({"hidden_sheet"}), **expect)
    memo = Page([["ghi nhớ"]], name="Ghi nhớ", hidden=True)
    yield Variant("hidden_sheet_without_table", {"a.xlsx": wb.xlsx(page, memo)}, **expect)
    yield Variant("hidden_cover_first", {"a.xlsx": wb.xlsx(replace(cover, hidden=True), page)}, **expect)
    only = wb.xlsx(cover, replace(page, name="Ẩn", hidden=True))
    yield Variant(
        "only_a_hidden_list", {"a.xlsx": only}, file_refusals={"a.xlsx": ("no_table", "hidden_sheet")}, warnings=None
    )
    yield Variant(
        "empty_sheets_around", {"a.xlsx": wb.xlsx(Page([], name="Sheet1"), page, Page([], name="3"))}, **expect
    )
    yield Variant("cover_sheet_first", {"a.xlsx": wb.xlsx(cover, page)}, **expect)
    yield Variant("chart_sheet_first", {"a.xlsx": wb.xlsx(page, chart_sheet=True)}, **expect)
    yield one("hidden_rows_xlsx", rows, hidden_rows=frozenset({2, 3}), warnings={"hidden_rows"})
    yield one(
        "hidden_rows_ods", rows, write=wb.ods, suffix=".ods", hidden_rows=frozenset({2, 3}), warnings={"hidden_rows"}
    )
    yield one("hidden_rows_xls", rows, write=wb.xls, suffix=".xls", hidden_rows=frozenset({2, 3}), warnings=None)
    copy = wb.xlsx(page, replace(page, name="Bản sao"))
    yield Variant("visible_copy_of_the_sheet", {"a.xlsx": copy}, folded=6, **expect)
    many = [sheet([home(n)], name=f"Thôn {n}")[0] for n in range(60)]
    yield Variant("60_sheets", {"a.xlsx": wb.xlsx(*many)}, accepted=keys(homes(60)), dressing=0)
    second, _ = sheet(homes(6, 6), name="Thôn dưới")
    yield Variant("a_sheet_a_village", {"a.xlsx": wb.xlsx(page, second)}, accepted=keys(homes(12)), dressing=0)
    broken, _ = sheet(homes(6, 6), name="Thôn dưới", heads=[h for h in HEADS if h[0] != "members"])
    refusal = {"a.xlsx": ("missing_column",)}
    yield Variant("one_of_two_sheets_unusable", {"a.xlsx": wb.xlsx(page, broken)}, file_refusals=refusal, warnings=None)
    given = [handover(rows[n], f"{5 + n:02d}/07/2025") for n in range(3)]
    hand, _ = sheet(given, heads=HANDOVERS, name="Bàn giao")
    yield Variant(
        "handovers_on_a_sheet_of_their_own", {"a.xlsx": wb.xlsx(page, hand)}, counts={"handovers": 3}, **expect
    )
    loose = expect | {"dressing": None}
    gap = [[], [], ["DANH SÁCH BÀN GIAO ĐIỆN THOẠI"], []]
    under = Page([*page.rows, *gap, *hand.rows])
    yield Variant("handovers_below_households", {"a.xlsx": wb.xlsx(under)}, counts={"handovers": 3}, **loose)
    below = wb.csv(under)
    yield Variant("handovers_below_households_csv", {"a.csv": below}, counts={"handovers": 3}, **loose)
    above = Page([*hand.rows, [], *page.rows])
    yield Variant("households_below_handovers", {"a.xlsx": wb.xlsx(above)}, counts={"handovers": 3}, **loose)
    people = [Row({"commune_code": "20044", "commune_name": "Xã A Lưới 2", "households": 900, "people": 3500})]
    count, _ = sheet(people, heads=POPULATIONS, title=[["TỔNG SỐ HỘ"]], top=2)
    stack = Page([*count.rows, [], *page.rows, [], *hand.rows])
    held = {"populations": 1, "handovers": 3}
    yield Variant("three_tables_on_a_sheet", {"a.xlsx": wb.xlsx(stack)}, counts=held, **loose)
    again = Page([*page.rows, *second.rows])
    both = {"accepted": keys(homes(12)), "dressing": 1}
    yield Variant("heading_repeated_at_page_break", {"a.xlsx": wb.xlsx(again)}, **both)
    again = Page([*page.rows, [], *second.rows])
    yield Variant("heading_repeated_after_a_blank_row", {"a.xlsx": wb.xlsx(again)}, **both)
    two, _ = sheet(homes(3), heads=TWO_TIERS, index=index_row(HEADS))
    more, _ = sheet(homes(3, 3), heads=TWO_TIERS, index=index_row(HEADS))
    repeated = replace(two, rows=[*two.rows, *more.rows], merges=[*two.merges, *_down(more.merges, len(two.rows))])
    files = {"a.xlsx": wb.xlsx(repeated)}
    yield Variant("two_tier_heading_and_index_repeated", files, accepted=keys(rows), dressing=None)
    last, _ = sheet(homes(1, 6))
    close = Page([*page.rows, *last.rows, *hand.rows])
    files = {"a.xlsx": wb.xlsx(close)}
    yield Variant("heading_repeated_just_above_another_table", files, keys(homes(7)), {"handovers": 3})
    stray = Page([[*count.rows[0]], [*count.rows[1], "", 708413], *count.rows[2:], [], *page.rows])
    files = {"a.xlsx": wb.xlsx(stray)}
    yield Variant("a_stray_number_beside_a_heading", files, keys(rows), {"populations": 1}, warnings=None)
    turned, _ = sheet(homes(6, 6), heads=HEADS[::-1])
    other = Page([*page.rows, [], *turned.rows])
    yield Variant("second_list_below_in_another_order", {"a.xlsx": wb.xlsx(other)}, accepted=keys(homes(12)))


def _down(merges: list, by: int) -> list:
    return [(top + by, left, bottom + by, right) for top, left, bottom, right in merges]
