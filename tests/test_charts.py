import html
import json
import re
from xml.etree import ElementTree

import pytest

from infoaccess import charts, words
from infoaccess.chart_plan import FILLS, LINES, luminance, ticks, width
from infoaccess.charts import Series

SVG = "{http://www.w3.org/2000/svg}"
MONTHS = [f"{year}-{month:02d}" for year in (2023, 2024, 2025) for month in range(1, 13)]
BREAKS = [("2024-10", "Tắt sóng 2G"), ("2025-01", "Đơn vị mới: thành phố Huế"), ("2025-07", "40 phường, xã")]
HOSTILE = "</script><b>&\"'$#@\\ %{x}"


def figure(chart):
    return chart.figure


def reading(chart):
    return json.loads(re.search(r'type="application/json"[^>]*>(.*)</script></div>$', chart.html, re.DOTALL)[1])


def screens(chart):
    return [ElementTree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", chart.html, re.DOTALL)]


def drawing(chart):
    return ElementTree.fromstring(chart.svg)


def texts(chart):
    return [node.text for node in drawing(chart).iter(f"{SVG}text")]


def trend(*series, **more):
    settings = {"y_title": "Tỷ lệ hộ", "share": True, "lang": "vi"} | more
    return charts.line("trend", MONTHS, list(series), **settings)


def falling(gaps=()):
    return [None if i in gaps else round(0.46 - 0.006 * i, 4) for i in range(36)]


def test_gap_is_neither_joined_nor_zero():
    values = falling(gaps=(10, 11, 20))
    chart = trend(Series("Thiếu hụt", values))
    path = drawing(chart).find(f".//{SVG}g[@class='series']/{SVG}path").get("d")
    assert path.count("M") == 3
    assert path.count("M") + path.count("L") == 33
    trace = figure(chart)["data"][0]
    assert trace["y"] == values
    assert trace["connectgaps"] is False


def test_months_of_fewer_communes_are_open_marks_on_dotted_lines():
    chart = trend(Series("Thiếu hụt", falling(), partial=frozenset({20, 35})))
    whole, some = drawing(chart).findall(f".//{SVG}g[@class='series']/{SVG}path")
    assert whole.get("d").count("M") == 2 and some.get("d").count("L") == 3 and some.get("stroke-dasharray")
    marks = drawing(chart).findall(f".//{SVG}g[@class='series']/{SVG}g")
    assert sum(mark.get("fill") == "#ffffff" for mark in marks) == 2
    told = [texts[0] for texts in reading(chart)["texts"]]
    assert told[35].endswith("%¹") and told[20].endswith("%¹") and sum(text.endswith("¹") for text in told) == 2
    assert figure(chart)["data"][0]["marker"]["symbol"].count("circle-open") == 2


def test_an_older_value_at_a_lines_end_tells_its_month():
    chart = trend(Series("a", falling(gaps=(33, 34, 35))), Series("b", falling()))
    for svg in (drawing(chart), *screens(chart)):
        (end,) = [t.text for t in svg.iter(f"{SVG}text") if "(" in t.text]
        assert end.endswith(f"%\u00a0({words.month_short(MONTHS[32])})".replace("\u00a0", " "))


def test_every_dress_holds_the_same_values():
    chart = trend(Series("a", falling()), Series("b", falling(gaps=(3,))))
    for svg in (drawing(chart), *screens(chart)):
        drawn = [json.loads(g.get("data-values")) for g in svg.findall(f".//{SVG}g[@class='series']")]
        assert drawn == [trace["y"] for trace in figure(chart)["data"]]
    said = reading(chart)
    assert said["texts"] == [
        ["không công bố" if value is None else words.share(value, "vi") for value in values]
        for values in zip(falling(), falling(gaps=(3,)), strict=True)
    ]


def test_the_reading_line_stands_where_the_lines_are_drawn():
    chart = trend(Series("a", falling(gaps=(3,))), breaks=BREAKS, target=("Mục tiêu", 0.8))
    said = reading(chart)
    for svg, view in zip(screens(chart), said["views"], strict=True):
        path = svg.find(f".//{SVG}g[@class='series']/{SVG}path").get("d")
        drawn = [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path)]
        placed = [(x, dots[0]) for x, dots in zip(view["at"], view["dots"], strict=True) if dots[0] is not None]
        assert drawn == placed and len(drawn) == 35
    bars = charts.bars("b", ["a", "b", "c"], [Series("s", [1, None, 3])], x_title="x")
    for svg, view in zip(screens(bars), reading(bars)["views"], strict=True):
        for rect, (top, tall) in zip(svg.iter(f"{SVG}rect"), [view["at"][0], view["at"][2]], strict=True):
            assert top < float(rect.get("y")) and float(rect.get("y")) + 20 < top + tall


def test_the_narrow_drawing_keeps_every_text_inside():
    long = "Gia đình chính sách không thuộc hộ nghèo, hộ cận nghèo"
    for chart in (
        trend(Series("Chỉ số 12 (phương tiện)", falling()), Series(long, falling()), breaks=BREAKS),
        charts.bars("b", [long, "Xã hội hóa"], [Series("s", [3, 12_000]), Series("t", [None, 7])], x_title="Số máy"),
    ):
        for svg in screens(chart):
            wide = float(svg.get("viewBox").split()[2])
            for node in svg.iter(f"{SVG}text"):
                size = float(node.get("font-size") or 14)
                long_, anchor = width(node.text, size), node.get("text-anchor")
                start = float(node.get("x")) - {"end": 1, "middle": 0.5}.get(anchor, 0) * long_
                assert start >= -1 and start + long_ <= wide + 1, node.text


