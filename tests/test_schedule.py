"""Schedules are what the systems that read them accept: systemd's own checker, cron's fields, Windows' schema."""

import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from infoaccess import rooms, schedule, scheduling
from infoaccess.errors import RoomError, UsageError

ROOT = Path(__file__).resolve().parents[1]
T = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze on this machine")


def a_job(folder: Path, user: str = "daemon", **more) -> schedule.Job:
    """Return a job whose files are all there."""
    home = folder / "nhà 100%"
    for name in ("data", "reports", "geo/built"):
        (home / name).mkdir(parents=True, exist_ok=True)
    return schedule.Job(Path(sys.executable), ROOT, home, user, folder / "person.key", **more)


def analyzed(*arguments: str) -> subprocess.CompletedProcess:
    command = ["systemd-analyze", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"LANG": "C"})


@needs_systemd
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path):
    units = schedule.systemd(a_job(tmp_path))
    for name, text in units.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = analyzed("verify", "--man=no", *(str(tmp_path / name) for name in units))
    ours = [line for line in (done.stdout + done.stderr).splitlines() if str(tmp_path) in line or "infoaccess" in line]
    assert done.returncode == 0 and not ours, ours
    broken = units["infoaccess.service"].replace("ProtectSystem=strict", "ProtectSystem=very")
    (tmp_path / "infoaccess.service").write_text(broken, encoding="utf-8")  # the checker does look
    assert "protect system" in analyzed("verify", "--man=no", str(tmp_path / "infoaccess.service")).stderr


@needs_systemd
def test_systemd_calls_the_service_well_confined(tmp_path):
    path = tmp_path / "infoaccess.service"
    path.write_text(schedule.systemd(a_job(tmp_path))[path.name], encoding="utf-8")
    done = analyzed("security", "--offline=true", "--no-pager", str(path))
    found = re.search(r"exposure level for infoaccess\.service: ([\d.]+)", done.stdout)
    if not found:
        pytest.skip(f"this systemd judges no file: {done.stderr.strip()}")
    assert float(found[1]) < 3.5, done.stdout


@needs_systemd
def test_the_timer_is_every_day_and_makes_up_for_a_night_off(tmp_path):
    timer = schedule.systemd(a_job(tmp_path, at="05:30"))["infoaccess.timer"]
    when = re.search(r"^OnCalendar=(.*)$", timer, flags=re.M)[1]
    assert "Persistent=true" in timer
    said = analyzed("calendar", "--iterations=2", "--base-time=2025-12-31 12:00", when).stdout
    assert "2026-01-01 05:30:00" in said and "2026-01-02 05:30:00" in said


def service(text: str) -> dict[str, list[str]]:
    """Read a unit's [Service] section: all values of each name."""
    lines = text.split("[Service]\n", 1)[1].split("\n[", 1)[0].splitlines()
    found: dict[str, list[str]] = {}
    for name, value in (line.split("=", 1) for line in lines if "=" in line):
        found.setdefault(name, []).append(value)
    return found


def test_the_service_is_a_users_and_writes_only_where_it_must(tmp_path):
    job = a_job(tmp_path, user="thongke")
    told = service(schedule.systemd(job)["infoaccess.service"])
    assert told["User"] == ["thongke"] and told["NoNewPrivileges"] == ["yes"] and told["ProtectSystem"] == ["strict"]
    written = [word.replace("%%", "%") for word in shlex.split(told["ReadWritePaths"][0])]
    assert written == [str(job.home / name) for name in ("data", "reports", "geo/built")]
    assert shlex.split(told["ExecStart"][0]) == [str(job.python), str(ROOT / "scripts" / "run_month.py"), "--due"]
    assert f"INFOACCESS_HOME={job.home}" in [shlex.split(e)[0].replace("%%", "%") for e in told["Environment"]]
    tell = service(schedule.systemd(job)["infoaccess-tell.service"])
    assert tell["ExecStart"][0].endswith("scripts/check.py --tell")
    assert all((ROOT / "scripts" / name).exists() for name in ("run_month.py", "check.py"))


