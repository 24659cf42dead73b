"""The docs build as a site without a warning or a broken link, ask nobody outside; what they tell to type is there."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from desk_home import made, set_home

from infoaccess import units

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


class Links(HTMLParser):
    """Collect what a page points to and what it can be pointed at."""

    def __init__(self, text: str):
        super().__init__()
        self.to, self.ids, self.loads = [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids.add(given.get("id"))
        if tag == "a" and "href" in given:
            self.to.append(given["href"])
        self.loads += [given[k] for k in ("src", "href") if k in given and tag != "a"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(target)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and "WARNING" not in done.stderr, done.stderr
    return target


def test_the_site_has_every_page_no_broken_link_and_asks_nobody(site):
    pages = {p.name: Links(p.read_text(encoding="utf-8")) for p in site.glob("*.html")}
    assert {p.stem for p in (ROOT / "docs").glob("*.md")} | {"geo"} == {Path(n).stem for n in pages}
    for name, page in pages.items():
        for link in page.loads:
            assert not urlsplit(link).scheme and (site / link).exists(), (name, link)
        for link in page.to:
            parts = urlsplit(link)
            assert not parts.scheme, (name, link)
            target = unquote(parts.path) or name
            assert (site / target).exists(), (name, link)
            if parts.fragment and target.endswith(".html"):
                assert unquote(parts.fragment) in pages[target].ids, (name, link)


def test_links_of_the_readme_lead_somewhere():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"\]\(([^)#]+)\)", text)
    assert found
    for link in found:
        assert (ROOT / link).exists(), link


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_every_command_of_the_docs_is_there_with_its_options(page):
    text = page.read_text(encoding="utf-8")
    for name, rest in re.findall(r"(?:python3?|py) scripts[/\\](\w+\.py)([^\n`|#]*)", text):
        script = ROOT / "scripts" / name
        assert script.exists(), name
        known = script.read_text(encoding="utf-8")
        for option in re.findall(r"--[a-z][a-z-]*", rest):
            assert f'"{option}"' in known, (name, option)
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M)
    told = re.findall(r"`make ([a-z]+)`", text) + re.findall(r"^ {4}make ([a-z]+)", text, flags=re.M)
    assert set(told) <= set(targets)


def test_examples_of_the_docs_run(tmp_path_factory, monkeypatch):
    set_home(monkeypatch, made(tmp_path_factory))
    ran = 0
    for page in ("README.md", "docs/desk.md", "docs/units_and_eras.md", "docs/newcomer.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        for block in re.findall(r"```python\n(.*?)```", text, flags=re.S):
            exec(compile(block, page, "exec"), {})
            ran += 1
    assert ran >= 3


def test_what_the_docs_say_of_the_eras_is_so():
    text = (ROOT / "docs" / "units_and_eras.md").read_text(encoding="utf-8")
    for era, row in re.findall(r"^\| ([ABC]) \|.*?\| ([^|]+) \|$", text, flags=re.M):
        numbers = [int(n) for n in re.findall(r"(\d+) (?:huyện|quận|xã)", row)]
        held = [len(units.leaves(s)) for s in units.LEVELS[era][1:]]
        assert numbers == held, era
