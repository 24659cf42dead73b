"""Invented households as communes write them: rows, layouts, formats, and the variants of a month made of them.

All persons are invented; the communes are those of the fact file.
"""

import csv as csv_module
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path

import workbooks as wb
from workbooks import Page

MONTH = "2025-07"  # era C
WEAK = {"value_optional"}  # the warning of a cell that cannot be read and need not be
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


@cache
def communes(era: str) -> dict[str, str]:
    """Read an era's communes straight from the fact file: name by code."""
    with (ROOT / "geo" / "units.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv_module.DictReader(file))
    return {r["code"]: r["name"] for r in rows if r["era"] == era and r["level"] == "commune"}


def every(rows: list, rule: str, start: int = 0) -> dict[int, str]:
    """Give one rule to all rows, the first of them at position `start`."""
    return dict.fromkeys(range(start, start + len(rows)), rule)
