"""Mutated workbooks at the first door: never a crash, never a lost row; the run prints how many were tried."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import invented
import pytest
import workbooks as wb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from workbooks import Page

from infoaccess import columns, gate, lists, rules
from infoaccess.errors import InputError
from infoaccess.validate import Sheet

GRIDS = 250  # examples whose cells, rows, columns and headings are mutated
BYTES = 150  # examples whose bytes are
SECRET = b"k" * 32
STEADY = partial(
    settings,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
WRITERS: dict[str, Callable[[Page], bytes]] = {
    "a.xlsx": wb.xlsx,
    "a.xls": wb.xls,
    "a.ods": wb.ods,
    "a.csv": wb.csv,
    "b.csv": partial(wb.csv, separator=";", encoding="utf-8-sig"),
    "c.csv": partial(wb.csv, separator="\t", encoding="utf-16-le"),
}
GOOD = invented.homes(8)
HANDED = [invented.handover(GOOD[n], f"{5 + n:02d}/07/2025") for n in range(3)]
PAGES: list[Page] = [
    invented.sheet(GOOD)[0],
    invented.sheet(
        invented.official(GOOD),
        heads=invented.TWO_TIERS,
        top=12,
        title=invented.TITLE,
        index=invented.index_row(invented.HEADS),
    )[0],
    Page([*invented.sheet(GOOD)[0].rows, [], *invented.sheet(HANDED, heads=invented.HANDOVERS)[0].rows]),
]
PEOPLE = [
    invented.Row({"commune_code": code, "commune_name": name, "households": 900, "people": 3500})
    for code, name in (("20044", "Xã A Lưới 2"), ("20050", "Xã A Lưới 5"))
]
PAGES.append(Page([*invented.sheet(PEOPLE, heads=invented.POPULATIONS)[0].rows, [], *PAGES[0].rows]))
LISTS = (invented.HEADS, invented.TWO_TIERS, invented.HANDOVERS, invented.POPULATIONS)
LABELS = {tier for heads in LISTS for _, h in heads for tier in ((h,) if isinstance(h, str) else h)}
ODD = ["x", "--", "", " ", "0", "999", "#N/A", "Tổng cộng", "Cộng", "A", "(1)", "4=3/1*100", "Mã hộ", "Hộ nghèo", "STT"]
ODD += [
    "hé nghÌo",
    "Nguyeãn",
    "\u00ad",
    "\u200b",
    "х",
    "20044",
    "31/02/2025",
    "05/07/2025",
    "1.234",
    "2,5",
    '"',
    "'",
    ";",
]
CELL = st.one_of(
    st.sampled_from(ODD),
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")) | st.just("\n"), max_size=12),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.dates(dt.date(1920, 1, 1), dt.date(2100, 1, 1)),
    st.booleans(),
    st.none(),
)
AT = st.integers(0, 10**6)  # taken modulo what is there


def _delete_row(grid, merges, r, c, value):
    del grid[r]


def _insert_row(grid, merges, r, c, value):
    grid.insert(r, [""] * (c % 5) + [value])


def _duplicate_row(grid, merges, r, c, value):
    grid.insert(c % (len(grid) + 1), list(grid[r]))


def _blank_row(grid, merges, r, c, value):
    grid[r] = [""] * len(grid[r])


def _set_cell(grid, merges, r, c, value):
    grid[r] += [""] * (c % 40 + 1 - len(grid[r]))
    grid[r][c % 40] = value


def _fill_row(grid, merges, r, c, value):
    grid[r] = [value] * len(grid[r])


def _swap_columns(grid, merges, r, c, value):
    a, b = r % 33, c % 33
    for row in grid:
        if max(a, b) < len(row):
            row[a], row[b] = row[b], row[a]


def _delete_column(grid, merges, r, c, value):
    for row in grid:
        del row[c % 33 : c % 33 + 1]


def _change_heading(grid, merges, r, c, value):
    row = max(grid, key=lambda cells: sum(isinstance(v, str) and len(v) > 2 for v in cells))
    if row:
        row[c % len(row)] = value


def _merge(grid, merges, r, c, value):
    bottom, left, right = min(r + 1 + c % 4, len(grid) - 1), c % 20, c % 20 + c % 2
    apart = all(bottom < t or r > b or right < x or left > y for t, x, b, y in merges)
    if not apart or (bottom == r and left == right):
        return
    merges.append((r, left, bottom, right))
    for row in range(r, bottom + 1):  # a merged range keeps the text of its first cell alone
        for column in range(left, min(right, len(grid[row]) - 1) + 1):
            if (row, column) != (r, left):
                grid[row][column] = ""


STEPS = [_delete_row, _insert_row, _duplicate_row, _blank_row, _set_cell, _set_cell, _set_cell, _fill_row]
STEPS += [_swap_columns, _delete_column, _change_heading, _merge]


def mutated(page: Page, steps: list) -> Page:
    """Apply mutations to a page."""
    grid = [list(r) for r in page.rows]
    merges = list(page.merges)
    for step, r, c, value in steps:
        moved = step in (_delete_row, _insert_row, _duplicate_row, _delete_column)
        if grid and not (moved and merges):  # a range would have to move along
            step(grid, merges, r % len(grid), c, value)
    return replace(page, rows=grid, merges=[m for m in merges if m[2] < len(grid)])


def filled(row: list) -> bool:
    """Tell whether a row holds anything."""
    return any(v is not None and str(v).strip() for v in row)


def labelled(row: list) -> bool:
    """Tell whether a row may belong to a heading: three of its cells are names of columns."""
    return sum(isinstance(v, str) and not v.isdigit() and v in LABELS for v in row) >= 3


def certain(row: list) -> bool:
    """Tell whether a row must be counted: no heading, and more than a word or two that may stand above a heading."""
    return not labelled(row) and sum(bool(str("" if v is None else v).strip(" \n\xa0\xad\u200b")) for v in row) >= 3


def complete(row: list) -> bool:
    """Tell whether a row is a heading in one tier that nothing was taken from."""
    held = set(filter(lambda v: isinstance(v, str), row))
    return any(held >= {h for _, h in heads} for heads in (invented.HEADS, invented.HANDOVERS, invented.POPULATIONS))


def through_the_rules(tables: list) -> dict[str, dict[str, int]]:
    """Convert and judge tables as stage 1 does; returns the door's counts by kind."""
    sheets = {}
    for name, kind in columns.kinds().items():
        sheets[name] = Sheet(kind, [t for t in tables if t.kind.name == name], invented.MONTH)
    rules.fold_mended(list(sheets.values()))
    rules.check_households(sheets["households"], invented.MONTH, SECRET)
    known = set(sheets["households"].frame["household_id"].dropna())
    rules.check_handovers(sheets["handovers"], invented.MONTH, SECRET, known)
    rules.check_populations(sheets["populations"], invented.MONTH)
    return {name: s.door() for name, s in sheets.items()}


