"""One small month from raw lists to reports, in a temporary home and a foreign folder, against an independent count."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pypdf
import pytest
import python_calamine
import small_months

from infoaccess import page_parts, published

ROOT = Path(__file__).resolve().parents[1]
MONTH = "2025-07"


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"INFOACCESS_HOME": str(home), "INFOACCESS_KEY_FILE": str(home / "person.key")}
    command = [sys.executable, str(ROOT / "scripts" / "run_month.py"), *arguments]
    return subprocess.run(
        command, cwd=home, env=environment, capture_output=True, text=True, check=False, encoding="utf-8"
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Return a home with boundaries, two months of lists over two eras, reports of the city and of A Lưới 2."""
    home = tmp_path_factory.mktemp("nhà của tôi")
    small_months.part(home)
    for script, extra in (
        ("build_geo", []),
        ("make_sample", ["--scale", "0.3", "--first", "2025-06", "--last", MONTH]),
    ):
        command = [sys.executable, str(ROOT / "scripts" / f"{script}.py"), "--home", str(home), *extra]
        subprocess.run(command, check=True, capture_output=True, cwd=home)
    done = run(home, MONTH, "--area", "46", "20044", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    return home


def oracle(home: Path) -> dict[str, tuple[int, int]]:
    """Count the city's lists again with pandas alone, straight from the cells: no code of the suite."""
    frames = []
    for path in sorted((home / "data" / "0_raw" / MONTH).glob("danh_sach_ho_*.xlsx")):
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        cells = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
        heads, upper = [], ""
        for a, b in zip(cells[5], cells[6], strict=True):
            upper = str(a) or upper
            heads.append(str(b) or upper)
        frame = pd.DataFrame(cells[8:], columns=heads)
        frame.columns = [re.sub(r"^CS(\d+)$", r"\1", h) for h in frame.columns]
        code = "Mã hộ"
        frames.append(frame[frame[code].astype(str).str.fullmatch(r"\d+")])
    columns = {"11": "11", "12": "12"}
    ticks = {name: pd.concat([f[c].eq("x") for f in frames]) for name, c in columns.items()}
    phones = pd.concat([f[next(c for c in f if c in ("Đã có ĐTTM", "Có ĐTTM"))].eq("x") for f in frames])
    adults = pd.concat(
        [f[next(c for c in f if c.casefold().endswith(("từ 15 tuổi", "15 tuổi trở lên")))] for f in frames]
    )
    users = pd.concat([f[next(c for c in f if "15 tuổi" in c and "dụng" in c or "tuổi dùng" in c)] for f in frames])
    total = len(phones)
    return {
        "listed.households": (total, 1),
        "deprived_any.rate": (int((ticks["11"] | ticks["12"]).sum()), total),
        "deprived_internet.rate": (int(ticks["11"].sum()), total),
        "deprived_device.rate": (int(ticks["12"].sum()), total),
        "household_smartphone.rate": (int(phones.sum()), total),
        "adult_smartphone.rate": (int(users.sum()), int(adults.sum())),
    }


def test_headline_numbers_equal_an_independent_count_in_html_manifest_and_pdf(home):
    folder = home / "reports" / MONTH
    page = page_parts.read((folder / "46.html").read_text(encoding="utf-8"))
    shown = {key: value for key, (value, _) in page.numbers.items()}
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    kept = {n["id"]: n for n in manifest["reports"]["46"]}
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(folder / "46.pdf").pages).replace("\xa0", " ")
    for name, (upper, lower) in oracle(home).items():
        assert shown[name] == pytest.approx(upper / lower), name
        assert kept[name]["value"] == pytest.approx(upper / lower), name
        assert kept[name]["text"].replace("\xa0", " ") in text, name


def test_month_holds_reports_index_manifest_and_executed_notebooks(home):
    folder = home / "reports" / MONTH
    names = {p.name for p in folder.iterdir()}
    made = {"46.html", "46.pdf", "20044.html", "20044.pdf", "index.html", "changes.html", "annex.xlsx", "manifest.json"}
    assert names == made | {"presentation.pdf", "presentation_notes.pdf", "run"}
    assert {"1_validate_lists.ipynb", "4_release.ipynb", "5_progress_report_46.ipynb"} <= {
        p.name for p in (folder / "run").iterdir()
    }
    assert (home / "reports" / "index.html").exists()
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert len(manifest["inputs"]) == len(list((home / "data" / "0_raw" / MONTH).glob("*.xlsx")))
    assert all(len(f["sha256"]) == 64 for f in manifest["inputs"])
    assert manifest["disclosure"]["attack"]["exposed"] == 0 and manifest["disclosure"]["threshold"] == 5


