"""Replace identifiers by keyed hashes, so that a household can be followed and nobody can be named.

HMAC-SHA256 with a secret kept outside the checkout and outside data/ (`rooms.key_file`), made on first use. Without the
secret the hashes say nothing; with it, a list of numbers could be tried out, so it is guarded like the lists. Another
secret gives other hashes: `fingerprint` is part of what a month rests on, so that all months are hashed anew together
and no household is lost between two months.
"""

import hmac
import os
import secrets
import sys
from pathlib import Path

from infoaccess import rooms
from infoaccess.columns import normal
from infoaccess.errors import RoomError


def key() -> bytes:
    """Return the secret, made on first use and readable by its owner alone.

    Raises RoomError when it cannot be read or written, is not what this suite wrote, lies among the data, or is open
    to others.
    """
    path = rooms.key_file()
    _refuse_place(path)
    try:
        if not path.exists():
            _create(path)
        _refuse_open(path)
        found = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as err:
        raise RoomError(
            f"Không đọc hoặc không tạo được khóa bảo mật {path}. Hãy kiểm tra quyền thư mục; "
            "nếu tệp hỏng, hãy khôi phục từ bản sao lưu, vì khóa mới sẽ không nối được với các tháng đã xóa danh sách."
        ) from err
    if len(found) != 32:
        raise RoomError(f"Khóa bảo mật {path} không đủ 32 byte. Hãy khôi phục từ bản sao lưu.")
    return found


def fingerprint(secret: bytes) -> str:
    """Name a secret without giving it away.

    >>> fingerprint(b"a") == fingerprint(b"a"), fingerprint(b"a") == fingerprint(b"b"), len(fingerprint(b"a"))
    (True, False, 16)
    """
    return hmac.digest(secret, b"infoaccess: which key", "sha256").hex()[:16]


def _refuse_place(path: Path) -> None:
    """Refuse a secret that would travel with the data or with the code."""
    real = path.resolve()
    for folder in (rooms.CHECKOUT, rooms.data("").resolve(), rooms.reports().resolve()):
        if real.is_relative_to(folder):
            raise RoomError(
                f"Khóa bảo mật không được nằm trong {folder}. Hãy chuyển khóa ra ngoài và sửa INFOACCESS_KEY_FILE."
            )


def _refuse_open(path: Path) -> None:
    """Refuse a secret that others may read or replace.

    Windows has no such bits: in %APPDATA% the access list lets in the user, the system and administrators only;
    elsewhere whoever names another place by INFOACCESS_KEY_FILE sees to it.
    """
    if sys.platform == "win32":
        return
    if path.stat().st_mode & 0o077:
        raise RoomError(f"Người khác đọc được khóa bảo mật {path}. Hãy chạy: chmod 600 '{path}' rồi chạy lại.")
    folder = path.parent.stat().st_mode
    if folder & 0o022 and not folder & 0o1000:  # a sticky folder lets nobody replace another's file
        raise RoomError(
            f"Người khác thay được khóa bảo mật trong {path.parent}. Hãy chạy: chmod 700 '{path.parent}' rồi chạy lại."
        )


def _create(path: Path) -> None:
    """Write a new secret whole under a passing name; the first of two writers wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    passing = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32))
        file.flush()
        os.fsync(file.fileno())
    try:
        if not path.exists():
            os.link(passing, path)
    except FileExistsError:
        pass  # another run made it a moment ago: its secret is the one
    finally:
        passing.unlink()


def household_id(secret: bytes, commune_code: str, valid_from: str, village: str, household_no: str) -> str:
    """Hash a household's key: commune (code + valid_from), village, number; the number restarts in each village.

    >>> household_id(b"k", "20044", "2021-07-01", "Thôn 1", "001") == household_id(
    ...     b"k", "20044", "2021-07-01", "THÔN  1", "001")
    True
    """
    words = "\x1f".join((commune_code, valid_from, normal(village), normal(household_no)))
    return hmac.digest(secret, words.encode("utf-8"), "sha256").hex()[:32]
