"""Hold the processes of a run: how long they may take, how much memory, and that none outlives the run.

Memory is limited by RLIMIT_DATA (what a process may write to, not the room it merely reserves), so libraries that
reserve much and use little are not hit. Windows and macOS know neither limit nor bond; there Jupyter's own watch ends
kernels some seconds after their owner.
"""

import contextlib
import ctypes
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infoaccess.errors import UsageError

SETTINGS = {"cell_seconds": 3600, "stage_seconds": 14400, "report_seconds": 1200, "memory_megabytes": 8000}
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of linux/prctl.h
_PASSING = "infoaccess-"


@dataclass(frozen=True)
class Limits:
    """Hold what one notebook may take: seconds a cell, seconds as a whole, megabytes of its kernel; 0 for no limit."""

    cell_seconds: int = SETTINGS["cell_seconds"]
    seconds: int = 0
    megabytes: int = 0

    def left(self) -> Callable[[object], int]:
        """Return a function that gives each cell its seconds, from now on: its own, or what the whole has left."""
        end = time.monotonic() + self.seconds

        def of_cell(cell: object) -> int:
            rest = max(1, int(end - time.monotonic())) if self.seconds else self.cell_seconds
            return min(rest, self.cell_seconds) if self.cell_seconds else rest

        return of_cell


def limits(settings: dict) -> tuple[Limits, Limits]:
    """Return what a stage's notebook and a report's may take. Raises UsageError for what is no whole number.

    >>> limits({"cell_seconds": 60})[1]
    Limits(cell_seconds=60, seconds=1200, megabytes=8000)
    """
    found = {name: settings.get(name, usual) for name, usual in SETTINGS.items()}
    for name, value in found.items():
        if type(value) is not int or value < 0:
            raise UsageError(
                f"{name} trong notebooks/parameters.yaml phải là số nguyên từ 0 trở lên, không phải {value!r}."
            )
    cell, megabytes = found["cell_seconds"], found["memory_megabytes"]
    return Limits(cell, found["stage_seconds"], megabytes), Limits(cell, found["report_seconds"], megabytes)


def limit_memory(megabytes: int) -> None:
    """Bound what this process may take, and let it leave no copy of its memory on the disk; 0 bounds nothing."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # not on Windows

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if megabytes and sys.platform.startswith("linux"):
            resource.setrlimit(resource.RLIMIT_DATA, (megabytes * 1_000_000,) * 2)


def kernel_argument(megabytes: int) -> str:
    """Return the argument that lets a kernel bound itself before its first cell."""
    return f"--IPKernelApp.exec_lines=__import__('infoaccess.leash', fromlist=['']).limit_memory({megabytes})"


def bind(parent: int | None = None) -> None:
    """Let this process end at once with the one that started it, however that ends (Linux)."""
    if not sys.platform.startswith("linux"):
        return
    starter = multiprocessing.parent_process()
    parent = parent or (starter.pid if starter else os.getppid())
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it was faster
        os.kill(os.getpid(), signal.SIGKILL)


def passing(what: str) -> Path:
    """Return a new path for a passing file or socket, with this process's number in its name."""
    return Path(tempfile.gettempdir()) / f"{_PASSING}{os.getpid()}-{what}{uuid.uuid4().hex[:8]}"


def sweep() -> list[Path]:
    """Remove passing files of this user's processes that are gone; return what was removed."""
    removed = []
    for path in Path(tempfile.gettempdir()).glob(f"{_PASSING}[0-9]*"):
        pid = path.name.removeprefix(_PASSING).split("-", 1)[0]
        if not pid.isdecimal() or _runs(int(pid)):
            continue
        with contextlib.suppress(OSError):
            if hasattr(os, "getuid") and path.lstat().st_uid != os.getuid():
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
            removed.append(path)
    return removed


def _runs(pid: int) -> bool:
    import psutil

    return psutil.pid_exists(pid)
