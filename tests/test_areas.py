"""Units in time against the raw lineage file, own area sets and their refusals, the traps of reused codes and names."""

import csv
import itertools
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infoaccess import area_sets, areas, naming, units
from infoaccess.canonical import canonical, strip_accents
from infoaccess.errors import InputError, UsageError

ROOT = Path(__file__).resolve().parents[1]
LINEAGE = list(csv.DictReader((ROOT / "geo" / "lineage.csv").open(encoding="utf-8")))
COLUMN = {s: f"{s[0]}_code" if s.endswith("commune") else f"{s[0]}_district_code" for s in units.AREA_SETS[1:]}
PAIRS = list(itertools.product(units.AREA_SETS, repeat=2))
HEADING = ",".join(area_sets.COLUMNS)


def unit_of(row: dict, area_set: str) -> str:
    return "46" if area_set == "city" else row[COLUMN[area_set]]


def weight(row: dict) -> int:
    """Give each former commune a count of its own, so that two sums of different communes differ."""
    return 1000 + int(row["A_code"]) % 997


def totals(area_set: str) -> dict[str, int]:
    sums: dict[str, int] = {}
    for row in LINEAGE:
        sums[unit_of(row, area_set)] = sums.get(unit_of(row, area_set), 0) + weight(row)
    return sums


@pytest.mark.parametrize(
    "day, count", [("2024-12-31", 151), ("2025-01-01", 143), ("2025-06-30", 143), ("2025-07-01", 41)]
)
def test_units_change_on_the_day(day, count):
    found = areas.on(day)
    assert len(found) == count == found["code"].nunique()


@pytest.mark.parametrize("day", ["2021-06-30", "2025-02-30", "2025-07", "01/07/2025"])
def test_no_units_on_what_is_no_day(day):
    with pytest.raises(UsageError):
        areas.on(day)


def test_heirs_and_ancestors_of_every_unit_against_the_lineage_file():
    seen = 0
    for unit in units.table().to_dict("records"):
        own = [r for r in LINEAGE if unit_of(r, unit["area_set"]) == unit["code"]]
        level = unit["area_set"].split("_")[-1]
        for function, later in ((areas.heirs, True), (areas.ancestors, False)):
            expected = set()
            for era, day in units.ERAS.items():
                if day == unit["valid_from"] or (day > unit["valid_from"]) != later:
                    continue
                area_set = "city" if level == "city" else f"{era}_{level}"
                area_set = area_set if area_set in units.AREA_SETS else "C_commune"
                for code in {unit_of(r, area_set) for r in own}:
                    shared = sum(unit_of(r, area_set) == code for r in own)
                    whole = sum(unit_of(r, area_set) == code for r in LINEAGE)
                    expected.add((area_set, code, day, shared, shared / len(own), shared / whole))
            found = function(unit["code"], unit["valid_from"])
            columns = ["area_set", "code", "valid_from", "leaves", "unit_share", "other_share"]
            assert set(found[columns].itertuples(index=False, name=None)) == expected
            assert all(abs(s - 1) < 1e-9 for s in found.groupby("era")["unit_share"].sum())
            seen += len(expected)
    assert seen > 900


def test_the_same_code_of_another_day_has_other_heirs():
    assert areas.ancestors("19753", "2025-07-01", "commune").query("era == 'A'")["leaves"].sum() == 6
    assert areas.heirs("19753", "2021-07-01").query("era == 'B'")["name"].tolist() == ["Phường Thuận Lộc"]
    with pytest.raises(UsageError, match="19753"):
        areas.heirs("19753", "2024-07-01")


def test_inferred_mergers_are_marked_and_nothing_else():
    raw = {r["A_code"] for r in LINEAGE if r["A_B_basis"] == "inferred"}
    marked = {c for c in units.leaves("A_commune") if areas.heirs(c, "2021-07-01")["inferred"].any()}
    assert marked == raw and len(raw) == 8
    assert not areas.heirs("476", "2021-07-01", "district")["inferred"].any()
    state = areas.state("A_commune", "C_commune").set_index("code")["inferred"]
    assert set(state.index[state]) == {r["C_code"] for r in LINEAGE if r["A_code"] in raw}
    for source, target in (("B_commune", "C_commune"), ("A_commune", "A_district"), ("A_commune", "A_commune")):
        assert not areas.state(source, target)["inferred"].any()


