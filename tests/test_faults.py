"""Whatever happens to a run, folders and files are old or new, whole, and the next run finishes the job."""

import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import killing
import mischief
import nbformat
import pytest
from filelock import FileLock

from infoaccess import attempts, batch, disk, due, leash, locks, monthly, published, revisions, rooms, runner, warm
from infoaccess.errors import KernelDied, OutOfMemory, OverTime, ReportError, RoomError, StageError, UsageError

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


# --- notebooks that stop, never stop, or take too much ----------------------------------------------------------------


@pytest.fixture
def book(home):
    """Return a function that writes one cell into a notebook of a stage and runs it."""
    (home / "notebooks").mkdir()
    shutil.copy(rooms.CHECKOUT / "notebooks" / "parameters.yaml", home / "notebooks")
    tries = home / "tries"

    def run(*cells: str, limits: leash.Limits = leash.Limits(60)):  # noqa: B008
        first = f"month: str = ''\ntries = open({str(tries)!r}, 'a+'); tries.write('x'); tries.flush(); tries.seek(0)"
        made = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(c) for c in ("month: str = ''", first, *cells)]
        )
        made.cells[0].metadata["tags"] = ["parameters"]
        made.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python 3"}
        nbformat.write(made, home / "notebooks" / "n.ipynb")
        return attempts.call(runner.execute, "n", {"month": "2025-06"}, home / "out.ipynb", limits)

    run.tries = lambda: len(tries.read_text())
    return run


KILL = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


@posix
def test_a_kernel_that_dies_is_tried_again_and_then_told(book, caplog):
    with pytest.raises(KernelDied, match="n: tiến trình tính toán dừng đột ngột"):
        book(KILL)
    assert book.tries() == attempts.TRIES
    assert [r.getMessage()[-13:] for r in caplog.records if r.name == "infoaccess"] == [
        "lại, lần 2/3.",
        "lại, lần 3/3.",
    ]


@posix
def test_a_kernel_that_died_by_chance_costs_nothing_but_time(book):
    made = book(f"if len(tries.read()) == 1:\n    {KILL}", "1 + 1")
    assert made.cells[-1].outputs[0].data["text/plain"] == "2" and book.tries() == 2


@pytest.mark.parametrize(
    "cell, kind, told",
    [
        ("1 / 0", StageError, "lỗi không lường trước \\(ZeroDivisionError\\)"),
        ("raise MemoryError", OutOfMemory, "hết bộ nhớ cho phép 0 MB"),
    ],
)
def test_what_would_stop_again_is_not_tried_again(book, cell, kind, told):
    with pytest.raises(kind, match=f"n, ô \\[4\\]: {told}"):
        book(cell)
    assert book.tries() == 1


@pytest.mark.parametrize("limits", [leash.Limits(1), leash.Limits(60, seconds=2), leash.Limits(0, seconds=2)])
def test_a_cell_that_never_ends_is_ended(book, limits):
    began = time.monotonic()
    with pytest.raises(OverTime, match="n: quá thời hạn"):
        book("while True: pass", limits=limits)
    assert book.tries() == 1 and time.monotonic() - began < 30


def test_a_notebook_has_a_limit_as_a_whole_too():
    left = leash.Limits(100, seconds=1000).left()
    assert left(None) == 100
    assert leash.Limits(100, seconds=30).left()(None) in (29, 30)
    assert leash.Limits(0, seconds=0).left()(None) == 0  # no limit at all, in nbclient's words


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux limits memory")
def test_a_kernel_may_take_no_more_memory_than_it_may(book):
    with pytest.raises(OutOfMemory, match="3000 MB"):
        book("held = bytearray(4_000_000_000)", limits=leash.Limits(60, megabytes=3000))
    taken = book(
        "held = bytearray(400_000_000)\nimport resource",
        "[resource.getrlimit(r)[0] for r in (resource.RLIMIT_DATA, resource.RLIMIT_CORE)]",
        limits=leash.Limits(60, megabytes=3000),
    )
    assert taken.cells[-1].outputs[0].data["text/plain"] == "[3000000000, 0]"  # nor does it leave a copy on the disk


@pytest.mark.parametrize("value", ["600", -1, 1.5, True, None])
def test_a_limit_that_is_no_number_is_refused(value):
    with pytest.raises(UsageError, match="stage_seconds.*số nguyên"):
        leash.limits({"stage_seconds": value})


# --- reports that fail ------------------------------------------------------------------------------------------------


@pytest.fixture
def several(home, monkeypatch):
    """Return a function that makes stand-ins of reports side by side."""
    folder = home / "fresh"
    (folder / "run").mkdir(parents=True)
    monkeypatch.setattr(runner, "report", mischief.report)
    monkeypatch.setattr(warm, "available", lambda: False)

    def run(*codes: str, **more):
        limits = leash.Limits(seconds=5)
        tasks = [
            {"code": c, "folder": str(folder), "limits": limits, "parameters": {"month": "2025-06"}} for c in codes
        ]
        return batch.reports([task | more for task in tasks], 2)

    run.folder = folder
    run.tries = lambda code: len((folder / f"{code}.tries").read_text())
    return run


