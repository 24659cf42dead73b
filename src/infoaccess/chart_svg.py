"""Draw planned charts as plain SVG for paper: no font file, no script and no page size is assumed."""

import json
import textwrap
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from infoaccess import words
from infoaccess.chart_plan import (
    AXIS,
    GRID,
    INK,
    LEAD,
    MUTED,
    SIZE,
    WIDTH,
    LinePlan,
    Series,
    Style,
    across,
)

FONT = "Times New Roman, Liberation Serif, Libertinus Serif, serif"
PLOT_HEIGHT = 240
SIGNS = "①②③④⑤⑥⑦⑧⑨"  # breaks of a series, where they are named below
DOTS = {"stroke_width": 0.9, "stroke_dasharray": "4 3"}
MARKS = {  # each drawn around 0, 0
    "circle": '<circle r="3.4"/>',
    "square": '<rect x="-3.2" y="-3.2" width="6.4" height="6.4"/>',
    "triangle-up": '<path d="M0-4.4 4.2 3.2H-4.2Z"/>',
    "diamond": '<path d="M0-4.6 4.6 0 0 4.6-4.6 0Z"/>',
    "cross": '<path d="M-1.5-4.2h3v2.7h2.7v3h-2.7v2.7h-3v-2.7h-2.7v-3h2.7Z"/>',
    "x": '<path d="M-1.5-4.2h3v2.7h2.7v3h-2.7v2.7h-3v-2.7h-2.7v-3h2.7Z" transform="rotate(45)"/>',
}


@dataclass(frozen=True)
class End:
    """Place one label beside the end of its line; `centre` counts from the top of the plot."""

    place: int
    level: float
    centre: float
    value: str
    lines: list[str]
    colour: str


@dataclass(frozen=True)
class Frame:
    """Say where a line chart's plot lies, in user units; `xs` are its months' places."""

    left: float
    top: float
    right: float
    bottom: float
    xs: list[float]
    low: float
    high: float

    def y(self, value: float) -> float:
        """Return the height at which a value stands."""
        return self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - self.top)


