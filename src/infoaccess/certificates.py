"""Keep the birth certificates of the raw files in data/sources.toml: what came, when, from whom, how it was laid out.

1 certificate = 1 content (sha256) under 1 name in 1 month. A file that comes anew under its old name gets a certificate
of its own and the former one says by what it was replaced; nothing is struck out. The same files give the same text.
"""

import datetime as dt
import tomllib
from pathlib import Path

import tomli_w
from filelock import FileLock

from infoaccess import rooms
from infoaccess.errors import RoomError

_HEAD = "# Birth certificates of the files in 0_raw, written at the first door.\n\n"
_KEYS = {"month": str, "name": str, "sha256": str}  # without these a certificate says nothing


def record(month: str, files: list[dict], path: Path | None = None) -> None:
    """Write a certificate for each file of a month that has none, and bring the others up to date.

    `files` are those of the door: name, sha256, bytes, modified (ISO), sender, state, layouts [{sheet, kind, heading}].
    Raises RoomError when the file of certificates is broken or cannot be written; it is then left as it is.
    """
    path = path or rooms.data("") / "sources.toml"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f".{path.name}.lock")):  # two months may be received at the same time
            before = _read(path)
            text = _HEAD + tomli_w.dumps({"file": _merged(before, [_certificate(month, f) for f in files])})
            if not path.exists() or path.read_bytes() != text.encode():
                rooms.put(path, text)
    except OSError as err:
        raise rooms.unwritten(path, err) from err


def _certificate(month: str, file: dict) -> dict:
    """Write one file's certificate."""
    received = dt.datetime.fromisoformat(str(file["modified"])).isoformat(timespec="seconds")
    layouts = [{key: _plain(layout[key]) for key in ("sheet", "kind", "heading")} for layout in file.get("layouts", [])]
    return {
        "month": month,
        "name": _plain(file["name"]),
        "sha256": file["sha256"],
        "bytes": file["bytes"],
        "received": received,
        "sender": _plain(file.get("sender") or ""),
        "state": file["state"],
        "layouts": layouts,
    }


def _merged(before: list[dict], now: list[dict]) -> list[dict]:
    """Join old and new certificates, in an order that does not depend on when they came."""
    found = {tuple(c[k] for k in _KEYS): c for c in before}
    for new in now:
        key = tuple(new[k] for k in _KEYS)
        if key in found:  # born once: a copy of the file carries a later time
            new = new | {"received": found[key].get("received", new["received"])}
        found[key] = new
        for other in found.values():
            same = (other["month"], other["name"]) == (new["month"], new["name"])
            if same and other["sha256"] != new["sha256"]:
                other.setdefault("replaced_by", new["sha256"][:12])
    ordered = sorted(
        found.values(), key=lambda c: (*(c[k] for k in ("month", "name")), c.get("received", ""), c["sha256"])
    )
    # Tables go last: in TOML a plain key after them would belong to them.
    return [{k: v for k, v in c.items() if k != "layouts"} | {"layouts": c.get("layouts", [])} for c in ordered]


def _read(path: Path) -> list[dict]:
    """Read the certificates there are.

    Raises RoomError for anything that this module did not write so.
    """
    if not path.exists():
        return []
    try:
        held = tomllib.loads(path.read_bytes().decode("utf-8")).get("file", [])
        sound = isinstance(held, list) and all(isinstance(c.get(k), t) for c in held for k, t in _KEYS.items())
    except (ValueError, AttributeError):  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        sound = False
    if not sound:
        raise RoomError(
            f"Tệp {path} bị hỏng, không đọc được nên không ghi thêm; "
            "hãy lấy lại bản sao lưu của tệp này, hoặc đổi tên nó để hệ thống lập tệp mới, rồi chạy lại."
        )
    return held


def _plain(text: str) -> str:
    """Return a text that UTF-8 can hold: a file name from another system may have bytes that are no letters."""
    return text.encode("utf-8", "replace").decode("utf-8")
