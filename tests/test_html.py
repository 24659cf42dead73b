import base64
import hashlib
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from infoaccess import charts, html, maps, words

HOSTILE = "</script><img src=x onerror=alert(1)><!-- \"'&$#@\\"
BANNER = 'DỮ LIỆU GIẢ LẬP "thử" </style>'


def base(kind, id, **more):
    return {"kind": kind, "id": id, "heading": None, "caption": None, "notes": []} | more


def title(**more):
    texts = {
        key: key.upper()
        for key in ("parent_body", "issuing_body", "national_title", "motto", "number_line", "place_date", "doc_type")
    }
    own = {
        "lang": "vi",
        "month": "2025-12",
        "area": "46",
        "subject": "Thiếu hụt thông tin",
        "area_name": "Thành phố Huế",
    }
    own |= {"period": "tháng 12 năm 2025", "state": "Sơ bộ", "banners": [], "page_title": "Báo cáo 12/2025"}
    return base("title", "title", **texts, **own) | more


def block(ex, inner=None, svg=None):
    return {"type": "exhibit", "exhibit": ex, "html": html.exhibit(ex, inner, svg), "svg": svg}


def figures(**more):
    number = {"id": "deprived_any.rate", "label": "Tỷ lệ", "text": "24,3 %", "value": 0.243, "detail": "320/1.318 hộ"}
    change = {"label": "so với tháng trước", "text": "−0,4 điểm %", "direction": "down", "good": True, "since": "month"}
    number |= {"changes": [change], "months": [0.3, None, 0.2, 0.1]}
    hidden = {
        "id": "hidden.rate",
        "label": "Ẩn",
        "text": "…",
        "value": None,
        "detail": None,
        "changes": [],
        "months": [],
    }
    numbers, said = [number, hidden], more.pop("sentences", ["Câu."])
    asked = [{"id": "lacking", "ask": "Ai?", "sentences": said, "numbers": [n["id"] for n in numbers]}]
    parts = {"numbers": numbers, "sentences": said, "questions": asked, "caution": []}
    return base("key_figures", "key", heading="1. Số chính", **parts) | more


def table(count=3, **more):
    columns = [
        {"label": "Đơn vị", "align": "left", "group": None},
        {"label": "Số hộ", "align": "right", "group": "Thiếu hụt"},
        {"label": "Tỷ lệ", "align": "right", "group": "Thiếu hụt"},
    ]
    rows = [{"cells": ["Tổng", "99", "9,9 %"], "sort": ["Tổng", 99, 0.099], "bold": True, "marks": [None] * 3}]
    for n in range(count):
        row = {"cells": [f"Xã {n}", str(n), f"{n},0 %"], "sort": [f"Xã {n}", n, n / 100], "bold": False}
        rows.append(row | {"marks": [None] * 3})
    return (
        base("table", "units", heading="2. Bảng", caption="Bảng 1", columns=columns, rows=rows, landscape=False) | more
    )


CHART_SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><path id="static-line" d="M0 0L9 9"/></svg>'


def chart(id="trend"):
    drawn = charts.line(id, ["2025-11", "2025-12"], [charts.Series("Tỷ lệ", [0.2, 0.1])], y_title="%", share=True)
    return block(base("chart", id, alt="Đường đi xuống", caption="Hình 1"), drawn.html, drawn.svg)


def toy_map():
    units = [
        {
            "code": str(n),
            "name": f"Xã {n}",
            "d": f"M{n * 100} 0h100v80h-100Z",
            "x": n * 100 + 50,
            "y": 40,
            "area_km2": 8,
        }
        for n in range(4)
    ]
    layer = {"area_set": "toy", "width": 400, "height": 80, "metres_per_unit": 90, "units": units}
    cell = {"value": 0.1, "text": "10,0 %", "detail": "1/10 hộ", "status": "published"}
    months = ["2025-11", "2025-12"]
    cells = {"r": {m: {u["code"]: cell | {"value": int(u["code"]) / 9} for u in units} for m in months}}
    drawn = maps.choropleth("toy", layer, months, [{"id": "r", "label": "Tỷ lệ", "colours": "progress"}], cells)
    return block(base("map", "the_map", heading="3. Bản đồ", alt="Bản đồ thử"), drawn.html, drawn.svg)


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.ids = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for key, value in attrs if key == "id"]

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def whole(*blocks, **more):
    return html.page([block(title(**more)), *blocks])


def test_headline_numbers_carry_id_and_value():
    found = Tags(whole(block(figures()))).all("data")
    assert [(d["data-number-id"], d["value"]) for d in found] == [("deprived_any.rate", "0.243"), ("hidden.rate", "")]


