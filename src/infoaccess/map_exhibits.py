"""The maps of the progress report: rates by month, change over a year, one picture a quarter, two shares at once.

The report of a commune has the first only; the others show the units that a city's or district's report is about.
"""

import json
from functools import cache
from pathlib import Path

from infoaccess import (
    exhibits,
    map_cells,
    map_frames,
    map_kinds,
    map_scale,
    map_series,
    maps,
    memo,
    released,
    rooms,
    units,
    words,
)
from infoaccess.errors import RoomError
from infoaccess.exhibits import Exhibit
from infoaccess.figures import comparable, count_text, rate_text
from infoaccess.released import Cell
from infoaccess.report import Report
from infoaccess.report_cells import crossing

MAPPED = (("deprived_any", "deprivation"), ("household_smartphone", "progress"), ("covered", "progress"))
CHANGED = (("deprived_any", False), ("household_smartphone", True), ("covered", True))  # is more better?
MEASURES = [measure for measure, _ in MAPPED]
MAIN = "map"
COMPARED = 6  # units with both figures that make a picture of two,
FEWEST = 1 / 3  # and of all units: a map of little but hatching says nothing


def layer(area_set: str) -> dict:
    """Read the drawing of an area set.

    Raises RoomError when the boundaries were never built.
    """
    path = rooms.built(f"paths_{area_set}.json")
    if not path.exists():
        raise RoomError("Chưa dựng bản đồ ranh giới. Hãy chạy: python scripts/build_geo.py")
    return _drawing(str(path))


@cache
def _drawing(path: str) -> dict:
    return json.loads(Path(path).read_text(encoding="utf-8"))


def unit_maps(r: Report) -> list[Exhibit]:
    """Show the report's maps: the first, and for a city or district change, the quarters and two shares."""
    shown = [unit_map(r)]
    if not r.area["area_set"].endswith("commune"):
        shown += [one for one in (change(r), quarters(r), bivariate(r)) if one]
    return shown


def unit_map(r: Report) -> Exhibit:
    """Show the city's units by rate, one picture a month; this report's unit is outlined."""
    w, drawn, months = r.w, layer(r.layer), r.release.months
    codes = [u["code"] for u in drawn["units"]]
    of = (r.layer, r.release.month, months[0], w.lang, r.release.edition)
    files = released.files(months, r.release.edition)
    cells = memo.held("map cells", files, of, lambda: _cells(r, codes))
    marks = [(day[:7], f"{day[5:7]}/{day[:4]}") for day in units.ERAS.values() if months[0] < day[:7] <= months[-1]]
    picture = maps.choropleth(
        MAIN,
        drawn,
        months,
        [{"id": m, "label": w(f"measure.{m}"), "colours": colours} for m, colours in MAPPED],
        cells,
        highlight=r.code if r.code in codes and r.area["area_set"] != "city" else None,
        outlines=_outlines(r),
        lang=w.lang,
        bases=map_series.bases(months, MEASURES),
        marks=marks,
        past=_past(r) if r.area["area_set"] == "city" else [],
        says=w("map.summed"),
        unit=w("unit.households"),
        paper=paper_codes(r),
    )
    notes = crossing(months, w) + _lacking(r)
    return exhibits.picture("map", MAIN, w("section.map"), w("caption.map", period=r.period), _alt(r), picture, notes)


def paper_codes(r: Report) -> list[str]:
    """Name the units that paper draws, in their order: those of the report's table."""
    own = {u["code"] for u in r.children}
    return [u["code"] for u in layer(r.layer)["units"] if u["code"] in own]


def _lacking(r: Report) -> list[str]:
    """Name the units on the map that lack some commune's list."""
    cells = {u["name"]: r.release.cell(u["code"], MEASURES[0]) for u in r.children}
    some = [name for name, cell in cells.items() if cell.partial and cell.rate is not None]
    return [r.w("map.note.partial", names=", ".join(some))] if some else []


def warm() -> None:
    """Write the shares of every map that is held (`memo`), for processes that are forked from this one."""
    for (*_, lang, _), cells in memo.each("map cells"):
        for by_month in cells.values():
            for by_code in by_month.values():
                map_cells.packed([*by_code.values()], lang)


def _cells(r: Report, codes: list[str]) -> dict:
    """Form what the map shows of every unit in every month: the same in all reports of a month."""
    return {
        m: {n: {c: _shown(r.release.cell(c, m, month=n), r.w) for c in codes} for n in r.release.months}
        for m in MEASURES
    }


