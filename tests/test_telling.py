"""Every run is told: why it failed and what to do, what it published; never a person, never at the run's cost."""

import json
import logging
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from infoaccess import failed_run, journal, leash, mail, rooms, runner, telling
from infoaccess.errors import InputError, Partly, RoomError, StageError

ROOT = Path(__file__).resolve().parents[1]
PERSON, NUMBER = "Nguyễn Thị Hồng Gấm", "046190001234"


@pytest.fixture
def home(tmp_path, monkeypatch, request):
    own = tmp_path / "nhà"
    (own / "data").mkdir(parents=True)
    monkeypatch.setenv("INFOACCESS_HOME", str(own))
    monkeypatch.setenv("INFOACCESS_KEY_FILE", str(tmp_path / "person.key"))
    yield own
    untold = [event["text"] for event in journal.read() if event["event"] == "untold"]
    assert not untold or request.node.name == "test_telling_that_fails_leaves_the_error_as_it_is"


def letters() -> list[str]:
    folder = rooms.letters()
    return [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.eml"))] if folder.is_dir() else []


def said(home: Path) -> str:
    """Return all that leaves data/ or is meant to be read by others: the page, the index, letters, the journal."""
    pages = [p.read_text(encoding="utf-8") for p in rooms.reports().glob("*.html")]
    return "\n".join([*pages, *letters(), *(json.dumps(e, ensure_ascii=False) for e in journal.read())])


def manifest(month: str, **more) -> None:
    folder = rooms.reports(month)
    folder.mkdir(parents=True, exist_ok=True)
    base = {
        "month": month,
        "reports": {},
        "inputs": [],
        "parameters": {"state": "preliminary"},
        "synthetic": True,
        "revision": 1,
    }
    runner.write_json(folder / "manifest.json", base | {"communes_without_list": []} | more)


def test_a_run_with_nothing_to_tell_leaves_the_journal_alone(home):
    with telling.watched("--due") as watch:
        assert watch.code == 0
    (run,) = journal.runs()
    assert run.id == watch.run and run.code == 0 and run.end["seconds"] >= 0
    assert not letters() and not rooms.reports().exists()


def test_a_failed_run_is_told_by_page_index_and_letter_until_a_whole_run_succeeds(home, capsys):
    with pytest.raises(RoomError), telling.watched("2025-06"):
        raise RoomError(f"Không ghi được thư mục {home / 'data' / '2_placed'}: hết chỗ. Hãy kiểm tra đĩa.")
    page = rooms.failed_page().read_text(encoding="utf-8")
    assert "Không ghi được thư mục data/2_placed: hết chỗ." in page and "scripts/check.py" in page
    assert str(home) not in page
    index = (rooms.reports() / "index.html").read_text(encoding="utf-8")
    assert 'href="failed.html"' in index
    assert "Chạy không thành công: 2025-06" in letters()[0]
    assert journal.runs()[-1].code == 4
    with telling.watched("2025-06 --only 1", whole=False):
        pass
    assert rooms.failed_page().exists()
    with telling.watched("2025-06"):
        pass
    assert not rooms.failed_page().exists()
    assert 'href="failed.html"' not in (rooms.reports() / "index.html").read_text(encoding="utf-8")
    assert len(letters()) == 1


def test_a_reason_that_holds_markup_stays_text(home):
    with pytest.raises(InputError), telling.watched("2025-06"):
        raise InputError('Tệp <script>alert(1)</script>.xlsx "hỏng".')
    page = rooms.failed_page().read_text(encoding="utf-8")
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("lang, word", [("vi", "Cần làm gì"), ("en", "What to do")])
def test_the_page_speaks_the_language_of_the_settings(home, lang, word):
    (home / "notebooks").mkdir()
    (home / "notebooks" / "parameters.yaml").write_text(f"lang: {lang}", encoding="utf-8")
    with pytest.raises(StageError), telling.watched("2025-06"):
        raise StageError("4_release, ô [3]: không cộng khớp")
    assert word in rooms.failed_page().read_text(encoding="utf-8")


def test_settings_that_cannot_be_read_are_told_in_vietnamese(home):
    (home / "notebooks").mkdir()
    (home / "notebooks" / "parameters.yaml").write_text("[", encoding="utf-8")
    with pytest.raises(StageError), telling.watched("2025-06"):
        raise StageError("4_release: quá thời hạn (ô: 600 giây). Bản chạy dở: /x/y.ipynb")
    page = rooms.failed_page().read_text(encoding="utf-8")
    assert "Cần làm gì" in page and "4. Che số nhỏ" in page and "quá thời hạn (ô: 600 giây)" in page


def notebook(home: Path, *lines: str) -> None:
    """Put a first stage into the home's notebooks whose second cell does as asked."""
    (home / "notebooks").mkdir()
    (home / "notebooks" / "parameters.yaml").write_text("lang: vi", encoding="utf-8")
    cells = [nbformat.v4.new_code_cell('month: str = "2025-06"', metadata={"tags": ["parameters"]})]
    cells.append(nbformat.v4.new_code_cell("\n".join(lines)))
    book = nbformat.v4.new_notebook(cells=cells)
    book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, home / "notebooks" / "1_validate_lists.ipynb")


