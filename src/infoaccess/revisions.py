"""Keep what a month published before it is published anew, and list all months with their revisions.

A revision is what a month published at one time: documents and manifest. The latest lies in reports/<month>, former
ones beside it in reports/<month>.r<n>, where their links still lead to the archive. A former one gets its second place
before the new one takes the first: whenever a run is killed, each published revision lies in one of the two, whole.
Where the disk can, both places share bytes. Past the limit of the settings the oldest revisions give up their pages and
notebooks; PDFs, workbooks and figures stay.
"""

import datetime as dt
import filecmp
import json
import os
import re
import shutil
from pathlib import Path

from infoaccess import method, rooms, runner, units, words
from infoaccess.errors import UsageError

MANIFEST = "manifest.json"
OWN = {"revision", "published", "reasons"}  # what the manifest says of the revision itself
MADE_BY = {"inputs_key", "rests_on", "versions", "read_back", "files"}  # another program: no other revision
WRITTEN_LAST = {MANIFEST, "index.html", "changes.html"}
_STAYS = (".pdf", ".xlsx", ".json")


def settle(month: str, fresh: Path, made: dict, day: dt.date, again: dict | None = None) -> dict:
    """Number the revision that lies in a fresh folder, keep the one that it replaces, and return its whole manifest.

    Called when all documents are in the folder, before it takes its place. Documents and figures that are the same,
    byte for byte, are the same revision, of the day on which it was published first and for the reasons of then.
    `again` is the manifest of a revision that is made again: what it says of itself stays said.
    """
    there = rooms.reports(month)
    former = read(there) or {}
    if again:
        found = {key: again[key] for key in OWN & set(again)}
    elif former and _same(there, former, fresh, made):
        found = {key: former[key] for key in OWN & set(former)}
    else:
        number = keep(month) if there.is_dir() and any(there.iterdir()) else max(kept(month), default=0)
        found = {"revision": number + 1}
    whole = made | {"revision": 1, "published": day.isoformat()} | found
    runner.write_json(fresh / MANIFEST, whole)
    return whole


def keep(month: str) -> int:
    """Give the month's present revision its place among the former ones; return its number. Safe to repeat."""
    there = rooms.reports(month)
    number = (read(there) or {}).get("revision", 1)
    while place(month, number).exists():
        if _bytes(there) and _bytes(place(month, number)) == _bytes(there):
            return number
        number = max(kept(month)) + 1  # a number is never given twice, and nothing that lies there is replaced
    with rooms.replaced(place(month, number)) as folder:
        doubled(there, folder)
    return number


def carried(month: str, fresh: Path, numbers: dict, failed: dict[str, str]) -> tuple[dict, dict[str, str]]:
    """Put the present revision's documents that a fresh folder has not made into it too.

    Returns all units' numbers, and why which documents failed, now or then.
    """
    there = rooms.reports(month)
    former = read(there) or {"reports": {}}
    kept_codes = {c: n for c, n in former["reports"].items() if c not in numbers and (there / f"{c}.pdf").exists()}
    names = [name for c in kept_codes for name in (f"{c}.html", f"{c}.pdf", f"run/5_progress_report_{c}.ipynb")]
    names += ["presentation.pdf", "presentation_notes.pdf", "run/6_presentation.ipynb"]
    for name in names:
        if (there / name).is_file() and not (fresh / name).exists():
            _twice(there / name, fresh / name)
    still = {code: why for code, why in former.get("failed", {}).items() if not (fresh / f"{code}.pdf").exists()}
    return kept_codes | numbers, still | failed


def place(month: str, number: int) -> Path:
    """Return the folder of a former revision."""
    return rooms.reports(f"{month}.r{number}")


def kept(month: str) -> list[int]:
    """List the numbers of a month's former revisions that still lie there."""
    return sorted(n for m, n in numbered() if m == month)


def numbered() -> list[tuple[str, int]]:
    found = (re.fullmatch(r"(20\d\d-\d\d)\.r(\d+)", path.name) for path in rooms.reports().glob("20*.r*"))
    return sorted((name[1], int(name[2])) for name in found if name)


def is_former(folder: Path) -> bool:
    """Tell whether a folder is the place of a former revision."""
    return re.fullmatch(r"20\d\d-\d\d\.r\d+", folder.name) is not None


def read(folder: Path) -> dict | None:
    """Read a revision's manifest; None where there is none."""
    path = folder / MANIFEST
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def months() -> list[str]:
    """List the months that have reports, oldest first."""
    return sorted(path.parent.name for path in rooms.reports().glob(f"20??-??/{MANIFEST}"))


