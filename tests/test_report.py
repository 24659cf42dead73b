"""The report's tables and sentences on counts written out by hand: what they say, and what they do not say."""

from dataclasses import replace

import pytest

from infoaccess import (
    figures,
    programme,
    released,
    report,
    report_comparison,
    report_poverty,
    report_programme,
    report_tables,
    rooms,
    units,
    words,
)
from infoaccess.released import Cell, Release
from infoaccess.report import Report

HIDDEN = Cell(None, 40, "suppressed_primary", "published", 1, 1)


def cell(numerator: int, denominator: int, received: int = 1) -> Cell:
    return Cell(numerator, denominator, "published", "published", received, 1)


def made(cells: dict, month: str = "2025-12", first: str = "2024-12", area: str = "46", lang: str = "vi") -> Report:
    """Return a report over cells {(month, code, group, base, measure): Cell}."""
    here = units.on(month).set_index("code", drop=False)
    release = Release(
        month=month,
        months=rooms.months_between(first, month),
        cells=cells,
        quality={"communes_without_list": []},
        targets=[],
        standard="ND07-2021",
        threshold=5,
        synthetic=True,
    )
    children = [u for u in here.to_dict("records") if u["area_set"].endswith("commune")][:8]
    return Report(release, here.loc[area].to_dict(), children, "C_commune", "preliminary", words.load(lang))


def at(month: str, measure: str, value: Cell, *, code: str = "46", group: str = "all", base: str = "household") -> dict:
    return {(month, code, group, base, measure): value}


def rows(exhibit) -> dict[str, list[str]]:
    return {row["cells"][0]: row["cells"][1:] for row in exhibit.data["rows"]}


def test_months_stand_beside_each_other_with_changes_in_points_and_counts():
    cells = at("2025-12", "deprived_any", cell(30, 100)) | at("2025-11", "deprived_any", cell(20, 80))
    cells |= at("2025-12", "listed", cell(100, 9000)) | at("2025-11", "listed", cell(80, 9000))
    shown = rows(report_comparison.months_table(made(cells)))
    one, other = shown["Hộ thiếu hụt thông tin (ít nhất một chỉ số)"], shown["Hộ trong danh sách"]
    assert [t.replace("\xa0", " ") for t in one] == ["30,0 %", "25,0 %", "+5,0"]
    assert other == ["100", "80", "+20"]
    # Months without a figure get no empty columns, and are named.
    notes = report_comparison.months_table(made(cells)).data["notes"]
    assert notes[-1] == "Không có số liệu để so với: 12/2024, 12/2023."


def test_a_hidden_month_gives_no_change():
    cells = at("2025-12", "deprived_any", cell(30, 100)) | at("2025-11", "deprived_any", HIDDEN)
    shown = rows(report_comparison.months_table(made(cells)))["Hộ thiếu hụt thông tin (ít nhất một chỉ số)"]
    assert shown[1:3] == ["(*)", "(*)"]
    gone = at("2025-12", "deprived_any", cell(30, 100)) | at("2025-11", "listed", cell(3, 9))
    shown = rows(report_comparison.months_table(made(gone)))["Hộ thiếu hụt thông tin (ít nhất một chỉ số)"]
    assert shown[1:3] == ["…", "…"]


def test_months_of_which_one_lacks_a_list_are_not_compared():
    cells = at("2025-12", "deprived_any", cell(30, 100)) | at("2025-11", "deprived_any", cell(20, 80, received=0))
    table = report_comparison.months_table(made(cells))
    shown = rows(table)["Hộ thiếu hụt thông tin (ít nhất một chỉ số)"]
    assert shown[1:3] == ["25,0\xa0%¹", "không so¹"] and any(
        "một trong hai tháng" in note for note in table.data["notes"]
    )
    number = next(n for n in figures.headline(made(cells).release, "46", words.load("vi")) if n["value"] == 0.3)
    assert number["changes"] == [] and number["months"][-2:] == [None, 0.3]


