"""An early release is made again, byte for byte, from what was known then; what stands now is not touched."""

import datetime as dt
from pathlib import Path

import pytest
import twelve_months as office

from infoaccess import asof, deposit, revisions, rooms
from infoaccess.errors import RoomError, UsageError

LIST = "phuong_thuan_loc.xlsx"


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """Return a home in which January was published, corrected and published again, and February after it."""
    office.furnish(tmp_path / "nhà", monkeypatch)
    office.put("2025-01", LIST, "first")
    office.put("2025-01", "xa_a_luoi_2.xlsx", "stays")
    assert "2025-01" in office.work("2025-02-05", monkeypatch)
    office.put("2025-01", LIST, "corrected")
    office.put("2025-02", LIST, "february")
    assert sorted(office.work("2025-03-05", monkeypatch)) == ["2025-01", "2025-02"]
    return tmp_path / "nhà"


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_an_early_release_comes_back_byte_for_byte(home):
    published, first = files(rooms.reports()), revisions.place("2025-01", 1)
    told = asof.month(asof.moment("2025-02-10"), "2025-01")
    again = home / "as_of" / "2025-02-10" / "reports" / "2025-01"
    assert told[0] == str(again) and told[1].startswith("Giống từng byte với lần công bố 1, ngày 05/02/2025")
    same = {name: content for name, content in files(first).items() if not name.startswith("run/")}
    made = {name: content for name, content in files(again).items() if not name.startswith("run/")}
    assert made == same and len(same) > 100
    assert files(rooms.reports()) == published
    assert office.figures(again) != office.figures(rooms.reports("2025-01"))


def test_the_lists_of_then_are_taken_and_those_of_now_stay(home):
    lists = files(home / "data" / "0_raw")
    asof.month(asof.moment("2025-02-10"), "2025-01")
    assert files(home / "data" / "0_raw") == lists
    stood = deposit.at(asof.moment("2025-02-10"))["2025-01"]
    kept = {stay["name"]: stay["sha256"] for stay in stood.values()}
    assert kept[LIST] != deposit_of_now()[LIST] and kept["xa_a_luoi_2.xlsx"] == deposit_of_now()["xa_a_luoi_2.xlsx"]


def deposit_of_now() -> dict[str, str]:
    return {s["name"]: s["sha256"] for s in deposit.at(dt.datetime.now().astimezone())["2025-01"].values()}


def test_what_a_day_did_not_know_is_said(home):
    with pytest.raises(RoomError, match="2025-02 chưa có gì đến hết ngày 10/02/2025"):
        asof.month(asof.moment("2025-02-10"), "2025-02")
    with pytest.raises(UsageError, match="không hợp lệ"):
        asof.moment("10/02/2025")
    with pytest.raises(UsageError, match="chưa tới"):
        asof.moment("2999-01-01")


def test_a_copy_in_the_deposit_that_is_not_what_was_kept_is_refused(home):
    stood = deposit.at(asof.moment("2025-02-10"))["2025-01"]
    content = next(stay["sha256"] for stay in stood.values() if stay["name"] == LIST)
    (copy,) = [p for p in (home / "data" / "deposit").rglob("*") if p.is_file() and content in p.name]
    copy.chmod(0o600)
    copy.write_text("else", encoding="utf-8")
    before = files(rooms.reports())
    with pytest.raises(RoomError):
        asof.month(asof.moment("2025-02-10"), "2025-01")
    assert files(rooms.reports()) == before and not (home / "as_of" / "2025-02-10" / "reports" / "2025-01").exists()
