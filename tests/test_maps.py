import json
import re
from xml.etree import ElementTree

import pytest

from infoaccess import map_layout, map_svg, maps

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
    assert data_of(drawn)["cells"]["rate"]["2"] == ["missing", "empty", "suppressed"]
    assert drawn.svg.count("url(#toy-hatch)") == 2  # the unit and its legend
    assert "Ẩn để bảo mật" in drawn.svg
    paths = {p.get("data-code"): p.get("fill") for p in ElementTree.fromstring(live_svg(drawn)).iter(f"{SVG}path")}
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
    assert len(breaks) == 4 and all(round(b * 100, 6) == int(round(b * 100, 6)) for b in breaks)
    # One colour for one value, whichever month it stands in.
    scale = maps.scale([(n + 1 + k) / 50 for n in range(8) for k in range(3)], "deprivation")
    assert breaks == list(scale.breaks)
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
    assert data_of(drawn)["units"]["a"][0] == HOSTILE
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
    sheet = map_layout.sheet(layer(UNITS), UNITS, None, None, "vi")
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
    assert re.findall(r'id="([^"]+)"', drawn.svg) == ["toy-hatch", "toy-dots", "toy-clip"]
    assert not set(re.findall(r' id="([^"]+)"', drawn.svg)) & set(re.findall(r' id="([^"]+)"', drawn.html))
