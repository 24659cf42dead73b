"""Nothing that names a person leaves the first door: every personal field is marked, every output is searched.

The one place where persons may stand after the door is data/1_validated/<month>/problems (the way back to the
communes); coordinates stay in room 1 until stage 2 has placed by them.
"""

import io
import json
import re
import shutil
import stat
import sys
import unicodedata
import zipfile
from pathlib import Path

import hostile_home
import marked
import polars as pl
import pypdf
import pytest
from marked import leaks, marks, readings, word

from infoaccess import columns, identity, leash, monthly, pipeline, rooms, runner
from infoaccess.errors import InfoAccessError, RoomError, StageError

MONTH = marked.MONTH
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has access lists instead of these bits")


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Return the home whose persons are marked, its month made."""
    return hostile_home.made(tmp_path_factory)


def allowed(path: Path) -> bool:
    """Tell where persons may stand: the lists, their kept copies, and the workbooks that go back to the communes."""
    return bool({"0_raw", "deposit", "problems"} & set(path.parts))


# ---- the search itself can fail ------------------------------------------------------------------------------------
def spellings() -> dict[str, bytes]:
    text = f"Nguyễn Thị {word(7)}"
    found = {
        f"{form} {case.__name__}": unicodedata.normalize(form, case(text))
        for form in ("NFC", "NFD")
        for case in (str, str.upper, str.lower)
    }
    packed = {name: one.encode() for name, one in found.items()}
    packed |= {code: text.encode(code) for code in ("utf-16", "utf-16-be", "utf-8-sig")}
    packed["cp1258"] = unicodedata.normalize("NFD", text).encode("cp1258", "ignore")
    packed["json"] = json.dumps(text).encode()
    packed["number as text"], packed["identity"] = b"STT 0917374001;", b'"046175917374"'
    packed["identity without zero"], packed["point"] = b">46175917374<", b"107.2917374"
    return packed


@pytest.mark.parametrize("name", spellings())
def test_a_planted_mark_is_found_in_every_spelling(name):
    assert marks(b"truoc " + spellings()[name] + b" sau")
    assert not marks(b"truoc sau 20259173741 d=M0.917374 1.917374")


def test_a_planted_mark_is_found_in_packed_files(tmp_path):
    text = f"Hồ {word(8)}"
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/sharedStrings.xml", text)
    pl.DataFrame({"x": [text] * 9, "n": [1] * 9}).write_parquet(tmp_path / "a.parquet", compression="zstd")
    writer = pypdf.PdfWriter()
    page = writer.add_blank_page(99, 99)
    stream = pypdf.generic.DecodedStreamObject()
    stream.set_data(text.encode("utf-16-be"))
    page[pypdf.generic.NameObject("/Contents")] = writer._add_object(stream.flate_encode())
    writer.write(tmp_path / "a.pdf")
    (tmp_path / "run.ipynb").write_text(json.dumps({"outputs": [text]}), encoding="utf-8")
    assert {line.split(":")[0].split("!")[0].split("[")[0].split("#")[0] for line in leaks(tmp_path)} == {
        "a.xlsx",
        "a.parquet",
        "a.pdf",
        "run.ipynb",
    }


# ---- one month, all formats ----------------------------------------------------------------------------------------
def test_the_marks_came_through_the_door(home):
    """Each file is marked, and rows of each format were accepted: the search has something to find."""
    raw = home / "data" / "0_raw" / MONTH
    carrying = {line.split(":")[0].split("!")[0].split("#")[0] for line in leaks(raw)}
    assert set(marked.lists()) <= carrying
    door = json.loads((home / "data" / "1_validated" / MONTH / "door.json").read_text(encoding="utf-8"))
    rows = {f["name"]: f["rows"]["accepted"] for f in door["files"]}
    for name in marked.lists():
        if name.startswith(("dinh_dang", "bo_cuc", "font", "an.", "cot_la", "ra_soat", "ban_giao.", "ban_giao_ho")):
            assert rows[name] >= 5, name
    assert sum(rows.values()) > 300
    rules = {p["rule"] for p in door["problems"]}
    assert {"value", "required", "key_conflict", "no_table", "not_workbook", "value_optional"} <= rules


def test_no_mark_in_any_byte_that_was_written(home):
    found = [line for line in leaks(home, allowed) if not re.search(r"1_validated.*households\.parquet", line)]
    assert found == []
    placed = leaks(home / "data" / "1_validated", allowed)
    assert {re.sub(r".*households\.parquet(\[.*\])?: .*", r"\1", line) for line in placed} <= {
        "",
        "[longitude]",
        "[latitude]",
    }
    said = json.loads((home / "said.json").read_text(encoding="utf-8"))
    assert said["code"] == 0 and said["out"] and not marks((said["out"] + said["err"]).encode())


def test_the_searched_outputs_are_all_there(home):
    month = home / "reports" / MONTH
    assert {"46.html", "46.pdf", "20044.html", "20044.pdf", "index.html", "manifest.json"} <= {
        p.name for p in month.iterdir()
    }
    stages = {f"{s.notebook}.ipynb" for s in pipeline.STAGES if s.id != "5"}
    assert stages <= {p.name for p in (month / "run").iterdir()}
    for room in ("1_validated", "2_placed", "3_indicators", "4_release"):
        assert list((home / "data" / room / MONTH).rglob("*.parquet"))


def test_personal_columns_end_at_their_room(home):
    for kind in columns.kinds().values():
        personal = {c.name for c in kind.columns.values() if c.personal}
        until_placed = {c.name for c in kind.columns.values() if c.until_placed}
        for room, may in (("1_validated", until_placed), ("2_placed", set())):
            path = home / "data" / room / MONTH / f"{kind.name}.parquet"
            if path.exists():
                assert not (set(pl.read_parquet_schema(path)) & personal) - may, (room, kind.name)


# ---- a stage that stops --------------------------------------------------------------------------------------------
SOURCES = {  # how the cell that calls a stage may come to stop: with a person in the message, or in what it prints
    "message": "raise ValueError({text!r})",
    "chained": "raise KeyError({text!r}) from ValueError({text!r})",
}


def stopping(own: Path, notebook: str, source: str) -> None:
    """Give a home a notebook that stops while it holds a person."""
    shutil.rmtree(own / "notebooks", ignore_errors=True)
    shutil.copytree(hostile_home.ROOT / "notebooks", own / "notebooks", ignore=shutil.ignore_patterns(".*"))
    path = own / "notebooks" / f"{notebook}.ipynb"
    book = json.loads(path.read_text(encoding="utf-8"))
    cell = next(c for c in book["cells"] if c["id"] in ("call", "open"))
    cell["source"] = source.format(text=f"Nguyễn Thị {word(77)}, 046175917374, 0917374001")
    path.write_text(json.dumps(book), encoding="utf-8")


@pytest.fixture(scope="module")
def counted(home, tmp_path_factory) -> Path:
    """Return a copy of the rooms, without the report, in which stages stop."""
    own = tmp_path_factory.mktemp("dừng")
    shutil.copytree(home / "data", own / "data")
    shutil.copytree(home / "geo", own / "geo")
    shutil.copy2(home / "person.key", own / "person.key")
    return own


@pytest.mark.parametrize("stage", pipeline.STAGES, ids=lambda s: s.id)
def test_a_stage_that_stops_names_nobody(counted, monkeypatch, capfd, stage):
    monkeypatch.setenv("INFOACCESS_HOME", str(counted))
    monkeypatch.setenv("INFOACCESS_KEY_FILE", str(counted / "person.key"))
    stopping(counted, stage.notebook, SOURCES["chained" if stage.id == "1" else "message"])
    before = {p: p.stat().st_mtime_ns for p in (counted / "data" / "4_release").rglob("*")}
    with pytest.raises(StageError) as told:
        monthly.run(MONTH, only=stage.id, areas=["20044"])
    said = capfd.readouterr()
    assert not marks((str(told.value) + said.out + said.err).encode())
    assert "không lường trước" in str(told.value) and len(str(told.value).splitlines()) == 1
    failed = counted / "data" / "failed" / MONTH
    assert any(marks(p.read_bytes()) for p in failed.iterdir())  # it was there to be told, and is kept for the office
    if sys.platform != "win32":
        assert stat.S_IMODE(failed.stat().st_mode) == 0o700
        assert {stat.S_IMODE(p.stat().st_mode) for p in failed.iterdir()} == {0o600}
    assert not (counted / "reports" / MONTH).exists()
    assert {p: p.stat().st_mtime_ns for p in (counted / "data" / "4_release").rglob("*")} == before
    shutil.rmtree(counted / "data" / "failed")
    rest = [
        line for line in leaks(counted, lambda p: allowed(p) or "notebooks" in p.parts) if "1_validated" not in line
    ]
    assert rest == []


@pytest.mark.parametrize(
    ("notebook", "area", "code"), [("5_progress_report", "20044", StageError.exit_code), ("6_presentation", "46", 7)]
)
def test_nobody_is_named_wherever_a_stopped_run_is_told(counted, notebook, area, code):
    """The page of the failed run, the letter, the journal, the summary, what is printed: a run as the scheduler's."""
    stopping(counted, notebook, SOURCES["message"])
    done = hostile_home.run(counted, MONTH, "--only", "5", "--area", area, "--jobs", "1")
    assert done.returncode == code, done.stderr
    assert not marks((done.stdout + done.stderr).encode())
    told = [counted / "reports" / "failed.html", *(counted / "data" / "journal").iterdir()]
    assert len(told) >= 3 and all(p.stat().st_size for p in told)
    failed = counted / "data" / "failed"
    assert any(marks(p.read_bytes()) for p in failed.rglob("*") if p.is_file())
    shutil.rmtree(failed)
    rest = leaks(counted, lambda p: allowed(p) or "notebooks" in p.parts)
    assert [line for line in rest if "1_validated" not in line] == []
    assert (counted / "reports" / MONTH / "46.pdf").exists() == (code == 7)
    shutil.rmtree(counted / "reports", ignore_errors=True)


