"""Hostile texts through names of units, files, sheets, headings, notes, outputs and settings do nothing anywhere."""

import csv
import functools
import getpass
import io
import json
import re
import shutil
import socket
import subprocess
import tempfile
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import hostile_home
import nbformat
import openpyxl
import payloads
import pypdf
import pytest

from infoaccess import exhibits, export, failed_run, html, mail, released, report, rooms, runner
from infoaccess.errors import UsageError

MONTH = hostile_home.MONTH


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Return the home of which every text is hostile, its month made."""
    return hostile_home.made(tmp_path_factory)


@pytest.fixture
def rooms_of(home, monkeypatch):
    monkeypatch.setenv("INFOACCESS_HOME", str(home))


def pages(home: Path) -> dict[str, str]:
    """Return every page that a month leaves: reports, indexes, summaries for the office, the boundaries' report."""
    folders = ("reports/**", "data/1_validated/*", "data/journal", "geo/built")
    found = [path for folder in folders for path in home.glob(f"{folder}/*.html")]
    return {str(p.relative_to(home)): p.read_text(encoding="utf-8") for p in found}


def test_the_set_is_large_and_the_month_is_made(home):
    said = json.loads((home / "said.json").read_text(encoding="utf-8"))
    assert said["code"] == 0, said["err"]
    assert len(set(payloads.ALL)) >= 60
    named = hostile_home.unit_names()
    kinds = ("46", "20044", "index", "changes", "compare", "summary", "summary-2025-07")
    assert len(named) == 40 and {Path(name).stem for name in pages(home)} >= set(kinds)
    for area in hostile_home.AREAS:
        assert (home / "reports" / MONTH / f"{area}.pdf").exists()


def test_at_least_forty_texts_go_in_at_every_place(home, record_property):
    counts = {place: len(texts) for place, texts in hostile_home.entries().items()}
    print(counts)  # `pytest -rP` shows it
    record_property("payloads", json.dumps(counts))
    assert set(counts) == {"names", "notes", "aliases", "parameters", "files", "headings"}
    assert min(counts.values()) >= 40, counts
    door = json.loads((home / "data" / "1_validated" / MONTH / "door.json").read_text(encoding="utf-8"))
    listed = {unicodedata.normalize("NFC", f["name"]) for f in door["files"]}
    named = {unicodedata.normalize("NFC", f"{name}.xlsx") for name in hostile_home.names_of_files()}
    assert len(named) >= 40 and named <= listed


@functools.cache
def told() -> dict[str, str]:
    """Return the pages that tell of failed runs: one of every text, wherever a failure's page shows a text."""
    text = " ".join(payloads.ALL)
    fields = dict.fromkeys(("what", "reason", "notebook", "cell", "kept"), text)
    failure = failed_run.Failure(run="r", time="2025-08-01T06:00:00+07:00", code=1, steps=payloads.ALL, **fields)
    return {f"failed-{lang}": failed_run.page(failure, lang) for lang in ("vi", "en")}


def test_the_page_and_letter_of_a_failed_run_hold_only_texts(rooms_of):
    for name, page in told().items():
        found = seen(page)
        assert found.acts == [] and len(found.policies) == 1 and len(found.scripts) == 1, name  # the page's own
        assert "hacked" not in found.scripts[0]
        assert _squeezed(payloads.HTML[0]) in _squeezed("".join(_texts(page)))
    for text in payloads.ALL:
        made = mail.message(mail.Letter("failed", f"{text}\nBcc: x@evil.invalid", text), "a@b.vn", ("c@d.vn",))
        assert made.get_content_type() == "text/plain" and "Bcc" not in made and not made.is_multipart()


# ---- pages ---------------------------------------------------------------------------------------------------------
LOADS = ("src", "href", "action", "data", "poster", "xlink:href", "srcset", "formaction", "background")
FORBIDDEN = {"iframe", "object", "embed", "base", "form", "frame", "applet", "image", "animate", "set", "foreignobject"}