def test_synthetic_data_is_named_on_page_index_and_pdf(home):
    folder = home / "reports" / MONTH
    for name in ("46.html", "index.html"):
        assert "DỮ LIỆU GIẢ LẬP" in (folder / name).read_text(encoding="utf-8")
    for page in pypdf.PdfReader(folder / "46.pdf").pages:
        assert "DỮ LIỆU GIẢ LẬP" in page.extract_text()


def test_no_name_of_a_person_reaches_rooms_or_reports(home):
    book = python_calamine.CalamineWorkbook.from_path(str(home / "data/0_raw" / MONTH / "danh_sach_ho_20044.xlsx"))
    cells = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    heads = [str(c) for c in cells[5]]
    at = next(i for i, h in enumerate(heads) if h in ("Chủ hộ", "Họ và tên chủ hộ"))
    names = {str(r[at]) for r in cells[8:] if str(r[heads.index("Mã hộ")]).isdigit()}
    assert len(names) > 3
    written = [p for p in home.rglob("*") if p.is_file() and "0_raw" not in p.parts]
    for path in written:
        content = path.read_bytes()
        assert not any(name.encode("utf-8") in content for name in names), path


def test_same_month_twice_gives_the_same_counts_and_pdf_bytes(home):
    before = {p: p.read_bytes() for p in (home / "reports" / MONTH).glob("*.pdf")}
    counts = (home / "data" / "4_release" / MONTH / "counts.parquet").read_bytes()
    done = run(home, MONTH, "--area", "46", "20044", "--jobs", "1")  # nor does it matter how many work at a time
    assert done.returncode == 0, done.stderr
    assert {p: p.read_bytes() for p in before} == before
    assert (home / "data" / "4_release" / MONTH / "counts.parquet").read_bytes() == counts


@pytest.mark.parametrize("exporter, head", [("infoaccess-html", b"<!doctype html>"), ("infoaccess-pdf", b"%PDF")])
def test_nbconvert_knows_both_exporters(home, tmp_path, exporter, head):
    source = home / "reports" / MONTH / "run" / "5_progress_report_46.ipynb"
    command = [sys.executable, "-m", "nbconvert", "--to", exporter, str(source), "--output-dir", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    (made,) = tmp_path.iterdir()
    assert made.read_bytes().lower().startswith(head.lower())


@pytest.mark.browser
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium on the PATH (.ci/run installs it)")
def test_page_opens_from_disk_draws_chart_and_map_and_asks_for_nothing(home, tmp_path):
    page, log = home / "reports" / MONTH / "46.html", tmp_path / "net.json"
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    command += [
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        f"--user-data-dir={tmp_path / 'user'}",
    ]
    command += ["--virtual-time-budget=20000", f"--log-net-log={log}", "--dump-dom", page.as_uri()]
    dom = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120, check=True).stdout
    assert dom.count('class="chart-reader"') >= 2  # the charts can be read
    assert 'data-map="map"' in dom and dom.count("<path") > 40
    asked = set(re.findall(r"https?://[^\"\\\\ ]+", log.read_text(encoding="utf-8")))
    own = {u for u in asked if not re.match(r"https?://([\w-]+\.)*(google|googleapis|gstatic|gvt1|chromium)\.", u)}
    assert own == set()  # the browser's own calls apart, nothing was asked for


@pytest.mark.parametrize(
    "arguments, code, says",
    [
        (["2025-13"], 2, "tháng từ 01 đến 12"),
        (["2026-11"], 4, "Chưa có danh sách"),
        ([MONTH, "--area", "481"], 2, "Huyện A Lưới ở thời kỳ khác"),
        ([MONTH, "--only", "9"], 2, "Không có bước"),
    ],
)
def test_wrong_arguments_end_with_one_sentence(home, arguments, code, says):
    before = {p.name for p in (home / "reports").iterdir()}
    done = run(home, *arguments)
    assert done.returncode == code
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    # a month that cannot be made is told on a page of its own; a wrong word in a command is not
    assert {p.name for p in (home / "reports").iterdir()} - {"failed.html"} == before - {"failed.html"}


