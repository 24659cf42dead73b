"""Draw maps as SVG with attributes only: no style sheet, so that browsers and typst draw the same picture.

Lengths are sheet units (`map_layout`).
"""

import re
import textwrap

from markupsafe import escape

from infoaccess import words
from infoaccess.map_layout import MARGIN, WIDTH, Sheet, free_corner

FONT = 'font-family="Times New Roman, Libertinus Serif, serif"'
INK, EDGE, OWN, MISSING = "#1b2733", "#ffffff", "#10151c", "#bfc5cc"
KEY_COLUMN, KEY_LINE, LEGEND_LINE = 245, 22, 27
# XML has no way to write these, escaped or not.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def text(value: object) -> str:
    """Return text that is safe inside XML.

    >>> text("</script>&")
    '&lt;/script&gt;&amp;'
    """
    return str(escape(_CONTROL.sub("", str(value))))


def fill(status: str, prefix: str) -> str:
    """Return the fill of a unit without a figure; `prefix` is the drawing whose patterns are used."""
    return {"suppressed": f"url(#{prefix}-hatch)", "empty": f"url(#{prefix}-dots)", "missing": MISSING}[status]


def static(
    sheet: Sheet, fills: dict[str, str], title: tuple[str, str], entries: list[tuple[str, str]], prefix: str
) -> str:
    """Draw a complete map for paper: units, legend (fill, label), scale, north, key of numbers, geometry note."""
    taken: list = []
    lines = [*textwrap.wrap(title[0], 30), title[1]]
    wide = max([9.4 * len(line) for line in lines] + [52 + 8.4 * len(label) for _, label in entries])
    tall = len(lines) * 23 + len(entries) * LEGEND_LINE + 8
    legend_at = free_corner(sheet, wide, tall, "tr tl br bl", taken)
    scale_at = free_corner(sheet, 250, 62, "br bl tr tl", taken)
    parts = [_patterns(sheet, prefix), _units(sheet, fills, f"{prefix}-clip"), _labels(sheet, fills)]
    below = sheet.frame.height + 12
    parts += [_halo(x, y + 5, 14, str(number), fills[code]) for number, code, _, x, y in sheet.key]
    parts.append(_legend(lines, entries, sheet.frame.factor, *(legend_at or (0, below))))
    parts.append(_scale(sheet, *(scale_at or (WIDTH - 250, below))))
    if not legend_at or not scale_at:
        below += 12 + (tall if not legend_at else 62)
    columns = max(1, WIDTH // KEY_COLUMN)
    rows = -(-len(sheet.key) // columns)
    for place, (number, _, name, _, _) in enumerate(sheet.key):
        x, y = place // rows * KEY_COLUMN + 6, below + 18 + place % rows * KEY_LINE
        parts.append(_text(x + 22, y, 16, f"{number}", "end", "bold") + _text(x + 30, y, 16, name))
    below += rows * KEY_LINE + (14 if rows else 0)
    for line in textwrap.wrap(sheet.note, 120):
        below += 20
        parts.append(_text(6, below, 15, line, colour="#4a5563", extra=' font-style="italic"'))
    return _svg("".join(parts), below + 10)


def live(sheet: Sheet, fills: dict[str, str], prefix: str) -> str:
    """Draw the map for the page's script: units carry their code, borders keep their width at any zoom."""
    scale_at = free_corner(sheet, 250, 62, "br bl tr tl", [])
    parts = [_patterns(sheet, prefix), _units(sheet, fills, f"{prefix}-clip", live=True)]
    parts.append(f'<g class="map-labels" pointer-events="none">{_labels(sheet, fills, live=True)}</g>')
    if scale_at:
        parts.append(f'<g class="map-scale" pointer-events="none">{_scale(sheet, *scale_at)}</g>')
    return _svg("".join(parts), sheet.frame.height, ' class="map-svg"')


def _svg(body: str, height: float, extra: str = "") -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}"{extra}>{body}</svg>'


def _patterns(sheet: Sheet, prefix: str) -> str:
    """Define hatch and dots, of the same size on the sheet whatever the units' own scale."""
    box, size = 'patternUnits="userSpaceOnUse"', f"scale({1 / sheet.frame.factor:.5f})"
    return (
        f'<defs><pattern id="{prefix}-hatch" {box} width="9" height="9" patternTransform="{size} rotate(45)">'
        '<rect width="9" height="9" fill="#f1f1ee"/><rect width="3" height="9" fill="#76808c"/></pattern>'
        f'<pattern id="{prefix}-dots" {box} width="10" height="10" patternTransform="{size}">'
        '<rect width="10" height="10" fill="#ffffff"/>'
        '<circle cx="5" cy="5" r="1.5" fill="#76808c"/></pattern></defs>'
    )


def _units(sheet: Sheet, fills: dict[str, str], clip: str, *, live: bool = False) -> str:
    """Draw units, the upper level's outlines and the report's own unit, in that order."""
    frame = sheet.frame
    # A browser keeps line widths by itself; paper has one size, so the width is divided out.
    thin, keep = (1.0, ' vector-effect="non-scaling-stroke"') if live else (1 / frame.factor, "")
    move = f"translate({frame.shift:.2f} {MARGIN}) scale({frame.factor:.5f}) translate({-frame.x:.2f} {-frame.y:.2f})"
    paths = "".join(
        f'<path d="{text(unit["d"])}" fill="{fills[unit["code"]]}"'
        + (f' data-code="{text(unit["code"])}"' + keep if live else "")
        + "/>"
        for unit in sheet.units
    )
    above = ""
    if sheet.outlines:
        width = f'stroke-width="{1.6 * thin:.3f}"{keep}'
        above += f'<path d="{text(sheet.outlines)}" fill="none" stroke="#3a4654" {width} pointer-events="none"/>'
    if sheet.own:
        width = f'stroke-width="{3.5 * thin:.3f}"{keep}'
        above += f'<path d="{text(sheet.own)}" fill="none" stroke="{OWN}" {width} pointer-events="none"/>'
    return (
        f'<clipPath id="{clip}"><rect width="{WIDTH}" height="{frame.height:g}"/></clipPath>'
        f'<g clip-path="url(#{clip})">'
        f'<g transform="{move}" stroke-linejoin="round" fill-rule="evenodd">'
        f'<g stroke="{EDGE}" stroke-width="{1.1 * thin:.3f}">{paths}</g>{above}</g></g>'
    )


def _labels(sheet: Sheet, fills: dict[str, str], *, live: bool = False) -> str:
    return "".join(
        _halo(x, y + size * (0.34 + 1.08 * (row - (len(lines) - 1) / 2)), size, line, fills[code], code if live else "")
        for code, x, y, size, lines in sheet.labels
        for row, line in enumerate(lines)
    )


def _halo(x: float, y: float, size: float, line: str, fill_: str, code: str = "") -> str:
    """Write a label on a unit: dark with a light edge, or light on a dark unit (map.js does the same)."""
    ink, edge = ("#ffffff", fill_) if is_dark(fill_) else (INK, "#ffffff")
    extra = f' stroke="{edge}" stroke-width="4.5" stroke-opacity="0.95" stroke-linejoin="round" paint-order="stroke"'
    if code:
        extra += f' data-label="{text(code)}"'
    return _text(x, y, size, line, "middle", colour=ink, extra=extra)


def is_dark(colour: str) -> bool:
    """Return whether white reads better than ink on a "#rrggbb" colour; patterns are light.

    >>> is_dark("#7f2210"), is_dark("#fdeeda"), is_dark("url(#a-hatch)")
    (True, False, False)
    """
    if not colour.startswith("#"):
        return False
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 125


def _text(x, y, size, line, anchor="start", weight="normal", colour=INK, extra="") -> str:
    bold = ' font-weight="bold"' if weight == "bold" else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" {FONT} font-size="{size}" text-anchor="{anchor}" fill="{colour}"{bold}{extra}>'
        f"{text(line)}</text>"
    )


