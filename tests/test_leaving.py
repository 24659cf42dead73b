"""A hidden count in any output stops publication: planted in each kind of file, and behind each door of the program."""

import base64
import io
import json
import re
import shutil
import stat
import subprocess
import sys
import unicodedata
from collections import Counter
from pathlib import Path

import chromium
import nbformat
import openpyxl
import polars as pl
import pypdf
import pytest
import small_months
from openpyxl.comments import Comment

from infoaccess import (
    annex,
    changed,
    due,
    figures,
    geography,
    kept,
    leaving,
    linked,
    monthly,
    pdf,
    pipeline,
    published,
    report,
    report_tables,
    revisions,
    rooms,
    runner,
    stage_copies,
    store,
    strays,
    units,
)
from infoaccess.errors import ReportError, RoomError

MONTH, CODE, UNIT = "2025-03", "46", "481"
ROOT = Path(__file__).resolve().parents[1]
MADE = {"state": "preliminary", "since": MONTH, "lang": "vi"}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Make one month of few people, published by the monthly run's own function."""
    home = tmp_path_factory.mktemp("home")
    patch = pytest.MonkeyPatch()
    patch.setenv("INFOACCESS_HOME", str(home))
    patch.setenv("INFOACCESS_KEY_FILE", str(home / "key"))
    small_months.part(home)
    geography.build()
    small_months.sample(home, MONTH, MONTH, scale=0.03)
    with pytest.MonkeyPatch.context() as own:
        small_months.make(MONTH, own)
    copy = home / "4_release.ipynb"
    nbformat.write(stage_copy(), copy)
    settings = runner.settings() | {"first_month": MONTH}
    monthly._publish(MONTH, [CODE], 1, settings, [copy], due.now(settings), due.Occasion())
    strays.known.cache_clear()
    yield home
    patch.undo()


def stage_copy() -> nbformat.NotebookNode:
    """Return the executed copy of stage 4 as a kernel leaves it."""
    book = nbformat.read(rooms.notebooks() / "4_release.ipynb", as_version=4)
    book.metadata.papermill = {"parameters": {"month": MONTH, "since": MONTH, "threshold": 5}}
    cell = next(c for c in book.cells if c.id == "reading")
    table = eval(cell.source, {"pipeline": pipeline, "doors": stage_copies.doors("4", book)})
    cell.outputs = [nbformat.v4.new_output("execute_result", data=stage_copies.bundles(table)[0])]
    return book


@pytest.fixture
def folder(home, tmp_path) -> Path:
    """Return a copy of what the month published, to be spoilt."""
    shutil.copytree(home / "reports" / MONTH, tmp_path / "out")
    (tmp_path / "out" / "run" / published.SUMS).unlink()  # a month is sealed after it was compared
    return tmp_path / "out"


def secret() -> int:
    """Return a hidden count of the city: more than one household, so that it is not told by a page's number."""
    return max(v for v in strays.known(MONTH)[CODE] if v < 100)


def again(folder: Path, code: str, exporters: tuple) -> leaving.Told:
    """Compare one executed notebook of a folder and its documents with what room 4 alone gives, as a run does."""
    *papers, book = (folder / name for name in runner.files({"code": code}))
    told, documents, book = leaving.made_again(book, MONTH, CODE, exporters)
    return leaving.written(told, papers, documents, book, slides=exporters is leaving.SLIDES)


PARTS = {
    "report": lambda folder: again(folder, CODE, leaving.REPORT),
    "slides": lambda folder: again(folder, "presentation", leaving.SLIDES),
    "month": lambda folder: leaving.of_month(folder, MONTH, leaving.annexed(MONTH, MADE), [CODE]),
}


def refused(folder: Path, part: str, *told: str) -> None:
    with pytest.raises(ReportError, match="không từ phòng 4") as err:
        leaving.stop(MONTH, PARTS[part](folder))
    assert all(word in str(err.value) for word in told), str(err.value)


