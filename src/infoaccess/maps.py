"""Show counts by unit as a map: one static SVG for paper, one live map for the screen.

Both are drawn from the same layer of ready-made paths, with the same classes. Class limits are chosen once from
the published values of all months, so that a colour means the same share whichever month is shown. A value that
disclosure control has withheld is dropped here, before anything is drawn or written into a page.
"""

import math
import re
from dataclasses import dataclass

from infoaccess import html, map_layout, map_svg, words

STATUSES = ("published", "suppressed", "empty", "missing")
CLASSES = 5
# One hue each, evenly falling lightness: told apart also by colour-blind readers and on a grey print.
PALETTES = {
    "deprivation": ("#fdeeda", "#f8c99b", "#ec9560", "#c9562f", "#7f2210"),
    "progress": ("#e2f0f3", "#a9d3dd", "#62acc4", "#2a7a9f", "#10466b"),
}
_SPREAD = {1: (2,), 2: (1, 3), 3: (0, 2, 4), 4: (0, 1, 3, 4), 5: (0, 1, 2, 3, 4)}
# Steps of the limits, in tenths of a per cent, the roundest first.
_STEPS = (200, 100, 50, 20, 10, 5, 2, 1)
_PLAIN_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Map:
    """Hold a map twice: html for the screen, svg for paper."""

    html: str
    svg: str


@dataclass(frozen=True)
class Scale:
    """Hold the classes of one measure: limits as shares (0-1), one colour and one label a class."""

    breaks: tuple[float, ...]
    colours: tuple[str, ...]
    labels: tuple[str, ...]

    def colour(self, value: float) -> str:
        """Return the colour of a share; a limit itself belongs to the upper class."""
        return self.colours[sum(round(value, 3) >= limit for limit in self.breaks)]


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
) -> Map:
    """Draw shares by unit and month.

    `months` are "YYYY-MM" in order; the static map shows the last one and the first measure. `names` (code to
    name) replaces the layer's own names. Values are shares (0-1); `text` and `detail` of a cell are printed as given.

    Raises ValueError for an unusable id, an unknown palette or status, a code that the layer lacks, and for
    outlines drawn on another frame than the layer.
    """
    if not _PLAIN_ID.fullmatch(id):
        raise ValueError(f"map id {id!r}: letters, digits, _ and - only")
    if not months or not measures:
        raise ValueError(f"map {id}: no month or no measure to show")
    _check_frame(id, layer, outlines)
    units = [{**unit, "name": (names or {}).get(unit["code"], unit["name"])} for unit in layer["units"]]
    codes = [unit["code"] for unit in units]
    shown = {m["id"]: _clean(cells.get(m["id"], {}), months, codes) for m in measures}
    scales = {m["id"]: scale(_values(shown[m["id"]]), m["colours"], lang) for m in measures}
    sheet = map_layout.sheet(layer, units, highlight, outlines, lang)
    return Map(
        _live(id, sheet, months, measures, shown, scales, highlight, lang),
        _static(id, sheet, months[-1], measures[0], shown, scales, lang),
    )


def scale(values: list[float], colours: str, lang: str = "vi") -> Scale:
    """Choose classes for shares: about equal numbers in each class, limits as round as that allows.

    >>> scale([0.02, 0.03, 0.06, 0.08, 0.12, 0.14, 0.19, 0.3, 0.46], "deprivation").breaks
    (0.05, 0.1, 0.15, 0.2)
    """
    if colours not in PALETTES:
        raise ValueError(f"unknown colours {colours!r}: {', '.join(PALETTES)}")
    limits = _limits(sorted(values))
    digits = 0 if all(limit % 10 == 0 for limit in limits) else 1
    texts = [words.share(limit / 1000, lang, digits) for limit in limits]
    w = words.load(lang)
    if texts:
        between = [w("map.between", low=a, high=b) for a, b in zip(texts, texts[1:], strict=False)]
        labels = [w("map.below", high=texts[0]), *between, w("map.above", low=texts[-1])]
    else:
        labels = [w("map.any")]
    palette = PALETTES[colours]
    return Scale(
        tuple(limit / 1000 for limit in limits),
        tuple(palette[place] for place in _SPREAD[len(labels)]),
        tuple(labels),
    )


def _limits(ordered: list[float]) -> list[int]:
    """Return up to four class limits in tenths of a per cent, each inside the range of the values."""
    found = _rounded_quantiles(ordered)
    if len(found) > 1:
        return found
    # Most values are one and the same (often 0 or 100 %): let each different value count once.
    return max(found, _rounded_quantiles(sorted(set(ordered))), key=len)


