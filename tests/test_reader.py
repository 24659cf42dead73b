"""A reader's test: what an official asks of the city's page is answered in two clicks at most, in a real browser.

The questions are those of docs/operating.md, each must be asked here. Figures are invented counts of room 4; what the
page should say is worked out from them here, not by the package's sentences.
"""

import ast
import datetime as dt
import json
from pathlib import Path

import IPython.display
import nbformat
import polars as pl
import pytest
import test_annex
from chromium import arrived, opened
from test_map_pages import axe

from infoaccess import changed, export, figures, geography, html, published, report, revisions, rooms, units

ROOT = Path(__file__).resolve().parents[1]
MONTH, BEFORE, DECEMBER = "2025-12", "2025-11", "2024-12"
HIDDEN, SILENT = "19753", ("19774", "19789")  # a commune without a published figure; two that sent no list
SETTINGS = {"state": "preliminary", "lang": "vi", "first_month": DECEMBER, "threshold": 5}
pytestmark = pytest.mark.browser


def counts(month: str) -> pl.DataFrame:
    """Invent a month in which nearly all is published, and phones grow from month to month."""
    city = pl.when(pl.col("area_set") == "city").then(pl.lit(units.valid_from("city", month))).otherwise("valid_from")
    frame = test_annex.counts(MONTH).with_columns(pl.lit(month).alias("month"), city.alias("valid_from"))
    hidden = pl.col("code") == HIDDEN
    step = {DECEMBER: 3, BEFORE: 2, MONTH: 1}[month]
    of_phones = pl.col("measure").str.starts_with("handed_") | (pl.col("measure") == "covered")
    part = pl.when(of_phones).then(pl.col("denominator") // step).otherwise(pl.col("denominator") * 3 // 7)
    part = pl.when(of_phones).then(part).otherwise(pl.col("numerator").fill_null(part))
    return frame.with_columns(
        pl.when(hidden).then(None).otherwise(part).alias("numerator"),
        pl.lit(2).alias("communes_received"),
        pl.when(hidden).then(pl.lit("suppressed_primary")).otherwise(pl.lit("published")).alias("numerator_status"),
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Return a home with room 4 of three months, boundaries, and the reports of the city and a commune."""
    patch = pytest.MonkeyPatch()
    home = tmp_path_factory.mktemp("nhà")
    patch.setenv("INFOACCESS_HOME", str(home))
    geography.build()
    door = dict.fromkeys(("read", "dressing", "accepted", "folded", "refused", "warnings"), 3)
    quality = {"synthetic": True, "tables": {"households": door}, "files": 4, "files_refused": 0, "communes": 40}
    quality |= {"communes_without_list": list(SILENT), "handover_list_received": True, "problems": []}
    plans = {
        "targets": {"year": [2025], "target_id": ["programme_coverage"], "target_percent": [100.0]},
        "promises": {"month": ["2024-01"], "source": ["donated"], "phones": [7]},
        "budgets": {"year": [2025], "source": ["donated"], "planned_vnd": [9_000_000_000_000]},
    }
    for month in (DECEMBER, BEFORE, MONTH):
        folder = rooms.data(rooms.RELEASE, month)
        folder.mkdir(parents=True)
        counts(month).write_parquet(folder / "counts.parquet")
        for name, stated in plans.items():
            pl.DataFrame(stated).write_parquet(folder / f"{name}.parquet")
        (folder / "quality.json").write_text(json.dumps(quality), encoding="utf-8")
        (folder / "door.json").write_text(
            json.dumps({"threshold": 5, "numerators": {}, "attack": {}}), encoding="utf-8"
        )
    for month, codes in ((BEFORE, ["46"]), (MONTH, ["46", "20044"])):
        with rooms.replaced(rooms.reports(month)) as folder:
            publish(month, codes, folder)
    published.archive("vi")
    yield home / "reports"
    patch.undo()


def publish(month: str, codes: list[str], folder: Path) -> None:
    """Publish a month as the monthly run does, without kernels and papers."""
    numbers = {}
    for code in codes:
        r = report.open(month, code, since=DECEMBER)
        numbers[code] = figures.headline(r.release, code, r.w)
        page = html.page(export.blocks(shown(month, code)))
        (folder / f"{code}.html").write_text(page, encoding="utf-8", newline="\n")
    numbers = {c: [{k: n[k] for k in ("id", "label", "text", "value")} for n in one] for c, one in numbers.items()}
    door = {"files": [], "tables": {"households": {"accepted": 9}}, "communes_without_list": [], "synthetic": True}
    revisions.settle(month, folder, published.manifest(month, numbers, SETTINGS, door, "k"), dt.date(2026, 1, 5))
    changed.write(month, folder, "vi")
    page = published.month_index(month, numbers, {}, SETTINGS, door, slides=False)
    (folder / "index.html").write_text(page, encoding="utf-8", newline="\n")


def shown(month: str, code: str) -> nbformat.NotebookNode:
    """Run the report's notebook in this process and return it with what it displayed."""
    book = nbformat.read(ROOT / "notebooks" / "5_progress_report.ipynb", as_version=4)
    names, outputs = {}, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(IPython.display, "display", lambda *found: outputs.extend(found))
        for cell in book.cells:
            if cell.cell_type != "code":
                continue
            lines = ast.parse(cell.source)
            last = lines.body.pop() if isinstance(lines.body[-1], ast.Expr) else None
            exec(compile(lines, cell.id, "exec"), names)
            told = eval(compile(ast.Expression(last.value), cell.id, "eval"), names) if last else None
            outputs += [told] if told is not None else []
            if "parameters" in cell.metadata.get("tags", []):
                names |= {"month": month, "area": code, "first_month": DECEMBER}
            cell.outputs = [nbformat.v4.new_output("display_data", o._repr_mimebundle_()) for o in outputs]
            outputs.clear()
    return book


class Reader:
    """Click, and count the clicks of each question."""

    def __init__(self, page, reports: Path):
        self.page, self.reports, self.clicks, self.asked = page, reports, 0, []

    def ask(self, question: str) -> None:
        """Go back to the city's page and begin a question."""
        self.page.open(self.reports / MONTH / "46.html")
        self.page.wait("!!document.querySelector('.take')")
        self.clicks = 0
        self.asked.append(question)

    def click(self, selector: str, text: str = "") -> None:
        """Click the first visible element of a selector whose text begins so."""
        self.clicks += 1
        assert self.clicks <= 2, self.asked[-1]
        address = self.page.run("location.href")
        find = f"[...document.querySelectorAll({json.dumps(selector)})].find((e) => e.offsetParent !== null && "
        find += f"e.textContent.trim().startsWith({json.dumps(text)}))"
        assert self.page.run(f"!!{find}"), (selector, text)
        leaves = self.page.run(f"({find}).closest('a')?.href.split('#')[0] ?? ''")
        self.page.run(f"({find}).click()")
        if leaves and leaves != address.split("#")[0]:
            self.page.wait(f"location.href.startsWith({json.dumps(leaves)}) && document.readyState === 'complete'")

    def seen(self, selector: str) -> str:
        """Return the text of an element that a reader can see without a further click."""
        script = f"((e) => e && e.offsetParent !== null && e.innerText)(document.querySelector({json.dumps(selector)}))"
        found = self.page.run(script)
        assert found, (self.asked[-1], selector)
        return found.replace("\N{NO-BREAK SPACE}", " ")

    def row(self, table: str, name: str) -> dict[str, str]:
        """Return a row of a table by the labels of its columns."""
        heads = self.page.run(
            f"[...document.querySelectorAll('#{table} thead th[data-column]')]"
            ".sort((a, b) => a.dataset.column - b.dataset.column).map((th) => th.innerText.trim())"
        )
        find = f"[...document.querySelectorAll('#{table} tbody tr')]"
        find += f".find((tr) => tr.cells[0].innerText.trim().startsWith({json.dumps(name)}))"
        cells = self.page.run(f"[...({find}).cells].map((c) => c.innerText.trim())")
        assert len(heads) == len(cells)
        return {h: c.replace("\N{NO-BREAK SPACE}", " ") for h, c in zip(heads, cells, strict=True)}


def value(code: str, measure: str, month: str = MONTH, base: str = "household") -> tuple[int, int]:
    frame = pl.read_parquet(rooms.data(rooms.RELEASE, month) / "counts.parquet")
    here = (pl.col("code") == code) & (pl.col("measure") == measure) & (pl.col("group") == "all")
    row = frame.filter(here & (pl.col("base") == base)).row(0, named=True)
    return row["numerator"], row["denominator"]


def grouped(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def test_an_officials_questions_are_answered_in_two_clicks(home, tmp_path):
    names = units.on(MONTH).set_index("code")["name"]
    communes = [c for c in units.of("C_commune", MONTH)["code"] if c != HIDDEN]
    rate = {
        c: value(c, "deprived_any")[0] / value(c, "deprived_any")[1] for c in communes if value(c, "deprived_any")[1]
    }
    worst = sorted(rate, key=rate.get, reverse=True)[:3]
    with opened(tmp_path) as page:
        page.size(1440, 900)
        page.listen()
        reader = Reader(page, home)

        reader.ask("Which three communes are worst off?")
        lead = reader.seen(".answer:nth-child(3) .lead")
        assert all(names[c] in lead for c in worst)
        last = "document.querySelector('.answers')"
        assert page.run(f"{last}.getBoundingClientRect().bottom") <= 900  # all findings are on the first screen
        for _ in range(2):  # up, then down
            reader.click("#units .sort", "Ít nhất một chỉ số")
        rows = page.run(
            "[...document.querySelectorAll('#units tbody tr:not(.bold)')].map((r) => r.cells[0].innerText.trim())"
        )
        assert rows[:3] == [names[c] for c in worst] and rows[-1] == names[HIDDEN]

        reader.ask("How many phones by source this year?")
        reader.click(".toc a", "7.")
        now, then = (value("46", "handed_donated", m, "phone")[0] for m in (MONTH, DECEMBER))
        assert reader.row("sources_table", "Xã hội hóa")["Riêng năm 2025 (máy)"] == grouped(now - then)

        reader.ask("Is A Lưới improving?")
        chosen = """document.querySelector('[data-map="map"] [data-role="units"]')"""
        page.run(f"((s) => {{ s.value = '20044'; s.dispatchEvent(new Event('change')); }})({chosen})")
        reader.clicks += 1
        panel = reader.seen('[data-map="map"] .map-panel')
        assert names["20044"] in panel and page.run("!!document.querySelector('.map-panel .spark path')")
        reader.click(".map-panel summary")
        part, whole = value("20044", "deprived_any")
        assert f"{grouped(part)} / {grouped(whole)}" in reader.seen(".map-panel table")

        reader.ask("Which communes have sent no list?")
        reader.click(".toc a", "8.")
        assert all(names[c] in reader.seen("#quality .notes") for c in SILENT)

        reader.ask("How much money is left?")
        reader.click(".toc a", "7.")
        spent = value("46", "value_donated", MONTH, "vnd")[0] - value("46", "value_donated", DECEMBER, "vnd")[0]
        left = reader.row("funding", "Xã hội hóa")["Còn lại"]
        assert float(left.replace(".", "").replace(",", ".")) == pytest.approx(9e6 - spent / 1e6, abs=0.06)

        reader.ask("How far is it to the target?")
        reader.click(".toc a", "7.")
        target = reader.row("targets", "Hộ có nhu cầu được hỗ trợ điện thoại")
        part, whole = value("46", "covered")
        assert target["Mục tiêu"] == "100,0 %" and target["Thực hiện"] == f"{part / whole:.1%}".replace(
            ".", ","
        ).replace("%", " %")

        reader.ask("How many households still wait?")
        assert f"đã bàn giao {grouped(part)} điện thoại" in reader.seen(".answer:nth-child(2) .lead")

        reader.ask("What changed since last month, since the last revision?")
        assert reader.row("months", "Hộ trong danh sách")["12/2025"] == grouped(value("46", "listed")[0])
        reader.click(".bar-index")
        reader.click("a", "Có gì thay đổi")
        assert "tháng 11 năm 2025" in reader.seen("main") and "lần công bố đầu tiên" in reader.seen("main")

        reader.ask("Where is my unit's own page?")
        reader.click(".bar-index")
        reader.click(".unit h3 a", names["20044"])
        assert reader.seen("h1").endswith(names["20044"])

        reader.ask("Can I have the table?")
        reader.click("#units .take button", "Excel")
        name = f"{MONTH}_46_gia-lap_units.xlsx"
        assert arrived(tmp_path, name).read_bytes()[:2] == b"PK"

        reader.ask("How was it in another month?")
        reader.click(".bar-index")
        reader.click("a", "So sánh hai tháng bất kỳ")
        page.wait("!!document.querySelector('#result tbody tr')")
        assert reader.row("result", names["46"])["Đơn vị"] == names["46"]

        assert page.asked() == [] and page.complained() == []
    table = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    documented = table.split("## Where a reader finds the answer")[1].split("\n## ")[0]
    assert [line.split("|")[1].strip() for line in documented.splitlines() if line.startswith("| ")][1:] == reader.asked
    assert len(reader.asked) >= 10


@pytest.mark.parametrize("width", [1440, 390])
def test_a_chart_is_read_by_keys_pointer_and_finger(home, tmp_path, width):
    with opened(tmp_path) as page:
        page.size(width, 900)
        page.open(home / MONTH / "46.html")
        reader = "document.querySelector('#trend_deprivation .chart-reader')"
        says = f"{reader}.getAttribute('aria-valuetext')"
        page.run(f"{reader}.scrollIntoView({{ block: 'center' }}); {reader}.focus()")
        assert page.run(says).startswith("Tháng 12 năm 2025. ")
        page.press("ArrowLeft")
        assert page.run(says).startswith("Tháng 11 năm 2025. ")
        tip = "document.querySelector('#trend_deprivation .chart-tip')"
        assert page.run(f"!{tip}.hidden && {tip}.innerText").startswith("Tháng 11 năm 2025")
        page.press("Home")
        assert page.run(says).startswith("Tháng 12 năm 2024. ")
        assert page.run("document.querySelectorAll('.chart-marks line').length") == 1
        page.press("Escape")
        assert page.run(f"{tip}.hidden")
        box = page.run(f"JSON.stringify({reader}.getBoundingClientRect())")
        box = json.loads(box)
        at = {"x": box["x"] + box["width"] * 0.07, "y": box["y"] + box["height"] / 2}
        page.call("Input.dispatchMouseEvent", type="mouseMoved", **at)
        assert page.run(f"!{tip}.hidden && {tip}.innerText").startswith("Tháng 12 năm 2024")
        edges = f"[{tip}, {reader}].map((e) => e.getBoundingClientRect())"
        inside = f"(([t, c]) => t.left >= c.left - 1 && t.right <= c.right + 1)({edges})"
        assert page.run(inside)
        assert page.violations(axe()) == []
