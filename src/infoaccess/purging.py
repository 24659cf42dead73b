"""Delete what lists and rooms hold of persons once it is older than the office keeps it: all of data/ but room 4.

A month goes whole or stays whole. First what later months need is kept (`kept`), which makes the month a deleted one
for every reader; then its folders leave their names; then each file is overwritten, pushed to the disk and unlinked. A
kill in between leaves something for the next call, which finishes it. Room 4 and reports are never touched.
"""

import datetime as dt
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from infoaccess import kept, monthly, rooms, store
from infoaccess.errors import RoomError, UsageError

CHUNK = 1 << 20  # bytes written at a time
CANNOT = (
    "Chương trình đã ghi đè, đẩy xuống đĩa rồi xóa từng tệp. Chương trình không bảo đảm được với: ổ SSD, thẻ nhớ và "
    "hệ tệp ghi bản mới (ô cũ có thể còn), nhật ký và ảnh chụp của hệ tệp, vùng tráo đổi, bản sao lưu, thư mục đồng "
    "bộ, thư điện tử, tệp mà xã còn giữ, bản cũ của một phòng đã được các lần chạy trước thay thế. Hãy mã hóa ổ đĩa "
    "và xóa các bản sao ấy riêng."
)


@dataclass(frozen=True)
class Due:
    """Name one month to delete: its folders, what they hold, and why it cannot be deleted yet."""

    month: str
    folders: list[Path]
    files: int
    bytes: int
    blocked: str | None = None


@dataclass
class Done:
    """Count what was deleted; `shared` names led to what lies elsewhere too, which was not overwritten."""

    months: list[str] = field(default_factory=list)
    files: int = 0
    bytes: int = 0
    shared: list[Path] = field(default_factory=list)


def retention(settings: dict) -> int:
    """Return for how many months lists are kept, this month included.

    Raises UsageError unless it is a whole number of at least 2: changes are counted against the month before.
    """
    found = settings.get("retention_months")
    if type(found) is not int or found < 2:
        raise UsageError(
            "notebooks/parameters.yaml cần dòng retention_months: số nguyên từ 2 trở lên "
            f"(số tháng giữ danh sách), không phải {found!r}."
        )
    return found


def due(keep: int, today: dt.date, settings: dict) -> list[Due]:
    """List the months older than `keep` months that still hold something, oldest first."""
    first = rooms.shift(f"{today:%Y-%m}", 1 - keep)
    held: dict[str, list[Path]] = {}
    for month, folder in kept.folders():
        if month < first:
            held.setdefault(month, []).append(folder)
    return [_due(month, folders, settings) for month, folders in sorted(held.items())]


def _due(month: str, folders: list[Path], settings: dict) -> Due:
    files = [p for folder in folders for p in _files(folder)]
    size = sum(p.lstat().st_size for p in files)
    return Due(month, folders, len(files), size, _blocked(month, settings))


def _files(folder: Path) -> list[Path]:
    if folder.is_symlink() or not folder.is_dir():
        return [folder]
    return sorted(p for p in folder.rglob("*") if p.is_symlink() or not p.is_dir())


def _blocked(month: str, settings: dict) -> str | None:
    """Tell why a month may not go yet: its figures would stay as they are for ever, so they must be today's."""
    gone = month in rooms.purged_months()
    unread = month < settings["first_month"] and month not in store.months(rooms.RELEASE)
    if gone or unread or month not in rooms.raw_months():
        return None
    mark = rooms.data(rooms.RELEASE, month) / "inputs.sha256"
    if mark.exists() and mark.read_text(encoding="ascii") == monthly.inputs_key(month, settings):
        return None
    return f"số công bố của tháng {month} chưa làm từ danh sách, cài đặt và chương trình hiện nay"


def plan(keep: int, today: dt.date, settings: dict) -> list[str]:
    """Say what would be deleted, a line a month; nothing is."""
    found = due(keep, today, settings)
    lines = [f"tháng {d.month}: {d.files} tệp, {d.bytes} byte ({_rooms(d)}){_why(d)}" for d in found]
    return lines or [f"Không có tháng nào cũ hơn {keep} tháng."]


def _rooms(month: Due) -> str:
    return ", ".join(dict.fromkeys(folder.parent.name for folder in month.folders))


def _why(month: Due) -> str:
    return f"; CHƯA XÓA ĐƯỢC: {month.blocked}" if month.blocked else ""


def run(keep: int, today: dt.date, settings: dict) -> Done:
    """Delete every month older than `keep` months; what later months need of it is kept first.

    Raises RoomError when another run works here, when a month's released figures are not up to date (then nothing is
    deleted), or when a file resists (then the next call goes on).
    """
    with rooms.alone():
        found = due(keep, today, settings)
        for month in (d for d in found if d.blocked):
            raise RoomError(
                f"Chưa xóa gì: {month.blocked}. Hãy chạy scripts/run_month.py cho tháng mới nhất rồi xóa lại."
            )
        done = Done()
        for month in found:
            _delete(month, today, done)
        return done


def _delete(month: Due, today: dt.date, done: Done) -> None:
    try:
        if month.month not in rooms.purged_months():
            kept.write(month.month, today.isoformat())
        for folder in [_aside(folder, month.month) for folder in month.folders]:
            _empty(folder, done)
    except OSError as err:
        raise RoomError(
            f"Chưa xóa hết tháng {month.month}: {err.strerror or err}. Hãy đóng các tệp đang mở, kiểm tra quyền ghi "
            "rồi chạy lại scripts/purge.py; lần sau sẽ xóa tiếp."
        ) from err
    done.months.append(month.month)


def _aside(folder: Path, month: str) -> Path:
    """Take a folder out of its readers' sight in one step."""
    if folder.name.startswith("."):
        return folder
    return folder.rename(folder.with_name(f".{month}.purge-{secrets.token_hex(4)}"))


def _empty(path: Path, done: Done) -> None:
    """Delete a folder from its leaves; a link is taken away and not followed."""
    if path.is_symlink() or not path.is_dir():
        _erase(path, done)
        return
    path.chmod(0o700)
    for inner in sorted(path.iterdir()):
        _empty(inner, done)
    path.rmdir()


def _erase(path: Path, done: Done) -> None:
    """Overwrite one file, push it to the disk, take its name away, unlink it."""
    about = path.lstat()
    if path.is_symlink():
        done.shared.append(path)
        path.unlink()
        return
    path.chmod(0o600)
    if about.st_nlink > 1:
        done.shared.append(path)  # overwriting would change a file that lies elsewhere
    else:
        with path.open("r+b") as file:
            for start in range(0, about.st_size, CHUNK):
                file.write(secrets.token_bytes(min(CHUNK, about.st_size - start)))
            file.flush()
            os.fsync(file.fileno())
    nameless = path.rename(path.with_name(secrets.token_hex(8)))
    nameless.unlink()
    _sync(path.parent)
    done.files += 1
    done.bytes += about.st_size


def _sync(folder: Path) -> None:
    """Push a folder's list of names to the disk, where the system lets a program do so (not on Windows)."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def told(done: Done) -> list[str]:
    """Say what was deleted, and what no program can promise."""
    if not done.months:
        return ["Không có gì phải xóa."]
    lines = [f"Đã xóa danh sách của {len(done.months)} tháng ({', '.join(done.months)}): {done.files} tệp."]
    if done.shared:
        lines.append(f"{len(done.shared)} tệp hoặc thư mục là liên kết tới nơi khác: hãy xóa nội dung ở đó riêng.")
    return [*lines, "Số đã công bố (data/4_release) và báo cáo vẫn còn nguyên.", CANNOT]
