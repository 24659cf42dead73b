"""The hostile collection, part 3: households that repeat or contradict each other, codes and names of communes."""

from collections.abc import Iterator

import workbooks as wb
from invented import OLD_MONTH, WEAK, Row, Variant, communes, every, home, homes, keys, one, sheet


def households() -> Iterator[Variant]:
    """Repeat households, contradict them."""
    rows = homes(6)
    yield one("exact_duplicate", [*rows, rows[2]], fold=(6,))
    yield one("duplicate_but_for_its_number", [*rows, rows[2].but(serial=7)], fold=(6,))
    yield one(
        "duplicate_but_for_spaces", [*rows, rows[2].wrote(head_name=f" {rows[2].values['head_name']}  ")], fold=(6,)
    )
    mostly = [rows[n % 2].but(serial=n + 1) for n in range(200)]
    yield one("99_percent_duplicates", mostly, fold=range(2, 200))
    page, _ = sheet(rows)
    expect = {"accepted": keys(rows), "folded": 6, "dressing": 0}
    yield Variant("same_file_twice", {"a.xlsx": wb.xlsx(page), "b.xlsx": wb.xlsx(page)}, **expect)
    yield Variant("same_list_in_two_formats", {"a.xlsx": wb.xlsx(page), "b.csv": wb.csv(page)}, **expect)
    other = home(20).but(household_no="1", village="Thôn 1")
    yield one("same_key_other_name", [*rows, other], refused={6: "key_conflict"})
    yield one("same_key_other_members", [*rows, rows[0].but(members=5)], refused={6: "key_conflict"})
    mixed = [rows[0], other, rows[0], *rows[1:]]
    yield one("same_key_three_times", mixed, refused={1: "key_conflict"}, fold=(2,))
    files = {"a.xlsx": wb.xlsx(page), "b.xlsx": wb.xlsx(sheet([other])[0])}
    yield Variant("same_key_in_two_files", files, keys(rows), refused=(("b.xlsx", 2, "key_conflict"),), dressing=0)
    number = rows[0].values["head_identity"]
    yield one(
        "same_identity_twice",
        [*rows, home(8).but(head_identity=number, head_birth_year=1950)],
        warnings={"same_identity"},
    )
    twin = home(7).but(head_name=rows[0].values["head_name"], head_birth_year=1950, head_identity="")
    twin = twin.but(head_male="x", head_female="")
    yield one("same_name_and_birth_year", [*rows, twin], warnings={"same_person"})
    namesake = twin.but(head_birth_year=1961)
    yield one("same_name_other_birth_year", [*rows, namesake])
    moved = rows[0].but(commune_code="20050", commune_name="Xã A Lưới 5")
    yield one("one_household_in_two_communes", [*rows, moved], warnings={"two_communes"})
    away = home(9).but(commune_code="20050", commune_name="Xã A Lưới 5", village="Thôn 1", household_no="1")
    yield one("same_number_in_another_commune_is_another", [*rows, away])
    a, b = rows[:2]
    yield one("members_25", [a.but(members=25), b], warnings={"members_many"})
    yield one("members_20", [a.but(members=20), b])
    young = {"head_birth_year": 2013, "head_identity": "046213000001"}
    yield one("head_aged_12", [a.but(**young), b], warnings={"head_young"})
    yield one("poor_with_2_deprivations", [a.but(deprived_1=""), b], warnings={"class"})
    yield one("near_poor_with_3_deprivations", [a, b.but(deprived_1="x", deprived_2="x")], warnings={"class"})
    yield one("no_class", [a, b.but(near_poor="")], refused={1: "no_class"})
    yield one(
        "two_classes", [a, b.but(poor="x", deprived_1="x", deprived_2="x")], refused={1: "two_classes"}, warnings=None
    )
    yield one("poor_and_policy", [a.but(policy="x"), b])
    yield one("more_adults_than_members", [a.but(adults=3), b], refused={0: "adults"})
    yield one("more_users_than_adults", [a, b.but(adults_with_smartphone=3)], refused={1: "adults"})
    yield one("phone_but_deprived_of_devices", [a.but(has_smartphone="x", wants_smartphone=""), b], warnings={"device"})
    yield one("phone_but_asks_for_one", [a, b.but(wants_smartphone="x")], warnings={"need"})
    yield one("row_without_name", [a, b.wrote(head_name=""), home(2)], refused={1: "required"})
    yield one("row_without_number", [a, b.wrote(household_no=""), home(2)], refused={1: "required"})
    yield one("row_without_any_key", [a, b.wrote(household_no="", head_name=""), home(2)], refused={1: "required"})
    yield one("last_row_without_any_key", [a, b.wrote(household_no="", head_name="")], refused={1: "required"})
    yield one("name_that_reads_like_a_total", [a, b.but(head_name="Tổng Thị Cộng")])
    yield one("remark_that_speaks_of_a_total", [a.but(remark="Tổng cộng 3 khẩu"), b.but(remark="Cộng tác viên")])
    yield one("village_named_cong", [a.but(village="Cồng"), b.but(village="Cộng Hòa")])
    yield one("one_household", [a])
    yield one("300_households", homes(300))
    files = {"a.xlsx": wb.xlsx(sheet([])[0]), "b.xlsx": wb.xlsx(page)}
    yield Variant("a_list_without_rows", files, keys(rows), dressing=0)