def test_lone_value_gets_a_mark():
    values = [None] * 17 + [0.95] + [None] * 18
    chart = trend(Series("Một điểm", values))
    marks = drawing(chart).findall(f".//{SVG}g[@class='series']/{SVG}g")
    assert len(marks) == 1
    assert figure(chart)["data"][0]["marker"]["size"][17] > 0


def test_no_values_give_a_friendly_chart():
    chart = trend(Series("x", [None] * 36))
    assert "Không có số liệu công bố" in chart.html
    assert "Không có số liệu công bố." in texts(chart)
    assert "<script" not in chart.html


def test_break_labels_meet_no_other_line():
    chart = trend(Series("a", falling()), breaks=BREAKS)
    rows = {n.text: float(n.get("y")) for n in drawing(chart).iter(f"{SVG}text")}
    # A label under which the next break's line rises must stand above that line's top.
    assert rows["Tắt sóng 2G"] < rows["Đơn vị mới: thành phố Huế"] < rows["40 phường, xã"]
    shapes = figure(chart)["layout"]["shapes"]
    assert [shape["x0"] for shape in shapes] == ["2024-10-01", "2025-01-01", "2025-07-01"]


def test_end_labels_do_not_overlap():
    near = [Series(f"Nhóm {i}", [0.2 + i / 1000] * 36) for i in range(6)]
    chart = trend(*near)
    bold = [float(n.get("y")) for n in drawing(chart).iter(f"{SVG}text") if n.get("font-weight") == "bold"]
    values = sorted(bold)[:6]
    assert min(b - a for a, b in zip(values, values[1:], strict=False)) >= 30


def test_target_is_in_range_and_labelled():
    chart = trend(Series("a", falling()), target=("Mục tiêu", 0.8))
    assert any(text == "Mục tiêu: 80,0\N{NO-BREAK SPACE}%" for text in texts(chart))
    low, high = figure(chart)["layout"]["yaxis"]["range"]
    assert low <= 0.8 <= high


def test_hostile_names_stay_text():
    for chart in (
        trend(Series(HOSTILE, falling()), y_title=HOSTILE, breaks=[("2024-10", HOSTILE)], target=(HOSTILE, 0.1)),
        charts.bars("b", [HOSTILE], [Series(HOSTILE, [1]), Series("b", [2])], x_title=HOSTILE, unit=HOSTILE),
    ):
        assert chart.html.lower().count("</script") == 1 and len(screens(chart)) == 2
        assert HOSTILE in reading(chart)["names"]
        assert html.escape(HOSTILE, quote=False) == figure(chart)["data"][0]["name"]
        assert "</script><b>" in "".join(text for text in texts(chart) if text)


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_plotly_accepts_the_figures(lang):
    go = pytest.importorskip("plotly.graph_objects")
    for chart in (
        trend(Series("a", falling()), breaks=BREAKS, target=("x", 0.1), lang=lang),
        charts.bars("b", ["a", "b"], [Series("s", [1, None]), Series("t", [2, 3])], x_title="x", lang=lang),
    ):
        shown = figure(chart)
        go.Figure(data=shown["data"], layout=shown["layout"])
        assert shown["config"]["displayModeBar"] is False
        assert shown["layout"]["separators"] == (",." if lang == "vi" else ".,")


def test_bars_tell_zero_from_unpublished():
    series = [Series("Công ích", [1210, 0, None, 5]), Series("Ngân sách", [430, 0, None, None])]
    chart = charts.bars("b", ["Hộ nghèo", "Không", "Ẩn", "Một phần"], series, x_title="Máy", unit="máy")
    shown = texts(chart)
    assert "1.640" in shown
    assert "0" in shown
    assert "không công bố" in shown
    assert "≥\N{NO-BREAK SPACE}5" in shown
    drawn = [float(r.get("data-value")) for r in drawing(chart).iter(f"{SVG}rect") if r.get("data-value")]
    assert drawn == [1210, 430, 5]


def test_long_labels_wrap():
    label = "Gia đình chính sách không thuộc hộ nghèo, hộ cận nghèo"
    chart = charts.bars("b", [label], [Series("s", [3])], x_title="x")
    assert label not in texts(chart)
    assert " ".join(text for text in texts(chart) if text in label).startswith("Gia đình chính sách không")


def test_wrong_lengths_and_negative_bars_are_refused():
    with pytest.raises(ValueError, match="35 values"):
        trend(Series("a", falling()[:-1]))
    with pytest.raises(ValueError, match="below zero"):
        charts.bars("b", ["x"], [Series("a", [-1])], x_title="x")


@pytest.mark.parametrize(
    ("low", "high", "share", "first", "last"),
    [
        (0.91, 0.98, True, 0.9, 0.98),
        (0.0, 1.0, True, 0.0, 1.0),
        (0.0, 0.0, True, 0.0, 0.2),
        (3, 7540, False, 0, 8000),
        (1, 2, False, 0, 2),
        (0.5, 1.2, True, 0.0, 1.25),
    ],
)
def test_ticks_cover_the_values(low, high, share, first, last):
    marks = ticks(low, high, share=share, whole=not share)
    assert marks[0] <= low
    assert marks[-1] >= high
    assert marks[0] == pytest.approx(first, abs=0.011)
    assert marks[-1] == pytest.approx(last, abs=0.06)


def test_colours_are_readable():
    for colour in LINES:  # text on white: WCAG AA
        assert 1.05 / (luminance(colour) + 0.05) >= 4.5, colour
    for one, other in zip(FILLS, FILLS[1:], strict=False):  # neighbours differ in grey print
        assert abs(luminance(one) - luminance(other)) > 0.08, (one, other)
