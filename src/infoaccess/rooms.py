"""The rooms of the house: the only module that knows where files lie.

One root moves them all: ``INFOACCESS_HOME``, by default the checkout. Facts that come with the code (the unit lists in
``geo/``, the notebooks) are found beside the code when a home has none of its own.
"""

import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from infoaccess import disk, locks
from infoaccess.errors import InfoAccessError, RoomError, UsageError

CHECKOUT = Path(__file__).resolve().parents[2]
RAW, VALIDATED, PLACED, INDICATORS, RELEASE = "0_raw", "1_validated", "2_placed", "3_indicators", "4_release"
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
_SHUT: ContextVar[bool] = ContextVar("shut", default=False)


def home() -> Path:
    """Return the root of all rooms."""
    return Path(os.environ.get("INFOACCESS_HOME") or CHECKOUT).resolve()


def month_name(text: str) -> str:
    """Check a month's name.

    Raises UsageError for anything but YYYY-MM.

    >>> month_name("2025-06")
    '2025-06'
    """
    if not isinstance(text, str) or not _MONTH.fullmatch(text):
        raise UsageError(f"Tháng {text!r} không hợp lệ. Hãy viết năm-tháng, ví dụ 2025-06, tháng từ 01 đến 12.")
    return text


def months_between(first: str, last: str) -> list[str]:
    """List months, both ends included.

    >>> months_between("2023-11", "2024-01")
    ['2023-11', '2023-12', '2024-01']
    """
    start, end = (int(m[:4]) * 12 + int(m[5:]) - 1 for m in (first, last))
    return [f"{n // 12}-{n % 12 + 1:02d}" for n in range(start, end + 1)]


def shift(month: str, by: int) -> str:
    """Return the month some months later.

    >>> shift("2025-01", -1), shift("2025-01", -12)
    ('2024-12', '2024-01')
    """
    n = int(month[:4]) * 12 + int(month[5:]) - 1 + by
    return f"{n // 12}-{n % 12 + 1:02d}"


def data(room: str, month: str | None = None) -> Path:
    """Return a room of data, or one month's folder in it.

    Raises RoomError inside `released_only` for all of data/ but room 4.
    """
    if _SHUT.get() and room not in ("", RELEASE):
        raise RoomError(f"Phần công bố chỉ được đọc data/{RELEASE}, không được đọc data/{room}.")
    path = home() / "data" / room
    return path / month if month else path


@contextmanager
def released_only() -> Iterator[None]:
    """Shut all of data/ but room 4: what is made inside cannot know what room 4 hides."""
    mark = _SHUT.set(True)
    try:
        yield
    finally:
        _SHUT.reset(mark)


def reports(month: str | None = None) -> Path:
    """Return the folder of reports, or one month's."""
    path = home() / "reports"
    return path / month if month else path


def internal(month: str | None = None) -> Path:
    """Return the folder of the office's own workbooks, or one month's: inside data/, as small counts are not hidden."""
    return data("internal", month)


def internal_reports(month: str | None = None) -> Path:
    """Return the folder of reports with full counts, or one month's: inside data/, never beside the public ones."""
    return data("noi_bo", month)


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a passing folder: inside data/, as what lies there may quote a list. What a killed run left goes first."""
    folder = data(".passing")
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
    except OSError as err:
        raise unwritten(folder, err) from err
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def failed() -> Path:
    """Return where notebooks that stopped are kept: inside data/, as they may quote a list."""
    return home() / "data" / "failed"


def journal(name: str = "") -> Path:
    """Return the folder (or a file) of the journal of runs, of letters and of summaries: inside data/."""
    return home() / "data" / "journal" / name


def letters() -> Path:
    """Return the folder of letters that were not sent."""
    return journal("letters")


def mail_settings() -> Path:
    """Return the file of the office's mail server: inside data/, as addresses are personal data."""
    return home() / "data" / "mail.toml"


def failed_page() -> Path:
    """Return the page that tells why the last run failed; it stands beside the archive's until a run succeeds."""
    return reports() / "failed.html"


def confirmed_headings() -> Path:
    """Return the file that keeps what the office confirmed of unknown headings."""
    return home() / "data" / "headings.toml"


def notebooks() -> Path:
    """Return the folder of notebooks."""
    own = home() / "notebooks"
    return own if (own / "parameters.yaml").exists() else CHECKOUT / "notebooks"


def facts(name: str) -> Path:
    """Return a file of facts in geo/ (units, lineage): the home's own or the checkout's."""
    own = home() / "geo" / name
    return own if own.exists() else CHECKOUT / "geo" / name


def built(name: str = "") -> Path:
    """Return the folder (or a file) of geometry built on this machine."""
    return home() / "geo" / "built" / name


