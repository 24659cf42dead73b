"""What a month publishes besides its reports: the indexes and the manifest."""

import platform
from importlib.metadata import version
from pathlib import Path

from infoaccess import (
    any_two,
    checksums,
    disclosure,
    disk,
    figures,
    html,
    revisions,
    rooms,
    runner,
    store,
    units,
    words,
)

SUMS = "SHA256SUMS"  # of executed notebooks
PACKAGES = ("pandas", "geopandas", "polars", "papermill", "nbconvert", "plotly", "typst", "infoaccess")
LEVELS = ("city", "district", "commune")


def manifest(month: str, numbers: dict, settings: dict, door: dict, inputs: str) -> dict:
    """Return the month's manifest: inputs and checksums, versions, parameters, rows in and out, the attack, numbers."""
    return {
        "month": month,
        "inputs": [{k: f[k] for k in ("name", "bytes", "sha256", "state")} for f in door["files"]],
        "inputs_key": inputs,
        "rows": store.told(door["tables"]),
        "communes_without_list": door["communes_without_list"],
        "synthetic": door["synthetic"],
        "parameters": settings,
        "disclosure": disclosure.attacked(month),
        "versions": {p: version(p) for p in PACKAGES} | {"python": platform.python_version()},
        "reports": numbers,
    }


def month_index(
    month: str,
    numbers: dict,
    missing: dict[str, str],
    settings: dict,
    door: dict,
    *,
    slides: bool = True,
    inside: bool = False,
) -> str:
    """Return the month's index page; `missing` gives for each document that is not there the reason's word.

    That of the internal edition (`inside`) bears its mark and leads nowhere else.
    """
    valid = units.on(month)
    w = words.load(settings["lang"], units.era_of(month))
    groups = []
    for level in LEVELS:
        rows = valid[valid["area_set"].str.endswith(level) & valid["code"].isin(list(numbers))]
        entries = [_entry(u, numbers[u["code"]]) for u in rows.to_dict("records")]
        if entries:
            groups.append({"heading": w(f"page.level_{level}"), "reports": entries})
    names = valid.set_index("code")["name"]
    refused = sum(f["state"] == "refused" for f in door["files"])
    partial = [w("quality.files_refused", refused=refused)] if refused else []
    printed = [n["text"] for group in groups for entry in group["reports"] for n in entry["numbers"]]
    accepted = door["tables"]["households"]["accepted"]
    marks = {"internal": inside, "synthetic": door["synthetic"]}
    papers = [("slide.deck", "presentation.pdf"), ("slide.notes", "presentation_notes.pdf")]
    links = [{"label": w(key), "href": href} for key, href in papers if slides]
    links += [{"label": w("annex.title", period=words.month(month, w.lang)), "href": "annex.xlsx"}]
    if not inside:
        links += [{"label": w("changes.link"), "href": "changes.html"}]
        links += [{"label": w("compare.link"), "href": f"../compare.html#{month}"}]
        links += [
            {"label": "manifest.json", "href": "manifest.json"},
            {"label": w("page.archive"), "href": "../index.html"},
        ]
    info = {
        "lang": w.lang,
        "month": month,
        "period": words.month(month, w.lang),
        "state": w(f"state.{settings['state']}"),
        "banners": [w(f"title.{key}") for key, holds in marks.items() if holds] + partial,
        "title": (f"{w('title.internal_short')} – " if inside else "")
        + w("page.reports_of", period=words.month(month, w.lang)),
        "groups": groups,
        "notes": figures.signs(printed, w, settings["threshold"], inside=inside),
        "generated_from": [w("page.sources", files=len(door["files"]), households=words.number(accepted, w.lang))],
        "links": links,
        "missing": [
            {"code": c, "name": names.get(c) or w("slide.deck"), "reason": w(f"page.lacking.{reason}")}
            for c, reason in missing.items()
        ],
    }
    return html.month_index(info)


def _entry(unit: dict, numbers: list[dict]) -> dict:
    code = unit["code"]
    shown = [
        {"label": n["label"], "text": n["text"]} for n in numbers if n["id"] in ("deprived_any.rate", "covered.rate")
    ]
    return {"code": code, "name": unit["name"], "html": f"{code}.html", "pdf": f"{code}.pdf", "numbers": shown}


def seal(folder: Path) -> None:
    """Note the checksum of everything that a month's folder holds: documents in the manifest, executed notebooks aside.

    Notebooks hold the times of the run, so theirs stand in run/SHA256SUMS (`sha256sum -c` reads it) and the manifest is
    the same for the same documents.
    """
    run = folder / "run"
    sums = "".join(f"{checksums.read(p)}  {p.name}\n" for p in sorted(run.glob("*.ipynb")))
    (run / SUMS).write_text(sums, encoding="utf-8", newline="\n")
    documents = sorted(p for p in folder.iterdir() if p.is_file() and p.name != revisions.MANIFEST)
    made = revisions.read(folder) | {"files": {p.name: checksums.read(p) for p in documents}}
    runner.write_json(folder / revisions.MANIFEST, made)


def damaged(folder: Path) -> list[str]:
    """Name the files of a published month or former revision that are not there or not as they were published.

    What a former revision gave up for space (`revisions.thin`) is no damage. Nothing is known of months published
    before checksums were noted.
    """
    noted = dict((revisions.read(folder) or {}).get("files", {}))
    sums = folder / "run" / SUMS
    lines = sums.read_text(encoding="utf-8").splitlines() if sums.exists() else []
    noted |= {f"run/{name}": known for known, _, name in (line.partition("  ") for line in lines)}
    thinned = not (folder / "index.html").exists() and revisions.is_former(folder)
    return [
        name
        for name, known in noted.items()
        if not (thinned and not (folder / name).exists())
        and (not (folder / name).is_file() or checksums.read(folder / name) != known)
    ]


def tidy(lang: str) -> None:
    """Write the archive's page anew where it is not that of the months that lie there: a run was cut off before it."""
    if disk.archive_is_old(rooms.reports()):
        archive(lang)


def archive(lang: str) -> Path:
    """Write reports/index.html and compare.html anew from the months that lie there, and return the first."""
    lying = disk.lying(rooms.reports())
    told = {"title": "Báo cáo tiếp cận thông tin – thành phố Huế", "failed": rooms.failed_page().exists()}
    told["compare"] = any_two.write(lang) is not None
    found = revisions.archive(lang)
    # What every month bears is said once, on top.
    shared = [set(month["banners"]) for month in found["months"] if month["href"]]
    told["banners"] = sorted(set.intersection(*shared)) if shared else []
    for month in found["months"]:
        month["banners"] = [one for one in month.get("banners", ()) if one not in told["banners"]]
    text = html.archive_index(told | found)
    path = rooms.reports() / "index.html"
    rooms.put(path, text)
    rooms.put(rooms.reports() / disk.MARK, lying)
    return path