def thin(megabytes: int) -> list[Path]:
    """Take pages and executed notebooks from former revisions, the oldest month first, until all fit into a limit.

    Returns the folders that were thinned. PDFs, workbooks, the manifest and what had changed stay, so that no figure
    that was published is lost; where they alone are more than the limit nothing else is removed.
    Raises UsageError for a limit that is no whole number of megabytes.
    """
    if type(megabytes) is not int or megabytes < 0:
        raise UsageError(f"revisions_megabytes phải là số nguyên từ 0 trở lên, không phải {megabytes!r}.")
    folders = [place(month, number) for month, number in numbered()]
    weight = sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())
    thinned = []
    for folder in folders:
        if weight <= megabytes * 1_000_000:
            break
        # The index first: a folder without one is known to be thinned, whatever else still lies there.
        going = [folder / "index.html", *sorted(folder.glob("*.html")), *sorted((folder / "run").rglob("*"))]
        for path in dict.fromkeys(p for p in going if p.is_file() and p.name != "changes.html"):
            if path.suffix not in _STAYS:
                weight -= path.stat().st_size
                path.unlink()
                thinned.append(folder)
        shutil.rmtree(folder / "run", ignore_errors=True)
    return list(dict.fromkeys(thinned))


def archive(lang: str) -> dict:
    """Return what the archive's page shows: every month from first to last, state, revisions, what is missing."""
    w, held = words.load(lang), months()
    entries = []
    for month in rooms.months_between(held[0], held[-1]) if held else []:
        found = read(rooms.reports(month))
        entry = {"month": month, "period": words.month(month, lang), "former": _former(month, w)}
        entries.append(entry | (_present(month, found, w) if found else _absent(w)))
    return {"lang": lang, "months": entries}


def missing(month: str, manifest: dict, w: words.Words) -> list[str]:
    """Say what a month's revision lacks: reports of units, lists of communes, files that could not be used."""
    whole = list(units.on(month)["code"])
    counts = {
        "reports": len(set(whole) - set(manifest["reports"])),
        "lists": len(manifest.get("communes_without_list", ())),
        "files": sum(f.get("state") == "refused" for f in manifest["inputs"]),
    }
    return [w(f"archive.lacks_{k}", count=n, units=len(whole)) for k, n in counts.items() if n]


def _present(month: str, manifest: dict, w: words.Words) -> dict:
    whole = missing(month, manifest, w)
    return {
        "href": f"{month}/index.html",
        "state": w(f"state.{manifest['parameters']['state']}"),
        "banners": [w("title.synthetic")] if manifest["synthetic"] else [],
        "revision": named(manifest, w),
        "changes": f"{month}/changes.html" if (rooms.reports(month) / "changes.html").exists() else None,
        "missing": whole,
        "complete": "" if whole else w("archive.complete", units=len(manifest["reports"])),
    }


def _absent(w: words.Words) -> dict:
    return {"href": None, "state": w("archive.no_report"), "missing": [], "complete": ""}


def _former(month: str, w: words.Words) -> list[dict]:
    """List a month's former revisions, the latest first; what takes its place now is none of them."""
    present = (read(rooms.reports(month)) or {}).get("revision", 1 + max(kept(month), default=0))
    found = []
    for number in reversed([n for n in kept(month) if n != present]):
        folder = place(month, number)
        label = named((read(folder) or {}) | {"revision": number}, w)
        papers = sorted(folder.glob("*.pdf"), key=lambda path: (path.stem != units.CITY, path.name))
        if (folder / "index.html").exists():
            found.append({"label": label, "href": f"{folder.name}/index.html"})
        elif papers:
            found.append({"label": f"{label} ({w('archive.only_pdf')})", "href": f"{folder.name}/{papers[0].name}"})
    return found


def named(manifest: dict, w: words.Words) -> str:
    """Name a revision by its number and, where the manifest tells it, its day."""
    name = w("archive.revision", number=manifest.get("revision", 1))
    day = manifest.get("published")
    if not day:
        return name
    told = day if w.lang == "en" else "/".join(reversed(day.split("-")))
    return f"{name}, {w('archive.published', day=told)}"


def _same(there: Path, former: dict, fresh: Path, made: dict) -> bool:
    """Tell whether two folders hold the same documents and their manifests the same figures, inputs and settings."""
    if _told(former) != _told(made):
        return False
    names = [{path.name for path in folder.iterdir() if path.is_file()} - WRITTEN_LAST for folder in (there, fresh)]
    if names[0] != names[1]:
        return False
    _, apart, unread = filecmp.cmpfiles(there, fresh, names[0], shallow=False)
    return not apart and not unread


def _told(manifest: dict) -> dict:
    """Return what a manifest says that a reader of the documents could notice."""
    given = manifest["parameters"]
    shown = method.of_figures(given) | {"state": given["state"]}
    return {k: v for k, v in manifest.items() if k not in OWN | MADE_BY} | {"parameters": shown}


def _bytes(folder: Path) -> bytes | None:
    path = folder / MANIFEST
    return path.read_bytes() if path.is_file() else None


def doubled(source: Path, target: Path) -> None:
    """Put a folder's files into another one too: as second names where the disk knows them, else as copies."""
    for path in sorted(source.rglob("*")):
        twin = target / path.relative_to(source)
        if path.is_dir():
            twin.mkdir(parents=True, exist_ok=True)
            continue
        _twice(path, twin)


def _twice(path: Path, twin: Path) -> None:
    try:
        os.link(path, twin)
    except OSError:  # another disk, or a file system without links
        shutil.copy2(path, twin)