def sheet(height: float, title: str, parts: list[str], wide: int = WIDTH) -> str:
    """Return a whole drawing."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {height:.0f}" role="img" '
        f'aria-label={quoteattr(title)} font-family={quoteattr(FONT)} font-size="{SIZE}" fill="{INK}">'
        + "".join(parts)
        + "</svg>"
    )


def line_of(x: float, y: float, text: str, **style) -> str:
    """Write one line of text; `style` holds SVG attributes, with _ for -."""
    look = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in style.items())
    return f'<text x="{x:.1f}" y="{y:.1f}"{look}>{escape(text)}</text>'


def rule(x1: float, y1: float, x2: float, y2: float, colour: str, **style) -> str:
    """Draw one straight line."""
    look = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in style.items())
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{colour}" fill="none"{look}/>'


def _mark(x: float, y: float, style: Style, *, hollow: bool = False) -> str:
    look = f'fill="#ffffff" stroke="{style.colour}" stroke-width="1.4"' if hollow else f'fill="{style.colour}"'
    return f'<g transform="translate({x:.1f} {y:.1f})" {look}>{MARKS[style.shape]}</g>'


def empty(title: str, text: str) -> str:
    """Draw the friendly empty chart."""
    frame = f'<rect x="1" y="1" width="{WIDTH - 2}" height="118" rx="8" fill="none" stroke="{AXIS}" '
    return sheet(
        120,
        title,
        [
            frame + 'stroke-dasharray="5 4"/>',
            line_of(WIDTH / 2, 52, title, text_anchor="middle", fill=MUTED),
            line_of(WIDTH / 2, 78, text, text_anchor="middle", font_style="italic", fill=MUTED),
        ],
    )


def place_ends(plan: LinePlan, height: float, line_height: float) -> list[End]:
    """Place the labels at the line ends so that none overlaps, in order of the lines."""
    low, high = plan.ticks[0], plan.ticks[-1]
    wanted = []
    for one, style in zip(plan.series, plan.styles, strict=True):
        known = [(i, value) for i, value in enumerate(one.values) if value is not None]
        if known:
            place, value = known[-1]
            level = (high - value) / (high - low) * height
            rows = textwrap.wrap(one.name, 22) if plan.beside else []
            size = line_height * (1 + len(rows)) + 5
            wanted.append((level, place, size, plan.end(place, value), rows, style.colour))
    wanted.sort(key=lambda one: one[0])
    tops: list[float] = []
    for level, _, size, *_ in wanted:
        # Above the plot stand the names of breaks, which may run over its right end.
        floor = tops[-1] + wanted[len(tops) - 1][2] if tops else -4
        tops.append(max(level - size / 2, floor))
    limit = height + 10
    for i in reversed(range(len(tops))):
        tops[i] = min(tops[i], limit - wanted[i][2])
        limit = tops[i]
    return [
        End(place, level, top + size / 2, text, rows, colour)
        for top, (level, place, size, text, rows, colour) in zip(tops, wanted, strict=True)
    ]


def frame(plan: LinePlan) -> Frame:
    """Return where the plot of a line chart lies: below its title and what is named above it."""
    right = plan.wide - plan.right
    if plan.beside:
        ends = place_ends(plan, PLOT_HEIGHT, LEAD)
        spill = max([0.0, *(8 - (end.centre - LEAD * (1 + len(end.lines)) / 2) for end in ends)])
        top = max(36 + 17 * plan.rows, spill)
    else:
        top = _names(plan)[1] + (32 if plan.breaks else 18)
    xs = across(plan.months, plan.left, right)
    return Frame(plan.left, top, right, top + PLOT_HEIGHT, xs, plan.ticks[0], plan.ticks[-1])


def line(plan: LinePlan) -> str:
    """Draw monthly lines; None leaves a gap."""
    at = frame(plan)
    parts = [line_of(0, 14, plan.y_title, fill=MUTED)]
    for value in plan.ticks:
        colour = AXIS if value == at.low else GRID
        parts.append(rule(plan.left, at.y(value), at.right, at.y(value), colour))
        parts.append(line_of(plan.left - 6, at.y(value) + 4.5, plan.tick(value), text_anchor="end", fill=MUTED))
    parts += _calendar(plan, at.xs, at.bottom)
    parts += _breaks(plan, at)
    if plan.target:
        label, value = plan.target
        dashed = {"stroke_width": 1.3, "stroke_dasharray": "7 4"}
        parts.append(rule(plan.left, at.y(value), at.right, at.y(value), MUTED, **dashed))
        x, side = (plan.left + 4, "start") if plan.target_left else (at.right - 4, "end")
        # On top of the plot a level's name would meet those of the breaks.
        y = at.y(value) + (16 if at.y(value) - at.top < 18 else -5)
        parts.append(line_of(x, y, label, text_anchor=side, fill=MUTED, font_style="italic"))
    for one, style in zip(plan.series, plan.styles, strict=True):
        parts.append(_curve(one, style, at.xs, at.y))
    below = 42
    if not plan.beside:
        parts += _names(plan)[0]
        for place, (_, label, _) in enumerate(plan.breaks, 1):
            below += 18
            parts.append(line_of(0, at.bottom + below - 4, f"{SIGNS[place - 1]} {label}", fill=MUTED, font_size=13))
    return sheet(at.bottom + below, plan.y_title, [*parts, *_ends(plan, at)], plan.wide)


def _breaks(plan: LinePlan, at: Frame) -> list[str]:
    """Draw where a series breaks: its name beside the line or, where there is no room, a number that is named below."""
    parts = []
    for place, (month, label, row) in enumerate(plan.breaks):
        x, base = at.xs[plan.months.index(month)], at.top - 8 - 17 * row
        parts.append(rule(x, base - (11 if plan.beside else -4), x, at.bottom, MUTED, **DOTS))
        if plan.beside:
            parts.append(line_of(x + 4, base, label, font_size=13, fill=MUTED))
        else:
            parts.append(line_of(x, base, SIGNS[place], font_size=13, fill=MUTED, text_anchor="middle"))
    return parts


def _names(plan: LinePlan) -> tuple[list[str], float]:
    """Name the lines in rows below the title; return them and where they end."""
    parts, y = [], 14.0
    for one, style in zip(plan.series, plan.styles, strict=True):
        for place, text in enumerate(textwrap.wrap(one.name, 46)):
            y += 19 if not place else LEAD
            if not place:
                dash = {"stroke_dasharray": "8 4"} if one.dash else {}
                parts += [rule(0, y - 5, 24, y - 5, style.colour, stroke_width=2.1, **dash), _mark(12, y - 5, style)]
            parts.append(line_of(31, y, text, fill=style.colour))
    return parts, y


def _ends(plan: LinePlan, at: Frame) -> list[str]:
    """Write each line's last value beside its end; its name too, where there is room."""
    parts = []
    for end in place_ends(plan, PLOT_HEIGHT, LEAD):
        middle, start = at.top + end.centre, at.xs[end.place] + 6
        if at.right - start > 4 or abs(end.centre - end.level) > 5:
            # Grey and whole: a dotted line in the colour of the series is one of months that do not compare.
            parts.append(rule(start, at.top + end.level, at.right + 8, middle, "#b4bac2", stroke_width=0.7))
        first = middle - LEAD * (1 + len(end.lines)) / 2 + 12
        parts.append(line_of(at.right + 12, first, end.value, fill=end.colour, font_weight="bold"))
        for place, row in enumerate(end.lines, 1):
            parts.append(line_of(at.right + 12, first + LEAD * place, row, fill=end.colour, font_size=13.5))
    return parts