def test_a_change_is_said_in_words_too():
    text = html.exhibit(figures())
    assert "▼" in text and "giảm" in text and "tốt hơn" in text
    english = html.exhibit(figures(), lang="en")
    assert "better" in english and "tốt hơn" not in english


def test_a_suppressed_cell_keeps_no_value():
    ex = table()
    ex["rows"][1] |= {"cells": ["Xã 0", "<5", "87,6 %"], "sort": ["Xã 0", 3.14159, 0.8765]}
    ex["rows"][1]["marks"] = [None, "suppressed", "suppressed"]
    for text in (html.exhibit(ex), whole(block(ex))):
        assert "3.14159" not in text and "0.8765" not in text and "87,6" not in text
        assert "&lt;5" in text and words.load("vi")("page.suppressed") in text
    # A page built from another's markup draws its own from the data.
    assert "0.8765" not in html.page([block(title()), block(ex) | {"html": "0.8765"}])


def test_tables_say_how_they_sort():
    tags = Tags(html.exhibit(table(20)))
    assert [th.get("data-column") for th in tags.all("th")][:4] == ["0", None, "1", "2"]
    assert tags.all("table")[0]["data-filter"] == "1"
    assert "data-filter" not in Tags(html.exhibit(table(3))).all("table")[0]
    assert [td["data-sort"] for td in tags.all("td")][:2] == ["99", "0.099"]
    assert 'colspan="2"' in html.exhibit(table())


def test_hostile_text_stays_text():
    ex = table()
    ex["rows"][1]["cells"][0] = ex["columns"][0]["label"] = HOSTILE
    blocks = [
        block(figures(heading=HOSTILE, sentences=[HOSTILE], notes=[HOSTILE])),
        block(base("text", "t", sentences=[HOSTILE])),
        block(ex),
        {"type": "markdown", "source": f"# {HOSTILE}\n\n[x](javascript:alert(1)) ![p](https://example.org/p.png)"},
        {"type": "plain", "text": HOSTILE},
    ]
    text = whole(*blocks, subject=HOSTILE, area_name=HOSTILE, page_title=HOSTILE, banners=[HOSTILE])
    tags = Tags(text)
    assert not tags.all("img") and "javascript:alert" not in text and "example.org" not in text
    assert not any("onerror" in attrs for _, attrs in tags.tags)
    assert len(tags.all("script")) == 3 and text.count("</style>") == 1


def test_the_page_asks_the_network_for_nothing():
    text = whole(chart(), toy_map(), banners=[BANNER])
    tags = Tags(text)
    policy = next(m["content"] for m in tags.all("meta") if m.get("http-equiv"))
    assert policy.startswith("default-src 'none'") and "http" not in policy and "unsafe-eval" not in policy
    assert "script-src 'unsafe-inline'" not in policy
    for tag, attrs in tags.tags:
        for name in ("src", "href", "data", "action", "poster"):
            # The one page beside it that a report leads to: the month's index.
            assert (attrs.get(name) or "#").startswith(("#", "data:")) or attrs[name] == "index.html", (tag, attrs)
    assert "@import" not in text and not re.search(r"url\((?!#)", re.sub(r"<script.*?</script>", "", text, flags=re.S))


def test_only_the_packages_scripts_may_run():
    text = whole(chart(), toy_map())
    policy = re.search(r"script-src([^;]*)", text)[1]
    inline = re.findall(r"<script>(.*?)</script>", text, re.S)
    assert len(inline) == 3
    for source in inline:
        assert base64.b64encode(hashlib.sha256(source.encode()).digest()).decode() in policy
    assert policy.count("sha256-") == 3


def test_the_charts_script_comes_once_and_only_with_charts():
    marker = "function startChart"
    assert whole(chart("one"), chart("two")).count(marker) == 1
    without = block(base("chart", "empty", alt="Không có số liệu"), '<p class="plot-empty">…</p>', CHART_SVG)
    for page in (whole(block(figures())), whole(toy_map()), whole(without)):
        assert marker not in page


def test_the_static_picture_stands_in_once():
    text = whole(chart(), toy_map(), block(base("chart", "still", alt="Đường"), "", CHART_SVG))
    assert text.count('id="static-line"') == 1 and text.count('id="toy-hatch"') == 1
    assert 'id="toy-hatch"' not in html.exhibit(toy_map()["exhibit"], "<b>live</b>", '<i id="toy-hatch"></i>')
    ids = Tags(text).ids
    assert len(ids) == len(set(ids))


