"""Draw planned bars as plain SVG; see chart_svg.py."""

from xml.sax.saxutils import quoteattr

from infoaccess.chart_plan import AXIS, GRID, MUTED, SIZE, BarPlan, on_fill, width
from infoaccess.chart_svg import line_of, rule, sheet


def rows(plan: BarPlan) -> tuple[float, list[tuple[float, float]]]:
    """Return where the first row begins, and the top and height of each; a row holds its name and its bar."""
    top = _keys(plan)[1] if len(plan.series) > 1 else 8.0
    heights = [max(30, 15 * len(r) + 10) if plan.beside else 15 * len(r) + 34 for r in plan.wrapped]
    return top, [(top + 2 + sum(heights[:place]), height) for place, height in enumerate(heights)]


def bars(plan: BarPlan) -> str:
    """Draw horizontal stacked bars with their totals."""
    left = 12 + plan.face * max(width(row) for lines in plan.wrapped for row in lines) if plan.beside else 4
    right = plan.wide - 14 - plan.face * max(width(text, SIZE * 1.08) for text in plan.total_texts)
    scale = (right - left) / plan.ticks[-1]
    top, places = rows(plan)
    bottom = top + sum(height for _, height in places) + 4
    parts = _keys(plan)[0] if len(plan.series) > 1 else []
    for value in plan.ticks:
        x = left + value * scale
        parts.append(rule(x, top, x, bottom, AXIS if value == 0 else GRID))
        parts.append(line_of(x, bottom + 17, plan.tick(value), text_anchor="middle", fill=MUTED, font_size=13))
    parts.append(line_of(left, bottom + 37, plan.x_title, fill=MUTED))
    for place, (lines, (y, height)) in enumerate(zip(plan.wrapped, places, strict=True)):
        middle = y + (height / 2 if plan.beside else height - 15)
        first, side = (middle - 7.5 * len(lines) + 11.5, "end") if plan.beside else (y + 14, "start")
        for number, row in enumerate(lines):
            parts.append(line_of(left - 8 if plan.beside else left, first + 15 * number, row, text_anchor=side))
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
    return sheet(bottom + 46, plan.x_title, parts, plan.wide)


def _keys(plan: BarPlan) -> tuple[list[str], float]:
    """Set the key in rows above the bars."""
    parts, x, y = [], 0.0, 15.0
    for one, colour in zip(plan.series, plan.colours, strict=True):
        wide = 19 + plan.face * width(one.name)
        if x and x + wide > plan.wide:
            x, y = 0.0, y + 20
        parts.append(f'<rect x="{x:.1f}" y="{y - 11:.1f}" width="13" height="13" fill="{colour}"/>')
        parts.append(line_of(x + 18, y, one.name))
        x += wide + 18
    return parts, y + 16
