"""Read citizens' identity numbers (CCCD, 12 digits; CMND, 9) and what a CCCD says of its holder.

A CCCD is: place of birth's registration (3 digits), century and sex (1), year of birth (2), number (6). Sources:
Decree 137/2015/NĐ-CP art. 13, Circular 59/2021/TT-BCA. Workbooks drop its leading zeros; here it begins 046.
"""

import re

PROVINCES = {
    *(1, 2, 4, 6, 8, 10, 11, 12, 14, 15, 17, 19, 20, 22, 24, 25, 26, 27, 30, 31, 33, 34, 35, 36, 37, 38, 40, 42, 44),
    *(45, 46, 48, 49, 51, 52, 54, 56, 58, 60, 62, 64, 66, 67, 68, 70, 72, 74, 75, 77, 79, 80, 82, 83, 84, 86, 87, 89),
    *(91, 92, 93, 94, 95, 96),
}  # the 63 of the numbers' scheme; the mergers of 2025 changed no number
ABROAD = range(101, 400)  # registered abroad: a country's code


def read(word: str) -> str | None:
    """Return the number a text holds, lost zeros put back; None where it holds none.

    >>> read("46090123456"), read("'046.090.123.456"), read("1090123456"), read("123456789"), read("09609012345")
    ('046090123456', '046090123456', '001090123456', '123456789', None)
    """
    digits = word if word.isdigit() else re.sub(r"[ .'-]", "", word)
    if not (digits.isascii() and digits.isdigit()):
        return None
    if len(digits) == 9:
        return digits
    if not re.fullmatch(r"[0-9]{12}|[1-9][0-9]{9,10}", digits):  # what begins with 0 has lost no zero
        return None
    full = digits.zfill(12)
    place = int(full[:3])
    real = place in PROVINCES or (len(digits) == 12 and place in ABROAD)
    return full if real and full[3] in "0123" else None


def facts(number: str | None) -> tuple[bool | None, int | None]:
    """Return what a 12-digit number says of its holder: male, year of birth.

    The fourth digit is 0 for a man and 1 for a woman born 1900-1999, 2 and 3 for 2000-2099.

    >>> facts("046090123456"), facts("046305123456"), facts("123456789")
    ((True, 1990), (False, 2005), (None, None))
    """
    if not isinstance(number, str) or len(number) != 12 or not number.isdigit() or number[3] not in "0123":
        return None, None
    return number[3] in "02", 1900 + 100 * (number[3] in "23") + int(number[4:6])
