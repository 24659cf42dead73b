"""Make a month's reports side by side: one that fails does not cost the others.

The city's report is the month: where it fails, nothing is published. A full disk or a wrong setting concerns all
reports, so it stops all.
"""

import logging
import multiprocessing
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, TimeoutError, wait
from contextlib import closing, nullcontext, suppress
from pathlib import Path

from pebble import ProcessExpired, ProcessPool
from tqdm import tqdm

from infoaccess import (
    attempts,
    cluster,
    disk,
    leash,
    memo,
    readback,
    report,
    report_comparison,
    report_pictures,
    rooms,
    runner,
    units,
    warm,
)
from infoaccess.errors import (
    InfoAccessError,
    OutOfMemory,
    OverTime,
    ReleaseError,
    ReportError,
    RoomError,
    StageError,
    WorkerDied,
)

FEW = 3  # reports for which reading once what they share does not pay
SLIDES = "presentation"  # stands among the codes of units
Outcome = tuple[dict, dict | None, BaseException | None]  # of a task: what it gave or what stopped it
_log = logging.getLogger("infoaccess")


def reports(tasks: list[dict], jobs: int) -> tuple[dict[str, dict], dict[str, InfoAccessError]]:
    """Make reports in `jobs` processes; return what was made and the errors of those that failed, by code.

    Where a cluster is named they are made there. A failed one leaves no file in the folder of the month. Raises the
    city's error and what concerns all.
    """
    made, failed = {}, {}
    runner.say(f"5_progress_report: {len(tasks)}")
    outcomes = _on_cluster(tasks) if cluster.address() else _here(tasks, jobs)
    with closing(outcomes):
        for task, result, err in tqdm(outcomes, desc="báo cáo", total=len(tasks), disable=not sys.stderr.isatty()):
            if err is None:
                made[task["code"]] = result
            elif task["code"] == units.CITY or not _of_one(err):
                raise err
            else:
                failed[task["code"]] = err
                put_away(task)
                _log.info("%s", err)
    order = [task["code"] for task in tasks]
    return {c: made[c] for c in order if c in made}, {c: failed[c] for c in order if c in failed}


def _here(tasks: list[dict], jobs: int) -> Iterator[Outcome]:
    """Make reports in processes of this machine, and give each as it ends."""
    if warm.available():
        warm.begin()
    # Spawned, not forked: a process that has run a polars query hangs its forked children.
    spawned = multiprocessing.get_context("spawn")
    workers = min(jobs, os.cpu_count() or 1)
    workers = max(1, min(workers + (workers > 1), len(tasks)))  # one more: each waits while its kernel computes
    megabytes = max((task["limits"].megabytes for task in tasks), default=0)
    shared = _shared(tasks) if len(tasks) > FEW else None
    one = warm.path() if warm.available() else None  # one warm process for all of them
    if one and shared:
        with suppress(OSError):  # only time is lost: kernels read for themselves
            warm.share(shared)
    pool = ProcessPool(workers, initializer=ready, initargs=(one, megabytes, shared), context=spawned)
    try:
        waiting = {_given(pool, task): (task, 1) for task in tasks}
        while waiting:
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                task, tried = waiting.pop(future)
                err = _error(future.exception(), task)
                if isinstance(err, WorkerDied) and attempts.again(err, tried):
                    waiting[_given(pool, task)] = (task, tried + 1)
                    continue
                yield task, None if err else future.result(), err
    except BrokenExecutor as err:
        raise RoomError(
            "Không khởi động được tiến trình lập báo cáo. Hãy xem bộ nhớ còn trống, khởi động lại máy rồi chạy lại."
        ) from err
    finally:
        pool.stop()
        pool.join()
        if shared:
            shared.unlink(missing_ok=True)


def _on_cluster(tasks: list[dict]) -> Iterator[Outcome]:
    """Make reports on the cluster, into the same folder of the shared disk; none is given before all have ended."""
    for task, (result, err) in zip(tasks, cluster.each(_tried, tasks, "báo cáo"), strict=True):
        yield task, result, err


def _tried(task: dict) -> tuple[dict | None, Exception | None]:
    """Make one report; give what stopped it instead of raising it, so that it stops no other."""
    try:
        return _maker(task)(task), None
    except Exception as err:
        return None, _error(err, task)


def _shared(tasks: list[dict]) -> Path | None:
    """Read once what all reports of the month share and write it for the workers; None where that cannot be done.

    With the rooms shut as they are when a report is made again: what is held must know nothing else.
    """
    folder = Path(tasks[0]["folder"])
    kept = folder.with_name(f".memo{folder.name}")  # ends like the folder: `rooms.recover` finds what a killed run left
    with suppress(Exception):  # only time is lost: each report says itself what is wrong
        with nullcontext() if runner.inside(tasks[0]) else rooms.released_only():
            for task in (tasks[0], tasks[len(tasks) // 2]):  # the city and one of its units
                one = readback.opened(task)
                report_pictures.unit_maps(one)
                report_comparison.funnel(one)
                report.method(one)
        memo.save(kept)
        return kept
    return None


def ready(socket_path: str | None, megabytes: int, shared: Path | None = None) -> None:
    """Make a worker ready: bound to this run, limited, with the run's warm process and what its reports share."""
    leash.bind()
    leash.limit_memory(megabytes)
    warm.use(socket_path)
    if shared:
        memo.load(shared)


def put_away(task: dict) -> None:
    """Move what a failed report left from the folder of the month to where failed notebooks are kept."""
    folder, kept = Path(task["folder"]), rooms.failed() / task["parameters"]["month"]
    kept.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in runner.files(task):
        with suppress(FileNotFoundError):
            shutil.move(folder / path, kept / Path(path).name)


def _given(pool: ProcessPool, task: dict):
    return pool.schedule(_maker(task), args=(task,), timeout=task["limits"].seconds or None)


def _maker(task: dict) -> Callable[[dict], dict]:
    return runner.presentation if task["code"] == SLIDES else runner.report


def _of_one(err: Exception) -> bool:
    """Tell whether an error concerns one report alone."""
    return isinstance(err, StageError | ReportError) and not isinstance(err, ReleaseError)


def _error(err: BaseException | None, task: dict) -> BaseException | None:
    """Turn what ended a report into an error of this suite; None where nothing did, and a full disk stays one."""
    name = f"Báo cáo {task['code']}"
    if err is None or isinstance(err, InfoAccessError) or not isinstance(err, Exception):
        return err
    if isinstance(err, TimeoutError):
        limit = task["limits"].seconds
        return OverTime(f"{name}: quá thời hạn {limit} giây (report_seconds trong notebooks/parameters.yaml).")
    if isinstance(err, ProcessExpired):
        return WorkerDied(f"{name}: tiến trình lập báo cáo dừng đột ngột (mã {err.exitcode}).")
    if isinstance(err, MemoryError):
        return OutOfMemory(f"{name}: hết bộ nhớ cho phép (memory_megabytes trong notebooks/parameters.yaml).")
    if (told := disk.system_error(err)) and told.errno in disk.OF_DISKS:
        return err
    # its text may quote anything: its type alone is told
    found = ReportError(f"{name}: không dựng được tài liệu ({type(err).__name__}). Hãy báo người phụ trách phần mềm.")
    found.__cause__ = err
    return found