def test_homes_below_home_can_be_read_others_are_not_seen(tmp_path):
    job = schedule.Job(Path("/opt/p"), Path("/opt/x"), Path("/srv/x"), "thongke", Path("/var/lib/infoaccess/k"))
    assert service(schedule.systemd(job)["infoaccess.service"])["ProtectHome"] == ["yes"]
    own = schedule.Job(Path("/opt/p"), Path("/opt/x"), Path("/home/thongke/x"), "thongke", Path("/etc/k"))
    assert service(schedule.systemd(own)["infoaccess.service"])["ProtectHome"] == ["read-only"]


def test_units_are_plain_ini_without_doubled_names(tmp_path):
    for text in schedule.systemd(a_job(tmp_path)).values():
        read = configparser.RawConfigParser(strict=False)
        read.optionxform = str
        read.read_string(text)
        assert set(read.sections()) <= {"Unit", "Service", "Timer", "Install"}
        names = [line.split("=")[0] for line in text.splitlines() if "=" in line and not line.startswith("Environment")]
        assert len(names) == len(set(names))


def test_cron_runs_the_command_as_a_shell_reads_it(tmp_path):
    job = a_job(tmp_path, at="05:07")
    begin, _, nightly, after, end = schedule.cron(job).splitlines()
    assert (begin, end) == (schedule.BEGIN, schedule.END)
    minute, hour, *days, line = nightly.split(" ", 5)
    assert (minute, hour, days) == ("7", "5", ["*", "*", "*"])
    assert after == f"@reboot sleep 300; {line}"
    assert "%" not in line.replace(r"\%", "")  # cron takes a bare % for the end of the line
    words = shlex.split(line.replace(r"\%", "%"))
    assert words[-3:] == job.command
    assert dict(word.split("=", 1) for word in words[:-3]) == job.environment


ORDER = ["Enabled", "StartBoundary", "EndBoundary", "Repetition", "ExecutionTimeLimit", "RandomDelay", "ScheduleByDay"]
TASK = {"RegistrationInfo", "Triggers", "Principals", "Settings", "Data", "Actions"}
SETTINGS = {
    "AllowStartOnDemand": r"true|false",
    "DisallowStartIfOnBatteries": r"true|false",
    "StopIfGoingOnBatteries": r"true|false",
    "AllowHardTerminate": r"true|false",
    "StartWhenAvailable": r"true|false",
    "RunOnlyIfNetworkAvailable": r"true|false",
    "WakeToRun": r"true|false",
    "Enabled": r"true|false",
    "Hidden": r"true|false",
    "ExecutionTimeLimit": r"P(\d+D)?T\d+H",
    "Priority": r"\d|10",
    "MultipleInstancesPolicy": r"Parallel|Queue|IgnoreNew|StopExisting",
}


def test_the_task_of_windows_keeps_its_schema(tmp_path):
    """Microsoft's schema (MS-TSCH 2.5): sequence in a trigger, sets elsewhere, types of every value."""
    job = a_job(tmp_path, user=r"HUE\thongke", at="02:00")
    text = schedule.windows(job)
    assert text.encode("utf-16").decode("utf-16") == text and text.startswith('<?xml version="1.0" encoding="UTF-16"?>')
    task = ET.fromstring(text.encode("utf-16"))
    assert task.tag == f"{T}Task" and task.get("version") == "1.2"
    tags = [child.tag.removeprefix(T) for child in task]
    assert len(tags) == len(set(tags)) and set(tags) <= TASK and "Actions" in tags
    (trigger,) = task.find(f"{T}Triggers")
    assert trigger.tag == f"{T}CalendarTrigger"
    places = [ORDER.index(child.tag.removeprefix(T)) for child in trigger]
    assert places == sorted(places) and trigger.find(f"{T}ScheduleByDay/{T}DaysInterval").text == "1"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT02:00:00", trigger.find(f"{T}StartBoundary").text)
    for one in task.find(f"{T}Settings"):
        assert re.fullmatch(SETTINGS[one.tag.removeprefix(T)], one.text), one.tag
    assert task.find(f"{T}Settings/{T}StartWhenAvailable").text == "true"
    who = task.find(f"{T}Principals/{T}Principal")
    assert {c.tag.removeprefix(T): c.text for c in who} == {
        "UserId": r"HUE\thongke",
        "LogonType": "S4U",
        "RunLevel": "LeastPrivilege",
    }
    assert who.get("id") == task.find(f"{T}Actions").get("Context")
    does = {c.tag.removeprefix(T): c.text for c in task.find(f"{T}Actions/{T}Exec")}
    assert set(does) == {"Command", "Arguments", "WorkingDirectory"}
    assert shlex.split(does["Arguments"]) == [*job.command[1:], "--home", str(job.home)]


