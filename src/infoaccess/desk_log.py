"""Write down who asked for what is not released: time, user, what was asked; never a value of a list.

One line of JSON an access in data/desk.jsonl; the file turns at a megabyte and five older ones stay.
"""

import getpass
import json
import logging
import os
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

from infoaccess import rooms
from infoaccess.errors import RoomError

BYTES, KEPT = 1_000_000, 5


def path() -> Path:
    """Return the file of the log."""
    return rooms.data("desk.jsonl")


def write(what: str, **asked: object) -> None:
    """Add one line. Raises RoomError where it cannot be written: what is not written down is not given."""
    file = path()
    entry = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "user": _user(), "what": what, **asked}
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        handler = RotatingFileHandler(file, maxBytes=BYTES, backupCount=KEPT, encoding="utf-8", delay=False)
    except OSError as err:
        raise RoomError(
            f"Không ghi được nhật ký {file}: {err.strerror or err}. Chỉ mở số liệu nội bộ khi ghi được nhật ký; "
            "hãy kiểm tra dung lượng đĩa và quyền ghi."
        ) from err
    try:
        text = json.dumps(entry, ensure_ascii=False)
        handler.handle(logging.LogRecord("desk", logging.INFO, "", 0, text, None, None))
    finally:
        handler.close()


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a machine without a name for the account
        return str(getattr(os, "getuid", lambda: "?")())
