"""Write text and colours into SVG: safe inside XML, readable on any fill."""

import re

from markupsafe import escape

FONT = 'font-family="Times New Roman, Libertinus Serif, serif"'
INK, EDGE, OWN = "#1b2733", "#ffffff", "#10151c"
# XML has no way to write these, escaped or not.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def text(value: object) -> str:
    """Return text that is safe inside XML.

    >>> text("</script>&")
    '&lt;/script&gt;&amp;'
    """
    return str(escape(_CONTROL.sub("", str(value))))


def write(x, y, size, line, anchor="start", weight="normal", colour=INK, extra="") -> str:
    """Write one line; the picture itself names the face (FONT)."""
    bold = ' font-weight="bold"' if weight == "bold" else ""
    at = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}"{at} fill="{colour}"{bold}{extra}>{text(line)}</text>'


def halo(x: float, y: float, size: float, line: str, fill: str, code: str = "") -> str:
    """Write a label on a unit: dark with a light edge, or light on a dark unit (map.js does the same)."""
    ink, edge = ("#ffffff", fill) if is_dark(fill) else (INK, "#ffffff")
    extra = f' stroke="{edge}"'
    if code:
        extra += f' data-label="{text(code)}"'
    return write(x, y, size, line, "middle", colour=ink, extra=extra)


def is_dark(colour: str) -> bool:
    """Return whether white reads better than ink on a "#rrggbb" colour; patterns are light.

    >>> is_dark("#7f2210"), is_dark("#fdeeda"), is_dark("url(#a-hatch)")
    (True, False, False)
    """
    if not colour.startswith("#"):
        return False
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 112