class _Seen(HTMLParser):
    """Collect the scripts of a page and whatever else could act."""

    def __init__(self):
        super().__init__()
        self.scripts, self.acts, self.links, self.policies, self.kind = [], [], [], [], None
        self.styles = 0

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.kind = (given.get("type") or "run") if tag == "script" else None
        if tag == "script" and "src" in given or tag in FORBIDDEN or any(name.startswith("on") for name in given):
            self.acts.append((tag, attrs))
        if tag == "meta" and given.get("http-equiv", "").lower() == "content-security-policy":
            self.policies.append(given["content"])
        elif tag == "meta" and "http-equiv" in given or tag == "link" and given != {"rel": "icon", "href": "data:,"}:
            self.acts.append((tag, attrs))
        self.styles += tag == "style"
        if tag == "a":
            self.links.append(given.get("href", ""))
        elif tag not in ("link", "use", "script"):
            self.acts += [(tag, name, given[name]) for name in LOADS if name in given]

    def handle_endtag(self, tag):
        self.kind = None

    def handle_data(self, data):
        if self.kind == "run":
            self.scripts.append(data)


def seen(page: str) -> _Seen:
    found = _Seen()
    found.feed(page)
    return found


def test_pages_hold_no_script_handler_or_address_but_their_own(home):
    for name, page in pages(home).items():
        found = seen(page)
        assert found.acts == [] and found.styles == 1, name
        folder = Path(html.__file__).parent / "templates"
        own = {
            (folder / f"{js}.js").read_text(encoding="utf-8") for js in ("page", "map", "chart", "downloads", "compare")
        }
        assert set(found.scripts) <= own, name
        for link in found.links:
            assert not re.match(r"(?i)[\s\x00-\x1f]*(javascript|data|vbscript)\s*:", link), (name, link)


def test_the_search_for_scripts_can_fail():
    for text in payloads.HTML[:26]:
        if not text.startswith(('" autofocus', "<!--")):  # these need what stands before them
            found = seen(f"<p>{text}</p>")
            assert found.acts or found.scripts or found.styles or "javascript:" in "".join(found.links), text


def test_every_page_has_a_policy_that_lets_nothing_in(home):
    for name, page in pages(home).items():
        (policy,) = seen(page).policies
        rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
        assert rules["default-src"] == "'none'", name
        assert page.index("Content-Security-Policy") < page.index("<style")
        assert "unsafe" not in rules.get("script-src", "") and not re.search(r"https?:|\*", policy), name
        if name.startswith("reports"):
            assert "unsafe" not in rules["style-src-elem"] and rules["base-uri"] == rules["form-action"] == "'none'"
            charts = name.removesuffix(".html").endswith(hostile_home.AREAS)
            assert ("unsafe" in rules["style-src-attr"]) == charts, name  # a map's slider has them


