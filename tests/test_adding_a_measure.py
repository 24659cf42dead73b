"""docs/adding_a_measure.md is walked on a copy: four files, each told until it is done, then seen everywhere."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infoaccess import linked, measures_page, own_measures

ROOT = Path(__file__).resolve().parents[1]
NAME = "large_without_radio"
WALK = """
import json, sys
from pathlib import Path
import openpyxl, polars as pl, pytest
from infoaccess import measures_page, columns, desk, geography, office, report, report_tables, rooms
import small_months

home = rooms.home()
small_months.part(home)
small_months.sample(home, "2025-07", "2025-07")
geography.build()
for path in rooms.data("0_raw").rglob("danh_sach_ho_*.xlsx"):  # the communes send the new column
    book = openpyxl.load_workbook(path)
    sheet = book.active
    head = next(c for row in sheet.iter_rows() for c in row if c.value in ("Số khẩu", "Nhân khẩu", "Số nhân khẩu"))
    at = sheet.max_column + 1
    sheet.cell(head.row, at, "Có radio")
    for row in range(head.row + 4, sheet.max_row + 1):  # below the tiers of the heading
        if row % 2:
            sheet.cell(row, at, "x")
    book.save(path)
with pytest.MonkeyPatch.context() as patch:
    small_months.make("2025-07", patch)
lists = pl.read_parquet(rooms.data("2_placed", "2025-07") / "households.parquet")
large = lists.filter(pl.col("has_radio").is_not_null() | (pl.col("members") < 6))
counted = pl.read_parquet(rooms.data("3_indicators", "2025-07") / "own" / "counts.parquet")
row = counted.filter(pl.col("area_set") == "city", pl.col("group") == "all").row(0, named=True)
asked = desk.counts("2025-07", "large_without_radio", "city").iloc[0]
r = report.open("2025-07", "46", since="2025-07")
tables = [report_tables.units_table(r).data, report_tables.groups_table(r).data]
folder = office.run("2025-07")
sheets = openpyxl.load_workbook(folder / "chi_tieu_rieng.xlsx").sheetnames
told = {
    "by_hand": large.filter((pl.col("members") >= 6) & ~pl.col("has_radio")).height,
    "known": large.height, "lists": lists.height,
    "room_3": [row["numerator"], row["denominator"]],
    "room_4": [int(asked["numerator"]), int(asked["denominator"])],
    "report": [[c["label"] for c in t["columns"]] for t in tables],
    "printed": [[cell for line in t["rows"] for cell in line["cells"]] for t in tables],
    "forms": sheets, "label": desk.measures.table().query("measure == 'large_without_radio'")["label"].iloc[0],
    "docs": ["large_without_radio" in measures_page.markdown(), "| has_radio |" in columns.markdown()],
}
print(json.dumps(told, ensure_ascii=False))
"""


def steps() -> list[tuple[str, str, str]]:
    """Read the walk out of the page: (file, after which text, what is added)."""
    page = (ROOT / "docs" / "adding_a_measure.md").read_text(encoding="utf-8")
    code, column, vi, en = re.findall(r"```(?:python|toml)\n(.*?)```", page, flags=re.S)
    return [
        ("own_measures.py", "    return []\n", code),
        ("columns.toml", "[households.columns.wants_smartphone]", f"{column}\n[households.columns.wants_smartphone]"),
        ("words/vi.toml", "[row]\n", f"[row]\n{vi}"),
        ("words/en.toml", "[row]\n", f"[row]\n{en}"),
    ]


@pytest.fixture
def copy(tmp_path):
    """Copy what a change touches: the package, its geography, scripts, docs and notebooks."""
    for name in ("src", "geo", "scripts", "docs", "notebooks"):
        kept = shutil.ignore_patterns("built", "__pycache__", "official", "*.egg-info")
        shutil.copytree(ROOT / name, tmp_path / "copy" / name, ignore=kept)
    return tmp_path / "copy"


def sources(base: Path) -> dict[Path, bytes]:
    return {p.relative_to(base): p.read_bytes() for p in base.rglob("*.*") if p.suffix in (".py", ".toml")}


def run(copy: Path, code: str, home: Path) -> str:
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(copy / "src"), str(ROOT / "tests")]),
        "INFOACCESS_HOME": str(home),
        "INFOACCESS_KEY_FILE": str(home / "person.key"),
    }
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, cwd=copy)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_the_documented_walk_touches_four_files_and_ends_everywhere(copy, tmp_path):
    ask = "from infoaccess import own_measures; print('|'.join(own_measures.faults()))"
    lacking = []
    for file, where, added in steps():
        path = copy / "src" / "infoaccess" / file
        text = path.read_text(encoding="utf-8")
        assert text.count(where) == 1, file
        path.write_text(text.replace(where, added), encoding="utf-8")
        lacking.append(run(copy, ask, tmp_path).strip().split("|"))
    assert [len(x) for x in lacking] == [3, 2, 1, 1] and lacking[-1] == [""]
    for n, (file, *_) in enumerate(steps()[1:]):
        assert any(told.startswith(file) for told in lacking[n]), file
        assert not any(told.startswith(file) for told in lacking[n + 1]), file
    ours, theirs = (sources(base / "infoaccess") for base in (ROOT / "src", copy / "src"))
    assert sum(ours.get(p) != body for p, body in theirs.items()) == 4
    told = json.loads(run(copy, WALK, tmp_path / "home").splitlines()[-1])
    assert 0 < told["by_hand"] < told["known"] <= told["lists"]
    assert told["room_3"] == told["room_4"] == [told["by_hand"], told["known"]]
    assert all("Hộ từ 6 khẩu không có radio" in heads for heads in told["report"])
    share = f"{100 * told['by_hand'] / told['known']:.1f}".replace(".", ",")
    assert all(any(share in str(cell) for cell in cells) for cells in told["printed"])
    assert NAME in told["forms"] and told["label"] == "Hộ từ 6 khẩu không có radio" and told["docs"] == [True, True]


def test_own_measures_are_complete_and_the_page_of_measures_is_todays():
    assert own_measures.faults() == []
    page = ROOT / "docs" / "measures.md"
    assert page.read_text(encoding="utf-8") == measures_page.markdown(), "run: python scripts/write_docs.py"
    for table, base, name in measures_page.listed():
        assert linked.declared().entry(table, base, name) is not None, name


def test_a_measure_of_persons_or_of_a_personal_column_is_refused():
    import polars as pl

    from infoaccess import tally

    person = tally.share_of_people("listed", pl.col("poor"), pl.col("members"))
    name = tally.share_of_households("listed", pl.col("head_name") == "x")
    told = own_measures.faults([person, name])
    assert len(told) == 2 and "person" in told[0] and "head_name" in told[1]