def change(r: Report) -> Exhibit | None:
    """Show the change against the same month a year before, in the same units; None where nothing compares."""
    w, now, before = r.w, r.release.month, rooms.shift(r.release.month, -12)
    if before not in r.release.months:
        return None
    drawn, standard = own_layer(r), map_series.standards([before, now])
    exact = units.exact(units.commune_set(before), r.layer) if standard[before] == standard[now] else set()
    bases = map_series.changes(r.release.months, r.layer, MEASURES)
    views, told = [], ""
    for place, (measure, more_is_better) in enumerate(CHANGED):
        pairs = {
            u["code"]: [r.release.cell(u["code"], measure, month=month) for month in (before, now)]
            for u in drawn["units"]
        }
        cells = {code: difference(*pair, code in exact, w) for code, pair in pairs.items()}
        scale = map_scale.diverging(bases[measure], more_is_better=more_is_better, lang=w.lang)
        views.append(map_kinds.change(w("map.change", measure=w(f"measure.{measure}")), cells, scale, [place]))
        told = told or change_alt(r, cells, before)
    met = {cell["status"] for view in views for cell in view.cells.values()}
    if "published" not in met:
        return None
    notes = [w("map.note.change"), *([w("map.note.incomparable")] if "incomparable" in met else [])]
    period = w("map.against", now=r.period, before=words.month(before, w.lang))
    picture = _snapshot(r, "map_change", drawn, views, period)
    caption = w("map.caption.change", period=period)
    return exhibits.picture("map", "map_change", None, caption, told, picture, notes)


def bivariate(r: Report) -> Exhibit | None:
    """Show deprivation and need met at once: where much is lacking and little was handed over, action is due.

    Classes are thirds of this month's units: the picture compares units, not months. None where few have both.
    """
    w, drawn = r.w, own_layer(r)
    pair = []
    for measure, colours in (("deprived_any", "deprivation"), ("covered", "progress")):
        cells = {u["code"]: _shown(r.release.cell(u["code"], measure), w) for u in drawn["units"]}
        rates = [cell["value"] for cell in cells.values() if cell["status"] == "published"]
        pair.append((w(f"map.axis.{measure}"), cells, map_scale.scale(rates, colours, w.lang, 3)))
    both = [c for c in pair[0][1] if all(cells[c]["status"] == "published" for _, cells, _ in pair)]
    if len(both) < max(COMPARED, FEWEST * len(pair[0][1])):
        return None
    view = map_kinds.bivariate(w("map.bivariate"), *pair, [0, 2], w.lang)
    picture = _snapshot(r, "map_bivariate", drawn, [view], r.period)
    names = {u["code"]: u["name"] for u in drawn["units"]}
    worst = [names[c] for c, cell in view.cells.items() if cell.get("place") == 2]
    lacking = sum(cell["status"] != "published" for cell in view.cells.values())
    priority = w("map.alt.priority", units="; ".join(worst)) if worst else w("map.alt.no_priority")
    told = f"{w('map.alt.bivariate', area=r.area['name'], period=r.period, lacking=lacking)} {priority}"
    notes = [priority, w("map.note.bivariate")]
    caption = w("map.caption.bivariate", period=r.period)
    return exhibits.picture("map", "map_bivariate", None, caption, told, picture, notes)


def quarters(r: Report) -> Exhibit | None:
    """Show deprivation quarter by quarter in today's units; None for a single month."""
    w, months = r.w, map_frames.quarters(r.release.months)
    if len(months) < 2:
        return None
    drawn, measure = own_layer(r), MEASURES[0]
    cells = {
        month: {u["code"]: _shown(r.release.cell(u["code"], measure, month=month), w) for u in drawn["units"]}
        for month in months
    }
    scale = map_scale.scale(map_series.bases(r.release.months, [measure])[measure], "deprivation", w.lang)
    label, base = w(f"measure.{measure}"), (MAIN, layer(r.layer))
    picture = map_frames.frames("map_quarters", drawn, months, cells, scale, label, lang=w.lang, base=base)
    ends = [r.release.cell(r.code, measure, month=month) for month in (months[0], months[-1])]
    first, last = (words.month(month, w.lang) for month in (months[0], months[-1]))
    told = w("map.alt.quarters", count=len(months), area=r.area["name"], first=first, last=last)
    told += " " + w("map.alt.ends", start=rate_text(ends[0], w), end=rate_text(ends[1], w))
    caption = w("map.caption.quarters", first=first, last=last)
    return exhibits.picture("map", "map_quarters", None, caption, told, picture, [w("map.note.quarters")])