@pytest.mark.parametrize("source, target", PAIRS)
def test_state_against_the_lineage_file(source, target):
    pairs = {(unit_of(r, source), unit_of(r, target)) for r in LINEAGE}
    state = areas.state(source, target).set_index("code")
    assert set(state.index) == {t for _, t in pairs}
    for code, row in state.iterrows():
        touching = {s for s, t in pairs if t == code}
        beyond = {s for s in touching if {t for u, t in pairs if u == s} != {code}}
        assert row["beyond"].split() == sorted(beyond) and row["parts"].split() == sorted(touching - beyond)
        assert row["state"] == ("unavailable" if beyond else "exact" if len(touching) == 1 else "summed")
        assert code in row["sentence_vi"] and code in row["sentence_en"] and "{" not in row["sentence_vi"]
    exact = set(state.index[state["state"] != "unavailable"])
    assert exact == units.exact(source, target) == areas.exact(source, target)
    old, new = (m.crosswalk(source, target).sort_values("code", ignore_index=True) for m in (units, areas))
    pd.testing.assert_frame_equal(old, new)


@pytest.mark.parametrize("source, target", [("C_commune", "A_district"), ("C_commune", "B_district"),
                                            ("B_district", "A_district"), ("A_district", "B_district")])  # fmt: skip
def test_unions_are_the_smallest_of_all_subsets(source, target):
    pairs = {(unit_of(r, source), unit_of(r, target)) for r in LINEAGE}
    targets = sorted({t for _, t in pairs})
    over = {s: {t for u, t in pairs if u == s} for s, _ in pairs}
    sums = [set(c) for n in range(1, 10) for c in itertools.combinations(targets, n)]
    exact = [c for c in sums if all(o <= c or not o & c for o in over.values())]
    for code, union in areas.state(source, target).set_index("code")["union"].items():
        assert set(union.split()) == next(c for c in exact if code in c)


def test_common_territories_have_equal_leaves():
    for first, second in PAIRS:
        parts = areas.common(first, second)
        for left, right in parts:
            a = {r["A_code"] for r in LINEAGE if unit_of(r, first) in left}
            assert a == {r["A_code"] for r in LINEAGE if unit_of(r, second) in right}
        assert sum(len(left) for left, _ in parts) == len(units.leaves(first))


# ---- reused codes and names: domain facts, each with the join that goes wrong in silence


def by_code(target: str, code: str, source: str) -> int:
    return totals(source).get(code, 0)


def by_name(key):
    def joined(target: str, code: str, source: str) -> int:
        wanted = key(units.of(target).set_index("code")["name"][code])
        named = units.of(source).set_index("code")["name"]
        return sum(totals(source)[c] for c, name in named.items() if key(name) == wanted)

    return joined


full = by_name(canonical)
bare = by_name(naming.bare)
plain = by_name(lambda name: strip_accents(canonical(name)))
TRAPS = [
    ("thuan_loc_is_phu_xuan", "A_commune", "C_commune", "19753", by_code),
    ("474_is_two_bodies", "B_district", "A_district", "474", by_code),
    ("an_cuu_moved_by_name", "B_commune", "C_commune", "19815", full),
    ("an_cuu_moved_by_code", "B_commune", "C_commune", "19815", by_code),
    ("huong_phong_twice", "A_commune", "B_commune", "20002", bare),
    ("huong_xuan_twice", "A_commune", "B_commune", "20179", bare),
    ("thanh_pho_hue_is_two_bodies", "A_district", "city", "46", full),
    ("huong_van_without_accents", "A_commune", "B_commune", "20008", plain),
    ("thuan_hoa_without_accents", "A_commune", "C_commune", "19789", plain),
    ("huong_an_by_name", "A_commune", "C_commune", "19804", full),
    ("phu_ho_by_name", "A_commune", "C_commune", "19918", full),
    ("phu_ho_by_code", "A_commune", "C_commune", "19918", by_code),
    ("phu_vinh_by_name", "A_commune", "C_commune", "19945", full),
    ("phu_xuan_ward_and_commune", "A_commune", "C_commune", "19753", bare),
    ("phu_loc_keeps_code_and_name", "A_district", "B_district", "482", by_code),
    ("thuan_an_keeps_code_and_name", "A_commune", "C_commune", "19900", full),
]


