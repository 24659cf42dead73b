"""Find out which units a layer of shapes is about: its era, its columns of codes and names, the unit of each row.

Columns are found by what they hold, not by their headings: the era is the one whose communes' codes and names fill the
layer best. The code decides; a name beside it that belongs to another commune is an error, since codes were given anew
in 2025. Without any column of codes the names are used, and that is said; a name that two communes share is settled by
the point known to lie inside each.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import shapely

from infoaccess import naming, rooms, unit_names, units
from infoaccess.boundary_files import Layer, spellings
from infoaccess.boundary_findings import ERROR, INFO, WARNING, Finding

ERA_SHARE = 0.5  # of an era's communes a layer has to name, by code or by name
COLUMN_SHARE = 0.3  # of an era's codes or names a column has to hold to count as theirs
_KINDS = ("xã ", "phường ", "thị trấn ")
_RESEND = "Hãy gửi tệp có cột mã xã (5 chữ số của Tổng cục Thống kê) và cột tên xã"


@dataclass(frozen=True)
class Match:
    """Hold what a layer is: `code` per row ("" where no unit), `name` per row as spelt, the columns they stand in."""

    era: str
    code: pd.Series
    name: pd.Series
    code_column: str | None
    name_column: str | None
    ambiguous: dict[int, list[str]]  # row -> the units that share its name, where there are no codes


@cache
def _points(path: str) -> pd.DataFrame:
    raw = pd.read_csv(path, dtype=str).dropna(subset=["rep_lon"])
    raw = raw[raw["level"] == "commune"]
    return raw.assign(lon=raw["rep_lon"].astype(float), lat=raw["rep_lat"].astype(float))


def points(era: str) -> pd.DataFrame:
    """Return a point inside each commune of an era: index code; columns lon, lat in degrees, WGS 84."""
    known = _points(str(rooms.facts("units.csv")))
    return known[known["era"] == era].set_index("code")[["lon", "lat"]]


def as_codes(values: pd.Series) -> pd.Series:
    """Return a column's values as codes: digits without decimals or leading zeros, "" for anything else.

    >>> list(as_codes(pd.Series([19750, 19750.0, " 19750 ", "019750", "Huế", None], dtype=object)))
    ['19750', '19750', '19750', '19750', '', '']
    """
    text = values.astype("str").fillna("").str.strip().str.replace(r"\.0+$", "", regex=True)
    return text.where(text.str.fullmatch(r"\d{1,9}"), "").str.lstrip("0")


def named(era: str, name: object) -> set[str]:
    """Return the codes of an era's communes that bear a name; a wrong kind (xã for phường) is forgiven."""
    known, text = naming.communes(f"{era}_commune"), unit_names.full(name) if isinstance(name, str) else ""
    if text in known:
        return known[text]
    return known.get(unit_names.bare(text), set()) if text.startswith(_KINDS) else set()


def _codes_held(values: pd.Series, era: str) -> float:
    known = set(official_names(era))
    return len(set(values) & known) / max(len(values), len(known))


def _names_held(values: pd.Series, era: str) -> float:
    codes = set().union(*(named(era, v) for v in values.unique()))
    count = len(official_names(era))
    return min(values.nunique(), len(codes)) / max(len(values), count)


def match(layer: Layer) -> tuple[Match | None, list[Finding]]:
    """Find the era of a layer and the unit of each row; None when it is not a layer of communes."""
    codes = {c: as_codes(layer.rows[c]) for c in layer.rows if _plain(layer.rows[c])}
    names = {}
    for column in layer.rows:
        if layer.rows[column].map(lambda v: isinstance(v, str)).any():
            names[column] = layer.rows[column]
    best = []
    for era in units.ERAS:
        code = max(((_codes_held(v, era), c) for c, v in codes.items()), default=(0, ""), key=lambda p: p[0])
        spelt = [(_names_held(v, era), c, v) for c in names for v in spellings(names[c])]
        name = max(spelt, default=(0, "", None), key=lambda p: p[0])
        best.append((code[0] + name[0], era, code, name))
    best.sort(key=lambda b: b[0], reverse=True)
    _, era, code, name = best[0]
    if max(code[0], name[0]) < ERA_SHARE:
        return None, [_not_communes(layer, codes, era, max(code[0], name[0]))]
    if code[0] < COLUMN_SHARE:
        code = _foreign(codes)
    if name[0] < COLUMN_SHARE:
        name = _foreign_names(names)
    has_code, has_name = code[0] >= COLUMN_SHARE, name[0] >= COLUMN_SHARE
    none = pd.Series("", index=layer.rows.index)
    found = Match(
        era,
        codes[code[1]] if has_code else none,
        name[2].map(lambda v: v if isinstance(v, str) else "") if has_name else none,
        code[1] if has_code else None,
        name[1] if has_name else None,
        {},
    )
    return _by_name(layer, found) if not has_code else (found, [_said(layer, found)])


