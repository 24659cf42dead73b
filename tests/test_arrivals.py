"""The page of arrivals adds up and names nobody; birth certificates keep every file that ever came."""

import re
import tomllib
from html.parser import HTMLParser

import pandas as pd
import pytest

from infoaccess import arrivals, certificates, reasons, rooms, units
from infoaccess.errors import RoomError

MONTH = "2025-12"
EVIL = 'ds "<img src=x onerror=alert(1)>" 😀.xlsx'
ROWS = {"read": 7540, "dressing": 12, "accepted": 7500, "refused": 21, "folded": 7, "warnings": 30}
NOTHING = dict.fromkeys(ROWS, 0)


def file(name: str, **more) -> dict:
    known = {"name": name, "bytes": 10, "sha256": "0" * 64, "modified": "2025-12-03T08:00:00"}
    known |= {"state": "used", "kinds": ["households"], "sender": "19753", "rows": ROWS, "reason": None, "rule": None}
    return known | more


def refused(name: str, rule: str) -> dict:
    reason = f"Tệp {name}: {reasons.load()[rule].sentence} {reasons.load()[rule].commune}."
    return file(name, state="refused", kinds=[], sender="", rows=NOTHING, reason=reason, rule=rule)


def door(**more) -> dict:
    known = {"month": MONTH, "tables": {"households": ROWS, "targets": NOTHING}, "files": [file("a.xlsx")]}
    known |= {"communes": 40, "communes_without_list": [], "unknown_headings": [], "problem_books": []}
    return known | {"incomplete": False, "synthetic": False, "problems": []} | more


def text(page: str) -> str:
    """Return what a reader sees."""

    class Reader(HTMLParser):
        seen, deaf = "", False

        def handle_starttag(self, tag, attrs):
            self.deaf = tag == "style"
            self.seen += " "

        def handle_data(self, data):
            self.seen += "" if self.deaf else data

    reader = Reader()
    reader.feed(page)
    return " ".join(reader.seen.split())


def test_a_full_month_adds_up_and_asks_for_nothing_from_elsewhere():
    page = arrivals.page(MONTH, door(), [])
    seen = text(page)
    assert "Danh sách hộ nghèo, hộ cận nghèo, hộ chính sách 7.540 7.500 21 7 12 30" in seen
    assert "Chỉ tiêu được giao" not in seen  # nothing came of it
    assert "40/40" in seen and "THÁNG CHƯA ĐỦ" not in seen and "GIẢ LẬP" not in seen
    assert "<script" not in page and not re.search(r"https?:|@import|url\(", page)


def test_a_month_without_a_fault_says_so_and_another_does_not():
    clean = dict(ROWS, refused=0, folded=0, warnings=0)
    good = door(tables={"households": clean}, files=[file("a.xlsx", rows=clean)])
    assert "Không có việc phải làm" in text(arrivals.page(MONTH, good, []))
    problems = [{"severity": "warning", "rule": "device", "rows": 1}]
    assert "Không có việc phải làm" not in text(arrivals.page(MONTH, good, problems))
    assert "Không có việc phải làm" not in text(arrivals.page(MONTH, door(files=[refused("b.xls", "password")]), []))


def test_every_refused_file_stands_first_with_its_reason_and_what_to_do():
    names = [f"z{n}.xls" for n in range(30)] + [EVIL]
    files = [file("a.xlsx"), *(refused(name, "password") for name in names)]
    page = arrivals.page(MONTH, door(files=files, incomplete=True), [])
    seen, why = text(page), reasons.load()["password"]
    assert all(name in seen for name in names) and "<img" not in page
    assert seen.rindex("z9.xls") < seen.index("Dòng đã đọc") < seen.index("a.xlsx")
    assert seen.count(why.sentence[1:]) == seen.count(why.commune) == seen.count(why.office) == 31
    assert "THÁNG CHƯA ĐỦ: 31 tệp không dùng được" in seen


def test_communes_that_did_not_send_are_named():
    known = units.of("C_commune")
    page = arrivals.page(MONTH, door(communes_without_list=["20044"], incomplete=True, synthetic=True), [])
    seen, name = text(page), known.loc[known["code"] == "20044", "name"].item()
    assert f"Chưa gửi: 1 {name} Đã gửi: 39" in seen and "39/40" in seen
    assert "THÁNG CHƯA ĐỦ: 1 xã/phường chưa có danh sách" in seen and "DỮ LIỆU GIẢ LẬP" in seen


def test_communes_of_one_name_are_told_apart():
    page = text(arrivals.page("2024-12", door(communes_without_list=[]), []))
    known = units.of("A_commune")
    twice = known[known["name"].duplicated(keep=False)]
    assert len(twice) and all(
        f"{name} ({code})" in page for name, code in zip(twice["name"], twice["code"], strict=True)
    )


def test_nothing_received():
    codes = list(units.of("C_commune")["code"])
    empty = door(tables={"households": NOTHING}, files=[], communes_without_list=codes, incomplete=True)
    seen = text(arrivals.page(MONTH, empty, pd.DataFrame()))
    assert "Chưa nhận được tệp nào của tháng 12 năm 2025" in seen and f"data/0_raw/{MONTH}" in seen and "0/40" in seen


