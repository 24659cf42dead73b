"""The maps of whole reports, over real boundaries and invented counts: what they weigh, show and let a keyboard do."""

import io
import json
import os
import random
import re
import shutil
import subprocess
from collections import Counter
from html import unescape
from importlib.util import find_spec
from pathlib import Path

import polars as pl
import pypdf
import pytest

from infoaccess import (
    exhibits,
    geography,
    html,
    map_exhibits,
    map_series,
    pdf,
    report,
    report_pictures,
    rooms,
    units,
    words,
)
from infoaccess.disclosure import PLANS
from infoaccess.errors import RoomError

MEASURES = ("deprived_any", "household_smartphone", "covered")
MONTHS = rooms.months_between("2023-01", "2025-12")
HIDDEN = ("suppressed_primary", None)
BUDGET = 300_000  # bytes of a city page's maps


def counts(month: str) -> pl.DataFrame:
    """Invent one month of room 4: rates that move with the months, one unit in fourteen withheld."""
    luck, era, rows = random.Random(month), units.era_of(month), []
    age = MONTHS.index(month) / len(MONTHS)
    for area_set in units.AREA_SETS:
        if area_set != "city" and area_set[0] < era:
            continue
        for code in units.of(area_set, month)["code"]:
            for measure in MEASURES:
                whole = luck.randrange(20, 900)
                rate = luck.uniform(0.3, 0.8) * (1 - age if measure == "deprived_any" else 0.2 + age)
                hidden = luck.randrange(14) == 0
                status, part = HIDDEN if hidden else ("published", round(min(rate, 1) * whole))
                sent = 1 if code == "19753" and month == "2024-12" else 2
                key = [month, area_set, code, units.valid_from(area_set, month), "all", "household", measure, "s"]
                rows.append([*key, part, whole, sent, 2, status, "published"])
    names = ["month", "area_set", "code", "valid_from", "group", "base", "measure", "standard", "numerator"]
    names += ["denominator", "communes_received", "communes_expected", "numerator_status", "denominator_status"]
    return pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Return a home with boundaries and three years of invented counts."""
    patch = pytest.MonkeyPatch()
    patch.setenv("INFOACCESS_HOME", str(tmp_path_factory.mktemp("nhà")))
    try:
        geography.build()
    except RoomError as problem:
        patch.undo()
        pytest.skip(str(problem))
    for month in MONTHS:
        folder = rooms.data(rooms.RELEASE, month)
        folder.mkdir(parents=True)
        counts(month).write_parquet(folder / "counts.parquet")
        for name in PLANS:
            pl.DataFrame({"unit": [""]}).clear().write_parquet(folder / f"{name}.parquet")
        (folder / "quality.json").write_text(json.dumps({"synthetic": True}), encoding="utf-8")
        (folder / "door.json").write_text(json.dumps({"threshold": 5}), encoding="utf-8")
    yield
    patch.undo()


def made(month: str, code: str) -> tuple[list, str, list[dict]]:
    """Return a report's maps, and the page and blocks that hold them."""
    r = report.open(month, code)
    maps = report_pictures.unit_maps(r)
    blocks = []
    for one in (report.title(r), *maps):
        bundle = one._repr_mimebundle_()
        block = {"exhibit": bundle[exhibits.MIME], "html": bundle["text/html"], "svg": bundle.get("image/svg+xml")}
        blocks.append({"type": "exhibit", **block})
    return maps, html.page(blocks), blocks


@pytest.fixture(scope="module")
def city(home):
    return made("2025-12", "46")


def data_of(page: str, name: str) -> dict:
    return json.loads(re.search(rf'<script type="application/json" id="map-{name}">(.*?)</script>', page, re.S)[1])


def test_a_city_has_four_maps_a_commune_one(city, home):
    assert [one.data["id"] for one in city[0]] == ["map", "map_change", "map_quarters", "map_bivariate"]
    assert all(len(one.data["alt"]) > 60 for one in city[0])
    assert [one.data["id"] for one in made("2025-12", "20044")[0]] == ["map"]
    first = made("2023-01", "46")[0]  # nothing to compare with yet
    assert [one.data["id"] for one in first] == ["map", "map_bivariate"]


