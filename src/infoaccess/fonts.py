"""Choose the face a report is set in: proven to hold every Vietnamese letter, or not used at all.

A family's name proves nothing (an older Liberation Serif lacks 93 letters and still answers to the name),
so a system face is tried by setting every letter with it. Times New Roman is taken where it passes; otherwise
Libertinus Serif, which travels inside the typst wheel, and then no system face is looked at.
"""

from functools import cache

PREFERRED = "Times New Roman"
EMBEDDED = "Libertinus Serif"
MONO = "DejaVu Sans Mono"  # embedded in the wheel as well
_BASE = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_TONED = "àáãèéìíĩòóõùúũý" + "".join(map(chr, range(0x1EA0, 0x1EFA)))
_SIGNS = "0123456789.,;:!?()[]/%&@#$*_+=<>\"'−–—…≥≤×±²•“”‘’"
VIETNAMESE = _BASE + _BASE.upper() + _TONED + _TONED.upper()
LETTERS = VIETNAMESE + _SIGNS
_STYLES = [(style, weight) for style in ("normal", "italic") for weight in (400, 700)]  # as installed
_PROBE = """#set document(title: "probe")
#set text(font: sys.inputs.family, fallback: false, lang: "vi")
#for (style, weight) in (("normal", 400), ("normal", 700), ("italic", 400), ("italic", 700)) {
  par(text(style: style, weight: weight, sys.inputs.letters))
}
"""


def covers(family: str, fonts) -> bool:
    """Tell whether a family has four faces, each with every letter of Vietnamese."""
    import typst

    have = {(one.style, one.weight) for one in fonts.fonts() if one.family == family}
    if not have.issuperset(_STYLES):
        return False
    inputs = {"family": family, "letters": LETTERS}
    try:
        # In this mode typst refuses a letter that the face lacks.
        typst.compile(_PROBE.encode(), font_paths=fonts, format="pdf", sys_inputs=inputs, pdf_standards=["ua-1"])
    except typst.TypstError:
        return False
    return True


@cache
def chosen() -> tuple[str, object]:
    """Return the family to set reports in and the typst fonts that hold it; found once a process."""
    import typst

    everything = typst.Fonts(include_system_fonts=True)
    if covers(PREFERRED, everything):
        return PREFERRED, everything
    return EMBEDDED, typst.Fonts(include_system_fonts=False)