def official() -> Path:
    """Return the folder for the department's own boundary files."""
    return home() / "geo" / "official"


def key_file() -> Path:
    """Return the file of the secret that turns identifiers into hashes; outside the checkout and outside data/."""
    named = os.environ.get("INFOACCESS_KEY_FILE")
    if named:
        return Path(named)
    base = os.environ.get("APPDATA") or os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "infoaccess" / "person.key"


def purged(month: str | None = None) -> Path:
    """Return the folder of what stays of months whose lists were deleted, or one month's: counts, no persons."""
    return data("purged", month)


def purged_months() -> list[str]:
    """List the months whose lists were deleted, oldest first; what is put into 0_raw for them later is not read."""
    return _months(purged())


def raw_months() -> list[str]:
    """List the months that have lists, oldest first."""
    gone = purged_months()
    return [m for m in _months(data(RAW)) if m not in gone]


def _months(room: Path) -> list[str]:
    found = room.iterdir() if room.is_dir() else ()
    return sorted(p.name for p in found if p.is_dir() and _MONTH.fullmatch(p.name))


@contextmanager
def alone(*parents: Path, doing: str = "") -> Iterator[locks.Owner | None]:
    """Hold the one lock of all runs; first put back, in these folders, what a killed run had set aside.

    Gives the owner of a run that was cut off before this one, None where none was. Raises RoomError where another run
    is at work.
    """
    with locks.held(data(""), doing) as former:
        for parent in parents:
            recover(parent)
        yield former


@contextmanager
def replaced(target: Path) -> Iterator[Path]:
    """Give a fresh folder that takes the target's place at the end: whole, or not at all.

    Both change their names in one step where the system can, and the former folder is removed last: a kill or a cut of
    power leaves the old or the new one, and `recover` tidies up.
    Raises RoomError when the disk is full or the folder may not be written.
    """
    mark = uuid.uuid4().hex[:8]
    fresh = target.with_name(f".{target.name}.new-{mark}")
    aside = target.with_name(f".{target.name}.old-{mark}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh.mkdir(mode=0o700 if _private(target) else 0o777)  # nobody else looks in while it is written
        yield fresh
        if _private(target):
            _close(fresh, target)
        disk.flush_tree(fresh)
        disk.take_place(fresh, target, aside)
    except Exception as err:
        told = disk.system_error(err)
        if told is None or isinstance(err, InfoAccessError):
            raise
        if aside.exists() and not target.exists():
            aside.rename(target)
        raise RoomError(
            f"Không ghi được thư mục {target}: {told.strerror or told}. "
            "Hãy kiểm tra dung lượng đĩa và quyền ghi rồi chạy lại; kết quả cũ vẫn còn nguyên."
        ) from err
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        if target.exists():
            shutil.rmtree(aside, ignore_errors=True)


def put(path: Path, text: str) -> None:
    """Put a new text in a file's place: whole, or not at all.

    Raises RoomError when the disk is full or the folder may not be written; then the file is as it was.
    """
    try:
        disk.put(path, text.encode("utf-8"))
    except OSError as err:
        raise unwritten(path, err) from err


def unwritten(path: Path, err: OSError) -> RoomError:
    """Build the error of a file that could not be written."""
    return RoomError(
        f"Không ghi được {path}: {err.strerror or err}. "
        "Hãy kiểm tra dung lượng đĩa và quyền ghi rồi chạy lại; tệp cũ vẫn còn nguyên."
    )


def recover(parent: Path) -> None:
    """Put back a folder that a killed run had set aside, and remove its half-written ones."""
    if not parent.is_dir():
        return
    for path in parent.glob(".*.old-????????"):
        target = parent / path.name[1:].rsplit(".old-", 1)[0]
        if target.exists():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.rename(target)
    for path in parent.glob(".*.new-????????"):
        if path.is_file():
            path.unlink()
        else:
            shutil.rmtree(path, ignore_errors=True)


def places() -> list[Path]:
    """List the folders in which a killed run may have left something: reports, data, each room, each month's tables."""
    room = data("")
    found = sorted(p for p in room.iterdir() if p.is_dir() and p.name != RAW) if room.is_dir() else []
    tables = data(INDICATORS)
    return [reports(), room, *found, *(tables / m for m in _months(tables))]


def _private(target: Path) -> bool:
    """Tell whether a folder may hold data of persons or small counts: all of data/ but room 4."""
    return target.is_relative_to(data("")) and not target.is_relative_to(data(RELEASE))


def _close(folder: Path, target: Path) -> None:
    """Let the owner alone into a private folder. Windows knows no such bits: there the drive's access lists count."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    for above in (p for p in target.parents if p != data("") and p.is_relative_to(data(""))):
        with suppress(OSError):  # another's folder: its owner decides
            above.chmod(0o700)
