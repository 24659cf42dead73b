"""Forms made from household lists: counts by the definitions, read back by the first door as what they are."""

import io
import random
import re
import zipfile
from functools import cache

import openpyxl
import pandas as pd
import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from infoaccess import columns, form_books, form_counts, forms, lists, report, tally, units
from infoaccess.errors import UsageError
from infoaccess.validate import Sheet

MONTHS = ("2024-06", "2025-03", "2025-12")  # one of each era
INDICATORS = [f"deprived_{n}" for n in range(1, 13)]
FLAGS = ["poor", "near_poor", "policy", "minority", *INDICATORS]
KINDS = {1: "poverty_counts", 2: "movements", 3: "movements", 4: "deprivation_counts", 5: "deprivation_shares"}
KINDS |= {6: "deprivation_counts", 7: "deprivation_shares"}
SCHEMA = {"commune_code": pl.String, "commune_valid_from": pl.String, "members": pl.Int64}
SCHEMA |= dict.fromkeys(FLAGS, pl.Boolean)


@cache
def communes_of(month):
    known = units.of(units.commune_set(month))
    return dict(zip(known["code"], known["parent_code"], strict=True)), known["valid_from"].iloc[0]


def invented(month, seed=7, households=900):
    """Invent households that agree with the standard: the poor deprived of 3 or more, the near-poor of 2 at most."""
    luck = random.Random(seed)
    codes, start = communes_of(month)
    rows = []
    for _ in range(households):
        kind = luck.choice(("poor", "near_poor", "policy"))
        deprived = luck.sample(INDICATORS, luck.randint(3, 7) if kind == "poor" else luck.randint(0, 2))
        row = {"commune_code": luck.choice(sorted(codes)), "commune_valid_from": start, "members": luck.randint(1, 9)}
        row |= {c: c in deprived for c in INDICATORS} | {c: c == kind for c in ("poor", "near_poor")}
        rows.append(row | {"policy": kind == "policy" or luck.random() < 0.2, "minority": luck.random() < 0.3})
    return rows


def tables(month, rows, lost=()):
    codes, start = communes_of(month)
    keys = {"commune_code": list(codes), "commune_valid_from": start}
    populations = pl.DataFrame(keys | {"households": [900 + n for n in range(len(codes))], "people": 4000})
    communes = pl.DataFrame(keys | {"list_received": [c not in lost for c in codes]})
    return pl.DataFrame(rows, schema=SCHEMA), populations, communes


def movement_frame(month, seed=3):
    """Invent movements that balance, and that cross: who left the one class for the other came into the other."""
    luck = random.Random(seed)
    codes, start = communes_of(month)
    rows = []
    for code in codes:
        for counted in ("households", "people"):
            crossed = [luck.randint(0, 3), luck.randint(0, 3)]
            for group, (out, into) in (("poor", crossed), ("near_poor", crossed[::-1])):
                row = {"opening": luck.randint(10, 1500), "moved_to_other": out, "moved_from_other": into}
                row |= {c: luck.randint(0, 2) for c in ("left", "other_decrease", "returned", "entered")}
                row["other_increase"] = luck.randint(0, 2)
                row["closing"] = row["opening"] - out - row["left"] - row["other_decrease"] + into
                row["closing"] += row["returned"] + row["entered"] + row["other_increase"]
                keys = {"level": "commune", "unit_code": code, "unit_valid_from": start}
                rows.append(keys | {"group": group, "counted": counted} | row)
    return pd.DataFrame(rows)


def head(month, **more):
    return form_books.Head(month, report.agency(month), **{"state": "preliminary", "synthetic": True, **more})


def made(month, rows=None, lost=(), movements=None):
    households, populations, communes = tables(month, invented(month) if rows is None else rows, lost)
    return form_counts.forms(month, households.lazy(), populations, communes, movements)


@cache
def plain(month):
    """Count a month's invented list once for the tests that only look."""
    return made(month)


# The oracle: plain Python from the definitions.


def class_of(row, group):
    mine, other = row[group], row["near_poor" if group == "poor" else "poor"]
    if other:
        return None if mine else False
    return mine


def either(a, b):
    return True if a or b else None if a is None or b is None else False


def both(a, b):
    return False if a is False or b is False else None if a is None or b is None else True


