"""The tables of the progress report: units, classes of households, sources of money, targets, data quality."""

from infoaccess import exhibits, figures, programme, reasons, words
from infoaccess.exhibits import Exhibit
from infoaccess.figures import count_text, rate_text, sign
from infoaccess.released import Cell
from infoaccess.report import Report
from infoaccess.tally import GROUPS

MILLION = 1_000_000  # VND


def _column(label: str, group: str | None = None, align: str = "right") -> dict:
    return {"label": label, "align": align, "group": group}


def _measures(r: Report) -> list[tuple[dict, str, str, str]]:
    """List the columns that the tables of units and of classes share: heading, measure, base, part."""
    w = r.w
    deprivation, phone, support = (w(f"tier.{t}") for t in ("deprivation", "smartphone", "programme"))
    return [
        (_column(w("column.listed")), "listed", "household", "numerator"),
        (_column(w("column.internet"), deprivation), "deprived_internet", "household", "rate"),
        (_column(w("column.device"), deprivation), "deprived_device", "household", "rate"),
        (_column(w("column.deprived_any"), deprivation), "deprived_any", "household", "rate"),
        (_column(w("column.households"), deprivation), "deprived_any", "household", "numerator"),
        (_column(w("column.household_smartphone"), phone), "household_smartphone", "household", "rate"),
        (_column(w("column.adult_smartphone"), phone), "adult_smartphone", "adult", "rate"),
        (_column(w("column.need"), support), "covered", "household", "denominator"),
        (_column(w("column.handed"), support), "covered", "household", "numerator"),
        (_column(w("column.covered"), support), "covered", "household", "rate"),
    ]


def _cell(cell: Cell, part: str, r: Report) -> tuple[str, float | None, str | None]:
    """Return a table cell's text, sort value and mark."""
    text = rate_text(cell, r.w) if part == "rate" else count_text(cell, r.w, part)
    value = figures.value(cell, part)
    status = cell.status if part == "rate" else getattr(cell, f"{part}_status")
    return text, value, "suppressed" if status.startswith("suppressed") else None


def _row(name: str, code: str, r: Report, *, group: str = "all", bold: bool = False) -> dict:
    parts = [
        _cell(r.release.cell(code, measure, group=group, base=base), part, r) for _, measure, base, part in _measures(r)
    ]
    return {
        "cells": [name, *(p[0] for p in parts)],
        "sort": [name, *(p[1] for p in parts)],
        "marks": [None, *(p[2] for p in parts)],
        "bold": bold,
    }


def _notes(r: Report) -> list[str]:
    notes = [r.w("note.signs", threshold=r.release.threshold)]
    if r.release.quality["communes_without_list"]:
        notes.append(r.w("note.partial"))
    return notes


def units_table(r: Report) -> Exhibit:
    """Show the units below this one (for a commune: beside it), with the whole on top."""
    rows = [_row(r.area["name"], r.code, r, bold=True)]
    rows += [_row(u["name"], u["code"], r) for u in r.children if u["code"] != r.code]
    heads = [_column(r.w("column.unit"), align="left"), *(m[0] for m in _measures(r))]
    caption = r.w("caption.units", period=r.period)
    return exhibits.table("units", r.w("section.units"), caption, heads, rows, _notes(r), landscape=len(rows) > 15)


def groups_table(r: Report) -> Exhibit:
    """Show the classes of households; policy families overlap with the others and say so."""
    rows = [_row(r.w(f"group.{g}"), r.code, r, group=g, bold=g == "all") for g in GROUPS]
    heads = [_column(r.w("column.group"), align="left"), *(m[0] for m in _measures(r))]
    return exhibits.table(
        "groups", r.w("section.groups"), r.w("caption.groups", period=r.period), heads, rows, _notes(r)
    )


def sources_table(r: Report) -> Exhibit:
    """Show phones handed over to date and their value by source of money; the sources are never mixed."""
    w, rows = r.w, []
    for source in programme.SOURCES:
        phones = r.release.cell(r.code, f"handed_{source}", base="phone")
        value = r.release.cell(r.code, f"value_{source}", base="vnd")
        rows.append(_source_row(w(f"source.{source}"), phones, value, r))
    total = r.release.cell(r.code, "covered")
    cells = [w("source.total"), count_text(total, w), "", ""]
    rows.append({"cells": cells, "sort": [cells[0], total.numerator, None, None], "marks": [None] * 4, "bold": True})
    heads = [
        _column(w("column.source"), align="left"),
        *(_column(w(f"column.{c}")) for c in ("phones", "share", "value")),
    ]
    caption = w("caption.sources_table", period=r.period)
    notes = [w("note.signs", threshold=r.release.threshold), w("note.value")]
    return exhibits.table("sources_table", None, caption, heads, rows, notes)


