"""One home for the tests of what leaks and what runs: every personal field marked, every text hostile; one whole month.

Hostile are the names of units, clusters and decisions in geo/, the names of files, sheets and unknown headings, notes
and outputs in the report's notebook. Workers of one test run share it: the first makes it, the others wait.
"""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import marked
import payloads
import workbooks as wb
from filelock import FileLock
from invented import HEADS, home, sheet

from infoaccess import sample_books

ROOT = Path(__file__).resolve().parents[1]
MONTH = marked.MONTH
AREAS = ("46", "20044")
FILES = (  # the rest of the names of files are the payloads themselves, see `names_of_files`
    "<img src=x onerror=alert(1)>",
    "=1+1",
    "-rf",
    "--plan",
    "{0.__class__}",
    "$(touch hacked)",
    "\u202excod",
    "a'b\"c&d;e",
)


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run a month as an office does."""
    environment = os.environ | {"INFOACCESS_HOME": str(home), "INFOACCESS_KEY_FILE": str(home / "person.key")}
    command = [sys.executable, str(ROOT / "scripts" / "run_month.py"), *arguments]
    return subprocess.run(
        command, cwd=home, env=environment, capture_output=True, text=True, check=False, encoding="utf-8"
    )


def made(factory) -> Path:
    """Return the home, made once for all workers of this test run."""
    base = factory.getbasetemp()
    base = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    home = base / "nhà thù địch"
    with FileLock(base / "nhà thù địch.lock"):
        if not (home / "said.json").exists():
            _make(home)
    return home


def _make(home: Path) -> None:
    raw = home / "data" / "0_raw"
    raw.mkdir(parents=True)
    _facts(home / "geo")
    script = [sys.executable, str(ROOT / "scripts" / "build_geo.py"), "--home", str(home)]
    subprocess.run(script, check=True, capture_output=True, cwd=home)
    sample_books.write(marked.residents(), raw)
    for name, data in (marked.lists() | _named()).items():
        (raw / MONTH / name).write_bytes(data)
    _notebooks(home / "notebooks")
    done = run(home, MONTH, "--area", *AREAS, "--jobs", "1")
    said = {"code": done.returncode, "out": done.stdout, "err": done.stderr}
    (home / "said.json").write_text(json.dumps(said), encoding="utf-8")


def unit_names() -> dict[str, str]:
    """Return a hostile name for each of the month's communes, by code."""
    with (ROOT / "geo" / "units.csv").open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["era"] == "C" and r["level"] == "commune"]
    rows.sort(key=lambda r: r["code"] not in AREAS)  # the commune with a report of its own has the first one
    # What is read back out of the PDF are words with digits and the whole title: these may not be broken by a line.
    texts = [t for t in payloads.ALL if not any(len(word) > 14 and re.search(r"\d", word) for word in t.split())]
    texts = ["<svg onload=hack()>", *(t for t in texts if t not in payloads.PATHS)]
    return {r["code"]: f"{r['name']} {text}" for r, text in zip(rows, texts, strict=False)}


def aliases() -> list[str]:
    """Return the texts that stand as former names of a unit, and as the decision that says so."""
    return [text for text in payloads.HTML + payloads.TYPST + payloads.SHEETS + payloads.FORMATS if text.isprintable()]


def notes() -> list[str]:
    """Return the texts in the report's remarks; marks of direction are left out, as Markdown reads past them."""
    return [text for text in payloads.ALL if text not in payloads.MARKS]


def names_of_files() -> list[str]:
    """Return the names of lists, without what no file system takes."""
    texts = [text.replace("/", "\u2215") for text in payloads.ALL if text.isprintable()]
    return [*FILES, *texts[:40]]


def entries() -> dict[str, set[str]]:
    """Return what goes in at each place where a text of others comes in."""
    return {
        "names": set(unit_names().values()),
        "notes": set(notes()),
        "aliases": set(aliases()),
        "parameters": set(payloads.ALL),  # one by one, in the tests
        "files": set(names_of_files()),
        "headings": set(payloads.ALL),
    }


def _facts(geo: Path) -> None:
    (geo / "area_sets").mkdir(parents=True)
    named = unit_names()
    for name in ("units", "lineage"):
        with (ROOT / "geo" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows if name == "units" else ():
            if row["era"] == "C" and row["code"] in named:
                row["name"] = named[row["code"]]
        _write(geo / f"{name}.csv", rows)
    communes = sorted(named)
    clusters = [
        {"area_set": "cum", "code": f"CUM{n % 4}", "name": payloads.ALL[n % 4], "member_code": code}
        for n, code in enumerate(communes)
    ]
    _write(geo / "area_sets" / "cum.csv", [c | {"member_valid_from": "2025-07-01"} for c in clusters])
    decision = {"district": "", "code": "20044", "valid_from": "2025-07-01", "decided_on": "2025-07-02"}
    decisions = [{"name": text, **decision, "decided_by": text} for text in aliases()]
    _write(geo / "aliases.csv", decisions)


def _write(path: Path, rows: list[dict]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _named() -> dict[str, bytes]:
    """Make lists with hostile names of files, sheets and headings; one of them is no workbook."""
    found = {}
    for n, name in enumerate(names_of_files()):
        rows = [home(900 + n, village=f"Thôn tệp {n}", remark=payloads.SHEETS[n % len(payloads.SHEETS)])]
        odd = [(f"odd{i}", text) for i, text in enumerate(payloads.ALL[n :: len(FILES)] if n < len(FILES) else ())]
        page, _ = sheet(rows, heads=[*HEADS, *odd], name=_sheet(payloads.ALL[n]))
        found[f"{name}.xlsx"] = wb.xlsx(page)
    return found | {"=<svg onload=alert(1)>.csv": b"\xff\xfe\x00"}


def _sheet(text: str) -> str:
    return "".join(c for c in text if c not in "[]:*?/\\'")[:31]


def _notebooks(folder: Path) -> None:
    shutil.copytree(ROOT / "notebooks", folder, ignore=shutil.ignore_patterns(".*"))
    path = folder / "5_progress_report.ipynb"
    book = json.loads(path.read_text(encoding="utf-8"))
    texts = notes()
    remarks = ["\n\n".join(texts), "\n".join(f"- {t}" for t in texts), "# " + texts[0], "> " + texts[1]]
    remarks += ["\n".join(f'[bấm]({t.replace(" ", "%20")}) ![ảnh]({t.replace(" ", "%20")} "{t[:9]}")' for t in texts)]
    remarks += [f"[chạy](javascript:{payloads.OWN}) ![tải](http://{payloads.EVIL}/n.png) <img src=x onerror=alert(1)>"]
    book["cells"] += [_cell("markdown", f"note-{'abcdefgh'[n]}", text) for n, text in enumerate(remarks)]
    script = f"<script>{payloads.OWN}</script>"
    shown = {"text/html": script, "application/javascript": payloads.OWN, "text/markdown": script, "text/latex": script}
    shown |= {"text/plain": script + " =1+1 #eval(1)", "image/svg+xml": f'<svg onload="{payloads.OWN}"/>'}
    book["cells"].append(_cell("code", "hostile-output", f"display({shown!r}, raw=True)\nprint({script!r})"))
    path.write_text(json.dumps(book, ensure_ascii=False), encoding="utf-8")


def _cell(kind: str, name: str, source: str) -> dict:
    extra = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "id": name, "metadata": {}, "source": source, **extra}
