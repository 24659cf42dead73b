"""Tell what changed between two revisions of a month, or between two months, figure by figure.

1 row = 1 headline number of 1 unit, as the two manifests hold it. Units compare by territory, never by code alone: a
code of 2025-07 may have been another commune's before. A figure differs when its value does or, where one of them was
hidden or missing, what was printed in its place.
"""

from pathlib import Path

from infoaccess import due_lines, exhibits, html, revisions, rooms, units, words


def write(month: str, fresh: Path, lang: str) -> Path:
    """Write what changed in a fresh folder whose manifest is settled: against the former revision and month before."""
    path = fresh / "changes.html"
    path.write_text(page(month, fresh, lang), encoding="utf-8", newline="\n")
    return path


def page(month: str, fresh: Path, lang: str) -> str:
    """Return the page of what changed in a revision: against the one before it, and against the month before it."""
    w, now = words.load(lang), revisions.read(fresh)
    number, period = now["revision"], words.month(month, lang)
    before = next((n for n in reversed(revisions.kept(month)) if n < number), None)
    former = revisions.read(revisions.place(month, before)) if before else None
    # That a month was never published before is told by what it is compared with.
    reasons = [reason for reason in now.get("reasons", ()) if reason["kind"] != "first"]
    why = due_lines.sentence(month, reasons, w) if reasons else ""
    parts = [exhibits.text("why", None, [w("due.page", reasons=why)])] if why else []
    if former:
        found = compare(former, now)
        heading = w("changes.revision", before=before, after=number)
        caption = w("changes.caption_revision", before=before, after=number, period=period)
        parts += _part("revision", heading, caption, found, [*_context(former, now, w)], w)
    else:
        parts.append(exhibits.text("revision", None, [w("changes.first", period=period)]))
    earlier = [m for m in revisions.months() if m < month]
    if earlier:
        then = revisions.read(rooms.reports(earlier[-1]))
        named = words.month(earlier[-1], lang)
        heading = w("changes.month", before=named, revision=then.get("revision", 1))
        caption = w("changes.caption_month", before=named, period=period)
        parts += _part("month", heading, caption, compare(then, now), [], w)
    else:
        parts.append(exhibits.text("month", None, [w("changes.no_month")]))
    banners = [w("title.synthetic")] if now["synthetic"] or (former or {}).get("synthetic") else []
    info = {
        "lang": lang,
        "month": month,
        "title": w("changes.title", period=period),
        "period": period,
        "state": w(f"state.{now['parameters']['state']}"),
        "revision": w("archive.revision", number=number),
        "banners": banners,
    }
    return html.changes(info, [part.data for part in parts])


def compare(before: dict, after: dict) -> dict:
    """Compare the numbers of two manifests.

    Returns `figures` (1 row = 1 figure that differs: code, name, id, label, then, now - the entries of the manifests),
    `compared` (how many figures), `new`, `gone` (names of units) and `other` (units of other territory).
    """
    here, there = _territories(after["month"]), _territories(before["month"])
    twins = {parts: code for code, (_, parts) in there.items() if code in before["reports"]}
    found = {"figures": [], "compared": 0, "new": [], "gone": [], "other": 0}
    met = set()
    for code, (name, parts) in here.items():  # the city first
        if code not in after["reports"]:
            continue
        twin = twins.get(parts)
        if twin is None:
            known = parts in {p for _, p in there.values()}
            found["new"] += [name] if known else []
            found["other"] += not known
            continue
        met.add(twin)
        then = {n["id"]: n for n in before["reports"][twin]}
        for now in (n for n in after["reports"][code] if n["id"] in then):
            found["compared"] += 1
            if _differs(then[now["id"]], now):
                row = {"code": code, "name": name, "id": now["id"], "label": now["label"]}
                found["figures"].append(row | {"then": then[now["id"]], "now": now})
    theirs = {parts for _, parts in here.values()}
    found["gone"] = [there[c][0] for c in before["reports"] if c not in met and there[c][1] in theirs]
    return found


