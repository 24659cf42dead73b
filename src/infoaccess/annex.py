"""Put a month's published figures of every unit into one workbook: the report's tables, and Biểu 4 to 7 as published.

Reads room 4 only. The tables are those of the reports, unit under unit: what a report hides is hidden here, with the
same sign, and a missing figure is "…", never 0. Numbers and rates are numbers; only the sign of an incomplete unit or
of a break in the series is part of their format.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from itertools import count

import polars as pl

from infoaccess import (
    annex_sheets,
    comparing,
    figures,
    form_layouts,
    released,
    report,
    report_comparison,
    report_poverty,
    report_programme,
    report_tables,
    rooms,
    store,
    units,
    words,
)
from infoaccess import edition as editions
from infoaccess.annex_sheets import Cell, Cover, Sheet
from infoaccess.exhibits import Exhibit
from infoaccess.released import Release
from infoaccess.report import Report

# What the numbers of a report's table are, column by column (its first column is a name).
TABLES: dict[str, tuple[Callable[[Report], Exhibit], tuple[str, ...]]] = {
    "groups": (
        report_tables.groups_table,
        ("count", "rate", "rate", "rate", "count", "rate", "rate", "count", "count", "rate"),
    ),
    "indicators": (report_poverty.indicators_table, ("count", "rate", "count", "rate")),
    "changes": (report_poverty.changes_table, ("text", "count")),
    "movements": (report_poverty.movements_table, ("text", "count", "count")),
    "sources_table": (partial(report_programme.sources_table, of_year=False), ("count", "rate", "million")),
    "targets": (report_programme.targets_table, ("rate", "rate", "gap")),
}
CITY = {
    "quality": (report_tables.quality_table, ("count",) * 6),
    "funding": (lambda r: report_programme.funding_table(r)[0], ("count",) * 3 + ("million",) * 3),
    "checks": (lambda r: report_programme.checks_table(r)[0], ("count",) * 4),
}
FORMS = {4: "poor", 5: "poor", 6: "near_poor", 7: "near_poor"}
_LOCALE = {"vi": "[$-42A]", "en": "[$-409]"}
_TAILS = ("¹", "²")


def book(
    month: str, *, state: str = "preliminary", since: str = "2023-01", lang: str = "vi", edition: str = "public"
) -> bytes:
    """Write a month's annex and return its bytes: the same room 4, the same bytes.

    Raises UsageError for a state or language that does not exist, RoomError when the month was not released.
    """
    city = report.open(month, units.CITY, state=state, since=month, lang=lang, edition=edition)
    release = _release(month, since, edition)
    here = units.on(month).to_dict("records")
    names = {unit["code"]: unit["name"] for unit in here}
    above = [{"above": names.get(unit["parent_code"], "")} for unit in here]
    reports = [replace(city, release=release, area=unit | more) for unit, more in zip(here, above, strict=True)]
    whole = next(r for r in reports if r.code == units.CITY)
    sheets = [_months(reports)]
    moved = [r for r in reports if report_poverty.has_changes(r)]
    sheets += [_table(moved if name == "changes" else reports, name, *made) for name, made in TABLES.items()]
    sheets += [_table([whole], name, *made) for name, made in CITY.items()]
    sheets += [_form(whole, layout) for layout in form_layouts.layouts(month) if layout.number in FORMS]
    return annex_sheets.book(_cover(whole), sheets)


def _release(month: str, since: str, edition: str) -> Release:
    """Read all counts of the month, and of the months it is compared with those of the headline numbers."""
    found = released.read(month, month, edition=edition)
    sets = list(units.LEVELS[units.era_of(month)])
    measures = [spec.measure for spec in figures.HEADLINES]
    held = set(store.months(rooms.RELEASE))
    parts = ["numerator", "denominator", "numerator_status", "denominator_status"]
    parts += ["communes_received", "communes_expected"]
    cells = dict(found.cells)
    for earlier in {m for m in comparing.earlier(month).values() if since <= m and m in held}:
        frame = editions.counts(earlier, edition).filter(
            pl.col("area_set").is_in(sets), pl.col("measure").is_in(measures), pl.col("group") == "all"
        )
        for code, base, measure, *rest in frame.select("code", "base", "measure", *parts).collect().iter_rows():
            cells[(earlier, code, "all", base, measure)] = released.Cell(*rest)
    return replace(found, cells=cells, months=rooms.months_between(min(since, month), month))


def _keys(r: Report) -> list[Cell]:
    """Return the cells that tell a unit in every row: code, name, level, what it lies within."""
    level = r.area["area_set"].split("_")[-1]
    return [Cell(r.code), Cell(r.area["name"]), Cell(r.w(f"annex.{level}")), Cell(r.area["above"])]


def _key_heads(w: words.Words) -> list[tuple[str, ...]]:
    return [(w(k),) for k in ("annex.code", "column.unit", "annex.level", "annex.parent")]


def _table(reports: list[Report], name: str, make: Callable[[Report], Exhibit], kinds: tuple[str, ...]) -> Sheet:
    """Set one table of all units' reports under each other."""
    rows, made = [], []
    for r in reports:
        shown = make(r).data
        made.append(shown)
        keys = _keys(r)
        for row in shown["rows"]:
            parts = zip(("text", *kinds), row["cells"], row["sort"], row["marks"], strict=True)
            rows.append([*keys, *(_cell(*part, r.w.lang) for part in parts)])
    # What is told of one unit alone (its index, say) is no note of a sheet of all.
    notes = [note for note in made[0]["notes"] if all(note in one["notes"] for one in made)]
    return _sheet(reports[0], name, made, notes, rows)


