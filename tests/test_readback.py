"""What is read back out of a report's files: nothing where they are right, a named difference where they are not."""

import re
import shutil
from pathlib import Path

import polars as pl
import pytest
import small_months

from infoaccess import geography, leash, readback, report, rooms, runner
from infoaccess.errors import ReportError

MONTH, CODE = "2025-03", "46"
NEIGHBOUR = "481"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make two months, the reports of the city in each and of a district in the newer one."""
    home = tmp_path_factory.mktemp("home")
    patch = pytest.MonkeyPatch()
    patch.setenv("INFOACCESS_HOME", str(home))
    patch.setenv("INFOACCESS_KEY_FILE", str(home / "key"))
    geography.build()
    small_months.sample(home, "2025-02", MONTH, scale=0.2)
    for month in ("2025-02", MONTH):
        with pytest.MonkeyPatch.context() as own:
            small_months.make(month, own)
    for month, code in (("2025-02", CODE), (MONTH, CODE), (MONTH, NEIGHBOUR)):
        folder = home / "made" / month
        (folder / "run").mkdir(parents=True, exist_ok=True)
        given = {"month": month, "area": code, "first_month": "2025-02", "state": "preliminary", "lang": "vi"}
        given["edition"] = "public"
        runner.report({"code": code, "parameters": given, "folder": str(folder), "limits": leash.Limits(300)})
    yield home / "made"
    patch.undo()


@pytest.fixture
def folder(made, tmp_path) -> Path:
    """Return a copy of the newest month's reports, to be spoilt."""
    shutil.copytree(made / MONTH, tmp_path / "reports")
    return tmp_path / "reports"


def opened() -> report.Report:
    return report.open(MONTH, CODE, since="2025-02")


def page(folder: Path) -> str:
    return (folder / f"{CODE}.html").read_text(encoding="utf-8")


def spoil(folder: Path, old: str, new: str, count: int = 1) -> None:
    text = page(folder)
    assert old in text and old != new
    (folder / f"{CODE}.html").write_text(text.replace(old, new, count), encoding="utf-8", newline="\n")


def test_a_sound_report_gives_its_numbers(folder):
    numbers = {n["id"]: n["value"] for n in readback.check(folder, opened())}
    assert numbers["listed.households"] > 100


def refused(folder: Path, *told: str) -> None:
    with pytest.raises(ReportError) as err:
        readback.check(folder, opened())
    assert all(word in str(err.value) for word in told), str(err.value)


def table_of(text: str, id_: str) -> str:
    return re.search(rf'<section class="exhibit exhibit-table" id="{id_}">.*?</section>', text, re.S)[0]


def test_a_stale_headline_is_found(folder):
    old = re.search(r'data-number-id="listed.households" value="[^"]*">([^<]*)<', page(folder))
    spoil(folder, old[0], old[0].replace(f">{old[1]}<", ">1<"))
    refused(folder, "listed.households")


def test_a_headline_whose_machine_value_differs_from_its_text_is_found(folder):
    old = re.search(r'data-number-id="listed.households" value="([^"]*)"', page(folder))
    spoil(folder, old[0], old[0].replace(old[1], "1"))
    refused(folder, "listed.households")


@pytest.mark.parametrize("id_", ["months", "units", "groups", "indicators", "sources_table", "targets"])
def test_a_stale_cell_of_any_table_is_found(folder, id_):
    whole = table_of(page(folder), id_)
    cell = re.findall(r'<td class="right"[^>]*>[\d.,]+', whole)[-1]
    spoil(folder, whole, whole[::-1].replace(cell[::-1], (cell + "9")[::-1], 1)[::-1])
    refused(folder, f"bảng {id_}")


def test_a_hidden_figure_that_shows_is_found(folder):
    whole = table_of(page(folder), "units")
    sign = re.search(r'suppressed"[^>]*>\(\*\)', whole)
    spoil(folder, whole, whole.replace(sign[0], sign[0].replace("(*)", "3"), 1))
    refused(folder, "bảng units", "'3'", "(*)")


def test_a_table_that_is_missing_or_cut_is_found(folder):
    whole = table_of(page(folder), "groups")
    spoil(folder, whole, re.sub(r"<tr>(?!.*<tr>).*?</tr>", "", whole, flags=re.S))
    refused(folder, "bảng groups")
    spoil(folder, 'id="units"', 'id="other"')
    refused(folder, "bảng other thừa", "bảng units thiếu")


def test_another_units_name_or_month_is_found(folder):
    spoil(folder, "Thành phố Huế</h1>", "Huyện A Lưới</h1>")
    refused(folder, "tiêu đề trang", "Thành phố Huế")