@posix
def test_reports_that_fail_cost_no_other(several):
    bad = {"cell": "cell", "dies": "died", "slow": "time", "differs": "differs", "bug": "document", "memory": "memory"}
    made, failed = several("46", *bad, "dies once", "481")
    assert {c: m["numbers"] for c, m in made.items()} == {c: [{"id": c}] for c in ("46", "dies once", "481")}
    assert {code: err.reason for code, err in failed.items()} == bad
    assert not any(mischief.NAME in str(err) for err in failed.values())
    assert {p.name for p in several.folder.glob("*.*") if p.suffix != ".tries"} == {
        f"{c}.{kind}" for c in made for kind in ("html", "pdf")
    }
    assert {p.name for p in (rooms.failed() / "2025-06").iterdir()} == {f"{c}.html" for c in bad}
    tries = {c: several.tries(c) for c in (*bad, "dies once", "46")}
    assert tries == dict.fromkeys(tries, 1) | {"dies": attempts.TRIES, "dies once": 2}


@posix
@pytest.mark.parametrize(
    "codes, kind, told",
    [(("46",), ReportError, "46"), (("481", "full"), OSError, "space")],
    ids=["the city's report", "a full disk"],
)
def test_what_concerns_all_stops_all(several, codes, kind, told):
    with pytest.raises(kind, match=told):
        several(*codes, stop="46" in codes)


# --- what is published ------------------------------------------------------------------------------------------------


@pytest.fixture
def month(home) -> Path:
    folder = rooms.reports("2025-06")
    (folder / "run").mkdir(parents=True)
    for name in ("46.html", "46.pdf", "annex.xlsx", "index.html", "run/4_release.ipynb"):
        (folder / name).write_text(name)
    (folder / "manifest.json").write_text('{"month": "2025-06", "revision": 2, "published": "2025-07-05"}')
    published.seal(folder)
    return folder


def test_every_published_file_has_its_checksum(month):
    files = json.loads((month / "manifest.json").read_text())["files"]
    assert set(files) == {"46.html", "46.pdf", "annex.xlsx", "index.html"}
    assert published.damaged(month) == []
    (month / "46.pdf").write_text("46.pdF")
    (month / "46.html").unlink()
    (month / "run" / "4_release.ipynb").write_text("")
    assert published.damaged(month) == ["46.html", "46.pdf", "run/4_release.ipynb"]


def test_what_a_former_revision_gave_up_for_space_is_no_damage(month):
    former = month.rename(rooms.reports("2025-06.r2"))
    assert revisions.thin(0) == [former]
    assert published.damaged(former) == []
    (former / "46.pdf").write_text("")
    assert published.damaged(former) == ["46.pdf"]


def test_a_page_of_the_archive_that_a_kill_left_old_is_written_anew(month, monkeypatch):
    written = []
    monkeypatch.setattr(published, "any_two", SimpleNamespace(write=lambda lang: None))
    monkeypatch.setattr(revisions, "archive", lambda lang: written.append(lang) or {"lang": lang, "months": []})
    published.tidy("vi")
    published.tidy("vi")
    assert len(written) == 1
    (month / "manifest.json").write_text("{}")  # another revision took its place, and the run was cut off
    published.tidy("vi")
    published.tidy("vi")
    assert len(written) == 2


@pytest.mark.parametrize("clock, day", [("2020-01-01", "2025-07-05"), ("2026-01-01", "2026-01-01")])
def test_a_clock_that_was_set_back_dates_no_revision_before_the_one_it_replaces(month, monkeypatch, caplog, clock, day):
    fixed = type("date", (dt.date,), {"today": classmethod(lambda cls: dt.date.fromisoformat(clock))})
    monkeypatch.setattr(monthly.dt, "date", fixed)
    assert monthly._day("2025-06", due.Occasion(day=fixed.today())).isoformat() == day
    assert ("hãy đặt lại giờ" in caplog.text) == (clock < day)


def test_the_year_ends_between_two_months():
    assert rooms.shift("2025-12", 1) == "2026-01" and rooms.shift("2026-01", -1) == "2025-12"
    assert rooms.months_between("2025-11", "2026-02") == ["2025-11", "2025-12", "2026-01", "2026-02"]


# --- whole runs that are killed ---------------------------------------------------------------------------------------


@posix
@pytest.mark.skipif(not warm.available(), reason="this system does not fork")
def test_a_month_that_is_killed_between_rooms_and_at_renames_is_old_or_new_and_is_finished(tmp_path):
    """Kill a run of a month just before and just after a folder of each kind takes its place.

    In a process of its own: runs are forked from it, and one that has run a query hangs its forked children.
    """
    command = [sys.executable, killing.__file__, str(tmp_path), "at renames"]
    environment = {k: v for k, v in os.environ.items() if k != warm.SOCKET}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["old"] * len(killing.MOMENTS) + ["new"]
