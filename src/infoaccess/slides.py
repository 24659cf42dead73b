"""The slides of one unit and month, for the meeting: what the presentation notebook calls, cell by cell.

One message a slide: its title is a whole sentence made from the figures (`slide_sentences`). Each function returns
one Exhibit, or a tuple of one or none; its data hold under `slide` what the deck and the speaker notes print. The maps
are in `slide_maps`.
"""

from infoaccess import exhibits, hand_overs, programme, report, report_pictures, report_programme, words
from infoaccess import slide_data as data
from infoaccess import slide_pictures as pictures
from infoaccess import slide_sentences as sentences
from infoaccess.charts import Series
from infoaccess.exhibits import Exhibit
from infoaccess.figures import count_text
from infoaccess.noise import FEWEST, note, sentence
from infoaccess.released import Cell
from infoaccess.report import Report
from infoaccess.report_cells import crossing
from infoaccess.report_programme import MILLION

open = report.open
MEASURE = "deprived_any"
TRENDS = {
    MEASURE: (MEASURE, "deprived_internet", "deprived_device"),
    "household_smartphone": ("household_smartphone", "adult_smartphone", "covered"),
}


def title(r: Report) -> Exhibit:
    """Show what the meeting looks at: subject, unit, month, state, who made it; the mark of invented data."""
    w, ex = r.w, report.title(r)
    facts = {
        "area": r.area["name"],
        "period": r.period,
        "body": ex.data["issuing_body"],
        "state": ex.data["state"],
        "banners": ex.data["banners"],
        "short_banner": " · ".join(_marks(r)) or None,
        "footer": _footer(r),
    }
    said = [w("sentence.listed_hidden", period=r.period, area=r.area["name"])]
    listed = r.release.cell(r.code, "listed")
    if listed.numerator_status != "suppressed_primary" and listed.numerator is not None:
        said = [w("sentence.listed", period=r.period, area=r.area["name"], listed=count_text(listed, w))]
    elif listed.numerator_status == "missing":
        said = [w("sentence.missing", period=r.period, area=r.area["name"])]
    caveats = [*ex.data["banners"], w("method.state", state=ex.data["state"].lower())]
    return data.slide(ex, "title", w("slide.main"), r, say=said, caveats=caveats, **facts)


def _marks(r: Report) -> list[str]:
    """Return the words on every slide: internal, invented."""
    marks = [(not report.public(r), "title.internal_short"), (r.release.synthetic, "slide.banner")]
    return [r.w(key) for holds, key in marks if holds]


def _footer(r: Report) -> str:
    listed, state = r.release.cell(r.code, "listed"), r.w(f"state.{r.state}").lower()
    facts = {"month": words.month_short(r.release.month), "state": state}
    some = {"received": listed.received, "expected": listed.expected}
    return r.w("slide.source_some", **facts, **some) if listed.partial else r.w("slide.source", **facts)


def answers(r: Report) -> Exhibit:
    """Show the three answers as large numbers: who lacks information, who got a phone, where to act."""
    w, cell = r.w, r.release.cell
    lacking, need = cell(r.code, MEASURE), cell(r.code, "covered")
    first = data.figure("who", lacking, words.share(lacking.rate, w.lang), r)
    if lacking.status == "published":
        of = {"count": words.number(lacking.numerator, w.lang), "of": words.number(lacking.denominator, w.lang)}
        first |= {"lines": [w("slide.answers.rate_of", **of)], "change": data.change(r, MEASURE, -1)}
    second = data.figure("phone", need, words.number(need.numerator, w.lang), r)
    if need.status == "published":
        key = "need_at_most" if need.partial else "need_met"
        met = w(f"slide.answers.{key}", rate=words.share(need.rate, w.lang))
        second |= {"lines": [w("slide.answers.handed"), met], "change": data.change(r, "covered", 1)}
    columns = [first, second, _where_figure(r, need)]
    message = sentences.answers(r)
    ex = exhibits.text("answers", message, [c["ask"] + " " + " ".join([c["big"], *c["lines"]]) for c in columns])
    said = [sentences.moved(r, m) + "." for m in (MEASURE, "covered")]
    numbers = [f"{c['ask']} {c['big']}; {'; '.join(c['lines'])}" for c in columns]
    caveats = [w("method.need")]
    return data.slide(ex, "numbers", message, r, say=said, numbers=numbers, caveats=caveats, columns=columns)


