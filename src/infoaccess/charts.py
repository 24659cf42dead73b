"""Charts in three dresses from one set of values: drawings for the page, one for paper, a plotly figure for JupyterLab.

Gaps stay gaps: a month without a published value is never joined over and never drawn as zero. Colours
are Okabe and Ito's, darkened until they can be read as text; marks differ in shape, for grey print.
"""

import html
from dataclasses import dataclass

from infoaccess import chart_bars, chart_plan, chart_screen, chart_svg, words
from infoaccess.chart_plan import GRID, INK, MUTED, NARROW, SANS, WIDTH, Series

__all__ = ["Chart", "Series", "bars", "line"]

FACE = '"Segoe UI", system-ui, "Helvetica Neue", Arial, sans-serif'
LINE_PLOT_PX = 300  # height of the plotting area, without titles and axes
ROW_PX = 34  # one bar with its gap


@dataclass(frozen=True)
class Chart:
    """Hold the same chart thrice: `html` for the page, `svg` to print, `figure` (plotly's) for JupyterLab."""

    html: str
    svg: str
    figure: dict | None = None


def line(
    id: str,
    months: list[str],
    series: list[Series],
    *,
    y_title: str,
    share: bool,
    breaks: list[tuple[str, str]] = (),
    target: tuple[str, float] | None = None,
    lang: str = "vi",
) -> Chart:
    """Draw monthly series; values are shares (0-1) where `share`, else counts; None is a gap.

    `breaks` are (month, label): from that month on the series is not comparable with what stands before.
    Raises ValueError where a series has not one value a month.
    """
    _check(id, months, series)
    if not any(value is not None for one in series for value in one.values):
        return _empty(y_title, lang)
    plan = chart_plan.plan_line(months, series, y_title, share, breaks, target, lang)
    args = (months, series, y_title, share, breaks, target, lang)
    screens = [chart_plan.plan_line(*args, wide=wide, face=SANS) for wide in (WIDTH, NARROW)]
    return Chart(chart_screen.line(id, screens), chart_svg.line(plan), _line_figure(plan))


def bars(id: str, labels: list[str], series: list[Series], *, x_title: str, lang: str = "vi", unit: str = "") -> Chart:
    """Draw horizontal stacked bars with totals; unit "%" means that values are shares (0-1).

    Raises ValueError where a series has not one value a label, or a value is below zero.
    """
    _check(id, labels, series)
    if any(value is not None and value < 0 for one in series for value in one.values):
        raise ValueError(f"{id}: stacked bars cannot show values below zero")
    if not any(value is not None for one in series for value in one.values):
        return _empty(x_title, lang)
    plan = chart_plan.plan_bars(labels, series, x_title, lang, unit)
    screens = [chart_plan.plan_bars(labels, series, x_title, lang, unit, wide, SANS) for wide in (WIDTH, NARROW)]
    return Chart(chart_screen.bars(id, screens), chart_bars.bars(plan), _bars_figure(plan))


def _check(id: str, positions: list[str], series: list[Series]) -> None:
    for one in series:
        if len(one.values) != len(positions):
            raise ValueError(f"{id}: {one.name!r} has {len(one.values)} values for {len(positions)} places")


def _empty(title: str, lang: str) -> Chart:
    text = words.load(lang)("charts.empty")
    shown = f'<p class="plot-empty">{html.escape(title)}<br>{html.escape(text)}</p>'
    return Chart(shown, chart_svg.empty(title, text))


def _plain(text: str) -> str:
    """Take the markup out of a text: plotly reads <b>, <a> and entities in every label."""
    return html.escape(text, quote=False)