@pytest.mark.parametrize(("then", "marked"), [("2023-12", True), ("2024-12", False)])
def test_only_smartphones_compared_across_the_switch_off_are_marked(then, marked):
    cells = {}
    for measure in ("household_smartphone", "deprived_any"):
        cells |= at("2025-12", measure, cell(30, 100)) | at(then, measure, cell(20, 80))
    table = report_comparison.months_table(made(cells, first="2023-12"))
    shown = rows(table)
    assert any("²" in t for t in shown["Hộ có điện thoại thông minh"]) is marked
    assert not any("²" in t for t in shown["Hộ thiếu hụt thông tin (ít nhất một chỉ số)"])
    assert any(note.startswith("²") for note in table.data["notes"]) is marked


def test_phones_of_the_year_are_what_came_since_december_and_few_are_not_printed():
    shown = {"telecom_fund": (120, 100), "local_budget": (13, 10), "mobilised": (30, None), "donated": (40, 40)}
    assert tuple(shown) == programme.SOURCES
    cells = {}
    for source, (now, then) in shown.items():
        cells |= at("2025-12", f"handed_{source}", cell(now, 500), base="phone")
        if then is not None:
            cells |= at("2024-12", f"handed_{source}", cell(then, 400), base="phone")
    table = report_programme.sources_table(made(cells))
    of_year = [one[2] for one in rows(table).values()]
    assert [c["label"] for c in table.data["columns"]][3] == "Riêng năm 2025 (máy)"
    assert of_year == ["20", "(*)", "…", "0", "…"]
    assert [row["marks"][3] for row in table.data["rows"]] == [None, "suppressed", None, None, None]
    # Phones are known from lists of hand-overs: that a commune sent no list of households changes nothing.
    lacking = cells | at("2025-12", "covered", cell(90, 500, received=0)) | at("2024-12", "covered", cell(50, 500))
    assert rows(report_programme.sources_table(made(lacking)))["Tổng cộng"][:3:2] == ["90", "40"]


def test_the_sources_add_up_to_a_total_where_all_are_published():
    cells = at("2025-12", "covered", cell(200, 400))
    for n, source in enumerate(programme.SOURCES):
        cells |= at("2025-12", f"handed_{source}", cell(45, 200), base="phone")
        cells |= at("2025-12", f"value_{source}", cell(10_000_000 * (n + 1), 10**9), base="vnd")
    assert rows(report_programme.sources_table(made(cells)))["Tổng cộng"] == ["200", "90,0\xa0%", "…", "100,0"]
    cells |= at("2025-12", "value_donated", HIDDEN, base="vnd") | at("2025-12", "handed_donated", HIDDEN, base="phone")
    assert rows(report_programme.sources_table(made(cells)))["Tổng cộng"] == ["200", "", "…", "(*)"]


def test_a_funnel_needs_six_units_and_says_so():
    codes = [u["code"] for u in made({}).children]
    few = {k: v for c in codes[:5] for k, v in at("2025-12", "deprived_any", cell(10, 50), code=c).items()}
    said = report_comparison.funnel(made(few))
    assert said.svg is None and "dưới 6 đơn vị" in said.data["sentences"][0]
    enough = few | at("2025-12", "deprived_any", cell(45, 50), code=codes[5])
    drawn = report_comparison.funnel(made(enough))
    name = made({}).children[5]["name"]
    assert "<svg" in drawn.svg and name in drawn.data["alt"] and any(name in n for n in drawn.data["notes"])


def test_units_without_a_rate_are_told_not_drawn():
    codes = [u["code"] for u in made({}).children]
    cells = {k: v for c in codes[:6] for k, v in at("2025-12", "deprived_any", cell(10, 50), code=c).items()}
    cells |= at("2025-12", "deprived_any", HIDDEN, code=codes[6])
    drawn = report_comparison.funnel(made(cells))
    assert "2 đơn vị không có tỷ lệ" in drawn.data["alt"]


def test_the_index_is_told_from_its_two_counts():
    cells = at("2025-12", "H_complete", cell(20, 100)) | at("2025-12", "M0", cell(80, 1200))
    notes = " ".join(report_poverty.indicators_table(made(cells)).data["notes"]).replace("\xa0", " ")
    # H = 20/100; A = 80 / (12 x 20); M0 = 80 / 1200
    assert "(20,0 %)" in notes and "bình quân 33,3 %" in notes and "= 0,067" in notes
    hidden = at("2025-12", "H_complete", HIDDEN) | at("2025-12", "M0", cell(80, 1200))
    assert "không công bố" in " ".join(report_poverty.indicators_table(made(hidden)).data["notes"])


