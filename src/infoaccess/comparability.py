"""Say in words how figures of two months and area sets compare: a note made from the units, never written by hand.

The counting rule, once: two units are the same where their leaves are, whatever their codes and names; a figure is
exact where the month's communes add up to the unit. The key of a unit is (code, valid_from).
"""

import pandas as pd

from infoaccess import areas, memo, rooms, units

LANGUAGES = ("vi", "en")
TEXT = {
    "vi": {
        "head": "So sánh số liệu {first} (danh sách tháng {month_1}) với số liệu {second} (danh sách tháng {month_2})",
        "one_set": "Mọi tháng từ {month_1} đến {month_2} tính theo đơn vị {first}",
        "exact": "Đơn vị của tháng {month} quy được chính xác về cả {all} đơn vị {label}",
        "exact_one": "Đơn vị của tháng {month} quy được chính xác về {label}",
        "lacking": "Đơn vị của tháng {month} không quy được chính xác về {count} trong {all} đơn vị {label}: "
        "{units}; ở đó chỉ có số ước tính kèm khoảng, hoặc số chính xác của cả nhóm gộp",
        "all_same": "Địa giới và mã hai bên như nhau: so sánh trực tiếp những đơn vị có số liệu chính xác",
        "same": "{count} đơn vị có cùng địa giới ở cả hai bên và so sánh trực tiếp được",
        "none_same": "Không đơn vị nào có cùng địa giới ở cả hai bên",
        "merged": "{count} nhóm chỉ so sánh được sau khi gộp: tổng của {left} đơn vị bên thứ nhất bằng tổng của "
        "{right} đơn vị bên thứ hai; lớn nhất là nhóm {units}",
        "codes": "{count} mã có ở cả hai bên nhưng là hai địa bàn khác nhau, ví dụ {code} là {name_1} và {name_2}: "
        "không được ghép theo mã",
        "names": "{count} tên có ở cả hai bên nhưng là hai địa bàn khác nhau, ví dụ {name} ({code_1} và {code_2}): "
        "không được ghép theo tên",
        "urban": "{count} xã nay thuộc phường",
        "rural": "{count} thị trấn nay thuộc xã",
        "types": "{moved}: số liệu theo thành thị, nông thôn và chuẩn thu nhập không so sánh được với trước",
        "inferred": "{count} đơn vị cấp xã cũ ở Phong Điền được ghép theo suy luận từ mã đã bỏ và địa giới liền kề, "
        "chưa đối chiếu với nghị quyết",
    },
    "en": {
        "head": "Comparing figures of {first} (lists of {month_1}) with figures of {second} (lists of {month_2})",
        "one_set": "All months from {month_1} to {month_2} are figures of {first}",
        "exact": "The units of {month} make up all {all} units of {label} exactly",
        "exact_one": "The units of {month} make up {label} exactly",
        "lacking": "The units of {month} do not make up {count} of the {all} units of {label} exactly: {units}; "
        "there is an estimate with bounds only, or the exact figure of their union",
        "all_same": "Territory and codes are the same on both sides: units with exact figures compare directly",
        "same": "Units that have the same territory on both sides and compare directly: {count}",
        "none_same": "No unit has the same territory on both sides",
        "merged": "Groups that compare only as unions: {count}, where {left} units of the first side add up to "
        "{right} units of the second; the largest group is {units}",
        "codes": "Codes that are on both sides for different territory: {count}; for instance {code} is {name_1} and "
        "{name_2}; never join by code",
        "names": "Names that are on both sides for different territory: {count}; for instance {name} ({code_1} and "
        "{code_2}); never join by name",
        "urban": "former xã (rural) that lie in a phường (urban) now: {count}",
        "rural": "former thị trấn in a xã: {count}",
        "types": "{moved}; figures by urban and rural area and by income line do not compare with earlier ones",
        "inferred": "{count} former communes in Phong Điền were matched by vanished codes and adjacency, not yet by "
        "the text of a resolution",
    },
}


def note(first: tuple[str, str], second: tuple[str, str]) -> dict[str, list[str]]:
    """Write the note on comparing two (area set, month) pairs: sentences by language, the heading first."""
    files = [*map(rooms.facts, ("units.csv", "lineage.csv")), *sorted(rooms.facts("area_sets").glob("*.csv"))]
    return memo.held("note", files, (first, second), lambda: _note(first, second))


def _note(first: tuple[str, str], second: tuple[str, str]) -> dict[str, list[str]]:
    return {language: _sentences(first, second, n) for n, language in enumerate(LANGUAGES)}


