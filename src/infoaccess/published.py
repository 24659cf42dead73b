"""What a month publishes besides its reports: the indexes and the manifest."""

import platform
from importlib.metadata import version
from pathlib import Path

from infoaccess import html, revisions, rooms, units, words

PACKAGES = ("pandas", "geopandas", "polars", "papermill", "nbconvert", "plotly", "typst", "infoaccess")
HEADINGS = {"city": "Toàn thành phố", "district": "Quận, huyện, thị xã", "commune": "Phường, xã, thị trấn"}


def manifest(month: str, numbers: dict, settings: dict, door: dict, inputs: str) -> dict:
    """Return the month's manifest: inputs and their checksums, versions, parameters, rows in and out, numbers."""
    return {
        "month": month,
        "inputs": [{k: f[k] for k in ("name", "bytes", "sha256", "state")} for f in door["files"]],
        "inputs_key": inputs,
        "rows": door["tables"],
        "communes_without_list": door["communes_without_list"],
        "synthetic": door["synthetic"],
        "parameters": settings,
        "versions": {p: version(p) for p in PACKAGES} | {"python": platform.python_version()},
        "reports": numbers,
    }


def month_index(
    month: str, numbers: dict, missing: list[str], settings: dict, door: dict, *, inside: bool = False
) -> str:
    """Return the month's index page; that of the internal edition (`inside`) bears its mark and leads nowhere else."""
    valid = units.on(month)
    w = words.load(settings["lang"])
    groups = []
    for level, heading in HEADINGS.items():
        rows = valid[valid["area_set"].str.endswith(level) & valid["code"].isin(list(numbers))]
        entries = [_entry(u, numbers[u["code"]]) for u in rows.to_dict("records")]
        if entries:
            groups.append({"heading": heading, "reports": entries})
    names = valid.set_index("code")["name"]
    refused = sum(f["state"] == "refused" for f in door["files"])
    partial = [w("quality.files_refused", refused=refused)] if refused else []
    slides = [("slide.deck", "presentation.pdf"), ("slide.notes", "presentation_notes.pdf")]
    links = [{"label": w(key), "href": href} for key, href in slides if units.CITY in numbers]
    links += [{"label": w("annex.title", period=words.month(month, w.lang)), "href": "annex.xlsx"}]
    links += [] if inside else [{"label": w("changes.link"), "href": "changes.html"}]
    links += (
        []
        if inside
        else [{"label": "manifest.json", "href": "manifest.json"}, {"label": "Các tháng", "href": "../index.html"}]
    )
    info = {
        "lang": w.lang,
        "month": month,
        "period": words.month(month, w.lang),
        "state": w(f"state.{settings['state']}"),
        "banners": ([w("title.internal")] if inside else [])
        + ([w("title.synthetic")] if door["synthetic"] else [])
        + partial,
        "title": f"Báo cáo {words.month(month, w.lang)}",
        "groups": groups,
        "generated_from": [f"{len(door['files'])} tệp danh sách, {door['tables']['households']['accepted']} hộ"],
        "links": links,
        "missing": [{"code": c, "name": names[c], "reason": "chưa lập trong lần chạy này"} for c in missing],
    }
    return html.month_index(info)


def _entry(unit: dict, numbers: list[dict]) -> dict:
    code = unit["code"]
    shown = [
        {"label": n["label"], "text": n["text"]} for n in numbers if n["id"] in ("deprived_any.rate", "covered.rate")
    ]
    return {"code": code, "name": unit["name"], "html": f"{code}.html", "pdf": f"{code}.pdf", "numbers": shown}


def archive(lang: str) -> Path:
    """Write reports/index.html anew from the months that lie there, and return it."""
    text = html.archive_index({"title": "Báo cáo tiếp cận thông tin – thành phố Huế"} | revisions.archive(lang))
    path = rooms.reports() / "index.html"
    rooms.put(path, text)
    return path
