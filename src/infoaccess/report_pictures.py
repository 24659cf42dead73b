"""The map and the charts of the progress report."""

import json
from functools import cache

from infoaccess import charts, exhibits, maps, programme, rooms, units, words
from infoaccess.charts import Series
from infoaccess.errors import RoomError
from infoaccess.exhibits import Exhibit
from infoaccess.figures import count_text, rate_text
from infoaccess.report import Report

MAPPED = (("deprived_any", "deprivation"), ("household_smartphone", "progress"), ("covered", "progress"))
# Breaks that a reader must know: the series before and after are made under other conditions.
BREAKS = (("2024-10", "twog"), ("2025-01", "era_b"), ("2025-07", "era_c"))
DEPRIVATION = ("deprived_any", "deprived_internet", "deprived_device")
SMARTPHONE = (("household_smartphone", "household"), ("adult_smartphone", "adult"), ("covered", "household"))


@cache
def layer(area_set: str) -> dict:
    """Read the drawing of an area set.

    Raises RoomError when the boundaries were never built.
    """
    path = rooms.built(f"paths_{area_set}.json")
    if not path.exists():
        raise RoomError("Chưa dựng bản đồ ranh giới. Hãy chạy: python scripts/build_geo.py")
    return json.loads(path.read_text(encoding="utf-8"))


def unit_map(r: Report) -> Exhibit:
    """Show the city's units by rate, one picture a month; this report's unit is outlined."""
    w, drawn = r.w, layer(r.layer)
    codes = [u["code"] for u in drawn["units"]]
    cells = {m: {month: {c: _map_cell(r, m, month, c) for c in codes} for month in r.release.months} for m, _ in MAPPED}
    measures = [{"id": m, "label": w(f"measure.{m}"), "colours": colours} for m, colours in MAPPED]
    highlight = r.code if r.code in codes and r.area["area_set"] != "city" else None
    picture = maps.choropleth(
        "map",
        drawn,
        r.release.months,
        measures,
        cells,
        highlight=highlight,
        outlines=_outlines(r),
        lang=w.lang,
        names={u["code"]: u["name"] for u in drawn["units"]},
    )
    caption = w("caption.map", period=r.period)
    notes = [w("note.signs", threshold=r.release.threshold), w("note.sum")]
    return exhibits.picture("map", "map", w("section.map"), caption, _map_alt(r, drawn), picture, notes)


def _outlines(r: Report) -> dict | None:
    """Return the districts drawn over a map of communes, this district alone in its own report; none since 2025-07."""
    if not r.layer.endswith("commune") or r.layer.startswith("C"):
        return None
    districts = layer(r.layer.replace("commune", "district"))
    if not r.area["area_set"].endswith("district"):
        return districts
    return districts | {"units": [u for u in districts["units"] if u["code"] == r.code]}


def _map_cell(r: Report, measure: str, month: str, code: str) -> dict:
    cell = r.release.cell(code, measure, month=month)
    detail = f"{count_text(cell, r.w)} / {count_text(cell, r.w, 'denominator')} {r.w('unit.households')}"
    return {"value": cell.rate, "text": rate_text(cell, r.w), "detail": detail, "status": cell.status}


def _map_alt(r: Report, drawn: dict) -> str:
    w, where = r.w, {"area": units.of("city", r.release.month).iloc[0]["name"], "period": r.period}
    cells = [(r.release.cell(u["code"], MAPPED[0][0]), u["name"]) for u in drawn["units"]]
    rated = sorted((c.rate, name) for c, name in cells if c.rate is not None)
    if not rated:
        return w("alt.map_none", **where)
    low, high = (w("sentence.unit_rate", name=n, rate=words.share(v, w.lang)) for v, n in (rated[0], rated[-1]))
    return w("alt.map", high=high, low=low, hidden=sum(c.status == "suppressed" for c, _ in cells), **where)


def trends(r: Report) -> tuple[Exhibit, Exhibit]:
    """Show the unit's rates month by month: deprivation, then smartphone use and need met."""
    w, months = r.w, r.release.months
    shown = (("deprivation", [(m, "household") for m in DEPRIVATION]), ("smartphone", SMARTPHONE))
    heading = w("section.trend", first=_short(months[0]), last=_short(months[-1]))
    breaks = [(m, w(f"break.{label}")) for m, label in BREAKS if months[0] < m <= months[-1]]
    found = []
    for name, measures in shown:
        series = [Series(w(f"short.{m}"), r.release.series(r.code, m, base=base)) for m, base in measures]
        target = (w("break.target"), 1.0) if name == "smartphone" else None
        chart = charts.line(
            f"trend_{name}",
            months,
            series,
            y_title=w("axis.share"),
            share=True,
            breaks=breaks,
            target=target,
            lang=w.lang,
        )
        caption = w(f"caption.trend_{name}")
        found.append(exhibits.picture("chart", f"trend_{name}", heading, caption, _line_alt(months, series, w), chart))
        heading = None
    return tuple(found)


def _short(month: str) -> str:
    return f"{month[5:]}/{month[:4]}"


def _line_alt(months: list[str], series: list[Series], w) -> str:
    said = []
    for one in series:
        known = [v for v in one.values if v is not None]
        key = "alt.series" if known else "alt.series_none"
        ends = {"start": words.share(known[0], w.lang), "end": words.share(known[-1], w.lang)} if known else {}
        said.append(w(key, name=one.name, **ends))
    return w("alt.trend", first=_short(months[0]), last=_short(months[-1]), series=" ".join(said))


def sources(r: Report) -> Exhibit:
    """Show phones handed over to date by source of money; the sources are never mixed."""
    w = r.w
    cells = [r.release.cell(r.code, f"handed_{s}", base="phone") for s in programme.SOURCES]
    labels = [w(f"source.{s}") for s in programme.SOURCES]
    values = [None if c.numerator is None else float(c.numerator) for c in cells]
    chart = charts.bars("sources", labels, [Series(w("column.handed"), values)], x_title=w("axis.phones"), lang=w.lang)
    listed = "; ".join(f"{name}: {count_text(c, w)}" for name, c in zip(labels, cells, strict=True))
    return exhibits.picture(
        "chart", "sources", w("section.coverage"), w("caption.sources"), w("alt.sources", list=listed), chart
    )
