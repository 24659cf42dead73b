"""Homes for the oracle: a sample walked to room 2 by the package, and one whose room 2 was spoiled on purpose.

The sample answers every question; real lists do not. `spoil` takes answers, whole lists and populations away, lets
households change class and size, and adds hand-overs that break every rule, so that a rule for what is not known, or
for what must not be, meets it. All persons are invented.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import oracle
import oracle_handovers
import oracle_moves
import pandas as pd
import polars as pl
import small_months

from infoaccess import sample_books, sample_people

ROOT = Path(__file__).resolve().parents[1]
TABLES = {f.__name__: f for f in (oracle.deprivation, oracle.poverty, oracle.smartphones, oracle.programme)}
TABLES |= {f.__name__: f for f in (oracle_moves.movements, oracle_moves.flows)}
TABLES |= {f.__name__: f for f in (oracle_handovers.eligibility, oracle_handovers.waits)}
FLAGS = ["poor", "near_poor", "policy", "has_smartphone", "wants_smartphone", *(f"deprived_{j}" for j in range(1, 13))]
ANSWERS = [*FLAGS, "head_male", "head_female", "minority", "members", "adults", "adults_with_smartphone"]


def sample(home: Path, scale: float, months: Sequence[str] = ()) -> None:
    """Write a sample into a home, the months named or all."""
    known = sample_people.settings()
    spans = {"first": min(months), "last": max(months)} if months else {"first": known["first"], "last": known["last"]}
    people = sample_people.simulate(*small_months.facts(ROOT), scale=scale, seed=known["seed"], **spans)
    sample_books.write(people, home / "data" / "0_raw", months or None, jobs=1 if months else 2)


def walk(home: Path, *wanted: str, months: Sequence[str] = ("2000-01", "2099-12")) -> None:
    """Run the package's stages of these names, or that write these rooms, for raw months, in a process of its own."""
    code = (
        "import sys; from infoaccess import pipeline\n"
        "for stage in pipeline.STAGES:\n"
        "    if {stage.id, stage.writes} & set(sys.argv[3:]): pipeline.run(stage.id, *sys.argv[1:3])"
    )
    environment = os.environ | {"INFOACCESS_HOME": str(home)}
    environment.setdefault("INFOACCESS_KEY_FILE", str(home / "person.key"))
    command = [sys.executable, "-c", code, min(months), max(months), *wanted]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, encoding="utf-8")
    assert done.returncode == 0, done.stderr[-3000:]


def stored(home: Path, month: str, table: str) -> pd.DataFrame | None:
    """Return a table of room 3, None where the month has none."""
    path = home / "data" / "3_indicators" / month / table / "counts.parquet"
    return pd.read_parquet(path) if path.exists() else None


def differing(room: oracle.Room, home: Path, month: str, table: str) -> tuple[int, pd.DataFrame]:
    """Compare one table of one month: (rows of either side, those that are not the same); a table is none or whole."""
    theirs = stored(home, month, table)
    try:
        ours = TABLES[table](room, month)
    except LookupError:  # a month that follows none has no such table
        ours = None
    if ours is None and theirs is None:
        return 0, pd.DataFrame()
    empty = pd.DataFrame(columns=[*oracle.KEYS, *oracle.SUMS, *oracle.COMMUNES])
    return oracle.compare(empty if ours is None else ours, empty if theirs is None else theirs)


def lost(rng: np.random.Generator, rows: pd.DataFrame, columns: Sequence[str], share: float) -> pd.DataFrame:
    """Take a share of the answers away, column by column."""
    gone = {c: rows[c].mask(rng.random(len(rows)) < share) for c in columns}
    return rows.assign(**gone)


def other_households(rng: np.random.Generator, rows: pd.DataFrame, share: float) -> pd.DataFrame:
    """Let a share of the answers be others, some households grow or shrink, some lose their identifier."""
    turned = {c: rows[c].where(rng.random(len(rows)) >= share, ~rows[c]) for c in FLAGS}
    size = rows["members"] + rng.choice([-1, 0, 1], len(rows), p=[share / 2, 1 - share, share / 2])
    rows = rows.assign(**turned, members=size.clip(lower=1))
    return lost(rng, lost(rng, rows, ANSWERS, share), ["household_id"], share / 4)