def run_notebook(home: Path) -> None:
    with telling.watched("2025-06"):
        runner.execute("1_validate_lists", {"month": "2025-06"}, home / "1_validate_lists.ipynb", leash.Limits())


def test_a_cell_that_stops_is_named_with_stage_notebook_and_reason(home):
    sentence = "Tệp a.xlsx: không có bảng nào đã biết. Hãy dùng mẫu của văn phòng."
    notebook(home, "from infoaccess.errors import InputError", f"raise InputError({sentence!r})")
    with pytest.raises(InputError):
        run_notebook(home)
    page = rooms.failed_page().read_text(encoding="utf-8")
    for text in ("1. Kiểm tra danh sách", "1_validate_lists.ipynb, ô [", sentence, "data/failed/2025-06/"):
        assert text in page, text
    assert "data/1_validated/2025-06/summary.html" in page  # what to do where lists are refused
    assert str(home) not in page


def test_what_a_cell_quotes_of_a_list_is_told_to_nobody(home, capfd):
    notebook(home, f"name = {PERSON!r}", f"int(name + {NUMBER!r})")
    with pytest.raises(StageError):
        run_notebook(home)
    everything = said(home) + "".join(capfd.readouterr())
    assert "ValueError" in everything and "1. Kiểm tra danh sách" in everything
    assert PERSON not in everything and NUMBER not in everything
    kept = (home / "data" / "failed" / "2025-06" / "1_validate_lists.ipynb").read_text(encoding="utf-8")
    assert PERSON in kept


def test_an_unexpected_fault_is_told_by_its_type_and_kept_inside_data(home):
    program = "from infoaccess import cli, telling\nimport sys\ndef main():\n with telling.watched('2025-06'):\n"
    program += f"  raise KeyError({PERSON!r}, {NUMBER!r})\nsys.exit(cli.guarded(main))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, encoding="utf-8")
    assert done.returncode == 1
    assert "LỖI: Lỗi không lường trước (KeyError)" in done.stderr and "Traceback" not in done.stderr
    everything = said(home) + done.stderr + done.stdout
    assert PERSON not in everything and NUMBER not in everything
    (kept,) = (home / "data" / "failed").glob("*.txt")
    assert PERSON in kept.read_text(encoding="utf-8")
    if sys.platform != "win32":
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert f"data/failed/{kept.name}" in rooms.failed_page().read_text(encoding="utf-8").replace("\\", "/")


def test_a_long_number_in_a_sentence_of_ours_is_left_out():
    failure = failed_run.of(RoomError(f"Dòng {NUMBER} hỏng."), "r", f"--home {rooms.home()}")
    assert failure.reason == "Dòng … hỏng." and str(rooms.home()) not in failure.what


def test_what_was_published_missing_and_not_sent_is_summed_up(home):
    manifest("2025-07")
    with telling.watched("--due") as watch:
        inputs = [{"name": "ds_hỏng.xlsx", "state": "refused"}, {"name": "ds.xlsx", "state": "used"}]
        manifest("2025-09", reports={"46": [], "20044": []}, inputs=inputs, communes_without_list=["19804"], revision=2)
    assert watch.published == ["2025-09"]
    (letter,) = letters()
    page = rooms.journal("summary-2025-09.html").read_text(encoding="utf-8")
    for text in (letter.replace("\r\n", "\n").replace("\n", " "), page):
        for part in ("lần công bố 2", "2/41 báo cáo", "ds_hỏng.xlsx", "1/40 xã, phường chưa gửi", "tháng 8 năm 2025"):
            assert part in text, part
    assert "Phường" in letter and "summary.html" in letter
    assert not (rooms.reports() / "failed.html").exists()
    assert journal.runs()[-1].end["published"] == ["2025-09"]


def test_what_a_run_published_before_it_failed_is_told_too(home):
    with pytest.raises(RoomError), telling.watched("--due"):
        manifest("2025-08")
        raise RoomError("Đĩa đầy.")
    assert len(letters()) == 2 and rooms.journal("summary-2025-08.html").exists() and rooms.failed_page().exists()
    assert journal.runs()[-1].end["published"] == ["2025-08"]