@pytest.mark.parametrize("at", ["2:00", "24:00", "02:60", "02:00; reboot", ""])
def test_a_time_that_is_none_is_refused(at):
    with pytest.raises(UsageError, match="Giờ chạy"):
        schedule.job("thongke", at)


@pytest.mark.parametrize("user", ["root", "nobody", "a b", "x\nUser=root", "a;b", "%h"])
def test_root_and_what_is_no_name_are_refused(user):
    with pytest.raises(UsageError):
        schedule.job(user)


@pytest.mark.skipif(sys.platform == "win32", reason="owners of folders are not told so on Windows")
def test_the_owner_of_data_is_who_runs_it(tmp_path, monkeypatch):
    monkeypatch.setenv("INFOACCESS_HOME", str(tmp_path / "not" / "yet"))
    import pwd

    mine = pwd.getpwuid(os.geteuid()).pw_name
    assert schedule.owner(rooms.data("")) == mine
    if mine == "root":
        with pytest.raises(UsageError, match="--user"):
            schedule.job()
    else:
        assert schedule.job().user == mine


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """Put a crontab and a systemctl on the PATH that write down how they are called."""
    if sys.platform == "win32":
        pytest.skip("commands of POSIX")
    folder = tmp_path / "bin"
    folder.mkdir()
    table = tmp_path / "table"
    cron = "#!/bin/sh\nfor last; do :; done\n"
    cron += f'if [ "$last" = -l ]; then cat "{table}" 2>/dev/null; else cat >"{table}"; fi\n'
    log = f'#!/bin/sh\necho "$(basename "$0") $*" >>"{tmp_path}/log"\n'
    for name, text in (("crontab", cron), ("systemctl", log)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return tmp_path


def test_cron_is_put_in_place_once_beside_what_others_have_and_taken_away(commands, monkeypatch):
    monkeypatch.setattr(scheduling, "prepare", lambda job: [])
    theirs = "MAILTO=ong@hue.example\n0 1 * * * /usr/bin/backup\n"
    (commands / "table").write_text(theirs)
    job = a_job(commands)
    for _ in range(2):
        scheduling.install(job, "cron")
    assert (commands / "table").read_text(encoding="utf-8") == theirs + schedule.cron(job)
    scheduling.remove(job, "cron")
    assert (commands / "table").read_text(encoding="utf-8") == theirs


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="units of the system are root's to write")
def test_units_are_put_in_place_enabled_and_taken_away(commands, monkeypatch):
    monkeypatch.setattr(scheduling, "prepare", lambda job: [])
    monkeypatch.setattr(scheduling, "UNITS", commands / "units")
    job = a_job(commands)
    scheduling.install(job, "systemd")
    for name, text in schedule.systemd(job).items():
        assert (commands / "units" / name).read_text(encoding="utf-8") == text
    log = (commands / "log").read_text().splitlines()
    assert log == ["systemctl daemon-reload", "systemctl enable --now infoaccess.timer"]
    scheduling.remove(job, "systemd")
    assert not list((commands / "units").iterdir())


def test_a_command_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RoomError, match="--kind"):
        scheduling._call("crontab", "-")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can try as another user")
def test_a_user_who_cannot_write_the_rooms_is_told_before_the_first_night(tmp_path):
    with pytest.raises(UsageError, match="daemon"):
        scheduling.prepare(a_job(tmp_path))  # these folders are root's
    with pytest.raises(UsageError, match="khong-co-ai"):
        scheduling.prepare(a_job(tmp_path, user="khong-co-ai"))


def test_the_script_shows_all_kinds_and_changes_nothing(tmp_path):
    (tmp_path / "data").mkdir()
    command = [
        sys.executable,
        str(ROOT / "scripts" / "install_schedule.py"),
        "--user",
        "thongke",
        "--home",
        str(tmp_path),
    ]
    done = subprocess.run(command, capture_output=True, check=True, encoding="utf-8")
    for text in ("OnCalendar=", "@reboot", "<StartWhenAvailable>"):
        assert text in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