def _foreign(codes: dict[str, pd.Series]) -> tuple[float, str]:
    """Find a column that holds codes of another era: it is not passed over because the names fit."""
    known = {code for era in units.ERAS for code in official_names(era)}
    shares = [(v.isin(known).mean(), c) for c, v in codes.items()]
    return max((s for s in shares if s[0] >= ERA_SHARE), default=(0, ""), key=lambda p: p[0])


def _foreign_names(names: dict[str, pd.Series]) -> tuple[float, str, pd.Series | None]:
    """Find a column that holds names of another era's communes: nor is it passed over because the codes fit."""
    found = []
    for column, texts in names.items():
        for spelt in spellings(texts):
            share = max(spelt.map(lambda v, era=era: bool(named(era, v))).mean() for era in units.ERAS)
            found.append((share if spelt.nunique() > len(spelt) / 2 else 0, column, spelt))
    return max((f for f in found if f[0] >= ERA_SHARE), default=(0, "", None), key=lambda f: f[0])


def _plain(values: pd.Series) -> bool:
    return values.dtype.kind in "iufO" or pd.api.types.is_string_dtype(values)


def _said(layer: Layer, found: Match) -> Finding:
    count = len(official_names(found.era))
    names = f'cột tên "{found.name_column}"' if found.name_column else "không có cột tên, chỉ kiểm tra mã và vị trí"
    fault = (
        f"{len(layer.rows)} dòng, các xã thời kỳ {found.era} (từ {units.ERAS[found.era]}, {count} đơn vị); "
        f'cột mã "{found.code_column}", {names}'
    )
    return Finding(INFO, "era", layer.file, "", fault)


def _not_communes(layer: Layer, codes: dict[str, pd.Series], era: str, share: float) -> Finding:
    for area_set in ("A_district", "B_district"):
        known = set(units.of(area_set)["code"])
        if any(len(set(v) & known) >= 5 and set(v) <= known for v in codes.values()):
            fault = "tệp chứa các huyện; bản đồ huyện được ghép từ các xã nên tệp này không được dùng"
            return Finding(WARNING, "districts", layer.file, "", fault, "Hãy gửi tệp ranh giới xã")
    near = f" (gần nhất: {share:.0%} các xã thời kỳ {era})" if share else ""
    heads = ", ".join(map(str, layer.rows.columns)) or "(không có)"
    fault = f"không cột nào chứa đủ mã hay tên các xã của Huế ở thời kỳ A, B hoặc C{near}; các cột: {heads}"
    return Finding(ERROR, "columns", layer.file, "", fault, _RESEND)


def _by_name(layer: Layer, found: Match) -> tuple[Match, list[Finding]]:
    code, ambiguous = found.code.copy(), {}
    for row, name in found.name.items():
        options = sorted(named(found.era, name))
        if len(options) == 1:
            code[row] = options[0]
        elif options:
            ambiguous[row] = options
    fault = (
        f'không có cột mã; các xã thời kỳ {found.era} được nhận ra bằng tên (cột "{found.name_column}")'
        f"{f', {len(ambiguous)} dòng trùng tên được nhận ra bằng vị trí' if ambiguous else ''}"
    )
    said = Finding(WARNING, "by_name", layer.file, "", fault, "Nên thêm cột mã xã 5 chữ số")
    return Match(found.era, code, found.name, None, found.name_column, ambiguous), [said]


