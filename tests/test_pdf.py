import io
import unicodedata

import pytest

from infoaccess import charts, fonts, pdf, pdf_text
from infoaccess.errors import ReportError

pypdf = pytest.importorskip("pypdf")

HOSTILE = 'a #let x = 1 $y^2$ @ref *b* _c_ <d> \\e "f" // g [h] `i` ~ = j'
BANNER = "DỮ LIỆU GIẢ LẬP – KHÔNG PHẢI SỐ LIỆU THẬT"
UNITS = [f"Phường Thủy Xuân {i}" for i in range(1, 41)]


def block(kind, id, svg=None, **more):
    exhibit = {"kind": kind, "id": id, "heading": None, "caption": None, "notes": [], "sentences": []} | more
    return {"type": "exhibit", "exhibit": exhibit, "html": "", "svg": svg}


def title(**more):
    return block(
        "title",
        "title",
        **{
            "lang": "vi",
            "month": "2025-12",
            "area": "46",
            "parent_body": "Ủy ban nhân dân thành phố Huế",
            "issuing_body": "Sở Khoa học và Công nghệ",
            "national_title": "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
            "motto": "Độc lập - Tự do - Hạnh phúc",
            "number_line": "Số:           /BC-SKHCN",
            "place_date": "Huế, ngày       tháng 01 năm 2026",
            "doc_type": "BÁO CÁO",
            "subject": "Tình hình thiếu hụt thông tin",
            "area_name": "thành phố Huế",
            "period": "tháng 12 năm 2025",
            "state": "Ước tính",
            "banners": [BANNER],
            "recipients_title": "Nơi nhận:",
            "recipients": ["- UBND thành phố;", "- Lưu: VT."],
            "signature": ["GIÁM ĐỐC", "(Ký, ghi rõ họ tên)"],
            "page_title": "Báo cáo thiếu hụt thông tin",
            "date_key": "2025-12-31",
        }
        | more,
    )


def figures():
    change = {"since": "month", "label": "so với tháng trước", "text": "−0,4 điểm %", "direction": "down", "good": True}
    rate = {
        "id": "r",
        "label": "Tỷ lệ hộ thiếu hụt",
        "text": "24,3 %",
        "value": 0.243,
        "detail": "320/1.318 hộ",
    }
    phones = {"id": "p", "label": "Điện thoại đã trao", "text": "7.540", "value": 7540, "detail": "bốn nguồn"}
    return block(
        "key_figures",
        "key",
        heading="1. Kết quả",
        numbers=[n | {"changes": [change]} for n in (rate, phones)],
    )


def by_unit(landscape=False, rows=40):
    column = {"label": "Số hộ", "align": "right", "group": "Thiếu hụt"}
    columns = [
        {"label": "Phường/Xã", "align": "left", "group": None},
        *[column] * 5,
        column | {"group": None},
    ]
    lines = [
        {"cells": [UNITS[i], *["1.234"] * 5, "ẩn"], "bold": i == 0, "marks": [None] * 6 + ["suppressed"]}
        for i in range(rows)
    ]
    return block(
        "table",
        "by_unit",
        heading="4. Theo đơn vị",
        caption="Bảng 1. Theo phường, xã",
        columns=columns,
        rows=lines,
        landscape=landscape,
        notes=["Ẩn: dưới ngưỡng công bố."],
    )


def chart(**more):
    months = [f"2025-{month:02d}" for month in range(1, 13)]
    drawn = charts.line("trend", months, [charts.Series("Thiếu hụt", [0.3] * 12)], y_title="Tỷ lệ", share=True)
    return block("chart", "trend", drawn.svg, **{"caption": "Hình 1. Diễn biến", "alt": "Tỷ lệ 30 %"} | more)


MARKDOWN = (
    "## 5. Phương pháp\n\nMột hộ **thiếu hụt** khi *không có*:\n\n- chỉ số 11;\n- [nghị định](https://example.org).\n"
)


@pytest.fixture(scope="module")
def document():
    return pdf.render(
        [
            title(),
            figures(),
            chart(),
            by_unit(),
            {"type": "markdown", "source": MARKDOWN},
            {"type": "plain", "text": "1_validated 12.872 dòng"},
            by_unit(landscape=True, rows=3),
        ]
    )


def read(data):
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages]
    return [" ".join(unicodedata.normalize("NFC", page).split()) for page in pages]


