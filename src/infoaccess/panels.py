"""Panels for JupyterLab: a map, its months and its table that answer to each other; all of it works without a network.

ipywidgets choose, plotly draws (a click or a lasso on the map's dots chooses units), itables shows rows to sort and
search. What a panel shows comes from `desk`: released counts, hidden ones missing. Coordinates: kilometres, EPSG:9214.
"""

from functools import cache

import ipywidgets as ipw
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import shapely
from itables.widget import ITable

from infoaccess import crs, desk, desk_counts, desk_names, desk_tables, geography, map_scale, noise, rooms, units, words
from infoaccess.errors import UsageError

LEVELS = ("commune", "district")
WIDE = 940  # pixels: a notebook beside the list of files, on a screen of 1366
NO_FIGURE, LINE, MOST = "#e3e6ea", "#ffffff", 8  # colours; units that the chart of months shows at most
HOVER = "%{text}<extra></extra>"
GROUND = {"bgcolor": "rgba(255,255,255,.7)"}
FONT = {"family": "DejaVu Sans, Arial, sans-serif", "size": 12}


def _w(key: str, **values) -> str:
    return words.load("vi")(f"desk.panel.{key}", **values)


@cache
def _shapes(path: str, changed: float, area_set: str) -> pd.DataFrame:
    """Return a set's outlines and dots in kilometres: 1 row = 1 unit; code, x, y (rings, None between), px, py."""
    frame = geography.read(area_set).to_crs(crs.METRIC)
    shapes = shapely.coverage_simplify(frame.geometry.to_numpy(), geography.SIMPLIFY_M)
    rows = []
    for code, shape in zip(frame["code"], shapes, strict=True):
        rings = [np.asarray(part.exterior.coords) / 1000 for part in shapely.get_parts(shape)]
        line = np.vstack([piece for ring in rings for piece in (ring, [[np.nan, np.nan]])])
        dot = shape.representative_point()
        rows.append({"code": code, "x": line[:, 0], "y": line[:, 1], "px": dot.x / 1000, "py": dot.y / 1000})
    return pd.DataFrame(rows)


def shapes(area_set: str) -> pd.DataFrame:
    """Return the outlines of an area set, as `_shapes` does. Raises RoomError when they were never built."""
    path = rooms.built(f"{area_set}.parquet")
    return _shapes(str(path), path.stat().st_mtime if path.exists() else 0.0, area_set).copy()


def browse(frame: pd.DataFrame) -> ITable:
    """Show a frame as a table to sort and search: 1 row of the screen = 1 row of the frame, headings in Vietnamese."""
    w = words.load("vi").table["desk"]
    plain = pd.DataFrame(frame).drop(columns="geometry", errors="ignore")
    plain = plain.drop(columns=[c for c in ("lower_share", "estimate_share", "upper_share") if _empty(plain, c)])
    shown = plain.select_dtypes(["string", "object", "str"]).columns
    texts = plain.assign(**{c: plain[c].map(lambda v: w["shown"].get(v, v)) for c in shown})
    shares = [c for c in plain.columns if str(c).endswith(desk_tables.SHARES)]
    texts = texts.assign(**{c: (plain[c].astype("Float64") * 100).round(1) for c in shares})
    for column in plain.select_dtypes(
        "number"
    ).columns:  # a cell without a figure is blank, and sorts before all others
        if texts[column].isna().any():
            texts[column] = texts[column].astype(object).where(texts[column].notna(), "")
    names = {c: w["column"].get(c, str(c)) + (" (%)" if c in shares else "") for c in plain.columns}
    caption = frame.attrs.get("title", "")
    return ITable(texts.rename(columns=names), caption=caption, showIndex=False, language=dict(w["browse"]))


def _empty(frame: pd.DataFrame, column: str) -> bool:
    return column in frame and bool(frame[column].isna().all())


def blank(title: str = "", height: int = 460, **layout) -> go.FigureWidget:
    """Return an empty figure in the house's style."""
    margin = {"l": 10, "r": 10, "t": 40, "b": 30}
    look = {
        "template": "plotly_white",
        "font": FONT,
        "height": height,
        "width": WIDE,
        "margin": margin,
        "title": {"text": title, "font": {"size": 15}},
        "modebar": {"orientation": "v"},
        "separators": ",.",
    }
    return go.FigureWidget(layout=look | layout)


