"""Find the commune of a row: by code, by name where there is no code, by the title where there is neither.

The code decides. A name beside it that belongs to other territory refuses the row, since codes were given anew to other
communes in 2025 and only the name can tell. A name alone counts when it is unique among the communes of the month.
"""

import re
from functools import cache

import pandas as pd

from infoaccess import aliases, units
from infoaccess.canonical import canonical
from infoaccess.unit_names import bare, full
from infoaccess.validate import Sheet


@cache
def communes(area_set: str) -> dict[str, set[str]]:
    """Return the codes of an era's communes by name, with and without the type; some names have two."""
    found: dict[str, set[str]] = {}
    for code, name in zip(*(units.of(area_set)[c] for c in ("code", "name")), strict=True):
        for key in (full(name), bare(name)):
            found.setdefault(key, set()).add(code)
    return found


@cache
def _territories(name: str) -> tuple[frozenset[str], ...]:
    """Return the territory (leaves) of every commune of any era that bears a name, with its type where it has one."""
    found = []
    for area_set in ("A_commune", "B_commune", "C_commune"):
        found += [units.leaves(area_set)[code] for code in sorted(communes(area_set).get(name, ()))]
    return tuple(found)


def fill(sheet: Sheet, month: str) -> None:
    """Fill and check the codes of communes; a row without a commune of the month is refused.

    Reports unknown_unit, name_code, name_unknown, name_ambiguous, name_only_unknown, required.
    """
    area_set, f = units.commune_set(month), sheet.frame
    start = units.valid_from(area_set)
    named = units.of(area_set).set_index("code")["name"].to_dict()
    code = f["commune_code"].copy()
    names, districts = f["commune_name"], f["district_name"]
    sheet.report(code.notna() & ~code.isin(list(named)), "commune_code", "unknown_unit", start=start)
    pairs = list(zip(code.tolist(), names.tolist(), strict=True))
    verdicts = {pair: _verdict(*pair, area_set, named) for pair in set(pairs)}
    for rule in sorted({v for v in verdicts.values() if v}):
        found = [i for i, pair in enumerate(pairs) if verdicts[pair] == rule]
        for unit in sorted({code[i] for i in found}):
            rows = [i for i in found if code[i] == unit]
            sheet.report(rows, "commune_name", rule, start=start, unit=named[unit])
    if code.isna().any():
        _fill_by_name(sheet, code, list(zip(names.tolist(), districts.tolist(), strict=True)), area_set, start)
    _fill_by_title(sheet, code, area_set, named)
    told = {p["_index"] for p in sheet.problems if p["rule"] in ("name_ambiguous", "name_only_unknown")}
    lost = [i for i in code.index[code.isna()] if i not in told]
    sheet.report(lost, "commune_code", "required")
    sheet.frame["commune_code"] = code


def _verdict(code: object, name: object, area_set: str, named: dict[str, str]) -> str | None:
    """Judge one code with the name beside it: first against the communes of the month, then against former ones."""
    if pd.isna(code) or pd.isna(name) or code not in named or bare(name) == bare(named[code]):
        return None
    if full(name) in communes(area_set):
        return "name_code"  # another commune of today
    territories, own = _territories(full(name)), units.leaves(area_set)[code]
    if any(t <= own for t in territories):
        return None  # a former commune inside the unit: the list kept its old name
    return "name_code" if territories else "name_unknown"


def _fill_by_name(sheet: Sheet, code: pd.Series, names: list[tuple], area_set: str, start: str) -> None:
    """Fill missing codes by names, with the district beside them, that one commune bears, in place."""
    lacking = [i for i in code.index[code.isna()] if pd.notna(names[i][0])]
    known, decided = communes(area_set), aliases.read().get(start, {})
    found = {pair: _named(*pair, area_set, known, decided) for pair in {names[i] for i in lacking}}
    for rule, wrong in (("name_ambiguous", lambda c: len(c) > 1), ("name_only_unknown", lambda c: not c)):
        sheet.report([i for i in lacking if wrong(found[names[i]])], "commune_name", rule, start=start)
    sure = [i for i in lacking if len(found[names[i]]) == 1]
    code[sure] = [next(iter(found[names[i]])) for i in sure]


def _named(name: str, district: object, area_set: str, known: dict[str, set[str]], decided: dict) -> set[str]:
    """Return the codes that a name may mean: reviewed decisions first, then the list of units.

    A former commune's full name is not taken for another one's bare name.
    """
    where = bare(district) if pd.notna(district) else ""
    for key in ((full(name), where), (full(name), "")):
        if key in decided:
            return {decided[key]}
    codes = known.get(full(name), set())
    if not codes and not _territories(full(name)):
        codes = known.get(bare(name), set())
    if len(codes) > 1 and where:
        parents = {c for c in codes if bare(_district_of(area_set).get(c, "")) == where}
        return parents or codes
    return codes


@cache
def _district_of(area_set: str) -> dict[str, str]:
    """Return the name of each commune's district; empty where there is no district."""
    if area_set.startswith("C"):
        return {}
    named = units.of(f"{area_set[0]}_district").set_index("code")["name"]
    return units.of(area_set).set_index("code")["parent_code"].map(named).to_dict()


def _fill_by_title(sheet: Sheet, code: pd.Series, area_set: str, named: dict[str, str]) -> None:
    """Fill the codes of a table without a column of communes by the one commune its title names, in place."""
    start = 0
    for table in sheet.tables:
        rows = code.index[start : start + len(table.rows)]
        start += len(table.rows)
        if len(rows) and not {"commune_code", "commune_name"} & set(table.position):
            titled = in_title(table.above, named)
            if titled:
                code[rows] = titled


def in_title(above: str, named: dict[str, str]) -> str | None:
    """Return the code of the only commune that a title names with its type.

    >>> in_title("ủy ban nhân dân xã a lưới 2 danh sách hộ nghèo", {"20044": "Xã A Lưới 2", "20050": "Xã A Lưới 5"})
    '20044'
    """
    found = [c for c, n in named.items() if re.search(rf"(?<!\w){re.escape(canonical(n))}(?!\w)", above)]
    return found[0] if len(found) == 1 else None