def test_what_was_published_holds_room_4_only(folder):
    found = leaving.stop(MONTH, *(part(folder) for part in PARTS.values()))
    assert found["differences"] == 0 and found["exhibits"] > 25
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["read_back"] == found


def test_hidden_counts_are_known_and_in_no_room_that_is_open(home):
    """The counts looked for are those of room 3 whose cell room 4 withholds; room 4 itself has no value of them."""
    hidden = strays.known(MONTH)
    assert sum(map(len, hidden.values())) > 100 and secret() > 4
    counts = pl.read_parquet(rooms.data(rooms.RELEASE, MONTH) / "counts.parquet")
    for part in ("numerator", "denominator"):
        assert (
            counts.filter(pl.col(f"{part}_status") != "published")[part].null_count()
            == counts.filter(pl.col(f"{part}_status") != "published").height
        )
    with rooms.released_only():
        for room in (rooms.RAW, rooms.VALIDATED, rooms.PLACED, rooms.INDICATORS, "internal", "noi_bo", "purged"):
            with pytest.raises(RoomError, match="chỉ được đọc"):
                rooms.data(room, MONTH)
        assert rooms.data(rooms.RELEASE, MONTH).is_dir()


# ---- planted in the files ------------------------------------------------------------------------------------------
def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    found = re.search(old, text, re.S)
    assert found, old
    path.write_text(text.replace(found[0], new.replace("\\0", found[0]), 1), encoding="utf-8", newline="\n")