def _source_row(name: str, phones: Cell, value: Cell, r: Report) -> dict:
    count, share = _cell(phones, "numerator", r), _cell(phones, "rate", r)
    hidden = value.numerator_status.startswith("suppressed")
    if value.numerator is None:
        money = (sign("suppressed" if hidden else "missing", r.w), None, "suppressed" if hidden else None)
    else:
        money = (words.number(value.numerator / MILLION, r.w.lang, 1), value.numerator, None)
    parts = [(name, name, None), count, share, money]
    return {
        "cells": [p[0] for p in parts],
        "sort": [p[1] for p in parts],
        "marks": [p[2] for p in parts],
        "bold": False,
    }


def targets_table(r: Report) -> Exhibit:
    """Show the year's targets beside what was reached; the operators' rate stands apart and is named so."""
    w, city = r.w, r.area["area_set"] == "city"
    reached = {
        "programme_coverage": r.release.cell(r.code, "covered"),
        "adult_smartphone": r.release.cell(r.code, "adult_smartphone", base="adult"),
    }
    if city:
        reached["smartphone_subscribers"] = r.release.cell(r.code, "subscriber_smartphone", base="subscriber")
    rows = []
    year = r.release.month[:4]
    for target in r.release.targets:
        if str(target["year"]) != year or target["target_id"] not in w.table["target"]:
            continue
        if target["target_id"] == "smartphone_subscribers" and not city:
            continue
        cell, goal = reached.get(target["target_id"], Cell()), target["target_percent"] / 100
        gap = None if cell.rate is None else cell.rate - goal
        name = w(f"target.{target['target_id']}")
        hidden = "suppressed" if cell.status == "suppressed" else None
        cells = [
            name,
            words.share(goal, w.lang),
            rate_text(cell, w),
            words.points(gap, w.lang) if gap is not None else "–",
        ]
        rows.append(
            {
                "cells": cells,
                "sort": [name, goal, cell.rate, gap],
                "marks": [None, None, hidden, None],
                "bold": False,
            }
        )
    heads = [
        _column(w("column.target"), align="left"),
        *(_column(w(f"column.{c}")) for c in ("goal", "reached", "gap")),
    ]
    notes = [w("note.subscribers")] if city else []
    return exhibits.table("targets", None, w("caption.targets", year=year), heads, rows, notes)


def quality_table(r: Report) -> Exhibit:
    """Show what came in at the first door, for the whole city: rows read, accepted, refused."""
    w, quality = r.w, r.release.quality
    parts = ("read", "dressing", "accepted", "folded", "refused", "warnings")
    rows = []
    for kind, door in ((k, d) for k, d in quality["tables"].items() if d["read"]):
        name = w(f"table_kind.{kind}")
        values = [door[p] for p in parts]
        cells = [name, *(words.number(v, w.lang) for v in values)]
        rows.append({"cells": cells, "sort": [name, *values], "marks": [None] * (1 + len(parts)), "bold": False})
    heads = [_column(w("column.list"), align="left"), *(_column(w(f"column.{p}")) for p in parts)]
    notes = [w("quality.files", files=quality["files"], month=r.release.month)]
    if quality["files_refused"]:
        notes.append(w("quality.files_refused", refused=quality["files_refused"]))
    lost, whole = len(quality["communes_without_list"]), quality["communes"]
    notes.append(w("quality.missing_lists" if lost else "quality.all_lists", missing=lost, communes=whole))
    if not quality["handover_list_received"]:
        notes.append(w("quality.no_handovers"))
    if quality["problems"]:
        known = reasons.load()
        told = [f"{known[p['rule']].named(w.lang)} ({words.number(p['rows'], w.lang)})" for p in quality["problems"]]
        notes.append(w("quality.refused", list="; ".join(told)))
    caption = w("caption.quality", period=r.period)
    return exhibits.table("quality", w("section.quality"), caption, heads, rows, notes)
