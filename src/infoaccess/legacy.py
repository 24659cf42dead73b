"""Text typed in the old fonts: TCVN3 (.VnTime ...) and VNI (VNI-Times ...) cells are decoded by their font.

A cell is decoded when its own font says so and it holds no letter those fonts do not know; a cell that looks
legacy without such a font is left as it is and reported. Cells are counted, mixed runs of one cell as one. Decode
before any cleaning: TCVN3 writes ư as U+00AD, which every cleaner removes as a soft hyphen.
Tables: viparse (MIT), checked against government documents; ẳ and ỵ of VNI are added from the VNI layout.
"""

import re
import unicodedata
from functools import cache, lru_cache
from itertools import chain

from infoaccess import cell_fonts

FOREIGN = "ÄÅÆÇËÎÏÑÖØÛÜÞßäåæçëîïñöøûüþÿ"  # letters of Latin-1 that Unicode Vietnamese never uses
SIGNS = "¡¢£¤¥¦§¨©ª«¬\u00adµ®¶·¸¹»¼½¾×÷"  # signs of Latin-1 that are letters in TCVN3
_LETTER = "A-Za-z\u00c0-\u00ff"
_TURN = "[a-z][ÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝ]"  # a capital with a tone after a small letter: TCVN3 Nguyễn shows as NguyÔn
_PAIRS = "[aA][àáâãêéèõùúÀÁÂÃÊÉÈÕÙÚ]|[eE][ùõâáàãÙÕÂÁÀÃ]|[oO][ùõâÙÕÂ]|[yY][ùõÙÕ]|[uU][ùõÙÕ]"  # VNI only
_SUSPECT = re.compile(f"[{FOREIGN}]|[{_LETTER}][{SIGNS}]|[{SIGNS}][{_LETTER}{SIGNS}]|{_TURN}|{_PAIRS}")
_ODD = re.compile(f"[{FOREIGN}{SIGNS}]|{_TURN}|{_PAIRS}")
_UNIT = re.compile("µ[A-Za-z]{1,2}")
# UTF-8 read as Latin-1.
_MOJIBAKE = re.compile("á[º»]|Ä[‘\x91\x90\u0090]|Æ[°¡]|Ã[\u0080-\u009f\u00a1-\u00ba\u00bc-\u00bf]")
_LOST = re.compile(r"\ufffd|[^\W\d_]\?[^\W\d_]")  # saved in a code page without the letter
_CAPITALS = re.compile(r"\.vn.*h( bold| italic)*")

_RIMES = """a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây e ec em en eng eo ep et
ê êch êm ên ênh êp êt êu i ia ich iêc iêm iên iêng iêp iêt iêu im in inh ip it iu o oa oac oach oai oam oan oang oanh
oao oap oat oay oăc oăm oăn oăng oăt oc oe oen oeo oet oi om on ong ooc oong op ot ô ôc ôi ôm ôn ông ôp ôt
ơ ơi ơm ơn ơp ơt u ua uân uâng uât uây uc uê uêch uênh ui um un ung uôc uôi uôm uôn uông uôt up ut uơ uy uya uych
uyên uyêt uynh uyt uyp uyu ư ưa ưc ưi ưng ươc ươi ươm ươn ương ươp ươt ươu ưt ưu ưm y yêm yên yêng yêt yêu"""
_INITIALS = "b c ch d đ g gh gi h k kh l m n ng ngh nh p ph qu r s t th tr v x"
_TONES = dict.fromkeys(map(ord, "\u0300\u0301\u0303\u0309\u0323"))


def suspect(cells: list[list]) -> bool:
    """Tell quickly whether a sheet may hold legacy or ruined text; True costs no more than a second look."""
    return any(_sniff(cells))


def _sniff(cells: list[list]) -> tuple[bool, bool]:
    """Tell whether a sheet's fonts are worth reading, and whether a code page may have ruined some text."""
    distinct = set(chain.from_iterable(cells))
    odd = (c for c in distinct if isinstance(c, str) and not (c.isascii() and "?" not in c))
    joined = "\n".join(odd)
    return _SUSPECT.search(joined) is not None, (_MOJIBAKE.search(joined) or _LOST.search(joined)) is not None


def is_legacy(font: str | None) -> str | None:
    """Name the encoding a font stands for; fonts whose name ends in H draw capitals only.

    >>> is_legacy(".VnTime"), is_legacy(".VnArialH"), is_legacy("VNI-Times"), is_legacy("Times New Roman")
    ('tcvn3', 'tcvn3_capitals', 'vni', None)
    """
    name = (font or "").strip().casefold()
    if name.startswith(".vn"):
        return "tcvn3_capitals" if _CAPITALS.fullmatch(name) else "tcvn3"
    return "vni" if name.startswith("vni") else None


@cache
def _table(encoding: str) -> tuple[re.Pattern, dict[str, str]]:
    """Return a pattern of the encoding's sequences and what each stands for."""
    from viparse.normalize.encodings import get_charmap  # not at the top: its package takes 0.1 s to import

    pairs = dict(get_charmap(encoding).pairs)
    if encoding == "vni":
        pairs |= {"aú": "ẳ", "AÚ": "Ẳ", "î": "ỵ", "Î": "Ỵ"}
        pairs |= {k[0] + k[1].lower(): v for k, v in pairs.items() if len(k) == 2}  # a capital with a small mark
    longest_first = sorted(pairs, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first))), pairs


