"""Stage 1 for one month: workbooks in data/0_raw become checked tables in data/1_validated; nothing is lost.

Room 1 holds one Parquet a kind of table, communes (which of them sent a list), problems.csv and problems/*.xlsx (the
way back to the communes), summary.html for the office, door.json with the counts at the door. Names and numbers of
persons stop here. A file that cannot be used is left out with its reason; the month goes on and says that it is
incomplete.
"""

import json
from collections import Counter

import pandas as pd

from infoaccess import (
    arrivals,
    certificates,
    checksums,
    columns,
    forms,
    gate,
    headings,
    identity,
    naming,
    problem_books,
    rooms,
    rules,
    units,
)
from infoaccess.errors import InputError, RoomError
from infoaccess.gate import Received
from infoaccess.validate import FATES, Sheet, note_row, problem_table

MAJORITY = ("kinh", "việt", "kinh (việt)")


def sheets_of(month: str, pool=None) -> tuple[dict[str, Sheet], list[Received]]:
    """Read all files of a month: one Sheet a kind of table, and each file as it was received.

    Raises RoomError when the month has no files, InputError when no household list among them can be used.
    """
    folder = rooms.data(rooms.RAW, month)
    paths = checksums.files_in(folder)
    if not paths:
        held = rooms.raw_months()
        last = f" Tháng mới nhất đang có: {held[-1]}." if held else ""
        raise RoomError(f"Chưa có danh sách của tháng {month} trong {folder}.{last} Hãy chép các tệp vào thư mục này.")
    confirmed = headings.load(rooms.confirmed_headings())
    if pool is None:
        with gate.readers() as own:
            files = gate.receive(paths, confirmed, own)
    else:
        files = gate.receive(paths, confirmed, pool)
    tables: dict[str, list] = {name: [] for name in columns.kinds()}
    for file in files:
        for table in map(forms.settle, file.tables):
            tables[table.kind.name].append(table)
    if not tables["households"]:
        why = " ".join([str(f.refusal) for f in files if f.refusal][:3])
        told = f"Tháng {month}: không có danh sách hộ nào dùng được trong {folder}. "
        raise InputError(told + (why or "Hãy chép danh sách hộ vào rồi chạy lại."))
    return {name: Sheet(columns.kinds()[name], found, month) for name, found in tables.items()}, files


def check(sheets: dict[str, Sheet], month: str, secret: bytes, previous: dict[str, pd.DataFrame] | None = None) -> None:
    """Apply all rules to a month's sheets, mended rows first."""
    rules.fold_mended(list(sheets.values()))
    rules.check_households(sheets["households"], month, secret)
    listed = set(sheets["households"].frame["household_id"].dropna())
    rules.check_handovers(sheets["handovers"], month, secret, listed)
    rules.check_populations(sheets["populations"], month)
    rules.check_citywide(sheets)
    if sheets["reviews"].tables:
        rules.check_reviews(sheets["reviews"], month, sheets["households"])
    for name, sheet in sheets.items():
        if sheet.kind.levels and sheet.tables:
            forms.check(sheet, month, (previous or {}).get(name))
    shares, counts = sheets["deprivation_shares"], sheets["deprivation_counts"]
    if shares.tables and counts.tables:
        forms.check_shares(shares, counts)


def without_persons(sheet: Sheet, month: str) -> pd.DataFrame:
    """Return the accepted rows without anything that names a person."""
    frame = sheet.accepted()
    if "ethnicity" in frame:
        minority = ~frame["ethnicity"].str.casefold().isin(MAJORITY)
        frame["minority"] = minority.astype("boolean").mask(frame["ethnicity"].isna())
    personal = [c.name for c in sheet.kind.columns.values() if c.personal and not c.until_placed]
    frame = frame.drop(columns=[*personal, "ethnicity", "serial", "commune_name", "district_name"], errors="ignore")
    if "commune_code" in frame:
        frame.insert(0, "month", month)
        frame.insert(2, "commune_valid_from", units.valid_from(units.commune_set(month)))
    return frame.reset_index(drop=True)


def communes(sheets: dict[str, Sheet], month: str) -> pd.DataFrame:
    """Tell which communes sent a list: 1 row = 1 commune of the month's era."""
    sheet = sheets["households"]
    mentioned = set().union(*(t.mentioned for t in sheet.tables)) | set(sheet.frame["commune_code"].dropna())
    codes = units.of(units.commune_set(month))[["code", "valid_from"]].copy()
    return codes.assign(month=month, list_received=codes["code"].isin(mentioned))


def described(files: list[Received], sheets: dict[str, Sheet], month: str) -> list[dict]:
    """Describe each file for the door: what it is, who sent it, its rows, its refusal."""
    named = units.of(units.commune_set(month)).set_index("code")["name"].to_dict()
    doors = [s.doors() for s in sheets.values()]
    codes: dict[str, set[str]] = {}
    for sheet in (s for s in sheets.values() if "commune_code" in s.frame):
        pairs = pd.DataFrame({"file": sheet.origin["file"], "code": sheet.frame["commune_code"]}).dropna()
        for file, code in pairs.drop_duplicates().itertuples(index=False):
            codes.setdefault(file, set()).add(code)
    found = []
    for file in files:
        rows = sum((d[file.name] for d in doors if file.name in d), Counter())
        titled = {naming.in_title(t.above, named) for t in file.tables} - {None}
        senders = titled or codes.get(file.name, set())
        only = next(iter(senders)) if len(senders) == 1 else None
        found.append(
            {
                "name": file.name,
                "bytes": file.bytes,
                "sha256": file.sha256,
                "modified": file.modified,
                "state": "refused" if file.refusal else "used",
                "kinds": list(dict.fromkeys(t.kind.name for t in file.tables)),
                "layouts": [{"sheet": t.sheet, "kind": t.kind.name, "heading": t.heading_key} for t in file.tables],
                "sender": only or "",
                "rows": {key: rows[key] for key in (*FATES, "warnings")},
                "rule": file.refusal.rule if file.refusal else None,
                "reason": str(file.refusal) if file.refusal else None,
            }
        )
    return found


