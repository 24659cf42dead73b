"""Cells become values: every form lists are seen with, and nothing is guessed."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infoaccess import values

DAY = dt.date(2025, 6, 5)
BLANK = [None, "", "  ", "\xa0", "\u200b", float("nan")]
UNKNOWN = ["--", "—", "…", "...", "n/a", "N/A", "Không rõ", "KXĐ"]


def one(convert, cell, *more):
    (value,), (good,) = convert([cell], *more)
    return value, good


@pytest.mark.parametrize(
    "cell", ["x", "X", "х", "Х", "✓", "✔", "✔\ufe0f", "☑", "☒", "√", "1", 1, 1.0, True, "x.", " X "]
)
def test_ticks(cell):
    assert one(values.tick, cell) == (True, True)


@pytest.mark.parametrize("cell", ["có", "Có", "CÓ", "co\u0301", "(x)", "[x]", "v", "ü", "Đã có", "x\u200b"])
def test_words_and_boxes_are_ticks_too(cell):
    assert one(values.tick, cell) == (True, True)


@pytest.mark.parametrize("cell", [*BLANK, "0", 0, 0.0, False, "không", "KHÔNG", "-", "–", "☐", "□", "[ ]", "chưa có"])
def test_no_ticks(cell):
    assert one(values.tick, cell) == (False, True)


@pytest.mark.parametrize("cell", ["hai", 2, "11", ".", "x?", DAY, "o", -1, "xã"])
def test_a_tick_is_not_guessed(cell):
    assert one(values.tick, cell) == (None, False)


TYPES = [values.count, values.money, values.percent, values.code, values.identity, values.date, values.year]
TYPES += [values.month, values.text]


@pytest.mark.parametrize("cell", BLANK + UNKNOWN)
@pytest.mark.parametrize("convert", TYPES, ids=lambda f: f.__name__)
def test_blank_and_not_known_are_missing_and_good(convert, cell):
    assert one(convert, cell) == (None, True)


@pytest.mark.parametrize("cell", UNKNOWN)
def test_a_tick_that_is_not_known_is_not_no(cell):
    assert one(values.tick, cell) == (None, True)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (4, 4),
        (4.0, 4),
        ("4", 4),
        ("4.0", 4),
        ("007", 7),
        ("0", 0),
        ("7.540", 7540),
        ("7,540", 7540),
        ("7 540", 7540),
        ("7\xa0540", 7540),
        ("7\u202f540", 7540),
        ("1.234.567", 1_234_567),
        ("1,234,567.00", 1_234_567),
        ("5 người", 5),
        ("5 khẩu", 5),
        ("1.100 hộ", 1100),
        ("5khẩu", 5),
    ],
)
def test_counts(cell, value):
    assert one(values.count, cell) == (value, True)


BAD_COUNTS = ["2,5", "2.5", "7,5400", "12.34", "1.234,567", "1.23.456", "0,123", "12 34", "-1", -1, -1.0, 7.54, True]
BAD_COUNTS += ["chín", "5 cái", "1e3", "٣", "5 đ", "1" * 16, 1e300, float("inf"), DAY, dt.time(1), dt.timedelta(1), "-"]
BAD_COUNTS += ["7.540.00", 10**15, ".5", "5.", "1.000,"]


@pytest.mark.parametrize("cell", BAD_COUNTS, ids=repr)
def test_a_count_is_not_guessed(cell):
    assert one(values.count, cell) == (None, False)


def test_units_belong_to_their_type():
    assert values.money(["500.000 đ", "500.000đồng", "500 000 VNĐ", "5 người"])[0] == [500_000] * 3 + [None]


@pytest.mark.parametrize(
    ("cell", "value"),
    [(80.0, 80.0), (80, 80.0), ("2,27", 2.27), ("2.27", 2.27), ("2,27 %", 2.27), ("2,27%", 2.27), ("-1,5", -1.5)],
)
def test_percentages_stay_as_written(cell, value):
    assert one(values.percent, cell) == (value, True)


@pytest.mark.parametrize("cell", ["%", "x", "1e5", "1_0", "nan", "inf", float("inf"), True, "2,2,7", "1.234,5", DAY])
def test_a_percentage_is_not_guessed(cell):
    assert one(values.percent, cell) == (None, False)


@pytest.mark.parametrize(
    ("column", "known", "scale"),
    [
        ([80.0, 0.5], None, "percent"),
        ([0.8, 0.5, None], None, "unclear"),
        ([0.8, 0.5], True, "share"),
        ([0.8, 0.5], False, "unclear"),
        ([1.2, 0.5], None, "unclear"),
        ([80.0], True, "percent"),
        ([None, float("nan"), 0.0], None, "percent"),
    ],
)
def test_the_scale_of_a_column(column, known, scale):
    assert values.percent_scale(column, known) == scale


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("046090123456", "046090123456"),
        (46090123456, "046090123456"),
        (46090123456.0, "046090123456"),
        ("46090123456", "046090123456"),
        ("'046090123456", "046090123456"),
        ("046 090 123 456", "046090123456"),
        ("046.090.123.456", "046090123456"),
        (1090123456.0, "001090123456"),
        ("101090123456", "101090123456"),  # registered abroad
        ("191234567", "191234567"),
        (191234567.0, "191234567"),
    ],
)
def test_identity_numbers(cell, value):
    assert one(values.identity, cell) == (value, True)


BAD_IDENTITIES = ["12", "04609012345", "0905123456", "3090123456", "097090123456", "999999999999", "000000000000"]
BAD_IDENTITIES += [
    "01012345678",
    "046990123456",
    "46990123456",
    "99090123456",
    "04609012345a",
    "CMND 191234567",
    "4,6E+10",
    1.5,
    DAY,
]


@pytest.mark.parametrize("cell", [*BAD_IDENTITIES, "٠46090123456", True, "0460901234567"], ids=repr)
def test_an_identity_number_is_not_guessed(cell):
    assert one(values.identity, cell) == (None, False)


@pytest.mark.parametrize(
    ("number", "facts"),
    [
        ("046090123456", (True, 1990)),
        ("046190123456", (False, 1990)),
        ("046201123456", (True, 2001)),
        ("046301123456", (False, 2001)),
        ("046401123456", (None, None)),
        ("191234567", (None, None)),
        (None, (None, None)),
        ("", (None, None)),
    ],
)
def test_what_an_identity_number_says(number, facts):
    assert values.identity_facts(number) == facts


def test_codes():
    read, good = values.code(
        [19753.0, 19753, "19753", " 19753 ", "'19753", "1975", "197530", "A Lưới", 19753.5, "１９７５３"]
    )
    assert read == ["19753"] * 5 + [None] * 4 + ["19753"]
    assert good == [True] * 5 + [False] * 4 + [True]


@pytest.mark.parametrize(
    "cell",
    ["5/6/2025", "05-06-2025", "05.06.2025", "5 / 6 / 2025", "2025-06-05", "2025/6/5", "ngày 5 tháng 6 năm 2025"]
    + ["Ngày 05 tháng 06, năm 2025", "2025-06-05T08:30:00", "2025-06-05 08:30", "05/06/2025 08:30:00", 45813, 45813.25]
    + [dt.datetime(2025, 6, 5, 8), DAY, "2025-06-05T08:30:00+07:00"],
    ids=repr,
)
def test_days(cell):
    assert values.date([cell, "25/06/2025"])[0][0] == DAY


BAD_DAYS = ["31/02/2025", "32/01/2025", "05/06/25", "06/2025", "2025", 2025, 45, "45813", 70_000, "13/13/2025", True]
BAD_DAYS += [
    25_000,
    dt.time(8),
    dt.timedelta(3),
    "05/06-2025",
    "2025-13-01",
    "05/06/1825",
    "hôm qua",
    "2025-06-04T17:00:00Z",
]


@pytest.mark.parametrize("cell", BAD_DAYS, ids=repr)
def test_a_day_is_not_guessed(cell):
    assert values.date([cell, "25/06/2025"])[0][0] is None
    assert values.date([cell, "25/06/2025"])[1] == [False, True]


@pytest.mark.parametrize(
    ("cells", "month", "order"),
    [
        (["25/06/2025", "05/06/2025"], None, "day"),
        (["06/25/2025", "05/06/2025"], None, "month"),
        (["25/06/2025", "06/25/2025"], "2025-06", "mixed"),
        (["05/06/2025", "12/06/2025", "06/12/2025"], None, "unknown"),
        (["05/06/2025"], "2025-06", "day"),
        (["06/05/2025"], "2025-06", "month"),
        (["05/06/2025", "06/05/2025"], "2025-06", "unknown"),  # as many one way as the other
        (["05/06/2025", "05/06/2025", "06/05/2025"], "2025-06", "day"),
        (["05/06/25"], "2025-06", "day"),
        (["06/06/2025"], "2025-06", "unknown"),
        (["45/06/2025"], None, "unknown"),
        ([45813, DAY, None, "x", "2025-06-25"], "2025-06", "unknown"),
    ],
)
def test_the_order_of_day_and_month_is_shown_by_the_column(cells, month, order):
    assert values.date_order(cells, month) == order


def test_days_that_can_be_read_two_ways():
    june, may = dt.date(2025, 6, 5), dt.date(2025, 5, 6)
    assert values.date(["05/06/2025", "05/05/2025"]) == ([None, dt.date(2025, 5, 5)], [False, True])
    assert values.date(["05/06/2025"], month="2025-06") == ([june], [True])
    assert values.date(["05/06/2025", "05/25/2025"])[0] == [may, dt.date(2025, 5, 25)]
    mixed = values.date(["05/06/2025", "25/06/2025", "06/25/2025"])
    assert mixed == ([None, dt.date(2025, 6, 25), dt.date(2025, 6, 25)], [False, True, True])


def test_years_of_two_digits_need_the_month_of_the_list():
    assert values.date(["25/06/25"]) == ([None], [False])
    assert values.date(["25/06/25", "25/06/84"], month="2025-06") == ([dt.date(2025, 6, 25), None], [True, False])


def test_date_cells_a_workbook_swapped():
    cells = [dt.datetime(2025, 5, 6), dt.datetime(2025, 6, 5), dt.date(2025, 5, 7), "25/06/2025", None, 45813]
    assert values.swapped(cells, "2025-06") == [True, False, False, False, False, False]
    assert values.swapped(cells[:3], "2025-06") == [False] * 3  # no text day shows that the file came that way
    assert values.swapped([dt.datetime(2024, 5, 6), dt.datetime(2025, 6, 6), "25/06/2025"], "2025-06") == [False] * 3


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (1984, 1984),
        (1984.0, 1984),
        ("1984", 1984),
        ("năm 1984", 1984),
        ("05/03/1984", 1984),
        ("03/05/1984", 1984),
        ("25/03/1984", 1984),
        ("1984-03-05", 1984),
        ("03/1984", 1984),
        (dt.datetime(1984, 3, 5), 1984),
        (30746, 1984),
        (30746.5, 1984),
    ],
)
def test_years(cell, value):
    assert one(values.year, cell) == (value, True)


@pytest.mark.parametrize("cell", ["84", 84, "05/03/84", "31/02/1984", 1984.5, 1899, 2101, 19840, "1899", True, "19844"])
def test_a_year_is_not_guessed(cell):
    assert one(values.year, cell) == (None, False)


@pytest.mark.parametrize(
    "cell",
    ["06/2025", "6/2025", "2025-06", "2025/6", "tháng 6 năm 2025", "Tháng 06/2025", "6-2025", dt.datetime(2025, 6, 1)]
    + ["25/06/2025", 45813, DAY],
)
def test_months(cell):
    assert one(values.month, cell) == ("2025-06", True)


@pytest.mark.parametrize("cell", ["13/2025", "2025", "06/25", 6, 6.2025, "01/06/2025", "tháng 6"])
def test_a_month_is_not_guessed(cell):
    assert one(values.month, cell) == (None, False)


def test_choices_are_found_on_their_canonical_form():
    choices = {"donated": ("xã hội hoá",), "budget": ("ngân sách tỉnh",)}
    cells = ["Xã hội hóa", "XÃ HỘI HOÁ.", "Ngân  sách\xa0tỉnh", "khác", "", None, "--"]
    assert values.choice(cells, choices) == (
        ["donated", "donated", "budget", None, None, None, None],
        [True, True, True, False, True, True, True],
    )


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (3.1000000000000001, "3.1"),
        (0.1 + 0.2, "0.3"),
        (46090123456.0, "46090123456"),
        (1e-5, "0.00001"),
        (7.0, "7"),
        (-0.0, "0"),
        (True, "1"),
        ("a\u200bb\u00ad c", "ab c"),
        ("Va\u0306n", "Văn"),
        (dt.datetime(2025, 6, 5), "2025-06-05"),
        (DAY, "2025-06-05"),
        (None, ""),
        (float("inf"), "inf"),
    ],
)
def test_the_text_of_a_cell(cell, text):
    assert values.text_of(cell) == text


@pytest.mark.parametrize(
    ("cell", "name"),
    [("Hồ Văn A", "chữ"), ("A1", "chữ và số"), ("1.234,5", "số"), (3, "số"), (1e300, "số"), (True, "đúng/sai")]
    + [(DAY, "ngày"), (dt.datetime(2025, 6, 5), "ngày"), (dt.time(8), "giờ"), (dt.timedelta(1), "giờ")]
    + [(None, "trống"), ("\xa0", "trống"), ("#N/A", "lỗi công thức"), ("#REF!", "lỗi công thức")],
)
def test_the_class_of_a_cell(cell, name):
    assert values.class_of(cell) == name


def test_equal_cells_of_different_types_keep_apart():
    assert values.count([True, 1, 1.0, "1", False, 0]) == (
        [None, 1, 1, 1, None, 0],
        [False, True, True, True, False, True],
    )
    assert values.count([1, True])[0] == [1, None]


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.datetimes(),
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.text(max_size=20),
    st.from_regex(r"[0-9]{0,4}[/., -]{0,2}[0-9]{1,4}[/., -]{0,2}[0-9]{0,12}[đ%]?", fullmatch=True),
)
CONVERT = [*TYPES, values.tick, lambda cells: values.choice(cells, {"a": ("b",)})]
CONVERT.append(lambda cells: values.date(cells, month="2025-06"))


@given(st.lists(CELLS, max_size=20))
def test_any_cell_gives_one_value_and_one_verdict(cells):
    for convert in CONVERT:
        read, good = convert(cells)
        assert len(read) == len(good) == len(cells)
        assert all(ok for value, ok in zip(read, good, strict=True) if value is not None)
    assert values.date_order(cells, "2025-06") in {"day", "month", "mixed", "unknown"}
    assert len(values.swapped(cells, "2025-06")) == len(cells)
    assert all(isinstance(values.class_of(c), str) for c in cells)


@given(st.lists(CELLS, max_size=10), CELLS)
def test_a_cell_reads_the_same_in_any_company(cells, cell):
    for convert in (values.tick, values.count, values.money, values.percent, values.identity, values.year, values.code):
        assert convert([*cells, cell])[0][-1] == one(convert, cell)[0]


@given(st.dates(dt.date(1900, 3, 1), dt.date(2100, 12, 31)))
def test_a_day_written_day_first_comes_back(day):
    assert values.date([f"{day:%d/%m/%Y}", "31/12/2000"])[0][0] == day
    assert values.year([f"{day:%d/%m/%Y}"])[0] == [day.year]


@given(st.integers(0, 10**14))
def test_a_count_comes_back_however_it_is_grouped(number):
    written = [f"{number:,}".replace(",", sep) for sep in (".", ",", " ", "\xa0", "")]
    assert values.count(written) == ([number] * 5, [True] * 5)
