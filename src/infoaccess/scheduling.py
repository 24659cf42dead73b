"""Put a schedule in place on this machine, and take it away again, with the system's own commands."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from infoaccess import rooms, schedule
from infoaccess.errors import RoomError, UsageError
from infoaccess.schedule import BEGIN, END, NAME, Job

KINDS = ("systemd", "cron", "windows")
UNITS = Path("/etc/systemd/system")
RUNNING = Path("/run/systemd/system")  # exists where systemd starts the machine's services


def kind() -> str:
    """Name what starts jobs on this machine."""
    if sys.platform == "win32":
        return "windows"
    return "systemd" if RUNNING.is_dir() else "cron"


def shown(what: Job, kinds: tuple[str, ...] = KINDS) -> str:
    """Return the texts of schedules to read, or to put in place by hand."""
    parts = []
    for one in kinds:
        texts = _texts(what, one)
        parts += [f"### {where}\n{text}" for where, text in texts.items()]
    return "\n".join(parts)


def _texts(what: Job, one: str) -> dict[str, str]:
    if one == "systemd":
        return {str(UNITS / name): text for name, text in schedule.systemd(what).items()}
    if one == "cron":
        return {f"crontab -e -u {what.user}": schedule.cron(what)}
    return {f"schtasks /Create /TN {NAME} /XML {NAME}.xml": schedule.windows(what)}


def install(what: Job, one: str | None = None) -> list[str]:
    """Put the schedule in place; return what was done, a line each.

    Raises UsageError where this user may not, RoomError where the system refuses.
    """
    one = one or kind()
    if one == "systemd":
        return _install_systemd(what)
    if one == "cron":
        return _install_cron(what)
    return _install_windows(what)


def remove(what: Job, one: str | None = None) -> list[str]:
    """Take the schedule away; what was made stays."""
    one = one or kind()
    if one == "systemd":
        _need_root()
        _call("systemctl", "disable", "--now", f"{NAME}.timer")
        names = list(schedule.systemd(what))
        for name in names:
            (UNITS / name).unlink(missing_ok=True)
        _call("systemctl", "daemon-reload")
        return [f"Đã gỡ {', '.join(names)}."]
    if one == "cron":
        _put_crontab(what, _others(_crontab(what)))
        return [f"Đã gỡ lịch khỏi crontab của {what.user}."]
    _call("schtasks", "/Delete", "/F", "/TN", NAME)
    return [f"Đã gỡ tác vụ {NAME}."]


def _install_systemd(what: Job) -> list[str]:
    _need_root()
    done = prepare(what)
    for name, text in schedule.systemd(what).items():
        rooms.put(UNITS / name, text)
        (UNITS / name).chmod(0o644)
        done.append(f"Đã ghi {UNITS / name}.")
    _call("systemctl", "daemon-reload")
    _call("systemctl", "enable", "--now", f"{NAME}.timer")
    return [
        *done,
        f"Lịch chạy đã bật: mỗi ngày lúc {what.at}, người dùng {what.user}. Xem: systemctl list-timers {NAME}",
    ]


def _install_cron(what: Job) -> list[str]:
    if what.key.is_relative_to(schedule.STATE) and not os.environ.get("INFOACCESS_KEY_FILE"):
        raise UsageError(
            f"Người dùng {what.user} không có thư mục riêng cho khóa bảo mật; hãy đặt INFOACCESS_KEY_FILE."
        )
    done = prepare(what)
    _put_crontab(what, _others(_crontab(what)) + schedule.cron(what))
    return [*done, f"Lịch chạy đã ghi vào crontab của {what.user}: mỗi ngày lúc {what.at} và sau khi máy bật."]


def _install_windows(what: Job) -> list[str]:
    for folder in what.written:
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{NAME}.xml")
        path.write_text(schedule.windows(what), encoding="utf-16")
        _call("schtasks", "/Create", "/F", "/TN", NAME, "/XML", str(path))
    return [f"Tác vụ {NAME} đã đăng ký: mỗi ngày lúc {what.at}, người dùng {what.user}."]


def prepare(what: Job) -> list[str]:
    """Make the folders that the run writes, for its user, and its key; nothing that is there changes hands.

    Raises UsageError where the user cannot read the program or write the folders: the schedule would fail every night.
    """
    done = []
    for folder in what.written:
        if not folder.is_dir():
            as_user(what, [sys.executable, "-c", "import os, sys; os.makedirs(sys.argv[1])", str(folder)])
            done.append(f"Đã tạo {folder}.")
    probe = "import os, sys; sys.exit(not all(os.access(p, os.W_OK | os.X_OK) for p in sys.argv[1:]))"
    as_user(what, [str(what.python), "-c", probe, *map(str, what.written)])
    if not what.key.is_relative_to(schedule.STATE):  # that folder is made by systemd, at the first run
        as_user(what, [str(what.python), "-c", "from infoaccess import identity; identity.key()"])
    return done


def as_user(what: Job, command: list[str]) -> None:
    """Run a command as the schedule's user with the schedule's environment.

    Raises UsageError where it fails.
    """
    given: dict = {"env": what.environment, "capture_output": True, "text": True, "check": False, "cwd": "/"}
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        import pwd

        try:
            entry = pwd.getpwnam(what.user)
        except KeyError as err:
            raise UsageError(f"Không có người dùng {what.user!r} trên máy này.") from err
        given |= {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": os.getgrouplist(what.user, entry.pw_gid)}
    try:
        code = subprocess.run(command, **given).returncode
    except OSError:
        code = -1
    if code:
        raise UsageError(
            f"Người dùng {what.user} không chạy được {what.python}, hoặc không ghi được "
            f"{', '.join(map(str, what.written))}, hoặc không đọc được khóa {what.key}. Hãy cấp quyền rồi chạy lại."
        )


def _need_root() -> None:
    if os.geteuid() != 0:
        raise UsageError(
            "Cần quyền quản trị để ghi lịch của systemd: hãy chạy lại bằng sudo, hoặc chọn --kind cron cho riêng mình."
        )


def _crontab(what: Job) -> str:
    """Read the user's crontab; empty where there is none."""
    done = subprocess.run(_crontab_of(what, "-l"), capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def _put_crontab(what: Job, text: str) -> None:
    _call(*_crontab_of(what, "-"), given=text)


def _crontab_of(what: Job, argument: str) -> list[str]:
    return ["crontab", *(["-u", what.user] if os.geteuid() == 0 else []), argument]


def _others(text: str) -> str:
    """Return the lines of a crontab that are not this program's."""
    kept, ours = [], False
    for line in text.splitlines(keepends=True):
        ours = ours or line.strip() == BEGIN
        if not ours:
            kept.append(line)
        ours = ours and line.strip() != END
    return "".join(kept)


def _call(*command: str, given: str | None = None) -> None:
    """Run one of the system's commands. Raises RoomError with what it said where it fails or is not there."""
    try:
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    except OSError as err:
        raise RoomError(f"Máy này không có lệnh {command[0]}: hãy chọn cách khác bằng --kind.") from err
    if done.returncode:
        raise RoomError(f"Lệnh {' '.join(command)} không thành công: {(done.stderr or done.stdout).strip()}")