def test_names_come_back_as_they_are(home):
    """What is escaped is not lost: the page's maps and tables say each name letter by letter."""
    page = (home / "reports" / MONTH / "46.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'<script type="application/json" id="map-map">(.*?)</script>', page, re.S)[1])
    units = {code: unit[0] for layer in data["layers"] for code, unit in layer["units"].items()}
    texts = "".join(_texts(page)).split("\x00")
    for code, name in hostile_home.unit_names().items():
        assert units[code] == name
        assert name in texts, name


def _texts(page: str) -> Iterator[str]:
    found: list[str] = []
    parser = HTMLParser(convert_charrefs=True)
    parser.handle_data = found.append
    parser.handle_starttag = parser.handle_endtag = lambda *_: found.append("\x00")
    parser.feed(page)
    yield from found


FRAMES = """
<script>
addEventListener('load', () => setTimeout(() => {
  const told = {};
  for (const frame of document.querySelectorAll('iframe')) {
    const page = frame.contentDocument, own = page.documentElement;
    told[frame.name] = { hacked: frame.contentWindow.hacked || false,
      plots: page.querySelectorAll('.chart-reader').length, length: own.textContent.length, title: page.title.length };
  }
  const answer = document.createElement('template');
  answer.id = 'told';
  answer.content.append(JSON.stringify(told));
  document.body.append(answer);
}, 6000));
</script>"""


def browsed(folder: Path, found: dict[str, str]) -> tuple[dict, str]:
    """Open pages side by side in a browser; return what became of each, and the browser's log of the network."""
    browser = shutil.which("chromium")
    if not browser:
        pytest.skip("chromium is not on the PATH")
    frames = ""
    for at, (name, page) in enumerate(found.items()):
        (folder / f"{at}.html").write_text(page, encoding="utf-8")
        frames += f'<iframe name="{name}" src="{at}.html" width="1000" height="900"></iframe>'
    whole, log = folder / "whole.html", folder / "net.json"
    whole.write_text(f'<!doctype html><meta charset="utf-8"><body>{frames}{FRAMES}', encoding="utf-8")
    command = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--allow-file-access-from-files",
        "--no-first-run",
    ]
    command += ["--disable-background-networking", "--disable-component-update", f"--user-data-dir={folder / 'user'}"]
    command += [f"--log-net-log={log}", "--virtual-time-budget=20000", "--dump-dom", whole.as_uri()]
    done = subprocess.run(command, capture_output=True, timeout=180, check=True, encoding="utf-8")
    told = re.search(r'<template id="told">(.*?)</template>', done.stdout, re.S)
    assert told, "the pages were not looked at"
    return json.loads(told[1].replace("&amp;", "&")), log.read_text(encoding="utf-8", errors="replace")


@pytest.mark.browser
def test_nothing_runs_or_asks_in_a_browser_with_and_without_the_policy(home, rooms_of, tmp_path):
    """With the policy as it is; and without it, so that escaping alone has to hold; a page that runs one is found."""
    kept = pages(home)
    free = {
        f"{name} without": re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
        for name, page in kept.items()
        if not name.endswith("20044.html")  # the city's page has all that this one has, and this one takes seconds
    }
    planted = {"planted": f"<p>{payloads.HTML[2]}</p>"}
    failed = {f"{name} without": re.sub(r'<meta http-equiv="Content-[^>]*>', "", page) for name, page in told().items()}
    found, log = browsed(tmp_path, kept | free | failed | planted)
    assert found.pop("planted")["hacked"]
    assert {name: one["hacked"] for name, one in found.items()} == dict.fromkeys(found, False)
    assert all(one["length"] > 300 for one in found.values())
    assert found[f"reports/{MONTH}/46.html"]["plots"] >= 1  # the charts' script ran under the policy
    assert payloads.EVIL not in log


@pytest.mark.browser
def test_an_address_that_is_loaded_would_be_seen(tmp_path):
    _, log = browsed(tmp_path, {"planted": f'<p>{"a" * 400}<img src="http://{payloads.EVIL}/i.png"></p>'})
    assert payloads.EVIL in log


# ---- other outputs -------------------------------------------------------------------------------------------------
def test_pdfs_say_the_texts_and_do_nothing(home):
    for area in hostile_home.AREAS:
        content = (home / "reports" / MONTH / f"{area}.pdf").read_bytes()
        reader = pypdf.PdfReader(io.BytesIO(content))
        acts = ("/URI", "/JavaScript", "/JS", "/Launch", "/OpenAction", "/AA", "/EmbeddedFile", "/GoToR", "/SubmitForm")
        found = {key for number in range(1, reader.trailer["/Size"]) for key in _keys(reader, number)}
        assert "/Type" in found and not found & set(acts)
        text = _squeezed("".join(page.extract_text() for page in reader.pages))
        for one in payloads.HTML + payloads.TYPST + payloads.SHEETS:
            told = one.replace("`mã`", "mã").replace("*đậm* _nghiêng_", "đậm nghiêng") if "đậm" in one else one
            assert _squeezed(told)[:18] in text, one


