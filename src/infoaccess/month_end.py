"""Tell at a run's end what it published, what is still missing, and who has not sent a list.

All of it comes from the manifests; units and files are named, persons are not. The page stays inside data/: names of
communes that are late are for the office.
"""

from infoaccess import html, mail, revisions, rooms, units, words

MONTHS_NAMED = 12  # of the months without reports; more would be a wall
NAMED = 10  # units without a report


def facts(months: list[str], lang: str) -> dict:
    """Return what a page and a letter tell of the months that a run published: lists of sentences."""
    w = words.load(lang)
    found = {"published": [], "lacking": [], "silent": [], "where": []}
    for month in months:
        manifest = revisions.read(rooms.reports(month)) or {}
        _month(month, manifest, found, w)
    if gaps := _gaps():
        named = [words.month(m, lang) for m in gaps[-MONTHS_NAMED:]]
        more = ["…"] if len(gaps) > MONTHS_NAMED else []
        found["lacking"].append(w("telling.summary.missing_months", months=", ".join(more + named)))
    return found


def page(months: list[str], lang: str) -> str:
    """Return the page."""
    w, found = words.load(lang), facts(months, lang)
    empty = {"lacking": w("telling.summary.nothing_lacking"), "silent": w("telling.summary.all_sent")}
    sections = [
        {"heading": _heading(key, w), "ordered": False, "items": found[key], "empty": empty.get(key, "")}
        for key in ("lacking", "silent", "where")
    ]
    shown = [(_heading("published", w) if not n else "", line) for n, line in enumerate(found["published"])]
    info = {"lang": lang, "title": _title(months, w), "lead": w("telling.summary.lead", count=len(months))}
    return html.notice(info | {"facts": shown, "sections": sections, "links": [], "banners": _banners(months, w)})


def letter(months: list[str], lang: str) -> mail.Letter:
    """Return the letter; the page is not attached, as it says nothing more."""
    w, found = words.load(lang), facts(months, lang)
    empty = {"lacking": w("telling.summary.nothing_lacking"), "silent": w("telling.summary.all_sent")}
    lines = [*_banners(months, w), _title(months, w)]
    for key, told in found.items():
        lines += ["", _heading(key, w), *(f"- {line}" for line in told or [empty.get(key, "")])]
    return mail.Letter("published", w("telling.summary.subject", months=_named(months, w)), "\n".join(lines))


def _month(month: str, manifest: dict, found: dict, w: words.Words) -> None:
    period, valid = words.month(month, w.lang), units.on(month)
    made = manifest.get("reports", {})
    state = w(f"state.{manifest.get('parameters', {}).get('state', 'preliminary')}")
    counts = {"reports": len(made), "units": len(valid), "revision": manifest.get("revision", 1), "state": state}
    found["published"].append(w("telling.summary.line", period=period, **counts))
    why = manifest.get("failed", {})
    lacking = sorted(valid.to_dict("records"), key=lambda unit: unit["code"] not in why)  # those with a reason first
    absent = [_missing(unit, why, w) for unit in lacking if unit["code"] not in made]
    if absent:
        more = len(absent) - NAMED
        names = [*absent[:NAMED], *([w("telling.summary.others", count=more)] if more > 0 else [])]
        found["lacking"].append(w("telling.summary.missing_reports", period=period, names=", ".join(names)))
    bad = [f["name"] for f in manifest.get("inputs", []) if f.get("state") == "refused"]
    if bad:
        told = w("telling.summary.files_refused", period=period, count=len(bad), names=", ".join(bad))
        found["lacking"].append(told)
    communes = units.of(units.commune_set(month)).set_index("code")["name"]
    silent = [communes.get(code, code) for code in manifest.get("communes_without_list", [])]
    if silent:
        counts = {"count": len(silent), "units": len(communes), "names": ", ".join(silent)}
        found["silent"].append(w("telling.summary.not_sent", period=period, **counts))
    found["where"].append(w("telling.summary.see_index", path=f"reports/{month}/index.html"))
    found["where"].append(w("telling.summary.see_changes", path=f"reports/{month}/changes.html"))
    if bad or silent:
        found["where"].append(w("telling.summary.see_problems", path=f"data/1_validated/{month}/summary.html"))


def _missing(unit: dict, why: dict[str, str], w: words.Words) -> str:
    """Name a unit without a report, and the reason where a run tried and failed."""
    told = w.table["page"]["lacking"].get(why.get(unit["code"]))
    return w("telling.summary.because", name=unit["name"], reason=told) if told else unit["name"]


def _banners(months: list[str], w: words.Words) -> list[str]:
    made = [revisions.read(rooms.reports(month)) or {} for month in months]
    return [w("title.synthetic")] if any(m.get("synthetic") for m in made) else []


def _gaps() -> list[str]:
    """List the months between the first and the last published one that have no reports."""
    held = revisions.months()
    return [m for m in rooms.months_between(held[0], held[-1]) if m not in held] if held else []


def _heading(key: str, w: words.Words) -> str:
    return w(f"telling.summary.{key}")


def _named(months: list[str], w: words.Words) -> str:
    return ", ".join(words.month(m, w.lang) for m in months)


def _title(months: list[str], w: words.Words) -> str:
    return w("telling.summary.title", months=_named(months, w))
