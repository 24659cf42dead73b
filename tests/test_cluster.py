"""A real scheduler and real workers on loopback: the same rooms to the last byte, also when a worker is killed."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import nbformat
import pytest
import small_months

from infoaccess import batch, cluster, monthly, pipeline, rooms, runner, warm
from infoaccess.errors import UsageError

pytest.importorskip("distributed", reason="the cluster's library is not installed")
ROOT = Path(__file__).resolve().parents[1]
FIRST, LAST = "2024-12", "2025-02"
STAGES = ("1", "2", "3a", "3b", "3c", "3d")


@contextmanager
def running(workers: int, *options: str):
    """Run a scheduler and workers; give the address and the workers' processes."""
    environment = os.environ | {"DASK_DISTRIBUTED__SCHEDULER__WORK_STEALING": "True", "PYTHONWARNINGS": "ignore"}
    environment.pop(cluster.ADDRESS, None)
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    quiet = {"stdout": subprocess.DEVNULL, "text": True, "env": environment}
    scheduler = subprocess.Popen([*command, "--no-dashboard"], stderr=subprocess.PIPE, **quiet)
    started = []
    try:
        address = next(line.split()[-1] for line in scheduler.stderr if "Scheduler at:" in line)
        threading.Thread(target=scheduler.stderr.read, daemon=True).start()  # else its pipe fills
        worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard"]
        for _ in range(workers):
            started.append(
                subprocess.Popen([*worker, *(options or ["--no-nanny"])], stderr=subprocess.DEVNULL, **quiet)
            )
        yield address, started
    finally:
        for process in (*started, scheduler):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """Return a home with lists of three months over two eras, and another with the same walked through here."""
    home = tmp_path_factory.mktemp("here")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INFOACCESS_HOME", str(home))
        patch.setenv("INFOACCESS_KEY_FILE", str(home / "key"))
        patch.delenv(cluster.ADDRESS, raising=False)
        small_months.part(home)
        small_months.sample(home, FIRST, LAST)
        other = tmp_path_factory.mktemp("there") / "home"
        shutil.copytree(home, other)
        for stage in STAGES:
            pipeline.run(stage, FIRST, LAST)
    return home, other


def files(home: Path) -> dict[str, bytes]:
    """Read every file of rooms 1 to 3, and the register of sources."""
    wanted = [
        p for room in (rooms.VALIDATED, rooms.PLACED, rooms.INDICATORS) for p in (home / "data" / room).rglob("*")
    ]
    return {str(p.relative_to(home)): p.read_bytes() for p in wanted if p.is_file()}


def test_a_cluster_that_loses_a_worker_gives_the_same_rooms(raw, tmp_path, monkeypatch):
    here, there = raw
    monkeypatch.setenv("INFOACCESS_HOME", str(there))
    monkeypatch.setenv("INFOACCESS_KEY_FILE", str(here / "key"))
    with running(2) as (address, workers):
        monkeypatch.setenv(cluster.ADDRESS, address)
        cluster.each(abs, [-1], "warm")
        timer = threading.Timer(1.5, partial(os.kill, workers[0].pid, signal.SIGKILL))
        timer.start()
        for stage in STAGES:
            doors = pipeline.run(stage, FIRST, LAST)
            assert [d["month"] for d in doors] == sorted(d["month"] for d in doors)
        timer.join()
        assert workers[0].wait(5) == -signal.SIGKILL and workers[1].poll() is None
    found, wanted = files(there), files(here)
    assert sorted(found) == sorted(wanted) and len(wanted) > 60
    differ = [name for name, content in wanted.items() if found[name] != content]
    assert not differ
    register = [(h / "data" / "sources.toml").read_text(encoding="utf-8") for h in (here, there)]
    assert register[0] == register[1]


