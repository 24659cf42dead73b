"""Rows to mend travel to the commune and come back: nothing is lost, nothing runs, each fault is in its place."""

import datetime as dt
import io
import re
import zipfile

import openpyxl
import pytest
import xlsxwriter

from infoaccess import columns, intake, lists, problem_books, problem_sheets
from infoaccess.lists import Table
from infoaccess.validate import Sheet

MONTH = "2025-12"
HEADING = [c.label for c in columns.kinds()["households"].columns.values() if c.name not in ("fault", "origin_ref")]
HOSTILE = '=HYPERLINK("http://x.invalid";"x")'


def person(number: str, **more) -> dict:
    """Return an invented household without a fault."""
    row = {
        "STT": 1,
        "Mã xã": "19753",
        "Thôn/Tổ dân phố": "Tổ 1",
        "Mã hộ": number,
        "Họ và tên chủ hộ": f"Người {number}",
    }
    row |= {
        "Năm sinh": 1960,
        "Số CCCD/CMND": f"04606000{int(number):04d}",
        "Số khẩu": 4,
        "Hộ nghèo": "x",
        "SĐT": "0234000111",
    }
    row |= {f"Chỉ số thiếu hụt {n}": "x" for n in (1, 2, 11)}
    return row | more


def workbook(heading: list[str], rows: list[dict], title: str = "UBND PHƯỜNG PHÚ XUÂN") -> bytes:
    memory = io.BytesIO()
    with xlsxwriter.Workbook(memory, {"in_memory": True, "strings_to_formulas": False}) as book:
        page, text = book.add_worksheet("Danh sách"), book.add_format({"num_format": "@"})
        page.write_string(0, 0, title)
        for at, label in enumerate(heading):
            page.write_string(2, at, label)
            for line, row in enumerate(rows, 3):
                cell = row.get(label)
                if isinstance(cell, str):
                    page.write_string(line, at, cell, text)
                elif isinstance(cell, dt.date):
                    page.write_datetime(line, at, cell, book.add_format({"num_format": "dd/mm/yyyy"}))
                elif cell is not None:
                    page.write_number(line, at, cell)
    return memory.getvalue()


def sheets_of(files: dict[str, bytes], month: str = MONTH) -> dict[str, Sheet]:
    tables = {name: [] for name in columns.kinds()}
    for name, data in files.items():
        for table in lists.read(name, data)[0]:
            tables[table.kind.name].append(table)
    sheets = {name: Sheet(columns.kinds()[name], found, month) for name, found in tables.items()}
    intake.check(sheets, month, b"secret of a test")
    return sheets


@pytest.fixture
def sent() -> dict[str, bytes]:
    """Return a list with a row without fault, three that are refused and one that is doubted."""
    rows = [
        person("001"),
        person("002", **{"Số khẩu": "bốn"}),
        person("003", **{"Họ và tên chủ hộ": HOSTILE, "Hộ nghèo": None}),
        person("004", **{"Đã có ĐTTM": "x", "Chỉ số thiếu hụt 12": "x"}),
        person("0050", **{"Mã xã": "99999"}),
    ]
    return {"ds_ho.xlsx": workbook(HEADING, rows)}


def opened(folder, name: str):
    return openpyxl.load_workbook(folder / name).worksheets[0]


def named(page) -> dict[str, int]:
    heading = problem_sheets.HEADING + 1
    return {page.cell(heading, at).value: at for at in range(1, page.max_column + 1)}


def test_only_rows_with_a_fault_travel_each_to_its_sender(sent, tmp_path):
    written = problem_books.write(sheets_of(sent), tmp_path)
    assert [(b["sender"], b["rows"], b["refused"], b["warnings"]) for b in written] == [
        ("19753", 3, 2, 1),
        ("ds_ho", 1, 1, 0),  # whose code is no commune's
    ]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(b["name"] for b in written)
    assert all(re.fullmatch(r"can_sua_(19753|ds_ho)_[0-9a-f]{8}\.xlsx", b["name"]) for b in written)
    page = opened(tmp_path, written[0]["name"])
    at, rows = named(page), range(problem_sheets.HEADING + 2, page.max_row + 1)
    assert [page.cell(r, at["Mã hộ"]).value for r in rows] == ["002", "003", "004"]
    assert list(at)[-2:] == ["Lỗi cần sửa", "Dòng gốc (không sửa)"]


def test_faulty_cells_are_coloured_and_carry_a_note(sent, tmp_path):
    sheets = sheets_of(sent)
    page = opened(tmp_path, problem_books.write(sheets, tmp_path)[0]["name"])
    at, start = named(page), problem_sheets.HEADING + 2
    coloured = {
        (c.row - start, c.column): c
        for row in page.iter_rows(min_row=start)
        for c in row
        if c.fill.fill_type == "solid"
    }
    told = {(p["_index"] - 1, at[columns.kinds()["households"].columns[p["_column"]].label]): p
            for p in sheets["households"].problems if p["_index"] in (1, 2, 3)}  # fmt: skip
    assert set(coloured) == set(told) and len(told) >= 3
    for place, problem in told.items():
        cell = coloured[place]
        assert problem["sentence"] in cell.comment.text and cell.comment.author == problem_sheets.AUTHOR
        assert cell.fill.fgColor.rgb[-6:] == problem_sheets.GRAVE[problem["severity"]][1][1:]
        story = page.cell(cell.row, at["Lỗi cần sửa"]).value
        assert problem["sentence"] in story and f'"{list(at)[cell.column - 1]}"' in story
    assert sum(c.comment is not None for row in page.iter_rows() for c in row) == len(told)


