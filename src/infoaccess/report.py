"""The progress report of one unit and month: what the notebook calls, cell by cell.

`open` reads room 4 once; each method returns one Exhibit (or two, shown after each other).
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from infoaccess import comparability, deprivation, exhibits, figures, findings, released, rooms, units, words
from infoaccess import edition as editions
from infoaccess.errors import UsageError
from infoaccess.exhibits import Exhibit
from infoaccess.released import Release
from infoaccess.words import Words

STATES = ("estimated", "preliminary", "official")


@dataclass(frozen=True)
class Report:
    """Hold what a report of one unit needs: its figures, its neighbours, its language."""

    release: Release
    area: dict  # the unit's row of units.table
    children: list[dict]  # the units of its table: those below it, or for a commune those beside it
    layer: str  # area set of its map
    state: str
    w: Words

    @property
    def period(self) -> str:
        """Name the month."""
        return words.month(self.release.month, self.w.lang)

    @property
    def code(self) -> str:
        """Return the unit's code."""
        return self.area["code"]

    @property
    def above(self) -> dict | None:
        """Return the unit that this one lies in; None for the city."""
        return released.area(self.release.month, self.area["parent_code"]) if self.code != units.CITY else None


def open(
    month: str,
    area: str,
    *,
    state: str = "preliminary",
    since: str = "2023-01",
    lang: str = "vi",
    edition: str = "public",
) -> Report:
    """Read what one unit's report needs.

    Raises UsageError for a unit that is not valid in the month, a state, language or edition that does not exist;
    RoomError when the month was not released.
    """
    rooms.month_name(month)
    if state not in STATES:
        raise UsageError(f"Trạng thái {state!r} không có; chọn một trong: {', '.join(STATES)}.")
    if lang not in words.LANGUAGES:
        raise UsageError(f"Ngôn ngữ {lang!r} không có; chọn một trong: {', '.join(words.LANGUAGES)}.")
    unit = released.area(month, area)
    children, layer = neighbours(month, unit)
    # All units of the month, not only those shown: what all reports share is read once.
    release = released.read(month, since, edition=editions.named(edition))
    return Report(release, unit, children, layer, state, words.load(lang, units.era_of(month)))


def neighbours(month: str, unit: dict) -> tuple[list[dict], str]:
    """Return the units that a unit's table lists and the area set of its map."""
    era = units.era_of(month)
    levels = units.LEVELS[era]
    here = units.on(month)
    if unit["area_set"] == "city":
        layer = levels[1]
        listed = here[here["area_set"] == layer]
    else:
        layer = levels[-1]
        parent = unit["code"] if unit["area_set"].endswith("district") else unit["parent_code"]
        listed = here[(here["area_set"] == layer) & (here["parent_code"] == parent)]
    return listed.to_dict("records"), layer


def agency(month: str) -> dict:
    """Find who issues a month's report."""
    table = tomllib.loads(Path(__file__).with_name("agencies.toml").read_text(encoding="utf-8"))["agencies"]
    return next(a for a in table if a["valid_from"] <= month <= a["valid_to"])


def title(r: Report) -> Exhibit:
    """Show the head of the report: who, what, when, in the order of Decree 30/2020/NĐ-CP; number and day stay blank."""
    w, month = r.w, r.release.month
    issued = rooms.shift(month, 1)
    body = agency(month)
    day = int(issued[5:])
    texts = {
        "lang": w.lang,
        "month": month,
        "area": r.code,
        "parent_body": body["parent_body"],
        "issuing_body": body["issuing_body"],
        "national_title": w("title.national"),
        "motto": w("title.motto"),
        "number_line": w("title.number_line"),
        "place_date": w("title.place_date", month=f"{day:02d}" if day < 3 else day, year=issued[:4]),
        "doc_type": w("title.doc_type"),
        "subject": w("title.subject", period=r.period, area=r.area["name"]),
        "area_name": r.area["name"],
        "period": r.period,
        "state": w(f"state.{r.state}"),
        "banners": banners(r),
        "recipients_title": w("title.recipients_title"),
        "recipients": _recipients(body, w),
        "signature": w("title.signature"),
        "page_title": ("" if public(r) else f"{w('title.internal_short')} – ")
        + w("title.page_title", period=r.period, area=r.area["name"]),
        "date_key": f"{issued}-01",
    }
    return Exhibit(exhibits.base("title", "title", None, None, []) | texts)


