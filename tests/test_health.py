"""Each thing that can be wrong is found, with what to do about it; what is right is said to be right."""

import datetime as dt
import json
import os
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from infoaccess import fonts, health, health_house, health_machine, journal, locks, rooms, schedule, scheduling

ROOT = Path(__file__).resolve().parents[1]
TODAY = dt.date(2025, 9, 12)
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such bits")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Return a home in good order."""
    own = tmp_path / "home"
    for name in ("data/0_raw/2025-08", "geo/built", "reports/2025-08"):
        (own / name).mkdir(parents=True)
    (own / "reports" / "2025-08" / "manifest.json").write_text("{}")
    (own / "geo" / "built" / "paths_C_commune.json").write_text("{}")
    (own / "data" / "0_raw").chmod(0o700)
    monkeypatch.setenv("INFOACCESS_HOME", str(own))
    monkeypatch.setenv("INFOACCESS_KEY_FILE", str(tmp_path / "person.key"))
    return own


def one(found: list, level: str, *words: str) -> health.Finding:
    """Return the one finding of a level; it holds the words and, unless it is good, a remedy."""
    (told,) = [f for f in found if f.level == level]
    for word in words:
        assert word in f"{told.text} {told.remedy}", told
    assert level == health.GOOD or told.remedy
    return told


def test_a_home_in_order_has_no_fault(home):
    for check in (health_machine.python, health_machine.packages, health_machine.clock, health_machine.folders):
        assert all(f.level == health.GOOD for f in check()), check()
    for check in (health_house.settings, health_house.key, health_house.geometry, health_house.letters):
        one(check(), health.GOOD)
    one(health_house.lists(TODAY), health.GOOD, "2025-08")
    one(health_house.leftovers(), health.GOOD)
    assert not (home.parent / "person.key").exists()  # looking makes nothing


def test_a_package_that_is_absent_or_other_than_locked_is_named(monkeypatch):
    real = health_machine._version
    monkeypatch.setattr(health_machine, "_version", lambda name: None if name == "polars" else real(name))
    one(health_machine.packages(), health.FAULT, "polars", "setup_env.py")
    monkeypatch.setattr(health_machine, "_version", lambda name: "1.0" if name == "pandas" else real(name))
    one(health_machine.packages(), health.FAULT, "pandas 1.0")
    monkeypatch.setattr(health_machine, "_version", lambda name: "99.0" if name == "tqdm" else real(name))
    one(health_machine.packages(), health.WARNING, "tqdm 99.0")


def test_the_face_of_reports_is_told(monkeypatch):
    monkeypatch.setattr(fonts, "chosen", lambda: (fonts.EMBEDDED, None))
    one(health_machine.typefaces(), health.WARNING, "Libertinus Serif", "Times New Roman")
    monkeypatch.setattr(fonts, "chosen", lambda: (fonts.PREFERRED, None))
    one(health_machine.typefaces(), health.GOOD, "Times New Roman")


@pytest.mark.parametrize("free, level", [(1e9, health.FAULT), (3e9, health.WARNING), (50e9, health.GOOD)])
def test_a_disk_that_fills_up_is_told(monkeypatch, free, level):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(health_machine.shutil, "disk_usage", lambda path: usage(1e11, 0, free))
    one(health_machine.disk(), level, "GB")


def write_run(start: dt.datetime, what: str = "--due", code: int | None = 0, pid: int = 1, text: str = "xong") -> None:
    rooms.journal().mkdir(parents=True, exist_ok=True, mode=0o700)
    base = {"level": "info", "run": f"{start:%Y%m%d-%H%M%S}-aaaa", "time": start.isoformat()}
    lines = [base | {"event": "start", "text": what, "pid": pid, "born": locks.born(pid), "user": "u"}]
    lines += [] if code is None else [base | {"event": "end", "text": text, "code": code}]
    with rooms.journal(journal.FILE).open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


def ago(**length) -> dt.datetime:
    return dt.datetime.now().astimezone() - dt.timedelta(**length)


def test_a_clock_that_was_set_back_is_told():
    write_run(ago(days=-2))
    one(health_machine.clock(), health.FAULT, "Đặt lại ngày giờ")


