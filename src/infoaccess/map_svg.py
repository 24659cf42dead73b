"""Draw maps as SVG with attributes only: no style sheet, so that browsers and typst draw the same picture.

Lengths are sheet units (`map_layout`). A live map defines each unit's path once and draws it by `<use>`; other maps
of the page draw the same paths.
"""

import textwrap
from dataclasses import replace

from infoaccess import map_legend
from infoaccess.map_layout import COLUMN, MARGIN, WIDTH, Frame, Sheet, free_corner
from infoaccess.map_text import EDGE, FONT, OWN, halo, text, write

KEY_COLUMN, KEY_LINE = 245, 22
# Each state of a unit without a figure has a pattern of its own: they differ in form, not only in colour.
_PATTERNS = {
    "suppressed": (
        "hatch",
        9,
        " rotate(45)",
        '<rect width="9" height="9" fill="#f1f1ee"/><rect width="3" height="9" fill="#76808c"/>',
    ),
    "empty": (
        "dots",
        10,
        "",
        '<rect width="10" height="10" fill="#ffffff"/><circle cx="5" cy="5" r="1.5" fill="#76808c"/>',
    ),
    "missing": (
        "blank",
        14,
        " rotate(-45)",
        '<rect width="14" height="14" fill="#c9ced4"/><rect width="1.5" height="14" fill="#ffffff"/>',
    ),
    "incomparable": (
        "grid",
        9,
        "",
        '<rect width="9" height="9" fill="#ffffff"/><path d="M0 0h9M0 0v9" stroke="#76808c" stroke-width="2.4"/>',
    ),
}


def fill(status: str, prefix: str) -> str:
    """Return the fill of a unit without a figure; `prefix` is the drawing whose patterns are used."""
    return f"url(#{prefix}-{_PATTERNS[status][0]})"