def test_sentences_of_this_suite_are_told_whole(counted, monkeypatch):
    """A known error keeps its sentence: it says what to do and was written without cells of a list."""
    monkeypatch.setenv("INFOACCESS_HOME", str(counted))
    shutil.rmtree(counted / "notebooks", ignore_errors=True)
    shutil.copytree(hostile_home.ROOT / "notebooks", counted / "notebooks")
    with pytest.raises(InfoAccessError, match="Thiếu .*1_validated|Chưa có danh sách"):
        runner.execute(
            "1_validate_lists", {"month": "2030-01", "since": "2030-01"}, counted / "x.ipynb", leash.Limits(60)
        )


# ---- who may look --------------------------------------------------------------------------------------------------
@POSIX
def test_rooms_of_persons_are_for_their_owner_alone(home):
    for room in ("1_validated", "2_placed", "3_indicators"):
        paths = [home / "data" / room, *(home / "data" / room).rglob("*")]
        assert len(paths) > 5
        assert {oct(stat.S_IMODE(p.stat().st_mode)) for p in paths if p.is_dir()} == {"0o700"}, room
        assert {oct(stat.S_IMODE(p.stat().st_mode)) for p in paths if p.is_file()} == {"0o600"}, room
    assert (
        stat.S_IMODE((home / "reports" / MONTH / "46.html").stat().st_mode) & 0o044 == 0o044
    )  # reports are to be read


