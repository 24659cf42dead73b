"""Show counts by unit as a map: one static SVG for paper, one live map for the screen.

Both are drawn from the same layer of ready-made paths, with the same classes. Class limits are chosen once from
the published values of all months, so that a colour means the same share whichever month is shown. A value that
disclosure control has withheld is dropped here, before anything is drawn or written into a page.
"""

import math
import re
from dataclasses import dataclass, field

from infoaccess import html, map_cells, map_layout, map_legend, map_paths, map_svg, words
from infoaccess.map_cells import STATUSES
from infoaccess.map_scale import CLASSES, PALETTES, Scale, scale

__all__ = ["CLASSES", "PALETTES", "STATUSES", "Map", "Past", "Scale", "choropleth", "scale"]
_PLAIN_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Map:
    """Hold a map twice: html for the screen, svg for paper."""

    html: str
    svg: str


@dataclass(frozen=True)
class Past:
    """Hold the units of an earlier time: their layer, their months, their cells as for the map of today.

    `says` tells the reader what these units are, `became` what each turned into.
    """

    layer: dict
    months: list[str]
    cells: dict
    says: str
    became: dict[str, str] = field(default_factory=dict)


def choropleth(
    id: str,
    layer: dict,
    months: list[str],
    measures: list[dict],
    cells: dict,
    *,
    highlight: str | None = None,
    outlines: dict | None = None,
    lang: str = "vi",
    names: dict[str, str] | None = None,
    bases: dict[str, list[float]] | None = None,
    paper: list[str] | None = None,
    marks: list[tuple[str, str]] = (),
    past: list[Past] = (),
    says: str = "",
    unit: str = "",
) -> Map:
    """Draw shares by unit and month.

    `months` are "YYYY-MM" in order; the static map shows the last one and the first measure. `names` (code to
    name) replaces the layer's own names. Values are shares (0-1); `text` and `detail` of a cell are printed as given.
    `paper` are the codes that paper draws, all if not given.
    `bases` (measure to shares) replaces the cells' own values as what the classes are chosen from. `marks` are
    months in which units changed; before the last of them `says` is shown, and `past` offers the units of each time.
    `unit` follows each detail on the page.

    Raises ValueError for an unusable id, an unknown palette or status, a code that the layer lacks, and for
    outlines or a past drawn on another frame than the layer.
    """
    checked_id(id)
    if not months or not measures:
        raise ValueError(f"map {id}: no month or no measure to show")
    for other in [outlines, *(time.layer for time in past)]:
        _check_frame(id, layer, other)
    layer, outlines = map_paths.shortened(layer), map_paths.shortened(outlines) if outlines else None
    units = named(layer, names)
    codes = [unit["code"] for unit in units]
    shown = {m["id"]: map_cells.clean(cells.get(m["id"], {}), months, codes) for m in measures}
    values = {m["id"]: (bases or {}).get(m["id"]) or _values(shown[m["id"]]) for m in measures}
    scales = {m["id"]: scale(values[m["id"]], m["colours"], lang) for m in measures}
    sheet = map_layout.sheet(layer, units, highlight, outlines, lang)
    then = [_then(time, measures, sheet, lang) for time in past]
    some = [unit for unit in units if paper is None or unit["code"] in paper]
    sheet_of = map_layout.paper(layer, some, highlight, outlines if len(some) == len(units) else None, lang)
    return Map(
        _live(id, sheet, months, measures, shown, scales, highlight, lang, marks, then, says, unit),
        _static(id, sheet_of, months[-1], measures[0], shown, scales, lang),
    )


def checked_id(id: str) -> str:
    """Return an id that may stand in markup. Raises ValueError for any other."""
    if not _PLAIN_ID.fullmatch(id):
        raise ValueError(f"map id {id!r}: letters, digits, _ and - only")
    return id


def named(layer: dict, names: dict[str, str] | None) -> list[dict]:
    """Return a layer's units, with other names where these are given."""
    return [{**unit, "name": (names or {}).get(unit["code"], unit["name"])} for unit in layer["units"]]


def unit_data(sheet: map_layout.Sheet, lang: str, became: dict[str, str] | None = None) -> dict:
    """Return what the page's script knows of each unit: name, place on the sheet, area, what it became."""
    return {
        unit["code"]: [
            unit["name"],
            *sheet.frame.point(unit["x"], unit["y"]),
            _area(unit, lang),
            *([became[unit["code"]]] if unit["code"] in (became or {}) else []),
        ]
        for unit in sheet.units
    }


def sign_entries(met: set[str], prefix: str, lang: str, own: bool) -> list[tuple[str, str, str]]:
    """Return legend lines (key, fill, label) of units without a figure, and of the report's own unit."""
    w = words.load(lang)
    lines = [(s, map_svg.fill(s, prefix), w(f"map.{s}")) for s in STATUSES[1:] if s in met]
    return lines + ([("own", "own", w("map.own"))] if own else [])


def fragment(id: str, sheet: map_layout.Sheet, data: dict, **more) -> str:
    """Return a live map as HTML; `legends` are one dict a measure: lines, and the square if there is one."""
    given = {
        "months": [],
        "month": "",
        "measures": data["measures"],
        "ticks": [],
        "modes": False,
        "prints": False,
    } | more
    data = data | {"words": words.load(sheet.lang).table["map"]["script"]}
    return html.fragment(
        "map.html.j2",
        id=id,
        w=words.load(sheet.lang),
        swatch=lambda colour: html.Markup(map_legend.swatch(colour, sheet.frame.factor)),
        units=sorted(((u["name"], u["code"]) for u in sheet.units), key=lambda pair: pair[0]),
        note=sheet.note,
        data=html.json_text(data),
        **given,
    )