@pytest.fixture(scope="module")
def released(raw, tmp_path_factory) -> Path:
    """Return the home that was walked through here, its last month released, with boundaries."""
    home, _ = raw
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INFOACCESS_HOME", str(home))
        patch.setenv("INFOACCESS_KEY_FILE", str(home / "key"))
        patch.delenv(cluster.ADDRESS, raising=False)
        pipeline.run("4", FIRST, LAST, threshold=5)
        command = [sys.executable, str(ROOT / "scripts" / "build_geo.py"), "--home", str(home)]
        subprocess.run(command, check=True, capture_output=True)
    return home


def made(folder: Path, jobs: int | None) -> dict[str, bytes | str]:
    """Make a report and slides into a folder and return their files by name; notebooks without their timings."""
    (folder / "run").mkdir(parents=True)
    _, *wanted = monthly.tasks(LAST, ["46", "481"], runner.settings() | {"first_month": FIRST}, folder)
    if jobs is None:
        runner.report(wanted[0])
        runner.presentation(wanted[1])
    else:
        numbers, failed = batch.reports(wanted, jobs)
        assert [*numbers] == ["481", "presentation"] and not failed
    found = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    for name in (n for n in found if n.endswith(".ipynb")):
        book = nbformat.reads(found[name].decode(), as_version=4)
        for part in (book, *book.cells):
            for key in ("papermill", "execution"):
                part.metadata.pop(key, None)
        found[name] = nbformat.writes(book)
    return found


def test_reports_are_the_same_wherever_they_are_made(released, tmp_path, monkeypatch):
    monkeypatch.setenv("INFOACCESS_HOME", str(released))
    monkeypatch.setenv("INFOACCESS_KEY_FILE", str(released / "key"))
    with monkeypatch.context() as plain:
        plain.setattr(warm, "available", lambda: False)
        wanted = made(tmp_path / "plain", None)
    with running(2) as (address, _):
        found = {f"{n} jobs": made(tmp_path / str(n), n) for n in (1, 2)}
        monkeypatch.setenv(cluster.ADDRESS, address)
        found["cluster"] = made(tmp_path / "cluster", 2)
    assert len(wanted) == 6
    for where, files in found.items():
        assert sorted(files) == sorted(wanted), where
        assert not [name for name, content in wanted.items() if files[name] != content], where


def test_results_come_in_order_and_errors_as_they_are(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("INFOACCESS_HOME", str(tmp_path))
    with running(2) as (address, _):
        monkeypatch.setenv(cluster.ADDRESS, address)
        assert cluster.each(float, range(6), "x") == [0, 1, 2, 3, 4, 5]
        with pytest.raises(UsageError, match="2025-13"):
            cluster.each(rooms.month_name, ["2025-12", "2025-13"], "x")


def test_what_cannot_be_used_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("INFOACCESS_HOME", str(tmp_path / "none"))
    monkeypatch.setattr(cluster, "PATIENCE", 2)
    monkeypatch.setenv(cluster.ADDRESS, "tcp://127.0.0.1:9")
    with pytest.raises(UsageError, match="Không nối được"):
        cluster.each(abs, [1], "x")
    with running(0) as (address, _):
        monkeypatch.setenv(cluster.ADDRESS, address)
        with pytest.raises(UsageError, match="chưa có máy"):
            cluster.each(abs, [1], "x")
    with running(1) as (address, _):
        monkeypatch.setenv(cluster.ADDRESS, address)
        monkeypatch.setattr(cluster, "PATIENCE", 60)
        with pytest.raises(UsageError, match="không thấy thư mục"):
            cluster.each(abs, [1], "x")
        monkeypatch.setattr(cluster, "code", lambda: "other")
        with pytest.raises(UsageError, match="bản phần mềm khác"):
            cluster.each(abs, [1], "x")
    with running(1, "--nanny") as (address, _):
        monkeypatch.undo()
        monkeypatch.setenv("INFOACCESS_HOME", str(tmp_path))
        monkeypatch.setenv(cluster.ADDRESS, address)
        with pytest.raises(UsageError, match="--no-nanny"):
            cluster.each(abs, [1], "x")