def test_a_bad_workbook_is_left_out_and_the_month_says_so(home, tmp_path):
    own = tmp_path / "home"
    shutil.copytree(home, own)
    bad = own / "data" / "0_raw" / MONTH / "danh_sach_ho_20044.xlsx"
    bad.write_text("không phải Excel", encoding="utf-8")
    done = run(own, MONTH, "--area", "46", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    assert "THÁNG CHƯA ĐỦ: 1 tệp không dùng được (danh_sach_ho_20044.xlsx); 1/10 xã" in done.stdout
    folder = own / "reports" / MONTH
    assert "1 tệp không dùng được" in (folder / "index.html").read_text(encoding="utf-8")
    assert "1 tệp không dùng được" in (folder / "46.html").read_text(encoding="utf-8")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert [f["name"] for f in manifest["inputs"] if f["state"] == "refused"] == [bad.name]
    summary = (own / "data" / "1_validated" / MONTH / "summary.html").read_text(encoding="utf-8")
    assert bad.name in summary and "Xã A Lưới 2" in summary


def test_without_any_usable_list_the_run_stops_and_leaves_the_reports(home, tmp_path):
    own = tmp_path / "home"
    shutil.copytree(home, own)
    for path in (own / "data" / "0_raw" / MONTH).glob("danh_sach_ho_*.xlsx"):
        path.write_text("không phải Excel", encoding="utf-8")
    before = {p: p.read_bytes() for p in (own / "reports").rglob("*") if p.is_file()}
    done = run(own, MONTH, "--area", "46")
    assert done.returncode == 3
    assert "danh_sach_ho_19753.xlsx" in done.stderr and "Traceback" not in done.stderr
    after = {p: p.read_bytes() for p in (own / "reports").rglob("*") if p.is_file() and p.name != "failed.html"}
    assert after == {p: content for p, content in before.items() if p.name != "failed.html"}


BROKEN = """
if area == "20044":
    raise ValueError("Nguyễn Thị Bí Mật")
if area == "19753":
    from infoaccess import figures
    figures.count_text = lambda *_, **__: "7"
"""


def test_units_whose_report_stops_or_differs_are_left_out_and_named(home, tmp_path):
    """The others are published, the index says why, the exit code tells; mended, it is made."""
    own = tmp_path / "home"
    shutil.copytree(home, own)
    shutil.copytree(ROOT / "notebooks", own / "notebooks")
    path = own / "notebooks" / "5_progress_report.ipynb"
    sound = path.read_text(encoding="utf-8")
    book = nbformat.reads(sound, as_version=4)
    at = next(n for n, cell in enumerate(book.cells) if cell.id == "open")
    book.cells.insert(at + 1, nbformat.v4.new_code_cell(BROKEN, id="broken"))
    nbformat.write(book, path)
    done = run(own, MONTH, "--only", "5", "--area", "46", "19753", "20044", "--jobs", "1")
    assert done.returncode == 7, done.stderr
    assert "thiếu 2 tài liệu" in done.stderr, done.stderr
    assert "Bí Mật" not in done.stderr + done.stdout
    folder = own / "reports" / MONTH
    assert (folder / "46.pdf").exists() and not list(folder.rglob("*20044*")) and not list(folder.rglob("*19753*"))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["failed"] == {"19753": "differs", "20044": "cell"} and set(manifest["reports"]) == {"46"}
    index = (folder / "index.html").read_text(encoding="utf-8")
    assert "một bước tính của báo cáo dừng vì lỗi" in index and "khác số đã duyệt nên không phát hành" in index
    assert published.damaged(folder) == []
    path.write_text(sound, encoding="utf-8")
    done = run(own, MONTH, "--only", "5", "--area", "20044")
    assert done.returncode == 0, done.stderr
    assert (folder / "20044.pdf").exists() and published.damaged(folder) == []
