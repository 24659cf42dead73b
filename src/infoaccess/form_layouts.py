"""Describe the national poverty software's forms (Biểu 1-8): titles, headings of 2 to 4 tiers, index row, notes.

1 entry = 1 column of a form; its heading names what forms.toml reads. Left out, and said so under the form, is what a
household list does not tell: households of middle living standard (Biểu 1), households unable to work (Biểu 8).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from infoaccess import deprivation
from infoaccess.form_counts import CLASSES, INDICATORS, MOVES

_COUNT, _RATE = "[$-42A]#,##0", "[$-42A]0.00"  # 42A: Vietnamese, 7.540 and 2,27
_PLAIN, _LEAST = "_*_)", '"*"_)'  # room for the sign where there is none, so that digits stand under digits
OWN = {"poor": "nghèo", "near_poor": "cận nghèo"}
_DIMENSIONS = {"viec_lam": "Việc làm", "y_te": "Y tế", "giao_duc": "Giáo dục", "nha_o": "Nhà ở"}
_DIMENSIONS |= {"nuoc_ve_sinh": "Nước sinh hoạt và vệ sinh", "thong_tin": "Thông tin"}


@dataclass(frozen=True)
class Column:
    """Describe one column of a form: its heading from the top tier down, its index, its figure, its width."""

    heading: tuple[str, ...]
    index: str
    figure: str
    width: float

    def pattern(self, least: bool) -> str:
        """Return the number format; a figure that is the least it can be bears the sign *."""
        return (_RATE if self.figure.endswith("_percent") else _COUNT) + (_LEAST if least else _PLAIN)


@dataclass(frozen=True)
class Layout:
    """Describe one form: number, title, unit of its figures, columns, heights of the heading's tiers, notes."""

    number: int
    title: str
    measured: str
    columns: list[Column]
    heights: tuple[int, ...]
    notes: tuple[str, ...] = ()
    parted: bool = False  # households and people in two rows of a unit
    name_width: float = 22


def layouts(month: str) -> list[Layout]:
    """Describe the eight forms."""
    found = [_poverty_counts()]
    for n, group in enumerate(CLASSES):
        found += [_movements(2 + n, group), *_deprivation(4 + 2 * n, group, month)]
    return sorted([*found, _target_groups()], key=lambda layout: layout.number)


def _poverty_counts() -> Layout:
    """Describe Biểu 1."""
    whole = "Tổng số hộ dân cư"
    found = [Column((whole, "Số hộ"), "1", "households", 10), Column((whole, "Nhân khẩu"), "2", "people", 11)]
    for upper, counted, base, suffix in (("hộ", "Số hộ", 1, ""), ("khẩu", "Số khẩu", 2, "_people")):
        for group in CLASSES:
            n = len(found) + 1
            heading = (f"Kết quả rà soát về {upper}", f"Hộ {OWN[group]}")
            found.append(Column((*heading, counted), str(n), group + suffix, 10))
            index = f"{n + 1}={n}/{base}*100"
            found.append(Column((*heading, "Tỷ lệ (%)"), index, f"{group}{suffix}_percent", 11.5))
    note = "Không lập các cột hộ làm nông, lâm, ngư nghiệp có mức sống trung bình: danh sách hộ không có thông tin này."
    title = "TỔNG HỢP KẾT QUẢ RÀ SOÁT HỘ NGHÈO, HỘ CẬN NGHÈO"
    return Layout(1, title, "hộ, nhân khẩu, %", found, (20, 20, 20), (note,), name_width=26)


