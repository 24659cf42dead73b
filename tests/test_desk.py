"""The desk answers in frames that are right, shows them in Vietnamese, proposes names, and writes down who looks in."""

import inspect
import json
import re

import geopandas as gpd
import pandas as pd
import polars as pl
import pytest
from desk_home import made, set_home

from infoaccess import desk, desk_log, desk_names, desk_tables, linked, rooms, words
from infoaccess.errors import RoomError, UsageError


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return made(tmp_path_factory)


@pytest.fixture(autouse=True)
def at_home(home, monkeypatch, tmp_path):
    set_home(monkeypatch, home)
    monkeypatch.setattr(desk_log, "path", lambda: tmp_path / "desk.jsonl")  # other workers write the home's own


def log() -> list[dict]:
    path = desk_log.path()
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def test_counts_are_the_released_ones_and_hidden_ones_are_missing():
    found = desk.counts("2025-07", "deprived_any")
    assert found["code"].nunique() == len(found) == 40
    raw = pl.read_parquet(rooms.data(rooms.RELEASE, "2025-07") / "counts.parquet")
    raw = raw.filter(area_set="C_commune", measure="deprived_any", group="all", base="household").to_pandas()
    both = found.merge(raw, on="code", suffixes=("", "_raw"))
    hidden = both["numerator_status"].ne("published")
    assert 0 < hidden.sum() < 40
    assert both["numerator"].isna().equals(hidden)
    assert both.loc[~hidden, "numerator"].tolist() == both.loc[~hidden, "numerator_raw"].tolist()
    assert set(found.loc[hidden.to_numpy(), "status"]) == {"suppressed"}
    sure = found.dropna(subset=["share"])
    assert (sure["share"] - sure["numerator"] / sure["denominator"]).abs().max() == 0


def test_full_counts_hide_nothing_and_are_written_down_by_the_name_that_was_found():
    before = len(log())
    released, whole = desk.counts("2025-07"), desk.counts("2025-07", full=True)
    assert whole["numerator"].notna().all() and released["numerator"].isna().any()
    added = log()[before:]
    assert [(e["what"], e["measure"], e["full"]) for e in added] == [("counts", "deprived_any", True)]
    assert whole["numerator"].sum() == desk.counts("2025-07", areas="city", full=True)["numerator"].sum()
    assert "NỘI BỘ" in whole._repr_html_() and "NỘI BỘ" not in released._repr_html_()
    with pytest.raises(UsageError):
        desk.counts("2025-07", "Nguyễn Văn A", full=True)
    assert len(log()) == before + 2


def test_personal_columns_come_only_when_asked_and_the_log_holds_no_value_of_a_list():
    before, plain = len(log()), desk.households("2025-07")
    assert not set(plain.columns) & set(desk.PERSONAL) and len(log()) == before
    whole = desk.households("2025-07", personal=True)
    assert {"household_id", "village", "row"} <= set(whole.columns)
    entry = log()[-1]
    assert set(entry) == {"time", "user", "what", "month", "personal"} and len(log()) == before + 1
    text = desk_log.path().read_text(encoding="utf-8")
    assert not any(v in text for v in {*whole["household_id"], *whole["village"]})


def test_what_cannot_be_written_down_is_not_given(tmp_path, monkeypatch):
    monkeypatch.setattr(desk_log, "BYTES", 200)
    for _ in range(9):
        desk_log.write("counts", month="2025-07", full=True)
    names = sorted(p.name for p in tmp_path.iterdir())
    assert "desk.jsonl" in names and "desk.jsonl.1" in names and len(names) <= desk_log.KEPT + 1
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(desk_log, "path", lambda: tmp_path / "file" / "desk.jsonl")
    with pytest.raises(RoomError, match="nhật ký"):
        desk.households("2025-07", personal=True)


def test_series_follow_a_unit_over_the_reform():
    found = desk.series("deprived_any", "Huyện A Lưới", since="2025-06")
    assert found["month"].tolist() == ["2025-06", "2025-07"] and set(found["code"]) == {"481"}
    assert found["state"].tolist() == ["summed"] * 2
    same = desk.counts("2025-06", "deprived_any", "Huyện A Lưới")
    assert found["numerator"].iloc[0] == same["numerator"].iloc[0]
    straddling = desk.series("deprived_any", "A_district")
    assert {"unavailable", "union", "resolved"} & set(straddling["state"])
    assert any("+" in c for c in straddling["code"]) or "unavailable" not in set(straddling["state"])


def test_a_map_is_a_frame_and_a_picture():
    found = desk.map("deprived_any", "2025-07")
    assert isinstance(found, gpd.GeoDataFrame) and found.crs == "EPSG:4326" and len(found) == 40
    shown = found._repr_html_()
    assert "<svg" in shown and words.load("vi")("title.synthetic") in shown
    hidden = found.loc[found["status"] == "suppressed", "code"]
    assert len(hidden) and "Ẩn để bảo mật" in shown
    part = found[found["share"] > found["share"].median()]
    assert isinstance(part, gpd.GeoDataFrame) and "<svg" in part._repr_html_()
    with pytest.raises(UsageError, match="một hệ đơn vị"):
        desk.map("deprived_any", "2025-07", ["city", "communes"])


