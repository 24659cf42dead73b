"""The report's section on the support programme: sources of money, targets, the pace, waits, checks of hand-overs."""

from infoaccess import charts, exhibits, hand_overs, pace, programme, words
from infoaccess.charts import Series
from infoaccess.exhibits import Exhibit
from infoaccess.figures import count_text, rate_text, sign
from infoaccess.released import Cell
from infoaccess.report import Report
from infoaccess.report_cells import cell, column, row, signs, words_only

MILLION = 1_000_000  # VND


def section(r: Report) -> tuple[Exhibit, ...]:
    """Show the whole section."""
    return sources(r), sources_table(r), targets_table(r), *funding_table(r), outlook(r)


def sources(r: Report) -> Exhibit:
    """Show phones handed over to date by source of money; the sources are never mixed."""
    w = r.w
    cells = [r.release.cell(r.code, f"handed_{s}", base="phone") for s in programme.SOURCES]
    labels = [w(f"source.{s}") for s in programme.SOURCES]
    values = [None if c.numerator is None else float(c.numerator) for c in cells]
    chart = charts.bars("sources", labels, [Series(w("column.handed"), values)], x_title=w("axis.phones"), lang=w.lang)
    listed = "; ".join(f"{name}: {count_text(c, w)}" for name, c in zip(labels, cells, strict=True))
    return exhibits.picture(
        "chart", "sources", w("section.coverage"), w("caption.sources"), w("alt.sources", list=listed), chart
    )


def sources_table(r: Report, *, of_year: bool = True) -> Exhibit:
    """Show phones handed over to date and their value by source of money; the sources are never mixed.

    `of_year` adds how many of them were handed over since December, where both counts are published.
    """
    w, rows, year = r.w, [], r.release.month[:4]
    for source in programme.SOURCES:
        phones = r.release.cell(r.code, f"handed_{source}", base="phone")
        value = r.release.cell(r.code, f"value_{source}", base="vnd")
        cells = [cell(phones, "numerator", r), cell(phones, "rate", r)]
        cells += [_since_december(f"handed_{source}", "phone", r)] if of_year else []
        money = _figure(value.numerator, r, MILLION, value.numerator_status)
        rows.append(row(w(f"source.{source}"), [*cells, money]))
    total = [cell(r.release.cell(r.code, "covered"), "numerator", r), words_only("")]
    total += [_since_december("covered", "household", r)] if of_year else []
    rows.append(row(w("source.total"), [*total, words_only("")], bold=True))
    heads = [column(w("column.source"), align="left"), column(w("column.phones")), column(w("column.share"))]
    heads += [column(w("column.phones_year", year=year))] if of_year else []
    heads.append(column(w("column.value")))
    caption = w("caption.sources_table", period=r.period)
    notes = [signs(r), w("note.value")]
    return exhibits.table("sources_table", None, caption, heads, rows, notes)


def _since_december(measure: str, base: str, r: Report) -> tuple[str, float | None, str | None]:
    """Return by how much a running total grew in the month's year; a growth of few is not printed."""
    december = f"{int(r.release.month[:4]) - 1}-12"
    now, then = (r.release.cell(r.code, measure, month=m, base=base) for m in (r.release.month, december))
    for count in (now, then):
        if count.numerator is None:
            return cell(count, "numerator", r)
    grown = now.numerator - then.numerator
    if 0 < grown < r.release.threshold:
        return sign("suppressed", r.w), None, "suppressed"
    return words.number(grown, r.w.lang), grown, None


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
        count, goal = reached.get(target["target_id"], Cell()), target["target_percent"] / 100
        gap = None if count.rate is None else count.rate - goal
        apart = words.points(gap, w.lang) if gap is not None else "–"
        cells = [words_only(words.share(goal, w.lang), goal), cell(count, "rate", r), words_only(apart, gap)]
        rows.append(row(w(f"target.{target['target_id']}"), cells))
    heads = [
        column(w("column.target"), align="left"),
        *(column(w(f"column.{c}")) for c in ("goal", "reached", "gap")),
    ]
    notes = [w("note.subscribers")] if city else []
    return exhibits.table("targets", None, w("caption.targets", year=year), heads, rows, notes)


def outlook(r: Report) -> Exhibit:
    """Say when all need is met at the present pace, how soon households are served, who is still without a phone."""
    w, release = r.w, r.release
    found = reached(r)
    said = [w("outlook.pace", sentence=found.sentence if w.lang == "vi" else found.sentence_en)]
    waits = [(n, release.cell(r.code, f"waited_{n}")) for n in hand_overs.WITHIN]
    told = [
        w("outlook.within", days=n, rate=rate_text(c, w), of=count_text(c, w, "denominator"))
        for n, c in waits
        if c.status == "published"
    ]
    said.append(w("outlook.waits", list="; ".join(told)) if told else w("outlook.no_waits"))
    without = [
        w(f"outlook.{key}", count=words.number(c.complement, w.lang))
        for key, c in (
            ("households_without", release.cell(r.code, "household_smartphone")),
            ("adults_without", release.cell(r.code, "adult_smartphone", base="adult")),
        )
        if c.status == "published"
    ]
    if without:
        said.append(w("outlook.without", list=w("outlook.and").join(without)))
    return exhibits.text("outlook", None, said, [w("note.pace")])


