"""Show the same map many times over: one small picture a quarter, with the same classes. Lengths: sheet units."""

import textwrap
from dataclasses import dataclass, replace

from infoaccess import map_cells, map_layout, map_legend, map_paths, map_svg, maps, words
from infoaccess.map_scale import Scale
from infoaccess.map_text import OWN, write

MOST = 12
GAP, HEAD = 14, 26
NARROW, PAIR = 480, 2  # a telephone's sheet, where letters keep their size, and its pictures in a row
LINE = "#7d8894"  # white lines would lose the palest units on white
PATTERN = 1.6  # hatches are finer in small pictures


def quarters(months: list[str]) -> list[str]:
    """Choose the last month of each quarter, and the newest month of all: twelve at most, the newest ones.

    >>> quarters(["2024-11", "2024-12", "2025-01", "2025-02", "2025-03", "2025-04"])
    ['2024-12', '2025-03', '2025-04']
    """
    chosen = [m for m in months if int(m[5:]) % 3 == 0 or m == months[-1]]
    return chosen[-MOST:]


def frames(
    id: str,
    layer: dict,
    months: list[str],
    cells: dict[str, dict],
    chosen: Scale,
    title: str,
    *,
    highlight: str | None = None,
    lang: str = "vi",
    base: tuple[str, dict] | None = None,
) -> maps.Map:
    """Draw one small map a month of `months`; cells are {month: {code: cell}}.

    On the page the paths are those of its first map, if `base` gives that map's id and layer.

    Raises ValueError for an unusable id, and for no month to show.
    """
    maps.checked_id(id)
    if not months:
        raise ValueError(f"map {id}: no month to show")
    layer = map_paths.shortened(layer)
    codes = [unit["code"] for unit in layer["units"]]
    shown = map_cells.clean(cells, months, codes)
    own = highlight if highlight in codes else None
    drawn = _Drawn(id, layer, shown, chosen, title, own, lang)
    svg = _whole(drawn, map_svg.ids(layer["units"], id), defined=True)
    if not base:
        return maps.Map(f'<div class="map-still">{svg}</div>', svg)
    refs = map_svg.ids(base[1]["units"], f"{base[0]}-live")
    small = _whole(replace(drawn, id=f"{id}-narrow"), refs, defined=False, sheet=NARROW, columns=PAIR)
    live = f'<div class="map-still">{_whole(drawn, refs, defined=False)}</div>'
    return maps.Map(f'{live}<div class="map-still map-narrow">{small}</div>', svg)


@dataclass(frozen=True)
class _Drawn:
    """Hold what both drawings, for page and paper, are made of."""

    id: str
    layer: dict
    shown: dict[str, dict]
    chosen: Scale
    title: str
    own: str | None
    lang: str


def _whole(
    drawn: _Drawn, names: dict[str, str], *, defined: bool, sheet: float = map_layout.WIDTH, columns: int = 4
) -> str:
    months, units = list(drawn.shown), drawn.layer["units"]
    columns = min(len(months), columns)
    wide = (sheet - GAP * (columns - 1)) / columns
    points = [p for unit in units for ring in map_layout.rings(unit["d"]) for p in ring]
    frame = map_layout.fitted(points, wide, wide)
    tall = frame.height + HEAD + GAP
    parts = [map_svg.patterns(frame.factor * PATTERN, drawn.id)]
    # The page's paths keep their line width at any scale; paper's do not, so there the scale is divided out.
    thin = 1 / frame.factor if defined else 1.0
    if defined:
        parts.append("<defs>" + "".join(f'<path id="{names[u["code"]]}" d="{u["d"]}"/>' for u in units) + "</defs>")
    for place, (month, cells) in enumerate(drawn.shown.items()):
        left, top = place % columns * (wide + GAP), place // columns * tall
        parts.append(write(left + wide / 2, top + 17, 17, _name(month, drawn.lang), "middle", "bold"))
        shapes = "".join(f'<use href="#{names[c]}" fill="{_fill(cells[c], drawn)}"/>' for c in cells)
        if drawn.own:
            line = f'stroke="{OWN}" stroke-width="{2 * thin:.2f}"'
            shapes += f'<use href="#{names[drawn.own]}" fill="none" {line}/>'
        line = f'stroke="{LINE}" stroke-width="{0.4 * thin:.2f}" stroke-linejoin="round" fill-rule="evenodd"'
        parts.append(
            f'<g transform="translate({left:.1f} {top + HEAD:.1f})">'
            f'<g transform="{map_svg.move(frame)}" {line}>{shapes}</g></g>'
        )
    legend, below = _legend(drawn, frame.factor * PATTERN, -(-len(months) // columns) * tall + 6, sheet)
    return map_svg.whole("".join(parts) + legend, below, width=sheet)


def _name(month: str, lang: str) -> str:
    """Name a frame: the quarter that a month ends, else the month."""
    quarter, rest = divmod(int(month[5:]), 3)
    if rest:
        return words.month(month, lang)[0].upper() + words.month(month, lang)[1:]
    return words.load(lang)("map.quarter", quarter=("I", "II", "III", "IV")[quarter - 1], year=month[:4])


def _fill(cell: dict, drawn: _Drawn) -> str:
    return drawn.chosen.colour(cell["value"]) if "value" in cell else map_svg.fill(cell["status"], drawn.id)


def _legend(drawn: _Drawn, factor: float, top: float, sheet: float) -> tuple[str, float]:
    """Draw the legend in lines under the frames; return it with where it ends."""
    met = {cell["status"] for by in drawn.shown.values() for cell in by.values()}
    entries = list(zip(drawn.chosen.colours, drawn.chosen.labels, strict=True))
    signs = maps.sign_entries(met, drawn.id, drawn.lang, bool(drawn.own))
    entries += [(fill, label) for _, fill, label in signs]
    parts, y = [], top
    for line in textwrap.wrap(drawn.title, int(sheet / 10.5)):
        y += 22
        parts.append(write(4, y, 17, line, weight="bold"))
    x, y = 4.0, y + 12
    for fill, label in entries:
        wide = 62 + 8.6 * len(label)
        if x + wide > sheet and x > 4:
            x, y = 4.0, y + 30
        parts.append(f'<g transform="translate({x:.1f} {y:.1f})">{map_legend.swatch(fill, factor)}</g>')
        parts.append(write(x + 42, y + 16, 17, label))
        x += wide
    return "".join(parts), y + 34
