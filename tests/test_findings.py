"""The sentences of the first screen on counts written out by hand: every state they can be in, in both languages."""

import pytest

from infoaccess import findings, report, rooms, units, words
from infoaccess.released import Cell, Release, area

MONTH, BEFORE, YEAR = "2025-12", "2025-11", "2024-12"
HIDDEN = Cell(None, None, "suppressed_primary", "suppressed_secondary", 1, 1)
EMPTY = Cell(0, 0, "published", "published", 1, 1)


def cell(numerator: int, denominator: int, received: int = 1) -> Cell:
    return Cell(numerator, denominator, "published", "published", received, 1)


def made(cells: dict, first: str = YEAR) -> Release:
    """Return a release of cells {(code, measure) or (code, measure, month): Cell}."""
    keyed = {(*key, MONTH)[:3]: value for key, value in cells.items()}
    return Release(
        month=MONTH,
        months=rooms.months_between(first, MONTH),
        cells={(m, code, "all", "household", measure): value for (code, measure, m), value in keyed.items()},
        quality={"communes_without_list": []},
        targets=[],
        standard="ND07-2021",
        threshold=5,
        synthetic=True,
    )


def said(cells: dict, code: str = "46", lang: str = "vi", first: str = YEAR) -> dict[str, list[str]]:
    """Return a unit's answers, spaces that do not break as plain ones."""
    unit = area(MONTH, code)
    children, _ = report.neighbours(MONTH, unit)
    above = area(MONTH, unit["parent_code"]) if code != "46" else None
    found = findings.answers(made(cells, first), unit, words.load(lang), children, above)
    return {key: [one.replace("\xa0", " ") for one in some] for key, some in found.items()}


WHOLE = {("46", "listed"): cell(100, 900), ("46", "deprived_any"): cell(30, 100), ("46", "covered"): cell(60, 80)}


def test_a_first_month_has_no_trend():
    told = said(WHOLE | {("46", "household_smartphone"): cell(70, 100)}, first=MONTH)
    assert told["lacking"][1].startswith("Trong đó 30 hộ (30,0 %) thiếu hụt thông tin")
    assert told["lacking"][1].endswith("không có phương tiện tiếp cận.")
    assert told["got"] == [
        "70,0 % số hộ trong danh sách có điện thoại thông minh.",
        "Chương trình đã bàn giao 60 điện thoại cho hộ có nhu cầu, đạt 75,0 % nhu cầu; còn 20 hộ đang chờ.",
    ]
    assert told["where"] == ["Chưa đủ đơn vị có số liệu công bố để nêu nơi cần ưu tiên."] and told["caution"] == []


@pytest.mark.parametrize(("then", "moved"), [(25, "tăng 5,0 điểm %"), (42, "giảm 12,0 điểm %"), (30, "không đổi")])
def test_a_rate_moves_up_down_or_not(then, moved):
    told = said(WHOLE | {("46", "deprived_any", BEFORE): cell(then, 100)})
    assert told["lacking"][1].endswith(f"tiếp cận, {moved} so với tháng trước.")
    told = said(WHOLE | {("46", "deprived_any", YEAR): cell(then, 100)})
    assert told["lacking"][1].endswith(f"tiếp cận, {moved} so với cùng tháng năm trước.")


def test_months_of_other_communes_are_not_compared():
    then = {("46", "deprived_any", BEFORE): cell(25, 100, received=0), ("46", "covered", BEFORE): cell(9, 80, 0)}
    told = said(WHOLE | then)
    assert "so với" not in told["lacking"][1]
    assert "đã bàn giao 60 điện thoại cho hộ có nhu cầu (thêm 51 máy" in told["got"][-1]  # known without lists
    part = {key: Cell(c.numerator, c.denominator, "published", "published", 0, 1) for key, c in WHOLE.items()}
    told = said(part | {("46", "deprived_any", BEFORE): cell(25, 100)})
    assert "so với" not in told["lacking"][1] and "đã bàn giao 60 điện thoại" in told["got"][-1]
    assert "còn 20¹ hộ đang chờ" in told["got"][-1]
    assert told["caution"] == [
        "Lưu ý: 1/1 xã, phường của thành phố Huế chưa gửi danh sách tháng 12 năm 2025; "
        "số hộ, số người và tỷ lệ của thành phố Huế chỉ tính hộ ở các nơi đã gửi, nên không so với tháng khác."
    ]


def test_nobody_deprived_nobody_waiting_nobody_in_need():
    none = WHOLE | {("46", "deprived_any"): cell(0, 100), ("46", "covered"): cell(80, 80)}
    none |= {("46", "covered", BEFORE): cell(70, 80)}
    told = said(none)
    assert told["lacking"][1] == "Không hộ nào trong danh sách thiếu hụt thông tin."
    assert told["got"] == [
        "Chương trình đã bàn giao 80 điện thoại cho hộ có nhu cầu (thêm 10 máy trong tháng), "
        "đạt 100 % nhu cầu; không còn hộ nào chờ."
    ]
    assert said(WHOLE | {("46", "covered"): EMPTY})["got"] == [
        "Chưa ghi nhận hộ có nhu cầu hỗ trợ điện thoại thông minh."
    ]


