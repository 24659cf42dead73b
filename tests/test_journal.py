"""The journal tells every run, survives a broken line and a full folder, and turns over."""

import json
import logging
import os
import stat
import subprocess
import sys

import pytest

from infoaccess import journal, rooms


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("INFOACCESS_HOME", str(tmp_path))
    return tmp_path


def a_run(what: str, code: int | None = 0) -> str:
    with journal.opened(what) as run:
        journal.step("1_validate_lists: 2025-01 - 2025-06")
        if code is not None:
            journal.note("end", "xong", code=code)
    return run


def test_every_run_is_told_with_its_steps_and_its_end():
    ids = [a_run("2025-06"), a_run("2025-07", 5)]
    found = journal.runs()
    assert [run.id for run in found] == ids
    assert [run.code for run in found] == [0, 5]
    assert found[1].start["text"] == "2025-07" and found[1].start["pid"] == os.getpid()
    assert [step["text"] for step in found[0].steps] == ["1_validate_lists: 2025-01 - 2025-06"]
    assert not any(run.lost for run in found)


def test_each_line_is_json_for_the_owner_alone():
    a_run("tháng 2025-06\nvà dòng thứ hai")
    lines = rooms.journal(journal.FILE).read_text(encoding="utf-8").splitlines()
    assert len(lines) == 3
    assert all({"time", "level", "text", "run", "event"} <= json.loads(line).keys() for line in lines)
    if sys.platform != "win32":
        assert stat.S_IMODE(rooms.journal(journal.FILE).stat().st_mode) == 0o600
        assert stat.S_IMODE(rooms.journal().stat().st_mode) == 0o700


def test_a_run_whose_process_is_gone_is_lost_and_one_at_work_is_not():
    code = "from infoaccess import journal; import os\nwith journal.opened('2025-06'): os._exit(9)"
    subprocess.run([sys.executable, "-c", code], check=False)
    a_run("2025-07", None)  # this process is at work
    assert [run.lost for run in journal.runs()] == [True, False]


def test_a_line_broken_by_a_power_cut_costs_that_line_alone():
    a_run("2025-06")
    with rooms.journal(journal.FILE).open("ab") as file:
        file.write(b'{"run": "x", "event": "sta\x00\xff\n')
        file.write(b'["no", "event"]\n')
    a_run("2025-07")
    assert [run.start["text"] for run in journal.runs()] == ["2025-06", "2025-07"]


def test_the_journal_turns_over_and_the_oldest_goes(monkeypatch):
    monkeypatch.setattr(journal, "BYTES", 2_000)
    monkeypatch.setattr(journal, "FILES", 3)
    for number in range(60):
        a_run(f"lần {number}")
    names = sorted(path.name for path in rooms.journal().iterdir())
    assert names == ["runs.jsonl", "runs.jsonl.1", "runs.jsonl.2"]
    told = [run.start["text"] for run in journal.runs()]
    assert told[-1] == "lần 59" and 5 < len(told) < 60
    assert told == [f"lần {n}" for n in range(60 - len(told), 60)]


def test_a_journal_that_cannot_be_written_costs_nothing_but_one_warning(home, capfd):
    (home / "data").mkdir()
    (home / "data" / "journal").write_text("a file in the folder's place")
    assert a_run("2025-06")
    assert capfd.readouterr().err.count("không ghi được nhật ký") == 1


def test_a_disk_that_fills_up_meanwhile_is_told_once(capfd, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    with journal.opened("2025-06"):
        handler = next(h for h in journal.LOG.handlers if isinstance(h, journal._Kept))
        monkeypatch.setattr(handler, "stream", type("Full", (), {"write": full, "seek": full, "tell": full})())
        for _ in range(5):
            journal.step("bước")
        monkeypatch.undo()
    told = capfd.readouterr().err
    assert told.count("không ghi được nhật ký") == 1 and "Traceback" not in told


def test_outside_a_run_steps_are_written_nowhere(home):
    journal.step("chỉ cho người xem")
    assert not (home / "data").exists()
    assert journal.read() == []
    assert journal.LOG.level == logging.NOTSET