def test_the_maps_of_a_city_page_keep_their_budget(city):
    _, page, blocks = city
    parts = re.findall(r'<section class="exhibit exhibit-map".*?</section>', page, re.S)
    weight = sum(len(part.encode()) for part in parts)
    assert len(parts) == 4 and 100_000 < weight <= BUDGET
    # Each unit's line is there twice: once for all maps of the screen, once in the first map's picture for paper.
    for unit in re.findall(r'<path id="map-live-0-\d+" d="([^"]+)"', page):
        assert page.count(unit) == 2
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#(map[^"]+)"', page)) <= set(ids)


def test_the_slider_shows_the_units_of_each_time(city):
    data = data_of(city[1], "map")
    now, then = ([layer for layer, _ in mode] for mode in data["modes"])
    assert set(now) == {0} and then == [1] * 24 + [2] * 6 + [0] * 6
    assert [len(layer["units"]) for layer in data["layers"]] == [40, 9, 9]
    assert data["breaks"] == [MONTHS.index("2025-01"), MONTHS.index("2025-07")]
    aluoi = data["layers"][1]["units"]["481"]
    assert aluoi[0] == "Huyện A Lưới" and all(f"A Lưới {n}" in aluoi[4] for n in range(1, 6))
    # Hóa Châu lies over old districts: each of them tells it.
    old = [layer["units"].values() for layer in data["layers"][1:]]
    assert [sum("Phường Hóa Châu" in unit[4] for unit in time) for time in old] == [2, 3]
    assert "9 huyện" in data["says"][2] and city[1].count('class="map-tick"') == 2


def test_every_figure_on_the_page_is_a_released_one(city):
    """Unpack what the script reads and compare it with room 4, cell by cell: no value where none was released."""
    data, checked = data_of(city[1], "map"), 0
    sets = ["C_commune", "A_district", "B_district"]
    for layer, area_set in zip(data["layers"], sets, strict=True):
        for place in range(layer["count"]):
            month = MONTHS[layer["first"] + place]
            frame = pl.read_parquet(rooms.data(rooms.RELEASE, month) / "counts.parquet")
            for row in frame.filter(pl.col("area_set") == area_set).iter_rows(named=True):
                packed = layer["cells"][row["measure"]][row["code"]]
                cell = (packed.split("|") if isinstance(packed, str) else packed)[place]
                if row["numerator"] is None:
                    assert cell == "s"
                else:
                    value = cell[0] if isinstance(cell, list) else int(cell.split(";")[0])
                    assert abs(value - 1000 * row["numerator"] / row["denominator"]) <= 0.5 + 1e-9
                checked += 1
    assert checked == (40 * 36 + 9 * 24 + 9 * 6) * 3


def test_change_is_told_only_where_the_same_was_counted(city):
    cells = data_of(city[1], "map_change")["layers"][0]["cells"]["0"]
    then, now = (pl.read_parquet(rooms.data(rooms.RELEASE, m) / "counts.parquet") for m in ("2024-12", "2025-12"))
    wanted = (pl.col("area_set") == "C_commune") & (pl.col("measure") == "deprived_any")
    pairs = then.filter(wanted).join(now.filter(wanted), on="code", suffix="_now").rows(named=True)
    assert cells["19753"] == ["i"]  # of its two communes one sent no list a year before
    for row in (row for row in pairs if row["code"] != "19753"):
        cell = cells[row["code"]][0]
        if row["numerator"] is None or row["numerator_now"] is None:
            assert cell == "s"
        else:
            change = row["numerator_now"] / row["denominator_now"] - row["numerator"] / row["denominator"]
            assert float(cell[1].split()[0].replace(",", ".").replace("−", "-")) == pytest.approx(
                100 * change, abs=0.051
            )


def test_other_territory_cannot_be_compared(city, monkeypatch):
    monkeypatch.setattr(units, "exact", lambda source, target: set())
    assert map_exhibits.change(report.open("2025-12", "46")) is None  # a map of nothing but hatching is none
    some = set(list(units.leaves("C_commune"))[:3])
    monkeypatch.setattr(units, "exact", lambda source, target: some)
    drawn = map_exhibits.change(report.open("2025-12", "46"))
    fills = dict(re.findall(r'data-code="(\d+)" fill="([^"]+)"', drawn.inner))
    assert {fill for code, fill in fills.items() if code not in some} == {"url(#map_change-live-grid)"}


def test_colours_mean_the_same_in_all_reports_of_a_month(city, home):
    mine = data_of(city[1], "map")["measures"]
    assert data_of(made("2025-12", "20044")[1], "map")["measures"] == mine
    swatches = re.findall(r'<g transform="translate\([^)]+\)"><rect [^>]*fill="(#\w+)"', city[0][2].svg)
    assert swatches[:5] == mine[0]["colours"]