def reached(r: Report) -> pace.Reached:
    """Tell when all need is met at the present pace, from released counts of whole months only."""
    counts = [r.release.cell(r.code, "covered", month=m) for m in r.release.months]
    to_date = [c.numerator for c in counts]
    handed = [None if None in pair else pair[1] - pair[0] for pair in zip([None, *to_date], to_date, strict=False)]
    known = [c.status == "published" and not c.partial for c in counts]
    waiting = [c.complement if k else None for c, k in zip(counts, known, strict=True)]
    return pace.reached(r.release.months, handed, waiting)


def checks_table(r: Report) -> tuple[Exhibit, ...]:
    """Show how all hand-overs to date stand by the rules of eligibility, by source; for the whole city only."""
    if r.area["area_set"] != "city":
        return ()
    w, rows = r.w, []
    states = ("clean", "breach", "not_checked")
    for source in programme.SOURCES:
        counts = [r.release.cell(r.code, f"eligibility_{s}_{source}", base="phone") for s in states]
        cells = [cell(counts[0], "denominator", r), *(cell(c, "numerator", r) for c in counts)]
        rows.append(row(w(f"source.{source}"), cells))
    heads = [column(w("column.source"), align="left"), column(w("column.phones"))]
    heads += [column(w(f"column.{s}")) for s in states]
    caption = w("caption.checks", period=r.period)
    return (exhibits.table("checks", None, caption, heads, rows, [signs(r), w("note.checks")]),)


def funding_table(r: Report) -> tuple[Exhibit, ...]:
    """Show by source what was promised and planned beside what was handed over and spent; for the whole city only.

    What the office stated no plan or promise for is missing, never zero.
    """
    if r.area["area_set"] != "city":
        return ()
    w, year = r.w, r.release.month[:4]
    rows = []
    for source in programme.SOURCES:
        phones = r.release.cell(r.code, f"handed_{source}", base="phone")
        promised = [p["phones"] for p in r.release.promises if p["source"] == source and p["month"] <= r.release.month]
        planned = [b["planned_vnd"] for b in r.release.budgets if (b["source"], str(b["year"])) == (source, year)]
        known, plan = (sum(found) if found else None for found in (promised, planned))
        to_hand = None if None in (known, phones.numerator) else known - phones.numerator
        spent, hidden = spent_in_year(r, source)
        money = [plan, spent, None if None in (plan, spent) else plan - spent]
        told = [_figure(known, r), cell(phones, "numerator", r), _figure(to_hand, r, status=phones.numerator_status)]
        told += [_figure(v, r, MILLION, s) for v, s in zip(money, ("", hidden, hidden), strict=True)]
        rows.append(row(w(f"source.{source}"), told))
    heads = [column(w("column.source"), align="left")]
    heads += [column(w(f"column.{c}"), w("column.funding_phones")) for c in ("promised", "handed_over", "to_hand")]
    money = w("column.funding_money", year=year)
    heads += [column(w(f"column.{c}"), money) for c in ("planned", "spent", "left")]
    caption = w("caption.funding", period=r.period)
    return (exhibits.table("funding", None, caption, heads, rows, [signs(r), w("note.funding")]),)


def spent_in_year(r: Report, source: str) -> tuple[int | None, str]:
    """Return the value handed over from a source since the year began (VND), missing with its status where hidden.

    It is the value to date less the value to date of the December before; the first year begins with the programme.
    """
    to_date = r.release.cell(r.code, f"value_{source}", base="vnd")
    before = Cell(0, None, "published")
    if r.release.months[0][:4] < r.release.month[:4]:
        december = f"{int(r.release.month[:4]) - 1}-12"
        before = r.release.cell(r.code, f"value_{source}", base="vnd", month=december)
    worst = next((c.numerator_status for c in (to_date, before) if c.numerator is None), "published")
    return (to_date.numerator - before.numerator if worst == "published" else None), worst


def _figure(value: int | None, r: Report, unit: int = 1, status: str = "") -> tuple[str, float | None, str | None]:
    """Return a cell with a figure of the office's own, or one worked out from a count: hidden where that is hidden."""
    if value is None:
        hidden = status.startswith("suppressed")
        return sign("suppressed" if hidden else "missing", r.w), None, "suppressed" if hidden else None
    return words_only(words.number(value / unit, r.w.lang, 0 if unit == 1 else 1), value)