def test_what_is_hidden_is_said_and_not_why_this_one():
    told = said({("46", m): HIDDEN for m in ("listed", "deprived_any", "household_smartphone", "covered")})
    every = " ".join(told["lacking"] + told["got"])
    assert every.count("không công bố, để bảo mật thông tin của hộ.") == 4 and "nhỏ" not in every
    assert not any(letter.isdigit() for letter in every.replace("tháng 12 năm 2025", ""))
    told = said({("20044", m): HIDDEN for m in ("listed", "deprived_any", "covered")}, "20044")
    assert told["where"] == ["Tỷ lệ thiếu hụt thông tin không công bố nên không so sánh với nơi khác."]


def test_a_unit_without_a_list_tells_the_last_month_that_is_known():
    none = "Xã A Lưới 2 chưa gửi danh sách tháng 12 năm 2025, nên chưa có số liệu của tháng này."
    nothing = ["Chưa có số liệu."]
    asked = ["Việc cần làm trước: xã A Lưới 2 gửi danh sách tháng 12 năm 2025."]
    assert said({}, "20044") == {"lacking": nothing, "got": nothing, "caution": [none], "where": asked}
    old = {("20044", "listed", YEAR): cell(90, 900), ("20044", "deprived_any", YEAR): cell(45, 90)}
    old[("20044", "listed", BEFORE)] = HIDDEN
    lead = "Số liệu gần nhất là của tháng 12 năm 2024: "
    told = said(old, "20044")
    assert told["lacking"] == [lead + "90 hộ trong danh sách, 50,0 % thiếu hụt thông tin."] and told["got"] == nothing
    old[("20044", "household_smartphone", YEAR)] = cell(60, 90)
    assert said(old, "20044")["got"] == [lead + "66,7 % số hộ trong danh sách có điện thoại thông minh."]
    del old[("20044", "deprived_any", YEAR)]
    assert said(old, "20044")["lacking"] == [lead + "90 hộ trong danh sách."]


def test_the_worst_units_are_named_with_their_trend_where_it_is_known():
    codes = list(units.of("C_commune", MONTH)["code"])[:4]
    names = units.on(MONTH).set_index("code")["name"]
    cells = {(c, "deprived_any"): cell(10 * n, 100) for n, c in enumerate(codes, 1)}
    assert said(WHOLE | cells)["where"] == [
        f"Nơi có tỷ lệ thiếu hụt thông tin cao nhất trong 4/40 đơn vị công bố số liệu: {names[codes[3]]}: 40,0 %; "
        f"{names[codes[2]]}: 30,0 %; {names[codes[1]]}: 20,0 %."
    ]
    cells[(codes[3], "deprived_any", YEAR)] = cell(50, 100)
    cells |= {(c, "covered"): cell(50 - n, 50) for n, c in enumerate(codes[:3])}
    cells[(codes[2], "covered", BEFORE)] = cell(45, 50)
    worst, waiting = said(WHOLE | cells)["where"]
    assert "(trong ngoặc là thay đổi so với cùng tháng năm trước)" in worst and "40,0 % (−10,0 điểm %);" in worst
    assert f"{names[codes[2]]}: 30,0 % (chưa so được)" in worst and "trong 3/40 đơn vị công bố số liệu" in waiting
    # Who waits for none is not named.
    assert waiting.endswith(f"{names[codes[2]]}: 2 hộ (−3); {names[codes[1]]}: 1 hộ (chưa so được).")
    every = {(c, "deprived_any"): cell(10, 100) for c in units.of("C_commune", MONTH)["code"]}
    assert said(WHOLE | every)["where"][0].startswith("Nơi có tỷ lệ thiếu hụt thông tin cao nhất: ")


def test_units_that_lack_nothing_are_not_called_the_worst():
    codes = list(units.of("C_commune", MONTH)["code"])[:4]
    told = said(WHOLE | {(c, "deprived_any"): cell(0, 100) for c in codes})
    assert told["where"] == ["Các đơn vị có số liệu công bố đều không còn hộ thiếu hụt thông tin."]


