"""Read a report's charts and findings back: each is drawn and said anew from room 4 and compared piece by piece.

A piece is an element with its attributes, or a text; so a moved point, a swapped line, a stale label and what the
reading line would say are all found. In the PDF the numbers in the drawings are read as text.
"""

import re
from html import unescape

from infoaccess import findings, page_parts, report_comparison, report_pictures, report_programme
from infoaccess.exhibits import Exhibit
from infoaccess.page_parts import Page
from infoaccess.report import Report


def drawn(r: Report) -> list[Exhibit]:
    """Draw a report's charts anew from room 4."""
    found = [*report_pictures.trends(r), *report_programme.section(r), report_comparison.funnel(r)]
    return [one for one in found if one.svg]


def said(r: Report) -> list[str]:
    """Say a report's findings anew from room 4."""
    return findings.sentences(r.release, r.area, r.w, r.children, r.above)


def of_page(page: Page, r: Report, found: list[Exhibit]) -> list[str]:
    """Name the charts and findings that a page shows otherwise than room 4 has them."""
    wanted = page_parts.read("".join(one.inner or "" for one in found)).charts
    wrong = [f"biểu đồ {name} thiếu trên trang" for name in sorted(wanted.keys() - page.charts.keys())]
    wrong += [f"biểu đồ {name} thừa trên trang" for name in sorted(page.charts.keys() - wanted.keys())]
    wrong += [
        f"biểu đồ {name} trên trang không khớp số đã duyệt"
        for name in sorted(wanted.keys() & page.charts.keys())
        if wanted[name] != page.charts[name]
    ]
    told = [" ".join(sentence.split()) for sentence in page.lead]
    for sentence in said(r):
        if " ".join(sentence.split()) not in told:
            wrong.append(f"trang thiếu câu {sentence!r}")
    return wrong


def texts(found: list[Exhibit]) -> list[str]:
    """List the texts in the drawings of charts."""
    return [unescape(text) for one in found for text in re.findall(r">([^<]+)</text>", one.svg)]