def _values(by_month: dict) -> list[float]:
    cells = (cell for by_code in by_month.values() for cell in by_code.values())
    return [cell["value"] for cell in cells if cell["status"] == "published"]


def _check_frame(id: str, layer: dict, other: dict | None) -> None:
    """Refuse another layer whose coordinates mean other places than the layer's."""
    frame = ("width", "height", "metres_per_unit")
    if other and any(not math.isclose(layer[k], other[k], rel_tol=0.01) for k in frame):
        raise ValueError(f"map {id}: {other['area_set']} has another frame than {layer['area_set']}")


def _fills(scale_: Scale, by_code: dict, prefix: str) -> dict[str, str]:
    return {
        code: scale_.colour(cell["value"]) if cell["status"] == "published" else map_svg.fill(cell["status"], prefix)
        for code, cell in by_code.items()
    }


def _then(time: Past, measures: list[dict], now: map_layout.Sheet, lang: str) -> tuple:
    """Lay out the units of an earlier time on the sheet of today, and clean their cells."""
    layer = map_paths.shortened(time.layer)
    sheet = map_layout.sheet(layer, layer["units"], None, None, lang, now.frame)
    codes = [unit["code"] for unit in layer["units"]]
    shown = {m["id"]: map_cells.clean(time.cells.get(m["id"], {}), time.months, codes) for m in measures}
    return time, sheet, shown


def _static(id, sheet, month, measure, shown, scales, lang) -> str:
    by_code, chosen = shown[measure["id"]][month], scales[measure["id"]]
    by_code = {unit["code"]: by_code[unit["code"]] for unit in sheet.units}
    met = {cell["status"] for cell in by_code.values()}
    entries = list(zip(chosen.colours, chosen.labels, strict=True)) if "published" in met else []
    entries += [(fill, label) for _, fill, label in sign_entries(met, id, lang, bool(sheet.own))]
    title = (measure["label"], words.month(month, lang))
    return map_svg.static(sheet, _fills(chosen, by_code, id), title, entries, id)


def _live(id, sheet, months, measures, shown, scales, highlight, lang, marks, then, says, unit) -> str:
    prefix = f"{id}-live"
    first = measures[0]["id"]
    everything = [shown, *(cells for _, _, cells in then)]
    met = {c["status"] for s in everything for by in s.values() for month in by.values() for c in month.values()}
    layers = [_layer_data(sheet, months, shown, 0, lang)]
    # Each month of each mode: which layer is drawn, and what is said of it.
    sayings, changed = ["", says], max((month for month, _ in marks), default="")
    modes = [[[0, int(month < changed)] for month in months]]
    if then:
        modes.append([[0, 0] for _ in months])
        for place, (time, past_sheet, cells) in enumerate(then, 1):
            own = [month for month in months if month in time.months]
            layers.append(_layer_data(past_sheet, own, cells, months.index(own[0]), lang, time.became))
            sayings.append(time.says)
            for month in own:
                modes[1][months.index(month)] = [place, place + 1]
    legends = [
        {
            "square": None,
            "lines": [
                *((i, c, label) for i, (c, label) in enumerate(zip(s.colours, s.labels, strict=True))),
                *sign_entries(met, prefix, lang, bool(sheet.own)),
            ],
        }
        for s in (scales[m["id"]] for m in measures)
    ]
    data = {
        "months": [[words.month(m, lang), f"{m[5:]}/{m[:4]}"] for m in months],
        "measures": [
            {"id": m["id"], "label": m["label"], "breaks": scales[m["id"]].limits, "colours": scales[m["id"]].colours}
            for m in measures
        ],
        "fills": {s: map_svg.fill(s, prefix) for s in STATUSES[1:]},
        "layers": layers,
        "modes": modes,
        "says": sayings,
        "breaks": [months.index(month) for month, _ in marks if month in months[1:]],
        "unit": unit and f" {unit}",
        "format": words.share(0.0, lang),
        "own": highlight if highlight in {u["code"] for u in sheet.units} else None,
    }
    fills = _fills(scales[first], shown[first][months[-1]], prefix)
    last = len(months) - 1
    return fragment(
        id,
        sheet,
        data,
        months=months,
        month=words.month(months[-1], lang),
        legends=legends,
        ticks=[(months.index(month) / last, label) for month, label in marks if month in months[1:]],
        modes=bool(then),
        svg=html.Markup(map_svg.live([sheet, *(s for _, s, _ in then)], fills, prefix)),
    )


def _layer_data(sheet, months, shown, first, lang, became=None) -> dict:
    cells = {
        measure: {u["code"]: map_cells.packed([by_month[m][u["code"]] for m in months], lang) for u in sheet.units}
        for measure, by_month in shown.items()
    }
    return {"units": unit_data(sheet, lang, became), "cells": cells, "first": first, "count": len(months)}


def _area(unit: dict, lang: str) -> str:
    area = unit.get("area_km2")
    return f"{words.number(area, lang, 1)} km²" if area else ""
