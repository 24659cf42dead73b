"""The office's workbooks: forms that close and come back through the first door, work to do, an annex; no person."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path

import openpyxl
import pandas as pd
import polars as pl
import pytest
from filelock import FileLock

from infoaccess import (
    deprivation,
    flows,
    form_layouts,
    funding,
    intake,
    office,
    pipeline,
    plausibility,
    poverty,
    programme,
    rooms,
    sample_books,
    sample_people,
    smartphones,
    store,
    units,
    work_list,
    work_rows,
)
from infoaccess.errors import InputError, RoomError, UsageError

ROOT = Path(__file__).resolve().parents[1]
MONTHS = ("2024-06", "2025-03", "2025-12")  # one of each era
WORKED = MONTHS[-1]
BEFORE = {m: rooms.shift(m, -1) for m in MONTHS}
INDICATORS = slice(3, 15)  # columns of Biểu 4 and 6


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Return a home with two months of each era and the workbooks of the later ones."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INFOACCESS_HOME", str(home))
        patch.setenv("INFOACCESS_KEY_FILE", str(home / "key"))
        geo = (pd.read_csv(ROOT / "geo" / f"{name}.csv", dtype=str) for name in ("units", "lineage"))
        people = sample_people.simulate(*geo, scale=0.03)
        sample_books.write(people, rooms.data(rooms.RAW), sorted([*MONTHS, *BEFORE.values()]))
        for stage in ("1", "2"):
            pipeline.run(stage, "2024-05", "2025-12")
        for count in (deprivation.run, poverty.run, smartphones.run, programme.run):
            count(WORKED)
        office.run(WORKED)
        for month in MONTHS[:2]:  # the list of things to do of one month is enough
            (folder := rooms.internal(month)).mkdir()
            (folder / office.FORMS).write_bytes(forms_of(month))
        yield home, people


def forms_of(month: str) -> bytes:
    return office.forms(month, "preliminary", flows.between(BEFORE[month], month))


def one_list_and(forms: bytes, month: str, home: Path, other: Path) -> Path:
    """Put forms beside one of a month's lists into another home; return the folder."""
    raw = other / "data" / rooms.RAW / month
    raw.mkdir(parents=True)
    shutil.copy(sorted((home / "data" / rooms.RAW / month).glob("danh_sach_ho_*.xlsx"))[-1], raw)
    (raw / office.FORMS).write_bytes(forms)
    return raw


