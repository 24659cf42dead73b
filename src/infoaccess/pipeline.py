"""The walk of the data: one table that feeds the runner, the README's picture and the architecture test."""

import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

import pandas as pd
from tqdm import tqdm

from infoaccess import (
    cluster,
    deprivation,
    disclosure,
    flows,
    gate,
    hand_overs,
    intake,
    own_counts,
    place,
    poverty,
    programme,
    rooms,
    smartphones,
    store,
    transitions,
)


@dataclass(frozen=True)
class Stage:
    """Name one stage: its notebook, its functions of a month, the rooms it reads and the one it writes.

    `tables` names what each function writes into room 3, in their order.
    """

    id: str
    notebook: str
    run: tuple[Callable[..., dict], ...]
    reads: tuple[str, ...]
    writes: str
    shared: Callable = nullcontext  # opens what all months of a run share; None where there is nothing
    apart: bool = True  # whether months may be made in any order, and so on a cluster
    tables: tuple[str, ...] = ()


STAGES = (
    Stage("1", "1_validate_lists", (intake.run,), ("0_raw",), "1_validated", gate.readers),
    Stage("2", "2_place_households", (place.run,), ("1_validated",), "2_placed"),
    Stage(
        "3a",
        "3a_information_deprivation",
        (deprivation.run, poverty.run, own_counts.run),
        ("2_placed",),
        "3_indicators",
        tables=("deprivation", "poverty", own_counts.TABLE),
    ),
    Stage("3b", "3b_smartphone_use", (smartphones.run,), ("2_placed",), "3_indicators", tables=("smartphones",)),
    Stage(
        "3c",
        "3c_programme_progress",
        (programme.run, hand_overs.verdicts, hand_overs.waits),
        ("2_placed",),
        "3_indicators",
        tables=("programme", "eligibility", "waits"),
    ),
    Stage(
        "3d",
        "3d_movements",
        (transitions.run, flows.run),
        ("2_placed",),
        "3_indicators",
        tables=("movements", "flows"),
    ),
    Stage("4", "4_release", (disclosure.run,), ("1_validated", "2_placed", "3_indicators"), "4_release", apart=False),
    Stage("5", "5_progress_report", (), ("4_release",), "reports"),
)


def run(stage: str, since: str, month: str, **settings) -> list[dict]:
    """Run one stage for every month with lists, from `since` to `month`; return the door of each month and table."""
    found = next(s for s in STAGES if s.id == stage)
    months = [m for m in rooms.raw_months() if rooms.month_name(since) <= m <= rooms.month_name(month)]
    months = months or [month]
    if cluster.address() and found.apart:
        return _on_cluster(found, months, settings)
    bar = tqdm(months, desc=found.notebook, disable=not sys.stderr.isatty())
    with found.shared() as helper:
        extra = {} if helper is None else {"pool": helper}
        return [table(m, **settings, **extra) for m in bar for table in found.run]


def _on_cluster(stage: Stage, months: list[str], settings: dict) -> list[dict]:
    """Make the months of a stage on the cluster, and here what only one may do."""
    if stage.id == "1":
        doors = cluster.each(partial(intake.run, alone=True), months, stage.notebook)
        return [intake.finish(door) for door in doors]
    rows = [cluster.each(partial(table, **settings), months, stage.notebook) for table in stage.run]
    return [door for of_month in zip(*rows, strict=True) for door in of_month]


def doors(found: list[dict], *columns: str) -> pd.DataFrame:
    """Show the doors of a stage: 1 row = 1 month (and table); only whole-city totals, never a person or a unit."""
    keys = [c for c in ("month", "table") if c in found[0]]
    shown = [d | ({"tables": store.told(d["tables"])} if "tables" in d else {}) for d in found]
    rows = [{k: d[k] for k in keys} | _flat({c: d[c] for c in columns}) for d in shown]
    return pd.DataFrame(rows).set_index(keys)


def _flat(entry: dict, prefix: str = "") -> dict:
    flat = {}
    for key, value in entry.items():
        name = f"{prefix}{key}"
        flat |= _flat(value, name + ".") if isinstance(value, dict) else {name: value}
    return flat