def test_cells_stay_as_they_were_sent_and_nothing_is_a_formula(sent, tmp_path):
    for book in problem_books.write(sheets_of(sent), tmp_path):
        with zipfile.ZipFile(tmp_path / book["name"]) as parts:
            for part in parts.namelist():
                assert b"<f>" not in parts.read(part) and b"<hyperlink" not in parts.read(part), part
    page = opened(tmp_path, next(p.name for p in tmp_path.glob("can_sua_19753_*")))
    at, start = named(page), problem_sheets.HEADING + 2
    cell = {label: page.cell(start + 1, column) for label, column in at.items()}
    assert (cell["Họ và tên chủ hộ"].value, cell["Họ và tên chủ hộ"].data_type) == (HOSTILE, "s")
    for label, value in {"SĐT": "0234000111", "Số CCCD/CMND": "046060000003", "Mã hộ": "003", "Mã xã": "19753"}.items():
        assert (cell[label].value, cell[label].number_format) == (value, "@"), label
    assert (cell["Số khẩu"].value, cell["Năm sinh"].value) == (4, 1960)
    assert page.cell(start, at["Số khẩu"]).value == "bốn"


def test_the_same_rows_give_the_same_bytes_and_new_rows_a_new_name(sent, tmp_path):
    first = problem_books.write(sheets_of(sent), tmp_path / "a")
    second = problem_books.write(sheets_of(sent), tmp_path / "b")
    assert first == second
    for book in first:
        assert (tmp_path / "a" / book["name"]).read_bytes() == (tmp_path / "b" / book["name"]).read_bytes()
    other = {"ds_ho.xlsx": workbook(HEADING, [person("002", **{"Số khẩu": "năm"})])}
    assert problem_books.write(sheets_of(other), tmp_path / "a")[0]["name"] not in [b["name"] for b in first]


def test_a_mended_book_replaces_its_rows(sent, tmp_path):
    before = sheets_of(sent)["households"]
    assert before.door()["accepted"] == 2
    back = dict(sent)
    for book in problem_books.write(sheets_of(sent), tmp_path):
        mended = openpyxl.load_workbook(tmp_path / book["name"])
        page = mended.worksheets[0]
        at = named(page)
        for row in range(problem_sheets.HEADING + 2, page.max_row + 1):
            page.cell(row, at["Mã xã"]).value = "19753"
            page.cell(row, at["Số khẩu"]).value = 4
            page.cell(row, at["Hộ nghèo"]).value = "x"
            page.cell(row, at["Đã có ĐTTM"]).value = None
        mended.save(tmp_path / book["name"])
        back[book["name"]] = (tmp_path / book["name"]).read_bytes()
    after = sheets_of(back)["households"]
    door = after.door()
    assert (door["accepted"], door["folded"], door["refused"], door["warnings"]) == (5, 4, 0, 0)
    assert door["dressing"] == before.door()["dressing"]  # no line of a book reads as a total or as data
    assert not problem_books.write({"households": after}, tmp_path / "again")


def test_a_book_that_comes_back_unmended_goes_out_again_to_the_same_sender(tmp_path):
    sent = {"ds cũ.xlsx": workbook(HEADING, [person("1", **{"Mã xã": "99999"})])}
    first = problem_books.write(sheets_of(sent), tmp_path)
    assert first[0]["name"].startswith("can_sua_ds_cũ_")
    sent[first[0]["name"]] = (tmp_path / first[0]["name"]).read_bytes()
    again = problem_books.write(sheets_of(sent), tmp_path / "again")
    assert [(b["sender"], b["rows"]) for b in again] == [("ds_cũ", 1)]


def test_what_a_list_had_no_column_for_is_offered_and_not_answered(tmp_path):
    """A commune taken from the title is written down; a box that was on no list is not known, and not "no"."""
    lean = [label for label in HEADING if label not in ("Mã xã", "Xã/Phường", "Nam", "Nữ")]
    full = [label for label in HEADING if label != "Xã/Phường"]
    files = {
        "a.xlsx": workbook(lean, [person("1", **{"Số khẩu": "hai"}), person("2")], "UBND PHƯỜNG PHÚ XUÂN"),
        "b.xlsx": workbook(full, [person("3", **{"Số khẩu": "ba", "Nam": "x"})]),
    }
    written = problem_books.write(sheets_of(files), tmp_path)
    assert [(b["sender"], b["rows"]) for b in written] == [("19753", 2)]
    page = opened(tmp_path, written[0]["name"])
    at, start = named(page), problem_sheets.HEADING + 2
    assert [page.cell(start, at[label]).value for label in ("Mã xã", "Nam", "Nữ")] == ["19753", "--", "--"]
    assert [page.cell(start + 1, at[label]).value for label in ("Nam", "Nữ")] == ["x", None]
    again = sheets_of({"c.xlsx": (tmp_path / written[0]["name"]).read_bytes()})["households"]
    assert again.frame["head_female"].isna().tolist() == [True, False]


