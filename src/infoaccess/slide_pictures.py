"""Pictures for a projector: one unit of the drawing is one point on the slide, and no letter is below 18.

Colours, classes and signs are those of the report's maps and charts (`map_scale`, `map_svg`, `chart_plan`).
"""

import textwrap
from dataclasses import dataclass

from infoaccess import chart_plan, chart_svg, map_layout, map_legend, map_paths, map_svg, words
from infoaccess.chart_plan import AXIS, FILLS, GRID, INK, LINES, MUTED, SHAPES, Series
from infoaccess.chart_svg import MARKS, line_of
from infoaccess.map_text import EDGE, OWN, write

WIDE, TALL = 680, 262  # what a slide has room for
LETTER, STRONG = 18, 20
LEGEND, LINE = 284, 21.5
MAP_WIDE = WIDE - LEGEND


@dataclass(frozen=True)
class Drawing:
    """Hold a picture for the slide; the notebook shows the same one."""

    svg: str
    html: str = ""


def chart_map(layer: dict, fills: dict[str, str], heading: str, entries: list, *, marks=(), own=None, id: str) -> str:
    """Draw units beside their legend.

    `fills` by code; `entries` are (fill, label); `marks` are (code, number, label), drawn on the unit and listed under
    the legend; `own` is the code of the report's own unit.
    """
    layer = map_paths.shortened(layer)
    shapes = [point for unit in layer["units"] for ring in map_layout.rings(unit["d"]) for point in ring]
    frame = map_layout.fitted(shapes, MAP_WIDE, TALL)
    thin = 1 / frame.factor
    paths = "".join(f'<path d="{u["d"]}" fill="{fills[u["code"]]}"/>' for u in layer["units"])
    drawn = f'<defs><g id="{id}-units">{paths}</g></defs>' + "".join(
        f'<use href="#{id}-units" stroke="{colour}" stroke-width="{wide * thin:.3f}"/>'
        for colour, wide in (("#8a94a0", 1.6), (EDGE, 0.7))
    )
    for unit in (u for u in layer["units"] if u["code"] == own):
        drawn += f'<path d="{unit["d"]}" fill="none" stroke="{OWN}" stroke-width="{3 * thin:.3f}"/>'
    body = map_svg.patterns(frame.factor, id)
    body += f'<g transform="{map_svg.move(frame)}" stroke-linejoin="round" fill-rule="evenodd">{drawn}</g>'
    at = {u["code"]: frame.point(u["x"], u["y"]) for u in layer["units"]}
    body += _numbers([(*at[code], number) for code, number, _ in marks if code in at])
    left, y = WIDE - LEGEND + 12, 16.0
    body += write(left, y, LETTER, heading, weight="bold")
    for colour, label in entries:
        y += LINE
        body += f'<g transform="translate({left} {y - 16:.1f})">{map_legend.swatch(colour, frame.factor)}</g>'
        body += write(left + 42, y, LETTER, label)
    y += 6 if marks else 0
    for _, _, label in marks:
        y += LINE
        body += write(left, y, LETTER, label)
    return map_svg.whole(body, max(frame.height, y + 8), width=WIDE)


def _numbers(marks: list[tuple[float, float, int]]) -> str:
    """Draw numbers in discs, moved apart where they meet."""
    placed: list[tuple[float, float]] = []
    body = ""
    for x, y, number in marks:
        for _ in range(12):
            near = next(((a, b) for a, b in placed if (a - x) ** 2 + (b - y) ** 2 < 23**2), None)
            if not near:
                break
            x, y = x + (8 if x >= near[0] else -8), y + (8 if y >= near[1] else -8)
        placed.append((x, y))
        body += f'<circle cx="{x:.1f}" cy="{y:.1f}" r="11" fill="{INK}" stroke="#ffffff" stroke-width="1.5"/>'
        body += write(x, y + 6.3, LETTER, str(number), "middle", "bold", "#ffffff")
    return body


def lines(months: list[str], series: list[Series], *, title: str, lang: str, breaks=(), tall: float = TALL) -> str:
    """Draw monthly shares with their last values at the end of each line; None leaves a gap."""
    known = [v for one in series for v in one.values if v is not None]
    if not known:
        return _sheet(tall, write(WIDE / 2, tall / 2, STRONG, words.load(lang)("charts.empty"), "middle"))
    ticks = chart_plan.ticks(0, max(known), share=True, wanted=4)
    digits = 0 if all(round(t * 1000) % 10 == 0 for t in ticks) else 1
    labels = [words.share(t, lang, digits) for t in ticks]
    left = 10 + max(chart_plan.width(label, LETTER) for label in labels)
    right, top, bottom = WIDE - 205, 48.0 if breaks else 30.0, tall - 30
    xs = chart_plan.across(months, left, right)

    def y(value: float) -> float:
        return bottom - (value - ticks[0]) / (ticks[-1] - ticks[0]) * (bottom - top)

    body = write(0, 15, LETTER, title, colour=MUTED)
    for value, label in zip(ticks, labels, strict=True):
        colour = AXIS if value == ticks[0] else GRID
        body += f'<path d="M{left:.1f} {y(value):.1f}H{right:.1f}" stroke="{colour}" fill="none"/>'
        body += write(left - 7, y(value) + 6, LETTER, label, "end", colour=MUTED)
    for month, label in breaks:
        x = xs[months.index(month)]
        body += f'<path d="M{x:.1f} 38V{bottom:.1f}" stroke="{MUTED}" stroke-dasharray="5 4" fill="none"/>'
        side = "end" if x > (left + right) / 2 else "start"
        body += write(x + (4 if side == "start" else -4), 37, LETTER, label, side, colour=MUTED)
    body += _months(months, xs, bottom)
    ends = []
    for place, one in enumerate(series):
        body += _curve(one, LINES[place], SHAPES[place], xs, y)
        held = [(x, v) for x, v in zip(xs, one.values, strict=True) if v is not None]
        if held:
            value, last = words.share(held[-1][1], lang), max(i for i, v in enumerate(one.values) if v is not None)
            if last < len(months) - 1:  # an older value never stands as if it were this month's
                value = words.load(lang)("slide.trend.until", value=value, month=words.month_short(months[last]))
            rows = [value, *textwrap.wrap(one.name, 22)]
            ends.append((y(held[-1][1]), held[-1][0], rows, LINES[place]))
    return _sheet(tall, body + _ends(sorted(ends), right, tall))


