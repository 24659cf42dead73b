"""Turn exhibits into HTML, and blocks into one page that opens offline and asks the network for nothing.

Every text passes through Jinja's autoescape; the only markup taken as it is comes from this package's own charts and
maps. The page's policy (CSP) lets the package's own scripts run, and one style sheet, all known by their hash. Only
style attributes go unchecked, on pages with maps: a map's slider places its ticks by them, and they can neither select
nor load anything. Browsers before 2022 know no rule for attributes and fall back to all styles.
"""

import base64
import hashlib
import json
import re
from functools import cache
from importlib.resources import files

import mistune
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from infoaccess import first_screen, words

FILTER_FROM = 13  # rows from which a table gets a filter
TALL_FROM = 25  # rows from which a table scrolls under its own heading
_SLOT = re.compile(r'(<div class="figure-static"[^>]*>)(</div>)')
_BOUND = re.compile(r"\s*[<≤]")


def exhibit(ex: dict, inner: str | None = None, static: str | None = None, lang: str | None = None) -> str:
    """Return one exhibit as HTML; `inner` is a chart's or map's html, `static` its svg.

    A chart without html of its own shows its svg. A map's static picture shows on paper and wherever the page's script
    does not run; `page` alone puts it in, as JupyterLab draws the map itself. What a table marks as suppressed loses
    its sort value here, and its text too if that reads as a number.

    Raises ValueError for an unknown kind, and for a chart or map without alternative text.
    """
    kind = ex["kind"]
    if kind not in ("title", "key_figures", "text", "table", "chart", "map"):
        raise ValueError(f"unknown kind of exhibit: {kind!r}")
    if kind in ("chart", "map") and not ex.get("alt"):
        raise ValueError(f"{kind} {ex['id']} has no alternative text")
    w = words.load(lang or ex.get("lang") or "vi")
    return fragment(
        "exhibit.html.j2",
        ex=ex,
        w=w,
        inner=Markup(inner or ""),
        static=Markup(static or ""),
        tiers=_tiers(ex.get("columns", [])),
        rows=[_row(row, w("page.suppressed_sign")) for row in ex.get("rows", [])],
        numbers={number["id"]: number for number in ex.get("numbers", [])},
        filter_from=FILTER_FROM,
        tall_from=TALL_FROM,
    )


def page(blocks: list[dict]) -> str:
    """Return the report as one self-contained page; the first exhibit is its title. Raises ValueError without one."""
    exhibits = [block["exhibit"] for block in blocks if block["type"] == "exhibit"]
    if not exhibits or exhibits[0]["kind"] != "title":
        raise ValueError("a page starts with an exhibit of kind 'title'")
    title, lang = exhibits[0], exhibits[0]["lang"]
    parts, contents = [], []
    for block in blocks:
        if block["type"] == "exhibit":
            ex = block["exhibit"]
            if ex["kind"] == "title":
                continue
            if ex.get("heading"):
                contents.append((ex["id"], ex["heading"]))
            parts.append((ex["kind"], Markup(_exhibit_again(block, lang))))
        elif block["type"] == "markdown":
            parts.append(("markdown", _markdown(block["source"], contents)))
        else:
            parts.append(("plain", Markup("<pre>{}</pre>").format(block["text"])))
    hero = [parts.pop(0)[1]] if parts and parts[0][0] == "key_figures" else []
    return _whole(
        "page.html.j2",
        lang,
        title["banners"],
        charts=any(kind == "chart" and ' data-chart="' in part for kind, part in parts),
        maps=any(kind == "map" for kind, _ in parts),
        tables=f"{title['month']}_{title['area']}" if any("<table" in part for _, part in parts) else "",
        title=title,
        parts=parts,
        hero=hero,
        contents=contents,
    )


def month_index(info: dict) -> str:
    """Return a month's start page: its reports in searchable groups, what is missing, what it was made from."""
    for group in info["groups"]:
        for report in group["reports"]:
            _relative(report.get("html"), report.get("pdf"))
    _relative(*(link["href"] for link in info.get("links", [])))
    return _whole("month_index.html.j2", info["lang"], info["banners"], info=info)


def archive_index(info: dict) -> str:
    """Return the start page of all months, the newest first, by year."""
    for month in info["months"]:
        _relative(month["href"], month.get("changes"), *(one["href"] for one in month.get("former", [])))
    years: dict[str, list] = {}
    for month in sorted(info["months"], key=lambda month: month["month"], reverse=True):
        years.setdefault(month["month"][:4], []).append(month)
    return _whole("archive_index.html.j2", info["lang"], info.get("banners", []), info=info, years=years)


def changes(info: dict, found: list[dict]) -> str:
    """Return the page of what changed between revisions or months; `found` are the exhibits that tell it."""
    parts = [Markup(exhibit(ex, lang=info["lang"])) for ex in found]
    tables = f"{info['month']}_changes" if any(ex["kind"] == "table" for ex in found) else ""
    return _whole("changes.html.j2", info["lang"], info["banners"], tables=tables, info=info, parts=parts)


def notice(info: dict) -> str:
    """Return a page of facts and lists that is no report: why a run failed, what a month's end brought."""
    _relative(*(link["href"] for link in info["links"]))
    return _whole("notice.html.j2", info["lang"], info.get("banners", []), info=info)


def compare(info: dict, data: dict) -> str:
    """Return the page on which any two of the revisions in `data` can be set side by side."""
    w = words.load(info["lang"])
    more = {"compare.js": w.table["compare"]["script"]}
    return _whole("compare.html.j2", info["lang"], info["banners"], more=more, info=info, data=json_text(data))


