"""Old fonts: what they hold is decoded cell by cell, what is Unicode stays, what cannot be told is reported."""

import io
import time
import unicodedata
import zipfile

import pytest
import xlsxwriter
import xlwt
from hypothesis import given
from hypothesis import strategies as st

from infoaccess import legacy

NAME = "Nguyễn Thị Hồng Phượng"  # invented
TCVN3 = "NguyÔn ThÞ Hång Ph\u00adîng"
VNI = "Nguyeãn Thò Hoàng Phöôïng"
SYLLABLES = "nguyễn thị hồng phượng đẳng ẵm kỹ ỵ ữ ặc hẳn dưới quý lỡ đường ở ấp huỳnh thuở giữa nghĩa"


def encoded(text: str, font: str) -> str:
    """Write Unicode text in an old encoding, the way round the decoder does not go."""
    back: dict[str, str] = {}
    for old, new in legacy._table("vni" if font.startswith("VNI") else "tcvn3")[1].items():
        back.setdefault(new, old)
    return "".join(back.get(c, c) for c in text)


@pytest.mark.parametrize(
    ("font", "kind"),
    [
        (".VnTime", "tcvn3"),
        (".vntime", "tcvn3"),
        (".VnArial Narrow", "tcvn3"),
        (".VnTimeH", "tcvn3_capitals"),
        (".VnArial NarrowH", "tcvn3_capitals"),
        (".VnTimeH Bold", "tcvn3_capitals"),
        ("VNI-Times", "vni"),
        ("VNI-Helve", "vni"),
        ("Times New Roman", None),
        ("Wingdings", None),
        ("", None),
        (None, None),
    ],
)
def test_fonts_name_their_encoding(font, kind):
    assert legacy.is_legacy(font) == kind


@pytest.mark.parametrize(
    ("text", "font", "read"),
    [
        (TCVN3, ".VnTime", NAME),
        (TCVN3, ".VnTimeH", NAME.upper()),
        (VNI, "VNI-Times", NAME),
        ("§«ng Hµ", ".VnTime", "Đông Hà"),
        ("céng hoµ x· héi", ".VnTime", "cộng hoà xã hội"),
        ("Ñaø Naüng", "VNI-Times", "Đà Nẵng"),
        ("haún", "VNI-Times", "hẳn"),
        ("kyû luaät, lyù", "VNI-Times", "kỷ luật, lý"),
        ("Aâu Cô", "VNI-Times", "Âu Cơ"),  # a capital with a small mark
        (NAME, ".VnTime", NAME),
        (unicodedata.normalize("NFD", NAME), ".VnTime", unicodedata.normalize("NFD", NAME)),
        ("Hà", ".VnTime", "Hà"),  # à is no TCVN3 letter
        ("Hồ Hòa", ".VnTime", "Hồ Hòa"),  # ồ is in neither, so ò is ò and not ũ
        ("Hồ Hoà", "VNI-Times", "Hồ Hoà"),
        ("Nam", ".VnTimeH", "Nam"),
        (TCVN3, "Arial", TCVN3),
        (TCVN3, None, TCVN3),
    ],
)
def test_decoding(text, font, read):
    assert legacy.decode(text, font) == read


@given(st.lists(st.sampled_from(SYLLABLES.split()), min_size=1, max_size=5), st.sampled_from([".VnTime", "VNI-Times"]))
def test_what_was_typed_comes_back(words, font):
    text = " ".join(words)
    assert legacy.decode(encoded(text, font), font) == text


def test_every_vietnamese_letter_can_be_decoded():
    small = [c for c in map(chr, range(0xC0, 0x1F00)) if c in "ăâđêôơư" or _is_toned(c)]
    assert len(small) == 67
    for letter in small:
        for font in (".VnTime", "VNI-Times"):
            # TCVN3 has no accented capitals; VNI writes them with the marks of the small ones or their own
            for form in (letter, letter.upper()) if font == "VNI-Times" else (letter,):
                old = encoded(form, font)
                assert old.isascii() is False
                assert legacy.decode(f"x{old}x", font) == f"x{form}x", (font, form)


