"""Stage 1 for one month: workbooks in data/0_raw become checked tables in data/1_validated; nothing leaves unexplained.

Room 1 holds households, handovers, populations, subscribers, targets and communes (which of them sent a list)
as Parquet, problems.csv for the office, door.json with the counts at the door. Names and numbers of persons
stop here.
"""

import hashlib
import json
from pathlib import Path

import pandas as pd

from infoaccess import columns, identity, lists, rooms, units
from infoaccess.errors import InputError, RoomError
from infoaccess.validate import Sheet, problem_table

INDICATORS = [f"deprived_{n}" for n in range(1, 13)]
MAJORITY = ("kinh", "việt", "kinh (việt)")


def sheets_of(month: str) -> tuple[dict[str, Sheet], list[dict]]:
    """Read all workbooks of a month: one Sheet a kind, and each file's birth certificate (name, bytes, checksum).

    Raises RoomError when the month has no lists, InputError for a file that cannot be read as a list.
    """
    folder = rooms.data(rooms.RAW, month)
    found = sorted(p for p in folder.glob("*") if p.is_file() and not p.name.startswith((".", "~$")))
    if not found:
        held = rooms.raw_months()
        last = f" Tháng mới nhất đang có: {held[-1]}." if held else ""
        raise RoomError(f"Chưa có danh sách của tháng {month} trong {folder}.{last} Hãy chép các tệp vào thư mục này.")
    tables: dict[str, list] = {name: [] for name in columns.kinds()}
    files = []
    for path in found:
        if path.suffix.lower() in (".toml", ".txt", ".md"):
            continue  # notes that travel with the lists
        if path.suffix.lower() not in lists.SUFFIXES:
            names = ", ".join(lists.SUFFIXES)
            raise InputError(f"Tệp {path.name}: không phải bảng tính ({names}). Hãy lưu lại dạng .xlsx hoặc bỏ tệp ra.")
        for table in lists.read(path):
            tables[table.kind.name].append(table)
        files.append({"name": path.name, "bytes": path.stat().st_size, "sha256": checksum(path)})
    if not tables["households"]:
        raise InputError(
            f"Tháng {month}: không có danh sách hộ nào trong {folder}. Hãy chép danh sách hộ vào rồi chạy lại."
        )
    return {name: Sheet(columns.kinds()[name], found) for name, found in tables.items()}, files


def checksum(path: Path) -> str:
    """Return a file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_codes(sheet: Sheet, month: str) -> None:
    """Refuse codes that are no commune of the month's era."""
    known = set(units.of(units.commune_set(month))["code"])
    start = units.valid_from(units.commune_set(month))
    code = sheet.frame["commune_code"]
    unknown = code.notna() & ~code.isin(known)
    sentence = f"Mã xã không có trong danh mục áp dụng từ {start}; hãy dùng mã đang có hiệu lực"
    sheet.report(unknown, "commune_code", "unknown_unit", sentence)


def check_households(sheet: Sheet, month: str, secret: bytes) -> None:
    """Apply the rules of a household list; contradictions that the office must judge are warnings."""
    check_codes(sheet, month)
    f = sheet.frame
    none = ~(f["poor"].fillna(False) | f["near_poor"].fillna(False) | f["policy"].fillna(False))
    sheet.report(none, "poor", "no_class", "Chưa đánh dấu hộ nghèo, hộ cận nghèo hoặc hộ chính sách; hãy đánh dấu x")
    both = f["poor"].fillna(False) & f["near_poor"].fillna(False)
    sheet.report(both, "near_poor", "two_classes", "Hộ vừa là hộ nghèo vừa là hộ cận nghèo; hãy bỏ một dấu x")
    sheet.report(f["adults"] > f["members"], "adults", "adults", "Số người từ 15 tuổi lớn hơn số khẩu; hãy sửa")
    more = f["adults_with_smartphone"] > f["adults"]
    sheet.report(more, "adults_with_smartphone", "adults", "Số người dùng ĐTTM lớn hơn số người từ 15 tuổi; hãy sửa")
    total = f[INDICATORS].fillna(False).sum(axis=1)
    known = f[INDICATORS].notna().all(axis=1)
    few = f["poor"].fillna(False) & known & (total < 3)
    sheet.report(few, "poor", "class", "Hộ nghèo nhưng thiếu hụt dưới 3 chỉ số; hãy rà soát lại", refuse=False)
    many = f["near_poor"].fillna(False) & known & (total >= 3)
    sheet.report(many, "near_poor", "class", "Hộ cận nghèo nhưng thiếu hụt từ 3 chỉ số; hãy rà soát lại", refuse=False)
    phone = f["has_smartphone"].fillna(False)
    sheet.report(
        phone & f["deprived_12"],
        "deprived_12",
        "device",
        "Đã có ĐTTM nhưng vẫn thiếu hụt chỉ số 12",
        refuse=False,
    )
    sheet.report(
        phone & f["wants_smartphone"],
        "wants_smartphone",
        "need",
        "Đã có ĐTTM nhưng vẫn ghi nhu cầu",
        refuse=False,
    )
    add_household_id(sheet, month, secret)
    repeated = f["household_id"].notna() & f["household_id"].duplicated() & ~sheet.refused
    sheet.report(
        repeated,
        "household_no",
        "duplicate",
        "Hộ trùng xã, thôn và mã hộ với một dòng ở trên; hãy giữ một dòng",
    )


