"""Plan charts: what both dresses of a chart share (ticks, places of labels, colours, marks).

Lengths are user units of the SVG, which are close to pixels; see charts.py and chart_svg.py.
"""

import math
import textwrap
from collections.abc import Callable
from dataclasses import dataclass

from infoaccess import words

INK, MUTED, GRID, AXIS = "#1f2328", "#4a4f57", "#e3e6ea", "#8a9099"
LINES = ("#0067a5", "#b34700", "#00704f", "#8f3f71", "#755200", "#3d4450")
FILLS = ("#00588f", "#e69f00", "#00795a", "#8ccbf2", "#a63d00", "#d9a3c2", "#5b6470")
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "x")
WIDTH, SIZE, LEAD = 720, 14, 16  # user units; printed 162 mm wide, 14 units are 9 pt
NARROW = 370  # user units of a chart for a telephone, where letters keep their size
SANS = 1.2  # how much wider a sans-serif face of a screen runs than the serif of paper


@dataclass(frozen=True)
class Series:
    """Name one value a place; None where nothing is published."""

    name: str
    values: list[float | None]
    colour: str | None = None
    dash: bool = False
    partial: frozenset[int] = frozenset()  # places whose value counts fewer units than the others'


@dataclass(frozen=True)
class Style:
    """Say how one line looks; `marked` are the places that carry a mark."""

    colour: str
    shape: str
    marked: frozenset[int]


@dataclass(frozen=True)
class LinePlan:
    """Hold what a line chart shows and where its labels go."""

    months: list[str]
    series: list[Series]
    styles: list[Style]
    ticks: list[float]
    text: Callable
    tick: Callable
    y_title: str
    breaks: list[tuple[str, str, int]]
    rows: int
    target: tuple[str, float] | None
    target_left: bool
    left: float
    right: float
    lang: str
    wide: int = WIDTH

    @property
    def beside(self) -> bool:
        """Tell whether there is room to name the lines beside their ends, and the breaks where they stand."""
        return self.wide >= WIDTH

    def told(self, one: Series, place: int) -> str:
        """Write one value, with the sign of a month that counts fewer units."""
        sign = words.load(self.lang)("sign.partial") if place in one.partial else ""
        return self.text(one.values[place]) + sign

    def end(self, place: int, value: float) -> str:
        """Write the value that stands at a line's end; with its month where that is not the last one."""
        return _end(self.months, place, value, self.text)


@dataclass(frozen=True)
class BarPlan:
    """Hold what a bar chart shows."""

    labels: list[str]
    wrapped: list[list[str]]
    series: list[Series]
    colours: list[str]
    totals: list[float]
    total_texts: list[str]
    ticks: list[float]
    text: Callable
    tick: Callable
    x_title: str
    unit: str
    lang: str
    wide: int = WIDTH
    face: float = 1.0

    @property
    def beside(self) -> bool:
        """Tell whether there is room to name the bars beside them; else they are named above."""
        return self.wide >= WIDTH


def on_fill(colour: str) -> str:
    """Return the ink, dark or white, that reads better on a fill.

    >>> on_fill("#00588f"), on_fill("#e69f00")
    ('#ffffff', '#1f2328')
    """
    return "#ffffff" if luminance(colour) < 0.22 else INK


