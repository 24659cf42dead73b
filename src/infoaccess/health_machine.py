"""Look at the machine: Python and its packages, fonts, disk, clock, permissions, the schedule."""

import datetime as dt
import os
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from infoaccess import journal, rooms, schedule, scheduling
from infoaccess.health import Finding, fault, good, warning

FREE_GIGABYTES = 2.0  # less: a month may not fit; twice as much: somebody should tidy up
_PRIVATE = ("1_validated", "2_placed", "3_indicators", "failed", "internal", "noi_bo", "journal", "purged")
_NAMED = 4  # packages, folders


def python() -> list[Finding]:
    """Look at the interpreter and whether it is the project's own."""
    text = f"{sys.version.split()[0]}, {sys.executable}"
    if sys.version_info < (3, 11):  # noqa: UP036 - told, not assumed
        return [fault("Python", text, "Cài Python 3.11 trở lên rồi chạy: python3 scripts/setup_env.py")]
    if sys.prefix == sys.base_prefix and not os.environ.get("CONDA_PREFIX"):
        return [warning("Python", f"{text}: không phải môi trường riêng", "Chạy bằng .venv/bin/python (make env).")]
    return [good("Python", text)]


def packages() -> list[Finding]:
    """Compare what is installed with what the project needs and with the lock."""
    remedy = "Chạy: python3 scripts/setup_env.py (hoặc conda env update -f environment.yml)."
    project = rooms.CHECKOUT / "pyproject.toml"
    needed = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"]
    absent, wrong = [], []
    for wanted in map(Requirement, needed):
        version = _version(wanted.name)
        if version is None:
            absent.append(wanted.name)
        elif not wanted.specifier.contains(version, prereleases=True):
            wrong.append(f"{wanted.name} {version} (cần {wanted.specifier})")
    if absent or wrong:
        return [fault("Gói Python", "; ".join(_lack("thiếu", absent) + _lack("sai phiên bản", wrong)), remedy)]
    other = _unlike_lock()
    if other:
        return [warning("Gói Python", f"khác requirements.lock: {_few(other)}", remedy)]
    return [good("Gói Python", f"{len(needed)} gói đúng như requirements.lock")]


def _unlike_lock() -> list[str]:
    found = []
    for line in (rooms.CHECKOUT / "requirements.lock").read_text(encoding="utf-8").splitlines():
        try:
            wanted = Requirement(line)
        except InvalidRequirement:
            continue
        version = _version(wanted.name)
        applies = wanted.marker is None or wanted.marker.evaluate()
        if applies and version is not None and not wanted.specifier.contains(version, prereleases=True):
            found.append(f"{wanted.name} {version}")
    return found


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _lack(what: str, names: list[str]) -> list[str]:
    return [f"{what}: {_few(names)}"] if names else []


def _few(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" và {more} mục nữa" if more > 0 else "")


def typefaces() -> list[Finding]:
    """Look for the face that reports are set in."""
    from infoaccess import fonts

    family, _ = fonts.chosen()
    if family == fonts.PREFERRED:
        return [good("Phông chữ", f"{family}, đủ chữ tiếng Việt")]
    return [
        warning(
            "Phông chữ",
            f"không có {fonts.PREFERRED} đủ chữ tiếng Việt; báo cáo PDF dùng {family}",
            "Nếu báo cáo phải theo Nghị định 30/2020: cài phông Times New Roman (4 kiểu). Không cài vẫn chạy được.",
        )
    ]


def disk() -> list[Finding]:
    """Look at the space that is left where the rooms lie and where notebooks are passing."""
    free = shutil.disk_usage(rooms.home()).free / 1e9
    text = f"còn {free:.1f} GB".replace(".", ",")
    remedy = "Dọn đĩa: xem scripts/purge.py --plan và revisions_megabytes trong notebooks/parameters.yaml."
    if free < FREE_GIGABYTES:
        return [fault("Đĩa", text, remedy)]
    return [warning("Đĩa", text, remedy) if free < 2 * FREE_GIGABYTES else good("Đĩa", text)]


