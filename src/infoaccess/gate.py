"""Receive the files of a month: each is read once into memory, then by a process that may not take more than its share.

A file that cannot be used comes back with its refusal and the others go on; a reader that dies or hangs takes one file
with it. What is read, checked and certified is one snapshot of bytes.
"""

import contextlib
import datetime as dt
import hashlib
import multiprocessing
import os
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import BrokenExecutor, TimeoutError
from dataclasses import dataclass, field
from pathlib import Path

from pebble import ProcessExpired, ProcessPool
from tqdm import tqdm

from infoaccess import leash, lists, reasons
from infoaccess.errors import Place, RefusedFile, RoomError
from infoaccess.lists import Note, Table

SUFFIXES = (".xlsx", ".xlsm", ".xls", ".ods", ".csv")
FILE_MB = 100
MEMORY_MB = 2000  # address space of one reader, where the system can limit it
SECONDS = 60  # for one file


@dataclass
class Received:
    """Hold one file as it came: what it is, its tables or its refusal, and what else is to be known of it."""

    name: str
    bytes: int
    sha256: str
    modified: str
    tables: list[Table] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    refusal: RefusedFile | None = None


@contextlib.contextmanager
def readers(jobs: int | None = None) -> Iterator[ProcessPool]:
    """Open the pool of reading processes; spawned, as a fork would copy half a running thread."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPool(jobs or min(2, os.cpu_count() or 1), initializer=_limit, initargs=(MEMORY_MB,), context=context)
    try:
        yield pool
    finally:
        pool.stop()
        pool.join()


def receive(paths: Iterable[Path], confirmed: dict[str, dict], pool: ProcessPool) -> list[Received]:
    """Read files, in the order given; each comes back with its tables or with a refusal.

    Raises RoomError when this machine starts no reading process at all.
    """
    try:
        return _receive(paths, confirmed, pool)
    except BrokenExecutor as err:
        raise RoomError(
            "Không khởi động được tiến trình đọc tệp. Hãy kiểm tra bộ nhớ còn trống, khởi động lại máy rồi chạy lại."
        ) from err


def _receive(paths: Iterable[Path], confirmed: dict[str, dict], pool: ProcessPool) -> list[Received]:
    done, waiting = [], []
    for path in paths:
        try:
            data, modified = _snapshot(path)
        except RefusedFile as err:
            done.append(Received(path.name, 0, "", "", refusal=err))
            continue
        file = Received(path.name, len(data), hashlib.sha256(data).hexdigest(), modified)
        done.append(file)
        waiting.append((file, pool.schedule(_read, args=(path.name, data, confirmed), timeout=SECONDS)))
    for file, future in tqdm(waiting, desc="đọc tệp", leave=False, disable=not sys.stderr.isatty()):
        try:
            file.tables, file.notes, file.refusal = future.result()
        except (TimeoutError, ProcessExpired, MemoryError, OSError):
            file.refusal = reasons.refusal("worker", Place(file.name), seconds=SECONDS, memory=MEMORY_MB)
    return done


def _snapshot(path: Path) -> tuple[bytes, str]:
    """Read a file's bytes at one moment.

    Raises RefusedFile when it is no file, is too big, may not be read, or changes meanwhile.
    """
    here = Place(path.name)
    if path.suffix.lower() not in SUFFIXES or not path.is_file():
        raise reasons.refusal("suffix", here, suffixes=", ".join(SUFFIXES))
    try:
        before = path.stat()
        if before.st_size > FILE_MB * 1_000_000:
            raise reasons.refusal("too_big", here, size=before.st_size // 1_000_000, limit=FILE_MB)
        data = path.read_bytes()
        after = path.stat()
    except OSError as err:
        raise reasons.refusal("no_permission", here) from err
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(data) != after.st_size:
        raise reasons.refusal("changed", here)
    return data, dt.datetime.fromtimestamp(after.st_mtime).astimezone().isoformat(timespec="seconds")


def _limit(memory_mb: int) -> None:
    """Bound this process's memory and life, and keep a dying reader's words off the terminal."""
    leash.bind()
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # not on Windows

        resource.setrlimit(resource.RLIMIT_AS, (memory_mb * 1_000_000,) * 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 2)


def _read(name: str, data: bytes, confirmed: dict[str, dict]) -> tuple[list[Table], list[Note], RefusedFile | None]:
    """Read one file in a reader."""
    try:
        tables, notes = lists.read(name, data, confirmed)
    except RefusedFile as err:
        return [], [], err
    except (MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except Exception as err:  # a fault of this program is told as one, for this file, and the month goes on
        return [], [], reasons.refusal("fault", Place(name), detail=f"{type(err).__name__}")
    except BaseException:  # the native reader's panic is no Exception
        return [], [], reasons.refusal("not_workbook", Place(name))
    return tables, notes, None