def empty_map(height: int = 520) -> go.FigureWidget:
    """Return a map without units: one trace a class, one for units without a figure, the last for the dots."""
    axes = {"xaxis": {"visible": False}, "yaxis": {"visible": False, "scaleanchor": "x"}}
    legend = {"x": 0.97, "xanchor": "right", "y": 1} | GROUND
    figure = blank(height=height, dragmode="lasso", hovermode="closest", uirevision="map", legend=legend, **axes)
    line = {"color": LINE, "width": 0.7}
    for n in range(map_scale.CLASSES + 1):
        figure.add_scatter(x=[], y=[], mode="lines", fill="toself", line=line, hoverinfo="skip", name=f"{n}")
    dots = {"size": 7, "color": "rgba(20,30,45,.55)", "line": {"color": LINE, "width": 0.5}}
    figure.add_scatter(x=[], y=[], mode="markers", marker=dots, name=_w("units"), hovertemplate=HOVER)
    return figure


def paint(figure: go.FigureWidget, found: pd.DataFrame, colours: str, title: str) -> None:
    """Put a table of counts of one area set (code, name, share, status) on a map made by `empty_map`."""
    drawn = shapes(found["area_set"].iloc[0]).merge(pd.DataFrame(found), on="code", validate="one_to_one")
    chosen = map_scale.scale(sorted(drawn["share"].dropna().astype(float)), colours)
    places = [None if pd.isna(v) else chosen.place(float(v)) for v in drawn["share"]]
    parts = [drawn[[p == n for p in places]] for n in range(map_scale.CLASSES)]
    parts.append(drawn[[p is None for p in places]])
    with figure.batch_update():
        for trace, part in zip(figure.data[:-1], parts, strict=True):
            trace.x, trace.y = (np.concatenate(part[c].tolist()) if len(part) else [] for c in ("x", "y"))
        dots = figure.data[-1]
        dots.x, dots.y, dots.selectedpoints = drawn["px"].tolist(), drawn["py"].tolist(), None
        dots.text = [_said(r) for r in drawn.to_dict("records")]
        dots.customdata = [[c] for c in drawn["code"]]
        figure.layout.title.text = title
    # One by one: what a batch changes in some traces it takes away from those that keep theirs.
    labels = [*chosen.labels, *[""] * (map_scale.CLASSES - len(chosen.labels)), _w("none")]
    fills = [*chosen.colours, *[NO_FIGURE] * (map_scale.CLASSES + 1 - len(chosen.colours))]
    for trace, part, label, fill in zip(figure.data[:-1], parts, labels, fills, strict=True):
        trace.update(name=label, fillcolor=fill, showlegend=bool(len(part)))


def _said(row: dict) -> str:
    if pd.isna(row["share"]):
        return f"{row['name']}<br>{words.load('vi').table['desk']['shown'].get(row['status'], row['status'])}"
    of = f"{words.number(int(row['numerator']))}/{words.number(int(row['denominator']))}"
    return f"{row['name']}<br><b>{words.share(float(row['share']))}</b> ({of})"


class Explorer(ipw.VBox):
    """Show a measure on a map; units chosen there fill the chart of months and the table below."""

    def __init__(self, month: str = "", measure: str = "deprived_any", areas: str = "communes"):
        """Open at a month (by default the latest), a measure and a level of units."""
        month = desk_names.month(month or None)
        named = [(m.vi, m.name) for m in _rated(month)]
        self.measure = choice("measure", named, desk_names.measure(measure, month).name)
        self.month = choice("month", [(words.month(m), m) for m in desk.months()], month)
        self.group = choice("group", [(n, g) for g, n in words.load("vi").table["group"].items()][:4], "all")
        said = words.load("vi").table["desk"]["shown"]
        self.areas = choice("areas", [(said[level], f"{level}s") for level in LEVELS], areas)
        self.map, self.chart = empty_map(), blank(height=330, yaxis={"tickformat": ".1%", "rangemode": "tozero"})
        self.told, self.table, self.codes = ipw.HTML(), ipw.VBox(), []
        choices = ipw.HBox([self.measure, self.month, self.group, self.areas], layout={"flex_flow": "row wrap"})
        super().__init__([choices, self.told, self.map, self.chart, self.table])
        for widget in (self.measure, self.month, self.group, self.areas):
            widget.observe(self._asked, names="value")
        self.map.data[-1].on_selection(self._chosen)
        self.map.data[-1].on_click(self._chosen)
        self._asked(None)

    def _asked(self, _) -> None:
        """Answer anew; what the month does not have is told in a sentence, and the picture stays."""
        try:
            asked = (self.month.value, self.measure.value, self.areas.value)
            self.frame = desk.counts(*asked, group=self.group.value)
        except UsageError as err:
            self.told.value = f"<p style='color:#8c3b00'>{err}</p>"
            return
        self.told.value = desk_tables.notes(self.frame) + f"<p class='desk-note'>{_w('choose')}</p>"
        colours = "progress" if desk_counts.more_is_better(self.measure.value) else "deprivation"
        paint(self.map, self.frame, colours, self.frame.attrs["title"])
        self.codes = [c for c in self.codes if c in set(self.frame["code"])]
        self._shown()

    def _chosen(self, trace, points, _) -> None:
        self.codes = [trace.customdata[n][0] for n in points.point_inds]
        self._shown()

    def _shown(self) -> None:
        """Draw the months of the units chosen (of the whole city where none is), and list their rows."""
        mine = self.frame[self.frame["code"].isin(self.codes)] if self.codes else self.frame
        asked = mine.head(MOST) if self.codes else "city"
        lines = desk.series(self.measure.value, asked, until=self.month.value, group=self.group.value)
        draw_months(self.chart, lines)
        self.table.children = (browse(mine),)


