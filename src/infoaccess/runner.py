"""Run notebooks with papermill, parameters checked first, and render what they show.

papermill only warns on a parameter that the notebook does not name and then runs with the default: here it is refused.
Executed copies are the evidence of a month; a copy that stopped may quote a list, so it stays inside data/.
"""

import json
import shutil
import sys
import tempfile
import uuid
from pathlib import Path

import nbformat
import papermill
import yaml
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from infoaccess import edition as editions
from infoaccess import engine, pipeline, rooms, warm
from infoaccess.errors import InfoAccessError, InputError, RoomError, StageError, UsageError

_TYPES = {"str": str, "int": int, "float": float, "bool": bool}

# A kernel's farewell is no news for cron.
QUIET = [
    "--IPKernelApp.log_level=50",
    "--IPKernelApp.exec_lines=import logging; logging.getLogger('asyncio').setLevel(logging.CRITICAL)",
]


def settings() -> dict:
    """Read notebooks/parameters.yaml.

    Raises UsageError when it is not a table of settings.
    """
    path = rooms.notebooks() / "parameters.yaml"
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as err:
        raise UsageError(f"Không đọc được {path}: hãy sửa lại tệp cài đặt này.") from err
    if not isinstance(found, dict):
        raise UsageError(f"{path} phải là các dòng dạng tên: giá trị.")
    return found


def check_parameters(path: Path, given: dict) -> None:
    """Refuse parameters that the notebook does not name, leaves without value, or types otherwise.

    Raises UsageError naming the notebook and the parameter.
    """
    known = papermill.inspect_notebook(str(path))
    for name in sorted(set(given) - set(known)):
        raise UsageError(f"Sổ tay {path.name} không có tham số {name!r}; có: {', '.join(known)}.")
    for name in sorted(set(known) - set(given)):
        raise UsageError(f"Sổ tay {path.name} cần tham số {name!r}; hãy thêm vào notebooks/parameters.yaml.")
    for name, value in given.items():
        wanted = _TYPES.get(known[name]["inferred_type_name"])
        if wanted and type(value) is not wanted:
            raise UsageError(f"Tham số {name!r} của {path.name} phải là {wanted.__name__}, không phải {value!r}.")


def select(path: Path, values: dict) -> dict:
    """Pick from all values those that a notebook names."""
    return {k: v for k, v in values.items() if k in papermill.inspect_notebook(str(path))}


def execute(notebook: str, parameters: dict, target: Path, limit: int) -> nbformat.NotebookNode:
    """Run one notebook into its executed copy.

    Raises UsageError for wrong parameters, with the cell and the sentence the error that
    stopped a cell: InputError, RoomError or UsageError as they are, any other as StageError.
    """
    source = rooms.notebooks() / f"{notebook}.ipynb"
    if not source.exists():
        raise RoomError(f"Thiếu sổ tay {source}. Hãy lấy lại từ bản cài đặt.")
    check_parameters(source, parameters)
    try:
        book = papermill.execute_notebook(
            str(source),
            str(target),
            parameters=parameters,
            engine_name=engine.NAME if warm.available() else None,
            progress_bar=False,
            log_output=False,
            request_save_on_cell_execute=False,
            autosave_cell_every=0,
            execution_timeout=limit,
            cwd=str(rooms.home()),
            kernel_name="python3",
            config=_transport(),
            extra_arguments=QUIET,
        )
    except PapermillExecutionError as err:
        kept = keep_failed(target, parameters)
        told = {c.__name__: c for c in (InputError, RoomError, UsageError)}.get(err.ename, StageError)
        # Only this suite's own sentences are sure to quote no cell of a list; the whole text is in the kept copy.
        own = err.ename in {c.__name__ for c in _family(InfoAccessError)}
        what = err.evalue if own else f"lỗi không lường trước ({err.ename})"
        raise told(f"{notebook}, ô [{err.exec_count}]: {what} (bản chạy dở: {kept})") from err
    except Exception as err:  # a kernel that died or a cell past its time limit
        kept = keep_failed(target, parameters)
        what = str(err).strip().splitlines()[0] if str(err).strip() else type(err).__name__
        raise StageError(f"{notebook} dừng giữa chừng: {what}. Hãy chạy lại; nếu vẫn lỗi, xem {kept}.") from err
    return _without_machine(book, target)


