"""Time stage 1 on a month of 141 files and 25 000 rows against pandas + openpyxl reading the same files.

Usage: python benchmarks/stage1.py [--rounds 3]. Every way runs in a process of its own; times are the
best of the rounds, ratios are taken within this run. Memory is the peak
of the process and of its largest child (which begins as a copy of its parent), MiB.
"""

import argparse
import json
import os
import resource
import tempfile
import time
from pathlib import Path

import rounds

MONTH, FILES, ROWS, FAULTY = "2024-06", 141, 25_000, 0.02
WAYS = ("openpyxl", "reading", "validating", "stage1")


def make(folder: Path) -> None:
    """Write one invented list a commune of mid 2024: 36 columns, two tiers of headings, totals, signatures."""
    import numpy as np
    import pandas as pd

    from infoaccess import sample_people, units

    form = sample_people.settings()["forms"]["list_1"]
    rng = np.random.default_rng(1)
    communes = units.of("A_commune")[["code", "name"]].to_dict("records")
    sizes = np.full(FILES, ROWS // FILES) + (np.arange(FILES) < ROWS % FILES)
    number = 0
    for commune, size in zip(communes, sizes, strict=True):
        n = np.arange(size)
        rows = pd.DataFrame({"code": commune["code"], "name": commune["name"]}, index=n)
        rows["hamlet"] = [f"Thôn {1 + i % 9}" for i in n]
        rows["number"] = [f"{i:03d}" for i in n]
        rows["head"] = [f"Nguyễn Thử {commune['code']} {i}" for i in n]
        rows["born"] = rng.integers(1940, 2000, size)
        rows["female"] = rng.random(size) < 0.4
        rows["male"] = ~rows["female"]
        born = zip(n, rows.female, rows.born, strict=True)
        rows["identity"] = [f"046{int(f)}{b % 100:02d}{number + i:06d}" for i, f, b in born]
        rows["ethnicity"] = rng.choice(["Kinh", "Pa Cô", "Tà Ôi"], size)
        rows["members"] = rng.integers(3, 8, size)
        rows["adults"], rows["users"] = 3, rng.integers(0, 3, size)
        many = rng.permuted(np.tile(np.arange(12), (size, 1)), axis=1) < rng.integers(0, 7, size)[:, None]
        rows[[f"d{i}" for i in range(1, 13)]] = many
        rows["poor"] = many.sum(axis=1) >= 3
        rows["near_poor"], rows["policy"] = ~rows["poor"], rng.random(size) < 0.1
        rows["phone"] = ~rows["d12"]
        rows["need"], rows["telephone"], rows["note"] = ~rows["phone"], "0234000000", ""
        rows.loc[rng.random(size) < FAULTY, "members"] = 99
        number += int(size)
        _write(folder / f"danh_sach_{commune['code']}.xlsx", form["columns"], rows, f"UBND {commune['name']}")


def _write(path: Path, lines: list[str], rows, issuer: str) -> None:
    """Write one list as Excel keeps it: every cell of the table has a border, the blank ones too."""
    import xlsxwriter

    columns = [part.split(" | ") for line in lines for part in _twelve(line)]
    with xlsxwriter.Workbook(path) as book:
        sheet, border = book.add_worksheet("Danh sách hộ"), book.add_format({"border": 1})
        sheet.write_string(0, 0, issuer)
        sheet.write_string(1, 0, "DANH SÁCH HỘ NGHÈO, HỘ CẬN NGHÈO, HỘ CHÍNH SÁCH – DỮ LIỆU GIẢ LẬP")
        for at, column in enumerate(columns):
            sheet.write_string(3, at, column[1] if len(column) == 3 else column[-1], border)
            sheet.write_string(4, at, column[-1] if len(column) == 3 else "", border)
            cells = rows.get(column[0], [str(i) for i in range(1, len(rows) + 1)])
            for row, cell in enumerate(list(cells), 5):
                value = cell.item() if hasattr(cell, "item") else cell
                sheet.write(row, at, ("x" if value else None) if isinstance(value, bool) else value or None, border)
        sheet.write_string(len(rows) + 5, 2, "TỔNG CỘNG", border)


def _twelve(line: str) -> list[str]:
    return [line.replace("#", str(i)) for i in range(1, 13)] if "#" in line else [line]


def run(way: str, home: Path) -> dict:
    """Run one way in this process and return seconds, rows and peak memory."""
    import pandas as pd

    from infoaccess import gate, identity, intake

    folder, rows = home / "data" / "0_raw" / MONTH, 0
    start = time.perf_counter()  # imports apart, in all ways
    if way == "openpyxl":
        for path in sorted(folder.glob("*.xlsx")):
            rows += len(pd.read_excel(path, header=None, dtype=object, engine="openpyxl"))
    elif way == "reading":
        with gate.readers() as pool:
            rows = sum(t.rows_read for f in gate.receive(gate.files_in(folder), {}, pool) for t in f.tables)
    elif way == "validating":
        sheets, _ = intake.sheets_of(MONTH)
        intake.check(sheets, MONTH, identity.key())
        rows = sheets["households"].door()["read"]
    else:
        counts = intake.run(MONTH)["tables"]["households"]
        rows = counts["read"]
    seconds = time.perf_counter() - start
    peak = [resource.getrusage(w).ru_maxrss / 1024 for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {"way": way, "seconds": seconds, "rows": rows, "self_mib": peak[0], "child_mib": peak[1]}


def main() -> None:
    """Make the files, run every way in turn, print the table and the two ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(run(given.one, given.home)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        folder = home / "data" / "0_raw" / MONTH
        folder.mkdir(parents=True)
        make(folder)
        known = os.environ | {"INFOACCESS_HOME": scratch, "INFOACCESS_KEY_FILE": str(home / "key")}
        best = rounds.best(__file__, WAYS, given.rounds, "--home", scratch, env=known)
    print("| way | seconds | rows | peak MiB, process | peak MiB, largest reader |\n|---|---|---|---|---|")
    for way, r in best.items():
        print(f"| {way} | {r['seconds']:.2f} | {r['rows']} | {r['self_mib']:.0f} | {r['child_mib']:.0f} |")
    base = best["openpyxl"]["seconds"]
    print(f"reading alone: {base / best['reading']['seconds']:.1f} times as fast")
    print(f"reading and validating: {base / best['validating']['seconds']:.1f} times as fast")
    print(f"stage 1 with all it writes: {base / best['stage1']['seconds']:.1f} times as fast")


if __name__ == "__main__":
    main()