def _is_toned(c: str) -> bool:
    parted = unicodedata.normalize("NFD", c)
    marks = set(parted[1:])
    tones = set("\u0300\u0301\u0303\u0309\u0323")
    shapes = {"a": "\u0302\u0306", "e": "\u0302", "i": "", "o": "\u0302\u031b", "u": "\u031b", "y": ""}
    rest = marks - tones
    return len(marks & tones) == 1 and parted[0] in shapes and len(rest) <= 1 and rest <= set(shapes[parted[0]])


UNICODE = [NAME, NAME.upper(), unicodedata.normalize("NFD", NAME), "Thuý Hoà", "quà quê", "A Lưới 2", "x²", "½", "°"]
UNICODE += [
    "–",
    "36 °C",
    "m²",
    "≥ 15 tuổi",
    "“Sóng và máy tính cho em”",
    "Xã / Phường",
    "3 × 4",
    "±",
    "café",
    "2½",
    "…",
]
UNICODE += ["café", "VÕ THỊ Ý", "Lý Ô", "Huế – A Lưới", "không?", "có/không"]


@pytest.mark.parametrize("text", UNICODE)
def test_ordinary_text_is_not_suspect(text):
    assert not legacy.suspect([[text, 1.0, None], ["x", True]])
    assert not legacy.looks_legacy(text)


@pytest.mark.parametrize(
    "text", [TCVN3, VNI, "Hé nghÌo", "NguyÔn", "L\u00ad¬ng", "®i", "Ñöùc", "toaøn", "HOµNG", "hai bµ"]
)
def test_legacy_text_is_suspect(text):
    assert legacy.suspect([["Mã hộ", 3.0], [None, f"a {text}"]])


FOREIGN = ["Müller", "señor", "François", "naïve", "Zoë", "Noël", "Übung", "España", "Citroën", "Ångström", "Björk"]
FOREIGN += ["5 µm", "µg", "© 2025", "Windows®", "1ª", "a×b", "§1", "½ m²", "«Ba»", "N°1", "Łódź", "100 £", "· Nhà", "ü"]


@pytest.mark.parametrize("text", FOREIGN + UNICODE)
def test_foreign_words_and_units_are_not_called_legacy(text):
    assert not legacy.looks_legacy(text)


@pytest.mark.parametrize("text", [TCVN3, VNI, "Hå V¨n An", "Lª ThÞ", "Traàn Vaên", "Ñaëng", "TrÇn", "NguyÔn", "HOµNG"])
def test_legacy_text_is_recognised_without_a_font(text):
    assert legacy.looks_legacy(text)


@pytest.mark.parametrize("text", ["Nguyá»…n", "Há»“ VÄƒn", "Æ°u tiÃªn", "Nguy?n Th? H?ng", "Nguy\ufffdn"])
def test_text_ruined_by_a_code_page_is_recognised(text):
    assert legacy.looks_legacy(text)
    assert legacy.suspect([[text]])


def book_xlsx() -> bytes:
    held = io.BytesIO()
    made = xlsxwriter.Workbook(held, {"in_memory": True})
    time_, caps, vni = (made.add_format({"font_name": f}) for f in (".VnTime", ".VnTimeH", "VNI-Times"))
    plain, column = made.add_format({"font_name": "Arial"}), made.add_format({"font_name": ".VnTime"})
    sheet = made.add_worksheet("Hộ nghèo")
    sheet.set_column(4, 4, None, column)
    sheet.write(1, 1, TCVN3, time_)
    sheet.write(1, 2, TCVN3, caps)
    sheet.write(1, 3, VNI, vni)
    sheet.write(1, 4, TCVN3)  # the writer gives it the column's style
    sheet.write(2, 1, NAME, time_)
    sheet.write(2, 2, TCVN3, plain)
    sheet.write_rich_string(2, 3, time_, "Hé ", plain, "Hồ Hoà ", vni, "Höng", plain)
    sheet.write(2, 4, 12.5, time_)
    sheet.write(3, 1, "Nam", time_)
    made.close()
    return held.getvalue()


