"""Keep every list as it came, and from when until when it stood, so that an earlier release can be made again.

data/deposit/<month>/ holds each content once, named by its SHA-256, and ledger.json: 1 entry = 1 stay of 1 content
under 1 name, from the run that saw it first to the run that saw it gone. `facts` beside the months holds the small
files that the office may change (settings, confirmed headings, units, areas of its own) in the same way. The contents
are copies: a list that is changed in place changes no copy. A deleted month (`purging`) takes its deposit with it.
"""

import datetime as dt
import json
import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from infoaccess import checksums, method, rooms
from infoaccess.errors import RoomError

FACTS = "facts"


def now() -> dt.datetime:
    """Return this moment, to the second, with its distance from world time."""
    return dt.datetime.now().astimezone().replace(microsecond=0)


def take(moment: dt.datetime | None = None) -> list[str]:
    """Bring the deposit up to date with what lies in 0_raw and with the facts; return the groups that changed.

    Call it alone (`rooms.alone`). A clock that was set back gives no earlier time than the ledger's last.
    Raises RoomError when a file changes while it is read, or the deposit cannot be written.
    """
    told = _utc(moment or now())
    found = []
    groups = {m: {p.name: p for p in _files(m)} for m in rooms.raw_months()} | {FACTS: method.facts()}
    for group in sorted({*groups, *_groups()}):
        found += [group] if _bring(group, groups.get(group, {}), told) else []
    return found


def at(moment: dt.datetime) -> dict[str, dict[str, dict]]:
    """Return what stood at a moment: of each month, and of the facts, the stays by name."""
    told, found = _utc(moment), {}
    for group in _groups():
        begun = [s for s in ledger(group) if s["since"] <= told]
        stays = {s["name"]: s for s in begun if s["until"] is None or s["until"] > told}
        if stays:
            found[group] = stays
    return found


def first_seen(month: str) -> str | None:
    """Return the moment at which a month's first list was seen, as the ledger has it; None where none was."""
    return min((stay["since"] for stay in ledger(month)), default=None)


def ledger(group: str) -> list[dict]:
    """Read a month's stays, or those of the facts: name, sha256, bytes, modified (ns), since and until (UTC)."""
    path = _folder(group) / "ledger.json"
    if not path.exists():
        return []
    try:
        return json.loads(path.read_text(encoding="utf-8"))["stays"]
    except (ValueError, KeyError) as err:
        raise RoomError(
            f"Tệp {path} bị hỏng, nên không biết danh sách nào có từ khi nào. Hãy lấy lại tệp này từ bản sao lưu, "
            "hoặc chuyển cả thư mục chứa nó đi nơi khác để hệ thống lập lại từ hôm nay, rồi chạy lại."
        ) from err


def restore(group: str, stays: dict[str, dict], folder: Path) -> None:
    """Put contents into a folder under their names, with the times that they had.

    Raises RoomError where a content is not what it was.
    """
    for name, stay in stays.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        source = _folder(group) / stay["sha256"]
        if not source.is_file() or _copied(source, target) != stay["sha256"]:
            raise RoomError(f"Bản lưu {source} của {name} thiếu hoặc đã hỏng. Hãy lấy lại tệp này từ bản sao lưu.")
        os.utime(target, ns=(stay["modified"], stay["modified"]))


def _bring(group: str, paths: dict[str, Path], told: str) -> bool:
    stays = ledger(group)
    told = max([told, *(s["since"] for s in stays), *(s["until"] for s in stays if s["until"])])
    here = {name: checksums.of(path) for name, path in paths.items()}
    gone = [s for s in stays if s["until"] is None and here.get(s["name"]) != s["sha256"]]
    standing = {s["name"] for s in stays if s["until"] is None} - {s["name"] for s in gone}
    fresh = [_deposited(group, n, p, here[n], told) for n, p in sorted(paths.items()) if n not in standing]
    if not gone and not fresh:
        return False
    ended = [s | {"until": told} if s in gone else s for s in stays]
    # What came and went within one second never stood.
    whole = [s for s in ended if s["since"] != s["until"]] + fresh
    text = json.dumps({"stays": whole}, ensure_ascii=False, indent=1)
    rooms.put(_folder(group) / "ledger.json", text + "\n")
    (_folder(group) / "ledger.json").chmod(0o600)
    return True


def _deposited(group: str, name: str, path: Path, content: str, told: str) -> dict:
    """Copy a content, once, and return its stay."""
    folder, about = _folder(group), path.stat()
    target = folder / content
    try:
        for private in (folder.parent, folder):
            private.mkdir(parents=True, exist_ok=True, mode=0o700)
            private.chmod(0o700)
        if not target.exists():
            fresh = folder / f".{secrets.token_hex(8)}"
            try:
                if _copied(path, fresh) != content:
                    raise RoomError(f"Tệp {path} thay đổi trong lúc đọc. Hãy đợi chép xong, đóng Excel, rồi chạy lại.")
                fresh.replace(target)
            finally:
                with suppress(OSError):
                    fresh.unlink()
    except OSError as err:
        raise rooms.unwritten(target, err) from err
    return {
        "name": name,
        "sha256": content,
        "bytes": about.st_size,
        "modified": about.st_mtime_ns,
        "since": told,
        "until": None,
    }


def _copied(source: Path, target: Path) -> str:
    """Copy a file's content to a new file of the owner's alone, push it to the disk, and return its checksum."""
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with source.open("rb") as file, os.fdopen(handle, "wb") as copy:
        shutil.copyfileobj(file, copy, 1 << 20)
        copy.flush()
        os.fsync(copy.fileno())
    return checksums.read(target)


def _files(month: str) -> list[Path]:
    return [path for path in checksums.files_in(rooms.data(rooms.RAW, month)) if path.is_file()]


def _groups() -> list[str]:
    room = rooms.data("deposit")
    return sorted(p.name for p in room.iterdir() if p.is_dir() and not p.name.startswith(".")) if room.is_dir() else []


def _folder(group: str) -> Path:
    return rooms.data("deposit", group)


def _utc(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds")
