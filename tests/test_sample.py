"""The sample lists: calibrated, consistent, repeatable, and never taken for real ones."""

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from infoaccess import sample_books, sample_people
from infoaccess.sample_households import NEAR, POLICY, POOR

ROOT = Path(__file__).parents[1]
SCALE = 0.02
MARK = sample_people.settings()["text"]["mark"]


def simulate(scale=SCALE, **more):
    units, lineage = (pd.read_csv(ROOT / "geo" / f"{name}.csv", dtype=str) for name in ("units", "lineage"))
    return sample_people.simulate(units, lineage, scale=scale, **more)


def keys(people, month):
    """Return (commune code, hamlet, number) of each listed household."""
    homes = people.homes.loc[people.lists[month].household].join(people.era(month).code, on="commune")
    return homes[["code", "hamlet", "number"]]


def table(path):
    return CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python(skip_empty_area=False)


def make(*arguments):
    script = [sys.executable, str(ROOT / "scripts" / "make_sample.py"), "--scale", str(SCALE), "--jobs", "1"]
    return subprocess.run([*script, *map(str, arguments)], capture_output=True, text=True, encoding="utf-8")


@pytest.fixture(scope="module")
def people():
    return simulate()


@pytest.fixture(scope="module")
def raw(people, tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw")
    sample_books.write(people, folder, ["2023-01", "2024-12", "2025-01", "2025-07"])
    return folder


@pytest.mark.parametrize("scale", [SCALE, 0.1])
def test_december_totals_are_the_published_ones(scale):
    made, lineage = simulate(scale), pd.read_csv(ROOT / "geo" / "lineage.csv", dtype=str)
    published = {"2023-12": (7540, 9002), "2024-12": (4689, None), "2025-12": (3870, None)}
    for month, (poor, near) in published.items():
        rows = made.lists[month]
        assert (rows.status == POOR).sum() == round(scale * poor)
        assert near is None or (rows.status == NEAR).sum() == round(scale * near)
    rows = made.lists["2023-12"]
    inside = rows[rows.commune.map(lineage.A_district_code) == "481"]
    assert (inside.status == POOR).sum() == round(scale * 3485)
    assert (inside.status == NEAR).sum() == round(scale * 2253)
    totals = made.totals[made.totals.month == "2024-12"]
    assert totals.households.sum() == round(scale * 334900)


def test_information_improves_as_calibrated():
    made = simulate(0.1)
    first, last = made.lists["2023-01"], made.lists["2025-12"]
    assert (first.d11 | first.d12).mean() == pytest.approx(0.60, abs=0.04)
    assert (last.d11 | last.d12).mean() == pytest.approx(0.28, abs=0.04)
    assert first.phone.mean() == pytest.approx(0.45, abs=0.03)
    assert last.phone.mean() == pytest.approx(0.87, abs=0.04)
    handed = len(made.handovers)
    assert handed / (handed + last.need.sum()) == pytest.approx(0.96, abs=0.01)


def test_class_agrees_with_deprivations(people):
    for rows in people.lists.values():
        total = rows[[f"d{i}" for i in range(1, 13)]].sum(axis=1)
        assert (total[rows.status == POOR] >= 3).all()
        assert (total[rows.status != POOR] <= 2).all()
        assert rows.policy[rows.status == POLICY].all()


def test_smartphones_agree_with_needs_and_users(people):
    for rows in people.lists.values():
        assert not (rows.phone & (rows.d12 | rows.need)).any()
        assert ((rows.users >= 1) == rows.phone).all()
        assert ((rows.users <= rows.adults) & (rows.adults <= rows.members)).all()


def test_key_is_unique_in_every_month_and_stable(people):
    assert not people.homes.duplicated(["commune", "hamlet", "number"]).any()
    for month in people.lists:
        assert not keys(people, month).duplicated().any(), month
    assert people.homes.number.value_counts()["001"] > 100  # alone it is no key


def test_hamlets_stay_apart_after_every_merger(people):
    places = people.homes[["commune", "hamlet"]].drop_duplicates()
    for month in ("2024-12", "2025-06", "2025-12"):
        now = places.join(people.era(month).code, on="commune")
        assert not now.duplicated(["code", "hamlet"]).any(), month
        assert now.code.notna().all()


def test_handovers_follow_the_rules(people):
    given = people.handovers
    assert not given.household.duplicated().any()
    assert given.month.min() == "2024-01" and given.month.max() == "2025-12"
    assert (given.value_dong[given.cash] == 500000).all()
    assert given.value_dong[~given.cash].between(1_500_000, 2_600_000).all()
    for month, part in given.groupby("month"):
        rows = people.lists[month].set_index("household").loc[part.household]
        assert rows.phone.all() and not rows.need.any()
        public = (part.source == "chương trình viễn thông công ích").to_numpy()
        assert rows.status[public].isin([POOR, NEAR]).all()
        assert not (part.cash.to_numpy() & ~public).any()
        assert part.date.dt.strftime("%Y-%m").eq(month).all()
        devices = people.homes.loc[part.household, ["tablet", "wave"]].to_numpy()
        assert not devices[public].any() and part.plan[public & ~part.cash].all()
        assert (part.bought < part.date).equals(part.cash) and part.bought.isna().equals(~part.cash)
    assert people.homes[["tablet", "wave"]].any().all()


def test_identity_numbers_have_the_right_shape_and_are_unique(people):
    homes = people.homes
    assert homes.identity.is_unique
    sex = homes.female.astype(int) + 2 * (homes.born >= 2000)
    wanted = "046" + sex.astype(str) + (homes.born % 100).map("{:02d}".format)
    assert (homes.identity.str.slice(0, 6) == wanted).all()
    assert homes.identity.str.fullmatch(r"\d{12}").all()
    assert homes.telephone.str.fullmatch(r"0000\d{6}").all()


def test_more_households_than_listed_in_every_commune(people):
    for month, rows in people.lists.items():
        totals = people.totals[people.totals.month == month].set_index("commune")
        assert (totals.households > rows.groupby("commune").size().reindex(totals.index, fill_value=0)).all()
        assert (totals.people >= totals.households).all()


def test_a_shorter_run_gives_the_same_months(people):
    short = simulate(first="2024-03", last="2024-04")
    assert list(short.lists) == ["2024-03", "2024-04"]
    pd.testing.assert_frame_equal(short.lists["2024-04"], people.lists["2024-04"])
    with pytest.raises(ValueError, match="2022-12"):
        simulate(first="2022-12")


def test_too_small_a_scale_is_refused():
    with pytest.raises(ValueError, match="quá bé"):
        simulate(0.0)


def test_files_follow_the_map_of_the_month(raw):
    names = {month: {path.name for path in (raw / month).iterdir()} for month in ("2023-01", "2024-12")}
    lists = {f"danh_sach_ho_{code}.xlsx" for code in (474, *range(476, 484))}
    common = {"mau_so_dan_so.xlsx", "thue_bao.xlsx", "chi_tieu.xlsx"}
    assert names["2023-01"] == lists | common
    assert names["2024-12"] == lists | common | {
        "ban_giao_dien_thoai.xlsx",
        "cam_ket_dien_thoai.xlsx",
        "ke_hoach_von.xlsx",
    }
    assert len(list((raw / "2025-01").glob("danh_sach_ho_*.xlsx"))) == 9
    assert len(list((raw / "2025-07").glob("danh_sach_ho_*.xlsx"))) == 40


def test_every_workbook_says_that_it_is_synthetic(raw):
    books = list(raw.rglob("*.xlsx"))
    assert len(books) > 60
    for path in books:
        assert any(MARK in row for row in table(path)[:6]), path
        assert sample_books.is_sample(path)


def test_workbooks_hold_exactly_the_simulated_households(raw, people):
    for month in ("2024-12", "2025-07"):
        found = []
        for path in (raw / month).glob("danh_sach_ho_*.xlsx"):
            rows = table(path)
            code, hamlet, number = (
                next(i for i, label in enumerate(rows[5]) if label in labels)
                for labels in (["Mã xã"], ["Thôn/Tổ dân phố", "Tổ dân phố/Thôn"], ["Mã hộ"])
            )
            data = [row for row in rows if re.fullmatch(r"\d+\.\d+", str(row[0]))]
            found += [(row[code], row[hamlet], row[number]) for row in data]
            flat = [cell for row in rows for cell in row]
            assert flat.count("TỔNG CỘNG") == 1 and f"Cộng: {len(data)} hộ" in flat
        assert sorted(found) == sorted(keys(people, month).itertuples(index=False, name=None))


def test_promises_and_plans_are_those_of_the_settings_and_grow_with_time(raw):
    known, found = sample_people.settings()["funding"], {}
    for month in ("2024-12", "2025-01", "2025-07"):
        rows = [row for row in table(raw / month / "cam_ket_dien_thoai.xlsx") if re.fullmatch(r"\d+", str(row[0]))]
        found[month] = sum(row[3] for row in rows if row[1] != "A")
        whole = sum(sum(phones) for when, phones in known["promised"].items() if when <= month)
        assert abs(found[month] - SCALE * whole) <= len(rows) / 2  # rounded row by row
    assert found["2024-12"] < found["2025-01"] < found["2025-07"]
    assert not (raw / "2023-01" / "ke_hoach_von.xlsx").exists()


def test_same_seed_gives_the_same_bytes(raw, tmp_path):
    sample_books.write(simulate(), tmp_path, ["2024-12"])
    for path in (raw / "2024-12").iterdir():
        assert path.read_bytes() == (tmp_path / "2024-12" / path.name).read_bytes(), path.name
    assert simulate(seed=1).homes["head"].tolist() != simulate().homes["head"].tolist()


def test_script_refuses_to_write_beside_real_lists(tmp_path):
    month = tmp_path / "data" / "0_raw" / "2025-07"
    month.mkdir(parents=True)
    real = month / "danh_sach.xlsx"
    real.write_bytes(b"not a sample")
    run = make("--home", tmp_path, "--first", "2025-06", "--last", "2025-07")
    assert run.returncode == 2
    assert "danh_sach.xlsx" in run.stderr and len(run.stderr.strip().splitlines()) == 1
    assert real.read_bytes() == b"not a sample" and not (month.parent / "2025-06").exists()


def test_script_replaces_its_own_samples(tmp_path):
    for seed in (1, 2):
        run = make("--home", tmp_path, "--first", "2024-12", "--last", "2024-12", "--seed", seed)
        assert run.returncode == 0, run.stderr
        assert run.stderr == ""
    assert [path.name for path in (tmp_path / "data" / "0_raw").iterdir()] == ["2024-12"]