def test_indicators_read_the_shared_two_where_they_are_counted():
    cells = at("2025-12", "deprived_internet", cell(7, 20), group="poor")
    cells |= at("2025-12", "uncensored_deprived_1", cell(9, 20), group="near_poor")
    shown = rows(report_poverty.indicators_table(made(cells)))
    assert len(shown) == 13
    assert shown["11. Sử dụng dịch vụ viễn thông"][:2] == ["7", "35,0\xa0%"]
    assert shown["1. Việc làm"] == ["…", "…", "9", "45,0\xa0%"]


def test_a_month_that_follows_none_says_why():
    for table in (report_poverty.changes_table(made({})), report_poverty.movements_table(made({}))):
        assert any(note.startswith("Không có số liệu") for note in table.data["notes"])
        assert {row["cells"][-1] for row in table.data["rows"]} == {"…"}
    told = report_poverty.changes_table(made(at("2025-12", "now_any", cell(7, 20))))
    assert not any(note.startswith("Không có số liệu") for note in told.data["notes"])


def test_movements_of_a_unit_without_a_list_say_so():
    here = at("2025-12", "listed", cell(90, 90), code="20044")
    before = at("2025-11", "listed", cell(90, 90), code="20044")
    for cells, why in ((here, "chưa có danh sách"), (before, "chưa có danh sách"), (here | before, "không nối được")):
        _, _, flows = report_poverty.section(made(cells, area="20044"))
        assert flows.data["kind"] == "text" and why in flows.data["sentences"][0]


def test_changes_of_a_commune_are_not_told_and_the_report_says_why():
    cells = at("2025-12", "flow_poor_opening", cell(7, 7), code="20044")
    _, changes, flows = report_poverty.section(made(cells, area="20044"))
    assert changes.data["kind"] == "text" and "Không công bố ở cấp xã" in changes.data["sentences"][0]
    assert flows.data["kind"] == "table"


def test_the_outlook_names_a_month_only_where_the_pace_allows():
    months = rooms.months_between("2025-01", "2025-12")
    steady = {}
    for n, month in enumerate(months):
        steady |= at(month, "covered", cell(100 + 10 * n, 400))
    said = report_programme.outlook(made(steady, first="2025-01")).data["sentences"]
    assert "nhiều khả năng là" in said[0] and "chưa đủ hộ" in said[1] and len(said) == 2
    short = {k: v for k, v in steady.items() if k[0] >= "2025-10"}
    assert "cần ít nhất" in report_programme.outlook(made(short, first="2025-10")).data["sentences"][0]
    gap = steady | at("2025-11", "covered", HIDDEN)
    assert "chuỗi tháng bị ngắt" in report_programme.outlook(made(gap, first="2025-01")).data["sentences"][0]
    partial = steady | at("2025-12", "covered", cell(210, 400, received=0))
    partial |= at("2025-12", "listed", Cell(400, 900, "published", "published", 39, 40))
    shown = report_programme.outlook(made(partial, first="2025-01")).data
    assert shown["sentences"][0].endswith("không dự báo, vì 1/40 xã, phường chưa gửi danh sách tháng 12 năm 2025.")
    assert not any("90 %" in note for note in shown["notes"])  # no forecast: nothing to say of its interval
    assert any("90 %" in note for note in report_programme.outlook(made(steady, first="2025-01")).data["notes"])
    hidden = steady | at("2025-12", "covered", HIDDEN)
    said = report_programme.outlook(made(hidden, first="2025-01")).data["sentences"]
    assert said[0].endswith("không dự báo, vì số hộ còn chờ tháng 12 năm 2025 không công bố.")