def _file_problems(files: list[Received]) -> list[dict]:
    """Return what is wrong with files as rows of the problem table."""
    found = [note_row(note) for file in files for note in file.notes]
    for err in (f.refusal for f in files if f.refusal):
        where = {c: getattr(err.place, c) for c in ("file", "sheet", "row", "column")}
        found.append({"severity": "file", "rule": err.rule, "sentence": err.sentence, "value_class": ""} | where)
    return found


def _unknown_headings(files: list[Received]) -> list[dict]:
    """List the headings nobody claimed, with what they may mean."""
    told = [(n.place, n.values) for f in files for n in f.notes if n.rule == "unknown_heading"]
    told += [(f.refusal.place, p) for f in files if f.refusal for p in f.refusal.proposals]
    found = []
    for place, entry in told:
        label = columns.kinds()[entry["kind"]].columns[entry["column"]].label if entry["column"] else None
        where = {"file": place.file, "sheet": place.sheet or "", "heading": entry["path"]}
        found.append(where | {"column": entry["column"], "kind": entry["kind"], "proposal": label})
    return found


def _previous(month: str) -> dict[str, pd.DataFrame]:
    """Read the forms that room 1 holds of the month before: closing figures to compare openings with."""
    folder = rooms.data(rooms.VALIDATED, rooms.shift(month, -1))
    kinds = [k.name for k in columns.kinds().values() if k.levels]
    return {k: pd.read_parquet(folder / f"{k}.parquet") for k in kinds if (folder / f"{k}.parquet").exists()}


def inert(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table in which no text is a formula for the spreadsheet that opens its CSV: an apostrophe goes first.

    >>> inert(pd.DataFrame({"file": ["=1+1", "a.xlsx", None], "row": [1, 2, 3]}))["file"].tolist()[:2]
    ["'=1+1", 'a.xlsx']
    """
    texts = frame.select_dtypes(exclude="number").columns
    risky = {c: frame[c].astype("str").str.match(r"\s*[=+\-@\t\r]").fillna(False) for c in texts}
    return frame.assign(**{c: frame[c].mask(risky[c], "'" + frame[c].astype("str")) for c in texts if risky[c].any()})


def run(month: str, pool=None, alone: bool = False) -> dict:
    """Validate one month's lists into room 1 and return the door's counts.

    With `alone` nothing outside of the month's own room is read or written: `finish` does that afterwards.
    """
    sheets, files = sheets_of(month, pool)
    check(sheets, month, identity.key(), {} if alone else _previous(month))
    received = communes(sheets, month)
    problems = problem_table(list(sheets.values()), _file_problems(files))
    about = described(files, sheets, month)
    door = {
        "month": month,
        "tables": {name: sheet.door() for name, sheet in sheets.items()},
        "files": about,
        "communes": len(received),
        "communes_without_list": sorted(received.loc[~received["list_received"], "code"]),
        "incomplete": any(f["state"] == "refused" for f in about) or not received["list_received"].all(),
        "unknown_headings": _unknown_headings(files),
        "handover_list_received": bool(sheets["handovers"].tables),
        "problems": problems.groupby(["severity", "rule"]).size().rename("rows").reset_index().to_dict("records"),
        "synthetic": any(t.synthetic for s in sheets.values() for t in s.tables),
    }
    with rooms.replaced(rooms.data(rooms.VALIDATED, month)) as folder:
        for name, sheet in sheets.items():
            kept = forms.frame_for_room(sheet, month) if sheet.kind.levels else without_persons(sheet, month)
            kept.to_parquet(folder / f"{name}.parquet", compression="zstd")
        received.to_parquet(folder / "communes.parquet")
        inert(problems).to_csv(folder / "problems.csv", index=False, encoding="utf-8-sig")
        (folder / "problems").mkdir()
        door["problem_books"] = problem_books.write(sheets, folder / "problems")
        (folder / "summary.html").write_text(arrivals.page(month, door, problems), encoding="utf-8", newline="\n")
        (folder / "door.json").write_text(json.dumps(door, ensure_ascii=False, indent=1), encoding="utf-8")
    if not alone:
        _record(door)
    return door


def finish(door: dict) -> dict:
    """Do what a month's run alone left out and return its door: months one after the other, oldest first."""
    if any(k.levels and door["tables"][k.name]["read"] for k in columns.kinds().values()):
        return run(door["month"])  # its forms are compared with those of the month before
    _record(door)
    return door


def _record(door: dict) -> None:
    certificates.record(door["month"], [f for f in door["files"] if f["sha256"]], rooms.data("") / "sources.toml")