def clock() -> list[Finding]:
    """Compare the clock with the journal: a clock that was set back mixes up what came when."""
    times = [dt.datetime.fromisoformat(event["time"]) for event in journal.read()[-50:]]
    now = dt.datetime.now().astimezone()
    ahead = [t for t in times if t > now + dt.timedelta(hours=1)]
    if ahead:
        told = f"{now:%d/%m/%Y %H:%M}, nhưng nhật ký có dòng của {max(ahead):%d/%m/%Y %H:%M}"
        return [fault("Đồng hồ", told, "Đặt lại ngày giờ của máy; pin của bo mạch có thể đã hết.")]
    return [good("Đồng hồ", f"{now:%d/%m/%Y %H:%M}")]


def folders() -> list[Finding]:
    """Look whether this user can write what a run writes, and whether others can read what they must not."""
    lacking = [p for p in (rooms.data(""), rooms.reports(), rooms.built()) if not os.access(_there(p), os.W_OK)]
    if lacking:
        names = ", ".join(_short(p) for p in lacking)
        remedy = "Chạy bằng đúng người dùng của lịch, hoặc đổi chủ thư mục: sudo chown -R <người dùng> <thư mục>"
        return [fault("Quyền ghi", f"người dùng này không ghi được {names}", remedy)]
    if sys.platform == "win32":
        return [good("Quyền ghi", "ghi được data/, reports/, geo/built")]
    found = [good("Quyền ghi", "ghi được data/, reports/, geo/built")]
    owners = {p.stat().st_uid for p in _months() if p.exists()}
    if len(owners) > 1:
        remedy = f"Đổi hết về một người dùng: sudo chown -R {schedule.owner(rooms.data(''))} {rooms.data('')}"
        found.append(warning("Chủ thư mục", "các phòng trong data/ thuộc về nhiều người dùng", remedy))
    return found + _open_rooms()


def _open_rooms() -> list[Finding]:
    """Look for rooms of persons that others can enter."""
    open_ = [rooms.data(name) for name in _PRIVATE if _mode(rooms.data(name)) & 0o077]
    raw = rooms.data(rooms.RAW)
    outer = _mode(rooms.data("")) & 0o007
    if outer and _mode(raw) & 0o007:
        open_.append(raw)
    if not open_:
        return [good("Phòng riêng tư", "chỉ người dùng của lịch vào được dữ liệu cá nhân")]
    remedy = "Chạy: " + "; ".join(f"chmod {'o-rwx' if p == raw else 'go-rwx'} '{p}'" for p in open_)
    return [warning("Phòng riêng tư", f"người khác trên máy vào được {', '.join(map(_short, open_))}", remedy)]


def _there(path: Path) -> Path:
    """Return the path, or the nearest folder above it that exists: there it would be made."""
    return path if path.exists() else _there(path.parent)


def _mode(path: Path) -> int:
    return path.stat().st_mode if path.exists() else 0


def _months() -> list[Path]:
    return [p for room in (rooms.RAW, *_PRIVATE[:3]) for p in rooms.data(room).glob("20??-??")]


def _short(path: Path) -> str:
    return str(path.relative_to(rooms.home())) if path.is_relative_to(rooms.home()) else str(path)


def scheduled() -> list[Finding]:
    """Look whether something starts the run by itself."""
    remedy = "Xem rồi đặt lịch: scripts/install_schedule.py --show, sau đó --install."
    kind = scheduling.kind()
    asked = {
        "systemd": ["systemctl", "is-enabled", f"{schedule.NAME}.timer"],
        "cron": ["crontab", "-l"],
        "windows": ["schtasks", "/Query", "/TN", schedule.NAME],
    }[kind]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return [warning("Lịch chạy", f"máy không có {asked[0]}: không có gì tự chạy", remedy)]
    if done.returncode or (kind == "cron" and schedule.BEGIN not in done.stdout):
        return [warning("Lịch chạy", f"chưa đặt ({kind})", remedy)]
    return [good("Lịch chạy", f"đã đặt ({kind})")]


CHECKS = {
    "Python": python,
    "Gói Python": packages,
    "Phông chữ": typefaces,
    "Đĩa": disk,
    "Đồng hồ": clock,
    "Quyền": folders,
    "Lịch chạy": scheduled,
}