def test_a_form_is_mended_as_a_whole_and_gets_no_book(tmp_path):
    kind = columns.kinds()["movements"]
    sheet = Sheet(kind, [Table("a.xlsx", "Biểu 2", kind, {"commune_name": 0}, {}, [(2, ["Xã A Lưới 2"])])], MONTH)
    sheet.report([0], "commune_name", "form_unit", start="2025-07-01")
    assert problem_books.write({kind.name: sheet}, tmp_path) == []


@pytest.mark.parametrize("kind", [k for k in columns.kinds().values() if not k.levels], ids=lambda k: k.name)
def test_every_kind_is_known_again_by_its_labels(kind, tmp_path):
    heading = [c.label for c in kind.columns.values() if c.name not in ("fault", "origin_ref")]
    samples = {"text": "Chữ", "choice": "lạ", "code": "19753", "date": dt.date(2025, 12, 25), "month": "12/2025"}
    samples |= {"tick": "x", "year": 2025, "identity": "046060001234"}
    row = {c.label: samples.get(c.type, 5) for c in kind.columns.values()}
    table = lists.read("a.xlsx", workbook(heading, [row, row]))[0][0]
    assert table.kind.name == kind.name
    sheet = Sheet(kind, [table], MONTH)
    first = next(c for c in kind.columns.values() if c.required)
    sheet.report([0, 1], first.name, "required")
    written = problem_books.write({kind.name: sheet}, tmp_path)
    again = [t for b in written for t in lists.read(b["name"], (tmp_path / b["name"]).read_bytes())[0]]
    assert {t.kind.name for t in again} == {kind.name}
    assert sum(len(t.rows) for t in again) == 2 and not any(t.unknown for t in again)
    assert set(again[0].position) == set(kind.columns)
    back = Sheet(kind, again, MONTH)
    for column in kind.columns.values():
        if column.name not in ("fault", "origin_ref"):
            assert back.frame[column.name].tolist() == pytest.approx(
                sheet.frame[column.name].tolist(), nan_ok=True
            ) or (
                back.frame[column.name].isna().equals(sheet.frame[column.name].isna())
                and back.frame[column.name].dropna().tolist() == sheet.frame[column.name].dropna().tolist()
            )


def test_the_synthetic_mark_travels_with_its_rows(tmp_path):
    data = workbook(HEADING, [person("1", **{"Số khẩu": "hai"})], "DỮ LIỆU GIẢ LẬP – không có người thật")
    written = problem_books.write(sheets_of({"a.xlsx": data}), tmp_path)
    table = lists.read("b.xlsx", (tmp_path / written[0]["name"]).read_bytes())[0][0]
    assert table.synthetic


def test_a_commune_that_only_a_title_names_is_written_down(tmp_path):
    lean = [label for label in HEADING if label not in ("Mã xã", "Xã/Phường")]
    data = workbook(lean, [person("1", **{"Số khẩu": "hai"})], "UBND PHƯỜNG PHÚ XUÂN")
    written = problem_books.write(sheets_of({"a.xlsx": data}), tmp_path)
    again = sheets_of({"b.xlsx": (tmp_path / written[0]["name"]).read_bytes()})["households"]
    assert (written[0]["sender"], again.frame["commune_code"].tolist()) == ("19753", ["19753"])


def test_a_row_that_another_stands_for_does_not_travel(sent, tmp_path):
    sheet = sheets_of(sent)["households"]
    sheet.fold(sheet.refused.copy())
    sheet.report(list(range(5)), "members", "required")
    assert sum(b["rows"] for b in problem_books.write({"households": sheet}, tmp_path)) == 2


def test_a_fault_in_a_column_of_totals_does_not_make_a_row_of_totals(tmp_path):
    data = workbook(
        ["Mã xã", "Tổng số hộ", "Tổng số nhân khẩu"], [{"Mã xã": "19753", "Tổng số hộ": 9, "Tổng số nhân khẩu": 7}]
    )
    table = lists.read("a.xlsx", data)[0][0]
    sheet = Sheet(table.kind, [table], MONTH)
    sheet.report([0], "households", "required")
    written = problem_books.write({"populations": sheet}, tmp_path)
    book = openpyxl.load_workbook(tmp_path / written[0]["name"])
    page = book.worksheets[0]
    row, at = problem_sheets.HEADING + 2, named(page)
    for label in ("Mã xã", "Tổng số hộ"):
        page.cell(row, at[label]).value = None  # mended half-way
    assert not page.cell(row, at["Lỗi cần sửa"]).value.startswith("Tổng")
    book.save(tmp_path / "mended.xlsx")
    table = lists.read("mended.xlsx", (tmp_path / "mended.xlsx").read_bytes())[0][0]
    assert len(table.rows) == 1 and not table.dressing
