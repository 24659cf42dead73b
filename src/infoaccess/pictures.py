"""Pictures of the README, drawn by the code of the reports from the synthetic sample; each says so.

No map is among them: the lines that come with the suite may not be passed on (geo/README.md), so maps stay on the
machine that made them.
"""

import re
from pathlib import Path

import pandas as pd

from infoaccess import charts, desk, funnel_chart, noise, programme, words
from infoaccess.chart_plan import Series
from infoaccess.errors import UsageError

NOTE = 26  # height of the line that tells what the data are


def funnel(month: str) -> str:
    """Draw the communes of a month by size and rate, with the limits that chance allows."""
    w, found = words.load("vi"), desk.counts(month, "deprived_any")
    judged = noise.funnel(pd.DataFrame(found)[["code", "name", "numerator", "denominator", "status"]])
    drawn, _ = funnel_chart.draw(judged, x_title=w("axis.households"), y_title=w("axis.deprived"))
    return drawn


def months(measures: tuple[str, ...] = ("deprived_any", "household_smartphone")) -> str:
    """Draw the city's months of some measures."""
    w, lines = words.load("vi"), []
    for measure in measures:
        found = desk.series(measure, "city")
        values = [None if pd.isna(v) else float(v) for v in found["share"]]
        lines.append(Series(w(f"short.{measure}"), values))
    return charts.line("months", found["month"].tolist(), lines, y_title=w("axis.share"), share=True).svg


def sources(month: str) -> str:
    """Draw phones handed over to date by source of money."""
    w = words.load("vi")
    counts = [desk.counts(month, f"handed_{s}", "city")["numerator"].iloc[0] for s in programme.SOURCES]
    values = [None if pd.isna(v) else int(v) for v in counts]
    labels = [w(f"source.{s}") for s in programme.SOURCES]
    return charts.bars("sources", labels, [Series(w("column.phones"), values)], x_title=w("axis.phones")).svg


def noted(svg: str, text: str) -> str:
    """Write a line below a picture, and give it room and a white ground."""
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    wide, tall = float(box[1]), float(box[2])
    line = f'<text x="0" y="{tall + NOTE - 8:g}" font-size="13" fill="#8c3b00">{text}</text></svg>'
    ground = f'<rect width="{wide:g}" height="{tall + NOTE:g}" fill="#fff"/>'
    grown = svg.replace(box[0], f'viewBox="0 0 {wide:g} {tall + NOTE:g}"', 1)
    start = grown.index(">") + 1
    return grown[:start] + ground + grown[start:].removesuffix("</svg>") + line


def write(folder: Path) -> list[Path]:
    """Write the pictures of the latest released month; return their files.

    Raises UsageError where the month's lists are real: they do not belong into a README.
    """
    month, w = desk.latest(), words.load("vi")
    if not desk.counts(month).attrs["synthetic"]:
        raise UsageError("Tháng mới nhất là danh sách thật; hình của README chỉ vẽ từ dữ liệu giả lập.")
    drawn = {"funnel": funnel(month), "months": months(), "sources": sources(month)}
    folder.mkdir(parents=True, exist_ok=True)
    for name, svg in drawn.items():
        (folder / f"{name}.svg").write_text(noted(svg, w("title.synthetic")) + "\n", encoding="utf-8", newline="\n")
    return [folder / f"{name}.svg" for name in drawn]
