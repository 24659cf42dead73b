"""Tell which unit each row of an aggregate form is about; the forms name units and mix city, districts and communes.

The order in the sheet decides which district a commune stands under; the serial number never does, as "3.10" may have
become the number 3.1. A name is compared in canonical form with the units of the month's era, with or without its type;
a name that fits two units is decided by the district it stands under, then by its type, and else is refused.
"""

import re
from dataclasses import dataclass
from functools import cache

import pandas as pd

from infoaccess import rooms, units, values
from infoaccess.canonical import canonical
from infoaccess.columns import normal
from infoaccess.lists import Table
from infoaccess.validate import Sheet

_COMMUNE = {"xã": "xã", "x": "xã", "phường": "phường", "p": "phường", "thị trấn": "thị trấn", "tt": "thị trấn"}
_DISTRICT = {"huyện": "huyện", "h": "huyện", "quận": "quận", "q": "quận", "thị xã": "thị xã", "tx": "thị xã"}
_DISTRICT |= {"thành phố": "thành phố", "tp": "thành phố"}
_TYPES = {"commune": _COMMUNE, "district": _DISTRICT}
_NAME = re.compile(rf"({'|'.join(sorted(_COMMUNE | _DISTRICT, key=len, reverse=True))})(?:[.]\s*|\s+)(.+)")
_CITY = re.compile(r"toàn (tỉnh|thành phố)|(tỉnh )?thừa thiên huế")
_DOTTED = re.compile(r"\d+[.,]\d+\.?")
_ROMAN = re.compile(r"[IVX]+\.?")


@dataclass(frozen=True)
class Reading:
    """Hold one unit that a name may mean."""

    level: str
    code: str
    type: str
    parent: str


def levels(sheet: Sheet, month: str) -> pd.Series:
    """Return each row's level (city, district, commune; missing where its unit is not known) and say who it is about.

    The frame gets `level`, `unit_code`, `under` (code of the district whose row stands above); `commune_code` is filled
    by name. The second row of a unit ("Nhân khẩu") whose name is blank belongs to the row above; below a row of totals
    it belongs to the totals and is folded.
    """
    found = pd.DataFrame(None, index=sheet.frame.index, columns=["level", "unit_code", "under"], dtype="str")
    start = 0
    for table in sheet.tables:
        rows = range(start, start + len(table.rows))
        start += len(table.rows)
        for i, reading, under in _read(sheet, table, rows, month):
            found.loc[i] = [reading.level, reading.code, under]
    sheet.frame[["level", "unit_code", "under"]] = found
    named = found["level"] == "commune"
    sheet.frame["commune_code"] = sheet.frame["commune_code"].mask(named, found["unit_code"])
    return sheet.frame["level"]


def _read(sheet: Sheet, table: Table, rows: range, month: str):
    """Go through a table's rows in their order; yield position, reading and the district above."""
    names = [normal(values.text_of(v)).lstrip("-+ ") for v in sheet.frame.loc[rows, "commune_name"].fillna("")]
    serials = [values.text_of(sheet.cells["serial"][i]) for i in rows]
    people = [_people(sheet, i) for i in rows]
    choices = [readings(name, month) for name in names]
    districts = any({r.level for r in fits} == {"district"} for fits in choices)
    home = _title_district(table.above, month)
    known = units.of(units.commune_set(month))
    communes = {u.code: Reading("commune", u.code, "", u.parent_code) for u in known.itertuples()}
    start = units.valid_from(units.commune_set(month))
    totals = {number for number, _ in table.totals}
    district, before = None, None
    for n, i in enumerate(rows):
        line, fits, heads = int(sheet.origin.at[i, "row"]), choices[n], _heads(serials, n)
        second = before and people[n] and names[n] in ("", names[n - 1]) and sheet.origin.at[i - 1, "row"] == line - 1
        if second:
            yield i, *before
            continue
        if not names[n]:
            if people[n] and line - 1 in totals:
                sheet.fold(pd.Series(sheet.frame.index == i, index=sheet.frame.index))
            else:
                sheet.report([i], "commune_name", "required")
            continue
        if len({r.level for r in fits}) > 1:
            again = any(names[m] == names[n] and people[m] == people[n] for m in range(n + 1, len(names)))
            level = _which_level(fits, heads, serials[n], district, again or districts)
            fits = [r for r in fits if r.level == level]
        fits = _narrowed(fits, names[n], sheet.frame.at[i, "commune_code"], district or home)
        if not fits and sheet.frame.at[i, "commune_code"] in communes:
            fits = [communes[sheet.frame.at[i, "commune_code"]]]
            sheet.report([i], "commune_name", "name_unknown", start=start)
        before = None
        if len(fits) == 1:
            district = fits[0].code if fits[0].level == "district" else district
            before = fits[0], (district if fits[0].level == "commune" else None)
            _check_code(sheet, i, fits[0], month, start)
            yield i, *before
        elif fits:
            sheet.report([i], "commune_name", "name_ambiguous")
        else:
            if heads or _parted(names[n])[0] in _DISTRICT:
                district = None  # an unknown district: what follows is not the former one's
            sheet.report([i], "commune_name", "form_unit", start=start)


