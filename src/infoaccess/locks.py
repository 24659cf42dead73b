"""Let one run work at a time, and tell who it is: process, task, start and age.

The lock itself is the system's (filelock), which frees it when its holder ends, however that happens. Beside it lies a
note of the owner. A note whose process is gone is that of a run that was cut off. A process is known by its number and
its start since the machine's own, so neither a number that is used again nor a clock that was set back deceives.
"""

import contextlib
import datetime as dt
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from infoaccess import disk
from infoaccess.errors import RoomError

NOTE = ".run.owner.json"
LOCK = ".run.lock"


@dataclass(frozen=True)
class Owner:
    """Tell of one run: its process, what tells that process from a later one of its number, its start, its task."""

    pid: int
    born: str
    since: str
    doing: str

    def __str__(self) -> str:
        """Name the run for a clerk.

        >>> print(Owner(12, "", "2025-07-05T02:00:00+07:00", "run_month.py 2025-06"))
        run_month.py 2025-06, tiến trình 12, bắt đầu 05/07/2025 02:00
        """
        day = dt.datetime.fromisoformat(self.since)
        return f"{self.doing}, tiến trình {self.pid}, bắt đầu {day:%d/%m/%Y %H:%M}"


@contextlib.contextmanager
def held(folder: Path, doing: str = "") -> Iterator[Owner | None]:
    """Hold the lock of a folder; give the owner of a former run that was cut off, None where none was.

    Raises RoomError where another run holds it, naming that run, and where the folder cannot be written.
    """
    lock = FileLock(folder / LOCK)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as err:
        raise RoomError(busy(owner(folder))) from err
    except (OSError, NotImplementedError) as err:
        raise RoomError(
            f"Không ghi được thư mục {folder}: {getattr(err, 'strerror', None) or err}. "
            "Hãy kiểm tra quyền ghi và dung lượng đĩa rồi chạy lại; chưa có gì thay đổi."
        ) from err
    try:
        former = owner(folder)
        with contextlib.suppress(OSError):  # a note that cannot be written is no reason not to work
            disk.put(folder / NOTE, json.dumps(asdict(_me(doing)), ensure_ascii=False).encode())
        yield former
    finally:
        with contextlib.suppress(OSError):
            (folder / NOTE).unlink()
        lock.release()


def owner(folder: Path) -> Owner | None:
    """Read the note of a folder's run; None where there is none, or none that can be read."""
    try:
        return Owner(**json.loads((folder / NOTE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def alive(run: Owner) -> bool:
    """Tell whether the process of a run is still there: the same one, not one that has its number now."""
    return born(run.pid) == run.born != ""


def busy(run: Owner | None) -> str:
    """Say that another run holds the lock, which one and for how long, and what to do."""
    if run is None:
        return "Một lần chạy khác đang làm việc trong cùng thư mục. Hãy chờ lần đó xong rồi chạy lại."
    if not alive(run):
        return (
            f"Lần chạy trước ({run}) đã dừng, nhưng một tiến trình do nó mở còn giữ khóa của thư mục. "
            "Hãy khởi động lại máy rồi chạy lại."
        )
    return (
        f"Một lần chạy khác đang làm việc trong cùng thư mục ({run}, đã chạy {span(age(run.pid))}). "
        "Hãy chờ lần đó xong rồi chạy lại."
    )


def span(seconds: float) -> str:
    """Write a length of time.

    >>> span(59), span(3 * 3600 + 125)
    ('0 phút', '3 giờ 2 phút')
    """
    minutes = int(seconds // 60)
    return f"{minutes // 60} giờ {minutes % 60} phút" if minutes >= 60 else f"{minutes} phút"


def born(pid: int) -> str:
    """Return what tells a process from all others that ever have its number here; "" where it is gone."""
    if sys.platform.startswith("linux"):
        ticks = _ticks(pid)
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}:{ticks}" if ticks is not None else ""
    with contextlib.suppress(psutil.Error):
        return f"{psutil.Process(pid).create_time():.0f}"
    return ""


def age(pid: int) -> float:
    """Return for how many seconds a process has been there, by a clock that nobody sets."""
    if sys.platform.startswith("linux"):
        ticks = _ticks(pid)
        return 0.0 if ticks is None else time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    with contextlib.suppress(psutil.Error):
        return max(0.0, time.time() - psutil.Process(pid).create_time())
    return 0.0


def _ticks(pid: int) -> int | None:
    """Read when a process began, in ticks since the machine did; None where it is gone or a corpse."""
    try:
        rest = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if rest[0] in "ZX" else int(rest[19])


def _me(doing: str) -> Owner:
    now = dt.datetime.now().astimezone().isoformat(timespec="seconds")
    name = " ".join(part for part in (Path(sys.argv[0]).name, doing) if part)
    return Owner(os.getpid(), born(os.getpid()), now, name)
