"""Whatever happens to a run, folders and files are old or new, whole, and the next run finishes the job."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from infoaccess import disk, locks, rooms
from infoaccess.errors import RoomError

posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
root = pytest.mark.skipif(
    not (sys.platform.startswith("linux") and hasattr(os, "geteuid") and os.geteuid() == 0), reason="mounts need root"
)


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("INFOACCESS_HOME", str(tmp_path))
    return tmp_path


def content(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}


# --- kills and cuts of power at every step of a change ----------------------------------------------------------------

STEPS = ((os, "fsync"), (os, "mkdir"), (os, "rename"), (os, "replace"), (os, "chmod"), (os, "unlink"), (os, "rmdir"))


def killed_at(step: int, change) -> bool:
    """Run a change in a process of its own that kills itself just before a step; tell whether it got that far."""
    child = os.fork()
    if child == 0:
        count = iter(range(10**6))

        def counted(call):
            def step_or_end(*args, **kwargs):
                if next(count) == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                return call(*args, **kwargs)

            return step_or_end

        for module, name in STEPS:
            setattr(module, name, counted(getattr(module, name)))
        disk.exchange = counted(disk.exchange)
        try:
            change()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def new_folder():
    with rooms.replaced(rooms.data(rooms.PLACED, "2025-06")) as folder:
        (folder / "a").write_text("new")
        (folder / "deeper").mkdir()
        (folder / "deeper" / "b").write_text("new")


@posix
@pytest.mark.parametrize("exchange", [True, False], ids=["in one step", "set aside"])
def test_a_folder_is_old_or_new_at_every_step(home, monkeypatch, exchange):
    if not exchange:
        monkeypatch.setattr(disk, "exchange", lambda one, other: False)
    elif not sys.platform.startswith("linux"):
        pytest.skip("Linux exchanges names")
    target = rooms.data(rooms.PLACED, "2025-06")
    new = {"a": "new", "deeper/b": "new"}
    seen, step = set(), 0
    while True:
        with rooms.replaced(target) as folder:
            (folder / "a").write_text("old")
        cut = killed_at(step, new_folder)
        if exchange:  # a reader finds the month at every moment, before anything is put back
            assert content(target) in ({"a": "old"}, new), step
        rooms.recover(target.parent)
        assert content(target) in ({"a": "old"}, new), step
        assert [p.name for p in target.parent.iterdir()] == ["2025-06"], step
        seen.add(content(target)["a"])
        step += 1
        if not cut:
            break
    assert step > 10 and seen == {"old", "new"}


@posix
def test_a_file_is_old_or_new_at_every_step(home):
    path, step, seen = home / "data" / "sources.toml", 0, set()
    while True:
        rooms.put(path, "old")
        cut = killed_at(step, lambda: rooms.put(path, "new"))
        seen.add(path.read_text())
        rooms.recover(path.parent)
        assert content(path.parent) in ({path.name: "old"}, {path.name: "new"}), step
        step += 1
        if not cut:
            break
    assert step > 3 and seen == {"old", "new"}


def test_bytes_reach_the_disk_before_their_name_and_the_name_before_the_end(home, monkeypatch):
    """A cut of power may lose what was not flushed: so all of it is, in this order."""
    order = []
    flush = os.fsync

    def noted(number):
        order.append("folder" if Path(f"/proc/self/fd/{number}").is_dir() else "file")
        flush(number)

    monkeypatch.setattr(os, "fsync", noted)
    take = disk.exchange
    monkeypatch.setattr(disk, "exchange", lambda *names: order.append("name") or take(*names))
    new_folder()
    if Path("/proc/self/fd").exists():
        assert order == ["file", "folder", "file", "folder", "folder"]  # a first folder is renamed, not exchanged
        order.clear()
        new_folder()
        assert order == ["file", "folder", "file", "folder", "name", "folder"]


# --- two runs at once -------------------------------------------------------------------------------------------------

HOLDER = """
import sys, time
from pathlib import Path
from infoaccess import locks
with locks.held(Path(sys.argv[1]), "2025-06"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    run = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert run.stdout.readline() == "held\n"
    yield run
    run.kill()
    run.communicate()


def test_a_second_run_is_refused_and_told_of_the_first(tmp_path, holder):
    with pytest.raises(RoomError) as told, locks.held(tmp_path):
        pass
    assert f"2025-06, tiến trình {holder.pid}, bắt đầu " in str(told.value)
    assert "đã chạy 0 phút" in str(told.value) and "Hãy chờ" in str(told.value)
    assert locks.alive(locks.owner(tmp_path))


def test_a_lock_is_free_when_its_holder_was_killed_and_the_note_tells_of_it(tmp_path, holder):
    holder.kill()
    holder.wait()
    left = locks.owner(tmp_path)
    assert left.pid == holder.pid and not locks.alive(left)
    with locks.held(tmp_path, "2025-07") as former:
        assert former == left
        assert locks.owner(tmp_path).pid == os.getpid()
    assert locks.owner(tmp_path) is None
    with locks.held(tmp_path) as former:
        assert former is None


def test_a_number_that_is_used_again_is_not_the_run(tmp_path):
    note = {"pid": os.getpid(), "born": "another:1", "since": "2025-06-05T02:00:00+07:00", "doing": "run_month.py"}
    (tmp_path / locks.NOTE).write_text(json.dumps(note))
    assert not locks.alive(locks.owner(tmp_path))
    refused = pytest.raises(RoomError, match="đã dừng.*Hãy khởi động lại máy")
    with FileLock(tmp_path / locks.LOCK), refused, locks.held(tmp_path):
        pass


@pytest.mark.parametrize("note", ["", "{", "[]", '{"pid": 1}'])
def test_a_note_that_cannot_be_read_stops_nobody(tmp_path, note):
    (tmp_path / locks.NOTE).write_text(note)
    with locks.held(tmp_path) as former:
        assert former is None


def test_no_clock_makes_a_run_older_or_younger(monkeypatch):
    before = locks.age(os.getpid()), locks.born(os.getpid())
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert 0 <= locks.age(os.getpid()) - before[0] < 60
    assert locks.born(os.getpid()) == before[1] != ""


# --- full disks and folders that may not be written -------------------------------------------------------------------


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Give a home on a disk of one megabyte."""
    place = tmp_path / "small"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True)
    if done.returncode:
        pytest.skip("this machine mounts nothing")
    monkeypatch.setenv("INFOACCESS_HOME", str(place))
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(folder: Path) -> None:
    with (folder / "filler").open("wb", buffering=0) as file:
        for size in (65536, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


@root
def test_a_full_disk_leaves_the_old_and_names_the_folder(small):
    target = rooms.data(rooms.RELEASE, "2025-06")
    with rooms.replaced(target) as folder:
        (folder / "a").write_text("old")
    rooms.put(target.parent / "note", "old")
    fill(small)
    with pytest.raises(RoomError, match="2025-06.*dung lượng đĩa"), rooms.replaced(target) as folder:
        (folder / "a").write_text("new" * 10000)
    with pytest.raises(RoomError, match="note.*dung lượng đĩa"):
        rooms.put(target.parent / "note", "new" * 10000)
    assert content(target.parent) == {"2025-06/a": "old", "note": "old"}
    (small / "filler").unlink()
    with rooms.replaced(target) as folder:
        (folder / "a").write_text("new")
    assert content(target.parent) == {"2025-06/a": "new", "note": "old"}


@root
@pytest.mark.parametrize("kind", ["parquet", "counts", "workbook"])
def test_every_writer_of_tables_tells_a_full_disk_as_one(small, kind):
    import pandas as pd
    import polars as pl

    noise = os.urandom(600_000).hex()
    frame = pd.DataFrame({"a": [noise[n : n + 60] for n in range(0, len(noise), 60)]})
    write = {
        "parquet": lambda path: frame.to_parquet(path, compression="zstd"),
        "counts": lambda path: pl.DataFrame({"a": frame["a"].tolist()}).write_parquet(path, compression="zstd"),
        "workbook": lambda path: frame.to_csv(path, index=False),
    }[kind]
    fill(small)
    (small / "filler").write_bytes(bytes(700_000))
    with (
        pytest.raises(RoomError, match="dung lượng đĩa"),
        rooms.replaced(rooms.data(rooms.RELEASE, "2025-06")) as folder,
    ):
        write(folder / "table")
    assert content(rooms.data(rooms.RELEASE)) == {}


@root
def test_a_folder_that_may_not_be_written_is_named_and_nothing_changes(small):
    target = rooms.data(rooms.RELEASE, "2025-06")
    with rooms.replaced(target) as folder:
        (folder / "a").write_text("old")
    subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
    with pytest.raises(RoomError, match="quyền ghi"), rooms.alone():
        pass
    with pytest.raises(RoomError, match="2025-06.*quyền ghi"), rooms.replaced(target) as folder:
        pass
    with pytest.raises(RoomError, match="note.*quyền ghi"):
        rooms.put(target.parent / "note", "new")
    assert content(target.parent) == {"2025-06/a": "old"}
