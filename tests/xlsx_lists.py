"""Write a small household list for tests: rows by column name under the dictionary's own labels."""

from pathlib import Path

import xlsxwriter

from infoaccess import columns

HOUSEHOLD = {
    "commune_code": "20044",
    "village": "Thôn Mới",
    "household_no": "1",
    "head_name": "Hồ Văn Thử",
    "members": 4,
    "poor": "x",
    "deprived_1": "x",
    "deprived_2": "x",
    "deprived_11": "x",
}


def write(path: Path, rows: list[dict], kind: str = "households") -> Path:
    """Write rows as a workbook of one sheet."""
    labels = {c.name: c.label for c in columns.kinds()[kind].columns.values() if c.name not in ("fault", "origin_ref")}
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Danh sách")
        sheet.write_row(0, 0, list(labels.values()))
        for at, row in enumerate(rows, 1):
            sheet.write_row(at, 0, [row.get(name) for name in labels])
    return path