def _curve(one: Series, colour: str, shape: str, xs: list[float], y) -> str:
    known = {place for place, value in enumerate(one.values) if value is not None}
    ends = {place for place in known if not {place - 1, place + 1} & known} | ({max(known)} if known else set())
    look = f'fill="none" stroke="{colour}" stroke-linejoin="round"'
    whole, some = chart_svg.strokes(one, xs, y)
    body = f'<path d="{whole}" {look} stroke-width="3.2"/>' if whole else ""
    body += f'<path d="{some}" {look} stroke-width="2.2" stroke-dasharray="2 4"/>' if some else ""
    for place in sorted(ends | (one.partial & known)):
        fill = f'fill="#ffffff" stroke="{colour}" stroke-width="1.2"' if place in one.partial else f'fill="{colour}"'
        body += (
            f'<g transform="translate({xs[place]:.1f} {y(one.values[place]):.1f}) scale(1.7)" {fill}>{MARKS[shape]}</g>'
        )
    return body


def _months(months: list[str], xs: list[float], bottom: float) -> str:
    """Name the first and the last month, and years between them where there is room."""
    named = {0: words.month_short(months[0]), len(months) - 1: words.month_short(months[-1])}
    for place, month in enumerate(months):
        if month.endswith("-01") and all(abs(xs[place] - xs[other]) > 75 for other in named):
            named[place] = month[:4]
    body = ""
    for place, label in sorted(named.items()):
        body += f'<path d="M{xs[place]:.1f} {bottom:.1f}v6" stroke="{AXIS}" fill="none"/>'
        body += write(xs[place], bottom + 24, LETTER, label, "middle", colour=MUTED)
    return body


def _ends(ends: list[tuple], right: float, tall: float) -> str:
    """Write the labels at the ends of lines, none over another."""
    sizes = [STRONG + LETTER * 1.1 * (len(rows) - 1) + 8 for _, _, rows, _ in ends]
    tops: list[float] = []
    for (level, *_), size in zip(ends, sizes, strict=True):
        tops.append(max(level - size / 2, tops[-1] + sizes[len(tops) - 1] if tops else 0.0))
    limit = tall - 36  # the months stand below
    for place in reversed(range(len(tops))):
        tops[place] = min(tops[place], limit - sizes[place])
        limit = tops[place]
    body = ""
    for top, size, (level, x, rows, colour) in zip(tops, sizes, ends, strict=True):
        lead = f"M{x + 7:.1f} {level:.1f}L{right + 16:.1f} {top + size / 2:.1f}"
        body += f'<path d="{lead}" stroke="{AXIS}" fill="none"/>'
        for row, text in enumerate(rows):
            base = top + STRONG + LETTER * 1.1 * row
            weight = "normal" if row else "bold"
            body += write(right + 22, base, LETTER if row else STRONG, text, weight=weight, colour=colour)
    return body


def bars(rows: list[tuple[str, int | None, str]], tall: float = TALL) -> str:
    """Draw one bar a row: (label, value, what stands at its end); a row without value has no bar."""
    top, step = 4.0, (tall - 8) / max(1, len(rows))
    most = max([value for _, value, _ in rows if value] or [1])
    ends = max(chart_plan.width(text, STRONG) for *_, text in rows) * 1.08 + 14
    body = ""
    for place, (label, value, text) in enumerate(rows):
        y = top + step * place
        body += line_of(0, y + 18, label, font_size=STRONG, fill=INK)
        wide = (WIDE - ends) * value / most if value else 0.0
        if wide:
            body += f'<rect x="0" y="{y + 26:.1f}" width="{wide:.1f}" height="24" fill="{FILLS[0]}"/>'
        look = {"font_weight": "bold", "fill": INK} if value is not None else {"font_style": "italic", "fill": MUTED}
        body += line_of(wide + (10 if wide else 0), y + 45, text, font_size=STRONG, **look)
    return _sheet(tall, body)


def _sheet(tall: float, body: str) -> str:
    return map_svg.whole(body, tall, width=WIDE)
