"""Write the way back to the commune: workbooks that hold only the rows to be mended, each fault in its own cell.

1 workbook = 1 sender (the commune code of the row where it is sure, else the stem of the file sent); 1 sheet = 1 kind
of table; 1 row = 1 refused or doubted row that nothing has replaced. A mended book is put into the month's folder and
read like any list: its headings are labels of the dictionary, and its last column names the row that each row replaces.
"""

import datetime as dt
import hashlib
import re
import unicodedata
from io import BytesIO
from pathlib import Path

import xlsxwriter

from infoaccess import problem_sheets
from infoaccess.validate import Sheet

MADE = dt.datetime(2023, 1, 1)  # a fixed day: the same rows give the same bytes
_PLAIN = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def write(sheets: dict[str, Sheet], folder: Path) -> list[dict]:
    """Write a workbook for every sender with rows to mend; return each one's sender, name and numbers of rows."""
    books: dict[str, dict[str, dict[int, list[dict]]]] = {}
    for kind, sheet in sheets.items():
        if sheet.kind.levels:
            continue  # a part of a form has neither its title nor its districts: it is mended and sent as a whole
        for row, problems in _faults(sheet).items():
            books.setdefault(_sender(sheet, row, problems), {}).setdefault(kind, {})[row] = problems
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for sender, kinds in sorted(books.items()):
        content = _book(sheets, kinds)
        name = f"can_sua_{_stem(sender)}_{hashlib.sha256(content).hexdigest()[:8]}.xlsx"
        (folder / name).write_bytes(content)
        rows = sum(map(len, kinds.values()))
        refused = sum(int(sheets[kind].refused.iloc[list(faults)].sum()) for kind, faults in kinds.items())
        written.append({"sender": sender, "name": name, "rows": rows, "refused": refused, "warnings": rows - refused})
    return written


def _faults(sheet: Sheet) -> dict[int, list[dict]]:
    """Gather the problems of each row that still counts, in the order of the list."""
    found: dict[int, list[dict]] = {}
    for problem in sheet.problems:
        row = problem["_index"]
        if problem["severity"] in problem_sheets.GRAVE and not sheet.folded.iloc[row]:
            found.setdefault(row, []).append(problem)
    return dict(sorted(found.items()))


def _sender(sheet: Sheet, row: int, problems: list[dict]) -> str:
    """Name a row's sender: a code that is itself refused names nobody."""
    code = problem_sheets.known_code(sheet, row)
    if code and not any(p["_column"] == "commune_code" and p["severity"] == "refused" for p in problems):
        return code
    # A mended book that comes back keeps its sender.
    return re.sub(r"^can_sua_(.+)_[0-9a-f]{8}$", r"\1", Path(sheet.owner[row].file).stem)


def _stem(sender: str) -> str:
    """Bring a sender to what every file system takes.

    >>> _stem("Danh sách: xã A/B?")
    'Danh_sách_xã_A_B'
    """
    return re.sub(r"[^\w.-]+", "_", unicodedata.normalize("NFC", sender)).strip("._")[:60] or "khong_ten"


def _book(sheets: dict[str, Sheet], kinds: dict[str, dict[int, list[dict]]]) -> bytes:
    """Return one sender's workbook as bytes."""
    memory = BytesIO()
    with xlsxwriter.Workbook(memory, {"in_memory": True, **_PLAIN}) as book:
        book.set_properties({"title": "Các dòng cần sửa", "author": problem_sheets.AUTHOR, "created": MADE})
        taken: set[str] = set()
        for kind, faults in kinds.items():
            problem_sheets.add(book, _sheet_name(sheets[kind].kind.title, taken), sheets[kind], faults)
    return memory.getvalue()


def _sheet_name(title: str, taken: set[str]) -> str:
    """Cut a title to a sheet's name: 31 characters at the end of a word, none that Excel forbids, no name twice.

    >>> _sheet_name("Biểu 5, 7: tỷ lệ thiếu hụt của hộ nghèo", set())
    'Biểu 5, 7 tỷ lệ thiếu hụt của'
    """
    whole = " ".join(re.sub(r"[\[\]:*?/\\']", " ", title).split())
    name = whole if len(whole) <= 31 else whole[:32].rsplit(" ", 1)[0][:31].rstrip(" ,;-–")
    numbered = (f"{name[:28].rstrip()} {n}" for n in range(2, 99))
    while name.casefold() in taken:
        name = next(numbered)
    taken.add(name.casefold())
    return name