def readings(name: str, month: str) -> list[Reading]:
    """List the units that a name may mean in a month.

    >>> [(r.level, r.code) for r in readings("thành phố huế", "2024-12")]
    [('district', '474')]
    >>> [(r.level, r.code) for r in readings("thành phố huế", "2025-02")]
    [('city', '46')]
    >>> [(r.level, r.code) for r in readings("a lưới", "2025-02")]
    [('district', '481'), ('commune', '20044')]
    """
    era = units.era_of(month)
    word, bare = _parted(canonical(name))
    if _CITY.fullmatch(canonical(name)) or (era != "A" and (word in ("thành phố", "tp") and bare == "huế")):
        return [Reading("city", units.CITY, "", "")]
    fits = _by_name(era, str(rooms.facts("units.csv"))).get(bare, [])
    return [r for r in fits if not word or word in _TYPES[r.level]]


@cache
def _by_name(era: str, units_path: str) -> dict[str, list[Reading]]:
    """Return an era's units by name without type, districts first."""
    found: dict[str, list[Reading]] = {}
    for level in ("district", "commune"):
        for unit in units.of(f"{era}_{level}").itertuples():
            kind, name = _parted(canonical(unit.name))
            found.setdefault(name, []).append(Reading(level, unit.code, kind, unit.parent_code))
    return found


def _parted(name: str) -> tuple[str, str]:
    """Part a name from the word of its type, which may be shortened."""
    found = _NAME.fullmatch(name)
    return (found[1], found[2]) if found else ("", name)


def _narrowed(fits: list[Reading], name: str, code: str | None, district: str | None) -> list[Reading]:
    """Choose among units of one name: by the code beside it, the district above, the type; all stay if none helps."""
    word = _COMMUNE.get(_parted(name)[0])
    for test in (lambda r: r.code == code, lambda r: r.parent == district, lambda r: r.type == word):
        if len(fits) > 1:
            fits = [r for r in fits if test(r)] or fits
    return fits


def _which_level(fits: list[Reading], heads: bool, serial: str, district: str | None, others: bool) -> str:
    """Tell whether a name that a district and its town share means the one or the other.

    `others`: the name comes again further down, or other rows are surely districts.
    """
    if heads or _DOTTED.fullmatch(serial):
        return "district" if heads else "commune"
    if district in {r.code for r in fits}:
        return "commune"  # the district's own row stands above already
    return "district" if others else "commune"


def _heads(serials: list[str], n: int) -> bool:
    """Tell whether a serial number heads a block: 1 where others are 1.1, or a Roman figure."""
    dotted = any(_DOTTED.fullmatch(s) for s in serials)
    roman = _ROMAN.fullmatch(serials[n]) is not None
    return roman or (dotted and serials[n] != "" and not _DOTTED.fullmatch(serials[n]))


def _title_district(above: str, month: str) -> str | None:
    """Find the one district that the title names, if it names one."""
    era = units.era_of(month)
    if era == "C":
        return None
    of_era = units.of(f"{era}_district")
    named = [u.code for u in of_era.itertuples() if re.search(rf"\b{re.escape(canonical(u.name))}\b", above)]
    return named[0] if len(named) == 1 else None


def _people(sheet: Sheet, i: int) -> bool:
    return "counted" in sheet.frame and sheet.frame.at[i, "counted"] == "people"


def _check_code(sheet: Sheet, i: int, reading: Reading, month: str, start: str) -> None:
    """Refuse a row whose code and name are two different communes."""
    code = sheet.frame.at[i, "commune_code"]
    if reading.level == "commune" and isinstance(code, str) and code != reading.code:
        names = units.of(units.commune_set(month)).set_index("code")["name"]
        rule = "name_code" if code in names.index else "unknown_unit"
        sheet.report([i], "commune_code", rule, start=start, unit=names.get(code, ""))
