"""explore.ipynb and the cookbook run from top to bottom on released months, warnings being errors; nothing is kept."""

import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest
from desk_home import made, set_home

ROOT = Path(__file__).resolve().parents[1]
BOOKS = sorted(p.stem for p in (ROOT / "notebooks").glob("ask_*.ipynb"))
STRICT = 'import warnings\n\nwarnings.filterwarnings("error")'
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return made(tmp_path_factory)


@pytest.mark.parametrize("name", ["explore", *BOOKS, "dual_standards"])
def test_runs_from_top_to_bottom_without_a_warning(name, home, tmp_path, monkeypatch):
    set_home(monkeypatch, home)
    book = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4)
    book.cells.insert(0, nbformat.v4.new_code_cell(STRICT))
    strict, target = tmp_path / "strict.ipynb", tmp_path / f"{name}.ipynb"
    nbformat.write(book, strict)
    given = {"month": "2025-07"} if "month: str" in strict.read_text("utf-8") else {}
    papermill.execute_notebook(strict, target, given, engine_name="infoaccess", progress_bar=False)
    outputs = [o for c in nbformat.read(target, 4).cells if c.cell_type == "code" for o in c.outputs]
    assert not [o for o in outputs if o.output_type == "error" or (o.output_type == "stream" and o.name == "stderr")]
    kinds = {kind for o in outputs if "data" in o for kind in o["data"]}
    assert "text/html" in kinds
    if name in ("explore", "ask_standing_out", "ask_lifting", "ask_reform"):
        assert WIDGET in kinds
    text = target.read_text(encoding="utf-8")
    assert "DỮ LIỆU GIẢ LẬP" in text or name in ("dual_standards",)


def test_explore_shows_a_map_a_series_and_a_table(home, tmp_path, monkeypatch):
    set_home(monkeypatch, home)
    from infoaccess import desk, panels

    opened = panels.Explorer("2025-07")
    before = list(opened.map.data[0].x)
    opened.measure.value = "household_smartphone"
    assert list(opened.map.data[0].x) != before and "điện thoại" in opened.map.layout.title.text
    opened.codes = ["19753", "19774"]
    opened._shown()
    assert {t.name for t in opened.chart.data} == {"Phường Phú Xuân", "Phường Kim Long"}
    hidden = desk.counts("2025-07", "household_smartphone")
    drawn = dict(zip([c[0] for c in opened.map.data[-1].customdata], opened.map.data[-1].text, strict=True))
    for row in hidden[hidden["status"] == "suppressed"].to_dict("records"):
        assert "được che" in drawn[row["code"]]
    opened.areas.value = "districts"  # there are none since July 2025
    assert "B_district" in opened.told.value or "A_district" in opened.told.value


def test_outputs_are_never_committed():
    books = [str(p) for p in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    command = [sys.executable, "-m", "nbstripout", "--verify", "--keep-id", *books]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