@POSIX
def test_a_room_that_stood_open_is_closed_by_the_next_writing(tmp_path, monkeypatch):
    monkeypatch.setenv("INFOACCESS_HOME", str(tmp_path))
    target = rooms.data(rooms.INDICATORS, MONTH) / "deprivation"
    target.mkdir(parents=True)
    for path in (target, target.parent, target.parent.parent):
        path.chmod(0o755)
    with rooms.replaced(target) as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700  # from the first moment
        (folder / "x").write_text("x")
    modes = [stat.S_IMODE(p.stat().st_mode) for p in (target / "x", target, target.parent, target.parent.parent)]
    assert modes == [0o600, 0o700, 0o700, 0o700]
    with rooms.replaced(rooms.reports(MONTH)) as folder:
        (folder / "x").write_text("x")
    assert stat.S_IMODE(rooms.reports(MONTH).stat().st_mode) & 0o055


@pytest.fixture
def key(tmp_path, monkeypatch) -> Path:
    path = tmp_path / "config" / "infoaccess" / "person.key"
    monkeypatch.setenv("INFOACCESS_KEY_FILE", str(path))
    monkeypatch.setenv("INFOACCESS_HOME", str(tmp_path / "home"))
    return path


def test_the_key_is_made_once_for_its_owner_alone(key):
    secret = identity.key()
    assert secret == identity.key() and len(secret) == 32 and len(list(key.parent.iterdir())) == 1
    assert secret != bytes(32) and identity.fingerprint(secret) not in key.read_text(encoding="ascii")
    if sys.platform != "win32":
        assert stat.S_IMODE(key.stat().st_mode) == 0o600 and stat.S_IMODE(key.parent.stat().st_mode) == 0o700