def book_xls() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Hộ nghèo")

    def style(name: str) -> xlwt.XFStyle:
        made = xlwt.XFStyle()
        made.font = font(name)
        return made

    def font(name: str) -> xlwt.Font:
        made = xlwt.Font()
        made.name = name
        return made

    sheet.write(1, 1, TCVN3, style(".VnTime"))
    sheet.write(1, 2, TCVN3, style(".VnTimeH"))
    sheet.write(1, 3, VNI, style("VNI-Times"))
    sheet.write(1, 4, TCVN3, style(".VnTime"))
    sheet.write(2, 1, NAME, style(".VnTime"))
    sheet.write(2, 2, TCVN3, style("Arial"))
    parts = [("Hé ", font(".VnTime")), ("Hồ Hoà ", font("Arial")), ("Höng", font("VNI-Times"))]
    sheet.write_rich_text(2, 3, parts, style("Arial"))
    sheet.write(2, 4, 12.5, style(".VnTime"))
    sheet.write(3, 1, "Nam", style(".VnTime"))
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def book_ods() -> bytes:
    names = ("office", "style", "table", "text")
    space = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in names)
    space += ' xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"'
    space += ' xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"'

    def style(name: str, font: str, family: str = "table-cell", parent: str = "Default") -> str:
        text = f'<style:text-properties style:font-name="{font}"/>' if font else ""
        more = f'style:family="{family}" style:parent-style-name="{parent}"'
        return f'<style:style style:name="{name}" {more}>{text}</style:style>'

    def cell(text: str, style: str = "", more: str = "") -> str:
        named = f' table:style-name="{style}"' if style else ""
        return f'<table:table-cell office:value-type="string"{named}{more}><text:p>{text}</text:p></table:table-cell>'

    faces = '<style:font-face style:name="F1" svg:font-family="\'.VnTime\'"/>'
    faces += '<style:font-face style:name="F2" svg:font-family=".VnTimeH"/>'
    styles = style("t", "F1") + style("h", "F2") + style("v", "VNI-Times") + style("child", "", parent="t")
    styles += style("s1", "F1", "text", "") + style("s2", "VNI-Times", "text", "") + style("a", "Arial")
    gap = '<table:table-cell table:number-columns-repeated="{}"/>'
    mixed = '<text:span text:style-name="s1">Hé </text:span>Hồ Hoà <text:span text:style-name="s2">Höng</text:span>'
    rows = '<table:table-row><table:table-cell table:number-columns-repeated="5"/></table:table-row>'
    first = [gap.format(1), cell(TCVN3, "child"), cell(TCVN3, "h"), cell(VNI, "v"), cell(TCVN3)]
    rows += f"<table:table-row>{''.join(first)}</table:table-row>"
    number = '<table:table-cell office:value-type="float" office:value="12.5"><text:p>12.5</text:p></table:table-cell>'
    rows += (
        f"<table:table-row>{gap.format(1)}{cell(NAME, 't')}{cell(TCVN3, 'a')}{cell(mixed)}{number}</table:table-row>"
    )
    rows += f"<table:table-row>{gap.format(1)}{cell('Nam', 't')}</table:table-row>"
    columns = '<table:table-column table:number-columns-repeated="4"/>'
    columns += '<table:table-column table:default-cell-style-name="t"/>'
    table = f'<table:table table:name="Hộ nghèo">{columns}{rows}</table:table>'
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {space} office:version="1.2">'
        f"<office:font-face-decls>{faces}</office:font-face-decls>"
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body></office:document-content>"
    )
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        made.writestr("content.xml", content)
        manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
        kind = "application/vnd.oasis.opendocument.spreadsheet"
        made.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="{manifest}"><manifest:file-entry manifest:full-path="/" '
            f'manifest:media-type="{kind}"/></manifest:manifest>',
        )
    return held.getvalue()


MIXED = "Hé Hồ Hoà Höng"
CELLS = [
    ["", "", "", "", ""],
    ["", TCVN3, TCVN3, VNI, TCVN3],
    ["", NAME, TCVN3, MIXED, 12.5],
    ["", "Nam", "", "", ""],
]
BOOKS = {".xlsx": book_xlsx, ".xlsm": book_xlsx, ".xls": book_xls, ".ods": book_ods}