def test_classes_rest_on_the_communes_of_each_time(home):
    found = map_series.bases(["2024-12", "2025-03", "2025-12", "2030-01"], ["covered"])["covered"]
    wanted = []
    for month, area_set in (("2024-12", "A_commune"), ("2025-03", "B_commune"), ("2025-12", "C_commune")):
        frame = pl.read_parquet(rooms.data(rooms.RELEASE, month) / "counts.parquet")
        rows = frame.filter((pl.col("area_set") == area_set) & (pl.col("measure") == "covered")).drop_nulls("numerator")
        wanted += (rows["numerator"] / rows["denominator"]).to_list()
    assert found == sorted(wanted) and len(found) > 250
    assert map_series.bases(["2030-01"], ["covered"]) == {"covered": []}


def test_the_reports_own_month_weighs_as_much_as_all_before(home):
    months = ["2024-12", "2025-03", "2025-12"]
    before, now = (map_series.bases(some, ["covered"])["covered"] for some in ([*months[:2], "2030-01"], months[2:]))
    both = Counter(map_series.bases(months, ["covered"])["covered"])
    both.subtract(before)
    assert abs(both.total() - len(before)) <= len(now) < len(before) and set(both.elements()) == set(now)


def rate(month: str, area_set: str, code: str, measure: str) -> str:
    """Print a released rate as a page does."""
    frame = pl.read_parquet(rooms.data(rooms.RELEASE, month) / "counts.parquet")
    keys = {"area_set": area_set, "code": code, "measure": measure}
    row = frame.filter(*(pl.col(key) == value for key, value in keys.items())).row(0, named=True)
    return "ẩn để bảo mật" if row["numerator"] is None else words.share(row["numerator"] / row["denominator"])


def test_a_districts_maps_show_its_own_communes(home):
    maps, page, _ = made("2025-06", "476")
    own = set(units.of("B_commune").query("parent_code == '476'")["code"])
    assert [one.data["id"] for one in maps] == ["map", "map_change", "map_quarters", "map_bivariate"]
    assert set(data_of(page, "map_change")["layers"][0]["units"]) == own
    assert len(data_of(page, "map")["layers"][0]["units"]) == 133
    ids = set(re.findall(r' id="([^"]+)"', page))
    assert set(re.findall(r'href="#(map[^"]+)"', page)) <= ids


def test_the_maps_print_as_vectors(city):
    made_pdf = pdf.render(city[2])
    reader = pypdf.PdfReader(io.BytesIO(made_pdf))
    text = " ".join(page.extract_text() for page in reader.pages)
    for said in ("Hình 1.", "Hình 1a.", "Hình 1b.", "Hình 1c.", "Quý I/2023", "Không so sánh được"):
        assert said in text
    assert not any(len(page.images) for page in reader.pages)


# What a reader does with keys and clicks, told to the page as events; the answers land in data-test.
KEYS = """
const told = {};
const event = (name) => new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true });
const key = (name) => document.activeElement.dispatchEvent(event(name));
const box = document.querySelector('[data-map="map"]');
const panel = box.querySelector('.map-panel');
const unit = (code) => box.querySelector(`[data-layer="0"] [data-code="${code}"]`);
const slider = box.querySelector('[data-role="slider"]');
const slide = (month) => { slider.value = month; slider.dispatchEvent(new Event('input')); };
told.stops = [...box.querySelectorAll('[data-layer="0"] [data-code]')].filter((one) => one.tabIndex === 0).length;
box.querySelector('[data-layer="0"] [tabindex="0"]').focus();
told.walk = [document.activeElement.dataset.code];
for (const name of ['ArrowDown', 'ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp']) {
  key(name);
  told.walk.push(document.activeElement.dataset.code);
}
told.name = document.activeElement.getAttribute('aria-label');
key('Enter');
told.opened = panel.querySelector('.map-unit b')?.textContent;
told.spark = panel.querySelectorAll('.spark').length;
told.pressed = document.activeElement.getAttribute('aria-pressed');
key('Escape');
told.closed = !panel.querySelector('.map-unit');
unit('20044').dispatchEvent(new MouseEvent('click', { bubbles: true }));
told.clicked = panel.querySelector('.map-unit b').textContent;
panel.querySelector('.map-close').click();
told.closed_again = !panel.querySelector('.map-unit');
told.focus_back = document.activeElement.dataset.code;
const units = [...box.querySelectorAll('[data-layer="0"] [data-code]')];
const fills = () => units.map((one) => one.getAttribute('fill')).join();
const before = fills();
slide(0);
told.repainted = fills() !== before;
told.says_sum = box.querySelector('[data-role="says"]').textContent;
const modes = box.querySelector('[data-role="modes"]');
modes.value = 1;
modes.dispatchEvent(new Event('change'));
told.layers = [...box.querySelectorAll('.map-svg > g [data-layer]')].map((one) => !one.hasAttribute('hidden'));
told.says_era = box.querySelector('[data-role="says"]').textContent;
slide(26);
told.in_march = box.querySelector('[data-layer="2"] [data-code="481"]').getAttribute('aria-label');
const measures = box.querySelector('[data-role="measures"]');
measures.value = 2;
measures.dispatchEvent(new Event('change'));
told.covered_in_march = box.querySelector('[data-layer="2"] [data-code="481"]').getAttribute('aria-label');
told.choices = box.querySelectorAll('[data-role="units"] option').length;
const other = document.querySelector('[data-map="map_bivariate"]');
other.querySelector('[data-code="20044"]').dispatchEvent(new MouseEvent('click', { bubbles: true }));
told.two_lines = other.querySelectorAll('.spark').length;
told.size = other.querySelector('[data-code="20044"]').getBoundingClientRect().width > 5;
"""