def test_contents_headings_and_language():
    text = whole(block(figures()), block(table()), {"type": "markdown", "source": "## Ghi chú\n\n### Nhỏ"}, toy_map())
    tags = Tags(text)
    links = [a["href"][1:] for a in tags.all("a") if a["href"].startswith("#")]
    assert links[:1] == ["main"] and {"key", "units", "the_map"} <= set(links) <= set(tags.ids) | {"", "main"}
    levels = [int(tag[1]) for tag, _ in tags.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b <= a + 1 for a, b in zip(levels, levels[1:], strict=False))
    assert tags.all("html")[0]["lang"] == "vi"
    assert Tags(whole(lang="en")).all("html")[0]["lang"] == "en"


def test_banners_stand_on_top_and_on_every_sheet():
    text = whole(block(figures()), banners=[BANNER])
    body = text[text.index("<body>") :]
    assert body.index('class="banner"') < body.index("<h1")
    assert "@top-center" in text and text.count("</style>") == 1
    assert "@top-center" not in whole(block(figures()))


def test_same_blocks_same_bytes():
    blocks = [block(title(banners=[BANNER])), block(figures()), toy_map(), block(table(30)), chart()]
    assert html.page(blocks) == html.page(blocks)


def test_scripts_are_small_and_free_of_closing_tags():
    for name in ("page.js", "map.js", "chart.js"):
        source = html._asset(name)
        assert len(source.encode()) < 12_500
        assert "</script" not in source and "<!--" not in source and "innerHTML" not in source


@pytest.mark.parametrize(
    "call",
    [
        lambda: html.exhibit(base("poem", "x")),
        lambda: html.exhibit(base("chart", "x", alt="")),
        lambda: html.page([block(figures())]),
        lambda: html.page([]),
        lambda: html.json_text(float("nan")),
        lambda: html.archive_index(archive() | {"months": [month("2025-01", href="https://example.org")]}),
        lambda: html.month_index(index() | {"links": [{"label": "x", "href": "javascript:alert(1)"}]}),
    ],
)
def test_what_cannot_be_shown_is_refused(call):
    with pytest.raises(ValueError):
        call()


def month(key, **more):
    own = {"month": key, "period": words.month(key), "state": "Sơ bộ", "href": f"{key}/index.html", "banners": []}
    return own | more


def archive():
    keys = ["2024-12", "2025-02", "2025-01"]
    return {"lang": "vi", "title": "Kho báo cáo", "months": [month(key) for key in keys]}


def index():
    def report(code):
        numbers = [{"label": "Tỷ lệ", "text": "1,0 %"}]
        return {"code": code, "name": f"Xã {code}", "html": f"{code}.html", "pdf": f"{code}.pdf", "numbers": numbers}

    groups = [{"heading": "Phường/Xã", "reports": [report(str(n)) for n in range(40)]}]
    info = {"lang": "vi", "month": "2025-12", "period": "tháng 12 năm 2025", "state": "Sơ bộ", "banners": [BANNER]}
    info |= {"title": "Báo cáo tháng", "groups": groups, "generated_from": ["a.xlsx"], "links": []}
    return info | {"missing": [{"code": "77", "name": HOSTILE, "reason": "chưa nộp"}]}


def test_the_indexes_list_everything():
    text = html.month_index(index())
    links = [a.get("href") for a in Tags(text).all("a")]
    for n in range(40):
        assert f"{n}.html" in links and f"{n}.pdf" in links
    assert "chưa nộp" in text and "a.xlsx" in text and "../index.html" in links and not Tags(text).all("img")
    text = html.archive_index(archive())
    links = [a["href"] for a in Tags(text).all("a") if a["href"].endswith("html")]
    assert links == ["2025-02/index.html", "2025-01/index.html", "2024-12/index.html"]


def dumped(path):
    """Return the page's DOM after its scripts have run."""
    browser = shutil.which("chromium")
    if not browser:
        pytest.skip("chromium is not on the PATH")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=8000", "--dump-dom"]
    done = subprocess.run([*command, path.as_uri()], capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


@pytest.mark.browser
def test_scripts_run_under_the_policy(tmp_path):
    path = tmp_path / "page.html"
    path.write_text(whole(chart(), toy_map(), block(table(20)), banners=[BANNER]), encoding="utf-8")
    dom = dumped(path)
    assert dom.count('class="chart-reader"') == 1 and "Tháng 12 năm 2025. Tỷ lệ: 10,0" in dom
    assert dom.count("figure-map started") == 1 and 'role="button"' in dom
    assert dom.count('class="sort"') == 3 and 'class="filter"' in dom
    assert dom.count("map-banner") >= 1


@pytest.mark.browser
def test_foreign_script_does_not_run(tmp_path):
    evil = '<img src="x" onerror="document.title=\'owned\'"><script>document.title="owned"</script>'
    path = tmp_path / "page.html"
    path.write_text(whole(chart() | {"html": evil}), encoding="utf-8")
    assert "<title>owned</title>" not in dumped(path)
