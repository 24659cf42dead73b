"""Names of units in the forms in which they are compared: with the type written out, and without it.

Accents stay, and so does the type where it tells two units of one name apart.
"""

import re

from infoaccess.canonical import canonical

_TYPES = {
    "x.": "xã",
    "p.": "phường",
    "tt.": "thị trấn",
    "tt": "thị trấn",
    "tx.": "thị xã",
    "tp.": "thành phố",
    "tp": "thành phố",
    "h.": "huyện",
    "q.": "quận",
}
_TYPE = re.compile(r"(xã|phường|thị trấn|thị xã|huyện|quận|thành phố|tỉnh|tt\b\.?|tx\.|tp\b\.?|[pxhq]\.)\s*")


def full(name: object) -> str:
    """Return a unit's name with its type written out, in the form in which names are compared.

    >>> full("Phường Phú Xuân"), full("P. Phú  Xuân"), full("XÃ A LƯỚI 2")
    ('phường phú xuân', 'phường phú xuân', 'xã a lưới 2')
    """
    text = canonical(name).strip(" .,")
    kind = _TYPE.match(text)
    if not kind:
        return text
    return f"{_TYPES.get(kind[1], kind[1])} {text[kind.end() :].strip()}"


def bare(name: object) -> str:
    """Return a unit's name without its type.

    >>> bare("Phường Phú Xuân"), bare("P. Phú  Xuân"), bare("XÃ A LƯỚI 2")
    ('phú xuân', 'phú xuân', 'a lưới 2')
    """
    return _TYPE.sub("", full(name), count=1)