@pytest.fixture
def copied(home, tmp_path, monkeypatch):
    """Return a copy of the home that a test may spoil."""
    shutil.copytree(home[0], tmp_path / "home")
    monkeypatch.setenv("INFOACCESS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@cache
def book(home: Path, month: str, name: str) -> openpyxl.Workbook:
    return openpyxl.load_workbook(home / "data" / "internal" / month / name)


def form(book: openpyxl.Workbook, number: int, counted: str = "") -> dict[str, tuple]:
    """Read a form back: serial number ("" of the total) -> its cells, of one part where the form has two."""
    rows, found, serial = list(book[f"Biểu {number}"].iter_rows(values_only=True)), {}, None
    start = next(n for n, row in enumerate(rows) if row[0] == "A") + 1
    for row in rows[start:]:
        if row[0] == "Ghi chú:" or not any(row):
            break
        serial = row[0] or ("" if row[1] == "TỔNG CỘNG" else serial)
        if counted in ("", row[2]):
            assert serial not in found
            found[serial] = row
    return found


def inside(rows: dict[str, tuple], serial: str) -> list[tuple]:
    """Return the rows that add up to a row: communes of a district; of the total, what has no dot."""
    if serial:
        return [row for s, row in rows.items() if s.startswith(f"{serial}.")]
    return [row for s, row in rows.items() if s and "." not in s]


def sheet(book: openpyxl.Workbook, name: str) -> list[dict]:
    """Read a sheet of the work list back: 1 row = 1 thing, by heading."""
    rows = list(book[name].iter_rows(values_only=True))
    head = int(re.search(r"\d+", book[name].print_title_rows)[0])
    found = [dict(zip(rows[head - 1], row, strict=True)) for row in rows[head:]]
    return [] if len(found) == 1 and sum(v is not None for v in found[0].values()) == 1 else found


@pytest.mark.parametrize("month", MONTHS)
def test_the_forms_close_by_their_own_checks(home, month):
    made = book(home[0], month, office.FORMS)
    assert made.sheetnames == [f"Biểu {n}" for n in range(1, 9)]
    for number, own in ((4, "poor"), (6, "near_poor")):
        rows = form(made, number)
        assert len(rows) == len(units.on(month))
        for row in rows.values():
            households, total, each = row[2], row[3], row[4:16]
            if households is None:
                continue  # its commune sent no list
            assert sum(each) == total and all(0 <= n <= households for n in each)
            assert total >= 3 * households if own == "poor" else total <= 2 * households
    for number, counted in [(n, "") for n in (1, 4, 6)] + [(n, c) for n in (2, 3, 8) for c in ("Hộ", "Nhân khẩu")]:
        rows, first = form(made, number, counted), 3 if counted else 2
        whole = [at for at, c in enumerate(layout(number, month).columns, first) if not c.figure.endswith("_percent")]
        tops = [s for s in rows if "." not in s and inside(rows, s)]
        assert "" in tops and (len(tops) > 5) == (month != "2025-12")
        for serial in tops:
            for at in whole:
                known = [row[at] for row in inside(rows, serial) if row[at] is not None]
                assert rows[serial][at] == sum(known), (number, serial, at)


def layout(number: int, month: str) -> form_layouts.Layout:
    return next(x for x in form_layouts.layouts(month) if x.number == number)


@pytest.mark.parametrize("month", MONTHS)
def test_movements_close_and_open_with_the_closing_of_the_month_before(home, month):
    made = book(home[0], month, office.FORMS)
    lists = store.eager(rooms.PLACED, BEFORE[month], "households").to_pandas()
    sent = [store.eager(rooms.PLACED, m, "communes").filter("list_received") for m in (BEFORE[month], month)]
    both = set(sent[0]["commune_code"]) & set(sent[1]["commune_code"])
    lists, moved = lists[lists["commune_code"].isin(both)], 0
    for number, group, count in ((2, "poor", 4), (3, "near_poor", 6)):
        closing, was = form(made, count), lists[lists[group].fillna(False)]
        for counted, opening in (("Hộ", len(was)), ("Nhân khẩu", was["members"].sum())):
            rows = form(made, number, counted)
            for serial, (_, _, _, *n) in rows.items():
                if None in n:  # no list of its commune in one of the months
                    assert set(n) == {None} and not inside(rows, serial)
                    continue
                assert n[8] == n[0] - n[1] - n[2] - n[3] + n[4] + n[5] + n[6] + n[7], (number, serial)
                if counted == "Hộ" and not inside(rows, serial):
                    assert n[8] == closing[serial][2]
            assert rows[""][3] == opening > 0
            moved += sum(rows[""][4:11])
    assert moved > 0


@pytest.mark.parametrize("month", MONTHS)
def test_no_page_holds_the_signatures_alone(home, month):
    for page in book(home[0], month, office.FORMS):
        names = [c.value for c in page["B"]]
        end = names.index("TỔNG CỘNG") + (2 if page["C" + str(names.index("TỔNG CỘNG") + 1)].value == "Hộ" else 1)
        ends, step = [b.id for b in page.row_breaks.brk], end - names.index("TỔNG CỘNG")
        assert ends == sorted(set(ends)) and ends[-1] <= end - 5 * step
        assert all((end - at) % step == 0 for at in ends)  # no unit is parted from its people


@pytest.mark.parametrize("month", MONTHS)
def test_the_forms_come_back_through_the_first_door(home, month, tmp_path, monkeypatch):
    """Lists and the generated forms in one folder: the forms are read, nothing of them is refused or doubted."""
    made = home[0] / "data" / "internal" / month / office.FORMS
    one_list_and(made.read_bytes(), month, home[0], tmp_path)
    monkeypatch.setenv("INFOACCESS_HOME", str(tmp_path))
    door = intake.run(month)
    told = next(f for f in door["files"] if f["name"] == office.FORMS)
    assert told["state"] == "used" and len(told["kinds"]) == 4
    problems = pd.read_csv(rooms.data(rooms.VALIDATED, month) / "problems.csv")
    own = problems[problems["file"] == office.FORMS]
    # Biểu 8 is no kind that the door knows; a commune without a list has blanks, which are told not to be 0.
    assert set(own["rule"]) <= {"unread_rows", "form_blank"} and set(own["sheet"]) >= {"Biểu 8"}
    poor = form(book(home[0], month, office.FORMS), 4)
    read = pd.read_parquet(rooms.data(rooms.VALIDATED, month) / "deprivation_counts.parquet")
    read = read[(read["group"] == "poor") & (read["level"] == "commune")]
    assert read["households"].sum() == poor[""][2] and read["deprived_11"].sum() == poor[""][14]


def test_forms_that_cannot_be_made_say_so_in_words(home, tmp_path, monkeypatch):
    month = "2025-11"  # the month before is of the same era and has no list
    data = office.forms(month, "preliminary", None)
    made = openpyxl.load_workbook(io.BytesIO(data))
    assert made.sheetnames == [f"Biểu {n}" for n in range(1, 9)]
    for name in ("Biểu 2", "Biểu 3"):
        said = [c.value for row in made[name].iter_rows() for c in row if isinstance(c.value, str)]
        assert any("KHÔNG LẬP BIỂU NÀY. Chưa có danh sách tháng 10 năm 2025" in s for s in said)
    assert "mã đơn vị hành chính thay đổi" in work_rows.why_no_movements("2025-07")
    one_list_and(data, month, home[0], tmp_path)
    monkeypatch.setenv("INFOACCESS_HOME", str(tmp_path))
    door = intake.run(month)  # their sheets are no empty forms to the first door
    assert door["tables"]["movements"]["accepted"] == 0
    problems = pd.read_csv(rooms.data(rooms.VALIDATED, month) / "problems.csv")
    own = problems[(problems["file"] == office.FORMS) & ~problems["rule"].isin(["unread_rows", "form_blank"])]
    assert own.empty


def planted(home: Path, month: str) -> dict[str, tuple]:
    """Spoil one hand-over, one household's class, one list and one count of rooms 2 and 3; return where they stand."""
    folder = home / "data" / rooms.PLACED / month
    phones = pd.read_parquet(folder / "handovers.parquet")
    phones.loc[0, ["source", "poor", "near_poor", "policy", "value_vnd"]] = ["telecom_fund", False, False, True, 7]
    phones.to_parquet(folder / "handovers.parquet")
    people = pd.read_parquet(folder / "households.parquet")
    size = people.groupby("commune_code")["deprived_11"].transform("size")
    code = people.loc[size.idxmax(), "commune_code"]
    people.loc[people["commune_code"] == code, "members"] = 3
    was = pd.read_parquet(home / "data" / rooms.PLACED / BEFORE[month] / "households.parquet")
    listed = people["household_id"].isin(was.loc[was["poor"].fillna(False), "household_id"])
    one = people.index[listed & people["poor"].fillna(False)][0]
    people.loc[one, ["poor", "near_poor"]] = pd.NA
    people.to_parquet(folder / "households.parquet")
    counts = home / "data" / rooms.INDICATORS / month / "deprivation" / "counts.parquet"
    cells = pl.col("area_set").eq("C_commune") & pl.col("code").eq("20044") & pl.col("base").eq("household")
    wrong = cells & pl.col("measure").eq("deprived_any") & pl.col("group").eq("all")
    frame = pl.read_parquet(counts)
    more = pl.when(wrong).then(pl.col("denominator") + 1).otherwise("numerator").alias("numerator")
    frame.with_columns(more).write_parquet(counts)
    where = [tuple(f.loc[n, ["file", "sheet", "row"]]) for f, n in ((phones, 0), (people, one))]
    return {"phone": where[0], "household": where[1], "list": (code,)}


def test_planted_faults_are_in_the_list_with_their_rows(copied):
    month = "2025-12"
    at = planted(copied, month)
    moved = flows.between(BEFORE[month], month)
    made = openpyxl.load_workbook(io.BytesIO(work_rows.book(month, moved[1])))
    names = units.of("C_commune").set_index("code")["name"]
    breaches = [r for r in sheet(made, "Sai điều kiện") if (r["Tệp"], r["Trang tính"], r["Dòng"]) == at["phone"]]
    assert {"Diện hộ không thuộc nguồn này"} < {r["Quy tắc"] for r in breaches}
    assert all(f"{r['Tháng']:%Y-%m}" == month for r in breaches)
    assert all(r["Xã, phường"] in set(names) and "viễn thông" in r["Nguồn kinh phí"] for r in breaches)
    loose = sheet(made, "Biểu 2, 3 không khép")
    assert {(r["Tệp"], r["Trang tính"], r["Dòng"]) for r in loose} == {at["household"]}
    assert {"Biểu 2"} <= {r["Biểu"] for r in loose} and all(r["Phần"] in ("Hộ", "Nhân khẩu") for r in loose)
    heaped = [r for r in sheet(made, "Danh sách đáng ngờ") if r["Quy tắc"] == work_list.FINDINGS["heaped"]]
    assert [(r["Xã, phường"], r["Số liệu"]) for r in heaped] == [(names[at["list"][0]], 1)]
    wrong = [r for r in sheet(made, "Số liệu khó tin") if r["Quy tắc"] == work_list.FINDINGS["rate_above_one"]]
    assert [(r["Đơn vị"], r["Mức"], f"{r['Tháng']:%Y-%m}") for r in wrong] == [(names["20044"], "Sai chắc chắn", month)]
    total = {r["Trang tính"]: r for r in sheet(made, work_list.SUMMARY)}
    assert total["Biểu 2, 3 không khép"]["Tháng này"] == len(loose) > 0
    assert total["Sai điều kiện"]["Mọi tháng đến nay"] == len(sheet(made, "Sai điều kiện"))
    # the form says that it may not close, and where to look
    forms = openpyxl.load_workbook(io.BytesIO(office.forms(month, "preliminary", moved)))
    assert any(office.WORK in str(c.value) for c in forms["Biểu 2"]["A"])


def test_the_list_is_of_real_days_and_numbers_and_ready_to_print(home):
    made = book(home[0], "2025-12", office.WORK)
    assert made.sheetnames[0] == work_list.SUMMARY and len(made.sheetnames) == 7
    for page in made:
        head = int(re.search(r"\d+", page.print_title_rows)[0])
        assert page.freeze_panes == f"A{head + 1}" and page.auto_filter.ref
        assert page.page_setup.orientation == "landscape" and int(page.page_setup.paperSize) == 9
        assert work_list.INTERNAL in page.oddHeader.left.text and "GIẢ LẬP" in page.oddHeader.right.text
        assert page["A1"].value == work_list.INTERNAL
    empty = [c.value for row in made["Danh sách đáng ngờ"].iter_rows() for c in row]
    assert work_list.NOTHING in empty and not sheet(made, "Danh sách đáng ngờ")
    loose = sheet(made, "Chưa kiểm được")
    assert loose and all(r["Tháng"].day == 1 and isinstance(r["Số lượt"], int) for r in loose)
    assert loose[0]["Tháng"] == max(r["Tháng"] for r in loose)
    kept = sheet(made, "Nghèo vì thông tin")
    lists = store.eager(rooms.PLACED, "2025-12", "households").to_pandas().set_index(["file", "row"])
    assert len(kept) > 10
    for row in kept:
        household = lists.loc[(row["Tệp"], row["Dòng"])]
        deprived = household[[f"deprived_{n}" for n in range(1, 13)]].astype(bool)
        assert household["poor"] and deprived.sum() - deprived[["deprived_11", "deprived_12"]].sum() < 3
        assert row["Thôn, tổ dân phố"] == household["village"]
        assert (row["Thiếu chỉ số 11 (internet)"] == "x") == deprived["deprived_11"]
    totals = {r["Trang tính"]: r["Tháng này"] for r in sheet(made, work_list.SUMMARY)}
    assert totals["Nghèo vì thông tin"] == len(kept)
    here = [r["Số lượt"] for r in loose if f"{r['Tháng']:%Y-%m}" == "2025-12"]
    assert totals["Chưa kiểm được"] == sum(here)


def test_the_counts_that_are_judged_are_those_of_lists_and_not_of_people(home):
    counts = work_rows._counts(WORKED)
    indicators = {f"deprived_{n}" for n in range(1, 13)}
    assert {"male_head", "listed", "household_smartphone", "covered"} | indicators <= set(counts["measure"])
    assert set(counts["base"]) == {"household", "adult", "phone", "vnd"}
    assert set(counts.loc[counts["measure"].isin(indicators), "group"]) == {"all"}
    heads = store.eager(rooms.PLACED, WORKED, "households")["head_male"]
    own = counts[(counts["measure"] == "male_head") & (counts["area_set"] == "city")]
    assert own[["numerator", "denominator"]].to_numpy().tolist() == [[heads.sum(), heads.count()]]


def test_every_rule_has_a_name_and_text_stays_text():
    assert set(work_list.FINDINGS) == set(plausibility.RULES)
    columns = (work_list.MONTH, *work_list.PLACE)
    rows = pd.DataFrame([{"month": "2025-01", "file": "=1+1", "sheet": "@A1", "row": 3}])
    made = work_list.book([work_list.Sheet("x", "=2+2", "+1", columns, rows)], "2025-01", "=HYPERLINK(1)", False)
    with zipfile.ZipFile(io.BytesIO(made)) as parts:
        assert not any(b"<f>" in parts.read(n) or b"hyperlink" in parts.read(n) for n in parts.namelist())
    assert sheet(openpyxl.load_workbook(io.BytesIO(made)), "x")[0]["Tệp"] == "=1+1"


def named(content: bytes, names: set[str]) -> set[str]:
    """Return which of the names, or numbers, stand in a workbook: as words that follow each other."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        said = re.findall(r"\w+", " ".join(parts.read(n).decode("utf-8") for n in parts.namelist()))
    return {" ".join(said[at : at + long]) for long in range(1, 7) for at in range(len(said))} & names


def test_no_person_is_in_any_workbook(home):
    people = home[1].homes
    names = set(people["head"].dropna().astype(str))
    numbers = {str(v) for c in ("identity", "telephone") if c in people for v in people[c].dropna()}
    assert len(names) > 50 and all(re.fullmatch(r"\w+( \w+){1,5}", name) for name in names)
    rows = pd.DataFrame([{"file": min(names), "sheet": "", "row": 1}])
    leak = work_list.book([work_list.Sheet("x", "x", "x", work_list.PLACE, rows)], "2025-01", "x", False)
    assert min(names) in named(leak, names)  # the search finds what is there
    for month in MONTHS:
        for path in sorted((home[0] / "data" / "internal" / month).iterdir()):
            assert not named(path.read_bytes(), names | numbers), path.name


def test_the_script_makes_the_same_bytes_and_says_where(home, copied):
    month = "2025-12"
    environment = os.environ | {"INFOACCESS_KEY_FILE": str(copied / "key")}
    command = [sys.executable, str(ROOT / "scripts" / "office_books.py"), month, "--home", str(copied)]
    run = {"env": environment, "capture_output": True, "text": True, "encoding": "utf-8", "cwd": copied}
    done = subprocess.run([*command, "--phones", "5"], check=False, **run)
    assert done.returncode == 0, done.stderr
    folder = copied / "data" / "internal" / month
    assert done.stdout.strip() == str(folder)
    assert {p.name for p in folder.iterdir()} == {office.FORMS, office.WORK, office.LEDGER, office.ANNEX}
    for name in (office.FORMS, office.WORK, office.LEDGER):
        assert (folder / name).read_bytes() == (home[0] / "data" / "internal" / month / name).read_bytes()
    with pytest.raises(UsageError, match="nobody"):
        office.run(month, phones=5, source="nobody")
    assert (folder / office.ANNEX).exists()


def test_nothing_is_read_while_another_run_is_at_work(copied):
    folder = rooms.internal("2025-12")
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    with FileLock(copied / "data" / ".run.lock"), pytest.raises(RoomError, match="Một lần chạy khác"):
        office.run("2025-12")
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    shutil.rmtree(copied / "data" / rooms.PLACED / "2025-12")
    with pytest.raises(RoomError, match="Thiếu"):
        office.run("2025-12")
    with pytest.raises(UsageError, match="2025-13"):
        office.run("2025-13")
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_a_unit_with_a_silent_commune_is_named_not_allotted(copied):
    month = "2024-06"
    path = copied / "data" / rooms.PLACED / month / "communes.parquet"
    communes = pd.read_parquet(path)
    communes["list_received"] = communes["commune_code"] != "20044"
    communes.to_parquet(path)
    with pytest.raises(InputError, match=r"Thị trấn A Lưới.*Huyện A Lưới \(481\)"):
        office.propose(month, 10, "telecom_fund")
    with pytest.raises(UsageError, match="999"):
        office.propose(month, 10, "telecom_fund", left_out=["999"])
    plan = office.propose(month, 10, "telecom_fund", left_out=["481"])
    assert "Huyện A Lưới" not in plan.table().index and "Huyện A Lưới" in plan.remarks[0]
    page = openpyxl.load_workbook(io.BytesIO(plan.annex())).active
    assert any("Chưa phân bổ đợt này cho: Huyện A Lưới" in str(c.value) for c in page["A"])


def test_the_notebook_proposes_and_keeps_the_other_workbooks(copied):
    month = "2024-06"
    cells = json.loads((ROOT / "notebooks" / "allotment.ipynb").read_text(encoding="utf-8"))["cells"]
    code = {c["id"]: "".join(c["source"]) for c in cells if c["cell_type"] == "code"}
    everyone = store.eager(rooms.PLACED, month, "communes").with_columns(list_received=True)
    everyone.write_parquet(copied / "data" / rooms.PLACED / month / "communes.parquet")
    names: dict = {}
    exec(code["parameters"], names)
    names |= {"month": month, "phones": 40, "minimum": 1, "switched_off": "policy_first"}
    exec(code["proposal"], names)
    table = names["plan"].table()
    lists = store.eager(rooms.PLACED, month, "households").to_pandas()
    waits = lists["wants_smartphone"].fillna(False) & ~lists["has_smartphone"].fillna(False)
    need = waits & (lists["poor"].fillna(False) | lists["near_poor"].fillna(False))
    assert table.loc["TỔNG CỘNG", "Tổng nhu cầu"] == need.sum() > 40
    assert table.loc["TỔNG CỘNG", "Phân bổ"] == 40 and len(table) == 10
    changes = eval(code["changes"], names)
    assert (changes.sum() == 0).all() and list(changes.columns)[0] == "Theo thứ tự ưu tiên"
    assert "Hộ chính sách trước" not in changes and list(changes.index) == list(table.index[:-1])
    assert eval(code["annex"], names) == f"data/internal/{month}/{office.ANNEX}"
    assert {p.name for p in rooms.internal(month).iterdir()} == {office.FORMS, office.ANNEX}
    with pytest.raises(UsageError, match="remoteness"):
        office.plan(month, 40, "telecom_fund", "remoteness")


def test_the_ledger_holds_what_was_promised_planned_handed_over_and_spent(home):
    made, known = book(home[0], WORKED, office.LEDGER), sample_people.settings()
    phones, money = ([*made[name].iter_rows(min_row=6, values_only=True)] for name in ("Sổ máy", "Vốn"))
    whole = [row for row in phones if row[1] == "Tổng cộng"]
    assert [row[0].strftime("%Y-%m") for row in whole] == sorted({f"{row[0]:%Y-%m}" for row in phones if row[1]})
    months = store.months(rooms.PLACED)
    lists = {m: store.eager(rooms.PLACED, m, "handovers") for m in months}
    for row in whole:
        month = f"{row[0]:%Y-%m}"
        assert row[7] == (lists[month].height if month in months else "…"), month
        promised = known["funding"]["promised"].get(month, [0])
        assert abs(row[5] - 0.03 * sum(promised)) <= len(promised) / 2
    assert whole[-1][6] == sum(row[5] for row in whole) and whole[-1][8] == sum(map(len, lists.values()))
    assert whole[-1][2] == whole[-1][8] + whole[-1][3]  # need = handed over + waiting
    spent = sum(rows["value_vnd"].sum() for rows in lists.values())
    years = [row for row in money if row[0]]
    assert sum(row[5] for row in years) == spent and all(row[6] == row[4] - row[5] for row in years)
    assert sum(row[2] for row in years) == whole[-1][8]


def test_a_ledger_without_plans_says_that_nothing_is_known(copied):
    for name in ("promises", "budgets"):
        path = rooms.data(rooms.PLACED, WORKED) / f"{name}.parquet"
        pl.read_parquet(path).clear().write_parquet(path)
    rows = funding.ledger(WORKED)
    assert rows["promised"].is_null().all() and rows["handed"].is_not_null().any()
    assert funding.money(WORKED)["left_vnd"].is_null().all() and funding.money(WORKED)["spent_vnd"].sum() > 0
