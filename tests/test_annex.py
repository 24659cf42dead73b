"""The public annex of three eras, from invented counts of room 4: every number in it is a released one."""

import io
import json
import random
import re
import zipfile

import openpyxl
import polars as pl
import pytest

from infoaccess import (
    annex,
    annex_sheets,
    deprivation,
    figures,
    flows,
    poverty_rules,
    programme,
    report_poverty,
    rooms,
    units,
    words,
)
from infoaccess.annex_sheets import Cell, Sheet
from infoaccess.tally import GROUPS

MONTHS = ("2024-06", "2025-03", "2025-12")
SIGNS = {"(*)", "…", "–"}
KEYS = ["month", "area_set", "code", "valid_from", "group", "base", "measure", "standard"]
SUMS = ["numerator", "denominator", "communes_received", "communes_expected", "numerator_status", "denominator_status"]


def measures() -> list[tuple[str, str]]:
    """List what a report reads: (measure, base)."""
    found = {(spec.measure, spec.base) for spec in figures.HEADLINES}
    found |= {(report_poverty.SHARED.get(i.id, f"uncensored_{i.id}"), "household") for i in indicators()}
    found |= {(name, "household") for name in report_poverty.CHANGES}
    found |= {(f"flow_{g}_{name}", "household") for g in report_poverty.CLASSES for name in flows.COLUMNS}
    found |= {(f"handed_{s}", "phone") for s in programme.SOURCES} | {(f"value_{s}", "vnd") for s in programme.SOURCES}
    states = ("clean", "breach", "not_checked")
    return sorted(found | {(f"eligibility_{x}_{s}", "phone") for x in states for s in programme.SOURCES})


def indicators():
    return poverty_rules.named(standard()).indicators


def standard() -> str:
    return deprivation.standard("2025-12")


