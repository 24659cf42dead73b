"""Draw a funnel plot as plain SVG for paper and page: the rate of each unit over its size, and what chance allows.

Lengths are user units of the SVG, close to pixels. A state is told by the form of its mark before its colour; colours
say "outside", never "good" or "bad". Units without a rate are not drawn; the text beside the picture counts them.
"""

import textwrap
from functools import partial
from html import escape

import numpy as np
import pandas as pd

from infoaccess import chart_svg, words
from infoaccess.chart_plan import AXIS, GRID, INK, LEAD, LINES, MUTED, SIZE, WIDTH, ticks, width
from infoaccess.noise import Funnel, note

PLOT_HEIGHT = 300
STEPS = 160  # sizes at which the limits are worked out
NAMED = 10  # units named in the picture and in its text: the furthest outside
LABEL = 12.5  # size of a unit's name
TEXT = {
    "vi": {
        "common": "Mức chung {rate} ({shown} đơn vị)",
        "inner": "Giới hạn ngẫu nhiên 95 %",
        "outer": "Giới hạn ngẫu nhiên 99,8 %",
        "within": "Có thể do ngẫu nhiên",
        "near": "Ngoài giới hạn 95 %",
        "far": "Khác rõ rệt",
        "alt": "Biểu đồ phễu: tỷ lệ của {units} đơn vị theo quy mô, mức chung {rate}. Cao hơn rõ rệt: {above}. "
        "Thấp hơn rõ rệt: {below}. Các đơn vị còn lại có thể khác mức chung do ngẫu nhiên.",
        "hidden": "{count} đơn vị không có tỷ lệ nên không vẽ.",
        "none": "không có",
        "more": "{names} và {count} đơn vị khác",
    },
    "en": {
        "common": "Common rate {rate} ({shown} units)",
        "inner": "Limits of chance, 95%",
        "outer": "Limits of chance, 99.8%",
        "within": "May be chance",
        "near": "Outside the 95% limits",
        "far": "Clearly different",
        "alt": "Funnel plot: the rates of {units} units over their size, common rate {rate}. Clearly above: {above}. "
        "Clearly below: {below}. The other units may differ from the common rate by chance.",
        "hidden": "Units without a rate, not drawn: {count}.",
        "none": "none",
        "more": "{names} and {count} more",
    },
}
# Each drawn around 0, 0: an open ring, a filled disc, a diamond; the white edge keeps neighbours apart.
MARKS = {
    "within": f'<circle r="3.4" fill="#ffffff" stroke="{MUTED}" stroke-width="1.3"/>',
    "near": f'<circle r="3.9" fill="{LINES[0]}" stroke="#ffffff" stroke-width="0.7"/>',
    "far": f'<path d="M0-5.6 5.6 0 0 5.6-5.6 0Z" fill="{LINES[1]}" stroke="#ffffff" stroke-width="0.7"/>',
}
KINDS = {"above": "near", "below": "near", "far_above": "far", "far_below": "far"}
_LINES = {
    "common": f'stroke="{INK}" stroke-width="2"',
    "inner": f'stroke="{MUTED}" stroke-width="1.1" stroke-dasharray="2 3"',
    "outer": f'stroke="{MUTED}" stroke-width="1.3" stroke-dasharray="9 4"',
}
_text = partial(chart_svg.line_of, text_anchor="start", fill=INK, font_size=SIZE)