@POSIX
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_can_read_is_refused(key, mode):
    identity.key()
    key.chmod(mode)
    with pytest.raises(RoomError, match="chmod 600"):
        identity.key()


@POSIX
def test_a_key_that_others_can_replace_is_refused(key):
    identity.key()
    key.parent.chmod(0o777)
    with pytest.raises(RoomError, match="chmod 700"):
        identity.key()
    key.parent.chmod(0o1777)  # in a sticky folder nobody replaces another's file
    identity.key()


@pytest.mark.parametrize("place", ["data/person.key", "data/1_validated/k", "reports/k"])
def test_a_key_among_the_data_is_refused(key, monkeypatch, tmp_path, place):
    monkeypatch.setenv("INFOACCESS_KEY_FILE", str(tmp_path / "home" / place))
    with pytest.raises(RoomError, match="INFOACCESS_KEY_FILE"):
        identity.key()
    monkeypatch.setenv("INFOACCESS_KEY_FILE", str(rooms.CHECKOUT / "person.key"))
    with pytest.raises(RoomError, match="không được nằm trong"):
        identity.key()
    assert not (rooms.CHECKOUT / "person.key").exists()


@pytest.mark.parametrize("content", ["", "zz", "00" * 31, "00" * 33])
def test_a_broken_key_is_not_replaced_in_silence(key, content):
    identity.key()
    key.write_text(content, encoding="ascii")
    with pytest.raises(RoomError, match="sao lưu"):
        identity.key()
    assert key.read_text(encoding="ascii") == content


def test_another_key_makes_every_month_due(counted, monkeypatch):
    """Ids of two keys would make every household leave and another enter: all months are hashed anew together."""
    monkeypatch.setenv("INFOACCESS_HOME", str(counted))
    monkeypatch.setenv("INFOACCESS_KEY_FILE", str(counted / "person.key"))
    settings = runner.settings()
    before = monthly.inputs_key(MONTH, settings)
    assert before == monthly.inputs_key(MONTH, settings)
    monkeypatch.setenv("INFOACCESS_KEY_FILE", str(counted / "other.key"))
    assert monthly.inputs_key(MONTH, settings) != before
    ids = [identity.household_id(s, "20044", "2025-07-01", "Thôn 1", "1") for s in (identity.key(), b"k" * 32)]
    assert ids[0] != ids[1]
    (counted / "other.key").unlink()


def test_readings_opens_what_it_says(tmp_path):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as book:
        book.writestr("a", "b")
    assert [where for where, _ in readings("x", memory.getvalue())] == ["", "!a"]
