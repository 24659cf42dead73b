"""Make months in this process, without kernels: the stages' own functions under monthly's own order, marks and lock."""

from pathlib import Path

import pandas as pd

from infoaccess import leash, monthly, pipeline, rooms, runner, sample_books, sample_people

ROOT = Path(__file__).resolve().parents[1]


def people(first: str, last: str, scale: float) -> sample_people.People:
    """Invent a few people."""
    units, lineage = (pd.read_csv(ROOT / "geo" / f"{name}.csv", dtype=str) for name in ("units", "lineage"))
    return sample_people.simulate(units, lineage, scale=scale, seed=5, first=first, last=last)


def sample(home: Path, first: str, last: str, scale: float = 0.3) -> None:
    """Write small synthetic lists."""
    sample_books.write(people(first, last, scale), home / "data" / rooms.RAW)


def make(month: str, patch) -> None:
    """Make a month's counts as run_month.py does, stage by stage; a notebook's call is made here instead."""
    found = {s.notebook: s.id for s in pipeline.STAGES}

    def execute(notebook: str, parameters: dict, target: Path, limits: leash.Limits) -> None:
        pipeline.run(found[notebook], **parameters)

    patch.setattr(runner, "execute", execute)
    for stage in found.values():
        if stage != "5":
            monthly.run(month, only=stage)
    patch.undo()
