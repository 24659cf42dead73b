"""The cookbook's arithmetic, counted again in plain pandas; the pictures of the README draw what was released."""

import json
import re

import pandas as pd
import pytest
from desk_home import made, set_home

from infoaccess import desk, desk_log, pictures, questions
from infoaccess.errors import UsageError


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return made(tmp_path_factory)


@pytest.fixture(autouse=True)
def at_home(home, monkeypatch, tmp_path):
    set_home(monkeypatch, home)
    monkeypatch.setattr(desk_log, "path", lambda: tmp_path / "desk.jsonl")  # other workers write the home's own


@pytest.mark.parametrize(("phone", "connection"), [(True, False), (False, True), (True, True), (False, False)])
def test_who_is_lifted_is_counted_again(phone, connection):
    rows = desk.households("2025-07").dropna(subset=["deprived_11", "deprived_12"])
    internet, device = (rows[f"deprived_{n}"].astype(bool) for n in (11, 12))
    left = (internet & (not connection)) | (device & (not phone))
    lifted = (internet | device) & ~left
    found = questions.lifting("2025-07", phone=phone, connection=connection).set_index("code")
    assert found["deprived"].sum() == (internet | device).sum()
    assert found["by_phone"].sum() == (device & ~internet).sum() and found["by_both"].sum() == (device & internet).sum()
    by = lifted.groupby(rows["commune_code"]).sum()
    assert found["lifted"].dropna().astype(int).to_dict() == by.reindex(found.index).fillna(0).astype(int).to_dict()
    every = rows.dropna(subset=[f"deprived_{n}" for n in range(1, 13)])
    score = sum(every[f"deprived_{n}"].astype(int) for n in range(1, 13))
    less = score - every["deprived_12"].astype(int) * phone - every["deprived_11"].astype(int) * connection
    assert found["leave_poverty"].sum() == (every["poor"].astype(bool) & (score >= 3) & (less < 3)).sum()


def test_asking_who_is_lifted_is_written_down_and_a_unit_without_a_list_is_missing(monkeypatch):
    path = desk_log.path()
    questions.lifting("2025-07")
    assert json.loads(path.read_text(encoding="utf-8").splitlines()[-1])["what"] == "lifting"
    whole = questions.desk_counts.counts

    def silent(*asked):
        found = whole(*asked)
        found.loc[found["code"] == "19753", "numerator"] = pd.NA
        return found

    monkeypatch.setattr(questions.desk_counts, "counts", silent)
    found = questions.lifting("2025-07").set_index("code")
    assert pd.isna(found.loc["19753", "deprived"]) and pd.notna(found.loc["19774", "deprived"])


def test_sources_add_up_and_the_need_is_of_all_together():
    found = questions.sources("2025-07").set_index("label")
    whole = found.loc["Tổng cộng"]
    parts = found.drop(index="Tổng cộng")
    assert parts["need"].isna().all() and whole["need"] == desk.counts("2025-07", "covered", "city")["denominator"][0]
    known = parts.dropna(subset=["promised", "handed"])
    assert (known["to_hand"] == (known["promised"] - known["handed"]).clip(lower=0)).all()
    assert questions.when("2025-07").sentence in found.attrs["notes"]


def test_the_reform_leaves_every_unit_in_one_state():
    found = questions.reform("deprived_any")
    states = found[["exact", "summed", "resolved", "unavailable"]].sum(axis=1)
    assert (states == found["units"]).all() and (found["with_figure"] <= found["units"]).all()
    later = found[(found["area_set"] == "A_district") & (found["month"] == "2025-07")].iloc[0]
    assert later["units"] == 9 and later["summed"] + later["resolved"] + later["unavailable"] + later["exact"] == 9


def test_pictures_say_that_the_data_are_made_up_and_show_what_was_released(tmp_path, monkeypatch):
    for path in pictures.write(tmp_path):
        text = path.read_text(encoding="utf-8")
        assert "DỮ LIỆU GIẢ LẬP" in text and text.rstrip().endswith("</svg>") and len(text) < 60_000
        box = [float(v) for v in re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text).groups()]
        assert min(box) > 100
    handed = desk.counts("2025-07", "handed_telecom_fund", "city")["numerator"].iloc[0]
    assert pd.isna(handed) or f">{handed}<" in (tmp_path / "sources.svg").read_text(encoding="utf-8")
    real = desk.counts("2025-07")
    real.attrs["synthetic"] = False
    monkeypatch.setattr(pictures.desk, "counts", lambda month: real)
    with pytest.raises(UsageError, match="danh sách thật"):
        pictures.write(tmp_path)
