"""The one form in which texts are compared: equal keys for what a reader would call the same word.

The original is kept by the caller; accents stay (Hương Vân is not Hương Văn, Thuận Hòa is not Thuận Hóa). Decode
legacy fonts before (`legacy`): U+00AD is removed here as a soft hyphen, and is the letter ư there.
"""

import re
import unicodedata
from functools import lru_cache

import viet_text_tools

_MARKS = "\u0300\u0301\u0303\u0309\u0323"  # grave, acute, tilde, hook, dot below
_SYLLABLE = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f])*")


def _table(pairs: str) -> dict[int, str]:
    return {ord(pair[0]): pair[1:] for pair in pairs.split()}


# Controls, soft hyphen, zero-width, direction and variation marks, BOM: nobody sees them, everybody compares them.
_INVISIBLE = [(0x00, 0x08), (0x0E, 0x1B), (0x7F, 0x84), (0x86, 0x9F), (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C)]
_INVISIBLE += [(0x180B, 0x180E), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFE00, 0xFE0F)]
_INVISIBLE += [(0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB)]
_TIDY: dict[int, str | None] = {n: None for first, last in _INVISIBLE for n in range(first, last + 1)}
_TIDY |= {0x115F: " ", 0x1160: " ", 0x2800: " ", 0x3164: " "}  # blanks that str.split does not know

# Letters of other alphabets that look like Latin ones, each as it is seen: capital В is B, capital Н is H.
_CYRILLIC = "АA ВB ЕE ІI ЈJ КK МM НH ОO РP СC ТT УY ХX ЅS ԌG ԚQ ԜW "
_CYRILLIC += "аa вb еe іi јj кk мm нh оo рp сc тt уy хx ѕs һh ԛq ԝw"
_GREEK = "ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX αa οo ιi νv ρp κk"
_LATIN = "ÐĐ ðđ ƉĐ ɖđ ɑa ɡg ıi"  # Eth and African D stand in for Đ in old keyboards
_SIGNS = "‘' ’' ‚' ‛' ′' ´' `' ʹ' ʻ' ʼ' ʽ' “\" ”\" „\" ‟\" ″\" «\" »\" ‐- ‑- ‒- –- —- ―- −- ﹣- …... ∕/ ⁄/"
_FOLD = _table(_CYRILLIC) | _table(_GREEK) | _table(_LATIN) | _table(_SIGNS)
_FOLD |= {n: chr(n - 0xFEE0) for n in range(0xFF01, 0xFF5F)}  # fullwidth ASCII
_UNTIDY = re.compile(f"[{re.escape(''.join(map(chr, _TIDY)))}]")  # to look is faster than to translate
_FOLDS = re.compile(f"[{re.escape(''.join(map(chr, _FOLD)))}\u0370-\u03ff\u0400-\u04ff\u1f00-\u1fff]")


def tidy(text: str) -> str:
    """Return a text as it is seen: NFC, nothing invisible, single spaces; letters and case stay.

    >>> tidy("  Hồ\\xa0 Va\\u0306n\\u200b  A\\ufeff ")
    'Hồ Văn A'
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    if _UNTIDY.search(text):
        text = text.translate(_TIDY)
    return " ".join(unicodedata.normalize("NFC", text).split())


@lru_cache(maxsize=1 << 16)
def canonical(text: str) -> str:
    """Return the form in which a text is compared; two texts are the same when these are equal.

    >>> canonical("Phường  Thuỷ\\xa0Xuân") == canonical("PHƯỜNG THỦY XUÂN")
    True
    >>> canonical("Hương Vân") == canonical("Hương Văn"), canonical("Thuận Hòa") == canonical("Thuận Hóa")
    (False, False)
    """
    plain = tidy(text if isinstance(text, str) else "" if text is None else str(text))
    if plain.isascii():
        return plain.replace("`", "'").casefold()
    if _FOLDS.search(plain):  # parted, so that a Cyrillic а under a tone folds too
        plain = unicodedata.normalize("NFD", plain).translate(_FOLD)
    whole = unicodedata.normalize("NFC", plain.casefold())
    return " ".join(_placed(word) for word in whole.split())


@lru_cache(maxsize=1 << 15)
def _placed(word: str) -> str:
    """Put the tone where the old style has it: hoà is hòa; Vietnamese is written in some 7 000 syllables."""
    if word.isascii():
        return word
    return unicodedata.normalize("NFC", _SYLLABLE.sub(_placed_in, word))


def _placed_in(found: re.Match) -> str:
    parted = unicodedata.normalize("NFD", found[0])
    tones = [at for at, c in enumerate(parted) if c in _MARKS]
    # Two tones are no syllable, and a tone on a consonant is another language: señor would lose its ñ.
    if len(tones) != 1 or not re.search("[aeiouy][\u0302\u0306\u031b]*$", parted[: tones[0]]):
        return found[0]
    return viet_text_tools.normalize_diacritics(found[0])


def strip_accents(text: str) -> str:
    """Drop all accents, đ included: to propose a name that may be meant, never to make a key.

    >>> strip_accents("Đường Hương Vân")
    'Duong Huong Van'
    """
    parted = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return unicodedata.normalize("NFC", "".join(c for c in parted if not unicodedata.combining(c)))