def _sentences(first: tuple[str, str], second: tuple[str, str], language: int) -> list[str]:
    (set_1, month_1), (set_2, month_2) = first, second
    text = TEXT[LANGUAGES[language]]
    label_1, label_2 = (areas.label(s)[language] for s in (set_1, set_2))
    head = "one_set" if set_1 == set_2 else "head"
    told = [text[head].format(first=label_1, second=label_2, month_1=_month(month_1), month_2=_month(month_2))]
    told += [_given(s, m, language) for s, m in dict.fromkeys((first, second))]
    parts = areas.common(set_1, set_2)
    merged = [part for part in parts if len(part[0]) + len(part[1]) > 2]
    if all(left == right for left, right in parts):
        told += [text["all_same"]] if set_1 != set_2 else []
    else:
        same = len(parts) - len(merged)
        told.append(text["same"].format(count=same) if same else text["none_same"])
    if merged:
        left, right = (sum(len(part[side]) for part in merged) for side in (0, 1))
        side = 0 if sum(len(p[0]) > 1 for p in merged) > sum(len(p[1]) > 1 for p in merged) else 1
        (area_set, month), largest = (first, second)[side], max(merged, key=lambda p: (len(p[side]), min(p[side])))
        shown = areas.listed(largest[side], areas.names(area_set, month), language)
        told.append(text["merged"].format(count=len(merged), left=left, right=right, units=shown))
    codes, names = reused(first, second)
    if len(codes):
        told.append(text["codes"].format(count=len(codes), **codes.iloc[0]))
    if len(names):
        told.append(text["names"].format(count=len(names), **names.iloc[0]))
    urban, rural = changed_type(min(month_1, month_2), max(month_1, month_2))
    if urban or rural:
        moved = [text[key].format(count=n) for key, n in (("urban", urban), ("rural", rural)) if n]
        told.append(text["types"].format(moved=", ".join(moved)))
    if areas.rests_on_inference(set_1, set_2):
        told.append(text["inferred"].format(count=len(areas.inferred())))
    return [f"{t}." for t in told]


def _given(area_set: str, month: str, language: int) -> str:
    """Say of how many units of an area set a month's lists give exact figures."""
    text, state = TEXT[LANGUAGES[language]], areas.state(units.commune_set(month), area_set)
    lacking = state.loc[state["state"] == "unavailable", "code"].tolist()
    values = {
        "month": _month(month),
        "all": len(state),
        "count": len(lacking),
        "label": areas.label(area_set)[language],
    }
    if not lacking:
        return text["exact" if len(state) > 1 else "exact_one"].format(**values)
    return text["lacking"].format(**values, units=areas.listed(lacking, areas.names(area_set, month), language))


def _month(month: str) -> str:
    """Write a month as both languages read it.

    >>> _month("2025-06")
    '06/2025'
    """
    return f"{month[5:]}/{month[:4]}"


def reused(first: tuple[str, str], second: tuple[str, str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """List codes and names that two (area set, month) pairs share for different territory.

    The codes: 1 row = 1 code, columns code, name_1, name_2; those whose name changed come first. The names: 1 row = 1
    name borne by different codes, columns name, code_1, code_2.
    """
    named, held = [areas.names(*pair) for pair in (first, second)], [areas.leaves(s) for s, _ in (first, second)]
    codes = [
        {"code": c, "name_1": named[0][c], "name_2": named[1][c]}
        for c in sorted(set(held[0]) & set(held[1]))
        if held[0][c] != held[1][c]
    ]
    codes.sort(key=lambda row: (row["name_1"] == row["name_2"], row["code"]))
    names = [
        {"name": name, "code_1": a, "code_2": b}
        for a, name in sorted(named[0].items())
        for b, other in sorted(named[1].items())
        if name == other and a != b and held[0][a] != held[1][b]
    ]
    columns = (["code", "name_1", "name_2"], ["name", "code_1", "code_2"])
    return pd.DataFrame(codes, columns=columns[0]), pd.DataFrame(names, columns=columns[1])


def changed_type(earlier: str, later: str) -> tuple[int, int]:
    """Count communes of the earlier month that were xã and lie in a phường later, and thị trấn that lie in a xã.

    The income line is that of the type, so urban and rural tables break there.
    """
    sets = [units.commune_set(m) for m in (earlier, later)]
    kinds = [units.of(s).set_index("code")["type"] for s in sets]
    pairs = kinds[0].to_frame("was").assign(now=units.crosswalk(*sets).set_index("code")["target"].map(kinds[1]))
    return (
        int(((pairs["was"] == "Xã") & (pairs["now"] == "Phường")).sum()),
        int(((pairs["was"] == "Thị trấn") & (pairs["now"] == "Xã")).sum()),
    )