def test_a_swapped_map_is_found(folder, made):
    fills = re.findall(r'data-code="(\d+)" fill="(#[0-9a-f]{6})"', page(folder))
    (one, first), (_, other) = fills[0], next(f for f in fills if f[1] != fills[0][1])
    spoil(folder, f'data-code="{one}" fill="{first}"', f'data-code="{one}" fill="{other}"')
    refused(folder, "bản đồ", one)


def test_a_map_of_another_month_is_found(folder, made):
    before = (made / "2025-02" / f"{CODE}.html").read_text(encoding="utf-8")
    script = r'<script type="application/json" id="map-map">.*?</script>'
    spoil(folder, re.search(script, page(folder), re.S)[0], re.search(script, before, re.S)[0])
    refused(folder, "bản đồ")


@pytest.mark.parametrize(("month", "code"), [(MONTH, NEIGHBOUR), ("2025-02", CODE)], ids=["unit", "month"])
def test_the_pdf_of_another_unit_or_month_is_found(folder, made, month, code):
    shutil.copy(made / month / f"{code}.pdf", folder / f"{CODE}.pdf")
    refused(folder, "PDF")


@pytest.mark.parametrize("id_", ["trend_deprivation", "trend_smartphone", "sources", "funnel"])
def test_a_chart_whose_drawing_or_reading_differs_is_found(folder, id_):
    chart = re.search(rf'<div class="chart" data-chart="{id_}">.*?</script>', page(folder), re.S)
    if chart is None:
        pytest.skip(f"{id_} is not drawn from so small a sample")
    whole = page(folder)
    mark = re.search(r'<path d="M[\d.]+ [\d.]+|<rect x="[\d.]+|translate\([\d.]+', chart[0])[0]
    spoil(folder, chart[0], chart[0].replace(mark, mark + "1", 1))
    refused(folder, f"biểu đồ {id_}")
    told = re.search(r'"texts":\[\["([^"]+)"', chart[0])[0]
    (folder / f"{CODE}.html").write_text(
        whole.replace(chart[0], chart[0].replace(told, told + "9", 1)), encoding="utf-8"
    )
    refused(folder, f"biểu đồ {id_}")


def test_swapped_charts_and_a_stale_finding_are_found(folder, made):
    spoil(folder, 'data-chart="trend_deprivation"', 'data-chart="trend_smartphone"')
    refused(folder, "biểu đồ trend_deprivation thiếu")
    shutil.copytree(made / MONTH, folder, dirs_exist_ok=True)
    lead = re.search(r'<div class="lead">\s*<p>([^<]+)</p>', page(folder))
    spoil(folder, lead[1], lead[1].replace("1", "2") + " Nay")
    refused(folder, "trang thiếu câu")


def test_a_pdf_without_one_of_its_pages_is_found(folder):
    pikepdf = pytest.importorskip("pikepdf")
    path = folder / f"{CODE}.pdf"
    whole = path.read_bytes()
    with pikepdf.open(path) as document:
        count = len(document.pages)
    for gone in range(1, count - 1):  # the first has the title, the last the signature
        path.write_bytes(whole)
        with pikepdf.open(path, allow_overwriting_input=True) as document:
            del document.pages[gone]
            document.save(path)
        refused(folder, "PDF")


def test_a_cut_pdf_is_found(folder):
    whole = (folder / f"{CODE}.pdf").read_bytes()
    (folder / f"{CODE}.pdf").write_bytes(whole[: len(whole) // 2])
    refused(folder, "PDF")


def test_a_pdf_whose_map_is_another_is_found(folder, monkeypatch):
    found = readback.colours

    def swapped(document):
        shades = found(document)
        classes = readback.page_parts.read(page(folder)).maps["map"]["measures"][0]["colours"]
        turn = dict(zip(classes, classes[1:] + classes[:1], strict=True))
        return [turn.get(c, c) for c in shades]

    monkeypatch.setattr(readback, "colours", swapped)
    refused(folder, "bản đồ trong PDF")


def test_a_release_that_changed_after_the_report_is_found(folder):
    path = rooms.data(rooms.RELEASE, MONTH) / "counts.parquet"
    kept = path.read_bytes()
    here = (pl.col("code") == CODE) & (pl.col("measure") == "listed") & (pl.col("group") == "all")
    changed = pl.read_parquet(path).with_columns(
        pl.when(here).then(pl.col("numerator") + 1).otherwise("numerator").alias("numerator")
    )
    try:
        changed.write_parquet(path)
        refused(folder, "listed.households")
    finally:
        path.write_bytes(kept)
