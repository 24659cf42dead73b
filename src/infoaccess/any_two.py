"""Compare any two months or revisions on one page: reports/compare.html holds the figures of every manifest.

The page opens from a file, so the figures lie in it. Units compare by territory, never by code: each territory has one
number in the page, whatever its code and name in a month. A figure is written as short as it can be read again:
``324520`` is the rate 32,452 % in hundred-thousandths or a count, ``324520¹`` the same with the sign that was printed
behind it, ``~(*)`` what was printed where there is no value, ``32450~32,4 %`` a value with the text that was printed
where rounding it anew would print another.
"""

from pathlib import Path

from infoaccess import html, revisions, rooms, units, words

FINE = 100_000  # parts of 1 in which a rate is written


def write(lang: str) -> Path | None:
    """Write reports/compare.html anew from the manifests that lie there; without any there is none."""
    path, found = rooms.reports() / "compare.html", manifests()
    if not found:
        path.unlink(missing_ok=True)
        return None
    rooms.put(path, page(found, lang))
    return path


def manifests() -> list[tuple[str, dict]]:
    """List the folder and manifest of everything published, oldest month first, a month's revisions in their order."""
    found = []
    for month in revisions.months():
        now = revisions.read(rooms.reports(month))
        folders = [revisions.place(month, n) for n in revisions.kept(month) if n != now.get("revision", 1)]
        former = [(folder.name, revisions.read(folder)) for folder in folders]
        found += [(name, made) for name, made in former if made] + [(month, now)]
    return found


def page(found: list[tuple[str, dict]], lang: str) -> str:
    """Return the page of all manifests."""
    w = words.load(lang)
    banners = [w("title.synthetic")] if any(made["synthetic"] for _, made in found) else []
    info = {"lang": lang, "banners": banners, "count": len(found)}
    return html.compare(info, data(found, w))


def data(found: list[tuple[str, dict]], w: words.Words) -> dict:
    """Return what the page holds.

    `figures` (id, label), `versions` (1 = 1 manifest: its folder, name, month, the place of its month's units, the
    figures of its units by territory, joined by |) and `units` (1 = the units of 1 era: territory to name and code).
    """
    figures = {n["id"]: n["label"] for _, made in found for numbers in made["reports"].values() for n in numbers}
    numbers_of: dict[frozenset, int] = {}
    eras, versions = {}, []
    for folder, made in found:
        month = made["month"]
        era = units.era_of(month)
        if era not in eras:
            leaves = {area_set: units.leaves(area_set) for area_set in units.LEVELS[era]}
            valid = units.on(month).itertuples()
            parts = [
                (numbers_of.setdefault(leaves[u.area_set][u.code], len(numbers_of)), u.name, u.code) for u in valid
            ]
            # A commune that is its whole district is told once, by the wider unit.
            eras[era] = {place: [name, code] for place, name, code in reversed(parts)}
        place_of = {code: place for place, (_, code) in eras[era].items()}
        held = {
            place_of[code]: "|".join(map(_written, (_by_id(numbers).get(id_) for id_ in figures)))
            for code, numbers in made["reports"].items()
            if code in place_of
        }
        versions.append(
            {
                "folder": folder,
                "name": f"{_upper(words.month(month, w.lang))} – {revisions.named(made, w)}",
                "month": month,
                "state": w(f"state.{made['parameters']['state']}"),
                "era": era,
                "held": held,
            }
        )
    return {
        "figures": list(figures.items()),
        "versions": versions,
        "units": eras,
        "decimal": "," if w.lang == "vi" else ".",
    }


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


def _by_id(numbers: list[dict]) -> dict[str, dict]:
    return {n["id"]: n for n in numbers}


def _written(number: dict | None) -> str:
    """Write one figure for the page's script.

    >>> _written({"id": "a.rate", "value": 0.3245, "text": "32,5\\xa0%"})
    '32450'
    >>> _written({"id": "a.rate", "value": None, "text": "(*)"}), _written({"id": "n", "value": 866, "text": "866¹"})
    ('~(*)', '866¹')
    """
    if number is None:
        return "~"
    value, text = number["value"], number["text"]
    if value is None:
        return f"~{text}"
    share = number["id"].endswith(".rate")
    whole = round(value * FINE) if share else round(value)
    for lang in words.LANGUAGES:
        shown = words.share((whole + 50) // 100 / 1000, lang) if share else words.number(whole, lang)
        rest = text.removeprefix(shown)
        if rest != text and not rest[:1].isdecimal():
            return f"{whole}{rest}"
    return f"{whole}~{text}"
