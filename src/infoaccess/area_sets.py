"""Area sets of the office's own: clusters of communes of one era, written in geo/area_sets/*.csv.

1 row = 1 member: area_set, code, name (of the cluster), member_code, member_valid_from (the commune's key). Every
commune of the era belongs to exactly one cluster, so that clusters add up to the city; a file that says otherwise is
refused with all its faults at once.
"""

import csv
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from infoaccess import rooms, units
from infoaccess.canonical import tidy
from infoaccess.errors import InputError, Place

COLUMNS = ("area_set", "code", "name", "member_code", "member_valid_from")
SHOWN = 10  # faults named in one refusal
_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,19}")  # a code becomes a file's name


_TOLD = {
    "empty": "ô trống ở cột {columns}; hãy điền đủ",
    "name": "tên hệ đơn vị {name!r} không dùng được; hãy đặt tên khác: chữ thường không dấu, chữ số và dấu gạch dưới, "
    "không trùng hệ đơn vị có sẵn",
    "none": "không có dòng dữ liệu nào; hãy ghi mỗi xã, phường một dòng hoặc bỏ tệp",
    "era": "member_valid_from {day!r} không phải ngày đầu của một thời kỳ; hãy ghi một trong các ngày {days}",
    "code": "mã {code!r} không dùng được; hãy dùng chữ không dấu, chữ số, gạch nối, tối đa 20 ký tự, "
    "không trùng mã đơn vị hành chính nào",
    "case": "mã {code} và {first} chỉ khác chữ hoa, chữ thường; hãy viết một cách",
    "two_names": "mã {code} có hai tên, {first} và {second}; hãy ghi một tên",
    "two_eras": "member_valid_from là {day} trong khi các dòng khác là {start}; hãy dùng xã, phường của một thời kỳ",
    "member": "không có xã, phường mã {member} có hiệu lực từ {start}; hãy xem geo/units.csv",
    "overlap": "{name} ({member}) đã thuộc cụm {other} ở dòng {line}; hãy bỏ một dòng",
    "incomplete": "hệ đơn vị {name} thiếu {count} xã, phường: {shown}; hãy thêm mỗi đơn vị một dòng",
}


@dataclass(frozen=True)
class AreaSet:
    """Hold one set: its clusters' names, members (communes of its era) and leaves, by cluster code."""

    name: str
    file: str
    valid_from: str
    names: dict[str, str] = field(hash=False)
    members: dict[str, frozenset[str]] = field(hash=False)
    leaves: dict[str, frozenset[str]] = field(hash=False)


def read(folder: Path | None = None) -> dict[str, AreaSet]:
    """Read all own area sets by name; none where the folder is missing.

    Raises InputError with file, row and what to do for a set that is not complete, overlaps or cannot be read.
    """
    folder = folder or rooms.facts("area_sets")
    if not folder.is_dir():
        return {}
    found = [(p, p.stat()) for p in sorted(folder.glob("*.csv"))]
    facts = (str(rooms.facts("units.csv")), str(rooms.facts("lineage.csv")))
    return dict(_read(tuple((str(p), s.st_mtime_ns, s.st_size) for p, s in found), facts))


@lru_cache(maxsize=16)
def _read(files: tuple[tuple[str, int, int], ...], facts: tuple[str, str]) -> dict[str, AreaSet]:
    """Read the files as they are now: their times and sizes are part of the key, as are the paths of the facts."""
    sets: dict[str, AreaSet] = {}
    for path, _, _ in files:
        for name, one in of_file(Path(path)).items():
            if name in sets:
                raise InputError(
                    f"Tệp {one.file}: hệ đơn vị {name} đã có trong tệp {sets[name].file}. "
                    "Hãy để mỗi hệ đơn vị trong một tệp."
                )
            sets[name] = one
    return sets


