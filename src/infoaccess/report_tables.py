"""The tables of units, of classes of households and of data quality."""

from infoaccess import exhibits, own_measures, reasons, units, words
from infoaccess.exhibits import Exhibit
from infoaccess.report import Report
from infoaccess.report_cells import cell, column, or_why, row, signs, words_only
from infoaccess.tally import GROUPS

NAMED = 12  # communes without a list that are named


def _measures(r: Report) -> list[tuple[dict, str, str, str]]:
    """List the columns that the tables of units and of classes share: heading, measure, base, part."""
    w = r.w
    deprivation, phone, support = (w(f"tier.{t}") for t in ("deprivation", "smartphone", "programme"))
    return [
        (column(w("column.listed")), "listed", "household", "numerator"),
        (column(w("column.internet"), deprivation), "deprived_internet", "household", "rate"),
        (column(w("column.device"), deprivation), "deprived_device", "household", "rate"),
        (column(w("column.deprived_any"), deprivation), "deprived_any", "household", "rate"),
        (column(w("column.households"), deprivation), "deprived_any", "household", "numerator"),
        (column(w("column.household_smartphone"), phone), "household_smartphone", "household", "rate"),
        (column(w("column.adult_smartphone"), phone), "adult_smartphone", "adult", "rate"),
        (column(w("column.need"), support), "covered", "household", "denominator"),
        (column(w("column.handed"), support), "covered", "household", "numerator"),
        (column(w("column.covered"), support), "covered", "household", "rate"),
        *((column(w(f"row.{m.name}"), w("tier.own")), m.name, "household", "rate") for m in own_measures.measures()),
    ]


def _row(name: str, code: str, r: Report, *, group: str = "all", bold: bool = False) -> dict:
    parts = []
    for _, measure, base, part in _measures(r):
        found = r.release.cell(code, measure, group=group, base=base)
        parts.append(cell(found.phones if (measure, part) == ("covered", "numerator") else found, part, r))
    return row(name, parts, bold=bold)


def units_table(r: Report) -> Exhibit:
    """Show the units below this one (for a commune: beside it), with the whole on top."""
    rows = [_row(r.area["name"], r.code, r, bold=True)]
    rows += [_row(u["name"], u["code"], r) for u in r.children if u["code"] != r.code]
    heads = [column(r.w("column.unit"), align="left"), *(m[0] for m in _measures(r))]
    caption = r.w("caption.units", period=r.period)
    notes, wide = signs(r, rows, need=True), len(rows) > 15
    return exhibits.table("units", r.w("section.units"), caption, heads, rows, notes, landscape=wide)


def groups(r: Report) -> Exhibit:
    """Show the classes of households, where there is a figure."""
    return or_why(groups_table(r), r, whole=True)


def groups_table(r: Report) -> Exhibit:
    """Show the classes of households; policy families overlap with the others and say so."""
    rows = [_row(r.w(f"group.{g}"), r.code, r, group=g, bold=g == "all") for g in GROUPS]
    heads = [column(r.w("column.group"), align="left"), *(m[0] for m in _measures(r))]
    notes = [*signs(r, rows, need=True), r.w("note.need_groups")]
    caption = r.w("caption.groups", period=r.period)
    return exhibits.table("groups", r.w("section.groups"), caption, heads, rows, notes)


def _silent(r: Report) -> list[str]:
    """Name the communes that sent no list, the first NAMED of them."""
    names = units.on(r.release.month).set_index("code")["name"]
    silent = [names[code] for code in r.release.quality["communes_without_list"] if code in names.index]
    if not silent:
        return []
    more = r.w("quality.and_more", count=len(silent) - NAMED) if len(silent) > NAMED else ""
    return [r.w("quality.silent", names=", ".join(silent[:NAMED]) + more)]


def quality_table(r: Report) -> Exhibit:
    """Show what came in at the first door, for the whole city: rows read, accepted, refused."""
    w, quality = r.w, r.release.quality
    parts = ("read", "dressing", "accepted", "folded", "refused", "warnings")
    rows = []
    for kind, door in ((k, d) for k, d in quality["tables"].items() if d["read"] != 0):
        name = w(f"table_kind.{kind}")
        values = [door[p] for p in parts]
        hidden = w("sign.suppressed")
        rows.append(row(name, [words_only(hidden if v is None else words.number(v, w.lang), v) for v in values]))
    heads = [column(w("column.list"), align="left"), *(column(w(f"column.{p}")) for p in parts)]
    notes = [w("quality.files", files=quality["files"], month=r.release.month)]
    if quality["files_refused"]:
        notes.append(w("quality.files_refused", refused=quality["files_refused"]))
    lost, whole = len(quality["communes_without_list"]), quality["communes"]
    notes.append(w("quality.missing_lists" if lost else "quality.all_lists", missing=lost, communes=whole))
    notes += _silent(r)
    if not quality["handover_list_received"]:
        notes.append(w("quality.no_handovers"))
    if quality["problems"]:
        known = reasons.load()
        told = [f"{known[p['rule']].named(w.lang)} ({words.number(p['rows'], w.lang)})" for p in quality["problems"]]
        notes.append(w("quality.refused", list="; ".join(told)))
    caption = w("caption.quality", period=r.period)
    return exhibits.table("quality", w("section.quality"), caption, heads, rows, notes)