def _rounded_quantiles(ordered: list[float]) -> list[int]:
    """Return the fifths of the values on the roundest step that keeps most of them apart."""
    if not ordered:
        return []
    low, high = round(ordered[0] * 1000), round(ordered[-1] * 1000)
    quantiles = [ordered[(len(ordered) - 1) * part // CLASSES] * 1000 for part in range(1, CLASSES)]
    best: list[int] = []
    # A step far finer than the range would only make crooked limits.
    for step in (step for step in _STEPS if step * 25 >= high - low or step == _STEPS[0]):
        found = [low // step * step]
        for q in quantiles:
            # Two quantiles may round to one limit: the second moves up, if that is not far from it.
            limit = max(math.floor(q / step + 0.5) * step, found[-1] + step)
            if limit <= high and abs(limit - q) <= 0.75 * step:
                found.append(limit)
        if len(found) - 1 > len(best):
            best = found[1:]
    return best


def _clean(by_month: dict, months: list[str], codes: list[str]) -> dict[str, dict]:
    """Return {month: {code: cell}} for every month and unit; only a published cell keeps its figures."""
    known = set(codes)
    cleaned = {}
    for month in months:
        given = by_month.get(month, {})
        if unknown := set(given) - known:
            raise ValueError(f"{month}: units not on the map: {', '.join(sorted(unknown))}")
        cleaned[month] = {code: _clean_cell(given.get(code)) for code in codes}
    return cleaned


def _clean_cell(cell: dict | None) -> dict:
    """Return a cell without anything that its status does not allow to be seen."""
    status = cell["status"] if cell else "missing"
    if status not in STATUSES:
        raise ValueError(f"unknown status {status!r} of a map cell")
    if status != "published":
        return {"status": status}
    value = cell["value"]
    if value is None or math.isnan(value):
        return {"status": "missing"}
    return {"status": status, "value": value, "text": cell["text"], "detail": cell.get("detail") or ""}


def _values(by_month: dict) -> list[float]:
    cells = (cell for by_code in by_month.values() for cell in by_code.values())
    return [cell["value"] for cell in cells if cell["status"] == "published"]


def _check_frame(id: str, layer: dict, outlines: dict | None) -> None:
    """Refuse outlines whose coordinates mean other places than the layer's."""
    frame = ("width", "height", "metres_per_unit")
    if outlines and any(not math.isclose(layer[k], outlines[k], rel_tol=0.01) for k in frame):
        raise ValueError(f"map {id}: outlines {outlines['area_set']} have another frame than {layer['area_set']}")


def _fills(scale_: Scale, by_code: dict, prefix: str) -> dict[str, str]:
    return {
        code: scale_.colour(cell["value"]) if cell["status"] == "published" else map_svg.fill(cell["status"], prefix)
        for code, cell in by_code.items()
    }


def _static(id, sheet, month, measure, shown, scales, lang) -> str:
    by_code, chosen = shown[measure["id"]][month], scales[measure["id"]]
    met = {cell["status"] for cell in by_code.values()}
    entries = list(zip(chosen.colours, chosen.labels, strict=True)) if "published" in met else []
    entries += [(map_svg.fill(s, id), words.load(lang)(f"map.{s}")) for s in STATUSES[1:] if s in met]
    entries += [("own", words.load(lang)("map.own"))] if sheet.own else []
    title = (measure["label"], words.month(month, lang))
    return map_svg.static(sheet, _fills(chosen, by_code, id), title, entries, id)


def _live(id, sheet, months, measures, shown, scales, highlight, lang) -> str:
    prefix = f"{id}-live"
    first = measures[0]["id"]
    codes = [unit["code"] for unit in sheet.units]
    met = {c["status"] for by in shown.values() for month in by.values() for c in month.values()}
    data = {
        "months": [[words.month(m, lang), f"{m[5:]}/{m[:4]}"] for m in months],
        "measures": [
            {"id": m["id"], "label": m["label"], "breaks": scales[m["id"]].breaks, "colours": scales[m["id"]].colours}
            for m in measures
        ],
        "fills": {s: map_svg.fill(s, prefix) for s in STATUSES[1:]},
        "units": {
            unit["code"]: [unit["name"], *sheet.frame.point(unit["x"], unit["y"]), _area(unit, lang)]
            for unit in sheet.units
        },
        "cells": {
            measure: {code: [_packed(by_month[m][code]) for m in months] for code in codes}
            for measure, by_month in shown.items()
        },
        "own": highlight if highlight in codes else None,
    }
    return html.fragment(
        "map.html.j2",
        id=id,
        w=words.load(lang),
        months=months,
        month=words.month(months[-1], lang),
        measures=measures,
        scales=scales,
        statuses=[s for s in STATUSES[1:] if s in met],
        swatch=lambda colour: html.Markup(map_svg.swatch(colour, sheet.frame.factor)),
        fill=lambda status: map_svg.fill(status, prefix),
        svg=html.Markup(map_svg.live(sheet, _fills(scales[first], shown[first][months[-1]], prefix), prefix)),
        units=sorted(((u["name"], u["code"]) for u in sheet.units), key=lambda pair: pair[0]),
        own=bool(sheet.own),
        note=sheet.note,
        data=html.json_text(data),
    )


def _packed(cell: dict) -> list | str:
    """Return a cell as the page's script reads it: [value, text, detail], or its status."""
    if cell["status"] != "published":
        return cell["status"]
    return [round(cell["value"], 4), cell["text"], cell["detail"]]


def _area(unit: dict, lang: str) -> str:
    area = unit.get("area_km2")
    return f"{words.number(area, lang, 1)} km²" if area else ""
