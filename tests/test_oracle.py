"""Every row of room 3 against the pandas oracle, on months around the changes of era whose lists were spoiled."""

import shutil
from pathlib import Path

import numpy as np
import oracle
import oracle_homes
import pandas as pd
import polars as pl
import pytest

MONTHS = ("2024-12", "2025-01", "2025-02", "2025-07", "2025-08", "2025-09")  # two changes of era, 2025-06 sent nothing
FOLLOWED = ("2025-02", "2025-08", "2025-09")  # months with the month before in the same era
WITHOUT_PHONES = ("2024-12", "2025-02")  # a first month without any to date, and one without any of its own


@pytest.fixture(scope="module")
def homes(tmp_path_factory) -> dict[str, Path]:
    """Return the sample walked to room 2, and a copy of it with room 2 spoiled and stage 3 run."""
    answered, spoiled = (tmp_path_factory.mktemp(name) for name in ("answered", "spoiled"))
    oracle_homes.sample(answered, 0.1, MONTHS)
    oracle_homes.walk(answered, "1_validated", "2_placed")
    shutil.copytree(answered, spoiled, dirs_exist_ok=True)
    oracle_homes.spoil(spoiled)
    for month in WITHOUT_PHONES:
        path = spoiled / "data" / "2_placed" / month / "handovers.parquet"
        pl.read_parquet(path).clear().write_parquet(path)
    oracle_homes.walk(spoiled, "3_indicators")
    return {"answered": answered, "spoiled": spoiled}


@pytest.fixture(scope="module")
def room(homes) -> oracle.Room:
    return oracle.Room(homes["spoiled"])


def test_every_table_of_room_3_has_its_oracle(homes, room):
    written = {p.parent.name for p in (homes["spoiled"] / "data" / "3_indicators").glob("*/*/counts.parquet")}
    assert written == set(oracle_homes.TABLES)
    assert room.months == list(MONTHS)


@pytest.mark.parametrize("table", oracle_homes.TABLES)
def test_every_count_is_the_oracles(tried, homes, room, table):
    months = [m for m in MONTHS if oracle_homes.stored(homes["spoiled"], m, table) is not None]
    assert months == list(FOLLOWED if table in ("movements", "flows") else MONTHS)
    for month in MONTHS:
        rows, differ = oracle_homes.differing(room, homes["spoiled"], month, table)
        assert differ.empty, differ.head(10).T.to_string()
        tried["rows of room 3 counted again"] += rows
        assert (rows > 0) == (month in months)


def test_the_spoiled_lists_meet_every_rule_for_what_is_not_known(homes):
    """What the comparison is worth: doubt, refusal and every movement occur in it."""
    tables = {
        t: pd.concat([oracle_homes.stored(homes["spoiled"], m, t) for m in FOLLOWED]) for t in oracle_homes.TABLES
    }
    city = {t: f[f["area_set"] == "city"].groupby("measure")["numerator"].sum() for t, f in tables.items()}
    assert city["poverty"]["undecided"] > 0 and city["movements"]["not_followed"] > 0
    moves = city["movements"][lambda n: n.index.str.startswith(("unknown_since", "known_since", "left", "entered"))]
    assert len(moves) == 16 and (moves > 0).all()
    assert (city["flows"] > 0).all()
    planted = {"source_missing", "class_source", "not_listed", "second_phone", "had_smartphone", "earlier_device"}
    planted |= {"before_programme", "cash_source", "cash_amount", "value_missing", "value_implausible"}
    assert {r for r in planted if city["eligibility"][f"breach_{r}"] == 0} == set()
    assert tables["deprivation"]["numerator"].isna().any() and tables["deprivation"]["denominator"].isna().any()


def test_complete_units_are_those_without_a_row_in_doubt(homes):
    answered = oracle.Room(homes["answered"])
    for month in MONTHS:
        assert answered.whole(month) == answered.complete([month])
    assert answered.whole(MONTHS[-1])["B_commune"] < answered.whole(MONTHS[0])["B_commune"]


def changed(before: pd.DataFrame, after: pd.DataFrame, groups: set[str]) -> dict[str, set[str]]:
    _, differ = oracle.compare(before[before["group"].isin(groups)], after[after["group"].isin(groups)])
    return differ.groupby("area_set")["code"].agg(set).to_dict()


def test_a_household_that_moves_changes_the_units_it_left_and_came_to_and_no_other(homes, tmp_path):
    month, room = MONTHS[0], oracle.Room(homes["answered"])
    shutil.copytree(homes["answered"], tmp_path, dirs_exist_ok=True)  # with its key
    units = {s: codes for s, codes in oracle_homes.moved(tmp_path, month).items() if codes}
    assert {"A_commune", "A_district", "C_commune"} <= set(units) and "city" not in units
    oracle_homes.walk(tmp_path, "3a", "3b", months=[month])
    for table in ("deprivation", "poverty", "smartphones"):
        before, after = oracle_homes.TABLES[table](room, month), oracle_homes.stored(tmp_path, month, table)
        assert changed(before, after, {"all", "poor", "near_poor"}) == units


def test_order_and_cuts_of_rows_and_files_change_no_count(homes, tmp_path):
    month, rng = MONTHS[-1], np.random.default_rng(5)
    shutil.copytree(homes["answered"], tmp_path, dirs_exist_ok=True)
    raw = tmp_path / "data" / "0_raw" / month
    for n, path in enumerate(sorted(raw.glob("*.xlsx"), reverse=True)):  # files come in the other order
        path.rename(path.with_name(f"{n:03d}_{path.name}"))
    oracle_homes.walk(tmp_path, "1_validated", "2_placed", months=[month])
    for path in (tmp_path / "data" / "2_placed").glob("*/*.parquet"):
        rows = pl.read_parquet(path)
        order = rng.permutation(rows.height)
        rows[order].write_parquet(path, row_group_size=97)
    oracle_homes.walk(tmp_path, "3_indicators", months=[month])
    for table in oracle_homes.TABLES:
        rows, differ = oracle_homes.differing(oracle.Room(homes["answered"]), tmp_path, month, table)
        assert rows and differ.empty, table
