"""The series across the eras against the truth of the sample, which knows every household's commune of 2024."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from infoaccess import (
    areas,
    attack,
    disclosure,
    pipeline,
    protection,
    rooms,
    sample_books,
    sample_people,
    series,
    units,
)

MONTHS = ("2024-12", "2025-01", "2025-06", "2025-07", "2025-08")  # the months before and after each change of era
FIRST, LAST = MONTHS[0], MONTHS[-1]
MEASURES = {
    "deprived_any": lambda f: f.d11 | f.d12,
    "deprived_device": lambda f: f.d12,
    "household_smartphone": lambda f: f.phone,
}


@pytest.fixture(scope="module")
def truth() -> dict[str, pd.DataFrame]:
    """Return each month's listed households with their era-A commune: the sample before it was written down."""
    known = [pd.read_csv(rooms.CHECKOUT / "geo" / f"{n}.csv", dtype=str) for n in ("units", "lineage")]
    people = sample_people.simulate(*known, scale=0.1, seed=5, first=FIRST, last=LAST)
    leaf = people.era("2024-12")["code"]
    lists = {m: f.assign(leaf=f.commune.map(leaf)) for m, f in people.lists.items()}
    return {"people": people, **lists}


def shown(counts: pl.DataFrame, threshold: int) -> pl.DataFrame:
    """Release every count."""
    kinds = [
        pl.when(pl.col(p).is_null()).then(pl.lit("missing")).otherwise(pl.lit("published")).alias(f"{p}_status")
        for p in ("numerator", "denominator")
    ]
    return counts.with_columns(kinds)


def nothing_hidden(model) -> protection.Protected:
    value, need = model.system.value, model.system.need
    found = attack.Audit(0, np.array([], dtype=int), value, value, need, {})
    return protection.Protected(set(), set(), found, need)


@pytest.fixture(scope="module")
def home(truth, tmp_path_factory):
    """Return a home with months of all three eras, released without hiding, and an area set of the office's own."""
    home = tmp_path_factory.mktemp("home")
    patch = pytest.MonkeyPatch()
    patch.setenv("INFOACCESS_HOME", str(home))
    patch.setenv("INFOACCESS_KEY_FILE", str(home / "key"))
    own = units.of("C_commune")
    halves = own.assign(part=["bac" if i < len(own) / 2 else "nam" for i in range(len(own))])
    lines = ["area_set,code,name,member_code,member_valid_from"]
    lines += [
        f"nua,{p},Nửa {p},{c},{v}" for p, c, v in zip(halves["part"], halves["code"], halves["valid_from"], strict=True)
    ]
    (home / "geo" / "area_sets").mkdir(parents=True)
    (home / "geo" / "area_sets" / "nua.csv").write_text("\n".join(lines), encoding="utf-8")
    sample_books.write(truth["people"], rooms.data(rooms.RAW), MONTHS)
    for stage in ("1", "2", "3a", "3b", "3c", "3d"):
        pipeline.run(stage, FIRST, LAST)
    patch.setattr(disclosure, "primary", shown)  # the arithmetic is tested here, hiding in its own tests
    patch.setattr(protection, "protect", nothing_hidden)
    pipeline.run("4", FIRST, LAST, threshold=5)
    yield home
    patch.undo()


def counted(frame: pd.DataFrame, area_set: str, flag) -> pd.DataFrame:
    """Count households of an area set straight from the sample: numerator and denominator by unit."""
    unit = {leaf: code for code, leaves in areas.leaves(area_set).items() for leaf in leaves}
    hit = flag(frame)
    grouped = pd.DataFrame({"code": frame.leaf.map(unit), "numerator": hit, "denominator": 1}).groupby("code").sum()
    return grouped.reindex(sorted(areas.leaves(area_set)), fill_value=0).astype("int64")


def test_the_own_area_set_is_there(home):
    assert areas.known()[-1] == "nua"


@pytest.mark.parametrize("area_set", [*units.AREA_SETS, "nua"])
@pytest.mark.parametrize("measure", MEASURES)
def test_every_total_is_the_household_count_in_every_month_and_area_set(home, truth, measure, area_set):
    for month in MONTHS:
        found = pl.read_parquet(
            rooms.data(rooms.INDICATORS, month)
            / ("smartphones" if "smart" in measure else "deprivation")
            / "counts.parquet"
        )
        mine = found.filter(
            (pl.col("measure") == measure)
            & (pl.col("group") == "all")
            & (pl.col("base") == "household")
            & (pl.col("area_set") == area_set)
        )
        expected = counted(truth[month], area_set, MEASURES[measure])
        complete = set(mine["code"])
        assert complete >= areas.exact(units.commune_set(month), area_set)
        for code, upper, lower in mine.select("code", "numerator", "denominator").iter_rows():
            assert (upper, lower) == tuple(expected.loc[code]), (month, code)
        if complete == set(areas.leaves(area_set)):
            assert mine["denominator"].sum() == len(truth[month])


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("area_set", ["A_district", "B_district", "A_commune", "C_commune", "nua"])
def test_the_series_equals_the_direct_count_wherever_it_has_one_and_bounds_hold_the_truth(
    home, truth, measure, area_set
):
    frame = series.bridged(measure, area_set, FIRST, LAST)
    assert set(frame["month"]) == set(MONTHS)
    bounded = 0
    for month, rows in frame.groupby("month"):
        expected = counted(truth[month], area_set, MEASURES[measure])
        for row in rows.itertuples():
            true = expected.loc[row.code.split("+")].sum()
            if row.state == "unavailable":
                assert pd.isna(row.numerator) and pd.isna(row.share)
                if pd.notna(row.lower_share) and pd.notna(row.upper_share):
                    share = true["numerator"] / true["denominator"]
                    assert row.lower_share - 1e-9 <= share <= row.upper_share + 1e-9
                    assert pd.isna(row.estimate_share) or row.estimate_share <= row.upper_share
                    bounded += 1
            elif pd.isna(row.numerator):
                assert true["denominator"] == 0  # no household, so no list: missing, not zero
            else:
                assert (row.numerator, row.denominator) == tuple(true), (month, row.code)
    if area_set == "C_commune":
        assert set(frame["state"]) <= {"exact", "summed"}
    if area_set == "A_commune":
        assert bounded > 6 * len(MONTHS) and "resolved" in set(frame["state"])


def test_villages_tell_most_of_the_straddling_households(home):
    frame = series.bridged("deprived_any", "A_district", "2025-07", LAST)
    states = frame.groupby("code")["state"].agg(set)
    assert all(states[c] == {"summed"} for c in ("479", "480", "481", "482", "483"))
    assert "resolved" in set().union(*(states[c] for c in ("474", "476", "477", "478")))


def test_the_note_goes_with_the_series_in_both_languages(home):
    note = series.bridged("deprived_any", "A_district", FIRST, LAST).attrs["note"]
    assert note["vi"][0].startswith("Mọi tháng từ 12/2024 đến 08/2025 tính theo") and note["en"][0].startswith(
        "All months from 12/2024"
    )
    assert any("số ước tính" in s or "nhóm gộp" in s for s in note["vi"])


def test_a_population_is_never_split_by_village(home):
    frame = series.bridged("listed", "A_district", "2025-07", LAST)
    assert frame.loc[frame["state"] == "resolved", "denominator"].isna().all()
    assert frame.loc[frame["state"] == "summed", "denominator"].notna().all()