def of_file(path: Path) -> dict[str, AreaSet]:
    """Read the area sets of one file by name.

    Raises InputError.
    """
    rows, faults = _rows(path), _Faults()
    by_set: dict[str, list[tuple[int, dict[str, str]]]] = defaultdict(list)
    for number, row in rows:
        empty = [c for c in COLUMNS if not row[c]]
        if empty:
            faults.add(number, "empty", columns=", ".join(empty))
        elif not _NAME.fullmatch(row["area_set"]) or row["area_set"] in units.AREA_SETS:
            faults.add(number, "name", name=row["area_set"])
        else:
            by_set[row["area_set"]].append((number, row))
    sets = {name: _checked(name, path.name, found, faults) for name, found in by_set.items()}
    if not rows:
        faults.add(None, "none")
    if faults:
        told = [f"{_where(path.name, n)}: {what}." for n, what in sorted(faults, key=lambda f: (f[0] is None, f[0]))]
        more = [f"Còn {len(told) - SHOWN} lỗi khác."] if len(told) > SHOWN else []
        raise InputError("\n".join([*told[:SHOWN], *more]))
    return {name: one for name, one in sets.items() if one}


class _Faults(list):
    """Collect (row number or None, sentence)."""

    def add(self, row: int | None, what: str, **values: object) -> None:
        self.append((row, _TOLD[what].format(**values)))


def _where(file: str, row: int | None) -> str:
    where = str(Place(file, row=row))
    return where[0].upper() + where[1:]


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Return the rows with their numbers as a spreadsheet shows them; comma, semicolon and tab are read."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as err:
        raise InputError(
            f"{_where(path.name, None)}: không phải văn bản UTF-8. Hãy lưu lại dạng “CSV UTF-8” rồi chạy lại."
        ) from err
    sign = max(",;\t", key=(lines[0] if lines else "").count)
    table = [[tidy(cell) for cell in row] for row in csv.reader(lines, delimiter=sign)]
    heading = table[0] if table else []
    missing, twice = [c for c in COLUMNS if c not in heading], [c for c in COLUMNS if heading.count(c) > 1]
    if missing or twice:
        what = f"thiếu cột {', '.join(missing)}" if missing else f"cột {', '.join(twice)} có hai lần"
        raise InputError(f"{_where(path.name, 1)}: {what}. Hãy ghi dòng đầu là {','.join(COLUMNS)}.")
    at = {c: heading.index(c) for c in COLUMNS}
    return [
        (number, {c: row[i] if i < len(row) else "" for c, i in at.items()})
        for number, row in enumerate(table[1:], start=2)
        if any(row)
    ]


def _checked(name: str, file: str, rows: list[tuple[int, dict[str, str]]], faults: _Faults) -> AreaSet | None:
    """Check one set's rows and return it; what is wrong is added to the faults, and then nothing is returned."""
    before = len(faults)
    start = Counter(row["member_valid_from"] for _, row in rows).most_common(1)[0][0]
    era = {day: e for e, day in units.ERAS.items()}.get(start)
    if era is None:
        faults.add(rows[0][0], "era", day=start, days=", ".join(units.ERAS.values()))
        return None
    communes = units.of(f"{era}_commune").set_index("code")["name"].to_dict()
    taken = set(units.table()["code"])
    names: dict[str, str] = {}
    home: dict[str, tuple[str, int]] = {}
    for number, row in rows:
        code, member, day = row["code"], row["member_code"], row["member_valid_from"]
        first = next((c for c in names if c.casefold() == code.casefold()), code)
        if not _CODE.fullmatch(code) or code in taken:
            faults.add(number, "code", code=code)
        elif first != code:
            faults.add(number, "case", code=code, first=first)
        elif names.setdefault(code, row["name"]) != row["name"]:
            faults.add(number, "two_names", code=code, first=names[code], second=row["name"])
        if day != start:
            faults.add(number, "two_eras", day=day, start=start)
        elif member not in communes:
            faults.add(number, "member", member=member, start=start)
        elif member in home:
            other, line = home[member]
            faults.add(number, "overlap", name=communes[member], member=member, other=other, line=line)
        else:
            home[member] = (code, number)
    lost = sorted(set(communes) - {row["member_code"] for _, row in rows})
    if lost:
        shown = ", ".join(f"{communes[c]} ({c})" for c in lost[:SHOWN]) + (", …" if len(lost) > SHOWN else "")
        faults.add(None, "incomplete", name=name, count=len(lost), shown=shown)
    if len(faults) > before:
        return None
    members = {code: frozenset(m for m, (c, _) in home.items() if c == code) for code in names}
    whole = units.leaves(f"{era}_commune")
    leaves = {code: frozenset().union(*(whole[m] for m in found)) for code, found in members.items()}
    return AreaSet(name, file, start, names, members, leaves)
