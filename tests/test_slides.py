import dataclasses
import io
import re
import unicodedata

import pytest
from nbconvert.exporters import get_exporter

from infoaccess import (
    chart_plan,
    deck,
    map_exhibits,
    map_series,
    programme,
    slide_maps,
    slide_pictures,
    slide_sentences,
    slides,
    units,
    words,
)
from infoaccess.charts import Series
from infoaccess.errors import ReportError
from infoaccess.released import Cell, Release
from infoaccess.report import Report, neighbours

pypdf = pytest.importorskip("pypdf")

NOW, MONTH, YEAR = "2024-06", "2024-05", "2023-06"
HIDDEN = Cell(None, 40, "suppressed_primary", "published", 9, 9)
NONE = Cell()
BOTH = ("household_smartphone", "deprived_any")


def of(numerator, denominator, received=9, expected=9):
    return Cell(numerator, denominator, "published", "published", received, expected)


@pytest.fixture(autouse=True)
def no_rooms(monkeypatch):
    """Let nothing be read from a room: a layer of squares, one standard, no limits from other months."""

    def layer(area_set):
        codes = units.table()[units.table()["area_set"] == area_set][["code", "name"]].values.tolist()
        drawn = [
            {"code": c, "name": n, "d": f"M{20 * (i % 6)} {20 * (i // 6)}h20v20h-20Z", "x": 20 * (i % 6) + 10}
            | {"y": 20 * (i // 6) + 10, "valid_from": "2021-07-01"}
            for i, (c, n) in enumerate(codes)
        ]
        return {"area_set": area_set, "width": 120, "height": 80, "metres_per_unit": 100, "units": drawn}

    monkeypatch.setattr(map_exhibits, "layer", layer)
    monkeypatch.setattr(map_series, "bases", lambda months, measures: {m: [0.1, 0.3, 0.5, 0.7] for m in measures})
    monkeypatch.setattr(map_series, "changes", lambda months, layer, measures: {m: [-0.2, 0.1] for m in measures})
    monkeypatch.setattr(map_series, "standards", lambda months: dict.fromkeys(months, "2022"))


def report(cells, area="46", months=(YEAR, MONTH, NOW), synthetic=True, lang="vi", names=None):
    """Invent a report from {(month, code, measure): cell} of all households."""
    bases = {"adult_smartphone": "adult"}
    bases |= {f"handed_{s}": "phone" for s in programme.SOURCES} | {f"value_{s}": "vnd" for s in programme.SOURCES}
    held = {(m, c, "all", bases.get(x, "household"), x): cell for (m, c, x), cell in cells.items()}
    release = Release(months[-1], list(months), held, {}, [], "ND07-2021", 5, synthetic)
    unit = units.on(months[-1]).set_index("code", drop=False).loc[area].to_dict()
    children, layer = neighbours(months[-1], unit)
    children = [u | {"name": (names or {}).get(u["code"], u["name"])} for u in children]
    return Report(
        release, unit | ({"name": names["own"]} if names else {}), children, layer, "preliminary", words.load(lang)
    )


def series(now, year=None, month=None, measure="deprived_any"):
    found = {YEAR: year, MONTH: month, NOW: now}
    return {(m, "46", measure): cell for m, cell in found.items() if cell}


@pytest.mark.parametrize(
    ("now", "year", "month", "said"),
    [
        (of(281, 1000), of(429, 1000), None, "giảm còn 28,1 %, giảm 14,8 điểm % so với cùng tháng năm trước"),
        (of(300, 1000), of(281, 1000), None, "tăng lên 30,0 %, tăng 1,9 điểm % so với cùng tháng năm trước"),
        (of(300, 1000), of(600, 2000), None, "không đổi so với cùng tháng năm trước, ở mức 30,0 %"),
        (of(3000, 10000), of(2999, 10000), None, "gần như không đổi so với cùng tháng năm trước, ở mức 30,0 %"),
        (of(281, 1000), None, of(290, 1000), "giảm còn 28,1 %, giảm 0,9 điểm % so với tháng trước"),
        (
            of(281, 1000),
            of(429, 1000, 8),
            None,
            "là 28,1 %; tháng trước và cùng tháng năm trước không có số so sánh được",
        ),
        (of(281, 1000, 8), of(429, 1000), None, "là 28,1 %, tính ở 8/9 xã, phường đã gửi danh sách"),
        (HIDDEN, of(429, 1000), None, "không được công bố, để bảo mật thông tin của hộ"),
        (NONE, of(429, 1000), None, "chưa có số liệu tháng 6 năm 2024"),
        (of(0, 0), of(429, 1000), None, "không tính được vì không có hộ thuộc diện"),
    ],
)
def test_a_rate_is_said_as_it_stands(now, year, month, said):
    text = slide_sentences.moved(report(series(now, year, month)), "deprived_any")
    assert text.replace("\N{NO-BREAK SPACE}", " ") == "Tỷ lệ hộ thiếu hụt thông tin " + said


def test_another_standard_is_never_compared_and_a_first_month_says_so(monkeypatch):
    cells = series(of(281, 1000), of(429, 1000))
    first = report({(NOW, "46", "deprived_any"): of(281, 1000)}, months=(NOW,))
    assert "tháng đầu tiên" in slide_sentences.moved(first, "deprived_any")
    monkeypatch.setattr(map_series, "standards", lambda months: {m: m for m in months})
    assert "không có số so sánh được" in slide_sentences.moved(report(cells), "deprived_any")


def test_the_end_of_2g_is_told_with_smartphones_only():
    cells = {(m, "46", x): of(n, 100) for m, n in (("2024-01", 40), ("2025-01", 60)) for x in BOTH}
    r = report(cells, months=("2024-01", "2025-01"))
    assert slide_sentences.moved(r, "household_smartphone").endswith("giữa hai tháng có tắt sóng 2G")
    assert "2G" not in slide_sentences.moved(r, "deprived_any")


def by_unit(rates, measure="deprived_any", area="46"):
    codes = [u["code"] for u in neighbours(NOW, units.on(NOW).set_index("code", drop=False).loc[area].to_dict())[0]]
    return {(NOW, c, measure): cell for c, cell in zip(codes, rates, strict=False)}


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        ([of(300, 400)] + [of(100, 400)] * 8, "cao hơn rõ rệt mức chung"),
        ([of(n, 12) for n in (6, 6, 5, 5, 5, 4, 4, 4, 4)], "chưa cao hơn rõ rệt"),
        ([of(300, 400), of(100, 400), of(90, 400)] + [HIDDEN] * 6, "quá ít nơi công bố số liệu"),
        ([of(1, 4)] * 9, "có cùng tỷ lệ thiếu hụt"),
        ([HIDDEN] * 9, "chưa chỉ ra được"),
    ],
)
def test_where_to_act_claims_no_more_than_chance_allows(rates, said):
    assert said in slide_sentences.first(report(by_unit(rates)))