def other_handovers(rng: np.random.Generator, rows: pd.DataFrame, earlier: pd.DataFrame, month: str) -> pd.DataFrame:
    """Add second phones of households, and break what a hand-over can break; columns of the circular come and go."""
    again = earlier[earlier["commune_valid_from"].isin(rows["commune_valid_from"])]
    again = again.sample(min(len(again), 1 + len(rows) // 8), random_state=rng).assign(month=month)
    rows = pd.concat([rows, again], ignore_index=True).astype(rows.dtypes.to_dict())
    n = len(rows)
    back = pd.to_timedelta(rng.choice([0, 0, 0, 20, 400, 800], n), unit="D")
    days = (pd.to_datetime(rows["handed_on"]) - back).dt.date
    value = rows["value_vnd"].where(rng.random(n) > 0.1, pd.Series(rng.choice([1, 499_999, 500_000, 99_000_000], n)))
    form = rows["form"].where(rng.random(n) > 0.1, "cash")
    others = rng.random(n) < 0.15  # of a policy family that is neither poor nor near-poor, on no list
    own = {c: rows[c].mask(others, c == "policy") for c in ("poor", "near_poor", "policy")}
    own["household_id"] = rows["household_id"].mask(others, "on no list")
    rows = rows.assign(handed_on=days, value_vnd=value.astype("Int64"), form=form, **own)
    rows = lost(rng, rows, ["handed_on", "source", "form", "value_vnd", "household_id", "poor", "policy"], 0.06)
    if rng.random() < 0.5:
        told = pd.array(rng.choice([True, False], n), dtype="boolean")
        bought = pd.to_datetime(rows["handed_on"]) - pd.to_timedelta(rng.choice([-5, 0, 30, 900], n), unit="D")
        rows = lost(rng, rows.assign(mobile_plan=told, bought_on=bought.dt.date), ["mobile_plan", "bought_on"], 0.3)
    return rows


def spoil(home: Path, seed: int = 7, share: float = 0.04) -> None:
    """Spoil every month of a home's room 2, each table in its own types; what was complete stays so."""
    rng, earlier = np.random.default_rng(seed), []
    for folder in sorted((home / "data" / "2_placed").glob("20*")):
        types = {t: pl.read_parquet_schema(folder / f"{t}.parquet") for t in ("households", "handovers", "populations")}
        types["communes"] = pl.read_parquet_schema(folder / "communes.parquet")
        tables = {t: pd.read_parquet(folder / f"{t}.parquet") for t in types}
        unsent = rng.choice(tables["communes"]["commune_code"], 3, replace=False)
        sent = tables["communes"]["list_received"] & ~tables["communes"]["commune_code"].isin(unsent)
        rows = tables["households"][~tables["households"]["commune_code"].isin(unsent)]
        rows = other_households(rng, rows.reset_index(drop=True), share)
        if rng.random() < 0.8:
            devices = pd.array(rng.choice([True, False], len(rows), p=[0.3, 0.7]), dtype="boolean")
            rows = lost(rng, rows.assign(had_wave_device=devices), ["had_wave_device"], 0.3)
        populations = tables["populations"].sample(frac=0.97, random_state=rng)
        before = pd.concat(earlier) if earlier else tables["handovers"]
        handed = tables["handovers"]
        tables |= {"communes": tables["communes"].assign(list_received=sent), "households": rows}
        tables |= {"populations": populations, "handovers": handed}
        if len(handed):
            earlier.append(handed)
            tables["handovers"] = other_handovers(rng, handed, before, folder.name)
        for name, table in tables.items():
            known = {c: k for c, k in types[name].items() if c in table}
            added = {"bought_on": pl.Date} if "bought_on" in table else {}
            whole = pl.from_pandas(table.reset_index(drop=True), schema_overrides=known | added)
            whole.write_parquet(folder / f"{name}.parquet")


def moved(home: Path, month: str, seed: int = 3) -> dict[str, set[str]]:
    """Move one listed household of a month from its commune to another; return the units it left or came to, by set."""
    path = home / "data" / "2_placed" / month / "households.parquet"
    rows, rng = pl.read_parquet(path), np.random.default_rng(seed)
    door = json.loads((path.parent / "door.json").read_text(encoding="utf-8"))
    first, second = rng.choice(rows.height, 2, replace=False)
    place = ["commune_code", "commune_valid_from", "village", *door["complete"]]
    old, new = rows.select(place).row(first, named=True), rows.select(place).row(second, named=True)
    here = pl.int_range(pl.len()) == first
    rows.with_columns(pl.when(here).then(pl.lit(new[c])).otherwise(c).alias(c) for c in place).write_parquet(path)
    return {s: {old[s], new[s]} if old[s] != new[s] else set() for s in door["complete"]}
