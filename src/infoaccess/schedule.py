"""Write what starts the run by itself: units of systemd, lines of cron, a task of Windows.

All of them call `run_month.py --due` every night: it works out what is due, so a night that was missed (machine off,
fault) is made up by the next start and nothing is done twice. The run belongs to one unprivileged user, the owner of
data/; under systemd it can write data/, reports/ and geo/built and nothing else.
"""

import getpass
import os
import re
import shlex
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

from infoaccess import rooms
from infoaccess.errors import UsageError

NAME = "infoaccess"
STATE = Path("/var/lib") / NAME  # what systemd keeps for the service: the key of a user who has no home
HOURS = 12  # a run that takes longer is ended
BEGIN, END = f"# {NAME}: begin", f"# {NAME}: end"  # between them the crontab is this program's
_SPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
_NETWORK = "AF_UNIX AF_INET AF_INET6"  # kernels speak over sockets of this machine, letters go out by SMTP


@dataclass(frozen=True)
class Job:
    """Hold what a schedule needs to know: who runs what, on which home, with which key, at what time of day."""

    python: Path
    checkout: Path
    home: Path
    user: str
    key: Path
    at: str = "02:00"

    @property
    def command(self) -> list[str]:
        """Return the command line."""
        return [str(self.python), str(self.checkout / "scripts" / "run_month.py"), "--due"]

    @property
    def tell(self) -> list[str]:
        """Return the command line that tells of a run that was killed."""
        return [str(self.python), str(self.checkout / "scripts" / "check.py"), "--tell"]

    @property
    def written(self) -> list[Path]:
        """List the folders that the run writes."""
        return [self.home / "data", self.home / "reports", self.home / "geo" / "built"]

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables of the run; nothing else is there."""
        own = {"INFOACCESS_HOME": str(self.home), "INFOACCESS_KEY_FILE": str(self.key)}
        return own | {"LANG": "C.UTF-8", "PYTHONUTF8": "1"}


def job(user: str | None = None, at: str = "02:00") -> Job:
    """Return the job of this checkout and home, for the owner of data/ unless another user is named.

    Raises UsageError for a time that is none, and where the user would be root: lists are never read by root.
    """
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", at):
        raise UsageError(f"Giờ chạy {at!r} không hợp lệ. Hãy viết giờ:phút, ví dụ 02:00.")
    name = user or owner(rooms.data(""))
    if name in ("root", "nobody", "SYSTEM"):  # whatever runs as nobody could read the lists
        raise UsageError(
            f"Lịch chạy không được thuộc về {name}: hãy nêu người dùng sở hữu thư mục data/, ví dụ --user thongke."
        )
    if not re.fullmatch(r"[^\s:\"'%;#\\]+(\\[^\s:\"'%;#\\]+)?", name):
        raise UsageError(f"Tên người dùng {name!r} không hợp lệ.")
    return Job(Path(sys.executable), rooms.CHECKOUT, rooms.home(), name, key_of(name), at)


def owner(folder: Path) -> str:
    """Name the owner of a folder (of the nearest one above it that exists); whoever asks, on Windows."""
    if sys.platform == "win32":
        return getpass.getuser()
    import pwd

    while not folder.exists():
        folder = folder.parent
    uid = folder.stat().st_uid
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def key_of(user: str) -> Path:
    """Return the key file of a user's runs: as named, in the user's home, else in the service's own folder.

    A run by hand and a run by the schedule must use the same key: with another one every month is due again.
    """
    if os.environ.get("INFOACCESS_KEY_FILE") or sys.platform == "win32":
        return rooms.key_file()
    import pwd

    try:
        base = Path(pwd.getpwnam(user).pw_dir)
    except KeyError:
        return STATE / "person.key"
    return base / ".config" / NAME / "person.key" if base.is_dir() and base != Path("/") else STATE / "person.key"


def systemd(what: Job) -> dict[str, str]:
    """Return the units: the run, its timer, and what tells of a run that could not tell itself."""
    service = ["[Unit]", "Description=infoaccess: báo cáo tháng (make what is due)"]
    service += [f"OnFailure={NAME}-tell.service", "", *_service(what, what.command)]
    service += [f"TimeoutStartSec={HOURS}h", "TimeoutStopSec=2min", "Nice=5", "IOSchedulingPriority=6"]
    tell = ["[Unit]", "Description=infoaccess: báo lần chạy bị dừng (tell of a run that was killed)", ""]
    tell += [*_service(what, what.tell), "TimeoutStartSec=10min"]
    timer = ["[Unit]", "Description=infoaccess: mỗi đêm (every night)", "", "[Timer]"]
    timer += [f"OnCalendar=*-*-* {what.at}:00", "Persistent=true", "", "[Install]", "WantedBy=timers.target"]
    made = {f"{NAME}.service": service, f"{NAME}-tell.service": tell, f"{NAME}.timer": timer}
    return {name: "\n".join(lines) + "\n" for name, lines in made.items()}


def _service(what: Job, command: list[str]) -> list[str]:
    """Return the [Service] section: a user's, an empty environment, and little that can be reached or written."""
    private = any(path.is_relative_to(top) for path in _needed(what) for top in ("/home", "/root", "/run/user"))
    return [
        "[Service]",
        "Type=oneshot",
        f"User={what.user}",
        f"WorkingDirectory={_path(what.home)}",
        f"ExecStart={' '.join(_word(part) for part in command)}",
        *(f"Environment={_word(f'{name}={value}', variables=False)}" for name, value in what.environment.items()),
        f"Environment=HOME=%C/{NAME} XDG_CACHE_HOME=%C/{NAME} JUPYTER_RUNTIME_DIR=%t/{NAME}",
        f"StateDirectory={NAME}",
        "StateDirectoryMode=0700",
        f"CacheDirectory={NAME}",
        "CacheDirectoryMode=0700",
        f"RuntimeDirectory={NAME}",
        "RuntimeDirectoryMode=0700",
        "RuntimeDirectoryPreserve=yes",
        f"ReadWritePaths={' '.join(_word(str(path), variables=False) for path in what.written)}",
        "ProtectSystem=strict",
        f"ProtectHome={'read-only' if private else 'yes'}",
        "PrivateTmp=yes",
        "PrivateDevices=yes",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        f"RestrictAddressFamilies={_NETWORK}",
        *(f"Protect{one}=yes" for one in ("KernelTunables", "KernelModules", "KernelLogs", "ControlGroups")),
        *(f"Protect{one}=yes" for one in ("Clock", "Hostname")),
        *(f"Restrict{one}=yes" for one in ("Namespaces", "Realtime", "SUIDSGID")),
        "LockPersonality=yes",
        "RemoveIPC=yes",
        "SystemCallArchitectures=native",
        "SystemCallFilter=@system-service",
        "SystemCallErrorNumber=EPERM",
        "KeyringMode=private",
    ]


