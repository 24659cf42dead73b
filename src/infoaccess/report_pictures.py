"""The maps (`map_exhibits`) and the charts of the progress report."""

from itertools import dropwhile

from infoaccess import charts, exhibits, map_exhibits, words
from infoaccess.charts import Series
from infoaccess.exhibits import Exhibit
from infoaccess.report import Report
from infoaccess.report_cells import crossing

# Breaks that a reader must know: the series before and after are made under other conditions.
BREAKS = (("2024-10", "twog"), ("2025-01", "era_b"), ("2025-07", "era_c"))
DEPRIVATION = ("deprived_any", "deprived_internet", "deprived_device")
SMARTPHONE = (("household_smartphone", "household"), ("adult_smartphone", "adult"), ("covered", "household"))


def unit_maps(r: Report) -> list[Exhibit]:
    """Show the report's maps; a commune's report has one, a city's or district's has four."""
    return map_exhibits.unit_maps(r)


def unit_map(r: Report) -> Exhibit:
    """Show the first map alone: rates by unit, one picture a month."""
    return map_exhibits.unit_map(r)


def trends(r: Report) -> tuple[Exhibit, Exhibit]:
    """Show the unit's rates month by month: deprivation, then smartphone use and need met."""
    w, months = r.w, r.release.months
    shown = (("deprivation", [(m, "household") for m in DEPRIVATION]), ("smartphone", SMARTPHONE))
    heading = w("section.trend", first=words.month_short(months[0]), last=words.month_short(months[-1]))
    breaks = [(m, w(f"break.{label}")) for m, label in BREAKS if months[0] < m <= months[-1]]
    found = []
    for name, measures in shown:
        series = [monthly(r, w(f"short.{m}"), m, base) for m, base in measures]
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
        alt = _line_alt(months, series, w)
        notes = crossing(months, w) + hollow(series, w) + gaps(series, w)
        found.append(exhibits.picture("chart", f"trend_{name}", heading, caption, alt, chart, notes))
        heading = None
    return tuple(found)


def monthly(r: Report, name: str, measure: str, base: str) -> Series:
    """Return a unit's rates, one a month, with the months for which some commune sent no list."""
    counts = [r.release.cell(r.code, measure, month=m, base=base) for m in r.release.months]
    partial = frozenset(n for n, c in enumerate(counts) if c.partial and c.rate is not None)
    return Series(name, [c.rate for c in counts], partial=partial)


def gaps(series: list[Series], w) -> list[str]:
    """Return the note on months without a figure, where a line has any after it began."""
    begun = (dropwhile(lambda value: value is None, one.values) for one in series)
    return [w("note.gaps")] if any(None in values for values in begun) else []


def hollow(series: list[Series], w) -> list[str]:
    """Return the note on open marks, where there are any."""
    return [w("note.hollow")] if any(one.partial for one in series) else []


def _line_alt(months: list[str], series: list[Series], w) -> str:
    said = []
    for one in series:
        known = [v for v in one.values if v is not None]
        key = "alt.series" if known else "alt.series_none"
        ends = {"start": words.share(known[0], w.lang), "end": words.share(known[-1], w.lang)} if known else {}
        said.append(w(key, name=one.name, **ends))
    return w("alt.trend", first=words.month_short(months[0]), last=words.month_short(months[-1]), series=" ".join(said))
