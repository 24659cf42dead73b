"""Replace identifiers by keyed hashes, so that a household can be followed and nobody can be named.

HMAC-SHA256 with a secret kept outside the checkout and outside data/ (`rooms.key_file`), made on first use.
"""

import hmac
import os
import secrets
from pathlib import Path

from infoaccess import rooms
from infoaccess.columns import normal
from infoaccess.errors import RoomError


def key() -> bytes:
    """Return the secret, made on first use and readable by its owner alone.

    Raises RoomError when it cannot be read or written, or is not what this suite wrote.
    """
    path = rooms.key_file()
    try:
        if not path.exists():
            _create(path)
        found = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as err:
        raise RoomError(
            f"Không đọc hoặc không tạo được khóa bảo mật {path}. Hãy kiểm tra quyền thư mục; "
            "nếu tệp hỏng, hãy khôi phục từ bản sao lưu, vì khóa mới sẽ không nối được với các tháng cũ."
        ) from err
    if len(found) != 32:
        raise RoomError(f"Khóa bảo mật {path} không đủ 32 byte. Hãy khôi phục từ bản sao lưu.")
    return found


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