@pytest.mark.parametrize("source, target, code, naive", [t[1:] for t in TRAPS], ids=[t[0] for t in TRAPS])
def test_a_join_by_code_or_name_alone_is_wrong_and_silent(source, target, code, naive):
    state = areas.state(source, target).set_index("code").loc[code]
    found = sum(totals(source)[part] for part in state["parts"].split())
    truth = sum(weight(r) for r in LINEAGE if unit_of(r, target) == code)
    assert state["state"] in ("exact", "summed") and found == truth
    wrong = naive(target, code, source)
    assert wrong > 0 and wrong != truth  # a number comes out, and nothing says that it is the wrong one


def test_all_codes_of_today_are_old_ones_and_most_bear_another_name():
    new, old = (units.of(s).set_index("code")["name"] for s in ("C_commune", "B_commune"))
    was = old.reindex(new.index)
    assert was.notna().all() and (was != new).sum() >= 31
    assert all(units.leaves("C_commune")[c] != units.leaves("A_commune").get(c) for c in new.index)


# ---- own area sets


def rows_of(start="2025-07-01", area_set="cum", cluster=lambda n: f"CUM{n % 3 + 1}"):
    codes = units.of(f"{units.era_of(start[:7])}_commune")["code"]
    return [[area_set, cluster(n), f"Cụm {cluster(n)}", code, start] for n, code in enumerate(codes)]


def written(folder: Path, rows, name="cum.csv", sign=",", heading=HEADING, encoding="utf-8") -> Path:
    lines = [heading.replace(",", sign), *(sign.join(r) for r in rows)]
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