def draw(
    found: Funnel, *, x_title: str, y_title: str, lang: str = "vi", wide: int = WIDTH, face: float = 1
) -> tuple[str, dict]:
    """Return the SVG of a funnel and its data.

    The data: `units` (1 row = 1 unit, as in the funnel), `limits` (1 row = 1 size: denominator, lower_95, upper_95,
    lower_998, upper_998, as shares), `alt` (the picture in words), `note` (on overdispersion), `places` (where marks
    stand, by unit) and `box` (the plot: left, top, right, bottom). `wide` is the width in user units: 720 for paper and
    screens, 370 for a telephone, where letters keep their size; `face` is how wide letters run, paper's being 1.
    """
    shown = found.units[found.units["share"].notna()]
    data = {"units": found.units, "alt": alt(found, lang), "note": note(found, lang)}
    if shown.empty:
        return chart_svg.empty(y_title, words.load(lang)("charts.empty")), data | {
            "limits": _curves(found, []),
            "places": {},
            "box": (),
        }
    largest = int(shown["denominator"].max())
    edge = round(largest * 1.05) + 1
    data["limits"] = curves = _curves(found, _sizes(int(shown["denominator"].min()), edge))
    mid = found.limits(int(shown["denominator"].median()))[1]
    shares = shown["share"].astype(float)
    y_ticks = ticks(min(shares.min(), mid[0]), max(shares.max(), mid[1]), share=True)
    x_ticks = [v for v in ticks(0, edge, share=False, whole=True, wanted=max(3, wide // 120)) if v <= edge]
    digits = 0 if all(abs(v * 100 - round(v * 100)) < 1e-9 for v in y_ticks) else 1
    keys, top = _keys(found, lang, wide, face)
    top += 2 * LEAD
    left = 10 + face * max(width(words.share(v, lang, digits)) for v in y_ticks)
    right, bottom = wide - 18, top + PLOT_HEIGHT

    def x(value: float) -> float:
        return left + value / edge * (right - left)

    def y(value: float) -> float:
        return bottom - (value - y_ticks[0]) / (y_ticks[-1] - y_ticks[0]) * PLOT_HEIGHT

    parts = [*keys, _text(0, top - LEAD + 2, y_title, fill=MUTED)]
    for value in y_ticks:
        parts.append(_path([(left, y(value)), (right, y(value))], f'stroke="{AXIS if value == y_ticks[0] else GRID}"'))
        parts.append(_text(left - 6, y(value) + 4.5, words.share(value, lang, digits), text_anchor="end", fill=MUTED))
    for value in x_ticks:
        parts.append(_path([(x(value), bottom), (x(value), bottom + 5)], f'stroke="{AXIS}"'))
        parts.append(_text(x(value), bottom + 20, words.number(value, lang), text_anchor="middle", fill=MUTED))
    parts.append(_text((left + right) / 2, bottom + 40, x_title, text_anchor="middle", fill=MUTED))
    for column, kind in (("95", "inner"), ("998", "outer")):
        for side in ("lower", "upper"):
            line = zip(curves["denominator"], curves[f"{side}_{column}"], strict=True)
            inside = [(x(n), y(v)) for n, v in line if y_ticks[0] <= v <= y_ticks[-1]]
            parts.append(_path(inside, _LINES[kind]))
    parts.append(_path([(left, y(found.rate)), (right, y(found.rate))], _LINES["common"]))
    spots = [(x(n), y(v), KINDS.get(k, "within"), c) for n, v, k, c in _spots(shown)]
    data |= {"places": {code: (x, y) for x, y, _, code in spots}, "box": (left, top, right, bottom)}
    parts += [_mark(*spot) for spot in sorted(spots, key=lambda s: list(MARKS).index(s[2]))]
    named = [(x(r["denominator"]), y(r["share"]), r["name"]) for r in _furthest(found).to_dict("records")]
    parts += _labels(named, [s[:2] for s in spots], (left, top, right, bottom), wide, face)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {bottom + 50:.0f}" role="img" '
    head += f'aria-label="{escape(data["alt"])}" font-family="{chart_svg.FONT}" font-size="{SIZE}" fill="{INK}">'
    return head + "".join(parts) + "</svg>", data


def alt(found: Funnel, lang: str = "vi") -> str:
    """Say what a funnel plot shows: how many units, the common rate, and who lies clearly outside."""
    text, units = TEXT[lang], found.units
    if found.rate is None:
        return words.load(lang)("charts.empty")
    sides = {}
    for side in ("above", "below"):
        names = units.loc[units["verdict"] == f"far_{side}", "name"].tolist()
        listed, rest = ", ".join(names[:NAMED]) or text["none"], len(names) - NAMED
        sides[side] = text["more"].format(names=listed, count=rest) if rest > 0 else listed
    told = text["alt"].format(units=found.compared, rate=words.share(found.rate, lang), **sides)
    hidden = int(units["share"].isna().sum())
    return f"{told} {text['hidden'].format(count=hidden)}" if hidden else told


def _sizes(smallest: int, largest: int) -> list[int]:
    return sorted({round(v) for v in np.geomspace(max(1, smallest * 0.6), largest, STEPS)})


def _curves(found: Funnel, sizes: list[int]) -> pd.DataFrame:
    rows = [[n, *(v for pair in found.limits(n) for v in pair)] for n in sizes]
    return pd.DataFrame(rows, columns=["denominator", "lower_95", "upper_95", "lower_998", "upper_998"])


def _spots(shown: pd.DataFrame) -> zip:
    return zip(shown["denominator"], shown["share"], shown["verdict"], shown["code"], strict=True)


def _furthest(found: Funnel) -> pd.DataFrame:
    """Return the units clearly outside, the furthest first in standard errors, at most NAMED."""
    outside = found.units[found.units["verdict"].isin(["far_above", "far_below"])]
    distance = (outside["share"] - found.rate).abs() * outside["denominator"].astype("Float64") ** 0.5
    return outside.loc[distance.sort_values(ascending=False, kind="stable").index[:NAMED]]


def _labels(named: list[tuple], spots: list[tuple], frame: tuple, wide: int, face: float) -> list[str]:
    """Name units beside their marks, where no other mark or name is met; a name without room is left out."""
    left, top, right, bottom = frame
    boxes = [(a - 5, b - 5, a + 5, b + 5) for a, b in spots]
    parts = []
    for x, y, name in named:
        long = face * width(name, LABEL)
        for at, base in ((x + 9, y + 4), (x - 9 - long, y + 4), (x - long / 2, y - 9), (x - long / 2, y + 18)):
            box = (at, base - 10, at + long, base + 3)
            free = all(box[2] <= a or c <= box[0] or box[3] <= b or d <= box[1] for a, b, c, d in boxes)
            if free and left <= box[0] and box[2] <= wide and top - 8 <= box[1] and box[3] <= bottom:
                boxes.append(box)
                edge = {"stroke": "#ffffff", "stroke_width": 3, "paint_order": "stroke", "stroke_linejoin": "round"}
                parts.append(_text(at, base, name, font_size=LABEL, **edge))
                break
    return parts


def _keys(found: Funnel, lang: str, wide: int, face: float) -> tuple[list[str], float]:
    """Set the key in rows above the plot."""
    text, parts, x, y = TEXT[lang], [], 0.0, 15.0
    for key in ("common", "inner", "outer", *MARKS):
        label = text[key].format(rate=words.share(found.rate, lang), shown=found.compared)
        long = 28 + face * width(label)
        if x and x + long > wide:
            x, y = 0.0, y + 20
        drawn = _path([(x, y - 5), (x + 22, y - 5)], _LINES[key]) if key in _LINES else _mark(x + 11, y - 5, key)
        parts += [drawn, *(_text(x + 28, y, line) for line in textwrap.wrap(label, 60))]
        x += long + 14
    return parts, y + 10


def _mark(x: float, y: float, kind: str, code: str = "") -> str:
    told = f' data-code="{escape(code)}"' if code else ""
    return f'<g transform="translate({x:.1f} {y:.1f})"{told}>{MARKS[kind]}</g>'


def _path(points: list[tuple[float, float]], look: str) -> str:
    return f'<path d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in points)}" fill="none" {look}/>' if points else ""
