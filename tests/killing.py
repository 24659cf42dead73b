"""Runs that are killed: a home as small as can be, runs forked from this process, and what must be so after a kill.

A forked run does what run_month.py does, from the lock to the archive's page, and every stage and report is a process
of its own; only imports and the start of kernels are saved. `whole_command` starts the real thing.
"""

import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
MONTH, AREA, COMMUNES = "2025-12", "20044", ("20044", "20050")
ROOMS = ("1_validated", "2_placed", "3_indicators", "4_release")
PASSING = (".run.lock", ".run.owner.json", ".sources.toml.lock", "SHA256SUMS", ".archive", "inputs.sha256")
PASSING += (".checksums.json", "ledger.json")  # they hold when a file was seen


def prepare(home: Path) -> Path:
    """Make a home of two communes with lists to run, and corrected ones beside it; return the folder of these."""
    import small_months

    from infoaccess import geography, rooms, sample_books, sample_people

    os.environ["INFOACCESS_HOME"] = str(home)
    small_months.part(home)  # people are invented for a part of the city: of two communes alone there are too few
    for seed, folder in ((5, rooms.data(rooms.RAW)), (6, home / "later")):
        people = sample_people.simulate(*small_months.facts(home), scale=0.3, seed=seed, first=MONTH, last=MONTH)
        sample_books.write(people, folder)
        for path in (folder / MONTH).glob("danh_sach_ho_*"):
            if not path.stem.endswith(COMMUNES):
                path.unlink()
    small_months.part(home, COMMUNES)
    geography.build()
    return home / "later"


def forked(home: Path, *, report=None, at: tuple[str, bool] | None = None) -> int:
    """Start a run in a process group of its own and return its number.

    `report` stands in for the making of a report; `at` names a room and whether the run kills itself after a folder of
    that room takes its place, or before.
    """
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.setsid()
        quiet = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(quiet, number)
        os.environ["INFOACCESS_HOME"] = str(home)
        if at:
            _kill_at(home, *at)
        _run(report)
        code = 0
    except BaseException as err:
        (home / "stopped").write_text(repr(err), encoding="utf-8")
    finally:
        os._exit(code)


def _kill_at(home: Path, room: str, after: bool) -> None:
    from infoaccess import disk

    take = disk.take_place

    def take_or_die(fresh: Path, target: Path, aside: Path) -> None:
        here = room in target.parts and target.name in (MONTH, "deprivation")  # not the former revision's place
        if here and not after:
            os.killpg(os.getpgrp(), signal.SIGKILL)
        take(fresh, target, aside)
        if here:
            os.killpg(os.getpgrp(), signal.SIGKILL)

    disk.take_place = take_or_die


def stand_in(task: dict) -> dict:
    """Write documents of a report that tell what room 4 holds, without rendering anything."""
    from infoaccess import readback, runner

    r = readback.opened(task)
    counts = hashlib.sha256(repr(sorted(r.release.cells.items(), key=repr)).encode()).hexdigest()
    for name in runner.files(task):
        path = Path(task["folder"]) / name
        if path.suffix == ".ipynb":
            nbformat.write(nbformat.v4.new_notebook(), path)
        else:
            path.write_text(f"{task['code']} {counts}", encoding="utf-8")
    return {"code": task["code"], "numbers": [], "left": {}}


def _run(report) -> None:
    from infoaccess import leaving, monthly, pipeline, runner

    if report:
        runner.report = report
        leaving.stop = lambda *_: {}  # it reads documents that are none here
        leaving.of_month = leaving.of_last = lambda *_: {}

    stages = {s.notebook: s.id for s in pipeline.STAGES if s.id != "5"}
    real, started = runner.execute, multiprocessing.get_context

    def stage_apart(notebook, parameters, target, limits):
        if notebook not in stages:
            return real(notebook, parameters, target, limits)
        child = os.fork()  # this process runs no query, so its children may
        if child == 0:
            try:
                pipeline.run(stages[notebook], **parameters)
                os._exit(0)
            finally:
                os._exit(1)
        if os.waitpid(child, 0)[1]:
            raise RuntimeError(notebook)
        nbformat.write(nbformat.v4.new_notebook(metadata={"papermill": {"parameters": parameters}}), target)
        return None

    runner.execute = stage_apart
    multiprocessing.get_context = lambda kind=None: started("fork" if kind == "spawn" else kind)
    monthly.run(MONTH, areas=[AREA], jobs=1)


def whole_command(home: Path) -> int:
    """Start run_month.py itself in a process group of its own and return its number."""
    command = [sys.executable, str(ROOT / "scripts" / "run_month.py"), MONTH, "--area", AREA, "--jobs", "1"]
    environment = {k: v for k, v in os.environ.items() if k != "INFOACCESS_WARM"} | {"INFOACCESS_HOME": str(home)}
    log = (home / "stopped").open("wb")
    return subprocess.Popen(command, env=environment, start_new_session=True, stdout=log, stderr=log).pid


def finish(pid: int, home: Path) -> float:
    """Wait for a run to end well and return its seconds."""
    began = time.monotonic()
    if os.waitpid(pid, 0)[1]:
        raise AssertionError((home / "stopped").read_text(encoding="utf-8"))
    (home / "stopped").unlink(missing_ok=True)
    return time.monotonic() - began


