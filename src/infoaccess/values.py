"""Turn cells into values, one function a type: what cannot be read with certainty stays missing and is reported.

Each function takes a list of cells as the workbook has them and returns (values, good): `good` is False where
the cell held something that is no value of the type. Blank, and words like "--" or "không rõ" that say the value
is not known, are missing and good; for a tick a blank box means "no". Each distinct cell is converted once.
"""

import datetime as dt
import math
import re
from collections.abc import Callable
from decimal import Decimal

from infoaccess import dates, identity_numbers
from infoaccess.canonical import canonical, tidy
from infoaccess.dates import swapped as swapped
from infoaccess.identity_numbers import facts as identity_facts  # noqa: F401  said of a value: asked for here

# ü, þ and ¨ are the tick, the ticked and the empty box of the font Wingdings, as \uf0fc ... are of its symbol form.
YES = {"x", "✓", "✔", "☑", "☒", "√", "v", "1", "có", "co", "đã có", "đúng", "yes", "true"}
YES |= {"ü", "þ", "\uf0fc", "\uf0fe"}
NO = {"", "0", "không", "khong", "ko", "không có", "chưa", "chưa có", "sai", "-", "no", "false"}
NO |= {"☐", "□", "[]", "[ ]", "()", "( )", "¨", "\uf0a8"}
NOT_KNOWN = {"--", "---", "—", "...", "…", "?", "n/a", "không rõ", "chưa rõ", "không xác định", "kxđ"}
_PEOPLE = re.compile(r"\s?(người|nhân khẩu|khẩu|hộ)$")
_DONG = re.compile(r"\s?(đồng|vnđ|vnd|đ)$")
_WHOLE = re.compile(r"(\d+|[1-9]\d{0,2}(?:([., ])\d{3})(?:\2\d{3})*)([.,]0{1,2})?")
_PERCENT = re.compile(r"([+-]?\d+(?:[.,]\d+)?) ?%?")


_ERROR = re.compile(r"#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|CÔNG-THỨC|#+)?")


def text_of(cell: object) -> str:
    """Return a cell's text: NFC, nothing invisible, single spaces; a number as a workbook shows it.

    >>> text_of(7.0), text_of("  Hồ\\xa0 Văn  A "), text_of(46090123456.0), text_of(0.1 + 0.2)
    ('7', 'Hồ Văn A', '46090123456', '0.3')
    """
    if isinstance(cell, str):
        return tidy(cell)
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        if cell.is_integer():
            return str(int(cell))
        short = f"{cell:.15g}"  # a workbook keeps 15 digits: 0.30000000000000004 is 0.3
        return format(Decimal(short), "f") if "e" in short and abs(cell) > 1e-15 else short
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return tidy(str(cell))


def _word(cell: object) -> str:
    """Return a cell's word to compare; a long dash is the "--" an editor made of two short ones."""
    return canonical(text_of(cell).replace("—", "--").replace("―", "--"))


def _each(cells: list, value_of: Callable[[object], object]) -> tuple[list, list]:
    """Convert each distinct cell once; True, 1 and 1.0 are equal but differ by type.

    `value_of` returns None for what it cannot read; that is good only where the cell says nothing.
    """
    typed = bool in set(map(type, cells))
    keys = list(zip(map(type, cells), cells, strict=True)) if typed else cells
    read, good = {}, {}
    for key in dict.fromkeys(keys):
        cell = key[1] if typed else key
        read[key] = value_of(cell)
        good[key] = read[key] is not None or _word(cell) in NOT_KNOWN | {""}
    return list(map(read.__getitem__, keys)), list(map(good.__getitem__, keys))


def text(cells: list) -> tuple[list, list]:
    """Read texts; blank is missing, and so is a word that says it is not known.

    An error of the workbook (#N/A, a formula without a result) is no text.

    >>> text([" Thôn  1", 7.0, None, "--", "#N/A"])
    (['Thôn 1', '7', None, None, None], [True, True, True, True, False])
    """
    return _each(cells, _text)


def _text(cell: object) -> str | None:
    word = text_of(cell)
    return None if word.casefold() in NOT_KNOWN or _ERROR.fullmatch(word) else word or None


def tick(cells: list) -> tuple[list, list]:
    """Read ticks.

    >>> tick(["x", "", "X.", "0", "--", "hai"])
    ([True, False, True, False, None, None], [True, True, True, True, True, False])
    """
    return _each(cells, _tick)


def _tick(cell: object) -> bool | None:
    word = _word(cell)
    if word in NOT_KNOWN:
        return None
    bare = word.strip(" .,;:()[]\"'") or word
    return True if word in YES or bare in YES else False if word in NO or bare in NO else None


def count(cells: list) -> tuple[list, list]:
    """Read counts: whole numbers from 0, thousands in groups of three parted by dot, comma or space.

    >>> count([4.0, "1.234", "", "2,5", -1.0, "7 540", "7,540", "5 người"])
    ([4, 1234, None, None, None, 7540, 7540, 5], [True, True, True, False, False, True, True, True])
    """
    return _each(cells, lambda cell: _whole(cell, _PEOPLE))


def money(cells: list) -> tuple[list, list]:
    """Read sums in đồng, written like counts.

    >>> money(["2.500.000 đ", 500000.0, "1,5 triệu"])
    ([2500000, 500000, None], [True, True, False])
    """
    return _each(cells, lambda cell: _whole(cell, _DONG))