def balanced(doors: dict[str, dict[str, int]]) -> bool:
    """Tell whether every row read has one fate."""
    return all(d["read"] == d["dressing"] + d["accepted"] + d["refused"] + d["folded"] for d in doors.values())


@STEADY(max_examples=GRIDS)
@given(
    page=st.sampled_from(PAGES),
    name=st.sampled_from(list(WRITERS)),
    steps=st.lists(st.tuples(st.sampled_from(STEPS), AT, AT, CELL), min_size=1, max_size=8),
)
def test_no_row_is_lost_and_nothing_crashes_on_mutated_lists(tried, page, name, steps):
    tried["mutated lists"] += 1
    page = mutated(page, steps)
    try:
        tables, _ = lists.read(name, WRITERS[name](page))
    except InputError as err:
        assert str(err)
        return
    first = tables[0].heading_row
    below = [row for row in page.rows[first:] if filled(row)]
    read = sum(t.rows_read for t in tables)
    top = next((n for n, row in enumerate(page.rows) if complete(row)), first)
    assert not any(map(certain, page.rows[top:first]))  # no row of data was taken for a part of the heading
    assert sum(map(certain, below)) <= read <= len(below)
    doors = through_the_rules(tables)
    assert sum(d["read"] for d in doors.values()) == read
    assert balanced(doors)


@pytest.fixture(scope="module")
def pool():
    with gate.readers() as readers:
        yield readers


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("bytes")


FLIP = st.tuples(AT, st.binary(min_size=1, max_size=4))


@STEADY(max_examples=BYTES)
@given(
    page=st.sampled_from(PAGES),
    name=st.sampled_from(list(WRITERS)),
    flips=st.lists(FLIP, max_size=6),
    cut=st.none() | AT,
)
def test_broken_bytes_are_read_or_refused(tried, folder, pool, page, name, flips, cut):
    tried["files of broken bytes"] += 1
    data = bytearray(WRITERS[name](page))
    for at, value in flips:
        at %= len(data)
        data[at : at + len(value)] = value
    path = folder / name
    path.write_bytes(data if cut is None else data[: cut % len(data)])
    (file,) = gate.receive([path], {}, pool)
    if file.refusal:
        assert not file.tables
        assert file.refusal.rule != "fault", str(file.refusal)
    else:
        assert balanced(through_the_rules(file.tables))
