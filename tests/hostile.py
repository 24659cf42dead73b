"""The hostile collection: small months of lists as communes send them at their worst, and what must become of each row.

A variant is right when the accepted households are exactly the expected ones, every other row is refused at its place
by its rule or folded into its twin, and an unusable file is refused by its rule. All persons are invented.
"""

import csv as csv_module
import datetime as dt
import io
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path

import workbooks as wb
from workbooks import Cell, Page

MONTH = "2025-07"  # era C
OLD_MONTH = "2024-06"  # era A
ROOT = Path(__file__).resolve().parents[1]
FAMILY = ("Hồ", "Lê", "Trần", "Nguyễn", "Phạm", "Viên", "Quỳnh", "Đặng", "Võ", "Bùi", "Cao")
MIDDLE = ("Văn", "Thị", "Đức", "Minh", "Xuân", "Ngọc", "Hữu")
GIVEN = ("Thưởng", "Nghĩa", "Ân", "Bưởi", "Cường", "Dịu", "Ênh", "Gấm", "Hoè", "Khuê", "Lựu", "Mẫn", "Ỷ")

HEADS = [
    ("serial", "STT"),
    ("head_name", "Họ và tên chủ hộ"),
    ("household_no", "Mã hộ"),
    ("head_birth_year", "Năm sinh"),
    ("head_male", "Nam"),
    ("head_female", "Nữ"),
    ("head_identity", "Số CCCD/CMND"),
    ("ethnicity", "Dân tộc"),
    ("village", "Thôn/Tổ dân phố"),
    ("commune_code", "Mã xã"),
    ("commune_name", "Xã/Phường"),
    ("members", "Số khẩu"),
    ("adults", "Số người từ 15 tuổi"),
    ("poor", "Hộ nghèo"),
    ("near_poor", "Hộ cận nghèo"),
    ("policy", "Hộ chính sách/NCC"),
    *((f"deprived_{n}", f"Chỉ số thiếu hụt {n}") for n in range(1, 13)),
    ("has_smartphone", "Đã có ĐTTM"),
    ("adults_with_smartphone", "Số người từ 15 tuổi dùng ĐTTM"),
    ("wants_smartphone", "Nhu cầu hỗ trợ ĐTTM"),
    ("phone", "SĐT"),
    ("remark", "Ghi chú"),
]
UPPER = {
    "head_male": "Giới tính",
    "head_female": "Giới tính",
    "poor": "Phân loại hộ",
    "near_poor": "Phân loại hộ",
    "policy": "Phân loại hộ",
    "has_smartphone": "Điện thoại thông minh",
    "adults_with_smartphone": "Điện thoại thông minh",
    "wants_smartphone": "Điện thoại thông minh",
}
TWO_TIERS = [
    (c, ("Chỉ số thiếu hụt", c[9:])) if c.startswith("deprived_") else (c, (UPPER[c], h) if c in UPPER else h)
    for c, h in HEADS
]
HANDOVERS = [
    ("serial", "STT"),
    ("handed_on", "Ngày bàn giao"),
    ("commune_code", "Mã xã"),
    ("commune_name", "Xã/Phường"),
    ("village", "Thôn/Tổ dân phố"),
    ("household_no", "Mã hộ"),
    ("head_name", "Họ và tên chủ hộ"),
    ("source", "Nguồn kinh phí"),
    ("form", "Hình thức"),
    ("value_vnd", "Giá trị (đồng)"),
]
POPULATIONS = [
    ("serial", "STT"),
    ("commune_code", "Mã xã"),
    ("commune_name", "Xã/Phường"),
    ("households", "Tổng số hộ"),
    ("people", "Tổng số nhân khẩu"),
]
TITLE = [["ỦY BAN NHÂN DÂN XÃ A LƯỚI 2"], [], ["DANH SÁCH HỘ NGHÈO, HỘ CẬN NGHÈO, HỘ CHÍNH SÁCH"], []]


@dataclass(frozen=True)
class Row:
    """Hold one row that is data: what it means, and cells written otherwise than they mean."""

    values: dict
    cells: dict = field(default_factory=dict)

    def but(self, **values) -> "Row":
        """Return the row with other values."""
        return replace(self, values=self.values | values)

    def wrote(self, **cells) -> "Row":
        """Return the row that means the same but is written otherwise."""
        return replace(self, cells=self.cells | cells)

    @property
    def key(self) -> tuple[str, str, str]:
        """Return the household's key."""
        return tuple(self.values[c] for c in ("commune_code", "village", "household_no"))


@dataclass(frozen=True)
class Variant:
    """Describe a month's folder and what must come of it."""

    name: str
    files: dict[str, bytes | Callable[[], bytes]]
    accepted: tuple[tuple[str, str, str], ...] = ()  # keys of households
    counts: dict[str, int] = field(default_factory=dict)  # accepted rows of other kinds
    refused: tuple[tuple[str, int, str], ...] = ()  # file, row, rule
    folded: int = 0
    dressing: int | None = None
    warnings: frozenset[str] | None = frozenset()  # rules; None: not looked at
    file_refusals: dict[str, tuple[str, ...]] = field(default_factory=dict)  # file -> rules, one of which it must be
    values: dict[str, list] = field(default_factory=dict)  # column of room 1 -> values of the accepted households
    texts: dict[str, list] = field(default_factory=dict)  # column that stays inside the door -> values, in row order
    month: str = MONTH

    def content(self) -> dict[str, bytes]:
        """Return the files' bytes."""
        return {name: data() if callable(data) else data for name, data in self.files.items()}