def fragment(template: str, **values) -> str:
    """Return one filled-in template of this package."""
    return _environment().get_template(template).render(**values)


def json_text(value: object) -> Markup:
    """Return JSON that cannot end a script element or open a comment in it.

    >>> json_text("</script><!--")
    Markup('"\\\\u003c/script\\\\u003e\\\\u003c!--"')
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def _exhibit_again(block: dict, lang: str) -> str:
    """Return an exhibit in the page's language; charts and maps as displayed, with their static picture put in."""
    ex = block["exhibit"]
    if ex["kind"] not in ("chart", "map"):
        return exhibit(ex, lang=lang)
    return _SLOT.sub(lambda found: found[1] + (block["svg"] or "") + found[2], block["html"], count=1)


def _whole(
    template: str,
    lang: str,
    banners: list[str],
    charts: bool = False,
    maps: bool = False,
    tables: str = "",
    more=None,
    **values,
) -> str:
    """Fill in a page; `tables` is how the files begin that its tables can be taken as, none where it has no table.

    `more` names scripts of this page alone and their words.
    """
    w = words.load(lang)
    wanted = {"page.js": True, "downloads.js": tables, "chart.js": charts, "map.js": maps}
    scripts = [_asset(name) for name in (*(name for name in wanted if wanted[name]), *(more or {}))]
    inside = w("title.internal")
    mark = w("issue.script.internal") if inside in banners else ""
    mark += w("issue.script.sample") if [b for b in banners if b != inside] else ""
    said = w.table["page"]["script"] | (w.table["issue"]["script"] | {"file": tables + mark} if tables else {})
    for own in (more or {}).values():
        said |= own
    return fragment(
        template,
        w=w,
        banners=banners,
        style=Markup(_asset("page.css") + _page_margins(banners)),
        styled=maps,
        scripts=[Markup(script) for script in scripts],
        hashes=[*map(_hash, scripts)],
        script_words=json_text(said),
        **values,
    )


def warm() -> None:
    """Compile what every exhibit is filled in with, for processes that are forked from this one."""
    for name in ("exhibit.html.j2", "map.html.j2"):
        _environment().get_template(name)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("infoaccess"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    made.filters["policy_hash"] = _hash
    made.filters["spark"] = first_screen.spark
    made.filters["units_apart"] = first_screen.units_apart
    return made


@cache
def _asset(name: str) -> str:
    return (files("infoaccess") / "templates" / name).read_text(encoding="utf-8")


def _hash(source: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()


def _page_margins(banners: list[str]) -> str:
    """Return the rule that repeats the banners in the margin of every printed page."""
    if not banners:
        return ""
    # Inside a CSS string everything but letters, digits and spaces is written as a code point.
    text = re.sub(r"[^\w ]", lambda found: f"\\{ord(found[0]):x} ", " — ".join(banners))
    return f'@page{{@top-center{{content:"{text}";font:bold 10pt sans-serif;color:#8a1c00}}}}'


def _tiers(columns: list[dict]) -> list[dict]:
    """Return the upper heading tier: one entry a run of columns with the same group, [] if no column has one."""
    tiers: list[dict] = []
    for column in columns:
        group = column.get("group")
        if group and tiers and tiers[-1]["group"] == group:
            tiers[-1]["span"] += 1
        else:
            tiers.append({"group": group, "span": 1, "column": column, "index": sum(t["span"] for t in tiers)})
    return tiers if any(tier["group"] for tier in tiers) else []


def _row(row: dict, sign: str) -> dict:
    """Return a row as cells {text, sort, mark}, without what a suppressed cell must not show."""
    count = len(row["cells"])
    marks, sorts = row.get("marks") or [None] * count, row.get("sort") or [None] * count
    cells = []
    for text, sort, mark in zip(row["cells"], sorts, marks, strict=True):
        if mark == "suppressed":
            number = any(letter.isdigit() for letter in text) and not _BOUND.match(text)
            cells.append({"text": sign if number else text, "sort": None, "mark": mark})
        else:
            cells.append({"text": text, "sort": sort, "mark": mark})
    return {"cells": cells, "bold": row.get("bold", False)}


def _markdown(source: str, contents: list[tuple[str, str]]) -> Markup:
    """Return a markdown cell as HTML; its headings join the page's contents."""
    return Markup(mistune.create_markdown(renderer=_Renderer(contents), plugins=["table"])(source))


class _Renderer(mistune.HTMLRenderer):
    """Render markdown below the page's own heading, and without pictures from elsewhere."""

    def __init__(self, contents: list[tuple[str, str]]):
        super().__init__(escape=True)
        self.contents = contents

    def heading(self, text: str, level: int, **attrs) -> str:
        """Return a heading of level 2 or 3: level 1 is the report's title."""
        if level > 2:
            return f"<h3>{text}</h3>\n"
        name = f"section_{len(self.contents) + 1}"
        self.contents.append((name, Markup(text).striptags()))
        return f'<h2 id="{name}">{text}</h2>\n'

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Return the picture's description: the page loads nothing."""
        return text


def _relative(*hrefs: str | None) -> None:
    """Refuse links that leave the reports' folder."""
    for href in hrefs:
        if href and (":" in href or href.startswith(("/", "\\"))):
            raise ValueError(f"a link of an index must be relative: {href!r}")
