"""A page's tables as files: taken by keyboard from file:// under the page's own policy, compared cell by cell."""

import csv
import io
import zipfile

import openpyxl
import pytest
from chromium import arrived, opened
from test_html import BANNER, block, figures, table, title, whole
from test_map_pages import axe

from infoaccess import html

HIDDEN = "(*)"
FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "＝1+1", '=HYPERLINK("http://a.b","x")', "\t=1"]


def units(lang: str = "vi", count: int = 15) -> dict:
    """Return a table of two tiers with printed numbers of every kind, hidden and missing cells, hostile names."""
    ex = table(count, notes=["(*) được che", "… chưa có"])
    texts = [["7.540", "28,1 %"], ["1.234¹", "0,5 %¹"], [HIDDEN, HIDDEN], ["…", "–"], ["−16", "+2,50"], ["12", "100 %"]]
    if lang == "en":
        texts = [["7,540", "28.1%"], ["1,234¹", "0.5%¹"], *texts[2:4], ["−16", "+2.50"], ["12", "100%"]]
    for n, (row, pair) in enumerate(zip(ex["rows"][1:], texts, strict=False)):
        row["cells"][1:], row["marks"] = pair, [None, *["suppressed" if t == HIDDEN else None for t in pair]]
        row["sort"][1:] = [None, None] if n in (2, 3) else [n, n]
    for row, name in zip(ex["rows"][-len(FORMULAS) :], FORMULAS, strict=True):
        row["cells"][0] = name
    return ex


def grid(ex: dict) -> list[list[str]]:
    """Return what a download must hold: one heading a column, rows as printed."""
    heads = [" – ".join(filter(None, (c["group"], c["label"]))) for c in ex["columns"]]
    return [heads, *(row["cells"] for row in ex["rows"])]


@pytest.fixture(scope="module")
def taken(tmp_path_factory):
    """Return the two files that a keyboard takes from a page, with the page's own words about itself."""
    folder = tmp_path_factory.mktemp("tải về")
    path = folder / "46.html"
    path.write_text(whole(block(figures()), block(units()), banners=["GIẢ LẬP"]), encoding="utf-8")
    with opened(folder) as page:
        page.open(path)
        page.run("window.asked = []; addEventListener('securitypolicyviolation', (e) => asked.push(e.blockedURI))")
        labels = page.run("[...document.querySelectorAll('.take button')].map((one) => one.ariaLabel)")
        files = []
        for kind, key, text in (("csv", "Enter", "\r"), ("xlsx", " ", " ")):
            page.run("document.activeElement.blur(); document.querySelector('.scroll').focus()")
            for _ in range(60):
                page.press("Tab")
                if page.run(f"document.activeElement.matches('.take button:nth-of-type({len(files) + 1})')"):
                    break
            page.press(key, text)
            files.append(arrived(folder, f"2025-12_46_gia-lap_units.{kind}").read_bytes())
        refused = page.run("asked")
    return {"labels": labels, "csv": files[0], "xlsx": files[1], "refused": refused}


@pytest.mark.browser
def test_csv_holds_the_table_as_printed_and_no_formula(taken):
    assert taken["csv"].startswith(b"\xef\xbb\xbf") and b"\r\n" in taken["csv"]
    rows = list(csv.reader(io.StringIO(taken["csv"].decode("utf-8-sig"), newline="")))
    wanted = grid(units())
    for name in FORMULAS:
        row = next(r for r in wanted if r[0] == name)
        row[0] = "'" + name.strip()
    assert rows == wanted
    assert rows[6][1] == "−16" and rows[4][1] == HIDDEN  # a printed number or a sign is left alone


@pytest.mark.browser
def test_xlsx_holds_the_same_with_real_numbers(taken):
    with zipfile.ZipFile(io.BytesIO(taken["xlsx"])) as packed:
        assert packed.testzip() is None
        assert b"<f>" not in packed.read("xl/sheet.xml")
    sheet = openpyxl.load_workbook(io.BytesIO(taken["xlsx"])).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(max_col=3)]
    assert sheet.title == "units" and rows[0][0] == "Bảng 1" and rows[2][0] == "GIẢ LẬP"
    assert rows[3] == grid(units())[0] and sheet.freeze_panes == "B5" and sheet.auto_filter.ref == "A4:C20"
    values = {"7.540": 7540, "28,1 %": 0.281, "1.234¹": 1234, "0,5 %¹": 0.005, "−16": -16, "+2,50": 2.5, "12": 12}
    values |= {"100 %": 1} | {f"{n},0 %": n / 100 for n in range(20)} | {str(n): n for n in range(20)}
    values |= {"99": 99, "9,9 %": 0.099}
    for told, row in zip(grid(units())[1:], rows[4:], strict=False):
        assert row == [told[0].strip(), *(values.get(text, text) for text in told[1:])]
    assert [sheet.cell(7, at).number_format for at in (2, 3)] == ['#,##0"¹"', '#,##0.0" "%"¹"']
    assert rows[-2][0] == "(*) được che" and all(row.data_type != "f" for line in sheet.iter_rows() for row in line)


@pytest.mark.browser
def test_buttons_are_named_and_the_policy_was_never_asked_to_bend(taken):
    assert taken["labels"] == ["Tải bảng dạng CSV: Bảng 1", "Tải bảng dạng Excel: Bảng 1"]
    assert taken["refused"] == []


@pytest.mark.browser
def test_english_numbers_and_the_order_on_the_screen(tmp_path):
    ex = units("en")
    path = tmp_path / "46.html"
    page_ = html.page([block(title(lang="en")), block(ex)])
    path.write_text(page_, encoding="utf-8")
    with opened(tmp_path) as page:
        page.open(path)
        page.run("document.querySelectorAll('.sort')[1].click(); document.querySelectorAll('.sort')[1].click()")
        shown = page.run("[...document.querySelectorAll('tbody tr')].map((row) => row.cells[0].textContent)")
        page.run("document.querySelectorAll('.take button')[1].click()")
        book = openpyxl.load_workbook(arrived(tmp_path, "2025-12_46_units.xlsx"))
    rows = [[cell.value for cell in row] for row in book.active.iter_rows(min_row=4, max_col=3)]
    assert [row[0] for row in rows[: len(shown)]] == [name.strip() for name in shown]
    assert shown != [row[0] for row in grid(ex)[1:]]
    assert [1234, 0.005] in [row[1:] for row in rows] and [7540, 0.281] in [row[1:] for row in rows]


def test_pages_without_a_table_carry_no_writer():
    assert "bookOf" in whole(block(table(3))) and "bookOf" not in whole(block(figures()))
    assert len(html._asset("downloads.js").encode()) < 10_000


@pytest.mark.browser
def test_a_phone_needs_no_sideways_scroll_and_banners_lie_in_a_landmark(tmp_path):
    ex = units(count=40)
    ex["columns"] += [{"label": f"Cột {n}", "align": "right", "group": None} for n in range(12)]
    for row in ex["rows"]:
        row["cells"] += [HIDDEN] * 12
        row["sort"] += [None] * 12
        row["marks"] += ["suppressed"] * 12
    path = tmp_path / "46.html"
    path.write_text(whole(block(figures()), block(ex), banners=[BANNER]), encoding="utf-8")
    with opened(tmp_path) as page:
        page.size(390, 844)
        page.open(path)
        assert page.run("document.documentElement.scrollWidth") <= page.run("innerWidth") == 390
        page.run(axe().replace("<\\/script", "</script"))
        found = page.run("axe.run().then((all) => all.violations.map((one) => one.id + ' ' + one.nodes[0].html))")
    assert found == []