def counts(month: str) -> pl.DataFrame:
    """Invent a month: one count in three hidden, one in nine missing, some units incomplete, some groups empty."""
    luck, rows = random.Random(month), []
    for area_set in units.LEVELS[units.era_of(month)]:
        for code in units.of(area_set, month)["code"]:
            sent = luck.choice([1, 2, 2, 2])
            for measure, base in measures():
                for group in GROUPS:
                    whole = luck.choice([0, *range(20, 900)])
                    part = luck.randrange(whole + 1)
                    key = [month, area_set, code, units.valid_from(area_set, month), group, base, measure, standard()]
                    state = luck.choice(
                        ["published"] * 5 + ["suppressed_primary"] * 2 + ["suppressed_secondary", "missing"]
                    )
                    kept = [part if state == "published" else None, whole]
                    rows.append([*key, *kept, sent, 2, state, "published"])
    schema = dict.fromkeys(KEYS, pl.String) | dict.fromkeys(SUMS[:4], pl.Int64) | dict.fromkeys(SUMS[4:], pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Return a home that has room 4 alone: what the annex cannot need, it cannot find."""
    patch = pytest.MonkeyPatch()
    patch.setenv("INFOACCESS_HOME", str(tmp_path_factory.mktemp("nhà")))
    door = dict.fromkeys(("read", "dressing", "accepted", "folded", "refused", "warnings"), 3)
    quality = {"synthetic": True, "tables": {"households": door}, "files": 4, "files_refused": 1, "communes": 9}
    quality |= {"communes_without_list": ["1"], "handover_list_received": True, "problems": []}
    plans = {
        "targets": {"year": [2024, 2025], "target_id": ["adult_smartphone"] * 2, "target_percent": [100.0, 100.0]},
        "promises": {"month": ["2024-01"], "source": ["donated"], "phones": [7]},
        "budgets": {"year": [2024, 2025], "source": ["donated"] * 2, "planned_vnd": [7_000_000] * 2},
    }
    for month in [*MONTHS, "2024-12", "2025-11", "2023-12"]:
        folder = rooms.data(rooms.RELEASE, month)
        folder.mkdir(parents=True)
        frame = counts(month)
        if month not in MONTHS:  # what an earlier month says of a later era's units
            later = pl.concat([counts(m).with_columns(pl.lit(month).alias("month")) for m in MONTHS if m > month])
            frame = pl.concat([frame, later.filter(pl.col("area_set") != "city")]).unique(KEYS, keep="first")
        frame.write_parquet(folder / "counts.parquet")
        for name, stated in plans.items():
            pl.DataFrame(stated).write_parquet(folder / f"{name}.parquet")
        (folder / "quality.json").write_text(json.dumps(quality), encoding="utf-8")
        (folder / "door.json").write_text(json.dumps({"threshold": 5}), encoding="utf-8")
    yield
    patch.undo()


@pytest.fixture(scope="module", params=MONTHS)
def made(request, home):
    """Return a month, its annex and its counts by (code, group, base, measure)."""
    frame = pl.read_parquet(rooms.data(rooms.RELEASE, request.param) / "counts.parquet")
    held = {(r["code"], r["group"], r["base"], r["measure"]): r for r in frame.iter_rows(named=True)}
    packed = annex.book(request.param)
    return request.param, openpyxl.load_workbook(io.BytesIO(packed)), held, packed


def body(book, name: str) -> list[list]:
    """Return a sheet's rows under its headings, as far as its filter goes."""
    sheet = book[name]
    first, last = (int(re.sub(r"\D", "", end)) for end in sheet.auto_filter.ref.split(":"))
    return [list(row) for row in sheet.iter_rows(min_row=first + 1, max_row=last)]


def same(cell, row: dict, part: str) -> None:
    """Compare a cell with a released count: number with number, sign with status; never 0 for what is not told."""
    value = row["numerator"]
    if part == "rate" and value is not None:
        value = value / row["denominator"] if row["denominator"] else None
        wanted = "–" if value is None else None
    else:
        wanted = None
    if wanted is None and value is None:
        wanted = "…" if row["numerator_status"] == "missing" else "(*)"
    if wanted:
        assert cell.value == wanted, (cell.coordinate, row)
    else:
        assert cell.data_type == "n" and cell.value == pytest.approx(value, abs=1e-12), (cell.coordinate, row)
        assert ("%" in cell.number_format) == (part == "rate")
        lists = row["communes_received"] < row["communes_expected"]
        phones = row["measure"] == "covered" and part == "numerator"  # known from lists of hand-overs
        assert ("¹" in cell.number_format) == (lists and not phones)


def test_every_figure_is_a_released_one(made):
    month, book, held, _ = made
    checked = 0
    groups = {words.load("vi")(f"group.{g}"): g for g in GROUPS}
    columns = [("listed", "household", "numerator"), ("deprived_internet", "household", "rate")]
    columns += [("deprived_device", "household", "rate"), ("deprived_any", "household", "rate")]
    columns += [("deprived_any", "household", "numerator"), ("household_smartphone", "household", "rate")]
    columns += [("adult_smartphone", "adult", "rate"), None, ("covered", "household", "numerator")]
    columns += [("covered", "household", "rate")]
    rows = body(book, "Bảng 2 và 3")
    assert len(rows) == len(units.on(month)) * len(GROUPS)
    for code, _, _, _, group, *cells in rows:
        for what, cell in zip(columns, cells, strict=True):
            if what:
                same(cell, held[code.value, groups[group.value], what[1], what[0]], what[2])
                checked += 1
    for n, (code, *_, class_, share, class_2, share_2) in enumerate(body(book, "Bảng 4")):
        if n % 13:
            name = f"deprived_{n % 13}"
            measure = report_poverty.SHARED.get(name, f"uncensored_{name}")
            for cell, group, part in (
                (class_, "poor", "numerator"),
                (share, "poor", "rate"),
                (class_2, "near_poor", "numerator"),
                (share_2, "near_poor", "rate"),
            ):
                same(cell, held[code.value, group, "household", measure], part)
                checked += 1
    assert checked > 9 * len(units.on(month)) * 9


def test_forms_hold_what_is_published_and_no_sum_of_what_is_not(made):
    month, book, held, _ = made
    code_of = {u.name: [] for u in units.on(month).itertuples()}
    for u in units.on(month).itertuples():
        code_of[u.name].append(u.code)
    summed = 0
    for number, group in annex.FORMS.items():
        sheet = book[f"Biểu {number}"]
        rows = body(book, f"Biểu {number}")
        assert len(rows) == len(units.on(month)) - 1
        total = list(sheet.iter_rows(min_row=rows[-1][0].row + 1, max_row=rows[-1][0].row + 1))[0]
        assert total[1].value == "TỔNG CỘNG"
        for row in [*rows, total]:
            codes = [units.CITY] if row is total else code_of[row[1].value]
            if len(codes) > 1:
                continue  # a name that two communes bear
            of = [held[codes[0], group, "household", m] for m in indicator_measures()]
            part, cells = ("numerator", row[4:16]) if number in (4, 6) else ("rate", row[3:15])
            same(row[2], held[codes[0], group, "household", "listed"], "numerator")
            for cell, one in zip(cells, of, strict=True):
                same(cell, one, part)
            if number in (4, 6):
                whole = [one["numerator"] for one in of]
                known = sum(whole) if None not in whole else None
                assert row[3].value == known if known is not None else row[3].value in {"(*)", "…"}
                summed += known is not None
    assert "1.1" in {row[0].value for row in rows} or month == "2025-12"
    assert sheet.merged_cells.ranges


def indicator_measures() -> list[str]:
    return [report_poverty.SHARED.get(f"deprived_{n}", f"uncensored_deprived_{n}") for n in range(1, 13)]


def test_headline_numbers_and_changes_are_real_numbers(made):
    month, book, held, _ = made
    rows = body(book, "Bảng 1")
    assert len(rows) == len(units.on(month)) * len(figures.HEADLINES)
    kinds = set()
    for n, row in enumerate(rows):
        spec = figures.HEADLINES[n % len(figures.HEADLINES)]
        same(row[5], held[row[0].value, "all", spec.base, spec.measure], spec.part)
        kinds |= {type(cell.value) for cell in row[6:]}
        for cell in row[7::2]:
            assert isinstance(cell.value, int | float) or cell.value in {*SIGNS, "không so¹"}
    assert int in kinds and str in kinds
    assert not any(
        cell.value == 0 and "¹" in str(cell.number_format) and cell.data_type != "n" for r in rows for cell in r
    )


def test_the_book_says_what_it_is_and_nothing_of_the_machine(made):
    month, book, _, packed = made
    first = book.worksheets[0]
    texts = [str(cell.value) for row in first.iter_rows() for cell in row if cell.value]
    assert book.sheetnames[0] == "Giới thiệu" and set(book.sheetnames[1:]) <= set(texts)
    assert len({name for name in book.sheetnames if name.startswith(("Bảng", "Biểu"))}) == 14
    assert any("(*)" in t for t in texts) and any("Nguồn:" in t for t in texts)
    for sheet in book:
        assert any("DỮ LIỆU GIẢ LẬP" in str(row[0].value) for row in sheet.iter_rows(max_row=4)), sheet.title
        assert "DỮ LIỆU GIẢ LẬP" in sheet.oddHeader.center.text
    for sheet in book.worksheets[1:]:
        assert sheet.freeze_panes and sheet.auto_filter.ref and sheet.print_title_rows
    about = book.properties
    assert about.language == "vi-VN" and about.title.endswith(words.month(month)) and not about.creator
    assert not about.lastModifiedBy and about.created == about.modified
    with zipfile.ZipFile(io.BytesIO(packed)) as zipped:
        assert {entry.date_time for entry in zipped.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not any(b"<f>" in zipped.read(name) for name in zipped.namelist())
    assert annex.book(month) == packed


def test_the_state_and_the_language_are_the_months(home):
    book = openpyxl.load_workbook(io.BytesIO(annex.book("2025-12", state="official", lang="en")))
    assert book.sheetnames[:3] == ["About", "Table 1", "Table 2 and 3"] and book.properties.language == "en-US"
    assert "Official" in book["Table 1"]["A2"].value or "official" in book["Table 1"]["A2"].value
    rates = {c.number_format for row in book["Table 4"].iter_rows() for c in row if "%" in c.number_format}
    assert all("0.0%" in one for one in rates) and rates


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+1", "-1", "http://a.b", '=HYPERLINK("http://a.b")', "{=1}"])
def test_texts_never_become_formulas_numbers_or_links(text):
    cover = annex_sheets.Cover(
        "t", "vi-VN", "a", "s", [(text, False), (None, False)], ("a", "b", "c", "d"), annex.dt.datetime(2025, 1, 15), ""
    )
    sheet = Sheet("x", text, text, [(text,), ("b",)], [[Cell(text), Cell("", 1, "0")]], [text])
    book = openpyxl.load_workbook(io.BytesIO(annex_sheets.book(cover, [sheet])))
    found = [cell for page in book for row in page.iter_rows() for cell in row if cell.value == text]
    assert len(found) >= 5 and all(cell.data_type == "s" and not cell.hyperlink for cell in found)


def test_words_of_what_is_issued_are_the_same_in_both_languages():
    found = [words.load(lang).table for lang in words.LANGUAGES]
    assert words.keys(found[0]) == words.keys(found[1])
    assert not set(found[0]["issue"]["script"]) & set(found[0]["page"]["script"])
