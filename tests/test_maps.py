import itertools
import json
import re
from xml.etree import ElementTree

import pytest

from infoaccess import map_frames, map_kinds, map_layout, map_paths, map_scale, map_svg, map_text, maps

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</script><img src=x onerror=alert(1)><!-- \"'&"
MONTHS = ["2025-10", "2025-11", "2025-12"]
RATES = {"id": "rate", "label": "Tỷ lệ thiếu hụt", "colours": "deprivation"}
PHONES = {"id": "phone", "label": "Tỷ lệ có máy", "colours": "progress"}


def square(code, column, row, name, size=200):
    x, y = column * size, row * size
    return {
        "code": code,
        "valid_from": "2025-07-01",
        "name": name,
        "d": f"M{x} {y}h{size}v{size}h-{size}Z",
        "x": x + size / 2,
        "y": y + size / 2,
        "area_km2": size,
        "parent": "1",
    }


def layer(units, **more):
    frame = {"area_set": "toy", "width": 1000, "height": 600, "metres_per_unit": 100.0}
    return frame | {"note_vi": "Ranh giới thử", "note_en": "Trial", "units": units} | more


UNITS = [square(str(n), n % 4, n // 4, f"Phường Số {n}") for n in range(8)]


def cell(value, status="published", text=None):
    return {
        "value": value,
        "text": text or f"{value * 100:.1f} %",
        "detail": f"{value * 1000:.0f}/1.000 hộ",
        "status": status,
    }


def cells(measures=(RATES,), months=MONTHS):
    return {
        m["id"]: {
            month: {u["code"]: cell((n + 1 + k) / 50) for n, u in enumerate(UNITS)} for k, month in enumerate(months)
        }
        for m in measures
    }


def draw(given=None, *, measures=(RATES,), months=MONTHS, units=UNITS, **more):
    return maps.choropleth("toy", layer(units), list(months), list(measures), given or cells(measures, months), **more)


def data_of(drawn):
    return json.loads(re.search(r'<script type="application/json" id="map-toy">(.*?)</script>', drawn.html, re.S)[1])


def live_svg(drawn):
    return re.search(r'<svg [^>]*class="map-svg".*?</svg>', drawn.html, re.S)[0]


def test_both_pictures_are_well_formed_and_bytes_repeat():
    drawn = draw(measures=(RATES, PHONES), highlight="3")
    for picture in (drawn.svg, live_svg(drawn)):
        assert ElementTree.fromstring(picture).tag == f"{SVG}svg"
    assert drawn == draw(measures=(RATES, PHONES), highlight="3")
    assert "var(" not in drawn.svg and "<style" not in drawn.svg and "foreignObject" not in drawn.svg


def test_a_withheld_cell_is_hatched_and_its_value_never_leaves():
    given = cells()
    given["rate"]["2025-12"]["2"] = cell(0.8765, "suppressed", text="87,65 %")
    given["rate"]["2025-11"]["2"] = cell(0.7654, "empty")
    given["rate"]["2025-10"]["2"] = cell(0.6543, "missing")
    drawn = draw(given)
    for secret in ("8765", "87,65", "876", "7654", "765", "6543", "654"):
        assert secret not in drawn.html + drawn.svg
    assert data_of(drawn)["layers"][0]["cells"]["rate"]["2"] == "m|e|s"
    assert drawn.svg.count("url(#toy-hatch)") == 2  # the unit and its legend
    assert "Ẩn để bảo mật" in drawn.svg
    paths = {p.get("data-code"): p.get("fill") for p in ElementTree.fromstring(live_svg(drawn)).iter(f"{SVG}use")}
    assert paths["2"] == "url(#toy-live-hatch)"


def test_a_withheld_value_moves_no_class_limit():
    given = cells()
    before = data_of(draw(given))["measures"]
    for month in MONTHS:
        given["rate"][month]["2"] = cell(0.03, "suppressed")
    first = data_of(draw(given))["measures"]
    for month in MONTHS:
        given["rate"][month]["2"] = cell(0.99, "suppressed")
    assert data_of(draw(given))["measures"] == first
    assert before[0]["id"] == "rate"


def test_limits_are_fixed_over_the_months_and_round():
    drawn = draw()
    breaks = data_of(drawn)["measures"][0]["breaks"]
    assert len(breaks) == 4 and all(limit % 10 == 0 for limit in breaks)  # tenths of a per cent
    # One colour for one value, whichever month it stands in.
    scale = maps.scale([(n + 1 + k) / 50 for n in range(8) for k in range(3)], "deprivation")
    assert breaks == scale.limits == [round(limit * 1000) for limit in scale.breaks]
    labels = re.findall(r"<li data-class=\"\d\".*?</svg> (.*?) <span", drawn.html)
    assert labels == list(scale.labels) and labels[0].startswith("dưới") and labels[-1].startswith("từ")


@pytest.mark.parametrize("values, count", [([], 0), ([0.2], 0), ([0.2] * 9, 0), ([0.1, 0.9], 2), ([0, 1e-4], 0)])
def test_few_values_make_few_classes(values, count):
    scale = maps.scale(values, "progress")
    assert len(scale.breaks) <= count
    assert len(scale.colours) == len(scale.labels) == len(scale.breaks) + 1
    assert all(scale.colour(v) in scale.colours for v in values)


def test_many_equal_values_still_leave_classes():
    for values in ([0.0] * 50 + [0.02, 0.1, 0.5], [1.0] * 30 + [0.2, 0.5, 0.9]):
        assert len(maps.scale(values, "progress").breaks) >= 2


def test_a_limit_belongs_to_the_upper_class_as_printed():
    scale = maps.scale([0.02, 0.03, 0.06, 0.08, 0.12, 0.14, 0.19, 0.3, 0.46], "deprivation")
    assert scale.colour(0.05) == scale.colour(0.0496) == scale.colours[1]  # both are printed as 5,0 %
    assert scale.colour(0.0494) == scale.colours[0]


def test_colours_darken_evenly():
    for palette in maps.PALETTES.values():
        light = [sum(int(c[i : i + 2], 16) for i in (1, 3, 5)) for c in palette]
        assert light == sorted(light, reverse=True) and len(set(light)) == maps.CLASSES


def test_hostile_names_stay_text():
    units = [square("a", 0, 0, HOSTILE), *UNITS[1:]]
    given = {"rate": {m: {u["code"]: cell(0.1) | {"text": HOSTILE, "detail": HOSTILE} for u in units} for m in MONTHS}}
    measure = RATES | {"label": HOSTILE}
    drawn = draw(given, measures=(measure,), units=units)
    assert "<img" not in drawn.html + drawn.svg and "<!--" not in drawn.html
    assert drawn.html.count("</script>") == 1
    ElementTree.fromstring(drawn.svg)
    assert data_of(drawn)["layers"][0]["units"]["a"][0] == HOSTILE
    assert "\x07" not in draw(units=[square("0", 0, 0, "a\x07b"), *UNITS[1:]]).svg


def test_names_replace_the_layers_own_and_the_last_month_shows_on_paper():
    drawn = draw(names={"0": "Phường Tên Mới"})
    assert "Tên Mới" in drawn.svg and "tháng 12 năm 2025" in drawn.svg and "tháng 10 năm 2025" not in drawn.svg
    assert "Ranh giới thử" in drawn.svg
    english = draw(lang="en")
    assert "December 2025" in english.svg and "Trial" in english.svg


def test_one_month_has_no_slider_and_one_measure_no_choice():
    one = draw(cells(months=MONTHS[-1:]), months=MONTHS[-1:])
    assert 'data-role="slider"' not in one.html and 'data-role="measures"' not in one.html
    more = draw(measures=(RATES, PHONES))
    assert 'data-role="slider"' in more.html and more.html.count("data-legend=") == 2


def test_small_units_are_numbered_with_a_key():
    units = [square("0", 0, 0, "Phường Rộng", 400), *(square(str(n), 30 + n, 0, f"Xã Nhỏ {n}", 20) for n in (1, 2, 3))]
    texts = [
        node.text
        for node in ElementTree.fromstring(draw({"rate": {m: {} for m in MONTHS}}, units=units).svg).iter(f"{SVG}text")
    ]
    assert "Rộng" in texts and "Xã Nhỏ 2" in texts and texts.count("1") == 2


def test_labels_do_not_overlap_and_lie_inside():
    sheet = map_layout.sheet(layer(UNITS), UNITS, None, None, "vi")
    assert len(sheet.labels) == len(UNITS) and not sheet.key
    for code, x, y, _, _ in sheet.labels:
        assert map_layout.inside(x, y, sheet.rings[code])


def test_scale_bar_is_round_and_true():
    sheet = map_layout.paper(layer(UNITS), UNITS, None, None, "vi")
    drawn = draw().svg
    km = int(re.search(r">(\d+) km<", drawn)[1])
    assert str(km).strip("0") in ("1", "2", "5")
    assert f"h{km * 1000 / sheet.metres:.1f}v-8" in drawn


def test_a_part_of_a_layer_fills_the_sheet():
    few = UNITS[:2]
    sheet = map_layout.sheet(layer(few), few, "1", layer(UNITS), "vi")
    assert sheet.frame.factor == pytest.approx((1000 - 16) / 400)
    assert sheet.own == UNITS[1]["d"] and sheet.outlines.count("M") == 8


@pytest.mark.parametrize(
    "change",
    [
        {"id": "a b"},
        {"months": []},
        {"measures": [RATES | {"colours": "rainbow"}]},
        {"cells": {"rate": {"2025-12": {"99": cell(0.1)}}}},
        {"cells": {"rate": {"2025-12": {"1": cell(0.1, "secret")}}}},
        {"outlines": layer(UNITS, metres_per_unit=250.0)},
        {"layer": layer([])},
    ],
)
def test_what_cannot_be_drawn_is_refused(change):
    given = {"id": "toy", "layer": layer(UNITS), "months": MONTHS, "measures": [RATES], "cells": cells()} | change
    with pytest.raises(ValueError):
        maps.choropleth(**given)


def test_patterns_know_their_own_picture():
    assert map_svg.fill("suppressed", "a") != map_svg.fill("suppressed", "a-live")
    drawn = draw()
    fills = [map_svg.fill(status, "toy") for status in maps.STATUSES[1:]]
    assert len(set(fills)) == 4 and all(drawn.svg.count(f'id="{fill[5:-1]}"') == 1 for fill in fills)
    assert len(set(re.findall(r"<pattern.*?</pattern>", drawn.svg))) == 4  # told apart by form
    assert not set(re.findall(r' id="([^"]+)"', drawn.svg)) & set(re.findall(r' id="([^"]+)"', drawn.html))


def test_shortened_paths_keep_neighbours_joined():
    """Two units that share a crooked line share it after rounding too, to the last digit."""
    line = [(10 + (n * 7919 % 13) / 7, n * 3.37) for n in range(40)]
    west = [(0.0, 0.0), *line, (0.0, line[-1][1])]
    east = [*line, (30.0, line[-1][1]), (30.0, 0.0)]
    kept = [set(map_layout.rings(map_paths.path([ring]))[0]) for ring in (west, east)]
    assert len(kept[0] & kept[1]) == len({(round(x * 4), round(y * 4)) for x, y in line})
    for ring, points in ((west, kept[0]), (east, kept[1])):
        assert all(min(abs(x - 4 * a) + abs(y - 4 * b) for x, y in points) <= 1 for a, b in ring)


def test_the_page_draws_each_path_once():
    drawn = draw(measures=(RATES, PHONES))
    defined = re.findall(r'<path id="(toy-live-0-\d+)"', drawn.html)
    assert len(defined) == len(UNITS) and drawn.html.count("<use href=") == len(UNITS)
    assert set(re.findall(r'<use href="#([^"]+)"', drawn.html)) == set(defined)


def test_classes_can_rest_on_more_than_what_is_shown():
    bases = {"rate": [n / 100 for n in range(100)]}
    first, second = (data_of(draw(months=MONTHS[:many], bases=bases))["measures"] for many in (1, 3))
    assert first == second and first[0]["breaks"] == [200, 400, 600, 800]


def test_limits_agree_with_mapclassify():
    """Our limits are its quantiles moved to round numbers, and put every value into the class it says."""
    mapclassify = pytest.importorskip("mapclassify")
    values = [((n * 7919) % 997 / 997) ** 2 for n in range(300)]
    scale = maps.scale(values, "deprivation")
    theirs = mapclassify.Quantiles(values, k=5).bins[:-1]
    assert all(abs(a - b) <= 0.075 for a, b in zip(scale.breaks, theirs, strict=True))
    # Ours close below and on what is printed, theirs close above: half a tenth of a per cent less.
    bins = [limit - 0.0005 for limit in scale.breaks]
    counts = list(mapclassify.UserDefined(values, [*bins, 1.0]).counts)
    assert counts == [sum(scale.place(v) == k for v in values) for k in range(5)]


# Machado, Oliveira and Fernandes 2009, severity 1.
BLINDNESS = {
    "none": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))


def times(matrix, vector):
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def linear(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]


def lab(light):
    xyz = [
        v / white
        for v, white in zip(times(XYZ, [min(max(p, 0), 1) for p in light]), (0.95047, 1, 1.08883), strict=True)
    ]
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("palette", [*maps.PALETTES.values(), map_scale.DIVERGING, map_scale.SQUARE])
@pytest.mark.parametrize("eye", BLINDNESS)
def test_colours_stay_apart_for_every_eye(palette, eye):
    seen = [lab(times(BLINDNESS[eye], linear(colour))) for colour in palette]
    apart = [sum((p - q) ** 2 for p, q in zip(a, b, strict=True)) ** 0.5 for i, a in enumerate(seen) for b in seen[:i]]
    assert min(apart) > 12


@pytest.mark.parametrize(
    "colour", [c for p in (*maps.PALETTES.values(), map_scale.DIVERGING, map_scale.SQUARE) for c in p]
)
def test_labels_can_be_read_on_every_colour(colour):
    """Light labels stand on the colour itself, dark ones on their white edge."""
    light = 1.05 / (times(XYZ, linear(colour))[1] + 0.05)
    assert light >= 4.5 or not map_text.is_dark(colour)


def test_change_has_its_zero_in_the_middle():
    scale = map_scale.diverging([-0.31, 0.02], more_is_better=False)
    middle = scale.colours[3]
    assert [scale.colour(v) for v in (0, 0.0094, -0.0094)] == [middle] * 3
    for size in (0.01, 0.05, 0.1, 0.15, 0.2, 0.9):
        assert scale.place(size) + scale.place(-size) == 6 and scale.place(size) > 3
    better = map_scale.diverging([-0.31, 0.02], more_is_better=True)
    assert better.colours == scale.colours[::-1] and len(scale.labels) == 7
    # One small unit's leap does not put all others into one class.
    assert map_scale.diverging([-0.12] * 40 + [0.9], more_is_better=False).limits[-1] == 100


def changes():
    given = {u["code"]: cell((n - 3) / 50) for n, u in enumerate(UNITS)}
    given["1"] = cell(0.8765, "suppressed", text="87,65")
    given["2"] = cell(0.7654, "incomparable", text="76,54")
    return given


def snapshot(*views, **more):
    return map_kinds.snapshot("toy", layer(UNITS), list(views), "tháng 12", **more)


def test_a_change_that_cannot_be_told_has_a_sign_of_its_own():
    scale = map_scale.diverging([-0.1, 0.1], more_is_better=True)
    drawn = snapshot(map_kinds.change("Thay đổi", changes(), scale, [0]))
    for secret in ("8765", "87,65", "7654", "76,54", "876", "765"):
        assert secret not in drawn.html + drawn.svg
    for sign in ("toy-hatch", "toy-grid"):
        assert drawn.svg.count(f"url(#{sign})") == 2  # the unit and its legend
    assert "Không so sánh được" in drawn.svg and "Không so sánh được" in drawn.html
    cells = data_of(drawn)["layers"][0]["cells"]["0"]
    assert cells["1"] == ["s"] and cells["2"] == ["i"] and cells["3"] == [[3, "0.0 %", "0/1.000 hộ"]]


def test_two_shares_meet_in_one_field():
    low_high = {u["code"]: cell((0.1, 0.5, 0.9)[n % 3]) for n, u in enumerate(UNITS)}
    up = {u["code"]: cell((0.1, 0.1, 0.1, 0.5, 0.5, 0.5, 0.9, 0.9)[n]) for n, u in enumerate(UNITS)}
    up["7"] = cell(0.8765, "suppressed")
    thirds = map_scale.Scale((0.3, 0.6), ("#000000",) * 3, ("a", "b", "c"))
    view = map_kinds.bivariate("Hai chỉ tiêu", ("Thiếu hụt", low_high, thirds), ("Đáp ứng", up, thirds), [])
    assert [view.cells[str(n)].get("place") for n in range(8)] == [0, 1, 2, 3, 4, 5, 6, None]
    assert view.cells["7"] == {"status": "suppressed"}
    drawn = snapshot(view)
    assert "876" not in drawn.html + drawn.svg
    root = ElementTree.fromstring(drawn.svg)
    texts = [node.text for node in root.iter(f"{SVG}text")]
    assert "↑ Đáp ứng" in texts and "Thiếu hụt →" in texts and "30\xa0%" in texts
    squares = [r.get("fill") for r in root.iter(f"{SVG}rect") if r.get("width") == "48"]
    assert squares == list(map_scale.SQUARE)


def test_a_snapshot_draws_the_first_maps_paths():
    scale = map_scale.diverging([0.1], more_is_better=True)
    drawn = snapshot(map_kinds.change("Thay đổi", changes(), scale, [0]), base=("toy", layer(UNITS)))
    used = set(re.findall(r'<use href="#([^"]+)"', drawn.html))
    assert used == set(re.findall(r'<path id="([^"]+)"', draw().html)) and '<path id="' not in drawn.html
    assert data_of(drawn)["base"] == "toy" and "<path d=" in drawn.svg


def frames(count=30, **more):
    months = [f"{2023 + n // 12}-{n % 12 + 1:02d}" for n in range(count)]
    chosen = map_frames.quarters(months)
    given = {m: {u["code"]: cell((n + 1) / 20) for n, u in enumerate(UNITS)} for m in chosen}
    given[chosen[-1]]["0"] = cell(0.8765, "suppressed")
    scale = maps.scale([n / 20 for n in range(9)], "deprivation")
    return chosen, map_frames.frames("many", layer(UNITS), chosen, given, scale, "Tỷ lệ", **more)


def test_small_maps_are_one_a_quarter_and_twelve_at_most():
    assert len(map_frames.quarters([f"{y}-{m:02d}" for y in range(2020, 2026) for m in range(1, 13)])) == 12
    chosen, drawn = frames(32)
    assert len(chosen) == 11 and chosen[-1] == "2025-08"
    root = ElementTree.fromstring(drawn.svg)
    texts = [node.text for node in root.iter(f"{SVG}text")]
    assert "Quý I/2023" in texts and "Quý II/2025" in texts and "Tháng 8 năm 2025" in texts
    fills = [[use.get("fill") for use in g.iter(f"{SVG}use")] for g in root.iter(f"{SVG}g") if g.get("fill-rule")]
    assert len(fills) == 11 and all(row == fills[0] for row in fills[:-1])  # one colour for one value
    assert fills[-1][0] == "url(#many-hatch)" and "876" not in drawn.html + drawn.svg
    assert len(list(root.iter(f"{SVG}path"))) >= len(UNITS) and drawn.svg.count(f'd="{root[1][0].get("d")}"') == 1


def past(**more):
    two = [square("71", 0, 0, "Huyện Tây", 400), square("72", 1, 0, "Huyện Đông", 400)]
    given = {"rate": {m: {"71": cell(0.2), "72": cell(0.8765, "suppressed")} for m in MONTHS[:2]}}
    return maps.Past(layer(two, **more), MONTHS[:2], given, "Đơn vị cũ.", {"71": "Nay thuộc: Phường Số 1."})


def test_the_slider_crosses_into_other_units():
    marks = [("2025-12", "12/2025")]
    drawn = draw(past=[past()], marks=marks, says="Cộng từ đơn vị cũ.")
    data = data_of(drawn)
    assert data["modes"] == [[[0, 1], [0, 1], [0, 0]], [[1, 2], [1, 2], [0, 0]]]
    assert data["says"] == ["", "Cộng từ đơn vị cũ.", "Đơn vị cũ."] and data["breaks"] == [2]
    old = data["layers"][1]
    assert old["cells"]["rate"]["72"] == "s|s" and old["first"] == 0 and old["count"] == 2
    assert old["units"]["71"][4] == "Nay thuộc: Phường Số 1." and "876" not in drawn.html
    root = ElementTree.fromstring(live_svg(drawn))
    hidden = [g.get("data-layer") for g in root.iter(f"{SVG}g") if g.get("hidden") is not None]
    assert hidden == ["1", "1"]  # its units and its labels
    assert 'class="map-tick" style="--at:1.0000">12/2025<' in drawn.html and 'data-role="modes"' in drawn.html
    assert 'data-role="modes"' not in draw(marks=marks).html
    with pytest.raises(ValueError, match="frame"):
        draw(past=[past(metres_per_unit=250.0)])


def test_texts_that_are_not_plain_shares_travel_whole():
    given = cells()
    given["rate"]["2025-11"]["2"] = cell(0.5, text="50,0\xa0%¹")
    given["rate"]["2025-12"]["2"] = cell(0.5, text="50,0\xa0%") | {"detail": "1|2;3"}
    kept = data_of(draw(given))["layers"][0]["cells"]["rate"]["2"]
    assert kept[1:] == [[500, "50,0\xa0%¹", "500/1.000 hộ"], [500, "50,0\xa0%", "1|2;3"]]


def test_numbers_that_meet_move_aside_and_lead_back():
    crowd = [square(str(n), n % 4, n // 4, f"Phường Số {n}") | {"x": 100 + n, "y": 100} for n in range(6)]
    sheet = map_layout.sheet(layer(crowd), crowd, None, None, "vi")
    numbered = [(x, y) for _, _, _, x, y in sheet.key]
    assert len(sheet.labels) + len(sheet.key) == 6  # none is left out
    assert all(abs(a[0] - b[0]) >= 18 or abs(a[1] - b[1]) >= 16 for a, b in itertools.combinations(numbered, 2))
    drawn = draw(units=crowd + UNITS[6:]).svg
    assert drawn.count('stroke="#10151c" stroke-width="0.9"') >= len(sheet.key) - 1


def test_paper_draws_the_units_it_is_told():
    drawn = draw(paper=["2", "3"])
    counts = [len(re.findall("<path ", re.search(r"<defs><g id.*?</g></defs>", one.svg)[0])) for one in (drawn, draw())]
    assert counts == [2, len(UNITS)]
    assert drawn.html.count("data-code=") == draw().html.count("data-code=")
