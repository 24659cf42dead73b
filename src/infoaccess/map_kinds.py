"""Show one month's units by more than one share: what changed since another month, and two shares at once.

Change is coloured by better and worse with "about the same" in the middle; two shares are coloured by the fields
of a square. Both draw the paths that the page's first map defines, where they are told its id.
"""

from dataclasses import dataclass, field

from infoaccess import html, map_cells, map_layout, map_legend, map_paths, map_scale, map_svg, maps, words
from infoaccess.map_scale import Scale


@dataclass(frozen=True)
class View:
    """Hold one way to colour the units: cells with a class (`place`), a colour and label a class, or a square.

    `series` are the places of the first map's measures whose months a chosen unit shows.
    """

    label: str
    cells: dict[str, dict]
    colours: tuple[str, ...]
    labels: tuple[str, ...] = ()
    square: dict | None = None
    series: list[int] = field(default_factory=list)


def change(label: str, cells: dict, chosen: Scale, series: list[int]) -> View:
    """Colour units by a change of a share; a cell's value is the difference (0.01 is one percentage point)."""
    clean = {code: map_cells.clean_cell(cell) for code, cell in cells.items()}
    placed = {c: v | {"place": chosen.place(v["value"])} if "value" in v else v for c, v in clean.items()}
    return View(label, placed, chosen.colours, chosen.labels, None, series)


def bivariate(
    label: str, across: tuple[str, dict, Scale], up: tuple[str, dict, Scale], series: list[int], lang: str = "vi"
) -> View:
    """Colour units by two shares of three classes each; each is (name, cells by code, classes).

    A unit has a colour where both shares are published, else the sign of what is lacking: withheld before missing.
    """
    (x_name, x_cells, x), (y_name, y_cells, y) = across, up
    w, placed = words.load(lang), {}
    names = w("map.both", across=x_name, up=y_name[0].lower() + y_name[1:])
    for code in x_cells:
        pair = [map_cells.clean_cell(x_cells[code]), map_cells.clean_cell(y_cells.get(code))]
        met = {cell["status"] for cell in pair}
        if met == {"published"}:
            place = 3 * _third(y, pair[1]["value"]) + _third(x, pair[0]["value"])
            text = w("map.both", across=pair[0]["text"], up=pair[1]["text"])
            placed[code] = {"status": "published", "place": place, "text": text, "detail": names}
        else:
            placed[code] = {"status": next(s for s in map_cells.STATUSES[1:] if s in met)}
    limits = [[words.share(b, lang, 0 if round(b * 1000) % 10 == 0 else 1) for b in s.breaks] for s in (x, y)]
    square = {"colours": map_scale.SQUARE, "across": x_name, "up": y_name}
    square |= {"across_limits": limits[0], "up_limits": limits[1]}
    return View(label, placed, map_scale.SQUARE, (), square, series)


def _third(scale_: Scale, value: float) -> int:
    """Return 0, 1 or 2; where the values make only two classes, the outer ones."""
    place = scale_.place(value)
    return place * 2 if len(scale_.breaks) == 1 else place


def snapshot(
    id: str,
    layer: dict,
    views: list[View],
    period: str,
    *,
    highlight: str | None = None,
    outlines: dict | None = None,
    lang: str = "vi",
    names: dict[str, str] | None = None,
    base: tuple[str, dict] | None = None,
    see: str | None = None,
) -> maps.Map:
    """Draw units of one period; paper gets the first view. `base` is the page's first map: its id and its layer.

    `see` names where paper has the key of numbers and the note on boundaries, where this map shall not repeat them.

    Raises ValueError for an unusable id, and for no view to show.
    """
    maps.checked_id(id)
    if not views:
        raise ValueError(f"map {id}: no view to show")
    layer, outlines = map_paths.shortened(layer), map_paths.shortened(outlines) if outlines else None
    sheet = map_layout.sheet(layer, maps.named(layer, names), highlight, outlines, lang)
    first, prefix = views[0], f"{id}-live"
    refs = map_svg.ids(base[1]["units"], f"{base[0]}-live") if base else None
    codes = [unit["code"] for unit in sheet.units]
    data = {
        "months": [[period, period]],
        "measures": [{"id": f"{n}", "label": v.label, "colours": v.colours} for n, v in enumerate(views)],
        "fills": {s: map_svg.fill(s, prefix) for s in map_cells.STATUSES[1:]},
        "layers": [
            {
                "units": maps.unit_data(sheet, lang),
                "cells": {f"{n}": {c: [_token(v.cells[c])] for c in codes} for n, v in enumerate(views)},
                "first": 0,
                "count": 1,
            }
        ],
        "modes": [[[0, 0]]],
        "says": [""],
        "breaks": [],
        "unit": "",
        "base": base[0] if base else None,
        "series": [view.series for view in views],
        "own": highlight if highlight in codes else None,
    }
    live = maps.fragment(
        id,
        sheet,
        data,
        month=period,
        prints=bool(base),
        legends=[_live_legend(view, prefix, lang, bool(sheet.own)) for view in views],
        svg=html.Markup(map_svg.live([sheet], _fills(first, codes, prefix), prefix, refs)),
    )
    met = {first.cells[code]["status"] for code in codes}
    entries = list(zip(first.colours, first.labels, strict=True)) if first.labels else []
    entries += [(fill, label) for _, fill, label in maps.sign_entries(met, id, lang, bool(sheet.own))]
    # The square names its measures itself; the caption tells the two times of a change.
    title = ("", period) if first.square else (first.label, "")
    paper = map_layout.paper(layer, sheet.units, highlight, outlines, lang)
    return maps.Map(live, map_svg.static(paper, _fills(first, codes, id), title, entries, id, first.square, see=see))


def _fills(view: View, codes: list[str], prefix: str) -> dict[str, str]:
    cells = {code: view.cells[code] for code in codes}
    return {
        code: view.colours[cell["place"]] if "place" in cell else map_svg.fill(cell["status"], prefix)
        for code, cell in cells.items()
    }


def _token(cell: dict) -> str | list:
    return [cell["place"], cell["text"], cell["detail"]] if "place" in cell else cell["status"][0]


def _live_legend(view: View, prefix: str, lang: str, own: bool) -> dict:
    met = {cell["status"] for cell in view.cells.values()}
    lines = [(n, c, label) for n, (c, label) in enumerate(zip(view.colours, view.labels, strict=False))]
    legend = {"square": None, "lines": lines + maps.sign_entries(met, prefix, lang, own)}
    if view.square:
        square = map_legend.square(**view.square, ink="currentColor")
        says = words.load(lang)("map.square", across=view.square["across"], up=view.square["up"])
        legend |= {"square": html.Markup(square), "tall": map_legend.TALL, "says": says}
    return legend