@pytest.mark.parametrize("sign, encoding", [(",", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-8")])
def test_own_sets_take_part_like_any_other(tmp_path, monkeypatch, sign, encoding):
    monkeypatch.setenv("INFOACCESS_HOME", str(tmp_path))
    (tmp_path / "geo" / "area_sets").mkdir(parents=True)
    written(tmp_path / "geo" / "area_sets", rows_of(), sign=sign, encoding=encoding)
    assert areas.known() == (*units.AREA_SETS, "cum")
    assert areas.valid_from("cum") == "2025-07-01" and areas.names("cum")["CUM2"] == "Cụm CUM2"
    expected = {}
    communes = list(units.of("C_commune")["code"])
    for row in LINEAGE:
        expected.setdefault(f"CUM{communes.index(row['C_code']) % 3 + 1}", set()).add(row["A_code"])
    assert areas.leaves("cum") == expected
    assert set(areas.state("C_commune", "cum")["state"]) == {"summed"}
    assert set(areas.state("cum", "C_commune")["state"]) == {"unavailable"}
    with pytest.raises(UsageError, match="cum"):
        areas.leaves("khac")


def test_a_changed_file_is_read_anew(tmp_path):
    written(tmp_path, rows_of())
    assert set(area_sets.read(tmp_path)["cum"].names) == {"CUM1", "CUM2", "CUM3"}
    written(tmp_path, rows_of(cluster=lambda n: f"VUNG{n % 2}"))
    assert set(area_sets.read(tmp_path)["cum"].names) == {"VUNG0", "VUNG1"}
    assert area_sets.read(tmp_path / "none") == {}


@settings(deadline=None)
@given(st.data())
def test_any_clustering_of_any_era_is_a_partition(tmp_path_factory, tried, data):
    tried["clusterings"] += 1
    start = data.draw(st.sampled_from(list(units.ERAS.values())))
    size = len(units.of(f"{units.era_of(start[:7])}_commune"))
    pick = data.draw(st.lists(st.integers(1, 6), min_size=size, max_size=size))
    path = written(tmp_path_factory.mktemp("sets"), rows_of(start, cluster=lambda n: f"C{pick[n]}"))
    found = area_sets.of_file(path)["cum"]
    assert sum(len(m) for m in found.leaves.values()) == len(frozenset().union(*found.leaves.values())) == 141
    assert {c: len(m) for c, m in found.members.items()} == {f"C{k}": pick.count(k) for k in set(pick)}


def changed(row, column, value):
    def edit(rows):
        rows[row][area_sets.COLUMNS.index(column)] = value
        return rows

    return edit


FAULTS = {
    "incomplete": (lambda rows: rows[:-2], None, "thiếu 2 xã, phường"),
    "overlap": (
        lambda rows: [*rows, ["cum", "CUM3", "Cụm CUM3", rows[0][3], rows[0][4]]],
        42,
        "đã thuộc cụm CUM1 ở dòng 2",
    ),
    "twice_in_one": (lambda rows: [*rows, rows[4]], 42, "đã thuộc cụm CUM2 ở dòng 6"),
    "old_code": (changed(3, "member_code", "19750"), 5, "không có xã, phường mã 19750 có hiệu lực từ 2025-07-01"),
    "two_eras": (changed(3, "member_valid_from", "2021-07-01"), 5, "một thời kỳ"),
    "two_names": (changed(3, "name", "Cụm khác"), 5, "mã CUM1 có hai tên"),
    "letter_case": (changed(3, "code", "cum1"), 5, "chỉ khác chữ hoa"),
    "unit_code": (changed(3, "code", "474"), 5, "'474' không dùng được"),
    "path_code": (changed(3, "code", "../x"), 5, "không dùng được"),
    "known_set": (changed(3, "area_set", "C_commune"), 5, "tên hệ đơn vị 'C_commune'"),
    "empty_cell": (changed(3, "name", " "), 5, "ô trống ở cột name"),
    "no_rows": (lambda rows: [], None, "không có dòng dữ liệu"),
    "no_era": (lambda rows: [[*r[:4], "2025-07-02"] for r in rows], 2, "2021-07-01, 2025-01-01, 2025-07-01"),
}


@pytest.mark.parametrize("edit, row, words", FAULTS.values(), ids=FAULTS)
def test_a_faulty_set_is_refused_with_file_row_and_remedy(tmp_path, edit, row, words):
    with pytest.raises(InputError) as caught:
        area_sets.of_file(written(tmp_path, edit(rows_of())))
    first = str(caught.value).splitlines()[0]
    assert first.startswith("Tệp cum.csv, dòng " + f"{row}:" if row else "Tệp cum.csv: ") and words in first
    assert "hãy" in first.lower()


def test_all_faults_come_at_once_and_the_longest_lists_are_cut(tmp_path):
    with pytest.raises(InputError) as caught:
        area_sets.of_file(written(tmp_path, [[*r[:3], "1", r[4]] for r in rows_of()]))
    lines = str(caught.value).splitlines()
    assert len(lines) == area_sets.SHOWN + 1 and lines[-1] == "Còn 31 lỗi khác."


@pytest.mark.parametrize("heading, words", [("a,b", "thiếu cột"), (HEADING + ",code", "hai lần"), ("", "thiếu cột")])
def test_a_wrong_heading_is_refused(tmp_path, heading, words):
    with pytest.raises(InputError, match=words):
        area_sets.of_file(written(tmp_path, rows_of(), heading=heading))


def test_other_encodings_and_a_set_in_two_files_are_refused(tmp_path):
    (tmp_path / "x.csv").write_bytes((HEADING + "\n" + ",".join(rows_of()[0])).encode("utf-16"))
    with pytest.raises(InputError, match="UTF-8"):
        area_sets.read(tmp_path)
    written(tmp_path, rows_of(), "x.csv")
    written(tmp_path, rows_of(), "y.csv")
    with pytest.raises(InputError, match="y.csv.*x.csv"):
        area_sets.read(tmp_path)
