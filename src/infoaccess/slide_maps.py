"""The maps among the slides: rates by unit, and what changed since the same month a year before."""

from infoaccess import map_exhibits, map_scale, map_series, rooms, slide_data, units, words
from infoaccess import slide_pictures as pictures
from infoaccess import slide_sentences as sentences
from infoaccess.exhibits import Exhibit
from infoaccess.figures import count_text
from infoaccess.map_cells import STATUSES
from infoaccess.map_svg import fill
from infoaccess.report import Report
from infoaccess.report_cells import crossing

MEASURE = "deprived_any"


def rates(r: Report) -> Exhibit:
    """Show the rate of households lacking information unit by unit, in the classes of the report's map."""
    w, drawn = r.w, map_exhibits.own_layer(r)
    _, rated = sentences.judged(r)
    scale = map_scale.scale(map_series.bases(r.release.months, [MEASURE])[MEASURE], "deprivation", w.lang)
    cells = {u["code"]: r.release.cell(u["code"], MEASURE) for u in drawn["units"]}
    fills = {c: scale.colour(x.rate) if x.rate is not None else fill(x.status, "slide_map") for c, x in cells.items()}
    own = r.code if r.area["area_set"].endswith("commune") else None
    entries = list(zip(scale.colours, scale.labels, strict=True)) if rated else []
    entries += _signs({x.status for x in cells.values()}, "slide_map", w, own)
    ranked = [] if own or len(rated) <= sentences.SHOWN else rated[: sentences.SHOWN]
    marks = [
        (p.code, n, w("slide.map.top", place=n, name=p.name, rate=sentences.rate(p, w)))
        for n, p in enumerate(ranked, 1)
    ]
    svg = pictures.chart_map(drawn, fills, w("slide.map.legend"), entries, marks=marks, own=own, id="slide_map")
    message = sentences.spread(r)
    facts = {"all": len(cells), "period": r.period, "lacking": sum(x.status != "published" for x in cells.values())}
    alt = w("slide.map.alt", told=message + ".", **facts)
    ends = rated if len(rated) <= 6 else [*rated[:3], *rated[-3:]]
    numbers = [_told(p, w) for p in ends]
    caveats = [w("slide.map.ends")] * (len(ends) < len(rated)) + [drawn.get(f"note_{w.lang}", "")]
    notes = {"say": [w("slide.map.say")], "numbers": numbers, "caveats": filter(None, caveats)}
    return slide_data.picture("map", "slide_map", message, r, svg, alt, **notes)


def _signs(met: set[str], prefix: str, w, own: str | None = None) -> list[tuple[str, str]]:
    signs = [(fill(s, prefix), w(f"map.{s}")) for s in STATUSES[1:] if s in met]
    return signs + ([("own", w("map.own"))] if own else [])


def _told(place: sentences.Place, w) -> str:
    count, of = count_text(place.cell, w), count_text(place.cell, w, "denominator")
    return w("slide.map.range", name=place.name, rate=sentences.rate(place, w), count=count, of=of)


def change(r: Report) -> tuple[Exhibit, ...]:
    """Show what changed since the same month a year before; nothing for a commune or where that month is not there."""
    w, before = r.w, rooms.shift(r.release.month, -12)
    if r.area["area_set"].endswith("commune") or before not in r.release.months:
        return ()
    drawn, standard = map_exhibits.own_layer(r), map_series.standards([before, r.release.month])
    same = standard.get(before) == standard[r.release.month]
    exact = units.exact(units.commune_set(before), r.layer) if same else set()
    pairs = {
        u["code"]: [r.release.cell(u["code"], MEASURE, month=m) for m in (before, r.release.month)]
        for u in drawn["units"]
    }
    cells = {code: map_exhibits.difference(*pair, code in exact, w) for code, pair in pairs.items()}
    scale = map_scale.diverging(
        map_series.changes(r.release.months, r.layer, [MEASURE])[MEASURE], more_is_better=False, lang=w.lang
    )
    known = {u["name"]: cells[u["code"]]["value"] for u in drawn["units"] if "value" in cells[u["code"]]}
    fills = {
        c: scale.colour(x["value"]) if "value" in x else fill(x["status"], "slide_change") for c, x in cells.items()
    }
    entries = list(zip(scale.colours, scale.labels, strict=True)) if known else []
    entries += _signs({x["status"] for x in cells.values()}, "slide_change", w)
    svg = pictures.chart_map(drawn, fills, w("slide.map.legend_change"), entries, id="slide_change")
    message = sentences.changed(r, known)
    alt = map_exhibits.change_alt(r, cells, before)
    ordered = sorted(known.items(), key=lambda pair: pair[1])
    numbers = []
    for key, some in (("most", [p for p in ordered if p[1] < 0][:3]), ("least", [p for p in ordered if p[1] > 0][-3:])):
        if some:
            shown = [w("slide.change.unit", name=n, by=words.points(v, w.lang)) for n, v in some]
            numbers.append(w(f"slide.change.{key}", list="; ".join(shown)))
    caveats = [w("map.note.change"), *crossing(r.release.months, w)]
    notes = {"say": [w("slide.change.say")], "numbers": numbers, "caveats": caveats}
    return (slide_data.picture("map", "slide_change", message, r, svg, alt, **notes),)
