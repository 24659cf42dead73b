"""The first door: every row is data or dressing, every refusal says where, nothing quotes a person."""

import pytest
import xlsxwriter

from infoaccess import columns, lists, rules
from infoaccess.errors import InputError
from infoaccess.validate import PROBLEM_COLUMNS, Sheet, problem_table

HEAD = ["STT", "Mã xã", "Xã/Phường", "Tổng số hộ", "Tổng số nhân khẩu"]


def book(path, rows):
    made = xlsxwriter.Workbook(str(path))
    sheet = made.add_worksheet("Mẫu số")
    for i, row in enumerate(rows):
        sheet.write_row(i, 0, row)
    made.close()
    return path


def read(path):
    """Read a workbook's tables."""
    return lists.read(path.name, path.read_bytes())[0]


def test_title_index_total_and_signature_rows_are_dressing(tmp_path):
    rows = [["DỮ LIỆU GIẢ LẬP"], [], HEAD, ["A", "B", "C", "1", "2"], ["1", "20044", "Xã A Lưới 2", 900, 3500]]
    rows += [["2", "20050", "Xã A Lưới 5", "1.100", 4000], ["", "", "TỔNG CỘNG", 2000, 7500], []]
    rows += [["", "NGƯỜI LẬP BIỂU", "", "THỦ TRƯỞNG"]]
    (table,) = read(book(tmp_path / "a.xlsx", rows))
    assert table.kind.name == "populations"
    assert table.synthetic
    assert [n for n, _ in table.rows] == [5, 6]
    assert dict(table.dressing) == {"index": 1, "total": 1, "signature": 1}
    assert Sheet(table.kind, [table]).frame["households"].tolist() == [900, 1100]


def test_a_bad_cell_refuses_its_row_with_its_place_and_never_its_value(tmp_path):
    rows = [
        HEAD,
        ["1", "20044", "Xã A Lưới 2", "chín trăm", 3500],
        ["2", "99999", "Xã lạ", 10, 40],
        ["3", "20050", "", 5, ""],
    ]
    (table,) = read(book(tmp_path / "b.xlsx", rows))
    sheet = Sheet(table.kind, [table])
    rules.check_populations(sheet, "2025-12")
    found = problem_table([sheet])
    assert list(found.columns) == PROBLEM_COLUMNS
    places = list(zip(found["row"], found["column"], found["rule"], strict=True))
    assert places == [(2, "Tổng số hộ", "value"), (3, "Mã xã", "unknown_unit"), (4, "Tổng số nhân khẩu", "required")]
    assert "chín trăm" not in found.to_csv()
    assert sheet.door() == {"read": 3, "dressing": 0, "accepted": 0, "refused": 3, "folded": 0, "warnings": 0}


def test_a_missing_column_is_named_with_file_sheet_and_row(tmp_path):
    rows = [["x"], ["STT", "Mã xã", "Tổng số hộ"], ["1", "20044", 900]]
    with pytest.raises(InputError, match='tệp c.xlsx|Tệp c.xlsx.*"Mẫu số", dòng 2.*"Tổng số nhân khẩu"'):
        read(book(tmp_path / "c.xlsx", rows))


def test_a_workbook_without_a_known_table_is_refused(tmp_path):
    with pytest.raises(InputError, match="không tìm thấy dòng tiêu đề của bảng nào"):
        read(book(tmp_path / "d.xlsx", [["Kính gửi"], ["công văn"]]))


def test_two_tier_headings_find_all_indicators():
    heads = ["mã xã", "thôn", "mã hộ", "chủ hộ", "nhân khẩu", "đối tượng > hộ nghèo", "đối tượng > hộ cn"]
    heads += ["đối tượng > hộ cs/ncc", "đttm > có đttm", "đttm > cần hỗ trợ đttm"]
    heads += [f"thiếu hụt chỉ số > cs{n}" for n in range(1, 13)]
    fit = columns.recognise(heads)
    assert fit.kind.name == "households" and fit.unknown == [] and fit.doubled == []
    assert {f"deprived_{n}" for n in range(1, 13)} <= set(fit.position)


def test_an_index_row_alone_is_no_heading():
    assert columns.recognise([str(n) for n in range(1, 30)]) is None


def test_a_table_nobody_knows_is_not_lost_without_a_word(tmp_path):
    rows = [["STT", "Loài", "Con", "Kg"], *([str(n), "Trâu", n, 300 + n] for n in range(1, 5)), [], HEAD]
    path = book(tmp_path / "e.xlsx", [*rows, ["1", "20044", "Xã A Lưới 2", 900, 3500]])
    (table,), notes = lists.read(path.name, path.read_bytes())
    assert len(table.rows) == 1
    assert [(n.rule, n.values) for n in notes] == [("unread_rows", {"rows": 4})]
