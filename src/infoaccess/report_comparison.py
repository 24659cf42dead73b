"""The report's comparisons: every headline against earlier months, and the units against chance."""

from math import inf

import pandas as pd

from infoaccess import chart_screen, comparing, exhibits, figures, funnel_chart, memo, noise, words
from infoaccess.chart_plan import NARROW, SANS, WIDTH
from infoaccess.charts import Chart
from infoaccess.exhibits import Exhibit
from infoaccess.figures import HEADLINES, Headline
from infoaccess.report import Report
from infoaccess.report_cells import cell, column, row, signs, words_only

SAID = 3  # units of which a sentence says how they stand
AGAINST = ("month", "year", "plan")


def months_table(r: Report) -> Exhibit:
    """Show each headline number beside last month's, last year's and that of the plan's beginning, as far as known."""
    w, earlier = r.w, comparing.earlier(r.release.month)
    heads = [column(w("column.measure"), align="left"), column(words.month_short(r.release.month))]
    known = {m for m in earlier.values() if any(_count(r, spec, m).status != "missing" for spec in HEADLINES)}
    shown = [(a, earlier[a]) for a in AGAINST if earlier.get(a) in known]
    untold = [words.month_short(m) for m in dict.fromkeys(earlier.values()) if m not in known]
    for against, month in shown:
        tier = w(f"against.{against}", month=words.month_short(month))
        heads += [column(w("column.then"), tier), column(w("column.change"), tier)]
    rows, uneven = [], False
    for spec in HEADLINES:
        cells = [cell(_count(r, spec, r.release.month), spec.part, r)]
        for _, month in shown:
            then = _count(r, spec, month)
            crossed = comparing.across_2g(spec.measure, month, r.release.month)
            now = _count(r, spec, r.release.month)
            change = figures.change(now, then, spec, w)
            sign = "" if change else figures.no_change(now, then, spec.part, w)
            uneven |= sign == w("sign.not_compared")
            cells += [cell(then, spec.part, r), _change(change, spec.part, crossed, sign, w)]
        rows.append(row(w(f"row.{spec.id.split('.')[0]}"), cells))
    notes = [
        *signs(r, rows, need=True),
        *([w("note.compared")] if shown else []),
    ]
    notes += [w("note.uneven")] if uneven else []
    notes += [w("note.not_compared", months=", ".join(untold))] if untold else []
    return exhibits.table("months", None, w("caption.months", period=r.period), heads, rows, notes)


def _count(r: Report, spec: Headline, month: str):
    return figures.counted(r.release, r.code, spec, month)


def _change(change: dict | None, part: str, crossed: bool, sign: str, w) -> tuple:
    """Return a change as a cell without its unit, which the table's note tells; `sign` says why there is none."""
    if change is None:
        return words_only(sign, None)
    text = words.signed(change["step"] / 10, w.lang, 1) if part == "rate" else change["text"]
    return words_only(text + (w("sign.twog") if crossed else ""), change["step"])


def funnel(r: Report) -> Exhibit:
    """Show which units differ from the common rate by more than chance; say so where too few have a rate."""
    units = {u["code"]: u["name"] for u in r.children}
    cells = {code: r.release.cell(code, "deprived_any") for code in units}
    drawn_from = tuple((k, units[k], c.numerator, c.denominator, c.status) for k, c in cells.items())
    return memo.held("funnel", [], (r.period, r.w.lang, drawn_from), lambda: _funnel(r, units, cells))


def _funnel(r: Report, units: dict[str, str], cells: dict) -> Exhibit:
    w = r.w
    if sum(c.rate is not None for c in cells.values()) < noise.FEWEST:
        return exhibits.text("funnel", None, [w("note.no_funnel", fewest=noise.FEWEST)])
    found = noise.funnel(noise.counts(units, cells))
    titles = {"x_title": w("axis.households"), "y_title": w("axis.deprived"), "lang": w.lang}
    drawn, data = funnel_chart.draw(found, **titles)
    notes = [w("note.funnel"), *filter(None, [data["note"]]), *_common(r, found), *_said(found, w)]
    caption = w("caption.funnel", period=r.period)
    screens = [funnel_chart.draw(found, **titles, wide=wide, face=SANS) for wide in (WIDTH, NARROW)]
    told = {
        u["code"]: _told(u, w)
        for u in found.units.sort_values("denominator").to_dict("records")
        if pd.notna(u["share"])
    }
    screen = chart_screen.points("funnel", screens, told, [w("axis.deprived"), w("axis.households"), ""])
    return exhibits.picture("chart", "funnel", None, caption, data["alt"], Chart(screen, drawn), notes)


def _told(unit: dict, w) -> tuple[str, list[str]]:
    """Return what the funnel's reading says of a unit."""
    verdict = funnel_chart.TEXT[w.lang][funnel_chart.KINDS.get(unit["verdict"], "within")]
    return unit["name"], [words.share(unit["share"], w.lang), words.number(unit["denominator"], w.lang), verdict]


def _common(r: Report, found: noise.Funnel) -> list[str]:
    """Say of which units the common rate is, where these are not all."""
    every = len(found.units)
    facts = {"rate": words.share(found.rate, r.w.lang), "shown": found.compared, "all": every}
    return [] if found.compared == every else [r.w("note.common", area=_whole(r)["name"], **facts)]


def _whole(r: Report) -> dict:
    """Return the unit that the units of the report's table make up: the report's own, for a commune that above."""
    return r.above if r.area["area_set"].endswith("commune") else r.area


def _said(found: noise.Funnel, w) -> list[str]:
    """Say how the units furthest outside stand, and how many more there are."""
    far = _far(found)
    told = [noise.sentence(found, u, w.lang) for u in far[:SAID]]
    names = {side: ", ".join(u["name"] for u in far if u["verdict"] == side) for side in ("far_above", "far_below")}
    none = funnel_chart.TEXT[w.lang]["none"]
    sides = {"above": names["far_above"] or none, "below": names["far_below"] or none}
    more = [w("note.furthest", shown=SAID, **sides)] if len(far) > SAID else []
    return more + told


def _far(found: noise.Funnel) -> list[dict]:
    """Return the units that are clearly different, those furthest outside first."""
    rows = [u for u in found.units.to_dict("records") if str(u["verdict"]).startswith("far_")]

    def beyond(u: dict) -> float:
        edge = u["upper_998"] if u["verdict"] == "far_above" else u["lower_998"]
        return abs(u["share"] - edge) if pd.notna(edge) else -inf

    return sorted(rows, key=beyond, reverse=True)
