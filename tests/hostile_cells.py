"""The hostile collection, part 2: text in old fonts and odd Unicode, values and days as people write them."""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import workbooks as wb
from invented import (
    FORMATS,
    HANDOVERS,
    HEADS,
    POPULATIONS,
    TITLE,
    WEAK,
    Row,
    Variant,
    communes,
    handover,
    home,
    homes,
    keys,
    one,
    sheet,
)
from workbooks import Cell, Page


# ---- text ----------------------------------------------------------------------------------------------------------
def recode(page: Page, spell: Callable[[str], str], font: str, where=lambda r, c: True) -> Page:
    """Write a page's text in a legacy encoding and its font."""

    def cell(r: int, c: int, v: object):
        return Cell(spell(v), font) if isinstance(v, str) and v and where(r, c) else v

    return replace(page, rows=[[cell(r, c, v) for c, v in enumerate(row)] for r, row in enumerate(page.rows)])


def _in_runs(cell: object) -> object:
    """Write a text in TCVN3 whose font is said of its letters, not of its cell, as Excel does after a paste."""
    legacy = isinstance(cell, str) and len(cell) > 2 and not cell.isascii()
    return Cell(wb.abc(cell), ".VnTime", runs=True) if legacy else cell


def text() -> Iterator[Variant]:
    """Write the same list in legacy fonts, in other Unicode forms, with stray characters."""
    rows = [home(n, village=v) for n, v in enumerate(("Thôn Pa Hy", "Thôn Cưởng", "Tổ dân phố Ưu Điềm", "Thôn Hữu Hỷ"))]
    page, _ = sheet(rows, title=TITLE, top=5)
    expect = {
        "accepted": keys(rows),
        "dressing": 0,
        "texts": {c: [r.values[c] for r in rows] for c in ("head_name", "village", "ethnicity", "commune_name")},
    }
    for name in ("xlsx", "xls", "ods"):
        suffix, write = FORMATS[name]
        for spell, font in ((wb.abc, ".VnTime"), (wb.vni, "VNI-Times")):
            files = {f"a{suffix}": write(recode(page, spell, font))}
            yield Variant(f"{spell.__name__}_{name}", files, **expect)
    runs = replace(page, rows=[[_in_runs(v) for v in row] for row in page.rows])
    yield Variant("abc_in_runs_of_rich_text", {"a.xlsx": wb.xlsx(runs)}, **expect)
    names = recode(page, wb.abc, ".VnArial", lambda r, c: (r + c) % 2 == 0)
    yield Variant("abc_mixed_cell_by_cell", {"a.xlsx": wb.xlsx(names)}, **expect)
    both = recode(names, wb.vni, "VNI-Helve", lambda r, c: r > 4 and (r + c) % 2)
    yield Variant("abc_and_vni_mixed", {"a.xlsx": wb.xlsx(both)}, **expect)
    heads = recode(page, lambda s: wb.abc(s.lower()), ".VnTimeH", lambda r, c: r <= 4)
    yield Variant("abc_capitals_in_headings", {"a.xlsx": wb.xlsx(heads)}, **expect)
    font_only = replace(page, font=".VnTime")
    yield Variant("unicode_text_in_a_legacy_font", {"a.xlsx": wb.xlsx(font_only)}, **expect)
    bare = recode(page, wb.abc, "Times New Roman", lambda r, c: r == 6 and c == 1)
    yield Variant(
        "abc_without_its_font",
        {"a.xlsx": wb.xlsx(bare)},
        accepted=keys(rows, (1,)),
        refused=(("a.xlsx", 7, "legacy_text"),),
        dressing=0,
    )
    told = {"a.csv": ("no_table", "missing_column", "encoding")}
    yield Variant("abc_in_csv_that_has_no_fonts", {"a.csv": wb.csv(recode(page, wb.abc, ""))}, file_refusals=told)
    apart = {"accepted": expect["accepted"], "dressing": 0}
    for form in ("NFD", "NFKD"):
        parted = recode(page, partial(unicodedata.normalize, form), "Arial")
        yield Variant(f"unicode_{form.lower()}", {"a.xlsx": wb.xlsx(parted)}, **expect)
    loose = recode(page, lambda s: f"\u200b{s.replace(' ', chr(160) + ' ', 1)} \ufeff", "Arial")
    yield Variant("nbsp_zero_width_and_double_spaces", {"a.xlsx": wb.xlsx(loose)}, **apart)
    cyrillic = [r.wrote(**{c: "х" for c, v in r.values.items() if v == "x"}) for r in homes(6)]
    yield one("cyrillic_x", cyrillic, values={"poor": [True, False, False] * 2})
    rows = [home(0, village="Thôn Hòa Bình"), home(1, village="Thôn A'Roàng")]
    same = [rows[0], rows[0].wrote(village="Thôn Hoà  Bình"), rows[1], rows[1].wrote(village="Thôn A’Roàng")]
    yield one("tone_placement_and_quotes_are_one_village", same, fold=(1, 3), accepted=keys(rows))
    place = {"commune_code": "19813", "commune_name": "Phường Thủy Xuân"}
    yield one("tone_placement_in_a_commune_name", [r.wrote(commune_name="Phường Thuỷ Xuân") for r in homes(3, **place)])
    apart = [home(0, village="Thôn Vân"), home(1, village="Thôn Văn").but(household_no="1")]
    yield one("accents_keep_villages_apart", apart)
    yield one("name_with_quotes_and_formula_signs", [home(0, head_name='Hồ "Tư" =1+1'), home(1, head_name="@Lê, A; B")])


