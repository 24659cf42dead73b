"""Make a month's reports side by side: one that fails does not cost the others.

The city's report is the month: where it fails, nothing is published. A full disk or a wrong setting concerns all
reports, so it stops all.
"""

import logging
import multiprocessing
import os
import shutil
import sys
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, TimeoutError, wait
from contextlib import suppress
from pathlib import Path

from pebble import ProcessExpired, ProcessPool
from tqdm import tqdm

from infoaccess import attempts, disk, leash, rooms, runner, units, warm
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

SLIDES = "presentation"  # stands among the codes of units
_log = logging.getLogger("infoaccess")


def reports(tasks: list[dict], jobs: int) -> tuple[dict[str, list[dict]], dict[str, InfoAccessError]]:
    """Make reports in `jobs` processes; return the numbers of those made and the errors of those that failed, by code.

    A failed one leaves no file in the folder of the month. Raises the city's error and what concerns all.
    """
    bar = tqdm(total=len(tasks), desc="báo cáo", disable=not sys.stderr.isatty())
    made, failed = {}, {}
    one = warm.path() if warm.available() else None  # one warm process for all of them
    # Spawned, not forked: a process that has run a polars query hangs its forked children.
    spawned = multiprocessing.get_context("spawn")
    workers = max(1, min(jobs, len(tasks), os.cpu_count() or 1))
    megabytes = max((task["limits"].megabytes for task in tasks), default=0)
    pool = ProcessPool(workers, initializer=ready, initargs=(one, megabytes), context=spawned)
    try:
        waiting = {_given(pool, task): (task, 1) for task in tasks}
        while waiting:
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                task, tried = waiting.pop(future)
                err = _error(future.exception(), task)
                if isinstance(err, WorkerDied) and attempts.again(err, tried):
                    waiting[_given(pool, task)] = (task, tried + 1)
                    continue
                if err is None:
                    made |= {task["code"]: future.result()["numbers"]}
                elif task["code"] == units.CITY or not _of_one(err):
                    raise err
                else:
                    failed[task["code"]] = err
                    put_away(task)
                    _log.info("%s", err)
                bar.update()
    except BrokenExecutor as err:
        raise RoomError(
            "Không khởi động được tiến trình lập báo cáo. Hãy xem bộ nhớ còn trống, khởi động lại máy rồi chạy lại."
        ) from err
    finally:
        pool.stop()
        pool.join()
        bar.close()
    order = [task["code"] for task in tasks]
    return {c: made[c] for c in order if c in made}, {c: failed[c] for c in order if c in failed}


def ready(socket_path: str | None, megabytes: int) -> None:
    """Make a worker ready: bound to this run, limited, with the run's warm process."""
    leash.bind()
    leash.limit_memory(megabytes)
    warm.use(socket_path)


def put_away(task: dict) -> None:
    """Move what a failed report left from the folder of the month to where failed notebooks are kept."""
    folder, kept = Path(task["folder"]), rooms.failed() / task["parameters"]["month"]
    kept.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in runner.files(task):
        with suppress(FileNotFoundError):
            shutil.move(folder / path, kept / Path(path).name)


def _given(pool: ProcessPool, task: dict):
    do = runner.presentation if task["code"] == SLIDES else runner.report
    return pool.schedule(do, args=(task,), timeout=task["limits"].seconds or None)


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
