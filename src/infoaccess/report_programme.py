"""The report's section on the support programme: sources of money, targets, the pace, waits, checks of hand-overs."""

from infoaccess import charts, exhibits, hand_overs, pace, programme, report, words
from infoaccess.charts import Series
from infoaccess.exhibits import Exhibit
from infoaccess.figures import count_text, rate_text, sign
from infoaccess.released import Cell
from infoaccess.report import Report
from infoaccess.report_cells import cell, column, or_why, row, signs, words_only

MILLION = 1_000_000  # VND


def section(r: Report) -> tuple[Exhibit, ...]:
    """Show the whole section; of a unit without any figure one sentence, which says why."""
    table = sources_table(r)
    if or_why(table, r).data["kind"] == "text" and r.release.cell(r.code, "covered").status == "missing":
        return (exhibits.text("sources", r.w("section.coverage"), [r.w("note.no_programme", period=r.period)]),)
    return sources(r), table, targets_table(r), *funding_table(r), outlook(r)


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
    whole = r.release.cell(r.code, "covered").phones
    given, value = (_summed(kind, base, r) for kind, base in (("handed", "phone"), ("value", "vnd")))
    of_all = words_only("")
    if given[0] is not None and whole.numerator:  # phones of which no source is stated are in the total alone
        of_all = words_only(words.share(given[0] / whole.numerator, w.lang), given[0] / whole.numerator)
    total = [cell(whole, "numerator", r), of_all]
    total += [_since_december("covered", "household", r)] if of_year else []
    rows.append(row(w("source.total"), [*total, _figure(value[0], r, MILLION, value[1])], bold=True))
    heads = [column(w("column.source"), align="left"), column(w("column.phones")), column(w("column.share"))]
    heads += [column(w("column.phones_year", year=year))] if of_year else []
    heads.append(column(w("column.value")))
    caption = w("caption.sources_table", period=r.period)
    notes = [*signs(r, rows), w("note.value")]
    return exhibits.table("sources_table", None, caption, heads, rows, notes)


def _summed(kind: str, base: str, r: Report) -> tuple[int | None, str]:
    """Add up the sources' counts of a kind."""
    counts = [r.release.cell(r.code, f"{kind}_{s}", base=base) for s in programme.SOURCES]
    return _added((c.numerator, c.numerator_status) for c in counts)


def _since_december(measure: str, base: str, r: Report) -> tuple[str, float | None, str | None]:
    """Return by how much a running total grew in the month's year; a growth of few is not printed."""
    december = f"{int(r.release.month[:4]) - 1}-12"
    now, then = (r.release.cell(r.code, measure, month=m, base=base).phones for m in (r.release.month, december))
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
    told = [t for t in r.release.targets if str(t["year"]) == year and t["target_id"] in w.table["target"]]
    told = [t for t in told if city or t["target_id"] != "smartphone_subscribers"]
    for target in told:
        count, goal = reached.get(target["target_id"], Cell()), target["target_percent"] / 100
        gap = None if count.rate is None else count.rate - goal
        apart = sign(count.status, w) if gap is None else words.points(gap, w.lang)
        apart += w("sign.partial") if gap is not None and count.partial else ""
        cells = [words_only(words.share(goal, w.lang), goal), cell(count, "rate", r), words_only(apart, gap)]
        rows.append(row(w(f"target.{target['target_id']}"), cells))
    heads = [
        column(w("column.target"), align="left"),
        *(column(w(f"column.{c}")) for c in ("goal", "reached", "gap")),
    ]
    notes = signs(r, rows, need=True)
    notes += [w("note.subscribers")] if any(t["target_id"] == "smartphone_subscribers" for t in told) else []
    return exhibits.table("targets", None, w("caption.targets", year=year), heads, rows, notes)


def outlook(r: Report) -> Exhibit:
    """Say when all need is met at the present pace, how soon households are served, who is still without a phone."""
    w, release = r.w, r.release
    found, notes = reached(r), []
    notes += [w("note.pace")] if found.reason == "dated" else []
    sentence = found.sentence if w.lang == "vi" else found.sentence_en
    said = [w("outlook.pace", sentence=sentence[0].lower() + sentence[1:])]
    waits = [(n, release.cell(r.code, f"waited_{n}")) for n in hand_overs.WITHIN]
    told = [
        w("outlook.within", days=n, rate=rate_text(c, w), of=count_text(c, w, "denominator"))
        for n, c in waits
        if c.status == "published"
    ]
    said.append(w("outlook.waits", list="; ".join(told)) if told else w("outlook.no_waits"))
    notes += [w("note.waits")] if told else []
    without = [
        w(f"outlook.{key}", count=words.number(c.complement, w.lang) + (w("sign.partial") if c.partial else ""))
        for key, c in (
            ("households_without", release.cell(r.code, "household_smartphone")),
            ("adults_without", release.cell(r.code, "adult_smartphone", base="adult")),
        )
        if c.status == "published"
    ]
    if without:
        said.append(w("outlook.without", list=w("outlook.and").join(without)))
        notes += [w("note.without")]
    return exhibits.text("outlook", None, said, [*notes, *report.signs(r, said)])


