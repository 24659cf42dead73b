"""The service's own command line, as an unprivileged user, in the service's own environment and nothing besides."""

import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
import small_months

from infoaccess import schedule

ROOT = Path(__file__).resolve().parents[1]
MONTH, USER = "2025-07", "daemon"

if sys.platform == "win32" or os.geteuid() != 0:
    pytest.skip("only root can become another user", allow_module_level=True)
pwd = pytest.importorskip("pwd")


def become() -> dict:
    """Return what makes a child process the unprivileged user's."""
    entry = pwd.getpwnam(USER)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def sees(python: Path) -> bool:
    """Tell whether the user can run an interpreter and import the package with it."""
    command = [str(python), "-c", "import infoaccess, polars"]
    try:
        done = subprocess.run(command, **become(), env={}, cwd="/", capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


@pytest.fixture(scope="module")
def place():
    """Return a folder that the user can reach, as pytest's own are for their owner alone."""
    folder = Path(tempfile.mkdtemp(prefix="infoaccess-unattended-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def python(place) -> Path:
    """Return an interpreter that the user can run: this one, or the system's with this one's packages."""
    if sees(Path(sys.executable)):
        return Path(sys.executable)
    system = Path(f"/usr/bin/python3.{sys.version_info[1]}")
    if not system.exists():
        pytest.skip(f"{USER} cannot run {sys.executable}, and the system has no Python of its version")
    subprocess.run([str(system), "-m", "venv", "--without-pip", str(place / "venv")], check=True)
    (packages,) = (place / "venv" / "lib").glob("python3*/site-packages")
    found = dict.fromkeys(path for path in map(Path, sys.path) if path.name == "site-packages")
    (packages / "these.pth").write_text("\n".join(map(str, [*found, ROOT / "src"])))
    made = place / "venv" / "bin" / "python"
    if not sees(made):
        pytest.skip(f"{USER} cannot read this checkout or its packages")
    return made


@pytest.fixture(scope="module")
def job(place, python) -> schedule.Job:
    """Return the job of a home with one small month whose folders are the user's."""
    home = place / "nhà máy"
    small_months.part(home)
    for script, extra in (("build_geo", []), ("make_sample", ["--scale", "0.3", "--first", MONTH, "--last", MONTH])):
        command = [sys.executable, str(ROOT / "scripts" / f"{script}.py"), "--home", str(home), *extra]
        subprocess.run(command, check=True, capture_output=True)
    (home / "reports").mkdir()
    made = schedule.Job(python, ROOT, home, USER, place / "state" / "person.key")
    for folder in made.written:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, become()["user"], become()["group"])
    return made


def environment(unit: str, place: Path) -> dict[str, str]:
    """Return the variables that the unit sets, its folders made as systemd makes them."""
    folders = {"%C": place / "cache", "%t": place / "run", "%S": place / "state"}
    for folder in (*folders.values(), place / "cache" / "infoaccess", place / "run" / "infoaccess"):
        folder.mkdir(exist_ok=True)
        os.chown(folder, become()["user"], become()["group"])
        folder.chmod(0o700)
    words = [w for line in re.findall(r"^Environment=(.*)$", unit, flags=re.M) for w in shlex.split(line)]
    told = dict(word.split("=", 1) for word in words)
    for mark, folder in folders.items():
        told = {name: value.replace(mark, str(folder)) for name, value in told.items()}
    return {name: value.replace("%%", "%") for name, value in told.items()}


def files_of_user(*folders: str) -> set[Path]:
    """List the files outside the rooms that belong to the user."""
    found = set()
    for folder in folders:
        for top, inner, files in os.walk(folder):  # goes on where a folder vanishes meanwhile
            for path in (Path(top, name) for name in (*inner, *files)):
                with suppress(OSError):
                    if path.lstat().st_uid == become()["user"]:
                        found.add(path)
    return found


def test_the_service_makes_a_month_as_a_user_with_nothing_but_its_own_environment(job, place):
    unit = schedule.systemd(job)["infoaccess.service"]
    line = shlex.split(re.search(r"^ExecStart=(.*)$", unit, flags=re.M)[1])
    assert line == [str(job.python), str(ROOT / "scripts" / "run_month.py"), "--due"]
    elsewhere = ("/tmp", "/var/tmp", "/dev/shm")
    before = files_of_user(*elsewhere)
    # One unit's report instead of all forty-one: a test has little time.
    command = [*line[:-1], MONTH, "--area", "20044", "--jobs", "1"]
    own = environment(unit, place)
    done = subprocess.run(
        command, **become(), env=own, cwd=job.home, capture_output=True, check=False, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # what is printed here wakes somebody up
    assert (job.home / "reports" / MONTH / "20044.pdf").exists()
    owners = {p.lstat().st_uid for folder in ("data", "reports") for p in (job.home / folder).rglob("*")}
    assert owners == {become()["user"]}
    assert stat.S_IMODE(job.key.stat().st_mode) == 0o600
    left = {p for p in files_of_user(*elsewhere) - before if not p.is_relative_to(place)}
    # Other tests make files of this user beside this one, in folders of pytest's that the user itself cannot enter.
    left = {p for p in left if not any(part.startswith("pytest-of-") for part in p.parts)}
    assert not left
    assert not [p for p in (place / "cache").rglob("*") if p.is_file() and "fontlist" not in p.name]


def test_what_tells_of_a_killed_run_works_there_too(job, place):
    unit = schedule.systemd(job)["infoaccess-tell.service"]
    line = shlex.split(re.search(r"^ExecStart=(.*)$", unit, flags=re.M)[1])
    own = environment(unit, place)
    done = subprocess.run(line, **become(), env=own, cwd=job.home, capture_output=True, check=False, encoding="utf-8")
    assert done.returncode == 0 and done.stderr == ""


def test_the_installer_finds_that_the_user_can_do_it(job, place, monkeypatch):
    from infoaccess import scheduling

    environment(schedule.systemd(job)["infoaccess.service"], place)
    monkeypatch.setattr(schedule, "STATE", place / "nowhere")
    assert scheduling.prepare(job) == []
    assert job.key.exists()
