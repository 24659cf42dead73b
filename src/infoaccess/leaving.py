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
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import IPython.display
import nbformat
from nbformat import NotebookNode

from infoaccess import annex, changed, exhibits, export, rooms, stage_copies, strays
from infoaccess.errors import InfoAccessError, ReportError, RoomError

MIME = exhibits.MIME
SLIDES = {"presentation": (export.Slides, 1), "presentation_notes": (export.SlideNotes, 2)}  # texts stand so often
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


def made_again(path: Path, month: str, code: str) -> tuple[Told, str, bytes, NotebookNode]:
    """Make one unit's executed report again with the rooms shut: what differed, its page and its PDF made so."""
    told = Told()
    book = _again(path, month, code, told)
    with rooms.released_only():
        page, _ = export.HTMLReport().from_notebook_node(book)
        document, _ = export.PDFReport().from_notebook_node(book)
    return told, page, document, book


def of_report(folder: Path, code: str, month: str) -> Told:
    """Compare one unit's executed report, its page and its PDF with what room 4 alone gives."""
    path = folder / "run" / f"5_progress_report_{code}.ipynb"
    return written(folder, code, *made_again(path, month, code))


def written(folder: Path, code: str, told: Told, page: str, document: bytes, book: NotebookNode) -> Told:
    """Compare the files of one unit's report with what they must be, and look for hidden counts in the PDF's text."""
    told.same(f"{code}.html", (folder / f"{code}.html").read_text(encoding="utf-8"), page)
    told.same(f"{code}.pdf", (folder / f"{code}.pdf").read_bytes(), document)
    told.wrong += strays.printed(folder / f"{code}.pdf", export.blocks(book))
    return told


def of_presentation(folder: Path, code: str, month: str) -> Told:
    """Compare the executed presentation, its slides and notes with what room 4 alone gives."""
    told = Told()
    book = _again(folder / "run" / "6_presentation.ipynb", month, code, told)
    for name, (exporter, times) in SLIDES.items():
        with rooms.released_only():
            document, _ = exporter().from_notebook_node(book)
        told.same(f"{name}.pdf", (folder / f"{name}.pdf").read_bytes(), document)
        told.wrong += strays.printed(folder / f"{name}.pdf", export.blocks(book), told.exhibits, times)
    return told


def _again(path: Path, month: str, code: str, told: Told) -> NotebookNode:
    """Run an executed notebook's cells again with the rooms shut; compare, and return it with what was made now."""
    book = nbformat.read(path, as_version=4)
    told.files += 1
    names: dict = {}
    for cell in book.cells:
        if cell.cell_type == "markdown":
            told.wrong += [f"{path.name}, ô {cell.id}: {w}" for w in strays.remark(cell.source, month, code)]
        if cell.cell_type != "code":
            continue
        ours = [o for o in cell.outputs if MIME in o.get("data", {})]
        where = f"{path.name}, ô {cell.id}"
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
    return book


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


def of_month(folder: Path, month: str, made: dict, codes: list[str]) -> Told:
    """Compare a month's annex and the stages' executed copies, and name the files that nobody asked for.

    `made`: state, since and lang of the run; `codes`: the units of which there are reports.
    """
    told = Told()
    with rooms.released_only():
        book = annex.book(month, **made)
    told.same("annex.xlsx", (folder / "annex.xlsx").read_bytes(), book)
    told.wrong += strays.workbook(folder / "annex.xlsx")
    for path in sorted((folder / "run").glob("[1-4]*.ipynb")):
        told.files += 1
        told.wrong += stage_copies.wrong(path)
    told.wrong += [f"tệp lạ {name}" for name in sorted(_files(folder) - _known(folder, codes))]
    return told


def _files(folder: Path) -> set[str]:
    return {str(p.relative_to(folder).as_posix()) for p in folder.rglob("*") if not p.is_dir()}


def _known(folder: Path, codes: list[str]) -> set[str]:
    """Name every file that a month may have."""
    names = {"annex.xlsx", "manifest.json", "index.html", "changes.html", *(f"{n}.pdf" for n in SLIDES)}
    names |= {f"{code}.{kind}" for code in codes for kind in ("html", "pdf")}
    names |= {f"run/5_progress_report_{code}.ipynb" for code in codes} | {"run/6_presentation.ipynb"}
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