def _needed(what: Job) -> list[Path]:
    return [what.python, what.python.resolve(), what.checkout, what.home, what.key]


def _word(text: str, variables: bool = True) -> str:
    """Quote one word of a unit: specifiers and, in a command, variables are taken as they stand.

    >>> _word("/opt/nhà 50%/$a"), _word("/opt/a")
    ('"/opt/nhà 50%%/$$a"', '/opt/a')
    """
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    text = text.replace("$", "$$") if variables else text
    return f'"{text}"' if re.search(r"[\s\"';\\]|^$", text) or "%%" in text or "$" in text else text


def _path(path: Path) -> str:
    return str(path).replace("%", "%%")


def cron(what: Job) -> str:
    """Return the lines of the user's crontab.

    cron does not make up for a night on which the machine was off; --due does, so the second line starts it soon
    after the machine is on.
    """
    setting = [f"{name}={shlex.quote(value)}" for name, value in what.environment.items()]
    line = " ".join([*setting, *(shlex.quote(part) for part in what.command)]).replace("%", r"\%")
    hour, minute = what.at.split(":")
    return (
        f"{BEGIN}\n# Mỗi đêm làm những gì đến hạn; đêm máy tắt thì làm khi máy bật lại.\n"
        f"{int(minute)} {int(hour)} * * * {line}\n"
        f"@reboot sleep 300; {line}\n{END}\n"
    )


def windows(what: Job) -> str:
    """Return the task of Windows Task Scheduler as XML; `schtasks /Create /XML` takes it as UTF-16."""
    ET.register_namespace("", _SPACE)
    task = ET.Element(f"{{{_SPACE}}}Task", version="1.2")
    _fill(task, "RegistrationInfo", {"Description": "infoaccess: báo cáo tháng", "URI": f"\\{NAME}"})
    daily = {"Enabled": "true", "StartBoundary": f"2025-01-01T{what.at}:00", "ScheduleByDay": {"DaysInterval": "1"}}
    _fill(task, "Triggers", {"CalendarTrigger": daily})
    who = _fill(task, "Principals", {"Principal": {"UserId": what.user, "LogonType": "S4U"}})[0]
    who.set("id", "Author")
    _fill(who, "RunLevel", "LeastPrivilege")
    settings = {
        "MultipleInstancesPolicy": "IgnoreNew",
        "DisallowStartIfOnBatteries": "false",
        "StopIfGoingOnBatteries": "false",
        "AllowHardTerminate": "true",
        "StartWhenAvailable": "true",  # after a night on which the machine was off
        "RunOnlyIfNetworkAvailable": "false",
        "AllowStartOnDemand": "true",
        "Enabled": "true",
        "Hidden": "false",
        "WakeToRun": "false",
        "ExecutionTimeLimit": f"PT{HOURS}H",
        "Priority": "7",
    }
    _fill(task, "Settings", settings)
    script = [*what.command[1:], *(["--home", str(what.home)] if what.home != what.checkout else [])]
    told = " ".join(f'"{part}"' if not part.startswith("--") else part for part in script)
    does = {"Command": f'"{what.python}"', "Arguments": told, "WorkingDirectory": str(what.home)}
    _fill(task, "Actions", {"Exec": does}).set("Context", "Author")
    ET.indent(task)
    return '<?xml version="1.0" encoding="UTF-16"?>\n' + ET.tostring(task, encoding="unicode") + "\n"


def _fill(parent: ET.Element, name: str, content: str | dict) -> ET.Element:
    made = ET.SubElement(parent, f"{{{_SPACE}}}{name}")
    if isinstance(content, str):
        made.text = content
    else:
        for child, inner in content.items():
            _fill(made, child, inner)
    return made