@pytest.mark.parametrize("suffix", BOOKS)
def test_a_sheet_is_decoded_cell_by_cell_and_run_by_run(suffix):
    data = BOOKS[suffix]()
    given = [list(row) for row in CELLS]
    read, count, leftover = legacy.decoded(given, data, suffix, "Hộ nghèo")
    assert read[1] == ["", NAME, NAME.upper(), NAME, NAME]
    assert read[2] == ["", NAME, TCVN3, "Hộ Hồ Hoà Hưng", 12.5]
    assert count == 5
    assert leftover == {(2, 2)}  # set in Arial: nobody can know
    assert given == CELLS  # the caller's cells stay
    assert read[0] is given[0] and read[3] is given[3]


@pytest.mark.parametrize("suffix", [".xlsx", ".xls", ".ods"])
def test_places_are_those_of_the_reader(suffix):
    calamine = pytest.importorskip("python_calamine")
    data = BOOKS[suffix]()
    sheet = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_name("Hộ nghèo")
    cells = sheet.to_python(skip_empty_area=False)
    assert legacy.decoded(cells, data, suffix, "Hộ nghèo")[1] == 5
    assert legacy.fonts(data, suffix, "Hộ nghèo")[1, 2] == ".VnTimeH"


@pytest.mark.parametrize("suffix", [".xlsx", ".xls", ".ods"])
def test_runs_of_one_cell_have_their_own_fonts(suffix):
    found = legacy.runs(BOOKS[suffix](), suffix, "Hộ nghèo")
    assert list(found) == [(2, 3)]
    assert "".join(text for text, _ in found[2, 3]) == MIXED
    assert [legacy.is_legacy(font) for _, font in found[2, 3]] == ["tcvn3", None, "vni"]


@pytest.mark.parametrize("suffix", [".xlsx", ".xls", ".ods", ".csv", ".doc"])
@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 broken", b"\xd0\xcf\x11\xe0 broken"])
def test_a_workbook_without_readable_fonts_only_reports(suffix, data):
    assert legacy.fonts(data, suffix, "Hộ nghèo") == {}
    read, count, leftover = legacy.decoded([[TCVN3, "Huế"]], data, suffix, "Hộ nghèo")
    assert (read, count, leftover) == ([[TCVN3, "Huế"]], 0, {(0, 0)})


def changed(data: bytes, member: str, old: str, new: str) -> bytes:
    """Return a zipped workbook with one text of one member replaced."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as book, zipfile.ZipFile(held, "w") as made:
        for name in book.namelist():
            text = book.read(name)
            if name == member:
                assert old.encode() in text
                text = text.replace(old.encode(), new.encode())
            made.writestr(name, text)
    return held.getvalue()


def test_a_wrong_size_noted_in_the_sheet_hides_no_cell():
    data = changed(book_xlsx(), "xl/worksheets/sheet1.xml", '<dimension ref="B2:E4"/>', '<dimension ref="A1:B2"/>')
    assert legacy.decoded(CELLS, data, ".xlsx", "Hộ nghèo")[1] == 5


def test_a_row_style_goes_before_the_columns_style():
    old = '<table:table-row><table:table-cell table:number-columns-repeated="1"/>'
    new = old.replace("<table:table-row>", '<table:table-row table:default-cell-style-name="h">')
    found = legacy.fonts(changed(book_ods(), "content.xml", old, new), ".ods", "Hộ nghèo")
    assert found[1, 4] == ".VnTimeH" and found[1, 1] == ".VnTime"
    assert legacy.fonts(book_ods(), ".ods", "Hộ nghèo")[1, 4] == ".VnTime"


def test_a_sheet_that_is_not_there_has_no_fonts():
    assert legacy.fonts(book_xlsx(), ".xlsx", "Khác") == {}


def test_an_unsuspect_sheet_is_not_opened():
    cells = [[NAME, "x²", 1.0]]
    assert legacy.decoded(cells, b"not a workbook", ".xlsx", "a") == (cells, 0, set())
    assert legacy.decoded(cells, b"", ".xlsx", "a")[0] is cells


def test_the_sniff_is_fast():
    cells = [[f"{NAME} {i % 1000}", 4.0, "x", "", "Thôn 1"] for i in range(40_000)]
    start = time.perf_counter()
    assert not legacy.suspect(cells)
    assert time.perf_counter() - start < 2
