"""Write so that a cut of power at any moment leaves the old or the new, whole.

The order is always the same: the bytes reach the disk, then the name changes in one step, then the folder that holds
the name reaches the disk. Windows flushes folders by itself and cannot exchange two names; there the former folder is
set aside for a moment, and `rooms.recover` puts it back after a cut.
"""

import contextlib
import ctypes
import errno
import hashlib
import os
import re
import sys
import uuid
from functools import cache
from pathlib import Path

MARK = ".archive"  # beside the archive's page: what it was made from
OF_DISKS = {errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC)}
_AT_FDCWD, _EXCHANGE = -100, 2  # of linux/fcntl.h and linux/fs.h


def put(path: Path, content: bytes) -> None:
    """Put new bytes in a file's place: whole, or not at all. Raises OSError; then the file is as it was."""
    fresh = path.with_name(f".{path.name}.new-{uuid.uuid4().hex[:8]}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        flush_folder(path.parent)
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink()


def flush_tree(folder: Path) -> None:
    """Push all files of a folder to the disk, and the folders that name them."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            flush_folder(path)
        elif path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
    flush_folder(folder)


def flush_folder(folder: Path) -> None:
    """Push the names that a folder holds to the disk, where the system lets a program do so."""
    if sys.platform == "win32":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def take_place(fresh: Path, target: Path, aside: Path) -> None:
    """Let a fresh folder take the target's place; what lay there has the fresh one's name afterwards, or is aside."""
    if target.exists() and not exchange(fresh, target):
        target.rename(aside)
    if fresh.exists() and not target.exists():
        fresh.rename(target)
    flush_folder(target.parent)


def exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step, so that no moment lacks either; False where system or disk cannot."""
    call = _renameat2()
    return bool(call) and call(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _EXCHANGE) == 0


def lying(reports: Path) -> str:
    """Return a checksum of what the archive's page tells: the manifests of all months and revisions, a failed run."""
    known = hashlib.sha256(str((reports / "failed.html").exists()).encode())
    for path in sorted(reports.glob("20*/manifest.json")):
        known.update(path.parent.name.encode() + path.read_bytes())
    return known.hexdigest()


def archive_is_old(reports: Path) -> bool:
    """Tell whether the archive's page is not that of the months that lie there: a run was cut off before it."""
    mark = reports / MARK
    return reports.is_dir() and (not mark.exists() or mark.read_text(encoding="ascii") != lying(reports))


def system_error(err: BaseException) -> OSError | None:
    """Find the system's own error in one of a library, which may tell it in its text alone; None where there is none.

    >>> system_error(ValueError("parquet: No space left on device (os error 28)")).errno
    28
    """
    if isinstance(err, OSError):
        return err
    while err is not None:
        if isinstance(err, OSError) and err.errno in OF_DISKS:
            return err
        if (told := re.search(r"\(os error (\d+)\)", str(err))) and int(told[1]) in OF_DISKS:
            return OSError(int(told[1]), os.strerror(int(told[1])))
        err = err.__cause__ or err.__context__
    return None


@cache
def _renameat2():
    """Return the C library's call; None where there is none."""
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
