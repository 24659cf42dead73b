"""The report's section on multidimensional poverty: the twelve indicators, what changed, movements of Biểu 2 and 3."""

from infoaccess import deprivation, exhibits, flows, poverty_rules, rooms, transitions, words
from infoaccess.exhibits import Exhibit
from infoaccess.figures import count_text, rate_text
from infoaccess.report import Report
from infoaccess.report_cells import cell, column, or_why, row, signs, words_only

CLASSES = ("poor", "near_poor")
SHARED = {deprivation.INTERNET: "deprived_internet", deprivation.DEVICE: "deprived_device"}  # counted in 3a already
FLOWS = "flow_poor_opening"  # missing: the month follows none
CHANGES = (
    "before_any",
    "no_longer_any",
    *transitions.CAUSES,
    "left_any",
    "unknown_since_any",
    "newly_any",
    "entered_any",
    "known_since_any",
    "now_any",
)


def section(r: Report) -> tuple[Exhibit, ...]:
    """Show the whole section; a table that would show no figure at all says why instead."""
    return (
        or_why(indicators_table(r), r),
        _or_why(changes_table(r), "now_any", r),
        _or_why(movements_table(r), FLOWS, r),
    )


def _or_why(table: Exhibit, measure: str, r: Report) -> Exhibit:
    why = _not_followed(measure, r)
    return exhibits.text(table.data["id"], None, [f"{table.data['caption']}. {why[0]}"]) if why else table


def has_changes(r: Report) -> bool:
    """Tell whether changes of deprivation are released of a unit like this (linked.toml: not below the district)."""
    return not r.area["area_set"].endswith("commune") or r.release.cell(r.code, "now_any").status != "missing"


def indicators_table(r: Report) -> Exhibit:
    """Show how many poor and near-poor households are deprived of each of the twelve indicators, as Biểu 4 to 7 do."""
    w, rules = r.w, poverty_rules.named(r.release.standard)
    heads = [column(w("column.indicator"), align="left")]
    for group in CLASSES:
        heads += [column(w("column.households"), w(f"group.{group}")), column(w("column.share"), w(f"group.{group}"))]
    of_class = [r.release.cell(r.code, "listed", group=g) for g in CLASSES]
    rows = [
        row(
            w("indicator.class"),
            [c for t in of_class for c in (cell(t, "numerator", r), words_only("", None))],
            bold=True,
        )
    ]
    for n, indicator in enumerate(rules.indicators, 1):
        measure = SHARED.get(indicator.id, f"uncensored_{indicator.id}")
        counts = [r.release.cell(r.code, measure, group=g) for g in CLASSES]
        cells = [cell(c, part, r) for c in counts for part in ("numerator", "rate")]
        rows.append(row(w("indicator.name", number=n, name=_name(indicator, w)), cells))
    caption = w("caption.indicators", period=r.period)
    return exhibits.table("indicators", w("section.poverty"), caption, heads, rows, [*signs(r, rows), *_index(r)])


def _name(indicator, w) -> str:
    return w.table["indicator_name"].get(indicator.id, indicator.name)


def _index(r: Report) -> list[str]:
    """Say the indices of Alkire and Foster over the households on the list."""
    w = r.w
    whole, index = r.release.cell(r.code, "H_complete"), r.release.cell(r.code, "M0")
    if whole.rate is None or index.rate is None or not whole.numerator:
        return [w("note.index_none")]
    intensity = index.rate / whole.rate
    parts = {"rate": rate_text(whole, w), "count": count_text(whole, w), "of": count_text(whole, w, "denominator")}
    told = {"intensity": words.share(intensity, w.lang), "index": words.number(index.rate, w.lang, 3)}
    return [w("note.index", cutoff=poverty_rules.named(r.release.standard).cutoff, **parts, **told)]


def changes_table(r: Report) -> Exhibit:
    """Show the households newly and no longer deprived of information since the month before, by what is known why."""
    w = r.w
    inner = ("no_longer_any", "left_any", "unknown_since_any", "newly_any", "entered_any", "known_since_any")
    rows = []
    for name in CHANGES:
        count = r.release.cell(r.code, name)
        cells = [words_only(w("sign.of_which") if name in transitions.CAUSES else _sign(name, inner), None)]
        bold = name in ("before_any", "now_any")
        named = w(f"change_row.{name}")
        named = f"– {named}" if name in transitions.CAUSES else named  # a part of the row above
        rows.append(row(named, [*cells, cell(count, "numerator", r)], bold=bold))
    heads = [column(w("column.change_row"), align="left"), column("+/−"), column(w("column.households"))]
    notes = [*signs(r, rows), *_both(rows, w), w("note.changes")] + _not_followed("now_any", r)
    return exhibits.table("changes", None, w("caption.changes", period=r.period), heads, rows, notes)


def _both(rows: list[dict], w) -> list[str]:
    """Say whose movements are counted where some commune sent no list."""
    some = any(w("sign.partial") in text for one in rows for text in one["cells"])
    return [w("note.both_months")] if some else []


def _sign(name: str, inner: tuple[str, ...]) -> str:
    return "" if name not in inner else "+" if inner.index(name) > 2 else "−"


def _not_followed(measure: str, r: Report) -> list[str]:
    """Say why there are no movements where a month follows none, or where they are not told of a commune."""
    if r.release.cell(r.code, measure).status != "missing":
        return []
    if measure == "now_any" and not has_changes(r):
        return [r.w("note.not_by_commune")]
    months = (rooms.shift(r.release.month, -1), r.release.month)
    listed = [r.release.cell(r.code, "listed", month=m).numerator_status for m in months if m in r.release.months]
    return [r.w("note.no_list" if "missing" in listed else "note.not_followed")]


def movements_table(r: Report) -> Exhibit:
    """Show the movements of poor and near-poor households as the columns of Biểu 2 and 3, one a row."""
    w, rows = r.w, []
    signs_of = dict.fromkeys(flows.OUT, "−") | dict.fromkeys(flows.IN, "+")
    for n, name in enumerate(flows.COLUMNS, 1):
        counts = [r.release.cell(r.code, f"flow_{g}_{name}") for g in CLASSES]
        cells = [words_only(signs_of.get(name, ""), None), *(cell(c, "numerator", r) for c in counts)]
        line = w("movement.line", number=n, name=w(f"movement.{name}"))
        rows.append(row(line, cells, bold=name in ("opening", "closing")))
    heads = [column(w("column.movement"), align="left"), column("+/−"), *(column(w(f"group.{g}")) for g in CLASSES)]
    notes = [*signs(r, rows), *_both(rows, w), w("note.movements")] + _not_followed(FLOWS, r)
    return exhibits.table("movements", None, w("caption.movements", period=r.period), heads, rows, notes)
