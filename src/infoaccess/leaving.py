"""Make a month's outputs a second time with all rooms but room 4 shut: what left the house must be the same.

The argument, once. What is made while rooms 0 to 3 are shut can hold nothing that room 4 hides. So every exhibit of an
executed notebook, every page, PDF, slide, note, workbook, index, number of the manifest is made again in that state and
compared, byte for byte, with what lies in the folder. A figure from another room, a file that nobody asked for, a
sheet that was slipped in: each is a difference, and a difference stops publication. What a statistician's own cell
shows is nobody's exhibit; there, and in remarks, the hidden counts themselves are looked for (`strays`), and in the
text of the PDFs as PDFium reads it (`printed`). Executed notebooks of the stages may show door tables only (`doors`).
"""

import ast
import io
import json
import pickle
import subprocess
import sys
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import IPython.display
import nbformat
from nbformat import NotebookNode

from infoaccess import annex, changed, exhibits, export, leash, rooms, runner, stage_copies, strays
from infoaccess.errors import InfoAccessError, ReportError, RoomError

MIME = exhibits.MIME
REPORT = (export.HTMLReport, export.PDFReport)
NOTEBOOKS = ("5_progress_report", "6_presentation")
SLIDES = (export.Slides, export.SlideNotes)
SHOWN = 3  # differences told in the error


@dataclass
class Told:
    """Count what was compared: files, exhibits; and keep what differed."""

    files: int = 0
    exhibits: int = 0
    wrong: list[str] = field(default_factory=list)

    def same(self, name: str, found: object, wanted: object) -> None:
        """Count one file, and note it where it is not what it must be."""
        self.files += 1
        if found != wanted:
            self.wrong.append(f"{name} khác bản làm lại từ phòng 4")


def made_again(path: Path, month: str, code: str, exporters: tuple) -> tuple[Told, list, NotebookNode]:
    """Make an executed notebook again with the rooms shut: what differed, its documents made so, and the notebook.

    These documents are what is published. A notebook with cells that this suite did not bring is made again in a
    process of its own: such a cell may change modules, and with them other reports of this process.
    Raises ReportError where that process does not end well.
    """
    book = nbformat.read(path, as_version=4)
    ours = _sources(next(n for n in NOTEBOOKS if path.name.startswith(n)))
    cells = [c for c in book.cells if c.cell_type == "code"]
    brought = all(c.source in ours or "injected-parameters" in c.metadata.get("tags", []) for c in cells)
    return (_made_again if brought else _apart)(path.name, book, month, code, exporters)


@cache
def _sources(notebook: str) -> set[str]:
    """Return what stands in the cells of a notebook as this suite brings it."""
    return {c.source for c in nbformat.read(rooms.CHECKOUT / "notebooks" / f"{notebook}.ipynb", as_version=4).cells}


def _apart(*asked: object) -> tuple[Told, list, NotebookNode]:
    command = [sys.executable, "-c", "from infoaccess import leaving; leaving.answer()"]
    done = subprocess.run(command, input=pickle.dumps(asked), capture_output=True, check=False)
    with suppress(pickle.UnpicklingError, EOFError):  # a cell may write to the stream itself
        if not done.returncode:
            return pickle.loads(done.stdout)
    raise ReportError(f"{asked[0]} không làm lại được. Hãy bỏ các ô tự thêm trong sổ tay rồi chạy lại.")


def answer() -> None:
    """Answer `_apart`: what is asked for comes and goes through the standard streams."""
    leash.bind()
    asked = pickle.load(sys.stdin.buffer)
    with redirect_stdout(sys.stderr):
        made = _made_again(*asked)
    sys.stdout.buffer.write(pickle.dumps(made))


def _made_again(name: str, book: NotebookNode, month: str, code: str, exporters: tuple):
    told = Told()
    _again(name, book, month, code, told)
    with rooms.released_only():
        return told, [exporter().from_notebook_node(book)[0] for exporter in exporters], book


def written(told: Told, paths: list[Path], documents: list, book: NotebookNode, slides: bool = False) -> Told:
    """Compare files with what they must be, and look for hidden counts in the text of the PDFs among them.

    Of `slides` (a deck and its notes) the notes show each text twice.
    """
    for path, document in zip(paths, documents, strict=True):
        told.same(path.name, path.read_bytes(), document.encode() if isinstance(document, str) else document)
    papers = [path for path in paths if path.suffix == ".pdf"]
    for times, path in enumerate(papers, 1):
        told.wrong += strays.printed(path, export.blocks(book), told.exhibits if slides else 0, times)
    return told