def test_the_last_run_is_told():
    one(health_house.last_runs(), health.GOOD, "chưa có lần nào")
    write_run(ago(days=10), what="2025-08")
    one(health_house.last_runs(), health.GOOD, "xong")
    write_run(ago(days=9), code=5, text="4_release, ô [3]: không cộng khớp")
    one(health_house.last_runs(), health.FAULT, "mã 5", "không cộng khớp", "failed.html")
    write_run(ago(days=8))
    one(health_house.last_runs(), health.WARNING, "8 ngày không chạy", "lịch")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    write_run(ago(hours=5), code=None, pid=gone.pid)
    one(health_house.last_runs(), health.FAULT, "không kịp báo", "--due")
    write_run(ago(minutes=1), code=None, pid=os.getppid())  # at work since before
    one(health_house.last_runs(), health.GOOD, "đang chạy")
    write_run(ago(seconds=30), what="2025-08", code=0)
    one(health_house.last_runs(), health.GOOD, "xong")


@posix
def test_rooms_that_others_can_enter_are_told(home):
    (home / "data" / "2_placed" / "2025-08").mkdir(parents=True)
    (home / "data" / "2_placed").chmod(0o755)
    (home / "data" / "0_raw").chmod(0o755)
    told = one(health_machine.folders(), health.WARNING, "data/0_raw", "data/2_placed")
    for command in told.remedy.removeprefix("Chạy: ").split("; "):
        subprocess.run(command, shell=True, check=True)
    assert all(f.level == health.GOOD for f in health_machine.folders())


def test_rooms_that_cannot_be_written_are_told(monkeypatch):
    real = os.access
    monkeypatch.setattr(os, "access", lambda p, mode: not str(p).endswith("reports") and real(p, mode))
    one(health_machine.folders(), health.FAULT, "reports", "chown")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder away")
def test_months_of_several_owners_are_told(home):
    (home / "data" / "1_validated" / "2025-08").mkdir(parents=True, mode=0o700)
    (home / "data" / "1_validated").chmod(0o700)
    os.chown(home / "data" / "1_validated" / "2025-08", 1, 1)
    one(health_machine.folders(), health.WARNING, "nhiều người dùng", "chown -R")