def test_a_month_without_some_reports_is_told_with_the_reasons(home):
    with pytest.raises(Partly), telling.watched("2025-09"):
        manifest("2025-09", reports={"46": []}, failed={"20044": "time"})
        raise Partly("Tháng 2025-09 thiếu 1 báo cáo.")
    summary = rooms.journal("summary-2025-09.html").read_text(encoding="utf-8")
    assert "Xã A Lưới 2 (quá thời hạn cho phép)" in summary
    page = rooms.failed_page().read_text(encoding="utf-8")
    assert "đã công bố, nhưng thiếu một số báo cáo" in page and "reports/2025-09/index.html" in page
    assert journal.runs()[-1].code == 7
    assert any("Subject: [infoaccess] Đã công bố, thiếu một số báo cáo" in letter for letter in letters())


def test_what_other_modules_warn_of_is_in_the_journal_and_not_on_stderr(home, capfd):
    with telling.watched("2025-09"):
        logging.getLogger("infoaccess").warning("Thử lại, lần %d/%d: %s", 1, 2, home / "data")
    (run,) = journal.runs()
    assert [(s["event"], s["text"]) for s in run.steps] == [("note", "Thử lại, lần 1/2: data")]
    assert capfd.readouterr().err == ""


def test_a_run_that_published_the_same_again_tells_nobody(home):
    manifest("2025-07")
    with telling.watched("2025-07"):
        manifest("2025-07")
    assert not letters()


PROGRAM = """
import os, sys, time
from infoaccess import leash, cli, journal, telling
def main():
    with telling.watched("2025-06"):
        journal.step("2_place_households: 2025-06 - 2025-06")
        print("ready", flush=True)
        time.sleep(30)
sys.exit(cli.guarded(main))
"""


def started() -> subprocess.Popen:
    made = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True)
    assert made.stdout.readline() == "ready\n"
    return made


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no SIGTERM")
def test_a_run_asked_to_end_has_its_last_word(home):
    run = started()
    run.send_signal(signal.SIGTERM)
    assert run.wait() == 143
    assert journal.runs()[-1].code == 143 and not letters()


def test_a_killed_run_is_told_once_by_the_next_one_or_by_the_check(home):
    run = started()
    run.kill()
    run.wait()
    assert journal.runs()[-1].lost
    assert telling.tell_lost() == 1
    page = rooms.failed_page().read_text(encoding="utf-8")
    assert "không kịp báo" in page and "2_place_households: 2025-06 - 2025-06" in page
    assert telling.tell_lost() == 0
    assert len(letters()) == 1
    run = started()
    run.kill()
    run.wait()
    with telling.watched("2025-06"):
        pass
    assert len(letters()) == 2 and not rooms.failed_page().exists()
    assert telling.tell_lost() == 0 and not rooms.failed_page().exists()


def test_a_run_at_work_is_not_called_lost(home):
    run = started()
    try:
        assert telling.tell_lost() == 0 and not letters()
    finally:
        run.kill()
        run.wait()


def test_telling_that_fails_leaves_the_error_as_it_is(home, monkeypatch, capsys):
    def broken(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rooms, "put", broken)
    monkeypatch.setattr(mail, "tell", broken)
    with pytest.raises(RoomError, match="đầy"), telling.watched("2025-06"):
        raise RoomError("Đĩa đầy.".lower())
    assert "không ghi được trang báo kết quả" in capsys.readouterr().err
    assert journal.runs()[-1].code == 4
    with telling.watched("2025-07") as watch:
        manifest("2025-07")
    assert watch.code == 0


def test_a_run_that_finds_nothing_imports_nothing_slow(home):
    program = "import sys\nfrom infoaccess import telling\nwith telling.watched('--due'): pass\n"
    program += "print(sorted({'pandas', 'polars', 'papermill', 'plotly', 'jinja2', 'nbformat'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, encoding="utf-8")
    assert done.stdout.strip() == "[]"


def test_the_script_tells_a_month_without_lists(home):
    script = str(ROOT / "scripts" / "run_month.py")
    done = subprocess.run([sys.executable, script, "2031-01"], capture_output=True, check=False, encoding="utf-8")
    assert done.returncode == 4 and "Chưa có danh sách của tháng 2031-01" in done.stderr
    assert "data/0_raw/2031-01" in rooms.failed_page().read_text(encoding="utf-8").replace(os.sep, "/")
    before = time.time()
    plan = subprocess.run([sys.executable, script, "2031-01", "--plan"], capture_output=True, check=False)
    assert plan.returncode == 4 and rooms.failed_page().stat().st_mtime < before  # a question is no run
    assert len(journal.runs()) == 1


def test_the_script_with_nothing_due_is_a_run_that_tells_nobody_and_a_question_is_none(home):
    script = str(ROOT / "scripts" / "run_month.py")
    for more in (["--plan"], []):
        done = subprocess.run([sys.executable, script, "--due", *more], capture_output=True, check=False)
        assert done.returncode == 0 and not done.stderr, done.stderr
        assert [run.start["text"] for run in journal.runs()] == ([] if more else ["--due"])
    assert journal.runs()[0].code == 0 and not letters() and not rooms.failed_page().exists()
