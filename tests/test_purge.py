"""Lists older than the office keeps them go for good; released figures stay, and later months count as before."""

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
import small_months
from filelock import FileLock

from infoaccess import kept, monthly, purging, rooms, runner, store
from infoaccess.errors import RoomError, UsageError

OLD, BEFORE, NOW = "2025-05", "2025-06", "2025-07"  # two eras: villages of the old months tell those of the last one
TODAY = dt.date(2025, 7, 20)
PERSONS = ("0_raw", "1_validated", "2_placed", "3_indicators", "deposit")


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """Return a home of three months, all counted, nothing deleted."""
    home = tmp_path_factory.mktemp("nhà")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INFOACCESS_HOME", str(home))
        patch.setenv("INFOACCESS_KEY_FILE", str(home / "person.key"))
        small_months.part(home)
        small_months.sample(home, OLD, NOW)
        with pytest.MonkeyPatch.context() as own:
            small_months.make(NOW, own)
    return home


@pytest.fixture
def home(whole, tmp_path, monkeypatch) -> Path:
    """Return a copy of it to delete in."""
    own = tmp_path / "home"
    shutil.copytree(whole, own)
    monkeypatch.setenv("INFOACCESS_HOME", str(own))
    monkeypatch.setenv("INFOACCESS_KEY_FILE", str(own / "person.key"))
    return own


def files(home: Path) -> dict[Path, bytes]:
    found = (p for p in home.rglob("*") if p.is_file() and not p.name.endswith((".lock", ".checksums.json")))
    return {p.relative_to(home): p.read_bytes() for p in found}


def purge(keep: int = 2) -> purging.Done:
    return purging.run(keep, TODAY, runner.settings())


def of(found: dict, month: str) -> set[str]:
    return {p.parts[1] for p in found if month in p.parts}


def test_the_plan_names_months_and_deletes_nothing(home):
    before = files(home)
    (line,) = purging.plan(2, TODAY, runner.settings())
    counted = sum(month in p.parts and p.parts[1] in PERSONS for p in before for month in (OLD,))
    assert line.startswith(f"tháng {OLD}: {counted} tệp") and "CHƯA" not in line
    assert all(room in line for room in PERSONS) and "4_release" not in line
    assert files(home) == before
    assert purging.plan(3, TODAY, runner.settings()) == ["Không có tháng nào cũ hơn 3 tháng."]


def test_old_months_go_released_counts_and_reports_stay(home):
    report = home / "reports" / OLD / "46.html"
    report.parent.mkdir(parents=True)
    report.write_text("báo cáo", encoding="utf-8")
    for name in (
        f"failed/{OLD}/2.ipynb",
        f"internal/{OLD}/viec.xlsx",
        f"noi_bo/{OLD}/46.html",
        f"noi_bo/.{OLD}.new-0a1b2c3d/46.html",
        f"1_validated/.{OLD}.old-0a1b2c3d/households.parquet",
    ):
        (home / "data" / name).parent.mkdir(parents=True)
        (home / "data" / name).write_bytes(b"x")
    before = files(home)
    done = purge()
    after = files(home)
    assert done.months == [OLD] and done.files == sum(
        (OLD in p.parts or any(part.startswith(f".{OLD}.") for part in p.parts))
        and p.parts[0] == "data"
        and p.parts[1] != "4_release"
        for p in before
    )
    assert of(after, OLD) == {"4_release", "purged", OLD}  # the last one is the report's folder
    gone = set(before) - set(after)
    assert all(OLD in "/".join(p.parts) for p in gone)
    assert {p: c for p, c in after.items() if p in before} == {p: c for p, c in before.items() if p not in gone}
    assert not list(home.rglob(f".{OLD}*"))
    assert rooms.raw_months() == [BEFORE, NOW] and rooms.purged_months() == [OLD]
    assert purge().months == [] and "Không có gì" in purging.told(purge())[0]


def test_what_stays_of_a_month_names_nobody(home):
    placed = pd.read_parquet(home / "data" / "2_placed" / OLD / "handovers.parquet")
    ids = pd.read_parquet(home / "data" / "2_placed" / OLD / "households.parquet")["household_id"]
    purge()
    folder = home / "data" / "purged" / OLD
    assert {p.name for p in folder.iterdir()} == {"record.json", "villages.parquet", "handovers.parquet"}
    phones = pd.read_parquet(folder / "handovers.parquet")
    assert len(phones) == len(placed) > 0 and phones["value_vnd"].sum() == placed["value_vnd"].sum()
    assert not {"household_id", "village", "handed_on", "file", "row"} & set(phones)
    assert list(pd.read_parquet(folder / "villages.parquet")) == ["month", "commune_code", "village", "count"]
    content = b"".join(p.read_bytes() for p in folder.iterdir())
    assert not any(one.encode() in content for one in ids)
    noted = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    assert noted["purged_on"] == "2025-07-20" and all(len(c) == 64 for c in noted["lists"].values())