def home(n: int, **values) -> Row:
    """Invent the n-th household: nothing about it is to be questioned."""
    male, born = n % 2 == 0, 1950 + n * 7 % 45
    group = ("poor", "near_poor", "policy")[n % 3]
    held = {"poor": (1, 11, 12), "near_poor": (11,), "policy": ()}[group]
    family, middle = FAMILY[n % len(FAMILY)], MIDDLE[n // 11 % len(MIDDLE)]
    made = {
        "serial": n + 1,
        "head_name": f"{family} {middle} {GIVEN[n // 77 % len(GIVEN)]}",
        "household_no": str(n + 1),
        "head_birth_year": born,
        "head_male": "x" if male else "",
        "head_female": "" if male else "x",
        "head_identity": f"046{0 if male else 1}{born % 100:02d}{n + 1:06d}",
        "ethnicity": ("Kinh", "Pa Cô", "Tà Ôi", "Cơ Tu")[n % 4],
        "village": f"Thôn {1 + n // 3}",
        "commune_code": "20044",
        "commune_name": "Xã A Lưới 2",
        "members": 2 + n % 5,
        "adults": 2,
        group: "x",
        "has_smartphone": "" if group == "poor" else "x",
        "adults_with_smartphone": 0 if group == "poor" else 1,
        "wants_smartphone": "x" if group == "poor" else "",
    }
    return Row(made | {f"deprived_{i}": "x" for i in held} | values)


def homes(count: int, start: int = 0, **values) -> list[Row]:
    """Invent some households."""
    return [home(start + n, **values) for n in range(count)]


def handover(household: Row, day: object, **values) -> Row:
    """Invent a hand-over to a household."""
    taken = {c: household.values[c] for c in ("commune_code", "commune_name", "village", "household_no", "head_name")}
    return Row(
        taken | {"handed_on": day, "source": "Xã hội hóa", "form": "Điện thoại", "value_vnd": 2_500_000} | values
    )


def sheet(
    items: list, *, heads: list = HEADS, top: int = 1, title=(), tiers: int = 0, left: int = 0, index=None, **page
):
    """Lay a table out: returns the page and the row number (from 1) of each Row; other items are rows as they stand."""
    paths = [(h,) if isinstance(h, str) else h for _, h in heads]
    tiers = tiers or max(len(p) for p in paths)
    title = [list(r) for r in title]
    grid = [*title, *([] for _ in range(top - 1 - len(title)))]
    start, merges = len(grid), [*page.pop("merges", [])]
    for tier in range(tiers):
        grid.append([""] * left + [_tier(paths, c, tier) for c in range(len(paths))])
    for c, path in enumerate(paths):
        if len(path) < tiers:
            merges.append((start + len(path) - 1, left + c, start + tiers - 1, left + c))
        for tier in range(len(path) - 1):
            last = c
            while last + 1 < len(paths) and paths[last + 1][: tier + 1] == path[: tier + 1]:
                last += 1
            if last > c and _tier(paths, c, tier):
                merges.append((start + tier, left + c, start + tier, left + last))
    if index:
        grid.append([""] * left + list(index))
    numbers = []
    for item in items:
        if isinstance(item, Row):
            held = item.values | item.cells
            grid.append([""] * left + [held.get(c, "") for c, _ in heads])
            numbers.append(len(grid))
        else:
            grid.append(list(item))
    return Page(grid, merges=merges, **page), numbers


def _tier(paths: list[tuple], c: int, tier: int) -> str:
    """Return a heading cell: the left-most of the columns that share an upper tier holds its text."""
    path = paths[c]
    if tier >= len(path):
        return ""
    upper = tier < len(path) - 1
    return "" if upper and c and paths[c - 1][: tier + 1] == path[: tier + 1] else path[tier]


def keys(rows: list, but: tuple[int, ...] = ()) -> tuple:
    """Return the keys of the households, some left out."""
    return tuple(r.key for i, r in enumerate([r for r in rows if isinstance(r, Row)]) if i not in but)


def one(
    name: str,
    items: list,
    *,
    write=wb.xlsx,
    suffix: str = ".xlsx",
    refused: dict[int, str] | None = None,
    fold=(),
    **more,
) -> Variant:
    """Make a variant of one file with one table of households.

    `refused` gives a rule by the position of the household, `fold` the positions that fold; all others are accepted.
    """
    known = set(Variant.__dataclass_fields__) - {"files", "name"}
    expect = {k: more.pop(k) for k in list(more) if k in known}
    page, numbers = sheet(items, **more)
    file, refused = f"danh_sach{suffix}", refused or {}
    expect.setdefault("accepted", keys(items, (*refused, *fold)))
    if "dressing" not in expect:
        raw = sum(not isinstance(i, Row) and any(str(v).strip() for v in i) for i in items)
        expect["dressing"] = raw + bool(more.get("index"))
    expect["warnings"] = None if expect.get("warnings", ()) is None else frozenset(expect.get("warnings", ()))
    places = tuple((file, numbers[i], rule) for i, rule in refused.items())
    return Variant(name, {file: write(page)}, refused=places, folded=len(fold), **expect)


# ---- formats x layouts ---------------------------------------------------------------------------------------------
FORMATS: dict[str, tuple[str, Callable[[Page], bytes]]] = {
    "xlsx": (".xlsx", wb.xlsx),
    "xlsm": (".xlsm", wb.xlsm),
    "xls": (".xls", wb.xls),
    "ods": (".ods", wb.ods),
    "csv_utf8": (".csv", wb.csv),
    "csv_bom_semicolon": (".csv", partial(wb.csv, separator=";", encoding="utf-8-sig")),
    "csv_tab": (".csv", partial(wb.csv, separator="\t")),
    "csv_quoted_lf": (".csv", partial(wb.csv, quote_all=True, end="\n")),
    "csv_utf16le_tab": (".csv", partial(wb.csv, separator="\t", encoding="utf-16-le")),
    "csv_utf16be": (".csv", partial(wb.csv, encoding="utf-16-be")),
    "csv_1258": (".csv", partial(wb.csv, encoding="cp1258")),
    "csv_1258_semicolon": (".csv", partial(wb.csv, encoding="cp1258", separator=";")),
}
SIGNATURE = [
    [],
    ["", "", "", "", "", "", "", "", "", "", "", "A Lưới, ngày 05 tháng 7 năm 2025"],
    ["", "NGƯỜI LẬP BIỂU", "", "", "", "", "", "", "", "", "", "CHỦ TỊCH"],
    [],
    ["", "Lê Văn Ký", "", "", "", "", "", "", "", "", "", "Trần Thị Duyệt"],
]


def official(rows: list[Row]) -> list:
    """Dress rows as an official list: subtotals by commune and village, TỔNG CỘNG above and below, signatures."""
    total = sum(r.values["members"] for r in rows)
    body: list = [["", "TỔNG CỘNG", len(rows), *[""] * 8, total]]
    for village in dict.fromkeys(r.values["village"] for r in rows):
        within = [r for r in rows if r.values["village"] == village]
        body += [*within, ["", f"Cộng {village}", len(within), *[""] * 8, sum(r.values["members"] for r in within)]]
    return [*body, ["", "Tổng cộng toàn xã: ", len(rows), *[""] * 8, total], *SIGNATURE]


def index_row(heads: list, style: str = "{}") -> list[str]:
    """Return an index row: letters for words, numbers after, a formula once."""
    row = ["A", "B", "C", *(style.format(n) for n in range(1, len(heads) - 2))]
    row[12] = "10=9/8*100" if style == "{}" else row[12]
    return row


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
        refused=_all(rows, "required|name_ambiguous"),
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


# ---- text ----------------------------------------------------------------------------------------------------------
def recode(page: Page, spell: Callable[[str], str], font: str, where=lambda r, c: True) -> Page:
    """Write a page's text in a legacy encoding and its font."""

    def cell(r: int, c: int, v: object):
        return Cell(spell(v), font) if isinstance(v, str) and v and where(r, c) else v

    return replace(page, rows=[[cell(r, c, v) for c, v in enumerate(row)] for r, row in enumerate(page.rows)])


def _in_runs(cell: object) -> object:
    """Write a text in TCVN3 whose font is said of its letters, not of its cell, as Excel does after a paste."""
    legacy = isinstance(cell, str) and len(cell) > 2 and not cell.isascii()
    return Cell(wb.abc(cell), ".VnTime", runs=True) if legacy else cell


def text() -> Iterator[Variant]:
    """Write the same list in legacy fonts, in other Unicode forms, with stray characters."""
    rows = [home(n, village=v) for n, v in enumerate(("Thôn Pa Hy", "Thôn Cưởng", "Tổ dân phố Ưu Điềm", "Thôn Hữu Hỷ"))]
    page, _ = sheet(rows, title=TITLE, top=5)
    expect = {
        "accepted": keys(rows),
        "dressing": 0,
        "texts": {c: [r.values[c] for r in rows] for c in ("head_name", "village", "ethnicity", "commune_name")},
    }
    for name in ("xlsx", "xls", "ods"):
        suffix, write = FORMATS[name]
        for spell, font in ((wb.abc, ".VnTime"), (wb.vni, "VNI-Times")):
            files = {f"a{suffix}": write(recode(page, spell, font))}
            yield Variant(f"{spell.__name__}_{name}", files, **expect)
    runs = replace(page, rows=[[_in_runs(v) for v in row] for row in page.rows])
    yield Variant("abc_in_runs_of_rich_text", {"a.xlsx": wb.xlsx(runs)}, **expect)
    names = recode(page, wb.abc, ".VnArial", lambda r, c: (r + c) % 2 == 0)
    yield Variant("abc_mixed_cell_by_cell", {"a.xlsx": wb.xlsx(names)}, **expect)
    both = recode(names, wb.vni, "VNI-Helve", lambda r, c: r > 4 and (r + c) % 2)
    yield Variant("abc_and_vni_mixed", {"a.xlsx": wb.xlsx(both)}, **expect)
    heads = recode(page, lambda s: wb.abc(s.lower()), ".VnTimeH", lambda r, c: r <= 4)
    yield Variant("abc_capitals_in_headings", {"a.xlsx": wb.xlsx(heads)}, **expect)
    font_only = replace(page, font=".VnTime")
    yield Variant("unicode_text_in_a_legacy_font", {"a.xlsx": wb.xlsx(font_only)}, **expect)
    bare = recode(page, wb.abc, "Times New Roman", lambda r, c: r == 6 and c == 1)
    yield Variant(
        "abc_without_its_font",
        {"a.xlsx": wb.xlsx(bare)},
        accepted=keys(rows, (1,)),
        refused=(("a.xlsx", 7, "legacy_text"),),
        dressing=0,
    )
    told = {"a.csv": ("no_table", "missing_column", "encoding")}
    yield Variant("abc_in_csv_that_has_no_fonts", {"a.csv": wb.csv(recode(page, wb.abc, ""))}, file_refusals=told)
    apart = {"accepted": expect["accepted"], "dressing": 0}
    for form in ("NFD", "NFKD"):
        parted = recode(page, partial(unicodedata.normalize, form), "Arial")
        yield Variant(f"unicode_{form.lower()}", {"a.xlsx": wb.xlsx(parted)}, **expect)
    loose = recode(page, lambda s: f"\u200b{s.replace(' ', chr(160) + ' ', 1)} \ufeff", "Arial")
    yield Variant("nbsp_zero_width_and_double_spaces", {"a.xlsx": wb.xlsx(loose)}, **apart)
    cyrillic = [r.wrote(**{c: "х" for c, v in r.values.items() if v == "x"}) for r in homes(6)]
    yield one("cyrillic_x", cyrillic, values={"poor": [True, False, False] * 2})
    rows = [home(0, village="Thôn Hòa Bình"), home(1, village="Thôn A'Roàng")]
    same = [rows[0], rows[0].wrote(village="Thôn Hoà  Bình"), rows[1], rows[1].wrote(village="Thôn A’Roàng")]
    yield one("tone_placement_and_quotes_are_one_village", same, fold=(1, 3), accepted=keys(rows))
    place = {"commune_code": "19813", "commune_name": "Phường Thủy Xuân"}
    yield one("tone_placement_in_a_commune_name", [r.wrote(commune_name="Phường Thuỷ Xuân") for r in homes(3, **place)])
    apart = [home(0, village="Thôn Vân"), home(1, village="Thôn Văn").but(household_no="1")]
    yield one("accents_keep_villages_apart", apart)
    yield one("name_with_quotes_and_formula_signs", [home(0, head_name='Hồ "Tư" =1+1'), home(1, head_name="@Lê, A; B")])


# ---- values --------------------------------------------------------------------------------------------------------
def values() -> Iterator[Variant]:
    """Write cells as people do."""
    a, b = home(0), home(1)
    numbers = [r.values["head_identity"] for r in homes(4)]
    full = {"texts": {"head_identity": numbers}}
    yield one(
        "identity_lost_its_zero_as_a_number", [r.wrote(head_identity=float(v)) for r, v in _with(numbers)], **full
    )
    yield one("identity_lost_its_zero_as_text", [r.wrote(head_identity=v[1:]) for r, v in _with(numbers)], **full)
    spaced = [r.wrote(head_identity=f"{v[:3]} {v[3:6]}.{v[6:]}") for r, v in _with(numbers)]
    yield one("identity_with_spaces_and_dots", spaced, **full)
    nine = {"texts": {"head_identity": ["191234567", numbers[1]]}}
    yield one("identity_of_9_digits", [a.but(head_identity="191234567"), b], **nine)
    odd = [home(n).wrote(head_identity=v) for n, v in enumerate(("0460501234", "0460501234567", "04605O123456"))]
    yield one("identity_of_no_known_length", odd, warnings=WEAK, texts={"head_identity": NONE * 3})
    yield one("identity_says_other_sex", [a.but(head_identity="046150000001"), b], warnings={"identity_sex"})
    yield one("identity_says_other_year", [a.but(head_identity="046051000001"), b], warnings={"identity_year"})
    yield one("identity_of_the_next_century", [a.but(head_birth_year=2001, head_identity="046201000001"), b])
    yield one("both_sexes_ticked", [a.wrote(head_female="x"), b], warnings={"two_sexes"})
    born: list = ["05/03/1950", "5/3/1957", dt.date(1964, 3, 5), "1971-03-05", "05-03-1978", " 1985 ", 1992.0, "1954"]
    rows = [home(n).wrote(head_birth_year=cell) for n, cell in enumerate(born)]
    years = [r.values["head_birth_year"] for r in rows]
    yield one("birth_as_date_serial_iso_and_year", rows, texts={"head_birth_year": years})
    rows = [home(n).wrote(head_birth_year=cell) for n, cell in enumerate(("50", "31/02/1950", "không nhớ", 1750))]
    yield one("birth_unreadable", rows, warnings=WEAK, texts={"head_birth_year": NONE * 4})
    yield one("birth_in_the_future", [a.wrote(head_birth_year=2031, head_identity=""), b], warnings={"birth_future"})
    ticks = ("x", "X", "х", "Х", "✓", "✔", "1", 1, 1.0, True, "có", "Có", " x ", "v")
    rows = [home(3 * n).wrote(poor=tick) for n, tick in enumerate(ticks)]
    yield one("ticks_of_all_sorts", rows, values={"poor": [True] * len(ticks)})
    blanks = ("0", 0, "không", "Không", "-", False, " ", "", "\xa0")
    rows = [home(n).wrote(deprived_2=no) for n, no in enumerate(blanks)]
    yield one("no_ticks_of_all_sorts", rows, values={"deprived_2": [False] * len(blanks)})
    rows = [a, *(home(n).wrote(deprived_3=v) for n, v in enumerate(("hai", 2, "xx?", "#N/A!", dt.date(2025, 7, 1)), 1))]
    yield one("no_such_ticks", rows, refused=dict.fromkeys(range(1, 6), "value"))
    rows = [a.wrote(deprived_5="--"), b.wrote(deprived_5="")]
    yield one("not_known_differs_from_no", rows, refused={0: "required|value"}, values={"deprived_5": [False]})
    cells = ("1.234", "1 234", "1\xa0234", 1234, "1234")
    named = list(communes("C").items())
    held = [
        Row({"commune_code": code, "commune_name": name, "households": cell, "people": "5.000"})
        for (code, name), cell in zip(named, cells, strict=False)
    ]
    files = {"a.xlsx": wb.xlsx(sheet([a])[0], sheet(held, heads=POPULATIONS, name="Mẫu số")[0])}
    wanted = {"populations.households": [1234] * 5, "populations.people": [5000] * 5}
    yield Variant("counts_with_dots_and_spaces", files, keys([a]), {"populations": 5}, dressing=0, values=wanted)
    bad = [("2,5", "value"), (2.5, "value"), (-3, "value|range"), ("-3", "value|range"), (0, "range"), (41, "range"),
           ("", "required"), (True, "value|range"), ("٣", "value"), (1e300, "value|range"), ("1e3", "value"),
           ("năm", "value"), (dt.date(2025, 7, 1), "value"), ("1.23", "value"), ("3-4", "value")]  # fmt: skip
    rows = [home(n).wrote(members=v, adults="", adults_with_smartphone="") for n, (v, _) in enumerate(bad, 1)]
    yield one("members_that_are_no_count", [a, *rows], refused={n: rule for n, (_, rule) in enumerate(bad, 1)})
    rows = [a.wrote(members=" 2 ", adults="2.0"), b.wrote(members="3 người")]
    yield one("members_as_text", rows, values={"members": [2, 3]}, warnings=None)
    yield one("formula_with_result", [a.wrote(members=Cell(2, formula="=1+1")), b], values={"members": [2, 3]})
    for column in ("members", "village", "household_no", "head_name", "poor"):
        lacking = [a, home(3).wrote(**{column: ""}), home(2)]
        for label, inner in (("formula_without_result", "><f>1+2</f>"), ("error_cell", ' t="e"><v>#N/A</v>')):
            write = partial(_planted, column=column, inner=inner)
            yield one(f"{label}_in_{column}", lacking, write=write, refused={1: "value|required"})
    lost = [a, b.wrote(village="#N/A"), home(2).wrote(head_name="#REF!")]
    yield one(
        "error_words_in_csv", lost, write=wb.csv, suffix=".csv", refused={1: "value|required", 2: "value|required"}
    )
    yield one("serial_3.10_as_number", [a.wrote(serial=3.1), b.wrote(serial="3.10"), home(2).wrote(serial="")])
    yield one("household_numbers_as_numbers", [r.wrote(household_no=float(r.values["household_no"])) for r in homes(4)])
    zeros = [home(0, household_no="001"), home(1, household_no="01"), home(2, household_no="1")]
    yield one("household_numbers_with_zeros", zeros, warnings=None)
    yield one("household_999", [a, b.but(household_no="999")])
    nines = dict.fromkeys(("household_no", "head_name", "members", "adults", "head_birth_year", "head_identity"), "999")
    yield one("test_row_999", [a, b, home(2).wrote(**nines)], refused={2: "test_row|value|range"}, warnings=None)
    yield one("text_of_32000_letters", [a.wrote(remark="ă" * 32_000), b])
    yield from days()


WEAK = {"value_optional"}
NONE = [None]


def _with(cells: list) -> list[tuple[Row, object]]:
    return list(zip(homes(len(cells)), cells, strict=True))


def _planted(page: Page, column: str, inner: str) -> bytes:
    """Write a formula without a stored result, or an error, into the second row of data: Excel does, writers do not."""
    at = next(c for c, (name, _) in enumerate(HEADS) if name == column)
    cell = f'<c r="{chr(65 + at)}3"{inner}</c>'.encode()
    return wb.rezip(wb.xlsx(page), {"xl/worksheets/sheet1.xml": lambda xml: _put(xml, cell, at, 2)})


def _put(xml: bytes, cell: bytes, column: int, row: int) -> bytes:
    """Put a cell into a sheet's row, before the first cell to its right."""
    start = xml.index(f'<row r="{row + 1}"'.encode())
    held = re.finditer(rb'<c r="([A-Z]+)\d+"', xml[start : xml.index(b"</row>", start)])
    right = [m.start() for m in held if len(m[1]) > 1 or m[1] > bytes([65 + column])]
    at = start + right[0]
    return xml[:at] + cell + xml[at:]


def days() -> Iterator[Variant]:
    """Write the day of a hand-over in good and bad ways."""
    a, b = home(0), home(1)
    day = dt.date(2025, 7, 25)
    good = ["25/07/2025", "25/7/2025", day, "2025-07-25", "25.07.2025", "25-07-2025", dt.datetime(2025, 7, 25, 8, 30),
            " 25/07/2025\xa0"]  # fmt: skip
    yield _handed("day_of_all_sorts", [handover(home(n), cell) for n, cell in enumerate(good)], days=[day] * len(good))
    bad = [("31/02/2025", "value"), ("2025", "value"), ("hôm qua", "value"), ("05/08/2025", "date_after"),
           ("05/07/2026", "date_after"), ("", "required"), (5, "value"), (1e300, "value")]  # fmt: skip
    rows = [handover(home(n), cell) for n, (cell, _) in enumerate(bad, 1)]
    refused = {n: rule for n, (_, rule) in enumerate(bad, 1)}
    yield _handed("day_that_cannot_count", [handover(a, "20/07/2025"), *rows], refused=refused)
    rows = [handover(a, "20/07/2025"), handover(b, "13/13/2025")]
    yield _handed("day_of_month_13", rows, refused={1: "value|date_order"})
    early = [handover(a, "20/05/2025"), handover(b, "21/07/2025")]
    yield _handed("day_before_the_month", early, warnings={"date_before"})
    american = [handover(a, "07/25/2025"), handover(b, "07/05/2025")]
    yield _handed("days_all_month_first", american, days=[day, dt.date(2025, 7, 5)])
    mixed = [handover(a, "07/25/2025"), handover(b, "26/07/2025"), handover(home(2), "07/05/2025")]
    yield _handed("days_in_both_orders", mixed, refused={2: "date_order|date_swapped"})
    apart = [handover(a, day), handover(b, dt.date(2025, 7, 26))]
    yield _handed(
        "days_counted_from_1904", apart, days=[day, dt.date(2025, 7, 26)], write=partial(wb.xlsx, from_1904=True)
    )
    # Excel turned 07/05/2025 (5 July, the month first) into a day of May; turned back it lies within the month
    swapped = [handover(a, dt.date(2025, 5, 7)), handover(b, "21/07/2025")]
    yield _handed("day_swapped_by_excel", swapped, refused={0: "date_swapped|date_order"}, warnings=None)
    yield _handed("day_of_both_readings", [handover(a, "07/07/2025"), handover(b, "21/07/2025")])
    yield _handed("second_phone", [handover(a, "05/07/2025"), handover(a, "25/07/2025")], warnings={"second_phone"})
    yield _handed("written_twice", [handover(a, "25/07/2025"), handover(a, "25/07/2025")], folded=1)
    yield _handed("not_listed", [handover(home(17), "25/07/2025")], warnings={"not_listed"})
    yield _handed("unknown_source", [handover(a, "25/07/2025", source="tiền riêng")], refused={0: "value"})
    yield _handed("value_with_dots", [handover(a, "25/07/2025", value_vnd="2.500.000")])


def _handed(name: str, rows: list[Row], *, days=None, refused=None, folded=0, warnings=(), write=wb.xlsx) -> Variant:
    """Make a variant of a list of households and a list of hand-overs."""
    page, numbers = sheet(rows, heads=HANDOVERS)
    refused = refused or {}
    files = {"ho.xlsx": wb.xlsx(sheet(homes(9))[0]), "ban_giao.xlsx": write(page)}
    left = len(rows) - len(refused) - folded
    return Variant(
        f"handover_{name}",
        files,
        keys(homes(9)),
        {"handovers": left} if left else {},
        tuple(("ban_giao.xlsx", numbers[i], rule) for i, rule in refused.items()),
        folded,
        0,
        None if warnings is None else frozenset(warnings),
        values={"handovers.handed_on": days} if days else {},
    )


# ---- households ----------------------------------------------------------------------------------------------------
def households() -> Iterator[Variant]:
    """Repeat households, contradict them."""
    rows = homes(6)
    yield one("exact_duplicate", [*rows, rows[2]], fold=(6,))
    yield one("duplicate_but_for_its_number", [*rows, rows[2].but(serial=7)], fold=(6,))
    yield one(
        "duplicate_but_for_spaces", [*rows, rows[2].wrote(head_name=f" {rows[2].values['head_name']}  ")], fold=(6,)
    )
    mostly = [rows[n % 2].but(serial=n + 1) for n in range(200)]
    yield one("99_percent_duplicates", mostly, fold=range(2, 200))
    page, _ = sheet(rows)
    expect = {"accepted": keys(rows), "folded": 6, "dressing": 0}
    yield Variant("same_file_twice", {"a.xlsx": wb.xlsx(page), "b.xlsx": wb.xlsx(page)}, **expect)
    yield Variant("same_list_in_two_formats", {"a.xlsx": wb.xlsx(page), "b.csv": wb.csv(page)}, **expect)
    other = home(20).but(household_no="1", village="Thôn 1")
    yield one("same_key_other_name", [*rows, other], refused={6: "key_conflict"})
    yield one("same_key_other_members", [*rows, rows[0].but(members=5)], refused={6: "key_conflict"})
    mixed = [rows[0], other, rows[0], *rows[1:]]
    yield one("same_key_three_times", mixed, refused={1: "key_conflict"}, fold=(2,))
    across = [replace_file(page, 0), sheet([other])[0]]
    files = {"a.xlsx": wb.xlsx(across[0]), "b.xlsx": wb.xlsx(across[1])}
    yield Variant("same_key_in_two_files", files, keys(rows), refused=(("b.xlsx", 2, "key_conflict"),), dressing=0)
    number = rows[0].values["head_identity"]
    yield one(
        "same_identity_twice",
        [*rows, home(8).but(head_identity=number, head_birth_year=1950)],
        warnings={"same_identity"},
    )
    twin = home(7).but(head_name=rows[0].values["head_name"], head_birth_year=1950, head_identity="")
    twin = twin.but(head_male="x", head_female="")
    yield one("same_name_and_birth_year", [*rows, twin], warnings={"same_person"})
    namesake = twin.but(head_birth_year=1961)
    yield one("same_name_other_birth_year", [*rows, namesake])
    moved = rows[0].but(commune_code="20050", commune_name="Xã A Lưới 5")
    yield one("one_household_in_two_communes", [*rows, moved], warnings={"two_communes"})
    away = home(9).but(commune_code="20050", commune_name="Xã A Lưới 5", village="Thôn 1", household_no="1")
    yield one("same_number_in_another_commune_is_another", [*rows, away])
    a, b = rows[:2]
    yield one("members_25", [a.but(members=25), b], warnings={"members_many"})
    yield one("members_20", [a.but(members=20), b])
    young = {"head_birth_year": 2013, "head_identity": "046213000001"}
    yield one("head_aged_12", [a.but(**young), b], warnings={"head_young"})
    yield one("poor_with_2_deprivations", [a.but(deprived_1=""), b], warnings={"class"})
    yield one("near_poor_with_3_deprivations", [a, b.but(deprived_1="x", deprived_2="x")], warnings={"class"})
    yield one("no_class", [a, b.but(near_poor="")], refused={1: "no_class"})
    yield one(
        "two_classes", [a, b.but(poor="x", deprived_1="x", deprived_2="x")], refused={1: "two_classes"}, warnings=None
    )
    yield one("poor_and_policy", [a.but(policy="x"), b])
    yield one("more_adults_than_members", [a.but(adults=3), b], refused={0: "adults"})
    yield one("more_users_than_adults", [a, b.but(adults_with_smartphone=3)], refused={1: "adults"})
    yield one("phone_but_deprived_of_devices", [a.but(has_smartphone="x", wants_smartphone=""), b], warnings={"device"})
    yield one("phone_but_asks_for_one", [a, b.but(wants_smartphone="x")], warnings={"need"})
    yield one("row_without_name", [a, b.wrote(head_name=""), home(2)], refused={1: "required"})
    yield one("row_without_number", [a, b.wrote(household_no=""), home(2)], refused={1: "required"})
    yield one("row_without_any_key", [a, b.wrote(household_no="", head_name=""), home(2)], refused={1: "required"})
    yield one("last_row_without_any_key", [a, b.wrote(household_no="", head_name="")], refused={1: "required"})
    yield one("name_that_reads_like_a_total", [a, b.but(head_name="Tổng Thị Cộng")])
    yield one("remark_that_speaks_of_a_total", [a.but(remark="Tổng cộng 3 khẩu"), b.but(remark="Cộng tác viên")])
    yield one("village_named_cong", [a.but(village="Cồng"), b.but(village="Cộng Hòa")])
    yield one("one_household", [a])
    yield one("300_households", homes(300))
    files = {"a.xlsx": wb.xlsx(sheet([])[0]), "b.xlsx": wb.xlsx(page)}
    yield Variant("a_list_without_rows", files, keys(rows), dressing=0)


def replace_file(page: Page, _n: int) -> Page:
    return replace(page)


# ---- codes ---------------------------------------------------------------------------------------------------------
@cache
def communes(era: str) -> dict[str, str]:
    """Read an era's communes straight from the fact file: name by code."""
    with (ROOT / "geo" / "units.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv_module.DictReader(file))
    return {r["code"]: r["name"] for r in rows if r["era"] == era and r["level"] == "commune"}


def codes() -> Iterator[Variant]:
    """Write codes and names of communes that fit or contradict each other, of this era or an older one."""
    now, old = communes("C"), communes("A")
    a, b = home(0), home(1)

    def at(row: Row, code: str, name: str) -> Row:
        return row.but(commune_code=code, commune_name=name)

    reused = [c for c in now if c in old and _bare(old[c]) != _bare(now[c])]
    # the old commune of each reused code lies within the new one: the code is right whichever name is beside it
    rows = [at(home(n), code, old[code]) for n, code in enumerate(reused)]
    yield one("every_reused_code_with_its_old_name", rows, warnings=None)
    elsewhere = [at(home(n), code, old[other]) for n, (code, other) in enumerate(zip(reused, reused[1:], strict=False))]
    yield one("reused_codes_with_old_names_from_elsewhere", [a, *elsewhere], refused=_all(elsewhere, "name_code", 1))
    for code, name in (("19918", "Phường Phú Xuân"), ("19918", "Phú Xuân"), ("20017", "Xã Hương Xuân")):
        label = f"name_of_another_territory_beside_{code}_{len(name)}"
        yield one(label, [a, at(b, code, now[code]).wrote(commune_name=name)], refused={1: "name_code"})
    rows = [at(home(n), code, name) for n, (code, name) in enumerate(now.items())]
    yield one("all_40_communes", rows)
    codes_only = {"values": {"commune_code": list(now)}}
    yield one("all_40_communes_by_name_only", [r.wrote(commune_code="") for r in rows], **codes_only)
    bare = [r.wrote(commune_name=_bare(r.values["commune_name"]), commune_code="") for r in rows]
    yield one("all_40_communes_by_bare_name", bare, **codes_only)
    yield one("name_of_another_commune", [a, b.wrote(commune_name="Xã A Lưới 5")], refused={1: "name_code"})
    yield one("name_nobody_knows", [a, b.wrote(commune_name="Xã Lạ Hoắc")], warnings={"name_unknown"})
    stranger = [a, b.wrote(commune_name="Xã Lạ Hoắc", commune_code="")]
    yield one("name_nobody_knows_and_no_code", stranger, refused={1: "name_only_unknown|required"}, warnings=None)
    neither = [a, b.wrote(commune_name="", commune_code="")]
    yield one("neither_code_nor_name", neither, refused={1: "required|name_only_unknown"})
    written = ("A Lưới 2", "xã A LƯỚI 2", "XÃ  A Lưới 2", "X. A Lưới 2", "")
    yield one("good_names_of_all_sorts", [home(n).wrote(commune_name=name) for n, name in enumerate(written)])
    yield one("code_as_float", [r.wrote(commune_code=20044.0) for r in (a, b)])
    yield one("code_as_text_of_a_float", [r.wrote(commune_code="20044.0", commune_name="") for r in (a, b)])
    yield one("code_with_spaces", [r.wrote(commune_code=" 20044\xa0") for r in (a, b)])
    odd = ("2044", "A Lưới 2", "46", 20044.5, "20044 và 20050", "2OO44")
    rows = [home(n).wrote(commune_code=cell) for n, cell in enumerate(odd)]
    yield one("codes_unreadable_beside_a_good_name", rows, warnings=WEAK)
    alone = [home(n).wrote(commune_code=cell, commune_name="") for n, cell in enumerate(odd, 1)]
    yield one("codes_unreadable_and_no_name", [a, *alone], refused=_all(alone, "value|required", 1), warnings=None)
    gone = [c for c in old if c not in now][:20]
    rows = [home(n).wrote(commune_code=cell) for n, cell in enumerate(("99999", "00000", *gone), 1)]
    yield one("codes_gone_or_never_given", [a, *rows], refused=_all(rows, "unknown_unit", 1), warnings=None)
    rows = [at(home(n), code, old[code]) for n, code in enumerate(gone, 1)]
    refused = _all(rows, "unknown_unit|name_code", 1)
    yield one("codes_gone_with_their_old_names", [a, *rows], refused=refused, warnings=None)
    earlier = [at(home(n), code, name) for n, (code, name) in enumerate(old.items())]
    yield one("all_communes_of_era_A_in_2024", earlier, month=OLD_MONTH)
    then = at(home(99), "20044", old["20044"])
    new = [at(home(n), code, now[code]) for n, code in enumerate(reused)]
    yield one("codes_and_names_of_era_C_in_2024", [then, *new], month=OLD_MONTH, refused=_all(new, "name_code", 1))
    between = communes("B")
    rows = [at(home(n), code, name) for n, (code, name) in enumerate(between.items())]
    yield one("all_communes_of_era_B_in_early_2025", rows, month="2025-03")
    ended = [c for c in old if c not in between]
    rows = [at(home(n), code, old[code]) for n, code in enumerate(ended)]
    kept = at(home(99), "20044", between["20044"])
    refused = _all(rows, "unknown_unit|name_code", 1)
    yield one("codes_of_era_A_ended_in_2025", [kept, *rows], month="2025-03", refused=refused, warnings=None)
    twice = sorted(n for n in set(old.values()) if list(old.values()).count(n) > 1)[0]
    lone = a.but(commune_name=twice).wrote(commune_code="")
    yield one("name_of_two_communes_of_era_A", [then, lone], month=OLD_MONTH, refused={1: "name_ambiguous"})
    kinds = [at(a, "20179", "Xã Hương Xuân"), at(b, "20017", "Phường Hương Xuân")]
    yield one("names_told_apart_by_their_kind", [r.wrote(commune_code="") for r in kinds], month=OLD_MONTH)
    either = at(a, "20179", "Hương Xuân").wrote(commune_code="")
    yield one("bare_name_of_two_communes", [then, either], month=OLD_MONTH, refused={1: "name_ambiguous"})
    van = {n: c for c, n in old.items() if _bare(n) in ("Hương Vân", "Hương Văn")}
    rows = [at(home(n), code, name).wrote(commune_code="") for n, (name, code) in enumerate(van.items())]
    yield one("huong_van_is_not_huong_van_with_a_breve", rows, month=OLD_MONTH)
    hoa = [at(r, "19789", "Phường Thuận Hóa") for r in (a, b)]
    tone = [hoa[0].wrote(commune_name="Phường Thuận Hoá"), hoa[1].wrote(commune_name="Phường Thuận Hòa")]
    yield one("thuan_hoa_is_not_thuan_hoa_with_a_grave", tone, refused={1: "name_code"})


def _all(rows: list, rule: str, start: int = 0) -> dict[int, str]:
    """Give one rule to all rows, the first of them at position `start`."""
    return dict.fromkeys(range(start, start + len(rows)), rule)


def _bare(name: str) -> str:
    return name.removeprefix("Phường ").removeprefix("Xã ").removeprefix("Thị trấn ")


# ---- hostile files -------------------------------------------------------------------------------------------------
def _zip(parts: dict[str, tuple[bytes, int, int]], lie: int | None = None) -> bytes:
    """Write a zip by hand of deflated parts (stream, size, checksum); `lie` is told as the largest part's size."""
    body, directory = b"", b""
    largest = max(parts, key=lambda n: parts[n][1])
    for name, (stream, size, crc) in parts.items():
        told = lie if lie is not None and name == largest else size
        fields = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, crc, len(stream), told, len(name), 0)
        directory += b"PK\x01\x02\x14\x00" + fields + struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + name.encode()
        body += b"PK\x03\x04" + fields + name.encode() + stream
    end = struct.pack("<HHHHIIH", 0, 0, len(parts), len(parts), len(directory), len(body), 0)
    return body + directory + b"PK\x05\x06" + end


def _bomb(megabytes: int, lie: int | None = None) -> bytes:
    """Make a small file whose sheet swells: one megabyte of rows, deflated once and repeated."""
    cell = b'<row><c t="inlineStr"><is><t>aaaaaaaaaaaaaaaa</t></is></c></row>'
    chunk = cell * (1_000_000 // len(cell))
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = squeeze.compress(chunk) + squeeze.flush(zlib.Z_FULL_FLUSH)
    with zipfile.ZipFile(io.BytesIO(wb.xlsx(sheet(homes(1))[0]))) as good:
        plain = {n: good.read(n) for n in good.namelist()}
    top, end = plain["xl/worksheets/sheet1.xml"].split(b"</sheetData>")
    crc = zlib.crc32(top)
    for _ in range(megabytes):
        crc = zlib.crc32(chunk, crc)
    last = zlib.compressobj(9, zlib.DEFLATED, -15)
    tail = last.compress(b"</sheetData>" + end) + last.flush()
    first = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = first.compress(top) + first.flush(zlib.Z_FULL_FLUSH)
    size = len(top) + megabytes * len(chunk) + 12 + len(end)
    parts = {n: (zlib.compress(d, wbits=-15), len(d), zlib.crc32(d)) for n, d in plain.items()}
    parts["xl/worksheets/sheet1.xml"] = (head + block * megabytes + tail, size, zlib.crc32(b"</sheetData>" + end, crc))
    return _zip(parts, lie)


def _entities(padding: int = 0, encoding: str = "utf-8") -> bytes:
    """Declare entities that swell when they are read."""
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    head = f'<?xml version="1.0" encoding="{encoding}" standalone="yes"?><!--{" " * padding}-->'
    head += f'<!DOCTYPE sst [<!ENTITY l0 "lol">{lol}]>'

    def declare(xml: bytes) -> bytes:
        body = xml.decode().split("?>", 1)[1].replace("</si>", "</si><si><t>&l9;</t></si>", 1)
        return (head + body).encode(encoding)

    return wb.rezip(wb.xlsx(sheet(homes(2))[0]), {"xl/sharedStrings.xml": declare})


def _formatted_rows() -> bytes:
    """Format a million empty rows, as a click on a whole column does."""

    def grow(xml: bytes) -> bytes:
        rows = "".join(f'<row r="{n}" s="1" customFormat="1"><c r="A{n}" s="1"/></row>' for n in range(8, 1_048_577))
        return xml.replace(b"</sheetData>", rows.encode() + b"</sheetData>")

    return wb.rezip(wb.xlsx(sheet(homes(6))[0]), {"xl/worksheets/sheet1.xml": grow})


def _stray(row: int, column: int) -> bytes:
    """Put one character very far from the list."""
    name = f"XFD{row}" if column == 16384 else f"B{row}"

    def put(xml: bytes) -> bytes:
        cell = f'<row r="{row}"><c r="{name}" t="inlineStr"><is><t>.</t></is></c></row></sheetData>'
        return xml.replace(b"</sheetData>", cell.encode()).replace(b":AG7", f":{name}".encode())

    return wb.rezip(wb.xlsx(sheet(homes(6))[0]), {"xl/worksheets/sheet1.xml": put})


def _ole(stream: str) -> bytes:
    """Begin an OLE container that names one stream."""
    return wb.xls(Page([["x"]]))[:512] + stream.encode("utf-16-le").ljust(512, b"\0") + b"\x17" * 4096


def _record(data: bytes, kind: int, at: int, value: bytes) -> bytes:
    """Overwrite some bytes of the first record of a kind in a BIFF workbook; `at` counts from the record's start."""
    place = 512
    while struct.unpack_from("<H", data, place)[0] != kind:
        place += 4 + struct.unpack_from("<H", data, place + 2)[0]
    return data[: place + at] + value + data[place + at + len(value) :]


def _external(data: bytes) -> bytes:
    """Add a link to another workbook and to a web page."""
    part = b'<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
    kind = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLink"
    link = b'<Relationship Id="rId98" Type="' + kind + b'" Target="externalLinks/externalLink1.xml"/></Relationships>'
    away = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
    )
    away += b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLinkPath" '
    away += b'Target="http://example.invalid/x.xlsx" TargetMode="External"/></Relationships>'
    change = {"xl/_rels/workbook.xml.rels": lambda x: x.replace(b"</Relationships>", link)}
    extra = {"xl/externalLinks/externalLink1.xml": part, "xl/externalLinks/_rels/externalLink1.xml.rels": away}
    return wb.rezip(data, change, extra)


def _prefixed(data: bytes) -> bytes:
    """Name every tag of the sheet with a prefix, as some programs do."""

    def prefix(xml: bytes) -> bytes:
        xml = re.sub(rb"<(/?)(?=[a-zA-Z])", rb"<\1x:", xml)
        return xml.replace(b' xmlns="', b' xmlns:x="', 1)

    return wb.rezip(data, {"xl/worksheets/sheet1.xml": prefix})


def hostile_files() -> Iterator[Variant]:
    """Send files that are broken, not what they say, or meant to harm; a good file beside them is still read."""
    rows = homes(6)
    page, _ = sheet(rows)
    good, old = wb.xlsx(page), wb.xls(page)
    noise = bytes((n * 197 + n // 7) % 256 for n in range(5000))
    wide = ",".join(f"cột {n}" for n in range(20_000)).encode() * 2
    memo = _zip({"a.txt": (zlib.compress(b"a", wbits=-15), 1, zlib.crc32(b"a"))})
    table = b"<html><table><tr><td>STT</td></tr></table></html>"
    broken: list[tuple[str, str, bytes | Callable[[], bytes], tuple[str, ...]]] = [
        ("bomb_with_true_sizes", "x.xlsx", partial(_bomb, 450), ("bomb",)),
        ("bomb_with_lying_sizes", "x.xlsx", partial(_bomb, 450, 1000), ("bomb", "not_workbook", "worker")),
        ("entity_bomb", "x.xlsx", _entities, ("entities",)),
        ("entity_bomb_after_a_long_comment", "x.xlsx", partial(_entities, 100_000), ("entities", "not_workbook")),
        ("entity_bomb_in_utf16", "x.xlsx", partial(_entities, 0, "utf-16"), ("entities",)),
        ("stray_character_in_the_last_cell", "x.xlsx", partial(_stray, 1_048_576, 16384), ("worker", "too_big")),
        ("password", "x.xlsx", partial(_ole, "EncryptedPackage"), ("password",)),
        ("password_xls_name", "x.xls", partial(_ole, "EncryptedPackage"), ("password",)),
        ("ole_of_something_else", "x.xls", partial(_ole, "WordDocument"), ("not_workbook",)),
        ("ole_magic_and_junk", "x.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x07" * 600, ("not_workbook",)),
        ("zip_of_something_else", "x.xlsx", memo, ("not_workbook",)),
        ("empty_file", "x.xlsx", b"", ("empty_file",)),
        ("empty_csv", "x.csv", b"", ("empty_file",)),
        ("only_a_byte_order_mark", "x.csv", b"\xef\xbb\xbf", ("empty_file", "no_table")),
        ("html_named_xls", "x.xls", table, ("not_workbook", "no_table")),
        ("pdf_named_xlsx", "x.xlsx", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(range(256)) * 20, ("not_workbook",)),
        ("text_named_xlsx", "x.xlsx", "không phải Excel".encode(), ("not_workbook", "no_table")),
        ("word_file", "x.docx", good, ("suffix", "not_workbook")),
        ("no_suffix", "danh_sach", good, ("suffix", "not_workbook")),
        ("noise_named_csv", "x.csv", noise, ("encoding", "csv", "not_workbook", "no_table")),
        ("csv_with_nul_bytes", "x.csv", wb.csv(page).replace(b",", b",\0"), ("csv", "encoding", "not_workbook")),
        ("csv_with_an_unclosed_quote", "x.csv", wb.csv(page).replace(b"\n3,", b'\n3,"', 1), ("csv",)),
        ("csv_20000_columns_wide", "x.csv", wide, ("too_big", "no_table", "csv")),
        ("csv_of_another_table", "x.csv", b"a,b\n1,2\n", ("no_table",)),
    ]  # fmt: skip
    unsound = ("not_workbook", "worker", "no_table")
    for label, kind, at, value in (
        ("first_record_without_content", 0x809, 2, b"\0\0"),
        ("dimensions_upside_down", 0x200, 4, b"\xff\0\0\0"),
        ("string_table_cut", 0xFC, 2, b"\x09\0"),
    ):
        broken.append((f"xls_{label}", "x.xls", _record(old, kind, at, value), unsound))
    for cut in (30, 400, len(good) // 2, len(good) - 10):
        broken.append((f"xlsx_cut_at_{cut}", "x.xlsx", good[:cut], ("not_workbook",)))
    for cut in (100, 512, len(old) // 2):
        broken.append((f"xls_cut_at_{cut}", "x.xls", old[:cut], ("not_workbook", "no_table")))
    for name, file, data, rules in broken:
        beside = {"a.xlsx": good, file: data}
        yield Variant(f"{name}_beside", beside, keys(rows), dressing=0, file_refusals={file: rules})
    for name, file, data, rules in (broken[2], broken[6], broken[11], broken[15]):
        yield Variant(f"{name}_alone", {file: data}, file_refusals={file: rules})
    expect = {"accepted": keys(rows), "dressing": 0}
    yield Variant("a_million_formatted_rows", {"a.xlsx": _formatted_rows}, **expect)
    yield Variant("stray_character_far_below", {"a.xlsx": partial(_stray, 60_000, 2)}, keys(rows), dressing=1)
    yield Variant("links_to_elsewhere", {"a.xlsx": _external(good)}, **expect)
    yield Variant("macros", {"a.xlsm": wb.xlsm(page)}, **expect)
    yield Variant("macros_under_a_harmless_name", {"a.xlsx": wb.xlsm(page)}, **expect)
    yield Variant("xlsx_named_xls", {"a.xls": good}, **expect)
    yield Variant("xls_named_xlsx", {"a.xlsx": old}, **expect)
    yield Variant("suffix_in_capitals", {"A.XLSX": good}, **expect)
    odd = ('danh "sách", xã\'s.xlsx', "dòng\nhai.xlsx", "😀 danh sách.xlsx", "=1+1|'A'!A0.xlsx", "x" * 200 + ".xlsx")
    files = {name: wb.xlsx(sheet([home(n)])[0]) for n, name in enumerate(odd)}
    yield Variant("file_names_of_all_sorts", files, keys(homes(len(odd))), dressing=0)
    nfd = unicodedata.normalize("NFD", "danh sách hộ.xlsx")
    yield Variant("file_name_in_nfd", {nfd: good}, **expect)
    yield Variant(
        "lock_file_and_notes_are_passed_over",
        {"~$a.xlsx": b"x", ".a.xlsx": b"x", "doc.txt": b"x", "a.xlsx": good},
        **expect,
    )
    folder = {"a.xlsx": good, "x.xlsx/": b""}
    yield Variant(
        "a_folder_named_like_a_workbook", folder, file_refusals={"x.xlsx": ("suffix", "not_workbook")}, **expect
    )
    tail = [[], ['Ghi chú: dấu " thừa']]
    yield Variant(
        "csv_with_a_stray_quote_in_a_cell", {"a.csv": wb.csv(Page([*page.rows, *tail]))}, keys(rows), dressing=1
    )
    yield Variant(
        "csv_with_a_line_that_names_its_separator", {"a.csv": b"sep=;\r\n" + wb.csv(page, separator=";")}, **expect
    )
    yield Variant("csv_with_old_mac_line_ends", {"a.csv": wb.csv(page, end="\r")}, **expect)
    yield Variant(
        "a_part_that_would_leave_the_folder", {"a.xlsx": wb.rezip(good, add={"../../out.xml": b"<x/>"})}, **expect
    )
    yield Variant(
        "tags_with_a_prefix",
        {"a.xlsx": _prefixed(wb.xlsx(replace(page, hidden_rows=frozenset({2}))))},
        keys(rows),
        dressing=0,
        warnings=frozenset({"hidden_rows"}),
    )
    ragged = wb.csv(page).replace(b",,\r\n", b"\r\n")
    yield Variant("csv_with_ragged_rows", {"a.csv": ragged}, **expect)
    wide = replace(page, rows=[[*r, *[""] * 300] for r in page.rows])
    yield Variant("csv_with_300_blank_columns", {"a.csv": wb.csv(wide)}, **expect)


def variants() -> list[Variant]:
    """Make the whole collection."""
    groups = (formats, layouts, text, values, households, codes, hostile_files)
    return [v for group in groups for v in group()]