def _movements(number: int, group: str) -> Layout:
    """Describe Biểu 2 and 3."""
    own, other = OWN[group], OWN[CLASSES[1 - CLASSES.index(group)]]
    out, more = f"Số hộ thoát {own}", f"Số hộ {own} bổ sung"
    headings = [(f"Tổng số hộ {own} đầu kỳ",), (out, f"Trở thành hộ {other}"), (out, "Vượt chuẩn cận nghèo")]
    headings += [("Số hộ khác giảm",), (f"Số hộ {other} trở thành hộ {own}",), (more, f"Tái {own}")]
    headings += [(more, "Phát sinh mới"), ("Số hộ khác tăng",), (f"Tổng số hộ {own} cuối kỳ",)]
    index = [*map(str, range(1, 9)), "9=1-2-3-4+5+6+7+8"]
    widths = [11, 12, 12, 11, 14, 12.5, 12.5, 11, 15.5]
    found = [Column(*parts) for parts in zip(headings, index, MOVES, widths, strict=True)]
    title = f"TỔNG HỢP DIỄN BIẾN HỘ {own.upper()}"
    return Layout(number, title, "hộ, nhân khẩu", found, (34, 36), parted=True)


def _deprivation(number: int, group: str, month: str) -> Iterator[Layout]:
    """Describe Biểu 4 and 5, or 6 and 7; indicators are named by the rule set of the month."""
    own = OWN[group]
    told = deprivation.rule_sets()[deprivation.standard(month)]["indicators"]
    names = [(_DIMENSIONS[i["dimension"]], f"{n}. {i['name']}") for n, i in enumerate(told, 1)]
    base = Column((f"Tổng số hộ {own}",), "1", "households", 8.5)
    upper, what = "Các chỉ số thiếu hụt dịch vụ xã hội cơ bản", f"DỊCH VỤ XÃ HỘI CƠ BẢN CỦA HỘ {own.upper()}"
    found = [base, Column(("Tổng số thiếu hụt",), "2=3+…+14", "deprivations", 9)]
    found += [Column((upper, *names[n]), str(n + 3), name, 9.2) for n, name in enumerate(INDICATORS)]
    note = "Một hộ thiếu hụt nhiều chỉ số được tính ở từng chỉ số."
    yield Layout(number, f"PHÂN TÍCH CÁC CHỈ SỐ THIẾU HỤT {what}", "hộ", found, (20, 30, 72), (note,), name_width=20)
    upper = "Tỷ lệ các chỉ số thiếu hụt dịch vụ xã hội cơ bản (%)"
    found = [base, *(Column((upper, *names[n]), str(n + 2), f"{c}_percent", 9.4) for n, c in enumerate(INDICATORS))]
    note = f"Tỷ lệ tính trên tổng số hộ {own} của đơn vị; đơn vị không có hộ {own} thì để trống."
    yield Layout(
        number + 1, f"PHÂN TÍCH TỶ LỆ CÁC CHỈ SỐ THIẾU HỤT {what}", "%", found, (20, 30, 72), (note,), name_width=20
    )


def _target_groups() -> Layout:
    """Describe Biểu 8; its official index 5=1-2-3-4 is left out, as a household may be of two groups."""
    groups = {"listed": "Tổng số", "minority": "Hộ dân tộc thiểu số", "policy": "Hộ có người có công, chính sách"}
    groups |= {"other": "Hộ khác"}
    found: list[Column] = []
    for of in CLASSES:
        for group, name in groups.items():
            found.append(Column((f"Hộ {OWN[of]}", name), str(len(found) + 1), f"{of}_{group}", 14))
    notes = (
        "Không lập cột hộ không có khả năng lao động: danh sách hộ không có thông tin này; hộ ấy nằm ở các cột khác.",
        "Cột người có công lấy từ ô “Hộ chính sách/NCC” của danh sách, gồm cả gia đình chính sách khác.",
        "Hộ khác là hộ không thuộc nhóm nào. Hộ thuộc cả hai nhóm được tính ở cả hai cột, nên tổng các cột có thể lớn "
        "hơn tổng số",
    )
    title = "PHÂN TÍCH HỘ NGHÈO, HỘ CẬN NGHÈO THEO CÁC NHÓM ĐỐI TƯỢNG"
    return Layout(8, title, "hộ, nhân khẩu", found, (22, 52), notes, parted=True)
