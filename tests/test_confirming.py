"""Unknown headings: proposed, never guessed; confirmed once, remembered by the checksum of the heading."""

import subprocess
import sys
from pathlib import Path

import pytest
import xlsxwriter

from infoaccess import confirming, headings, lists, rooms
from infoaccess.errors import RefusedFile, RoomError, UsageError

ROOT = Path(__file__).resolve().parents[1]


def book(path: Path, head: list[str]) -> Path:
    with xlsxwriter.Workbook(str(path)) as made:
        sheet = made.add_worksheet("Mẫu số")
        sheet.write_row(3, 0, head)
        sheet.write_row(4, 0, ["1", "20044", "Xã A Lưới 2", 900, 3500, "2025"])
    return path


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("INFOACCESS_HOME", str(tmp_path))
    return tmp_path


HEAD = ["STT", "Mã xã", "Xã/Phường", "Tổng số hộ gđ", "Tổng số nhân khẩu", "Ngày lập"]


def read(path: Path):
    return lists.read(path.name, path.read_bytes(), headings.load(rooms.confirmed_headings()))


def test_a_missing_column_is_proposed_and_refused_until_the_office_confirms_it(home):
    path = book(home / "a.xlsx", HEAD)
    with pytest.raises(RefusedFile) as refusal:
        read(path)
    assert refusal.value.rule == "missing_column" and '"Tổng số hộ"' in str(refusal.value)
    lines = confirming.confirm(path)
    assert any('có phải "Tổng số hộ" (households)?' in line for line in lines)
    with pytest.raises(RefusedFile):
        read(path)  # shown is not confirmed
    assert "ĐÃ NHỚ  tổng số hộ gđ = households" in confirming.confirm(path, all_of_them=True)
    (table,), notes = read(path)
    assert table.position["households"] == 3
    assert [n.rule for n in notes] == ["unknown_heading"]


def test_what_is_confirmed_holds_for_another_file_with_the_same_heading_and_for_no_other(home):
    confirming.confirm(book(home / "a.xlsx", HEAD), all_of_them=True)
    assert read(book(home / "b.xlsx", HEAD))[0][0].position["households"] == 3
    with pytest.raises(RefusedFile):
        read(book(home / "c.xlsx", [*HEAD[:5], "Ngày nhập"]))


def test_a_heading_may_be_set_by_hand_or_ignored_for_good(home):
    path = book(home / "a.xlsx", HEAD)
    confirming.confirm(path, chosen=["tổng số hộ gđ=households", "ngày lập="])
    (table,), notes = read(path)
    assert table.rows[0][1][table.position["households"]] == 900 and notes == []
    assert confirming.confirm(path) == ["a.xlsx: mọi tên cột đều đã biết."]


def test_wrong_words_change_nothing(home):
    path = book(home / "a.xlsx", HEAD)
    with pytest.raises(UsageError, match="không có tên cột lạ"):
        confirming.confirm(path, chosen=["tổng số nhà=households"])
    with pytest.raises(UsageError, match="không có cột 'house'"):
        confirming.confirm(path, chosen=["tổng số hộ gđ=house"])
    with pytest.raises(UsageError, match="Không có tệp"):
        confirming.confirm(home / "none.xlsx")
    assert not rooms.confirmed_headings().exists()


def test_a_broken_memory_is_told_and_not_overwritten(home):
    path = book(home / "a.xlsx", HEAD)
    rooms.confirmed_headings().parent.mkdir()
    rooms.confirmed_headings().write_text("[x\n", encoding="utf-8")
    with pytest.raises(RoomError, match="headings.toml hỏng"):
        confirming.confirm(path, all_of_them=True)
    assert rooms.confirmed_headings().read_text(encoding="utf-8") == "[x\n"


def test_the_script_shows_and_keeps(home):
    path = book(home / "a.xlsx", HEAD)
    command = [sys.executable, str(ROOT / "scripts" / "confirm_headings.py"), str(path), "--home", str(home)]
    shown = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True).stdout
    assert "CHƯA RÕ tổng số hộ gđ" in shown
    subprocess.run([*command, "--yes"], capture_output=True, check=True)
    assert read(path)[0][0].kind.name == "populations"
