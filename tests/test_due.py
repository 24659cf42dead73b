"""What is due, and why: twelve months with missed months, late lists, corrections and a change of method."""

from pathlib import Path

import pytest
import twelve_months as office

from infoaccess import due, revisions, rooms

A, B, C = "phuong_thuan_loc.xlsx", "xa_a_luoi_2.xlsx", "phuong_moi.xlsx"
FIRST = "chưa công bố lần nào."
EARLIER = "danh sách tháng 2025-03 đã thay đổi, mà số liệu tháng này tính cả từ đó."
WHY = "Thông tư mới về ngưỡng bảo mật"
METHOD = f"phương pháp đã đổi (cài đặt threshold); lý do: {WHY}."


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    office.furnish(tmp_path / "nhà", monkeypatch)
    return tmp_path / "nhà"


def lists(*months: str) -> None:
    for month in months:
        office.put(month, A, f"{month} a")
        office.put(month, B, f"{month} b")


def test_twelve_months_do_exactly_what_the_table_says(home, monkeypatch):
    month = "2025-{:02d}".format
    # (day of the run, what came before it, months due with the sentence of the plan); no line: the machine was off
    table = [
        ("2025-02-05", lambda: lists(month(1)), {month(1): FIRST}),
        # 2025-03-05: off, February is missed
        ("2025-04-05", lambda: lists(month(2), month(3), month(4)), {month(2): FIRST, month(3): FIRST}),
        ("2025-04-06", lambda: None, {}),  # April's lists are there, but April has not ended
        ("2025-05-05", lambda: (home / "data/0_raw/2025-04" / A).unlink(), {month(4): FIRST}),  # one list alone in time
        (
            "2025-06-05",
            lambda: (office.put(month(4), A, "late"), lists(month(5))),
            {month(4): f"danh sách mới của {A} (1 tệp).", month(5): FIRST},
        ),
        (
            "2025-07-05",
            lambda: (office.put(month(3), B, "corrected"), lists(month(6))),
            {
                month(3): "danh sách của Thị trấn A Lưới đã sửa (1 tệp).",
                month(4): EARLIER,
                month(5): EARLIER,
                month(6): FIRST,
            },
        ),
        ("2025-08-05", lambda: (office.put_setting("threshold", 10), lists(month(7))), {month(7): FIRST}),
        ("2025-08-06", lambda: None, {}),  # the method alone changed: no old month is revised silently
        ("2025-08-07", WHY, {month(n): METHOD for n in range(1, 7)}),
        (
            "2025-10-05",  # 2025-09-05: off
            lambda: (
                lists(month(8), month(9)),
                (home / "data/0_raw/2025-07" / A).rename(home / "data/0_raw/2025-07" / C),
            ),
            {
                month(7): "danh sách của phuong_moi.xlsx đổi tên tệp, nội dung như cũ (1 tệp).",
                month(8): FIRST,
                month(9): FIRST,
            },
        ),
        (
            "2025-11-05",
            lambda: (lists(month(10)), (home / "data/0_raw/2025-09" / B).unlink(), office.put(month(9), A, "second")),
            {
                month(9): "danh sách của Phường Phú Xuân đã sửa (1 tệp); danh sách của Xã A Lưới 2 không còn (1 tệp).",
                month(10): FIRST,
            },
        ),
        # 2025-12-05: off
        ("2026-01-05", lambda: lists(month(11), month(12)), {month(11): FIRST, month(12): FIRST}),
        (
            "2026-01-06",
            lambda: (rooms.reports(month(12)) / "20044.pdf").unlink(),
            {month(12): f"thiếu báo cáo của {due.valid_units(month(12))['20044']}."},
        ),
        ("2026-01-07", lambda: None, {}),
    ]
    seen: dict[str, dict[int, tuple[str, set[str]]]] = {}
    for day, came, wanted in table:
        why = came if isinstance(came, str) else None
        if why is None:
            came()
        before = {p: p.read_bytes() for p in rooms.reports().glob("20*/*.*")}
        told = office.work(day, monkeypatch, why)
        assert told == wanted, day
        for one in told:
            whole = revisions.read(rooms.reports(one))
            assert whole["published"] == day and set(whole["reports"]) == set(office.all_units(one))
            assert office.figures(rooms.reports(one)) == {office.expected(one)}
            seen.setdefault(one, {})[whole["revision"]] = (day, office.figures(rooms.reports(one)))
        untouched = {p: c for p, c in before.items() if p.parent.name.split(".")[0] not in told}
        assert all(p.read_bytes() == c for p, c in untouched.items()), day
    published = {m: [f"{n} {held[n][0]}" for n in sorted(held)] for m, held in sorted(seen.items())}
    assert published == {
        "2025-01": ["1 2025-02-05", "2 2025-08-07"],
        "2025-02": ["1 2025-04-05", "2 2025-08-07"],
        "2025-03": ["1 2025-04-05", "2 2025-07-05", "3 2025-08-07"],
        "2025-04": ["1 2025-05-05", "2 2025-06-05", "3 2025-07-05", "4 2025-08-07"],
        "2025-05": ["1 2025-06-05", "2 2025-07-05", "3 2025-08-07"],
        "2025-06": ["1 2025-07-05", "2 2025-08-07"],
        "2025-07": ["1 2025-08-05", "2 2025-10-05"],
        "2025-08": ["1 2025-10-05"],
        "2025-09": ["1 2025-10-05", "2 2025-11-05"],
        "2025-10": ["1 2025-11-05"],
        "2025-11": ["1 2026-01-05"],
        "2025-12": ["1 2026-01-05", "2 2026-01-06"],
    }
    for one, held in seen.items():  # no revision was overwritten: each still prints what it printed
        for number, (_, printed) in list(held.items())[:-1]:
            assert office.figures(revisions.place(one, number)) == printed, (one, number)
            assert revisions.read(revisions.place(one, number))["revision"] == number
    page = (revisions.place("2025-03", 2) / "changes.html").read_text(encoding="utf-8")
    assert "Lý do công bố: danh sách của Thị trấn A Lưới đã sửa (1 tệp)." in page and "1 tệp có nội dung khác" in page
    assert f"lý do: {WHY}" in (rooms.reports("2025-03") / "changes.html").read_text(encoding="utf-8")