def _territories(month: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Return the name and the territory of every unit of a month, by its code."""
    leaves = {area_set: units.leaves(area_set) for area_set in units.LEVELS[units.era_of(month)]}
    return {u.code: (u.name, leaves[u.area_set][u.code]) for u in units.on(month).itertuples()}


def _differs(then: dict, now: dict) -> bool:
    a, b = then["value"], now["value"]
    if a is None or b is None:
        return a is not b or then["text"] != now["text"]
    return abs(a - b) > 1e-12 * max(1.0, abs(a))


def _change(then: dict, now: dict, w: words.Words) -> tuple[str, str, str, float | None]:
    """Print a figure before and now and its change; with more digits where one would not show that it differs.

    >>> say = words.load("vi")
    >>> _change({"id": "a.rate", "value": 0.2811, "text": ""}, {"id": "a.rate", "value": 0.2812, "text": ""}, say)[:3]
    ('28,11\\xa0%', '28,12\\xa0%', '+0,01 điểm %')
    """
    a, b = then["value"], now["value"]
    if a is None or b is None:
        return (
            then["text"],
            now["text"],
            w("changes.shown") if a is None and b is not None else w("changes.hidden"),
            None,
        )
    if any(w("sign.partial") in one["text"] for one in (then, now)):
        return then["text"], now["text"], w("sign.not_compared"), None
    if not now["id"].endswith(".rate"):
        return then["text"], now["text"], words.signed(b - a, w.lang), b - a
    digits = next((n for n in (1, 2, 3, 4) if round(abs(b - a) * 100, n)), 5)
    shown = [words.share(v, w.lang, digits) if digits > 1 else entry["text"] for v, entry in ((a, then), (b, now))]
    return *shown, words.points(b - a, w.lang, digits), b - a


def _part(id_: str, heading: str, caption: str, found: dict, context: list[str], w: words.Words) -> list:
    """Return the exhibits of one comparison: what stands round it, then the figures that differ."""
    rows = []
    for row in found["figures"]:
        then, now, change, by = _change(row["then"], row["now"], w)
        values = [row["then"]["value"], row["now"]["value"], by]
        rows.append(
            {
                "cells": [row["name"], row["label"], then, now, change],
                "sort": [row["name"], row["label"], *values],
                "marks": [None] * 5,
                "bold": row["code"] == units.CITY,
            }
        )
    counts = {"changed": len(rows), "compared": found["compared"], "units": len({r["code"] for r in found["figures"]})}
    said = [w("changes.count" if rows else "changes.none", **counts), *context]
    said += [w(f"changes.{k}_units", names=", ".join(found[k])) for k in ("new", "gone") if found[k]]
    said += [w("changes.other_units", count=found["other"])] if found["other"] else []
    parts = [exhibits.text(f"{id_}_text", heading, said)]
    if rows:
        align = ("left", "left", "right", "right", "right")
        names = ("unit", "figure", "before", "after", "change")
        heads = [{"label": w(f"changes.{n}"), "align": a, "group": None} for n, a in zip(names, align, strict=True)]
        uneven = any(row["cells"][-1] == w("sign.not_compared") for row in rows)
        notes = [w("changes.signs"), *([w("changes.partial")] if uneven else [])]
        parts.append(exhibits.table(id_, None, caption, heads, rows, notes))
    return parts


def _context(before: dict, after: dict, w: words.Words) -> list[str]:
    """Say what else differs between two revisions of a month: state, threshold, lists, rows, software."""
    said = []
    old, new = before["parameters"], after["parameters"]
    if old["state"] != new["state"]:
        said.append(w("changes.state", before=w(f"state.{old['state']}"), after=w(f"state.{new['state']}")))
    if old.get("threshold") != new.get("threshold"):
        said.append(w("changes.threshold", before=old.get("threshold"), after=new.get("threshold")))
    # Names of files stay in the manifest: only how many differ is told here.
    was, now = ({f["name"]: f["sha256"] for f in m["inputs"]} for m in (before, after))
    counts = {"new": len(now.keys() - was.keys()), "gone": len(was.keys() - now.keys())}
    counts["mended"] = sum(was[name] != now[name] for name in was.keys() & now.keys())
    if any(counts.values()):
        said.append(w("changes.files", **counts))
    rows = [words.number(m["rows"]["households"]["accepted"], w.lang) for m in (before, after)]
    if rows[0] != rows[1]:
        said.append(w("changes.rows", before=rows[0], after=rows[1]))
    versions = [p for p, v in after["versions"].items() if before["versions"].get(p) != v]
    if versions:
        told = [f"{p} {before['versions'].get(p, '–')} → {after['versions'][p]}" for p in versions]
        said.append(w("changes.software", names=", ".join(told)))
    return said
