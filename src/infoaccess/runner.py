"""Run notebooks with papermill, parameters checked first, and render what they show.

papermill only warns on a parameter that the notebook does not name and then runs with the default: here it is refused.
Executed copies are the evidence of a month; a copy that stopped may quote a list, so it stays inside data/.
"""

import json
import logging
import shutil
import sys
from contextlib import nullcontext
from pathlib import Path

import nbformat
import papermill
import zmq
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from infoaccess import attempts, disk, engine, journal, leash, method, pipeline, rooms, warm
from infoaccess import edition as editions
from infoaccess.errors import (
    InfoAccessError,
    InputError,
    KernelDied,
    OutOfMemory,
    OverTime,
    RoomError,
    StageError,
    UsageError,
)

settings = method.settings
_TYPES = {"str": str, "int": int, "float": float, "bool": bool}

# A kernel's farewell is no news for cron.
QUIET = [
    "--IPKernelApp.log_level=50",
    "--IPKernelApp.exec_lines=import logging; logging.getLogger('asyncio').setLevel(logging.CRITICAL)",
]


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


def execute(notebook: str, parameters: dict, target: Path, limits: leash.Limits) -> nbformat.NotebookNode:
    """Run one notebook into its executed copy.

    Raises UsageError for wrong parameters, with the cell and the sentence the error that stopped a cell: InputError,
    RoomError or UsageError as they are, any other as StageError; OverTime, OutOfMemory and KernelDied by their names.
    """
    source = rooms.notebooks() / f"{notebook}.ipynb"
    if not source.exists():
        raise RoomError(f"Thiếu sổ tay {source}. Hãy lấy lại từ bản cài đặt.")
    check_parameters(source, parameters)
    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what stopped a notebook is told once, by the error
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
            timeout_func=limits.left(),
            cwd=str(rooms.home()),
            kernel_name="python3",
            config=_transport(),
            extra_arguments=[*QUIET, leash.kernel_argument(limits.megabytes)],
        )
    except Exception as err:
        raise _told(err, notebook, keep_failed(target, parameters), limits) from err
    return _without_machine(book, target)


def _told(err: Exception, notebook: str, kept: Path, limits: leash.Limits) -> InfoAccessError:
    """Turn what stopped a notebook into an error of this suite.

    Only this suite's own sentences are sure to quote no cell of a list; the whole text is in the kept copy.
    """
    if isinstance(err, PapermillExecutionError):
        where = f"{notebook}, ô [{err.exec_count}]"
        if err.ename.endswith("MemoryError"):
            most = f"{limits.megabytes} MB (memory_megabytes trong notebooks/parameters.yaml)"
            return OutOfMemory(f"{where}: hết bộ nhớ cho phép {most}. Bản chạy dở: {kept}")
        told = {c.__name__: c for c in (InputError, RoomError, UsageError)}.get(err.ename, StageError)
        own = err.ename in {c.__name__ for c in _family(InfoAccessError)}
        what = err.evalue if own else f"lỗi không lường trước ({err.ename})"
        return told(f"{where}: {what} (bản chạy dở: {kept})")
    if isinstance(err, CellTimeoutError):
        return OverTime(
            f"{notebook}: quá thời hạn (ô: {limits.cell_seconds} giây, cả sổ tay: {limits.seconds or 'không giới hạn'} "
            f"giây; cài đặt trong notebooks/parameters.yaml). Bản chạy dở: {kept}"
        )
    if isinstance(err, KernelDied):
        return err
    if isinstance(err, DeadKernelError | RuntimeError | zmq.ZMQError):  # it died, or did not start in its time
        return KernelDied(f"{notebook}: tiến trình tính toán dừng đột ngột hoặc không khởi động được.")
    told = disk.system_error(err)
    if told and told.errno in disk.OF_DISKS:
        return RoomError(
            f"{notebook}: không ghi được tệp tạm: {told.strerror}. Hãy kiểm tra dung lượng đĩa rồi chạy lại."
        )
    return StageError(f"{notebook}: lỗi không lường trước ({type(err).__name__}). Xem {kept}.")


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
    return Config(
        {"KernelManager": {"transport": "ipc", "ip": str(leash.passing(""))}}
    )  # the usual name is one for all


def keep_failed(target: Path, parameters: dict) -> Path:
    """Move the copy of a notebook that stopped into data/failed, where personal data may lie."""
    folder = rooms.failed() / parameters["month"]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = folder / target.name
    if target.exists():
        target.chmod(0o600)
        shutil.move(target, kept)  # the passing folder may lie on another disk
    return kept


def files(task: dict) -> list[str]:
    """Name the files of one report, or of the presentation, in the folder of the month."""
    code = task["code"]
    if code == "presentation":
        return ["presentation.pdf", "presentation_notes.pdf", "run/6_presentation.ipynb"]
    return [f"{code}.html", f"{code}.pdf", f"run/5_progress_report_{code}.ipynb"]


def report(task: dict) -> dict:
    """Run and render one unit's report into a folder, read it back, and return its code, numbers and what was compared.

    A process of its own may run this: `task` has code, parameters, folder, limits. Raises Differs where what is read
    back is not what was released.
    """
    from infoaccess import leaving, readback

    told = _documents(task, "5_progress_report", leaving.REPORT)
    with nullcontext() if inside(task) else rooms.released_only():
        numbers = readback.check(Path(task["folder"]), readback.opened(task))
    return {"code": task["code"], "numbers": numbers, "left": _left(task, told)}


def presentation(task: dict) -> dict:
    """Run the presentation of one unit into a folder, slides and the speaker's notes; return what was compared."""
    from infoaccess import leaving

    told = _documents(task, "6_presentation", leaving.SLIDES)
    return {"code": task["code"], "numbers": [], "left": _left(task, told)}


def _documents(task: dict, notebook: str, exporters: tuple):
    """Run a notebook and write its documents: of a public one those made again with the rooms shut, and what differed.

    The internal edition stays in data/: nothing leaves, so nothing is compared, and nothing returned.
    """
    from infoaccess import leaving

    *papers, target = (Path(task["folder"]) / name for name in files(task))
    book = attempts.call(execute, notebook, task["parameters"], target, task["limits"])
    if inside(task):
        told, documents = None, [exporter().from_notebook_node(book)[0] for exporter in exporters]
    else:
        month, area = (task["parameters"][k] for k in ("month", "area"))
        told, documents, book = leaving.made_again(target, month, area, exporters)
    for path, document in zip(papers, documents, strict=True):
        path.write_bytes(document.encode() if isinstance(document, str) else document)
    return told and leaving.written(told, papers, documents, book, slides=exporters is leaving.SLIDES)


def _left(task: dict, told) -> dict | None:
    from infoaccess import leaving

    return told and leaving.stop(task["parameters"]["month"], told)


def inside(task: dict) -> bool:
    """Tell whether a document is of the internal edition."""
    return task["parameters"].get("edition", editions.PUBLIC) == editions.INTERNAL


def stages(only: str | None) -> list[pipeline.Stage]:
    """List the stages to run.

    Raises UsageError for a stage that does not exist.
    """
    ids = [s.id for s in pipeline.STAGES]
    if only is not None and only not in ids:
        raise UsageError(f"Không có bước {only!r}; các bước: {', '.join(ids)}.")
    return [s for s in pipeline.STAGES if only in (None, s.id)]


def say(text: str) -> None:
    """Tell one step: a line of the journal, and of the terminal where a person watches."""
    journal.step(text)


def write_json(path: Path, value: dict) -> None:
    """Write a JSON file that reads the same on every machine."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8", newline="\n")