ANSWERS = {c: (lambda row, c=c: row[c]) for c in (*INDICATORS, "policy", "minority")}
ANSWERS |= {"listed": lambda row: True, "two": lambda row: both(row["minority"], row["policy"])}
ANSWERS["other"] = lambda row: {True: False, False: True, None: None}[either(row["minority"], row["policy"])]


def cell(rows, group, answer, people=False):
    """Return what is known of a commune and of how many households it is not known; None where of none."""
    own = [r for r in rows if class_of(r, group)]
    unsure = sum(class_of(r, group) is None for r in rows)
    known = [r for r in own if ANSWERS[answer](r) is not None and not (people and r["members"] is None)]
    value = sum((r["members"] if people else 1) for r in known if ANSWERS[answer](r))
    return (None if own and not known else value), len(own) - len(known) + unsure


def rolled(month, cells):
    """Add communes' cells up: unit -> known sum, households not known, communes with nothing."""
    found = {}
    for code, parent in communes_of(month)[0].items():
        homes = {code, units.CITY} | ({parent} if units.era_of(month) != "C" else set())
        for home in homes:
            found.setdefault(home, []).append(cells[code])
    summed = {}
    for home, parts in found.items():
        told = [v for v, _ in parts if v is not None]
        summed[home] = (sum(told) if told else None, sum(u for _, u in parts), len(parts) - len(told))
    return summed


def expected(month, by, lost, group, answer, people=False):
    cells = {c: (None, 0) if c in lost else cell(own, group, answer, people) for c, own in by.items()}
    return rolled(month, cells)


def agrees(counted, column, wanted):
    names = ("values", "unknown", "lacking")
    got = [getattr(counted, n)[column].reindex(list(wanted)).astype(object).tolist() for n in names]
    got[0] = [None if pd.isna(v) else v for v in got[0]]
    assert list(zip(*got, strict=True)) == list(wanted.values()), column
    assert set(wanted) == set(counted.values.index)
    least = [value is not None and unknown + lacking > 0 for value, unknown, lacking in wanted.values()]
    assert counted.least[column].reindex(list(wanted)).tolist() == least, column


def all_agree(month, rows, lost, found):
    rows = {code: [r for r in rows if r["commune_code"] == code] for code in communes_of(month)[0]}
    for group in ("poor", "near_poor"):
        agrees(found[1]["households"], group, expected(month, rows, lost, group, "listed"))
        agrees(found[1]["households"], f"{group}_people", expected(month, rows, lost, group, "listed", people=True))
        own = found[4 if group == "poor" else 6]["households"]
        agrees(own, "households", expected(month, rows, lost, group, "listed"))
        for name in INDICATORS:
            agrees(own, name, expected(month, rows, lost, group, name))
        shown = own.values[INDICATORS].sum(axis=1, min_count=1)
        assert own.values["deprivations"].equals(shown.astype("Int64").rename("deprivations"))
        for answer in ("listed", "minority", "policy", "other", "two"):
            for counted in ("households", "people"):
                wanted = expected(month, rows, lost, group, answer, people=counted == "people")
                agrees(found[8][counted], f"{group}_{answer}", wanted)


@pytest.mark.parametrize("month", MONTHS)
def test_counts_are_those_of_the_definitions(month):
    rows = invented(month)
    all_agree(month, rows, (), plain(month))


@st.composite
def lists_of_households(draw):
    month = draw(st.sampled_from(["2025-12", "2025-12", "2025-03"]))
    codes, start = communes_of(month)
    few = draw(st.lists(st.sampled_from(sorted(codes)), min_size=1, max_size=4, unique=True))
    one = {"commune_code": st.sampled_from(few), "commune_valid_from": st.just(start)}
    one |= {"members": st.sampled_from([1, 2, 7, None])} | dict.fromkeys(FLAGS, st.sampled_from([True, False, None]))
    rows = draw(st.lists(st.fixed_dictionaries(one), max_size=12))
    held = {r["commune_code"] for r in rows}
    lost = draw(st.sets(st.sampled_from(sorted(set(codes) - held)), max_size=2))
    return month, rows, lost