def _keys(reader: pypdf.PdfReader, number: int) -> set[str]:
    held = reader.get_object(number)
    return set(held) | {str(v) for v in held.values() if isinstance(v, str)} if isinstance(held, dict) else set()


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFC", text))


def test_workbooks_hold_no_formula_link_or_macro(home):
    books = sorted(home.glob("data/1_validated/*/problems/*.xlsx"))
    assert books
    risky = 0
    for path in books:
        book = openpyxl.load_workbook(path)
        for cell in (cell for sheet in book for row in sheet.iter_rows() for cell in row):
            assert cell.data_type != "f" and cell.hyperlink is None, (path.name, cell.coordinate)
            risky += isinstance(cell.value, str) and cell.value.startswith(("=", "+", "-", "@"))
        assert {book.properties.creator, book.properties.lastModifiedBy} == {"Kiểm tra danh sách"}
    assert risky  # texts that would be formulas elsewhere are there, as texts


def test_csv_files_hold_no_formula(home):
    cells = [
        cell
        for path in (*home.glob("data/1_validated/*/*.csv"), *home.glob("data/2_placed/*/*.csv"))
        for row in csv.reader(path.open(encoding="utf-8-sig", newline=""))
        for cell in row
    ]
    assert any(cell.startswith("'=") for cell in cells) and any("--plan.xlsx" in cell for cell in cells)
    assert [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))] == []


def test_no_file_appears_anywhere_else(home):
    assert [p for p in home.rglob("*hacked*") if "0_raw" not in p.parts] == [] and not Path("/tmp/hacked").exists()
    here = {p.name for p in home.iterdir()}
    assert here <= {"data", "geo", "notebooks", "reports", "person.key", "said.json"}
    assert {p.name for p in (home / "reports" / MONTH).iterdir()} == {
        "46.html",
        "46.pdf",
        "20044.html",
        "20044.pdf",
        "index.html",
        "manifest.json",
        "annex.xlsx",
        "changes.html",
        "presentation.pdf",
        "presentation_notes.pdf",
        "run",
    }


def test_outputs_do_not_tell_of_the_machine(home):
    """No path, user or host: in pages, PDFs (packed streams too), notebooks, manifest; the planted one is found."""
    from marked import readings

    told = [str(home), str(hostile_home.ROOT), f"{tempfile.gettempdir()}/infoaccess-", f"{Path.home()}/"]
    told += [name for name in (socket.gethostname(), getpass.getuser()) if len(name) > 5]  # short ones are words
    told = [name.encode() for name in told]

    def tells(name: str, data: bytes) -> list[bytes]:
        return [one for _, part in readings(name, data) for one in told if one in part]

    assert tells("x.html", f"<p>{home}/data</p>".encode())
    for path in (p for p in (home / "reports").rglob("*") if p.is_file()):
        assert tells(path.name, path.read_bytes()) == [], path
    for name, page in pages(home).items():
        assert tells(name, page.encode()) == [], name


def test_executed_notebooks_keep_times_and_lose_paths_and_chance(home):
    for path in (home / "reports" / MONTH / "run").glob("*.ipynb"):
        book = nbformat.read(path, as_version=4)
        about = book.metadata.papermill
        assert about.input_path == about.input_path.rsplit("/", 1)[-1] and about.input_path.endswith(".ipynb")
        assert "/" not in about.output_path and about.start_time < about.end_time
        ids = [cell.id for cell in book.cells]
        assert "injected-parameters" in ids and all(re.fullmatch(r"[a-z][a-z-]*", i) for i in ids), path.name
        assert not [o for c in book.cells for o in c.get("outputs", []) if o.get("name") == "stderr"]