def check_handovers(sheet: Sheet, month: str, secret: bytes, household_ids: set[str]) -> None:
    """Apply the rules of a hand-over list.

    A phone that was handed over counts even where its household is not found.
    """
    check_codes(sheet, month)
    day = pd.to_datetime(sheet.frame["handed_on"])
    end = pd.Period(month, "M").end_time
    sheet.report(
        day > end,
        "handed_on",
        "date",
        f"Ngày bàn giao sau tháng {month}; hãy sửa ngày hoặc chuyển sang tháng sau",
    )
    early = day.notna() & (day < pd.Period(month, "M").start_time)
    sheet.report(
        early,
        "handed_on",
        "date",
        f"Ngày bàn giao trước tháng {month}: được tính vào tháng này",
        refuse=False,
    )
    add_household_id(sheet, month, secret)
    ids = sheet.frame["household_id"]
    twice = sheet.frame.duplicated(["household_id", "handed_on", "source"]) & ids.notna() & ~sheet.refused
    sheet.report(
        twice,
        "household_no",
        "duplicate",
        "Dòng bàn giao trùng hoàn toàn với một dòng ở trên; hãy giữ một dòng",
    )
    again = ids.notna() & ids.duplicated() & ~sheet.refused
    sheet.report(
        again,
        "household_no",
        "second_phone",
        "Hộ nhận hơn một điện thoại; hãy kiểm tra đối tượng",
        refuse=False,
    )
    lost = ids.notna() & ~ids.isin(household_ids) & ~sheet.refused
    sentence = "Không tìm thấy hộ nhận trong danh sách hộ của tháng; hãy kiểm tra mã xã, thôn, mã hộ"
    sheet.report(lost, "household_no", "not_listed", sentence, refuse=False)


def check_populations(sheet: Sheet, month: str) -> None:
    """Apply the rules of the table of denominators."""
    check_codes(sheet, month)
    again = sheet.frame["commune_code"].notna() & sheet.frame["commune_code"].duplicated() & ~sheet.refused
    sheet.report(again, "commune_code", "duplicate", "Xã đã có ở một dòng trên; hãy giữ một dòng")
    fewer = sheet.frame["people"] < sheet.frame["households"]
    sheet.report(fewer, "people", "people", "Số nhân khẩu nhỏ hơn số hộ; hãy sửa")


def add_household_id(sheet: Sheet, month: str, secret: bytes) -> None:
    """Replace a household's key by its hash."""
    f, start = sheet.frame, units.valid_from(units.commune_set(month))
    complete = f[["commune_code", "village", "household_no"]].notna().all(axis=1)
    keys = zip(f["commune_code"], f["village"], f["household_no"], complete, strict=True)
    ids = [identity.household_id(secret, code, start, village, no) if ok else None for code, village, no, ok in keys]
    f["household_id"] = pd.Series(ids, index=f.index, dtype="str")


def without_persons(sheet: Sheet, month: str) -> pd.DataFrame:
    """Return the accepted rows without anything that names a person."""
    frame = sheet.accepted()
    if "ethnicity" in frame:
        minority = ~frame["ethnicity"].str.casefold().isin(MAJORITY)
        frame["minority"] = minority.astype("boolean").mask(frame["ethnicity"].isna())
    personal = [c.name for c in sheet.kind.columns.values() if c.personal]
    frame = frame.drop(columns=[*personal, "ethnicity", "serial", "commune_name"], errors="ignore")
    if "commune_code" in frame:
        frame.insert(0, "month", month)
        frame.insert(2, "commune_valid_from", units.valid_from(units.commune_set(month)))
    return frame.reset_index(drop=True)


def communes(sheets: dict[str, Sheet], month: str) -> pd.DataFrame:
    """Tell which communes sent a list: 1 row = 1 commune of the month's era."""
    mentioned = set().union(*(t.mentioned for t in sheets["households"].tables))
    codes = units.of(units.commune_set(month))[["code", "valid_from"]].copy()
    return codes.assign(month=month, list_received=codes["code"].isin(mentioned))


def run(month: str) -> dict:
    """Validate one month's lists into room 1 and return the door's counts."""
    sheets, files = sheets_of(month)
    secret = identity.key()
    check_households(sheets["households"], month, secret)
    listed = set(sheets["households"].frame["household_id"].dropna())
    check_handovers(sheets["handovers"], month, secret, listed)
    check_populations(sheets["populations"], month)
    received = communes(sheets, month)
    problems = problem_table(list(sheets.values()))
    door = {
        "month": month,
        "tables": {name: sheet.door() for name, sheet in sheets.items()},
        "files": files,
        "communes": len(received),
        "communes_without_list": sorted(received.loc[~received["list_received"], "code"]),
        "unknown_headings": sorted({h for s in sheets.values() for t in s.tables for h in t.unknown}),
        "handover_list_received": bool(sheets["handovers"].tables),
        "problems": problems.groupby(["severity", "rule"]).size().rename("rows").reset_index().to_dict("records"),
        "synthetic": any(t.synthetic for s in sheets.values() for t in s.tables),
    }
    with rooms.replaced(rooms.data(rooms.VALIDATED, month)) as folder:
        for name, sheet in sheets.items():
            without_persons(sheet, month).to_parquet(folder / f"{name}.parquet", compression="zstd")
        received.to_parquet(folder / "communes.parquet")
        problems.to_csv(folder / "problems.csv", index=False, encoding="utf-8-sig")
        (folder / "door.json").write_text(json.dumps(door, ensure_ascii=False, indent=1), encoding="utf-8")
    return door
