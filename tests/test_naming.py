"""Which commune a row belongs to: code, name, title, and the codes that were given anew."""

import pandas as pd
import pytest

from infoaccess import columns, naming, unit_names, units
from infoaccess.errors import InputError
from infoaccess.lists import Table
from infoaccess.validate import Sheet


def sheet(pairs, month, above="", names=("commune_code", "commune_name")):
    """Return a sheet of denominators with these cells for code and name."""
    kind = columns.kinds()["populations"]
    place = {"households": 0, "people": 1} | {n: i + 2 for i, n in enumerate(names)}
    rows = [(i + 2, [10, 40, *pair]) for i, pair in enumerate(pairs)]
    return Sheet(kind, [Table("a.xlsx", "Mẫu số", kind, place, {}, rows, above=above)], month)


def filled(pairs, month, **more):
    made = sheet(pairs, month, **more)
    naming.fill(made, month)
    return made.frame["commune_code"].tolist(), [(p["_index"], p["rule"]) for p in made.problems]


def test_a_name_alone_gives_the_code_where_it_is_unique():
    codes, told = filled([("", "Xã A Lưới 2"), ("", "P. Phú Xuân"), ("", "phú  XUÂN")], "2025-12")
    assert codes == ["20044", "19753", "19753"] and told == []


def test_a_name_that_two_communes_bear_is_refused_and_an_unknown_one_too():
    codes, told = filled([("", "Hương Phong"), ("", "Xã Không Có")], "2024-06")
    assert pd.isna(codes).all()
    assert told == [(0, "name_ambiguous"), (1, "name_only_unknown")]


def test_without_accents_is_another_name():
    codes, told = filled([("", "Hương Vân"), ("", "Huong Van")], "2024-06")
    assert codes[0] == units.of("A_commune").set_index("name").loc["Phường Hương Vân", "code"]
    assert told == [(1, "name_only_unknown")]


def test_neither_code_nor_name_is_refused_unless_the_title_names_one_commune():
    assert filled([()], "2025-12", names=())[1] == [(0, "required")]
    title = "uỷ ban nhân dân xã a lưới 2 mẫu số"
    assert filled([()], "2025-12", names=(), above=title) == (["20044"], [])
    two = "xã a lưới 2 và xã a lưới 5"
    assert filled([()], "2025-12", names=(), above=two)[1] == [(0, "required")]


def reused():
    """Return the codes of today that another commune bore before 2025-07, with that commune's name."""
    old = units.of("A_commune").set_index("code")["name"]
    now = units.of("C_commune").set_index("code")["name"]
    return [
        (c, old[c], now[c]) for c in now.index if c in old.index and unit_names.bare(old[c]) != unit_names.bare(now[c])
    ]


def test_there_are_codes_of_today_that_bore_another_name():
    assert len(reused()) == 31


@pytest.mark.parametrize("code, old, now", reused())
def test_each_reused_code_with_its_old_name_is_right_only_where_the_land_is_the_same(code, old, now):
    """The commune that bore the code went into the unit that bears it, or the row is refused: never a third way."""
    inside = units.leaves("A_commune")[code] <= units.leaves("C_commune")[code]
    codes, told = filled([(code, old), (code, now)], "2025-12")
    assert codes == [code, code]
    assert told == ([] if inside else [(0, "name_code")])


def test_a_code_with_the_name_of_other_land_is_refused():
    assert filled([("20044", "Phường Phú Xuân"), ("20044", "Xã Lạ Hoắc")], "2025-12")[1] == [
        (0, "name_code"),
        (1, "name_unknown"),
    ]


def test_a_code_of_another_era_is_refused():
    only_old = sorted(set(units.of("A_commune")["code"]) - set(units.of("C_commune")["code"]))[0]
    assert filled([(only_old, "")], "2025-12")[1] == [(0, "unknown_unit")]


def test_the_district_beside_tells_two_communes_of_one_name_apart():
    twice = units.of("A_commune").query("name == 'Xã Hương Phong' or name == 'Phường Hương Phong'")
    pairs = [("", "Hương Phong", "Huyện A Lưới"), ("", "Hương Phong", "TP. Huế"), ("", "Hương Phong", "Huyện Phú Lộc")]
    codes, told = filled(pairs, "2024-06", names=("commune_code", "commune_name", "district_name"))
    home = twice.set_index("code")["parent_code"]
    assert len(home) == 2 and [home[c] for c in codes[:2]] == ["481", "474"]
    assert (2, "name_ambiguous") in told


def decisions(home, *rows):
    (home / "geo").mkdir(exist_ok=True)
    lines = ["name,district,code,valid_from,decided_on,decided_by", *rows]
    (home / "geo" / "aliases.csv").write_text("\n".join(lines), encoding="utf-8")


def test_a_reviewed_decision_places_a_name_in_its_months_only(tmp_path, monkeypatch):
    monkeypatch.setenv("INFOACCESS_HOME", str(tmp_path))
    decisions(tmp_path, "A Lưới Hai,,20044,2025-07-01,2025-08-01,Phòng Thống kê")
    assert filled([("", "A Lưới Hai")], "2025-12") == (["20044"], [])
    assert filled([("", "A Lưới Hai")], "2025-03")[1] == [(0, "name_only_unknown")]


@pytest.mark.parametrize(
    "row, says",
    [
        ("A,,99999,2025-07-01,2025-08-01,B", "dòng 2: không có xã mã '99999'"),
        ("A,,20044,2025-07-02,2025-08-01,B", "áp dụng từ '2025-07-02'"),
        ("A,,20044,2025-07-01,,B", "thiếu tên, ngày hoặc người quyết định"),
        ("A,,20044,2025-07-01,x,B\nA,,20050,2025-07-01,x,B", "dòng 3: trái với quyết định"),
    ],
)
def test_a_wrong_decision_is_refused_with_its_row(tmp_path, monkeypatch, row, says):
    monkeypatch.setenv("INFOACCESS_HOME", str(tmp_path))
    decisions(tmp_path, row)
    with pytest.raises(InputError, match=says):
        filled([("", "A Lưới 9")], "2025-12")