def test_the_outlook_counts_who_is_without_only_where_it_is_published():
    cells = at("2025-12", "household_smartphone", cell(30, 100)) | at("2025-12", "waited_90", cell(3, 12))
    said = report_programme.outlook(made(cells)).data["sentences"]
    assert "trong 90 ngày có 25,0\xa0% số hộ đã nhận (trên 12 hộ" in said[1]
    assert said[2] == "Trong danh sách còn 70 hộ chưa có điện thoại thông minh."
    both = cells | at("2025-12", "adult_smartphone", cell(5, 9), base="adult")
    assert said[2] != report_programme.outlook(made(both)).data["sentences"][2]
    hidden = at("2025-12", "household_smartphone", HIDDEN)
    assert len(report_programme.outlook(made(hidden)).data["sentences"]) == 2


def test_checks_of_hand_overs_are_for_the_city_alone():
    cells = at("2025-12", "eligibility_clean_donated", cell(30, 68), base="phone")
    (table,) = report_programme.checks_table(made(cells))
    assert rows(table)["Xã hội hóa"][:2] == ["68", "30"]
    assert report_programme.checks_table(made(cells, area="19960")) == ()


def funded(cells: dict, promises: list[dict], budgets: list[dict], **more) -> dict[str, list[str]]:
    """Return the rows of the table of promises and plans."""
    r = made(cells, **more)
    r = replace(r, release=replace(r.release, promises=promises, budgets=budgets))
    (shown,) = report_programme.funding_table(r)
    return rows(shown)


def test_promises_and_plans_stand_beside_what_was_done():
    cells = at("2025-12", "handed_donated", cell(70, 900), base="phone")
    cells |= at("2025-12", "value_donated", cell(140_000_000, 9_000_000_000), base="vnd")
    cells |= at("2024-12", "value_donated", cell(40_000_000, 3_000_000_000), base="vnd")
    promises = [{"month": m, "source": "donated", "phones": 50} for m in ("2024-03", "2025-03")]
    promises.append({"month": "2026-01", "source": "donated", "phones": 999})  # not yet
    budgets = [{"year": y, "source": "donated", "planned_vnd": 90_000_000} for y in (2024, 2025)]
    shown = funded(cells, promises, budgets)
    assert shown["Xã hội hóa"] == ["100", "70", "30", "90,0", "100,0", "0 (vượt 10,0)"]
    assert shown["Ngân sách địa phương"] == ["…"] * 6  # nothing stated is not nothing
    assert shown["Tổng cộng"] == ["…"] * 6


def test_promises_and_hand_overs_of_all_sources_add_up_and_nothing_is_left_below_zero():
    cells, promises = {}, []
    for n, source in enumerate(programme.SOURCES):
        cells |= at("2025-12", f"handed_{source}", cell(40 + 20 * n, 200), base="phone")
        promises.append({"month": "2025-03", "source": source, "phones": 80})
    shown = funded(cells, promises, [])
    assert shown["Xã hội hóa"][:3] == ["80", "100", "0 (vượt 20)"]
    assert shown["Tổng cộng"][:3] == ["320", "280", "60"]  # 40 + 20 + 0 + 0: one source's surplus serves no other


def test_what_is_hidden_stays_hidden_in_differences_with_plans():
    cells = at("2025-12", "handed_donated", HIDDEN, base="phone")
    cells |= at("2025-12", "value_donated", cell(140_000_000, 9_000_000_000), base="vnd")
    cells |= at("2024-12", "value_donated", HIDDEN, base="vnd")
    shown = funded(
        cells,
        [{"month": "2025-01", "source": "donated", "phones": 50}],
        [{"year": 2025, "source": "donated", "planned_vnd": 10_000_000}],
    )
    assert shown["Xã hội hóa"] == ["50", "(*)", "(*)", "10,0", "(*)", "(*)"]


def test_the_first_year_spends_what_was_spent_to_date():
    cells = at("2025-12", "value_donated", cell(5_000_000, 9_000_000), base="vnd")
    shown = funded(cells, [], [{"year": 2025, "source": "donated", "planned_vnd": 8_000_000}], first="2025-02")
    assert shown["Xã hội hóa"][3:] == ["8,0", "5,0", "3,0"]


def test_plans_are_the_citys_and_stand_in_no_units_report():
    assert report_programme.funding_table(made({}, area="20044")) == ()