def _where_figure(r: Report, need: Cell) -> dict:
    w = r.w
    if r.area["area_set"].endswith("commune"):
        waits = None if need.status != "published" else words.number(need.complement, w.lang)
        found = data.figure("todo", need, waits, r)
        return found | ({"lines": [w("slide.answers.waiting_here")]} if waits else {})
    _, rated = sentences.judged(r)
    if not rated:
        none = [w("slide.answers.no_top")]
        return {"ask": w("slide.answers.where"), "big": w("sign.suppressed"), "lines": none, "change": None}
    top = sentences.rate(rated[0], w)
    same = sentences.named([p for p in rated if sentences.rate(p, w) == top], w)
    line = w("slide.answers.top", name=same, shown=len(rated), all=len(r.children))
    sure = rated[0].verdict == "far_above" and len(rated) >= FEWEST
    doubt = [] if sure else [w("slide.answers.doubt")]
    return {"ask": w("slide.answers.where"), "big": top, "lines": [line, *doubt], "change": None}


def trends(r: Report) -> tuple[Exhibit, Exhibit]:
    """Show deprivation, then smartphone use and need met, month by month."""
    return _trend(r, MEASURE), _trend(r, "household_smartphone")


def _trend(r: Report, first: str) -> Exhibit:
    w, months = r.w, r.release.months
    bases = {m: sentences.BASES.get(m, "household") for m in TRENDS[first]}
    series = [report_pictures.monthly(r, w(f"slide.line.{m}"), m, base) for m, base in bases.items()]
    phone = first != MEASURE
    breaks = [("2024-10", w("break.twog"))] if phone and months[0] < "2024-10" <= months[-1] else []
    axis = w("slide.trend.axis_phone" if phone else "slide.trend.axis")
    axis = w("slide.trend.hollow", axis=axis) if any(one.partial for one in series) else axis
    svg = pictures.lines(months, series, title=axis, lang=w.lang, breaks=breaks)
    numbers = [_ends(one, months, w) for one in series]
    span = {"first": words.month_short(months[0]), "last": words.month_short(months[-1])}
    alt = w("alt.trend", series="; ".join(numbers) + ".", **span)
    caveats = [w("note.twog_line"), w("method.rates")] if breaks else [w("method.rates")]
    told = [*report_pictures.gaps(series, w), *([sentences.moved(r, "covered") + "."] if phone else [])]
    caveats += report_pictures.hollow(series, w) + crossing(months, w)
    notes = {"say": told, "numbers": numbers, "caveats": caveats}
    return data.picture("chart", f"slide_{first}", sentences.moved(r, first), r, svg, alt, **notes)


def _ends(one: Series, months: list[str], w) -> str:
    """Say where a line begins and ends; a last month that lacks lists is told apart, as it compares with none."""
    known = [(m, v, n in one.partial) for n, (m, v) in enumerate(zip(months, one.values, strict=True)) if v is not None]
    if not known:
        return w("slide.trend.ends_none", name=one.name)
    whole = [end for end in known if not end[2]] or known
    ends = {"start": words.share(whole[0][1], w.lang), "end": words.share(whole[-1][1], w.lang)}
    ends |= {"first": words.month_short(whole[0][0]), "last": words.month_short(whole[-1][0])}
    said = w("slide.trend.ends", name=one.name, **ends)
    if known[-1] == whole[-1]:
        return said
    month, value, _ = known[-1]
    return said + w("slide.trend.apart", month=words.month_short(month), value=words.share(value, w.lang))


def where(r: Report) -> tuple[Exhibit, ...]:
    """Show where to act first, as far as chance allows to say it; nothing for a commune."""
    if r.area["area_set"].endswith("commune"):
        return ()
    w, (found, rated) = r.w, sentences.judged(r)
    known = sentences.waiting(r)
    most, several = [p for p in known if p.waiting], found.compared >= FEWEST
    lists = []
    for key, places, every in (("rates", rated, rated), ("waits", most, known)):
        rows = [_worst(p, key, several, w) for p in places[: sentences.SHOWN]]
        none = w("slide.where.no_waiting" if every else "slide.where.nobody")
        count = w("slide.where.of", shown=len(every), all=len(r.children))
        lists.append({"head": w(f"slide.where.{key}"), "count": count, "rows": rows, "none": none})
    some = "caution" if len(rated) < len(r.children) else "caution_all"
    caution = w(f"slide.where.{some}", area=r.area["name"]) if several else w("slide.where.caution_few", fewest=FEWEST)
    message = sentences.first(r)
    ex = exhibits.text("where", message, [f"{one['head']}: {_joined(one)}" for one in lists], [caution])
    told = [sentence(found, u, w.lang) for p in rated[: sentences.SHOWN] for u in _rows(found, p.code)]
    caveats = [note(found, w.lang)] if several and rated else []
    if any(len(p) > 3 and shown(p[2]) == shown(p[3]) for p, shown in ((rated, _rate(w)), (most, _waits))):
        caveats.append(w("slide.where.tie"))
    numbers = [*told, *(f"{one['head']}: {_joined(one)}" for one in lists[1:])]
    parts = {"lists": lists, "caution": caution}
    return (data.slide(ex, "lists", message, r, say=[w("slide.where.say")], numbers=numbers, caveats=caveats, **parts),)


def _rate(w):
    return lambda place: sentences.rate(place, w)