# ---- values --------------------------------------------------------------------------------------------------------
def values() -> Iterator[Variant]:
    """Write cells as people do."""
    a, b = home(0), home(1)
    numbers = [r.values["head_identity"] for r in homes(4)]
    full = {"texts": {"head_identity": numbers}}
    yield one(
        "identity_lost_its_zero_as_a_number", [r.wrote(head_identity=float(v)) for r, v in _with(numbers)], **full
    )
    yield one("identity_lost_its_zero_as_text", [r.wrote(head_identity=v[1:]) for r, v in _with(numbers)], **full)
    spaced = [r.wrote(head_identity=f"{v[:3]} {v[3:6]}.{v[6:]}") for r, v in _with(numbers)]
    yield one("identity_with_spaces_and_dots", spaced, **full)
    nine = {"texts": {"head_identity": ["191234567", numbers[1]]}}
    yield one("identity_of_9_digits", [a.but(head_identity="191234567"), b], **nine)
    odd = [home(n).wrote(head_identity=v) for n, v in enumerate(("0460501234", "0460501234567", "04605O123456"))]
    yield one("identity_of_no_known_length", odd, warnings=WEAK, texts={"head_identity": NONE * 3})
    yield one("identity_says_other_sex", [a.but(head_identity="046150000001"), b], warnings={"identity_sex"})
    yield one("identity_says_other_year", [a.but(head_identity="046051000001"), b], warnings={"identity_year"})
    yield one("identity_of_the_next_century", [a.but(head_birth_year=2001, head_identity="046201000001"), b])
    yield one("both_sexes_ticked", [a.wrote(head_female="x"), b], warnings={"two_sexes"})
    born: list = ["05/03/1950", "5/3/1957", dt.date(1964, 3, 5), "1971-03-05", "05-03-1978", " 1985 ", 1992.0, "1954"]
    rows = [home(n).wrote(head_birth_year=cell) for n, cell in enumerate(born)]
    years = [r.values["head_birth_year"] for r in rows]
    yield one("birth_as_date_serial_iso_and_year", rows, texts={"head_birth_year": years})
    rows = [home(n).wrote(head_birth_year=cell) for n, cell in enumerate(("50", "31/02/1950", "không nhớ", 1750))]
    yield one("birth_unreadable", rows, warnings=WEAK, texts={"head_birth_year": NONE * 4})
    yield one("birth_in_the_future", [a.wrote(head_birth_year=2031, head_identity=""), b], warnings={"birth_future"})
    ticks = ("x", "X", "х", "Х", "✓", "✔", "1", 1, 1.0, True, "có", "Có", " x ", "v")
    rows = [home(3 * n).wrote(poor=tick) for n, tick in enumerate(ticks)]
    yield one("ticks_of_all_sorts", rows, values={"poor": [True] * len(ticks)})
    blanks = ("0", 0, "không", "Không", "-", False, " ", "", "\xa0")
    rows = [home(n).wrote(deprived_2=no) for n, no in enumerate(blanks)]
    yield one("no_ticks_of_all_sorts", rows, values={"deprived_2": [False] * len(blanks)})
    rows = [a, *(home(n).wrote(deprived_3=v) for n, v in enumerate(("hai", 2, "xx?", "#N/A!", dt.date(2025, 7, 1)), 1))]
    yield one("no_such_ticks", rows, refused=dict.fromkeys(range(1, 6), "value"))
    rows = [a.wrote(deprived_5="--"), b.wrote(deprived_5="")]
    yield one("not_known_differs_from_no", rows, refused={0: "required|value"}, values={"deprived_5": [False]})
    cells = ("1.234", "1 234", "1\xa0234", 1234, "1234")
    named = list(communes("C").items())
    held = [
        Row({"commune_code": code, "commune_name": name, "households": cell, "people": "5.000"})
        for (code, name), cell in zip(named, cells, strict=False)
    ]
    files = {"a.xlsx": wb.xlsx(sheet([a])[0], sheet(held, heads=POPULATIONS, name="Mẫu số")[0])}
    wanted = {"populations.households": [1234] * 5, "populations.people": [5000] * 5}
    yield Variant("counts_with_dots_and_spaces", files, keys([a]), {"populations": 5}, dressing=0, values=wanted)
    bad = [("2,5", "value"), (2.5, "value"), (-3, "value|range"), ("-3", "value|range"), (0, "range"), (41, "range"),
           ("", "required"), (True, "value|range"), ("٣", "value"), (1e300, "value|range"), ("1e3", "value"),
           ("năm", "value"), (dt.date(2025, 7, 1), "value"), ("1.23", "value"), ("3-4", "value")]  # fmt: skip
    rows = [home(n).wrote(members=v, adults="", adults_with_smartphone="") for n, (v, _) in enumerate(bad, 1)]
    yield one("members_that_are_no_count", [a, *rows], refused={n: rule for n, (_, rule) in enumerate(bad, 1)})
    rows = [a.wrote(members=" 2 ", adults="2.0"), b.wrote(members="3 người")]
    yield one("members_as_text", rows, values={"members": [2, 3]}, warnings=None)
    yield one("formula_with_result", [a.wrote(members=Cell(2, formula="=1+1")), b], values={"members": [2, 3]})
    for column in ("members", "village", "household_no", "head_name", "poor"):
        lacking = [a, home(3).wrote(**{column: ""}), home(2)]
        for label, inner in (("formula_without_result", "><f>1+2</f>"), ("error_cell", ' t="e"><v>#N/A</v>')):
            write = partial(_planted, column=column, inner=inner)
            yield one(f"{label}_in_{column}", lacking, write=write, refused={1: "value|required"})
    lost = [a, b.wrote(village="#N/A"), home(2).wrote(head_name="#REF!")]
    yield one(
        "error_words_in_csv", lost, write=wb.csv, suffix=".csv", refused={1: "value|required", 2: "value|required"}
    )
    yield one("serial_3.10_as_number", [a.wrote(serial=3.1), b.wrote(serial="3.10"), home(2).wrote(serial="")])
    yield one("household_numbers_as_numbers", [r.wrote(household_no=float(r.values["household_no"])) for r in homes(4)])
    zeros = [home(0, household_no="001"), home(1, household_no="01"), home(2, household_no="1")]
    yield one("household_numbers_with_zeros", zeros, warnings=None)
    yield one("household_999", [a, b.but(household_no="999")])
    nines = dict.fromkeys(("household_no", "head_name", "members", "adults", "head_birth_year", "head_identity"), "999")
    yield one("test_row_999", [a, b, home(2).wrote(**nines)], refused={2: "test_row|value|range"}, warnings=None)
    yield one("text_of_32000_letters", [a.wrote(remark="ă" * 32_000), b])
    yield from days()