def browsed(page: str, script: str, folder: Path, milliseconds: int = 4000) -> str:
    """Run a script at the end of a page, in a copy without the page's policy, and return the DOM after it."""
    browser = shutil.which("chromium")
    if not browser:
        pytest.skip("chromium is not on the PATH")
    path = folder / "page.html"
    free = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    path.write_text(free.replace("</body>", f"<script>{script}</script></body>"), encoding="utf-8")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--virtual-time-budget={milliseconds}"]
    command += ["--window-size=1280,900", "--dump-dom", path.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, encoding="utf-8").stdout


def answers(dom: str) -> dict:
    told = re.search(r'<template id="told">(.*?)</template>', dom, re.S)
    assert told, "the script did not reach its end"
    return json.loads(unescape(told[1]))


TELL = """
const t = document.createElement('template');
t.id = 'told';
t.content.append(JSON.stringify(told));
document.body.append(t);
"""


@pytest.mark.browser
def test_keys_and_clicks_open_a_units_months(city, tmp_path):
    told = answers(browsed(city[1], KEYS + TELL, tmp_path))
    assert told["stops"] == 1 and len(set(told["walk"])) >= 4  # one stop for the tab key, arrows inside
    assert told["opened"] and told["name"].startswith(told["opened"]) and told["pressed"] == "true"
    assert told["spark"] == 1 and told["closed"] and told["closed_again"]
    assert told["clicked"] == "Xã A Lưới 2" and told["focus_back"] == "20044"
    assert told["repainted"] and "Ranh giới hiện nay" in told["says_sum"]
    for name, measure in (("in_march", "deprived_any"), ("covered_in_march", "covered")):
        assert told[name].startswith(f"Huyện A Lưới: {rate('2025-03', 'B_district', '481', measure)}")
    assert told["layers"] == [False, True, False] and told["says_era"].startswith("Đơn vị của tháng này: 9")
    assert told["choices"] == 10 and told["two_lines"] == 2 and told["size"]


def axe() -> str:
    """Return axe-core's source: the file that AXE_CORE names, or the one in the package axe-core-python."""
    named = os.environ.get("AXE_CORE")
    spec = find_spec("axe_core_python")
    found = [Path(named)] if named else sorted(Path(spec.origin).parent.rglob("axe.min.js")) if spec else []
    if not found:
        pytest.skip("axe-core-python is not installed")
    return found[0].read_text(encoding="utf-8").replace("</script", "<\\/script")


@pytest.mark.browser
def test_axe_finds_nothing_serious(city, tmp_path):
    run = """;
document.querySelector('[data-layer="0"] [data-code]').dispatchEvent(new MouseEvent('click', { bubbles: true }));
axe.run(document, { resultTypes: ['violations'] }).then((found) => {
  const bad = found.violations.filter((one) => ['serious', 'critical'].includes(one.impact));
  const told = bad.map((one) => one.id + ' ' + one.nodes[0].html);
"""
    script = axe() + run + TELL + "});"
    assert answers(browsed(city[1], script, tmp_path, 20_000)) == []
