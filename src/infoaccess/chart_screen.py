"""Dress a chart for the page: a drawing for wide windows, one for telephones, and what a reader can ask of it.

The page's `chart.js` reads the JSON beside the drawings: `heads` (1 = 1 stop of the reading line: a month, a bar, a
unit), `names` and `colours` (1 = 1 line of values), `texts` (by stop, one a name), and per drawing in `views` the
plot's `box` (left, top, right, bottom), where each stop stands (`at`) and on lines the heights of its values (`dots`).
Lengths are user units of the drawing. Without the script the drawings say the same, without the reading line.
"""

import html
import json

from markupsafe import Markup

from infoaccess import chart_bars, chart_svg, words
from infoaccess.chart_plan import BarPlan, LinePlan


def line(id: str, plans: list[LinePlan]) -> str:
    """Return a line chart drawn by each plan, the wide one first."""
    plan = plans[0]
    none = words.load(plan.lang)("charts.none")
    texts = [
        [none if one.values[place] is None else plan.told(one, place) for one in plan.series]
        for place in range(len(plan.months))
    ]
    data = {
        "axis": "x",
        "heads": [_head(words.month(month, plan.lang)) for month in plan.months],
        "names": [one.name for one in plan.series],
        "colours": [style.colour for style in plan.styles],
        "texts": texts,
        "views": [_of_line(one) for one in plans],
    }
    return dress(id, [chart_svg.line(one) for one in plans], data)


def bars(id: str, plans: list[BarPlan]) -> str:
    """Return a bar chart drawn by each plan, the wide one first."""
    plan = plans[0]
    none = words.load(plan.lang)("charts.none")
    texts = [
        [
            none if one.values[place] is None else f"{plan.text(one.values[place])} {plan.unit}".strip()
            for one in plan.series
        ]
        for place in range(len(plan.labels))
    ]
    data = {
        "axis": "y",
        "heads": plan.labels,
        "names": [one.name for one in plan.series],
        "colours": plan.colours,
        "texts": texts,
        "views": [_of_bars(one) for one in plans],
    }
    return dress(id, [chart_bars.bars(one) for one in plans], data)


def points(id: str, drawn: list[tuple[str, dict]], told: dict[str, tuple[str, list[str]]], names: list[str]) -> str:
    """Return a chart of marks; `drawn` are drawings with the `places` of their marks by code and the plot's `box`.

    `told` says of each code its name and its texts, one for each of `names`, in the order in which keys walk them.
    """
    data = {
        "axis": "xy",
        "heads": [head for head, _ in told.values()],
        "names": names,
        "colours": [],
        "texts": [texts for _, texts in told.values()],
        "views": [
            {
                "box": [round(v, 1) for v in more["box"]],
                "at": [[round(v, 1) for v in more["places"][code]] for code in told],
            }
            for _, more in drawn
        ],
    }
    return dress(id, [svg for svg, _ in drawn], data)


def dress(id: str, drawings: list[str], data: dict) -> str:
    """Return drawings, the wide one first, with the data of their reading line."""
    name = html.escape(id, quote=True)
    # "<" may only leave as an escape: no text can then end the script element.
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    parts = [
        f'<div class="chart-view{" chart-narrow" if place else ""}"{" hidden" if place else ""}>{drawing}</div>'
        for place, drawing in enumerate(drawings)
    ]
    return Markup(
        f'<div class="chart" data-chart="{name}">{"".join(parts)}'
        f'<script type="application/json" id="chart-{name}">{text}</script></div>'
    )


def _head(text: str) -> str:
    return text[0].upper() + text[1:]


def _of_line(plan: LinePlan) -> dict:
    at = chart_svg.frame(plan)
    heights = [
        [None if one.values[place] is None else round(at.y(one.values[place]), 1) for one in plan.series]
        for place in range(len(plan.months))
    ]
    box = [round(v, 1) for v in (at.left, at.top, at.right, at.bottom)]
    return {"box": box, "at": [round(x, 1) for x in at.xs], "dots": heights}


def _of_bars(plan: BarPlan) -> dict:
    top, places = chart_bars.rows(plan)
    bottom = top + sum(height for _, height in places) + 4
    return {"box": [0, round(top, 1), plan.wide, round(bottom, 1)], "at": [[y, height] for y, height in places]}