def _whole(cell: object, unit: re.Pattern) -> int | None:
    if isinstance(cell, bool) or not isinstance(cell, int | float | str):
        return None
    if isinstance(cell, float) and not cell.is_integer():
        return None
    if not isinstance(cell, str):
        return int(cell) if 0 <= cell < 10**15 else None
    word = unit.sub("", canonical(cell), count=1)
    found = _WHOLE.fullmatch(word) if word.isascii() else None
    digits = re.sub(r"\D", "", found[1]) if found else ""
    if not digits or len(digits) > 15 or (found[2] and found[3] and found[3][0] == found[2]):
        return None
    return int(digits)


def percent(cells: list) -> tuple[list, list]:
    """Read percentages as written, with decimal comma or dot.

    >>> percent([80.0, "2,27 %", "x"])
    ([80.0, 2.27, None], [True, True, False])
    """
    return _each(cells, _percent)


def _percent(cell: object) -> float | None:
    if isinstance(cell, bool) or not isinstance(cell, int | float | str):
        return None
    if not isinstance(cell, str):
        return float(cell) if abs(cell) < 1e15 else None
    word = canonical(cell)
    found = _PERCENT.fullmatch(word) if word.isascii() and len(word) < 30 else None
    return float(found[1].replace(",", ".")) if found else None


def percent_scale(values: list, percent_format: bool | None = None) -> str:
    """Tell whether a column's figures are percentages (2.27), shares (0.0227) or unclear.

    A share is told from a small percentage only by the cells' number format, where that is known.

    >>> percent_scale([80.0, 0.4]), percent_scale([0.8, 0.4], percent_format=True), percent_scale([0.8, None])
    ('percent', 'share', 'unclear')
    """
    known = [v for v in values if isinstance(v, int | float) and v == v and v != 0]  # v == v: not NaN
    if not known or max(known) > 1.5:
        return "percent"  # nothing but zeros is the same in both
    return "share" if percent_format and max(known) <= 1 else "unclear"


def code(cells: list) -> tuple[list, list]:
    """Read codes of communes: 5 digits, a number from a workbook included.

    >>> code([19753.0, "20044.0", "A Lưới", ""])
    (['19753', '20044', None, None], [True, True, False, True])
    """
    return _each(cells, lambda cell: m[1] if (m := re.fullmatch(r"'?([0-9]{5})(?:\.0)?", _word(cell))) else None)


def identity(cells: list) -> tuple[list, list]:
    """Read identity numbers: 12 digits (lost leading zeros are put back) or 9.

    >>> identity(["046090123456", 46090123456.0, "'046 090 123 456", "123456789", "12"])
    (['046090123456', '046090123456', '046090123456', '123456789', None], [True, True, True, True, False])
    """
    return _each(cells, _identity)


def _identity(cell: object) -> str | None:
    if not isinstance(cell, str | int | float):
        return None
    plain = text_of(cell)
    return identity_numbers.read(plain if plain.isdigit() else _word(cell))


def date(cells: list, month: str | None = None) -> tuple[list, list]:
    """Read days; the order of day and month in text is decided for all cells together (see `dates`).

    >>> date(["05/03/2024", "31/02/2024"])
    ([datetime.date(2024, 3, 5), None], [True, False])
    """
    order = date_order(cells, month)
    return _each(cells, lambda cell: dates.read(cell, order, month))


def date_order(cells: list, month: str | None = None) -> str:
    """Tell the order of a column's text dates: "day" first, "month" first, "mixed" or "unknown"."""
    return dates.order(cells, month)


def year(cells: list) -> tuple[list, list]:
    """Read years, out of a whole date too.

    >>> year([1960.0, "05/03/1984", "60", "03/1984", 30746])
    ([1960, 1984, None, 1984, 1984], [True, True, False, True, True])
    """
    return _each(cells, dates.year_of)


def month(cells: list) -> tuple[list, list]:
    """Read months written MM/YYYY or YYYY-MM, or as a day of the month.

    >>> month(["06/2025", "2025-06", "tháng 6 năm 2025", "13/2025"])
    (['2025-06', '2025-06', '2025-06', None], [True, True, True, False])
    """
    order = date_order(cells)
    return _each(cells, lambda cell: dates.month_of(cell, order))


def choice(cells: list, choices: dict[str, tuple[str, ...]]) -> tuple[list, list]:
    """Read one of several words, each known under some spellings.

    >>> choice(["Xã hội hoá", "biếu"], {"donated": ("xã hội hóa",)})
    (['donated', None], [True, False])
    """
    known = {canonical(word).strip(" .:"): name for name, words in choices.items() for word in words}
    return _each(cells, lambda cell: known.get(_word(cell).strip(" .:")))


def class_of(cell: object) -> str:
    """Name the class of a cell for a report that must not quote it.

    >>> class_of("Nguyễn Văn A"), class_of(3.0), class_of("")
    ('chữ', 'số', 'trống')
    """
    word = text_of(cell)
    if not word:
        return "trống"
    if isinstance(cell, bool):
        return "đúng/sai"
    if isinstance(cell, dt.date):
        return "ngày"
    if isinstance(cell, dt.time | dt.timedelta):
        return "giờ"
    if re.fullmatch(r"#[A-Z0-9/]+[!?]?", word):
        return "lỗi công thức"
    if isinstance(cell, int | float) or re.fullmatch(r"[\d.,\s%-]+", word):
        return "số"
    return "chữ và số" if any(ch.isdigit() for ch in word) else "chữ"