def reached(r: Report) -> pace.Reached:
    """Tell when all need is met at the present pace, from released counts of whole months only."""
    counts = [r.release.cell(r.code, "covered", month=m) for m in r.release.months]
    last, listed = counts[-1], r.release.cell(r.code, "listed")
    if last.status == "suppressed":
        return _unsaid(r, "hidden")
    if listed.partial:
        return _unsaid(r, "no_lists", missing=listed.expected - listed.received, all=listed.expected)
    to_date = [c.numerator for c in counts]
    handed = [None if None in pair else pair[1] - pair[0] for pair in zip([None, *to_date], to_date, strict=False)]
    known = [c.status == "published" and not c.partial for c in counts]
    waiting = [c.complement if k else None for c, k in zip(counts, known, strict=True)]
    return pace.reached(r.release.months, handed, waiting)


def _unsaid(r: Report, reason: str, **facts: int) -> pace.Reached:
    said = r.w(f"outlook.{reason}", period=r.period, **facts)
    return pace.Reached(reason, said, said)


def checks_table(r: Report) -> tuple[Exhibit, ...]:
    """Show how all hand-overs to date stand by the rules of eligibility, by source; for the whole city only."""
    if r.area["area_set"] != "city":
        return ()
    w, rows = r.w, []
    states = ("clean", "breach", "not_checked")
    for source in programme.SOURCES:
        counts = [r.release.cell(r.code, f"eligibility_{s}_{source}", base="phone") for s in states]
        cells = [cell(counts[0].phones, "denominator", r), *(cell(c, "numerator", r) for c in counts)]
        rows.append(row(w(f"source.{source}"), cells))
    heads = [column(w("column.source"), align="left"), column(w("column.phones"))]
    heads += [column(w(f"column.{s}")) for s in states]
    caption = w("caption.checks", period=r.period)
    return (exhibits.table("checks", None, caption, heads, rows, [*signs(r, rows), w("note.checks")]),)


def funding_table(r: Report) -> tuple[Exhibit, ...]:
    """Show by source what was promised and planned beside what was handed over and spent; for the whole city only.

    What the office stated no plan or promise for is missing, never zero; what is left is never below zero.
    """
    if r.area["area_set"] != "city":
        return ()
    w, year = r.w, r.release.month[:4]
    told = []
    for source in programme.SOURCES:
        phones = r.release.cell(r.code, f"handed_{source}", base="phone")
        promised = [p["phones"] for p in r.release.promises if p["source"] == source and p["month"] <= r.release.month]
        planned = [b["planned_vnd"] for b in r.release.budgets if (b["source"], str(b["year"])) == (source, year)]
        known, plan = ((sum(found) if found else None, "missing") for found in (promised, planned))
        handed, spent = (phones.numerator, phones.numerator_status), spent_in_year(r, source)
        told.append([known, handed, _less(known, handed), plan, spent, _less(plan, spent)])
    sums = [_added((v and max(v, 0), s) for v, s in column) for column in zip(*told, strict=True)]
    names = [w(f"source.{s}") for s in (*programme.SOURCES, "total")]
    rows = []
    for name, parts in zip(names, [*told, sums], strict=True):
        cells = [_left(*part, r, unit) for part, unit in zip(parts, (1, 1, 1, MILLION, MILLION, MILLION), strict=True)]
        rows.append(row(name, cells, bold=parts is sums))
    heads = [column(w("column.source"), align="left")]
    heads += [column(w(f"column.{c}"), w("column.funding_phones")) for c in ("promised", "handed_over", "to_hand")]
    money = w("column.funding_money", year=year)
    heads += [column(w(f"column.{c}"), money) for c in ("planned", "spent", "left")]
    notes = [*signs(r, rows), w("note.funding")]
    notes += [w("note.beyond")] if any(value is not None and value < 0 for parts in told for value, _ in parts) else []
    return (exhibits.table("funding", None, w("caption.funding", period=r.period), heads, rows, notes),)


def _less(stated: tuple[int | None, str], used: tuple[int | None, str]) -> tuple[int | None, str]:
    """Return what is left, with the status of what is used where one of both is not known."""
    known = None not in (stated[0], used[0])
    return (stated[0] - used[0], "published") if known else (None, used[1] if used[0] is None else stated[1])


def _added(parts) -> tuple[int | None, str]:
    """Add counts; where one is hidden or missing there is no sum, but the status why."""
    parts = list(parts)
    states = [status for value, status in parts if value is None]
    worst = next((s for s in states if s.startswith("suppressed")), "missing")
    return (None, worst) if states else (sum(value for value, _ in parts), "published")


def _left(value: int | None, status: str, r: Report, unit: int) -> tuple[str, float | None, str | None]:
    """Return a figure as a cell; one below zero as nothing left, and by how much more was used."""
    if value is None or value >= 0:
        return _figure(value, r, unit, status)
    return words_only(r.w("cell.beyond", count=_figure(-value, r, unit)[0]), value)


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
