"""Frames that show themselves: pandas and GeoPandas frames that a notebook prints with headings, numbers and signs.

They are ordinary frames: they filter, join and plot as any other. What is hidden is missing in them and printed as the
sign of the reports. A frame that was changed keeps its way of printing for the columns that are still there.
"""

from html import escape

import geopandas as gpd
import numpy as np
import pandas as pd

from infoaccess import areas, map_exhibits, maps, units, words

MOST = 40  # rows that a notebook prints
SHARES = ("share", "rate")
STYLE = (
    "<style>.desk-table caption{caption-side:top;text-align:left;font-weight:600;padding:4px 0}"
    ".desk-table td,.desk-table th{text-align:right;padding:2px 10px}"
    ".desk-table td.t,.desk-table th.t{text-align:left}"
    ".desk-note{font-size:90%;opacity:.85;max-width:60em}"
    ".desk-made-up{color:#8c3b00;font-weight:600}</style>"
)


class Table(pd.DataFrame):
    """Hold rows that print in Vietnamese; attrs hold title, notes and whether the data are synthetic."""

    @property
    def _constructor(self):
        return Table

    def _repr_html_(self) -> str:
        """Return the table as a notebook shows it."""
        return html(self)


class MapTable(gpd.GeoDataFrame):
    """Hold units with their boundaries; a notebook shows them as a map with a legend."""

    @property
    def _constructor(self):
        return MapTable

    def _repr_html_(self) -> str:
        """Return the map, or the table where there is nothing left to draw."""
        if "map" not in self.attrs or not {"code", "share", "status"} <= set(self.columns):
            return html(self)
        return f'{STYLE}<div style="max-width:760px">{drawing(self)}</div>{notes(self)}'


def drawing(frame: pd.DataFrame) -> str:
    """Draw a map of a measure's shares as SVG: the units of the frame coloured, the others of their set missing."""
    told = frame.attrs["map"]
    month, area_set, name = told["month"], told["area_set"], told["measure"]
    cells = {r["code"]: _cell(r) for r in frame.drop(columns="geometry").to_dict("records")}
    colours = "progress" if told["more_is_better"] else "deprivation"
    layer = map_exhibits.layer(area_set)
    shown = {"id": name, "label": told["label"], "colours": colours}
    made = maps.choropleth(
        f"desk-{name.replace('_', '-')}-{area_set.replace('_', '-')}",
        layer,
        [month],
        [shown],
        {name: {month: cells}},
        names=areas.names(area_set, month),
    )
    return made.svg


def _cell(row: dict) -> dict:
    if row["status"] != "published":
        return {"status": row["status"]}
    of = f"{words.number(int(row['numerator']))}/{words.number(int(row['denominator']))}"
    return {"status": "published", "value": float(row["share"]), "text": words.share(row["share"]), "detail": of}


def html(frame: pd.DataFrame) -> str:
    """Return a frame as an HTML table: headings in words, numbers as in the reports, at most MOST rows."""
    w = words.load("vi").table["desk"]
    shown = frame.drop(columns="geometry", errors="ignore").head(MOST)
    kinds = {c: _kind(frame, c) for c in shown.columns}
    head = "".join(f'<th class="{_css(kinds[c])}">{escape(w["column"].get(c, str(c)))}</th>' for c in shown.columns)
    status = shown["status"].tolist() if "status" in shown else [None] * len(shown)
    rows = [
        "".join(
            f'<td class="{_css(kinds[c])}">{escape(_text(v, c, kinds[c], s, w))}</td>'
            for c, v in zip(shown.columns, row, strict=True)
        )
        for row, s in zip(shown.itertuples(index=False, name=None), status, strict=True)
    ]
    title = frame.attrs.get("title", "")
    more = len(frame) - len(shown)
    caption = f"<caption>{escape(title)}</caption>" if title else ""
    body = "".join(f"<tr>{r}</tr>" for r in rows)
    rest = f"<p class='desk-note'>{escape(w['more'].format(count=words.number(more)))}</p>" if more else ""
    table = f'<table class="desk-table">{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f"{STYLE}{table}{rest}{notes(frame)}"


def notes(frame: pd.DataFrame) -> str:
    """Return what is to be read beside a frame, as HTML: made-up data first."""
    said = [f"<p class='desk-note'>{escape(n)}</p>" for n in frame.attrs.get("notes", ())]
    if frame.attrs.get("synthetic"):
        said.insert(0, f"<p class='desk-note desk-made-up'>{escape(words.load('vi')('title.synthetic'))}</p>")
    return "".join(said)


def _kind(frame: pd.DataFrame, column: str) -> str:
    if str(column).endswith(SHARES):
        return "share"
    if str(column).endswith("_points"):
        return "points"
    return "number" if pd.api.types.is_numeric_dtype(frame[column].dtype) else "text"


def _css(kind: str) -> str:
    return "t" if kind == "text" else ""


def _text(value: object, column: str, kind: str, status: str | None, w: dict) -> str:
    if value is None or value is pd.NA or value != value:
        hidden = status == "suppressed" and column in ("numerator", "denominator", "share")
        return words.load("vi")("sign.suppressed") if hidden else words.MISSING
    if isinstance(value, bool | np.bool_):
        return w["yes" if value else "no"]
    if kind == "share":
        return words.share(float(value))
    if kind == "points":
        return words.points(float(value))
    if kind == "number":
        whole = float(value).is_integer()
        return words.number(value, digits=0 if whole else 3) if column not in ("row", "year") else str(int(value))
    return w["shown"].get(str(value), str(value))


def told(frame: pd.DataFrame, title: str, said: list[str], synthetic: bool) -> pd.DataFrame:
    """Give a frame its title and notes, and return it."""
    made = frame if isinstance(frame, Table | MapTable) else Table(frame)
    made.attrs = {"title": title, "notes": list(said), "synthetic": synthetic}
    return made


def level(area_set: str) -> str:
    """Return the level of an area set: city, district, commune, or own for a set of the office's."""
    return area_set.rsplit("_", 1)[-1] if area_set in units.AREA_SETS else "own"
