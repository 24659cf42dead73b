"""Draw planned charts as plain SVG for paper: no font file, no script and no page size is assumed."""

import json
import math
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
    BarPlan,
    LinePlan,
    Style,
    across,
    on_fill,
    width,
)

FONT = "Times New Roman, Liberation Serif, Libertinus Serif, serif"
PLOT_HEIGHT = 240
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


def _sheet(height: float, title: str, parts: list[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" '
        f'aria-label={quoteattr(title)} font-family={quoteattr(FONT)} font-size="{SIZE}" fill="{INK}">'
        + "".join(parts)
        + "</svg>"
    )


def line_of(x: float, y: float, text: str, **style) -> str:
    """Write one line of text; `style` holds SVG attributes, with _ for -."""
    look = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in style.items())
    return f'<text x="{x:.1f}" y="{y:.1f}"{look}>{escape(text)}</text>'


def _rule(x1: float, y1: float, x2: float, y2: float, colour: str, **style) -> str:
    look = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in style.items())
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{colour}" fill="none"{look}/>'


def _mark(x: float, y: float, style: Style) -> str:
    return f'<g transform="translate({x:.1f} {y:.1f})" fill="{style.colour}">{MARKS[style.shape]}</g>'


def empty(title: str, text: str) -> str:
    """Draw the friendly empty chart."""
    frame = f'<rect x="1" y="1" width="{WIDTH - 2}" height="118" rx="8" fill="none" stroke="{AXIS}" '
    return _sheet(
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
            rows = textwrap.wrap(one.name, 22)
            size = line_height * (1 + len(rows)) + 5
            wanted.append((level, place, size, plan.text(value), rows, style.colour))
    wanted.sort(key=lambda one: one[0])
    tops: list[float] = []
    for level, _, size, *_ in wanted:
        floor = tops[-1] + wanted[len(tops) - 1][2] if tops else -math.inf
        tops.append(max(level - size / 2, floor))
    limit = height + 10
    for i in reversed(range(len(tops))):
        tops[i] = min(tops[i], limit - wanted[i][2])
        limit = tops[i]
    return [
        End(place, level, top + size / 2, text, rows, colour)
        for top, (level, place, size, text, rows, colour) in zip(tops, wanted, strict=True)
    ]


def line(plan: LinePlan) -> str:
    """Draw monthly lines; None leaves a gap."""
    ends = place_ends(plan, PLOT_HEIGHT, LEAD)
    spill = max([0.0, *(8 - (end.centre - LEAD * (1 + len(end.lines)) / 2) for end in ends)])
    top = max(36 + 17 * plan.rows, spill)
    bottom = top + PLOT_HEIGHT
    right = WIDTH - plan.right
    xs = across(plan.months, plan.left, right)
    low, high = plan.ticks[0], plan.ticks[-1]

    def y(value: float) -> float:
        return bottom - (value - low) / (high - low) * PLOT_HEIGHT

    parts = [line_of(0, 14, plan.y_title, fill=MUTED)]
    for value in plan.ticks:
        colour = AXIS if value == low else GRID
        parts.append(_rule(plan.left, y(value), right, y(value), colour))
        parts.append(line_of(plan.left - 6, y(value) + 4.5, plan.tick(value), text_anchor="end", fill=MUTED))
    parts += _calendar(plan, xs, bottom, right)
    for month, label, row in plan.breaks:
        x, base = xs[plan.months.index(month)], top - 8 - 17 * row
        parts.append(_rule(x, base - 11, x, bottom, MUTED, stroke_width=0.9, stroke_dasharray="4 3"))
        parts.append(line_of(x + 4, base, label, font_size=13, fill=MUTED))
    if plan.target:
        label, value = plan.target
        dashed = {"stroke_width": 1.3, "stroke_dasharray": "7 4"}
        parts.append(_rule(plan.left, y(value), right, y(value), MUTED, **dashed))
        x, side = (plan.left + 4, "start") if plan.target_left else (right - 4, "end")
        parts.append(line_of(x, y(value) - 5, label, text_anchor=side, fill=MUTED, font_style="italic"))
    for one, style in zip(plan.series, plan.styles, strict=True):
        parts.append(_curve(one, style, xs, y))
    for end in ends:
        middle = top + end.centre
        start = xs[end.place] + 6
        if right - start > 4 or abs(end.centre - end.level) > 5:
            parts.append(_rule(start, top + end.level, right + 8, middle, end.colour, stroke_width=0.7))
            parts[-1] = parts[-1].replace("/>", ' stroke-dasharray="1.5 2.5"/>')
        first = middle - LEAD * (1 + len(end.lines)) / 2 + 12
        parts.append(line_of(right + 12, first, end.value, fill=end.colour, font_weight="bold"))
        for place, row in enumerate(end.lines, 1):
            parts.append(line_of(right + 12, first + LEAD * place, row, fill=end.colour, font_size=13.5))
    return _sheet(bottom + 42, plan.y_title, parts)


def _curve(one, style: Style, xs: list[float], y) -> str:
    pen, path = "M", []
    for x, value in zip(xs, one.values, strict=True):
        if value is None:
            pen = "M"
        else:
            path.append(f"{pen}{x:.1f} {y(value):.1f}")
            pen = "L"
    dash = ' stroke-dasharray="8 4"' if one.dash else ""
    marks = [_mark(xs[i], y(one.values[i]), style) for i in sorted(style.marked)]
    return (
        f"<g class='series' data-name={quoteattr(one.name)} data-values={quoteattr(json.dumps(one.values))}>"
        f'<path d="{"".join(path)}" fill="none" stroke="{style.colour}" stroke-width="2.1" '
        f'stroke-linejoin="round" stroke-linecap="butt"{dash}/>{"".join(marks)}</g>'
    )


def _calendar(plan: LinePlan, xs: list[float], bottom: float, right: float) -> list[str]:
    """Name quarters by their first month and years in bold below them."""
    say, parts = words.load(plan.lang), []
    gap = xs[1] - xs[0] if len(xs) > 1 else 99
    short = say("charts.months").split()
    for x, month in zip(xs, plan.months, strict=True):
        number = int(month[5:])
        if number % 3 == 1 or len(xs) <= 6:
            parts.append(_rule(x, bottom, x, bottom + (9 if number == 1 else 5), AXIS))
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


def bars(plan: BarPlan) -> str:
    """Draw horizontal stacked bars with their totals."""
    left = 12 + max(width(row) for rows in plan.wrapped for row in rows)
    right = WIDTH - 14 - max(width(text, SIZE * 1.08) for text in plan.total_texts)
    scale = (right - left) / plan.ticks[-1]
    keys, top = _keys(plan) if len(plan.series) > 1 else ([], 8.0)
    heights = [max(30, 15 * len(rows) + 10) for rows in plan.wrapped]
    bottom = top + sum(heights) + 4
    parts = list(keys)
    for value in plan.ticks:
        x = left + value * scale
        parts.append(_rule(x, top, x, bottom, AXIS if value == 0 else GRID))
        parts.append(line_of(x, bottom + 17, plan.tick(value), text_anchor="middle", fill=MUTED, font_size=13))
    parts.append(line_of(left, bottom + 37, plan.x_title, fill=MUTED))
    y = top + 2
    for place, (rows, height) in enumerate(zip(plan.wrapped, heights, strict=True)):
        middle = y + height / 2
        first = middle - 7.5 * len(rows) + 11.5
        for number, row in enumerate(rows):
            parts.append(line_of(left - 8, first + 15 * number, row, text_anchor="end"))
        x = left
        parts.append(f'<g class="bar" data-label={quoteattr(plan.labels[place])}>')
        for one, colour in zip(plan.series, plan.colours, strict=True):
            value = one.values[place]
            if not value:
                continue
            wide = value * scale
            parts.append(
                f'<rect x="{x:.1f}" y="{middle - 10:.1f}" width="{wide:.1f}" height="20" fill="{colour}" '
                f'stroke="#fff" stroke-width="0.8" data-value="{value!r}"/>'
            )
            if len(plan.series) > 1 and width(plan.text(value), 12.5) + 6 < wide:
                inside = {"text_anchor": "middle", "fill": on_fill(colour), "font_size": 12.5}
                parts.append(line_of(x + wide / 2, middle + 4.3, plan.text(value), **inside))
            x += wide
        known = any(one.values[place] is not None for one in plan.series)
        look = {"font_weight": "bold"} if known else {"font_style": "italic", "fill": MUTED}
        parts.append(line_of(x + 6, middle + 5, plan.total_texts[place], **look) + "</g>")
        y += height
    return _sheet(bottom + 46, plan.x_title, parts)


def _keys(plan: BarPlan) -> tuple[list[str], float]:
    """Set the key in rows above the bars."""
    parts, x, y = [], 0.0, 15.0
    for one, colour in zip(plan.series, plan.colours, strict=True):
        wide = 19 + width(one.name)
        if x and x + wide > WIDTH:
            x, y = 0.0, y + 20
        parts.append(f'<rect x="{x:.1f}" y="{y - 11:.1f}" width="13" height="13" fill="{colour}"/>')
        parts.append(line_of(x + 18, y, one.name))
        x += wide + 18
    return parts, y + 16