def _family(kind: type) -> list[type]:
    return [kind, *(each for below in kind.__subclasses__() for each in _family(below))]


def _without_machine(book: nbformat.NotebookNode, target: Path) -> nbformat.NotebookNode:
    """Take from an executed copy what tells of the machine: paths, warnings (they quote paths), a cell id by chance.

    Times of start and end stay: the copy is the evidence of when a month was made.
    """
    for name in ("input_path", "output_path"):
        book.metadata.papermill[name] = Path(book.metadata.papermill[name]).name
    for cell in (c for c in book.cells if c.cell_type == "code"):
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.id = "injected-parameters"
        cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
    nbformat.write(book, target)
    return book


def _transport() -> Config:
    """Let kernels speak over files where the system can: over TCP, several at once sometimes fail to start."""
    if sys.platform == "win32":
        return Config()
    own = Path(tempfile.gettempdir()) / f"infoaccess-{uuid.uuid4().hex[:12]}"  # the default name is the same for all
    return Config({"KernelManager": {"transport": "ipc", "ip": str(own)}})


def keep_failed(target: Path, parameters: dict) -> Path:
    """Move the copy of a notebook that stopped into data/failed, where personal data may lie."""
    folder = rooms.failed() / parameters["month"]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = folder / target.name
    if target.exists():
        target.chmod(0o600)
        shutil.move(target, kept)  # the passing folder may lie on another disk
    return kept


def report(task: dict) -> dict:
    """Run and render one unit's report into a folder, read it back, and return its code, numbers and what was compared.

    A process of its own may run this: `task` has code, parameters, folder, limit. Raises ReportError where what is
    read back is not what was released.
    """
    from infoaccess import leaving, readback
    from infoaccess.export import HTMLReport, PDFReport

    folder, code = Path(task["folder"]), task["code"]
    target = folder / "run" / f"5_progress_report_{code}.ipynb"
    given = {"edition": editions.PUBLIC} | task["parameters"]
    notebook = execute("5_progress_report", given, target, task["limit"])
    page, _ = HTMLReport().from_notebook_node(notebook)
    (folder / f"{code}.html").write_text(page, encoding="utf-8", newline="\n")
    document, _ = PDFReport().from_notebook_node(notebook)
    (folder / f"{code}.pdf").write_bytes(document)
    if given["edition"] == editions.INTERNAL:  # it stays in data/, so nothing leaves
        return {"code": code, "numbers": readback.check(folder, readback.opened(task)), "left": None}
    with rooms.released_only():
        numbers = readback.check(folder, readback.opened(task))
    month = given["month"]
    return {"code": code, "numbers": numbers, "left": leaving.stop(month, leaving.of_report(folder, code, month))}


def presentation(task: dict) -> dict | None:
    """Run the presentation of one unit into a folder, slides and the speaker's notes; return what was compared."""
    from infoaccess import leaving
    from infoaccess.export import SlideNotes, Slides

    folder = Path(task["folder"])
    target = folder / "run" / "6_presentation.ipynb"
    given = {"edition": editions.PUBLIC} | task["parameters"]
    notebook = execute("6_presentation", given, target, task["limit"])
    for name, exporter in (("presentation", Slides), ("presentation_notes", SlideNotes)):
        document, _ = exporter().from_notebook_node(notebook)
        (folder / f"{name}.pdf").write_bytes(document)
    month = given["month"]
    if given["edition"] == editions.INTERNAL:
        return None
    return leaving.stop(month, leaving.of_presentation(folder, task["code"], month))


def stages(only: str | None) -> list[pipeline.Stage]:
    """List the stages to run.

    Raises UsageError for a stage that does not exist.
    """
    ids = [s.id for s in pipeline.STAGES]
    if only is not None and only not in ids:
        raise UsageError(f"Không có bước {only!r}; các bước: {', '.join(ids)}.")
    return [s for s in pipeline.STAGES if only in (None, s.id)]


def say(text: str) -> None:
    """Print one line of progress where a person watches."""
    if sys.stderr.isatty():
        print(text, file=sys.stderr, flush=True)


def write_json(path: Path, value: dict) -> None:
    """Write a JSON file that reads the same on every machine."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8", newline="\n")