def _months(reports: list[Report]) -> Sheet:
    """Set all units' headline numbers beside those of earlier months."""
    rows, made = [], []
    for r in reports:
        shown = report_comparison.months_table(r).data
        made.append(shown)
        for spec, row in zip(figures.HEADLINES, shown["rows"], strict=True):
            own, step = ("rate", "tenths") if spec.part == "rate" else ("count", "step")
            pairs = [own, step] * ((len(row["cells"]) - 2) // 2)
            parts = zip(("text", own, *pairs), row["cells"], row["sort"], row["marks"], strict=True)
            rows.append([*_keys(r), *(_cell(*part, r.w.lang) for part in parts)])
    return _sheet(reports[0], "months", made, [note for one in made for note in one["notes"]], rows)


def _sheet(r: Report, name: str, made: list[dict], notes: list[str], rows: list[list[Cell]]) -> Sheet:
    """Return the sheet of the tables of a list of units; its signs are explained once, whichever table has them."""
    w, shown = r.w, made[0]
    signs = report.signs(r, [text for one in made for row in one["rows"] for text in row["cells"]])
    apart = {note for one in made for note in report.signs(r, [t for row in one["rows"] for t in row["cells"]])}
    notes = list(dict.fromkeys([*signs, *(note for note in notes if note not in apart)]))
    heads = [(c["group"], c["label"]) if c["group"] else (c["label"],) for c in shown["columns"]]
    # The table of classes has each unit's whole too: it is that of units as well.
    title = w("annex.groups_title", period=r.period) if name == "groups" else shown["caption"]
    return Sheet(title.split(".")[0], title, w(f"annex.{name}"), [*_key_heads(w), *heads], rows, notes)


def _cell(kind: str, text: str, sort: object, mark: str | None, lang: str) -> Cell:
    """Return a table's cell: a number where one is published, else the text that is printed."""
    if kind == "text" or mark or isinstance(sort, bool) or not isinstance(sort, int | float):
        return Cell(text)
    value = {"million": sort / report_programme.MILLION, "tenths": sort / 10, "gap": sort * 100}.get(kind, sort)
    tail = next((f'"{t}"' for t in _TAILS if text.endswith(t)), "")
    return Cell(text, value, _pattern(kind, lang, tail))


def _pattern(kind: str, lang: str, tail: str = "") -> str:
    """Return the number format of a kind of number, with a sign behind it.

    >>> _pattern("rate", "vi"), _pattern("step", "en", '"²"')
    ('[$-42A]0.0" "%', '[$-409]+#,##0"²";"−"#,##0"²";0"²"')
    """
    start, percent = _LOCALE[lang], '0.0" "%' if lang == "vi" else "0.0%"
    if kind in ("step", "tenths", "gap"):
        plain = "#,##0" if kind == "step" else "0.0"
        zero = "0" if kind == "step" else "0.0"
        return f'{start}+{plain}{tail};"−"{plain}{tail};{zero}{tail}'
    return start + {"count": "#,##0", "rate": percent, "million": "#,##0.0"}[kind] + tail


def _form(r: Report, layout: form_layouts.Layout) -> Sheet:
    """Lay out one of Biểu 4 to 7 with what is published: districts numbered 1, their communes 1.1, the whole last."""
    w, group = r.w, FORMS[layout.number]
    heads = _even([("TT", "A"), ("Phường/Xã", "B"), *((*c.heading, c.index) for c in layout.columns)])
    rows = [[*map(Cell, names), *_figures(r, code, group, layout)] for names, code in _numbered(r)]
    bold = frozenset(n for n, row in enumerate(rows) if "." not in row[0].text and units.era_of(r.release.month) != "C")
    last = [Cell(""), Cell(w("annex.total")), *_figures(r, units.CITY, group, layout)]
    notes = [w("annex.form_public"), *report.signs(r)]
    notes = [w("annex.form_share"), *notes] if layout.measured == "%" else notes
    name = w("annex.form_name", number=layout.number)
    title = f"{name}. {layout.title}"
    return Sheet(name, title, w("annex.form"), heads, rows, notes, 2, last, bold)


def _even(heads: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Give headings of fewer tiers the tiers they lack, above their index."""
    tiers = max(map(len, heads))
    return [(*head[:-1], *[""] * (tiers - len(head)), head[-1]) for head in heads]


def _numbered(r: Report) -> Iterable[tuple[tuple[str, str], str]]:
    """Number the units of a form."""
    here = units.on(r.release.month)
    tops = here[here["parent_code"] == units.CITY]
    for n, top in zip(count(1), tops.itertuples(), strict=False):
        yield (str(n), top.name), top.code
        below = here[here["parent_code"] == top.code]
        for m, unit in zip(count(1), below.itertuples(), strict=False):
            yield (f"{n}.{m}", unit.name), unit.code


def _figures(r: Report, code: str, group: str, layout: form_layouts.Layout) -> list[Cell]:
    """Return a unit's published figures of a form."""
    base = r.release.cell(code, "listed", group=group)
    counts = {
        name: r.release.cell(code, report_poverty.SHARED.get(name, f"uncensored_{name}"), group=group)
        for name in form_layouts.INDICATORS
    }
    found = []
    for column in layout.columns:
        name = column.figure.removesuffix("_percent")
        if name == "households":
            found.append(_published(base, "numerator", r))
        elif name == "deprivations":
            found.append(_sum(list(counts.values()), r))
        else:
            found.append(_published(counts[name], "rate" if column.figure.endswith("_percent") else "numerator", r))
    return found


def _published(cell: released.Cell, part: str, r: Report) -> Cell:
    text = figures.rate_text(cell, r.w) if part == "rate" else figures.count_text(cell, r.w, part)
    return _cell("rate" if part == "rate" else "count", text, figures.value(cell, part), None, r.w.lang)


def _sum(cells: list[released.Cell], r: Report) -> Cell:
    """Add published counts; where one is hidden or missing the sum is too, or it would tell it."""
    states = {c.numerator_status for c in cells}
    if states - {"published"}:
        hidden = any(s.startswith("suppressed") for s in states)
        return Cell(figures.sign("suppressed" if hidden else "missing", r.w))
    total = sum(c.numerator for c in cells)
    text = words.number(total, r.w.lang) + (r.w("sign.partial") if any(c.partial for c in cells) else "")
    return _cell("count", text, total, None, r.w.lang)


def _cover(r: Report) -> Cover:
    """Return what stands round the sheets, and on the first of them."""
    w, month = r.w, r.release.month
    body, said = report.agency(month), report.method(r).data
    partial = [w("note.partial")] if r.release.quality["communes_without_list"] else []
    lines = [(w("annex.lead"), False), (None, False), (w("annex.signs"), True)]
    lines += [(text, False) for text in (*report.signs(r), *partial, w("note.twog"))]
    lines += [(w("annex.numbers"), False), (w("annex.method"), True)]
    issuer = f"{body['parent_body']}, {body['issuing_body']}"
    source = w("annex.source", issuer=issuer, lists_from=body["lists_from"])
    lines += [(text, False) for text in (*said["sentences"], *said["notes"], source)]
    year, number = map(int, month.split("-"))
    return Cover(
        title=w("annex.title", period=r.period),
        lang={"vi": "vi-VN", "en": "en-US"}[w.lang],
        about=w("annex.about"),
        subtitle=f"{r.area['name']} · {r.period} · {w('annex.state', state=w(f'state.{r.state}'))}",
        lines=lines,
        listed=tuple(w(f"annex.{c}") for c in ("sheet", "holds", "row_is", "rows")),
        created=dt.datetime(year, number, 15),  # the month's middle: a workbook must be the same whenever it is made
        company=body["issuing_body"],
        banner=" · ".join(report.banners(r)),
        page=w("annex.page"),
    )