def _legend(lines: list[str], entries: list[tuple[str, str]], factor: float, x: float, y: float) -> str:
    parts = [_text(x + 4, y + 19 + 23 * row, 18, line, weight="bold") for row, line in enumerate(lines)]
    top = y + 23 * len(lines) + 8
    for row, (colour, label) in enumerate(entries):
        place = top + row * LEGEND_LINE
        parts.append(
            f'<g transform="translate({x + 4:.1f} {place:.1f})">{swatch(colour, factor)}</g>'
            + _text(x + 48, place + 16, 17, label)
        )
    return "".join(parts)


def swatch(colour: str, factor: float) -> str:
    """Draw one 34 × 20 box of a legend, its pattern at the map's scale; "own" is the report's own unit."""
    if colour == "own":
        return f'<rect x="1.5" y="1.5" width="31" height="17" fill="#ffffff" stroke="{OWN}" stroke-width="3"/>'
    wide, tall, line = (f"{length / factor:.3f}" for length in (34, 20, 1))
    return (
        f'<rect width="{wide}" height="{tall}" fill="{colour}" stroke="#8a94a0" stroke-width="{line}"'
        f' transform="scale({factor:.5f})"/>'
    )


def _scale(sheet: Sheet, x: float, y: float) -> str:
    """Draw a scale bar of a round length and a north arrow in a box of 250 × 62."""
    w = words.load(sheet.lang)
    lengths = [n * 10**power for power in range(-1, 4) for n in (1, 2, 5)]
    fitting = [km for km in lengths if km * 1000 / sheet.metres <= 170]
    km = fitting[-1] if fitting else lengths[0]
    wide = km * 1000 / sheet.metres
    right, base = x + 190, y + 52
    label = f"{words.number(km, sheet.lang, 0 if km >= 1 else 1)} km"
    arrow = f"M{x + 228:.1f} {base - 34:.1f}l9 34l-9 -7l-9 7Z"
    return (
        f'<path d="M{right - wide:.1f} {base - 8:.1f}v8h{wide:.1f}v-8" fill="none" stroke="{INK}" stroke-width="2"/>'
        + _text(right - wide / 2, base - 8, 16, label, "middle")
        + f'<path d="{arrow}" fill="{INK}"/>'
        + _text(x + 228, base - 39, 16, w("map.north"), "middle")
    )
