"""Questions about units in time: who was valid on a day, who came after whom, what a figure of one era says of another.

The counting rule, once: every unit is a set of leaves, the communes of era A. A target unit is exact when one source
unit has its leaves, summed when several together do, unavailable when a source unit reaches beyond it. Shares here are
shares of leaves (a number of communes), never of people. Sets of the office's own (clusters of communes of one era,
geo/area_sets/*.csv) take part like any other set.

Source: as `units`; four mergers of 2025 in Phong Điền are inferred (`A_B_basis`) and marked wherever they are used.
"""

import re
from functools import cache

import pandas as pd

from infoaccess import area_sets, rooms, units
from infoaccess.errors import UsageError

LABELS = {
    "city": ("toàn tỉnh, thành phố", "the whole province or city"),
    "A_district": ("cấp huyện đến 31/12/2024", "the districts until 31 December 2024"),
    "A_commune": ("cấp xã đến 31/12/2024", "the communes until 31 December 2024"),
    "B_district": ("cấp huyện từ 01/01/2025 đến 30/06/2025", "the districts of January to June 2025"),
    "B_commune": ("cấp xã từ 01/01/2025 đến 30/06/2025", "the communes of January to June 2025"),
    "C_commune": ("cấp xã từ 01/07/2025", "the communes since 1 July 2025"),
}
NAMED = 6  # a sentence names this many units and counts the rest
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_SENTENCES = {
    "exact": (
        "{unit}: lấy nguyên số liệu của {parts}, cùng địa giới",
        "{unit}: the figure of {parts} is taken as it is, its territory is the same",
    ),
    "summed": (
        "{unit}: cộng số liệu của {count} đơn vị nằm trọn bên trong, gồm {parts}",
        "{unit}: the sum of {count} units that lie wholly within it, namely {parts}",
    ),
    "unavailable": (
        "{unit}: không tính được từ {source}, vì {beyond} có phần nằm ngoài đơn vị này; "
        "nhóm nhỏ nhất tính được chính xác gồm {union}",
        "{unit}: not available from {source}, because of {beyond}, which it holds only in part; "
        "the smallest exact union is that of {union}",
    ),
}


def known() -> tuple[str, ...]:
    """Name all area sets, the office's own last."""
    return (*units.AREA_SETS, *area_sets.read())


def leaves(area_set: str) -> dict[str, frozenset[str]]:
    """Return the leaves of each unit of any area set.

    Raises UsageError for an unknown set.
    """
    if area_set in units.AREA_SETS:
        return units.leaves(area_set)
    own = area_sets.read()
    if area_set not in own:
        raise UsageError(f"Không có hệ đơn vị {area_set!r}. Các hệ đơn vị: {', '.join((*units.AREA_SETS, *own))}.")
    return own[area_set].leaves


def names(area_set: str, month: str | None = None) -> dict[str, str]:
    """Return each unit's name in any area set; the city's is that of the month's era."""
    if area_set in units.AREA_SETS:
        return units.of(area_set, month).set_index("code")["name"].to_dict()
    leaves(area_set)
    return dict(area_sets.read()[area_set].names)


def valid_from(area_set: str, month: str | None = None) -> str:
    """Return the day from which an area set's codes are valid; own sets take that of their members."""
    return units.valid_from(area_set, month) if area_set in units.AREA_SETS else area_sets.read()[area_set].valid_from


def label(area_set: str) -> tuple[str, str]:
    """Return what a sentence calls an area set, in Vietnamese and English."""
    return LABELS.get(area_set) or (f"hệ đơn vị tự lập {area_set}", f"the office's own set {area_set}")


def on(day: str) -> pd.DataFrame:
    """Return the units valid on a day, in the columns of `units.table`: city, districts, communes.

    Raises UsageError for what is no day, or one before the first list of units.
    """
    if not _DAY.fullmatch(day) or pd.isna(pd.to_datetime(day, errors="coerce")):
        raise UsageError(f"Ngày {day!r} không hợp lệ. Hãy viết năm-tháng-ngày, ví dụ 2025-06-30.")
    units.era_of(day[:7])
    table = units.table()
    return table[(table["valid_from"] <= day) & (table["valid_to"].fillna("9999") >= day)].reset_index(drop=True)


@cache
def _inferred(lineage_path: str) -> frozenset[str]:
    lineage = pd.read_csv(lineage_path, dtype=str)
    return frozenset(lineage.loc[lineage["A_B_basis"] == "inferred", "A_code"])


def inferred() -> frozenset[str]:
    """Return the leaves whose heir of January 2025 is inferred and not read in a resolution."""
    return _inferred(str(rooms.facts("lineage.csv")))


def rests_on_inference(first: str, second: str) -> bool:
    """Tell whether an inferred merger can matter between two area sets: communes of era A against later ones.

    Districts and the city do not depend on it: the four mergers lie inside one district.
    """
    own = area_sets.read()
    eras = {s[0] for s in (first, second) if s.endswith("_commune") and s in units.AREA_SETS}
    eras |= {units.era_of(own[s].valid_from[:7]) for s in (first, second) if s in own}
    return "A" in eras and len(eras) == 2


def _level(code: str) -> str:
    return {2: "city", 3: "district", 5: "commune"}[len(code)]