def settled(found: Match, holds: dict[int, set[str]]) -> Match:
    """Settle rows whose name two communes share by the inside points each row's shape holds."""
    code = found.code.copy()
    for row, options in found.ambiguous.items():
        inside = [c for c in options if c in holds.get(row, ())]
        if len(inside) == 1:
            code[row] = inside[0]
    return Match(found.era, code, found.name, found.code_column, found.name_column, found.ambiguous)


@cache
def _official(era: str, path: str) -> dict[str, str]:
    known = units.of(f"{era}_commune")
    return dict(zip(known["code"], known["name"], strict=True))


def official_names(era: str) -> dict[str, str]:
    """Return the names of an era's communes by code."""
    return _official(era, str(rooms.facts("units.csv")))


def title(era: str, code: str) -> str:
    """Name a unit with its code; a code of no unit stands alone."""
    known = official_names(era)
    return f"{known[code]} ({code})" if code in known else f"mã {code}"


def attribute_faults(layer: Layer, found: Match, holds: dict[int, set[str]]) -> list[Finding]:
    """Check codes and names: missing, extra, double, disagreeing; `holds` are the inside points of each row's shape."""
    known, said = set(official_names(found.era)), []

    def add(severity, rule, unit, fault, todo):
        said.append(Finding(severity, rule, layer.file, unit, fault, todo))

    for row, code in found.code.items():
        at = f"dòng {row + 1}" + (f" ({found.name[row]})" if found.name[row] else "")
        if not code:
            add(ERROR, "code_blank", at, "không có mã hay tên nhận ra được", _RESEND)
        elif code not in known:
            others = [e for e in units.ERAS if code in official_names(e)]
            why = f" (là mã của thời kỳ {', '.join(others)})" if others else ""
            add(ERROR, "code_extra", at, f"mã {code} không có ở thời kỳ {found.era}{why}", "Hãy sửa mã hoặc bỏ dòng")
    counts = found.code[found.code.isin(known)].value_counts()
    for code in sorted(counts[counts > 1].index):
        rows = ", ".join(str(r + 1) for r in found.code.index[found.code == code])
        todo = "Hãy sửa mã; nếu là các phần của một xã thì gộp thành một hình nhiều phần"
        add(ERROR, "code_double", title(found.era, code), f"mã có {counts[code]} lần, ở các dòng {rows}", todo)
    for code in sorted(known - set(found.code)):
        add(ERROR, "code_missing", title(found.era, code), "không có trong tệp", "Hãy bổ sung hình của đơn vị này")
    if found.name_column and found.code_column:
        for row in found.code.index[found.code.isin(known)]:
            said += _name_fault(layer.file, found, row, holds.get(row, set()))
    return said


def _name_fault(file: str, found: Match, row: int, inside: set[str]) -> list[Finding]:
    code, name, era = found.code[row], found.name[row], found.era
    unit = title(era, code)
    if code in named(era, name):
        right = official_names(era)[code]
        if unit_names.full(name) in (unit_names.full(right), unit_names.bare(right)):
            return []
        return [Finding(WARNING, "kind", file, unit, f'tệp ghi "{name}"', "Hãy xem lại loại đơn vị")]
    others = [e for e in units.ERAS if e != era and code in named(e, name)]
    why = f" (tên này mang mã {code} ở thời kỳ {', '.join(others)})" if others else ""
    lies = " và ".join(title(era, c) for c in sorted(inside))
    where = f"; hình nằm ở {lies}" if lies else ""
    fault = f'mã {code} và tên "{name}" (dòng {row + 1}) không phải của một đơn vị{why}{where}'
    return [Finding(ERROR, "name_code", file, unit, fault, "Hãy sửa mã hoặc tên theo geo/units.csv")]


def held_points(era: str, inside: np.ndarray, shapes: np.ndarray) -> dict[int, set[str]]:
    """Return the codes of an era's inside points (`inside`, in the order of `points`) that each shape holds."""
    held: dict[int, set[str]] = {}
    codes = points(era).index
    for point, shape in zip(*shapely.STRtree(shapes).query(inside, predicate="intersects"), strict=True):
        held.setdefault(int(shape), set()).add(codes[point])
    return held