def test_where_to_act_names_the_longest_queue_where_no_rate_is_known():
    cells = by_unit([of(10, 30), of(10, 90)] + [HIDDEN] * 7, "covered")
    assert "80 hộ" in slide_sentences.first(report(cells))
    assert "chưa chỉ ra được" in slide_sentences.first(report(by_unit([of(10, 30)] * 2, "covered")))


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        ([of(n, 100) for n in range(10, 19)], "Thiếu hụt thông tin cao nhất ở"),
        ([of(10, 100), of(20, 100)] + [HIDDEN] * 7, "Trong 2/9 nơi công bố số liệu"),
        ([of(10, 100)] * 9, "9/9 nơi công bố số liệu có cùng tỷ lệ"),
        ([of(10, 100)] + [HIDDEN] * 8, "Chỉ Thành phố Huế có số liệu"),
        ([], "Không nơi nào có tỷ lệ"),
        ([of(50, 100)] * 4 + [of(10, 100)] * 5, "Huyện Phong Điền, Huyện Phú Vang và 2 nơi nữa"),
    ],
)
def test_the_map_says_its_range(rates, said):
    assert said in slide_sentences.spread(report(by_unit(rates)))


def test_a_commune_is_set_beside_its_neighbours():
    communes = [u["code"] for u in neighbours(NOW, units.on(NOW).set_index("code", drop=False).loc["483"].to_dict())[0]]

    def said(rates):
        return slide_sentences.spread(report(by_unit(rates, area="483"), area=communes[0]))

    assert "không nơi nào khác có số liệu" in said([of(10, 30)])
    assert "chỉ 2 nơi công bố số liệu, chưa đủ" in said([of(10, 30), of(20, 30)])
    assert "cao hơn rõ rệt" in said([of(290, 300)] + [of(30, 300)] * 8)
    assert "thấp hơn rõ rệt" in said([of(10, 300)] + [of(200, 300)] * 8)
    assert "chưa khác rõ rệt" in said([of(10, 30)] + [of(11, 30)] * 8)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ({"A": -0.1, "B": -0.2}, "giảm ở cả 2 nơi"),
        ({"A": 0.1, "B": 0.2}, "tăng ở cả 2 nơi"),
        ({"A": 0.1, "B": -0.2, "C": 0.0001}, "giảm ở 1, tăng ở 1 trong 3 nơi"),
        ({"A": -0.2, "B": 0}, "giảm ở 1 trong 2 nơi so sánh được, không nơi nào tăng"),
        ({"A": 0.2, "B": 0}, "tăng ở 1 trong 2 nơi so sánh được, không nơi nào giảm"),
        ({"A": 0.0, "B": 0.0}, "không đổi ở cả 2 nơi"),
        ({"A": -0.2}, "Chỉ A so sánh được"),
        ({}, "Không nơi nào so sánh được"),
    ],
)
def test_change_counts_units_as_printed(steps, said):
    assert said in slide_sentences.changed(report({}), steps)