def _curve(one, style: Style, xs: list[float], y) -> str:
    dash = ' stroke-dasharray="8 4"' if one.dash else ""
    look = f'fill="none" stroke="{style.colour}" stroke-linejoin="round" stroke-linecap="butt"'
    whole, some = strokes(one, xs, y)
    lines = f'<path d="{whole}" {look} stroke-width="2.1"{dash}/>' if whole else ""
    lines += f'<path d="{some}" {look} stroke-width="1.3" stroke-dasharray="1.5 3"/>' if some else ""
    marks = [_mark(xs[i], y(one.values[i]), style, hollow=i in one.partial) for i in sorted(style.marked)]
    told = f"data-name={quoteattr(one.name)} data-values={quoteattr(json.dumps(one.values))}"
    return f"<g class='series' {told}>{lines}{''.join(marks)}</g>"


def strokes(one: Series, xs: list[float], y) -> tuple[str, str]:
    """Return the paths of a line: between months that compare, and to or from months that count fewer units.

    >>> strokes(Series("a", [1, 2, None, 3, 4], partial=frozenset({4})), [0, 10, 20, 30, 40], lambda value: value)
    ('M0.0 1.0L10.0 2.0M30.0 3.0', 'M30.0 3.0L40.0 4.0')
    """
    path, drawn = ["", ""], [None, None]
    for place, (before, value) in enumerate(zip([None, *one.values], one.values, strict=False)):
        if value is None:
            continue
        some = bool({place - 1, place} & one.partial)
        if before is not None:
            start = "" if drawn[some] == place - 1 else f"M{xs[place - 1]:.1f} {y(before):.1f}"
            path[some] += f"{start}L{xs[place]:.1f} {y(value):.1f}"
            drawn[some] = place
        elif place not in one.partial:
            path[0] += f"M{xs[place]:.1f} {y(value):.1f}"
            drawn[0] = place
    return path[0], path[1]


def _calendar(plan: LinePlan, xs: list[float], bottom: float) -> list[str]:
    """Name quarters by their first month and years in bold below them."""
    say, parts = words.load(plan.lang), []
    gap = xs[1] - xs[0] if len(xs) > 1 else 99
    short = say("charts.months").split()
    for x, month in zip(xs, plan.months, strict=True):
        number = int(month[5:])
        if number % 3 == 1 or len(xs) <= 6:
            parts.append(rule(x, bottom, x, bottom + (9 if number == 1 else 5), AXIS))
            if gap * 3 > 26 or number == 1:
                parts.append(
                    line_of(x, bottom + 20, short[number - 1], text_anchor="middle", fill=MUTED, font_size=12.5)
                )
    for year in sorted({month[:4] for month in plan.months}):
        inside = [x for x, month in zip(xs, plan.months, strict=True) if month[:4] == year]
        if len(inside) * gap > 34:
            middle = (inside[0] + inside[-1]) / 2
            look = {"text_anchor": "middle", "font_weight": "bold", "fill": MUTED}
            parts.append(line_of(middle, bottom + 38, year, **look))
    return parts