def _waits(place: sentences.Place) -> int:
    return place.waiting


def _rows(found, code: str) -> list[dict]:
    return found.units[found.units["code"] == code].to_dict("records")


def _joined(one: dict) -> str:
    return "; ".join(f"{r['name']} {r['value']} ({r['remark']})" for r in one["rows"]) or one["none"]


def _worst(place: sentences.Place, key: str, several: bool, w) -> dict:
    if key == "waits":
        value = w("slide.where.count", count=words.number(place.waiting, w.lang))
        met = "met_at_most" if place.cell.partial else "met"
        return {"name": place.name, "value": value, "remark": w(f"slide.where.{met}", rate=sentences.rate(place, w))}
    remark = {"far_above": "far_above", "above": "above"}.get(place.verdict, "maybe")
    parts = {"count": words.number(place.cell.numerator, w.lang), "of": words.number(place.cell.denominator, w.lang)}
    said = w(f"slide.where.{remark if several else 'unjudged'}", **parts)
    return {"name": place.name, "value": sentences.rate(place, w), "remark": said}


def sources(r: Report) -> Exhibit:
    """Show phones handed over to date by source of money, and their value; the sources are never mixed."""
    w, phones, rows = r.w, {s: r.release.cell(r.code, f"handed_{s}", base="phone") for s in programme.SOURCES}, []
    if r.release.cell(r.code, "covered").numerator_status.startswith("suppressed"):
        # Sources that add up to nothing would tell what the total hides.
        phones = {s: Cell(None, None, "suppressed_primary", "suppressed_primary") for s in phones}
    for source, cell in phones.items():
        value = r.release.cell(r.code, f"value_{source}", base="vnd").numerator
        text = w(f"slide.{'missing' if cell.numerator_status == 'missing' else 'hidden'}_figure")
        if cell.numerator is not None:
            count = words.number(cell.numerator, w.lang)
            money = None if value is None else words.number(value / MILLION, w.lang)
            text = w("slide.sources.money" if money else "slide.sources.phones", count=count, value=money)
        rows.append((w(f"source.{source}"), cell.numerator, text))
    listed = [f"{name}: {text}" for name, _, text in rows]
    total, given = r.release.cell(r.code, "covered").numerator, [c.numerator for c in phones.values()]
    unstated = total - sum(given) if total is not None and None not in given else 0
    numbers = [*listed, w("slide.sources.unstated", count=words.number(unstated, w.lang))] if unstated else listed
    alt = w("slide.sources.alt", list="; ".join(listed))
    notes = {"say": [w("slide.sources.say")], "numbers": numbers, "caveats": [w("note.value")], "households": False}
    return data.picture("chart", "slide_sources", sentences.paid(r, phones), r, pictures.bars(rows), alt, **notes)


def outlook(r: Report) -> Exhibit:
    """Show when all need is met at the present pace, how soon households are served, who is still without a phone."""
    w, found = r.w, report_programme.reached(r)
    told = (found.sentence if w.lang == "vi" else found.sentence_en).rstrip(".")
    told = told[0].upper() + told[1:]
    known = found.reason in ("dated", "done")
    message = told if known else w("slide.outlook.unknown")
    report_ex = report_programme.outlook(r).data
    rest = [one.replace(w("sign.partial"), "") for one in report_ex["sentences"][1:]]  # the footer tells it
    points = rest if known else [told + ".", *rest]
    points += [w("note.pace")] if found.reason == "dated" else []
    ex = exhibits.text("outlook", message, points, report_ex["notes"])
    numbers = [
        w("outlook.within", days=n, rate=words.share(c.rate, w.lang), of=count_text(c, w, "denominator"))
        for n, c in ((n, r.release.cell(r.code, f"waited_{n}")) for n in hand_overs.WITHIN)
        if c.status == "published"
    ]
    parts = {"points": [{"lead": None, "text": p} for p in points]}
    notes = {"say": [sentences.moved(r, "covered") + "."], "numbers": numbers, "caveats": report_ex["notes"]}
    return data.slide(ex, "points", message, r, **notes, **parts)


def limits(r: Report) -> Exhibit:
    """Show what the figures may not be used for: method, protection of households, comparing."""
    w, message = r.w, r.w("slide.limits.title")
    facts = {"month": words.month_short(r.release.month), "state": w(f"state.{r.state}").lower()}
    facts |= {"threshold": r.release.threshold}
    keys = [k for k in ("method", "disclosure", "comparing") if report.public(r) or k != "disclosure"]
    points = [{"lead": w(f"slide.limits.{k}"), "text": w(f"slide.limits.{k}_text", **facts)} for k in keys]
    ex = exhibits.text("limits", message, [f"{p['lead']}: {p['text']}" for p in points])
    whole = report.method(r).data
    notes = {"say": [], "numbers": whole["sentences"], "caveats": whole["notes"]}
    return data.slide(ex, "points", message, r, points=points, **notes)
