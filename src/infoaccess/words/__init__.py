"""Words and numbers as the reader sees them: one TOML a language, numbers by babel."""

import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from string import Formatter

from babel import Locale
from babel.numbers import NumberPattern, format_decimal, get_group_symbol, parse_pattern

LANGUAGES = ("vi", "en")
MISSING = "…"  # the statistical yearbooks' sign for "not available"


@dataclass(frozen=True)
class Words:
    """Hold one language's sentences; call it with a dotted key."""

    lang: str
    table: dict

    def __call__(self, key: str, **values) -> str:
        """Return the sentence under a dotted key, filled in.

        Raises KeyError for an unknown key: a report never prints a key in place of a sentence.
        """
        found = self.table
        for part in key.split("."):
            found = found[part]
        return _FILLER.format(found, **values) if values else found


class _Filler(Formatter):
    """Fill sentences in; a unit's name within a sentence (`{area!l}`) begins small: "của tỉnh Thừa Thiên Huế"."""

    def convert_field(self, value, conversion):
        """Return a value as its conversion asks."""
        return value[0].lower() + value[1:] if conversion == "l" else super().convert_field(value, conversion)


_FILLER = _Filler()


@cache
def load(lang: str, era: str | None = None) -> Words:
    """Read one language's words; those of an era name its units as they were named then (table `by_era`).

    >>> load("vi", "A")("quality.and_more", count=2), load("vi")("quality.and_more", count=2)
    (' và 2 xã, phường, thị trấn khác', ' và 2 xã, phường khác')
    """
    text = Path(__file__).with_name(f"{lang}.toml").read_text(encoding="utf-8")
    for now, then in tomllib.loads(text)["by_era"].get(era, []):
        text = text.replace(now, then)
    return Words(lang, tomllib.loads(text))


def keys(table: dict, prefix: str = "") -> set[str]:
    """Return every dotted key of a nested table."""
    found = set()
    for key, value in table.items():
        path = f"{prefix}{key}"
        found |= keys(value, path + ".") if isinstance(value, dict) else {path}
    return found


def number(value: float | None, lang: str = "vi", digits: int = 0) -> str:
    """Format a number; what rounds to nothing has no sign.

    >>> number(7540), number(2.274, digits=2), number(None), number(-0.04, digits=1)
    ('7.540', '2,27', '…', '0,0')
    """
    if value is None or value != value:
        return MISSING
    if isinstance(value, int) and not digits:  # most numbers of a page: what babel writes, twenty times as fast
        return f"{value:,}".replace(",", _group(lang)).replace("-", "−")
    return _decimal(float(value), lang, digits)


@cache
def _group(lang: str) -> str:
    return get_group_symbol(lang)


@lru_cache(maxsize=16_384)
def _decimal(value: float, lang: str, digits: int) -> str:
    locale, pattern = _format(lang, digits)
    written = format_decimal(value, format=pattern, locale=locale)
    return written.replace("-", "−" if written.strip("-0.,") else "")


@cache
def _format(lang: str, digits: int) -> tuple[Locale, NumberPattern]:
    return Locale.parse(lang), parse_pattern("#,##0" + ("." + "0" * digits if digits else ""))


def share(value: float | None, lang: str = "vi", digits: int = 1) -> str:
    """Format a share (0-1) as per cent; Vietnamese official texts put a space before the sign.

    >>> share(0.0227, digits=2)
    '2,27\\xa0%'
    """
    if value is None or value != value:
        return MISSING
    gap = "\N{NO-BREAK SPACE}" if lang == "vi" else ""
    return number(value * 100, lang, digits) + gap + "%"


def points(value: float | None, lang: str = "vi", digits: int = 1) -> str:
    """Format a difference of shares in percentage points, with its sign.

    >>> points(-0.004)
    '−0,4 điểm %'
    """
    unit = {"vi": "điểm %", "en": "pp"}[lang]
    return f"{signed(None if value is None else value * 100, lang, digits)} {unit}"


def signed(value: float | None, lang: str = "vi", digits: int = 0) -> str:
    """Format a difference with its sign.

    >>> signed(1200), signed(-3), signed(0)
    ('+1.200', '−3', '0')
    """
    if value is None or value != value:
        return MISSING
    text = number(value, lang, digits)
    zero = number(0, lang, digits)
    if text in (zero, "−" + zero):
        return zero
    return text if value < 0 else "+" + text


def month_short(value: str) -> str:
    """Write a month in figures.

    >>> month_short("2025-01")
    '01/2025'
    """
    return f"{value[5:]}/{value[:4]}"


def month(value: str, lang: str = "vi") -> str:
    """Name a month.

    >>> month("2025-01"), month("2025-12", "en")
    ('tháng 01 năm 2025', 'December 2025')
    """
    year, number_ = value.split("-")
    if lang == "vi":
        # Decree 30/2020: months 1 and 2 are written with a zero in official texts.
        return f"tháng {number_ if int(number_) < 3 else int(number_)} năm {year}"
    names = "January February March April May June July August September October November December"
    return f"{names.split()[int(number_) - 1]} {year}"