def sourced(total, *phones):
    cells = {(NOW, "46", "covered"): total}
    pairs = zip(programme.SOURCES, phones, strict=False)
    return report(cells | {(NOW, "46", f"handed_{s}"): cell for s, cell in pairs})


@pytest.mark.parametrize(
    ("total", "phones", "said"),
    [
        (of(100, 200), [of(n, 100) for n in (60, 20, 10, 10)], "nhiều nhất từ nguồn Chương trình viễn thông công ích"),
        (of(100, 200), [of(25, 100)] * 4, "không một nguồn nào"),
        (of(100, 200), [of(20, 100), of(10, 100), of(5, 100), of(5, 100)], "không một nguồn nào"),  # 60 unstated
        (of(100, 200), [of(60, 100), HIDDEN, HIDDEN, of(5, 100)], "số máy của 2 nguồn không được công bố"),
        (of(0, 200), [of(0, 0)] * 4, "chưa ghi nhận điện thoại nào"),
        (HIDDEN, [of(0, 0)] * 4, "không được công bố"),
        (NONE, [], "chưa có số liệu"),
    ],
)
def test_sources_name_the_largest_only_where_it_is_known(total, phones, said):
    ex = slides.sources(sourced(total, *phones))
    assert said in ex.data["slide"]["message"]
    if total is HIDDEN:  # zero phones from each source would tell what the total hides
        assert "0 máy" not in ex.svg and "0 máy" not in str(ex.data)


def blocks_of(r):
    shown = [slides.title(r), slides.answers(r), slide_maps.rates(r), *slide_maps.change(r), *slides.trends(r)]
    shown += [*slides.where(r), slides.sources(r), slides.outlook(r), slides.limits(r)]
    return [{"type": "exhibit", "exhibit": e.data, "html": "", "svg": e.svg} for e in shown]


def long_report(lang="vi"):
    """Give every unit the longest name that any unit bears, and figures of every state."""
    longest = max(units.table()["name"], key=len)
    codes = list(units.on(NOW)["code"])
    cells = {}
    for n, code in enumerate(c for c in codes if c in {u["code"] for u in report({}).children} | {"46"}):
        for month in (YEAR, MONTH, NOW):
            for m, cell in (
                ("listed", of(900, 9000, 8)),
                ("deprived_any", of(300 + 7 * n, 900)),
                ("covered", of(9, 90)),
            ):
                cells[(month, code, m)] = cell
    cells |= {(NOW, "46", x): of(1234, 2345) for x in ("household_smartphone", "adult_smartphone", "deprived_internet")}
    return report(cells, names=dict.fromkeys(codes, longest) | {"own": longest}, lang=lang)


def pages(data):
    return pypdf.PdfReader(io.BytesIO(data)).pages


def letters(page):
    """Return the size in points of every piece of text on a page, and where it ends to the right by estimate."""
    found = []

    def seen(text, cm, tm, font, size):
        if text.strip():
            scale = abs(tm[3] * cm[3] - tm[2] * cm[1]) or abs(tm[0] * cm[0])
            found.append((round(size * scale, 1), text.strip()))

    page.extract_text(visitor_text=seen)
    return found


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_deck_can_be_read_from_the_back(lang):
    blocks = blocks_of(long_report(lang))
    data = deck.render(blocks)
    found = pages(data)
    assert len(found) == len(blocks)
    for place, page in enumerate(found, 1):
        assert (round(page.mediabox.width), round(page.mediabox.height)) == (720, 405)
        sizes = letters(page)
        assert sizes and min(size for size, _ in sizes) >= 17.9, (place, min(sizes))
        text = " ".join(unicodedata.normalize("NFC", page.extract_text()).split())
        assert words.load(lang)("slide.banner") in text
        message = blocks[place - 1]["exhibit"]["slide"]["message"]
        assert "".join(message.split()) in "".join(text.split())
        if place > 1:
            assert f"{place} / {len(found)}" in text
    assert deck.render(blocks) == data


def test_the_deck_is_tagged_and_the_notes_hold_what_to_say():
    blocks = blocks_of(long_report())
    for data in (deck.render(blocks), deck.notes(blocks)):
        root = pypdf.PdfReader(io.BytesIO(data)).trailer["/Root"]
        assert root["/Lang"].startswith("vi") and root["/MarkInfo"]["/Marked"]
        xmp = root["/Metadata"].get_data().decode()
        assert "<pdfuaid:part>1<" in xmp and "<pdfaid:conformance>A<" in xmp
    outline = pypdf.PdfReader(io.BytesIO(deck.render(blocks))).outline
    assert [o.title for o in outline] == [b["exhibit"]["slide"]["message"] for b in blocks]
    text = "".join("".join(p.extract_text().split()) for p in pages(deck.notes(blocks)))
    text = unicodedata.normalize("NFC", text)
    for block in blocks:
        for part in ("say", "numbers", "caveats"):
            for line in block["exhibit"]["slide"][part]:
                assert "".join(line.split())[:40] in text, line