@lru_cache(maxsize=1 << 14)
def decode(text: str, font: str | None) -> str:
    """Decode a text by its font; a text that is Unicode already, or whose font is not legacy, stays.

    >>> decode("NguyÔn V¨n H\\xadng", ".VnTime"), decode("Nguyeãn Vaên Höng", "VNI-Times"), decode("Huế", ".VnTime")
    ('Nguyễn Văn Hưng', 'Nguyễn Văn Hưng', 'Huế')
    """
    kind = is_legacy(font)
    if kind is None or text.isascii() or any(c > "\u00ff" and unicodedata.category(c)[0] in "LM" for c in text):
        return text
    encoding = "vni" if kind == "vni" else "tcvn3"
    pattern, pairs = _table(encoding)
    if encoding == "tcvn3" and any(c >= "\u00c0" and c not in pairs and c <= "\u00ff" for c in text):
        return text  # à, for one, is no TCVN3 letter: this was typed in Unicode
    found = pattern.sub(lambda m: pairs[m[0]], text)
    return found.upper() if kind == "tcvn3_capitals" and found != text else found


@cache
def _syllable() -> re.Pattern:
    return re.compile(f"({'|'.join(_INITIALS.split())})?({'|'.join(_RIMES.split())})")


def is_syllable(word: str) -> bool:
    """Tell whether a word is spelt like a Vietnamese syllable: initial, rime, at most one tone.

    >>> [is_syllable(w) for w in ("Nguyễn", "hộ", "Huế", "Müller", "cafộ", "hoc")]
    [True, True, True, False, False, False]
    """
    parted = unicodedata.normalize("NFD", word.lower())
    plain = unicodedata.normalize("NFC", parted.translate(_TONES))
    tones = [c for c in parted if ord(c) in _TONES]
    if len(tones) > 1 or not _syllable().fullmatch(plain):
        return False
    return not plain.endswith(("c", "p", "t", "ch")) or tones in (["\u0301"], ["\u0323"])


@lru_cache(maxsize=1 << 16)
def looks_legacy(text: str) -> bool:
    """Tell whether a text is surely unread: legacy text without its font, or ruined by a code page.

    A word counts when it holds what no Unicode Vietnamese word holds and is a Vietnamese syllable once decoded.

    >>> [looks_legacy(t) for t in ("ThÞ", "Hoµ", "Ñöùc", "Nguyá»…n", "Müller", "café", "m²", "5 µm", "Thuý")]
    [True, True, True, True, False, False, False, False, False]
    """
    if text.isascii():
        return _LOST.search(text) is not None
    if _MOJIBAKE.search(text) or _LOST.search(text):
        return True
    words = re.findall(f"[{_LETTER}{SIGNS}\u0100-\u1eff]{{2,}}", text)
    odd = [w for w in words if _ODD.search(w) and not _UNIT.fullmatch(w)]
    return any(is_syllable(decode(w, font)) for w in odd for font in (".VnTime", "VNI-Times"))


def fonts(data: bytes, suffix: str, sheet_name: str) -> dict[tuple[int, int], str]:
    """Return the font of each cell with non-ASCII text, by row and column from 0; empty where none can be found."""
    return cell_fonts.read(data, suffix, sheet_name)[0]


def runs(data: bytes, suffix: str, sheet_name: str) -> dict[tuple[int, int], list[tuple[str, str]]]:
    """Return the runs (text, font) of each cell with non-ASCII text that is set in several fonts."""
    return cell_fonts.read(data, suffix, sheet_name)[1]


def decoded(cells: list[list], data: bytes, suffix: str, sheet_name: str) -> tuple[list[list], int, set]:
    """Decode a sheet's legacy cells.

    Returns the cells (rows without legacy text are the same objects), how many cells were decoded, and the places
    (row, column from 0) of cells that still look legacy.
    """
    by_font, ruined = _sniff(cells)
    if not by_font and not ruined:
        return cells, 0, set()
    font_of, runs_of = cell_fonts.read(data, suffix, sheet_name) if by_font else ({}, {})
    out, count, leftover = [], 0, set()
    for r, row in enumerate(cells):
        new = row
        for c, cell in enumerate(row):
            if not isinstance(cell, str) or (cell.isascii() and "?" not in cell):
                continue
            text = _decoded(cell, font_of.get((r, c)), runs_of.get((r, c)))
            if text != cell:
                new = list(row) if new is row else new
                new[c] = text
                count += 1
            if looks_legacy(text):
                leftover.add((r, c))
        out.append(new)
    return out, count, leftover


def _decoded(cell: str, font: str | None, parts: list[tuple[str, str]] | None) -> str:
    """Decode one cell: run by run where it has runs that spell the cell."""
    if not parts:
        return decode(cell, font)
    if "".join(t for t, _ in parts).split() == cell.split():
        return "".join(decode(t, f) for t, f in parts)
    return decode(cell, parts[0][1]) if len({is_legacy(f) for _, f in parts}) == 1 else cell