@pytest.mark.parametrize(
    ("own", "than", "sure"),
    [
        (60, "cao hơn 30,0 điểm % so với tỷ lệ của thành phố Huế (30,0 %)", "khác rõ rệt, không chỉ do ngẫu nhiên"),
        (33, "cao hơn 3,0 điểm % so với tỷ lệ của thành phố Huế (30,0 %)", "chưa rõ rệt, có thể do ngẫu nhiên"),
        (28, "thấp hơn 2,0 điểm % so với tỷ lệ của thành phố Huế (30,0 %)", "chưa rõ rệt, có thể do ngẫu nhiên"),
        (4, "thấp hơn 26,0 điểm % so với tỷ lệ của thành phố Huế (30,0 %)", "khác rõ rệt, không chỉ do ngẫu nhiên"),
    ],
)
def test_a_commune_stands_among_the_others_as_far_as_chance_allows(own, than, sure):
    cells = WHOLE | {("20044", "listed"): cell(100, 900), ("20044", "deprived_any"): cell(own, 100)}
    (alone,) = said(cells, "20044")["where"]
    assert (
        alone
        == f"Tỷ lệ thiếu hụt thông tin {than}: chưa biết có phải do ngẫu nhiên, vì chỉ 1 xã, phường công bố số liệu."
    )
    others = [c for c in units.of("C_commune", MONTH)["code"] if c != "20044"][:8]
    cells |= {(c, "deprived_any"): cell(30, 100) for c in others}
    assert said(cells, "20044")["where"][0].startswith(f"Tỷ lệ thiếu hụt thông tin {than}: {sure}")


def test_a_commune_at_the_common_rate_says_no_more():
    cells = WHOLE | {("20044", "listed"): cell(100, 900), ("20044", "deprived_any"): cell(30, 100)}
    assert said(cells, "20044")["where"] == ["Tỷ lệ thiếu hụt thông tin bằng tỷ lệ của thành phố Huế (30,0 %)."]


def test_a_commune_is_told_what_to_do_from_its_figures():
    cells = WHOLE | {("20044", "listed"): cell(100, 900), ("20044", "deprived_any"): HIDDEN}
    cells |= {("20044", "covered"): cell(40, 50), ("20044", "covered", BEFORE): cell(38, 50)}
    phones = "bàn giao điện thoại cho 10 hộ đang chờ (−2 so với tháng trước)"
    assert said(cells, "20044")["where"][1:] == [f"Việc cần làm: {phones}."]
    cells[("20044", "deprived_internet")] = cell(7, 100)
    internet = "giúp 7 hộ chưa ai dùng internet (chỉ số 11)"
    assert said(cells, "20044")["where"][1:] == [f"Việc cần làm: {phones} và {internet}."]
    cells |= {("20044", "covered"): cell(50, 50), ("20044", "deprived_internet"): cell(0, 100)}
    assert said(cells, "20044")["where"][1:] == []


def test_a_list_that_collapsed_or_doubled_is_to_be_checked():
    one, two, small = [c for c in units.of("C_commune", MONTH)["code"] if c != "20044"][:3]
    cells = WHOLE | {(one, "listed"): cell(40, 900), (one, "listed", BEFORE): cell(537, 900)}
    cells |= {(two, "listed"): cell(90, 900), (two, "listed", BEFORE): cell(30, 900)}
    cells |= {(small, "listed"): cell(5, 900), (small, "listed", BEFORE): cell(20, 900)}
    cells |= {("20044", "listed"): cell(60, 900), ("20044", "listed", BEFORE): cell(100, 900)}
    name = units.on(MONTH).set_index("code")["name"]
    (told,) = said(cells)["caution"]
    assert told.endswith(f": {name[one]} (từ 537 xuống 40 hộ), {name[two]} (từ 30 lên 90 hộ).")
    assert said(cells, one)["caution"] == [told.split(": ")[0] + f": {name[one]} (từ 537 xuống 40 hộ)."]
    assert said(cells, "20044")["caution"] == []
    assert said(cells | {(one, "listed"): HIDDEN, (two, "listed"): cell(90, 900, 0)})["caution"] == []
    many = {(c, "listed", m): cell(n, 900) for c in name.index if c != "46" for m, n in ((MONTH, 40), (BEFORE, 400))}
    assert said(WHOLE | many)["caution"][0].endswith(" và 37 nơi khác.")


@pytest.mark.parametrize("lang", words.LANGUAGES)
def test_every_sentence_is_filled_in_and_ends(lang):
    full = WHOLE | {("46", "household_smartphone"): cell(70, 100), ("46", "deprived_any", BEFORE): cell(25, 100)}
    codes = list(units.of("C_commune", MONTH)["code"])[:4]
    full |= {(c, m): cell(10 + n, 50) for n, c in enumerate(codes) for m in ("listed", "deprived_any", "covered")}
    full |= {(codes[0], "listed", BEFORE): cell(90, 900), (codes[0], "deprived_internet"): cell(9, 50)}
    for code in ("46", codes[0], "20044"):
        for one in [s for some in said(full, code, lang).values() for s in some]:
            assert one.endswith(".") and "{" not in one and "  " not in one
