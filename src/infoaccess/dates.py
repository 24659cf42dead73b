"""Read days as lists write them: as text, as date cells, as Excel's serial numbers.

1 call = 1 column of 1 table: whether 05/06/2025 is 5 June or 6 May is decided once for the column, by what the
column itself shows. Where nothing shows it, such a day is not read.
"""

import datetime as dt
import re
from collections import Counter
from functools import lru_cache

from infoaccess.canonical import canonical

# A time of day may follow; in another time zone than Vietnam's it may belong to another day and is not read.
_TIME = r"(?:[ t]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\+07:?00)?)?"
_PARTS = re.compile(rf"(\d{{1,2}})([/.-])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){_TIME}", re.ASCII)
_ISO = re.compile(rf"(\d{{4}})([/.-])(\d{{1,2}})\2(\d{{1,2}}){_TIME}", re.ASCII)
_WORDS = re.compile(r"(?:ngày )?(\d{1,2}) tháng (\d{1,2}),? năm (\d{4})", re.ASCII)
_YEAR = re.compile(r"(?:năm |(?:0?[1-9]|1[0-2])[/.-])?((?:19|20)\d{2})", re.ASCII)
_MONTH = re.compile(r"(?:tháng )?(0?[1-9]|1[0-2])(?: ?[/.-] ?| năm )(20\d{2})", re.ASCII)
_EPOCH = dt.date(1899, 12, 30)  # Excel counts a 29 February 1900 that was none: right from 1900-03-01 on
SERIALS = range(20_000, 60_001)  # 1954-10-03 to 2064-04-08


def day(year: int, month: int, number: int) -> dt.date | None:
    """Return a day of 1900 to 2100, None where the calendar has no such day."""
    try:
        return dt.date(year, month, number) if 1900 <= year <= 2100 else None
    except ValueError:
        return None


def serial(cell: object, first: int = SERIALS.start) -> dt.date | None:
    """Return the day of an Excel serial number, a time of day after it dropped.

    >>> serial(45813.5)
    datetime.date(2025, 6, 5)
    """
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return None
    return _EPOCH + dt.timedelta(days=int(cell)) if first <= cell < SERIALS.stop else None


def certain(cell: object) -> dt.date | None:
    """Return the day of a cell that can be read in one way only; numbers are not looked at."""
    if isinstance(cell, dt.date):  # a datetime is one
        return day(cell.year, cell.month, cell.day)
    if not isinstance(cell, str):
        return None
    word = canonical(cell)
    if found := _ISO.fullmatch(word):
        return day(int(found[1]), int(found[3]), int(found[4]))
    if found := _WORDS.fullmatch(word):
        return day(int(found[3]), int(found[2]), int(found[1]))
    return None


@lru_cache(maxsize=1 << 15)
def parts(cell: object) -> tuple[int, int, str] | None:
    """Split a text like 05/06/2025 into first part, second part, year as written."""
    found = _PARTS.fullmatch(re.sub(r" ?([/.-]) ?", r"\1", canonical(cell))) if isinstance(cell, str) else None
    return (int(found[1]), int(found[3]), found[4]) if found else None


def order(cells: list, month: str | None = None) -> str:
    """Tell the order of day and month in a column's text dates: "day" first, "month" first, "mixed", "unknown".

    A part above 12 shows it. Where none is, the order that puts more of the dates into the list's month.

    >>> order(["05/06/2025", "25/06/2025"]), order(["06/05/2025", "06/07/2025"], "2025-06"), order(["05/06/2025"])
    ('day', 'month', 'unknown')
    """
    counted = Counter(c for c in cells if isinstance(c, str))
    read = [(found, n) for cell, n in counted.items() if (found := parts(cell))]
    day_first = any(12 < a <= 31 and 1 <= b <= 12 for (a, b, _), _ in read)
    month_first = any(12 < b <= 31 and 1 <= a <= 12 for (a, b, _), _ in read)
    if day_first or month_first:
        return "mixed" if day_first and month_first else "day" if day_first else "month"
    if month is None:
        return "unknown"
    wanted = (int(month[:4]), int(month[5:7]))
    open_ = [((a, b, _year(year, month)), n) for (a, b, year), n in read if a != b]
    as_day = sum(n for (_, b, year), n in open_ if (year, b) == wanted)
    as_month = sum(n for (a, _, year), n in open_ if (year, a) == wanted)
    return "unknown" if as_day == as_month else "day" if as_day > as_month else "month"


def _year(year: str, month: str | None) -> int | None:
    """Read a year; one of two digits only as 20yy, and never after the list's own."""
    if len(year) == 4:
        return int(year)
    full = 2000 + int(year)
    return full if month is not None and full <= int(month[:4]) else None


def read(cell: object, decided: str, month: str | None = None) -> dt.date | None:
    """Return a cell's day under the column's order, None where it cannot be read with certainty."""
    if isinstance(cell, int | float):
        return serial(cell, 30_000)
    found = parts(cell)
    if found is None:
        return certain(cell)
    a, b, year = found[0], found[1], _year(found[2], month)
    if year is None:
        return None
    if a > 12 or b > 12:
        return day(year, b, a) if a > 12 else day(year, a, b)
    if a == b or decided == "day":
        return day(year, b, a)
    return day(year, a, b) if decided == "month" else None


def year_of(cell: object) -> int | None:
    """Return the year of a cell: a year, a month and year, or a day whose order does not matter for it."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        found = serial(cell)
        return found.year if found else int(cell) if 1900 <= cell <= 2100 and cell == int(cell) else None
    if found := certain(cell):
        return found.year
    if split := parts(cell):
        a, b, year = split
        return int(year) if len(year) == 4 and (day(int(year), b, a) or day(int(year), a, b)) else None
    found = _YEAR.fullmatch(canonical(cell)) if isinstance(cell, str) else None
    return int(found[1]) if found and int(found[1]) <= 2100 else None


def month_of(cell: object, decided: str) -> str | None:
    """Return the month of a cell, of a day under the column's order too."""
    if found := read(cell, decided):
        return f"{found:%Y-%m}"
    word = canonical(cell) if isinstance(cell, str) else ""
    if found := _MONTH.fullmatch(word):
        return f"{found[2]}-{int(found[1]):02d}"
    found = re.fullmatch(r"(20\d{2})[/.-](0?[1-9]|1[0-2])", word, re.ASCII)
    return f"{found[1]}-{int(found[2]):02d}" if found else None


def swapped(cells: list, month: str) -> list[bool]:
    """Mark date cells in which a workbook of another locale took the day for the month.

    Such a cell lies outside the list's month and inside it once day and month change places, and the column also
    has text dates whose first part is above 12: those the workbook could not misread.

    >>> swapped([dt.datetime(2025, 5, 6), "25/06/2025"], "2025-06")
    [True, False]
    """
    shown = any(found and 12 < found[0] <= 31 and found[1] <= 12 for found in map(parts, {*filter(_is_text, cells)}))
    if not shown:
        return [False] * len(cells)
    wanted = (int(month[:4]), int(month[5:7]))
    return [isinstance(c, dt.date) and (c.year, c.month) != wanted and (c.year, c.day) == wanted for c in cells]


def _is_text(cell: object) -> bool:
    return isinstance(cell, str)