def _again(name: str, book: NotebookNode, month: str, code: str, told: Told) -> None:
    """Run an executed notebook's cells again with the rooms shut; compare, and leave in it what was made now."""
    told.files += 1
    names: dict = {}
    for cell in book.cells:
        if cell.cell_type == "markdown":
            told.wrong += [f"{name}, ô {cell.id}: {w}" for w in strays.remark(cell.source, month, code)]
        if cell.cell_type != "code":
            continue
        ours = [o for o in cell.outputs if MIME in o.get("data", {})]
        where = f"{name}, ô {cell.id}"
        try:
            with rooms.released_only():
                made = shown(cell.source, names)
        except RoomError as err:
            told.wrong.append(f"{where}: {err}")
            continue
        except Exception as err:  # a cell of the user's own, in words that only a kernel knows
            if ours or isinstance(err, InfoAccessError):
                told.wrong.append(f"{where} không làm lại được ({type(err).__name__})")
            made = []
        told.exhibits += len(ours)
        if [dict(o.data) for o in ours] != made:
            told.wrong.append(f"{where} khác bản làm lại từ phòng 4")
        for output, bundle in zip(ours, made, strict=False):
            output.data = NotebookNode(bundle)
        own = [o for o in cell.outputs if MIME not in o.get("data", {})]
        told.wrong += [f"{where}: {w}" for o in own for w in strays.output(o, month, code)]


def shown(source: str, names: dict) -> list[dict]:
    """Run a cell among names and return the bundles of the exhibits that it displays, in order.

    >>> shown("from infoaccess import exhibits; exhibits.text('a', 'Đầu', ['Câu.'])", {})[0]["text/plain"]
    '[text a] Đầu'
    """
    found = names.setdefault("_shown", [])  # one list for all cells: the first cell's import of display stays in names
    found.clear()
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    kept = IPython.display.display
    IPython.display.display = lambda *objects, **_: found.extend(objects)
    try:
        with redirect_stdout(io.StringIO()):
            exec(compile(tree, "cell", "exec"), names)
            if last is not None:
                found.append(eval(compile(ast.Expression(last.value), "cell", "eval"), names))
    finally:
        IPython.display.display = kept
    return [json.loads(json.dumps(o._repr_mimebundle_())) for o in found if isinstance(o, exhibits.Exhibit)]


def annexed(month: str, made: dict) -> bytes:
    """Make a month's annex with the rooms shut; `made`: state, since and lang of the run."""
    with rooms.released_only():
        return annex.book(month, **made)


def of_month(folder: Path, month: str, book: bytes, codes: list[str]) -> Told:
    """Compare a month's annex and the stages' executed copies, and name the files that nobody asked for.

    `book`: the annex made with the rooms shut; `codes`: the units of which there are reports.
    """
    told = Told()
    told.same("annex.xlsx", (folder / "annex.xlsx").read_bytes(), book)
    told.wrong += strays.workbook(folder / "annex.xlsx")
    for path in sorted((folder / "run").glob("[1-4]*.ipynb")):
        told.files += 1
        told.wrong += stage_copies.wrong(path)
    told.wrong += [f"tệp lạ {name}" for name in sorted(_files(folder) - _known(codes))]
    return told


def _files(folder: Path) -> set[str]:
    return {str(p.relative_to(folder).as_posix()) for p in folder.rglob("*") if not p.is_dir()}


def _known(codes: list[str]) -> set[str]:
    """Name every file that a month may have."""
    names = {"annex.xlsx", "manifest.json", "index.html", "changes.html"}
    names |= {name for code in (*codes, "presentation") for name in runner.files({"code": code})}
    return names | {f"run/{name}.ipynb" for name in stage_copies.NAMES}


def of_last(folder: Path, month: str, index: str, manifest: dict, lang: str) -> Told:
    """Compare what is written last: the index, the page of changes, the manifest whose numbers were read back."""
    told = Told()
    with rooms.released_only():
        changes = changed.page(month, folder, lang)
    for name, text in (("index.html", index), ("changes.html", changes)):
        told.same(name, (folder / name).read_text(encoding="utf-8"), text)
    told.same("manifest.json", json.loads((folder / "manifest.json").read_text(encoding="utf-8")), manifest)
    return told


def stop(month: str, *all_told: Told | dict) -> dict:
    """Add comparisons up to what the manifest says of them.

    Raises ReportError naming what differs; then nothing may be published.
    """
    parts = [t if isinstance(t, dict) else {"files": t.files, "exhibits": t.exhibits} for t in all_told]
    wrong = [w for t in all_told if isinstance(t, Told) for w in t.wrong]
    if wrong:
        more = f" (và {len(wrong) - SHOWN} chỗ khác)" if len(wrong) > SHOWN else ""
        raise ReportError(
            f"Tháng {month}: có số không từ phòng 4 (phòng số đã được phép công bố): {'; '.join(wrong[:SHOWN])}"
            f"{more}. Không phát hành tháng này; hãy chạy lại, nếu vẫn vậy hãy báo người phụ trách phần mềm."
        )
    return {key: sum(p[key] for p in parts) for key in ("files", "exhibits")} | {"differences": 0}