def test_reasons_are_counted_and_no_sentence_or_value_is_quoted():
    row = {"severity": "refused", "rule": "value", "sentence": "của ông Trần Văn Thử", "value_class": "chữ", "row": 9}
    problems = pd.DataFrame([row] * 1204 + [row | {"rule": "device", "severity": "warning"}] * 3)
    problems.loc[len(problems)] = row | {"severity": "file", "rule": "password"}
    page = text(arrivals.page(MONTH, door(), problems))
    assert "Trần Văn Thử" not in page
    known = reasons.load()
    title = known["value"].title[0].upper() + known["value"].title[1:]
    assert f"{title} bị từ chối 1.204 {known['value'].commune} {known['value'].office}" in page
    assert page.index(title) < page.index(known["device"].commune)
    assert known["password"].commune not in page


def test_books_are_linked_and_unknown_headings_proposed():
    books = [{"sender": "19753", "name": "can_sua_dự án #1_0a1b2c3d.xlsx", "rows": 3, "refused": 2, "warnings": 1}]
    odd = {"file": "a.xlsx", "sheet": "S1", "column": "members", "kind": "households"}
    headings = [odd | {"heading": "số khẩu thực tế", "proposal": "Số khẩu"}, odd | {"heading": "abc", "proposal": None}]
    page = arrivals.page(MONTH, door(problem_books=books, unknown_headings=headings), [])
    assert 'href="problems/can_sua_d%E1%BB%B1%20%C3%A1n%20%231_0a1b2c3d.xlsx"' in page
    seen = text(page)
    assert "số khẩu thực tế có lẽ là “Số khẩu” a.xlsx S1 abc không có a.xlsx S1" in seen
    assert reasons.load()["unknown_heading"].office in seen


def test_the_page_speaks_vietnamese_only():
    with pytest.raises(ValueError, match="Vietnamese"):
        arrivals.page(MONTH, door(), [], lang="en")


# ---- birth certificates ----------------------------------------------------------------------------------------------
LAYOUT = {"sheet": "Danh sách", "kind": "households", "heading": "0a1b2c3d4e5f"}


def raw(name: str, sha: str, **more) -> dict:
    return file(name, sha256=sha * 64, layouts=[LAYOUT], modified="2025-12-03T08:00:00.123456") | more


def held(path) -> list[dict]:
    return tomllib.loads(path.read_text(encoding="utf-8"))["file"]


def test_a_certificate_holds_what_the_door_knows_and_the_same_files_give_the_same_text(tmp_path):
    path = tmp_path / "data" / "sources.toml"
    certificates.record(MONTH, [raw("b.xlsx", "b"), raw("a.xlsx", "a")], path)
    assert [c["name"] for c in held(path)] == ["a.xlsx", "b.xlsx"]
    expected = {"month": MONTH, "name": "a.xlsx", "sha256": "a" * 64, "bytes": 10, "received": "2025-12-03T08:00:00"}
    assert held(path)[0] == expected | {"sender": "19753", "state": "used", "layouts": [LAYOUT]}
    before = path.read_bytes()
    certificates.record(MONTH, [raw("a.xlsx", "a", modified="2026-01-01T00:00:00"), raw("b.xlsx", "b")], path)
    assert path.read_bytes() == before


def test_history_is_kept_when_a_file_comes_anew_and_when_it_comes_back(tmp_path):
    path = tmp_path / "sources.toml"
    for sha in "abc":
        certificates.record(MONTH, [raw("a.xlsx", sha)], path)
    certificates.record("2025-11", [raw("a.xlsx", "d")], path)
    now = {c["sha256"][0]: c.get("replaced_by") for c in held(path)}
    assert now == {"a": "b" * 12, "b": "c" * 12, "c": None, "d": None}
    certificates.record(MONTH, [raw("a.xlsx", "a")], path)
    now = {c["sha256"][0]: c.get("replaced_by") for c in held(path)}
    assert now == {"a": None, "b": "c" * 12, "c": "a" * 12, "d": None}


def test_hostile_names_survive(tmp_path):
    path = tmp_path / "sources.toml"
    names = [
        'a "quoted".xlsx',
        "two\nlines\t.xlsx",
        "back\\slash'.xlsx",
        EVIL,
        '"""\n[[file]]\nmonth = 1.xlsx',
        "dấu ế.xlsx",
    ]
    certificates.record(MONTH, [raw(name, "a") for name in names], path)
    certificates.record(MONTH, [raw("bytes\udcff.xlsx", "b")], path)
    assert {c["name"] for c in held(path)} == {*names, "bytes?.xlsx"}


@pytest.mark.parametrize("broken", [b"[[file]\n", b"file = 3", b"\xff\xfe", b'[[file]]\nname = "a"\n', b"file = [1]"])
def test_a_broken_file_is_never_written_over(tmp_path, broken):
    path = tmp_path / "sources.toml"
    path.write_bytes(broken)
    with pytest.raises(RoomError, match="bị hỏng") as told:
        certificates.record(MONTH, [raw("a.xlsx", "a")], path)
    assert path.read_bytes() == broken and len(str(told.value).splitlines()) == 1


def test_a_write_that_fails_leaves_the_former_text(tmp_path, monkeypatch):
    path = tmp_path / "sources.toml"
    certificates.record(MONTH, [raw("a.xlsx", "a")], path)
    before = path.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rooms.os, "fsync", full)
    with pytest.raises(RoomError, match="cũ vẫn còn nguyên"):
        certificates.record(MONTH, [raw("b.xlsx", "b")], path)
    assert path.read_bytes() == before and {p.name for p in tmp_path.iterdir()} <= {path.name, ".sources.toml.lock"}


def test_the_certificates_lie_in_the_home(tmp_path, monkeypatch):
    monkeypatch.setenv("INFOACCESS_HOME", str(tmp_path))
    certificates.record(MONTH, [raw("a.xlsx", "a")])
    assert held(rooms.data("") / "sources.toml")[0]["name"] == "a.xlsx"