def test_no_figure_is_made_stale_and_the_new_month_counts_as_without_deleting(home, whole, monkeypatch):
    settings = runner.settings()
    assert monthly.first_due(BEFORE, settings) == BEFORE
    for room in (*PERSONS[1:], "4_release"):
        shutil.rmtree(home / "data" / room / NOW)
    kept_counts = files(home / "data" / "4_release")
    purge()
    mark = (home / "data" / "4_release" / BEFORE / "inputs.sha256").read_text(encoding="ascii")
    assert mark == monthly.inputs_key(BEFORE, settings)
    assert monthly.first_due(NOW, settings) == NOW  # the months before are still what they were made from
    with pytest.MonkeyPatch.context() as own:
        small_months.make(NOW, own)
    for room, table in (
        ("2_placed", "households"),
        ("2_placed", "handovers"),
        *(("3_indicators", f"{name}/counts") for name in ("deprivation", "smartphones", "programme")),
    ):
        left, right = (pl.read_parquet(h / "data" / room / NOW / f"{table}.parquet") for h in (home, whole))
        assert left.equals(right), table
    assert {p: c for p, c in files(home / "data" / "4_release").items() if NOW not in p.parts} == kept_counts
    # without what was kept the count of phones to date would be another one: the comparison can fail
    monkeypatch.setattr(kept, "handed", lambda until: [])
    from infoaccess import programme

    programme.run(NOW)
    assert not pl.read_parquet(home / "data/3_indicators" / NOW / "programme/counts.parquet").equals(
        pl.read_parquet(whole / "data/3_indicators" / NOW / "programme/counts.parquet")
    )


def test_a_deleted_month_cannot_be_made_again_by_putting_one_list_back(home, whole):
    purge()
    back = home / "data" / "0_raw" / OLD
    shutil.copytree(whole / "data" / "0_raw" / OLD, back)
    counts = (home / "data" / "4_release" / OLD / "counts.parquet").read_bytes()
    assert OLD not in rooms.raw_months()
    with pytest.raises(RoomError, match="đã xóa ngày 2025-07-20"):
        monthly.run(OLD, only="1")
    assert (home / "data" / "4_release" / OLD / "counts.parquet").read_bytes() == counts
    assert purge().months == [OLD] and not back.exists()  # and the list does not stay either


def test_a_month_whose_figures_are_not_up_to_date_stops_all(home):
    lists = sorted((home / "data" / "0_raw" / OLD).iterdir())
    lists[0].write_bytes(lists[0].read_bytes() + b" ")  # a corrected list came and was not counted yet
    before = files(home)
    with pytest.raises(RoomError, match=f"Chưa xóa gì.*{OLD}"):
        purge()
    assert files(home) == before
    assert "CHƯA XÓA ĐƯỢC" in purging.plan(2, TODAY, runner.settings())[0]


KILLED = """
import datetime as dt, os, sys
from infoaccess import purging, runner
left, real = [int(sys.argv[1])], purging._erase
def erase(path, done):
    if not left[0]:
        os._exit(9)
    left[0] -= 1
    real(path, done)
purging._erase = erase
purging.run(2, dt.date(2025, 7, 20), runner.settings())
"""


@pytest.mark.parametrize("after", [0, 7])
def test_a_kill_in_the_middle_can_be_run_again(home, after):
    done = subprocess.run([sys.executable, "-c", KILLED, str(after)], env=os.environ, capture_output=True, check=False)
    assert done.returncode == 9, done.stderr
    assert kept.unfinished() == [OLD] and OLD not in store.months("2_placed")
    with pytest.raises(RoomError, match="xóa danh sách trước chưa xong"):
        monthly.run(NOW, only="3c")
    assert purge().months == [OLD]
    assert kept.unfinished() == [] and of(files(home), OLD) == {"4_release", "purged"}
    assert not list(home.rglob(f".{OLD}*"))


def test_a_kill_before_the_record_leaves_the_month_whole(home, monkeypatch):
    before = files(home)
    monkeypatch.setattr(kept, "_handed", lambda month: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        purge()
    assert files(home) == before and rooms.purged_months() == []


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be deleted there")
def test_content_is_overwritten_before_the_name_goes(home):
    path = home / "data" / "1_validated" / OLD / "households.parquet"
    content = path.read_bytes()
    with path.open("rb") as still_open:  # the blocks stay readable through it
        purge()
        after = still_open.read()
    assert not path.exists() and len(after) == len(content) and after != content
    assert content[:4] == b"PAR1" and after[:4] != b"PAR1"


def test_links_are_taken_away_and_not_followed(home, tmp_path):
    outside = tmp_path / "ngoài"
    outside.mkdir()
    (outside / "khác.xlsx").write_bytes(b"of somebody else")
    raw = home / "data" / "1_validated" / OLD
    (raw / "link").symlink_to(outside, target_is_directory=True)
    os.link(outside / "khác.xlsx", raw / "second name.xlsx")
    done = purge()
    assert (outside / "khác.xlsx").read_bytes() == b"of somebody else"
    assert {p.name for p in done.shared} == {"link", "second name.xlsx"}
    assert "2 tệp hoặc thư mục là liên kết" in purging.told(done)[1] and "ổ SSD" in purging.told(done)[-1]


def test_another_run_is_waited_for(home):
    with FileLock(home / "data" / ".run.lock"), pytest.raises(RoomError, match="lần chạy khác"):
        purge()
    assert OLD in rooms.raw_months()


@pytest.mark.parametrize("wrong", [None, 1, 0, -3, "24", True, 2.5])
def test_a_retention_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(UsageError, match="retention_months"):
        purging.retention({"retention_months": wrong})


def test_the_script_plans_and_deletes(home):
    script = Path(__file__).resolve().parents[1] / "scripts" / "purge.py"

    def call(*more: str) -> subprocess.CompletedProcess:
        command = [sys.executable, str(script), "--home", str(home), *more]
        return subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False, encoding="utf-8")

    since = (dt.date.today().year - 2025) * 12 + dt.date.today().month - 5  # months from OLD to today
    planned = call("--plan", "--keep", str(since))
    assert planned.returncode == 0 and planned.stdout.startswith(f"tháng {OLD}:"), planned.stderr
    done = call("--keep", str(since))
    assert done.returncode == 0 and OLD in done.stdout and "không bảo đảm" in done.stdout
    assert rooms.purged_months() == [OLD]
    refused = call("--keep", "0")
    assert refused.returncode == 2 and len(refused.stderr.strip().splitlines()) == 1
