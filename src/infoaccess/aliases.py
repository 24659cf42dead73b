"""The office's reviewed decisions on names of communes: geo/aliases.csv, one row a decision, used before all else.

Columns: name (as lists write it, with its type where that tells), district (may be blank), code, valid_from,
decided_on, decided_by. A decision holds for lists of the months in which (code, valid_from) is in force, no other.
"""

import csv

from infoaccess import rooms, units
from infoaccess.canonical import canonical
from infoaccess.errors import InputError
from infoaccess.unit_names import bare, full

COLUMNS = ("name", "district", "code", "valid_from", "decided_on", "decided_by")


def read() -> dict[str, dict[tuple[str, str], str]]:
    """Read the decisions: valid_from -> (name, district without its type, in canonical form) -> code.

    Raises InputError with file and row for a decision on no unit, without date or person, or against another one.
    """
    path = rooms.facts("aliases.csv")
    if not path.exists():
        return {}
    found: dict[str, dict[tuple[str, str], str]] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise InputError(f"Tệp {path.name}, dòng 1: các cột phải là {', '.join(COLUMNS)}. Hãy sửa dòng tiêu đề.")
        for number, row in enumerate(reader, 2):
            cells = {key: canonical(value or "") for key, value in row.items() if key}
            units_then = {s for s, start in units.ERAS.items() if start == cells["valid_from"]}
            codes = {c for era in units_then for c in units.of(f"{era}_commune")["code"]}
            if cells["code"] not in codes:
                raise InputError(
                    f"Tệp {path.name}, dòng {number}: không có xã mã {cells['code']!r} áp dụng từ "
                    f"{cells['valid_from']!r}. Hãy ghi mã và ngày theo geo/units.csv."
                )
            if not (cells["name"] and cells["decided_on"] and cells["decided_by"]):
                raise InputError(f"Tệp {path.name}, dòng {number}: thiếu tên, ngày hoặc người quyết định. Hãy điền đủ.")
            key = (full(cells["name"]), bare(cells["district"]))
            held = found.setdefault(cells["valid_from"], {})
            if held.get(key, cells["code"]) != cells["code"]:
                raise InputError(f"Tệp {path.name}, dòng {number}: trái với quyết định ở dòng trên. Hãy giữ một dòng.")
            held[key] = cells["code"]
    return found
