"""Forked kernels: the same notebook as plain papermill's, each in a process of its own, none left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import papermill
import pytest
from papermill.exceptions import PapermillExecutionError

from infoaccess import engine, runner, warm
from infoaccess.errors import StageError

pytestmark = pytest.mark.skipif(not warm.available(), reason="this system does not fork")
CELLS = (
    "n: int = 1",
    "import sys, os, random\nimport pandas as pd\nprint(n, file=sys.stderr)\nprint(n)",
    "pd.DataFrame({'Xã': ['A Lưới 2'], 'hộ': [n]})",
    "pd.DataFrame([range(30)] * 70)",
    "os.getcwd() == os.environ['PWD'], sys.argv[0].endswith('ipynb'), __name__",
)


def book(path: Path, *cells: str) -> Path:
    """Write a notebook of code cells, the first its parameters."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c, id=f"c{n}") for n, c in enumerate(cells)])
    made.cells[0].metadata["tags"] = ["parameters"]
    made.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python 3"}
    nbformat.write(made, path)
    return path


def run(path: Path, *, of: str | None = engine.NAME, **parameters) -> nbformat.NotebookNode:
    """Run a notebook with an engine."""
    return papermill.execute_notebook(
        str(path),
        str(path.with_suffix(".out.ipynb")),
        parameters=parameters,
        engine_name=of,
        progress_bar=False,
        log_output=False,
        config=runner._transport(),
        extra_arguments=runner.QUIET,
    )


def without_timings(made: nbformat.NotebookNode) -> str:
    for cell in made.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.id = "injected"  # papermill draws it by chance
    made.metadata.pop("papermill")
    return json.dumps(made, sort_keys=True)


def test_the_notebook_is_the_one_that_plain_papermill_gives(tmp_path):
    path = book(tmp_path / "a.ipynb", *CELLS)
    found = {of: without_timings(run(path, of=of, n=7)) for of in (engine.NAME, None)}
    assert found[engine.NAME] == found[None]
    assert "A L\\u01b0\\u1edbi 2" in found[None] and "<td>7</td>" in found[None]


def test_no_kernel_changes_what_another_finds(tmp_path):
    spoil = "import pandas as pd\npd.DataFrame.sum = lambda *_: 0\nimport os\nos.environ['SPOILT'] = '1'\nos.chdir('/')"
    run(book(tmp_path / "spoil.ipynb", "n = 1", spoil))
    look = "import os, pandas as pd\n[int(pd.DataFrame({'a': [1, 2]}).sum()['a']), 'SPOILT' in os.environ, os.getcwd()]"
    made = run(book(tmp_path / "look.ipynb", "n = 1", look))
    assert made.cells[-1].outputs[0].data["text/plain"] == repr([3, False, str(Path.cwd())])


def test_chance_is_drawn_anew_in_every_kernel(tmp_path):
    path = book(tmp_path / "a.ipynb", "n = 1", "import random, numpy\n(random.random(), float(numpy.random.random()))")
    drawn = {run(path).cells[-1].outputs[0].data["text/plain"] for _ in range(3)}
    numbers = [{eval(d)[n] for d in drawn} for n in (0, 1)]
    assert [len(n) for n in numbers] == [3, 3]


def test_errors_and_endless_cells_are_papermills(tmp_path):
    with pytest.raises(PapermillExecutionError, match="ZeroDivisionError"):
        run(book(tmp_path / "a.ipynb", "n = 1", "1 / 0"))
    with pytest.raises(Exception, match="(?i)timed? ?out"):
        papermill.execute_notebook(
            str(book(tmp_path / "b.ipynb", "n = 1", "while True: pass")),
            str(tmp_path / "b.out.ipynb"),
            engine_name=engine.NAME,
            execution_timeout=1,
            progress_bar=False,
            log_output=False,
        )


def test_a_kernel_that_is_killed_is_told(tmp_path):
    path = book(tmp_path / "a.ipynb", "n = 1", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(Exception, match="(?i)kernel died"):
        run(path)
    assert run(book(tmp_path / "b.ipynb", "n = 1", "n + 1"), n=2).cells[-1].outputs[0].data["text/plain"] == "3"


def test_a_kernel_says_how_it_ended():
    asked = ["-f", "/nowhere/connection.json", "--IPKernelApp.log_level=50"]
    kernel = warm.Kernel(asked, None, dict(os.environ))
    assert kernel.poll() is None and alive(kernel.pid)
    kernel.kill()
    assert kernel.wait(5) == -signal.SIGKILL and kernel.poll() == -signal.SIGKILL
    assert not alive(kernel.pid)


OWNER = """
import os, sys, time
from infoaccess import warm
kernel = warm.Kernel(["-f", sys.argv[1]], None, dict(os.environ))
print(kernel.pid, flush=True)
time.sleep(60)
"""


def test_no_kernel_outlives_its_owner_however_that_ends(tmp_path):
    environment = {k: v for k, v in os.environ.items() if k != warm.SOCKET}
    for number in (signal.SIGKILL, signal.SIGTERM):
        command = [sys.executable, "-c", OWNER, str(tmp_path / "c.json")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as owner:
            kernel = int(owner.stdout.readline())
            assert alive(kernel)
            owner.send_signal(number)
        assert gone(kernel)


def test_a_server_that_is_gone_is_replaced(monkeypatch, tmp_path):
    monkeypatch.setenv(warm.SOCKET, str(tmp_path / "none"))
    warm.path.cache_clear()
    kernel = warm.Kernel(["-f", "x"], None, dict(os.environ))
    kernel.kill()
    assert kernel.wait(5) == -signal.SIGKILL


def test_where_no_server_starts_it_is_an_error_for_the_clerk(monkeypatch, tmp_path):
    monkeypatch.setattr(warm, "_ready", lambda *_: str(tmp_path / "none"))
    warm.use(None)
    with pytest.raises(StageError, match="Hãy chạy lại"):
        warm.Kernel(["-f", "x"], None, {})
    warm.use(None)


def test_where_nothing_forks_it_is_plain_and_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(warm, "available", lambda: False)
    monkeypatch.setattr(warm, "Kernel", None)  # calling it would fail
    made = run(book(tmp_path / "a.ipynb", "n = 1", "n"), n=3)
    assert made.cells[-1].outputs[0].data["text/plain"] == "3"
    assert "papermill thường" in capsys.readouterr().err


def test_the_engine_can_be_named_on_papermills_command_line(tmp_path):
    path = book(tmp_path / "a.ipynb", *CELLS)
    out = tmp_path / "b.ipynb"
    command = [sys.executable, "-m", "papermill", "--engine", engine.NAME, "-r", "n", "5", str(path), str(out)]
    subprocess.run(command, check=True, capture_output=True)
    shown = nbformat.read(out, as_version=4).cells
    assert shown[2].outputs[-1].text == "5\n" and shown[-1].outputs[0].data["text/plain"] == "(True, False, '__main__')"


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def gone(pid: int) -> bool:
    end = time.monotonic() + 10
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.05)
    return not alive(pid)