PLACES = {  # place in the page -> what stands there, what is put there
    "cell": (r'suppressed"[^>]*>\(\*\)', 'suppressed">{n}'),
    "map": (r'"\*"', '"{n}"'),
    "sentence": (r"</p>", " Trong đó {n} hộ.\\0"),
    "attribute": (r"<section ", '\\0data-count="{n}" '),
    "comment": (r"</body>", "<!-- {n} -->\\0"),
    "script": (r"</body>", '<script type="application/json">[{n}]</script>\\0'),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_hidden_count_in_a_page_stops(folder, place):
    old, new = PLACES[place]
    path = folder / f"{CODE}.html"
    if place == "map":  # a figure of the map's data that is not there, told
        old = r'(?<=")[^"]*\(\*\)(?=")|(?<="cells":\{")'
        new = "{n}"
    spoil(path, old, new.format(n=secret()))
    refused(folder, "report", f"{CODE}.html")


def test_a_hidden_count_in_the_executed_notebook_stops(folder):
    path = folder / "run" / f"5_progress_report_{CODE}.ipynb"
    kept = path.read_text(encoding="utf-8")
    for key in ("application/vnd.infoaccess+json", "text/html", "text/plain"):
        book = nbformat.reads(kept, as_version=4)
        data = next(c for c in book.cells if c.id == "groups").outputs[0].data
        if key.startswith("application"):
            row = next(r for r in data[key].rows if "suppressed" in r.marks)
            row.sort[row.marks.index("suppressed")] = secret()  # a script would sort by it
        else:
            data[key] += f" {secret()}"
        nbformat.write(book, path)
        refused(folder, "report", "ô groups")


@pytest.mark.parametrize("name", ["presentation.pdf", "presentation_notes.pdf", f"{CODE}.pdf"])
def test_a_hidden_count_in_a_pdf_stops(folder, name):
    path = folder / name
    path.write_bytes(path.read_bytes() + f"% {secret()}\n".encode())
    refused(folder, "report" if name[0] == "4" else "slides", name)


@pytest.mark.parametrize("place", ["cell", "hidden sheet", "hidden row", "remark"])
def test_a_hidden_count_in_the_annex_stops(folder, place):
    path = folder / "annex.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[2]
    if place == "hidden sheet":
        book.create_sheet("x")["A1"] = secret()
        book["x"].sheet_state = "veryHidden"
    elif place == "hidden row":
        sheet.cell(999, 1, secret())
        sheet.row_dimensions[999].hidden = True
    elif place == "remark":
        sheet["A1"].comment = Comment(f"{secret()} hộ", "x")
    else:
        sheet.cell(20, 9, secret())
    book.save(path)
    assert bool(strays.workbook(path)) == (place != "cell")  # told by what it is, and as a difference
    if place == "cell":
        refused(folder, "month", "annex.xlsx")


@pytest.mark.parametrize("name", ["index.html", "changes.html", "manifest.json"])
def test_a_hidden_count_in_what_is_written_last_stops(folder, name):
    index, manifest = (folder / "index.html").read_text(encoding="utf-8"), revisions.read(folder)
    assert leaving.of_last(folder, MONTH, index, manifest, "vi").wrong == []
    if name == "manifest.json":
        spoil(folder / name, r'"value": [\d.]+', f'"value": {secret()}')
    else:
        spoil(folder / name, r"</main>|</body>", f"<p>{secret()} hộ</p>\\0")
    assert name in "".join(leaving.of_last(folder, MONTH, index, manifest, "vi").wrong)


def test_a_file_that_nobody_asked_for_stops(folder):
    (folder / "run" / "counts.csv").write_text(f"40107,{secret()}\n")
    refused(folder, "month", "tệp lạ run/counts.csv")


@pytest.mark.parametrize("shown", ["table", "print", "more"])
def test_a_stages_copy_that_shows_more_than_its_doors_stops(folder, shown):
    path = folder / "run" / "4_release.ipynb"
    assert stage_copies.wrong(path) == []
    book = nbformat.read(path, as_version=4)
    cell = next(c for c in book.cells if c.id == "reading")
    if shown == "table":
        cell.outputs[0].data["text/html"] = cell.outputs[0].data["text/html"].replace("</td>", f" {secret()}</td>", 1)
    elif shown == "print":
        cell.outputs.append(nbformat.v4.new_output("stream", text=f"{secret()}\n"))
    else:
        more = nbformat.v4.new_output("display_data", data={"text/plain": f"A Lưới {secret()}"})
        book.cells.append(nbformat.v4.new_code_cell("counts", outputs=[more], id="more"))
    nbformat.write(book, path)
    refused(folder, "month", "4_release.ipynb")


# ---- planted in the program: what makes the outputs opens another room ---------------------------------
def full(month: str) -> int:
    return store.eager(rooms.INDICATORS, month, "deprivation/counts")["numerator"].max()


def test_an_exhibit_that_opens_room_3_stops(folder, monkeypatch):
    real = report_tables.groups_table
    monkeypatch.setattr(report_tables, "groups_table", lambda r: full(r.release.month) and real(r))
    refused(folder, "report", "ô groups", "3_indicators")


@pytest.mark.parametrize("where", ["annex", "changes", "paper"])
def test_a_renderer_that_opens_room_3_stops(folder, monkeypatch, where):
    module, name = {"annex": (annex, "_cover"), "changes": (changed.html, "changes"), "paper": (pdf, "prepare")}[where]
    real = getattr(module, name)
    monkeypatch.setattr(module, name, lambda *given: full(MONTH) and real(*given))
    with pytest.raises(RoomError, match="3_indicators"):
        if where == "changes":
            leaving.of_last(folder, MONTH, "", {}, "vi")
        PARTS["month" if where == "annex" else "report"](folder)


def test_a_number_that_a_pdf_adds_to_its_notebook_is_read(folder, home, monkeypatch):
    """The renderer gives the same bytes twice; PDFium reads what they say."""
    real = pdf.prepare

    def adding(blocks):
        return real([*blocks, {"type": "markdown", "source": f"Trong đó {secret()} hộ, {secret()} hộ, 77.777 hộ."}])

    monkeypatch.setattr(pdf, "prepare", adding)
    book = nbformat.read(folder / "run" / f"5_progress_report_{CODE}.ipynb", as_version=4)
    (folder / f"{CODE}.pdf").write_bytes(leaving.export.PDFReport().from_notebook_node(book)[0])
    refused(folder, "report", f"{CODE}.pdf có số 77.777")


# ---- what a statistician adds --------------------------------------------------------------------------------------
def add(folder: Path, cell) -> None:
    path = folder / "run" / f"5_progress_report_{CODE}.ipynb"
    book = nbformat.read(path, as_version=4)
    book.cells.append(cell)
    nbformat.write(book, path)


def test_a_remark_that_tells_a_hidden_count_stops(folder):
    add(folder, nbformat.v4.new_markdown_cell(f"Chỉ còn {secret()} hộ chưa có máy.", id="note"))
    refused(folder, "report", "ô note", "bị che")


def test_remarks_without_hidden_counts_are_let_through(home):
    here = next(u for u in units.on(MONTH).itertuples() if u.code != CODE and strays.known(MONTH).get(u.code))
    value = max(strays.known(MONTH)[here.code] - strays.known(MONTH)[CODE] - {1, 2})
    assert strays.remark(f"Ở {here.name} còn {value} hộ.", MONTH, CODE) == [f"có số đếm bị che của đơn vị {here.code}"]
    for text in ("Theo Quyết định 2259/QĐ-TTg, điểm 3.", "Từ tháng 7 có 40 đơn vị.", f"Mục {secret()}", "Còn 0 hộ."):
        assert strays.remark(text, MONTH, CODE) == []


def test_a_cell_that_reads_another_room_by_its_path_is_found(folder):
    """A path written by hand goes round the rooms; the hidden count that it shows does not go out."""
    source = f"import polars as pl\nprint(pl.DataFrame({{'n': [{secret()}]}}))"
    shown = nbformat.v4.new_output("stream", text=f"n\n---\n {secret()}\n")
    add(folder, nbformat.v4.new_code_cell(source, outputs=[shown], id="own"))
    refused(folder, "report", "ô own", "bị che")


def test_a_cell_that_reads_another_room_by_the_suite_is_found(folder):
    source = "from infoaccess import store, rooms\nstore.eager(rooms.INDICATORS, month, 'deprivation/counts').height"
    add(folder, nbformat.v4.new_code_cell(source, id="own"))
    refused(folder, "report", "ô own", "3_indicators")


def test_a_cell_that_changes_a_module_stops_its_report_and_changes_no_other(folder):
    kept = figures.count_text
    source = "from infoaccess import figures\nfigures.count_text = lambda *_, **__: '7'"
    path = folder / "run" / f"5_progress_report_{CODE}.ipynb"
    book = nbformat.read(path, as_version=4)
    at = next(n for n, cell in enumerate(book.cells) if cell.id == "open")
    book.cells.insert(at + 1, nbformat.v4.new_code_cell(source, id="own"))
    nbformat.write(book, path)
    refused(folder, "report", "khác bản làm lại")
    assert figures.count_text is kept


def test_tables_of_a_users_own_may_have_an_index_of_small_numbers():
    table = "   ten\n0  A\n1  B\n2  C\n3  D\n4  E"
    assert strays.output(nbformat.v4.new_output("display_data", data={"text/plain": table}), MONTH, CODE) == []


def test_room_3_and_4_have_one_row_a_key(home):
    """What is hidden is found by its key: no key stands twice."""
    assert not linked.read(MONTH).select(strays.KEYS).is_duplicated().any()
    assert report.open(MONTH, CODE, since=MONTH).release.months == [MONTH]


# ---- the internal edition ------------------------------------------------------------------------------------------
def test_the_internal_edition_shows_what_is_hidden_and_only_where_the_rooms_are_open(home):
    public, full = (report.open(MONTH, CODE, since=MONTH, edition=e) for e in ("public", "internal"))
    assert report.open(MONTH, CODE, since=MONTH).release.edition == "public"  # the default
    hidden = [k for k, c in public.release.cells.items() if c.numerator is None]
    assert sum(full.release.cells[k].numerator is not None for k in hidden) > 100
    assert "NỘI BỘ" in report.title(full).data["banners"][0] and "NỘI BỘ" not in str(report.title(public).data)
    with rooms.released_only(), pytest.raises(RoomError, match="3_indicators"):
        report.open(MONTH, CODE, since=MONTH, edition="internal")
    assert rooms.internal_reports(MONTH).is_relative_to(home / "data")


@pytest.fixture(scope="module")
def inside(home) -> Path:
    """Make the internal edition of the city and a commune as an office does; nothing of reports/ moves."""
    before = tree(home / "reports")
    command = [sys.executable, str(ROOT / "scripts" / "run_month.py"), MONTH, "--edition", "internal", "--only", "5"]
    done = subprocess.run(
        [*command, "--area", CODE, UNIT, "--jobs", "1"], capture_output=True, check=False, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    assert tree(home / "reports") == before and len(before) > 8
    return home / "data" / "noi_bo" / MONTH


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_every_page_slide_and_sheet_of_the_internal_edition_is_marked(inside):
    pages = Counter()
    for path in inside.glob("*.pdf"):
        for page in pypdf.PdfReader(path).pages:
            assert "NỘI BỘ" in unicodedata.normalize("NFC", page.extract_text()), (path.name, page.page_number)
            pages[path.name] += 1
    assert pages.keys() == {f"{CODE}.pdf", f"{UNIT}.pdf", "presentation.pdf", "presentation_notes.pdf"}
    assert min(pages.values()) >= 3
    book = openpyxl.load_workbook(inside / "annex.xlsx")
    for sheet in book:
        head = "".join(str(cell.value) for row in sheet.iter_rows(max_row=4) for cell in row)
        assert "NỘI BỘ" in head + str(sheet.oddHeader.left.text), sheet.title
    for name in (f"{CODE}.html", f"{UNIT}.html", "index.html"):
        text = (inside / name).read_text(encoding="utf-8")
        title, body = (re.search(rf"<{tag}[^>]*>(.*?)</{tag}>", text, re.S)[1] for tag in ("title", "body"))
        assert "NỘI BỘ" in title and "NỘI BỘ" in re.sub("<script.*?</script>", "", body, flags=re.S), name
        assert re.search(r"@page[^}]*NỘI BỘ", text), name  # on every sheet that is printed


@pytest.mark.browser
def test_a_printed_page_of_the_internal_edition_is_marked_on_every_sheet(inside, tmp_path):
    with chromium.opened(tmp_path) as page:
        page.open(inside / f"{UNIT}.html")
        printed = base64.b64decode(page.call("Page.printToPDF", preferCSSPageSize=True)["data"])
    sheets = pypdf.PdfReader(io.BytesIO(printed)).pages
    assert len(sheets) >= 2
    told = ["".join(unicodedata.normalize("NFC", sheet.extract_text()).split()) for sheet in sheets]
    assert all(text.startswith("NỘIBỘ") for text in told)


def test_the_internal_edition_is_for_its_owner_alone_and_goes_with_the_lists(inside):
    if sys.platform != "win32":
        assert {stat.S_IMODE(p.stat().st_mode) for p in inside.rglob("*") if p.is_file()} == {0o600}
        assert stat.S_IMODE(inside.stat().st_mode) == 0o700
    assert (MONTH, inside) in list(kept.folders())  # what a purge of the month deletes
    assert not (inside / "manifest.json").exists()  # nothing that publishing or the archive would take up


@pytest.mark.parametrize("other", [["--due"], [MONTH, "--as-of", "2025-04-10"]])
def test_the_internal_edition_is_never_made_by_a_scheduled_run(home, other):
    command = [sys.executable, str(ROOT / "scripts" / "run_month.py"), *other, "--edition", "internal"]
    done = subprocess.run(command, capture_output=True, check=False, encoding="utf-8")
    assert done.returncode == 2 and "Bản nội bộ" in done.stderr