def kill(pid: int, seconds: float) -> bool:
    """Kill a run's group of processes after some seconds; tell whether it was still at work."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return False
        time.sleep(min(0.01, max(0.0, end - time.monotonic())))
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return True


def killed(pid: int) -> None:
    """Wait for a run that kills itself."""
    ended = os.waitpid(pid, 0)[1]
    assert os.WIFSIGNALED(ended) and os.WTERMSIG(ended) == signal.SIGKILL, ended


def again(home: Path, model: Path) -> None:
    """Make a home anew as the model's, at the same path: nothing in it may differ by its place."""
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(model, home)


def tree(folder: Path) -> dict[str, str]:
    """Return the checksum of every file, times of the run aside."""
    files = (p for p in sorted(folder.rglob("*")) if p.is_file() and p.name not in PASSING and "journal" not in p.parts)
    return {str(p.relative_to(folder)): hashlib.sha256(_steady(p)).hexdigest() for p in files}


def _steady(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix == ".ipynb":
        book = json.loads(content)
        for each in (book, *book.get("cells", ())):
            for key in ("papermill", "execution"):
                each.get("metadata", {}).pop(key, None)
            if path.stem == "4_release":  # it shows how long the attack took
                each.pop("outputs", None)
        content = json.dumps(book, sort_keys=True).encode()
    if path.name == "door.json" and b'"seconds"' in content:
        door = json.loads(content)
        door["attack"].pop("seconds")
        content = json.dumps(door, sort_keys=True).encode()
    return content


def parts(home: Path) -> dict[str, dict[str, str]]:
    """Return the folders that appear whole or not at all, each with its files: months of rooms, tables, revisions."""
    found = [home / "data" / room / MONTH for room in ROOMS if room != "3_indicators"]
    found += sorted((home / "data" / "3_indicators" / MONTH).glob("[!.]*"))
    found += sorted((home / "reports").glob("20*"))
    # A half-written passing file beside a whole one is no harm; that the next run leaves none is checked in the end.
    return {
        str(p.relative_to(home)): {n: c for n, c in tree(p).items() if ".new-" not in n} for p in found if p.is_dir()
    }


def check_killed(home: Path, old: dict, new: dict, lists: dict) -> str:
    """Check a home in which a run was just killed; tell which revision it shows."""
    from infoaccess import published

    here = parts(home)
    for name, files in here.items():
        assert files in (old.get(name), new.get(name)), f"{name} is neither old nor new"
    assert old.keys() <= here.keys(), f"lost: {old.keys() - here.keys()}"
    for folder in (home / "reports").glob("20*"):
        assert published.damaged(folder) == [], folder
    assert "</html>" in (home / "reports" / "index.html").read_text(encoding="utf-8")
    assert tree(home / "data" / "0_raw") == lists
    present = f"reports/{MONTH}"
    kept = [files for name, files in here.items() if name.startswith(present)]
    assert old[present] in kept, "the former revision is lost"
    return "new" if here[present] == new[present] != old[present] else "old"


def check_done(home: Path, wanted: dict) -> None:
    """Check that a home is as an undisturbed run leaves it, with nothing beside."""
    found = {room: tree(home / room) for room in ("data", "reports")}
    for room, files in wanted.items():
        assert found[room].keys() == files.keys(), sorted(found[room].keys() ^ files.keys())
        apart = [name for name, known in files.items() if found[room][name] != known]
        assert not apart, f"{room}: {apart}"


MOMENTS = [("3_indicators", False), ("reports", False)]  # a room; is its folder in place?


def at_renames(folder: Path) -> list[str]:
    """Kill a run before and after a folder of each kind takes its place; return what was shown after each kill."""
    home, model = folder / "home", folder / "model"
    os.environ["INFOACCESS_KEY_FILE"] = str(folder / "key")
    subprocess.run([sys.executable, __file__, str(home)], check=True, stdout=subprocess.DEVNULL)
    import pandera.pandas  # noqa: F401 - here and below: once, and not in every run that is forked

    from infoaccess import leaving, monthly, programs, warm  # noqa: F401

    warm.use(warm.path())
    finish(forked(home, report=stand_in), home)
    old = parts(home)
    shutil.rmtree(home / "data" / "0_raw")
    (home / "later").rename(home / "data" / "0_raw")
    shutil.copytree(home, model)
    lists = tree(home / "data" / "0_raw")
    finish(forked(home, report=stand_in), home)
    new, wanted = parts(home), {room: tree(home / room) for room in ("data", "reports")}
    assert len(new) == len(old) + 1  # the former revision
    shown = []
    for chain in (MOMENTS, [("reports", True)]):
        again(home, model)
        for at in chain:  # each next run begins on what the last one left
            killed(forked(home, report=stand_in, at=at))
            shown.append(check_killed(home, old, new, lists))
        finish(forked(home, report=stand_in), home)
        check_done(home, wanted)
    return shown


if __name__ == "__main__":
    where = Path(sys.argv[1]).resolve()
    if sys.argv[2:] == ["at renames"]:
        print(*at_renames(where))
    else:
        prepare(where)