NONE = [None]


def _with(cells: list) -> list[tuple[Row, object]]:
    return list(zip(homes(len(cells)), cells, strict=True))


def _planted(page: Page, column: str, inner: str) -> bytes:
    """Write a formula without a stored result, or an error, into the second row of data: Excel does, writers do not."""
    at = next(c for c, (name, _) in enumerate(HEADS) if name == column)
    cell = f'<c r="{chr(65 + at)}3"{inner}</c>'.encode()
    return wb.rezip(wb.xlsx(page), {"xl/worksheets/sheet1.xml": lambda xml: _put(xml, cell, at, 2)})


def _put(xml: bytes, cell: bytes, column: int, row: int) -> bytes:
    """Put a cell into a sheet's row, before the first cell to its right."""
    start = xml.index(f'<row r="{row + 1}"'.encode())
    held = re.finditer(rb'<c r="([A-Z]+)\d+"', xml[start : xml.index(b"</row>", start)])
    right = [m.start() for m in held if len(m[1]) > 1 or m[1] > bytes([65 + column])]
    at = start + right[0]
    return xml[:at] + cell + xml[at:]


def days() -> Iterator[Variant]:
    """Write the day of a hand-over in good and bad ways."""
    a, b = home(0), home(1)
    day = dt.date(2025, 7, 25)
    good = ["25/07/2025", "25/7/2025", day, "2025-07-25", "25.07.2025", "25-07-2025", dt.datetime(2025, 7, 25, 8, 30),
            " 25/07/2025\xa0"]  # fmt: skip
    yield _handed("day_of_all_sorts", [handover(home(n), cell) for n, cell in enumerate(good)], days=[day] * len(good))
    bad = [("31/02/2025", "value"), ("2025", "value"), ("hôm qua", "value"), ("05/08/2025", "date_after"),
           ("05/07/2026", "date_after"), ("", "required"), (5, "value"), (1e300, "value")]  # fmt: skip
    rows = [handover(home(n), cell) for n, (cell, _) in enumerate(bad, 1)]
    refused = {n: rule for n, (_, rule) in enumerate(bad, 1)}
    yield _handed("day_that_cannot_count", [handover(a, "20/07/2025"), *rows], refused=refused)
    rows = [handover(a, "20/07/2025"), handover(b, "13/13/2025")]
    yield _handed("day_of_month_13", rows, refused={1: "value|date_order"})
    early = [handover(a, "20/05/2025"), handover(b, "21/07/2025")]
    yield _handed("day_before_the_month", early, warnings={"date_before"})
    american = [handover(a, "07/25/2025"), handover(b, "07/05/2025")]
    yield _handed("days_all_month_first", american, days=[day, dt.date(2025, 7, 5)])
    mixed = [handover(a, "07/25/2025"), handover(b, "26/07/2025"), handover(home(2), "07/05/2025")]
    yield _handed("days_in_both_orders", mixed, refused={2: "date_order|date_swapped"})
    apart = [handover(a, day), handover(b, dt.date(2025, 7, 26))]
    yield _handed(
        "days_counted_from_1904", apart, days=[day, dt.date(2025, 7, 26)], write=partial(wb.xlsx, from_1904=True)
    )
    # Excel turned 07/05/2025 (5 July, the month first) into a day of May; turned back it lies within the month
    swapped = [handover(a, dt.date(2025, 5, 7)), handover(b, "21/07/2025")]
    yield _handed("day_swapped_by_excel", swapped, refused={0: "date_swapped|date_order"}, warnings=None)
    yield _handed("day_of_both_readings", [handover(a, "07/07/2025"), handover(b, "21/07/2025")])
    yield _handed("second_phone", [handover(a, "05/07/2025"), handover(a, "25/07/2025")], warnings={"second_phone"})
    yield _handed("written_twice", [handover(a, "25/07/2025"), handover(a, "25/07/2025")], folded=1)
    yield _handed("not_listed", [handover(home(17), "25/07/2025")], warnings={"not_listed"})
    yield _handed("unknown_source", [handover(a, "25/07/2025", source="tiền riêng")], refused={0: "value"})
    yield _handed("value_with_dots", [handover(a, "25/07/2025", value_vnd="2.500.000")])


def _handed(name: str, rows: list[Row], *, days=None, refused=None, folded=0, warnings=(), write=wb.xlsx) -> Variant:
    """Make a variant of a list of households and a list of hand-overs."""
    page, numbers = sheet(rows, heads=HANDOVERS)
    refused = refused or {}
    files = {"ho.xlsx": wb.xlsx(sheet(homes(9))[0]), "ban_giao.xlsx": write(page)}
    left = len(rows) - len(refused) - folded
    return Variant(
        f"handover_{name}",
        files,
        keys(homes(9)),
        {"handovers": left} if left else {},
        tuple(("ban_giao.xlsx", numbers[i], rule) for i, rule in refused.items()),
        folded,
        0,
        None if warnings is None else frozenset(warnings),
        values={"handovers.handed_on": days} if days else {},
    )