@posix
def test_a_schedule_is_looked_for_where_this_machine_keeps_it(tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    fake = tmp_path / "bin" / "crontab"
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(scheduling, "kind", lambda: "cron")
    fake.write_text("#!/bin/sh\nexit 1\n")
    fake.chmod(0o755)
    one(health_machine.scheduled(), health.WARNING, "install_schedule.py")
    fake.write_text(f"#!/bin/sh\necho '{schedule.BEGIN}'\n")
    one(health_machine.scheduled(), health.GOOD, "cron")
    monkeypatch.setenv("PATH", str(tmp_path))
    one(health_machine.scheduled(), health.WARNING, "không có crontab")


@pytest.mark.parametrize(
    "line, word",
    [
        ('first_month: "2023-13"', "first_month"),
        ("threshold: 1", "threshold"),
        ("threshold: '5'", "threshold"),
        ("state: final", "state"),
        ("lang: fr", "lang"),
        ("cell_seconds: -1", "cell_seconds"),
        ("[", "parameters.yaml"),
    ],
)
def test_a_wrong_setting_is_named(home, line, word):
    (home / "notebooks").mkdir()
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        (home / "notebooks" / path.name).write_bytes(path.read_bytes())
    lines = (ROOT / "notebooks" / "parameters.yaml").read_text(encoding="utf-8").splitlines()
    kept = [one for one in lines if not one.startswith(line.split(":")[0])]
    (home / "notebooks" / "parameters.yaml").write_text("\n".join([*kept, line]), encoding="utf-8")
    one(health_house.settings(), health.FAULT, word)


def test_a_setting_that_a_notebook_needs_is_missed(home):
    (home / "notebooks").mkdir()
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        text = path.read_text(encoding="utf-8").replace("threshold: int", "threshhold: int")
        (home / "notebooks" / path.name).write_text(text, encoding="utf-8")
    source = ROOT / "notebooks" / "parameters.yaml"
    (home / "notebooks" / "parameters.yaml").write_bytes(source.read_bytes())
    one(health_house.settings(), health.FAULT, "threshhold")


def test_a_key_that_is_gone_broken_or_open_is_told(home, tmp_path):
    (home / "data" / "1_validated" / "2025-08").mkdir(parents=True)
    one(health_house.key(), health.FAULT, "bản sao lưu")
    (tmp_path / "person.key").write_text("zz")
    (tmp_path / "person.key").chmod(0o600)
    one(health_house.key(), health.FAULT)
    (tmp_path / "person.key").write_text("ab" * 32)
    one(health_house.key(), health.GOOD)
    if sys.platform != "win32":
        (tmp_path / "person.key").chmod(0o644)
        one(health_house.key(), health.FAULT, "chmod 600")


def test_boundaries_that_are_absent_or_old_are_told(home):
    built = home / "geo" / "built" / "paths_C_commune.json"
    (home / "geo" / "official").mkdir()
    (home / "geo" / "official" / "xa.gpkg").write_text("x")
    os.utime(built, (1, 1))
    one(health_house.geometry(), health.WARNING, "xa.gpkg", "build_geo.py")
    built.unlink()
    one(health_house.geometry(), health.FAULT, "build_geo.py")


def test_letters_that_do_not_go_out_are_told(home):
    one(health_house.letters(), health.GOOD, "không đặt máy chủ thư")
    settings = home / "data" / "mail.toml"
    settings.write_text('host = "localhost"\nfrom = "a@b.vn"\nto = ["c@d.vn"]\n')
    one(health_house.letters(), health.GOOD, "localhost:587")
    with journal.opened("x"):
        journal.note("letter", "file: data/x.eml (Không nối được tới máy chủ thư: x)", kind="failed")
    one(health_house.letters(), health.WARNING, "Không nối được")
    settings.write_text('host = "localhost"\n')
    one(health_house.letters(), health.FAULT, "thiếu from")


def test_lists_that_are_late_and_months_without_reports_are_told(home):
    one(health_house.lists(dt.date(2025, 10, 9)), health.GOOD)
    one(health_house.lists(dt.date(2025, 10, 10)), health.WARNING, "2025-09")
    (home / "data" / "0_raw" / "2025-06").mkdir()
    found = health_house.lists(TODAY)
    assert [f.level for f in found] == [health.WARNING] * 2
    assert "2025-07" in found[0].text and "2025-06" in found[1].text and "--due" in found[1].remedy
    one(
        [f for f in health_house.lists(dt.date(2027, 1, 10)) if "chưa có danh sách" in f.text],
        health.WARNING,
        "17 tháng",
    )


def test_an_interrupted_deletion_is_told(home):
    (home / "data" / "purged" / "2024-01").mkdir(parents=True)
    (home / "data" / "2_placed" / "2024-01").mkdir(parents=True)
    one(health_house.leftovers(), health.FAULT, "2024-01", "purge.py")


def test_a_run_that_was_cut_off_is_told(home):
    code = "from infoaccess import rooms; import os\nwith rooms.alone(doing='2025-08'): os._exit(9)"
    subprocess.run([sys.executable, "-c", code], check=False)
    one(health_house.leftovers(), health.GOOD, "2025-08", "bị ngắt giữa chừng")


def test_a_check_that_fails_is_a_fault_and_the_others_go_on(monkeypatch):
    def broken():
        raise ZeroDivisionError("Nguyễn Văn A")

    monkeypatch.setattr(health, "checks", lambda: {"Một": broken, "Hai": lambda: [health.good("Hai", "được")]})
    found = health.look()
    assert [f.level for f in found] == [health.FAULT, health.GOOD] and health.code(found) == 4
    assert "Nguyễn" not in health.table(found) and "ZeroDivisionError" in health.table(found)


def test_the_table_fits_the_terminal_and_colours_only_there():
    found = [health.warning("Đĩa", "còn ít chỗ " * 20, "Dọn " * 40), health.good("Python", "3.13")]
    text = health.table(found, colour=False, width=60)
    assert max(map(len, text.splitlines())) <= 60 and "\033" not in text
    assert text.splitlines()[-1] == "2 mục: 1 đạt, 1 cảnh báo, 0 lỗi."
    assert "\033[33mCẢNH BÁO" in health.table(found, colour=True)
    assert health.code(found) == 0


def test_the_script_prints_json_and_its_exit_code_tells(home):
    command = [sys.executable, str(ROOT / "scripts" / "check.py"), "--json"]
    done = subprocess.run(command, capture_output=True, check=False, encoding="utf-8")
    told = json.loads(done.stdout)
    assert told["code"] == done.returncode
    assert {f["about"] for f in told["findings"]} >= {"Python", "Đĩa", "Cài đặt", "Khóa bảo mật", "Danh sách"}
    faults = [f for f in told["findings"] if f["level"] == health.FAULT]
    assert bool(faults) == (done.returncode == 4) and all(f["remedy"] for f in faults)
    assert list(told["findings"][0]) == ["about", "level", "text", "remedy"]