def static(
    sheet: Sheet,
    fills: dict[str, str],
    title: tuple[str, str],
    entries: list[tuple[str, str]],
    prefix: str,
    square: dict | None = None,
    *,
    see: str | None = None,
) -> str:
    """Draw a complete map for paper: units, legend (fill, label), scale, north, key of numbers, geometry note.

    The sheet is that of `map_layout.paper`: legend and scale stand in its column. `see` stands in place of the key and
    the note where another map of the report has them.
    """
    lines = [*textwrap.wrap(title[0], 30), *textwrap.wrap(title[1], 30)]
    tall = map_legend.size(lines, entries, square)[1]
    sheet = replace(sheet, frame=replace(sheet.frame, height=max(sheet.frame.height, tall + 74)))
    left = WIDTH - COLUMN + 14
    parts = [patterns(sheet.frame.factor, prefix), _units(sheet, fills, f"{prefix}-clip")]
    parts.append(_halos(_labels(sheet, fills) + _numbers(sheet, fills)))
    below = sheet.frame.height + 12
    parts.append(map_legend.legend(lines, entries, sheet.frame.factor, left, 0, square))
    parts.append(map_legend.scale_bar(sheet, left, sheet.frame.height - 62))
    columns = max(1, WIDTH // KEY_COLUMN)
    key = [] if see else sheet.key
    rows = -(-len(key) // columns)
    for place, (number, _, name, _, _) in enumerate(key):
        x, y = place // rows * KEY_COLUMN + 6, below + 18 + place % rows * KEY_LINE
        parts.append(write(x + 22, y, 16, f"{number}", "end", "bold") + write(x + 30, y, 16, name))
    below += rows * KEY_LINE + (14 if rows else 0)
    for line in textwrap.wrap(see or sheet.note, 120):
        below += 20
        parts.append(write(6, below, 15, line, colour="#4a5563", extra=' font-style="italic"'))
    return whole("".join(parts), below + 10)


def live(sheets: list[Sheet], fills: dict[str, str], prefix: str, refs: dict[str, str] | None = None) -> str:
    """Draw the map for the page's script: units carry their code, borders keep their width at any zoom.

    The first sheet is shown, the others (units of other times) wait; `refs` names paths that another map of the page
    has defined.
    """
    first = sheets[0]
    parts = [patterns(first.frame.factor, prefix)]
    if refs is None:
        parts += [_defined(sheet, prefix, place) for place, sheet in enumerate(sheets)]
    layers = "".join(
        _layer(sheet, fills if not place else {}, refs or ids(sheet.units, prefix, place), place)
        for place, sheet in enumerate(sheets)
    )
    parts.append(_framed(first, f"{prefix}-clip", layers + _above(first, 1.0, ' vector-effect="non-scaling-stroke"')))
    for place, sheet in enumerate(sheets):
        shown = _labels(sheet, fills if not place else dict.fromkeys(sheet.rings, "#ffffff"), live=True)
        hidden = ' hidden=""' if place else ""
        parts.append(f'<g class="map-labels" data-layer="{place}" pointer-events="none"{hidden}>{_halos(shown)}</g>')
    if scale_at := free_corner(first, 250, 62, "br bl tr tl", []):
        parts.append(f'<g class="map-scale" pointer-events="none">{map_legend.scale_bar(first, *scale_at)}</g>')
    return whole("".join(parts), first.frame.height, ' class="map-svg"')


def ids(units: list[dict], prefix: str, layer: int = 0) -> dict[str, str]:
    """Return the id under which a live map defines each unit's path."""
    return {unit["code"]: f"{prefix}-{layer}-{place}" for place, unit in enumerate(units)}


def whole(body: str, height: float, extra: str = "", width: float = WIDTH) -> str:
    """Return a picture from its parts."""
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" {FONT}{extra}>{body}</svg>'


def patterns(factor: float, prefix: str) -> str:
    """Define the patterns, of the same size on the sheet whatever the units' own scale."""
    size = f"scale({1 / factor:.5f})"
    return (
        "<defs>"
        + "".join(
            f'<pattern id="{prefix}-{name}" patternUnits="userSpaceOnUse" width="{step}" height="{step}"'
            f' patternTransform="{size}{turn}">{body}</pattern>'
            for name, step, turn, body in _PATTERNS.values()
        )
        + "</defs>"
    )


def move(frame: Frame) -> str:
    """Return the transform from a layer's coordinates to the sheet."""
    return f"translate({frame.shift:.2f} {MARGIN}) scale({frame.factor:.5f}) translate({-frame.x:.2f} {-frame.y:.2f})"


def _defined(sheet: Sheet, prefix: str, place: int) -> str:
    names = ids(sheet.units, prefix, place)
    keep = 'vector-effect="non-scaling-stroke"'
    paths = "".join(f'<path id="{names[u["code"]]}" d="{text(u["d"])}" {keep}/>' for u in sheet.units)
    return f"<defs>{paths}</defs>"


def _layer(sheet: Sheet, fills: dict[str, str], refs: dict[str, str], place: int) -> str:
    units = "".join(
        f'<use href="#{refs[u["code"]]}" data-code="{text(u["code"])}" fill="{fills.get(u["code"], "none")}"/>'
        for u in sheet.units
    )
    hidden = ' hidden=""' if place else ""
    return f'<g data-layer="{place}" stroke="{EDGE}" stroke-width="1.1"{hidden}>{units}</g>'


def _units(sheet: Sheet, fills: dict[str, str], clip: str) -> str:
    """Draw units, the upper level's outlines and the report's own unit, in that order."""
    thin = 1 / sheet.frame.factor  # paper has one size: the scale is divided out of line widths
    paths = "".join(f'<path d="{text(unit["d"])}" fill="{fills[unit["code"]]}"/>' for unit in sheet.units)
    name = f"{clip}-units"
    # A grey line around the whole, under the white ones between units: pale units end somewhere on white paper.
    drawn = f'<defs><g id="{name}">{paths}</g></defs>' + "".join(
        f'<use href="#{name}" stroke="{colour}" stroke-width="{wide * thin:.3f}"/>'
        for colour, wide in (("#8a94a0", 2.6), (EDGE, 1.1))
    )
    return _framed(sheet, clip, drawn + _above(sheet, thin, ""))


def _framed(sheet: Sheet, clip: str, body: str) -> str:
    return (
        f'<clipPath id="{clip}"><rect width="{WIDTH}" height="{sheet.frame.height:g}"/></clipPath>'
        f'<g clip-path="url(#{clip})">'
        f'<g transform="{move(sheet.frame)}" stroke-linejoin="round" fill-rule="evenodd">{body}</g></g>'
    )


def _above(sheet: Sheet, thin: float, keep: str) -> str:
    above = ""
    for path, colour, wide in ((sheet.outlines, "#3a4654", 1.6), (sheet.own, OWN, 3.5)):
        if path:
            width = f'stroke-width="{wide * thin:.3f}"{keep}'
            above += f'<path d="{text(path)}" fill="none" stroke="{colour}" {width} pointer-events="none"/>'
    return above


def _labels(sheet: Sheet, fills: dict[str, str], *, live: bool = False) -> str:
    return "".join(
        halo(x, y + size * (0.34 + 1.08 * (row - (len(lines) - 1) / 2)), size, line, fills[code], code if live else "")
        for code, x, y, size, lines in sheet.labels
        for row, line in enumerate(lines)
    )


def _numbers(sheet: Sheet, fills: dict[str, str]) -> str:
    places = {unit["code"]: sheet.frame.point(unit["x"], unit["y"]) for unit in sheet.units}
    leads = "".join(
        f'<path d="M{places[code][0]:.1f} {places[code][1]:.1f}L{x:.1f} {y:.1f}" stroke="#10151c" stroke-width="0.9"/>'
        for _, code, _, x, y in sheet.key
        if places[code] != (x, y)
    )
    return leads + "".join(halo(x, y + 5, 14, str(number), fills[code]) for number, code, _, x, y in sheet.key)


def _halos(labels: str) -> str:
    edge = 'stroke-width="4.5" stroke-opacity="0.95" stroke-linejoin="round" paint-order="stroke"'
    return f"<g {edge}>{labels}</g>"