def test_real_data_bear_no_mark_of_invented_ones():
    blocks = blocks_of(dataclasses.replace(r := long_report(), release=dataclasses.replace(r.release, synthetic=False)))
    assert "GIẢ LẬP" not in "".join(p.extract_text() for p in pages(deck.render(blocks)))


def test_refusals_name_the_slide():
    blocks = blocks_of(long_report())
    bare = [dict(b) for b in blocks]
    bare[2]["svg"] = None
    with pytest.raises(ReportError, match="slide_map"):
        deck.render(bare)
    with pytest.raises(ReportError, match="6_presentation"):
        deck.render(blocks[1:])
    long = {"type": "markdown", "source": "# Nhận xét\n" + "\n".join(["Một ý rất dài của cơ quan " * 6] * 9)}
    with pytest.raises(ReportError, match="Nhận xét"):
        deck.render([*blocks, long])


def test_a_remark_of_the_office_is_a_slide():
    remark = {"type": "markdown", "source": "## Cần họp lại\n\n- Ý **một**\n- Ý hai\n"}
    text = pages(deck.render([*blocks_of(long_report()), remark]))[-1].extract_text()
    assert all(part in unicodedata.normalize("NFC", text) for part in ("Cần họp lại", "Ý một", "Ý hai"))


def texts(svg):
    """Return (x, size, anchor, text) of every line written in a drawing."""
    for attributes, text in re.findall(r"<text ([^>]*)>([^<]*)</text>", svg):
        given = dict(re.findall(r'([\w-]+)="([^"]*)"', attributes))
        yield float(given["x"]), float(given["font-size"]), given.get("text-anchor", "start"), text


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_no_letter_of_a_picture_is_small_or_outside(lang):
    r = long_report(lang)
    for ex in (slide_maps.rates(r), *slide_maps.change(r), *slides.trends(r), slides.sources(r)):
        found = list(texts(ex.svg))
        assert found
        for x, size, anchor, text in found:
            assert size >= slide_pictures.LETTER, text
            wide = chart_plan.width(text, size) * 0.96  # the estimate is on the wide side
            left = {"start": x, "middle": x - wide / 2, "end": x - wide}[anchor]
            assert left >= -4 and left + wide <= slide_pictures.WIDE + 4, (ex.data["id"], text)


def test_an_old_value_never_stands_for_this_month():
    months = ["2024-04", "2024-05", "2024-06"]
    svg = slide_pictures.lines(months, [Series("hộ có máy", [0.5, 0.6, None])], title="", lang="vi")
    assert "(05/2024)" in svg
    assert "(06/2024)" not in slide_pictures.lines(months, [Series("x", [0.5, None, 0.6])], title="", lang="vi")


def test_exporters_are_registered():
    assert get_exporter("infoaccess-slides").__name__ == "Slides"
    assert get_exporter("infoaccess-slide-notes").__name__ == "SlideNotes"


def test_the_outlook_names_months_only_where_the_pace_allows():
    months = [f"2024-{n:02d}" for n in range(1, 8)]
    steady = {(m, "46", "covered"): of(60 + 10 * n, 200) for n, m in enumerate(months)}
    said = slides.outlook(report(steady, months=months)).data["slide"]["message"]
    assert "100 % nhu cầu được đáp ứng từ" in said and "2025" in said
    partial = steady | {("2024-07", "46", "covered"): of(120, 200, 8)}
    for cells in (partial, {}):
        assert slides.outlook(report(cells, months=months)).data["slide"]["message"].startswith("Chưa nói được")


def test_where_lists_lack_need_met_is_at_most_and_slides_compare_whole_months():
    cells = {(NOW, "46", "covered"): of(60, 80, 8), (MONTH, "46", "covered"): of(50, 80)}
    cells |= {(YEAR, "46", "covered"): of(20, 80)}
    r = report(cells)
    said = slide_sentences.moved(r, "covered").replace("\xa0", " ")
    assert said.startswith("Tỷ lệ đáp ứng nhu cầu điện thoại không quá 75,0 %: máy tính ở mọi nơi")
    _, phones = slides.trends(r)
    (told,) = [n.replace("\xa0", " ") for n in phones.data["slide"]["numbers"] if "đáp ứng" in n]
    assert told == "nhu cầu được đáp ứng: 25,0 % (06/2023) → 62,5 % (05/2024); 06/2024: 75,0 %, không so"