def _layout(lang: str, height: int, **more) -> dict:
    return {
        "autosize": True,
        "height": height,
        "separators": ",." if lang == "vi" else ".,",
        "font": {"family": FACE, "size": 13, "color": INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hoverlabel": {"bgcolor": "#ffffff", "bordercolor": "#b8bec6", "font": {"color": INK, "size": 13}},
        "dragmode": False,
        **more,
    }


def _note(text: str, **place) -> dict:
    return {"text": text, "showarrow": False, "align": "left", "xref": "paper", "yref": "paper", **place}


def _line_figure(plan: chart_plan.LinePlan) -> dict:
    days = [f"{month}-01" for month in plan.months]
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": _plain(one.name),
            "x": days,
            "y": one.values,
            "text": ["" if value is None else plan.told(one, place) for place, value in enumerate(one.values)],
            "hovertemplate": "%{fullData.name}: <b>%{text}</b><extra></extra>",
            "connectgaps": False,
            "cliponaxis": False,
            "line": {"color": style.colour, "width": 2.4, "dash": "dash" if one.dash else "solid"},
            "marker": {
                "symbol": [f"{style.shape}-open" if n in one.partial else style.shape for n in range(len(days))],
                "color": style.colour,
                "opacity": 1,
                "size": [8 if place in style.marked else 0 for place in range(len(days))],
            },
        }
        for one, style in zip(plan.series, plan.styles, strict=True)
    ]
    notes, shapes = [], []
    for month, label, row in plan.breaks:
        up = 1 + (row * 17 + 14) / LINE_PLOT_PX
        dashed = {"color": MUTED, "width": 1, "dash": "4px,3px"}
        shapes.append({"type": "line", "x0": f"{month}-01", "x1": f"{month}-01", "yref": "paper"})
        shapes[-1] |= {"y0": 0, "y1": up, "line": dashed, "layer": "below"}
        notes.append(_note(_plain(label), xref="x", x=f"{month}-01", y=1, xanchor="left", yanchor="bottom"))
        notes[-1] |= {"xshift": 2, "yshift": row * 17 - 2, "font": {"size": 12, "color": MUTED}}
    if plan.target:
        label, value = plan.target
        shapes.append({"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": value, "y1": value})
        shapes[-1]["line"] = {"color": MUTED, "width": 1.3, "dash": "6px,4px"}
        side = {"x": 0, "xanchor": "left"} if plan.target_left else {"x": 1, "xanchor": "right"}
        notes.append(_note(_plain(label), yref="y", y=value, yanchor="bottom", font={"color": MUTED}, **side))
    for end in chart_svg.place_ends(plan, LINE_PLOT_PX, line_height=16):
        text = "<br>".join([f"<b>{end.value}</b>", *map(_plain, end.lines)])
        notes.append(_note(text, x=1, xanchor="left", xshift=10, y=1 - end.centre / LINE_PLOT_PX))
        notes[-1] |= {"yanchor": "middle", "font": {"size": 12.5, "color": end.colour}}
    rise = 17 * plan.rows
    notes.append(_note(_plain(plan.y_title), x=0, xanchor="left", y=1, yanchor="bottom", yshift=rise + 10))
    notes[-1]["font"] = {"color": MUTED}
    axis = {"fixedrange": True, "zeroline": False, "gridcolor": GRID, "tickfont": {"color": MUTED}}
    month_word = words.load(plan.lang)("charts.tick_format")
    return {
        "data": traces,
        "layout": _layout(
            plan.lang,
            LINE_PLOT_PX + rise + 84,
            margin={"l": 10, "r": 24 + round(plan.right * 0.95), "t": rise + 34, "b": 50},
            hovermode="x unified",
            showlegend=False,
            annotations=notes,
            shapes=shapes,
            xaxis=axis
            | {"type": "date", "dtick": "M3", "tick0": "2020-01-01", "showgrid": False, "ticks": "outside"}
            | {"tickformat": month_word, "hoverformat": words.load(plan.lang)("charts.hover_format")}
            | {"linecolor": "#8a9099", "showline": True, "tickcolor": "#8a9099", "range": _span(days)},
            yaxis=axis
            | {"tickvals": plan.ticks, "ticktext": [plan.tick(value) for value in plan.ticks]}
            | {"range": [plan.ticks[0], plan.ticks[-1]], "automargin": True},
        ),
        "config": {"displayModeBar": False, "responsive": True},
    }


def _span(days: list[str]) -> list[str]:
    """Leave half a month on both sides, so that the first and the last mark are whole."""
    first, last = days[0], days[-1]
    before = f"{int(first[:4]) - (first[5:7] == '01')}-{(int(first[5:7]) - 2) % 12 + 1:02d}-20"
    return [before, f"{last[:7]}-12"]


def _bars_figure(plan: chart_plan.BarPlan) -> dict:
    names = ["<br>".join(map(_plain, rows)) for rows in plan.wrapped]
    places = list(range(len(names)))
    traces = []
    for one, colour in zip(plan.series, plan.colours, strict=True):
        shown = [plan.text(value) for value in one.values]
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": _plain(one.name),
                "y": places,
                "x": one.values,
                "customdata": [f"{text} {_plain(plan.unit)}".strip() for text in shown],
                "text": shown if len(plan.series) > 1 else [""] * len(shown),
                "textposition": "inside",
                "insidetextanchor": "middle",
                "textangle": 0,
                "constraintext": "none",
                "insidetextfont": {"color": chart_plan.on_fill(colour), "size": 12},
                "marker": {"color": colour, "line": {"color": "#ffffff", "width": 1}},
                "hovertemplate": "%{fullData.name}: <b>%{customdata}</b><extra></extra>",
            }
        )
    sums = [
        _note(f"<b>{text}</b>", xref="x", yref="y", x=total, y=place, xanchor="left", xshift=4)
        for place, (total, text) in enumerate(zip(plan.totals, plan.total_texts, strict=True))
    ]
    many = len(plan.series) > 1
    axis = {"fixedrange": True, "zeroline": False, "tickfont": {"color": MUTED}}
    return {
        "data": traces,
        "layout": _layout(
            plan.lang,
            ROW_PX * len(names) + (116 if many else 76),
            margin={"l": 10, "r": 20, "t": 46 if many else 10, "b": 58},
            barmode="stack",
            bargap=0.34,
            # A value that does not fit into its bar is left to the pointer.
            uniformtext={"mode": "hide", "minsize": 11},
            hovermode="y unified",
            showlegend=many,
            legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "traceorder": "normal"},
            annotations=sums,
            xaxis=axis
            | {"gridcolor": GRID, "tickvals": plan.ticks, "range": [0, plan.ticks[-1] * 1.08]}
            | {"ticktext": [plan.tick(value) for value in plan.ticks]}
            | {"title": {"text": _plain(plan.x_title), "font": {"color": MUTED, "size": 13}}},
            yaxis=axis
            | {"tickvals": places, "ticktext": names, "range": [len(names) - 0.5, -0.5], "automargin": True}
            | {"showgrid": False, "tickfont": {"color": INK}}
            | {"ticks": "outside", "ticklen": 6, "tickcolor": "rgba(0,0,0,0)"},
        ),
        "config": {"displayModeBar": False, "responsive": True},
    }
