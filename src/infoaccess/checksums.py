"""SHA-256 of the files that figures rest on, read again only where a file may have changed.

A checksum is remembered with the file's size, times and number on the disk. It is believed only when the file was at
rest for two seconds before it was read: a later change within one tick of the disk's clock would not show.
"""

import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path

from infoaccess import rooms

NOTES = (".toml", ".txt", ".md")  # notes that travel with the lists
REST = 2_000_000_000  # nanoseconds
_known: dict[str, dict[str, list]] = {}  # by the file of memory: path below home -> [size, times, number, checksum]
_met: set[tuple[str, str]] = set()  # (file of memory, path): what was asked for in this process


def files_in(folder: Path) -> list[Path]:
    """List what was put into a month's folder, notes and an editor's passing files apart."""
    if not folder.is_dir():
        return []
    found = (p for p in folder.iterdir() if not p.name.startswith((".", "~$")))
    return sorted(p for p in found if p.suffix.lower() not in NOTES)


def of(path: Path) -> str:
    """Return a file's SHA-256, from memory where nothing can have changed."""
    about = path.stat()
    marks = [about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino]
    memory, name = _memory(), _name(path)
    _met.add((str(_file()), name))
    held = memory.get(name)
    if held and held[:-1] == marks:
        return held[-1]
    at = time.time_ns()
    found = read(path)
    if max(about.st_mtime_ns, about.st_ctime_ns) < at - REST:
        memory[name] = [*marks, found]
    else:
        memory.pop(name, None)
    return found


def read(path: Path) -> str:
    """Return a file's SHA-256 as it is now."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def lists(month: str) -> dict[str, str]:
    """Return the SHA-256 of each of a month's lists by name, as they lie there or lay there when they were deleted."""
    record = rooms.purged(month) / "record.json"
    if record.exists():
        return json.loads(record.read_text(encoding="utf-8"))["lists"]
    return {path.name: of(path) for path in files_in(rooms.data(rooms.RAW, month)) if path.is_file()}


def months() -> list[str]:
    """List the months that have lists or had them, oldest first."""
    return sorted({*rooms.raw_months(), *rooms.purged_months()})


def digest(found: dict[str, str]) -> str:
    """Return one checksum of files by name.

    >>> digest({"a": "1", "b": "2"}) == digest({"b": "2", "a": "1"}), digest({}) == digest({"a": "1"})
    (True, False)
    """
    return hashlib.sha256(json.dumps(sorted(found.items())).encode()).hexdigest()


def remember() -> None:
    """Write down what was met, for the next run, and forget the rest: a deleted list leaves no name behind.

    Where the folder cannot be written all is read again then.
    """
    path = _file()
    text = json.dumps({name: entry for name, entry in _memory().items() if (str(path), name) in _met})
    with suppress(OSError):
        if path.parent.is_dir() and (not path.exists() or path.read_text(encoding="ascii") != text):
            fresh = path.with_name(f"{path.name}.{os.getpid()}")
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # names of files may tell something
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(text)
            fresh.replace(path)


def _file() -> Path:
    return rooms.data("") / ".checksums.json"


def _name(path: Path) -> str:
    return path.relative_to(rooms.home()).as_posix() if path.is_relative_to(rooms.home()) else str(path)


def _memory() -> dict[str, list]:
    path = _file()
    if str(path) not in _known:
        try:
            found = json.loads(path.read_text(encoding="ascii"))
            sound = all(isinstance(entry, list) and len(entry) == 5 for entry in found.values())
        except (OSError, ValueError, AttributeError):
            sound = False
        _known[str(path)] = found if sound else {}
    return _known[str(path)]