def _snapshot(r: Report, id_: str, drawn: dict, views: list, period: str) -> maps.Map:
    base = (MAIN, layer(r.layer))
    same = r.area["area_set"] == "city"  # the same units on the same sheet as the first map, so the same numbers
    parts = {"outlines": _outlines(r), "see": r.w("map.see_first")} if same else {}
    return map_kinds.snapshot(id_, drawn, views, period, lang=r.w.lang, base=base, **parts)


def own_layer(r: Report) -> dict:
    """Return the units that the report is about: all of the city's, or a district's own communes."""
    drawn = layer(r.layer)
    if r.area["area_set"] == "city":
        return drawn
    own = {unit["code"] for unit in r.children}
    return drawn | {"units": [unit for unit in drawn["units"] if unit["code"] in own]}


def _outlines(r: Report) -> dict | None:
    """Return the districts drawn over a map of communes, this district alone in its own report; none since 2025-07."""
    if not r.layer.endswith("commune") or r.layer.startswith("C"):
        return None
    districts = layer(r.layer.replace("commune", "district"))
    if not r.area["area_set"].endswith("district"):
        return districts
    return districts | {"units": [u for u in districts["units"] if u["code"] == r.code]}


def _past(r: Report) -> list[maps.Past]:
    """Return the units of earlier times as their own city reports showed them: districts."""
    w, found = r.w, []
    here = {u["code"]: u["name"] for u in layer(r.layer)["units"]}
    for era in sorted({units.era_of(m) for m in r.release.months} - {units.era_of(r.release.month)}):
        area_set = units.LEVELS[era][1]
        months = [m for m in r.release.months if units.era_of(m) == era]
        counts = map_series.read(months, {area_set}, MEASURES, r.release.edition)
        drawn, members, now = layer(area_set), units.leaves(area_set), units.leaves(r.layer)
        codes = [u["code"] for u in drawn["units"]]
        cells = {
            m: {mo: {c: _shown(counts.get((area_set, mo, c, m), Cell()), w) for c in codes} for mo in months}
            for m in MEASURES
        }
        became = {c: sorted(here[n] for n, own in now.items() if own & members[c]) for c in codes}
        told = {c: w("map.became", names="; ".join(names)) for c, names in became.items()}
        found.append(maps.Past(drawn, months, cells, w(f"map.era.{era}", count=len(codes)), told))
    return found


def _shown(cell: Cell, w) -> dict:
    detail = f"{count_text(cell, w)} / {count_text(cell, w, 'denominator')}"
    return {"value": cell.rate, "text": rate_text(cell, w), "detail": detail, "status": cell.status}


def difference(before: Cell, now: Cell, exact: bool, w) -> dict:
    """Return a change; none where a year before other territory was counted, or a commune's list was lacking."""
    met = {before.status, now.status}
    status = next((s for s in ("missing", "suppressed", "empty") if s in met), "published")
    if status != "missing" and (not exact or not comparable(before, now)):
        return {"status": "incomparable"}
    if status != "published":
        return {"status": status}
    value = now.rate - before.rate
    detail = w("map.from_to", before=rate_text(before, w), now=rate_text(now, w))
    return {"status": status, "value": value, "text": words.points(value, w.lang), "detail": detail}


def change_alt(r: Report, cells: dict, before: str) -> str:
    values = [map_scale.tenths(c["value"]) for c in cells.values() if c["status"] == "published"]
    counts = {
        "down": sum(v < 0 for v in values),
        "up": sum(v > 0 for v in values),
        "same": values.count(0),
        "lacking": len(cells) - len(values),
    }
    where = {"area": r.area["name"], "period": r.period, "before": words.month(before, r.w.lang)}
    return r.w("map.alt.change", **counts, **where)


def _alt(r: Report) -> str:
    around = r.above if r.area["area_set"].endswith("commune") else r.area
    w, where = r.w, {"area": around["name"], "period": r.period}
    cells = [(r.release.cell(u["code"], MEASURES[0]), u["name"]) for u in r.children]
    rated = sorted((c.rate, name) for c, name in cells if c.rate is not None)
    if not rated:
        return w("alt.map_none", **where)
    low, high = (w("alt.unit", name=n, rate=words.share(v, w.lang)) for v, n in (rated[0], rated[-1]))
    return w("alt.map", high=high, low=low, hidden=sum(c.status == "suppressed" for c, _ in cells), **where)