def codes() -> Iterator[Variant]:
    """Write codes and names of communes that fit or contradict each other, of this era or an older one."""
    now, old = communes("C"), communes("A")
    a, b = home(0), home(1)

    def at(row: Row, code: str, name: str) -> Row:
        return row.but(commune_code=code, commune_name=name)

    reused = [c for c in now if c in old and _bare(old[c]) != _bare(now[c])]
    # the old commune of each reused code lies within the new one: the code is right whichever name is beside it
    rows = [at(home(n), code, old[code]) for n, code in enumerate(reused)]
    yield one("every_reused_code_with_its_old_name", rows, warnings=None)
    elsewhere = [at(home(n), code, old[other]) for n, (code, other) in enumerate(zip(reused, reused[1:], strict=False))]
    yield one("reused_codes_with_old_names_from_elsewhere", [a, *elsewhere], refused=every(elsewhere, "name_code", 1))
    for code, name in (("19918", "Phường Phú Xuân"), ("19918", "Phú Xuân"), ("20017", "Xã Hương Xuân")):
        label = f"name_of_another_territory_beside_{code}_{len(name)}"
        yield one(label, [a, at(b, code, now[code]).wrote(commune_name=name)], refused={1: "name_code"})
    rows = [at(home(n), code, name) for n, (code, name) in enumerate(now.items())]
    yield one("all_40_communes", rows)
    codes_only = {"values": {"commune_code": list(now)}}
    yield one("all_40_communes_by_name_only", [r.wrote(commune_code="") for r in rows], **codes_only)
    bare = [r.wrote(commune_name=_bare(r.values["commune_name"]), commune_code="") for r in rows]
    yield one("all_40_communes_by_bare_name", bare, **codes_only)
    yield one("name_of_another_commune", [a, b.wrote(commune_name="Xã A Lưới 5")], refused={1: "name_code"})
    yield one("name_nobody_knows", [a, b.wrote(commune_name="Xã Lạ Hoắc")], warnings={"name_unknown"})
    stranger = [a, b.wrote(commune_name="Xã Lạ Hoắc", commune_code="")]
    yield one("name_nobody_knows_and_no_code", stranger, refused={1: "name_only_unknown|required"}, warnings=None)
    neither = [a, b.wrote(commune_name="", commune_code="")]
    yield one("neither_code_nor_name", neither, refused={1: "required|name_only_unknown"})
    written = ("A Lưới 2", "xã A LƯỚI 2", "XÃ  A Lưới 2", "X. A Lưới 2", "")
    yield one("good_names_of_all_sorts", [home(n).wrote(commune_name=name) for n, name in enumerate(written)])
    yield one("code_as_float", [r.wrote(commune_code=20044.0) for r in (a, b)])
    yield one("code_as_text_of_a_float", [r.wrote(commune_code="20044.0", commune_name="") for r in (a, b)])
    yield one("code_with_spaces", [r.wrote(commune_code=" 20044\xa0") for r in (a, b)])
    odd = ("2044", "A Lưới 2", "46", 20044.5, "20044 và 20050", "2OO44")
    rows = [home(n).wrote(commune_code=cell) for n, cell in enumerate(odd)]
    yield one("codes_unreadable_beside_a_good_name", rows, warnings=WEAK)
    alone = [home(n).wrote(commune_code=cell, commune_name="") for n, cell in enumerate(odd, 1)]
    yield one("codes_unreadable_and_no_name", [a, *alone], refused=every(alone, "value|required", 1), warnings=None)
    gone = [c for c in old if c not in now][:20]
    rows = [home(n).wrote(commune_code=cell) for n, cell in enumerate(("99999", "00000", *gone), 1)]
    yield one("codes_gone_or_never_given", [a, *rows], refused=every(rows, "unknown_unit", 1), warnings=None)
    rows = [at(home(n), code, old[code]) for n, code in enumerate(gone, 1)]
    refused = every(rows, "unknown_unit|name_code", 1)
    yield one("codes_gone_with_their_old_names", [a, *rows], refused=refused, warnings=None)
    earlier = [at(home(n), code, name) for n, (code, name) in enumerate(old.items())]
    yield one("all_communes_of_era_A_in_2024", earlier, month=OLD_MONTH)
    then = at(home(99), "20044", old["20044"])
    new = [at(home(n), code, now[code]) for n, code in enumerate(reused)]
    yield one("codes_and_names_of_era_C_in_2024", [then, *new], month=OLD_MONTH, refused=every(new, "name_code", 1))
    between = communes("B")
    rows = [at(home(n), code, name) for n, (code, name) in enumerate(between.items())]
    yield one("all_communes_of_era_B_in_early_2025", rows, month="2025-03")
    ended = [c for c in old if c not in between]
    rows = [at(home(n), code, old[code]) for n, code in enumerate(ended)]
    kept = at(home(99), "20044", between["20044"])
    refused = every(rows, "unknown_unit|name_code", 1)
    yield one("codes_of_era_A_ended_in_2025", [kept, *rows], month="2025-03", refused=refused, warnings=None)
    twice = sorted(n for n in set(old.values()) if list(old.values()).count(n) > 1)[0]
    lone = a.but(commune_name=twice).wrote(commune_code="")
    yield one("name_of_two_communes_of_era_A", [then, lone], month=OLD_MONTH, refused={1: "name_ambiguous"})
    kinds = [at(a, "20179", "Xã Hương Xuân"), at(b, "20017", "Phường Hương Xuân")]
    yield one("names_told_apart_by_their_kind", [r.wrote(commune_code="") for r in kinds], month=OLD_MONTH)
    either = at(a, "20179", "Hương Xuân").wrote(commune_code="")
    yield one("bare_name_of_two_communes", [then, either], month=OLD_MONTH, refused={1: "name_ambiguous"})
    van = {n: c for c, n in old.items() if _bare(n) in ("Hương Vân", "Hương Văn")}
    rows = [at(home(n), code, name).wrote(commune_code="") for n, (name, code) in enumerate(van.items())]
    yield one("huong_van_is_not_huong_van_with_a_breve", rows, month=OLD_MONTH)
    hoa = [at(r, "19789", "Phường Thuận Hóa") for r in (a, b)]
    tone = [hoa[0].wrote(commune_name="Phường Thuận Hoá"), hoa[1].wrote(commune_name="Phường Thuận Hòa")]
    yield one("thuan_hoa_is_not_thuan_hoa_with_a_grave", tone, refused={1: "name_code"})


def _bare(name: str) -> str:
    return name.removeprefix("Phường ").removeprefix("Xã ").removeprefix("Thị trấn ")