def test_a_table_without_figures_says_why_and_not_that_a_list_lacks():
    listed = at("2025-12", "listed", cell(100, 900), code="20044")
    shown = report_tables.groups(made(listed, area="20044"))
    assert (
        "Bảng 3 không công bố" in shown.data["sentences"][0] and "chưa có danh sách" not in shown.data["sentences"][0]
    )
    silent = report_tables.groups(made({}, area="20044"))
    assert "Bảng 3 không lập: chưa có danh sách tháng 12 năm 2025" in silent.data["sentences"][0]
    (told,) = report_programme.section(made({}, area="20044"))
    assert told.svg is None and "chỉ công bố khi đã có danh sách hộ" in told.data["sentences"][0]
    hidden = {k: HIDDEN for g in ("poor", "near_poor") for k in at("2025-12", "listed", HIDDEN, code="20044", group=g)}
    twelve = report_poverty.section(made(listed | hidden, area="20044"))[0].data
    assert twelve["sentences"] == ["Bảng 4 không công bố: mọi số của bảng đều phải che để bảo mật thông tin của hộ."]
    some = listed | at("2025-12", "listed", cell(30, 900), code="20044", group="poor")
    assert report_tables.groups(made(some, area="20044")).data["kind"] == "table"


def test_notes_explain_the_signs_that_are_there_and_no_other():
    notes = report_comparison.months_table(made(at("2025-12", "deprived_any", cell(30, 100)))).data["notes"]
    assert any(n.startswith("… chưa có số liệu") for n in notes) and not any("(*)" in n or "¹" in n for n in notes)
    partial = at("2025-12", "deprived_any", cell(30, 100, received=0)) | at("2025-12", "covered", HIDDEN)
    notes = report_comparison.months_table(made(partial)).data["notes"]
    assert notes[0].startswith("(*)") and "… chưa có số liệu" in notes[0]
    assert notes[1].startswith("¹ Có xã") and "có thể cao hơn thực tế" in notes[2]
    lacking = at("2025-12", "listed", Cell(None, None, "missing", "missing", 0, 40))
    lacking |= at("2025-12", "covered", Cell(None, None, "missing", "missing", 0, 40))
    assert report.key_figures(made(lacking)).data["notes"] == ["… chưa có số liệu."]  # no ¹, so no word of it


def test_what_crosses_the_end_of_2g_bears_its_sign_on_the_first_screen():
    crossing = {}
    for month, n in (("2025-03", 60), ("2024-03", 40)):
        crossing |= at(month, "household_smartphone", cell(n, 100)) | at(month, "deprived_any", cell(n, 100))
    r = made(crossing, month="2025-03", first="2024-01")
    shown = {n["id"]: n["changes"] for n in figures.headline(r.release, "46", r.w)}
    assert shown["household_smartphone.rate"][0]["text"] == "+20,0 điểm %²"
    assert shown["deprived_any.rate"][0]["text"] == "+20,0 điểm %"


def test_a_months_words_are_those_of_its_era():
    of_time = (("2024-12", "xã, phường, thị trấn", "Toàn tỉnh"), ("2025-12", "xã, phường", "Toàn thành phố"))
    for month, unit, whole in of_time:
        w = words.load("vi", units.era_of(month))
        assert w("quality.and_more", count=3) == f" và 3 {unit} khác" and w("annex.city") == whole
    assert (
        "thị trấn" in words.load("vi", "B")("note.partial") and words.load("en", "A")("annex.city") == "Whole province"
    )


def test_a_names_unit_begins_small_within_a_sentence():
    w = words.load("vi", "A")
    facts = {"period": "tháng 11 năm 2024", "listed": "9", "area": "Tỉnh Thừa Thiên Huế"}
    assert "tháng 11 năm 2024, tỉnh Thừa Thiên Huế có 9 hộ" in w("sentence.listed", **facts)


def test_phones_of_earlier_units_are_those_of_the_same_territory():
    twins = released._twins("2025-06", ["2024-12", "2025-05"])
    assert {pair[1] for pair in twins} == {"2024-12"}  # the month's own era needs none
    districts = twins[("A_district", "2024-12")]
    assert districts["481"] == "481" and "474" not in districts  # A Lưới stayed, the old city was parted
    assert released._twins("2025-12", ["2025-11"]) == {}
