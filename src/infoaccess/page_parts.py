"""Take a report's page apart again: title, findings, numbers, tables, maps and charts, as a reader finds them."""

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "img", "input", "hr", "col", "use", "path", "rect", "circle", "line"}


@dataclass
class Page:
    """Hold what a page shows."""

    title: str = ""
    numbers: dict[str, tuple[float | None, str]] = field(default_factory=dict)  # id to (value, text)
    tables: dict[str, list[list[str]]] = field(default_factory=dict)  # id to rows of a body's texts
    maps: dict[str, dict] = field(default_factory=dict)  # id to the data that the map's script reads
    fills: dict[str, str] = field(default_factory=dict)  # unit to its colour as the first map is drawn
    charts: dict[str, list] = field(default_factory=dict)  # id to the pieces of its drawings and what its reading says
    lead: list[str] = field(default_factory=list)  # the findings
    captions: list[str] = field(default_factory=list)  # of tables and figures


def read(page: str) -> Page:
    """Take a page apart."""
    parser = _Parser()
    parser.feed(page)
    parser.close()
    return parser.page


class _Parser(HTMLParser):
    """Follow a page: texts of screen readers alone are left out, as their figures stand beside them."""

    def __init__(self):
        super().__init__()
        self.page = Page()
        self.section = ""  # id of the exhibit that is open
        self.hidden = 0  # how deep inside an element for screen readers
        self.kept: list[str] | None = None  # pieces of the text that is being read
        self.number: tuple[str, float | None] | None = None
        self.map = ""
        self.chart: list | None = None
        self.lead = False

    def handle_starttag(self, tag: str, attrs: list) -> None:
        given = dict(attrs)
        if tag == "div" and "data-chart" in given:
            self.chart = self.page.charts[given["data-chart"]] = []
        if self.chart is not None:
            self.chart.append((tag, *attrs))
            return
        if self.hidden or "sr" in (given.get("class") or "").split():
            self.hidden += tag not in VOID
            return
        if tag == "section":
            self.section = given.get("id") or ""
        elif tag == "data" and "data-number-id" in given:
            value = given.get("value")
            self.number, self.kept = (given["data-number-id"], float(value) if value else None), []
        elif tag == "div" and "lead" in (given.get("class") or "").split():
            self.lead = True
        elif (tag == "p" and self.lead) or tag == "figcaption":
            self.kept = []
        elif tag == "tbody":
            self.page.tables[self.section] = []
        elif tag == "tr" and self.section in self.page.tables:
            self.page.tables[self.section].append([])
        elif (tag in ("td", "th") and self.page.tables.get(self.section)) or tag == "h1":
            self.kept = []
        elif tag == "script" and (given.get("id") or "").startswith("map-"):
            self.map, self.kept = given["id"].removeprefix("map-"), []
        elif tag == "use" and (given.get("href") or "").startswith("#map-live-0-"):
            self.page.fills.setdefault(given.get("data-code") or "", given.get("fill") or "")

    def handle_startendtag(self, tag: str, attrs: list) -> None:
        if not self.hidden:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self.chart is not None:
            # The data of the reading line end a chart.
            self.chart = None if tag == "script" else self.chart
            return
        if self.hidden:
            self.hidden -= 1
            return
        text = "".join(self.kept or [])
        if tag == "h1":
            self.page.title, self.kept = text, None
        elif tag == "p" and self.lead and self.kept is not None:
            self.page.lead.append(text)
            self.kept = None
        elif tag == "figcaption":
            self.page.captions.append(text)
            self.kept = None
        elif tag == "div":
            self.lead = False
        elif tag in ("td", "th") and self.kept is not None:
            self.page.tables[self.section][-1].append(text)
            self.kept = None
        elif tag == "data" and self.number:
            self.page.numbers[self.number[0]] = (self.number[1], text)
            self.number = self.kept = None
        elif tag == "script" and self.map:
            self.page.maps[self.map] = json.loads(text)
            self.map, self.kept = "", None

    def handle_data(self, data: str) -> None:
        if self.chart is not None:
            self.chart.append(data)
        elif self.kept is not None and not self.hidden:
            self.kept.append(data)