def test_text_reads_back_with_every_accent(document):
    text = " ".join(read(document))
    for wanted in (
        *(
            "24,3 %",
            "7.540",
            "320/1.318 hộ",
            "−0,4 điểm %",
            "1.234",
            "Phường Thủy Xuân 40",
            "1_validated 12.872 dòng",
        ),
        *("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "SỞ KHOA HỌC VÀ CÔNG NGHỆ"),
        *("BÁO CÁO", "(Ước tính)", "thành phố Huế, tháng 12 năm 2025", "GIÁM ĐỐC", "Nơi nhận:", "Bảng 1."),
        *("5. Phương pháp", "chỉ số 11;", "nghị định (https://example.org)", "Diễn biến"),
    ):
        assert wanted in text, wanted


def test_banner_and_page_number_stand_on_every_page(document):
    pages = read(document)
    assert all(BANNER in page for page in pages)
    assert pages[0].count(BANNER) == 2
    assert all(page.startswith(str(number)) for number, page in enumerate(pages[1:], 2))


def test_pages_are_few_and_the_wide_one_is_turned(document):
    pages = pypdf.PdfReader(io.BytesIO(document)).pages
    assert 3 <= len(pages) <= 5
    assert [page.mediabox.width > page.mediabox.height for page in pages] == [False] * (len(pages) - 1) + [True]


def test_table_heading_repeats_where_the_table_breaks(document):
    pages = [page for page in read(document) if "Phường Thủy Xuân" in page]
    assert len(pages) >= 3
    assert all("Phường/Xã" in page for page in pages)


def test_standards_language_and_title(document):
    reader = pypdf.PdfReader(io.BytesIO(document))
    xmp = reader.trailer["/Root"]["/Metadata"].get_data().decode()
    assert "<pdfuaid:part>1<" in xmp
    assert "<pdfaid:part>2<" in xmp
    assert "<pdfaid:conformance>A<" in xmp
    assert reader.trailer["/Root"]["/Lang"].startswith("vi")
    assert reader.metadata.title == "Báo cáo thiếu hụt thông tin"
    assert reader.metadata.creation_date.isoformat() == "2025-12-31T00:00:00+00:00"
    assert [mark.title for mark in reader.outline][:2] == ["1. Kết quả", "4. Theo đơn vị"]


def test_same_blocks_same_bytes():
    blocks = [title(), figures(), chart(), by_unit()]
    first = pdf.render(blocks)
    pdf.render([title(), figures()])
    assert pdf.render(blocks) == first


def test_hostile_text_is_printed_as_it_is():
    cells = {"cells": [HOSTILE, "1"], "bold": False, "marks": [None, None]}
    columns = [
        {"label": HOSTILE, "align": "left", "group": None},
        {"label": "n", "align": "right", "group": None},
    ]
    blocks = [
        title(subject=HOSTILE, banners=[HOSTILE]),
        block("text", "t", sentences=[HOSTILE], notes=[HOSTILE], heading=HOSTILE),
        block("table", "h", caption=HOSTILE, columns=columns, rows=[cells]),
        chart(alt=HOSTILE, caption=HOSTILE),
        {"type": "plain", "text": HOSTILE},
        {"type": "markdown", "source": "x `" + HOSTILE.replace("`", "") + "` <u>#y</u> $z$ @w"},
    ]
    joined = " ".join(read(pdf.render(blocks))).replace(" ", "")
    assert joined.count(HOSTILE.replace(" ", "")) >= 8
    assert "<u>#y</u>$z$@w" in joined


def test_controls_and_decomposed_letters_do_no_harm():
    text = unicodedata.normalize("NFD", "Thuỷ Xuân ở đây") + "\x00\x07\ufeff\ufffe ✓"
    shown = " ".join(read(pdf.render([title(), block("text", "t", sentences=[text])])))
    assert "Thuỷ Xuân ở đây ✓" in shown


def test_figures_without_words_or_drawing_are_refused():
    with pytest.raises(ReportError, match="trend"):
        pdf.render([title(), chart(alt=" ")])
    bare = chart()
    bare["svg"] = None
    with pytest.raises(ReportError, match="trend"):
        pdf.render([title(), bare])
    with pytest.raises(ReportError):
        pdf.render([figures()])


def test_refusals_name_the_exhibit():
    with pytest.raises(ReportError, match=r"U\+4E2D.*odd"):
        pdf.render([title(), block("text", "odd", sentences=["chữ 中"])])
    broken = chart()
    broken["svg"] = "<svg"
    with pytest.raises(ReportError, match="trend"):
        pdf.render([title(), broken])


def test_english_report_and_empty_table():
    empty = by_unit(rows=0)
    data = pdf.render([title(lang="en", state="Estimate"), empty])
    assert pypdf.PdfReader(io.BytesIO(data)).trailer["/Root"]["/Lang"].startswith("en")
    assert "no figures" in " ".join(read(data))


def test_face_is_proven_not_believed():
    import typst

    everything = typst.Fonts(include_system_fonts=True)
    family, _ = fonts.chosen()
    assert family in (fonts.PREFERRED, fonts.EMBEDDED)
    assert fonts.covers(fonts.EMBEDDED, everything)
    assert not fonts.covers("New Computer Modern Math", everything)
    assert not fonts.covers("No Such Face", everything)


@pytest.mark.parametrize("pattern", ["{}", "**{}**", "*{}*", "***{}***", "**x *{}***", "*x **{}***", "#### *{}*"])
def test_every_letter_is_drawn_in_every_style(pattern):
    # A broken face draws a letter as two glyphs or none, and then it does not read back.
    letters = fonts.VIETNAMESE
    source = "\n\n".join(pattern.format(letters[i : i + 12]) for i in range(0, len(letters), 12))
    shown = "".join(read(pdf.render([title(), {"type": "markdown", "source": source}])))
    assert [letters[i : i + 12] for i in range(0, len(letters), 12) if letters[i : i + 12] not in shown] == []


def test_columns_get_the_room_they_need():
    sizes = pdf_text.measures(by_unit()["exhibit"], pdf.PORTRAIT_PT)
    assert sum(sizes["widths"]) == pytest.approx(pdf.PORTRAIT_PT)
    assert sizes["widths"][0] > sizes["widths"][1]
    crowd = {"label": "Một nhãn khá dài", "align": "right", "group": None}
    rows = [{"cells": ["1.234.567"] * 16, "bold": False}]
    assert pdf_text.measures({"columns": [crowd] * 16, "rows": rows}, pdf.PORTRAIT_PT)["size"] < 9


def test_markdown_becomes_nodes():
    nodes = pdf_text.markdown("# A\n\n1. x\n2. **y**\n\n|a|b|\n|--|-:|\n|1|2|\n\n<!-- c -->\n", 459)
    assert [node["t"] for node in nodes] == ["heading", "list", "table"]
    assert nodes[1]["ordered"] is True
    assert nodes[2]["table"]["rows"][0]["cells"] == ["1", "2"]