def draw_months(figure: go.FigureWidget, lines: pd.DataFrame) -> None:
    """Draw series of units, as `desk.series` gives them: a gap where a month has no figure, never a zero."""
    with figure.batch_update():
        figure.data = ()
        for name, part in lines.groupby("name", sort=False):
            share = part["share"].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
            figure.add_scatter(x=part["month"].tolist(), y=share, mode="lines+markers", name=name, connectgaps=False)
        figure.layout.xaxis.type, figure.layout.showlegend = "category", True
        figure.layout.legend = {"x": 0.97, "xanchor": "right", "y": 0.02, "yanchor": "bottom"} | GROUND
        figure.layout.title.text = lines.attrs.get("title", "")


def choice(label: str, options: list, value: str) -> ipw.Dropdown:
    """Return a dropdown with a label of the panel's words and options (text, value)."""
    return ipw.Dropdown(description=_w(label), options=options, value=value, style={"description_width": "initial"})


def _rated(month: str) -> list[desk_names.Measure]:
    """List the measures that have units below the city and a rate."""
    frame = desk.scan(month).select("base", "measure", "area_set", "denominator_status").collect().to_pandas()
    own = set(units.LEVELS[units.era_of(month)]) - {"city"}
    frame = frame[frame["area_set"].isin(own) & frame["denominator_status"].eq("published")]
    known = desk_names.measures(month)
    first = [h for h in ("deprived_any", "deprived_internet", "deprived_device", "household_smartphone") if h in known]
    names = dict.fromkeys([*first, *(m for m in known if m in set(frame["measure"]) and m != "M0")])
    return [known[n] for n in names if n in set(frame["measure"])]


def funnel(month: str = "", measure: str = "deprived_any", areas: str = "communes") -> go.FigureWidget:
    """Draw units by size and rate with the limits that chance allows; the dots outside are those that stand out."""
    found = desk.counts(desk_names.month(month or None), measure, areas)
    judged = noise.funnel(pd.DataFrame(found)[["code", "name", "numerator", "denominator", "status"]])
    axes = {"yaxis": {"tickformat": ".0%"}, "xaxis": {"title": {"text": _w("size")}}}
    figure = blank(found.attrs["title"], 480, legend={"x": 0.97, "xanchor": "right"} | GROUND, **axes)
    rated = judged.units.dropna(subset=["share"])
    if len(rated) and judged.rate not in (None, 0.0, 1.0):
        sizes = sorted({max(2, round(s)) for s in np.geomspace(2, rated["denominator"].max() * 1.05, 60)})
        pairs = [judged.limits(s) for s in sizes]
        for n, (level, dash) in enumerate(zip(noise.LEVELS, ("dot", "dash"), strict=True)):
            name = _w("limits", level=words.share(level))
            for side in (0, 1):
                bound = [p[n][side] for p in pairs]
                line = {"color": "#7d8894", "dash": dash}
                figure.add_scatter(x=sizes, y=bound, mode="lines", line=line, name=name, showlegend=not side)
        figure.add_hline(y=judged.rate, annotation_text=_w("common"), line={"color": "#0f4c81"})
    for verdict, part in rated.groupby("verdict", sort=False):
        texts = [noise.sentence(judged, r) for r in part.to_dict("records")]
        said = words.load("vi").table["desk"]["shown"].get(verdict, verdict)
        x, y = part["denominator"].astype(int).tolist(), part["share"].astype(float).tolist()
        figure.add_scatter(x=x, y=y, mode="markers", name=said, text=texts, hovertemplate=HOVER)
    return figure