def _relatives(code: str, start: str, level: str | None, later: bool) -> pd.DataFrame:
    eras = {day: era for era, day in units.ERAS.items()}
    table = units.table()
    found = table[(table["code"] == code) & (table["valid_from"] == start)]
    if found.empty:
        raise UsageError(f"Không có đơn vị mã {code} có hiệu lực từ {start}. Xem geo/units.csv.")
    own = units.leaves(found["area_set"].iloc[0])[code]
    rows = []
    for day, era in eras.items():
        if day == start or (day > start) != later:
            continue
        wanted = level or _level(code)
        area_set = "city" if wanted == "city" else f"{era}_{wanted}"
        if area_set not in units.AREA_SETS:
            area_set = f"{era}_commune"  # no district level since 2025-07
        named, guessed = names(area_set, day[:7]), rests_on_inference(found["area_set"].iloc[0], area_set)
        for other, members in units.leaves(area_set).items():
            shared = own & members
            if shared:
                rows.append(
                    {"area_set": area_set, "era": era, "code": other, "valid_from": day, "name": named[other]}
                    | {"leaves": len(shared), "unit_share": len(shared) / len(own)}
                    | {"other_share": len(shared) / len(members)}
                    | {"inferred": guessed and bool(shared & inferred())}
                )
    text = ["area_set", "era", "code", "valid_from", "name"]
    columns = [*text, "leaves", "unit_share", "other_share", "inferred"]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(text, "str"))


def heirs(code: str, start: str, level: str | None = None) -> pd.DataFrame:
    """Return the units of later eras that hold territory of a unit: 1 row = 1 unit of 1 era.

    Columns: area_set, era, code, valid_from, name, leaves (shared), unit_share (of the asked unit's leaves),
    other_share (of this unit's leaves), inferred. The level is the unit's own, communes where an era has no districts.
    Raises UsageError for a key that is not in geo/units.csv.

    >>> heirs("19753", "2021-07-01")[["code", "valid_from", "name"]].values.tolist()[-1]
    ['19753', '2025-07-01', 'Phường Phú Xuân']
    """
    return _relatives(code, start, level, later=True)


def ancestors(code: str, start: str, level: str | None = None) -> pd.DataFrame:
    """Return the units of earlier eras whose territory lies in a unit, as `heirs` does.

    >>> ancestors("19815", "2025-07-01").query("era == 'B'")["name"].tolist()
    ['Phường An Cựu', 'Phường An Đông', 'Phường An Tây']
    """
    return _relatives(code, start, level, later=False)


def over(source: str, target: str) -> dict[str, list[str]]:
    """Return for each source unit the target units over which it lies, both in the order of their codes."""
    home = {leaf: code for code, members in leaves(target).items() for leaf in members}
    return {code: sorted({home[leaf] for leaf in members}) for code, members in sorted(leaves(source).items())}


def crosswalk(source: str, target: str) -> pd.DataFrame:
    """Place every unit of one area set in another, as `units.crosswalk` does, own sets included."""
    return units.placing(leaves(source), leaves(target))


def exact(source: str, target: str) -> set[str]:
    """Name the target units whose figures are exact sums of source units, own sets included."""
    return units.made_up(leaves(source), leaves(target))


def common(first: str, second: str) -> list[tuple[frozenset[str], frozenset[str]]]:
    """Return the smallest territories that both area sets make up exactly: (units of the first, units of the second).

    They are the connected parts of the graph of overlaps: any territory that is exact in both is a union of them.
    """
    parts: list[tuple[set[str], set[str]]] = []
    for code, into in over(first, second).items():
        left, right = {code}, set(into)
        for part in [p for p in parts if p[1] & right]:
            left, right = left | part[0], right | part[1]
            parts.remove(part)
        parts.append((left, right))
    return sorted(((frozenset(a), frozenset(b)) for a, b in parts), key=lambda part: min(part[1]))


def listed(codes: list[str] | frozenset[str], named: dict[str, str], language: int) -> str:
    """Write units as a list of names with codes, the first few of many.

    >>> listed(["19815"], {"19815": "Phường An Cựu"}, 0)
    'Phường An Cựu (19815)'
    """
    codes = sorted(codes)
    shown = [f"{named[c]} ({c})" for c in codes[:NAMED]]
    if len(codes) > NAMED:
        rest = len(codes) - NAMED
        shown.append((f"{rest} đơn vị khác", f"{rest} other{'s' if rest > 1 else ''}")[language])
    both = (" và ", " and ")[language]
    return both.join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]


def state(source: str, target: str) -> pd.DataFrame:
    """Tell for every target unit what figures of a source set say of it: 1 row = 1 target unit.

    Columns: code, name, state (exact, summed, unavailable), parts (codes of the source units inside), beyond (of those
    that reach beyond it), union (the smallest union of target units that is exact), inferred, sentence_vi, sentence_en.
    """
    into, out_of = leaves(target), leaves(source)
    union = {code: right for _, right in common(source, target) for code in right}
    unit_names, source_names, guessed = names(target), names(source), inferred()
    crosses = rests_on_inference(source, target)
    rows = []
    for code, members in sorted(into.items()):
        parts = sorted(s for s, m in out_of.items() if m <= members)
        beyond = sorted(s for s, m in out_of.items() if m & members and not m <= members)
        found = "unavailable" if beyond else "exact" if len(parts) == 1 else "summed"
        row = {"code": code, "name": unit_names[code], "state": found, "parts": " ".join(parts)}
        row |= {"beyond": " ".join(beyond), "union": " ".join(sorted(union[code]))}
        row["inferred"] = crosses and bool(members & guessed)
        for language, key in enumerate(("sentence_vi", "sentence_en")):
            sentence = _SENTENCES[found][language].format(
                unit=f"{unit_names[code]} ({code})",
                parts=listed(parts, source_names, language) if parts else "",
                count=len(parts),
                source=label(source)[language],
                beyond=listed(beyond, source_names, language) if beyond else "",
                union=listed(union[code], unit_names, language),
            )
            row[key] = f"{sentence}."
        rows.append(row)
    texts = ["code", "name", "state", "parts", "beyond", "union", "sentence_vi", "sentence_en"]
    return pd.DataFrame(rows).astype(dict.fromkeys(texts, "str"))