# Not shrunk: a case is a dozen households, and each attempt counts all forms anew.
@settings(max_examples=12, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
@given(case=lists_of_households())
def test_what_is_not_known_is_never_zero(case, tried):
    tried["lists with unknown answers counted into forms"] += 1
    month, rows, lost = case
    all_agree(month, rows, lost, made(month, rows, lost))


def test_partitions_add():
    rows = invented("2025-12", households=60)
    parts = [form_counts.sums(pl.DataFrame(p, schema=SCHEMA).lazy()) for p in (rows[:20], rows[20:])]
    whole = form_counts.sums(pl.DataFrame(rows, schema=SCHEMA).lazy())
    assert tally.merge(parts).equals(tally.merge([whole]))


def test_a_rate_speaks_of_the_same_communes_above_and_below():
    month, lost = "2024-06", "19750"
    counted = made(month, lost={lost})[1]["households"]
    v = counted.values
    assert pd.isna(v.at[lost, "poor"]) and pd.isna(v.at[lost, "poor_percent"]) and v.at[lost, "households"] > 0
    assert v.at["474", "poor"] > 0 and counted.least.at["474", "poor"] and pd.isna(v.at["474", "poor_percent"])
    assert pd.isna(v.at["46", "near_poor_people_percent"])
    assert v.at["481", "poor_percent"] == pytest.approx(v.at["481", "poor"] / v.at["481", "households"] * 100)
    people = v.at["481", "near_poor_people"] / v.at["481", "people"] * 100
    assert v.at["481", "near_poor_people_percent"] == pytest.approx(people)


def test_a_commune_without_population_has_no_rate_and_its_district_none():
    month = "2024-06"
    households, populations, communes = tables(month, invented(month))
    short = populations.filter(pl.col("commune_code") != "19750")
    counted = form_counts.forms(month, households.lazy(), short, communes)[1]["households"]
    assert pd.isna(counted.values.at["474", "poor_percent"]) and counted.lacking.at["474", "households"] == 1
    assert counted.least.at["474", "households"] and not counted.least.at["474", "poor"]


def test_shares_are_of_the_groups_households_and_missing_where_there_are_none():
    found = made("2025-12", invented("2025-12", households=60))
    counts, shares = found[4]["households"].values, found[5]["households"].values
    none = counts["households"] == 0
    assert none.any() and shares.loc[none, "deprived_3_percent"].isna().all()
    share = counts["deprived_3"] / counts["households"] * 100
    assert shares.loc[~none, "deprived_3_percent"].astype(float).tolist() == pytest.approx(share[~none].tolist())


def test_a_commune_of_another_era_is_refused():
    rows = invented("2025-12", households=5)
    rows[2] |= {"commune_valid_from": "2021-07-01"}  # the code lives on, the commune does not
    with pytest.raises(UsageError, match="1 mã xã không thuộc"):
        made("2025-12", rows)
    frame = movement_frame("2025-12").assign(unit_valid_from="2021-07-01")
    with pytest.raises(UsageError, match="40 mã xã không thuộc"):
        made("2025-12", movements=frame)


def test_movements_are_added_from_communes_and_a_blank_stays_blank():
    month = "2025-03"
    frame = movement_frame(month)
    gone = (frame["unit_code"] == "19750") & (frame["counted"] == "households") & (frame["group"] == "poor")
    frame = frame.astype({"entered": "Int64"})
    frame.loc[gone, "entered"] = pd.NA
    told = pd.concat([frame, frame.head(1).assign(level="district", unit_code="475", closing=99999)])
    found = made(month, movements=told)
    counted, parents = found[2]["households"], communes_of(month)[0]
    own = frame[(frame["group"] == "poor") & (frame["counted"] == "households")]
    inside = own[own["unit_code"].map(parents) == "475"]
    assert counted.values.at["475", "closing"] == inside["closing"].sum()
    assert counted.values.at["475", "entered"] == inside["entered"].sum() and counted.least.at["475", "entered"]
    assert pd.isna(counted.values.at["19750", "entered"])
    near = frame[(frame["group"] == "near_poor") & (frame["counted"] == "people")]
    assert found[3]["people"].values.at["46", "opening"] == near["opening"].sum()
    assert set(made(month, movements=frame[frame["counted"] == "households"])[2]) == {"households"}


# The workbook.


@pytest.fixture(scope="module", params=MONTHS)
def walked(request):
    """Count a month's forms, write them, read them back and check them as if an office had sent them."""
    month = request.param
    found = made(month, movements=movement_frame(month))
    data = form_books.book(found, head(month))
    read, notes = lists.read("bieu.xlsx", data)
    sheets = {}
    for kind in dict.fromkeys(t.kind.name for t in read):
        own = [forms.settle(t) for t in read if t.kind.name == kind]
        sheets[kind] = Sheet(columns.kinds()[kind], own, month)
        forms.check(sheets[kind], month)
    forms.check_shares(sheets["deprivation_shares"], sheets["deprivation_counts"])
    return month, found, data, read, notes, sheets


def test_every_form_is_recognised_and_nothing_is_wrong_with_it(walked):
    month, _, _, read, notes, sheets = walked
    assert {t.sheet: t.kind.name for t in read} == {f"Biểu {n}": kind for n, kind in KINDS.items()}
    assert [n.rule for n in notes] == ["unread_rows"] and notes[0].place.sheet == "Biểu 8"  # no kind of the first door
    assert not any(t.unknown for t in read) and all(t.synthetic for t in read)
    assert {f"{t.sheet} {forms.group_of(t)}" for t in read if t.sheet in ("Biểu 4", "Biểu 7")} == {
        "Biểu 4 poor",
        "Biểu 7 near_poor",
    }
    for sheet in sheets.values():
        assert sheet.problems == []
    rows = len(form_counts.places(month)) - 1
    for table in read:
        twice = 2 if table.kind.name == "movements" else 1
        assert len(table.rows) == rows * twice and len(table.totals) == twice and table.dressing["index"] == 1


def test_what_is_read_is_what_was_counted(walked):
    month, found, _, _, _, sheets = walked
    for number, kind in KINDS.items():
        f = forms.frame_for_room(sheets[kind], month)
        if number > 1:
            f = f[f["group"] == ("poor" if number in (2, 4, 5) else "near_poor")]
        for counted, figures in found[number].items():
            own = f[f["counted"] == counted] if "counted" in f else f
            own = own.set_index("unit_code")
            assert own.index.is_unique and set(own.index) == set(figures.values.index) - {"46"}
            for column in set(own.columns) & set(figures.values.columns):
                wanted = figures.values[column].reindex(own.index).astype("Float64")
                assert own[column].astype("Float64").round(9).equals(wanted.round(9)), (number, column)


def test_names_that_exist_twice_stand_under_their_own_district():
    names = form_counts.places("2024-06")
    district, above = None, {}
    for row in names.itertuples():
        district = row.code if row.level == "district" else district
        above[row.code] = district
    twice = names[names["name"].str.contains("Hương Phong|Hương Xuân")]
    assert {c: above[c] for c in twice["code"]} == {c: communes_of("2024-06")[0][c] for c in twice["code"]}
    assert len(twice) == 4


def test_the_rows_are_numbered_as_the_software_numbers_them():
    for month, first in (("2024-06", ["1", "1.1"]), ("2025-12", ["1", "2"])):
        names = form_counts.places(month)
        assert names["serial"].tolist()[:2] == first and names["level"].iloc[-1] == "city"
        assert len(names) == len(units.on(month)) and names["code"].is_unique
    a_luoi = form_counts.places("2024-06").set_index("code")["serial"]
    assert a_luoi["481"] == "7" and "7.10" in a_luoi.tolist()


def cells_of(sheet):
    return [c for row in sheet.iter_rows() for c in row if c.value is not None]


def test_no_formula_and_the_same_bytes_every_time():
    month = "2025-12"
    found = plain(month)
    wild = {"parent_body": "=1+1", "issuing_body": "@SUM(A1)", "lists_from": "+1"}
    data = form_books.book(found, form_books.Head(month, wild))
    assert data == form_books.book(found, form_books.Head(month, wild))
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        for name in book.namelist():
            assert b"<f>" not in book.read(name) and b"hyperlink" not in book.read(name)
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert any(c.value == "=1+1" for c in cells_of(book["Biểu 1"]))
    assert set(book.sheetnames) == {"Biểu 1", "Biểu 4", "Biểu 5", "Biểu 6", "Biểu 7", "Biểu 8"}


def test_a_figure_that_is_the_least_it_can_be_bears_a_sign_and_stays_a_number():
    month = "2025-12"
    rows = invented(month)
    rows[0] |= {"poor": True, "near_poor": False, "deprived_3": None}
    found = made(month, rows)
    book = openpyxl.load_workbook(io.BytesIO(form_books.book(found, head(month))))
    sheet, code = book["Biểu 4"], rows[0]["commune_code"]
    name = units.of("C_commune").set_index("code")["name"][code]
    line = next(c.row for c in sheet["B"] if c.value == name)
    marked = [c.column - 5 for c in sheet[line] if isinstance(c.value, int) and '"*"' in c.number_format]
    assert marked == [-1, 2]  # the total and indicator 3
    assert sheet.cell(line, 7).value == found[4]["households"].values.at[code, "deprived_3"]
    notes = [c.value for c in sheet["A"] if isinstance(c.value, str) and c.value.startswith("- (*)")]
    assert len(notes) == 1 and "1 hộ chưa rõ" in notes[0] and "xã, phường" not in notes[0]
    assert "có thể lớn hơn" in notes[0]
    assert any("có thể khác" in str(c.value) for c in book["Biểu 5"]["A"])
    clean = openpyxl.load_workbook(io.BytesIO(form_books.book(plain(month), head(month))))["Biểu 4"]
    assert not any('"*"' in c.number_format for c in cells_of(clean))
    assert not any(str(c.value).startswith("- (*)") for c in cells_of(clean))


def test_the_sheets_look_as_offices_know_them():
    month = "2024-06"
    found = made(month, movements=movement_frame(month))
    book = openpyxl.load_workbook(io.BytesIO(form_books.book(found, head(month, state="official", since="2023-12"))))
    assert book.sheetnames == [f"Biểu {n}" for n in range(1, 9)]
    for n, sheet in enumerate(book, 1):
        words = [c.value for c in cells_of(sheet) if isinstance(c.value, str)]
        assert f"Biểu số {n}" in words and "TỔNG CỘNG" in words and "NGƯỜI LẬP BIỂU" in words
        assert {"UBND TỈNH THỪA THIÊN HUẾ", "SỞ THÔNG TIN VÀ TRUYỀN THÔNG", "THỦ TRƯỞNG ĐƠN VỊ"} <= set(words)
        period = "Từ tháng 12 năm 2023 đến tháng 6 năm 2024" if n in (2, 3) else "Tháng 6 năm 2024"
        assert f"{period} – số liệu chính thức" in words
        assert any(w.startswith("DỮ LIỆU GIẢ LẬP") for w in words)
        assert "LƯU HÀNH NỘI BỘ" in sheet.oddHeader.left.text and "GIẢ LẬP" in sheet.oddHeader.center.text
        assert sheet.page_setup.orientation == "landscape" and int(sheet.page_setup.paperSize) == 9
        assert sheet.sheet_properties.pageSetUpPr.fitToPage and int(sheet.page_setup.fitToHeight) == 0
        assert re.fullmatch(r"\$\d+:\$\d+", sheet.print_title_rows)
        assert {c.font.name for c in cells_of(sheet)} == {"Times New Roman"}
        bold = {c.value for c in sheet["B"] if c.font.bold}
        assert {"Huyện A Lưới", "TỔNG CỘNG"} <= bold and "Xã Hương Phong" not in bold
        index = next(r for r in sheet.iter_rows(values_only=True) if r[0] == "A")
        if n == 1:
            assert index[2:6] == ("1", "2", "3", "4=3/1*100")
        if n in (2, 3):
            assert index[11] == "9=1-2-3-4+5+6+7+8"


def test_nothing_says_made_up_where_nothing_is():
    data = form_books.book(plain("2025-12"), head("2025-12", synthetic=False))
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        assert not any("GIẢ LẬP" in book.read(n).decode("utf-8") for n in book.namelist() if n.endswith(".xml"))
    with pytest.raises(UsageError, match="loại số liệu"):
        form_books.book(plain("2025-12"), head("2025-12", state="final"))


def test_form_8_tells_groups_and_what_it_leaves_out():
    month = "2025-12"
    found = plain(month)
    sheet = openpyxl.load_workbook(io.BytesIO(form_books.book(found, head(month))))["Biểu 8"]
    total = next(c.row for c in sheet["B"] if c.value == "TỔNG CỘNG")
    city = found[8]["households"].values.loc["46"]
    names = [f"{g}_{a}" for g in ("poor", "near_poor") for a in ("listed", "minority", "policy", "other")]
    assert [c.value for c in sheet[total][3:]] == city[names].tolist()
    people = found[8]["people"].values.loc["46"]
    assert [c.value for c in sheet[total + 1][3:]] == people[names].tolist()
    assert city["poor_minority"] + city["poor_policy"] + city["poor_other"] - city["poor_two"] == city["poor_listed"]
    told = " ".join(str(c.value) for c in sheet["A"])
    assert "không có khả năng lao động" in told and f"{city['poor_two']} hộ nghèo" in told
