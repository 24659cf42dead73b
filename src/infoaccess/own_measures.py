"""The office's own measures: one entry here, its words in words/, and it is counted, released, reported and documented.

Add an entry to `measures` (docs/adding_a_measure.md walks through one). What it reads must be a column of the household
lists (columns.toml) that is not personal. Rates are formed by the reader: an entry is a numerator over a denominator.
From here a measure goes to room 3 (table own), through disclosure control like any other, into the tables of units and
of classes in every report and its annex, into the office's workbook chi_tieu_rieng.xlsx, to the desk and to docs.
"""

import polars as pl  # noqa: F401 - what entries are written with

from infoaccess import columns, tally, units, words

TABLE = "own"
# Columns that stage 2 makes; all others come from the lists.
MADE = ("minority", *units.AREA_SETS)


def measures() -> list[tally.Measure]:
    """List the office's own measures, each a share of households with a flag that may be unknown (null).

    For example: tally.share_of_households("crowded", pl.col("members") >= 6)
    """
    return []


def faults(found: list[tally.Measure] | None = None) -> list[str]:
    """Tell what is still to be done for a measure: one sentence each, with the file that lacks it."""
    told = []
    known = {c.name: c for c in columns.kinds()["households"].columns.values()}
    for m in measures() if found is None else found:
        if m.base != "household":
            told.append(f"own_measures.py: {m.name} đếm {m.base}; chỉ tiêu riêng chỉ đếm hộ (household).")
        for column in sorted({*m.numerator.meta.root_names(), *m.denominator.meta.root_names()} - set(MADE)):
            if column not in known:
                told.append(f"columns.toml: chưa có cột {column} của danh sách hộ mà chỉ tiêu {m.name} cần.")
            elif known[column].personal:
                told.append(f"own_measures.py: {m.name} đọc cột cá nhân {column}, cột này không qua bước 1.")
        told += [
            f"words/{lang}.toml: chưa có lời cho chỉ tiêu {m.name} ở mục [row]."
            for lang in words.LANGUAGES
            if m.name not in words.load(lang).table["row"]
        ]
    return told
