"""Turn cells into values, one function a type: what cannot be read with certainty stays missing and is reported.

Each function takes a list of cells as the workbook has them and returns (values, good): `good` is False where
the cell held something that is no value of the type. Blank is missing and good, except for a tick, where a
blank box means "no".
"""

import datetime as dt
import math
import re
import unicodedata

YES = {"x", "х", "✓", "✔", "v", "1", "có", "co", "yes"}  # the second x is Cyrillic
NO = {"", "0", "không", "khong", "-", "no"}
NOT_KNOWN = {"--", "…", "...", "n/a", "không rõ", "kxđ"}
_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")


def text_of(cell: object) -> str:
    """Return a cell's text: NFC, single spaces; a whole number without its '.0'.

    >>> text_of(7.0), text_of("  Hồ\\xa0 Văn  A ")
    ('7', 'Hồ Văn A')
    """
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return " ".join(unicodedata.normalize("NFC", str(cell)).replace("\u200b", "").split())


def text(cells: list) -> tuple[list, list]:
    """Read texts; blank is missing."""
    return [text_of(c) or None for c in cells], [True] * len(cells)


def tick(cells: list) -> tuple[list, list]:
    """Read ticks.

    >>> tick(["x", "", "X", "0", "--", "hai"])
    ([True, False, True, False, None, None], [True, True, True, True, True, False])
    """
    values, good = [], []
    for cell in cells:
        word = text_of(cell).casefold()
        known = word in YES or word in NO or word in NOT_KNOWN
        values.append(True if word in YES else False if word in NO else None)
        good.append(known)
    return values, good


def count(cells: list) -> tuple[list, list]:
    """Read counts: whole numbers from 0, thousands parted by dot or space.

    >>> count([4.0, "1.234", "", "2,5", -1.0, "7 540"])
    ([4, 1234, None, None, None, 7540], [True, True, True, False, False, True])
    """
    values, good = [], []
    for cell in cells:
        word = text_of(cell)
        plain = re.sub(r"(?<=\d)[. ](?=\d{3}(\D|$))", "", word)
        value = int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 16 else None
        if isinstance(cell, float) and not cell.is_integer():
            value = None
        values.append(value)
        good.append(value is not None or word in NOT_KNOWN | {""})
    return values, good


money = count


def percent(cells: list) -> tuple[list, list]:
    """Read percentages as written, with decimal comma or dot.

    >>> percent([80.0, "2,27 %", "x"])
    ([80.0, 2.27, None], [True, True, False])
    """
    values, good = [], []
    for cell in cells:
        word = text_of(cell).replace("%", "").replace(",", ".").strip()
        try:
            value = float(word)
            value = value if math.isfinite(value) else None
        except ValueError:
            value = None
        values.append(value)
        good.append(value is not None or word in NOT_KNOWN | {""})
    return values, good


def code(cells: list) -> tuple[list, list]:
    """Read codes of communes: 5 digits, a number from a workbook included.

    >>> code([19753.0, "20044", "A Lưới", ""])
    (['19753', '20044', None, None], [True, True, False, True])
    """
    words = [text_of(c) for c in cells]
    values = [w if re.fullmatch(r"[0-9]{5}", w) else None for w in words]
    return values, [v is not None or w == "" for v, w in zip(values, words, strict=True)]


def identity(cells: list) -> tuple[list, list]:
    """Read identity numbers: 12 digits (a lost leading zero is put back) or 9.

    >>> identity(["046090123456", 46090123456.0, "123456789", "12"])
    (['046090123456', '046090123456', '123456789', None], [True, True, True, False])
    """
    words = [re.sub(r"[ .]", "", text_of(c)) for c in cells]
    values = []
    for word in words:
        digits = word if word.isascii() and word.isdigit() else ""
        values.append(digits.zfill(12) if len(digits) in (11, 12) else digits if len(digits) == 9 else None)
    return values, [v is not None or w == "" for v, w in zip(values, words, strict=True)]


def date(cells: list) -> tuple[list, list]:
    """Read days: day/month/year as text, or a date cell.

    >>> date(["05/03/2024", "31/02/2024"])
    ([datetime.date(2024, 3, 5), None], [True, False])
    """
    values, good = [], []
    for cell in cells:
        value = _day(cell)
        values.append(value)
        good.append(value is not None or text_of(cell) == "")
    return values, good


def _day(cell: object) -> dt.date | None:
    if isinstance(cell, dt.datetime):
        return cell.date()
    if isinstance(cell, dt.date):
        return cell
    found = _DATE.fullmatch(text_of(cell))
    if not found:
        return None
    day, month, year = (int(part) for part in found.groups())
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def year(cells: list) -> tuple[list, list]:
    """Read years, out of a whole date too.

    >>> year([1960.0, "05/03/1984", "60"])
    ([1960, 1984, None], [True, True, False])
    """
    values, good = [], []
    for cell in cells:
        word = text_of(cell)
        day = _day(cell)
        value = day.year if day else int(word) if re.fullmatch(r"(19|20)[0-9]{2}", word) else None
        values.append(value)
        good.append(value is not None or word == "")
    return values, good


def month(cells: list) -> tuple[list, list]:
    """Read months written MM/YYYY or YYYY-MM.

    >>> month(["06/2025", "2025-06", "13/2025"])
    (['2025-06', '2025-06', None], [True, True, False])
    """
    values, good = [], []
    for cell in cells:
        day = _day(cell)
        word = f"{day:%Y-%m}" if day else text_of(cell)
        turned = re.sub(r"^(0?[1-9]|1[0-2])/(20[0-9]{2})$", lambda m: f"{m[2]}-{int(m[1]):02d}", word)
        value = turned if re.fullmatch(r"20[0-9]{2}-(0[1-9]|1[0-2])", turned) else None
        values.append(value)
        good.append(value is not None or word == "")
    return values, good


def choice(cells: list, choices: dict[str, tuple[str, ...]]) -> tuple[list, list]:
    """Read one of several words, each known under some spellings.

    >>> choice(["Xã hội hoá", "biếu"], {"donated": ("xã hội hoá",)})
    (['donated', None], [True, False])
    """
    known = {word: name for name, words in choices.items() for word in words}
    words = [text_of(c).casefold().strip(" .:") for c in cells]
    values = [known.get(w) for w in words]
    return values, [v is not None or w == "" for v, w in zip(values, words, strict=True)]


def class_of(cell: object) -> str:
    """Name the class of a cell for a report that must not quote it.

    >>> class_of("Nguyễn Văn A"), class_of(3.0), class_of("")
    ('chữ', 'số', 'trống')
    """
    word = text_of(cell)
    if not word:
        return "trống"
    if isinstance(cell, dt.date | dt.datetime):
        return "ngày"
    if re.fullmatch(r"[\d.,\s%-]+", word):
        return "số"
    return "chữ và số" if any(ch.isdigit() for ch in word) else "chữ"