def test_the_same_notebook_gives_the_same_bytes(home, rooms_of):
    folder = home / "reports" / MONTH
    for area in hostile_home.AREAS:
        book = nbformat.read(folder / "run" / f"5_progress_report_{area}.ipynb", as_version=4)
        assert export.HTMLReport().from_notebook_node(book)[0] == (folder / f"{area}.html").read_text(encoding="utf-8")
        assert export.PDFReport().from_notebook_node(book)[0] == (folder / f"{area}.pdf").read_bytes()


# ---- parameters and notebook outputs -------------------------------------------------------------------------------
@pytest.mark.parametrize("text", payloads.ALL)
def test_settings_are_refused_in_one_sentence(rooms_of, text):
    tries = (
        functools.partial(rooms.month_name, text),
        functools.partial(released.area, MONTH, text),
        functools.partial(report.open, MONTH, "46", state=text),
        functools.partial(report.open, MONTH, "46", lang=text),
        functools.partial(runner.stages, text),
    )
    for one in tries:
        with pytest.raises(UsageError):
            one()
    with pytest.raises(UsageError, match="không có tham số"):
        runner.check_parameters(rooms.notebooks() / "5_progress_report.ipynb", {text: 1})


@pytest.mark.parametrize("text", payloads.ALL)
def test_any_exhibit_takes_any_text(text):
    """Every field of every kind of exhibit, the page around it, and the indexes."""
    column = {"label": text, "align": "left", "group": text}
    row = {"cells": [text], "sort": [text], "marks": [None], "bold": False}
    number = {"id": "n", "label": text, "text": text, "value": 1.0, "detail": text}
    number["changes"] = [{"label": text, "text": text, "direction": "up", "good": False, "since": "month"}]
    number["months"] = [1.0, 2.0, 3.0]
    listed = f"{text}: {text}; {text}"  # shown line by line
    asked = {"id": "q", "ask": text, "sentences": [text, listed], "numbers": ["n"]}
    title = dict.fromkeys(("page_title", "area_name", "period", "state", "parent_body", "issuing_body"), text)
    title |= {"kind": "title", "id": "title", "lang": "vi", "month": "2025-07", "area": "46"}
    title |= {"doc_type": text, "subject": text, "banners": [text]}
    shown = [
        exhibits.Exhibit(title),
        exhibits.key_figures("k", text, [number], {"questions": [asked], "caution": [text]}, [text]),
        exhibits.table("t", text, text, [column], [row], [text]),
        exhibits.text("x", text, [text], [text]),
    ]
    blocks = []
    for one in shown:
        bundle = one._repr_mimebundle_()
        blocks.append({"type": "exhibit", "exhibit": bundle[exhibits.MIME], "html": bundle["text/html"], "svg": None})
    table = f"|A|\n|---|\n|{text.replace('|', ' ')}|" if "\n" not in text else text
    blocks += [{"type": "markdown", "source": one} for one in (text, f"# {text}", f"> {text}", f"[x]({text})", table)]
    blocks.append({"type": "plain", "text": text})
    report_ = {
        "name": text,
        "code": text,
        "html": "46.html",
        "pdf": "46.pdf",
        "numbers": [{"label": text, "text": text}],
    }
    info = dict.fromkeys(("title", "period", "state", "month"), text) | {"lang": "vi", "banners": [text], "links": []}
    info |= {"groups": [{"heading": text, "reports": [report_]}], "generated_from": [text]}
    info |= {"missing": [{"code": text, "name": text, "reason": text}]}
    for page in (html.page(blocks), html.month_index(info)):
        found = seen(page)
        assert found.acts == [] and all("hacked" not in script for script in found.scripts)
        assert text.split("\n")[0] in "".join(_texts(page)) or not text.isprintable()


def test_an_index_refuses_a_link_that_leaves_the_folder():
    for href in ("javascript:alert(1)", "http://evil.invalid/", "/etc/passwd", "\\\\host\\share"):
        with pytest.raises(ValueError, match="relative"):
            html.archive_index({"lang": "vi", "title": "x", "months": [{"month": "2025-07", "href": href}]})