def test_two_months_or_two_frames_are_compared_in_points():
    found = desk.compare("2025-06", "2025-07", "deprived_any", "city")
    then, now = (desk.counts(m, "deprived_any", "city")["share"].iloc[0] for m in ("2025-06", "2025-07"))
    assert found["change_points"].iloc[0] == pytest.approx(now - then)
    assert not any("2G" in n for n in found.attrs["notes"])
    frames = desk.compare(desk.counts("2025-06", group="poor"), desk.counts("2025-06"))
    assert len(frames) == 133 and frames["change_points"].isna().equals(
        frames["share"].isna() | frames["then_share"].isna()
    )
    for wrong in (("2025-06", desk.counts()), (desk.counts().drop(columns="share"), desk.counts())):
        with pytest.raises(UsageError):
            desk.compare(*wrong)
    twice = pd.concat([desk.counts(), desk.counts()])
    with pytest.raises(UsageError, match="hai lần"):
        desk.compare(twice, desk.counts())


def test_standing_out_is_told_given_the_size():
    found = desk.standing("2025-07", "deprived_any")
    assert len(found) == 40 and found["reading"].str.endswith(".").all()
    rated = found.dropna(subset=["rank"])
    assert (rated["best_rank"] <= rated["rank"]).all() and (rated["rank"] <= rated["worst_rank"]).all()
    order = ["far_above", "far_below", "above", "below", "within"]
    places = [order.index(s) if s in order else 9 for s in found["status"]]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("call", "near"),
    [
        (lambda: desk.counts("2025-07", "deprivd_any"), "'deprived_any'"),
        (lambda: desk.counts("2025-07", "thieu hut internet"), "'deprived_internet'"),
        (lambda: desk.counts("2025-07", areas="phu xuan"), "Phường Phú Xuân (19753)"),
        (lambda: desk.counts("2025-07", group="poorr"), "'poor'"),
        (lambda: desk.counts("2025-07", "deprived_bot", full=True), "deprived_both"),
        (lambda: desk.counts("2025-07", "deprived_any", base="phone"), "household"),
        (lambda: desk.series("deprived_any", "A Lưới"), "Huyện A Lưới (481), Thị trấn A Lưới (20044)"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest_right_one(call, near):
    with pytest.raises(UsageError, match=re.escape(near)):
        call()


def test_months_are_named_when_one_is_not_there(tmp_path, monkeypatch):
    with pytest.raises(RoomError, match="2025-06 đến 2025-07"):
        desk.counts("2025-09")
    with pytest.raises(UsageError, match="2025-06"):
        desk.counts("2025-13")
    monkeypatch.setenv("INFOACCESS_HOME", str(tmp_path))
    with pytest.raises(RoomError, match="scripts/lab.py"):
        desk.latest()


def test_names_complete_and_every_measure_of_the_release_has_words():
    assert "deprived_any" in dir(desk.measures) and desk.measures.deprived_any == "deprived_any"
    assert not hasattr(desk.measures, "deprivd")
    assert next(iter(desk.measures)) in desk_names.measures()
    wordless = [m.name for m in desk_names.measures().values() if m.vi == m.name]
    assert all(m.startswith(("breach_", "eligibility_", "cause_")) for m in wordless), wordless
    assert desk.counts("2025-07", "Hộ có điện thoại thông minh")["measure"].iloc[0] == "household_smartphone"


def test_accents_are_never_dropped_to_find_a_unit():
    van, van_other = (desk_names.unit(n, "2024-12")[1] for n in ("Phường Hương Vân", "Phường Hương Văn"))
    assert van != van_other


def test_frames_go_in_as_areas():
    chosen = desk.units("2025-07").query("type == 'Phường'")
    found = desk.counts("2025-07", areas=chosen)
    assert sorted(found["code"]) == sorted(chosen["code"])


def test_frames_print_headings_numbers_and_signs():
    shown = desk.counts("2025-07", "deprived_any")._repr_html_()
    assert "<th" in shown and "Tỷ lệ" in shown and "(*)" in shown and "\N{NO-BREAK SPACE}%" in shown
    assert "DỮ LIỆU GIẢ LẬP" in shown and "nan" not in shown.lower() and "&lt;NA&gt;" not in shown
    bad = desk_tables.told(pd.DataFrame({"name": ["<script>alert(1)</script>"]}), "<b>", [], False)
    assert "<script" not in bad._repr_html_() and "<b>" not in bad._repr_html_()
    assert "… và 93 dòng nữa" in desk.counts("2025-06")._repr_html_()


def test_every_call_has_an_example_that_runs():
    for name in ("units", "counts", "series", "map", "compare", "households", "standing"):
        text = inspect.getdoc(getattr(desk, name))
        example = re.search(r"Ví dụ: `(.+?)`", text)
        assert example, name
        assert len(eval(example[1], {"desk": desk})) > 0, name


def test_the_full_table_is_what_room_three_holds():
    whole = desk.counts("2025-07", "deprived_both", "city", base="person", full=True)
    raw = linked.read("2025-07").filter(measure="deprived_both", base="person", group="all", area_set="city")
    assert whole["numerator"].iloc[0] == raw["numerator"][0]