def public(r: Report) -> bool:
    """Tell whether a report is of the public edition."""
    return r.release.edition == editions.PUBLIC


def banners(r: Report) -> list[str]:
    """Return what must stand on every page: that the report is internal, that its data are invented."""
    marks = [(not public(r), "title.internal"), (r.release.synthetic, "title.synthetic")]
    return [r.w(key) for holds, key in marks if holds]


def signs(r: Report, shown: list[str] | None = None) -> list[str]:
    """Return the notes that explain the signs among some texts; without texts, those that explain every sign."""
    return figures.signs(shown, r.w, r.release.threshold, inside=not public(r))


def _recipients(body: dict, w: Words) -> list[str]:
    first, *rest = w("title.recipients")
    first = w("title.recipients_province") if "TỈNH" in body["parent_body"] else first
    return [first, *(line.format(archive=body["archive"]) for line in rest)]


def key_figures(r: Report) -> Exhibit:
    """Show the headline numbers with their changes, and the sentences that read them."""
    numbers = figures.headline(r.release, r.code, r.w)
    said = findings.answers(r.release, r.area, r.w, r.children, r.above)
    commune = r.area["area_set"].endswith("commune")
    asked = [
        {
            "id": key,
            "ask": r.w(f"ask.{key}_commune" if commune and key == findings.WHERE else f"ask.{key}"),
            "sentences": said.get(key, []),
            "numbers": [spec.id for spec in findings.ASKED.get(key, ())],
        }
        for key in findings.QUESTIONS
        if key != findings.CAUTION and (said.get(key) or key in findings.ASKED)
    ]
    parts = {"questions": asked, "caution": said.get(findings.CAUTION, [])}
    shown = [text for n in numbers for text in (n["text"], *(n["detail"] or "").replace(" / ", " ").split())]
    shown += [change["text"] for n in numbers for change in n["changes"]]
    told = [one for question in asked for one in question["sentences"]]
    notes = signs(r, [*shown, *told])
    need = r.release.cell(r.code, "covered")
    notes += [r.w("note.partial_need")] if need.partial and need.status == "published" else []
    return exhibits.key_figures("key_figures", r.w("section.figures"), numbers, parts, notes)


def method(r: Report) -> Exhibit:
    """Show how the figures were made and what they may not be used for."""
    w = r.w
    rules = deprivation.rule_sets()[r.release.standard]
    wording = {i["id"]: i.get("wording", "") for i in rules["indicators"]}
    said = [
        w(
            "method.standard",
            title=rules["title"],
            source=rules["source"],
            internet=wording[deprivation.INTERNET],
            device=wording[deprivation.DEVICE],
        ),
        w("method.rates"),
        w("method.need"),
        w("method.disclosure" if public(r) else "method.internal", threshold=r.release.threshold),
        w("method.state", state=w(f"state.{r.state}").lower()),
        w("method.lists", lists_from=agency(r.release.month)["lists_from"]),
    ]
    first, last = r.release.months[0], r.release.month
    if units.era_of(first) == units.era_of(last):
        span = {"first": words.month_short(first), "last": words.month_short(last)}
        notes = [w("method.same_units", **span)] if first != last else []
    else:
        said.insert(3, w("method.units"))
        notes = comparability.note((r.layer, first), (r.layer, last))[w.lang]
    return exhibits.text("method", w("section.method"), said, notes)