def luminance(colour: str) -> float:
    """Return the relative luminance (0-1, WCAG) of a colour written #rrggbb."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def width(text: str, size: float = SIZE) -> float:
    """Estimate how wide a text is set in a serif face, in the unit of `size`."""
    narrow, wide = "iljtfrI.,:;'|!()[] \N{NO-BREAK SPACE}-", "mwMW%@—…"
    ems = sum(0.32 if c in narrow else 0.86 if c in wide else 0.7 if c.isupper() else 0.5 for c in text)
    return ems * size


def ticks(low: float, high: float, *, share: bool, whole: bool = False, wanted: int = 5) -> list[float]:
    """Return round values that cover low..high, from zero unless the values lie far above it.

    >>> ticks(0.12, 0.43, share=True)
    [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    >>> ticks(0.91, 0.95, share=True)
    [0.91, 0.92, 0.93, 0.94, 0.95]
    """
    low = 0.0 if low < high * 0.6 or low == high else low
    spread = (high - low) or 1.0
    power = 10.0 ** math.floor(math.log10(spread / wanted))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m * wanted >= spread * 0.999)
    step = max(1.0, math.ceil(step)) if whole else step
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    last = min(last, round(1 / step)) if share and high <= 1 and (1 / step) % 1 < 1e-9 else last
    return [round(place * step, 10) for place in range(first, max(last, first + 1) + 1)]


def _writers(values: list[float], marks: list[float], share: bool, lang: str) -> tuple[Callable, Callable]:
    """Return how values and ticks are written: ticks with no more digits than their step needs."""
    step = (marks[1] - marks[0]) * (100 if share else 1)
    digits = next(d for d in range(6) if abs(round(step, d) - step) < 1e-9 or d == 5)
    fine = 1 if share or any(value % 1 for value in values) else 0
    write = words.share if share else words.number
    return lambda value: write(value, lang, fine), lambda value: write(value, lang, digits)


def plan_line(months, series, y_title, share, breaks, target, lang, wide=WIDTH, face=1.0) -> LinePlan:
    """Decide ticks, label rows and margins of a line chart; `face` is how wide its letters run, paper's being 1."""
    known = [value for one in series for value in one.values if value is not None]
    reach = [*known, target[1]] if target else known
    whole = not share and all(value % 1 == 0 for value in reach)
    marks = ticks(min(reach), max(reach), share=share, whole=whole)
    text, tick = _writers(known, marks, share, lang)
    beside = wide >= WIDTH
    left = 10 + face * max(width(tick(value)) for value in marks)
    ends = [width(row, 13.5) for one in series for row in textwrap.wrap(one.name, 22) if beside]
    last = [[(i, v) for i, v in enumerate(one.values) if v is not None][-1:] for one in series]
    ends += [width(_end(months, *found, text)) * 1.1 for one in last for found in one]
    right = (24 if beside else 14) + face * max(ends)
    at = across(months, left, wide - right)
    here = [(at[months.index(m)], label, m) for m, label in breaks if m in months]
    rows = _rows(here, face) if beside else [(0, label, month) for _, label, month in here]
    if target:
        label, value = target
        written = {t.replace("\N{NO-BREAK SPACE}", " ") for t in (text(value), tick(value))}
        told = any(t in label.replace("\N{NO-BREAK SPACE}", " ") for t in written)
        target = (label if told else f"{label}: {text(value)}", value)
    return LinePlan(
        months=months,
        series=series,
        styles=[_style(place, one, months) for place, one in enumerate(series)],
        ticks=marks,
        text=text,
        tick=tick,
        y_title=y_title,
        breaks=[(month, label, row) for row, label, month in rows],
        rows=1 + max(row for row, _, _ in rows) if rows else 0,
        target=target,
        target_left=bool(target) and _left_is_free(series, target[1]),
        left=left,
        right=right,
        lang=lang,
        wide=wide,
    )


def _end(months: list[str], place: int, value: float, text: Callable) -> str:
    late = place == len(months) - 1
    return text(value) if late else f"{text(value)} ({words.month_short(months[place])})"


def _style(place: int, one: Series, months: list[str]) -> Style:
    """Mark each quarter's first month, the last value, and values that stand alone."""
    known = [i for i, value in enumerate(one.values) if value is not None]
    alone = {i for i in known if not {i - 1, i + 1} & set(known)}
    marked = (
        alone
        | (one.partial & set(known))
        | {i for i in known if months[i][5:] in ("01", "04", "07", "10")}
        | set(known[-1:])
    )
    return Style(one.colour or LINES[place % len(LINES)], SHAPES[place % len(SHAPES)], frozenset(marked))


def across(months: list[str], left: float, right: float) -> list[float]:
    """Return the x of each month between two edges."""
    if len(months) == 1:
        return [(left + right) / 2]
    pad = 6
    return [left + pad + i * (right - left - 2 * pad) / (len(months) - 1) for i in range(len(months))]


def _rows(breaks: list[tuple[float, str, str]], face: float) -> list[tuple[int, str, str]]:
    """Give each break's label a row, from the right, so that it meets no other label and no other line."""
    placed: list[tuple[int, str, str, float, float]] = []
    for x, label, month in sorted(breaks, key=lambda one: -one[0]):
        end = x + 8 + face * width(label, 13)
        # Whatever starts under this label, be it a label or a line rising to one, keeps the label above it.
        row = 1 + max((other for other, _, _, start, _ in placed if start < end), default=-1)
        placed.append((row, label, month, x, end))
    return [one[:3] for one in placed[::-1]]


def _left_is_free(series: list[Series], level: float) -> bool:
    """Tell whether lines keep further from a level in their first third than in their last."""

    def distance(part: slice) -> float:
        return min((abs(v - level) for one in series for v in one.values[part] if v is not None), default=math.inf)

    third = max(1, len(series[0].values) // 3)
    return distance(slice(0, third)) >= distance(slice(-third, None))


def plan_bars(labels, series, x_title, lang, unit, wide=WIDTH, face=1.0) -> BarPlan:
    """Decide ticks, totals and colours of a bar chart; a total with a part unpublished is 'at least'."""
    share = unit == "%"
    parts = [[one.values[i] for one in series] for i in range(len(labels))]
    totals = [sum(value for value in row if value is not None) for row in parts]
    known = [value for row in parts for value in row if value is not None]
    whole = not share and all(value % 1 == 0 for value in known)
    marks = ticks(0, max(totals) or 1, share=share, whole=whole)
    text, tick = _writers(known, marks, share, lang)
    none = words.load(lang)("charts.none")
    texts = [
        none if all(value is None for value in row) else ("≥\N{NO-BREAK SPACE}" if None in row else "") + text(total)
        for row, total in zip(parts, totals, strict=True)
    ]
    return BarPlan(
        labels=labels,
        wrapped=[textwrap.wrap(label, 26 if wide >= WIDTH else 44) or [""] for label in labels],
        series=series,
        colours=[one.colour or FILLS[i % len(FILLS)] for i, one in enumerate(series)],
        totals=totals,
        total_texts=texts,
        ticks=marks,
        text=text,
        tick=tick,
        x_title=x_title,
        unit=unit,
        lang=lang,
        wide=wide,
        face=face,
    )
